"""A made-up class of six, graded from folder to CSV, gradebook and feedback."""

import csv
import html
import json
import pathlib
import shutil
import zipfile

import pytest

from dlbook.check import page as pages
from dlbook.check.runner import Limits, Runner
from dlbook.course import build, submit, work
from dlbook.course.errors import CourseError
from dlbook.grading import grade as grading
from dlbook.grading.intake import submissions

CHAPTER = "00-moving-average"
SOLUTIONS = pathlib.Path(__file__).parents[1] / "example"
LIMITS = Limits(cell=2.0, total=8.0, memory=4_000_000_000)
HALF = """
def moving_average_backward(dm, cache):
    x, beta, m0, m = cache
    g, dx = np.zeros(m0.shape), np.empty(x.shape)
    for t in reversed(range(len(x))):
        g = dm[t] + beta * g
        dx[t] = (1 - beta) * g
    return dx, 0.0, beta * g
"""
LOOP = "def moving_average_backward(dm, cache):\n    while True:\n        pass\n"
BROKEN = "def moving_average_backward(dm, cache:\n    return dm\n"
EXPECTED = {
    "ana": ("5", "graded"),
    "bruno": ("2", "graded"),
    "carla": ("0", "untouched"),
    "davi": ("0", "graded"),
    "elisa": ("0", "graded"),
    "fabio": ("0", "unreadable"),
}


def handed_in(folder, student, answer=None, language="en", change=lambda notebook: None):
    """Write one submission: a released page with an answer in it."""
    notebook = work.released(CHAPTER, language)
    if answer is not None:
        next(cell for cell in notebook["cells"] if cell["id"] == "ema")["source"] = answer
    change(notebook)
    work.write(folder / f"{student}.ipynb", notebook)


@pytest.fixture(scope="module")
def six(released_for_all, tmp_path_factory, example):
    """Right, half right, untouched, a syntax error, an endless loop, an empty file."""
    folder = tmp_path_factory.mktemp("submitted")
    handed_in(folder, "ana", example.pages["en"].cell("ema").source)
    handed_in(folder, "bruno", HALF, "pt-BR")
    handed_in(folder, "carla")
    handed_in(folder, "davi", BROKEN)
    handed_in(folder, "elisa", LOOP)
    (folder / "fabio.ipynb").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def graded(six, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    return grading.grade(six, CHAPTER, out, solutions=SOLUTIONS, limits=LIMITS), out


def test_the_csv_says_what_each_student_earned(graded):
    _, out = graded
    with (out / "grades.csv").open(encoding="utf8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["student", "assignment", "score", "max_score", "status"]
    assert {row["student"]: (row["score"], row["status"]) for row in rows} == EXPECTED
    assert {(row["assignment"], row["max_score"]) for row in rows} == {(CHAPTER, "5")}
    assert set(EXPECTED[name][1] for name in EXPECTED) <= set(grading.STATUSES)


def test_two_runs_give_the_same_bytes(six, graded, tmp_path):
    _, out = graded
    grading.grade(six, CHAPTER, tmp_path / "again", solutions=SOLUTIONS, limits=LIMITS)
    assert (tmp_path / "again/grades.csv").read_bytes() == (out / "grades.csv").read_bytes()


def test_the_gradebook_holds_the_same_scores_and_is_overwritten_by_a_second_run(six, graded, tmp_path):
    from nbgrader.api import Gradebook

    out = tmp_path / "out"
    shutil.copytree(graded[1], out)

    def scores():
        with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
            return {s.student.id: s.score for s in book.assignment_submissions(CHAPTER)}

    assert scores() == {name: float(score) for name, (score, _) in EXPECTED.items()}
    again = tmp_path / "again"
    again.mkdir()
    shutil.copy(six / "ana.ipynb", again / "carla.ipynb")
    grading.grade(again, CHAPTER, out, solutions=SOLUTIONS, limits=LIMITS)
    assert scores()["carla"] == 5.0
    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
        submission = book.find_submission_notebook(CHAPTER, CHAPTER, "bruno")
        assert {grade.name: grade.auto_score for grade in submission.grades} == {
            "ema-dx": 2.0,
            "ema-dbeta": 0.0,
            "ema-other-sizes": 0.0,
        }
        assert not any(grade.needs_manual_grade for grade in submission.grades)


def test_the_feedback_hints_in_the_students_language_and_hides_hidden_tests(graded):
    _, out = graded
    texts = {path.parent.name: html.unescape(path.read_text(encoding="utf8")) for path in out.glob("feedback/*/*.html")}
    assert sorted(texts) == ["ana", "bruno", "carla", "davi", "elisa"]
    assert "✓ gradient of β" in texts["ana"]
    assert "dbeta: ainda não está certo" in texts["bruno"]
    assert "Not attempted yet." in texts["carla"]
    assert "not valid Python" in texts["davi"]
    assert "time limit" in texts["elisa"]
    for text in texts.values():
        assert "default_rng(11)" not in text
        assert "(7, 1, 0.0)" not in text
        assert "Traceback (most recent" not in text


def test_check_and_grade_agree_on_every_visible_test(six, graded):
    results, _ = graded
    with Runner(LIMITS) as runner:
        for one in results:
            if one.submission.page is None:
                continue
            told = {
                o.cell.id: (o.key, o.message)
                for v in pages.check(one.submission.page, runner=runner).verdicts
                for o in v.outcomes
            }
            found = {o.cell.id: (o.key, o.message) for o in one.outcomes if not o.cell.hidden}
            assert told == found, one.student


def test_damage_stops_nobody_and_a_changed_test_gains_nothing(released_for_all, tmp_path, example):
    folder, right = tmp_path / "submitted", example.pages["en"].cell("ema").source

    def easy(notebook):
        for cell in notebook["cells"]:
            if cell["id"].startswith("ema-d"):
                cell["source"] = "print('✓')"
                cell["metadata"]["nbgrader"]["points"] = 100

    def twice(notebook):
        notebook["cells"] += [dict(cell) for cell in notebook["cells"]]

    def torn(notebook):
        notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] in ("ema", "title")]

    def backwards(notebook):
        notebook["cells"].reverse()

    handed_in(folder, "a-easy", HALF, change=easy)
    handed_in(folder, "b-twice", right, change=twice)
    handed_in(folder, "c-torn", right, change=torn)
    handed_in(folder, "d-backwards", right, change=backwards)
    results = grading.grade(folder, CHAPTER, tmp_path / "out", solutions=SOLUTIONS, limits=LIMITS)
    assert {one.student: one.score for one in results} == {
        "a-easy": 2.0,
        "b-twice": 5.0,
        "c-torn": 5.0,
        "d-backwards": 5.0,
    }


def test_scripts_and_own_cells_of_a_student_do_not_reach_the_feedback(released_for_all, tmp_path):
    folder = tmp_path / "submitted"

    def attack(notebook):
        notebook["cells"][0]["source"] = "<script>alert(1)</script>"
        notebook["cells"].append(
            {"cell_type": "markdown", "id": "own", "metadata": {}, "source": "<img src=x onerror=alert(2)>"}
        )
        notebook["metadata"]["title"] = "<script>alert(3)</script>"

    handed_in(folder, "eva", "# <script>alert(4)</script>\n" + HALF, change=attack)
    grading.grade(folder, CHAPTER, tmp_path / "out", solutions=SOLUTIONS, limits=LIMITS)
    text = (tmp_path / "out/feedback/eva" / f"{CHAPTER}.html").read_text(encoding="utf8")
    assert not [number for number in "1234" if f"<script>alert({number})" in text]
    assert "onerror" not in text


def test_every_layout_is_found_and_the_zip_of_submit_too(released_for_all, tmp_path, example):
    folder, right = tmp_path / "submitted", example.pages["en"].cell("ema").source
    handed_in(folder, "flat", right)
    handed_in(folder / "nbgraders" / CHAPTER, CHAPTER, right)
    handed_in(folder / "renamed", "final version (2)", right)
    handed_in(tmp_path / "work" / CHAPTER, CHAPTER, right)
    done = submit.submit(tmp_path / "work", CHAPTER, tmp_path / "zips")
    shutil.copy(done.archive, folder / "zipped.zip")
    found = submissions(folder, CHAPTER)
    assert [one.student for one in found] == ["flat", "nbgraders", "renamed", "zipped"]
    assert all(one.page is not None for one in found)


def test_what_cannot_be_read_says_why(released_for_all, tmp_path):
    folder = tmp_path / "submitted"
    folder.mkdir()
    (folder / "binary.ipynb").write_bytes(b"\xff\xfe")
    (folder / "text.ipynb").write_text("hello")
    (folder / "number.ipynb").write_text("3")
    (folder / "torn.zip").write_bytes(b"PK\x03\x04")
    (folder / "nothing").mkdir()
    with zipfile.ZipFile(folder / "many.zip", "w") as archive:
        for number in range(60):
            archive.writestr(f"{number}.ipynb", json.dumps({"cells": []}))
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.ipynb", b" " * 30_000_000)
    (folder / "link.ipynb").symlink_to("/etc/hostname")
    found = {one.student: one for one in submissions(folder, CHAPTER)}
    assert sorted(found) == ["binary", "bomb", "link", "many", "nothing", "number", "text", "torn"]
    assert all(one.page is None and one.reason for one in found.values())


def test_an_instructors_slips_are_one_sentence(released_for_all, tmp_path):
    with pytest.raises(CourseError, match="no assignment '99-none'; there are: 00-moving-average"):
        grading.grade(tmp_path, "99-none", tmp_path / "out", solutions=SOLUTIONS)
    with pytest.raises(CourseError, match="holds no submission"):
        grading.grade(tmp_path, CHAPTER, tmp_path / "out", solutions=SOLUTIONS)
    with pytest.raises(CourseError, match="is no folder"):
        grading.grade(tmp_path / "none", CHAPTER, tmp_path / "out", solutions=SOLUTIONS)


def test_the_points_of_the_manifest_and_of_the_grader_are_the_same(released, example):
    known = build.files(example)[f"dlbook/check/manifest/{CHAPTER}.json"]
    points = json.loads(known)["exercises"]["ema"]["points"]
    assert grading.max_score(example) == sum(points.values())
