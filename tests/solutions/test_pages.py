"""Every page runs from top to bottom in a fresh kernel: solved in English, untouched in Portuguese.

The untouched English pages run in binder/prove.py, and the answers in Portuguese in test_exercises.py.
"""

import ast
import pathlib
import re

import pytest

from dlbook.course import build, execute, source

ROOT = pathlib.Path(__file__).parents[2]
FOLDERS = source.chapters(ROOT / "solutions")
NOT_ATTEMPTED = "Ainda não respondido."
ENGLISH = re.compile(
    r"\b(the|of|and|with|which|that|this|are|is|from|has|have|your|its|expected|when|where|each)\b", re.IGNORECASE
)
QUOTED = re.compile(r"`[^`]*`|\*[^*\n]+\*|“[^”]*”|\$[^$]*\$|\$\$.*?\$\$|\]\([^)]*\)|<[^>]+>|https?://\S+", re.DOTALL)


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def chapter(request):
    return build.load(request.param)


def outputs(notebook):
    """Everything that the page's cells show, as text."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                yield cell.id, output.text
            elif output.output_type == "error":
                yield cell.id, f"{output.ename}: {output.evalue}"
            else:
                for kind in ("text/plain", "text/html", "text/markdown"):
                    yield cell.id, output.data.get(kind, "")


def spoken(notebook, ids):
    """What the cells with these ids show, joined: a kernel may send one line in several parts."""
    said = {}
    for id, text in outputs(notebook):
        if id in ids:
            said[id] = said.get(id, "") + text
    return said


def test_the_solved_page_runs_and_every_test_passes(chapter):
    executed = execute.run(build.authored(chapter, "en"), "en")
    tests = {cell.id for cell in chapter.pages["en"].of_kind("test")}
    said = spoken(executed, tests)
    assert set(said) == tests
    assert [id for id, text in said.items() if not text.startswith("✓")] == []


def test_the_untouched_page_runs_to_its_end_in_portuguese(chapter):
    executed = execute.run(build.released(chapter, "pt-BR"), "pt-BR")
    assert executed.cells[-1].cell_type == "markdown" or executed.cells[-1].execution_count
    shown = {cell.id for cell in chapter.pages["en"].of_kind("test") if not cell.hidden}
    said = spoken(executed, shown)
    assert set(said) == shown
    assert [text for text in said.values() if NOT_ATTEMPTED not in text] == []
    assert [(id, text[:300]) for id, text in outputs(executed) if _is_english(text)] == []


def test_no_english_sentence_is_left_in_the_portuguese_page(chapter):
    left = []
    for cell in build.authored(chapter, "pt-BR").cells:
        texts = [cell.source] if cell.cell_type == "markdown" else list(_strings(cell.source))
        left += [(cell.id, text) for text in texts if _is_english(text)]
    assert left == []


def _strings(code):
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value
    yield from re.findall(r"#(?! ?#)[^\n]+", code)


def _is_english(text):
    text = re.sub(r"(?s)<style>.*?</style>|<script>.*?</script>|base64,[A-Za-z0-9+/=]+|\b[A-Z]{2,}\b", "", text)
    return len(ENGLISH.findall(QUOTED.sub(" ", text))) >= 2
