"""Feedback for each student, in nbgrader's own HTML: the page with its marks and hints, without a hidden test in it.

It is made of the journal and the gradebook alone.  What every student's page has in common is rendered once.
"""

import copy
import functools
import html
import json
import os
import pathlib
import re
from collections.abc import Mapping
from typing import Any

import bleach
import nbformat
from jinja2 import DictLoader
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown import markdown2html
from nbgrader.server_extensions import formgrader
from traitlets.config import Config

from dlbook.check import manifest
from dlbook.course import work
from dlbook.course.errors import CourseError
from dlbook.grading import gradebook
from dlbook.grading.export import Html, Number, document, shown, table
from dlbook.grading.gradebook import Marks
from dlbook.grading.journal import Record, TestResult
from dlbook.language import closest, current, say, speaking

LONGEST = 20_000
"""Characters of an answer that are highlighted or read as Markdown; a longer one is shown as it is."""
_FORMGRADER = pathlib.Path(formgrader.__file__).parent
_SETTINGS = {
    "template_name": "feedback",
    "extra_template_basedirs": [str(_FORMGRADER / "templates")],
    "extra_template_paths": [str(_FORMGRADER / "static/node_modules/bootstrap/dist/css")],
}
_TAGS = {*bleach.ALLOWED_TAGS, "p", "pre", "br", "hr", "del", "table", "thead", "tbody", "tr", "th", "td"}
_TAGS |= {f"h{level}" for level in range(1, 7)}
_TEX_LINK = re.compile(r"(?:\\|&#0*92;|&#x0*5c;|&bsol;)(?=href)", re.IGNORECASE)
_HIGHLIGHT = Highlight2HTML(pygments_lexer="python")
_NOT_IN_NAMES = frozenset('%/\\:*?"<>|')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE | re.DOTALL)
_LONGEST_NAME = 255


class _Released(str):
    """A text that all students get: it is rendered once."""


class Writer:
    """Writes a class's feedback below `out`: feedback/<student>/<assignment>.html, and for formgrader
    autograded/<student>/<assignment>/<assignment>.ipynb.

    language : for those whose file could not be read, which says none.  Raises CourseError for an assignment that is
    not released, or a gradebook that cannot be read.
    """

    def __init__(self, out: pathlib.Path, assignment: str, language: str = "en") -> None:
        if not manifest.of_chapter(assignment):
            raise CourseError(f"{assignment} is no released chapter: pages of feedback start from the released one.")
        self.out, self.assignment, self.language = out, assignment, language
        self._marks = gradebook.marks(out / "gradebook.db", assignment)

    def write(self, record: Record) -> list[pathlib.Path]:
        """The files of one student.  Where nothing was graded, a short page says what happened and what to do."""
        folder = folder_of(record.student)
        page = self.out / "feedback" / folder / f"{self.assignment}.html"
        copied = self.out / "autograded" / folder / self.assignment / f"{self.assignment}.ipynb"
        for path in (page, copied):
            path.unlink(missing_ok=True)
        if record.status == "unreadable":
            with speaking(self.language):
                return [_put(page, not_graded(record))]
        with speaking(record.language):
            notebook = marked(record)
            marks = self._marks.get(record.student) or Marks({one.test: one.points for one in record.results})
            said = not_graded(record) if record.status == "error" else rendered(record, notebook, marks)
            return [_put(copied, json.dumps(notebook, ensure_ascii=False)), _put(page, said)]


def folder_of(student: str) -> str:
    """A student's folder: the name, with the signs that some system cannot have in one as %XX; what is too long ends in
    a digest.  Two names stay two, and none leads elsewhere."""
    last = len(student) - 1
    signs = [
        _percent(sign)
        if not sign.isprintable()
        or sign in _NOT_IN_NAMES
        or (at == 0 and sign in ".-~ ")
        or (at == last and sign in ". ")
        else sign
        for at, sign in enumerate(student)
    ]
    if _RESERVED.fullmatch(student):
        signs[0] = _percent(student[0])
    name = "".join(signs) or "%"
    if len(name.encode("utf8")) > _LONGEST_NAME:
        start = name.encode("utf8")[:200].decode("utf8", "ignore")
        name = f"{start}%~{gradebook.digest(student)}"
    return name


def marked(record: Record) -> dict[str, Any]:
    """The released page with the student's answers, and under each test what it said, as a notebook.

    What else a student wrote stays out; a written answer keeps no active HTML.
    """
    kinds = manifest.of_chapter(record.assignment)["kinds"]
    said, cells = {result.test: result for result in record.results}, []
    for released in manifest.cells(record.assignment, record.language):
        id, kind = released["id"], kinds.get(released["id"], {}).get("kind")
        if kind is None and released["cell_type"] == "code":
            continue
        source: str = _Released(released["source"])
        if kind == "exercise" and record.answers.get(id, source) != source:
            source = _whole(record.answers[id])
        elif kind == "manual" and id in record.written:
            source = harmless(_whole(record.written[id]))
        cell = {"cell_type": released["cell_type"], "id": id, "metadata": released["metadata"], "source": source}
        if released["cell_type"] == "code":
            cell |= {"execution_count": None, "outputs": []}
        if id in said:
            with speaking(record.language):
                text = _whole(told(said[id], record.assignment, record.language))
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": f"{text}\n"}]
        cells.append(cell)
    return {**work.released(record.assignment, record.language), "cells": cells}


def told(result: TestResult, chapter: str, language: str) -> str:
    """What a student reads of a test, in the current language.

    Of a hidden one: passed or not, and the hint's sentence as released; a message could carry what the answer saw.
    """
    if not result.hidden:
        return f"✓ {result.title}" if result.passed else f"✗ {result.message}"
    if result.passed:
        return say("✓ hidden test: {title} — passed", title=result.title)
    hint = manifest.hints(f"{chapter}/{result.exercise}", language).get(result.key or "", "")
    return f"{say('✗ hidden test: {title} — not passed', title=result.title)}\n{hint}".rstrip()


def rendered(record: Record, notebook: Mapping[str, Any], marks: Marks) -> str:
    """The page of feedback as HTML, in the current language; notebook : as `marked` gives it.

    Scores and comments stand in the metadata as `nbgrader.preprocessors.GetGrades` puts them there, which would open
    the gradebook anew for each student.
    """
    summary = {"cell_type": "markdown", "id": "summary", "metadata": {}, "source": Html(_summary(record, marks))}
    template, resources = _template(closest(record.language))
    resources = copy.copy(resources)
    resources["nbgrader"] = {
        "notebook": record.assignment,
        "score": marks.score,
        "max_score": record.max_score,
        "late_penalty": marks.late_penalty,
    }
    cells = [summary, *(_with_score(cell, marks) for cell in notebook["cells"])]
    return template.render(nb={**notebook, "cells": cells}, resources=resources)


def not_graded(record: Record) -> str:
    """A short page, in the current language, for a submission without a verdict: what happened and what to do."""
    if record.status == "error":
        said = [
            say("Grading this submission stopped before its end. That says nothing about your work."),
            say(
                "The 0 that may stand beside your name is no mark, and you need not do anything: your teacher sees that"
                " grading stopped, and looks at your submission."
            ),
        ]
    else:
        said = [
            say("Your file could not be read as a notebook of this assignment, so nothing in it was graded."),
            say("What was found: {reason}", reason=record.reason),
            say(
                "Please open your notebook, save it, and hand in that file, or the zip that `dlbook submit` makes. If"
                " the time to hand in is over, show this page to your teacher."
            ),
        ]
    paragraphs = "\n".join(f"<p>{shown(sentence)}</p>" for sentence in said)
    return document(record.assignment, f'<div class="notice">{paragraphs}</div>', current())


def harmless(markdown: str) -> str:
    """A written answer as one line of clean HTML: Markdown's own links can carry scripts, so what it renders to is
    cleaned, not its source, and a single line is not read as Markdown again."""
    if len(markdown) > LONGEST:
        clean = f"<pre>{html.escape(markdown)}</pre>"
    else:
        clean = bleach.clean(markdown2html(markdown), tags=_TAGS, strip=True)
    return f"<div>{_TEX_LINK.sub('', clean)}</div>".replace("\n", "&#10;")


def _put(path, text):
    """Write a file whole or not at all.  A link in place of a student's folder is removed, not followed."""
    for folder in (path.parent, path.parent.parent):
        if folder.is_symlink() and folder.parent.name in ("feedback", "autograded"):
            folder.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    unfinished.write_text(text, encoding="utf8", newline="\n")
    os.replace(unfinished, path)
    return path


def _percent(sign):
    return "".join(f"%{byte:02X}" for byte in sign.encode("utf8", "surrogatepass"))


def _whole(text):
    """A text that UTF-8 can hold: half a pair of surrogates becomes a question mark."""
    return text.encode("utf8", "replace").decode("utf8")


def _with_score(cell, marks):
    graded = cell["metadata"].get("nbgrader", {})
    added: dict[str, Any] = {}
    if graded.get("solution"):
        added["comment"] = marks.comments.get(cell["id"])
    if graded.get("grade"):
        added["score"] = marks.scores.get(cell["id"], 0.0)
    return {**cell, "metadata": {**cell["metadata"], "nbgrader": {**graded, **added}}} if added else cell


def _summary(record, marks):
    """What was found beside the answers, and a table of the scores."""
    said = []
    if record.reason:
        said.append(f"<p>{shown(say('About the file: {reason}.', reason=_whole(record.reason.rstrip('.'))))}</p>")
    if record.repairs:
        said.append(f"<p>{shown(say('Put right or left out before grading; that alone costs no points:'))}</p>")
        said.append(f"<ul>{''.join(f'<li>{shown(_whole(sentence))}</li>' for sentence in record.repairs)}</ul>")
    rows = [_of_test(result, marks) for result in record.results]
    for cell in manifest.cells(record.assignment, record.language):
        graded = cell["metadata"].get("nbgrader", {})
        if graded.get("grade") and graded.get("solution"):
            rows.append(_of_written(cell["id"], graded["points"], record, marks))
    if marks.late_penalty:
        rows.append([say("Handed in late"), "", Number(f"−{_number(marks.late_penalty)}"), ""])
    whole = _points(marks.score, record.max_score)
    rows.append([Html(f"<b>{shown(say('Together'))}</b>"), "", whole, ""])
    said.append(table([say("Exercise"), say("Test"), say("Points"), say("Result")], rows))
    return f'<div class="tex2jax_ignore">{_TEX_LINK.sub("", "".join(said))}</div>'


def _of_test(result, marks):
    title = f"{result.title} ({say('hidden test')})" if result.hidden else result.title
    said = say("passed") if result.passed else say("not passed yet")
    if result.test in marks.by_hand:
        said = say("marked by your teacher")
    return [result.exercise, _link(result.test, title), _points(marks.scores.get(result.test, 0.0), result.worth), said]


def _of_written(id, worth, record, marks):
    said = say("waits for your teacher") if id in record.written else say("nothing written")
    if id in marks.by_hand:
        said = say("marked by your teacher")
    return [_link(id, id), say("Written answer"), _points(marks.scores.get(id, 0.0), worth), said]


def _link(id, title):
    return Html(f'<a href="#{shown(id)}">{shown(title)}</a>')


def _points(points, worth):
    return Number(f"{_number(points)} / {_number(worth)}")


def _number(value):
    text = f"{value:.4g}"
    return text.replace(".", ",") if current() == "pt-BR" else text


@functools.cache
def _template(language):
    """nbgrader's template in a language, and the resources that it needs beside a student's scores."""
    text = (_FORMGRADER / "templates/feedback/index.html.j2").read_text(encoding="utf8")
    with speaking(language):
        text = _translated(text, language)
    exporter = HTMLExporter(
        config=Config(HTMLExporter=_SETTINGS),
        extra_loaders=[DictLoader({"index.html.j2": text})],
        filters={"markdown2html": _markdown, "highlight_code": _highlighted},
    )
    nobody = {"notebook": "", "score": 0.0, "max_score": 0.0, "late_penalty": 0.0}
    _, resources = exporter.from_notebook_node(nbformat.v4.new_notebook(), {"nbgrader": nobody})
    resources["include_css"] = functools.cache(resources["include_css"])
    return exporter.template, resources


def _translated(text, language):
    """The template with its own words in the current language."""
    words = {
        "<html>": f'<html lang="{language}">',
        "Score: ": f"{say('Score')}: ",
        ">(Top)<": f">({say('Top')})<",
        ">Test cell<": f">{say('Test')}<",
        ">Coding free-response<": f">{say('Free code')}<",
        ">Written response<": f">{say('Written answer')}<",
        ">Comment<": f">{say('Comment')}<",
        ">Late submission penalty ": f">{say('Handed in late')} ",
        ">Student's answer<": f">{say('Your answer')}<",
        ">Grade cell: ": f">{say('Test')}: ",
        "<b>Comments:</b>": f"<b>{say('Comment')}:</b>",
    }
    for theirs, ours in words.items():
        text = text.replace(theirs, ours)
    return text


@functools.lru_cache(maxsize=4096)
def _markdown_of_release(text):
    return markdown2html(text)


def _markdown(source):
    if isinstance(source, Html):
        return source
    return _markdown_of_release(source) if isinstance(source, _Released) else markdown2html(source)


@functools.lru_cache(maxsize=4096)
def _highlighted_of_release(text):
    return _HIGHLIGHT(text)


def _highlighted(source, metadata=None):
    if isinstance(source, _Released):
        return _highlighted_of_release(source)
    if len(source) > LONGEST:
        return f'<div class="highlight"><pre>{html.escape(source)}</pre></div>'
    return _HIGHLIGHT(source)
