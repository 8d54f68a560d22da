"""GMDH: exact coefficients, selection by the validation set, growth and its end."""

import numpy as np
import pytest

from dlbook.models import gmdh


def table(N, D, seed=0):
    return np.random.default_rng(seed).normal(size=(N, D))


def test_a_unit_recovers_its_coefficients():
    u, v = table(20, 2).T
    c = np.array([0.5, -1.0, 2.0, 0.25, -0.75, 1.5])
    y = c[0] + c[1] * u + c[2] * v + c[3] * u * v + c[4] * u**2 + c[5] * v**2
    np.testing.assert_allclose(gmdh.fit_unit(u, v, y), c, atol=1e-12)


def test_a_unit_leaves_no_slope():
    u, v = table(30, 2, 1).T
    y = table(30, 1, 2)[:, 0]
    terms = gmdh.polynomial_terms(u, v)
    np.testing.assert_allclose(terms.T @ (terms @ gmdh.fit_unit(u, v, y) - y), 0, atol=1e-10)


def test_units_are_ranked_by_the_validation_error():
    x_train, x_val = table(8, 4, 3), table(50, 4, 4)
    y_train, y_val = table(8, 1, 5)[:, 0], x_val[:, 0] * x_val[:, 2]
    units = gmdh.fit_layer(x_train, y_train, x_val, y_val, 3)
    errors = [unit.error for unit in units]
    assert len(units) == 3
    assert errors == sorted(errors)
    every = gmdh.fit_layer(x_train, y_train, x_val, y_val, 99)
    assert len(every) == 6
    train = [np.mean((gmdh.layer_outputs([u], x_train)[:, 0] - y_train) ** 2) for u in every]
    assert int(np.argmin(train)) != 0


def test_two_products_of_four_inputs_need_two_layers():
    x = np.stack(np.meshgrid(*[np.linspace(-1, 1, 4)] * 4), axis=-1).reshape(-1, 4)
    y = x[:, 0] * x[:, 1] + x[:, 2] * x[:, 3]
    net = gmdh.GMDH(keep=6, max_layers=2).fit(x, y, 0.9 * x, 0.81 * y)
    assert net.errors[0] > 0.1
    assert net.errors[1] < 1e-20
    np.testing.assert_allclose(net.predict(x[:7]), y[:7], atol=1e-10)


def test_errors_name_the_shapes():
    with pytest.raises(ValueError, match="call fit first"):
        gmdh.GMDH().predict(table(3, 2))
    with pytest.raises(ValueError, match="keep"):
        gmdh.GMDH(keep=1)
    with pytest.raises(ValueError, match=r"x_train: expected \(N, D\)"):
        gmdh.fit_layer(table(3, 2), np.zeros(4), table(3, 2), np.zeros(3), 1)
    with pytest.raises(ValueError, match="one shape"):
        gmdh.polynomial_terms(np.zeros(3), np.zeros(4))
