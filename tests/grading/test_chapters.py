"""The class of six on real chapters: right, half right, untouched, a syntax error, an endless loop, an empty file."""

import csv
import pathlib

import pytest

from dlbook.check import manifest
from dlbook.check import page as pages
from dlbook.check.runner import Limits, Runner
from dlbook.course import build, work
from dlbook.grading import grade as grading
from dlbook.grading.intake import submissions

SOLUTIONS = pathlib.Path(__file__).parents[2] / "solutions"
pytestmark = pytest.mark.usefixtures("best_tier")
CHAPTERS = ["06-computational-graphs", "07-network"]
LIMITS = Limits(cell=4.0, total=60.0, memory=4_000_000_000)


@pytest.fixture(scope="module", params=CHAPTERS)
def graded(request, tmp_path_factory):
    """The chapter, what the class is expected to earn, the results and the folder of the submissions."""
    chapter = build.load(SOLUTIONS / request.param)
    page, manifests = chapter.pages["en"], tmp_path_factory.mktemp("manifest")
    text = build.files(chapter)[f"dlbook/check/manifest/{chapter.name}.json"]
    (manifests / f"{chapter.name}.json").write_text(text, encoding="utf8")
    exercises = page.of_kind("exercise")
    first = exercises[: len(exercises) // 2]
    class_folder = tmp_path_factory.mktemp("class")
    folder, out = class_folder / "submitted", class_folder / "graded"
    folder.mkdir()
    answers = {
        "ana": {cell.id: cell.source for cell in exercises},
        "bruno": {cell.id: cell.source for cell in first},
        "carla": {},
        "davi": {exercises[0].id: "def broken(:\n    return 1\n"},
        "elisa": {exercises[0].id: "while True:\n    pass\n"},
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest, "FOLDER", manifests)
        manifest.of_chapter.cache_clear()
        for student, given in answers.items():
            notebook = work.released(chapter.name, "pt-BR" if student == "bruno" else "en")
            for cell in notebook["cells"]:
                cell["source"] = given.get(cell["id"], cell["source"])
            work.write(folder / student / chapter.name / f"{chapter.name}.ipynb", notebook)
        (folder / "fabio.ipynb").write_bytes(b"")
        full = grading.max_score(chapter)
        half = sum(test.points for cell in first for test in page.tests(cell.id))
        yield (
            chapter,
            (full, half),
            grading.grade(folder, chapter.name, out, solutions=SOLUTIONS, limits=LIMITS),
            folder,
        )
    manifest.of_chapter.cache_clear()


def test_the_csv_says_what_each_student_earned(graded):
    chapter, (full, half), _, folder = graded
    with (folder.parent / "graded/grades.csv").open(encoding="utf8", newline="") as file:
        rows = [list(row.values()) for row in csv.DictReader(file)]
    by_hand = sum(cell.points for cell in chapter.pages["en"].of_kind("manual"))
    assert 0 < half < full
    assert rows == [
        ["ana", chapter.name, f"{full - by_hand:g}", f"{full:g}", "graded"],
        ["bruno", chapter.name, f"{half:g}", f"{full:g}", "graded"],
        ["carla", chapter.name, "0", f"{full:g}", "untouched"],
        ["davi", chapter.name, "0", f"{full:g}", "graded"],
        ["elisa", chapter.name, "0", f"{full:g}", "graded"],
        ["fabio", chapter.name, "0", f"{full:g}", "unreadable"],
    ]


def test_check_and_grade_agree_on_every_visible_test(graded):
    chapter, _, records, folder = graded
    found = {one.student: one for one in records}
    with Runner(LIMITS) as runner:
        for submission in submissions(folder, chapter.name):
            if submission.page is not None:
                verdicts = pages.check(submission.page, runner=runner).verdicts
                told = {o.cell.id: (o.key, o.message) for v in verdicts for o in v.outcomes}
                results = found[submission.student].results
                assert told == {r.test: (r.key, r.message) for r in results if not r.hidden}, submission.student
