"""exp, log, tanh … for whatever comes: numbers, arrays, `Value`, `Tensor` and `Dual`.

A function written with these and with the operators can be evaluated, or differentiated in either mode.
"""

from typing import Any

import numpy as np


def exp(x: Any) -> Any:
    return x.exp() if hasattr(x, "exp") else np.exp(x)


def log(x: Any) -> Any:
    return x.log() if hasattr(x, "log") else np.log(x)


def sqrt(x: Any) -> Any:
    return x.sqrt() if hasattr(x, "sqrt") else np.sqrt(x)


def sin(x: Any) -> Any:
    return x.sin() if hasattr(x, "sin") else np.sin(x)


def cos(x: Any) -> Any:
    return x.cos() if hasattr(x, "cos") else np.cos(x)


def tanh(x: Any) -> Any:
    return x.tanh() if hasattr(x, "tanh") else np.tanh(x)


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), without overflow."""
    if hasattr(x, "sigmoid"):
        return x.sigmoid()
    small = np.exp(-np.abs(x))
    return np.where(np.asarray(x) >= 0, 1, small) / (1 + small)


def relu(x: Any) -> Any:
    """max(0, x), with derivative 0 at 0."""
    return x.relu() if hasattr(x, "relu") else np.maximum(x, 0)
