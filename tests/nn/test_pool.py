import numpy as np
import pytest

from dlbook import nn

X = np.cos(np.arange(2 * 3 * 6 * 5.0) ** 1.3).reshape(2, 3, 6, 5)
POOLS = {
    "max": (lambda x: nn.max_pool2d(x, (3, 2), (2, 1), 1), nn.max_pool2d_backward),
    "average": (lambda x: nn.avg_pool2d(x, (3, 2), (2, 1), 1), nn.avg_pool2d_backward),
    "L2": (lambda x: nn.lp_pool2d(x, 2, (3, 2), (2, 1)), nn.lp_pool2d_backward),
    "L4": (lambda x: nn.lp_pool2d(x, 4, 2), nn.lp_pool2d_backward),
    "adaptive": (lambda x: nn.adaptive_avg_pool2d(x, (4, 2)), nn.adaptive_avg_pool2d_backward),
}


def upstream(y):
    return np.sin(3 * np.arange(y.size) + 1).reshape(y.shape)


@pytest.mark.parametrize("name", POOLS)
def test_gradients(name, numerical_gradient):
    pool, backward = POOLS[name]
    y, cache = pool(X)
    dy = upstream(y)
    expected = numerical_gradient(lambda x: pool(x)[0], X, dy)
    np.testing.assert_allclose(backward(dy, cache), expected, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", POOLS)
def test_precision_stays_and_nothing_is_changed(name):
    pool, backward = POOLS[name]
    x = X.astype(np.float32)
    y, cache = pool(x)
    dy = upstream(y).astype(np.float32)
    before = dy.copy()
    assert y.dtype == backward(dy, cache).dtype == np.float32
    np.testing.assert_array_equal(x, X.astype(np.float32))
    np.testing.assert_array_equal(dy, before)


def test_by_hand():
    x = np.array([[[[1.0, 2, 3, 0], [4, 4, -1, -2], [-1, -5, 0, 3], [-2, -3, 4, 0]]]])
    np.testing.assert_array_equal(nn.max_pool2d(x, 2)[0][0, 0], [[4, 3], [-1, 4]])
    np.testing.assert_array_equal(nn.avg_pool2d(x, 2)[0][0, 0], [[2.75, 0], [-2.75, 1.75]])
    np.testing.assert_allclose(nn.lp_pool2d(x, 2, 2)[0][0, 0], np.sqrt([[37, 14], [39, 25]]))
    np.testing.assert_array_equal(nn.adaptive_avg_pool2d(x, 1)[0][0, 0], [[x.mean()]])


def test_one_of_several_largest_gets_the_gradient():
    _, cache = nn.max_pool2d(np.ones((1, 1, 4, 4)), 2)
    dx = nn.max_pool2d_backward(np.array([[[[1.0, 2], [3, 4]]]]), cache)
    np.testing.assert_array_equal(dx[0, 0], [[1, 0, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]])


def test_overlapping_windows_add_up():
    x = np.zeros((1, 1, 3, 3))
    x[0, 0, 1, 1] = 5
    _, cache = nn.max_pool2d(x, 2, 1)
    dx = nn.max_pool2d_backward(np.array([[[[1.0, 2], [3, 4]]]]), cache)
    np.testing.assert_array_equal(dx[0, 0], [[0, 0, 0], [0, 10, 0], [0, 0, 0]])


def test_padding_never_wins():
    y, _ = nn.max_pool2d(-np.ones((1, 1, 2, 2)), 2, 1, 1)
    np.testing.assert_array_equal(y, -np.ones((1, 1, 3, 3)))


def test_a_window_of_zeros_has_no_slope():
    _, cache = nn.lp_pool2d(np.zeros((1, 1, 2, 2)), 2, 2)
    np.testing.assert_array_equal(nn.lp_pool2d_backward(np.ones((1, 1, 1, 1)), cache), np.zeros((1, 1, 2, 2)))


def test_large_powers_tend_to_the_maximum():
    x = np.abs(X)
    np.testing.assert_allclose(nn.lp_pool2d(x, 200, 2)[0], nn.max_pool2d(x, 2)[0], rtol=0.01)


def test_not_a_number_is_not_hidden():
    x = np.array([[[[1.0, np.nan], [2, 3]]]])
    assert np.isnan(nn.max_pool2d(x, 2)[0]).all()


def test_flatten():
    y, cache = nn.Flatten().forward(X)
    np.testing.assert_array_equal(y, X.reshape(2, 90))
    np.testing.assert_array_equal(nn.Flatten().backward(y, cache), X)
    assert nn.Flatten(0, 1)(X).shape == (6, 6, 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.max_pool2d(X[0], 2), r"x: expected shape \(N, C, H, W\), got \(3, 6, 5\)"),
        (lambda: nn.max_pool2d(X, 7), "at least 7 positions for a kernel of 7"),
        (
            lambda: nn.max_pool2d(X, 2, padding=2),
            r"padding: expected at most half of kernel_size \(2, 2\)",
        ),
        (lambda: nn.avg_pool2d(X, 0), "kernel_size: expected a whole number of at least 1"),
        (lambda: nn.lp_pool2d(X, 0.5, 2), "norm_type: expected a number of at least 1, got 0.5"),
        (lambda: nn.lp_pool2d(X, 3, 2), "x: expected no negative values for norm_type 3"),
        (lambda: nn.adaptive_avg_pool2d(X, 0), "output_size: expected a whole number of at least 1"),
        (lambda: nn.Flatten(2)(np.ones((2, 3))), r"x: expected axes 2 to -1, got shape \(2, 3\)"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_upstream_gradients_have_the_shape_of_the_output():
    for pool, backward in POOLS.values():
        y, cache = pool(X)
        with pytest.raises(ValueError, match="dy: expected shape"):
            backward(y[:1], cache)


def test_the_mean_of_what_counts(numerical_gradient):
    x = np.cos(1.3 * np.arange(3 * 4 * 2.0)).reshape(3, 4, 2)
    mask = np.array([[True, True, False, True], [False, True, False, False], [False] * 4])
    y, cache = nn.masked_mean(x, mask)
    np.testing.assert_allclose(y, [x[0, [0, 1, 3]].mean(axis=0), x[1, 1], [0, 0]])
    dy = np.sin(1 + np.arange(6.0)).reshape(3, 2)
    expected = numerical_gradient(lambda v: nn.masked_mean(v, mask)[0], x, dy)
    np.testing.assert_allclose(nn.masked_mean_backward(dy, cache), expected, rtol=1e-6, atol=1e-9)
    with pytest.raises(ValueError, match=r"mask: expected booleans \(3, 4\), for x \(3, 4, 2\), got bool \(4, 3\)"):
        nn.masked_mean(x, mask.T)
