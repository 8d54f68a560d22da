"""The affine layer, y = x Wᵀ + b."""

from __future__ import annotations  # np.random.Generator, evaluated, would load numpy.random

import functools
import math

import numpy as np

from dlbook.nn import init
from dlbook.nn.arrays import as_float, upstream
from dlbook.nn.module import Module, Parameter


def linear(x, weight, bias=None):
    """y = x Wᵀ + b.

    x : (…, in), weight : (out, in), bias : (out,) or None.  Returns y : (…, out) and the cache.
    Raises ValueError when the last axis of x is not `in`, or the bias is not (out,).  Book: chapters 4, 13.
    """
    x, weight = as_float(x), as_float(weight, "weight")
    if weight.ndim != 2:
        raise ValueError(f"weight: expected shape (out, in), got {weight.shape}")
    if x.ndim == 0 or x.shape[-1] != weight.shape[1]:
        raise ValueError(f"x: expected shape (…, {weight.shape[1]}), got {x.shape}")
    y = np.dot(x, weight.T) if x.ndim <= 2 else np.dot(x.reshape(-1, x.shape[-1]), weight.T)
    if bias is not None:
        bias = as_float(bias, "bias")
        if bias.shape != weight.shape[:1]:
            raise ValueError(f"bias: expected shape {weight.shape[:1]}, got {bias.shape}")
        y = y + bias
    return y.reshape(*x.shape[:-1], weight.shape[0]) if x.ndim > 2 else y, (x, weight, bias)


def linear_backward(dy, cache):
    """dx = dy W, dW = dyᵀ x, db = Σ dy: shapes of x, weight and bias; db is None without a bias."""
    x, weight, _ = cache
    dweight, dbias = linear_backward_parameters(dy, cache)
    if x.ndim <= 2:
        return np.dot(dy, weight), dweight, dbias
    rows = np.reshape(dy, (-1, len(weight)))  # one product: NumPy's of more axes goes row by row
    return np.dot(rows, weight).reshape(x.shape), dweight, dbias


def linear_backward_parameters(dy, cache):
    """The last two of `linear_backward`, dW and db, where dx is of no use."""
    x, weight, bias = cache
    rows = upstream(dy, x.shape[:-1] + weight.shape[:1])
    if x.ndim != 2:
        x, rows = x.reshape(-1, x.shape[-1]), rows.reshape(-1, rows.shape[-1])
    return np.dot(rows.T, x), None if bias is None else np.dot(_ones(len(rows), rows.dtype.char), rows)


@functools.lru_cache(maxsize=8)
def _ones(count: int, kind: str) -> np.ndarray:
    """Ones to sum rows with: for a mini-batch the product takes half as long as NumPy's sum."""
    return np.ones(count, kind)


class Linear(Module):
    """y = x Wᵀ + b, with parameters `weight` (out, in) and `bias` (out,), as torch.nn.Linear.

    weight_init, bias_init : functions (shape, rng) -> array, see `dlbook.nn.init`.  Without them both start in
    U(-1/√in, 1/√in), torch's choice; the book's start is `init.normal` for both.  Every dtype gets the same draws.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        rng: np.random.Generator,
        weight_init=None,
        bias_init=None,
        dtype=np.float64,
    ):
        if in_features < 1 or out_features < 1:
            raise ValueError(f"Linear: expected at least 1 input and 1 output, got {in_features} and {out_features}")
        self.in_features, self.out_features = in_features, out_features
        bound = 1 / math.sqrt(in_features)

        def start(initialiser, shape):
            return init.uniform(shape, rng, -bound, bound) if initialiser is None else initialiser(shape, rng)

        self.weight = Parameter(start(weight_init, (out_features, in_features)), dtype)
        self.bias = Parameter(start(bias_init, (out_features,)), dtype) if bias else None

    def forward(self, x):
        return linear(x, self.weight.data, self.bias.data if self.bias else None)

    def backward(self, dy, cache):
        dx, *gradients = linear_backward(dy, cache)
        self._accumulate(*gradients)
        return dx

    def backward_parameters(self, dy, cache) -> None:
        self._accumulate(*linear_backward_parameters(dy, cache))

    def _accumulate(self, dweight, dbias) -> None:
        self.weight.accumulate(dweight)
        if dbias is not None:
            self.bias.accumulate(dbias)

    def __repr__(self) -> str:
        return f"Linear({self.in_features}, {self.out_features}" + (")" if self.bias else ", bias=False)")
