"""What several tests of grading share."""

import sqlite3

import pytest

from dlbook.course.errors import CourseError
from dlbook.grading import sandbox


@pytest.fixture(scope="session")
def no_tier():
    """Why this machine cannot isolate, "" where it can."""
    try:
        sandbox.choose()
    except CourseError as error:
        return str(error)
    return ""


@pytest.fixture(scope="module")
def best_tier(no_tier):
    """Lets a run that names no tier go on without isolation, where the machine has none."""
    with pytest.MonkeyPatch.context() as patch:
        if no_tier:
            patch.setattr(sandbox, "choose", lambda unsafe=False: sandbox.UNSAFE)
        yield sandbox.choose()


@pytest.fixture(scope="session")
def contents():
    """A function of a folder of grades: journal, table and gradebook, as bytes and rows."""
    return _contents


def _contents(out):
    found = {path.name: path.read_bytes() for path in out.rglob("*.json")}
    found |= {path.name: path.read_bytes() for path in out.rglob("*.current")}
    found["csv"] = (out / "grades.csv").read_bytes()
    with sqlite3.connect(out / "gradebook.db") as book:
        for table in ("student", "submitted_assignment", "submitted_notebook", "grade", "comment"):
            columns = [row[1] for row in book.execute(f"pragma table_info({table})") if not row[1].endswith("id")]
            rows = book.execute(f"select {', '.join(columns) or 'count(*)'} from {table}").fetchall()
            found[table] = sorted(map(repr, rows))
    return found
