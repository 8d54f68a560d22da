"""Final marks: which attempt counts, what being late takes off, and a log in which no mark falls silently.

A notebook is handed in chapter by chapter, so lateness and the attempt that counts are decided for each chapter of an
assignment.  With p the points of an exercise in the assignment, w those in the chapter and e those earned:

    points of an exercise = p · e / w,    kept = Σ keep(chapter) · points,    mark = maximum · kept / Σ p

All of it is exact (`fractions.Fraction`), and each number is rounded once, when it is shown: to the assignment's
decimals, halves up.  The sum of rounded points may therefore differ from the rounded sum in the last digit.

Attempts: what arrived too late is as if it had not been handed in.  "last" takes the last that was accepted, late or
not; "best" the one with the most points after the penalty, of equals the first, which for a sum over chapters is the
best for the final mark too.  A file that could not be read replaces no file that could.
"""

import csv
import datetime
import json
import os
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from dlbook.course.errors import CourseError
from dlbook.grading import export
from dlbook.grading.assignment import Assignment
from dlbook.grading.journal import Record
from dlbook.grading.roster import Entry, Roster
from dlbook.language import say

STATUSES = {
    "graded": "handed in, all that counts in time",
    "late": "some of what counts was late and lost points",
    "extended": "what counts came after the due date, within an extension",
    "absent": "nothing was handed in: 0",
    "not accepted": "all that was handed in came too late: 0",
    "error": "the grader failed on what counts: no mark, a person looks at it",
    "unknown id": "of nobody, or of several, in the class list: no mark",
}
COLUMNS = ("student", "number", "name", "email", "status", "points", "penalty", "mark", "maximum")
"""Of the table; then a column for each exercise, and three more: arrived, waiting, notes."""


@dataclass(frozen=True)
class Counted:
    """The attempt that counts for a chapter; arrived : ISO 8601 in the assignment's zone, "" where it is not known;
    keep : the share of points that lateness leaves; key : of the verdict."""

    chapter: str
    key: str
    arrived: str
    keep: Decimal


@dataclass(frozen=True)
class Mark:
    """One student's mark for an assignment.

    student : `Entry.id`, or of an unknown id what intake found.  points : by exercise, before the penalty; raw : their
    sum; penalty : points that lateness took.  mark : out of `maximum`, None where there is none (see `STATUSES`).
    waiting : written answers that no person has marked yet, which count 0 until then.
    """

    assignment: str
    student: str
    entry: Entry
    status: str
    points: dict[str, Decimal]
    raw: Decimal
    penalty: Decimal
    mark: Decimal | None
    maximum: Decimal
    counted: tuple[Counted, ...] = ()
    waiting: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Of the verdicts that it rests on."""
        return tuple(one.key for one in self.counted)

    def exported(self) -> export.Mark:
        """For `export.nbgrader`, `moodle` and `canvas`: the final mark out of the maximum.  What has no mark there is
        an error's row, which a learning platform gets empty."""
        return export.Mark(
            student=self.student,
            email=self.entry.email,
            number=self.entry.number,
            name=self.entry.name,
            assignment=self.assignment,
            score=float(self.mark or 0),
            max_score=float(self.maximum),
            status="error" if self.mark is None else self.status,
            arrived=max((one.arrived for one in self.counted if one.arrived), key=_moment, default=""),
        )


@dataclass(frozen=True)
class _Attempt:
    """A verdict on time enough to count; points : exact, by exercise."""

    record: Record
    arrived: datetime.datetime | None
    keep: Decimal
    points: dict[str, Fraction]

    @property
    def kept(self) -> Fraction:
        return Fraction(self.keep) * sum(self.points.values(), Fraction(0))


def marks(
    assignment: Assignment,
    roster: Roster,
    records: Iterable[Record],
    given: Mapping[str, Mapping[str, float | Decimal]] | None = None,
) -> list[Mark]:
    """One mark for each student of the class list, in its order, then one for each unknown id that handed something in.

    records : all verdicts of all students, of any chapter; those of chapters that the assignment does not have are left
    out.  given : what a person gave for written answers, by student (as `Roster.match` takes him) and by id of the
    answer ("07-network/why"), out of what the answer is worth in the chapter.
    Raises CourseError for an extension or given points of somebody who is not in the list, two extensions of one
    person, and given points for what is no written answer of the assignment or more than it is worth.
    """
    due = _dues(assignment, roster)
    by_hand = _given(assignment, roster, given or {})
    known: dict[str, list[Record]] = {entry.id: [] for entry in roster.entries}
    unknown: dict[str, list[Record]] = {}
    several: dict[str, list[Entry]] = {}
    for record in records:
        if record.assignment in assignment.chapters:
            owners = roster.owners(record)
            if len(owners) == 1:
                known[owners[0].id].append(record)
            else:
                unknown.setdefault(record.student, []).append(record)
                several[record.student] = owners
    found = [
        _mark(assignment, entry, known[entry.id], due.get(entry.id, assignment.due), by_hand.get(entry.id, {}))
        for entry in roster.entries
    ]
    for student, own in sorted(unknown.items()):
        said = say("the class list has nobody of this name")
        if several[student]:
            names = ", ".join(sorted(entry.id for entry in several[student]))
            said = say("the class list has several whom this could be: {names}", names=names)
        listed = _mark(assignment, Entry(), own, assignment.due, {})
        found.append(replace(listed, student=student, status="unknown id", mark=None, notes=(said, *listed.notes)))
    return found


def _mark(assignment, entry, records, due, by_hand):
    """The mark of one student, of his records alone."""
    notes, waiting, counted, points = [], [], [], dict.fromkeys((task.id for task in assignment.tasks), Fraction(0))
    kept, failed, missing, refused = Fraction(0), False, [], False
    for chapter in assignment.chapters:
        tasks = [task for task in assignment.tasks if task.chapter == chapter]
        own = [record for record in records if record.assignment == chapter]
        attempts = [one for record in own if (one := _attempt(assignment, record, tasks, due, by_hand)).keep > 0]
        refused |= len(attempts) < len(own)
        if own and len(attempts) < len(own):
            number = len(own) - len(attempts)
            notes.append(say("{chapter}: {number} too late to be accepted", chapter=chapter, number=number))
        if not attempts:
            if not own:
                missing.append(chapter)
            notes += [say("{id}: points were given, but nothing counts", id=t.id) for t in tasks if t.id in by_hand]
            continue
        best = _counting(attempts, assignment.attempts)
        kept += best.kept
        points |= best.points
        failed |= best.record.status == "error"
        waiting += [task.id for task in tasks if task.cell in best.record.written and task.id not in by_hand]
        arrived = best.arrived.astimezone(assignment.zone).isoformat() if best.arrived else ""
        counted.append(Counted(chapter, best.record.key, arrived, best.keep))
        notes += _notes(best, attempts, tasks)
    if counted or refused:
        notes += [say("{chapter}: nothing was handed in", chapter=chapter) for chapter in missing]
    raw, full = sum(points.values(), Fraction(0)), Fraction(assignment.points)
    places = assignment.decimals
    mark = rounded(Fraction(assignment.maximum) * kept / full, places)
    return Mark(
        assignment=assignment.name,
        student=entry.id,
        entry=entry,
        status="error" if failed else _status(assignment, counted, refused),
        points={id: rounded(value, places) for id, value in points.items()},
        raw=rounded(raw, places),
        penalty=rounded(raw - kept, places),
        mark=None if failed else mark,
        maximum=assignment.maximum,
        counted=tuple(counted),
        waiting=tuple(waiting),
        notes=tuple(notes),
    )


def _attempt(assignment, record, tasks, due, by_hand):
    """A verdict with its points; one whose time is not known is taken as in time."""
    arrived = _moment(record.arrived)
    keep = Decimal(1) if arrived is None else assignment.keep(arrived, due)
    return _Attempt(record, arrived, keep, {task.id: _points(record, task, by_hand) for task in tasks})


def _points(record, task, by_hand):
    """Exact points of one exercise: the share of its tests' points, or what a person gave."""
    if task.is_written:
        return Fraction(task.points) * by_hand.get(task.id, Fraction(0)) / Fraction(task.worth)
    results = [result for result in record.results if result.exercise == task.cell]
    worth = sum((_exact(result.worth) for result in results), Fraction(0))
    earned = sum((_exact(result.points) for result in results), Fraction(0))
    return Fraction(task.points) * earned / worth if worth else Fraction(0)


def _counting(attempts: Sequence[_Attempt], how: str) -> _Attempt:
    """The one that counts; where grading failed on one, that is no 0: it counts as the last, never as the best while
    there is another."""
    readable = [one for one in attempts if one.record.status != "unreadable"] or attempts
    start = datetime.datetime.min.replace(tzinfo=datetime.UTC)
    in_order = sorted(readable, key=lambda one: one.arrived or start)
    if how == "last":
        return in_order[-1]
    return max(in_order, key=lambda one: (one.record.status != "error", one.kept))


def _notes(best, attempts, tasks):
    """What the instructor should know of the attempt that counts."""
    chapter, found = best.record.assignment, []
    if attempts[1:]:
        found.append(say("{chapter}: of {number} attempts, {file} counts", **_named(best, attempts)))
    if best.arrived is None:
        found.append(say("{chapter}: the time of arrival is not known, taken as in time", chapter=chapter))
    if best.record.status != "graded" and best.record.reason:
        found.append(f"{chapter}: {best.record.reason}")
    if best.record.results and any(_has_other_tests(best.record, task) for task in tasks):
        found.append(say("{chapter}: judged by other tests than the chapter has now: grade it again", chapter=chapter))
    if best.record.status != "error" and any(one.record.status == "error" for one in attempts):
        found.append(say("{chapter}: grading failed on another attempt: grade it again", chapter=chapter))
    return found


def _named(best, attempts):
    return {"chapter": best.record.assignment, "number": len(attempts), "file": best.record.file}


def _has_other_tests(record, task):
    worth = sum(result.worth for result in record.results if result.exercise == task.cell)
    return not task.is_written and _exact(worth) != Fraction(task.worth)


def _status(assignment, counted, refused):
    if not counted:
        return "not accepted" if refused else "absent"
    if any(one.keep < 1 for one in counted):
        return "late"
    last = assignment.due + assignment.grace
    if any((arrived := _moment(one.arrived)) and arrived > last for one in counted):
        return "extended"
    return "graded"


def _dues(assignment, roster):
    """The due date of each student who has an extension."""
    dues: dict[str, datetime.datetime] = {}
    for extension in assignment.extensions:
        entry = roster.match(extension.student)
        if entry is None or entry.id in dues:
            said = say("{name}: [[extension]] of {student}", name=assignment.name, student=extension.student)
            raise CourseError(_nobody(said) if entry is None else say("{what}: this person has another.", what=said))
        dues[entry.id] = extension.due
    return dues


def _given(assignment, roster, given):
    """Points that a person gave, exact, by student and answer."""
    tasks = {task.id: task for task in assignment.tasks if task.is_written}
    found: dict[str, dict[str, Fraction]] = {}
    for student, cells in given.items():
        entry = roster.match(student)
        if entry is None:
            raise CourseError(_nobody(say("{name}: points given to {student}", name=assignment.name, student=student)))
        for id, points in cells.items():
            what = say("{name}: points given to {student} for {id}", name=assignment.name, student=student, id=id)
            if id not in tasks:
                names = ", ".join(tasks) or say("none")
                raise CourseError(say("{what}: expected one of the written answers: {names}.", what=what, names=names))
            if not 0 <= float(points) <= tasks[id].worth:
                most = tasks[id].worth
                raise CourseError(say("{what}: expected 0 to {most}, got {got}.", what=what, most=most, got=points))
            found.setdefault(entry.id, {})[id] = _exact(points)
    return found


def _nobody(what):
    return say("{what}: expected exactly one person of the class list.", what=what)


def rounded(value: Fraction, places: int) -> Decimal:
    """An exact number >= 0 to `places` decimals, halves up."""
    scaled = value * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole).scaleb(-places)


def _exact(points):
    """A float as the decimal number that it is written as: 0.1 is one tenth."""
    return Fraction(points) if isinstance(points, Decimal) else Fraction(f"{points:.10g}")


def _moment(arrived):
    """A time with its zone in UTC; None for anything else."""
    try:
        found = datetime.datetime.fromisoformat(arrived)
        return found.astimezone(datetime.UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def write_csv(path: pathlib.Path, marks: Sequence[Mark]) -> None:
    """The marks of one assignment as a table in UTF-8, whole or not at all; no cell is a formula to a spreadsheet."""
    exercises = list(marks[0].points) if marks else []
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with unfinished.open("w", encoding="utf8", errors="backslashreplace", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([*COLUMNS, *exercises, "arrived", "waiting", "notes"])
        for mark in marks:
            numbers = [mark.raw, mark.penalty, "" if mark.mark is None else mark.mark, mark.maximum]
            row = [mark.student, mark.entry.number, mark.entry.name, mark.entry.email, mark.status, *numbers]
            row += [mark.points[id] for id in exercises]
            row += [" ".join(one.arrived for one in mark.counted if one.arrived), " ".join(mark.waiting)]
            table.writerow([export.inert(str(cell)) for cell in [*row, "; ".join(mark.notes)]])
    os.replace(unfinished, path)


@dataclass(frozen=True)
class Change:
    """A mark that became another; old : None where there was none; why : the keys of the verdicts that it rests on;
    held : the old mark stays; reason : a person's, who let it fall."""

    when: str
    assignment: str
    student: str
    old: Decimal | None
    new: Decimal
    why: tuple[str, ...]
    held: bool = False
    reason: str = ""

    def line(self) -> str:
        """The change as one line of JSON."""
        told = {**vars(self), "old": None if self.old is None else str(self.old), "new": str(self.new)}
        return json.dumps(told, sort_keys=True) + "\n"

    @classmethod
    def parse(cls, line: str) -> "Change":
        """Raises ValueError where the line is no change."""
        try:
            found = json.loads(line)
            old, new = found.pop("old"), Decimal(found.pop("new"))
            return cls(old=None if old is None else Decimal(old), new=new, **{**found, "why": tuple(found["why"])})
        except (KeyError, TypeError, AttributeError, InvalidOperation) as error:
            raise ValueError(f"no change of a mark: {error}") from None


class Ledger:
    """The log of all changes of marks, a line of JSON each, only ever added to; one writer at a time.

    A line that a crash left unfinished at the end was never confirmed: it is left out, and cut off before the next one.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def changes(self) -> list[Change]:
        """All changes, oldest first.  Raises CourseError for a damaged line before the last."""
        return self._read()[0]

    def standing(self, marks: Iterable[Mark]) -> list[Mark]:
        """The marks as the log has them: where a lower one is held, the old one, with a note."""
        stands = _standing(self.changes())
        found = []
        for mark in marks:
            old = stands.get((mark.assignment, mark.student))
            if mark.mark is not None and mark.status != "unknown id" and old is not None and old > mark.mark:
                note = say("{new} is held: {old} stays until a person lets it fall", new=mark.mark, old=old)
                mark = replace(mark, mark=old, notes=(*mark.notes, note))
            found.append(mark)
        return found

    def update(
        self,
        marks: Iterable[Mark],
        *,
        allow_lower: bool = False,
        reason: str = "",
        now: datetime.datetime | None = None,
    ) -> list[Change]:
        """Write every change of a mark, and return those that lower one.  These are held, and the old mark stays, until
        `allow_lower` lets them through for a reason, which is written down too.

        Where there is no mark (an unknown id, a failure of the grader) nothing changes.  A change that is held already
        is not written again, but is returned again; a mark that comes back to the old one ends the holding.
        now : for tests, the time without it.
        Raises CourseError for `allow_lower` without a reason, and for a damaged log.
        """
        if allow_lower and not reason.strip():
            raise CourseError(say("Marks are lowered only for a reason: expected one, got none."))
        when = (now or datetime.datetime.now(datetime.UTC)).isoformat(timespec="seconds")
        earlier, whole = self._read()
        stands, held = _standing(earlier), _held(earlier)
        lowered, written = [], []
        for mark in marks:
            of = (mark.assignment, mark.student)
            old = stands.get(of)
            if mark.mark is None or (mark.mark == old and of not in held):
                continue
            falls = old is not None and mark.mark < old
            change = Change(when, *of, old, mark.mark, mark.keys, falls and not allow_lower, reason if falls else "")
            if falls:
                lowered.append(change)
            if not (change.held and of in held and (held[of].new, held[of].why) == (change.new, change.why)):
                written.append(change)
        if written:
            self._append(written, whole)
        return lowered

    def _read(self):
        """The changes, and how many bytes of the file are whole lines."""
        content = self.path.read_bytes() if self.path.exists() else b""
        *lines, rest = content.split(b"\n")
        found, whole = [], 0
        for number, line in enumerate(lines, 1):
            try:
                found.append(Change.parse(line.decode("utf8")))
            except ValueError:
                if number < len(lines) or rest:
                    raise CourseError(
                        say(
                            "{file}: line {number} is damaged, marks may be missing: restore the file from a copy.",
                            file=self.path,
                            number=number,
                        )
                    ) from None
                break
            whole += len(line) + 1
        return found, whole

    def _append(self, changes, whole):
        is_new = not self.path.exists()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.truncate(whole)
            file.write("".join(change.line() for change in changes).encode("utf8"))
            file.flush()
            os.fsync(file.fileno())
        if is_new and os.name == "posix":
            descriptor = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _standing(changes):
    """The mark that counts, by assignment and student."""
    return {(one.assignment, one.student): one.new for one in changes if not one.held}


def _held(changes):
    """The changes that wait for a person: those after which nothing else was written."""
    last = {(one.assignment, one.student): one for one in changes}
    return {of: one for of, one in last.items() if one.held}
