"""Forward mode: numbers that carry their derivative along."""

from typing import Any

import numpy as np

from dlbook.autograd import functions as f


class Dual:
    """value + ε tangent, with ε² = 0: whatever is computed from it carries its derivative along the chosen direction.

    value : a number or an array.  tangent : the derivative, like `value`.

    Nothing is recorded, so memory doesn't grow with the length of the computation; but every input takes a sweep of its
    own.  Both parts may be duals again (second derivatives) or tensors (a Hessian times a vector).  Book: chapter 14.
    """

    __array_ufunc__ = None  # array * dual is left to Dual.__rmul__
    __slots__ = ("tangent", "value")

    def __init__(self, value: Any, tangent: Any = 0.0):
        if isinstance(value, np.ndarray | list | tuple):
            value = np.asarray(value)
            value = value if value.dtype.kind == "f" else value.astype(float)
            if not hasattr(tangent, "__array_ufunc__") or isinstance(tangent, np.ndarray | np.generic):
                try:
                    tangent = np.broadcast_to(np.asarray(tangent, float), value.shape)
                except ValueError:
                    raise ValueError(
                        f"Dual expects a tangent of the value's shape {value.shape}, got {np.shape(tangent)}"
                    ) from None
        elif isinstance(value, int | float) and np.ndim(getattr(tangent, "value", tangent)):
            raise ValueError(f"Dual expects a number as the tangent of a number, got shape {np.shape(tangent)}")
        self.value, self.tangent = value, tangent

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.value) if isinstance(self.value, np.ndarray | float | int) else self.value.shape

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def T(self) -> "Dual":
        return self.transpose()

    def __add__(self, other):
        other = _dual(other)
        return Dual(self.value + other.value, self.tangent + other.tangent)

    def __sub__(self, other):
        other = _dual(other)
        return Dual(self.value - other.value, self.tangent - other.tangent)

    def __mul__(self, other):
        other = _dual(other)
        return Dual(self.value * other.value, self.tangent * other.value + self.value * other.tangent)

    def __truediv__(self, other):
        other = _dual(other)
        quotient = self.value / other.value
        return Dual(quotient, (self.tangent - quotient * other.tangent) / other.value)

    def __pow__(self, other):
        if not isinstance(other, Dual):
            slope = other * self.value ** (other - 1) if np.any(other) else 0.0
            return Dual(self.value**other, self.tangent * slope)
        power = self.value**other.value
        return Dual(
            power,
            self.tangent * other.value * self.value ** (other.value - 1) + power * f.log(self.value) * other.tangent,
        )

    def __matmul__(self, other):
        other = _dual(other)
        if np.ndim(other.tangent) == 0:  # a constant
            return Dual(self.value @ other.value, self.tangent @ other.value)
        if np.ndim(self.tangent) == 0:
            return Dual(self.value @ other.value, self.value @ other.tangent)
        return Dual(self.value @ other.value, self.tangent @ other.value + self.value @ other.tangent)

    def __neg__(self):
        return Dual(-self.value, -self.tangent)

    def __radd__(self, other):
        return _dual(other) + self

    def __rsub__(self, other):
        return _dual(other) - self

    def __rmul__(self, other):
        return _dual(other) * self

    def __rtruediv__(self, other):
        return _dual(other) / self

    def __rpow__(self, other):
        power = other**self.value
        return Dual(power, power * np.log(other) * self.tangent)

    def __rmatmul__(self, other):
        return _dual(other) @ self

    def exp(self) -> "Dual":
        y = f.exp(self.value)
        return Dual(y, y * self.tangent)

    def log(self) -> "Dual":
        return Dual(f.log(self.value), self.tangent / self.value)

    def sqrt(self) -> "Dual":
        y = f.sqrt(self.value)
        return Dual(y, self.tangent * 0.5 / y)

    def sin(self) -> "Dual":
        return Dual(f.sin(self.value), f.cos(self.value) * self.tangent)

    def cos(self) -> "Dual":
        return Dual(f.cos(self.value), -f.sin(self.value) * self.tangent)

    def tanh(self) -> "Dual":
        y = f.tanh(self.value)
        return Dual(y, (1 - y * y) * self.tangent)

    def sigmoid(self) -> "Dual":
        y = f.sigmoid(self.value)
        return Dual(y, y * (1 - y) * self.tangent)

    def relu(self) -> "Dual":
        """max(0, x), with derivative 0 at 0."""
        return Dual(f.relu(self.value), _step(self.value) * self.tangent)

    def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> "Dual":
        return self._linear(lambda part: part.sum(axis=axis, keepdims=keepdims))

    def mean(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> "Dual":
        return self._linear(lambda part: part.mean(axis=axis, keepdims=keepdims))

    def max(self, axis: int | None = None, keepdims: bool = False) -> "Dual":
        """Largest element, of all or along one axis; the tangent is that of the first of equals."""
        flat = self if axis is not None else self.reshape(-1)
        winner = np.expand_dims(np.asarray(_plain(flat.value)).argmax(axis=axis or 0), axis or 0)
        largest = flat._linear(lambda part: np.take_along_axis(part, winner, axis or 0))
        if keepdims:
            return largest if axis is not None else largest.reshape((1,) * self.ndim)
        return largest._linear(lambda part: part.squeeze(axis or 0))

    def softmax(self, axis: int = -1) -> "Dual":
        e = (self - _plain(self.value).max(axis=axis, keepdims=True)).exp()
        return e / e.sum(axis=axis, keepdims=True)

    def log_softmax(self, axis: int = -1) -> "Dual":
        shifted = self - _plain(self.value).max(axis=axis, keepdims=True)
        return shifted - shifted.exp().sum(axis=axis, keepdims=True).log()

    def reshape(self, *shape: int | tuple[int, ...]) -> "Dual":
        return self._linear(lambda part: part.reshape(*shape))

    def transpose(self, *axes: int | tuple[int, ...]) -> "Dual":
        return self._linear(lambda part: part.transpose(*axes))

    def __getitem__(self, index: Any) -> "Dual":
        return self._linear(lambda part: part[index])

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"Dual({self.value}, {self.tangent})"

    def _linear(self, move: Any) -> "Dual":
        """A linear operation does the same to the tangent as to the value."""
        return Dual(move(self.value), move(self.tangent))


def _dual(x: Any) -> Dual:
    return x if isinstance(x, Dual) else Dual(x)


def _plain(x: Any) -> Any:
    """The numbers inside nested duals and tensors."""
    while isinstance(x, Dual):
        x = x.value
    return getattr(x, "data", x) if not isinstance(x, np.ndarray) else x


def _step(x: Any) -> Any:
    return np.where(_plain(x) > 0, 1.0, 0.0)
