"""Deep Boltzmann machines: two hidden layers, weights only between neighbours, all of them undirected.

The two halves {v, h2} and {h1} can be drawn in turn.  p(h1, h2 | v) is no product: mean field approximates it, and
persistent chains sample the model.

Salakhutdinov and Hinton, *Deep Boltzmann machines*, AISTATS (2009).  Book: chapter 10.

Everywhere: v (N, V), h1 (N, H1), h2 (N, H2), W1 (H1, V), W2 (H2, H1), biases a (V,), b1 (H1,), b2 (H2,);
parameters = (W1, W2, a, b1, b2).
"""

import numpy as np

from dlbook import nn
from dlbook.models.boltzmann import all_states

Parameters = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def mean_field(v: np.ndarray, parameters: Parameters, steps: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Factorised approximation of p(h1, h2 | v): mu1 = σ(W1 v + W2ᵀ mu2 + b1), mu2 = σ(W2 mu1 + b2), `steps` times."""
    W1, W2, _, b1, b2 = parameters
    mu2 = np.full((len(v), len(b2)), 0.5)
    for _ in range(steps):
        mu1 = nn.sigmoid(v @ W1.T + mu2 @ W2 + b1)[0]
        mu2 = nn.sigmoid(mu1 @ W2.T + b2)[0]
    return mu1, mu2


def gibbs(
    v: np.ndarray, h2: np.ndarray, parameters: Parameters, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One sweep in two halves: h1 given v and h2, then v and h2 given h1.  Returns v, h1, h2, all drawn."""
    W1, W2, a, b1, b2 = parameters
    h1 = _draw(v @ W1.T + h2 @ W2 + b1, rng)
    return _draw(h1 @ W1 + a, rng), h1, _draw(h1 @ W2.T + b2, rng)


def statistics(v: np.ndarray, h1: np.ndarray, h2: np.ndarray) -> Parameters:
    """Means of h1 vᵀ, h2 h1ᵀ, v, h1 and h2 over the rows."""
    return h1.T @ v / len(v), h2.T @ h1 / len(v), v.mean(axis=0), h1.mean(axis=0), h2.mean(axis=0)


def gradient(
    v: np.ndarray,
    parameters: Parameters,
    chains: tuple[np.ndarray, np.ndarray],
    rng: np.random.Generator,
    steps: int = 5,
) -> tuple[list[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Statistics under mean field at the data minus those of persistent chains (v, h2) after one more sweep.

    Returns the gradients to add, in the order of the parameters, and the chains.
    """
    data = statistics(v, *mean_field(v, parameters, steps))
    v_model, h1, h2 = gibbs(*chains, parameters, rng)
    model = statistics(v_model, h1, h2)
    return [d - m for d, m in zip(data, model, strict=True)], (v_model, h2)


def log_likelihood(v: np.ndarray, parameters: Parameters) -> float:
    """Mean of log p(v) over the rows, exactly: lists the states of h1, and sums v and h2 analytically."""
    W1, W2, a, b1, b2 = parameters
    h1 = all_states(len(b1))
    above = h1 @ b1 + nn.softplus(h1 @ W2.T + b2)[0].sum(axis=1)
    log_z = _log_sum_exp(above + nn.softplus(h1 @ W1 + a)[0].sum(axis=1))
    return float(np.mean(_log_sum_exp(above + (v @ W1.T) @ h1.T) + v @ a) - log_z)


def lower_bound(v: np.ndarray, parameters: Parameters, steps: int = 10) -> float:
    """The mean-field bound on `log_likelihood`: −⟨E⟩ + entropy − log Z, never above it."""
    W1, W2, a, b1, b2 = parameters
    mu1, mu2 = mean_field(v, parameters, steps)
    value = v @ a + mu1 @ b1 + mu2 @ b2 + np.sum((v @ W1.T) * mu1, axis=1) + np.sum((mu1 @ W2.T) * mu2, axis=1)
    entropy = sum(-np.sum(m * np.log(m + 1e-300) + (1 - m) * np.log(1 - m + 1e-300), axis=1) for m in (mu1, mu2))
    h1 = all_states(len(b1))
    log_z = _log_sum_exp(h1 @ b1 + nn.softplus(h1 @ W2.T + b2)[0].sum(axis=1) + nn.softplus(h1 @ W1 + a)[0].sum(axis=1))
    return float(np.mean(value + entropy) - log_z)


class DBM:
    """Layers of `visible`, `hidden1`, `hidden2` units; weights start from N(0, scale²), biases at zero."""

    def __init__(self, visible: int, hidden1: int, hidden2: int, rng: np.random.Generator, scale: float = 0.05):
        if min(visible, hidden1, hidden2) < 1:
            raise ValueError(f"expected at least one unit a layer, got {visible}, {hidden1} and {hidden2}")
        W1, W2 = rng.normal(0, scale, (hidden1, visible)), rng.normal(0, scale, (hidden2, hidden1))
        self.parameters: Parameters = W1, W2, np.zeros(visible), np.zeros(hidden1), np.zeros(hidden2)

    def fit(
        self, v: np.ndarray, rng: np.random.Generator, epochs: int = 10, eta: float = 0.05, batch_size: int = 20
    ) -> list[float]:
        """Learn v (N, V) in [0, 1]; returns the mean squared error of `reconstruct` after each epoch."""
        v = np.asarray(v, float)
        visible, top = len(self.parameters[2]), len(self.parameters[4])
        if v.ndim != 2 or v.shape[1] != visible or v.min() < 0 or v.max() > 1:
            raise ValueError(f"v: expected (N, {visible}) with values in [0, 1], got shape {v.shape}")
        chains = _draw(np.zeros((batch_size, visible)), rng), _draw(np.zeros((batch_size, top)), rng)
        path = []
        for epoch in range(epochs):
            order = rng.permutation(len(v))
            rate = eta / (1 + epoch / 10)
            for start in range(0, len(v), batch_size):
                rows = v[order[start : start + batch_size]]
                gradients, chains = gradient(rows, self.parameters, chains, rng)
                self.parameters = tuple(p + rate * g for p, g in zip(self.parameters, gradients, strict=True))
            path.append(float(np.mean((v - self.reconstruct(v)) ** 2)))
        return path

    def transform(self, v: np.ndarray) -> np.ndarray:
        """Mean-field probabilities of both hidden layers: (N, V) -> (N, H1 + H2)."""
        return np.concatenate(mean_field(v, self.parameters), axis=1)

    def reconstruct(self, v: np.ndarray) -> np.ndarray:
        """Mean field up, one step down: (N, V) -> (N, V)."""
        W1, _, a, _, _ = self.parameters
        return nn.sigmoid(mean_field(v, self.parameters)[0] @ W1 + a)[0]

    def sample(self, chains: int, sweeps: int, rng: np.random.Generator) -> np.ndarray:
        """Visible probabilities (chains, V) at the end of Gibbs chains from random states."""
        W1, _, a, _, b2 = self.parameters
        v, h2 = _draw(np.zeros((chains, len(a))), rng), _draw(np.zeros((chains, len(b2))), rng)
        for _ in range(max(sweeps, 1)):
            v, h1, h2 = gibbs(v, h2, self.parameters, rng)
        return nn.sigmoid(h1 @ W1 + a)[0]


def _draw(z, rng):
    return (rng.random(z.shape) < nn.sigmoid(z)[0]).astype(float)


def _log_sum_exp(x):
    top = x.max(axis=-1, keepdims=True)
    return top[..., 0] + np.log(np.sum(np.exp(x - top), axis=-1))
