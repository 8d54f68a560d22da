"""Generated data sets.  All randomness comes from the `rng` passed in; labels are int64, coordinates float64."""

import itertools

import numpy as np

from dlbook.data.sets import Split, digits, stratified

_NAMES = (
    *("FALSE", "AND", "A AND NOT B", "A", "NOT A AND B", "B", "XOR", "OR"),
    *("NOR", "XNOR", "NOT B", "A OR NOT B", "NOT A", "NOT A OR B", "NAND", "TRUE"),
)
GATES: dict[str, tuple[int, ...]] = dict(zip(_NAMES, itertools.product((0, 1), repeat=4), strict=True))
"""The 16 functions of two bits: their outputs for the inputs 00, 01, 10, 11."""


def boolean_inputs(n: int) -> np.ndarray:
    """All inputs of n bits, (2**n, n) float64, counting up: 00, 01, 10, 11."""
    if n < 1:
        raise ValueError(f"expected at least one bit, got {n}")
    return np.array(list(itertools.product((0.0, 1.0), repeat=n)))


def boolean_functions(n: int) -> np.ndarray:
    """The truth tables of all functions of n bits, (2**2**n, 2**n) int64, rows as in `boolean_inputs`.

    Raises ValueError unless n is 1 to 4: there are 4, 16, 256 and 65,536 of them.
    """
    if not 1 <= n <= 4:
        raise ValueError(f"expected 1 to 4 bits, got {n}")
    rows = 2**n
    return (np.arange(2**rows)[:, None] >> np.arange(rows)[::-1]) & 1


def gate(name: str) -> tuple[np.ndarray, np.ndarray]:
    """The truth table of a gate of two bits: x (4, 2) float64 in the order 00, 01, 10, 11, and y (4,) int64.

    name : one of `GATES`: AND, OR, NAND, NOR, XOR, XNOR and the ten others.  Book: chapters 6 and 7.
    """
    if name not in GATES:
        raise ValueError(f"expected one of {', '.join(GATES)}; got {name!r}")
    return boolean_inputs(2), np.array(GATES[name])


def moons(n: int, rng: np.random.Generator, noise: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Two half circles that reach into each other: x (n, 2), y (n,) 0 for the upper moon, 1 for the lower one."""
    y = _balanced(n, 2, rng)
    angle = rng.uniform(0, np.pi, n)
    side = 1 - 2 * y
    x = np.column_stack([y + side * np.cos(angle), y / 2 + side * np.sin(angle)])
    return x + rng.normal(0, noise, x.shape), y


def circles(
    n: int, rng: np.random.Generator, noise: float = 0.05, factor: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """A circle of radius 1 (class 0) around one of radius `factor` (class 1): x (n, 2), y (n,)."""
    y = _balanced(n, 2, rng)
    angle = rng.uniform(0, 2 * np.pi, n)
    x = np.where(y == 1, factor, 1.0)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return x + rng.normal(0, noise, x.shape), y


def spirals(
    n: int, rng: np.random.Generator, noise: float = 0.05, classes: int = 2, turns: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Arms that wind `turns` times around the origin out to radius 1: x (n, 2), y (n,) in 0 to classes - 1."""
    y = _balanced(n, classes, rng)
    radius = np.sqrt(rng.uniform(0.01, 1, n))
    angle = 2 * np.pi * (turns * radius + y / classes)
    x = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return x + rng.normal(0, noise, x.shape), y


def blobs(
    n: int, rng: np.random.Generator, centres: np.ndarray = ((-2.0, 0.0), (2.0, 0.0)), noise: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """A round Gaussian cloud about each row of `centres` (K, D): x (n, D), y (n,) in 0 to K - 1."""
    centres = np.asarray(centres, dtype=float)
    if centres.ndim != 2:
        raise ValueError(f"expected centres (K, D), got shape {centres.shape}")
    y = _balanced(n, len(centres), rng)
    return centres[y] + rng.normal(0, noise, (n, centres.shape[1])), y


def xor_clouds(n: int, rng: np.random.Generator, noise: float = 0.15) -> tuple[np.ndarray, np.ndarray]:
    """Clouds about the corners of the unit square: x (n, 2), y (n,) 1 where one coordinate of the corner is 1."""
    x, corner = blobs(n, rng, boolean_inputs(2), noise)
    return x, np.array(GATES["XOR"])[corner]


def separable(
    n: int, rng: np.random.Generator, margin: float = 0.1, dim: int = 2
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Points in [-1, 1]^dim that a hyperplane separates, each at least `margin` away from it.

    Returns x (n, dim), y (n,), w (dim,) and b.  y is 1 where w·x + b > 0; w has length 1.  The plane passes near the
    centre, so that both classes occur as a rule.
    Raises ValueError for a margin outside [0, 0.5].  Book: chapter 7, with Novikoff's bound of (R / margin)² mistakes.
    """
    if not 0 <= margin <= 0.5:
        raise ValueError(f"expected a margin between 0 and 0.5, got {margin}")
    w = rng.normal(size=dim)
    w /= np.linalg.norm(w)
    b = -float(w @ rng.uniform(-0.25, 0.25, dim))
    x = np.empty((0, dim))
    while len(x) < n:
        drawn = rng.uniform(-1, 1, (2 * n, dim))
        x = np.concatenate([x, drawn[np.abs(drawn @ w + b) >= margin]])
    x = x[:n]
    return x, (x @ w + b > 0).astype(np.int64), w, b


def sine(n: int, rng: np.random.Generator, noise: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """y = sin x + noise on x uniform in [-π, π], sorted: both (n,)."""
    x = np.sort(rng.uniform(-np.pi, np.pi, n))
    return x, np.sin(x) + rng.normal(0, noise, n)


def friedman1(n: int, rng: np.random.Generator, noise: float = 1.0, dim: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Friedman's first regression: y = 10 sin(π x₁x₂) + 20 (x₃ - ½)² + 10 x₄ + 5 x₅ + noise; x (n, dim) uniform, y
    (n,).

    The columns after the fifth carry nothing.  Raises ValueError for dim < 5.  Source: Friedman 1991.  Book: chapter 3
    (GMDH).
    """
    if dim < 5:
        raise ValueError(f"expected at least 5 columns, got dim={dim}")
    x = rng.uniform(size=(n, dim))
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    return x, y + rng.normal(0, noise, n)


def noisy_digits(n: int, rng: np.random.Generator, share: float = 0.2, *, flat: bool = True) -> Split:
    """`n` training digits, the given share of them with a label drawn at random from the ten; the 360 test digits are
    clean.

    Clean digits hardly overfit; these do.  Book: chapters 19 to 24.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"expected a share between 0 and 1, got {share}")
    whole = digits(flat=flat)
    chosen, _ = stratified(whole.y_train, n, rng)
    y = whole.y_train[chosen]
    wrong = rng.choice(n, round(share * n), replace=False)
    y[wrong] = rng.integers(0, 10, len(wrong))
    return Split(whole.x_train[chosen], y, whole.x_test, whole.y_test)


def digit_strips(
    images: np.ndarray,
    labels: np.ndarray,
    n: int,
    rng: np.random.Generator,
    length: int = 6,
    gap: tuple[int, int] = (0, 2),
) -> tuple[list[np.ndarray], np.ndarray, list[np.ndarray]]:
    """Strips of digits written next to each other, to be cut apart: segmentation by recognition.

    images : (N, H, W), ink above 0; labels : (N,).  Each digit is cut to its ink's width; between two, `gap` (least,
    most) empty columns.  Returns the n strips, each (H, its width); the labels (n, length); and for each strip the
    columns where a digit starts and ends, (length, 2), the end not included.  Book: chapter 11.
    """
    images = np.asarray(images)
    if images.ndim != 3 or len(images) != len(labels):
        raise ValueError(f"expected images (N, H, W) and N labels, got {images.shape} and {len(labels)}")
    chosen = rng.integers(0, len(images), (n, length))
    gaps = rng.integers(gap[0], gap[1] + 1, (n, length))
    strips, cuts = [], []
    for rows, spaces in zip(chosen, gaps, strict=True):
        pieces, bounds, column = [], [], 0
        for digit, space in zip(images[rows], spaces, strict=True):
            ink = np.flatnonzero(digit.any(axis=0))
            piece = digit[:, ink[0] : ink[-1] + 1] if len(ink) else digit
            bounds.append((column, column + piece.shape[1]))
            pieces += [piece, np.zeros((len(digit), space), digit.dtype)]
            column += piece.shape[1] + space
        strips.append(np.concatenate(pieces, axis=1)[:, : bounds[-1][1]])
        cuts.append(np.array(bounds))
    return strips, np.asarray(labels)[chosen], cuts


def _balanced(n: int, classes: int, rng: np.random.Generator) -> np.ndarray:
    """Labels 0 to classes - 1 in turn, shuffled: class sizes differ by at most one."""
    if n < classes:
        raise ValueError(f"expected at least {classes} points, one a class, got {n}")
    return rng.permutation(np.arange(n) % classes)
