"""What students handed in, read without running any of it.

Known layouts: `<student>/<assignment>/*.ipynb` (nbgrader's), `<student>/*.ipynb`, `<student>.ipynb`, and the zips of
`dlbook submit` in the same places.  Each file ends as a page or as a reason; none stops the class.
"""

import json
import lzma
import os
import pathlib
import zipfile
import zlib
from dataclasses import dataclass

from dlbook.check.page import PageError, StudentPage, source_of
from dlbook.course.errors import CourseError
from dlbook.language import say

LARGEST = 20_000_000
"""Bytes of one notebook."""
MOST_MEMBERS = 50
"""Files in one zip."""


@dataclass(frozen=True)
class Submission:
    """What one student handed in.  page is None where it cannot be read, and reason says why; of several notebooks,
    reason names the one that counts."""

    student: str
    path: pathlib.Path
    page: StudentPage | None
    reason: str = ""

    def written(self) -> set[str]:
        """Ids of the cells that a person marks and in which the student wrote something."""
        if self.page is None:
            return set()
        stubs, by_id = {cell["id"]: cell["source"].strip() for cell in self.page.release}, self.page.by_id()
        manual = (id for id, known in self.page.kinds.items() if known["kind"] == "manual" and id in by_id)
        return {id for id in manual if source_of(by_id[id][0]).strip() not in ("", stubs[id])}


def submissions(folder: pathlib.Path, assignment: str, skip: pathlib.Path | None = None) -> list[Submission]:
    """One submission for each student of the folder, by name.

    skip : a folder in it that is no student's, where the grades go.
    Raises CourseError for no folder, or an empty one.
    """
    if not folder.is_dir():
        raise CourseError(f"{folder} is no folder: give the one that holds the submissions.")
    found: dict[str, list[pathlib.Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or (skip is not None and path.resolve() == skip.resolve()):
            continue
        if path.is_dir():
            found[_named(path.name)] = _files(path / assignment) or _files(path)
        elif path.suffix in (".ipynb", ".zip"):
            found.setdefault(_named(path.stem), []).append(path)
    if not found:
        raise CourseError(
            f"{folder} holds no submission: expected <student>.ipynb, <student>.zip or <student>/…/*.ipynb."
        )
    return [_one(student, paths, folder, assignment) for student, paths in sorted(found.items())]


def _named(name):
    """A student's name from a file's: bytes that are no UTF-8 are spelt out, so that two names stay two."""
    return os.fsencode(name).decode("utf8", "backslashreplace")


def _files(folder):
    if not folder.is_dir():
        return []
    found = (path for path in folder.iterdir() if not path.name.startswith("."))
    return sorted(path for path in found if path.suffix in (".ipynb", ".zip") and path.is_file())


def _one(student, paths, folder, assignment):
    """Of a student's files the one that is named as handed out, else the first that is a page of the assignment, else
    the last reason."""
    reason = say("nothing was handed in")
    for path in sorted(paths, key=lambda path: path.stem != assignment):
        try:
            _refuse_links(path, folder)
            page = StudentPage.of(_parsed(path), path.name)
        except PageError as error:
            reason = str(error)
            continue
        except Exception as error:
            reason = say(
                "{path} cannot be read, {kind}: {error}", path=path.name, kind=type(error).__name__, error=error
            )
            continue
        if page.chapter == assignment:
            several = say("of {count} files, {path} counts", count=len(paths), path=path.name) if paths[1:] else ""
            return Submission(student, path, page, several)
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


def _refuse_links(path, folder):
    for part in (path, *path.parents):
        if part == folder:
            return
        if part.is_symlink():
            raise PageError(say("{path} is a link: only files are read.", path=part.name))


def _bytes(path):
    if not path.is_file():
        raise PageError(say("{path} is no file.", path=path.name))
    if path.stat().st_size > LARGEST:
        raise PageError(say("{path} is larger than {limit} MB.", path=path.name, limit=LARGEST // 1_000_000))
    return path.read_bytes()


def _notebook_in(path):
    """The bytes of the one notebook in a zip, read into memory within the limits."""
    _bytes(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            notebooks = [member for member in members if _is_notebook(member.filename)]
            if len(members) > MOST_MEMBERS or len(notebooks) != 1:
                raise PageError(
                    say("{path} holds {count} notebooks, expected one.", path=path.name, count=len(notebooks))
                )
            with archive.open(notebooks[0]) as file:
                content = file.read(LARGEST + 1)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, ValueError, OSError, EOFError):
        raise PageError(say("{path} is no whole zip file.", path=path.name)) from None
    if len(content) > LARGEST:
        raise PageError(say("{path} is larger than {limit} MB.", path=path.name, limit=LARGEST // 1_000_000))
    return content


def _is_notebook(name):
    """Whether a zip's member is a notebook, and not what macOS or Jupyter put beside one."""
    folders = name.split("/")
    return name.endswith(".ipynb") and not any(part.startswith((".", "__MACOSX")) for part in folders)
