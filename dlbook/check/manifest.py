"""What the package knows of a released chapter: its cells in both languages, its exercises, hints and questions.

The build writes one JSON file a chapter.  No solution and no hidden test is in it.
"""

import functools
import json
import pathlib
from typing import Any

FOLDER = pathlib.Path(__file__).parent / "manifest"


def use(folder: pathlib.Path) -> pathlib.Path:
    """Read the manifests of another folder from now on; returns the one used before."""
    global FOLDER
    before, FOLDER = FOLDER, folder
    if folder != before:
        of_chapter.cache_clear()
    return before


def chapters() -> list[str]:
    """The folder names of the released chapters, in the reader's order."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


@functools.cache
def of_chapter(chapter: str) -> dict[str, Any]:
    """The manifest of "07-network"; an empty one for a chapter that is not released."""
    try:
        return json.loads((FOLDER / f"{chapter}.json").read_text(encoding="utf8"))
    except FileNotFoundError:
        return {}


def exercise(name: str) -> dict[str, Any]:
    """What is known of "07-network/backprop": points, names that the answer may not use, names that it defines."""
    chapter, _, key = name.partition("/")
    return of_chapter(chapter).get("exercises", {}).get(key, {})


def hints(name: str, language: str) -> dict[str, str]:
    """The hints of an exercise, sentence by key."""
    return exercise(name).get("hints", {}).get(language, {})


def question(name: str, language: str) -> dict[str, Any]:
    """A question cell: {"kind": "predict" or "quiz", "text": …, "choices": [{"text", "right", "reason"}]}.

    Raises KeyError where the chapter has no such question.
    """
    chapter, _, key = name.partition("/")
    questions = of_chapter(chapter).get("questions", {})
    if key not in questions:
        raise KeyError(f"no question {name!r}; {chapter} has {', '.join(sorted(questions)) or 'none'}")
    return questions[key][language]


def cells(chapter: str, language: str) -> list[dict[str, Any]]:
    """The released page: for each cell id, type, source and metadata, as the notebook has them."""
    return of_chapter(chapter)["pages"][language]
