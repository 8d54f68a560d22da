"""A test prints its title, or says in one message what is wrong; nothing else reaches a student."""

import numpy as np
import pytest

from dlbook import check
from dlbook.check import CheckError
from dlbook.check.rules import defined_names, written_by_hand


def test_a_passed_test_prints_its_title_and_leaves_no_name(capsys):
    @check.exercise("00-moving-average/ema")
    def some_test():
        """The average of one reading"""

    assert some_test is None
    assert capsys.readouterr().out == "✓ The average of one reading\n"


def test_a_stub_is_not_attempted(released):
    def stub():
        raise NotImplementedError

    with pytest.raises(CheckError) as caught:

        @check.exercise("00-moving-average/ema")
        def test():
            check.call(stub)

    assert caught.value.key == "not attempted"


def test_a_hint_is_the_manifests_sentence_in_the_language(released, monkeypatch):
    for language, expected in (("en", "The sign is turned round."), ("pt-BR", "O sinal está trocado.")):
        monkeypatch.setenv("DLBOOK_LANG", language)
        with pytest.raises(CheckError, match=expected):

            @check.exercise("00-moving-average/ema")
            def test():
                check.close(-np.arange(3.0), np.arange(3.0), hints={"sign": lambda right: -right})


def test_a_hidden_test_shows_no_expected_value():
    for got, expected in ((np.array([1.0]), np.array([271.828])), ([1], [271828])):
        with pytest.raises(CheckError) as caught:

            @check.exercise("00-moving-average/ema", hidden=True)
            def test(got=got, expected=expected):
                (check.close if isinstance(got, np.ndarray) else check.equal)(got, expected)

        assert "271" not in str(caught.value)


def test_a_wrong_name_is_named(released):
    with pytest.raises(CheckError) as caught:

        @check.exercise("00-moving-average/ema")
        def test():
            check.call(moving_average_backward, 1)  # noqa: F821

    assert caught.value.key == "name"
    assert "moving_average_backward is not defined" in str(caught.value)


def test_an_answer_that_raises_says_where_and_a_hidden_test_only_what():
    space = {}
    exec(compile("def answer(x):\n    return x[99]\n", "<answer>", "exec"), space)
    for hidden, expected in ((False, "answer raises IndexError"), (True, "The answer raises IndexError.")):
        with pytest.raises(CheckError, match=expected) as caught:

            @check.exercise("00-moving-average/ema", hidden=hidden)
            def test():
                check.call(space["answer"], np.zeros(3))

        assert len(str(caught.value).splitlines()) <= 3


def test_an_error_of_the_test_itself_is_not_the_students():
    with pytest.raises(ZeroDivisionError):

        @check.exercise("00-moving-average/ema")
        def test():
            1 / 0  # noqa: B018


def test_no_traceback_is_rendered():
    assert CheckError("dW is not right", "value")._render_traceback_() == ["✗ dW is not right"]


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ndef f(x): return x",
        "from torch.nn import functional\ndef f(x): return x",
        "import dlbook.nn as n\ndef f(x): return x",
        "def f(x): return forward(x)",
        "def f(x): return globals()['forward'](x)",
        "def f(x): return eval('for' + 'ward')(x)",
        "g = forward\ndef f(x): return g(x)",
    ],
)
def test_forbidden_names_are_found(source):
    with pytest.raises(CheckError) as caught:
        written_by_hand(source, ["forward"])
    assert caught.value.key == "by hand"


@pytest.mark.parametrize("source", ["C = A @ B", "C = np.dot(A, B)", "C = A.dot(B)", "from numpy import dot"])
def test_a_product_of_matrices_is_found(source):
    with pytest.raises(CheckError, match="uses"):
        written_by_hand(source, ["@", ".dot", "dot"])
    written_by_hand("@wraps\ndef dots(A): return A.dots", ["@", ".dot", "dot"])


def test_comments_docstrings_and_other_names_do_not_count():
    written_by_hand('def f(x):\n    """As forward does."""\n    # torch agrees\n    return backward(x)', ["forward"])
    written_by_hand("def f(:", ["forward"])


def test_defined_names():
    assert defined_names("import os\ndef f(): pass\nclass A: pass\nx, y = 1, 2\nz: int = 3") == [
        "f",
        "A",
        "x",
        "y",
        "z",
    ]
