"""A student's copies: filled from the released pages, brought up to date without losing a line."""

import copy
import json
import os
import pathlib
from dataclasses import dataclass, replace
from typing import Any

from dlbook.check import manifest
from dlbook.check.page import StudentPage, course_id, digest, in_order, notebook_cell, source_of
from dlbook.course.errors import CourseError
from dlbook.language import say

HISTORY = ".history"


@dataclass(frozen=True)
class Updated:
    """What an update did to one notebook.

    answers, edits, own : how many exercise answers, changed cells and added cells were kept.
    """

    path: pathlib.Path
    changed: bool
    answers: int = 0
    edits: int = 0
    own: int = 0


def path_of(work: pathlib.Path, chapter: str) -> pathlib.Path:
    """Where a chapter's notebook lies in a student's folder."""
    return work / chapter / f"{chapter}.ipynb"


def chapter_of(name: str) -> str:
    """The chapter meant by "07", "7", "07-network", "network" or a notebook's path.  Raises CourseError."""
    stem = pathlib.Path(name).stem
    for chapter in manifest.chapters():
        number, _, slug = chapter.partition("-")
        if stem in (chapter, number, number.lstrip("0"), slug):
            return chapter
    known = ", ".join(manifest.chapters())
    raise CourseError(say("There is no chapter {name}; there are: {chapters}.", name=repr(name), chapters=known))


def released(chapter: str, language: str) -> dict[str, Any]:
    """A chapter's notebook as it is handed out."""
    known = manifest.of_chapter(chapter)
    return {
        "cells": [notebook_cell(cell) for cell in manifest.cells(chapter, language)],
        "metadata": {
            "dlbook": {"chapter": chapter, "language": language, "release": known["release"]},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def start(work: pathlib.Path, language: str, chapters: list[str] | None = None) -> list[pathlib.Path]:
    """Put the chapters that are not there yet into a student's folder; what is there is not touched.

    Returns the new files.
    """
    new = []
    for chapter in chapters or manifest.chapters():
        path = path_of(work, chapter)
        if not path.exists():
            write(path, released(chapter, language))
            new.append(path)
    return new


def update(work: pathlib.Path, chapters: list[str] | None = None, language: str | None = None) -> list[Updated]:
    """Bring the notebooks in a student's folder to the installed release; answers, changed cells and added cells stay.

    language : bring them into this language too.  The notebook as it was goes to work/.history.  Raises PageError for
    a file that is no notebook of the course, and changes nothing then.
    """
    paths = [path_of(work, chapter) for chapter in chapters or manifest.chapters()]
    pages = {path: StudentPage.read(path) for path in paths if path.exists()}
    return [_update_one(work, path, page, language or page.language) for path, page in pages.items()]


def is_current(page: StudentPage) -> bool:
    """Whether a notebook is of the installed release."""
    course = page.notebook.get("metadata", {}).get("dlbook", {})
    return course.get("release") == manifest.of_chapter(page.chapter)["release"]


def write(path: pathlib.Path, notebook: dict[str, Any]) -> None:
    """Write a notebook so that a crash leaves the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".ipynb.new")
    unfinished.write_text(json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf8")
    os.replace(unfinished, path)


def keep_history(work: pathlib.Path, path: pathlib.Path) -> pathlib.Path:
    """Copy a notebook into work/.history under the next free number; returns the copy's path."""
    folder = work / HISTORY
    folder.mkdir(parents=True, exist_ok=True)
    number = 1 + max((int(old.stem.rpartition(".")[2]) for old in folder.glob(f"{path.stem}.*.ipynb")), default=0)
    kept = folder / f"{path.stem}.{number}.ipynb"
    kept.write_bytes(path.read_bytes())
    return kept


def merged(page: StudentPage) -> tuple[dict[str, Any], Updated]:
    """The installed release with everything in it that is the student's."""
    fresh, answers = released(page.chapter, page.language), page.answers()
    by_id, kept, beside = page.by_id(), {}, {}
    counts = {"answers": 0, "edits": 0, "own": 0}
    for cell in manifest.cells(page.chapter, page.language):
        id, kind = cell["id"], page.kinds.get(cell["id"], {}).get("kind")
        mine = by_id.get(id, [])
        if kind == "exercise" and mine:
            edited = next((c for c in mine if source_of(c) == answers[id]), mine[0])
            counts["answers"] += _is_edited(edited)
            kept[id] = notebook_cell(cell, answers[id] if _is_edited(edited) else None, edited)
        elif (
            mine
            and _is_edited(mine[0])
            and (kind == "manual" or (kind is None and _base(mine[0]) == digest(cell["source"])))
        ):
            counts["edits"] += 1
            kept[id] = notebook_cell(cell, source_of(mine[0]), mine[0])
        else:
            kept[id] = notebook_cell(cell, None, mine[0] if mine else None)
            if kind is None and mine and _is_edited(mine[0]) and source_of(mine[0]) != cell["source"]:
                counts["edits"] += 1
                beside[id] = _as_own(mine[0])
    cells = []
    for cell in page.notebook["cells"]:
        id = course_id(cell)
        if id in kept:
            cells.append(cell)
            if id in beside:
                cells.append(beside.pop(id))
        elif not _was_released(cell) or _is_edited(cell):
            counts["own"] += 1
            cells.append(_as_own(cell) if _was_released(cell) else cell)
    fresh["cells"] = in_order(list(kept), kept, cells)
    fresh["metadata"] = {**page.notebook.get("metadata", {}), **fresh["metadata"]}
    return fresh, Updated(pathlib.Path(), True, **counts)


def _update_one(work, path, page, language):
    if is_current(page) and page.language == language and not page.damage():
        return Updated(path, False)
    notebook, done = merged(replace(page, language=language))
    keep_history(work, path)
    write(path, notebook)
    return Updated(path, True, done.answers, done.edits, done.own)


def _base(cell):
    metadata = cell.get("metadata") if isinstance(cell.get("metadata"), dict) else {}
    course = metadata.get("dlbook") if isinstance(metadata.get("dlbook"), dict) else {}
    return course.get("sha")


def _was_released(cell):
    return _base(cell) is not None


def _is_edited(cell):
    return digest(source_of(cell)) != _base(cell)


def _as_own(cell):
    """The student's version of a course cell, as a cell of the student's own."""
    own = copy.deepcopy(cell)
    own["id"] = f"{str(cell.get('id', 'cell'))[:50]}-{digest(source_of(cell))}"
    own["metadata"] = {
        k: v for k, v in cell["metadata"].items() if k not in ("dlbook", "nbgrader", "editable", "deletable", "tags")
    }
    return own
