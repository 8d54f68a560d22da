"""Restricted Boltzmann machines: visible units, hidden units, and weights only between the two.

The restriction makes p(h | v) a product: one step, exactly.  The joint p(v, h) still needs a chain.

Smolensky, *Information processing in dynamical systems: foundations of harmony theory* (1986); Hinton, *Training
products of experts by minimizing contrastive divergence*, Neural Computation 14 (2002); Tieleman, *Training restricted
Boltzmann machines using approximations to the likelihood gradient*, ICML (2008).  Book: chapter 10.

Everywhere: v (N, V), h (N, H), W (H, V) as in `nn.Linear`, a (V,) the visible biases, b (H,) the hidden ones.
"""

from collections.abc import Callable

import numpy as np

from dlbook import nn
from dlbook.models.boltzmann import all_states

Gradients = tuple[np.ndarray, np.ndarray, np.ndarray]


def hidden_probability(v: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """p(h_j = 1 | v) = σ(b_j + Σ_i w_ji v_i): (N, V) -> (N, H)."""
    return nn.sigmoid(v @ W.T + b)[0]


def visible_probability(h: np.ndarray, W: np.ndarray, a: np.ndarray) -> np.ndarray:
    """p(v_i = 1 | h) = σ(a_i + Σ_j h_j w_ji): (N, H) -> (N, V)."""
    return nn.sigmoid(h @ W + a)[0]


def energy(v: np.ndarray, h: np.ndarray, W: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """E = −aᵀv − bᵀh − hᵀWv for each row: (N,)."""
    return -v @ a - h @ b - np.sum((v @ W.T) * h, axis=-1)


def free_energy(v: np.ndarray, W: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """F = −aᵀv − Σ_j log(1 + exp(b_j + w_j·v)), so that p(v) = exp(−F(v)) / Z: (N, V) -> (N,)."""
    return -v @ a - nn.softplus(v @ W.T + b)[0].sum(axis=-1)


def log_partition(W: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """log Z, exactly: lists the states of the smaller layer and sums the other analytically."""
    if W.shape[0] < W.shape[1]:
        W, a, b = W.T, b, a
    x = -free_energy(all_states(W.shape[1]), W, a, b)
    return float(x.max() + np.log(np.sum(np.exp(x - x.max()))))


def log_likelihood(v: np.ndarray, W: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """Mean of log p(v) over the rows of v (N, V), exactly."""
    return float(-free_energy(v, W, a, b).mean() - log_partition(W, a, b))


def exact_gradient(v: np.ndarray, W: np.ndarray, a: np.ndarray, b: np.ndarray) -> Gradients:
    """Gradient of the mean log p(v): ⟨h vᵀ⟩ under the data minus under the model, by listing all visible states.

    v (N, V).  Returns dW (H, V), da (V,), db (H,).
    """
    states = all_states(W.shape[1])
    p = nn.softmax(-free_energy(states, W, a, b))[0]
    h, h_model = hidden_probability(v, W, b), hidden_probability(states, W, b)
    dW = h.T @ v / len(v) - (h_model * p[:, None]).T @ states
    return dW, v.mean(axis=0) - p @ states, h.mean(axis=0) - p @ h_model


def gibbs(v: np.ndarray, W: np.ndarray, a: np.ndarray, b: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One full step of the chain, v -> h -> v, both drawn: (N, V) -> (N, V)."""
    p = hidden_probability(v, W, b)
    p = visible_probability((rng.random(p.shape) < p).astype(float), W, a)
    return (rng.random(p.shape) < p).astype(float)


def difference(v: np.ndarray, v_model: np.ndarray, W: np.ndarray, b: np.ndarray) -> Gradients:
    """⟨h vᵀ⟩ at the data v (N, V) minus at the model's v_model (M, V), with the probabilities of h: dW, da, db."""
    h, h_model = hidden_probability(v, W, b), hidden_probability(v_model, W, b)
    dW = h.T @ v / len(v) - h_model.T @ v_model / len(v_model)
    return dW, v.mean(axis=0) - v_model.mean(axis=0), h.mean(axis=0) - h_model.mean(axis=0)


def contrastive_divergence(
    v: np.ndarray,
    W: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    rng: np.random.Generator,
    k: int = 1,
    chains: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """CD-k, an estimate of `exact_gradient`: the chain starts at the data and takes k steps.

    v (N, V).  chains (M, V): start there in place of the data, and go on from what came back the next time; that is
    persistent contrastive divergence (PCD).
    Returns dW (H, V), da (V,), db (H,) to *add*, and the states at the end of the chains.
    """
    v_model = v if chains is None else chains
    for _ in range(k):
        v_model = gibbs(v_model, W, a, b, rng)
    return (*difference(v, v_model, W, b), v_model)


class RBM:
    """V visible and H hidden units.  W starts from N(0, scale²), the biases at zero."""

    def __init__(self, visible: int, hidden: int, rng: np.random.Generator, scale: float = 0.1):
        if visible < 1 or hidden < 1:
            raise ValueError(f"expected at least one visible and one hidden unit, got {visible} and {hidden}")
        self.W, self.a, self.b = rng.normal(0, scale, (hidden, visible)), np.zeros(visible), np.zeros(hidden)

    def fit(
        self,
        v: np.ndarray,
        rng: np.random.Generator,
        epochs: int = 10,
        eta: float = 0.1,
        batch_size: int = 20,
        k: int = 1,
        persistent: bool = False,
        momentum: float = 0.0,
        after_epoch: Callable[["RBM"], float] | None = None,
    ) -> list[float]:
        """CD-k, or PCD with `persistent`, on v (N, V) in [0, 1] in mini-batches; a probability counts as its mean.

        Returns after_epoch(self) for each epoch, by default the mean squared error of `reconstruct`.
        """
        v = np.asarray(v, float)
        if v.ndim != 2 or v.shape[1] != len(self.a) or v.min() < 0 or v.max() > 1:
            raise ValueError(f"v: expected (N, {len(self.a)}) with values in [0, 1], got shape {v.shape}")
        measure = after_epoch or (lambda rbm: float(np.mean((v - rbm.reconstruct(v)) ** 2)))
        chains = (rng.random((batch_size, len(self.a))) < 0.5).astype(float) if persistent else None
        speed, path = [np.zeros_like(x) for x in (self.W, self.a, self.b)], []
        for _ in range(epochs):
            order = rng.permutation(len(v))
            for start in range(0, len(v), batch_size):
                rows = v[order[start : start + batch_size]]
                *gradients, ends = contrastive_divergence(rows, self.W, self.a, self.b, rng, k, chains)
                chains = ends if persistent else None
                speed = [momentum * s + eta * g for s, g in zip(speed, gradients, strict=True)]
                self.W, self.a, self.b = self.W + speed[0], self.a + speed[1], self.b + speed[2]
            path.append(measure(self))
        return path

    def transform(self, v: np.ndarray) -> np.ndarray:
        """Probabilities of the hidden units: (N, V) -> (N, H)."""
        return hidden_probability(v, self.W, self.b)

    def reconstruct(self, v: np.ndarray) -> np.ndarray:
        """Up and down once with probabilities: (N, V) -> (N, V)."""
        return visible_probability(self.transform(v), self.W, self.a)

    def sample(self, chains: int, steps: int, rng: np.random.Generator) -> np.ndarray:
        """Visible probabilities (chains, V) at the end of Gibbs chains from random states."""
        v = (rng.random((chains, len(self.a))) < 0.5).astype(float)
        for _ in range(steps):
            v = gibbs(v, self.W, self.a, self.b, rng)
        return self.reconstruct(v)
