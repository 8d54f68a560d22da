"""Rule I: by hand, the least disturbance under each gate, XOR."""

import numpy as np
import pytest

from dlbook.models.madaline import Madaline, madaline, rule_one, votes_needed

X = np.array([0.8, -1.1, 0.5])
CORNERS, XOR = np.array([[-1.0, -1], [-1, 1], [1, -1], [1, 1]]), np.array([-1, 1, 1, -1])


def units_with_sums(z):
    """Weights (K, 3) and biases (K,) whose sums on X are z."""
    W = np.random.default_rng(0).normal(size=(len(z), 3))
    return W, np.asarray(z, float) - W @ X


def test_a_step_by_hand():
    W, b = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([0.0, 0.5])
    new, new_b = rule_one(np.array([1.0, -1.0]), 1, W, b, 0.5)
    np.testing.assert_allclose(new, [[1, 2], [0.75, 0.25]])
    np.testing.assert_allclose(new_b, [0, 1.25])
    np.testing.assert_array_equal(W, [[1, 2], [0, 1]])


@pytest.mark.parametrize(
    ("logic", "z", "t", "moved"),
    [
        ("or", [-0.9, 0.6, -0.3], 1, []),
        ("or", [-0.9, -1.6, -0.3], 1, [2]),
        ("or", [0.6, -0.8, 1.3], -1, [0, 2]),
        ("and", [0.9, 0.6, 0.3], -1, [2]),
        ("and", [-0.9, 0.6, -0.3], 1, [0, 2]),
        ("and", [-0.9, 0.6, -0.3], -1, []),
        ("majority", [-0.9, -0.2, 0.5, -0.4, -1.0], 1, [1, 3]),
        ("majority", [0.9, 0.2, 0.5, -0.4, 1.0], -1, [1, 2]),
        ("majority", [0.9, 0.2, 0.5, -0.4, -1.0], 1, []),
    ],
)
def test_the_units_nearest_zero_that_are_enough(logic, z, t, moved):
    W, b = units_with_sums(z)
    new, new_b = rule_one(X, t, W, b, 0.3, logic)
    np.testing.assert_array_equal(np.flatnonzero((new != W).any(axis=1)), moved)
    after = new @ X + new_b
    np.testing.assert_allclose(after[moved], (b + W @ X + 0.3 * (X @ X + 1) * (t - W @ X - b))[moved])


@pytest.mark.parametrize("logic", ["or", "and", "majority"])
def test_a_full_step_makes_the_answer_right(logic):
    rng = np.random.default_rng(1)
    for t in (-1, 1):
        W, b, x = rng.normal(size=(5, 3)), rng.normal(size=5), rng.normal(size=3)
        W, b = rule_one(x, t, W, b, 1 / (x @ x + 1), logic)
        assert madaline(x[None], W, b, logic) == t


def test_of_equal_sums_the_first():
    W, b = np.array([[0.5], [0.0], [0.25]]), np.array([-1.0, -0.5, -0.75])
    np.testing.assert_array_equal(rule_one(np.ones(1), 1, W, b, 0.5)[0], [[1.25], [0.0], [0.25]])


def test_xor_is_learnt_from_a_hundred_starts():
    nets = [Madaline(2, 2, np.random.default_rng(seed)).fit(CORNERS, XOR) for seed in range(100)]
    assert sum(net.errors[-1] == 0 for net in nets) >= 90
    solved = next(net for net in nets if net.errors[-1] == 0)
    np.testing.assert_array_equal(solved.predict(CORNERS), XOR)


def test_errors_say_what_came():
    rng = np.random.default_rng(0)
    assert [votes_needed(logic, 4) for logic in ("or", "and", "majority")] == [1, 4, 3]
    with pytest.raises(ValueError, match="or, and, majority"):
        Madaline(2, 2, rng, logic="xor")
    with pytest.raises(ValueError, match="-1 or"):
        rule_one(X, 0, *units_with_sums([1, 2]), 0.1)
    with pytest.raises(ValueError, match="at least one input"):
        Madaline(0, 2, rng)
    with pytest.raises(ValueError, match=r"t \(N,\)"):
        Madaline(2, 2, rng).fit(CORNERS, XOR[:3])
