"""Hopfield networks: symmetric units of ±1 that run downhill on an energy, and keep memories in its valleys.

Three ways to dig the valleys: Hebb's rule, the pseudo-inverse, and Gardner's perceptron rule.

Hopfield, *Neural networks and physical systems with emergent collective computational abilities*, PNAS 79 (1982);
Personnaz, Guyon and Dreyfus, *Information storage and retrieval in spin-glass like neural networks*, Journal de
Physique Lettres 46 (1985); Gardner, *The space of interactions in neural network models*, Journal of Physics A 21
(1988).  Book: chapters 9 and 10.
"""

import numpy as np


def hebb(patterns: np.ndarray) -> np.ndarray:
    """Hebb's storage W = 1/N Σ ξ ξᵀ with a zero diagonal: patterns (K, N) of ±1 -> W (N, N), symmetric."""
    patterns = _states(patterns, "patterns", axes=2)
    return _without_diagonal(patterns.T @ patterns / patterns.shape[1])


def pseudo_inverse(patterns: np.ndarray) -> np.ndarray:
    """The projection on the patterns, W = Ξ⁺ Ξ, with a zero diagonal: patterns (K, N) of ±1 -> W (N, N), symmetric.

    For up to N linearly independent patterns the projection leaves each as it is, however alike they are; without
    its diagonal w_ii ≤ 1 the field at unit i is (1 − w_ii) ξ_i, of the right sign.
    """
    patterns = _states(patterns, "patterns", axes=2)
    projection = np.linalg.pinv(patterns) @ patterns
    return _without_diagonal((projection + projection.T) / 2)


def gardner(
    patterns: np.ndarray, kappa: float = 1.0, eta: float = 1.0, epochs: int = 200, symmetric: bool = True
) -> tuple[np.ndarray, int]:
    """The perceptron rule at every unit, given the others, until all fields are right by the margin kappa.

    patterns : (K, N) of ±1.  In every epoch Δw_ij = η/N Σ_μ ξ_i ξ_j [ξ_i h_i ≤ κ], over all patterns at once; with
    `symmetric` the mean of Δw_ij and Δw_ji, so that there is an energy.
    Returns W (N, N), zero diagonal, and the number of epochs that changed it; that is `epochs` where it did not finish.
    """
    patterns = _states(patterns, "patterns", axes=2)
    N = patterns.shape[1]
    W = np.zeros((N, N))
    for epoch in range(epochs):
        weak = patterns * (patterns @ W.T) <= kappa
        if not weak.any():
            return W, epoch
        change = (weak * patterns).T @ patterns
        W = W + eta / N * _without_diagonal((change + change.T) / 2 if symmetric else change)
    return W, epochs


def energy(W: np.ndarray, s: np.ndarray, b: np.ndarray | float = 0.0) -> np.ndarray:
    """E = −½ sᵀ W s − bᵀ s for each state: s (..., N) -> (...)."""
    s = _states(s, "s")
    return -0.5 * np.sum((s @ W.T) * s, axis=-1) - np.sum(b * s, axis=-1)


def update(W: np.ndarray, s: np.ndarray, units: np.ndarray, b: np.ndarray | float = 0.0) -> np.ndarray:
    """Ask the units one after the other, in the order given: s_i ← sign(Σ_j w_ij s_j + b_i), a field of 0 keeps s_i.

    s : (..., N), `units` indices.  Returns the new states.  With W symmetric and w_ii ≥ 0, E never rises.
    """
    s = _states(s, "s").copy()
    b = np.broadcast_to(b, s.shape[-1:])
    for i in units:
        field = s @ W[i] + b[i]
        s[..., i] = np.where(field == 0, s[..., i], np.sign(field))
    return s


def synchronous(W: np.ndarray, s: np.ndarray, b: np.ndarray | float = 0.0) -> np.ndarray:
    """All units at once, each seeing the old states: s (..., N) -> (..., N).  E may rise, and states may alternate."""
    s = _states(s, "s")
    field = s @ W.T + b
    return np.where(field == 0, s, np.sign(field))


def recall(
    W: np.ndarray, s: np.ndarray, rng: np.random.Generator, b: np.ndarray | float = 0.0, sweeps: int = 50
) -> tuple[np.ndarray, int]:
    """Sweep over all units in a random order, drawn anew, until a whole sweep changes nothing, or `sweeps` times.

    s : (..., N).  Returns the states reached and the number of sweeps that changed something.
    """
    s = _states(s, "s")
    for sweep in range(sweeps):
        after = update(W, s, rng.permutation(s.shape[-1]), b)
        if np.array_equal(after, s):
            return s, sweep
        s = after
    return s, sweeps


def overlap(s: np.ndarray, pattern: np.ndarray) -> np.ndarray:
    """Mean of s·ξ over the units, in [−1, 1]: (..., N) and (..., N) -> (...).  1 is recalled, 0 is unrelated."""
    return np.mean(_states(s, "s") * pattern, axis=-1)


RULES = {"hebb": hebb, "pseudo-inverse": pseudo_inverse, "gardner": lambda patterns: gardner(patterns)[0]}


class Hopfield:
    """A memory with contents as addresses: `Hopfield("hebb").store(patterns)`, then `recall(cue, rng)`."""

    def __init__(self, rule: str = "hebb"):
        if rule not in RULES:
            raise ValueError(f"rule: expected one of {', '.join(RULES)}, got {rule!r}")
        self.rule = rule
        self.W: np.ndarray | None = None

    def store(self, patterns: np.ndarray) -> "Hopfield":
        """Compute the weights that keep patterns (K, N) of ±1."""
        self.W = RULES[self.rule](patterns)
        return self

    def recall(self, cue: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The state in which the network comes to rest from cue (..., N)."""
        return recall(self._weights(), cue, rng)[0]

    def energy(self, s: np.ndarray) -> np.ndarray:
        """Energy of states (..., N)."""
        return energy(self._weights(), s)

    def _weights(self):
        if self.W is None:
            raise ValueError("expected stored patterns; call store first")
        return self.W


def _without_diagonal(W):
    return W * (1 - np.eye(len(W)))


def _states(s, name, axes=None):
    s = np.asarray(s, float)
    if axes and s.ndim != axes:
        raise ValueError(f"{name}: expected shape (K, N), got {s.shape}")
    if not np.isin(s, (-1, 1)).all():
        raise ValueError(f"{name}: expected entries -1 and 1, got {np.unique(s)[:5]}")
    return s
