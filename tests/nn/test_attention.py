import numpy as np
import pytest

from dlbook import nn

Q = np.cos(np.arange(2 * 3 * 4.0) ** 1.2).reshape(2, 3, 4)
K = np.sin(np.arange(2 * 5 * 4.0) ** 1.1).reshape(2, 5, 4)
V = np.cos(0.7 * np.arange(2 * 5 * 6.0)).reshape(2, 5, 6)


def upstream(y):
    return np.sin(3 * np.arange(y.size) + 1).reshape(y.shape)


def test_by_hand():
    y, _ = nn.attention([[2.0]], [[0.0], [np.log(3) / 2]], [[10.0], [20.0]])
    np.testing.assert_allclose(y, [[17.5]])


def test_gradients(numerical_gradient):
    mask = np.array([[True, False, True, True, False], [False] * 5, [True] * 5])
    y, cache = nn.attention(Q, K, V, mask)
    dy = upstream(y)
    functions = (
        lambda a: nn.attention(a, K, V, mask)[0],
        lambda a: nn.attention(Q, a, V, mask)[0],
        lambda a: nn.attention(Q, K, a, mask)[0],
    )
    for gradient, f, at in zip(nn.attention_backward(dy, cache), functions, (Q, K, V), strict=True):
        np.testing.assert_allclose(gradient, numerical_gradient(f, at, dy), rtol=1e-6, atol=1e-8)


def test_who_may_look_nowhere_reads_zeros():
    mask = np.zeros((3, 5), bool)
    mask[1, 2] = True
    y, cache = nn.attention(Q, K, V, mask)
    np.testing.assert_array_equal(y[:, [0, 2]], 0)
    np.testing.assert_allclose(y[:, 1], V[:, 2])
    assert all(np.isfinite(gradient).all() for gradient in nn.attention_backward(upstream(y), cache))


def test_the_future_is_hidden():
    np.testing.assert_array_equal(nn.causal_mask(3), [[1, 0, 0], [1, 1, 0], [1, 1, 1]])
    np.testing.assert_array_equal(nn.causal_mask(2, 4), [[1, 1, 1, 0], [1, 1, 1, 1]])
    layer = nn.MultiheadAttention(6, 2, batch_first=True, rng=np.random.default_rng(0))
    x = np.cos(np.arange(2 * 4 * 6.0)).reshape(2, 4, 6)
    later = x.copy()
    later[:, 3] += 1
    before, after = layer.forward(x, mask=nn.causal_mask(4))[0], layer.forward(later, mask=nn.causal_mask(4))[0]
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert np.abs(before[:, 3] - after[:, 3]).max() > 1e-3


def test_large_scores_do_not_overflow_and_precision_stays():
    y, cache = nn.attention(np.float32(1e4) * Q.astype(np.float32), K.astype(np.float32), V.astype(np.float32))
    assert np.isfinite(y).all()
    assert y.dtype == np.float32
    assert {gradient.dtype for gradient in nn.attention_backward(y, cache)} == {np.dtype(np.float32)}


def test_nothing_is_changed_in_place():
    q, k, v = Q.copy(), K.copy(), V.copy()
    y, cache = nn.attention(q, k, v)
    dy = upstream(y)
    before = dy.copy()
    nn.attention_backward(dy, cache)
    for array, copy in ((q, Q), (k, K), (v, V), (dy, before)):
        np.testing.assert_array_equal(array, copy)


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.attention(Q, K[:, :, :3], V), r"k: expected shape \(…, S, d\) for q \(2, 3, 4\), got \(2, 5, 3\)"),
        (lambda: nn.attention(Q, K, V[:, :4]), r"v: expected shape \(…, S, e\) with as many values as k \(2, 5, 4\)"),
        (lambda: nn.attention(Q, K, V, np.ones((3, 5))), "mask: expected booleans, True where a query may look"),
        (
            lambda: nn.attention(Q, K, V, np.ones((3, 4), bool)),
            r"mask: expected a shape that broadcasts to",
        ),
        (lambda: nn.MultiheadAttention(6, 4, rng=RNG), "num_heads: expected a divisor of embed_dim 6, got 4"),
        (lambda: nn.MultiheadAttention(6, 2, rng=RNG)(Q), r"query: expected shape \(T, N, 6\), got \(2, 3, 4\)"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
