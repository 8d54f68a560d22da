"""Functions in, derivatives out: `grad`, `jvp`, `vjp`, `hvp`, `jacobian`."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dlbook.autograd.forward import Dual
from dlbook.autograd.tensor import Tensor, concatenate


class Jacobian(NamedTuple):
    """matrix : y.shape + x.shape.  sweeps : how many times the graph was walked for it."""

    matrix: np.ndarray
    sweeps: int


def value_and_grad(f: Callable[..., Any], argnum: int = 0) -> Callable[..., tuple[float, np.ndarray]]:
    """The function that returns f's value, one number, and its gradient with respect to one argument.

    The gradient is an array of that argument's shape, a float for a number.  f is written with operators, the functions
    of this package and the methods of `Tensor`.  Raises ValueError where f returns more than one number.
    """

    def derivative(*arguments: Any) -> tuple[float, np.ndarray]:
        x = Tensor(arguments[argnum])
        y = _tensor(f(*arguments[:argnum], x, *arguments[argnum + 1 :]))
        if y.size != 1:
            raise ValueError(
                f"grad expects a function that returns one number, got shape {y.shape}: use jacobian or vjp"
            )
        y.backward()
        return y.item(), _like(x.grad, x)

    return derivative


def grad(f: Callable[..., Any], argnum: int = 0) -> Callable[..., np.ndarray]:
    """The function that returns f's gradient with respect to one argument: one reverse sweep.  See `value_and_grad`."""
    both = value_and_grad(f, argnum)
    return lambda *arguments: both(*arguments)[1]


def jvp(f: Callable[[Any], Any], x: npt.ArrayLike, v: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """f(x) and J v, the derivative of f along v, by one forward sweep.  x and v have the same shape."""
    x, v = np.asarray(x, float), np.asarray(v, float)
    if x.shape != v.shape:
        raise ValueError(f"jvp expects a direction of x's shape {x.shape}, got {v.shape}")
    y = f(Dual(x, v) if x.ndim else Dual(x.item(), v.item()))
    y = y if isinstance(y, Dual) else Dual(y)
    return np.asarray(y.value), np.array(np.broadcast_to(y.tangent, np.shape(y.value)))


def vjp(f: Callable[[Any], Any], x: npt.ArrayLike) -> tuple[np.ndarray, Callable[[npt.ArrayLike], np.ndarray]]:
    """f(x), and the function that takes u, of f(x)'s shape, to uᵀJ, by one reverse sweep each."""
    x = Tensor(x)
    y = _tensor(f(x))

    def pullback(u: npt.ArrayLike) -> np.ndarray:
        x.grad = None
        y.backward(u)
        return _like(x.grad, x)

    return y.data, pullback


def hvp(f: Callable[[Any], Any], x: npt.ArrayLike, v: npt.ArrayLike) -> np.ndarray:
    """Hessian of f times v, without the Hessian.

    The gradient, in reverse mode, of the derivative along v, in forward mode.  x and v have the same shape.
    """
    x, v = Tensor(x), np.asarray(v, float)
    if x.shape != v.shape:
        raise ValueError(f"hvp expects a direction of x's shape {x.shape}, got {v.shape}")
    slope = f(Dual(x, Tensor(v))).tangent
    slope.backward()
    return _like(x.grad, x)


def jacobian(f: Callable[[Any], Any], x: npt.ArrayLike, mode: str = "reverse") -> Jacobian:
    """All derivatives of f at x: matrix of shape y.shape + x.shape, and the number of sweeps that it took.

    mode : "reverse", one sweep for each output, or "forward", one for each input.  Raises ValueError for another mode.
    """
    x = np.asarray(x, float)
    if mode == "reverse":
        y, pullback = vjp(f, x)
        rows = [pullback(unit.reshape(y.shape)) for unit in np.eye(y.size)]
        return Jacobian(np.array(rows).reshape(y.shape + x.shape), len(rows))
    if mode == "forward":
        columns = [jvp(f, x, unit.reshape(x.shape))[1] for unit in np.eye(x.size)]
        shape = columns[0].shape + x.shape if columns else x.shape
        return Jacobian(np.stack(columns, axis=-1).reshape(shape), len(columns))
    raise ValueError(f'mode expects "reverse" or "forward", got {mode!r}')


def _tensor(y: Any) -> Tensor:
    """What f returned as a tensor: a list of numbers becomes a vector."""
    if isinstance(y, list | tuple):
        return concatenate([_tensor(part).reshape(-1) for part in y])
    return y if isinstance(y, Tensor) else Tensor(y)


def _like(gradient: np.ndarray | None, x: Tensor) -> Any:
    gradient = np.zeros_like(x.data) if gradient is None else gradient
    return gradient if x.ndim else gradient.item()
