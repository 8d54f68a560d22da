"""An instructor's private folder: other hidden tests and exercises, held to the rules of the build."""

import pathlib

import pytest

from dlbook.check import manifest
from dlbook.check.runner import Limits
from dlbook.course import build, work
from dlbook.course.errors import CourseError
from dlbook.grading import grade, journal, private

CHAPTER = "00-moving-average"
SOLUTIONS = pathlib.Path(__file__).parents[1] / "example"
LIMITS = Limits(cell=4.0, total=16.0, memory=2_000_000_000)
pytestmark = pytest.mark.usefixtures("best_tier", "released_for_all")

HIDDEN = f'''# %% test="ema" hidden=true points=7 id="ema-mine"
@check.exercise("{CHAPTER}/ema", hidden=True)
def nobody_knows_these_numbers():
    """Sizes that only this course uses"""
    x = check.rng(5).normal(size=(3, 4))
    m, cache = moving_average(x, 0.3, np.zeros(4))
    dx, dbeta, dm0 = check.call(moving_average_backward, np.ones((3, 4)), cache, returns=("dx", "dbeta", "dm0"))
    check.shape(dx, (3, 4), name="dx")
    check.close(dm0, np.full(4, 0.3 + 0.09 + 0.027), name="dm0")
'''
EXERCISE = f'''# %% [markdown] statement="twice" id="twice-statement"
# ## Twice
#
# `twice(x)` returns two times `x`, any array; `twice(3)` is 6.

# %% exercise=true difficulty=1 id="twice"
def twice(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% [markdown] hints="twice" id="twice-hints"
# - once: The factor is missing.

# %% test="twice" points=1 id="twice-six"
@check.exercise("{CHAPTER}/twice")
def six():
    """Two times three"""
    check.close(check.call(twice, 3.0), 6.0, hints={{"once": lambda right: right / 2}})

# %% test="twice" hidden=true points=1 id="twice-arrays"
@check.exercise("{CHAPTER}/twice", hidden=True)
def arrays():
    """Arrays"""
    x = np.linspace(-1, 1, 5)
    check.close(check.call(twice, x), 2 * x, hints={{"once": lambda right: right / 2}})
'''
WRONG = """# %% wrong="twice" hint="once" id="twice-once"
def twice(x):
    return x

# %% wrong="twice" hint="returns" id="twice-nothing"
def twice(x):
    x + x
"""


@pytest.fixture
def folder(tmp_path):
    """A private folder with a hidden test."""
    written(tmp_path / "private", HIDDEN)
    return tmp_path / "private"


def written(folder, source, wrong=None):
    (folder / CHAPTER).mkdir(parents=True, exist_ok=True)
    (folder / CHAPTER / f"{CHAPTER}.py").write_text(source, encoding="utf8")
    if wrong is not None:
        (folder / CHAPTER / "wrong.py").write_text(wrong, encoding="utf8")


def hand_in(folder, student, answers):
    notebook = work.released(CHAPTER, "en")
    for cell in notebook["cells"]:
        cell["source"] = answers.get(cell["id"], cell["source"])
    work.write(folder / f"{student}.ipynb", notebook)


def test_a_private_hidden_test_counts_and_reaches_no_page(folder, tmp_path, example):
    hand_in(tmp_path / "in", "ana", {"ema": example.pages["en"].cell("ema").source})
    before = (manifest.FOLDER / f"{CHAPTER}.json").read_bytes()
    options = {"solutions": SOLUTIONS, "limits": LIMITS}
    (ana,) = grade.grade(tmp_path / "in", CHAPTER, tmp_path / "out", private=folder, **options)
    assert (ana.score, ana.max_score, ana.repairs) == (12.0, 12.0, ())
    assert "ema-mine" in {result.test for result in ana.results if result.hidden}
    assert (manifest.FOLDER / f"{CHAPTER}.json").read_bytes() == before
    (plain,) = grade.grade(tmp_path / "in", CHAPTER, tmp_path / "plain", **options)
    assert plain.score == 5.0
    assert plain.key != ana.key


def test_a_cell_of_the_same_id_replaces_the_published_one(tmp_path, example):
    replaced = HIDDEN.replace("ema-mine", "ema-other-sizes")
    written(tmp_path / "private", replaced)
    chapter = private.load(example, tmp_path / "private")
    assert grade.max_score(chapter) == grade.max_score(example) - example.pages["en"].cell("ema-other-sizes").points + 7
    assert len(chapter.pages["en"].cells) == len(example.pages["en"].cells)


def test_a_private_exercise_is_handed_out_and_graded(tmp_path, example):
    written(tmp_path / "private", EXERCISE, WRONG)
    chapter = private.load(example, tmp_path / "private")
    assert private.changes_the_page(chapter, example)
    pages = private.notebooks(chapter, tmp_path / "pages")
    texts = [page.read_text(encoding="utf8") for page in pages]
    assert len(texts) == 2
    assert all(
        "def twice" in text and "return 2 * x" not in text and "np.linspace(-1, 1, 5)" not in text for text in texts
    )
    with private.as_manifest(chapter):
        hand_in(tmp_path / "in", "ana", {"twice": "def twice(x):\n    return x + x\n"})
        hand_in(tmp_path / "in", "bia", {"twice": "def twice(x):\n    return x\n"})
    ana, bia = grade.grade(
        tmp_path / "in", CHAPTER, tmp_path / "out", solutions=SOLUTIONS, private=tmp_path / "private", limits=LIMITS
    )
    assert (ana.score, bia.score) == (2.0, 0.0)
    assert {result.key for result in bia.results if result.exercise == "twice"} == {"once"}
    assert len(list(journal.of_assignment(tmp_path / "out", CHAPTER))) == 2


@pytest.mark.parametrize(
    ("source", "wrong", "said"),
    [
        (HIDDEN.replace("0.3 + 0.09", "0.4 + 0.09"), None, "the reference fails ema-mine"),
        (HIDDEN.replace('test="ema"', 'test="none"'), None, "none"),
        (
            EXERCISE,
            WRONG.replace('hint="once"', 'hint="value"'),
            "the wrong answer twice-once should meet value, it meets",
        ),
        (EXERCISE, None, "wrong"),
    ],
)
def test_private_cells_keep_the_rules_of_the_build(tmp_path, example, source, wrong, said):
    written(tmp_path / "private", source, wrong)

    def load_and_prove():
        chapter = private.load(example, tmp_path / "private")
        private.prove(chapter, private.exercises(chapter, tmp_path / "private"), LIMITS)

    with pytest.raises(CourseError, match=said):
        load_and_prove()


def test_a_chapter_without_private_cells_stays_as_it_is(tmp_path, example):
    (tmp_path / "private").mkdir()
    assert private.load(example, tmp_path / "private") is example
    with pytest.raises(CourseError, match="is no folder"):
        private.load(example, tmp_path / "none")
    assert build.files(example)
