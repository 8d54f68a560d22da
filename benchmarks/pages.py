"""Every chapter from top to bottom in a fresh kernel, two at a time: by the clock, and the most memory of a kernel."""

import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from benchmarks.measure import ROOT, Row, Size, alone, duration
from dlbook.course import build, execute, source

CHAPTERS = "01 to 17"


def rows(size: Size) -> Iterator[Row]:
    folders = [folder for folder in source.chapters(ROOT / "solutions") if int(folder.name[:2]) <= 17]
    if size.rounds < 3:
        folders = folders[2:3]
    notebooks = [build.authored(build.load(folder), "en") for folder in folders]
    start = time.perf_counter()
    with ThreadPoolExecutor(2) as both:
        seconds = np.array(list(both.map(_seconds, notebooks)))
    total = time.perf_counter() - start
    slowest = f"slowest {folders[int(seconds.argmax())].name}, {duration(seconds.max())}"
    yield Row(f"{len(folders)} pages of {CHAPTERS}, two at a time", duration(total), slowest, "", "≤ 300 s")
    megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    yield Row("the most memory of a kernel", f"{megabytes:.0f} MB", "", "", "≤ 1000 MB")
    yield alone("a page, while another one runs", seconds, "≤ 30 s")


def _seconds(notebook) -> float:
    start = time.perf_counter()
    execute.run(notebook, "en")
    return time.perf_counter() - start
