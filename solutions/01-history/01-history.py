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
#     title: History, a working museum
#     minutes: 120
#     needs: []
#     book: [1, 2]
# ---

# %% [markdown] id="title"
# # History: a museum in which everything still runs
#
# **After this page you can** say what a neural network needed to become useful, and set five machines of the years 1943
# to 1962 going: the neuron of McCulloch and Pitts, Hebb's rule and Oja's, Rosenblatt's perceptron, ADALINE, and
# MADALINE.
#
# **Time** 45 minutes to read, 75 for the six exercises. **You need** loops and NumPy indexing. No other page comes
# before this one.

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, plots
from dlbook.models import adaline, hebb, madaline, mcculloch_pitts, perceptron

# %% [markdown] id="storm"
# ## What is machine learning?
#
# Spam filters, recommendations, names under photographs, cars that keep their lane, telephones that know your face:
# behind each stands a programme whose decisive part nobody wrote. It was found in data. *Machine learning* means
# algorithms that turn examples into a mathematical model, which is then used on new data. Written as an equation, a
# model is a function with adjustable numbers $\theta$:
#
# $$\hat y = f_\theta(x)$$
#
# *Learning* is the search for good numbers. A *neural network* is one family of such functions, built of many copies of
# one simple unit, the *neuron*. The idea is old, and for decades it did little. The book says what was missing with a
# slogan, the *perfect storm*:
#
# > large amounts of data + parallel processing + models = artificial intelligence.
#
# A slogan can be tested. Let us take its three parts one at a time.

# %% [markdown] id="data-question" question="predict"
# Three quite different methods learn to read handwritten digits, each from 20 examples and then from 1,437. Which makes
# the greater difference to the share of right answers?
#
# - [ ] The method: with equally many examples the three lie less than a tenth apart.
# - [x] The number of examples: from 20 to 1,437 all three rise from about 0.7 to 0.96 and more.
# - [ ] Neither: with 20 examples, two of each digit, all three are right on about 0.7, and that is not the end.

# %% id="data-run"
digits = data.digits()

import warnings

from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier

sizes = [20, 50, 100, 200, 500, 1437]
accuracy = {"nearest neighbour": [], "logistic regression": [], "network": []}
for n in sizes:
    rows, _ = data.stratified(digits.y_train, n, np.random.default_rng(1)) if n < 1437 else (slice(None), None)
    for name, method in zip(
        accuracy,
        (
            KNeighborsClassifier(1),
            LogisticRegression(max_iter=500),
            MLPClassifier((32,), solver="lbfgs", alpha=0.1, max_iter=120, random_state=0),
        ),
        strict=True,
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the network may stop before the last decimal place
            method.fit(digits.x_train[rows], digits.y_train[rows])
        accuracy[name].append(float(np.mean(method.predict(digits.x_test) == digits.y_test)))
for name, values in accuracy.items():
    print(f"{name:20}", *(f"n = {n}: {value:.2f}  " for n, value in zip(sizes, values, strict=True)))

figure = plots.figure(6, 3.2)
ax = figure.subplots()
plots.learning_curves(ax, accuracy, x=sizes, xlabel="training examples", ylabel="share right")
ax.set_xscale("log")
ax.set_xticks(sizes, sizes)
ax.minorticks_off()
plots.show(
    figure,
    alt="Share of right answers against the number of training examples for three methods: the three curves lie close "
    "together and climb from about 0.7 at 20 examples to about 0.97 at 1,437.",
)

# %% [markdown] id="model"
# So data matter, and for this task more than the method does. But data alone are not enough. Here are two half moons.
# A model that can only draw a straight line stays wrong however many points it sees. A network with one hidden unit is
# such a model.
#
# Move the two sliders. On the left is what the network has learnt from $n$ points, on the right how often such a
# network is right on 1,000 new ones. With one hidden unit more points do not help. With eight they do.

# %% id="storm-widget" folded=true
import functools

from dlbook import widgets

moon_sizes = [10, 20, 40, 80, 160, 320, 640]
moons_x, moons_y = data.moons(1640, np.random.default_rng(3), noise=0.2)
moons_new, moons_new_y = moons_x[640:], moons_y[640:]


@functools.cache
def moon_network(n, hidden):
    """A network with one hidden layer, trained on the first n points, and its accuracy on new ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it may stop before the last decimal place
        net = MLPClassifier((hidden,), activation="tanh", solver="lbfgs", alpha=0.01, max_iter=100, random_state=1)
        net.fit(moons_x[:n], moons_y[:n])
    return net, float(net.score(moons_new, moons_new_y))


def moon_runs(n, hidden):
    return n, hidden, moon_network(n, hidden)[0], [moon_network(size, hidden)[1] for size in moon_sizes]


def moons_figure(run):
    """The region that the network learnt from n points (left), accuracy on new points by n (right)."""
    n, hidden, net, scores = run
    figure = plots.figure(9, 3.5)
    left, right = figure.subplots(1, 2)
    plots.decision_region(left, lambda p: net.predict(p), ((-1.7, 2.7), (-1.2, 1.7)), resolution=100)
    plots.points(left, moons_x[:n], moons_y[:n], size=18)
    plots.learning_curves(right, {"new points": scores}, x=moon_sizes, xlabel="training examples", ylabel="share right")
    right.plot([n], [scores[moon_sizes.index(n)]], "s", color=plots.VERMILION, markersize=11)
    right.set_xscale("log")
    right.set_xticks(moon_sizes, moon_sizes)
    right.minorticks_off()
    right.set(ylim=(0.7, 1.01))
    return figure


widgets.explore(
    moons_figure,
    dict(
        n=widgets.Options(moon_sizes, 160, style="buttons", label="training examples n"),
        hidden=widgets.Slider(1, 20, 8, label="hidden units"),
    ),
    compute=moon_runs,
    alt=lambda run: (
        f"Two half moons and the border that a network with {run[1]} hidden units learnt from {run[0]} points; it is "
        f"right on {run[3][moon_sizes.index(run[0])]:.1%} of 1,000 new points."
    ),
    table=lambda run: {"training examples": moon_sizes, "share right": run[3]},
    title="Data and model",
)

# %% id="model-run"
for hidden in (1, 2, 8):
    print(f"hidden units: {hidden}; right on new points:", *(f"{moon_network(n, hidden)[1]:.3f}" for n in moon_sizes))

# %% [markdown] id="parallel"
# ## The third part: parallel processing
#
# Nearly all the work of a neural network is one operation, the product of two matrices. If $A$ has $m$ rows and $k$
# columns and $B$ has $k$ rows and $n$ columns, then
#
# $$C_{ij} = \sum_{l=1}^{k} A_{il}\, B_{lj}$$
#
# Each of the $mn$ entries takes $k$ multiplications and $k$ additions, if we start from 0: $2mnk$ operations in all. No
# entry needs any other, so they can all be computed at the same time. Write it out once in your life.

# %% [markdown] id="matmul-statement" statement="matmul"
# ### Exercise 1: a product of matrices
#
# Write `matmul_loops(A, B)` with three loops, not with NumPy's product: `A (m, k)`, `B (k, n)`. It returns two things, `C (m, n)`, an array of
# floats whatever kind of numbers came in, and `operations`, how many multiplications and additions it took, an integer.
# Where the inner sizes differ it raises `ValueError`. With `k = 0` there is nothing to add up: `C` is all zeros.
#
# Check by hand: `A = [[1, 2]]` and `B = [[3], [4]]` give `C = [[11.0]]` and 4 operations.


# %% id="matmul" exercise=true difficulty=1 by_hand="@ .dot .matmul .einsum .inner .tensordot .vdot dot matmul einsum inner tensordot vdot data plots adaline hebb madaline mcculloch_pitts perceptron"
def matmul_loops(A, B):
    """Product of A (m, k) and B (k, n): C (m, n) of floats, and the number of operations, an int."""
    ### BEGIN SOLUTION
    if A.shape[1] != B.shape[0]:
        raise ValueError(f"expected A (m, k) and B (k, n), got {A.shape} and {B.shape}")
    C, operations = np.zeros((A.shape[0], B.shape[1])), 0
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            for l in range(A.shape[1]):
                C[i, j] += A[i, l] * B[l, j]
                operations += 2
    return C, operations
    ### END SOLUTION


# %% [markdown] id="matmul-hints" hints="matmul"
# - transposed: Entry (i, j) belongs to row i of A and column j of B: the result is (m, n).
# - last: Each term must be added to what is there: this keeps only the last one.
# - whole: The sums were cut to whole numbers: make C an array of floats.
# - half: These are the multiplications alone: each comes with an addition.


# %% id="matmul-product" test="matmul" points=2
@check.exercise("01-history/matmul")
def product_of_two_matrices():
    """The product of a (2, 3) and a (3, 4) matrix"""
    A, B = np.cos(1.3 * np.arange(6)).reshape(2, 3), np.linspace(-1, 2, 12).reshape(3, 4)
    C, _ = check.call(matmul_loops, A, B, returns=("C", "operations"))
    hints = {"transposed": np.transpose, "last": lambda right: np.outer(A[:, -1], B[-1])}
    check.close(C, np.einsum("il,lj->ij", A, B), name="C", hints=hints)


# %% id="matmul-integers" test="matmul" points=1
@check.exercise("01-history/matmul")
def integers_times_halves():
    """Integers times halves"""
    A, B = np.array([[1, 2], [3, 4], [5, 7]]), np.array([[0.5, 1.5, 2.5, 0.5], [1.5, 0.5, 0.5, 2.5]])
    C, _ = check.call(matmul_loops, A, B, returns=("C", "operations"))
    cut = np.trunc(np.trunc(A[:, :1] * B[:1]) + A[:, 1:] * B[1:])
    check.close(C, np.einsum("il,lj->ij", A, B), name="C", hints={"whole": lambda right: cut})


# %% id="matmul-operations" test="matmul" points=1
@check.exercise("01-history/matmul")
def number_of_operations():
    """The number of operations"""
    A, B = np.ones((2, 5)), np.ones((5, 3))
    _, operations = check.call(matmul_loops, A, B, returns=("C", "operations"))
    check.equal(operations, 60, name="operations", hints={"half": lambda right: right // 2})


# %% id="matmul-shapes" test="matmul" points=1
@check.exercise("01-history/matmul")
def shapes_that_do_not_fit():
    """Shapes that do not fit"""
    check.raises(ValueError, matmul_loops, np.ones((2, 3)), np.ones((2, 3)), what="A (2, 3) and B (2, 3)")
    check.raises(ValueError, matmul_loops, np.ones((2, 3)), np.ones((4, 2)), what="A (2, 3) and B (4, 2)")


# %% id="matmul-hidden" test="matmul" points=2 hidden=true
@check.exercise("01-history/matmul", hidden=True)
def one_entry_nothing_to_add_and_integers():
    """One entry, one term, nothing to add up, integers"""
    rng = check.rng(1)
    for m, k, n in [(1, 1, 1), (4, 1, 3), (3, 0, 2), (5, 6, 1), (4, 4, 4)]:
        A, B = rng.normal(size=(m, k)), rng.normal(size=(k, n))
        C, operations = check.call(matmul_loops, A, B, returns=("C", "operations"))
        check.close(C, np.einsum("il,lj->ij", A, B), name=f"C for m = {m}, k = {k}, n = {n}")
        check.equal(operations, 2 * m * k * n, name=f"operations for m = {m}, k = {k}, n = {n}")
    C, _ = check.call(matmul_loops, np.array([[1, 2]]), np.array([[3], [4]]), returns=("C", "operations"))
    check.equal(C, np.array([[11.0]]), name="C for integers")


# %% [markdown] id="parallel-run-text"
# The same product by three loops in Python, and by NumPy, which hands it to a library that keeps every arithmetic unit
# of a processor core busy. The first call of that library may take longer, so we take the fastest of several.

# %% id="parallel-run"
import time


def product_by_loops(A, B):
    """A (m, k) times B (k, n), entry by entry, on lists of lists."""
    columns = list(zip(*B.tolist(), strict=True))
    return np.array(
        [[sum(a * b for a, b in zip(row, column, strict=True)) for column in columns] for row in A.tolist()]
    )


def fastest(f, repeats):
    """Seconds of the fastest of several calls."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return min(times)


rng = np.random.default_rng(0)
for size in (16, 32, 64, 128):
    A, B = rng.normal(size=(size, size)), rng.normal(size=(size, size))
    slow, fast = fastest(lambda: product_by_loops(A, B), 1), fastest(lambda: A @ B, 20)
    print(
        f"{size:3} × {size:3}: loops {1000 * slow:7.1f} ms, A @ B {1000 * fast:.4f} ms, {slow / fast:6.0f} times faster"
    )

# %% [markdown] id="parallel-meaning"
# The factor grows with the size, into the hundreds or thousands. Nothing but the order of the work has changed. A
# graphics processor goes further on the same road: it was built to compute millions of pixels at once, for games, and
# pixels and neurons ask for the same sums. The last section shows it where one is at hand.
#
# How far does the road go? If only a share $p$ of the work can be spread over $n$ workers, the rest still takes its
# time. Amdahl's law (1967) gives the speed-up:
#
# $$S(p, n) = \frac{1}{(1-p) + p/n}$$

# %% [markdown] id="amdahl-question" question="predict"
# 95 % of a programme can run in parallel. You give it 1,000 cores. How many times faster does it become?
#
# - [ ] 950 times: that is n · p, as if the other 5 % took no time at all.
# - [x] 20 times, not quite: the 5 % that stay serial cannot become shorter, and 1 / 0.05 = 20.
# - [ ] 1,000 times: that would need p = 1.


# %% id="amdahl-widget" folded=true
def speed_up_figure(p, cores):
    """Speed-up by the number of cores for the share p, with its ceiling; pure."""
    counts = np.unique(np.geomspace(1, 4096, 60).round())
    figure = plots.figure(6.5, 3.4)
    ax = figure.subplots()
    ax.loglog(counts, counts, ":", color=plots.GREY, label="as many times as cores")
    ax.loglog(counts, 1 / (1 - p + p / counts), "-", color=plots.BLUE, label="speed-up")
    if p < 1:
        ax.axhline(1 / (1 - p), color=plots.BLACK, linestyle="--", linewidth=1.5, label="ceiling 1 / (1 − p)")
    ax.plot([cores], [1 / (1 - p + p / cores)], "s", color=plots.VERMILION, markersize=10)
    ax.set(xlabel="cores", ylabel="speed-up", ylim=(0.8, 5000))
    ax.legend(loc="upper left")
    return figure


widgets.explore(
    speed_up_figure,
    dict(
        p=widgets.Slider(0.0, 1.0, 0.95, step=0.01, label="parallel share p"),
        cores=widgets.LogSlider(1, 4096, 1000, label="cores"),
    ),
    alt=lambda p, cores: (
        f"Speed-up against cores for a parallel share of {p:.0%}: {cores:.0f} cores make it "
        f"{1 / (1 - p + p / cores):.1f} times faster."
    ),
    table=lambda p, cores: {"p": p, "cores": cores, "speed-up": 1 / (1 - p + p / cores)},
    title="Amdahl's law",
)

# %% [markdown] id="amdahl-statement" statement="amdahl"
# ### Exercise 2: Amdahl's law
#
# Write `amdahl(p, n)`: `p` is a number from 0 to 1, `n` a number of workers or an array of such numbers. It returns the
# speed-up, a number or an array of the shape of `n`. `n` may be infinite (`np.inf`); then $p/n$ is 0.
#
# Check by hand: `p = 0.5` and `n = 2` give 1 / (0.5 + 0.25) = 1.333….


# %% id="amdahl" exercise=true difficulty=1 by_hand="data plots adaline hebb madaline mcculloch_pitts perceptron"
def amdahl(p, n):
    """Speed-up with n workers (a number or an array) if the share p of the work is parallel."""
    ### BEGIN SOLUTION
    return 1 / ((1 - p) + p / n)
    ### END SOLUTION


# %% [markdown] id="amdahl-hints" hints="amdahl"
# - linear: This is n · p: the serial part takes its time too.
# - time: This is the time that is left: the speed-up is 1 divided by it.
# - swapped: The workers share the parallel part p, not the serial part 1 − p.


# %% id="amdahl-cores" test="amdahl" points=2
@check.exercise("01-history/amdahl")
def one_to_a_hundred_workers():
    """One to a hundred workers"""
    p, n = 0.9, np.array([1.0, 2.0, 5.0, 100.0])
    S = check.call(amdahl, p, n, returns=("S",))
    hints = {
        "linear": lambda right: n * p,
        "time": lambda right: 1 / right,
        "swapped": lambda right: 1 / (p + (1 - p) / n),
    }
    check.close(S, n / (n * (1 - p) + p), name="S", hints=hints)


# %% id="amdahl-hidden" test="amdahl" points=1 hidden=true
@check.exercise("01-history/amdahl", hidden=True)
def all_serial_all_parallel_and_infinitely_many():
    """All serial, all parallel, infinitely many workers, one number"""
    n = np.array([[1.0, 3.0, 10.0], [7.0, 64.0, 2.5]])
    check.close(check.call(amdahl, 0.0, n, returns=("S",)), np.ones((2, 3)), name="S for p = 0")
    check.close(check.call(amdahl, 1.0, n, returns=("S",)), n, name="S for p = 1")
    check.close(check.call(amdahl, 0.8, np.inf, returns=("S",)), 5.0, name="S for p = 0.8 and n = ∞")
    check.close(check.call(amdahl, 0.5, 2, returns=("S",)), 4 / 3, name="S for p = 0.5 and n = 2")


# %% [markdown] id="storm-settled"
# ## What the slogan leaves out
#
# The three parts are real: you have run each of them. The sum is a slogan all the same.
#
# - It leaves out the **algorithms**: backpropagation, better activations and starting weights, normalisation,
#   attention, optimisers. Much of this course is about them.
# - It leaves out the **software** that derives gradients by itself, and the **benchmarks** that told good ideas from
#   bad ones.
# - Its right-hand side is too large. Machine learning is one part of artificial intelligence, which also searches,
#   plans and proves.
#
# The same chapter of the book quotes Gartner: *by 2020 every enterprise software product will have some machine
# learning in it*. That was a forecast, and its date has passed. Read it as a sign of what was hoped for, not as a fact.
# And it says that neural networks exist *since the 1950s*. They begin in 1943, as its own next chapter tells. There the
# museum opens.

# %% [markdown] id="mcp"
# ## Room 1, 1943: a neuron made of logic
#
# Warren McCulloch, a physiologist, and Walter Pitts, a young logician, asked what a network of nerve cells could
# compute if a cell were as simple as possible. The book says that they modelled it *with electric circuits*; what they
# wrote was a logical calculus. Their neuron takes bits and gives a bit. Some inputs excite it, some inhibit it.
#
# $$y = 1 \iff \sum_{\text{excitatory}} x_i \ge \theta \ \text{ and no inhibitory input is active}$$
#
# There are no weights, and it learns nothing. A single inhibitory input is a veto: it silences the cell whatever the
# others say.

# %% id="mcp-run"
bits = data.boolean_inputs(2)
both, none = np.array([True, True]), np.array([False, False])
first, second = np.array([True, False]), np.array([False, True])
print("inputs:      ", ["{:.0f}{:.0f}".format(*row) for row in bits])
print("OR,    θ = 1:", mcculloch_pitts.mcp_neuron(bits, both, none, 1))
print("AND,   θ = 2:", mcculloch_pitts.mcp_neuron(bits, both, none, 2))
print("A AND NOT B: ", mcculloch_pitts.mcp_neuron(bits, first, second, 1))
print("NOT B, θ = 0:", mcculloch_pitts.mcp_neuron(bits, none, second, 0))

# %% [markdown] id="mcp-meaning"
# With $\theta = 0$ the neuron fires in silence, and a veto makes NOT of it. From AND, OR and NOT every circuit can be
# built. That was the point: a brain made of such cells could compute whatever a computer can. How it would *learn* to,
# they did not say.

# %% [markdown] id="mcp-statement" statement="mcp-neuron"
# ### Exercise 3: the neuron of 1943
#
# Write `mcp_neuron(x, excitatory, inhibitory, theta)` for one input: `x (D,)` holds integers 0 and 1, `excitatory` and
# `inhibitory`, both `(D,)`, are arrays of True and False. An input may be neither; then it does not count. The function
# returns the integer 0 or 1.
#
# Check by hand: `x = [1, 1, 1]` with the first two excitatory, the third inhibitory and `theta = 1` gives 0.


# %% id="mcp-neuron" exercise=true difficulty=1 by_hand="data plots adaline hebb madaline mcculloch_pitts perceptron"
def mcp_neuron(x, excitatory, inhibitory, theta):
    """1 if at least theta excitatory inputs of x (D,) are active and no inhibitory one is, else 0."""
    ### BEGIN SOLUTION
    return int(x[excitatory].sum() >= theta and not x[inhibitory].any())
    ### END SOLUTION


# %% [markdown] id="mcp-hints" hints="mcp-neuron"
# - strict: The neuron fires as soon as theta inputs are active: use >=, not >.
# - subtract: An inhibitory input does not count as −1: one that is active silences the neuron, always.
# - ignored: The inhibitory inputs have no effect.
# - all-inputs: Only the excitatory inputs count towards theta.


# %% id="mcp-gates" test="mcp-neuron" points=1
@check.exercise("01-history/mcp-neuron")
def or_and_and():
    """OR and AND"""
    x = data.boolean_inputs(2).astype(int)
    masks = np.array([True, True]), np.array([False, False])
    for theta, table in [(1, [0, 1, 1, 1]), (2, [0, 0, 0, 1])]:
        y = [check.call(mcp_neuron, row, *masks, theta, returns=("y",)) for row in x]
        hints = {"strict": lambda right, theta=theta: [int(row.sum() > theta) for row in x]}
        check.equal(y, table, name=f"y for θ = {theta}", hints=hints)


# %% id="mcp-veto" test="mcp-neuron" points=2
@check.exercise("01-history/mcp-neuron")
def veto_of_an_inhibitory_input():
    """The veto of an inhibitory input, and an input that is neither"""
    x = data.boolean_inputs(4).astype(int)
    excitatory, inhibitory = np.array([True, True, False, False]), np.array([False, False, True, False])
    y = [check.call(mcp_neuron, row, excitatory, inhibitory, 1, returns=("y",)) for row in x]
    excited, inhibited, other = x[:, 0] + x[:, 1], x[:, 2], x[:, 3]
    hints = {
        "subtract": lambda right: [int(v) for v in excited - inhibited >= 1],
        "ignored": lambda right: [int(v) for v in excited >= 1],
        "all-inputs": lambda right: [int(v) for v in (excited + other >= 1) & (inhibited == 0)],
    }
    check.equal(y, [int(e >= 1 and i == 0) for e, i in zip(excited, inhibited, strict=True)], name="y", hints=hints)


# %% id="mcp-hidden" test="mcp-neuron" points=1 hidden=true
@check.exercise("01-history/mcp-neuron", hidden=True)
def silence_one_input_and_many():
    """Silence with θ = 0, one input, and many"""
    no, yes = np.array([False]), np.array([True])
    check.equal(check.call(mcp_neuron, np.array([0]), yes, no, 0, returns=("y",)), 1, name="y in silence, θ = 0")
    check.equal(check.call(mcp_neuron, np.array([1]), no, yes, 0, returns=("y",)), 0, name="y under a veto, θ = 0")
    rng = check.rng(2)
    for D, theta in [(7, 2), (9, 3), (5, 1)]:
        kind = rng.integers(0, 3, D)
        for x in rng.integers(0, 2, (20, D)):
            fires = sum(x[kind == 0]) >= theta and sum(x[kind == 1]) == 0
            y = check.call(mcp_neuron, x, kind == 0, kind == 1, theta, returns=("y",))
            check.equal(y, int(fires), name=f"y for D = {D}, θ = {theta}")


# %% [markdown] id="hebb"
# ## Room 2, 1949: what fires together
#
# Donald Hebb, a psychologist, proposed how nerve cells might learn: if one cell takes part in firing another, the path
# between them grows stronger. With input $x$, output $y$ and a *learning rate* $\eta$ (how large a step is):
#
# $$\Delta w = \eta\, y\, x, \qquad\text{for a whole layer}\qquad \Delta W = \eta\, y\, x^\top$$
#
# No teacher says what is right. Row $k$ of $\Delta W$ belongs to output $k$, so for 3 outputs and 2 inputs it is
# $(3, 2)$. For many pairs the changes add up, in whatever order they come:

# %% id="hebb-outer"
x, y = np.linspace(-1, 1, 8).reshape(4, 2), np.cos(np.arange(12.0)).reshape(4, 3)
change = hebb.hebb_outer(x, y, eta=0.1)
print("shape:", change.shape, "  equal to the sum over the pairs:",
      np.allclose(change, sum(0.1 * np.outer(b, a) for a, b in zip(x, y, strict=True))))  # fmt: skip
print("equal in another order:", np.allclose(change, hebb.hebb_outer(x[::-1], y[::-1], 0.1)))

# %% [markdown] id="hebb-question" question="predict"
# One unit, $y = w \cdot x$, learns by Hebb's rule from points scattered around the origin. How does the length of $w$
# develop?
#
# - [ ] It settles at the spread of the data: nothing in the rule knows when to stop.
# - [ ] It shrinks as often as it grows: a change is along x where y is positive and against x where y is negative, so
#   it never makes |y| smaller.
# - [x] It grows without end: every step adds to it, and the longer it is, the larger the next step.

# %% id="hebb-run"
rng = np.random.default_rng(4)
spread = np.array([[1.5, 0.8], [0.8, 0.8]])
cloud = rng.multivariate_normal([0, 0], spread, 600)
start = np.array([0.4, -0.6])
by_hebb, by_oja = hebb.hebb(cloud, start, 0.02), hebb.oja(cloud, start, 0.02)
direction = np.linalg.eigh(cloud.T @ cloud)[1][:, -1]
for name, path in (("Hebb", by_hebb), ("Oja", by_oja)):
    length = np.linalg.norm(path, axis=1)
    cosine = abs(path[-1] @ direction) / length[-1]
    print(f"{name:4} length after 0, 100, 300, 600 examples:", *(f"{length[n]:.3g}" for n in (0, 100, 300, 600)))
    print(f"     |cos| of the angle to the principal component: {cosine:.4f}")

figure = plots.figure(9, 3.4)
left, right = figure.subplots(1, 2)
left.plot(*cloud.T, ".", color="0.75", markersize=4, linestyle="none")
left.plot(*by_oja.T, "-", color=plots.BLUE, label="w by Oja's rule")
left.annotate("", by_oja[-1], (0, 0), arrowprops={"arrowstyle": "-|>", "color": plots.BLUE, "linewidth": 2.5})
ends = np.outer([-4, 4], direction)
left.plot(*ends.T, "--", color=plots.BLACK, linewidth=1.5, label="principal component")
left.set(xlim=(-4, 4), ylim=(-3, 3), xlabel="$x_1$", ylabel="$x_2$")
left.legend(loc="lower right")
right.semilogy(np.linalg.norm(by_hebb, axis=1), "--", color=plots.VERMILION, label="Hebb")
right.semilogy(np.linalg.norm(by_oja, axis=1), "-", color=plots.BLUE, label="Oja")
right.set(xlabel="examples seen", ylabel="length of w")
right.legend()
plots.show(
    figure,
    alt="Left: a slanted cloud of points; by Oja's rule the weights turn into the long axis of the cloud and stop at "
    "length 1. Right: by Hebb's rule their length grows exponentially, by Oja's it stays near 1.",
)

# %% [markdown] id="oja"
# Hebb's rule finds the direction but not the brake. That something is missing was noticed early: Nathaniel Rochester
# (the book writes *Nathanial*) simulated a network by Hebb's theory at IBM in the 1950s, and the first attempt failed; a
# later one, with inhibition added, did better. For a single unit Erkki Oja published the simplest remedy in 1982. Let
# each weight forget in proportion to the output's square:
#
# $$\Delta w = \eta\, y\,(x - y\,w), \qquad y = w \cdot x$$
#
# Where does it come to rest? On average $y\,x = x x^\top w$ pulls along $Rw$, with $R$ the mean of $x x^\top$, and the
# brake pulls back along $w$. They balance where $R w = \lambda w$ with length 1. Of these, only the one with the
# largest $\lambda$ is stable: the *first principal component*, the direction in which the data vary most. A single
# neuron has done statistics.

# %% [markdown] id="oja-statement" statement="oja-rule"
# ### Exercise 4: Oja's rule
#
# Write `oja(x, w, eta)`: examples `x (N, D)`, starting weights `w (D,)`, learning rate `eta`. Go through the rows in
# order; each example changes the weights by Oja's rule, and the next one meets the new weights. Return the last
# weights, `(D,)`. The array `w` that came in stays as it was.
#
# Check by hand: `x = [[1, 2]]`, `w = [1, 0]`, `eta = 0.5`. The output is $y = 1$, the change
# $0.5 \cdot 1 \cdot ([1, 2] - [1, 0]) = [0, 1]$, the result `[1, 1]`.


# %% id="oja-rule" exercise=true difficulty=2 by_hand="data plots adaline hebb madaline mcculloch_pitts perceptron"
def oja(x, w, eta):
    """Weights (D,) after Oja's rule has seen the rows of x (N, D) in order, from the weights w (D,)."""
    ### BEGIN SOLUTION
    for row in x:
        y = w @ row
        w = w + eta * y * (row - y * w)
    return w
    ### END SOLUTION


# %% [markdown] id="oja-hints" hints="oja-rule"
# - hebb: This is Hebb's rule: the brake is missing.
# - normalised: The weights are not divided by their length: the brake − y w does that by itself, step by step.
# - unsquared: The brake carries y twice: y (x − y w).
# - no-output: The whole bracket is multiplied by the output y.
# - batch: Each example must meet the weights that the one before it left.
# - first: Only the first example was used.


# %% id="oja-one" test="oja-rule" points=2
@check.exercise("01-history/oja-rule")
def one_example():
    """One example"""
    x, w, eta = np.array([[0.9, -0.4, 1.3]]), np.array([0.5, 0.2, 0.7]), 0.3
    y = x[0] @ w
    grown = w + eta * y * x[0]
    hints = {
        "hebb": lambda right: grown,
        "normalised": lambda right: grown / np.linalg.norm(grown),
        "unsquared": lambda right: grown - eta * y * w,
        "no-output": lambda right: w + eta * (x[0] - y * w),
    }
    check.close(check.call(oja, x, w, eta, returns=("w",)), grown - eta * y**2 * w, name="w", hints=hints)


# %% id="oja-many" test="oja-rule" points=2
@check.exercise("01-history/oja-rule")
def five_examples_in_order():
    """Five examples, in order"""
    x, w, eta = np.cos(1.7 * np.arange(20)).reshape(5, 4), np.linspace(-0.6, 0.9, 4), 0.2
    right = w
    for row in x:
        y = right @ row
        right = (1 - eta * y * y) * right + eta * y * row
    y = x @ w
    hints = {
        "batch": lambda right: w + eta * (y @ x - (y @ y) * w),
        "first": lambda right: w + eta * y[0] * (x[0] - y[0] * w),
    }
    check.close(check.call(oja, x, w, eta, returns=("w",)), right, name="w", hints=hints)


# %% id="oja-hidden" test="oja-rule" points=2 hidden=true
@check.exercise("01-history/oja-rule", hidden=True)
def no_step_one_input_and_the_principal_component():
    """No step, one input, and the principal component"""
    rng = check.rng(3)
    for N, D, eta in [(6, 3, 0.0), (1, 1, 0.4), (9, 5, 0.05)]:
        x, w = rng.normal(size=(N, D)), rng.normal(size=D)
        right = w
        for row in x:
            y = right @ row
            right = (1 - eta * y * y) * right + eta * y * row
        check.close(check.call(oja, x, w, eta, returns=("w",)), right, name=f"w for N = {N}, D = {D}, η = {eta}")
    x = rng.normal(size=(1500, 3)) * np.array([0.3, 2.0, 0.7])
    w = check.call(oja, x, np.array([0.5, 0.3, -0.5]), 0.01, returns=("w",))
    component = np.linalg.eigh(x.T @ x)[1][:, -1]
    aligned = bool(abs(w @ component) > 0.98)
    check.equal(aligned, True, name="whether w lies along the principal component after 1,500 examples")


# %% [markdown] id="rosenblatt"
# ## Room 3, 1958: a machine that is told when it is wrong
#
# The 1950s were full of plans. John von Neumann thought of imitating nerve cells with telegraph relays or vacuum tubes,
# and in 1956 a summer project at Dartmouth gave artificial intelligence its name.
#
# Frank Rosenblatt gave the neuron a teacher. His *perceptron* answers 1 or 0, and only a wrong answer changes it:
#
# $$y = H(w \cdot x + b), \qquad w \leftarrow w + \eta\,(t - y)\,x, \qquad b \leftarrow b + \eta\,(t - y)$$
#
# $H$ is the step: 1 where its argument is above 0, else 0. $t$ is the right answer. The *bias* $b$ is minus the
# threshold. The book presents the perceptron as hardware. It was first a programme, on an IBM 704 in 1957 and 1958; the
# machine, the Mark I, followed around 1960. The book also calls it *single-layer* and, in the same chapter, *two-layer*.
# Both can be meant, since a layer of fixed units stood in front; but only **one** layer of weights was trained.
#
# Here are Fisher's irises, four measurements each. Setosa against the two other species, then versicolor against
# virginica:

# %% [markdown] id="iris-question" question="predict"
# The rule stops when it has gone through all flowers without a mistake. What happens to the second pair, which no plane
# separates?
#
# - [ ] It stops at the best plane there is: it never measures how good a plane is.
# - [x] It never stops: as long as some flower is on the wrong side, that flower moves the plane, and another one falls.
# - [ ] The steps become smaller until nothing moves: the step is always η times the flower, small only if η is.

# %% id="iris-run"
flowers, pair = data.iris(), data.iris((1, 2))
order = np.random.default_rng(5).permutation(100)
tasks = {
    "setosa / others": (flowers.x, (flowers.y == 0).astype(int)),
    "versicolor / virginica": (pair.x[order], pair.y[order]),
}
for name, (x, t) in tasks.items():
    unit = perceptron.Perceptron().fit(x, t, epochs=500)
    wrong = int(np.sum(unit.predict(x) != t))
    print(f"{name:23} {len(unit.mistakes)} epochs, mistakes in the last five {unit.mistakes[-5:]}, wrong now: {wrong}")

# %% [markdown] id="rosenblatt-meaning"
# The first task ends after a few rounds with no error at all. The second never ends. Chapter 03 takes the perceptron
# apart: what it can decide, what it cannot, and why *Perceptrons* (1969) by Marvin Minsky **and** Seymour Papert, both
# of them authors, made an impression.

# %% [markdown] id="adaline"
# ## Room 4, 1960: measure before you decide
#
# Bernard Widrow and Ted Hoff built ADALINE, the *adaptive linear element*, at Stanford in 1959 and published it in
# 1960. Its weights were knobs, and later *memistors*, resistors that remember. It looks like a perceptron, and one thing is different. The perceptron asks whether the *answer* was wrong.
# ADALINE asks how far the *sum* was from the target, before it is made into an answer:
#
# $$e = d - w \cdot x, \qquad w \leftarrow w + 2\mu\, e\, x$$
#
# That small change turns the rule into a descent: $-2ex$ is the gradient of $e^2$. The rule is called *least mean
# squares*, LMS. $\mu$ is the step size. (Many texts drop the 2; their $\mu$ is twice ours.)

# %% id="adaline-iris"
for name, (x, t) in tasks.items():
    x, d = (x - x.mean(axis=0)) / x.std(axis=0), 2 * t - 1
    unit = adaline.Adaline(0.001).fit(x, d, epochs=300)
    rows = np.column_stack([x, np.ones(len(x))])
    best = np.mean((rows @ np.linalg.lstsq(rows, d, rcond=None)[0] - d) ** 2)
    errors = ", ".join(f"{unit.errors[n]:.3f}" for n in (0, 29, 299))
    print(f"{name:23} mean e² in epochs 1, 30, 300: {errors}; least possible: {best:.3f};", end=" ")
    print("wrong:", int(np.sum(unit.predict(x) != d)))

# %% [markdown] id="adaline-meaning"
# On both tasks the mean of $e^2$ comes down and settles, near the least value that any weights can have. Where classes
# overlap ADALINE finds a sensible compromise and stays there.
#
# What the book tells of it first is a predictor: it saw the bits on a telephone line and guessed the next one. Feed it
# the last few bits of a stream that repeats itself:

# %% id="next-bit"
stream = np.tile([1, 1, -1, 1, -1, -1, -1], 60).astype(float)
history = adaline.tapped_delay(stream, 7)[:-1]
_, e = adaline.lms(history, stream[1:], mu=0.02)
guesses = np.where(stream[1:] - e > 0, 1, -1)
missed = guesses != stream[1:]
print("bits guessed wrongly among the first 50:", missed[:50].sum(), "  among the last 50:", missed[-50:].sum())

# %% [markdown] id="echo"
# ## The echo on the line
#
# On a long telephone call you may hear yourself, a little later, from the other end. Your voice leaves the far
# loudspeaker, travels around the room, and comes back through the microphone. The room is a filter: what returns is a
# sum of delayed copies of what was sent,
#
# $$d_t = h_0 x_t + h_1 x_{t-1} + \dots + h_{31} x_{t-31} + \text{noise}.$$
#
# Put ADALINE behind a *tapped delay line*, which shows it the last 32 samples, and let it predict what the microphone
# will pick up. Whatever it predicts is echo, and is subtracted. The error $e$ is at once the signal that teaches it and
# the clean signal that goes out.


# %% id="echo-signals"
def telephone_line(noise=0.01, T=8000, length=32, seed=0):
    """Far-end signal (T,), microphone (T,) with its echo and noise, and the room's response (length,)."""
    rng = np.random.default_rng(seed)
    far = rng.normal(size=T)
    room = 0.6 * np.exp(-np.arange(length) / 6) * rng.normal(size=length)
    return far, np.convolve(far, room)[:T] + noise * rng.normal(size=T), room


def decibels(signal):
    """Power of a signal in dB, averaged over 200 samples."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return 10 * np.log10(np.convolve(signal**2, np.ones(200) / 200, mode="same") + 1e-12)


far, microphone, room = telephone_line()
begin = time.perf_counter()
response, left_over = adaline.echo_canceller(far, microphone, taps=32, mu=0.002)
seconds = time.perf_counter() - begin
reduction = 10 * np.log10(np.mean(microphone[-1000:] ** 2) / np.mean(left_over[-1000:] ** 2))
print(f"8,000 samples, 32 taps: echo reduced by {reduction:.0f} dB in the last 1,000 samples, {seconds:.2f} s")
print(f"largest error of a tap: {np.abs(response - room).max():.4f}")

# %% [markdown] id="echo-meaning"
# 42 dB is a factor of 16,000 in power. What is left is the noise of the microphone, which nobody can predict.
#
# One more claim to put right. The book credits MADALINE with the echo filter. The filter has one adaptive linear unit
# and no other: it is ADALINE behind a delay line. MADALINE is the next room. Echo cancellers of this kind came to
# telephone networks after Sondhi's work at Bell Laboratories (1967), and are in every call you make today.
#
# How large may $\mu$ be? Two bounds can be read off the inputs. With $R$ the mean of $x x^\top$, the *mean* of the
# weights converges for $\mu < 1/\lambda_{\max}$, where $\lambda_{\max}$ is the largest eigenvalue of $R$. This bound is
# in most texts. It is not enough: their *spread* stays finite only below about $1/\operatorname{tr} R$. The trace, the sum
# of all eigenvalues, is larger than the largest of them, so this bound is smaller. Try it:

# %% id="bounds-run"
delayed = adaline.tapped_delay(far, 32)
mean_bound, spread_bound = adaline.step_bounds(delayed)
print(f"1 / λmax = {mean_bound:.3f}, 1 / trace = {spread_bound:.3f}")
for mu in (0.002, 0.01, 0.02, 0.04):
    _, left_over = adaline.echo_canceller(far, microphone, 32, mu)
    print(f"μ = {mu:5}: power left after 200 samples {decibels(left_over[:400])[200]:9.0f} dB,", end=" ")
    print(f"at the end {np.median(decibels(left_over)[-600:-200]):6.0f} dB")

# %% [markdown] id="echo-widget-text"
# A step of 0.04 is twenty times below the first bound, and the filter explodes. It is a little above the second.
#
# Now play with it. A small $\mu$ learns slowly and ends clean; a larger one learns fast and stays a little restless;
# beyond $1/\operatorname{tr} R = 1/\text{taps}$ it howls. With fewer than 32 taps the late part of the echo cannot be
# reached. The noise sets the floor.


# %% id="echo-widget" folded=true
def echo_run(mu, taps, noise):
    far, microphone, room = telephone_line(noise, T=4000)
    response, left_over = adaline.echo_canceller(far, microphone, taps, mu)
    return mu, taps, noise, room, response, decibels(microphone), decibels(left_over)


def echo_figure(run):
    """Power of the microphone and of what is left (left), the room's response and the learnt one (right)."""
    mu, taps, noise, room, response, before, after = run
    figure = plots.figure(9.5, 3.5)
    left, right = figure.subplots(1, 2)
    left.plot(before, "--", color=plots.GREY, label="microphone")
    left.plot(np.where(np.isfinite(after), np.minimum(after, 60), 60), "-", color=plots.BLUE, label="what is left")
    left.axhline(20 * np.log10(noise), color=plots.BLACK, linestyle=":", linewidth=1.5, label="noise")
    left.set(xlabel="sample", ylabel="power (dB)", ylim=(-70, 65))
    left.legend(loc="upper right")
    right.stem(np.arange(len(room)), room, linefmt="0.6", markerfmt="o", basefmt=" ", label="room")
    learnt = np.where(np.abs(response) < 3, response, np.nan)
    right.plot(np.arange(taps), learnt, "s", color=plots.VERMILION, markersize=5, label="learnt")
    right.set(xlabel="delay in samples", ylabel="weight", ylim=(-1.2, 1.2))
    right.legend(loc="upper right")
    return figure


def echo_numbers(run):
    mu, taps, noise, room, response, before, after = run
    longest = np.zeros(max(taps, len(room)))
    longest[: len(room)] = room
    longest[:taps] -= response
    return {
        "echo reduced by (dB)": float(np.median(before[-600:-200]) - np.median(after[-600:-200])),
        "largest error of a tap": float(np.abs(longest).max()),
        "μ · taps": mu * taps,
    }


def echo_alt(run):
    numbers = echo_numbers(run)
    if not np.isfinite(numbers["echo reduced by (dB)"]) or numbers["echo reduced by (dB)"] < -5:
        return f"With μ = {run[0]:g} and {run[1]} taps what is left grows without bound: the canceller howls."
    return (
        f"With μ = {run[0]:g} and {run[1]} taps the power falls by {numbers['echo reduced by (dB)']:.0f} dB; the learnt "
        f"weights are within {numbers['largest error of a tap']:.3f} of the room's response."
    )


widgets.explore(
    echo_figure,
    dict(
        mu=widgets.LogSlider(0.0001, 0.2, 0.002, label="step size μ"),
        taps=widgets.Slider(1, 48, 32, label="taps"),
        noise=widgets.LogSlider(0.001, 1, 0.01, label="noise"),
    ),
    compute=echo_run,
    alt=echo_alt,
    table=echo_numbers,
    title="Echo canceller",
)

# %% [markdown] id="lms-statement" statement="lms-rule"
# ### Exercise 5: least mean squares
#
# Write `lms(x, d, taps, mu)`: `x (T,)` is the signal sent, `d (T,)` the one picked up. At time `t` the unit sees
# `u (taps,)`, the newest sample first: `x[t], x[t − 1], …`. Before the start of the signal there are zeros. The weights
# begin at zero. At each time, first measure the error $e_t = d_t - w \cdot u$, then change the weights by
# $2\mu\, e_t\, u$. Return `w (taps,)` after the last step, and `e (T,)`.
#
# Check by hand: `x = [1, 2]`, `d = [3, 1]`, `taps = 1`, `mu = 0.25`. First $e = 3$, and $w$ becomes
# $2 \cdot 0.25 \cdot 3 \cdot 1 = 1.5$. Then $e = 1 - 1.5 \cdot 2 = -2$, and $w$ becomes $1.5 - 2 = -0.5$.


# %% id="lms-rule" exercise=true difficulty=3 by_hand="data plots adaline hebb madaline mcculloch_pitts perceptron"
def lms(x, d, taps, mu):
    """LMS behind a tapped delay line: x (T,), d (T,) -> w (taps,), newest sample first, and the errors e (T,)."""
    ### BEGIN SOLUTION
    w, u, e = np.zeros(taps), np.zeros(taps), np.empty(len(x))
    for t in range(len(x)):
        u = np.append(x[t], u[:-1])
        e[t] = d[t] - w @ u
        w = w + 2 * mu * e[t] * u
    return w, e
    ### END SOLUTION


# %% [markdown] id="lms-hints" hints="lms-rule"
# - after: The error is measured before the weights change, not after.
# - sign: The sign is turned round: the weights must move so that the error becomes smaller.
# - factor: The factor 2 of 2 μ e u is missing.
# - quantised: The error is measured on the sum, not on its sign: that would be the perceptron's rule.
# - reversed: The newest sample comes first: w[0] belongs to x[t].
# - wrapped: Before the start come zeros: x[-1] is the last sample of the signal, not the one before the first.
# - start: The first samples count too: where the past is missing, put zeros.


# %% id="lms-one" test="lms-rule" points=2
@check.exercise("01-history/lms-rule")
def errors_with_one_tap():
    """The errors, with one tap"""
    x, d, mu = np.array([0.8, -0.5, 1.2, 0.3, -0.9]), np.array([1.1, 0.4, -0.7, 0.9, 0.2]), 0.15
    _, e = check.call(lms, x, d, 1, mu, returns=("w", "e"))
    w, quantised = 0.0, []
    for u, target in zip(x, d, strict=True):
        quantised.append(target - (1.0 if w * u > 0 else -1.0))
        w += 2 * mu * quantised[-1] * u
    hints = {
        "after": lambda right: right * (1 - 2 * mu * x**2),
        "sign": lambda right: adaline.lms(x[:, None], d, -mu)[1],
        "factor": lambda right: adaline.lms(x[:, None], d, mu / 2)[1],
        "quantised": lambda right: np.array(quantised),
    }
    check.close(e, adaline.lms(x[:, None], d, mu)[1], name="e", hints=hints)


# %% id="lms-taps" test="lms-rule" points=3
@check.exercise("01-history/lms-rule")
def weights_with_three_taps():
    """The weights, with three taps"""
    x, d, mu = np.cos(1.9 * np.arange(7)), np.linspace(-0.5, 1.4, 7) ** 2, 0.1
    w, e = check.call(lms, x, d, 3, mu, returns=("w", "e"))
    rows = adaline.tapped_delay(x, 3)
    around = np.column_stack([np.roll(x, k) for k in range(3)])
    hints = {
        "reversed": lambda right: right[::-1],
        "wrapped": lambda right: adaline.lms(around, d, mu)[0],
        "start": lambda right: adaline.lms(rows[2:], d[2:], mu)[0],
    }
    check.close(w, adaline.lms(rows, d, mu)[0], name="w", hints=hints)


# %% id="lms-room" test="lms-rule" points=1
@check.exercise("01-history/lms-rule")
def it_finds_the_response_of_a_room():
    """It finds the response of a room"""
    x, room = np.cos(0.7 * np.arange(400) ** 1.5), np.array([0.9, -0.4, 0.2])
    w, _ = check.call(lms, x, np.convolve(x, room)[:400], 3, 0.05, returns=("w", "e"))
    check.close(w, room, name="w", atol=0.01)


# %% id="lms-hidden" test="lms-rule" points=2 hidden=true
@check.exercise("01-history/lms-rule", hidden=True)
def one_sample_no_step_and_a_step_too_large():
    """One sample, fewer samples than taps, no step, a step too large"""
    rng = check.rng(4)
    for T, taps, mu in [(1, 3, 0.1), (4, 6, 0.2), (9, 2, 0.0), (30, 5, 0.6)]:
        x, d = rng.normal(size=T), rng.normal(size=T)
        w, e = check.call(lms, x, d, taps, mu, returns=("w", "e"))
        right_w, right_e = adaline.lms(adaline.tapped_delay(x, taps), d, mu)
        check.close(e[0], d[0], name=f"e[0] for T = {T}, {taps} taps, μ = {mu}")
        check.close(e, right_e, name=f"e for T = {T}, {taps} taps, μ = {mu}")
        check.close(w, right_w, name=f"w for T = {T}, {taps} taps, μ = {mu}")


# %% [markdown] id="madaline"
# ## Room 5, 1962: many ADALINEs and a committee
#
# One ADALINE draws one line. XOR (one or the other, but not both) needs two. MADALINE, *many ADALINEs*, puts several
# side by side and lets a fixed gate decide, an OR or a vote. How shall it learn? The gate and the quantisers are steps,
# and a step has no slope to follow. So the inventors asked a different question: *which unit would have to change its
# mind, and which could do so most easily?* With an OR at the end, targets −1 and +1, and a unit that votes +1 where its
# sum $z_k = w_k \cdot x + b_k$ is above 0, **rule I** says:
#
# - The answer is right: change nothing.
# - It should be +1 and is −1: one unit is enough. Take the one whose $z_k$ is nearest zero, and move it towards +1.
# - It should be −1 and is +1: every unit with $z_k > 0$ must give way. Move each towards −1.
#
# To *move towards* $t$ is one step of LMS without the 2: $w_k \leftarrow w_k + \eta\,(t - z_k)\,x$ and
# $b_k \leftarrow b_k + \eta\,(t - z_k)$.

# %% id="madaline-run"
corners, xor = 2 * data.boolean_inputs(2) - 1, np.array([-1, 1, 1, -1])
nets = [madaline.Madaline(2, 2, np.random.default_rng(seed)).fit(corners, xor, epochs=100) for seed in range(100)]
solved = [net for net in nets if net.errors[-1] == 0]
median = np.median([len(net.errors) for net in solved])
print(f"XOR with two units and OR: {len(solved)} of 100 starts learn it, half of them within {median:.0f} epochs")
slow_nets = [madaline.Madaline(2, 2, np.random.default_rng(s), eta=0.1).fit(corners, xor, 100) for s in range(100)]
print(f"the same with η = 0.1: {sum(net.errors[-1] == 0 for net in slow_nets)} of 100")
for gate in ("or", "majority"):
    many = [madaline.Madaline(2, 3, np.random.default_rng(s), gate).fit(corners, xor, 100) for s in range(100)]
    print(f"three units, {gate}: {sum(net.errors[-1] == 0 for net in many)} of 100")

figure = plots.figure(8, 3.6)
for ax, net, title in zip(figure.subplots(1, 2), (nets[0], nets[3]), ("start 0", "start 3"), strict=True):
    plots.decision_region(ax, lambda p, net=net: (net.predict(p) > 0).astype(int), ((-2, 2), (-2, 2)))
    plots.points(ax, corners, (xor > 0).astype(int), size=110)
    ends = np.array([-2.0, 2.0])
    for w, b in zip(net.W, net.b, strict=True):
        ax.plot(ends, -(w[0] * ends + b) / w[1], "--", color=plots.GREEN, linewidth=1.5)
    ax.set(title=title, xlabel="$x_1$", ylabel="$x_2$", ylim=(-2, 2), aspect="equal")
plots.show(
    figure,
    alt="Two trained MADALINEs on the four corners of XOR: each has two lines, one for each unit, and the answer is +1 "
    "on the far side of either, where the corners with different signs lie.",
)

# %% [markdown] id="madaline-meaning"
# It works, and only the first layer has learnt: the OR was wired by hand. Nobody knew how to train the layer behind as
# well. The book says that the rule of Widrow and Hoff was later *extended to several layers*, and that is right if one
# adds what made it possible: quantisers gave way to smooth functions with a slope, and the chain rule did the rest.

# %% [markdown] id="madaline-statement" statement="madaline-rule"
# ### Exercise 6: rule I
#
# Write `rule_one(x, t, W, b, eta)` for one example: `x (D,)`, the right answer `t` (−1 or +1), `K` units with weights
# `W (K, D)` and biases `b (K,)`, and an OR behind them. It returns new arrays `W` and `b`; those that came in stay as
# they were. If the answer is right, the new ones are equal to the old. Of two sums equally near zero take the first.
#
# Check by hand: `x = [1, −1]`, `t = 1`, `W = [[1, 2], [0, 1]]`, `b = [0, 0.5]`, `eta = 0.5`. The sums are −1 and −0.5,
# so the answer is −1, and wrong. The second unit is nearest; $t - z = 1.5$, so its weights become
# `[0, 1] + 0.75 · [1, −1] = [0.75, 0.25]` and its bias 1.25.


# %% id="madaline-rule" exercise=true difficulty=2 by_hand="data plots adaline hebb madaline mcculloch_pitts perceptron"
def rule_one(x, t, W, b, eta):
    """Rule I for one example x (D,), t = -1 or 1, with an OR of K units: new W (K, D) and b (K,)."""
    ### BEGIN SOLUTION
    z = W @ x + b
    moved = np.zeros(len(b))
    if t == 1 and not np.any(z > 0):
        moved[np.argmin(np.abs(z))] = 1.0
    elif t == -1:
        moved[z > 0] = 1.0
    step = eta * moved * (t - z)
    return W + np.outer(step, x), b + step
    ### END SOLUTION


# %% [markdown] id="madaline-hints" hints="madaline-rule"
# - always: The answer was right: then nothing changes.
# - all-missed: To get a +1 one unit is enough, the one whose sum is nearest zero: leave the others alone.
# - farthest: Take the unit whose sum is nearest zero, not the one farthest from it.
# - fixed: The step is η (t − z): how far the sum is from the target, not only in which direction.
# - bias: The bias moves too.
# - one-missed: To get a −1 every unit with a positive sum must give way, not only one.
# - every-missed: Units whose sum is not positive already vote −1: leave them alone.


# %% id="madaline-case" given=true
def committee():
    """Four units on three inputs, the same on every machine: x (3,), W (4, 3)."""
    return np.array([0.8, -1.1, 0.5]), np.cos(1.4 * np.arange(12) + 0.5).reshape(4, 3)


# %% id="madaline-right" test="madaline-rule" points=1
@check.exercise("01-history/madaline-rule")
def right_answer():
    """A right answer changes nothing"""
    x, W = committee()
    for t, z in [(1, np.array([-0.4, 0.6, -1.5, 0.9])), (-1, np.array([-0.4, -0.7, -1.5, -0.2]))]:
        b = z - W @ x
        new, _ = check.call(rule_one, x, t, W, b, 0.3, returns=("W", "b"))
        nearest = np.argmin(np.abs(z))
        units = {"nearest": np.arange(4) == nearest, "all": np.ones(4, bool)}
        steps = {name: np.outer(0.3 * chosen * (t - z), x) for name, chosen in units.items()}
        hints = {"always": lambda right, W=W, new=new, steps=steps: new if any(
            np.allclose(new, W + step) for step in steps.values()) else None}  # fmt: skip
        check.close(new, W, name=f"W for t = {t}", hints=hints)


# %% id="madaline-plus" test="madaline-rule" points=2
@check.exercise("01-history/madaline-rule")
def missed_plus_one():
    """+1 was missed: the nearest unit moves"""
    x, W = committee()
    z, eta = np.array([-0.9, -1.6, -0.3, -0.7]), 0.3
    b = z - W @ x
    new, new_b = check.call(rule_one, x, 1, W, b, eta, returns=("W", "b"))

    def moved(chosen, size):
        return W + np.outer(eta * np.array(chosen) * size, x)

    hints = {
        "all-missed": lambda right: moved([1, 1, 1, 1], 1 - z),
        "farthest": lambda right: moved([0, 1, 0, 0], 1 - z),
        "fixed": lambda right: new if any(
            np.allclose(new, moved([0, 0, 1, 0], size)) for size in (1.0, 2.0)) else None,
    }  # fmt: skip
    check.close(new, moved([0, 0, 1, 0], 1 - z), name="W", hints=hints)
    right_b = b + eta * np.array([0, 0, 1, 0]) * (1 - z)
    check.close(new_b, right_b, name="b", hints={"bias": lambda right: b})


# %% id="madaline-minus" test="madaline-rule" points=2
@check.exercise("01-history/madaline-rule")
def missed_minus_one():
    """−1 was missed: every positive unit gives way"""
    x, W = committee()
    z, eta = np.array([0.6, -0.8, 1.3, -0.1]), 0.4
    b = z - W @ x
    new, new_b = check.call(rule_one, x, -1, W, b, eta, returns=("W", "b"))

    def moved(chosen):
        return W + np.outer(eta * np.array(chosen) * (-1 - z), x)

    hints = {
        "one-missed": lambda right: new if any(
            np.allclose(new, moved(c)) for c in ([1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0])) else None,
        "every-missed": lambda right: moved([1, 1, 1, 1]),
    }  # fmt: skip
    check.close(new, moved([1, 0, 1, 0]), name="W", hints=hints)
    check.close(new_b, b + eta * np.array([1, 0, 1, 0]) * (-1 - z), name="b")


# %% id="madaline-hidden" test="madaline-rule" points=2 hidden=true
@check.exercise("01-history/madaline-rule", hidden=True)
def one_unit_and_many_random_committees():
    """One unit, equal sums, and many random committees"""
    rng = check.rng(5)
    for K, D in [(1, 2), (3, 1), (5, 4), (2, 6)]:
        for t in (1, -1, 1, -1):
            x, W, b = rng.normal(size=D), rng.normal(size=(K, D)), rng.normal(size=K) - 0.5 * t
            W_right, b_right = madaline.rule_one(x, t, W, b, 0.25)
            W_new, b_new = check.call(rule_one, x, t, W, b, 0.25, returns=("W", "b"))
            check.close(W_new, W_right, name=f"W for K = {K}, D = {D}, t = {t}")
            check.close(b_new, b_right, name=f"b for K = {K}, D = {D}, t = {t}")
    x, W, b = np.array([1.0]), np.array([[0.5], [0.0]]), np.array([-1.0, -0.5])
    W_new, _ = check.call(rule_one, x, 1, W, b, 0.5, returns=("W", "b"))
    check.close(W_new, np.array([[1.25], [0.0]]), name="W for two sums equally near zero")


# %% [markdown] id="hopfield"
# ## A window to a later room, 1982
#
# Then came the silence that the timeline below shades. Among those who ended it was the physicist John Hopfield. He
# took Hebb's rule, let every neuron be input and output at once, and saw that the network then has an *energy*:
#
# $$E(s) = -\tfrac12\, s^\top W s, \qquad s_i = \pm 1$$
#
# Set one neuron after another to the sign of its sum, and $E$ never rises. What was stored lies at the bottom of a
# valley, and a damaged copy rolls down into it.

# %% id="hopfield-run"
rng = np.random.default_rng(6)
stored = rng.choice([-1.0, 1.0], (3, 80))
W = hebb.hebb_outer(stored, stored, 1 / 80) * (1 - np.eye(80))
s = stored[0] * np.where(rng.random(80) < 0.2, -1, 1)
print(f"damaged: {int(np.sum(s != stored[0]))} of 80 wrong, energy {-0.5 * s @ W @ s:.1f}")
for sweep in (1, 2):
    for i in range(80):
        s[i] = 1.0 if W[i] @ s > 0 else -1.0
    print(f"sweep {sweep}: {int(np.sum(s != stored[0]))} of 80 wrong, energy {-0.5 * s @ W @ s:.1f}")

# %% [markdown] id="hopfield-meaning"
# A memory that is asked by showing it a part of what it knows. Chapter 08 builds it in earnest.

# %% [markdown] id="timeline"
# ## One timeline
#
# The book tells the story in its chapters 1, 2 and 3, and the three do not agree:
# the winter of artificial intelligence is *from the mid-1980s to the early 1990s* in the first, *until 1981* in the
# second, and *in the late 1970s* and *1985–1990* in the third. There were two winters, roughly 1974–1980 and 1987–1993.
# Here is one list. In brackets stands what the book has, where that differs; after the arrow, the chapter of this course
# in which the machine runs.

# %% id="timeline-table" folded=true
WINTERS = [(1974, 1980), (1987, 1993)]
TIMELINE = [
    (1943, "McCulloch and Pitts: a neuron made of logic", "networks exist since the 1950s (ch. 1)", "01"),
    (1949, "Hebb: The Organization of Behavior", "", "01"),
    (1951, "Minsky and Edmonds: SNARC, a learning machine of 40 units", "", ""),
    (1956, "Rochester simulates Hebb's theory; Dartmouth summer project", "writes Nathanial", "01"),
    (1958, "Rosenblatt: the perceptron, first a programme", "hardware first; one layer and two layers", "03"),
    (1960, "Widrow and Hoff: ADALINE and LMS", "1959, the year it was built", "01"),
    (1962, "MADALINE, rule I", "1959, and credited with the echo filter", "01"),
    (1965, "Ivakhnenko and Lapa: networks of many layers", "extra layers only in 1975", "02"),
    (1967, "Sondhi: the adaptive echo canceller", "", "01"),
    (1969, "Minsky and Papert: Perceptrons", "reads as if the book were Papert's alone", "03"),
    (1970, "Linnainmaa: reverse-mode differentiation", "", "06"),
    (1974, "first winter, to 1980; Werbos: backpropagation in a thesis", "a winter until 1981", "07"),
    (1980, "Fukushima: the Neocognitron, developed in 1979", "Neoconitron; 1980 and 1979 (ch. 3)", "02"),
    (1982, "Hopfield: memory as a landscape of energy", "", "08"),
    (1982, "Oja: the neuron that finds the principal component", "", "01"),
    (1986, "Rumelhart, Hinton and Williams make backpropagation known", "its invention", "07"),
    (1987, "second winter, to 1993; first IEEE conference on networks, 1,800 people", "", ""),
    (1989, "LeCun: convolution and backpropagation read postcodes", "", "18"),
    (1992, "Weng: Cresceptron finds objects in photographs", "", ""),
    (1997, "Hochreiter and Schmidhuber: LSTM", "", "21"),
    (2006, "Hinton and Salakhutdinov: pre-training layer by layer", "mid-2000s", "08"),
    (2009, "NIPS workshop on speech: with enough data, no pre-training", "", ""),
    (2012, "AlexNet wins ImageNet; Google's cat neuron", "", "02"),
    (2014, "DeepFace, 97.35 % on LFW; Google buys DeepMind", "DeepFace in 2015", ""),
    (2016, "AlphaGo beats Lee Sedol 4–1", "Lee as the reigning number one", ""),
    (2017, "the transformer", "the history ends here", "35"),
    (2018, "Turing Award for Bengio, Hinton and LeCun", "", ""),
    (2020, "AlphaFold predicts the shape of proteins", "", ""),
    (2022, "image generators by diffusion; ChatGPT", "", "37"),
    (2024, "Nobel Prizes: Hopfield and Hinton (physics); Hassabis and Jumper, with Baker (chemistry)", "", "08"),
]
print("year  what happened, what the book has where it differs, chapter of this course")
for year, event, book, where in TIMELINE:
    print(f"{year}  {event}{f' [{book}]' if book else ''}{f' → {where}' if where else ''}")


# %% id="timeline-widget" folded=true
def timeline_figure(step):
    """All events on one axis, the winters shaded, the chosen one named."""
    figure = plots.figure(9.5, 2.8)
    ax = figure.subplots()
    for start, end in WINTERS:
        ax.axvspan(start, end, color=plots.SKY, alpha=0.45)
        ax.text((start + end) / 2, 1.25, "winter", ha="center", fontsize=10)
    ax.plot([1940, 2026], [0, 0], "-", color=plots.GREY, linewidth=1.2)
    here = np.array([bool(where) for _, _, _, where in TIMELINE])
    years = np.array([year for year, *_ in TIMELINE])
    ax.plot(years[here], 0 * years[here], "o", color=plots.BLUE, label="runs in this course", linestyle="none")
    ax.plot(years[~here], 0 * years[~here], "s", color="0.6", label="only told", linestyle="none")
    year, event, book, where = TIMELINE[step]
    ax.plot([year], [0], "o", markersize=17, markerfacecolor="none", color=plots.VERMILION, markeredgewidth=2.5)
    side = "left" if year < 1965 else "right" if year > 2000 else "center"
    ax.text(year, 0.55, f"{year}: {event}", ha=side, fontsize=11, weight="bold")
    if book:
        ax.text(year, -0.75, f"book: {book}", ha=side, fontsize=10)
    ax.set(xlim=(1939, 2027), ylim=(-1.6, 1.7), yticks=[])
    ax.spines["left"].set_visible(False)
    ax.legend(loc="lower center", ncols=2)
    return figure


widgets.explore(
    timeline_figure,
    dict(
        step=widgets.Steps(
            [f"{n}. {year}" for n, (year, *_) in enumerate(TIMELINE, 1)], play=True, interval=1500, label="year"
        )
    ),
    alt=lambda step: (
        f"A line of years from 1943 to 2024 with two winters shaded. {TIMELINE[step][0]}: {TIMELINE[step][1]}."
    ),
    table=lambda step: {
        "year": TIMELINE[step][0],
        "event": TIMELINE[step][1],
        "the book": TIMELINE[step][2],
        "chapter": TIMELINE[step][3],
    },
    title="Eighty years",
)

# %% [markdown] id="mended"
# ## What else to mend in the book's history
#
# - **1986 was not an invention.** Rumelhart, Hinton and Williams made backpropagation known. The method, reverse-mode
#   differentiation, is Linnainmaa's of 1970, and Werbos proposed it for networks in 1974 and 1982. LeCun and Parker
#   found it for themselves in 1985; with Rumelhart's they are the book's *three independent groups*.
# - **"A very accurate result."** On the examples it was trained on, yes. Whether it is right on new ones is another
#   question, *generalisation*, and chapter 10 is about it.
# - **MADALINE did not become backpropagation.** Rule I moves only the first layer, and follows no gradient.
# - **DeepFace** is of 2014: 97.35 % on the set *Labeled Faces in the Wild*, with more than 120 million parameters
#   trained on four million faces.
# - **AlphaGo** won 4–1 in March 2016. Lee Sedol, a 9-dan with 18 world titles, was one of the greatest players, but not
#   number one at the time.
# - **"If it works in nature, it must be able to work in computers"** is rhetoric. Nature also shows that something is
#   possible without telling how. Aeroplanes do not flap.
# - **The winters** had many reasons, promises above all. The book's list of fears, from Asimov's robots to HAL, belongs
#   to them least.
#
# And since 2017: transformers (chapter 35) replaced recurrent networks for language, then for much else. AlphaFold
# predicted the shapes of proteins in 2020. Diffusion models made pictures from sentences, and ChatGPT made language
# models a household word, both in 2022. The Turing Award of 2018 went to Bengio, Hinton and LeCun, and the Nobel Prizes
# of 2024 to Hopfield and Hinton in physics, and to Baker, Hassabis and Jumper in chemistry.
#
# The book closes with a sober sentence, and there it is right. The promise is not machines that think like people. It is
# that enough data, fast processors and good algorithms do what only people could do before.

# %% [markdown] id="torch"
# ## The same in PyTorch, and what a GPU changes
#
# ADALINE is the smallest network that PyTorch can train: one linear layer, the squared error, plain gradient descent,
# one example at a time. With the learning rate $\mu$ it takes the steps of LMS, and the factor 2 comes out of the
# derivative of $e^2$.

# %% id="torch-check"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    torch.set_num_threads(1)
    rows, heard = adaline.tapped_delay(far[:300], 8).copy(), microphone[:300]
    unit = torch.nn.Linear(8, 1, bias=False, dtype=torch.float64)
    torch.nn.init.zeros_(unit.weight)
    descent = torch.optim.SGD(unit.parameters(), lr=0.01)
    for u, target in zip(torch.from_numpy(rows), heard, strict=True):
        descent.zero_grad()
        ((unit(u) - target) ** 2).sum().backward()
        descent.step()
    ours, _ = adaline.lms(rows, heard, mu=0.01)
    difference = np.abs(unit.weight.detach().numpy()[0] - ours).max()
    print(f"largest difference of the weights after 300 samples: {difference:.1e}")
    size = 1024
    A = torch.randn(size, size)
    rate = 2 * size**3 / fastest(lambda: A @ A, 5) / 1e9
    print(f"{size} × {size} in single precision on the processor: {rate:.0f} billion operations a second")
    if torch.cuda.is_available():
        G = A.cuda()

        def on_the_gpu():
            _ = G @ G
            torch.cuda.synchronize()

        on_the_gpu()
        rate = 2 * size**3 / fastest(on_the_gpu, 5) / 1e9
        print(f"the same on the GPU: {rate:.0f} billion operations a second")

# %% [markdown] id="gpu"
# On a GPU the product of two large matrices becomes many times faster. LMS does not become faster at all: each of its
# steps needs the weights that the one before it left, so nearly all of it is Amdahl's serial part. The networks
# that won after 2012 were those whose work is made of large products. This is one reason for *mini-batches*, in chapter
# 05.

# %% [markdown] id="common-mistakes"
# ## Common mistakes
#
# - **A slogan taken for a definition.** Machine learning is not all of artificial intelligence, and data and processors
#   are not all of machine learning.
# - **`n * p` for the speed-up.** The serial part sets a ceiling, $1/(1-p)$, whatever the number of cores.
# - **Inhibition as a weight of −1.** In 1943 it was a veto.
# - **Hebb's rule without a brake.** It finds a direction and then overflows.
# - **The quantised answer in the error of LMS.** That is Rosenblatt's rule: where the answer is right it learns nothing.
# - **The error measured after the step.** It looks better than what the listener would have heard.
# - **$\mu$ just below $1/\lambda_{\max}$.** The mean would converge, the weights do not.

# %% [markdown] id="rules-quiz" question="quiz"
# An example with the right answer +1 gives the sum 0.4. How does Rosenblatt's rule change the weights, and how LMS?
#
# - [ ] Both by the same amount: the perceptron looks at the answer, and that is right already.
# - [x] The perceptron not at all, LMS a little: the answer is right, so Rosenblatt's rule rests; the sum is 0.6 below
#   its target, so LMS moves on.
# - [ ] LMS not at all, the perceptron by one step: it is the other way round.

# %% [markdown] id="outer-quiz" question="quiz"
# Hebb's rule for a layer with 5 inputs and 3 outputs: which shape has $\Delta W = \eta\, y\, x^\top$ in this course?
#
# - [ ] (5, 3): that would be $x\, y^\top$, its transpose.
# - [x] (3, 5): one row for each output, one column for each input, as in all of this course.
# - [ ] (5,): that is one output alone.

# %% [markdown] id="winter-quiz" question="quiz"
# When were the two winters of artificial intelligence, roughly?
#
# - [ ] One winter, from 1969 to 1981: the first began some years after *Perceptrons*, and there was a second one.
# - [x] About 1974–1980 and 1987–1993: after promises were not kept, both times.
# - [ ] 1985–1990 and 2000–2006: 1986 was a spring, and in the early 2000s other methods were ahead, but money was there.

# %% [markdown] id="questions"
# ## To think about
#
# 1. Which gates can one neuron of McCulloch and Pitts compute that has no inhibitory inputs? Is NOT among them?
# 2. Oja's rule with a negative $\eta$: what would it do?
# 3. The far speaker is silent and somebody near the microphone speaks. What does the echo canceller learn?
# 4. A network with 100 million multiplications per example learns from a million examples, ten times over; a step back
#    costs about two steps forward. How many operations is that, and how long would a processor take that does 10 billion
#    a second?
#
# <details><summary>Answers</summary>
#
# 1. Only those that never answer 0 after one more input becomes active: OR, AND, majority and the like. NOT is not.
# 2. It would run away from every direction with much variance and grow: no rest is stable there.
# 3. Nothing, if the far signal is exactly zero: every step is a multiple of it. If a little noise is left, it chases the
#    near voice with meaningless weights. Real devices stop learning then.
# 4. 10⁸ multiplications and as many additions, times three for both directions, times 10⁷ examples: 6·10¹⁵ operations,
#    600,000 seconds, a week. On ten thousand billion a second it is ten minutes.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# McCulloch and Pitts, *A logical calculus of the ideas immanent in nervous activity* (1943). Hebb, *The Organization of
# Behavior* (1949). Rosenblatt, *The perceptron*, *Psychological Review* 65 (1958). Widrow and Hoff, *Adaptive switching
# circuits* (1960). Widrow and Lehr, *30 years of adaptive neural networks*, *Proceedings of the IEEE* 78 (1990), for
# ADALINE, MADALINE and their rules. Amdahl, *Validity of the single processor approach* (1967). Sondhi, *An adaptive echo
# canceler*, *Bell System Technical Journal* 46 (1967). Oja, *A simplified neuron model as a principal component
# analyzer*, *Journal of Mathematical Biology* 15 (1982). Taigman and others, *DeepFace* (2014).
#
# Next: what *deep* means, and the first machines that were.
