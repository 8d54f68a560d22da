"""Second-order methods: a Hessian times a vector, conjugate gradients, Newton's step and Hessian-free training.

A network of d parameters has a Hessian of d² numbers, too many to write down.  None is needed: conjugate gradients
solve H p = -g with products H v alone, and each product costs two gradients.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dlbook.nn import Module, Parameter
from dlbook.optim.optimizer import Optimizer, at_least_zero

Gradient = Callable[[np.ndarray], np.ndarray]


def loss_gradient(model: Module, loss: Callable, loss_backward: Callable, x, target) -> Gradient:
    """The gradient of a network's loss as a function of all its parameters in one vector, (d,) -> (d,).

    loss, loss_backward : a pair of dlbook.nn, `cross_entropy` and `cross_entropy_backward` for instance.
    x, target : the examples, always the same ones.  The order is that of `model.parameters()`, each flattened by rows.
    The model's parameters and gradients are put back after each call.  For models without chance: no dropout.
    """
    parameters = model.parameters()

    def gradient(w: np.ndarray) -> np.ndarray:
        before = [(parameter.data, parameter.grad) for parameter in parameters]
        try:
            write(parameters, w)
            model.zero_grad()
            prediction, cache = model.forward(x)
            _, loss_cache = loss(prediction, target)
            model.backward_parameters(loss_backward(1.0, loss_cache), cache)
            return read_gradient(parameters)
        finally:
            for parameter, (data, grad) in zip(parameters, before, strict=True):
                parameter.data, parameter.grad = data, grad

    return gradient


def read(parameters: list[Parameter]) -> np.ndarray:
    """All parameters in one vector (d,)."""
    return np.concatenate([parameter.data.ravel() for parameter in parameters])


def read_gradient(parameters: list[Parameter]) -> np.ndarray:
    """All gradients in one vector (d,), zeros where a parameter has none."""
    return np.concatenate(
        [(np.zeros_like(p.data) if p.grad is None else np.asarray(p.grad)).ravel() for p in parameters]
    )


def write(parameters: list[Parameter], w: np.ndarray) -> None:
    """Give the parameters the values of the vector w (d,), in new arrays."""
    w = np.asarray(w)
    sizes = [parameter.data.size for parameter in parameters]
    if w.shape != (sum(sizes),):
        raise ValueError(f"w: expected shape ({sum(sizes)},), one number for each parameter, got {w.shape}")
    for parameter, part in zip(parameters, np.split(w, np.cumsum(sizes)[:-1]), strict=True):
        parameter.data = part.reshape(parameter.data.shape).astype(parameter.data.dtype)


def hessian_vector_product(gradient: Gradient, w, v, eps: float | None = None) -> np.ndarray:
    """H v, the Hessian at w times v, without the Hessian: (∇C(w + h v) - ∇C(w - h v)) / (2 h).

    gradient : (d,) -> (d,); `loss_gradient` makes one of a network.  w, v : (d,).  Returns (d,).
    A centred difference serves every layer that has a backward pass; an exact R-operator (Pearlmutter 1994) would need
    a second pass for each.  `dlbook.autograd.hvp` is exact, for functions written with it.
    eps : length of the step h v.  The error is eps²/6 times the gradient's third derivative along v, plus rounding of
    about 1e-16 · |∇C| / eps; eps = 6e-6 (1 + |w|), unless said otherwise, leaves some ten digits in double
    precision.  For float32, 5e-3 (1 + |w|).
    Where the gradient has kinks (ReLU) the difference may step over one.  Book: chapter 30.
    Raises ValueError when shapes differ, and for eps not above 0.
    """
    w, v = _vector(w, "w"), _vector(v, "v")
    if w.shape != v.shape:
        raise ValueError(f"v: expected shape {w.shape}, that of w, got {v.shape}")
    if eps is None:
        eps = float(np.cbrt(np.finfo(w.dtype).eps)) * (1 + float(np.linalg.norm(w)))
    if not eps > 0:
        raise ValueError(f"eps: expected a length above 0, got {eps}")
    length = float(np.linalg.norm(v))
    if length == 0:
        return np.zeros_like(w)
    h = eps / length
    return (gradient(w + h * v) - gradient(w - h * v)) / (2 * h)


class Solution(NamedTuple):
    """x : (d,).  residual : |b - A x|.  steps : products used.  curved_down : some pᵀA p ≤ 0 ended the search."""

    x: np.ndarray
    residual: float
    steps: int
    curved_down: bool


def conjugate_gradient(
    product: Callable[[np.ndarray], np.ndarray], b, max_steps: int | None = None, tol: float = 1e-10
) -> Solution:
    """Solve A x = b for a symmetric A that is known only by its products, from x = 0.

    product : v -> A v, (d,) -> (d,).  b : (d,).  Stops when |b - A x| ≤ tol |b|, or after max_steps (d).
    For a positive definite A of d rows d steps suffice, but for rounding; each makes x the best of ½ xᵀA x - bᵀx in
    one more direction.  Where A curves down or is flat along a direction there is no minimum: x is what was reached
    before, and b itself if that happens at the first step.
    Hestenes and Stiefel 1952.  Book: chapter 30.  Raises ValueError for a product of another shape.
    """
    b = _vector(b, "b")
    max_steps = len(b) if max_steps is None else max_steps
    x, residual, direction = np.zeros_like(b), b, b
    square = float(residual @ residual)
    goal = tol**2 * square
    for step in range(max_steps):
        if square <= goal:
            return Solution(x, square**0.5, step, False)
        bent = np.asarray(product(direction))
        if bent.shape != b.shape:
            raise ValueError(f"product: expected shape {b.shape}, that of b, got {bent.shape}")
        curvature = float(direction @ bent)
        if not curvature > 0:
            x = b.copy() if step == 0 else x
            return Solution(x, float(np.linalg.norm(b - bent)) if step == 0 else square**0.5, step + 1, True)
        length = square / curvature
        x, residual = x + length * direction, residual - length * bent
        before, square = square, float(residual @ residual)
        direction = residual + (square / before) * direction
    return Solution(x, square**0.5, max_steps, False)


def newton_step(w, grad, hessian, lr: float = 1.0, damping: float = 0.0) -> np.ndarray:
    """w - lr (H + damping I)⁻¹ g, solved and not inverted.

    w, grad : (d,).  hessian : (d, d), symmetric.  Returns (d,).
    Goes to the point where the quadratic model is level: a minimum where H is positive definite, else a saddle or a
    maximum.  A damping above minus the smallest eigenvalue makes every step lead downhill (Levenberg 1944).
    Book: chapter 30.  Raises ValueError for other shapes, and where H + damping I is singular.
    """
    w, grad = _vector(w, "w"), _vector(grad, "grad")
    hessian = np.asarray(hessian, w.dtype)
    if grad.shape != w.shape:
        raise ValueError(f"grad: expected shape {w.shape}, that of w, got {grad.shape}")
    if hessian.shape != (len(w), len(w)):
        raise ValueError(f"hessian: expected shape {(len(w), len(w))}, got {hessian.shape}")
    try:
        return w - lr * np.linalg.solve(hessian + damping * np.eye(len(w), dtype=w.dtype), grad)
    except np.linalg.LinAlgError:
        raise ValueError(
            f"hessian: expected H + damping I to be invertible, got a singular one with damping {damping}; add damping"
        ) from None


class HessianFree(Optimizer):
    """Newton's step by conjugate gradients: p ≈ -(H + λ I)⁻¹ g from products H v, then w ← w + t p with a falling loss.

        def closure():                       # loss and gradients of one batch, always the same within a step
            optimizer.zero_grad()
            prediction, cache = model.forward(x)
            value, loss_cache = nn.cross_entropy(prediction, labels)
            model.backward_parameters(nn.cross_entropy_backward(1.0, loss_cache), cache)
            return value

        optimizer.step(closure)

    lr : first t; it is halved, up to ten times, until the loss falls, else the step is refused.
    damping : first λ.  After each step it is 3/2 or 2/3 of what it was, as the loss fell by less than a quarter or more
        than three quarters of what the quadratic model promised (Levenberg 1944, Marquardt 1963); read `damping`.
    cg_steps, tol : where conjugate gradients stop; they also stop where the loss curves down.
    A small form of Martens 2010, for small nets and whole batches: H and not Gauss-Newton, no preconditioner, no
    starting from the last solution.  Book: chapter 30.  Raises ValueError for negative settings and several groups.
    """

    def __init__(self, params, lr: float = 1.0, damping: float = 1.0, cg_steps: int = 50, tol: float = 1e-3):
        super().__init__(params, {"lr": lr, "damping": damping, "cg_steps": cg_steps, "tol": tol})
        if len(self.param_groups) != 1:
            raise ValueError(f"params: expected one group, got {len(self.param_groups)}")

    def check(self, settings):
        at_least_zero(settings, "lr", "damping", "cg_steps", "tol")

    @property
    def damping(self) -> float:
        """λ of the next step."""
        return self.param_groups[0]["damping"]

    def step(self, closure: Callable[[], float]) -> float:
        """One step; returns the loss before it.  The parameters' gradients are afterwards those of an inner call."""
        group, parameters = self.param_groups[0], self.parameters
        w = read(parameters)
        value = float(closure())
        gradient = read_gradient(parameters)

        def at(point: np.ndarray) -> np.ndarray:
            write(parameters, point)
            closure()
            return read_gradient(parameters)

        def product(v: np.ndarray) -> np.ndarray:
            return hessian_vector_product(at, w, v) + group["damping"] * v

        change = conjugate_gradient(product, -gradient, group["cg_steps"], group["tol"]).x
        promised = -float(gradient @ change + 0.5 * change @ hessian_vector_product(at, w, change))
        length = float(group["lr"])
        for _ in range(11):
            write(parameters, w + length * change)
            fallen = value - float(closure())
            if fallen > 0:
                break
            length /= 2
        else:
            write(parameters, w)
        if not promised > 0 or not fallen >= promised / 4:
            group["damping"] *= 3 / 2
        elif fallen > 3 * promised / 4:
            group["damping"] *= 2 / 3
        return value


def _vector(values, name: str) -> np.ndarray:
    values = np.asarray(values)
    values = values if values.dtype.kind == "f" else values.astype(float)
    if values.ndim != 1:
        raise ValueError(f"{name}: expected one vector (d,), got shape {values.shape}")
    return values
