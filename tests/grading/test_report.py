"""What an instructor and each student get of a graded class: tables, reports, feedback without a hidden test in it."""

import csv
import dataclasses
import datetime
import html
import io
import pathlib
import re
import shutil
import urllib.parse
from types import SimpleNamespace

import pytest

from dlbook.check import manifest
from dlbook.check.runner import Limits
from dlbook.course import build, source, work
from dlbook.course.errors import CourseError
from dlbook.grading import feedback, grade, gradebook, journal, report
from dlbook.grading.assignment import Assignment
from dlbook.grading.journal import Record, TestResult
from dlbook.grading.retention import forget
from dlbook.grading.roster import Roster

CHAPTER = "00-moving-average"
SOLUTIONS = pathlib.Path(__file__).parents[1] / "example"
pytestmark = pytest.mark.usefixtures("best_tier")
LIMITS = Limits(cell=2.0, total=8.0, memory=2_000_000_000)
HALF = """
def moving_average_backward(dm, cache):
    # <script>alert(4)</script>
    x, beta, m0, m = cache
    g, dx = np.zeros(m0.shape), np.empty(x.shape)
    for t in reversed(range(len(x))):
        g = dm[t] + beta * g
        dx[t] = (1 - beta) * g
    return dx, 0.0, beta * g
"""


def handed_in(folder, student, answer=None, language="en", change=lambda notebook: None):
    notebook = work.released(CHAPTER, language)
    if answer is not None:
        next(cell for cell in notebook["cells"] if cell["id"] == "ema")["source"] = answer
    change(notebook)
    work.write(folder / f"{student}.ipynb", notebook)


@pytest.fixture(scope="module")
def out(released_for_all, tmp_path_factory, example):
    """Right twice, half right in Portuguese, untouched, torn, an unreadable file; graded and reported."""
    folder, right = tmp_path_factory.mktemp("class"), example.pages["en"].cell("ema").source

    def attack(notebook):
        notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != "ema-dx"]
        notebook["cells"][0]["source"] = "<script>alert(1)</script>"
        notebook["cells"].append(
            {"cell_type": "markdown", "id": "own", "metadata": {}, "source": "<b onclick=alert(2)>"}
        )
        notebook["metadata"]["title"] = "<script>alert(3)</script>"

    handed_in(folder / "submitted", "1001", right)
    handed_in(folder / "submitted", "1002", right)
    handed_in(folder / "submitted", "bruno", HALF, "pt-BR")
    handed_in(folder / "submitted", "carla")
    handed_in(folder / "submitted", "eva", HALF, change=attack)
    (folder / "submitted" / "fabio.ipynb").write_bytes(b"")
    grade.grade(folder / "submitted", CHAPTER, folder / "out", solutions=SOLUTIONS, limits=LIMITS)
    report.write(folder / "out", solutions=SOLUTIONS)
    return folder / "out"


def feedback_of(out, student):
    return html.unescape((out / "feedback" / student / f"{CHAPTER}.html").read_text(encoding="utf8"))


def test_the_feedback_hints_in_the_students_language(out):
    assert "✓ gradient of β" in feedback_of(out, "1001")
    assert "dbeta: ainda não está certo" in feedback_of(out, "bruno")
    assert "Sua resposta" in feedback_of(out, "bruno")
    assert "Score" not in feedback_of(out, "bruno")
    assert "Not attempted yet." in feedback_of(out, "carla")


def test_no_line_of_a_hidden_test_and_no_script_is_in_any_page(out, example):
    pages = [path.read_text(encoding="utf8") for path in out.rglob("*.html")]
    assert len(pages) == 6 + 3
    page = example.pages["en"]
    public = {line.strip() for cell in page.cells if not cell.hidden for line in cell.source.splitlines()}
    secret = {line.strip() for cell in page.cells if cell.hidden for line in cell.source.splitlines()} - public
    for text in pages:
        told = html.unescape(text)
        assert not [line for line in secret if len(line) > 12 and not line.startswith('"""') and line in told]
        assert not [number for number in "1234" if f"<script>alert({number})" in text]
        assert "onclick=alert" not in text


def test_of_a_hidden_test_the_feedback_says_passed_or_not(out, example):
    title = {name: source.test_title(page.cell("ema-other-sizes").source) for name, page in example.pages.items()}
    assert f"✓ hidden test: {title['en']} — passed" in feedback_of(out, "1001")
    assert f"✗ teste oculto: {title['pt-BR']} — não passou" in feedback_of(out, "bruno")


def test_a_repair_and_an_unreadable_file_are_told_politely(out):
    assert "The cell ema-dx was deleted." in feedback_of(out, "eva")
    assert "that alone costs no points" in feedback_of(out, "eva")
    assert "fabio.ipynb is empty." in feedback_of(out, "fabio")
    assert not (out / "autograded" / "fabio").exists()


def test_the_tables_say_what_the_tests_found(out):
    folder = out / "report" / CHAPTER
    with (folder / "nbgrader.csv").open(encoding="utf8", newline="") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {"1001": 5.0, "1002": 5.0, "bruno": 2.0, "carla": 0.0, "eva": 2.0, "fabio": 0.0}
    assert (folder / "canvas.csv").exists()
    assert not (folder / "moodle.csv").exists()
    assert "eva,The cell ema-dx was deleted." in (folder / "repairs.csv").read_text(encoding="utf8")


def test_equal_answers_and_the_published_one_are_listed_side_by_side(out):
    text = (out / "report" / CHAPTER / "similarity.html").read_text(encoding="utf8")
    assert "1001" in text
    assert "1002" in text
    assert "published" in text


def test_formgrader_finds_the_submissions(out):
    from nbgrader.apps.api import NbGraderAPI
    from traitlets.config import Config

    course = {"root": str(out), "db_url": gradebook.address_of(out / "gradebook.db")}
    api = NbGraderAPI(config=Config(CourseDirectory=course))
    students = {one["student"] for one in api.get_notebook_submissions(CHAPTER, CHAPTER)}
    assert students == {"1001", "1002", "bruno", "carla", "eva"}


def test_in_portuguese_marks_go_to_ten_and_pseudonyms_hide_names(out, tmp_path):
    shutil.copytree(out, tmp_path / "out")
    now = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)
    options = {"with_feedback": False, "secret": b"known to the course", "retention": 180, "now": now}
    report.write(tmp_path / "out", solutions=SOLUTIONS, language="pt-BR", **options)
    folder = tmp_path / "out/report" / CHAPTER
    table = (folder / "nbgrader.csv").read_bytes()
    assert table.startswith(b"\xef\xbb\xbf")
    assert ";10,00" in table.decode("utf8") or ";10;" in table.decode("utf8")
    assert "1001" not in (folder / "similarity.html").read_text(encoding="utf8")
    assert not list((tmp_path / "out").rglob("pseudonyms.csv"))
    report.write(tmp_path / "out", solutions=SOLUTIONS, pseudonym_table=True, **options)
    assert "1001" in (tmp_path / "out/report/pseudonyms.csv").read_text(encoding="utf8")
    (until,) = re.findall(r"after (\S+);", (tmp_path / "out/RETENTION.txt").read_text(encoding="utf8"))
    graded = max(path.stat().st_mtime for path in (tmp_path / "out/journal").glob("*/*.json"))
    assert until == f"{datetime.datetime.fromtimestamp(graded, datetime.UTC) + datetime.timedelta(180):%Y-%m-%d}"


class Register:
    """A roster of one."""

    def match(self, student):
        found = SimpleNamespace(number="00123", email="ana@ufx.example", name="Ana Silva")
        return found if student == "1001" else None


def test_a_roster_gives_moodle_what_it_needs_and_without_one_the_report_says_what_is_missing(out, tmp_path):
    shutil.copytree(out, tmp_path / "out")
    told = []
    report.write(tmp_path / "out", solutions=SOLUTIONS, with_feedback=False, tell=told.append)
    assert told == [
        f"{CHAPTER}: no table for Moodle, which knows students by ID number or email address alone: give a roster that"
        " has them."
    ]
    assert told[0] in (tmp_path / "out/report/index.html").read_text(encoding="utf8")
    told.clear()
    options = {"with_feedback": False, "roster": Register(), "tell": told.append}
    report.write(tmp_path / "out", solutions=SOLUTIONS, formats=["moodle"], **options)
    folder = tmp_path / "out/report" / CHAPTER
    assert (folder / "moodle.csv").read_bytes() == f"ID number,{CHAPTER}\r\n00123,5\r\n".encode()
    assert not (folder / "canvas.csv").exists()
    assert "5 students are not in the table for Moodle" in told[0]


def test_the_index_sums_up_and_links_what_there_is(out):
    text = (out / "report/index.html").read_text(encoding="utf8")
    assert "graded: 4, could not be read: 1, no exercise was attempted: 1" in text
    assert "mean 2.8 of 5 points" in text
    links = [urllib.parse.unquote(link) for link in re.findall(r'href="([^"]+)"', text)]
    assert f"{CHAPTER}/items.html" in links
    assert "../grades.csv" in links
    assert all((out / "report" / link).exists() for link in links)


def test_a_person_s_mark_reaches_every_table_and_the_feedback(out, tmp_path):
    from nbgrader.api import Gradebook

    shutil.copytree(out, tmp_path / "out")
    with Gradebook(gradebook.address_of(tmp_path / "out/gradebook.db")) as book:
        mark = book.find_grade("ema-dx", CHAPTER, CHAPTER, "bruno")
        mark.manual_score, mark.extra_credit = 0.5, 1.0
        book.find_comment("ema", CHAPTER, CHAPTER, "bruno").manual_comment = "Olhe o *índice*."
        book.find_submission_notebook(CHAPTER, CHAPTER, "bruno").late_submission_penalty = 0.25
        book.db.commit()
    before = (tmp_path / "out/gradebook.db").read_bytes()
    report.write(tmp_path / "out", solutions=SOLUTIONS)
    assert (tmp_path / "out/gradebook.db").read_bytes() == before
    with (tmp_path / "out/report" / CHAPTER / "nbgrader.csv").open(encoding="utf8", newline="") as file:
        (row,) = [row for row in csv.DictReader(file) if row["student_id"] == "bruno"]
    assert (row["raw_score"], row["late_submission_penalty"], row["score"]) == ("1.5", "0.25", "1.25")
    page = feedback_of(tmp_path / "out", "bruno")
    assert "nota dada por quem corrige" in page
    assert "<em>índice</em>" in page
    assert "Entrega com atraso" in page
    assert "1,25 / 5" in page


def test_what_was_erased_is_reported_no_more_and_a_damaged_folder_is_one_sentence(out, tmp_path):
    shutil.copytree(out, tmp_path / "out")
    forget(tmp_path / "out", "bruno")
    report.write(tmp_path / "out", solutions=SOLUTIONS)
    assert not (tmp_path / "out/feedback/bruno").exists()
    (tmp_path / "out/gradebook.db").write_bytes(b"no database, but long enough to look at" * 40)
    with pytest.raises(CourseError, match=r"gradebook\.db is no gradebook that can be read"):
        report.write(tmp_path / "out", solutions=SOLUTIONS)
    (tmp_path / "out/gradebook.db").unlink()
    with pytest.raises(CourseError, match="There is no"):
        report.write(tmp_path / "out", solutions=SOLUTIONS)
    assert not (tmp_path / "out/gradebook.db").exists()
    next((tmp_path / "out/journal" / CHAPTER).glob("*.json")).write_text("{}")
    with pytest.raises(CourseError, match="is damaged"):
        report.write(tmp_path / "out", solutions=SOLUTIONS)
    (tmp_path / "out/journal" / f"{CHAPTER}.current").unlink()
    told = []
    report.write(tmp_path / "out", solutions=SOLUTIONS, tell=told.append)
    assert told == [f"{CHAPTER}: no verdict counts yet; a run must end first."]


def test_the_fault_of_one_page_stops_nobody_elses(out, tmp_path, monkeypatch):
    shutil.copytree(out, tmp_path / "out")
    told, rendered = [], feedback.rendered

    def fails(record, *rest):
        if record.student == "1002":
            raise KeyError("a fault")
        return rendered(record, *rest)

    monkeypatch.setattr(feedback, "rendered", fails)
    report.write(tmp_path / "out", solutions=SOLUTIONS, tell=told.append)
    assert f"{CHAPTER}: 1002: no feedback, KeyError: 'a fault'" in told
    assert sorted(path.parent.name for path in (tmp_path / "out").glob("feedback/*/*.html")) == [
        "1001",
        "bruno",
        "carla",
        "eva",
        "fabio",
    ]


def test_one_verdict_is_explained_with_its_hidden_test(out, example):
    said = report.explain(out, "bruno", f"{CHAPTER}/ema", solutions=SOLUTIONS)
    assert "hidden test ema-other-sizes: 0 of" in said
    assert example.pages["pt-BR"].cell("ema-other-sizes").source.strip() in said
    assert "dx[t] = (1 - beta) * g" in said


def test_a_slip_is_one_sentence(out, tmp_path):
    with pytest.raises(CourseError, match="holds no verdicts: expected what"):
        report.write(tmp_path, solutions=SOLUTIONS)
    with pytest.raises(CourseError, match="holds no verdicts on 99-none"):
        report.write(out, solutions=SOLUTIONS, assignments=["99-none"])
    with pytest.raises(CourseError, match="no verdict on zoe"):
        report.explain(out, "zoe", f"{CHAPTER}/ema", solutions=SOLUTIONS)
    with pytest.raises(CourseError, match="has no exercise 'none'; it has ema"):
        report.explain(out, "bruno", f"{CHAPTER}/none", solutions=SOLUTIONS)


NAMES = [
    "ana",
    "..",
    ".",
    "a/b",
    "-rf",
    "a\nb",
    "é" * 200,
    "e" * 255,
    "josé",
    "jose\u0301",
    "%2E%2E",
    "a.b",
    "a b",
    "CON\0",
]


def test_any_name_gets_a_folder_of_its_own_inside(tmp_path):
    folders = [feedback.folder_of(name) for name in NAMES]
    assert len(set(folders)) == len(NAMES)
    for folder in folders:
        assert (tmp_path / folder).resolve().parent == tmp_path.resolve()
        (tmp_path / folder).mkdir()


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x]\n\n[x]: javascript:alert(1)",
    "<a href='java\tscript:alert(1)'>x</a>",
    r"$\href{javascript:alert(1)}{x}$ and $&#92;href{javascript:alert(1)}{x}$",
    "```\na\n\n[x](javascript:alert(1))\n```",
    "<svg/onload=alert(1)>",
]


@pytest.fixture(scope="module")
def with_a_written_answer(example, tmp_path_factory):
    """A folder of grades of the example with a cell that a person marks, and the name of its verdicts."""
    cell = source.SourceCell("why", "markdown", "Because.", {"id": "why", "manual": "why", "points": 2}, 1)
    pages = {name: dataclasses.replace(page, cells=(*page.cells, cell)) for name, page in example.pages.items()}
    chapter, folder = dataclasses.replace(example, pages=pages), tmp_path_factory.mktemp("manifests")
    text = build.files(chapter)[f"dlbook/check/manifest/{CHAPTER}.json"]
    (folder / f"{CHAPTER}.json").write_text(text, encoding="utf8")
    return chapter, folder


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_written_answer_carries_no_script_into_any_page(with_a_written_answer, tmp_path, monkeypatch, attack):
    chapter, manifests = with_a_written_answer
    monkeypatch.setattr(manifest, "FOLDER", manifests)
    manifest.of_chapter.cache_clear()
    gradebook.prepare(tmp_path / "gradebook.db", chapter)
    passed = TestResult("ema-dx", "ema", "dx", 2.0, 2.0, False)
    record = Record("0" * 64, "eva", CHAPTER, "en", "eva.ipynb", "", "", "graded", results=(passed,))
    record = dataclasses.replace(record, written={"why": attack}, repairs=(f"{attack} was not taken.",))
    gradebook.save(tmp_path / "gradebook.db", chapter, [record])
    copy, page = feedback.Writer(tmp_path, CHAPTER).write(record)
    manifest.of_chapter.cache_clear()
    for text in (page.read_text(encoding="utf8"), copy.read_text(encoding="utf8")):
        rendered = text.split('id="notebook-container"')[-1]
        tags = "".join(part.split(">")[0] for part in rendered.split("<")[1:])
        assert "alert" not in tags
        assert "\\href" not in html.unescape(rendered)


def test_the_journal_of_a_class_is_enough(out):
    records = journal.of_assignment(out, CHAPTER).counting()
    assert [record.student for record in records] == ["1001", "1002", "bruno", "carla", "eva", "fabio"]
    assert io.StringIO(records[0].text()).read() == Record.parse(records[0].text()).text()


ASSIGNMENT = f"""
name = "p1"
title = "One chapter"
timezone = "America/Sao_Paulo"
due = 2099-01-01T00:00:00
maximum = 10
attempts = "last"

[[exercise]]
id = "{CHAPTER}/ema"

[[late]]
after = "0h"
keep = 0
"""


def test_final_marks_come_from_the_journal_and_none_falls_silently(out, tmp_path):
    shutil.copytree(out, tmp_path / "out")
    (tmp_path / "p1.toml").write_text(ASSIGNMENT, encoding="utf8")
    (tmp_path / "class.csv").write_text("number,name\n1001,Ana\nbruno,Bruno\n9,Zoe\n", encoding="utf8")
    assignment, roster = Assignment.read(tmp_path / "p1.toml"), Roster.read(tmp_path / "class.csv")
    files, found, lowered = report.write_marks(tmp_path / "out", assignment, roster)
    given = {mark.student: (str(mark.mark), mark.status) for mark in found if mark.status != "unknown id"}
    assert given == {"1001": ("10.00", "graded"), "bruno": ("4.00", "graded"), "9": ("0.00", "absent")}
    assert not lowered
    assert [path.name for path in files] == ["p1.csv", "p1-nbgrader.csv", "p1-moodle.csv", "p1-canvas.csv"]
    harder = ASSIGNMENT.replace("due = 2099", "due = 2001")
    (tmp_path / "p1.toml").write_text(harder, encoding="utf8")
    late = Assignment.read(tmp_path / "p1.toml")
    _, found, lowered = report.write_marks(tmp_path / "out", late, roster)
    assert {change.student for change in lowered} == {"1001", "bruno"}
    assert {mark.student: str(mark.mark) for mark in found}["1001"] == "10.00"
    _, found, _ = report.write_marks(tmp_path / "out", late, roster, allow_lower=True, reason="the date was wrong")
    assert {mark.student: str(mark.mark) for mark in found}["1001"] == "0.00"
    with pytest.raises(CourseError, match="holds no verdicts on 00-moving-average"):
        report.write_marks(tmp_path / "none", late, roster)
