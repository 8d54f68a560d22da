"""What an instructor does in formgrader: autograde a submission, mark a written answer, make the feedback."""

import html
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from playwright.sync_api import expect

from dlbook.course import build, translation

pytestmark = pytest.mark.browser
CHAPTER = "00-moving-average"
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
QUESTION = "How far back does it remember? It forgets at the rate of $\\beta^k$."
WRITTEN = "It **forgets** slowly: $\\beta^k$.\n\n<script>document.title = 'stolen'</script><img src=x onerror=alert(1)>"
WRONG = "def moving_average_backward(dm, cache):\n    return dm, 0.0, dm[0]\n"


@pytest.fixture(scope="module")
def chapter(tmp_path_factory):
    """The example with a cell that a person marks."""
    folder = tmp_path_factory.mktemp("solutions") / CHAPTER
    shutil.copytree(EXAMPLE / CHAPTER, folder)
    with (folder / f"{CHAPTER}.py").open("a", encoding="utf8") as file:
        file.write(f'\n# %% [markdown] id="why" manual="why" points=2\n# {QUESTION}\n')
    with (folder / "pt-BR.md").open("a", encoding="utf8") as file:
        file.write(f"\n<!-- cell: why en: {translation.cell_hash(QUESTION)} -->\nAté onde ela se lembra?\n")
    return build.load(folder)


@pytest.fixture
def course(chapter, tmp_path):
    """A course's folder with two submissions."""
    shutil.copytree(chapter.pages["en"].path.parent, tmp_path / "solutions" / CHAPTER)
    written = build.files(chapter)
    build.write(tmp_path, written)
    (tmp_path / "nbgrader_config.py").write_text(CONFIG, encoding="utf8")
    right = chapter.pages["en"].cell("ema").source
    for student, texts in {"ana": {"ema": right, "why": WRITTEN}, "bia": {"ema": WRONG}}.items():
        notebook = json.loads(written[f"chapters/en/{CHAPTER}/{CHAPTER}.ipynb"])
        for cell in notebook["cells"]:
            cell["source"] = texts.get(cell["id"], cell["source"])
        path = tmp_path / "grading/submitted" / student / CHAPTER / f"{CHAPTER}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook), encoding="utf8")
    return tmp_path


@pytest.fixture
def formgrader(course, tmp_path):
    """JupyterLab in the course's folder with formgrader in it; its address."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.root_dir={course}", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token=", "--allow-root"]
    command.append("--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}")
    folders = {f"JUPYTER_{name}_DIR": str(tmp_path / f"jupyter/{name}") for name in ("CONFIG", "DATA", "RUNTIME")}
    kept = {name: value for name, value in os.environ.items() if name != "DLBOOK_LANG"}
    with (tmp_path / "lab.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=course, env={**kept, **folders, "OMP_NUM_THREADS": "1"}, stdout=log, stderr=log
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/api/status", process, tmp_path / "lab.log")
        yield f"{address}/formgrader"
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(address, process, log):
    for _ in range(240):
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.25)
    pytest.fail(f"JupyterLab did not answer: {log.read_text(encoding='utf8')[-2000:]}", pytrace=False)


def row(page, student):
    return page.locator("#main-table tr").filter(has=page.locator(".student-id", has_text=student))


def press(page, student, button):
    """Press a button of a student's row, and close the window that says how it went."""
    row(page, student).locator(f".{button} a").click()
    window = page.locator(".modal-dialog:visible")
    expect(window.locator(".modal-title")).to_have_text("Success", timeout=60_000)
    said = window.inner_text()
    window.locator(".modal-footer button").first.click()
    expect(page.locator(".modal-dialog:visible, .modal-backdrop")).to_have_count(0)
    return said


def marks(course):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course}/grading/gradebook.db") as book:
        return {
            one.student.id: {
                grade.name: (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
                for grade in one.notebooks[0].grades
            }
            for one in book.assignment_submissions(CHAPTER)
        }


def test_from_the_list_of_submissions_to_a_marked_page_and_its_feedback(browser, formgrader, course, shot):
    page = browser.new_page(viewport={"width": 1360, "height": 900})
    alerts = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))

    page.goto(f"{formgrader}/manage_assignments")
    listed = page.locator("#main-table tr").filter(has_text=CHAPTER)
    expect(listed.locator(".num-submissions")).to_have_text("2")
    shot(page, "formgrader-assignments")
    listed.locator(".num-submissions a").click()
    expect(row(page, "ana").locator(".status")).to_have_text("needs autograding")

    assert "5 points, isolated by" in press(page, "ana", "autograde")
    expect(row(page, "ana").locator(".status")).to_have_text("needs manual grading")
    expect(row(page, "ana").locator(".score")).to_have_text("5 / 7")
    press(page, "bia", "autograde")
    expect(row(page, "bia").locator(".status")).to_have_text("graded")
    expect(row(page, "bia").locator(".score")).to_have_text("0 / 7")
    shot(page, "formgrader-submissions")
    assert marks(course) == {
        "ana": {
            "ema-dx": (2.0, None, False),
            "ema-dbeta": (1.0, None, False),
            "ema-other-sizes": (2.0, None, False),
            "why": (None, None, True),
        },
        "bia": {name: (0.0, None, False) for name in ("ema-dx", "ema-dbeta", "ema-other-sizes", "why")},
    }

    page.goto(f"{formgrader}/gradebook/{CHAPTER}/{CHAPTER}")
    waiting = page.locator("#main-table tr").filter(has=page.locator(".needs-manual-grade .glyphicon"))
    expect(waiting).to_have_count(1)
    waiting.locator(".name a").first.click()
    answer = page.locator(".nbgrader_cell").filter(has=page.locator("#why"))
    expect(answer.locator("strong")).to_have_text("forgets")
    expect(page.locator(".nbgrader_cell").filter(has=page.locator("#ema-other-sizes"))).to_contain_text(
        "default_rng(11)"
    )
    assert page.locator("#notebook-container script").filter(has_text="stolen").count() == 0
    mark = page.locator("#why")
    mark.scroll_into_view_if_needed()
    with page.expect_response(lambda reply: reply.request.method == "PUT" and "/api/grade/" in reply.url):
        mark.fill("1.5")
        mark.press("Tab")
    note = page.locator("#why-comment")
    with page.expect_response(lambda reply: reply.request.method == "PUT" and "/api/comment/" in reply.url):
        note.fill("And at which rate?")
        note.press("Tab")
    expect(mark).not_to_have_class(re.compile("needs_manual_grade"))
    shot(page, "formgrader-marked")
    assert marks(course)["ana"]["why"] == (None, 1.5, False)
    assert alerts == []
    assert page.title() == CHAPTER

    page.goto(f"{formgrader}/manage_submissions/{CHAPTER}")
    expect(row(page, "ana").locator(".score")).to_have_text("6.5 / 7")
    for student in ("ana", "bia"):
        press(page, student, "generate-feedback")
    told = {
        student: html.unescape(
            (course / f"grading/feedback/{student}/{CHAPTER}/{CHAPTER}.html").read_text(encoding="utf8")
        )
        for student in ("ana", "bia")
    }
    assert "Score: 6.5 / 7.0" in told["ana"]
    assert "And at which rate?" in told["ana"]
    assert "<strong>forgets</strong>" in told["ana"]
    assert "not passed" in told["bia"]
    for text in told.values():
        assert "default_rng(11)" not in text
        assert "<script>document.title" not in text
        assert "onerror=" not in text
    page.goto((course / f"grading/feedback/bia/{CHAPTER}/{CHAPTER}.html").as_uri())
    page.locator("text=not passed").first.scroll_into_view_if_needed()
    shot(page, "formgrader-feedback")
