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
#     title: Perceptron
#     minutes: 120
#     needs: []
#     book: [4, 6, 7]
# ---

# %% [markdown] id="title"
# # Perceptron: a decision made of a weighted sum
#
# **After this page you can** write a neuron and a whole layer of them, say which decisions one neuron can make and
# which it cannot, build the others out of several, and let a neuron find its weights from examples.
#
# **Time** 40 minutes to read, 80 for the six exercises. **You need** NumPy indexing, the dot product, and the equation
# of a line.

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, nn, plots

# %% [markdown] id="festival"
# ## Shall we go to the cheese festival?
#
# Three things matter to you, each of them yes (1) or no (0): whether the weather is good, whether somebody comes
# along, and whether there is a bus. They do not matter equally. Say that the weather weighs 6 and the other two weigh
# 2 each. You add up the weights of what is true, and you go if the sum is above a threshold $T$:
#
# $$\text{go} \iff 6\,x_1 + 2\,x_2 + 2\,x_3 > T$$
#
# This is the book's example, and it is already a complete perceptron.

# %% [markdown] id="festival-question" question="predict"
# With $T = 5$ there are four days out of the eight on which you go. With $T = 3$, on how many do you go?
#
# - [ ] Still on four: lowering the threshold matters only if some sum lies between the old one and the new one, and
#   one does: 2 + 2 = 4.
# - [x] On five: the new one is the rainy day with company and a bus, whose sum is 4.
# - [ ] On six: company alone, or the bus alone, gives a sum of 2, and that is not above 3.

# %% id="festival-table"
days = data.boolean_inputs(3)
importance = np.array([6.0, 2.0, 2.0])

print("weather company bus   sum   T = 5   T = 3")
for day in days:
    total = importance @ day
    choices = ["go" if total > threshold else "stay" for threshold in (5, 3)]
    print("   {:.0f}       {:.0f}     {:.0f}     {:2.0f}".format(*day, total), "{:>7} {:>7}".format(*choices))

# %% [markdown] id="festival-meaning"
# With $T = 5$ only the weather counts: the other two together reach 4. With $T = 3$ you go in good weather, *or* if
# both other things hold. A lower threshold makes you more willing. Nothing else about you has changed.
#
# Three bits are the corners of a cube, and the equation $6x_1 + 2x_2 + 2x_3 = T$ is a plane that cuts it. The neuron
# says yes on one side and no on the other. Move the plane.

# %% id="festival-widget" folded=true
from dlbook import widgets


def on_paper(points):
    """A cube's corners as seen a little from the right and above: (N, 3) -> (N, 2)."""
    return points @ np.array([[1.0, 0.0], [0.45, 0.32], [0.0, 1.0]])


def cut(weights, threshold):
    """Where the plane weights · x = threshold meets the edges of the cube: (N, 3), in order around its middle."""
    corners, found = data.boolean_inputs(3), []
    for a in corners:
        for b in corners:
            if np.sum(b - a) == 1 and np.sum(b != a) == 1:
                below, above = weights @ a - threshold, weights @ b - threshold
                if (below > 0) != (above > 0):
                    found.append(a + (b - a) * below / (below - above))
    if len(found) < 3:
        return np.empty((0, 3))
    found = np.array(found)
    flat = on_paper(found) - on_paper(found).mean(axis=0)
    return found[np.argsort(np.arctan2(flat[:, 1], flat[:, 0]))]


def festival_day(weather, company, bus, w1, w2, w3, threshold):
    weights, today = np.array([w1, w2, w3]), np.array([weather, company, bus], dtype=float)
    return weights, today, threshold, data.boolean_inputs(3) @ weights > threshold


def festival_figure(day):
    """The cube of all days with the plane that cuts it (left), the sum of today (right)."""
    weights, today, threshold, go = day
    corners = data.boolean_inputs(3)
    figure = plots.figure(9, 3.8)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    for a in corners:
        for b in corners:
            if np.sum(b - a) == 1 and np.sum(b != a) == 1:
                left.plot(*on_paper(np.array([a, b])).T, "-", color=plots.GREY, linewidth=1)
    plane = cut(weights, threshold)
    if len(plane):
        left.fill(*on_paper(plane).T, facecolor=plots.TINTS[2], edgecolor=plots.GREEN, alpha=0.8, linewidth=1.5)
    flat = on_paper(corners)
    left.scatter(*flat[~go].T, s=140, color=plots.BLUE, marker="o", edgecolors="white", label="stay", zorder=3)
    left.scatter(*flat[go].T, s=120, color=plots.VERMILION, marker="s", edgecolors="white", label="go", zorder=3)
    left.plot(*on_paper(today), "o", markersize=21, markerfacecolor="none", color=plots.BLACK, zorder=4)
    for corner, (x, y) in zip(corners, flat, strict=True):
        left.text(x + 0.07, y - 0.12, "{:.0f}{:.0f}{:.0f}".format(*corner), fontsize=10)
    left.text(0.5, -0.16, "weather →", ha="center")
    left.text(1.27, 0.02, "company ↗", ha="left")
    left.text(-0.12, 0.5, "bus →", ha="right", va="center", rotation=90)
    left.set(xlim=(-0.3, 1.85), ylim=(-0.3, 1.7))
    left.set_axis_off()
    left.legend(loc="upper left", ncols=2)
    parts = weights * today
    ends = np.cumsum(parts)
    right.bar(["weather", "company", "bus"], parts, bottom=ends - parts, color=plots.COLOURS[:3], width=0.6)
    right.axhline(threshold, color=plots.BLACK, linestyle="--", linewidth=1.5, label="threshold")
    right.axhline(ends[-1], color=plots.GREY, linestyle=":", linewidth=1.5, label="sum")
    right.set(ylim=(-8, 21), ylabel="sum so far")
    right.legend(loc="upper right", ncols=2)
    right.set_title(f"{ends[-1]:g} {'>' if ends[-1] > threshold else '≤'} {threshold:g}")
    return figure


def festival_alt(day):
    weights, today, threshold, go = day
    said = ["{:.0f}{:.0f}{:.0f}".format(*corner) for corner in data.boolean_inputs(3)[go]]
    sentence = f"A plane cuts the cube of the eight days; go on {', '.join(said) or '–'}."
    return sentence + f" Today the sum is {weights @ today:g}, the threshold {threshold:g}."


def festival_rows(day):
    weights, _, threshold, go = day
    return [
        {
            "weather": int(corner[0]),
            "company": int(corner[1]),
            "bus": int(corner[2]),
            "sum": float(weights @ corner),
            "go": bool(decision),
        }
        for corner, decision in zip(data.boolean_inputs(3), go, strict=True)
    ]


widgets.explore(
    festival_figure,
    dict(
        weather=widgets.Checkbox(False, label="good weather"),
        company=widgets.Checkbox(True, label="somebody comes along"),
        bus=widgets.Checkbox(True, label="there is a bus"),
        w1=widgets.Slider(-2.0, 6.0, 6.0, step=0.5, label="weight of the weather"),
        w2=widgets.Slider(-2.0, 6.0, 2.0, step=0.5, label="weight of the company"),
        w3=widgets.Slider(-2.0, 6.0, 2.0, step=0.5, label="weight of the bus"),
        threshold=widgets.Slider(-2.5, 14.5, 5.0, step=0.5, label="threshold"),
    ),
    compute=festival_day,
    alt=festival_alt,
    table=festival_rows,
    title="The cheese festival",
)

# %% [markdown] id="festival-try"
# Try three things. Find the threshold at which you go only if all three things hold. Find weights for somebody who
# detests company. Then look for a setting in which you go on exactly the days 011 and 100: you will not find one, and
# the reason is the second half of this page.

# %% [markdown] id="cell"
# ## What was borrowed from the brain
#
# A nerve cell collects what arrives at its *dendrites*, adds it up in the cell body, and when the sum passes a
# threshold it sends a pulse down its one *axon*. The axon's ends touch the dendrites of other cells at *synapses*, and
# these pass the pulse on, some strongly, some weakly, some with the opposite sign. What a brain has learnt lies
# largely in the strength of its synapses.
#
# Put right before we leave biology. The book names serotonin as the substance that crosses the synapse; fast
# transmission is mostly the work of glutamate (which excites) and GABA (which inhibits), and serotonin is one of many
# that modulate it. It counts billions of neurons and hundreds of billions of connections; a human brain has about
# 86 billion neurons and about $10^{14}$ synapses, a thousand per neuron. And the threshold is not applied to each
# signal on its way: it acts once, on the sum, where the axon begins.
#
# The mathematical neuron keeps the sum and the threshold and drops time. To see what is lost, run a neuron that keeps
# it: a leaky integrate-and-fire cell. Its voltage follows
#
# $$\tau\,\dot v = -v + I, \qquad \text{and at } v = 1 \text{ it fires and falls back to } 0.$$


# %% id="leaky" folded=true
def leaky_integrate_and_fire(current, tau=10.0, dt=0.02, duration=500.0):
    """Voltage of a leaky integrate-and-fire neuron under a constant current, and the times of its pulses, in ms."""
    steps = round(duration / dt)
    v, voltage, pulses = 0.0, np.empty(steps), []
    for k in range(steps):
        v += dt / tau * (current - v)
        if v >= 1:
            pulses.append((k + 1) * dt)
            v = 0.0
        voltage[k] = v
    return np.arange(1, steps + 1) * dt, voltage, np.array(pulses)


currents = np.array([0.0, 0.5, 0.9, 1.1, 1.2, 1.5, 2.0, 2.5, 3.0])
rates = np.array([len(leaky_integrate_and_fire(current)[2]) * 2 for current in currents])

figure = plots.figure(9, 3.2)
left, right = figure.subplots(1, 2, width_ratios=(3, 2))
for current, line in ((0.9, "--"), (1.2, "-"), (2.0, ":")):
    time, voltage, _ = leaky_integrate_and_fire(current)
    left.plot(time[time < 60], voltage[time < 60], line, label=f"I = {current}")
left.set(xlabel="time (ms)", ylabel="voltage v")
left.legend(loc="lower right")
fine = np.linspace(1.0001, 3, 300)
right.plot(fine, 1000 / (10 * np.log(fine / (fine - 1))), "-", label="1 / (τ ln(I / (I − 1)))")
right.plot(currents, rates, "o", label="simulated")
right.plot([0, 1, 1, 3], [0, 0, 100, 100], "--", color=plots.GREY, label="step function × 100")
right.set(xlabel="current I", ylabel="pulses per second")
right.legend()
plots.show(
    figure,
    alt="Left: with a current of 0.9 the voltage stays below the threshold, with 1.2 it fires every 18 ms, "
    "with 2.0 every 7 ms. Right: the rate of pulses is zero up to a current of 1 and then rises smoothly to 246 "
    "per second, where the step function knows only 0 and 1.",
)
print("current:          ", currents)
print("pulses per second:", rates)

# %% [markdown] id="cell-meaning"
# Below the threshold, silence; above it the cell fires, and the more current the faster. The step function keeps the
# first half of that sentence. The second half comes back in the next chapter: the rate curve, zero and then rising,
# looks more like a ReLU than like a step.

# %% [markdown] id="neuron"
# ## A neuron in one line
#
# A neuron with $d$ inputs multiplies each by its weight, adds, subtracts its threshold $\Theta$, and passes the result
# through an activation function $g$:
#
# $$u = \sum_{i=1}^{d} w_i x_i - \Theta, \qquad y = g(u)$$
#
# Instead of the threshold we write the *bias* $b = -\Theta$, and the sum is a dot product: $y = g(w \cdot x + b)$.
# A positive weight excites, a negative one inhibits, and the bias says how easily the neuron fires. In the perceptron
# $g$ is the step:
#
# $$y = \begin{cases} 1 & \text{if } w \cdot x + b > 0 \\ 0 & \text{otherwise}\end{cases}$$
#
# The parts have names that you will meet again:
#
# | symbol | name | in the brain |
# |---|---|---|
# | $x_i$ | input, usually brought to a common scale first | what arrives at the dendrites |
# | $w_i$ | weight | how well a synapse passes it on |
# | $\sum$ | linear combiner | the cell body |
# | $\Theta = -b$ | threshold, minus the bias | the threshold at the root of the axon |
# | $u$ | activation potential, the sum minus the threshold | the voltage |
# | $g$, $y$ | activation function, output | the pulse on the axon |
#
# On the boundary itself, where $w \cdot x + b$ is exactly 0, this course says 0. The book does so too in its chapter
# 6, but it says 1 in chapters 4 and 8. With real numbers this hardly ever matters. With bits it does:

# %% id="boundary"
x, _ = data.gate("AND")
z = x @ np.array([1.0, 1.0]) - 2
print("inputs:      ", [f"{a:.0f}{b:.0f}" for a, b in x])
print("u = x1+x2-2: ", z)
print("1 if u >= 0: ", (z >= 0).astype(int), "  that is AND")
print("1 if u > 0:  ", (z > 0).astype(int), "  that is never")

# %% [markdown] id="bias"
# The bias is no special case. Give every example one more input that is always 1, and the bias becomes its weight.
# Whatever we find out about weights is then true of the bias as well.

# %% id="bias-as-weight"
w, b = np.array([0.7, -1.2, 0.4]), 0.3
x = np.cos(1.3 * np.arange(12)).reshape(4, 3)
with_one = np.column_stack([x, np.ones(len(x))])
print("w · x + b:         ", (x @ w + b).round(4))
print("(w, b) · (x, 1):   ", (with_one @ np.append(w, b)).round(4))

# %% [markdown] id="perceptron-statement" statement="perceptron"
# ### Exercise: a perceptron
#
# Write `perceptron(x, w, b)` with weights `w (d,)` and bias `b` (a number). For one example, `x (d,)`, it returns the
# integer 0 or 1. For a batch, `x (N, d)`, one example a row, it returns an array of integers, `(N,)`. The output is 1
# where $w \cdot x + b > 0$ and 0 elsewhere, also where the sum is exactly 0.
#
# Check by hand: `x = [1, 0, 1]`, `w = [6, 2, 2]`, `b = -5` give 8 − 5 = 3, so the output is 1.


# %% id="perceptron" exercise=true difficulty=1 by_hand="nn data"
def perceptron(x, w, b):
    """1 where w · x + b > 0, else 0.  x (d,) gives an integer, x (N, d) an array of integers (N,)."""
    ### BEGIN SOLUTION
    return (x @ w + b > 0).astype(int)
    ### END SOLUTION


# %% [markdown] id="perceptron-hints" hints="perceptron"
# - strict: Where w · x + b is exactly 0 the output is 0: use >, not >=.
# - minus: The bias is added, not subtracted.
# - unweighted: The inputs must be multiplied by their weights before they are added.
# - rows: Each row of the batch is an example of its own: add along the row, not over the whole array.


# %% id="perceptron-festival" test="perceptron" points=2
@check.exercise("03-perceptron/perceptron")
def the_festival_with_threshold_5():
    """The festival with threshold 5"""
    x, w, b = data.boolean_inputs(3), np.array([6.0, 2.0, 2.0]), -5.0
    y = check.call(perceptron, x, w, b, returns=("y",))
    check.equal(
        y,
        np.array([0, 0, 0, 0, 1, 1, 1, 1]),
        name="y",
        hints={
            "minus": lambda right: (x @ w - b > 0).astype(int),
            "unweighted": lambda right: (x.sum(axis=1) + b > 0).astype(int),
            "rows": lambda right: int((x @ w + b).sum() > 0),
        },
    )


# %% id="perceptron-boundary" test="perceptron" points=1
@check.exercise("03-perceptron/perceptron")
def a_sum_of_exactly_0_gives_0():
    """A sum of exactly 0 gives 0"""
    x, w, b = data.boolean_inputs(2), np.array([1.0, -1.0]), 0.0
    y = check.call(perceptron, x, w, b, returns=("y",))
    check.equal(y, np.array([0, 0, 1, 0]), name="y", hints={"strict": lambda right: (x @ w + b >= 0).astype(int)})


# %% id="perceptron-one" test="perceptron" points=1
@check.exercise("03-perceptron/perceptron")
def one_example_gives_one_integer():
    """One example gives one integer"""
    w = np.array([0.5, -1.5])
    check.equal(check.call(perceptron, np.array([1.0, 0.2]), w, 0.1, returns=("y",)), 1, name="y for x = (1, 0.2)")
    check.equal(check.call(perceptron, np.array([0.4, 0.6]), w, 0.1, returns=("y",)), 0, name="y for x = (0.4, 0.6)")


# %% id="perceptron-hidden" test="perceptron" points=2 hidden=true
@check.exercise("03-perceptron/perceptron", hidden=True)
def any_numbers_and_a_batch_of_one():
    """Any numbers, and a batch of one"""
    rng = np.random.default_rng(3)
    for N, d in [(1, 4), (7, 1), (30, 5)]:
        x, w, b = rng.normal(size=(N, d)), rng.normal(size=d), rng.normal()
        expected = np.array([1 if sum(w[i] * row[i] for i in range(d)) > -b else 0 for row in x])
        check.equal(check.call(perceptron, x, w, b, returns=("y",)), expected, name=f"y for N = {N}, d = {d}")


# %% [markdown] id="threshold-idea"
# ## Which thresholds make the same decision?
#
# Your friend, too, has the weights 6, 2 and 2. You do not know the threshold, but you have seen on which days your
# friend goes. Then you know an interval in which the threshold lies. With bits there is always room: $T = 5$ and
# $T = 4.2$ decide alike on all eight days.

# %% [markdown] id="threshold-statement" statement="threshold"
# ### Exercise: the room that a threshold has
#
# Write `threshold_range(w, fire, rest)`: `w (d,)` are the weights, `fire (F, d)` the examples on which the neuron
# fired, `rest (R, d)` those on which it stayed silent, with `F` and `R` at least 1. It returns the pair of numbers
# `(lo, hi)` such that exactly the thresholds with $lo \le T < hi$ decide as seen, under the rule "fires if
# $w \cdot x > T$". Where no threshold does, it returns `None`.
#
# Check by hand: `w = [6, 2, 2]`; it fired on `[[1, 0, 0], [1, 1, 0]]` and rested on `[[0, 1, 1], [0, 0, 1]]`. The sums
# are 6 and 8, and 4 and 2. The threshold is at least 4 and below 6: `(4, 6)`.


# %% id="threshold" exercise=true difficulty=2 by_hand="nn data"
def threshold_range(w, fire, rest):
    """Thresholds T with w · x > T for every row of fire (F, d) and for no row of rest (R, d): (lo, hi), or None."""
    ### BEGIN SOLUTION
    lo, hi = np.max(rest @ w), np.min(fire @ w)
    return (lo, hi) if lo < hi else None
    ### END SOLUTION


# %% [markdown] id="threshold-hints" hints="threshold"
# - outer: Every example must be decided rightly: it is the largest sum that rested and the smallest that fired.
# - order: The lower end comes first: lo, then hi.
# - bias: The threshold itself is asked for, not the bias, which is its negative.
# - impossible: A row that rested has a larger sum than one that fired: no threshold does this, return None.
# - equal: With lo = hi no threshold is left: lo ≤ T < hi is empty, return None.


# %% id="threshold-festival" test="threshold" points=2
@check.exercise("03-perceptron/threshold")
def the_days_of_two_friends():
    """The days of two friends"""
    x, w = data.boolean_inputs(3), np.array([6.0, 2.0, 2.0])
    for threshold, ends in [(5, (4.0, 6.0)), (3, (2.0, 4.0))]:
        go = x @ w > threshold
        lo, hi = check.call(threshold_range, w, x[go], x[~go], returns=("lo", "hi"))
        check.close(
            np.array([lo, hi]),
            np.array(ends),
            name=f"(lo, hi) for the friend with threshold {threshold}",
            hints={
                "order": lambda right: right[::-1],
                "bias": lambda right, go=go: np.array([-np.min(x[go] @ w), -np.max(x[~go] @ w)]),
                "outer": lambda right, go=go: np.array([np.min(x[~go] @ w), np.max(x[go] @ w)]),
            },
        )


# %% id="threshold-none" test="threshold" points=2
@check.exercise("03-perceptron/threshold")
def no_threshold_at_all():
    """No threshold at all"""
    w = np.array([1.0, 2.0])
    crossed = check.call(threshold_range, w, np.array([[1.0, 0], [1, 1]]), np.array([[0.0, 1]]), returns=())
    check.equal(crossed, None, name="the answer for sums 1, 3 and 2", hints={"impossible": lambda right: (2.0, 1.0)})
    touching = check.call(threshold_range, w, np.array([[0.0, 1]]), np.array([[2.0, 0], [0, 0]]), returns=())
    check.equal(touching, None, name="the answer for sums 2 and 2, 0", hints={"equal": lambda right: (2.0, 2.0)})


# %% id="threshold-hidden" test="threshold" points=2 hidden=true
@check.exercise("03-perceptron/threshold", hidden=True)
def random_neurons_negative_sums_one_example_each():
    """Random neurons, negative sums, one example of each"""
    rng = np.random.default_rng(4)
    for F, R, d in [(1, 1, 3), (5, 8, 2), (9, 4, 6)]:
        w = rng.normal(size=d)
        sums = np.sort(rng.normal(size=F + R) - 2)
        rows = sums[:, None] * w / (w @ w)
        lo, hi = check.call(threshold_range, w, rows[R:], rows[:R], returns=("lo", "hi"))
        check.close(np.array([lo, hi]), sums[[R - 1, R]], name=f"(lo, hi) for F = {F}, R = {R}")
        swapped = check.call(threshold_range, w, rows[:R], rows[R:], returns=())
        check.equal(swapped, None, name="the answer with the classes exchanged")


# %% [markdown] id="activations"
# ## The same sum, other activations
#
# Keep the sum and change $g$, and you get the neurons of the later chapters. The step decides; the *sigmoid*
# $\sigma(u) = 1/(1 + e^{-u})$ and tanh decide softly; the ReLU, $\max(0, u)$, stays silent or passes the sum on; the
# identity passes it on always.
#
# Left in the widget: the neuron with its numbers. Middle: the line $w_1x_1 + w_2x_2 + b = 0$, the side on which
# $u > 0$, and the weight vector, which is always at right angles to the line and points to the side that fires. Right:
# the activation, with the present point on it.

# %% id="neuron-widget" folded=true
ACTIVATIONS = {"step": nn.step, "sigmoid": nn.sigmoid, "tanh": nn.tanh, "ReLU": nn.relu, "identity": nn.identity}


def one_neuron(x1, x2, w1, w2, b, activation):
    u = w1 * x1 + w2 * x2 + b
    return x1, x2, w1, w2, b, activation, u, float(ACTIVATIONS[activation](np.array(u))[0])


def neuron_figure(neuron):
    """The neuron's numbers, its line in the plane, and its activation."""
    x1, x2, w1, w2, b, activation, u, y = neuron
    figure = plots.figure(10.5, 3.4)
    left, middle, right = figure.subplots(1, 3, width_ratios=(5, 4, 4))
    plots.graph(
        left,
        {"x1": (0, 1.1), "x2": (0, 0), "one": (0, -1.1), "sum": (1.45, 0), "out": (2.6, 0)},
        {("x1", "sum"): f"{w1:g}", ("x2", "sum"): f"{w2:g}", ("one", "sum"): f"{b:g}", ("sum", "out"): "g"},
        texts={"x1": f"{x1:.2g}", "x2": f"{x2:.2g}", "one": "1", "sum": f"u\n{u:.2f}", "out": f"y\n{y:.2f}"},
        size=0.34,
        lit=["out"] if u > 0 else [],
    )
    for name, place in (("$x_1$", 1.1), ("$x_2$", 0), ("b", -1.1)):
        left.text(-0.42, place, name, ha="right", va="center")
    left.set_xlim(-1, 3.1)
    plots.decision_region(
        middle, lambda x: (x @ np.array([w1, w2]) + b > 0).astype(int), ((-2, 2), (-2, 2)), resolution=120
    )
    middle.plot(x1, x2, "o", color=plots.BLACK, markersize=9)
    length = np.hypot(w1, w2)
    if length > 0:
        foot = -b * np.array([w1, w2]) / length**2
        if np.abs(foot).max() < 2:
            tip = foot + 0.8 * np.array([w1, w2]) / length
            arrow = {"arrowstyle": "-|>", "color": plots.GREEN, "linewidth": 2.5}
            middle.annotate("", tip, foot, arrowprops=arrow)
            middle.text(*(tip + 0.12), "w", color=plots.GREEN, weight="bold")
    middle.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    grid = np.linspace(-6, 6, 601)
    right.plot(grid, ACTIVATIONS[activation](grid)[0], "-")
    right.plot(np.clip(u, -6, 6), y, "o", color=plots.BLACK, markersize=9)
    right.set(xlabel="u", ylabel="y = g(u)", ylim=(min(-1.3, y - 0.5), max(2.2, y + 0.5)))
    return figure


widgets.explore(
    neuron_figure,
    dict(
        activation=widgets.Options(list(ACTIVATIONS), style="buttons", label="activation"),
        x1=widgets.Slider(-2.0, 2.0, 1.0, step=0.1, label="x₁"),
        x2=widgets.Slider(-2.0, 2.0, 0.5, step=0.1, label="x₂"),
        w1=widgets.Slider(-3.0, 3.0, 1.5, step=0.1, label="w₁"),
        w2=widgets.Slider(-3.0, 3.0, -1.0, step=0.1, label="w₂"),
        b=widgets.Slider(-3.0, 3.0, -0.5, step=0.1, label="bias b"),
    ),
    compute=one_neuron,
    alt=lambda neuron: (
        f"A neuron with weights {neuron[2]:g} and {neuron[3]:g} and bias {neuron[4]:g}: at the point "
        f"({neuron[0]:g}, {neuron[1]:g}) the sum u is {neuron[6]:.2f} and the output {neuron[7]:.2f}."
    ),
    table=lambda neuron: {
        "w₁ x₁": neuron[2] * neuron[0],
        "w₂ x₂": neuron[3] * neuron[1],
        "b": neuron[4],
        "u": neuron[6],
        "y": neuron[7],
    },
    title="One neuron",
)

# %% [markdown] id="neuron-try"
# Set $b = 0$: the line goes through the origin and stays there, whatever the weights. Double both weights and the
# bias: the line does not move, but the sigmoid becomes more certain. Turn the sign of all three: the two sides change
# places.

# %% [markdown] id="zero-question" question="predict"
# All inputs are 0 and there is no bias. The book says that the output is then 0, which is why a bias is needed. What
# does a sigmoid neuron answer?
#
# - [ ] 0: that holds for the activations with g(0) = 0, such as tanh, ReLU, identity and our step.
# - [x] 0.5: the sum is 0 whatever the weights, so the output is g(0), and for the sigmoid that is one half.
# - [ ] It depends on the weights: every weight is multiplied by 0.

# %% id="zero-input"
for name, g in ACTIVATIONS.items():
    at_zero, largest = g(np.array(0.0))[0], g(np.array([1000.0]))[0][0]
    print(f"{name:9} g(0) = {at_zero:.1f}   g(1000) = {largest:g}")

# %% [markdown] id="zero-meaning"
# What is true: without a bias a neuron answers $g(0)$ to silence, always. NOT, NAND and NOR must say 1 to silence, so
# without a bias a perceptron cannot compute them.
#
# The right column corrects another sentence. The book says that activation functions are bounded and so keep the
# numbers from growing through the layers. The step, the sigmoid and tanh are. The ReLU and the identity are not.

# %% [markdown] id="layers"
# ## A layer is a matrix
#
# Put several neurons next to each other, let them look at the same inputs, and write the weights of each as one row of
# a matrix $W$. Entry $w_{kn}$ belongs to neuron $k$ and input $n$, as in the book. For one example as a column this is
# $y = g(Wx + b)$. For a batch, whose examples are rows, it is $Y = g(XW^\top + b)$: the same numbers, transposed.

# %% id="column-and-row"
W, b = np.array([[1.0, -2.0, 0.5], [0.3, 0.8, -1.0]]), np.array([0.1, -0.2])
X = np.linspace(-1, 1, 12).reshape(4, 3)
columns = np.stack([W @ x + b for x in X])
rows = X @ W.T + b
print("one example at a time, as a column: W @ x + b", columns.round(2), sep="\n")
print("four examples at once, as rows: X @ W.T + b", rows.round(2), sep="\n")
print("equal:", np.array_equal(columns.round(12), rows.round(12)))

# %% [markdown] id="layer-statement" statement="layer"
# ### Exercise: a layer of perceptrons
#
# Write `layer(x, W, b)`: examples `x (N, d)`, weights `W (K, d)`, one row for each of `K` neurons, biases `b (K,)`. It
# returns the outputs as an array of integers 0 and 1, `(N, K)`: row `n` holds what all neurons say of example `n`.
#
# Check by hand: `x = [[1, 0]]`, `W = [[1, 1], [-1, -1], [0, 2]]`, `b = [-0.5, 1.5, 0]` give the sums 0.5, 0.5 and 0,
# so the output is `[[1, 1, 0]]`.


# %% id="layer" exercise=true difficulty=2 by_hand="nn data"
def layer(x, W, b):
    """Outputs (N, K), integers 0 and 1, of K perceptrons with weights W (K, d) and biases b (K,) for x (N, d)."""
    ### BEGIN SOLUTION
    return (x @ W.T + b > 0).astype(int)
    ### END SOLUTION


# %% [markdown] id="layer-hints" hints="layer"
# - reshape: reshape keeps the order of the numbers and mixes up the neurons: you need the transpose, W.T.
# - transposed: Row n belongs to example n: the result must be (N, K), not (K, N).
# - bias: The bias is missing.
# - first: Only the first neuron has been used.
# - step: These are the sums: the step, 1 where the sum is above 0, is missing.
# - axis: Each neuron has its own bias: it belongs to the column, not to the row of the example.


# %% id="layer-shape" test="layer" points=2
@check.exercise("03-perceptron/layer")
def every_neuron_answers_every_example():
    """Every neuron answers every example"""
    x, W = np.cos(1.7 * np.arange(15)).reshape(5, 3), np.cos(2.3 * np.arange(6) + 1).reshape(2, 3)
    b = np.array([0.6, -0.4])
    y = check.call(layer, x, W, b, returns=("y",))
    z = x @ W.T + b
    check.equal(
        y,
        np.array([[1, 0], [0, 0], [0, 0], [1, 1], [1, 1]]),
        name="y",
        hints={
            "transposed": np.transpose,
            "first": lambda right: right[:, 0],
            "bias": lambda right: (x @ W.T > 0).astype(int),
            "reshape": lambda right: (x @ W.reshape(3, 2) + b > 0).astype(int),
            "step": lambda right: y if np.allclose(y, z) else None,
        },
    )


# %% id="layer-square" test="layer" points=2
@check.exercise("03-perceptron/layer")
def as_many_examples_as_neurons():
    """As many examples as neurons"""
    x, W = np.cos(1.1 * np.arange(6)).reshape(3, 2), np.cos(0.9 * np.arange(6) + 2).reshape(3, 2)
    b = np.array([2.0, 0.1, -2.0])
    y = check.call(layer, x, W, b, returns=("y",))
    z = np.array([[row @ w + c for w, c in zip(W, b, strict=True)] for row in x])
    check.equal(y, (z > 0).astype(int), name="y", hints={"axis": lambda right: ((W @ x.T + b).T > 0).astype(int)})


# %% id="layer-hidden" test="layer" points=2 hidden=true
@check.exercise("03-perceptron/layer", hidden=True)
def one_example_one_neuron_square_batches():
    """One example, one neuron, square batches"""
    rng = np.random.default_rng(5)
    for N, d, K in [(1, 3, 4), (6, 2, 1), (5, 5, 5), (20, 7, 3)]:
        x, W, b = rng.normal(size=(N, d)), rng.normal(size=(K, d)), rng.normal(size=K)
        expected = nn.step(nn.linear(x, W, b)[0])[0].astype(int)
        y = check.call(layer, x, W, b, returns=("y",))
        check.equal(y, expected, name=f"y for N = {N}, d = {d}, K = {K}")


# %% [markdown] id="network"
# ## From simple decisions to abstract ones
#
# The outputs of a layer can be the inputs of the next. The first layer makes simple decisions about the world, the
# next ones decide about decisions. Here is the festival again, with six things to know and three layers wired by hand:
#
# - first layer: is it *pleasant* outdoors (sun, warmth, no rain), is there a *way* to get there (bus or car), is there
#   *company*?
# - second layer: a *fine trip* (pleasant and a way), a *merry trip* (company and a way);
# - third layer: go, if it is a fine trip or a merry one.
#
# The output of *way* is used twice. Several arrows may leave a neuron, but it has only one output, which all of them
# carry.


# %% id="network-output" given=true
def network_output(x, layers):
    """What a network of perceptrons says: layers is a list of (W, b), x (N, d).  Returns (N, outputs), integers."""
    for W, b in layers:
        x = nn.step(nn.linear(x, W, b)[0])[0]
    return x.astype(int)


# %% id="network-by-hand" folded=true
#                     sun  warm  rain friend bus  car
pleasant_way_company = (
    np.array([[1.0, 1.0, -2.0, 0.0, 0.0, 0.0], [0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 0, 0]]),
    np.array([-0.5, -0.5, -0.5]),
)
fine_merry = (np.array([[1.0, 1, 0], [0, 1, 1]]), np.array([-1.5, -1.5]))
go = (np.array([[1.0, 1]]), np.array([-0.5]))
party = [pleasant_way_company, fine_merry, go]

every_day = data.boolean_inputs(6)
decided = network_output(every_day, party)[:, 0]
print(f"go on {decided.sum()} of {len(every_day)} days")
for day in ([1, 1, 0, 0, 1, 0], [1, 1, 1, 0, 1, 0], [0, 0, 1, 1, 0, 1], [1, 1, 0, 1, 0, 0]):
    day = np.array([day], dtype=float)
    first, second = network_output(day, party[:1])[0], network_output(day, party[:2])[0]
    print(f"{day[0].astype(int)} -> {first} -> {second} -> {network_output(day, party)[0, 0]}")

names = [
    ["sun", "warm", "rain", "friend", "bus", "car"],
    ["pleasant", "way", "company"],
    ["fine\ntrip", "merry\ntrip"],
    ["go"],
]
day = np.array([[0.0, 0, 1, 1, 0, 1]])
outputs = [day[0], *(network_output(day, party[:k])[0] for k in (1, 2, 3))]
places = {
    name: (2.6 * column, 1.15 * ((len(layer) - 1) / 2 - row))
    for column, layer in enumerate(names)
    for row, name in enumerate(layer)
}
edges = {
    (sender, receiver): f"{W[row, column]:g}"
    for (W, _), senders, receivers in zip(party, names[:-1], names[1:], strict=True)
    for row, receiver in enumerate(receivers)
    for column, sender in enumerate(senders)
    if W[row, column]
}
firing = [
    name for layer, values in zip(names, outputs, strict=True) for name, y in zip(layer, values, strict=True) if y
]
figure = plots.figure(8.5, 5.2)
plots.graph(figure.subplots(), places, edges, lit=firing, size=0.52, fontsize=8)
plots.show(
    figure,
    alt="A network of 6, 3, 2 and 1 units on a rainy day with a friend and a car: way and company fire, "
    "then merry trip, then go. Two arrows leave way, one to each trip.",
)

# %% [markdown] id="words"
# The book says that *a multi-layer perceptron is what is called an artificial neural network*. A single perceptron is
# one too, only a small one. *Feed-forward* means that the arrows go from left to right and none leads back; *deep*
# means many hidden layers, and most of the networks in the gallery that the book shows here are not deep.
#
# Another word that grew. The neuron of McCulloch and Pitts (1943) had no weights to learn: its exciting inputs all
# counted 1, its threshold was fixed, and a single active inhibiting input silenced it. Weights that are learnt came
# with Hebb (1949), Rosenblatt (1958), and Widrow and Hoff (1960). Such a veto is easily run, and a perceptron does it
# with a large negative weight:

# %% id="veto"
x = data.boolean_inputs(3)
excited, inhibited = x[:, :2], x[:, 2]
of_1943 = ((excited.sum(axis=1) >= 1) & (inhibited == 0)).astype(int)
as_perceptron = (x @ np.array([1.0, 1.0, -2.0]) - 0.5 > 0).astype(int)
print("inputs (the third inhibits):", ["{:.0f}{:.0f}{:.0f}".format(*row) for row in x])
print("McCulloch and Pitts, θ = 1: ", of_1943)
print("weights 1, 1, -2, b = -0.5: ", as_perceptron)

# %% [markdown] id="gates"
# ## Gates: what one neuron can compute
#
# With bits going in and out a perceptron is a logic gate. The book's example is NAND, "not both", with
# $w = (-2, -2)$ and $b = 3$. (It speaks of a "non-zero output" on one side of the border. With the step that output is
# exactly 1.)

# %% id="nand"
x, nand = data.gate("NAND")
z = x @ np.array([-2.0, -2.0]) + 3
for (a, b), u, y in zip(x, z, nand, strict=True):
    print(f"{a:.0f} {b:.0f}:  u = {u:+.0f}  output {int(u > 0)}  NAND {y}")

# %% [markdown] id="gate-statement" statement="gate"
# ### Exercise: five gates
#
# Write `gate(name)` for the names `"AND"`, `"OR"`, `"NAND"`, `"NOR"` and `"NOT"`. It returns `(w, b)`, the weights (an
# array of shape `(2,)`, for NOT `(1,)`) and the bias (a number) of a perceptron with the rule $w \cdot x + b > 0$. A
# gate that tips over at the slightest disturbance is of no use: on every corner the sum must be at least 0.25 away
# from 0. For any other name, XOR included, it raises `ValueError`.
#
# Check by hand: for NOT, `w = [-1]` and `b = 0.5` give the sums 0.5 and −0.5, so 0 becomes 1 and 1 becomes 0.


# %% id="gate" exercise=true difficulty=1 by_hand="nn data"
def gate(name):
    """Weights (2,), for NOT (1,), and bias of the perceptron that computes AND, OR, NAND, NOR or NOT."""
    ### BEGIN SOLUTION
    gates = {
        "AND": ([1.0, 1.0], -1.5),
        "OR": ([1.0, 1.0], -0.5),
        "NAND": ([-1.0, -1.0], 1.5),
        "NOR": ([-1.0, -1.0], 0.5),
        "NOT": ([-1.0], 0.5),
    }
    if name not in gates:
        raise ValueError(f"expected one of {', '.join(gates)}, got {name!r}")
    w, b = gates[name]
    return np.array(w), b
    ### END SOLUTION


# %% [markdown] id="gate-hints" hints="gate"
# - boundary: On some corner the sum is exactly 0, and that gives 0: move the bias by a half.
# - threshold: The bias is minus the threshold: its sign is turned round.
# - negated: This is the opposite gate: turn the sign of the weights and of the bias.
# - margin: On some corner the sum is closer to 0 than 0.25: put the line half-way between the corners.


# %% id="gate-tables" test="gate" points=2
@check.exercise("03-perceptron/gate")
def truth_tables_of_the_five_gates():
    """Truth tables of the five gates"""
    for name in ("AND", "OR", "NAND", "NOR", "NOT"):
        x, y = (data.boolean_inputs(1), np.array([1, 0])) if name == "NOT" else data.gate(name)
        w, b = check.call(gate, name, returns=("w", "b"))
        check.shape(w, (x.shape[1],), name=f"w of {name}")
        check.shape(b, (), name=f"b of {name}")
        z = x @ w + b
        got = (z > 0).astype(int)
        check.equal(
            got,
            y,
            name=f"the truth table of {name}",
            hints={
                "boundary": lambda right, z=z, got=got: got if np.array_equal(z >= 0, right) else None,
                "negated": lambda right: 1 - right,
                "threshold": lambda right, z=z, b=b, got=got: got if np.array_equal(z - 2 * b > 0, right) else None,
            },
        )


# %% id="gate-unknown" test="gate" points=1
@check.exercise("03-perceptron/gate")
def no_gate_for_xor():
    """No gate for XOR"""
    check.raises(ValueError, gate, "XOR", what="XOR, which no perceptron computes")


# %% id="gate-margin" test="gate" points=2 hidden=true
@check.exercise("03-perceptron/gate", hidden=True)
def every_corner_is_at_least_a_quarter_away():
    """Every corner is at least 0.25 away from the boundary"""
    for name in ("AND", "OR", "NAND", "NOR", "NOT"):
        x, y = (data.boolean_inputs(1), np.array([1, 0])) if name == "NOT" else data.gate(name)
        w, b = check.call(gate, name, returns=("w", "b"))
        z = (2 * y - 1) * (x @ w + b)
        wide = bool(np.min(z) >= 0.25)
        check.equal(wide, True, name=f"the margin of {name}", hints={"margin": lambda right, z=z: bool(np.min(z) <= 0)})


# %% [markdown] id="line"
# ## One neuron draws one line
#
# With two inputs, weights $A$ and $B$ and the threshold $C$, the neuron fires where $Ax + By > C$. The border is the
# line $Ax + By = C$. The book prints it as $Ax + By + C = 0$; the sign of $C$ is wrong, and one drawing shows it: for
# AND take $A = B = 1$ and $C = 1.5$.

# %% id="line-figure"
x, y = data.gate("AND")
ends = np.array([-2.2, 2.2])
figure = plots.figure(4.6, 4.2)
ax = figure.subplots()
ax.plot(ends, 1.5 - ends, "-", label="x + y = 1.5")
ax.plot(ends, -1.5 - ends, "--", label="x + y + 1.5 = 0 (book)")
plots.points(ax, x, y, size=80)
ax.set(xlim=(-2, 2), ylim=(-2, 2), xlabel="x", ylabel="y", aspect="equal")
ax.legend(loc="lower right")
plots.show(
    figure,
    alt="The four corners of AND: the line x + y = 1.5 separates the corner 11 from the other three, the line "
    "x + y + 1.5 = 0 has all four on one side.",
)
print("on the firing side of x + y = 1.5:    ", int(np.sum(x.sum(axis=1) > 1.5)), "of 4 corners")
print("on the firing side of x + y + 1.5 = 0:", int(np.sum(x.sum(axis=1) + 1.5 > 0)), "of 4 corners")

# %% [markdown] id="separable"
# Two classes of points are *linearly separable* if some line (a plane in three dimensions, a hyperplane in more) has
# all points of the one class on one side and all of the other on the other side. It is the classes that are separable,
# not the regions, as the book has it: the regions are what the line makes.
#
# XOR, "one or the other but not both", is not. Suppose that a perceptron computed it. Its four corners demand
#
# $$b \le 0, \qquad w_1 + b > 0, \qquad w_2 + b > 0, \qquad w_1 + w_2 + b \le 0.$$
#
# Add the two in the middle: $w_1 + w_2 + 2b > 0$. Add the outer two: $w_1 + w_2 + 2b \le 0$. Both cannot be true, so
# there is no such perceptron, and no amount of training finds one.
#
# The book's chapter 6 lists XOR among the things that a perceptron represents (chapter 7 takes it back), and chapter 4
# says that *without a bias* a neuron could not learn XOR, as if with a bias it could. Let us count.

# %% [markdown] id="census-question" question="predict"
# There are 16 functions of two bits. How many of them can one perceptron compute, with a bias and without?
#
# - [ ] 16 with a bias, 14 without: XOR and its opposite are out of reach with a bias as well.
# - [x] 14 with a bias, 6 without: all but XOR and XNOR with it; without it the answer to 00 must be 0, and AND falls
#   too.
# - [ ] 14 with a bias, 8 without: 8 functions answer 0 to 00, but AND and XOR are among them and cannot be reached.


# %% id="census"
def tables_of_one_neuron(biases):
    """The truth tables that a neuron of two inputs computes for some weights from -3 to 3 and one of the biases."""
    corners = data.boolean_inputs(2)
    steps = range(-3, 4)
    return {tuple(int(u > 0) for u in corners @ np.array([a, b]) + c) for a in steps for b in steps for c in biases}


named = {table: name for name, table in data.GATES.items()}
with_bias, without_bias = tables_of_one_neuron(range(-3, 4)), tables_of_one_neuron([0])
print(f"with a bias: {len(with_bias)} of 16; missing:", ", ".join(named[t] for t in set(named) - with_bias))
print(f"without:     {len(without_bias)} of 16:", *sorted("".join(map(str, t)) for t in without_bias))
print("is AND, 0001, among the six?", data.GATES["AND"] in without_bias)

# %% [markdown] id="census-meaning"
# Without a bias the line goes through the corner 00, and that costs AND, too: $w_1 \le 0$, $w_2 \le 0$ and
# $w_1 + w_2 > 0$ cannot all hold.
#
# A search over a grid can only find; it cannot prove that nothing is there. A *linear programme* can do both. Ask for
# weights with $w \cdot x_i + b \ge 1$ on one class and $\le -1$ on the other (if any line separates, a multiple of it
# does this). The solver returns weights or states that there are none. So we can count for three bits as well.

# %% id="separable-lp"
from scipy.optimize import linprog


def separating(x, t):
    """Weights (d,) and bias that separate the rows of x (N, d) with t = 1 from those with t = 0, or None."""
    rows = np.column_stack([x, np.ones(len(x))]) * (2 * t - 1)[:, None]
    found = linprog(np.zeros(rows.shape[1]), A_ub=-rows, b_ub=-np.ones(len(x)), bounds=(None, None))
    return (found.x[:-1], found.x[-1]) if found.status == 0 else None


for bits in (1, 2, 3):
    tables = data.boolean_functions(bits)
    possible = sum(separating(data.boolean_inputs(bits), t) is not None for t in tables)
    print(f"bits = {bits}: {possible} of {len(tables)} functions are linearly separable")

# %% [markdown] id="census-more"
# For four bits it is 1,882 of 65,536, less than 3 %. A single perceptron is a rare thing among functions. Several of
# them, as we now see, are not.

# %% [markdown] id="xor-statement" statement="xor"
# ### Exercise: XOR with two layers
#
# Write `xor_net(negate=False)`. It returns a list of two layers, `[(W1, b1), (W2, b2)]`, for the given
# `network_output(x, layers)`: `W1 (2, 2)`, `b1 (2,)`, `W2 (1, 2)`, `b2 (1,)`. The network computes XOR, and with
# `negate=True` XNOR, its opposite. On every corner, every sum in the network must be at least 0.25 away from 0.
#
# An idea to start from: "one or the other" *and* "not both". Check by hand: on the corner 11 your first hidden neuron
# might say 1 and your second 0, and the output neuron must make 0 of that.


# %% id="xor" exercise=true difficulty=2 by_hand="nn data"
def xor_net(negate=False):
    """Two layers, [(W1 (2, 2), b1 (2,)), (W2 (1, 2), b2 (1,))], that compute XOR, with negate XNOR."""
    ### BEGIN SOLUTION
    either_not_both = (np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array([-0.5, 1.5]))
    both_of_these = (np.array([[1.0, 1.0]]), np.array([-1.5]))
    nand_of_these = (np.array([[-1.0, -1.0]]), np.array([1.5]))
    return [either_not_both, nand_of_these if negate else both_of_these]
    ### END SOLUTION


# %% [markdown] id="xor-hints" hints="xor"
# - depth: One layer cannot compute XOR: return a list of two layers.
# - or: The output neuron must ask for both hidden neurons, not for either of them.
# - or-table: This is OR: on the corner 11 the answer must be 0.
# - ignored: With negate=True the outputs must be turned round; this is still XOR.
# - boundary: Some sum is exactly 0, and that gives 0: move that bias by a half.
# - margin: Some sum in the network is closer to 0 than 0.25.


# %% id="xor-shapes" test="xor" points=1
@check.exercise("03-perceptron/xor")
def two_layers_of_the_right_shapes():
    """Two layers of the right shapes"""
    layers = check.call(xor_net, returns=("layers",))
    check.equal(type(layers).__name__, "list", name="the type of layers")
    check.equal(len(layers), 2, name="the number of layers", hints={"depth": lambda right: 1})
    for name, array, shape in zip(
        ("W1", "b1", "W2", "b2"), (*layers[0], *layers[1]), ((2, 2), (2,), (1, 2), (1,)), strict=True
    ):
        check.shape(array, shape, name=name)


# %% id="xor-table" test="xor" points=2
@check.exercise("03-perceptron/xor")
def truth_table_of_xor():
    """Truth table of XOR"""
    x, y = data.gate("XOR")
    layers = check.call(xor_net, returns=("layers",))
    got = network_output(x, layers)[:, 0]
    (W1, b1), (W2, b2) = layers

    def with_ties(right):
        hidden = (x @ W1.T + b1 >= 0).astype(float)
        return got if np.array_equal((hidden @ W2.T + b2 >= 0)[:, 0], right) else None

    check.equal(
        got,
        y,
        name="the truth table",
        hints={
            "boundary": with_ties,
            "or": lambda right: np.array([1, 1, 1, 1]),
            "or-table": lambda right: np.array([0, 1, 1, 1]),
        },
    )


# %% id="xor-negated" test="xor" points=1
@check.exercise("03-perceptron/xor")
def with_negate_it_computes_xnor():
    """With negate=True it computes XNOR"""
    x, y = data.gate("XNOR")
    got = network_output(x, check.call(xor_net, True, returns=("layers",)))[:, 0]
    check.equal(got, y, name="the truth table", hints={"ignored": lambda right: 1 - right})


# %% id="xor-margin" test="xor" points=2 hidden=true
@check.exercise("03-perceptron/xor", hidden=True)
def every_sum_is_at_least_a_quarter_away():
    """Every sum is at least 0.25 away from 0, in both networks"""
    for negate in (False, True):
        x, y = data.gate("XNOR" if negate else "XOR")
        (W1, b1), (W2, b2) = check.call(xor_net, negate, returns=("layers",))
        first, _ = nn.linear(x, W1, b1)
        second, _ = nn.linear(nn.step(first)[0], W2, b2)
        check.equal((second[:, 0] > 0).astype(int), y, name=f"the truth table for negate={negate}")
        smallest = min(np.abs(first).min(), np.abs(second).min())
        wide = bool(smallest >= 0.25)
        check.equal(wide, True, name=f"the margin for negate={negate}", hints={"margin": lambda right: False})


# %% [markdown] id="hidden-space"
# ## Why two layers are enough
#
# The hidden layer moves the four corners to new places. The output neuron sees only those. With "or" and "nand" as
# hidden neurons the corners 01 and 10 land on the same place, and then one line is enough.

# %% id="hidden-figure"
x, y = data.gate("XOR")
hidden = network_output(x, [(np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array([-0.5, 1.5]))]).astype(float)
figure = plots.figure(7.5, 3.7)
left, right = figure.subplots(1, 2)
plots.points(left, x, y, size=110)
for (a, b), (h1, h2) in zip(x, hidden, strict=True):
    left.text(a + 0.08, b + 0.08, f"{a:.0f}{b:.0f}")
    right.text(h1 + 0.08, h2 + (0.08 if a >= b else -0.14), f"{a:.0f}{b:.0f}")
plots.decision_region(right, lambda h: (h.sum(axis=1) > 1.5).astype(int), ((-0.5, 1.5), (-0.5, 1.5)))
plots.points(right, hidden, y, size=110)
left.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xlabel="$x_1$", ylabel="$x_2$", title="inputs")
right.set(xlabel="or", ylabel="nand", title="hidden layer")
plots.show(
    figure,
    alt="Left: the four corners of XOR, ones and zeros on opposite corners. Right: the same four as the hidden "
    "layer sees them: 01 and 10 share the corner (1, 1), 00 lies at (0, 1), 11 at (1, 0), and a line separates them.",
)

# %% [markdown] id="nand-universal"
# ## NAND is enough for everything
#
# Every Boolean function can be written with NAND alone, so networks of perceptrons compute every one of them. Here are
# XOR with four NANDs, a half adder with five (its sum is XOR, its carry is AND), and out of these an adder for four
# bits. Python's own `+` judges all 256 cases.


# %% id="adder"
def nand(a, b):
    """One perceptron with the book's weights, for arrays of bits."""
    return (-2 * a - 2 * b + 3 > 0).astype(int)


def half_adder(a, b):
    """Sum and carry of two bits, five NANDs."""
    c = nand(a, b)
    return nand(nand(a, c), nand(b, c)), nand(c, c)


def full_adder(a, b, carry):
    """Sum and carry of three bits: two half adders, and an OR of the two carries that needs three NANDs."""
    first, carry1 = half_adder(a, b)
    total, carry2 = half_adder(first, carry)
    return total, nand(nand(carry1, carry1), nand(carry2, carry2))


a, b = (grid.ravel() for grid in np.meshgrid(np.arange(16), np.arange(16)))
carry, result = np.zeros(256, dtype=int), np.zeros(256, dtype=int)
for place in range(4):
    total, carry = full_adder(a >> place & 1, b >> place & 1, carry)
    result += total << place
result += carry << 4
print("XOR by four NANDs:", half_adder(*data.boolean_inputs(2).T)[0])
print("carry:            ", half_adder(*data.boolean_inputs(2).T)[1])
print(f"9 + 13 = {result[(a == 9) & (b == 13)][0]};  right in {np.sum(result == a + b)} of {len(a)} cases")

# %% [markdown] id="universal-meaning"
# This comforts and disappoints: the perceptron can do all that a gate can, and it is just another gate. Note what the
# claim covers. A feed-forward network of perceptrons computes any *finite* Boolean function, from so many bits to so
# many bits. It has no memory, so it is not a computer.
#
# What makes it more than a gate is that nobody has to choose the weights.

# %% [markdown] id="learning"
# ## Learning from mistakes
#
# The book describes training but never says how. Rosenblatt's rule is two lines. Show the neuron an example $x$ whose
# right answer is $t$, let it answer $y$, and then
#
# $$w \leftarrow w + \eta\,(t - y)\,x, \qquad b \leftarrow b + \eta\,(t - y).$$
#
# If the answer is right, $t - y = 0$ and nothing changes. If it said 0 and should have said 1, the example is added to
# the weights, and next time its sum is larger by $\eta(\|x\|^2 + 1)$. If it said 1 and should have said 0, the example
# is subtracted. Go through the examples again and again; a pass over all of them is an *epoch*. Stop after an epoch
# without a mistake. The number $\eta$ is the *learning rate*.
#
# The first epoch of AND by hand, from zero weights, with $\eta = 1$. On 00, 01 and 10 the sum is 0, the output 0, and
# that is right. On 11 the sum is 0 as well, but the answer should be 1: a mistake. So $w = (1, 1)$ and $b = 1$, and
# the first epoch ends with one mistake. In the second epoch this neuron says 1 to 00, and the correction goes the
# other way.

# %% [markdown] id="fit-statement" statement="fit"
# ### Exercise: Rosenblatt's rule
#
# Write `perceptron_fit(x, t, eta, max_epochs)`: examples `x (N, d)`, right answers `t (N,)`, integers 0 and 1,
# learning rate `eta`, and the largest number of epochs. Start with all weights and the bias at 0. In each epoch take
# the rows in order and correct *after each row*, before you look at the next. Stop after the first epoch without a
# mistake, or after `max_epochs`.
#
# It returns `(w, b, mistakes)`: the weights `(d,)`, the bias, and a list with the number of mistakes in each epoch
# that was run, the last one included. You may call your own `perceptron`.
#
# Check by hand: `x = [[1], [2]]`, `t = [1, 0]`, `eta = 1`. First row: sum 0, output 0, mistake: `w = [1]`, `b = 1`.
# Second row: sum 3, output 1, mistake: `w = [-1]`, `b = 0`. So with `max_epochs = 1` the result is `([-1], 0, [2])`.


# %% id="fit" exercise=true difficulty=3 by_hand="nn data"
def perceptron_fit(x, t, eta, max_epochs):
    """Weights (d,), bias and mistakes per epoch of a perceptron trained on x (N, d) with answers t (N,), 0 or 1."""
    ### BEGIN SOLUTION
    w, b, mistakes = np.zeros(x.shape[1]), 0.0, []
    for _ in range(max_epochs):
        wrong = 0
        for row, target in zip(x, t, strict=True):
            error = target - int(row @ w + b > 0)
            w = w + eta * error * row
            b = b + eta * error
            wrong += int(error != 0)
        mistakes.append(wrong)
        if wrong == 0:
            break
    return w, b, mistakes
    ### END SOLUTION


# %% [markdown] id="fit-hints" hints="fit"
# - batch: Correct after each row: the next row must meet the corrected weights.
# - bias: The bias must be corrected too, by eta · (t − y).
# - sign: The correction goes the wrong way: add eta · (t − y) · x.
# - always: A right answer changes nothing: t − y is 0 there.
# - labels: The answers are 0 and 1, as is the output: use t − y as it is, without turning 0 into −1.
# - boundary: Where the sum is exactly 0 the output is 0: with zero weights the first answer is 0.
# - stop: Stop after the first epoch without a mistake.
# - clean: The last epoch, the one without a mistake, belongs to the list as well.
# - eta: The learning rate is not used.


# %% id="fit-mistakes" test="fit" points=3
@check.exercise("03-perceptron/fit")
def mistakes_on_nand_and_or():
    """Mistakes on NAND and on OR, epoch by epoch"""
    x, t = data.gate("NAND")
    w, b, mistakes = check.call(perceptron_fit, x, t, 1.0, 12, returns=("w", "b", "mistakes"))
    check.equal(
        mistakes,
        [2, 3, 3, 2, 1, 0],
        name="mistakes on NAND",
        hints={
            "stop": lambda right: right + [0] * 6,
            "clean": lambda right: right[:-1],
            "bias": lambda right: [4] * 12,
            "sign": lambda right: [3] * 12,
            "batch": lambda right: [3, 1, 1, 2, 1, 0],
            "always": lambda right: [2] + [1] * 11,
            "labels": lambda right: [2, 4, 3, 3, 3, 2, 3, 2, 2, 3, 2, 2],
            "boundary": lambda right: [1, 3, 3, 2, 1, 0],
        },
    )
    x, t = data.gate("OR")
    w, b, mistakes = check.call(perceptron_fit, x, t, 1.0, 12, returns=("w", "b", "mistakes"))
    check.equal(mistakes, [1, 2, 1, 0], name="mistakes on OR")


# %% id="fit-weights" test="fit" points=2
@check.exercise("03-perceptron/fit")
def weights_and_bias_after_two_epochs():
    """Weights and bias after two epochs with eta = 0.5"""
    x, t = 2 * np.cos(2.2 * np.arange(15)).round(1).reshape(5, 3), np.array([1, 0, 0, 1, 0])
    w, b, mistakes = check.call(perceptron_fit, x, t, 0.5, 2, returns=("w", "b", "mistakes"))
    check.close(w, np.array([-0.4, 0.8, -0.7]), name="w", hints={"eta": lambda right: 2 * right})
    check.close(b, -0.5, name="b", hints={"eta": lambda right: 2 * right})


# %% id="fit-xor" test="fit" points=1
@check.exercise("03-perceptron/fit")
def xor_stops_at_the_last_epoch():
    """XOR never ends by itself: it stops after max_epochs"""
    x, t = data.gate("XOR")
    w, b, mistakes = check.call(perceptron_fit, x, t, 1.0, 7, returns=("w", "b", "mistakes"))
    check.equal(mistakes, [2, 3, 4, 4, 4, 4, 4], name="mistakes on XOR")


# %% id="fit-hidden" test="fit" points=4 hidden=true
@check.exercise("03-perceptron/fit", hidden=True)
def separable_points_against_the_sum_of_mistakes():
    """Separable points, one example, and a learning rate that changes nothing but the scale"""
    rng = np.random.default_rng(6)
    for N, d, eta in [(1, 3, 1.0), (12, 2, 0.25), (40, 4, 3.0)]:
        x, t, _, _ = data.separable(N, rng, margin=0.1, dim=d)
        t = np.ones(1, dtype=int) if N == 1 else t
        signed = np.column_stack([x, np.ones(N)]) * (2 * t - 1)[:, None]
        total, counts = np.zeros(d + 1), []
        while not counts or counts[-1]:
            counts.append(0)
            for i in range(N):
                if (total @ signed[i] * (2 * t[i] - 1) > 0) != t[i]:
                    total, counts[-1] = total + signed[i], counts[-1] + 1
        w, b, mistakes = check.call(perceptron_fit, x, t, eta, 500, returns=("w", "b", "mistakes"))
        check.equal(mistakes, counts, name=f"mistakes for N = {N}, d = {d}")
        check.close(w, eta * total[:-1], name=f"w for N = {N}, d = {d}")
        check.close(b, eta * total[-1], name=f"b for N = {N}, d = {d}")


# %% [markdown] id="told"
# ## The weights are a list of mistakes
#
# Start at zero and take $\eta = 1$. Every correction adds an example or subtracts it. So at any moment
#
# $$(w, b) = \sum_{\text{mistakes so far}} \pm\,(x, 1),$$
#
# with plus for the examples of class 1 and minus for those of class 0. We need no weights at all, then: it is enough
# to remember on which rows the neuron was mistaken. Told so, the rule is a different programme that makes the same
# mistakes.


# %% id="told-by-mistakes"
def mistaken_rows(x, t, epochs, start=0.0):
    """Rosenblatt's rule with η = 1, told by its mistakes.  x (N, d), t (N,), start: weights and bias (d + 1,).

    Returns the rows on which it errs, in order, and the number of mistakes in each epoch.
    """
    rows = np.column_stack([x, np.ones(len(x))])
    overlap = rows @ (rows * (2 * t - 1)[:, None]).T
    sums = rows @ np.broadcast_to(start, rows.shape[1:])
    order, per_epoch = [], []
    while len(per_epoch) < epochs and per_epoch[-1:] != [0]:
        before = len(order)
        for i in range(len(x)):
            if (sums[i] > 0) != t[i]:
                order.append(i)
                sums = sums + overlap[:, i]
        per_epoch.append(len(order) - before)
    return np.array(order, dtype=int), per_epoch


def weights_of(x, t, order, start=0.0):
    """Weights and bias (d + 1,) after the mistakes `order`."""
    rows = np.column_stack([x, np.ones(len(x))]) * (2 * t - 1)[:, None]
    return start + rows[order].sum(axis=0)


for name in ("AND", "OR", "NAND", "NOR", "XOR"):
    x, t = data.gate(name)
    order, per_epoch = mistaken_rows(x, t, 12)
    print(f"{name:4} {sum(per_epoch):3} mistakes {per_epoch}  (w1, w2, b) = {weights_of(x, t, order)}")

# %% [markdown] id="xor-training-question" question="predict"
# The first four stop after four to six epochs. XOR has just made 45 mistakes in twelve epochs. What happens if we wait
# for a thousand?
#
# - [ ] The mistakes slowly become fewer: they would have to reach 0, and a perceptron without mistakes on XOR does not
#   exist.
# - [x] It goes round in a circle: the weights stay bounded, come back to where they were, and the same four mistakes
#   repeat in every epoch.
# - [ ] The weights grow without end: the corrections of opposite corners cancel, so they stay small.

# %% id="xor-training"
x, t = data.gate("XOR")
order, per_epoch = mistaken_rows(x, t, 1000)
ends = np.cumsum(per_epoch)
visited = {tuple(weights_of(x, t, order[:end])) for end in ends}
print("mistakes in epochs 996 to 1000:", per_epoch[-5:])
print("different weights at the end of an epoch, in 1000 epochs:", len(visited))

# %% [markdown] id="gates-widget-text"
# Now watch it. Choose one of the 16 truth tables and place the line $Ax + By = C$ yourself; then let the rule take
# over from your line, one correction a step. The arrow keys walk through the steps. Fourteen of the tables end with no
# error from wherever you start. XOR and XNOR never do.


# %% id="gates-widget" folded=true
def corrected_line(table, A, B, C, step):
    """The line after `step` corrections from Ax + By = C, and the errors after each correction so far."""
    x, t = data.boolean_inputs(2), np.array(table)
    start = np.array([A, B, -C])
    order, _ = mistaken_rows(x, t, 60, start)
    lines = [weights_of(x, t, order[:k], start) for k in range(min(step, len(order)) + 1)]
    errors = [int(np.sum((x @ line[:2] + line[2] > 0) != t)) for line in lines]
    return x, t, lines[-1], errors


def gates_figure(result):
    """The four corners and the line (left), errors after each correction (right)."""
    x, t, line, errors = result
    figure = plots.figure(8.5, 3.8)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1))
    plots.decision_region(left, lambda p: (p @ line[:2] + line[2] > 0).astype(int), ((-0.6, 1.6), (-0.6, 1.6)))
    plots.points(left, x, t, size=130)
    wrong = (x @ line[:2] + line[2] > 0) != t
    left.plot(*x[wrong].T, "o", markersize=21, markerfacecolor="none", color=plots.BLACK)
    for corner, answer in zip(x, t, strict=True):
        left.text(*(corner + 0.13), str(answer), fontsize=12, weight="bold")
    left.set(xlabel="x", ylabel="y", title=f"{line[0]:.1f} x + {line[1]:.1f} y = {-line[2]:.1f}")
    right.plot(range(len(errors)), errors, "-o", color=plots.BLUE)
    right.set(xlim=(-0.5, 40.5), ylim=(-0.2, 4.2), xlabel="corrections", ylabel="errors", yticks=range(5))
    return figure


widgets.explore(
    gates_figure,
    dict(
        table=widgets.Options(data.GATES, value=data.GATES["NAND"], label="truth table"),
        A=widgets.Slider(-3.0, 3.0, 1.0, step=0.1, label="A"),
        B=widgets.Slider(-3.0, 3.0, 0.5, step=0.1, label="B"),
        C=widgets.Slider(-3.0, 3.0, 0.7, step=0.1, label="C"),
        step=widgets.Steps(41, play=True, interval=400, label="train: corrections"),
    ),
    compute=corrected_line,
    alt=lambda result: (
        f"The line {result[2][0]:.1f} x + {result[2][1]:.1f} y = {-result[2][2]:.1f} after {len(result[3]) - 1} "
        f"corrections: {result[3][-1]} of the four corners are on the wrong side."
    ),
    table=lambda result: [{"corrections": k, "errors": n} for k, n in enumerate(result[3])],
    title="One line for sixteen truth tables",
)

# %% [markdown] id="iris"
# ## Inputs need not be bits
#
# The book introduces perceptrons with binary inputs. Nothing in the rule asks for that. Take Fisher's irises,
# described by length and width of their petals in centimetres: setosa against versicolor, then versicolor against
# virginica.

# %% id="iris-figure"
figure = plots.figure(8.5, 3.6)
for ax, pair in zip(figure.subplots(1, 2), ((0, 1), (1, 2)), strict=True):
    flowers = data.iris(pair)
    x, t = flowers.x[:, 2:], flowers.y
    order, per_epoch = mistaken_rows(x, t, 200)
    line = weights_of(x, t, order)
    right = np.mean((x @ line[:2] + line[2] > 0) == t)
    plots.decision_region(
        ax, lambda p, line=line: (p @ line[:2] + line[2] > 0).astype(int), ((0.5, 7.2), (0, 2.7)), resolution=200
    )
    plots.points(ax, x, t, names=flowers.class_names)
    ax.set(xlabel="petal length (cm)", ylabel="petal width (cm)")
    print(
        f"{' / '.join(flowers.class_names):24} {len(per_epoch):3} epochs, mistakes in the last: {per_epoch[-1]},",
        end=" ",
    )
    print(f"right at the end: {right:.0%}, separable: {separating(x, t) is not None}")
plots.show(
    figure,
    alt="Left: setosa and versicolor lie apart, and the line between them makes no error. Right: versicolor and "
    "virginica overlap, and after 200 epochs the line still has many flowers on the wrong side.",
)

# %% [markdown] id="iris-meaning"
# Where a line exists the rule finds one and stops. Where none exists it never stops, and it does not stop at a good
# line either: it jumps to wherever the last mistake sent it, here to one that is right on 64 % of the flowers. That is
# the price of the step function, which tells only *whether* the answer was wrong, not *how far* off it was. Chapter 05
# has the remedy.

# %% [markdown] id="novikoff"
# ## How many mistakes before it stops?
#
# Novikoff gave a bound in 1962. Write $(x, 1)$ for an example with its constant 1. If all of these have length at most
# $R$, and some unit vector $(w, b)$ has every example on its right side with a distance of at least $\gamma$, then the
# rule, started at zero, makes at most $(R/\gamma)^2$ mistakes, however many examples there are and in whatever order
# they come.
#
# The proof is short. Each mistake brings the weights forward in the direction of the solution by at least $\gamma$, so
# after $M$ mistakes their length is at least $M\gamma$. But each mistake was on an example whose sum had the wrong
# sign or was 0, so it lengthens the square of the weights by at most $R^2$, and their length is at most $R\sqrt{M}$.
# Together, $M \le (R/\gamma)^2$.

# %% id="novikoff-figure"
rng = np.random.default_rng(0)
margins, counts, bounds = [0.3, 0.2, 0.1, 0.05, 0.02, 0.01], [], []
for margin in margins:
    x, t, w, b = data.separable(300, rng, margin=margin)
    with_one, solution = np.column_stack([x, np.ones(len(x))]), np.append(w, b)
    gamma = np.abs(with_one @ solution).min() / np.linalg.norm(solution)
    bounds.append((np.linalg.norm(with_one, axis=1).max() / gamma) ** 2)
    counts.append(len(mistaken_rows(x, t, 10_000)[0]))
    print(f"margin {margin:4}: {counts[-1]:4} mistakes, bound {bounds[-1]:8.0f}")

figure = plots.figure(6, 3.4)
ax = figure.subplots()
plots.learning_curves(
    ax, {"bound (R/γ)²": bounds, "mistakes": counts}, x=margins, xlabel="margin", ylabel="mistakes", log=True
)
ax.set_xscale("log")
plots.show(
    figure,
    alt="On logarithmic axes the bound rises from tens to tens of thousands as the margin shrinks from 0.3 to 0.01; "
    "the mistakes made rise on the whole, and stay far below the bound.",
)

# %% [markdown] id="scale"
# ## Large numbers drown small ones
#
# The bound tells what to do with inputs of very different size. In the breast cancer data, 30 measurements of cells in
# 569 samples, some columns are around 1,000 and some around 0.01. The long columns make $R$ huge, while the margin may
# depend on the short ones. Subtract from each column its mean and divide by its standard deviation, and train again.

# %% id="scale-run"
from sklearn.datasets import load_breast_cancer

cells, diagnosis = load_breast_cancer(return_X_y=True)
scaled = (cells - cells.mean(axis=0)) / cells.std(axis=0)
print(f"largest column mean {cells.mean(axis=0).max():.0f}, smallest {cells.mean(axis=0).min():.4f}")
for name, x in (("raw", cells), ("standardised", scaled)):
    order, per_epoch = mistaken_rows(x, diagnosis, 1000)
    print(f"{name:13} mistakes in epochs 1, 10, 100: {per_epoch[0]}, {per_epoch[9]}, {per_epoch[99]};", end=" ")
    print(f"epochs run: {len(per_epoch)}, mistakes in the last: {per_epoch[-1]}")

# %% [markdown] id="scale-meaning"
# Standardised, the first epoch has 40 mistakes instead of 172, and the hundredth 12 instead of 56. Yet after a
# thousand epochs neither run has come to a clean one. Is there no plane, or is its margin only very thin? The rule
# cannot tell. The linear programme can.

# %% [markdown] id="cover-question" question="predict"
# The book says that real data are rarely linearly separable, so that a perceptron is of little use. Of the two medical
# classes in 30 dimensions, and of the 45 pairs of handwritten digits in 64 dimensions, how many can be separated?
#
# - [ ] None: with two measurements that would be close to the truth, but here there are many more.
# - [ ] The cancer data, and about half of the digit pairs: more are.
# - [x] All of them: in many dimensions a hyperplane has much room.


# %% id="real-data"
def is_separated(x, t):
    found = separating(x, t)
    return found is not None and bool(np.all((x @ found[0] + found[1] > 0) == t))


digits = data.digits()
x, labels = np.vstack([digits.x_train, digits.x_test]), np.append(digits.y_train, digits.y_test)
pairs = [(labels == a) | (labels == b) for a in range(10) for b in range(a)]
print("breast cancer, 569 samples in 30 dimensions:", is_separated(scaled, diagnosis))
separated = [is_separated(x[pair], (labels[pair] == labels[pair].max()).astype(int)) for pair in pairs]
print(f"digits, about 360 images a pair in 64 dimensions: {sum(separated)} of {len(pairs)} pairs")
one_against_all = [is_separated(x, (labels == digit).astype(int)) for digit in range(10)]
print("one digit against all others:", [digit for digit in range(10) if one_against_all[digit]], "can be separated")

# %% [markdown] id="cover"
# How much of this is the data, and how much is just room? Thomas Cover counted in 1965. Throw $N$ points at random
# into $d$ dimensions and label them by tossing coins. The share of labellings that a hyperplane through the origin can
# separate is
#
# $$P(N, d) = 2^{1-N} \sum_{k=0}^{d-1} \binom{N-1}{k}.$$
#
# A bias is one more dimension, so with a bias put $d + 1$ for $d$. Up to $N = d + 1$ every labelling can be separated,
# and at $N = 2(d+1)$ exactly one half. The step becomes sharper as $d$ grows.

# %% id="cover-figure" folded=true
from math import comb


def cover(N, d):
    """Share of the labellings of N points in general position in d dimensions that a hyperplane separates."""
    return sum(comb(N - 1, k) for k in range(d + 1)) * 2.0 ** (1 - N)


rng = np.random.default_rng(1)
figure = plots.figure(6.5, 3.6)
ax = figure.subplots()
for d in (2, 10, 50):
    sizes = np.arange(2, 4 * (d + 1) + 1)
    ax.plot(sizes / (d + 1), [cover(int(N), d) for N in sizes], label=f"d = {d}")
tried = (11, 16, 19, 22, 25, 28, 33)
found = [
    np.mean([separating(rng.normal(size=(N, 10)), rng.integers(0, 2, N)) is not None for _ in range(60)]) for N in tried
]
ax.plot(np.array(tried) / 11, found, "o", color=plots.BLACK, label="d = 10, tried 60 times")
ax.set(xlabel="points / (d + 1)", ylabel="share separable")
ax.legend()
plots.show(
    figure,
    alt="The share of separable labellings is 1 for few points, one half at twice as many points as weights, and "
    "near 0 at three times; for d = 50 the fall is steep. Sixty trials with random points "
    "lie near the curve for d = 10.",
)
print("cover(22, 10) =", cover(22, 10), "  tried:", round(found[tried.index(22)], 2))
print(f"breast cancer with coins for labels: cover(569, 30) = {cover(569, 30):.1e}")

# %% [markdown] id="cover-meaning"
# The cancer data have 569 points for 31 weights, and twice 31 is only 62. Coins as labels would never be separable
# there. That the true labels are says something about the cells. Whether the plane is right about *new* patients is a
# different question, which the chapters on overfitting ask.

# %% [markdown] id="association"
# ## What Rosenblatt had in front
#
# The machine of 1958 was more than one neuron. In front of the trained unit it had a layer of *association units* with
# random weights that were never trained. Such a layer may move the corners of XOR to places where a line separates
# them. How many random units does that take?

# %% id="association-run"
rng = np.random.default_rng(2)
x, t = data.gate("XOR")
for units in (1, 2, 4, 8, 16, 32):
    solved = 0
    for _ in range(200):
        association = [(rng.normal(size=(units, 2)), rng.normal(size=units))]
        solved += mistaken_rows(network_output(x, association), t, 100)[1][-1] == 0
    print(f"random units in front: {units:2}; XOR learnt in {solved / 200:.0%} of 200 machines")

# %% [markdown] id="association-meaning"
# So XOR was not out of reach in 1958. What was missing was a rule that trains the hidden units too. The step has the
# derivative 0 wherever it has one, so no gradient tells a hidden unit what to do. With smooth activations it can be
# done: that is backpropagation, in chapter 07.

# %% [markdown] id="approximation"
# ## Soft steps build curves
#
# With sigmoids in the hidden layer and a plain sum as output, a network with *one hidden layer* (the book says
# "two-layer perceptron") can come as close as you like to any continuous function:
#
# $$f(x) \approx c + \sum_{i=1}^{K} \alpha_i\,\sigma(w_i x + b_i)$$
#
# Read the small print: on a bounded and closed set of inputs, with as many units as it takes. It is proved for the
# sigmoid (Cybenko, 1989) and for every activation that is not a polynomial (Leshno and others, 1993). The theorem says
# that good weights exist. It does not say how to learn them. Below, the hidden weights are set by hand, steps at equal
# distances, and only the $\alpha_i$ are fitted, by least squares.


# %% id="approximation-figure" folded=true
def sigmoid_steps(x, K):
    """K soft steps at equal distances over [-π, π], and a constant: (N, K + 1)."""
    width = 2 * np.pi / K
    centres = -np.pi + width * (np.arange(K) + 0.5)
    return np.column_stack([nn.sigmoid((x[:, None] - centres) * 2 / width)[0], np.ones(len(x))])


x, y = data.sine(200, np.random.default_rng(3))
fine = np.linspace(-np.pi, np.pi, 400)
sizes, errors = [1, 2, 3, 5, 10, 20, 50], []
figure = plots.figure(9, 3.3)
left, right = figure.subplots(1, 2, width_ratios=(3, 2))
left.plot(x, y, ".", color="0.65", markersize=4, label="data")
for K in sizes:
    alpha, *_ = np.linalg.lstsq(sigmoid_steps(x, K), y, rcond=None)
    curve = sigmoid_steps(fine, K) @ alpha
    errors.append(np.sqrt(np.mean((curve - np.sin(fine)) ** 2)))
    if K in (1, 3, 10):
        left.plot(fine, curve, label=f"K = {K}")
left.set(xlabel="x", ylabel="y")
left.legend(loc="upper left")
right.plot(sizes, errors, "-o")
right.set(xscale="log", yscale="log", xlabel="hidden units K", ylabel="distance from sin x")
plots.show(
    figure,
    alt="Left: one soft step misses the sine, three follow it roughly, ten lie on it. Right: the distance from the "
    "sine falls until about five units and then rises a little, because more units also follow the noise.",
)
for K, error in zip(sizes, errors, strict=True):
    print(f"K = {K:2}: root mean square distance from sin x {error:.3f}")

# %% [markdown] id="approximation-meaning"
# Three steps are close, five are closer. Beyond that the curve moves away again: with 50 units it follows the noise in
# the 200 points. More units can always fit more. Whether they should is the question of the chapters on overfitting.

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# A layer is `torch.nn.functional.linear`, with the same $W$ and $b$. The perceptron rule is gradient descent in
# disguise: take as loss of one example $\max(0, -u)$ where $t = 1$ and $\max(0, u)$ where $t = 0$. Its gradient is
# minus the correction. scikit-learn has the rule ready-made as `sklearn.linear_model.Perceptron`.
#
# What a GPU changes here: nothing. It multiplies large matrices fast, and these are tiny; the rule itself takes one
# example after the other, and that is what a GPU cannot speed up.

# %% id="torch-check"
x, t = data.gate("NAND")
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    weight = torch.tensor([-1.0, -1.0], dtype=torch.float64, requires_grad=True)
    bias = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    u = torch.nn.functional.linear(torch.from_numpy(x[3]), weight, bias)
    loss = torch.relu(-u if t[3] == 1 else u)
    loss.backward()
    print(f"NAND at (1, 1): u = {u.item():g}, output {int(u > 0)}, right answer {t[3]}, loss {loss.item():g}")
    print("minus its gradient:     ", np.append(-weight.grad.numpy(), -bias.grad.item()))
    print("Rosenblatt's correction:", (t[3] - int(u > 0)) * np.append(x[3], 1.0))

# %% id="sklearn-check"
from sklearn.linear_model import Perceptron

for name, x, t in (("NAND", *data.gate("NAND")), ("breast cancer", scaled, diagnosis)):
    theirs = Perceptron(shuffle=False, tol=None, max_iter=1000).fit(x, t)
    order, per_epoch = mistaken_rows(x, t, 1000)
    ours = weights_of(x, t, order)
    print(f"{name}: scikit-learn right on {theirs.score(x, t):.1%},", end=" ")
    print(f"ours on {np.mean((x @ ours[:-1] + ours[-1] > 0) == t):.1%} after {len(per_epoch)} epochs")

# %% [markdown] id="mistakes"
# ## Common mistakes
#
# - **Threshold and bias mixed up.** $b = -T$. A neuron with threshold 5 has the bias −5.
# - **`>=` for `>`.** On bits the sum is often exactly 0. Put the line half-way between the corners, and it does not
#   matter.
# - **Correcting once per epoch.** Adding up the corrections of all rows and applying them together is another rule,
#   with another history. Gradient descent in chapter 05 does that.
# - **Answers −1 and 1 in a rule for 0 and 1.** Many texts use ±1. Then the correction is $\eta\,t\,x$ on a mistake.
#   Choose one and stay with it.
# - **Training on XOR and waiting.** An epoch limit is no luxury: no number of epochs tells "not separable" from "not
#   yet". A linear programme does.
# - **A column instead of a row of answers.** NumPy says nothing; it compares everything with everything:

# %% id="broadcasting"
x, t = data.gate("OR")
y = (x @ np.array([1.0, 1.0]) - 0.5 > 0).astype(int)
column = t[:, None]
print("shapes:", y.shape, column.shape, "-> t - y has shape", (column - y).shape)
print("mistakes counted:", int(np.sum(column != y)), " true number:", int(np.sum(t != y)))

# %% [markdown] id="bound-quiz" question="quiz"
# You train twice on the same separable data, from zero weights, rows in the same order: once with $\eta = 1$ and once
# with $\eta = 0.5$.
#
# - [ ] The second run needs about twice as many epochs: the smaller steps meet smaller weights, which are just as
#   easily turned.
# - [x] Both make the same mistakes in the same order: all weights of the second run are half of those of the first,
#   and the sign of a sum does not change.
# - [ ] The second finds a better line: the two lines are the same.

# %% [markdown] id="line-quiz" question="quiz"
# A perceptron with two inputs computes a gate. You multiply its weights and its bias by −1. What does it compute now?
#
# - [x] The opposite gate, provided that no corner lies on the line: every sum changes its sign, and 0 stays 0.
# - [ ] The same gate, because the line is the same: the line is, but the two sides change places.
# - [ ] Something that depends on the weights: it depends on them only if a corner lies exactly on the line.

# %% [markdown] id="questions"
# ## To think about
#
# 1. In the festival, which of the three things can you leave out at $T = 5$ without changing a decision? And at
#    $T = 3$?
# 2. No perceptron says yes on exactly the days 011 and 100. Find the proof: add the sums of 011 and 100, then those of
#    two other days.
# 3. Three points on a line in the plane, with labels 0, 1, 0, cannot be separated, although Cover's count promises
#    every labelling of $d + 1 = 3$ points. What does "in general position" exclude?
# 4. The rule stops at the first line without a mistake, not at the best. Which line would you call best?
#
# <details><summary>Answers</summary>
#
# 1. At $T = 5$ company and bus, both at once. At $T = 3$ none: on 011 either of them alone decides.
# 2. The two sums of 011 and 100 together are $w_1 + w_2 + w_3 + 2b$, and both must be above 0. The days 000 and 111
#    have the same total, and both must be at most 0.
# 3. Three points on one line: no $d + 1$ points may lie in one hyperplane.
# 4. One answer is the line with the largest margin $\gamma$. It leads to support vector machines.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# - W. McCulloch, W. Pitts, *A logical calculus of the ideas immanent in nervous activity*, 1943.
# - F. Rosenblatt, *The perceptron: a probabilistic model for information storage and organization in the brain*, 1958.
# - A. Novikoff, *On convergence proofs on perceptrons*, 1962.
# - T. Cover, *Geometrical and statistical properties of systems of linear inequalities*, 1965.
# - M. Minsky, S. Papert, *Perceptrons*, 1969.
# - G. Cybenko, *Approximation by superpositions of a sigmoidal function*, 1989.
# - M. Leshno and others, *Multilayer feedforward networks with a nonpolynomial activation function*, 1993.
# - F. Azevedo and others, on the 86 billion neurons, 2009.
# - The book, chapters 4, 6 and 7.
#
# **Next** chapter 04: activation functions, and what a neuron gains when its step becomes smooth.
