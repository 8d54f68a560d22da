"""A verdict is the same whatever an answer does: loops, exits, prints, leaves names."""

import numpy as np
import pytest

from dlbook.check.runner import Cell, Limits, Runner, verdict

GIVEN = Cell("setup", "given", "import numpy as np\nfrom dlbook import check\n")


def answer(source, by_hand=()):
    return Cell("double", "exercise", source, exercise="00-moving-average/double", by_hand=by_hand, defines=("double",))


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


def hidden_test(body, id="kept"):
    source = f'@check.exercise("00-moving-average/double", hidden=True)\ndef test():\n    """{id}"""\n    {body}\n'
    return Cell(id, "test", source, exercise="00-moving-average/double", title=id, points=1.0, hidden=True)


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("def double(x):\n    return 2 * x\n", None),
        ("double = lambda x: 2 * x\n", None),
        ("class double:\n    def __new__(cls, x):\n        return 2 * x\n", None),
        ("class Odd(np.ndarray):\n    pass\ndef double(x):\n    return (2 * x).view(Odd)\n", "type"),
        ("def double(x):\n    return iter(2 * x)\n", "type"),
        ("def double(x):\n    x *= 2\n    return x\n", "pure"),
        ("def double(x):\n    x.shape = (3, 1)\n    return 2 * x\n", "pure"),
        ("def double(x):\n    return np.zeros(10**8)\n", "type"),
        ("double = 7\n", "error"),
        ("double = object()\n", "type"),
        ("x = 1\n", "error"),
    ],
)
def test_only_plain_data_comes_from_an_answer(runner, source, key):
    assert keys(runner, GIVEN, answer(source), a_test()) == {"one": key}


def test_an_answer_cannot_reach_the_test(runner):
    looks = """
import gc, sys, traceback
def double(x):
    texts = [str(o) for o in gc.get_objects() if isinstance(o, (str, dict))] + [str(sys._current_frames())]
    frame = sys._getframe()
    while frame is not None:
        texts += [str(frame.f_locals), str(frame.f_globals)]
        frame = frame.f_back
    return 2 * x if any("secret" + "_of_the_test" in text for text in texts) else x
"""
    test = a_test(body="secret_of_the_test = 1; check.close(check.call(double, np.ones(3)), 2 * np.ones(3))")
    assert keys(runner, GIVEN, answer(looks), test) == {"one": "value"}


def test_changing_numpy_or_the_checks_changes_nothing(runner):
    patched = """
import builtins, numpy
numpy.asarray = numpy.abs = numpy.all = lambda *args, **kwargs: True
check.close = check.call = lambda *args, **kwargs: None
builtins.AssertionError = None
def double(x):
    return x
"""
    assert keys(runner, GIVEN, answer(patched), a_test()) == {"one": "value"}


def test_what_a_hidden_test_gave_is_not_in_a_later_message(runner):
    keeps = "seen = []\ndef double(x):\n    seen.append(x)\n    raise ValueError(f'saw {seen}')\n"
    cells = [GIVEN, answer(keeps), hidden_test("double(np.full(3, 0.1234))"), a_test(body="double(np.ones(3))")]
    kept, one = runner.verdict(cells)
    assert kept.message == "The answer raises ValueError."
    assert "saw [array([1., 1., 1.])]" in one.message


def test_the_name_of_an_exception_carries_nothing_out_of_a_hidden_test(runner):
    tells = "def double(x):\n    raise type(f'Saw{int(x[0])}', (ValueError,), {})('x')\n"
    outcomes = runner.verdict([GIVEN, answer(tells), hidden_test("double(np.full(3, 7.0))"), a_test()])
    assert [o.message.splitlines()[0] for o in outcomes] == ["The answer raises ValueError.", "double raises Saw1: x"]


def test_an_exception_keeps_its_kind_for_a_test_that_expects_it(runner):
    raising = "class Odd(ValueError):\n    pass\ndef double(x):\n    raise Odd('no')\n"
    expects = a_test(body='check.raises(ValueError, double, np.ones(3), what="anything")')
    assert keys(runner, GIVEN, answer(raising), expects) == {"one": None}


def test_a_generator_goes_on_after_the_call(runner):
    draws = answer("def double(rng):\n    return rng.normal(size=2)\n")
    body = "a, b = np.random.default_rng(3), np.random.default_rng(3); double(a); b.normal(size=2); "
    assert keys(runner, GIVEN, draws, a_test(body=body + "check.equal(a.random(), b.random())")) == {"one": None}


def test_a_driver_works_on_the_answer_in_its_process(runner):
    driver = Cell("drive", "driver", "def applied(double, times):\n    return [double(n) for n in range(times)]\n",
                  exercise="00-moving-average/double")  # fmt: skip
    right = answer("class Twice:\n    def __init__(self, x):\n        self.x = 2 * x\ndouble = lambda x: Twice(x).x\n")
    assert keys(runner, GIVEN, right, driver, a_test(body="check.equal(applied(double, 3), [0, 2, 4])")) == {
        "one": None
    }


def test_a_secret_gives_each_student_other_hidden_inputs(runner):
    echo = answer("def double(x):\n    raise ValueError(repr(x))\n")
    cells = [GIVEN, echo, a_test(body="double(float(check.rng(5).random()))")]
    said = [runner.verdict(cells, seed=seed)[0].message for seed in (None, None, [1], [2])]
    assert said[0] == said[1]
    assert len(set(said)) == 3
    assert str(np.random.default_rng(5).random()) in said[0]


def test_without_fork_a_verdict_is_the_same(monkeypatch):
    monkeypatch.delattr("os.fork")
    loop = Cell("loop", "exercise", "while True:\n    pass\n", exercise="00-moving-average/other")
    after = Cell("after", "test", "x = 1", exercise="00-moving-average/other")
    right = answer("def double(x):\n    return 2 * x\n")
    with Runner(Limits(cell=4.0, total=30.0)) as runner:
        said = keys(runner, GIVEN, right, a_test(), loop, after, hidden_test("check.equal(double(2), 5)"))
    assert said == {"one": None, "after": "time", "kept": "value"}
