"""nbgrader's gradebook, in its own tables: formgrader and the exporters find cells and scores there."""

import datetime
import hashlib
import pathlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.dbutil import ALEMBIC_DIR
from nbgrader.preprocessors import ComputeChecksums, SaveCells
from sqlalchemy import bindparam, create_engine, insert, select, update
from sqlalchemy.exc import DatabaseError

from dlbook.course import build
from dlbook.course.errors import CourseError
from dlbook.grading.journal import Record


def prepare(path: pathlib.Path, chapter: build.Chapter) -> None:
    """Create the gradebook where it is missing, and write the assignment's cells into it.

    Raises CourseError where the file is no gradebook, or holds submissions to a version with other cells.
    """
    address = address_of(path)
    try:
        _stamp(address)
        with Gradebook(address) as book:
            book.update_or_create_assignment(chapter.name)
        _save_cells(address, chapter)
    except DatabaseError as error:
        raise CourseError(f"{path} is no gradebook that can be written ({error.orig}): choose another --out.") from None
    except RuntimeError:
        said = f"{path} holds submissions to a version of {chapter.name} with other cells: choose another --out."
        raise CourseError(said) from None


def save(path: pathlib.Path, chapter: build.Chapter, records: Sequence[Record]) -> dict[str, float]:
    """Write each student's automatic scores, over those of an earlier run, in one transaction; rows that say so already
    are not touched.

    Returns, by student, what the marks that a person gave in formgrader add to these.
    """
    engine = create_engine(address_of(path))
    try:
        with engine.begin() as connection:
            return _Writer(connection, chapter.name).save(records)
    finally:
        engine.dispose()


@dataclass
class Marks:
    """What a gradebook says of one submission: points and comments by cell, whoever gave them.

    by_hand : cells that a person marked; waiting : those that wait for a person.
    """

    scores: dict[str, float] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    late_penalty: float = 0.0
    by_hand: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)

    @property
    def score(self) -> float:
        return sum(self.scores.values()) - self.late_penalty


def marks(path: pathlib.Path, assignment: str) -> dict[str, Marks]:
    """The marks of an assignment, by student.  Raises CourseError where the file is missing or no gradebook."""
    if not path.is_file():
        raise CourseError(f"There is no {path}: grade the class again with --resume.")
    found: dict[str, Marks] = {}
    of_notebook = (
        Assignment.name == assignment,
        SubmittedAssignment.assignment_id == Assignment.id,
        SubmittedNotebook.assignment_id == SubmittedAssignment.id,
    )
    student, notebook = SubmittedAssignment.student_id, SubmittedNotebook.id
    points = (Grade.auto_score, Grade.manual_score, Grade.extra_credit, Grade.needs_manual_grade)
    scores = select(student, BaseCell.name, *points).where(
        *of_notebook, Grade.notebook_id == notebook, BaseCell.id == Grade.cell_id
    )
    comments = select(student, BaseCell.name, Comment.auto_comment, Comment.manual_comment).where(
        *of_notebook, Comment.notebook_id == notebook, BaseCell.id == Comment.cell_id
    )
    penalties = select(student, SubmittedNotebook.late_submission_penalty).where(*of_notebook)
    engine = create_engine(address_of(path))
    try:
        with engine.connect() as connection:
            for name, cell, automatic, manual, extra, waits in connection.execute(scores):
                own = found.setdefault(name, Marks())
                own.scores[cell] = ((automatic if manual is None else manual) or 0.0) + (extra or 0.0)
                own.by_hand |= {cell} if manual is not None else set()
                own.waiting |= {cell} if waits else set()
            for name, cell, automatic, manual in connection.execute(comments):
                if manual or automatic:
                    found.setdefault(name, Marks()).comments[cell] = manual or automatic
            for name, penalty in connection.execute(penalties):
                found.setdefault(name, Marks()).late_penalty = penalty or 0.0
    except DatabaseError as error:
        raise CourseError(f"{path} is no gradebook that can be read ({error.orig}).") from None
    finally:
        engine.dispose()
    return found


class _Writer:
    """Rows of nbgrader's tables, many at a time: its API needs dozens of queries for each submission."""

    def __init__(self, connection, assignment):
        self.connection = connection
        self.assignment = connection.scalar(select(Assignment.id).where(Assignment.name == assignment))
        self.notebook = connection.scalar(select(Notebook.id).where(Notebook.assignment_id == self.assignment))
        cells = connection.execute(
            select(BaseCell.id, BaseCell.name, BaseCell.type).where(BaseCell.notebook_id == self.notebook)
        ).all()
        self.graded = {name: id for id, name, kind in cells if kind in ("GradeCell", "TaskCell")}
        self.commented = [id for id, _, kind in cells if kind in ("SolutionCell", "TaskCell")]

    def save(self, records):
        submitted = self._submitted(records)
        known = self._grades()
        new, changed, added = [], [], {}
        for record in records:
            scores: dict[str, float | None] = {result.test: result.points for result in record.results}
            scores |= dict.fromkeys(record.written)
            added[record.student] = -record.score
            for name, cell in self.graded.items():
                score = scores.get(name, 0.0)
                old = known.get((submitted[record.student], cell))
                manual, extra = (old.manual_score, old.extra_credit) if old else (None, None)
                needed = record.status == "error" or (score is None and manual is None)
                row = {"auto_score": score, "needs_manual_grade": needed}
                if old is None:
                    of = {"cell_id": cell, "notebook_id": submitted[record.student]}
                    new.append({"id": digest(*of.values()), **of, **row})
                elif (old.auto_score, old.needs_manual_grade) != (score, needed):
                    changed.append({"changed": old.id, **row})
                added[record.student] += (score or 0.0 if manual is None else manual) + (extra or 0.0)
        if new:
            self.connection.execute(insert(Grade.__table__), new)
        if changed:
            self.connection.execute(update(Grade.__table__).where(Grade.id == bindparam("changed")), changed)
        return added

    def _submitted(self, records):
        """The id of each student's submitted notebook, made where it is missing."""
        students = set(self.connection.scalars(select(Student.id)))
        of_notebook = SubmittedNotebook.assignment_id == SubmittedAssignment.id
        there = select(SubmittedAssignment.student_id, SubmittedAssignment.id, SubmittedNotebook.id)
        there = there.outerjoin(SubmittedNotebook, of_notebook).where(
            SubmittedAssignment.assignment_id == self.assignment
        )
        found = {student: (assignment, notebook) for student, assignment, notebook in self.connection.execute(there)}
        new = [record for record in records if record.student not in found]
        rows: dict[Any, list[dict[str, Any]]] = {
            table: [] for table in (Student, SubmittedAssignment, SubmittedNotebook)
        }
        rows[Comment] = []
        for record in new:
            student, whole = record.student, digest(self.assignment, record.student)
            notebook = digest(self.notebook, student)
            if student not in students:
                rows[Student].append({"id": student})
            rows[SubmittedAssignment].append(
                {"id": whole, "assignment_id": self.assignment, "student_id": student, "timestamp": _utc(record)}
            )
            rows[SubmittedNotebook].append({"id": notebook, "assignment_id": whole, "notebook_id": self.notebook})
            rows[Comment] += [
                {"id": digest(cell, notebook), "cell_id": cell, "notebook_id": notebook} for cell in self.commented
            ]
            found[student] = (whole, notebook)
        for table, values in rows.items():
            if values:
                self.connection.execute(insert(table.__table__), values)
        times = [{"known": found[r.student][0], "timestamp": _utc(r)} for r in records if r not in new]
        if times:
            of = SubmittedAssignment.id == bindparam("known")
            self.connection.execute(update(SubmittedAssignment.__table__).where(of), times)
        return {student: notebook for student, (_, notebook) in found.items()}

    def _grades(self):
        of_assignment = (SubmittedNotebook.notebook_id == self.notebook, Grade.notebook_id == SubmittedNotebook.id)
        columns = (Grade.id, Grade.notebook_id, Grade.cell_id, Grade.auto_score, Grade.manual_score)
        rows = self.connection.execute(
            select(*columns, Grade.extra_credit, Grade.needs_manual_grade).where(*of_assignment)
        )
        return {(row.notebook_id, row.cell_id): row for row in rows}


def digest(*parts: str) -> str:
    """An id that the same row gets in every run: 32 hexadecimal digits."""
    return hashlib.sha256("\0".join(parts).encode("utf8", "surrogatepass")).hexdigest()[:32]


def _utc(record):
    """When it arrived, as nbgrader notes times: UTC, without a zone."""
    if not record.arrived:
        return None
    return datetime.datetime.fromisoformat(record.arrived).astimezone(datetime.UTC).replace(tzinfo=None)


def address_of(path: pathlib.Path) -> str:
    """The gradebook's address for SQLAlchemy."""
    return f"sqlite:///{path.resolve()}"


def _stamp(address):
    """Note the schema's version in a new gradebook: nbgrader would ask the command `alembic`, which stands on PATH only
    in an activated environment."""
    engine = create_engine(address)
    try:
        with engine.begin() as connection:
            context = MigrationContext.configure(connection)
            if context.get_current_revision() is None:
                context.stamp(ScriptDirectory(ALEMBIC_DIR), "head")
    finally:
        engine.dispose()


def _save_cells(address, chapter):
    notebook = build.authored(chapter, "en")
    resources = {"nbgrader": {"notebook": chapter.name, "assignment": chapter.name, "db_url": address}}
    for preprocessor in (ComputeChecksums(), SaveCells()):
        notebook, resources = preprocessor.preprocess(notebook, resources)
