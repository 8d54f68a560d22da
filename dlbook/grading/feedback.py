"""Feedback for each student, in nbgrader's own HTML: the page with its marks and hints, without a hidden test in it."""

import json
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import bleach
import nbformat
from nbconvert.exporters import HTMLExporter
from nbgrader.preprocessors import GetGrades
from nbgrader.server_extensions import formgrader
from traitlets.config import Config

from dlbook.check import manifest
from dlbook.check.page import notebook_cell, source_of
from dlbook.course import build, work
from dlbook.grading import gradebook

if TYPE_CHECKING:
    from dlbook.grading.grade import Graded

_FORMGRADER = pathlib.Path(formgrader.__file__).parent
_SETTINGS = {
    "template_name": "feedback",
    "extra_template_basedirs": [str(_FORMGRADER / "templates")],
    "extra_template_paths": [str(_FORMGRADER / "static/node_modules/bootstrap/dist/css")],
}


def write(out: pathlib.Path, chapter: build.Chapter, results: "Sequence[Graded]") -> None:
    """Write out/autograded/<student>/… for formgrader, and out/feedback/<student>/<assignment>.html."""
    address = gradebook.address_of(out / "gradebook.db")
    exporter = HTMLExporter(config=Config(HTMLExporter=_SETTINGS))
    for one in results:
        if one.submission.page is None:
            continue
        notebook = marked(one)
        place = out / "autograded" / one.student / chapter.name
        place.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, place / f"{chapter.name}.ipynb")
        resources = {
            "nbgrader": {
                "notebook": chapter.name,
                "assignment": chapter.name,
                "student": one.student,
                "db_url": address,
            }
        }
        graded, resources = GetGrades().preprocess(notebook, resources)
        html, _ = exporter.from_notebook_node(graded, resources)
        target = out / "feedback" / one.student / f"{chapter.name}.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(html, encoding="utf8")


def marked(one: "Graded") -> nbformat.NotebookNode:
    """The released page with the student's answers, and under each test what it said.

    What else a student wrote stays out; a written answer is stripped of active HTML.
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
            text = bleach.clean(source_of(by_id[id][0]), strip=True)
        cell = notebook_cell(released, text)
        if id in said:
            cell["outputs"] = [_output(said[id])]
        cells.append(cell)
    text = json.dumps({**work.released(page.chapter, page.language), "cells": cells})
    return nbformat.reads(text, as_version=4)


def _output(outcome):
    mark = f"✓ {outcome.cell.title}" if outcome.passed else f"✗ {outcome.message}"
    return {"output_type": "stream", "name": "stdout", "text": f"{mark}\n"}
