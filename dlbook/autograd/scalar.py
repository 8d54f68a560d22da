"""Reverse mode on single numbers: every operation makes one node of a computational graph."""

import math
from collections.abc import Iterable

from dlbook.autograd.graph import topological_order


class Value:
    """A number that remembers how it came about.

    data : its value.  grad : the derivative of whatever `backward` was called on with respect to it; 0 before.
    parents : the values that it was computed from.  partials : the derivative with respect to each: the graph's edges.
    op, label : how it was computed ("constant" for a plain number in an expression), and a name for drawings.

    Book: chapters 14 and 15.
    """

    __array_ufunc__ = None  # np.float64(2) * value is left to Value.__rmul__
    __slots__ = ("__weakref__", "data", "grad", "label", "op", "parents", "partials")

    def __init__(self, data: float, label: str = ""):
        if isinstance(data, Value) or getattr(data, "ndim", 0):
            raise ValueError(f"Value expects one number, got {type(data).__name__}: use Tensor for arrays")
        self.data = float(data)
        self.grad = 0.0
        self.label = label
        self.op, self.parents, self.partials = "", (), ()

    def backward(self, gradient: float = 1.0) -> None:
        """Reverse sweep: each edge once, from this node back to the leaves.

        ∂z/∂v = Σ over the nodes u that use v of ∂z/∂u · ∂u/∂v, z being this node, times `gradient`.

        Leaves add up: a second call adds exactly one more copy, until `zero_grad`.  Inner nodes show the last sweep
        alone.  Were the sums kept in `grad` while the sweep runs, a second call would start from those of the first,
        and pass them down again.
        """
        order = topological_order(self)
        adjoint = dict.fromkeys(order, 0.0)
        adjoint[self] = gradient
        for node in reversed(order):
            for parent, partial in zip(node.parents, node.partials, strict=True):
                adjoint[parent] += adjoint[node] * partial
        for node, total in adjoint.items():
            node.grad = total if node.parents else node.grad + total

    def zero_grad(self) -> None:
        """Set the gradients of this node and of all below it to zero."""
        for node in topological_order(self):
            node.grad = 0.0

    def __add__(self, other):
        other = _value(other)
        return _node(self.data + other.data, "+", (self, other), (1.0, 1.0))

    def __sub__(self, other):
        other = _value(other)
        return _node(self.data - other.data, "−", (self, other), (1.0, -1.0))

    def __mul__(self, other):
        other = _value(other)
        return _node(self.data * other.data, "×", (self, other), (other.data, self.data))

    def __truediv__(self, other):
        other = _value(other)
        quotient = self.data / other.data
        return _node(quotient, "÷", (self, other), (1 / other.data, -quotient / other.data))

    def __pow__(self, other):
        x, n = self.data, other.data if isinstance(other, Value) else float(other)
        if x < 0 and not n.is_integer():
            raise ValueError(f"{x} ** {n} is no real number: a negative base needs a whole exponent")
        power, slope = x**n, n * x ** (n - 1) if n else 0.0
        if not isinstance(other, Value):
            return _node(power, f"^{other:g}", (self,), (slope,))
        to_exponent = power * math.log(x) if x > 0 else 0.0 if x == 0 else math.nan
        return _node(power, "^", (self, other), (slope, to_exponent))

    def __neg__(self):
        return _node(-self.data, "−", (self,), (-1.0,))

    def __radd__(self, other):
        return _value(other) + self

    def __rsub__(self, other):
        return _value(other) - self

    def __rmul__(self, other):
        return _value(other) * self

    def __rtruediv__(self, other):
        return _value(other) / self

    def __rpow__(self, other):
        return _value(other) ** self

    def exp(self) -> "Value":
        y = math.exp(self.data)
        return _node(y, "exp", (self,), (y,))

    def log(self) -> "Value":
        if self.data <= 0:
            raise ValueError(f"log expects a positive number, got {self.data}")
        return _node(math.log(self.data), "log", (self,), (1 / self.data,))

    def sqrt(self) -> "Value":
        y = math.sqrt(self.data)
        return _node(y, "√", (self,), (0.5 / y if y else math.inf,))

    def sin(self) -> "Value":
        return _node(math.sin(self.data), "sin", (self,), (math.cos(self.data),))

    def cos(self) -> "Value":
        return _node(math.cos(self.data), "cos", (self,), (-math.sin(self.data),))

    def tanh(self) -> "Value":
        y = math.tanh(self.data)
        return _node(y, "tanh", (self,), (1 - y * y,))

    def sigmoid(self) -> "Value":
        small = math.exp(-abs(self.data))  # in (0, 1]: no overflow on either side
        y = (1.0 if self.data >= 0 else small) / (1 + small)
        return _node(y, "σ", (self,), (small / (1 + small) ** 2,))

    def relu(self) -> "Value":
        """max(0, x), with derivative 0 at 0."""
        on = self.data > 0
        return _node(self.data if on else 0.0, "relu", (self,), (float(on),))

    def __repr__(self) -> str:
        name = f", label={self.label!r}" if self.label else ""
        return f"Value({self.data:.6g}, grad={self.grad:.6g}{name})"


def forward_sweep(root: Value, leaf: Value) -> dict[Value, float]:
    """Forward mode over a recorded graph: the derivative of every node below `root` with respect to `leaf`.

    v̇ = Σ over the parents u of v of ∂v/∂u · u̇, from u̇ = 1 at the leaf.  One sweep for each input, where `backward`
    needs one for each output.  Book: chapter 14.
    """
    tangent: dict[Value, float] = {}
    for node in topological_order(root):
        below = zip(node.parents, node.partials, strict=True)
        tangent[node] = 1.0 if node is leaf else sum(partial * tangent[parent] for parent, partial in below)
    return {node: float(value) for node, value in tangent.items()}


def _value(x: "Value | float") -> Value:
    if isinstance(x, Value):
        return x
    constant = Value(x)
    constant.op = "constant"
    return constant


def _node(data: float, op: str, parents: Iterable[Value], partials: Iterable[float]) -> Value:
    node = Value(data)
    node.op, node.parents, node.partials = op, parents, partials
    return node
