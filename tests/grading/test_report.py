"""What an instructor and each student get of a graded class: tables, reports, feedback without a hidden test in it."""

import csv
import dataclasses
import datetime
import html
import io
import pathlib

import pytest

from dlbook.check import manifest
from dlbook.check.runner import Limits
from dlbook.course import build, source, work
from dlbook.course.errors import CourseError
from dlbook.grading import feedback, grade, gradebook, journal, report
from dlbook.grading.journal import Record, TestResult

CHAPTER = "00-moving-average"
SOLUTIONS = pathlib.Path(__file__).parents[1] / "example"
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
    assert "Suas respostas foram corrigidas" in feedback_of(out, "bruno")
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
    assert "your answers count all the same" in feedback_of(out, "eva")
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
    import shutil

    shutil.copytree(out, tmp_path / "out")
    now = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)
    options = {"with_feedback": False, "secret": b"known to the course", "retention": 180, "now": now}
    report.write(tmp_path / "out", solutions=SOLUTIONS, language="pt-BR", **options)
    folder = tmp_path / "out/report" / CHAPTER
    table = (folder / "nbgrader.csv").read_bytes()
    assert table.startswith(b"\xef\xbb\xbf")
    assert ";10,00" in table.decode("utf8") or ";10;" in table.decode("utf8")
    assert "1001" not in (folder / "similarity.html").read_text(encoding="utf8")
    assert "1001" in (folder / "pseudonyms.csv").read_text(encoding="utf8")
    assert "2027-05-20" in (tmp_path / "out/RETENTION.txt").read_text(encoding="utf8")


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
