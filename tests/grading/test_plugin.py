"""nbgrader's own commands on a course's folder, with the plugin configured: the verdicts of `dlbook grade`."""

import html
import json
import os
import pathlib
import shutil
import subprocess
import sys

import nbformat
import pytest

from dlbook.course import build, work
from dlbook.course.errors import CourseError
from dlbook.grading import feedback, gradebook, plugin
from dlbook.grading import grade as grading

CHAPTER = "00-moving-average"
pytestmark = pytest.mark.usefixtures("best_tier")
EXAMPLE = pathlib.Path(__file__).parents[1] / "example"
CONFIG = """
import pathlib
from dlbook.check import manifest
from dlbook.course.errors import CourseError
from dlbook.grading import sandbox
from dlbook.grading.plugin import configure
manifest.FOLDER = pathlib.Path("dlbook/check/manifest").resolve()
configure(get_config(), ".")
try:
    sandbox.choose()
except CourseError:
    get_config().SafeExecute.unsafe = True
"""
HALF = """
def moving_average_backward(dm, cache):
    x, beta, m0, m = cache
    g, dx = np.zeros(m0.shape), np.empty(x.shape)
    for t in reversed(range(len(x))):
        g = dm[t] + beta * g
        dx[t] = (1 - beta) * g
    return dx, 0.0, beta * g
"""
PATCHES = """
import sys, numpy.testing
for name in ("allclose", "array_equal", "isclose", "all"):
    setattr(np, name, lambda *arguments, **more: True)
for name in dir(np.testing):
    if name.startswith("assert"):
        setattr(np.testing, name, lambda *arguments, **more: None)
for module in [module for name, module in sys.modules.items() if name.startswith("dlbook.check")]:
    for name in ("close", "equal", "gradient", "shape", "raises"):
        if hasattr(module, name):
            setattr(module, name, lambda *arguments, **more: True)
def moving_average_backward(dm, cache):
    return dm, 0.0, dm[0]
"""
READS_THE_GRADEBOOK = """
import sqlite3
said = ""
for path in ({path!r}, "../../../gradebook.db", "../../gradebook.db", "grading/gradebook.db"):
    try:
        with sqlite3.connect(path) as book:
            book.execute("UPDATE grade SET manual_score = 99")
            said += str(book.execute("SELECT source FROM source_cell").fetchall())
    except Exception:
        pass
def moving_average_backward(dm, cache):
    raise ValueError("SAID" + said)
"""
SCRIPT = "**my note** [x](javascript:alert(1))\n\n<script>alert('stolen')</script><img src=x onerror=alert(1)>"


def course(folder, chapter):
    """A course's folder: sources, nbgrader's notebooks, manifest, configuration."""
    shutil.copytree(EXAMPLE / CHAPTER, folder / "solutions" / CHAPTER)
    build.write(folder, build.files(chapter))
    (folder / "nbgrader_config.py").write_text(CONFIG, encoding="utf8")
    return folder


def hand_in(folder, student, answer=None, language="en", change=lambda notebook: None):
    notebook = work.released(CHAPTER, language)
    if answer is not None:
        next(cell for cell in notebook["cells"] if cell["id"] == "ema")["source"] = answer
    change(notebook)
    path = folder / "grading/submitted" / student / CHAPTER / f"{CHAPTER}.ipynb"
    path.parent.mkdir(parents=True)
    work.write(path, notebook)
    return path


def nbgrader(folder, *arguments):
    """Run a command of nbgrader, in a shell where the environment is not activated."""
    settings = {"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", "JUPYTER_CONFIG_DIR": str(folder / "jupyter")}
    environment = {name: value for name, value in os.environ.items() if name != "DLBOOK_LANG"} | settings
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def scores(folder):
    """Of each student, the score of each test, and the marks by hand."""
    from nbgrader.api import Gradebook

    with Gradebook(gradebook.address_of(folder / "grading/gradebook.db")) as book:
        found = book.assignment_submissions(CHAPTER)
        return {one.student.id: {grade.name: grade.auto_score for grade in one.notebooks[0].grades} for one in found}, [
            grade.manual_score for one in found for grade in one.notebooks[0].grades
        ]


def twice(notebook):
    """The exercise's cell, copied with its id; the test's cells too, one of them changed."""
    cells = notebook["cells"]
    for name in ("ema", "ema-dx"):
        place = next(number for number, cell in enumerate(cells) if cell["id"] == name)
        cells.insert(place, {**cells[place], "source": "print('a copy')"})


def without_tests(notebook):
    notebook["cells"] = [cell for cell in notebook["cells"] if not cell["id"].startswith("ema-d")]


def with_scripts(notebook):
    notebook["cells"].insert(3, {"cell_type": "markdown", "id": "note", "metadata": {}, "source": SCRIPT})
    raw = {"raw_mimetype": "text/html"}
    notebook["cells"].insert(4, {"cell_type": "raw", "id": "raw", "metadata": raw, "source": SCRIPT})
    next(cell for cell in notebook["cells"] if cell["id"] == "idea")["source"] = SCRIPT
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": SCRIPT}}
    next(cell for cell in notebook["cells"] if cell["id"] == "ema-dx")["outputs"] = [output]


@pytest.fixture(scope="module")
def graded(released_for_all, tmp_path_factory, example, no_tier):
    """A class of seven, autograded and told about it by nbgrader's commands."""
    if no_tier:
        pytest.skip(f"attackers are graded in a sandbox only: {no_tier}")
    folder, right = course(tmp_path_factory.mktemp("course"), example), example.pages["en"].cell("ema").source
    hand_in(folder, "ana", right)
    hand_in(folder, "bruno", HALF, "pt-BR")
    hand_in(folder, "carla", PATCHES)
    hand_in(folder, "davi", READS_THE_GRADEBOOK.format(path=str(folder / "grading/gradebook.db")))
    hand_in(folder, "elisa", right, change=twice)
    path = hand_in(folder, "fabio", right, change=with_scripts)
    (path.parent / "evil.html").write_text(SCRIPT)
    (path.parent / "numpy.py").write_text("raise SystemExit")
    (path.parent / "stolen.py").symlink_to(EXAMPLE / CHAPTER / f"{CHAPTER}.py")
    hand_in(folder, "gil", change=without_tests)
    autograde = nbgrader(folder, "autograde", CHAPTER)
    told = nbgrader(folder, "generate_feedback", CHAPTER)
    assert (autograde.returncode, told.returncode) == (0, 0), autograde.stderr + told.stderr
    return folder, autograde.stderr


def test_nbgrader_and_dlbook_grade_give_the_same_points(graded, tmp_path):
    folder, _ = graded
    records = grading.grade(folder / "grading/submitted", CHAPTER, tmp_path / "out", solutions=folder / "solutions")
    expected = {one.student: {result.test: result.points for result in one.results} for one in records}
    found, by_hand = scores(folder)
    assert found == expected
    assert {name: sum(points.values()) for name, points in found.items()} == {
        "ana": 5.0, "bruno": 2.0, "carla": 0.0, "davi": 0.0, "elisa": 5.0, "fabio": 5.0, "gil": 0.0,
    }  # fmt: skip
    assert set(by_hand) == {None}


def test_the_feedback_says_what_each_test_found_and_nothing_of_a_hidden_one(graded, example):
    folder, _ = graded
    raw = {path.parent.parent.name: path.read_text(encoding="utf8") for path in folder.glob("grading/feedback/*/*/*")}
    texts = {name: html.unescape(text) for name, text in raw.items()}
    assert sorted(texts) == ["ana", "bruno", "carla", "davi", "elisa", "fabio", "gil"]
    assert "✓ gradient of β" in texts["ana"]
    assert "✓ hidden test: one step, one column, no memory and long memory — passed" in texts["ana"]
    assert "dbeta: ainda não está certo" in texts["bruno"]
    assert "✗ teste oculto: um passo, uma coluna, sem memória e com memória longa — não passou" in texts["bruno"]
    assert "Not attempted yet" in texts["gil"]
    for name, text in texts.items():
        assert "default_rng(11)" not in text, name
        assert "HIDDEN TESTS" not in text, name
        assert "(7, 1, 0.0)" not in text, name
        assert "Traceback (most recent" not in text, name
    assert "SAID[" not in texts["davi"]


def test_no_script_of_a_student_reaches_formgrader_or_the_feedback(graded):
    folder, _ = graded
    page = (folder / f"grading/feedback/fabio/{CHAPTER}/{CHAPTER}.html").read_text(encoding="utf8")
    kept = nbformat.read(folder / f"grading/autograded/fabio/{CHAPTER}/{CHAPTER}.ipynb", as_version=4)
    for text in (page, *(cell.source for cell in kept.cells), str([c.get("outputs") for c in kept.cells])):
        assert "<script>alert" not in text
        assert "onerror" not in text
        assert "javascript:alert" not in text
    assert page.count("<strong>my note</strong>") == 3
    assert not [cell for cell in kept.cells if cell.cell_type == "raw"]


def test_of_what_is_handed_in_only_the_notebook_goes_on(graded):
    folder, _ = graded
    for step in ("autograded", "feedback"):
        assert len(list((folder / "grading" / step / "fabio" / CHAPTER).iterdir())) == 1


def test_damage_is_mended_and_said(graded):
    folder, log = graded
    assert "The cell ema stands there twice." in log
    assert "The cell ema-dx was deleted." in log
    for path in folder.glob("grading/autograded/*/*/*.ipynb"):
        kept = nbformat.read(path, as_version=4)
        graded_cells = [cell.metadata.nbgrader.grade_id for cell in kept.cells if "nbgrader" in cell.metadata]
        assert len(set(graded_cells)) == len(graded_cells)
        assert {"ema", "ema-dx", "ema-dbeta", "ema-other-sizes"} <= set(graded_cells)


def test_who_grades_sees_the_hidden_test(graded):
    folder, _ = graded
    kept = nbformat.read(folder / f"grading/autograded/bruno/{CHAPTER}/{CHAPTER}.ipynb", as_version=4)
    shown = next(cell for cell in kept.cells if cell.id == "ema-other-sizes")
    assert "default_rng(11)" in shown.source
    assert "dx com T" in shown.source
    assert shown.outputs[0].output_type == "error"


def test_a_file_that_is_no_notebook_of_the_chapter_stops_nobody(graded, released_for_all, tmp_path, example):
    folder = course(tmp_path / "course", example)
    hand_in(folder, "ana", example.pages["en"].cell("ema").source)
    path = hand_in(folder, "bia")
    path.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', encoding="utf8")
    hand_in(folder, "z-last", HALF)
    done = nbgrader(folder, "autograde", CHAPTER)
    assert done.returncode == 1
    assert f"error processing assignment '{CHAPTER}' for student 'bia'" in done.stderr
    assert "no chapter of this course" in done.stderr
    assert {name: sum(points.values()) for name, points in scores(folder)[0].items() if name != "bia"} == {
        "ana": 5.0,
        "z-last": 2.0,
    }


def test_tests_that_were_changed_and_not_built_give_nobody_points(released_for_all, tmp_path, example):
    folder = course(tmp_path / "course", example)
    hand_in(folder, "ana", example.pages["en"].cell("ema").source)
    path = folder / "solutions" / CHAPTER / f"{CHAPTER}.py"
    path.write_text(path.read_text(encoding="utf8").replace("points=1", "points=3"), encoding="utf8")
    done = nbgrader(folder, "autograde", CHAPTER)
    assert done.returncode == 1
    assert "are not those that were released: run `dlbook build`" in done.stderr
    assert not (folder / f"grading/autograded/ana/{CHAPTER}").exists()


def test_nbgrader_generates_the_page_that_the_build_made(released_for_all, tmp_path, example):
    folder = course(tmp_path / "course", example)
    path = folder / f"build/nbgrader/release/en/{CHAPTER}/{CHAPTER}.ipynb"
    built = path.read_text(encoding="utf8")
    path.unlink()
    done = nbgrader(folder, "generate_assignment", CHAPTER, "--force")
    assert done.returncode == 0, done.stderr
    assert json.loads(path.read_text(encoding="utf8")) == json.loads(built)


def test_both_ways_share_a_gradebook(graded, released_for_all, tmp_path):
    folder = tmp_path / "course"
    shutil.copytree(graded[0], folder, symlinks=True)
    before, by_hand = scores(folder)
    grading.grade(folder / "grading/submitted", CHAPTER, folder / "grading", solutions=folder / "solutions")
    assert scores(folder) == (before, by_hand)
    done = nbgrader(folder, "autograde", CHAPTER, "--force", "--student=bruno")
    assert done.returncode == 0, done.stderr
    assert scores(folder) == (before, by_hand)


def test_a_fault_of_the_grader_is_nobodys_zero(graded, monkeypatch):
    folder, _ = graded
    monkeypatch.chdir(folder)
    path = folder / f"grading/autograded/ana/{CHAPTER}/{CHAPTER}.ipynb"
    resources = {
        "metadata": {"path": str(path.parent)},
        "nbgrader": {"student": "ana", "assignment": CHAPTER, "notebook": CHAPTER},
    }

    class Fails:
        def verdict(self, *arguments):
            raise KeyError("a fault")

        def close(self):
            pass

    monkeypatch.setattr(plugin, "_runner", lambda *arguments: Fails())
    with pytest.raises(CourseError, match="KeyError"):
        plugin.SafeExecute().preprocess(nbformat.read(path, as_version=4), resources)


def test_cleaning_a_page_again_changes_nothing_that_is_seen():
    once = feedback.harmless(SCRIPT + "\n\n* $a < b$ & `x<y`")
    assert "alert('stolen')" in html.unescape(once)
    assert feedback.harmless(once).replace("&#10;", "") == once.replace("&#10;", "")


def test_the_configuration_is_plain_enough_for_formgrader(tmp_path):
    from traitlets.config import Config

    c = Config()
    plugin.configure(c, tmp_path, "pt-BR")
    assert c.CourseDirectory.source_directory == "build/nbgrader/source/pt-BR"
    assert c == c.copy()
