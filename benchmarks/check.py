"""One comparison of an answer with what was expected."""

import time
from collections.abc import Iterator

import numpy as np

from benchmarks.measure import Row, Size, alone
from dlbook import check


def rows(size: Size) -> Iterator[Row]:
    expected = np.random.default_rng(0).normal(size=(64, 64))
    actual = expected + 1e-12
    check.close(actual, expected)

    def elapsed():
        start = time.process_time()
        for _ in range(size.repeats):
            check.close(actual, expected)
        return (time.process_time() - start) / size.repeats

    seconds = np.array([elapsed() for _ in range(size.rounds)])
    yield alone("check.close of a (64, 64) array", seconds, "< 1 ms", "float64")
