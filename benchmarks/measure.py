"""Two functions timed in turn, and the row of the table that comes of it."""

import pathlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

ROOT = pathlib.Path(__file__).parents[1]


@dataclass(frozen=True)
class Size:
    """How much to measure.

    rounds : pairs of a row; examples : rows of data in an epoch; points : of the autograd net; repeats : calls of a
    short function in one timing.
    """

    rounds: int = 11
    examples: int = 3000
    points: int = 100
    repeats: int = 100


@dataclass(frozen=True)
class Row:
    """One line of the table, as text."""

    name: str
    ours: str = ""
    other: str = ""
    ratio: str = ""
    target: str = ""
    precision: str = ""


def alternately(
    ours: Callable[[], object],
    other: Callable[[], object],
    rounds: int,
    calls: tuple[int, int] = (1, 1),
) -> np.ndarray:
    """CPU seconds of one call of each, (rounds, 2), after one round that is not counted; `calls` of each a timing."""

    def round_of_both():
        return [_seconds(function, count) for function, count in zip((ours, other), calls, strict=True)]

    round_of_both()
    return np.array([round_of_both() for _ in range(rounds)])


def times_faster(name: str, seconds: np.ndarray, target: str, precision: str = "") -> Row:
    """The row of other / ours.  seconds : (rounds, 2), of ours and of the other."""
    return _pair(name, seconds, seconds[:, 1] / seconds[:, 0], target, precision)


def times_the_time(name: str, seconds: np.ndarray, target: str) -> Row:
    """The row of ours / other.  seconds : (rounds, 2), of ours and of the other."""
    return _pair(name, seconds, seconds[:, 0] / seconds[:, 1], target, "")


def alone(name: str, seconds: np.ndarray, target: str = "", precision: str = "") -> Row:
    """The row of something that is compared with nothing: median and 95th percentile of `seconds`."""
    middle, high = np.median(seconds), np.percentile(seconds, 95)
    return Row(name, f"{duration(middle)}, p95 {duration(high)}", "", "", target, precision)


def duration(seconds: float) -> str:
    """Three digits and a unit."""
    if seconds >= 1:
        return f"{seconds:.3g} s"
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"


def _seconds(function, calls):
    start = time.process_time()
    for _ in range(calls):
        function()
    return (time.process_time() - start) / calls


def _pair(name, seconds, ratios, target, precision):
    ours, other = np.median(seconds, axis=0)
    spread = f"{_digits(np.median(ratios))} × ({_digits(ratios.min())}–{_digits(ratios.max())})"
    return Row(name, duration(ours), duration(other), spread, target, precision)


def _digits(ratio):
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.2f}"
