"""nbgrader's own commands and formgrader's buttons, with this package's runner in place of nbgrader's kernel.

An instructor's nbgrader_config.py is two lines:

    from dlbook.grading.plugin import configure
    configure(get_config(), ".")

The cells that judge come from the course's solutions/, as for `dlbook grade`, and not from nbgrader's source notebook:
names that an answer may not use, and which exercise a test or a driver belongs to, stand in the source alone, and both
commands give the same verdict.  The gradebook's cells are brought to the same state before each run.
"""

import atexit
import functools
import json
import os
import pathlib
import shutil
import sysconfig
from collections.abc import Mapping, Sequence
from typing import Any

import nbformat
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    ComputeChecksums,
    GetGrades,
    NbGraderPreprocessor,
    OverwriteKernelspec,
    SaveAutoGrades,
    SaveCells,
)
from traitlets import Bool, Float, Integer, Unicode
from traitlets.config import Config

from dlbook.check import manifest
from dlbook.check.page import StudentPage, course_id, notebook_cell, source_of
from dlbook.check.runner import Limits, Runner
from dlbook.course import build, work
from dlbook.course.errors import CourseError
from dlbook.grading import feedback, grade, gradebook, intake, sandbox
from dlbook.grading.journal import TestResult
from dlbook.language import speaking

SOLUTIONS = pathlib.Path("solutions")
GRADEBOOK = pathlib.Path("grading/gradebook.db")
AUTOGRADED = pathlib.Path("grading/autograded")
"""Below the course's folder, which is nbgrader's working directory while it converts."""


def configure(c: Config, root: str | os.PathLike[str] = ".", language: str = "en") -> None:
    """Set all that nbgrader needs to grade this course.

    c : nbgrader's configuration; root : the course's folder, where solutions/ and build/ lie; language : of the pages
    that formgrader shows as source and release.  A submission is judged in its own language.
    What an instructor may set besides: c.SafeExecute.seconds, .memory, .secret, .unsafe, and nbgrader's own options.
    """
    folder = pathlib.Path(root).resolve()
    (folder / GRADEBOOK.parent).mkdir(exist_ok=True)
    c.CourseDirectory.root = str(folder)
    c.CourseDirectory.source_directory = f"build/nbgrader/source/{language}"
    c.CourseDirectory.release_directory = f"build/nbgrader/release/{language}"
    for step in ("source_with_tests", "solution"):
        setattr(c.CourseDirectory, f"{step}_directory", f"build/nbgrader/{step}/{language}")
    for step in ("submitted", "autograded", "feedback"):
        setattr(c.CourseDirectory, f"{step}_directory", f"grading/{step}")
    c.CourseDirectory.db_url = gradebook.address_of(folder / GRADEBOOK)
    c.GenerateAssignment.preprocessors = [ComputeChecksums, SaveCells, CheckCellMetadata, AsReleased]
    c.Autograde.sanitize_preprocessors = [TakeIn, OverwriteKernelspec, CheckCellMetadata]
    c.Autograde.autograde_preprocessors = [SafeExecute, SaveAutoGrades, AssignLatePenalties, CheckCellMetadata]
    c.Autograde.pre_convert_hook = f"{__name__}.save_cells"
    c.Autograde.post_convert_hook = f"{__name__}.keep_the_page_alone"
    c.GenerateFeedback.preprocessors = [GetGrades, ClearHiddenTests, CleanMarkdown, CSSHTMLHeaderPreprocessor]
    c.CSSHTMLHeaderPreprocessor.enabled = True
    _put_alembic_on_the_path()


class AsReleased(NbGraderPreprocessor):
    """The student's page as `dlbook build` made it, when nbgrader is asked to generate one."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        return _notebook(work.released(resources["nbgrader"]["assignment"], nb.metadata.dlbook.language)), resources


class TakeIn(NbGraderPreprocessor):
    """Read the file handed in as `dlbook grade` does, in place of nbgrader's sanitising: every cell of the release as
    it was and in its place, each once, hidden tests put back; the student's answers; and in what else he wrote nothing
    that a browser would run."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        told = resources["nbgrader"]
        path = pathlib.Path(resources["metadata"]["path"]) / f"{told['notebook']}.ipynb"
        found = {one.path: one for one in intake.submissions(path.parent, told["assignment"])}
        one = found.get(path)
        if one is None or one.page is None:
            raise CourseError(one.reason if one is not None else f"{path} is no notebook that can be taken.")
        for sentence in one.repairs:
            self.log.warning("%s: %s", told["student"], sentence)
        return _notebook(restored(one.page, _chapter(told["assignment"]))), resources


class SafeExecute(NbGraderPreprocessor):
    """The verdict of `dlbook grade` in place of an executed notebook: nothing of the student's runs in this process.

    A test that passed gets one line of output; one that failed an error, from which nbgrader reads 0 points.  Of a
    hidden test the output says no more than the feedback does.  A fault of the grader raises, so that nobody gets a 0
    for it.
    """

    seconds = Float(grade.LIMITS.cell, help="Time limit of a cell; six times as much for a notebook.").tag(config=True)
    memory = Integer(grade.LIMITS.memory, help="Bytes that a submission may use.").tag(config=True)
    secret = Unicode("", help="A file whose bytes make hidden inputs differ from student to student.").tag(config=True)
    unsafe = Bool(False, help="Isolate nothing: for your own files only, never for a class.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        told = resources["nbgrader"]
        chapter = _chapter(told["assignment"])
        limits = Limits(cell=self.seconds, total=6 * self.seconds, memory=self.memory)
        settings = grade.settings_of(chapter, limits, sandbox.choose(self.unsafe))
        secret = grade.secret_of(pathlib.Path(self.secret) if self.secret else None)
        page, path = StudentPage.of(nb, told["notebook"]), pathlib.Path(resources["metadata"]["path"])
        job = grade.prepare(chapter, intake.Submission(told["student"], path, page), settings, path, secret)
        record = grade.judge(job, settings, _runner(limits, settings.tier))
        if record.status == "error":
            raise CourseError(record.reason)
        self.log.info("%s: %g points, isolated by %s", record.student, record.score, record.tier)
        results = {result.test: result for result in record.results}
        graded = [cell for cell in nb.cells if cell.cell_type == "code" and utils.is_grade(cell)]
        if {course_id(c): c.metadata.nbgrader.points for c in graded} != {r.test: r.worth for r in record.results}:
            said = f"The tests of {chapter.name} in solutions/ are not those that were released: run `dlbook build`."
            raise CourseError(said)
        with speaking(page.language):
            for cell in nb.cells:
                if cell.cell_type == "code":
                    result = results.get(course_id(cell))
                    cell.outputs = [_output(result, chapter.name, page.language)] if result is not None else []
        return nb, resources


class CleanMarkdown(NbGraderPreprocessor):
    """Of what is not the course's own, keep in a page of feedback nothing that a browser would run."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        course = nb.metadata.get("dlbook", {})
        pages = manifest.of_chapter(str(course.get("chapter"))).get("pages", {})
        released = {cell["id"]: cell["source"] for cell in pages.get(course.get("language"), [])}
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = [output for output in cell.outputs if output.output_type in ("stream", "error")]
            elif cell.source != released.get(course_id(cell)):
                cell.update(cell_type="markdown", source=feedback.harmless(cell.source))
        return nb, resources


def restored(page: StudentPage, chapter: build.Chapter) -> dict[str, Any]:
    """The page as a grader looks at it: the release with the answers in it, and what the student added, harmless.

    The source of a hidden test stands in it again: `ClearHiddenTests` takes it out of the feedback.
    """
    released = {cell["id"]: cell for cell in page.release}
    hidden = _hidden_tests(chapter, page.language)
    cells, seen = [], set()
    for number, cell in enumerate(page.repaired().notebook["cells"]):
        name, text = course_id(cell), source_of(cell)
        known = released.get(name) if name not in seen else None
        seen.add(name)
        if known is None:
            kind = "code" if cell["cell_type"] == "code" else "markdown"
            known = {"id": f"own-{number}", "cell_type": kind, "source": "", "metadata": {}}
        if known["cell_type"] == "markdown" and text != known["source"]:
            text = feedback.harmless(text)
        cells.append(notebook_cell(known, hidden.get(known["id"], text)))
    return {**work.released(page.chapter, page.language), "cells": cells}


def save_cells(assignment: str, student: str, notebooks: Sequence[str]) -> None:
    """Before nbgrader looks a submission up: the gradebook is there and has the chapter's cells."""
    for path in map(pathlib.Path, notebooks[:1]):
        _save_cells(path.parent.name, _state(path.parent.name), GRADEBOOK.stat().st_ino if GRADEBOOK.exists() else 0)


def keep_the_page_alone(assignment: str, student: str, notebooks: Sequence[str]) -> None:
    """Remove what else nbgrader copied of a submission: formgrader would serve it, and feedback carry it on."""
    for path in map(pathlib.Path, notebooks[:1]):
        folder = AUTOGRADED / path.parent.parent.name / path.parent.name
        for beside in folder.iterdir():
            if beside.is_dir() and not beside.is_symlink():
                shutil.rmtree(beside)
            elif beside.name not in (path.name, "timestamp.txt"):
                beside.unlink()


def _chapter(assignment):
    return _load(assignment, SOLUTIONS.resolve(), _state(assignment))


@functools.lru_cache(maxsize=8)
def _load(assignment, solutions, state):
    return grade.load(assignment, solutions)


def _state(assignment) -> tuple[tuple[str, int], ...]:
    """When the files of a chapter were changed: formgrader's process outlives an edit."""
    return tuple(sorted((path.name, path.stat().st_mtime_ns) for path in (SOLUTIONS / assignment).glob("*")))


@functools.cache
def _save_cells(assignment, state, gradebook_file):
    gradebook.prepare(GRADEBOOK.resolve(), _chapter(assignment))


@functools.cache
def _runner(limits: Limits, tier: str) -> Runner:
    """One runner for all verdicts of this process."""
    runner = grade.runner_of(grade.Settings({}, limits, tier))
    atexit.register(runner.close)
    return runner


def _hidden_tests(chapter, language) -> Mapping[str, str]:
    names = {cell.id for cell in chapter.pages[language].of_kind("test") if cell.hidden}
    return {cell.id: cell.source for cell in build.authored(chapter, language).cells if cell.id in names}


def _notebook(notebook) -> NotebookNode:
    text = json.dumps(notebook, ensure_ascii=False).encode("utf8", "replace").decode("utf8")
    return nbformat.reads(text, as_version=4)


def _output(result: TestResult, chapter, language) -> NotebookNode:
    said = feedback.told(result, chapter, language)
    if result.passed:
        return nbformat.v4.new_output("stream", name="stdout", text=f"{said}\n")
    lines = said.splitlines()
    return nbformat.v4.new_output("error", ename="CheckError", evalue=lines[0], traceback=lines)


def _put_alembic_on_the_path() -> None:
    """nbgrader starts the command `alembic` to make a gradebook, which an environment that is not activated hides."""
    if shutil.which("alembic") is None:
        os.environ["PATH"] = os.pathsep.join(filter(None, (sysconfig.get_path("scripts"), os.environ.get("PATH"))))
