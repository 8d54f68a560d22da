"""Energy goes down, stored patterns stay, and each rule keeps what it promises."""

import itertools

import numpy as np
import pytest

from dlbook.models import hopfield


def random_patterns(K, N, seed=0):
    return np.where(np.random.default_rng(seed).random((K, N)) < 0.5, -1.0, 1.0)


def test_hebb_by_hand():
    W = hopfield.hebb(np.array([[1, -1, 1], [1, 1, -1]]))
    np.testing.assert_allclose(W, np.array([[0, 0, 0], [0, 0, -2], [0, -2, 0]]) / 3)


def test_energy_is_the_double_sum():
    rng = np.random.default_rng(1)
    W, b, s = rng.normal(size=(5, 5)), rng.normal(size=5), random_patterns(3, 5)
    W = W + W.T
    right = [
        -0.5 * sum(W[i, j] * row[i] * row[j] for i, j in itertools.product(range(5), repeat=2)) - b @ row for row in s
    ]
    np.testing.assert_allclose(hopfield.energy(W, s, b), right)
    assert hopfield.energy(W, s[0]).shape == ()


def test_asynchronous_energy_never_rises():
    rng = np.random.default_rng(2)
    W, b = rng.normal(size=(12, 12)), rng.normal(size=12)
    W = (W + W.T) * (1 - np.eye(12))
    s = random_patterns(20, 12, 3)
    for i in rng.permutation(np.repeat(np.arange(12), 4)):
        after = hopfield.update(W, s, [i], b)
        assert (hopfield.energy(W, after, b) <= hopfield.energy(W, s, b) + 1e-12).all()
        s = after


def test_synchronous_states_may_alternate():
    W = np.array([[0.0, 1.0], [1.0, 0.0]])
    s = np.array([1.0, -1.0])
    np.testing.assert_array_equal(hopfield.synchronous(W, s), -s)
    np.testing.assert_array_equal(hopfield.synchronous(W, hopfield.synchronous(W, s)), s)
    rest, _ = hopfield.recall(W, s, np.random.default_rng(0))
    assert abs(rest.sum()) == 2


def test_a_field_of_zero_keeps_the_state():
    np.testing.assert_array_equal(hopfield.update(np.zeros((2, 2)), np.array([1.0, -1.0]), [0, 1]), [1, -1])


@pytest.mark.parametrize("rule", hopfield.RULES)
def test_a_pattern_and_its_negative_stay_and_are_recalled(rule):
    P, rng = random_patterns(4, 60), np.random.default_rng(4)
    memory = hopfield.Hopfield(rule).store(P)
    np.testing.assert_allclose(memory.W, memory.W.T)
    assert not np.diag(memory.W).any()
    for states in (P, -P):
        np.testing.assert_array_equal(memory.recall(states, rng), states)
    cue = P.copy()
    cue[:, :6] *= -1
    np.testing.assert_array_equal(memory.recall(cue, rng), P)
    np.testing.assert_allclose(memory.energy(P), hopfield.energy(memory.W, P))


def test_alike_patterns_need_more_than_hebb():
    base = random_patterns(1, 50, 5)
    P = np.where(np.random.default_rng(6).random((8, 50)) < 0.15, -base, base)
    rng = np.random.default_rng(7)
    stays = {rule: hopfield.recall(f(P), P, rng)[0] == P for rule, f in hopfield.RULES.items()}
    assert stays["pseudo-inverse"].all()
    assert stays["gardner"].all()
    assert not stays["hebb"].all()


def test_gardner_reaches_its_margin_beyond_the_capacity_of_hebb():
    P = random_patterns(30, 60, 8)
    for symmetric in (True, False):
        W, epochs = hopfield.gardner(P, kappa=0.5, epochs=2000, symmetric=symmetric)
        assert epochs < 2000
        assert (P * (P @ W.T) > 0.5).all()
        assert np.allclose(W, W.T) == symmetric
    assert hopfield.overlap(hopfield.update(hopfield.hebb(P), P, range(60)), P).min() < 0.99


def test_capacity_falls_beyond_014():
    rng = np.random.default_rng(9)
    mean = {}
    for K in (5, 30):
        P = random_patterns(K, 100, K)
        mean[K] = hopfield.overlap(hopfield.recall(hopfield.hebb(P), P, rng)[0], P).mean()
    assert mean[5] > 0.99
    assert mean[30] < 0.6


def test_errors_say_what_came():
    with pytest.raises(ValueError, match="-1 and 1"):
        hopfield.hebb(np.array([[0, 1]]))
    with pytest.raises(ValueError, match=r"\(K, N\)"):
        hopfield.pseudo_inverse(np.ones(3))
    with pytest.raises(ValueError, match="pseudo-inverse"):
        hopfield.Hopfield("oja")
    with pytest.raises(ValueError, match="store first"):
        hopfield.Hopfield().recall(np.ones(3), np.random.default_rng(0))
