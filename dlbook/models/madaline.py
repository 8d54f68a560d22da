"""MADALINE: many ADALINEs whose votes a fixed gate counts, trained by rule I, with the least disturbance.

Only the first layer learns.  No gradient passes the quantisers, so rule I asks another question: which units must
change their vote, and which of those would give way most easily?

Ridgway, *An adaptive logic system with generalizing properties* (1962); Widrow and Lehr, *30 years of adaptive neural
networks*, Proceedings of the IEEE 78 (1990).  Book: chapter 2.
"""

import numpy as np

LOGIC = ("or", "and", "majority")


def votes_needed(logic: str, units: int) -> int:
    """Votes for +1 that make the answer +1: 1 for "or", all for "and", more than half for "majority"."""
    if logic not in LOGIC:
        raise ValueError(f"logic: expected one of {', '.join(LOGIC)}, got {logic!r}")
    return {"or": 1, "and": units, "majority": units // 2 + 1}[logic]


def madaline(x: np.ndarray, W: np.ndarray, b: np.ndarray, logic: str = "or") -> np.ndarray:
    """Answers −1 or +1, (N,) int64, for x (N, D) and K units W (K, D), b (K,), which vote +1 where their sum is > 0."""
    positive = (np.asarray(x, float) @ W.T + b > 0).sum(axis=1)
    return np.where(positive >= votes_needed(logic, len(W)), 1, -1)


def rule_one(
    x: np.ndarray, t: int, W: np.ndarray, b: np.ndarray, eta: float, logic: str = "or"
) -> tuple[np.ndarray, np.ndarray]:
    """One example of rule I: x (D,), t −1 or +1.  Returns new W (K, D) and b (K,), equal to the old if t is answered.

    As many units as must change their vote are moved, those whose sum is nearest zero (of equal ones, the first), each
    by an LMS step towards t: w ← w + η (t − z) x, b ← b + η (t − z).
    With "or" this is one unit where +1 was missed, and every positive unit where −1 was.
    """
    if t not in (-1, 1):
        raise ValueError(f"t: expected -1 or +1, got {t}")
    z = W @ x + b
    positive, needed = int((z > 0).sum()), votes_needed(logic, len(W))
    short = needed - positive if t == 1 else positive - needed + 1
    against = np.flatnonzero((z > 0) != (t == 1))
    moved = against[np.argsort(np.abs(z[against]), kind="stable")][: max(short, 0)]
    W, b = W.copy(), b.copy()
    W[moved] += eta * (t - z[moved])[:, None] * x
    b[moved] += eta * (t - z[moved])
    return W, b


class Madaline:
    """`units` ADALINEs on `features` inputs under one gate.  W, b start uniform in (−scale, scale), drawn by rng.

    After `fit`: errors, the examples answered wrongly after each epoch.
    """

    def __init__(
        self,
        features: int,
        units: int,
        rng: np.random.Generator,
        logic: str = "or",
        eta: float = 0.5,
        scale: float = 0.5,
    ):
        votes_needed(logic, units)
        if features < 1 or units < 1:
            raise ValueError(f"expected at least one input and one unit, got {features} and {units}")
        self.logic, self.eta = logic, eta
        self.W, self.b = rng.uniform(-scale, scale, (units, features)), rng.uniform(-scale, scale, units)
        self.errors: list[int] = []

    def fit(self, x: np.ndarray, t: np.ndarray, epochs: int = 100) -> "Madaline":
        """Present x (N, D) in order until all t (N,), −1 or +1, are answered, at most `epochs` times."""
        x, t = np.asarray(x, float), np.asarray(t)
        if x.ndim != 2 or t.shape != x.shape[:1]:
            raise ValueError(f"expected x (N, D) and t (N,), got {x.shape} and {t.shape}")
        self.errors = []
        while len(self.errors) < epochs and self.errors[-1:] != [0]:
            for row, target in zip(x, t, strict=True):
                self.W, self.b = rule_one(row, int(target), self.W, self.b, self.eta, self.logic)
            self.errors.append(int((self.predict(x) != t).sum()))
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Answers (N,), −1 or +1, for x (N, D)."""
        return madaline(x, self.W, self.b, self.logic)
