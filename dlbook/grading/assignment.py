"""An assignment of a semester: exercises of several chapters, when they are due, and what being late costs.

A TOML file, written by the instructor:

    name = "p1"
    title = "Networks by hand"
    timezone = "America/Sao_Paulo"
    due = 2026-11-20T23:59:00        # that zone's time, or with an offset: 2026-11-20T23:59:00-03:00
    maximum = 10                     # the mark of full points
    attempts = "best"                # or "last"
    grace_minutes = 15               # optional, 0
    decimals = 2                     # optional, 2: of the final mark

    [[exercise]]                     # or an answer that a person marks
    id = "07-network/backprop"
    points = 10                      # optional: as in the chapter

    [[late]]                         # handed in after due + 0 hours: 90 % of the points
    after = "0h"
    keep = 0.9

    [[late]]                         # a share of 0: not accepted
    after = "3d"
    keep = 0

    [[extension]]
    student = "2026001"
    due = 2026-11-27T23:59:00
    reason = "medical certificate"   # optional

A local time that a change of the clocks makes happen twice is the later of the two, and one that it leaves out is as
much later as the clocks moved: both ways no student loses an hour.  Hours of the late table are hours; its days end at
the due date's time of day, whatever the clocks did in between.
"""

import datetime
import pathlib
import re
import tomllib
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dlbook.check import manifest
from dlbook.course.errors import CourseError
from dlbook.language import say

ATTEMPTS = ("last", "best")
MOST = 10_000
"""Points, marks, minutes and hours: a larger number is a slip of the pen."""
PLACES = 6
"""Decimals of a number in the file."""

_KEYS = ("name", "title", "timezone", "due", "maximum", "attempts", "grace_minutes", "decimals")
_TABLES = {"exercise": ("id", "points"), "late": ("after", "keep"), "extension": ("student", "due", "reason")}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,57}")
_AFTER = re.compile(r"(?P<days>[0-9]{1,3})d|(?P<hours>[0-9]{1,4}(?:\.[0-9]{1,3})?)h")
_NOTHING = object()


@dataclass(frozen=True)
class Task:
    """What is marked: an exercise with its tests, or a written answer that a person marks.

    id : "07-network/backprop"; points : in this assignment; worth : in the chapter.
    """

    id: str
    points: Decimal
    worth: Decimal
    is_written: bool = False

    @property
    def chapter(self) -> str:
        return self.id.partition("/")[0]

    @property
    def cell(self) -> str:
        return self.id.partition("/")[2]


@dataclass(frozen=True)
class LateRow:
    """Handed in later than the due date and `days` calendar days or `hours` hours: the share of points that is kept."""

    days: int
    hours: Decimal
    keep: Decimal

    def starts(self, due: datetime.datetime, zone: zoneinfo.ZoneInfo) -> datetime.datetime:
        """The moment after which this row holds, in UTC."""
        local = due.astimezone(zone).replace(tzinfo=None) + datetime.timedelta(days=self.days)
        start = moment(local, zone) if self.days else due
        return start + datetime.timedelta(seconds=float(self.hours * 3600))


@dataclass(frozen=True)
class Extension:
    """A later due date for one student; due : in UTC."""

    student: str
    due: datetime.datetime
    reason: str = ""


@dataclass(frozen=True)
class Assignment:
    """What an instructor's file says; due : in UTC; grace : how late is still in time."""

    name: str
    title: str
    zone: zoneinfo.ZoneInfo
    due: datetime.datetime
    maximum: Decimal
    attempts: str
    tasks: tuple[Task, ...]
    late: tuple[LateRow, ...]
    extensions: tuple[Extension, ...] = ()
    grace: datetime.timedelta = datetime.timedelta(0)
    decimals: int = 2

    @property
    def points(self) -> Decimal:
        """All points."""
        return sum((task.points for task in self.tasks), Decimal(0))

    @property
    def chapters(self) -> tuple[str, ...]:
        """The chapters whose notebooks are handed in, in the order of the file."""
        return tuple(dict.fromkeys(task.chapter for task in self.tasks))

    def keep(self, arrived: datetime.datetime, due: datetime.datetime) -> Decimal:
        """The share of the points that is kept: 1 until due + grace, then that of the last row of the table whose time
        has passed.  Grace moves the due date only, not the rows."""
        if arrived <= due + self.grace:
            return Decimal(1)
        return min((row.keep for row in self.late if arrived > row.starts(due, self.zone)), default=Decimal(1))

    @classmethod
    def read(cls, path: pathlib.Path) -> "Assignment":
        """Raises CourseError, one sentence: file, key, what was expected, what came."""
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
        except OSError as error:
            raise CourseError(say("{file} cannot be read: {error}.", file=path, error=error.strerror)) from None
        except UnicodeDecodeError:
            raise CourseError(say("{file} is not UTF-8 text.", file=path)) from None
        except tomllib.TOMLDecodeError as error:
            raise CourseError(say("{file} is no TOML: {error}.", file=path, error=error)) from None
        return _File(path, found).assignment()


def moment(local: datetime.datetime, zone: zoneinfo.ZoneInfo) -> datetime.datetime:
    """A local time in UTC; the later reading of one that the zone has twice or not at all."""
    readings = (local.replace(tzinfo=zone, fold=fold).astimezone(datetime.UTC) for fold in (0, 1))
    return max(readings)


class _File:
    """Reads the keys of one file; the first that is wrong ends it."""

    def __init__(self, path: pathlib.Path, found: Mapping[str, Any]) -> None:
        self.path = path
        self.found = found

    def assignment(self) -> Assignment:
        self._known(self.found, (*_KEYS, *_TABLES), "")
        name = self._text(self.found, "name", "")
        if not _NAME.fullmatch(name):
            raise self._wrong("name", say("letters, digits, - and _"), name)
        zone = self._zone()
        due = self._moment(self.found, "due", "", zone)
        attempts = self.found.get("attempts", _NOTHING)
        if attempts not in ATTEMPTS:
            raise self._wrong("attempts", say('"last" or "best"'), attempts)
        grace = self._number(self.found, "grace_minutes", "", above=False, default=Decimal(0))
        return Assignment(
            name=name,
            title=self._text(self.found, "title", ""),
            zone=zone,
            due=due,
            maximum=self._number(self.found, "maximum", ""),
            attempts=attempts,
            tasks=self._tasks(),
            late=self._late(),
            extensions=self._extensions(zone, due),
            grace=datetime.timedelta(seconds=float(grace * 60)),
            decimals=self._decimals(),
        )

    def _tasks(self):
        tasks: dict[str, Task] = {}
        for where, row in self._rows("exercise", needed=True):
            id = self._text(row, "id", where)
            if id in tasks:
                raise self._wrong(f"{where}id", say("each exercise once"), id)
            worth, is_written = self._worth(id, where)
            tasks[id] = Task(id, self._number(row, "points", where, default=worth), worth, is_written)
        return tuple(tasks.values())

    def _worth(self, id, where):
        chapter, _, cell = id.partition("/")
        if chapter not in manifest.chapters():
            expected = say("an exercise of one of the chapters {names}", names=", ".join(manifest.chapters()))
            raise self._wrong(f"{where}id", expected, id)
        known, kinds = manifest.exercise(id), manifest.of_chapter(chapter)["kinds"]
        if known and sum(known["points"].values()) > 0:
            return _exact(sum(known["points"].values())), False
        if kinds.get(cell, {}).get("kind") == "manual":
            written = next(one for one in manifest.cells(chapter, "en") if one["id"] == cell)
            return _exact(written["metadata"]["nbgrader"]["points"]), True
        names = [*manifest.of_chapter(chapter)["exercises"], *(id for id in kinds if kinds[id]["kind"] == "manual")]
        expected = say("one of the exercises {names}", names=", ".join(f"{chapter}/{name}" for name in names))
        raise self._wrong(f"{where}id", expected, id)

    def _late(self):
        rows: list[LateRow] = []
        for where, row in self._rows("late", needed=True):
            text = self._text(row, "after", where)
            found = _AFTER.fullmatch(text)
            if not found:
                raise self._wrong(f"{where}after", say('hours or whole days, such as "12h" or "2d"'), text)
            keep = self._number(row, "keep", where, above=False, most=1)
            late = LateRow(int(found["days"] or 0), Decimal(found["hours"] or 0), keep)
            if rows and late.days * 24 + late.hours <= rows[-1].days * 24 + rows[-1].hours:
                raise self._wrong(f"{where}after", say("a longer time than in the row before"), text)
            if rows and keep >= rows[-1].keep:
                raise self._wrong(f"{where}keep", say("a smaller share than in the row before"), keep)
            rows.append(late)
        return tuple(rows)

    def _extensions(self, zone, due):
        extensions: dict[str, Extension] = {}
        for where, row in self._rows("extension"):
            student = self._text(row, "student", where)
            if student in extensions:
                raise self._wrong(f"{where}student", say("each student once"), student)
            until = self._moment(row, "due", where, zone)
            if until <= due:
                raise self._wrong(f"{where}due", say("a time after {due}", due=_shown(self.found["due"])), row["due"])
            reason = self._text(row, "reason", where) if "reason" in row else ""
            extensions[student] = Extension(student, until, reason)
        return tuple(extensions.values())

    def _rows(self, name, needed=False):
        rows = self.found.get(name, _NOTHING if needed else [])
        if not isinstance(rows, list) or (needed and not rows) or not all(isinstance(row, dict) for row in rows):
            raise self._wrong(name, say("tables, each under a line [[{name}]]", name=name), rows)
        for number, row in enumerate(rows, 1):
            where = f"[[{name}]] {number}, "
            self._known(row, _TABLES[name], where)
            yield where, row

    def _zone(self):
        name = self._text(self.found, "timezone", "")
        try:
            return zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            if not zoneinfo.available_timezones():
                raise CourseError(say("This system knows no time zones: pip install tzdata")) from None
            expected = say("the name of a time zone, such as America/Sao_Paulo or Europe/Lisbon")
            raise self._wrong("timezone", expected, name) from None

    def _moment(self, table, key, where, zone):
        value = table.get(key, _NOTHING)
        if not isinstance(value, datetime.datetime) or not 2000 <= value.year <= 2200:
            raise self._wrong(where + key, say("a date with its time, such as 2026-11-20T23:59:00"), value)
        return moment(value, zone) if value.tzinfo is None else value.astimezone(datetime.UTC)

    def _text(self, table, key, where):
        value = table.get(key, _NOTHING)
        if not isinstance(value, str) or not value.strip():
            raise self._wrong(where + key, say("a text between quotes"), value)
        return value.strip()

    def _number(self, table, key, where, *, above=True, most=MOST, default=None):
        """A decimal number, more than 0 or at least 0."""
        if key not in table and default is not None:
            return default
        value = table.get(key, _NOTHING)
        if type(value) in (int, Decimal):
            number = Decimal(value)
            fits = number.is_finite() and 0 <= number <= most and (number > 0 or not above)
            if fits and number.as_tuple().exponent >= -PLACES:
                return number
        if above:
            expected = say("a number above 0, at most {most}, with at most {places} decimals", most=most, places=PLACES)
        else:
            expected = say("a number from 0 to {most} with at most {places} decimals", most=most, places=PLACES)
        raise self._wrong(where + key, expected, value)

    def _decimals(self):
        value = self.found.get("decimals", 2)
        if type(value) is not int or not 0 <= value <= 4:
            raise self._wrong("decimals", say("a whole number from 0 to 4"), value)
        return value

    def _known(self, table, keys, where):
        for key in table:
            if key not in keys:
                expected = say("one of the keys {names}", names=", ".join(keys))
                raise self._wrong(where.removesuffix(", ") or say("a key"), expected, key)

    def _wrong(self, key, expected, got):
        what = {"file": self.path, "key": key, "expected": expected, "got": _shown(got)}
        return CourseError(say("{file}: {key}: expected {expected}, got {got}.", **what))


def _exact(points):
    """A float of the manifest as the decimal number that it is written as."""
    return Decimal(f"{points:.10g}")


def _shown(value):
    """A value of the file as it stands there, shortened."""
    if value is _NOTHING:
        return say("nothing")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    text = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
