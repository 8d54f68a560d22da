"""Where a token stands: attention by itself does not know, so it is told.

    x = tokens + sinusoidal_positions(T, D)          # added once, below all layers
    q, k = rotary(q)[0], rotary(k)[0]                # or queries and keys turned, in every layer

Learnt positions are an `Embedding` of 0, 1, 2 …  Book: chapter 86.
"""

import numpy as np

from dlbook.nn.arrays import as_float, upstream


def sinusoidal_positions(
    count: int, width: int, base: float = 10_000.0, dtype=np.float64, start: int = 0
) -> np.ndarray:
    """(T, D): entry (t, 2i) is sin(t / base^(2i/D)), entry (t, 2i + 1) the cosine of the same.

    count : T.  start : the first t, for rows that go on where others ended.
    The row of t + s is that of t, turned pair by pair through angles that depend on s alone.
    Raises ValueError for an odd width.  Vaswani et al. 2017, section 3.5.
    """
    angles = _angles(np.arange(start, start + count), width, base)
    positions = np.empty((count, width), dtype)
    positions[:, 0::2], positions[:, 1::2] = np.sin(angles), np.cos(angles)
    return positions


def rotary(x, positions=None, base: float = 10_000.0):
    """Each pair (x_{2i}, x_{2i+1}) turned by the angle t / base^(2i/D), for the token at position t.

    x : (…, T, D), queries or keys of a head; positions : (T,) numbers, 0 … T - 1 without them.  Returns y, same shape,
    and the cache.  A product q·k of turned vectors depends on how far they stand apart, not on where.
    Raises ValueError for an odd D, or positions that do not fit.  Su et al. 2021 (RoFormer).
    """
    x = as_float(x)
    if x.ndim < 2:
        raise ValueError(f"x: expected shape (…, T, D), got {x.shape}")
    positions = np.arange(x.shape[-2]) if positions is None else np.asarray(positions)
    if positions.shape != x.shape[-2:-1]:
        raise ValueError(f"positions: expected shape {x.shape[-2:-1]}, got {positions.shape}")
    angles = _angles(positions, x.shape[-1], base)
    turn = np.cos(angles).astype(x.dtype), np.sin(angles).astype(x.dtype)
    return _turned(x, *turn), (turn, x.shape)


def rotary_backward(dy, cache):
    """dx: dy turned back."""
    (cos, sin), shape = cache
    return _turned(upstream(dy, shape), cos, -sin)


def _angles(positions, width: int, base: float) -> np.ndarray:
    if width < 2 or width % 2:
        raise ValueError(f"width: expected an even number of at least 2, got {width}")
    return positions[:, None] / base ** (np.arange(0, width, 2) / width)


def _turned(x, cos, sin):
    y = np.empty_like(x)
    even, odd = x[..., 0::2], x[..., 1::2]
    y[..., 0::2], y[..., 1::2] = even * cos - odd * sin, even * sin + odd * cos
    return y
