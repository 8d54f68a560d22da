"""Pages of feedback from verdicts made by hand: odd states, odd names, hostile texts, and what is rendered once."""

import dataclasses
import html
import json

import nbformat
import pytest

from dlbook.course.errors import CourseError
from dlbook.grading import feedback, gradebook
from dlbook.grading.journal import Record, TestResult

CHAPTER = "00-moving-average"
FAILED = TestResult("ema-dbeta", "ema", "gradient of β", 0.0, 1.0, False, "after", "dbeta: not right <script>alert(5)")
PASSED = TestResult("ema-dx", "ema", "gradient of x", 2.0, 2.0, False)
SECRET = TestResult("ema-other-sizes", "ema", "other sizes", 0.0, 2.0, True, "mean", "SEEN (7, 1, 0.0)")
VERDICT = Record(
    "0" * 64, "eva", CHAPTER, "en", "eva.ipynb", "", "", "graded", max_score=5.0, results=(PASSED, FAILED, SECRET)
)


@pytest.fixture
def writer(released_for_all, tmp_path, example):
    """Feedback into an empty folder, beside a gradebook that knows nobody."""
    (tmp_path / "out").mkdir()
    gradebook.prepare(tmp_path / "out/gradebook.db", example)
    return feedback.Writer(tmp_path / "out", CHAPTER, "pt-BR")


def page_of(files):
    return files[-1].read_text(encoding="utf8")


def test_a_table_says_what_each_test_gave_and_a_hidden_one_keeps_its_message(writer):
    text = html.unescape(page_of(writer.write(VERDICT)))
    table = text.split("tex2jax_ignore")[1].split("</table>")[0]
    assert "other sizes (hidden test)" in table
    assert [part.split("</td>")[0] for part in table.split('class="number">')[1:]] == [
        "2 / 2",
        "0 / 1",
        "0 / 2",
        "2 / 5",
    ]
    assert "✗ hidden test: other sizes — not passed\nThe loss is not averaged over time: do not divide by T." in text
    assert "SEEN" not in text
    assert "<script>alert(5)" not in page_of(writer.write(VERDICT))


def test_both_files_are_those_of_nbgrader(writer):
    copied, page = writer.write(dataclasses.replace(VERDICT, answers={"ema": "x = 1"}))
    notebook = nbformat.read(copied, as_version=4)
    nbformat.validate(notebook)
    assert next(cell.source for cell in notebook.cells if cell.id == "ema") == "x = 1"
    assert page == writer.out / "feedback/eva" / f"{CHAPTER}.html"
    assert copied == writer.out / "autograded/eva" / CHAPTER / f"{CHAPTER}.ipynb"
    assert not [name for name in page.parent.iterdir() if name != page]


def test_the_page_is_the_one_that_nbgraders_own_preprocessor_leads_to(writer, example):
    """The same visible text as GetGrades and nbconvert give for the same notebook."""
    import bs4
    from nbconvert.exporters import HTMLExporter
    from nbgrader.preprocessors import GetGrades
    from traitlets.config import Config

    record = dataclasses.replace(VERDICT, answers={"ema": "def f(x):\n    return x < 1"})
    gradebook.save(writer.out / "gradebook.db", example, [record])
    copied, page = feedback.Writer(writer.out, CHAPTER).write(record)
    told = {"notebook": CHAPTER, "assignment": CHAPTER, "student": "eva"}
    told["db_url"] = gradebook.address_of(writer.out / "gradebook.db")
    graded, resources = GetGrades().preprocess(nbformat.read(copied, as_version=4), {"nbgrader": told})
    theirs, _ = HTMLExporter(config=Config(HTMLExporter=feedback._SETTINGS)).from_notebook_node(graded, resources)

    def words(text):
        body = bs4.BeautifulSoup(text, "html.parser").body
        for ours in body.select(".tex2jax_ignore"):
            ours.decompose()
        return " ".join(body.get_text(" ").split())

    same = words(theirs).replace("Student's answer", "Your answer").replace("Grade cell:", "Test:")
    assert words(page.read_text(encoding="utf8")) == same.replace("Test cell", "Test")


def test_a_fault_of_the_grader_blames_nobody_and_leaves_formgrader_the_answers(writer):
    fault = dataclasses.replace(VERDICT, status="error", results=(), reason="KeyError: '/secret/path'")
    copied, page = writer.write(fault)
    text = page.read_text(encoding="utf8")
    assert "says nothing about your work" in text
    assert "secret" not in text
    assert json.loads(copied.read_text(encoding="utf8"))["cells"]


def test_an_unreadable_file_gets_a_page_that_says_what_to_do_and_no_old_marks_stay(writer):
    old = writer.write(VERDICT)[0]
    lost = dataclasses.replace(VERDICT, status="unreadable", results=(), reason="<script>alert(1)</script> is empty.")
    (page,) = writer.write(lost)
    text = page.read_text(encoding="utf8")
    assert "Abra o seu notebook" in text
    assert "&lt;script&gt;alert(1)" in text
    assert "<script" not in text
    assert not old.exists()


def test_reason_and_repairs_stand_at_the_top_and_are_text_alone(writer):
    hostile = r"<img src=x onerror=alert(1)> $\href{javascript:alert(1)}{x}$ [x](javascript:alert(1))"
    odd = dataclasses.replace(
        VERDICT, reason=f"of 2 files, {hostile} counts", repairs=(f"{hostile}\ud800 was not taken.",)
    )
    text = page_of(writer.write(odd))
    assert "<img src=x" not in text
    assert "\\href" not in text
    assert 'href="javascript' not in text
    assert text.index("of 2 files") < text.index("costs no points") < text.index('name="ema-dx"')
    assert 'class="tex2jax_ignore"' in text


@pytest.mark.parametrize(
    "answer", ["</pre><script>alert(1)</script>", "\ud800 \0 \x1b[31m", "a" * 100_000, "<" * 30_000]
)
def test_an_answer_is_shown_as_it_is_and_runs_nothing(writer, answer):
    copied, page = writer.write(dataclasses.replace(VERDICT, answers={"ema": answer}))
    text = page.read_text(encoding="utf8")
    assert "<script>alert" not in text
    shown = answer.encode("utf8", "replace").decode("utf8")
    if len(answer) > feedback.LONGEST:
        assert html.escape(answer) in text
    cells = json.loads(copied.read_text(encoding="utf8"))["cells"]
    assert next(cell["source"] for cell in cells if cell["id"] == "ema") == shown


def test_a_long_written_answer_is_not_read_as_markdown():
    assert feedback.harmless("[" * 30_000) == f"<div><pre>{'[' * 30_000}</pre></div>"


NAMES = [
    "..",
    ".",
    "",
    "a/b",
    "a\\b",
    "-rf",
    "a\nb",
    "é" * 200,
    "e" * 300,
    "e" * 301,
    "%2E%2E",
    "CON",
    "a. ",
    "~",
    "\ud800",
]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_whatever_the_name_the_files_lie_inside(writer, name):
    for path in writer.write(dataclasses.replace(VERDICT, student=name)):
        parts = path.relative_to(writer.out).parts
        assert path.resolve() == writer.out.resolve().joinpath(*parts)
        assert parts[1] == feedback.folder_of(name)


def test_two_names_stay_two_and_a_plain_name_stays_itself():
    assert len({feedback.folder_of(name) for name in NAMES}) == len(NAMES)
    for name in ("ana", "12345", "Souza, Bruno", "D'Ávila (2)", "_x", "josé.silva@ufx.br"):
        assert feedback.folder_of(name) == name


def test_a_link_in_place_of_a_students_folder_is_not_followed(writer, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    for part in ("feedback", "autograded"):
        (writer.out / part).mkdir()
        (writer.out / part / "eva").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    writer.write(VERDICT)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_released_text_is_rendered_once_and_a_students_each_time(writer, monkeypatch):
    feedback._highlighted_of_release.cache_clear()
    seen, highlight = [], feedback._HIGHLIGHT
    monkeypatch.setattr(feedback, "_HIGHLIGHT", lambda source: seen.append(source) or highlight(source))
    for number in range(3):
        writer.write(dataclasses.replace(VERDICT, student=f"s{number}", answers={"ema": f"x = {number}"}))
    assert len(seen) == len(set(seen))
    assert {f"x = {number}" for number in range(3)} <= set(seen)
    assert feedback._highlighted_of_release.cache_info().currsize == len(seen) - 3


def test_without_the_released_page_there_is_no_feedback(tmp_path):
    with pytest.raises(CourseError, match="99-none is no released chapter"):
        feedback.Writer(tmp_path, "99-none")
