"""A student's notebook: what is damaged, what a check says, and that a repair loses nothing."""

import copy
import json

import pytest

from dlbook.check.page import PageError, StudentPage, check, check_and_print, course_id
from dlbook.course import work

CHAPTER = "00-moving-average"
HALF = "def moving_average_backward(dm, cache):\n    x, beta, m0, m = cache\n    return (1 - beta) * dm, 0.0, dm[0]\n"


@pytest.fixture
def page(released):
    return StudentPage.of(copy.deepcopy(work.released(CHAPTER, "en")))


def cell(page, id):
    return next(c for c in page.notebook["cells"] if c["id"] == id)


def found(page):
    return {(damage.id, damage.what) for damage in page.damage()}


def test_a_fresh_page_is_whole_and_not_attempted(page):
    assert page.damage() == []
    report = check(page)
    assert [(v.exercise, v.points, v.attempted, v.message) for v in report.verdicts] == [("ema", 0.0, False, None)]
    assert "Not attempted yet." in report.text()
    assert "2 more in hidden tests" in report.text()


def test_a_right_answer_scores_all_visible_points(page, example):
    cell(page, "ema")["source"] = example.pages["en"].cell("ema").source
    report = check(page)
    assert (report.points, report.visible) == (3.0, 3.0)
    assert "✓ ema" in report.text()


def test_a_wrong_answer_shows_its_hint_in_the_language_of_the_page(page):
    cell(page, "ema")["source"] = HALF
    assert "The gradient does not flow back through time" in check(page).text()
    page.language = "pt-BR"
    assert "O gradiente não volta no tempo" in check(page).text()


def test_every_damage_is_found_and_repaired_and_nothing_of_the_students_is_lost(page):
    cell(page, "ema")["source"] = HALF
    cell(page, "idea")["source"] = "My notes on the idea."
    cell(page, "cold-start")["source"] = "print('my experiment')"
    cell(page, "ema-dx")["source"] = "pass"
    cell(page, "forward")["cell_type"] = "markdown"
    cells = page.notebook["cells"]
    cells.remove(cell(page, "ema-case"))
    cells.append(copy.deepcopy(cell(page, "ema-dbeta")))
    cells.insert(4, {"cell_type": "code", "id": "mine", "metadata": {}, "source": "1 + 1", "outputs": []})
    cells.remove(cell(page, "ema-other-sizes"))
    cells.insert(0, cells.pop([c["id"] for c in cells].index("ema")))
    assert found(page) >= {
        ("ema-dx", "changed"),
        ("forward", "retyped"),
        ("ema-case", "deleted"),
        ("ema-dbeta", "duplicated"),
        ("ema-other-sizes", "deleted"),
        ("ema", "moved"),
    }
    repaired = page.repaired()
    assert repaired.damage() == []
    assert repaired.answers() == {"ema": HALF}
    texts = {"".join(c["source"]) for c in repaired.notebook["cells"]}
    assert {"My notes on the idea.", "print('my experiment')", "1 + 1"} <= texts
    order = [c["id"] for c in repaired.notebook["cells"]]
    assert [id for id in order if id != "mine"] == [c["id"] for c in page.release]


def test_a_changed_test_and_changed_points_gain_nothing(page):
    cell(page, "ema")["source"] = HALF
    for id in ("ema-dx", "ema-dbeta"):
        cell(page, id)["source"] = "print('✓')"
        cell(page, id)["metadata"]["nbgrader"]["points"] = 100
    report = check(page)
    assert (report.points, report.visible) == (0.0, 3.0)


def test_of_a_duplicated_answer_the_one_that_is_not_the_stub_counts(page):
    cells = page.notebook["cells"]
    second = copy.deepcopy(cell(page, "ema"))
    second["source"] = HALF
    cells.append(second)
    assert page.answers()["ema"] == HALF
    cells.remove(second)
    cells.insert(0, second)
    assert page.answers()["ema"] == HALF


def test_cells_are_known_by_nbgraders_id_where_an_editor_renewed_theirs(page):
    for number, one in enumerate(page.notebook["cells"]):
        if "nbgrader" in one["metadata"]:
            one["id"] = f"renewed-{number}"
    assert page.damage() == []
    del page.notebook["metadata"]["dlbook"]
    assert StudentPage.of(page.notebook).chapter == CHAPTER
    assert course_id({"metadata": None, "id": 3}) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"{'cells': ", "not valid JSON"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"[]", "no list of cells"),
        (b'{"cells": 3}', "no list of cells"),
        (b'{"cells": [1, 2]}', "no list of cells"),
        (b'{"cells": []}', "no chapter of this course"),
        (b"[" * 100_000, "not valid JSON"),
    ],
)
def test_a_file_that_is_no_page_says_why(released, tmp_path, content, said):
    path = tmp_path / "page.ipynb"
    path.write_bytes(content)
    with pytest.raises(PageError, match=said):
        StudentPage.read(path)


def test_a_missing_file_and_a_folder(released, tmp_path):
    with pytest.raises(PageError, match="There is no file"):
        StudentPage.read(tmp_path / "none.ipynb")
    with pytest.raises(PageError, match="folder"):
        StudentPage.read(tmp_path)


def test_a_page_checks_itself(page, tmp_path, capsys, monkeypatch):
    path = tmp_path / "page.ipynb"
    path.write_text(json.dumps(page.notebook))
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    check_and_print()
    assert "0 of 3 points in the visible tests." in capsys.readouterr().out
    check_and_print(str(tmp_path / "none.ipynb"))
    assert "There is no file" in capsys.readouterr().out
