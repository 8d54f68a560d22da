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
#     title: Initialisation
#     minutes: 105
#     needs: [09-cross-entropy, 10-overfitting]
#     book: [25]
# ---

# %% [markdown] id="title"
# # Initialisation: a start from which a network can learn
#
# **After this page you can** say how wide the sums of a layer are before any training, choose first weights that suit the activation, write each of the usual
# initialisers, and predict what becomes of a signal, and of its gradient, on the way through many layers.
#
# **Time** 35 minutes to read, 70 for the six exercises. **You need** backpropagation (chapter 07), the saturated neuron of chapter 09, and weight decay (chapter 10).

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, nn, plots

# %% [markdown] id="thousand"
# ## A thousand inputs
#
# The last two chapters kept a network from learning by heart. This one is about where it starts.
#
# Until now the book has drawn every weight and every bias from $N(0, 1)$, the normal distribution with mean 0 and standard deviation 1. It had no reason, and it worked.
#
# Here is a thought experiment that shows the price. A neuron of the first hidden layer has 1,000 inputs. For one example half of them are 1 and the others 0. Nothing has
# been learnt yet. How large is its weighted sum $z = \sum_j w_j x_j + b$?

# %% [markdown] id="thousand-question" question="predict"
# Five hundred weights and one bias are added up, each drawn from $N(0,1)$. What is the standard deviation of $z$?
#
# - [ ] about 1: that is the spread of each single weight; a sum of many is wider.
# - [x] about 22: variances add, so the variance is 501 and the standard deviation its root, 22.4.
# - [ ] about 501: that is the variance; the standard deviation is its root.


# %% id="sigmoid" given=true
def sigmoid(z):
    """1 / (1 + exp(-z)), written so that no z overflows: σ(z) = ½ tanh(z / 2) + ½."""
    return 0.5 * np.tanh(0.5 * z) + 0.5


# %% id="thousand-run"
rng = np.random.default_rng(0)
x = np.repeat([1.0, 0.0], 500)
noise = rng.normal(size=(5000, 1000)) @ x
biases = rng.normal(size=5000)
sums = {"N(0, 1)": noise + biases, "N(0, 1/n)": noise / np.sqrt(1000) + biases}
for start, z in sums.items():
    slope = sigmoid(z) * (1 - sigmoid(z))
    print(
        f"{start:10} sd of z {z.std():6.2f}   |z| > 4: {np.mean(np.abs(z) > 4):.3f}   mean slope σ′(z) {slope.mean():.3f}"
    )

figure = plots.figure(8, 3)
left, right = figure.subplots(1, 2)
for (start, z), colour, hatch in zip(sums.items(), (plots.VERMILION, plots.BLUE), ("///", None), strict=True):
    left.hist(z, np.linspace(-60, 60, 81), density=True, color=colour, alpha=0.6, hatch=hatch, label=start)
    slope = sigmoid(z) * (1 - sigmoid(z))
    right.hist(slope, np.linspace(0, 0.25, 26), color=colour, alpha=0.6, hatch=hatch, label=start)
left.set(xlabel="z", ylabel="density", yscale="log", ylim=(1e-4, 1))
right.set(xlabel="slope σ′(z)", ylabel="neurons of 5,000")
left.legend()
plots.show(
    figure,
    alt="Left: sums from N(0, 1) spread from -60 to 60, those from N(0, 1/n) stay within 5. Right: most slopes of the first are near 0, most of the second between 0.1 and 0.25.",
)

# %% [markdown] id="thousand-meaning"
# With the first start 85 neurons in a hundred lie beyond ±4, where the sigmoid is flat. There a small change of a weight has a minute effect on the output, a minute effect on the cost, and so a
# minute gradient. Such weights learn very slowly.
#
# The cure of the next sections is already in the figure: draw the weights from $N(0, 1/n)$, where $n$ is the number of inputs. The book calls it squashing the Gaussians.
#
# **A sign that the book lost.** It says that the output is very near 0 or 1 when $z > 1$ or $z < -1$. It means $z \gg 1$ and $z \ll -1$. At 1 a sigmoid is far from flat:

# %% id="much-greater"
for z in (1.0, 2.0, 4.0, 10.0):
    print(f"σ({z:g}) = {sigmoid(z):.4f}   slope {sigmoid(z) * (1 - sigmoid(z)):.5f}")

# %% [markdown] id="variances-add"
# ## Variances add
#
# The number 22.4 needs no experiment. Weights and bias are independent with mean 0. Then variances add, and a factor counts with its square:
#
# $$\mathrm{Var}(z) = \sum_j x_j^2\,\mathrm{Var}(w_j) + \mathrm{Var}(b) = \sigma_w^2\sum_j x_j^2 + \sigma_b^2$$
#
# For the thought experiment that is $500 + 1 = 501$. With $\sigma_w^2 = 1/1000$ it is $500/1000 + 1 = 3/2$, and $\sqrt{3/2} = 1.22$. Look at what the formula does *not* contain: the number of inputs. What counts
# is the length of the input vector. An input that is 0 adds nothing.

# %% [markdown] id="z-std-statement" statement="z-std"
# ### Exercise 1: how wide is a sum? (3 points)
#
# Write `z_std(x, w_std, b_std)`. `x (N, n)` holds `N` examples. Every weight is drawn from $N(0, \texttt{w\_std}^2)$, every bias from $N(0, \texttt{b\_std}^2)$. The function returns, for each example, the
# standard deviation of $z$ over all the draws: an array `(N,)`. It draws nothing itself.
#
# Check by hand: `x = [[3, 4, 0]]`, `w_std = 2`, `b_std = 0` give `[10.]`. A row of 500 ones and 500 zeros, with `w_std = b_std = 1`, gives 22.383.


# %% id="z-std" exercise=true difficulty=1 by_hand="nn data"
def z_std(x, w_std, b_std):
    """Standard deviation of z = Σ w x + b over the draws of w and b: x (N, n) -> (N,)."""
    ### BEGIN SOLUTION
    return np.sqrt(w_std**2 * np.sum(x**2, axis=1) + b_std**2)
    ### END SOLUTION


# %% [markdown] id="z-std-hints" hints="z-std"
# - all: Not every input counts alike: each adds the square of its own value, and one that is 0 adds nothing.
# - squares: A factor counts with its square: add up x², not x.
# - root: This is the variance: the standard deviation is its root.
# - bias: The bias varies too.
# - added: Variances add, standard deviations do not.


# %% id="z-std-inputs" test="z-std" points=1
@check.exercise("12-initialisation/z-std")
def the_inputs_alone():
    """What the inputs contribute"""
    x = np.array([[0.5, 0.0, 2.0, 0.0, 1.0], [0.0, 0.25, 0.0, 0.0, 0.75]])
    check.close(
        check.call(z_std, x, 0.7, 0.0, returns=("std",)),
        0.7 * np.linalg.norm(x, axis=1),
        name="std",
        hints={
            "all": lambda right: np.full(2, 0.7 * np.sqrt(5)),
            "squares": lambda right: 0.7 * np.sqrt(x.sum(axis=1)),
            "root": lambda right: right**2,
        },
    )


# %% id="z-std-bias" test="z-std" points=1
@check.exercise("12-initialisation/z-std")
def weights_and_bias():
    """Weights and bias together"""
    x = np.cos(0.7 * np.arange(12)).reshape(3, 4)
    own = 0.4 * np.linalg.norm(x, axis=1)
    check.close(
        check.call(z_std, x, 0.4, 1.3, returns=("std",)),
        np.hypot(own, 1.3),
        name="std",
        hints={"bias": lambda right: own, "added": lambda right: own + 1.3},
    )


# %% id="z-std-hidden" test="z-std" points=1 hidden=true
@check.exercise("12-initialisation/z-std", hidden=True)
def one_example_and_no_active_input():
    """One example, many inputs, none of them active"""
    rng = check.rng(11)
    for N, n, w_std, b_std in [(1, 1000, 1000**-0.5, 1.0), (7, 3, 2.5, 0.2), (4, 6, 0.0, 0.9)]:
        x = rng.normal(size=(N, n))
        right = np.linalg.norm(np.column_stack([w_std * x, np.full(N, b_std)]), axis=1)
        check.close(check.call(z_std, x, w_std, b_std, returns=("std",)), right, name=f"std for N = {N}, n = {n}")
    check.close(
        check.call(z_std, np.zeros((2, 5)), 1.0, 0.3, returns=("std",)), np.full(2, 0.3), name="std without input"
    )


# %% [markdown] id="saturation-statement" statement="saturation"
# ### Exercise 2: what share is saturated? (3 points)
#
# Write `saturation_fraction(z, eps)` for sums `z` of any shape. It returns the share, a float from 0 to 1, of the entries at which the slope of the sigmoid is small: $\sigma'(z) = \sigma(z)(1-\sigma(z)) < \texttt{eps}$.
# Use `sigmoid`, which overflows for no $z$.
#
# Check by hand: `z = [0, 100]` with `eps = 0.01` gives 0.5. At 0 the slope is ¼, at 100 it is 0.


# %% id="saturation" exercise=true difficulty=1 by_hand="nn data"
def saturation_fraction(z, eps):
    """Share of the entries of z, of any shape, with σ'(z) < eps: a float."""
    ### BEGIN SOLUTION
    a = sigmoid(z)
    return float(np.mean(a * (1 - a) < eps))
    ### END SOLUTION


# %% [markdown] id="saturation-hints" hints="saturation"
# - activation: The slope is compared with eps, not the output: an output near 1 is as flat as one near 0.
# - one-sided: A sigmoid is flat on both sides, far to the left and far to the right.
# - count: The share is asked for, not the number.
# - turned: This is the share that is not saturated.


# %% id="saturation-share" test="saturation" points=2
@check.exercise("12-initialisation/saturation")
def both_sides():
    """Flat on both sides"""
    z = np.array([[-9.0, -6.0, -5.0, -1.0], [0.5, 3.0, 4.0, 8.0], [7.5, 0.0, -0.2, 2.0]])
    check.close(
        check.call(saturation_fraction, z, 0.01, returns=("share",)),
        5 / 12,
        name="share",
        hints={
            "activation": lambda right: np.mean(sigmoid(z) < 0.01),
            "one-sided": lambda right: np.mean(z > 4.595),
            "count": lambda right: 12 * right,
            "turned": lambda right: 1 - right,
        },
    )


# %% id="saturation-hidden" test="saturation" points=1 hidden=true
@check.exercise("12-initialisation/saturation", hidden=True)
def far_out_and_other_thresholds():
    """Far out, one number, other thresholds"""
    check.close(
        check.call(saturation_fraction, np.array([1000.0, -1000.0]), 1e-6, returns=("share",)),
        1.0,
        name="share far out",
    )
    check.close(check.call(saturation_fraction, np.array([0.0]), 0.01, returns=("share",)), 0.0, name="share at 0")
    rng = check.rng(12)
    for shape, eps in [((40, 5), 0.05), ((3, 4, 6), 0.2), ((200,), 0.001)]:
        z = 4 * rng.normal(size=shape)
        edge = np.log((1 + np.sqrt(1 - 4 * eps)) / (1 - np.sqrt(1 - 4 * eps)))
        got = check.call(saturation_fraction, z, eps, returns=("share",))
        check.close(got, np.mean(np.abs(z) > edge), name=f"share for eps = {eps}")


# %% [markdown] id="widget-text"
# ## Try it
#
# Move the number of inputs, the share of them that is on, and the two spreads. The density of $z$ is drawn over the sigmoid and its slope. Start where the book starts, then find two different ways of bringing the saturated share near zero. What happens to a neuron of a hundred inputs
# when the start suits a thousand?

# %% id="density-widget" folded=true
import math

from dlbook import widgets


def density_numbers(n_in, active, w_std, b_std):
    """sd of z, the share with σ′ < 0.01, and the mean of σ′, for n_in inputs of which the share `active` is 1."""
    spread = math.sqrt(n_in * active * w_std**2 + b_std**2)
    edge = math.log((1 + math.sqrt(0.96)) / (1 - math.sqrt(0.96)))
    z = np.linspace(-30, 30, 6001)
    slope = sigmoid(z) * (1 - sigmoid(z))
    density = np.exp(-0.5 * (z / max(spread, 0.01)) ** 2) / (max(spread, 0.01) * math.sqrt(2 * math.pi))
    saturated = 1 - math.erf(edge / (max(spread, 1e-9) * math.sqrt(2)))
    return {
        "sd of z": round(spread, 3),
        "saturated (σ′ < 0.01)": round(saturated, 4),
        "mean σ′": round(float(np.sum(density * slope) * 0.01), 4),
        "1/√n": round(1 / math.sqrt(n_in), 4),
    }


def density_figure(n_in, active, w_std, b_std):
    """The density of z, shaded where the sigmoid is flat, over σ and σ′."""
    spread = max(math.sqrt(n_in * active * w_std**2 + b_std**2), 0.01)
    z = np.linspace(-15, 15, 601)
    density = np.exp(-0.5 * (z / spread) ** 2)
    flat = np.abs(z) > 4.585
    figure = plots.figure(8, 4)
    top, bottom = figure.subplots(2, 1, sharex=True)
    top.plot(z, density, color=plots.BLUE)
    for side in (z < 0, z > 0):
        top.fill_between(z, density, where=flat & side, color=plots.VERMILION, alpha=0.5, hatch="///")
    top.set(ylabel="density of z (peak = 1)", ylim=(0, 1.05))
    bottom.plot(z, sigmoid(z), color=plots.BLACK, label="σ(z)")
    bottom.plot(z, 4 * sigmoid(z) * (1 - sigmoid(z)), "--", color=plots.GREEN, label="4 σ′(z)")
    bottom.set(xlabel="z", xlim=(-15, 15))
    bottom.legend()
    return figure


widgets.explore(
    density_figure,
    dict(
        n_in=widgets.Slider(10, 2000, 1000, step=10, label="inputs n"),
        active=widgets.Slider(0.0, 1.0, 0.5, step=0.05, label="share of inputs that is on"),
        w_std=widgets.LogSlider(0.001, 10, 1, label="sd of the weights"),
        b_std=widgets.Slider(0.0, 3.0, 1.0, step=0.1, label="sd of the biases"),
    ),
    alt=lambda n_in, active, w_std, b_std: (
        f"The density of z over the sigmoid: its standard deviation is {density_numbers(n_in, active, w_std, b_std)['sd of z']:.2f}. The parts beyond ±4.6, where the sigmoid is flat, are shaded."
    ),
    table=density_numbers,
    title="How wide is z?",
)

# %% [markdown] id="not-the-cost"
# ## Why cross-entropy does not cure it
#
# Chapter 09 met a saturated neuron too, and cured it by another cost: with cross-entropy the slope $\sigma'$ cancels. But it cancels only in the output layer, $\delta^L = a^L - y$. The gradient of a hidden neuron still carries its own
# slope, whatever the cost.
#
# The book uses MNIST. So does this page, further down. First a smaller set with as many inputs: scikit-learn's 8×8 digits with each pixel blown up to a square of 4×4, 32×32 pixels in all. It is a copy of the same information, and 1,024 inputs.

# %% id="gradient-run"
from dlbook import optim, train

digits = data.digits()
one_hot = np.eye(10)[digits.y_train]


def enlarged(x):
    """(N, 64) to (N, 1024): each pixel becomes a square of 4×4."""
    return np.kron(x.reshape(-1, 8, 8), np.ones((1, 4, 4))).reshape(len(x), -1)


def network(sizes, weight_init, bias_init, seed, activation=nn.Sigmoid, dtype=np.float64):
    """Linear layers with an activation between them; the outputs are logits.  Also the generator, for the training."""
    rng, modules = np.random.default_rng(seed), []
    for before, after in zip(sizes, sizes[1:], strict=False):
        layer = nn.Linear(before, after, rng=rng, weight_init=weight_init, bias_init=bias_init, dtype=dtype)
        modules += [layer, activation()]
    return nn.Sequential(*modules[:-1]), rng


for start, weight_init in (("N(0, 1)", nn.init.normal), ("N(0, 1/n)", nn.init.lecun_normal)):
    model, _ = network([1024, 30, 10], weight_init, nn.init.normal, 0)
    outputs, memory = model.forward(enlarged(digits.x_train))
    _, loss_memory = nn.binary_cross_entropy_with_logits(outputs, one_hot)
    model.backward(10 * nn.binary_cross_entropy_with_logits_backward(1.0, loss_memory), memory)
    z = model[0](enlarged(digits.x_train))
    slope = sigmoid(z) * (1 - sigmoid(z))
    print(
        f"{start:10} hidden layer: sd of z {z.std():.2f}, saturated {np.mean(slope < 0.01):.2f}, mean slope {slope.mean():.3f}"
    )
    for name, layer in (("hidden", model[0]), ("output", model[2])):
        relative = np.abs(layer.weight.grad).mean() / np.abs(layer.weight.data).mean()
        print(f"{'':10} {name} layer: mean |∂C/∂W| / mean |W| = {relative:.4f}")

# %% [markdown] id="gradient-meaning"
# With $N(0,1)$ hidden neurons are saturated in three cases of four, whatever the cost, and their mean slope is a seventh of what it is with the new start. The other lines compare the gradient with the size of the weights, because large weights need large changes. In proportion to
# their size the weights of the output layer get a third of what they get with the new start, those of the hidden layer a thirty-fifth. In further hidden layers the same happens again.

# %% [markdown] id="race"
# ## The race
#
# The book trains both starts with $\eta = 0.1$, lower than usual so that the difference is easy to see. The biases stay $N(0,1)$ in both. Here on the enlarged digits, three seeds each:


# %% id="race-run"
def learn(
    x, y, x_val, y_val, sizes, weight_init, seed, *, bias_init=nn.init.normal, epochs=15, eta=0.1, lmbda=0.0, **kind
):
    """Validation accuracy by epoch: cross-entropy on sigmoid outputs, summed over them, in mini-batches of ten."""
    model, rng = network(sizes, weight_init, bias_init, seed, **kind)
    classes, dtype = sizes[-1], model[0].weight.data.dtype
    # The loss is a mean over the outputs too, so η counts `classes` times and the decay of a step stays η λ / n.
    decay = {"params": nn.weights(model), "weight_decay": lmbda / (classes * len(x))}
    biases = {"params": [p for p in model.parameters() if p.data.ndim == 1]}
    history = train.fit(
        model,
        nn.BCEWithLogitsLoss(),
        optim.SGD([decay, biases], classes * eta),
        (x, np.eye(classes, dtype=dtype)[y]),
        train.Config(epochs=epochs, batch_size=10),
        rng=rng,
        validation=(x_val, np.eye(classes, dtype=dtype)[y_val]),
        metrics={"accuracy": train.accuracy},
        progress=False,
    )
    return np.array(history.validation["accuracy"]), model


STARTS = {"N(0, 1)": nn.init.normal, "N(0, 1/n)": nn.init.lecun_normal}
plain = (digits.x_train, digits.y_train, digits.x_test, digits.y_test)
large = (enlarged(digits.x_train), digits.y_train, enlarged(digits.x_test), digits.y_test)
race = {
    start: np.array([learn(*large, [1024, 30, 10], weight_init, seed)[0] for seed in range(3)])
    for start, weight_init in STARTS.items()
}
for start, runs in race.items():
    print(
        f"{start:10} after 1 epoch {runs[:, 0].mean():.3f}, after 5 {runs[:, 4].mean():.3f}, after 15 {runs[:, -1].mean():.3f}"
    )

figure = plots.figure(6, 3.2)
ax = figure.subplots()
for (start, runs), colour, style in zip(race.items(), (plots.VERMILION, plots.BLUE), ("o--", "s-"), strict=True):
    ax.plot(range(1, 16), runs.mean(axis=0), style, color=colour, label=start)
    ax.fill_between(range(1, 16), runs.min(axis=0), runs.max(axis=0), color=colour, alpha=0.2)
ax.set(xlabel="epoch", ylabel="accuracy", ylim=(0.4, 1))
ax.legend()
plots.show(
    figure,
    alt="Accuracy by epoch on the 32×32 digits, mean and range of three seeds: N(0, 1/n) is ahead from the first epoch and still ahead after fifteen.",
)

# %% [markdown] id="race-meaning"
# The new start is ahead after the first epoch by a wide margin, and still ahead after fifteen.
#
# **And the biases?** They matter little, as long as they saturate nothing: the book keeps $N(0,1)$, others start them at zero.

# %% id="biases-run"
for name, bias_init in (("N(0, 1)", nn.init.normal), ("zero", nn.init.constant)):
    runs = [learn(*large, [1024, 30, 10], nn.init.lecun_normal, s, bias_init=bias_init, epochs=5)[0] for s in range(2)]
    runs = np.mean(runs, axis=0)
    print(f"biases {name:8} after 1 epoch {runs[0]:.3f}, after 5 {runs[-1]:.3f}")

# %% [markdown] id="mnist"
# ## The book's own run
#
# MNIST, cross-entropy, $\eta = 0.1$, mini-batches of ten, $\lambda = 5$ on 50,000 images. Here on the 5,000 images that come with the package, with $\lambda = 0.5$, so that $\lambda/n$ is the same. `FULL = True` is the book's run itself; it needs the whole data set.

# %% id="mnist-run"
FULL = False
mnist = data.mnist(full=FULL, dtype=np.float32)
if FULL:
    mnist = mnist.hold_out(10_000)
    mnist_parts = (mnist.x_train, mnist.y_train, mnist.x_val, mnist.y_val)
else:
    mnist_parts = (mnist.x_train, mnist.y_train, mnist.x_test, mnist.y_test)
for hidden in (30, 100):
    for start, weight_init in STARTS.items():
        curve, _ = learn(
            *mnist_parts,
            [784, hidden, 10],
            weight_init,
            0,
            epochs=30 if FULL else 8,
            lmbda=1e-4 * len(mnist.x_train),
            dtype=np.float32,
        )
        print(f"{hidden:3} hidden units, {start:10} after 1 epoch {curve[0]:.3f}, after {len(curve)} {curve[-1]:.3f}")

# %% [markdown] id="mnist-meaning"
# The whole run, measured once with `FULL = True` (two minutes on one core), on the 10,000 validation images: with 30 hidden units 0.882 after the first epoch with the old start and 0.929 with the new one, 0.964 and 0.963 after thirty. The book reports less than
# 87 % and almost 93 %, and both above 96 % in the end. So here the new start gains speed, not quality.
#
# With 100 hidden units it was 0.900 and 0.933 after the first epoch, 0.975 and 0.979 after thirty. The book too sees the curves still apart, and expects them to meet after a few more epochs. In deeper networks, as you will see, the start decides whether there is an end result at all.

# %% [markdown] id="reversal"
# ## Where the advice fails
#
# Now the same digits at their own size, 8×8. There are 64 inputs instead of 1,024, everything else stays.

# %% [markdown] id="reversal-question" question="predict"
# After one epoch with $\eta = 0.1$ on the raw 8×8 digits, which start is ahead?
#
# - [ ] $N(0, 1/n)$, clearly: it was ahead on the same digits at 32×32; but the length of the inputs has changed.
# - [ ] neither: with few inputs the two starts differ less, by a factor of 8, and that is still a lot.
# - [x] $N(0, 1)$: with the small start the inputs hardly move $z$, and the biases drown them.

# %% id="reversal-run"
for start, weight_init in STARTS.items():
    runs = np.array([learn(*plain, [64, 30, 10], weight_init, seed)[0] for seed in range(3)]).mean(axis=0)
    print(f"8×8, {start:10} after 1 epoch {runs[0]:.3f}, after 5 {runs[4]:.3f}, after 15 {runs[-1]:.3f}")

for name, x in (("8×8", plain[0]), ("32×32", large[0]), ("MNIST", mnist.x_train[:1000])):
    length, n = np.mean(np.sum(x**2, axis=1)), x.shape[1]
    print(
        f"{name:6} Σ x² = {length:6.1f}, sd of z from the inputs: {np.sqrt(length):5.2f} or, divided by √n, {np.sqrt(length / n):.2f}"
    )

# %% [markdown] id="reversal-meaning"
# The conclusion turns round, and the new start needs five epochs to catch up. On 8×8 digits $\sum x^2$ is only 15, so $N(0,1)$ gives sums of width 4, and $1/\sqrt n$ makes them a half: less than the biases, which know nothing of the image. The old start then has more signal, and its saturation is bearable.
#
# So the rule is not about the number of inputs. The rule $1/\sqrt{n}$ assumes inputs whose mean square is 1. These have 0.23. Give them the assumed size, and the advice holds again:

# %% id="standardised-run"
middle, spread = plain[0].mean(), plain[0].std()
standard = ((plain[0] - middle) / spread, plain[1], (plain[2] - middle) / spread, plain[3])
print(f"mean square of the standardised inputs: {np.mean(standard[0] ** 2):.2f}")
for start, weight_init in STARTS.items():
    runs = np.array([learn(*standard, [64, 30, 10], weight_init, seed, epochs=5)[0] for seed in range(3)]).mean(axis=0)
    print(f"8×8 standardised, {start:10} after 1 epoch {runs[0]:.3f}, after 5 {runs[-1]:.3f}")

# %% [markdown] id="standardised-meaning"
# Two habits follow. Standardise the inputs. And before you train, look at the width of $z$: one forward pass tells you more than the name of an initialiser.

# %% [markdown] id="symmetry"
# ## Why random at all?
#
# If small weights are good, why not zeros? The book does not ask, and the answer is the reason for all the randomness. Units of a layer that start equal compute the same, receive the same gradient, and stay equal. Thirty of them are one.

# %% [markdown] id="symmetry-question" question="predict"
# All weights and biases of a [64, 30, 10] network start at 0. What has it learnt after eight epochs?
#
# - [ ] nothing at all: the output biases and the outgoing weights have a gradient from the first step, and after it the hidden layer has one too.
# - [x] a little, as one hidden unit would: all thirty rows of the first matrix stay equal.
# - [ ] as much as any other: gradient descent would have to tell the units apart, and nothing in the gradient does.

# %% id="symmetry-run"
for name, hidden, weight_init in (
    ("all zero, 30 hidden units", 30, nn.init.constant),
    ("random, 1 hidden unit", 1, nn.init.lecun_normal),
    ("random, 30 hidden units", 30, nn.init.lecun_normal),
):
    curve, model = learn(*plain, [64, hidden, 10], weight_init, 0, bias_init=nn.init.constant, epochs=8, eta=0.5)
    W = model[0].weight.data
    print(
        f"{name:26} accuracy {curve[-1]:.3f}, largest difference between two rows of W: {np.ptp(W, axis=0).max():.0e}"
    )

# %% [markdown] id="symmetry-meaning"
# Thirty equal units are one unit that learns a little faster. In exact arithmetic the rows would be equal for ever. In the computer they are equal up to rounding, and rounding errors grow with the training, until after enough steps the symmetry breaks. Nobody should wait for that. Biases may all start at zero, because the weights already tell
# the units apart.

# %% [markdown] id="schemes"
# ## The schemes
#
# Now the general question. Let the inputs of a layer be independent of its weights, with mean square $q$. Then $\mathrm{E}[z^2] = n_{in}\,\sigma_w^2\, q$. On the way back a neuron receives a sum over its $n_{out}$ receivers, so the mean square of the gradient is multiplied by
# $n_{out}\,\sigma_w^2$. A signal that should neither grow nor fade wants both factors to be 1.
#
# | scheme | variance of a weight | reason |
# |---|---|---|
# | LeCun 1998, the book's | $1/n_{in}$ | forwards, for an activation that near 0 is the identity, as tanh is |
# | Glorot and Bengio 2010 ("Xavier") | $2/(n_{in} + n_{out})$ | a compromise between forwards, $1/n_{in}$, and backwards, $1/n_{out}$ |
# | He et al. 2015 ("Kaiming") | $2/n_{in}$ | ReLU sets half of its inputs to zero and so halves the mean square |
# | Saxe et al. 2014, orthogonal | | $W^\top W = 1$: every length is kept, not only on average |
#
# Each of the first three exists as a normal and as a uniform distribution. The variance counts, not the shape. The uniform distribution on $(-a, a)$ has variance $a^2/3$.
#
# For a kernel of a convolution, of shape `(out, in, height, width)`, $n_{in}$ counts all that meets in one output: in × height × width. And $n_{out}$ is out × height × width. The names for both are *fan-in* and *fan-out*.

# %% [markdown] id="init-params-statement" statement="init-params"
# ### Exercise 3: four starts (6 points)
#
# Write `init_params(sizes, scheme, rng)`. It returns two lists, `weights` with `weights[l]` of shape `(sizes[l + 1], sizes[l])`, and `biases` with `biases[l]` of shape `(sizes[l + 1],)`. All random numbers come from `rng.normal`, each array for itself.
#
# | scheme | weights | biases |
# |---|---|---|
# | `"large"` | $N(0, 1)$ | $N(0, 1)$ |
# | `"lecun"` | $N(0, 1/n_{in})$ | $N(0, 1)$ |
# | `"glorot"` | $N(0, 2/(n_{in}+n_{out}))$ | zeros |
# | `"he"` | $N(0, 2/n_{in})$ | zeros |
#
# The second number in $N(0, \cdot)$ is the variance. `rng.normal` wants the standard deviation.
#
# Check by hand: for `sizes = [400, 100]` the standard deviations are 1, 0.05, 0.0632 and 0.0707.


# %% id="init-params" exercise=true difficulty=2 by_hand="nn data"
def init_params(sizes, scheme, rng):
    """Weights [(sizes[l + 1], sizes[l]), …] and biases [(sizes[l + 1],), …]; scheme: large, lecun, glorot or he."""
    ### BEGIN SOLUTION
    weights, biases = [], []
    for n_in, n_out in zip(sizes, sizes[1:], strict=False):
        variance = {"large": 1.0, "lecun": 1 / n_in, "glorot": 2 / (n_in + n_out), "he": 2 / n_in}[scheme]
        weights.append(rng.normal(0.0, np.sqrt(variance), (n_out, n_in)))
        biases.append(rng.normal(size=n_out) if scheme in ("large", "lecun") else np.zeros(n_out))
    return weights, biases
    ### END SOLUTION


# %% [markdown] id="init-params-hints" hints="init-params"
# - swapped: A row of W belongs to a unit of its own layer: the shape is (out, in).
# - biases: The biases are N(0, 1) for "large" and "lecun", and zeros for "glorot" and "he".
# - root: rng.normal wants the standard deviation, the root of the variance.
# - fan-out: The number of inputs of a neuron is the number of columns of W, not of rows.
# - half: The 2 of the variance is missing.
# - uniform: The standard deviation is right, but a normal distribution has 68 % of its numbers within one of them.
# - twice: Two layers got the same draws: draw each array for itself.


# %% id="init-params-shapes" test="init-params" points=1
@check.exercise("12-initialisation/init-params")
def shapes_and_biases():
    """Shapes, and which biases are zero"""
    sizes = [5, 4, 3]
    for scheme, zero in (("large", False), ("lecun", False), ("glorot", True), ("he", True)):
        weights, biases = check.call(
            init_params, sizes, scheme, np.random.default_rng(1), returns=("weights", "biases")
        )
        shapes = [tuple(np.shape(W)) for W in weights]
        check.equal(
            shapes,
            [(4, 5), (3, 4)],
            name="[W.shape for W in weights]",
            hints={"swapped": lambda right: [s[::-1] for s in right]},
        )
        check.equal([tuple(np.shape(b)) for b in biases], [(4,), (3,)], name="[b.shape for b in biases]")
        zeros = [bool(np.all(np.asarray(b) == 0)) for b in biases]
        check.equal(
            zeros,
            [zero, zero],
            name=f'whether each bias is zero for "{scheme}"',
            hints={"biases": lambda right: [not z for z in right]},
        )


# %% id="init-params-spread" test="init-params" points=3
@check.exercise("12-initialisation/init-params")
def standard_deviations():
    """The standard deviation of each scheme"""
    fans = [(400, 150), (150, 60)]
    variances = {
        "large": [1.0, 1.0],
        "lecun": [1 / n for n, _ in fans],
        "he": [2 / n for n, _ in fans],
        "glorot": [2 / (n + m) for n, m in fans],
    }
    outwards = {"lecun": [1 / m for _, m in fans], "he": [2 / m for _, m in fans]}
    for scheme, variance in variances.items():
        weights, _ = check.call(
            init_params, [400, 150, 60], scheme, np.random.default_rng(2), returns=("weights", "biases")
        )
        check.close(
            np.array([np.std(W) for W in weights]),
            np.sqrt(variance),
            name=f'the standard deviation of each W for "{scheme}"',
            rtol=0.04,
            hints={
                "root": lambda right: right**2,
                "fan-out": lambda right, scheme=scheme: np.sqrt(outwards[scheme]),
                "half": lambda right: right / np.sqrt(2),
            },
        )
        within = np.mean(np.abs(weights[0]) < np.sqrt(variance[0]))
        check.close(
            within,
            0.6827,
            name=f'the share within one standard deviation for "{scheme}"',
            atol=0.012,
            hints={"uniform": lambda right: 1 / np.sqrt(3)},
        )


# %% id="init-params-layers" test="init-params" points=1
@check.exercise("12-initialisation/init-params")
def each_layer_for_itself():
    """Each layer drawn for itself"""
    weights, _ = check.call(init_params, [20, 20, 20], "he", np.random.default_rng(3), returns=("weights", "biases"))
    same = bool(np.array_equal(weights[0], weights[1]))
    check.equal(same, False, name="whether both W hold the same numbers", hints={"twice": lambda right: True})


# %% id="init-params-hidden" test="init-params" points=1 hidden=true
@check.exercise("12-initialisation/init-params", hidden=True)
def the_generator_decides_and_other_sizes():
    """The generator decides; other sizes, one layer"""
    for scheme, variance in (("large", 1.0), ("lecun", 1 / 90), ("glorot", 2 / 390), ("he", 2 / 90)):
        first = check.call(init_params, [90, 300], scheme, np.random.default_rng(4), returns=("weights", "biases"))
        again = check.call(init_params, [90, 300], scheme, np.random.default_rng(4), returns=("weights", "biases"))
        other = check.call(init_params, [90, 300], scheme, np.random.default_rng(5), returns=("weights", "biases"))
        check.equal((len(first[0]), len(first[1])), (1, 1), name="the number of arrays")
        check.close(np.asarray(first[0][0]), np.asarray(again[0][0]), name="W drawn twice from the same seed")
        check.equal(bool(np.allclose(first[0][0], other[0][0])), False, name="whether another seed gives the same W")
        check.close(np.std(first[0][0]), np.sqrt(variance), name=f'the spread of W for "{scheme}"', rtol=0.04)
        check.close(np.mean(first[0][0]), 0.0, name=f'the mean of W for "{scheme}"', atol=0.04 * np.sqrt(variance))
        if scheme in ("large", "lecun"):
            check.close(np.std(first[1][0]), 1.0, name=f'the spread of the biases for "{scheme}"', atol=0.25)


# %% [markdown] id="uniform-statement" statement="uniform"
# ### Exercise 4: the same from a uniform distribution (4 points)
#
# Write `uniform_weight(u, scheme)`. `u` has the shape of a weight, `(out, in)` or `(out, in, height, width)`, and holds numbers drawn uniformly from 0 to 1. The function returns numbers of the same shape, uniform on $(-a, a)$, with the variance that `scheme` wants: `"lecun"`, `"glorot"` or `"he"`.
#
# Check by hand: `u = [[1, 0.5, 0]]` with `"lecun"` has a fan-in of 3. The variance should be 1/3, so $a = 1$ and the result is `[[1, 0, −1]]`.


# %% id="uniform" exercise=true difficulty=2 by_hand="nn data"
def uniform_weight(u, scheme):
    """Numbers u in [0, 1) of shape (out, in, *kernel) to weights uniform on (−a, a); scheme: lecun, glorot or he."""
    ### BEGIN SOLUTION
    window = int(np.prod(u.shape[2:]))
    fan_in, fan_out = u.shape[1] * window, u.shape[0] * window
    variance = {"lecun": 1 / fan_in, "glorot": 2 / (fan_in + fan_out), "he": 2 / fan_in}[scheme]
    return np.sqrt(3 * variance) * (2 * u - 1)
    ### END SOLUTION


# %% [markdown] id="uniform-hints" hints="uniform"
# - three: The distribution on (−a, a) has the variance a²/3: a is √3 standard deviations.
# - positive: The numbers run from 0 to a: a weight needs both signs.
# - narrow: The numbers run from −a/2 to a/2: the distribution is only half as wide.
# - fan-out: u has the shape (out, in): the fan-in is its second axis.
# - window: The fans of a kernel count its window too: in × height × width.


# %% id="uniform-matrix" test="uniform" points=2
@check.exercise("12-initialisation/uniform")
def a_matrix():
    """A matrix, three schemes"""
    u = 0.5 + 0.5 * np.cos(1.1 * np.arange(28)).reshape(4, 7)
    for scheme, variance, outwards in (("lecun", 1 / 7, 1 / 4), ("he", 2 / 7, 2 / 4), ("glorot", 2 / 11, 2 / 11)):
        check.close(
            check.call(uniform_weight, u, scheme, returns=("W",)),
            np.sqrt(3 * variance) * (2 * u - 1),
            name=f'W for "{scheme}"',
            hints={
                "three": lambda right: right / np.sqrt(3),
                "positive": lambda right, variance=variance: np.sqrt(3 * variance) * u,
                "narrow": lambda right: right / 2,
                "fan-out": lambda right, outwards=outwards: np.sqrt(3 * outwards) * (2 * u - 1),
            },
        )


# %% id="uniform-kernel" test="uniform" points=1
@check.exercise("12-initialisation/uniform")
def a_kernel():
    """A kernel of a convolution"""
    u = 0.5 + 0.5 * np.sin(0.8 * np.arange(90)).reshape(5, 3, 3, 2)
    check.close(
        check.call(uniform_weight, u, "he", returns=("W",)),
        np.sqrt(3 * 2 / 18) * (2 * u - 1),
        name='W for "he"',
        hints={"window": lambda right: np.sqrt(6) * right},
    )
    check.close(
        check.call(uniform_weight, u, "glorot", returns=("W",)),
        np.sqrt(3 * 2 / 48) * (2 * u - 1),
        name='W for "glorot"',
        hints={"window": lambda right: np.sqrt(6) * right},
    )


# %% id="uniform-hidden" test="uniform" points=1 hidden=true
@check.exercise("12-initialisation/uniform", hidden=True)
def other_shapes():
    """Other shapes, one row, one column"""
    starts = {"lecun": nn.init.lecun_uniform, "glorot": nn.init.xavier_uniform, "he": nn.init.kaiming_uniform}
    for number, shape in enumerate([(1, 9), (6, 1), (2, 5, 3), (8, 2, 1, 4)]):
        for scheme, start in starts.items():
            u = check.rng(20 + number).random(shape)
            got = check.call(uniform_weight, u, scheme, returns=("W",))
            check.close(got, start(shape, check.rng(20 + number)), name=f'W of shape {shape} for "{scheme}"')


# %% [markdown] id="depth"
# ## Through ten layers
#
# One layer forgives much. In ten, a factor is taken to the tenth power. The next cell sends 300 random examples through ten layers of shrinking width, 300, 280, … 100. It shows how far the *examples* differ in a layer, the standard deviation over the examples, averaged over the units. What is
# the same for all examples tells nothing about them.


# %% id="depth-run"
def through_layers(sizes, weight_init, activation, seed=0):
    """Spread over the examples of each layer's output, and root mean square of the gradient of each layer's z."""
    rng = np.random.default_rng(seed)
    a, memories, spreads = rng.normal(size=(300, sizes[0])), [], []
    model, _ = network([*sizes, sizes[-1]], weight_init, nn.init.constant, seed, activation)
    for layer in list(model)[:-1]:
        a, memory = layer.forward(a)
        memories.append((layer, memory))
        if not isinstance(layer, nn.Linear):
            spreads.append(a.std(axis=0).mean())
    gradient, sizes_of_gradients = rng.normal(size=a.shape), []
    for layer, memory in reversed(memories):
        gradient = layer.backward(gradient, memory)
        if not isinstance(layer, nn.Linear):
            sizes_of_gradients.append(np.sqrt(np.mean(gradient**2)))
    return np.array(spreads), np.array(sizes_of_gradients[::-1])


widths = list(range(300, 99, -20))
activations = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "ReLU": nn.ReLU}
schemes = {
    "N(0, 1)": nn.init.normal,
    "LeCun": nn.init.lecun_normal,
    "Glorot": nn.init.xavier_normal,
    "He": nn.init.kaiming_normal,
}
depth = {
    (activation, scheme): through_layers(widths, weight_init, module)
    for activation, module in activations.items()
    for scheme, weight_init in schemes.items()
}
print("spread over the examples after layers 1 and 10, and gradient in layer 1 for one of size 1 at the end")
for (activation, scheme), (spreads, gradients) in depth.items():
    print(f"{activation:8} {scheme:8} {spreads[0]:8.2g} {spreads[-1]:8.2g}   {gradients[0]:8.1e}")

figure = plots.figure(9, 5)
grid = figure.subplots(2, 3, sharex=True)
for column, activation in enumerate(activations):
    for scheme, colour, style in zip(
        schemes, (plots.VERMILION, plots.BLUE, plots.GREEN, plots.BLACK), ("o--", "s-", "^-", "d:"), strict=True
    ):
        spreads, gradients = depth[activation, scheme]
        grid[0, column].semilogy(range(1, 11), spreads, style, color=colour, markersize=4, label=scheme)
        grid[1, column].semilogy(range(1, 11), gradients, style, color=colour, markersize=4)
    grid[0, column].set_title(activation)
    if activation == "tanh":
        grid[0, column].set_ylim(0.01, 2)
    grid[1, column].set(xlabel="layer")
grid[0, 0].set(ylabel="spread of outputs")
grid[1, 0].set(ylabel="size of gradient")
grid[0, 0].legend(fontsize=8)
plots.show(
    figure,
    alt="Spread of the outputs (top) and size of the gradients (bottom) by layer, on a logarithmic scale, for sigmoid, tanh and ReLU. Sigmoid: all schemes but N(0, 1) fall steeply in both. Tanh: LeCun, Glorot and He sink slowly, the gradient of N(0, 1) grows a thousandfold. ReLU: He stays nearly level, LeCun and Glorot sink a hundredfold, N(0, 1) explodes.",
)

# %% [markdown] id="depth-meaning"
# Read the columns from the right. **ReLU**: He's start is the only one that keeps its size. (Its spread falls by a factor of three, although the mean square does not: outputs of a ReLU are never negative, and what all examples share grows a little.) Without the factor 2 each layer loses a further factor
# $\sqrt 2$, which makes 32 in ten layers. $N(0,1)$ grows by a factor of eight or nine in every layer, and its gradients grow backwards.
#
# **tanh**: LeCun and Glorot are made for it and lose little, and slowly. A tanh is somewhat flatter than the identity, so a somewhat larger start, such as He's, holds even better: hence the gain of 5/3 that libraries recommend. With $N(0,1)$ the spread looks fine, but only because every output is ±1; the
# gradient grows a thousandfold.
#
# **Sigmoid**: with every one of the usual schemes the examples look more alike from layer to layer. The slope of a sigmoid is at most ¼, so LeCun's start loses a factor of four in every layer, forwards and backwards. The old $N(0,1)$, of all things, does better: its large weights make up for the slope. The rule $1/\sqrt{n_{in}}$, which the book gives for
# sigmoids, is right for a unit like tanh, and for sigmoids in one or two layers. Bengio's
# paper of 2012, to which the book refers, therefore multiplies Glorot's start by 4 for a sigmoid.

# %% [markdown] id="variance-section"
# ## What the figure shows, as a formula
#
# Write $q^l$ for the mean square of the outputs of layer $l$, $v^l$ for that of its sums $z^l$, and $g^l$ for the mean square of $\delta^l$, the gradient of the loss with respect to $z^l$. Each output of the layer before adds its share, and each receiver sends back its own:
#
# $$v^l = n_{l-1}\,\sigma_l^2\; q^{l-1} + \sigma_b^2, \qquad q^l = f\, v^l, \qquad g^{l} = f\; n_{l+1}\,\sigma_{l+1}^2\; g^{l+1}$$
#
# Here $n_l$ is the width of layer $l$, $n_0$ the number of inputs, and $\sigma_l$ the standard deviation of the weights that lead into layer $l$. The factor $f$ is the work of the activation: 1 for the identity. A ReLU passes half of a symmetric $z$, so $f = \frac12$, forwards and backwards.

# %% [markdown] id="moments-statement" statement="moments"
# ### Exercise 5: a signal through depth (6 points)
#
# Write `moments(sizes, w_std, b_std, activation, q, g)`. `sizes` is a list $[n_0, \dots, n_L]$, `w_std` a list of $L$ numbers, one for each layer, `b_std` one number, and `activation` is `"identity"` or `"relu"`, between the layers. `q` is the mean square of the inputs, `g` that of $\delta^L$, the gradient at the last sums.
#
# It returns two arrays `(L,)`: `v`, the mean square of $z^1, \dots, z^L$, and `back`, that of $\delta^1, \dots, \delta^L$, so that `back[-1]` is `g`. The inputs have passed no activation.
#
# Check by hand: `sizes = [4, 3, 2]`, `w_std = [1, 2]`, `b_std = 0`, `"relu"`, `q = 1`, `g = 1` give `v = [4, 24]` and `back = [4, 1]`. (Forwards $3\cdot 4\cdot\frac42 = 24$, backwards $\frac12\cdot 2\cdot 4 = 4$.)


# %% id="moments" exercise=true difficulty=3 by_hand="nn data"
def moments(sizes, w_std, b_std, activation, q, g):
    """Mean squares of z^1 … z^L and of the gradients there: v (L,), back (L,)."""
    ### BEGIN SOLUTION
    f = 0.5 if activation == "relu" else 1.0
    L = len(w_std)
    v, back = np.empty(L), np.empty(L)
    for layer in range(L):
        v[layer] = sizes[layer] * w_std[layer] ** 2 * q + b_std**2
        q = f * v[layer]
    back[-1] = g
    for layer in reversed(range(L - 1)):
        back[layer] = f * sizes[layer + 2] * w_std[layer + 1] ** 2 * back[layer + 1]
    return v, back
    ### END SOLUTION


# %% [markdown] id="moments-hints" hints="moments"
# - fan-out: A sum has one term for each of its inputs: forwards the width of the layer before counts.
# - square: A factor counts with its square: w_std².
# - bias: The bias adds its variance in every layer.
# - half: A ReLU halves the mean square on the way to the next layer.
# - input-half: The inputs have passed no activation: their mean square is q, not q/2.
# - fan-in: Backwards a unit collects from its receivers: the width of the layer after it counts.
# - slope: The slope of a ReLU is 0 for half of the units: backwards too the factor is ½.
# - order: back runs from the first layer to the last: its last entry is g.


# %% id="moments-forward" test="moments" points=2
@check.exercise("12-initialisation/moments")
def forwards_without_activation():
    """Forwards, without activation"""
    sizes, w_std = [7, 5, 3, 4], [0.3, 0.5, 0.8]
    v, _ = check.call(moments, sizes, w_std, 0.0, "identity", 1.7, 0.6, returns=("v", "back"))
    check.close(v, 1.7 * np.cumprod([7 * 0.09, 5 * 0.25, 3 * 0.64]), name="v", hints={
        "fan-out": lambda right: 1.7 * np.cumprod([5 * 0.09, 3 * 0.25, 4 * 0.64]),
        "square": lambda right: 1.7 * np.cumprod([7 * 0.3, 5 * 0.5, 3 * 0.8]),
    })  # fmt: skip
    v, _ = check.call(moments, sizes, w_std, 1.1, "identity", 1.7, 0.6, returns=("v", "back"))
    first = 7 * 0.09 * 1.7 + 1.21
    second = 5 * 0.25 * first + 1.21
    check.close(v, np.array([first, second, 3 * 0.64 * second + 1.21]), name="v with biases", hints={
        "bias": lambda right: 1.7 * np.cumprod([7 * 0.09, 5 * 0.25, 3 * 0.64]),
    })  # fmt: skip


# %% id="moments-relu" test="moments" points=1
@check.exercise("12-initialisation/moments")
def forwards_through_relu():
    """Forwards, through ReLU"""
    v, _ = check.call(moments, [6, 4, 3], [0.7, 0.9], 0.0, "relu", 1.3, 0.6, returns=("v", "back"))
    first = 6 * 0.49 * 1.3
    check.close(v, np.array([first, 4 * 0.81 * first / 2]), name="v", hints={
        "half": lambda right: np.array([first, 4 * 0.81 * first]),
        "input-half": lambda right: right / 2,
    })  # fmt: skip


# %% id="moments-back" test="moments" points=2
@check.exercise("12-initialisation/moments")
def backwards():
    """Backwards"""
    sizes, w_std = [6, 4, 3, 5], [0.7, 0.9, 1.2]
    _, back = check.call(moments, sizes, w_std, 0.4, "relu", 1.3, 0.6, returns=("v", "back"))
    second = 0.5 * 5 * 1.44 * 0.6
    check.close(back, np.array([0.5 * 3 * 0.81 * second, second, 0.6]), name="back", hints={
        "fan-in": lambda right: np.array([0.5 * 4 * 0.81 * (0.5 * 3 * 1.44 * 0.6), 0.5 * 3 * 1.44 * 0.6, 0.6]),
        "slope": lambda right: right * np.array([4.0, 2.0, 1.0]),
        "order": lambda right: right[::-1],
    })  # fmt: skip


# %% id="moments-hidden" test="moments" points=1 hidden=true
@check.exercise("12-initialisation/moments", hidden=True)
def one_layer_and_many():
    """One layer, many layers, a start that keeps the size"""
    v, back = check.call(moments, [9, 2], [0.5], 0.3, "relu", 2.0, 0.7, returns=("v", "back"))
    check.close(v, np.array([9 * 0.25 * 2 + 0.09]), name="v of one layer")
    check.close(back, np.array([0.7]), name="back of one layer")
    sizes = [int(n) for n in check.rng(31).integers(2, 40, 9)]
    he = [float(np.sqrt(2 / n)) for n in sizes[:-1]]
    v, back = check.call(moments, sizes, he, 0.0, "relu", 1.5, 1.0, returns=("v", "back"))
    check.close(v, np.full(8, 3.0), name="v from He's start")
    ratios = np.array(sizes[2:]) / np.array(sizes[1:-1])
    check.close(back, np.append(np.cumprod(ratios[::-1])[::-1], 1.0), name="back from He's start")
    glorot = [float(np.sqrt(2 / (n + m))) for n, m in zip(sizes, sizes[1:], strict=False)]
    v, back = check.call(moments, sizes, glorot, 0.0, "identity", 0.8, 2.0, returns=("v", "back"))
    gains = [2 * n / (n + m) for n, m in zip(sizes, sizes[1:], strict=False)]
    check.close(v, 0.8 * np.cumprod(gains), name="v from Glorot's start")
    losses = [2 * m / (n + m) for n, m in zip(sizes[1:], sizes[2:], strict=False)]
    check.close(back, 2.0 * np.append(np.cumprod(losses[::-1])[::-1], 1.0), name="back from Glorot's start")


# %% [markdown] id="formula-text"
# The formula against the network of the figure, ReLU with Glorot's start:

# %% id="formula-run"
spreads, gradients = depth["ReLU", "Glorot"]
try:
    glorot = [math.sqrt(2 / (n + m)) for n, m in zip(widths, widths[1:], strict=False)]
    v, back = moments(widths, glorot, 0.0, "relu", 1.0, 0.5)
    print("gradient in layers 1, 4, 7, 10, measured:  ", gradients[::3].round(3))
    print("gradient in layers 1, 4, 7, 10, by formula:", np.sqrt(back[::3]).round(3))
except NotImplementedError:
    print("The formula joins in as soon as exercise 5 is solved.")

# %% [markdown] id="deep-training"
# ## Four hidden layers
#
# Does a good width of $z$ at the start decide whether a deep network learns? The 8×8 digits again, four hidden layers of 30, ten epochs.

# %% id="deep-run"


def four_times_glorot(shape, rng):
    """Bengio's start of 2012 for a sigmoid: the slope ¼ is made up for by a gain of 4."""
    return nn.init.xavier_normal(shape, rng, gain=4.0)


deep = [64, 30, 30, 30, 30, 10]
for name, activation, weight_init in (
    ("sigmoid, LeCun", nn.Sigmoid, nn.init.lecun_normal),
    ("sigmoid, 4 × Glorot", nn.Sigmoid, four_times_glorot),
    ("tanh, Glorot", nn.Tanh, nn.init.xavier_normal),
    ("ReLU, LeCun", nn.ReLU, nn.init.lecun_normal),
    ("ReLU, He", nn.ReLU, nn.init.kaiming_normal),
):
    runs = [
        learn(*plain, deep, weight_init, seed, bias_init=nn.init.constant, epochs=10, activation=activation)[0]
        for seed in range(2)
    ]
    runs = np.mean(runs, axis=0)
    print(f"{name:20} after 1 epoch {runs[0]:.3f}, after 4 {runs[3]:.3f}, after 10 {runs[-1]:.3f}")

# %% [markdown] id="deep-meaning"
# Sigmoids with the book's start stay at one digit in ten: guessing. The same sigmoids with a gain of 4 learn. The ReLU network learns from either start, faster and further from He's. Chapter 17 takes up the story of deep networks, and shows what else helps.

# %% [markdown] id="orthogonal"
# ## Orthogonal: every length, not the average
#
# The schemes above keep the *mean* square. A single direction may still be stretched or squeezed, and through many layers the extremes multiply. A matrix with $Q^\top Q = 1$ turns and mirrors, but keeps every length. Here is the product of ten square matrices of each kind:

# %% id="orthogonal-run"
for name, weight_init in (("LeCun", nn.init.lecun_normal), ("orthogonal", nn.init.orthogonal)):
    rng = np.random.default_rng(0)
    product = np.eye(60)
    for _ in range(10):
        product = weight_init((60, 60), rng) @ product
    stretched = np.linalg.svd(product, compute_uv=False)
    print(
        f"{name:10} largest stretching {stretched[0]:8.3f}, median {np.median(stretched):.1e}, smallest {stretched[-1]:.1e}"
    )

# %% [markdown] id="orthogonal-meaning"
# After ten layers of LeCun's start half of all directions have shrunk to less than a twentieth and some are gone, though the mean square is about as it was: a few directions carry it. With orthogonal matrices all sixty are kept. This holds for linear layers; between them the activations still do their own work, and the gain for ReLU is $\sqrt 2$ as before.
#
# Where does such a matrix come from? The QR decomposition writes a matrix as $QR$, $Q$ with orthonormal columns, $R$ upper triangular. Take a matrix of normal numbers, and its $Q$ is orthogonal. One detail is often forgotten: the decomposition leaves the sign of each column open, and the library's choice is not random. If the columns are signed so that the
# diagonal of $R$ is positive, every orthogonal matrix is equally likely.

# %% [markdown] id="orthogonal-statement" statement="orthogonal-weight"
# ### Exercise 6: an orthogonal start (5 points)
#
# Write `orthogonal_weight(draws)`. `draws (out, in)` holds numbers drawn from $N(0,1)$. The function returns a matrix of the same shape with orthonormal columns, if there are at least as many rows as columns, and with orthonormal rows otherwise.
#
# Use `np.linalg.qr(a)`. For `a` with at least as many rows as columns it returns `Q`, of the shape of `a`, and the square `R`. Multiply each column of `Q` by the sign of its diagonal entry of `R`. A wide matrix is transposed before and after.
#
# Check by hand: `[[3, 4]]` is wide, and gives `[[0.6, 0.8]]`. `[[−3]]` gives `[[−1]]`.


# %% id="orthogonal-weight" exercise=true difficulty=2 by_hand="nn data"
def orthogonal_weight(draws):
    """Draws (out, in) from N(0, 1) to a matrix with orthonormal columns, or rows where out < in."""
    ### BEGIN SOLUTION
    wide = draws.shape[0] < draws.shape[1]
    q, r = np.linalg.qr(draws.T if wide else draws)
    q = q * np.sign(np.diag(r))
    return q.T if wide else q
    ### END SOLUTION


# %% [markdown] id="orthogonal-hints" hints="orthogonal-weight"
# - normalised: Each column has length 1, but they are not orthogonal to each other.
# - wide: A matrix with more columns than rows has to be transposed before the decomposition, and the result after it.
# - signs: The columns lack the signs of the diagonal of R.


# %% id="orthogonal-tall" test="orthogonal-weight" points=1
@check.exercise("12-initialisation/orthogonal-weight")
def orthonormal_columns():
    """A tall matrix: orthonormal columns"""
    draws = np.cos(1.3 * np.arange(15) ** 1.5).reshape(5, 3)
    Q = check.call(orthogonal_weight, draws, returns=("Q",))
    check.shape(Q, (5, 3), name="Q")
    unit = draws / np.linalg.norm(draws, axis=0)
    check.close(Q.T @ Q, np.eye(3), name="Qᵀ Q", hints={"normalised": lambda right: unit.T @ unit})


# %% id="orthogonal-wide" test="orthogonal-weight" points=1
@check.exercise("12-initialisation/orthogonal-weight")
def orthonormal_rows():
    """A wide matrix: orthonormal rows"""
    draws = np.cos(1.3 * np.arange(12) ** 1.5).reshape(2, 6)
    Q = check.call(orthogonal_weight, draws, returns=("Q",))
    check.equal(tuple(np.shape(Q)), (2, 6), name="Q.shape", hints={"wide": lambda right: (2, 2)})
    check.close(Q @ Q.T, np.eye(2), name="Q Qᵀ")


# %% id="orthogonal-signs" test="orthogonal-weight" points=2
@check.exercise("12-initialisation/orthogonal-weight")
def signs_of_the_columns():
    """The signs of the columns"""
    draws = np.array([[-2.0, -1.0, 0.5], [0.3, 1.5, 1.0], [0.8, 0.4, 2.0]])
    right = np.empty((3, 3))
    for k in range(3):
        rest = draws[:, k] - right[:, :k] @ (right[:, :k].T @ draws[:, k])
        right[:, k] = rest / np.linalg.norm(rest)
    unsigned = np.linalg.qr(draws)[0]
    check.close(
        check.call(orthogonal_weight, draws, returns=("Q",)),
        right,
        name="Q",
        hints={"signs": lambda right: unsigned},
    )


# %% id="orthogonal-hidden" test="orthogonal-weight" points=1 hidden=true
@check.exercise("12-initialisation/orthogonal-weight", hidden=True)
def other_matrices():
    """One number, one row, square and large"""
    check.close(
        check.call(orthogonal_weight, np.array([[-3.0]]), returns=("Q",)), np.array([[-1.0]]), name="Q for one number"
    )
    for number, shape in enumerate([(1, 7), (5, 1), (4, 9), (30, 30), (40, 12)]):
        draws = check.rng(40 + number).standard_normal(shape)
        right = nn.init.orthogonal(shape, check.rng(40 + number))
        check.close(check.call(orthogonal_weight, draws, returns=("Q",)), right, name=f"Q of shape {shape}", atol=1e-8)


# %% [markdown] id="torch"
# ## The same in PyTorch
#
# `torch.nn.init` has all of these, under the names that `dlbook.nn.init` uses too. Two details are worth knowing. A `torch.nn.Linear` that nobody asks starts in $U(-1/\sqrt{n_{in}}, 1/\sqrt{n_{in}})$, weights and bias. That is a variance of $1/(3n_{in})$: a third of LeCun's, a sixth of He's. And `calculate_gain` gives 1 for a sigmoid, not 4.

# %% id="torch-check"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    torch.manual_seed(0)
    rng, shape = np.random.default_rng(0), (150, 400)
    pairs = {
        "xavier_normal": (torch.nn.init.xavier_normal_, nn.init.xavier_normal),
        "xavier_uniform": (torch.nn.init.xavier_uniform_, nn.init.xavier_uniform),
        "kaiming_normal": (lambda w: torch.nn.init.kaiming_normal_(w, nonlinearity="relu"), nn.init.kaiming_normal),
        "orthogonal": (torch.nn.init.orthogonal_, nn.init.orthogonal),
        "trunc_normal": (torch.nn.init.trunc_normal_, nn.init.trunc_normal),
    }
    for name, (theirs, ours) in pairs.items():
        print(f"{name:15} sd: torch {theirs(torch.empty(shape)).std():.4f}, dlbook {ours(shape, rng).std():.4f}")
    layer = torch.nn.Linear(400, 150)
    print(
        f"Linear without asking: {layer.weight.std():.4f}, 1/√(3n) = {1 / math.sqrt(1200):.4f}, He √(2/n) = {math.sqrt(2 / 400):.4f}"
    )
    for kind in ("sigmoid", "tanh", "relu", "selu"):
        print(f"gain for {kind:8} torch {torch.nn.init.calculate_gain(kind):.4f}, dlbook {nn.init.gain(kind):.4f}")

# %% [markdown] id="gpu"
# A GPU changes nothing here: the first weights are drawn once. `trunc_normal`, a normal distribution without what lies far out, is what transformers start from, with a standard deviation of 0.02.
#
# Layers that normalise their inputs, such as batch normalisation, make a network much less sensitive to its start. That is one reason why PyTorch's default, a third of what theory asks for, does so little harm in practice.

# %% [markdown] id="common-mistakes"
# ## Common mistakes
#
# - **The variance where the standard deviation belongs**: `rng.normal(0, 1 / n)`. For $n = 1000$ the weights are 32 times too small, and the inputs hardly reach the hidden layer.
# - **$n_{out}$ for $n_{in}$**, by reading the shape `(out, in)` the wrong way round. In a square layer nobody notices.
# - **The same seed for every layer.** Layers of equal shape then hold the same numbers.
# - **Zeros for the weights.** Zeros are for the biases.
# - **One scheme for every activation.** He for ReLU, LeCun or Glorot for tanh, LeCun for SELU, and four times Glorot where it must be deep sigmoids.
# - **Inputs from 0 to 255.** Every scheme assumes inputs of mean square 1.

# %% id="mistake-run"
x = (data.mnist().x_train[:500] - 0.13) / 0.31
for name, std in (("1/n", 1 / 784), ("1/√n", 1 / 28), ("1/√n, pixels from 0 to 255", 255 * 0.31 / 28)):
    z = x @ np.random.default_rng(0).normal(0, std, (100, 784)).T
    print(f"{name:27} sd of z {z.std():7.3f}, mean slope {np.mean(sigmoid(z) * (1 - sigmoid(z))):.3f}")

# %% [markdown] id="relu-quiz" question="quiz"
# Where does the 2 in He's variance $2/n_{in}$ come from?
#
# - [ ] from the two directions, forwards and backwards: that is Glorot's 2, in $2/(n_{in}+n_{out})$, the mean of both widths.
# - [x] from the ReLU: it sets half of a symmetric $z$ to zero, so the mean square of its outputs is half of that of $z$.
# - [ ] from the uniform distribution: there the factor is 3, from the variance $a^2/3$.

# %% [markdown] id="width-quiz" question="quiz"
# A linear layer has 100 inputs and 400 outputs, and LeCun's start. What happens to the mean square of the signal forwards, and of the gradient backwards?
#
# - [ ] kept forwards, kept backwards: both are possible only for equal widths.
# - [x] kept forwards, multiplied by 4 backwards: $n_{out}\sigma_w^2 = 400/100$.
# - [ ] multiplied by 4 forwards, kept backwards: forwards counts $n_{in}\sigma_w^2 = 1$.

# %% [markdown] id="questions"
# ## To think about
#
# 1. Half the inputs of a neuron are 1. You switch off 90 % of those. What becomes of the sd of $z$ with $\sigma_w = 1/\sqrt n$ and biases at zero? What would keep it?
# 2. A leaky ReLU has slope 1 on the right and $s$ on the left. What is $f$, and which variance keeps the signal?
# 3. Dropout with $p = \frac12$ divides what it keeps by $\frac12$. What does that do to $\mathrm{E}[z^2]$ of the next layer at the start?
# 4. A residual block computes $x + F(x)$, and $F$ keeps the mean square. What is the mean square after 50 blocks, and which start of $F$ avoids it?
#
# <details><summary>Answers</summary>
#
# 1. $\sum x^2$ falls from $n/2$ to $n/20$, so the sd falls by $\sqrt{10}$. Standardised inputs, or dividing by $\sqrt{\sum x^2}$ instead of $\sqrt n$, would keep it.
# 2. $f = (1+s^2)/2$, so the variance is $2/((1+s^2)\,n_{in})$.
# 3. Half of the inputs are twice as large: the mean square doubles.
# 4. The variances add, so it doubles in every block: $2^{50}\approx 10^{15}$ times. Start the last layer of $F$ at zero: every block is then the identity, and learns to be something else.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# LeCun, Bottou, Orr and Müller, *Efficient BackProp* (1998). Glorot and Bengio, *Understanding the difficulty of training deep feedforward neural networks* (2010). Bengio, *Practical recommendations for gradient-based training of deep architectures* (2012), pages 14–15, to which the book refers.
# Saxe, McClelland and Ganguli, *Exact solutions to the nonlinear dynamics of learning in deep linear neural networks* (2014). He, Zhang, Ren and Sun, *Delving deep into rectifiers* (2015). Mezzadri, *How to generate random matrices from the classical compact groups* (2007), for the signs.
# Nielsen, *Neural Networks and Deep Learning* (2015), chapter 3, which the book follows.
#
# Next, chapter 13: the start is chosen, and the numbers that nobody learns remain. How does one choose a learning rate?
