"""From a folder of submissions to grades: the runner of `dlbook check`, with the hidden tests put back.

Each submission runs in a process of its own with a time limit.  Nothing here isolates the hidden tests from hostile
code: they share that process.
"""

import csv
import os
import pathlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

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
}
PRELOAD = ("numpy", "dlbook.nn", "dlbook.data", "dlbook.plots")


@dataclass(frozen=True)
class Graded:
    """One student's result.  outcomes : of every test, hidden ones too; reason : why nothing could be graded."""

    submission: Submission
    outcomes: tuple[Outcome, ...]
    max_score: float
    status: str
    reason: str = ""

    @property
    def student(self) -> str:
        return self.submission.student

    @property
    def score(self) -> float:
        return sum(outcome.points for outcome in self.outcomes)


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
    Raises CourseError for an unknown assignment or a folder without submissions; no submission stops the class.
    """
    known = {path.name: path for path in source.chapters(solutions)}
    if assignment not in known:
        raise CourseError(f"There is no assignment {assignment!r}; there are: {', '.join(known)}.")
    chapter = build.load(known[assignment])
    handed_in = submissions(folder, assignment)
    results = []
    with Runner(limits or Limits(memory=4_000_000_000), PRELOAD) as runner:
        for submission in track(handed_in):
            results.append(grade_one(chapter, submission, runner))
    out.mkdir(parents=True, exist_ok=True)
    _write_csv(out / "grades.csv", assignment, results)
    gradebook.save(out / "gradebook.db", chapter, results)
    feedback.write(out, chapter, results)
    return results


def grade_one(chapter: build.Chapter, submission: Submission, runner: Runner) -> Graded:
    """One verdict: the source's cells with the student's answers in them, in the language of the submission."""
    full = max_score(chapter)
    if submission.page is None:
        return Graded(submission, (), full, "unreadable", submission.reason)
    page = submission.page
    cells = build.verdict_cells(chapter.pages[page.language], page.answers())
    outcomes = tuple(runner.verdict(cells, page.language))
    attempted = any(page.attempted(exercise.id) for exercise in chapter.pages["en"].of_kind("exercise"))
    with speaking(page.language):
        reason = "" if attempted else say("no exercise was attempted")
    return Graded(submission, outcomes, full, "graded" if attempted else "untouched", reason)


def max_score(chapter: build.Chapter) -> float:
    """All points of a chapter: visible tests, hidden tests, and what a person marks."""
    page = chapter.pages[LANGUAGES[0]]
    return sum(cell.points for cell in page.cells if cell.kind in ("test", "manual"))


def _write_csv(path, assignment, results):
    unfinished = path.with_suffix(".csv.new")
    with unfinished.open("w", encoding="utf8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        for one in results:
            rows.writerow([one.student, assignment, f"{one.score:g}", f"{one.max_score:g}", one.status])
    os.replace(unfinished, path)
