import numpy as np
import pytest

from dlbook import nn

X = np.cos(np.arange(24.0)).reshape(2, 4, 3)
W = np.sin(np.arange(15.0)).reshape(5, 3)
B = np.arange(5.0)


@pytest.mark.parametrize("shape", [(3,), (8, 3), (2, 4, 3), (1, 3), (0, 3), (0, 4, 3), (2, 1, 4, 3)])
def test_shapes(shape):
    x = np.resize(X, shape)
    y, cache = nn.linear(x, W, B)
    assert y.shape == (*shape[:-1], 5)
    dx, dweight, dbias = nn.linear_backward(np.ones_like(y), cache)
    assert (dx.shape, dweight.shape, dbias.shape) == (shape, (5, 3), (5,))


def test_without_a_bias_there_is_no_gradient_of_it():
    y, cache = nn.linear(X, W)
    assert nn.linear_backward(y, cache)[2] is None
    assert nn.Linear(3, 5, bias=False, rng=np.random.default_rng(0)).bias is None


def test_arguments_stay_as_they_were():
    x, w, b = X.copy(), W.copy(), B.copy()
    y, cache = nn.linear(x, w, b)
    dy = np.cos(y)
    kept = dy.copy()
    nn.linear_backward(dy, cache)
    for now, then in ((x, X), (w, W), (b, B), (dy, kept)):
        np.testing.assert_array_equal(now, then)


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match=r"x: expected shape \(…, 3\), got \(2, 4\)"):
        nn.linear(np.ones((2, 4)), W, B)
    with pytest.raises(ValueError, match=r"x: expected shape \(…, 3\), got \(\)"):
        nn.linear(1.0, W, B)
    with pytest.raises(ValueError, match=r"bias: expected shape \(5,\), got \(3,\)"):
        nn.linear(X, W, np.ones(3))
    with pytest.raises(ValueError, match=r"weight: expected shape \(out, in\), got \(3,\)"):
        nn.linear(X, W[0])
    _, cache = nn.linear(X, W, B)
    with pytest.raises(ValueError, match=r"dy: expected shape \(2, 4, 5\).*got \(8, 5\)"):
        nn.linear_backward(np.ones((8, 5)), cache)
    with pytest.raises(ValueError, match="at least 1 input"):
        nn.Linear(0, 2, rng=np.random.default_rng(0))


def test_integers_are_accepted_and_become_float():
    y, _ = nn.linear([[1, 2, 3]], W, B)
    np.testing.assert_allclose(y, [[1, 2, 3]] @ W.T + B)


def test_default_start_is_that_of_torch():
    layer = nn.Linear(100, 400, rng=np.random.default_rng(0))
    for values in (layer.weight.data, layer.bias.data):
        assert 0.095 < np.abs(values).max() <= 0.1
        assert abs(values.mean()) < 0.01


def test_the_start_of_the_book():
    rng = np.random.default_rng(3)
    layer = nn.Linear(3, 2, rng=rng, weight_init=nn.init.normal, bias_init=nn.init.normal)
    again = np.random.default_rng(3)
    np.testing.assert_array_equal(layer.weight.data, again.standard_normal((2, 3)))
    np.testing.assert_array_equal(layer.bias.data, again.standard_normal(2))
