"""What students handed in, read without running any of it.

Known layouts: `<student>/<assignment>/*.ipynb` (nbgrader's), `<student>/*.ipynb`, `<student>.ipynb`, and the zips of
`dlbook submit` in the same places.  Each file ends as a page or as a reason; none stops the class.
"""

import json
import pathlib
import zipfile
from dataclasses import dataclass

from dlbook.check.page import PageError, StudentPage
from dlbook.course.errors import CourseError
from dlbook.language import say

LARGEST = 20_000_000
"""Bytes of one notebook."""
MOST_MEMBERS = 50
"""Files in one zip."""


@dataclass(frozen=True)
class Submission:
    """What one student handed in.  page is None where it cannot be read, and reason says why."""

    student: str
    path: pathlib.Path
    page: StudentPage | None
    reason: str = ""


def submissions(folder: pathlib.Path, assignment: str) -> list[Submission]:
    """One submission for each student of the folder, by name.  Raises CourseError for no folder, or an empty one."""
    if not folder.is_dir():
        raise CourseError(f"{folder} is no folder: give the one that holds the submissions.")
    found: dict[str, list[pathlib.Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            found[path.name] = _files(path / assignment) or _files(path)
        elif path.suffix in (".ipynb", ".zip"):
            found.setdefault(path.stem, []).append(path)
    if not found:
        raise CourseError(
            f"{folder} holds no submission: expected <student>.ipynb, <student>.zip or <student>/…/*.ipynb."
        )
    return [_one(student, paths, folder, assignment) for student, paths in sorted(found.items())]


def _files(folder):
    if not folder.is_dir():
        return []
    return [path for path in sorted(folder.iterdir()) if path.suffix in (".ipynb", ".zip") and path.is_file()]


def _one(student, paths, folder, assignment):
    """The first of a student's files that is a page of the assignment, else the last reason."""
    reason = say("nothing was handed in")
    for path in paths:
        try:
            page = StudentPage.of(_parsed(path), path.name)
        except PageError as error:
            reason = str(error)
            continue
        if page.chapter == assignment:
            return Submission(student, path, page)
        reason = say(
            "{path} is chapter {other}, expected {assignment}",
            path=path.name,
            other=page.chapter,
            assignment=assignment,
        )
    return Submission(student, paths[-1] if paths else folder / student, None, reason)


def _parsed(path):
    content = _notebook_in(path) if path.suffix == ".zip" else _bytes(path)
    if not content.strip():
        raise PageError(say("{path} is empty.", path=path.name))
    try:
        return json.loads(content.decode("utf8"))
    except UnicodeDecodeError:
        raise PageError(say("{path} is not UTF-8 text, so it is no notebook.", path=path.name)) from None
    except (ValueError, RecursionError):
        raise PageError(say("{path} is not a notebook: it is not valid JSON.", path=path.name)) from None


def _bytes(path):
    if path.is_symlink():
        raise PageError(say("{path} is a link: only files are read.", path=path.name))
    if path.stat().st_size > LARGEST:
        raise PageError(say("{path} is larger than {limit} MB.", path=path.name, limit=LARGEST // 1_000_000))
    return path.read_bytes()


def _notebook_in(path):
    """The bytes of the one notebook in a zip, read into memory within the limits."""
    _bytes(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            notebooks = [member for member in members if member.filename.endswith(".ipynb")]
            if len(members) > MOST_MEMBERS or len(notebooks) != 1:
                raise PageError(
                    say("{path} holds {count} notebooks, expected one.", path=path.name, count=len(notebooks))
                )
            with archive.open(notebooks[0]) as file:
                content = file.read(LARGEST + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        raise PageError(say("{path} is no whole zip file.", path=path.name)) from None
    if len(content) > LARGEST:
        raise PageError(say("{path} is larger than {limit} MB.", path=path.name, limit=LARGEST // 1_000_000))
    return content
