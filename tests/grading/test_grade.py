"""A made-up class of six, graded from folder to CSV, gradebook and feedback."""

import csv
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest

from dlbook.check import manifest
from dlbook.check import page as pages
from dlbook.check.runner import Limits, Runner
from dlbook.course import build, source, submit, work
from dlbook.course.errors import CourseError
from dlbook.grading import grade as grading
from dlbook.grading import gradebook, journal, sandbox
from dlbook.grading.intake import submissions

CHAPTER = "00-moving-average"
SOLUTIONS = pathlib.Path(__file__).parents[1] / "example"
pytestmark = pytest.mark.usefixtures("best_tier")
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


def test_check_and_grade_agree_on_every_visible_test(six, graded):
    found = {one.student: one for one in graded[0]}
    with Runner(LIMITS) as runner:
        for submission in submissions(six, CHAPTER):
            if submission.page is None:
                continue
            verdicts = pages.check(submission.page, runner=runner).verdicts
            told = {o.cell.id: (o.key, o.message) for v in verdicts for o in v.outcomes}
            assert told == visible(found[submission.student]), submission.student


def visible(record):
    """What a verdict says of each visible test."""
    return {result.test: (result.key, result.message) for result in record.results if not result.hidden}


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
    assert "is a link" in found["link"].reason
    assert all(one.page is None and one.reason for one in found.values())


def test_an_instructors_slips_are_one_sentence(released_for_all, tmp_path):
    with pytest.raises(CourseError, match="no assignment '99-none'; there are: 00-moving-average"):
        grading.grade(tmp_path, "99-none", tmp_path / "out", solutions=SOLUTIONS)
    with pytest.raises(CourseError, match="holds no submission"):
        grading.grade(tmp_path, CHAPTER, tmp_path / "out", solutions=SOLUTIONS)
    with pytest.raises(CourseError, match="is no folder"):
        grading.grade(tmp_path / "none", CHAPTER, tmp_path / "out", solutions=SOLUTIONS)
    handed_in(tmp_path / "submitted", "ana")
    with pytest.raises(CourseError, match="is the folder of the submissions"):
        grading.grade(tmp_path / "submitted", CHAPTER, tmp_path / "submitted", solutions=SOLUTIONS)
    (tmp_path / "file").write_text("")
    with pytest.raises(CourseError, match="cannot be made a folder"):
        grading.grade(tmp_path / "submitted", CHAPTER, tmp_path / "file", solutions=SOLUTIONS)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/grades.csv").write_text("name;mark\nana;7,5\n")
    with pytest.raises(CourseError, match=r"grades\.csv is no table of `dlbook grade`, and is not overwritten"):
        grading.grade(tmp_path / "submitted", CHAPTER, tmp_path / "out", solutions=SOLUTIONS)
    assert (tmp_path / "out/grades.csv").read_text() == "name;mark\nana;7,5\n"
    (tmp_path / "out/grades.csv").unlink()
    (tmp_path / "out/gradebook.db").write_bytes(b"no database, but long enough to look at" * 40)
    with pytest.raises(CourseError, match=r"gradebook\.db is no gradebook"):
        grading.grade(tmp_path / "submitted", CHAPTER, tmp_path / "out", solutions=SOLUTIONS)


def test_the_points_of_the_manifest_and_of_the_grader_are_the_same(released, example):
    known = build.files(example)[f"dlbook/check/manifest/{CHAPTER}.json"]
    points = json.loads(known)["exercises"]["ema"]["points"]
    assert grading.max_score(example) == sum(points.values())


LEAVES_A_PROCESS = """
import os, time
if os.fork() == 0:
    end = time.time() + 3
    said = "".join('{"cell": "%s", "key": null, "message": null}\\n' % cell for cell in ("ema-dx", "ema-dbeta"))
    while time.time() < end:
        for descriptor in range(3, 12):
            try:
                os.write(descriptor, said.encode())
            except OSError:
                pass
        time.sleep(0.001)
    os._exit(0)
"""
FORGES_A_REPLY = """
import os
for descriptor in range(3, 30):
    try:
        os.write(descriptor, b"5\\n")
    except OSError:
        pass
"""


def torn_zip(path, right):
    """A zip whose notebook does not unpack."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{CHAPTER}.ipynb", right * 20)
    content = bytearray(path.read_bytes())
    content[60:90] = b"\xff" * 30
    path.write_bytes(content)


def test_no_submission_stops_the_class(released_for_all, tmp_path, example):
    folder, right = tmp_path / "submitted", example.pages["en"].cell("ema").source
    handed_in(folder, "ana", right)
    handed_in(folder, "z-last", right)
    handed_in(folder, "forges", FORGES_A_REPLY + right)
    handed_in(folder, "nul", right + "\n# \0 \x1b[31m")
    half_a_pair = (
        (folder / "ana.ipynb")
        .read_bytes()
        .replace(b"def moving_average_backward", b"# \\ud800\\ndef moving_average_backward", 1)
    )
    assert json.loads(half_a_pair)
    (folder / "surrogate.ipynb").write_bytes(half_a_pair)
    torn_zip(folder / "torn.zip", right)
    (folder / os.fsdecode(b"b\xff.ipynb")).write_bytes((folder / "ana.ipynb").read_bytes())
    results = {one.student: one for one in grading.grade(folder, CHAPTER, tmp_path / "out", solutions=SOLUTIONS)}
    assert {name: (one.score, one.status) for name, one in results.items() if name not in ("surrogate", "nul")} == {
        "ana": (5.0, "graded"),
        "b\\xff": (5.0, "graded"),
        "forges": (0.0, "graded"),
        "torn": (0.0, "unreadable"),
        "z-last": (5.0, "graded"),
    }
    assert {results["surrogate"].status, results["nul"].status} == {"graded"}
    assert all(one.reason for one in results.values() if one.status not in ("graded", "untouched"))
    assert {one.status for one in results.values()} <= set(grading.STATUSES)


def test_a_fault_of_the_grader_is_one_students_error(released_for_all, tmp_path, example, monkeypatch):
    folder, right = tmp_path / "submitted", example.pages["en"].cell("ema").source
    handed_in(folder, "ana", right)
    handed_in(folder, "bia", right)
    verdict, calls = Runner.verdict, []

    def fails_once(self, *arguments):
        calls.append(1)
        if len(calls) == 1:
            raise KeyError("a fault")
        return verdict(self, *arguments)

    monkeypatch.setattr(Runner, "verdict", fails_once)
    ana, bia = grading.grade(folder, CHAPTER, tmp_path / "out", solutions=SOLUTIONS, limits=LIMITS)
    assert (ana.status, ana.score, bia.status, bia.score) == ("error", 0.0, "graded", 5.0)
    assert "KeyError" in ana.reason


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the answer forks")
def test_a_process_that_an_answer_leaves_behind_does_not_speak_for_the_next_student(released_for_all, tmp_path):
    folder = tmp_path / "submitted"
    handed_in(folder, "a-leaves", LEAVES_A_PROCESS)
    handed_in(folder, "b-wrong", "def moving_average_backward(dm, cache):\n    return dm, 0.0, 0.0\n")
    results = grading.grade(folder, CHAPTER, tmp_path / "out", solutions=SOLUTIONS, limits=LIMITS)
    assert results[1].score == 0.0


def test_the_notebook_with_the_released_name_counts_before_its_copies(released_for_all, tmp_path, example):
    folder = tmp_path / "submitted"
    handed_in(folder / "ana", CHAPTER, example.pages["en"].cell("ema").source)
    handed_in(folder / "ana", f"{CHAPTER}-Copy1")
    (one,) = submissions(folder, CHAPTER)
    assert one.path.name == f"{CHAPTER}.ipynb"
    assert one.reason == f"of 2 files, {CHAPTER}.ipynb counts"


def test_what_a_computer_puts_into_a_zip_is_not_taken_for_a_notebook(released_for_all, tmp_path):
    folder = tmp_path / "submitted"
    handed_in(tmp_path, "notebook")
    folder.mkdir()
    with zipfile.ZipFile(folder / "ana.zip", "w") as archive:
        archive.write(tmp_path / "notebook.ipynb", f"{CHAPTER}.ipynb")
        archive.writestr(f"__MACOSX/._{CHAPTER}.ipynb", b"\0")
        archive.writestr(f".ipynb_checkpoints/{CHAPTER}-checkpoint.ipynb", b"{}")
    assert submissions(folder, CHAPTER)[0].page is not None


def test_a_folder_that_is_a_link_to_a_neighbours_is_refused(released_for_all, tmp_path, example):
    folder = tmp_path / "submitted"
    handed_in(folder / "ana", CHAPTER, example.pages["en"].cell("ema").source)
    (folder / "eva").symlink_to(folder / "ana")
    eva = submissions(folder, CHAPTER)[1]
    assert eva.page is None
    assert "is a link" in eva.reason


def test_regrading_one_student_keeps_the_other_rows(released_for_all, graded, tmp_path):
    out, folder = tmp_path / "out", tmp_path / "submitted"
    shutil.copytree(graded[1], out)
    folder.mkdir()
    (folder / "ana.ipynb").write_bytes(b"")
    grading.grade(folder, CHAPTER, out, solutions=SOLUTIONS, limits=LIMITS)
    with (out / "grades.csv").open(encoding="utf8", newline="") as file:
        rows = {row["student"]: (row["score"], row["status"]) for row in csv.DictReader(file)}
    assert rows == {**EXPECTED, "ana": ("0", "unreadable")}
    assert list(rows) == sorted(rows)


def test_the_grades_may_lie_in_the_folder_of_the_submissions(released_for_all, tmp_path):
    handed_in(tmp_path, "ana")
    for _ in range(2):
        results = grading.grade(tmp_path, CHAPTER, tmp_path / "out", solutions=SOLUTIONS, limits=LIMITS)
        assert [one.student for one in results] == ["ana"]


def test_a_gradebook_is_made_where_no_command_is_on_the_path(tmp_path, example, monkeypatch):
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR
    from sqlalchemy import create_engine

    monkeypatch.setenv("PATH", "")
    gradebook.prepare(tmp_path / "gradebook.db", example)
    with create_engine(gradebook.address_of(tmp_path / "gradebook.db")).connect() as connection:
        noted = MigrationContext.configure(connection).get_current_revision()
    assert noted == ScriptDirectory(ALEMBIC_DIR).get_current_head()


def test_a_chapter_whose_tests_changed_asks_for_a_new_folder(released_for_all, graded, tmp_path, example):
    shutil.copy(graded[1] / "gradebook.db", tmp_path / "gradebook.db")
    cells = tuple(cell for cell in example.pages["en"].cells if cell.id != "ema-dx")
    shorter = dataclasses.replace(example.pages["en"], cells=cells)
    changed = dataclasses.replace(example, pages={**example.pages, "en": shorter})
    with pytest.raises(CourseError, match="a version of 00-moving-average with other cells"):
        gradebook.prepare(tmp_path / "gradebook.db", changed)


def test_nbgraders_own_interface_reads_the_result(graded):
    from nbgrader.apps.api import NbGraderAPI
    from traitlets.config import Config

    root = graded[1]
    course = {"root": str(root), "db_url": gradebook.address_of(root / "gradebook.db")}
    api = NbGraderAPI(config=Config(CourseDirectory=course))
    listed = {one["student"]: one for one in api.get_submissions(CHAPTER)}
    assert {name: one["score"] for name, one in listed.items()} == {n: float(s) for n, (s, _) in EXPECTED.items()}
    assert {one["max_score"] for one in listed.values()} == {5.0}
    cells = api.gradebook.find_notebook(CHAPTER, CHAPTER).grade_cells
    assert {cell.name for cell in cells} == {"ema-dx", "ema-dbeta", "ema-other-sizes"}


def test_a_missing_nbgrader_is_one_line_with_the_command(tmp_path):
    program = "import sys; sys.modules['nbgrader'] = None; from dlbook.cli import main; main()"
    command = [sys.executable, "-c", program, "grade", str(tmp_path), "--assignment", "x", "--out", str(tmp_path / "o")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.strip() == 'nbgrader is not installed: pip install "dlbook[instructor]"'


@pytest.fixture
def with_a_written_answer(example, tmp_path, monkeypatch):
    """The example with a cell that a person marks."""
    cell = source.SourceCell("why", "markdown", "Because.", {"id": "why", "manual": "why", "points": 2}, 1)
    pages_ = {name: dataclasses.replace(page, cells=(*page.cells, cell)) for name, page in example.pages.items()}
    chapter, folder = dataclasses.replace(example, pages=pages_), tmp_path / "manifests"
    folder.mkdir()
    text = build.files(chapter)[f"dlbook/check/manifest/{CHAPTER}.json"]
    (folder / f"{CHAPTER}.json").write_text(text, encoding="utf8")
    monkeypatch.setattr(manifest, "FOLDER", folder)
    manifest.of_chapter.cache_clear()
    monkeypatch.setattr(build, "load", lambda _: chapter)
    yield chapter
    manifest.of_chapter.cache_clear()


def written(text):
    def change(notebook):
        next(cell for cell in notebook["cells"] if cell["id"] == "why")["source"] = text

    return change


def test_a_written_answer_waits_for_a_person_and_the_mark_reaches_the_csv(with_a_written_answer, tmp_path):
    from nbgrader.api import Gradebook

    folder, out = tmp_path / "submitted", tmp_path / "out"
    handed_in(folder, "ana", change=written("It **forgets** slowly."))
    handed_in(folder, "bia")
    results = grading.grade(folder, CHAPTER, out, solutions=SOLUTIONS, limits=LIMITS)
    assert [(one.score, one.max_score, one.status) for one in results] == [
        (0.0, 7.0, "graded"),
        (0.0, 7.0, "untouched"),
    ]
    with Gradebook(gradebook.address_of(out / "gradebook.db")) as book:
        waiting = {s.student.id: s.needs_manual_grade for s in book.assignment_submissions(CHAPTER)}
        assert waiting == {"ana": True, "bia": False}
        mark = book.find_grade("why", CHAPTER, CHAPTER, "ana")
        mark.manual_score, mark.needs_manual_grade = 1.5, False
        book.db.commit()
    grading.grade(folder, CHAPTER, out, solutions=SOLUTIONS, limits=LIMITS)
    assert "ana,00-moving-average,1.5,7,graded" in (out / "grades.csv").read_text(encoding="utf8")


def test_the_tier_and_the_reason_stand_in_every_verdict(graded):
    assert {one.tier for one in graded[0]} == {sandbox.choose().name}
    assert {one.student: one.reason for one in graded[0]}["carla"] == "no exercise was attempted"


def test_a_damaged_page_is_repaired_and_says_so(released_for_all, tmp_path, example):
    def torn(notebook):
        notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != "ema-dx"]

    handed_in(tmp_path / "submitted", "ana", example.pages["en"].cell("ema").source, change=torn)
    (ana,) = grading.grade(tmp_path / "submitted", CHAPTER, tmp_path / "out", solutions=SOLUTIONS, limits=LIMITS)
    assert ana.score == 5.0
    assert ana.repairs == ("The cell ema-dx was deleted.",)


def test_resuming_judges_only_what_the_journal_lacks(six, graded, tmp_path, monkeypatch, contents):
    out = tmp_path / "out"
    shutil.copytree(graded[1], out)
    whole = contents(out)
    book = journal.of_assignment(out, CHAPTER)
    lost = next(one for one in book if one.student == "bruno")
    (book.folder / f"{lost.key}.json").unlink()
    asked = []
    monkeypatch.setattr(
        grading, "judge", lambda job, *rest, judge=grading.judge: asked.append(job) or judge(job, *rest)
    )
    grading.grade(six, CHAPTER, out, solutions=SOLUTIONS, limits=LIMITS, resume=True)
    assert [job.record.student for job in asked] == ["bruno"]
    assert contents(out) == whole


def test_a_corrected_test_or_a_new_submission_makes_a_new_key(released_for_all, six, example):
    settings = grading.settings_of(example, LIMITS, sandbox.UNSAFE)
    changed = dataclasses.replace(settings.cells["en"][-1], source="x = 1")
    other = dataclasses.replace(settings, cells={**settings.cells, "en": (*settings.cells["en"][:-1], changed)})
    ana, bruno = submissions(six, CHAPTER)[:2]

    def key(one, settings, secret=b""):
        return grading.prepare(example, one, settings, six, secret).record.key

    assert key(ana, settings) == key(ana, settings)
    assert key(bruno, other) == key(bruno, settings)
    keys = {key(ana, settings), key(bruno, settings), key(ana, other), key(ana, settings, b"secret")}
    assert len(keys) == 4


def test_shards_part_the_class_and_merge_to_the_whole(six, graded, tmp_path, contents):
    parts = [tmp_path / "one", tmp_path / "two"]
    for number, out in enumerate(parts, 1):
        grading.grade(six, CHAPTER, out, solutions=SOLUTIONS, limits=LIMITS, shard=(number, 2))
    students = [{one.student for one in journal.of_assignment(out, CHAPTER).counting()} for out in parts]
    assert students[0].isdisjoint(students[1])
    assert students[0] | students[1] == set(EXPECTED)
    grading.merge(parts[0], parts[1:], solutions=SOLUTIONS)
    merged, whole = contents(parts[0]), contents(graded[1])
    assert merged == whole


def test_of_several_attempts_all_are_judged_where_that_is_asked(released_for_all, tmp_path, example):
    folder = tmp_path / "submitted"
    handed_in(folder / "ana", CHAPTER, example.pages["en"].cell("ema").source)
    handed_in(folder / "ana", f"{CHAPTER}-Copy1", HALF)
    once, always = (
        grading.grade(folder, CHAPTER, tmp_path / str(every), solutions=SOLUTIONS, limits=LIMITS, every_attempt=every)
        for every in (False, True)
    )
    assert [one.score for one in once] == [5.0]
    assert len(list(journal.of_assignment(tmp_path / "True", CHAPTER))) == 2
    assert len(always) == 1
