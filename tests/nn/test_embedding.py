import numpy as np
import pytest

from dlbook import nn

WEIGHT = np.arange(12.0).reshape(4, 3)


def test_rows_are_looked_up():
    y, _ = nn.embedding([[2, 0], [2, 3]], WEIGHT)
    np.testing.assert_array_equal(y, WEIGHT[[[2, 0], [2, 3]]])
    np.testing.assert_array_equal(nn.embedding(1, WEIGHT)[0], WEIGHT[1])


def test_repeated_symbols_collect_their_gradients():
    _, cache = nn.embedding([2, 0, 2, 2], WEIGHT)
    dweight = nn.embedding_backward(np.array([[1.0, 2, 3], [4, 5, 6], [10, 20, 30], [100, 200, 300]]), cache)
    np.testing.assert_array_equal(dweight, [[4, 5, 6], [0, 0, 0], [111, 222, 333], [0, 0, 0]])


def test_it_is_the_product_with_one_hot_rows():
    ids = np.array([[3, 1, 1], [0, 3, 2]])
    dy = np.sin(np.arange(18.0)).reshape(2, 3, 3)
    y, cache = nn.embedding(ids, WEIGHT)
    one_hot = np.eye(4)[ids]
    product, linear = nn.linear(one_hot, WEIGHT.T)
    np.testing.assert_array_equal(y, product)
    np.testing.assert_allclose(
        nn.embedding_backward(dy, cache), nn.linear_backward(dy, linear)[1].T, rtol=1e-12, atol=1e-15
    )


def test_padding_starts_at_zero_and_stays():
    layer = nn.Embedding(4, 3, padding_idx=1, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(layer.weight.data[1], 0)
    y, cache = layer.forward([1, 2, 1])
    layer.backward(np.ones_like(y), cache)
    np.testing.assert_array_equal(layer.weight.grad[1], 0)
    np.testing.assert_array_equal(layer.weight.grad[2], 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.embedding([0.0], WEIGHT), "ids: expected integers, got dtype float64"),
        (lambda: nn.embedding([0, 4], WEIGHT), "ids: expected 0 to 3, got 0 to 4"),
        (lambda: nn.embedding([-1], WEIGHT), "ids: expected 0 to 3, got -1 to -1"),
        (lambda: nn.embedding([0], WEIGHT[0]), r"weight: expected shape \(K, D\)"),
        (lambda: nn.Embedding(0, 3, rng=np.random.default_rng(0)), "Embedding: expected at least 1 symbol"),
        (lambda: nn.Embedding(4, 3, 4, rng=np.random.default_rng(0)), "padding_idx: expected 0 to 3, got 4"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
