"""Reverse mode on arrays: one node for each whole-array operation."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dlbook.autograd.graph import topological_order

Pullback = Callable[[np.ndarray], np.ndarray]


class Tensor:
    """An array that remembers how it came about.

    data : float64 or float32 array; everything else that is a real number becomes float64.
    grad : array like `data`: the derivative of whatever `backward` was called on; None before.
    parents : the tensors that it was computed from.  Plain arrays and numbers in an expression are constants: they have
        no gradient and aren't recorded.
    op, label : how it was computed, and a name for drawings.

    Operations broadcast as NumPy's do.  Book: chapters 14 and 15.
    """

    __array_ufunc__ = None  # array @ tensor is left to Tensor.__rmatmul__
    __slots__ = ("__weakref__", "_pullbacks", "data", "grad", "label", "op", "parents")

    def __init__(self, data: npt.ArrayLike, label: str = ""):
        array = np.asarray(data)
        if array.dtype.kind not in "fiub":
            raise ValueError(f"Tensor expects real numbers, got {type(data).__name__} of dtype {array.dtype}")
        self.data: np.ndarray = array if array.dtype.char in "df" else array.astype(np.float64)
        self.grad: np.ndarray | None = None
        self.label = label
        self.op: str = ""
        self.parents: tuple[Tensor, ...] = ()
        self._pullbacks: tuple[Pullback, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    @property
    def ndim(self) -> int:
        return self.data.ndim

    @property
    def size(self) -> int:
        return self.data.size

    @property
    def dtype(self) -> np.dtype:
        return self.data.dtype

    @property
    def T(self) -> "Tensor":
        return self.transpose()

    def item(self) -> float:
        """The value of a tensor with one element, as a Python float."""
        return self.data.item()

    def detach(self) -> "Tensor":
        """The same numbers as a new leaf: no gradient passes through."""
        return Tensor(self.data)

    def backward(self, gradient: npt.ArrayLike | None = None) -> None:
        """Reverse sweep from this node back to the leaves.

        gradient : like this tensor, the derivative of the final number with respect to it; 1 where it is left out.

        Leaves add up: a second call adds exactly one more copy, until `zero_grad`.  Inner nodes show the last sweep
        alone.
        Raises ValueError without `gradient` on more than one element, and for one of another shape.
        """
        if gradient is None:
            if self.size != 1:
                raise ValueError(
                    f"backward on shape {self.shape} needs a gradient of that shape: "
                    "reduce to one number first (.sum(), .mean()), or pass gradient="
                )
            gradient = np.ones(self.shape)
        gradient = np.asarray(gradient, self.dtype)
        if gradient.shape != self.shape:
            raise ValueError(f"backward expects a gradient of shape {self.shape}, got {gradient.shape}")
        order = topological_order(self)
        adjoint = {self: gradient}
        for node in reversed(order):
            total = adjoint[node]
            if not node.parents:
                node.grad = np.array(total, node.data.dtype) if node.grad is None else node.grad + total
                continue
            node.grad = total
            for parent, pullback in zip(node.parents, node._pullbacks, strict=True):
                share = pullback(total)
                adjoint[parent] = adjoint[parent] + share if parent in adjoint else share

    def zero_grad(self) -> None:
        """Forget the gradients of this node and of all below it."""
        for node in topological_order(self):
            node.grad = None

    # Arithmetic, with broadcasting.

    def __add__(self, other):
        x, y = self, self._operand(other)
        return _node(x.data + y.data, "+", (x, lambda g: _fit(g, x.data.shape)), (y, lambda g: _fit(g, y.data.shape)))

    def __sub__(self, other):
        x, y = self, self._operand(other)
        return _node(x.data - y.data, "−", (x, lambda g: _fit(g, x.shape)), (y, lambda g: _fit(-g, y.shape)))

    def __mul__(self, other):
        x, y = self, self._operand(other)
        return _node(
            x.data * y.data,
            "×",
            (x, lambda g: _fit(g * y.data, x.shape)),
            (y, lambda g: _fit(g * x.data, y.shape)),
        )

    def __truediv__(self, other):
        x, y = self, self._operand(other)
        quotient = x.data / y.data
        return _node(
            quotient,
            "÷",
            (x, lambda g: _fit(g / y.data, x.shape)),
            (y, lambda g: _fit(-g * quotient / y.data, y.shape)),
        )

    def __pow__(self, other):
        """x ** n.  The derivative with respect to n is x ** n · log x, and 0 where x is 0."""
        if isinstance(other, int | float):
            n = float(other)
            return _node(self.data**n, f"^{n:g}", (self, lambda g: g * (n * self.data ** (n - 1 if n else 0.0))))
        x, n = self, self._operand(other)
        power = x.data**n.data

        def to_base(g):
            return _fit(g * n.data * x.data ** np.where(n.data == 0, 1, n.data - 1), x.shape)

        def to_exponent(g):
            zero = x.data == 0
            return _fit(g * power * np.log(np.where(zero, 1, x.data)), n.shape)

        return _node(power, "^", (x, to_base), (n, to_exponent))

    def __matmul__(self, other):
        """x @ y as NumPy's: vectors, matrices and stacks of matrices."""
        x, y = self, self._operand(other)
        if x.ndim == y.ndim == 2:
            return _node(x.data @ y.data, "@", (x, lambda g: g @ y.data.T), (y, lambda g: x.data.T @ g))
        rows = x.data[None] if x.ndim == 1 else x.data
        columns = y.data[:, None] if y.ndim == 1 else y.data

        def as_matrices(g):
            g = g[..., None] if y.ndim == 1 else g
            return g[..., None, :] if x.ndim == 1 else g

        def to_x(g):
            return _fit(as_matrices(g) @ columns.swapaxes(-1, -2), rows.shape).reshape(x.shape)

        def to_y(g):
            return _fit(rows.swapaxes(-1, -2) @ as_matrices(g), columns.shape).reshape(y.shape)

        return _node(x.data @ y.data, "@", (x, to_x), (y, to_y))

    def __neg__(self):
        return _node(-self.data, "−", (self, np.negative))

    def __radd__(self, other):
        return self._operand(other) + self

    def __rsub__(self, other):
        return self._operand(other) - self

    def __rmul__(self, other):
        return self._operand(other) * self

    def __rtruediv__(self, other):
        return self._operand(other) / self

    def __rpow__(self, other):
        return self._operand(other) ** self

    def __rmatmul__(self, other):
        return self._operand(other) @ self

    # Functions of each element.

    def exp(self) -> "Tensor":
        y = np.exp(self.data)
        return _node(y, "exp", (self, lambda g: g * y))

    def log(self) -> "Tensor":
        return _node(np.log(self.data), "log", (self, lambda g: g / self.data))

    def sqrt(self) -> "Tensor":
        y = np.sqrt(self.data)
        return _node(y, "√", (self, lambda g: g * 0.5 / y))

    def sin(self) -> "Tensor":
        return _node(np.sin(self.data), "sin", (self, lambda g: g * np.cos(self.data)))

    def cos(self) -> "Tensor":
        return _node(np.cos(self.data), "cos", (self, lambda g: -g * np.sin(self.data)))

    def abs(self) -> "Tensor":
        """|x|, with derivative 0 at 0."""
        return _node(np.abs(self.data), "abs", (self, lambda g: g * np.sign(self.data)))

    def tanh(self) -> "Tensor":
        y = np.tanh(self.data)
        return _node(y, "tanh", (self, lambda g: g * (1 - y * y)))

    def sigmoid(self) -> "Tensor":
        small = np.exp(-np.abs(self.data))  # in (0, 1]: no overflow on either side
        y = np.where(self.data >= 0, 1, small) / (1 + small)
        return _node(y, "σ", (self, lambda g: g * small / (1 + small) ** 2))

    def relu(self) -> "Tensor":
        """max(0, x), with derivative 0 at 0."""
        return _node(np.maximum(self.data, 0), "relu", (self, lambda g: g * (self.data > 0)))

    # Reductions.

    def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> "Tensor":
        y = self.data.sum(axis=axis, keepdims=keepdims)
        return _node(y, "Σ", (self, lambda g: _spread(g, self.shape, axis, keepdims)))

    def mean(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> "Tensor":
        y = self.data.sum(axis=axis, keepdims=keepdims)
        count = self.size / max(y.size, 1)
        return _node(y / count, "mean", (self, lambda g: _spread(g / count, self.shape, axis, keepdims)))

    def max(self, axis: int | None = None, keepdims: bool = False) -> "Tensor":
        """Largest element, of all or along one axis.  Ties send the gradient to the first."""
        flat = self.data.reshape(-1) if axis is None else self.data
        winner = np.expand_dims(flat.argmax(axis=axis or 0), axis or 0)

        def to_winner(g):
            dx = np.zeros_like(flat)
            np.put_along_axis(dx, winner, _with_axes(g, self.ndim, axis, keepdims).reshape(winner.shape), axis or 0)
            return dx.reshape(self.shape)

        return _node(self.data.max(axis=axis, keepdims=keepdims), "max", (self, to_winner))

    def logsumexp(self, axis: int = -1, keepdims: bool = False) -> "Tensor":
        """log Σ exp x along one axis, without overflow."""
        top = self.data.max(axis=axis, keepdims=True)
        e = np.exp(self.data - top)
        total = e.sum(axis=axis, keepdims=True)
        y = np.log(total) + top

        def to_softmax(g):
            return _with_axes(g, self.ndim, axis, keepdims) * (e / total)

        return _node(y if keepdims else y.squeeze(axis), "logsumexp", (self, to_softmax))

    def softmax(self, axis: int = -1) -> "Tensor":
        """exp x / Σ exp x along one axis."""
        e = np.exp(self.data - self.data.max(axis=axis, keepdims=True))
        y = e / e.sum(axis=axis, keepdims=True)
        return _node(y, "softmax", (self, lambda g: y * (g - (g * y).sum(axis=axis, keepdims=True))))

    def log_softmax(self, axis: int = -1) -> "Tensor":
        """log of the softmax along one axis, without the round trip through exp and log."""
        shifted = self.data - self.data.max(axis=axis, keepdims=True)
        y = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
        return _node(y, "log softmax", (self, lambda g: g - np.exp(y) * g.sum(axis=axis, keepdims=True)))

    # Shapes.

    def reshape(self, *shape: int | tuple[int, ...]) -> "Tensor":
        shape = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
        return _node(self.data.reshape(shape), "reshape", (self, lambda g: g.reshape(self.shape)))

    def transpose(self, *axes: int | tuple[int, ...]) -> "Tensor":
        """Axes in another order; in reverse order without arguments."""
        if not axes:
            return _node(self.data.T, "transpose", (self, lambda g: g.T))
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        order = tuple(axis % self.ndim for axis in order)
        return _node(self.data.transpose(order), "transpose", (self, lambda g: g.transpose(np.argsort(order))))

    def __getitem__(self, index: Any) -> "Tensor":
        """Any index that NumPy takes; elements taken twice get both gradients."""
        simple = all(
            isinstance(i, int | slice | None | type(...)) for i in (index if isinstance(index, tuple) else (index,))
        )

        def scatter(g):
            dx = np.zeros_like(self.data)
            if simple:
                dx[index] = g
            else:
                np.add.at(dx, index, g)
            return dx

        return _node(self.data[index], "[ ]", (self, scatter))

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        name = f", label={self.label!r}" if self.label else ""
        return f"Tensor({np.array2string(self.data, precision=6, prefix='Tensor(')}{name})"

    def _operand(self, other: Any) -> "Tensor":
        """`other` as a tensor; plain numbers and arrays become constants, Python's numbers of this tensor's dtype."""
        if isinstance(other, Tensor):
            return other
        constant = Tensor(np.asarray(other, self.dtype) if isinstance(other, int | float) else other)
        constant.op = _CONSTANT
        return constant


_CONSTANT = "constant"


def concatenate(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Tensors joined along an axis that they have."""
    ends = np.cumsum([t.shape[axis] for t in tensors])

    def piece(start, stop):
        return lambda g: g.swapaxes(0, axis)[start:stop].swapaxes(0, axis)

    edges = [(t, piece(end - t.shape[axis], end)) for t, end in zip(tensors, ends, strict=True)]
    return _node(np.concatenate([t.data for t in tensors], axis), "concatenate", *edges)


def stack(tensors: Sequence[Tensor], axis: int = 0) -> Tensor:
    """Tensors of one shape joined along a new axis."""
    edges = [(t, lambda g, i=i: g.take(i, axis)) for i, t in enumerate(tensors)]
    return _node(np.stack([t.data for t in tensors], axis), "stack", *edges)


def _node(data: np.ndarray, op: str, *edges: tuple[Tensor, Pullback]) -> Tensor:
    node = Tensor.__new__(Tensor)  # results need none of __init__'s checks
    node.data = data if type(data) is np.ndarray else np.asarray(data)
    node.grad, node.label, node.op = None, "", op
    if len(edges) == 1:
        ((parent, pullback),) = edges
        node.parents, node._pullbacks = (parent,), (pullback,)
    else:
        node.parents, node._pullbacks = zip(*[edge for edge in edges if edge[0].op is not _CONSTANT], strict=True)
    return node


def _fit(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum a gradient over the axes along which an operand of this shape was broadcast."""
    if g.shape == shape:
        return g
    if g.ndim > len(shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
        if g.shape == shape:
            return g
    stretched = tuple(axis for axis, n in enumerate(shape) if n == 1 and g.shape[axis] != 1)
    return g.sum(axis=stretched, keepdims=True) if stretched else g


def _spread(g: np.ndarray, shape: tuple[int, ...], axis: int | tuple[int, ...] | None, keepdims: bool) -> np.ndarray:
    """A sum's gradient, the same for each term."""
    return np.full(shape, _with_axes(g, len(shape), axis, keepdims))


def _with_axes(g: np.ndarray, ndim: int, axis: int | tuple[int, ...] | None, keepdims: bool) -> np.ndarray:
    """A reduction's gradient with the reduced axes back, of length 1."""
    if keepdims:
        return g
    return g.reshape((1,) * ndim) if axis is None else np.expand_dims(g, axis)
