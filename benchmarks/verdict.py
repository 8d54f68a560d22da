"""One verdict of an exercise by a warm runner: what a student waits for, and a grader many times."""

import time
from collections.abc import Iterator

import numpy as np

from benchmarks.measure import ROOT, Row, Size, alone
from dlbook.check.runner import Limits, Runner
from dlbook.course import build

EXERCISES = (("03-perceptron", "fit"), ("06-computational-graphs", "backward"))
PRELOAD = ("numpy", "dlbook.nn", "dlbook.data", "dlbook.plots")


def rows(size: Size) -> Iterator[Row]:
    with Runner(Limits(), PRELOAD) as runner:
        for chapter, exercise in EXERCISES:
            page = build.load(ROOT / "solutions" / chapter).pages["en"]
            cells = [
                cell
                for cell in build.verdict_cells(page)
                if cell.kind != "test" or cell.exercise == f"{chapter}/{exercise}"
            ]
            runner.verdict(cells)
            seconds = [elapsed(runner, cells) for _ in range(2 * size.rounds)]
            yield alone(f"one verdict, warm: {chapter}/{exercise}", np.array(seconds), "≤ 20 ms")


def elapsed(runner: Runner, cells) -> float:
    """Seconds by the clock: the work is done in another process."""
    start = time.perf_counter()
    runner.verdict(cells)
    return time.perf_counter() - start
