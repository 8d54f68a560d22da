"""Feedback for each student, in nbgrader's own HTML: the page with its marks and hints, without a hidden test in it.

It is made of the journal and the gradebook alone.  What every student's page has in common is rendered once.
"""

import html
import json
import pathlib
import re
import urllib.parse
from typing import Any

import bleach
import nbformat
from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown import markdown2html
from nbgrader.server_extensions import formgrader
from traitlets.config import Config

from dlbook.check import manifest
from dlbook.check.page import notebook_cell
from dlbook.course import work
from dlbook.grading import export, gradebook
from dlbook.grading.journal import Record, TestResult
from dlbook.language import say, speaking

_FORMGRADER = pathlib.Path(formgrader.__file__).parent
_SETTINGS = {
    "template_name": "feedback",
    "extra_template_basedirs": [str(_FORMGRADER / "templates")],
    "extra_template_paths": [str(_FORMGRADER / "static/node_modules/bootstrap/dist/css")],
}
_TAGS = {*bleach.ALLOWED_TAGS, "p", "pre", "br", "hr", "del", "table", "thead", "tbody", "tr", "th", "td"}
_TAGS |= {f"h{level}" for level in range(1, 7)}
_TEX_LINK = re.compile(r"(?:\\|&#0*92;|&#x0*5c;|&bsol;)(?=href)", re.IGNORECASE)
_PLAIN_NAME = re.compile(r"[^\W_][\w@+ -]{0,60}(?:\.[\w@+ -]{1,30}){0,3}")


class Writer:
    """Writes a class's feedback below `out`: feedback/<student>/<assignment>.html, and for formgrader
    autograded/<student>/<assignment>/<assignment>.ipynb."""

    def __init__(self, out: pathlib.Path, assignment: str) -> None:
        self.out, self.assignment = out, assignment
        self._exporter = _Exporter(config=Config(HTMLExporter=_SETTINGS))
        self._marks = gradebook.marks(out / "gradebook.db", assignment)

    def write(self, record: Record) -> list[pathlib.Path]:
        """The files of one student.  Where nothing could be read, a short page says what happened and what to do."""
        page = self.out / "feedback" / folder_of(record.student) / f"{self.assignment}.html"
        copy = self.out / "autograded" / folder_of(record.student) / self.assignment / f"{self.assignment}.ipynb"
        page.parent.mkdir(parents=True, exist_ok=True)
        if record.status not in ("graded", "untouched"):
            copy.unlink(missing_ok=True)
            page.write_text(_without_verdict(record), encoding="utf8")
            return [page]
        notebook = marked(record)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(json.dumps(notebook, ensure_ascii=True, indent=1), encoding="utf8")
        page.write_text(self._html(record, notebook), encoding="utf8")
        return [copy, page]

    def _html(self, record, notebook):
        marks = self._marks.get(record.student, gradebook.Marks())
        for cell in notebook["cells"]:
            graded = cell["metadata"].get("nbgrader", {})
            if graded.get("solution"):
                graded["comment"] = marks.comments.get(graded["grade_id"])
            if graded.get("grade"):
                graded["score"] = marks.scores.get(graded["grade_id"], 0.0)
        with speaking(record.language):
            notebook = {**notebook, "cells": [_head(record), *notebook["cells"]]}
        told = {"notebook": self.assignment, "score": marks.score, "max_score": record.max_score}
        self._exporter.released = {cell["source"] for cell in manifest.cells(record.assignment, record.language)}
        resources = {"nbgrader": {**told, "late_penalty": marks.late_penalty}}
        return self._exporter.from_notebook_node(nbformat.from_dict(_joined(notebook)), resources)[0]


class _Exporter(HTMLExporter):
    """nbconvert's exporter, which renders a released text once: all students have it in common.

    It leaves out what HTMLExporter does to the finished page: alternative texts for images, and a parse of the whole
    page for them, which took more time than all else.  Feedback holds no image that a cell has drawn.
    """

    def __init__(self, **settings: Any) -> None:
        self.released: set[str] = set()
        self._rendered: dict[tuple[str, str], str] = {}
        super().__init__(**settings)
        highlight = Highlight2HTML(pygments_lexer="ipython3", parent=self)

        def remembered(source: str, *arguments: Any, **named: Any) -> str:
            return self._once("code", source, lambda: highlight(source, *arguments, **named))

        self.register_filter("highlight_code", remembered)

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        return self._once("markdown", source, lambda: HTMLExporter.markdown2html(self, context, source))

    def from_notebook_node(self, nb: Any, resources: Any = None, **named: Any) -> tuple[str, dict[str, Any]]:
        return TemplateExporter.from_notebook_node(self, nb, self._init_resources(resources), **named)

    def _once(self, kind, source, render):
        if source not in self.released:
            return render()
        if (kind, source) not in self._rendered:
            self._rendered[kind, source] = render()
        return self._rendered[kind, source]


def folder_of(student: str) -> str:
    """A folder's name for a student: the plain name, any other with its signs spelt out, so that two stay two."""
    if _PLAIN_NAME.fullmatch(student):
        return student
    quoted = urllib.parse.quote(student, safe="@+ ", errors="surrogatepass").replace(".", "%2E")
    return f"{quoted[:100]}%{gradebook.digest(student)}" if len(quoted) > 120 else quoted


def marked(record: Record) -> dict[str, Any]:
    """The released page with the student's answers, and under each test what it said.

    What else a student wrote stays out; a written answer keeps no active HTML.
    """
    kinds = manifest.of_chapter(record.assignment)["kinds"]
    said, cells = {result.test: result for result in record.results}, []
    for released in manifest.cells(record.assignment, record.language):
        id, kind = released["id"], kinds.get(released["id"], {}).get("kind")
        if kind is None and released["cell_type"] == "code":
            continue
        text = record.answers.get(id) if kind == "exercise" else None
        if kind == "manual" and id in record.written:
            text = harmless(record.written[id])
        cell = notebook_cell(released, text)
        if id in said:
            with speaking(record.language):
                text = told(said[id], record.assignment, record.language)
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


def harmless(markdown: str) -> str:
    """A written answer as one line of clean HTML: Markdown's own links can carry scripts, so what it renders to is
    cleaned, not its source, and a single line is not read as Markdown again."""
    clean = bleach.clean(markdown2html(markdown), tags=_TAGS, strip=True)
    return f"<div>{_TEX_LINK.sub('', clean)}</div>".replace("\n", "&#10;")


def _head(record):
    """The first cell of a page: what was repaired, and what else the student should know."""
    sentences = [*record.repairs, *([record.reason] if record.reason else [])]
    lines = [say("Your answers were graded as you handed them in.")]
    if sentences:
        lines = [say("Some things in the file were not as they were handed out; your answers count all the same:")]
    listed = "".join(f"<li>{_spelt(sentence)}</li>" for sentence in sentences)
    body = f"<p>{html.escape(lines[0])}</p>" + (f"<ul>{listed}</ul>" if listed else "")
    return {"cell_type": "markdown", "id": "feedback", "metadata": {}, "source": f"<div>{body}</div>"}


def _spelt(sentence):
    """A sentence as HTML in one line, in which Markdown finds nothing to read."""
    shown = (sign for sign in _TEX_LINK.sub("", sentence) if sign.isprintable())
    return "".join(f"&#{ord(sign)};" if sign in "*_`[]$\\<&" else sign for sign in shown)


def _without_verdict(record):
    with speaking(record.language):
        if record.status == "error":
            said = [say("The grader failed on this file, not your answers. Your instructor looks at it.")]
        else:
            said = [
                say("This file could not be read, so there is nothing to mark yet: {reason}", reason=record.reason),
                say("Open your notebook, save it, and hand in what `dlbook submit` writes, or ask your instructor."),
            ]
        body = "\n".join(f"<p>{export.shown(sentence)}</p>" for sentence in said)
        return export.document(record.assignment, body, record.language)


def _joined(notebook):
    """The notebook as nbconvert holds it in memory: each source one text, nothing that is no UTF-8."""
    text = json.dumps(notebook, ensure_ascii=False).encode("utf8", "replace").decode("utf8")
    whole = json.loads(text)
    for cell in whole["cells"]:
        cell["source"] = "".join(cell["source"])
    return whole
