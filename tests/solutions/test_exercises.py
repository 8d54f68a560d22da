"""Every exercise: the reference scores full, the stub nothing, each wrong answer meets its own hint."""

import functools
import pathlib

import pytest

from dlbook.check.runner import Limits, Runner
from dlbook.course import build, source

ROOT = pathlib.Path(__file__).parents[2]
CHAPTERS = {
    folder.name: folder for folder in [*source.chapters(ROOT / "solutions"), ROOT / "tests/example/00-moving-average"]
}
EXERCISES = [(name, cell.id) for name, folder in CHAPTERS.items() for cell in source.read(folder).of_kind("exercise")]


@pytest.fixture(scope="module")
def runner():
    with Runner(Limits(cell=5.0), preload=("numpy", "dlbook.nn", "dlbook.data", "dlbook.plots")) as warm:
        yield warm


@functools.cache
def load(chapter):
    return build.load(CHAPTERS[chapter])


def outcomes(runner, page, exercise, answer=None, language="en"):
    """The tests of one exercise, with the reference in every other exercise cell."""
    cells = build.verdict_cells(page, {exercise: answer} if answer is not None else None)
    kept = [cell for cell in cells if cell.kind != "test" or cell.exercise == f"{page.chapter}/{exercise}"]
    return runner.verdict(kept, language)


@pytest.mark.parametrize(("chapter", "exercise"), EXERCISES)
@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_the_reference_scores_full(runner, chapter, exercise, language):
    said = outcomes(runner, load(chapter).pages[language], exercise, language=language)
    assert said
    assert [(o.cell.id, o.message) for o in said if not o.passed] == []


@pytest.mark.parametrize(("chapter", "exercise"), EXERCISES)
def test_the_stub_scores_nothing(runner, chapter, exercise):
    page = load(chapter).pages["en"]
    said = outcomes(runner, page, exercise, build.stub_of(page, exercise))
    assert [o.key for o in said] == ["not attempted"] * len(said)


@pytest.mark.parametrize(("chapter", "exercise"), EXERCISES)
def test_each_wrong_answer_meets_its_own_hint(runner, chapter, exercise):
    page, wrong = load(chapter).pages["en"], load(chapter).wrong
    mine = [cell for cell in wrong if cell.keys.get("wrong") == exercise]
    met = {}
    for cell in mine:
        said = outcomes(runner, page, exercise, cell.source)
        failed = [o for o in said if not o.passed]
        met[cell.id] = (failed[0].key, failed[0].message) if failed else (None, "it passes every test")
        assert all(len(o.message.splitlines()) <= 3 for o in failed)
    assert {id: key for id, (key, _) in met.items()} == {cell.id: cell.keys["hint"] for cell in mine}, met
    spoken = [cell.keys["hint"] for cell in mine if cell.keys["hint"] in page.hint_sentences(exercise)]
    assert len(spoken) == len(set(spoken)), "two wrong answers share a hint of the page"
