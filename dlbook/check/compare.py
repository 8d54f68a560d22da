"""The comparisons of an exercise: each names the slip that it finds.

Hints are tried only after a mismatch, so a right answer costs one comparison.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dlbook.check import exercise
from dlbook.check.error import CheckError
from dlbook.language import say

Hints = Mapping[str, Callable[[Any], Any]]


def call(f: Callable, *args, returns: tuple[str, ...] = ("result",), **kwargs) -> Any:
    """Call a student's function and return what it returned.

    returns : the names of the values that it should return, one name for a single value, () for a function that
    returns nothing.
    Raises CheckError when it returns nothing, too many or too few values, or has changed one of its arguments.
    """
    before = copy.deepcopy((args, kwargs))
    result = f(*args, **kwargs)
    name = exercise.name_of(f, args)
    if not _same((args, kwargs), before):
        raise exercise.impure(name)
    if not returns:
        return result
    if result is None:
        raise CheckError(
            say("{name} returns nothing: it should return {names}.", name=name, names=", ".join(returns)), "returns"
        )
    if len(returns) == 1:
        return result
    if not isinstance(result, tuple):
        said = say(
            "{name} returns one value, expected {count}: {names}.",
            name=name,
            count=len(returns),
            names=", ".join(returns),
        )
        raise CheckError(said, "returns")
    if len(result) != len(returns):
        said = say(
            "{name} returns {got} values, expected {count}: {names}.",
            name=name,
            got=len(result),
            count=len(returns),
            names=", ".join(returns),
        )
        raise CheckError(said, "returns")
    return result


def close(
    actual: Any,
    expected: Any,
    *,
    name: str = "result",
    rtol: float = 1e-6,
    atol: float = 1e-9,
    hints: Hints | None = None,
) -> None:
    """Raise CheckError unless `actual` holds the numbers of `expected`, in its shape.

    hints : {key: function of the right value that makes what this mistake produces}, tried after a mismatch and
    before the shape speaks.
    Infinities must match exactly.  Raises ValueError where `expected` holds a NaN: that would accept anything.
    """
    expected = np.asarray(expected)
    if expected.dtype.kind == "f" and np.isnan(expected).any():
        raise ValueError(f"the test expects NaN in {name}: that accepts anything")
    got = _numbers(actual, expected, name)
    same_shape = got.shape == expected.shape
    if same_shape and _equal(got, expected, rtol, atol):
        return
    for key, mistake in (hints or {}).items():
        produced = _try(mistake, expected)
        if produced is not None and produced.shape == got.shape and _equal(got, produced, max(rtol, 1e-5), atol):
            raise CheckError(say("{name} is not right. {hint}", name=name, hint=exercise.hint(key)), key)
    if not same_shape:
        said = say("{name} has shape {got}, expected {expected}.", name=name, got=got.shape, expected=expected.shape)
        raise CheckError(said, "shape")
    _report_difference(got, expected, name)


def gradient(
    f: Callable[[Any], float],
    df: Any,
    x: Any,
    *,
    name: str = "gradient",
    eps: float = 1e-5,
    rtol: float = 1e-5,
    atol: float = 1e-7,
    hints: Hints | None = None,
) -> None:
    """Compare df with centred differences of the scalar function f at x, in float64.

    f receives an array of the shape of x and must not keep it.  The error of a centred difference is O(eps²).  Book:
    chapter 16.
    """
    x = np.array(x, float)
    numeric = np.empty_like(x)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + eps
        above = float(f(x.copy()))
        x[i] = kept - eps
        below = float(f(x.copy()))
        x[i] = kept
        numeric[i] = (above - below) / (2 * eps)
    close(df, numeric, name=name, rtol=rtol, atol=atol, hints=hints)


def equal(actual: Any, expected: Any, *, name: str = "result", hints: Hints | None = None) -> None:
    """Raise CheckError unless both are the same text, integer, bool or container of such, to the type; arrays to the
    dtype's kind.

    A NumPy integer counts as an int and a NumPy bool as a bool.  hints : as in `close`.
    """
    if _alike(actual, expected):
        return
    for key, mistake in (hints or {}).items():
        try:
            produced = mistake(expected)
        except Exception:
            continue
        if _alike(actual, produced):
            raise CheckError(say("{name} is not right. {hint}", name=name, hint=exercise.hint(key)), key)
    if _kind(actual) != _kind(expected):
        said = say(
            "{name} is {got}, expected {expected}.", name=name, got=_described(actual), expected=_described(expected)
        )
        raise CheckError(said, "type")
    if exercise.hidden():
        raise CheckError(say("{name} is not right.", name=name), "value")
    said = say(
        "{name} is not right: got {got}, expected {expected}.", name=name, got=_short(actual), expected=_short(expected)
    )
    raise CheckError(said, "value")


def shape(actual: Any, expected: tuple[int, ...], *, name: str = "result") -> None:
    """Raise CheckError unless `actual` is an array of this shape (a number where the shape is ())."""
    got = _numbers(actual, np.empty(expected), name)
    if got.shape != tuple(expected):
        said = say("{name} has shape {got}, expected {expected}.", name=name, got=got.shape, expected=tuple(expected))
        raise CheckError(said, "shape")


def raises(error: type[Exception], f: Callable, *args, what: str = "") -> None:
    """Raise CheckError unless f(*args) raises `error`.  what : the input in words, "a label out of range"."""
    name = exercise.name_of(f, args)
    try:
        f(*args)
    except NotImplementedError:
        raise
    except error:
        return
    except Exception as other:
        said = say(
            "{name} raises {got}, expected {expected}", name=name, got=type(other).__name__, expected=error.__name__
        )
    else:
        said = say("{name} raises nothing, expected {expected}", name=name, expected=error.__name__)
    raise CheckError(said + (say(" for {what}.", what=what) if what else "."), "raises")


def _numbers(actual, expected, name):
    if expected.ndim and not isinstance(actual, (np.ndarray, np.generic)):
        said = say(
            "{name} is {got}, expected a NumPy array of shape {shape}.",
            name=name,
            got=_described(actual),
            shape=expected.shape,
        )
        raise CheckError(said, "type")
    if (
        not isinstance(actual, (np.ndarray, np.generic, int, float, complex))
        or np.asarray(actual).dtype.kind not in "biufc"
    ):
        raise CheckError(say("{name} is {got}, expected numbers.", name=name, got=_described(actual)), "type")
    return np.asarray(actual)


def _equal(a, b, rtol, atol):
    if a.dtype.kind in "bu" or b.dtype.kind in "bu":
        a, b = a.astype(float), b.astype(float)
    with np.errstate(invalid="ignore"):
        near = np.abs(a - b) <= atol + rtol * np.abs(b)
    if near.all() and np.isfinite(b).all():
        return True
    finite = np.isfinite(a) & np.isfinite(b)
    return bool(np.all(np.where(finite, near, a == b)))


def _try(mistake, expected):
    try:
        with np.errstate(all="ignore"):
            produced = np.asarray(mistake(expected))
    except Exception:
        return None
    return produced if produced.dtype.kind in "biufc" else None


def _report_difference(got, expected, name):
    got, expected = np.asarray(got, complex if got.dtype.kind == "c" else float), np.asarray(expected)
    if np.isnan(got).any():
        at = tuple(int(i) for i in np.argwhere(np.isnan(got))[0])
        where = say(" at {at}", at=at) if at else ""
        raise CheckError(say("{name} is NaN{where}: 0/0, or infinity minus infinity?", name=name, where=where), "nan")
    with np.errstate(invalid="ignore"):
        both = np.isfinite(got) & np.isfinite(expected)
        error = np.where(both, np.abs(got - expected), np.where(got == expected, 0, np.inf))
    at = tuple(int(i) for i in np.unravel_index(np.argmax(error), error.shape))
    where = say(" at {at}", at=at) if at else ""
    if exercise.hidden():
        raise CheckError(say("{name} is not right{where}.", name=name, where=where), "value")
    said = say(
        "{name} is not right{where}: got {got}, expected {expected}.",
        name=name,
        where=where,
        got=f"{got[at]:.6g}",
        expected=f"{expected[at]:.6g}",
    )
    raise CheckError(said, "value")


def _same(a, b):
    if isinstance(a, np.ndarray):
        if not isinstance(b, np.ndarray) or a.dtype != b.dtype or a.shape != b.shape:
            return False
        return np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return type(a) is type(b) and a.keys() == b.keys() and all(_same(a[k], b[k]) for k in a)
    if isinstance(a, np.random.Generator) or callable(a):
        return True
    if isinstance(a, (float, np.floating)) and a != a:
        return b != b
    return bool(a == b)


def _alike(a, b):
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        both = isinstance(a, np.ndarray) and isinstance(b, np.ndarray)
        return both and a.dtype.kind == b.dtype.kind and a.shape == b.shape and bool(np.all(a == b))
    if _kind(a) != _kind(b):
        return False
    if isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(_alike, a, b))
    if isinstance(b, dict):
        return a.keys() == b.keys() and all(_alike(a[k], b[k]) for k in b)
    return bool(a == b)


def _kind(value):
    if isinstance(value, (bool, np.bool_)):
        return "bool"
    if isinstance(value, (int, np.integer)):
        return "int"
    if isinstance(value, (float, np.floating)):
        return "float"
    if isinstance(value, np.ndarray):
        return f"array of {_kinds.get(value.dtype.kind, value.dtype.name)}"
    return type(value).__name__


_kinds = {"b": "bool", "i": "int", "u": "int", "f": "float", "c": "complex", "U": "str", "O": "object"}


def _described(value):
    if isinstance(value, np.ndarray):
        return say("an array of {kind}", kind=_kinds.get(value.dtype.kind, value.dtype.name))
    if value is None:
        return "None"
    return say("a value of type {kind}", kind=_kind(value))


def _short(value):
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else text[:77] + "..."
