"""Every chapter from top to bottom in a fresh kernel, two at a time: by the clock, and the most memory of a kernel."""

import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from benchmarks.measure import ROOT, Row, Size, alone, duration
from dlbook.course import build, execute, source

# first and last chapter, the time for all of them and for one
PARTS = ((1, 17, "≤ 300 s", "≤ 30 s"), (18, 21, "", "≤ 45 s"), (32, 39, "", "≤ 60 s"))


def rows(size: Size) -> Iterator[Row]:
    for first, last, all_of_them, one in PARTS:
        folders = [f for f in source.chapters(ROOT / "solutions") if first <= int(f.name[:2]) <= last]
        if size.rounds < 3:
            folders = folders[2:3]
        notebooks = [build.authored(build.load(folder), "en") for folder in folders]
        start = time.perf_counter()
        with ThreadPoolExecutor(2) as both:
            seconds = np.array(list(both.map(_seconds, notebooks)))
        total = time.perf_counter() - start
        slowest = f"slowest {folders[int(seconds.argmax())].name}, {duration(seconds.max())}"
        name = f"{len(folders)} pages of {first:02} to {last}, two at a time"
        yield Row(name, duration(total), slowest, "", all_of_them)
        yield alone(f"a page of {first:02} to {last}, while another one runs", seconds, one)
    megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    yield Row("the most memory of a kernel", f"{megabytes:.0f} MB", "", "", "≤ 1000 MB")


def _seconds(notebook) -> float:
    start = time.perf_counter()
    execute.run(notebook, "en")
    return time.perf_counter() - start
