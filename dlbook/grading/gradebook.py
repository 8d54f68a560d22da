"""nbgrader's gradebook, written through its API: formgrader and the exporters find cells and scores there."""

import pathlib
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbgrader.api import Gradebook
from nbgrader.preprocessors import ComputeChecksums, SaveCells
from sqlalchemy.exc import SAWarning

from dlbook.course import build

if TYPE_CHECKING:
    from dlbook.grading.grade import Graded


def save(path: pathlib.Path, chapter: build.Chapter, results: "Sequence[Graded]") -> None:
    """Write the assignment's cells and each student's automatic scores, over those of an earlier run."""
    address = address_of(path)
    with Gradebook(address) as book:
        book.update_or_create_assignment(chapter.name)
    _save_cells(address, chapter)
    with Gradebook(address) as book, warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own way to add a submission
        for one in results:
            book.update_or_create_student(one.student)
            submission = book.update_or_create_submission(chapter.name, one.student)
            passed = {outcome.cell.id: outcome.points for outcome in one.outcomes}
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    if grade.cell.cell_type == "code":
                        grade.auto_score = passed.get(grade.name, 0.0)
                        grade.needs_manual_grade = False
        book.db.commit()


def address_of(path: pathlib.Path) -> str:
    """The gradebook's address for SQLAlchemy."""
    return f"sqlite:///{path.resolve()}"


def _save_cells(address, chapter):
    notebook = build.authored(chapter, "en")
    resources = {"nbgrader": {"notebook": chapter.name, "assignment": chapter.name, "db_url": address}}
    for preprocessor in (ComputeChecksums(), SaveCells()):
        notebook, resources = preprocessor.preprocess(notebook, resources)
