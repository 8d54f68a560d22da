"""What the two processes of a verdict have in common."""

import functools
import linecache
import os
import sys
from types import CodeType
from typing import Any, BinaryIO


def execute(text: str, filename: str, space: dict[str, Any]) -> None:
    """Run a cell's text in a namespace, with a file name by which tracebacks find its lines.  Raises what it raises."""
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    exec(compiled(text, filename), space)


@functools.lru_cache(maxsize=1024)
def compiled(text: str, filename: str) -> CodeType:
    """A cell's text as code: a server that compiles the course's own cells spares each of its children that."""
    return compile(text, filename, "exec")


def without_streams() -> tuple[BinaryIO, BinaryIO]:
    """Point the standard streams nowhere; returns what input and output were, to be used for messages."""
    reading, writing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    return reading, writing


def without_working_folder() -> None:
    """Import nothing from the folder in which the process was started."""
    sys.path[:] = [entry for entry in sys.path if entry not in ("", os.getcwd())]
