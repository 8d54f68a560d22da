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
#     title: Activation functions
#     minutes: 120
#     needs: ["03-perceptron"]
#     book: [8]
# ---

# %% [markdown] id="title"
# # Activation functions: the bend in the neuron
#
# **After this page you can** say why a network needs a bend between its sums, write the usual activation functions so
# that no number overflows, derive the slope of each, recognise saturated and dead units, and turn scores into
# probabilities with softmax.
#
# **Time** 45 minutes to read, 75 for the six exercises. **You need** the layer of chapter 03, the derivative of a
# product and of a quotient, and NumPy broadcasting.

# %% id="setup" given=true
import math

import numpy as np

from dlbook import check, data, nn, plots

# %% [markdown] id="small-change"
# ## A small change should make a small difference
#
# A neuron adds up its weighted inputs and bends the sum: $y = g(\sum_i w_i x_i + b)$. Layer after layer does so, from the
# input to the output: that is *forward propagation*. An error found at the output then goes the same way back and
# corrects the weights: *backpropagation*. Both pass through the bend $g$, the activation function.
#
# The perceptron of chapter 03 bends its sum with a step. The book says that a perceptron has no activation function; it has one, the step, and the step
# is the trouble.
#
# Learning is a long series of small corrections. You change one weight a little and want to see whether the output
# becomes a little better. Below, a network of two layers answers one input while a single weight of its first layer
# moves from −2 to 2. One copy of the network uses the step everywhere, the other the sigmoid
# $\sigma(z) = 1/(1 + e^{-z})$. The weights are the same.


# %% id="small-change-run"
def output_as_one_weight_moves(g, moved):
    """Outputs of a 2-3-1 network with activation g, for each value in `moved` of one weight of its first layer."""
    x, answers = np.array([[1.0, 0.6]]), []
    for value in moved:
        first = np.array([[value, 1.0], [1.5, -2.0], [-1.0, 1.2]])
        hidden = g(nn.linear(x, first, np.array([-0.2, 0.1, 0.4]))[0])[0]
        answers.append(g(nn.linear(hidden, np.array([[2.0, -1.5, 1.0]]), np.array([-0.7]))[0])[0].item())
    return np.array(answers)


moved = np.linspace(-2, 2, 401)
steps, smooth = (output_as_one_weight_moves(g, moved) for g in (nn.step, nn.sigmoid))
figure = plots.figure(7, 3)
ax = figure.subplots()
ax.plot(moved, steps, label="step")
ax.plot(moved, smooth, label="sigmoid")
ax.set(xlabel="one weight of the first layer", ylabel="output of the network")
ax.legend()
plots.show(
    figure,
    alt="While one weight moves from −2 to 2, the output of the step network stays at 0, jumps once to 1 and stays; the "
    "output of the sigmoid network rises smoothly.",
)
for w in (-1.0, -0.4, 0.2):
    for name, g in (("step", nn.step), ("sigmoid", nn.sigmoid)):
        before, after = output_as_one_weight_moves(g, [w, w + 0.01])
        print(f"weight {w:+.1f} -> {w + 0.01:+.2f}   {name:8} output {before:.5f} -> {after:.5f}")

# %% [markdown] id="small-change-meaning"
# The step network says nothing for a long time, and then it says everything at once. Nowhere does it tell you in which
# direction to go. With the sigmoid every small change of a weight is answered by a small change of the output, and for
# small changes the two are proportional:
#
# $$\Delta y \approx \sum_j \frac{\partial y}{\partial w_j}\,\Delta w_j + \frac{\partial y}{\partial b}\,\Delta b$$
#
# This is what learning needs: an output that is a *smooth* function of the weights. The derivatives in it are the
# subject of this page, and of the three after it.

# %% id="linearisation"
w, b, x = np.array([0.8, -0.5]), 0.1, np.array([1.0, 2.0])
y = nn.sigmoid(w @ x + b)[0].item()
slope = y * (1 - y)
for size in (1.0, 0.1, 0.01):
    dw, db = size * np.array([0.7, 0.4]), size * -0.3
    true = nn.sigmoid((w + dw) @ x + b + db)[0].item() - y
    linear = slope * (x @ dw + db)
    print(f"changes of size {size:4}: Δy = {true:.6f}, the sum says {linear:.6f}, difference {abs(true - linear):.1e}")

# %% [markdown] id="linearisation-meaning"
# A change ten times smaller makes the error about a hundred times smaller: that is what the sign ≈ promises.

# %% [markdown] id="step-question" question="predict"
# What is the derivative of the step function, which is 1 for $z > 0$ and 0 otherwise?
#
# - [ ] 1 where $z > 0$ and 0 elsewhere: that is the derivative of the ReLU. The step itself does not rise there.
# - [ ] 0 everywhere: nearly. At $z = 0$ it jumps, and there it has no derivative.
# - [x] 0 for every $z \neq 0$, and none at 0: away from the jump the function is flat.

# %% id="step-run"
for h in (1e-1, 1e-3, 1e-5):
    quotient = [(nn.step(z + h)[0] - nn.step(z - h)[0]) / (2 * h) for z in (-1.0, 0.0, 1.0)]
    print(f"h = {h:.0e}: difference quotient at −1, 0, 1:", *(f"{q:g}" for q in quotient))
print("the step at exactly 0:", nn.step(0.0)[0])

# %% [markdown] id="step-meaning"
# The book says that the step's gradient is zero. It is zero beside the jump. At the jump the quotients grow without
# limit, and there is no gradient at all. Neither tells a learning rule anything.
#
# A word on the jump itself. Chapter 8 of the book says that the step is 1 for $z \ge 0$, its chapter 6 says for
# $z > 0$. This course keeps $z > 0$, so the step at 0 is 0.

# %% [markdown] id="collapse-idea"
# ## Why not simply a straight line?
#
# The line $g(z) = az$ is as smooth as one can wish. Put two such layers one after the other, with $a = 1$:
#
# $$W_2\,(W_1 x + b_1) + b_2 = (W_2 W_1)\,x + (W_2 b_1 + b_2)$$
#
# That is one layer, with the weights $W_2 W_1$ and the bias $W_2 b_1 + b_2$. However many you stack, the result is one
# layer that you could have written at once.

# %% id="collapse-run"
rng = np.random.default_rng(0)
deep = nn.Sequential(*[nn.Linear(i, o, rng=rng) for i, o in [(4, 7), (7, 9), (9, 5), (5, 6), (6, 3)]])
W, b = np.eye(4), np.zeros(4)
for layer in deep:
    W, b = layer.weight.data @ W, layer.weight.data @ b + layer.bias.data
x = rng.normal(size=(1000, 4))
print("parameters of five layers:", sum(p.data.size for p in deep.parameters()), "  of one:", W.size + b.size)
print(f"largest difference over 1000 inputs: {np.abs(deep(x) - (x @ W.T + b)).max():.0e}")

# %% [markdown] id="linear-trains"
# The book has a second objection: with a linear activation the derivative is a constant, so the gradient is always the
# same and "the error does not really improve". That is not so. The derivative of the *activation* is constant. The
# gradient of the *error* also contains the error, and it shrinks as the error does. Here is one linear neuron that
# learns by walking down that gradient (chapter 05 explains the walk).

# %% id="linear-trains-run"
rng = np.random.default_rng(1)
x = rng.normal(size=(100, 3))
t = x @ np.array([2.0, -1.0, 0.5]) + 0.3 + rng.normal(0, 0.1, 100)
w, b = np.zeros(3), 0.0
for step in range(101):
    error = x @ w + b - t
    gradient = x.T @ error / 100
    if step in (0, 5, 10, 20, 40, 100):
        print(f"step {step:3}: mean square error {np.mean(error**2):.4f}, gradient {gradient.round(4)}")
    w, b = w - 0.2 * gradient, b - 0.2 * error.mean()
print("weights learnt:", w.round(2), "bias:", round(b, 2))

# %% [markdown] id="linear-trains-meaning"
# The error falls from 5.13 to 0.0076. What is left is the noise in the data, and the gradient has gone to zero. Linear
# models learn perfectly well. The true objection to the line is the collapse: depth buys nothing.

# %% [markdown] id="collapse-statement" statement="collapse"
# ### Exercise 1: many layers in one
#
# Write `collapse_linear(weights, biases)`. Both are lists, first layer first: `weights[l]` has the shape `(out, in)`,
# `biases[l]` the shape `(out,)`. There is no activation between the layers. Return `W, b` of the one layer that gives the
# same output for every input. `W` has the shape (outputs of the last layer, inputs of the first).
#
# Check by hand: `weights = [[[2]], [[3]]]` and `biases = [[1], [4]]` give $3(2x + 1) + 4 = 6x + 7$, so `W = [[6]]` and
# `b = [7]`.


# %% id="collapse" exercise=true difficulty=1 by_hand="nn data"
def collapse_linear(weights, biases):
    """One linear layer W (out, in), b (out,) that equals the stack of weights [(out, in), …], biases [(out,), …]."""
    ### BEGIN SOLUTION
    W, b = weights[0], biases[0]
    for weight, bias in zip(weights[1:], biases[1:], strict=True):
        W, b = weight @ W, weight @ b + bias
    return W, b
    ### END SOLUTION


# %% [markdown] id="collapse-hints" hints="collapse"
# - order: The product stands the wrong way round: the first layer touches x first, so its matrix stands on the right.
# - sum: The biases were only added up: an early bias goes through all later weights, as x does.
# - last: Only the last bias is left: the earlier ones go through the later weights and are added.


# %% id="linear-cases" given=true
def linear_stack(sizes):
    """Weights [(out, in), …] and biases [(out,), …] for these sizes, the same numbers on every machine."""
    layers = list(enumerate(zip(sizes, sizes[1:], strict=False)))
    weights = [np.cos(1.3 * np.arange(o * i) + 2 * l).reshape(o, i) for l, (i, o) in layers]
    return weights, [np.linspace(-0.7, 1.1, o) + l / 5 for l, (_, o) in layers]


def through_the_stack(x, weights, biases):
    """x (N, in) through all layers by dlbook.nn, no activation between them."""
    for W, b in zip(weights, biases, strict=True):
        x = nn.linear(x, W, b)[0]
    return x


# %% id="collapse-weights" test="collapse" points=1
@check.exercise("04-activations/collapse")
def order_of_the_product():
    """The order of the product"""
    weights, biases = linear_stack([3, 3, 3])
    W, _ = check.call(collapse_linear, weights, biases, returns=("W", "b"))
    check.close(W, weights[1] @ weights[0], name="W", hints={"order": lambda right: weights[0] @ weights[1]})


# %% id="collapse-bias" test="collapse" points=2
@check.exercise("04-activations/collapse")
def bias_of_two_layers():
    """The bias of two layers"""
    weights, biases = linear_stack([4, 2, 2])
    _, b = check.call(collapse_linear, weights, biases, returns=("W", "b"))
    right = weights[1] @ biases[0] + biases[1]
    hints = {"sum": lambda right: biases[0] + biases[1], "last": lambda right: biases[1]}
    check.close(b, right, name="b", hints=hints)


# %% id="collapse-hidden" test="collapse" points=2 hidden=true
@check.exercise("04-activations/collapse", hidden=True)
def one_layer_and_four():
    """One layer, and four of different sizes"""
    rng = check.rng(1)
    for sizes in ([4, 3], [5, 2, 7, 1, 3]):
        weights = [rng.normal(size=(o, i)) for i, o in zip(sizes, sizes[1:], strict=False)]
        biases = [rng.normal(size=o) for o in sizes[1:]]
        x = rng.normal(size=(6, sizes[0]))
        W, b = check.call(collapse_linear, weights, biases, returns=("W", "b"))
        check.shape(W, (sizes[-1], sizes[0]), name=f"W for {sizes}")
        check.shape(b, (sizes[-1],), name=f"b for {sizes}")
        check.close(x @ W.T + b, through_the_stack(x, weights, biases), name=f"x @ W.T + b for {sizes}")


# %% [markdown] id="family"
# ## Six functions and their slopes
#
# So the function must bend, and it should have a slope. These are the book's, apart from softmax, which comes later:
#
# | | $g(z)$ | $g'(z)$ | values |
# |---|---|---|---|
# | step | 1 if $z > 0$, else 0 | 0 (none at 0) | 0 and 1 |
# | linear | $az$ | $a$ | all |
# | sigmoid | $\sigma(z) = 1/(1 + e^{-z})$ | $\sigma(z)(1 - \sigma(z))$ | (0, 1) |
# | tanh | $2\sigma(2z) - 1$ | $1 - \tanh^2 z$ | (−1, 1) |
# | ReLU | $\max(0, z)$ | 1 if $z > 0$, else 0 | [0, ∞) |
# | leaky ReLU | $z$ if $z > 0$, else $az$ | 1 if $z > 0$, else $a$ | all |
#
# The leak $a$ is small, 0.01 in the book. The figure uses 0.1, to be seen.


# %% id="family-figure" folded=true
def curve_and_slope(f, f_backward, z):
    """The values of an activation of dlbook.nn at z, and its slopes."""
    y, cache = f(z)
    return y, f_backward(np.ones_like(z), cache)


def family_figure(functions, z, columns=3):
    """One small picture for each function: its curve, and its slope dashed."""
    rows = -(-len(functions) // columns)
    figure = plots.figure(9, 2.4 * rows)
    for ax, (name, (f, f_backward)) in zip(figure.subplots(rows, columns).flat, functions.items(), strict=False):
        y, slope = curve_and_slope(f, f_backward, z)
        for values, label in ((y, "value"), (slope, "slope")):
            jumps = np.append(np.abs(np.diff(values)) > 0.3, False)
            ax.plot(z, np.where(jumps, np.nan, values), label=label)
        ax.set(title=name, ylim=(-2, 2.3))
        ax.axhline(0, color=plots.GREY, linewidth=0.6)
    figure.axes[0].legend(loc="upper left", fontsize=8)
    return figure


z = np.linspace(-4, 4, 801)
BOOK = {
    "step": (nn.step, nn.step_backward),
    "linear": (nn.identity, nn.identity_backward),
    "sigmoid": (nn.sigmoid, nn.sigmoid_backward),
    "tanh": (nn.tanh, nn.tanh_backward),
    "ReLU": (nn.relu, nn.relu_backward),
    "leaky ReLU": (lambda z: nn.leaky_relu(z, 0.1), nn.leaky_relu_backward),
}
plots.show(
    family_figure(BOOK, z),
    alt="Six functions with their slopes. The step is flat on both sides of its jump; the line has slope 1; the sigmoid "
    "rises from 0 to 1 with a low hump as slope, at most a quarter; tanh from −1 to 1 with a slope of 1 in the middle; "
    "ReLU and leaky ReLU are straight with a corner at 0.",
)
print("  z     step  sigmoid     tanh    ReLU   leaky(0.1)")
for point in (-4.0, -1.0, 0.0, 1.0, 4.0):
    values = [
        curve_and_slope(*BOOK[name], np.array(point)) for name in ("step", "sigmoid", "tanh", "ReLU", "leaky ReLU")
    ]
    print(f"{point:+.0f} value" + "".join(f"{float(y):9.4f}" for y, _ in values))
    print("   slope" + "".join(f"{float(slope):9.4f}" for _, slope in values))

# %% [markdown] id="tanh-meaning"
# tanh is a sigmoid, stretched: twice as narrow, twice as high, shifted down to be symmetric about 0. The book concludes
# that "all its other properties are the same". One is not. At 0 the sigmoid has the slope ¼ and tanh the slope 1, four
# times as much. That is the difference between a signal that shrinks in each layer and one that, near 0, does not.

# %% id="tanh-run"
print(
    "largest difference between tanh z and 2σ(2z) − 1:",
    f"{np.abs(np.tanh(z) - (2 * nn.sigmoid(2 * z)[0] - 1)).max():.0e}",
)
for layers in (1, 5, 10):
    print(f"the largest slope of {layers:2} layers in a row: sigmoid {0.25**layers:.1e}, tanh {1.0**layers:g}")

# %% [markdown] id="overflow"
# ### The formula and the machine
#
# A double holds numbers up to about $1.8\cdot10^{308}$, and $e^{710}$ is larger. The formulas of the table run into that
# wall: $\sigma(-1000)$ asks for $e^{1000}$. The answer happens to come out right, with a warning. tanh as a quotient of
# exponentials is not so lucky.

# %% id="overflow-run"
with np.errstate(all="ignore"):
    e = np.exp(1000.0)
    print("exp(1000) =", e)
    print("1 / (1 + exp(1000)) =", 1 / (1 + e))
    print("(exp(1000) − exp(−1000)) / (exp(1000) + exp(−1000)) =", (e - 1 / e) / (e + 1 / e))
print("exp(−1000) =", np.exp(-1000.0), "  np.tanh(1000) =", np.tanh(1000.0))

# %% [markdown] id="overflow-meaning"
# Infinity divided by infinity is "not a number", and one NaN spoils everything after it. Numbers that become too *small*
# are harmless: they become 0. So arrange the formula such that only $e^{-|z|}$ appears, for $z \ge 0$ and $z < 0$ each in
# its own form: $\sigma(z) = 1/(1 + e^{-z}) = e^{z}/(1 + e^{z})$. Or use the table: $\sigma(z) = \tfrac12\tanh(z/2) + \tfrac12$, and
# NumPy's tanh takes every number.

# %% [markdown] id="values-statement" statement="values"
# ### Exercise 2: four functions
#
# Write `sigmoid(z)`, `tanh(z)`, `relu(z)` and `leaky_relu(z, slope)`. `z` is an array of any shape, of floats or of
# integers; the result has its shape and holds floats. No finite `z`, however large, may overflow on the way. `slope` is
# the factor for $z < 0$ and may be any number, larger than 1 too. Change no argument. `np.tanh` and `np.exp` are allowed.
#
# Check by hand: for `z = [-2, 0, 3]` ReLU gives `[0., 0., 3.]`, and leaky ReLU with slope 0.5 gives `[-1., 0., 3.]`.


# %% id="values" exercise=true difficulty=1 by_hand="nn data"
def sigmoid(z):
    """1 / (1 + exp(-z)) for z of any shape, without overflow."""
    ### BEGIN SOLUTION
    return 0.5 * np.tanh(0.5 * z) + 0.5
    ### END SOLUTION


def tanh(z):
    """The hyperbolic tangent of z, of any shape."""
    ### BEGIN SOLUTION
    return np.tanh(z)
    ### END SOLUTION


def relu(z):
    """z where it is positive, else 0; floats, of the shape of z."""
    ### BEGIN SOLUTION
    return np.maximum(z, 0.0)
    ### END SOLUTION


def leaky_relu(z, slope):
    """z where it is positive, else slope · z; floats, of the shape of z."""
    ### BEGIN SOLUTION
    return np.where(z > 0, 1.0, slope) * z
    ### END SOLUTION


# %% id="values-driver" driver="values"
def warned(f, z):
    """f(z), and whether NumPy met a number that is too large, or an undefined one, on the way."""
    met = []
    with np.errstate(all="ignore", over="call", invalid="call", call=lambda kind, flag: met.append(kind)):
        y = f(z)
    return y, bool(met)


# %% [markdown] id="values-hints" hints="values"
# - mirrored: This is σ(−z): the exponent of e must be −z.
# - narrow: This is 2σ(z) − 1: inside tanh the sigmoid is taken at 2z.
# - absolute: This is the absolute value: a ReLU gives 0 for negative z.
# - maximum: max(z, slope · z) is right only for slopes up to 1: decide by the sign of z.
# - overflow: exp overflowed on the way: use only exp(−|z|), or NumPy's tanh.
# - integers: The result holds integers: it should hold floats.


# %% id="values-curves" test="values" points=2
@check.exercise("04-activations/values")
def sigmoid_and_tanh():
    """sigmoid and tanh"""
    z = np.linspace(-3, 2, 6).reshape(2, 3)
    y = check.call(sigmoid, z, returns=("y",))
    check.close(y, nn.sigmoid(z)[0], name="sigmoid(z)", hints={"mirrored": lambda right: 1 - right})
    y = check.call(tanh, z, returns=("y",))
    check.close(y, nn.tanh(z)[0], name="tanh(z)", hints={"narrow": lambda right: np.tanh(z / 2)})


# %% id="values-corners" test="values" points=2
@check.exercise("04-activations/values")
def relu_and_leaky_relu():
    """relu and leaky_relu"""
    z = np.linspace(-2, 2.5, 10).reshape(5, 2)
    y = check.call(relu, z, returns=("y",))
    check.close(y, nn.relu(z)[0], name="relu(z)", hints={"absolute": lambda right: np.abs(z)})
    for slope in (0.1, 1.5):
        y = check.call(leaky_relu, z, slope, returns=("y",))
        check.close(
            y,
            nn.leaky_relu(z, slope)[0],
            name=f"leaky_relu(z, {slope})",
            hints={"maximum": lambda right: np.maximum(z, slope * z)},
        )


# %% id="values-large" test="values" points=1
@check.exercise("04-activations/values")
def large_numbers():
    """Large numbers"""
    z = np.array([-1000.0, -800.0, 0.0, 900.0])
    y, overflowed = check.call(warned, sigmoid, z, returns=("y", "overflowed"))
    check.close(y, nn.sigmoid(z)[0], name="sigmoid(z)")
    check.equal(overflowed, False, name="whether sigmoid overflows", hints={"overflow": lambda right: True})
    y, overflowed = check.call(warned, tanh, z, returns=("y", "overflowed"))
    check.close(y, nn.tanh(z)[0], name="tanh(z)")
    check.equal(overflowed, False, name="whether tanh overflows", hints={"overflow": lambda right: True})


# %% id="values-integers" test="values" points=1
@check.exercise("04-activations/values")
def integers_give_floats():
    """Integers give floats"""
    z = np.array([-3, 0, 4, 7])
    y = check.call(relu, z, returns=("y",))
    check.equal(y, nn.relu(z)[0], name="relu(z)", hints={"integers": lambda right: right.astype(int)})
    y = check.call(leaky_relu, z, 0.5, returns=("y",))
    check.equal(y, nn.leaky_relu(z, 0.5)[0], name="leaky_relu(z, 0.5)")


# %% id="values-hidden" test="values" points=2 hidden=true
@check.exercise("04-activations/values", hidden=True)
def other_shapes_and_slopes():
    """Other shapes and slopes"""
    rng = check.rng(2)
    for shape in ((1,), (4, 1, 3), (7,)):
        z = rng.normal(0, 5, shape)
        for f, twin in ((sigmoid, nn.sigmoid), (tanh, nn.tanh), (relu, nn.relu)):
            check.close(check.call(f, z, returns=("y",)), twin(z)[0], name=f"the result for the shape {shape}")
        for slope in (0.0, 0.3, 2.0, -0.5):
            y = check.call(leaky_relu, z, slope, returns=("y",))
            check.close(y, nn.leaky_relu(z, slope)[0], name=f"leaky_relu with slope {slope}")


# %% [markdown] id="slopes-idea"
# ## The slope, read off the output
#
# Derive the sigmoid once, with the rule for a quotient:
#
# $$\sigma'(z) = \frac{e^{-z}}{(1 + e^{-z})^2} = \frac{1}{1 + e^{-z}}\cdot\frac{e^{-z}}{1 + e^{-z}} = \sigma(z)\,(1 - \sigma(z))$$
#
# The result contains $z$ only inside $\sigma(z)$, and that number has been computed already: it is the neuron's output
# $y$. So the slope is $y(1 - y)$, without another exponential. tanh allows the same: $1 - y^2$. And the sign of the
# output of a ReLU, or of a leaky ReLU with a positive slope, is that of $z$. A network that keeps its outputs can forget
# its sums.
#
# The ReLU has a corner at 0. From the left its slope is 0, from the right it is 1, so it has no derivative there,
# which the book does not say. Some value must be chosen, and everybody chooses 0. The leaky ReLU then has its leak there.

# %% id="kink-run"
for h in (0.1, 0.001):
    left, right, centred = (nn.relu(0.0)[0] - nn.relu(-h)[0]) / h, nn.relu(h)[0] / h, nn.relu(h)[0] / (2 * h)
    print(f"ReLU at 0, h = {h}: quotient from the left {left:g}, from the right {right:g}, from both sides {centred:g}")
print("the slope that dlbook.nn gives:", nn.relu_backward(np.ones(1), nn.relu(np.zeros(1))[1]).item())

# %% [markdown] id="slopes-statement" statement="slopes"
# ### Exercise 3: four slopes
#
# Write `d_sigmoid(y)`, `d_tanh(y)`, `d_relu(y)` and `d_leaky_relu(y, slope)`. Each gets the *output* `y` of its activation,
# an array of any shape, and returns the slope $g'(z)$ that belongs to it, as floats. At the corner take the slope of the
# left side. `slope` is positive.
#
# Check by hand: a sigmoid that answers 0.8 has the slope 0.16; a tanh that answers 0.8 has the slope 0.36.


# %% id="slopes" exercise=true difficulty=2 by_hand="nn data sigmoid tanh relu leaky_relu"
def d_sigmoid(y):
    """The slope of the sigmoid where its output is y."""
    ### BEGIN SOLUTION
    return y * (1 - y)
    ### END SOLUTION


def d_tanh(y):
    """The slope of tanh where its output is y."""
    ### BEGIN SOLUTION
    return 1 - y**2
    ### END SOLUTION


def d_relu(y):
    """The slope of the ReLU where its output is y; 0 at the corner."""
    ### BEGIN SOLUTION
    return np.where(y > 0, 1.0, 0.0)
    ### END SOLUTION


def d_leaky_relu(y, slope):
    """The slope of the leaky ReLU, slope > 0, where its output is y; `slope` at the corner."""
    ### BEGIN SOLUTION
    return np.where(y > 0, 1.0, slope)
    ### END SOLUTION


# %% [markdown] id="slopes-hints" hints="slopes"
# - input: y is the output already: the sigmoid was applied to it a second time.
# - input-tanh: y is the output already: tanh was applied to it a second time.
# - swapped: This is the slope of the sigmoid: for tanh derive 2σ(2z) − 1, or start from 1 − tanh².
# - kink: At the corner the slope of the left side is wanted: compare with >, not with >=.
# - leak: A leaky ReLU has a slope on the negative side too.


# %% id="slopes-sigmoid" test="slopes" points=1
@check.exercise("04-activations/slopes")
def slope_of_the_sigmoid():
    """The slope of the sigmoid"""
    z = np.linspace(-3, 4, 6).reshape(3, 2)
    y = nn.sigmoid(z)[0]
    again = nn.sigmoid(y)[0]
    check.gradient(
        lambda v: nn.sigmoid(v)[0].sum(),
        check.call(d_sigmoid, y, returns=("slope",)),
        z,
        name="d_sigmoid(y)",
        hints={"input": lambda right: again * (1 - again)},
    )


# %% id="slopes-tanh" test="slopes" points=1
@check.exercise("04-activations/slopes")
def slope_of_tanh():
    """The slope of tanh"""
    z = np.linspace(-2, 1.5, 7)
    y = nn.tanh(z)[0]
    check.gradient(
        lambda v: nn.tanh(v)[0].sum(),
        check.call(d_tanh, y, returns=("slope",)),
        z,
        name="d_tanh(y)",
        hints={"input-tanh": lambda right: 1 - np.tanh(y) ** 2, "swapped": lambda right: y * (1 - y)},
    )


# %% id="slopes-corners" test="slopes" points=2
@check.exercise("04-activations/slopes")
def slopes_of_relu_and_leaky_relu():
    """The slopes of ReLU and leaky ReLU, at the corner too"""
    z = np.array([[-2.0, -0.5, 0.0, 0.7], [3.0, 0.0, -1.0, 0.1]])
    slopes = check.call(d_relu, nn.relu(z)[0], returns=("slope",))
    check.close(slopes, (z > 0) * 1.0, name="d_relu(y)", hints={"kink": lambda right: np.ones_like(right)})
    slopes = check.call(d_leaky_relu, nn.leaky_relu(z, 0.2)[0], 0.2, returns=("slope",))
    check.close(
        slopes, np.where(z > 0, 1.0, 0.2), name="d_leaky_relu(y, 0.2)", hints={"leak": lambda right: (z > 0) * 1.0}
    )


# %% id="slopes-hidden" test="slopes" points=3 hidden=true
@check.exercise("04-activations/slopes", hidden=True)
def other_outputs_and_saturation():
    """Other shapes, saturated units, another leak"""
    rng = check.rng(3)
    for shape, spread in (((1,), 1.0), ((3, 4), 2.0), ((2, 5, 3), 30.0)):
        z = rng.normal(0, spread, shape)
        dy = np.ones(shape)
        for answer, f, back in (
            (d_sigmoid, nn.sigmoid, nn.sigmoid_backward),
            (d_tanh, nn.tanh, nn.tanh_backward),
            (d_relu, nn.relu, nn.relu_backward),
        ):
            y, cache = f(z)
            slope = check.call(answer, y, returns=("slope",))
            check.close(slope, back(dy, cache), name=f"the slope for the shape {shape}", rtol=1e-9, atol=1e-12)
        y, cache = nn.leaky_relu(z, 0.03)
        slope = check.call(d_leaky_relu, y, 0.03, returns=("slope",))
        check.close(slope, nn.leaky_relu_backward(dy, cache), name="d_leaky_relu(y, 0.03)")


# %% [markdown] id="check-all"
# ### Trust, and check
#
# A derived slope is worth little until it has been compared with a difference quotient, $(g(z + h) - g(z - h))/2h$. Here
# are all activations of `dlbook.nn`, at 200 places between −5 and 5, none of them a corner.

# %% id="check-all-run"
EVERY = {
    **BOOK,
    "ELU": (nn.elu, nn.elu_backward),
    "SELU": (nn.selu, nn.selu_backward),
    "PReLU": (lambda z: nn.prelu(z, np.array([0.25])), lambda dy, cache: nn.prelu_backward(dy, cache)[0]),
    "softplus": (nn.softplus, nn.softplus_backward),
    "GELU": (nn.gelu, nn.gelu_backward),
    "GELU, tanh form": (lambda z: nn.gelu(z, "tanh"), nn.gelu_backward),
    "SiLU": (nn.silu, nn.silu_backward),
}
places, h = np.linspace(-5, 5, 200), 1e-5
for name, (f, f_backward) in EVERY.items():
    measured = (f(places + h)[0] - f(places - h)[0]) / (2 * h)
    print(f"{name:16} largest difference {np.abs(curve_and_slope(f, f_backward, places)[1] - measured).max():.0e}")

# %% [markdown] id="saturation"
# ## Saturation: units that no longer listen
#
# A sigmoid that answers 0.99995 is certain. It is also deaf: its slope there is 0.00005, and a correction that has to
# pass through it comes out at one twenty-thousandth of its size. Such a unit is called *saturated*. The ReLU has no
# upper end at which it could saturate.

# %% [markdown] id="saturation-question" question="predict"
# A network has ten layers. In each, the correction on its way back is multiplied by the slope of the activation. What
# is the most that ten sigmoids let through, weights left aside?
#
# - [ ] one quarter: that is what one of them lets through at best.
# - [ ] about 2.5 %: slopes are multiplied, not added up: not ¼ divided by 10.
# - [x] about one millionth: $(1/4)^{10} \approx 9.5\cdot10^{-7}$, and that only if every sum is exactly 0.


# %% id="saturation-run" folded=true
def gradient_by_layer(activation, scale, layers=10, width=50, seed=0):
    """Size of the gradient with respect to each layer's sums, first layer first, and the mean slope of all units."""
    rng = np.random.default_rng(seed)

    def start(shape, rng):
        return rng.normal(0, scale / math.sqrt(shape[1]), shape)

    modules = [
        part
        for _ in range(layers)
        for part in (nn.Linear(width, width, rng=rng, weight_init=start, bias_init=nn.init.constant), activation())
    ]
    x, caches = rng.normal(size=(200, width)), []
    for module in modules:
        x, cache = module.forward(x)
        caches.append(cache)
    dy, sizes, slopes = rng.normal(size=x.shape), [], []
    for i, (module, cache) in reversed(list(enumerate(zip(modules, caches, strict=True)))):
        dy = module.backward(dy, cache)
        if i % 2:
            sizes.append(np.sqrt(np.mean(dy**2)))
            slopes.append(module.backward(np.ones_like(dy), cache).mean())
    return np.array(sizes[::-1]), np.mean(slopes)


print("  z    slope of σ    of tanh   of ReLU")
for point in (0.0, 2.0, 5.0, 10.0):
    s, t = nn.sigmoid(point)[0], nn.tanh(point)[0]
    print(f"{point:4.0f} {s * (1 - s):12.1e} {1 - t * t:10.1e} {float(point > 0):9.0f}")
figure = plots.figure(9, 3.2)
for ax, scale in zip(figure.subplots(1, 2, sharey=True), (1.0, 4.0), strict=True):
    curves = {}
    for name, activation in (("sigmoid", nn.Sigmoid), ("tanh", nn.Tanh), ("ReLU", nn.ReLU)):
        sizes, slope = gradient_by_layer(activation, scale)
        curves[name] = sizes
        print(f"weights × {scale:g}, {name:8} mean slope {slope:.2f}", end=", ")
        print(f"gradient in the first layer / in the last {sizes[0] / sizes[-1]:.1e}")
    plots.learning_curves(ax, curves, xlabel="layer", ylabel="size of the gradient" if scale == 1 else "", log=True)
    ax.set_title(f"weights × {scale:g}")
plots.show(
    figure,
    alt="Size of the gradient in each of ten layers, logarithmic. With ordinary weights it falls towards the first layer: "
    "by a factor of half a million for the sigmoid, of 26 for ReLU, of 4 for tanh. With weights four times as large the "
    "sigmoid still loses a factor of 130, while the gradients of tanh and ReLU grow towards the first layer.",
)

# %% [markdown] id="saturation-meaning"
# The inputs are random and the weights come from $N(0, 1/50)$. Of the gradient that the last of ten sigmoid layers gets,
# two millionths reach the first. This is the *vanishing gradient*.
#
# With weights four times as large the units saturate: the mean slope of tanh falls from 0.87 to 0.22. But each
# correction is now multiplied by larger weights too, and for tanh and ReLU the product grows. So the slope is half of
# the story and the weights are the other half. Chapters 12 and 17 tell it to the end.

# %% [markdown] id="zigzag"
# ## Outputs that are all positive
#
# A sigmoid answers with a number between 0 and 1, so a neuron in the next layer has only positive inputs. The correction
# of its weight $i$ is (error) × $x_i$, with one error for all its weights. If all $x_i$ are positive, all weights of that
# neuron go up together or down together. When one has to go up and another down, the way is a zigzag. tanh gives inputs
# of both signs.
#
# Below, one linear neuron learns the weights (2, −2) from one example at a time. Once its inputs lie between 0 and 1;
# once the same inputs are shifted to lie between −½ and ½. Each time the steps are as long as the largest example
# allows.


# %% id="zigzag-figure" folded=true
def one_at_a_time(x, steps):
    """The way of two weights that learn (2, −2) from the rows of x in turn: (steps + 1, 2)."""
    w, eta = np.zeros(2), 1 / (x**2).sum(axis=1).max()
    path = [w]
    for i in range(steps):
        row = x[i % len(x)]
        w = w - eta * (row @ w - row @ np.array([2.0, -2.0])) * row
        path.append(w)
    return np.array(path)


inputs = np.random.default_rng(4).uniform(0, 1, (50, 2))
figure = plots.figure(9, 3.8)
for ax, (name, x) in zip(
    figure.subplots(1, 2), {"inputs in (0, 1)": inputs, "inputs in (−½, ½)": inputs - 0.5}.items(), strict=True
):
    path = one_at_a_time(x, 600)
    moves = np.diff(path[:41], axis=0)
    together = np.mean(moves[:, 0] * moves[:, 1] > 0)
    near = int(np.argmax(np.abs(path - [2, -2]).max(axis=1) < 0.1))

    def cost(a, b, x=x):
        differences = np.stack([a - 2, b + 2], axis=-1)
        return np.einsum("...i,ij,...j", differences, x.T @ x / len(x), differences) / 2

    plots.contour_path(ax, cost, ((-0.5, 3), (-3, 0.8)), path[:150])
    ax.set(title=name, xlabel="$w_1$", ylabel="$w_2$", aspect="equal")
    curvature = np.linalg.eigvalsh(x.T @ x / len(x))
    print(f"{name}: both weights moved the same way in {together:.0%} of the first 40 steps;", end=" ")
    print(f"within 0.1 after {near} steps; curvatures {curvature[0]:.3f} and {curvature[1]:.3f}")
plots.show(
    figure,
    alt="Two paths from (0, 0) to the weights (2, −2) over contour lines. Left, with positive inputs, the path zigzags "
    "along a narrow valley; right, with centred inputs, the contour lines are nearly round and the path is short.",
)

# %% [markdown] id="zigzag-meaning"
# With positive inputs both weights move the same way at every single step, and after 75 steps they are close. With centred
# inputs 17 steps are enough. The numbers at the end of the lines say why: the cost is a narrow valley in the first case,
# eight times as steep across as along, and the steepest direction limits the step. Chapter 05 walks in such valleys.
#
# What the book calls "not zero-centred" is a nuisance, then, and no disaster. One may also centre the inputs of the
# network, and the layers in between (batch normalisation does that, later).

# %% [markdown] id="dead"
# ## ReLU: half silent, and sometimes dead
#
# The ReLU costs one comparison, and for $z > 0$ it has the slope 1, however large $z$ is. For random sums about half of
# its outputs are exactly 0: the layer is *sparse*. Silence is no fault. A unit that is silent for one example speaks for
# another.
#
# But a large correction may push the bias so far down that the sum is negative for *every* example. Then the output is
# always 0, the slope is always 0, and no later correction ever reaches the unit. It is dead. Note that "dead" is not
# "$z < 0$", as one may read in the book; it is "$z < 0$ for all the data".

# %% [markdown] id="dead-question" question="predict"
# You train a network of ReLUs with a larger and larger learning rate. What happens to the share of dead units?
#
# - [ ] It stays the same: who dies is decided by the start; some do start dead, but large steps kill others.
# - [x] It grows: a large step can throw the sum of a unit below zero for all examples, and there it stays.
# - [ ] It falls: large steps bring dead units back; they cannot, since a dead unit receives no step at all.


# %% id="train-small" folded=true
from dlbook import optim


def moons_for_training():
    """200 points of two moons, scaled to mean 0 and deviation 1: x (200, 2), y (200,)."""
    x, y = data.moons(200, np.random.default_rng(0), noise=0.15)
    return (x - x.mean(axis=0)) / x.std(axis=0), y


def train_small(activation, x, y, *, hidden=8, lr=1.0, steps=200, batch=None, seed=0):
    """A 2-hidden-hidden-1 network after `steps` downhill corrections; chapters 05 to 07 build these lines."""
    rng = np.random.default_rng(seed)
    network = nn.Sequential(
        nn.Linear(2, hidden, rng=rng), activation(), nn.Linear(hidden, hidden, rng=rng), activation(), nn.Linear(hidden, 1, rng=rng)
    )  # fmt: skip
    optimiser = optim.SGD(network.parameters(), lr)
    for _ in range(steps):
        rows = slice(None) if batch is None else rng.permutation(len(x))[:batch]
        scores, caches = network.forward(x[rows])
        _, cache = nn.binary_cross_entropy_with_logits(scores[:, 0], y[rows])
        optimiser.zero_grad()
        network.backward(nn.binary_cross_entropy_with_logits_backward(1.0, cache)[:, None], caches)
        optimiser.step()
    return network


def share_right(network, x, y):
    """Share of the rows of x whose class the network names."""
    return np.mean((network(x)[:, 0] > 0) == y)


# %% id="dead-figure" folded=true
def dead_share(network, x):
    """Share of the hidden units (both layers) whose sum is not positive for any row of x."""
    first = network[0](x)
    second = network[2](network[1](first))
    return np.mean(np.concatenate([(first <= 0).all(axis=0), (second <= 0).all(axis=0)]))


x, y = moons_for_training()
rates, seeds = [0.03, 0.3, 1.0, 2.0, 3.0, 5.0, 10.0], range(4)
untrained = [dead_share(train_small(nn.ReLU, x, y, hidden=50, steps=0, seed=s), x) for s in seeds]
print(f"before the first correction: silent for all examples {np.mean(untrained):.1%}")
figure = plots.figure(9, 3.2)
left, right = figure.subplots(1, 2)
for name, activation, style in (("ReLU", nn.ReLU, "-o"), ("leaky ReLU, 0.01", nn.LeakyReLU, "--s")):
    with np.errstate(all="ignore"):
        runs = [[train_small(activation, x, y, hidden=50, lr=lr, batch=20, seed=s) for s in seeds] for lr in rates]
    shares = [np.mean([dead_share(network, x) for network in row]) for row in runs]
    scores = [np.mean([share_right(network, x, y) for network in row]) for row in runs]
    left.plot(rates, shares, style, label=name)
    right.plot(rates, scores, style, label=name)
    for lr, share, score in zip(rates, shares, scores, strict=True):
        print(f"{name:17} learning rate {lr:5}: silent for all examples {share:4.0%}, right {score:.1%}")
left.set(xscale="log", xlabel="learning rate", ylabel="units silent for all examples")
right.set(xscale="log", xlabel="learning rate", ylabel="share of examples right")
left.legend()
plots.show(
    figure,
    alt="Left: the share of ReLU units that are silent for all examples rises from about a tenth to three quarters as the "
    "learning rate grows; for the leaky ReLU it returns to zero. Right: with large learning rates both get only about "
    "half of the examples right.",
)

# %% [markdown] id="dead-meaning"
# Up to a learning rate of 1 about 8 % of the ReLUs are dead, nearly all of them from the start. At 5 three quarters are, and
# the few that are left no longer separate the moons.
#
# A leaky ReLU keeps a slope below zero, so none of its units is lost for ever: at 5 and 10 there is none that is silent
# for all examples. Yet look at the right. The leaky network is no better there, it is worse. The leak cures dead
# units. It does not cure a learning rate that is too large.

# %% [markdown] id="after"
# ## What came after
#
# The book's list ends with the leaky ReLU. These came after, or beside it:
#
# | | $g(z)$ | $g'(z)$ |
# |---|---|---|
# | PReLU (2015) | $z$ if $z > 0$, else $az$, with $a$ learnt | 1 or $a$; and $\partial g/\partial a = z$ for $z \le 0$ |
# | ELU (2015) | $z$ if $z > 0$, else $\alpha(e^z - 1)$ | 1, else $\alpha e^z$ |
# | SELU (2017) | $\lambda\,\mathrm{ELU}(z)$ with $\lambda \approx 1.0507$, $\alpha \approx 1.6733$ | $\lambda$, else $\lambda\alpha e^z$ |
# | softplus (2001) | $\log(1 + e^z)$ | $\sigma(z)$ |
# | SiLU, Swish (2017) | $z\,\sigma(z)$ | $\sigma(z) + z\,\sigma(z)(1 - \sigma(z))$ |
# | GELU (2016) | $z\,\Phi(z)$ | $\Phi(z) + z\,\varphi(z)$ |
# | maxout (2013) | $\max_k (w_k x + b_k)$ | that of the largest piece |
#
# $\Phi$ is the distribution function of the standard normal distribution, $\varphi(z) = e^{-z^2/2}/\sqrt{2\pi}$ its density.
# Transformers use GELU or SiLU by default; the book's ReLU is the default of the 2010s.

# %% id="after-figure" folded=true
AFTER = {name: EVERY[name] for name in ("ELU", "SELU", "PReLU", "softplus", "SiLU", "GELU")}
plots.show(
    family_figure(AFTER, z),
    alt="Six functions with their slopes. ELU and SELU level off below 0; PReLU is a line with a corner; softplus is a "
    "rounded ReLU; SiLU and GELU dip below zero on the left before they rise, so their slope is negative there.",
)
for name in ("SiLU", "GELU"):
    fine = np.linspace(-4, 0, 40001)
    values, slopes = curve_and_slope(*AFTER[name], fine)
    largest = curve_and_slope(*AFTER[name], -fine)[1].max()
    print(
        f"{name}: lowest value {values.min():.3f} at z = {fine[values.argmin()]:.2f}; slopes from {slopes.min():.3f} to {largest:.3f}"
    )
exact, tanh_form = nn.gelu(z)[0], nn.gelu(z, "tanh")[0]
print(f"GELU, exact and in the tanh form of GPT-2: largest difference {np.abs(exact - tanh_form).max():.0e}")

# %% [markdown] id="after-meaning"
# SiLU and GELU go down before they go up. Two different sums give the same output, with different slopes, so here the
# output no longer determines the slope, and a network must remember $z$.
#
# Two more of them at work. Maxout learns its own shape: the largest of two lines can be a ReLU or an absolute value. And
# SELU's strange constants are chosen such that sums with mean 0 and variance 1 keep them from layer to layer, given
# weights from $N(0, 1/\text{inputs})$.

# %% id="selu-run"
points = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
print("max(0, x) :", np.maximum(0, points), " max(−x, x):", np.maximum(-points, points))
start = np.random.default_rng(5).normal(size=(500, 200))
for name in ("SELU", "ReLU", "tanh"):
    rng, signal = np.random.default_rng(6), start
    for layer in range(1, 31):
        signal = EVERY[name][0](signal @ rng.normal(0, 1 / math.sqrt(200), (200, 200)))[0]
        if layer in (1, 10, 30):
            print(f"{name:5} after {layer:2} layers: mean {signal.mean():+.3f}, standard deviation {signal.std():.3g}")

# %% [markdown] id="modern-statement" statement="modern"
# ### Exercise 4: four more slopes
#
# Write `d_elu(z, alpha)`, `d_softplus(z)`, `d_silu(z)` and `d_gelu(z)`. Each gets the *sums* `z`, an array of any shape, and
# returns $g'(z)$. At $z = 0$ take the slope of the left side. Given are `logistic(z)`, the sigmoid, and `normal_cdf(z)`, $\Phi$.
# Derive first, then look at the table.
#
# Check by hand: at $z = 0$ the slopes of softplus, SiLU and GELU are all ½, and that of ELU is `alpha`.


# %% id="modern-given" given=true
def logistic(z):
    """σ(z) by dlbook.nn, for z of any shape."""
    return nn.sigmoid(z)[0]


def normal_cdf(z):
    """Φ(z), the share of a standard normal distribution below z, for z of any shape."""
    return 0.5 * (1 + np.vectorize(math.erf, otypes=[float])(np.asarray(z) / math.sqrt(2)))


# %% id="modern" exercise=true difficulty=3 by_hand="nn data sigmoid tanh relu leaky_relu"
def d_elu(z, alpha):
    """The slope of z if z > 0, else alpha (exp(z) - 1)."""
    ### BEGIN SOLUTION
    return np.where(z > 0, 1.0, alpha * np.exp(np.minimum(z, 0.0)))
    ### END SOLUTION


def d_softplus(z):
    """The slope of log(1 + exp(z))."""
    ### BEGIN SOLUTION
    return logistic(z)
    ### END SOLUTION


def d_silu(z):
    """The slope of z σ(z)."""
    ### BEGIN SOLUTION
    s = logistic(z)
    return s + z * s * (1 - s)
    ### END SOLUTION


def d_gelu(z):
    """The slope of z Φ(z)."""
    ### BEGIN SOLUTION
    return normal_cdf(z) + z * np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    ### END SOLUTION


# %% [markdown] id="modern-hints" hints="modern"
# - alpha: Below 0 the factor alpha is missing.
# - not-slope: This is the value of the ELU, not its slope: differentiate alpha (e^z − 1).
# - mirrored: This is σ(−z): the slope of softplus grows from 0 to 1.
# - silu-product: z σ(z) is a product: its derivative has two terms, and one is missing.
# - gelu-product: z Φ(z) is a product: its derivative has two terms, and z φ(z) is missing.
# - density: The density of the normal distribution has the factor 1/√(2π).


# %% id="modern-elu" test="modern" points=2
@check.exercise("04-activations/modern")
def slope_of_elu():
    """The slope of ELU"""
    z, alpha = np.linspace(-2.5, 1.1, 6).reshape(3, 2), 0.7
    check.gradient(
        lambda v: nn.elu(v, alpha)[0].sum(),
        check.call(d_elu, z, alpha, returns=("slope",)),
        z,
        name="d_elu(z, 0.7)",
        hints={
            "alpha": lambda right: np.where(z > 0, 1.0, right / alpha),
            "not-slope": lambda right: np.where(z > 0, 1.0, right - alpha),
        },
    )


# %% id="modern-softplus" test="modern" points=1
@check.exercise("04-activations/modern")
def slope_of_softplus():
    """The slope of softplus"""
    z = np.linspace(-3, 2, 7)
    slope = check.call(d_softplus, z, returns=("slope",))
    hints = {"mirrored": lambda right: 1 - right}
    check.gradient(lambda v: nn.softplus(v)[0].sum(), slope, z, name="d_softplus(z)", hints=hints)


# %% id="modern-silu" test="modern" points=2
@check.exercise("04-activations/modern")
def slope_of_silu():
    """The slope of SiLU"""
    z = np.linspace(-4, 3, 8).reshape(2, 4)
    s = nn.sigmoid(z)[0]
    slope = check.call(d_silu, z, returns=("slope",))
    one_term = s if np.allclose(slope, s) else z * s * (1 - s)
    hints = {"silu-product": lambda right: one_term}
    check.gradient(lambda v: nn.silu(v)[0].sum(), slope, z, name="d_silu(z)", hints=hints)


# %% id="modern-gelu" test="modern" points=2
@check.exercise("04-activations/modern")
def slope_of_gelu():
    """The slope of GELU"""
    z = np.linspace(-2, 3, 9)
    slope = check.call(d_gelu, z, returns=("slope",))
    hints = {
        "gelu-product": lambda right: normal_cdf(z),
        "density": lambda right: normal_cdf(z) + z * np.exp(-0.5 * z**2),
    }
    check.gradient(lambda v: nn.gelu(v)[0].sum(), slope, z, name="d_gelu(z)", hints=hints)


# %% id="modern-hidden" test="modern" points=3 hidden=true
@check.exercise("04-activations/modern", hidden=True)
def other_shapes_and_far_tails():
    """Other shapes, the corner, far tails"""
    rng = check.rng(4)
    for z in (rng.normal(0, 2, 1), rng.normal(0, 3, (2, 5, 3)), np.array([-800.0, -40.0, 0.0, 40.0, 800.0])):
        dy = np.ones(z.shape)
        for alpha in (0.3, 1.9):
            slope = check.call(d_elu, z, alpha, returns=("slope",))
            check.close(slope, nn.elu_backward(dy, nn.elu(z, alpha)[1]), name=f"d_elu with alpha = {alpha}")
        for answer, f, back in (
            (d_softplus, nn.softplus, nn.softplus_backward),
            (d_silu, nn.silu, nn.silu_backward),
            (d_gelu, nn.gelu, nn.gelu_backward),
        ):
            slope = check.call(answer, z, returns=("slope",))
            check.close(slope, back(dy, f(z)[1]), name=f"the slope for the shape {z.shape}")


# %% [markdown] id="moons"
# ## What the bend does to a boundary
#
# Two moons that reach into each other cannot be separated by a line. Below, the same small network, two hidden layers of
# eight units, gets 200 corrections from the same starts, with one activation after the other.

# %% id="moons-run" folded=true
MODULES = {
    "step": nn.Step,
    "linear": nn.Identity,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "ReLU": nn.ReLU,
    "leaky ReLU": nn.LeakyReLU,
    "ELU": nn.ELU,
    "SELU": nn.SELU,
    "softplus": nn.Softplus,
    "GELU": nn.GELU,
    "SiLU": nn.SiLU,
}
x, y = moons_for_training()
for name, module in MODULES.items():
    scores = [share_right(train_small(module, x, y, seed=seed), x, y) for seed in range(4)]
    print(f"{name:10} right after 200 corrections, four starts: " + "  ".join(f"{score:.1%}" for score in scores))
for steps in (1000, 2000, 4000):
    scores = [share_right(train_small(nn.Sigmoid, x, y, steps=steps, seed=seed), x, y) for seed in range(4)]
    print(f"sigmoid after {steps} corrections: " + "  ".join(f"{score:.1%}" for score in scores))
figure = plots.figure(10, 2.9)
for ax, name in zip(figure.subplots(1, 4), ("linear", "sigmoid", "tanh", "ReLU"), strict=True):
    network = train_small(MODULES[name], x, y, seed=0)
    plots.decision_region(ax, lambda p: nn.sigmoid(network(p)[:, 0])[0], ((-2.5, 2.5), (-2.5, 2.5)), resolution=100)
    plots.points(ax, x, y, size=12)
    ax.set_title(name)
plots.show(
    figure,
    alt="Two moons and the boundary of four networks. Linear: a straight line. Sigmoid: still nearly straight after 200 "
    "corrections. Tanh: a smooth curve between the moons. ReLU: a curve of straight pieces between the moons.",
)

# %% [markdown] id="moons-meaning"
# The line cannot do it, and neither can the step: its hidden layers have no slope, so they stay as they were at the
# start, and only the last layer learns. The sigmoid *could*, but after 200 corrections it is still nearly a line. It
# gets there in the end, as the last three rows show.
#
# Do not read this as a contest. The best at 200 corrections is SELU, here, with this start and this learning rate. What
# stays is the reason: where the slopes are small, learning is slow.

# %% [markdown] id="widget-text"
# Try them yourself. Left: the function and its slope. Right: what the network has learnt after 200 corrections. The
# parameter $a$ is the leak of the leaky ReLU and the α of the ELU. The temperature $T$ divides the network's last sum
# before it becomes a probability $\sigma(z/T)$; you will meet it again with softmax. The table below the figure counts
# how many hidden units are saturated or silent.

# %% id="activation-widget" folded=true
from dlbook import widgets


def activation_module(name, a):
    """The module of this name; `a` is the leak of the leaky ReLU and the alpha of the ELU."""
    if name == "leaky ReLU":
        return nn.LeakyReLU(a)
    return nn.ELU(a) if name == "ELU" else MODULES[name]()


def trained_with(activation, a, T, steps):
    x, y = moons_for_training()
    module = activation_module(activation, a)
    network = train_small(lambda: module, x, y, steps=steps)
    grid = np.linspace(-5, 5, 501)
    value, cache = module.forward(grid)
    _, first = module.forward(network[0](x))
    slopes = module.backward(np.ones((len(x), 8)), first)
    return {
        "activation": activation,
        "T": T,
        "network": network,
        "grid": grid,
        "value": value,
        "slope": module.backward(np.ones_like(grid), cache),
        "right": float(share_right(network, x, y)),
        "mean slope": float(slopes.mean()),
        "flat": float(np.mean(np.abs(slopes) < 0.01)),
        "dead": int((np.abs(slopes) == 0).all(axis=0).sum()),
    }


def activation_figure(result):
    """The function with its slope, and the decision surface of the trained network."""
    x, y = moons_for_training()
    figure = plots.figure(9, 3.8)
    left, right = figure.subplots(1, 2)
    left.plot(result["grid"], result["value"], label="value")
    left.plot(result["grid"], result["slope"], label="slope")
    left.set(xlabel="z", ylim=(-2.2, 3), title=result["activation"])
    left.legend(loc="upper left")
    plots.decision_region(
        right, lambda p: nn.sigmoid(result["network"](p)[:, 0] / result["T"])[0], ((-2.5, 2.5), (-2.5, 2.5)), resolution=90
    )  # fmt: skip
    plots.points(right, x, y, size=18)
    right.set_title(f"{result['right']:.1%} right")
    return figure


widgets.explore(
    activation_figure,
    dict(
        activation=widgets.Options(list(MODULES), value="ReLU", label="activation"),
        a=widgets.Slider(0.0, 1.0, 0.1, step=0.05, label="a (leak, α)"),
        T=widgets.LogSlider(0.1, 10.0, 1.0, label="temperature T"),
        steps=widgets.Slider(0, 2000, 200, step=100, label="corrections"),
    ),
    compute=trained_with,
    alt=lambda result: (
        f"Left: {result['activation']} with its slope. Right: two moons and the boundary of the trained network, "
        f"{result['right']:.1%} of the points right, temperature {result['T']:g}."
    ),
    table=lambda result: {
        "share right": result["right"],
        "mean slope in the first layer": result["mean slope"],
        "share of slopes below 0.01": result["flat"],
        "units of the first layer that are dead": result["dead"],
    },
    title="One network, many activations",
)

# %% [markdown] id="widget-try"
# Three things to do. Take the leaky ReLU and move $a$ to 1: what is it then? Take the sigmoid with 200 and with 2000
# corrections. Then change the temperature: which changes, the boundary or the certainty?

# %% [markdown] id="softmax-idea"
# ## Softmax: from scores to probabilities
#
# The last layer of a classifier gives a score for each class, any number. We want probabilities: positive, with sum 1,
# the largest for the largest score.
#
# $$\mathrm{softmax}(z)_j = \frac{e^{z_j}}{\sum_k e^{z_k}}$$
#
# The book's example is $[1.2, 0.9, 0.75]$, which becomes $[0.42, 0.31, 0.27]$. Its description says that softmax squashes each
# output to between 0 and 1 and divides by the sum. That is another function. Softmax *exponentiates*, then divides. The
# example cannot tell the difference, so here is one that can.

# %% id="softmax-run"
for scores in (np.array([1.2, 0.9, 0.75]), np.array([3.0, 1.0, -1.0])):
    squashed = nn.sigmoid(scores)[0]
    print("scores", scores)
    print("  softmax:                       ", nn.softmax(scores)[0].round(3))
    print("  squash by a sigmoid, divide:   ", (squashed / squashed.sum()).round(3))
    print("  divide by the sum only:        ", (scores / scores.sum()).round(3))

# %% [markdown] id="softmax-meaning"
# Dividing alone even gives a negative "probability". Softmax has three properties that you should be able to prove:
#
# - **Only differences count.** Adding the same number to all scores changes nothing, since $e^{z_j + c} = e^{z_j}e^c$.
# - **With two classes it is the sigmoid:** $\mathrm{softmax}(z)_1 = \sigma(z_1 - z_2)$.
# - **A temperature sets the certainty.** $\mathrm{softmax}(z/T)$ comes close to "all for the largest" for small $T$ and to
#   equal shares for large $T$. The order never changes.

# %% id="temperature-figure" folded=true
scores = np.array([2.0, 1.0, 0.5, -1.0])
temperatures = np.geomspace(0.05, 20, 200)
shares = np.array([nn.softmax(scores / T)[0] for T in temperatures])
figure = plots.figure(7, 3)
ax = figure.subplots()
for score, column in zip(scores, shares.T, strict=True):
    ax.plot(temperatures, column, label=f"z = {score:g}")
ax.set(xscale="log", xlabel="temperature T", ylabel="softmax(z / T)")
ax.legend()
plots.show(
    figure,
    alt="Four probabilities against the temperature: at 0.05 the largest score has nearly everything; with growing "
    "temperature the four come together at one quarter; they never cross.",
)
z2 = np.array([[0.3, -1.1], [2.0, 2.5]])
print("shifted by 100:", np.allclose(nn.softmax(scores + 100)[0], nn.softmax(scores)[0]))
print(
    "two classes:",
    nn.softmax(z2)[0][:, 0].round(4),
    " sigmoid of the difference:",
    nn.sigmoid(z2[:, 0] - z2[:, 1])[0].round(4),
)
for T in (0.1, 1.0, 10.0):
    print(f"T = {T:4}:", nn.softmax(scores / T)[0].round(3))

# %% [markdown] id="multi-label"
# The book says that the sigmoid handles two classes only and softmax more. It depends on the question. "Which *one* of
# these is it?" has one answer: softmax. "Which of these are *in* the picture?" has several answers at once: one sigmoid for
# each class, independent of the others.

# %% id="multi-label-run"
scores = np.array([3.0, 2.5, -2.0])
print("a picture with a dog and a ball, scores for dog, ball, boat:", scores)
print("  softmax, one of them:    ", nn.softmax(scores)[0].round(3))
print("  three sigmoids, yes or no:", nn.sigmoid(scores)[0].round(3))

# %% [markdown] id="log-sum-exp"
# ### The same wall again
#
# $e^{1000}$ is infinite to the machine, so softmax of $[1000, 1001, 1002]$ is infinity over infinity. The first property is the
# way out. Subtract the largest score from all of them: the largest exponent is then $e^0 = 1$, the sum lies between 1 and
# $K$, and nothing can overflow. What is lost at the lower end becomes 0, which it was to sixteen digits anyway.
#
# The same trick serves the logarithm of the sum, which turns up wherever one takes the logarithm of a probability:
#
# $$\log\sum_k e^{z_k} = m + \log\sum_k e^{z_k - m}, \qquad m = \max_k z_k$$
#
# It is a soft maximum: a little above $m$, by at most $\log K$. And $\log\mathrm{softmax}(z)_j = z_j - \log\sum_k e^{z_k}$.

# %% id="log-sum-exp-run"
scores = np.array([1000.0, 1001.0, 1002.0])
with np.errstate(all="ignore"):
    print("by the formula:   ", np.exp(scores) / np.exp(scores).sum(), " log of the sum:", np.log(np.exp(scores).sum()))
shifted = np.exp(scores - scores.max())
print(
    "largest taken off:",
    (shifted / shifted.sum()).round(4),
    " log of the sum:",
    round(scores.max() + math.log(shifted.sum()), 4),
)
low = np.array([0.0, -800.0])
with np.errstate(all="ignore"):
    print("log of softmax of [0, −800]:", np.log(nn.softmax(low)[0]), "  z − log-sum-exp:", nn.log_softmax(low)[0])

# %% [markdown] id="softmax-statement" statement="softmax"
# ### Exercise 5: softmax and the logarithm of the sum
#
# Write `log_sum_exp(z, axis)` and `softmax(z, axis)` for an array `z` of any shape. `axis` counts the classes; it may be
# negative. `softmax` returns an array of the shape of `z`; `log_sum_exp` returns one without that axis. Neither overflows, whatever the
# finite scores. A score of −∞ means "impossible" and gets the probability 0; at least one score of each group is finite.
#
# Check by hand: `softmax([[0, 0, log 2]], axis=1)` is `[[0.25, 0.25, 0.5]]`, and `log_sum_exp` of it is `[log 4]`.


# %% id="softmax" exercise=true difficulty=2 by_hand="nn data"
def log_sum_exp(z, axis):
    """log Σ exp(z) along `axis`, which the result no longer has; no overflow."""
    ### BEGIN SOLUTION
    largest = np.max(z, axis=axis, keepdims=True)
    total = np.log(np.sum(np.exp(z - largest), axis=axis))
    return total + np.squeeze(largest, axis=axis)
    ### END SOLUTION


def softmax(z, axis):
    """exp(z) / Σ exp(z) along `axis`, of the shape of z; no overflow."""
    ### BEGIN SOLUTION
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)
    ### END SOLUTION


# %% [markdown] id="softmax-hints" hints="softmax"
# - plain: The scores were divided by their sum: exponentiate them first.
# - squashed: The scores were squashed by a sigmoid: softmax takes exp.
# - total: The sum runs over the whole array: each row has its own.
# - axis: The sum runs along the other axis.
# - overflow: exp overflowed: subtract the largest score first, and add it again after the logarithm.
# - forgotten: The largest score was subtracted and not added again after the logarithm.


# %% id="softmax-rows" test="softmax" points=2
@check.exercise("04-activations/softmax")
def probabilities_of_each_row():
    """The probabilities of each row"""
    z = np.cos(1.9 * np.arange(12)).reshape(3, 4) + np.array([[0.0], [1.0], [-0.5]])
    e, squashed = np.exp(z), nn.sigmoid(z)[0]
    check.close(
        check.call(softmax, z, 1, returns=("p",)),
        nn.softmax(z)[0],
        name="softmax(z, 1)",
        hints={
            "plain": lambda right: z / z.sum(axis=1, keepdims=True),
            "squashed": lambda right: squashed / squashed.sum(axis=1, keepdims=True),
            "total": lambda right: e / e.sum(),
        },
    )


# %% id="softmax-columns" test="softmax" points=1
@check.exercise("04-activations/softmax")
def along_the_columns():
    """Along the columns"""
    z = np.linspace(-1, 2, 15).reshape(5, 3) ** 2
    check.close(
        check.call(softmax, z, 0, returns=("p",)),
        nn.softmax(z, 0)[0],
        name="softmax(z, 0)",
        hints={"axis": lambda right: nn.softmax(z, 1)[0]},
    )


# %% id="softmax-large" test="softmax" points=1
@check.exercise("04-activations/softmax")
def rows_far_apart():
    """Large scores, and rows far apart"""
    z = np.array([[1000.0, 1001.0, 1002.0], [-3.0, -1.0, -2.0], [-2000.0, -2002.0, -2001.0], [0.5, 0.0, -0.5]])
    check.close(check.call(softmax, z, -1, returns=("p",)), nn.softmax(z)[0], name="softmax(z, -1)")


# %% id="softmax-log" test="softmax" points=2
@check.exercise("04-activations/softmax")
def logarithm_of_the_sum():
    """The logarithm of the sum"""
    z = np.array([[0.3, -1.2, 0.9, 0.1], [1000.0, 998.0, 1001.0, 999.5]])
    largest = z.max(axis=1)
    right = largest + np.log(np.exp(z - largest[:, None]).sum(axis=1))
    check.close(
        check.call(log_sum_exp, z, 1, returns=("total",)),
        right,
        name="log_sum_exp(z, 1)",
        hints={
            "overflow": lambda right: np.log(np.exp(z).sum(axis=1)),
            "forgotten": lambda right: right - largest,
        },
    )


# %% id="softmax-hidden" test="softmax" points=3 hidden=true
@check.exercise("04-activations/softmax", hidden=True)
def impossible_classes_other_axes():
    """Impossible classes, other axes, one class"""
    rng = check.rng(5)
    for shape, axis in (((4, 3), 0), ((2, 3, 4), 1), ((2, 5, 3), -2), ((1, 6), -1), ((3, 1), 1), ((7,), 0)):
        z = rng.normal(0, 20, shape)
        p = check.call(softmax, z, axis, returns=("p",))
        check.close(p, nn.softmax(z, axis)[0], name=f"softmax for the shape {shape}, axis {axis}")
        total = check.call(log_sum_exp, z, axis, returns=("total",))
        right = np.take(z - nn.log_softmax(z, axis)[0], 0, axis=axis)
        check.close(total, right, name=f"log_sum_exp for the shape {shape}, axis {axis}")
    z = rng.normal(size=(3, 4))
    z[0, 1] = z[2, 0] = z[2, 3] = -np.inf
    e = np.exp(z)
    p = check.call(softmax, z, 1, returns=("p",))
    check.close(p, e / e.sum(axis=1, keepdims=True), name="softmax with impossible classes")
    total = check.call(log_sum_exp, z, 1, returns=("total",))
    check.close(total, np.log(e.sum(axis=1)), name="log_sum_exp with impossible classes")


# %% [markdown] id="jacobian"
# ## The slopes of softmax: a matrix that nobody builds
#
# Every probability depends on every score: raise one score, and the others lose. So softmax has not one slope but a
# table of them, the Jacobian. With $s = \mathrm{softmax}(z)$ and the rule for a quotient:
#
# $$J_{ij} = \frac{\partial s_i}{\partial z_j} = s_i\,(\delta_{ij} - s_j), \qquad \delta_{ij} = 1 \text{ if } i = j, \text{ else } 0$$

# %% id="jacobian-run"
scores = np.array([3.0, 1.0, -1.0])
s = nn.softmax(scores)[0]
J = np.diag(s) - np.outer(s, s)
h = 1e-6
measured = np.stack(
    [(nn.softmax(scores + h * e)[0] - nn.softmax(scores - h * e)[0]) / (2 * h) for e in np.eye(3)], axis=1
)
print("Jacobian:", J.round(4), sep="\n")
print(f"largest difference from the difference quotients: {np.abs(J - measured).max():.0e}")
print("sums of its rows:", J.sum(axis=1).round(12), " symmetric:", np.array_equal(J, J.T))
print("J applied to (1, 1, 1):", (J @ np.ones(3)).round(12))

# %% [markdown] id="jacobian-meaning"
# Each row has the sum 0, because adding the same to all scores changes nothing. For 50,000 classes, the words of a language
# model, $J$ would have 2.5 billion entries. Nobody builds it, because nobody needs $J$ itself.
#
# What one needs is this. Somebody behind the softmax, the error of the whole network for example, tells each
# probability how much it matters: $g_i = \partial C/\partial s_i$. The question is how much each score matters. By the chain
# rule it is a sum over all the probabilities through which the score acts:
#
# $$\frac{\partial C}{\partial z_j} = \sum_i g_i\,\frac{\partial s_i}{\partial z_j}$$
#
# Put $J$ in, and the sum simplifies to a few operations on vectors of length $K$. Find them; that is the exercise. (As $J$ is symmetric,
# $J^\top g = Jg$, and the same few operations tell how $s$ moves when $z$ moves along $g$.)

# %% [markdown] id="vjp-statement" statement="vjp"
# ### Exercise 6: back through softmax
#
# Write `softmax_vjp(s, g)`. `s (N, K)` holds the probabilities of `N` examples, one in each row, as softmax gave them;
# `g (N, K)` holds $\partial C/\partial s$. Return $\partial C/\partial z$, `(N, K)`. No loop over examples and no matrix $K\times K$ are
# needed.
#
# Check by hand: `s = [[0.5, 0.5]]` and `g = [[1, 0]]` give `[[0.25, -0.25]]`.


# %% id="vjp" exercise=true difficulty=3 by_hand="nn data softmax log_sum_exp"
def softmax_vjp(s, g):
    """∂C/∂z (N, K) from s = softmax(z) (N, K) and g = ∂C/∂s (N, K)."""
    ### BEGIN SOLUTION
    return s * (g - np.sum(g * s, axis=1, keepdims=True))
    ### END SOLUTION


# %% [markdown] id="vjp-hints" hints="vjp"
# - diagonal: Only the diagonal of the Jacobian was used: each score also acts on the other probabilities.
# - outer: The factor s in front is missing.
# - unweighted: The sum of g is weighted with the probabilities: Σ g s, not Σ g.
# - sign: The sign is turned round: raising a score raises its own probability.
# - whole: The sum runs over the whole array: each example has its own.
# - upstream: g appears only in the sum: each probability also has its own g.


# %% id="vjp-one" test="vjp" points=2
@check.exercise("04-activations/vjp")
def one_example():
    """One example"""
    z, g = np.array([[0.4, -1.1, 1.3, 0.2]]), np.array([[0.7, -1.6, 0.35, 2.1]])
    s = nn.softmax(z)[0]
    check.gradient(
        lambda v: float(np.sum(g * nn.softmax(v)[0])),
        check.call(softmax_vjp, s, g, returns=("dz",)),
        z,
        name="dz",
        hints={
            "diagonal": lambda right: s * (1 - s) * g,
            "outer": lambda right: g - np.sum(g * s),
            "unweighted": lambda right: s * (g - np.sum(g)),
            "sign": lambda right: -right,
            "upstream": lambda right: s * (1 - np.sum(g * s)),
        },
    )


# %% id="vjp-batch" test="vjp" points=2
@check.exercise("04-activations/vjp")
def several_examples():
    """Several examples"""
    z, g = np.cos(1.4 * np.arange(15)).reshape(5, 3), np.sin(2.1 * np.arange(15) + 0.5).reshape(5, 3)
    s = nn.softmax(z)[0]
    check.close(
        check.call(softmax_vjp, s, g, returns=("dz",)),
        nn.softmax_backward(g, nn.softmax(z)[1]),
        name="dz",
        hints={"whole": lambda right: s * (g - np.sum(g * s))},
    )


# %% id="vjp-hidden" test="vjp" points=4 hidden=true
@check.exercise("04-activations/vjp", hidden=True)
def against_the_whole_jacobian():
    """Against the whole Jacobian: certain examples, one class, one example"""
    rng = check.rng(6)
    for N, K, spread in ((1, 5, 1.0), (4, 4, 1.0), (7, 3, 12.0), (2, 1, 1.0), (3, 40, 2.0)):
        s, g = nn.softmax(rng.normal(0, spread, (N, K)))[0], rng.normal(size=(N, K))
        right = np.stack([(np.diag(p) - np.outer(p, p)).T @ row for p, row in zip(s, g, strict=True)])
        dz = check.call(softmax_vjp, s, g, returns=("dz",))
        check.close(dz, right, name=f"dz for N = {N}, K = {K}", rtol=1e-9, atol=1e-12)


# %% [markdown] id="choosing"
# ## Which one shall I take?
#
# The book gives rules of thumb. With what you have seen they can be put more exactly.
#
# - *"Sigmoids and their combinations work better for classifiers."* At the **output** of a classifier, yes: there a
#   probability is wanted. In hidden layers they are the ones that learnt the moons most slowly.
# - *"ReLU only in hidden layers."* Mostly. An output that must not be negative, a duration or an amount of rain, may well be a
#   ReLU or a softplus. The cell below shows it.
# - *"Start with ReLU; if units die, take the leaky ReLU."* Still good advice for small networks and for convolutions. Look at
#   the learning rate first. For transformers, start with GELU or SiLU.
# - The activation of the **output** follows from the question: any number, none; an amount, softplus or ReLU; yes or no,
#   sigmoid; one of several, softmax.

# %% id="rain-run"
rng = np.random.default_rng(7)
clouds = rng.uniform(0, 1, 300)
rain = np.maximum(0.0, 4 * clouds - 2 + rng.normal(0, 0.1, 300))
for name, f, f_backward in (("linear", nn.identity, nn.identity_backward), ("ReLU", nn.relu, nn.relu_backward)):
    w, b = 1.0, 0.0
    for _ in range(3000):
        y, cache = f(w * clouds + b)
        dz = f_backward((y - rain) / 300, cache)
        w, b = w - 0.5 * (dz @ clouds), b - 0.5 * dz.sum()
    y = f(w * clouds + b)[0]
    print(
        f"{name:6} output: forecasts from {y.min():+.2f} to {y.max():+.2f}, mean square error {np.mean((y - rain) ** 2):.4f}"
    )

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# PyTorch has them all, under the names that `dlbook.nn` uses. It computes slopes by itself; we compare. On a GPU nothing about
# an activation is hard to compute. What costs time is moving the numbers in and out of memory, so `torch.compile` fuses the
# activation with the layer before it.

# %% id="torch-check"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    grid = np.linspace(-6, 6, 241)
    theirs = {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "ReLU": torch.relu,
        "leaky ReLU": lambda v: torch.nn.functional.leaky_relu(v, 0.1),
        "ELU": torch.nn.functional.elu,
        "SELU": torch.nn.functional.selu,
        "softplus": torch.nn.functional.softplus,
        "GELU": torch.nn.functional.gelu,
        "SiLU": torch.nn.functional.silu,
    }
    worst = 0.0
    for name, f in theirs.items():
        v = torch.tensor(grid, requires_grad=True)
        f(v).sum().backward()
        worst = max(worst, np.abs(v.grad.numpy() - curve_and_slope(*EVERY[name], grid)[1]).max())
    print(f"{len(theirs)} slopes at {len(grid)} places, the corner among them: largest difference {worst:.0e}")
    v = torch.tensor([[0.4, -1.1, 1.3]], dtype=torch.float64, requires_grad=True)
    g = torch.tensor([[0.7, -1.6, 0.35]], dtype=torch.float64)
    torch.softmax(v, dim=1).backward(g)
    ours = nn.softmax_backward(g.numpy(), nn.softmax(v.detach().numpy())[1])
    print(f"back through softmax: largest difference {np.abs(v.grad.numpy() - ours).max():.0e}")

# %% [markdown] id="mistakes"
# ## Common mistakes
#
# - **The slope of $y$ or of $z$?** $y(1 - y)$ wants the output. Given the sum, it computes something else, and no error appears.
# - **Two softmaxes.** PyTorch's `CrossEntropyLoss` contains a softmax. A network that ends in one has two. It learns, only badly.
# - **The wrong axis.** On a batch `(N, K)`, softmax along axis 0 makes the *examples* compete with each other. The shape is right.
# - **Forgetting `keepdims`.** `z - z.max(axis=1)` fails for most shapes. For a square batch it subtracts the wrong numbers
#   in silence:

# %% id="keepdims"
square = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0], [100.0, 200.0, 300.0]])
print("with keepdims:   ", (square - square.max(axis=1, keepdims=True)).tolist())
print("without keepdims:", (square - square.max(axis=1)).tolist())

# %% [markdown] id="mistakes-more"
# - **ReLU before a softmax.** It cuts all negative scores to 0, and the classes that are unlikely become equally likely.
# - **A `max` for a leaky ReLU.** $\max(z, az)$ is right for $a \le 1$ only.
# - **Measuring a slope across a corner.** The centred quotient of a ReLU at 0 is ½, whatever $h$. It is no error of your
#   derivation; check beside the corner.

# %% [markdown] id="output-quiz" question="quiz"
# For which of these can the slope be computed from the output alone?
#
# - [x] tanh: it grows everywhere, so an output belongs to one sum only; the slope is 1 − y².
# - [ ] SiLU: it goes down and up again, so one output may belong to two sums with different slopes.
# - [ ] GELU: it too has a dip: a small negative output belongs to two sums.

# %% [markdown] id="shift-quiz" question="quiz"
# All scores of a softmax are doubled. What happens to the probabilities?
#
# - [ ] Nothing: that holds when the same number is added to all of them.
# - [x] They become more certain: doubling is the temperature one half; the largest gains.
# - [ ] They are doubled: their sum must remain 1.

# %% [markdown] id="questions"
# ## To think about
#
# 1. Show that a network of tanh units can compute exactly what a network of sigmoids computes, with other weights and biases. Why may
#    one still learn better?
# 2. A leaky ReLU with $a = 1$ and one with $a = -1$: what are they?
# 3. Write the ELU's slope for $z \le 0$ from its output alone.
# 4. Which vectors $g$ does the Jacobian of softmax send to zero?
#
# <details><summary>Answers</summary>
#
# 1. $\sigma(z) = \tfrac12\tanh(z/2) + \tfrac12$: halve the weights into each unit, halve those out of it, and put the constants into the next
#    biases. The slopes are larger and the outputs centred, so the same steps lead elsewhere.
# 2. The identity, and the absolute value.
# 3. $y + \alpha$, since $y = \alpha e^z - \alpha$.
# 4. Those with all entries equal, as long as every probability is positive: $s\odot(c - c) = 0$.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# - C. Dugas and others, *Incorporating second-order functional knowledge for better option pricing* (softplus), 2001.
# - V. Nair, G. Hinton, *Rectified linear units improve restricted Boltzmann machines*, 2010.
# - A. Maas and others, *Rectifier nonlinearities improve neural network acoustic models* (leaky ReLU), 2013.
# - I. Goodfellow and others, *Maxout networks*, 2013.
# - K. He and others, *Delving deep into rectifiers* (PReLU), 2015. D.-A. Clevert and others, on ELUs, 2015.
# - D. Hendrycks, K. Gimpel, *Gaussian error linear units*, 2016. G. Klambauer and others, *Self-normalizing neural networks*, 2017.
# - S. Elfwing and others (SiLU), 2017. P. Ramachandran and others, *Searching for activation functions* (Swish), 2017.
# - The book, chapter 8.
#
# **Next** chapter 05: gradient descent, the walk that these slopes make possible.
