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
#     title: Computational graphs and the chain rule
#     minutes: 120
#     needs: ["03-perceptron", "05-gradient-descent"]
#     book: [14, 15]
# ---

# %% [markdown] id="title"
# # Computational graphs and the chain rule: how a network finds its gradient
#
# **After this page you can** draw an expression as a graph, run the chain rule through it in both directions, write an engine that does so for any
# expression, and work out by hand what every weight of a small network receives.
#
# **Time** 40 minutes to read, 80 for the four exercises. **You need** a [sigmoid unit](../03-perceptron/03-perceptron.ipynb),
# [gradient descent](../05-gradient-descent/05-gradient-descent.ipynb), partial derivatives, and Python classes.

# %% id="setup" given=true
import numpy as np

from dlbook import check, nn

np.set_printoptions(suppress=True)

# %% [markdown] id="idea"
# ## An expression is a graph
#
# Gradient descent needs the derivative of one number, the loss, with respect to every weight. Networks have thousands of weights, or billions, and yet
# computing all these derivatives costs only a few times as much as computing the loss. This page shows why.
#
# Take an expression small enough to follow by hand:
#
# $$e = (a + b)\,(b + 1)$$
#
# A computer doesn't see a formula. It does one operation after another and gives each result a name: $c = a + b$, then $d = b + 1$, then $e = c\,d$.
# Every name is a **node**. An arrow, an **edge**, goes from each node to the nodes that are computed from it. With $a = 2$ and $b = 1$:
# %% id="example-graph"
from dlbook import autograd

a, b = autograd.Value(2.0, label="a"), autograd.Value(1.0, label="b")
c = a + b
d = b + 1
e = c * d
c.label, d.label, e.label = "c", "d", "e"
autograd.draw(e, gradients=False, partials=True)

# %% [markdown] id="edges"
# The numbers on the arrows are **edge derivatives**: how fast the node at the tip moves when the node at the tail moves and everything else stays.
# Two rules of calculus give them all:
#
# $$\frac{\partial (a+b)}{\partial a} = 1 \qquad\qquad \frac{\partial (c\,d)}{\partial c} = d, \quad \frac{\partial (c\,d)}{\partial d} = c$$
#
# So $\partial c/\partial a = \partial c/\partial b = \partial d/\partial b = 1$, while $\partial e/\partial c = d = 2$ and $\partial e/\partial d = c = 3$.
# Each edge needs to know only its own operation. Nothing here looks at the whole formula.

# %% [markdown] id="nudge-question" question="predict"
# Now $b$ moves from 1 to 1.001. By roughly how much does $e$ move?
#
# - [ ] 0.002: that is the way through $c$ alone, where $b$ counts once and is multiplied by $d = 2$.
# - [ ] 0.003: that is the way through $d$ alone, where $b$ counts once and is multiplied by $c = 3$.
# - [x] 0.005: $b$ moves $c$ and $d$ at the same time, and both effects reach $e$; they add.
# - [ ] 0.006: the edge derivatives 2 and 3 lie on different paths; they are added, not multiplied.


# %% id="nudge"
def expression(a, b):
    return (a + b) * (b + 1)


for name, moved in [("a", expression(2.001, 1)), ("b", expression(2, 1.001))]:
    print(f"{name} grows by 0.001: e grows by {moved - expression(2, 1):.6f}")

# %% [markdown] id="paths"
# ## Sum over paths
#
# There is one path from $a$ to $e$ and there are two from $b$. Along a path the edge derivatives multiply: that is the chain rule for one variable. The results of
# all paths add: that is the chain rule for several variables.
#
# $$\frac{\partial e}{\partial a} = 1 \cdot 2 = 2 \qquad\qquad \frac{\partial e}{\partial b} = 1 \cdot 2 + 1 \cdot 3 = 5$$
#
# The next cell walks every path, one by one. An edge is a triple: from, to, derivative.

# %% id="walk-paths" given=true
EXAMPLE = [("a", "c", 1.0), ("b", "c", 1.0), ("b", "d", 1.0), ("c", "e", 2.0), ("d", "e", 3.0)]


def all_paths(edges, source, target):
    """Every path from source to target, each as a list of its edges (from, to, derivative)."""
    if source == target:
        return [[]]
    return [[edge, *rest] for edge in edges if edge[0] == source for rest in all_paths(edges, edge[1], target)]


# %% id="list-paths"
for source in "ab":
    paths = all_paths(EXAMPLE, source, "e")
    for path in paths:
        names = " → ".join([source] + [edge[1] for edge in path])
        print(f"{names}: {' · '.join(f'{edge[2]:g}' for edge in path)} = {np.prod([edge[2] for edge in path]):g}")
    print(f"∂e/∂{source} = {sum(np.prod([edge[2] for edge in path]) for path in paths):g}\n")

# %% [markdown] id="explosion"
# ## Too many paths
#
# Walking every path is correct and hopeless. Let three edges $\alpha, \beta, \gamma$ lead from $X$ to $Y$ and three more, $\delta, \varepsilon, \zeta$, from $Y$ to $Z$.
# There are nine paths, and each further node multiplies their number by three. But the nine products factor:
#
# $$\frac{\partial Z}{\partial X} = \alpha\delta + \alpha\varepsilon + \alpha\zeta + \beta\delta + \dots + \gamma\zeta = (\alpha + \beta + \gamma)\,(\delta + \varepsilon + \zeta)$$
#
# The right side touches each edge once. It gathers at $Y$ what all paths so far have brought, and continues with the sum. Keeping such partial results instead of
# computing them again is called **dynamic programming**.

# %% id="factor"
XYZ = [("X", "Y", w) for w in (0.5, -1.0, 2.0)] + [("Y", "Z", w) for w in (3.0, 0.25, -0.75)]
paths = all_paths(XYZ, "X", "Z")
print(f"{len(paths)} paths, summed: {sum(np.prod([edge[2] for edge in path]) for path in paths):g}")
print(f"factored: ({0.5 - 1 + 2:g}) · ({3 + 0.25 - 0.75:g}) = {(0.5 - 1 + 2) * (3 + 0.25 - 0.75):g}")

# %% [markdown] id="path-widget-text"
# How fast do the paths multiply? Choose the number of layers in the chain and the number of parallel edges in each.

# %% id="path-widget" folded=true
from dlbook import plots
from dlbook.widgets import Slider, explore


def path_figure(layers, width):
    """Paths and edges of a chain, for 1 to `layers` layers of `width` parallel edges."""
    depth = np.arange(1, layers + 1)
    figure = plots.figure(6, 3.2)
    ax = figure.subplots()
    ax.plot(depth, float(width) ** depth, marker="o", label="paths")
    ax.plot(depth, width * depth, marker="s", label="edges")
    ax.set(xlabel="layers", ylabel="count", yscale="log")
    ax.legend()
    return figure


explore(
    path_figure,
    dict(layers=Slider(2, 40, 12, label="layers"), width=Slider(2, 8, 3, label="edges in each layer")),
    alt=lambda layers, width: (
        f"{layers} layers of {width} edges: {width**layers:,} paths, but {width * layers} edges to touch."
    ),
    table=lambda layers, width: {"paths": f"{width**layers:,}", "edges": width * layers},
    title="Paths against edges",
)

# %% [markdown] id="sum_over_paths-statement" statement="sum_over_paths"
# ### Exercise 1: sum over paths, without walking the paths
#
# Write `sum_over_paths(edges, source, target)`. `edges` is a list of triples `(start, end, derivative)`. They come in the order of evaluation: all edges that
# lead into a node stand before the edges that leave it. Two edges may join the same pair of nodes. Return the sum over all paths from `source` to `target` of the product
# of the derivatives along the path; 0.0 where no path leads there.
#
# Touch each edge once. A hidden test has thirty layers of three edges: two hundred million million paths.
#
# Check by hand: `sum_over_paths(EXAMPLE, "b", "e")` is 5.0, and `sum_over_paths(EXAMPLE, "a", "d")` is 0.0.


# %% id="sum_over_paths" exercise=true difficulty=1 by_hand="all_paths"
def sum_over_paths(edges, source, target):
    """Derivative of target with respect to source, as a float.  edges : [(start, end, derivative), …] in the order of evaluation."""
    ### BEGIN SOLUTION
    total = {source: 1.0}
    for start, end, derivative in edges:
        if start in total:
            total[end] = total.get(end, 0.0) + total[start] * derivative
    return total.get(target, 0.0)
    ### END SOLUTION


# %% [markdown] id="sum_over_paths-hints" hints="sum_over_paths"
# - overwrite: A node that several edges lead into adds up what they bring: += and not =.
# - product: Along a path the derivatives multiply; only different paths are added.
# - parallel: Two edges may join the same two nodes, and both count: a dictionary with one entry for each pair keeps only the last.
# - unreachable: Only paths that begin at the source count: every other node starts at zero.


# %% id="sum_over_paths-example" test="sum_over_paths" points=2
@check.exercise("06-computational-graphs/sum_over_paths")
def derivatives_of_the_example():
    """The example: 2 for a and 5 for b."""
    result = check.call(sum_over_paths, EXAMPLE, "a", "e")
    check.close(result, 2.0, name="∂e/∂a", hints={"product": lambda right: 3.0, "unreachable": lambda right: 7.0})
    result = check.call(sum_over_paths, EXAMPLE, "b", "e")
    check.close(result, 5.0, name="∂e/∂b", hints={"overwrite": lambda right: result if result in (2, 3) else None})


# %% id="sum_over_paths-parallel" test="sum_over_paths" points=1
@check.exercise("06-computational-graphs/sum_over_paths")
def edges_that_join_the_same_nodes():
    """Three parallel edges, twice."""
    first, second = [0.5, -1.0, 2.0], [3.0, 0.25, -0.75]
    edges = [("X", "Y", w) for w in first] + [("Y", "Z", w) for w in second]
    result = check.call(sum_over_paths, edges, "X", "Z")
    check.close(
        result, sum(first) * sum(second), name="∂Z/∂X", hints={"parallel": lambda right: first[-1] * second[-1]}
    )


# %% id="sum_over_paths-unreachable" test="sum_over_paths" points=1
@check.exercise("06-computational-graphs/sum_over_paths")
def nodes_without_a_path():
    """No path gives 0.0, and a node's derivative with respect to itself is 1.0."""
    check.close(check.call(sum_over_paths, EXAMPLE, "a", "d"), 0.0, name="∂d/∂a")
    check.close(check.call(sum_over_paths, EXAMPLE, "c", "c"), 1.0, name="∂c/∂c")
    check.close(check.call(sum_over_paths, EXAMPLE, "c", "e"), 2.0, name="∂e/∂c")


# %% id="sum_over_paths-deep" test="sum_over_paths" points=2 hidden=true
@check.exercise("06-computational-graphs/sum_over_paths", hidden=True)
def thirty_layers_of_three_edges():
    """Thirty layers of three edges, and a graph with shortcuts."""
    rng = np.random.default_rng(3)
    weights = rng.uniform(0.1, 0.6, (30, 3))
    edges = [(layer, layer + 1, float(w)) for layer in range(30) for w in weights[layer]]
    check.close(check.call(sum_over_paths, edges, 0, 30), np.prod(weights.sum(axis=1)), name="∂Z/∂X")
    check.close(check.call(sum_over_paths, edges, 7, 12), np.prod(weights[7:12].sum(axis=1)), name="∂v12/∂v7")
    matrix = np.triu(rng.normal(size=(6, 6)), k=1)
    edges = [(i, j, float(matrix[i, j])) for j in range(6) for i in range(j)]
    right = np.linalg.inv(np.eye(6) - matrix)
    for source, target in [(0, 5), (1, 4), (4, 1)]:
        check.close(
            check.call(sum_over_paths, edges, source, target), right[source, target], name=f"∂v{target}/∂v{source}"
        )


# %% [markdown] id="modes"
# ## Two directions
#
# The sums can be gathered from either end.
#
# **Forward mode** starts at one input with $\dot x = 1$ and gives every node its derivative *with respect to that input*:
#
# $$\dot v_i = \sum_{j \to i} \frac{\partial v_i}{\partial v_j}\, \dot v_j$$
#
# **Reverse mode** starts at the output with $\bar z = 1$ and gives every node the derivative of the output *with respect to it*:
#
# $$\bar v_j = \sum_{j \to i} \bar v_i\, \frac{\partial v_i}{\partial v_j}$$
#
# Both touch every edge once. The difference is what they leave on the nodes. Move the step slider with the arrow keys and watch which edge carries
# what; then change the mode.

# %% id="sweep-widget" folded=true
from dlbook import plots
from dlbook.widgets import Options, Slider, Steps, explore

PLACES = {"a": (0, 2), "b": (0, 0), "c": (2.8, 2), "d": (2.8, 0), "e": (5.4, 1)}
ORDER = [("a", "c"), ("b", "c"), ("b", "d"), ("c", "e"), ("d", "e")]


def sweep_state(a, b, mode, step):
    """Values, edge derivatives, the sums after `step` edges, and the edge touched last with what it carried."""
    value = {"a": a, "b": b, "c": a + b, "d": b + 1, "e": (a + b) * (b + 1)}
    slope = {("a", "c"): 1.0, ("b", "c"): 1.0, ("b", "d"): 1.0, ("c", "e"): value["d"], ("d", "e"): value["c"]}
    reverse = mode == "reverse"
    sums = {"e": 1.0} if reverse else {"a": float(mode == "a"), "b": float(mode == "b")}
    touched = []
    for start, end in (ORDER[::-1] if reverse else ORDER)[:step]:
        source, goal = (end, start) if reverse else (start, end)
        sums[goal] = sums.get(goal, 0.0) + sums[source] * slope[start, end]
        touched.append((start, end, source, goal))
    return value, slope, sums, touched, reverse


def sweep_figure(a, b, mode, step):
    """The graph of e = (a + b)(b + 1) with the sums that a sweep has gathered so far."""
    value, slope, sums, touched, reverse = sweep_state(a, b, mode, step)
    mark = r"\bar" if reverse else r"\dot"
    texts = {n: f"${n} = {value[n]:.3g}$" + (f"\n${mark} {n} = {sums[n]:.3g}$" if n in sums else "") for n in PLACES}
    figure = plots.figure(8, 3.7)
    lit = [touched[-1][:2], touched[-1][3]] if touched else [n for n in sums if sums[n] == 1]
    plots.graph(
        figure.subplots(), PLACES, {edge: f"{w:.3g}" for edge, w in slope.items()}, texts=texts, lit=lit, size=0.44
    )
    return figure


def sweep_words(a, b, mode, step):
    """The same in words."""
    value, slope, sums, touched, reverse = sweep_state(a, b, mode, step)
    found = ", ".join(f"{n} {sums[n]:.3g}" for n in sums)
    if not touched:
        return f"Start of the sweep. Nodes reached: {found}."
    start, end, source, goal = touched[-1]
    return f"Edge {len(touched)} of 5: {source} hands {slope[start, end]:.3g} times its sum to {goal}. Sums so far: {found}."


def sweep_table(a, b, mode, step):
    value, slope, sums, touched, reverse = sweep_state(a, b, mode, step)
    return [{"node": n, "value": value[n], "sum": f"{sums[n]:.4g}" if n in sums else "–"} for n in PLACES]


sweep_widget = explore(
    sweep_figure,
    dict(
        a=Slider(-3.0, 3.0, 2.0, step=0.5, label="a"),
        b=Slider(-3.0, 3.0, 1.0, step=0.5, label="b"),
        mode=Options({"reverse": "reverse", "forward from a": "a", "forward from b": "b"}, label="mode"),
        step=Steps(["start", "edge 1", "edge 2", "edge 3", "edge 4", "edge 5"], play=True, label="step"),
    ),
    alt=sweep_words,
    table=sweep_table,
    title="One sweep, edge by edge",
)
sweep_widget

# %% [markdown] id="sweep-result"
# One reverse sweep ends with 2 on $a$ and 5 on $b$, and with the derivatives for $c$ and $d$ as well. One forward sweep ends with a single derivative of $e$, and you
# need another for the other input. The next cell runs all three with the engine of this course and writes what each node gets.

# %% id="both-modes"
from dlbook import autograd

a, b = autograd.Value(2.0, label="a"), autograd.Value(1.0, label="b")
c, d = a + b, b + 1
e = c * d
e.backward()
nodes = dict(a=a, b=b, c=c, d=d, e=e)
print("reverse, ∂e/∂node:      ", {name: node.grad for name, node in nodes.items()})
for name in "ab":
    tangent = autograd.forward_sweep(e, nodes[name])
    print(f"forward, ∂node/∂{name}:      ", {other: tangent[node] for other, node in nodes.items()})

# %% [markdown] id="pass-or-mode"
# Two words that sound alike cause confusion, in the book too: it says "forward-mode differentiation or forward pass". These are different things.
# The **forward pass** computes the values 3, 2 and 6. **Forward mode** computes derivatives, the dotted numbers above. What trains a network is a forward
# pass, whose values are kept, and then a sweep in reverse mode. That pair, applied to a loss, is **backpropagation**.
#
# The book places its origin in the 1970s. Seppo Linnainmaa published reverse mode in 1970, as chapter 3 of the book itself says; the article by Rumelhart,
# Hinton and Williams in *Nature*, 1986, made networks learn with it. The same method serves weather forecasting and the analysis of rounding errors.
#
# The book also names TensorFlow as built on graphs. That was true of its first version in one particular way: you declared the graph, and then ran it. PyTorch, JAX and TensorFlow 2
# record the graph while ordinary Python code runs, as the `Value`s above did.

# %% [markdown] id="dual"
# ## Forward mode is a kind of number
#
# Forward mode needs no graph at all. Let a number carry its derivative along, $v + \dot v\,\epsilon$ with $\epsilon^2 = 0$, and calculate as usual:
#
# $$(u + \dot u\,\epsilon)(v + \dot v\,\epsilon) = uv + (\dot u\, v + u\, \dot v)\,\epsilon$$
#
# The product rule falls out of the multiplication. Such a number is called a **dual number**, and this is a class for it.


# %% id="dual-class"
class Dual:
    """value + tangent · ε, with ε² = 0."""

    def __init__(self, value, tangent=0.0):
        self.value, self.tangent = value, tangent

    def __add__(self, other):
        other = other if isinstance(other, Dual) else Dual(other)
        return Dual(self.value + other.value, self.tangent + other.tangent)

    def __mul__(self, other):
        other = other if isinstance(other, Dual) else Dual(other)
        return Dual(self.value * other.value, self.tangent * other.value + self.value * other.tangent)

    def tanh(self):
        t = np.tanh(self.value)
        return Dual(t, (1 - t**2) * self.tangent)

    __radd__, __rmul__ = __add__, __mul__


# %% id="dual-run"
for a, b in [(Dual(2.0, 1.0), Dual(1.0)), (Dual(2.0), Dual(1.0, 1.0))]:
    e = (a + b) * (b + 1)
    print(f"started with ȧ = {a.tangent:g}, ḃ = {b.tangent:g}: e = {e.value:g}, ė = {e.tangent:g}")

x, h = 0.3, 1e-6
exact = (lambda t: (t * t + t).tanh())(Dual(x, 1.0)).tangent
nudged = (np.tanh((x + h) ** 2 + (x + h)) - np.tanh((x - h) ** 2 + (x - h))) / (2 * h)
print(f"tanh(x² + x) at 0.3: dual number {exact:.12f}, centred difference {nudged:.12f}")

inner = Dual(Dual(x, 1.0), Dual(1.0))
print(
    f"second derivative of x³ at 0.3, from a dual number inside a dual number: {(inner * inner * inner).tangent.tangent:.12f}"
)

# %% [markdown] id="sweeps"
# ## How many sweeps?
#
# A function with $n$ inputs and $m$ outputs has $n \cdot m$ derivatives, collected in its **Jacobian** matrix $J$, $m$ rows and $n$ columns. One forward sweep
# starts with numbers $v$ at the inputs and yields $J v$, a *Jacobian–vector product* (JVP); started with a single 1, it is a column. One reverse sweep starts with
# numbers $u$ at the outputs and yields $u^\top J$, a *vector–Jacobian product* (VJP); started with a single 1, it is a row.

# %% id="jvp-vjp"
A = np.array([[1.0, -2.0, 0.5], [0.0, 1.5, -1.0]])
x = np.array([0.2, -0.1, 0.4])


def layer(x):
    """Two outputs from three inputs."""
    return autograd.tanh(A @ x)


J = (1 - np.tanh(A @ x) ** 2)[:, None] * A
v, u = np.array([1.0, 0.0, 2.0]), np.array([3.0, -1.0])
print("J by hand:\n", J.round(4))
print("J v, one forward sweep: ", autograd.jvp(layer, x, v)[1].round(4), " by hand:", (J @ v).round(4))
print("uᵀJ, one reverse sweep:", autograd.vjp(layer, x)[1](u).round(4), " by hand:", (u @ J).round(4))

# %% [markdown] id="sweeps-question" question="predict"
# A network has 1,000 weights and one loss. How many sweeps does the whole gradient take?
#
# - [ ] Reverse 1,000, forward 1: it is the other way round; forward mode starts at one input, and there are 1,000.
# - [x] Reverse 1, forward 1,000: one output needs one reverse sweep, and each of the 1,000 inputs would need a forward sweep of its own.
# - [ ] Both 1,000: forward mode does need 1,000, but one reverse sweep leaves the derivative on every node that it passes.

# %% id="sweeps-run"
import time

rng = np.random.default_rng(0)
for n, m in [(1000, 1), (1, 1000), (30, 30)]:
    A = rng.normal(0, 0.1, (m, n))
    row, matrices = f"{n:4} inputs, {m:4} outputs: ", []
    for mode in ("forward", "reverse"):
        start = time.perf_counter()
        found = autograd.jacobian(lambda x: autograd.tanh(A @ x), np.linspace(-1, 1, n), mode=mode)
        row += f" {mode} {found.sweeps:4} sweeps, {1000 * (time.perf_counter() - start):6.1f} ms;"
        matrices.append(found.matrix)
    print(row, "same Jacobian:", np.allclose(*matrices))

# %% [markdown] id="speed"
# A network is the first row: many weights, one loss. That is why training runs in reverse mode. Forward mode wins where a few inputs decide many outputs.
#
# The book says that backpropagation makes training up to ten million times faster, years become hours. Read this with care. It doesn't reduce the number of *steps*
# of the descent. It makes each gradient cheap. The factor is the number of parameters, compared with changing one parameter at a time and looking at what the loss does: with ten million
# weights that takes ten million and one forward passes, where a forward pass and a reverse sweep do the same.

# %% id="one-at-a-time"
n = 2000
A, x = rng.normal(0, 0.02, (20, n)), rng.normal(size=n)


def loss(x):
    """One number from n inputs."""
    y = autograd.tanh(A @ x)
    return (y * y).sum()


start = time.perf_counter()
slow = np.array([(loss(x + 1e-6 * unit) - loss(x)) / 1e-6 for unit in np.eye(n)])
middle = time.perf_counter()
fast = autograd.grad(loss)(x)
end = time.perf_counter()
print(f"{n} inputs, one at a time: {middle - start:.3f} s; one reverse sweep: {end - middle:.4f} s")
print(f"largest difference: {np.abs(slow - fast).max():.1e}")

# %% [markdown] id="memory"
# Nothing is free. The edge derivatives of a product are the values of its factors, so reverse mode must keep every value of the forward pass until the sweep
# comes back. Its memory grows with the length of the computation; a dual number carries two numbers, however long the way. The book doesn't mention this price, but
# it decides how large a network fits on a GPU.

# %% id="memory-run"
x = autograd.Value(0.5)
y = x
dual = Dual(0.5, 1.0)
for _ in range(5000):
    y = (y * 0.999).tanh()
    dual = (dual * 0.999).tanh()
y.backward()
print(f"reverse: dy/dx = {x.grad:.6e}, nodes kept: {len(autograd.topological_order(y)):,}")
print(f"forward: dy/dx = {dual.tangent:.6e}, numbers kept: 2")

# %% [markdown] id="order"
# ## The order matters
#
# A node may hand its sum on only when the sum is complete, so only when **every** node that uses it has sent its share. An order in which each
# node stands after the nodes that it was computed from is a **topological order**. The reverse sweep walks such an order backwards.
#
# Here is a graph on which a plausible order fails: $c = a + b$, then $d = a\,c$, then $e = c\,d$. The node $c$ goes into $e$ directly and by way of $d$. A sweep
# that handles nodes in the order in which it meets them reaches $c$ before $d$.

# %% id="order-run"
a, b = autograd.Value(2.0, label="a"), autograd.Value(1.0, label="b")
c = a + b
d = a * c
e = c * d
c.label, d.label, e.label = "c", "d", "e"


def sweep(order):
    """Hand the sums on in this order; the first node is the result."""
    sums = {order[0]: 1.0}
    for node in order:
        for parent, partial in zip(node.parents, node.partials, strict=True):
            sums[parent] = sums.get(parent, 0.0) + sums.get(node, 0.0) * partial
    return sums


for name, order in [("as they are met", [e, c, a, b, d]), ("reversed topological order", [e, d, c, a, b])]:
    sums = sweep(order)
    print(f"{name}: ∂e/∂a = {sums[a]:g}, ∂e/∂b = {sums[b]:g}")


def formula(a, b):
    return (a + b) * (a * (a + b))


h = 1e-6
slopes = [(formula(2 + h, 1) - formula(2 - h, 1)) / (2 * h), (formula(2, 1 + h) - formula(2, 1 - h)) / (2 * h)]
print(f"centred differences: {slopes[0]:.4f}, {slopes[1]:.4f}")

# %% [markdown] id="engine-statement" statement="engine"
# ### Exercise 2: your own engine
#
# Complete the class `Value`, a number that records how it came about. Its constructor is written: `data` is the value, `grad` the derivative, `parents` the values
# that it was computed from, and `partials` the derivative with respect to each of them, the numbers on the edges.
#
# 1. **Operations.** `__add__`, `__mul__`, `__pow__` (by a plain number), `tanh`, `exp`, `relu` (slope 0 at 0) return a new `Value` with its parents and partials. A plain number
#    may stand on either side: `x + 1`, `2 * x`, `1 - x`. Python calls `__radd__`, `__rmul__`, `__rsub__` when it stands on the left.
# 2. **`backward()`** sets the gradients of everything below the node on which it is called.
#    - A chain of 5,000 operations must not end in a `RecursionError`: Python allows about a thousand nested calls, so keep a list of your own instead.
#    - **A second call adds.** The *leaves*, values without parents, add up what all calls bring: a loss over two examples is two calls. *Inner* nodes start every sweep at zero,
#      because what an earlier sweep left there has already been handed on.
#
# Check by hand: with `a = Value(2.0)`, `b = Value(1.0)`, `e = (a + b) * (b + 1)`, after `e.backward()` the gradients are 2 for `a` and 5 for `b`. After a second
# `e.backward()` they are 4 and 10.
#
# Use `math`; write the engine yourself, without `dlbook` or PyTorch.

# %% id="engine" exercise=true difficulty=3 by_hand="autograd nn Dual"
import math


class Value:
    """A number that remembers its parents and the derivative with respect to each."""

    def __init__(self, data, parents=(), partials=()):
        self.data, self.grad = float(data), 0.0
        self.parents, self.partials = parents, partials

    def __add__(self, other):
        ### BEGIN SOLUTION
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))
        ### END SOLUTION

    def __mul__(self, other):
        ### BEGIN SOLUTION
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))
        ### END SOLUTION

    def __pow__(self, n):
        ### BEGIN SOLUTION
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))
        ### END SOLUTION

    def tanh(self):
        ### BEGIN SOLUTION
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t**2,))
        ### END SOLUTION

    def exp(self):
        ### BEGIN SOLUTION
        y = math.exp(self.data)
        return Value(y, (self,), (y,))
        ### END SOLUTION

    def relu(self):
        ### BEGIN SOLUTION
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),))
        ### END SOLUTION

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * other**-1

    def __rtruediv__(self, other):
        return other * self**-1

    def __radd__(self, other):
        ### BEGIN SOLUTION
        return self + other
        ### END SOLUTION

    def __rmul__(self, other):
        ### BEGIN SOLUTION
        return self * other
        ### END SOLUTION

    def __rsub__(self, other):
        ### BEGIN SOLUTION
        return -self + other
        ### END SOLUTION

    def backward(self):
        """Reverse sweep from this node: adds to the grad of the leaves, sets the grad of the nodes between."""
        ### BEGIN SOLUTION
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, parents_done = stack.pop()
            if parents_done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((parent, False) for parent in node.parents)
        for node in order:
            if node.parents:
                node.grad = 0.0
        self.grad += 1.0
        for node in reversed(order):
            for parent, partial in zip(node.parents, node.partials, strict=True):
                parent.grad += node.grad * partial
        ### END SOLUTION


# %% id="engine-differentiate" driver="engine"
def differentiate(Value, inputs, program, results):
    """Run a program on Values and call backward() on its results, one after another.

    inputs : {"a": 2.0, …}.  program : lines such as "c = a + b".  results : names.  Returns {name: value} and {name: gradient}.
    """
    nodes = {name: Value(number) for name, number in inputs.items()}
    exec(program, {}, nodes)
    for name in results:
        nodes[name].backward()
    return {name: node.data for name, node in nodes.items()}, {name: node.grad for name, node in nodes.items()}


# %% id="engine-chain" driver="engine"
def differentiate_chain(Value, x, length):
    """y ← 0.999 · y + 0.001, `length` times from y = x.  Returns y and dy/dx."""
    start = y = Value(x)
    for _ in range(length):
        y = y * 0.999 + 0.001
    y.backward()
    return y.data, start.grad


# %% [markdown] id="engine-hints" hints="engine"
# - overwrite: b is used twice and must add up both shares: += and not =.
# - seed: Every gradient is zero: the sweep starts with 1 at the node on which backward is called.
# - local: The derivative of a product with respect to one factor is the other factor.
# - order: A node handed its sum on before all nodes that use it had sent theirs: walk a topological order backwards.
# - stale: The second sweep handed on what the first had left on the inner nodes: these start each sweep at zero.
# - reset: The second call forgot the first: the leaves add up what all calls bring.
# - tanh: The derivative of tanh is 1 − t², where t is the output tanh(x), not the input.
# - reflected: 1 − x is not x − 1: in __rsub__ the plain number stands on the left.


# %% id="engine-example" test="engine" points=2
@check.exercise("06-computational-graphs/engine")
def the_example_of_the_page():
    """The example: value 6, and the gradient of every node."""
    values, gradients = check.call(
        differentiate,
        Value,
        {"a": 2.0, "b": 1.0},
        "c = a + b\nd = b + 1\ne = c * d",
        ("e",),
        returns=("values", "gradients"),
    )
    check.close(values["e"], 6.0, name="e")
    for name, right in [("b", 5.0), ("a", 2.0), ("c", 2.0), ("d", 3.0)]:
        check.close(
            gradients[name],
            right,
            name=f"∂e/∂{name}",
            hints={
                "overwrite": lambda right: gradients[name] if gradients["b"] in (2, 3) else right,
                "seed": lambda right: 0 * right,
                "local": lambda right: gradients[name] if (gradients["c"], gradients["d"]) == (3, 2) else right,
            },
        )


# %% id="engine-left" test="engine" points=2
@check.exercise("06-computational-graphs/engine")
def plain_numbers_on_either_side():
    """Plain numbers on the left and on the right."""
    for program, value, slope in [
        ("y = 3 + x", 3.75, 1.0),
        ("y = 2 * x", 1.5, 2.0),
        ("y = 1 - x", 0.25, -1.0),
        ("y = x / 4 - 5", -4.8125, 0.25),
    ]:
        values, gradients = check.call(
            differentiate, Value, {"x": 0.75}, program, ("y",), returns=("values", "gradients")
        )
        check.close(
            values["y"],
            value,
            name=program,
            hints={"reflected": lambda right: -right if value == 0.25 else right},
        )
        check.close(gradients["x"], slope, name=f"dy/dx of {program}")


# %% id="engine-functions" test="engine" points=2
@check.exercise("06-computational-graphs/engine")
def tanh_exp_relu_and_powers():
    """tanh, exp, relu and powers."""
    for program, f, slope in [
        ("y = x ** 3", lambda x: x**3, lambda x: 3 * x**2),
        ("y = x.tanh()", np.tanh, lambda x: 1 / np.cosh(x) ** 2),
        ("y = x.exp()", np.exp, np.exp),
        ("y = x.relu()", lambda x: max(x, 0.0), lambda x: float(x > 0)),
        ("y = x ** -2", lambda x: x**-2, lambda x: -2 * x**-3),
    ]:
        for x in (0.6, -1.3):
            values, gradients = check.call(
                differentiate, Value, {"x": x}, program, ("y",), returns=("values", "gradients")
            )
            check.close(values["y"], f(x), name=f"{program} at x = {x}")
            check.close(
                gradients["x"], slope(x), name=f"dy/dx of {program} at x = {x}", hints={"tanh": lambda right: 1 - x**2}
            )


# %% id="engine-order" test="engine" points=2
@check.exercise("06-computational-graphs/engine")
def a_node_that_is_used_at_two_depths():
    """A node that is used at two depths: e = c · d with d = a · c."""
    for last in ("e = c * d", "e = d * c"):
        program = f"c = a + b\nd = a * c\n{last}"
        _, gradients = check.call(
            differentiate, Value, {"a": 2.0, "b": 1.0}, program, ("e",), returns=("values", "gradients")
        )
        for name, right in [("b", 12.0), ("a", 21.0)]:
            check.close(
                gradients[name],
                right,
                name=f"∂e/∂{name}",
                hints={
                    "order": lambda right: gradients["b"] if gradients["b"] in (6, 18) else right,
                },
            )


# %% id="engine-second" test="engine" points=2
@check.exercise("06-computational-graphs/engine")
def a_second_backward():
    """A second call adds to the leaves, once."""
    _, gradients = check.call(
        differentiate,
        Value,
        {"a": 2.0, "b": 1.0},
        "c = a + b\nd = b + 1\ne = c * d",
        ("e", "e"),
        returns=("values", "gradients"),
    )
    for name, right in [("a", 4.0), ("b", 10.0)]:
        check.close(
            gradients[name],
            right,
            name=f"∂e/∂{name}, after two calls",
            hints={
                "stale": lambda right: gradients[name] if gradients[name] > right else right,
                "reset": lambda right: right / 2,
            },
        )
    check.close(gradients["c"], 2.0, name="∂e/∂c, after two calls")


# %% id="engine-deep" test="engine" points=1
@check.exercise("06-computational-graphs/engine")
def a_chain_of_five_thousand_operations():
    """A chain of 5,000 operations."""
    value, slope = check.call(differentiate_chain, Value, 0.5, 2500, returns=("value", "slope"))
    check.close(value, 1 - 0.5 * 0.999**2500, name="y")
    check.close(slope, 0.999**2500, name="dy/dx")


# %% id="engine-more-graphs" test="engine" points=3 hidden=true
@check.exercise("06-computational-graphs/engine", hidden=True)
def other_graphs():
    """Nodes used twice, diamonds, two results, an expression with everything."""
    cases = [
        ({"b": 1.5}, "y = b * b + b", ("y",), {"b": 4.0}),
        ({"b": 1.5}, "y = b + b", ("y",), {"b": 2.0}),
        ({"b": 1.5}, "y = b", ("y",), {"b": 1.0}),
        (
            {"a": 0.5, "b": -2.0},
            "c = a * b\nd = c * c\ne = d * c + d\nf = e * d",
            ("f",),
            {"a": -2 * (5 - 4), "b": 0.5 * (5 - 4)},
        ),
        ({"a": 2.0, "b": 1.0}, "c = a + b\ne = c * b", ("c", "e"), {"a": 2.0, "b": 5.0, "c": 1.0}),
        ({"a": 2.0, "b": 1.0}, "c = a + b\ne = c * b", ("e", "c", "e"), {"a": 3.0, "b": 9.0}),
        ({"u": 0.0}, "y = u.relu() + 1 / (2 - u)", ("y",), {"u": 0.25}),
    ]
    for inputs, program, results, right in cases:
        _, gradients = check.call(differentiate, Value, inputs, program, results, returns=("values", "gradients"))
        for name in right:
            check.close(gradients[name], right[name], name=f"gradient of {name}")
    program = "h = (2 * x - y * 0.5).tanh()\nk = (1 - h * h) * y.exp()\nz = (k + h) ** 3 / (1 + x ** 2) - h.relu() * k"
    for x, y in [(0.3, -0.4), (-0.8, 0.9)]:
        _, gradients = check.call(
            differentiate, Value, {"x": x, "y": y}, program, ("z",), returns=("values", "gradients")
        )

        def f(point):
            x, y = point
            h = np.tanh(2 * x - 0.5 * y)
            k = (1 - h * h) * np.exp(y)
            return (k + h) ** 3 / (1 + x**2) - max(h, 0) * k

        check.gradient(f, np.array([gradients["x"], gradients["y"]]), np.array([x, y]), name="∂z/∂(x, y)")


# %% [markdown] id="network"
# ## Backpropagation through a small network
#
# Now the graph becomes a network: inputs $x$, hidden units $h$, one output $o$, and the cost of one example at the end.
#
# $$z = W x + b, \qquad h = \sigma(z), \qquad o = \sigma(v \cdot h + c), \qquad C = \tfrac12 (o - y)^2$$
#
# The first phase, the **forward pass**, computes and keeps these values. The function below is the formula, line for line.


# %% id="network-forward" given=true
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def network_forward(x, W, b, v, c):
    """One example through H hidden sigmoid units and a sigmoid output.

    x : (D,), W : (H, D), b : (H,), v : (H,), c : float.
    Returns the output o, a float, and the cache (x, W, b, v, c, h, o) that the backward pass needs; h : (H,) are the hidden values.
    """
    h = sigmoid(W @ x + b)
    o = float(sigmoid(v @ h + c))
    return o, (x, W, b, v, c, h, o)


# %% [markdown] id="xor-book"
# The book's example is XOR: the inputs (0,0), (0,1), (1,0), (1,1) shall give 0, 1, 1, 0. A single unit can't, because no straight line separates the two classes
# ([perceptron](../03-perceptron/03-perceptron.ipynb)); a hidden layer can. The book sends the input (0, 1), with a constant 1 added for the bias, through three
# hidden units and prints the hidden values 0.899, 0.593, 0.378 and the output 0.506: class 1, right but unsure.
#
# Do its printed weights give these numbers? Run them.

# %% id="printed-weights"
x = np.array([0.0, 1.0, 1.0])
W_printed = np.array([[0.351, 1.076, 1.116], [0.097, 0.165, 0.542], [0.457, 0.165, 0.331]])
v_book = np.array([0.383, -0.327, -0.329])
o, cache = network_forward(x, W_printed, np.zeros(3), v_book, 0.0)
print("hidden, as printed:", cache[-2].round(4), " output:", round(o, 4), " class:", int(o > 0.5))

# %% [markdown] id="lost-signs"
# They don't: two hidden values are different, the output is 0.480, and the class is **wrong**. The minus signs were lost in print. Which ones? The next
# cell tries every choice of signs of the second and third unit and keeps those that give the printed hidden values.

# %% id="find-signs"
import itertools

for unit, printed in [(1, 0.593), (2, 0.378)]:
    for signs in itertools.product([1, -1], repeat=3):
        w = W_printed[unit] * signs
        if abs(sigmoid(w @ x) - printed) < 1e-3:
            print(f"unit {unit + 1}: weights {w}, hidden value {sigmoid(w @ x):.4f}")

W_book = W_printed * np.array([[1, 1, 1], [-1, -1, 1], [1, -1, -1]])
o, cache = network_forward(x, W_book, np.zeros(3), v_book, 0.0)
print("hidden, corrected:", cache[-2].round(4), " output:", round(o, 4), " class:", int(o > 0.5))

# %% [markdown] id="signs-found"
# For the weights on the second input and on the constant, exactly one choice of signs fits. The sign of the first weight can't be found from this example: it multiplies 0. We
# keep −0.097 and 0.457, and the numbers of the book come out: 0.8995, 0.5931, 0.3785, and 0.5065.

# %% [markdown] id="deltas"
# ## The backward pass
#
# Go backwards through the graph. Call the derivative of the cost with respect to the *sum* that enters a unit its **error** $\delta$.
#
# At the output, two edges: $\partial C/\partial o = o - y$, and $\partial o/\partial z = \sigma'(z) = o\,(1-o)$ for the sigmoid. So
#
# $$\delta_o = (o - y)\; o\,(1 - o)$$
#
# A hidden unit $j$ reaches the cost by one edge with the weight $v_j$, and then has its own sigmoid: the error of the output, times $v_j$, times the slope of
# $h_j$. With several outputs there would be a sum over the paths. And each weight multiplies the value at the tail of its edge, so that its derivative is *the error at
# the tip times the value at the tail*; a bias multiplies a constant 1.
#
# The book writes the rule for one weight as $\dfrac{\partial E}{\partial w_{ij}} = \dfrac{\partial E}{\partial o_j}\,\dfrac{\partial o_j}{\partial net_j}\,\dfrac{\partial net_j}{\partial w_{ij}}$.
# For whole layers, in the letters of this course, with $\odot$ for element by element:
#
# $$\delta^L = (a^L - y) \odot \sigma'(z^L) \qquad \delta^l = \big(W^{l+1\,\top} \delta^{l+1}\big) \odot \sigma'(z^l) \qquad
# \frac{\partial C}{\partial W^l} = \delta^l\, a^{l-1\,\top} \qquad \frac{\partial C}{\partial b^l} = \delta^l$$
#
# Step through it here. The numbers on the units are values on the way forwards and errors on the way back; the numbers on the edges are weights, then gradients, then
# the new weights. The constants 1 carry the biases.

# %% id="calculator" folded=true
from dlbook import plots
from dlbook.widgets import LogSlider, Options, Steps, explore

UNITS = {
    "x₁": (0, 3.2),
    "x₂": (0, 1.6),
    "1": (0, 0),
    "h₁": (4, 3.2),
    "h₂": (4, 1.6),
    "1'": (4, 0),
    "o": (7.6, 2.2),
    "C": (9.5, 2.2),
}
STEPS = [
    "inputs and weights", "forward: h₁", "forward: h₂", "forward: output", "forward: loss",
    "backward: error of the output", "backward: gradients into the output", "backward: errors of the hidden units",
    "backward: gradients into the hidden units", "update", "forward again",
]  # fmt: skip
SAMPLES = {"(0, 0) → 0": (0, 0, 0), "(0, 1) → 1": (0, 1, 1), "(1, 0) → 1": (1, 0, 1), "(1, 1) → 0": (1, 1, 0)}
START = np.array([[0.5, -0.4, 0.1], [0.3, 0.8, -0.2]]), np.array([0.7, -0.6, 0.2])


def calculate(sample, eta, step):
    """Everything that the calculator shows at a step: numbers on units and edges, what is lit, the losses."""
    x, y = np.array([*sample[:2], 1.0]), sample[2]
    W, v = START
    h = np.append(sigmoid(W @ x), 1.0)
    o = sigmoid(v @ h)
    delta = (o - y) * o * (1 - o)
    dv, delta_h = delta * h, delta * v[:2] * h[:2] * (1 - h[:2])
    dW = np.outer(delta_h, x)
    W_new, v_new = W - eta * dW, v - eta * dv
    h_new = np.append(sigmoid(W_new @ x), 1.0)
    o_new = sigmoid(v_new @ h_new)
    losses = (o - y) ** 2 / 2, (o_new - y) ** 2 / 2
    into_h = {(tail, tip): (j, i) for j, tip in enumerate(("h₁", "h₂")) for i, tail in enumerate(("x₁", "x₂", "1"))}
    into_o = {(tail, "o"): i for i, tail in enumerate(("h₁", "h₂", "1'"))}
    texts = {
        "x₁": f"x₁\n{x[0]:g}",
        "x₂": f"x₂\n{x[1]:g}",
        "1": "1",
        "1'": "1",
        "h₁": "h₁",
        "h₂": "h₂",
        "o": "o",
        "C": "C",
    }
    for reached, name, number in [(1, "h₁", h[0]), (2, "h₂", h[1]), (3, "o", o), (4, "C", losses[0])]:
        if step >= reached:
            texts[name] = f"{name}\n{number:.4f}"
    if step >= 5:
        texts["o"] += f"\nδ {delta:.4f}"
    if step >= 7:
        texts |= {name: f"{texts[name]}\nδ {error:.4f}" for name, error in zip(("h₁", "h₂"), delta_h, strict=True)}
    if step == 10:
        texts |= {
            "h₁": f"h₁\n{h_new[0]:.4f}",
            "h₂": f"h₂\n{h_new[1]:.4f}",
            "o": f"o\n{o_new:.4f}",
            "C": f"C\n{losses[1]:.4f}",
        }
    shown_v = v if step < 6 else dv if step < 9 else v_new
    shown_W = W if step < 8 else dW if step < 9 else W_new
    prefix_v, prefix_W = ("∂ " if 6 <= step < 9 else ""), ("∂ " if step == 8 else "")
    edges = {edge: f"{prefix_W}{shown_W[at] + 0.0:.3f}" for edge, at in into_h.items()}
    edges |= {edge: f"{prefix_v}{shown_v[at]:.3f}" for edge, at in into_o.items()} | {("o", "C"): ""}
    lit = {
        1: ["h₁", *(e for e in into_h if e[1] == "h₁")], 2: ["h₂", *(e for e in into_h if e[1] == "h₂")],
        3: ["o", *into_o], 4: ["C", ("o", "C")], 5: ["o", ("o", "C")], 6: list(into_o),
        7: ["h₁", "h₂", ("h₁", "o"), ("h₂", "o")], 8: list(into_h), 9: [*into_h, *into_o], 10: ["h₁", "h₂", "o", "C"],
    }.get(step, [])  # fmt: skip
    return dict(texts=texts, edges=edges, lit=lit, losses=losses, outputs=(o, o_new), y=y, step=step, eta=eta)


def calculator_figure(state):
    figure = plots.figure(9.2, 4.4)
    ax = figure.subplots()
    plots.graph(ax, UNITS, state["edges"], texts=state["texts"], lit=state["lit"], size=0.55, fontsize=9.5)
    ax.set_title(STEPS[state["step"]])
    return figure


def calculator_words(state):
    """The figure in words."""
    units = ", ".join(" ".join(state["texts"][name].split()) for name in ("h₁", "h₂", "o", "C"))
    edges = ", ".join(f"{tail}–{tip}: {text}" for (tail, tip), text in state["edges"].items() if text)
    return f"Step {state['step']}, {STEPS[state['step']]}. Target {state['y']}. Units: {units}. Edges: {edges}."


def calculator_table(state):
    before, after = state["losses"]
    names = ["output before", "output after", "loss before", "loss after one update"]
    return dict(zip(names, [*state["outputs"], before, after], strict=True))


explore(
    calculator_figure,
    dict(
        sample=Options(SAMPLES, value=(0, 1, 1), label="example"),
        eta=LogSlider(0.01, 100.0, 1.0, label="learning rate η"),
        step=Steps(STEPS, play=True, interval=1500, label="step"),
    ),
    compute=calculate,
    alt=calculator_words,
    table=calculator_table,
    title="Backpropagation calculator",
)

# %% [markdown] id="backward-statement" statement="backward"
# ### Exercise 3: the gradients of a network, by hand
#
# Write `network_backward(y, cache)` for the cost $C = \frac12 (o - y)^2$ of one example. `cache` is what `network_forward` returned:
# `x (D,)`, `W (H, D)`, `b (H,)`, `v (H,)`, `c`, `h (H,)`, `o`. Return `dW (H, D)`, `db (H,)`, `dv (H,)` and `dc` (a float), the derivatives of $C$. Derive them; no differences, no engine.
#
# Check by hand, with the book's corrected example, where $\delta_o = -0.12335$: `dv` is (−0.1110, −0.0732, −0.0467), and the rows of `dW` are (0, −0.0043, −0.0043),
# (0, 0.0097, 0.0097), (0, 0.0095, 0.0095).


# %% id="backward" exercise=true difficulty=2 by_hand="network_forward autograd nn Value differentiate Dual"
def network_backward(y, cache):
    """Gradients of C = ½ (o − y)².  Returns dW (H, D), db (H,), dv (H,), dc (float)."""
    ### BEGIN SOLUTION
    x, W, b, v, c, h, o = cache
    delta_o = (o - y) * o * (1 - o)
    delta_h = delta_o * v * h * (1 - h)
    return np.outer(delta_h, x), delta_h, delta_o * h, delta_o
    ### END SOLUTION


# %% [markdown] id="backward-hints" hints="backward"
# - sign: The sign is turned round: the derivative of ½ (o − y)² with respect to o is o − y.
# - double: The ½ of the cost cancels the 2 of its derivative.
# - output-slope: The slope of the output's sigmoid, o (1 − o), is missing.
# - twice: The slope is σ(z)(1 − σ(z)), and o is σ(z) already: do not apply the sigmoid to it once more.
# - hidden-slope: The slope of the hidden sigmoids, h (1 − h), is missing.
# - updated: The error of the hidden units needs the weights v that the forward pass used, not updated ones.
# - no-weight: The error goes back through the weights: multiply by v.
# - transposed: Row j of dW belongs to hidden unit j: it is (H, D), not (D, H).


# %% id="network-case" given=true
def network_case(H, D, y):
    """A network and an example that are the same on every machine: x, W, b, v, c, y."""
    W = np.cos(1.3 * np.arange(H * D)).reshape(H, D)
    b, v = np.linspace(-0.4, 0.7, H), np.sin(2.1 * np.arange(H) + 0.5) * 1.5
    return np.linspace(1.2, -0.5, D), W, b, v, 0.35, y


# %% id="backward-output" test="backward" points=2
@check.exercise("06-computational-graphs/backward")
def gradients_of_the_output_unit():
    """The output unit: dv and dc."""
    x, W, b, v, c, y = network_case(4, 3, 0.2)
    o, cache = network_forward(x, W, b, v, c)
    dW, db, dv, dc = check.call(network_backward, y, cache, returns=("dW", "db", "dv", "dc"))
    slope = o * (1 - o)
    check.gradient(
        lambda v: (network_forward(x, W, b, v, c)[0] - y) ** 2 / 2,
        dv,
        v,
        name="dv",
        hints={
            "sign": lambda right: -right,
            "double": lambda right: 2 * right,
            "output-slope": lambda right: right / slope,
            "twice": lambda right: right / slope * sigmoid(o) * (1 - sigmoid(o)),
        },
    )
    check.gradient(lambda c: (network_forward(x, W, b, v, float(c))[0] - y) ** 2 / 2, dc, c, name="dc")


# %% id="backward-hidden" test="backward" points=3
@check.exercise("06-computational-graphs/backward")
def gradients_of_the_hidden_units():
    """The hidden units: dW and db."""
    x, W, b, v, c, y = network_case(4, 3, 0.2)
    o, cache = network_forward(x, W, b, v, c)
    h = cache[-2]
    dW, db, dv, dc = check.call(network_backward, y, cache, returns=("dW", "db", "dv", "dc"))
    slope = h * (1 - h)
    check.gradient(
        lambda W: (network_forward(x, W, b, v, c)[0] - y) ** 2 / 2,
        dW,
        W,
        name="dW",
        hints={
            "transposed": np.transpose,
            "hidden-slope": lambda right: right / slope[:, None],
            "no-weight": lambda right: right / v[:, None],
            "updated": lambda right: right / v[:, None] * (v - dv)[:, None],
        },
    )
    check.gradient(lambda b: (network_forward(x, W, b, v, c)[0] - y) ** 2 / 2, db, b, name="db")


# %% id="backward-xor" test="backward" points=2 hidden=true
@check.exercise("06-computational-graphs/backward", hidden=True)
def xor_and_other_sizes():
    """The four XOR examples, one hidden unit, one input, other sizes."""
    rng = np.random.default_rng(5)
    cases = [(np.array(x, float), float(x[0] != x[1]), 2) for x in [(0, 0), (0, 1), (1, 0), (1, 1)]]
    cases += [(rng.normal(size=1), 0.7, 5), (rng.normal(size=6), 1.0, 1), (rng.normal(size=2), 0.0, 7)]
    for x, y, H in cases:
        D = len(x)
        W, b, v, c = rng.normal(size=(H, D)), rng.normal(size=H), rng.normal(size=H), float(rng.normal())
        o, cache = network_forward(x, W, b, v, c)
        dW, db, dv, dc = check.call(network_backward, y, cache, returns=("dW", "db", "dv", "dc"))
        z, first = nn.linear(x[None], W, b)
        h, squash = nn.sigmoid(z)
        net, second = nn.linear(h, v[None], np.array([c]))
        _, squash_again = nn.sigmoid(net)
        dh, right_dv, right_dc = nn.linear_backward(nn.sigmoid_backward(np.array([[o - y]]), squash_again), second)
        _, right_dW, right_db = nn.linear_backward(nn.sigmoid_backward(dh, squash), first)
        case = f"D = {D}, H = {H}, y = {y:g}"
        check.close(dv, right_dv[0], name=f"dv for {case}")
        check.close(dc, right_dc[0], name=f"dc for {case}")
        check.close(dW, right_dW, name=f"dW for {case}")
        check.close(db, right_db, name=f"db for {case}")


# %% [markdown] id="one-step"
# ## The step that the book leaves out
#
# The book's chapter is called "training", but it computes no update. Here it is, for its example, at three learning rates. Note who does what: backpropagation
# computes the gradient and changes nothing; **gradient descent** uses it to change the weights. The book lets the two run into each other ("the aim of backpropagation is to optimise the weights").
# You may keep one and exchange the other: Adam, which comes on page 15 of this course, gets the very same gradients.

# %% id="one-step-run"
h, y = sigmoid(W_book @ x), 1.0
o = sigmoid(v_book @ h)
delta_o = (o - y) * o * (1 - o)
delta_h = delta_o * v_book * h * (1 - h)
print(f"δ of the output: {delta_o:.5f}")
print("dv:", (delta_o * h).round(4))
print("dW:", np.outer(delta_h, x).round(4).tolist())
for eta in (0.1, 0.5, 1.0):
    after, _ = network_forward(x, W_book - eta * np.outer(delta_h, x), np.zeros(3), v_book - eta * delta_o * h, 0.0)
    print(f"η = {eta}: the output moves from {o:.4f} to {after:.4f}")

# %% [markdown] id="delta-question" question="quiz"
# New weight = old weight − η · derivative. The derivative of the loss with respect to a weight is **negative**. What happens to the weight?
#
# - [x] It grows: minus a negative number; the loss falls when this weight grows, so the rule lets it grow.
# - [ ] It shrinks: it would with a positive derivative; there the loss falls when the weight shrinks.
# - [ ] It stays: it stays only where the derivative is exactly zero, and that can be a minimum, a maximum, a saddle or a plateau.

# %% [markdown] id="bias"
# ## The bias trick
#
# Above, the bias came in as a third input that is always 1. That is the **bias trick**: add a column of ones to the inputs, put the biases into the matrix as one more column, and
# one product does both.
#
# $$\begin{pmatrix} W & b \end{pmatrix} \begin{pmatrix} x \\ 1 \end{pmatrix} = W x + b$$

# %% [markdown] id="fold-statement" statement="fold"
# ### Exercise 4: fold the bias into the weights
#
# Write `add_bias_column(X)`: a new array with a 1 appended **at the end** of every row. `X` is `(N, D)` and becomes `(N, D + 1)`; a single example `(D,)` becomes `(D + 1,)`.
#
# Write `fold_bias(W, b)`: from `W (out, in)` and `b (out,)` make one matrix `(out, in + 1)`, so that
# `add_bias_column(X) @ fold_bias(W, b).T` equals `X @ W.T + b`.
#
# Check by hand: `add_bias_column([[5., 7.]])`, as an array, is `[[5, 7, 1]]`, and `fold_bias([[2., 3.]], [4.])` is `[[2, 3, 4]]`.


# %% id="fold" exercise=true difficulty=1 by_hand="nn autograd"
def add_bias_column(X):
    """X (N, D) or (D,) with a 1 at the end of every row: (N, D + 1) or (D + 1,)."""
    ### BEGIN SOLUTION
    return np.concatenate([X, np.ones((*X.shape[:-1], 1))], axis=-1)
    ### END SOLUTION


def fold_bias(W, b):
    """W (out, in) and b (out,) as one matrix (out, in + 1)."""
    ### BEGIN SOLUTION
    return np.concatenate([W, b[:, None]], axis=1)
    ### END SOLUTION


# %% [markdown] id="fold-hints" hints="fold"
# - first: The ones belong at the end of the rows, not at their beginning.
# - flat: The array has lost its rows: give np.append or np.concatenate an axis.
# - ones: The last column of the folded matrix holds the biases, not ones.
# - added: The bias becomes a column of its own; it is not added to the weights.


# %% id="fold-column" test="fold" points=1
@check.exercise("06-computational-graphs/fold")
def a_one_at_the_end_of_every_row():
    """A 1 at the end of every row."""
    X = np.linspace(-2.0, 3.0, 8).reshape(4, 2)
    check.close(
        check.call(add_bias_column, X),
        np.column_stack([X, np.ones(4)]),
        name="add_bias_column(X)",
        hints={
            "first": lambda right: np.roll(right, 1, axis=1),
            "flat": lambda right: np.append(X, np.ones(4)),
        },
    )


# %% id="fold-product" test="fold" points=1
@check.exercise("06-computational-graphs/fold")
def one_product_does_both():
    """One product instead of a product and a sum."""
    X, W, b = np.linspace(-2.0, 3.0, 8).reshape(4, 2), np.cos(np.arange(6.0)).reshape(3, 2), np.array([0.5, -1.5, 2.5])
    folded = check.call(fold_bias, W, b)
    check.close(
        folded,
        np.column_stack([W, b]),
        name="fold_bias(W, b)",
        hints={
            "ones": lambda right: np.column_stack([W, np.ones(3)]),
            "added": lambda right: np.column_stack([W + b[:, None], np.ones(3)]),
        },
    )
    check.close(check.call(add_bias_column, X) @ folded.T, X @ W.T + b, name="add_bias_column(X) @ fold_bias(W, b).T")


# %% id="fold-other" test="fold" points=1 hidden=true
@check.exercise("06-computational-graphs/fold", hidden=True)
def one_example_and_other_sizes():
    """A single example without rows, N = 1, other sizes."""
    rng = np.random.default_rng(8)
    for shape in [(5,), (1, 3), (6, 1)]:
        X, W, b = rng.normal(size=shape), rng.normal(size=(4, shape[-1])), rng.normal(size=4)
        extended = check.call(add_bias_column, X)
        check.shape(extended, (*shape[:-1], shape[-1] + 1), name=f"add_bias_column(X) for X {shape}")
        check.close(extended[..., -1], np.ones(shape[:-1]), name=f"the last column for X {shape}")
        right, _ = nn.linear(X.reshape(-1, shape[-1]), W, b)
        check.close(
            extended @ check.call(fold_bias, W, b).T, right.reshape(*shape[:-1], 4), name=f"the product for X {shape}"
        )


# %% [markdown] id="bias-layers"
# The book states the trick with a slip: "the input layer and all hidden layers need a bias term, the output layer doesn't". Every layer that *receives*
# something needs a bias, the output included. What the output doesn't need is a constant unit of its own, because nothing comes after it: the constant unit of layer $l$ carries the
# biases of layer $l+1$.
#
# So a 2-2-1 network, drawn with its constants, is "3-3-1", and the third hidden unit is the constant 1. In the book's worked example it isn't: its value is 0.378, a sigmoid
# with weights of its own. That example is a network of **three** hidden units whose output has no bias.

# %% id="bias-layers-run"
W, v = START
X_xor = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
with_biases = sigmoid(sigmoid(X_xor @ W[:, :2].T + W[:, 2]) @ v[:2] + v[2])
inputs = np.hstack([X_xor, np.ones((4, 1))])
hidden = np.hstack([sigmoid(inputs @ W.T), np.ones((4, 1))])
print("2-2-1 with biases:             ", with_biases.round(6))
print("3-3-1, third unit constant 1:  ", sigmoid(hidden @ v).round(6))
print("the book's third hidden unit:  ", sigmoid(inputs @ W_book[2]).round(3), "for the four inputs: not constant")

# %% [markdown] id="train"
# ## XOR, trained
#
# Now many steps: batch gradient descent on all four examples, 5,000 steps, η = 2, the weights drawn from N(0, 1). The cost is the mean of $\frac12 (o-y)^2$. To see more than one run, the function below
# trains one network for each seed, all of them at once in arrays with a leading axis for the seed. Its backward pass is that of Exercise 3, in rows.

# %% id="train-xor"
Y_xor = np.array([0.0, 1.0, 1.0, 0.0])


def outputs(X, W, b, v, c):
    """Hidden values (S, N, H) and outputs (S, N) of S networks for X (N, 2)."""
    h = sigmoid(X @ W.transpose(0, 2, 1) + b[:, None])
    return h, sigmoid(np.einsum("snh,sh->sn", h, v) + c[:, None])


def train_xor(seeds, hidden, eta=2.0, steps=5000, std=1.0, cross_entropy=False):
    """One network a seed.  Returns the parameters (W, b, v, c) and the loss (S, steps)."""
    drawn = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        drawn.append([rng.normal(0, std, shape) for shape in [(hidden, 2), hidden, hidden, ()]])
    W, b, v, c = (np.array(parts) for parts in zip(*drawn, strict=True))
    losses = np.empty((len(W), steps))
    for step in range(steps):
        h, o = outputs(X_xor, W, b, v, c)
        losses[:, step] = np.mean((o - Y_xor) ** 2, axis=1) / 2
        delta_o = (o - Y_xor) / 4 if cross_entropy else (o - Y_xor) * o * (1 - o) / 4
        delta_h = delta_o[:, :, None] * v[:, None] * h * (1 - h)
        v, c = v - eta * np.einsum("sn,snh->sh", delta_o, h), c - eta * delta_o.sum(axis=1)
        W, b = W - eta * delta_h.transpose(0, 2, 1) @ X_xor, b - eta * delta_h.sum(axis=1)
    return (W, b, v, c), losses


def solved(parameters):
    """Which networks (S,) classify all four examples rightly."""
    return ((outputs(X_xor, *parameters)[1] > 0.5) == Y_xor).all(axis=1)


# %% [markdown] id="seeds-question" question="predict"
# Two hidden units are enough to represent XOR. Of 30 networks with two hidden units, each started from its own random weights, how many learn it?
#
# - [ ] All 30: that a solution exists doesn't mean that the descent finds it; the loss isn't convex.
# - [x] About 24: the others come to rest where the gradient is nearly zero, with two of the four examples left undecided.
# - [ ] About 5: η = 2 and 5,000 steps are enough for most; it would be so few with tiny initial weights.

# %% id="seeds"
kept = {}
for hidden in (2, 3, 4):
    kept[hidden] = train_xor(range(30), hidden)
    print(f"{hidden} hidden units: {solved(kept[hidden][0]).sum()} of 30 seeds solve XOR")

# %% [markdown] id="seeds-text"
# Two units suffice for 24 of 30 seeds, three for 29, four for all 30. A little room beyond the minimum makes the search easier. What happened to the six? Compare one of them with a
# network that succeeded. Circles are the points that should get 0, squares those that should get 1; the black line is where the output is 0.5.


# %% id="surface" folded=true
def surface_figure(parameters, losses, chosen, titles):
    """Loss of two runs (left) and the output over the plane for each (middle, right)."""
    figure = plots.figure(9.5, 3.2)
    curve, *maps = figure.subplots(1, 3)
    plots.learning_curves(
        curve,
        {f"{titles[i]} (seed {seed})": losses[seed] for i, seed in enumerate(chosen)},
        xlabel="step",
        ylabel="loss",
        log=True,
    )
    for ax, seed, title in zip(maps, chosen, titles, strict=True):
        one = [part[[seed]] for part in parameters]
        plots.decision_region(ax, lambda points: outputs(points, *one)[1][0], ((-0.4, 1.4), (-0.4, 1.4)), resolution=80)
        plots.points(ax, X_xor, Y_xor.astype(int))
        ax.set(title=title, xlabel="x₁", ylabel="x₂")
    return figure


parameters, losses = kept[2]
stuck, good = np.flatnonzero(~solved(parameters)), np.flatnonzero(solved(parameters))
print("seeds that stay stuck:", stuck, " their losses:", losses[stuck, -1].round(4))
plots.show(
    surface_figure(parameters, losses, [good[0], stuck[0]], ["solved", "stuck"]),
    alt="Left: on a logarithmic scale the loss of the solved run falls below 0.001, that of the stuck run stays near 0.06. Middle: the solved network cuts out "
    "a band around (0,0) and (1,1). Right: the stuck network has a single border, and (0,1) and (1,1) both lie where the output is about 0.5.",
)

# %% [markdown] id="landscape"
# All six end at a loss of about 0.063, which is 1/16: two examples are right, and the other two, with different targets, both get 0.5.
#
# The book speaks of a "convex optimisation algorithm", of converging to the "global minimum", and of a zero derivative as the stable minimum. A stuck run contradicts all three. The loss
# of a network isn't convex. A zero derivative may also be a maximum, a saddle or a plateau. The simplest case is the network whose weights are all zero:

# %% id="zero-gradient"
zero = [np.zeros((1, 2, 2)), np.zeros((1, 2)), np.zeros((1, 2)), np.zeros(1)]
h, o = outputs(X_xor, *zero)
delta_o = (o - Y_xor) * o * (1 - o) / 4
print("outputs:", o[0], " loss:", np.mean((o - Y_xor) ** 2) / 2)
print("gradients: dv", np.einsum("sn,snh->sh", delta_o, h)[0], " dc", delta_o.sum(), " dW, db: zero, because v is zero")
print(f"loss of a solved network: {losses[good[0], -1]:.4f}")

# %% [markdown] id="dials"
# Every derivative is exactly zero, gradient descent would stay there for ever, and the loss is more than a hundred times what it could be. It is no minimum that anybody wants.
#
# What else decides whether it works? The learning rate, the size of the first weights, the loss, and the data. One table:

# %% id="dials-run"
for name, settings in {
    "η = 0.1": dict(eta=0.1),
    "η = 0.5": dict(eta=0.5),
    "η = 2": {},
    "η = 8": dict(eta=8.0),
    "η = 32": dict(eta=32.0),
    "initial weights 0.1 · N(0, 1)": dict(std=0.1),
    "initial weights 0.5 · N(0, 1)": dict(std=0.5),
    "initial weights 3 · N(0, 1)": dict(std=3.0),
    "cross-entropy instead of the quadratic cost": dict(cross_entropy=True),
}.items():
    print(f"{solved(train_xor(range(30), 2, **settings)[0]).sum():2} of 30: {name}")

# %% [markdown] id="dials-text"
# A small learning rate isn't wrong, only slow: with η = 0.1 almost nothing has happened after 5,000 steps. Very small initial weights start close to the dead point that you have just seen. Large ones
# saturate the sigmoids, so that their slopes are nearly zero. Initialisation has a page of its own, 12.
#
# "More variables, more precision", says the book of the weights. That holds here from 2 to 4 hidden units, where it is a matter of finding the solution; it isn't a law, as page 10 on overfitting shows.
#
# And the data? Gradient descent lowers the loss on whatever it gets. Scatter 200 points around the four corners, and train the same network once with the true labels and once with shuffled ones.

# %% id="shuffled"
from dlbook import data, optim

rng = np.random.default_rng(4)
X_train, y_train = data.xor_clouds(200, rng)
X_test, y_test = data.xor_clouds(1000, rng)
for name, labels in [("true labels", y_train), ("shuffled labels", rng.permutation(y_train))]:
    start = np.random.default_rng(1)
    model = nn.Sequential(nn.Linear(2, 4, rng=start), nn.Sigmoid(), nn.Linear(4, 1, rng=start), nn.Sigmoid())
    optimiser = optim.SGD(model.parameters(), lr=5.0)
    for _ in range(2000):
        o, cache = model.forward(X_train)
        value, loss_cache = nn.quadratic_loss(o, labels[:, None].astype(float))
        optimiser.zero_grad()
        model.backward(nn.quadratic_loss_backward(1.0, loss_cache), cache)
        optimiser.step()
    right = [np.mean((model(X)[:, 0] > 0.5) == y) for X, y in [(X_train, labels), (X_test, y_test)]]
    print(f"{name}: {right[0]:.0%} of the training labels, {right[1]:.0%} of new points right")

# %% [markdown] id="mistakes"
# ## Common mistakes
#
# **Overwriting.** A value that is used twice gets two shares. With `grad = …` instead of `grad += …` the second erases the first: ∂e/∂b becomes 2 or 3, not 5. The code still runs and still gives numbers, so it is easy to miss.
#
# **Handing on too early.** The sum at a node must be complete first. The example above gave 6 for ∂e/∂b, not 12.
#
# **Stale sums.** Gradients add up until someone sets them to zero. In PyTorch that is `optimizer.zero_grad()` before each `backward()`. The next cell forgets it.

# %% id="forget-zero"
for forget in (False, True):
    w, path = autograd.Value(1.0, label="w"), []
    for _ in range(8):
        cost = (w - 3) ** 2
        if not forget:
            w.zero_grad()
        cost.backward()
        w.data -= 0.3 * w.grad
        path.append(round(w.data, 3))
    print("without zeroing:" if forget else "zeroed each time:", path)

# %% [markdown] id="mistakes-more"
# Zeroed, $w$ walks straight to 3. Otherwise old slopes keep pushing, and it swings to and fro around it.
#
# **Checking only with ones.** A wrong gradient often looks right for symmetric numbers: in the chapter's graph a wrong order gives the right answer. Use irregular numbers, and compare with centred differences.
#
# **Names in the book.** "Delta rule" is the rule for a single layer (Widrow and Hoff, 1960); with errors that travel back through hidden layers it is the *generalised* delta rule. And a matrix "of dimension 2" there is one with two columns,
# two features.

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# A PyTorch tensor with `requires_grad=True` is your `Value`, for arrays. It follows the same contract: leaves add up.

# %% id="torch-check"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    torch.set_num_threads(1)
    a, b = (torch.tensor(number, requires_grad=True) for number in (2.0, 1.0))
    e = (a + b) * (b + 1)
    e.backward(retain_graph=True)
    print("reverse mode:", a.grad.item(), b.grad.item())
    e.backward()
    print("after a second backward:", a.grad.item(), b.grad.item())
    inputs, ones = (torch.tensor(2.0), torch.tensor(1.0)), (torch.tensor(0.0), torch.tensor(1.0))
    print("forward mode from b:", torch.func.jvp(expression, inputs, ones)[1].item())
    W_t, v_t = (torch.tensor(part, requires_grad=True) for part in (W_book, v_book))
    hidden = torch.sigmoid(W_t @ torch.tensor([0.0, 1.0, 1.0], dtype=torch.float64))
    cost = (torch.sigmoid(v_t @ hidden) - 1) ** 2 / 2
    cost.backward()
    print("the book's network, dv:", v_t.grad.numpy().round(4))

# %% [markdown] id="gpu"
# A GPU changes nothing in the mathematics. One node stands for an operation on a whole array, so that a graph of some hundred nodes holds millions of numbers, and each edge of the sweep becomes a matrix product, which is what GPUs do best.
# Your scalar engine spends most of its time making Python objects.

# %% [markdown] id="check-yourself" question="quiz"
# You want the derivatives of 50 outputs with respect to one input, say how 50 measured quantities change with the temperature. Which mode?
#
# - [x] Forward: one input, one sweep; every output then holds its derivative.
# - [ ] Reverse: it would take 50 sweeps, one for each output.
# - [ ] It makes no difference: each sweep touches every edge once, but the number of sweeps is 1 against 50.

# %% [markdown] id="questions"
# ## To think about
#
# 1. In $e = (a+b)(b+1)$, for which $a$ and $b$ does a step along $b$ not change $e$ at all? What do the two paths do there?
# 2. The sigmoid's slope is at most ¼. What happens to the error of the first layer in a chain of ten such layers with weights around 1? (This is the vanishing gradient of page 17.)
# 3. You may throw away every second value of the forward pass and compute it again when the sweep needs it. What do you save, and what does it cost? (It is called checkpointing.)
# 4. Why, do you think, was this not obvious to everyone in 1970? (The book's answer: people expected derivatives to be costly and feared local minima, and so had no reason to look.)
#
# <details><summary>Answers</summary>
#
# 1. $\partial e/\partial b = d + c = (b + 1) + (a + b)$ is zero where $a = -1 - 2b$: the two paths cancel.
# 2. Ten slopes of at most ¼ multiply to less than a millionth: almost nothing arrives.
# 3. About half the memory for the values, at the price of up to one more forward pass.
#
# </details>
#
# **Sources.** S. Linnainmaa, master's thesis, Helsinki, 1970. D. Rumelhart, G. Hinton, R. Williams, *Learning representations by back-propagating errors*, Nature 323, 1986.
# A. Griewank, A. Walther, *Evaluating Derivatives*, SIAM, 2008: the cost of both modes. A. Baydin and others, *Automatic differentiation in machine learning: a survey*, JMLR 18, 2018. Book: chapters 14 and 15.
#
# **Next:** [a network for digits](../07-network/07-network.ipynb). In the book its skeleton, chapter 13, comes before these two chapters and treats backpropagation as a black box. You have opened the box first.
