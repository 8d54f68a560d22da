"""The deep Boltzmann machine against enumeration: likelihood, bound, sampling, learning."""

import numpy as np
import pytest

from dlbook.models import boltzmann, dbm


def parameters(V=3, H1=2, H2=2, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(H1, V)), rng.normal(size=(H2, H1)), *(rng.normal(size=n) for n in (V, H1, H2)))


def as_boltzmann(point):
    W1, W2, a, b1, b2 = point
    V, H1, H2 = len(a), len(b1), len(b2)
    W = np.zeros((V + H1 + H2,) * 2)
    W[V : V + H1, :V], W[V + H1 :, V : V + H1] = W1, W2
    return W + W.T, np.concatenate([a, b1, b2])


def test_log_likelihood_is_that_of_the_whole_machine():
    point = parameters()
    v = np.array([[1.0, 0, 1], [0, 0, 0], [1, 1, 0], [1, 0, 1]])
    assert dbm.log_likelihood(v, point) == pytest.approx(boltzmann.log_likelihood(v, *as_boltzmann(point)))


def test_mean_field_is_a_fixed_point_and_bounds_the_likelihood():
    for seed in range(5):
        point = parameters(seed=seed)
        v = boltzmann.all_states(3)
        mu1, mu2 = dbm.mean_field(v, point, 200)
        again = 1 / (1 + np.exp(-(v @ point[0].T + mu2 @ point[1] + point[3])))
        np.testing.assert_allclose(mu1, again, atol=1e-9)
        bound, exact = dbm.lower_bound(v, point, 200), dbm.log_likelihood(v, point)
        assert bound <= exact + 1e-12
        assert exact - bound < 0.3


def test_without_upper_weights_mean_field_is_exact():
    point = parameters()
    point = (point[0], 0 * point[1], *point[2:])
    v = boltzmann.all_states(3)
    assert dbm.lower_bound(v, point, 2) == pytest.approx(dbm.log_likelihood(v, point))


def test_sampling_reaches_the_distribution():
    point = parameters(seed=1)
    rng = np.random.default_rng(2)
    v, h2 = np.zeros((30000, 3)), np.zeros((30000, 2))
    for _ in range(25):
        v, h1, h2 = dbm.gibbs(v, h2, point, rng)
    shares = np.bincount((v @ [4, 2, 1]).astype(int), minlength=8) / len(v)
    p = boltzmann.probabilities(*as_boltzmann(point)).reshape(8, -1).sum(axis=1)
    np.testing.assert_allclose(shares, p, atol=0.015)
    assert h1.shape == (30000, 2)


def test_gradient_is_data_minus_model():
    point = parameters()
    v, chains = boltzmann.all_states(3)[:4], (boltzmann.all_states(3), np.zeros((8, 2)))
    gradients, ends = dbm.gradient(v, point, chains, np.random.default_rng(3), steps=7)
    v_model, h1, h2 = dbm.gibbs(*chains, point, np.random.default_rng(3))
    data, model = dbm.statistics(v, *dbm.mean_field(v, point, 7)), dbm.statistics(v_model, h1, h2)
    for gradient, d, m, p in zip(gradients, data, model, point, strict=True):
        np.testing.assert_allclose(gradient, d - m)
        assert gradient.shape == p.shape
    np.testing.assert_array_equal(ends[0], v_model)


def test_learning_raises_the_likelihood():
    v = np.repeat(np.array([[1.0, 1, 0, 0], [0, 0, 1, 1]]), 20, axis=0)
    machine = dbm.DBM(4, 4, 2, np.random.default_rng(4), scale=0.5)
    before = dbm.log_likelihood(v, machine.parameters)
    path = machine.fit(v, np.random.default_rng(5), epochs=300, eta=0.3)
    assert dbm.log_likelihood(v, machine.parameters) > before + 1
    assert path[-1] < 0.5 * path[0]
    assert machine.transform(v).shape == (40, 6)
    assert machine.sample(7, 3, np.random.default_rng(6)).shape == (7, 4)


def test_errors_say_what_came():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="at least one"):
        dbm.DBM(3, 0, 2, rng)
    with pytest.raises(ValueError, match=r"\(N, 3\)"):
        dbm.DBM(3, 2, 2, rng).fit(np.ones((2, 4)), rng)
