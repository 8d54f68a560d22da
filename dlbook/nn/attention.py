"""Attention: each query reads a mean of the values, weighted by how well its key answers.

    y, cache = attention(q, k, v, mask)
    dq, dk, dv = attention_backward(dy, cache)

Masks are booleans, True = may look.  Vaswani et al. 2017.  Book: chapters 85–90.
"""

from __future__ import annotations  # np.random.Generator, evaluated, would load numpy.random

import math

import numpy as np

from dlbook.nn import init
from dlbook.nn.arrays import as_float, upstream
from dlbook.nn.linear import Linear, linear, linear_backward
from dlbook.nn.module import Module, Parameter


def attention(q, k, v, mask=None):
    """y = softmax(q kᵀ / √d) v, the softmax over the keys that the mask allows.

    q : (…, T, d), k : (…, S, d), v : (…, S, e), with equal leading axes.  mask : booleans that broadcast to
    (…, T, S), True = may look, or None.  Returns y : (…, T, e) and the cache.
    A query that may look nowhere reads zeros.  Without √d the sums grow with d, and the softmax saturates.
    Raises ValueError when shapes do not fit or the mask is not boolean.  Vaswani et al. 2017.  Book: chapter 88.
    """
    q, k, v = as_float(q, "q"), as_float(k, "k"), as_float(v, "v")
    if q.ndim < 2 or k.shape != (*q.shape[:-2], k.shape[-2], q.shape[-1]):
        raise ValueError(f"k: expected shape (…, S, d) for q {q.shape}, got {k.shape}")
    if v.shape[:-1] != k.shape[:-1]:
        raise ValueError(f"v: expected shape (…, S, e) with as many values as k {k.shape} has keys, got {v.shape}")
    scale = 1 / math.sqrt(q.shape[-1])
    scores = np.matmul(q * q.dtype.type(scale), k.swapaxes(-1, -2))
    if mask is not None:
        np.copyto(scores, -np.inf, where=~_checked(mask, scores.shape))
    weights = _softmax(scores)
    return np.matmul(weights, v), (q, k, v, weights, scale)


def attention_backward(dy, cache):
    """dq, dk, dv: shapes of q, k and v.

    With the weights P and dP = dy vᵀ: dv = Pᵀ dy; of the scores ds = P · (dP - Σ P dP) / √d; dq = ds k, dk = dsᵀ q.
    """
    q, k, v, weights, scale = cache
    dy = upstream(dy, (*q.shape[:-1], v.shape[-1]))
    dv = np.matmul(weights.swapaxes(-1, -2), dy)
    dweights = np.matmul(dy, v.swapaxes(-1, -2))
    dscores = weights * (dweights - (weights * dweights).sum(axis=-1, keepdims=True)) * q.dtype.type(scale)
    return np.matmul(dscores, k), np.matmul(dscores.swapaxes(-1, -2), q), dv


def causal_mask(queries: int, keys: int | None = None) -> np.ndarray:
    """(T, S) booleans: query t may look at keys 0 … t.  With more keys than queries the queries are the last ones."""
    keys = queries if keys is None else keys
    return np.tri(queries, keys, keys - queries, dtype=bool)


def _checked(mask, shape) -> np.ndarray:
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise ValueError(f"mask: expected booleans, True where a query may look, got dtype {mask.dtype}")
    try:
        return np.broadcast_to(mask, shape)
    except ValueError:
        raise ValueError(f"mask: expected a shape that broadcasts to {shape}, got {mask.shape}") from None


def _softmax(scores):
    """Over the last axis, written over `scores`; a row of -∞ alone gives zeros."""
    largest = scores.max(axis=-1, keepdims=True)
    scores -= np.where(np.isfinite(largest), largest, 0)
    np.exp(scores, out=scores)
    total = scores.sum(axis=-1, keepdims=True)
    scores *= 1 / np.where(total > 0, total, 1)
    return scores


class MultiheadAttention(Module):
    """Attention in `num_heads` subspaces at once, with the parameters of torch.nn.MultiheadAttention.

    Parameters `in_proj_weight` (3E, E), the projections of queries, keys and values on top of each other,
    `in_proj_bias` (3E,), `out_proj.weight` (E, E) and `out_proj.bias` (E,).
    embed_dim : E, of which each head gets E / num_heads.  batch_first : x is (N, T, E), else (T, N, E), torch's layout.
    Raises ValueError when the heads do not divide E, or shapes do not fit.  Book: chapter 88.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        bias: bool = True,
        batch_first: bool = False,
        *,
        rng: np.random.Generator,
        dtype=np.float64,
    ):
        if num_heads < 1 or embed_dim < 1 or embed_dim % num_heads:
            raise ValueError(f"num_heads: expected a divisor of embed_dim {embed_dim}, got {num_heads}")
        self.embed_dim, self.num_heads, self.batch_first = embed_dim, num_heads, batch_first
        bound = math.sqrt(6 / (4 * embed_dim))  # Glorot's, of the whole (3E, E)
        self.in_proj_weight = Parameter(init.uniform((3 * embed_dim, embed_dim), rng, -bound, bound), dtype)
        self.in_proj_bias = Parameter(np.zeros(3 * embed_dim), dtype) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias, rng=rng, dtype=dtype)
        if bias:
            self.out_proj.bias.data = np.zeros(embed_dim, dtype)

    def forward(self, query, key=None, value=None, mask=None):
        """y in the layout of `query`, and the cache.  key : that of query without one; value : that of key.

        mask : broadcasts to (N, heads, T, S), True = may look.  Not torch's attn_mask, where True forbids.
        """
        which = key is not None, value is not None
        key = query if key is None else key
        value = key if value is None else value
        named = (("query", query), ("key", key), ("value", value))
        inputs = [self._batch_first(array, name) for name, array in named]
        weights = np.split(self.in_proj_weight.data, 3)
        biases = [None] * 3 if self.in_proj_bias is None else np.split(self.in_proj_bias.data, 3)
        projected = [linear(a, w, b) for a, w, b in zip(inputs, weights, biases, strict=True)]
        heads, memory = attention(*(self._split(y) for y, _ in projected), mask)
        joined = heads.swapaxes(1, 2).reshape(*inputs[0].shape)
        y, last = self.out_proj.forward(joined)
        return y if self.batch_first else y.swapaxes(0, 1), ([c for _, c in projected], memory, last, which)

    def backward(self, dy, cache):
        """dquery, or a tuple of the gradients of those of query, key and value that were given."""
        caches, memory, last, which = cache
        dy = np.asarray(dy) if self.batch_first else np.asarray(dy).swapaxes(0, 1)
        djoined = self.out_proj.backward(dy, last)
        dheads = self._split(djoined)
        back = [
            linear_backward(d.swapaxes(1, 2).reshape(*d.shape[:1], d.shape[2], self.embed_dim), c)
            for d, c in zip(attention_backward(dheads, memory), caches, strict=True)
        ]
        self.in_proj_weight.accumulate(np.concatenate([dweight for _, dweight, _ in back]))
        if self.in_proj_bias is not None:
            self.in_proj_bias.accumulate(np.concatenate([dbias for _, _, dbias in back]))
        dquery, dkey, dvalue = (dx if self.batch_first else dx.swapaxes(0, 1) for dx, _, _ in back)
        with_key, with_value = which
        if not with_key:
            return (dquery + dkey, dvalue) if with_value else dquery + dkey + dvalue
        return (dquery, dkey, dvalue) if with_value else (dquery, dkey + dvalue)

    def _batch_first(self, x, name):
        x = as_float(x, name)
        if x.ndim != 3 or x.shape[2] != self.embed_dim:
            layout = "(N, T" if self.batch_first else "(T, N"
            raise ValueError(f"{name}: expected shape {layout}, {self.embed_dim}), got {x.shape}")
        return x if self.batch_first else x.swapaxes(0, 1)

    def _split(self, y):
        """(N, T, E) to (N, heads, T, E / heads)."""
        return y.reshape(*y.shape[:2], self.num_heads, -1).swapaxes(1, 2)

    def __repr__(self) -> str:
        return f"MultiheadAttention({self.embed_dim}, num_heads={self.num_heads})"
