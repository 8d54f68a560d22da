"""Which tokens a masked language model has to guess."""

from __future__ import annotations  # np.random.Generator, evaluated, would load numpy.random

import numpy as np

NOT_SCORED = -100
"""The label of a token that is not to be guessed: what `cross_entropy` leaves out."""


def mask_tokens(
    ids, mask_id: int, vocabulary_size: int, special=(), *, rng: np.random.Generator, rate=0.15, split=(0.8, 0.1, 0.1)
) -> tuple[np.ndarray, np.ndarray]:
    """(inputs, labels), both with the shape of `ids`: what the network sees, and what it has to say.

    ids : integers of any shape.  special : numbers that are never chosen and never put in.
    Every other token is chosen with probability `rate`.  Of the chosen ones, the shares of `split` become mask_id,
    become an ordinary token drawn at random, and stay as they are.  labels : the number from `ids` at chosen places,
    whatever stands there now, and -100 elsewhere.  Nothing is changed in place.
    Raises ValueError when a share is not from 0 to 1, or the shares do not add up to 1, or no ordinary token is left.
    Devlin et al. 2019, appendix A.1.  Book: chapter 78.
    """
    ids = np.asarray(ids)
    if ids.dtype.kind not in "iu":
        raise ValueError(f"ids: expected integers, got dtype {ids.dtype}")
    if not 0 <= rate <= 1 or min(split) < 0 or not np.isclose(sum(split), 1):
        raise ValueError(f"rate, split: expected shares from 0 to 1, three that add up to 1, got {rate} and {split}")
    ordinary = np.setdiff1d(np.arange(vocabulary_size), np.append(special, mask_id).astype(np.int64))
    if not ordinary.size:
        raise ValueError(f"special: expected to leave an ordinary token among the {vocabulary_size}, got all of them")
    chosen = (rng.random(ids.shape) < rate) & ~np.isin(ids, np.asarray(special, dtype=np.int64))
    fate, drawn = rng.random(ids.shape), ordinary[rng.integers(0, len(ordinary), ids.shape)]
    replaced = np.where(fate < split[0], mask_id, np.where(fate < split[0] + split[1], drawn, ids))
    return np.where(chosen, replaced, ids), np.where(chosen, ids, NOT_SCORED)
