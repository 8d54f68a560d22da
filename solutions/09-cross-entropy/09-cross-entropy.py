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
#     title: Cross-entropy
#     minutes: 115
#     needs: [07-network]
#     book: [17, 18]
# ---

# %% [markdown] id="title"
# # Cross-entropy: a cost that learns from being wrong
#
# **After this page you can** say why the quadratic cost stalls where a sigmoid is flat, derive the cost that does not, write it so
# that no number overflows, and read the outputs of a network as probabilities: with entropy, divergence and softmax.
#
# This page opens the part on learning well. First a better cost; then what keeps a network from learning by heart (10, 11), a better start for its weights (12), and the numbers that
# nobody learns and somebody must choose (13 to 15).
#
# **Time** 40 minutes to read, 75 for the six exercises. **You need** backpropagation for a batch (chapter 07), and derivatives of
# logarithms.

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, nn, plots

# %% [markdown] id="wrong-neuron"
# ## A neuron that is badly wrong
#
# People learn fastest from their worst mistakes. Does a neuron? Take the smallest one there is: one input, one weight $w$, one bias $b$, and
# the output $a = \sigma(wx + b)$. Its whole task is to turn the input $x = 1$ into the output $y = 0$. It learns by gradient descent on the
# quadratic cost $C = \tfrac12 (y-a)^2$.
#
# Start A: $w = 0.6$, $b = 0.9$. The output is 0.82, rather wrong. Start B: $w = b = 2$. The output is 0.98, about as wrong as can be.


# %% id="neuron-functions" given=true
def sigmoid(z):
    """1 / (1 + exp(-z)), written so that no z overflows: σ(z) = ½ tanh(z / 2) + ½."""
    return 0.5 * np.tanh(0.5 * z) + 0.5


def neuron_gradient(w, b, cost, x=1.0, y=0.0):
    """∂C/∂w and ∂C/∂b of one sigmoid neuron by dlbook.nn; cost is "quadratic" (with ½) or "cross_entropy"."""
    target = np.array([[y]])
    z, memory = nn.linear(np.array([[x]]), np.array([[w]]), np.array([b]))
    if cost == "quadratic":
        a, slope = nn.sigmoid(z)
        dz = nn.sigmoid_backward(nn.quadratic_loss_backward(1.0, nn.quadratic_loss(a, target)[1]), slope)
    else:
        loss = nn.binary_cross_entropy_with_logits(z, target)
        dz = nn.binary_cross_entropy_with_logits_backward(1.0, loss[1])
    _, dw, db = nn.linear_backward(dz, memory)
    return dw.item(), db.item()


def neuron_run(w, b, eta, epochs, cost, x=1.0, y=0.0):
    """Gradient descent on one example: z and ∂C/∂w before each step and after the last, both (epochs + 1,)."""
    z, slopes = np.empty(epochs + 1), np.empty(epochs + 1)
    for epoch in range(epochs + 1):
        dw, db = neuron_gradient(w, b, cost, x, y)
        z[epoch], slopes[epoch] = w * x + b, dw
        w, b = w - eta * dw, b - eta * db
    return z, slopes


# %% [markdown] id="plateau-question" question="predict"
# Both neurons take 300 steps with $\eta = 0.15$. Start A needs 36 of them until its output is below 0.5. How many does start B need?
#
# - [ ] 17: a larger error, faster learning; that is how people do it, and how another cost will do it below.
# - [ ] about 50: it would be so if the gradient had the same size at both starts.
# - [x] 232: at B the gradient is tiny; after 150 steps the output has only come from 0.98 to 0.93.

# %% id="neuron-run"
STARTS = {"A": (0.6, 0.9), "B": (2.0, 2.0)}


def below_half(outputs):
    """The first epoch whose output is below 0.5, None if there is none."""
    return int(np.argmax(outputs < 0.5)) if (outputs < 0.5).any() else None


for name, (w, b) in STARTS.items():
    outputs = sigmoid(neuron_run(w, b, 0.15, 300, "quadratic")[0])
    print(
        f"start {name}: output {outputs[0]:.4f}, after 150 steps {outputs[150]:.4f}, after 300 {outputs[-1]:.4f};"
        f" below 0.5 from step {below_half(outputs)}"
    )


# %% id="neuron-figure" folded=true
def start_figure(costs, eta=0.15, epochs=300):
    """Output of the neuron by epoch, one panel for each start, one curve for each cost of {label: cost}."""
    figure = plots.figure(8, 3)
    for ax, (name, (w, b)) in zip(figure.subplots(1, 2, sharey=True), STARTS.items(), strict=True):
        for i, (label, cost) in enumerate(costs.items()):
            outputs = sigmoid(neuron_run(w, b, eta, epochs, cost)[0])
            ax.plot(outputs, color=plots.COLOURS[i], linestyle=plots.LINE_STYLES[i], label=label)
        ax.set(title=f"{name}: w = {w}, b = {b}", xlabel="epoch", ylim=(0, 1))
        ax.legend()
    figure.axes[0].set(ylabel="output a")
    return figure


plots.show(
    start_figure({"quadratic": "quadratic"}),
    alt="From start A the output falls at once, from 0.82 to 0.09. From start B it stays above 0.93 for 150 epochs, then falls to 0.20.",
)

# %% [markdown] id="why-slow"
# ## Why it stalls
#
# "Slow" can only mean that the gradient is small. Here it is, by the chain rule:
#
# $$\frac{\partial C}{\partial w} = (a-y)\,\sigma'(z)\,x, \qquad \frac{\partial C}{\partial b} = (a-y)\,\sigma'(z)$$
#
# The error $a - y$ is large. But the factor $\sigma'(z) = \sigma(z)(1-\sigma(z))$ is the slope of the sigmoid, and at $z = 4$ the sigmoid is
# almost level. The neuron is *saturated*. It is not the error that is missing, it is the way back through the flat sigmoid. In a large network the
# same happens to every output unit that starts on the wrong side.

# %% id="slope-run"
for z in (0.0, 1.5, 4.0, 8.0):
    a = sigmoid(z)
    print(f"z = {z}: output {a:.4f}, slope of the sigmoid {a * (1 - a):.5f}, one part in {1 / (a * (1 - a)):.1f}")

# %% [markdown] id="backwards"
# ## Ask for the gradient, find the cost
#
# Turn the question round. Which cost would give a gradient that is the error itself, without the slope?
#
# $$\frac{\partial C}{\partial b} = \frac{\partial C}{\partial a}\,\sigma'(z) \;\overset{!}{=}\; a - y
# \qquad\Longrightarrow\qquad \frac{\partial C}{\partial a} = \frac{a-y}{a(1-a)}$$
#
# The right-hand side is $\frac{1-y}{1-a} - \frac{y}{a}$. Integrate over $a$, and the cost is there:
#
# $$C = -\big[\,y\ln a + (1-y)\ln(1-a)\,\big]$$
#
# This is the *cross-entropy*. For $n$ examples it is averaged, and with several inputs the slopes are
#
# $$C = -\frac1n\sum_x \big[\,y\ln a + (1-y)\ln(1-a)\,\big], \qquad
# \frac{\partial C}{\partial w_j} = \frac1n\sum_x x_j\,(\sigma(z)-y), \qquad \frac{\partial C}{\partial b} = \frac1n\sum_x (\sigma(z)-y)$$
#
# Check the cancellation with numbers before you believe it: three inputs, seven examples, differences against formula.

# %% id="cancellation"
x = np.sin(1.1 * np.arange(21)).reshape(7, 3)
y = np.array([0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0])
w, b = np.array([0.8, -1.5, 2.0]), 0.3


def mean_cross_entropy(w, b):
    """The formula above, with its logarithms."""
    a = sigmoid(x @ w + b)
    return -np.mean(y * np.log(a) + (1 - y) * np.log(1 - a))


steps = 1e-5 * np.eye(3)
differences = np.array([(mean_cross_entropy(w + s, b) - mean_cross_entropy(w - s, b)) / 2e-5 for s in steps])
formula = x.T @ (sigmoid(x @ w + b) - y) / 7
print("by differences:", differences.round(8))
print("by the formula:", formula.round(8))

# %% id="cost-figure" folded=true
z = np.linspace(-6, 6, 241)
a = sigmoid(z)
figure = plots.figure(8, 3)
left, right = figure.subplots(1, 2)
left.plot(z, a**2 / 2, label="quadratic")
left.plot(z, -np.log(1 - a), label="cross-entropy")
left.set(xlabel="z", ylabel="C, for y = 0")
left.legend()
right.plot(z, a * a * (1 - a), label="quadratic")
right.plot(z, a, label="cross-entropy")
right.set(xlabel="z", ylabel="|dC/dz|")
right.legend()
plots.show(
    figure,
    alt="Left: the quadratic cost levels off at 0.5 for large z, the cross-entropy keeps rising in a straight line. "
    "Right: the quadratic slope has a hump near z = 0.7 and falls to zero, the slope of the cross-entropy rises to 1.",
)

# %% [markdown] id="both-text"
# On the left: where the neuron is most wrong, the quadratic cost is a plateau and the cross-entropy a ramp. On the right the same as slopes. At start
# B, $z = 4$, the first step of the cross-entropy is 56.6 times as long, exactly $1/\sigma'(4)$.

# %% id="both-run"
first = [neuron_gradient(2.0, 2.0, cost)[0] for cost in ("quadratic", "cross_entropy")]
print(f"first gradient at B: quadratic {first[0]:.5f}, cross-entropy {first[1]:.5f}, ratio {first[1] / first[0]:.1f}")
for name, (w, b) in STARTS.items():
    outputs = sigmoid(neuron_run(w, b, 0.15, 300, "cross_entropy")[0])
    steepest = 1 + int(np.argmin(np.diff(-np.log(1 - outputs))))
    print(
        f"start {name}, cross-entropy, η = 0.15: after 300 {outputs[-1]:.4f}; below 0.5 from step {below_half(outputs)};"
        f" the cost falls most in step {steepest}"
    )

plots.show(
    start_figure({"quadratic": "quadratic", "cross-entropy": "cross_entropy"}),
    alt="With cross-entropy both starts fall at once and end near 0.012; with the quadratic cost, start B stays above 0.93 for 150 epochs.",
)

# %% [markdown] id="same-eta"
# ### The book changes η
#
# The book shows the same success with $\eta = 0.005$ for the cross-entropy, and says that equal rates mean nothing across two costs. The
# argument has a point: what matters is how the speed *changes* during training, and here it is largest at the beginning. But the number does not do
# what the book shows:

# %% id="book-eta"
for name, (w, b) in STARTS.items():
    outputs = sigmoid(neuron_run(w, b, 0.005, 300, "cross_entropy")[0])
    print(f"start {name}, cross-entropy, η = 0.005: after 300 steps {outputs[-1]:.3f}")

# %% [markdown] id="same-eta-meaning"
# After 300 steps the output is still 0.418 and 0.780. Nobody would call that quick. With the *same* $\eta = 0.15$ for both costs, as above, the comparison
# is fairer and the difference larger.

# %% [markdown] id="neuron-widget-text"
# ## Try it
#
# Move the start and the epoch. The point on the sigmoid is the neuron; its tangent is the slope that the quadratic cost has to pass through. Find a start from
# which the quadratic cost is *not* the slower one. (There is none, but there are starts where it hardly matters.)

# %% id="neuron-widget" folded=true
from dlbook import widgets

WIDGET_EPOCHS = 300


def neuron_curves(w, b, eta, epoch, cost):
    """Both runs of the neuron, and which one and which epoch to mark."""
    return {kind: neuron_run(w, b, eta, WIDGET_EPOCHS, kind) for kind in ("quadratic", "cross_entropy")}, epoch, cost


def neuron_widget_figure(result):
    """The neuron on its sigmoid (left), output by epoch (middle), size of the gradient by epoch (right)."""
    runs, epoch, cost = result
    z, slopes = runs[cost]
    here, a = z[epoch], sigmoid(z[epoch])
    figure = plots.figure(10, 3.2)
    left, middle, right = figure.subplots(1, 3)
    reach = max(8.5, abs(here) + 1)
    line = np.linspace(-reach, reach, 161)
    left.plot(line, sigmoid(line), color=plots.BLUE)
    near = np.array([here - 2, here + 2])
    left.plot(near, a + a * (1 - a) * (near - here), "--", color=plots.VERMILION)
    left.plot([here], [a], "s", color=plots.VERMILION, markersize=9)
    left.set(xlabel="z", ylabel="output a", ylim=(-0.1, 1.1))
    names = {"quadratic": "quadratic", "cross_entropy": "cross-entropy"}
    for i, (kind, (sums, gradients)) in enumerate(runs.items()):
        style = {"color": plots.COLOURS[i], "linestyle": plots.LINE_STYLES[i], "label": names[kind]}
        middle.plot(sigmoid(sums), **style)
        right.semilogy(np.abs(gradients) + 1e-12, **style)
    middle.plot([epoch], [a], "s", color=plots.VERMILION, markersize=9)
    right.semilogy([epoch], [abs(slopes[epoch]) + 1e-12], "s", color=plots.VERMILION, markersize=9)
    middle.set(xlabel="epoch", ylabel="output a", ylim=(0, 1))
    right.set(xlabel="epoch", ylabel="|∂C/∂w|")
    middle.legend()
    return figure


widgets.explore(
    neuron_widget_figure,
    dict(
        w=widgets.Slider(-4.0, 4.0, 2.0, step=0.1, label="first weight w"),
        b=widgets.Slider(-4.0, 4.0, 2.0, step=0.1, label="first bias b"),
        eta=widgets.LogSlider(0.005, 5, 0.15, label="learning rate η"),
        epoch=widgets.Slider(0, WIDGET_EPOCHS, 0, label="epoch"),
        cost=widgets.Options({"quadratic": "quadratic", "cross-entropy": "cross_entropy"}, label="marked cost"),
    ),
    compute=neuron_curves,
    alt=lambda result: (
        f"The neuron at epoch {result[1]}: output {sigmoid(result[0][result[2]][0][result[1]]):.3f} on its sigmoid; "
        f"after 300 epochs the quadratic cost is at {sigmoid(result[0]['quadratic'][0][-1]):.3f}, "
        f"the cross-entropy at {sigmoid(result[0]['cross_entropy'][0][-1]):.3f}."
    ),
    table=lambda result: [
        {
            "cost": {"quadratic": "quadratic", "cross_entropy": "cross-entropy"}[kind],
            "z": float(z[result[1]]),
            "output": float(sigmoid(z[result[1]])),
            "|∂C/∂w|": float(abs(slopes[result[1]])),
            "output at the end": float(sigmoid(z[-1])),
        }
        for kind, (z, slopes) in result[0].items()
    ],
    title="One neuron, two costs",
)

# %% [markdown] id="neuron-statement" statement="neuron"
# ### Exercise 1: train the neuron yourself
#
# Write `train_neuron(w, b, eta, epochs, cost, x, y)`. All are numbers except `cost`, which is `"quadratic"` ($\tfrac12(y-a)^2$) or `"cross_entropy"`. The function takes
# `epochs` steps of gradient descent on the one example and returns an array `(epochs + 1,)`: the output before each step, and after the last. In each step both gradients are taken before
# either parameter moves.
#
# Check by hand: `w = 0`, `b = 0`, `eta = 8`, `x = 1`, `y = 0`, one step. The output is 0.5. Quadratic: the gradient is $0.5\cdot0.25 = 0.125$, so
# $w = b = -1$ and the second output is $\sigma(-2) = 0.1192$. Cross-entropy: the gradient is 0.5, $w = b = -4$, $\sigma(-8) = 0.0003$.
#
# `sigmoid` is given.


# %% id="neuron" exercise=true difficulty=1 by_hand="nn data neuron_gradient neuron_run"
def train_neuron(w, b, eta, epochs, cost, x, y):
    """Outputs of the neuron before each step and after the last, (epochs + 1,); cost "quadratic" or "cross_entropy"."""
    ### BEGIN SOLUTION
    outputs = np.empty(epochs + 1)
    for epoch in range(epochs + 1):
        a = outputs[epoch] = sigmoid(w * x + b)
        delta = a - y
        if cost == "quadratic":
            delta *= a * (1 - a)
        w, b = w - eta * delta * x, b - eta * delta
    return outputs
    ### END SOLUTION


# %% [markdown] id="neuron-hints" hints="neuron"
# - short: The output after the last step is missing: epochs + 1 numbers.
# - double: The quadratic cost has a factor ½: its derivative is a − y, not twice that.
# - slope: The quadratic cost has to go through the sigmoid: the factor σ′(z) is missing.
# - order: The gradient of b was taken after w had moved: compute both, then move both.
# - slope-left: In the cross-entropy σ′(z) has cancelled: the error alone is left.
# - input: The weight multiplies x: its gradient has the factor x.
# - uphill: This climbs: subtract the gradient.


# %% id="neuron-quadratic" test="neuron" points=2
@check.exercise("09-cross-entropy/neuron")
def quadratic_cost_from_start_a():
    """The quadratic cost, two steps from start A"""
    right = sigmoid(neuron_run(0.6, 0.9, 0.5, 2, "quadratic")[0])
    dw, _ = neuron_gradient(0.6, 0.9, "quadratic")
    _, late = neuron_gradient(0.6 - 0.5 * dw, 0.9, "quadratic")
    w, b = 0.6 - 0.5 * dw, 0.9 - 0.5 * late
    dw, _ = neuron_gradient(w, b, "quadratic")
    _, later = neuron_gradient(w - 0.5 * dw, b, "quadratic")
    hints = {
        "short": lambda right: right[:-1],
        "double": lambda right: sigmoid(neuron_run(0.6, 0.9, 1.0, 2, "quadratic")[0]),
        "slope": lambda right: sigmoid(neuron_run(0.6, 0.9, 0.5, 2, "cross_entropy")[0]),
        "order": lambda right: np.array([right[0], sigmoid(w + b), sigmoid(w - 0.5 * dw + b - 0.5 * later)]),
        "uphill": lambda right: sigmoid(neuron_run(0.6, 0.9, -0.5, 2, "quadratic")[0]),
    }
    got = check.call(train_neuron, 0.6, 0.9, 0.5, 2, "quadratic", 1.0, 0.0, returns=("outputs",))
    check.close(got, right, name="outputs", hints=hints)


# %% id="neuron-cross-entropy" test="neuron" points=2
@check.exercise("09-cross-entropy/neuron")
def cross_entropy_of_another_example():
    """The cross-entropy, with x = 2 and y = 1"""
    right = sigmoid(neuron_run(-0.7, 0.2, 0.3, 1, "cross_entropy", 2.0, 1.0)[0])
    before, after = np.log(right / (1 - right))
    hints = {
        "slope-left": lambda right: sigmoid(neuron_run(-0.7, 0.2, 0.3, 1, "quadratic", 2.0, 1.0)[0]),
        "input": lambda right: np.array([right[0], sigmoid(before + (after - before) * 3 / 5)]),
    }
    got = check.call(train_neuron, -0.7, 0.2, 0.3, 1, "cross_entropy", 2.0, 1.0, returns=("outputs",))
    check.close(got, right, name="outputs", hints=hints)


# %% id="neuron-hidden" test="neuron" points=2 hidden=true
@check.exercise("09-cross-entropy/neuron", hidden=True)
def both_starts_no_step_and_other_numbers():
    """Start B, no step at all, other numbers"""
    for cost in ("quadratic", "cross_entropy"):
        got = check.call(train_neuron, 2.0, 2.0, 0.15, 300, cost, 1.0, 0.0, returns=("outputs",))
        check.close(got, sigmoid(neuron_run(2.0, 2.0, 0.15, 300, cost)[0]), name="outputs from start B")
        got = check.call(train_neuron, 2.0, 2.0, 0.15, 0, cost, 1.0, 0.0, returns=("outputs",))
        check.close(got, np.array([sigmoid(4.0)]), name="outputs for epochs = 0")
        w, b, x, y = check.rng(17).uniform(-2, 2, 4)
        got = check.call(train_neuron, w, b, 0.4, 7, cost, x, abs(y) / 2, returns=("outputs",))
        right = sigmoid(neuron_run(w, b, 0.4, 7, cost, x, abs(y) / 2)[0])
        check.close(got, right, name="outputs for other numbers")


# %% [markdown] id="properties"
# ## Is it a cost at all?
#
# Two things make it one. It is never negative, since both logarithms are of numbers between 0 and 1. And it is small when $a$ is near $y$ on all
# examples. The quadratic cost has both properties too.
#
# The book writes $C > 0$ and says that $C$ goes to 0. It is $C \ge 0$, and 0 is reached only for hard labels, $y = 0$ or $y = 1$. For a label in
# between, "this happens in 30 % of the cases", the smallest cost is not 0:

# %% id="soft-label"
a = np.linspace(0.001, 0.999, 999)
for y in (0.0, 0.3, 0.5):
    costs = -(y * np.log(a) + (1 - y) * np.log(1 - a))
    print(f"y = {y}: smallest cost {costs.min():.4f} at a = {a[costs.argmin()]:.3f}")

# %% [markdown] id="soft-label-meaning"
# The minimum is in the right place, $a = y$. Its height, 0.6109 for $y = 0.3$, is the *entropy* of the label. You will meet it again in the second half.

# %% [markdown] id="layer"
# ## A layer of outputs
#
# With $K$ sigmoid outputs the costs of the outputs are added up:
#
# $$C = -\frac1n\sum_x\sum_j\big[\,y_j\ln a^L_j + (1-y_j)\ln(1-a^L_j)\,\big]$$
#
# Backpropagation starts from $\delta^L = \partial C/\partial z^L$, and this is the only line of chapter 07 that changes:
#
# $$\text{quadratic:}\quad \delta^L = (a^L-y)\odot\sigma'(z^L) \qquad\qquad \text{cross-entropy:}\quad \delta^L = a^L-y$$
#
# Each output is a two-point distribution of its own, $(a_j, 1-a_j)$: "is it a 3, yes or no?" The $K$ outputs together are *not* one distribution. Nothing
# makes them add up to 1.

# %% [markdown] id="delta-statement" statement="delta"
# ### Exercise 2: where backpropagation starts
#
# Write `output_delta(z, y, cost)` for a layer of sigmoids. `z (N, K)` are the weighted sums, `y (N, K)` the targets. It returns $\delta$, `(N, K)`, for each example by itself: no mean, no sum.
# `cost` is `"quadratic"` or `"cross_entropy"`. It holds for every finite `z`, also where the sigmoid is exactly 1 in floating point.
#
# Check by hand: `z = [[0]]`, `y = [[1]]` give `[[−0.125]]` and `[[−0.5]]`.


# %% id="delta-cost" given=true
def output_cost(z, y, cost):
    """Cost of a layer of sigmoids, summed over examples and outputs, by dlbook.nn: a number."""
    if cost == "quadratic":
        return nn.quadratic_loss(nn.sigmoid(z)[0], y, "sum")[0]
    return nn.binary_cross_entropy_with_logits(z, y, "sum")[0]


# %% id="delta" exercise=true difficulty=1 by_hand="nn data output_cost neuron_gradient neuron_run"
def output_delta(z, y, cost):
    """∂C/∂z of each example for sigmoid outputs: z, y (N, K) -> (N, K); cost "quadratic" or "cross_entropy"."""
    ### BEGIN SOLUTION
    a = sigmoid(z)
    return (a - y) * a * (1 - a) if cost == "quadratic" else a - y
    ### END SOLUTION


# %% [markdown] id="delta-hints" hints="delta"
# - slope-left: In the cross-entropy the slope of the sigmoid has cancelled: it must not appear.
# - sign: The sign is turned round: where the output is too large, δ is positive.
# - mean: Each example for itself: do not divide by N.
# - no-slope: The quadratic cost goes through the sigmoid: σ′(z) is missing.
# - double: The quadratic cost has a factor ½: there is no 2 left.


# %% id="delta-cross-entropy" test="delta" points=2
@check.exercise("09-cross-entropy/delta")
def delta_of_the_cross_entropy():
    """δ of the cross-entropy"""
    z, y = np.linspace(-2, 3, 6).reshape(2, 3), np.array([[0.0, 1.0, 0.3], [1.0, 0.0, 0.8]])
    slope = sigmoid(z) * (1 - sigmoid(z))
    hints = {
        "slope-left": lambda right: right * slope,
        "sign": lambda right: -right,
        "mean": lambda right: right / 2,
    }
    delta = check.call(output_delta, z, y, "cross_entropy", returns=("delta",))
    check.gradient(lambda v: output_cost(v, y, "cross_entropy"), delta, z, name="delta", hints=hints)


# %% id="delta-quadratic" test="delta" points=2
@check.exercise("09-cross-entropy/delta")
def delta_of_the_quadratic_cost():
    """δ of the quadratic cost"""
    z, y = np.linspace(-2, 3, 6).reshape(3, 2), np.array([[0.0, 1.0], [0.3, 1.0], [0.0, 0.8]])
    hints = {
        "no-slope": lambda right: sigmoid(z) - y,
        "double": lambda right: 2 * right,
        "sign": lambda right: -right,
        "mean": lambda right: right / 3,
    }
    delta = check.call(output_delta, z, y, "quadratic", returns=("delta",))
    check.gradient(lambda v: output_cost(v, y, "quadratic"), delta, z, name="delta", hints=hints)


# %% id="delta-saturated" test="delta" points=2
@check.exercise("09-cross-entropy/delta")
def saturated_outputs():
    """Saturated outputs: z = ±40, ±1000"""
    z = np.array([[40.0, -40.0, 1000.0, -1000.0]])
    y = np.array([[0.0, 1.0, 0.0, 1.0]])
    delta = check.call(output_delta, z, y, "cross_entropy", returns=("delta",))
    check.close(delta, np.array([[1.0, -1.0, 1.0, -1.0]]), name="delta of the cross-entropy")
    delta = check.call(output_delta, z, y, "quadratic", returns=("delta",))
    check.close(delta, np.zeros((1, 4)), name="delta of the quadratic cost")


# %% id="delta-hidden" test="delta" points=2 hidden=true
@check.exercise("09-cross-entropy/delta", hidden=True)
def one_example_other_sizes():
    """One example, one output, other sizes"""
    rng = check.rng(18)
    for N, K in [(1, 4), (5, 1), (7, 3)]:
        z, y = 3 * rng.normal(size=(N, K)), rng.random((N, K))
        a = nn.sigmoid(z)[0]
        for cost, right in (("quadratic", (a - y) * a * (1 - a)), ("cross_entropy", a - y)):
            delta = check.call(output_delta, z, y, cost, returns=("delta",))
            check.close(delta, right, name=f"delta for N = {N}, K = {K}", rtol=1e-9, atol=1e-12)


# %% [markdown] id="ten-outputs"
# ### Ten outputs that start wrong
#
# The two neurons once more, now as a layer that reads digits: 64 inputs, ten sigmoid outputs, each with a bias of 4 at the start. So each of them says "yes" to everything, and nine in ten are badly wrong. Same
# start, same $\eta = 0.1$, one step for ten examples.

# %% id="training"
from dlbook import optim, train

digits = data.digits().hold_out(360)
one_hot = np.eye(10)


class SigmoidCrossEntropy(nn.Loss):
    """The cost of the book on the sums z: added up over the outputs, averaged over the examples."""

    def forward(self, z, y):
        value, memory = nn.binary_cross_entropy_with_logits(z, y, "sum")
        return value / len(z), (memory, len(z))

    def backward(self, dvalue, cache):
        memory, N = cache
        return nn.binary_cross_entropy_with_logits_backward(dvalue / N, memory)


NAMES = {"quadratic": "quadratic", "sigmoids": "sigmoids", "softmax": "softmax"}
COSTS = {"quadratic": nn.QuadraticLoss(), "sigmoids": SigmoidCrossEntropy(), "softmax": nn.CrossEntropyLoss()}


def network(sizes, cost, rng, spread="large", bias=None, dtype=np.float64):
    """Sigmoid layers; the costs of cross-entropy take the sums of the last layer, the quadratic its outputs.

    spread : "large", every weight from N(0, 1), as the book starts here; "scaled", from N(0, 1/in).
    """
    modules = []
    for before, after in zip(sizes, sizes[1:], strict=False):
        std = 1.0 if spread == "large" else 1 / np.sqrt(before)

        def weights(shape, rng, std=std):
            return rng.normal(0, std, shape)

        def biases(shape, rng):
            return rng.normal(size=shape) if bias is None else np.full(shape, bias)

        modules += [nn.Linear(before, after, rng=rng, weight_init=weights, bias_init=biases, dtype=dtype), nn.Sigmoid()]
    return nn.Sequential(*(modules if cost == "quadratic" else modules[:-1]))


def learn(cost, eta, seed, epochs=30, sizes=(64, 30, 10), examples=digits, dtype=np.float64, **start):
    """Train on images with one of COSTS; returns the model and its history."""
    rng = np.random.default_rng(seed)
    model = network(sizes, cost, rng, dtype=dtype, **start)
    history = train.fit(
        model,
        COSTS[cost],
        optim.SGD(model.parameters(), eta),
        (examples.x_train, one_hot[examples.y_train]),
        train.Config(epochs=epochs, batch_size=10),
        rng=rng,
        validation=(examples.x_val, one_hot[examples.y_val]),
        metrics={"accuracy": train.accuracy},
        progress=False,
    )
    return model, history


# %% id="ten-run"
curves = {}
for label, cost in (("quadratic", "quadratic"), ("cross-entropy", "sigmoids")):
    _, history = learn(cost, 0.1, 0, epochs=15, sizes=(64, 10), spread="scaled", bias=4.0)
    curves[label] = history.validation["accuracy"]
    print(
        f"{label:14} accuracy after 1 epoch {curves[label][0]:.3f}, after 5 {curves[label][4]:.3f}, after 15 {curves[label][14]:.3f}"
    )
figure = plots.figure(6, 3)
plots.learning_curves(figure.subplots(), curves, xlabel="epoch", ylabel="accuracy")
plots.show(
    figure,
    alt="Accuracy by epoch of a layer that starts saturated: the cross-entropy is above 0.9 from the second epoch on, the quadratic cost reaches 0.87 after fifteen.",
)

# %% [markdown] id="numerics"
# ## Logarithms of zero
#
# The book says nothing about numbers. Write the cost as it stands, and give it a neuron that is sure of itself:

# %% id="numerics-run"
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    for z, y in ((40.0, 0.0), (40.0, 1.0), (-800.0, 1.0)):
        a = np.float64(1) / (1 + np.exp(-z))
        literal = -(y * np.log(a) + (1 - y) * np.log(1 - a))
        print(f"z = {z}, y = {y}: a = {a}, literal cost {literal}, with nan_to_num {np.nan_to_num(literal):.2g}")

# %% [markdown] id="numerics-meaning"
# At $z = 40$ the output is exactly 1, and the cost of a neuron that is *right* is $0\cdot(-\infty)$, not a number. The program that the book follows, `network2.py`, wraps the formula in `np.nan_to_num`. That mends the
# NaN, but it turns infinity into $1.8\cdot10^{308}$, and no average survives that. Clipping $a$ is no cure either: the cost of a hopeless example stops growing, its gradient becomes zero, and the plateau is back.
#
# The cure is to leave the output alone and work with $z$, the *logit*. Put $a = 1/(1+e^{-z})$ into the cost and simplify:
#
# $$\ell(z, y) = \max(z, 0) - z\,y + \ln\!\big(1 + e^{-|z|}\big)$$
#
# The exponent is never positive, so nothing overflows, and the argument of the logarithm lies between 1 and 2. `np.log1p(t)` is $\ln(1+t)$ without rounding away a small $t$.

# %% id="numerics-cure"
for z, y in ((40.0, 0.0), (40.0, 1.0), (-800.0, 1.0)):
    print(f"z = {z}, y = {y}: cost {max(z, 0) - z * y + np.log1p(np.exp(-abs(z))):.6g}")

# %% [markdown] id="bce-statement" statement="bce"
# ### Exercise 3: the cost and its gradient, from logits
#
# Write `bce_with_logits(z, y)`: `z (N, K)` logits, `y (N, K)` targets between 0 and 1. It returns `loss`, a number, *summed over the K outputs and averaged over the N examples*, and `dz (N, K)`, its gradient with
# respect to `z`. Both are finite for every finite `z`.
#
# Check by hand: `z = [[0, 0]]`, `y = [[0, 1]]` give `loss` $= 2\ln 2 = 1.3863$ and `dz = [[0.5, −0.5]]`.


# %% id="bce" exercise=true difficulty=2 by_hand="nn data output_cost neuron_gradient neuron_run"
def bce_with_logits(z, y):
    """Binary cross-entropy of logits, summed over K, averaged over N: z, y (N, K) -> loss, dz (N, K)."""
    ### BEGIN SOLUTION
    losses = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    return losses.sum() / len(z), (sigmoid(z) - y) / len(z)
    ### END SOLUTION


# %% [markdown] id="bce-hints" hints="bce"
# - all: The costs of the K outputs are added up: the average is over the N examples only.
# - sum: The loss is a mean over the examples: divide it by N.
# - gradient-sum: The loss is a mean over the examples, so its gradient is divided by N too.
# - gradient-all: The gradient belongs to a sum over the outputs: divide by N, not by N · K.
# - slope: There is no σ′(z) left in this gradient: it has cancelled.
# - sign: The sign of the gradient is turned round.
# - clipped: Clipping the output bends the cost: write it with z, so that nothing needs to be clipped.
# - huge: nan_to_num makes infinity a huge number: write the cost with z, so that no infinity arises.


# %% id="bce-loss" test="bce" points=2
@check.exercise("09-cross-entropy/bce")
def the_loss():
    """The loss"""
    z, y = 2 * np.cos(1.3 * np.arange(12)).reshape(4, 3), np.linspace(0, 1, 12).reshape(4, 3)
    loss, _ = check.call(bce_with_logits, z, y, returns=("loss", "dz"))
    hints = {"all": lambda right: right / 3, "sum": lambda right: right * 4}
    check.close(loss, output_cost(z, y, "cross_entropy") / 4, name="loss", hints=hints)


# %% id="bce-gradient" test="bce" points=3
@check.exercise("09-cross-entropy/bce")
def the_gradient():
    """The gradient"""
    z, y = 2 * np.cos(1.3 * np.arange(12)).reshape(4, 3), np.linspace(0, 1, 12).reshape(4, 3)
    _, dz = check.call(bce_with_logits, z, y, returns=("loss", "dz"))
    slope = sigmoid(z) * (1 - sigmoid(z))
    hints = {
        "gradient-sum": lambda right: 4 * right,
        "gradient-all": lambda right: right / 3,
        "slope": lambda right: right * slope,
        "sign": lambda right: -right,
    }
    check.gradient(lambda v: output_cost(v, y, "cross_entropy") / 4, dz, z, name="dz", hints=hints)


# %% id="bce-saturated" test="bce" points=2
@check.exercise("09-cross-entropy/bce")
def logits_of_a_thousand():
    """Logits of ±1000"""
    z, y = np.array([[1000.0], [-1000.0]]), np.array([[1.0], [1.0]])
    loss, dz = check.call(bce_with_logits, z, y, returns=("loss", "dz"))
    hints = {
        "clipped": lambda right: loss if 1 < loss < 100 else np.inf,
        "huge": lambda right: loss if 1e300 < loss < np.inf else 0.0,
    }
    check.close(loss, 500.0, name="loss", hints=hints)
    check.close(dz, np.array([[0.0], [-0.5]]), name="dz")


# %% id="bce-hidden" test="bce" points=2 hidden=true
@check.exercise("09-cross-entropy/bce", hidden=True)
def soft_labels_one_example_and_extremes():
    """Soft labels, one example, extremes"""
    rng = check.rng(19)
    for N, K in [(1, 5), (6, 1), (3, 7)]:
        z, y = 4 * rng.normal(size=(N, K)), rng.random((N, K))
        loss, dz = check.call(bce_with_logits, z, y, returns=("loss", "dz"))
        check.close(loss, output_cost(z, y, "cross_entropy") / N, name=f"loss for N = {N}, K = {K}", rtol=1e-9)
        check.close(dz, (nn.sigmoid(z)[0] - y) / N, name=f"dz for N = {N}, K = {K}", rtol=1e-9, atol=1e-12)
        loss, dz = check.call(bce_with_logits, np.log(y / (1 - y)), y, returns=("loss", "dz"))
        entropy = -np.sum(y * np.log(y) + (1 - y) * np.log(1 - y)) / N
        check.close(loss, entropy, name="loss where the output is the label")
        check.close(dz, np.zeros((N, K)), name="dz where the output is the label")
    z, y = np.array([[1e4, -1e4, 300.0]]), np.array([[0.0, 0.25, 1.0]])
    loss, dz = check.call(bce_with_logits, z, y, returns=("loss", "dz"))
    check.close(loss, 12500.0, name="loss for extreme logits")
    check.close(dz, np.array([[1.0, -0.25, 0.0]]), name="dz for extreme logits")


# %% [markdown] id="distributions"
# ## The gap between two distributions
#
# The name comes from information theory. There a distribution $p$ over $K$ classes is the truth, and $q$ is what you believe. If class $k$ comes up you are surprised by $-\ln q_k$: not at all when you were sure of it, very much
# when you had ruled it out. Your mean surprise is the *cross-entropy*, the least that anyone can have is the *entropy*, and the difference is the *Kullback–Leibler divergence*:
#
# $$H(p,q) = -\sum_k p_k\ln q_k, \qquad H(p) = -\sum_k p_k\ln p_k, \qquad D_{KL}(p\,\|\,q) = \sum_k p_k\ln\frac{p_k}{q_k} = H(p,q) - H(p)$$
#
# A term with $p_k = 0$ counts as 0, whatever $q_k$ is. With $p = (y, 1-y)$ and $q = (a, 1-a)$ the first formula is the cost of the first half of this page.
#
# The book's example: the right class is the second of three, and the network says (0.228, 0.619, 0.153).

# %% id="book-example"
p, q = np.array([0.0, 1.0, 0.0]), np.array([0.228, 0.619, 0.153])
print(f"H(p, q) = {-np.sum(p * np.log(q)):.5f} with natural logarithms, {-np.sum(p * np.log2(q)):.5f} bits")
print(f"without the minus sign, as the book prints it: {np.sum(p * np.log(q)):.5f}")

# %% [markdown] id="book-example-meaning"
# The book gives 0.479. That is 0.47965 cut off; rounded it is 0.480. It does not name its logarithm, which is the natural one; in bits it would be 0.692. And it prints the general formula twice without its minus sign: such a cost
# would be negative, and least for the worst answer.
#
# For a one-hot $p$ all but one term vanish, and $H(p) = 0$: cross-entropy and divergence are the same number. Only then.

# %% [markdown] id="kl-statement" statement="kl"
# ### Exercise 4: entropy, cross-entropy, divergence
#
# Write three functions, all with natural logarithms: `entropy(p)`, `cross_entropy(p, q)`, `kl(p, q)`. `p` and `q` are arrays `(K,)` or `(N, K)` of equal shape. The sums run over the last axis, so the result is a number or `(N,)`.
# Where $p_k = 0$ the term is 0, also for $q_k = 0$. Where $q_k = 0$ but $p_k > 0$ the result is `np.inf`: you had ruled out what can happen.
#
# Check by hand: `p = [0.5, 0.5]` has the entropy $\ln 2 = 0.6931$. With `q = [0.25, 0.75]`, `cross_entropy` is $-\tfrac12\ln\tfrac{3}{16} = 0.8370$ and `kl` is 0.1438.


# %% id="kl" exercise=true difficulty=2 by_hand="nn data output_cost"
def entropy(p):
    """H(p) = −Σ p ln p over the last axis: p (K,) or (N, K) -> a number or (N,)."""
    ### BEGIN SOLUTION
    return cross_entropy(p, p)
    ### END SOLUTION


def cross_entropy(p, q):
    """H(p, q) = −Σ p ln q over the last axis: p, q (K,) or (N, K) -> a number or (N,)."""
    ### BEGIN SOLUTION
    certain = np.where(p > 0, q, 1.0)
    with np.errstate(divide="ignore"):
        return -np.sum(np.where(p > 0, p * np.log(certain), 0.0), axis=-1)
    ### END SOLUTION


def kl(p, q):
    """D(p ‖ q) = Σ p ln(p / q) over the last axis: p, q (K,) or (N, K) -> a number or (N,)."""
    ### BEGIN SOLUTION
    return cross_entropy(p, q) - entropy(p)
    ### END SOLUTION


# %% [markdown] id="kl-hints" hints="kl"
# - minus: The minus sign is missing: entropies are not negative.
# - bits: This is the logarithm to base 2: use the natural one.
# - rows: Each row is a distribution of its own: sum over the last axis only.
# - swapped: p and q have changed places: the truth weighs, the belief stands in the logarithm.
# - kl-swapped: This is D(q ‖ p): the weights are those of p.
# - no-entropy: This is the cross-entropy: subtract the entropy of p.
# - floor: A small number was added to q: what you had ruled out must cost infinitely much.


# %% id="kl-entropy" test="kl" points=2
@check.exercise("09-cross-entropy/kl")
def entropy_of_rows():
    """The entropy of each row"""
    p = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    right = np.array([sum(-v * np.log(v) for v in row) for row in p])
    hints = {
        "minus": lambda right: -right,
        "bits": lambda right: right / np.log(2),
        "rows": lambda right: np.sum(right),
    }
    check.close(check.call(entropy, p, returns=("H",)), right, name="entropy(p)", hints=hints)


# %% id="kl-cross" test="kl" points=2
@check.exercise("09-cross-entropy/kl")
def cross_entropy_of_soft_labels():
    """The cross-entropy, with the book's example"""
    p, q = np.array([0.0, 1.0, 0.0]), np.array([0.228, 0.619, 0.153])
    check.close(
        check.call(cross_entropy, p, q, returns=("H",)),
        -np.log(0.619),
        name="cross_entropy(p, q)",
        rtol=1e-9,
        hints={"floor": lambda right: -np.log(0.619 + 1e-8), "swapped": lambda right: np.inf},
    )
    p, q = np.array([0.2, 0.5, 0.3]), np.array([0.6, 0.1, 0.3])
    right = sum(-a * np.log(b) for a, b in zip(p, q, strict=True))
    swapped = sum(-b * np.log(a) for a, b in zip(p, q, strict=True))
    got = check.call(cross_entropy, p, q, returns=("H",))
    check.close(got, right, name="cross_entropy(p, q)", hints={"swapped": lambda right: swapped})


# %% id="kl-divergence" test="kl" points=2
@check.exercise("09-cross-entropy/kl")
def the_divergence():
    """The divergence"""
    p = np.array([[0.2, 0.5, 0.3], [0.7, 0.1, 0.2]])
    q = np.array([[0.6, 0.1, 0.3], [0.3, 0.3, 0.4]])
    hints = {
        "kl-swapped": lambda right: np.array([sum(b * np.log(b / a) for a, b in zip(*r, strict=True)) for r in zip(p, q, strict=True)]),
        "no-entropy": lambda right: np.array([sum(-a * np.log(b) for a, b in zip(*r, strict=True)) for r in zip(p, q, strict=True)]),
    }  # fmt: skip
    right = np.array([sum(a * np.log(a / b) for a, b in zip(*r, strict=True)) for r in zip(p, q, strict=True)])
    check.close(check.call(kl, p, q, returns=("D",)), right, name="kl(p, q)", hints=hints)


# %% id="kl-zeros" test="kl" points=2
@check.exercise("09-cross-entropy/kl")
def zeros():
    """Zeros in p, zeros in q"""
    p = np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0]])
    q = np.array([[0.25, 0.75, 0.0], [1.0, 0.0, 0.0]])
    check.close(check.call(entropy, p, returns=("H",)), np.full(2, np.log(2)), name="entropy(p)")
    right = np.array([-0.5 * np.log(0.25 * 0.75), np.inf])
    check.close(check.call(cross_entropy, p, q, returns=("H",)), right, name="cross_entropy(p, q)")
    check.close(check.call(kl, p, q, returns=("D",)), right - np.log(2), name="kl(p, q)")


# %% id="kl-hidden" test="kl" points=2 hidden=true
@check.exercise("09-cross-entropy/kl", hidden=True)
def properties_on_random_pairs():
    """The properties, on random pairs"""
    rng = check.rng(20)
    for shape in [(4,), (1, 6), (9, 3)]:
        p, q = rng.dirichlet(np.ones(shape[-1]), shape[:-1]), rng.dirichlet(np.ones(shape[-1]), shape[:-1])
        size = f"shape {shape}"
        D = check.call(kl, p, q, returns=("D",))
        check.close(D, np.sum(p * (np.log(p) - np.log(q)), axis=-1), name=f"kl for {size}", rtol=1e-9)
        H = check.call(cross_entropy, p, q, returns=("H",))
        check.close(H, -np.sum(p * np.log(q), axis=-1), name=f"cross_entropy for {size}", rtol=1e-9)
        check.equal(bool(np.all(D >= -1e-12)), True, name="whether kl is never negative")
        check.close(check.call(kl, p, p, returns=("D",)), np.zeros(shape[:-1]), name="kl(p, p)")
        check.close(check.call(entropy, p, returns=("H",)), H - D, name=f"entropy for {size}")
    certain = np.eye(3)
    check.close(check.call(entropy, certain, returns=("H",)), np.zeros(3), name="entropy of certainty")


# %% [markdown] id="no-distance"
# ### Not a distance
#
# The book calls the cross-entropy a distance between two distributions. A distance is symmetric, zero for equal things, and no detour is shorter than the direct way. Here are three coins; none of the three holds.


# %% id="no-distance-run"
def divergence(p, q):
    """D(p ‖ q) of two distributions without zeros, over the last axis."""
    return np.sum(p * np.log(p / q), axis=-1)


fair, biased, loaded = (np.array([v, 1 - v]) for v in (0.5, 0.25, 0.1))
print(
    f"there and back: D(fair ‖ loaded) = {divergence(fair, loaded):.4f}, D(loaded ‖ fair) = {divergence(loaded, fair):.4f}"
)
print(f"from itself: H(fair, fair) = {-np.sum(fair * np.log(fair)):.4f}, D(fair ‖ fair) = {divergence(fair, fair):.4f}")
detour = divergence(fair, biased) + divergence(biased, loaded)
print(f"direct {divergence(fair, loaded):.4f}, by way of the third coin {detour:.4f}")

# %% [markdown] id="simplex-text"
# Over three classes all distributions fit into a triangle: a corner is certainty, the middle is "no idea". The truth $p = (0.2, 0.5, 0.3)$ is the square. On the left the cross-entropy $H(p, q)$ for every belief $q$: it is least at $p$, but
# least means $H(p) = 1.03$, not 0. On the right the divergence taken the other way, $D_{KL}(q\,\|\,p)$. Its rings have another shape.


# %% id="simplex-figure" folded=true
def simplex_figure(p, resolution=201):
    """H(p, q) (left) and D(q ‖ p) (right) over all q with three classes, drawn as a triangle."""
    right_corner, height = 1.0, np.sqrt(3) / 2
    x, y = np.meshgrid(np.linspace(0, right_corner, resolution), np.linspace(0, height, resolution))
    third = y / height
    second = x - third / 2
    q = np.stack([1 - second - third, second, third], axis=-1)
    inside = np.all(q > 1e-3, axis=-1, keepdims=True)
    q = np.where(inside, q, 1 / 3)
    values = {
        "H(p, q)": -np.sum(p * np.log(q), axis=-1),
        "D(q ‖ p)": np.sum(q * np.log(q / p), axis=-1),
    }
    figure = plots.figure(9, 3.8)
    for ax, (name, v) in zip(figure.subplots(1, 2), values.items(), strict=True):
        v = np.where(inside[..., 0], v, np.nan)
        levels = np.nanmin(v) + np.linspace(0, 1.2, 13)
        filled = ax.contourf(x, y, v, levels=levels, extend="max", cmap=plots.SEQUENTIAL)
        figure.colorbar(filled, ax=ax, shrink=0.8)
        ax.plot([p[1] + p[2] / 2], [p[2] * height], "s", color=plots.VERMILION, markersize=9)
        for text, (u, v) in {"1": (-0.03, -0.05), "2": (1.03, -0.05), "3": (0.44, height - 0.02)}.items():
            ax.text(u, v, text, ha="center", va="center")
        ax.set_title(name)
        ax.set_aspect("equal")
        ax.set_axis_off()
    return figure


p = np.array([0.2, 0.5, 0.3])
print(f"H(p) = {-np.sum(p * np.log(p)):.4f}")
plots.show(
    simplex_figure(p),
    alt="Two triangles of beliefs q. Both have their lowest point at the true distribution; the rings of H(p, q) rise steeply towards every edge, those of D(q ‖ p) are rounder and rise most towards corner 1.",
)

# %% [markdown] id="likelihood"
# ### Why this and not another?
#
# A network says $q$, and the data show class $y$. The probability that it gave to what happened is $q_y$; for all the examples together it is their product. Its logarithm, negated and averaged, is
#
# $$-\frac1N\ln\prod_n q_{y_n} = -\frac1N\sum_n\ln q_{y_n}$$
#
# the *negative log-likelihood*. It is the cross-entropy against one-hot labels. To minimise it is to choose the network under which the data are most probable.
#
# It also makes the output a probability estimate. Say that the same image was labelled "7" in seven of ten cases. Which constant answer $a$ costs least?

# %% id="likelihood-run"
labels = np.array([1.0] * 7 + [0.0] * 3)[:, None]
a = np.linspace(0.001, 0.999, 999)
costs = {
    "cross-entropy": -(labels * np.log(a) + (1 - labels) * np.log(1 - a)),
    "quadratic": (labels - a) ** 2 / 2,
    "absolute error": np.abs(labels - a),
}
for name, values in costs.items():
    print(f"{name:14} is least at a = {a[values.mean(axis=0).argmin()]:.3f}")

# %% [markdown] id="likelihood-meaning"
# Cross-entropy and quadratic cost both want the frequency, 0.7. The absolute error wants the majority and nothing else. Both of the former are honest; they differ in how they get there.
#
# And the share of wrong answers, which is what we care about in the end? It is no cost to descend on, since it has no slope: move a weight a little and no answer changes. It also does not see confidence:

# %% id="error-run"
for q in ([0.40, 0.35, 0.25], [0.98, 0.01, 0.01]):
    error = int(np.argmax(q) != 0)
    quadratic = np.sum((np.array(q) - [1, 0, 0]) ** 2) / 2
    print(f"q = {q}: wrong {error}, quadratic {quadratic:.3f}, cross-entropy {-np.log(q[0]):.3f}")

# %% [markdown] id="two-readings"
# ## Two readings, two costs
#
# Here the book mixes two cases. It speaks of one distribution over the classes and shows $-\sum_k p_k\ln q_k$. But the network that it trains has ten sigmoids and adds up ten binary cross-entropies.
#
# - **Several questions, each yes or no.** Is there a dog? Is it night? Any number may be true. $K$ sigmoids, the sum of $K$ binary cross-entropies.
# - **One question with $K$ answers.** Which digit is it? Exactly one is true. *Softmax*, and the cross-entropy of one distribution.
#
# The book shows softmax in its chapter on activations (04 here) and never joins it to a cost. This is the place:
#
# $$q_k = \frac{e^{z_k}}{\sum_j e^{z_j}}, \qquad H(p,q) = -\sum_k p_k \ln q_k = \ln\sum_j e^{z_j} - \sum_k p_k z_k, \qquad \frac{\partial H}{\partial z} = q - p$$
#
# The slope has cancelled here too. Logits $(2, 1, -1)$, read both ways:

# %% id="two-readings-run"
z = np.array([2.0, 1.0, -1.0])
three, one = sigmoid(z), nn.softmax(z[None])[0][0]
print("three sigmoids:", three.round(3), "sum", three.sum().round(3))
print("one softmax:   ", one.round(3), "sum", one.sum().round(3))

# %% [markdown] id="age"
# A word on another example of the book: it names *age* among the classes that a network may predict. Age is a number. Guessing 41 for 40 is nearly right, guessing 90 is not, and a class label knows no "nearly". It is a target for regression,
# with the quadratic cost, unless you cut it into groups on purpose.

# %% [markdown] id="logits-widget-text"
# ## Try it
#
# Three logits, a true class. The arrows are $-(q-p)$: where gradient descent pushes each logit. Make the network certain of the wrong class and look at the arrows. Then soften the label: now $H(p)$ is not 0, and the arrows vanish
# before the network is certain.


# %% id="logits-widget" folded=true
def belief(z1, z2, z3, label, soft):
    """p and q of three classes, their entropies and the gradient q − p."""
    p = (1 - soft) * np.eye(3)[label] + soft / 3
    log_q = nn.log_softmax(np.array([[z1, z2, z3]]))[0][0]
    cross = -np.sum(p * log_q)
    own = 0.0 - np.sum(p[p > 0] * np.log(p[p > 0]))
    return {"z": np.array([z1, z2, z3]), "p": p, "q": np.exp(log_q), "cross": cross, "own": own}


def belief_figure(result):
    """Bars of p and q (left), logits with arrows where descent pushes them (right)."""
    figure = plots.figure(8.5, 3.2)
    left, right = figure.subplots(1, 2)
    place = np.arange(3)
    left.bar(place - 0.2, result["p"], 0.38, color=plots.TINTS[0], edgecolor=plots.BLUE, hatch="//", label="p")
    left.bar(place + 0.2, result["q"], 0.38, color=plots.VERMILION, label="q")
    left.set(ylim=(0, 1.05), xlabel="class", ylabel="probability", xticks=place)
    left.set_xticklabels(["1", "2", "3"])
    left.set_title(
        f"H(p, q) = {result['cross']:.3f}   H(p) = {result['own']:.3f}   KL = {result['cross'] - result['own']:.3f}"
    )
    left.legend()
    push = result["p"] - result["q"]
    right.axhline(0, color=plots.GREY, linewidth=0.8)
    right.plot(place, result["z"], "o", color=plots.BLUE, markersize=9)
    right.quiver(
        place,
        result["z"],
        np.zeros(3),
        4 * push,
        angles="xy",
        scale_units="xy",
        scale=1,
        color=plots.VERMILION,
        width=0.012,
    )
    right.set(xlim=(-0.6, 2.6), ylim=(-10, 10), xlabel="class", ylabel="logit", xticks=place)
    right.set_xticklabels(["1", "2", "3"])
    return figure


widgets.explore(
    belief_figure,
    dict(
        z1=widgets.Slider(-6.0, 6.0, 2.0, step=0.1, label="logit 1"),
        z2=widgets.Slider(-6.0, 6.0, 1.0, step=0.1, label="logit 2"),
        z3=widgets.Slider(-6.0, 6.0, -1.0, step=0.1, label="logit 3"),
        label=widgets.Options({"1": 0, "2": 1, "3": 2}, 1, label="true class", style="buttons"),
        soft=widgets.Slider(0.0, 1.0, 0.0, step=0.05, label="softness of the label"),
    ),
    compute=belief,
    alt=lambda result: (
        f"True and predicted probabilities of three classes, cross-entropy {result['cross']:.3f}; "
        f"arrows push the logits by {', '.join(f'{v:+.2f}' for v in result['p'] - result['q'])}."
    ),
    table=lambda result: [
        {
            "class": str(k + 1),
            "logit": float(result["z"][k]),
            "p": float(result["p"][k]),
            "q": float(result["q"][k]),
            "q − p": float(result["q"][k] - result["p"][k]),
        }
        for k in range(3)
    ],
    title="A belief and the truth",
)

# %% [markdown] id="shift"
# ### The logarithm of a softmax
#
# $e^{800}$ is infinite. But a constant added to all logits changes nothing in a softmax, so take away the largest one first. And never take the logarithm of a softmax: a probability of $e^{-800}$ is already 0. Take the logarithm on
# paper:
#
# $$\ln q_k = z_k - m - \ln\sum_j e^{z_j - m}, \qquad m = \max_j z_j$$
#
# The sum lies between 1 and $K$. This is the *log-sum-exp trick*.

# %% id="shift-run"
z = np.array([800.0, 0.0, -5.0])
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    print("softmax as written:         ", np.exp(z) / np.exp(z).sum())
    shifted = np.exp(z - z.max())
    print("shifted, then the logarithm:", np.log(shifted / shifted.sum()))
print("logarithm on paper:         ", z - z.max() - np.log(shifted.sum()))

# %% [markdown] id="log-softmax-statement" statement="log-softmax"
# ### Exercise 5: a stable log-softmax
#
# Write `log_softmax(z)`: `z (N, K)`, one row for each example; it returns `(N, K)`, the logarithms of the softmax of each row. Finite for every finite `z`, in every row: rows may lie thousands apart.
#
# Check by hand: `z = [[0, 0]]` gives `[[−0.6931, −0.6931]]`, and so does `z = [[1000, 1000]]`.


# %% id="log-softmax" exercise=true difficulty=1 by_hand="nn data belief"
def log_softmax(z):
    """Logarithm of the softmax of each row: (N, K) -> (N, K)."""
    ### BEGIN SOLUTION
    shifted = z - z.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    ### END SOLUTION


# %% [markdown] id="log-softmax-hints" hints="log-softmax"
# - probabilities: These are the probabilities: their logarithms are asked for.
# - columns: Each row is an example: sum along the row, axis 1.
# - everything: Each row has a sum of its own: keep the axis, sum along axis 1.
# - rounded: A small probability became 0 before its logarithm was taken: do not go by way of the softmax.
# - one-maximum: One maximum for all rows makes the sum of another row 0: each row needs its own.
# - overflow: The exponential of a large logit is infinite: first take the largest of the row away.


# %% id="log-softmax-values" test="log-softmax" points=2
@check.exercise("09-cross-entropy/log-softmax")
def moderate_logits():
    """Moderate logits"""
    z = 2 * np.cos(1.1 * np.arange(12)).reshape(3, 4)
    hints = {
        "probabilities": lambda right: np.exp(right),
        "columns": lambda right: z - np.log(np.exp(z).sum(axis=0)),
        "everything": lambda right: z - np.log(np.exp(z).sum()),
    }
    right = np.stack([np.log([np.exp(v) / sum(np.exp(row)) for v in row]) for row in z])
    got = check.call(log_softmax, z, returns=("log_q",))
    check.close(got, right, name="log_q", hints=hints)


# %% id="log-softmax-large" test="log-softmax" points=2
@check.exercise("09-cross-entropy/log-softmax")
def logits_far_apart():
    """Logits far apart, rows far apart"""
    z = np.array([[0.0, -1000.0, 0.0], [-2000.0, -2000.0, -2001.0]])
    second = np.array([0.0, 0.0, -1.0]) - np.log(2 + np.exp(-1))
    right = np.stack([[-np.log(2), -1000 - np.log(2), -np.log(2)], second])
    hints = {
        "rounded": lambda right: np.where(right < -745, -np.inf, right),
        "one-maximum": lambda right: np.where(z < -1500, np.inf, right),
        "overflow": lambda right: np.full(z.shape, -np.inf),
    }
    got = check.call(log_softmax, z + 3000, returns=("log_q",))
    check.close(got, right, name="log_q of z + 3000", hints=hints)
    got = check.call(log_softmax, z, returns=("log_q",))
    check.close(got, right, name="log_q")


# %% id="log-softmax-hidden" test="log-softmax" points=2 hidden=true
@check.exercise("09-cross-entropy/log-softmax", hidden=True)
def other_sizes_and_shifts():
    """Other sizes, one class, shifted rows"""
    rng = check.rng(21)
    for N, K in [(1, 5), (4, 1), (6, 3)]:
        z = 5 * rng.normal(size=(N, K))
        right = nn.log_softmax(z)[0]
        for shift in (0.0, 1e4 * rng.normal(size=(N, 1))):
            got = check.call(log_softmax, z + shift, returns=("log_q",))
            check.close(got, right, name=f"log_q for N = {N}, K = {K}", rtol=1e-8)


# %% [markdown] id="softmax-ce-statement" statement="softmax-ce"
# ### Exercise 6: softmax and cross-entropy in one
#
# Write `softmax_cross_entropy(z, labels)`: `z (N, K)` logits, `labels (N,)` the right classes, integers from 0 to $K-1$. It returns `loss`, the mean of $-\ln q_{y}$ over the examples, and `dz (N, K)`, its gradient. Not every class occurs in every
# batch: $K$ is the width of `z`. You may use your `log_softmax`.
#
# Check by hand: `z = [[0, 0, 0]]`, `labels = [2]` give `loss` $= \ln 3 = 1.0986$ and `dz = [[⅓, ⅓, −⅔]]`.


# %% id="softmax-ce" exercise=true difficulty=3 by_hand="nn data belief output_cost"
def softmax_cross_entropy(z, labels):
    """Mean of −ln softmax(z) at the label: z (N, K), labels (N,) -> loss, dz (N, K)."""
    ### BEGIN SOLUTION
    N = len(z)
    shifted = z - z.max(axis=1, keepdims=True)
    log_q = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(N)
    dz = np.exp(log_q)
    dz[rows, labels] -= 1
    return -log_q[rows, labels].mean(), dz / N
    ### END SOLUTION


# %% [markdown] id="softmax-ce-hints" hints="softmax-ce"
# - sum: The loss is the mean over the examples: divide it by N.
# - probability: The logarithm is missing: this is the mean probability, negated.
# - gradient-sum: The loss is a mean, so its gradient is divided by N too.
# - no-target: The 1 at the right class is missing: the gradient is q − p.
# - sign: The sign of the gradient is turned round: q − p, not p − q.
# - slope: The slope of the softmax has cancelled: no factor q(1 − q) is left.
# - one-maximum: One maximum for all rows makes the sum of another row 0: each row needs its own.


# %% id="softmax-ce-loss" test="softmax-ce" points=2
@check.exercise("09-cross-entropy/softmax-ce")
def the_mean_loss():
    """The loss, and ln K for equal logits"""
    z, labels = 2 * np.cos(1.1 * np.arange(20)).reshape(4, 5), np.array([3, 0, 3, 1])
    q = np.stack([[np.exp(v) / sum(np.exp(row)) for v in row] for row in z])[np.arange(4), labels]
    hints = {"sum": lambda right: 4 * right, "probability": lambda right: -q.mean()}
    loss, _ = check.call(softmax_cross_entropy, z, labels, returns=("loss", "dz"))
    check.close(loss, np.mean(-np.log(q)), name="loss", hints=hints)
    loss, _ = check.call(softmax_cross_entropy, np.full((2, 7), 0.4), np.array([6, 2]), returns=("loss", "dz"))
    check.close(loss, np.log(7), name="loss for equal logits")


# %% id="softmax-ce-gradient" test="softmax-ce" points=3
@check.exercise("09-cross-entropy/softmax-ce")
def the_gradient_of_softmax():
    """The gradient"""
    z, labels = 2 * np.cos(1.1 * np.arange(20)).reshape(4, 5), np.array([3, 0, 3, 1])
    q = np.stack([[np.exp(v) / sum(np.exp(row)) for v in row] for row in z])
    hints = {
        "gradient-sum": lambda right: 4 * right,
        "no-target": lambda right: q / 4,
        "sign": lambda right: -right,
        "slope": lambda right: right * q * (1 - q),
    }
    _, dz = check.call(softmax_cross_entropy, z, labels, returns=("loss", "dz"))
    check.gradient(lambda v: nn.cross_entropy(v, labels)[0], dz, z, name="dz", hints=hints)


# %% id="softmax-ce-extreme" test="softmax-ce" points=2
@check.exercise("09-cross-entropy/softmax-ce")
def saturated_logits():
    """Certain and wrong: logits of ±10,000"""
    z, labels = np.array([[1e4, 0.0, -1e4], [-2e4, -2e4, -3e4]]), np.array([1, 0])
    loss, dz = check.call(softmax_cross_entropy, z, labels, returns=("loss", "dz"))
    check.close(loss, (1e4 + np.log(2)) / 2, name="loss", hints={"one-maximum": lambda right: -np.inf})
    check.close(dz, np.array([[0.5, -0.5, 0.0], [-0.25, 0.25, 0.0]]), name="dz")


# %% id="softmax-ce-hidden" test="softmax-ce" points=2 hidden=true
@check.exercise("09-cross-entropy/softmax-ce", hidden=True)
def one_example_and_shifts():
    """One example, classes that do not occur, shifted rows"""
    rng = check.rng(22)
    for N, K in [(1, 4), (6, 9), (5, 2)]:
        z, labels = 3 * rng.normal(size=(N, K)), rng.integers(0, max(1, K - 1), N)
        value, memory = nn.cross_entropy(z, labels)
        right = nn.cross_entropy_backward(1.0, memory)
        for shift in (0.0, 1e3 * rng.normal(size=(N, 1))):
            loss, dz = check.call(softmax_cross_entropy, z + shift, labels, returns=("loss", "dz"))
            check.close(loss, value, name=f"loss for N = {N}, K = {K}", rtol=1e-9)
            check.close(dz, right, name=f"dz for N = {N}, K = {K}", rtol=1e-9, atol=1e-11)


# %% [markdown] id="digits"
# ## Three costs read digits
#
# The book trains its network with cross-entropy, 30 hidden units, mini-batches of 10, $\eta = 0.5$, and reports 95.49 %. With 100 hidden units it has 96.82 %, against 96.59 % for the quadratic cost: an error of 3.18 % instead of 3.41 %. It calls this one
# error in fourteen; 23 in 341 is nearer to one in fifteen. The book itself warns that this proves nothing. It gives one run of each and no seed.
#
# A fair comparison gives each cost its own learning rate, and several seeds. First the rates, chosen on the validation set with short runs. The weights start from $N(0,1)$, what the book's program calls `large_weight_initializer`.

# %% id="rates-run"
rates = {"quadratic": (1.0, 3.0, 10.0), "sigmoids": (0.3, 1.0, 3.0), "softmax": (0.3, 1.0, 3.0)}
best = {}
for cost, etas in rates.items():
    means = [
        np.mean([learn(cost, eta, seed, epochs=10)[1].validation["accuracy"][-1] for seed in range(3)]) for eta in etas
    ]
    best[cost] = etas[int(np.argmax(means))]
    print(
        f"{NAMES[cost]:10}",
        {eta: round(float(mean), 3) for eta, mean in zip(etas, means, strict=True)},
        "best η:",
        best[cost],
    )

# %% [markdown] id="seeds-question" question="predict"
# Now five seeds, 30 epochs, and two starts: $N(0,1)$, and the same divided by the square root of the number of inputs, so that fewer units start saturated. What will the table show?
#
# - [ ] Cross-entropy wins by the same margin from both starts: it would, if the slow-down were not a matter of saturation.
# - [x] Cross-entropy wins from the large start; from the scaled start the three end about equal: what it cures is saturation, and the scaled start has little of it.
# - [ ] The quadratic cost wins from the scaled start: it catches up, but no more.

# %% id="seeds-run"
SPREADS = {"large": "N(0, 1)", "scaled": "N(0, 1/in)"}
runs = {
    (spread, cost): [learn(cost, best[cost], seed, spread=spread) for seed in range(5)]
    for spread in SPREADS
    for cost in COSTS
}
curves = {key: np.array([history.validation["accuracy"] for _, history in five]) for key, five in runs.items()}
for (spread, cost), accuracies in curves.items():
    first, last = accuracies[:, 0], accuracies[:, -1]
    print(
        f"{SPREADS[spread]:12}{NAMES[cost]:10} after 1 epoch {first.mean():.3f}, after 30 epochs"
        f" {last.mean():.3f} ± {last.std(ddof=1):.3f}, worst seed {last.min():.3f}"
    )
worst = runs["large", "quadratic"][curves["large", "quadratic"][:, -1].argmin()][0]
answers = train.predict(worst, digits.x_val).argmax(axis=1)
print("digits that the worst quadratic network never answers:", np.setdiff1d(np.arange(10), answers))

# %% id="seeds-figure" folded=true
names = {"quadratic": "quadratic", "sigmoids": "sigmoids, cross-entropy", "softmax": "softmax, cross-entropy"}
figure = plots.figure(9, 3.2)
for ax, (spread, title) in zip(figure.subplots(1, 2, sharey=True), SPREADS.items(), strict=True):
    plots.learning_curves(
        ax, {names[cost]: curves[spread, cost].mean(axis=0) for cost in COSTS}, xlabel="epoch", ylabel="accuracy"
    )
    ax.set_title(f"start {title}")
plots.show(
    figure,
    alt="Mean accuracy of five seeds by epoch. Left, large start: both cross-entropies rise at once, the quadratic cost stays lower. Right, scaled start: the quadratic cost is behind in the first two epochs, then all three run together.",
)

# %% [markdown] id="seeds-meaning"
# From $N(0,1)$ one of the five quadratic networks ends at 0.883: it never answers 6, because the output unit for that digit has not come back from where its sigmoid is flat. No run with cross-entropy has this trouble. From the scaled start the three end at 0.987, 0.988 and 0.986, and seeds
# of one cost differ by as much. What is left is the beginning: after one epoch 0.41 against 0.80.
#
# That is what to remember of cross-entropy: it is not a better judge of the answers, it is a way out of saturation. With sigmoid or softmax outputs it is nearly always the better choice, because a random start may always put a unit on the wrong side. The quadratic
# cost belongs to linear outputs and numbers to be predicted.

# %% [markdown] id="mnist"
# ## The book's run
#
# MNIST, [784, 30, 10], 30 epochs, mini-batches of 10, $\eta = 0.5$. The package brings 5,000 training images; `FULL = True` runs the book's 50,000 (the data set must be there: see `data.sheet("mnist")`).

# %% id="mnist-run"
FULL = False
mnist = data.mnist(full=FULL, dtype=np.float32).hold_out(10_000 if FULL else 500)
models = {}
for cost, eta in (("quadratic", 3.0), ("sigmoids", 0.5), ("softmax", 0.5)):
    models[cost], history = learn(
        cost, eta, 0, epochs=30 if FULL else 15, sizes=(784, 30, 10), examples=mnist, dtype=np.float32
    )
    test = train.accuracy(train.predict(models[cost], mnist.x_test), mnist.y_test)
    print(
        f"{NAMES[cost]:10} η = {eta}: {sum(history.seconds):.1f} s, validation {history.validation['accuracy'][-1]:.3f}, test {test:.4f}"
    )

# %% [markdown] id="mnist-meaning"
# With 4,500 images and fifteen epochs each cost reads about nine digits in ten, and one run each says no more than that. The book's setting, measured once with 50,000 images and 30 epochs (20 to 30 seconds a run on one core), on the 10,000 test images:
#
# | hidden units | sigmoids, cross-entropy, $\eta = 0.5$ | quadratic, $\eta = 3$ | the book |
# |---|---|---|---|
# | 30 | 0.9552, 0.9519, 0.9515 | 0.9527, 0.9502, 0.9495 | 0.9549 with cross-entropy |
# | 100 | 0.9632, 0.9653 | 0.9568, 0.6872 | 0.9682 and 0.9659 |
#
# Each number is another seed. With 30 units the means differ by 0.2 points, seeds of one cost by up to 0.4. The book's 0.23 points for 100 units are of that size, too; an error of 3.4 % counted on 10,000 images is itself uncertain by 0.18 points. The 0.6872 is no misprint:
# that network answers 0, 8 or 9 only 348 times where 2,963 images show one of them. Three output units are still saturated after 30 epochs. It is the slow-down of this page, in a whole network.

# %% [markdown] id="calibration"
# ## Are they probabilities?
#
# A network that says 0.9 should be right in nine of ten such cases. Then it is *calibrated*. Put the answers into groups by the largest output and compare. The outputs of the sigmoids need not add up to 1, so only the softmax gives a distribution without further ado.


# %% id="calibration-run"
def probabilities(cost):
    """Outputs of a trained model on the test images: (N, 10)."""
    z = train.predict(models[cost], mnist.x_test).astype(float)
    return {"quadratic": lambda: z, "sigmoids": lambda: nn.sigmoid(z)[0], "softmax": lambda: nn.softmax(z)[0]}[cost]()


edges = np.array([0.0, 0.5, 0.7, 0.9, 0.99, 1.0])
groups = {}
for cost in COSTS:
    q = probabilities(cost)
    sure, right = q.max(axis=1), q.argmax(axis=1) == mnist.y_test
    group = np.clip(np.searchsorted(edges, sure) - 1, 0, len(edges) - 2)
    groups[cost] = np.array([(sure[group == g].mean(), right[group == g].mean()) for g in range(len(edges) - 1)])
    print(
        f"{NAMES[cost]:10} mean confidence {sure.mean():.3f}, right {right.mean():.3f};"
        f" the outputs add up to {np.quantile(q.sum(axis=1), 0.05):.2f} … {np.quantile(q.sum(axis=1), 0.95):.2f}"
    )
seen = nn.softmax(train.predict(models["softmax"], mnist.x_train).astype(float))[0]
known = (seen.argmax(axis=1) == mnist.y_train).mean()
print(f"softmax on its own training images: mean confidence {seen.max(axis=1).mean():.3f}, right {known:.3f}")

# %% id="calibration-figure" folded=true
figure = plots.figure(5, 3.8)
ax = figure.subplots()
ax.plot([0, 1], [0, 1], ":", color=plots.GREY, label="calibrated")
for i, cost in enumerate(COSTS):
    ax.plot(
        *groups[cost].T,
        marker=plots.MARKERS[i],
        color=plots.COLOURS[i],
        linestyle=plots.LINE_STYLES[i],
        label=names[cost],
    )
ax.set(xlabel="largest output", ylabel="share of right answers", xlim=(0.25, 1.02), ylim=(0.25, 1.02))
ax.legend()
plots.show(
    figure,
    alt="Share of right answers against the largest output, in five groups: the softmax lies below the diagonal nearly everywhere, the two networks of sigmoids above it for small outputs and below it from 0.7 on.",
)

# %% [markdown] id="calibration-meaning"
# The sigmoids look honest on average: what they claim and what they keep differ by a hundredth or less. But the curve tells more than the average. Below 0.5 they are too modest, above 0.7 too sure, and their outputs do not add up to 1.
#
# The softmax network claims 0.931 on new images and is right in 0.878 of them. On its own training images it is the other way round: it claims 0.958 and is right in 0.981. So the cost did not make it boast. The boast is the gap between images that it has seen and new ones, and that gap is the subject of chapter 10.

# %% [markdown] id="book-errors"
# ## What the book misprints
#
# Its sigmoid is $\sigma(z) = 1/(1+e^{z})$: a minus sign is lost, and this one falls. Its derivative is "$\sigma(z) = \sigma(z)(1-\sigma(z))$": a prime is lost. Taken literally that equation has one solution, $\sigma = 0$. Two lines settle both:

# %% id="book-errors-run"
for z in (-2.0, 0.0, 2.0):
    slope = (sigmoid(z + 1e-6) - sigmoid(z - 1e-6)) / 2e-6
    a = sigmoid(z)
    print(
        f"z = {z:4}: printed 1/(1 + e^z) = {1 / (1 + np.exp(z)):.4f}, σ(z) = {a:.4f}; σ(1 − σ) = {a * (1 - a):.4f}, slope {slope:.4f}"
    )

# %% [markdown] id="common-mistakes"
# ## Common mistakes
#
# - **A softmax before `CrossEntropyLoss`.** It takes logits. Applied twice, the softmax flattens everything, and the loss can no longer come near 0.
# - **The mean over $N\cdot K$ instead of $N$.** `torch.nn.BCEWithLogitsLoss` does it: the same $\eta$ is then $K$ times too small.
# - **`log(q + 1e-8)`.** It hides the zero, and the gradient of the worst examples with it.
# - **One-hot rows as wide as the largest label of the batch.** The last class need not occur: the width is $K$.
# - **Loss against accuracy.** The loss may rise on the validation set while the accuracy stays: the network becomes too sure of its mistakes. Chapter 10 shows it.

# %% id="twice"
z = np.array([[10.0, 0.0, 0.0]])
once, twice = nn.softmax(z)[0], nn.softmax(nn.softmax(z)[0])[0]
print(f"certain and right: loss {-np.log(once[0, 0]):.4f}; with a second softmax {-np.log(twice[0, 0]):.4f}")

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# `F.binary_cross_entropy_with_logits` and `F.cross_entropy` are the two costs of this page, from logits, stable as yours.

# %% id="torch-check"
try:
    import torch
    from torch.nn import functional as F
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    z = 3 * np.cos(1.1 * np.arange(20)).reshape(4, 5)
    labels = np.array([3, 0, 3, 1])
    targets = np.eye(5)[labels]
    logits = torch.tensor(z, requires_grad=True)
    loss = F.binary_cross_entropy_with_logits(logits, torch.tensor(targets), reduction="sum") / 4
    loss.backward()
    ours, memory = COSTS["sigmoids"].forward(z, targets)
    gap = np.abs(logits.grad.numpy() - COSTS["sigmoids"].backward(1.0, memory)).max()
    print(f"sigmoids: torch {loss.item():.12f}, dlbook {ours:.12f}, largest difference of the gradients {gap:.0e}")
    logits = torch.tensor(z, requires_grad=True)
    loss = F.cross_entropy(logits, torch.tensor(labels))
    loss.backward()
    ours, memory = nn.cross_entropy(z, labels)
    gap = np.abs(logits.grad.numpy() - nn.cross_entropy_backward(1.0, memory)).max()
    print(f"softmax:  torch {loss.item():.12f}, dlbook {ours:.12f}, largest difference of the gradients {gap:.0e}")
    sure = torch.tensor([[-800.0]])
    one = torch.ones(1, 1)
    print("z = −800, y = 1, from the logit:", F.binary_cross_entropy_with_logits(sure, one).item(), end=", ")
    print("from the output:", F.binary_cross_entropy(torch.sigmoid(sure), one).item())

# %% [markdown] id="gpu"
# From the output, PyTorch cuts the logarithm off at −100: finite, but no longer true. That is why both libraries take logits.
#
# On a GPU the formulas stay the same. In mixed precision PyTorch computes both costs in single precision even where the network runs in half: float16 overflows beyond $e^{11}$.

# %% [markdown] id="multi-label-quiz" question="quiz"
# A photo may show a dog, a cat, both or neither. Which output and which cost?
#
# - [ ] Softmax over two classes: it makes the two exclude each other, and "neither" cannot be said.
# - [x] Two sigmoids, and the sum of two binary cross-entropies: two questions, each with its own yes or no.
# - [ ] One sigmoid: it can answer one question, not two.

# %% [markdown] id="minimum-quiz" question="quiz"
# The labels are soft, $p = (0.7, 0.2, 0.1)$ for every example. What is the least cross-entropy that a network can reach?
#
# - [ ] 0: only for one-hot labels; here the divergence can be 0, not the cross-entropy.
# - [x] 0.80: the entropy of $p$, reached at $q = p$.
# - [ ] 1.10: that is $\ln 3$, what a network gets that says ⅓ to everything.

# %% [markdown] id="hidden-quiz" question="quiz"
# Does the cross-entropy also cure saturated *hidden* units?
#
# - [ ] Yes, δ at the output is large, so everything behind it is: it is larger at the output, but on the way back each hidden layer still multiplies by its own slope.
# - [x] No: it cancels one slope, that of the output layer. A saturated hidden unit still blocks what comes back through it.
# - [ ] Only with softmax: the softmax is at the output as well.

# %% [markdown] id="questions"
# ## To think about
#
# 1. Derive $\partial H/\partial z = q - p$ from $H = \ln\sum_j e^{z_j} - \sum_k p_k z_k$. Where do you use that $p$ adds up to 1?
# 2. A softmax over two classes with logits $z_1, z_2$ is a sigmoid of what?
# 3. At the start, a network with ten classes has a loss of 11.5. What should it be, about, and what does the difference say?
# 4. With linear outputs, $a = z$, which of the two costs has no slow-down?
#
# <details><summary>Answers</summary>
#
# 1. $\partial\ln\sum_j e^{z_j}/\partial z_k = e^{z_k}/\sum_j e^{z_j} = q_k$, and the second sum gives $p_k$. That $p$ adds up to 1 was used before: it is what makes $-\sum_k p_k\ln q_k$ equal to $\ln\sum_j e^{z_j} - \sum_k p_kz_k$.
# 2. Of $z_1 - z_2$.
# 3. About $\ln 10 = 2.3$, the loss of "no idea". 11.5 is the loss of being sure and wrong: the first weights are too large.
# 4. The quadratic: $\delta = a - y$, without a slope. There it is also the negative log-likelihood, of a normal distribution around $a$.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# Shannon, *A mathematical theory of communication* (1948). Kullback and Leibler, *On information and sufficiency* (1951). Solla, Levin and Fleisher, *Accelerated learning in layered neural networks* (1988), who compared the two costs. Bridle, *Probabilistic
# interpretation of feedforward classification network outputs* (1990), for softmax. Nielsen, *Neural Networks and Deep Learning* (2015), chapter 3, which the book follows. Guo and others, *On calibration of modern neural networks* (2017).
#
# Next: chapter 10. A network that learns fast also learns its examples by heart.
