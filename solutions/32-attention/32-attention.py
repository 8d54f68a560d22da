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
#     title: Attention
#     minutes: 110
#     needs: [09-cross-entropy, 21-lstm-gru]
#     book: [85, 87]
# ---

# %% [markdown] id="title"
# # Attention: looking back instead of remembering
#
# **After this page you can** say why a state is a narrow place and what attention does about it, read from a memory by soft retrieval and send the gradient back through the reading, tell the dot product from the cosine and both from a projection, and count what a layer of attention costs.
#
# **Time** 40 minutes to read, 70 for the five exercises. **You need** softmax and cross-entropy (chapter 09) and the LSTM (chapter 21).

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, nn, optim, plots

# %% [markdown] id="narrow"
# ## The narrow place
#
# A recurrent network reads a sentence token by token and folds all it has seen into one vector. Chapter 20 described a translator of that kind: one network reads the English sentence, its last state is handed to a second one, and that writes the French sentence. The first French word depends most on the beginning of the English sentence. But the beginning is what was read first and has been overwritten most often.
#
# Until 2017 the best translators were LSTMs and GRUs of this kind. In principle their state can hold a token as long as it likes. In practice, as chapters 20 and 21 measured, the gradient that should teach it to do so arrives at the early tokens as almost nothing.
#
# The smallest task that shows it is a **needle in a haystack**. The network reads a row of $n$ random tokens, ten kinds of them. Then it must say which token came *first*. All others are hay.
#
# The alternative is on this page. Keep *all* the states or tokens, give each a **score** that says how much it matters now, and read the mean of all of them, weighted by a softmax of the scores:
#
# $$c = \sum_{j=1}^n \alpha_j h_j, \qquad \alpha = \mathrm{softmax}(e), \qquad e_j = \text{score of } h_j$$
#
# That is **attention**. The scores are computed from what is there, by weights that are learnt.

# %% [markdown] id="needle-question" question="predict"
# An LSTM and one layer of attention learn the needle task with 200 steps of Adam each, on rows of 10, 40 and 100 tokens. Guessing gives 0.10. How will they do?
#
# - [ ] Both find it at 10 and at 40, and lose it at 100: attention has no trouble with 100 tokens; each is one arrow away.
# - [x] Both find it at 10, only attention at 40 and 100: at 40 steps the LSTM's gradient is too faint to learn from.
# - [ ] The LSTM finds it at every length, for that is what its cell was made for: the cell could hold the token, but nothing teaches it to.

# %% [markdown] id="readers-text"
# Both readers turn a token into a vector of 32 numbers. The attentive one adds a second vector that says *where* the token stands (chapter 33 takes those sines apart). Then three matrices make of each token a **key**, by which it is found, and a **value**, which is read, and of the last token a **query**, the question. The score is the product of query and key, divided by $\sqrt{32}$; chapter 34 says why.


# %% id="attention-reader"
KINDS, WIDTH = 10, 32


class AttentionReader(nn.Module):
    """One attention over all tokens, asked by the last: token numbers (N, n) to logits (N, 10)."""

    def __init__(self, n, rng, positions=True):
        self.embed = nn.Embedding(KINDS, WIDTH, rng=rng, dtype=np.float32)
        self.query, self.key, self.value = (
            nn.Linear(WIDTH, WIDTH, bias=False, rng=rng, dtype=np.float32) for _ in range(3)
        )
        self.output = nn.Linear(WIDTH, KINDS, rng=rng, dtype=np.float32)
        self.places = positions * nn.sinusoidal_positions(n, WIDTH, dtype=np.float32)

    def forward(self, tokens):
        embedded, c_embed = self.embed.forward(tokens)
        x = embedded + self.places
        (q, c_query), (k, c_key) = self.query.forward(x[:, -1:]), self.key.forward(x)
        v, c_value = self.value.forward(x)
        read, c_read = nn.attention(q, k, v)
        logits, c_output = self.output.forward(read[:, 0])
        return logits, (c_embed, c_query, c_key, c_value, c_read, c_output)

    def backward(self, dlogits, cache):
        c_embed, c_query, c_key, c_value, c_read, c_output = cache
        dread = self.output.backward(dlogits, c_output)
        dq, dk, dv = nn.attention_backward(dread[:, None], c_read)
        dx = self.key.backward(dk, c_key) + self.value.backward(dv, c_value)
        dx[:, -1:] += self.query.backward(dq, c_query)
        self.embed.backward(dx, c_embed)

    def weights(self, tokens):
        """α (N, n): how much of each token is read."""
        x = self.embed(tokens) + self.places
        scores = np.einsum("nd,njd->nj", self.query(x[:, -1]), self.key(x))
        return nn.softmax(scores / np.sqrt(WIDTH))[0]


# %% [markdown] id="lstm-reader-text"
# The LSTM starts with a forget bias of 1, as chapter 21 advised. It can also be given an attention of its own: with `attend` the last state asks a question, and *all* its states answer. We shall need that in a moment.


# %% id="lstm-reader" folded=true
class LSTMReader(nn.Module):
    """An LSTM whose last state answers: token numbers (N, n) to logits (N, 10).

    forget : the bias of the forget gate at the start.  attend : the answer also sees an attention over all states.
    """

    def __init__(self, n, rng, forget=1.0, attend=False):
        self.embed = nn.Embedding(KINDS, WIDTH, rng=rng, dtype=np.float32)
        self.memory = nn.LSTM(WIDTH, WIDTH, rng=rng, dtype=np.float32)
        self.memory.bias_ih_l0.data[WIDTH : 2 * WIDTH] = forget
        self.query = nn.Linear(WIDTH, WIDTH, bias=False, rng=rng, dtype=np.float32) if attend else None
        self.output = nn.Linear(WIDTH * (2 if attend else 1), KINDS, rng=rng, dtype=np.float32)

    def forward(self, tokens):
        x, c_embed = self.embed.forward(tokens.T)
        (h, _), c_memory = self.memory.forward(x)
        answer, c_query, c_read = h[-1], None, None
        if self.query is not None:
            q, c_query = self.query.forward(h[-1][:, None])
            states = h.swapaxes(0, 1)
            read, c_read = nn.attention(q, states, states)
            answer = np.concatenate([h[-1], read[:, 0]], axis=1)
        logits, c_output = self.output.forward(answer)
        return logits, (c_embed, c_memory, c_query, c_read, c_output, h)

    def backward(self, dlogits, cache):
        c_embed, c_memory, c_query, c_read, c_output, h = cache
        danswer, dh = self.output.backward(dlogits, c_output), np.zeros_like(h)
        dh[-1] = danswer[:, :WIDTH]
        if self.query is not None:
            dq, dk, dv = nn.attention_backward(danswer[:, None, WIDTH:], c_read)
            dh += (dk + dv).swapaxes(0, 1)
            dh[-1] += self.query.backward(dq, c_query)[:, 0]
        self.embed.backward(self.memory.backward(dh, c_memory)[0], c_embed)


# %% id="needle-run"
def learn_needle(reader, n, lr, steps=200, seed=0):
    """A trained reader, its accuracy on 1,000 new rows, and that on the batch of each step."""
    rng = np.random.default_rng(seed)
    model = reader(n, rng)
    optimizer = optim.Adam(model.parameters(), lr)
    history = []
    for _ in range(steps):
        tokens = rng.integers(0, KINDS, (64, n))
        logits, cache = model.forward(tokens)
        history.append(np.mean(logits.argmax(axis=1) == tokens[:, 0]))
        _, c_loss = nn.cross_entropy(logits, tokens[:, 0])
        optimizer.zero_grad()
        model.backward(nn.cross_entropy_backward(1.0, c_loss), cache)
        optimizer.step()
    tokens = rng.integers(0, KINDS, (1000, n))
    return model, np.mean(model(tokens).argmax(axis=1) == tokens[:, 0]), history


needles = {}
for n in (10, 40, 100):
    needles["attention", n] = learn_needle(AttentionReader, n, lr=0.005)
    needles["LSTM", n] = learn_needle(LSTMReader, n, lr=0.01)
    print(f"n = {n:>3}   LSTM {needles['LSTM', n][1]:.2f}   attention {needles['attention', n][1]:.2f}")

# %% [markdown] id="needle-meaning"
# With ten tokens both find the needle. With forty and with a hundred the LSTM guesses, while attention is always right. (Each has the step size that suits it. With the other's the LSTM guesses just the same, and attention finds 1.00, 0.90 and 1.00.)
#
# Is the LSTM too weak to *hold* the token for forty steps? Two cures tell. The first opens its forget gates at the start, by a bias of 3. The second leaves the LSTM alone and adds attention over its states, as translators did from 2014 on.

# %% id="cures-run"
FULL = False
cures = {
    "LSTM, forget bias 3": lambda n, rng: LSTMReader(n, rng, forget=3.0),
    "LSTM with attention": lambda n, rng: LSTMReader(n, rng, attend=True),
}
for name, reader in cures.items():
    for n in (40, 100) if FULL else (40,):
        needles[name, n] = learn_needle(reader, n, lr=0.01, steps=400 if n == 100 else 200)
        print(f"{name}, n = {n}: {needles[name, n][1]:.2f}")

figure = plots.figure(7, 3)
plots.learning_curves(
    figure.subplots(),
    {name: np.mean(np.reshape(needles[name, 40][2], (-1, 10)), axis=1) for name in ["LSTM", *cures, "attention"]},
    xlabel="ten steps of training",
    ylabel="share found",
)
plots.show(
    figure,
    alt="Forty tokens, share of needles found during training. The LSTM stays at 0.1. With a forget bias of 3 it rises slowly; with attention over its states, and with attention alone, the curve jumps to 1 within about a hundred steps.",
)

# %% [markdown] id="cures-meaning"
# With open gates the same LSTM reads 0.99 of the needles: it *can* hold a token for forty steps, it only was not taught. But it needs a lucky start: two others gave 1.00 and 0.28. With attention it read all of them in three starts out of three. A state from forty steps ago is now one arrow from the answer, so the gradient reaches the beginning at once, and the LSTM has to remember nothing.
#
# At 100 tokens (`FULL = True`, 400 steps, measured once) the LSTM with attention still finds every needle, and the one with open gates 0.10. And attention alone, without any LSTM, is the quickest of all: that is the title of the paper of 2017, *Attention Is All You Need*.

# %% [markdown] id="look-text"
# What did the attentive reader learn? Its weights $\alpha$ can be looked at. Here is the mean over 500 rows, before and after training:

# %% id="look-run"
rng = np.random.default_rng(1)
tokens = rng.integers(0, KINDS, (500, 40))
before = AttentionReader(40, np.random.default_rng(0)).weights(tokens).mean(axis=0)
after = needles["attention", 40][0].weights(tokens).mean(axis=0)
print(f"on the first token: {before[0]:.3f} before, {after[0]:.3f} after; on each of the others {after[1:].mean():.4f}")
figure = plots.figure(7, 2.6)
ax = figure.subplots()
ax.bar(np.arange(1, 41) - 0.2, before, 0.4, color=plots.ORANGE, label="before")
ax.bar(np.arange(1, 41) + 0.2, after, 0.4, color=plots.BLUE, hatch="//", label="after")
ax.set(xlabel="token", ylabel="weight α")
ax.legend()
plots.show(
    figure,
    alt=f"Weights on forty tokens. Before training all are near 1/40; afterwards the first token has {after[0]:.2f} and the others next to nothing.",
)

# %% [markdown] id="look-meaning"
# Before training it looks everywhere, about 1/40 at each token. Afterwards 0.992 of what it reads is the first token. Nobody told it where to look. Gradient descent moved the query towards the key of the first *place*; what is read there, the value, is the *kind* of token.
#
# Take the places away, and the reader is lost, even with ten tokens: attention by itself does not know the order. Shuffle keys and values together, and the result is the same. "Not in order", which the book counts as a strength, is first of all a lack, which the positions mend. The best that one can do without order is to name the kind that is most frequent among the other nine tokens:

# %% id="blind-run"
_, accuracy, _ = learn_needle(lambda n, rng: AttentionReader(n, rng, positions=False), 10, lr=0.005)
rng = np.random.default_rng(2)
rows = rng.integers(0, KINDS, (5000, 9))
most = np.mean([np.bincount(row).max() / 9 for row in rows])
print(f"n = 10, without positions: {accuracy:.2f}; by naming the most frequent of the other nine: {most:.2f}")
q, k, v, order = rng.normal(size=(1, 8)), rng.normal(size=(6, 8)), rng.normal(size=(6, 3)), rng.permutation(6)
same = np.allclose(nn.attention(q, k, v)[0], nn.attention(q, k[order], v[order])[0])
print("keys and values shuffled together, same read-out:", same)

# %% [markdown] id="path"
# ## How far the signal travels
#
# In a recurrent network the signal from token 1 to the end passes through $n$ steps, and on the way back the gradient is multiplied $n$ times. Through attention it passes once. We can measure both: the norm of the Jacobian $\partial y/\partial x_j$, of the last state of a network, and of the read-out, with respect to the token at distance $n - j$. All weights are random; nothing was trained.
#
# Move the length and the needle. Does the gradient of the recurrent networks depend on the length, or on the distance? And that of attention?


# %% id="path-widget" folded=true
def jacobian_norms(n, seed=0):
    """‖∂y/∂x_j‖ for every token j, of the last state of an RNN and of an LSTM, and of an attention read-out."""
    rng = np.random.default_rng(seed)
    x = np.repeat(rng.normal(size=(n, 1, WIDTH)), WIDTH, axis=1)  # WIDTH copies, one for each output
    norms = {}
    for name, layer in {"RNN": nn.RNN(WIDTH, WIDTH, rng=rng), "LSTM": nn.LSTM(WIDTH, WIDTH, rng=rng)}.items():
        if name == "LSTM":
            layer.bias_ih_l0.data[WIDTH : 2 * WIDTH] = 1.0
        (h, _), cache = layer.forward(x)
        dh = np.zeros_like(h)
        dh[-1] = np.eye(WIDTH)
        norms[name] = np.linalg.norm(layer.backward(dh, cache)[0], axis=(1, 2))
    W = rng.normal(size=(3, WIDTH, WIDTH)) / np.sqrt(WIDTH)
    rows = x.swapaxes(0, 1)
    _, cache = nn.attention(rows[:, -1:] @ W[0].T, rows @ W[1].T, rows @ W[2].T)
    dq, dk, dv = nn.attention_backward(np.eye(WIDTH)[:, None], cache)
    dx = dk @ W[1] + dv @ W[2]
    dx[:, -1:] += dq @ W[0]
    norms["attention"] = np.linalg.norm(dx, axis=(0, 2))
    return norms


def path(n, distance):
    return n, min(distance, n - 1), jacobian_norms(n)


def path_figure(result):
    """The two ways of the signal (left), the gradient by distance (right)."""
    n, distance, norms = result
    figure = plots.figure(9, 3.2)
    left, right = figure.subplots(1, 2, width_ratios=(1.2, 1))
    places, needle = np.arange(1, n + 1), n - distance
    left.plot(places, 0 * places, "o", color=plots.GREY, markersize=5 if n <= 40 else 3)
    left.plot([needle], [0], "D", color=plots.VERMILION, markersize=9)
    left.plot([n], [0], "s", color=plots.BLACK, markersize=8)
    for start in range(needle, n):
        left.annotate("", (start + 1, -0.25), (start, -0.25), arrowprops=dict(arrowstyle="->", color=plots.BLUE))
    if distance:
        bow = dict(arrowstyle="->", color=plots.VERMILION, linewidth=2, connectionstyle="arc3,rad=-0.3")
        left.annotate("", (n, 0.1), (needle, 0.1), arrowprops=bow)
    left.text((needle + n) / 2, -0.55, f"recurrent, arrows: {distance}", ha="center", color=plots.BLUE)
    left.text((needle + n) / 2, 1.0, f"attention, arrows: {min(distance, 1)}", ha="center", color=plots.VERMILION)
    left.set(xlim=(0, n + 1), ylim=(-1, 1.4), xlabel="token", yticks=[])
    left.grid(False)
    for (name, norm), style, colour in zip(
        norms.items(), ("-", "--", "-."), (plots.BLUE, plots.GREEN, plots.VERMILION), strict=True
    ):
        right.plot(np.arange(n), norm[::-1], style, color=colour, label=name)
    right.axvline(distance, color=plots.GREY, linewidth=1)
    right.set(yscale="log", xlabel="distance", ylabel="‖∂y/∂x‖")
    right.legend()
    return figure


from dlbook import widgets

widgets.explore(
    path_figure,
    dict(
        n=widgets.Slider(2, 100, 40, label="length n"),
        distance=widgets.Slider(0, 99, 39, label="distance of the needle"),
    ),
    compute=path,
    alt=lambda result: (
        f"{result[0]} tokens, the needle at distance {result[1]}: gradient of the RNN "
        f"{result[2]['RNN'][result[0] - 1 - result[1]]:.0e}, of the LSTM {result[2]['LSTM'][result[0] - 1 - result[1]]:.0e}, "
        f"of attention {result[2]['attention'][result[0] - 1 - result[1]]:.0e}."
    ),
    table=lambda result: [
        {"network": name, "‖∂y/∂x‖ at the needle": f"{norm[result[0] - 1 - result[1]]:.1e}"}
        for name, norm in result[2].items()
    ],
    title="The way of the signal",
)

# %% [markdown] id="path-meaning"
# The recurrent gradients depend on the distance: with every step back they lose the same factor. With 40 tokens there arrive from the first one 5·10⁻¹⁴ in the plain RNN and 10⁻⁴ in the LSTM with its forget bias of 1; with 100 tokens it is 3·10⁻³⁴ and 4·10⁻¹⁰. Attention sends back 0.07, in both cases.
#
# Its gradient does not know the distance. It is larger or smaller because of the token's *weight*: what is hardly read is hardly taught. So attention is not free of trouble. Among many tokens each begins with a weight of about $1/n$, and the right one must first be found.

# %% [markdown] id="readout-statement" statement="readout"
# ### Exercise 1: the read-out (4 points)
#
# Write `attention_readout(scores, h)` for a batch: `scores (N, n)` and `h (N, n, d)`, the $n$ vectors of each example. It returns `c (N, d)` and `alpha (N, n)`:
#
# $$\alpha_j = \frac{e^{s_j}}{\sum_l e^{s_l}}, \qquad c = \sum_j \alpha_j h_j$$
#
# Every example has a softmax of its own. Scores may be as large as 1000, and nothing may overflow: taking the same number off all scores of an example changes no weight.
#
# Check by hand: `scores = [[0, ln 3]]` and `h = [[[4], [8]]]` give `alpha = [[0.25, 0.75]]` and `c = [[7]]`.


# %% id="readout" exercise=true difficulty=1 by_hand="nn data optim library_readout"
def attention_readout(scores, h):
    """Weighted mean of h (N, n, d) by the softmax of scores (N, n) -> c (N, d), alpha (N, n)."""
    ### BEGIN SOLUTION
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    alpha = weights / weights.sum(axis=1, keepdims=True)
    return np.einsum("nj,njd->nd", alpha, h), alpha
    ### END SOLUTION


# %% [markdown] id="readout-hints" hints="readout"
# - batch: The softmax runs over the wrong axis: the weights of one example add up to 1, not those of one place in all examples.
# - sum: The weights do not add up to 1: divide by their sum.
# - hard: That is the vector with the highest score alone. A soft read-out takes something of all.
# - plain: That is the plain mean: the scores do not count.


# %% id="readout-case" given=true
def library_readout(scores, h):
    """c (N, d) and alpha (N, n), by the attention of dlbook.nn with the query 1 and the scores as keys."""
    one = np.ones((len(scores), 1, 1))
    c = nn.attention(one, scores[..., None], h)[0][:, 0]
    each = np.broadcast_to(np.eye(scores.shape[1]), (*scores.shape, scores.shape[1]))
    return c, nn.attention(one, scores[..., None], each)[0][:, 0]


def readout_case(N, n, d):
    """Scores, vectors and an upstream gradient that are the same on every machine: scores, h, dc."""
    scores = 1.5 * np.cos(1.7 * np.arange(N * n) + 0.3).reshape(N, n)
    h = np.sin(0.9 * np.arange(N * n * d) + 0.4).reshape(N, n, d)
    return scores, h, np.cos(2.1 * np.arange(N * d) - 0.5).reshape(N, d)


# %% id="readout-weights" test="readout" points=2
@check.exercise("32-attention/readout")
def weights_and_read_out():
    """Weights and read-out of three examples"""
    scores, h, _ = readout_case(3, 5, 2)
    c, alpha = check.call(attention_readout, scores, h, returns=("c", "alpha"))
    raw = np.exp(scores)
    right_c, right = library_readout(scores, h)
    check.close(alpha, right, name="alpha", hints={
        "batch": lambda right: raw / raw.sum(axis=0),
        "sum": lambda right: raw,
        "hard": lambda right: np.eye(5)[scores.argmax(axis=1)],
        "plain": lambda right: 0 * right + 1 / 5,
    })  # fmt: skip
    check.close(c, right_c, name="c", hints={
        "sum": lambda right: np.einsum("nj,njd->nd", raw, h),
        "hard": lambda right: h[np.arange(3), scores.argmax(axis=1)],
        "plain": lambda right: h.mean(axis=1),
    })  # fmt: skip


# %% id="readout-large" test="readout" points=1
@check.exercise("32-attention/readout")
def large_scores():
    """Scores near 1000 and near −1000"""
    scores, h, _ = readout_case(2, 4, 3)
    shifted = scores + np.array([[1000.0], [-1000.0]])
    c, alpha = check.call(attention_readout, shifted, h, returns=("c", "alpha"))
    right_c, right = library_readout(scores, h)
    check.close(alpha, right, name="alpha")
    check.close(c, right_c, name="c")


# %% id="readout-hidden" test="readout" points=1 hidden=true
@check.exercise("32-attention/readout", hidden=True)
def other_sizes_of_the_read_out():
    """One example, one vector, as many examples as vectors"""
    rng = check.rng(1)
    for N, n, d in [(1, 6, 4), (5, 1, 3), (4, 4, 4), (2, 7, 1)]:
        scores, h = 5 * rng.normal(size=(N, n)), rng.normal(size=(N, n, d))
        c, alpha = check.call(attention_readout, scores, h, returns=("c", "alpha"))
        right_c, right = library_readout(scores, h)
        check.close(alpha, right, name=f"alpha for N = {N}, n = {n}")
        check.close(c, right_c, name=f"c for N = {N}, n = {n}, d = {d}")


# %% [markdown] id="back"
# ## The gradient of looking
#
# Attention is learnt because it is *soft*. If the reader took only the vector with the highest score, a small change of the scores would change nothing, and their gradient would be zero. With the softmax every score counts a little.
#
# Two things go into the read-out, the vectors and the scores. A loss sends back $\mathrm{dc} = \partial L/\partial c$. What do $h_j$ and $s_j$ receive? For the scores go through the weights: first $\partial L/\partial\alpha_j$, from the sum; then the softmax, whose Jacobian you know from chapter 04,
#
# $$\frac{\partial \alpha_i}{\partial s_j} = \alpha_i\,(\delta_{ij} - \alpha_j)$$
#
# The result has a meaning worth finding in your formula: a score rises if its vector is better for the loss than what was read on the whole, $c$, and falls if it is worse.

# %% [markdown] id="back-statement" statement="readout-backward"
# ### Exercise 2: back through the read-out (6 points)
#
# Write `attention_readout_backward(dc, alpha, h)` for `dc (N, d)`, `alpha (N, n)` and `h (N, n, d)`. It returns `dscores (N, n)` and `dh (N, n, d)`. Here the scores are given by themselves: `h` reaches the loss only as what is read. (Where the vectors are keys as well, that part comes on top.) Derive it; no differences, and no call of the forward pass.
#
# Check by hand: `alpha = [[0.25, 0.75]]`, `h = [[[4], [8]]]`, `dc = [[1]]` give `dscores = [[−0.75, 0.75]]` and `dh = [[[0.25], [0.75]]]`.


# %% id="readout-backward" exercise=true difficulty=3 by_hand="nn data optim attention_readout library_readout"
def attention_readout_backward(dc, alpha, h):
    """Gradients from dc (N, d), with alpha (N, n) and h (N, n, d) -> dscores (N, n), dh (N, n, d)."""
    ### BEGIN SOLUTION
    dalpha = np.einsum("nd,njd->nj", dc, h)
    dscores = alpha * (dalpha - (alpha * dalpha).sum(axis=1, keepdims=True))
    return dscores, alpha[..., None] * dc[:, None]
    ### END SOLUTION


# %% [markdown] id="back-hints" hints="readout-backward"
# - coupled: A score changes all weights, for they add up to 1: the sum over the other weights is missing.
# - weight: The factor α is missing: a score whose weight is nearly zero moves nearly nothing.
# - diagonal: α(1 − α) is only the diagonal of the Jacobian: each score also moves the weights of the others.
# - batch: The sum of the softmax runs over the examples: each example has a softmax of its own.
# - mean: What is taken off is the mean weighted by α, not the plain one.
# - shared: A vector receives dc times its own weight, not the whole dc.
# - slope: That is the gradient of the scores times dc: a vector is read by its weight α.


# %% id="back-scores" test="readout-backward" points=2
@check.exercise("32-attention/readout-backward")
def gradient_of_the_scores():
    """The gradient of the scores, three examples"""
    scores, h, dc = readout_case(3, 4, 2)
    alpha = library_readout(scores, h)[1]
    dscores, _ = check.call(attention_readout_backward, dc, alpha, h, returns=("dscores", "dh"))
    da = (h @ dc[..., None])[..., 0]
    check.gradient(lambda v: np.sum(dc * library_readout(v, h)[0]), dscores, scores, name="dscores", hints={
        "coupled": lambda right: alpha * da,
        "weight": lambda right: right / alpha,
        "diagonal": lambda right: alpha * (1 - alpha) * da,
        "batch": lambda right: alpha * (da - (alpha * da).sum(axis=0)),
        "mean": lambda right: alpha * (da - da.mean(axis=1, keepdims=True)),
    })  # fmt: skip


# %% id="back-vectors" test="readout-backward" points=2
@check.exercise("32-attention/readout-backward")
def gradient_of_the_vectors():
    """The gradient of the vectors"""
    scores, h, dc = readout_case(2, 3, 4)
    alpha = library_readout(scores, h)[1]
    dscores, dh = check.call(attention_readout_backward, dc, alpha, h, returns=("dscores", "dh"))
    check.gradient(lambda v: np.sum(dc * library_readout(scores, v)[0]), dh, h, name="dh", hints={
        "shared": lambda right: right / alpha[..., None],
        "slope": lambda right: dscores[..., None] * dc[:, None],
    })  # fmt: skip


# %% id="back-hidden" test="readout-backward" points=2 hidden=true
@check.exercise("32-attention/readout-backward", hidden=True)
def other_sizes_of_the_gradients():
    """One example, one vector, nearly hard weights"""
    rng = check.rng(2)
    for N, n, d, scale in [(1, 5, 3, 1.0), (4, 1, 2, 1.0), (3, 6, 1, 30.0), (2, 2, 2, 3.0)]:
        scores, h, dc = scale * rng.normal(size=(N, n)), rng.normal(size=(N, n, d)), rng.normal(size=(N, d))
        alpha = library_readout(scores, h)[1]
        dscores, dh = check.call(attention_readout_backward, dc, alpha, h, returns=("dscores", "dh"))
        _, cache = nn.attention(np.ones((N, 1, 1)), scores[..., None], h)
        _, dk, dv = nn.attention_backward(dc[:, None], cache)
        check.close(dscores, dk[..., 0], name=f"dscores for N = {N}, n = {n}")
        check.close(dh, dv, name=f"dh for N = {N}, n = {n}, d = {d}")


# %% [markdown] id="retrieval"
# ## A soft dictionary
#
# Where do the scores come from? The words *query*, *key* and *value* come from searching. You type a query into a video site. It is compared with the keys, that is, with titles and descriptions; the video that fits best is the value you get. A Python dictionary is stricter still: the key must be *equal*.
#
# A search takes the one item with the highest score. Attention takes a mixture of all items, with weights by score. A number $\beta$ says how hard it is:
#
# $$\mathrm{read}(q) = \sum_j \alpha_j v_j, \qquad \alpha_j = \frac{e^{\beta\,\mathrm{sim}(q, k_j)}}{\sum_l e^{\beta\,\mathrm{sim}(q, k_l)}}$$
#
# With $\beta\to\infty$ only the best is left: the search. With $\beta = 0$ all weigh the same: the mean. In between lies attention. Here are four videos; the key of each counts the words of its title, and the value is its length in minutes.

# %% id="videos"
titles = ["linear algebra", "cats play piano", "classical piano", "cats and dogs"]
minutes = np.array([[50.0], [2.0], [30.0], [8.0]])
words = sorted(set(" ".join(titles).split()))


def word_counts(texts):
    """How often each known word stands in each text, (len(texts), len(words))."""
    return np.array([[float(text.split().count(word)) for word in words] for text in texts])


K, q = word_counts(titles), word_counts(["classical piano for cats"])
print("q · k:", (q @ K.T)[0])
for beta in (0.0, 1.0, 3.0, 100.0):
    # nn.attention divides by √d; multiplying the query by β √d leaves β q · k.
    scaled = beta * np.sqrt(len(words)) * q
    weights = nn.attention(scaled, K, np.eye(4))[0][0]
    print(f"β = {beta:>5}   weights {weights.round(2)}   read {nn.attention(scaled, K, minutes)[0][0, 0]:5.1f} minutes")

# %% [markdown] id="videos-meaning"
# The key says *where to look*, the value *what one gets*. Give the videos other lengths, and the weights stay as they are. And nothing here asked at which place in the list a video stands: attention finds by content.
#
# With $\beta=100$ two videos share the first place, with two words in common each, although one of them is called exactly *classical piano* and has nothing else in its title. Is the number of words in common the right similarity?

# %% [markdown] id="similarity"
# ## Similar in which sense?
#
# Three things are easily confused, and the book takes them for one:
#
# | | | changes with the length of $a$? | of $b$? |
# |---|---|---|---|
# | dot product | $a\cdot b = \lVert a\rVert\lVert b\rVert\cos\theta$ | yes | yes |
# | projection of $a$ on $b$ | $a\cdot b/\lVert b\rVert = \lVert a\rVert\cos\theta$ | yes | no |
# | cosine | $a\cdot b/(\lVert a\rVert\lVert b\rVert) = \cos\theta$ | no | no |
#
# The book says that the inner product "is a projection": that is true only where $b$ has length 1. It equates it with the cosine: true only where both have. And it says that in a space of few dimensions the normalised product is the cosine of the angle: that holds in any number of dimensions. (Its *produto vetorial interno* is the inner, or scalar, product; the *produto vetorial* is the cross product, something else.)

# %% id="projection"
a, b = np.array([2.0, 1.5]), np.array([3.0, 0.0])
figure = plots.figure(8, 2.8)
for ax, factor in zip(figure.subplots(1, 2), (1.0, 1.5), strict=True):
    longer = factor * b
    dot, length = a @ longer, np.linalg.norm(longer)
    print(
        f"|b| = {length:.1f}: dot product {dot:.1f}, projection {dot / length:.1f}, cosine {dot / length / np.linalg.norm(a):.1f}"
    )
    for vector, name, colour in ((a, "a", plots.BLUE), (longer, "b", plots.VERMILION)):
        ax.annotate("", vector, (0, 0), arrowprops=dict(arrowstyle="->", color=colour, linewidth=2))
        ax.text(*(vector + 0.1), name, color=colour)
    ax.plot([a[0], a[0]], [0, a[1]], ":", color=plots.GREY)
    ax.plot([0, a[0]], [0, 0], color=plots.GREEN, linewidth=5, alpha=0.6)
    ax.set(xlim=(-0.3, 5), ylim=(-0.4, 2), aspect="equal", title=f"a · b = {dot:g}")
plots.show(
    figure,
    alt="The vector a and its projection on b, of length 2, twice; on the right b is half as long again: the projection stays 2, the dot product grows from 6 to 9.",
)

# %% [markdown] id="similarity-statement" statement="similarity-exercise"
# ### Exercise 3: cosine similarity (4 points)
#
# Write `cosine_similarity(A, B, eps=1e-12)` for `A (n, d)` and `B (m, d)`. It returns `(n, m)`: the cosine between each row of `A` and each row of `B`. A length that is smaller than `eps` counts as `eps`: so a row of zeros has the similarity 0 with everything, and no division fails.
#
# Check by hand: `A = [[3, 4]]`, `B = [[1, 0], [0, 2], [0, 0]]` give `[[0.6, 0.8, 0]]`.


# %% id="similarity-exercise" exercise=true difficulty=1 by_hand="nn data optim"
def cosine_similarity(A, B, eps=1e-12):
    """Cosines between the rows of A (n, d) and those of B (m, d) -> (n, m)."""
    ### BEGIN SOLUTION
    A = A / np.maximum(np.linalg.norm(A, axis=1, keepdims=True), eps)
    B = B / np.maximum(np.linalg.norm(B, axis=1, keepdims=True), eps)
    return A @ B.T
    ### END SOLUTION


# %% [markdown] id="similarity-hints" hints="similarity-exercise"
# - dot: That is the dot product: divide by both lengths.
# - projection: That is the projection on the rows of B, divided by one length only.
# - columns: The lengths are those of the columns: a vector is a row.
# - whole: The length is that of the whole array: every row has its own.


# %% id="similarity-values" test="similarity-exercise" points=2
@check.exercise("32-attention/similarity-exercise")
def rows_against_rows():
    """Rows of different lengths"""
    A = np.cos(1.3 * np.arange(6) + 0.2).reshape(3, 2) * np.array([[1.0], [4.0], [0.3]])
    B = np.sin(0.7 * np.arange(8) + 1).reshape(4, 2) * np.array([[2.0], [0.5], [1.0], [3.0]])
    angles = [np.arctan2(rows[:, 1], rows[:, 0]) for rows in (A, B)]
    right = np.cos(angles[0][:, None] - angles[1])
    dot = A @ B.T
    check.close(check.call(cosine_similarity, A, B, returns=("similarity",)), right, name="similarity", hints={
        "dot": lambda right: dot,
        "projection": lambda right: dot / np.linalg.norm(B, axis=1),
        "columns": lambda right: (A / np.linalg.norm(A, axis=0)) @ (B / np.linalg.norm(B, axis=0)).T,
        "whole": lambda right: dot / (np.linalg.norm(A) * np.linalg.norm(B)),
    })  # fmt: skip


# %% id="similarity-zero" test="similarity-exercise" points=1
@check.exercise("32-attention/similarity-exercise")
def a_row_of_zeros():
    """A row of zeros"""
    A, B = np.array([[3.0, 4.0, 0.0], [0.0, 0.0, 0.0]]), np.array([[1.0, 0.0, 0.0]])
    right = np.array([[0.6], [0.0]])
    check.close(check.call(cosine_similarity, A, B, returns=("similarity",)), right, name="similarity")


# %% id="similarity-hidden" test="similarity-exercise" points=1 hidden=true
@check.exercise("32-attention/similarity-exercise", hidden=True)
def lengths_do_not_matter():
    """Other lengths, one row, many dimensions"""
    rng = check.rng(3)
    for n, m, d in [(1, 4, 7), (3, 1, 50), (5, 5, 5)]:
        A, B = rng.normal(size=(n, d)), rng.normal(size=(m, d))
        # cos θ = 1 − ‖â − b̂‖² / 2 for vectors of length 1.
        units = [rows / np.sqrt((rows**2).sum(axis=1))[:, None] for rows in (A, B)]
        right = 1 - ((units[0][:, None] - units[1]) ** 2).sum(axis=2) / 2
        longer, shorter = A * rng.uniform(10, 1e6, (n, 1)), B * rng.uniform(1e-6, 0.1, (m, 1))
        check.close(check.call(cosine_similarity, A, B, returns=("similarity",)), right, name=f"similarity for d = {d}")
        check.close(
            check.call(cosine_similarity, longer, shorter, returns=("similarity",)),
            right,
            name=f"similarity of the same directions for d = {d}",
        )
    zeros = check.call(cosine_similarity, np.zeros((2, 3)), np.zeros((1, 3)), returns=("similarity",))
    check.close(zeros, np.zeros((2, 1)), name="similarity of zeros with zeros")


# %% [markdown] id="keys-text"
# The transformer uses neither the cosine nor the plain product, but $q\cdot k/\sqrt{d}$. It is an *unnormalised* product: the length of a key counts. A network can use that; a key that is always long is a token that everybody looks at.
#
# Five keys in the plane, three similarities. Turn the query until it stands between two keys, and raise $\beta$. Then make key 1 twice as long: which of the three bars notice? And what does a longer query do?


# %% id="keys-widget" folded=true
def three_similarities(angle, length, beta, first):
    turned = np.deg2rad([20, 75, 140, 215, 300])
    keys = np.array([first, 1.0, 1.0, 1.0, 1.0])[:, None] * np.stack([np.cos(turned), np.sin(turned)], axis=1)
    query = length * np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))])
    dot = keys @ query
    scores = {
        "cosine": dot / np.linalg.norm(keys, axis=1) / length,
        "dot product": dot,
        "dot product / √d": dot / np.sqrt(2),
    }
    return keys, query, {name: nn.softmax(beta * score)[0] for name, score in scores.items()}


def keys_figure(result):
    """Query and keys (left), the weights by three similarities (right)."""
    keys, query, weights = result
    figure = plots.figure(9, 3.4)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.5))
    for number, key in enumerate(keys, start=1):
        left.annotate("", key, (0, 0), arrowprops=dict(arrowstyle="->", color=plots.BLUE, linewidth=2))
        left.text(*(1.15 * key), str(number), ha="center", va="center")
    left.annotate("", query, (0, 0), arrowprops=dict(arrowstyle="->", color=plots.VERMILION, linewidth=3))
    left.text(*(query + 0.15), "q", color=plots.VERMILION)
    left.set(xlim=(-2.4, 2.4), ylim=(-2.4, 2.4), aspect="equal")
    looks = ((plots.BLUE, ""), (plots.ORANGE, "//"), (plots.GREEN, ".."))
    for shift, (name, weight), (colour, hatch) in zip((-0.27, 0.0, 0.27), weights.items(), looks, strict=True):
        right.bar(np.arange(1, 6) + shift, weight, 0.27, color=colour, hatch=hatch, label=name)
    right.set(xlabel="key", ylabel="weight α", ylim=(0, 1), xticks=range(1, 6))
    right.legend()
    return figure


widgets.explore(
    keys_figure,
    dict(
        angle=widgets.Slider(0, 360, 50, step=5, label="angle of the query"),
        length=widgets.Slider(0.2, 2.0, 1.0, step=0.1, label="length of the query"),
        beta=widgets.Slider(0.0, 20.0, 3.0, step=0.5, label="β"),
        first=widgets.Slider(0.2, 2.0, 1.0, step=0.1, label="length of key 1"),
    ),
    compute=three_similarities,
    alt=lambda result: (
        "Five keys and a query; key 1, of length "
        f"{np.linalg.norm(result[0][0]):.1f}, has the weight "
        + ", ".join(f"{weight[0]:.2f} by {name}" for name, weight in result[2].items())
        + "."
    ),
    table=lambda result: (
        {"key": list(range(1, 6))} | {name: weight.round(3).tolist() for name, weight in result[2].items()}
    ),
    title="Who is similar to the query?",
)

# %% [markdown] id="many-dimensions"
# Why divide by $\sqrt d$? Take two random vectors of $d$ standard normal numbers. Their dot product is a sum of $d$ products with mean 0 and variance 1, so its variance is $d$. The cosine does the opposite: its variance is $1/d$. In many dimensions almost all directions are at right angles to each other.

# %% id="concentration"
rng = np.random.default_rng(0)
figure = plots.figure(7, 2.6)
ax = figure.subplots()
for d, style, colour in ((2, "-", plots.BLUE), (16, "--", plots.VERMILION), (256, "-.", plots.GREEN)):
    x, y = rng.normal(size=(2, 20_000, d))
    dot = np.einsum("nd,nd->n", x, y)
    cosine = dot / np.linalg.norm(x, axis=1) / np.linalg.norm(y, axis=1)
    print(
        f"d = {d:>3}: variance of the dot product {dot.var():6.1f}, of the cosine {cosine.var():.4f} (1/d = {1 / d:.4f}), "
        f"of the product / √d {dot.var() / d:.2f}"
    )
    ax.hist(
        cosine, np.linspace(-1, 1, 81), density=True, histtype="step", linestyle=style, color=colour, label=f"d = {d}"
    )
ax.set(xlabel="cosine of two random vectors", ylabel="density")
ax.legend()
plots.show(
    figure,
    alt="Distribution of the cosine: for d = 2 most often near −1 and 1, for d = 16 a hill from −0.5 to 0.5, for d = 256 a narrow peak at 0.",
)

# %% [markdown] id="lookup-statement" statement="lookup"
# ### Exercise 4: the soft dictionary (5 points)
#
# Write `soft_lookup(q, K, V, beta)` for the queries `q (B, d)`, the keys `K (m, d)` and the values `V (m, p)`. It returns `(B, p)`: for each query the mean of the values with the weights $\alpha_j \propto e^{\beta\,q\cdot k_j}$, the plain dot product, without $\sqrt d$. It must stay finite for $\beta = 10{,}000$.
#
# Check by hand: `q = [[1]]`, `K = [[0], [1]]`, `V = [[0, 10], [4, 2]]` and `beta = ln 3` have the weights ¼ and ¾, and give `[[3, 4]]`.


# %% id="lookup" exercise=true difficulty=2 by_hand="nn data optim library_lookup"
def soft_lookup(q, K, V, beta):
    """Values V (m, p) read by the queries q (B, d) through the keys K (m, d) -> (B, p)."""
    ### BEGIN SOLUTION
    scores = beta * q @ K.T
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights @ V / weights.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% [markdown] id="lookup-hints" hints="lookup"
# - queries: The softmax runs over the queries: the weights of all keys for one query add up to 1.
# - hard: That is the value of the best key alone. Here the dictionary is soft.
# - beta: β does not count.
# - root: No √d here: the score is β q · k.
# - length: That is the cosine: the lengths of query and keys count too.


# %% id="lookup-case" given=true
def library_lookup(q, K, V, beta):
    """The soft dictionary by the attention of dlbook.nn, which divides by √d."""
    return nn.attention(beta * np.sqrt(q.shape[1]) * q, K, V)[0]


def lookup_case(B, m, d, p):
    """Queries, keys and values that are the same on every machine."""
    q = np.cos(1.1 * np.arange(B * d) + 0.6).reshape(B, d)
    K = 1.4 * np.sin(1.9 * np.arange(m * d) + 0.1).reshape(m, d)
    return q, K, np.linspace(-2, 3, m * p).reshape(m, p) ** 2


# %% id="lookup-values" test="lookup" points=2
@check.exercise("32-attention/lookup")
def read_softly():
    """Three queries, five keys"""
    q, K, V = lookup_case(3, 5, 4, 2)
    raw = np.exp(1.5 * q @ K.T)
    units = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (q, K)]
    check.close(check.call(soft_lookup, q, K, V, 1.5, returns=("read",)), library_lookup(q, K, V, 1.5), name="read", hints={
        "queries": lambda right: raw / raw.sum(axis=0) @ V,
        "hard": lambda right: V[raw.argmax(axis=1)],
        "beta": lambda right: library_lookup(q, K, V, 1.0),
        "root": lambda right: library_lookup(q, K, V, 0.75),
        "length": lambda right: library_lookup(*units, V, 1.5),
    })  # fmt: skip


# %% id="lookup-zero" test="lookup" points=1
@check.exercise("32-attention/lookup")
def no_preference():
    """β = 0: the mean of all values"""
    q, K, V = lookup_case(2, 6, 3, 4)
    right = np.tile(V.mean(axis=0), (2, 1))
    check.close(check.call(soft_lookup, q, K, V, 0.0, returns=("read",)), right, name="read")


# %% id="lookup-large" test="lookup" points=1
@check.exercise("32-attention/lookup")
def a_hard_choice():
    """β = 10,000: the value of the best key, and nothing overflows"""
    q, K, V = lookup_case(4, 5, 2, 3)
    right = V[(q @ K.T).argmax(axis=1)]
    check.close(check.call(soft_lookup, q, K, V, 1e4, returns=("read",)), right, name="read")


# %% id="lookup-hidden" test="lookup" points=1 hidden=true
@check.exercise("32-attention/lookup", hidden=True)
def other_sizes_of_the_dictionary():
    """One query, one key, queries that do not see each other, reads within the values"""
    rng = check.rng(4)
    for B, m, d, p, beta in [(1, 6, 3, 2, 0.7), (4, 1, 2, 5, 2.0), (3, 3, 3, 3, -1.3), (5, 7, 1, 1, 1e4)]:
        q, K, V = rng.normal(size=(B, d)), rng.normal(size=(m, d)), rng.normal(size=(m, p))
        read = check.call(soft_lookup, q, K, V, beta, returns=("read",))
        check.close(read, library_lookup(q, K, V, beta), name=f"read for B = {B}, m = {m}, β = {beta}")
        within = bool(np.all(read >= V.min(axis=0) - 1e-9) and np.all(read <= V.max(axis=0) + 1e-9))
        check.equal(within, True, name="whether the read lies within the values")
        alone = check.call(soft_lookup, q[-1:], K, V, beta, returns=("read",))
        check.close(alone, read[-1:], name="read of the last query alone")


# %% [markdown] id="kernel"
# ## An old acquaintance: kernel regression
#
# In 1964 Nadaraya and Watson proposed to estimate an unknown function from examples $(k_j, v_j)$ as a mean of the $v_j$, weighted by nearness. With a Gaussian as the measure of nearness:
#
# $$\hat f(q) = \frac{\sum_j e^{-\frac\beta2\lVert q - k_j\rVert^2}\,v_j}{\sum_l e^{-\frac\beta2\lVert q - k_l\rVert^2}}$$
#
# Multiply the square out: $-\frac12\lVert q-k\rVert^2 = q\cdot k - \frac12\lVert k\rVert^2 - \frac12\lVert q\rVert^2$. The last term is the same for all keys, and a softmax does not see it. If all keys have the same length, it does not see the second either: kernel regression *is* attention. If not, give each key one more number, $-\frac12\lVert k\rVert^2$, and each query a 1:

# %% id="kernel-run"
rng = np.random.default_rng(3)
k = np.sort(rng.uniform(0, 6, 30))[:, None]
v = np.sin(k) + rng.normal(0, 0.2, k.shape)
q = np.linspace(0, 6, 300)[:, None]


def nadaraya_watson(q, k, v, beta):
    """Kernel regression with a Gaussian, as in the equation."""
    kernel = np.exp(-beta / 2 * (q - k.T) ** 2)
    return kernel @ v / kernel.sum(axis=1, keepdims=True)


figure = plots.figure(9, 2.8)
for ax, beta in zip(figure.subplots(1, 3, sharey=True), (0.3, 10.0, 3000.0), strict=True):
    curve = library_lookup(np.hstack([q, np.ones(q.shape)]), np.hstack([k, -(k**2) / 2]), v, beta)
    print(
        f"β = {beta:>6}: largest difference to kernel regression {np.abs(curve - nadaraya_watson(q, k, v, beta)).max():.0e}"
    )
    ax.plot(k, v, "o", color=plots.GREY, markersize=4)
    ax.plot(q, np.sin(q), ":", color=plots.BLACK, linewidth=1)
    ax.plot(q, curve, color=plots.VERMILION)
    ax.set(xlabel="query", title=f"β = {beta:g}")
plots.show(
    figure,
    alt="Thirty noisy points of a sine and what attention reads from them. β = 0.3: almost a flat line. β = 10: a smooth curve near the sine. β = 3000: a staircase from point to point.",
)

# %% [markdown] id="digits-text"
# So attention can classify without having learnt anything. Let the keys be the 1,437 training digits, each as a vector of 64 pixels scaled to length 1, and the values their labels, as one-hot vectors. A test digit is the query. What it reads is a vector of ten numbers that add up to 1.

# %% [markdown] id="digits-question" question="predict"
# How many test digits are right with $\beta = 0$, and how many with a very large $\beta$?
#
# - [ ] none and all: with β = 0 every query reads the same ten frequencies, and the most frequent class is right one time in ten.
# - [x] about 10 % and about 99 %: at first all queries read the same; at last each reads the label of its nearest neighbour.
# - [ ] about 50 % and about 10 %: a large β is a hard choice, but the choice of the most similar digit is a good one.

# %% id="digits-run"
digits = data.digits()
keys, queries = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (digits.x_train, digits.x_test))
labels = np.eye(10)[digits.y_train]
others = ~np.eye(len(keys), dtype=bool)
betas = [0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 10_000.0]
test, left_out, confidence = [], [], []
for beta in betas:
    read = library_lookup(queries, keys, labels, beta)
    test.append(np.mean(read.argmax(axis=1) == digits.y_test))
    confidence.append(read.max(axis=1).mean())
    # Each training digit as a query, with a mask: it may look at all others, not at itself.
    alone = nn.attention(beta * np.sqrt(64) * keys, keys, labels, others)[0]
    left_out.append(np.mean(alone.argmax(axis=1) == digits.y_train))
    print(
        f"β = {beta:>7.0f}   test {test[-1]:.3f}   training, each without itself {left_out[-1]:.3f}   largest share read {confidence[-1]:.2f}"
    )
nearest = digits.y_train[(queries @ keys.T).argmax(axis=1)]
print(f"nearest neighbour: test {np.mean(nearest == digits.y_test):.3f}")

figure = plots.figure(6, 2.8)
ax = figure.subplots()
ax.plot(range(len(betas)), test, "o-", label="share right, test")
ax.plot(range(len(betas)), confidence, "s--", label="largest share read")
ax.set(
    xlabel="β", ylabel="share", xticks=range(len(betas)), xticklabels=[f"{beta:g}" for beta in betas], ylim=(0, 1.05)
)
ax.legend()
plots.show(
    figure,
    alt=f"Share of right test digits by β: {test[0]:.2f} at β = 0, {max(test):.3f} at best, {test[-1]:.3f} for the largest β. The largest share read rises from 0.1 to 1 much later.",
)

# %% [markdown] id="digits-meaning"
# With $\beta = 0$ every query reads the same ten frequencies. A $\beta$ of 1 is enough for 0.867, although the largest share read is then only 0.11: the vote of all training digits is nearly even, and still mostly right. From $\beta = 100$ on it is a nearest-neighbour classifier, with 0.994 at the end. That is better than many a network of this course, without any training.
#
# (Training digits without themselves get 0.000 at $\beta = 0$, and there is no mistake: the two most frequent classes have 146 digits each. Leave one digit out, and the other class leads. Frequencies of all but one are a trap.)
#
# What is there left to learn? Two things. The distance between pixels knows nothing of shifts, and the keys fill memory. A transformer learns matrices that make of each token a *good* query, key and value, so that what belongs together becomes similar.

# %% [markdown] id="cost"
# ## What it costs
#
# The book praises attention and does not name its price. Every query meets every key: $n$ tokens make $n^2$ products, each of $d$ numbers. The paper of 2017 compares the layers like this, for $n$ tokens of width $d$ and a convolution of width $k$:
#
# | layer | operations | steps that must wait for each other | path from the first token to the last |
# |---|---|---|---|
# | self-attention | $n^2 d$ | 1 | 1 |
# | recurrent | $n\,d^2$ | $n$ | $n$ |
# | convolution | $k\,n\,d^2$ | 1 | $\lceil\log_k n\rceil$, with dilation |
#
# These are orders of magnitude. A real layer of attention has $2n^2d$ multiplications, for scores and read-out, and $4nd^2$ for its four matrices; an LSTM has $8nd^2$.

# %% [markdown] id="cost-statement" statement="cost-exercise"
# ### Exercise 5: the cost of a layer (4 points)
#
# Write `layer_cost(kind, n, d, k=3)` for `kind` `"self_attention"`, `"recurrent"` or `"conv"`. It returns a dictionary of three integers, `{"ops": …, "sequential": …, "path": …}`, by the table above. The path of a convolution is the smallest whole number $p$ with $k^p \ge n$; for $n = 1$ that is 0. Any other `kind` raises `ValueError`.
#
# Check by hand: `layer_cost("conv", 9, 2)` is `{"ops": 108, "sequential": 1, "path": 2}`.


# %% id="cost-exercise" exercise=true difficulty=1 by_hand="nn data optim"
def layer_cost(kind, n, d, k=3):
    """Operations, sequential steps and longest path of a layer on n tokens of width d -> dict of integers."""
    ### BEGIN SOLUTION
    if kind == "self_attention":
        return {"ops": n * n * d, "sequential": 1, "path": 1}
    if kind == "recurrent":
        return {"ops": n * d * d, "sequential": n, "path": n}
    if kind != "conv":
        raise ValueError(f'kind: expected "self_attention", "recurrent" or "conv", got {kind!r}')
    path = 0
    while k**path < n:
        path += 1
    return {"ops": k * n * d * d, "sequential": 1, "path": path}
    ### END SOLUTION


# %% [markdown] id="cost-hints" hints="cost-exercise"
# - width: n d² is the recurrent layer: attention compares every token with every other.
# - parallel: Attention waits for nothing: all its products can be done at once.
# - chain: With dilation a convolution need not pass from neighbour to neighbour: each further layer sees k times as far.
# - contiguous: n/k is the order of the path without dilation: with it, a logarithm takes the place of the division.
# - kernel: The convolution does its work once for each of its k places.
# - rounding: A logarithm of floats is not exact: for n = 125 and k = 5 it is a little more than 3, and is rounded up to 4.


# %% id="cost-table" test="cost-exercise" points=2
@check.exercise("32-attention/cost-exercise")
def three_layers():
    """Three layers on ten tokens of width 512"""
    n, d = 10, 512
    attention = check.call(layer_cost, "self_attention", n, d, returns=("cost",))
    check.equal(attention, {"ops": 51_200, "sequential": 1, "path": 1}, name="the cost of attention", hints={
        "width": lambda right: right | {"ops": n * d * d},
        "parallel": lambda right: right | {"sequential": n},
    })  # fmt: skip
    recurrent = check.call(layer_cost, "recurrent", n, d, returns=("cost",))
    check.equal(recurrent, {"ops": 2_621_440, "sequential": 10, "path": 10}, name="the cost of a recurrent layer")
    conv = check.call(layer_cost, "conv", n, d, returns=("cost",))
    check.equal(conv, {"ops": 7_864_320, "sequential": 1, "path": 3}, name="the cost of a convolution", hints={
        "chain": lambda right: right | {"path": n},
        "contiguous": lambda right: right | {"path": 4},
        "kernel": lambda right: right | {"ops": n * d * d},
    })  # fmt: skip


# %% id="cost-powers" test="cost-exercise" points=1
@check.exercise("32-attention/cost-exercise")
def exact_powers():
    """Lengths that are powers of k, and an unknown kind"""
    for n, k, path in [(27, 3, 3), (125, 5, 3), (28, 3, 4)]:
        cost = check.call(layer_cost, "conv", n, 2, k, returns=("cost",))
        check.equal(
            cost["path"], path, name=f"the path for n = {n}, k = {k}", hints={"rounding": lambda right: right + 1}
        )
    check.raises(ValueError, layer_cost, "pooling", 4, 2, what="the kind “pooling”")


# %% id="cost-hidden" test="cost-exercise" points=1 hidden=true
@check.exercise("32-attention/cost-exercise", hidden=True)
def many_lengths():
    """One token, many lengths, and where attention becomes dearer"""
    for n in (1, 2, 3, 64, 243, 511, 512, 513, 4_913):
        attention, recurrent = (
            check.call(layer_cost, kind, n, 512, returns=("cost",)) for kind in ("self_attention", "recurrent")
        )
        check.equal(attention["ops"] < recurrent["ops"], n < 512, name=f"whether attention is cheaper for n = {n}")
        for k in (2, 3, 7, 17):
            right = next(p for p in range(20) if k**p >= n)
            cost = check.call(layer_cost, "conv", n, 5, k, returns=("cost",))
            check.equal(
                cost, {"ops": k * n * 25, "sequential": 1, "path": right}, name=f"the cost for n = {n}, k = {k}"
            )


# %% [markdown] id="clock-question" question="predict"
# A layer of attention and an LSTM, both of width 64, read 256 tokens and then 2,048. How many times longer does the second take?
#
# - [ ] 8 times for both: for the LSTM yes; attention compares each of the eight times more queries with eight times more keys.
# - [x] 8 times for the LSTM, towards 64 times for attention: n against n².
# - [ ] 64 times for the LSTM, 8 for attention: the other way round.

# %% id="clock-run"
import time


def fastest(work, repeats=5):
    """Seconds of the fastest of some runs."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


rng = np.random.default_rng(0)
d, lengths = 64, (64, 256, 1024, 2048)
lstm = nn.LSTM(d, d, rng=rng, dtype=np.float32)
one_head = nn.MultiheadAttention(d, 1, bias=False, dropout=0.0, batch_first=True, rng=rng, dtype=np.float32)
clock = {"LSTM": [], "attention": []}
for n in lengths:
    x = rng.normal(size=(1, n, d)).astype(np.float32)
    clock["LSTM"].append(1000 * fastest(lambda: lstm(x.swapaxes(0, 1))))
    clock["attention"].append(1000 * fastest(lambda: one_head(x)))
    print(
        f"n = {n:>4}   LSTM {clock['LSTM'][-1]:6.1f} ms   attention {clock['attention'][-1]:6.1f} ms   weights {4 * n * n / 1e6:6.2f} MB"
    )
for name, times in clock.items():
    print(f"{name}: from 256 to 2,048 tokens {times[-1] / times[1]:.0f} times as long")
print(f"weights of one head at 100,000 tokens: {4 * 100_000**2 / 1e9:.0f} GB")

# %% [markdown] id="clock-meaning"
# In one run on one core the LSTM took 1.1, 4.4, 17 and 35 milliseconds, attention 0.1, 0.6, 6.5 and 27. From 256 tokens to 2,048 that is 8 times for the LSTM and 47 times for attention, on its way to 64: the quadratic part takes over more and more. (Times change a little from run to run.)
#
# Here attention is the quicker one all the same, for the LSTM's loop runs in Python. Where the loop is compiled, as in PyTorch, the LSTM wins on one core from about a thousand tokens on; section "The same in PyTorch" measures that. The memory grows like the time: 17 MB for the weights of one head at 2,048 tokens, 40 GB at 100,000.

# %% [markdown] id="transformer"
# ## What a transformer is made of
#
# *Attention Is All You Need* (Vaswani and others, 2017) threw the recurrent network out and kept the attention. The **transformer** was made for translation, and spread from there to pictures, film and sound. It has two halves.
#
# The **encoder** reads the source. Each of its layers has an attention in which every token looks at every other (*self-attention*), and a small network that treats each token by itself. The **decoder** writes the target. Each of its layers has one attention more. Around every part there is a shortcut, the residual connection of chapter 17, and a normalisation.

# %% id="transformer-figure" folded=true
figure = plots.figure(8, 4.2)
ax = figure.subplots()
box = dict(boxstyle="round,pad=0.4", facecolor="white", edgecolor=plots.GREY)
places = {
    "source": (0.22, 0.03, "source tokens + positions"),
    "self": (0.22, 0.3, "self-attention"),
    "feed": (0.22, 0.53, "network for each token"),
    "memory": (0.22, 0.85, "encodings"),
    "target": (0.75, 0.03, "target tokens so far + positions"),
    "masked": (0.75, 0.3, "masked self-attention"),
    "cross": (0.75, 0.53, "cross-attention"),
    "last": (0.75, 0.76, "network for each token"),
    "next": (0.75, 0.98, "next token"),
}
for x, y, text in places.values():
    ax.text(x, y, text, ha="center", va="center", bbox=box)
for start, end in (
    ("source", "self"), ("self", "feed"), ("feed", "memory"), ("target", "masked"), ("masked", "cross"), ("cross", "last"), ("last", "next"),
):  # fmt: skip
    (x, y, _), (u, w, _) = places[start], places[end]
    ax.annotate("", (u, w - 0.055), (x, y + 0.055), arrowprops=dict(arrowstyle="->", color=plots.BLACK))
ax.annotate(
    "",
    (0.62, 0.53),
    (0.31, 0.85),
    arrowprops=dict(arrowstyle="->", color=plots.VERMILION, linewidth=2, connectionstyle="arc3,rad=-0.15"),
)
ax.text(0.46, 0.85, "keys and values", color=plots.VERMILION)
ax.text(0.2, 0.415, "several\ntimes", ha="right", va="center", color=plots.BLUE)
ax.text(0.77, 0.415, "queries", ha="left", va="center", color=plots.VERMILION)
ax.text(0.77, 0.645, "several times", ha="left", va="center", color=plots.BLUE)
ax.set(xlim=(0, 1), ylim=(-0.05, 1.06))
ax.set_axis_off()
plots.show(
    figure,
    alt="Left, the encoder: source tokens, self-attention, a network for each token, encodings. Right, the decoder: target tokens so far, masked self-attention, cross-attention, a network for each token, next token. One arrow leads from the encodings to the cross-attention only: keys and values.",
)

# %% [markdown] id="two-attentions"
# The book muddles the decoder's two attentions: the additional one, it says, reads "the outputs of the previous decoders", and the decoder does with the encoder's output what the encoder does with its input. It is simpler:
#
# 1. **Masked self-attention**: the target tokens look at each other, and only backwards. Queries, keys and values come from the target.
# 2. **Cross-attention**: the queries come from the target, keys and values from the encodings. This is the only place where the source enters.
#
# Who depends on whom can be tried out. Change one input at a time, and mark the outputs that change:

# %% id="two-attentions-run"
rng = np.random.default_rng(4)
target, encodings = rng.normal(size=(4, 8)), rng.normal(size=(5, 8))


def two_attentions(target, encodings):
    """Masked self-attention, then cross-attention, each with its shortcut: (4, 8)."""
    y = target + nn.attention(target, target, target, nn.causal_mask(len(target)))[0]
    return y + nn.attention(y, encodings, encodings)[0]


def changed_rows(f, x):
    """One column for each row of x: which rows of f(x) change with it."""
    marks = np.zeros((len(f(x)), len(x)), int)
    for j in range(len(x)):
        moved = x.copy()
        moved[j] += 0.5
        marks[:, j] = np.abs(f(moved) - f(x)).max(axis=1) > 1e-9
    return marks


print(
    "rows: outputs 1 to 4; columns: target tokens 1 to 4\n",
    changed_rows(lambda t: two_attentions(t, encodings), target),
)
print("columns: source tokens 1 to 5\n", changed_rows(lambda e: two_attentions(target, e), encodings))
whole = two_attentions(target, encodings)
one_by_one = np.array([two_attentions(target[: t + 1], encodings)[-1] for t in range(4)])
print("all at once, and token by token: largest difference", np.abs(whole - one_by_one).max())

# %% [markdown] id="two-attentions-meaning"
# An output depends on the target tokens up to its own, and on the whole source. And the last line is the reason why transformers learn so fast: **in training** the whole target is known, and all its positions are computed at once, in one pass, with the same result as one after the other. So it can be fed whole libraries: BERT, GPT and their kin are *pre-trained* on large corpora and then *fine-tuned* to a task with little data (chapters 36 and 37). The book says that a transformer need not process tokens in order. That is true for reading and for training. **In writing**, each token must wait for the one before it, as in a recurrent network; the book says so only five chapters later.
#
# Three smaller things to put right:
#
# - GPT is the *Generative Pre-trained Transformer*, not "Pre-Training".
# - The book presents BERT and GPT as if they had both halves. **BERT is an encoder alone, GPT a decoder alone**, and without a source its layers have no cross-attention (chapters 36 and 37).
# - It names Wikipedia and Common Crawl as their corpora. BERT read BooksCorpus and Wikipedia, GPT-1 read BooksCorpus; Common Crawl, filtered, came with GPT-3.

# %% [markdown] id="mistakes"
# ## Common mistakes
#
# - **A softmax over the wrong axis.** The shapes are right, and nothing crashes. Look at the sums: over the *keys* they must be 1.
# - **exp without taking off the maximum.** It works until the first score above 709:

# %% id="mistakes-run"
import warnings

scores = np.array([[1.0, 2.0, 800.0]])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    literal = np.exp(scores) / np.exp(scores).sum()
print("literal:", literal, "after", caught[0].message)
print("softmax:", nn.softmax(scores)[0])

A = np.random.default_rng(0).normal(size=(3, 4))
over_queries = nn.softmax(A, axis=0)[0]
print(
    "sums over the keys:",
    nn.softmax(A)[0].sum(axis=1).round(2),
    "and with the wrong axis:",
    over_queries.sum(axis=1).round(2),
)

# %% [markdown] id="mistakes-more"
# - **A mask that sets weights to zero after the softmax.** The rest no longer adds up to 1. Set the *score* to $-\infty$ before it; `mask` does that.
# - **Attention without positions**, where order matters.
# - **Weights read as reasons.** $\alpha$ says what was mixed, in this layer. It does not prove what the answer depends on: a value can be small, or what was read can be ignored later.
# - **Cosine and dot product taken for one.** They rank the same keys differently as soon as the lengths differ:

# %% id="ranking"
q, K = (
    word_counts(["classical piano for cats"]),
    word_counts([*titles, "cats and dogs play classical piano linear algebra"]),
)
dot = (q @ K.T)[0]
cosine = dot / np.linalg.norm(q) / np.linalg.norm(K, axis=1)
print("best by dot product:", [*titles, "the title with every word"][dot.argmax()])
print("best by cosine:     ", [*titles, "the title with every word"][cosine.argmax()])

# %% [markdown] id="torch"
# ## The same in PyTorch

# %% id="torch-check"
try:
    import torch
    from torch.nn import functional as F
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    rng = np.random.default_rng(7)
    q, k, v, dy = (rng.normal(size=shape) for shape in ((2, 3, 8), (2, 5, 8), (2, 5, 4), (2, 3, 4)))
    mask = rng.random((2, 3, 5)) < 0.7
    y, cache = nn.attention(q, k, v, mask)
    tensors = [torch.tensor(a, requires_grad=True) for a in (q, k, v)]
    theirs = F.scaled_dot_product_attention(*tensors, attn_mask=torch.from_numpy(mask))
    theirs.backward(torch.from_numpy(dy))
    print(f"read-out: largest difference {np.abs(theirs.detach().numpy() - y).max():.0e}")
    for name, gradient, tensor in zip("qkv", nn.attention_backward(dy, cache), tensors, strict=True):
        print(f"d{name}: largest difference {np.abs(gradient - tensor.grad.numpy()).max():.0e}")
    pair = F.cosine_similarity(torch.tensor([[3.0, 4.0], [0.0, 0.0]]), torch.tensor([[1.0, 0.0]]))
    print("cosine similarity, with a row of zeros:", pair.numpy().round(3))
    torch.set_num_threads(1)
    compiled = torch.nn.LSTM(d, d, batch_first=True), torch.nn.MultiheadAttention(d, 1, bias=False, batch_first=True)
    with torch.no_grad():
        for n in lengths:
            x = torch.zeros(1, n, d)
            by_lstm = 1000 * fastest(lambda: compiled[0](x))
            by_attention = 1000 * fastest(lambda: compiled[1](x, x, x, need_weights=False))
            print(f"n = {n:>4}   LSTM {by_lstm:5.1f} ms   attention {by_attention:5.1f} ms")

# %% [markdown] id="gpu"
# The clock once more, now that both loops are compiled. On one core the LSTM took 0.5, 1.1, 2.7 and 6.1 milliseconds, attention 0.3, 0.7, 5.7 and 18: the quadratic price is visible on any processor.
#
# In `scaled_dot_product_attention` a boolean mask means what it means here: True = may look. In `torch.nn.MultiheadAttention` it is the opposite. Test it before you trust it.
#
# On a GPU the two columns of the cost table change their importance. The $n$ steps of the LSTM must wait for each other, however many processors stand idle; the $n^2$ products of attention are done side by side. So there attention is faster up to thousands of tokens. Its memory was the harder limit: *FlashAttention* (Dao and others, 2022) computes the same result block by block without ever storing the $n\times n$ weights. The number of operations remains $n^2 d$.

# %% [markdown] id="length-quiz" question="quiz"
# All keys are made twice as long, and all queries too. What happens to the weights?
#
# - [ ] Nothing: with cosines nothing would happen; dot products become four times as large.
# - [x] They become harder: every score is multiplied by 4, which is the same as a β four times as large.
# - [ ] They become more equal: larger scores lie further apart, not closer together.

# %% [markdown] id="value-quiz" question="quiz"
# Two keys are equal, $k_1 = k_2$, and their values are $v_1 = 0$ and $v_2 = 10$. What does a query that points to these keys read, with a very large β?
#
# - [ ] 0 or 10, whichever comes first: so does an arg-max; the softmax gives equal scores equal weights.
# - [x] 5: both have the weight ½, and no β can tell them apart.
# - [ ] 10: a value has no influence on its own weight.

# %% [markdown] id="gradient-quiz" question="quiz"
# A reader looks at one token with $\alpha = 0.999$, and it is the wrong one. What gradient do the scores receive?
#
# - [ ] A large one, because the loss is large: the loss may be large, but the factor α(1 − α) is about 0.001.
# - [x] Nearly none: the softmax is saturated, and every score's gradient carries its weight and what is left to 1.
# - [ ] The same as with equal weights: the Jacobian of the softmax depends on the weights.

# %% [markdown] id="questions"
# ## To think about
#
# 1. Why can a read-out never lie outside the values? Can attention alone compute the *sum* of its values?
# 2. The needle is now the *third* token. What must the attentive reader learn differently? And if the needle is the token after the only 7?
# 3. What must be stored so that a decoder need not compute everything anew for each token?
# 4. A colleague normalises queries and keys to length 1 and wonders why the network learns little with $d = 64$. What are the largest and the smallest score, and how peaked can the weights of 100 keys become?
#
# <details><summary>Answers</summary>
#
# 1. It is a mean with positive weights that add up to 1: it lies in the convex hull of the values. So it computes the mean, not the sum; how many values there were is lost.
# 2. Only its query must fit the key of another place. For the token after a 7, a token must first learn of its neighbour: that takes two layers, one that looks one place back, and one that looks for the 7.
# 3. The keys and values of all tokens so far. Chapter 35 builds this *KV cache*.
# 4. With the scale $1/\sqrt{64}$ the scores lie between −⅛ and ⅛; the largest weight is at most $e^{1/4}$ times the smallest, so at most 1.3 % instead of 1 %. It needs a β that is large, or learnt.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# E. Nadaraya, *On estimating regression*, and G. Watson, *Smooth regression analysis* (both 1964). D. Bahdanau, K. Cho and Y. Bengio, *Neural machine translation by jointly learning to align and translate*, arXiv 1409.0473 (2014). A. Vaswani and others, *Attention is all you need*, arXiv 1706.03762 (2017), with the cost table. S. Jain and B. Wallace, *Attention is not explanation*, arXiv 1902.10186 (2019). T. Dao and others, *FlashAttention*, arXiv 2205.14135 (2022). The book, chapters 85 and 87.
#
# **Next**, chapter 33: what goes in, that is tokens, their vectors and their places.
