"""A row of numbers for each symbol, learnt: what a word or a letter becomes before a network reads it."""

from __future__ import annotations  # np.random.Generator, evaluated, would load numpy.random

import numpy as np

from dlbook.nn.arrays import as_float, upstream
from dlbook.nn.module import Module, Parameter


def embedding(ids, weight, padding_idx: int | None = None):
    """y[…] = weight[ids[…]]: the product of one-hot rows with the weight, without the product.

    ids : integers of any shape, from 0 to K - 1.  weight : (K, D).  Returns y : (…, D) and the cache.
    padding_idx : a symbol whose row gets no gradient.
    Raises ValueError for ids that are no integers or out of range.  Bengio et al. 2003.  Book: chapters 50, 86.
    """
    weight, ids = as_float(weight, "weight"), np.asarray(ids)
    if weight.ndim != 2:
        raise ValueError(f"weight: expected shape (K, D), got {weight.shape}")
    if ids.dtype.kind not in "iu":
        raise ValueError(f"ids: expected integers, got dtype {ids.dtype}")
    if ids.size and not (ids.min() >= 0 and ids.max() < len(weight)):
        raise ValueError(f"ids: expected 0 to {len(weight) - 1}, got {ids.min()} to {ids.max()}")
    return weight[ids], (ids, weight, padding_idx)


def embedding_backward(dy, cache):
    """dweight (K, D): each dy added to the row of its symbol, so a symbol that occurs n times collects n gradients."""
    ids, weight, padding_idx = cache
    rows = upstream(dy, (*ids.shape, weight.shape[1])).reshape(-1, weight.shape[1])
    places = ids.reshape(-1)
    if padding_idx is not None:
        rows, places = rows[places != padding_idx], places[places != padding_idx]
    dweight = np.zeros(weight.shape, rows.dtype)
    np.add.at(dweight, places, rows)
    return dweight


class Embedding(Module):
    """`embedding` with parameter `weight` (num_embeddings, embedding_dim), from N(0, 1), as torch.nn.Embedding.

    padding_idx : a symbol whose row starts at zero and gets no gradient.  The backward pass returns None: symbols have
    no gradient.  weight_init : a function (shape, rng) -> array, see `dlbook.nn.init`.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        rng: np.random.Generator,
        weight_init=None,
        dtype=np.float64,
    ):
        if num_embeddings < 1 or embedding_dim < 1:
            raise ValueError(
                f"Embedding: expected at least 1 symbol and 1 number each, got {num_embeddings} and {embedding_dim}"
            )
        if padding_idx is not None and not 0 <= padding_idx < num_embeddings:
            raise ValueError(f"padding_idx: expected 0 to {num_embeddings - 1}, got {padding_idx}")
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        shape = (num_embeddings, embedding_dim)
        weight = rng.standard_normal(shape) if weight_init is None else weight_init(shape, rng)
        if padding_idx is not None:
            weight = np.where(np.arange(num_embeddings)[:, None] == padding_idx, 0, weight)
        self.weight = Parameter(weight, dtype)

    def forward(self, ids):
        return embedding(ids, self.weight.data, self.padding_idx)

    def backward(self, dy, cache):
        self.weight.accumulate(embedding_backward(dy, cache))

    def __repr__(self) -> str:
        return f"Embedding({self.num_embeddings}, {self.embedding_dim})"
