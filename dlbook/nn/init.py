"""Starting values: functions (shape, rng) -> float64 array, to be given to a layer as `weight_init` or `bias_init`.

A weight has shape (out, in, *kernel).  fan_in = in · kernel size is how many inputs meet in one output,
fan_out = out · kernel size how many outputs one input reaches.  Book: chapters 7, 25.
"""

from __future__ import annotations  # np.random.Generator, evaluated, would load numpy.random

import math

import numpy as np

GAINS = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2.0), "selu": 3 / 4}


def normal(shape, rng: np.random.Generator, mean: float = 0.0, std: float = 1.0) -> np.ndarray:
    """Gaussian.  With its defaults the book's first choice, N(0, 1) for weights and biases.  Book: chapter 7."""
    return rng.normal(mean, std, shape)


def uniform(shape, rng: np.random.Generator, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    """Every value between `low` and `high` equally likely."""
    return rng.uniform(low, high, shape)


def constant(shape, rng: np.random.Generator | None = None, value: float = 0.0) -> np.ndarray:
    """`value` everywhere; zeros by default, fine for biases, fatal for the weights of a hidden layer."""
    return np.full(shape, float(value))


def fans(shape) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight of shape (out, in, *kernel).  A bias has no fans: ValueError below two axes."""
    if len(shape) < 2:
        raise ValueError(f"shape: expected a weight (out, in, …), got {tuple(shape)}; start a bias with init.constant")
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def gain(nonlinearity: str, negative_slope: float = 0.01) -> float:
    """How much a layer must amplify to make up for what its activation takes away; torch's calculate_gain.

    √2 for ReLU, √(2 / (1 + slope²)) for leaky ReLU, 5/3 for tanh, 3/4 for SELU, 1 for sigmoid and linear.
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2.0 / (1.0 + negative_slope**2))
    if nonlinearity not in GAINS:
        raise ValueError(f"nonlinearity: expected leaky_relu or one of {', '.join(GAINS)}, got {nonlinearity!r}")
    return GAINS[nonlinearity]


def xavier_uniform(shape, rng: np.random.Generator, gain: float = 1.0) -> np.ndarray:
    """U(-a, a), a = gain √(6 / (fan_in + fan_out)).  Glorot and Bengio 2010."""
    bound = gain * math.sqrt(6.0 / sum(fans(shape)))
    return rng.uniform(-bound, bound, shape)


def xavier_normal(shape, rng: np.random.Generator, gain: float = 1.0) -> np.ndarray:
    """N(0, σ²), σ = gain √(2 / (fan_in + fan_out)).  Glorot and Bengio 2010."""
    return rng.normal(0.0, gain * math.sqrt(2.0 / sum(fans(shape))), shape)


def kaiming_uniform(shape, rng: np.random.Generator, gain: float = GAINS["relu"], mode: str = "fan_in") -> np.ndarray:
    """U(-a, a), a = gain √(3 / fan).  He et al. 2015.  With gain √(1/3), torch's start for Linear."""
    bound = gain * math.sqrt(3.0 / _fan(shape, mode))
    return rng.uniform(-bound, bound, shape)


def kaiming_normal(shape, rng: np.random.Generator, gain: float = GAINS["relu"], mode: str = "fan_in") -> np.ndarray:
    """N(0, σ²), σ = gain / √fan.  He et al. 2015."""
    return rng.normal(0.0, gain / math.sqrt(_fan(shape, mode)), shape)


def lecun_uniform(shape, rng: np.random.Generator) -> np.ndarray:
    """U(-a, a), a = √(3 / fan_in).  LeCun et al. 1998, Efficient BackProp."""
    return kaiming_uniform(shape, rng, gain=1.0)


def lecun_normal(shape, rng: np.random.Generator) -> np.ndarray:
    """N(0, 1 / fan_in): what SELU needs.  LeCun et al. 1998, Efficient BackProp."""
    return kaiming_normal(shape, rng, gain=1.0)


def trunc_normal(
    shape, rng: np.random.Generator, mean: float = 0.0, std: float = 1.0, low: float = -2.0, high: float = 2.0
) -> np.ndarray:
    """N(mean, std²) of which only values from `low` to `high` are kept: what falls outside is drawn again.

    `low` and `high` are values, not multiples of std: with std=0.02 the defaults cut nothing off.  As torch's.
    Raises ValueError when less than a hundredth of the distribution lies between them.
    """
    inside = 0.5 * (math.erf((high - mean) / (std * math.sqrt(2))) - math.erf((low - mean) / (std * math.sqrt(2))))
    if not inside >= 0.01:
        raise ValueError(f"low, high: expected at least 1 % of N({mean}, {std}²) between them, got {low} and {high}")
    values = rng.normal(mean, std, shape)
    while len(outside := np.flatnonzero((values < low) | (values > high))):
        values.flat[outside] = rng.normal(mean, std, len(outside))
    return values


def orthogonal(shape, rng: np.random.Generator, gain: float = 1.0) -> np.ndarray:
    """gain · Q with orthonormal rows, or orthonormal columns if there are more rows than columns, uniformly drawn.

    A square Q keeps the length of every vector, forwards and backwards, through any number of linear layers.
    A kernel (out, in, *kernel) counts as a matrix (out, in · kernel size).  Q of a QR decomposition of a Gaussian
    matrix, its columns signed so that the diagonal of R is positive, as torch does.
    Saxe, McClelland and Ganguli 2014; the signs: Mezzadri 2007.  Book: chapters 25, 36.
    """
    fan_in, _ = fans(shape)
    gaussian = rng.standard_normal((shape[0], fan_in))
    wide = shape[0] < fan_in
    q, r = np.linalg.qr(gaussian.T if wide else gaussian)
    q = q * np.sign(np.diagonal(r))
    return gain * np.ascontiguousarray(q.T if wide else q).reshape(shape)


def _fan(shape, mode: str) -> int:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode: expected 'fan_in' or 'fan_out', got {mode!r}")
    return fans(shape)[mode == "fan_out"]
