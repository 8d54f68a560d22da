"""Dropout: in training, silence units at random, so that none can lean on particular others.  Book: chapter 23."""

from __future__ import annotations  # np.random.Generator, evaluated, would load numpy.random

import numpy as np

from dlbook.nn.arrays import as_float, upstream
from dlbook.nn.module import Module


def dropout_mask(shape, p: float, rng: np.random.Generator) -> np.ndarray:
    """Which units stay: an array of `shape`, each entry True with probability 1 - p, independently."""
    return rng.random(shape) >= _probability(p)


def dropout(x, mask, p: float = 0.5):
    """y = x / (1 - p) where mask, else 0: inverted dropout.

    x, mask, y : equal shapes.  p : probability that a unit was dropped, as in torch; not that of staying.
    The factor keeps the expected value of y at x, so that nothing is left to do in evaluation.  p = 1 gives zeros.
    Raises ValueError when shapes differ, p is outside 0 to 1, or the mask is not boolean.
    Hinton et al. 2012; Srivastava et al. 2014.  Book: chapter 23, which halves the weights afterwards instead.
    """
    x, mask = as_float(x), np.asarray(mask)
    if mask.dtype != bool:
        raise ValueError(f"mask: expected booleans, True where a unit stays, got dtype {mask.dtype}")
    if mask.shape != x.shape:
        raise ValueError(f"mask: expected shape {x.shape}, that of x, got {mask.shape}")
    stays = 1 - _probability(p)
    scale = mask.astype(x.dtype) / stays if stays > 0 else np.zeros_like(x)
    return x * scale, scale


def dropout_backward(dy, cache):
    """dx = dy / (1 - p) where mask, else 0: what was silent in the forward pass learns nothing."""
    return upstream(dy, cache.shape) * cache


def _probability(p: float) -> float:
    if not 0 <= p <= 1:
        raise ValueError(f"p: expected a probability of dropping from 0 to 1, got {p}")
    return p


class Dropout(Module):
    """Inverted dropout with a new mask at every call in training, one for each example; in evaluation y = x.

    p : probability of dropping a unit.  rng : draws the masks.  As torch.nn.Dropout.
    """

    def __init__(self, p: float = 0.5, *, rng: np.random.Generator):
        self.p, self.rng = _probability(p), rng

    def forward(self, x):
        x = as_float(x)
        if not self.training or self.p == 0:
            return x, None
        return dropout(x, dropout_mask(x.shape, self.p, self.rng), self.p)

    def backward(self, dy, cache):
        return dy if cache is None else dropout_backward(dy, cache)

    def __repr__(self) -> str:
        return f"Dropout({self.p})"
