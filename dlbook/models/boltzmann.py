"""Boltzmann machines: Hopfield's energy with units of 0 and 1 that answer by chance.

All here is exact for small machines, where the 2ᴺ states can be listed, and sampled by Gibbs for any.

Ackley, Hinton and Sejnowski, *A learning algorithm for Boltzmann machines*, Cognitive Science 9 (1985).  Book:
chapters 9 and 10.
"""

import numpy as np

from dlbook import nn

LISTED = 20


def all_states(n: int) -> np.ndarray:
    """All states of n units of 0 and 1, in counting order: (2ⁿ, n) float64."""
    if not 0 <= n <= LISTED:
        raise ValueError(f"n: expected 0 to {LISTED} units to list all states, got {n}")
    return (np.arange(2**n)[:, None] >> np.arange(n)[::-1] & 1).astype(float)


def energy(s: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """E = −½ sᵀ W s − bᵀ s: s (..., N), W (N, N) symmetric with zero diagonal, b (N,) -> (...)."""
    return -0.5 * np.sum((s @ W) * s, axis=-1) - s @ b


def probabilities(W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """p(s) = exp(−E(s)) / Z of all states, in the order of `all_states`: (2ᴺ,)."""
    return nn.softmax(-energy(all_states(len(b)), W, b))[0]


def gibbs(
    s: np.ndarray, W: np.ndarray, b: np.ndarray, rng: np.random.Generator, units: np.ndarray | None = None
) -> np.ndarray:
    """One sweep: each unit is drawn anew from p(s_i = 1 | the others) = σ(Σ_j w_ij s_j + b_i).

    s : (..., N), one chain in each row.  units : those that are free, all by default; the others are clamped.
    """
    s = np.array(s, float)
    for i in range(len(b)) if units is None else units:
        p = nn.sigmoid(s @ W[i] + b[i])[0]
        s[..., i] = rng.random(p.shape) < p
    return s


def log_likelihood(v: np.ndarray, W: np.ndarray, b: np.ndarray) -> float:
    """Mean of log p(v) over the rows of v (M, V), the first V of the N units; exact, by listing all states."""
    states, weights = all_states(len(b)), -energy(all_states(len(b)), W, b)
    matching = np.all(states[None, :, : v.shape[1]] == v[:, None], axis=2)
    return float(np.mean([_log_sum_exp(weights[rows]) for rows in matching]) - _log_sum_exp(weights))


def gradient(v: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """∂/∂W and ∂/∂b of the mean log p(v): ⟨s sᵀ⟩ with the rows of v (M, V) clamped, minus ⟨s sᵀ⟩ free.  Exact.

    W counts as symmetric: entry (i, j) is the derivative by the one weight between i and j.
    """
    states, p = all_states(len(b)), probabilities(W, b)
    matching = np.all(states[None, :, : v.shape[1]] == v[:, None], axis=2) * p
    clamped = (matching / matching.sum(axis=1, keepdims=True)).mean(axis=0)
    difference = clamped - p
    dW = (states * difference[:, None]).T @ states
    return dW * (1 - np.eye(len(b))), difference @ states


class BoltzmannMachine:
    """V visible and H hidden units, every two of them joined.  Unit i < V is visible.

    Weights start from N(0, scale²), biases at zero; `fit` climbs the exact log-likelihood.
    """

    def __init__(self, visible: int, hidden: int, rng: np.random.Generator, scale: float = 0.1):
        if visible < 1 or hidden < 0 or visible + hidden > LISTED:
            raise ValueError(f"expected 1 to {LISTED} units, one of them visible, got {visible} and {hidden}")
        n = visible + hidden
        upper = np.triu(rng.normal(0, scale, (n, n)), 1)
        self.visible, self.W, self.b = visible, upper + upper.T, np.zeros(n)

    def fit(self, v: np.ndarray, steps: int = 200, eta: float = 0.5) -> list[float]:
        """Gradient ascent on v (M, visible) of 0 and 1; returns the log-likelihood before each step."""
        v = np.asarray(v, float)
        if v.ndim != 2 or v.shape[1] != self.visible or not np.isin(v, (0, 1)).all():
            raise ValueError(f"v: expected (M, {self.visible}) of 0 and 1, got shape {v.shape}")
        path = []
        for _ in range(steps):
            path.append(log_likelihood(v, self.W, self.b))
            dW, db = gradient(v, self.W, self.b)
            self.W, self.b = self.W + eta * dW, self.b + eta * db
        return path

    def probabilities(self) -> np.ndarray:
        """p(v) of all visible states, in counting order: (2ⱽ,)."""
        return probabilities(self.W, self.b).reshape(2**self.visible, -1).sum(axis=1)

    def sample(self, chains: int, sweeps: int, rng: np.random.Generator) -> np.ndarray:
        """Visible states (chains, V) after so many sweeps from random ones."""
        s = (rng.random((chains, len(self.b))) < 0.5).astype(float)
        for _ in range(sweeps):
            s = gibbs(s, self.W, self.b, rng)
        return s[:, : self.visible]


def _log_sum_exp(x):
    top = x.max()
    return top + np.log(np.sum(np.exp(x - top)))
