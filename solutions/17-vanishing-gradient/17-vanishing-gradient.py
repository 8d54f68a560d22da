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
#     title: The vanishing gradient
#     minutes: 110
#     needs: [12-initialisation]
#     book: [33, 34, 35, 36]
# ---

# %% [markdown] id="title"
# # The vanishing gradient: why deep networks were hard to train
#
# **After this page you can** say what depth is good for, measure how fast each layer of a network learns, explain with one product why the first layers of a deep sigmoid network stand still, bound that product, make it explode, and choose a cure.
#
# **Time** 35 minutes to read, 75 for the six exercises. **You need** backpropagation (chapter 07) and the starts of chapter 12.

# %% id="setup" given=true
import itertools

import numpy as np

from dlbook import check, data, nn, plots

# %% [markdown] id="depth"
# ## What depth promises
#
# The book begins with an odd client: he wants a computer whose whole circuit is two layers deep. Possible, says the book, since AND and NAND gates with any number of inputs compute every function in two layers. Let us not believe it, but count.

# %% [markdown] id="depth-question" question="predict"
# There are 16 functions of two bits. How many of them does a circuit of two layers reach, with AND and NAND gates of any number of inputs, and without negated inputs?
#
# - [ ] 16: that takes three layers, or negated inputs for free.
# - [x] 14: all but XOR and its negation, XNOR.
# - [ ] 8: that is what one layer reaches, the two inputs themselves counted among them.

# %% id="depth-run"
A, B, ALL = 0b0011, 0b0101, 0b1111
signals = {A, B}
for layer in (1, 2, 3):
    reached = set()
    for count in range(len(signals) + 1):
        for chosen in itertools.combinations(sorted(signals), count):
            value = ALL
            for signal in chosen:
                value &= signal
            reached |= {value, ALL ^ value}
    signals = reached
    missing = sorted(set(range(16)) - signals)
    print(f"{layer} layers: {len(signals):2} of 16 functions, missing {[format(f, '04b') for f in missing]}")

# %% [markdown] id="depth-meaning"
# A function is written here as its four outputs, for the inputs 00, 01, 10 and 11. A gate with a single input counts, and an empty one too. **The book's claim is false by two functions**: `0110` is XOR and `1001` is XNOR. They need a third layer, or inputs that come negated as well. It is the old story of chapter 03, one floor higher.
#
# Possible would not mean sensible anyway. The *parity* of $n$ bits, whether an odd number of them is 1, shows the price. In two layers, with negated inputs given, it takes one AND for each odd row of the truth table, $2^{n-1}$ of them, and none can be merged with another. With depth, take the XOR of pairs, then of pairs of pairs: $n - 1$ XORs of four NAND gates each.
#
# The book dates the theorems behind this to the early 1980s and links to a paper of 2012. They are from 1981–83 (Furst, Saxe and Sipser; Ajtai), 1985 (Yao) and 1986 (Håstad); the link is a look back. It also calls this the third and last part; 67 chapters follow.

# %% id="parity-widget" folded=true
from dlbook import widgets


def parity_costs(n):
    """Gates and depth for the parity of n bits, shallow and deep."""
    return {
        "bits": n,
        "AND gates in two layers": 2 ** (n - 1),
        "NAND gates in a tree of XORs": 4 * (n - 1),
        "levels of XORs": int(np.ceil(np.log2(n))),
    }


def parity_figure(n):
    """The tree for n bits beside the number of gates, shallow and deep."""
    figure = plots.figure(8, 3.4)
    left, right = figure.subplots(1, 2)
    level, height = [float(i) for i in range(n)], 0
    left.plot(level, [0] * n, "o", color=plots.BLACK)
    while len(level) > 1:
        above = [(a + b) / 2 for a, b in zip(level[::2], level[1::2], strict=False)]
        for middle, a, b in zip(above, level[::2], level[1::2], strict=False):
            left.plot([a, middle, b], [height, height + 1, height], "-", color=plots.BLUE)
        if len(level) % 2:
            left.plot([level[-1], level[-1]], [height, height + 1], "--", color=plots.GREY)
            above.append(level[-1])
        left.plot(above, [height + 1] * len(above), "s", color=plots.BLUE)
        level, height = above, height + 1
    left.set(xlabel="bit", ylabel="level", ylim=(-0.3, 4.3))
    bits = np.arange(2, 17)
    right.semilogy(bits, 2.0 ** (bits - 1), "o--", color=plots.VERMILION, label="two layers")
    right.semilogy(bits, 4 * (bits - 1), "s-", color=plots.BLUE, label="tree")
    right.axvline(n, color=plots.GREY, linestyle=":")
    right.set(xlabel="bits", ylabel="gates")
    right.legend()
    return figure


widgets.explore(
    parity_figure,
    dict(n=widgets.Slider(2, 12, 7, label="bits n")),
    alt=lambda n: (
        f"A tree of XORs for {n} bits, {parity_costs(n)['levels of XORs']} levels high. Two layers need {2 ** (n - 1)} AND gates, the tree {4 * (n - 1)} NAND gates."
    ),
    table=parity_costs,
    title="Parity, shallow and deep",
)

# %% [markdown] id="parity-statement" statement="parity"
# ### Exercise 1: parity in a tree (3 points)
#
# Write `parity_tree(bits)` for a list of at least one bit, each 0 or 1. Join neighbours by XOR, level by level; a bit left over at the end of a level moves up as it is, without a gate. Return three integers: the parity, the number of XORs, and the depth, the number of levels.
#
# By hand: `[1, 0, 1, 1]` gives `(1, 3, 2)`. `[1]` gives `(1, 0, 0)`.


# %% id="parity" exercise=true difficulty=1 by_hand="nn data"
def parity_tree(bits):
    """Parity of a list of bits by a tree of XORs: (value, number of XORs, depth), three integers."""
    ### BEGIN SOLUTION
    level, gates, depth = list(bits), 0, 0
    while len(level) > 1:
        above = [a ^ b for a, b in zip(level[::2], level[1::2], strict=False)]
        gates += len(above)
        depth += 1
        level = above + level[2 * len(above) :]
    return level[0], gates, depth
    ### END SOLUTION


# %% [markdown] id="parity-hints" hints="parity"
# - chain: That is a chain, one XOR after the other. Join pairs, so that the number of signals halves at each level.
# - padding: A bit left over needs no gate: it moves up as it is.
# - lost: The bit left over at the end of a level got lost.


# %% id="parity-four" test="parity" points=1
@check.exercise("17-vanishing-gradient/parity")
def four_bits():
    """Four bits"""
    result = check.call(parity_tree, [1, 0, 1, 1], returns=("value", "gates", "depth"))
    check.equal(tuple(result), (1, 3, 2), name="parity_tree([1, 0, 1, 1])", hints={"chain": lambda right: (1, 3, 3)})


# %% id="parity-five" test="parity" points=1
@check.exercise("17-vanishing-gradient/parity")
def five_bits():
    """Five bits: one is left over"""
    result = check.call(parity_tree, [1, 1, 0, 1, 0], returns=("value", "gates", "depth"))
    check.equal(tuple(result[1:]), (4, 3), name="gates and depth", hints={
        "padding": lambda right: (7, 3),
        "lost": lambda right: (3, 2),
    })  # fmt: skip
    check.equal(result[0], 1, name="parity")


# %% id="parity-hidden" test="parity" points=1 hidden=true
@check.exercise("17-vanishing-gradient/parity", hidden=True)
def other_numbers_of_bits():
    """One bit, and other numbers of bits"""
    for n in (1, 2, 3, 6, 8, 9, 31):
        bits = [int(b) for b in check.rng(n).integers(0, 2, n)]
        result = check.call(parity_tree, bits, returns=("value", "gates", "depth"))
        check.equal(tuple(result), (sum(bits) % 2, n - 1, (n - 1).bit_length()), name=f"the result for {n} bits")


# %% [markdown] id="folds"
# ## Networks fold too
#
# For networks there are theorems of the same kind (Montúfar and others, 2014; Telgarsky, 2016). The simplest needs two ReLUs a layer. Together they make a tent, $t(x) = 2r(x) - 4r(x - \frac12)$ on $[0, 1]$, where $r$ is the ReLU. Each further layer folds the line once more, so the number of straight pieces doubles:

# %% id="folds-run"
x = np.linspace(0, 1, 2**12 + 1)
y = x
for depth in range(1, 9):
    y = 2 * np.maximum(y, 0) - 4 * np.maximum(y - 0.5, 0)
    pieces = 1 + np.count_nonzero(np.diff(np.sign(np.diff(y))))
    print(f"{depth} layers, {2 * depth:2} ReLUs: {pieces:3} pieces; a single layer would need {pieces - 1} kinks")

# %% [markdown] id="three-things"
# To be able to represent a function is not yet to learn it. Here are all 256 rows of the parity of eight bits, first learnt with nothing hidden, then with a quarter of the rows held back:

# %% id="three-run"
import math

from dlbook import optim, train


def network(sizes, weight_init, activation, seed=0, bias_init=nn.init.constant):
    """Linear layers with an activation between them, biases zero unless said otherwise; the outputs are logits."""
    rng, modules = np.random.default_rng(seed), []
    for before, after in zip(sizes, sizes[1:], strict=False):
        modules += [nn.Linear(before, after, rng=rng, weight_init=weight_init, bias_init=bias_init), activation()]
    return nn.Sequential(*modules[:-1])


def learn(model, examples, held_out, epochs, lr, optimizer=optim.SGD, batch_size=10):
    """Train by cross-entropy; accuracy on the examples that were held out."""
    train.fit(
        model,
        nn.CrossEntropyLoss(),
        optimizer(model.parameters(), lr),
        examples,
        train.Config(epochs=epochs, batch_size=batch_size),
        rng=np.random.default_rng(1),
        progress=False,
    )
    return train.evaluate(model, None, held_out, {"accuracy": train.accuracy})["accuracy"]


bits = (np.arange(256)[:, None] >> np.arange(8)) & 1
rows, parity = 2.0 * bits - 1, bits.sum(axis=1) % 2
order = np.random.default_rng(0).permutation(256)
seen, hidden_rows = order[:192], order[192:]
for sizes in ([8, 16, 2], [8, 64, 2], [8, 32, 32, 2]):
    settings = dict(epochs=150, lr=0.01, optimizer=optim.Adam, batch_size=32)
    whole = learn(network(sizes, nn.init.kaiming_normal, nn.ReLU), (rows, parity), (rows, parity), **settings)
    model = network(sizes, nn.init.kaiming_normal, nn.ReLU)
    unseen = learn(model, (rows[seen], parity[seen]), (rows[hidden_rows], parity[hidden_rows]), **settings)
    fitted = train.evaluate(model, None, (rows[seen], parity[seen]), {"accuracy": train.accuracy})["accuracy"]
    print(f"{sizes!s:15} the whole table {whole:.2f}; of 192 rows seen {fitted:.2f}, of 64 never seen {unseen:.2f}")

# %% [markdown] id="three-meaning"
# The smallest network misses a tenth of the table, the others learn all of it. All three learn the rows that they may see, but the deepest is right on hardly more than half of the others: it has learnt by heart. To represent, to fit and to generalise are three things, and a theorem about the first says nothing about the other two.
#
# ## More layers, worse results
#
# So let us use depth. The book trains MNIST networks of 30 hidden neurons a layer and reports 96.48 %, 96.90 % and 96.57 % for one, two and three hidden layers. The number for four was lost in translation: 96.53 % in Nielsen's text. These are single runs, and differences of a few tenths of a point between single runs mean nothing. On the small digits, over a shorter time, the matter is plainer:

# %% id="deeper-run"
digits = data.digits()
training, test = (digits.x_train, digits.y_train), (digits.x_test, digits.y_test)
for hidden in (1, 2, 3, 4):
    sizes = [64] + [30] * hidden + [10]
    by_start = {
        name: [
            learn(network(sizes, weight_init, nn.Sigmoid, seed, nn.init.normal), training, test, 8, 0.3)
            for seed in range(2)
        ]
        for name, weight_init in (("1/√n", nn.init.lecun_normal), ("N(0, 1)", nn.init.normal))
    }
    parts = [
        f"{name} {low:.3f} to {high:.3f}"
        for name, (low, high) in zip(by_start, map(sorted, by_start.values()), strict=True)
    ]
    print(f"{hidden} hidden layers: " + ";  ".join(parts))

# %% [markdown] id="deeper-meaning"
# With the good start of chapter 12 the sigmoid network gets worse with depth, until with four hidden layers it guesses. Curiously the bad start, $N(0,1)$, does better here. We shall see why.
#
# The book says that extra layers could at worst do nothing. Not with sigmoids: such a layer cannot be the identity exactly, only nearly, with small weights and a rescaling afterwards. Keep this thought. It is the idea behind the residual connection at the end of the page.
#
# ## How fast does each layer learn?
#
# The gradient of a bias, $\partial C/\partial b^l_j = \delta^l_j$, says how fast that bias moves, and through backpropagation how fast the weights into that neuron move. The length of the vector, $\lVert\delta^l\rVert$, is the *speed* of layer $l$. (In the book's text the bars are lost, and a "$\delta\delta^1$" is left.)
#
# Over a batch there are two lengths to choose from. We take the gradient that the optimiser uses, the *mean* over the examples, and then its length.

# %% [markdown] id="speed-question" question="predict"
# A network with four hidden layers of 30 sigmoids starts from $1/\sqrt n$. By what factor is the first hidden layer slower than the last, before any training?
#
# - [ ] about 4: that is a loss for one layer, and three layers lie between.
# - [ ] about 16: the bound of the book is ¼ a factor, for weights of 1, and two factors.
# - [x] about 100: each layer costs a factor of about 5, and $5^3 = 125$.


# %% id="sigmoid" given=true
def sigmoid(z):
    """1 / (1 + exp(-z)), written so that no z overflows: σ(z) = ½ tanh(z / 2) + ½."""
    return 0.5 * np.tanh(0.5 * z) + 0.5


def softmax_cost(weights, biases, x, y):
    """Mean cross-entropy of a network of sigmoid layers and a softmax output: x (N, D), labels y (N,)."""
    a = x
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        a = sigmoid(a @ W.T + b)
    z = a @ weights[-1].T + biases[-1]
    z = z - z.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(x)), y]))


# %% id="speeds-run"
def linears(model):
    """The linear layers of a network, those inside residual connections too."""
    return [module for module in model.modules() if isinstance(module, nn.Linear)]


def speeds(model, x, y, loss=nn.CrossEntropyLoss):
    """‖∂C/∂b‖ of each hidden linear layer, for the batch x, y."""
    model.zero_grad()
    output, memory = model.forward(x)
    cost = loss()
    _, cost_memory = cost.forward(output, y)
    model.backward(cost.backward(1.0, cost_memory), memory)
    return np.array([np.linalg.norm(layer.bias.grad) for layer in linears(model)[:-1]])


few = (digits.x_train[:1000], digits.y_train[:1000])
for name, weight_init in (("1/√n", nn.init.lecun_normal), ("N(0, 1)", nn.init.normal)):
    for hidden in (2, 3, 4):
        sizes = [64] + [30] * hidden + [10]
        runs = [speeds(network(sizes, weight_init, nn.Sigmoid, seed, nn.init.normal), *few) for seed in range(20)]
        print(f"{name:8} {hidden} hidden layers:", " ".join(f"{speed:.4f}" for speed in np.median(runs, axis=0)))

# The book's outputs are ten sigmoids; our loss is a mean over them, the book's a sum.
one_hot = np.eye(10)[few[1]]
for hidden in (2, 3, 4):
    sizes = [64] + [30] * hidden + [10]
    models = [network(sizes, nn.init.lecun_normal, nn.Sigmoid, seed, nn.init.normal) for seed in range(20)]
    runs = [10 * speeds(model, few[0], one_hot, nn.BCEWithLogitsLoss) for model in models]
    print(f"sigmoid outputs, {hidden} hidden layers:", " ".join(f"{speed:.4f}" for speed in np.median(runs, axis=0)))

# %% [markdown] id="speeds-meaning"
# Each layer costs a factor of about 5, so with four hidden layers the first is over a hundred times slower than the last. The book found 0.07 and 0.31 on MNIST with two hidden layers; 0.012, 0.060 and 0.283 with three; 0.003, 0.017, 0.070 and 0.285 with four. Its outputs are sigmoids, whose errors are larger at the start than those of a softmax. With such outputs our speeds are nearly the book's, on other data: they are a property of the network. With $N(0, 1)$ the loss for each layer is far smaller.
#
# Is a small gradient perhaps good news, a sign that the first layer has little to learn? No. Its weights are random, so it has thrown away much of what the image says, and no later layer can bring that back.
#
# The book's picture shows the first six neurons of both hidden layers. Here it is, with the speeds during 500 steps of gradient descent on the full thousand images:


# %% id="curves-run"
def speed_curves(hidden, steps, lr):
    """Speed of each hidden layer before each step of full-batch gradient descent: (steps, hidden)."""
    model = network([64] + [30] * hidden + [10], nn.init.lecun_normal, nn.Sigmoid, 0, nn.init.normal)
    optimizer, curves = optim.SGD(model.parameters(), lr), []
    for _ in range(steps):
        curves.append(speeds(model, *few))
        optimizer.step()
    return np.array(curves)


courses = [speed_curves(2, 500, 0.3), speed_curves(4, 500, 0.3)]
model = network([64, 30, 30, 10], nn.init.lecun_normal, nn.Sigmoid, 0, nn.init.normal)
speeds(model, *few)
figure = plots.figure(10, 3.2)
left, *rest = figure.subplots(1, 3)
for number, (colour, hatch) in enumerate(((plots.VERMILION, "///"), (plots.BLUE, None))):
    heights = np.abs(linears(model)[number].bias.grad[:6])
    left.bar(np.arange(6) + 0.4 * number, heights, 0.4, color=colour, hatch=hatch, label=f"hidden layer {number + 1}")
left.set(xlabel="neuron", ylabel="|∂C/∂b|")
left.legend(fontsize=8)
for ax, curves in zip(rest, courses, strict=True):
    for number, curve in enumerate(curves.T):
        ax.semilogy(
            curve, ("-", "--", "-.", ":")[number], color=plots.COLOURS[number], label=f"hidden layer {number + 1}"
        )
    ax.set(xlabel="step", ylabel="speed")
    ax.legend(fontsize=8)
plots.show(
    figure,
    alt="Left: for six neurons of each of two hidden layers, the bars of the second layer are longer. Middle: the speeds of two hidden layers over 500 steps, on a logarithmic scale; both fall steeply and recover, and the first stays below the second. Right: four hidden layers; all speeds fall at once and stay near 0.00003.",
)
for curves in courses:
    for step in (0, 100, 499):
        print(f"{curves.shape[1]} hidden layers, step {step:3}:", " ".join(f"{speed:.5f}" for speed in curves[step]))

# %% [markdown] id="vanishing-named"
# With two hidden layers it is as the book tells it: both speeds fall very fast, then recover, and the first layer stays slower. With four, the book's order holds at the start only. After twenty steps the last layer has learnt how frequent each digit is and gives every image the same answer. Then the *mean* gradient of every bias is nearly zero, for the errors of the images cancel, and the whole network stands still. The late layers suffer from the early ones: as long as the first layer does not move, nothing that tells the images apart reaches them.
#
# This is the **vanishing gradient**. It is not inevitable, as we shall see; the other extreme, the *exploding* gradient, is no better. In recurrent networks (chapter 20), where the same matrix is multiplied again and again, both are the rule.

# %% [markdown] id="layer-speeds-statement" statement="layer-speeds"
# ### Exercise 2: the speed of every layer (5 points)
#
# Write `layer_speeds(weights, biases, x, y)`. `weights[l] (out, in)` and `biases[l] (out,)` belong to a network of sigmoid layers whose last layer is followed by softmax and cross-entropy, averaged over the batch; `x (N, D)`, and `y (N,)` holds the labels. Return an array with the speed $\lVert\partial C/\partial b^l\rVert$ of each *hidden* layer, the first layer first.
#
# 1. Forwards, keep every $a^l = \sigma(a^{l-1}W^{l\top} + b^l)$.
# 2. At the output $\delta^L = (p - \text{one-hot}(y))/N$, one row for each example, with $p$ the softmax.
# 3. Backwards, $\delta^l = (\delta^{l+1}W^{l+1}) \odot a^l \odot (1 - a^l)$.
# 4. $\partial C/\partial b^l$ is the sum of the rows of $\delta^l$.


# %% id="layer-speeds" exercise=true difficulty=2 by_hand="nn data softmax_cost speeds"
def layer_speeds(weights, biases, x, y):
    """Speed ‖∂C/∂b‖ of each hidden layer, for x (N, D), labels y (N,): array (len(weights) - 1,)."""
    ### BEGIN SOLUTION
    outputs = [x]
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        outputs.append(sigmoid(outputs[-1] @ W.T + b))
    z = outputs[-1] @ weights[-1].T + biases[-1]
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    delta = (p - np.eye(z.shape[1])[y]) / len(x)
    found = []
    for W, a in zip(weights[:0:-1], outputs[:0:-1], strict=True):
        delta = delta @ W * a * (1 - a)
        found.append(np.linalg.norm(delta.sum(axis=0)))
    return np.array(found[::-1])
    ### END SOLUTION


# %% [markdown] id="layer-speeds-hints" hints="layer-speeds"
# - norms: This is the mean of the lengths of each example's gradient. Average the gradients first, then take the length.
# - sum: This is the gradient of the sum over the batch. The loss is the mean: divide by N.
# - output: The output layer does not count, only the hidden ones.
# - order: The first layer comes first.
# - slope: Each step back through a sigmoid multiplies by its slope a (1 − a).


# %% id="layer-speeds-two" test="layer-speeds" points=3
@check.exercise("17-vanishing-gradient/layer-speeds")
def two_hidden_layers():
    """Two hidden layers, three examples"""
    sizes = [4, 5, 2, 6]
    weights = [np.cos(1.7 * np.arange(n * m) + n).reshape(m, n) for n, m in zip(sizes, sizes[1:], strict=False)]
    biases = [np.linspace(-0.4, 0.7, m) for m in sizes[1:]]
    x, y = np.sin(0.9 * np.arange(12)).reshape(3, 4), np.array([5, 0, 2])

    def bias_gradient(layer, xs, ys):
        def numeric(j, eps=1e-5):
            shifted = [b.copy() for b in biases]
            shifted[layer][j] += eps
            above = softmax_cost(weights, shifted, xs, ys)
            shifted[layer][j] -= 2 * eps
            return (above - softmax_cost(weights, shifted, xs, ys)) / (2 * eps)

        return np.array([numeric(j) for j in range(len(biases[layer]))])

    every = np.array([np.linalg.norm(bias_gradient(layer, x, y)) for layer in range(3)])
    single = [
        np.mean([np.linalg.norm(bias_gradient(layer, x[i : i + 1], y[i : i + 1])) for i in range(3)])
        for layer in range(2)
    ]
    a = [x]
    for W, b in zip(weights, biases, strict=True):
        a.append(sigmoid(a[-1] @ W.T + b))
    p = np.exp(a[-2] @ weights[-1].T + biases[-1])
    delta = (p / p.sum(axis=1, keepdims=True) - np.eye(6)[y]) / 3
    flat = [
        np.linalg.norm((delta @ weights[2] @ weights[1]).sum(axis=0)),
        np.linalg.norm((delta @ weights[2]).sum(axis=0)),
    ]
    check.close(
        check.call(layer_speeds, weights, biases, x, y, returns=("speeds",)),
        every[:2],
        name="speeds",
        hints={
            "norms": lambda right: np.array(single),
            "sum": lambda right: 3 * right,
            "output": lambda right: every,
            "order": lambda right: right[::-1],
            "slope": lambda right: np.array(flat),
        },
    )


# %% id="layer-speeds-hidden" test="layer-speeds" points=2 hidden=true
@check.exercise("17-vanishing-gradient/layer-speeds", hidden=True)
def other_depths():
    """One example; one to six hidden layers"""
    for hidden, N in [(1, 7), (6, 4), (3, 1)]:
        rng = check.rng(hidden)
        sizes = [5, *(int(n) for n in rng.integers(2, 9, hidden)), 3]
        layers = [
            nn.Linear(n, m, rng=rng, weight_init=nn.init.normal, bias_init=nn.init.normal)
            for n, m in zip(sizes, sizes[1:], strict=False)
        ]
        x, y = rng.normal(size=(N, 5)), rng.integers(0, 3, N)
        model = nn.Sequential(*[m for layer in layers for m in (layer, nn.Sigmoid())][:-1])
        output, memory = model.forward(x)
        _, cost_memory = nn.cross_entropy(output, y)
        model.backward(nn.cross_entropy_backward(1.0, cost_memory), memory)
        got = check.call(
            layer_speeds, [m.weight.data for m in layers], [m.bias.data for m in layers], x, y, returns=("speeds",)
        )
        right = np.array([np.linalg.norm(layer.bias.grad) for layer in layers[:-1]])
        check.close(got, right, name=f"speeds of {hidden} hidden layers", atol=1e-14)


# %% [markdown] id="speed-widget-text"
# ## Try it: layers, starts, activations
#
# Find a sigmoid start that keeps the speeds level over eight layers. Then look at tanh and ReLU.

# %% id="speed-widget" folded=true
ACTIVATIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "ReLU": nn.ReLU}


def measured_speeds(layers, width, gain, activation):
    """Speeds of the hidden layers, and all outputs of each, for weights N(0, gain²/n) and zero biases."""
    model = network(
        [64] + [width] * layers + [10],
        lambda shape, rng: gain * nn.init.lecun_normal(shape, rng),
        ACTIVATIONS[activation],
    )
    a, outputs = few[0][:200], []
    for module in list(model)[:-1]:
        a = module(a)
        if not isinstance(module, nn.Linear):
            outputs.append(a.ravel())
    return {"activation": activation, "speeds": speeds(model, few[0][:200], few[1][:200]), "outputs": outputs}


def speed_figure(result):
    """The speeds as bars on a logarithmic scale, and how the outputs of each layer spread."""
    figure = plots.figure(8, 3.2)
    left, right = figure.subplots(1, 2)
    numbers = np.arange(1, len(result["speeds"]) + 1)
    left.bar(numbers, np.maximum(result["speeds"], 1e-12), color=plots.BLUE)
    left.set(xlabel="hidden layer", ylabel="speed", yscale="log")
    quantiles = np.array([np.quantile(a, (0.05, 0.5, 0.95)) for a in result["outputs"]])
    right.fill_between(numbers, quantiles[:, 0], quantiles[:, 2], color=plots.SKY, alpha=0.5, label="90 % of outputs")
    right.plot(numbers, quantiles[:, 1], "o-", color=plots.BLACK, label="median")
    right.set(xlabel="hidden layer", ylabel="output")
    right.legend()
    return figure


widgets.explore(
    speed_figure,
    dict(
        layers=widgets.Slider(1, 8, 5, label="hidden layers"),
        width=widgets.Slider(5, 60, 30, step=5, label="neurons a layer"),
        gain=widgets.LogSlider(0.2, 20, 1, label="gain g of the start N(0, g²/n)"),
        activation=widgets.Options(list(ACTIVATIONS), label="activation"),
    ),
    compute=measured_speeds,
    alt=lambda result: (
        f"Speeds of {len(result['speeds'])} hidden layers with {result['activation']}: {result['speeds'][0]:.1e} in the first, {result['speeds'][-1]:.1e} in the last. Beside them the range of each layer's outputs."
    ),
    table=lambda result: [
        {"hidden layer": number + 1, "speed": f"{speed:.2e}"} for number, speed in enumerate(result["speeds"])
    ],
    title="How fast does each layer learn?",
)

# %% [markdown] id="chain-text"
# ## Why: a product
#
# The simplest deep network has one neuron a layer: $z_l = w_l a_{l-1} + b_l$ and $a_l = \sigma(z_l)$. Give $b_1$ a small push $\Delta b_1$ and follow it. It moves $a_1$ by $\sigma'(z_1)\,\Delta b_1$. That moves $z_2$ by $w_2$ times as much, $a_2$ by $\sigma'(z_2)$ times that, and so on to the cost. Divide by $\Delta b_1$, for four layers:
#
# $$\frac{\partial C}{\partial b_1} = \sigma'(z_1)\; w_2\sigma'(z_2)\; w_3\sigma'(z_3)\; w_4\sigma'(z_4)\; \frac{\partial C}{\partial a_4}
# \qquad\text{and for any layer}\qquad \frac{\partial C}{\partial b_l} = \sigma'(z_l)\prod_{j>l} w_j\sigma'(z_j)\;\frac{\partial C}{\partial a_L}$$
#
# **A slip of the book**: it says that the product has one weight for each weight in the network. It has not. $w_1$ is missing, for the push enters behind it.
#
# The slope $\sigma'$ is at most ¼, at $z = 0$. If $|w_j| \le 1$, every further layer costs a factor of 4 at least, and two layers 16.

# %% [markdown] id="chain-statement" statement="chain"
# ### Exercise 3: the gradients of a chain (5 points)
#
# Write `chain_bias_grads(w, b, a0, dC_da)`. `w (L,)` and `b (L,)` are the weights and biases of a chain of `L` sigmoid neurons, `a0` is its input and `dC_da` the derivative of the cost with respect to the last output, a number. Return $\partial C/\partial b_l$ for every layer, an array `(L,)`.
#
# The last entry is $\sigma'(z_L)\cdot$ `dC_da`. From there go backwards. With `w = [1, 2]`, `b = [0, −1]`, `a0 = 0` and `dC_da = 4`, every sum is 0, and the result is `[0.5, 1]`.


# %% id="chain-forward" given=true
def chain_output(w, b, a0):
    """Last output of a chain of sigmoid neurons."""
    a = a0
    for weight, bias in zip(w, b, strict=True):
        a = sigmoid(weight * a + bias)
    return float(a)


# %% id="chain" exercise=true difficulty=2 by_hand="nn data chain_output"
def chain_bias_grads(w, b, a0, dC_da):
    """∂C/∂b of each neuron of a chain: w (L,), b (L,), numbers a0 and dC_da -> (L,)."""
    ### BEGIN SOLUTION
    slopes, a = np.empty(len(w)), a0
    for layer in range(len(w)):
        a = sigmoid(w[layer] * a + b[layer])
        slopes[layer] = a * (1 - a)
    grads = np.empty(len(w))
    upstream = dC_da
    for layer in reversed(range(len(w))):
        grads[layer] = slopes[layer] * upstream
        upstream = w[layer] * grads[layer]
    return grads
    ### END SOLUTION


# %% [markdown] id="chain-hints" hints="chain"
# - own-weight: The weight of a neuron does not appear in the gradient of its own bias, only the weights behind it.
# - own-slope: The slope of the neuron itself belongs into the product too.
# - shift: On the way back from layer j the gradient passes through w_j, the weight into layer j.
# - twice: This is σ′ taken at a. The slope at z is a (1 − a).
# - cost: The derivative of the cost, dC_da, is missing.


# %% id="chain-last" test="chain" points=1
@check.exercise("17-vanishing-gradient/chain")
def one_neuron():
    """A single neuron"""
    a = 1 / (1 + np.exp(-0.5))
    check.close(
        check.call(chain_bias_grads, np.array([2.0]), np.array([-0.5]), 0.5, 3.0, returns=("grads",)),
        np.array([3 * a * (1 - a)]),
        name="grads",
        hints={
            "own-weight": lambda right: 2 * right,
            "twice": lambda right: np.array([3 * sigmoid(a) * (1 - sigmoid(a))]),
            "own-slope": lambda right: np.array([3.0]),
            "cost": lambda right: right / 3,
        },
    )


# %% id="chain-four" test="chain" points=2
@check.exercise("17-vanishing-gradient/chain")
def four_neurons():
    """Four neurons"""
    w, b, a0, dC_da = np.array([0.8, -1.6, 2.1, 0.5]), np.array([-0.2, 0.9, -0.7, 0.3]), 0.6, -1.4
    right, shifted = np.empty(4), np.empty(4)
    a, slopes = a0, []
    for weight, bias in zip(w, b, strict=True):
        a = sigmoid(weight * a + bias)
        slopes.append(a * (1 - a))
    for layer in range(4):
        right[layer] = dC_da * np.prod(slopes[layer:]) * np.prod(w[layer + 1 :])
        shifted[layer] = dC_da * np.prod(slopes[layer:]) * np.prod(w[layer:-1])
    check.close(
        check.call(chain_bias_grads, w, b, a0, dC_da, returns=("grads",)),
        right,
        name="grads",
        hints={"shift": lambda right: shifted},
    )


# %% id="chain-hidden" test="chain" points=2 hidden=true
@check.exercise("17-vanishing-gradient/chain", hidden=True)
def against_differences_and_deep():
    """Against numerical gradients, and thirty neurons deep"""
    rng = check.rng(17)
    for L in (1, 3, 6):
        w, b = 2 * rng.normal(size=L), rng.normal(size=L)
        grads = check.call(chain_bias_grads, w, b, 0.7, 1.9, returns=("grads",))
        check.gradient(lambda v, w=w: 1.9 * chain_output(w, v, 0.7), grads, b, name=f"grads for L = {L}")
    w, b = rng.normal(size=30), rng.normal(size=30)
    right, a, slopes = np.empty(30), 0.2, []
    for weight, bias in zip(w, b, strict=True):
        a = sigmoid(weight * a + bias)
        slopes.append(a * (1 - a))
    for layer in range(30):
        right[layer] = np.prod(slopes[layer:]) * np.prod(w[layer + 1 :])
    got = check.call(chain_bias_grads, w, b, 0.2, 1.0, returns=("grads",))
    check.shape(got, (30,), name="grads for L = 30")
    check.close(got / right, np.ones(30), name="grads for L = 30, over the right ones")


# %% [markdown] id="factors"
# ## How much does a layer cost?
#
# With $w$ and $z$ from $N(0, 1)$ the factor $|w\sigma'(z)|$ is *usually* below ¼, says the book. How usually?

# %% id="factors-run"
rng = np.random.default_rng(0)
w, z = rng.normal(size=(2, 1_000_000))
factor = np.abs(w) * sigmoid(z) * (1 - sigmoid(z))
print(f"|w| < 1: {np.mean(np.abs(w) < 1):.2f}   factor below 1/4: {np.mean(factor < 0.25):.2f}")
typical = np.exp(np.mean(np.log(factor)))
print(f"geometric mean {typical:.3f}, root mean square {np.sqrt(np.mean(factor**2)):.3f}")
print(f"typical loss over two layers: 1/{1 / typical**2:.0f}")

depths = np.arange(1, 31)
gradients = np.empty((30, 1000))
for depth in depths:
    w, b = rng.normal(size=(2, depth, 1000))
    a, gradient = rng.normal(size=1000), np.ones(1000)
    for layer in range(depth):
        a = sigmoid(w[layer] * a + b[layer])
        gradient *= a * (1 - a) * (w[layer] if layer else 1)
    gradients[depth - 1] = np.abs(gradient)
figure = plots.figure(7, 3.6)
ax = figure.subplots()
low, middle, high = np.quantile(gradients, (0.05, 0.5, 0.95), axis=1)
ax.fill_between(depths, low, high, color=plots.SKY, alpha=0.4, label="90 % of 1,000 chains")
ax.semilogy(depths, middle, "o", color=plots.BLUE, markersize=4, label="median")
ax.semilogy(depths, 0.25**depths, "--", color=plots.VERMILION, label="4 to the power −L")
ax.semilogy(depths, 0.25 * typical ** (depths - 1.0), ":", color=plots.BLACK, label="the geometric mean to that power")
ax.set(xlabel="layers L", ylabel="|∂a$_L$/∂b$_1$|")
ax.legend(fontsize=8)
plots.show(
    figure,
    alt="Gradient of the first bias against depth, one to thirty layers, logarithmic: the median of a thousand random chains falls along the line of the geometric mean, much steeper than four to the minus L.",
)

# %% [markdown] id="factors-meaning"
# In 77 cases of 100. The typical factor is not ¼ but about a tenth: ¼ is the bound for weights up to 1, with every slope at its best.
#
# Now a look at the chain from the inside. The bars are the factors of $\partial C/\partial b_1$, the points the gradients of all four biases.

# %% id="chain-widget" folded=true


def chain_numbers(w, b):
    """Slopes of a chain of four with input 1, the factors w σ′ and the bias gradients for ∂C/∂a_4 = 1."""
    a, slopes = 1.0, []
    for bias in (b, b, b, b):
        a = sigmoid(w * a + bias)
        slopes.append(float(a * (1 - a)))
    factors = [slopes[0], *(w * slope for slope in slopes[1:])]
    gradients = [slopes[layer] * float(np.prod([w * s for s in slopes[layer + 1 :]])) for layer in range(4)]
    return [
        {"layer": layer + 1, "factor": factors[layer], "gradient of its bias": gradients[layer]} for layer in range(4)
    ]


def chain_figure(w, b):
    """Factors as bars, bias gradients as points."""
    rows = chain_numbers(w, b)
    layers = [row["layer"] for row in rows]
    figure = plots.figure(8, 3)
    left, right = figure.subplots(1, 2)
    factors = [abs(row["factor"]) for row in rows]
    left.bar(layers, factors, color=[plots.VERMILION if f < 1 else plots.GREEN for f in factors])
    left.axhline(1, color=plots.BLACK, linestyle="--")
    left.set(xlabel="layer", ylabel="factor (layer 1: σ′ alone)", xticks=layers)
    right.semilogy(layers, [max(abs(row["gradient of its bias"]), 1e-12) for row in rows], "o-", color=plots.BLUE)
    right.set(xlabel="layer", ylabel="|∂C/∂b|", xticks=layers)
    return figure


widgets.explore(
    chain_figure,
    dict(
        w=widgets.Slider(-20.0, 20.0, 1.0, step=0.5, label="every weight w"),
        b=widgets.Slider(-12.0, 12.0, 0.0, step=0.5, label="every bias b"),
    ),
    alt=lambda w, b: (
        f"Four factors for w = {w:g} and b = {b:g}, and the gradients of the biases: {abs(chain_numbers(w, b)[0]['gradient of its bias']):.1e} in the first layer, {abs(chain_numbers(w, b)[-1]['gradient of its bias']):.1e} in the last."
    ),
    table=lambda w, b: [
        {key: float(f"{value:.3g}") if key != "layer" else value for key, value in row.items()}
        for row in chain_numbers(w, b)
    ],
    title="A chain of four",
)

# %% [markdown] id="exploding-text"
# ## The other extreme: exploding
#
# Make every factor large. Take $w = 100$ everywhere, and biases for which every $z_l$ is 0, so that $\sigma'$ is ¼. Every factor is then 25. The book gives $b_1 = -100\,a_0$, "and similarly for the others". Similarly is too little: behind the first neuron every $a_l$ is $\sigma(0) = \frac12$.

# %% [markdown] id="exploding-statement" statement="exploding"
# ### Exercise 4: biases that make it explode (2 points)
#
# Write `exploding_biases(w, a0)`: for weights `w (L,)` and input `a0` of a sigmoid chain, the biases `(L,)` for which every $z_l$ is 0.


# %% id="exploding" exercise=true difficulty=1 by_hand="nn data"
def exploding_biases(w, a0):
    """Biases (L,) that make every z of the chain 0, for weights w (L,) and input a0."""
    ### BEGIN SOLUTION
    b = -w / 2
    b[0] = -w[0] * a0
    return b
    ### END SOLUTION


# %% [markdown] id="exploding-hints" hints="exploding"
# - input: Only the first neuron sees a0. Which output does a neuron with z = 0 pass on?
# - half: Only the neurons behind the first get ½ as their input. The first gets a0.
# - sign: The bias has to cancel w a, not to double it.


# %% id="exploding-visible" test="exploding" points=1
@check.exercise("17-vanishing-gradient/exploding")
def weights_of_a_chain():
    """Four weights"""
    w = np.array([100.0, 60.0, -80.0, 90.0])
    check.close(
        check.call(exploding_biases, w, 0.9, returns=("b",)),
        np.array([-90.0, -30.0, 40.0, -45.0]),
        name="b",
        hints={"input": lambda right: -w * 0.9, "half": lambda right: -w / 2, "sign": lambda right: -right},
    )


# %% id="exploding-hidden" test="exploding" points=1 hidden=true
@check.exercise("17-vanishing-gradient/exploding", hidden=True)
def other_chains():
    """Every z is 0, for one neuron and for eight"""
    for L, a0 in [(1, -0.3), (8, 1.7)]:
        w = 40 * check.rng(L).normal(size=L)
        b = check.call(exploding_biases, w, a0, returns=("b",))
        check.shape(b, (L,), name=f"b for L = {L}")
        inputs = np.append(a0, np.full(L - 1, 0.5))
        check.close(w * inputs + b, np.zeros(L), name=f"z for L = {L}")


# %% id="exploding-run"
w, b = np.full(4, 100.0), np.array([-100.0, -50.0, -50.0, -50.0])
for a0 in (1.0, 1.001, 1.1):
    a, slopes = a0, []
    for weight, bias in zip(w, b, strict=True):
        z = weight * a + bias
        a = sigmoid(z)
        slopes.append(np.exp(-abs(z)) / (1 + np.exp(-abs(z))) ** 2)  # a (1 - a) would round to 0
    gradients = [slopes[layer] * np.prod(slopes[layer + 1 :] * w[layer + 1 :]) for layer in range(4)]
    print(f"a0 = {a0:<5}", " ".join(f"{gradient:10.2e}" for gradient in gradients))

# %% [markdown] id="exploding-meaning"
# With $a_0 = 1$ the gradient grows by 25 a layer on its way to the front. Now change the input by a thousandth: it *vanishes*, almost beyond measure. The explosion of a sigmoid chain balances on a needle.
#
# Why? The weight enters twice, in $w$ and inside $\sigma'(wa + b)$. A large weight soon moves $wa + b$ away from 0, and there the slope is tiny. (The book says that this puts us *outside* the wings of $\sigma'$. It puts us *into* the wings.) For $|w\sigma'(wa+b)| \ge 1$ one needs $|w| \ge 4$, and then $a$ must lie in an interval of width
#
# $$\frac{2}{|w|}\ln\left(\frac{|w|\,(1+\sqrt{1-4/|w|})}{2}-1\right)$$

# %% id="width-run"


def good_width(w):
    """Width of the interval of inputs a with |w σ′(w a + b)| ≥ 1; 0 for |w| ≤ 4."""
    w = abs(w)
    return 0.0 if w <= 4 else 2 / w * math.log(w * (1 + math.sqrt(1 - 4 / w)) / 2 - 1)


grid = np.linspace(-1, 1, 200_001)
for w in (3, 5, 6.894, 10, 100):
    slope = sigmoid(w * grid) * (1 - sigmoid(w * grid))
    print(f"w = {w:<6} formula {good_width(w):.4f}   counted on a grid {2 * np.mean(w * slope >= 1):.4f}")
tried = np.linspace(4.01, 40, 36_000)
widest = max(tried, key=good_width)
print(f"widest at w = {widest:.3f}: {good_width(widest):.4f}")

# %% [markdown] id="width-meaning"
# However the weight is chosen, the inputs of the neuron must stay within less than half a unit. That is why vanishing is the rule for sigmoids. Move the weight and see the window open and close:

# %% id="width-widget" folded=true


def window_figure(w, b):
    """|w σ′(w a + b)| against a, shaded where it is at least 1."""
    a = np.linspace(-1, 2, 1201)
    value = abs(w) * sigmoid(w * a + b) * (1 - sigmoid(w * a + b))
    figure = plots.figure(7, 3)
    ax = figure.subplots()
    ax.plot(a, value, color=plots.BLUE)
    ax.axhline(1, color=plots.BLACK, linestyle="--")
    ax.fill_between(a, 0, value, where=value >= 1, color=plots.GREEN, alpha=0.4, hatch="///")
    ax.set(xlabel="input a", ylabel="|w σ′(w a + b)|", ylim=(0, max(1.2, abs(w) / 4 + 0.1)))
    return figure


widgets.explore(
    window_figure,
    dict(
        w=widgets.Slider(0.5, 40.0, 6.9, step=0.1, label="weight w"),
        b=widgets.Slider(-20.0, 20.0, -3.5, step=0.5, label="bias b"),
    ),
    alt=lambda w, b: (
        f"The factor against the input for w = {w:g}, b = {b:g}: at least 1 on a window of width {good_width(w):.3f}."
    ),
    table=lambda w, b: {"widest possible factor w/4": round(w / 4, 3), "width of the window": round(good_width(w), 4)},
    title="Where does the gradient not shrink?",
)

# %% [markdown] id="matrices"
# ## The same with matrices
#
# In a whole network the factors become matrices. With $\Sigma'(z)$ for the diagonal matrix of the slopes,
#
# $$\delta^l = \Sigma'(z^l)\,W^{l+1\top}\,\Sigma'(z^{l+1})\,W^{l+2\top}\cdots\Sigma'(z^L)\,\nabla_a C$$
#
# How much can one pair $\Sigma'(z^l)W^{l+1\top}$ stretch a vector? The slopes at most by ¼, the matrix at most by its largest singular value $\lVert W\rVert_2$. For sigmoid layers, then,
#
# $$\lVert\delta^l\rVert \le \tfrac14\lVert W^{l+1}\rVert_2\,\lVert\delta^{l+1}\rVert$$
#
# **Which start does the argument hold for?** The book argues with weights from $N(0,1)$, but measured speeds with $1/\sqrt n$, as we did:

# %% id="norms-run"
for name, weight_init in (("N(0, 1)", nn.init.normal), ("1/√n", nn.init.lecun_normal)):
    norms = [np.linalg.norm(weight_init((30, 30), np.random.default_rng(seed)), 2) / 4 for seed in range(50)]
    print(f"{name:8} largest stretching of a layer of 30, {np.mean(norms):.2f}")

# %% [markdown] id="norms-meaning"
# A chain of single neurons with weights from $N(0, 1)$ vanishes; thirty neurons a layer with the same weights need not, for many terms add up. It is the better start, $1/\sqrt n$, with which every layer *must* lose at least half. This is why the bad start did better above, and why "LeCun for everything" is no cure.

# %% [markdown] id="bound-statement" statement="bound"
# ### Exercise 5: an upper bound for every layer (3 points)
#
# Write `speed_bounds(weights, last)`. `weights` are the matrices $W^1 \dots W^L$ of a sigmoid network with softmax output, and `last` is $\lVert\delta^L\rVert$, the length at the output. Return the bounds of $\lVert\delta^1\rVert \dots \lVert\delta^{L-1}\rVert$ that follow from the inequality, an array `(L − 1,)`. `np.linalg.norm(W, 2)` is the largest singular value.
#
# By hand: `weights = [[[5]], [[8]], [[2]]]` and `last = 1` give `[1, 0.5]`.


# %% id="bound" exercise=true difficulty=2 by_hand="nn data"
def speed_bounds(weights, last):
    """Upper bounds of ‖δ‖ in the hidden layers: L matrices (out, in) and ‖δ^L‖ -> (L - 1,)."""
    ### BEGIN SOLUTION
    bounds = []
    for W in weights[:0:-1]:
        last = last * np.linalg.norm(W, 2) / 4
        bounds.append(last)
    return np.array(bounds[::-1])
    ### END SOLUTION


# %% [markdown] id="bound-hints" hints="bound"
# - frobenius: `np.linalg.norm(W)` is the root of the sum of squares, too large a bound. The largest singular value is `np.linalg.norm(W, 2)`.
# - quarter: Each step back also passes the slopes, which are at most ¼.
# - own: The matrix on the way from layer l + 1 back to l is the one of layer l + 1. That of the first layer does not appear.
# - order: The first layer comes first.


# %% id="bound-visible" test="bound" points=2
@check.exercise("17-vanishing-gradient/bound")
def three_layers():
    """Four layers of different widths"""
    sizes = [3, 5, 4, 2, 6]
    weights = [np.cos(0.8 * np.arange(n * m) + m).reshape(m, n) for n, m in zip(sizes, sizes[1:], strict=False)]
    largest = np.array([np.sqrt(np.linalg.eigvalsh(W @ W.T)[-1]) for W in weights])
    length = np.array([np.sqrt(np.sum(W**2)) for W in weights])

    def backwards(factors):
        return 0.7 * np.cumprod(factors[::-1])[::-1]

    check.close(
        check.call(speed_bounds, weights, 0.7, returns=("bounds",)),
        backwards(largest[1:] / 4),
        name="bounds",
        hints={
            "frobenius": lambda right: backwards(length[1:] / 4),
            "quarter": lambda right: backwards(largest[1:]),
            "own": lambda right: backwards(largest[:-1] / 4),
            "order": lambda right: right[::-1],
        },
    )


# %% id="bound-hidden" test="bound" points=1 hidden=true
@check.exercise("17-vanishing-gradient/bound", hidden=True)
def scaled_orthogonal_layers():
    """Two layers, and eight"""
    for L in (2, 8):
        scales = check.rng(L).uniform(0.5, 6, L)
        weights = [s * nn.init.orthogonal((7, 7), check.rng(L + 50)) for s in scales]
        right = 1.3 * np.cumprod(scales[:0:-1] / 4)[::-1]
        check.close(check.call(speed_bounds, weights, 1.3, returns=("bounds",)), right, name=f"bounds for L = {L}")


# %% [markdown] id="map-text"
# What depth and start do together, measured. Each field is the logarithm of the first layer's speed over the last's:

# %% id="map-run"
figure = plots.figure(9, 3.2)
gains, hidden_layers = 2.0 ** np.arange(-1, 5), (2, 4, 6, 8, 10)
for ax, (name, activation) in zip(figure.subplots(1, 3, sharey=True), ACTIVATIONS.items(), strict=True):
    field = np.empty((len(hidden_layers), len(gains)))
    for row, hidden in enumerate(hidden_layers):
        for column, gain in enumerate(gains):
            model = network(
                [64] + [30] * hidden + [10],
                lambda shape, rng, gain=gain: gain * nn.init.lecun_normal(shape, rng),
                activation,
            )
            found = speeds(model, few[0][:100], few[1][:100])
            field[row, column] = np.log10(found[0] / found[-1])
    ax.imshow(field, cmap=plots.DIVERGING, vmin=-8, vmax=8, aspect="auto", origin="lower")
    for row, column in np.ndindex(field.shape):
        ax.text(
            column,
            row,
            f"{field[row, column] + 0.0:.0f}".replace("-0", "0"),
            ha="center",
            va="center",
            fontsize=8,
            color="white" if abs(field[row, column]) > 4.5 else plots.BLACK,
        )
    ax.set_title(name)
    ax.set(xlabel="gain", xticks=range(len(gains)), xticklabels=[f"{g:g}" for g in gains])
    ax.set_yticks(range(len(hidden_layers)), hidden_layers)
    ax.grid(False)
    if name == "sigmoid":
        ax.set_ylabel("hidden layers")
plots.show(
    figure,
    alt="Three maps of depth against gain. For sigmoid the first layer is slower by powers of ten at small gains, nearly level at gains of 8 and 16. Tanh is level near gain 1 and ReLU near gain 1 to 2; above, their gradients explode with depth.",
)

# %% [markdown] id="cures"
# ## The cures, in one place
#
# The book names obstacles and leaves the cures scattered: ReLU in a list of its chapter 8, clipping in chapter 53, residual connections and normalisation inside the transformer, Glorot's and He's starts nowhere. Here they are on one network: ten hidden layers of 30, four epochs on the digits, every number the test accuracy of one seed, and in brackets the first layer's speed over the last's before training.

# %% id="cures-run"
starts = {
    "N(0, 1)": nn.init.normal,
    "1/√n": nn.init.lecun_normal,
    "Glorot": nn.init.xavier_normal,
    "He": nn.init.kaiming_normal,
}
deep = [64] + [30] * 10 + [10]
for name, activation in ACTIVATIONS.items():
    cells = []
    for start, weight_init in starts.items():
        model = network(deep, weight_init, activation)
        found = speeds(model, digits.x_train[:100], digits.y_train[:100])
        with np.errstate(all="ignore"):  # what explodes overflows
            accuracy = learn(model, training, test, 4, 0.08)
        cells.append(f"{start} {accuracy:.2f} ({found[0] / found[-1]:.0e})")
    print(f"{name:8}" + "  ".join(cells))

# %% [markdown] id="cures-meaning"
# Two lessons. A sigmoid with zero-mean starts of the usual size does not learn in ten layers, and $N(0,1)$ makes tanh and ReLU explode. With a start that suits the activation, tanh and ReLU learn, ReLU still slowly after so few epochs. Differences of a few hundredths between single runs mean nothing here either.
#
# ## Two ways round the product
#
# **Normalisation.** Batch normalisation brings the sums of every neuron to mean 0 and variance 1 over the batch, at every step and not only at the start. A small $W$ is made up for at once, since the division by the spread of $z$ is part of the factor.
#
# **Residual connections.** Let a layer compute a *change* and add it: $y = x + F(x)$. Backwards, $dx = dy + F'^{\top}dy$. The 1 of the identity stands beside the product instead of in it, so the gradient arrives even if $F$ passes nothing on. This is the "do nothing" of the book's argument, now exact: with $F = 0$.

# %% id="fixes-run"


def block_network(activation, weight_init, kind, branch=1.0, hidden=10, width=30):
    """Ten hidden layers; kind "plain", "batch norm" or "residual". branch: a factor on the weights of each branch."""
    rng, modules = np.random.default_rng(0), []
    sizes = [64] + [width] * hidden
    for number, (before, after) in enumerate(zip(sizes, sizes[1:], strict=False)):
        layer = nn.Linear(before, after, rng=rng, weight_init=weight_init, bias_init=nn.init.constant)
        if kind == "batch norm":
            modules += [layer, nn.BatchNorm1d(after), activation()]
        elif kind == "residual" and number:
            layer.weight.data = branch * layer.weight.data
            modules.append(nn.Residual(nn.Sequential(layer, activation())))
        else:
            modules += [layer, activation()]
    modules.append(nn.Linear(width, 10, rng=rng, weight_init=weight_init, bias_init=nn.init.constant))
    return nn.Sequential(*modules)


suited = {
    "sigmoid": (nn.Sigmoid, nn.init.lecun_normal),
    "tanh": (nn.Tanh, nn.init.xavier_normal),
    "ReLU": (nn.ReLU, nn.init.kaiming_normal),
}
for name, (activation, weight_init) in suited.items():
    for kind, branch in (("plain", 1.0), ("batch norm", 1.0), ("residual", 1.0), ("residual", 0.1)):
        model = block_network(activation, weight_init, kind, branch)
        found = speeds(model, digits.x_train[:100], digits.y_train[:100])
        spread = np.std(model[: len(model) - 1](digits.x_train[:100]))
        with np.errstate(all="ignore"):
            accuracy = learn(model, training, test, 4, 0.08)
        label = kind if branch == 1 else "residual, branch × 0.1"
        print(
            f"{name:8} {label:23} accuracy {accuracy:.3f}   first/last speed {found[0] / found[-1]:8.1e}   sd after ten layers {spread:6.2f}"
        )

# %% [markdown] id="fixes-meaning"
# Batch normalisation rescues the sigmoids, from one digit in ten to over nine. So do residual connections, more slowly.
#
# But look at ReLU with He's start and residual connections of full size: it does not learn at all. Each block *adds* its branch, so the variances add up, and a He branch has the mean square of its input: it doubles in every block, and a ReLU's outputs are never negative, so that they add up further. After ten layers the outputs are about a hundred times as wide as those of the plain network, and the first layer's speed is a hundred times the last's. The cure explodes.
#
# The remedy is a branch that starts small. With a tenth of the weights the same network is the best of the ReLU rows. Fixup (Zhang and others, 2019) and ReZero start the branch at exactly zero; transformers normalise the input of every branch. For tanh, whose branch can never be larger than 1, the full size did no harm.

# %% [markdown] id="residual-statement" statement="residual"
# ### Exercise 6: the gradient of a residual block (5 points)
#
# A fix that always begins as the identity gives the branch a factor $\alpha$ that is learnt and starts at 0 (ReZero; Bachlechner and others, 2021):
#
# $$y = x + \alpha\tanh(xW^\top + b)$$
#
# Write `residual_backward(dy, x, W, b, alpha)` for `x (N, D)`, `W (D, D)`, `b (D,)`, a number `alpha` and the gradient `dy (N, D)` of the loss. Return `dx (N, D)`, `dW (D, D)`, `db (D,)` and the number `dalpha`. Nothing is averaged here: `dy` has that inside.
#
# At $\alpha = 0$ check by thinking: `dx` is `dy`, and `dalpha` is what gets the branch going.


# %% id="residual-forward" given=true
def residual_block(x, W, b, alpha):
    """y = x + alpha tanh(x Wᵀ + b), all of shape (N, D)."""
    return x + alpha * np.tanh(x @ W.T + b)


# %% id="residual" exercise=true difficulty=3 by_hand="nn data residual_block"
def residual_backward(dy, x, W, b, alpha):
    """Gradients of y = x + alpha tanh(x Wᵀ + b): dx (N, D), dW (D, D), db (D,), dalpha, a number."""
    ### BEGIN SOLUTION
    a = np.tanh(x @ W.T + b)
    dz = alpha * dy * (1 - a**2)
    return dy + dz @ W, dz.T @ x, dz.sum(axis=0), float(np.sum(dy * a))
    ### END SOLUTION


# %% [markdown] id="residual-hints" hints="residual"
# - skip: The input reaches y on two ways. The direct one passes dy on as it is.
# - transposed: Forwards W is transposed, backwards it is not.
# - alpha: The branch is multiplied by alpha, and so is the gradient that enters it.
# - slope: Behind tanh its slope 1 − tanh² is missing.
# - mean: The gradients of W and b are sums over the examples: dy already contains the 1/N of the loss.


# %% id="residual-visible" test="residual" points=3
@check.exercise("17-vanishing-gradient/residual")
def four_gradients():
    """All four gradients"""
    x, dy = np.cos(1.1 * np.arange(12)).reshape(4, 3), np.sin(0.7 * np.arange(12) + 0.4).reshape(4, 3)
    W, b, alpha = np.linspace(-0.8, 1.1, 9).reshape(3, 3) ** 3 + 0.2, np.array([0.3, -0.5, 0.1]), 0.6
    dx, dW, db, dalpha = check.call(residual_backward, dy, x, W, b, alpha, returns=("dx", "dW", "db", "dalpha"))
    slope = 1 - np.tanh(x @ W.T + b) ** 2
    check.gradient(lambda v: np.sum(dy * residual_block(v, W, b, alpha)), dx, x, name="dx", hints={
        "skip": lambda right: right - dy,
        "transposed": lambda right: dy + (alpha * dy * slope) @ W.T,
        "alpha": lambda right: dy + (right - dy) / alpha,
        "slope": lambda right: dy + alpha * dy @ W,
    })  # fmt: skip
    check.gradient(lambda v: np.sum(dy * residual_block(x, v, b, alpha)), dW, W, name="dW", hints={
        "mean": lambda right: right / 4,
    })  # fmt: skip
    check.gradient(lambda v: np.sum(dy * residual_block(x, W, v, alpha)), db, b, name="db")
    check.close(dalpha, np.sum(dy * np.tanh(x @ W.T + b)), name="dalpha")


# %% id="residual-hidden" test="residual" points=2 hidden=true
@check.exercise("17-vanishing-gradient/residual", hidden=True)
def one_example_and_the_start():
    """One example, a branch that is switched off, a wide block"""
    for N, D, alpha in [(1, 5, 0.4), (6, 2, 0.0), (3, 9, -1.5)]:
        rng = check.rng(N + D)
        dy, x, W, b = rng.normal(size=(N, D)), rng.normal(size=(N, D)), rng.normal(size=(D, D)), rng.normal(size=D)
        z, linear_memory = nn.linear(x, W, b)
        a, memory = nn.tanh(z)
        back, dW_right, db_right = nn.linear_backward(nn.tanh_backward(alpha * dy, memory), linear_memory)
        dx, dW, db, dalpha = check.call(residual_backward, dy, x, W, b, alpha, returns=("dx", "dW", "db", "dalpha"))
        check.close(dx, dy + back, name=f"dx for N = {N}, α = {alpha}")
        check.close(dW, dW_right, name=f"dW for N = {N}, α = {alpha}")
        check.close(db, db_right, name=f"db for N = {N}, α = {alpha}")
        check.close(dalpha, np.sum(dy * a), name=f"dalpha for N = {N}, α = {alpha}")


# %% [markdown] id="clipping"
# ## Clipping: for what explodes all the same
#
# In a recurrent network one matrix is multiplied by itself again and again. Only its largest eigenvalue decides, and no start keeps it at exactly 1 while it learns. Then the length of the gradient is cut before the step; the direction stays.

# %% id="clipping-run"
rng = np.random.default_rng(0)
matrix = rng.normal(size=(20, 20))
matrix /= np.abs(np.linalg.eigvals(matrix)).max()
for radius in (0.9, 1.0, 1.1):
    gradient = np.linalg.matrix_power(radius * matrix, 100) @ np.ones(20)
    parameter = nn.Parameter(np.zeros(20))
    parameter.accumulate(gradient)
    before = nn.clip_grad_norm_(parameter, 5.0)
    print(
        f"spectral radius {radius}: length after 100 steps {before:9.2e}, clipped {np.linalg.norm(parameter.grad):.2e}"
    )

# %% [markdown] id="clipping-meaning"
# Clipping helps against what is too large. It cannot bring back what has vanished.
#
# | cure | what it does to the product | where it fails |
# |---|---|---|
# | ReLU, tanh instead of sigmoid | slopes of 1 instead of ¼ at most | ReLUs can die; both explode from $N(0,1)$ |
# | Glorot, He, 4 × Glorot for sigmoids | factors near 1 at the start | says nothing about later |
# | batch or layer normalisation | rescales at every step | batch norm with small batches |
# | residual connections | a 1 beside the product | sums grow with depth, unless branches start small or are normalised |
# | clipping | cuts what is too long | not against vanishing |
#
# Glorot and Bengio (2010) found that sigmoids drive the last hidden layer into saturation early in training. Sutskever, Martens, Dahl and Hinton (2013) found that the start and the schedule of the momentum decide much of the rest: chapters 12 and 15.
#
# ## Common mistakes
#
# - **Blaming the learning rate.** A larger $\eta$ speeds up all layers alike, and the last ones diverge before the first ones move.
# - **Adding layers without looking at the gradients.** One line prints their lengths.
# - **A residual branch of full size** in a deep ReLU network, as in the table above.
# - **The activation after the sum** of a residual block. Then the way round is no identity any more.
#
# ## The same in PyTorch
#
# The names are the same: `BatchNorm1d`, `LayerNorm`, `clip_grad_norm_`. A residual block is the line `x + self.branch(x)`.

# %% id="torch-check"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    ours = network([64] + [30] * 4 + [10], nn.init.lecun_normal, nn.Sigmoid, 0, nn.init.normal)
    theirs = torch.nn.Sequential(
        *[
            torch.nn.Linear(m.in_features, m.out_features) if isinstance(m, nn.Linear) else torch.nn.Sigmoid()
            for m in ours
        ]
    ).double()
    theirs.load_state_dict({name: torch.from_numpy(array) for name, array in ours.state_dict().items()})
    torch.nn.functional.cross_entropy(theirs(torch.from_numpy(few[0])), torch.from_numpy(few[1])).backward()
    lengths = [float(m.bias.grad.norm()) for m in theirs if isinstance(m, torch.nn.Linear)][:-1]
    print("torch ", " ".join(f"{length:.6f}" for length in lengths))
    print("dlbook", " ".join(f"{length:.6f}" for length in speeds(ours, *few)))

# %% [markdown] id="gpu"
# A GPU makes deep networks faster, not better conditioned. In float32, and all the more in half precision, tiny gradients become 0 altogether, which is why training in half precision multiplies the loss by a large number first.

# %% [markdown] id="identity-quiz" question="quiz"
# Why does a residual connection help against vanishing?
#
# - [ ] It makes the slopes of the activation larger: they stay as they are.
# - [x] The Jacobian of a block is the identity plus that of the branch, so the gradient arrives even if the branch passes on nothing: dx = dy + …
# - [ ] It reduces the number of layers: the number stays, and with it the number of weights.

# %% [markdown] id="questions"
# ## To think about
#
# 1. In a chain with $w_j = 4$ and every $z_j = 0$, how fast is the first layer compared with the last?
# 2. Why does tanh vanish more slowly than the sigmoid, though it is only a sigmoid rescaled?
# 3. What is the mean square of the sums after ten residual blocks, if every branch has that of its input, and if every branch has a hundredth of it?
#
# <details><summary>Answers</summary>
#
# 1. Equally fast: every factor is $4\cdot\frac14 = 1$.
# 2. $\tanh(z) = 2\sigma(2z) - 1$ has slopes up to 1, four times as large, and its outputs have mean 0.
# 3. $2^{10} = 1024$ times as large; $1.01^{10} = 1.10$ times.
#
# </details>
#
# ## Sources, and what comes next
#
# M. Nielsen, *Neural Networks and Deep Learning* (2015), chapter 5, which the book follows. J. Håstad, *Almost optimal lower bounds for small depth circuits* (1986). S. Hochreiter (1991). X. Glorot and Y. Bengio (2010). I. Sutskever and others (2013). S. Ioffe and C. Szegedy, *Batch normalization* (2015). K. He and others, *Deep residual learning* (2016). M. Telgarsky, *Benefits of depth in neural networks* (2016). H. Zhang and others, *Fixup initialization* (2019). T. Bachlechner and others, *ReZero is all you need* (2021). The book, chapters 33 to 36.
#
# **Next**, chapter 18: layers that know what an image is.
