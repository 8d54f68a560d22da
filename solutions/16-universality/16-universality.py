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
#     title: Universality
#     minutes: 110
#     needs: [04-activations, 07-network, 15-optimisers]
#     book: [31, 32]
# ---

# %% [markdown] id="title"
# # Universality: any continuous curve, built by hand
#
# **After this page you can** build a network for any truth table and for any continuous function without training it, say how
# many units a given error costs, and say what the famous theorem promises and what it does not.
#
# **Time** 35 minutes to read, 75 for the six exercises. **You need** the sigmoid (chapter 04), a network with one hidden
# layer (chapter 07) and, for one experiment, Adam (chapter 15). Nothing is differentiated here.

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, nn, plots

# %% [markdown] id="claim"
# ## What is claimed
#
# The book's headline says that a neural network can compute any function, guaranteed. Here is the sentence that is true.
#
# > Let $f$ be **continuous** on a **closed and bounded** set $K$ of inputs, let $\sigma$ be continuous and **not a polynomial**, and
# > let $\varepsilon > 0$. Then there are a number $H$ of hidden units and weights with
# > $\;\bigl|\,f(x) - \sum_{i=1}^{H} v_i\,\sigma(w_i \cdot x + b_i) - c\,\bigr| < \varepsilon\;$ for all $x$ in $K$.
#
# One hidden layer is enough, for any number of inputs. For several outputs, stack such sums. Cybenko, and Hornik, Stinchcombe and
# White, proved it in 1989 for sigmoids; Leshno and others in 1993 for everything that is no polynomial.
#
# The words in bold are the small print, and so is what the sentence does not contain: how large $H$ is, and how to find the
# weights. The book names two of these conditions later, and the third, the bounded set, never. It then promises the proof for
# "this chapter and the next", and for many inputs later on, and goes over to deep networks without giving it. So we prove it here, by building.

# %% [markdown] id="tables"
# ## Bits first: any truth table
#
# With inputs that are bits the claim is easy, and exact. A unit with a step answers 1 where $w\cdot x + b > 0$. To answer 1 on the row
# 101 and nowhere else, give it the weights $+1, -1, +1$: the sum is 2 on its own row and at most 1 on every other. The bias $-1.5$ goes
# between. One such unit for each row whose answer is 1, and an output unit that says "any of them".
#
# A translation from Chinese to English is a table too, if you write texts as bits. That is why people call almost any task a function.
# Its table only has a few too many rows.


# %% id="net-functions" given=true
def threshold_output(net, x):
    """Output of a network with steps in both layers, 1 where z > 0: x (N, k) -> integers (N,)."""
    W1, b1, W2, b2 = net
    hidden = (x @ W1.T + b1 > 0).astype(int)
    return (hidden @ W2.T + b2 > 0).astype(int)[:, 0]


def sigmoid(z):
    """1 / (1 + exp(-z)), written so that no z overflows: σ(z) = ½ tanh(z / 2) + ½."""
    return 0.5 * np.tanh(0.5 * z) + 0.5


def network_output(net, x):
    """Output of a network with sigmoids in the hidden layer and plain sums as outputs.

    x (N,) or (N, m).  Returns (N,) for one output, else (N, outputs).
    """
    W1, b1, W2, b2 = net
    y = sigmoid(x.reshape(len(x), -1) @ W1.T + b1) @ W2.T + b2
    return y[:, 0] if len(b2) == 1 else y


def target(x):
    """The curve to be built: 0.2 + 0.4 x² + 0.3 x sin 15x + 0.05 cos 50x, for x in [0, 1]."""
    return 0.2 + 0.4 * x**2 + 0.3 * x * np.sin(15 * x) + 0.05 * np.cos(50 * x)


def midpoints(N):
    """The middles of N equal intervals of [0, 1]: (N,)."""
    return (np.arange(N) + 0.5) / N


def check_shapes(net, inputs):
    """Says which array of a network (W1, b1, W2, b2) with one output does not fit the others."""
    W1, b1, W2, b2 = net
    H = int(np.size(b1))
    for name, array, shape in (("W1", W1, (H, inputs)), ("b1", b1, (H,)), ("W2", W2, (1, H)), ("b2", b2, (1,))):
        check.shape(array, shape, name=name)


# %% id="majority"
any_of = np.array([-0.5])
majority = (
    np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1], [1, 1, 1]]),
    np.array([-1.5, -1.5, -1.5, -2.5]),
    np.ones((1, 4)),
    any_of,
)
xor = np.array([[-1, 1], [1, -1]]), np.array([-0.5, -0.5]), np.ones((1, 2)), any_of
for name, net, bits in (("majority of three", majority, 3), ("XOR", xor, 2)):
    x = data.boolean_inputs(bits)
    for row, said in zip(x, threshold_output(net, x), strict=True):
        hidden = (net[0] @ row + net[1] > 0).astype(int)
        print(f"{name:17}  {row.astype(int)}  hidden units {hidden}  output {said}")

# %% [markdown] id="truth-widget-text"
# Choose the eight answers yourself. A thick arrow is a weight $+1$, a thin one $-1$. Units that say 1 are in colour. (Open the cell if you like, but
# after exercise 1: it holds the answer.)

# %% id="truth-widget" folded=true
from dlbook import widgets


def truth_network(row, **answers):
    chosen = [int(name[1:], 2) for name, answer in answers.items() if answer]
    x = data.boolean_inputs(3)
    W = 2 * x[chosen] - 1
    b = 0.5 - x[chosen].sum(axis=1)
    hidden = (W @ x[row] + b > 0).astype(float)
    return row, W, b, hidden, float(hidden.sum() > 0.5)


def truth_figure(result):
    row, W, _, hidden, output = result
    figure = plots.figure(7, 4)
    ax = figure.subplots()
    x = data.boolean_inputs(3)[row]
    if len(W) == 0:
        ax.set_axis_off()
        ax.text(0.5, 0.5, "No hidden unit: the output unit has the bias −0.5 alone and says 0.", ha="center")
        return figure
    lit = {(f"0.{k}", f"1.{j}") for j in range(len(W)) for k in range(3) if W[j, k] > 0}
    lit |= {(f"1.{j}", "2.0") for j in range(len(W))}
    lit |= {f"0.{k}" for k in range(3) if x[k]} | {f"1.{j}" for j in range(len(W)) if hidden[j]}
    plots.network(ax, [3, len(W), 1], values=[x, hidden, np.array([output])], lit=lit | ({"2.0"} if output else set()))
    return figure


def truth_alt(result):
    row, W, _, hidden, output = result
    return f"A network with {len(W)} hidden units; input {row:03b}, units that fire: {hidden.sum():.0f}, output {output:.0f}."


def truth_rows(result):
    _, W, b, hidden, _ = result
    return [
        {"weights": str(w.astype(int)), "bias": float(c), "fires": bool(h)}
        for w, c, h in zip(W, b, hidden, strict=True)
    ]


widgets.explore(
    truth_figure,
    dict(
        row=widgets.Options({f"{r:03b}": r for r in range(8)}, value=5, label="input"),
        r000=widgets.Checkbox(False, label="answer on 000"),
        r001=widgets.Checkbox(False, label="answer on 001"),
        r010=widgets.Checkbox(False, label="answer on 010"),
        r011=widgets.Checkbox(True, label="answer on 011"),
        r100=widgets.Checkbox(False, label="answer on 100"),
        r101=widgets.Checkbox(True, label="answer on 101"),
        r110=widgets.Checkbox(True, label="answer on 110"),
        r111=widgets.Checkbox(False, label="answer on 111"),
    ),
    compute=truth_network,
    alt=truth_alt,
    table=truth_rows,
    title="A network for any truth table of three bits",
)

# %% [markdown] id="truth-table-statement" statement="truth-table"
# ### Exercise 1: a network for a table
#
# Write `truth_table_net(table)`. `table (2**k,)` holds 0 or 1 for every row of $k$ bits, $k \ge 1$. Row number $r$ is the input whose bits are $r$ in
# binary, the most significant bit first: `table[6]` of eight answers the input `[1, 1, 0]`. Return `W1 (H, k)`, `b1 (H,)`, `W2 (1, H)`,
# `b2 (1,)` for `threshold_output`, with $H$ the number of ones in the table. No sum $z$ may be exactly 0: such a network hangs on a rounding error.
#
# Check by hand: XOR is `[0, 1, 1, 0]`; one solution has `W1 = [[−1, 1], [1, −1]]`, `b1 = [−0.5, −0.5]`, `W2 = [[1, 1]]`, `b2 = [−0.5]`.


# %% id="truth-table" exercise=true difficulty=2 by_hand="nn data"
def truth_table_net(table):
    """W1 (H, k), b1 (H,), W2 (1, H), b2 (1,) of a network of steps with this table (2**k,); H = number of ones."""
    ### BEGIN SOLUTION
    k = len(table).bit_length() - 1
    rows = np.flatnonzero(table)
    bits = (rows[:, None] >> np.arange(k)[::-1]) & 1
    W1 = 2.0 * bits - 1
    return W1, 0.5 - bits.sum(axis=1), np.ones((1, len(rows))), np.array([-0.5])
    ### END SOLUTION


# %% [markdown] id="truth-table-hints" hints="truth-table"
# - all: One hidden unit for each row whose answer is 1: the others are not needed.
# - reversed: The bits are read backwards: the first input is the most significant bit.
# - opposite: The network says 1 where the table says 0.
# - together: The output waits for all hidden units, and at most one can fire: any of them must be enough.
# - margin: A sum lies exactly on the threshold: put the bias half-way between the row that counts and the others.


# %% id="truth-table-xor" test="truth-table" points=1
@check.exercise("16-universality/truth-table")
def xor_with_two_hidden_units():
    """XOR with two hidden units"""
    table = np.array([0, 1, 1, 0])
    net = check.call(truth_table_net, table, returns=("W1", "b1", "W2", "b2"))
    check.equal(int(np.size(net[1])), 2, name="the number of hidden units", hints={"all": lambda right: 4})
    check_shapes(net, 2)
    said = threshold_output(net, data.boolean_inputs(2))
    check.equal(
        said,
        table,
        name="the network's answers",
        hints={"opposite": lambda right: 1 - right, "together": lambda right: 0 * right},
    )


# %% id="truth-table-order" test="truth-table" points=1
@check.exercise("16-universality/truth-table")
def order_of_the_bits():
    """The order of the bits"""
    table = np.array([0, 1, 0, 1, 0, 0, 1, 0])
    net = check.call(truth_table_net, table, returns=("W1", "b1", "W2", "b2"))
    check_shapes(net, 3)
    check.equal(
        threshold_output(net, data.boolean_inputs(3)),
        table,
        name="the network's answers",
        hints={"reversed": lambda right: right.reshape(2, 2, 2).T.ravel()},
    )


# %% id="truth-table-margin" test="truth-table" points=1
@check.exercise("16-universality/truth-table")
def no_sum_on_the_threshold():
    """No sum lies exactly on the threshold"""
    net = check.call(truth_table_net, np.array([1, 0, 0, 1, 0, 1, 1, 1]), returns=("W1", "b1", "W2", "b2"))
    check_shapes(net, 3)
    z1 = data.boolean_inputs(3) @ net[0].T + net[1]
    z2 = (z1 > 0) @ net[2].T + net[3]
    closest = min(np.abs(z1).min(), np.abs(z2).min())
    check.equal(
        bool(closest > 1e-9), True, name="whether every sum is off the threshold", hints={"margin": lambda right: False}
    )


# %% id="truth-table-hidden" test="truth-table" points=3 hidden=true
@check.exercise("16-universality/truth-table", hidden=True)
def all_tables_of_three_bits():
    """All tables of three bits, constants, six bits"""
    tables = [*data.boolean_functions(3), np.array([0, 1]), np.array([1, 1]), check.rng(1).integers(0, 2, 64)]
    for table in tables:
        table = np.asarray(table).astype(int)
        k = len(table).bit_length() - 1
        net = check.call(truth_table_net, table, returns=("W1", "b1", "W2", "b2"))
        check.equal(int(np.size(net[1])), int(table.sum()), name="the number of hidden units")
        check_shapes(net, k)
        check.equal(bool(all(np.isfinite(part).all() for part in net)), True, name="whether all weights are finite")
        check.equal(threshold_output(net, data.boolean_inputs(k)), table, name="the network's answers")


# %% [markdown] id="truth-table-meaning"
# Boolean circuits are universal in the same way, and nobody is surprised: with a gate for each row, anything can be written down. The price is in the
# word *each*. A table of 64 bits has $2^{64}$ rows. Universality says that a network exists; it says nothing about a small one, nor does it help to find it.

# %% [markdown] id="step"
# ## A sigmoid that is a step
#
# Now real inputs. Take one input, $x$ between 0 and 1, and one hidden unit, $\sigma(wx + b)$. Two numbers shape its curve. The unit is at one half where
# $wx + b = 0$, at
#
# $$s = -\frac{b}{w}.$$
#
# The book says that the position of the step is proportional to $b$, and that raising $b$ moves the curve to the left. The sign is missing in the first, and the
# second holds for $w > 0$ only:

# %% id="step-figure"
x = np.linspace(0, 1, 2001)
figure = plots.figure(9, 3)
moved, steep, negative = figure.subplots(1, 3, sharey=True)
for b in (-5, -3, -1):
    moved.plot(x, sigmoid(8 * x + b), label=f"w = 8, b = {b}")
for w in (3, 10, 100, 999):
    steep.plot(x, sigmoid(w * (x - 0.4)), label=f"w = {w}")
for b in (1, 3, 5):
    negative.plot(x, sigmoid(-8 * x + b), label=f"w = −8, b = {b}")
for ax in (moved, steep, negative):
    ax.set(xlabel="x", ylim=(-0.05, 1.6), yticks=[0, 0.5, 1])
    ax.legend(loc="upper left", fontsize=8)
plots.show(
    figure,
    alt="Left: with w = 8 the curve moves left as b rises. Middle: with its middle kept at 0.4 the curve steepens from w = 3 "
    "until at w = 999 it is a step. Right: with w = −8 the curve falls, and moves right as b rises.",
)
for w, b in ((8, -5), (8, -1), (-8, 1), (-8, 5)):
    print(f"w = {w:2}, b = {b:2}: half-way at s = {-b / w:.3f}")

# %% [markdown] id="step-meaning"
# From about $w = 100$ on, the curve on $[0, 1]$ is a step for the eye. So we fix a large $w$ and describe the unit by the place of its step alone: $s$, with $b = -ws$. Steps
# are easy to add up, and that is all the construction needs.

# %% [markdown] id="step-statement" statement="step-neuron"
# ### Exercise 2: a unit with its step at s
#
# Write `step_neuron(s, w)`. It returns the two numbers `w` and `b` of a unit $\sigma(wx + b)$ that is at one half where $x = s$, with steepness `w`.
#
# Check by hand: $s = 0.25$, $w = 8$ give $b = -2$.


# %% id="step-neuron" exercise=true difficulty=1 by_hand="nn data"
def step_neuron(s, w):
    """w and b of a unit σ(wx + b) that is at one half where x = s."""
    ### BEGIN SOLUTION
    return w, -w * s
    ### END SOLUTION


# %% [markdown] id="step-hints" hints="step-neuron"
# - sign: wx + b must be 0 at x = s, and here it is 2ws.
# - divided: Solve wx + b = 0 at x = s for b: multiply by w, do not divide.


# %% id="step-place" test="step-neuron" points=1
@check.exercise("16-universality/step-neuron")
def rising_step():
    """A rising step"""
    for s, w in ((0.4, 100.0), (0.7, 8.0)):
        got_w, b = check.call(step_neuron, s, w, returns=("w", "b"))
        check.close(got_w, w, name="w")
        check.close(
            b, -w * s, name="b", hints={"sign": lambda right: -right, "divided": lambda right, s=s, w=w: -s / w}
        )


# %% id="step-hidden" test="step-neuron" points=1 hidden=true
@check.exercise("16-universality/step-neuron", hidden=True)
def anywhere_rising_and_falling():
    """Anywhere, rising and falling"""
    rng = check.rng(2)
    for s, w in zip(rng.normal(size=8), 50 * rng.normal(size=8), strict=True):
        got_w, b = check.call(step_neuron, float(s), float(w), returns=("w", "b"))
        check.close(got_w, w, name="w")
        check.close(sigmoid(got_w * s + b), 0.5, name="the unit's output at s")


# %% [markdown] id="bumps"
# ## Two steps make a bump
#
# One step up at $s_1$ with output weight $h$, one at $s_2$ with output weight $-h$:
#
# $$h\,\bigl[\sigma(w(x - s_1)) - \sigma(w(x - s_2))\bigr]$$
#
# is $h$ between them and 0 outside. A programmer would write `h if s1 <= x < s2 else 0`, and with large $w$ that is what the two units do.

# %% [markdown] id="order-question" question="predict"
# A bump has $h = 0.8$, $s_1 = 0.4$, $s_2 = 0.6$. You exchange $s_1$ and $s_2$ and keep $h$. What happens between 0.4 and 0.6?
#
# - [ ] Nothing, a bump from 0.6 to 0.4 is the same bump: the order decides which step comes with $+h$ and which with $-h$.
# - [x] The curve is at −0.8: the step down comes first and the step up takes it back.
# - [ ] The curve is at 0: the steps cancel only before the first and behind the last.

# %% id="bump-figure"
figure = plots.figure(9, 3)
one, two, order = figure.subplots(1, 3, sharey=True)
one.plot(x, 0.8 * sigmoid(300 * (x - 0.4)), "--", label="0.8 · step at 0.4")
one.plot(x, -0.8 * sigmoid(300 * (x - 0.6)), ":", label="−0.8 · step at 0.6")
one.plot(x, 0.8 * (sigmoid(300 * (x - 0.4)) - sigmoid(300 * (x - 0.6))), label="their sum")
for s1, s2, h in ((0.1, 0.3, 0.5), (0.6, 0.9, 0.9)):
    two.plot(x, h * (sigmoid(300 * (x - s1)) - sigmoid(300 * (x - s2))), label=f"{h} from {s1} to {s2}")
order.plot(x, 0.8 * (sigmoid(300 * (x - 0.6)) - sigmoid(300 * (x - 0.4))), label="s₁ = 0.6, s₂ = 0.4")
for ax in (one, two, order):
    ax.set(xlabel="x", ylim=(-0.9, 1.9))
    ax.legend(loc="upper left", fontsize=8)
plots.show(
    figure,
    alt="Left: a step up at 0.4 and a step down at 0.6 add up to a bump of height 0.8. Middle: two pairs make two bumps of different "
    "heights. Right: with the two places exchanged the bump points down.",
)

# %% [markdown] id="bump-statement" statement="bump"
# ### Exercise 3: a bump
#
# Write `bump(x, s1, s2, h, w)` for an array `x` of any shape: the difference of two sigmoids above. Use `sigmoid`, which does not overflow. Nothing in it may ask where $x$
# lies: it is to be two units of a network, and with small $w$ it is a soft hill.
#
# Check by hand: $x = 0.4$, $s_1 = 0.4$, $s_2 = 0.6$, $h = 0.8$ and $w = 1000$ give 0.4, one half of the height.


# %% id="bump" exercise=true difficulty=1 by_hand="nn data network_output"
def bump(x, s1, s2, h, w):
    """h [σ(w (x − s1)) − σ(w (x − s2))], in the shape of x."""
    ### BEGIN SOLUTION
    return h * (sigmoid(w * (x - s1)) - sigmoid(w * (x - s2)))
    ### END SOLUTION


# %% [markdown] id="bump-hints" hints="bump"
# - sign: The steps are at −s₁ and −s₂: the unit with its step at s is σ(w (x − s)).
# - sum: The second step must take back what the first has added.
# - product: A product of two steps is no weighted sum: an output unit can only add.
# - where: Hard edges: with a small w the bump is a soft hill, which no comparison gives.


# %% id="bump-steep" test="bump" points=1
@check.exercise("16-universality/bump")
def steep_bump():
    """A steep bump: inside and outside"""
    x = np.array([-0.5, 0.1, 0.35, 0.45, 0.55, 0.65, 0.9])
    y = check.call(bump, x, 0.4, 0.6, 0.8, 1000.0, returns=("y",))
    check.close(
        y,
        np.array([0, 0, 0, 0.8, 0.8, 0, 0]),
        name="y",
        hints={
            "sign": lambda right: 0.8 * (sigmoid(1000 * (x + 0.4)) - sigmoid(1000 * (x + 0.6))),
            "sum": lambda right: 0.8 * (sigmoid(1000 * (x - 0.4)) + sigmoid(1000 * (x - 0.6))),
        },
    )


# %% id="bump-soft" test="bump" points=2
@check.exercise("16-universality/bump")
def soft_hill():
    """A soft hill, with a small w"""
    x = np.linspace(-0.3, 1.2, 7)
    y = check.call(bump, x, 0.2, 0.7, 1.3, 6.0, returns=("y",))
    first, second = 1 / (1 + np.exp(-6 * (x - 0.2))), 1 / (1 + np.exp(-6 * (x - 0.7)))
    check.close(
        y,
        1.3 * first - 1.3 * second,
        name="y",
        hints={
            "product": lambda right: 1.3 * first * (1 - second),
            "where": lambda right: np.where((x > 0.2) & (x < 0.7), 1.3, 0),
        },
    )


# %% id="bump-hidden" test="bump" points=2 hidden=true
@check.exercise("16-universality/bump", hidden=True)
def exchanged_places_and_very_steep_bumps():
    """Exchanged places, very steep bumps, other shapes"""
    rng = check.rng(3)
    for shape, w in (((), 20.0), ((5,), 1e4), ((2, 3), 3.0), ((1,), 500.0)):
        x, (s1, s2, h) = rng.random(shape), rng.random(3)
        y = check.call(bump, x, float(s1), float(s2), float(h), w, returns=("y",))
        right = h * (nn.sigmoid(w * (np.asarray(x) - s1))[0] - nn.sigmoid(w * (np.asarray(x) - s2))[0])
        check.close(y, right, name=f"y for x of shape {shape}, w = {w}")
    y = check.call(bump, np.array([0.1, 0.5, 0.9]), 0.7, 0.3, 0.6, 1e4, returns=("y",))
    check.close(y, np.array([0.0, -0.6, 0.0]), name="y for s1 > s2")


# %% [markdown] id="curve"
# ## Bumps side by side make a curve
#
# Cut $[0, 1]$ into $N$ equal intervals and put a bump on each, as high as the target in the middle of the interval. With $N = 5$ the steps are at 0, 1/5; 1/5, 2/5; and so on. This is
# the book's network, with $2N$ hidden units:
#
# $$g(x) = \sum_{i=1}^{N} h_i\,\Bigl[\sigma\bigl(w(x - \tfrac{i-1}{N})\bigr) - \sigma\bigl(w(x - \tfrac{i}{N})\bigr)\Bigr]$$
#
# The heights $h_i$ are ours to choose: moving them designs the function. The book says that more units come closer, five better than three. Look at the
# two ends before you believe it.


# %% id="pairs-figure"
def pairs_output(x, heights, w):
    """The book's network: a pair of steps for each of the N intervals of [0, 1]."""
    steps = sigmoid(w * (x[:, None] - np.arange(len(heights) + 1) / len(heights)))
    return (steps[:, :-1] - steps[:, 1:]) @ heights


figure = plots.figure(9, 3)
for ax, N in zip(figure.subplots(1, 3, sharey=True), (3, 5, 20), strict=True):
    ax.plot(x, target(x), "--", color=plots.BLACK, label="target")
    ax.plot(x, pairs_output(x, target(midpoints(N)), 1000), color=plots.BLUE, label=f"{N} pairs of steps")
    ax.set(xlabel="x", ylim=(-0.05, 1.2))
    ax.legend(loc="upper left", fontsize=8)
plots.show(
    figure,
    alt="Stairs of 3, 5 and 20 steps follow the target more and more closely; at x = 0 and x = 1 all three drop to half the height.",
)
for N in (3, 5, 20, 100):
    y = pairs_output(x, target(midpoints(N)), 1000)
    inside = (x > 0.01) & (x < 0.99)
    print(
        f"N = {N:3}: largest error {np.abs(y - target(x)).max():.3f}, "
        f"between 0.01 and 0.99 only {np.abs(y - target(x))[inside].max():.3f}, g(1) = {y[-1]:.3f}, f(1) = {target(1.0):.3f}"
    )

# %% [markdown] id="ends"
# However many pairs, the largest error stays above 0.4. At $x = 0$ the first step is only half open, at $x = 1$ the last one is already half closed, and the network gives half
# of what it should. The book's construction does not approximate the function on $[0, 1]$ at all, in the sense of its own claim.
#
# The cure also saves half of the units. Where two bumps meet, one steps down by $h_i$ and the next steps up by $h_{i+1}$ *at the same place*: that is one step of height
# $h_{i+1} - h_i$. The first level needs no step, it is the bias of the output. The last needs none to come down, for nothing follows.
#
# $$g(x) = h_1 + \sum_{i=1}^{N-1} (h_{i+1} - h_i)\;\sigma\bigl(w(x - \tfrac{i}{N})\bigr)$$
#
# These are $N-1$ units. Such a sum, in which neighbours cancel, is called a telescope.

# %% [markdown] id="build-net-statement" statement="build-net"
# ### Exercise 4: the network, by hand
#
# Write `build_net(values, w)`. `values (N,)` holds the value wanted on each of $N$ equal intervals of $[0, 1]$. Return `W1 (H, 1)`, `b1 (H,)`, `W2 (1, H)` and `b2 (1,)` for `network_output`, a
# network of sigmoids of steepness `w`, with at most $2N$ units, that is right at 0 and 1 as well. The telescope needs $N - 1$ units. For $N = 1$ these are none, and the arrays have the shapes `(0, 1)`, `(0,)`, `(1, 0)` and `(1,)`.
#
# Check by hand: `values = [3, 5]`, `w = 100` give one unit with its step at ½: `W1 = [[100]]`, `b1 = [−50]`, `W2 = [[2]]`, `b2 = [3]`.


# %% id="build-net" exercise=true difficulty=2 by_hand="nn data pairs_output"
def build_net(values, w):
    """W1 (H, 1), b1 (H,), W2 (1, H), b2 (1,): sigmoids of steepness w that make values (N,) over equal parts of [0, 1]."""
    ### BEGIN SOLUTION
    N = len(values)
    s = np.arange(1, N) / N
    return np.full((N - 1, 1), float(w)), -w * s, np.diff(values)[None, :], np.array([float(values[0])])
    ### END SOLUTION


# %% [markdown] id="build-net-hints" hints="build-net"
# - ends: Half of the height is missing at x = 0 and x = 1: no step may stand there.
# - shifted: The heights are one interval too far to the right.
# - opposite: The steps go the wrong way: the output weight is the new level minus the old one.
# - bias: The first level is missing: it is the bias of the output.
# - levels: The output weights are the differences of neighbouring levels, not the levels themselves.
# - steepness: The steps have not the steepness w.


# %% id="build-net-middles" test="build-net" points=2
@check.exercise("16-universality/build-net")
def values_in_the_middles():
    """The values in the middles of the intervals"""
    values = np.array([0.3, 0.9, -0.4, 0.6, 0.1])
    net = check.call(build_net, values, 500.0, returns=("W1", "b1", "W2", "b2"))
    check_shapes(net, 1)
    check.close(
        network_output(net, midpoints(5)),
        values,
        name="the network's output in the middles",
        hints={
            "shifted": lambda right: np.append(right[:1], right[:-1]),
            "opposite": lambda right: 2 * right[0] - right,
            "bias": lambda right: right - right[0],
            "levels": lambda right: np.cumsum(right),
        },
    )


# %% id="build-net-ends" test="build-net" points=1
@check.exercise("16-universality/build-net")
def both_ends():
    """Both ends"""
    values = np.array([0.7, 0.2, 0.5, 0.9])
    net = check.call(build_net, values, 300.0, returns=("W1", "b1", "W2", "b2"))
    check_shapes(net, 1)
    check.close(
        network_output(net, np.array([0.0, 1.0])),
        values[[0, -1]],
        name="the network's output at 0 and 1",
        hints={"ends": lambda right: right / 2},
    )


# %% id="build-net-soft" test="build-net" points=1
@check.exercise("16-universality/build-net")
def steepness_of_the_steps():
    """The steepness of the steps"""
    net = check.call(build_net, np.array([0.2, 1.4]), 40.0, returns=("W1", "b1", "W2", "b2"))
    check_shapes(net, 1)
    middle = network_output(net, np.array([0.5, 0.5 + 1 / 40]))
    right = 0.2 + 1.2 / (1 + np.exp([0.0, -1.0]))
    check.close(
        middle, right, name="the network's output at and beside the step", hints={"steepness": lambda right: middle}
    )


# %% id="build-net-target" test="build-net" points=2
@check.exercise("16-universality/build-net")
def curve_of_the_book():
    """The curve of the book, within 0.08"""
    x = np.linspace(0, 1, 2001)
    net = check.call(build_net, target(midpoints(50)), 1000.0, returns=("W1", "b1", "W2", "b2"))
    check_shapes(net, 1)
    check.equal(bool(np.size(net[1]) <= 100), True, name="whether the network has at most 2N units")
    check.close(network_output(net, x), target(x), name="the network's output", rtol=0, atol=0.08)


# %% id="build-net-hidden" test="build-net" points=2 hidden=true
@check.exercise("16-universality/build-net", hidden=True)
def other_functions_and_one_interval():
    """Other functions, finer networks, one interval"""
    x = np.linspace(0, 1, 2001)
    functions = {
        "sin 2πx": lambda x: np.sin(2 * np.pi * x),
        "|x − 0.5|": lambda x: np.abs(x - 0.5),
        "exp x": np.exp,
        "3": lambda x: np.full(np.shape(x), 3.0),
    }
    for name, f in functions.items():
        errors = []
        for N in (8, 16, 32):
            net = check.call(build_net, f(midpoints(N)), 4.0 * N, returns=("W1", "b1", "W2", "b2"))
            check_shapes(net, 1)
            errors.append(float(np.abs(network_output(net, x) - f(x)).max()))
        check.equal(bool(errors[0] < 0.6), True, name=f"whether {name} is met with N = 8")
        smaller = errors[2] < max(0.7 * errors[1], 1e-9) and errors[1] < max(0.7 * errors[0], 1e-9)
        check.equal(bool(smaller), True, name=f"whether the error for {name} falls with N")
    net = check.call(build_net, np.array([-1.7]), 25.0, returns=("W1", "b1", "W2", "b2"))
    check_shapes(net, 1)
    check.close(network_output(net, np.array([0.0, 0.3, 1.0])), np.full(3, -1.7), name="the output for one interval")


# %% [markdown] id="steepness"
# ## How steep?
#
# The book asks for very large $w$, so that the steps are steps. Measure it. Below, the largest error of the telescope on the book's curve, for several $N$ and $w$.

# %% [markdown] id="steep-question" question="predict"
# With $N = 50$ intervals, which steepness gives the smallest error?
#
# - [ ] $w = 5000$: the stairs are then perfect stairs, and a staircase is off by half a tread at each riser.
# - [x] $w = 200$: the steps overlap their neighbours and melt into a smooth curve.
# - [ ] $w = 50$: there they overlap so much that the fine wave of the target is washed out.


# %% id="steepness-table"
def telescope_output(x, heights, w):
    """h₁ + Σ (hᵢ₊₁ − hᵢ) σ(w (x − i/N)): x (M,) -> (M,)."""
    steps = sigmoid(w * (x[:, None] - np.arange(1, len(heights)) / len(heights)))
    return heights[0] + steps @ np.diff(heights)


def largest_error(N, w, f=target):
    return np.abs(telescope_output(x, f(midpoints(N)), w) - f(x)).max()


steepnesses = (50, 100, 200, 1000, 5000)
print("  N   " + "".join(f"  w = {w:<5}" for w in steepnesses) + "  best: error at w/N")
for N in (5, 10, 20, 50, 100, 200):
    tried = np.geomspace(N, 50 * N, 60)
    found = [largest_error(N, w) for w in tried]
    best = int(np.argmin(found))
    print(
        f"{N:3}   "
        + "".join(f"  {largest_error(N, w):9.4f}" for w in steepnesses)
        + f"   {found[best]:.4f} at {tried[best] / N:.1f}"
    )

figure = plots.figure(9, 3)
for ax, w in zip(figure.subplots(1, 3, sharey=True), (20, 100, 1000), strict=True):
    ax.plot(x, target(x), "--", color=plots.BLACK, label="target")
    ax.plot(x, telescope_output(x, target(midpoints(20)), w), color=plots.BLUE, label=f"N = 20, w = {w}")
    ax.set(xlabel="x", ylim=(-0.05, 1.2))
    ax.legend(loc="upper left", fontsize=8)
plots.show(
    figure,
    alt="Twenty intervals: with w = 20 the network is too smooth and misses the waves, with w = 100 it follows the target closely, with w = 1000 it is a staircase.",
)

# %% [markdown] id="steepness-meaning"
# With $N = 50$ the error falls from 0.058 at $w = 50$ to 0.010 at $w = 200$, and then rises again to 0.062. Perfect stairs are wrong by half a tread at each riser. Steps that overlap their neighbours melt into a curve. The best steepness lies near
# $4N$ to $6N$; at $N = 100$ the minimum is flat, and anything from $2N$ to $5N$ does.
#
# Look down the first column too: with $w = 50$ the error stays at 0.057 for any number of units. Such soft steps wash out the fine wave $0.05 \cos 50x$, and more of them do not bring it back. $N$ and $w$ must grow together.

# %% [markdown] id="bound"
# ## A proof in four lines, and what an error costs
#
# Write $p_1 = 1 - \sigma_1$, $p_i = \sigma_{i-1} - \sigma_i$ and $p_N = \sigma_{N-1}$, where $\sigma_i = \sigma(w(x - i/N))$. The telescope is then $g(x) = \sum_i p_i\,h_i$. The $p_i$ are not negative and their sum is 1: **the network takes a weighted mean of the
# heights near $x$.**
#
# There is a neat way to see these weights. $\sigma$ is the distribution function of a random number $Z$, the logistic one, so $p_i$ is the probability that $x + Z/w$ falls into interval $i$ (the first and the last reach to infinity). Let $f$ change by at most $L$ per
# unit of $x$, its Lipschitz constant, and let $m_i$ be the middle of interval $i$. Then
#
# $$|g(x) - f(x)| \;\le\; \sum_i p_i\,|f(m_i) - f(x)| \;\le\; L \sum_i p_i\,|m_i - x| \;\le\; L\left(\frac{1}{2N} + \frac{\mathrm{E}|Z|}{w}\right) = L\left(\frac{1}{2N} + \frac{2\ln 2}{w}\right).$$
#
# The last step goes from $m_i$ to $x + Z/w$, at most half an interval, and from there to $x$, on average $2 \ln 2/w$. (Where $x + Z/w$ falls outside $[0, 1]$, one of the two terms alone is enough.) The first term is the price of few units, the second that of soft steps. Both go to 0, at the ends too. A continuous function without
# an $L$ has a modulus of continuity, and the same lines work. This is the theorem for one input, proved.

# %% id="bound-run"
slope = np.abs(np.diff(target(x)) / np.diff(x)).max()
print(f"Lipschitz constant of the target: {slope:.2f}")
z = np.linspace(-40, 40, 400_001)
print(
    f"E|Z| by the sum over its density: {np.sum(np.abs(z) * sigmoid(z) * (1 - sigmoid(z))) * (z[1] - z[0]):.5f}, 2 ln 2 = {2 * np.log(2):.5f}"
)
for N, w in ((20, 80), (50, 200), (50, 1000), (200, 800)):
    print(f"N = {N:3}, w = {w:4}: error {largest_error(N, w):.4f}, bound {slope * (0.5 / N + 2 * np.log(2) / w):.4f}")

# %% [markdown] id="bound-meaning"
# The bound holds, and it is generous: 0.118 where the error is 0.010. It must hold for the worst function with this $L$. Ours is smooth, so to the left of $x$ it is as much too low as to the right it is too high, and in the mean this cancels. With hard steps nothing cancels, and the bound is
# close: 0.080 for an error of 0.043.

# %% [markdown] id="within-statement" statement="within"
# ### Exercise 5: a network within a stated error
#
# Write `build_within(f, lipschitz, eps)`. `f` takes an array of places in $[0, 1]$ and returns the values there; it changes by at most `lipschitz` per unit of $x$. Return the network `W1, b1, W2, b2` whose output
# differs from $f$ nowhere on $[0, 1]$ by more than `eps`, with at most `lipschitz / eps + 1` hidden units. The bound above tells you $N$ and $w$; `build_net` of exercise 4 does the rest. A constant has `lipschitz` 0.
#
# Check by hand: with `lipschitz = 2` and `eps = 0.1` the choice $N = 20$, $w = 80$ promises $2\,(0.025 + 0.0173) = 0.085$.


# %% id="within" exercise=true difficulty=3 by_hand="nn data pairs_output telescope_output largest_error"
def build_within(f, lipschitz, eps):
    """W1 (H, 1), b1 (H,), W2 (1, H), b2 (1,) with an error of at most eps on [0, 1] and H <= lipschitz / eps + 1."""
    ### BEGIN SOLUTION
    N = max(1, int(np.ceil(lipschitz / eps)))
    return build_net(f((np.arange(N) + 0.5) / N), 4.0 * N)
    ### END SOLUTION


# %% id="within-driver" driver="within"
def network_for_line(build_within, knots, heights, lipschitz, eps):
    """Apply the answer to the function that joins the points (knots, heights) by straight lines."""
    return build_within(lambda x: np.interp(x, knots, heights), lipschitz, eps)


# %% [markdown] id="within-hints" hints="within"
# - many: More units than allowed: L / ε intervals are enough.
# - few: Too few intervals: already the stairs alone are off by L/(2N), and that is more than eps.
# - blurred: The steps are too soft: 2 ln 2 · L/w alone is more than eps. The finer the intervals, the steeper the steps must be.
# - left: At one end the error is a whole interval: take the height in the middle of each interval.


# %% id="within-units" test="within" points=1
@check.exercise("16-universality/within")
def number_of_units():
    """The number of units"""
    net = check.call(network_for_line, build_within, np.array([0.0, 1.0]), np.array([0.3, 2.3]), 2.0, 0.05)
    check.equal(len(net), 4, name="the number of arrays")
    check_shapes(net, 1)
    check.equal(
        bool(np.size(net[1]) <= 41),
        True,
        name="whether there are at most L/eps + 1 units",
        hints={"many": lambda right: False},
    )


# %% id="within-line" test="within" points=2
@check.exercise("16-universality/within")
def straight_line():
    """A straight line"""
    x = np.linspace(0, 1, 2001)
    net = check.call(network_for_line, build_within, np.array([0.0, 1.0]), np.array([0.3, 2.3]), 2.0, 0.05)
    check_shapes(net, 1)
    errors = np.abs(network_output(net, x) - (0.3 + 2 * x))
    units = int(np.size(net[1]))
    check.equal(
        bool(errors.max() <= 0.05),
        True,
        name="whether the error is at most eps",
        hints={
            "few": lambda right: False if units + 1 < 2.0 / (2 * 0.05) else None,
            "blurred": lambda right: False if np.abs(net[0]).max() < 2 * np.log(2) * 2 / 0.05 else None,
            "left": lambda right: (
                False if units and max(errors[0], errors[-1]) > 0.05 >= min(errors[0], errors[-1]) else None
            ),
        },
    )


# %% id="within-zigzag" test="within" points=2
@check.exercise("16-universality/within")
def zigzag():
    """A zigzag"""
    x = np.linspace(0, 1, 2001)
    knots = np.linspace(0, 1, 11)
    heights = 0.4 * np.cos(np.pi * np.arange(11))
    net = check.call(network_for_line, build_within, knots, heights, 8.0, 0.1)
    check_shapes(net, 1)
    errors = np.abs(network_output(net, x) - np.interp(x, knots, heights))
    check.equal(
        bool(errors.max() <= 0.1),
        True,
        name="whether the error is at most eps",
        hints={"blurred": lambda right: False if np.abs(net[0]).max() < 2 * np.log(2) * 8 / 0.1 else None},
    )


# %% id="within-hidden" test="within" points=2 hidden=true
@check.exercise("16-universality/within", hidden=True)
def other_functions_and_constants():
    """Other functions and errors, a constant"""
    x, knots = np.linspace(0, 1, 4001), np.linspace(0, 1, 4001)
    rough = np.interp(knots, np.linspace(0, 1, 33), check.rng(4).uniform(-0.1, 0.1, 33))
    cases = [
        (np.sin(2 * np.pi * knots), 2 * np.pi, 0.03),
        (target(knots), 7.0, 0.02),
        (rough, 6.4, 0.04),
        (np.full(4001, -2.5), 0.0, 0.01),
        (0.5 * knots, 0.5, 1.0),
    ]
    for heights, lipschitz, eps in cases:
        net = check.call(network_for_line, build_within, knots, heights, lipschitz, eps)
        check_shapes(net, 1)
        check.equal(bool(np.size(net[1]) <= lipschitz / eps + 1), True, name="whether the number of units is allowed")
        errors = np.abs(network_output(net, x) - heights)
        check.equal(bool(errors.max() <= eps), True, name=f"whether the error is at most {eps}")


# %% [markdown] id="widget-text"
# ## Design a curve yourself
#
# Without "copy the heights", five sliders are the heights. With it, the target sets them. Try the book's pairs and look at the ends. Look for the best steepness. Then give the output unit a sigmoid too: the next section says what it costs.

# %% id="curve-widget" folded=true
from dlbook import widgets


def designed(copy, N, h1, h2, h3, h4, h5, w, ends, output):
    heights = target(midpoints(N)) if copy else np.array([h1, h2, h3, h4, h5])
    levels = np.log(heights / (1 - heights)) if output == "sigmoid" else heights
    y = pairs_output(x, levels, w) if ends == "pairs" else telescope_output(x, levels, w)
    y = sigmoid(y) if output == "sigmoid" else y
    return y, levels, w, np.abs(y - target(x))


def designed_figure(result):
    y, levels, w, error = result
    figure = plots.figure(9, 3.4)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    left.plot(x, target(x), "--", color=plots.BLACK, label="target")
    left.plot(x, y, color=plots.BLUE, label="network")
    worst = int(error.argmax())
    left.plot([x[worst]] * 2, [y[worst], target(x[worst])], "-o", color=plots.VERMILION, label="largest error")
    left.set(xlabel="x", ylim=(-0.1, 1.25))
    left.legend(loc="upper left", ncols=3, fontsize=9)
    edges = np.arange(len(levels) + 1) / len(levels)
    right.stairs(levels, edges, color=plots.ORANGE, linewidth=2)
    right.set(xlabel="x", ylabel="level before the output unit")
    return figure


def designed_alt(result):
    y, levels, w, error = result
    return f"A network of {len(levels)} levels with steepness {w:g}; it misses the target by at most {error.max():.4f}, at x = {x[error.argmax()]:.3f}."


def designed_rows(result):
    _, levels, _, error = result
    return {
        "largest error": float(error.max()),
        "at x": float(x[error.argmax()]),
        "mean error": float(error.mean()),
    } | {f"level {i + 1}": float(level) for i, level in enumerate(levels[:5])}


widgets.explore(
    designed_figure,
    dict(
        copy=widgets.Checkbox(True, label="copy the heights from the target"),
        N=widgets.Options([5, 10, 20, 50], value=10, style="buttons", label="intervals N, when copied"),
        h1=widgets.Slider(0.02, 0.98, 0.25, label="height 1"),
        h2=widgets.Slider(0.02, 0.98, 0.25, label="height 2"),
        h3=widgets.Slider(0.02, 0.98, 0.45, label="height 3"),
        h4=widgets.Slider(0.02, 0.98, 0.25, label="height 4"),
        h5=widgets.Slider(0.02, 0.98, 0.75, label="height 5"),
        w=widgets.LogSlider(5, 5000, 1000, label="steepness w"),
        ends=widgets.Options(
            {"pairs of steps, as in the book": "pairs", "telescope": "telescope"}, style="buttons", label="hidden layer"
        ),
        output=widgets.Options({"sum": "sum", "sigmoid": "sigmoid"}, style="buttons", label="output unit"),
    ),
    compute=designed,
    alt=designed_alt,
    table=designed_rows,
    title="A curve made of steps",
)

# %% [markdown] id="output-sigmoid"
# ## The price of a sigmoid at the output
#
# So far the output was a plain sum. The networks of this course often end in a sigmoid, and then the hidden layer must deliver what the sigmoid turns into $f$: its inverse, the *logit*,
#
# $$\sigma^{-1}(f) = \ln\frac{f}{1 - f}.$$
#
# Build that curve by steps instead of $f$. The price is twofold. $f$ must lie strictly between 0 and 1; near these the logit is steep, and at them infinite. In return the sigmoid flattens errors: its slope is at most ¼, so an error $e$ before it is at most $e/4$ behind it.


# %% id="output-run"
def logit(p):
    """The inverse of the sigmoid, for 0 < p < 1."""
    return np.log(p / (1 - p))


print("                    levels with N = 200       largest error with N = 10, 50, 200")
curves = {
    "the book's curve": target,
    "0.5 + 0.49 sin 2πx": lambda x: 0.5 + 0.49 * np.sin(2 * np.pi * x),
    "x²": np.square,
}
for name, f in curves.items():
    sums = [largest_error(N, 5 * N, f) for N in (10, 50, 200)]
    print(
        f"{name:18}  sum      {f(midpoints(200)).min():6.2f} to {f(midpoints(200)).max():5.2f}      ", np.round(sums, 4)
    )
    squashed = [np.abs(sigmoid(telescope_output(x, logit(f(midpoints(N))), 5 * N)) - f(x)).max() for N in (10, 50, 200)]
    levels = logit(f(midpoints(200)))
    print(f"{'':18}  sigmoid  {levels.min():6.2f} to {levels.max():5.2f}      ", np.round(squashed, 4))
with np.errstate(divide="ignore"):
    print("level for f = 1:", logit(np.array([1.0]))[0])

# %% [markdown] id="output-meaning"
# The error is about the same, with and without. The price is not paid in units but in weights. Where the curve comes to 0.99 the levels reach 4.6. $x^2$ touches 0 and 1, and its levels run from −12 to 5.3; with more intervals they grow without limit. The value 1 itself has the level infinity, and a value of 1.2 has none at all. So a network
# for regression ends in a plain sum, or its targets are first scaled into the middle of the sigmoid's range.

# %% [markdown] id="small-print"
# ## The small print, run
#
# **Continuous.** The book says that discontinuous functions cannot be approximated. In the largest error that is true. In the mean error it is false, and often the mean is what matters. Take a jump at 0.5:

# %% id="jump"
fine = np.linspace(0, 1, 200_000)
jump = (fine > 0.5).astype(float)
for w in (10, 100, 1000, 10_000):
    error = np.abs(sigmoid(w * (fine - 0.5)) - jump)
    print(
        f"one unit with its step at the jump, w = {w:6}: largest error {error.max():.3f}, mean error {error.mean():.5f}"
    )

# %% [markdown] id="bounded"
# No continuous curve comes closer to a jump than half of it: just before and just behind the jump it has nearly the same value. The share of the places where it is wrong can be made as small as you like.
#
# **A bounded set.** Outside the interval for which it was built, the network knows nothing. All its sigmoids are flat there, so it is constant. No network with sigmoids follows $x^2$, or even $x$, on the whole line:

# %% id="outside"
net_levels = midpoints(100) ** 2
for place in (0.5, 1.0, 1.5, 3.0, 10.0):
    y = telescope_output(np.array([place]), net_levels, 500)[0]
    print(f"x = {place:4}: network {y:.4f}, x² = {place**2:.4f}")

# %% [markdown] id="not-polynomial"
# **Not a polynomial.** Give the hidden units the activation $z^2$. Every sum of $(w_i x + b_i)^2$ is a parabola, whatever the number of units. Below, hidden weights drawn at random, and only the output weights fitted, by least squares: no training, no construction.


# %% id="random-features"
def fitted_error(features, x, y):
    """Largest error of the best sum of the features by least squares: features (N, H)."""
    features = np.column_stack([features, np.ones(len(x))])
    v, *_ = np.linalg.lstsq(features, y, rcond=None)
    return np.abs(features @ v - y).max()


rng = np.random.default_rng(0)
print("hidden units      sigmoid       z²")
for H in (5, 10, 20, 50, 100, 200):
    w = rng.normal(size=H) * 2 * H
    z = w * (x[:, None] - rng.uniform(0, 1, H))
    print(f"{H:12}     {fitted_error(sigmoid(z), x, target(x)):8.5f}   {fitted_error(z**2, x, target(x)):8.5f}")

# %% [markdown] id="random-meaning"
# Two hundred sigmoids that nobody trained, with fitted output weights, miss the curve by 0.00014. With $z^2$ the error stays at 0.24312, to the last digit, from 5 units to 200: it is always the same parabola.

# %% [markdown] id="not-special"
# **No privilege of networks.** The book comes near to saying that universality explains why networks work. Polynomials are universal (Weierstrass, 1885), and so are decision trees and kernels. With about $N$ free numbers each, on the same curve:

# %% id="rivals"
sample = np.linspace(0, 1, 400)
print("  N   polynomial   tree (N equal leaves)   Gaussian kernels   random sigmoids   telescope")
for N in (10, 20, 50):
    polynomial = np.polynomial.Chebyshev.fit(sample, target(sample), N - 1)
    leaves = np.minimum((x * N).astype(int), N - 1)
    tree = np.array([(target(x[leaves == i]).max() + target(x[leaves == i]).min()) / 2 for i in range(N)])[leaves]
    kernels = np.exp(-(((x[:, None] - midpoints(N)) * N / 1.5) ** 2))
    rng = np.random.default_rng(N)
    z = rng.normal(size=N - 1) * 2 * N * (x[:, None] - rng.uniform(0, 1, N - 1))
    print(
        f"{N:3}   {np.abs(polynomial(x) - target(x)).max():10.5f}   {np.abs(tree - target(x)).max():21.5f}   {fitted_error(kernels, x, target(x)):16.5f}"
        f"   {fitted_error(sigmoid(z), x, target(x)):15.5f}   {largest_error(N, 5 * N):9.5f}"
    )

# %% [markdown] id="rivals-meaning"
# With 50 numbers the polynomial is closest by far, and the networks are nowhere special. All five are universal. So universality cannot be what sets networks apart.

# %% [markdown] id="two-inputs"
# ## Two inputs: towers
#
# With two inputs a hidden unit $\sigma(w_1 x + w_2 y + b)$ is a step along a line. With $w_2 = 0$ it looks only at $x$. Two of these make a wall along $y$, a bump in $x$ alone. Add a wall in the other direction, and where they cross the sum is 2, on the arms of the cross 1,
# elsewhere 0. We want only the crossing. So a unit of a **second hidden layer** asks whether the sum is above 3/2:
#
# $$\text{tower}(x, y) = \sigma\Bigl(h\,\bigl[\text{bump}(x) + \text{bump}(y)\bigr] - \tfrac32\,h\Bigr)$$
#
# It is an AND of two bumps, and $h$ says how firmly it decides. Both bumps have height 1.

# %% id="tower-figure"
side = np.linspace(0, 1, 101)
X, Y = np.meshgrid(side, side)


def unit_bump(x, s1, s2, w):
    return sigmoid(w * (x - s1)) - sigmoid(w * (x - s2))


cross = unit_bump(X, 0.4, 0.6, 300) + unit_bump(Y, 0.3, 0.7, 300)
figure = plots.figure(9.5, 2.9)
axes = figure.subplots(1, 4, sharey=True)
surfaces = [cross / 2] + [sigmoid(h * cross - 1.5 * h) for h in (1, 3, 10)]
for ax, surface, name in zip(
    axes, surfaces, ("sum of the bumps / 2", "tower, h = 1", "tower, h = 3", "tower, h = 10"), strict=True
):
    shades = ax.imshow(surface, origin="lower", extent=(0, 1, 0, 1), cmap=plots.SEQUENTIAL, vmin=0, vmax=1)
    ax.grid(False)
    ax.set_title(name, fontsize=10)
    ax.set(xlabel="x")
axes[0].set(ylabel="y")
figure.colorbar(shades, ax=axes, shrink=0.8)
plots.show(
    figure,
    alt="Four squares in shades. First a cross, full where the walls meet and half on the arms. Then the tower: with h = 1 the arms are still visible, with h = 3 "
    "faint, with h = 10 only the rectangle where the walls cross is left.",
)
inner = (np.abs(X - 0.5) < 0.08) & (np.abs(Y - 0.5) < 0.18)
outer = (np.abs(X - 0.5) > 0.12) | (np.abs(Y - 0.5) > 0.22)
for h, surface in zip((1, 3, 10), surfaces[1:], strict=True):
    print(
        f"h = {h:2}: smallest value inside {surface[inner].min():.3f}, largest value outside {surface[outer].max():.3f}"
    )

# %% [markdown] id="tower-statement" statement="tower"
# ### Exercise 6: a tower
#
# Write `tower(x, y, box, h, w)` for arrays `x` and `y` of equal shape. `box = (x1, x2, y1, y2)` says where the tower stands: `x` from `x1` to `x2`, `y` from `y1` to `y2`. The four steps have steepness `w`, both bumps height 1, and the unit behind them is the one above.
#
# Check by hand: with large $w$ and $h = 10$ the middle of the box has $\sigma(20 - 15) = 0.9933$, a place on an arm $\sigma(-5) = 0.0067$, and a far corner $\sigma(-15)$.


# %% id="tower" exercise=true difficulty=2 by_hand="nn data unit_bump network_output"
def tower(x, y, box, h, w):
    """σ(h [bump(x) + bump(y)] − 3h/2), in the shape of x and y; box = (x1, x2, y1, y2)."""
    ### BEGIN SOLUTION
    x1, x2, y1, y2 = box
    across = sigmoid(w * (x - x1)) - sigmoid(w * (x - x2))
    along = sigmoid(w * (y - y1)) - sigmoid(w * (y - y2))
    return sigmoid(h * (across + along) - 1.5 * h)
    ### END SOLUTION


# %% [markdown] id="tower-hints" hints="tower"
# - union: The threshold h/2 lets one bump suffice: the whole cross stands. Both are needed.
# - edge: With the threshold h a single bump lies exactly on it and gives one half: put it in the middle between one bump and two, at 3h/2.
# - product: A product of two bumps is not what units compute: add them and let the second layer decide.
# - linear: The unit of the second layer has its sigmoid too.
# - exchanged: x and y are exchanged.
# - firmness: h multiplies the bumps and the threshold alike.


# %% id="tower-values" test="tower" points=2
@check.exercise("16-universality/tower")
def middle_arms_and_far_corner():
    """The middle, the arms of the cross, a far corner"""
    x, y = np.array([0.5, 0.5, 0.1, 0.1]), np.array([0.4, 0.9, 0.4, 0.9])
    z = check.call(tower, x, y, (0.3, 0.7, 0.2, 0.6), 4.0, 500.0, returns=("z",))
    bumps = np.array([2.0, 1.0, 1.0, 0.0])
    check.close(
        z,
        1 / (1 + np.exp(6.0 - 4.0 * bumps)),
        name="the tower at middle, arm, arm, corner",
        hints={
            "union": lambda right: sigmoid(4 * bumps - 2),
            "edge": lambda right: sigmoid(4 * bumps - 4),
            "product": lambda right: np.array([1.0, 0.0, 0.0, 0.0]),
            "linear": lambda right: 4 * bumps - 6,
            "firmness": lambda right: sigmoid(4 * bumps - 1.5),
        },
    )


# %% id="tower-box" test="tower" points=1
@check.exercise("16-universality/tower")
def long_box():
    """A long box: which side is which"""
    x, y = np.array([0.2, 0.8, 0.5]), np.array([0.5, 0.52, 0.97])
    z = check.call(tower, x, y, (0.1, 0.9, 0.45, 0.55), 6.0, 800.0, returns=("z",))
    check.close(
        z,
        1 / (1 + np.exp(9.0 - 6.0 * np.array([2.0, 2.0, 1.0]))),
        name="the tower",
        hints={"exchanged": lambda right: sigmoid(6 * np.array([1.0, 1.0, 1.0]) - 9)},
    )


# %% id="tower-hidden" test="tower" points=3 hidden=true
@check.exercise("16-universality/tower", hidden=True)
def whole_square_and_soft_walls():
    """The whole square, soft walls, one point"""
    side = np.linspace(0, 1, 51)
    X, Y = np.meshgrid(side, side)
    box = (0.24, 0.66, 0.35, 0.83)
    for x, y, h, w in ((X, Y, 10.0, 300.0), (X[:4, :7], Y[:4, :7], 2.5, 9.0), (X[:1, 0], Y[:1, 0], 7.0, 40.0)):
        z = check.call(tower, x, y, box, h, w, returns=("z",))
        across = nn.sigmoid(w * (x - box[0]))[0] - nn.sigmoid(w * (x - box[1]))[0]
        along = nn.sigmoid(w * (y - box[2]))[0] - nn.sigmoid(w * (y - box[3]))[0]
        check.close(z, nn.sigmoid(h * (across + along - 1.5))[0], name=f"the tower for h = {h}, w = {w}")


# %% [markdown] id="surface"
# ## Towers side by side make a surface
#
# Cut the square into $K \times K$ cells, put a tower on each, and give it the value of $f$ in the middle of its cell as output weight. Outer walls stand outside the square, as we have learnt. This is the proof for two inputs, and for $m$ inputs: $m$ bumps, and
# the threshold $m - \tfrac12$.
#
# One gap is left, and the book does not come far enough to have it. Where four cells meet, each bump is at one half, so the sum of the two is 1 in all four cells, and none of the four towers stands. The surface has a hole in each corner of the grid, as deep as $f$ itself.
#
# The cure: take $M$ such grids, each shifted by a fraction of a cell, each with weights $f/M$. The holes of one grid lie where the others are whole. So the holes are $M$ times less deep.


# %% id="surface-run"
def surface(x, y):
    """A hill and a slope on the unit square."""
    return 0.9 * np.exp(-10 * ((x - 0.35) ** 2 + (y - 0.6) ** 2)) + 0.4 * x * y


def towers_output(x, y, K, M, h, w):
    """M shifted grids of towers, about K × K each; x and y (P,) -> (P,)."""
    total = np.zeros(len(x))
    for shift in np.arange(M) / (M * K):
        walls = np.arange(K + 2) / K - shift
        steps_x, steps_y = sigmoid(w * (x[:, None] - walls)), sigmoid(w * (y[:, None] - walls))
        bumps_x, bumps_y = steps_x[:, :-1] - steps_x[:, 1:], steps_y[:, :-1] - steps_y[:, 1:]
        middles = np.clip((walls[:-1] + walls[1:]) / 2, 0, 1)
        for i, middle in enumerate(middles):
            towers = sigmoid(h * (bumps_x[:, i : i + 1] + bumps_y - 1.5))
            total += towers @ surface(middle, middles) / M
    return total


K = 10
ticks = np.arange(1, 160) / 160
px, py = (grid.ravel() for grid in np.meshgrid(ticks, ticks))
figure = plots.figure(9.5, 3)
axes = figure.subplots(1, 3, sharey=True)
shown = [surface(px, py)]
for M in (1, 2, 4, 8):
    z = towers_output(px, py, K, M, 60.0, 400.0)
    print(
        f"grids of {K} × {K} towers: {M}, largest error {np.abs(z - surface(px, py)).max():.3f}, mean error {np.abs(z - surface(px, py)).mean():.4f}"
    )
    if M in (1, 8):
        shown.append(z)
for ax, z, name in zip(axes, shown, ("target", "one grid of towers", "eight shifted grids"), strict=True):
    shades = ax.pcolormesh(
        ticks, ticks, z.reshape(len(ticks), -1), cmap=plots.SEQUENTIAL, vmin=0, vmax=1, shading="nearest"
    )
    ax.grid(False)
    ax.set_title(name, fontsize=10)
    ax.set(xlabel="x", aspect="equal")
axes[0].set(ylabel="y")
figure.colorbar(shades, ax=axes, shrink=0.8)
plots.show(
    figure,
    alt="Left: a hill with a slope in shades. Middle: the same made of square towers, with a dark hole at each corner of the grid. Right: eight shifted grids, nearly smooth, with faint diagonal stripes where the shallow holes lie.",
)

# %% [markdown] id="surface-meaning"
# With one grid the largest error is 0.974: near the top of the hill a hole goes down to almost nothing. Each doubling of the grids halves it, to 0.132 with eight. The smaller the cells and the more the grids, the smaller the error, so two hidden layers can do any continuous surface.

# %% [markdown] id="one-layer"
# ## Two inputs, one hidden layer
#
# The towers needed two hidden layers, and the theorem promises one. Here is the missing step, and it is short. A product of cosines is a sum of cosines:
#
# $$\cos(k\pi x)\cos(l\pi y) = \tfrac12\cos\bigl(\pi(kx + ly)\bigr) + \tfrac12\cos\bigl(\pi(kx - ly)\bigr).$$
#
# Every continuous $f$ on the square is as close as you like to a sum of such products (Fourier, and Fejér for the proof). After the formula it is a sum of cosines of **one** number each, $t = kx \pm ly$. A function of one number is what we can build: a telescope of steps in $t$. And a step in $t$,
# $\sigma(w(kx \pm ly - s))$, is one hidden unit with the weights $wk$ and $\pm wl$. So everything fits into a single hidden layer, for $m$ inputs just the same.


# %% id="one-layer-run"
def cosine_coefficients(K, samples=200):
    """a[k, l] of surface(x, y) ≈ Σ a[k, l] cos(kπx) cos(lπy), for k, l < K."""
    middles = midpoints(samples)
    waves = np.cos(np.pi * np.arange(K)[:, None] * middles)
    norm = np.where(np.arange(K) == 0, 1, 2) / samples
    return (waves * norm[:, None]) @ surface(middles[:, None], middles) @ (waves * norm[:, None]).T


def single_layer(K, per_wave):
    """W1 (H, 2), b1 (H,), W2 (1, H), b2 (1,): every cosine of kx ± ly by a telescope with `per_wave` levels a half-wave."""
    a = cosine_coefficients(K)
    W1, b1, W2, bias = [], [], [], 0.0
    for k in range(K):
        for l in range(K):
            for sign in (1, -1) if k and l else (1,):
                low, high = min(0, sign * l), k + max(0, sign * l)
                levels = max(1, (high - low) * per_wave)
                edges = low + (high - low) * np.arange(levels + 1) / levels
                heights = a[k, l] * np.cos(np.pi * (edges[:-1] + edges[1:]) / 2) / (2 if k and l else 1)
                w = 5.0 * per_wave
                W1.append(np.tile([w * k, sign * w * l], (levels - 1, 1)))
                b1.append(-w * edges[1:-1])
                W2.append(np.diff(heights))
                bias += heights[0]
    return np.concatenate(W1), np.concatenate(b1), np.concatenate(W2)[None, :], np.array([bias])


points = np.stack([grid.ravel() for grid in np.meshgrid(np.linspace(0, 1, 41), np.linspace(0, 1, 41))], axis=1)
for K, per_wave in ((2, 8), (4, 8), (8, 8), (12, 8)):
    net = single_layer(K, per_wave)
    output = np.concatenate([network_output(net, some) for some in np.array_split(points, 20)])
    error = np.abs(output - surface(*points.T))
    print(
        f"{K} × {K} cosines, {len(net[1]):5} hidden units in one layer: largest error {error.max():.4f}, mean {error.mean():.4f}"
    )

# %% [markdown] id="one-layer-meaning"
# That is the theorem for many inputs, in a single layer and with every weight written down. It is a proof and no recipe: 24,024 units for an error of 0.041 on a gentle hill. Most of what is missing is the cosines that were left out.

# %% [markdown] id="outputs"
# **Several outputs** need nothing new. The book draws three inputs and two outputs. The rows of $W_2$ are separate sums over the same hidden layer:

# %% id="outputs-run"
places = np.arange(1, 100) / 100
waves = np.stack([np.sin(2 * np.pi * midpoints(100)), midpoints(100) ** 2])
net = np.full((99, 1), 400.0), -400.0 * places, np.diff(waves, axis=1), waves[:, 0]
y = network_output(net, x)
print("shape of the output:", y.shape)
print("largest errors:", np.abs(y - np.stack([np.sin(2 * np.pi * x), x**2], axis=1)).max(axis=0).round(4))

# %% [markdown] id="dimension"
# ## The price that nobody pays
#
# One hundred cells along each input, one tower for each cell. How many towers are there for $m$ inputs?

# %% id="dimension-run"
for m, name in (
    (1, "a curve"),
    (2, "a surface"),
    (3, "three inputs"),
    (10, "ten measurements"),
    (64, "8 × 8 digits"),
    (784, "MNIST"),
):
    print(f"{name:17} m = {m:3}: 10^{2 * m} towers" + (f" = {100**m:,}" if m <= 3 else ""))

# %% [markdown] id="dimension-meaning"
# There are about $10^{80}$ atoms in the part of the universe that we can see. With only "continuous" known of $f$, no method escapes this: that is the curse of dimension. Networks that read digits have a few hundred units, so universality cannot be the reason why they work. They work because images of digits are
# a very special set, because gradient descent finds useful weights, and because many layers express some functions with far fewer units than one. The next chapters are about the last two.

# %% [markdown] id="learning"
# ## Existing is not finding
#
# Train a network with as many hidden units as the hand-built one, 49, on 400 points of the book's curve, from the usual small random weights. Then start training from the hand-built weights. A third start is drawn at random too, but with units as steep as the hand-built ones and their steps spread over $[0, 1]$.

# %% [markdown] id="learning-question" question="predict"
# Which ends closer to the curve: the network from the usual random weights, or the one from the hand-built weights?
#
# - [ ] The one from random weights, which may choose all its 148 numbers: free it is, but it must find the way there.
# - [x] The one from the hand-built weights: it starts at an error of 0.01, and the other has a long way to go.
# - [ ] Both arrive at the same weights: there are many good ones, and training stops at none in particular.

# %% id="learning-run"
from dlbook import optim, train

seen = np.linspace(0, 1, 400)[:, None]


def trained(model, steps, lr):
    history = train.fit(
        model,
        nn.MSELoss(),
        optim.Adam(model.parameters(), lr=lr),
        (seen, target(seen)),
        train.Config(epochs=steps, batch_size=400),
        rng=np.random.default_rng(0),
        progress=False,
    )
    return history.train["loss"]


def layers(H, seed=0):
    """One hidden layer of H sigmoids, a plain sum as output."""
    rng = np.random.default_rng(seed)
    return nn.Sequential(nn.Linear(1, H, rng=rng), nn.Sigmoid(), nn.Linear(H, 1, rng=rng))


def by_hand(N, w):
    """The telescope as a model: Linear, Sigmoid, Linear."""
    model = layers(N - 1)
    heights = target(midpoints(N))
    model.load_state_dict(
        {
            "0.weight": np.full((N - 1, 1), float(w)),
            "0.bias": -w * np.arange(1, N) / N,
            "2.weight": np.diff(heights)[None, :],
            "2.bias": heights[:1],
        }
    )
    return model


def model_error(model):
    return np.abs(model(x[:, None])[:, 0] - target(x)).max()


built, drawn, steep = by_hand(50, 200), layers(49), layers(49)
rng = np.random.default_rng(0)
w, s = rng.normal(size=49) * 100, rng.uniform(0, 1, 49)
steep.load_state_dict(steep.state_dict() | {"0.weight": w[:, None], "0.bias": -w * s})
print(f"by hand, no training:                      largest error {model_error(built):.4f}")
losses = {"from the usual random weights": trained(drawn, 4000, 0.01)}
print(f"usual random weights, 4,000 steps:         largest error {model_error(drawn):.4f}")
losses["from steep random units"] = trained(steep, 4000, 0.01)
print(f"steep units at random places, 4,000 steps: largest error {model_error(steep):.4f}")
losses["from the hand-built weights"] = trained(built, 4000, 0.001)
print(f"by hand, then 4,000 steps:                 largest error {model_error(built):.4f}")

figure = plots.figure(9, 3.2)
left, right = figure.subplots(1, 2, width_ratios=(3, 2))
left.plot(x, target(x), "--", color=plots.BLACK, label="target")
left.plot(x, drawn(x[:, None])[:, 0], label="trained from the usual random weights")
left.plot(x, built(x[:, None])[:, 0], label="by hand, then trained")
left.set(xlabel="x", ylim=(-0.05, 1.35))
left.legend(loc="upper left", fontsize=9)
plots.learning_curves(right, losses, xlabel="step", ylabel="loss", log=True)
right.set_ylim(3e-7, 30)
right.legend(loc="upper right", fontsize=8)
plots.show(
    figure,
    alt="Left: the network trained from the usual random weights follows the large waves and misses the small ones; the hand-built one lies on the target. Right: on a logarithmic scale its loss, and that from steep random units, end orders of magnitude below that from the usual random weights.",
)

# %% [markdown] id="learning-meaning"
# The hand-built network is off by 0.010 before any training. From the usual random weights, 4,000 steps of Adam arrive at 0.110: the large waves are learnt, the small ones are not. Better weights for the very same network exist, we hold them in our hands, and the training did not find them. Started there, with a tenth of the learning rate, it improves them to 0.007.
#
# The third start shows what was in the way. With the usual weights every sigmoid is almost a straight line on $[0, 1]$, and all are much alike. Steep units at random places arrive at 0.004, and all we told them about the curve is how fine its waves are. (The peaks of the losses are Adam's: where gradients have long been tiny, it divides by almost nothing. The last digits depend on the step at which one stops.)
#
# So the theorem is about what a network *can be*. What it *becomes* depends on where its training starts and how it goes on, the matter of the last chapters and of the next.

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# `twin` gives the hand-built network as `torch.nn` modules with the same weights. Two thousand places, both outputs:

# %% id="torch-check"
try:
    import torch

    from dlbook.torch import twin
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    built = by_hand(50, 200)
    with torch.no_grad():
        output = twin(built)(torch.from_numpy(x[:, None])).numpy()
        single = twin(built).float()(torch.from_numpy(x[:, None]).float()).numpy()
    print(f"largest difference, double precision: {np.abs(output - built(x[:, None])).max():.1e}")
    print(f"largest difference, single precision: {np.abs(single - built(x[:, None])).max():.1e}")

# %% [markdown] id="gpu"
# On a GPU nothing changes but `.to("cuda")`, and for 49 units nothing is gained. Single precision, which a GPU prefers, costs little here. With $w$ in the thousands it costs more: $wx + b$ is the small difference of two large numbers.

# %% [markdown] id="mistakes"
# ## Common mistakes
#
# - **$b = ws$ or $b = -s/w$.** The step is where $wx + b = 0$: $b = -ws$.
# - **A step at 0 or at 1.** It is half open there, and no number of units mends it.
# - **$w$ as large as possible.** The best is about $4N$ to $6N$. Harder steps make stairs, softer ones wash the curve out.
# - **The sum of two bumps taken for a tower.** It is a cross. A unit behind it must ask for both.
# - **"A network can compute anything, so ours will learn this."** The first half is the theorem, with its small print. The second half does not follow.
# - **Asking a network about places outside its data.** It answers, and means nothing by it.

# %% [markdown] id="tower-quiz" question="quiz"
# You build towers over four inputs. Which threshold does the unit behind the four bumps need (bumps of height 1, before the factor $h$)?
#
# - [ ] 3/2: that is right for two inputs; here two of four bumps would be enough.
# - [x] 7/2: between three bumps and four.
# - [ ] 4: that is the sum in the middle of the tower itself, which would stand at one half only.

# %% [markdown] id="sigmoid-quiz" question="quiz"
# Why do networks for regression usually end in a plain sum and not in a sigmoid?
#
# - [ ] With a sigmoid at the output the theorem no longer holds: it does, for targets strictly between 0 and 1, by way of the logit.
# - [x] A sigmoid gives only values between 0 and 1: other targets are out of reach, and near these ends the sum before it must be very large.
# - [ ] A sigmoid makes errors larger: its slope is at most ¼, so it makes them smaller.

# %% [markdown] id="questions"
# ## To think about
#
# 1. Why can the bound of this page not be better than $L/(2N)$ at $x = 0$, however large $w$ is?
# 2. The activation is a ReLU. Build a bump (a hat, rather) from three units. How large is the error of a sum of hats for a function with $|f''| \le c$?
# 3. A truth table of 20 bits has ones in half of its rows. How many hidden units does our network have? Parity is such a table: can you do it with 20 hidden units?
# 4. Where in the proof for one input did we use that $f$ is continuous?
#
# <details><summary>Answers</summary>
#
# 1. The network takes a mean of heights, and all of them belong to places at $1/(2N)$ or farther to the right. For $f(x) = Lx$ each is at least $L/(2N)$ too high.
# 2. $r(x - a) - 2r(x - a - d) + r(x - a - 2d)$, divided by $d$. The hats join the points by straight lines: at most $c\,d^2/8$, the square of the interval instead of its length.
# 3. $2^{19}$, about half a million. Yes: unit $j$ says whether at least $j$ bits are 1, and the output weights are $+1, -1, +1, \dots$
# 4. Where $|f(m_i) - f(x)|$ is small because $m_i$ is near $x$.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# - G. Cybenko, *Approximation by superpositions of a sigmoidal function*, 1989. Its proof uses the theorems of Hahn–Banach and Riesz, and Fourier analysis.
# - K. Hornik, M. Stinchcombe, H. White, *Multilayer feedforward networks are universal approximators*, 1989.
# - M. Leshno, V. Lin, A. Pinkus, S. Schocken, *Multilayer feedforward networks with a nonpolynomial activation function can approximate any function*, 1993.
# - M. Nielsen, *Neural Networks and Deep Learning*, chapter 4, 2015: the construction by steps, bumps and towers, which the book follows.
# - The book, chapters 31 and 32.
#
# **Next** chapter 17: many layers instead of one wide layer, and why they were so hard to train.
