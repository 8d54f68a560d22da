"""Energies, exact likelihood and gradient against enumeration; contrastive divergence against the exact gradient."""

import numpy as np
import pytest

from dlbook.models import rbm
from dlbook.models.boltzmann import all_states
from dlbook.models.boltzmann import probabilities as joint


def parameters(V=4, H=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(H, V)), rng.normal(size=V), rng.normal(size=H)


def test_free_energy_sums_the_hidden_states():
    W, a, b = parameters()
    v, h = all_states(4), all_states(3)
    sums = [np.log(np.sum(np.exp(-rbm.energy(np.tile(row, (8, 1)), h, W, a, b)))) for row in v]
    np.testing.assert_allclose(-rbm.free_energy(v, W, a, b), sums)


def test_it_is_a_boltzmann_machine_with_blocks_of_zeros():
    W, a, b = parameters()
    whole = np.block([[np.zeros((4, 4)), W.T], [W, np.zeros((3, 3))]])
    p = joint(whole, np.concatenate([a, b])).reshape(16, 8).sum(axis=1)
    exact = np.exp(-rbm.free_energy(all_states(4), W, a, b) - rbm.log_partition(W, a, b))
    np.testing.assert_allclose(exact, p)


@pytest.mark.parametrize(("V", "H"), [(4, 3), (2, 5), (3, 3), (1, 1)])
def test_log_partition_from_either_side(V, H):
    W, a, b = parameters(V, H)
    x = -rbm.free_energy(all_states(V), W, a, b)
    assert rbm.log_partition(W, a, b) == pytest.approx(np.log(np.exp(x).sum()))
    assert rbm.log_partition(W.T, b, a) == pytest.approx(np.log(np.exp(x).sum()))


def test_exact_gradient_against_differences():
    point = parameters()
    v = np.array([[1.0, 0, 1, 1], [0, 0, 1, 0], [1, 0, 1, 1]])
    for which, gradient in enumerate(rbm.exact_gradient(v, *point)):
        for i in np.ndindex(gradient.shape):
            ends = []
            for eps in (1e-6, -1e-6):
                moved = [x.copy() for x in point]
                moved[which][i] += eps
                ends.append(rbm.log_likelihood(v, *moved))
            assert gradient[i] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-8)


def test_long_chains_approach_the_exact_gradient_and_cd1_does_not():
    W, a, b = parameters(seed=3)
    rng = np.random.default_rng(4)
    v = np.repeat(np.array([[1.0, 0, 1, 1], [0, 1, 0, 0]]), 20000, axis=0)
    exact = rbm.exact_gradient(v, 2 * W, a, b)[0]
    error = {}
    for k in (1, 40):
        error[k] = np.abs(rbm.contrastive_divergence(v, 2 * W, a, b, rng, k)[0] - exact).max()
    assert error[40] < 0.02
    assert error[1] > 2 * error[40]


def test_persistent_chains_start_where_they_ended():
    W, a, b = parameters()
    v, chains = all_states(4)[:5], all_states(4)[9:]
    one = rbm.contrastive_divergence(v, W, a, b, np.random.default_rng(5), 2, chains)
    end = chains
    rng = np.random.default_rng(5)
    for _ in range(2):
        end = rbm.gibbs(end, W, a, b, rng)
    np.testing.assert_array_equal(one[3], end)
    np.testing.assert_allclose(one[0], rbm.difference(v, end, W, b)[0])


@pytest.mark.parametrize("persistent", [False, True])
def test_training_raises_the_likelihood(persistent):
    v = np.repeat(np.array([[1.0, 1, 0, 0], [0, 0, 1, 1]]), 20, axis=0)
    machine = rbm.RBM(4, 3, np.random.default_rng(6))
    before = rbm.log_likelihood(v, machine.W, machine.a, machine.b)
    machine.fit(v, np.random.default_rng(7), epochs=150, eta=0.1, persistent=persistent)
    after = rbm.log_likelihood(v, machine.W, machine.a, machine.b)
    assert before == pytest.approx(-4 * np.log(2), abs=0.05)
    assert after > -1.5
    assert machine.transform(v).shape == (40, 3)
    assert machine.sample(6, 2, np.random.default_rng(8)).shape == (6, 4)


def test_reconstruction_improves_with_momentum_and_a_measure_of_ones_own():
    v = np.repeat(np.eye(6), 5, axis=0)
    machine = rbm.RBM(6, 8, np.random.default_rng(9))
    path = machine.fit(v, np.random.default_rng(10), epochs=200, eta=0.5, momentum=0.5)
    assert path[-1] < 0.75 * path[0]
    assert machine.fit(v, np.random.default_rng(10), epochs=2, after_epoch=lambda m: float(len(m.b))) == [8.0, 8.0]


def test_errors_say_what_came():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="at least one"):
        rbm.RBM(3, 0, rng)
    with pytest.raises(ValueError, match=r"\(N, 3\)"):
        rbm.RBM(3, 2, rng).fit(np.ones((2, 4)), rng)
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        rbm.RBM(3, 2, rng).fit(2 * np.ones((2, 3)), rng)
