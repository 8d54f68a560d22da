import warnings

import numpy as np
import pytest

from dlbook import nn

PLAIN = ["step", "identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "softplus", "gelu", "silu"]
ALL = [*PLAIN, "softmax", "log_softmax"]
X = np.array([[-1000.0, -3.5, -0.25, 0.0], [0.5, 2.0, 40.0, 1000.0]])


def function(name):
    return getattr(nn, name), getattr(nn, name + "_backward")


@pytest.mark.parametrize("name", ALL)
def test_extreme_values_are_finite_and_silent(name):
    f, backward = function(name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y, cache = f(X)
        dx = backward(np.cos(X), cache)
    assert np.isfinite(y).all()
    assert np.isfinite(dx).all()


def test_gelu_by_tanh_is_silent_at_extremes_in_single_precision():
    x = np.array([-1e30, -1000, 0, 1000, 1e30], np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for kind in ("none", "tanh"):
            y, cache = nn.gelu(x, kind)
            np.testing.assert_allclose(y, np.maximum(x, 0), rtol=1e-6)
            np.testing.assert_allclose(nn.gelu_backward(np.ones_like(x), cache), [0, 0, 0.5, 1, 1], atol=1e-6)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_precision_is_kept(name, dtype):
    f, backward = function(name)
    x = np.linspace(-2, 2, 12, dtype=dtype).reshape(3, 4)
    y, cache = f(x)
    assert y.dtype == dtype
    assert backward(x, cache).dtype == dtype


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("x", [[[1, -2, 3]], np.array([[1, -2, 3]], np.int8), np.array([[True, False]])])
def test_integers_become_float64(name, x):
    y, _ = function(name)[0](x)
    assert y.dtype == np.float64
    np.testing.assert_array_equal(y, function(name)[0](np.asarray(x, float))[0])


@pytest.mark.parametrize("name", PLAIN)
def test_single_numbers_are_accepted(name):
    f, backward = function(name)
    y, cache = f(0.7)
    assert np.shape(y) == ()
    assert np.shape(backward(0.3, cache)) == ()


@pytest.mark.parametrize("name", ALL)
def test_arguments_stay_as_they_were(name):
    f, backward = function(name)
    x, dy = X.copy(), np.sin(X)
    kept = dy.copy()
    y, cache = f(x)
    before = y.copy()
    first = backward(dy, cache)
    np.testing.assert_array_equal(backward(dy, cache), first)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(dy, kept)
    np.testing.assert_array_equal(y, before)
    assert not np.shares_memory(y, x)
    assert not np.shares_memory(first, dy)


@pytest.mark.parametrize("name", ALL)
def test_wrong_input_is_named(name):
    f, backward = function(name)
    for wrong in (np.ones(3) + 1j, np.array(["a", "b"]), [[1.0], [1.0, 2.0]], None):
        with pytest.raises(ValueError, match="x: expected"):
            f(wrong)
    _, cache = f(X)
    with pytest.raises(ValueError, match=r"dy: expected shape \(2, 4\).*got \(2, 1\)"):
        backward(np.ones((2, 1)), cache)


@pytest.mark.parametrize("name", [name for name in ALL if name != "step"])
def test_derivative_is_the_numerical_one(name, numerical_gradient):
    f, backward = function(name)
    x = np.linspace(-2.3, 2.1, 15).reshape(3, 5)
    dy = np.cos(3 * x + 1)
    _, cache = f(x)
    np.testing.assert_allclose(backward(dy, cache), numerical_gradient(lambda v: f(v)[0], x, dy), atol=1e-8)


@pytest.mark.parametrize("a", [1.0, -0.5, 3.0])
def test_scaled_identity(a):
    module = nn.Identity(a)
    y, cache = module.forward(X)
    np.testing.assert_array_equal(y, a * X)
    np.testing.assert_array_equal(module.backward(np.sin(X), cache), a * np.sin(X))


def test_step_is_zero_at_zero_and_teaches_nothing():
    module = nn.Step()
    y, cache = module.forward(X)
    np.testing.assert_array_equal(y, [[0, 0, 0, 0], [1, 1, 1, 1]])
    np.testing.assert_array_equal(module.backward(np.sin(X), cache), np.zeros_like(X))


def test_derivatives_at_the_kink():
    zero, one = np.zeros(1), np.ones(1)
    assert nn.relu_backward(one, nn.relu(zero)[1]) == 0
    assert nn.leaky_relu_backward(one, nn.leaky_relu(zero, 0.1)[1]) == 0.1


def test_sigmoid_is_precise_in_its_lower_tail():
    np.testing.assert_allclose(nn.sigmoid(np.array([-40.0, -700.0]))[0], np.exp([-40.0, -700.0]), rtol=1e-12)


def test_softmax_of_the_book():
    y, _ = nn.softmax([1.2, 0.9, 0.75])
    np.testing.assert_allclose(y, [0.4204, 0.3115, 0.2681], atol=5e-5)
    masked, _ = nn.softmax([[1000.0, 1001.0, -np.inf]])
    np.testing.assert_allclose(masked, [[1 / (1 + np.e), np.e / (1 + np.e), 0]])


def test_settings_that_do_not_exist():
    with pytest.raises(ValueError, match="axis: expected one of the axes"):
        nn.softmax(X, axis=2)
    with pytest.raises(ValueError, match="approximate: expected 'none' or 'tanh', got 'sigmoid'"):
        nn.GELU("sigmoid")
    with pytest.raises(ValueError, match="approximate: expected"):
        nn.gelu(X, "erf")
    with pytest.raises(ValueError, match=r"weight: expected shape \(1,\) or one slope a channel.*got \(3,\)"):
        nn.prelu(X, np.ones(3))
