"""What students handed in, read without running any of it.

Known layouts: `<student>/<assignment>/*.ipynb` (nbgrader's), `<student>/*.ipynb`, `<student>.ipynb`, the zips of
`dlbook submit` in the same places, and the zip files in which Moodle and Canvas deliver a class: unpacked, as the
folder itself, or in a folder that holds nothing else (among others a zip is its owner's: nobody hands in for his
neighbours).  Each file ends as a page or as a reason; none stops the class.  Of all that a student sends only the
notebook is taken.

Which one counts, of several pages of the assignment by one student: the highest attempt as Canvas numbers them
(`name-2.ipynb`), then the file named as it was handed out, then the first by name.
"""

import contextlib
import datetime
import functools
import hashlib
import io
import itertools
import os
import pathlib
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from dlbook.check import manifest
from dlbook.check.page import PageError, StudentPage, course_id, source_of
from dlbook.course.errors import CourseError
from dlbook.course.submit import SHEET
from dlbook.grading.restore import page_of
from dlbook.grading.unpack import Budget, File, count_of_members, iso, members, spelt, within
from dlbook.language import say

LARGEST = 120_000_000
"""Bytes of one notebook: what 100 MB of output leave in it is dropped, not refused."""
LARGEST_ZIP = 120_000_000
"""Bytes of one student's zip, and of all that is unpacked from it."""
LARGEST_CLASS = 20_000_000_000
"""Bytes unpacked from the zip of a class."""
MOST_MEMBERS = 1_000
"""Files in one student's zip."""
MOST_MEMBERS_OF_CLASS = 200_000
MOST_NOTEBOOKS = 50
"""Notebooks and zips of one student in one place."""

_MOODLE = re.compile(r"(?P<name>.*?)_(?P<id>\d+)_assignsubmission_[a-z]+(?:_(?P<file>.*))?", re.DOTALL)
CANVAS = re.compile(r"(?P<name>.+?)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)", re.DOTALL)
_NOTEBOOK = re.compile(r"(?P<stem>.+)\.ipynb(?:\.txt|\.json)?", re.IGNORECASE | re.DOTALL)
_EXPECTED_BESIDE = re.compile(r"timestamp\.txt|thumbs\.db|desktop\.ini|.*-receipt\.txt|" + re.escape(SHEET), re.I)


@dataclass(frozen=True)
class Submission:
    """What one student handed in.  page is None where it cannot be read, and reason says why; of several notebooks,
    reason names the one that counts, and of an answer that could be several cells, the exercise.

    student : as an LMS numbers him, else the name of the folder or file; name : as an LMS spells it.
    path : the file handed in; of a class's zip, the member below it.
    sha256 : of the notebook's bytes.  arrived : ISO 8601 in UTC, the time of the file or of the member of the class's
    zip: nothing that the student wrote.
    repairs : a sentence for each damage, in the language of the page; its metadata is restored, its answers are the
    student's.  dropped : what lay beside the notebook and was not taken.
    """

    student: str
    path: pathlib.Path
    page: StudentPage | None
    reason: str = ""
    name: str = ""
    sha256: str = ""
    arrived: str = ""
    repairs: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    def written(self) -> dict[str, str]:
        """What the student wrote into the cells that a person marks, by id, where it is anything."""
        if self.page is None:
            return {}
        stubs, by_id = {cell["id"]: cell["source"].strip() for cell in self.page.release}, self.page.by_id()
        manual = (id for id, known in self.page.kinds.items() if known["kind"] == "manual" and id in by_id)
        texts = {id: source_of(by_id[id][0]) for id in manual}
        return {id: text for id, text in texts.items() if text.strip() not in ("", stubs[id])}


@dataclass(frozen=True)
class _Place:
    """A folder or file directly below the folder of the class."""

    label: str
    is_folder: bool
    files: list[File]


@dataclass(frozen=True)
class _Attempt:
    submission: Submission
    number: int = 0
    as_released: bool = False
    is_empty: bool = False


def submissions(
    folder: pathlib.Path,
    assignment: str,
    skip: pathlib.Path | None = None,
    lean: bool = False,
    zone: datetime.tzinfo = datetime.UTC,
) -> list[Submission]:
    """One submission for each student of the folder, or of the zip of a class, by name: the attempt that counts.

    skip : a folder in it that is no student's, where the grades go.  lean : keep of each page only the cells that the
    student filled, a tenth of the memory.  zone : of the times in the zip of a class that do not
    say it.
    Raises CourseError for no folder, or an empty one.
    """
    found: dict[str, list[_Attempt]] = {}
    for attempt in _attempts(folder, assignment, skip, lean, zone):
        found.setdefault(attempt.submission.student, []).append(attempt)
    return [_counting(attempts) for _, attempts in sorted(found.items())]


def attempts(
    folder: pathlib.Path,
    assignment: str,
    skip: pathlib.Path | None = None,
    lean: bool = False,
    zone: datetime.tzinfo = datetime.UTC,
) -> list[Submission]:
    """All that all students handed in, oldest first.  Raises CourseError."""
    found = _attempts(folder, assignment, skip, lean, zone)
    found.sort(key=lambda one: (one.submission.arrived, one.submission.student, one.number, one.submission.path))
    return [attempt.submission for attempt in found]


def _counting(attempts):
    """The attempt that counts (see the top); where none can be read, the last one's reason."""
    whole = [attempt for attempt in attempts if attempt.submission.page is not None]
    best = max(whole, key=lambda attempt: (attempt.number, attempt.as_released)) if whole else attempts[-1]
    submission = best.submission
    if whole and attempts[1:]:
        several = say("of {count} files, {path} counts", count=len(attempts), path=spelt(submission.path.name))
        return replace(submission, reason="; ".join(filter(None, (several, submission.reason))))
    return submission


def _attempts(folder, assignment, skip, lean, zone):
    with contextlib.ExitStack() as archives:
        try:
            if folder.is_dir():
                places = _unpacked_classes(list(_on_disk(folder, assignment, skip)), assignment, archives, zone)
            elif folder.is_file() and zipfile.is_zipfile(folder):
                places = _of_class(folder, assignment, archives, zone)
            else:
                raise CourseError(f"{folder} is no folder: give the one that holds the submissions, or a class's zip.")
        except PageError as error:
            raise CourseError(str(error)) from None
        if not places:
            raise CourseError(
                f"{folder} holds no submission: expected <student>.ipynb, <student>.zip or <student>/…/*.ipynb."
            )
        found = []
        for place, (student, name) in zip(places, _students(places), strict=True):
            found += _of_place(place, student, name, assignment, folder, lean)
    found.sort(key=lambda one: (one.submission.student, one.submission.path))
    students = itertools.groupby(found, key=lambda one: one.submission.student)
    return [attempt for _, attempts in students for attempt in _without_empty(list(attempts))]


def _without_empty(attempts):
    """A place without a notebook is no attempt where there is another; what was in it is still named."""
    whole = [attempt for attempt in attempts if not attempt.is_empty]
    if not whole or len(whole) == len(attempts):
        return attempts[:1] if not whole else attempts
    dropped = tuple(itertools.chain.from_iterable(one.submission.dropped for one in attempts if one.is_empty))
    return [replace(one, submission=replace(one.submission, dropped=one.submission.dropped + dropped)) for one in whole]


def _on_disk(folder, assignment, skip) -> Iterator[_Place]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or (skip is not None and path.resolve() == skip.resolve()):
            continue
        if path.is_symlink():
            if path.is_dir() or _is_taken(path.name):
                yield _Place(path.name, not _is_taken(path.name), [File((path.name,), path, fault=_link(path))])
        elif path.is_dir():
            deep = _MOODLE.fullmatch(path.name) is not None
            yield _Place(path.name, True, list(_below(path, (), assignment, deep)))
        elif _is_taken(path.name) or of_lms(path.name, False):
            yield _Place(path.name, False, [_file(path, (path.name,))])


def _below(place, parts, assignment, deep) -> Iterator[File]:
    try:
        entries = sorted(os.scandir(place), key=lambda entry: entry.name)
    except OSError as error:
        reason = say("{path} cannot be read, {kind}: {error}", path=place.name, kind="OSError", error=error.strerror)
        yield File((*parts, "?"), place, fault=reason)
        return
    for entry in entries:
        path, here = pathlib.Path(entry.path), (*parts, entry.name)
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            yield File(here, path, fault=_link(path))
        elif entry.is_dir() and (deep or (not parts and entry.name == assignment)):
            yield from _below(path, here, assignment, deep and len(here) < 10)
        elif entry.is_dir():
            if entry.name not in manifest.chapters():
                yield File((*parts, f"{entry.name}/"), path)
        else:
            yield _file(path, here)


def _file(path, parts):
    try:
        arrived = iso(path.stat().st_mtime)
    except (OSError, OverflowError, ValueError):
        arrived = ""
    return File(parts, path, arrived, functools.partial(_bytes, path))


def _link(path):
    return say("{path} is a link: only files are read.", path=spelt(path.name))


def _bytes(path, limit):
    if not path.is_file():
        raise PageError(say("{path} is no file.", path=spelt(path.name)))
    with path.open("rb") as file:
        content = file.read(limit + 1)
    return within(content, limit, path.name)


def _unpacked_classes(places, assignment, archives, zone):
    """The places, with zips of classes replaced by what they hold, where there is nothing else."""
    classes = {place.label for place in places if _may_be_class(place) and _is_class(place.files[0].path, assignment)}
    if len(classes) == len(places):
        unpacked = (_of_class(place.files[0].path, assignment, archives, zone) for place in places)
        return list(itertools.chain.from_iterable(unpacked))
    alone = say("it looks like the zip of a class: put it into a folder of its own")
    return [
        replace(place, files=[replace(place.files[0], fault=f"{spelt(place.label)}: {alone}")])
        if place.label in classes
        else place
        for place in places
    ]


def _may_be_class(place):
    return not (place.is_folder or place.files[0].fault or of_lms(place.label, False)) and _is_zip(place.label)


def _is_class(path, assignment):
    """Whether a zip, which may be a student's, is that of a class: files are named as Moodle or Canvas name them, or
    two students have a folder of the assignment."""
    try:
        if path.stat().st_size <= LARGEST_ZIP and count_of_members(path.read_bytes()) > MOST_MEMBERS_OF_CLASS:
            return False
        with zipfile.ZipFile(path) as archive:
            return _looks_like_class(_unwrapped(list(members(archive, path, Budget(0), 0)), assignment), assignment)
    except Exception:
        return False


def _of_class(path, assignment, archives, zone) -> list[_Place]:
    """The places in the zip of a class, which stays open to be read."""
    try:
        archive = archives.enter_context(zipfile.ZipFile(path))
        files = list(members(archive, path, Budget(LARGEST_CLASS), path.stat().st_size, zone=zone))
    except Exception:
        raise PageError(say("{path} is no whole zip file.", path=path.name)) from None
    if len(files) > MOST_MEMBERS_OF_CLASS:
        raise PageError(_too_many(path.name, len(files)))
    files = _unwrapped(files, assignment)
    places: dict[tuple[str, bool], list[File]] = {}
    for file in files:
        if (file.fault and file.parts[0] in ("", "..")) or re.match(r"[A-Za-z]:", file.parts[0]):
            file = replace(file, parts=("_".join(part for part in file.parts if part not in ("", "..")) or "_",))
        is_folder = len(file.parts) > 1
        if is_folder or _is_taken(file.parts[0]) or of_lms(file.parts[0], False):
            below = file.parts[1:] if is_folder else file.parts
            places.setdefault((file.parts[0], is_folder), []).append(replace(file, parts=below))
    return [_Place(label, is_folder, files) for (label, is_folder), files in sorted(places.items())]


def _unwrapped(files, assignment):
    """The files without the one folder that a computer put around all of them."""
    inner = [replace(file, parts=file.parts[1:]) for file in files if file.parts[1:]]
    alone = len({file.parts[0] for file in files if file.parts[1:]}) == 1
    return inner if alone and _looks_like_class(inner, assignment) else files


def _looks_like_class(files, assignment):
    owners = {file.parts[0] for file in files if len(file.parts) > 2 and file.parts[1] == assignment}
    return len(owners) > 1 or any(of_lms(file.parts[0], len(file.parts) > 1) for file in files)


def _is_taken(name):
    return _is_zip(name) or _NOTEBOOK.fullmatch(name) is not None


def _is_zip(name):
    return name.lower().endswith(".zip")


def _stem(name):
    found = _NOTEBOOK.fullmatch(name)
    return found["stem"] if found else name[:-4] if _is_zip(name) else name


def _too_many(name, count):
    return say("{path} holds {count} files, too many to read.", path=spelt(name), count=count)


def _in_zip(file, assignment):
    """The notebooks in a student's zip, those named as handed out where there are such; and what else is in it."""
    content = file.read(LARGEST_ZIP)
    count = count_of_members(content)
    if count > MOST_MEMBERS:
        raise PageError(_too_many(file.name, count))
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        inside = list(members(archive, file.path, Budget(LARGEST_ZIP), len(content), file.arrived))
    except Exception:
        raise PageError(say("{path} is no whole zip file.", path=file.name)) from None
    notebooks = [member for member in inside if _NOTEBOOK.fullmatch(member.parts[-1])]
    beside = [member for member in inside if not _NOTEBOOK.fullmatch(member.parts[-1])]
    notebooks = [one for one in notebooks if _stem(one.parts[-1]) == assignment] or notebooks
    if not 0 < len(notebooks) <= MOST_NOTEBOOKS:
        raise PageError(say("{path} holds {count} notebooks, expected one.", path=file.name, count=len(notebooks)))
    return [replace(one, path=file.path) for one in notebooks], _names(beside)


def of_lms(label, is_folder):
    """How Moodle or Canvas names a student's folder or file: a match with name, id and file.

    Of two numbers the first is the LMS's: what follows, the student wrote.
    """
    found = (_MOODLE.fullmatch(label), None if is_folder else CANVAS.fullmatch(label))
    return min(filter(None, found), key=lambda match: match.start("id"), default=None)


def _students(places) -> list[tuple[str, str]]:
    """(student, name) of each place.  A number that comes with two names is no student's: then whole names count."""
    matches = [of_lms(place.label, place.is_folder) for place in places]
    names: dict[str, set[str]] = {}
    for match in filter(None, matches):
        names.setdefault(match["id"], set()).add(match["name"])
    found = []
    for place, match in zip(places, matches, strict=True):
        if match and len(names[match["id"]]) == 1:
            found.append((match["id"], unicodedata.normalize("NFC", spelt(match["name"]))))
        else:
            found.append((spelt(place.label if place.is_folder else _stem(place.label)), ""))
    return found


def _of_place(place, student, name, assignment, folder, lean) -> list[_Attempt]:
    files, match = place.files, of_lms(place.label, place.is_folder)
    if match and not place.is_folder and match["file"]:
        files = [replace(file, parts=(match["file"],)) for file in files]
    taken = [file for file in files if _is_candidate(file)]
    dropped = _names(file for file in files if not _is_candidate(file))
    of_assignment = [file for file in taken if file.parts[0] == assignment and file.parts[1:]]
    direct = [file for file in taken if len(file.parts) == 1]
    chosen = of_assignment or direct or taken
    if not 0 < len(chosen) <= MOST_NOTEBOOKS:
        path = files[0].path if files and not place.is_folder else folder / place.label
        reason = say("nothing was handed in")
        if chosen:
            label = spelt(place.label)
            reason = say("{path} holds {count} notebooks, expected one.", path=label, count=len(chosen))
        elif dropped:
            reason = say("no notebook was handed in, only {files}", files=", ".join(dropped[:5]))
        arrived = max((file.arrived for file in files), default="")
        empty = Submission(student, path, None, reason, name, "", arrived, (), dropped)
        return [_Attempt(empty, is_empty=not chosen)]
    is_canvas = match is not None and match.re is CANVAS
    found = []
    for file in chosen:
        stem = _stem(file.parts[-1])
        number = re.fullmatch(r".*-(\d{1,6})", stem, re.DOTALL) if is_canvas and stem != assignment else None
        released = stem == assignment or (number is not None and stem[: number.start(1) - 1] == assignment)
        submission = _submission(
            Submission(student, file.path, None, "", name, "", file.arrived, (), dropped), file, assignment
        )
        if lean and submission.page is not None:
            submission = replace(submission, page=_filled(submission.page))
        found.append(_Attempt(submission, int(number[1]) if number else 0, released))
    return found


def _filled(page):
    """The page with nothing but the cells that a student fills."""
    kinds = page.kinds
    cells = [
        cell for cell in page.notebook["cells"] if kinds.get(course_id(cell), {}).get("kind") in ("exercise", "manual")
    ]
    return replace(page, notebook={**page.notebook, "cells": cells})


def _is_candidate(file):
    return _is_taken(file.parts[-1]) or (file.fault != "" and "." not in file.parts[-1])


def _names(files: Iterable[File]) -> tuple[str, ...]:
    """What is not taken, by name; files that belong beside a notebook are not worth a word."""
    worth = (file for file in files if not _EXPECTED_BESIDE.fullmatch(file.parts[-1]))
    return tuple(spelt("/".join(file.parts))[-200:] for file in itertools.islice(worth, MOST_NOTEBOOKS))


def _submission(empty, file, assignment) -> Submission:
    """What one file holds: of a zip with several pages of the assignment, the first."""
    try:
        if file.fault:
            raise PageError(file.fault)
        notebooks, beside = _in_zip(file, assignment) if _is_zip(file.parts[-1]) else ([file], ())
    except Exception as error:
        return replace(empty, reason=_reason(error, file))
    empty = replace(empty, dropped=empty.dropped + beside)
    found = [_read(empty, notebook, assignment) for notebook in notebooks]
    whole = [one for one in found if one.page is not None]
    if not whole:
        return found[-1]
    if whole[1:]:
        name = notebooks[found.index(whole[0])].name
        several = say("of {count} files, {path} counts", count=len(notebooks), path=name)
        return replace(whole[0], reason="; ".join(filter(None, (several, whole[0].reason))))
    return whole[0]


def _reason(error, file):
    if isinstance(error, PageError):
        return str(error)
    said = " ".join(str(error).split())[:200]
    return say("{path} cannot be read, {kind}: {error}", path=file.name, kind=type(error).__name__, error=said)


def _read(empty, file, assignment) -> Submission:
    try:
        if file.fault:
            raise PageError(file.fault)
        content = file.read(LARGEST)
        empty = replace(empty, sha256=hashlib.sha256(content).hexdigest())
        page, repairs, reason = page_of(content, file.name)
    except Exception as error:
        return replace(empty, reason=_reason(error, file))
    if page.chapter == assignment:
        return replace(empty, page=page, repairs=repairs, reason=reason)
    other = say(
        "{path} is chapter {other}, expected {assignment}", path=file.name, other=page.chapter, assignment=assignment
    )
    return replace(empty, reason=other)
