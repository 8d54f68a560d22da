"""The transformer's layers: attention and a small network at each position, each added to what was there.

    y, cache = layer.forward(x, mask)                       # encoder: (N, T, E) -> (N, T, E)
    dx = layer.backward(dy, cache)
    y, cache = layer.forward(x, memory, mask, memory_mask)  # decoder: the memory is what an encoder wrote
    dx, dmemory = layer.backward(dy, cache)

`norm_first` decides the order: norm(x + branch(x)), as in 2017, or x + branch(norm(x)), as today.
Vaswani et al. 2017; Xiong et al. 2020.  Book: chapters 89, 90.
"""

from __future__ import annotations  # np.random.Generator, evaluated, would load numpy.random

from collections.abc import Sequence

import numpy as np

from dlbook.nn.activations import GELU, ReLU
from dlbook.nn.attention import KVCache, MultiheadAttention
from dlbook.nn.dropout import Dropout
from dlbook.nn.linear import Linear
from dlbook.nn.module import Module
from dlbook.nn.norm import LayerNorm

ACTIVATIONS = {"relu": ReLU, "gelu": GELU, "gelu_tanh": lambda: GELU("tanh")}


class _Hidden(Module):
    """What holds a feed-forward network: `linear1`, `activation`, `dropout`, `linear2`, as torch names them."""

    def _set_feed_forward(self, d_model, dim_feedforward, activation, dropout, bias, rng, dtype) -> None:
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation: expected one of {', '.join(ACTIVATIONS)}, got {activation!r}")
        self.linear1 = Linear(d_model, dim_feedforward, bias, rng=rng, dtype=dtype)
        self.activation = ACTIVATIONS[activation]()
        self.dropout = Dropout(dropout, rng=rng)
        self.linear2 = Linear(dim_feedforward, d_model, bias, rng=rng, dtype=dtype)

    def _feed_forward(self, x):
        caches = []
        for module in (self.linear1, self.activation, self.dropout, self.linear2):
            x, cache = module.forward(x)
            caches.append(cache)
        return x, caches

    def _feed_forward_backward(self, dy, caches):
        modules = self.linear1, self.activation, self.dropout, self.linear2
        for module, cache in zip(reversed(modules), reversed(caches), strict=True):
            dy = module.backward(dy, cache)
        return dy


class FeedForward(_Hidden):
    """W₂ φ(W₁ x + b₁) + b₂, the same at every position: x (…, E) -> (…, E).

    d_model : E.  dim_feedforward : hidden units.  activation : φ, "relu", "gelu", or "gelu_tanh", GPT-2's.
    dropout : share of hidden units dropped in training.  Raises ValueError for another activation.
    """

    def __init__(
        self,
        d_model: int,
        dim_feedforward: int,
        activation: str = "relu",
        dropout: float = 0.0,
        bias: bool = True,
        *,
        rng: np.random.Generator,
        dtype=np.float64,
    ):
        self._set_feed_forward(d_model, dim_feedforward, activation, dropout, bias, rng, dtype)

    def forward(self, x):
        return self._feed_forward(x)

    def backward(self, dy, cache):
        return self._feed_forward_backward(dy, cache)


class _Layer(_Hidden):
    """What encoder and decoder layers share: a branch is added to x, with a norm before it or after the sum."""

    cross_attention: bool

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        rng: np.random.Generator,
        dtype=np.float64,
    ):
        self.d_model, self.nhead, self.norm_first = d_model, nhead, norm_first
        attention = (d_model, nhead, dropout, bias, batch_first)
        self.self_attn = MultiheadAttention(*attention, rng=rng, dtype=dtype)
        if self.cross_attention:
            self.multihead_attn = MultiheadAttention(*attention, rng=rng, dtype=dtype)
        self._set_feed_forward(d_model, dim_feedforward, activation, dropout, bias, rng, dtype)
        self.norm1, self.norm2 = (LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype) for _ in range(2))
        self.dropout1, self.dropout2 = (Dropout(dropout, rng=rng) for _ in range(2))
        if self.cross_attention:
            self.norm3 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
            self.dropout3 = Dropout(dropout, rng=rng)

    def _add(self, x, branch, norm, dropout):
        """branch : h -> (y, cache)."""
        h, c_norm = norm.forward(x) if self.norm_first else (x, None)
        h, c_branch = branch(h)
        h, c_dropout = dropout.forward(h)
        y = x + h
        if not self.norm_first:
            y, c_norm = norm.forward(y)
        return y, (c_norm, c_branch, c_dropout)

    def _add_backward(self, dy, cache, branch, norm, dropout):
        """branch : (dy, cache) -> dh."""
        c_norm, c_branch, c_dropout = cache
        dsum = dy if self.norm_first else norm.backward(dy, c_norm)
        dh = branch(dropout.backward(dsum, c_dropout), c_branch)
        return dsum + (norm.backward(dh, c_norm) if self.norm_first else dh)


class TransformerEncoderLayer(_Layer):
    """Self-attention, then a feed-forward network, as torch.nn.TransformerEncoderLayer.

    d_model : E.  nhead : heads, which divide E.  dim_feedforward : hidden units.
    dropout : of attention weights, hidden units and both branches.
    activation : see `FeedForward`.  batch_first : x is (N, T, E), else (T, N, E).
    norm_first : x + branch(norm(x)) instead of norm(x + branch(x)).
    Raises ValueError when shapes do not fit.
    """

    cross_attention = False

    def forward(self, x, mask=None):
        """y, shape of x.  mask : broadcasts to (N, heads, T, T), True = may look."""
        x, first = self._add(x, lambda h: self.self_attn.forward(h, mask=mask), self.norm1, self.dropout1)
        x, second = self._add(x, self._feed_forward, self.norm2, self.dropout2)
        return x, (first, second)

    def backward(self, dy, cache):
        first, second = cache
        dx = self._add_backward(dy, second, self._feed_forward_backward, self.norm2, self.dropout2)
        return self._add_backward(dx, first, self.self_attn.backward, self.norm1, self.dropout1)

    def attention_weights(self, x, mask=None) -> np.ndarray:
        """(N, heads, T, T): who looks at whom in x, without dropout."""
        return self.self_attn.weights(self.norm1(x) if self.norm_first else x, mask=mask)

    def extend(self, x, kv: KVCache, mask=None) -> np.ndarray:
        """The rows of the T tokens after those in the cache, each looking at what came before; see `KVCache`."""
        x, _ = self._add(x, lambda h: (self.self_attn.extend(h, kv, mask), None), self.norm1, self.dropout1)
        return self._add(x, self._feed_forward, self.norm2, self.dropout2)[0]


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to an encoder's memory, a feed-forward network: torch.nn.TransformerDecoderLayer.

    Arguments as of `TransformerEncoderLayer`.  The queries of the second attention (`multihead_attn`) come from x, its
    keys and values from the memory: "cross-attention".  Without a mask (`causal_mask`) x sees its own future too.
    """

    cross_attention = True

    def forward(self, x, memory, mask=None, memory_mask=None):
        """y, shape of x.  memory : (N, S, E).  mask : to (N, heads, T, T); memory_mask : to (N, heads, T, S)."""
        x, first = self._add(x, lambda h: self.self_attn.forward(h, mask=mask), self.norm1, self.dropout1)
        x, second = self._add(
            x, lambda h: self.multihead_attn.forward(h, memory, mask=memory_mask), self.norm2, self.dropout2
        )
        x, third = self._add(x, self._feed_forward, self.norm3, self.dropout3)
        return x, (first, second, third)

    def backward(self, dy, cache):
        """dx, dmemory: shapes of x and memory."""
        first, second, third = cache
        dmemory = None

        def cross(dy, cache):
            nonlocal dmemory
            dquery, dmemory = self.multihead_attn.backward(dy, cache)
            return dquery

        dx = self._add_backward(dy, third, self._feed_forward_backward, self.norm3, self.dropout3)
        dx = self._add_backward(dx, second, cross, self.norm2, self.dropout2)
        return self._add_backward(dx, first, self.self_attn.backward, self.norm1, self.dropout1), dmemory

    def attention_weights(self, x, memory, mask=None, memory_mask=None) -> tuple[np.ndarray, np.ndarray]:
        """(N, heads, T, T) and (N, heads, T, S): who looks at whom in x, and at what in the memory."""
        own = self.self_attn.weights(self.norm1(x) if self.norm_first else x, mask=mask)
        x, _ = self._add(x, lambda h: self.self_attn.forward(h, mask=mask), self.norm1, self.dropout1)
        return own, self.multihead_attn.weights(self.norm2(x) if self.norm_first else x, memory, memory_mask)

    def extend(self, x, kv: KVCache, memory_kv: KVCache, memory_mask=None) -> np.ndarray:
        """The rows of the T tokens after those in `kv`.  memory_kv : holds the memory, by `multihead_attn.remember`."""
        x, _ = self._add(x, lambda h: (self.self_attn.extend(h, kv), None), self.norm1, self.dropout1)
        x, _ = self._add(
            x, lambda h: (self.multihead_attn.recall(h, memory_kv, memory_mask), None), self.norm2, self.dropout2
        )
        return self._add(x, self._feed_forward, self.norm3, self.dropout3)[0]


class TransformerEncoder(Module):
    """Encoder layers, one after the other, and a last norm where there is one (norm_first needs it).

    Parameters are named `layers.0.…` and `norm.…`, as in torch.nn.TransformerEncoder.
    """

    def __init__(self, layers: Sequence[TransformerEncoderLayer], norm: Module | None = None):
        self.layers, self.norm = list(layers), norm

    def forward(self, x, mask=None):
        """y, shape of x.  mask : for every layer."""
        caches = []
        for layer in self.layers:
            x, cache = layer.forward(x, mask)
            caches.append(cache)
        x, last = (x, None) if self.norm is None else self.norm.forward(x)
        return x, (caches, last)

    def backward(self, dy, cache):
        caches, last = cache
        dx = dy if self.norm is None else self.norm.backward(dy, last)
        for layer, own in zip(reversed(self.layers), reversed(caches), strict=True):
            dx = layer.backward(dx, own)
        return dx


class TransformerDecoder(Module):
    """Decoder layers, one after the other, each reading the same memory, and a last norm where there is one."""

    def __init__(self, layers: Sequence[TransformerDecoderLayer], norm: Module | None = None):
        self.layers, self.norm = list(layers), norm

    def forward(self, x, memory, mask=None, memory_mask=None):
        """y, shape of x.  The masks are for every layer."""
        caches = []
        for layer in self.layers:
            x, cache = layer.forward(x, memory, mask, memory_mask)
            caches.append(cache)
        x, last = (x, None) if self.norm is None else self.norm.forward(x)
        return x, (caches, last)

    def backward(self, dy, cache):
        """dx, dmemory: the memory collects a gradient from every layer."""
        caches, last = cache
        dx, dmemory = dy if self.norm is None else self.norm.backward(dy, last), 0
        for layer, own in zip(reversed(self.layers), reversed(caches), strict=True):
            dx, more = layer.backward(dx, own)
            dmemory = dmemory + more
        return dx, dmemory
