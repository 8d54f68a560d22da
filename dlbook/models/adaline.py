"""ADALINE, the adaptive linear element, its LMS rule, and the echo canceller that made it useful.

The error is measured on the sum, before the quantiser: that is what makes it a descent.

Widrow and Hoff, *Adaptive switching circuits*, IRE WESCON Convention Record (1960); Widrow and Stearns, *Adaptive
Signal Processing* (1985); Sondhi, *An adaptive echo canceler*, Bell System Technical Journal 46 (1967).  Book: chapter
2.
"""

import numpy as np


def lms(x: np.ndarray, d: np.ndarray, mu: float, w: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Least mean squares, row after row: e = d − w·x, then w ← w + 2 μ e x.

    x (N, D), d (N,), w (D,) zeros unless given.  Returns the last w (D,) and the errors e (N,), each measured before
    the step that it causes.  `step_bounds(x)` says how large μ may be; beyond, w grows until it overflows.
    """
    x, d = np.asarray(x, float), np.asarray(d, float)
    if x.ndim != 2 or d.shape != x.shape[:1]:
        raise ValueError(f"expected x (N, D) and d (N,), got {x.shape} and {d.shape}")
    w = np.zeros(x.shape[1]) if w is None else np.array(w, float)
    if w.shape != x.shape[1:]:
        raise ValueError(f"w: expected shape {x.shape[1:]}, got {w.shape}")
    e = np.empty(len(x))
    with np.errstate(over="ignore", invalid="ignore"):
        for n, row in enumerate(x):
            e[n] = d[n] - w @ row
            w = w + 2 * mu * e[n] * row
    return w, e


def step_bounds(x: np.ndarray) -> tuple[float, float]:
    """Two bounds of μ in `lms` for the rows of x (N, D): 1 / λmax and 1 / trace of R, the mean of x xᵀ.

    Below the first the mean of w converges.  That is not enough: the mean square of w needs a μ below the second, which
    is smaller, and for N(0, 1) inputs a third of it is safe.
    """
    x = np.asarray(x, float)
    if x.ndim != 2 or not x.any():
        raise ValueError(f"x: expected (N, D), not all zero, got shape {x.shape}")
    eigenvalues = np.linalg.eigvalsh(x.T @ x / len(x))
    return float(1 / eigenvalues[-1]), float(1 / eigenvalues.sum())


def tapped_delay(x: np.ndarray, taps: int) -> np.ndarray:
    """The last `taps` samples at each time, newest first, zeros before the start: x (T,) -> (T, taps)."""
    x = np.asarray(x, float)
    if x.ndim != 1 or taps < 1:
        raise ValueError(f"expected x (T,) and at least one tap, got {x.shape} and {taps}")
    padded = np.concatenate([np.zeros(taps - 1), x])
    return np.lib.stride_tricks.sliding_window_view(padded, taps)[:, ::-1]


def echo_canceller(far: np.ndarray, microphone: np.ndarray, taps: int, mu: float) -> tuple[np.ndarray, np.ndarray]:
    """Learn the echo of `far` (T,) in `microphone` (T,) and subtract it.

    Returns the learnt response (taps,), newest sample first, and what is left of the microphone's signal, (T,).
    One ADALINE behind a tapped delay line.  What it cannot predict from the far end, such as the near speaker, stays.
    """
    return lms(tapped_delay(far, taps), microphone, mu)


class Adaline:
    """One adaptive linear element with a bias, for classes −1 and +1.  After `fit`: w (D,), b, and the mean of e² in
    each epoch.
    """

    def __init__(self, mu: float = 0.01):
        if not mu > 0:
            raise ValueError(f"mu: expected a positive number, got {mu}")
        self.mu = mu
        self.w: np.ndarray | None = None
        self.b = 0.0
        self.errors: list[float] = []

    def fit(self, x: np.ndarray, d: np.ndarray, epochs: int = 100) -> "Adaline":
        """`epochs` passes of LMS over x (N, D) with targets d (N,), from zero."""
        x = np.asarray(x, float)
        rows = np.column_stack([x, np.ones(len(x))])
        weights, self.errors = np.zeros(rows.shape[1]), []
        for _ in range(epochs):
            weights, e = lms(rows, d, self.mu, weights)
            self.errors.append(float(np.mean(e**2)))
        self.w, self.b = weights[:-1], float(weights[-1])
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The quantiser: +1 where w·x + b > 0, else −1, for x (N, D)."""
        if self.w is None:
            raise ValueError("predict: expected a trained element; call fit first")
        return np.where(np.asarray(x) @ self.w + self.b > 0, 1, -1)
