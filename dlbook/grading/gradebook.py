"""nbgrader's gradebook, written through its API: formgrader and the exporters find cells and scores there."""

import pathlib
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from nbgrader.api import Gradebook
from nbgrader.dbutil import ALEMBIC_DIR
from nbgrader.preprocessors import ComputeChecksums, SaveCells
from sqlalchemy import create_engine
from sqlalchemy.exc import DatabaseError, SAWarning

from dlbook.course import build
from dlbook.course.errors import CourseError

if TYPE_CHECKING:
    from dlbook.grading.grade import Graded


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


def save(path: pathlib.Path, chapter: build.Chapter, results: "Sequence[Graded]") -> dict[str, float]:
    """Write each student's automatic scores, over those of an earlier run.

    Returns, by student, what the marks that a person gave in formgrader add to these.
    """
    added = {}
    with Gradebook(address_of(path)) as book, warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own way to add a submission
        for one in results:
            book.update_or_create_student(one.student)
            submission = book.update_or_create_submission(chapter.name, one.student)
            passed = {outcome.cell.id: outcome.points for outcome in one.outcomes}
            passed |= dict.fromkeys(one.submission.written())
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    grade.auto_score = passed.get(grade.name, 0.0)
                    reviewed = grade.auto_score is not None and grade.manual_score is None
                    grade.needs_manual_grade = one.status == "error" or not reviewed
        book.db.commit()
        for one in results:
            whole = book.find_submission(chapter.name, one.student).score
            added[one.student] = whole - sum(outcome.points for outcome in one.outcomes)
    return added


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
