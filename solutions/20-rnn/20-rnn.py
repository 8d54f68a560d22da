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
#     title: Recurrent networks
#     minutes: 130
#     needs: [09-cross-entropy, 17-vanishing-gradient]
#     book: [48, 49, 50]
# ---

# %% [markdown] id="title"
# # Recurrent networks: a state that travels through time
#
# **After this page you can** build a network with a memory, derive backpropagation through time and write it for a whole batch, cut it short where a text is too long, measure how a gradient vanishes or explodes on its way back, and train a network that writes Portuguese, letter by letter.
#
# **Time** 45 minutes to read, 85 for the six exercises. **You need** cross-entropy (chapter 09) and the vanishing gradient (chapter 17).

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, nn, plots
from dlbook.text import CharTokenizer

# %% [markdown] id="reader"
# ## Which letter comes next?
#
# The networks so far see one example at a time and forget it. Show one the letter *u*, and it cannot say whether a *q* came before. For a text, a melody, a film or a series of measurements that will not do: there the order carries the meaning.
#
# One task accompanies this page: read a novel and guess the next letter. It is *Dom Casmurro*, by Machado de Assis, in Portuguese. The last 20,000 letters are kept aside and never learnt from.

# %% id="novel"
text = data.dom_casmurro()
known, unseen = text[:-20_000], text[-20_000:]
tokenizer = CharTokenizer(text)
vocabulary = tokenizer.vocabulary
print(f"{len(text):,} characters, {len(vocabulary)} different ones")
after_q = [b for a, b in zip(known, known[1:], strict=False) if a == "q"]
print(f"after q comes u in {after_q.count('u') / len(after_q):.1%} of the cases, ü in the others")
print(unseen[-260:])

# %% [markdown] id="counting"
# The simplest memory is a table. Count in the known part how often each letter follows the last $n$ letters, and read the probabilities off. Where a combination is rare, lean on the table for $n-1$ letters.
#
# To compare tables we ask how surprised they are by the unseen text. If the right letter was given the probability $p_t$, the **perplexity** is
#
# $$\exp\Big(-\frac1T\sum_{t=1}^T \ln p_t\Big)$$
#
# It is 100 if all 100 characters seem equally likely, and 1 if nothing surprises: the number of letters among which one seems to choose.

# %% [markdown] id="counting-question" question="predict"
# The tables look back 0, 1, 2, … 6 letters. How does the perplexity on the unseen text change?
#
# - [ ] It falls all the way: the longer the memory, the rarer its entries; soon most of what one reads was never counted.
# - [x] It falls, and then it rises: with five or six letters the table knows the known text too well and the unseen one too little.
# - [ ] It rises all the way: even one letter of memory helps a great deal.

# %% id="counting-run"
from collections import Counter


def table_perplexity(tables, reach):
    """Perplexity of the unseen text for tables of 1 … reach + 1 letters, each leaning on the one before."""
    surprise = 0.0
    for i in range(6, len(unseen)):
        p = 1 / len(vocabulary)
        for n in range(reach + 1):
            before = unseen[i - n : i]
            p = (tables[n + 1][before + unseen[i]] + 3 * p) / (tables[n][before] + 3)
        surprise -= np.log(p)
    return np.exp(surprise / (len(unseen) - 6))


tables = [Counter({"": len(known)})]
tables += [Counter(known[i : i + n] for i in range(len(known) - n + 1)) for n in range(1, 8)]
by_reach = [table_perplexity(tables, reach) for reach in range(7)]
for reach, found in enumerate(by_reach):
    print(f"letters back {reach}: {len(tables[reach + 1]):8,} entries, perplexity {found:5.2f}")

# %% [markdown] id="counting-meaning"
# One letter of memory brings the perplexity from 22.5 to 10.4, four letters to 4.6. Then it rises again, and the table has grown to 117,000 entries. A table cannot know that *olhos de* and *olhos da* are almost the same memory. We want a memory of fixed size that learns what is worth keeping.

# %% [markdown] id="state"
# ## A state
#
# The idea: keep a vector $h_t$ of $H$ numbers, the **hidden state**. At each step the network sees the input $x_t$ and its own last state, and makes a new one:
#
# $$h_t = \tanh(W_{ih}\,x_t + W_{hh}\,h_{t-1} + b)$$
#
# The output, if there is one, is read off the state: $o_t = V h_t + c$. The same $W_{ih}$, $W_{hh}$ and $b$ serve at every step, as a convolution serves at every place. So the number of weights, $H(D + H) + H$, does not know how long the text is.
#
# Five remarks on the book's chapter about this equation:
#
# - It calls the input matrix $W$ and the recurrent one $U$. In its next chapter the names are exchanged. We keep the names of PyTorch: *ih* is input to hidden, *hh* hidden to hidden.
# - It leaves out the bias. Without it a state of zeros stays zero when nothing comes in.
# - It says that the network ingests its own *outputs*. Its equation feeds back the *state*: that is Elman's network (1990). One that feeds back its outputs, $h_t = \phi(Wx_t + Uo_{t-1})$, is Jordan's (1986), and remembers only what it says aloud.
# - It says that the sigmoid or tanh makes the gradients workable. They keep the state in bounds; for the gradients their flat ends are the trouble, as we shall see.
# - It compares $W_{hh}$ with the transition matrix of a Markov chain. What they share is that the next state depends on the last one. But the entries of $W_{hh}$ are no probabilities, and the state follows from the inputs without any dice.
#
# Batches bring an axis of their own. Throughout the page sequences have the layout **(T, N, D)**: time first, then the examples, then the features. `x[t]` is what all $N$ examples see at step $t$.

# %% [markdown] id="step-statement" statement="rnn-step"
# ### Exercise 1: one step (3 points)
#
# Write `rnn_step(x, h, W_ih, W_hh, b)` for the inputs `x (N, D)` of one step and the states `h (N, H)` before it, with `W_ih (H, D)`, `W_hh (H, H)` and `b (H,)`. It returns the new states, `(N, H)`. With rows as examples, the matrices of the equation stand transposed on the right.
#
# Check by hand: `x = [[1]]`, `h = [[0.5]]`, `W_ih = [[2]]`, `W_hh = [[−4]]`, `b = [0]` give `[[0]]`.


# %% id="rnn-step" exercise=true difficulty=1 by_hand="nn data"
def rnn_step(x, h, W_ih, W_hh, b):
    """New states (N, H) from the inputs x (N, D) and the states h (N, H) before."""
    ### BEGIN SOLUTION
    return np.tanh(x @ W_ih.T + h @ W_hh.T + b)
    ### END SOLUTION


# %% [markdown] id="step-hints" hints="rnn-step"
# - transposed: W_hh stands the wrong way round: its row j holds what flows into unit j, so with examples in rows it is h @ W_hh.T.
# - bias: The bias is missing.
# - linear: The tanh is missing.
# - sigmoid: This is the logistic sigmoid; the equation has tanh.
# - state: The state before does not enter: the network has no memory.


# %% id="rnn-case" given=true
def rnn_case(T, N, D, H):
    """Inputs, weights and upstream gradients that are the same on every machine: x, h0, W_ih, W_hh, b, dh, dh_last."""
    x = np.cos(1.3 * np.arange(T * N * D) + 0.4).reshape(T, N, D)
    h0 = np.sin(0.8 * np.arange(N * H) + 0.2).reshape(N, H)
    W_ih = 0.9 * np.sin(1.9 * np.arange(H * D) + 1).reshape(H, D)
    W_hh = 0.8 * np.cos(0.7 * np.arange(H * H) ** 1.5).reshape(H, H)
    dh = np.sin(2.3 * np.arange(T * N * H) + 0.5).reshape(T, N, H)
    dh_last = np.cos(1.1 * np.arange(N * H) - 0.3).reshape(N, H)
    return x, h0, W_ih, W_hh, np.linspace(-0.3, 0.5, H), dh, dh_last


# %% id="step-visible" test="rnn-step" points=2
@check.exercise("20-rnn/rnn-step")
def one_step_of_two_examples():
    """One step of two examples"""
    x, h, W_ih, W_hh, b, _, _ = rnn_case(1, 2, 3, 4)
    z = x[0] @ W_ih.T + h @ W_hh.T + b
    new = check.call(rnn_step, x[0], h, W_ih, W_hh, b, returns=("h",))
    check.close(new, np.tanh(z), name="h", hints={
        "transposed": lambda right: np.tanh(x[0] @ W_ih.T + h @ W_hh + b),
        "bias": lambda right: np.tanh(z - b),
        "linear": lambda right: z,
        "sigmoid": lambda right: 1 / (1 + np.exp(-z)),
        "state": lambda right: np.tanh(x[0] @ W_ih.T + b),
    })  # fmt: skip


# %% id="step-hidden" test="rnn-step" points=1 hidden=true
@check.exercise("20-rnn/rnn-step", hidden=True)
def other_sizes_of_a_step():
    """One example, one unit, as many features as units"""
    rng = check.rng(1)
    for N, D, H in [(1, 2, 5), (3, 4, 1), (2, 3, 3)]:
        x, h, b = rng.normal(size=(N, D)), rng.normal(size=(N, H)), rng.normal(size=H)
        W_ih, W_hh = rng.normal(size=(H, D)), rng.normal(size=(H, H))
        new = check.call(rnn_step, x, h, W_ih, W_hh, b, returns=("h",))
        check.close(new, nn.rnn_cell(x, h, W_ih, W_hh, b)[0], name=f"h for N = {N}, D = {D}, H = {H}")


# %% [markdown] id="by-hand"
# ## Memories set by hand
#
# What can such a step remember? Two networks without any training. The first has one unit that feeds itself with the weight $w$. At the first step it gets +1 or −1, afterwards noise. The second has two units and counts: is the number of ones so far odd? One unit lights up for "at least one" of the last parity and the new bit, the other for "both", and their difference is the new parity. No network without a state can do that: parity is exactly XOR, chapter 03, once a step.

# %% id="by-hand-run"
rng = np.random.default_rng(0)
noise = rng.normal(0, 0.1, (60, 1, 1))
for w in (0.5, 1.0, 2.0):
    states = []
    for first in (1.0, -1.0):
        x = noise.copy()
        x[0] = first
        states.append(nn.rnn(x, np.zeros((1, 1)), np.array([[1.0]]), np.array([[w]]))[0][0][:, 0, 0])
    print(f"w = {w}: after 60 steps {states[0][-1]:+.4f} if it began with +1, {states[1][-1]:+.4f} if with -1")

steep, bits = 20.0, np.array([1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 0])
W_ih, W_hh = steep * np.array([[1.0], [1.0]]), steep * np.array([[0.5, -0.5], [0.5, -0.5]])
(h, _), _ = nn.rnn(bits[:, None, None], np.zeros((1, 2)), W_ih, W_hh, steep * np.array([-0.5, -1.5]))
parity = (h[:, 0, 0] - h[:, 0, 1]) / 2
print("bits:  ", bits)
print("parity:", parity.round().astype(int), "right:", bool(np.array_equal(parity.round(), np.cumsum(bits) % 2)))

# %% [markdown] id="by-hand-meaning"
# With $w = 0.5$ both beginnings end in the same place: forgotten. With $w = 2$ the unit is a latch. It has two resting places, near +0.96 and −0.96, and noise of this size does not push it from one to the other. In between, at $w = 1$, the memory fades slowly.
#
# Can a network *learn* to remember? The smallest test: the input is a row of random bits, and the right answer at each step is the bit before.

# %% id="learn-previous"
from dlbook import optim


def learn_previous(recurrent, seed=0, steps=300):
    """Share of right answers about the previous bit, of a network with or without a state, after training."""
    rng = np.random.default_rng(seed)
    memory, output = nn.RNN(1, 8, rng=rng), nn.Linear(8, 2, rng=rng)
    optimizer = optim.Adam([*memory.parameters(), *output.parameters()], 0.02)
    for _ in range(steps + 1):
        bits = rng.integers(0, 2, (20, 16))
        x = 2.0 * bits[..., None] - 1
        # Without a state every step is a sequence of its own: 1 step, 20 · 16 examples.
        (h, _), cache = memory.forward(x if recurrent else x.reshape(1, -1, 1))
        h = h.reshape(20, 16, 8)
        logits, out_cache = output.forward(h[1:].reshape(-1, 8))
        _, loss_cache = nn.cross_entropy(logits, bits[:-1].ravel())
        right = np.mean(logits.argmax(axis=1) == bits[:-1].ravel())
        dh = np.zeros(h.shape)
        dh[1:] = output.backward(nn.cross_entropy_backward(1.0, loss_cache), out_cache).reshape(19, 16, 8)
        memory.backward(dh if recurrent else dh.reshape(1, -1, 8), cache)
        optimizer.step()
        optimizer.zero_grad()
    return right


print(f"without a state: {learn_previous(False):.2f} right")
print(f"with a state:    {learn_previous(True):.2f} right")

# %% [markdown] id="forward-text"
# The network without a state guesses, for ever. The other one is always right. How its weights learnt to carry a bit over one step is the subject of this page; before that comes the forward pass over a whole sequence.

# %% [markdown] id="forward-statement" statement="rnn-forward"
# ### Exercise 2: a whole sequence (5 points)
#
# Write `rnn_forward(x, h0, W_ih, W_hh, b)` for `x (T, N, D)` and the start `h0 (N, H)`. It returns all states, `h (T, N, H)`, where `h[t]` is the state *after* it has seen `x[t]`. A loop over the steps; all $N$ examples go through a step together. You may call your `rnn_step`. For `T = 0` the result is an empty array `(0, N, H)`. `h0` stays as it is.
#
# Check by hand: `x = [[[0]], [[0]]]`, `h0 = [[0]]`, `W_ih = [[1]]`, `W_hh = [[1]]`, `b = [1]` give `tanh(1) = 0.762` and `tanh(1.762) = 0.943`.


# %% id="rnn-forward" exercise=true difficulty=2 by_hand="nn data"
def rnn_forward(x, h0, W_ih, W_hh, b):
    """All states (T, N, H) of the sequences x (T, N, D) that start from h0 (N, H)."""
    ### BEGIN SOLUTION
    h = np.empty((len(x), *h0.shape))
    before = h0
    for t in range(len(x)):
        before = h[t] = np.tanh(x[t] @ W_ih.T + before @ W_hh.T + b)
    return h
    ### END SOLUTION


# %% [markdown] id="forward-hints" hints="rnn-forward"
# - axes: The loop runs over the examples: time is the first axis, the batch the second.
# - frozen: Every step starts from h0: it must start from the state before it.
# - transposed: W_hh stands the wrong way round: with examples in rows it is h @ W_hh.T.
# - leak: The state of one example flows into the next: every example has a state of its own, from its row of h0.
# - late: Row t is the state before x[t], expected the one after it.


# %% id="forward-flow" test="rnn-forward" points=1
@check.exercise("20-rnn/rnn-forward")
def who_feels_a_change():
    """Which states feel a changed input? Three steps, three examples"""
    x, h0, W_ih, W_hh, b, _, _ = rnn_case(3, 3, 2, 4)
    changed = x.copy()
    changed[1, 0] += 0.5  # step 1 of example 0
    states = [check.call(rnn_forward, given, h0, W_ih, W_hh, b, returns=("h",)) for given in (x, changed)]
    check.shape(states[0], (3, 3, 4), name="h")
    gap = np.abs(states[0] - states[1]).max(axis=2)
    felt = [(t, n) for t in range(3) for n in range(3) if gap[t, n] > 1e-9]
    check.equal(felt, [(1, 0), (2, 0)], name="the list of (step, example) that change", hints={
        "axes": lambda right: [(1, 0), (1, 1), (1, 2)],
        "frozen": lambda right: [(1, 0)],
        "late": lambda right: [(2, 0)],
        "leak": lambda right: [(0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)],
    })  # fmt: skip


# %% id="forward-sizes" test="rnn-forward" points=2
@check.exercise("20-rnn/rnn-forward")
def five_steps_of_two_examples():
    """Five steps of two examples"""
    x, h0, W_ih, W_hh, b, _, _ = rnn_case(5, 2, 3, 4)
    (right, _), _ = nn.rnn(x, h0, W_ih, W_hh, b)

    h = check.call(rnn_forward, x, h0, W_ih, W_hh, b, returns=("h",))
    check.close(h, right, name="h", hints={
        "transposed": lambda right: nn.rnn(x, h0, W_ih, W_hh.T, b)[0][0],
    })  # fmt: skip


# %% id="forward-hidden" test="rnn-forward" points=2 hidden=true
@check.exercise("20-rnn/rnn-forward", hidden=True)
def other_sizes_of_a_sequence():
    """No step, one step, one example, long sequences"""
    rng = check.rng(2)
    for T, N, D, H in [(1, 4, 2, 3), (30, 1, 3, 2), (4, 5, 1, 6), (0, 2, 3, 4)]:
        x, h0, b = rng.normal(size=(T, N, D)), rng.normal(size=(N, H)), rng.normal(size=H)
        W_ih, W_hh = rng.normal(size=(H, D)), rng.normal(size=(H, H))
        h = check.call(rnn_forward, x, h0, W_ih, W_hh, b, returns=("h",))
        check.shape(h, (T, N, H), name=f"h for T = {T}, N = {N}")
        if T:
            check.close(h, nn.rnn(x, h0, W_ih, W_hh, b)[0][0], name=f"h for T = {T}, N = {N}")


# %% [markdown] id="impulse-text"
# ## Try it: how long does a letter stay visible?
#
# Two copies of a network with ten units and random weights read the same text, but for the first letter. The colours are the states of the first copy, step by step. The curve is the distance between the two. Set the scale of $W_{hh}$ so that the first letter is still visible at the last one. What happens beyond?

# %% id="impulse-widget" folded=true
from dlbook import widgets

LINE = "uma noite destas, vindo da cidade para o engenho novo"


def impulse(letters, scale):
    """States of two copies after the first letters of a line; the second copy read another first letter."""
    rng = np.random.default_rng(4)
    alphabet = sorted(set(LINE + "q"))
    W_ih, W_hh = rng.normal(0, 0.5, (10, len(alphabet))), rng.normal(size=(10, 10))
    W_hh *= scale / np.linalg.norm(W_hh, 2)
    states = []
    for line in (LINE, "q" + LINE[1:]):
        x = np.eye(len(alphabet))[[alphabet.index(letter) for letter in line[:letters]]][:, None]
        states.append(nn.rnn(x, np.zeros((1, 10)), W_ih, W_hh)[0][0][:, 0])
    return {"letters": letters, "states": states[0], "distance": np.linalg.norm(states[0] - states[1], axis=1)}


def impulse_figure(result):
    """The states as colours above the letters, and below the distance of the two copies."""
    figure = plots.figure(9, 4)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    top.imshow(result["states"].T, aspect="auto", cmap=plots.DIVERGING, vmin=-1, vmax=1)
    top.grid(False)
    top.set(ylabel="unit", yticks=[0, 9], yticklabels=["1", "10"])
    bottom.semilogy(np.maximum(result["distance"], 1e-16), "o-", color=plots.VERMILION, markersize=4)
    bottom.set(
        ylabel="distance",
        xticks=range(len(LINE)),
        xticklabels=list(LINE.replace(" ", "␣")),
        ylim=(1e-12, 10),
        xlim=(-0.5, len(LINE) - 0.5),
    )
    return figure


widgets.explore(
    impulse_figure,
    dict(
        letters=widgets.Slider(1, len(LINE), len(LINE), label="letters read"),
        scale=widgets.Slider(0.0, 4.0, 1.6, step=0.1, label="scale of W_hh (largest singular value)"),
    ),
    compute=impulse,
    alt=lambda result: (
        f"States of ten units as colours for {result['letters']} letters; the distance between two copies that read another first letter falls from {result['distance'][0]:.2f} to {result['distance'][-1]:.1e}."
    ),
    table=lambda result: [
        {"letter": LINE[t], "distance": f"{result['distance'][t]:.2e}"} for t in range(result["letters"])
    ],
    title="Two readers, one letter apart",
)

# %% [markdown] id="impulse-meaning"
# Up to a scale of 1 every step brings the two copies closer, whatever they read. At about 3 the first letter is still visible at the last one. Beyond that the distance no longer falls, and at 4 it is larger in the end than at the beginning. That is no better memory, it is chaos: one letter changes everything that follows, and what remains says little about that letter. Good memories live at the border.

# %% [markdown] id="unroll"
# ## Unrolling
#
# Write the network once for each step, side by side, and the loop is gone. What remains is a deep feedforward network with one layer a step. Two things are unusual about it: every layer has its own input, and all layers share the same weights.

# %% id="unroll-run"
x, h0, W_ih, W_hh, b, _, _ = rnn_case(3, 2, 3, 4)
deep = np.tanh(
    x[2] @ W_ih.T + np.tanh(x[1] @ W_ih.T + np.tanh(x[0] @ W_ih.T + h0 @ W_hh.T + b) @ W_hh.T + b) @ W_hh.T + b
)
print("loop and unrolled network equal:", bool(np.allclose(nn.rnn(x, h0, W_ih, W_hh, b)[0][1], deep)))

nodes = {f"h{t}": (2.2 * t, 1.6) for t in range(4)} | {f"x{t}": (2.2 * t, 0) for t in range(1, 4)}
nodes |= {f"o{t}": (2.2 * t, 3.2) for t in range(1, 4)}
edges = {(f"h{t}", f"h{t + 1}"): "W_hh" for t in range(3)} | {(f"x{t}", f"h{t}"): "W_ih" for t in range(1, 4)}
edges |= {(f"h{t}", f"o{t}"): "V" for t in range(1, 4)}
figure = plots.figure(7.5, 4)
plots.graph(figure.subplots(), nodes, edges, size=0.32)
plots.show(
    figure,
    alt="The network unrolled over three steps: states h0 to h3 in a row joined by W_hh, below them the inputs x1 to x3 joined by W_ih, above them the outputs o1 to o3 joined by V.",
)

# %% [markdown] id="bptt"
# ## Backpropagation through time
#
# The unrolled network is a feedforward network, so its gradients come from ordinary backpropagation. This is all that **backpropagation through time** (BPTT) is; one thing must not be forgotten. A weight that serves at every step has a copy in every layer, and its gradient is the *sum* over the copies. ("Standard backpropagation", as the book says, is right with that sum.)
#
# The total loss is a sum too: $E = \sum_t E_t$, and $E_t$ looks at the output $o_t$, which depends on $h_t$. For softmax and cross-entropy, with $V$ and the one-hot $y_t$, the gradient that reaches the state directly is $\mathrm{dh}_t = V^\top(\hat y_t - y_t)$. We write $\mathrm{dh}_t$ for whatever arrives at $h_t$ from its own step.
#
# But $h_t$ is used twice: by its own loss, and by the next state. With $z_t$ for the argument of the tanh and $\delta_t = \partial E/\partial z_t$,
#
# $$g_t = \mathrm{dh}_t + W_{hh}^\top\,\delta_{t+1}, \qquad \delta_t = (1 - h_t^2)\odot g_t$$
#
# starting behind the last step, where nothing comes back from the future. (If something reads the last state in particular, as in a translation, its gradient $\mathrm{dh}_{\text{last}}$ enters there.) Everything else follows from $\delta$:
#
# $$\frac{\partial E}{\partial W_{hh}} = \sum_t \delta_t\, h_{t-1}^\top,\qquad \frac{\partial E}{\partial W_{ih}} = \sum_t \delta_t\, x_t^\top,\qquad
# \frac{\partial E}{\partial b} = \sum_t\delta_t,\qquad \mathrm{dx}_t = W_{ih}^\top\delta_t,\qquad \mathrm{dh}_0 = W_{hh}^\top\delta_1$$
#
# One walk from the last step to the first, with about twice the operations of the forward pass.

# %% [markdown] id="terms"
# ### Term by term
#
# The book derives the same gradient in another way, for the loss of one step. $h_3$ depends on $W_{hh}$ directly, and again through $h_2$, which depends on it directly, and again through $h_1$:
#
# $$\frac{\partial E_3}{\partial W_{hh}} = \sum_{k\le 3} \frac{\partial E_3}{\partial h_3}\,\frac{\partial h_3}{\partial h_k}\,\frac{\partial^+ h_k}{\partial W_{hh}}$$
#
# The small + matters, and the book does not print it. $\partial^+ h_k/\partial W$ is the **immediate** derivative: how $h_k$ moves with the weights of *its own* step while $h_{k-1}$ is held. If you read it as the whole derivative, you count the early steps again and again. Let us run both readings.

# %% id="terms-run"
rng = np.random.default_rng(3)
T, D, H = 4, 3, 3
x, h0 = 0.3 * rng.normal(size=(T, 1, D)), np.zeros((1, H))
W_ih, W_hh, v = rng.normal(size=(H, D)), nn.init.orthogonal((H, H), rng), rng.normal(size=H)
(h, _), _ = nn.rnn(x, h0, W_ih, W_hh)
h, before = h[:, 0], np.vstack([h0, h[:-1, 0]])


def last_loss(W_hh, W_ih=W_ih):
    """E = v · h of the last step."""
    return float(nn.rnn(x, h0, W_ih, W_hh)[0][1][0] @ v)


def difference(f, W, eps=1e-6):
    """Centred differences of f at the matrix W."""
    slopes = np.empty(W.shape)
    for i in np.ndindex(W.shape):
        e = np.zeros(W.shape)
        e[i] = eps
        slopes[i] = (f(W + e) - f(W - e)) / (2 * eps)
    return slopes


jacobians = [np.diag(1 - h[t] ** 2) @ W_hh for t in range(T)]  # ∂h_t / ∂h_{t-1}
reaching = v  # ∂E / ∂h_k
terms, input_terms = {}, {}
for k in reversed(range(T)):
    delta = (1 - h[k] ** 2) * reaching
    terms[k], input_terms[k] = np.outer(delta, before[k]), np.outer(delta, x[k, 0])
    reaching = jacobians[k].T @ reaching
for k in range(T):
    print(
        f"k = {k}: length of the term for W_hh {np.linalg.norm(terms[k]):.4f}, for W_ih {np.linalg.norm(input_terms[k]):.4f}"
    )
numeric = difference(last_loss, W_hh)
print(f"sum of the terms against centred differences: {np.abs(sum(terms.values()) - numeric).max():.1e}")

# The other reading: in each term the whole derivative of h_k, which already holds all earlier steps.
whole = 0.0
for k in range(T):
    reach = v.copy()
    for t in range(T - 1, k, -1):
        reach = jacobians[t].T @ reach
    whole += difference(lambda W, reach=reach, k=k: float(nn.rnn(x[: k + 1], h0, W_ih, W)[0][1][0] @ reach), W_hh)
print(
    f"with whole derivatives the result is {np.linalg.norm(whole) / np.linalg.norm(numeric):.2f} times as long,",
    end=" ",
)
cosine = np.sum(whole * numeric) / np.linalg.norm(whole) / np.linalg.norm(numeric)
print(f"and its direction is off by {np.degrees(np.arccos(cosine)):.0f} degrees")

# %% [markdown] id="terms-meaning"
# With the immediate derivative the sum agrees with the centred differences to ten digits. With the whole one it is another matrix.
#
# The term $k = 0$ is exactly zero for $W_{hh}$, since it multiplies a state of zeros there, but not for $W_{ih}$. The book writes both sums alike. And three misprints: where it says $s_3 = \tanh(Ux_t + Ws_2)$, the input must be $x_3$; where gradients are "summarised", they are summed; and where something "implies all that backpropagation needs to work", read that it *is* all that it needs.

# %% [markdown] id="backward-statement" statement="rnn-backward"
# ### Exercise 3: backpropagation through time (12 points)
#
# Write `rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh)`.
#
# - `dh (T, N, H)`: what each loss sends to the state of its own step,
# - `dh_last (N, H)`: what reaches the last state in addition,
# - `x (T, N, D)`, `h0 (N, H)` and the states `h (T, N, H)` of the forward pass.
#
# Return `dx (T, N, D)`, `dh0 (N, H)`, `dW_ih (H, D)`, `dW_hh (H, H)` and `db (H,)`. Sums over steps and examples, no mean. Change none of the arguments. The bias is not among them: `h` says all that you need of it.
#
# Check by hand: `T = N = D = H = 1`, `x = [[[2]]]`, `h0 = [[3]]`, `h = [[[0.6]]]`, `W_ih = [[5]]`, `W_hh = [[−1]]`, `dh = [[[1]]]`, `dh_last = [[1]]`. Then $\delta = (1 - 0.36)\cdot 2 = 1.28$, so `dx = 6.4`, `dh0 = −1.28`, `dW_ih = 2.56`, `dW_hh = 3.84`, `db = 1.28`. (A forward pass would give another `h`; for the check that does not matter.)


# %% id="rnn-backward" exercise=true difficulty=3 by_hand="nn data rnn_forward rnn_step difference"
def rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh):
    """Backpropagation through time: dx (T, N, D), dh0 (N, H), dW_ih (H, D), dW_hh (H, H), db (H,)."""
    ### BEGIN SOLUTION
    dx, dW_ih, dW_hh, db = np.empty(x.shape), np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    g = dh_last
    for t in reversed(range(len(x))):
        before = h[t - 1] if t else h0
        delta = (dh[t] + g) * (1 - h[t] ** 2)
        dx[t] = delta @ W_ih
        dW_ih += delta.T @ x[t]
        dW_hh += delta.T @ before
        db += delta.sum(axis=0)
        g = delta @ W_hh
    return dx, g, dW_ih, dW_hh, db
    ### END SOLUTION


# %% [markdown] id="backward-hints" hints="rnn-backward"
# - time: No gradient flows back through time: what reaches a state is its own dh plus W_hhᵀ times the δ of the next step.
# - overwritten: What comes back from the future replaces the dh of the step: a state is used twice, so the two are added.
# - axes: This goes back along the examples: time is the first axis, the batch the second.
# - only-last: Only the last step got a gradient: right for T = 1, and only there.
# - last: dh_last is missing: it is added to what reaches the state of the last step.
# - every-step: dh_last enters at every step: it belongs to the last one alone.
# - slope: The slope is 1 − h², because h is already the output of the tanh; here tanh was taken of it once more.
# - linear: The slope of the tanh is missing: 1 − h².
# - earlier: The slope belongs to the state after the step, h[t], not to the one before it.
# - transposed: On the way back W_hh stands the other way round than forwards: with examples in rows it is delta @ W_hh.
# - first: Before row 0 comes h0, not row −1.
# - shifted: W_hh multiplies the state before the step: its gradient takes h[t − 1], not h[t].
# - assigned: Only one step is left in the gradient of the weights: they serve at every step, so add.
# - mean: A sum, not a mean: the division belongs to the loss, and dh has it inside.


# %% id="backward-flow" test="rnn-backward" points=2
@check.exercise("20-rnn/rnn-backward")
def who_gets_a_gradient():
    """Which inputs get a gradient? Three steps, three examples"""
    x, h0, W_ih, W_hh, b, dh, dh_last = rnn_case(3, 3, 2, 4)
    dh[[0, 2]] = dh[1, 1:] = dh_last[:2] = 0  # left: step 1 of example 0, and the last state of example 2
    h = nn.rnn(x, h0, W_ih, W_hh, b)[0][0]
    dx, *_ = check.call(rnn_backward, dh, dh_last, x, h0, h, W_ih, W_hh, returns=("dx", "dh0", "dW_ih", "dW_hh", "db"))
    check.shape(dx, (3, 3, 2), name="dx")
    felt = [(t, n) for t in range(3) for n in range(3) if np.any(dx[t, n] != 0)]
    check.equal(felt, [(0, 0), (0, 2), (1, 0), (1, 2), (2, 2)], name="the list of (step, example) that get a gradient", hints={
        "time": lambda right: [(1, 0), (2, 2)],
        "overwritten": lambda right: [(0, 2), (1, 2), (2, 2)],
        "axes": lambda right: [(1, 0), (2, 0), (2, 1), (2, 2)],
        "only-last": lambda right: [(2, 2)],
        "last": lambda right: [(0, 0), (1, 0)],
    })  # fmt: skip


# %% id="backward-one" test="rnn-backward" points=2
@check.exercise("20-rnn/rnn-backward")
def a_single_step():
    """A single step: the gradients of the input and of the start"""
    x, h0, W_ih, W_hh, b, dh, dh_last = rnn_case(1, 4, 3, 2)
    h = nn.rnn(x, h0, W_ih, W_hh, b)[0][0]
    dx, dh0, *_ = check.call(
        rnn_backward, dh, dh_last, x, h0, h, W_ih, W_hh, returns=("dx", "dh0", "dW_ih", "dW_hh", "db")
    )
    g, slope = dh[0] + dh_last, 1 - h[0] ** 2
    check.close(dx, (g * slope @ W_ih)[None], name="dx", hints={
        "slope": lambda right: (g * (1 - np.tanh(h[0]) ** 2) @ W_ih)[None],
        "linear": lambda right: (g @ W_ih)[None],
        "earlier": lambda right: (g * (1 - h0**2) @ W_ih)[None],
    })  # fmt: skip
    check.close(dh0, g * slope @ W_hh, name="dh0", hints={"transposed": lambda right: g * slope @ W_hh.T})


# %% id="backward-time" test="rnn-backward" points=2
@check.exercise("20-rnn/rnn-backward")
def through_four_steps():
    """Through four steps, with a gradient at each"""
    x, h0, W_ih, W_hh, b, dh, dh_last = rnn_case(4, 2, 3, 5)
    h = nn.rnn(x, h0, W_ih, W_hh, b)[0][0]
    dx, dh0, *_ = check.call(
        rnn_backward, dh, dh_last, x, h0, h, W_ih, W_hh, returns=("dx", "dh0", "dW_ih", "dW_hh", "db")
    )

    def loss(x, h0):
        (h, last), _ = nn.rnn(x, h0, W_ih, W_hh, b)
        return np.sum(dh * h) + np.sum(dh_last * last)

    cache = nn.rnn(x, h0, W_ih, W_hh, b)[1]
    check.gradient(lambda v: loss(v, h0), dx, x, name="dx", hints={
        "every-step": lambda right: nn.rnn_backward((dh + dh_last, None), cache)[0],
    })  # fmt: skip
    check.gradient(lambda v: loss(x, v), dh0, h0, name="dh0")


# %% id="backward-weights" test="rnn-backward" points=3
@check.exercise("20-rnn/rnn-backward")
def gradients_of_the_weights():
    """The gradients of the weights"""
    x, h0, W_ih, W_hh, b, dh, dh_last = rnn_case(5, 3, 2, 4)
    h = nn.rnn(x, h0, W_ih, W_hh, b)[0][0]
    _, _, dW_ih, dW_hh, db = check.call(
        rnn_backward, dh, dh_last, x, h0, h, W_ih, W_hh, returns=("dx", "dh0", "dW_ih", "dW_hh", "db")
    )
    delta, g = np.empty(h.shape), dh_last
    for t in reversed(range(5)):
        delta[t] = (dh[t] + g) * (1 - h[t] ** 2)
        g = delta[t] @ W_hh

    def loss(W_ih, W_hh, b):
        (h, last), _ = nn.rnn(x, h0, W_ih, W_hh, b)
        return np.sum(dh * h) + np.sum(dh_last * last)

    check.gradient(lambda v: loss(v, W_hh, b), dW_ih, W_ih, name="dW_ih", hints={
        "assigned": lambda right: delta[0].T @ x[0],
        "mean": lambda right: right / 3,
    })  # fmt: skip
    check.gradient(lambda v: loss(W_ih, v, b), dW_hh, W_hh, name="dW_hh", hints={
        "first": lambda right: np.einsum("tnh,tnj->hj", delta, np.roll(h, 1, axis=0)),
        "shifted": lambda right: np.einsum("tnh,tnj->hj", delta, h),
    })  # fmt: skip
    check.gradient(lambda v: loss(W_ih, W_hh, v), db, b, name="db")


# %% id="backward-hidden" test="rnn-backward" points=2 hidden=true
@check.exercise("20-rnn/rnn-backward", hidden=True)
def other_sizes_backwards():
    """One step, one example, one unit, one feature"""
    rng = check.rng(3)
    for T, N, D, H in [(1, 1, 3, 2), (7, 1, 2, 3), (2, 5, 3, 1), (6, 4, 1, 3)]:
        x, h0, b = rng.normal(size=(T, N, D)), rng.normal(size=(N, H)), rng.normal(size=H)
        W_ih, W_hh = rng.normal(size=(H, D)), rng.normal(size=(H, H))
        dh, dh_last = rng.normal(size=(T, N, H)), rng.normal(size=(N, H))
        (h, _), cache = nn.rnn(x, h0, W_ih, W_hh, b)
        right = nn.rnn_backward((dh, dh_last), cache)[:5]
        names = ("dx", "dh0", "dW_ih", "dW_hh", "db")
        got = check.call(rnn_backward, dh, dh_last, x, h0, h, W_ih, W_hh, returns=names)
        for name, mine, theirs in zip(names, got, right, strict=True):
            check.close(mine, theirs, name=f"{name} for T = {T}, N = {N}, D = {D}, H = {H}")


# %% id="backward-far" test="rnn-backward" points=1 hidden=true
@check.exercise("20-rnn/rnn-backward", hidden=True)
def far_away_and_tiny():
    """Forty steps back: tiny, and right to the last digits"""
    rng = check.rng(4)
    x, h0, W_ih = rng.normal(size=(40, 2, 3)), rng.normal(size=(2, 5)), rng.normal(size=(5, 3))
    W_hh = 0.3 * nn.init.orthogonal((5, 5), rng)
    dh, dh_last = np.zeros((40, 2, 5)), rng.normal(size=(2, 5))
    (h, _), cache = nn.rnn(x, h0, W_ih, W_hh)
    right = nn.rnn_backward((dh, dh_last), cache)[1]
    names = ("dx", "dh0", "dW_ih", "dW_hh", "db")
    _, dh0, *_ = check.call(rnn_backward, dh, dh_last, x, h0, h, W_ih, W_hh, returns=names)
    check.close(dh0, right, name="dh0 for T = 40", atol=0.0)


# %% [markdown] id="arrows-text"
# ## Try it: what reaches an earlier state
#
# The network is unrolled over six steps. Choose the step $t$ whose loss you look at. The width of an arrow into $h_k$ shows the length of $\partial E_t/\partial h_k$. With a truncation $n$ the gradient stops after $n$ steps back. At which scale of $W_{hh}$ does $h_0$ still learn of the loss at step 5?

# %% id="arrows-widget" folded=true


def reaching_gradients(step, cut, scale):
    """Lengths of ∂E_t/∂h_k for k = step, step - 1, … as far as the cut allows."""
    rng = np.random.default_rng(2)
    W_ih, W_hh = rng.normal(0, 0.6, (6, 4)), rng.normal(size=(6, 6))
    W_hh *= scale / np.linalg.norm(W_hh, 2)
    h = nn.rnn(rng.normal(size=(6, 1, 4)), np.zeros((1, 6)), W_ih, W_hh)[0][0][:, 0]
    g = rng.normal(size=6)
    g /= np.linalg.norm(g)
    lengths = {step: 1.0}
    for k in range(step, max(0, step - cut), -1):
        g = W_hh.T @ ((1 - h[k] ** 2) * g)
        lengths[k - 1] = float(np.linalg.norm(g))
    return {"step": step, "lengths": lengths}


def arrows_figure(result):
    """Six states in a row; arrows back from the loss, as wide as the gradient is long."""
    figure = plots.figure(9, 2.8)
    ax = figure.subplots()
    for t in range(6):
        reached = t in result["lengths"]
        ax.plot(2 * t, 0, "o", markersize=30, color=plots.TINTS[0] if reached else "0.93", markeredgecolor=plots.GREY)
        ax.text(2 * t, 0, f"$h_{t}$", ha="center", va="center")
        if reached:
            ax.text(2 * t, -0.75, f"{result['lengths'][t]:.2g}", ha="center", va="center")
    step = result["step"]
    ax.text(2 * step, 1.1, f"$E_{step}$", ha="center", va="center")
    places = [((2 * step, 0.9), (2 * step, 0.36), 1.0)]
    places += [((2 * k + 1.6, 0), (2 * k + 0.4, 0), length) for k, length in result["lengths"].items() if k < step]
    for start, end, length in places:
        arrow = dict(arrowstyle="-|>", color=plots.VERMILION, linewidth=float(np.clip(5 * length, 0.3, 14)))
        ax.annotate("", end, start, arrowprops=arrow)
    ax.set(xlim=(-0.7, 10.7), ylim=(-1.1, 1.4))
    ax.set_axis_off()
    return figure


widgets.explore(
    arrows_figure,
    dict(
        step=widgets.Slider(0, 5, 5, label="step t of the loss"),
        cut=widgets.Slider(0, 5, 5, label="truncation n"),
        scale=widgets.Slider(0.2, 3.0, 1.0, step=0.1, label="scale of W_hh (largest singular value)"),
    ),
    compute=reaching_gradients,
    alt=lambda result: (
        f"Six states in a row. The loss of step {result['step']} sends arrows back that get "
        + ", ".join(f"{length:.2g}" for length in result["lengths"].values())
        + " wide."
    ),
    table=lambda result: [
        {"state": f"h{k}", "length of the gradient": f"{v:.3g}"} for k, v in result["lengths"].items()
    ],
    title="The gradient on its way back",
)

# %% [markdown] id="truncated"
# ## Truncated BPTT
#
# A novel is one sequence of 371,549 steps. To go back through all of it for each update would take long, need the memory for every state, and, as we shall see, bring little. So one cuts.
#
# **The book's way**: for the loss of each step go back at most $n$ steps. Below is its algorithm in our symbols, for one sequence of symbols and a softmax at each step, next to the single sweep.


# %% id="book-bptt" folded=true
def softmax_states(x, U, V, W):
    """States (T + 1, H), the last row being the zeros before the start, and probabilities (T, K), for symbols x (T,)."""
    s, o = np.zeros((len(x) + 1, len(W))), np.empty((len(x), len(V)))
    for t, symbol in enumerate(x):
        s[t] = np.tanh(U[:, symbol] + W @ s[t - 1])
        z = V @ s[t]
        o[t] = np.exp(z - z.max())
        o[t] /= o[t].sum()
    return s, o


def book_gradient(x, y, U, V, W, truncate):
    """Gradient of W by the book's algorithm: from the loss of every step back again; also counts the steps."""
    s, o = softmax_states(x, U, V, W)
    dW, steps = np.zeros(W.shape), 0
    delta_o = o
    delta_o[np.arange(len(y)), y] -= 1
    for t in reversed(range(len(y))):
        delta = V.T @ delta_o[t] * (1 - s[t] ** 2)
        for k in range(t, max(0, t - truncate) - 1, -1):
            dW += np.outer(delta, s[k - 1])
            delta = W.T @ delta * (1 - s[k - 1] ** 2)
            steps += 1
    return dW, steps, o


def sweep_gradient(x, y, U, V, W):
    """Gradient of W by one sweep."""
    s, o = softmax_states(x, U, V, W)
    dW, g = np.zeros(W.shape), np.zeros(len(W))
    for t in reversed(range(len(y))):
        delta = (V.T @ (o[t] - np.eye(len(V))[y[t]]) + g) * (1 - s[t] ** 2)
        dW += np.outer(delta, s[t - 1])
        g = W.T @ delta
    return dW


# %% id="book-run"
import time

rng = np.random.default_rng(0)
K, H = 8, 6
U, V, W = rng.normal(0, 0.5, (H, K)), rng.normal(0, 0.5, (K, H)), rng.normal(size=(H, H))
W *= 0.9 / np.linalg.norm(W, 2)
for T in (50, 100, 200):
    x, y = rng.integers(0, K, T), rng.integers(0, K, T)
    start = time.perf_counter()
    ours = sweep_gradient(x, y, U, V, W)
    middle = time.perf_counter()
    theirs, steps, _ = book_gradient(x, y, U, V, W, T)
    ratio = (time.perf_counter() - middle) / (middle - start)
    print(
        f"T = {T}: equal {bool(np.allclose(ours, theirs))}, sweep {T} steps, book {steps:,} steps, {ratio:.0f} times as long"
    )

_, _, o = book_gradient(x[:5], y[:5], U, V, W, 5)
print("a row of probabilities adds up to", f"{o[0].sum():.1f} after the book's function has run")
print("truncate = 0 goes back", book_gradient(x[:5], y[:5], U, V, W, 0)[1] / 5, "step from each loss")

for norm in (0.5, 1.5):
    W *= norm / np.linalg.norm(W, 2)
    whole = sweep_gradient(x[:200], y[:200], U, V, W)
    errors = []
    for n in (0, 1, 2, 4, 8):
        cut = book_gradient(x[:200], y[:200], U, V, W, n)[0]
        errors.append(f"n = {n}: {np.linalg.norm(cut - whole) / np.linalg.norm(whole):.4f}")
    print(f"norm of W {norm}: relative error of the cut gradient   " + "   ".join(errors))

# %% [markdown] id="book-meaning"
# Without a cut both agree. But the book's double loop takes $T(T+1)/2$ steps where one sweep takes $T$. Three more traps are in its few lines:
#
# - `delta_o = o` copies nothing. It gives the probabilities a second name, and subtracting 1 spoils them: write `o.copy()`.
# - `s[t - 1]` at `t = 0` is `s[-1]`, the *last* row. It works only because that row happens to be the zeros before the start.
# - `truncate = n` takes $n + 1$ steps, counting that of the loss itself.
#
# The last two lines show what a cut costs. With a $W$ of norm 0.5 the gradient is nearly complete after two steps back. With a norm of 1.5 even eight leave an error.
#
# **The way of practice** is cheaper still. Cut the sequence into blocks of $k$ steps. Forwards, each block starts from the last state of the block before: the state is *carried over*, nothing is forgotten. Backwards, the gradient stops at the border: for the gradient the start of a block is a given number, as `h0` is. A loss at the beginning of a block looks back one step, one at the end $k$ steps.

# %% [markdown] id="truncated-statement" statement="truncated-bptt"
# ### Exercise 4: truncated BPTT (7 points)
#
# Write `truncated_bptt(dh, x, h0, h, W_ih, W_hh, k)`. The arguments are those of exercise 3, without `dh_last`. `h` are the states of the *whole* forward pass, with the state carried over. The blocks are the steps 0 to k − 1, k to 2k − 1, …; the last one may be shorter. Return `dW_ih (H, D)`, `dW_hh (H, H)` and `db (H,)`, each the sum over all blocks. You may call your `rnn_backward`.
#
# Two cases to check: with `k ≥ T` this is the full gradient; with `k = 1` nothing flows through time.


# %% id="truncated-bptt" exercise=true difficulty=2 by_hand="nn data rnn_forward rnn_step difference library_blocks"
def truncated_bptt(dh, x, h0, h, W_ih, W_hh, k):
    """Gradients dW_ih (H, D), dW_hh (H, H), db (H,) that do not cross the borders of blocks of k steps."""
    ### BEGIN SOLUTION
    dW_ih, dW_hh, db = np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    for start in range(0, len(x), k):
        block = slice(start, start + k)
        before = h[start - 1] if start else h0
        found = rnn_backward(dh[block], np.zeros(h0.shape), x[block], before, h[block], W_ih, W_hh)
        dW_ih, dW_hh, db = dW_ih + found[2], dW_hh + found[3], db + found[4]
    return dW_ih, dW_hh, db
    ### END SOLUTION


# %% [markdown] id="truncated-hints" hints="truncated-bptt"
# - through: This is the full gradient: at the border of a block it must stop.
# - none: Nothing flows through time, not even inside a block: that is k = 1.
# - reset: The state was set to zero at the start of a block. It is carried over from the block before; only the gradient stops.
# - restart: Every block starts from h0 again. It starts from the last state of the block before; only the gradient stops.
# - lost: The last block got lost because it is shorter.
# - longer: The blocks have k + 1 steps: the step of the loss itself counts.
# - mean: The sum over the blocks, not their mean.
# - only-last: Only the last block is left: add the gradients of all blocks.


# %% id="library-blocks" given=true
def library_blocks(dh, x, h0, W_ih, W_hh, b, borders):
    """Sum of the gradients of the weights over blocks, by dlbook.nn; borders [0, …, T].  A list: dW_ih, dW_hh, db."""
    h, total = h0, [0.0, 0.0, 0.0]
    for start, end in zip(borders, borders[1:], strict=False):
        (_, h), cache = nn.rnn(x[start:end], h, W_ih, W_hh, b)
        found = nn.rnn_backward((dh[start:end], None), cache)[2:5]
        total = [old + new for old, new in zip(total, found, strict=True)]
    return total


# %% id="truncated-even" test="truncated-bptt" points=2
@check.exercise("20-rnn/truncated-bptt")
def three_blocks_of_two():
    """Three blocks of two steps: the weights of the inputs and the bias"""
    x, h0, W_ih, W_hh, b, dh, _ = rnn_case(6, 3, 2, 4)
    h = nn.rnn(x, h0, W_ih, W_hh, b)[0][0]
    dW_ih, _, db = check.call(truncated_bptt, dh, x, h0, h, W_ih, W_hh, 2, returns=("dW_ih", "dW_hh", "db"))
    for name, got, i in (("dW_ih", dW_ih, 0), ("db", db, 2)):
        right = library_blocks(dh, x, h0, W_ih, W_hh, b, [0, 2, 4, 6])[i]
        check.close(got, right, name=name, hints={
            "through": lambda right, i=i: library_blocks(dh, x, h0, W_ih, W_hh, b, [0, 6])[i],
            "none": lambda right, i=i: library_blocks(dh, x, h0, W_ih, W_hh, b, range(7))[i],
            "longer": lambda right, i=i: library_blocks(dh, x, h0, W_ih, W_hh, b, [0, 3, 6])[i],
            "mean": lambda right: right / 3,
            "only-last": lambda right, i=i: library_blocks(dh[4:], x[4:], h[3], W_ih, W_hh, b, [0, 2])[i],
        })  # fmt: skip


# %% id="truncated-carry" test="truncated-bptt" points=1
@check.exercise("20-rnn/truncated-bptt")
def the_state_is_carried_over():
    """The weights of the state, which is carried over from block to block"""
    x, h0, W_ih, W_hh, b, dh, _ = rnn_case(6, 1, 2, 5)
    h = nn.rnn(x, h0, W_ih, W_hh, b)[0][0]
    _, dW_hh, _ = check.call(truncated_bptt, dh, x, h0, h, W_ih, W_hh, 3, returns=("dW_ih", "dW_hh", "db"))
    right = library_blocks(dh, x, h0, W_ih, W_hh, b, [0, 3, 6])[1]
    # Step 3 begins the second block; its δ times the state before it is what a reset leaves out.
    g = np.zeros((1, 5))
    for t in (5, 4, 3):
        delta = (dh[t] + g) * (1 - h[t] ** 2)
        g = delta @ W_hh
    check.close(dW_hh, right, name="dW_hh", hints={
        "reset": lambda right: right - delta.T @ h[2],
        "restart": lambda right: right - delta.T @ (h[2] - h0),
    })  # fmt: skip


# %% id="truncated-uneven" test="truncated-bptt" points=2
@check.exercise("20-rnn/truncated-bptt")
def a_last_block_that_is_shorter():
    """A last block that is shorter, and one block for all"""
    x, h0, W_ih, W_hh, b, dh, _ = rnn_case(7, 2, 3, 4)
    h = nn.rnn(x, h0, W_ih, W_hh, b)[0][0]
    names = ("dW_ih", "dW_hh", "db")
    for k, borders in [(3, [0, 3, 6, 7]), (9, [0, 7])]:
        got = check.call(truncated_bptt, dh, x, h0, h, W_ih, W_hh, k, returns=names)
        right = library_blocks(dh, x, h0, W_ih, W_hh, b, borders)
        for i, name in enumerate(names):
            check.close(got[i], right[i], name=f"{name} for T = 7, k = {k}", hints={
                "lost": lambda right, i=i: library_blocks(dh, x, h0, W_ih, W_hh, b, [0, 3, 6])[i],
            })  # fmt: skip


# %% id="truncated-hidden" test="truncated-bptt" points=2 hidden=true
@check.exercise("20-rnn/truncated-bptt", hidden=True)
def other_blocks():
    """Blocks of one step, one example, a long sequence"""
    rng = check.rng(5)
    for T, N, D, H, k in [(5, 3, 2, 4, 1), (1, 2, 3, 4, 5), (23, 1, 2, 3, 6), (8, 4, 3, 2, 4)]:
        x, h0, b = rng.normal(size=(T, N, D)), rng.normal(size=(N, H)), rng.normal(size=H)
        W_ih, W_hh, dh = rng.normal(size=(H, D)), rng.normal(size=(H, H)), rng.normal(size=(T, N, H))
        h = nn.rnn(x, h0, W_ih, W_hh, b)[0][0]
        names = ("dW_ih", "dW_hh", "db")
        got = check.call(truncated_bptt, dh, x, h0, h, W_ih, W_hh, k, returns=names)
        right = library_blocks(dh, x, h0, W_ih, W_hh, b, [*range(0, T, k), T])
        for name, mine, theirs in zip(names, got, right, strict=True):
            check.close(mine, theirs, name=f"{name} for T = {T}, k = {k}")


# %% [markdown] id="memory-quiz" question="quiz"
# A network is trained with blocks of 25 letters, and the state is carried over. Can it make use of something that it read 60 letters ago?
#
# - [ ] No: the gradient is cut at 25: but the state is not, and may still hold it.
# - [x] Yes, if it learnt to keep such things on shorter stretches: the cut limits what is learnt from, not what is remembered.
# - [ ] Yes, and it learns to: no gradient ever tells it that something 60 letters ago was worth keeping.

# %% [markdown] id="jacobians"
# ## Vanishing and exploding
#
# The gradient that reaches $h_k$ from step $t$ has gone through a product of matrices, one for each step between:
#
# $$\frac{\partial h_t}{\partial h_k} = \prod_{j=k+1}^{t} \mathrm{diag}(1 - h_j^2)\,W_{hh}$$
#
# It is the product of chapter 17, with one difference: there every layer had its own weights, here the *same* matrix comes again and again.
#
# The book says that the norm of such a factor, a Jacobian, is at most 1, because the slope of tanh is at most 1 (and that of the sigmoid at most ¼). Then the gradient could only vanish.

# %% [markdown] id="jacobian-question" question="predict"
# A network of 50 tanh units has $W_{hh}$ from $N(0, g^2/50)$ with $g = 4$. How large is the norm of the Jacobian of one step?
#
# - [ ] at most 1: that is the bound of the slope alone; the factor W_hh has been forgotten.
# - [x] well above 1: the slopes shrink the norm of W_hh, about 8, but by no means to 1.
# - [ ] about 50: the norm of a random matrix grows like 2g here, whatever its size.

# %% id="jacobian-run"


def jacobian_norms(W, steps, activation="tanh", seed=0, spread=0.1):
    """Norm of the first Jacobian, and of the products of 1, 2, … of them, along a path with small random inputs."""
    rng = np.random.default_rng(seed)
    h, product, norms = 0.1 * rng.normal(size=len(W)), np.eye(len(W)), []
    for _ in range(steps):
        z = W @ h + spread * rng.normal(size=len(W))
        if activation == "tanh":
            h = np.tanh(z)
            slope = 1 - h**2
        elif activation == "sigmoid":
            h = 0.5 * np.tanh(0.5 * z) + 0.5
            slope = h * (1 - h)
        elif activation == "ReLU":
            h, slope = np.maximum(z, 0), 1.0 * (z > 0)
        else:
            h, slope = z, np.ones(len(z))
        product = slope[:, None] * W @ product
        norms.append(np.linalg.norm(product, 2))
    return np.array(norms)


random_start = np.random.default_rng(1).normal(size=(50, 50)) / np.sqrt(50)
for g in (0.25, 0.5, 1.0, 1.5, 4.0):
    norms = jacobian_norms(g * random_start, 50, spread=0.5)
    print(
        f"g = {g:4}: largest singular value of W {np.linalg.norm(g * random_start, 2):4.2f}, one Jacobian {norms[0]:4.2f}, product of 50 {norms[-1]:.0e}"
    )

# %% [markdown] id="jacobian-meaning"
# **The book forgets $W_{hh}$.** The norm of a Jacobian is at most $\gamma\,\sigma_{\max}(W_{hh})$, where $\sigma_{\max}$ is the largest singular value and $\gamma$ the largest slope: 1 for tanh, ¼ for the sigmoid (whose values lie in (0, 1), not in (−1, 1), as the chapter says). Over $t-k$ steps
#
# $$\Big\lVert\frac{\partial h_t}{\partial h_k}\Big\rVert \le \big(\gamma\,\sigma_{\max}(W_{hh})\big)^{t-k}$$
#
# If $\gamma\,\sigma_{\max} < 1$, the gradient vanishes for certain. If it is above 1, the gradient *may* explode, and may still vanish, for the slopes of saturated units are near 0 (Pascanu, Mikolov and Bengio, 2013). The row $g = 1$ is such a case: $\sigma_{\max}$ is 2, and after 50 steps two millionths are left. The same chapter of the book goes on to say, rightly, that gradients can explode; with its bound they could not.
#
# Why singular values and not eigenvalues? Because a matrix can make a vector longer first and shorter later:

# %% id="radius-run"
W = np.array([[0.5, 10.0], [0.0, 0.5]])
print(
    "largest eigenvalue:",
    np.abs(np.linalg.eigvals(W)).max(),
    "  largest singular value:",
    np.linalg.norm(W, 2).round(2),
)
for steps in (1, 2, 5, 20):
    norm = np.linalg.norm(np.linalg.matrix_power(W, steps), 2)
    print(
        f"steps {steps:2}: norm {norm:.2e}   eigenvalue to that power {0.5**steps:.2e}   singular value to that power {np.linalg.norm(W, 2) ** steps:.2e}"
    )

# %% [markdown] id="activation-text"
# Both numbers have their say: the singular value bounds every step, the eigenvalue decides in the long run.
#
# Does another activation settle the matter? The book recommends ReLU, because its slope is 0 or 1. Here are four, each with an orthogonal $W_{hh}$ times $g$. An orthogonal matrix turns vectors and changes no length: the best start there is.

# %% id="activation-run"
LABELS = {"tanh": "tanh", "sigmoid": "sigmoid", "ReLU": "ReLU", "identity": "identity"}
base = nn.init.orthogonal((50, 50), np.random.default_rng(1))
figure = plots.figure(10, 3.2)
for ax, g in zip(figure.subplots(1, 3, sharey=True), (0.8, 1.0, 1.4), strict=True):
    for number, name in enumerate(LABELS):
        norms = jacobian_norms(g * base, 50, name)
        style = dict(linestyle=plots.LINE_STYLES[number], color=plots.COLOURS[number])
        ax.semilogy(range(1, 51), norms, label=LABELS[name], **style)
        print(f"g = {g}: {LABELS[name]:10} product of 50 Jacobians {norms[-1]:.0e}")
    ax.set(title=f"g = {g}", xlabel="steps back", ylim=(1e-12, 1e9))
    ax.legend(fontsize=8)
plots.show(
    figure,
    alt="Norm of the product of Jacobians against the number of steps, for g = 0.8, 1 and 1.4. The sigmoid vanishes in all three, ReLU in the first two. The identity follows g to the power of the steps. tanh falls slowly at g = 1.",
)

identity_start = jacobian_norms(np.eye(50), 50, "ReLU")
print(f"ReLU with the identity as W_hh: product of 50 Jacobians {identity_start[-1]:.2f}")

# %% [markdown] id="activation-meaning"
# The sigmoid vanishes everywhere. ReLU is no cure by itself: its active part acts like a power of a part of $W_{hh}$, and fades or grows with it. What helps is the start: with an identity matrix as $W_{hh}$ (Le, Jaitly and Hinton, 2015) the ReLU network begins as a network that keeps what it has.
#
# The book names initialisation and regularisation in one breath, as if they were one. These are two remedies. The start decides what the product is at first; a penalty can keep $\sigma_{\max}$ in bounds later.

# %% [markdown] id="jacobian-widget-text"
# ## Try it: vanish or explode?
#
# Move $\sigma_{\max}$. For which values does tanh keep the gradient within a factor of ten over 60 steps? Then compare with the bound, the dashed line.

# %% id="jacobian-widget" folded=true
SLOPES = {"tanh": 1.0, "sigmoid": 0.25, "ReLU": 1.0, "identity": 1.0}


def product_norms(largest, activation, steps):
    """Norms of ∂h_T/∂h_k for k = T - 1 … 0, for a W_hh with this largest singular value, and the bound."""
    norms = jacobian_norms(largest / np.linalg.norm(random_start, 2) * random_start, steps, activation)
    bound = (SLOPES[activation] * largest) ** np.arange(1.0, steps + 1)
    return {"norms": norms, "bound": bound, "activation": activation}


def product_figure(result):
    """Norm of the product against the distance, with the bound; the regions of vanishing and exploding are shaded."""
    figure = plots.figure(9, 3.6)
    ax = figure.subplots()
    distance = np.arange(1, len(result["norms"]) + 1)
    ax.axhspan(1e-16, 1e-3, color=plots.TINTS[0], label="vanished: below 0.001")
    ax.axhspan(1e3, 1e16, facecolor=plots.TINTS[1], hatch="///", edgecolor="white", label="exploded: above 1,000")
    ax.semilogy(distance, np.maximum(result["norms"], 1e-30), "o-", markersize=3, label=LABELS[result["activation"]])
    ax.semilogy(distance, result["bound"], "--", label="bound")
    ax.set(xlabel="distance T − k", ylabel="norm", ylim=(1e-12, 1e12))
    ax.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1.01, 1))
    return figure


widgets.explore(
    product_figure,
    dict(
        largest=widgets.Slider(0.2, 6.0, 2.0, step=0.1, label="largest singular value of W_hh"),
        activation=widgets.Options({LABELS[name]: name for name in SLOPES}, label="activation"),
        steps=widgets.Slider(5, 60, 40, step=5, label="steps T"),
    ),
    compute=product_norms,
    alt=lambda result: (
        f"Product of {len(result['norms'])} Jacobians with {LABELS[result['activation']]}: norm {result['norms'][-1]:.1e}, bound {result['bound'][-1]:.1e}."
    ),
    table=lambda result: [
        {"distance": k + 1, "norm": f"{result['norms'][k]:.2e}", "bound": f"{result['bound'][k]:.2e}"}
        for k in range(0, len(result["norms"]), 5)
    ],
    title="A product of Jacobians",
)

# %% [markdown] id="silence"
# ### What vanishes, and what fails
#
# The book's example is a sentence about a man who wears a wig and goes into a bar. It is about the man, but the nearest noun to the verb is the wig. To learn what the verb depends on, a gradient must come back over all the words between: a **long-term dependency**.
#
# The gradient of the *weights* does not vanish. It is a sum, and its near terms are as large as ever. What vanishes is the share of the far ones: the network learns, but only what is near. (The book says that the far contributions become zero. They become very small; a norm is zero for the zero vector alone.)
#
# A gradient that explodes is less to be feared, says the book, for NaN makes the program fail. It does not. NumPy warns, if at all, and goes on:

# %% id="silence-run"
rng = np.random.default_rng(0)
W_ih, W_hh = rng.normal(0, 0.3, (20, 5)), nn.init.orthogonal((20, 20), rng)
x, h0 = rng.normal(size=(30, 1, 5)), np.zeros((1, 20))
for g in (0.5, 0.9):
    (h, _), cache = nn.rnn(x, h0, W_ih, g * W_hh)
    dh = np.zeros(h.shape)
    dh[-1] = rng.normal(size=20)
    dx = nn.rnn_backward((dh, None), cache)[0]
    share = np.linalg.norm(dx, axis=(1, 2)) ** 2
    print(
        f"g = {g}: share of the last five steps in the squared gradient of the inputs {share[-5:].sum() / share.sum():.5f}"
    )

with np.errstate(all="ignore"):
    (h, last), _ = nn.rnn(np.ones((2000, 1, 5)), h0, W_ih, 2.0 * np.eye(20), nonlinearity="relu")
    probabilities = nn.softmax(last)[0]
print(
    "probabilities after 2,000 steps of a ReLU network with W_hh = 2:",
    probabilities[0, :3],
    "… and the program goes on",
)
print("so look:", bool(np.isfinite(probabilities).all()))

# %% [markdown] id="remedies"
# Against explosion, cut the gradient to a largest length before the step (*clipping*; chapter 17 showed it, chapter 21 takes it apart). Against vanishing there is no cut. It needs another cell, LSTM (1997) or GRU (2014), the subject of chapter 21.
#
# ## A language model
#
# Back to the novel. A **language model** gives a text a probability, one letter after the other:
#
# $$P(x_1,\dots,x_T) = \prod_t P(x_t \mid x_1,\dots,x_{t-1})$$
#
# The network reads $x_1 \dots x_{t-1}$, its state stands for all of them, and a softmax over the output gives the probabilities of $x_t$. As the target of each step is the next letter, the text is its own teacher. The loss is the cross-entropy, and its exponential is the perplexity from the top of the page.

# %% [markdown] id="perplexity-statement" statement="perplexity"
# ### Exercise 5: perplexity (4 points)
#
# Write `perplexity(logits, targets)` for `logits (T, N, K)` and integer `targets (T, N)`. It returns one number: $\exp$ of the mean cross-entropy over all steps and examples, with natural logarithms. Large logits, a thousand say, must not overflow.
#
# Check by hand: `logits = [[[0, ln 3]]]`, `targets = [[0]]`: the probability is ¼, the perplexity 4.


# %% id="perplexity" exercise=true difficulty=1 by_hand="nn data"
def perplexity(logits, targets):
    """exp of the mean cross-entropy of logits (T, N, K) at the targets (T, N): a float."""
    ### BEGIN SOLUTION
    shifted = logits - logits.max(axis=2, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=2, keepdims=True))
    return float(np.exp(-np.take_along_axis(log_p, targets[..., None], axis=2).mean()))
    ### END SOLUTION


# %% [markdown] id="perplexity-hints" hints="perplexity"
# - log: This is the mean cross-entropy: take its exponential.
# - base: The logarithms are natural ones, so the base is e, not 2.
# - sum: The exponent is the mean over the letters, not their sum: otherwise a longer text would have a larger perplexity.
# - average: This is the mean of the perplexities. Average the cross-entropies first, then take the exponential.
# - axis: The softmax runs over the K letters of one step, the last axis.


# %% id="perplexity-one" test="perplexity" points=1
@check.exercise("20-rnn/perplexity")
def a_single_letter():
    """A single letter: the check by hand"""
    found = check.call(perplexity, np.array([[[0.0, np.log(3.0)]]]), np.array([[0]]), returns=("perplexity",))
    check.close(found, 4.0, name="perplexity", hints={
        "log": lambda right: np.log(right),
        "base": lambda right: 2 ** np.log(right),
    })  # fmt: skip


# %% id="perplexity-many" test="perplexity" points=1
@check.exercise("20-rnn/perplexity")
def three_texts_of_two_letters():
    """Three texts of two letters"""
    logits, targets = 2 * np.cos(1.4 * np.arange(24)).reshape(2, 3, 4), np.array([[0, 2, 1], [3, 1, 0]])
    p = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    q = np.exp(logits) / np.exp(logits).sum(axis=0, keepdims=True)
    losses = -np.log(np.take_along_axis(p, targets[..., None], axis=2))
    found = check.call(perplexity, logits, targets, returns=("perplexity",))
    check.close(found, np.exp(losses.mean()), name="perplexity", hints={
        "sum": lambda right: np.exp(losses.sum()),
        "average": lambda right: np.exp(losses).mean(),
        "axis": lambda right: np.exp(-np.log(np.take_along_axis(q, targets[..., None], axis=2)).mean()),
    })  # fmt: skip


# %% id="perplexity-large" test="perplexity" points=1
@check.exercise("20-rnn/perplexity")
def large_logits():
    """Large logits"""
    logits = np.array([[[1000.0, 1001.0]], [[-2000.0, -2000.0]], [[5.0, 5.0]]])
    found = check.call(perplexity, logits, np.array([[1], [0], [1]]), returns=("perplexity",))
    check.close(found, np.exp((np.log(1 + np.exp(-1)) + 2 * np.log(2)) / 3), name="perplexity")


# %% id="perplexity-hidden" test="perplexity" points=1 hidden=true
@check.exercise("20-rnn/perplexity", hidden=True)
def indifference_and_other_sizes():
    """All letters equally likely, and other sizes"""
    rng = check.rng(6)
    for T, N, K in [(1, 5, 7), (6, 1, 3), (4, 3, 10)]:
        logits, targets = 3 * rng.normal(size=(T, N, K)), rng.integers(0, K, (T, N))
        right = np.exp(nn.cross_entropy(logits.reshape(-1, K), targets.ravel())[0])
        found = check.call(perplexity, logits, targets, returns=("perplexity",))
        check.close(found, right, name=f"perplexity for T = {T}, N = {N}, K = {K}")
        found = check.call(perplexity, np.full((T, N, K), 2.5), targets, returns=("perplexity",))
        check.close(found, float(K), name=f"perplexity of {K} equal logits")


# %% [markdown] id="model"
# ### The model
#
# Three pieces: an *embedding*, 32 learnt numbers for each character (a one-hot vector times a matrix picks a column of it; this does the same without the product), a recurrent layer of 128 tanh units with an orthogonal start, and a linear layer that gives 100 logits. The `tokenizer` gives every character its number. (The package has such a model ready, for other cells too: `dlbook.models.char_rnn.CharRNN`. Here it is spelt out.)
#
# The known part of the novel is cut into 16 long strips, read side by side: they are the batch. A step takes the next 25 letters of every strip, and the next step goes on where it stopped, with the state carried over: exercise 4, with $k = 25$. Adam makes the steps, gradients longer than 1 are cut to length 1. Three times through the novel.


# %% id="model-class"
class CharacterModel(nn.Module):
    """Embedding, recurrent layer, linear output: characters (T, N) -> logits (T, N, K)."""

    def __init__(self, characters, units, rng, dtype=np.float32):
        self.embedding = nn.Embedding(characters, 32, rng=rng, dtype=dtype)
        self.memory = nn.RNN(32, units, rng=rng, dtype=dtype)
        self.memory.weight_hh_l0.data = nn.init.orthogonal((units, units), rng).astype(dtype)
        self.output = nn.Linear(units, characters, rng=rng, dtype=dtype)

    def forward(self, ids, state=None):
        """logits (T, N, K) and the last state, from ids (T, N)."""
        x, embedded = self.embedding.forward(ids)
        (h, state), remembered = self.memory.forward(x, state)
        logits, out = self.output.forward(h.reshape(-1, h.shape[2]))
        return (logits.reshape(*ids.shape, -1), state), (embedded, remembered, out, h.shape)

    def backward(self, dlogits, cache):
        """Gradients of all weights; nothing goes back into the state that was carried over."""
        embedded, remembered, out, shape = cache
        dh = self.output.backward(dlogits.reshape(-1, dlogits.shape[2]), out)
        self.embedding.backward(self.memory.backward(dh.reshape(shape), remembered)[0], embedded)


def perplexity_of(model, text, strips=20, block=None):
    """Perplexity of a text read in strips; with `block` the state is set back to zero after so many letters."""
    ids = tokenizer.encode(text)
    ids = ids[: len(ids) // strips * strips].reshape(strips, -1).T
    state, losses = None, []
    for a in range(0, len(ids) - 1, block or len(ids)):
        part = ids[a : a + (block or len(ids)) + 1]
        logits, state = model(part[:-1], None if block else state)
        losses.append(nn.cross_entropy(logits.reshape(-1, logits.shape[2]), part[1:].ravel(), "sum")[0])
    return float(np.exp(np.sum(losses) / (len(ids) - 1) / strips))


# %% id="train-run"
FULL = False  # True: 256 units, ten times through the novel; takes minutes


def train_model(units, epochs, lr, strips=16, block=25):
    """A model trained on the known part by truncated BPTT, and the perplexities: every 50 steps, and after each epoch."""
    rng = np.random.default_rng(0)
    model = CharacterModel(len(vocabulary), units, rng)
    optimizer = optim.Adam(model.parameters(), lr)
    ids = tokenizer.encode(known)
    ids = ids[: len(ids) // strips * strips].reshape(strips, -1).T
    starts = range(0, len(ids) - block, block)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * len(starts))
    losses, after = [], []
    for _ in range(epochs):
        state = None
        for a in starts:
            (logits, state), cache = model.forward(ids[a : a + block], state)
            loss, loss_cache = nn.cross_entropy(logits.reshape(block * strips, -1), ids[a + 1 : a + block + 1].ravel())
            optimizer.zero_grad()
            model.backward(nn.cross_entropy_backward(1.0, loss_cache).reshape(logits.shape), cache)
            nn.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss)
        after.append(perplexity_of(model, unseen))
    smooth = np.exp(np.array(losses)[: len(losses) // 50 * 50].reshape(-1, 50).mean(axis=1))
    return model, smooth, after


start_time = time.perf_counter()
model, smooth, after = train_model(*((256, 10, 0.005) if FULL else (128, 3, 0.008)))
print(f"{sum(p.data.size for p in model.parameters()):,} parameters, {time.perf_counter() - start_time:.0f} s")
print("perplexity of the unseen text after each pass:", " ".join(f"{found:.2f}" for found in after))
for block in (1, 2, 5, 25):
    print(
        f"letters from one reset of the state to the next {block:2}: perplexity {perplexity_of(model, unseen, block=block):.2f}"
    )

figure = plots.figure(7, 3.2)
ax = figure.subplots()
ax.plot(50 * np.arange(1, len(smooth) + 1), smooth, label="network, while learning")
for reach, style in ((1, "--"), (2, "-."), (3, ":")):
    ax.axhline(by_reach[reach], color=plots.COLOURS[reach], linestyle=style, label=f"table, {reach} back")
ax.set(xlabel="step", ylabel="perplexity", ylim=(4, 14))
ax.legend()
plots.show(
    figure,
    alt="Perplexity against training steps: the network falls quickly below the table that looks one letter back, then below the one of two letters, and at last below that of three.",
)

# %% [markdown] id="train-meaning"
# After three passes the perplexity of the unseen text is 5.04: far better than the table with two letters of memory, 6.87, and a little better than that with three, 5.15. The table with four is still ahead, with 4.64 and 63,101 entries; the network has 36,836 numbers. It took seconds. With `FULL = True`, 256 units and ten passes, measured once on one core: perplexity 4.33 in 63 seconds, better than every table.
#
# The lines below the passes show how much of this is memory. The text is the same and so are the weights, but the state is set back to zero now and then. Every 25 letters: 5.65. Every five: 9.10. Every letter: 21, worse than the table that looks one letter back, since a network that has always had a state never learnt to do without.
#
# ### Writing
#
# The model gives probabilities. To *write*, draw a letter from them, feed it back as the next input, and so on. Between the logits $o$ and the probabilities one usually puts a **temperature** $\tau$:
#
# $$p_i = \frac{e^{o_i/\tau}}{\sum_j e^{o_j/\tau}}$$
#
# At $\tau = 1$ these are the model's own probabilities. A smaller $\tau$ favours the likely letters, until at $\tau = 0$ only the most likely is left; a larger one evens them out.

# %% [markdown] id="temperature-question" question="predict"
# You let the model write at $\tau = 0.2$. What will the text look like?
#
# - [ ] The best Portuguese of all: each letter is a likely one; but likely letters one by one make no interesting text.
# - [x] Proper words, the same ones again and again: the likely road leads into a circle.
# - [ ] Letters without sense: that is a high temperature.

# %% id="write-run"


def write(model, beginning, length, temperature, seed=0):
    """A text that begins like this, drawn letter by letter."""
    rng = np.random.default_rng(seed)
    logits, state = model(tokenizer.encode(beginning)[:, None])
    written = beginning
    for _ in range(length):
        p = nn.softmax(logits[-1, 0].astype(float) / temperature)[0]
        written += vocabulary[rng.choice(len(p), p=p)]
        logits, state = model(tokenizer.encode(written[-1])[:, None], state)
    return written


p = nn.softmax(model(tokenizer.encode("Não sei q")[:, None])[0][-1, 0].astype(float))[0]
print(f"after Não sei q the model gives u the probability {p[vocabulary.index('u')]:.2f}")
for temperature in (0.2, 0.5, 1.0, 1.5):
    print(f"--- temperature {temperature}")
    print(write(model, "Capitu ", 240, temperature))

# %% [markdown] id="write-meaning"
# At 0.2 the model goes round in a circle of *a minha mãe*, my mother, whom the novel mentions often. At 0.5 it has more ideas, and most words are Portuguese, or could be. At 1 it draws from what it believes: many words are invented, and still they sound Portuguese, and a full stop is followed by a capital. At 1.5 the spelling breaks down.
#
# Nobody told it about words, capitals or full stops. It also understands nothing: there is no thought longer than a few letters. What is missing is memory for more, data for more, or both.

# %% [markdown] id="sample-statement" statement="sample-next"
# ### Exercise 6: draw a letter (5 points)
#
# Write `sample_next(logits, temperature, u)` for `logits (K,)`, a temperature ≥ 0 and a number `u` drawn uniformly from [0, 1). It returns the index of a letter, an integer. Lay the probabilities side by side, from index 0 on, as pieces of a line of length 1: the answer is the piece in which `u` lies, the first index $i$ with $p_0 + \dots + p_i > u$. With temperature 0 it is the index of the largest logit, whatever `u`. Large logits must not overflow, and the answer is always from 0 to $K-1$, even if rounding makes the sum of all $p$ a little less than 1.
#
# Check by hand: `logits = [ln 2, ln 5, ln 3]` give the probabilities 0.2, 0.5, 0.3 at temperature 1. `u = 0.1` gives 0, `u = 0.6` gives 1, `u = 0.9` gives 2.


# %% id="sample-next" exercise=true difficulty=2 by_hand="nn data"
def sample_next(logits, temperature, u):
    """Index of the letter that u in [0, 1) draws from softmax(logits / temperature); logits (K,)."""
    ### BEGIN SOLUTION
    if temperature == 0:
        return int(np.argmax(logits))
    scaled = (logits - np.max(logits)) / temperature
    edges = np.cumsum(np.exp(scaled))
    return int(min(np.searchsorted(edges / edges[-1], u, side="right"), len(logits) - 1))
    ### END SOLUTION


# %% [markdown] id="sample-hints" hints="sample-next"
# - argmax: This is always the most likely letter: u decides which piece of the line it is.
# - multiplied: The logits are divided by the temperature, not multiplied.
# - after: The temperature belongs to the logits, before the softmax: probabilities divided by it do not add up to 1.
# - reversed: The pieces lie from index 0 on.
# - ignored: The temperature does not enter.
# - impossible: A letter of probability 0 was drawn: its piece has no length, and no u lies in it.


# %% id="sample-one" test="sample-next" points=1
@check.exercise("20-rnn/sample-next")
def temperature_one():
    """Temperature 1"""
    logits = np.log([2.0, 5.0, 3.0])
    drawn = [check.call(sample_next, logits, 1.0, u, returns=("index",)) for u in (0.1, 0.35, 0.6, 0.75, 0.9)]
    check.equal(drawn, [0, 1, 1, 2, 2], name="the letters for u = 0.1, 0.35, 0.6, 0.75, 0.9", hints={
        "argmax": lambda right: [1, 1, 1, 1, 1],
        "reversed": lambda right: [2, 1, 1, 1, 0],
    })  # fmt: skip


# %% id="sample-temperatures" test="sample-next" points=1
@check.exercise("20-rnn/sample-next")
def hot_and_cold():
    """A higher and a lower temperature"""
    logits, us = np.array([0.5, 2.0, 1.0, -1.0]), [0.05, 0.15, 0.25, 0.4, 0.6, 0.8, 0.93, 0.99]

    def letters(scaled):
        edges = np.cumsum(np.exp(scaled)) / np.exp(scaled).sum()
        return [int(np.sum(edges <= u)) for u in us]

    def divided(temperature):
        edges = np.cumsum(np.exp(logits)) / np.exp(logits).sum() / temperature
        return [min(int(np.sum(edges <= u)), 3) for u in us]

    for temperature in (3.0, 0.4):
        drawn = [check.call(sample_next, logits, temperature, u, returns=("index",)) for u in us]
        check.equal(drawn, letters(logits / temperature), name=f"the letters at temperature {temperature}", hints={
            "multiplied": lambda right, temperature=temperature: letters(logits * temperature),
            "after": lambda right, temperature=temperature: divided(temperature),
            "ignored": lambda right: letters(logits),
        })  # fmt: skip


# %% id="sample-edges" test="sample-next" points=1
@check.exercise("20-rnn/sample-next")
def zero_and_the_impossible():
    """Temperature 0, large logits, impossible letters"""
    drawn = check.call(sample_next, np.array([1.0, 4.0, 3.9]), 0.0, 0.99, returns=("index",))
    check.equal(drawn, 1, name="the letter at temperature 0")
    drawn = check.call(sample_next, np.array([2000.0, 2001.0, -3000.0]), 1.0, 0.5, returns=("index",))
    check.equal(drawn, 1, name="the letter for logits 2000, 2001, −3000")
    drawn = check.call(sample_next, np.array([-5000.0, 0.0, 0.0]), 1.0, 0.0, returns=("index",))
    check.equal(drawn, 1, name="the letter for u = 0", hints={"impossible": lambda right: 0})


# %% id="sample-hidden" test="sample-next" points=2 hidden=true
@check.exercise("20-rnn/sample-next", hidden=True)
def frequencies_and_rounding():
    """The frequencies of many draws, and a u just below 1"""
    rng = check.rng(7)
    for K, temperature in [(5, 0.7), (2, 2.5), (9, 1.3)]:
        logits, us = 2 * rng.normal(size=K), (np.arange(200) + 0.5) / 200
        drawn = [check.call(sample_next, logits, temperature, float(u), returns=("index",)) for u in us]
        edges = np.cumsum(nn.softmax(logits / temperature)[0])
        counts = np.array([drawn.count(i) for i in range(K)]) / 200
        check.close(np.cumsum(counts)[:-1], edges[:-1], name=f"frequencies for K = {K}", atol=0.0051, rtol=0.0)
    last = float(np.nextafter(1.0, 0.0))
    for K in (1, 10, 100):
        drawn = check.call(sample_next, np.zeros(K), 1.0, last, returns=("index",))
        check.equal(drawn, K - 1, name=f"the letter for the largest u, K = {K}")


# %% id="yours"
try:
    ids = tokenizer.encode(unseen[:5001])
    logits, _ = model(ids[:-1, None])
    print(f"your perplexity of 5,000 letters: {perplexity(logits.astype(float), ids[1:, None]):.2f}")
    rng, written = np.random.default_rng(1), "Uma noite"
    logits, state = model(tokenizer.encode(written)[:, None])
    for _ in range(120):
        written += vocabulary[sample_next(logits[-1, 0].astype(float), 0.6, rng.random())]
        logits, state = model(tokenizer.encode(written[-1])[:, None], state)
    print("your letters:", written)
except NotImplementedError:
    print("Your functions join in as soon as exercises 5 and 6 are solved.")

# %% [markdown] id="temperature-text"
# ## Try it: the temperature
#
# The bars are the probabilities of the next letter after the beginning that you choose. Below them stands what the model writes. At which temperature do you like it best?

# %% id="temperature-widget" folded=true
import textwrap

BEGINNINGS = ["Capitu ", "Os olhos de ", "José Dias ", "— Não, "]


def next_letters(beginning, temperature, seed):
    """Probabilities of the next letter at this temperature, and a text."""
    logits = model(tokenizer.encode(beginning)[:, None])[0][-1, 0].astype(float)
    return {
        "p": nn.softmax(logits / temperature)[0],
        "temperature": temperature,
        "written": write(model, beginning, 230, temperature, seed),
    }


def next_letters_figure(result):
    """The fifteen likeliest letters as bars, the text below."""
    figure = plots.figure(9, 4)
    top, bottom = figure.subplots(2, 1, height_ratios=(3, 2))
    best = np.argsort(-result["p"])[:15]
    top.bar(range(15), result["p"][best], color=plots.BLUE)
    names = {" ": "␣", "\n": "¶"}
    top.set(xticks=range(15), xticklabels=[names.get(vocabulary[i], vocabulary[i]) for i in best], ylabel="probability")
    bottom.set_axis_off()
    lines = textwrap.wrap(result["written"].replace("\n", " ¶ "), 84)
    bottom.text(0, 1, "\n".join(lines), va="top", fontfamily="DejaVu Sans Mono", fontsize=9, parse_math=False)
    return figure


widgets.explore(
    next_letters_figure,
    dict(
        beginning=widgets.Options(BEGINNINGS, label="beginning"),
        temperature=widgets.Slider(0.1, 2.0, 0.6, step=0.1, label="temperature"),
        seed=widgets.Slider(0, 20, 0, label="draw number"),
    ),
    compute=next_letters,
    alt=lambda result: (
        f"Bars of the likeliest next letters, the first {result['p'].max():.0%}; the text: {result['written']}"
    ),
    table=lambda result: [
        {"letter": repr(vocabulary[i]), "probability": f"{result['p'][i]:.3f}"} for i in np.argsort(-result["p"])[:10]
    ],
    title="What comes next?",
)

# %% [markdown] id="uses"
# ## Four uses of one model
#
# The book names four applications of recurrent networks: writing, translation, speech recognition and the description of pictures. All of them are the language model of this page with something *given*:
#
# | use | what the model computes | what is given |
# |---|---|---|
# | writing | $P(\text{text})$ | nothing |
# | speech recognition | $P(\text{text})$, to choose between readings | sound |
# | translation | $P(\text{text}\mid\text{sentence})$ | the state of a network that has read the sentence to its end |
# | description of pictures | $P(\text{text}\mid\text{picture})$ | a state computed from the picture |
#
# A fifth one needs only the last state: is this review friendly? Then only the end has a loss: `dh` is zero, and `dh_last` brings the gradient.
#
# **Speech.** A recogniser hears *sounds*. In Brazil a final *o* sounds like *u*, *de* like *di*, and *c*, *s* and *ç* can sound alike. Which of the spellings was meant? Ask the novel's model, which was never taught to spell:

# %% id="speech-run"


def bits_per_letter(text):
    """Mean surprise of a text after a new line, in bits a letter."""
    ids = tokenizer.encode("\n" + text)
    logits, _ = model(ids[:-1, None])
    return nn.cross_entropy(logits[:, 0], ids[1:])[0] / np.log(2)


for heard in (
    ["os olhos de Capitu", "us olhus di Capitu", "os olios de Capitu"],
    ["a cabeça cansada", "a cabessa cançada", "a cabesa camsada"],
    ["não disse nada", "não dice nada", "naum disse nada"],
    ["quando ela chegou", "cuando ela xegou", "kuando ela chegô"],
):
    by_surprise = sorted(heard, key=bits_per_letter)
    print("   ".join(f"{text} ({bits_per_letter(text):.2f})" for text in by_surprise))

# %% [markdown] id="speech-meaning"
# In each line the right spelling surprises least, in bits a letter. A recogniser multiplies two things: how well the text fits the sound, and how likely the text is in the language. The second factor is a language model, trained on text alone.
#
# **Pictures.** Now something is given. An image of a digit goes through one layer and becomes the *first state* of a recurrent network, and that writes the digit's name, in Portuguese, letter by letter, with a full stop at the end. The gradient on its way back arrives at the first state, `dh0`, and goes on into the layer that read the image. That is what `dh0` in exercise 3 was for.

# %% id="caption-run"
NAMES = ["zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove"]
letters = sorted(set("".join(NAMES)) | {"."})
spelled = np.array([[letters.index(letter) for letter in name.ljust(7, ".")] for name in NAMES])


class Captioner(nn.Module):
    """An image becomes the first state of a network that writes a word of seven letters."""

    def __init__(self, rng):
        self.look = nn.Linear(64, 48, rng=rng)
        self.memory = nn.RNN(len(letters), 48, rng=rng)
        self.output = nn.Linear(48, len(letters), rng=rng)

    def forward(self, given):
        """logits (7, N, K) from images (N, 64) and the letters before each letter, (7, N)."""
        images, before = given
        seen, looked = self.look.forward(images)
        start, curve = nn.tanh(seen)
        (h, _), remembered = self.memory.forward(np.eye(len(letters))[before], start[None])
        logits, out = self.output.forward(h.reshape(-1, 48))
        return logits.reshape(*before.shape, -1), (looked, curve, remembered, out)

    def backward(self, dlogits, cache):
        looked, curve, remembered, out = cache
        dh = self.output.backward(dlogits.reshape(-1, len(letters)), out)
        _, dstart = self.memory.backward(dh.reshape(*dlogits.shape[:2], 48), remembered)
        self.look.backward(nn.tanh_backward(dstart[0], curve), looked)


def caption(model, images):
    """The words that the model writes, always the likeliest letter."""
    before = np.full((1, len(images)), letters.index("."))
    for _ in range(7):
        logits, _ = model.forward((images, before))
        before = np.vstack([before[:1], logits.argmax(axis=2)])
    return ["".join(letters[i] for i in column).rstrip(".") for column in before[1:].T]


digits, rng = data.digits(), np.random.default_rng(0)
captioner = Captioner(rng)
optimizer = optim.Adam(captioner.parameters(), 0.01)
for _ in range(15):
    order = rng.permutation(len(digits.x_train))
    for chosen in np.array_split(order, 40):
        words = spelled[digits.y_train[chosen]].T
        before = np.vstack([np.full((1, len(chosen)), letters.index(".")), words[:-1]])
        logits, cache = captioner.forward((digits.x_train[chosen], before))
        _, loss_cache = nn.cross_entropy(logits.reshape(-1, len(letters)), words.ravel())
        optimizer.zero_grad()
        captioner.backward(nn.cross_entropy_backward(1.0, loss_cache).reshape(logits.shape), cache)
        optimizer.step()

words = caption(captioner, digits.x_test)
right = np.array([word == NAMES[label] for word, label in zip(words, digits.y_test, strict=True)])
print(f"{right.mean():.3f} of {len(words)} test images get their name")
print("written but no name at all:", sorted(set(words) - set(NAMES)))
wrong = np.flatnonzero(~right)[:4]
first = [np.argmax(digits.y_test == label) for label in range(10)]
shown = np.concatenate([first, wrong])
plots.show(
    plots.image_grid(digits.x_test[shown].reshape(-1, 8, 8), columns=7, captions=[words[i] for i in shown]),
    alt="Fourteen test images, one of each digit and four mistakes, with the words that the network wrote above them. The mistakes: "
    + ", ".join(words[i] for i in wrong),
)

# %% [markdown] id="caption-meaning"
# 0.967 of the test images get their name. One mistake is of a kind that a classifier cannot make: *teis* is no digit's name, but something between *três* and *seis*. The network writes letters, and nothing obliges it to write a word. (The book aligns words with regions of the picture, found by a convolutional network; the principle is this one.)
#
# **Translation** is the same with a second recurrent network in place of the layer: it reads the whole source sentence, and its last state is the first state of the network that writes (Sutskever, Vinyals and Le, 2014). Everything that the sentence says must pass through one vector. Chapter 32 shows the way around this narrow place: attention.
#
# Some words on the book's examples. Speech recognition today goes from the sound to letters without phonetic segments in between. The "robot lawyer" ROSS was a search tool for legal texts; its company closed on 31 January 2021, in a lawsuit about copyright. And LSTMs were the most used networks for language until about 2018; then the transformer took their place (chapter 35). The recurrent idea lives on, in state-space models such as S4 and Mamba, in RWKV and in xLSTM.

# %% [markdown] id="mistakes"
# ## Common mistakes
#
# - **No gradient through time.** Each step is trained for itself. The network still learns something, so nobody notices. The answer key of a famous course once had this mistake. Compare with centred differences:

# %% id="mistakes-run"
rng = np.random.default_rng(5)
x, h0, W_ih, W_hh = (
    rng.normal(size=(12, 2, 3)),
    rng.normal(size=(2, 6)),
    rng.normal(size=(6, 3)),
    rng.normal(size=(6, 6)),
)
dh = rng.normal(size=(12, 2, 6))
(h, _), cache = nn.rnn(x, h0, W_ih, W_hh)
numeric = difference(lambda W: np.sum(dh * nn.rnn(x, h0, W_ih, W)[0][0]), W_hh)
full = nn.rnn_backward((dh, None), cache)[3]
before = np.concatenate([h0[None], h[:-1]])
without = np.einsum("tnh,tnj->hj", dh * (1 - h**2), before)
print(f"BPTT against centred differences:   largest error {np.abs(full - numeric).max():.0e}")
print(f"without the gradient through time:  largest error {np.abs(without - numeric).max():.1f}")

# %% [markdown] id="mistakes-more"
# - **`h[t - 1]` at `t = 0`.** In Python this is the last row, and no error is raised.
# - **Batch and time exchanged.** With as many steps as examples nothing crashes, and the examples flow into each other.
# - **A gradient check with T = 1.** There is no time in it. Check with at least three steps and a gradient at each.
# - **The state set back to zero at every block**, or carried from the end of one text into the beginning of another. Carry it over within a text, and only there.
# - **Perplexities compared that do not belong together**: of letters and of words, or of texts with different alphabets.
# - **A temperature chosen by looking at one sample.**
#
# ## The same in PyTorch
#
# `torch.nn.RNN` has the same names and layouts, and autograd goes back through time by itself. What cuts the gradient between two blocks is `state.detach()`.

# %% id="torch-check"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    layer = torch.nn.RNN(3, 6).double()
    with torch.no_grad():
        for parameter, value in zip(layer.parameters(), (W_ih, W_hh, np.zeros(6), np.zeros(6)), strict=True):
            parameter.copy_(torch.from_numpy(value))
    output, _ = layer(torch.from_numpy(x), torch.from_numpy(h0)[None])
    output.backward(torch.from_numpy(dh))
    print(f"states: largest difference {np.abs(output.detach().numpy() - h).max():.0e}")
    print(f"gradient of W_hh: largest difference {np.abs(layer.weight_hh_l0.grad.numpy() - full).max():.0e}")

    layer.zero_grad()
    state = torch.from_numpy(h0)[None]
    for a in range(0, 12, 5):
        output, state = layer(torch.from_numpy(x[a : a + 5]), state.detach())
        output.backward(torch.from_numpy(dh[a : a + 5]))
    cut = library_blocks(dh, x, h0, W_ih, W_hh, np.zeros(6), [0, 5, 10, 12])[1]
    print(
        f"in blocks of 5, with detach(): largest difference {np.abs(layer.weight_hh_l0.grad.numpy() - cut).max():.0e}"
    )
    theirs, ours = sum(p.numel() for p in layer.parameters()), 6 * (3 + 6) + 6
    print(f"parameters: {theirs} in PyTorch, {ours} by our formula")

# %% [markdown] id="gpu"
# The six parameters more are a second bias: PyTorch has one for the input and one for the state, which only their sum uses.
#
# On a GPU a recurrent network gains less than others: step $t$ must wait for step $t-1$. Large batches and ready-made kernels for the whole loop help. That all positions of a text can be computed at once is one reason why the transformer won.
#
# You can see it win. `dlbook train char-gpt`, in a terminal, trains a small transformer, of the kind that chapter 37 takes apart, on a million letters of Shakespeare: after three minutes on one core its loss on unseen text is **1.75** nats a letter, a perplexity of 5.8, and it writes a sample. (Another language and another alphabet: do not compare it with the perplexities above. `--set text=dom_casmurro` makes it read our novel.) All settings stand in `dlbook/torch/recipes/char_gpt.toml`.

# %% [markdown] id="size-quiz" question="quiz"
# A recurrent network has $D = 32$, $H = 128$, one bias, and a linear output with $K = 100$. You train it on sequences of 50 letters instead of 25. How many parameters does it have?
#
# - [ ] 67,016, twice as many as before: every step uses the same weights; a longer sequence needs no more of them.
# - [x] 33,508, as many as before: 128 · (32 + 128) + 128 in the recurrent part, 100 · 128 + 100 in the output.
# - [ ] 33,280: the biases are missing, 128 and 100 of them.

# %% [markdown] id="flow-quiz" question="quiz"
# In `rnn_backward` a student writes `g = delta @ W_hh` and, one step earlier, `delta = g * (1 - h[t]**2)`. What is wrong?
#
# - [ ] W_hh must be transposed: in the backward pass with examples in rows it is not.
# - [x] The dh of that step is missing: a state is used by its own output and by the next state, so two gradients are added.
# - [ ] Nothing: it is right if only the last state has a loss, but not in general.

# %% [markdown] id="questions"
# ## To think about
#
# 1. The states of a batch are computed together. Why may the examples of a batch not simply be consecutive pieces of one text, when the state is carried over?
# 2. How much memory do the states of a backward pass through the whole novel take, for 128 units in single precision? And for blocks of 25 letters and 16 strips?
# 3. A unit is saturated, $h \approx \pm1$, and remembers. What gradient goes back through it? Can the network learn to forget what it holds?
# 4. The perplexity of a model on a text is 5. By how many bits a letter could the text be compressed with its help?
#
# <details><summary>Answers</summary>
#
# 1. Then example 2 would have to start from the last state of example 1, which is being computed at the same time. With strips, each example goes on where it stopped itself.
# 2. 371,549 × 128 × 4 bytes, about 190 MB; 25 × 16 × 128 × 4 bytes, about 0.2 MB.
# 3. Nearly none, for the slope $1 - h^2$ is nearly 0. What keeps a memory safe also keeps it from being learnt: the gates of chapter 21 resolve this.
# 4. To $\log_2 5 = 2.3$ bits a letter, instead of 8, by arithmetic coding.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# M. Jordan, *Serial order* (1986). J. Elman, *Finding structure in time* (1990). P. Werbos, *Backpropagation through time: what it does and how to do it* (1990). R. Williams and J. Peng (1990), on truncation. Y. Bengio, P. Simard and P. Frasconi, *Learning long-term dependencies with gradient descent is difficult* (1994). T. Mikolov and others, *Recurrent neural network based language model* (2010). R. Pascanu, T. Mikolov and Y. Bengio, *On the difficulty of training recurrent neural networks* (2013). I. Sutskever, O. Vinyals and Q. Le, *Sequence to sequence learning* (2014). Q. Le, N. Jaitly and G. Hinton (2015), on the identity as a start. Machado de Assis, *Dom Casmurro* (1899), in the public domain. The book, chapters 48 to 50.
#
# **Next**, chapter 21: cells with gates, which learn what to keep and what to forget.
