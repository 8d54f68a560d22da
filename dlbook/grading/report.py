"""What an instructor takes out of a folder of grades: tables for the LMS, feedback, item analysis, similarity.

It reads the journal and the gradebook alone: no submission is opened again, and nothing of a student's runs.
"""

import csv
import datetime
import io
import pathlib
from collections.abc import Callable, Iterable, Sequence

from dlbook.course import build
from dlbook.course.errors import CourseError
from dlbook.grading import export, feedback, grade, gradebook, items, journal, similarity
from dlbook.grading.journal import Record
from dlbook.language import LANGUAGES, say, speaking


def write(
    out: pathlib.Path,
    *,
    solutions: pathlib.Path,
    language: str = "en",
    assignments: Sequence[str] = (),
    with_feedback: bool = True,
    secret: bytes = b"",
    retention: int | None = None,
    now: datetime.datetime | None = None,
    track: Callable[[Iterable[Record], int], Iterable[Record]] = lambda records, total: records,
) -> list[pathlib.Path]:
    """Write out/report/<assignment>/ and out/feedback/<student>/, and return the files; report/index.html links them.

    language : of the reports and tables; feedback speaks that of the submission.  assignments : all that have verdicts
    without it.  secret : shows pseudonyms in place of names in the item analysis and the similarity report.
    retention : days after which the folder is due to be deleted, which out/RETENTION.txt then says.
    Raises CourseError for a folder without verdicts, or without those of an assignment.
    """
    known = journal.assignments(out)
    if not known:
        raise CourseError(f"{out} holds no verdicts: expected what `dlbook grade --out` wrote.")
    if unknown := sorted(set(assignments) - set(known)):
        raise CourseError(f"{out} holds no verdicts on {', '.join(unknown)}; it holds those on {', '.join(known)}.")
    written, listed = [], []
    for assignment in assignments or known:
        records = journal.of_assignment(out, assignment).counting()
        chapter = grade.load(assignment, solutions)
        with speaking(language):
            mine = _of_assignment(out, chapter, records, language, secret)
        written += mine
        listed.append((assignment, len(records), mine))
        if with_feedback:
            pages = feedback.Writer(out, assignment)
            for record in track(records, len(records)):
                written += pages.write(record)
    with speaking(language):
        written.append(_index(out, listed, language))
        if retention is not None:
            written.append(_retention(out, retention, now or datetime.datetime.now(datetime.UTC)))
    return written


def explain(out: pathlib.Path, student: str, exercise: str, *, solutions: pathlib.Path) -> str:
    """One verdict as text: the answer, and each of its tests with its source, its points and what it said.

    For the instructor: the hidden tests are in it.  Raises CourseError for a student or an exercise without verdict.
    """
    assignment, _, name = exercise.partition("/")
    if assignment not in journal.assignments(out):
        raise CourseError(f"{out} holds no verdicts on {assignment}; it holds those on {journal.assignments(out)}.")
    found = {record.student: record for record in journal.of_assignment(out, assignment).counting()}
    if student not in found:
        raise CourseError(f"{out} holds no verdict on {student}; there are {len(found)} students in it.")
    record = found[student]
    page = grade.load(assignment, solutions).pages[record.language]
    if name not in {cell.id for cell in page.of_kind("exercise")}:
        names = ", ".join(cell.id for cell in page.of_kind("exercise"))
        raise CourseError(f"{assignment} has no exercise {name!r}; it has {names}.")
    lines = [f"{student}: {exercise}, {record.status}, {record.tier}, {record.arrived}", *record.repairs, record.reason]
    lines += ["", record.answers.get(name, ""), ""]
    for result in (one for one in record.results if one.exercise == name):
        kind = "hidden test" if result.hidden else "test"
        lines.append(f"--- {kind} {result.test}: {result.points:g} of {result.worth:g} ({result.key or 'passed'})")
        lines += [page.cell(result.test).source.strip(), *([f"✗ {result.message}"] if result.message else []), ""]
    return "\n".join(lines)


def _of_assignment(out, chapter, records, language, secret):
    folder = out / "report" / chapter.name
    folder.mkdir(parents=True, exist_ok=True)
    marks = _marks(out, chapter, records)
    found = {"nbgrader.csv": export.nbgrader(marks, language), "canvas.csv": export.canvas(marks, language)}
    if all(mark.number for mark in marks):
        found["moodle.csv"] = export.moodle(marks, language)
    found["repairs.csv"] = _repairs(records)
    names = export.pseudonyms((record.student for record in records), secret) if secret else None
    page = chapter.pages[LANGUAGES[0]]
    exercises = page.of_kind("exercise")
    pairs = similarity.compare(
        records,
        {cell.id: build.stub_of(page, cell.id) for cell in exercises},
        {cell.id: cell.source for cell in exercises},
        given=[cell.source for cell in page.of_kind("given")],
    )
    found["items.html"] = items.page(items.analyse(records), language).encode()
    found["similarity.html"] = similarity.page(pairs, language, names=names).encode("utf8", "replace")
    if names:
        rows = [["student", "pseudonym"], *sorted(map(list, names.items()))]
        found["pseudonyms.csv"] = _csv(rows)
    for name, content in found.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in found]


def _marks(out, chapter, records):
    """A mark for each record: what the tests found, and what a person gave in formgrader."""
    given = gradebook.marks(out / "gradebook.db", chapter.name)
    return [
        export.Mark(
            student=record.student,
            email=record.student if "@" in record.student else "",
            name="",
            number=record.student if record.student.isdigit() else "",
            assignment=record.assignment,
            score=sum(given.get(record.student, gradebook.Marks()).scores.values()),
            max_score=record.max_score,
            status=record.status,
            arrived=record.arrived,
            late_penalty=given.get(record.student, gradebook.Marks()).late_penalty,
        )
        for record in records
    ]


def _repairs(records):
    rows = [[record.student, sentence] for record in records for sentence in record.repairs]
    return _csv([["student", "repair"], *rows])


def _csv(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([[export.inert(cell) for cell in row] for row in rows])
    return text.getvalue().encode("utf8", "backslashreplace")


def _index(out, listed, language):
    heads = (say("Assignment"), say("Students"), say("Reports"))
    rows = []
    for assignment, students, files in listed:
        links = " · ".join(f'<a href="{assignment}/{path.name}">{path.name}</a>' for path in files)
        rows.append([assignment, export.Number(students), export.Html(links)])
    path = out / "report" / "index.html"
    path.write_text(export.document(say("Reports"), export.table(heads, rows), language), encoding="utf8")
    return path


def _retention(out, days, now):
    until = (now + datetime.timedelta(days=days)).date().isoformat()
    path = out / "RETENTION.txt"
    said = say(
        "These grades are personal data. Keep them no longer than {date}, {days} days after this report.",
        date=until,
        days=days,
    )
    path.write_text(said + "\n", encoding="utf8")
    return path
