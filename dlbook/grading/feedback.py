"""Feedback for each student, in nbgrader's own HTML: the page with its marks and hints, without a hidden test in it."""

import json
import pathlib
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import bleach
import nbformat
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown import markdown2html
from nbgrader.preprocessors import GetGrades
from nbgrader.server_extensions import formgrader
from traitlets.config import Config

from dlbook.check import manifest
from dlbook.check.page import notebook_cell, source_of
from dlbook.course import build, work
from dlbook.grading import gradebook
from dlbook.language import say, speaking

if TYPE_CHECKING:
    from dlbook.grading.grade import Graded

_FORMGRADER = pathlib.Path(formgrader.__file__).parent
_SETTINGS = {
    "template_name": "feedback",
    "extra_template_basedirs": [str(_FORMGRADER / "templates")],
    "extra_template_paths": [str(_FORMGRADER / "static/node_modules/bootstrap/dist/css")],
}
_TAGS = {*bleach.ALLOWED_TAGS, "p", "pre", "br", "hr", "del", "table", "thead", "tbody", "tr", "th", "td"}
_TAGS |= {f"h{level}" for level in range(1, 7)}
_TEX_LINK = re.compile(r"(?:\\|&#0*92;|&#x0*5c;|&bsol;)(?=href)", re.IGNORECASE)


def write(out: pathlib.Path, chapter: build.Chapter, results: "Sequence[Graded]") -> "list[Graded]":
    """Write out/autograded/<student>/… for formgrader, and out/feedback/<student>/<assignment>.html.

    Where nothing could be read, the files of an earlier run are removed: they show another score.  Returns the
    results; one whose feedback could not be written says so in its reason.
    """
    exporter = HTMLExporter(config=Config(HTMLExporter=_SETTINGS))
    written = []
    for one in results:
        copy = out / "autograded" / one.student / chapter.name / f"{chapter.name}.ipynb"
        page = out / "feedback" / one.student / f"{chapter.name}.html"
        try:
            copy.unlink(missing_ok=True)
            page.unlink(missing_ok=True)
            if one.submission.page is not None:
                _write_one(out, chapter.name, one, exporter, copy, page)
            written.append(one)
        except Exception as error:
            failed = say("no feedback, {kind}: {error}", kind=type(error).__name__, error=" ".join(str(error).split()))
            written.append(replace(one, reason="; ".join(filter(None, (one.reason, failed[:300])))))
    return written


def marked(one: "Graded") -> nbformat.NotebookNode:
    """The released page with the student's answers, and under each test what it said.

    What else a student wrote stays out; a written answer keeps no active HTML.
    """
    page, said = one.submission.page, {outcome.cell.id: outcome for outcome in one.outcomes}
    answers, by_id, cells = page.answers(), page.by_id(), []
    for released in manifest.cells(page.chapter, page.language):
        id, kind = released["id"], page.kinds.get(released["id"], {}).get("kind")
        if kind is None and released["cell_type"] == "code":
            continue
        text = None
        if kind == "exercise":
            text = answers.get(id)
        elif kind == "manual" and id in by_id:
            text = _harmless(source_of(by_id[id][0]))
        cell = notebook_cell(released, text)
        if id in said:
            with speaking(page.language):
                cell["outputs"] = [_output(said[id], page.language)]
        cells.append(cell)
    notebook = {**work.released(page.chapter, page.language), "cells": cells}
    text = json.dumps(notebook, ensure_ascii=False).encode("utf8", "replace").decode("utf8")
    return nbformat.reads(text, as_version=4)


def _write_one(out, assignment, one, exporter, copy, page):
    notebook = marked(one)
    copy.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, copy)
    described = {"notebook": assignment, "assignment": assignment, "student": one.student}
    described["db_url"] = gradebook.address_of(out / "gradebook.db")
    graded, resources = GetGrades().preprocess(notebook, {"nbgrader": described})
    html, _ = exporter.from_notebook_node(graded, resources)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(html, encoding="utf8")


def _output(outcome, language):
    if outcome.cell.hidden:
        text = _of_hidden(outcome, language)
    else:
        text = f"✓ {outcome.cell.title}" if outcome.passed else f"✗ {outcome.message}"
    return {"output_type": "stream", "name": "stdout", "text": f"{text}\n"}


def _of_hidden(outcome, language):
    """Passed or not, and the hint's sentence as released: a message could carry what the answer saw of the test."""
    title = outcome.cell.title
    if outcome.passed:
        return say("✓ hidden test: {title} — passed", title=title)
    hint = manifest.hints(outcome.cell.exercise, language).get(outcome.key, "")
    return f"{say('✗ hidden test: {title} — not passed', title=title)}\n{hint}".rstrip()


def _harmless(markdown):
    """A written answer as one line of clean HTML: Markdown's own links can carry scripts, so what it renders to is
    cleaned, not its source, and a single line is not read as Markdown again."""
    clean = bleach.clean(markdown2html(markdown), tags=_TAGS, strip=True)
    return f"<div>{_TEX_LINK.sub('', clean)}</div>".replace("\n", "&#10;")
