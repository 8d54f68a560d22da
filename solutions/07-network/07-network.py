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
#     title: A network in Python
#     minutes: 120
#     needs: [05-gradient-descent, 06-computational-graphs]
#     book: [13, 16]
# ---

# %% [markdown] id="title"
# # A network in Python: seventy lines that learn to read
#
# **After this page you can** build a network of any depth from two lists of arrays, derive and write its backpropagation for
# a whole mini-batch, prove it right against finite differences, and train it to read handwritten digits.
#
# **Time** 40 minutes to read, 80 for the six exercises. **You need** gradient descent on mini-batches (chapter 05) and the chain
# rule on a graph (chapter 06).

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, nn, plots

# %% [markdown] id="plan"
# ## The plan
#
# The book builds one class, `Network`, and this page builds it too, piece by piece: where the weights live, the forward pass,
# the gradient, one step, and the loop around them. Each piece is an exercise of a few lines. When all of them work, the class
# at the end is yours, and it trains on MNIST.
#
# The book shows the class in one chapter with its gradient as a black box, and opens the box three chapters later. Here the
# box comes in its place.

# %% [markdown] id="memory"
# ## A network is two lists
#
# `sizes = [2, 3, 1]` says everything about the shape: two inputs, three hidden units, one output. Layer $l$ has a matrix
# $W^l$ with one row for each of its units and one column for each unit before it, and a vector $b^l$ with one number for each of
# its units. The inputs compute nothing, so they have no bias. Three layers, but two matrices and two vectors.
#
# Lists count from 0, so `weights[1]` joins layer 2 to layer 3. Its entry `[j, k]` is the weight from unit $k$ of layer 2 to unit $j$
# of layer 3. The order looks turned round, and it is the one for which $Wa$ needs no transpose.

# %% id="shapes"
sizes = [2, 3, 1]
for l, (before, after) in enumerate(zip(sizes, sizes[1:], strict=False), start=1):
    print(f"from layer {l} to layer {l + 1}: W ({after}, {before}), b ({after},)")

figure = plots.figure(5, 2.6)
ax = figure.subplots()
plots.network(ax, sizes)
plots.show(
    figure, alt="A network with two inputs, three hidden units and one output; every unit is joined to all before it."
)

# %% [markdown] id="init-params-statement" statement="init-params"
# ### Exercise 1: where the weights live
#
# Write `init_params(sizes, rng)`. It returns two lists of arrays, `weights` and `biases`, one entry for each layer after the
# input: `weights[l]` has the shape `(sizes[l + 1], sizes[l])` and `biases[l]` the shape `(sizes[l + 1],)`. All numbers come from the normal
# distribution with mean 0 and standard deviation 1, drawn by `rng.normal`, each array for itself.
#
# Check by hand: `sizes = [784, 30, 10]` gives two matrices, `(30, 784)` and `(10, 30)`, and two vectors, `(30,)` and `(10,)`.


# %% id="init-params" exercise=true difficulty=1 by_hand="nn data"
def init_params(sizes, rng):
    """Weights [(sizes[l + 1], sizes[l]), …] and biases [(sizes[l + 1],), …] from N(0, 1)."""
    ### BEGIN SOLUTION
    weights = [rng.normal(size=(after, before)) for before, after in zip(sizes, sizes[1:], strict=False)]
    biases = [rng.normal(size=after) for after in sizes[1:]]
    return weights, biases
    ### END SOLUTION


# %% [markdown] id="init-params-hints" hints="init-params"
# - swapped: A row of W belongs to a unit of its own layer: the shape is (after, before), as in torch.
# - input-bias: The inputs compute nothing: no bias for them.
# - constant: The numbers are not from N(0, 1): units that start equal stay equal.
# - twice: Two layers got the same draws: draw each array for itself.


# %% id="init-params-shapes" test="init-params" points=2
@check.exercise("07-network/init-params")
def shapes_of_weights_and_biases():
    """The shapes of weights and biases"""
    sizes = [5, 4, 3]
    weights, biases = check.call(init_params, sizes, np.random.default_rng(1), returns=("weights", "biases"))
    shapes = [tuple(np.shape(W)) for W in weights]
    check.equal(
        shapes,
        [(4, 5), (3, 4)],
        name="[W.shape for W in weights]",
        hints={"swapped": lambda right: [s[::-1] for s in right]},
    )
    shapes = [tuple(np.shape(b)) for b in biases]
    check.equal(
        shapes, [(4,), (3,)], name="[b.shape for b in biases]", hints={"input-bias": lambda right: [(5,), *right]}
    )


# %% id="init-params-draws" test="init-params" points=1
@check.exercise("07-network/init-params")
def numbers_from_the_normal_distribution():
    """Numbers from the normal distribution, drawn for each layer"""
    weights, _ = check.call(init_params, [30, 30, 30], np.random.default_rng(2), returns=("weights", "biases"))
    spread = np.array([W.std().round(1) for W in weights])
    check.close(
        spread,
        np.array([1.0, 1.0]),
        name="the standard deviation of each W",
        atol=0.11,
        hints={"constant": lambda right: 0 * right},
    )
    same = bool(np.array_equal(weights[0], weights[1]))
    check.equal(same, False, name="whether both W hold the same numbers", hints={"twice": lambda right: True})


# %% id="init-params-hidden" test="init-params" points=1 hidden=true
@check.exercise("07-network/init-params", hidden=True)
def other_sizes_and_the_generator():
    """Other sizes, and the generator decides"""
    for sizes in ([3, 1], [7, 6, 2, 4]):
        first = check.call(init_params, sizes, np.random.default_rng(3), returns=("weights", "biases"))
        again = check.call(init_params, sizes, np.random.default_rng(3), returns=("weights", "biases"))
        other = check.call(init_params, sizes, np.random.default_rng(4), returns=("weights", "biases"))
        check.equal(
            [tuple(b.shape) for b in first[1]],
            [(size,) for size in sizes[1:]],
            name=f"shapes of the biases for {sizes}",
        )
        for W, same, different, before, after in zip(first[0], again[0], other[0], sizes, sizes[1:], strict=False):
            check.shape(W, (after, before), name=f"W for {sizes}")
            check.close(W, same, name="W drawn twice from the same seed")
            check.equal(bool(np.allclose(W, different)), False, name="whether another seed gives the same W")
        check.equal(bool(any(np.allclose(b, 0) for b in first[1])), False, name="whether a bias is zero")


# %% [markdown] id="forward"
# ## The forward pass, for one example and for many
#
# The book multiplies from the left, one example at a time, as a column: $a' = \sigma(Wa + b)$. With a mini-batch in the rows of an
# array $A$ the same sums are $A' = \sigma(A\,W^\top + b)$. The weights keep their shape. NumPy adds $b$ to every row.


# %% id="forward-functions" given=true
def sigmoid(z):
    """1 / (1 + exp(-z)), written so that no z overflows: σ(z) = ½ tanh(z / 2) + ½."""
    return 0.5 * np.tanh(0.5 * z) + 0.5


def layer_outputs(weights, biases, x):
    """The outputs of every layer by dlbook.nn, the input first: [(N, sizes[0]), (N, sizes[1]), …]."""
    outputs = [x]
    for W, b in zip(weights, biases, strict=True):
        outputs.append(nn.sigmoid(nn.linear(outputs[-1], W, b)[0])[0])
    return outputs


def quadratic_cost(weights, biases, x, y):
    """C = 1/(2N) Σ ‖y − a‖² over the N rows of x; y (N, sizes[-1])."""
    return nn.quadratic_loss(layer_outputs(weights, biases, x)[-1], y)[0]


def network_case(sizes, N):
    """A network and N examples, the same on every machine: weights, biases, x, y."""
    weights = [np.cos(1.3 * np.arange(o * i) + i).reshape(o, i) for i, o in zip(sizes, sizes[1:], strict=False)]
    biases = [np.linspace(-0.7, 0.9, o) for o in sizes[1:]]
    x = np.sin(0.9 * np.arange(N * sizes[0]) + 0.3).reshape(N, sizes[0])
    return weights, biases, x, np.linspace(0, 1, N * sizes[-1]).reshape(N, sizes[-1])


# %% id="columns-and-rows"
weights, biases, x, _ = network_case([2, 3, 1], 4)
columns = [sigmoid(weights[0] @ example[:, None] + biases[0][:, None]).ravel() for example in x]
rows = sigmoid(x @ weights[0].T + biases[0])
print("four examples, one column at a time:\n", np.round(columns, 4))
print("the same four as rows of one array:\n", rows.round(4))
print("equal:", np.allclose(columns, rows))

# %% [markdown] id="trap"
# **A trap in the book's layout.** Give the column version an example of shape `(64,)` instead of `(64, 1)` and nothing fails.
# `W @ a` has the shape `(30,)`, the bias `(30, 1)`, and NumPy makes a square of them.

# %% id="trap-run"
W, b = np.ones((30, 64)), np.ones((30, 1))
print("example of shape (64, 1):", (W @ np.ones((64, 1)) + b).shape)
print("example of shape (64,):  ", (W @ np.ones(64) + b).shape)

# %% [markdown] id="trap-cure"
# No error, and every number after it is wrong. With rows and a bias of shape `(30,)` the mistake cannot happen. Where you keep
# columns, assert the shape.

# %% [markdown] id="feedforward-statement" statement="feedforward"
# ### Exercise 2: the forward pass
#
# Write `feedforward(weights, biases, x)` for a batch `x (N, sizes[0])`. It returns the outputs of the last layer, `(N, sizes[-1])`. Every
# layer applies `sigmoid`, the last one too. The function works for any number of layers.
#
# Check by hand: one layer, `W = [[2, −1]]`, `b = [1]` and `x = [[1, 3]]` give $z = 2 - 3 + 1 = 0$ and the output `[[0.5]]`.


# %% id="feedforward" exercise=true difficulty=1 by_hand="nn data layer_outputs quadratic_cost"
def feedforward(weights, biases, x):
    """Outputs of the last layer: x (N, sizes[0]) -> (N, sizes[-1])."""
    ### BEGIN SOLUTION
    for W, b in zip(weights, biases, strict=True):
        x = sigmoid(x @ W.T + b)
    return x
    ### END SOLUTION


# %% [markdown] id="feedforward-hints" hints="feedforward"
# - last: The last layer has its sigmoid too.
# - bias: The bias is missing.
# - input: The inputs go in as they are: no sigmoid before the first layer.
# - one-layer: Only the first layer was computed: loop over all of them.


# %% id="feedforward-one" test="feedforward" points=1
@check.exercise("07-network/feedforward")
def one_layer():
    """One layer"""
    weights, biases, x, _ = network_case([3, 2], 4)
    z = x @ weights[0].T + biases[0]
    check.close(
        check.call(feedforward, weights, biases, x, returns=("a",)),
        sigmoid(z),
        name="a",
        hints={
            "last": lambda right: z,
            "bias": lambda right: sigmoid(z - biases[0]),
            "input": lambda right: sigmoid(sigmoid(x) @ weights[0].T + biases[0]),
        },
    )


# %% id="feedforward-three" test="feedforward" points=2
@check.exercise("07-network/feedforward")
def three_layers():
    """Three layers, five examples"""
    weights, biases, x, _ = network_case([4, 3, 6, 2], 5)
    outputs = layer_outputs(weights, biases, x)
    a = check.call(feedforward, weights, biases, x, returns=("a",))
    check.close(a, outputs[-1], name="a", hints={"one-layer": lambda right: outputs[1]})


# %% id="feedforward-hidden" test="feedforward" points=2 hidden=true
@check.exercise("07-network/feedforward", hidden=True)
def one_example_and_square_layers():
    """One example, square layers, large inputs"""
    rng = np.random.default_rng(5)
    for sizes, N in [([3, 5, 2], 1), ([4, 4, 4], 4), ([1, 7], 3)]:
        weights = [rng.normal(size=(o, i)) for i, o in zip(sizes, sizes[1:], strict=False)]
        biases, x = [rng.normal(size=o) for o in sizes[1:]], 20 * rng.normal(size=(N, sizes[0]))
        a = check.call(feedforward, weights, biases, x, returns=("a",))
        check.close(a, layer_outputs(weights, biases, x)[-1], name=f"a for {sizes}, N = {N}")


# %% [markdown] id="differences"
# ## The gradient, the slow and certain way
#
# The quadratic cost of a batch is $C = \frac{1}{2N}\sum_n \lVert y_n - a_n\rVert^2$. Its derivative with respect to one weight can be had without any
# theory: move the weight a little and look at the cost. From one side, or better from both:
#
# $$\frac{C(w+\varepsilon) - C(w)}{\varepsilon} \qquad\text{or}\qquad \frac{C(w+\varepsilon) - C(w-\varepsilon)}{2\varepsilon}$$
#
# The one-sided quotient is wrong by something proportional to $\varepsilon$, the centred one by something proportional to $\varepsilon^2$. So make
# $\varepsilon$ tiny? The cost is a number with sixteen digits. If $\varepsilon$ is tiny, the two costs agree in most of them, and the difference
# is rounding.

# %% [markdown] id="epsilon-question" question="predict"
# Which $\varepsilon$ gives the most exact *centred* difference in double precision?
#
# - [ ] $10^{-1}$: there the quotient is a chord over a long stretch; the error grows with ε².
# - [x] about $10^{-5}$: there the error of the chord, ε², and the error of rounding, 10⁻¹⁶/ε, are about equally small.
# - [ ] $10^{-12}$: both costs agree in twelve digits and more, and what is left is mostly rounding.


# %% id="library-gradients" given=true
def library_gradients(weights, biases, x, y):
    """Gradients of the quadratic cost by dlbook.nn: dweights and dbiases, lists like weights and biases."""
    caches, a = [], x
    for W, b in zip(weights, biases, strict=True):
        z, linear_cache = nn.linear(a, W, b)
        a, sigmoid_cache = nn.sigmoid(z)
        caches.append((linear_cache, sigmoid_cache))
    delta, dweights, dbiases = nn.quadratic_loss_backward(1.0, nn.quadratic_loss(a, y)[1]), [], []
    for linear_cache, sigmoid_cache in reversed(caches):
        delta, dW, db = nn.linear_backward(nn.sigmoid_backward(delta, sigmoid_cache), linear_cache)
        dweights.append(dW)
        dbiases.append(db)
    return dweights[::-1], dbiases[::-1]


# %% id="v-curve" folded=true
def error_by_epsilon(epsilons, layer=0, unit=2, source=5):
    """Errors of both quotients for one weight of a [64, 30, 10] network: (forward, centred), each (len(epsilons),)."""
    rng = np.random.default_rng(0)
    digits = data.digits()
    x, y = digits.x_train[:10], np.eye(10)[digits.y_train[:10]]
    weights = [rng.normal(size=(30, 64)) / 8, rng.normal(size=(10, 30))]
    biases = [rng.normal(size=30), rng.normal(size=10)]
    right = library_gradients(weights, biases, x, y)[0][layer][unit, source]

    def cost(change):
        moved = [W.copy() for W in weights]
        moved[layer][unit, source] += change
        return quadratic_cost(moved, biases, x, y)

    forward = [abs((cost(e) - cost(0.0)) / e - right) for e in epsilons]
    centred = [abs((cost(e) - cost(-e)) / (2 * e) - right) for e in epsilons]
    return np.array(forward), np.array(centred)


epsilons = 10.0 ** np.arange(-13, 0)
forward, centred = error_by_epsilon(epsilons, source=27)
for e, f, c in zip(epsilons[::2], forward[::2], centred[::2], strict=True):
    print(f"ε = {e:.0e}   error from one side {f:.1e}   centred {c:.1e}")
print(f"best: from one side ε = {epsilons[forward.argmin()]:.0e}, centred ε = {epsilons[centred.argmin()]:.0e}")

figure = plots.figure(6, 3.4)
ax = figure.subplots()
ax.loglog(epsilons, forward, "o--", color=plots.VERMILION, label="from one side")
ax.loglog(epsilons, centred, "s-", color=plots.BLUE, label="centred")
ax.set(xlabel="ε", ylabel="error of the slope")
ax.legend()
plots.show(
    figure,
    alt="Two V-shaped curves of error against ε: the one-sided quotient is best near 1e-6, the centred one near 1e-5 and lower.",
)

# %% [markdown] id="v-meaning"
# Both curves are a V. On the right the quotient is too coarse, on the left it is rounding. The centred quotient reaches much lower. That
# is what `check.gradient`, which tests your derivations, uses.

# %% id="secant-widget" folded=true
from dlbook import widgets


def slope_figure(log_epsilon, hidden, layer):
    """The cost as a function of one weight with its tangent and chord (left), the error by ε (right)."""
    epsilon = 10.0**log_epsilon
    rng = np.random.default_rng(1)
    weights = [rng.normal(size=(hidden, 2)), rng.normal(size=(1, hidden))]
    biases = [rng.normal(size=hidden), rng.normal(size=1)]
    x, y = rng.normal(size=(8, 2)), rng.random((8, 1))
    slope = library_gradients(weights, biases, x, y)[0][layer][0, 0]

    def cost(change):
        moved = [W.copy() for W in weights]
        moved[layer][0, 0] += change
        return quadratic_cost(moved, biases, x, y)

    epsilons = 10.0 ** np.linspace(-13, 0.3, 60)
    errors = [abs((cost(e) - cost(-e)) / (2 * e) - slope) + 1e-18 for e in epsilons]
    chord = (cost(epsilon) - cost(-epsilon)) / (2 * epsilon)
    count = sum(W.size for W in weights) + sum(b.size for b in biases)
    figure = plots.figure(9, 3.4)
    left, right = figure.subplots(1, 2)
    reach = max(2 * epsilon, 0.5)
    steps = np.linspace(-reach, reach, 81)
    left.plot(steps, [cost(s) for s in steps], color=plots.BLUE, label="C")
    left.plot(steps, cost(0.0) + slope * steps, ":", color=plots.BLACK, label="tangent")
    ends = np.array([-epsilon, epsilon])
    left.plot(ends, [cost(e) for e in ends], "s--", color=plots.VERMILION, label="chord")
    left.set(xlabel="change of the weight", ylabel="cost")
    left.legend()
    right.loglog(epsilons, errors, color=plots.BLUE)
    right.loglog([epsilon], [abs(chord - slope) + 1e-18], "s", color=plots.VERMILION, markersize=9)
    right.set(xlabel="ε", ylabel="error of the chord")
    figure.numbers = {
        "slope": slope,
        "chord": chord,
        "parameters": count,
        "forward passes, differences": 2 * count,
        "backpropagation": 3,
    }
    return figure


widgets.explore(
    slope_figure,
    dict(
        log_epsilon=widgets.Slider(-13.0, 0.3, 0.0, step=0.1, label="log₁₀ ε"),
        hidden=widgets.Slider(1, 30, 3, label="hidden units"),
        layer=widgets.Options({"first": 0, "last": 1}, label="layer of the weight"),
    ),
    alt=lambda log_epsilon, hidden, layer: (
        f"Cost against one weight with tangent and chord for ε = {10.0**log_epsilon:.1e}; the error of the chord by ε is a V."
    ),
    table=lambda log_epsilon, hidden, layer: slope_figure(log_epsilon, hidden, layer).numbers,
    title="Chord and tangent",
)

# %% [markdown] id="numeric-statement" statement="numeric"
# ### Exercise 3: differences for any function
#
# Write `numerical_gradient(f, x, eps)`. `f` takes an array of the shape of `x` and returns a number; the result has the shape of `x` and holds the centred
# difference for each entry. `x` may have any shape. It may hold integers: the result is float all the same. When the function returns, `x` is
# as it was.
#
# Check by hand: `f = lambda v: v[0] ** 2 + 3 * v[1]` at `x = [1, 5]` gives `[2, 3]`.


# %% id="numeric" exercise=true difficulty=2 by_hand="nn data"
def numerical_gradient(f, x, eps):
    """Centred differences of f at x, an array of any shape; returns an array of the same shape."""
    ### BEGIN SOLUTION
    x = np.array(x, dtype=float)
    slopes = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        moved = x.copy()
        moved[i] = x[i] + eps
        above = f(moved)
        moved[i] = x[i] - eps
        slopes[i] = (above - f(moved)) / (2 * eps)
    return slopes
    ### END SOLUTION


# %% id="numeric-driver" driver="numeric"
def slopes_of(numerical_gradient, name, x, eps):
    """Apply the answer to one of three functions of an array, by its name: "cubes", "mixed" or "waves"."""
    functions = {
        "cubes": lambda v: float(np.sum(v**3)),
        "mixed": lambda v: float(v.flat[0] * v.flat[-1] + 2.0 * v.flat[-1]),
        "waves": lambda v: float(np.sum(np.sin(v) * np.arange(1, v.size + 1).reshape(v.shape))),
    }
    return numerical_gradient(functions[name], x, eps)


# %% [markdown] id="numeric-hints" hints="numeric"
# - one-sided: This is the difference from one side: move the entry both ways and divide by 2 · eps.
# - half: The two points are 2 · eps apart: divide by that.
# - not-restored: An entry kept its change while the next one was moved: put each one back.
# - whole-numbers: x held integers, and eps was lost in them: work on a float copy.


# %% id="numeric-cubes" test="numeric" points=2
@check.exercise("07-network/numeric")
def cubes_in_a_matrix():
    """Cubes, in a matrix"""
    x, eps = np.linspace(-1, 2, 6).reshape(2, 3), 0.01
    slopes = check.call(slopes_of, numerical_gradient, "cubes", x, eps, returns=("slopes",))
    check.close(
        slopes,
        3 * x**2 + eps**2,
        name="slopes",
        hints={
            "one-sided": lambda right: 3 * x**2 + 3 * x * eps + eps**2,
            "half": lambda right: 2 * right,
        },
    )


# %% id="numeric-mixed" test="numeric" points=1
@check.exercise("07-network/numeric")
def each_entry_for_itself():
    """Each entry for itself, and x stays as it was"""
    x, eps = np.array([1.0, 5.0, -2.0]), 0.5
    slopes = check.call(slopes_of, numerical_gradient, "mixed", x, eps, returns=("slopes",))
    check.close(
        slopes,
        np.array([-2.0, 0.0, 3.0]),
        name="slopes",
        hints={"not-restored": lambda right: right - np.array([0.0, 0.0, eps])},
    )


# %% id="numeric-integers" test="numeric" points=1
@check.exercise("07-network/numeric")
def integers():
    """Integers"""
    x, eps = np.array([1, 2]), 1e-3
    slopes = check.call(slopes_of, numerical_gradient, "cubes", x, eps, returns=("slopes",))
    cut_off = (x**3 - (x - 1) ** 3) / (2 * eps)
    check.close(slopes, 3.0 * x**2 + eps**2, name="slopes", hints={"whole-numbers": lambda right: cut_off})


# %% id="numeric-hidden" test="numeric" points=2 hidden=true
@check.exercise("07-network/numeric", hidden=True)
def other_shapes():
    """A number, a column, three axes"""
    rng = np.random.default_rng(6)
    for shape in [(1,), (4, 1), (2, 3, 2)]:
        x = rng.normal(size=shape)
        slopes = check.call(slopes_of, numerical_gradient, "waves", x, 1e-4, returns=("slopes",))
        weights = np.arange(1, x.size + 1).reshape(shape)
        check.close(slopes, weights * np.cos(x), name=f"slopes for the shape {shape}", atol=1e-6)


# %% [markdown] id="back"
# ## The gradient, the fast way
#
# A network for MNIST has 23,860 parameters. Differences from one side need the cost once where you are, and once for each parameter.
# Backpropagation needs one forward pass and one backward pass, for all of them together.
#
# Chapter 06 derived it on a graph. For a layered network the sums have a name: $\delta^l = \partial C/\partial z^l$, what reaches the weighted
# sums of layer $l$. For one example:
#
# $$\delta^L = (a^L - y)\odot\sigma'(z^L),\qquad \delta^l = \big(W^{l+1\top}\delta^{l+1}\big)\odot\sigma'(z^l)$$
#
# $$\frac{\partial C}{\partial W^l} = \delta^l\,a^{l-1\top},\qquad \frac{\partial C}{\partial b^l} = \delta^l$$
#
# With $a = \sigma(z)$ the slope is $\sigma'(z) = a(1-a)$, so the forward pass need only keep the outputs.
#
# What changes for a batch is yours to find. The examples stand in rows, $\Delta^l$ has one row for each, and the cost is a mean over
# them.

# %% [markdown] id="backprop-statement" statement="backprop"
# ### Exercise 4: backpropagation for a batch
#
# Write `backprop(weights, biases, x, y)`. `x (N, sizes[0])` is a batch, `y (N, sizes[-1])` what the network should answer. It returns two lists, `dweights` and
# `dbiases`, whose arrays have the shapes of those in `weights` and `biases`: the gradient of the quadratic cost
# $C = \frac{1}{2N}\sum_n\lVert y_n - a_n\rVert^2$. It works for any number of layers, and changes none of its arguments.
#
# Check by hand: one layer with `W = [[2, −1]]`, `b = [1]`, one example `x = [[1, 3]]` with `y = [[1]]`. The output is 0.5, so
# $\delta = (0.5 - 1)\cdot 0.25 = -0.125$, `dweights = [[[−0.125, −0.375]]]` and `dbiases = [[−0.125]]`.
#
# Use `sigmoid`. `numerical_gradient` tells you whether you are right; it is no answer.


# %% id="backprop" exercise=true difficulty=3 by_hand="nn data layer_outputs quadratic_cost library_gradients numerical_gradient"
def backprop(weights, biases, x, y):
    """Gradient of C = 1/(2N) Σ ‖y − a‖² for the batch x (N, sizes[0]), y (N, sizes[-1]): dweights, dbiases."""
    ### BEGIN SOLUTION
    outputs = [x]
    for W, b in zip(weights, biases, strict=True):
        outputs.append(sigmoid(outputs[-1] @ W.T + b))
    a = outputs[-1]
    delta = (a - y) * a * (1 - a) / len(x)
    dweights, dbiases = [], []
    for layer in reversed(range(len(weights))):
        a = outputs[layer]
        dweights.append(delta.T @ a)
        dbiases.append(delta.sum(axis=0))
        if layer:
            delta = delta @ weights[layer] * a * (1 - a)
    return dweights[::-1], dbiases[::-1]
    ### END SOLUTION


# %% [markdown] id="backprop-hints" hints="backprop"
# - slope: The slope of the sigmoid, a(1 − a), is missing at the output.
# - sign: The sign is turned round: the derivative of ½(a − y)² with respect to a is a − y.
# - transposed: A gradient has the shape of its weights: (out, in).
# - mean: The cost is a mean over the batch: divide by N.
# - source: The weights of a layer multiply the outputs of the layer before it, not its own.
# - order: The lists run the wrong way: the first layer comes first.
# - bias: A bias is added to every row: its gradient is the sum over the rows.
# - hidden-slope: On the way back through a hidden layer its own slope, a(1 − a), is missing.
# - weights-forgotten: What reaches a hidden layer comes through the weights of the layer after it.


# %% id="backprop-output" test="backprop" points=2
@check.exercise("07-network/backprop")
def one_layer_one_example():
    """One layer, one example"""
    weights, biases, x, y = network_case([3, 2], 1)
    dweights, dbiases = check.call(backprop, weights, biases, x, y, returns=("dweights", "dbiases"))
    check.equal((len(dweights), len(dbiases)), (1, 1), name="the number of arrays in dweights and dbiases")
    a = layer_outputs(weights, biases, x)[-1]
    hints = {
        "slope": lambda right: (a - y).T @ x,
        "sign": lambda right: -right,
        "transposed": np.transpose,
    }
    check.gradient(
        lambda W: quadratic_cost([W], biases, x, y), dweights[0], weights[0], name="dweights[0]", hints=hints
    )
    check.gradient(lambda b: quadratic_cost(weights, [b], x, y), dbiases[0], biases[0], name="dbiases[0]")


# %% id="backprop-batch" test="backprop" points=2
@check.exercise("07-network/backprop")
def last_layer_of_a_batch():
    """The last layer, for a batch of five"""
    weights, biases, x, y = network_case([3, 4, 2], 5)
    dweights, dbiases = check.call(backprop, weights, biases, x, y, returns=("dweights", "dbiases"))
    hidden, a = layer_outputs(weights, biases, x)[1:]
    delta = (a - y) * a * (1 - a) / 5
    first = library_gradients(weights, biases, x, y)[0][0]
    hints = {
        "mean": lambda right: 5 * right,
        "source": lambda right: delta.T @ a,
        "order": lambda right: first,
    }
    check.gradient(
        lambda W: quadratic_cost([weights[0], W], biases, x, y),
        dweights[1],
        weights[1],
        name="dweights[1]",
        hints=hints,
    )
    check.gradient(
        lambda b: quadratic_cost(weights, [biases[0], b], x, y),
        dbiases[1],
        biases[1],
        name="dbiases[1]",
        hints={"bias": lambda right: delta, "mean": lambda right: 5 * right},
    )


# %% id="backprop-through" test="backprop" points=4
@check.exercise("07-network/backprop")
def through_the_hidden_layer():
    """Back through the hidden layer"""
    weights, biases, x, y = network_case([3, 4, 2], 5)
    dweights, dbiases = check.call(backprop, weights, biases, x, y, returns=("dweights", "dbiases"))
    hidden, a = layer_outputs(weights, biases, x)[1:]
    delta = (a - y) * a * (1 - a) / 5
    hints = {
        "hidden-slope": lambda right: (delta @ weights[1]).T @ x,
        "weights-forgotten": lambda right: (delta.sum(axis=1, keepdims=True) * hidden * (1 - hidden)).T @ x,
    }
    check.gradient(
        lambda W: quadratic_cost([W, weights[1]], biases, x, y),
        dweights[0],
        weights[0],
        name="dweights[0]",
        hints=hints,
    )
    check.gradient(lambda b: quadratic_cost(weights, [b, biases[1]], x, y), dbiases[0], biases[0], name="dbiases[0]")


# %% id="backprop-hidden" test="backprop" points=4 hidden=true
@check.exercise("07-network/backprop", hidden=True)
def four_layers_one_example_other_sizes():
    """Four layers, one example, other sizes"""
    rng = np.random.default_rng(7)
    for sizes, N in [([3, 4, 2], 1), ([2, 1], 7), ([5, 4, 3, 2], 6), ([4, 4, 4], 4)]:
        weights = [rng.normal(size=(o, i)) for i, o in zip(sizes, sizes[1:], strict=False)]
        biases = [rng.normal(size=o) for o in sizes[1:]]
        x, y = rng.normal(size=(N, sizes[0])), rng.random((N, sizes[-1]))
        dweights, dbiases = check.call(backprop, weights, biases, x, y, returns=("dweights", "dbiases"))
        right_weights, right_biases = library_gradients(weights, biases, x, y)
        for layer in range(len(weights)):
            check.close(
                dweights[layer],
                right_weights[layer],
                name=f"dweights[{layer}] for {sizes}, N = {N}",
                rtol=1e-9,
                atol=1e-12,
            )
            check.close(
                dbiases[layer],
                right_biases[layer],
                name=f"dbiases[{layer}] for {sizes}, N = {N}",
                rtol=1e-9,
                atol=1e-12,
            )


# %% [markdown] id="gradient-check"
# ## A check to keep
#
# Derive a gradient by hand, and compare it with differences before you trust it. Compare relatively, since gradients may be of any size:
#
# $$\frac{|g - \hat g|}{|g| + |\hat g|}$$
#
# A right gradient gives something near $10^{-8}$, a wrong sign gives 1, and a forgotten factor of two gives ⅓. Where both are zero the error is zero, and a check
# that divides without asking fails there. The book trains without any such check.


# %% id="gradient-check-run"
def relative_error(g, h):
    """Largest |g − h| / (|g| + |h|) over the entries of two arrays; 0 where both are 0."""
    size = np.abs(g) + np.abs(h)
    return np.max(np.abs(g - h) / np.where(size > 0, size, 1.0))


weights, biases, x, y = network_case([5, 4, 3], 6)
right = library_gradients(weights, biases, x, y)[0][0]
measured = np.empty(right.shape)
for i in np.ndindex(right.shape):
    step = np.zeros(right.shape)
    step[i] = 1e-5
    ends = [quadratic_cost([weights[0] + s, weights[1]], biases, x, y) for s in (step, -step)]
    measured[i] = (ends[0] - ends[1]) / 2e-5
print(f"right: {relative_error(right, measured):.0e}")
print(f"wrong sign: {relative_error(-right, measured):.2f}, factor of two: {relative_error(2 * right, measured):.2f}")
print(f"both zero: {relative_error(np.zeros(3), np.zeros(3)):.0f}")

# %% [markdown] id="cheap"
# ## How much cheaper?
#
# The book says that a million weights need a million *and one* forward passes by differences, and about two by backpropagation. The sentence
# in which it says so is garbled: it reads as if $C(w)$ itself cost a million. It costs one. And the backward pass costs about two forward
# passes, because it makes two products for each layer, one for the weights and one for the layer before. So three in all, against a million
# and one.

# %% id="cheap-run" folded=true
import time


def fastest(f, repeats):
    """Seconds of the fastest of several calls."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return min(times)


def both_costs(hidden):
    """Parameters, seconds by one-sided differences, seconds by backpropagation, of a [64, hidden, 10] network and ten digits."""
    rng = np.random.default_rng(0)
    digits = data.digits()
    x, y = digits.x_train[:10], np.eye(10)[digits.y_train[:10]]
    weights = [rng.normal(size=(hidden, 64)), rng.normal(size=(10, hidden))]
    biases = [rng.normal(size=hidden), rng.normal(size=10)]
    count = sum(W.size for W in weights) + sum(b.size for b in biases)
    one = fastest(lambda: quadratic_cost(weights, biases, x, y), 50)
    start = time.perf_counter()
    for _ in range(count + 1):
        quadratic_cost(weights, biases, x, y)
    return count, time.perf_counter() - start, fastest(lambda: library_gradients(weights, biases, x, y), 50), one


costs = [both_costs(hidden) for hidden in (3, 10, 30, 100)]
for count, slow, fast, one in costs:
    print(
        f"{count:5} parameters: differences {1000 * slow:7.1f} ms, backpropagation {1000 * fast:.3f} ms = {fast / one:.1f} forward passes"
    )

figure = plots.figure(6, 3.2)
ax = figure.subplots()
counts = [count for count, *_ in costs]
ax.loglog(counts, [1000 * slow for _, slow, _, _ in costs], "o--", color=plots.VERMILION, label="differences")
ax.loglog(counts, [1000 * fast for _, _, fast, _ in costs], "s-", color=plots.BLUE, label="backpropagation")
ax.set_xticks(counts, counts)
ax.minorticks_off()
ax.set(xlabel="parameters", ylabel="ms for one gradient")
ax.legend()
plots.show(
    figure,
    alt="Time for one gradient against the number of parameters: differences climb in proportion, backpropagation stays almost level.",
)

# %% [markdown] id="cheap-meaning"
# The first time grows with the number of parameters, the second hardly does. The exact times are those of your machine. On arrays as small as
# these, calling NumPy costs more than its products, so backpropagation may even look cheaper than three passes.

# %% [markdown] id="update-statement" statement="update"
# ### Exercise 5: one step
#
# Write `update(weights, biases, dweights, dbiases, eta)`. It returns the new `weights` and `biases` after one step of gradient descent, as two lists of
# new arrays. The old ones stay as they are: a step that goes wrong can be taken back.
#
# Check by hand: a weight of 2 with gradient −0.125 and `eta = 4` becomes 2.5.


# %% id="update" exercise=true difficulty=1 by_hand="nn data"
def update(weights, biases, dweights, dbiases, eta):
    """One step of gradient descent: new weights and new biases."""
    ### BEGIN SOLUTION
    weights = [W - eta * dW for W, dW in zip(weights, dweights, strict=True)]
    biases = [b - eta * db for b, db in zip(biases, dbiases, strict=True)]
    return weights, biases
    ### END SOLUTION


# %% [markdown] id="update-hints" hints="update"
# - uphill: This climbs: descent subtracts the gradient.
# - rate: The learning rate is missing.
# - biases-forgotten: The biases learn too.


# %% id="update-step" test="update" points=2
@check.exercise("07-network/update")
def one_step_down():
    """One step down, and the old arrays stay"""
    weights, biases, _, _ = network_case([3, 4, 2], 1)
    dweights, dbiases = [np.sin(W) for W in weights], [b**2 + 0.1 for b in biases]
    new, new_biases = check.call(update, weights, biases, dweights, dbiases, 0.5, returns=("weights", "biases"))
    hints = {"uphill": lambda right: 2 * weights[0] - right, "rate": lambda right: 2 * right - weights[0]}
    check.close(new[0], weights[0] - 0.5 * dweights[0], name="weights[0]", hints=hints)
    check.close(new[1], weights[1] - 0.5 * dweights[1], name="weights[1]")
    check.close(
        new_biases[1],
        biases[1] - 0.5 * dbiases[1],
        name="biases[1]",
        hints={"biases-forgotten": lambda right: biases[1]},
    )


# %% id="update-hidden" test="update" points=1 hidden=true
@check.exercise("07-network/update", hidden=True)
def a_step_of_zero_and_a_deep_network():
    """A step of zero, and a deep network"""
    rng = np.random.default_rng(8)
    for sizes, eta in [([3, 2], 0.0), ([2, 5, 4, 3, 1], 3.0)]:
        weights = [rng.normal(size=(o, i)) for i, o in zip(sizes, sizes[1:], strict=False)]
        biases = [rng.normal(size=o) for o in sizes[1:]]
        dweights, dbiases = [rng.normal(size=W.shape) for W in weights], [rng.normal(size=b.shape) for b in biases]
        new, new_biases = check.call(update, weights, biases, dweights, dbiases, eta, returns=("weights", "biases"))
        check.equal((len(new), len(new_biases)), (len(weights), len(biases)), name="the number of arrays")
        for layer in range(len(weights)):
            check.close(new[layer], weights[layer] - eta * dweights[layer], name=f"weights[{layer}]")
            check.close(new_biases[layer], biases[layer] - eta * dbiases[layer], name=f"biases[{layer}]")


# %% [markdown] id="correct-statement" statement="correct"
# ### Exercise 6: how many are right?
#
# Write `count_correct(outputs, labels)`: `outputs (N, C)` are what the network says for `N` examples, `labels (N,)` the right classes, integers. The answer of the network
# is the class whose output is largest; of equal ones, the first. The function returns how many answers are right, a Python integer.
#
# Check by hand: outputs `[[0.1, 0.8], [0.6, 0.4], [0.3, 0.2]]` and labels `[1, 1, 0]` give 2.


# %% id="correct" exercise=true difficulty=1 by_hand="nn data"
def count_correct(outputs, labels):
    """How many rows of outputs (N, C) are largest at their label (N,): an int."""
    ### BEGIN SOLUTION
    return int(np.sum(np.argmax(outputs, axis=1) == labels))
    ### END SOLUTION


# %% [markdown] id="correct-hints" hints="correct"
# - share: The number is asked for, not the share.
# - columns: Each row is an example: look for the largest entry along the row.
# - half: The largest output counts, also where none is above 0.5.


# %% id="correct-count" test="correct" points=2
@check.exercise("07-network/correct")
def number_of_right_answers():
    """The number of right answers"""
    outputs = np.cos(1.7 * np.arange(28)).reshape(7, 4) ** 2 * 0.6
    labels = np.array([0, 3, 1, 1, 0, 2, 2])
    right = int(sum(max(range(4), key=lambda k: row[k]) == label for row, label in zip(outputs, labels, strict=True)))
    got = check.call(count_correct, outputs, labels, returns=("count",))
    check.close(got, right, name="count", hints={
        "share": lambda right: right / 7,
        "half": lambda right: np.sum(outputs[np.arange(7), labels] > 0.5),
        "columns": lambda right: np.sum(np.argmax(outputs, axis=0) == labels[:4]),
    })  # fmt: skip
    check.equal(got, right, name="count")


# %% id="correct-hidden" test="correct" points=1 hidden=true
@check.exercise("07-network/correct", hidden=True)
def ties_and_one_example():
    """Ties, one example, none right"""
    check.equal(
        check.call(count_correct, np.array([[0.5, 0.5, 0.1]]), np.array([0]), returns=("count",)),
        1,
        name="count with a tie",
    )
    check.equal(
        check.call(count_correct, np.array([[0.5, 0.5, 0.1]]), np.array([1]), returns=("count",)),
        0,
        name="count with a tie",
    )
    rng = np.random.default_rng(9)
    outputs, labels = rng.normal(size=(40, 6)), rng.integers(0, 6, 40)
    right = int(sum(int(np.argmax(row)) == label for row, label in zip(outputs, labels, strict=True)))
    check.equal(check.call(count_correct, outputs, labels, returns=("count",)), right, name="count of 40")


# %% [markdown] id="class"
# ## The class
#
# Six functions, and the class only ties them together. `train_epoch` draws a new order of the examples, cuts it into mini-batches and takes one
# step for each. Nothing in it loops over examples.


# %% id="network"
class Network:
    """The book's network on whole mini-batches: `Network([784, 30, 10], rng)`."""

    def __init__(self, sizes, rng, dtype=np.float64):
        weights, biases = init_params(sizes, rng)
        self.weights, self.biases = [W.astype(dtype) for W in weights], [b.astype(dtype) for b in biases]

    def __call__(self, x):
        """Outputs for a batch, (N, sizes[-1])."""
        return feedforward(self.weights, self.biases, x)

    def train_epoch(self, x, y, eta, batch_size, rng):
        """One pass over x (N, sizes[0]) and y (N, sizes[-1]) in mini-batches drawn by rng."""
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            gradients = backprop(self.weights, self.biases, x.take(rows, 0), y.take(rows, 0))
            self.weights, self.biases = update(self.weights, self.biases, *gradients, eta)

    def accuracy(self, x, labels):
        """Share of right answers."""
        return count_correct(self(x), labels) / len(x)


# %% [markdown] id="own-run"
# Now yours learns to read. These are scikit-learn's 8×8 digits: 1,077 to train on, 360 to validate with, 360 to test.

# %% id="own-training"
digits = data.digits().hold_out(360)
targets = np.eye(10)[digits.y_train]
try:
    rng = np.random.default_rng(0)
    mine = Network([64, 30, 10], rng)
    start = time.perf_counter()
    for _ in range(30):
        mine.train_epoch(digits.x_train, targets, eta=3.0, batch_size=10, rng=rng)
    print(f"your network after 30 epochs: {mine.accuracy(digits.x_val, digits.y_val):.3f} of the validation set right")
    print(f"{time.perf_counter() - start:.1f} s")
except NotImplementedError:
    print("Your network learns as soon as exercises 1, 2, 4, 5 and 6 are solved.")

# %% [markdown] id="library-run"
# ## The same network from layers
#
# `dlbook.nn` holds the same mathematics as layers, and `dlbook.train.fit` the loop around them. The rest of the page uses them, so that you can read on
# whether or not your own network works yet. Both start from $N(0, 1)$, as the book's does.

# %% id="library-training"
from dlbook import optim, train


def layered(sizes, seed, spread=None, dtype=np.float64):
    """The network as dlbook.nn modules; spread: standard deviation of the first weights, or 1/√in where it is "scaled"."""
    rng = np.random.default_rng(seed)
    modules = []
    for before, after in zip(sizes, sizes[1:], strict=False):
        std = 1 / np.sqrt(before) if spread == "scaled" else 1.0

        def start(shape, rng, std=std):
            return rng.normal(0, std if len(shape) == 2 else 1.0, shape)

        modules += [nn.Linear(before, after, rng=rng, weight_init=start, bias_init=start, dtype=dtype), nn.Sigmoid()]
    return nn.Sequential(*modules), rng


def learn(sizes, seed, epochs=30, eta=3.0, batch_size=10, spread=None):
    """Train on the digits; returns the model and its history."""
    model, rng = layered(sizes, seed, spread)
    history = train.fit(
        model,
        nn.QuadraticLoss(),
        optim.SGD(model.parameters(), eta),
        (digits.x_train, targets),
        train.Config(epochs=epochs, batch_size=batch_size, train_metrics=True),
        rng=rng,
        validation=(digits.x_val, np.eye(10)[digits.y_val]),
        metrics={"accuracy": train.accuracy},
        progress=False,
    )
    return model, history


model, history = learn([64, 30, 10], 0)
print(
    f"accuracy after 1 epoch {history.validation['accuracy'][0]:.3f}, after 30 {history.validation['accuracy'][-1]:.3f}"
)
figure = plots.figure(8, 3)
left, right = figure.subplots(1, 2)
plots.learning_curves(
    left, {"training": history.train["loss"], "validation": history.validation["loss"]}, xlabel="epoch", ylabel="cost"
)
plots.learning_curves(
    right,
    {"training": history.train["accuracy"], "validation": history.validation["accuracy"]},
    xlabel="epoch",
    ylabel="accuracy",
)
plots.show(
    figure,
    alt="Cost and accuracy by epoch: steep in the first five epochs, flat after fifteen; validation stays a little below training.",
)

# %% [markdown] id="seeds"
# One run is one draw of the first weights and of the order of the examples. Another seed gives another result. Five of them:

# %% id="seeds-run"
runs = [learn([64, 30, 10], seed) for seed in range(5)]
ends = [run.validation["accuracy"][-1] for _, run in runs]
print("validation accuracy of five seeds:", np.round(ends, 3), f"from {min(ends):.3f} to {max(ends):.3f}")
answers = train.predict(runs[np.argmin(ends)][0], digits.x_val).argmax(axis=1)
print("digits that the worst of them never answers:", np.setdiff1d(np.arange(10), answers))

# %% [markdown] id="seeds-meaning"
# Four agree to a hundredth. One is far behind, because there is a digit that it never answers: the output unit for it started where its sigmoid is flat. Thirty hidden units run this
# risk now and then. Wider layers run it nearly always, as you will see below. Never report the best seed alone.

# %% [markdown] id="mistakes-figure-text"
# ## Which digits does it get wrong?
#
# A number hides what a table shows. The row of the confusion matrix is the right digit, the column the answer.

# %% id="confusion" folded=true
answers = train.predict(model, digits.x_val).argmax(axis=1)
counts = np.zeros((10, 10), int)
np.add.at(counts, (digits.y_val, answers), 1)
wrong = np.flatnonzero(answers != digits.y_val)
print(f"{len(wrong)} of {len(answers)} wrong")
figure = plots.figure(5, 4.4)
plots.confusion_matrix(figure.subplots(), counts, xlabel="answer", ylabel="digit")
plots.show(
    figure,
    alt=f"Confusion matrix of {len(answers)} digits: nearly everything on the diagonal, {len(wrong)} mistakes scattered off it.",
)
shown = wrong[:10]
captions = [f"{digits.y_val[i]} → {answers[i]}" for i in shown]
plots.show(
    plots.image_grid(digits.x_val[shown].reshape(-1, 8, 8), captions, columns=10),
    alt="The first digits that the network read wrongly: " + ", ".join(captions),
)

# %% [markdown] id="layers-norms"
# Backpropagation also tells how much reaches each layer. In a deep network of sigmoids it is less and less on the way back.
# The paper of 1986 made backpropagation known, and by the end of the decade people had found that deep networks hardly learnt with it. Chapter 17 is about the reason.

# %% id="norms"
weights, biases = [], []
deep, _ = layered([64, 30, 30, 30, 10], 0, spread="scaled")
state = deep.state_dict()
weights = [state[name] for name in state if name.endswith("weight")]
biases = [state[name] for name in state if name.endswith("bias")]
dweights, _ = library_gradients(weights, biases, digits.x_train[:100], targets[:100])
for layer, dW in enumerate(dweights, start=1):
    print(f"layer {layer}: mean |∂C/∂W| = {np.abs(dW).mean():.1e}")

# %% [markdown] id="panel-text"
# ## Try it
#
# Choose a network and press Run. Very small and very large learning rates both fail, for opposite reasons. Which fails faster?


# %% id="panel" folded=true
def panel_run(hidden, eta, batch_size, epochs):
    model, history = learn([64, hidden, 10], 0, epochs, eta, batch_size)
    answers = train.predict(model, digits.x_val).argmax(axis=1)
    return history, np.flatnonzero(answers != digits.y_val)[:10], answers


def panel_figure(result):
    """Accuracy by epoch (top), ten misread digits (bottom)."""
    history, missed, answers = result
    figure = plots.figure(8, 4)
    grid = figure.add_gridspec(2, 10, height_ratios=(3, 1))
    curves = {"training": history.train["accuracy"], "validation": history.validation["accuracy"]}
    plots.learning_curves(figure.add_subplot(grid[0, :]), curves, xlabel="epoch", ylabel="accuracy")
    for column, i in enumerate(missed):
        ax = figure.add_subplot(grid[1, column])
        ax.imshow(digits.x_val[i].reshape(8, 8), cmap="gray_r")
        ax.set_title(f"{digits.y_val[i]} → {answers[i]}")
        ax.set_axis_off()
    return figure


widgets.explore(
    panel_figure,
    dict(
        hidden=widgets.Slider(2, 100, 30, label="hidden units"),
        eta=widgets.LogSlider(0.01, 100, 3, label="learning rate η"),
        batch_size=widgets.Options({"1": 1, "10": 10, "100": 100, "1077": 1077}, 10, label="mini-batch"),
        epochs=widgets.Slider(1, 30, 5, label="epochs"),
    ),
    compute=panel_run,
    run_button=True,
    alt=lambda result: (
        f"Accuracy by epoch; validation ends at {result[0].validation['accuracy'][-1]:.3f}. Below, up to ten digits that were misread."
    ),
    table=lambda result: {
        "epoch": list(range(1, len(result[0].seconds) + 1)),
        "validation accuracy": result[0].validation["accuracy"],
    },
    title="Train a network",
)

# %% [markdown] id="wide-question" question="predict"
# A hundred hidden units instead of thirty, same start $N(0,1)$, same $\eta = 3$, five seeds. What happens?
#
# - [ ] All five are better: a larger network can do everything that the smaller one can; but it must also learn to.
# - [ ] All five are the same: the size matters, because more inputs make larger sums.
# - [x] Most are much worse: the output units add up a hundred numbers, start far out where the sigmoid is flat, and some never come back.

# %% id="wide"
for spread in (None, "scaled"):
    ends = [learn([64, 100, 10], seed, spread=spread)[1].validation["accuracy"][-1] for seed in range(5)]
    print("start N(0, 1):     " if spread is None else "start N(0, 1/√in):", np.round(ends, 3))

# %% [markdown] id="wide-meaning"
# With a hundred units before them, the sums of the output units start with a standard deviation of about six. At six the sigmoid's slope is
# 0.0025. A digit whose output unit is stuck there is never answered. Divide the first weights by the square root of the number of inputs and all five
# seeds work. The book keeps $N(0,1)$ until chapter 12 of this course, on initialisation.

# %% [markdown] id="test-set"
# ## What the test set is for
#
# The book says: train, evaluate on the test data, change something, and repeat until the accuracy is what you want. That is tuning on the test set. It makes the test
# easy: of many networks you keep the one that was lucky on these examples. The book had just set aside a validation set for this purpose. Here is what it costs. Twenty
# small networks, the best chosen by one half of the test set, then tried on the other half.

# %% id="test-set-run"
first, second = slice(0, 180), slice(180, 360)
scores = []
for seed in range(20):
    small, _ = learn([64, 6, 10], 100 + seed, epochs=8)
    right = train.predict(small, digits.x_test).argmax(axis=1) == digits.y_test
    scores.append((right[first].mean(), right[second].mean()))
scores = np.array(scores)
best = scores[:, 0].argmax()
print(f"mean of the twenty:            first half {scores[:, 0].mean():.3f}, second half {scores[:, 1].mean():.3f}")
print(f"the best on the first half:    first half {scores[best, 0]:.3f}, second half {scores[best, 1]:.3f}")

# %% [markdown] id="test-set-meaning"
# The number by which the winner was chosen promises more than the winner keeps. Choose by the validation set, and open the test set once.

# %% [markdown] id="mnist"
# ## MNIST
#
# The real thing: 28×28 images, [784, 30, 10], mini-batches of 10, $\eta = 3$. The package brings 5,000 training images and 1,000 test images. They are in single precision, as everywhere
# in deep learning: half the memory, twice the speed, and seven digits are plenty.
#
# MNIST has 60,000 training images and 10,000 for the test. The book sets 10,000 of the former aside for validation. With `FULL = True` this is its own run: 50,000 images, 30 epochs. It needs the whole data set: `data.sheet("mnist")` says where from, and `data.mnist(full=True)` where it looks.

# %% id="mnist-run"
FULL = False
mnist = data.mnist(full=FULL, dtype=np.float32).hold_out(10_000 if FULL else 500)
model, rng = layered([784, 30, 10], 0, dtype=np.float32)
mnist_targets = np.eye(10, dtype=np.float32)[mnist.y_train]
first_weights = model[0].weight.data.copy()
start = time.perf_counter()
history = train.fit(
    model,
    nn.QuadraticLoss(),
    optim.SGD(model.parameters(), 3.0),
    (mnist.x_train, mnist_targets),
    train.Config(epochs=30, batch_size=10),
    rng=rng,
    validation=(mnist.x_val, np.eye(10, dtype=np.float32)[mnist.y_val]),
    metrics={"accuracy": train.accuracy},
    progress=False,
)
seconds = time.perf_counter() - start
right = train.predict(model, mnist.x_test).argmax(axis=1) == mnist.y_test
print(f"{len(mnist.x_train):,} images, 30 epochs, {seconds:.1f} s")
print(f"validation accuracy {history.validation['accuracy'][-1]:.3f}, test accuracy {right.mean():.4f}")

try:
    rng = np.random.default_rng(0)
    mine = Network([784, 30, 10], rng, np.float32)
    start = time.perf_counter()
    for _ in range(30):
        mine.train_epoch(mnist.x_train, mnist_targets, eta=3.0, batch_size=10, rng=rng)
    seconds = time.perf_counter() - start
    print(f"your network: {seconds:.1f} s, test accuracy {mine.accuracy(mnist.x_test, mnist.y_test):.4f}")
except NotImplementedError:
    print("Your network joins in as soon as exercises 1, 2, 4, 5 and 6 are solved.")

# %% [markdown] id="mnist-meaning"
# With 4,500 images the network reads about nine digits in ten. The book's own run, measured once with `FULL = True` on one core: 50,000 images, 30 epochs, 17 to 22 seconds, 0.954 on the validation
# set and 0.9531 on the 10,000 test images. With the reference answers your own class reached 0.9505 in 20 seconds. More data did what no choice of $\eta$ could.

# %% [markdown] id="hidden-units"
# What did the thirty hidden units learn? The book hoped for strokes. The upper row shows the weights of ten units, the lower row how far training has moved them from their start:

# %% id="hidden-images"
plots.show(
    plots.image_grid(
        np.concatenate([model[0].weight.data[:10], (model[0].weight.data - first_weights)[:10]]).reshape(-1, 28, 28),
        columns=10,
        signed=True,
    ),
    alt="Upper row: the weights of ten hidden units, plain noise. Lower row: their change since the start, soft positive and negative patches in the middle, nothing at the edges.",
)

# %% [markdown] id="hidden-meaning"
# The weights look like the noise they started from: $N(0,1)$ is so wide that it hides what was learnt. The change has patches of ink wanted and ink unwanted, but no stroke that a person would name. At the edges, where every
# image is blank, nothing moved at all.

# %% [markdown] id="book-loop"
# ## What the loop over examples costs
#
# The book's class takes the examples of a mini-batch one at a time, as columns, and adds up their gradients. It is easy to read and it is right. (Open the cell if you like, but after exercise 4:
# it holds the answer for one example.) It finds the same gradient as the batch version:


# %% id="book-network" folded=true
class BookNetwork:
    """The network with the loop of the book: one example at a time, each a column."""

    def __init__(self, sizes, rng, dtype=np.float64):
        self.biases = [rng.normal(size=(after, 1)).astype(dtype) for after in sizes[1:]]
        self.weights = [rng.normal(size=(o, i)).astype(dtype) for i, o in zip(sizes, sizes[1:], strict=False)]

    def backprop(self, x, y):
        """Gradients for one example, x (sizes[0], 1) and y (sizes[-1], 1): biases and weights."""
        nabla_b = [np.zeros(b.shape, b.dtype) for b in self.biases]
        nabla_w = [np.zeros(w.shape, w.dtype) for w in self.weights]
        activation, activations, zs = x, [x], []
        for b, w in zip(self.biases, self.weights, strict=True):
            z = np.dot(w, activation) + b
            zs.append(z)
            activation = 1.0 / (1.0 + np.exp(-z))
            activations.append(activation)
        delta = (activations[-1] - y) * self.slope(zs[-1])
        nabla_b[-1] = delta
        nabla_w[-1] = np.dot(delta, activations[-2].T)
        for back in range(2, len(self.weights) + 1):
            delta = np.dot(self.weights[-back + 1].T, delta) * self.slope(zs[-back])
            nabla_b[-back] = delta
            nabla_w[-back] = np.dot(delta, activations[-back - 1].T)
        return nabla_b, nabla_w

    def slope(self, z):
        """σ'(z) = σ(z)(1 − σ(z))."""
        s = 1.0 / (1.0 + np.exp(-z))
        return s * (1 - s)

    def update_mini_batch(self, batch, eta):
        """Add up the gradients of the examples, then take one step."""
        sum_b = [np.zeros(b.shape, b.dtype) for b in self.biases]
        sum_w = [np.zeros(w.shape, w.dtype) for w in self.weights]
        for x, y in batch:
            nabla_b, nabla_w = self.backprop(x, y)
            sum_b = [total + one for total, one in zip(sum_b, nabla_b, strict=True)]
            sum_w = [total + one for total, one in zip(sum_w, nabla_w, strict=True)]
        self.weights = [w - eta / len(batch) * total for w, total in zip(self.weights, sum_w, strict=True)]
        self.biases = [b - eta / len(batch) * total for b, total in zip(self.biases, sum_b, strict=True)]

    def train_epoch(self, pairs, eta, batch_size, rng):
        """One pass over a list of (column, column)."""
        order = rng.permutation(len(pairs))
        for start in range(0, len(pairs), batch_size):
            self.update_mini_batch([pairs[i] for i in order[start : start + batch_size]], eta)


# %% id="book-run"
book = BookNetwork([64, 30, 10], np.random.default_rng(0))
pairs = [(x[:, None], y[:, None]) for x, y in zip(digits.x_train, targets, strict=True)]
sums = [np.zeros(w.shape) for w in book.weights]
for pair in pairs[:10]:
    sums = [total + one for total, one in zip(sums, book.backprop(*pair)[1], strict=True)]
batch, _ = library_gradients(book.weights, [b.ravel() for b in book.biases], digits.x_train[:10], targets[:10])
print(
    "largest difference between loop and batch:",
    f"{max(np.abs(s / 10 - g).max() for s, g in zip(sums, batch, strict=True)):.1e}",
)

loop = fastest(lambda: book.train_epoch(pairs, 3.0, 10, np.random.default_rng(1)), 3)
model, rng = layered([64, 30, 10], 0)
one = train.Config(epochs=1, batch_size=10)
steps = fastest(
    lambda: train.fit(
        model,
        nn.QuadraticLoss(),
        optim.SGD(model.parameters(), 3.0),
        (digits.x_train, targets),
        one,
        rng=rng,
        progress=False,
    ),
    3,
)
print(
    f"one epoch: example by example {1000 * loop:.0f} ms, in mini-batches {1000 * steps:.0f} ms, {loop / steps:.0f} times faster"
)

# %% [markdown] id="book-words"
# Two sentences of the book need mending. It says that the arrays `nabla_b` and `nabla_w` are "what the network learns". They are the gradients of one example, made anew at each call; what is learnt are
# the weights and biases. And it says that `backprop` returns them: it returns their gradients.
#
# It counts layers from the end: `activations[-2]` is the last but one, and the loop over `back` runs from the output towards the input. That is neat, but the products need columns of shape `(n, 1)`: with `(n,)`, `np.dot(delta, a.T)` is one
# number instead of a matrix.
#
# Its `sigmoid` is $1/(1+e^{-z})$, taken literally. For $z = -1000$ this is 1 divided by infinity: the result is right, and NumPy warns of an overflow.

# %% id="overflow"
import warnings

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    literal = 1.0 / (1.0 + np.exp(1000.0))
print("literal formula:", literal, "with the warning:", [str(w.message) for w in caught])
print("½ tanh(z / 2) + ½:", sigmoid(-1000.0), "without one")

# %% [markdown] id="python3"
# The code that the book follows was written for Python 2, and some traps are left from the move to Python 3. A `zip` can be walked through only once, so the second epoch sees no examples: write `list(zip(x, y))`. `/` makes a float, and a slice wants
# an integer: write `//`. Old data files were pickled by Python 2: `pickle.load(file, encoding="latin1")` opens them. And `random.shuffle` is for lists. On a two-dimensional array it swaps views of the rows, and examples get lost without a word:

# %% id="shuffle"
import random

pairs = zip([1, 2, 3], [4, 5, 6], strict=True)
print("first epoch:", len(list(pairs)), "examples, second epoch:", len(list(pairs)))

rows = np.arange(8)[:, None] * np.ones((1, 2), int)
random.Random(0).shuffle(rows)
print("rows after random.shuffle:", rows[:, 0], "different ones:", len(np.unique(rows[:, 0])))
print("rows by a permutation:    ", np.random.default_rng(0).permutation(8))

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# `twin` builds the same network as `torch.nn` modules with the same weights. Output and one step agree to the last digits: PyTorch does what you just wrote.

# %% id="torch-check"
try:
    import torch

    from dlbook.torch import twin
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    model, _ = layered([64, 30, 10], 0)
    other = twin(model)
    x, y = digits.x_train[:10], targets[:10]
    output = other(torch.from_numpy(x))
    print("largest difference of the outputs:", f"{np.abs(output.detach().numpy() - model(x)).max():.1e}")
    (((output - torch.from_numpy(y)) ** 2).sum() / (2 * len(x))).backward()
    torch.optim.SGD(other.parameters(), lr=3.0).step()
    state = model.state_dict()
    dweights, dbiases = library_gradients(
        [state["0.weight"], state["2.weight"]], [state["0.bias"], state["2.bias"]], x, y
    )
    stepped = other.state_dict()
    differences = [
        np.abs(stepped[f"{i}.weight"].numpy() - (state[f"{i}.weight"] - 3.0 * dW)).max()
        for i, dW in zip((0, 2), dweights, strict=True)
    ]
    print("largest difference of the weights after one step:", f"{max(differences):.1e}")

# %% [markdown] id="gpu"
# On a GPU nothing changes but `other.to("cuda")`, and for this network nothing is gained: a mini-batch of ten is too little work to send there. The gain comes with batches of hundreds and layers of thousands.
#
# One remark on factors. `torch.nn.MSELoss` is a mean over all $N\cdot 10$ outputs and has no ½. The book's cost is five times that: a learning rate of 3 here is one of 15 there.
#
# ### How far such a network can get
#
# `dlbook train mnist-mlp`, in a terminal, trains a larger one on all 60,000 images with what the next chapters add: ReLU, cross-entropy, dropout, AdamW and a learning rate that rises and falls. Two hidden layers of 512 units read **98.75 %** of the 10,000 test images, after 20 epochs and two minutes on one core. Every setting stands, with a comment, in `dlbook/torch/recipes/mnist_mlp.toml`; `--set hidden=30` changes one, and `--out FOLDER` keeps the weights and goes on after an interruption.

# %% [markdown] id="common-mistakes"
# ## Common mistakes
#
# - **Summing instead of averaging over the batch.** The step is then $N$ times too long, and the same $\eta$ fails when the batch size changes.
# - **Dividing by the batch size where the last batch is shorter.** 1,077 examples in tens leave seven. Divide by `len(x)`, not by 10.
# - **Columns without their second axis**, as above: no error, wrong numbers.
# - **Weights equal at the start.** Units that start equal receive equal gradients and stay equal.
# - **Tuning on the test set**, as the book's recipe does.
# - **A gradient check with ε = 10⁻¹².** It fails for a right gradient. Use 10⁻⁵ and centred differences, in double precision.

# %% [markdown] id="passes-quiz" question="quiz"
# A network has 1,000,000 parameters. How many forward passes does one gradient cost by centred differences?
#
# - [ ] 1,000,001: that is the one-sided quotient: one at the place itself, one for each parameter.
# - [x] 2,000,000: two for each parameter, and none at the place itself.
# - [ ] about 3: that is backpropagation: one forward pass, and a backward pass that costs about two.

# %% [markdown] id="batch-quiz" question="quiz"
# You double the size of the mini-batch and keep $\eta$. What happens to the length of one step?
#
# - [ ] It doubles: it would, if the cost were a sum over the batch.
# - [x] About the same: the cost is a mean, so the gradient keeps its size; there are half as many steps in an epoch.
# - [ ] It halves: the number of steps in an epoch halves, not their length.

# %% [markdown] id="questions"
# ## To think about
#
# 1. Why may the forward pass forget the sums $z$ and keep only the outputs? For which activation would that not work?
# 2. `backprop` keeps all outputs until the backward pass. How much memory is that for [784, 30, 10] and a batch of 10, and for a batch of 50,000?
# 3. The gradient check passes, but the network does not learn. Name two places where the mistake can be.
# 4. Two units of the hidden layer start with the same weights and the same bias. Show from the equations of this page when they stay equal.
#
# <details><summary>Answers</summary>
#
# 1. Because $\sigma' = a(1-a)$ is a function of the output. It would not for a function whose slope the output does not determine, such as $z^2$ or the GELU.
# 2. 10 × (784 + 30 + 10) numbers, 66 kB in double precision; 330 MB for 50,000.
# 3. The step (its sign, or a learning rate that is far off), the data (labels that do not belong to their images), or a start where the sigmoids are flat: the gradient is right and almost zero.
# 4. They give the same output; if the weights that lead out of them are equal too, $\delta^l$ is equal for both, and so are their gradients. With different outgoing weights they part.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# Rumelhart, Hinton and Williams, *Learning representations by back-propagating errors*, *Nature* 323 (1986). Nielsen, *Neural Networks and Deep Learning* (2015), chapters 1 and 2, which the book follows. LeCun, Bottou,
# Bengio and Haffner, *Gradient-based learning applied to document recognition*, *Proceedings of the IEEE* 86 (1998), for MNIST.
#
# Next: other architectures, then a cost that does not stall where the sigmoid is flat.
