"""Rosenblatt's perceptron: a weighted sum, a step, and a rule that moves the weights only when the answer is wrong.

Rosenblatt, *The perceptron: a probabilistic model for information storage and organization in the brain*, Psychological
Review 65 (1958).  Book: chapters 2, 6 and 7.
"""

import numpy as np


def perceptron(x: np.ndarray, w: np.ndarray, b: float) -> np.ndarray:
    """1 where w·x + b > 0, else 0: x (N, D), w (D,) -> (N,) int64."""
    return (np.asarray(x) @ w + b > 0).astype(np.int64)


def perceptron_epoch(
    x: np.ndarray, t: np.ndarray, w: np.ndarray, b: float, eta: float = 1.0
) -> tuple[np.ndarray, float, int]:
    """One pass over x (N, D) with classes t (N,), 0 or 1: w ← w + η (t − y) x, b ← b + η (t − y).

    Returns the new w and b, and the number of mistakes, counted as they were met.
    """
    x, t = _examples(x, t)
    mistakes = 0
    for row, target in zip(x, t, strict=True):
        error = target - (row @ w + b > 0)
        if error:
            w, b, mistakes = w + eta * error * row, b + eta * error, mistakes + 1
    return w, b, mistakes


class Perceptron:
    """One neuron trained by Rosenblatt's rule.  After `fit`: w (D,), b, and mistakes, their number in each epoch."""

    def __init__(self, eta: float = 1.0):
        if not eta > 0:
            raise ValueError(f"eta: expected a positive number, got {eta}")
        self.eta = eta
        self.w: np.ndarray | None = None
        self.b = 0.0
        self.mistakes: list[int] = []

    def fit(self, x: np.ndarray, t: np.ndarray, epochs: int = 100) -> "Perceptron":
        """Start at zero and stop after an epoch without a mistake, or after `epochs`: x (N, D), t (N,) 0 or 1."""
        x, t = _examples(x, t)
        self.w, self.b, self.mistakes = np.zeros(x.shape[1]), 0.0, []
        while len(self.mistakes) < epochs and self.mistakes[-1:] != [0]:
            self.w, self.b, wrong = perceptron_epoch(x, t, self.w, self.b, self.eta)
            self.mistakes.append(wrong)
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Classes (N,) of x (N, D)."""
        if self.w is None:
            raise ValueError("predict: expected a trained perceptron; call fit first")
        return perceptron(x, self.w, self.b)


def _examples(x, t):
    x, t = np.asarray(x, float), np.asarray(t)
    if x.ndim != 2 or t.shape != x.shape[:1]:
        raise ValueError(f"expected x (N, D) and t (N,), got {x.shape} and {t.shape}")
    if not np.isin(t, (0, 1)).all():
        raise ValueError(f"t: expected classes 0 and 1, got {np.unique(t)}")
    return x, t.astype(np.int64)
