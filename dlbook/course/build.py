"""Sources to notebooks: through Jupytext's reader and nbgrader's own preprocessors, in one process, the same bytes
each time."""

import hashlib
import json
import logging
import pathlib
import re
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import dlbook
from dlbook.check.runner import Cell
from dlbook.course import catalog, source, translation
from dlbook.course.errors import CourseError
from dlbook.course.source import Page, SourceCell
from dlbook.language import LANGUAGES, say, speaking

_STUBS = {
    "en": "# YOUR CODE HERE\nraise NotImplementedError()",
    "pt-BR": "# SEU CÓDIGO AQUI\nraise NotImplementedError()",
}
_WRITTEN = {"en": "YOUR ANSWER HERE", "pt-BR": "SUA RESPOSTA AQUI"}


@dataclass(frozen=True)
class Chapter:
    """A chapter's page in each language, by language, and its wrong answers."""

    name: str
    pages: dict[str, Page]
    wrong: tuple[SourceCell, ...]


def load(folder: pathlib.Path) -> Chapter:
    """Read and check one chapter.  Raises CourseError with every fault, each with file, line and cell."""
    page = source.read(folder)
    wrong = source.read_wrong(folder)
    faults = source.check(page, wrong) + translation.check(page, folder / "pt-BR.md")
    if faults:
        raise CourseError("\n".join(faults))
    portuguese = translation.translate(page, translation.read(folder / "pt-BR.md"))
    return Chapter(folder.name, {"en": page, "pt-BR": portuguese}, tuple(wrong))


def files(chapter: Chapter) -> dict[str, str]:
    """Everything that the build writes for a chapter: text by path below the repository."""
    written, notebooks = {}, {}
    for language in LANGUAGES:
        notebook = authored(chapter, language)
        written[f"build/nbgrader/source/{language}/{chapter.name}/{chapter.name}.ipynb"] = _text(notebook)
        notebooks[language] = _released(notebook, language)
    described = _manifest(
        chapter, {language: [_entry(cell) for cell in notebooks[language].cells] for language in LANGUAGES}
    )
    for language, notebook in notebooks.items():
        notebook.metadata["dlbook"]["release"] = described["release"]
        path = f"{language}/{chapter.name}/{chapter.name}.ipynb"
        written[f"chapters/{path}"] = written[f"build/nbgrader/release/{path}"] = _text(notebook)
    written[f"dlbook/check/manifest/{chapter.name}.json"] = json.dumps(described, ensure_ascii=False, indent=1) + "\n"
    return written


def build(root: pathlib.Path, names: list[str] | None = None) -> dict[str, str]:
    """Build the named chapters (all without names), without writing: text by path.  Raises CourseError."""
    folders = [folder for folder in source.chapters(root / "solutions") if not names or folder.name in names]
    unknown = sorted(set(names or ()) - {folder.name for folder in folders})
    if unknown:
        raise CourseError(f"no chapter {', '.join(unknown)} in {root / 'solutions'}.")
    faults, written = [], {}
    for folder in folders:
        try:
            written |= files(load(folder))
        except CourseError as error:
            faults.append(str(error))
    faults += catalog.check(root / "solutions", names)
    if faults:
        raise CourseError("\n".join(faults))
    return written


def write(root: pathlib.Path, written: dict[str, str]) -> list[str]:
    """Write the files that differ; return their paths."""
    changed = []
    for name, text in written.items():
        path = root / name
        if not path.exists() or path.read_text(encoding="utf8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf8", newline="\n")
            changed.append(name)
    return changed


def stale(root: pathlib.Path, written: dict[str, str]) -> list[str]:
    """The committed files that a build would change or remove."""
    kept = {name: text for name, text in written.items() if not name.startswith("build/")}
    differing = [
        n for n, text in kept.items() if not (root / n).exists() or (root / n).read_text(encoding="utf8") != text
    ]
    there = [*root.glob("chapters/*/*/*.ipynb"), *root.glob("dlbook/check/manifest/*.json")]
    orphans = [path.relative_to(root).as_posix() for path in there if path.relative_to(root).as_posix() not in kept]
    return sorted(differing + orphans)


def authored(chapter: Chapter, language: str) -> nbformat.NotebookNode:
    """The instructor's notebook of a chapter: solutions and hidden tests inside, in nbgrader's format."""
    page = chapter.pages[language]
    cells = []
    with speaking(language):
        for cell in page.cells:
            cells += _notebook_cells(page, cell)
    return _notebook(page, cells, language)


def released(chapter: Chapter, language: str) -> nbformat.NotebookNode:
    """The student's notebook: what nbgrader's own preprocessors leave of the instructor's."""
    return _released(authored(chapter, language), language)


def _released(notebook, language):
    resources = {"nbgrader": {}}
    for preprocessor in _preprocessors(language):
        notebook, resources = preprocessor.preprocess(notebook, resources)
    for cell in notebook.cells:
        cell.metadata["dlbook"] = {"sha": translation.cell_hash(cell.source)}
    return notebook


def verdict_cells(page: Page, answers: dict[str, str] | None = None) -> list[Cell]:
    """The cells that a verdict on this page runs, hidden tests and all; `answers` replaces the text of exercise cells
    by id."""
    found = []
    for cell in page.cells:
        if cell.kind not in ("given", "driver", "exercise", "test"):
            continue
        exercise = {"exercise": cell.id, "test": cell.keys.get("test", ""), "driver": cell.keys.get("driver", "")}.get(
            cell.kind, ""
        )
        found.append(
            Cell(
                cell.id,
                cell.kind,
                (answers or {}).get(cell.id, cell.source) if cell.kind == "exercise" else cell.source,
                f"{page.chapter}/{exercise}" if exercise else "",
                source.test_title(cell.source) if cell.kind == "test" else "",
                cell.points,
                cell.hidden,
                cell.by_hand,
                tuple(source.defined_names(cell.source)) if cell.kind == "exercise" else (),
            )
        )
    return found


def stub_of(page: Page, exercise: str, language: str = "en") -> str:
    """An exercise cell as a student gets it."""
    return source.stub(page.cell(exercise).source, _STUBS[language])


def _notebook_cells(page, cell):
    kind = cell.kind
    if kind == "hints":
        return []
    if kind == "question":
        asked = f'import dlbook.widgets\n\ndlbook.widgets.ask("{page.chapter}/{cell.id}")'
        return [
            new_markdown_cell(source.choices(cell.source)[0], id=cell.id),
            new_code_cell(asked, id=f"{cell.id}-ask", metadata={"jupyter": {"source_hidden": True}}),
        ]
    if kind == "statement":
        return [new_markdown_cell(f"{cell.source}\n\n{_worth(page, cell.keys['statement'])}", id=cell.id)]
    if cell.type == "markdown":
        graded = _graded(cell, grade=True, solution=True, locked=False) if kind == "manual" else {}
        return [new_markdown_cell(cell.source, id=cell.id, metadata=graded)]
    metadata: dict[str, Any] = {}
    text = cell.source
    if kind in ("given", "driver"):
        metadata = _graded(cell, grade=False, solution=False, locked=True)
    elif kind == "exercise":
        metadata = _graded(cell, grade=False, solution=True, locked=False)
    elif kind == "test":
        metadata = {**_graded(cell, grade=True, solution=False, locked=True), "tags": ["raises-exception"]}
        if cell.hidden:
            named = say("hidden test, {points}: {title}", points=_points(cell.points), title=source.test_title(text))
            text = f"# {named}\n### BEGIN HIDDEN TESTS\n{text}\n### END HIDDEN TESTS"
    if cell.keys.get("folded"):
        metadata["jupyter"] = {"source_hidden": True}
    return [new_code_cell(text, id=cell.id, metadata=metadata)]


def _graded(cell, *, grade, solution, locked):
    described: dict[str, Any] = {
        "grade": grade,
        "grade_id": cell.id,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
    }
    described |= {"cell_type": cell.type, "task": False}
    if grade:
        described["points"] = cell.points
    return {"nbgrader": described}


def _worth(page, exercise):
    tests = page.tests(exercise)
    shown = sum(test.points for test in tests if not test.hidden)
    kept = sum(test.points for test in tests if test.hidden)
    difficulty = int(page.cell(exercise).keys.get("difficulty", 1)) if tests else 1
    said = say(
        "Difficulty {difficulty} of 3. {shown} in the tests below, {kept} in hidden ones.",
        difficulty=difficulty,
        shown=_points(shown),
        kept=f"{kept:g}",
    )
    return f"*{said}*"


def _points(count):
    return say("1 point") if count == 1 else say("{count} points", count=f"{count:g}")


def _notebook(page, cells, language):
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "dlbook": {"chapter": page.chapter, "language": language},
    }
    return new_notebook(cells=cells, metadata=metadata)


def _preprocessors(language):
    from nbgrader.preprocessors import (
        CheckCellMetadata,
        ClearHiddenTests,
        ClearMarkScheme,
        ClearOutput,
        ClearSolutions,
        ComputeChecksums,
        LockCells,
    )

    logging.getLogger("traitlets").setLevel(logging.ERROR)
    clear = ClearSolutions(code_stub={"python": _STUBS[language]}, text_stub=_WRITTEN[language])
    chosen = [
        LockCells(),
        clear,
        ClearOutput(),
        CheckCellMetadata(),
        ComputeChecksums(),
        ClearHiddenTests(),
        ClearMarkScheme(),
    ]
    return [*chosen, ComputeChecksums(), CheckCellMetadata()]


def _entry(cell):
    return {"id": cell.id, "cell_type": cell.cell_type, "source": cell.source, "metadata": cell.metadata}


def _manifest(chapter, pages):
    page = chapter.pages["en"]
    exercises, questions = {}, {}
    for cell in page.of_kind("exercise"):
        exercises[cell.id] = {
            "defines": source.defined_names(cell.source),
            "by_hand": list(cell.by_hand),
            "difficulty": int(cell.keys.get("difficulty", 1)),
            "points": {
                "visible": sum(test.points for test in page.tests(cell.id) if not test.hidden),
                "hidden": sum(test.points for test in page.tests(cell.id) if test.hidden),
            },
            "hints": {language: chapter.pages[language].hint_sentences(cell.id) for language in LANGUAGES},
        }
    for cell in page.of_kind("question"):
        questions[cell.id] = {}
        for language in LANGUAGES:
            text, choices = source.choices(chapter.pages[language].cell(cell.id).source)
            questions[cell.id][language] = {"kind": str(cell.keys["question"]), "text": text, "choices": choices}
    content = {
        "chapter": chapter.name,
        "title": {language: chapter.pages[language].title for language in LANGUAGES},
        "summary": {language: _summary(chapter.pages[language]) for language in LANGUAGES},
        "minutes": page.minutes,
        "needs": list(page.needs),
        "book": list(page.book),
        "exercises": exercises,
        "questions": questions,
        "kinds": {
            cell.id: _kind(cell)
            for cell in page.cells
            if cell.kind in ("given", "driver", "exercise", "test", "manual")
        },
        "pages": pages,
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
    return {"release": f"{dlbook.__version__}+{digest}", **content}


def _kind(cell):
    found = {"kind": cell.kind}
    if cell.kind == "test":
        found |= {
            "exercise": cell.keys["test"],
            "points": cell.points,
            "hidden": cell.hidden,
            "title": source.test_title(cell.source),
        }
    if cell.kind == "driver":
        found["exercise"] = cell.keys["driver"]
    return found


def _summary(page):
    """What one can do after the page: the first paragraph of the title cell, without its bold lead."""
    first = next((cell.source for cell in page.cells if cell.type == "markdown"), "")
    paragraphs = [part.strip() for part in first.split("\n\n")[1:] if part.strip()]
    said = re.sub(r"^\*\*[^*]+\*\*:?\s*", "", " ".join(paragraphs[0].split())) if paragraphs else ""
    return said[:1].upper() + said[1:]


def _text(notebook):
    return nbformat.writes(notebook, version=4, indent=1, ensure_ascii=False).rstrip("\n") + "\n"
