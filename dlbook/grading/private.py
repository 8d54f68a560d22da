"""An instructor's private folder: hidden tests, points and exercises that the published sources do not have.

    private/07-network/07-network.py      cells in the source's format; no YAML header is needed
    private/07-network/wrong.py           wrong answers to them
    private/07-network/pt-BR.md           their Portuguese; a cell without it is shown in English

A cell whose id the chapter has replaces that cell, points and all.  A new test stands after the last test of its
exercise, every other new cell at the end.  The result keeps the rules of the build, references pass and wrong answers
fail, and it never reaches chapters/.
"""

import contextlib
import json
import pathlib
import tempfile
from collections.abc import Iterator
from dataclasses import replace

from dlbook.check import manifest
from dlbook.check.runner import Limits, Runner
from dlbook.course import build, source, translation
from dlbook.course.errors import CourseError
from dlbook.course.source import Page, SourceCell


def load(chapter: build.Chapter, folder: pathlib.Path) -> build.Chapter:
    """The chapter with what `folder` adds to it and replaces; unchanged where it has nothing on the chapter.

    Raises CourseError for a folder that is not there, and with every fault of the cells, each with file, line and cell.
    """
    if not folder.is_dir():
        raise CourseError(f"{folder} is no folder: expected one with {chapter.name}/{chapter.name}.py in it.")
    path = folder / chapter.name / f"{chapter.name}.py"
    if not path.exists():
        return chapter
    added = source.read_cells(path)
    blocks = translation.read(path.parent / "pt-BR.md")
    page = _merged(chapter.pages["en"], added)
    translated = translation.translate(replace(page, cells=tuple(added)), blocks).cells
    wrong = (*chapter.wrong, *source.read_wrong(path.parent))
    if faults := source.check(replace(page, path=path), list(wrong)):
        raise CourseError("\n".join(faults))
    pages = {"en": page, "pt-BR": _merged(chapter.pages["pt-BR"], translated)}
    return replace(chapter, pages=pages, wrong=wrong)


def exercises(chapter: build.Chapter, folder: pathlib.Path) -> list[str]:
    """The exercises that the private cells touch, by id."""
    path = folder / chapter.name / f"{chapter.name}.py"
    added = source.read_cells(path) if path.exists() else []
    named = {cell.keys.get("test") or cell.keys.get("hints") or cell.keys.get("driver") or cell.id for cell in added}
    named |= {cell.keys["wrong"] for cell in source.read_wrong(folder / chapter.name)}
    return [cell.id for cell in chapter.pages["en"].of_kind("exercise") if cell.id in named]


def prove(chapter: build.Chapter, names: list[str], limits: Limits | None = None) -> None:
    """Run the references, stubs and wrong answers of these exercises, as the tests of the course do.

    Nothing isolates them: they are the instructor's own.  Raises CourseError with every fault.
    """
    page, faults = chapter.pages["en"], []
    with as_manifest(chapter), Runner(limits, ("numpy", "dlbook.nn")) as runner:

        def failed(name, answer=None):
            cells = build.verdict_cells(page, {name: answer} if answer is not None else None)
            full = f"{page.chapter}/{name}"
            said = runner.verdict([cell for cell in cells if cell.kind != "test" or cell.exercise == full])
            return [outcome for outcome in said if not outcome.passed], len(said)

        for name in names:
            faults += [f"{name}: the reference fails {o.cell.id}: {o.message}" for o in failed(name)[0]]
            missed, tests = failed(name, build.stub_of(page, name))
            if len(missed) < tests:
                faults.append(f"{name}: the stub passes {tests - len(missed)} tests.")
            for wrong in (cell for cell in chapter.wrong if cell.keys["wrong"] == name):
                missed, _ = failed(name, wrong.source)
                key = missed[0].key if missed else "nothing: it passes every test"
                if key != wrong.keys["hint"]:
                    faults.append(
                        f"{name}: the wrong answer {wrong.id} should meet {wrong.keys['hint']}, it meets {key}."
                    )
    if faults:
        raise CourseError("\n".join(faults))


@contextlib.contextmanager
def as_manifest(chapter: build.Chapter, folder: pathlib.Path | None = None) -> Iterator[pathlib.Path]:
    """Inside this context the chapter's manifest is that of this chapter, private cells and hints among it; the files
    lie in `folder`, else in a folder that is gone afterwards."""
    with contextlib.ExitStack() as stack:
        where = folder or pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        where.mkdir(parents=True, exist_ok=True)
        for name in manifest.chapters():
            text = (manifest.FOLDER / f"{name}.json").read_text(encoding="utf8")
            (where / f"{name}.json").write_text(text, encoding="utf8")
        text = build.files(chapter)[f"dlbook/check/manifest/{chapter.name}.json"]
        (where / f"{chapter.name}.json").write_text(text, encoding="utf8")
        before = manifest.use(where)
        try:
            yield where
        finally:
            manifest.use(before)


def notebooks(chapter: build.Chapter, into: pathlib.Path) -> list[pathlib.Path]:
    """Write the students' pages of a chapter with private exercises, to be handed out, below into/<language>/."""
    written = []
    for name, text in build.files(chapter).items():
        if name.startswith("chapters/"):
            path = into / pathlib.Path(name).relative_to("chapters")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf8", newline="\n")
            written.append(path)
    return written


def changes_the_page(chapter: build.Chapter, published: build.Chapter) -> bool:
    """Whether students need another page than the published one: more than hidden tests differ."""

    def visible(page: Page) -> list[str]:
        return [json.dumps([cell.id, cell.source, cell.keys]) for cell in page.cells if not _is_secret(cell)]

    return visible(chapter.pages["en"]) != visible(published.pages["en"])


def _is_secret(cell: SourceCell) -> bool:
    return cell.hidden or cell.kind == "hints"


def _merged(page, added):
    """The page with these cells in it."""
    cells = list(page.cells)
    for cell in added:
        place = next((n for n, old in enumerate(cells) if old.id == cell.id), None)
        if place is not None:
            cells[place] = cell
            continue
        tests = [n for n, old in enumerate(cells) if cell.kind == "test" and old.keys.get("test") == cell.keys["test"]]
        cells.insert(tests[-1] + 1 if tests else len(cells), cell)
    return replace(page, cells=tuple(cells))
