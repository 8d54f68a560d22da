"""Activation functions, each with its derivative: pure functions first, then one module for each.

    y, cache = f(x)                  # y has the shape of x
    dx = f_backward(dy, cache)       # dy has that shape too

Floats keep their precision; integers and lists become float64; anything else raises ValueError, as does a `dy` of
another shape.  No finite input overflows.  Book: chapter 8.
"""

import math

import numpy as np

from dlbook.nn.arrays import as_float, upstream
from dlbook.nn.erf import erf
from dlbook.nn.module import Module, Parameter

SELU_ALPHA = 1.6732632423543772848
SELU_SCALE = 1.0507009873554804934

# By dtype.char, as arrays because NumPy takes them faster than numbers: a z whose exp(z) + 1 is just finite, and 1.
_HIGHEST = {kind: np.array(np.log(np.finfo(kind).max) - 0.5, kind) for kind in "efdg"}
_ONE = {kind: np.array(1, kind) for kind in "efdg"}


def step(x):
    """1 where x > 0, else 0: the perceptron's activation, also called Heaviside's function.  Book: chapters 6, 8."""
    x = as_float(x)
    return (x > 0).astype(x.dtype), x


def step_backward(dy, cache):
    """Zero everywhere, also at the jump, where there is no derivative: nothing can be learnt through a step."""
    return np.zeros_like(upstream(dy, cache.shape), dtype=cache.dtype)


def identity(x, a: float = 1.0):
    """y = a x: the book's linear activation, and with a = 1 none at all.  Book: chapter 8."""
    x = as_float(x)
    return a * x, (x.shape, a)


def identity_backward(dy, cache):
    """dx = a dy."""
    shape, a = cache
    return a * upstream(dy, shape)


def sigmoid(x):
    """σ(x) = 1 / (1 + exp(-x)), between 0 and 1; precise in both tails.  Book: chapter 8."""
    x = as_float(x)
    y = _sigmoid(x)
    return y, y


def sigmoid_backward(dy, cache):
    """dx = dy σ(x) (1 - σ(x)), never more than dy / 4."""
    return upstream(dy, cache.shape) * (cache * (1 - cache))


def tanh(x):
    """tanh(x) = 2 σ(2x) - 1, between -1 and 1, with slope 1 at zero.  Book: chapter 8."""
    y = np.tanh(as_float(x))
    return y, y


def tanh_backward(dy, cache):
    """dx = dy (1 - tanh²(x))."""
    return upstream(dy, cache.shape) * (1 - cache * cache)


def relu(x):
    """max(0, x).  Book: chapter 8."""
    y = np.maximum(as_float(x), 0)
    return y, y


def relu_backward(dy, cache):
    """dx = dy where x > 0, else 0; at zero, where there is no derivative, 0 as in torch."""
    return upstream(dy, cache.shape) * (cache > 0)


def leaky_relu(x, negative_slope: float = 0.01):
    """x where x > 0, else negative_slope · x.  Maas et al. 2013.  Book: chapter 8."""
    x = as_float(x)
    positive = x > 0
    return np.where(positive, x, negative_slope * x), (positive, negative_slope)


def leaky_relu_backward(dy, cache):
    """dx = dy where x > 0, else negative_slope · dy."""
    positive, negative_slope = cache
    dy = upstream(dy, positive.shape)
    return np.where(positive, dy, negative_slope * dy)


def prelu(x, weight):
    """Leaky ReLU whose slope is learnt.  weight : (1,), or (C,) for x : (N, C, …).  He et al. 2015."""
    x, weight = as_float(x), as_float(weight, "weight")
    if weight.ndim != 1 or (weight.shape[0] != 1 and (x.ndim < 2 or weight.shape[0] != x.shape[1])):
        raise ValueError(f"weight: expected shape (1,) or one slope a channel of x {x.shape}, got {weight.shape}")
    slope = weight if weight.shape[0] == 1 else weight.reshape(-1, *(1,) * (x.ndim - 2))
    return np.where(x > 0, x, slope * x), (x, weight, slope)


def prelu_backward(dy, cache):
    """(dx, dweight): dweight sums dy · x over all places where x ≤ 0."""
    x, weight, slope = cache
    dy = upstream(dy, x.shape)
    dslope = np.where(x > 0, 0, dy * x)
    axes = None if weight.shape[0] == 1 else (0, *range(2, x.ndim))
    return np.where(x > 0, dy, slope * dy), dslope.sum(axis=axes).reshape(weight.shape)


def elu(x, alpha: float = 1.0):
    """x where x > 0, else alpha (exp(x) - 1).  Clevert et al. 2015."""
    x = as_float(x)
    y = np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))
    return y, (x, y, alpha)


def elu_backward(dy, cache):
    """dx = dy where x > 0, else dy · alpha · exp(x)."""
    x, y, alpha = cache
    dy = upstream(dy, x.shape)
    return np.where(x > 0, dy, dy * (np.where(x > 0, 0, y) + alpha))


def selu(x):
    """scale · elu(x, alpha), with the constants that keep mean 0 and variance 1.  Klambauer et al. 2017."""
    y, cache = elu(x, SELU_ALPHA)
    return SELU_SCALE * y, cache


def selu_backward(dy, cache):
    """dx = scale · elu'(x) · dy."""
    return SELU_SCALE * elu_backward(dy, cache)


def softplus(x, beta: float = 1.0, threshold: float = 20.0):
    """log(1 + exp(beta x)) / beta, a smooth ReLU; x itself where beta x > threshold, as in torch.

    Dugas et al. 2001.
    """
    x = as_float(x)
    z = beta * x
    return np.where(z > threshold, x, np.logaddexp(z, 0) / beta), (z, threshold)


def softplus_backward(dy, cache):
    """dx = dy σ(beta x)."""
    z, threshold = cache
    dy = upstream(dy, z.shape)
    return np.where(z > threshold, dy, dy * _sigmoid(z))


def gelu(x, approximate: str = "none"):
    """x Φ(x), Φ the distribution function of a standard Gaussian.  Hendrycks and Gimpel 2016.

    approximate="tanh": x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2, which GPT-2 uses.
    """
    x = as_float(x)
    if approximate == "none":
        phi = 0.5 * (1 + erf(x * math.sqrt(0.5)))
    elif approximate == "tanh":
        z = _clip(x, 50)
        phi = 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z * z * z)))
    else:
        raise ValueError(f"approximate: expected 'none' or 'tanh', got {approximate!r}")
    return x * phi, (x, phi, approximate)


def gelu_backward(dy, cache):
    """dx = dy (Φ(x) + x Φ'(x)), with Φ' the Gaussian density, or the derivative of the approximation."""
    x, phi, approximate = cache
    z = _clip(x, 50)
    if approximate == "none":
        slope = math.sqrt(0.5 / math.pi) * np.exp(-0.5 * z * z)
    else:
        slope = 2 * phi * (1 - phi) * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * z * z)
    return upstream(dy, x.shape) * (phi + x * slope)


def silu(x):
    """x σ(x), also called Swish.  Elfwing et al. 2017; Ramachandran et al. 2017."""
    x = as_float(x)
    s = _sigmoid(x)
    return x * s, (x, s)


def silu_backward(dy, cache):
    """dx = dy σ(x) (1 + x (1 - σ(x)))."""
    x, s = cache
    return upstream(dy, x.shape) * (s * (1 + x * (1 - s)))


def softmax(x, axis: int = -1):
    """exp(x_j) / Σ_k exp(x_k) along `axis`: positive numbers with sum 1.  The largest x is taken off first, which
    changes nothing in the result and keeps exp from overflowing.  Book: chapter 8.
    """
    x = as_float(x)
    exponential = np.exp(x - _largest(x, axis))
    y = exponential / exponential.sum(axis=axis, keepdims=True)
    return y, (y, axis)


def softmax_backward(dy, cache):
    """dx = y (dy - Σ_k dy_k y_k): the Jacobian y_i (δ_ij - y_j) times dy, without building it."""
    y, axis = cache
    dy = upstream(dy, y.shape)
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))


def log_softmax(x, axis: int = -1):
    """x_j - log Σ_k exp(x_k) along `axis`: the logarithm of softmax, finite where softmax itself is rounded to zero."""
    x = as_float(x)
    shifted = x - _largest(x, axis)
    y = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return y, (y, axis)


def log_softmax_backward(dy, cache):
    """dx = dy - softmax(x) Σ_k dy_k."""
    y, axis = cache
    dy = upstream(dy, y.shape)
    return dy - np.exp(y) * dy.sum(axis=axis, keepdims=True)


def _sigmoid(x):
    kind = x.dtype.char
    grown = np.exp(np.minimum(x, _HIGHEST[kind]))
    return grown / (grown + _ONE[kind])


def _clip(x, limit: float):
    return np.minimum(np.maximum(x, -limit), limit)


def _largest(x, axis: int):
    if x.ndim == 0 or not -x.ndim <= axis < x.ndim:
        raise ValueError(f"axis: expected one of the axes of x {x.shape}, got {axis}")
    return np.maximum.reduce(x, axis=axis, keepdims=True)


class Step(Module):
    def forward(self, x):
        return step(x)

    def backward(self, dy, cache):
        return step_backward(dy, cache)


class Identity(Module):
    """y = a x; with a = 1 torch.nn.Identity."""

    def __init__(self, a: float = 1.0):
        self.a = a

    def forward(self, x):
        return identity(x, self.a)

    def backward(self, dy, cache):
        return identity_backward(dy, cache)


class Sigmoid(Module):
    def forward(self, x):
        return sigmoid(x)

    def backward(self, dy, cache):
        return sigmoid_backward(dy, cache)


class Tanh(Module):
    def forward(self, x):
        return tanh(x)

    def backward(self, dy, cache):
        return tanh_backward(dy, cache)


class ReLU(Module):
    def forward(self, x):
        return relu(x)

    def backward(self, dy, cache):
        return relu_backward(dy, cache)


class LeakyReLU(Module):
    def __init__(self, negative_slope: float = 0.01):
        self.negative_slope = negative_slope

    def forward(self, x):
        return leaky_relu(x, self.negative_slope)

    def backward(self, dy, cache):
        return leaky_relu_backward(dy, cache)


class PReLU(Module):
    """Parameter `weight` (num_parameters,): one slope for all, or one for each channel (axis 1)."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25, *, dtype=np.float64):
        self.weight = Parameter(np.full(num_parameters, init), dtype)

    def forward(self, x):
        return prelu(x, self.weight.data)

    def backward(self, dy, cache):
        dx, dweight = prelu_backward(dy, cache)
        self.weight.accumulate(dweight)
        return dx


class ELU(Module):
    def __init__(self, alpha: float = 1.0):
        self.alpha = alpha

    def forward(self, x):
        return elu(x, self.alpha)

    def backward(self, dy, cache):
        return elu_backward(dy, cache)


class SELU(Module):
    def forward(self, x):
        return selu(x)

    def backward(self, dy, cache):
        return selu_backward(dy, cache)


class Softplus(Module):
    def __init__(self, beta: float = 1.0, threshold: float = 20.0):
        self.beta, self.threshold = beta, threshold

    def forward(self, x):
        return softplus(x, self.beta, self.threshold)

    def backward(self, dy, cache):
        return softplus_backward(dy, cache)


class GELU(Module):
    def __init__(self, approximate: str = "none"):
        if approximate not in ("none", "tanh"):
            raise ValueError(f"approximate: expected 'none' or 'tanh', got {approximate!r}")
        self.approximate = approximate

    def forward(self, x):
        return gelu(x, self.approximate)

    def backward(self, dy, cache):
        return gelu_backward(dy, cache)


class SiLU(Module):
    def forward(self, x):
        return silu(x)

    def backward(self, dy, cache):
        return silu_backward(dy, cache)


class Softmax(Module):
    def __init__(self, axis: int = -1):
        self.axis = axis

    def forward(self, x):
        return softmax(x, self.axis)

    def backward(self, dy, cache):
        return softmax_backward(dy, cache)


class LogSoftmax(Module):
    def __init__(self, axis: int = -1):
        self.axis = axis

    def forward(self, x):
        return log_softmax(x, self.axis)

    def backward(self, dy, cache):
        return log_softmax_backward(dy, cache)
