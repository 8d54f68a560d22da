"""Sources become notebooks, the same bytes each time, and a fault names file, line and cell."""

import hashlib
import json
import pathlib
import shutil

import nbformat
import pytest

from dlbook.course import build, catalog, source, translation
from dlbook.course.errors import CourseError
from dlbook.language import speaking

NAME = "00-moving-average"


@pytest.fixture
def folder(tmp_path):
    """A copy of the example that a test may spoil."""
    return pathlib.Path(
        shutil.copytree(pathlib.Path(__file__).parents[1] / "example" / NAME, tmp_path / "solutions" / NAME)
    )


def spoil(folder, old, new, file=f"{NAME}.py", refresh=True):
    """Replace a text in a file of the chapter; `refresh` brings the translation's hashes up to date."""
    path = folder / file
    text = path.read_text(encoding="utf8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf8")
    if refresh:
        portuguese = folder / "pt-BR.md"
        text = portuguese.read_text(encoding="utf8")
        try:
            cells = source.read(folder).cells
        except CourseError:
            return
        for block in translation.read(portuguese):
            for cell in cells:
                if cell.id == block.id:
                    new_head = f"cell: {block.id} en: {translation.cell_hash(cell.source)}"
                    text = text.replace(f"cell: {block.id} en: {block.hash}", new_head)
        portuguese.write_text(text, encoding="utf8")


def test_the_same_source_gives_the_same_bytes(example, example_files):
    assert build.files(build.load(example.pages["en"].path.parent)) == example_files


def test_the_notebooks_are_valid_and_hold_no_outputs_and_no_timestamps(example_files):
    notebooks = {path: text for path, text in example_files.items() if path.endswith(".ipynb")}
    assert len(notebooks) == 6
    for text in notebooks.values():
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
        assert all(cell.get("outputs", []) == [] and cell.get("execution_count") is None for cell in notebook.cells)


def test_nothing_secret_is_released(example, example_files):
    hidden = "for T, D, beta in [(1, 2, 0.5), (7, 1, 0.0), (11, 4, 0.97)]"
    solution = "g = dm[t] + beta * g"
    wrong = "ema-finite-differences"
    for path, text in example_files.items():
        released = "source" not in path.split("/")
        assert (hidden in text) is not released, path
        assert (solution in text) is not released, path
        assert wrong not in text
        if released and path.endswith(".ipynb"):
            assert "turned round" not in text


@pytest.mark.parametrize(
    ("language", "stub", "hidden"),
    [("en", "# YOUR CODE HERE", "hidden test, 2 points"), ("pt-BR", "# SEU CÓDIGO AQUI", "teste oculto, 2 pontos")],
)
def test_a_released_page_has_stubs_points_and_nbgraders_metadata(example, language, stub, hidden):
    cells = {cell.id: cell for cell in build.released(example, language).cells}
    assert stub in cells["ema"].source
    assert "raise NotImplementedError()" in cells["ema"].source
    assert cells["ema"].metadata.nbgrader.solution is True
    assert cells["ema-dx"].metadata.nbgrader.points == 2
    assert cells["ema-dx"].metadata.tags == ["raises-exception"]
    assert cells["setup"].metadata.nbgrader.locked is True
    assert cells["ema-other-sizes"].source.startswith(f"# {hidden}: ")
    assert "nbgrader" not in cells["memory-figure"].metadata
    assert cells["memory-figure"].metadata.jupyter.source_hidden is True
    assert cells["cold-question-ask"].source.endswith('ask("00-moving-average/cold-question")')
    assert "[x]" not in cells["cold-question"].source
    for cell in cells.values():
        assert cell.metadata.dlbook.sha == hashlib.sha256(cell.source.encode()).hexdigest()[:8]


@pytest.mark.parametrize(
    ("language", "one", "several"), [("en", "1 point", "2.5 points"), ("pt-BR", "1 ponto", "2.5 pontos")]
)
def test_one_point_is_not_points(language, one, several):
    with speaking(language):
        assert build._points(1.0) == one
        assert build._points(2.5) == several


def test_the_manifest_says_what_a_check_needs(example_files):
    known = json.loads(example_files[f"dlbook/check/manifest/{NAME}.json"])
    assert known["exercises"]["ema"]["points"] == {"visible": 3.0, "hidden": 2.0}
    assert known["exercises"]["ema"]["defines"] == ["moving_average_backward"]
    assert known["exercises"]["ema"]["by_hand"] == ["moving_average"]
    assert known["exercises"]["ema"]["hints"]["pt-BR"]["sign"] == "O sinal está trocado."
    assert [choice["right"] for choice in known["questions"]["cold-question"]["en"]["choices"]] == [False, True, False]
    assert known["summary"]["en"].startswith("Compute an exponential moving average")
    assert known["release"].startswith("0.1.0+")


FAULTS = {
    "duplicate id": ('id="idea"', 'id="title"', "the id 'title' stands at line"),
    "test without exercise": ('id="ema-dx" test="ema"', 'id="ema-dx" test="emma"', "no exercise cell has this id"),
    "no statement": ('statement="ema"', 'statement="other"', "no exercise cell has this id"),
    "hint without test": ("# - sign: The sign", "# - signum: The sign", "no test uses the hint 'signum'"),
    "unknown key": ("given=true\nimport", "givven=true\nimport", "unknown key givven"),
    "no id": ('# %% id="cold-start"', "# %%", "the cell's id is None"),
    "other exercise named": (
        '@check.exercise("00-moving-average/ema")',
        '@check.exercise("00-moving-average/em")',
        "@check.exercise names '00-moving-average/em'",
    ),
    "hidden in one place only": ("points=2 hidden=true", "points=2", "hidden=true stands in"),
    "no docstring": ('    """gradient of β"""\n', "", "has no docstring"),
    "no points": ('test="ema" points=1', 'test="ema"', "a test has points"),
    "invalid Python": ("m, _ = moving_average(np.full", "m, _ == = moving_average(np.full", "not valid Python"),
    "no solution": ("    ### END SOLUTION\n", "", "no ### BEGIN SOLUTION"),
    "two right choices": ("# - [ ] 10: that", "# - [x] 10: that", "one right one"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_names_file_line_and_cell(folder, fault):
    old, new, said = FAULTS[fault]
    spoil(folder, old, new)
    with pytest.raises(CourseError) as caught:
        build.load(folder)
    lines = [line for line in str(caught.value).splitlines() if said in line]
    assert lines, str(caught.value)
    assert f"{NAME}.py:" in lines[0]


def test_an_exercise_needs_hidden_tests_and_wrong_answers(folder):
    text = (folder / "wrong.py").read_text(encoding="utf8")
    (folder / "wrong.py").write_text(text.split("# %%")[0] + "# %%" + text.split("# %%")[1], encoding="utf8")
    spoil(folder, "points=2 hidden=true", "points=2")
    with pytest.raises(CourseError) as caught:
        build.load(folder)
    assert "the exercise has 1 wrong answers in wrong.py" in str(caught.value)
    assert "the exercise has no hidden test" in str(caught.value)


def test_a_hint_of_a_wrong_answer_exists(folder):
    spoil(folder, 'hint="time"', 'hint="tempo"', "wrong.py")
    with pytest.raises(CourseError, match=r"wrong\.py:3 \(ema-no-time\): hint='tempo'"):
        build.load(folder)


def test_a_missing_a_stale_and_a_different_translation_are_found(folder):
    spoil(folder, "It records", "It notes", refresh=False)
    spoil(folder, "previous = m0\n    for", "previous = m0 + 0\n    for", "pt-BR.md", refresh=False)
    spoil(folder, "<!-- cell: memory en", "<!-- cell: memoria en", "pt-BR.md", refresh=False)
    with pytest.raises(CourseError) as caught:
        build.load(folder)
    said = str(caught.value)
    assert "(idea): stale" in said
    assert "(forward): the code differs" in said
    assert "(memory): no Portuguese" in said
    assert "(memoria): no such cell" in said


def test_a_catalogue_entry_that_points_nowhere_is_found(folder, monkeypatch):
    entries = [{"book": 1, "chapter": NAME, "cell": "nowhere"}, {"book": 2, "chapter": "77-none", "cell": "title"}]
    monkeypatch.setattr(catalog, "entries", lambda: entries)
    said = "\n".join(catalog.check(folder.parent))
    assert "'nowhere'" in said
    assert "77-none, which does not exist" in said


def test_check_finds_a_stale_and_an_orphaned_file(folder):
    root = folder.parents[1]
    written = build.files(build.load(folder))
    build.write(root, written)
    assert build.stale(root, written) == []
    assert build.write(root, written) == []
    page = root / f"chapters/en/{NAME}/{NAME}.ipynb"
    page.write_text(page.read_text(encoding="utf8").replace("windy", "calm"), encoding="utf8")
    orphan = root / "chapters/en/99-old/99-old.ipynb"
    orphan.parent.mkdir(parents=True)
    orphan.write_text("{}", encoding="utf8")
    assert build.stale(root, written) == [f"chapters/en/{NAME}/{NAME}.ipynb", "chapters/en/99-old/99-old.ipynb"]


@pytest.mark.parametrize(
    ("english", "portuguese", "same"),
    [
        ('print("a b", x)', 'print("c d", x)', True),
        ('f"x {a} y {b:.2f}"', 'f"{b:.2f} z {a}"', True),
        ("f(1)  # one", "f(1)  # um", True),
        ("f(1)", "f(2)", False),
        ('f"{a}"', 'f"{c}"', False),
        ('f"{a:.2f}"', 'f"{a:.3f}"', True),
        ("x = 1", "y = 1", False),
    ],
)
def test_code_may_differ_in_strings_and_comments_only(english, portuguese, same):
    assert translation.same_code(english, portuguese) is same
