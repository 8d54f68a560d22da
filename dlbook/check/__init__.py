"""What students meet in an exercise: the checks, and the runner that gives a verdict.

In a test: `exercise`, `call`, `close`, `gradient`, `equal`, `shape`, `raises`, `rng`.  In a page: `notebook()`.
"""

from dlbook.check.compare import call, close, equal, gradient, raises, shape
from dlbook.check.error import CheckError
from dlbook.check.exercise import exercise, rng

__all__ = ["CheckError", "call", "close", "equal", "exercise", "gradient", "notebook", "raises", "rng", "shape"]


def notebook(path: str | None = None) -> None:
    """Check the saved notebook that this kernel serves, or the one at `path`, as `dlbook check` does, and print the
    verdict."""
    from dlbook.check.page import check_and_print

    check_and_print(path)
