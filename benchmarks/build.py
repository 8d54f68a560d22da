"""What `dlbook build` needs for a chapter, both languages, once its imports are done."""

import time
from collections.abc import Iterator

import numpy as np

from benchmarks.measure import ROOT, Row, Size, alone
from dlbook.course import build, source


def rows(size: Size) -> Iterator[Row]:
    folders = source.chapters(ROOT / "solutions")
    build.files(build.load(folders[0]))
    rounds = min(size.rounds, 3)
    seconds = np.array([elapsed(folder) for _ in range(rounds) for folder in folders])
    yield alone("dlbook build, a chapter", seconds, "about 0.1 s")


def elapsed(folder) -> float:
    start = time.process_time()
    build.files(build.load(folder))
    return time.process_time() - start
