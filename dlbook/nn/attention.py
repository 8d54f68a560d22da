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
from dlbook.nn.dropout import dropout, dropout_backward, dropout_mask
from dlbook.nn.linear import Linear, linear, linear_backward
from dlbook.nn.module import Module, Parameter


def attention(q, k, v, mask=None, keep=None, p: float = 0.0):
    """y = softmax(q kᵀ / √d) v, the softmax over the keys that the mask allows.

    q : (…, T, d), k : (…, S, d), v : (…, S, e), with equal leading axes.  mask : booleans that broadcast to
    (…, T, S), True = may look, or None.  Returns y : (…, T, e) and the cache.
    keep, p : dropout of weights after the softmax, as `dropout` has it: booleans (…, T, S), True = stays.
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
    read, dropped = (weights, None) if keep is None else dropout(weights, keep, p)
    return np.matmul(read, v), (q, k, v, weights, read, dropped, scale)


def attention_backward(dy, cache):
    """dq, dk, dv: shapes of q, k and v.

    With the weights P and dP = dy vᵀ: dv = Pᵀ dy; of the scores ds = P · (dP - Σ P dP) / √d; dq = ds k, dk = dsᵀ q.
    """
    q, k, v, weights, read, dropped, scale = cache
    dy = upstream(dy, (*q.shape[:-1], v.shape[-1]))
    dv = np.matmul(read.swapaxes(-1, -2), dy)
    dweights = np.matmul(dy, v.swapaxes(-1, -2))
    if dropped is not None:
        dweights = dropout_backward(dweights, dropped)
    dscores = weights * (dweights - (weights * dweights).sum(axis=-1, keepdims=True)) * q.dtype.type(scale)
    return np.matmul(dscores, k), np.matmul(dscores.swapaxes(-1, -2), q), dv


def causal_mask(queries: int, keys: int | None = None) -> np.ndarray:
    """(T, S) booleans: query t may look at keys 0 … t.  With more keys than queries the queries are the last ones."""
    keys = queries if keys is None else keys
    return np.tri(queries, keys, keys - queries, dtype=bool)


def banded_mask(queries: int, band: int, keys: int | None = None) -> np.ndarray:
    """(T, S) booleans: `causal_mask` for the last `band` keys alone, the query's own among them.

    Raises ValueError for a band below 1.  Child et al. 2019; every second layer of GPT-3.  Book: chapter 82.
    """
    if band < 1:
        raise ValueError(f"band: expected at least 1, got {band}")
    keys = queries if keys is None else keys
    return causal_mask(queries, keys) & ~np.tri(queries, keys, keys - queries - band, dtype=bool)


def padding_mask(lengths, size: int) -> np.ndarray:
    """(N, 1, 1, S) booleans: in sequence n the first lengths[n] tokens are real, and may be looked at.

    lengths : (N,) integers.  size : S, the longest.  Raises ValueError for lengths outside 0 … S.
    """
    lengths = np.asarray(lengths)
    if lengths.ndim != 1 or lengths.dtype.kind not in "iu" or not np.all((lengths >= 0) & (lengths <= size)):
        raise ValueError(f"lengths: expected shape (N,), integers from 0 to {size}, got {lengths.tolist()}")
    return np.arange(size) < lengths[:, None, None, None]


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


class KVCache:
    """The keys and values of the tokens that an attention layer has read, so that none is computed twice.

    length : how many.  Row t of causal attention needs the keys and values up to t, and these never change: a new
    token asks once, instead of all asking again.  Book: chapter 90.
    """

    def __init__(self):
        self.length = 0
        self._stored: tuple[np.ndarray, np.ndarray] | None = None  # with room for more

    def append(self, k, v) -> None:
        """Keys and values (N, heads, T, d) of the next T tokens."""
        needed = self.length + k.shape[2]
        if self._stored is None or self._stored[0].shape[2] < needed:
            more = (*k.shape[:2], max(2 * needed, 64), k.shape[3])
            grown = np.empty(more, k.dtype), np.empty(more, v.dtype)
            for new, old in zip(grown, self._stored or (), strict=False):
                new[:, :, : self.length] = old[:, :, : self.length]
            self._stored = grown
        for store, new in zip(self._stored, (k, v), strict=True):
            store[:, :, self.length : needed] = new
        self.length = needed

    def select(self, rows) -> KVCache:
        """A copy that holds these sequences alone: a beam goes on with its best, some of them twice."""
        chosen = KVCache()
        chosen.length, chosen._stored = self.length, tuple(array[rows] for array in self._stored)
        return chosen

    @property
    def keys(self) -> np.ndarray:
        """(N, heads, length, d)."""
        return self._stored[0][:, :, : self.length]

    @property
    def values(self) -> np.ndarray:
        """(N, heads, length, d)."""
        return self._stored[1][:, :, : self.length]


class MultiheadAttention(Module):
    """Attention in `num_heads` subspaces at once, with the parameters of torch.nn.MultiheadAttention.

    Parameters `in_proj_weight` (3E, E), the projections of queries, keys and values on top of each other,
    `in_proj_bias` (3E,), `out_proj.weight` (E, E) and `out_proj.bias` (E,).
    embed_dim : E, of which each head gets E / num_heads.  dropout : the share of weights dropped in training.
    batch_first : x is (N, T, E), else (T, N, E), torch's layout.
    Raises ValueError when the heads do not divide E, or shapes do not fit.  Book: chapters 88, 89.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        batch_first: bool = False,
        *,
        rng: np.random.Generator,
        dtype=np.float64,
    ):
        if num_heads < 1 or embed_dim < 1 or embed_dim % num_heads:
            raise ValueError(f"num_heads: expected a divisor of embed_dim {embed_dim}, got {num_heads}")
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout: expected a probability from 0 to 1, got {dropout}")
        self.embed_dim, self.num_heads, self.batch_first = embed_dim, num_heads, batch_first
        self.dropout, self.rng = dropout, rng
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
        groups = self._groups(key is not None, value is not None)
        inputs = [self._batch_first(a, name) for a, name in ((query, "query"), (key, "key"), (value, "value"))]
        projected, caches = [], []
        for (start, stop), x in zip(groups, (x for x in inputs if x is not None), strict=True):
            heads, cache = self._project(x, start, stop)
            projected += heads
            caches.append(cache)
        keep = None
        if self.training and self.dropout:
            scores = (*projected[0].shape[:3], projected[1].shape[2])
            keep = dropout_mask(scores, self.dropout, self.rng)
        heads, memory = attention(*projected, mask, keep, self.dropout)
        y, last = self._join(heads)
        return y, (groups, caches, memory, last)

    def backward(self, dy, cache):
        """dquery, or a tuple of the gradients of those of query, key and value that were given."""
        groups, caches, memory, last = cache
        dy = np.asarray(dy) if self.batch_first else np.asarray(dy).swapaxes(0, 1)
        djoined = self.out_proj.backward(dy, last)
        dheads = attention_backward(self._split(djoined, 1)[0], memory)
        gradients, dweights, dbiases = [], [], []
        for (start, stop), own in zip(groups, caches, strict=True):
            dx, dweight, dbias = linear_backward(_merged(dheads[start:stop]), own)
            gradients.append(dx if self.batch_first else dx.swapaxes(0, 1))
            dweights.append(dweight)
            dbiases.append(dbias)
        self.in_proj_weight.accumulate(np.concatenate(dweights))
        if self.in_proj_bias is not None:
            self.in_proj_bias.accumulate(np.concatenate(dbiases))
        return gradients[0] if len(gradients) == 1 else tuple(gradients)

    def weights(self, query, key=None, mask=None) -> np.ndarray:
        """(N, heads, T, S): how much each query reads of each key, without dropout; rows add up to 1."""
        query, key = self._batch_first(query, "query"), self._batch_first(query if key is None else key, "key")
        (q,), (k,) = self._project(query, 0, 1)[0], self._project(key, 1, 2)[0]
        return attention(q, k, k, mask)[1][3]

    def remember(self, memory, kv: KVCache) -> None:
        """Put the keys and values of `memory`, in the layout of a query, into the cache.  Nothing is learnt from it."""
        kv.append(*self._project(self._batch_first(memory, "memory"), 1, 3)[0])

    def recall(self, query, kv: KVCache, mask=None) -> np.ndarray:
        """What the queries read from the keys and values in the cache.  mask : broadcasts to (N, heads, T, length)."""
        (q,), _ = self._project(self._batch_first(query, "query"), 0, 1)
        return self._join(attention(q, kv.keys, kv.values, mask)[0])[0]

    def extend(self, x, kv: KVCache, mask=None) -> np.ndarray:
        """Rows of causal self-attention for the T tokens after those in the cache, which then holds them too.

        mask : broadcasts to (N, heads, T, length), without one `causal_mask`.
        """
        (q, k, v), _ = self._project(self._batch_first(x, "x"), 0, 3)
        kv.append(k, v)
        if mask is None and q.shape[2] > 1:
            mask = causal_mask(q.shape[2], kv.length)
        return self._join(attention(q, kv.keys, kv.values, mask)[0])[0]

    @staticmethod
    def _groups(with_key: bool, with_value: bool) -> list[tuple[int, int]]:
        """Which of q, k, v come from the same input: theirs is one product."""
        if not with_key:
            return [(0, 2), (2, 3)] if with_value else [(0, 3)]
        return [(0, 1), (1, 2), (2, 3)] if with_value else [(0, 1), (1, 3)]

    def _project(self, x, start: int, stop: int):
        """Those of q, k, v from `start` to `stop` of x (N, T, E), each (N, heads, T, d), and the cache."""
        rows = slice(start * self.embed_dim, stop * self.embed_dim)
        bias = None if self.in_proj_bias is None else self.in_proj_bias.data[rows]
        y, cache = linear(x, self.in_proj_weight.data[rows], bias)
        return self._split(y, stop - start), cache

    def _split(self, y, count: int) -> list[np.ndarray]:
        """(N, T, count · E) to as many of (N, heads, T, d)."""
        heads = y.reshape(*y.shape[:2], count, self.num_heads, self.embed_dim // self.num_heads)
        return list(heads.transpose(2, 0, 3, 1, 4))

    def _join(self, heads):
        """(N, heads, T, d) to y in the layout of x, and the cache of the last product."""
        y, cache = self.out_proj.forward(_merged([heads]))
        return y if self.batch_first else y.swapaxes(0, 1), cache

    def _batch_first(self, x, name):
        if x is None:
            return None
        x = as_float(x, name)
        if x.ndim != 3 or x.shape[2] != self.embed_dim:
            layout = "(N, T" if self.batch_first else "(T, N"
            raise ValueError(f"{name}: expected shape {layout}, {self.embed_dim}), got {x.shape}")
        return x if self.batch_first else x.swapaxes(0, 1)

    def __repr__(self) -> str:
        return f"MultiheadAttention({self.embed_dim}, num_heads={self.num_heads})"


def _merged(parts) -> np.ndarray:
    """Several (N, heads, T, d) to one (N, T, count · E)."""
    N, heads, T, d = parts[0].shape
    merged = np.empty((N, T, len(parts), heads, d), parts[0].dtype)
    for i, part in enumerate(parts):
        merged[:, :, i] = part.swapaxes(1, 2)
    return merged.reshape(N, T, -1)
