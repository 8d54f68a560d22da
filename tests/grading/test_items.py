"""Item analysis against numbers worked out by hand."""

import html
import math
import re

import pytest

from dlbook import plots
from dlbook.check import manifest
from dlbook.grading import journal
from dlbook.grading.items import analyse, figure, page
from dlbook.grading.journal import Record

CHAPTER = "07-network"
WORTH = {"backprop-a": 2.0, "backprop-b": 1.0, "update-a": 1.0}
HIDDEN = "backprop-b"


def record(student, keys, status="graded", **changes):
    """A record whose tests said these keys, None where one passed."""
    results = tuple(
        journal.TestResult(
            test, test.split("-")[0], f"The {test}", worth * (key is None), worth, test == HIDDEN, key, key
        )
        for (test, worth), key in zip(WORTH.items(), keys, strict=True)
    )
    described = {"arrived": "2026-05-04T10:00:00+00:00", "results": results, **changes}
    return Record(student, student, CHAPTER, "en", f"{student}.ipynb", student, status=status, **described)


CLASS = [
    record("ana", [None, None, None]),
    record("bruno", [None, "sign", None]),
    record("carla", ["sign", "sign", "uphill"]),
    record("davi", ["not attempted", "not attempted", None]),
    record("elisa", ["not attempted"] * 3, status="untouched"),
    Record("f", "fabio", CHAPTER, "en", "fabio.ipynb", "f", "2026-05-04T10:00:00+00:00", "unreadable"),
]


def test_counts_of_the_tests_and_the_exercises():
    items = analyse(CLASS)
    assert (items.assignment, items.graded) == (CHAPTER, 4)
    assert items.statuses == {"graded": 4, "unreadable": 1, "untouched": 1}
    assert [(t.id, t.exercise, t.hidden, t.worth, t.students, t.attempted, t.full, t.points) for t in items.tests] == [
        ("backprop-a", "backprop", False, 2.0, 4, 3, 2, 0.5),
        ("backprop-b", "backprop", True, 1.0, 4, 3, 1, 0.25),
        ("update-a", "update", False, 1.0, 4, 4, 3, 0.75),
    ]
    assert [(e.id, e.worth, e.attempted, e.full, e.points, e.hidden) for e in items.exercises] == [
        ("backprop", 3.0, 3, 1, 5 / 12, False),
        ("update", 1.0, 4, 3, 0.75, False),
    ]
    assert items.exercises[0].hints == {"sign": 3, "not attempted": 2}
    assert items.exercises[1].hints == {"uphill": 1}


def test_discrimination_is_the_correlation_with_the_rest_of_the_points():
    items = analyse(CLASS)
    # backprop-a: points 2 2 0 0; the rest 2 1 0 1.  Deviations 1 1 -1 -1 and 1 0 -1 0: r = 2 / sqrt(4 · 2).
    # backprop-b: points 1 0 0 0; the rest 3 3 0 1: r = 1.25 / sqrt(0.75 · 6.75).
    # update-a: points 1 1 0 1; the rest 3 2 0 0: r = 1.25 / sqrt(0.75 · 6.75).
    expected = [2 / math.sqrt(8), 1.25 / math.sqrt(0.75 * 6.75), 1.25 / math.sqrt(0.75 * 6.75)]
    assert [test.discrimination for test in items.tests] == pytest.approx(expected, rel=1e-12)
    # backprop against update is the last of these, and the other way round the same number.
    assert [one.discrimination for one in items.exercises] == pytest.approx([expected[2]] * 2, rel=1e-12)


@pytest.mark.parametrize(
    "students",
    [
        [CLASS[0], CLASS[2]],
        [record(name, [None, None, None]) for name in "abc"],
        [record("a", [None, None, "x"]), record("b", [None, None, None]), record("c", [None, None, "x"])],
    ],
    ids=["two students", "all alike", "the rest alike"],
)
def test_discrimination_is_none_where_it_is_not_defined(students):
    assert {test.discrimination for test in analyse(students).tests} == {None}


def test_points_that_binary_fractions_cannot_hold_are_constant_all_the_same():
    tests = [journal.TestResult(f"t{i}", "e", "", 0.1, 0.1, False) for i in range(7)]
    orders = [tests, tests[::-1], tests[3:] + tests[:3]]
    students = [record(str(i), [None] * 3, results=tuple(order)) for i, order in enumerate(orders)]
    assert {test.discrimination for test in analyse(students).tests} == {None}


def test_the_last_hand_in_of_a_student_counts():
    later = record("carla", [None, None, None], arrived="2026-05-05T10:00:00+00:00")
    items = analyse([later, *CLASS])
    assert items.graded == 4
    assert [test.full for test in items.tests] == [3, 2, 4]


def test_no_records_and_two_assignments_are_refused():
    with pytest.raises(ValueError, match="got none"):
        analyse([])
    other = Record("x", "ana", "03-perceptron", "en", "", "x", "2026-05-04T10:00:00+00:00", "graded")
    with pytest.raises(ValueError, match="03-perceptron, 07-network"):
        analyse([*CLASS, other])


def test_the_figure_shows_each_test_and_leaves_no_trace():
    items = analyse(CLASS)
    left, right = figure(items).axes
    assert [label.get_text() for label in left.get_yticklabels()] == list(WORTH)
    lengths = {round(bar.get_y() + bar.get_height() / 2): bar.get_width() for bar in left.patches}
    assert lengths == {0: 0.5, 1: 0.25, 2: 0.75}
    hatched = [round(bar.get_y() + bar.get_height() / 2) for bar in left.patches if bar.get_hatch()]
    assert hatched == [1]
    (points,) = [line for line in right.lines if len(line.get_xdata()) == 3]
    assert list(points.get_xdata()) == [test.discrimination for test in items.tests]
    assert plots.png(figure(items)) == plots.png(figure(items))
    assert len(figure(analyse(CLASS[4:])).axes) == 2


def test_the_page_holds_the_numbers_the_hints_and_a_described_figure():
    text = page(analyse(CLASS), "en")
    assert html.escape(manifest.hints("07-network/backprop", "en")["sign"]) in text
    assert "The stub is as it was handed out." in text
    assert ">1 (25%)<" in text
    assert ">0.71<" in text
    alt = re.search(r'<img src="data:image/png;base64,[^"]+" alt="([^"]+)"', text)[1]
    assert "backprop-b is passed by fewest, 25%, and update-a by most, 75%" in alt
    assert "between 0.56 and 0.71" in alt
    assert "graded: 4, could not be read: 1, no exercise was attempted: 1" in text
    assert not [name for name in ("ana", "bruno", "carla") if re.search(rf"\b{name}\b", text)]
    assert not re.search(r"<script|src=\"http|@import", text)


def test_the_page_in_portuguese_has_decimal_commas_and_portuguese_hints():
    text = page(analyse(CLASS), "pt-BR")
    assert ">0,71<" in text
    assert html.escape(manifest.hints("07-network/backprop", "pt-BR")["sign"]) in text
    assert "Discriminação" in text
    assert '<html lang="pt-BR">' in text


def test_a_class_in_which_nothing_was_graded_has_a_page():
    text = page(analyse(CLASS[4:]), "en")
    assert "could not be read: 1" in text
    assert "<img" not in text


def test_what_stands_in_a_journal_is_escaped():
    bad = journal.TestResult("<b>t", "<i>e", "$x_", 0.0, 1.0, False, "<script>", "<script>alert(1)</script>")
    text = page(analyse([record(name, [None] * 3, results=(bad,)) for name in "abc"]), "en")
    assert not [tag for tag in ("<script", "<b>", "<i>") if tag in text]
    assert "&lt;script&gt;" in text
