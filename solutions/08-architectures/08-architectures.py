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
#     title: Architectures, a running zoo
#     minutes: 150
#     needs: [04-activations, 05-gradient-descent]
#     book: [9, 10]
# ---

# %% [markdown] id="title"
# # Architectures: the whole zoo, and everything in it runs
#
# **After this page you can** tell three kinds of network apart by their connections alone, store memories in a Hopfield network,
# compute the gradient of a restricted Boltzmann machine exactly and estimate it by chance, and route between capsules.
#
# **Time** 70 minutes to read, 80 for the six exercises. **You need** activation functions (chapter 04) and gradient descent
# (chapter 05). Layers and `fit` are used here before chapter 07 builds them; you need not know what is inside.

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, nn, plots
from dlbook.models import capsules, hopfield, rbm

# %% [markdown] id="layers"
# ## Layers, and how to count what they learn
#
# A network in layers has an **input layer**, an **output layer**, and any number of **hidden layers** between them. *Hidden* means nothing
# more than neither input nor output. Such a network is called a multilayer perceptron (MLP), although its units are sigmoids
# or ReLUs, not perceptrons.
#
# Say we want to know whether an image of 64×64 grey pixels shows a 9. The input layer then has 4,096 numbers between 0 and 1, and the
# output layer one number: above 0.5 means *it is a 9*. For the hidden layers there is no rule, only experience.
#
# Each layer after the input has a weight for every pair of units and a bias for each of its own units:
#
# $$\text{parameters} = \sum_l \left(n_{l-1}\,n_l + n_l\right)$$

# %% [markdown] id="count-question" question="predict"
# A network for 64×64 images has 15 hidden units and one output. How many numbers does it learn?
#
# - [ ] 61,455: those are the weights alone, 4,096 · 15 + 15 · 1; the biases are missing.
# - [x] 61,471: 61,455 weights, 15 biases in the hidden layer and one at the output.
# - [ ] 65,567: that gives a bias to each of the 4,096 inputs too, but inputs compute nothing.


# %% id="count-run"
def count_parameters(sizes, bias=True):
    """Weights and biases of an MLP with these layer sizes."""
    return sum(before * after + bias * after for before, after in zip(sizes, sizes[1:], strict=False))


for sizes in ([784, 30, 10], [4096, 15, 1], [6, 4, 3, 1]):
    print(f"{sizes}: {count_parameters(sizes):,} parameters, {len(sizes) - 2} hidden layers")

figure = plots.figure(6, 2.8)
plots.network(figure.subplots(), [6, 4, 3, 1])
plots.show(figure, alt="A network of four layers, two of them hidden: six inputs, four units, three units, one output.")

# %% [markdown] id="deep-word"
# The book calls a network *deep* when it has more than one hidden layer, and elsewhere when it has many. It is a convention, not a
# property of the mathematics.

# %% [markdown] id="kinds"
# ## Three kinds, by their connections
#
# Forget layers for a moment. Number all units, and write the weight **from** unit $j$ **to** unit $i$ into $W_{ij}$. The matrix alone says what
# kind of network it is.
#
# - **Feed-forward.** No path of connections leads from a unit back to itself. One pass computes everything.
# - **Recurrent.** There are loops. A unit's output comes back to it later, so the network has a state that moves in time.
# - **Symmetric.** A recurrent network in which $W_{ij} = W_{ji}$ and no unit is joined to itself. It runs downhill on an energy.
#
# The book says that recurrent networks are those *whose neurons fire for a limited time*. That describes spiking networks. Recurrent only
# means that there are loops, and that they act with delay.
#
# Ten units, $s \leftarrow \tanh(gWs)$, with a *gain* $g$ that says how strong all weights are. The same program runs all three.


# %% id="kinds-figure" folded=true
def connections(kind, rng, units=10):
    """Random weights of one of three kinds: "feedforward", "recurrent" or "symmetric"."""
    W = rng.normal(0, 1 / np.sqrt(units), (units, units)) * (1 - np.eye(units))
    if kind == "feedforward":
        return np.tril(W, -1)
    return (W + W.T) / np.sqrt(2) if kind == "symmetric" else W


def trajectory(W, s, gain, steps):
    """States of s <- tanh(gain · W s), all units at once: (steps + 1, N)."""
    path = [s]
    for _ in range(steps):
        path.append(np.tanh(gain * W @ path[-1]))
    return np.array(path)


rng = np.random.default_rng(3)
start = rng.normal(size=10)
W_forward, W_loops = connections("feedforward", rng), connections("recurrent", rng)
figure = plots.figure(11, 2.8)
*axes, last = figure.subplots(1, 4)
cases = [("feed-forward, gain 3", W_forward, 3.0), ("loops, gain 0.5", W_loops, 0.5), ("loops, gain 3", W_loops, 3.0)]
for ax, (name, W, gain) in zip(axes, cases, strict=True):
    path = trajectory(W, start, gain, 40)
    ax.plot(path[:, :4])
    ax.set(title=name, xlabel="step", ylim=(-1.5, 1.5))
    print(f"{name}: largest change in the last step {np.abs(path[-1] - path[-2]).max():.4f}")
axes[0].set(ylabel="state of four units")
W, s, energies = connections("symmetric", rng), np.where(start > 0, 1.0, -1.0), []
for i in np.tile(np.arange(10), 4):
    energies.append(float(hopfield.energy(W, s)))
    s = hopfield.update(W, s, [i])
last.plot(energies, color=plots.BLACK)
last.set(title="symmetric, units of ±1", xlabel="unit asked", ylabel="energy")
print(
    f"symmetric: energy {energies[0]:.2f} at the start, {energies[-1]:.2f} at the end, never rising: {max(np.diff(energies)) <= 0}"
)
plots.show(
    figure,
    alt="States of four units over 40 steps. Without loops they stop after a few steps. With loops and gain 0.5 they fade. With gain 3 they never come to rest. The energy of a symmetric network falls in steps.",
)

# %% [markdown] id="kinds-meaning"
# Without loops everything has come to rest after ten steps at most: the signal has passed through. With loops the gain decides. Weak weights let every
# state fade, strong ones let it swing for ever. The symmetric network, its units asked one after the other, goes downhill and stops.
#
# A large random network with loops is chaotic where its weights are strong: two states that differ only in the tenth digit soon have little in common.

# %% id="chaos"
large = np.random.default_rng(0).normal(0, 1 / np.sqrt(200), (200, 200))
first = np.random.default_rng(1).normal(size=200)
for gain in (0.5, 3.0):
    a, b = trajectory(large, first, gain, 60), trajectory(large, first + 1e-10, gain, 60)
    print(f"gain {gain}: two states 1e-10 apart are {np.abs(a[-1] - b[-1]).max():.1e} apart after 60 steps")

# %% [markdown] id="kind-statement" statement="kind"
# ### Exercise 1: which kind is it?
#
# Write `architecture_kind(W)`. `W (N, N)` holds in `W[i, j]` the weight from unit `j` to unit `i`; 0 means no connection. It returns one of three texts:
#
# - `"feedforward"` when no path leads from any unit back to itself,
# - `"symmetric"` when there are loops, `W` equals its transpose up to rounding (1e-9), and the diagonal is zero,
# - `"recurrent"` in all other cases.
#
# Check by hand: `[[0, 1], [0, 0]]` is `"feedforward"`, `[[0, 1], [1, 0]]` is `"symmetric"`, `[[0, 1], [2, 0]]` is `"recurrent"`.
#
# Units may be numbered in any order. A hint: what does `A @ A` say, when `A` holds `True` where there is a connection?


# %% id="kind" exercise=true difficulty=2 by_hand="nn data hopfield rbm capsules"
def architecture_kind(W):
    """The kind of network with weights W (N, N), W[i, j] from j to i: "feedforward", "symmetric" or "recurrent"."""
    ### BEGIN SOLUTION
    connected = W != 0
    paths = connected
    for _ in range(len(W)):
        paths = paths @ connected
    if not paths.any():
        return "feedforward"
    if np.abs(W - W.T).max() < 1e-9 and not np.diag(W).any():
        return "symmetric"
    return "recurrent"
    ### END SOLUTION


# %% [markdown] id="kind-hints" hints="kind"
# - order: Units may be numbered in any order: look for loops, not for a triangle.
# - zero: Without any connection there is no loop: that is feed-forward.
# - self-loop: A unit that is joined to itself is a loop too.
# - diagonal: With a self-connection it is not a symmetric network in this sense: the energy needs a zero diagonal.
# - noise: Equal up to rounding is enough: do not ask for the last digit.


# %% id="kind-order" test="kind" points=2
@check.exercise("08-architectures/kind")
def no_loops_in_any_order():
    """No loops, whatever the order of the units"""
    W = np.tril(np.cos(np.arange(25.0)).reshape(5, 5), -1)
    check.equal(check.call(architecture_kind, W, returns=("kind",)), "feedforward", name="kind in order")
    order = np.array([3, 0, 4, 2, 1])
    mixed = W[np.ix_(order, order)]
    kind = check.call(architecture_kind, mixed, returns=("kind",))
    check.equal(kind, "feedforward", name="kind, units renumbered", hints={"order": lambda right: "recurrent"})
    kind = check.call(architecture_kind, np.zeros((3, 3)), returns=("kind",))
    check.equal(kind, "feedforward", name="kind without connections", hints={"zero": lambda right: "symmetric"})


# %% id="kind-loops" test="kind" points=2
@check.exercise("08-architectures/kind")
def loops_and_self_connections():
    """Loops, and units joined to themselves"""
    ring = np.roll(np.eye(4), 1, axis=0)
    check.equal(check.call(architecture_kind, ring, returns=("kind",)), "recurrent", name="kind of a ring")
    W = np.array([[0.0, 0, 0], [0.5, 0.7, 0], [0, -0.4, 0]])
    kind = check.call(architecture_kind, W, returns=("kind",))
    check.equal(kind, "recurrent", name="kind with a self-loop", hints={"self-loop": lambda right: "feedforward"})
    W = np.array([[0.0, 0.5, 0], [0.5, 0.7, 0.3], [0, 0.3, 0]])
    kind = check.call(architecture_kind, W, returns=("kind",))
    check.equal(kind, "recurrent", name="kind with a diagonal", hints={"diagonal": lambda right: "symmetric"})


# %% id="kind-noise" test="kind" points=1
@check.exercise("08-architectures/kind")
def symmetric_up_to_rounding():
    """Symmetric, up to rounding"""
    W = np.cos(np.arange(16.0)).reshape(4, 4)
    W = (W + W.T) * (1 - np.eye(4))
    W[0, 3] += 1e-13
    kind = check.call(architecture_kind, W, returns=("kind",))
    check.equal(kind, "symmetric", name="kind", hints={"noise": lambda right: "recurrent"})


# %% id="kind-hidden" test="kind" points=1 hidden=true
@check.exercise("08-architectures/kind", hidden=True)
def one_unit_long_loops_and_random_orders():
    """One unit, a long loop, random orders"""
    rng = check.rng(1)
    cases = [(np.zeros((1, 1)), "feedforward"), (np.ones((1, 1)), "recurrent"), (np.roll(np.eye(7), 1, 0), "recurrent")]
    for size in (3, 8):
        order = rng.permutation(size)
        W = np.tril(rng.normal(size=(size, size)), -1)[np.ix_(order, order)]
        cases += [(W, "feedforward"), (W + W.T, "symmetric"), (W + 2 * W.T, "recurrent")]
    for W, right in cases:
        check.equal(check.call(architecture_kind, W, returns=("kind",)), right, name=f"kind of {len(W)} units")


# %% [markdown] id="unrolled"
# ## A recurrent network is a deep one with shared weights
#
# Draw a recurrent network once for every time step, and its loops become layers: the state at time $t$ is a layer that gets the layer before it and a new
# input. Only the weights are the same in every layer.
#
# $$h_t = \tanh(W_{hh}h_{t-1} + W_{xh}x_t + b)$$


# %% id="unrolled-run"
def unroll_rnn(Whh, Wxh, b, X, h0):
    """States h_1 … h_T of a recurrent network: X (T, D), h0 (H,), Whh (H, H), Wxh (H, D) -> (T, H)."""
    H = []
    for x in X:
        h0 = np.tanh(Whh @ h0 + Wxh @ x + b)
        H.append(h0)
    return np.array(H)


rng = np.random.default_rng(0)
Whh, Wxh, bh = rng.normal(size=(4, 4)) / 2, rng.normal(size=(4, 3)), rng.normal(size=4)
X, h0 = rng.normal(size=(6, 3)), np.zeros(4)
looped = unroll_rnn(Whh, Wxh, bh, X, h0)

layers = [(Whh.copy(), Wxh.copy(), bh.copy()) for _ in range(6)]
activity = h0
for (into, beside, bias), x in zip(layers, X, strict=True):
    activity = np.tanh(into @ activity + beside @ x + bias)
print("last state, as a loop:        ", looped[-1].round(4))
print("as a network of six layers:   ", activity.round(4))
print("equal to the last digit:", np.array_equal(looped[-1], activity))

# %% [markdown] id="kinds-widget-text"
# ## Try it: connections decide
#
# Choose layers on the left, a kind of connection and a gain for ten units on the right. For the symmetric kind the energy of ten ±1 units is drawn as well, asked one
# after the other: it only ever falls.

# %% id="kinds-widget" folded=true
from dlbook import widgets


def kinds_figure(hidden, units, kind, gain):
    """A layered network with its count (left), the states of ten units and, where symmetric, an energy (right)."""
    sizes = [4] + [units] * hidden + [2]
    rng = np.random.default_rng(5)
    W = connections(kind, rng)
    path = trajectory(W, rng.normal(size=10), gain, 40)
    figure = plots.figure(9, 3.2)
    left, right = figure.subplots(1, 2)
    plots.network(left, sizes)
    right.plot(path[:, :5], alpha=0.8)
    right.set(xlabel="step", ylabel="state of five units", ylim=(-1.1, 1.1))
    figure.numbers = {"parameters": count_parameters(sizes), "last change": np.abs(path[-1] - path[-2]).max()}
    if kind == "symmetric":
        s, energies = np.where(rng.random(10) < 0.5, -1.0, 1.0), []
        for i in np.tile(rng.permutation(10), 4):
            energies.append(float(hopfield.energy(W, s)))
            s = hopfield.update(W, s, [i])
        energy_axis = right.twinx()
        energy_axis.plot(energies, "k--")
        energy_axis.set(ylabel="energy (dashed)")
        figure.numbers["last energy"] = energies[-1]
    return figure


widgets.explore(
    kinds_figure,
    dict(
        hidden=widgets.Slider(0, 4, 2, label="hidden layers"),
        units=widgets.Slider(1, 8, 4, label="units in each"),
        kind=widgets.Options(
            {"without loops": "feedforward", "any": "recurrent", "symmetric": "symmetric"}, label="connections"
        ),
        gain=widgets.Slider(0.2, 5.0, 1.0, step=0.2, label="gain"),
    ),
    alt=lambda hidden, units, kind, gain: (
        f"A network with {hidden} hidden layers of {units} units; states of ten other units over 40 steps at gain {gain:.1f}."
    ),
    table=lambda hidden, units, kind, gain: kinds_figure(hidden, units, kind, gain).numbers,
    title="Layers and loops",
)

# %% [markdown] id="why"
# ## Why learn at all?
#
# Before its ten architectures the book asks what machine learning is for, and answers: for tasks that are *too complex for humans*. Its own
# examples say otherwise. People recognise a chair from any side without effort. What nobody can do is write the **program**. Fraud with credit cards
# is another kind: there are no simple rules, but many weak ones to be combined, and they change as fast as the thieves do.
#
# In both cases examples take the place of the program. And what has been learnt can be learnt again when the world has changed.
#
# One more confusion to clear up first. Images are called *tensors*, and the book compares an array's number of axes with the dimension of
# space. They are two things.

# %% id="tensors"
point, image = np.array([7, 8, 9]), np.zeros((30, 30, 3))
print("a point of space:", point.shape, "has", point.ndim, "axis, and lies in a space of dimension", point.size)
print("a colour image:  ", image.shape, "has", image.ndim, "axes, and is a point in a space of dimension", image.size)

# %% [markdown] id="mlp"
# ## 1. The multilayer perceptron
#
# One perceptron, $y = w\cdot x + b$, draws one straight line, and XOR needs two. Hidden layers bend the space before the line is drawn. The error, mean squared or
# cross-entropy, goes back through the layers by the chain rule (the book's *ping* and *pong*), and any gradient optimiser does the
# rest.

# %% id="mlp-run"
import time

from dlbook import optim, train

digits = data.digits()
x_train, y_train, x_test, y_test = digits


def fit(model, loss, x, y, epochs, rate, batch_size=20, seed=0):
    """Train with Adam; returns the model."""
    train.fit(
        model,
        loss,
        optim.Adam(model.parameters(), rate),
        (x, y),
        train.Config(epochs=epochs, batch_size=batch_size),
        rng=np.random.default_rng(seed),
        progress=False,
    )
    return model


gate_x, gate_y = data.gate("XOR")
for hidden in (0, 4):
    rng = np.random.default_rng(0)
    layers = (
        [nn.Linear(2, hidden, rng=rng), nn.Tanh(), nn.Linear(hidden, 1, rng=rng)]
        if hidden
        else [nn.Linear(2, 1, rng=rng)]
    )
    gate = fit(
        nn.Sequential(*layers),
        nn.BCEWithLogitsLoss(),
        gate_x.astype(float),
        gate_y.reshape(4, 1).astype(float),
        200,
        0.05,
        4,
    )
    print(f"XOR with {hidden} hidden units:", nn.sigmoid(gate(gate_x.astype(float)))[0].ravel().round(2))

rng = np.random.default_rng(0)
mlp = nn.Sequential(nn.Linear(64, 30, rng=rng), nn.Sigmoid(), nn.Linear(30, 10, rng=rng))
fit(mlp, nn.CrossEntropyLoss(), x_train, y_train, 20, 0.01)
print(
    f"digits, 64-30-10: {train.accuracy(mlp(x_test), y_test):.3f} of the test set right, {count_parameters([64, 30, 10]):,} parameters"
)

# %% [markdown] id="mlp-meaning"
# Two sentences of the book need more words. *One hidden layer approximates any continuous function*: on a bounded closed region, with an activation
# that is no polynomial, and with as many units as it takes. Chapter 16 builds the proof. *Convergence is when the error can be reduced no further, the minimum*: the
# gradient only vanishes at a stationary point. Whether that is a minimum, and which, it does not say.
#
# Chapter 07 writes this network from scratch.

# %% [markdown] id="cnn"
# ## 2. The convolutional network
#
# A convolutional layer looks at small patches, and it looks at all of them with the same few weights. Pooling keeps the strongest answer of neighbours. An input of
# side $n$, a kernel of side $k$, padding $p$ and stride $s$ give an output of side
#
# $$\left\lfloor\frac{n + 2p - k}{s}\right\rfloor + 1, \qquad \text{with } (k^2 c_{in} + 1)\,c_{out} \text{ parameters.}$$
#
# The book dates this kind of network to LeNet, 1998. LeCun's first one read zip codes in 1989. The whole of it in one screen:


# %% id="cnn-run"
def conv_out(n, k, p=0, s=1):
    """Side of the output: input n, kernel k, padding p, stride s."""
    return (n + 2 * p - k) // s + 1


class SmallConvolution(nn.Module):
    """Kernels of 3×3 on 8×8 images, ReLU, the largest of 2×2: x (N, 64) -> (N, 9 · kernels)."""

    def __init__(self, kernels, rng):
        within = (8 * np.arange(3)[:, None] + np.arange(3)).ravel()
        self.patches = np.array([8 * row + column + within for row in range(6) for column in range(6)])  # (36, 9)
        self.kernels = nn.Linear(9, kernels, rng=rng)

    def forward(self, x):
        z, cache = self.kernels.forward(x[:, self.patches].reshape(-1, 9))
        K = z.shape[1]
        windows = np.maximum(z, 0).reshape(len(x), 3, 2, 3, 2, K).transpose(0, 1, 3, 5, 2, 4).reshape(len(x), 9 * K, 4)
        best = windows.argmax(axis=2)[..., None]
        return np.take_along_axis(windows, best, 2)[..., 0], (cache, z, best)

    def backward(self, dy, cache):
        cache, z, best = cache
        windows = np.zeros((len(dy), dy.shape[1], 4))
        np.put_along_axis(windows, best, dy[..., None], 2)
        dz = windows.reshape(len(dy), 3, 3, -1, 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(z.shape) * (z > 0)
        self.kernels.backward(dz, cache)


print("side of the output:", conv_out(8, 3), "then pooled", conv_out(6, 2, s=2))
rng = np.random.default_rng(0)
cnn = fit(
    nn.Sequential(SmallConvolution(8, rng), nn.Linear(72, 10, rng=rng)),
    nn.CrossEntropyLoss(),
    x_train,
    y_train,
    15,
    0.01,
)
count = sum(p.data.size for p in cnn.parameters())
print(f"digits: {train.accuracy(cnn(x_test), y_test):.3f} of the test set right, {count} parameters")
shifted = np.roll(x_test.reshape(-1, 8, 8), 1, axis=2).reshape(-1, 64)
print(
    f"shifted by one pixel: MLP {train.accuracy(mlp(shifted), y_test):.3f}, CNN {train.accuracy(cnn(shifted), y_test):.3f}"
)

# %% [markdown] id="cnn-meaning"
# As good as the MLP, with about a third of its parameters. Shift the digits by one pixel, and both lose much, 0.52 against 0.56 right: pooling over 2×2 forgives little, and one such layer makes no network that is indifferent to shifts. Chapter 18 builds convolution with every detail.
#
# The book's list of what such networks are used for ends with *dados gráficos*. It means graph data, not graphics; those have networks of their own today.

# %% [markdown] id="rnn"
# ## 3 and 4. The recurrent network, and the LSTM
#
# Sequences need memory. A test for it: the first element of a sequence is $+1$ or $-1$, then follow $T-1$ numbers that mean nothing, and at the end the network must say
# what the first one was.
#
# The plain recurrent network multiplies its state by the same matrix in every step, forwards and backwards. What has to survive fifty multiplications fades or explodes. The
# **LSTM** keeps a cell $c_t$ that is *added to*, and gates between 0 and 1 that decide what enters, stays and leaves:
#
# $$i, f, o = \sigma(\cdot),\quad g = \tanh(\cdot),\quad c_t = f\odot c_{t-1} + i\odot g,\quad h_t = o\odot\tanh c_t$$
#
# each dot a weighted sum of $x_t$ and $h_{t-1}$. The book tells of the LSTM of 1997 with its forget gate $f$. That came in 2000 (Gers, Schmidhuber and Cummins); in 1997 the cell could only add. And
# the name means *long short-term memory*, which the book once makes a long-term memory.


# %% id="rnn-cells" folded=true
def sigmoid(z):
    """1 / (1 + exp(-z)) without overflow."""
    return 0.5 * np.tanh(0.5 * z) + 0.5


class Recurrent(nn.Module):
    """The plain cell: x (N, T, D) -> the last state (N, H)."""

    def __init__(self, D, H, rng):
        self.W_ih = nn.Parameter(rng.normal(0, 1 / np.sqrt(D), (H, D)))
        self.W_hh = nn.Parameter(rng.normal(0, 1 / np.sqrt(H), (H, H)))
        self.b = nn.Parameter(np.zeros(H))

    def forward(self, x):
        h = [np.zeros((len(x), len(self.b.data)))]
        for t in range(x.shape[1]):
            h.append(np.tanh(x[:, t] @ self.W_ih.data.T + h[-1] @ self.W_hh.data.T + self.b.data))
        return h[-1], (x, h)

    def backward(self, dh, cache):
        x, h = cache
        dW_ih, dW_hh, db = 0, 0, 0
        for t in reversed(range(x.shape[1])):
            dz = dh * (1 - h[t + 1] ** 2)
            dW_ih, dW_hh, db = dW_ih + dz.T @ x[:, t], dW_hh + dz.T @ h[t], db + dz.sum(axis=0)
            dh = dz @ self.W_hh.data
        for parameter, gradient in zip((self.W_ih, self.W_hh, self.b), (dW_ih, dW_hh, db), strict=True):
            parameter.accumulate(gradient)


class LSTM(nn.Module):
    """The gated cell, gates i f g o: x (N, T, D) -> the last state (N, H); the forget gates start with the bias `forget`."""

    def __init__(self, D, H, rng, forget):
        self.W_ih = nn.Parameter(rng.normal(0, 1 / np.sqrt(D), (4 * H, D)))
        self.W_hh = nn.Parameter(rng.normal(0, 1 / np.sqrt(H), (4 * H, H)))
        self.b = nn.Parameter(np.repeat([0.0, forget, 0.0, 0.0], H))

    def forward(self, x):
        h = c = np.zeros((len(x), len(self.b.data) // 4))
        steps = []
        for t in range(x.shape[1]):
            i, f, g, o = np.split(x[:, t] @ self.W_ih.data.T + h @ self.W_hh.data.T + self.b.data, 4, axis=1)
            i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
            steps.append((h, c, i, f, g, o))
            c = f * c + i * g
            h = o * np.tanh(c)
        return h, (x, steps, c)

    def backward(self, dh, cache):
        x, steps, after = cache
        dW_ih, dW_hh, db, dc = 0, 0, 0, 0
        for t in reversed(range(x.shape[1])):
            h, c, i, f, g, o = steps[t]
            out = np.tanh(after)
            dc = dc + dh * o * (1 - out**2)
            dz = np.hstack([dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh * out * o * (1 - o)])
            dW_ih, dW_hh, db = dW_ih + dz.T @ x[:, t], dW_hh + dz.T @ h, db + dz.sum(axis=0)
            dh, dc, after = dz @ self.W_hh.data, dc * f, c
        for parameter, gradient in zip((self.W_ih, self.W_hh, self.b), (dW_ih, dW_hh, db), strict=True):
            parameter.accumulate(gradient)


# %% id="rnn-run"
def delayed_recall(N, T, rng):
    """Sequences (N, T, 2): ±1 in the first column at the first step, noise in the second after it; and the answers (N, 1)."""
    bit = rng.integers(0, 2, N)
    x = np.zeros((N, T, 2))
    x[:, 0, 0] = 2 * bit - 1
    x[:, 1:, 1] = rng.normal(0, 0.5, (N, T - 1))
    return x, bit[:, None].astype(float)


def remembers(cell, T, seed):
    """Share of right answers after 80 steps of training on sequences of length T (160 where T = 100)."""
    rng = np.random.default_rng(seed)
    x, y = delayed_recall(8 * max(T, 50), T, rng)
    model = nn.Sequential(cell(rng), nn.Linear(10, 1, rng=rng))
    fit(model, nn.BCEWithLogitsLoss(), x, y, 8, 0.03, 40, seed)
    x, y = delayed_recall(200, T, rng)
    return train.binary_accuracy(model(x), y, threshold=0)


FULL = False  # True adds sequences of 100 elements: some 10 seconds
cells = {
    "plain": lambda rng: Recurrent(2, 10, rng),
    "LSTM, forget bias 1": lambda rng: LSTM(2, 10, rng, 1.0),
    "LSTM, forget bias 4": lambda rng: LSTM(2, 10, rng, 4.0),
}
for T in (10, 50, 100) if FULL else (10, 50):
    for name, cell in cells.items():
        print(f"T = {T:3}, {name}: {[round(remembers(cell, T, seed), 2) for seed in (0, 1)]}")

# %% [markdown] id="rnn-meaning"
# Half right is guessing. Over ten steps all remember. Over fifty the plain network learns it from one start and not from the other. And the LSTM? With the usual forget bias of 1 it fails twice. Its gates begin at
# $\sigma(1) = 0.73$, and $0.73^{50}$ is about one in seven million: hardly anything is left to learn from. With a bias of 4 they begin at 0.98, and $0.98^{50} = 0.4$. So the cure is not the gates as such. It is that they *can* be left
# open.
#
# With `FULL` set, sequences of 100 give: plain 1.0 and 0.99, bias 1 0.41 and 0.51, bias 4 1.0 and 0.51. With a learning rate of 0.02 they give plain 0.46 and 0.50, bias 1 0.42 and 0.46, bias 4 1.0 and 1.0. Two starts settle nothing between the plain cell and the open LSTM at that length. What they do show
# is that a half-closed gate never learns it. That LSTMs span a thousand steps, as the book says, is true of a cell that stays fully open, as that of 1997 did.
#
# The book says that DeepMind's first player of Atari games was recurrent. It was a feed-forward network that saw the last four images; the recurrent variant came later. Chapters 20 and 21 take both cells apart.

# %% [markdown] id="hopfield-idea"
# ## 5. The Hopfield network: memories in valleys
#
# Units of $+1$ and $-1$, all joined to each other, $w_{ij} = w_{ji}$, $w_{ii} = 0$. Each state has an energy, and each unit, when it is asked, takes the sign of what it hears:
#
# $$E(s) = -\tfrac12\sum_{i,j} w_{ij}s_is_j, \qquad s_i \leftarrow \operatorname{sign}\Big(\sum_j w_{ij}s_j\Big)$$
#
# Let unit $i$ change by $\Delta s_i$. All terms with $s_i$ change, so $\Delta E = -\Delta s_i\,h_i$, with $h_i$ what it hears. The new $s_i$ has the sign of $h_i$, so $\Delta E\le 0$, always. The network runs downhill until no unit wants
# to change. If the memories lie in the valleys, then a *damaged* memory rolls back to the whole one. Its address is its content.
#
# How does one dig the valleys? Hebb's rule of 1949 makes units that agree in many patterns hold together:
#
# $$W = \frac1N\sum_\mu \xi^\mu\xi^{\mu\top}, \qquad w_{ii} = 0$$

# %% [markdown] id="hopfield-statement" statement="hopfield"
# ### Exercise 2: store, and measure
#
# Write two functions. `store(P)` takes `K` patterns in the rows of `P (K, N)`, all entries ±1, and returns the weights `W (N, N)` by Hebb's rule: the sum of the outer products, divided by the number of **units** `N`, with a zero
# diagonal. `energy(W, s)` takes a state `s (N,)` and returns $E(s)$, a number.
#
# Check by hand: `P = [[1, −1]]` gives `W = [[0, −0.5], [−0.5, 0]]`; in it `s = [1, −1]` has the energy −0.5 and `s = [1, 1]` the energy 0.5.


# %% id="hopfield" exercise=true difficulty=1 by_hand="nn data hopfield rbm capsules"
def store(P):
    """Weights (N, N) by Hebb's rule of patterns P (K, N) of ±1, with a zero diagonal."""
    ### BEGIN SOLUTION
    W = P.T @ P / P.shape[1]
    return W * (1 - np.eye(len(W)))
    ### END SOLUTION


def energy(W, s):
    """E = −½ Σ w_ij s_i s_j of the state s (N,), a number."""
    ### BEGIN SOLUTION
    return -0.5 * s @ W @ s
    ### END SOLUTION


# %% [markdown] id="hopfield-hints" hints="hopfield"
# - diagonal: A unit is not joined to itself: set the diagonal to zero.
# - patterns: Divide by the number of units, not by the number of patterns.
# - zero-one: The states are −1 and +1; with 0 and 1 units that are both off would not attract each other.
# - half: The sum counts every pair twice: the ½ is missing.
# - sign: The sign is turned round: where units and weights agree the energy is low.


# %% id="hopfield-store" test="hopfield" points=2
@check.exercise("08-architectures/hopfield")
def weights_of_three_patterns():
    """The weights of three patterns"""
    P = np.sign(np.cos(1.3 * np.arange(15) + 0.2)).reshape(3, 5)
    W, off = P.T @ P / 5, 1 - np.eye(5)
    on = (P > 0).astype(float)
    check.close(
        check.call(store, P, returns=("W",)),
        W * off,
        name="W",
        hints={
            "diagonal": lambda right: W,
            "patterns": lambda right: right * 5 / 3,
            "zero-one": lambda right: on.T @ on / 5 * off,
        },
    )


# %% id="hopfield-energy" test="hopfield" points=2
@check.exercise("08-architectures/hopfield")
def energy_of_a_state():
    """The energy of a state"""
    W = np.cos(np.arange(36.0)).reshape(6, 6)
    W = (W + W.T) * (1 - np.eye(6))
    s = np.array([1.0, -1, -1, 1, 1, -1])
    right = -sum(W[i, j] * s[i] * s[j] for i in range(6) for j in range(i))
    check.close(
        check.call(energy, W, s, returns=("E",)),
        right,
        name="E",
        hints={"half": lambda right: 2 * right, "sign": lambda right: -right},
    )


# %% id="hopfield-hidden" test="hopfield" points=1 hidden=true
@check.exercise("08-architectures/hopfield", hidden=True)
def one_pattern_and_many():
    """One pattern, and many"""
    rng = check.rng(2)
    for K, N in [(1, 4), (7, 12)]:
        P = np.where(rng.random((K, N)) < 0.5, -1.0, 1.0)
        W = check.call(store, P, returns=("W",))
        check.close(W, hopfield.hebb(P), name=f"W for {K} patterns")
        s = np.where(rng.random(N) < 0.5, -1.0, 1.0)
        check.close(
            check.call(energy, hopfield.hebb(P), s, returns=("E",)), hopfield.energy(hopfield.hebb(P), s), name="E"
        )


# %% [markdown] id="recall-statement" statement="recall"
# ### Exercise 3: recall
#
# Write `recall(W, s, order)`. It asks the units one after the other, in the order that the list `order` gives; each takes the sign of $\sum_j w_{ij}s_j$, computed from the states *as they are by then*. When the sum is exactly 0, the
# unit keeps its state. The function returns the new state `(N,)`, and leaves `s` alone.
#
# Check by hand: `W = [[0, 1], [1, 0]]`, `s = [1, −1]`, `order = [0, 1]`: unit 0 hears −1 and becomes −1; unit 1 hears −1 and stays. The answer is `[−1, −1]`.


# %% id="recall" exercise=true difficulty=2 by_hand="nn data hopfield rbm capsules"
def recall(W, s, order):
    """The state (N,) after asking the units in `order`, one after the other: W (N, N), s (N,) of ±1."""
    ### BEGIN SOLUTION
    s = s.copy()
    for i in order:
        heard = W[i] @ s
        if heard != 0:
            s[i] = np.sign(heard)
    return s
    ### END SOLUTION


# %% [markdown] id="recall-hints" hints="recall"
# - together: All units were asked at once: each must hear the states as they are by then.
# - tie: A unit that hears exactly 0 keeps its state; it does not become +1.
# - zero: States are −1 and +1: np.sign(0) is 0.
# - order: Ask the units in the order given, not from first to last.
# - once: Every unit of the list is asked, not only those before the first change.


# %% id="recall-order" test="recall" points=3
@check.exercise("08-architectures/recall")
def one_after_the_other():
    """One unit after the other, in the order given"""
    W = np.sin(1.7 * np.arange(36.0)).reshape(6, 6)
    W = (W + W.T) * (1 - np.eye(6))
    s, order = np.array([1.0, -1, 1, 1, -1, -1]), [4, 2, 0, 5, 1, 3]

    def first_change(right):
        for i in order:
            after = hopfield.update(W, s, [i])
            if not np.array_equal(after, s):
                return after
        return s

    got = check.call(recall, W, s, order, returns=("s",))
    check.close(
        got,
        hopfield.update(W, s, order),
        name="s",
        hints={
            "together": lambda right: np.sign(W @ s),
            "order": lambda right: hopfield.update(W, s, range(6)),
            "once": first_change,
        },
    )


# %% id="recall-tie" test="recall" points=1
@check.exercise("08-architectures/recall")
def a_tie_keeps_the_state():
    """A sum of zero keeps the state"""
    W = np.array([[0.0, 1, 1], [1, 0, 0], [1, 0, 0]])
    s = np.array([-1.0, 1, -1])
    check.close(
        check.call(recall, W, s, [0], returns=("s",)),
        s,
        name="s",
        hints={"tie": lambda right: np.array([1.0, 1, -1]), "zero": lambda right: np.array([0.0, 1, -1])},
    )


# %% id="recall-hidden" test="recall" points=2 hidden=true
@check.exercise("08-architectures/recall", hidden=True)
def downhill_and_at_rest_in_a_memory():
    """Downhill at every step; a pattern and its negative stay; some units asked twice"""
    rng = check.rng(3)
    P = np.where(rng.random((2, 40)) < 0.5, -1.0, 1.0)
    W = hopfield.hebb(P)
    for s in (P[0], -P[0], P[1]):
        check.close(check.call(recall, W, s, [int(i) for i in rng.permutation(40)], returns=("s",)), s, name="a memory")
    s = np.where(rng.random(40) < 0.5, -1.0, 1.0)
    order = [int(i) for i in rng.integers(0, 40, 90)]
    check.close(check.call(recall, W, s, order, returns=("s",)), hopfield.update(W, s, order), name="s")
    for i in order[:10]:
        after = check.call(recall, W, s, [i], returns=("s",))
        check.equal(bool(hopfield.energy(W, after) <= hopfield.energy(W, s) + 1e-12), True, name="whether E fell")
        s = after


# %% [markdown] id="cycle"
# **A detail that the book leaves out**: the energy falls when units are asked *one at a time*. Two units that attract each other, in different states, asked *together*, change places for ever.

# %% id="cycle-run"
W, s = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([1.0, -1.0])
for step in range(4):
    print(f"together, step {step}: {s}, E = {hopfield.energy(W, s):.0f}")
    s = hopfield.synchronous(W, s)
print(
    "one after the other:",
    hopfield.update(W, s, [0, 1]),
    f"E = {hopfield.energy(W, hopfield.update(W, s, [0, 1])):.0f}",
)

# %% [markdown] id="digits-memory"
# ### Ten digits to remember
#
# The mean image of each digit, in black and white, is a pattern of 64 units. They are much alike: the two most similar have a correlation near 0.85. Hebb's rule was made for patterns that have nothing to do with each other. There are better rules.
#
# - The **pseudo-inverse** $W = \Xi^{+}\Xi$ is the projection on the patterns. It leaves each of them as it is, however alike they are.
# - **Gardner's** rule asks every unit whether it would keep its state in each pattern, and where it would not, it takes a perceptron step: $\Delta w_{ij}\propto\xi_i\xi_j$ where $\xi_ih_i\le\kappa$. That is a perceptron for each unit, with all others as its
#   inputs. (Statisticians know it as a maximum of the *pseudo-likelihood*. The book's *pseudo-probability* means that.)

# %% id="digits-memory-run"
prototypes = np.array([np.where(x_train[y_train == k].mean(axis=0) > 0.4, 1.0, -1.0) for k in range(10)])
print("largest correlation of two prototypes:", np.corrcoef(prototypes)[~np.eye(10, dtype=bool)].max().round(2))
rng = np.random.default_rng(0)
cues = np.repeat(prototypes, 10, axis=0)
for cue in cues:
    cue[rng.choice(64, 10, replace=False)] *= -1
for name, rule in hopfield.RULES.items():
    kept = [
        int(np.all(hopfield.update(rule(prototypes[:K]), prototypes[:K], range(64)) == prototypes[:K], axis=1).sum())
        for K in (2, 3, 5, 10)
    ]
    back = hopfield.recall(rule(prototypes), cues, rng)[0]
    right = int(np.all(back == np.repeat(prototypes, 10, axis=0), axis=1).sum())
    print(f"{name}: of 2, 3, 5, 10 stored digits {kept} stay; of 100 with 10 pixels flipped {right} come back")

# %% [markdown] id="digits-memory-meaning"
# Hebb's rule holds two digits, one of three, and none of five: their valleys have merged. The other two hold all ten, and repair most of the damage. Both still give a symmetric $W$, so there is an energy, and recall is a walk downhill.


# %% id="hopfield-widget" folded=true
def memory_run(stored, digit, noise, rule):
    """Recall of one of the stored digits: pattern, cue, what came back, and the energy at every update."""
    rng = np.random.default_rng(7)
    patterns = prototypes[:stored]
    pattern = patterns[min(digit, stored - 1)]
    W = hopfield.RULES[rule](patterns)
    s = pattern.copy()
    s[rng.permutation(64)[: round(64 * noise)]] *= -1
    cue, energies = s, [float(hopfield.energy(W, s))]
    for i in np.concatenate([rng.permutation(64) for _ in range(5)]):
        s = hopfield.update(W, s, [i])
        energies.append(float(hopfield.energy(W, s)))
    return {"images": (pattern, cue, s), "energies": energies, "overlap": float(hopfield.overlap(s, pattern))}


def memory_figure(run):
    """The three images and the path of the energy."""
    figure = plots.figure(9, 2.6)
    axes = figure.subplots(1, 4, width_ratios=(1, 1, 1, 2))
    for ax, image, name in zip(axes, run["images"], ("stored", "cue", "recalled"), strict=False):
        ax.imshow(image.reshape(8, 8), cmap="Greys")
        ax.set(title=name, xticks=[], yticks=[])
        ax.grid(False)
    axes[3].plot(run["energies"], color=plots.BLUE)
    axes[3].set(xlabel="update", ylabel="energy")
    return figure


widgets.explore(
    memory_figure,
    dict(
        stored=widgets.Slider(1, 10, 5, label="stored digits"),
        digit=widgets.Slider(0, 9, 3, label="digit to recall"),
        noise=widgets.Slider(0.0, 0.5, 0.15, step=0.05, label="pixels flipped"),
        rule=widgets.Options({"Hebb": "hebb", "pseudo-inverse": "pseudo-inverse", "Gardner": "gardner"}, label="rule"),
    ),
    compute=memory_run,
    alt=lambda run: (
        f"Stored digit, cue and recalled image; the energy falls from {run['energies'][0]:.1f} to {run['energies'][-1]:.1f}; overlap {run['overlap']:.2f}."
    ),
    table=lambda run: {
        "overlap": run["overlap"],
        "first energy": run["energies"][0],
        "last energy": run["energies"][-1],
    },
    title="A memory of digits",
)

# %% [markdown] id="capacity-question" question="predict"
# A Hopfield network of 100 units stores *random* patterns by Hebb's rule. How many before recall breaks down?
#
# - [x] About 14: beyond 0.138 N the other patterns are louder than the one that is recalled.
# - [ ] About 50: by then the noise of the others is nearly as strong as the signal; recall is long lost.
# - [ ] 2¹⁰⁰: that is the number of states. Nearly all of them are no valleys.


# %% id="capacity" folded=true
def capacity(rule, loads, N=100):
    """Mean overlap after recall from the pattern itself, for each load K / N of random patterns."""
    rng = np.random.default_rng(0)
    overlaps = []
    for load in loads:
        P = np.where(rng.random((round(load * N), N)) < 0.5, -1.0, 1.0)
        overlaps.append(float(hopfield.overlap(hopfield.recall(rule(P), P, rng)[0], P).mean()))
    return overlaps


loads = [0.02, 0.05, 0.1, 0.14, 0.2, 0.3, 0.5, 0.8, 1.0]
curves = {name: capacity(rule, loads) for name, rule in hopfield.RULES.items()}
for name, overlaps in curves.items():
    print(f"{name}: " + ", ".join(f"{load}: {o:.2f}" for load, o in zip(loads, overlaps, strict=True)))
rng = np.random.default_rng(1)
for K in (100, 120):
    P = np.where(rng.random((K, 100)) < 0.5, -1.0, 1.0)
    print(
        f"Gardner's rule holds {K} random patterns in 100 units after {hopfield.gardner(P, kappa=0.0, epochs=2000)[1]} epochs"
    )

figure = plots.figure(6, 3.2)
plots.learning_curves(figure.subplots(), curves, x=loads, xlabel="patterns per unit", ylabel="overlap after recall")
plots.show(
    figure,
    alt="Overlap against patterns per unit: Hebb falls from 1 at 0.1 to under a half at 0.5, the pseudo-inverse and Gardner stay at 1 much longer.",
)

# %% [markdown] id="capacity-meaning"
# Hebb's rule breaks down near 0.138 patterns per unit. The fall is not sharp here, because 100 units are few. The pseudo-inverse holds until there are as many patterns as units: then the projection is the identity, and without its diagonal nothing is left. The best
# possible weights can hold up to 2 random patterns per unit (Gardner, 1988), fewer if they must be symmetric. The perceptron rule finds such weights where they exist.
#
# A pattern that stays is not yet one that comes back from a damaged cue. The more patterns, the narrower the valleys. The widget above shows it.
#
# Hopfield's network has a second use, which the book mentions: give some units the role of an *input*, the others that of its *interpretation*, and the energy says how badly the two fit. That is the way to the Boltzmann machine.

# %% [markdown] id="boltzmann"
# ## 6. The Boltzmann machine: the same energy, by chance
#
# Now units are 0 or 1 and answer by chance, $p(s_i = 1\mid\text{others}) = \sigma(\sum_j w_{ij}s_j + b_i)$. Asked long enough, the machine visits every state with the probability
#
# $$p(s) = \frac{e^{-E(s)}}{Z}, \qquad Z = \sum_{s'} e^{-E(s')}$$
#
# It is a model of data. Some units are visible, the others hidden, and learning raises the mean of $\log p(v)$ over the training vectors $v$. The gradient is surprisingly simple:
#
# $$\frac{\partial \log p(v)}{\partial w_{ij}} = \langle s_is_j\rangle_{\text{data}} - \langle s_is_j\rangle_{\text{model}}$$
#
# Each weight needs only what its two units do, once with the data clamped to the visible units, and once when the machine dreams. The book's sentence about that second part has lost its sense. It should say: let the machine settle $N$ separate times with no
# input, look at the visible units once each time; learning makes it likely that the $N$ training vectors are what one sees.
#
# Three visible units, and the four states of even parity as data. With one hidden unit all 16 states can be listed, so nothing here is chance but the start.

# %% id="boltzmann-run"
from dlbook.models import boltzmann

even = np.array([[0.0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]])
for hidden in (0, 1):
    machine = boltzmann.BoltzmannMachine(3, hidden, np.random.default_rng(1), scale=2.0)
    path = machine.fit(even, steps=600, eta=1.0)
    share = machine.probabilities()[[0, 3, 5, 6]].sum()
    print(
        f"{hidden} hidden units: log p(v) from {path[0]:.2f} to {path[-1]:.2f}; the four even states have {share:.0%}"
    )
print(f"the best possible is log ¼ = {np.log(0.25):.2f}")
dreams = machine.sample(4000, 50, np.random.default_rng(2))
print(f"of 4,000 sampled dreams {np.mean(dreams.sum(axis=1) % 2 == 0):.0%} are even")

# %% [markdown] id="boltzmann-meaning"
# Without a hidden unit the machine only knows pairs, and in parity no pair of units has anything to tell: it stays at $-3\log 2$, at one half. One hidden unit makes the third-order relation expressible.

# %% [markdown] id="rbm-idea"
# ### The restricted Boltzmann machine
#
# In the general machine every gradient needs two long simulations. Leave out all connections among the visible units and among the hidden units, and one of them becomes trivial:
#
# $$E(v, h) = -a^\top v - b^\top h - h^\top W v, \qquad p(h_j = 1\mid v) = \sigma\big(b_j + \textstyle\sum_i w_{ji}v_i\big)$$
#
# The hidden units can be summed out by hand. What is left is the *free energy*, and $p(v) = e^{-F(v)}/Z$:
#
# $$F(v) = -a^\top v - \sum_j\log\big(1 + e^{\,b_j + \sum_i w_{ji}v_i}\big)$$
#
# The book dates RBMs to 2014. Smolensky invented them in 1986 (as the *harmonium*), and Hinton's fast learning is of 2002. It says that they reach equilibrium *in one step*: that is true of $p(h\mid v)$ with the data clamped. To sample $v$ and $h$ together
# still takes a long chain. And they are no *subset of autoencoders*: they are undirected models of a distribution. The paper of 2012 that it names and the one of 2009 to which it links are two, the one on efficient learning, the other on deep Boltzmann machines.
#
# From $F$ the gradient follows. Data raise their own probability by lowering $F$; the model's own states push back.


# %% id="rbm-given" given=true
def sigmoid(z):
    """1 / (1 + exp(-z)) without overflow."""
    return 0.5 * np.tanh(0.5 * z) + 0.5


def all_states(n):
    """All states of n units of 0 and 1: (2ⁿ, n)."""
    return (np.arange(2**n)[:, None] >> np.arange(n)[::-1] & 1).astype(float)


def free_energy(v, W, a, b):
    """F = −aᵀv − Σ_j log(1 + exp(b_j + w_j·v)): v (N, V), W (H, V), a (V,), b (H,) -> (N,)."""
    return -v @ a - np.logaddexp(0, v @ W.T + b).sum(axis=-1)


def mean_log_probability(v, W, a, b):
    """Mean of log p(v) over the rows of v (N, V), by listing all visible states."""
    weights = -free_energy(all_states(W.shape[1]), W, a, b)
    return -free_energy(v, W, a, b).mean() - (weights.max() + np.log(np.exp(weights - weights.max()).sum()))


def rbm_case(N, V, H):
    """Data v (N, V) of 0 and 1, and W (H, V), a (V,), b (H,), the same on every machine."""
    v = (np.cos(2.3 * np.arange(N * V) + 0.5) > 0).astype(float).reshape(N, V)
    W = 1.5 * np.sin(0.7 * np.arange(H * V) + 0.2).reshape(H, V)
    return v, W, np.linspace(-0.8, 0.5, V), np.linspace(0.6, -0.4, H)


# %% [markdown] id="exact-statement" statement="exact"
# ### Exercise 4: the exact gradient of a small RBM
#
# Write `rbm_gradient(v, W, a, b)`: the gradient of the mean $\log p(v)$ over the rows of `v (N, V)`, by listing all $2^V$ visible states. `W (H, V)` has a row for each hidden unit, as in a linear layer. Return `dW (H, V)`, `da (V,)` and `db (H,)`.
#
# Each of them is a mean under the data minus a mean under the model, with $p(h_j = 1\mid v)$ in place of $h_j$:
#
# $$\frac{\partial}{\partial w_{ji}} = \langle p_j(v)\,v_i\rangle_{\text{data}} - \sum_{v'} p(v')\,p_j(v')\,v'_i$$
#
# Given: `sigmoid`, `all_states(n)` and `free_energy(v, W, a, b)`. `mean_log_probability` is what you differentiate; use it to check yourself, not in the answer.
#
# Check by hand: `V = H = 1`, all parameters 0, `v = [[1]]`: both states have the probability ½, and $p(h=1\mid v) = \tfrac12$. So `dW = [[0.25]]` (½ − ¼), `da = [0.5]`, `db = [0]`.


# %% id="exact" exercise=true difficulty=3 by_hand="nn data hopfield rbm capsules mean_log_probability boltzmann"
def rbm_gradient(v, W, a, b):
    """Gradient of the mean log p(v): v (N, V), W (H, V), a (V,), b (H,) -> dW (H, V), da (V,), db (H,)."""
    ### BEGIN SOLUTION
    states = all_states(W.shape[1])
    F = free_energy(states, W, a, b)
    p = np.exp(F.min() - F)
    p /= p.sum()
    h, h_model = sigmoid(v @ W.T + b), sigmoid(states @ W.T + b)
    dW = h.T @ v / len(v) - (p[:, None] * h_model).T @ states
    return dW, v.mean(axis=0) - p @ states, h.mean(axis=0) - p @ h_model
    ### END SOLUTION


# %% [markdown] id="exact-hints" hints="exact"
# - swapped: The sign is turned round: the data come first, the model is taken away.
# - positive: The part of the model is missing: it is what keeps the probabilities from growing everywhere.
# - sum: It is the mean over the data: divide by the number of examples.
# - uniform: The states of the model count by their probability, not all alike.
# - means: The mean of the product is wanted, not the product of the means.
# - transposed: dW has the shape of W, (H, V): hidden units in the rows.
# - unnormalised: exp(−F) is not yet a probability: divide by its sum over all states.


# %% id="exact-biases" test="exact" points=3
@check.exercise("08-architectures/exact")
def gradient_of_the_visible_biases():
    """The gradient of the visible biases"""
    v, W, a, b = rbm_case(5, 4, 3)
    dW, da, db = check.call(rbm_gradient, v, W, a, b, returns=("dW", "da", "db"))
    states = all_states(4)
    heavy = np.exp(-free_energy(states, W, a, b))
    check.gradient(
        lambda a: mean_log_probability(v, W, a, b),
        da,
        a,
        name="da",
        hints={
            "swapped": lambda right: -right,
            "positive": lambda right: v.mean(axis=0),
            "sum": lambda right: v.sum(axis=0) - (v.mean(axis=0) - right),
            "uniform": lambda right: v.mean(axis=0) - states.mean(axis=0),
            "unnormalised": lambda right: v.mean(axis=0) - heavy @ states,
        },
    )


# %% id="exact-weights" test="exact" points=4
@check.exercise("08-architectures/exact")
def gradient_of_the_weights_and_hidden_biases():
    """The gradient of the weights and of the hidden biases"""
    v, W, a, b = rbm_case(5, 4, 3)
    dW, da, db = check.call(rbm_gradient, v, W, a, b, returns=("dW", "da", "db"))
    states = all_states(4)
    p = np.exp(-free_energy(states, W, a, b))
    p /= p.sum()
    h, h_model = sigmoid(v @ W.T + b), sigmoid(states @ W.T + b)
    check.gradient(
        lambda W: mean_log_probability(v, W, a, b),
        dW,
        W,
        name="dW",
        hints={
            "transposed": np.transpose,
            "means": lambda right: np.outer(h.mean(0), v.mean(0)) - np.outer(p @ h_model, p @ states),
        },
    )
    check.gradient(lambda b: mean_log_probability(v, W, a, b), db, b, name="db")


# %% id="exact-hidden" test="exact" points=3 hidden=true
@check.exercise("08-architectures/exact", hidden=True)
def other_sizes_and_large_weights():
    """One example, one unit, large weights"""
    rng = check.rng(4)
    for N, V, H, scale in [(1, 3, 2, 1.0), (6, 1, 4, 1.0), (3, 5, 1, 2.0), (4, 6, 7, 300.0)]:
        v = (rng.random((N, V)) < 0.5).astype(float)
        W, a, b = scale * rng.normal(size=(H, V)), rng.normal(size=V), rng.normal(size=H)
        got = check.call(rbm_gradient, v, W, a, b, returns=("dW", "da", "db"))
        for name, mine, right in zip(("dW", "da", "db"), got, rbm.exact_gradient(v, W, a, b), strict=True):
            check.close(mine, right, name=f"{name} for N = {N}, V = {V}, H = {H}")


# %% [markdown] id="cd-idea"
# ### Contrastive divergence: a wrong gradient that works
#
# With 64 visible units there are $2^{64}$ states to list. Hinton's idea: start the machine's dream *at the data*, and let it take only one step. Up to the hidden units, down to the visible ones, and up again:
#
# $$v \to h \to v^{(1)} \to h^{(1)}, \qquad \Delta W \propto \langle h\,v^\top\rangle_0 - \langle h\,v^\top\rangle_1$$
#
# With $k$ steps it is called CD-$k$. A chain that goes on from where it stopped, instead of from the data, is *persistent* (PCD).

# %% [markdown] id="cd-statement" statement="cd"
# ### Exercise 5: one step of contrastive divergence
#
# Write `cd1(v, W, a, b, u_h, u_v)`. `v (N, V)`, `W (H, V)`, `a (V,)`, `b (H,)` as before; `u_h (N, H)` and `u_v (N, V)` are random numbers from $[0, 1)$ for the draws: a unit is 1 where its number is *smaller* than its
# probability. Return `dW (H, V)`, `da (V,)`, `db (H,)`, to be *added*.
#
# 1. Probabilities of the hidden units at the data; draw `h` with `u_h`.
# 2. Probabilities of the visible units from the drawn `h`; draw `v1` with `u_v`.
# 3. Probabilities of the hidden units at `v1`.
# 4. The differences, data minus dream, as means over the `N` rows. In them the hidden units enter with their *probabilities* of steps 1 and 3, which are less noisy than draws.
#
# Check by hand: `V = H = 1`, all parameters 0, `v = [[1]]`, `u_h = [[0.3]]`, `u_v = [[0.7]]`. Then `h = 1`, and `v1 = 0`, because 0.7 > ½. So `dW = [[0.5]]`, `da = [1]`, `db = [0]`.


# %% id="cd" exercise=true difficulty=2 by_hand="nn data hopfield rbm capsules rbm_gradient boltzmann"
def cd1(v, W, a, b, u_h, u_v):
    """One step of contrastive divergence with given random numbers: dW (H, V), da (V,), db (H,), to be added."""
    ### BEGIN SOLUTION
    p = sigmoid(v @ W.T + b)
    h = (u_h < p).astype(float)
    v1 = (u_v < sigmoid(h @ W + a)).astype(float)
    p1 = sigmoid(v1 @ W.T + b)
    return (p.T @ v - p1.T @ v1) / len(v), (v - v1).mean(axis=0), (p - p1).mean(axis=0)
    ### END SOLUTION


# %% [markdown] id="cd-hints" hints="cd"
# - swapped: The sign is turned round: data minus dream, to be added.
# - drawn: The way down starts from the drawn hidden units, not from their probabilities.
# - reconstruction: The visible units of the dream are drawn too: 0 or 1.
# - statistics: In the differences the hidden units enter with their probabilities, not with the draws.
# - mean: Take the mean over the rows: divide by N.
# - turned: Draw 1 where the random number is smaller than the probability.


# %% id="cd-biases" test="cd" points=2
@check.exercise("08-architectures/cd")
def change_of_the_visible_biases():
    """The change of the visible biases"""
    v, W, a, b = rbm_case(6, 5, 3)
    u_h = np.cos(3.1 * np.arange(18)).reshape(6, 3) ** 2
    u_v = np.sin(1.9 * np.arange(30) + 0.4).reshape(6, 5) ** 2
    dW, da, db = check.call(cd1, v, W, a, b, u_h, u_v, returns=("dW", "da", "db"))
    p = sigmoid(v @ W.T + b)
    h = (u_h < p).astype(float)
    down = sigmoid(h @ W + a)
    v1 = (u_v < down).astype(float)
    check.close(
        da,
        (v - v1).mean(axis=0),
        name="da",
        hints={
            "swapped": lambda right: -right,
            "mean": lambda right: 6 * right,
            "drawn": lambda right: (v - (u_v < sigmoid(p @ W + a))).mean(axis=0),
            "reconstruction": lambda right: (v - down).mean(axis=0),
            "turned": lambda right: (v - (u_v > sigmoid((u_h > p) @ W + a))).mean(axis=0),
        },
    )


# %% id="cd-weights" test="cd" points=3
@check.exercise("08-architectures/cd")
def change_of_the_weights_and_hidden_biases():
    """The change of the weights and of the hidden biases"""
    v, W, a, b = rbm_case(6, 5, 3)
    u_h = np.cos(3.1 * np.arange(18)).reshape(6, 3) ** 2
    u_v = np.sin(1.9 * np.arange(30) + 0.4).reshape(6, 5) ** 2
    dW, da, db = check.call(cd1, v, W, a, b, u_h, u_v, returns=("dW", "da", "db"))
    h = (u_h < sigmoid(v @ W.T + b)).astype(float)
    v1 = (u_v < sigmoid(h @ W + a)).astype(float)
    right = rbm.difference(v, v1, W, b)
    p1 = sigmoid(v1 @ W.T + b)
    check.close(dW, right[0], name="dW", hints={"statistics": lambda right: (h.T @ v - p1.T @ v1) / 6})
    check.close(db, right[2], name="db")


# %% id="cd-hidden" test="cd" points=2 hidden=true
@check.exercise("08-architectures/cd", hidden=True)
def other_sizes_and_certain_units():
    """One example, other sizes, units that are certain"""
    rng = check.rng(5)
    for N, V, H, scale in [(1, 3, 2, 1.0), (4, 2, 6, 1.0), (9, 4, 4, 200.0)]:
        v = (rng.random((N, V)) < 0.5).astype(float)
        W, a, b = scale * rng.normal(size=(H, V)), rng.normal(size=V), rng.normal(size=H)
        u_h, u_v = rng.random((N, H)), rng.random((N, V))
        got = check.call(cd1, v, W, a, b, u_h, u_v, returns=("dW", "da", "db"))
        h = (u_h < rbm.hidden_probability(v, W, b)).astype(float)
        v1 = (u_v < rbm.visible_probability(h, W, a)).astype(float)
        for name, mine, right in zip(("dW", "da", "db"), got, rbm.difference(v, v1, W, b), strict=True):
            check.close(mine, right, name=f"{name} for N = {N}, V = {V}, H = {H}")


# %% [markdown] id="cd-exact"
# ### How wrong is it?
#
# A machine of 6 visible and 3 hidden units is small enough to know the truth. The mean of many CD-$k$ estimates, against the exact gradient:

# %% id="cd-exact-run" folded=true
v, W, a, b = rbm_case(8, 6, 3)
many = np.repeat(v, 4000, axis=0)
exact = rbm.exact_gradient(v, W, a, b)[0]
for k in (1, 3, 10, 30):
    estimate = rbm.contrastive_divergence(many, W, a, b, np.random.default_rng(0), k)[0]
    cosine = np.sum(estimate * exact) / np.linalg.norm(estimate) / np.linalg.norm(exact)
    print(
        f"CD-{k}: length {np.linalg.norm(estimate) / np.linalg.norm(exact):.2f} of the exact gradient, cosine {cosine:.3f}"
    )

bars = np.repeat(
    np.array([[1.0, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1], [1, 1, 0, 0, 1, 1]]), 10, axis=0
)
settings = {"CD-1": dict(k=1), "CD-10": dict(k=10), "PCD": dict(persistent=True)}
likelihoods = {}
for name, setting in settings.items():
    machine = rbm.RBM(6, 3, np.random.default_rng(0))
    likelihoods[name] = machine.fit(
        bars,
        np.random.default_rng(1),
        epochs=150,
        eta=0.2,
        batch_size=10,
        after_epoch=lambda m: rbm.log_likelihood(bars, m.W, m.a, m.b),
        **setting,
    )
    print(f"{name}: log p(v) after 150 epochs {likelihoods[name][-1]:.2f}; the best possible is {np.log(0.25):.2f}")
figure = plots.figure(6, 3)
plots.learning_curves(figure.subplots(), likelihoods, xlabel="epoch", ylabel="exact log p(v)")
plots.show(
    figure,
    alt="The exact log-likelihood by epoch for CD-1, CD-10 and PCD: all three rise, with PCD below the others at the end.",
)

# %% [markdown] id="cd-meaning"
# CD-1 points roughly the right way (cosine 0.98), but it has only three quarters of the length, and it is not the gradient of anything. Three steps are nearly exact on a machine as small as this. That CD-1 raises the likelihood all the same is an experience, not a theorem.
# PCD runs ten chains for ever and is the last here; on larger machines, whose chains forget slowly, it usually leads.
#
# Now 100 hidden units on the digits. Reconstruction is easy to measure, so people print it. It is not what is being maximised.

# %% id="rbm-digits"
features = rbm.RBM(64, 100, np.random.default_rng(0))
errors = features.fit(x_train, np.random.default_rng(1), epochs=15, eta=0.1)
print(f"reconstruction error {errors[0]:.3f} after one epoch, {errors[-1]:.3f} after fifteen")
plots.show(
    plots.image_grid(features.W[:20].reshape(-1, 8, 8), columns=10, signed=True),
    alt="Weights of twenty hidden units as images: strokes and spots, positive and negative.",
)
plots.show(
    plots.image_grid(features.sample(10, 200, np.random.default_rng(2)).reshape(-1, 8, 8), columns=10),
    alt="Ten dreams of the machine after 200 steps: blurred shapes like digits.",
)

# %% [markdown] id="dbm"
# ### The deep Boltzmann machine
#
# Two hidden layers, connections only between neighbours. The book calls it a general Boltzmann machine trained in mini-batches. It is a *layered* one, and that is what makes it workable: given the first hidden layer, the visible and the second hidden layer are independent, so a
# sweep has only two halves, and each is one matrix product.
#
# With the data clamped, the two hidden layers still depend on each other. *Mean field* replaces them by independent units that agree with each other; the model's part comes from persistent chains.

# %% id="dbm-run"
from dlbook.models import dbm

deep_machine = dbm.DBM(64, 60, 30, np.random.default_rng(0), scale=0.1)
errors = deep_machine.fit(x_train, np.random.default_rng(1), epochs=15, eta=0.1)
print(f"reconstruction error {errors[0]:.3f} after one epoch, {errors[-1]:.3f} after fifteen")

rng = np.random.default_rng(0)
tiny = (rng.normal(size=(3, 4)), rng.normal(size=(2, 3)), rng.normal(size=4), rng.normal(size=3), rng.normal(size=2))
states = all_states(4)
print(f"a tiny one, exactly: log p(v) = {dbm.log_likelihood(states, tiny):.3f}")
for steps in (1, 3, 30):
    print(f"bound by mean field, {steps} steps: {dbm.lower_bound(states, tiny, steps):.3f}")

# %% [markdown] id="dbm-meaning"
# The bound comes close and never passes the truth. That is why one may train with it.

# %% [markdown] id="dbn"
# ## 7. The deep belief network: pre-training
#
# In 2006 deep networks hardly learnt: gradients vanished, and labels were few. Hinton, Osindero and Teh trained an RBM on the data, a second one on what the first said of the data, and so on. Each layer was hidden for one and visible for the next. Then a
# softmax on top, and a little backpropagation.
#
# The book calls the result *a stack of RBMs*. That describes how it is trained. As a model it is a hybrid: only the two top layers are an undirected RBM, all connections below point downwards. To dream, one runs the top RBM, and then goes down once.

# %% id="dbn-run" folded=true
from dlbook.models import dbn

belief = dbn.DBN([100, 50], np.random.default_rng(0)).pretrain(x_train, epochs=30, eta=0.1, momentum=0.5, batch_size=10)


def with_few_labels(train_features, test_features, labels, draws=5):
    """Mean test accuracy of a softmax layer on features, trained with so many labels (None: all)."""
    mean, spread = train_features.mean(axis=0), train_features.std(axis=0) + 0.1
    scaled, tested = (train_features - mean) / spread, (test_features - mean) / spread
    scores = []
    for seed in range(draws if labels else 1):
        rng = np.random.default_rng(seed)
        rows = np.arange(len(y_train))
        if labels:
            rows = np.concatenate([rng.permutation(np.flatnonzero(y_train == k))[: labels // 10] for k in range(10)])
        model = nn.Sequential(nn.Linear(scaled.shape[1], 10, rng=rng))
        fit(model, nn.CrossEntropyLoss(), scaled[rows], y_train[rows], 60 if labels else 20, 0.02, 20 if labels else 50)
        scores.append(train.accuracy(model(tested), y_test))
    return np.mean(scores)


views = {
    "pixels": (x_train, x_test),
    "RBM": (belief.stack[0].transform(x_train), belief.stack[0].transform(x_test)),
    "DBN": (belief.transform(x_train), belief.transform(x_test)),
}
for labels in (20, 100, None):
    scores = {name: with_few_labels(*view, labels) for name, view in views.items()}
    print(f"{labels or len(y_train):5} labels: " + ", ".join(f"{name} {score:.3f}" for name, score in scores.items()))

for epochs in (3, 15):
    tuned = fit(belief.network(10), nn.CrossEntropyLoss(), x_train, y_train, epochs, 0.003)
    rng = np.random.default_rng(0)
    hidden = [nn.Linear(64, 100, rng=rng), nn.Sigmoid(), nn.Linear(100, 50, rng=rng), nn.Sigmoid()]
    scratch = nn.Sequential(*hidden, nn.Linear(50, 10, rng=rng))
    fit(scratch, nn.CrossEntropyLoss(), x_train, y_train, epochs, 0.003)
    tuned, scratch = (train.accuracy(m(x_test), y_test) for m in (tuned, scratch))
    print(f"all labels, fine-tuned for {epochs:2} epochs: pre-trained {tuned:.3f}, from scratch {scratch:.3f}")
plots.show(
    plots.image_grid(belief.generate(10, 200).reshape(-1, 8, 8), columns=10),
    alt="Ten dreams of the deep belief network: blurred, most of them readable as digits.",
)

# %% [markdown] id="dbn-meaning"
# With 20 labels, two for each digit, the code of the DBN is worth five to six hundredths. With 100 the advantage is gone, and with all labels the code of 50 units has lost information. Fine-tuning starts far ahead; twelve epochs later the network from scratch is only two and a half hundredths behind.
#
# That is the honest size of it. The book's criticism of backpropagation (*needs labels, slow in deep nets, stuck in local optima*) was true of the sigmoids and starting values of 2006. Its promise that *we will need pre-training again* was not fulfilled in this form: better starting values, ReLUs and more labels made layer-wise RBMs obsolete by 2012. The idea came back bigger, as *self-supervised* pre-training: language models learn from unlabelled text (the book's *data not recorded* means unlabelled), and are then fine-tuned.

# %% [markdown] id="autoencoder"
# ## 8. The deep autoencoder
#
# An encoder squeezes the input into a few numbers, a decoder says it again, and the loss is the difference. Without hidden layers the best one can do is principal components.

# %% id="autoencoder-run" folded=true
from dlbook.models import deep_autoencoder

autoencoder = deep_autoencoder.DeepAutoencoder([64, 32, 2], np.random.default_rng(0))
fit(autoencoder, nn.MSELoss(), x_train, x_train, 40, 0.005, 50)
mean = x_train.mean(axis=0)
directions = np.linalg.svd(x_train - mean, full_matrices=False)[2][:2]
flat = (x_test - mean) @ directions.T @ directions + mean
print(
    f"error with two numbers: principal components {np.mean((flat - x_test) ** 2):.4f}, autoencoder {np.mean((autoencoder(x_test) - x_test) ** 2):.4f}"
)

figure = plots.figure(9, 3.6)
left, right = figure.subplots(1, 2)
plots.points(left, (x_test - mean) @ directions.T, y_test, size=14)
left.set(title="principal components")
plots.points(right, autoencoder.encoder(x_test), y_test, names=[str(k) for k in range(10)], size=14)
right.set(title="autoencoder 64-32-2-32-64")
plots.show(
    figure,
    alt="The test digits in two dimensions: heaps that overlap with principal components, clearer heaps with the autoencoder.",
)

# %% [markdown] id="death"
# *Deep autoencoders are hard to train by plain backpropagation*, says the book. This was true for the starting values of the time. Here are the lengths of the gradients in eight layers of sigmoids, started with a standard deviation of 0.01, and with one that fits the number of inputs.


# %% id="death-run"
def gradient_norms(scaled):
    """Length of ∂loss/∂W in each of eight sigmoid layers, 64-50-40-30-2-30-40-50-64."""
    rng = np.random.default_rng(0)
    sizes, modules = [64, 50, 40, 30, 2, 30, 40, 50, 64], []
    for before, after in zip(sizes, sizes[1:], strict=False):
        layer = nn.Linear(before, after, rng=rng)
        spread = 4 / np.sqrt(before) if scaled else 0.01
        layer.load_state_dict({"weight": rng.normal(0, spread, (after, before)), "bias": np.zeros(after)})
        modules += [layer, nn.Sigmoid()]
    model = nn.Sequential(*modules)
    y, cache = model.forward(x_train[:100])
    model.backward(nn.mse_loss_backward(1.0, nn.mse_loss(y, x_train[:100])[1]), cache)
    return [float(np.linalg.norm(p.grad)) for name, p in model.named_parameters() if name.endswith("weight")]


for scaled in (False, True):
    norms = gradient_norms(scaled)
    print(
        "scaled start:" if scaled else "start at 0.01:",
        ", ".join(f"{n:.0e}" for n in norms),
        f"  first / last {norms[0] / norms[-1]:.0e}",
    )

# %% [markdown] id="death-meaning"
# From a start at 0.01 the first layer gets 5 · 10⁻¹⁴ of what the last one gets: nothing. RBMs brought the weights to a useful size, and that was half of their secret. Chapter 12 computes the right size, chapter 17 shows the rest. So a deep autoencoder is not *two symmetric deep belief networks*; that was the recipe of 2006. Today it
# is trained from end to end, and this page did it.
#
# ### Topics in two numbers
#
# The book's example is text: count the words of each document, divide by the largest count, squeeze the result into a short code, and find similar documents by distance in the code. (It adds that IBM's Watson worked so. It did not: Watson was a pipeline of search, rules and scoring.) Forty short texts,
# drawn at random from four lists of words and one of words that fit anywhere:

# %% id="topics-run" folded=true
topics = {
    "kitchen": ["salt", "oven", "flour", "butter", "bake", "onion", "stir", "garlic"],
    "sea": ["wave", "ship", "sailor", "harbour", "tide", "anchor", "storm", "coast"],
    "football": ["goal", "referee", "pass", "striker", "match", "pitch", "keeper", "league"],
    "music": ["guitar", "melody", "chord", "drum", "singer", "rhythm", "song", "concert"],
}
common = ["day", "people", "time", "good", "new", "house", "year", "way"]
documents, labels = deep_autoencoder.topic_documents(topics, common, 10, 10, np.random.default_rng(0), share=0.6)
vocabulary = [word for words in topics.values() for word in words] + common
bags = deep_autoencoder.bag_of_words(documents, vocabulary)
reader = deep_autoencoder.DeepAutoencoder([40, 16, 2], np.random.default_rng(0))
fit(reader, nn.MSELoss(), bags, bags, 400, 0.01, 40)
codes = reader.encoder(bags)
print("a document:", " ".join(documents[0]))
print("nearest by its code:", " ".join(documents[deep_autoencoder.nearest(codes, codes[0], 2)[1]]))


def same_topic(vectors):
    """Share of documents whose nearest other document is of their topic."""
    return np.mean(
        [labels[deep_autoencoder.nearest(vectors, v, 2)[1]] == label for v, label in zip(vectors, labels, strict=True)]
    )


print(
    f"nearest neighbour of the same topic: by {len(vocabulary)} counts {same_topic(bags):.3f}, by 2 numbers {same_topic(codes):.3f}"
)
figure = plots.figure(5.5, 3.6)
ax = figure.subplots()
plots.points(ax, codes, labels, names=list(topics))
ax.set(xlabel="first number of the code", ylabel="second")
plots.show(
    figure, alt="Forty documents as points, a colour for each of four topics; the topics lie in separate regions."
)

# %% [markdown] id="gan"
# ## 9. The generative adversarial network
#
# The models so far that *discriminate* learn $p(y\mid x)$, a boundary. Models that *generate* learn what the data look like, $p(x\mid y)$ or $p(x)$. Bayes' rule joins them, $p(y\mid x)\propto p(x\mid y)\,p(y)$.
#
# Goodfellow's idea of 2014 trains a generator $G$ without ever writing a probability down. A discriminator $D$ learns to tell real examples from made-up ones; $G$ learns to fool it:
#
# $$\min_G\max_D\; \mathbb E\log D(x) + \mathbb E\log\big(1 - D(G(z))\big)$$
#
# For a fixed $G$ the best $D$ is $p_{\text{data}}/(p_{\text{data}} + p_G)$. In practice $G$ minimises $-\log D(G(z))$ instead, because at the start $D$ is sure of itself, and there $\log(1 - D)$ is flat.


# %% id="gan-losses"
def gan_losses(real_logit, fake_logit):
    """Loss of D, loss of G (non-saturating), and the slope of both kinds of G's loss by the logit of a fake."""
    loss_d = np.logaddexp(0, -real_logit) + np.logaddexp(0, fake_logit)
    return loss_d, np.logaddexp(0, -fake_logit), -sigmoid(-fake_logit), -sigmoid(fake_logit)


for logit in (-1000.0, -5.0, 0.0, 1000.0):
    loss_d, loss_g, slope, flat = gan_losses(2.0, logit)
    print(
        f"logit {logit:6.0f} for a fake: loss of D {loss_d:8.2f}, of G {loss_g:8.2f}; G's slope {slope:+.3f}, the original's {flat:+.3f}"
    )


# %% id="gan-run"
def train_gan(seed, steps=1500, hidden=16, batch=64):
    """Learn the numbers N(3, 0.5²); returns the generator."""
    rng = np.random.default_rng(seed)
    G = nn.Sequential(nn.Linear(1, hidden, rng=rng), nn.Tanh(), nn.Linear(hidden, 1, rng=rng))
    D = nn.Sequential(nn.Linear(1, hidden, rng=rng), nn.LeakyReLU(0.2), nn.Linear(hidden, 1, rng=rng))
    step_G, step_D = (optim.Adam(m.parameters(), 0.002, betas=(0.5, 0.999)) for m in (G, D))
    for _ in range(steps):
        real = rng.normal(3, 0.5, (batch, 1))
        fake, made = G.forward(rng.normal(size=(batch, 1)))
        D.zero_grad()
        for x, sign in ((real, -1), (fake, 1)):
            logit, cache = D.forward(x)
            D.backward(sign * sigmoid(sign * logit) / batch, cache)
        step_D.step()
        G.zero_grad()
        logit, cache = D.forward(fake)
        G.backward(D.backward(-sigmoid(-logit) / batch, cache), made)
        step_G.step()
    return G


made = {f"seed {seed}": train_gan(seed)(np.random.default_rng(9).normal(size=(2000, 1))).ravel() for seed in range(3)}
for name, numbers in made.items():
    print(f"{name}: mean {numbers.mean():.2f}, standard deviation {numbers.std():.2f}   (the data: 3 and 0.5)")
figure = plots.figure(6, 2.8)
ax = figure.subplots()
bins = np.linspace(1, 5, 60)
ax.hist(np.random.default_rng(8).normal(3, 0.5, 2000), bins, density=True, color="0.8", label="data")
for name, numbers in made.items():
    ax.hist(numbers, bins, density=True, histtype="step", linewidth=1.5, label=name)
ax.legend()
ax.set(xlabel="number", ylabel="density")
plots.show(
    figure, alt="Histogram of the data, a bell around 3, and of three generators: all near 3, two of them too narrow."
)

# %% [markdown] id="gan-meaning"
# All three have found where the data are. The width is another matter: two are too narrow, one is about right, and more steps move it about without an end. There is no single loss that both players lower. LeCun called the idea the most interesting of the decade. Chapter 22 is about making it work.

# %% [markdown] id="capsules-idea"
# ## 10. Capsules
#
# A unit of a capsule network answers with a *vector*. Its length, between 0 and 1, says whether the thing is there; its direction says how: turned, thick, slanted. A nose capsule and a mouth capsule each predict where the face must be. When they **agree**, there is a face.
#
# $$\operatorname{squash}(s) = \frac{\lVert s\rVert^2}{1+\lVert s\rVert^2}\,\frac{s}{\lVert s\rVert}, \qquad \hat u_{j\mid i} = W_{ij}u_i$$
#
# Capsule $i$ below sends its prediction $\hat u_{j\mid i}$ to each capsule $j$ above, with a share $c_{ij}$. Its shares add up to one. *Routing* finds them, in a few iterations, from $b_{ij} = 0$:
#
# $$c_{i\cdot} = \operatorname{softmax}_j(b_{i\cdot}), \qquad s_j = \sum_i c_{ij}\,\hat u_{j\mid i}, \qquad v_j = \operatorname{squash}(s_j), \qquad b_{ij} \mathrel{+}= \hat u_{j\mid i}\cdot v_j$$

# %% [markdown] id="routing-statement" statement="routing"
# ### Exercise 6: routing by agreement
#
# Write `squash(s)` for vectors along the last axis of `s (..., D)`. The zero vector stays zero, without a NaN. Then `route(u_hat, iterations)`: `u_hat (I, J, D)` holds the prediction of capsule `i` below for capsule `j` above. It returns `v (J, D)` after so many iterations of the four formulas
# above.
#
# The softmax runs over the capsules `j` **above**: each capsule below shares out its one vote. Agreements add up in `b`. After the last iteration `b` need not be updated any more.
#
# Check by hand: `squash([3, 4])` has length 25/26 and is `[0.5769, 0.7692]`. With one iteration all $c_{ij}$ are $1/J$.


# %% id="routing" exercise=true difficulty=3 by_hand="nn data hopfield rbm capsules"
def squash(s):
    """Vectors s (..., D) with the same directions and lengths r² / (1 + r²)."""
    ### BEGIN SOLUTION
    r = np.sqrt(np.sum(s**2, axis=-1, keepdims=True))
    return s * r / (1 + r**2)
    ### END SOLUTION


def route(u_hat, iterations):
    """Routing by agreement: predictions u_hat (I, J, D) -> capsules v (J, D)."""
    ### BEGIN SOLUTION
    b = np.zeros(u_hat.shape[:2])
    for _ in range(iterations):
        c = np.exp(b - b.max(axis=1, keepdims=True))
        c /= c.sum(axis=1, keepdims=True)
        v = squash((c[:, :, None] * u_hat).sum(axis=0))
        b = b + (u_hat * v).sum(axis=-1)
    return v
    ### END SOLUTION


# %% [markdown] id="routing-hints" hints="routing"
# - unit: The length should be r² / (1 + r²), not r / (1 + r).
# - whole: Each vector has its own length: sum over the last axis only.
# - inputs: The softmax runs over the capsules above: the shares of each capsule below add up to one.
# - accumulate: Agreements add up in b; they do not replace what was there.
# - extra: One iteration too many: b must not change v after the last one.
# - uniform: The shares never change: the agreement must reach the softmax.


# %% id="routing-squash" test="routing" points=2
@check.exercise("08-architectures/routing")
def squashed_vectors():
    """Squashed vectors, zero among them"""
    s = 2 * np.cos(1.1 * np.arange(12)).reshape(2, 2, 3)
    s[1, 0] = 0
    r = np.linalg.norm(s, axis=-1, keepdims=True)
    total = np.linalg.norm(s)
    check.close(
        check.call(squash, s, returns=("v",)),
        s * r / (1 + r**2),
        name="squash(s)",
        hints={"unit": lambda right: s / (1 + r), "whole": lambda right: s * total / (1 + total**2)},
    )


# %% id="routing-route" test="routing" points=4
@check.exercise("08-architectures/routing")
def routing_of_four_capsules():
    """Routing from four capsules to three"""
    u_hat = 1.5 * np.sin(1.3 * np.arange(24) + 0.3).reshape(4, 3, 2)

    def other(iterations, axis=1, keep=1.0):
        b = np.zeros((4, 3))
        for _ in range(iterations):
            c = np.exp(b) / np.exp(b).sum(axis=axis, keepdims=True)
            s = (c[:, :, None] * u_hat).sum(axis=0)
            r = np.linalg.norm(s, axis=-1, keepdims=True)
            v = s * r / (1 + r**2)
            b = keep * b + (u_hat * v).sum(axis=-1)
        return v

    for iterations in (1, 3):
        check.close(
            check.call(route, u_hat, iterations, returns=("v",)),
            capsules.route(u_hat[None], iterations)[0][0],
            name=f"v after {iterations} iterations",
            hints={
                "inputs": lambda right, n=iterations: other(n, axis=0),
                "extra": lambda right, n=iterations: other(n + 1),
                "accumulate": lambda right, n=iterations: other(n, keep=0.0),
                "uniform": lambda right: other(1),
            },
        )


# %% id="routing-hidden" test="routing" points=2 hidden=true
@check.exercise("08-architectures/routing", hidden=True)
def one_capsule_and_strong_agreement():
    """One capsule below, one above, strong agreement"""
    rng = check.rng(6)
    for I, J, D, iterations, scale in [(1, 3, 2, 2, 1.0), (5, 1, 4, 3, 1.0), (6, 4, 3, 4, 1.0), (7, 2, 5, 3, 60.0)]:
        u_hat = scale * rng.normal(size=(I, J, D))
        v = check.call(route, u_hat, iterations, returns=("v",))
        check.close(
            v, capsules.route(u_hat[None], iterations)[0][0], name=f"v for I = {I}, J = {J}, {iterations} iterations"
        )
    check.close(check.call(squash, np.zeros((1, 4)), returns=("v",)), np.zeros((1, 4)), name="squash of zero")


# %% [markdown] id="agreement"
# ### Agreement wins
#
# Ten capsules vote for two. For the first, eight of them predict the same vector; for the second, all predict different ones, just as long. Watch where the votes of the eight go, and those of the last two.

# %% id="agreement-run"
rng = np.random.default_rng(0)
angles = np.column_stack([np.r_[np.full(8, 0.5), 2.5, 4.0], rng.uniform(0, 2 * np.pi, 10)])
u_hat = 0.8 * np.stack([np.cos(angles), np.sin(angles)], axis=-1)[None]  # (1, 10, 2, 2)
for iterations in (1, 2, 3, 5):
    v, (_, steps) = capsules.route(u_hat, iterations)
    print(
        f"{iterations} iterations: lengths {np.linalg.norm(v[0], axis=1).round(2)}, votes for the first {steps[-1][0][0, :, 0].round(2)}"
    )

# %% [markdown] id="capsules-digits"
# The eight that agree give more and more of their vote to the first, and it grows. The two dissenters take theirs away.
#
# And a network of capsules that reads digits: 36 capsules on nine patches of the image, ten above them, trained through all three iterations of the routing. The loss wants the right capsule longer than 0.9 and the others shorter than 0.1:
#
# $$L = \sum_k T_k\max(0,\, 0.9 - \lVert v_k\rVert)^2 + \tfrac12(1-T_k)\max(0,\, \lVert v_k\rVert - 0.1)^2$$

# %% id="capsules-run"
rng = np.random.default_rng(0)
primary = capsules.PrimaryCapsules(8, 4, 2, 4, 4, rng=rng)
capsule_net = nn.Sequential(primary, capsules.CapsuleLayer(primary.capsules, 4, 10, 8, rng=rng))
start = time.perf_counter()
fit(capsule_net, capsules.MarginLoss(), x_train, y_train, 10, 0.005, 50)
slow = time.perf_counter() - start
lengths = capsules.class_lengths(capsule_net(x_test))
count = sum(p.data.size for p in capsule_net.parameters())
print(f"{np.mean(lengths.argmax(axis=1) == y_test):.3f} of the test set right, {count:,} parameters")
start = time.perf_counter()
fit(
    nn.Sequential(SmallConvolution(8, rng), nn.Linear(72, 10, rng=rng)),
    nn.CrossEntropyLoss(),
    x_train,
    y_train,
    10,
    0.01,
    50,
)
print(
    f"an epoch takes {slow / (time.perf_counter() - start):.0f} times as long as one of the small convolutional network"
)

# %% [markdown] id="capsules-meaning"
# As good as the others, or nearly, with far more parameters and time. The paper's state of the art was on MNIST, where everything works. Capsules have not displaced convolution. The second routing in the book's references, *RM*, is **EM** routing.
#
# ## What is missing from the ten
#
# The list is of 2018. It misses attention and the **transformer** (chapters 32 to 37), networks on graphs, **residual** networks (chapter 17) and **diffusion** models. Of the others that the book names only in passing, variational and denoising autoencoders come in chapters 23 and 24, reinforcement learning from chapter 25, and word vectors in chapter 33.
#
# The ten once more, with their equations. The counts are for images of 64 pixels and ten classes, for two inputs a step in the recurrent ones, and for one number in the GAN. The recurrent two are drawn unrolled over four steps.

# %% id="zoo-widget" folded=true
FORMULAS = {
    "MLP": (r"$y = W_2\,\sigma(W_1x + b_1) + b_2$", lambda n: 64 * n + n + 10 * n + 10),
    "CNN": (r"$y_{c} = \max_{2\times 2}\,\mathrm{ReLU}(k_c * x + b_c)$", lambda n: 10 * n + 9 * n * 10 + 10),
    "RNN": (r"$h_t = \tanh(W_{hh}h_{t-1} + W_{xh}x_t + b)$", lambda n: n * n + 2 * n + n),
    "LSTM": (r"$c_t = f\odot c_{t-1} + i\odot g$", lambda n: 4 * (n * n + 2 * n + n)),
    "Hopfield": (r"$E = -\frac{1}{2}\sum w_{ij}s_is_j$", lambda n: n * (n - 1) // 2),
    "Boltzmann": (r"$p(s) = e^{-E(s)}/Z$", lambda n: n * (n - 1) // 2 + n),
    "DBN": (r"$p(v, h_1, h_2) = p(v\mid h_1)\,p(h_1, h_2)$", lambda n: 64 * n + 64 + n + n * n + n),
    "autoencoder": (r"$\min\,\Vert x - g(f(x))\Vert^2$", lambda n: 2 * (64 * n + 2 * n) + 2 * n + 2 + 64),
    "GAN": (r"$\min_G\max_D\,\log D(x) + \log(1 - D(G(z)))$", lambda n: 2 * (3 * n + 1)),
    "capsules": (r"$v_j = \mathrm{squash}(\sum_i c_{ij}W_{ij}u_i)$", lambda n: n * 10 * 8 * 4),
}


def zoo_figure(architecture, units):
    """Diagram of an architecture with its equation; units in the hidden layer, drawn up to six."""
    formula, count = FORMULAS[architecture]
    shown = min(units, 6)
    figure = plots.figure(7, 3.2)
    ax = figure.subplots()
    layered = {
        "MLP": [4, shown, 3],
        "CNN": [6, shown, 3],
        "DBN": [4, shown, shown],
        "autoencoder": [4, shown, 2, shown, 4],
        "GAN": [1, shown, 1, shown, 1],
        "capsules": [shown, 3],
    }
    if architecture in layered:
        plots.network(ax, layered[architecture])
    else:
        turns = 2 * np.pi * np.arange(shown) / shown
        places = {f"{i + 1}": (float(np.cos(t)), float(np.sin(t))) for i, t in enumerate(turns)}
        if architecture in ("RNN", "LSTM"):
            places = {f"{i + 1}": (1.2 * i, 0.0) for i in range(4)}
            edges = [(f"{i + 1}", f"{i + 2}") for i in range(3)]
            texts = {f"{i + 1}": f"$h_{i + 1}$" for i in range(4)}
        else:
            edges = [(i, j) for i in places for j in places if i != j]
            texts = None
        plots.graph(ax, places, edges, texts=texts)
    ax.set_title(formula)
    figure.numbers = {"parameters": count(units)}
    return figure


widgets.explore(
    zoo_figure,
    dict(
        architecture=widgets.Options({name: name for name in FORMULAS}, label="architecture"),
        units=widgets.Slider(2, 40, 6, label="units"),
    ),
    alt=lambda architecture, units: f"Diagram and equation of the architecture {architecture} with {units} units.",
    table=lambda architecture, units: zoo_figure(architecture, units).numbers,
    title="The ten in one picture",
)

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# `torch.nn.RNN` is `unroll_rnn` with two biases that are added. It finds the same states.

# %% id="torch-check"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    layer = torch.nn.RNN(3, 4).double()
    with torch.no_grad():
        layer.weight_hh_l0.copy_(torch.from_numpy(Whh))
        layer.weight_ih_l0.copy_(torch.from_numpy(Wxh))
        layer.bias_ih_l0.copy_(torch.from_numpy(0.3 * bh))
        layer.bias_hh_l0.copy_(torch.from_numpy(0.7 * bh))
        states, _ = layer(torch.from_numpy(X))
    print("largest difference of the states:", f"{np.abs(states.numpy() - looped).max():.0e}")

# %% [markdown] id="gpu"
# On a GPU the layered networks gain, because their work is a few large matrix products. Asking the units of a Hopfield network one after the other gains nothing: each must wait for the one before. The restricted machine was the answer to that long before anyone had a GPU at hand. All units of a layer are asked together, and a sweep is two products.

# %% [markdown] id="common-mistakes"
# ## Common mistakes
#
# - **Asking all units of a Hopfield network at once.** The energy may rise, and states may alternate for ever.
# - **A diagonal that is not zero.** Each unit then listens to itself, and wrong states become stable.
# - **Reading the reconstruction error of an RBM as its likelihood.** CD lowers the one and may lower the other with it.
# - **Softmax over the wrong capsules.** A capsule below shares out its vote; those above do not share out theirs.
# - **A forget bias of zero or one** where something has to be remembered for long.
# - **Judging a GAN by its loss.** Look at what it makes, and make it with more than one seed.

# %% [markdown] id="phase-quiz" question="quiz"
# You train an RBM and leave out the second term, the model's own states. What happens?
#
# - [x] The weights grow without end: nothing pushes back; every state gets a lower energy, and the data are not preferred.
# - [ ] It learns the same, only slower: the second term is no correction of speed; it decides what is learnt.
# - [ ] It becomes an autoencoder: an autoencoder has a loss that sets bounds; here there is none.

# %% [markdown] id="gate-quiz" question="quiz"
# A cell's forget gate stays at 0.9. What is left after 50 steps of what it held?
#
# - [ ] 45, nine tenths of fifty: the factor is applied again and again, so it is a power.
# - [x] About half a percent: $0.9^{50} = 0.005$.
# - [ ] Nine tenths: that is after one step.

# %% [markdown] id="questions"
# ## To think about
#
# 1. Why does a Hopfield network that remembers a pattern also remember its negative? Which term in the energy would change that?
# 2. Gardner's rule trains one perceptron for each unit. What does the perceptron convergence theorem say about it?
# 3. For an RBM with 64 visible and 10 hidden units $\log Z$ can be computed exactly. How?
# 4. After CD-1, dreams that start at data look good, and dreams that start at noise do not. Why?
# 5. With one routing iteration, which ordinary layer is a capsule layer?
#
# <details><summary>Answers</summary>
#
# 1. $E(s) = E(-s)$, because the energy holds only products of pairs. Biases $-\sum_i b_is_i$ tell the two apart.
# 2. If weights exist that keep all patterns with a margin, it finds some after finitely many steps.
# 3. List the $2^{10}$ hidden states; the visible units can be summed out by hand, as the hidden ones were in $F$.
# 4. CD-1 raises the energy only near the data, one step away. Valleys far from them are never visited, so nothing fills them.
# 5. All shares are $1/J$: a linear layer, with a squash in place of the activation function.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# Hopfield, *PNAS* 79 (1982). Gardner, *Journal of Physics A* 21 (1988). Ackley, Hinton and Sejnowski, *Cognitive Science* 9 (1985). Smolensky, *Harmony theory* (1986). Hochreiter and Schmidhuber, *Neural Computation* 9 (1997); Gers, Schmidhuber and Cummins, *Neural Computation* 12 (2000). LeCun and others, *Neural Computation* 1 (1989). Hinton,
# *Neural Computation* 14 (2002). Hinton, Osindero and Teh, *Neural Computation* 18 (2006). Hinton and Salakhutdinov, *Science* 313 (2006). Salakhutdinov and Hinton, *AISTATS* (2009). Goodfellow and others, *NeurIPS* (2014). Sabour, Frosst and Hinton, *NeurIPS* (2017).
#
# Next: a cost that does not stall where the sigmoid is flat.
