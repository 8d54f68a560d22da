"""The checks accept what is right and name what is not, in at most three lines."""

import numpy as np
import pytest

from dlbook import check
from dlbook.check import CheckError
from dlbook.language import speaking


def key_of(f, *args, **kwargs):
    with pytest.raises(CheckError) as caught:
        f(*args, **kwargs)
    assert len(str(caught.value).splitlines()) <= 3
    return caught.value.key


def test_close_accepts_the_right_numbers_of_any_float_type():
    x = np.linspace(0, 1, 6).reshape(2, 3)
    check.close(x, x + 1e-12)
    check.close(x.astype(np.float32), x, rtol=1e-6)
    check.close(np.array([np.inf, -np.inf, 1.0]), np.array([np.inf, -np.inf, 1.0]))
    check.close(3, 3.0)
    check.close(np.float64(3), 3)
    check.close(np.array([True, False]), np.array([1, 0]))
    check.close(np.zeros((0, 3)), np.zeros((0, 3)))


@pytest.mark.parametrize(
    ("actual", "expected", "key"),
    [
        ([1.0, 2.0], np.array([1.0, 2.0]), "type"),
        (None, np.array([1.0, 2.0]), "type"),
        ("1.0", 1.0, "type"),
        (None, 1.0, "type"),
        (np.array([None, 1]), np.array([0.0, 1.0]), "type"),
        (np.ones((2, 3)), np.ones((3, 2)), "shape"),
        (np.ones((1, 3)), np.ones(3), "shape"),
        (np.array([1.0]), 1.0, "shape"),
        (np.array([np.nan, 1.0]), np.array([0.0, 1.0]), "nan"),
        (np.array([np.inf, 1.0]), np.array([0.0, 1.0]), "value"),
        (np.array([1.0, 1.0]), np.array([np.inf, 1.0]), "value"),
        (np.array([-np.inf]), np.array([np.inf]), "value"),
        (np.array([1.0, 2.1]), np.array([1.0, 2.0]), "value"),
        (np.array([3, 4], np.uint8), np.array([3, 5], np.uint8), "value"),
        (1j, 1.0, "value"),
    ],
)
def test_close_names_the_slip(actual, expected, key):
    assert key_of(check.close, actual, expected, name="dW") == key


def test_close_says_where_and_what():
    with pytest.raises(CheckError, match=r"dW is not right at \(1, 0\): got 7, expected 2\."):
        check.close(np.array([[0.0, 1.0], [7.0, 3.0]]), np.arange(4.0).reshape(2, 2), name="dW")


def test_a_test_that_expects_nan_is_the_authors_error():
    with pytest.raises(ValueError, match="expects NaN"):
        check.close(np.zeros(2), np.array([0.0, np.nan]))


def test_a_hint_speaks_before_the_shape_and_only_after_a_mismatch():
    right, called = np.arange(6.0).reshape(2, 3), []
    hints = {"transposed": np.transpose, "watched": lambda r: called.append(1) or r}
    check.close(right, right, hints=hints)
    assert called == []
    assert key_of(check.close, right.T, right, hints=hints) == "transposed"


def test_a_hint_that_raises_does_not_match():
    assert key_of(check.close, np.ones(2), np.zeros(2), hints={"broken": lambda r: 1 / 0}) == "value"


def test_gradient_agrees_with_the_derivative_and_leaves_x_alone():
    x = np.array([[0.3, -1.2], [2.0, 0.5]])
    kept = x.copy()
    check.gradient(lambda v: np.sum(np.sin(v)), np.cos(x), x)
    assert np.array_equal(x, kept)
    check.gradient(lambda v: float(v) ** 3, 12.0, 2.0)
    assert key_of(check.gradient, lambda v: np.sum(v**2), -2 * x, x, hints={"sign": lambda right: -right}) == "sign"


def test_call_names_missing_returns_counts_and_changed_arguments():
    x = np.ones(3)

    def in_place(x):
        x += 1
        return x

    assert check.call(lambda x: (x, 2), x, returns=("a", "b"))[1] == 2
    assert key_of(check.call, lambda x: None, x) == "returns"
    assert key_of(check.call, lambda x: x, x, returns=("a", "b")) == "returns"
    assert key_of(check.call, lambda x: (1, 2, 3), x, returns=("a", "b")) == "returns"
    assert key_of(check.call, in_place, x.copy()) == "pure"
    assert check.call(lambda x: None, x, returns=()) is None


def test_call_sees_changes_inside_containers_and_of_dtype():
    def inside(layers):
        layers[0]["W"][0] = 9
        return 1

    def reordered(items):
        items.sort()
        return items

    assert key_of(check.call, inside, [{"W": np.zeros(2)}]) == "pure"
    assert key_of(check.call, reordered, [3, 1, 2]) == "pure"
    check.call(lambda x: x.sum(), np.array([np.nan, 1.0]))
    check.call(lambda x, f: f(x), 2.0, np.sqrt)


def test_equal_is_exact_to_the_type():
    check.equal([1, "a", (True, None)], [1, "a", (True, None)])
    check.equal(np.int64(3), 3)
    check.equal(np.array([1, 2]), np.array([1, 2]))
    check.equal({"a": {1, 2}}, {"a": {1, 2}})
    assert key_of(check.equal, 1, True) == "type"
    assert key_of(check.equal, 1.0, 1) == "type"
    assert key_of(check.equal, [1, 2], (1, 2)) == "type"
    assert key_of(check.equal, np.array([1.0]), np.array([1])) == "type"
    assert key_of(check.equal, [1, 2], [1, 3]) == "value"
    assert key_of(check.equal, [2, 1], [1, 2], hints={"backwards": lambda r: r[::-1]}) == "backwards"


def test_raises():
    def fussy(x):
        raise ValueError("no")

    check.raises(ValueError, fussy, 1)
    assert key_of(check.raises, ValueError, lambda x: x, 1, what="a label out of range") == "raises"
    assert key_of(check.raises, KeyError, fussy, 1) == "raises"

    def stub(x):
        raise NotImplementedError

    with pytest.raises(NotImplementedError):
        check.raises(RuntimeError, stub, 1)


def test_shape():
    check.shape(np.ones((2, 3)), (2, 3))
    assert key_of(check.shape, np.ones((3, 2)), (2, 3)) == "shape"
    assert key_of(check.shape, [[1, 2]], (1, 2)) == "type"


def test_the_messages_speak_portuguese():
    with speaking("pt-BR"), pytest.raises(CheckError, match="dW tem formato"):
        check.close(np.ones((2, 3)), np.ones((3, 2)), name="dW")
