"""Rosenblatt's rule: by hand, where it stops, Novikoff's bound, and where it cannot stop."""

import numpy as np
import pytest

from dlbook import data
from dlbook.models.perceptron import Perceptron, perceptron, perceptron_epoch


def test_zero_is_not_above_zero():
    np.testing.assert_array_equal(perceptron(np.array([[1.0, 1.0], [2.0, 1.0]]), np.array([1.0, 1.0]), -2), [0, 1])


def test_an_epoch_by_hand():
    x, t = np.array([[1.0, 2.0], [3.0, -1.0], [0.0, 1.0]]), np.array([1, 0, 1])
    w, b, mistakes = perceptron_epoch(x, t, np.zeros(2), 0.0, 0.5)
    # (0.5, 1) and 0.5 after the first; 1.5 - 1 + 0.5 > 0 is wrong: (-1, 1.5) and 0; the third is right.
    np.testing.assert_allclose(w, [-1.0, 1.5])
    assert (b, mistakes) == (0.0, 2)


def test_a_right_example_changes_nothing():
    w = np.array([0.3, -0.2])
    new, b, mistakes = perceptron_epoch(np.array([[1.0, 0.0]]), np.array([1]), w, 0.1)
    np.testing.assert_array_equal(new, w)
    assert (b, mistakes) == (0.1, 0)


@pytest.mark.parametrize("margin", [0.3, 0.1, 0.05])
def test_mistakes_stay_below_novikoffs_bound(margin):
    x, t, w, b = data.separable(200, np.random.default_rng(3), margin=margin)
    rows = np.column_stack([x, np.ones(len(x))])
    gamma = np.abs(rows @ np.append(w, b)).min() / np.linalg.norm(np.append(w, b))
    unit = Perceptron().fit(x, t, epochs=5000)
    assert unit.mistakes[-1] == 0
    assert sum(unit.mistakes) <= (np.linalg.norm(rows, axis=1).max() / gamma) ** 2
    np.testing.assert_array_equal(unit.predict(x), t)


def test_xor_never_ends():
    x, t = data.gate("XOR")
    unit = Perceptron().fit(x, t, epochs=300)
    assert len(unit.mistakes) == 300
    assert min(unit.mistakes) > 0


def test_errors_say_what_came():
    with pytest.raises(ValueError, match="classes 0 and 1"):
        Perceptron().fit(np.zeros((2, 2)), np.array([-1, 1]))
    with pytest.raises(ValueError, match=r"t \(N,\)"):
        Perceptron().fit(np.zeros((2, 2)), np.zeros(3))
    with pytest.raises(ValueError, match="call fit first"):
        Perceptron().predict(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="eta"):
        Perceptron(eta=0)
