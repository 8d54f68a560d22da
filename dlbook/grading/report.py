"""What an instructor takes out of a folder of grades: tables for the LMS, feedback, item analysis, similarity.

It reads the journal and the gradebook alone: no submission is opened again, and nothing of a student's runs.
"""

import datetime
import os
import pathlib
import statistics
import urllib.parse
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from dlbook.course import build
from dlbook.course.errors import CourseError
from dlbook.grading import export, feedback, grade, gradebook, items, journal, similarity
from dlbook.grading import marks as semester
from dlbook.grading import private as overlay
from dlbook.grading.assignment import Assignment
from dlbook.grading.journal import Record
from dlbook.grading.retention import expired
from dlbook.grading.roster import Roster
from dlbook.language import LANGUAGES, current, say, speaking

FOLDER = "report"
RETENTION = "RETENTION.txt"
PSEUDONYMS = "pseudonyms.csv"


@dataclass
class _Assignment:
    """One assignment of the class, and what was written of it."""

    name: str
    records: list[Record]
    marks: dict[str, gradebook.Marks]
    files: list[pathlib.Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pairs: int = 0


def write(
    out: pathlib.Path,
    *,
    solutions: pathlib.Path,
    language: str = "en",
    assignments: Sequence[str] = (),
    formats: Collection[str] = tuple(export.FORMATS),
    with_feedback: bool = True,
    secret: bytes = b"",
    pseudonym_table: bool = False,
    retention: float | None = None,
    roster: Roster | None = None,
    now: datetime.datetime | None = None,
    track: Callable[[Iterable[Record], int], Iterable[Record]] = lambda records, total: records,
    tell: Callable[[str], object] = lambda sentence: None,
) -> list[pathlib.Path]:
    """Write out/report/<assignment>/ and out/feedback/<student>/, and return the files; report/index.html links them.

    language : of the reports and tables; feedback speaks that of the submission.  assignments : all that have verdicts
    without it.  formats : of the tables of marks, keys of `export.FORMATS`.
    secret : shows pseudonyms in place of names in the similarity report; only `pseudonym_table` writes whose they are.
    retention : days after which the folder is due to be deleted: out/RETENTION.txt says when, and what is due `now`;
    nothing is deleted.  roster : finds a student's number, email and name.  track : shows progress while it yields the
    records that it is given.  tell : gets a sentence for each thing that a person should know, such as a table that
    could not be written; they stand in the index too.
    Raises CourseError for a folder without verdicts or without those of an assignment, an unknown format, or a
    retention below 0.
    """
    known = journal.assignments(out)
    if not known:
        raise CourseError(f"{out} holds no verdicts: expected what `dlbook grade --out` wrote.")
    if unknown := sorted(set(assignments) - set(known)):
        raise CourseError(f"{out} holds no verdicts on {', '.join(unknown)}; it holds those on {', '.join(known)}.")
    if odd := sorted(set(formats) - set(export.FORMATS)):
        raise CourseError(f"There is no format {', '.join(odd)}; there are {', '.join(export.FORMATS)}.")
    if retention is not None and retention < 0:
        raise CourseError(f"{retention:g} days of retention: expected 0 or more.")
    with speaking(language):
        due = _due(out, retention, now or datetime.datetime.now(datetime.UTC)) if retention is not None else None
        chosen = [_read(out, name) for name in known if name in assignments or not assignments]
        students = sorted({record.student for one in chosen for record in one.records})
        called = export.pseudonyms(students, secret) if secret else {}
        for one in (one for one in chosen if one.records):
            _of_assignment(out, one, grade.load(one.name, solutions), formats, roster, called)
            if with_feedback:
                _feedback(out, one, called, track)
        files = [path for one in chosen for path in one.files]
        notes = [note for one in chosen for note in one.notes]
        if called and pseudonym_table:
            rows = [[say("Pseudonym"), say("Student")], *sorted([name, student] for student, name in called.items())]
            files.append(_put(out / FOLDER / PSEUDONYMS, export._table(rows, current())))
        if due is not None:
            text, note = due
            files.append(_put(out / RETENTION, text.encode("utf8", "backslashreplace")))
            notes.append(note)
        files.append(_put(out / FOLDER / "index.html", _index(out, known, chosen, notes)))
    for note in notes:
        tell(note)
    return files


def write_marks(
    out: pathlib.Path,
    assignment: Assignment,
    roster: Roster,
    *,
    language: str = "en",
    allow_lower: bool = False,
    reason: str = "",
) -> tuple[list[pathlib.Path], list[semester.Mark], list[semester.Change]]:
    """The final marks of an assignment of several chapters, from all attempts in the journal and what a person gave.

    Writes out/marks/<name>.csv and tables for Moodle, Canvas and nbgrader beside it; every change of a mark goes to
    out/marks/ledger.jsonl.  Returns the files, the marks, and the changes that lower one: these are held, and the old
    mark stays, unless `allow_lower` comes with a reason.  Raises CourseError.
    """
    known = [chapter for chapter in assignment.chapters if chapter in journal.assignments(out)]
    if not known:
        raise CourseError(f"{out} holds no verdicts on {', '.join(assignment.chapters)}: run `dlbook grade` first.")
    records = [record for chapter in known for record in journal.of_assignment(out, chapter)]
    given: dict[str, dict[str, float]] = {}
    written = {task.id for task in assignment.tasks if task.is_written}
    for chapter in known:
        for student, found in gradebook.marks(out / "gradebook.db", chapter).items():
            points = {f"{chapter}/{cell}": found.scores[cell] for cell in found.by_hand}
            mine = {cell: score for cell, score in points.items() if cell in written}
            if mine and roster.match(student) is not None:
                given.setdefault(student, {}).update(mine)
    ledger = semester.Ledger(out / "marks" / "ledger.jsonl")
    with speaking(language):
        marks = semester.marks(assignment, roster, records, given)
        lowered = ledger.update(marks, allow_lower=allow_lower, reason=reason)
        marks = ledger.standing(marks)
        files = [out / "marks" / f"{assignment.name}.csv"]
        files[0].parent.mkdir(parents=True, exist_ok=True)
        semester.write_csv(files[0], marks)
        listed = [mark.exported() for mark in marks if mark.status != "unknown id"]
        for name, export_as in export.FORMATS.items():
            if name == "moodle" and not all(mark.number for mark in listed):
                continue
            files.append(out / "marks" / f"{assignment.name}-{name}.csv")
            files[-1].write_bytes(export_as(listed, language))
    return files, marks, lowered


def explain(
    out: pathlib.Path, student: str, exercise: str, *, solutions: pathlib.Path, private: pathlib.Path | None = None
) -> str:
    """One verdict as text: the answer, and each of its tests with its source, its points and what it said.

    For the instructor: the hidden tests are in it, those of a `private` folder too.
    Raises CourseError for a student or an exercise without verdict.
    """
    assignment, _, name = exercise.partition("/")
    if assignment not in journal.assignments(out):
        raise CourseError(f"{out} holds no verdicts on {assignment}; it holds those on {journal.assignments(out)}.")
    found = {record.student: record for record in journal.of_assignment(out, assignment).counting()}
    if student not in found:
        raise CourseError(f"{out} holds no verdict on {student}; there are {len(found)} students in it.")
    record = found[student]
    chapter = grade.load(assignment, solutions)
    page = (overlay.load(chapter, private) if private is not None else chapter).pages[record.language]
    if name not in {cell.id for cell in page.of_kind("exercise")}:
        names = ", ".join(cell.id for cell in page.of_kind("exercise"))
        raise CourseError(f"{assignment} has no exercise {name!r}; it has {names}.")
    lines = [f"{student}: {exercise}, {record.status}, {record.tier}, {record.arrived}", *record.repairs, record.reason]
    lines += ["", record.answers.get(name, ""), ""]
    for result in (one for one in record.results if one.exercise == name):
        kind = "hidden test" if result.hidden else "test"
        lines.append(f"--- {kind} {result.test}: {result.points:g} of {result.worth:g} ({result.key or 'passed'})")
        source = next((cell.source for cell in page.cells if cell.id == result.test), "# in the private folder")
        lines += [source.strip(), *([f"✗ {result.message}"] if result.message else []), ""]
    return "\n".join(lines)


def _read(out, assignment) -> _Assignment:
    """The verdicts that count, and their marks.  One that was erased (`retention.forget`) counts no more."""
    book = journal.of_assignment(out, assignment)
    try:
        records = [book.read(key) for _, key in sorted(book.current().items()) if key in book]
    except ValueError as error:
        raise CourseError(f"{book.folder} is damaged: {error}.  Grade the class again.") from None
    if strange := sorted({record.assignment for record in records} - {assignment}):
        raise CourseError(f"{book.folder} holds verdicts on {', '.join(strange)}: expected those on {assignment}.")
    if not records:
        said = say("{assignment}: no verdict counts yet; a run must end first.", assignment=assignment)
        return _Assignment(assignment, [], {}, notes=[said])
    known = gradebook.marks(out / "gradebook.db", assignment)
    of_tests = gradebook.Marks
    marks = {r.student: known.get(r.student) or of_tests({one.test: one.points for one in r.results}) for r in records}
    return _Assignment(assignment, records, marks)


def _of_assignment(out, one, chapter, formats, roster, called):
    tables = _tables(one, formats, roster)
    rows = [[record.student, sentence] for record in one.records for sentence in record.repairs]
    head = [say("Student"), say("What was repaired or left out")]
    pairs = _similar(chapter, one.records)
    one.pairs = len(pairs)
    title = say("Similar answers in {assignment}", assignment=one.name)
    pages = {
        "items.html": items.page(items.analyse(one.records), current()),
        "similarity.html": similarity.page(pairs, current(), title=title, names=called),
    }
    contents = {f"{name}.csv": content for name, content in tables.items()}
    contents |= {name: text.encode("utf8", "backslashreplace") for name, text in pages.items()}
    contents["repairs.csv"] = export._table([head, *rows], current())
    for name in {f"{name}.csv" for name in export.FORMATS} - contents.keys():
        (out / FOLDER / one.name / name).unlink(missing_ok=True)
    one.files += [_put(out / FOLDER / one.name / name, content) for name, content in contents.items()]


def _tables(one, formats, roster) -> dict[str, bytes]:
    """The tables of marks by format; what Moodle would not take is a note instead."""
    marks = [_mark(record, one.marks[record.student], roster) for record in one.records]
    found = {name: export.FORMATS[name](marks, current()) for name in formats if name != "moodle"}
    if "moodle" not in formats:
        return found
    counts = {name: sum(bool(getattr(mark, name).strip()) for mark in marks) for name in export.IDENTIFIERS}
    identify = max(counts, key=lambda name: counts[name])
    named = [mark for mark in marks if getattr(mark, identify).strip()]
    if named:
        found["moodle"] = export.moodle(named, current(), identify=identify)
    else:
        said = say(
            "{assignment}: no table for Moodle, which knows students by ID number or email address alone: give a"
            " roster that has them.",
            assignment=one.name,
        )
        one.notes.append(said)
    if 0 < len(named) < len(marks):
        said = say(
            "{assignment}: {count} students are not in the table for Moodle: no ID number or email address of theirs is"
            " known.",
            assignment=one.name,
            count=len(marks) - len(named),
        )
        one.notes.append(said)
    return found


def _mark(record, own, roster) -> export.Mark:
    """The mark of a record: what the tests found, and what a person gave in formgrader."""
    entry = roster.match(record.student) if roster is not None else None
    return export.Mark(
        student=record.student,
        email=str(getattr(entry, "email", "") or ""),
        number=str(getattr(entry, "number", "") or ""),
        name=str(getattr(entry, "name", "") or ""),
        assignment=record.assignment,
        score=sum(own.scores.values()),
        max_score=record.max_score,
        status=record.status,
        arrived=record.arrived,
        late_penalty=own.late_penalty,
    )


def _similar(chapter: build.Chapter, records):
    """Pairs of similar answers, the published solution among them, without what was handed out in any language."""
    page = chapter.pages[LANGUAGES[0]]
    exercises = [cell.id for cell in page.of_kind("exercise")]
    stubs = {id: build.stub_of(page, id) for id in exercises}
    published = {id: _without_markers(page.cell(id).source) for id in exercises}
    given = [cell.source for one in chapter.pages.values() for cell in one.of_kind("given")]
    given += [build.stub_of(one, id, language) for language, one in chapter.pages.items() for id in exercises]
    return similarity.compare(records, stubs, published, given=dict.fromkeys(given))


def _without_markers(text):
    return "\n".join(
        line for line in text.split("\n") if line.strip() not in ("### BEGIN SOLUTION", "### END SOLUTION")
    )


def _feedback(out, one, called, track):
    """Everybody's feedback; one student's fault stops nobody else's."""
    pages = feedback.Writer(out, one.name, current())
    for record in track(one.records, len(one.records)):
        try:
            one.files += pages.write(record)
        except Exception as error:
            said = {"kind": type(error).__name__, "error": " ".join(str(error).split())[:200]}
            name = called.get(record.student, record.student)
            one.notes.append(f"{one.name}: {name}: {say('no feedback, {kind}: {error}', **said)}")


def _put(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.write_bytes(content)
    unfinished.replace(path)
    return path


def _index(out, known, chosen, notes) -> bytes:
    """The page that links what there is, of an assignment that this run left alone what an earlier one wrote."""
    done, rows = {one.name: one for one in chosen}, []
    for name in known:
        links = [_link(out, path) for path in sorted((out / FOLDER / name).glob("[!.]*"))]
        said = _line(done[name]) if name in done else say("not reported this time")
        rows.append([name, said, export.Html(" · ".join(links))])
    body = [export.table([say("Assignment"), say("Class"), say("Files")], rows)]
    if notes:
        body.append(f'<div class="notice">{"".join(f"<p>{export.shown(note)}</p>" for note in notes)}</div>')
    beside = [out / name for name in ("grades.csv", "gradebook.db", RETENTION, "feedback")]
    linked = (_link(out, path) for path in [*beside, out / FOLDER / PSEUDONYMS] if path.exists())
    body.append(f"<p>{' · '.join(linked)}</p>")
    return export.document(say("Reports"), "\n".join(body), current()).encode("utf8", "backslashreplace")


def _link(out, path):
    to = urllib.parse.quote(pathlib.Path(os.path.relpath(path, out / FOLDER)).as_posix())
    return f'<a href="{export.shown(to)}">{export.shown(path.name)}</a>'


def _line(one):
    """An assignment in one line: how many of each status, the mean, and what asks for a person."""
    if not one.records:
        return say("no verdict counts yet")
    counts, kinds = Counter(record.status for record in one.records), items._statuses()
    said = [", ".join(f"{kinds.get(status, status)}: {count}" for status, count in sorted(counts.items()))]
    totals = [sum(one.marks[r.student].scores.values()) for r in one.records if r.status in ("graded", "untouched")]
    if totals:
        mean, full = (items._number(value, ".4g") for value in (statistics.fmean(totals), one.records[0].max_score))
        said.append(say("mean {mean} of {full} points", mean=mean, full=full))
    waiting = sum(bool(own.waiting) for own in one.marks.values())
    if waiting:
        said.append(say("waiting for a person's mark: {count}", count=waiting))
    repaired = sum(bool(record.repairs) for record in one.records)
    if repaired:
        said.append(say("repaired: {count}", count=repaired))
    said.append(say("pairs of similar answers: {count}", count=one.pairs))
    return "; ".join(said)


def _due(out, days, now) -> tuple[str, str]:
    """When the folder is due, from its last verdict on, and what is due already: read before anything is written."""
    verdicts = [path.stat().st_mtime for path in (out / "journal").glob("*/*.json")]
    graded = datetime.datetime.fromtimestamp(max(verdicts), datetime.UTC) if verdicts else now
    date = (graded + datetime.timedelta(days=days)).date()
    late = [path.relative_to(out).as_posix() for path in expired(out, days, now) if path.name != RETENTION]
    note = say(
        "The folder is due to be deleted after {date}; files that are due already: {count}.", date=date, count=len(late)
    )
    lines = [
        say("This folder holds personal data of students: names, answers, marks."),
        say("It was last graded on {date} and is kept for {days} days.", date=graded.date(), days=f"{days:g}"),
        note,
        say("Nothing is deleted by itself: whoever is responsible deletes the folder and its copies."),
        *([""] if late else []),
        *("".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in name) for name in late),
    ]
    return "\n".join(lines) + "\n", note
