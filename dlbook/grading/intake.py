"""What students handed in, read without running any of it.

Known layouts: `<student>/<assignment>/*.ipynb` (nbgrader's), `<student>/*.ipynb`, `<student>.ipynb`, the zips of
`dlbook submit` in the same places, and the zip files in which Moodle and Canvas deliver a class: unpacked, as the
folder itself, or in a folder that holds nothing else (among others a zip is its owner's: nobody hands in for his
neighbours).  Each file ends as a page or as a reason; none stops the class.  Of all that a student sends only the
notebook is taken.

Which one counts, of several pages of the assignment by one student: the highest attempt as Canvas numbers them
(`name-2.ipynb`), then the file named as it was handed out, then the first by name.
"""

import collections
import contextlib
import datetime
import functools
import hashlib
import io
import itertools
import json
import os
import pathlib
import re
import stat
import struct
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from dlbook.check import manifest
from dlbook.check.page import PageError, StudentPage, course_id, source_of
from dlbook.course.errors import CourseError
from dlbook.course.submit import SHEET
from dlbook.language import say, speaking

LARGEST = 120_000_000
"""Bytes of one notebook: what 100 MB of output leave in it is dropped, not refused."""
LARGEST_ZIP = 120_000_000
"""Bytes of one student's zip, and of all that is unpacked from it."""
LARGEST_CLASS = 20_000_000_000
"""Bytes unpacked from the zip of a class."""
LONGEST = 1_000_000
"""Characters of one answer."""
MOST_CELLS = 10_000
MOST_VALUES = 5_000_000
"""Values in one notebook's JSON."""
MOST_MEMBERS = 1_000
"""Files in one student's zip."""
MOST_MEMBERS_OF_CLASS = 200_000
MOST_NOTEBOOKS = 50
"""Notebooks and zips of one student in one place."""
MOST_RATIO = 200
"""How many times smaller a packed notebook of more than 10 MB may be."""

_MOODLE = re.compile(r"(?P<name>.*?)_(?P<id>\d+)_assignsubmission_[a-z]+(?:_(?P<file>.*))?", re.DOTALL)
CANVAS = re.compile(r"(?P<name>.+?)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)", re.DOTALL)
_NOTEBOOK = re.compile(r"(?P<stem>.+)\.ipynb(?:\.txt|\.json)?", re.IGNORECASE | re.DOTALL)
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE | re.DOTALL)
_EXPECTED_BESIDE = re.compile(r"timestamp\.txt|thumbs\.db|desktop\.ini|.*-receipt\.txt|" + re.escape(SHEET), re.I)
_DEFINED = re.compile(r"^(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]{0,200})?=(?!=)", re.MULTILINE)
_JSON_STRING = re.compile(r'"(?>[^"\\]+|\\.)*+"?', re.DOTALL)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_COURSE = ("chapter", "language", "release")
_FLAGS = ("grade", "solution", "locked", "task", "points")


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
class _File:
    """A file on the disk or in a zip; parts : its path below the student's place; read : its bytes, up to a limit."""

    parts: tuple[str, ...]
    path: pathlib.Path
    arrived: str = ""
    read: Callable[[int], bytes] = lambda limit: b""
    fault: str = ""

    @property
    def name(self) -> str:
        return _spelt(self.parts[-1])


@dataclass(frozen=True)
class _Place:
    """A folder or file directly below the folder of the class."""

    label: str
    is_folder: bool
    files: list[_File]


@dataclass(frozen=True)
class _Attempt:
    submission: Submission
    number: int = 0
    as_released: bool = False
    is_empty: bool = False


@dataclass
class _Budget:
    """Bytes that may still be unpacked from a zip."""

    left: int
    most: int = field(init=False)

    def __post_init__(self):
        self.most = self.left


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
        several = say("of {count} files, {path} counts", count=len(attempts), path=_spelt(submission.path.name))
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
                yield _Place(path.name, not _is_taken(path.name), [_File((path.name,), path, fault=_link(path))])
        elif path.is_dir():
            deep = _MOODLE.fullmatch(path.name) is not None
            yield _Place(path.name, True, list(_below(path, (), assignment, deep)))
        elif _is_taken(path.name) or of_lms(path.name, False):
            yield _Place(path.name, False, [_file(path, (path.name,))])


def _below(place, parts, assignment, deep) -> Iterator[_File]:
    try:
        entries = sorted(os.scandir(place), key=lambda entry: entry.name)
    except OSError as error:
        reason = say("{path} cannot be read, {kind}: {error}", path=place.name, kind="OSError", error=error.strerror)
        yield _File((*parts, "?"), place, fault=reason)
        return
    for entry in entries:
        path, here = pathlib.Path(entry.path), (*parts, entry.name)
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            yield _File(here, path, fault=_link(path))
        elif entry.is_dir() and (deep or (not parts and entry.name == assignment)):
            yield from _below(path, here, assignment, deep and len(here) < 10)
        elif entry.is_dir():
            if entry.name not in manifest.chapters():
                yield _File((*parts, f"{entry.name}/"), path)
        else:
            yield _file(path, here)


def _file(path, parts):
    try:
        arrived = _iso(path.stat().st_mtime)
    except (OSError, OverflowError, ValueError):
        arrived = ""
    return _File(parts, path, arrived, functools.partial(_bytes, path))


def _link(path):
    return say("{path} is a link: only files are read.", path=_spelt(path.name))


def _bytes(path, limit):
    if not path.is_file():
        raise PageError(say("{path} is no file.", path=_spelt(path.name)))
    with path.open("rb") as file:
        content = file.read(limit + 1)
    return _within(content, limit, path.name)


def _within(content, limit, name):
    if len(content) > limit:
        raise PageError(say("{path} is larger than {limit} MB.", path=_spelt(name), limit=limit // 1_000_000))
    return content


def _unpacked_classes(places, assignment, archives, zone):
    """The places, with zips of classes replaced by what they hold, where there is nothing else."""
    classes = {place.label for place in places if _may_be_class(place) and _is_class(place.files[0].path, assignment)}
    if len(classes) == len(places):
        unpacked = (_of_class(place.files[0].path, assignment, archives, zone) for place in places)
        return list(itertools.chain.from_iterable(unpacked))
    alone = say("it looks like the zip of a class: put it into a folder of its own")
    return [
        replace(place, files=[replace(place.files[0], fault=f"{_spelt(place.label)}: {alone}")])
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
        if path.stat().st_size <= LARGEST_ZIP and _count_of_members(path.read_bytes()) > MOST_MEMBERS_OF_CLASS:
            return False
        with zipfile.ZipFile(path) as archive:
            return _looks_like_class(_unwrapped(list(_members(archive, path, _Budget(0), 0)), assignment), assignment)
    except Exception:
        return False


def _of_class(path, assignment, archives, zone) -> list[_Place]:
    """The places in the zip of a class, which stays open to be read."""
    try:
        archive = archives.enter_context(zipfile.ZipFile(path))
        files = list(_members(archive, path, _Budget(LARGEST_CLASS), path.stat().st_size, zone=zone))
    except Exception:
        raise PageError(say("{path} is no whole zip file.", path=path.name)) from None
    if len(files) > MOST_MEMBERS_OF_CLASS:
        raise PageError(_too_many(path.name, len(files)))
    files = _unwrapped(files, assignment)
    places: dict[tuple[str, bool], list[_File]] = {}
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


def _spelt(name):
    """A name as text: bytes that are no UTF-8 and signs that cannot be printed are spelt out, so that two names stay
    two."""
    text = name.encode("utf8", "surrogateescape").decode("utf8", "backslashreplace")
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def _iso(seconds):
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).isoformat()


def _count_of_members(content):
    return content.count(b"PK\x01\x02")


def _too_many(name, count):
    return say("{path} holds {count} files, too many to read.", path=_spelt(name), count=count)


def _members(archive, path, budget, size, arrived=None, zone=datetime.UTC) -> Iterator[_File]:
    """The files of a zip, without what macOS and Jupyter put beside them.

    arrived : of a student's zip, whose own times are what the student's computer wrote.
    """
    for info in archive.infolist():
        if info.is_dir():
            continue
        name = _name_in_zip(info)
        parts = tuple(part for part in re.split(r"[/\\]", name) if part != ".") or ("_",)
        if any(part.startswith((".", "__MACOSX")) and part != ".." for part in parts):
            continue
        where = path.joinpath(*(_spelt(part) for part in parts if part not in ("", "..")))
        read = functools.partial(_unpacked, archive, info, budget, size)
        when = _time_in_zip(info, zone) if arrived is None else arrived
        yield _File(parts, where, when, read, _fault(info, name, parts))


def _name_in_zip(info):
    """Its name; zipfile reads one without the mark of UTF-8 as the code page of DOS, though it is often UTF-8 too."""
    name = info.orig_filename
    if not info.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            return name.encode("cp437").decode("utf8")
    return name


def _time_in_zip(info, zone):
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        if kind == 0x5455 and size >= 5 and len(extra) >= 9 and extra[4] & 1:
            return _iso(struct.unpack("<i", extra[5:9])[0])
        extra = extra[4 + size :]
    try:
        return datetime.datetime(*info.date_time, tzinfo=zone).astimezone(datetime.UTC).isoformat()
    except (ValueError, OverflowError):
        return ""


def _fault(info, name, parts):
    """Why a member is not read."""
    unsafe = (
        "\0" in name
        or len(name) > 1000
        or any(part in ("", "..") or len(part) > 255 or _RESERVED.fullmatch(part) for part in parts)
        or re.match(r"[A-Za-z]:", name)
    )
    if unsafe:
        return say("{path} has a path that no notebook of the course has.", path=_spelt(name[-100:]))
    if stat.S_ISLNK(info.external_attr >> 16):
        return say("{path} is a link: only files are read.", path=_spelt(parts[-1]))
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
        return say("{path} is packed in a way that is not read: make an ordinary zip.", path=_spelt(parts[-1]))
    return ""


def _unpacked(archive, info, budget, size, limit):
    """A member's bytes, in pieces, whatever its header says of their number."""
    content, packed = bytearray(), max(1, min(info.compress_size, size))
    name = info.filename.rpartition("/")[2]
    try:
        with archive.open(info) as file:
            while piece := file.read(1 << 20):
                content += piece
                budget.left -= len(piece)
                _within(content, limit, name)
                if budget.left < 0:
                    raise PageError(say("{path} is larger than {limit} MB.", path=name, limit=budget.most // 1_000_000))
                if len(content) > max(10_000_000, MOST_RATIO * packed):
                    raise PageError(say("{path} unpacks to more than {ratio} times.", path=name, ratio=MOST_RATIO))
    except PageError:
        raise
    except Exception:
        raise PageError(say("{path} is no whole zip file.", path=_spelt(name))) from None
    return bytes(content)


def _in_zip(file, assignment):
    """The notebooks in a student's zip, those named as handed out where there are such; and what else is in it."""
    content = file.read(LARGEST_ZIP)
    count = _count_of_members(content)
    if count > MOST_MEMBERS:
        raise PageError(_too_many(file.name, count))
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        members = list(_members(archive, file.path, _Budget(LARGEST_ZIP), len(content), file.arrived))
    except Exception:
        raise PageError(say("{path} is no whole zip file.", path=file.name)) from None
    notebooks = [member for member in members if _NOTEBOOK.fullmatch(member.parts[-1])]
    beside = [member for member in members if not _NOTEBOOK.fullmatch(member.parts[-1])]
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
            found.append((match["id"], unicodedata.normalize("NFC", _spelt(match["name"]))))
        else:
            found.append((_spelt(place.label if place.is_folder else _stem(place.label)), ""))
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
            label = _spelt(place.label)
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


def _names(files: Iterable[_File]) -> tuple[str, ...]:
    """What is not taken, by name; files that belong beside a notebook are not worth a word."""
    worth = (file for file in files if not _EXPECTED_BESIDE.fullmatch(file.parts[-1]))
    return tuple(_spelt("/".join(file.parts))[-200:] for file in itertools.islice(worth, MOST_NOTEBOOKS))


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
        page, repairs, reason = _page(content, file.name)
    except Exception as error:
        return replace(empty, reason=_reason(error, file))
    if page.chapter == assignment:
        return replace(empty, page=page, repairs=repairs, reason=reason)
    other = say(
        "{path} is chapter {other}, expected {assignment}", path=file.name, other=page.chapter, assignment=assignment
    )
    return replace(empty, reason=other)


def _page(content, name):
    """(page, repairs, reason): the page with the course's metadata and without outputs."""
    text, encoding, gaps = _decoded(content, name)
    if not text or text.isspace():
        raise PageError(say("{path} is empty.", path=name))
    notebook, twice = _parsed(text, name)
    cells, half = _cells(notebook, name)
    page = _recognised(notebook, cells, name)
    raw = {id(cell): cell.pop("raw") for cell in cells}
    lost = _Recovery(page)
    lost.recover()
    settings = _restore(page, raw, lost.ids)
    _refuse_long(page, name)
    with speaking(page.language):
        repairs = []
        if encoding:
            repairs.append(say("The file was {encoding} text, not UTF-8.", encoding=encoding))
        if twice:
            repairs.append(say("The file gave some fields twice: the last one counts."))
        if half or gaps:
            repairs.append(say("Some characters were broken: they are replaced."))
        repairs += [*lost.sentences(), *settings, *(damage.sentence() for damage in page.damage())]
    return page, tuple(repairs), lost.ambiguity()


def _decoded(content, name):
    """(text, encoding, whether bytes could not be read): the encoding is named where it is not UTF-8."""
    encoding = json.detect_encoding(content)
    try:
        text = content.decode(encoding)
        return text, "" if encoding in ("utf-8", "utf-8-sig") else encoding.upper(), False
    except UnicodeDecodeError:
        if encoding not in ("utf-8", "utf-8-sig"):
            raise PageError(say("{path} is not UTF-8 text, so it is no notebook.", path=name)) from None
    with_gaps = content.decode(encoding, "replace")
    broken = with_gaps.count("\ufffd")
    if len(with_gaps) - len(with_gaps.encode("ascii", "ignore")) > 2 * broken:
        return with_gaps, "", True
    try:
        return content.decode("cp1252"), "Windows-1252", False
    except UnicodeDecodeError:
        raise PageError(say("{path} is not UTF-8 text, so it is no notebook.", path=name)) from None


def _parsed(text, name):
    """(notebook, whether an object names a field twice)."""
    if sum(map(text.count, ",[{")) > MOST_VALUES and sum(map(_JSON_STRING.sub("", text).count, ",[{")) > MOST_VALUES:
        raise PageError(say("{path} holds more than {count} values.", path=name, count=MOST_VALUES))
    twice = []

    def whole(pairs):
        found = dict(pairs)
        if len(found) < len(pairs):
            twice.append(True)
        return found

    try:
        numbers = {
            "parse_int": lambda digits: int(digits) if len(digits) < 20 else None,
            "parse_constant": lambda _: None,
        }
        return json.loads(text, object_pairs_hook=whole, **numbers), bool(twice)
    except (ValueError, RecursionError):
        raise PageError(say("{path} is not a notebook: it is not valid JSON.", path=name)) from None


def _cells(notebook, name):
    """(cells, whether characters were broken): each with type, text and id of the right types, no outputs, and under
    "raw" the metadata of nbgrader as it came."""
    found = notebook.get("cells") if isinstance(notebook, dict) else None
    if found is None and isinstance(notebook, dict) and isinstance(notebook.get("worksheets"), list):
        sheets = (sheet.get("cells") for sheet in notebook["worksheets"] if isinstance(sheet, dict))
        found = list(itertools.chain.from_iterable(cells for cells in sheets if isinstance(cells, list)))
    if not isinstance(found, list):
        raise PageError(say("{path} is not a notebook: it has no list of cells.", path=name))
    if len(found) > MOST_CELLS:
        raise PageError(
            say("{path} has {count} cells, at most {most} are read.", path=name, count=len(found), most=MOST_CELLS)
        )
    cells, half = [], False
    for cell in found:
        if not isinstance(cell, dict):
            continue
        source = source_of(cell if "source" in cell else {"source": cell.get("input", "")}).replace("\r\n", "\n")
        whole = source if source.isascii() else _SURROGATE.sub("\ufffd", source)
        half |= whole != source
        metadata = cell.get("metadata") if isinstance(cell.get("metadata"), dict) else {}
        kind = cell.get("cell_type") if cell.get("cell_type") in ("code", "markdown", "raw") else "raw"
        clean: dict[str, Any] = {"cell_type": kind, "source": whole, "metadata": {}, "raw": metadata.get("nbgrader")}
        if kind == "code":
            clean |= {"outputs": [], "execution_count": None}
        if isinstance(clean["raw"], dict) and isinstance(clean["raw"].get("grade_id"), str):
            clean["metadata"] = {"nbgrader": {"grade_id": clean["raw"]["grade_id"]}}
        if isinstance(cell.get("id"), str):
            clean["id"] = _SURROGATE.sub("\ufffd", cell["id"][:100])
        cells.append(clean)
    return cells, half


def _recognised(notebook, cells, name) -> StudentPage:
    """The page by its metadata and ids, else by what its cells define."""
    metadata = notebook.get("metadata") if isinstance(notebook.get("metadata"), dict) else {}
    course = metadata.get("dlbook") if isinstance(metadata.get("dlbook"), dict) else {}
    kept = {key: _SURROGATE.sub("\ufffd", course[key][:100]) for key in _COURSE if isinstance(course.get(key), str)}
    clean = {"cells": cells, "metadata": {"dlbook": kept}, "nbformat": 4, "nbformat_minor": 5}
    try:
        return StudentPage.of(clean, name)
    except PageError:
        scores = _defined_exercises(cells)
        best = max(scores.values(), default=0)
        if not best:
            raise
        chapters = [chapter for chapter, score in scores.items() if score == best]
        if chapters[1:]:
            names = ", ".join(chapters)
            raise PageError(say("{path} could be any of the chapters {names}.", path=name, names=names)) from None
        kept["chapter"] = chapters[0]
        return StudentPage.of(clean, name)


def _defined(text):
    return {one or other for one, other in _DEFINED.findall(text)}


def _defined_exercises(cells):
    """How many of its exercises each chapter finds in the cells, by the names that these define."""
    defined = set().union(*(_defined(cell["source"]) for cell in cells))
    return {
        chapter: sum(bool(known["defines"]) and defined.issuperset(known["defines"]) for known in exercises.values())
        for chapter in manifest.chapters()
        if (exercises := manifest.of_chapter(chapter)["exercises"])
    }


class _Recovery:
    """Finds the cells of the release whose ids an editor dropped: by their text, by what they define, by their place
    between two cells that are known.  An exercise that several cells could answer stays open."""

    def __init__(self, page: StudentPage) -> None:
        self.page = page
        self.known = {cell["id"]: cell for cell in page.release}
        self.ids: dict[int, str] = {}
        for cell in page.notebook["cells"]:
            found = next((one for one in (course_id(cell), cell.get("id")) if one in self.known), None)
            if found is not None:
                self.ids[id(cell)] = found
        self.by: dict[str, list[str]] = {"text": [], "names": [], "place": []}
        self.open: list[str] = []

    def recover(self) -> None:
        if self._missing():
            self._by_text()
            self._by_names()
            self._by_place()

    def sentences(self) -> list[str]:
        found = []
        if self.by["text"]:
            found.append(
                say("{count} cells had lost their ids and were recognised by their text.", count=len(self.by["text"]))
            )
        found += [
            say("The cell {id} had lost its id and was recognised by the names that it defines.", id=one)
            for one in self.by["names"]
        ]
        found += [
            say("The cell {id} had lost its id and was recognised by its place.", id=one) for one in self.by["place"]
        ]
        return found

    def ambiguity(self) -> str:
        if not self.open:
            return ""
        return say("several cells could answer {exercises}: none of them counts", exercises=", ".join(self.open))

    def _kind(self, one):
        return self.page.kinds.get(one, {}).get("kind")

    def _missing(self):
        have = set(self.ids.values())
        return [one for one in self.known if one not in have]

    def _free(self):
        return [cell for cell in self.page.notebook["cells"] if id(cell) not in self.ids]

    def _take(self, cell, one, how):
        self.ids[id(cell)] = one
        self.by[how].append(one)

    def _by_text(self):
        texts: dict[str, list[dict[str, Any]]] = {}
        for cell in reversed(self._free()):
            texts.setdefault(_plain(cell["source"]), []).append(cell)
        for one in self._missing():
            text = _plain(self.known[one]["source"])
            if text and texts.get(text):
                self._take(texts[text].pop(), one, "text")

    def _by_names(self):
        exercises = manifest.of_chapter(self.page.chapter)["exercises"]
        free = [(cell, set(cell["source"].splitlines()), _defined(cell["source"])) for cell in self._free()]
        found: dict[str, list[dict[str, Any]]] = {}
        for one in self._missing():
            if one in exercises:
                first, names = _first_definition(self.known[one]["source"]), set(exercises[one]["defines"])
                fits = [cell for cell, lines, _ in free if first in lines]
                fits = fits or [cell for cell, _, defined in free if names and defined >= names]
                found[one] = list({_plain(cell["source"]): cell for cell in fits}.values())
        wanted = collections.Counter(id(cell) for cells in found.values() for cell in cells)
        for one, cells in found.items():
            if len(cells) > 1 or any(wanted[id(cell)] > 1 for cell in cells):
                self.open.append(one)
            elif cells:
                self._take(cells[0], one, "names")

    def _by_place(self):
        order, cells = list(self.known), self.page.notebook["cells"]
        index = {one: number for number, one in enumerate(order)}
        marks = [(-1, -1), *((n, index[self.ids[id(c)]]) for n, c in enumerate(cells) if id(c) in self.ids)]
        for (before, first), (after, last) in itertools.pairwise([*marks, (len(cells), len(order))]):
            between, gone = cells[before + 1 : after], order[first + 1 : last] if last > first else []
            types = [self.known[one]["cell_type"] for one in gone]
            if not gone or [cell["cell_type"] for cell in between] != types or set(gone) & set(self.ids.values()):
                continue
            for cell, one in zip(between, gone, strict=True):
                if self._kind(one) in ("exercise", "manual") and one not in self.open:
                    self._take(cell, one, "place")


def _plain(text):
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _first_definition(stub):
    return next((line for line in stub.splitlines() if re.match(r"(?:async[ \t]+)?def|class", line)), None)


def _restore(page, raw, ids):
    """Give each cell of the release its id and metadata again, and each other cell none; a sentence for each setting
    that was changed."""
    known, changed, lost = {cell["id"]: cell for cell in page.release}, [], 0
    for cell in page.notebook["cells"]:
        one, had = ids.get(id(cell)), raw[id(cell)]
        if one is None:
            cell["metadata"] = {}
            if cell.get("id") in known:
                del cell["id"]
            continue
        released = known[one]
        wanted = released["metadata"].get("nbgrader")
        if wanted is not None and not isinstance(had, dict):
            lost += 1
        elif isinstance(had, dict):
            flags = [flag for flag in _FLAGS if had.get(flag) != (wanted or {}).get(flag)]
            if flags:
                changed.append((one, flags))
        cell["id"] = one
        cell["metadata"] = {key: dict(v) if isinstance(v, dict) else v for key, v in released["metadata"].items()}
        if cell["source"] != released["source"] and _plain(cell["source"]) == _plain(released["source"]):
            cell["source"] = released["source"]
    with speaking(page.language):
        said = [
            say("The cell {id} had other grading settings: {flags}.", id=one, flags=", ".join(flags))
            for one, flags in changed
        ]
        if lost:
            said.append(say("{count} cells had lost their grading settings.", count=lost))
    return said


def _refuse_long(page, name):
    for cell in page.notebook["cells"]:
        one = course_id(cell) if len(cell["source"]) > LONGEST else None
        if page.kinds.get(one, {}).get("kind") in ("exercise", "manual"):
            said = say("{path}: the cell {id} has more than {most} characters.", path=name, id=one, most=LONGEST)
            raise PageError(said)
