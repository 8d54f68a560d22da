"""Which language a person reads, and the sentences of the package in it.

English is written in the code, at the place where it is said; `dlbook/locale/<language>/*.toml` holds its translations,
keyed by the English sentence.
"""

import contextlib
import contextvars
import functools
import json
import locale
import os
import pathlib
import tomllib
from collections.abc import Iterator

LANGUAGES = ("en", "pt-BR")
_LOCALE = pathlib.Path(__file__).parent / "locale"


_spoken: contextvars.ContextVar[str | None] = contextvars.ContextVar("spoken", default=None)


def current() -> str:
    """Language of the running process: DLBOOK_LANG, else that of the notebook that the kernel serves, else English."""
    if _spoken.get():
        return _spoken.get()
    chosen = os.environ.get("DLBOOK_LANG")
    return closest(chosen) if chosen else _of_notebook(os.environ.get("JPY_SESSION_NAME", ""))


def of_person() -> str:
    """Language for somebody at a terminal: DLBOOK_LANG, else the locale, else English."""
    chosen = os.environ.get("DLBOOK_LANG")
    if chosen:
        return closest(chosen)
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(variable):
            return closest(os.environ[variable])
    return closest(locale.getlocale()[0] or "en")


def closest(name: str) -> str:
    """The course's language for a locale's name: pt, pt_BR.UTF-8 and Portuguese_Brazil are pt-BR, all others en."""
    return "pt-BR" if name.lower().startswith(("pt", "portuguese")) else "en"


@contextlib.contextmanager
def speaking(language: str) -> Iterator[None]:
    """Inside this context the sentences are in `language`, whatever the process speaks: a grader serves students of
    both."""
    token = _spoken.set(closest(language))
    try:
        yield
    finally:
        _spoken.reset(token)


def say(sentence: str, /, **values) -> str:
    """`sentence` in the current language, with its {fields} filled in."""
    translated = sentences(current()).get(sentence, sentence)
    return translated.format(**values) if values else translated


@functools.cache
def sentences(language: str) -> dict[str, str]:
    """All translations into `language`, by English sentence; empty for English."""
    found: dict[str, str] = {}
    for path in sorted((_LOCALE / language).glob("*.toml")):
        found.update(tomllib.loads(path.read_text(encoding="utf8")))
    return found


@functools.lru_cache(maxsize=1)
def _of_notebook(path: str) -> str:
    try:
        metadata = json.loads(pathlib.Path(path).read_text(encoding="utf8"))["metadata"]
        return closest(metadata["dlbook"]["language"])
    except (OSError, ValueError, KeyError, TypeError):
        return "en"
