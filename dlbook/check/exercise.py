"""A test of an exercise: which one runs now, and what a student reads of it."""

import contextlib
import linecache
import os
import sysconfig
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dlbook.check import manifest
from dlbook.check.error import CheckError
from dlbook.check.rules import written_by_hand
from dlbook.language import current, say


@dataclass(frozen=True)
class _Running:
    exercise: str
    hidden: bool


_running: list[_Running] = []
_seed: list[int] = []


def exercise(name: str, hidden: bool = False) -> Callable[[Callable[[], None]], None]:
    """Run the decorated test at once; it leaves no name behind.

    name : folder and exercise, "07-network/backprop".  hidden : the message then shows no expected value and no text
    of the answer.
    The docstring of the test is its title.  Prints ✓ and the title, or raises CheckError.
    """

    def run(test: Callable[[], None]) -> None:
        with _run_as(name, hidden):
            try:
                _check_by_hand(name, test.__globals__)
                test()
            except CheckError:
                raise
            except NotImplementedError:
                raise CheckError(say("Not attempted yet."), "not attempted") from None
            except Exception as error:
                raise _slip(error, test, name, hidden) from None
        print(f"✓ {title(test)}")

    return run


def title(test: Callable) -> str:
    """What a test is called: the first line of its docstring, else its name in words."""
    said = (test.__doc__ or "").strip().splitlines()
    return said[0] if said else test.__name__.replace("_", " ")


def hidden() -> bool:
    """Whether the test that runs now is a hidden one."""
    return bool(_running) and _running[-1].hidden


def running_cell() -> str:
    """Id of the cell of the exercise whose test runs now, "" outside a test."""
    return _running[-1].exercise.partition("/")[2] if _running else ""


def seed(words: Sequence[int] | None) -> None:
    """Set what `rng` mixes into its seed: a grader's secret of this student; None for nothing."""
    _seed[:] = words or ()


def rng(number: int) -> np.random.Generator:
    """A generator for the inputs of a hidden test: `default_rng(number)`, and where the grader has a secret, other
    inputs for each student.

    Use it in hidden tests whose right value the test computes: no input of it is known before the grading.
    """
    return np.random.default_rng([number, *_seed] if _seed else number)


def name_of(function: Any, args: Sequence[Any] = ()) -> str:
    """What a message calls the answer: of a driver's call, the function or class that the driver was given."""
    defined = manifest.exercise(_running[-1].exercise).get("defines", ()) if _running else ()
    given = (getattr(part, "__name__", None) for part in args if callable(part))
    own = getattr(function, "__name__", "the function")
    return own if own in defined else next((name for name in given if name in defined), own)


def impure(name: str) -> CheckError:
    """The error of an answer that changed its arguments."""
    return CheckError(say("{name} changed one of its arguments: work on a copy.", name=name), "pure")


def hint(key: str) -> str:
    """The sentence of a hint of the running exercise in the current language, the key itself where the manifest has
    none."""
    sentences = manifest.hints(_running[-1].exercise, current()) if _running else {}
    return sentences.get(key, key)


@contextlib.contextmanager
def _run_as(name: str, is_hidden: bool) -> Iterator[None]:
    _running.append(_Running(name, is_hidden))
    try:
        yield
    finally:
        _running.pop()


def _check_by_hand(name, space):
    rules = manifest.exercise(name)
    for defined in rules.get("defines", ()):
        source = _cell_of(space.get(defined))
        if source:
            written_by_hand(source, rules.get("by_hand", ()))


def _cell_of(answer) -> str:
    """Text of the cell that defined a function or a class, where the kernel kept it."""
    filename = _file_of(answer)
    return "".join(linecache.getlines(filename)) if filename else ""


def _file_of(answer) -> str | None:
    """What Python calls the file, or the cell, that defined a function or a class."""
    code = getattr(answer, "__code__", None)
    if code is None and isinstance(answer, type):
        code = next((part.__code__ for part in vars(answer).values() if hasattr(part, "__code__")), None)
    return code.co_filename if code is not None else None


def _slip(error, test, name, is_hidden):
    """The error of an answer in at most three lines; an error of the test itself passes through unchanged."""
    kind = getattr(error, "kind", type(error).__name__)
    frames = traceback.extract_tb(error.__traceback__)
    place = getattr(error, "place", None) or _place(frames, test, name)
    inside = bool(place[0])
    missing = getattr(error, "name", None) if isinstance(error, NameError) else None
    if missing and not inside and missing in manifest.exercise(name).get("defines", ()):
        said = say(
            "{name} is not defined: run the cell of the exercise, and keep the name that it asks for.", name=missing
        )
        return CheckError(said, "name")
    if is_hidden:
        return CheckError(say("The answer raises {kind}.", kind=type(error).__name__), "error")
    if not inside:
        if isinstance(error, TypeError) and (hasattr(error, "place") or _is_wrong_call(frames, test)):
            return CheckError(say("Python could not call your answer: {error}.", error=_first_line(error)), "error")
        return error
    function, number, line = place
    said = say("{function} raises {kind}: {error}", function=function, kind=kind, error=_first_line(error))
    return CheckError(said + ("\n  " + say("line {number}: {line}", number=number, line=line) if line else ""), "error")


def _place(frames, test, name):
    """Function, number and text of the innermost line of the answer that the error passed; "" for none."""
    inside = [frame for frame in frames if _is_answer(frame.filename, test, name)]
    return (inside[-1].name, inside[-1].lineno, (inside[-1].line or "").strip()) if inside else ("", 0, "")


def _is_wrong_call(frames, test):
    return frames[-1].name == "call" or frames[-1].filename == test.__code__.co_filename


def _is_answer(filename, test, name):
    """Whether a file is the cell of an answer to this exercise, or may be one where the manifest does not know it."""
    defines = manifest.exercise(name).get("defines")
    if defines:
        return filename in {_file_of(test.__globals__.get(defined)) for defined in defines}
    return filename != test.__code__.co_filename and not filename.startswith((*_LIBRARY, "<frozen"))


def _first_line(error):
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


_LIBRARY = (os.path.dirname(__file__), sysconfig.get_path("stdlib"))
