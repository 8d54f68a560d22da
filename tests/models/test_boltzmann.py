"""The small Boltzmann machine against enumeration and differences."""

import numpy as np
import pytest

from dlbook.models import boltzmann as bm


def machine(N=4, seed=0):
    rng = np.random.default_rng(seed)
    W = np.triu(rng.normal(size=(N, N)), 1)
    return W + W.T, rng.normal(size=N)


def test_states_count():
    np.testing.assert_array_equal(bm.all_states(2), [[0, 0], [0, 1], [1, 0], [1, 1]])
    assert bm.all_states(0).shape == (1, 0)


def test_probabilities_by_hand():
    W, b = np.array([[0.0, 2.0], [2.0, 0.0]]), np.array([0.5, -1.0])
    weights = np.exp([0, -1.0, 0.5, 1.5])
    np.testing.assert_allclose(bm.probabilities(W, b), weights / weights.sum())


def test_conditional_probability_is_the_sigmoid():
    W, b = machine()
    p = bm.probabilities(W, b).reshape(2, 2, 2, 2)
    for i in range(4):
        on, off = np.moveaxis(p, i, 0)[1].ravel(), np.moveaxis(p, i, 0)[0].ravel()
        rest = np.insert(bm.all_states(3), i, 0, axis=1)
        np.testing.assert_allclose(on / (on + off), 1 / (1 + np.exp(-(rest @ W[i] + b[i]))))


def test_gradient_against_differences():
    W, b = machine(5, 1)
    v = np.array([[1.0, 0, 1], [0, 0, 1], [1, 0, 1], [1, 1, 0]])
    dW, db = bm.gradient(v, W, b)
    eps = 1e-6
    for i in range(5):
        e = eps * np.eye(5)[i]
        slope = (bm.log_likelihood(v, W, b + e) - bm.log_likelihood(v, W, b - e)) / (2 * eps)
        assert db[i] == pytest.approx(slope, abs=1e-8)
        for j in range(i):
            E = np.zeros((5, 5))
            E[i, j] = E[j, i] = eps
            slope = (bm.log_likelihood(v, W + E, b) - bm.log_likelihood(v, W - E, b)) / (2 * eps)
            assert dW[i, j] == pytest.approx(slope, abs=1e-8)
    np.testing.assert_allclose(dW, dW.T)


def test_gibbs_reaches_the_distribution_and_leaves_clamped_units():
    W, b = machine(3, 2)
    rng = np.random.default_rng(3)
    s = np.zeros((20000, 3))
    for _ in range(15):
        s = bm.gibbs(s, W, b, rng)
    shares = np.bincount((s @ [4, 2, 1]).astype(int), minlength=8) / len(s)
    np.testing.assert_allclose(shares, bm.probabilities(W, b), atol=0.015)
    clamped = bm.gibbs(s, W, b, rng, units=[1])
    np.testing.assert_array_equal(clamped[:, [0, 2]], s[:, [0, 2]])


def test_a_hidden_unit_lets_it_learn_parity():
    v = np.array([[0.0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]])
    plain = bm.BoltzmannMachine(3, 0, np.random.default_rng(0))
    plain.fit(v, 100)
    assert bm.log_likelihood(v, plain.W, plain.b) == pytest.approx(-3 * np.log(2), abs=0.01)
    machine = bm.BoltzmannMachine(3, 1, np.random.default_rng(1), scale=2.0)
    path = machine.fit(v, 600, eta=1.0)
    assert path[-1] > -1.6
    p = machine.probabilities()
    assert p.sum() == pytest.approx(1)
    assert p[[0, 3, 5, 6]].sum() > 0.8
    assert machine.sample(5, 3, np.random.default_rng(1)).shape == (5, 3)


def test_errors_say_what_came():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="0 to 20"):
        bm.all_states(30)
    with pytest.raises(ValueError, match="1 to 20"):
        bm.BoltzmannMachine(0, 2, rng)
    with pytest.raises(ValueError, match=r"\(M, 3\)"):
        bm.BoltzmannMachine(3, 1, rng).fit(np.ones((2, 2)))
