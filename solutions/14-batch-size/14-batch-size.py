# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Batch size
#     minutes: 125
#     needs: [09-cross-entropy, 13-tuning]
#     book: [29, 37, 38, 39]
# ---

# %% [markdown] id="title"
# # Batch size: how many opinions before a step?
#
# **After this page you can** say what a larger batch buys and what it costs, measure the noise of a gradient without bias, train with batches
# that do not fit in memory, move a learning rate from one batch size to another, and decide whether "large batches generalise worse" is true in front of you.
#
# The book treats the batch size in four chapters, 29, 37, 38 and 39, and the last contradicts the two before it. One experiment settles it, in the section on chapter 39.
#
# **Time** 50 minutes to read, 75 for the six exercises. **You need** backpropagation for a batch (chapter 07), softmax and cross-entropy (09), the choice
# of a learning rate (13).

# %% id="setup" given=true
import time

import numpy as np

from dlbook import check, data, nn, plots

# %% [markdown] id="words"
# ## Book chapter 29: the words first
#
# A *batch* of $B$ examples gives one gradient and so one *update*, also called an *iteration*. When all $n$ examples have been used once, an *epoch* is over.
# With $B = n$ one speaks of batch descent, with $B = 1$ of stochastic or online descent, and of mini-batches in between.
#
# The book mixes up two of these words. It takes a thousand million examples in batches of 512 and says that "1,953,125 epochs are needed". It is one epoch, and 1,953,125 updates.
# It also asks for a size that is a "multiple of 2". It means a power of 2, and that is a habit of the hardware, no rule.

# %% id="words-run"
for n, B in [(32_000, 32), (10**9, 512), (60_000, 64), (60_000, 1024)]:
    print(f"n = {n}, B = {B}: {-(-n // B)} updates in one epoch, {30 * -(-n // B)} in thirty")

# %% [markdown] id="updates-statement" statement="updates"
# ### Exercise 1: count the updates
#
# Write `n_updates(n, B, epochs, drop_last)`. It returns the number of updates of a whole training run as an `int`. Each epoch starts anew: its last batch may be short, and is left out
# when `drop_last` is true.
#
# Check by hand: `n = 10`, `B = 4`, `epochs = 3` gives 9, for each epoch has batches of 4, 4 and 2; with `drop_last=True` it gives 6. No floats: $10^{18}+1$ examples must be counted right.


# %% id="updates" exercise=true difficulty=1 by_hand="nn data"
def n_updates(n, B, epochs, drop_last):
    """Updates in `epochs` epochs over n examples with batches of B; drop_last leaves out a short last batch."""
    ### BEGIN SOLUTION
    return epochs * (n // B if drop_last else (n + B - 1) // B)
    ### END SOLUTION


# %% [markdown] id="updates-hints" hints="updates"
# - floor: A short last batch is an update too: round up.
# - once: That is one epoch. An epoch consists of many updates, and there are several epochs.
# - across: No batch reaches from one epoch into the next: round each epoch, then multiply.
# - keep: drop_last leaves out the short batch.


# %% id="updates-visible" test="updates" points=1
@check.exercise("14-batch-size/updates")
def short_batches_count():
    """The last, short batch is an update"""
    count = check.call(n_updates, 10, 4, 3, False, returns=("count",))
    check.equal(
        count,
        9,
        name="count",
        hints={"floor": lambda right: 6, "once": lambda right: 3, "across": lambda right: 8},
    )
    check.equal(check.call(n_updates, 60_000, 64, 30, False, returns=("count",)), 28_140, name="count")


# %% id="updates-dropped" test="updates" points=1
@check.exercise("14-batch-size/updates")
def short_batches_dropped():
    """The last batch is left out when asked"""
    count = check.call(n_updates, 11, 4, 5, True, returns=("count",))
    check.equal(count, 10, name="count", hints={"keep": lambda right: 15})


# %% id="updates-hidden" test="updates" points=1 hidden=true
@check.exercise("14-batch-size/updates", hidden=True)
def many_examples():
    """Large and small numbers"""
    for n, B, epochs, drop, right in [
        (10**9, 512, 1, False, 1_953_125),
        (60_000, 1024, 30, False, 1770),
        (5, 9, 2, False, 2),
        (5, 9, 2, True, 0),
        (1, 1, 7, True, 7),
        (10**18 + 1, 2, 1, False, 5 * 10**17 + 1),
    ]:
        check.equal(
            check.call(n_updates, n, B, epochs, drop, returns=("count",)), right, name=f"count for n = {n}, B = {B}"
        )


# %% [markdown] id="network"
# ## The network of this page
#
# The book trains two hidden layers of 1,024 rectified units on MNIST. Here they have 64 units, and the data are 1,280 of the small digits for training and
# the other 517 for testing: everything of those chapters happens in seconds. The loss is softmax with cross-entropy, averaged over the batch. (The book says "negative logarithm"; it
# is the negative log-*likelihood*. And MNIST is not black and white, it is grey.)


# %% id="network-functions" given=true
def start(seed, sizes=(64, 64, 64, 10)):
    """Parameters [W1, b1, W2, b2, W3, b3]: He's start, biases zero."""
    rng = np.random.default_rng(seed)
    pairs = zip(sizes[:-1], sizes[1:], strict=True)
    return [v for m, n in pairs for v in (rng.normal(0, np.sqrt(2 / m), (n, m)), np.zeros(n))]


def forward(params, x):
    """Both hidden layers and the logits for x (B, 64)."""
    W1, b1, W2, b2, W3, b3 = params
    h1 = np.maximum(x @ W1.T + b1, 0)
    h2 = np.maximum(h1 @ W2.T + b2, 0)
    return h1, h2, h2 @ W3.T + b3


def gradients(params, x, y):
    """Gradients of the mean cross-entropy of the batch x (B, 64), y (B,), in the order of the parameters."""
    _, _, W2, _, W3, _ = params
    h1, h2, z = forward(params, x)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    d3 = p / len(y)
    d2 = (d3 @ W3) * (h2 > 0)
    d1 = (d2 @ W2) * (h1 > 0)
    return [d1.T @ x, d1.sum(axis=0), d2.T @ h1, d2.sum(axis=0), d3.T @ h2, d3.sum(axis=0)]


def accuracy(params, x, y):
    """Share of the examples whose largest logit is at the right class."""
    return float(np.mean(forward(params, x)[2].argmax(axis=1) == y))


# %% id="data-run"
digits = data.digits()
x_train, y_train = digits.x_train[:1280], digits.y_train[:1280]
x_test = np.concatenate([digits.x_train[1280:], digits.x_test])
y_test = np.concatenate([digits.y_train[1280:], digits.y_test])


def train(params, B, eta, epochs, seed):
    """SGD with batches of B.  Returns the parameters, and an array (epochs, 4): updates, seconds, accuracy in training, in test."""
    rng = np.random.default_rng(seed)
    record, seconds = np.empty((epochs, 4)), 0.0
    for epoch in range(epochs):
        began = time.perf_counter()
        order = rng.permutation(len(x_train))
        for at in range(0, len(order), B):
            rows = order[at : at + B]
            slopes = gradients(params, x_train[rows], y_train[rows])
            params = [p - eta * d for p, d in zip(params, slopes, strict=True)]
        seconds += time.perf_counter() - began
        updates = (epoch + 1) * -(-len(order) // B)
        record[epoch] = updates, seconds, accuracy(params, x_train, y_train), accuracy(params, x_test, y_test)
    return params, record


print("training:", x_train.shape, " test:", x_test.shape, " parameters:", sum(p.size for p in start(0)))

# %% [markdown] id="price"
# ## What a batch costs
#
# The book promises that a matrix library handles 100 examples in, say, 50 times the time of one. It is far too modest. (It also
# loops over the examples in its own code, with batches of 10, and so gets none of this.)

# %% [markdown] id="price-question" question="predict"
# One backward pass for a batch of 128 examples, against one for a single example. How much longer does it take on one core?
#
# - [ ] 128 times: so would a loop over the examples; a matrix product is not a loop over its rows.
# - [ ] 50 times: the book's guess; it holds for no layer of this size.
# - [x] Less than 20 times: with one example nearly all of the time goes into starting a dozen small operations, whatever their size.

# %% id="price-run"
sizes = (1, 8, 64, 128, 512)
params = start(0)
elapsed = []
for B in sizes:
    repeats = max(5, 400 // B)
    rounds = []
    for _ in range(3):
        began = time.perf_counter()
        for _ in range(repeats):
            gradients(params, x_train[:B], y_train[:B])
        rounds.append((time.perf_counter() - began) / repeats)
    elapsed.append(min(rounds))
for B, seconds in zip(sizes, elapsed, strict=True):
    print(
        f"B = {B:3d}: {1e3 * seconds:6.3f} ms a batch, {1e3 * seconds / B:.4f} ms an example, {seconds / elapsed[0]:5.1f} × one"
    )

# %% [markdown] id="noise"
# ## What a batch buys: less noise
#
# Let $g_i$ be the gradient of example $i$, $\bar g$ their mean over all $n$ examples, and $\hat g_B$ the mean over a batch drawn at random. The batch gradient is *unbiased*,
# $E\,\hat g_B = \bar g$: on average it points the right way. How far off is it? With $\Sigma$ the covariance of the $g_i$ (divided by $n$), a batch drawn with replacement has
#
# $$E\,\|\hat g_B - \bar g\|^2 = \frac{\mathrm{tr}\,\Sigma}{B}$$
#
# and one drawn without replacement has this times $\frac{n-B}{n-1}$, which is zero for the full batch. The error itself shrinks like $1/\sqrt B$. So
# a hundred times the work gives a direction that is ten times as exact. That is the whole trade.
#
# At what size does more stop to pay? Where the noise is as large as the gradient: at the *noise scale* $\mathrm{tr}\,\Sigma / \|\bar g\|^2$ (McCandlish and others, 2018).


# %% id="noise-run"
def per_example(params, rows):
    """Gradients of single examples as rows, (len(rows), number of parameters)."""
    return np.array([np.concatenate([g.ravel() for g in gradients(params, x_train[[i]], y_train[[i]])]) for i in rows])


early, _ = train(start(0), 16, 0.01, 2, seed=100)
G = per_example(early, range(480))
mean_gradient = G.mean(axis=0)
trace = np.sum((G - mean_gradient) ** 2) / len(G)
rng = np.random.default_rng(1)
for B in (1, 4, 16, 64, 256):
    errors = [np.sum((G[rng.integers(0, len(G), B)].mean(axis=0) - mean_gradient) ** 2) for _ in range(100)]
    print(f"B = {B:3d}: E‖ĝ − ḡ‖² = {np.mean(errors):.4f}, times B = {B * np.mean(errors):.2f}")
print(
    f"tr Σ = {trace:.2f}, ‖ḡ‖² = {mean_gradient @ mean_gradient:.3f}, noise scale {trace / (mean_gradient @ mean_gradient):.1f}"
)

# %% [markdown] id="compass"
# ## The widget: a compass that is a little off
#
# The book likens the batch gradient to a compass that is 10 or 20 degrees off: look at it often, and you still reach the Pole. (A word is lost in its text, and another sentence
# before it: *the errors are no great problem, for* each step needs only the right general direction.) How far off is it here? Move $B$. On the left the arrows of sixty batches,
# in the plane of the true gradient (black, to the right); in the middle the angles; on the right what an update costs.

# %% id="compass-widget" folded=true
from dlbook import widgets

AXIS = mean_gradient / np.linalg.norm(mean_gradient)


def compass(B):
    """Sixty batch gradients: along the true one, across it with a random side, angle in degrees."""
    rng = np.random.default_rng(2)
    drawn = np.array([G[rng.integers(0, len(G), B)].mean(axis=0) for _ in range(60)])
    along = drawn @ AXIS
    across = np.sqrt(np.maximum(np.sum(drawn**2, axis=1) - along**2, 0))
    angle = np.degrees(np.arctan2(across, along))
    return B, along, across * rng.choice([-1, 1], 60), angle


def compass_figure(result):
    """Arrows of the batches (left), histogram of their angles (middle), milliseconds of an update (right)."""
    B, along, across, angle = result
    figure = plots.figure(10, 3.2)
    left, middle, right = figure.subplots(1, 3)
    for a, c in zip(along, across, strict=True):
        left.plot([0, a], [0, c], color=plots.SKY, linestyle="-", linewidth=0.8)
    left.plot([0, np.linalg.norm(mean_gradient)], [0, 0], color=plots.BLACK, linestyle="-", linewidth=3)
    left.set(xlabel="along the true gradient", ylabel="across it")
    middle.hist(angle, bins=np.arange(0, 181, 10), color=plots.ORANGE)
    middle.set(xlabel="degrees off", ylabel="batches", xlim=(0, 180))
    right.loglog(sizes, 1e3 * np.array(elapsed), color=plots.BLUE)
    right.axvline(B, color=plots.VERMILION, linestyle="--")
    right.set(xlabel="B", ylabel="ms an update")
    return figure


def compass_numbers(result):
    """Angle, time of an update and updates in a second for this B."""
    B, _, _, angle = result
    milliseconds = 1e3 * np.interp(B, sizes, elapsed)
    return {
        "B": B,
        "mean angle": float(angle.mean()),
        "ms an update": float(milliseconds),
        "updates a second": float(1e3 / milliseconds),
    }


widgets.explore(
    compass_figure,
    dict(B=widgets.Options([1, 2, 4, 8, 16, 32, 64, 128, 256, 512], 16, label="batch size B")),
    compute=compass,
    alt=lambda result: f"Batches of {result[0]}: the gradients are {result[3].mean():.0f} degrees off on average.",
    table=compass_numbers,
    title="The compass",
)

# %% [markdown] id="compass-after"
# With one example a reading is more than 80 degrees off: nearly at a right angle. It works because there are so many readings, and their errors cancel. With $B$ near the noise scale
# it is about 45 degrees off: noise and signal are equally long there, at a right angle. For the book's 20 degrees the noise must be $\tan 20° = 0.36$ of the signal, which takes a batch of some 7.5 noise scales.

# %% [markdown] id="noise-statement" statement="noise-answer"
# ### Exercise 2: the noise of a batch
#
# Write `gradient_noise(G, B, replace)`. The rows of `G (N, P)` are the gradients of N examples. The function returns $E\,\|\hat g_B - \bar g\|^2$ as a float, by the formulas
# above: exactly, without drawing anything. For `N = 1` it is 0.
#
# Check by hand: `G = [[0], [2], [4]]` has mean 2 and $\mathrm{tr}\,\Sigma = 8/3$. For `B = 2` the result is 4/3 with replacement and 2/3 without.


# %% id="noise-answer" exercise=true difficulty=2 by_hand="nn data"
def gradient_noise(G, B, replace):
    """Expected squared error of the mean of B rows of G (N, P), drawn with or without replacement."""
    ### BEGIN SOLUTION
    N = len(G)
    noise = np.sum((G - G.mean(axis=0)) ** 2) / N / B
    if not replace:
        noise *= (N - B) / max(N - 1, 1)
    return float(noise)
    ### END SOLUTION


# %% [markdown] id="noise-hints" hints="noise-answer"
# - ddof: All examples are there, it is no sample: divide by N, not by N − 1.
# - root: The error shrinks like 1/√B, but its square like 1/B.
# - square: The variance of a mean of B is that of one divided by B, not by B².
# - factor: Without replacement the factor (N − B)/(N − 1) is missing.
# - share: The factor is (N − B)/(N − 1), not (N − B)/N.


# %% id="noise-with" test="noise-answer" points=1
@check.exercise("14-batch-size/noise-answer")
def drawn_with_replacement():
    """With replacement"""
    G = np.cos(1.3 * np.arange(21)).reshape(7, 3)
    noise = check.call(gradient_noise, G, 4, True, returns=("noise",))
    check.close(
        noise,
        G.var(axis=0).sum() / 4,
        name="noise",
        hints={"ddof": lambda right: right * 7 / 6, "root": lambda right: right * 2, "square": lambda right: right / 4},
    )


# %% id="noise-without" test="noise-answer" points=1
@check.exercise("14-batch-size/noise-answer")
def drawn_without_replacement():
    """Without replacement"""
    G = np.cos(1.3 * np.arange(21)).reshape(7, 3)
    noise = check.call(gradient_noise, G, 4, False, returns=("noise",))
    right = G.var(axis=0).sum() / 4 * 3 / 6
    hints = {"factor": lambda right: right * 2, "share": lambda right: right * 6 / 7}
    check.close(noise, right, name="noise", hints=hints)


# %% id="noise-hidden" test="noise-answer" points=2 hidden=true
@check.exercise("14-batch-size/noise-answer", hidden=True)
def every_batch_counted():
    """Equal to the mean over all possible batches"""
    from itertools import combinations, product

    rng = check.rng(14)
    for N, P, B in [(1, 3, 1), (4, 2, 3), (5, 1, 2), (3, 5, 3)]:
        G = rng.normal(size=(N, P))
        for replace, batches in ((True, product(range(N), repeat=B)), (False, combinations(range(N), B))):
            errors = [np.sum((G[list(rows)].mean(axis=0) - G.mean(axis=0)) ** 2) for rows in batches]
            noise = check.call(gradient_noise, G, B, replace, returns=("noise",))
            check.close(noise, np.mean(errors), name=f"noise for N = {N}, B = {B}, replace = {replace}")


# %% [markdown] id="scale-text"
# ## The noise scale without all the gradients
#
# Nobody has the gradients of all examples one by one. But two batches of different sizes are always at hand. The square of a noisy gradient is too large, by the noise:
#
# $$E\,\|\hat g_B\|^2 = \|\bar g\|^2 + \frac{\mathrm{tr}\,\Sigma}{B}$$
#
# So $\|\hat g_B\|^2$ is *not* an unbiased estimate of $\|\bar g\|^2$, although $\hat g_B$ is one of $\bar g$. Written for a small and a large batch, these are two equations with two unknowns.

# %% [markdown] id="scale-statement" statement="scale"
# ### Exercise 3: two batches, no bias
#
# Write `signal_and_noise(g_small, g_large, B_small, B_large)`. The gradients are arrays `(P,)`, means over `B_small < B_large` examples. Return two floats, unbiased estimates of
# $\|\bar g\|^2$ and of $\mathrm{tr}\,\Sigma$: solve the two equations.
#
# Check by hand: `g_small = [3]`, `g_large = [2]`, `B_small = 1`, `B_large = 6` give $9 = s + t$ and $4 = s + t/6$, hence $s = 3$ and $t = 6$.


# %% id="scale" exercise=true difficulty=2 by_hand="nn data"
def signal_and_noise(g_small, g_large, B_small, B_large):
    """Unbiased estimates of the squared norm of the true gradient and of the trace of the covariance."""
    ### BEGIN SOLUTION
    small, large = np.sum(g_small**2), np.sum(g_large**2)
    signal = (B_large * large - B_small * small) / (B_large - B_small)
    noise = (small - large) / (1 / B_small - 1 / B_large)
    return float(signal), float(noise)
    ### END SOLUTION


# %% [markdown] id="scale-hints" hints="scale"
# - biased: The squared norm of the large batch still holds tr Σ / B of noise: take it away.
# - norm: The equations are about squared norms.
# - plain: The noise term is tr Σ divided by B: the difference of the squares alone is not tr Σ.
# - sign: The small batch has more noise: the difference is the wrong way round.


# %% id="scale-signal" test="scale" points=1
@check.exercise("14-batch-size/scale")
def signal_of_two_batches():
    """The squared norm of the true gradient"""
    small, large = np.cos(np.arange(5.0)) * 2, np.cos(np.arange(5.0) + 0.3)
    signal, _ = check.call(signal_and_noise, small, large, 3, 12, returns=("signal", "noise"))
    a, b = np.sum(small**2), np.sum(large**2)
    hints = {"biased": lambda right: b, "norm": lambda right: (12 * b**0.5 - 3 * a**0.5) / 9}
    check.close(signal, (12 * b - 3 * a) / 9, name="signal", hints=hints)


# %% id="scale-noise" test="scale" points=1
@check.exercise("14-batch-size/scale")
def noise_of_two_batches():
    """The trace of the covariance"""
    small, large = np.cos(np.arange(5.0)) * 2, np.cos(np.arange(5.0) + 0.3)
    _, noise = check.call(signal_and_noise, small, large, 3, 12, returns=("signal", "noise"))
    a, b = np.sum(small**2), np.sum(large**2)
    check.close(noise, (a - b) * 4, name="noise", hints={"plain": lambda right: a - b, "sign": lambda right: -right})


# %% id="scale-hidden" test="scale" points=2 hidden=true
@check.exercise("14-batch-size/scale", hidden=True)
def no_bias():
    """The mean over all possible batches is exact"""
    from itertools import product

    G = check.rng(15).normal(size=(3, 2))
    pairs = [
        check.call(
            signal_and_noise, G[list(a)].mean(axis=0), G[list(b)].mean(axis=0), 1, 3, returns=("signal", "noise")
        )
        for a in product(range(3), repeat=1)
        for b in product(range(3), repeat=3)
    ]
    signal, noise = np.mean(pairs, axis=0)
    check.close(signal, np.sum(G.mean(axis=0) ** 2), name="mean of the signal")
    check.close(noise, G.var(axis=0).sum(), name="mean of the noise")


# %% [markdown] id="memory"
# ## A batch that does not fit
#
# Sometimes one wants 1,024 examples in a step, and the memory holds 8. *Gradient accumulation* goes through the batch in portions, adds up, and takes one step at the end. The result
# is the same gradient, not an approximation, if one adds up the right thing: each portion's gradient is a *mean*, and portions may differ in size. (The book says that one uses mini-batches because
# the whole data set does not fit in memory. It need not: streaming it in portions would give the full-batch gradient. Mini-batches are taken to step more often.)
#
# `fit` does it on request:

# %% id="memory-run"
from dlbook import optim
from dlbook.train import Config, fit

weights = []
for portions in (1, 7):
    model = nn.Sequential(nn.Linear(64, 10, rng=np.random.default_rng(0)))
    config = Config(epochs=2, batch_size=100, accumulate=portions)
    fit(
        model,
        nn.CrossEntropyLoss(),
        optim.SGD(model.parameters(), lr=0.1),
        (x_train, y_train),
        config,
        rng=np.random.default_rng(5),
        progress=False,
    )
    weights.append(model.parameters()[0].data)
print(f"largest difference of a weight, 1 portion against 7: {np.abs(weights[0] - weights[1]).max():.1e}")

# %% id="portion" given=true
MEMORY = 8


def portion_gradient(x, y, W, b):
    """dW (C, D) and db (C,) of the mean cross-entropy of softmax regression, for at most MEMORY rows of x (N, D), y (N,)."""
    if not 0 < len(x) <= MEMORY:
        raise MemoryError(f"expected 1 to {MEMORY} rows at a time, got {len(x)}")
    z, memory = nn.linear(x, W, b)
    dz = nn.cross_entropy_backward(1.0, nn.cross_entropy(z, y)[1])
    return nn.linear_backward(dz, memory)[1:]


# %% [markdown] id="accumulate-statement" statement="accumulate"
# ### Exercise 4: gradient accumulation
#
# Write `accumulated_gradient(x, y, W, b, portion)`. It returns `dW (C, D)` and `db (C,)`, the gradients of the *mean* loss over all N rows of `x (N, D)`, `y (N,)`. It gets them from the given
# `portion_gradient(x, y, W, b)`, called on `portion` rows at a time (at most 8). The last portion may be shorter.
#
# Check by hand: three rows in portions of 2, and the two portions have `db = [0.6, -0.6]` and `[0.3, -0.3]`. Then `db` of the whole is $\tfrac23\cdot0.6+\tfrac13\cdot0.3 = 0.5$ in its first entry.


# %% id="accumulate" exercise=true difficulty=2 by_hand="nn data"
def accumulated_gradient(x, y, W, b, portion):
    """Gradients dW (C, D), db (C,) of the mean loss over all rows, from portions of `portion` rows."""
    ### BEGIN SOLUTION
    dW, db = np.zeros(W.shape), np.zeros(b.shape)
    for at in range(0, len(x), portion):
        part = x[at : at + portion], y[at : at + portion]
        dW_part, db_part = portion_gradient(*part, W, b)
        dW += dW_part * len(part[1]) / len(x)
        db += db_part * len(part[1]) / len(x)
    return dW, db
    ### END SOLUTION


# %% [markdown] id="accumulate-hints" hints="accumulate"
# - added: The gradients of the portions are means: their plain sum is as many times too large as there are portions.
# - summed: That is the gradient of the summed loss: divide by the number of rows.
# - lost: The last, shorter portion is missing.
# - equal: A short portion must not count as much as a full one: weight each by its number of rows.
# - last: That is the gradient of the last portion alone.


# %% id="accumulate-case" given=true
def accumulate_case(N, D, C):
    """Rows, labels, weights and biases, the same on every machine."""
    x = np.cos(1.7 * np.arange(N * D)).reshape(N, D)
    return x, np.arange(N) ** 2 % C, np.linspace(-1, 1.5, C * D).reshape(C, D), np.linspace(0.4, -0.2, C)


def whole_gradient(x, y, W, b):
    """dW and db over all rows at once."""
    z, memory = nn.linear(x, W, b)
    return nn.linear_backward(nn.cross_entropy_backward(1.0, nn.cross_entropy(z, y)[1]), memory)[1:]


# %% id="accumulate-even" test="accumulate" points=1
@check.exercise("14-batch-size/accumulate")
def portions_of_one_size():
    """Portions of equal size"""
    x, y, W, b = accumulate_case(12, 2, 3)
    dW, db = check.call(accumulated_gradient, x, y, W, b, 4, returns=("dW", "db"))
    right_W, right_b = whole_gradient(x, y, W, b)
    tail_W, tail_b = portion_gradient(x[8:], y[8:], W, b)
    check.close(
        dW,
        right_W,
        name="dW",
        hints={"added": lambda right: 3 * right, "summed": lambda right: 12 * right, "last": lambda right: tail_W},
    )
    check.close(
        db,
        right_b,
        name="db",
        hints={"added": lambda right: 3 * right, "summed": lambda right: 12 * right, "last": lambda right: tail_b},
    )


# %% id="accumulate-uneven" test="accumulate" points=1
@check.exercise("14-batch-size/accumulate")
def portions_of_different_sizes():
    """A shorter last portion"""
    x, y, W, b = accumulate_case(11, 2, 3)
    dW, db = check.call(accumulated_gradient, x, y, W, b, 4, returns=("dW", "db"))
    parts = [portion_gradient(x[a : a + 4], y[a : a + 4], W, b) for a in (0, 4, 8)]
    for name, got, right, pieces in zip(
        ("dW", "db"), (dW, db), whole_gradient(x, y, W, b), zip(*parts, strict=True), strict=True
    ):
        first, second, third = pieces
        hints = {
            "lost": lambda right, p=first, q=second: (p + q) * 4 / 11,
            "equal": lambda right, p=first, q=second, r=third: (p + q + r) / 3,
        }
        check.close(got, right, name=name, hints=hints)


# %% id="accumulate-hidden" test="accumulate" points=2 hidden=true
@check.exercise("14-batch-size/accumulate", hidden=True)
def other_portions():
    """Other sizes, one row, one portion"""
    rng = check.rng(16)
    for N, D, C, portion in [(1, 3, 2, 5), (9, 4, 3, 1), (23, 2, 5, 8), (8, 3, 4, 8), (17, 5, 2, 6)]:
        x, y, W, b = rng.normal(size=(N, D)), rng.integers(0, C, N), rng.normal(size=(C, D)), rng.normal(size=C)
        dW, db = check.call(accumulated_gradient, x, y, W, b, portion, returns=("dW", "db"))
        right_W, right_b = whole_gradient(x, y, W, b)
        check.close(dW, right_W, name=f"dW for N = {N}, portion = {portion}")
        check.close(db, right_b, name=f"db for N = {N}, portion = {portion}")


# %% [markdown] id="book-experiment"
# ## Book chapter 37: do large batches learn worse?
#
# The book trains its network for 30 epochs with $\eta = 0.01$ and batches of 64, 256 and 1,024, and finds: the larger the batch, the lower the accuracy in the test. It calls it a
# *generalisation gap*, training accuracy minus test accuracy. Here is the same experiment on the digits, 20 epochs.

# %% id="fixed-epochs"
runs, distances = {}, {}
for B in (1, 2, 4, 16, 64, 256, 1280):
    begun = start(0)
    params, runs[B] = train(begun, B, 0.01, 20, seed=100)
    distances[B] = np.sqrt(sum(np.sum((p - q) ** 2) for p, q in zip(params, begun, strict=True)))
for B, run in runs.items():
    updates, _, training, test = run[-1]
    print(f"B = {B:4d}: {updates:6.0f} updates, training {training:.3f}, test {test:.3f}, gap {training - test:+.3f}")

# %% [markdown] id="diagnosis-question" question="quiz"
# Look at the row of $B = 256$. What does this network suffer from?
#
# - [ ] From a generalisation gap: that would be a high accuracy in training and a lower one in the test; here both are low.
# - [x] From too little training: training and test are about equally bad, so there is no gap at all; it has made 100 updates, against 1,600 with B = 16.
# - [ ] From overfitting: then the training accuracy would be near 1.

# %% [markdown] id="equal-updates-text"
# The experiment changes two things at once. With the epochs fixed, a batch 16 times as large means a sixteenth of the updates, and each has the same small $\eta$. The book's own curves show it: the
# *training* accuracy falls too. Give every batch size the 1,600 updates that $B = 16$ had:

# %% id="equal-updates"
FULL = False
same = {16: runs[16]}
for B, epochs in [(64, 80), (256, 320)] + ([(1280, 1600)] if FULL else []):
    _, same[B] = train(start(0), B, 0.01, epochs, seed=100)
for B, run in same.items():
    print(f"B = {B:4d}: {run[-1, 0]:.0f} updates, training {run[-1, 2]:.3f}, test {run[-1, 3]:.3f}")

# %% [markdown] id="three-axes"
# The "gap" is gone: training 0.957 to 0.959 everywhere, and the test differs by one point. With `FULL = True` the full batch takes 1,600 epochs and some twenty seconds. Over three starts the
# mean test accuracy was 0.937, 0.945, 0.943 and 0.944 for B = 16, 64, 256 and 1,280: what had been missing were updates.
#
# So whoever compares batch sizes has to say *per what*. Choose the horizontal axis: per epoch the small batches win, per update the large ones, and per second it depends on the
# machine. Book chapter 29 gives the right advice for practice: take the time on the clock.

# %% id="axes-widget" folded=true
AXES = {"epochs": "epochs", "updates": "updates", "examples seen": "samples", "seconds": "seconds"}
KINDS = {"test": 3, "training": 2}


def axes_figure(sizes_shown, axis, kind):
    """Accuracy of the stored runs against the chosen axis."""
    figure = plots.figure(7, 3.2)
    ax = figure.subplots()
    for i, B in enumerate(sizes_shown):
        run = runs[B]
        epochs = np.arange(1, len(run) + 1)
        x = {"epochs": epochs, "updates": run[:, 0], "samples": epochs * len(x_train), "seconds": run[:, 1]}[axis]
        ax.plot(x, run[:, kind], marker=plots.MARKERS[i], markevery=5, label=f"B = {B}")
    if axis in ("updates", "seconds"):
        ax.set_xscale("log")
    ax.set(xlabel=next(name for name, key in AXES.items() if key == axis), ylabel="accuracy", ylim=(0, 1.02))
    ax.legend()
    return figure


widgets.explore(
    axes_figure,
    dict(
        sizes_shown=widgets.Options(
            {"1, 16, 256": (1, 16, 256), "2, 64, 1280": (2, 64, 1280), "all": tuple(runs)}, label="batch sizes"
        ),
        axis=widgets.Options(AXES, label="horizontal axis"),
        kind=widgets.Options(KINDS, label="accuracy"),
    ),
    alt=lambda sizes_shown, axis, kind: (
        "Accuracy of the runs with batches of "
        + ", ".join(f"{B} (ends at {runs[B][-1, kind]:.3f})" for B in sizes_shown)
        + "."
    ),
    table=lambda sizes_shown, axis, kind: [
        {"B": B, "updates": int(runs[B][-1, 0]), "seconds": float(runs[B][-1, 1]), "accuracy": float(runs[B][-1, kind])}
        for B in sizes_shown
    ],
    title="Per what?",
)

# %% [markdown] id="what-is-known"
# Three more sentences of the book need a word. It says that $B = 1$ "usually works very badly" just after its own best run had $B = 2$; here 1 is as good as any at the same number of epochs, and pays in seconds. It
# speaks of "the convex functions that we optimise" and of a guaranteed global optimum: the loss of a network is not convex, and nobody guarantees anything. And "nobody knows why" was fair for a moment. Keskar
# and others (2017) found sharper minima for large batches; Hoffer and others (2017) closed the gap by training *longer*, to the same number of updates; Goyal and others (2017) by raising the rate with the batch; Shallue and others (2019) tuned every batch
# size separately on many problems and found no loss of quality. ("Train-time" and "test-time", which the book translates as durations, simply mean "in training" and "in the test".)

# %% [markdown] id="scaling"
# ## Book chapter 38: the learning rate must follow the batch
#
# Take $k$ small steps from a point where the gradient hardly changes, each with $\eta$. Together they are one step with $k\eta$ along the mean of the $k$ gradients, that is, along the gradient of the
# batch that is $k$ times as large. This is the *linear scaling rule*:
#
# $$\eta' = \eta\,\frac{B'}{B}$$
#
# Book chapter 29 uses it (100 times the batch, 100 times $\eta$), chapter 37 forgets it, chapter 38 raises $\eta$ by 10 for a batch 16 times as large, and gives no reason for 10. The rule has a limit: the assumption "hardly changes" fails for
# large steps. Then the training breaks, unless one begins with a *warm-up*: small at first, and in `warm` steps up to the full rate.

# %% id="scaling-run"
for B, eta in [(16, 0.01), (64, 0.04), (256, 0.16), (1280, 0.8)]:
    ends, seconds = [], []
    for seed in range(3):
        _, run = train(start(seed), B, eta, 20, seed=100 + seed)
        ends.append(run[-1, 3])
        seconds.append(run[-1, 1])
    print(
        f"B = {B:4d}, η = {eta:.2f}: test",
        " ".join(f"{end:.3f}" for end in ends),
        f"  mean {np.mean(ends):.3f}  in {np.mean(seconds):.2f} s",
    )

# %% [markdown] id="scaling-after"
# With $\eta$ scaled, batches of 16, 64 and 256 end within a point of each other after the same number of *epochs*, and the larger ones take less time. This also answers the question of book chapter 29: fix the
# rest, try sizes with scaled $\eta$, and look at the clock. At $B = 1280$ and $\eta = 0.8$ the rule breaks: 20 steps so long that the gradient has changed under way. The book draws no curve for this limit.

# %% [markdown] id="heat-text"
# ### Try it: the diagonal
#
# Each square is a whole training of 8 epochs. On the diagonal lines $\eta/B$ is constant, and so, for a while, is the result. Choose a batch size and a rate to see the curve of that square, and find where each
# row breaks.

# %% id="heat-widget" folded=true
HEAT_SIZES = (16, 64, 256, 1024)
HEAT_RATES = (0.005, 0.02, 0.08, 0.32, 1.28)
with np.errstate(all="ignore"):
    heat_runs = {(B, eta): train(start(0), B, eta, 8, seed=100)[1][:, 3] for B in HEAT_SIZES for eta in HEAT_RATES}


def heat_figure(B, eta):
    """Final accuracy for each batch size and rate (left), the curve of the chosen one (right)."""
    figure = plots.figure(9, 3.4)
    left, right = figure.subplots(1, 2)
    ends = np.array([[heat_runs[b, e][-1] for e in HEAT_RATES] for b in HEAT_SIZES])
    left.imshow(ends, cmap="Blues", vmin=0, vmax=1, origin="lower", aspect="auto")
    left.grid(False)
    for (row, column), value in np.ndenumerate(ends):
        left.text(column, row, f"{value:.2f}", ha="center", va="center", color="white" if value > 0.55 else plots.BLACK)
    for shift in (0, 1):
        left.plot([shift, 3 + shift], [0, 3], "--", color=plots.ORANGE)
    left.plot(
        [HEAT_RATES.index(eta)], [HEAT_SIZES.index(B)], "s", markersize=30, fillstyle="none", color=plots.VERMILION
    )
    left.set(xticks=range(len(HEAT_RATES)), yticks=range(len(HEAT_SIZES)), xlabel="η", ylabel="B")
    left.set_xticklabels(HEAT_RATES)
    left.set_yticklabels(HEAT_SIZES)
    right.plot(np.arange(1, 9), heat_runs[B, eta], color=plots.VERMILION)
    right.set(xlabel="epoch", ylabel="test accuracy", ylim=(0, 1))
    return figure


widgets.explore(
    heat_figure,
    dict(
        B=widgets.Options(list(HEAT_SIZES), 64, label="batch size B"),
        eta=widgets.Options(list(HEAT_RATES), 0.08, label="learning rate η"),
    ),
    alt=lambda B, eta: (
        f"Test accuracy for four batch sizes and five rates, with lines of constant η/B. B = {B}, η = {eta} ends at {heat_runs[B, eta][-1]:.2f}."
    ),
    table=lambda B, eta: [{"B": b} | {str(e): float(heat_runs[b, e][-1]) for e in HEAT_RATES} for b in HEAT_SIZES],
    title="Batch size and learning rate",
)

# %% [markdown] id="rate-statement" statement="rate"
# ### Exercise 5: move a learning rate
#
# Write `learning_rate(eta, B, B_new, rule, warm, step)`. The rate `eta` was good for batches of `B`; return the rate for step number `step` (from 0) with batches of `B_new`:
#
# - `rule="linear"`: $\eta' = \eta\,B'/B$. `rule="sqrt"`: $\eta' = \eta\sqrt{B'/B}$, as people use for Adam. Any other rule raises `ValueError`.
# - Warm-up: step $s$ gets $\eta'\cdot\min\left(1, \frac{s+1}{\text{warm}}\right)$, so step 0 already moves, and from step `warm - 1` on the rate is whole.
#
# Check by hand: `eta = 0.01`, from 64 to 1,024, linear, `warm = 1`: 0.16. With `warm = 4`, step 0: 0.04.


# %% id="rate" exercise=true difficulty=1 by_hand="nn data"
def learning_rate(eta, B, B_new, rule, warm, step):
    """Rate at `step` for batches of B_new, when eta was right for B; rule "linear" or "sqrt"; warm-up over `warm` steps."""
    ### BEGIN SOLUTION
    if rule not in ("linear", "sqrt"):
        raise ValueError(f"expected rule 'linear' or 'sqrt', got {rule!r}")
    factor = B_new / B
    if rule == "sqrt":
        factor = factor**0.5
    return eta * factor * min(1.0, (step + 1) / warm)
    ### END SOLUTION


# %% [markdown] id="rate-hints" hints="rate"
# - inverse: A larger batch wants a larger rate: the fraction is upside down.
# - ten: The book's factor of 10 is no rule: the rate grows as the batch does.
# - root: The rule "sqrt" takes the square root of the ratio.
# - zero: Step 0 must move: it is the first step, so count from 1.
# - grows: The warm-up ends: the rate never exceeds its full value.


# %% id="rate-linear" test="rate" points=1
@check.exercise("14-batch-size/rate")
def rate_by_the_linear_rule():
    """The linear rule"""
    rate = check.call(learning_rate, 0.01, 64, 1024, "linear", 1, 0, returns=("rate",))
    check.close(rate, 0.16, name="rate", hints={"inverse": lambda right: right / 256, "ten": lambda right: 0.1})


# %% id="rate-sqrt" test="rate" points=1
@check.exercise("14-batch-size/rate")
def rate_by_the_root_rule():
    """The square-root rule, and no other"""
    rate = check.call(learning_rate, 0.01, 64, 1024, "sqrt", 1, 0, returns=("rate",))
    check.close(rate, 0.04, name="rate", hints={"root": lambda right: 0.16})
    check.raises(ValueError, learning_rate, 0.01, 64, 1024, "cubic", 1, 0, what="an unknown rule")


# %% id="rate-warm" test="rate" points=1
@check.exercise("14-batch-size/rate")
def rate_in_the_warm_up():
    """Warm-up"""
    rates = np.array([check.call(learning_rate, 0.1, 8, 24, "linear", 5, s, returns=("rate",)) for s in range(8)])
    steps = np.arange(8)
    hints = {"zero": lambda right: 0.3 * np.minimum(1, steps / 5), "grows": lambda right: 0.3 * (steps + 1) / 5}
    check.close(rates, 0.3 * np.minimum(1, (steps + 1) / 5), name="rates", hints=hints)


# %% id="rate-hidden" test="rate" points=1 hidden=true
@check.exercise("14-batch-size/rate", hidden=True)
def rates_there_and_back():
    """Smaller batches, and there and back"""
    for rule, power in (("linear", 1.0), ("sqrt", 0.5)):
        there = check.call(learning_rate, 0.3, 96, 7, rule, 3, 40, returns=("rate",))
        check.close(there, 0.3 * (7 / 96) ** power, name=f"rate for {rule}")
        check.close(
            check.call(learning_rate, there, 7, 96, rule, 1, 0, returns=("rate",)), 0.3, name=f"rate back for {rule}"
        )
        last = check.call(learning_rate, 0.3, 96, 7, rule, 6, 4, returns=("rate",))
        check.close(last, 0.3 * (7 / 96) ** power * 5 / 6, name=f"rate before the end of the warm-up for {rule}")


# %% [markdown] id="switches"
# ### Does a large batch spoil the start?
#
# The book asks whether a start with large batches leads to a bad place from which a network cannot come back. Its text describes runs from small to large; its legend and its conclusion are about large to small. We
# follow the legend, and add a run with the linear rule.


# %% id="switches-run"
def in_parts(parts, seed=0):
    """Train through the parts (B, η, epochs), one after the other, each from where the last one ended; test accuracy."""
    params = start(seed)
    for i, (B, eta, epochs) in enumerate(parts):
        params, run = train(params, B, eta, epochs, seed=100 + i)
    return run[-1, 3]


plans = {
    "16 for 20 epochs": [(16, 0.01, 20)],
    "256 for 40": [(256, 0.01, 40)],
    "256 for 1, then 16 for 20": [(256, 0.01, 1), (16, 0.01, 20)],
    "256 for 20, then 16 for 20": [(256, 0.01, 20), (16, 0.01, 20)],
    "256 for 20, then η × 10": [(256, 0.01, 20), (256, 0.1, 20)],
    "256 for 20, then η × 16": [(256, 0.01, 20), (256, 0.16, 20)],
}
for name, parts in plans.items():
    print(f"{name}: {in_parts(parts):.3f}")

# %% [markdown] id="switches-after"
# The late switch to small batches ends at 0.959, and so does the switch after one epoch. A large batch at the start traps nothing: over three starts the two switching runs have a mean of 0.945, the run with the linear rule 0.943, and $\eta\times10$
# 0.931. "16 for 20" alone has 0.940. Here the book's conclusion is right.
#
# Its control is not read rightly. It trains the large batch for twice as many epochs, sees that this stays behind (here 0.776), and concludes that longer training is not the reason. But twice the epochs
# are 200 updates here, against 1,600. In the book, after doubling, the large batch has still an eighth of the updates.

# %% [markdown] id="gradient-sum"
# ## Book chapter 39: the contradiction, settled
#
# The last of the book's chapters looks for the reason in the gradients. It fixes a start, goes once through 1,024 examples in batches of $B$, *sums the gradients of all steps*, and takes the length of that sum. It reports that the
# length grows with the batch, like $\sqrt B$: large batches would move *further* for the same number of examples. But then they would need a smaller rate, and chapters 37 and 38 found that they need a larger one.
#
# Both cannot be true. With a loss that is averaged over the batch, the sum can be computed in advance, if the weights do not move: there are $N/B$ steps, and
#
# $$\sum_k g_k = \frac NB\,\bar g \quad\text{(frozen weights)}, \qquad w_0 - w_{\text{end}} = \eta\sum_k g_k \quad\text{(always)}$$
#
# So at the same $\eta$ a large batch moves *less*. What grows is the *average* gradient of a step.

# %% [markdown] id="sum-question" question="predict"
# Same start, same 1,024 examples, same $\eta$, moving weights, mean loss. How does the distance travelled with $B = 1$ compare with $B = 1024$?
#
# - [ ] A thirtieth: that is the book's √B; no protocol with one η and a mean loss gives it.
# - [ ] About the same: it would be so if η grew with B.
# - [x] Several hundred times as far: 1,024 steps against one, and all go roughly downhill.

# %% id="gradient-sum-run"
N = 1024
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


def one_pass(params, rows, B, eta, frozen):
    """Sum of the last layer's gradients over one pass in batches of B, and the number of steps."""
    total = np.zeros(params[4].shape)
    for at in range(0, len(rows), B):
        part = rows[at : at + B]
        slopes = gradients(params, x_train[part], y_train[part])
        total += slopes[4]
        if not frozen:
            params = [p - eta * d for p, d in zip(params, slopes, strict=True)]
    return total, -(-len(rows) // B)


def norms(params, eta_of, frozen, trials=3, sizes=SIZES):
    """Lengths of the summed gradient, (len(sizes), trials); each trial draws its own examples, the same for every B."""
    draws = [np.random.default_rng(50 + t).permutation(len(x_train))[:N] for t in range(trials)]
    return np.array(
        [[np.linalg.norm(one_pass(params, rows, B, eta_of(B), frozen)[0]) for rows in draws] for B in sizes]
    )


late, _ = train(start(0), 16, 0.01, 30, seed=100)
walks = {}
START_LABELS = {"early": "early", "late": "late"}
for name, params in (("early", early), ("late", late)):
    for frozen, trials in ((False, 3), (True, 1)):
        walks[name, frozen] = norms(params, lambda B: 0.01, frozen, trials)
    moving, still = walks[name, False], walks[name, True]
    label = START_LABELS[name]
    print(f"{label} start    moving: sum, mean of a step, distance  |  frozen: sum   (moving: mean of 3 trials)")
    for B, a, b in zip(SIZES, moving.mean(axis=1), still.mean(axis=1), strict=True):
        print(f"  B = {B:4d}  {a:14.3f} {a * B / N:12.4f} {0.01 * a:12.4f}  |  {b:10.3f}")

# %% id="gradient-sum-figure" folded=true
figure = plots.figure(8, 3.2)
for ax, name in zip(figure.subplots(1, 2), ("early", "late"), strict=True):
    moving, still = walks[name, False].mean(axis=1), walks[name, True].mean(axis=1)
    ax.loglog(SIZES, moving, marker="o", label="sum, moving")
    ax.loglog(SIZES, still, marker="s", linestyle="--", label="sum, frozen: N/B")
    ax.loglog(SIZES, moving * np.array(SIZES) / N, marker="^", linestyle=":", label="mean of a step")
    ax.set(
        xlabel="B", ylabel="length of the gradient", title={"early": "after 2 epochs", "late": "after 30 epochs"}[name]
    )
    ax.legend()
plots.show(
    figure,
    alt="The summed gradient falls with B, almost in a straight line on logarithmic axes, at both starts; the frozen one is exactly straight. The mean gradient of a step rises with B.",
)

# %% [markdown] id="gradient-sum-after"
# The sum *falls* with $B$: from 177 to 0.37 at the early start. With frozen weights it is exactly $N/B$ times the gradient; with moving weights small batches fall behind that line, since their later steps begin lower. Early the
# distance for $B = 1$ is some 480 times the distance for $B = 1024$, late some 360 times. Only the mean gradient of a step grows with $B$, from 0.17 to 0.37, by far less than $\sqrt{1024} = 32$.
#
# So the contradiction is gone. Large batches travel *less* at the same $\eta$; that is why chapter 37 found them behind, and why chapter 38 could repair them with a larger $\eta$. The book never says whether its curve is of a sum or a mean, of a mean loss or a summed one. With a mean
# loss and one $\eta$ only a mean over the steps can grow, and no $\sqrt B$ follows from the protocol: the slope is $-1$ where the weights hardly move, and flatter where they do. One thing does reproduce: the early norms are larger than the late ones.

# %% id="distances-run"
print("distance from the start after 20 epochs, η = 0.01:", {B: round(float(d), 2) for B, d in distances.items()})
ends = {}
for B, eta in [(16, 0.01), (64, 0.04), (256, 0.16)]:
    params, _ = train(start(0), B, eta, 20, seed=100)
    ends[B] = round(float(np.sqrt(sum(np.sum((p - q) ** 2) for p, q in zip(params, start(0), strict=True)))), 2)
print("the same with η proportional to B:", ends)
few = (16, 64, 256, 1024)
scaled = norms(early, lambda B: 0.0001 * B, False, sizes=few).mean(axis=1) * 0.0001 * np.array(few)
print("distance of one pass with η = 0.0001 B:", dict(zip(few, scaled.round(3).tolist(), strict=True)))

# %% [markdown] id="distances-after"
# The same in whole trainings: at the same $\eta$, $B = 256$ ends 0.79 from its start and $B = 1$ ends 8.93 away. With $\eta\propto B$ the distances agree, 4.37, 4.37 and 4.40; and in a single pass, with small steps, to three digits.

# %% [markdown] id="toy-text"
# ### Try it: eight arrows and their sum
#
# Eight examples pull at two weights. Blue: the steps of one epoch in batches of $B$. Black: their sum. Orange: the single step of the full batch from the same start, with the same rule. Choose "fixed η", then "η ∝ B", then "summed loss". The book's picture of a batch of 2 (one short arrow)
# against two batches of 1 (two arrows and their long sum) is the case of a fixed $\eta$. Its explanation was that gradients in one batch compete and cancel. But they cancel in the vector sum of the single steps as well; the arrow is short because a *mean* was taken.

# %% id="toy-widget" folded=true
TOY_X = np.array([[1, 0.2], [0.6, 1], [-0.4, 1], [1, -0.7], [0.3, 0.9], [-0.8, 0.4], [0.9, 0.8], [0.1, -1]])
TOY_Y = TOY_X @ np.array([1.5, 1.0]) + 0.4 * np.cos(2.0 * np.arange(8))


def toy_path(B, rule, eta):
    """Weights after each step of one epoch of least squares, (steps + 1, 2)."""
    w = [np.array([-1.0, -0.5])]
    for at in range(0, 8, B):
        x, y = TOY_X[at : at + B], TOY_Y[at : at + B]
        slope = x.T @ (x @ w[-1] - y) / len(x)
        w.append(w[-1] - eta * (1 if rule == "fixed" else B) * slope)
    return np.array(w)


def toy_figure(B, rule, eta):
    """The path of one epoch, its sum, and the full batch's step, on the contours of the loss."""
    figure = plots.figure(6, 4)
    ax = figure.subplots()
    u, v = np.meshgrid(np.linspace(-1.6, 3, 80), np.linspace(-1.4, 2.2, 80))
    loss = np.mean((u[..., None] * TOY_X[:, 0] + v[..., None] * TOY_X[:, 1] - TOY_Y) ** 2, axis=-1)
    ax.contour(u, v, loss, levels=12, colors="0.8", linewidths=0.8)
    path, whole = toy_path(B, rule, eta), toy_path(8, rule, eta)
    arrows = [(path[i], path[i + 1], plots.BLUE, 1.5) for i in range(len(path) - 1)]
    for a, b, colour, width in [
        *arrows,
        (path[0], path[-1], plots.BLACK, 2.5),
        (whole[0], whole[-1], plots.ORANGE, 2.5),
    ]:
        ax.annotate("", b, a, arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": width})
    ax.set(xlabel="w₁", ylabel="w₂", xlim=(-1.6, 3), ylim=(-1.4, 2.2))
    return figure


def toy_lengths(B, rule, eta):
    """Lengths of the sum of the steps and of the full batch's step."""
    path, whole = toy_path(B, rule, eta), toy_path(8, rule, eta)
    return float(np.linalg.norm(path[-1] - path[0])), float(np.linalg.norm(whole[-1] - whole[0]))


def toy_numbers(B, rule, eta):
    """The table: steps and both lengths."""
    ours, full = toy_lengths(B, rule, eta)
    return {"steps": 8 // B, "length of their sum": ours, "length of the full step": full}


widgets.explore(
    toy_figure,
    dict(
        B=widgets.Options([1, 2, 4, 8], 1, label="batch size B"),
        rule=widgets.Options({"fixed η": "fixed", "η ∝ B": "scaled", "summed loss": "sum"}, label="rule"),
        eta=widgets.LogSlider(0.01, 0.3, 0.1, label="learning rate η"),
    ),
    alt=lambda B, rule, eta: "{} steps; their sum is {:.2f} long, the step of the full batch {:.2f}.".format(
        8 // B, *toy_lengths(B, rule, eta)
    ),
    table=toy_numbers,
    title="One epoch, eight examples",
)

# %% [markdown] id="toy-after"
# "η ∝ B" and "summed loss" are the same picture: a loss that is summed over the batch *is* a rate that grows with $B$. Much of the confusion in texts about batch size is this one letter. In PyTorch it is `reduction="mean"` or `"sum"`.

# %% [markdown] id="spread"
# ### The spread, and what it is a spread of
#
# The book also finds that large batches have the larger *relative* spread over its thousand trials, and is surprised, since small batches are the noisy ones. Its normalisation brings every mean to that of $B = 1024$,
# $\bar\sigma_i = \sigma_i\,\mu_{1024}/\mu_i$, so what it compares is $\sigma_i/\mu_i$, the coefficient of variation. Is it the batch size that spreads?

# %% id="spread-run"
for frozen, sparse in ((False, (1, 16, 128, 1024)), (True, (16, 128, 1024))):
    trials = norms(early, lambda B: 0.01, frozen, trials=12, sizes=sparse)
    ratio = trials.std(axis=1, ddof=1) / trials.mean(axis=1)
    print(
        "frozen:" if frozen else "moving:", "  ".join(f"B = {B}: {r:.4f}" for B, r in zip(sparse, ratio, strict=True))
    )

# %% [markdown] id="spread-after"
# With moving weights the relative spread does grow with $B$, from 0.0067 to 0.0152, as the book saw. But with *frozen* weights it is 0.0152 for every $B$, since the sum is then always $\frac NB\bar g$ of the same 1,024 examples. So it has nothing to do with noise in a batch. It is the spread between draws of
# 1,024 examples, and descending on the way evens it out. The book names the caveats itself: each trial draws other examples, and it is the spread of a norm. The variance of the gradient would not be a "much more precise" measure of the same thing; it is another thing, and it is $\mathrm{tr}\,\Sigma/B$, as it should be.


# %% id="slope" given=true
def mean_slope(x, y, w):
    """Gradient (D,) of the mean of (x·w − y)² / 2 over the rows of x (B, D), y (B,)."""
    return x.T @ (x @ w - y) / len(x)


# %% [markdown] id="walk-statement" statement="walk"
# ### Exercise 6: sum or mean?
#
# Write `walk(x, y, w, B, eta, frozen)`: one epoch of SGD on least squares over the rows in their order, in batches of `B`; the last may be short. The given `mean_slope(x, y, w)` is the gradient of one batch. Return
#
# - `total (D,)`, the sum of the gradients of all steps; `average (D,)`, their mean over the steps;
# - `end (D,)`, the weights at the end. With `frozen=True` the weights do not move, and `end` equals `w`.
#
# Check by hand: `x = [[1], [1]]`, `y = [0, 0]`, `w = [1]`, `eta = 0.5`. For `B = 2`: `total = average = [1]`, `end = [0.5]`. For `B = 1` the gradients are 1 and 0.5: `total = [1.5]`, `average = [0.75]`, `end = [0.25]`.


# %% id="walk" exercise=true difficulty=3 by_hand="nn data"
def walk(x, y, w, B, eta, frozen):
    """One epoch in batches of B; returns total, average and end, each (D,)."""
    ### BEGIN SOLUTION
    slopes = []
    for at in range(0, len(x), B):
        slopes.append(mean_slope(x[at : at + B], y[at : at + B], w))
        if not frozen:
            w = w - eta * slopes[-1]
    total = np.sum(slopes, axis=0)
    return total, total / len(slopes), w.copy()
    ### END SOLUTION


# %% [markdown] id="walk-hints" hints="walk"
# - mean: The total is the sum over the steps, not their mean.
# - summed: Each step uses the mean loss of its batch: do not multiply by the number of rows.
# - still: The weights must move after each step when frozen is false.
# - moved: With frozen=True the weights stay where they are, and so do the gradients.
# - rows: The average is over the steps, not over the examples.
# - lost: The last, short batch is missing.


# %% id="walk-case" given=true
def walk_case(N, D):
    """Rows, targets and weights, the same on every machine."""
    return np.cos(1.9 * np.arange(N * D)).reshape(N, D), np.linspace(-1, 2, N), np.linspace(0.7, -0.4, D)


# %% id="walk-frozen" test="walk" points=1
@check.exercise("14-batch-size/walk")
def sum_over_frozen_steps():
    """Frozen weights: the sum is N/B times the gradient"""
    x, y, w = walk_case(12, 2)
    total, average, end = check.call(walk, x, y, w, 4, 0.1, True, returns=("total", "average", "end"))
    whole, v, run = mean_slope(x, y, w), w, []
    for at in (0, 4, 8):
        run.append(mean_slope(x[at : at + 4], y[at : at + 4], v))
        v = v - 0.1 * run[-1]
    hints = {
        "mean": lambda right: right / 3,
        "summed": lambda right: right * 4,
        "moved": lambda right: np.sum(run, axis=0),
    }
    check.close(total, 3 * whole, name="total", hints=hints)
    check.close(average, whole, name="average", hints={"rows": lambda right: right / 4})
    check.close(end, w, name="end", hints={"moved": lambda right: w - 0.1 * total})


# %% id="walk-moving" test="walk" points=1
@check.exercise("14-batch-size/walk")
def sum_over_moving_steps():
    """Moving weights: the way is η times the sum"""
    x, y, w = walk_case(12, 2)
    total, _, end = check.call(walk, x, y, w, 6, 0.1, False, returns=("total", "average", "end"))
    first = mean_slope(x[:6], y[:6], w)
    right = first + mean_slope(x[6:], y[6:], w - 0.1 * first)
    check.close(total, right, name="total", hints={"still": lambda right: 2 * mean_slope(x, y, w)})
    check.close(w - end, 0.1 * right, name="w − end", hints={"still": lambda right: 0 * right})


# %% id="walk-short" test="walk" points=1
@check.exercise("14-batch-size/walk")
def short_last_step():
    """A short last batch"""
    x, y, w = walk_case(5, 2)
    total, average, _ = check.call(walk, x, y, w, 3, 0.1, True, returns=("total", "average", "end"))
    first, second = mean_slope(x[:3], y[:3], w), mean_slope(x[3:], y[3:], w)
    check.close(total, first + second, name="total", hints={"lost": lambda right: first})
    check.close(average, (first + second) / 2, name="average")


# %% id="walk-hidden" test="walk" points=2 hidden=true
@check.exercise("14-batch-size/walk", hidden=True)
def other_walks():
    """Other sizes, one row, and the ratio N"""
    rng = check.rng(17)
    for N, D, B in [(1, 2, 1), (10, 4, 3), (7, 3, 9), (6, 1, 1)]:
        x, y, w = rng.normal(size=(N, D)), rng.normal(size=N), rng.normal(size=D)
        total, average, end = check.call(walk, x, y, w, B, 0.05, False, returns=("total", "average", "end"))
        at, place, steps = 0, w, 0
        while at < N:
            rows = slice(at, min(at + B, N))
            residual = np.einsum("nd,d->n", x[rows], place) - y[rows]
            place = place - 0.05 * np.einsum("n,nd->d", residual, x[rows]) / len(residual)
            at, steps = at + B, steps + 1
        check.close(end, place, name=f"end for N = {N}, B = {B}")
        check.close(total, (w - place) / 0.05, name=f"total for N = {N}, B = {B}", rtol=1e-6)
        check.close(average, (w - place) / 0.05 / steps, name=f"average for N = {N}, B = {B}", rtol=1e-6)
    x, y, w = rng.normal(size=(40, 3)), rng.normal(size=40), rng.normal(size=3) + 3
    far = np.linalg.norm(w - check.call(walk, x, y, w, 1, 1e-6, False, returns=("total", "average", "end"))[2])
    near = np.linalg.norm(w - check.call(walk, x, y, w, 40, 1e-6, False, returns=("total", "average", "end"))[2])
    check.close(far / near, 40.0, name="ratio of the distances", rtol=1e-2)


# %% [markdown] id="mistakes"
# ## Common mistakes
#
# | mistake | what is true |
# |---|---|
# | "1,953,125 epochs" (book chapter 29) | updates, in one epoch |
# | comparing batch sizes at equal epochs and equal η, and calling the difference a generalisation gap (chapter 37) | the large batch is under-trained: look at the training accuracy |
# | η × 10 for B × 16 (chapter 38) | linear rule, with warm-up when it breaks |
# | "doubling the epochs did not help, so it is not the number of updates" (chapter 38) | after doubling, the large batch still has an eighth of the updates |
# | "large batches move further" (chapter 39) | not with a mean loss and one η: they move less, by about 1/B |
# | "steps × B = 1,024 for every B" (chapter 39) | not for B = 3, 5, 6, 7: see below |
# | averaging portions of different sizes with equal weights | weight by the number of rows |
# | reading a spread of norms over data draws as batch noise (chapter 39) | freeze the weights as a control; the noise of the gradient is tr Σ / B |

# %% id="mistakes-run"
for B in (3, 5, 6, 7):
    print(f"B = {B}: {-(-1024 // B)} steps, steps × B = {-(-1024 // B) * B}")

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# `loss.backward()` *adds* to `.grad`: gradient accumulation is what happens if one does not call `zero_grad()`. Divide each portion's loss by what makes the sum a mean.
#
# On a GPU the trade moves. A large batch keeps its thousands of units busy, so a batch of 1,024 can cost hardly more than one of 64: the time of an update is flat for much longer. That, and several GPUs side by side, is why people want large batches and need the rules of this page.

# %% id="torch-check"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    torch.set_num_threads(1)
    x, y = torch.tensor(x_train[:100]), torch.tensor(y_train[:100])
    layer = torch.nn.Linear(64, 10, dtype=torch.float64)
    torch.nn.functional.cross_entropy(layer(x), y).backward()
    whole = layer.weight.grad.clone()
    layer.zero_grad()
    for rows in torch.arange(100).split(32):
        (torch.nn.functional.cross_entropy(layer(x[rows]), y[rows]) * len(rows) / 100).backward()
    print(
        f"whole batch against portions of 32, 32, 32, 4: largest difference {(whole - layer.weight.grad).abs().max():.0e}"
    )

# %% [markdown] id="questions"
# ## To think about
#
# 1. The noise scale grows during training, because $\|\bar g\|$ shrinks while $\Sigma$ hardly does. What does that say about the advice "start small and let the batch grow" (Smith and others, 2018)? Which schedule of $\eta$ does the same?
# 2. You train on eight machines, each with batches of 32, and average the gradients. Which $\eta$ do you begin with, if 0.05 was right for one machine?
# 3. Batch normalisation takes mean and variance over the portion. Is gradient accumulation still exact?
#
# <details><summary>Answers</summary>
#
# 1. Late in training a larger batch pays; early it does not. The noise of SGD goes with $\eta\,n/B$, so a batch that grows tenfold acts like a rate that falls tenfold.
# 2. The batch is 256, so the linear rule gives 0.4; warm up to it.
# 3. No: the statistics are those of the portions. Everything that mixes examples inside the network breaks the sum.
#
# </details>
#
# Sources: K. Shen, *Effect of batch size on training dynamics*, 2018 (the article that book chapters 37–39 follow). N. Keskar and others, *On large-batch training*, ICLR 2017. E. Hoffer and others, *Train longer, generalize better*, 2017. P. Goyal and others, *Accurate, large minibatch SGD*, 2017. S. McCandlish
# and others, *An empirical model of large-batch training*, 2018. S. Smith and others, *Don't decay the learning rate, increase the batch size*, ICLR 2018. C. Shallue and others, *Measuring the effects of data parallelism*, JMLR 2019.
#
# **Next:** the step itself. Momentum, Adam and their relatives (chapter 15).
