"""From a folder of submissions to grades: the runner of `dlbook check`, with the hidden tests put back.

Each submission runs in a process of its own with a time limit.  Nothing here isolates the hidden tests from hostile
code: they share that process.
"""

import csv
import os
import pathlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from dlbook.check.runner import Limits, Outcome, Runner
from dlbook.course import build, source
from dlbook.course.errors import CourseError
from dlbook.grading import feedback, gradebook
from dlbook.grading.intake import Submission, submissions
from dlbook.language import LANGUAGES, say, speaking

COLUMNS = ("student", "assignment", "score", "max_score", "status")
STATUSES = {
    "graded": "the tests ran on what the student answered",
    "untouched": "no exercise was attempted",
    "unreadable": "no notebook of this assignment could be read",
    "error": "grading this submission failed: its 0 is no verdict, and the gradebook asks for a person to look at it",
}
PRELOAD = ("numpy", "dlbook.nn", "dlbook.data", "dlbook.plots")


@dataclass(frozen=True)
class Graded:
    """One student's result.

    outcomes : of every test, hidden ones too; by_hand : what the marks that a person gave add; reason : why nothing
    could be graded, or what else the instructor should know.
    """

    submission: Submission
    outcomes: tuple[Outcome, ...]
    max_score: float
    status: str
    reason: str = ""
    by_hand: float = 0.0

    @property
    def student(self) -> str:
        return self.submission.student

    @property
    def score(self) -> float:
        return sum(outcome.points for outcome in self.outcomes) + self.by_hand


def grade(
    folder: pathlib.Path,
    assignment: str,
    out: pathlib.Path,
    *,
    solutions: pathlib.Path,
    limits: Limits | None = None,
    track: Callable[[Sequence[Submission]], Iterable[Submission]] = iter,
) -> list[Graded]:
    """Grade every submission in `folder` and write out/grades.csv, out/gradebook.db, out/autograded and out/feedback.

    solutions : the folder of the sources, which hold the hidden tests.  track : shows progress while it yields what
    it is given.
    An earlier run's rows in `out` stay, except those of the students graded now.
    Raises CourseError for an unknown assignment, a folder without submissions, or an `out` that cannot be used; no
    submission stops the class.
    """
    known = {path.name: path for path in source.chapters(solutions)}
    if assignment not in known:
        raise CourseError(f"There is no assignment {assignment!r}; there are: {', '.join(known)}.")
    if out.resolve() == folder.resolve():
        raise CourseError(f"{out} is the folder of the submissions: choose another --out.")
    chapter = build.load(known[assignment])
    handed_in = submissions(folder, assignment, skip=out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CourseError(f"{out} cannot be made a folder: {error.strerror}.") from None
    earlier = _rows(out / "grades.csv")
    gradebook.prepare(out / "gradebook.db", chapter)
    results = []
    with Runner(limits or Limits(memory=4_000_000_000), PRELOAD) as runner:
        for submission in track(handed_in):
            results.append(_safely(chapter, submission, runner))
            runner.close()  # a process that an answer left behind must not speak in the next verdict
    added = gradebook.save(out / "gradebook.db", chapter, results)
    results = [replace(one, by_hand=added[one.student]) for one in results]
    _write_csv(out / "grades.csv", earlier, assignment, results)
    return feedback.write(out, chapter, results)


def grade_one(chapter: build.Chapter, submission: Submission, runner: Runner) -> Graded:
    """One verdict: the source's cells with the student's answers in them, in the language of the submission."""
    full = max_score(chapter)
    if submission.page is None:
        return Graded(submission, (), full, "unreadable", submission.reason)
    page = submission.page
    cells = build.verdict_cells(chapter.pages[page.language], page.answers())
    outcomes = tuple(runner.verdict(cells, page.language))
    attempted = any(page.attempted(exercise.id) for exercise in chapter.pages["en"].of_kind("exercise"))
    if attempted or submission.written():
        return Graded(submission, outcomes, full, "graded", submission.reason)
    with speaking(page.language):
        return Graded(submission, outcomes, full, "untouched", say("no exercise was attempted"))


def max_score(chapter: build.Chapter) -> float:
    """All points of a chapter: visible tests, hidden tests, and what a person marks."""
    page = chapter.pages[LANGUAGES[0]]
    return sum(cell.points for cell in page.cells if cell.kind in ("test", "manual"))


def _safely(chapter, submission, runner):
    try:
        return grade_one(chapter, submission, runner)
    except Exception as error:
        reason = say("grading failed, {kind}: {error}", kind=type(error).__name__, error=" ".join(str(error).split()))
        return Graded(submission, (), max_score(chapter), "error", reason[:300])


def _rows(path) -> dict[tuple[str, str], list[str]]:
    """The rows of an earlier run, by student and assignment."""
    if not path.exists():
        return {}
    try:
        with path.open(encoding="utf8", newline="") as file:
            header, *rows = csv.reader(file)
    except (OSError, ValueError, csv.Error):
        header, rows = [], []
    if tuple(header) != COLUMNS or any(len(row) != len(COLUMNS) for row in rows):
        raise CourseError(
            f"{path} is no table of `dlbook grade`, and is not overwritten: move it, or choose another --out."
        )
    return {(row[0], row[1]): row for row in rows}


def _write_csv(path, earlier, assignment, results):
    rows = dict(earlier)
    for one in results:
        row = [one.student, assignment, f"{one.score:.10g}", f"{one.max_score:.10g}", one.status]
        rows[one.student, assignment] = row
    unfinished = path.with_suffix(".csv.new")
    with unfinished.open("w", encoding="utf8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows(row for _, row in sorted(rows.items()))
    os.replace(unfinished, path)
