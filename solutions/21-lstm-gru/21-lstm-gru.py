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
#     title: LSTM and GRU
#     minutes: 125
#     needs: [20-rnn]
#     book: [51, 52, 53]
# ---

# %% [markdown] id="title"
# # LSTM and GRU: memory with doors
#
# **After this page you can** build an LSTM cell gate by gate, carry its gradient back through a whole sequence, and a GRU's too; say when such a cell remembers and when it does not; and clip a gradient without turning it.
#
# **Time** 45 minutes to read, 80 for the five exercises. **You need** backpropagation through time (chapter 20).

# %% id="setup" given=true
import numpy as np

from dlbook import check, nn, optim, plots


def sigmoid(z):
    """1 / (1 + exp(-z)) without overflow."""
    return 0.5 * np.tanh(0.5 * z) + 0.5


# %% [markdown] id="message"
# ## A message that is rewritten at every step
#
# A plain recurrent network keeps its past in one vector, and at each step it makes the vector anew: $h_t = \tanh(W x_t + U h_{t-1} + b)$. What it knew goes through a matrix and a squashing function, fifty times in fifty steps. It is a message that fifty people hand on, each in their own words.
#
# Hochreiter and Schmidhuber's idea of 1997 is to let the message lie. Beside $h_t$ there is a second vector, the **cell** $c_t$. Nothing is done to it unless something is to be done. What changes it are **gates**: numbers between 0 and 1, computed at each step from $x_t$ and $h_{t-1}$, by which something is multiplied.
#
# The name says it: a short-term memory, that is the state of a network as it runs, made to last *long*.

# %% [markdown] id="gates"
# ## The gates, one by one
#
# Here is a cell with a single unit, its weights set by hand. It reads three numbers at each step: a value, a signal "write", and a signal "show".
#
# **The forget gate** says how much of the old content stays, and **the input gate** how much of something new comes in. Each is a small network of its own, a weighted sum and a sigmoid:
#
# $$f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f), \qquad i_t = \sigma(W_i x_t + U_i h_{t-1} + b_i)$$
#
# **The candidate** is what would come in. It is content, no gate: a tanh, from −1 to 1. Then the cell is mixed:
#
# $$g_t = \tanh(W_g x_t + U_g h_{t-1} + b_g), \qquad c_t = f_t\odot c_{t-1} + i_t\odot g_t$$
#
# **The output gate** says how much of the cell the others get to see:
#
# $$o_t = \sigma(W_o x_t + U_o h_{t-1} + b_o), \qquad h_t = o_t\odot\tanh(c_t)$$
#
# The circle with a dot multiplies entry by entry. Four layers in all, three of them gates.

# %% id="latch"
W = {"f": [0.0, -10.0, 0.0], "i": [0.0, 10.0, 0.0], "g": [2.0, 0.0, 0.0], "o": [0.0, 0.0, 8.0]}
b = {"f": 5.0, "i": -5.0, "g": 0.0, "o": -5.0}  # U is 0: this unit need not listen to itself

value = np.array([0.9, 0.3, -0.6, 0.8, -0.9, 0.2, -0.8, 0.5, 0.1, -0.4, 0.7, -0.2])
write, show = np.zeros(12), np.zeros(12)
write[[1, 6]] = 1
show[[4, 5, 9]] = 1

c, rows = 0.0, []
for x in np.stack([value, write, show], axis=1):
    f = sigmoid(np.dot(W["f"], x) + b["f"])
    i = sigmoid(np.dot(W["i"], x) + b["i"])
    g = np.tanh(np.dot(W["g"], x) + b["g"])
    c = f * c + i * g
    o = sigmoid(np.dot(W["o"], x) + b["o"])
    rows.append([*x, f, i, g, c, o, o * np.tanh(c)])
rows = np.array(rows).T

names = ["value", "write", "show", "f", "i", "g", "c", "o", "h"]
figure = plots.figure(8.5, 4)
ax = figure.subplots()
picture = ax.imshow(rows, cmap=plots.DIVERGING, vmin=-1, vmax=1, aspect="auto")
for row, numbers in enumerate(rows):
    for t, number in enumerate(numbers):
        ax.text(
            t,
            row,
            f"{round(number, 2) + 0:.2f}",
            ha="center",
            va="center",
            fontsize=8,
            color="w" if abs(number) > 0.7 else "k",
        )
ax.set_yticks(range(9), names)
ax.set(xlabel="step", xticks=range(12))
ax.grid(False)
plots.show(
    figure,
    alt="Inputs, gates and states of one unit over twelve steps. The forget gate is near 1 except at the two writing steps, the input gate the other way round. The cell goes from 0.53 at step 1 to 0.52 at step 5 and is then near −0.9; the state is near the cell's tanh only where the output gate is open.",
)

# %% [markdown] id="gates-meaning"
# Read it column by column. At step 1 "write" opens the input gate and shuts the forget gate, and 0.53, almost the tanh of $2\cdot0.3$, goes in. From step 2 to 5 the doors stay as they are, and so does the cell, whatever the values say. At steps 4, 5 and 9 the output gate opens, and only then does $h$ show something.
#
# Three sentences of the book can be mended with this picture.
#
# - **"The forget gate gives a binary output."** It is a sigmoid, so it lies between 0 and 1 and reaches neither. Here it is 0.99 when it is open, and the cell loses a little at each step: 0.53 has become 0.52 by step 5.
# - **"The candidate holds all possible values of $h_{t-1}$ and $x_t$."** It holds one proposal for each unit. Look at row `g`: most of its proposals are never used.
# - **"The output gate filters what is remembered."** It decides what is *shown*. Between steps 6 and 9 the cell holds −0.9 and shows next to nothing of it. What is remembered is the business of $f$ and $i$.

# %% [markdown] id="halflife"
# ## Try it: three doors and a pulse
#
# Now the gates are yours, and they stand still. A pulse of 1 arrives at step 5 (or every ten steps). How long does the cell remember it? After $n$ steps there is $f^n$ left of it, and half of it after $\ln 2/(-\ln f)$ steps. Which $f$ would leave half of it after a thousand steps? Is it on the slider? Then let the pulses repeat, and open $f$ wholly: what becomes of $h$?

# %% id="gates-widget" folded=true
from dlbook import widgets


def pulse_run(f, i, o, every):
    """Cell and output of one unit with fixed gates, over 60 steps."""
    c, cells = 0.0, []
    for t in range(60):
        pulse = t >= 5 and (t - 5) % every == 0
        c = f * c + i * pulse
        cells.append(c)
    cells = np.array(cells)
    half = np.inf if f == 1 else 0.0 if f == 0 else np.log(2) / -np.log(f)
    return cells, o * np.tanh(cells), half


def pulse_figure(result):
    """The cell and what it shows, over time."""
    cells, shown, half = result
    figure = plots.figure(8, 3.2)
    ax = figure.subplots()
    ax.plot(cells, label="cell c")
    ax.plot(shown, label="state h")
    ax.set(xlabel="step", ylabel="value", title=f"half-life {half:.3g} steps")
    ax.legend(loc="center right")
    return figure


widgets.explore(
    pulse_figure,
    dict(
        f=widgets.Slider(0.0, 1.0, 0.9, step=0.01, label="forget gate f"),
        i=widgets.Slider(0.0, 1.0, 1.0, step=0.05, label="input gate i"),
        o=widgets.Slider(0.0, 1.0, 0.8, step=0.05, label="output gate o"),
        every=widgets.Options({"one pulse": 1000, "every 10 steps": 10}, style="buttons", label="pulses"),
    ),
    compute=pulse_run,
    alt=lambda r: (
        f"The cell is at most {r[0].max():.2f} and ends at {r[0][-1]:.3g}, the state ends at {r[1][-1]:.3g}; half-life {r[2]:.3g} steps."
    ),
    table=lambda r: {
        "step": [5, 10, 20, 40, 59],
        "cell c": [round(float(r[0][t]), 4) for t in (5, 10, 20, 40, 59)],
        "state h": [round(float(r[1][t]), 4) for t in (5, 10, 20, 40, 59)],
    },
    title="Three doors and a pulse",
)

# %% [markdown] id="halflife-meaning"
# Half of it after a thousand steps takes $f = 2^{-1/1000} = 0.9993$, more than the slider can set. And a cell that never forgets, $f = 1$, has a trouble of its own: with every pulse it grows, until $\tanh(c)$ stands at 1 and shows no difference any more.
#
# That was the LSTM of 1997. It had **no forget gate**; the cell could only add. Gers, Schmidhuber and Cummins gave it one in 2000, and what everyone has called LSTM since is theirs.

# %% [markdown] id="stacked"
# ## A whole layer
#
# With $H$ units and $D$ inputs each gate has a matrix $(H, D)$ for the inputs and one of $(H, H)$ for the state. One stacks the four on top of each other, **in the order i, f, g, o** as PyTorch does: `W_ih` is $(4H, D)$, `W_hh` is $(4H, H)$ and `b` is $(4H,)$. For a batch `x` of shape $(N, D)$ one product then gives the sums of all four:
#
# $$z = x\,W_{ih}^\top + h\,W_{hh}^\top + b, \qquad (N, 4H)$$
#
# The first $H$ columns of $z$ belong to $i$, the next $H$ to $f$, and so on. That makes $4H(D + H + 1)$ parameters; PyTorch keeps two biases, one for each product, and has $4H(D+H+2)$.

# %% [markdown] id="params-quiz" question="quiz"
# A plain recurrent layer with 9 inputs and 32 units has 1,344 parameters, with one bias. How many has an LSTM of the same size, and how many a GRU, which has two gates and a candidate?
#
# - [ ] 4,032 and 2,688: this counts the gates and forgets the candidate.
# - [x] 5,376 and 4,032: four and three times as many, one set of weights for each gate and one for the candidate.
# - [ ] 1,344 and 1,344: the gates share nothing with each other but x and h.

# %% [markdown] id="step-statement" statement="step"
# ### Exercise 1: a step of the LSTM (5 points)
#
# Write `lstm_step(x, h, c, W_ih, W_hh, b)`. `x` is $(N, D)$; `h` and `c`, the state before the step, are $(N, H)$; `W_ih`, `W_hh` and `b` are stacked as above, gates i, f, g, o. Return `h2` and `c2`, the state after the step, each $(N, H)$. The function `sigmoid(z)` of the first cell is yours to use.
#
# Check by hand: with all weights and biases 0, every gate is ½ and every candidate 0. From `c = [[2]]` you get `c2 = [[1]]` and `h2 = [[0.3808]]`, half the tanh of 1.


# %% id="step" exercise=true difficulty=1 by_hand="nn"
def lstm_step(x, h, c, W_ih, W_hh, b):
    """One step, gates i f g o: x (N, D), h and c (N, H), W_ih (4H, D), W_hh (4H, H), b (4H,) -> h2, c2, each (N, H)."""
    ### BEGIN SOLUTION
    i, f, g, o = np.split(x @ W_ih.T + h @ W_hh.T + b, 4, axis=1)
    c2 = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c2), c2
    ### END SOLUTION


# %% [markdown] id="step-hints" hints="step"
# - order: The gates are stacked in the order i, f, g, o: the candidate comes third, the output gate last.
# - interleaved: The first H columns of z belong to the input gate, the next H to the forget gate: cut z into four blocks, not into groups of four.
# - forget: The old content is lost: the new cell is f times the old one plus i times the candidate.
# - exposed: The output gate has its hand on the cell. It multiplies only what is shown, after the tanh.
# - squash: The state shows o times tanh(c), not o times c.
# - candidate: The candidate is content, from −1 to 1: a tanh, not a sigmoid.
# - old: The state shows the new cell, not the one before the step.
# - state: The sums lack the state: h times the transpose of W_hh.


# %% id="step-keeps" test="step" points=1
@check.exercise("21-lstm-gru/step")
def a_cell_that_keeps_its_content():
    """A cell that keeps its content: weights 0, forget gate open, input gate shut"""
    x, h = np.cos(np.arange(6.0)).reshape(3, 2), np.sin(np.arange(12.0)).reshape(3, 4)
    c = np.linspace(-2, 1.5, 12).reshape(3, 4)
    b = np.concatenate([np.full(4, -100.0), np.full(4, 100.0), np.full(4, 0.7), np.full(4, 1.2)])
    h2, c2 = check.call(lstm_step, x, h, c, np.zeros((16, 2)), np.zeros((16, 4)), b, returns=("h2", "c2"))
    groups = np.array([-100.0, 100.0, 0.7, 1.2])
    check.close(
        c2,
        c,
        name="c2",
        hints={
            "forget": lambda right: 0 * right,
            "exposed": lambda right: sigmoid(1.2) * right,
            "interleaved": lambda right: sigmoid(groups) * (c + np.tanh(groups)),
        },
    )
    check.close(
        h2,
        sigmoid(1.2) * np.tanh(c),
        name="h2",
        hints={
            "order": lambda right: sigmoid(0.7) * np.tanh(c),
            "squash": lambda right: sigmoid(1.2) * c,
        },
    )


# %% id="step-takes" test="step" points=1
@check.exercise("21-lstm-gru/step")
def a_cell_that_takes_the_candidate():
    """A cell that takes the candidate: forget gate shut, input gate open"""
    x, h, c = np.cos(np.arange(6.0)).reshape(3, 2), np.sin(np.arange(12.0)).reshape(3, 4), np.ones((3, 4))
    W_ih, W_hh = np.zeros((16, 2)), np.zeros((16, 4))
    W_ih[8:12] = np.linspace(-1, 2, 8).reshape(4, 2)
    W_hh[8:12] = np.cos(np.arange(16.0)).reshape(4, 4)
    b = np.concatenate([np.full(4, 100.0), np.full(4, -100.0), np.full(4, 0.3), np.full(4, -0.4)])
    h2, c2 = check.call(lstm_step, x, h, c, W_ih, W_hh, b, returns=("h2", "c2"))
    sums = x @ W_ih[8:12].T + h @ W_hh[8:12].T + 0.3
    check.close(
        c2,
        np.tanh(sums),
        name="c2",
        hints={
            "candidate": lambda right: sigmoid(sums),
            "state": lambda right: np.tanh(sums - h @ W_hh[8:12].T),
        },
    )
    check.close(h2, sigmoid(-0.4) * np.tanh(c2), name="h2", hints={"old": lambda right: sigmoid(-0.4) * np.tanh(c)})


# %% id="step-all" test="step" points=1
@check.exercise("21-lstm-gru/step")
def everything_at_once():
    """Everything at once"""
    x, h = np.cos(np.arange(10.0)).reshape(5, 2), np.sin(np.arange(15.0)).reshape(5, 3)
    c, b = np.linspace(-1, 2, 15).reshape(5, 3), np.linspace(-0.5, 0.8, 12)
    W_ih, W_hh = np.sin(1.7 * np.arange(24)).reshape(12, 2), np.cos(1.3 * np.arange(36)).reshape(12, 3)
    h2, c2 = check.call(lstm_step, x, h, c, W_ih, W_hh, b, returns=("h2", "c2"))
    (right_h, right_c), _ = nn.lstm_cell(x, (h, c), W_ih, W_hh, b)
    check.close(c2, right_c, name="c2")
    check.close(h2, right_h, name="h2")


# %% id="step-hidden" test="step" points=2 hidden=true
@check.exercise("21-lstm-gru/step", hidden=True)
def other_sizes():
    """Other sizes, one example, one unit, large sums"""
    rng = check.rng(51)
    for N, D, H, scale in [(1, 3, 2, 1.0), (4, 1, 5, 1.0), (2, 6, 1, 300.0)]:
        x, h, c = rng.normal(size=(N, D)), rng.normal(size=(N, H)), rng.normal(size=(N, H))
        W_ih, W_hh, b = (scale * rng.normal(size=s) for s in ((4 * H, D), (4 * H, H), 4 * H))
        h2, c2 = check.call(lstm_step, x, h, c, W_ih, W_hh, b, returns=("h2", "c2"))
        (right_h, right_c), _ = nn.lstm_cell(x, (h, c), W_ih, W_hh, b)
        check.close(c2, right_c, name=f"c2 for N = {N}, D = {D}, H = {H}")
        check.close(h2, right_h, name=f"h2 for N = {N}, D = {D}, H = {H}")


# %% [markdown] id="carousel"
# ## The carousel: why it helps, and when it does not
#
# How much does $c_t$ still depend on $c_k$, many steps earlier? Along the direct way there is one factor a step, and it is the forget gate:
#
# $$\frac{\partial c_t}{\partial c_k} \approx \prod_{j=k+1}^{t}\operatorname{diag}(f_j)$$
#
# No matrix, no slope of a tanh. Where $f = 1$ the gradient turns round and round unchanged, and Hochreiter and Schmidhuber called it the *constant error carousel*. (The sign ≈ stands for the other ways, through $h$ and the gates, which have their matrices and slopes.)
#
# The book says that this makes an LSTM remember over a thousand steps. Let us ask the gradient. The networks read 40 symbols, each a row of the identity matrix, and must name the first one at the end.


# %% id="reader"
class Reader(nn.Module):
    """A recurrent layer over x (T, N, D), and a linear layer on its last state -> (N, K)."""

    def __init__(self, layer, K, rng):
        self.layer = layer
        self.out = nn.Linear(layer.hidden_size, K, rng=rng, dtype=layer.weight_ih_l0.data.dtype)

    def forward(self, x):
        (y, _), steps = self.layer.forward(x)
        out, cache = self.out.forward(y[-1])
        return out, (y, steps, cache)

    def backward(self, dout, cache):
        y, steps, cache = cache
        dy = np.zeros_like(y)
        dy[-1] = self.out.backward(dout, cache)
        return self.layer.backward(dy, steps)[0]


def recurrent(kind, D, H, rng, forget=None, span=None, dtype=np.float32):
    """A layer of one kind.  forget : the bias of an LSTM's forget gate.  span : a "chrono" start for memories up to span steps."""
    layer = getattr(nn, kind)(D, H, rng=rng, dtype=dtype)
    if forget is None and span is None:
        return layer
    bias = np.zeros(layer.bias_ih_l0.shape, dtype)
    keep = slice(H, 2 * H)  # f of the LSTM, z of the GRU: how much of the old stays
    bias[keep] = forget if span is None else np.log(rng.uniform(1, span - 1, H))
    if span and kind == "LSTM":
        bias[:H] = -bias[keep]  # what stays long is rewritten rarely
    layer.bias_ih_l0.data, layer.bias_hh_l0.data = bias, np.zeros_like(bias)
    return layer


def first_symbol(T, N, rng, dtype=np.float32):
    """Sequences (T, N, 8): the first of four symbols, then T − 1 of four others that mean nothing; and the first ones (N,)."""
    symbols = rng.integers(4, 8, (T, N))
    symbols[0] = rng.integers(0, 4, N)
    return np.eye(8, dtype=dtype)[symbols], symbols[0]


def gradient_by_step(kind, T, seed, **start):
    """Length of the gradient of the loss with respect to each input, (T,), in a network that has learnt nothing yet."""
    rng = np.random.default_rng(seed)
    model = Reader(recurrent(kind, 8, 32, rng, dtype=np.float64, **start), 4, rng)
    x, y = first_symbol(T, 64, rng, np.float64)
    logits, cache = model.forward(x)
    _, loss_cache = nn.cross_entropy(logits, y)
    return np.linalg.norm(model.backward(nn.cross_entropy_backward(1.0, loss_cache), cache), axis=(1, 2))


# %% [markdown] id="gradient-question" question="predict"
# All weights are as PyTorch draws them, 32 units. How large is the gradient with respect to the first of 40 inputs, in a plain RNN, an LSTM and a GRU?
#
# - [ ] About 10⁻¹¹ in the RNN, 10⁻⁴ in the other two: they have the carousel; but only if its gates are open.
# - [x] About 10⁻¹⁰ or less in all three: at the start the gates stand half open, and ½ to the power of 39 is 2·10⁻¹².
# - [ ] About 10⁻⁴ in all three: forty steps are not many; but each of them costs a factor of about one half.

# %% id="gradient-run"
STARTS = {
    "RNN": ("RNN", {}),
    "LSTM": ("LSTM", {}),
    "LSTM, forget bias 1": ("LSTM", dict(forget=1.0)),
    "LSTM, forget bias 3": ("LSTM", dict(forget=3.0)),
    "LSTM, chrono": ("LSTM", dict(span=40)),
    "GRU": ("GRU", {}),
    "GRU, chrono": ("GRU", dict(span=40)),
}
lengths = {
    name: np.array([gradient_by_step(kind, 40, seed, **start) for seed in range(5)])
    for name, (kind, start) in STARTS.items()
}
print(f"{'gradient at':<20}  step 39   step 20    step 0   (step 0, the five starts)")
for name, found in lengths.items():
    mean = np.exp(np.log(found).mean(axis=0))
    print(
        f"{name:<20} {mean[39]:8.0e} {mean[20]:9.0e} {mean[0]:9.0e}   "
        f"({found[:, 0].min():.0e} to {found[:, 0].max():.0e})"
    )

figure = plots.figure(8, 3.8)
ax = figure.subplots()
for name, found in lengths.items():
    ax.semilogy(np.exp(np.log(found).mean(axis=0)), label=name)
ax.set(xlabel="step of the input", ylabel="length of the gradient")
ax.legend(fontsize=8, ncols=2)
plots.show(
    figure,
    alt="Gradient by step on a logarithmic axis, seven starts. Towards the first step the plain RNN, the default LSTM and the default GRU fall together to 1e-10 and below; with a forget bias of 1 the LSTM falls to 5e-6, with 3 it stays near 1e-2, and with chrono biases both LSTM and GRU stay near 1e-4.",
)

# %% [markdown] id="gradient-meaning"
# Left as PyTorch starts them, all three send back next to nothing: 5·10⁻¹², 4·10⁻¹¹ and 10⁻¹⁰, and the RNN's five starts differ among themselves by more than the three cells do. The LSTM has its carousel, and it stands still. One number moves it: with a forget bias of 1 a hundred thousand times more arrives at the first step, with 3 a hundred million times more. The two chrono starts, explained in a moment, lie between, at about 10⁻⁴.
#
# So "an LSTM remembers" needs a condition.
#
# The carousel turns only if $f$ is near 1, and at the usual start the sum inside the forget gate is near 0. So one gives the gate a **bias**: 1 at least (Gers and others 2000; Jozefowicz and others 2015). For $f=\sigma(b)$ alone, forty steps leave $\sigma(0)^{39} = 2\cdot10^{-12}$, $\sigma(1)^{39} = 5\cdot10^{-6}$, $\sigma(3)^{39} = 0.15$.
#
# Who knows how far the memory must reach can say so. A gate that keeps a share $f$ remembers for about $1/(1-f)$ steps; with $b = \ln(n)$ that is $n + 1$ steps. Tallec and Ollivier (2018) draw $n$ at random for every unit, from 1 to $T-1$, and give the input gate the negative: a unit that keeps long is rewritten rarely. They called it the *chrono* start.
#
# Two more of the book's sentences. An LSTM is said to beat hidden Markov models, which are "the same with parameters computed differently": they are not. A hidden Markov model has discrete states that are drawn at random, and is fitted by expectation–maximisation; here the state is a vector of real numbers that follows from the inputs, and is fitted by gradients. And gates do not free a network of the vanishing gradient. It vanishes more slowly where they stay open, and an open gate is something that has to be started or learnt.

# %% [markdown] id="peephole"
# ## Relatives: peepholes, coupled gates
#
# The gates see $h_{t-1}$. If the output gate is shut, that is nearly zero, and they do not know what the cell holds. **Peepholes** (Gers and Schmidhuber 2000) let them look: $i$ and $f$ get $p\odot c_{t-1}$ added to their sums, $o$ gets $p_o\odot c_t$. That is $3H$ more parameters, useful where exact intervals are to be timed. A comparison of eight variants by Greff and others (2017) found that peepholes bring little in most tasks, that one may *couple* the gates, $i = 1 - f$, without loss, and that two parts cannot be taken away: the forget gate and the tanh at the output. PyTorch has no peepholes. Hold on to the coupled gates; the GRU will have them.

# %% [markdown] id="backward"
# ## Backwards through the cell
#
# A loss sends a gradient $\mathrm{dy}_t$ to every $h_t$, and $\mathrm{dh}_n$, $\mathrm{dc}_n$ to the last state (the layer above, the next piece of a text). Now the state is a pair, so two gradients travel backwards, and each is a **sum**, since what it belongs to is used several times.
#
# $h_t$ is an output and it enters the four sums of the next step:
#
# $$\mathrm{dh}_t = \mathrm{dy}_t + \mathrm{dz}_{t+1} W_{hh}$$
#
# $c_t$ is shown through $h_t$ and it is carried on to $c_{t+1}$:
#
# $$\mathrm{dc}_t = \mathrm{dc}_{t+1}\odot f_{t+1} + \mathrm{dh}_t\odot o_t\odot(1-\tanh^2 c_t)$$
#
# (At the end $\mathrm{dh}_n$ and $\mathrm{dc}_n$ stand in the place of what comes from step $t+1$.) What is left is one step deep: what each gate multiplies tells what it receives; its slope turns that into the gradient of its sum; the four make $\mathrm{dz}_t$, in the order i, f, g, o. From $\mathrm{dz}_t$ everything else follows, as in any layer that is a product. Only mind that the weights are the same at every step.

# %% [markdown] id="lstm-statement" statement="lstm"
# ### Exercise 2: back through a whole sequence (10 points)
#
# `lstm_forward(x, h0, c0, W_ih, W_hh, b)` is given. It runs $T$ steps over `x` $(T, N, D)$ and returns all states `y` $(T, N, H)$ and `cache = (x, h, c, W_ih, W_hh, b)`. There `h` and `c` are $(T+1, N, H)$ and begin with `h0` and `c0`, so step $t$ reads `h[t]`, `c[t]` and makes `h[t+1]`, `c[t+1]`. The gates are not kept, and need not be: with `h` known, you have them again from exercise 1, for all steps in one product if you like.
#
# Write `lstm_backward(dy, dh_n, dc_n, cache)`, with `dy` $(T, N, H)$ and `dh_n`, `dc_n` $(N, H)$. Return `dx, dh0, dc0, dW_ih, dW_hh, db`, each in the shape of what it belongs to. Change no argument. Derive it; the answer may not call the forward functions.
#
# Check by hand: one step, one unit, all weights 0, `c0 = 2`, `dy = 0`, `dh_n = 0`, `dc_n = 1`. The gates are ½, the candidate 0. `dc0 = 0.5` and `db = [0, 0.5, 0.5, 0]`.


# %% id="lstm-forward" given=true
def lstm_forward(x, h0, c0, W_ih, W_hh, b):
    """All steps: x (T, N, D), h0 and c0 (N, H).  Returns y (T, N, H), and cache = (x, h, c, W_ih, W_hh, b), h and c (T + 1, N, H)."""
    h, c = [h0], [c0]
    for x_t in x:
        (h_t, c_t), _ = nn.lstm_cell(x_t, (h[-1], c[-1]), W_ih, W_hh, b)
        h.append(h_t)
        c.append(c_t)
    h, c = np.array(h), np.array(c)
    return h[1:], (x, h, c, W_ih, W_hh, b)


def lstm_case(T, N, D, H):
    """Arguments of lstm_forward, and upstream gradients: the same on every machine, nothing symmetric."""
    x = np.cos(1.1 * np.arange(T * N * D) + 0.3).reshape(T, N, D)
    h0, c0 = np.linspace(-0.8, 0.7, N * H).reshape(N, H), np.linspace(1.6, -1.1, N * H).reshape(N, H)
    W_ih = np.sin(1.3 * np.arange(4 * H * D) + 0.5).reshape(4 * H, D)
    W_hh = 0.8 * np.cos(0.7 * np.arange(4 * H * H) ** 1.3).reshape(4 * H, H)
    b = np.linspace(-0.4, 0.9, 4 * H)
    dy = np.sin(0.9 * np.arange(T * N * H) + 1).reshape(T, N, H)
    dh_n, dc_n = np.cos(2.1 * np.arange(N * H)).reshape(N, H), np.sin(1.9 * np.arange(N * H) + 0.4).reshape(N, H)
    return (x, h0, c0, W_ih, W_hh, b), (dy, dh_n, dc_n)


# %% id="lstm" exercise=true difficulty=3 by_hand="nn lstm_forward lstm_step"
def lstm_backward(dy, dh_n, dc_n, cache):
    """Gradients through T steps: dy (T, N, H), dh_n and dc_n (N, H) -> dx, dh0, dc0, dW_ih, dW_hh, db."""
    ### BEGIN SOLUTION
    x, h, c, W_ih, W_hh, b = cache
    i, f, g, o = np.split(x @ W_ih.T + h[:-1] @ W_hh.T + b, 4, axis=2)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    shown = np.tanh(c[1:])
    dz = np.empty(i.shape[:2] + b.shape)
    dh, dc = dh_n, dc_n
    for t in reversed(range(len(x))):
        dh = dh + dy[t]
        dc = dc + dh * o[t] * (1 - shown[t] ** 2)
        dz[t] = np.hstack(
            [
                dc * g[t] * i[t] * (1 - i[t]),
                dc * c[t] * f[t] * (1 - f[t]),
                dc * i[t] * (1 - g[t] ** 2),
                dh * shown[t] * o[t] * (1 - o[t]),
            ]
        )
        dh, dc = dz[t] @ W_hh, dc * f[t]
    dW_ih, dW_hh = np.einsum("tnk,tnd->kd", dz, x), np.einsum("tnk,tnh->kh", dz, h[:-1])
    return dz @ W_ih, dh, dc, dW_ih, dW_hh, dz.sum(axis=(0, 1))
    ### END SOLUTION


# %% [markdown] id="lstm-hints" hints="lstm"
# - order: The rows of the weights belong to i, f, g, o: put the four gradients together in this order.
# - tanh: The slope of tanh at c is 1 − tanh²(c), not 1 − c².
# - before: The forget gate multiplied the cell before the step, c[t], not the one after it.
# - last: dh_n and dc_n are missing: the last state has a gradient of its own.
# - transposed: z is h times the transpose of W_hh, so the gradient of h is dz times W_hh itself.
# - gate: On its way to the step before, dc passes the forget gate: times f.
# - axes: The first axis is time and the second the batch: dx has the shape of x.
# - time: No gradient goes through time: what a step hands back, through h and through c, is part of what the step before receives.
# - overwritten: What comes back through time replaces dy[t]. A state with two uses receives the sum of both.
# - carry: The carry of the cell is dropped: dc is f times the dc of the step after, plus what comes through h.
# - h-carry: What goes back through the four gates to h is dropped: dz times W_hh belongs to the dh of the step before.
# - sum: The weights are used at every step: add up their gradients over time, do not keep one step's.
# - backwards: The loop runs from the last step to the first: dx came out in the order of the loop.


# %% id="lstm-one" test="lstm" points=3
@check.exercise("21-lstm-gru/lstm")
def a_single_step():
    """A single step"""
    (x, h0, c0, W_ih, W_hh, b), (dy, dh_n, dc_n) = lstm_case(1, 3, 2, 4)
    y, cache = lstm_forward(x, h0, c0, W_ih, W_hh, b)
    c1 = cache[2][1]
    names = ("dx", "dh0", "dc0", "dW_ih", "dW_hh", "db")
    dx, dh0, dc0, dW_ih, dW_hh, db = check.call(lstm_backward, dy, dh_n, dc_n, cache, returns=names)

    def sums(dh, dc):
        """Gradients of the four sums, example by example, (3, 16)."""
        rows = []
        for n in range(3):
            _, one = nn.lstm_cell(x[0, [n]], (h0[[n]], c0[[n]]), W_ih, W_hh, b)
            rows.append(nn.lstm_cell_backward((dh[[n]], dc[[n]]), one)[4])
        return np.array(rows)

    def loss(x, h0, c0, W_ih, W_hh, b):
        y, cache = lstm_forward(x, h0, c0, W_ih, W_hh, b)
        return np.sum(dy * y) + np.sum(dh_n * y[-1]) + np.sum(dc_n * cache[2][-1])

    right = sums(dy[0] + dh_n, dc_n)
    blocks = np.split(right, 4, axis=1)
    slip = (dy[0] + dh_n) * y[0] / np.tanh(c1) * (np.tanh(c1) ** 2 - c1**2)
    check.gradient(
        lambda v: loss(x, h0, c0, v, W_hh, b),
        dW_ih,
        W_ih,
        name="dW_ih",
        hints={
            "order": lambda _: np.hstack([blocks[k] for k in (0, 1, 3, 2)]).T @ x[0],
            "tanh": lambda _: sums(dy[0] + dh_n, dc_n + slip).T @ x[0],
            "before": lambda _: np.hstack([blocks[0], blocks[1] * c1 / c0, *blocks[2:]]).T @ x[0],
            "last": lambda _: sums(dy[0], 0 * dc_n).T @ x[0],
        },
    )
    check.gradient(lambda v: loss(x, h0, c0, W_ih, v, b), dW_hh, W_hh, name="dW_hh")
    check.gradient(lambda v: loss(x, h0, c0, W_ih, W_hh, v), db, b, name="db")
    check.gradient(
        lambda v: loss(v, h0, c0, W_ih, W_hh, b),
        dx,
        x,
        name="dx",
        hints={"axes": lambda right: right.swapaxes(0, 1)},
    )
    check.gradient(
        lambda v: loss(x, v, c0, W_ih, W_hh, b),
        dh0,
        h0,
        name="dh0",
        hints={"transposed": lambda _: sum(d @ w.T for d, w in zip(blocks, np.split(W_hh, 4), strict=True))},
    )
    check.gradient(
        lambda v: loss(x, h0, v, W_ih, W_hh, b),
        dc0,
        c0,
        name="dc0",
        hints={"gate": lambda _: dc_n + (dy[0] + dh_n) * y[0] / np.tanh(c1) * (1 - np.tanh(c1) ** 2)},
    )


# %% id="lstm-many" test="lstm" points=4
@check.exercise("21-lstm-gru/lstm")
def five_steps():
    """Five steps"""
    arguments, (dy, dh_n, dc_n) = lstm_case(5, 3, 2, 4)
    _, cache = lstm_forward(*arguments)
    x, h, c, W_ih, W_hh, b = cache
    names = ("dx", "dh0", "dc0", "dW_ih", "dW_hh", "db")
    answer = check.call(lstm_backward, dy, dh_n, dc_n, cache, returns=names)
    dx, dh0, dc0, dW_ih, dW_hh, db = answer
    _, steps = nn.lstm(x, (h[0], c[0]), W_ih, W_hh, b)

    def without(through_h, through_c):
        """The gradient of W_ih where a way through time is blocked."""
        total, dh, dc = 0, dh_n, dc_n
        for t in reversed(range(5)):
            _, step = nn.lstm_cell(x[t], (h[t], c[t]), W_ih, W_hh, b)
            _, (dh, dc), gradient, *_ = nn.lstm_cell_backward((dh + dy[t], dc), step)
            total, dh, dc = total + gradient, through_h * dh, through_c * dc
        return total

    def first_step_alone():
        _, later = nn.lstm(x[1:], (h[1], c[1]), W_ih, W_hh, b)
        _, (dh, dc), *_ = nn.lstm_backward((dy[1:], (dh_n, dc_n)), later)
        _, step = nn.lstm_cell(x[0], (h[0], c[0]), W_ih, W_hh, b)
        return nn.lstm_cell_backward((dh + dy[0], dc), step)[2]

    only_last = np.concatenate([np.zeros_like(dy[:-1]), dy[-1:]])
    rx, (rh0, rc0), rW_ih, rW_hh, rb, _ = nn.lstm_backward((dy, (dh_n, dc_n)), steps)
    check.close(
        dW_ih,
        rW_ih,
        name="dW_ih",
        hints={
            "time": lambda right: without(0, 0),
            "overwritten": lambda right: nn.lstm_backward((only_last, (dh_n, dc_n)), steps)[2],
            "carry": lambda right: without(1, 0),
            "h-carry": lambda right: without(0, 1),
            "sum": lambda right: first_step_alone(),
        },
    )
    check.close(dW_hh, rW_hh, name="dW_hh")
    check.close(db, rb, name="db")
    check.close(dx, rx, name="dx", hints={"backwards": lambda right: right[::-1]})
    check.close(dh0, rh0, name="dh0")
    check.close(dc0, rc0, name="dc0")


# %% id="lstm-hidden" test="lstm" points=3 hidden=true
@check.exercise("21-lstm-gru/lstm", hidden=True)
def other_lengths_and_sizes():
    """Other lengths and sizes: one example, one unit, one step, thirty steps"""
    rng = check.rng(52)
    for T, N, D, H in [(1, 1, 3, 2), (6, 1, 2, 3), (4, 5, 3, 1), (30, 2, 4, 7)]:
        x, h0, c0 = rng.normal(size=(T, N, D)), rng.normal(size=(N, H)), rng.normal(size=(N, H))
        W_ih, W_hh, b = rng.normal(size=(4 * H, D)), rng.normal(size=(4 * H, H)), rng.normal(size=4 * H)
        dy, dh_n, dc_n = rng.normal(size=(T, N, H)), rng.normal(size=(N, H)), rng.normal(size=(N, H))
        _, cache = lstm_forward(x, h0, c0, W_ih, W_hh, b)
        names = ("dx", "dh0", "dc0", "dW_ih", "dW_hh", "db")
        answer = check.call(lstm_backward, dy, dh_n, dc_n, cache, returns=names)
        _, steps = nn.lstm(x, (h0, c0), W_ih, W_hh, b)
        rx, (rh0, rc0), rW_ih, rW_hh, rb, _ = nn.lstm_backward((dy, (dh_n, dc_n)), steps)
        for name, got, right in zip(names, answer, (rx, rh0, rc0, rW_ih, rW_hh, rb), strict=True):
            where = f"{name} for T = {T}, N = {N}, D = {D}, H = {H}"
            check.close(got, right, name=where, rtol=1e-9, atol=1e-12)  # closer than any difference quotient


# %% [markdown] id="gru"
# ## GRU: one state, two gates
#
# Cho and others (2014) asked what of the LSTM one can do without. Their **gated recurrent unit** has no cell beside the state: $h$ is memory and output at once, so there is no output gate. And it couples forgetting and taking in: what is not kept is replaced. Two gates are left, **reset** $r$ and **update** $z$:
#
# $$r_t = \sigma(W_r x_t + U_r h_{t-1} + b_r), \qquad z_t = \sigma(W_z x_t + U_z h_{t-1} + b_z)$$
#
# The candidate $n_t$ sees the old state through the reset gate. The new state lies between the two:
#
# $$n_t = \tanh\big(W_n x_t + b_n + r_t\odot(U_n h_{t-1} + b_{hn})\big), \qquad h_t = (1-z_t)\odot n_t + z_t\odot h_{t-1}$$
#
# The carousel is there again: along the direct way $h_{t-1}\to h_t$ the factor is $z_t$, and with $z=1$ the state stays as it is. The order of the stacked rows is r, z, n, and the candidate's second bias $b_{hn}$ gets an array of its own, because $r$ multiplies it.


# %% id="gru-step" given=true
def gru_step(x, h, W_ih, W_hh, b, b_hn):
    """One step, gates r z n: x (N, D), h (N, H), W_ih (3H, D), W_hh (3H, H), b (3H,), b_hn (H,) -> the new h (N, H)."""
    x_r, x_z, x_n = np.split(x @ W_ih.T + b, 3, axis=1)
    h_r, h_z, h_n = np.split(h @ W_hh.T, 3, axis=1)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * (h_n + b_hn))
    return (1 - z) * n + z * h


# %% [markdown] id="gru-variants"
# The book shows these formulas with other letters. It calls the candidate $r$ and "the output of the reset gate", so that one letter means two things; $1-z$ it calls the inverse of the gate, and it is the complement. And it cites Cho's paper, whose candidate is another one. There the reset gate comes **before** the product with the matrix, $\tanh(W_n x + U_n (r\odot h))$; the book's formula, and PyTorch's, has it **after**. That is no small difference:

# %% id="gru-variants-run"
rng = np.random.default_rng(8)
x, h = rng.normal(size=(1, 2)), rng.normal(size=(1, 3))
W_ih, W_hh = rng.normal(size=(9, 2)), rng.normal(size=(9, 3))
zero, H = np.zeros(9), 3
r, z = (sigmoid(x @ W_ih[k * H : (k + 1) * H].T + h @ W_hh[k * H : (k + 1) * H].T) for k in (0, 1))
before = np.tanh(x @ W_ih[2 * H :].T + (r * h) @ W_hh[2 * H :].T)
library, _ = nn.gru_cell(x, h, W_ih, W_hh, zero, zero)

print("reset after the product: ", gru_step(x, h, W_ih, W_hh, zero, np.zeros(3))[0].round(3))
print("reset before it:         ", ((1 - z) * before + z * h)[0].round(3))
print("dlbook.nn and PyTorch:   ", library[0].round(3))
print(
    "z and 1 - z exchanged:   ",
    gru_step(
        x,
        h,
        np.vstack([W_ih[:3], -W_ih[3:6], W_ih[6:]]),
        np.vstack([W_hh[:3], -W_hh[3:6], W_hh[6:]]),
        zero,
        np.zeros(3),
    )[0].round(3),
)

# %% [markdown] id="gru-variants-meaning"
# The same weights, other states. Who loads the weights of a GRU must know which of the two it is. (Keras has both: `reset_after=True` is the default since version 2.) The one after the product is faster: all products with $h$ are one.
#
# The last line is a third trap. Some papers, Chung and others (2014) among them, write $h_t = (1-z)\odot h_{t-1} + z\odot n$. There $z=1$ means "take the new", here it means "keep the old". The networks are equally good; the weights of one are of no use in the other.
#
# The book calls the GRU an improved version of the LSTM, of a new generation. It is the smaller one, three sets of weights against four, and neither wins in general. What the GRU lost can be shown. An LSTM with open gates adds 1 at each step: it can **count**. The state of a GRU lies between $-1$ and $1$, and each step only mixes:

# %% id="counting"
steps = np.ones((50, 1, 1))
open_gates = np.array([100.0, 100.0, 100.0, 100.0])
start = np.zeros((1, 1))
(_, (_, c)), _ = nn.lstm(steps, (start, start), np.zeros((4, 1)), np.zeros((4, 1)), open_gates)
y, _ = nn.gru(steps, start, np.zeros((3, 1)), np.zeros((3, 1)), np.array([0.0, 2.0, 100.0]), np.zeros(3))
print(
    f"after 50 steps: the LSTM's cell {c[0, 0]:.1f}; the GRU's state {y[0][49, 0, 0]:.4f}, after 25 it was {y[0][24, 0, 0]:.4f}"
)

# %% [markdown] id="blend-text"
# ## Try it: what stays and what comes
#
# One unit of a GRU with an old state of 0.8. The input alone would propose $\tanh(-0.5)$; the old state pulls the proposal with a weight of 1.5, as far as the reset gate lets it. Set both gates. Where is the state kept, where forgotten, where is it first forgotten by the candidate and yet kept?

# %% id="blend-widget" folded=true


def blend(r, z):
    """Old state, candidate and new state of one unit."""
    old = 0.8
    candidate = float(np.tanh(-0.5 + r * 1.5 * old))
    return old, candidate, (1 - z) * candidate + z * old


def blend_figure(r, z):
    """Three bars, and what each part gives to the new state."""
    old, candidate, new = blend(r, z)
    figure = plots.figure(7.5, 3.2)
    ax = figure.subplots()
    bars = ax.barh(
        ["new state", "candidate n", "old state h"],
        [new, candidate, old],
        color=[plots.BLACK, plots.ORANGE, plots.BLUE],
    )
    ax.bar_label(bars, fmt="%.2f", padding=3)
    ax.axvline(0, color=plots.GREY, linewidth=1)
    ax.set(xlim=(-1.1, 1.1), title=f"{1 - z:.2f} · {candidate:.2f} + {z:.2f} · {old:.2f} = {new:.2f}")
    return figure


widgets.explore(
    blend_figure,
    dict(
        r=widgets.Slider(0.0, 1.0, 0.5, step=0.05, label="reset gate r"),
        z=widgets.Slider(0.0, 1.0, 0.75, step=0.05, label="update gate z"),
    ),
    alt=lambda r, z: "Bars: old state {:.2f}, candidate {:.2f}, new state {:.2f}.".format(*blend(r, z)),
    table=lambda r, z: dict(
        zip(["old state", "candidate", "new state"], np.round(blend(r, z), 3).tolist(), strict=True)
    ),
    title="Old state, candidate, new state",
)

# %% [markdown] id="gru-where"
# Mind what the gates multiply. The book says that they are applied to "the input data and/or the hidden state". No gate of a GRU or an LSTM ever multiplies an input: $r$ multiplies what the old state contributes, $z$ the old state, $1 - z$ the candidate. (The LSTM has no update gate, though the book speaks of one there: its forget and input gates do that work. And two slips of the pen: the book's *update date* is the update gate, and where it *summarises* two terms, it adds them.)
#
# And how much comes back in training? Along one step
#
# $$\frac{\partial h_t}{\partial h_{t-1}} = \operatorname{diag}(z) + \text{(through the update gate)} + \text{(through the candidate, twice: once past } r\text{, once through } r)$$
#
# The first term is the carousel. The others have matrices in them; for them it is their singular values that count, not whether some numbers are below 1.

# %% [markdown] id="gru-back-statement" statement="gru-back"
# ### Exercise 3: back through a GRU (8 points)
#
# `gru_forward(x, h0, W_ih, W_hh, b, b_hn)` is given and returns `y` $(T, N, H)$ and `cache = (x, h, W_ih, W_hh, b, b_hn)`, with `h` $(T+1, N, H)$ as before. Write `gru_backward(dy, dh_n, cache)` and return `dx, dh0, dW_ih, dW_hh, db, db_hn`. Change no argument, derive it, and do not call the forward functions.
#
# Derive it for one step first. $h_{t-1}$ is used in three places: times $z$, in both gates, and, behind $r$, in the candidate. Of the sums with $x$ and those with $h$, the two gates' have the same gradient. The candidate's have not: $U_n h + b_{hn}$ stands behind $r$, $W_n x + b_n$ does not.
#
# Check by hand: one step, one unit, all weights and biases 0, `x = 3`, `h0 = 2`, `dy = 0`, `dh_n = 1`. Then $r = z = ½$, $n = 0$, and `db = [0, 0.5, 0.5]`, `db_hn = [0.25]`, `dh0 = 0.5`.


# %% id="gru-forward" given=true
def gru_forward(x, h0, W_ih, W_hh, b, b_hn):
    """All steps: x (T, N, D), h0 (N, H).  Returns y (T, N, H), and cache = (x, h, W_ih, W_hh, b, b_hn), h (T + 1, N, H)."""
    h = [h0]
    for x_t in x:
        h.append(gru_step(x_t, h[-1], W_ih, W_hh, b, b_hn))
    h = np.array(h)
    return h[1:], (x, h, W_ih, W_hh, b, b_hn)


def gru_case(T, N, D, H):
    """Arguments of gru_forward, and upstream gradients: the same on every machine, nothing symmetric."""
    x = np.cos(1.1 * np.arange(T * N * D) + 0.3).reshape(T, N, D)
    h0 = np.linspace(-0.8, 0.7, N * H).reshape(N, H)
    W_ih = np.sin(1.3 * np.arange(3 * H * D) + 0.5).reshape(3 * H, D)
    W_hh = 0.8 * np.cos(0.7 * np.arange(3 * H * H) ** 1.3).reshape(3 * H, H)
    b, b_hn = np.linspace(-0.4, 0.9, 3 * H), np.linspace(0.6, -0.5, H)
    dy = np.sin(0.9 * np.arange(T * N * H) + 1).reshape(T, N, H)
    dh_n = np.cos(2.1 * np.arange(N * H)).reshape(N, H)
    return (x, h0, W_ih, W_hh, b, b_hn), (dy, dh_n)


def two_biases(b, b_hn):
    """The biases as dlbook.nn and PyTorch keep them: b_ih and b_hh, each (3H,)."""
    return b, np.concatenate([np.zeros(2 * len(b_hn)), b_hn])


# %% id="gru-back" exercise=true difficulty=3 by_hand="nn gru_forward gru_step"
def gru_backward(dy, dh_n, cache):
    """Gradients through T steps: dy (T, N, H), dh_n (N, H) -> dx, dh0, dW_ih, dW_hh, db, db_hn."""
    ### BEGIN SOLUTION
    x, h, W_ih, W_hh, b, b_hn = cache
    x_r, x_z, x_n = np.split(x @ W_ih.T + b, 3, axis=2)
    h_r, h_z, h_n = np.split(h[:-1] @ W_hh.T, 3, axis=2)
    h_n = h_n + b_hn
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    of_x, of_h = np.empty((2, *x.shape[:2], len(b)))
    dh = dh_n
    for t in reversed(range(len(x))):
        dh = dh + dy[t]
        dn = dh * (1 - z[t]) * (1 - n[t] ** 2)
        dz = dh * (h[t] - n[t]) * z[t] * (1 - z[t])
        dr = dn * h_n[t] * r[t] * (1 - r[t])
        of_x[t], of_h[t] = np.hstack([dr, dz, dn]), np.hstack([dr, dz, dn * r[t]])
        dh = dh * z[t] + of_h[t] @ W_hh
    dW_ih, dW_hh = np.einsum("tnk,tnd->kd", of_x, x), np.einsum("tnk,tnh->kh", of_h, h[:-1])
    return of_x @ W_ih, dh, dW_ih, dW_hh, of_x.sum(axis=(0, 1)), of_h.sum(axis=(0, 1))[-len(b_hn) :]
    ### END SOLUTION


# %% [markdown] id="gru-back-hints" hints="gru-back"
# - update: z and 1 − z are exchanged: here z is the share of the old state that stays.
# - reset: That is the GRU with the reset gate before the product. Here r multiplies U h + b_hn, after it.
# - order: The rows of the weights belong to r, z, n: put the three gradients together in this order.
# - tanh: n is already a tanh: its slope is 1 − n², not 1 − tanh²(n).
# - inside: U h + b_hn stands behind the reset gate: its gradient is that of the candidate's sum, times r.
# - direct: The direct way is missing: the old state was multiplied by z, so z times dh goes straight back, beside what comes through the three sums.
# - transposed: The sums are h times the transpose of W_hh, so the gradient of h is their gradient times W_hh itself.
# - axes: The first axis is time and the second the batch: dx has the shape of x.
# - time: No gradient goes through time: what a step hands back is part of what the step before receives.
# - overwritten: What comes back through time replaces dy[t]. A state with two uses receives the sum of both.
# - sum: The weights are used at every step: add up their gradients over time, do not keep one step's.


# %% id="gru-one" test="gru-back" points=3
@check.exercise("21-lstm-gru/gru-back")
def a_single_step():
    """A single step"""
    (x, h0, W_ih, W_hh, b, b_hn), (dy, dh_n) = gru_case(1, 3, 2, 4)
    y, cache = gru_forward(x, h0, W_ih, W_hh, b, b_hn)
    dx, dh0, dW_ih, dW_hh, db, db_hn = check.call(
        gru_backward, dy, dh_n, cache, returns=("dx", "dh0", "dW_ih", "dW_hh", "db", "db_hn")
    )
    dh = dy[0] + dh_n
    r, z = sigmoid(x[0] @ W_ih[:8].T + h0 @ W_hh[:8].T + b[:8]).reshape(3, 2, 4).swapaxes(0, 1)
    n = (y[0] - z * h0) / (1 - z)

    def sums(W_ih, W_hh, b):
        """Gradients of the sums with x and of those with h, example by example: two arrays (3, 12)."""
        rows = []
        for k in range(3):
            _, one = nn.gru_cell(x[0, [k]], h0[[k]], W_ih, W_hh, *two_biases(b, b_hn))
            rows.append(nn.gru_cell_backward(dh[[k]], one)[4:])
        return np.array(rows).swapaxes(0, 1)

    def reset_before():
        """The gradient of W_ih where r multiplies h before the product."""
        early, inner = nn.rnn_cell(x[0], r * h0, W_ih[8:], W_hh[8:], b[8:], b_hn)
        _, dreset, dW_n, *_ = nn.rnn_cell_backward(dh * (1 - z), inner)
        gates = np.hstack([dreset * h0 * r * (1 - r), dh * (h0 - early) * z * (1 - z)])
        return np.vstack([gates.T @ x[0], dW_n])

    def exchanged():
        """The gradient of W_ih for h = z n + (1 − z) h: the same as with all signs of z turned round."""
        signs = np.repeat([1.0, -1.0, 1.0], 4)
        of_x, _ = sums(signs[:, None] * W_ih, signs[:, None] * W_hh, signs * b)
        return (of_x * signs).T @ x[0]

    of_x, of_h = sums(W_ih, W_hh, b)
    steeper = np.hstack([(1 - np.tanh(n) ** 2) / (1 - n**2)] * 3)
    steeper[:, 4:8] = 1
    blocks = np.split(of_x, 3, axis=1)

    def loss(x, h0, W_ih, W_hh, b, b_hn):
        y, _ = gru_forward(x, h0, W_ih, W_hh, b, b_hn)
        return np.sum(dy * y) + np.sum(dh_n * y[-1])

    check.gradient(
        lambda v: loss(x, h0, v, W_hh, b, b_hn),
        dW_ih,
        W_ih,
        name="dW_ih",
        hints={
            "update": lambda _: exchanged(),
            "reset": lambda _: reset_before(),
            "order": lambda _: np.hstack([blocks[k] for k in (1, 0, 2)]).T @ x[0],
            "tanh": lambda _: (of_x * steeper).T @ x[0],
        },
    )
    check.gradient(
        lambda v: loss(x, h0, W_ih, v, b, b_hn),
        dW_hh,
        W_hh,
        name="dW_hh",
        hints={"inside": lambda _: of_x.T @ h0},
    )
    check.gradient(lambda v: loss(x, h0, W_ih, W_hh, v, b_hn), db, b, name="db")
    check.gradient(lambda v: loss(x, h0, W_ih, W_hh, b, v), db_hn, b_hn, name="db_hn")
    check.gradient(
        lambda v: loss(v, h0, W_ih, W_hh, b, b_hn), dx, x, name="dx", hints={"axes": lambda right: right.swapaxes(0, 1)}
    )
    pieces = zip(np.split(of_h, 3, axis=1), np.split(W_hh, 3), strict=True)
    turned = z * dh + sum(d @ w.T for d, w in pieces)
    check.gradient(
        lambda v: loss(x, v, W_ih, W_hh, b, b_hn),
        dh0,
        h0,
        name="dh0",
        hints={"direct": lambda right: right - z * dh, "transposed": lambda _: turned},
    )


# %% id="gru-many" test="gru-back" points=3
@check.exercise("21-lstm-gru/gru-back")
def five_steps():
    """Five steps"""
    arguments, (dy, dh_n) = gru_case(5, 3, 2, 4)
    _, cache = gru_forward(*arguments)
    x, h, W_ih, W_hh, b, b_hn = cache
    weights = (W_ih, W_hh, *two_biases(b, b_hn))
    dx, dh0, dW_ih, dW_hh, db, db_hn = check.call(
        gru_backward, dy, dh_n, cache, returns=("dx", "dh0", "dW_ih", "dW_hh", "db", "db_hn")
    )
    _, steps = nn.gru(x, h[0], *weights)

    def step_by_step():
        """The gradient of W_ih where nothing goes through time."""
        arriving = dy + np.concatenate([np.zeros_like(dy[:-1]), dh_n[None]])
        caches = [nn.gru_cell(x[t], h[t], *weights)[1] for t in range(5)]
        return sum(nn.gru_cell_backward(arriving[t], caches[t])[2] for t in range(5))

    def first_step_alone():
        dh = nn.gru_backward((dy[1:], dh_n), nn.gru(x[1:], h[1], *weights)[1])[1]
        return nn.gru_cell_backward(dh + dy[0], nn.gru_cell(x[0], h[0], *weights)[1])[2]

    only_last = np.concatenate([np.zeros_like(dy[:-1]), dy[-1:]])
    rx, rh0, rW_ih, rW_hh, rb, rb_hh = nn.gru_backward((dy, dh_n), steps)
    check.close(
        dW_ih,
        rW_ih,
        name="dW_ih",
        hints={
            "time": lambda right: step_by_step(),
            "overwritten": lambda right: nn.gru_backward((only_last, dh_n), steps)[2],
            "sum": lambda right: first_step_alone(),
        },
    )
    check.close(dW_hh, rW_hh, name="dW_hh")
    check.close(db, rb, name="db")
    check.close(db_hn, rb_hh[8:], name="db_hn")
    check.close(dx, rx, name="dx")
    check.close(dh0, rh0, name="dh0")


# %% id="gru-hidden" test="gru-back" points=2 hidden=true
@check.exercise("21-lstm-gru/gru-back", hidden=True)
def other_lengths_and_sizes():
    """Other lengths and sizes: one example, one unit, one step, thirty steps"""
    rng = check.rng(53)
    for T, N, D, H in [(1, 1, 3, 2), (6, 1, 2, 3), (4, 5, 3, 1), (30, 2, 4, 7)]:
        x, h0, dh_n = rng.normal(size=(T, N, D)), rng.normal(size=(N, H)), rng.normal(size=(N, H))
        W_ih, W_hh, b, b_hn = (rng.normal(size=s) for s in ((3 * H, D), (3 * H, H), 3 * H, H))
        dy = rng.normal(size=(T, N, H))
        _, cache = gru_forward(x, h0, W_ih, W_hh, b, b_hn)
        names = ("dx", "dh0", "dW_ih", "dW_hh", "db", "db_hn")
        answer = check.call(gru_backward, dy, dh_n, cache, returns=names)
        _, steps = nn.gru(x, h0, W_ih, W_hh, *two_biases(b, b_hn))
        *right, right_hh = nn.gru_backward((dy, dh_n), steps)
        for name, got, expected in zip(names, answer, (*right, right_hh[2 * H :]), strict=True):
            where = f"{name} for T = {T}, N = {N}, D = {D}, H = {H}"
            check.close(got, expected, name=where, rtol=1e-9, atol=1e-12)  # closer than any difference quotient


# %% [markdown] id="recall"
# ## Do they remember?
#
# Now they learn. The task is the one whose gradients you saw: four symbols to choose from, then $T-1$ distractors, then name the first. Guessing scores 0.25. All networks have 16 units and get at most 300 mini-batches of 32 sequences, fresh ones each, with Adam at 0.01 and the gradient clipped to length 1 (a later section tells why). Training stops early once the loss was below 0.1 in fifty batches in a row.

# %% [markdown] id="recall-question" question="predict"
# With PyTorch's own start, which of the three learns to remember over 40 steps in these 300 batches?
#
# - [ ] LSTM and GRU, not the RNN: the carousel; but you saw the gradients at their start.
# - [ ] All three: 300 batches of 32 are plenty; but no batch says anything about a symbol whose gradient is 10⁻¹⁰.
# - [x] None of them reliably: there is hardly a gradient from the first symbol in any of the three; the chrono start changes that.


# %% id="recall-run"
def learn(kind, make, T, seed, start, loss, hidden=16, batches=300, lr=1e-2, clip=1.0, good=None):
    """A Reader trained on fresh batches of a task `make(T, N, rng)`; stops once the loss was below `good` fifty times."""
    rng = np.random.default_rng(seed)
    x, y = make(T, 32, rng)
    outputs = 1 if y.dtype == np.float32 else 4
    model = Reader(recurrent(kind, x.shape[2], hidden, rng, **start), outputs, rng)
    optimizer, losses = optim.Adam(model.parameters(), lr), []
    for _ in range(batches):
        x, y = make(T, 32, rng)
        out, cache = model.forward(x)
        value, loss_cache = loss.forward(out, y[:, None] if outputs == 1 else y)
        losses.append(float(value))
        model.backward(loss.backward(1.0, loss_cache), cache)
        nn.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        optimizer.zero_grad()
        if good and len(losses) >= 50 and max(losses[-50:]) < good:
            break
    return model, losses


def recalls(model, T, seed):
    """Share of right answers on 1,000 new sequences."""
    x, y = first_symbol(T, 1000, np.random.default_rng(1000 + seed))
    return float((model(x).argmax(axis=1) == y).mean())


FULL = False  # True: all starts, five seeds, also 80 steps; some five minutes
trained = {}
for T, seeds in {20: 5, 40: 5, 80: 5}.items() if FULL else {20: 2, 40: 1}.items():
    for name, (kind, start) in STARTS.items():
        if "forget" in start and not FULL:
            continue
        start = dict(span=T) if "span" in start else start
        scores = []
        for seed in range(seeds):
            model, _ = learn(kind, first_symbol, T, seed, start, nn.CrossEntropyLoss(), good=0.1)
            scores.append(recalls(model, T, seed))
            trained[name, T, seed] = model
        print(f"T = {T}  {name:<20} {' '.join(f'{score:.2f}' for score in scores)}")

# %% [markdown] id="recall-meaning"
# Over 20 steps the plain RNN learns it from one start and half of it from the other; the LSTM as PyTorch starts it guesses, and the GRU manages. Over 40 steps only the two chrono starts are right. (0.5 and 0.75 mean that two or three of the four symbols are told apart.)
#
# One start says little, so here is what `FULL` gave, five starts each, and with the forget biases. At 20 steps: the bias of 1 reads all twice and half three times, the bias of 3 reads all four times. At 40 steps: both chrono starts 1.00 five times; the bias of 3 0.48 to 0.77; the default LSTM, the bias of 1 and the default GRU guess five times; the plain RNN guesses four times and once, by luck, reads all. At 80 steps: the GRU with chrono biases 1.00 five times, the LSTM four times and 0.77 once; the bias of 3 0.25 to 0.48; the rest guesses, but for two RNNs with 0.50.
#
# Two lessons. **It is not the cell that remembers, it is the open gate**: the same LSTM is blind or perfect, by its bias alone. And a large gradient at the start is not all. The bias of 3 had a larger one than chrono, and learns less. A likely reason is the input gate: the chrono start shuts it, so that forty distractors disturb little; and its units do not all forget at the same rate.
#
# What does remembering look like? The same sequence in three of the trained networks:


# %% id="states-run"
x, y = first_symbol(40, 1, np.random.default_rng(7))
pictures = {
    "RNN: state h": trained["RNN", 40, 0].layer.forward(x)[0][0][:, 0],
    "GRU, chrono: state h": trained["GRU, chrono", 40, 0].layer.forward(x)[0][0][:, 0],
    "LSTM, chrono: cell c": None,
}
layer = trained["LSTM, chrono", 40, 0].layer
weights = [p.data for p in (layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0)]
h = c = np.zeros((1, 16), np.float32)
cells = []
for x_t in x:
    (h, c), _ = nn.lstm_cell(x_t, (h, c), *weights)
    cells.append(c[0])
pictures["LSTM, chrono: cell c"] = np.array(cells)

figure = plots.figure(8.5, 4.2)
for ax, (name, states) in zip(figure.subplots(3, 1, sharex=True), pictures.items(), strict=True):
    limit = np.abs(states).max()
    ax.imshow(states.T, cmap=plots.DIVERGING, vmin=-limit, vmax=limit, aspect="auto")
    ax.set_title(name, fontsize=10)
    ax.set_ylabel("unit")
    ax.grid(False)
ax.set_xlabel("step")
plots.show(
    figure,
    alt="States of sixteen units over the same forty symbols in three trained networks. The RNN's change at every step. In the GRU and in the LSTM's cell each unit moves slowly to one colour and keeps it to the last step.",
)
for name, states in pictures.items():
    print(
        f"{name:<22} mean change of a unit in one step {np.abs(np.diff(states, axis=0)).mean() / states.std():.2f} of the spread"
    )

# %% [markdown] id="states-meaning"
# The RNN rewrites every unit at every step, the memories of the other two hardly move: on average 0.86 against 0.03 of their spread in one step. (The RNN shown here has learnt nothing; and part of the calm was there before training, through the biases.)
#
# ## The adding problem
#
# A harder test, from the paper of 1997. At each step a number between 0 and 1 arrives, and a marker. Two steps are marked, one in each half, and at the end the sum of the two marked numbers is asked. The network must not only keep something but choose what, and add to it. Who always says 1 has a mean squared error of $\frac16 = 0.167$.


# %% id="adding-run"
def marked_sum(T, N, rng):
    """Sequences (T, N, 2) of numbers and markers, and the sum of the two marked numbers (N,)."""
    numbers, marks = rng.uniform(size=(T, N)), np.zeros((T, N))
    first, second, each = rng.integers(0, T // 2, N), rng.integers(T // 2, T, N), np.arange(N)
    marks[first, each] = marks[second, each] = 1
    return np.stack([numbers, marks], axis=2).astype(np.float32), (numbers * marks).sum(axis=0).astype(np.float32)


for T, seeds in {20: 5, 40: 5}.items() if FULL else {20: 1}.items():
    for name in ("RNN", "LSTM", "GRU"):
        kind, start = STARTS[name]
        errors = []
        for seed in range(seeds):
            model, _ = learn(kind, marked_sum, T, seed, start, nn.MSELoss(), batches=500, good=0.004)
            x, y = marked_sum(T, 1000, np.random.default_rng(2000 + seed))
            errors.append(float(((model(x)[:, 0] - y) ** 2).mean()))
        print(f"T = {T}  {name:<14} mean squared error {' '.join(f'{error:.4f}' for error in errors)}")

# %% [markdown] id="adding-meaning"
# The RNN guesses, LSTM and GRU have learnt it, with PyTorch's own start. Here half the numbers to be kept are less than ten steps old, so there is a gradient to begin with, and what it teaches opens the gates for the rest. One start again; with `FULL`, five each, the LSTM is between 0.003 and 0.040 and the GRU below 0.002. At 40 steps the GRU is below 0.002 each time again, the LSTM twice below 0.008 and three times at the error of guessing. The RNN never learns it.
#
# What does it cost?


# %% id="price-run"
import time


def milliseconds(model, make, T):
    """Time of a forward and backward pass for one batch of 32, the best of five."""
    x, y = make(T, 32, np.random.default_rng(0))
    best = np.inf
    for _ in range(5):
        begin = time.perf_counter()
        out, cache = model.forward(x)
        model.backward(np.ones_like(out), cache)
        best = min(best, time.perf_counter() - begin)
    return 1000 * best


print("layer      parameters (9 inputs, 32 units, one bias / two)   ms a batch, 40 steps of 16 units")
for kind, blocks in {"RNN": 1, "GRU": 3, "LSTM": 4}.items():
    rng = np.random.default_rng(0)
    count = blocks * 32 * (9 + 32 + 1)
    both = sum(parameter.data.size for parameter in recurrent(kind, 9, 32, rng).parameters())
    ms = milliseconds(Reader(recurrent(kind, 8, 16, rng), 4, rng), first_symbol, 40)
    print(f"{kind:<10} {count:>20,} / {both:,} {ms:>36.1f}")

# %% [markdown] id="forecast"
# ## A forecast
#
# What such networks were used for is longer than a list: speech, handwriting, translation, captions for images, the next word. Wherever a series is to be continued, the recipe is the same: at each step say what comes next, and compare with what came. A GRU of 32 units reads pieces of a sum of two sine waves and says each next value. Then it must go on alone, on its own answers. They will be a little off, so in training its inputs are a little off too: noise of 0.1 is added to them.


# %% id="forecast-run"
def wave(t):
    """Two sine waves whose periods have no common multiple nearby."""
    return (0.6 * np.sin(0.25 * t) + 0.4 * np.sin(0.25 * np.sqrt(5) * t)).astype(np.float32)


rng = np.random.default_rng(1)
layer = recurrent("GRU", 1, 32, rng)
out = nn.Linear(32, 1, rng=rng, dtype=np.float32)
optimizer = optim.Adam([*layer.parameters(), *out.parameters()], 2e-2)
for batch in range(240):
    if batch == 160:
        optimizer.lr = 4e-3
    piece = wave(rng.uniform(0, 500, 32) + np.arange(41)[:, None])[:, :, None]
    noise = rng.normal(0, 0.1, piece[1:].shape).astype(np.float32)
    (y, _), cache = layer.forward(piece[:-1] + noise)
    said, out_cache = out.forward(y.reshape(-1, 32))
    error = said.reshape(piece[1:].shape) - piece[1:]
    dy = out.backward((2 / error.size * error).reshape(-1, 1), out_cache)
    layer.backward(dy.reshape(y.shape), cache)
    nn.clip_grad_norm_(optimizer.parameters, 1.0)
    optimizer.step()
    optimizer.zero_grad()

truth = wave(1000.0 + np.arange(140))
(y, state), _ = layer.forward(truth[:60, None, None])
alone = [float(out(y[-1])[0, 0])]
for _ in range(79):
    (y, state), _ = layer.forward(np.full((1, 1, 1), alone[-1], np.float32), state)
    alone.append(float(out(y[-1])[0, 0]))
said = out(layer.forward(truth[:-1, None, None])[0][0][:, 0])[:, 0]
print(
    f"one step ahead: error {np.std(said[20:] - truth[21:]):.3f}, of 'as now' {np.std(truth[21:] - truth[20:-1]):.3f}"
)
for n in (10, 40, 80):
    print(f"alone for {n} steps: error {np.sqrt(np.mean((np.array(alone) - truth[60:])[:n] ** 2)):.3f}")

figure = plots.figure(8, 3)
ax = figure.subplots()
ax.plot(truth, color=plots.GREY, label="the wave")
ax.plot(np.arange(60, 140), alone, label="the GRU, alone from step 60")
ax.set(xlabel="step", ylabel="value", ylim=(-1.1, 1.6))
ax.legend(loc="upper left", ncols=2)
plots.show(
    figure,
    alt="A sum of two sine waves over 140 steps. From step 60 the GRU continues it on its own and stays close to the end.",
)

# %% [markdown] id="forecast-meaning"
# One step ahead the error is 0.022, an eighth of what "the same as now" would give. Alone, it is 0.040 over ten steps and 0.066 over eighty. Leave out the noise, and it is 0.085 and 0.366: a network that has only ever seen right values does not know what to do with its own small mistakes.
# %% [markdown] id="exploding"
# ## Too large: the cliff
#
# Gates work against vanishing. Against the opposite, a gradient that explodes, they promise nothing, and the book that praises them for both has to bring in another remedy a page later. Here is what exploding looks like where one can look at it: one unit, two parameters. It starts at $h_0=0.5$, makes fifty steps of $h \leftarrow \tanh(w h + b)$, and the loss is $(h_{50} - 0.6)^2$.


# %% id="cliff"
def after_fifty(w, b):
    """The state after fifty steps from 0.5, for arrays of w and b."""
    h = np.full(np.shape(w), 0.5)
    for _ in range(50):
        h = np.tanh(w * h + b)
    return h


def cliff_gradient(w, b):
    """Gradients of (h_50 − 0.6)² with respect to w and b, by backpropagation through the fifty steps."""
    h = [np.full(np.shape(w), 0.5)]
    for _ in range(50):
        h.append(np.tanh(w * h[-1] + b))
    dh, dw, db = 2 * (h[-1] - 0.6), 0.0, 0.0
    for t in reversed(range(50)):
        dz = dh * (1 - h[t + 1] ** 2)
        dw, db, dh = dw + dz * h[t], db + dz, dz * w
    return dw, db


def descend(w, b, clip, steps=300, lr=0.1):
    """Gradient descent from w, b (arrays), each gradient shortened to `clip` at most: the paths, (steps + 1, 2, …)."""
    path = [np.array([w, b])]
    for _ in range(steps):
        gradient = np.array(cliff_gradient(*path[-1]))
        length = np.hypot(*gradient)
        path.append(path[-1] - lr * gradient * np.minimum(1, clip / np.maximum(length, 1e-300)))
    return np.array(path)


paths = {name: descend(2.0, -0.2, clip) for name, clip in {"as it is": np.inf, "clipped to 0.3": 0.3}.items()}
for name, path in paths.items():
    lengths = [np.hypot(*cliff_gradient(*place)) for place in path]
    print(
        f"{name:<14} longest gradient {max(lengths):7.1f}; ends at w = {path[-1, 0]:6.2f}, b = {path[-1, 1]:6.2f}, "
        f"loss {(after_fifty(*path[-1]) - 0.6) ** 2:.5f}"
    )
grid = np.meshgrid(np.linspace(1.6, 2.4, 9), np.linspace(-0.4, 0, 9))
for name, clip in {"as it is": np.inf, "clipped to 0.3": 0.3}.items():
    final = (after_fifty(*descend(*grid, clip)[-1]) - 0.6) ** 2
    print(f"{name:<14} from 81 starts: {(final < 0.001).sum()} arrive at a loss below 0.001")

figure = plots.figure(7.5, 4)
ax = figure.subplots()
w, b = np.meshgrid(np.linspace(1, 2.4, 200), np.linspace(-0.6, 0.1, 200))
filled = ax.contourf(w, b, (after_fifty(w, b) - 0.6) ** 2, levels=20, cmap=plots.SEQUENTIAL)
figure.colorbar(filled, ax=ax, label="loss")
for (name, path), colour, marker in zip(paths.items(), (plots.VERMILION, "white"), ("x", "."), strict=True):
    ax.plot(*path.T, marker=marker, markersize=5, linewidth=1, color=colour, label=name)
ax.set(xlim=(1, 2.4), ylim=(-0.6, 0.1), xlabel="w", ylabel="b")
ax.legend(loc="lower left", facecolor="#999999")
plots.show(
    figure,
    alt="Loss over w and b: a low plain, and a steep cliff beyond which the loss is 2.5. Both paths walk down the plain to the cliff's edge and zigzag along it. The unclipped one then leaves the picture in one step, the clipped one ends at the minimum, at w = 1.2.",
)

# %% [markdown] id="cliff-meaning"
# On the plain the slope is gentle. On the cliff's edge the gradient reaches the length 421, and one step with it throws $w$ and $b$ to 18.86 and 38.21. There the tanh is flat, the gradient is 0, and the loss stays at 0.16 for ever. With gradients of at most 0.3 the same descent zigzags along the edge and arrives. Not every step from the cliff ends badly: of 81 starts 61 arrive without clipping. With it, all 81 do.
#
# Pascanu, Mikolov and Bengio (2013) drew this cliff, and gave the remedy that is used ever since: **shorten the gradient before the step**.
#
# The same in a network. A plain RNN of 20 units reads 50 numbers and must say half the sum of the last five. Its recurrent matrix has the norm 2: either all its singular values are 2 (twice an orthogonal matrix), or only the largest is (a Gaussian one). Plain gradient descent, $\eta = 0.1$, 100 steps. Who always says 0 has a loss of 0.31.


# %% id="exploding-run"
def exploding(W_hh, clip, seed):
    """Losses and lengths of the gradient of a plain RNN trained by gradient descent, over 100 steps."""
    rng, (H, _) = np.random.default_rng(seed), W_hh.shape
    parameters = [nn.Parameter(a) for a in (rng.normal(size=(H, 1)), W_hh, np.zeros(H), rng.normal(0, H**-0.5, (1, H)))]
    losses, lengths = [], []
    for _ in range(100):
        x = rng.normal(0, 0.5, (50, 16, 1))
        W_ih, W_hh, b, V = (parameter.data for parameter in parameters)
        (_, h), cache = nn.rnn(x, np.zeros((16, H)), W_ih, W_hh, b)
        error = h @ V.T - 0.5 * x[-5:].sum(axis=0)
        _, _, *gradients, _ = nn.rnn_backward((None, error / 8 @ V), cache)
        for parameter, gradient in zip(parameters, [*gradients, (error / 8).T @ h], strict=True):
            parameter.accumulate(gradient)
        lengths.append(nn.clip_grad_norm_(parameters, clip))
        losses.append(np.mean(error**2))
        for parameter in parameters:
            parameter.data, parameter.grad = parameter.data - 0.1 * parameter.grad, None
    return losses, lengths


for seed in range(3):
    drawn = np.random.default_rng(100 + seed).normal(size=(20, 20))
    orthogonal = 2 * np.linalg.qr(drawn)[0]
    gaussian = 2 * drawn / np.linalg.norm(drawn, 2)
    for name, W_hh in (("2 × orthogonal", orthogonal), ("Gaussian of norm 2", gaussian)):
        ends = []
        for clip in (np.inf, 1.0):
            losses, lengths = exploding(W_hh, clip, seed)
            ends.append(np.mean(losses[-10:]))
        print(
            f"start {seed}, {name:<18} first gradient {lengths[0]:7.1f}   "
            f"last losses: as it is {ends[0]:8.2g}, clipped to 1 {ends[1]:.2g}"
        )

# %% [markdown] id="exploding-meaning"
# A norm of 2 permits an explosion, it does not command it. The Gaussian matrix has only a few large singular values: from two of the three starts the gradient has a length below 2, and clipping changes nothing. From the third it is 17.6, the loss ends at $10^{17}$, and clipping saves a network that learns well.
#
# With twice an orthogonal matrix the first gradient is 436 to 5,850 long. Unclipped, two of three runs end beyond $10^{87}$. Clipped, all stay finite, and yet they learn nothing in a hundred steps: 0.56, 1 and 1.3 are worse than always saying 0. **Clipping keeps a training alive. It does not make a good start of a bad one.**
#
# And the gates? The same measurement in cells with gates, recurrent weights being a multiple of orthogonal matrices:


# %% id="gates-explode"
def gradient_through_gates(kind, scale, seed, H=32, T=50):
    """Length of the gradient with respect to the first input, where the last state gets a random one."""
    rng, blocks = np.random.default_rng(seed), {"lstm": 4, "gru": 3}[kind]
    W_hh = np.vstack([scale * np.linalg.qr(rng.normal(size=(H, H)))[0] for _ in range(blocks)])
    x, start, b = rng.normal(0, 0.5, (T, 16, 1)), np.zeros((16, H)), np.repeat([0.0, 1.0, 0.0, 0.0][:blocks], H)
    state, dh = (start, start) if kind == "lstm" else start, rng.normal(size=(16, H)) / 16
    _, cache = getattr(nn, kind)(x, state, rng.normal(size=(blocks * H, 1)), W_hh, b)
    dx, *_ = getattr(nn, f"{kind}_backward")((None, (dh, None) if kind == "lstm" else dh), cache)
    return np.linalg.norm(dx[0])


for scale in (1.0, 2.0, 4.0, 8.0):
    found = {kind: [gradient_through_gates(kind, scale, seed) for seed in range(3)] for kind in ("lstm", "gru")}
    print(
        f"weights × {scale:.0f}", *(f"  {kind.upper():<4} {min(v):7.1e} to {max(v):7.1e}" for kind, v in found.items())
    )

# %% [markdown] id="gates-explode-meaning"
# With large weights they explode like any other: there are still matrices on the ways through $h$. The gates work against vanishing, as far as they are open. Against exploding there is clipping.

# %% [markdown] id="two-ways"
# ## Two ways to clip, and what each does to the direction
#
# The book says that clipping cuts the gradient "between two numbers", and that it keeps the direction and changes only the length. That is two methods in one sentence, and they contradict each other.
#
# **By value**: each entry is cut between two numbers, $g_i \leftarrow \min(\max(g_i, -\tau), \tau)$. Long entries are cut and short ones are not: the direction changes.
#
# **By norm**: the whole vector is multiplied by one number, and only if it is too long:
#
# $$g \leftarrow g\cdot\min\Big(1, \frac{\tau}{\lVert g\rVert_2}\Big)$$
#
# The direction stays. The norm is that of *all* gradients of the network together, as one long vector. To cut each array by itself would turn that vector too.

# %% [markdown] id="angle-question" question="predict"
# The gradient is (100, 1) and $\tau = 1$. By how many degrees does clipping by value turn it?
#
# - [ ] 0°: this is what the book promises, and what clipping by norm does.
# - [ ] 0.6°: that is the angle between the gradient and the first axis before it is clipped.
# - [x] 44.4°: it becomes (1, 1), as if both parameters mattered equally.


# %% id="angle-run"
def angle(a, b):
    """Degrees between two vectors."""
    return np.degrees(np.arccos(np.clip(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)), -1, 1)))


gradient = np.array([100.0, 1.0])
by_value = np.clip(gradient, -1, 1)
by_norm = gradient * min(1, 1 / np.linalg.norm(gradient))
print(f"by value: {by_value}, turned by {angle(gradient, by_value):.1f}°")
print(f"by norm:  {by_norm.round(4)}, turned by {angle(gradient, by_norm):.1f}°")


# %% id="clip-widget" folded=true
def clipped_arrows(first, second, tau):
    """The gradient, clipped by value and clipped by norm."""
    gradient = np.array([first, second])
    norm = np.linalg.norm(gradient)
    return gradient, np.clip(gradient, -tau, tau), gradient * min(1, tau / norm) if norm else gradient, tau


def turned_by(result):
    gradient, by_value, _, _ = result
    return angle(gradient, by_value) if gradient.any() else 0.0


def arrows_figure(result):
    """Three arrows, with the square and the circle that clipping knows."""
    gradient, by_value, by_norm, tau = result
    figure = plots.figure(5.2, 4.6)
    ax = figure.subplots()
    ax.plot(tau * np.array([-1, 1, 1, -1, -1]), tau * np.array([-1, -1, 1, 1, -1]), "--", color=plots.ORANGE)
    turn = np.linspace(0, 2 * np.pi, 100)
    ax.plot(tau * np.cos(turn), tau * np.sin(turn), "-", color=plots.BLUE, linewidth=1)
    for arrow, colour, name in (
        (gradient, plots.GREY, "gradient"),
        (by_value, plots.ORANGE, "by value"),
        (by_norm, plots.BLUE, "by norm"),
    ):
        ax.annotate("", arrow, (0, 0), arrowprops=dict(arrowstyle="-|>", color=colour, linewidth=2.5))
        ax.plot([], [], color=colour, label=name)
    ax.set(xlim=(-5.2, 5.2), ylim=(-5.2, 5.2), aspect="equal", title=f"by value: turned by {turned_by(result):.1f}°")
    ax.legend(loc="lower left")
    return figure


widgets.explore(
    arrows_figure,
    dict(
        first=widgets.Slider(-5.0, 5.0, 4.0, step=0.25, label="first entry"),
        second=widgets.Slider(-5.0, 5.0, 1.0, step=0.25, label="second entry"),
        tau=widgets.Slider(0.25, 5.0, 1.5, step=0.25, label="threshold τ"),
    ),
    compute=clipped_arrows,
    alt=lambda r: (
        f"Gradient ({r[0][0]:.2f}, {r[0][1]:.2f}); by value ({r[1][0]:.2f}, {r[1][1]:.2f}), turned by {turned_by(r):.1f} degrees; by norm ({r[2][0]:.2f}, {r[2][1]:.2f}), not turned."
    ),
    table=lambda r: {
        "vector": ["gradient", "by value", "by norm"],
        "first": [round(float(v[0]), 3) for v in r[:3]],
        "second": [round(float(v[1]), 3) for v in r[:3]],
        "length": [round(float(np.linalg.norm(v)), 3) for v in r[:3]],
    },
    title="Two ways to clip",
)

# %% [markdown] id="decay-widget-text"
# The other side of the medal: what clipping can do nothing about. Here an update gate stands at $z$ for $T$ steps, and $z^T$ is left of the gradient along the direct way. No factor that only shortens brings it back.

# %% id="decay-widget" folded=true


def decay_figure(z, T):
    """z to the power of the number of steps, on a logarithmic axis."""
    figure = plots.figure(7, 2.8)
    ax = figure.subplots()
    steps = np.arange(T + 1)
    ax.semilogy(steps, np.maximum(z**steps, 1e-16))
    ax.set(
        xlabel="steps", ylabel="left of the gradient", ylim=(1e-16, 2), title=f"z = {z:.3f}: {z**T:.2e} after {T} steps"
    )
    return figure


widgets.explore(
    decay_figure,
    dict(
        z=widgets.Slider(0.3, 1.0, 0.9, step=0.005, label="update gate z"),
        T=widgets.Slider(5, 200, 40, step=5, label="steps T"),
    ),
    alt=lambda z, T: f"With z at {z:.3f}, {z**T:.2e} of the gradient is left after {T} steps.",
    table=lambda z, T: {"z": z, "steps": T, "left of the gradient": f"{z**T:.3e}"},
    title="What is left of the gradient",
)

# %% [markdown] id="value-statement" statement="value"
# ### Exercise 4: clipping by value (2 points)
#
# Write `clip_by_value(grads, tau)`. `grads` is a list of arrays of any shapes, `tau` > 0. Return a new list with arrays of the same shapes, every entry brought into $[-\tau, \tau]$. Change nothing in place.
#
# Check by hand: `clip_by_value([np.array([3.0, -0.5]), np.array([-7.0])], 1.0)` gives `[1, −0.5]` and `[−1]`.


# %% id="value" exercise=true difficulty=1 by_hand="nn optim"
def clip_by_value(grads, tau):
    """A new list of arrays with every entry between -tau and tau."""
    ### BEGIN SOLUTION
    return [np.clip(grad, -tau, tau) for grad in grads]
    ### END SOLUTION


# %% [markdown] id="value-hints" hints="value"
# - lower: Negative entries are too large too: they stop at −τ.
# - sign: Entries nearer to zero than τ stay as they are.
# - scaled: That is one factor for a whole array. By value, each entry is cut by itself.


# %% id="value-visible" test="value" points=1
@check.exercise("21-lstm-gru/value")
def large_and_small_entries():
    """Large and small entries of both signs"""
    grads = [np.array([[3.0, -0.5], [-4.0, 0.25]]), np.array([-7.0, 1.5, 0.75])]
    clipped = check.call(clip_by_value, grads, 1.0, returns=("clipped",))
    check.equal(len(clipped), 2, name="the number of arrays")
    for k, grad in enumerate(grads):
        check.close(
            clipped[k],
            np.clip(grad, -1, 1),
            name=f"clipped[{k}]",
            hints={
                "lower": lambda right, grad=grad: np.minimum(grad, 1.0),
                "sign": lambda right, grad=grad: np.sign(grad),
                "scaled": lambda right, grad=grad: grad / np.abs(grad).max(),
            },
        )


# %% id="value-hidden" test="value" points=1 hidden=true
@check.exercise("21-lstm-gru/value", hidden=True)
def many_shapes():
    """Arrays of many shapes"""
    rng = check.rng(54)
    for tau, shapes in [(0.3, [(2, 3), (4,), (1, 1, 5)]), (5.0, [(3,)]), (1e-3, [(2, 2), ()])]:
        grads = [rng.normal(size=shape) * np.ones(shape) for shape in shapes]
        clipped = check.call(clip_by_value, grads, tau, returns=("clipped",))
        check.equal(len(clipped), len(grads), name="the number of arrays")
        for k, grad in enumerate(grads):
            parameter = nn.Parameter(np.zeros(grad.shape))
            parameter.accumulate(grad)
            nn.clip_grad_value_(parameter, tau)
            check.close(clipped[k], parameter.grad, name=f"clipped[{k}] for τ = {tau}")


# %% [markdown] id="norm-statement" statement="norm"
# ### Exercise 5: clipping by norm (5 points)
#
# Write `clip_by_norm(grads, tau)` for a list of arrays of any shapes and `tau` > 0. Return two things: a new list with arrays of the same shapes, all multiplied by the *same* number, such that their common norm $\sqrt{\sum g^2}$, over all entries of all arrays, is at most $\tau$; and the common norm *before* clipping, a float. Gradients that are short enough stay as they are. Change nothing in place.
#
# Check by hand: `clip_by_norm([np.array([3.0]), np.array([0.0, 4.0])], 1.0)` has the norm 5 and gives `[0.6]` and `[0, 0.8]`.


# %% id="norm" exercise=true difficulty=2 by_hand="nn optim"
def clip_by_norm(grads, tau):
    """New arrays, multiplied by one factor so that their common norm is at most tau, and the norm before."""
    ### BEGIN SOLUTION
    norm = float(np.sqrt(sum(np.sum(grad**2) for grad in grads)))
    factor = tau / norm if norm > tau else 1.0
    return [factor * grad for grad in grads], norm
    ### END SOLUTION


# %% [markdown] id="norm-hints" hints="norm"
# - each: Each array was cut by its own norm: that turns the whole gradient. One norm for all, one factor for all.
# - up: Gradients that are short enough stay as they are: they were made longer.
# - added: The common norm is the root of the sum of all squares, not the sum of the norms.
# - root: The root is missing: the norm is √(Σ g²).
# - after: Return the norm before clipping: it tells you whether anything was clipped.


# %% id="norm-long" test="norm" points=2
@check.exercise("21-lstm-gru/norm")
def a_gradient_that_is_too_long():
    """A gradient that is too long"""
    grads = [np.array([[3.0, -1.0], [0.5, 2.0]]), np.array([-6.0, 1.5, 0.75]), np.array([0.25])]
    clipped, norm = check.call(clip_by_norm, grads, 2.0, returns=("clipped", "norm"))
    squares = float(sum(np.sum(grad**2) for grad in grads))
    norms = [np.linalg.norm(grad) for grad in grads]
    check.equal(len(clipped), 3, name="the number of arrays")
    for k, grad in enumerate(grads):
        check.close(
            clipped[k],
            grad * 2 / np.sqrt(squares),
            name=f"clipped[{k}]",
            rtol=1e-5,
            hints={
                "each": lambda right, k=k, grad=grad: grad * min(1, 2 / norms[k]),
                "added": lambda right, grad=grad: grad * 2 / sum(norms),
                "root": lambda right, grad=grad: grad * 2 / squares,
            },
        )
    check.close(norm, np.sqrt(squares), name="norm", rtol=1e-5, hints={"after": lambda right: 2.0})


# %% id="norm-short" test="norm" points=1
@check.exercise("21-lstm-gru/norm")
def short_and_zero():
    """A gradient that is short enough, and one that is zero"""
    grads = [np.array([0.3, -0.1]), np.array([[0.2]])]
    clipped, norm = check.call(clip_by_norm, grads, 2.0, returns=("clipped", "norm"))
    for k, grad in enumerate(grads):
        check.close(
            clipped[k],
            grad,
            name=f"clipped[{k}]",
            rtol=1e-5,
            hints={"up": lambda right: right * 2 / np.sqrt(0.14)},
        )
    check.close(norm, np.sqrt(0.14), name="norm", rtol=1e-5)
    clipped, norm = check.call(clip_by_norm, [np.zeros(2), np.zeros((1, 3))], 2.0, returns=("clipped", "norm"))
    check.close(clipped[0], np.zeros(2), name="clipped[0] of a gradient that is 0")
    check.close(clipped[1], np.zeros((1, 3)), name="clipped[1] of a gradient that is 0")
    check.close(norm, 0.0, name="norm of a gradient that is 0")


# %% id="norm-hidden" test="norm" points=2 hidden=true
@check.exercise("21-lstm-gru/norm", hidden=True)
def many_shapes_and_lengths():
    """Arrays of many shapes, long, short, and one alone"""
    rng = check.rng(55)
    for tau, scale, shapes in [(1.0, 10, [(4, 3), (3,), (2, 1, 5)]), (3.0, 0.01, [(2,), (5, 2)]), (0.5, 1.0, [(7,)])]:
        grads = [scale * rng.normal(size=shape) for shape in shapes]
        clipped, norm = check.call(clip_by_norm, grads, tau, returns=("clipped", "norm"))
        check.equal(len(clipped), len(grads), name="the number of arrays")
        parameters = [nn.Parameter(np.zeros(grad.shape)) for grad in grads]
        for parameter, grad in zip(parameters, grads, strict=True):
            parameter.accumulate(grad)
        right = nn.clip_grad_norm_(parameters, tau)
        check.close(norm, right, name=f"norm for τ = {tau}", rtol=1e-5)
        for k, parameter in enumerate(parameters):
            check.close(clipped[k], parameter.grad, name=f"clipped[{k}] for τ = {tau}", rtol=1e-5)


# %% [markdown] id="torch"
# ## The same in PyTorch
#
# `torch.nn.LSTM` and `torch.nn.GRU` hold the same arrays in the same order, with two biases. If exercises 2 and 3 are solved, your gradients stand beside those of autograd.

# %% id="torch-check"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    for kind in ("LSTM", "GRU"):
        theirs = getattr(torch.nn, kind)(2, 3, dtype=torch.float64)
        x = torch.randn(6, 4, 2, dtype=torch.float64, requires_grad=True)
        y, _ = theirs(x)
        dy = torch.randn_like(y)
        y.backward(dy)
        W_ih, W_hh, b_ih, b_hh = (p.detach().numpy() for p in theirs.parameters())
        start = np.zeros((4, 3))
        try:
            if kind == "LSTM":
                _, cache = lstm_forward(x.detach().numpy(), start, start, W_ih, W_hh, b_ih + b_hh)
                dx, _, _, dW_ih, dW_hh, _ = lstm_backward(dy.numpy(), start, start, cache)
            else:
                b = b_ih + np.concatenate([b_hh[:6], np.zeros(3)])
                _, cache = gru_forward(x.detach().numpy(), start, W_ih, W_hh, b, b_hh[6:])
                dx, _, dW_ih, dW_hh, _, _ = gru_backward(dy.numpy(), start, cache)
            pairs = [(dx, x.grad), (dW_ih, theirs.weight_ih_l0.grad), (dW_hh, theirs.weight_hh_l0.grad)]
            differences = max(np.abs(mine - other.numpy()).max() for mine, other in pairs)
            print(f"{kind}: largest difference between your gradients and PyTorch's: {differences:.1e}")
        except NotImplementedError:
            print(f"{kind}: your gradients join in as soon as the exercise is solved.")
    clipped = torch.nn.utils.clip_grad_norm_(theirs.parameters(), 1.0)
    print(f"clip_grad_norm_ returns the norm before clipping: {clipped:.3f}")

# %% [markdown] id="gpu"
# On a GPU, PyTorch hands a whole `LSTM` to cuDNN, which computes all products with the inputs at once and runs the steps in one kernel. A loop over `LSTMCell` in Python is many times slower. The steps themselves remain a chain, each waiting for the one before. That is the main reason why transformers, which read all positions at once, have taken over since 2018.
#
# PyTorch starts all biases, that of the forget gate too, near 0. If your sequences are long, set it: `lstm.bias_ih_l0.data[H : 2 * H] = 1`.

# %% [markdown] id="mistakes"
# ## Common mistakes
#
# - **Gates in another order.** PyTorch and Keras stack i, f, g, o; CS231n's assignments i, f, o, g; ONNX i, o, f, g. The shapes agree, and nothing fails. The same holds for the two GRUs and the two meanings of $z$.
# - **A forget bias of 0.** Measured above: no better than a plain RNN.
# - **Clipping each array by itself**, or clipping by value and expecting the direction to stay.
# - **Clipping after the step**, or before the backward pass. It belongs between `backward` and `step`.
# - **A threshold without a look at the norms.** Print what `clip_grad_norm_` returns for some batches first. One that always clips is a smaller learning rate.
# - **A state that is carried from one batch to the next**, where the sequences have nothing to do with each other. And where they have: with its gradient cut off, or the backward pass becomes longer with every batch.
# - **Believing in clipping against vanishing.** It only ever shortens.

# %% [markdown] id="clip-quiz" question="quiz"
# You clip by norm at τ = 1, and your gradients have lengths between 20 and 50 in every batch. What does clipping do here?
#
# - [ ] It protects from single large steps: there are none that stand out; all are cut.
# - [x] It normalises: every step has the length η, whatever the gradient says about its size. A smaller learning rate with a higher τ says it more honestly.
# - [ ] It makes the gradient vanish: its length is 1 after clipping, and the direction is right.

# %% [markdown] id="carry-quiz" question="quiz"
# In the backward pass of an LSTM someone forgets the carry $\mathrm{dc}_{t+1}\odot f_{t+1}$. The network trains all the same. What has it become?
#
# - [ ] A plain RNN: the forward pass still has its gates and its cell.
# - [x] A network that remembers but hardly learns what to remember: its gradient goes back only through h and the gates, where it shrinks at each step.
# - [ ] The LSTM of 1997: that one lacked the forget gate, and kept the carry.

# %% [markdown] id="questions"
# ## To think about
#
# 1. Which $f$ keeps half of a content for 100 steps? Which bias gives it, if the weights are 0?
# 2. The cell is not squashed on its way. What keeps it from growing without end?
# 3. Show that a GRU whose $z$ is the same at every step and whose candidate does not depend on $h$ computes an exponential moving average.
# 4. Why is the gradient of $b_{hn}$ not that of $b_n$, while both are added inside the same tanh?
# 5. Clipping by norm keeps the direction of the gradient of *one* batch. Does it keep the direction of the average over many batches?
#
# <details><summary>Answers</summary>
#
# 1. $f = 2^{-1/100} = 0.9931$, and $b = \ln\frac{f}{1-f} = 4.97$.
# 2. Only the forget gate. With $f \le f_{max} < 1$ it stays within $1/(1-f_{max})$; with $f=1$ nothing does.
# 3. $h_t = z h_{t-1} + (1-z) n_t$: the average of the candidates with $\beta = z$. In an LSTM with coupled gates the cell is one.
# 4. Because $r$ multiplies $U_n h + b_{hn}$ and not $W_n x + b_n$. Their gradients differ by the factor $r$, and by it alone.
# 5. No. Long gradients count less in the average than they would; if they point elsewhere, the average turns. That is a bias, and mostly a welcome one.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# Hochreiter and Schmidhuber, *Long short-term memory*, *Neural Computation* 9 (1997). Gers, Schmidhuber and Cummins, *Learning to forget*, *Neural Computation* 12 (2000); Gers and Schmidhuber (2000), for peepholes. Cho and others, *Learning phrase representations using RNN encoder–decoder*, arXiv 1406.1078 (2014), for the GRU; Chung and others, arXiv 1412.3555 (2014). Pascanu, Mikolov and Bengio, *On the difficulty of training recurrent neural networks*, ICML (2013). Jozefowicz, Zaremba and Sutskever, *An empirical exploration of recurrent network architectures*, ICML (2015). Greff and others, *LSTM: a search space odyssey* (2017). Tallec and Ollivier, *Can recurrent neural networks warp time?*, ICLR (2018). Karpathy, *The unreasonable effectiveness of recurrent neural networks* (2015), which the book points to. The book, chapters 51 to 53.
#
# The book says that nearly all of the best results with sequences come from these cells. That was so until about 2018. Then transformers took language, and much else, over. The additive path has outlived the cell: residual connections (chapter 17), state-space models such as Mamba (2023) and the xLSTM (2024) all carry a state that is added to.
#
# Next, in Part V: networks that make up what they have never seen.
