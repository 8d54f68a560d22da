"""A student's notebook: what it answers, what is damaged in it, how it is repaired, and its verdict.

Works on the notebook's JSON alone; the released page comes from the chapter's manifest.
"""

import collections
import contextlib
import copy
import hashlib
import json
import os
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dlbook.check import manifest
from dlbook.check.runner import Cell, Limits, Outcome, Runner
from dlbook.language import LANGUAGES, closest, current, say, speaking


class PageError(Exception):
    """A file that is no notebook of the course; the text says why."""


@dataclass(frozen=True)
class Damage:
    """A cell of the release that the notebook lacks or holds otherwise.

    what : "deleted", "duplicated", "retyped", "changed" or "moved".
    """

    id: str
    what: str

    def sentence(self) -> str:
        """What happened to the cell, in the current language."""
        said = {
            "deleted": say("was deleted"),
            "duplicated": say("stands there twice"),
            "retyped": say("has another cell type"),
            "changed": say("was changed"),
            "moved": say("stands in another place"),
        }
        return say("The cell {id} {happened}.", id=self.id, happened=said[self.what])


@dataclass(frozen=True)
class Verdict:
    """What a check says of one exercise.

    points and visible : of the visible tests; hidden : points of the tests that only the grader runs.
    """

    exercise: str
    points: float
    visible: float
    hidden: float
    attempted: bool
    message: str | None
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True)
class Report:
    """The verdicts on a page's exercises, in order, and its damage."""

    chapter: str
    language: str
    verdicts: tuple[Verdict, ...]
    damage: tuple[Damage, ...]

    @property
    def points(self) -> float:
        return sum(verdict.points for verdict in self.verdicts)

    @property
    def visible(self) -> float:
        return sum(verdict.visible for verdict in self.verdicts)

    def text(self) -> str:
        """The report as a student reads it, in the language of the notebook."""
        with speaking(self.language):
            return "\n".join(_lines(self))


@dataclass
class StudentPage:
    """A notebook of the course as a student saved it."""

    notebook: dict[str, Any]
    chapter: str
    language: str

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "StudentPage":
        """Raises PageError where the file is missing, empty, not JSON, or no notebook of the course."""
        path = pathlib.Path(path)
        try:
            text = path.read_text(encoding="utf8")
        except FileNotFoundError:
            raise PageError(say("There is no file {path}.", path=path)) from None
        except IsADirectoryError:
            raise PageError(say("{path} is a folder, expected a notebook.", path=path)) from None
        except UnicodeDecodeError:
            raise PageError(say("{path} is not UTF-8 text, so it is no notebook.", path=path)) from None
        if not text.strip():
            raise PageError(say("{path} is empty.", path=path))
        try:
            notebook = json.loads(text)
        except (ValueError, RecursionError):
            raise PageError(say("{path} is not a notebook: it is not valid JSON.", path=path)) from None
        return cls.of(notebook, str(path))

    @classmethod
    def of(cls, notebook: Any, name: str = "notebook") -> "StudentPage":
        """From parsed JSON.  Raises PageError."""
        cells = notebook.get("cells") if isinstance(notebook, dict) else None
        if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
            raise PageError(say("{path} is not a notebook: it has no list of cells.", path=name))
        metadata = notebook.get("metadata") if isinstance(notebook.get("metadata"), dict) else {}
        course = metadata.get("dlbook") if isinstance(metadata.get("dlbook"), dict) else {}
        chapter, language = _chapter_of(course.get("chapter"), cells), course.get("language")
        if chapter is None:
            raise PageError(say("{path} is no chapter of this course.", path=name))
        if not isinstance(language, str) or not language:
            language = _language_of(chapter, cells)
        whole = {**notebook, "metadata": {**metadata, "dlbook": course}} if not course else notebook
        return cls(whole, chapter, closest(language))

    @property
    def release(self) -> list[dict[str, Any]]:
        """The cells as they were released."""
        return manifest.cells(self.chapter, self.language)

    @property
    def kinds(self) -> dict[str, dict[str, Any]]:
        """What the course knows of its own cells, by id."""
        return manifest.of_chapter(self.chapter)["kinds"]

    def by_id(self) -> dict[str, list[dict[str, Any]]]:
        """The notebook's cells by the course's id; a cell that the student added has none."""
        known = {cell["id"] for cell in self.release}
        found: dict[str, list[dict[str, Any]]] = collections.defaultdict(list)
        for cell in self.notebook["cells"]:
            id = course_id(cell)
            if id in known:
                found[id].append(cell)
        return found

    def answers(self) -> dict[str, str]:
        """The text of each exercise cell, by id; of a duplicated cell the last one that differs from the stub."""
        stubs, found = {cell["id"]: cell["source"] for cell in self.release}, {}
        for id, cells in self.by_id().items():
            if self.kinds.get(id, {}).get("kind") == "exercise":
                texts = [source_of(cell) for cell in cells]
                found[id] = next((text for text in reversed(texts) if text.strip() != stubs[id].strip()), texts[0])
        return found

    def attempted(self, exercise: str) -> bool:
        """Whether the exercise's cell holds anything else than the stub."""
        stub = next(cell["source"] for cell in self.release if cell["id"] == exercise)
        return self.answers().get(exercise, stub).strip() != stub.strip()

    def damage(self) -> list[Damage]:
        """What differs from the release in the cells that a verdict needs; demonstrations and text are the student's
        to change."""
        by_id, found = self.by_id(), []
        for released in self.release:
            id, kind = released["id"], self.kinds.get(released["id"], {}).get("kind")
            if kind is None:
                continue
            mine = by_id.get(id, [])
            if not mine:
                found.append(Damage(id, "deleted"))
                continue
            if len(mine) > 1:
                found.append(Damage(id, "duplicated"))
            if mine[0].get("cell_type") != released["cell_type"]:
                found.append(Damage(id, "retyped"))
            elif kind not in ("exercise", "manual") and source_of(mine[0]) != released["source"]:
                found.append(Damage(id, "changed"))
        return found + self._moved()

    def repaired(self) -> "StudentPage":
        """A copy with every cell of the release as it was, in its place; answers, notes and the student's own cells
        stay."""
        fresh = copy.deepcopy(self)
        broken = {damage.id for damage in self.damage()}
        if not broken:
            return fresh
        answers, by_id = self.answers(), fresh.by_id()
        kept: dict[str, dict[str, Any]] = {}
        for released in self.release:
            id, mine = released["id"], by_id.get(released["id"], [])
            kind = self.kinds.get(id, {}).get("kind")
            if kind is None and mine:
                kept[id] = mine[0]
            elif kind is not None:
                text = (
                    answers.get(id) if kind == "exercise" else source_of(mine[0]) if kind == "manual" and mine else None
                )
                kept[id] = notebook_cell(released, text, mine[0] if mine else None)
        fresh.notebook["cells"] = in_order(
            [c["id"] for c in self.release if c["id"] in kept], kept, fresh.notebook["cells"]
        )
        return fresh

    def cells(self) -> list[Cell]:
        """What a verdict runs: the released cells, with this notebook's answers."""
        answers, found = self.answers(), []
        exercises = manifest.of_chapter(self.chapter)["exercises"]
        for released in self.release:
            id, known = released["id"], self.kinds.get(released["id"], {})
            if known.get("kind") in (None, "manual") or known.get("hidden"):
                continue
            exercise = id if known["kind"] == "exercise" else known.get("exercise", "")
            source = answers.get(id, released["source"]) if known["kind"] == "exercise" else released["source"]
            rules = exercises[id] if known["kind"] == "exercise" else {}
            by_hand, defines = tuple(rules.get("by_hand", ())), tuple(rules.get("defines", ()))
            named = f"{self.chapter}/{exercise}" if exercise else ""
            found.append(
                Cell(
                    id,
                    known["kind"],
                    source,
                    named,
                    known.get("title", ""),
                    known.get("points", 0.0),
                    False,
                    by_hand,
                    defines,
                )
            )
        return found

    def _moved(self):
        order = [cell["id"] for cell in self.release if cell["id"] in self.kinds]
        kinds = self.kinds
        seen = [id for id in dict.fromkeys(course_id(cell) for cell in self.notebook["cells"]) if id in kinds]
        expected = [id for id in order if id in seen]
        return [Damage(id, "moved") for id, other in zip(seen, expected, strict=True) if id != other][:1]


def check(page: StudentPage, limits: Limits | None = None, runner: Runner | None = None) -> Report:
    """Run exactly what a verdict runs of a page, in a process of its own, with a time limit."""
    with contextlib.ExitStack() as stack:
        runner = runner or stack.enter_context(Runner(limits))
        outcomes = runner.verdict(page.cells(), page.language)
    described, verdicts = manifest.of_chapter(page.chapter)["exercises"], []
    for exercise, known in described.items():
        mine = tuple(o for o in outcomes if o.cell.exercise == f"{page.chapter}/{exercise}")
        failed = next((o.message for o in mine if not o.passed), None)
        attempted = page.attempted(exercise)
        points = sum(o.points for o in mine)
        visible, hidden = known["points"]["visible"], known["points"]["hidden"]
        verdicts.append(Verdict(exercise, points, visible, hidden, attempted, failed if attempted else None, mine))
    return Report(page.chapter, page.language, tuple(verdicts), tuple(page.damage()))


def check_and_print(path: str | None = None) -> None:
    """Print the report on a saved notebook: the one at `path`, or the one that this kernel serves."""
    path = path or os.environ.get("JPY_SESSION_NAME")
    if not path:
        print(say("This kernel does not know its notebook: pass its path, check.notebook('07-network.ipynb')."))
        return
    try:
        report = check(StudentPage.read(path))
    except PageError as error:
        print(f"✗ {error}")
        return
    with speaking(current()):
        print(report.text())
        print(say("This is the notebook as you last saved it."))


def source_of(cell: dict[str, Any]) -> str:
    """A cell's text: notebooks on disk hold it as one string or as a list of lines; what is no text is left out."""
    source = cell.get("source", "")
    if isinstance(source, list):
        return "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""


def course_id(cell: dict[str, Any]) -> str | None:
    """The course's id of a cell: nbgrader's, which survives editors that renew cell ids, else the cell's own."""
    metadata = cell.get("metadata")
    graded = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    found = graded.get("grade_id") if isinstance(graded, dict) else None
    if not isinstance(found, str) or not found:
        found = cell.get("id")
    return found if isinstance(found, str) else None


def notebook_cell(
    released: dict[str, Any], text: str | None = None, old: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A cell for a notebook on disk from a released one, with another text where one is given; outputs of the same
    text are kept."""
    source = released["source"] if text is None else text
    cell = {
        "cell_type": released["cell_type"],
        "id": released["id"],
        "metadata": copy.deepcopy(released["metadata"]),
        "source": source.splitlines(keepends=True),
    }
    if released["cell_type"] == "code":
        same = old is not None and old.get("cell_type") == "code" and source_of(old) == source
        cell["outputs"] = copy.deepcopy(old.get("outputs", [])) if same else []
        cell["execution_count"] = old.get("execution_count") if same else None
    return cell


def digest(text: str) -> str:
    """The hash that a released cell carries of its text."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def in_order(order: list[str], kept: dict[str, dict[str, Any]], cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cells of `kept` in the release's order; each own cell of the student stays behind the course cell that it
    followed."""
    own: dict[str | None, list[dict[str, Any]]] = collections.defaultdict(list)
    last, seen = None, set()
    for cell in cells:
        if course_id(cell) in kept:
            last = course_id(cell)
            if last in seen:
                continue
            seen.add(last)
        else:
            own[last].append(cell)
    return [*own[None], *(cell for id in order for cell in (kept[id], *own[id]))]


def _chapter_of(claimed, cells):
    """The chapter that a notebook names, unless it has half of another's ids and not half of its own exercises; without
    a name, the one whose ids it has most of."""
    ids = {course_id(cell) for cell in cells}
    if claimed not in manifest.chapters():
        claimed = None
    elif len(ids & set(manifest.of_chapter(claimed)["exercises"])) * 2 >= len(
        manifest.of_chapter(claimed)["exercises"]
    ):
        return claimed
    kinds = {name: set(manifest.of_chapter(name)["kinds"]) for name in manifest.chapters()}
    best = max(kinds, key=lambda name: len(ids & kinds[name]), default=None)
    if best is None or not ids & kinds[best]:
        return claimed
    return best if claimed is None or len(ids & kinds[best]) * 2 >= len(kinds[best]) else claimed


def _language_of(chapter, cells):
    """The language in which most cells stand as they were released."""
    texts = {source_of(cell) for cell in cells}
    return max(LANGUAGES, key=lambda name: len(texts & {cell["source"] for cell in manifest.cells(chapter, name)}))


def _lines(report) -> Iterator[str]:
    width = max(len(verdict.exercise) for verdict in report.verdicts)
    for damage in report.damage:
        yield f"! {damage.sentence()}"
    for verdict in report.verdicts:
        mark = "✓" if verdict.points == verdict.visible else "✗" if verdict.attempted else "·"
        shown = say("{points} of {visible} points", points=f"{verdict.points:g}", visible=f"{verdict.visible:g}")
        kept = say("{hidden} more in hidden tests", hidden=f"{verdict.hidden:g}")
        yield f"{mark} {verdict.exercise:{width}}  {shown}, {kept}"
        if not verdict.attempted:
            yield f"    {say('Not attempted yet.')}"
        elif verdict.message:
            yield from (f"    {line}" for line in verdict.message.splitlines())
    yield say(
        "{points} of {visible} points in the visible tests.", points=f"{report.points:g}", visible=f"{report.visible:g}"
    )
