import numpy as np
import pytest

from dlbook import nn

X = np.cos(np.arange(12.0)).reshape(4, 3)
MASK = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 1], [0, 1, 0]], bool)
DY = np.sin(np.arange(12.0) + 1).reshape(4, 3)


def test_what_stays_is_scaled_up():
    y, cache = nn.dropout(X, MASK, 0.75)
    np.testing.assert_allclose(y, np.where(MASK, 4 * X, 0))
    np.testing.assert_allclose(nn.dropout_backward(DY, cache), np.where(MASK, 4 * DY, 0))


def test_gradient_with_the_mask_held_fixed(numerical_gradient):
    _, cache = nn.dropout(X, MASK, 0.3)
    gradient = numerical_gradient(lambda x: nn.dropout(x, MASK, 0.3)[0], X, DY)
    np.testing.assert_allclose(nn.dropout_backward(DY, cache), gradient, atol=1e-8)


def test_the_expected_value_is_the_input():
    rng = np.random.default_rng(0)
    x, p, draws = np.array([1.0, -2.0, 0.5]), 0.2, 40_000
    masks = nn.dropout_mask((draws, 3), p, rng)
    y, _ = nn.dropout(np.broadcast_to(x, (draws, 3)), masks, p)
    deviation = np.abs(x) * np.sqrt(p / (1 - p))
    assert np.all(np.abs(y.mean(axis=0) - x) < 5 * deviation / np.sqrt(draws))
    np.testing.assert_allclose(y.std(axis=0), deviation, rtol=0.03)
    assert abs(1 - masks.mean() - p) < 5 * np.sqrt(p * (1 - p) / masks.size)
    assert len(np.unique(masks[:50], axis=0)) > 1  # one mask for each example


def test_module_draws_anew_in_training_and_is_nothing_in_evaluation():
    layer = nn.Dropout(0.5, rng=np.random.default_rng(3))
    x = np.ones((20, 10))
    first, second = layer(x), layer(x)
    assert np.any(first != second)
    assert set(np.unique(first)) == {0.0, 2.0}
    np.testing.assert_array_equal(nn.Dropout(0.5, rng=np.random.default_rng(3))(x), first)
    layer.eval()
    y, cache = layer.forward(X)
    np.testing.assert_array_equal(y, X)
    np.testing.assert_array_equal(layer.backward(DY, cache), DY)


def test_each_call_goes_back_by_its_own_mask():
    layer = nn.Dropout(0.5, rng=np.random.default_rng(3))
    ones = np.ones((6, 5))
    calls = [layer.forward(ones) for _ in range(2)]
    for y, cache in calls:
        np.testing.assert_array_equal(layer.backward(ones, cache), y)


def test_the_ends_of_the_scale():
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(nn.Dropout(0.0, rng=rng)(X), X)
    layer = nn.Dropout(1.0, rng=rng)
    y, cache = layer.forward(X)
    np.testing.assert_array_equal(y, np.zeros_like(X))
    np.testing.assert_array_equal(layer.backward(DY, cache), np.zeros_like(X))


def test_precision():
    y, cache = nn.dropout(X.astype(np.float32), MASK, 0.3)
    assert y.dtype == nn.dropout_backward(DY.astype(np.float32), cache).dtype == np.float32
    assert nn.dropout(np.arange(3), [True, False, True])[0].tolist() == [0.0, 0.0, 4.0]
    assert repr(nn.Dropout(rng=np.random.default_rng(0))) == "Dropout(0.5)"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.Dropout(1.1, rng=np.random.default_rng(0)), "p: expected a probability of dropping from 0 to 1"),
        (lambda: nn.dropout(X, MASK, -0.1), "p: expected a probability of dropping from 0 to 1, got -0.1"),
        (lambda: nn.dropout_mask(3, np.nan, np.random.default_rng(0)), "p: expected a probability"),
        (lambda: nn.dropout(X, MASK[0]), r"mask: expected shape \(4, 3\), that of x, got \(3,\)"),
        (lambda: nn.dropout(X, MASK / 0.5), "mask: expected booleans, True where a unit stays, got dtype float64"),
        (lambda: nn.dropout_backward(DY[0], nn.dropout(X, MASK)[1]), r"dy: expected shape \(4, 3\)"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
