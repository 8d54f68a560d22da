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
#     title: The encoder
#     minutes: 130
#     needs: [32-attention, 33-tokens-and-positions]
#     book: [88, 89]
# ---

# %% [markdown] id="title"
# # The encoder: a sentence that reads itself
#
# **After this page you can** write scaled attention forwards and backwards and say why it is scaled, split it into heads without mixing up the axes, derive layer normalisation, put the pieces together into an encoder block in the right order, and read the attention map of a network that was really trained.
#
# **Time** 50 minutes to read, 80 for the six exercises. **You need** queries, keys and values (chapter 32), positions (chapter 33) and backpropagation for a batch (chapter 07).

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, nn, optim, plots

# %% [markdown] id="self"
# ## Words that ask other words
#
# In chapter 32 a query came from one place and the keys from another. In **self-attention** all three come from the same sentence. Every word asks a question, every word wears a label that answers such questions, and every word has something to say. With the sentence as a matrix $X$, one word a row:
#
# $$Q = XW_q^\top, \qquad K = XW_k^\top, \qquad V = XW_v^\top, \qquad Y = \mathrm{softmax}\!\Big(\frac{QK^\top}{\sqrt{d_k}}\Big)V$$
#
# The matrix of the softmax has a row for every word that asks and a column for every word that is asked. Each row is a distribution: it says where to look. $V$ says what there is to get. As everywhere in this course the weights stand as in PyTorch, $W_q$ with the shape $(d_k, D)$; the book writes $XW_q$, with the transpose.
#
# The book draws such a map for "Hello, I love you", in which *love* is linked to *I* and *you*. Which word will *love* look at before any training?

# %% [markdown] id="untrained-question" question="predict"
# The embeddings and the three matrices are random numbers. Where does *love* look?
#
# - [ ] at I and you: nothing in random numbers knows what a verb is.
# - [ ] at itself: a query and a key of the same word come from two different matrices, and need not be alike.
# - [x] wherever chance points: the scores have a standard deviation of about 1; one word gets a few times as much as another, and which one is a matter of luck.


# %% id="untrained"
def map_figure(maps, words, titles=("",), numbers=True):
    """Attention maps side by side: a row for each word that looks, a column for each word that is looked at."""
    figure = plots.figure(0.5 + len(maps) * max(2.6, 0.5 * len(words)), max(2.7, 0.42 * len(words) + 1.0))
    for ax, weights, title in zip(figure.subplots(1, len(maps), squeeze=False)[0], maps, titles, strict=True):
        ax.imshow(weights, cmap="Blues", vmin=0, vmax=1)
        ax.set(xticks=range(len(words)), yticks=range(len(words)), title=title, xlabel="is looked at", ylabel="looks")
        ax.set_xticklabels(words, rotation=60)
        ax.set_yticklabels(words)
        ax.grid(False)
        for (i, j), weight in np.ndenumerate(weights):
            if numbers and weight >= 0.05:
                colour = "white" if weight > 0.55 else "black"
                ax.text(j, i, f"{weight:.1f}".lstrip("0"), ha="center", va="center", fontsize=8, color=colour)
    return figure


greeting, D = ["hello", ",", "I", "love", "you"], 32
maps = []
for seed in range(3):
    rng = np.random.default_rng(seed)
    X, (W_q, W_k, W_v) = rng.normal(size=(5, D)), rng.normal(0, D**-0.5, (3, D, D))
    Y, weights = nn.attention(X @ W_q.T, X @ W_k.T, X @ W_v.T)[0], nn.softmax((X @ W_q.T) @ (X @ W_k.T).T / D**0.5)[0]
    maps.append(weights)
    print(f"draw {seed}: love looks at {greeting[weights[3].argmax()]!r} most, with {weights[3].max():.2f}")
print("X", X.shape, " weights", weights.shape, " Y", Y.shape, " sum of each row", weights.sum(axis=1).round(12))
plots.show(
    map_figure(maps, greeting, ("draw 0", "draw 1", "draw 2")),
    alt="Three attention maps of the same five words with random weights: three patterns that have nothing in common.",
)

# %% [markdown] id="untrained-meaning"
# Three draws, three maps. The book says that such a matrix shows correlations and the syntactic structure. It is no correlation: nothing is centred, and as $W_q \ne W_k$ the map is not symmetric; *love* may look at *you* while *you* does not look back. And structure is there only if training put it there. Further down we train an encoder and look.

# %% [markdown] id="scale"
# ## Why $\sqrt{d_k}$
#
# Let the components of a query and a key be independent, with mean 0 and variance 1. Each product $q_ik_i$ has mean 0 and variance 1 too, and the score is a sum of $d_k$ of them:
#
# $$\mathrm{Var}(q\cdot k) = \sum_{i=1}^{d_k}\mathrm{Var}(q_ik_i) = d_k$$

# %% [markdown] id="spread-question" question="predict"
# $d_k = 64$. By how much do the scores of different keys typically differ from zero, before scaling?
#
# - [ ] by about 1: that is one product; the score is a sum of 64.
# - [x] by about 8: the variance is 64, its root is 8. After the exponential that is a factor of 3,000.
# - [ ] by about 64: that is the variance; if all products had the same sign, the sum would be that large.


# %% id="saturation"
def jacobian_norm(p):
    """Frobenius norm of the softmax's Jacobian diag(p) − p pᵀ, for each row of p."""
    two, three = (p**2).sum(axis=-1), (p**3).sum(axis=-1)
    return np.sqrt(np.maximum(two - 2 * three + two**2, 0))


rng, n = np.random.default_rng(0), 16
print(f"{n} keys, 2,000 queries                     largest weight   above 0.99   Jacobian (mean, median)")
for d in (4, 64, 512):
    q, k = rng.normal(size=(2000, 1, d)), rng.normal(size=(2000, n, d))
    scores = (q @ k.swapaxes(1, 2))[:, 0]
    for name, c in (("1", 1), ("√d_k", d**0.5), ("d_k", d), ("√n", n**0.5)):
        p = nn.softmax(scores / c)[0]
        top, slope = p.max(axis=1), jacobian_norm(p)
        print(
            f"d_k = {d:3}, divided by {name:<4}  variance {np.var(scores / c):6.2f}   {top.mean():8.2f}"
            f"   {(top > 0.99).mean():11.0%}   {slope.mean():12.2f} {np.median(slope):8.3f}"
        )

# %% [markdown] id="scale-meaning"
# Undivided, 512 components give scores with a variance of 511.5, and one key gets nearly everything: the largest weight is 0.94 on average, and more than 0.99 for seven queries in ten. There the softmax is flat. Its Jacobian $\mathrm{diag}(p) - pp^\top$ goes to zero when one $p_j$ goes to 1, and half of the queries are left with practically no gradient. They can no longer learn where to look. Divided by $\sqrt{d_k}$ the variance is 1 for every width. Divided by $d_k$ it is too small: the weights are almost even, whatever the query asks.
#
# This is the largest error in the book's chapters on the Transformer. It says that $d_k$ "is the number of words in the sentence", and that the factor keeps vectors from exploding. But $d_k$ is the **width** of queries and keys: 64 in the paper, fixed by the architecture. The last line of each block divides by $\sqrt n$, the book's rule: a divisor too small for 64 components and far too small for 512. Nothing explodes either; the softmax *saturates*.
#
# And a rule that counts words makes the answer depend on how much empty space stands beside a sentence:

# %% id="book-scale"
rng = np.random.default_rng(4)
q, k = rng.normal(size=(2, 5, 64))
for padding in (0, 35):
    keys = np.concatenate([k, np.zeros((padding, 64))])
    real = np.arange(len(keys)) < 5
    for name, c in (("√d_k", 8.0), ("√n", len(keys) ** 0.5)):
        p = nn.softmax(np.where(real, q @ keys.T, -np.inf) / c)[0]
        print(f"{padding:2} empty places, divided by {name:<4}: the first word looks with", p[0, :5].round(3))

# %% [markdown] id="scale-widget-text"
# ## Try it
#
# Change the width, the divisor and the number of words. For which of the four divisors does the histogram stay where it is when you move the width? And which one reacts to the number of words?


# %% id="scale-widget" folded=true
def scale_run(width, rule, words):
    d = 2 ** (width + 1)
    rng = np.random.default_rng(5)
    q, k = rng.normal(size=(2, 200, words, d))
    scores = q @ k.swapaxes(1, 2) / {"1": 1, "√d_k": d**0.5, "d_k": d, "√n": words**0.5}[rule]
    p = nn.softmax(scores)[0]
    entropy = -(p * np.log(np.maximum(p, 1e-300))).sum(axis=-1) / np.log(words)
    return d, rule, words, scores, p, entropy, jacobian_norm(p)


def scale_figure(result):
    """Scores (left), one attention map (middle), the gradient that the softmax lets through (right)."""
    d, rule, words, scores, p, entropy, slope = result
    figure = plots.figure(9.5, 3)
    left, middle, right = figure.subplots(1, 3)
    left.hist(scores.ravel(), bins=np.linspace(-30, 30, 61), color=plots.BLUE)
    left.set(xlabel="score", ylabel="how many")
    middle.imshow(p[0], cmap="Blues", vmin=0, vmax=1)
    middle.grid(False)
    middle.set(xlabel="key", ylabel="query", title=f"entropy {entropy.mean():.2f}")
    right.hist(slope.ravel(), bins=np.linspace(0, 0.75, 31), color=plots.VERMILION)
    right.set(xlabel="norm of the Jacobian", ylabel="how many queries", title=f"mean {slope.mean():.2f}")
    return figure


from dlbook import widgets

widgets.explore(
    scale_figure,
    dict(
        width=widgets.Steps([str(2**i) for i in range(1, 10)], 5, label="width d_k"),
        rule=widgets.Options(["1", "√d_k", "d_k", "√n"], style="buttons", label="divided by"),
        words=widgets.Slider(2, 40, 16, label="words n"),
    ),
    compute=scale_run,
    alt=lambda result: (
        f"d_k = {result[0]}, divided by {result[1]}, {result[2]} words: the scores have a standard deviation of "
        f"{result[3].std():.2f}, the rows {result[5].mean():.0%} of the largest entropy, and the Jacobian a mean norm "
        f"of {result[6].mean():.2f}."
    ),
    table=lambda result: {
        "standard deviation of the scores": round(float(result[3].std()), 3),
        "entropy, share of the largest": round(float(result[5].mean()), 3),
        "mean of the largest weight": round(float(result[4].max(axis=-1).mean()), 3),
        "mean norm of the Jacobian": round(float(result[6].mean()), 3),
    },
    title="Too sharp, too blunt",
)

# %% [markdown] id="attention-statement" statement="attention"
# ### Exercise 1: scaled dot-product attention (7 points)
#
# Write `attention(q, k, v, mask=None)` for `q (…, T, d)`, `k (…, S, d)` and `v (…, S, e)`; the dots stand for any number of leading axes, such as sentences and heads, the same for all three. It returns `y (…, T, e)` and `weights (…, T, S)`.
#
# `mask` holds booleans that broadcast to `(…, T, S)`; True means: may look. Every query may look at one key at least, and what it may not look at has the weight 0. Scores of several thousand must work: subtract the largest of each row before the exponential.
#
# Check by hand: `q = [[2, 0, 0, 0]]`, `k = [[0, 0, 0, 0], [ln 3, 0, 0, 0]]`, `v = [[0], [8]]` give the weights `[[0.25, 0.75]]` and `y = [[6]]`.


# %% id="attention" exercise=true difficulty=2 by_hand="nn optim data"
def attention(q, k, v, mask=None):
    """What each query reads: q (…, T, d), k (…, S, d), v (…, S, e) -> y (…, T, e), weights (…, T, S)."""
    ### BEGIN SOLUTION
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights @ v, weights
    ### END SOLUTION


# %% [markdown] id="attention-hints" hints="attention"
# - unscaled: The scores are not divided by √d, the root of the width of q and k.
# - width: Divide by the root of the width, √d, not by d.
# - words: This divides by the root of the number of keys. d is the width of q and k; the length of the sentence does not matter.
# - count: This divides by the number of keys. d is the width of q and k, and its root is wanted.
# - axis: The softmax runs over the queries. It belongs over the keys, the last axis: each row sums to 1.
# - after: The division comes after the softmax: the rows no longer sum to 1. Scale the scores.
# - zero: A score of 0 is no ban: its exponential is 1. Forbidden scores are −∞.
# - late: The mask comes after the softmax: the weights that are left no longer sum to 1. Mask the scores.
# - inverted: The mask is turned round: True means that a query may look.


# %% id="attention-case" given=true
def attention_case(*leading, T, S, d, e):
    """Queries, keys, values and an upstream gradient (…, T, e), the same on every machine."""

    def wave(rate, start, *shape):
        return 1.5 * np.cos(rate * np.arange(np.prod((*leading, *shape))) + start).reshape(*leading, *shape)

    return wave(1.3, 0.3, T, d), wave(0.9, 1.1, S, d), wave(2.1, 0.6, S, e), wave(1.7, 0.2, T, e)


# %% id="attention-weights" test="attention" points=2
@check.exercise("34-encoder/attention")
def weights_of_three_queries():
    """The weights of three queries on five keys"""
    q, k, v, _ = attention_case(T=3, S=5, d=4, e=2)
    s = q @ k.T
    _, weights = check.call(attention, q, k, v, returns=("y", "weights"))
    check.close(weights, nn.softmax(s / 2)[0], name="weights", hints={
        "unscaled": lambda right: nn.softmax(s)[0],
        "width": lambda right: nn.softmax(s / 4)[0],
        "words": lambda right: nn.softmax(s / 5**0.5)[0],
        "count": lambda right: nn.softmax(s / 5)[0],
        "axis": lambda right: nn.softmax(s / 2, axis=0)[0],
        "after": lambda right: nn.softmax(s)[0] / 2,
    })  # fmt: skip


# %% id="attention-batch" test="attention" points=1
@check.exercise("34-encoder/attention")
def sentences_and_heads():
    """Two sentences with three heads: y"""
    q, k, v, _ = attention_case(2, 3, T=4, S=5, d=6, e=7)
    y, _ = check.call(attention, q, k, v, returns=("y", "weights"))
    check.close(y, nn.attention(q, k, v)[0], name="y")


# %% id="attention-mask" test="attention" points=1
@check.exercise("34-encoder/attention")
def what_may_not_be_looked_at():
    """A mask"""
    q, k, v, _ = attention_case(T=3, S=4, d=2, e=5)
    mask = np.array([[True, False, True, False], [False, True, True, True], [True, False, False, False]])
    s = q @ k.T / 2**0.5
    _, weights = check.call(attention, q, k, v, mask, returns=("y", "weights"))
    check.close(weights, nn.softmax(np.where(mask, s, -np.inf))[0], name="weights", hints={
        "zero": lambda right: nn.softmax(s * mask)[0],
        "late": lambda right: nn.softmax(s)[0] * mask,
        "inverted": lambda right: nn.softmax(np.where(mask, -np.inf, s))[0],
    })  # fmt: skip


# %% id="attention-large" test="attention" points=1
@check.exercise("34-encoder/attention")
def large_scores():
    """Scores of several thousand"""
    q, k, v, _ = attention_case(T=2, S=3, d=4, e=5)
    y, weights = check.call(attention, 60 * q, 60 * k, v, returns=("y", "weights"))
    check.close(weights, nn.softmax(1800 * (q @ k.T))[0], name="weights")


# %% id="attention-hidden" test="attention" points=2 hidden=true
@check.exercise("34-encoder/attention", hidden=True)
def other_sizes_of_attention():
    """One query, one key, masks for all heads, and keys in another order"""
    rng = check.rng(1)
    for leading, T, S, d, e in [((), 1, 4, 3, 2), ((1, 2), 3, 1, 5, 4), ((2, 3), 4, 6, 7, 5)]:
        q, k, v = (rng.normal(size=(*leading, *shape)) for shape in ((T, d), (S, d), (S, e)))
        mask = rng.uniform(size=(T, S)) < 0.6
        mask[:, 0] = True
        for given in (None, mask):
            y, weights = check.call(attention, q, k, v, given, returns=("y", "weights"))
            check.close(y, nn.attention(q, k, v, given)[0], name=f"y for T = {T}, S = {S}")
            check.close(weights.sum(axis=-1), np.ones((*leading, T)), name="sum of the weights of a query")
    order = rng.permutation(S)
    turned, _ = check.call(attention, q, k[..., order, :], v[..., order, :], returns=("y", "weights"))
    check.close(turned, nn.attention(q, k, v)[0], name="y for keys and values in another order")


# %% [markdown] id="scores"
# ### Other ways to score
#
# The book says that other similarity functions would do. Two of them: **additive** attention, $s = u^\top\tanh(Aq + Bk)$ (Bahdanau, Cho and Bengio), which is older and has weights of its own, and the **cosine**, which knows directions only. How sharply can each of them look, when a key fits perfectly? The first key below is the query itself; then it is made five times as long.

# %% id="scores-run"
import time

rng, n, d = np.random.default_rng(2), 64, 64
q, k = rng.normal(size=(n, d)), rng.normal(size=(n, d))
k[0] = q[0]
A, B, u = *rng.normal(0, d**-0.5, (2, d, d)), rng.normal(0, d**-0.5, d)


def dot(q, k):
    return q @ k.T / d**0.5


def additive(q, k):
    return np.tanh((q @ A.T)[:, None] + (k @ B.T)[None]) @ u


def cosine(q, k):
    return (q / np.linalg.norm(q, axis=1)[:, None]) @ (k / np.linalg.norm(k, axis=1)[:, None]).T


long = k.copy()
long[0] *= 5
for name, score in (
    ("dot", dot),
    ("additive", additive),
    ("cosine", cosine),
    ("cosine × 10", lambda q, k: 10 * cosine(q, k)),
):
    start = time.perf_counter()
    for _ in range(5):
        plain = nn.softmax(score(q, k)[0])[0][0]
    seconds = (time.perf_counter() - start) / 5
    print(
        f"{name:<12} weight of the fitting key {plain:.2f}, five times as long {nn.softmax(score(q, long)[0])[0][0]:.2f}"
        f"   {1000 * seconds:6.2f} ms"
    )

# %% [markdown] id="scores-meaning"
# The dot product finds the key. The cosine finds it too but cannot say so: its scores lie between −1 and 1, and among 64 keys the best one gets a few hundredths. It needs a temperature, a factor that is learnt; here it is 10. It does not see how long a key is; the dot product does. The additive score with random weights finds nothing: its notion of similarity has to be learnt first. It also computes a tanh for every pair and every component, and took many times as long. That, and not quality, is why the Transformer has the dot product.
#
# There is also Luong's general form, $q^\top W k$. Self-attention has it already: the score of two words is $x_i^\top(W_q^\top W_k)\,x_j$, up to the scale.

# %% [markdown] id="back"
# ## Backwards through attention
#
# With $S = QK^\top/\sqrt{d_k}$, $P = \mathrm{softmax}(S)$ and $Y = PV$, the loss sends $dY$. The last product gives its two gradients as any product does:
#
# $$dV = P^\top dY, \qquad dP = dY\,V^\top$$
#
# Then the softmax, row by row. From its Jacobian $J = \mathrm{diag}(p) - pp^\top$ follows $ds = J\,dp$, and for all rows at once
#
# $$dS = P\odot\big(dP - \mathrm{rowsum}(P\odot dP)\big)$$
#
# What is subtracted is the mean of the row's $dP$, weighted by $P$. A score can win only what others lose. So each row of $dS$ sums to zero. At last, the scores' product and its scale:
#
# $$dQ = dS\,K/\sqrt{d_k}, \qquad dK = dS^\top Q/\sqrt{d_k}$$
#
# The mask needs no line of its own: where $P = 0$, $dS$ is 0 too.

# %% [markdown] id="attention-backward-statement" statement="attention-backward"
# ### Exercise 2: attention, backwards (9 points)
#
# Write `attention_backward(dy, q, k, v, weights)` for `dy (…, T, e)`, the inputs of exercise 1 and its `weights (…, T, S)`. It returns `dq (…, T, d)`, `dk (…, S, d)` and `dv (…, S, e)`, for any number of leading axes, and changes none of its arguments.
#
# Check by hand: `q = [[1, 0, 0, 0]]`, `k = [[0, 0, 0, 0], [0, 4, 0, 0]]`, `v = [[0], [8]]`, `weights = [[0.5, 0.5]]`, `dy = [[1]]` give `dv = [[0.5], [0.5]]`, `dq = [[0, 4, 0, 0]]`, `dk = [[−1, 0, 0, 0], [1, 0, 0, 0]]`.


# %% id="attention-backward" exercise=true difficulty=3 by_hand="attention nn optim data"
def attention_backward(dy, q, k, v, weights):
    """Gradients of a loss that sends dy (…, T, e) to what was read: dq (…, T, d), dk (…, S, d), dv (…, S, e)."""
    ### BEGIN SOLUTION
    dv = weights.swapaxes(-1, -2) @ dy
    dweights = dy @ v.swapaxes(-1, -2)
    dscores = weights * (dweights - (weights * dweights).sum(axis=-1, keepdims=True)) / np.sqrt(q.shape[-1])
    return dscores @ k, dscores.swapaxes(-1, -2) @ q, dv
    ### END SOLUTION


# %% [markdown] id="attention-backward-hints" hints="attention-backward"
# - rowsum: The sum over the row is missing: a weight depends on all scores of its row, not only on its own.
# - scale: The factor 1/√d is part of the scores, and so of their gradient.
# - scale-k: dk has the factor 1/√d as well as dq.
# - diagonal: p(1 − p) is the diagonal of the Jacobian only: the other scores of the row count too.
# - axis: The sum belongs over the keys, the last axis, as the softmax does.
# - unweighted: The mean that is subtracted is weighted by the weights: rowsum(P · dP), not the plain mean of dP.
# - sign: The sign is turned round: P · dP comes first, the sum is subtracted.


# %% id="attention-backward-values" test="attention-backward" points=1
@check.exercise("34-encoder/attention-backward")
def gradient_of_the_values():
    """The gradient of the values"""
    q, k, v, dy = attention_case(T=3, S=4, d=2, e=5)
    weights = nn.softmax(q @ k.T / 2**0.5)[0]
    _, _, dv = check.call(attention_backward, dy, q, k, v, weights, returns=("dq", "dk", "dv"))
    check.gradient(lambda v: np.sum(dy * nn.attention(q, k, v)[0]), dv, v, name="dv")


# %% id="attention-backward-queries" test="attention-backward" points=3
@check.exercise("34-encoder/attention-backward")
def gradient_of_the_queries():
    """The gradient of the queries"""
    q, k, v, dy = attention_case(T=3, S=4, d=5, e=2)
    P = nn.softmax(q @ k.T / 5**0.5)[0]
    dP = dy @ v.T
    dq, _, _ = check.call(attention_backward, dy, q, k, v, P, returns=("dq", "dk", "dv"))
    check.gradient(lambda q: np.sum(dy * nn.attention(q, k, v)[0]), dq, q, name="dq", hints={
        "rowsum": lambda right: (P * dP) @ k / 5**0.5,
        "scale": lambda right: right * 5**0.5,
        "diagonal": lambda right: (P * (1 - P) * dP) @ k / 5**0.5,
        "axis": lambda right: (P * (dP - (P * dP).sum(axis=0))) @ k / 5**0.5,
        "unweighted": lambda right: (P * (dP - dP.mean(axis=1, keepdims=True))) @ k / 5**0.5,
        "sign": lambda right: -right,
    })  # fmt: skip


# %% id="attention-backward-keys" test="attention-backward" points=2
@check.exercise("34-encoder/attention-backward")
def gradient_of_the_keys():
    """The gradient of the keys"""
    q, k, v, dy = attention_case(T=2, S=4, d=3, e=5)
    weights = nn.softmax(q @ k.T / 3**0.5)[0]
    _, dk, _ = check.call(attention_backward, dy, q, k, v, weights, returns=("dq", "dk", "dv"))
    check.gradient(lambda k: np.sum(dy * nn.attention(q, k, v)[0]), dk, k, name="dk", hints={
        "scale-k": lambda right: right * 3**0.5,
    })  # fmt: skip


# %% id="attention-backward-hidden" test="attention-backward" points=3 hidden=true
@check.exercise("34-encoder/attention-backward", hidden=True)
def sentences_heads_and_masks():
    """Sentences and heads, one query, one key, masked weights"""
    rng = check.rng(2)
    for leading, T, S, d, e in [((), 1, 4, 3, 2), ((2,), 3, 1, 5, 4), ((2, 3), 4, 6, 5, 7)]:
        q, k, v, dy = (rng.normal(size=(*leading, *shape)) for shape in ((T, d), (S, d), (S, e), (T, e)))
        mask = rng.uniform(size=(T, S)) < 0.6
        mask[:, 0] = True
        weights = nn.softmax(np.where(mask, q @ k.swapaxes(-1, -2) / d**0.5, -np.inf))[0]
        right = nn.attention_backward(dy, nn.attention(q, k, v, mask)[1])
        got = check.call(attention_backward, dy, q, k, v, weights, returns=("dq", "dk", "dv"))
        for name, mine, theirs in zip(("dq", "dk", "dv"), got, right, strict=True):
            check.close(mine, theirs, name=f"{name} for T = {T}, S = {S}")


# %% [markdown] id="paths"
# In self-attention the gradient then goes back through three matrices to the same words, and the three are added:
#
# $$dX = dQ\,W_q + dK\,W_k + dV\,W_v$$
#
# It is easy to remember the values and forget that a word is also asked and asks:

# %% id="paths-run"
rng = np.random.default_rng(3)
X, (W_q, W_k, W_v), dY = rng.normal(size=(5, 6)), rng.normal(0, 0.6, (3, 6, 6)), rng.normal(size=(5, 6))


def loss_of(X):
    return np.sum(dY * nn.attention(X @ W_q.T, X @ W_k.T, X @ W_v.T)[0])


numeric = np.zeros(X.shape)
for i in np.ndindex(X.shape):
    step = np.zeros(X.shape)
    step[i] = 1e-5
    numeric[i] = (loss_of(X + step) - loss_of(X - step)) / 2e-5
dQ, dK, dV = nn.attention_backward(dY, nn.attention(X @ W_q.T, X @ W_k.T, X @ W_v.T)[1])
paths = {"queries": dQ @ W_q, "keys": dK @ W_k, "values": dV @ W_v}
print(f"all three paths: largest error {np.abs(sum(paths.values()) - numeric).max():.0e}")
for name, share in paths.items():
    print(f"without the {name:<7}: largest error {np.abs(sum(paths.values()) - share - numeric).max():.2f}")

# %% [markdown] id="heads"
# ## Several heads at once
#
# One softmax makes one distribution. A word that wants to look at its subject *and* at its noun would have to share its attention between them. So the Transformer asks several questions at a time. Each **head** has its own $W_q$, $W_k$, $W_v$, of width $D/h$; what the heads read is laid side by side, and a last matrix $W_o$ mixes it:
#
# $$\mathrm{head}_i = \mathrm{Attention}(XW_{q,i}^\top, XW_{k,i}^\top, XW_{v,i}^\top), \qquad Y = [\mathrm{head}_1; \dots; \mathrm{head}_h]\,W_o^\top$$
#
# The paper has $D = 512$ and 8 heads of 64. The book leaves out $W_o$. Without it the first 64 features of the output would come from head 1 alone, and so on: the heads would never meet.
#
# The book also says that attention is "passed through several times". There is no loop. The $h$ matrices $W_{q,i}$ stand on top of each other in one matrix of $D \times D$, one product makes the queries of all heads, and the heads are slices of it. So the weights are $4D^2$, whatever $h$ is. What needs care is only the cut. The features of a token must be divided, `(N, T, D)` into `(N, T, h, D/h)`, and then the heads must come before the tokens. A reshape that goes to `(N, h, T, D/h)` at once has the right shape and the wrong content:

# %% id="wrong-reshape"
x = 10 * np.arange(3)[:, None] + np.arange(4)  # the first digit is the token, the second the feature
print("three tokens of four features:", x.tolist())
wrong = x.reshape(2, 3, 2)
print("head 0, reshaped at once:     ", wrong[0].tolist())
print("head 1, reshaped at once:     ", wrong[1].tolist())

# %% [markdown] id="wrong-reshape-meaning"
# Three "tokens" a head, as wanted. But the first two of head 0 are the two halves of token 0, and its third is one half of token 1. The head will compare a word with itself. Nothing crashes, and after training the loss is a little worse than it should be.

# %% [markdown] id="multi-head-statement" statement="multi-head"
# ### Exercise 3: heads (8 points)
#
# Three functions.
#
# `split_heads(x, heads)` turns `x (N, T, D)` into `(N, heads, T, D / heads)`: head $i$ gets the $i$-th block of $D/h$ neighbouring features of every token. It raises `ValueError` if `heads` does not divide `D`.
#
# `merge_heads(x)` turns `(N, heads, T, D / heads)` back into `(N, T, D)`.
#
# `multi_head_attention(x, Wq, Wk, Wv, Wo, heads, mask=None)` takes `x (N, T, D)` and four matrices `(D, D)`, each used as `x @ W.T`, without biases. It returns `y (N, T, D)`. The mask broadcasts to `(N, heads, T, T)`. Each head is an attention with the width $D/h$, and so is its scale. You may call your `attention`.
#
# Check by hand: for `x = [[[1, 2, 3, 4], [5, 6, 7, 8]]]` and two heads the first head is `[[1, 2], [5, 6]]`.


# %% id="multi-head" exercise=true difficulty=2 by_hand="nn optim data"
def split_heads(x, heads):
    """(N, T, D) -> (N, heads, T, D / heads)."""
    ### BEGIN SOLUTION
    N, T, D = x.shape
    if D % heads:
        raise ValueError(f"heads: expected a divisor of {D}, got {heads}")
    return x.reshape(N, T, heads, D // heads).swapaxes(1, 2)
    ### END SOLUTION


def merge_heads(x):
    """(N, heads, T, D / heads) -> (N, T, D)."""
    ### BEGIN SOLUTION
    N, heads, T, d = x.shape
    return x.swapaxes(1, 2).reshape(N, T, heads * d)
    ### END SOLUTION


def multi_head_attention(x, Wq, Wk, Wv, Wo, heads, mask=None):
    """Self-attention in `heads` subspaces: x (N, T, D), weights (D, D) -> y (N, T, D)."""
    ### BEGIN SOLUTION
    q, k, v = (split_heads(x @ W.T, heads) for W in (Wq, Wk, Wv))
    return merge_heads(attention(q, k, v, mask)[0]) @ Wo.T
    ### END SOLUTION


# %% [markdown] id="multi-head-hints" hints="multi-head"
# - reshape: Reshaped without moving an axis: tokens and heads are mixed up. First (N, T, heads, D / heads), then bring the heads before the tokens.
# - interleaved: Every head should get neighbouring features: the axis of the heads comes before that of their features.
# - merge: Merged without moving the axis back: (N, heads, T, d) must become (N, T, heads, d) before the reshape.
# - width: The scale is √D of the whole model. Each head has the width D / heads.
# - output: The last matrix, Wo, is missing: the heads were only laid side by side.
# - transposed: The matrices stand the wrong way round: they have the shape (out, in), so x @ W.T.
# - alone: This is one head of the full width.


# %% id="multi-head-case" given=true
def multi_head_case(N, T, D):
    """x (N, T, D) and the matrices Wq, Wk, Wv, Wo (D, D), the same on every machine."""
    x = np.cos(1.1 * np.arange(N * T * D) + 0.5).reshape(N, T, D)
    return x, *(1.6 * np.sin(rate * np.arange(D * D) + rate).reshape(D, D) for rate in (0.7, 1.9, 1.3, 2.3))


# %% id="split-visible" test="multi-head" points=2
@check.exercise("34-encoder/multi-head")
def split_and_refuse():
    """Splitting, and a number of heads that does not divide D"""
    x = np.arange(2 * 3 * 8.0).reshape(2, 3, 8)
    expected = np.stack([x[:, :, :4], x[:, :, 4:]], axis=1)
    check.close(check.call(split_heads, x, 2, returns=("heads",)), expected, name="split_heads(x, 2)", hints={
        "reshape": lambda right: x.reshape(2, 2, 3, 4),
        "interleaved": lambda right: np.stack([x[:, :, ::2], x[:, :, 1::2]], axis=1),
    })  # fmt: skip
    check.raises(ValueError, split_heads, x, 3, what="D = 8, heads = 3")


# %% id="merge-visible" test="multi-head" points=1
@check.exercise("34-encoder/multi-head")
def merge():
    """Merging"""
    x = np.arange(2 * 4 * 3 * 2.0).reshape(2, 4, 3, 2)
    expected = np.concatenate([x[:, i] for i in range(4)], axis=-1)
    check.close(check.call(merge_heads, x, returns=("x",)), expected, name="merge_heads(x)", hints={
        "merge": lambda right: x.reshape(2, 3, 8),
    })  # fmt: skip


# %% id="multi-head-visible" test="multi-head" points=2
@check.exercise("34-encoder/multi-head")
def three_heads():
    """Three heads, a loop over them beside it"""
    x, *W = multi_head_case(2, 4, 6)

    def loop(heads, scale, turn=np.transpose):
        q, k, v = (x @ turn(w) for w in W[:3])
        parts = np.split(np.arange(6), heads)
        read = [nn.softmax(q[..., i] @ k[..., i].swapaxes(1, 2) / scale**0.5)[0] @ v[..., i] for i in parts]
        return np.concatenate(read, axis=-1)

    y = check.call(multi_head_attention, x, *W, 3, returns=("y",))
    check.close(y, loop(3, 2) @ W[3].T, name="y", hints={
        "width": lambda right: loop(3, 6) @ W[3].T,
        "output": lambda right: loop(3, 2),
        "transposed": lambda right: loop(3, 2, lambda w: w) @ W[3],
        "alone": lambda right: loop(1, 6) @ W[3].T,
    })  # fmt: skip


# %% id="multi-head-hidden" test="multi-head" points=3 hidden=true
@check.exercise("34-encoder/multi-head", hidden=True)
def other_heads_and_masks():
    """One head, as many heads as features, one token, masks"""
    rng = check.rng(3)
    for N, T, D, heads in [(1, 3, 4, 1), (2, 1, 6, 2), (3, 5, 4, 4), (2, 4, 12, 3)]:
        x, W = rng.normal(size=(N, T, D)), rng.normal(size=(4, D, D))
        parts = check.call(split_heads, x, heads, returns=("heads",))
        check.shape(parts, (N, heads, T, D // heads), name="split_heads(x)")
        check.close(check.call(merge_heads, parts, returns=("x",)), x, name="x, split and merged")
        layer = nn.MultiheadAttention(D, heads, bias=False, batch_first=True, rng=np.random.default_rng(0))
        layer.load_state_dict({"in_proj_weight": np.concatenate(W[:3]), "out_proj.weight": W[3]})
        for mask in (None, nn.causal_mask(T)):
            y = check.call(multi_head_attention, x, *W, heads, mask, returns=("y",))
            check.close(y, layer(x, mask=mask), name=f"y for T = {T}, D = {D}, {heads} heads")


# %% [markdown] id="heads-check"
# `nn.MultiheadAttention` does the same with three matrices in one, and with biases. A loop over the heads and its slices give the same numbers, and the count of weights does not know how many heads there are:

# %% id="heads-run"
rng = np.random.default_rng(0)
x = rng.normal(size=(2, 7, 64))
for heads in (1, 4, 8):
    layer = nn.MultiheadAttention(64, heads, bias=False, batch_first=True, rng=rng)
    W_q, W_k, W_v = np.split(layer.in_proj_weight.data, 3)
    loop = 0
    for i in np.split(np.arange(64), heads):
        head, _ = nn.attention(x @ W_q[i].T, x @ W_k[i].T, x @ W_v[i].T)
        loop = loop + head @ layer.out_proj.weight.data[:, i].T
    print(
        f"heads: {heads}, {sum(p.data.size for p in layer.parameters()):,} weights, "
        f"loop against slices: largest difference {np.abs(loop - layer(x)).max():.0e}"
    )

# %% [markdown] id="norm"
# ## Layer normalisation
#
# Batch normalisation (chapter 17) takes mean and variance of a feature over the batch. For sentences that is awkward: they have different lengths, the empty places at their ends would count, and what one sentence becomes would depend on the others. **Layer normalisation** takes them over the features of one token. With $D$ features,
#
# $$\mu = \frac1D\sum_i x_i, \qquad \sigma^2 = \frac1D\sum_i (x_i-\mu)^2, \qquad \hat x_i = \frac{x_i-\mu}{\sqrt{\sigma^2+\varepsilon}}, \qquad y_i = \gamma_i\,\hat x_i + \beta_i$$
#
# $\gamma$ and $\beta$ are learnt, one number for each feature. In PyTorch they are called `weight` and `bias`. The variance is divided by $D$, not by $D-1$, and $\varepsilon$ stands under the root.
#
# The book takes its formula from images and says "over channels and spatial dimensions". In a Transformer the features are the only axis. Were the tokens an axis too, then every word would change with the last word of the sentence, and a network that predicts the next word could see it coming:

# %% id="norm-run"
rng = np.random.default_rng(0)
short, long_one = rng.normal(size=(1, 4, 8)), 3 + 2 * rng.normal(size=(1, 9, 8))
batch = np.zeros((2, 9, 8))
batch[0, :4], batch[1] = short[0], long_one[0]


def batch_norm(x):
    """Batch normalisation in training: every feature over all tokens of all sentences."""
    return nn.batch_norm(x.swapaxes(1, 2), training=True)[0].swapaxes(1, 2)


def layer_norm_of(x):
    return nn.layer_norm(x)[0]


def whole_norm(x):
    """Mean and variance over tokens and features of a sentence together."""
    return nn.layer_norm(x, normalized_shape=x.shape[1:])[0]


later = long_one.copy()
later[0, -1] += 5.0
for name, norm in (("batch norm", batch_norm), ("layer norm", layer_norm_of), ("over tokens too", whole_norm)):
    company = np.abs(norm(batch)[0, :4] - norm(short)[0]).max()
    leak = np.abs(norm(later)[0, 0] - norm(long_one)[0, 0]).max()
    print(
        f"{name:<16} short sentence alone or padded beside another: {company:.2f}   first word when the last changes: {leak:.2f}"
    )

# %% [markdown] id="norm-statement" statement="layer-norm"
# ### Exercise 4: layer normalisation (4 points)
#
# Write `layer_norm(x, weight, bias, eps=1e-5)` for `x (…, D)`, `weight (D,)` and `bias (D,)`. The result has the shape of `x`.
#
# Check by hand: `x = [[1, 3, 5]]`, `weight = [1, 1, 2]`, `bias = [0, 10, 0]` and `eps = 4/3` give variance 8/3, root 2, and so `[[−1, 10, 2]]`.


# %% id="layer-norm" exercise=true difficulty=1 by_hand="nn optim data"
def layer_norm(x, weight, bias, eps=1e-5):
    """Every token over its features: x (…, D), weight (D,), bias (D,) -> y (…, D)."""
    ### BEGIN SOLUTION
    centred = x - x.mean(axis=-1, keepdims=True)
    return weight * centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + eps) + bias
    ### END SOLUTION


# %% [markdown] id="norm-hints" hints="layer-norm"
# - batch: These are mean and variance over the sentences, the first axis. They belong over the features, the last one.
# - tokens: Mean and variance run over the tokens as well: a word would then see the words after it.
# - ddof: The variance is divided by D − 1; here it is divided by D.
# - outside: ε belongs under the root: √(σ² + ε), not √σ² + ε.
# - eps: ε is missing.
# - root: The root is missing: divide by √(σ² + ε), not by σ² + ε.


# %% id="norm-visible" test="layer-norm" points=2
@check.exercise("34-encoder/layer-norm")
def mean_and_variance():
    """Two sentences of three tokens"""
    x = 2 * np.cos(1.7 * np.arange(2 * 3 * 5)).reshape(2, 3, 5) + np.linspace(-1, 2, 6).reshape(2, 3, 1)
    y = check.call(layer_norm, x, np.ones(5), np.zeros(5), 0.25, returns=("y",))

    def norm(axis, ddof=0):
        return (x - x.mean(axis=axis, keepdims=True)) / np.sqrt(x.var(axis=axis, keepdims=True, ddof=ddof) + 0.25)

    centred, var = x - x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    check.close(y, norm(-1), name="y", hints={
        "batch": lambda right: norm(0),
        "tokens": lambda right: norm((1, 2)),
        "ddof": lambda right: norm(-1, 1),
        "outside": lambda right: centred / (np.sqrt(var) + 0.25),
        "eps": lambda right: centred / np.sqrt(var),
        "root": lambda right: centred / (var + 0.25),
    })  # fmt: skip


# %% id="norm-hidden" test="layer-norm" points=2 hidden=true
@check.exercise("34-encoder/layer-norm", hidden=True)
def weights_biases_and_constant_tokens():
    """Weights and biases, one token, a constant token, other scales"""
    rng = check.rng(4)
    for shape in [(1, 4), (6, 3), (2, 3, 5), (2, 1, 3, 7)]:
        x, weight, bias = rng.normal(size=shape), rng.normal(size=shape[-1]), rng.normal(size=shape[-1])
        y = check.call(layer_norm, x, weight, bias, returns=("y",))
        check.close(y, nn.layer_norm(x, weight, bias)[0], name=f"y for x {shape}")
    y = check.call(layer_norm, np.full((2, 7), 3.0), weight, bias, returns=("y",))
    check.close(y, np.tile(bias, (2, 1)), name="y of tokens whose features are all equal")
    y = check.call(layer_norm, 100 + 40 * x, weight, bias, returns=("y",))
    check.close(y, nn.layer_norm(x, weight, bias)[0], name="y for 40 x + 100", rtol=1e-3, atol=1e-4)


# %% [markdown] id="norm-back"
# ### Backwards
#
# Write $g = \gamma\odot dy$ for what reaches $\hat x$. If $\mu$ and $\sigma$ were constants, $dx$ would be $g/\sqrt{\sigma^2+\varepsilon}$. But each feature moves them both. Moving $x_i$ moves the mean by $1/D$ and pulls at all others; and it stretches the token, which shrinks all its $\hat x$ again. Working both out leaves
#
# $$dx = \frac1{\sqrt{\sigma^2+\varepsilon}}\Big(g - \overline{g} - \hat x\;\overline{g\odot\hat x}\Big), \qquad d\gamma = \sum_{\text{tokens}} dy\odot\hat x, \qquad d\beta = \sum_{\text{tokens}} dy$$
#
# The bars are means over the features of the token. Read it so: of the gradient $g$ the part that only shifts the whole token is taken away, and so is the part that only stretches it. Both would be undone by the normalisation anyway.

# %% [markdown] id="norm-backward-statement" statement="layer-norm-backward"
# ### Exercise 5: layer normalisation, backwards (8 points)
#
# Write `layer_norm_backward(dy, x, weight, eps=1e-5)` for `dy` and `x (…, D)` and `weight (D,)`. It returns `dx (…, D)`, `dweight (D,)` and `dbias (D,)`; the last two are sums over all tokens of all sentences.
#
# Check by hand: `x = [[1, 3, 5]]`, `weight = [1, 1, 1]`, `eps = 4/3` have $\hat x$ = `[[−1, 0, 1]]`. With `dy = [[3, 0, 0]]` this gives `dweight = [−3, 0, 0]`, `dbias = [3, 0, 0]` and `dx = [[0.5, −0.5, 0]]`.


# %% id="layer-norm-backward" exercise=true difficulty=3 by_hand="layer_norm nn optim data"
def layer_norm_backward(dy, x, weight, eps=1e-5):
    """Gradients of layer normalisation: dy, x (…, D), weight (D,) -> dx (…, D), dweight (D,), dbias (D,)."""
    ### BEGIN SOLUTION
    centred = x - x.mean(axis=-1, keepdims=True)
    root = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + eps)
    normalized, g = centred / root, dy * weight
    shift, stretch = g.mean(axis=-1, keepdims=True), (g * normalized).mean(axis=-1, keepdims=True)
    tokens = tuple(range(x.ndim - 1))
    return (g - shift - normalized * stretch) / root, (dy * normalized).sum(axis=tokens), dy.sum(axis=tokens)
    ### END SOLUTION


# %% [markdown] id="norm-backward-hints" hints="layer-norm-backward"
# - raw: The weight multiplies x̂, not x: dweight needs the normalised values.
# - mean: A sum over all tokens, not a mean.
# - constants: This treats μ and σ as constants. They depend on x, and take their share away.
# - stretch: The part of the variance is missing: − x̂ · mean(g x̂).
# - shift: The part of the mean is missing: − mean(g).
# - weight: What reaches x̂ is weight · dy.
# - sigma: The division by √(σ² + ε) is missing.
# - axis: The means run over the tokens: they belong over the features of each token.


# %% id="norm-case" given=true
def norm_case(*shape):
    """dy and x of this shape, weight and bias of its last axis, the same on every machine."""
    count = np.arange(np.prod(shape))
    dy, x = np.sin(2.3 * count + 0.7).reshape(shape), 1.5 * np.cos(1.3 * count + 0.2).reshape(shape)
    return dy, x, np.linspace(0.5, 2, shape[-1]), np.linspace(-0.4, 0.6, shape[-1])


# %% id="norm-backward-weights" test="layer-norm-backward" points=2
@check.exercise("34-encoder/layer-norm-backward")
def gradients_of_weight_and_bias():
    """The gradients of weight and bias"""
    dy, x, weight, bias = norm_case(2, 3, 4)
    _, dweight, dbias = check.call(layer_norm_backward, dy, x, weight, 0.1, returns=("dx", "dweight", "dbias"))
    normalized = nn.layer_norm(x, eps=0.1)[0]
    check.close(dweight, (dy * normalized).sum(axis=(0, 1)), name="dweight", hints={
        "raw": lambda right: (dy * x).sum(axis=(0, 1)),
        "mean": lambda right: right / 6,
    })  # fmt: skip
    check.close(dbias, dy.sum(axis=(0, 1)), name="dbias")


# %% id="norm-backward-tokens" test="layer-norm-backward" points=3
@check.exercise("34-encoder/layer-norm-backward")
def gradient_of_the_tokens():
    """The gradient of the tokens"""
    dy, x, weight, bias = norm_case(3, 5)
    dx, _, _ = check.call(layer_norm_backward, dy, x, weight, 0.1, returns=("dx", "dweight", "dbias"))
    root = np.sqrt(x.var(axis=-1, keepdims=True) + 0.1)
    hat, g = nn.layer_norm(x, eps=0.1)[0], weight * dy

    def formula(g, shift=1, stretch=1, axis=-1):
        means = g.mean(axis=axis, keepdims=True), (g * hat).mean(axis=axis, keepdims=True)
        return (g - shift * means[0] - stretch * hat * means[1]) / root

    check.gradient(lambda x: np.sum(dy * nn.layer_norm(x, weight, bias, 0.1)[0]), dx, x, name="dx", hints={
        "constants": lambda right: formula(g, 0, 0),
        "stretch": lambda right: formula(g, 1, 0),
        "shift": lambda right: formula(g, 0, 1),
        "weight": lambda right: formula(dy),
        "sigma": lambda right: right * root,
        "axis": lambda right: formula(g, axis=0),
    })  # fmt: skip


# %% id="norm-backward-hidden" test="layer-norm-backward" points=3 hidden=true
@check.exercise("34-encoder/layer-norm-backward", hidden=True)
def other_tokens_and_widths():
    """One token, one sentence, more axes"""
    rng = check.rng(5)
    for shape in [(1, 4), (1, 3, 5), (4, 2, 3), (2, 3, 4, 6)]:
        dy, x, weight = rng.normal(size=shape), rng.normal(size=shape), rng.normal(size=shape[-1])
        right = nn.layer_norm_backward(dy, nn.layer_norm(x, weight, np.zeros(shape[-1]))[1])
        got = check.call(layer_norm_backward, dy, x, weight, returns=("dx", "dweight", "dbias"))
        for name, mine, theirs in zip(("dx", "dweight", "dbias"), got, right, strict=True):
            check.close(mine, theirs, name=f"{name} for x {shape}")


# %% [markdown] id="skip"
# ## Why attention needs a way round it
#
# Attention takes means. Means of means of means are all alike. Stack nothing but attention, twelve layers with random weights, four heads each, and ask after each layer how much the 32 tokens still differ: the share of the whole norm that is left when their mean is taken away, $\lVert X-\mathbf 1\bar x^\top\rVert_F / \lVert X\rVert_F$. (After each layer all numbers are scaled to the same size, so that nothing vanishes for trivial reasons.)

# %% [markdown] id="collapse-question" question="predict"
# The share begins at 0.99, and it is 0.77 after the first layer. How does it go on?
#
# - [ ] It falls by about a quarter each time: so a sequence with a fixed ratio would, and so does the variant with skips, more slowly.
# - [x] It falls faster and faster, to rounding errors after five layers: the more alike the tokens are, the more even is the attention, and the more thorough the next mean.
# - [ ] It settles somewhere: random matrices could keep directions apart, but all tokens go through the same ones.


# %% id="collapse-run"
def differences(x):
    """Share of the norm of x (1, T, D) that is left when the mean token is taken away."""
    return float(np.sqrt(x.var(axis=1).sum() / (x * x).mean(axis=1).sum()))


def attention_layer(D, heads, rng):
    """Multi-head attention with weights from N(0, 1/D)."""
    layer = nn.MultiheadAttention(D, heads, bias=False, batch_first=True, rng=rng)
    for parameter in layer.parameters():
        parameter.data = rng.normal(0, D**-0.5, parameter.shape)
    return layer


shares = {}
for name, skip in (("attention alone", 0), ("with a skip", 1)):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1, 32, 64))
    shares[name] = [differences(x)]
    for _ in range(12):
        x = skip * x + attention_layer(64, 4, rng)(x)
        x = x / np.sqrt((x * x).mean())
        shares[name].append(differences(x))
    print(f"{name:<16}", *(f"{share:.2g}" for share in shares[name]))
figure = plots.figure(6, 3)
ax = figure.subplots()
plots.learning_curves(ax, shares, x=range(13), xlabel="layers", ylabel="share that differs", log=True)
plots.show(
    figure,
    alt="On a log axis the share that differs falls in an ever steeper arc to 1e-15 after five layers of attention alone; with a skip it falls gently to 0.08 after twelve.",
)

# %% [markdown] id="collapse-meaning"
# Look at the first line from the second layer on: 0.21, 0.0049, $5\cdot10^{-8}$. Written as powers of ten, the exponents are −0.7, −2.3, −7.3. Each is about three times the one before: the fall is doubly exponential. After five layers only rounding errors are left. All 32 tokens are the same vector, and no later layer can tell them apart. This is **rank collapse** (Dong, Cordonnier and Loukas, 2021). The book's "colapso de classificação", *classification collapse*, is a mistranslation of it: *rank* was read as *ranking*.
#
# The remedy is the **skip connection**, $y = x + F(x)$: every token carries its own past along. With it the share is still 0.30 after eight layers. It slows the collapse down; it does not forbid it.
#
# What skips do not do is what the book says, pass what the upper layers understood *back* to the lower ones, as human expectations shape what we see. In the forward pass everything flows upwards. What flows back is the gradient, and the skip gives it a way on which nothing is multiplied: $\partial y/\partial x = I + F'$.
#
# ### The other half of the block
#
# After attention each token goes by itself through a small network, the same for all of them:
#
# $$\mathrm{FFN}(x) = \max(0,\; xW_1^\top + b_1)\,W_2^\top + b_2, \qquad 512 \to 2048 \to 512 \text{ in the paper}$$
#
# The book calls it "a linear layer" and says that it lifts the result into a space of more dimensions. It is *two* linear layers, up and down again, and what counts is the ReLU between them. Without it the two are one:

# %% id="ffn-run"
rng = np.random.default_rng(0)
up, down = nn.Linear(8, 32, rng=rng), nn.Linear(32, 8, rng=rng)
x = rng.normal(size=(5, 8))
one = nn.linear(x, down.weight.data @ up.weight.data, down.weight.data @ up.bias.data + down.bias.data)[0]
print(f"two linear layers against one of 8 × 8: largest difference {np.abs(down(up(x)) - one).max():.0e}")
print(
    f"with a ReLU between them:               largest difference {np.abs(down(np.maximum(up(x), 0)) - one).max():.2f}"
)
weights_of = {"attention": 4 * 512**2, "FFN": 2 * 512 * 2048}
print("weights of a block of the paper:", {name: f"{count:,}" for name, count in weights_of.items()})

# %% [markdown] id="orders"
# ## The block, and the order of its parts
#
# Two sub-layers, attention and FFN, each with a skip and a layer normalisation. In which order? Three are in circulation:
#
# $$\text{post: } \mathrm{LN}\big(x + F(x)\big) \qquad\quad \text{pre: } x + F\big(\mathrm{LN}(x)\big) \qquad\quad \text{the book: } x + \mathrm{LN}\big(F(x)\big)$$
#
# *Post* is the paper of 2017. *Pre* is what nearly all large models use since GPT-2; there the stack ends with one normalisation more. What the book tells, sub-layer, then normalisation, then skip, is neither.

# %% [markdown] id="block-statement" statement="encoder-block"
# ### Exercise 6: an encoder block (7 points)
#
# Write `encoder_block(x, p, heads, order="post")` for `x (N, T, D)`. `p` is a dictionary of arrays: `"Wq"`, `"Wk"`, `"Wv"`, `"Wo"`, each `(D, D)`; `"W1" (F, D)`, `"b1" (F,)`, `"W2" (D, F)`, `"b2" (D,)`; and for the first and the second normalisation `"gamma1"`, `"beta1"`, `"gamma2"`, `"beta2"`, each `(D,)`. It returns `(N, T, D)`.
#
# The first sub-layer is attention with the first normalisation, the second is the FFN with the second one, and each has its skip. `order` is `"post"` or `"pre"`; anything else raises `ValueError`. You may call your `multi_head_attention` and `layer_norm`.
#
# Check by hand: with `W2` and `Wo` all zero and `b2 = 0`, a block in the order `"pre"` returns `x`.


# %% id="encoder-block" exercise=true difficulty=2 by_hand="nn optim data"
def encoder_block(x, p, heads, order="post"):
    """One block of an encoder, x (N, T, D) -> (N, T, D); order "post" or "pre"."""
    ### BEGIN SOLUTION
    if order not in ("post", "pre"):
        raise ValueError(f'order: expected "post" or "pre", got {order!r}')

    def attend(x):
        return multi_head_attention(x, p["Wq"], p["Wk"], p["Wv"], p["Wo"], heads)

    def feed(x):
        return np.maximum(x @ p["W1"].T + p["b1"], 0) @ p["W2"].T + p["b2"]

    for sub_layer, gamma, beta in ((attend, p["gamma1"], p["beta1"]), (feed, p["gamma2"], p["beta2"])):
        if order == "post":
            x = layer_norm(x + sub_layer(x), gamma, beta)
        else:
            x = x + sub_layer(layer_norm(x, gamma, beta))
    return x
    ### END SOLUTION


# %% [markdown] id="block-hints" hints="encoder-block"
# - book: That is the book's order, x + LN(F(x)). Post normalises after the addition: LN(x + F(x)).
# - linear: The ReLU between the two layers of the FFN is missing.
# - input: The second skip starts from the block's input. It starts from what the first sub-layer returned.
# - skip: The skips are missing.
# - pre: This is the order "pre"; asked was "post".
# - carried: In "pre" the skip carries x itself, not LN(x): only the sub-layer sees the normalised tokens.
# - post: This is the order "post"; asked was "pre".


# %% id="block-case" given=true
def block_case(N, T, D, F):
    """Tokens (N, T, D) and the arrays of a block, the same on every machine."""
    shapes = {name: (D, D) for name in ("Wq", "Wk", "Wv", "Wo")}
    shapes |= {"W1": (F, D), "b1": (F,), "W2": (D, F), "b2": (D,)}
    shapes |= {name: (D,) for name in ("gamma1", "beta1", "gamma2", "beta2")}
    p = {
        name: (1.0 if name.startswith("gamma") else 0.0)
        + 0.7 * np.sin((0.9 + 0.2 * i) * np.arange(np.prod(shape)) + i).reshape(shape)
        for i, (name, shape) in enumerate(shapes.items())
    }
    return np.cos(1.1 * np.arange(N * T * D) + 0.5).reshape(N, T, D), p


def library_block(p, heads, order):
    """The layer of `dlbook.nn` with the same arrays."""
    F, D = p["W1"].shape
    layer = nn.TransformerEncoderLayer(
        D, heads, F, dropout=0.0, batch_first=True, norm_first=order == "pre", rng=np.random.default_rng(0)
    )
    names = {"W1": "linear1.weight", "b1": "linear1.bias", "W2": "linear2.weight", "b2": "linear2.bias"}
    names |= {f"gamma{i}": f"norm{i}.weight" for i in (1, 2)} | {f"beta{i}": f"norm{i}.bias" for i in (1, 2)}
    state = {theirs: p[ours] for ours, theirs in names.items()}
    state |= {
        "self_attn.in_proj_weight": np.concatenate([p["Wq"], p["Wk"], p["Wv"]]),
        "self_attn.in_proj_bias": np.zeros(3 * D),
    }
    state |= {"self_attn.out_proj.weight": p["Wo"], "self_attn.out_proj.bias": np.zeros(D)}
    layer.load_state_dict(state)
    return layer


# %% id="block-post" test="encoder-block" points=2
@check.exercise("34-encoder/encoder-block")
def the_order_of_the_paper():
    """The order "post", that of the paper"""
    x, p = block_case(2, 3, 4, 5)
    layer = library_block(p, 2, "post")
    attend, norm1, norm2 = layer.self_attn, layer.norm1, layer.norm2

    def feed(x, relu=True):
        hidden = layer.linear1(x)
        return layer.linear2(np.maximum(hidden, 0) if relu else hidden)

    h = norm1(x + attend(x))
    aside = x + norm1(attend(x))
    y = check.call(encoder_block, x, p, 2, "post", returns=("y",))
    check.close(y, layer(x), name="y", hints={
        "book": lambda right: aside + norm2(feed(aside)),
        "linear": lambda right: norm2(h + feed(h, relu=False)),
        "input": lambda right: norm2(x + feed(h)),
        "skip": lambda right: norm2(feed(norm1(attend(x)))),
        "pre": lambda right: library_block(p, 2, "pre")(x),
    })  # fmt: skip


# %% id="block-pre" test="encoder-block" points=2
@check.exercise("34-encoder/encoder-block")
def the_order_of_today():
    """The order "pre", and an order that does not exist"""
    x, p = block_case(1, 5, 6, 4)
    layer = library_block(p, 3, "pre")
    u = layer.norm1(x)
    w = layer.norm2(u + layer.self_attn(u))
    y = check.call(encoder_block, x, p, 3, "pre", returns=("y",))
    check.close(y, layer(x), name="y", hints={
        "carried": lambda right: w + layer.linear2(np.maximum(layer.linear1(w), 0)),
        "post": lambda right: library_block(p, 3, "post")(x),
    })  # fmt: skip
    check.raises(ValueError, encoder_block, x, p, 3, "book", what='order = "book"')


# %% id="block-hidden" test="encoder-block" points=3 hidden=true
@check.exercise("34-encoder/encoder-block", hidden=True)
def other_blocks():
    """One token, one head, other widths"""
    rng = check.rng(6)
    for N, T, D, F, heads in [(1, 1, 4, 3, 2), (3, 4, 5, 7, 1), (2, 3, 8, 6, 4)]:
        x, p = block_case(N, T, D, F)
        x, p = rng.normal(size=x.shape), {name: rng.normal(size=array.shape) for name, array in p.items()}
        for order in ("post", "pre"):
            y = check.call(encoder_block, x, p, heads, order, returns=("y",))
            check.close(y, library_block(p, heads, order)(x), name=f"y for T = {T}, D = {D}, {order}")


# %% [markdown] id="orders-text"
# ### Twenty-four blocks of each
#
# What does the order change? Stack 24 blocks with random weights and look at two things before any training: how large the numbers are at the top, and how large the gradient is that comes back to the bottom. (The cell holds a block with its backward pass, which can also do without its parts. Open it after exercise 6.)


# %% id="block-class" folded=true
class Block(nn.Module):
    """Attention and FFN, with or without skips, each normalised "post", "pre", in the "book"'s order, or "none"."""

    def __init__(self, D, heads, hidden, order, *, skip=True, ffn=True, rng):
        self.order, self.skip = order, skip
        feed = nn.Sequential(nn.Linear(D, hidden, rng=rng), nn.ReLU(), nn.Linear(hidden, D, rng=rng))
        self.sub_layers = [attention_layer(D, heads, rng)] + [feed] * ffn
        self.norms = [nn.LayerNorm(D) for _ in self.sub_layers]

    def forward(self, x):
        caches = []
        for f, norm in zip(self.sub_layers, self.norms, strict=True):
            u, before = norm.forward(x) if self.order == "pre" else (x, None)
            y, inner = f.forward(u)
            y, within = norm.forward(y) if self.order == "book" else (y, None)
            y = x + y if self.skip else y
            x, after = norm.forward(y) if self.order == "post" else (y, None)
            caches.append((before, inner, within, after))
        return x, caches

    def backward(self, dy, cache):
        for f, norm, (before, inner, within, after) in zip(
            self.sub_layers[::-1], self.norms[::-1], cache[::-1], strict=True
        ):
            dy = norm.backward(dy, after) if self.order == "post" else dy
            g = norm.backward(dy, within) if self.order == "book" else dy
            g = f.backward(g, inner)
            g = norm.backward(g, before) if self.order == "pre" else g
            dy = dy + g if self.skip else g
        return dy


def travel(depth, order, skip=True, ffn=True, seed=0):
    """The states, and the norms of the gradient, at the bottom and after each block."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(1, 32, 64))
    states, caches = [x], []
    blocks = [Block(64, 4, 256, order, skip=skip, ffn=ffn, rng=rng) for _ in range(depth)]
    for block in blocks:
        x, cache = block.forward(x)
        states.append(x)
        caches.append(cache)
    g = rng.normal(size=x.shape)
    norms = [np.linalg.norm(g)]
    for block, cache in zip(blocks[::-1], caches[::-1], strict=True):
        g = block.backward(g, cache)
        norms.append(np.linalg.norm(g))
    return states, np.array(norms[::-1])


# %% id="orders-run"
names = {"post": "post", "pre": "pre", "book": "the book's order", "none": "no normalisation"}
gradients = {}
for order, name in names.items():
    sizes, ratios, shares = [], [], []
    for seed in range(3):
        states, norms = travel(24, order, seed=seed)
        sizes.append(states[-1].std())
        ratios.append(norms[0] / norms[-1])
        shares.append(differences(states[-1]))
    gradients[name] = norms / norms[-1]
    print(
        f"{name:<17} size at the top {np.mean(sizes):8.1f}   gradient, bottom : top {np.exp(np.log(ratios).mean()):10.1f}"
        f"   share that differs at the top {np.mean(shares):.3f}"
    )
figure = plots.figure(6.5, 3)
ax = figure.subplots()
plots.learning_curves(ax, gradients, x=range(25), xlabel="blocks below", ylabel="gradient, top = 1", log=True)
plots.show(
    figure,
    alt="Gradient at each height of 24 blocks, on a log axis. Post and pre stay within a factor of a few; the book's order grows to more than a thousand towards the bottom; without normalisation to a hundred million.",
)

# %% [markdown] id="orders-meaning"
# *Post* keeps every size at 1, for it normalises at the very end of each sub-layer. *Pre* lets the sum grow slowly, which the last normalisation of the stack puts right. In both the gradient comes down through 24 blocks within a factor of a few. In the book's order each sub-layer adds a vector of size 1, however little it has to say. Where attention has become nearly even, its output is small, the normalisation blows it up, and blows up its gradient too: at the bottom it is a thousand times larger than at the top. That can be trained with a tiny learning rate at best. (It keeps the tokens apart better than the others do; that is no use if it cannot learn.)
#
# At the start *post* looks as healthy as *pre*. Yet deep post-stacks need a careful warm-up of the learning rate, because the gradients of their upper layers are large at first (Xiong and others, 2020). This is why *pre* has won.
#
# And is it the FFN that cures the collapse, as the book says? Take the parts away one by one:

# %% id="parts-run"
for order in ("post", "pre"):
    for skip in (True, False):
        for ffn in (True, False):
            states, _ = travel(24, order, skip, ffn)
            said = "  ".join(f"{depth} blocks {differences(states[depth]):.1e}" for depth in (2, 4, 12, 24))
            print(
                f"{order:<4}  {'skips' if skip else 'no skips':<11}  {'FFN' if ffn else 'no FFN':<7}   share that differs: {said}"
            )

# %% [markdown] id="parts-meaning"
# Before training the FFN changes little where there are skips, and that for the worse; without them it saves nothing: after four blocks the tokens are as good as equal, with it or without. The skips do the work. What the FFN is good for is another matter: it is where a token digests what attention brought, and where most weights are. The book's comparison with the kernel of a support vector machine, more dimensions to separate in, fits as far as this: what the many dimensions are is learnt here, and there it is given.

# %% [markdown] id="depth-widget-text"
# ## Try it
#
# Build your own stack. Which single change makes the tokens collapse? Which one makes the gradient explode? The cosine is the mean over all pairs of tokens; 1 means that all point the same way.


# %% id="depth-widget" folded=true
def depth_run(depth, skip, order, ffn):
    states, norms = travel(depth, order, skip, ffn)
    cosines = []
    for x in states:
        u = x[0] / np.linalg.norm(x[0], axis=1, keepdims=True)
        cosines.append(((u @ u.T).sum() - 32) / (32 * 31))
    return depth, np.array(cosines), norms


def depth_figure(result):
    """Mean cosine between tokens (left) and norm of the gradient (right), by layer."""
    depth, cosines, norms = result
    figure = plots.figure(9, 3)
    left, right = figure.subplots(1, 2)
    plots.learning_curves(
        left, {"cosine": cosines}, x=range(depth + 1), xlabel="blocks", ylabel="cosine between tokens"
    )
    left.set_ylim(-0.1, 1.05)
    plots.learning_curves(
        right, {"gradient": norms}, x=range(depth + 1), xlabel="blocks", ylabel="norm of the gradient", log=True
    )
    return figure


widgets.explore(
    depth_figure,
    dict(
        depth=widgets.Slider(1, 24, 12, label="blocks"),
        skip=widgets.Checkbox(True, label="skips"),
        order=widgets.Options(
            {"post": "post", "pre": "pre", "the book's": "book", "none": "none"}, style="buttons", label="normalisation"
        ),
        ffn=widgets.Checkbox(True, label="FFN"),
    ),
    compute=depth_run,
    alt=lambda result: (
        f"After {result[0]} blocks the mean cosine between tokens is {result[1][-1]:.2f}; the gradient at the bottom is "
        f"{result[2][0] / result[2][-1]:.2g} times that at the top."
    ),
    table=lambda result: {
        "blocks": list(range(result[0] + 1)),
        "cosine": result[1].round(3).tolist(),
        "gradient": [f"{value:.3g}" for value in result[2]],
    },
    title="A stack of blocks",
)

# %% [markdown] id="task"
# ## A map that was learnt
#
# Now the promise from the beginning: train an encoder and look where its words look. The task must not be solvable word by word. Chapter 35 will translate from a small English grammar into French; here we take the first half of the job. For each English word, name the French word that stands for it, in its right *form*. The place stays where it is.

# %% id="task-run"
english, french = data.translation_pairs(3000, np.random.default_rng(0))
ADJECTIVES = {"black", "white", "green", "blue", "round"}


def in_english_order(sentence, translation):
    """The French words in the order of the English ones: an adjective stands behind its noun in French."""
    words, forms = sentence.split(), translation.split()
    for i, word in enumerate(words):
        if word in ADJECTIVES:
            forms[i], forms[i + 1] = forms[i + 1], forms[i]
    return forms


number = {word: i for i, word in enumerate(("", *data.ENGLISH_WORDS))}  # 0 is an empty place
form_number = {word: i for i, word in enumerate(data.FRENCH_WORDS)}
ids, labels = np.zeros((3000, 10), int), np.full((3000, 10), -1)
for row, pair in enumerate(zip(english, french, strict=True)):
    forms = in_english_order(*pair)
    ids[row, : len(forms)] = [number[word] for word in pair[0].split()]
    labels[row, : len(forms)] = [form_number[form] for form in forms]
train_ids, train_labels, test_ids, test_labels = ids[:2500], labels[:2500], ids[2500:], labels[2500:]
print(f"“{english[0]}” becomes “{' '.join(in_english_order(english[0], french[0]))}”")

counts = np.zeros((len(number), len(form_number)), int)
np.add.at(counts, (train_ids[train_ids > 0], train_labels[train_ids > 0]), 1)
several = [
    f"“{word}” {' '.join(data.FRENCH_WORDS[j] for j in np.flatnonzero(counts[i]))}"
    for word, i in number.items()
    if (counts[i] > 0).sum() > 1
]
print("words with several forms:", "; ".join(several))
real = test_ids > 0
print(
    f"word by word, each in its most frequent form: {(counts.argmax(axis=1)[test_ids] == test_labels)[real].mean():.3f} right"
)

# %% [markdown] id="task-meaning"
# Twelve of the 31 words have several forms. *see* is *vois*, *voyons* or *voient*, according to its subject; *the* is *le* or *la* and *white* is *blanc* or *blanche*, according to the noun behind them. (*sees* has one form only: the English ending says it already.) A dictionary that takes the most frequent form gets 76 % of the words right. The rest has to be read off other words.
#
# The network: an embedding of 32 numbers and the sinusoidal positions of chapter 33, two encoder layers in the order "pre" with four heads each, a last normalisation, a linear layer to the 48 French words. Sentences of different lengths are padded, and the mask keeps everybody from looking at the empty places.


# %% id="tagger"
class Tagger(nn.Module):
    """Words in, scores of the French forms out: ids (N, T), 0 for an empty place -> logits (N, T, 48)."""

    def __init__(self, D, heads, hidden, layers, *, rng, dtype=np.float32):
        self.embedding = nn.Embedding(len(number), D, rng=rng, dtype=dtype)
        self.positions = nn.sinusoidal_positions(ids.shape[1], D, dtype=dtype)
        self.layers = [
            nn.TransformerEncoderLayer(
                D, heads, hidden, dropout=0.0, batch_first=True, norm_first=True, rng=rng, dtype=dtype
            )
            for _ in range(layers)
        ]
        self.norm = nn.LayerNorm(D, dtype=dtype)
        self.output = nn.Linear(D, len(form_number), rng=rng, dtype=dtype)

    def forward(self, ids):
        mask = (ids > 0)[:, None, None, :]
        x, first = self.embedding.forward(ids)
        x, caches = x + self.positions[: ids.shape[1]], []
        for layer in self.layers:
            x, cache = layer.forward(x, mask=mask)
            caches.append(cache)
        x, norm = self.norm.forward(x)
        logits, last = self.output.forward(x)
        return logits, (first, caches, norm, last)

    def backward(self, dlogits, cache):
        first, caches, norm, last = cache
        dx = self.norm.backward(self.output.backward(dlogits, last), norm)
        for layer, own in zip(self.layers[::-1], caches[::-1], strict=True):
            dx = layer.backward(dx, own)
        self.embedding.backward(dx, first)

    def maps(self, ids):
        """Attention maps of all layers, (layers, N, heads, T, T)."""
        mask = (ids > 0)[:, None, None, :]
        x, found = self.embedding(ids) + self.positions[: ids.shape[1]], []
        for layer in self.layers:
            found.append(layer.self_attn.weights(layer.norm1(x), mask=mask))
            x = layer(x, mask=mask)
        return np.array(found)


def accuracy(model, ids, labels):
    """Share of the words whose form is right."""
    return float((model(ids).argmax(axis=-1) == labels)[ids > 0].mean())


rng = np.random.default_rng(1)
tagger = Tagger(32, 4, 64, 2, rng=rng)
optimizer = optim.Adam(tagger.parameters(), 5e-3)
steps, start = 300, time.perf_counter()
for step in range(steps):
    optimizer.lr = 5e-3 * min(1, (step + 1) / 30) * (1 - step / steps)
    some = rng.integers(0, len(train_ids), 64)
    logits, cache = tagger.forward(train_ids[some])
    words = train_ids[some] > 0
    loss, loss_cache = nn.cross_entropy(logits[words], train_labels[some][words])
    dlogits = np.zeros_like(logits)
    dlogits[words] = nn.cross_entropy_backward(1.0, loss_cache)
    tagger.backward(dlogits, cache)
    optimizer.step()
    optimizer.zero_grad()
    if (step + 1) % 50 == 0:
        print(f"step {step + 1}: loss {loss:.4f}, unseen sentences {accuracy(tagger, test_ids, test_labels):.3f}")
print(f"{time.perf_counter() - start:.1f} s, {sum(p.data.size for p in tagger.parameters()):,} parameters")

# %% [markdown] id="tagger-meaning"
# After 150 steps every word of 500 sentences that it never saw has the right form. So the network reads other words. Which ones? For each of the eight heads, here is the mean weight with which a word looks at the word that its form depends on:

# %% id="who-reads-whom"
subjects = [number[word] for word in ("i", "you", "he", "she", "we", "they")]
groups = {
    "see … paint to the subject": [number[word] for word in ("see", "want", "take", "find", "paint")],
    "sees … paints to the subject": [number[word] for word in ("sees", "wants", "takes", "finds", "paints")],
    "article to its noun": [number["the"], number["a"]],
    "adjective to its noun": [number[word] for word in ADJECTIVES],
}
adjectives = groups["adjective to its noun"]


def read_share(maps, group):
    """Mean weight, for each layer and head, with which the words of a group look at the word that they depend on."""
    rows, places = np.nonzero(np.isin(test_ids, groups[group]))
    if "subject" in group:
        targets = places - 1
    else:
        targets = places + 1 + np.isin(test_ids[rows, np.minimum(places + 1, 9)], adjectives)
    return maps[:, rows, :, places, targets].mean(axis=0)


test_maps = tagger.maps(test_ids)
print(f"{'layer.head':<29}", "   ".join(f"{layer}.{head}" for layer in (1, 2) for head in (1, 2, 3, 4)))
for group in groups:
    print(f"{group:<29}", "  ".join(f"{share:.2f}" for share in read_share(test_maps, group).ravel()))
print(f"looking everywhere alike: {1 / real.sum(axis=1).mean():.2f} on average")

# %% [markdown] id="map-meaning"
# The last number of a line is the fourth head of the second layer. From the article and from the adjective it looks at the noun with about 0.9, and from the verb at the subject with about 0.7. Nobody told it what a noun is. And see the second line: from the verbs with an *-s*, which have one French form only, no head looks at the subject with more than a quarter. **It reads where there is something to find out.** Here is that head on one sentence, next to the same head before training:


# %% id="map-run"
def encoded(sentence):
    """(1, T) numbers of the words of a sentence."""
    return np.array([[number[word] for word in sentence.split()]])


def translated(model, sentence):
    """The French form of each word."""
    return [data.FRENCH_WORDS[i] for i in model(encoded(sentence))[0].argmax(axis=-1)]


sentence = "hello they see a white car and a black cat"
untrained = Tagger(32, 4, 64, 2, rng=np.random.default_rng(1))
pair = [model.maps(encoded(sentence))[1, 0, 3] for model in (untrained, tagger)]
print(" ".join(translated(tagger, sentence)))
plots.show(
    map_figure(pair, sentence.split(), ("before training", "after training")),
    alt="Before training the map is spread over all words. After training see looks at they, the first a and white at car, the second a and black at cat, each with most of its weight.",
)

# %% [markdown] id="swap-text"
# A map shows where a network looks, not what it does with it. To know what depends on what, change something and see what changes:

# %% id="swap-run"
for old, new in (("they", "we"), ("car", "book"), ("cat", "flower"), ("hello", "and")):
    other = sentence.replace(old, new)
    changes = [
        f"{word}: {before} → {after}"
        for word, before, after in zip(
            sentence.split(), translated(tagger, sentence), translated(tagger, other), strict=True
        )
        if before != after and word != old
    ]
    print(f"{old:>5} → {new:<6} changes", "; ".join(changes) or "nothing else")

# %% [markdown] id="heads-widget-text"
# ## Try it
#
# Walk through the eight heads. Which of them would you give a name? To the right of the map stand the French forms, and in brackets what would come out without this head. The book says that heads look at different segments of the sentence and give better information about positions. Do yours?


# %% id="heads-widget" folded=true
def without(heads):
    """The tagger with some heads silenced; heads: pairs (layer, head)."""
    model, state = Tagger(32, 4, 64, 2, rng=np.random.default_rng(0)), tagger.state_dict()
    for layer, head in heads:
        state[f"layers.{layer}.self_attn.out_proj.weight"][:, 8 * head : 8 * head + 8] = 0
    model.load_state_dict(state)
    return model


def head_run(head, sentence):
    layer, head = divmod(head, 4)
    weights = tagger.maps(encoded(sentence))[layer, 0, head]
    return sentence.split(), weights, translated(tagger, sentence), translated(without([(layer, head)]), sentence)


def head_figure(result):
    """The map of one head, with the French forms beside it."""
    words, weights, whole, pruned = result
    figure = map_figure([weights], words)
    forms = [a if a == b else f"{a} ({b})" for a, b in zip(whole, pruned, strict=True)]
    right = figure.axes[0].secondary_yaxis("right")
    right.set_yticks(range(len(words)), forms)
    return figure


widgets.explore(
    head_figure,
    dict(
        head=widgets.Steps([f"layer {1 + i // 4}, head {1 + i % 4}" for i in range(8)], 7, label="head"),
        sentence=widgets.Options(
            [
                "hello they see a white car and a black cat",
                "she sees a white car and a black cat",
                "we paint a round flower and a blue dog",
                "i want the house",
            ],
            label="sentence",
        ),
    ),
    compute=head_run,
    alt=lambda result: (
        "Where each word looks most: "
        + ", ".join(
            f"“{word}” at “{result[0][row.argmax()]}” ({row.max():.2f})"
            for word, row in zip(result[0], result[1], strict=True)
        )
        + f". Words that change without this head: {sum(a != b for a, b in zip(result[2], result[3], strict=True))}."
    ),
    table=lambda result: {
        "word": [f"“{word}”" for word in result[0]],
        "looks most at": [f"“{result[0][i]}”" for i in result[1].argmax(axis=1)],
        "weight": result[1].max(axis=1).round(2).tolist(),
        "French": result[2],
        "without this head": result[3],
    },
    title="Eight heads",
)

# %% [markdown] id="prune-text"
# ## How many heads does it need?
#
# Silence one head after the other: first the one whose loss hurts least, then the next, until none is left. Nothing is trained again.

# %% id="prune-run"
left, gone = [(layer, head) for layer in range(2) for head in range(4)], []
alone = [accuracy(without([head]), test_ids, test_labels) for head in left]
print("without one head: ", "  ".join(f"{share:.3f}" for share in alone))
while left:
    scores_of = [accuracy(without([*gone, head]), test_ids, test_labels) for head in left]
    best = int(np.argmax(scores_of))
    gone.append(left.pop(best))
    print(
        f"heads left: {len(left)}, gone: layer {gone[-1][0] + 1}, head {gone[-1][1] + 1}   right {scores_of[best]:.3f}"
    )

# %% [markdown] id="prune-meaning"
# Only one of the heads is missed when it goes alone. Half of them can go together, and every word is still right; with the fourth head of the second layer as the only one left 98 % are. Without any head 76 % remain: that is the dictionary that we began with.
#
# So it is not guaranteed, as the book has it, that heads divide the sentence or the work among themselves. They have different matrices, and that is all. In large trained models too, many heads can be pruned (Michel, Levy and Neubig, 2019). Where a word stands, they learn from the positions that were added to the embedding, not from being many.

# %% [markdown] id="mistakes"
# ## Common mistakes
#
# - **Dividing by $d_k$, by $\sqrt n$, or by the $\sqrt{D}$ of the whole model.** The width of one head counts, and its root.
# - **The softmax over the wrong axis.** With as many queries as keys nothing crashes. Look whether the rows sum to 1.
# - **A reshape where an axis must be moved.** Splitting and merging undo each other even then, so a test of the round trip does not notice it.
# - **`.T` on an array of four axes.** It turns all of them round. `swapaxes(-1, -2)` turns the last two.
# - **Multiplying scores by the mask.** A score of 0 is an ordinary score:

# %% id="zero-mask"
scores_row, mask_row = np.array([-2.0, -1.0, 3.0]), np.array([True, True, False])
print("multiplied by the mask:", nn.softmax(scores_row * mask_row)[0].round(3), " the forbidden word gets the most")
print("−∞ where forbidden:    ", nn.softmax(np.where(mask_row, scores_row, -np.inf))[0].round(3))

# %% [markdown] id="mistakes-more"
# - **Padding forgotten.** Without its mask every sentence reads the empty places, and a longer batch gives other answers.
# - **Layer normalisation over tokens, or over the batch**, as above; and `var(ddof=1)`, which is the default of some libraries.
# - **A backward pass of layer normalisation with μ and σ held constant.** It has the right shape and a plausible size. Only a comparison with differences shows it.
# - **The normalisation inside the sum, $x + \mathrm{LN}(F(x))$**, as the book has it.
# - **Reading an attention map as an explanation.** Change something and see what happens.

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# The parameters of `dlbook.nn` have PyTorch's names and layouts, so `load_state_dict` moves them across. One thing is not the same everywhere: in `scaled_dot_product_attention` a True in the mask means *may look*, as here; in `nn.MultiheadAttention` and `nn.TransformerEncoderLayer` it means *may not*.

# %% id="torch-check"
try:
    import torch
    from torch.nn import functional as F
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    rng = np.random.default_rng(0)

    def tensors(*arrays):
        return [torch.from_numpy(array).requires_grad_() for array in arrays]

    def largest(ours, theirs):
        return f"{np.abs(ours - theirs.detach().numpy()).max():.0e}"

    q, k, v, dy = (rng.normal(size=(2, 4, 5, 8)) for _ in range(4))
    mask = nn.causal_mask(5)
    y, cache = nn.attention(q, k, v, mask)
    qt, kt, vt = tensors(q, k, v)
    theirs = F.scaled_dot_product_attention(qt, kt, vt, attn_mask=torch.from_numpy(mask))
    theirs.backward(torch.from_numpy(dy))
    gradients = zip(nn.attention_backward(dy, cache), (qt.grad, kt.grad, vt.grad), strict=True)
    print("attention:           forward", largest(y, theirs), " gradients", *(largest(a, b) for a, b in gradients))

    x, weight, bias, dy = rng.normal(size=(2, 5, 8)), rng.normal(size=8), rng.normal(size=8), rng.normal(size=(2, 5, 8))
    y, cache = nn.layer_norm(x, weight, bias)
    xt, wt, bt = tensors(x, weight, bias)
    theirs = F.layer_norm(xt, (8,), wt, bt)
    theirs.backward(torch.from_numpy(dy))
    gradients = zip(nn.layer_norm_backward(dy, cache), (xt.grad, wt.grad, bt.grad), strict=True)
    print("layer normalisation: forward", largest(y, theirs), " gradients", *(largest(a, b) for a, b in gradients))

    def moved(ours, theirs):
        theirs.double().load_state_dict({name: torch.from_numpy(array) for name, array in ours.state_dict().items()})
        return theirs

    ours = nn.MultiheadAttention(8, 4, batch_first=True, rng=rng)
    theirs = moved(ours, torch.nn.MultiheadAttention(8, 4, batch_first=True))
    (xt,) = tensors(x)
    there, average = theirs(xt, xt, xt, attn_mask=torch.from_numpy(~mask))
    print("multi-head:          forward", largest(ours(x, mask=mask), there), end="")
    print("  mean of the heads' maps", largest(ours.weights(x, mask=mask).mean(axis=1), average))

    for norm_first, name in ((False, "post"), (True, "pre")):
        ours = nn.TransformerEncoderLayer(8, 4, 16, dropout=0.0, batch_first=True, norm_first=norm_first, rng=rng)
        theirs = moved(ours, torch.nn.TransformerEncoderLayer(8, 4, 16, 0.0, batch_first=True, norm_first=norm_first))
        y, cache = ours.forward(x)
        (xt,) = tensors(x)
        there = theirs(xt)
        there.backward(torch.from_numpy(dy))
        print(
            f"encoder layer, {name:<4}  forward",
            largest(y, there),
            " gradient",
            largest(ours.backward(dy, cache), xt.grad),
        )

# %% [markdown] id="gpu"
# On a GPU attention is limited not by multiplications but by memory: for 8,192 tokens the map of *one* head has 67 million numbers, 268 MB in single precision. `scaled_dot_product_attention` chooses a kernel that computes the softmax block by block and never stores the map (FlashAttention; Dao and others, 2022). The price is that you cannot look at it: `need_weights=False` in `nn.MultiheadAttention` allows the fast way.
#
# Today's large models keep the block of this page with small changes: RMSNorm, which leaves out the mean and $\beta$; rotary positions inside the heads (chapter 33); GELU or a gated FFN; fewer keys and values than queries.

# %% [markdown] id="weights-quiz" question="quiz"
# A multi-head attention with $D = 512$ goes from 8 heads to 16. No biases. How many weights does it have then?
#
# - [ ] 2,097,152: each head becomes half as wide, so twice as many heads need no more weights.
# - [x] 1,048,576: 4 · 512², as before; the heads are slices of the same matrices.
# - [ ] 786,432: these are the three projections; the output matrix is missing.

# %% [markdown] id="cut-quiz" question="quiz"
# The numbers of one token are all multiplied by 3, and 7 is added to each. What does layer normalisation make of it?
#
# - [x] What it made before: mean and standard deviation move along, up to the tiny ε.
# - [ ] Three times what it made before: the division by σ takes the factor away.
# - [ ] The same plus 7: the mean moves by 7 too, and is taken away.

# %% [markdown] id="order-quiz" question="quiz"
# The words of a sentence are shuffled, without any positions added, and sent through an encoder. What happens to the outputs?
#
# - [ ] They change in every way: each word still reads the same set of words, with the same weights.
# - [x] They are shuffled in the same way, and else unchanged: attention treats the others as a set, and the FFN and the normalisation see one token each.
# - [ ] Nothing at all happens: the outputs stand at the places of their words, and these have moved.

# %% [markdown] id="questions"
# ## To think about
#
# 1. The bias of the keys, $b_k$ in $k = xW_k^\top + b_k$, never gets a gradient. Why?
# 2. The derivation of $\mathrm{Var}(q\cdot k) = d_k$ holds at the start. What may training do to it, and why is that no objection to $\sqrt{d_k}$?
# 3. In "post" the last thing a block does is normalise. Why does a stack of "pre" blocks need one more normalisation at its end, and "post" does not?
# 4. Attention without a softmax, $Y = (QK^\top)V$, could be computed as $Q(K^\top V)$. What is gained, and what is lost?
#
# <details><summary>Answers</summary>
#
# 1. It adds the same number, $q\cdot b_k$, to all scores of a row, and the softmax does not change when all scores of a row move together. Each row of $dS$ sums to zero.
# 2. Queries and keys can grow and become alike, and the scores larger: that is how a head learns to look sharply. But it starts where the softmax lets gradients through, and it can go back.
# 3. In "pre" nothing ever normalises the sum that travels on the skips, and it grows with depth: 4.2 in place of 1 above.
# 4. Time and memory grow with $n$ instead of $n^2$. Lost is the choice: scores can be negative and need not sum to 1, and no word can outweigh all others exponentially.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# A. Vaswani and others, *Attention is all you need* (2017). D. Bahdanau, K. Cho and Y. Bengio, *Neural machine translation by jointly learning to align and translate* (2015), for additive attention. J. Ba, J. Kiros and G. Hinton, *Layer normalization* (2016). K. He and others, *Deep residual learning* (2016). P. Michel, O. Levy and G. Neubig, *Are sixteen heads really better than one?* (2019). R. Xiong and others, *On layer normalization in the Transformer architecture* (2020). Y. Dong, J.-B. Cordonnier and A. Loukas, *Attention is not all you need: pure attention loses rank doubly exponentially with depth* (2021). S. Jain and B. Wallace, *Attention is not explanation* (2019). T. Dao and others, *FlashAttention* (2022). The book, chapters 88 and 89.
#
# **Next**, chapter 35: a decoder beside the encoder, and the sentence comes out in French, in the right order.
