"""Hebb's rule grows, Oja's finds the principal component; both by hand on small cases."""

import numpy as np
import pytest

from dlbook.models import hebb


def cloud(N=3000, seed=0):
    return np.random.default_rng(seed).multivariate_normal([0, 0], [[1.5, 0.8], [0.8, 0.8]], N)


def test_hebb_outer_is_the_sum_of_outer_products():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    change = hebb.hebb_outer(x, y, 0.3)
    assert change.shape == (2, 3)
    np.testing.assert_allclose(change, 0.3 * sum(np.outer(b, a) for a, b in zip(x, y, strict=True)))
    assert not hebb.hebb_outer(x, y, 0.0).any()


def test_steps_by_hand():
    x, w = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([1.0, 0.0])
    np.testing.assert_allclose(hebb.hebb(x, w, 0.5), [[1, 0], [1.5, 1.0], [1.5, 1.5]])
    np.testing.assert_allclose(hebb.oja(x, w, 0.5), [[1, 0], [1, 1], [0.5, 1.0]])
    np.testing.assert_array_equal(w, [1, 0])


def test_hebb_never_shortens_the_output_on_the_same_example():
    x = cloud(50)
    path = hebb.hebb(x, np.array([0.4, -0.6]), 0.02)
    assert (np.abs(np.sum(path[1:] * x, axis=1)) >= np.abs(np.sum(path[:-1] * x, axis=1))).all()
    assert np.linalg.norm(hebb.hebb(cloud(600), np.array([0.4, -0.6]), 0.02)[-1]) > 1e6


def test_oja_finds_the_first_principal_component():
    x = cloud()
    path = hebb.oja(x, np.array([0.4, -0.6]), 0.005)
    direction = np.linalg.eigh(x.T @ x)[1][:, -1]
    average = path[-500:].mean(axis=0)
    assert abs(average @ direction) > 0.995
    assert np.linalg.norm(average) == pytest.approx(1, abs=0.02)


def test_oja_is_hebb_then_normalised_to_first_order():
    x, w = cloud(1), np.array([0.6, 0.8])
    for eta in (1e-3, 1e-4):
        grown = hebb.hebb(x, w, eta)[-1]
        difference = hebb.oja(x, w, eta)[-1] - grown / np.linalg.norm(grown)
        assert np.abs(difference).max() < 5 * eta**2


def test_errors_name_the_shapes():
    with pytest.raises(ValueError, match=r"w \(D,\)"):
        hebb.oja(cloud(3), np.zeros(3), 0.1)
    with pytest.raises(ValueError, match=r"y \(N, K\)"):
        hebb.hebb_outer(cloud(3), np.zeros((4, 2)), 0.1)
