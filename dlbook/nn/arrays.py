"""What a layer may be given: floating-point arrays, and gradients of the right shape."""

import numpy as np


def as_float(x, name: str = "x") -> np.ndarray:
    """`x` as a floating-point array: floats keep their precision, integers and booleans become float64.

    Raises ValueError for anything else: complex numbers, text, objects, ragged lists.
    """
    if type(x) is np.ndarray and x.dtype.kind == "f":
        return x
    try:
        x = np.asarray(x)
    except ValueError as error:
        raise ValueError(f"{name}: expected an array of numbers, got rows of different lengths") from error
    if x.dtype.kind == "f":
        return x
    if x.dtype.kind in "iub":
        return x.astype(np.float64)
    raise ValueError(f"{name}: expected real numbers, got dtype {x.dtype}; convert it with np.asarray({name}, float)")


def upstream(dy, shape: tuple[int, ...]) -> np.ndarray:
    """`dy` as an array, if it has the shape of the output that it belongs to; ValueError otherwise."""
    if type(dy) is not np.ndarray:
        dy = np.asarray(dy)
    if dy.shape != shape:
        raise ValueError(f"dy: expected shape {shape}, that of the output, got {dy.shape}")
    return dy
