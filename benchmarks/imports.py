"""What importing the layers costs beside NumPy, which they need."""

import subprocess
import sys
from collections.abc import Iterator

import numpy as np

from benchmarks.measure import Row, Size, times_the_time

UNWANTED = ("torch", "matplotlib")
CODE = """
import sys, time
start = time.process_time()
import {module}
print(time.process_time() - start, *sorted({unwanted} & set(sys.modules)))
"""


def rows(size: Size) -> Iterator[Row]:
    both = ("dlbook.nn", "numpy")
    for module in both:
        fresh(module)
    seconds = np.array([[fresh(module)[0] for module in both] for _ in range(size.rounds)])
    yield times_the_time("import dlbook.nn / import numpy (CPU time of the import)", seconds, "≤ 1.4 ×")
    loaded = fresh("dlbook.nn")[1]
    yield Row("import dlbook.nn loads of torch, matplotlib", ours=", ".join(loaded) or "neither", target="neither")


def fresh(module: str) -> tuple[float, list[str]]:
    """CPU seconds (user and system) of `import module` in a new process, and the unwanted modules that it loads."""
    code = CODE.format(module=module, unwanted=set(UNWANTED))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, *loaded = done.stdout.split()
    return float(seconds), loaded
