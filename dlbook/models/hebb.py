"""Learning without a teacher: Hebb's rule, which grows without end, and Oja's, which finds the principal component.

Hebb, *The Organization of Behavior* (1949); Oja, *A simplified neuron model as a principal component analyzer*, Journal
of Mathematical Biology 15 (1982).  Book: chapter 2.
"""

import numpy as np


def hebb_outer(x: np.ndarray, y: np.ndarray, eta: float) -> np.ndarray:
    """Change of the weights by Hebb's rule for N pairs: ΔW = η Σ y xᵀ, x (N, D), y (N, K) -> (K, D)."""
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim != 2 or y.ndim != 2 or len(x) != len(y):
        raise ValueError(f"expected x (N, D) and y (N, K), got {x.shape} and {y.shape}")
    return eta * y.T @ x


def hebb(x: np.ndarray, w: np.ndarray, eta: float) -> np.ndarray:
    """One linear unit y = w·x under Hebb's rule w ← w + η y x, row after row of x (N, D).

    w (D,).  Returns the weights before the first example and after each: (N + 1, D).  For most data they overflow in
    the end: the rule only ever lengthens w.
    """
    return _path(x, w, lambda w, row, y: w + eta * y * row)


def oja(x: np.ndarray, w: np.ndarray, eta: float) -> np.ndarray:
    """One linear unit y = w·x under Oja's rule w ← w + η y (x − y w), row after row of x (N, D).

    w (D,).  Returns the weights before the first example and after each: (N + 1, D).  For centred data and a small η
    they approach the first principal component, with length 1.
    """
    return _path(x, w, lambda w, row, y: w + eta * y * (row - y * w))


def _path(x, w, step):
    x, w = np.asarray(x, float), np.asarray(w, float)
    if x.ndim != 2 or w.shape != x.shape[1:]:
        raise ValueError(f"expected x (N, D) and w (D,), got {x.shape} and {w.shape}")
    path = np.empty((len(x) + 1, len(w)))
    path[0] = w
    for n, row in enumerate(x):
        path[n + 1] = step(path[n], row, path[n] @ row)
    return path
