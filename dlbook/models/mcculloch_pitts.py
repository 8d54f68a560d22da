"""The neuron of McCulloch and Pitts: bits in, a bit out, a threshold, and a veto.  Nothing in it learns.

McCulloch and Pitts, *A logical calculus of the ideas immanent in nervous activity*, Bulletin of Mathematical Biophysics
5 (1943).  Book: chapter 2.
"""

import numpy as np


def mcp_neuron(x: np.ndarray, excitatory: np.ndarray, inhibitory: np.ndarray, theta: float) -> np.ndarray:
    """1 where at least theta excitatory inputs are active and no inhibitory one is: x (N, D) -> (N,) int64.

    x : 0 or 1.  excitatory, inhibitory : (D,) bool, which inputs act in which way; an input may be neither.
    One active inhibitory input silences the neuron, however many excitatory ones are active.
    Raises ValueError for inputs that are no bits, or an input that is both.
    """
    x, excitatory, inhibitory = np.asarray(x), np.asarray(excitatory, bool), np.asarray(inhibitory, bool)
    if x.ndim != 2 or excitatory.shape != x.shape[1:] or inhibitory.shape != x.shape[1:]:
        raise ValueError(f"expected x (N, D) and masks (D,), got {x.shape}, {excitatory.shape}, {inhibitory.shape}")
    if not np.isin(x, (0, 1)).all():
        raise ValueError(f"x: expected bits, 0 or 1, got values from {x.min()} to {x.max()}")
    if (excitatory & inhibitory).any():
        raise ValueError(f"inputs {np.flatnonzero(excitatory & inhibitory)} are excitatory and inhibitory: choose one")
    on = x == 1
    return ((on[:, excitatory].sum(axis=1) >= theta) & ~on[:, inhibitory].any(axis=1)).astype(np.int64)
