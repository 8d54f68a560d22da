"""A chapter's source: the percent-format script, its cells and their keys, the wrong answers beside it."""

import ast
import functools
import pathlib
import re
from dataclasses import dataclass

import jupytext

from dlbook.check.rules import defined_names
from dlbook.course.errors import CourseError

KEYS = {
    "id", "given", "statement", "exercise", "difficulty", "by_hand", "test", "points", "hidden", "driver", "hints",
    "question", "manual", "wrong", "hint", "folded",
}  # fmt: skip
BUILT_IN_HINTS = {
    "returns", "pure", "by hand", "type", "shape", "nan", "value", "raises", "error", "name", "not attempted", "time",
    "syntax",
}  # fmt: skip
SOLUTION = re.compile(r"(?m)^[ \t]*### BEGIN SOLUTION\n(?:.*\n)*?[ \t]*### END SOLUTION$")
_CHOICE = re.compile(r"^- \[([ x])\] (.+?)$")
_ID = re.compile(r"[a-zA-Z0-9_-]{1,58}")


@dataclass(frozen=True)
class SourceCell:
    """A cell of a source.  keys : what stands after `# %%`, by name; line : where it stands."""

    id: str
    type: str
    source: str
    keys: dict[str, object]
    line: int

    @property
    def kind(self) -> str:
        """given, driver, exercise, test, statement, hints, question, manual, wrong, else "text" or "code"."""
        for kind in ("given", "driver", "exercise", "test", "statement", "hints", "question", "manual", "wrong"):
            if self.keys.get(kind):
                return kind
        return "text" if self.type == "markdown" else "code"

    @property
    def points(self) -> float:
        return float(self.keys.get("points", 0))

    @property
    def hidden(self) -> bool:
        return bool(self.keys.get("hidden"))

    @property
    def by_hand(self) -> tuple[str, ...]:
        return tuple(str(self.keys.get("by_hand", "")).split())


@dataclass(frozen=True)
class Page:
    """A chapter's source in one language.

    minutes : reading and exercises together; needs : folders; book : book chapters.
    """

    chapter: str
    path: pathlib.Path
    title: str
    minutes: int
    needs: tuple[str, ...]
    book: tuple[int, ...]
    cells: tuple[SourceCell, ...]

    def cell(self, id: str) -> SourceCell:
        return next(cell for cell in self.cells if cell.id == id)

    def of_kind(self, kind: str) -> list[SourceCell]:
        return [cell for cell in self.cells if cell.kind == kind]

    def tests(self, exercise: str) -> list[SourceCell]:
        return [cell for cell in self.of_kind("test") if cell.keys["test"] == exercise]

    def hint_sentences(self, exercise: str) -> dict[str, str]:
        found = (cell for cell in self.of_kind("hints") if cell.keys["hints"] == exercise)
        return {key: said for cell in found for key, said in re.findall(r"(?m)^- ([\w-]+): (.+)$", cell.source)}

    def where(self, cell: SourceCell) -> str:
        return f"{self.path}:{cell.line} ({cell.id})"


def read(folder: pathlib.Path) -> Page:
    """The page of solutions/NN-slug/NN-slug.py.  Raises CourseError with file, line and cell."""
    path = folder / f"{folder.name}.py"
    if not path.exists():
        raise CourseError(f"{path} does not exist: a chapter's source is named like its folder.")
    text = path.read_text(encoding="utf8")
    notebook = jupytext.reads(text, fmt="py:percent")
    course = notebook.metadata.get("course", {})
    lacking = [key for key in ("title", "minutes", "needs", "book") if key not in course]
    if lacking:
        raise CourseError(f"{path}:1: the header's `course` lacks {', '.join(lacking)}.")
    cells = _cells(path, text, notebook)
    return Page(
        folder.name,
        path,
        course["title"],
        int(course["minutes"]),
        tuple(course["needs"]),
        tuple(course["book"]),
        tuple(cells),
    )


def read_wrong(folder: pathlib.Path) -> list[SourceCell]:
    """The wrong answers of a chapter."""
    path = folder / "wrong.py"
    return read_cells(path) if path.exists() else []


def read_cells(path: pathlib.Path) -> list[SourceCell]:
    """The cells of a file in the source's format, without a header.  Raises CourseError with file, line and cell."""
    text = path.read_text(encoding="utf8")
    return _cells(path, text, jupytext.reads(text, fmt="py:percent"))


def chapters(solutions: pathlib.Path) -> list[pathlib.Path]:
    """The folders of all chapters, in the reader's order."""
    return sorted(path for path in solutions.iterdir() if re.match(r"\d\d-", path.name) and path.is_dir())


def stub(source: str, code: str) -> str:
    """An exercise cell with its solution regions replaced by the lines of `code`, indented as they were."""

    def replace(found: re.Match[str]) -> str:
        indent = re.match(r"[ \t]*", found[0])[0]
        return "\n".join(indent + line for line in code.splitlines())

    return SOLUTION.sub(replace, source)


def test_title(source: str) -> str:
    """The title of a test cell: the first line of its function's docstring."""
    return (_test_function(source).body[0].value.value or "").strip().splitlines()[0]


def choices(source: str) -> tuple[str, list[dict[str, object]]]:
    """A question cell's text, and its choices: `- [x] answer: reason`."""
    text, found = [], []
    for line in source.splitlines():
        choice = _CHOICE.match(line)
        if choice:
            answer, _, reason = choice[2].partition(": ")
            found.append({"text": answer, "right": choice[1] == "x", "reason": reason})
        elif found and line.strip():
            found[-1]["reason"] = f"{found[-1]['reason']} {line.strip()}".strip()
        else:
            text.append(line)
    return "\n".join(text).strip(), found


def check(page: Page, wrong: list[SourceCell]) -> list[str]:
    """What is wrong with a page's structure, each with file, line and cell; empty for a good one."""
    return [f"{where}: {said}" for where, said in _faults(page, wrong)]


def _faults(page, wrong):
    seen: dict[str, SourceCell] = {}
    for cell in page.cells:
        if cell.id in seen:
            yield page.where(cell), f"the id {cell.id!r} stands at line {seen[cell.id].line} already"
        seen.setdefault(cell.id, cell)
        if cell.type == "code":
            try:
                ast.parse(cell.source)
            except SyntaxError as error:
                yield page.where(cell), f"not valid Python: {error.msg} (line {error.lineno} of the cell)"
                return
    exercises = {cell.id: cell for cell in page.of_kind("exercise")}
    for kind in ("test", "driver", "statement", "hints"):
        for cell in page.of_kind(kind):
            if cell.keys[kind] not in exercises and not _is_manual(page, cell.keys[kind]):
                yield page.where(cell), f"{kind}={cell.keys[kind]!r}, but no exercise cell has this id"
    for cell in page.of_kind("test"):
        yield from _test_faults(page, cell)
    for cell in page.of_kind("question"):
        found = choices(cell.source)[1]
        if sum(choice["right"] for choice in found) != 1 or len(found) < 2 or not all(c["reason"] for c in found):
            yield (
                page.where(cell),
                "a question has two choices or more, `- [ ] answer: reason`, and one right one, `- [x]`",
            )
    for exercise in exercises.values():
        yield from _exercise_faults(page, exercise, wrong)
    for cell in wrong:
        if cell.kind == "wrong" and cell.keys["wrong"] not in exercises:
            yield (
                f"{page.path.parent}/wrong.py:{cell.line} ({cell.id})",
                f"wrong={cell.keys['wrong']!r}: no such exercise",
            )


def _is_manual(page, id):
    return any(cell.keys["manual"] == id for cell in page.of_kind("manual"))


def _test_faults(page, cell):
    function = _test_function(cell.source)
    if function is None:
        yield page.where(cell), "a test cell ends with one function under @check.exercise(…)"
        return
    if not ast.get_docstring(function):
        yield page.where(cell), "the test's function has no docstring: it is the title that students read"
    call = function.decorator_list[0]
    named = (
        call.args[0].value
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant)
        else None
    )
    if named != f"{page.chapter}/{cell.keys['test']}":
        yield (
            page.where(cell),
            f"@check.exercise names {named!r}, expected {page.chapter + '/' + str(cell.keys['test'])!r}",
        )
    hidden = any(k.arg == "hidden" and getattr(k.value, "value", False) for k in getattr(call, "keywords", ()))
    if hidden != cell.hidden:
        yield (
            page.where(cell),
            "hidden=true stands in the cell's keys and not in @check.exercise(…), or the other way round",
        )
    if cell.points <= 0:
        yield page.where(cell), "a test has points, more than 0"


def _exercise_faults(page, exercise, wrong):
    where, name = page.where(exercise), exercise.id
    tests = page.tests(name)
    if not SOLUTION.search(exercise.source):
        yield where, "the exercise has no ### BEGIN SOLUTION … ### END SOLUTION"
    elif not defined_names(exercise.source):
        yield where, "an exercise cell defines a function or a class"
    if not any(cell.keys["statement"] == name for cell in page.of_kind("statement")):
        yield where, f"the exercise has no statement: a Markdown cell with statement={name!r}"
    if not any(not test.hidden for test in tests):
        yield where, "the exercise has no visible test"
    if not any(test.hidden for test in tests):
        yield where, "the exercise has no hidden test"
    mine = [cell for cell in wrong if cell.keys.get("wrong") == name]
    if len(mine) < 2:
        yield where, f"the exercise has {len(mine)} wrong answers in wrong.py, expected two at least"
    sentences = page.hint_sentences(name)
    used = {key for test in tests for key in _hint_keys(test.source)}
    for key in sorted(set(sentences) - used):
        yield where, f"no test uses the hint {key!r}"
    for key in sorted(used - set(sentences)):
        yield where, f"a test uses the hint {key!r}, which has no sentence"
    for cell in mine:
        if cell.keys.get("hint") not in set(sentences) | BUILT_IN_HINTS:
            yield (
                f"{page.path.parent}/wrong.py:{cell.line} ({cell.id})",
                f"hint={cell.keys.get('hint')!r} is no hint of {name}",
            )


def _hint_keys(source):
    """The keys of every dictionary that is passed as hints=… or is called hints."""
    for node in ast.walk(ast.parse(source)):
        passed = isinstance(node, ast.keyword) and node.arg == "hints"
        named = isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["hints"]
        if (passed or named) and isinstance(node.value, ast.Dict):
            yield from (key.value for key in node.value.keys if isinstance(key, ast.Constant))


def _test_function(source):
    body = ast.parse(source).body
    last = body[-1] if body else None
    return last if isinstance(last, ast.FunctionDef) and last.decorator_list else None


def _cells(path, text, notebook):
    lines = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"# %%( |$)", line)]
    headed = [cell for cell in notebook.cells if cell.metadata or cell.source]
    without_marker = len(headed) - len(lines)
    found = []
    for number, cell in enumerate(headed[max(0, without_marker) :]):
        keys = {key: value for key, value in cell.metadata.items() if key != "lines_to_next_cell"}
        line = lines[number]
        if "id" not in keys or not _ID.fullmatch(str(keys["id"])):
            raise CourseError(
                f"{path}:{line}: the cell's id is {keys.get('id')!r}: letters, digits, - and _, at most 58."
            )
        unknown = sorted(set(keys) - KEYS)
        if unknown:
            raise CourseError(f"{path}:{line} ({keys['id']}): unknown key {', '.join(unknown)}.")
        found.append(SourceCell(str(keys["id"]), cell.cell_type, cell.source, keys, line))
    return found


@functools.cache
def root() -> pathlib.Path | None:
    """The course's repository around this package: where solutions/ lies; None in an installation without it."""
    above = pathlib.Path(__file__).resolve().parents[2]
    return above if (above / "solutions").is_dir() and (above / "pyproject.toml").exists() else None
