"""A verdict is the same whatever an answer does: loops, exits, prints, leaves names."""

import pytest

from dlbook.check.runner import Cell, Limits, Runner, verdict

GIVEN = Cell("setup", "given", "import numpy as np\nfrom dlbook import check\n")


def answer(source, by_hand=()):
    return Cell("double", "exercise", source, exercise="00-moving-average/double", by_hand=by_hand)


def a_test(id="one", body="check.close(check.call(double, np.ones(3)), 2 * np.ones(3))", points=1.0):
    source = f'@check.exercise("00-moving-average/double")\ndef test():\n    """{id}"""\n    {body}\n'
    return Cell(id, "test", source, exercise="00-moving-average/double", title=id, points=points)


@pytest.fixture(scope="module")
def runner():
    with Runner(Limits(cell=1.5, total=20)) as warm:
        yield warm


def keys(runner, *cells):
    return {outcome.cell.id: outcome.key for outcome in runner.verdict(cells)}


def test_a_right_answer_passes_and_a_wrong_one_does_not(runner):
    right, wrong = answer("def double(x):\n    return 2 * x\n"), answer("def double(x):\n    return x\n")
    assert keys(runner, GIVEN, right, a_test()) == {"one": None}
    assert keys(runner, GIVEN, wrong, a_test()) == {"one": "value"}


def test_points_count_where_the_test_passes(runner):
    right = answer("def double(x):\n    return 2 * x\n")
    outcomes = runner.verdict([GIVEN, right, a_test(points=2.0), a_test("two", "check.equal(1, 2)", 3.0)])
    assert [outcome.points for outcome in outcomes] == [2.0, 0.0]


def test_an_endless_answer_fails_each_of_its_tests_and_no_other(runner):
    loop = answer("def double(x):\n    while True:\n        pass\n")
    other = Cell("free", "test", "print('free')", exercise="00-moving-average/other")
    said = keys(runner, GIVEN, loop, a_test(), a_test("two", "check.equal(1, 1)"), other)
    assert said == {"one": "time", "two": None, "free": None}


def test_an_endless_cell_silences_its_exercise_only(runner):
    loop = answer("while True:\n    pass\n")
    other = Cell("free", "test", "print('free')", exercise="00-moving-average/other")
    assert keys(runner, GIVEN, loop, a_test(), other) == {"one": "time", "free": None}


def test_an_answer_that_ends_the_process_ends_only_itself(runner):
    gone = answer("import os\ndef double(x):\n    os._exit(0)\n")
    assert keys(runner, GIVEN, gone, a_test(), a_test("two", "check.equal(1, 1)")) == {"one": "ended", "two": None}


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("def double(x:\n", "syntax"),
        ("raise ValueError('at the top')\n", "error"),
        ("import sys\nsys.exit()\n", "error"),
        ("raise NotImplementedError()\n", "not attempted"),
        ("def double(x):\n    raise NotImplementedError()\n", "not attempted"),
        ("def double(x):\n    return x[7]\n", "error"),
        ("def double():\n    return 1\n", "error"),
        ("def double(x):\n    print('x' * 10**6)\n    return 2 * x\n", None),
        ("import warnings\ndef double(x):\n    warnings.warn('careful')\n    return 2 * x\n", None),
        ("def double(x):\n    return helper(x)\n", "by hand"),
    ],
)
def test_slips_have_their_key(runner, source, key):
    given = Cell("helper", "given", "def helper(x):\n    return 2 * x\n")
    outcome = runner.verdict([GIVEN, given, answer(source, by_hand=("helper",)), a_test()])[0]
    assert outcome.key == key
    assert outcome.message is None or len(outcome.message.splitlines()) <= 3


def test_two_verdicts_do_not_see_each_other(runner):
    leaves = answer("def double(x):\n    global kept\n    kept = 1\n    return 2 * x\n")
    looks = answer("def double(x):\n    return 2 * x if 'kept' not in globals() else x\n")
    assert keys(runner, GIVEN, leaves, a_test()) == {"one": None}
    assert keys(runner, GIVEN, looks, a_test()) == {"one": None}


def test_memory_is_limited():
    greedy = answer("def double(x):\n    return np.ones(10**9)\n")
    said = verdict([GIVEN, greedy, a_test()], limits=Limits(memory=2 * 10**9))
    assert [outcome.key for outcome in said] == ["error"]
    assert "MemoryError" in said[0].message


def test_the_total_time_ends_a_verdict():
    loops = [a_test(f"loop{number}", "while True: pass") for number in range(4)]
    right = answer("def double(x):\n    return 2 * x\n")
    with Runner(Limits(cell=1.0, total=2.0)) as warm:
        said = warm.verdict([GIVEN, right, *loops])
    assert [outcome.key for outcome in said] == ["time"] * 4


def test_the_language_of_the_page_speaks(runner):
    wrong = answer("def double(x):\n    return x[:2]\n")
    assert "formato" in runner.verdict([GIVEN, wrong, a_test()], "pt-BR")[0].message
    assert "shape" in runner.verdict([GIVEN, wrong, a_test()], "en")[0].message
