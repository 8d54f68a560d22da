import itertools

import numpy as np
import pytest

from dlbook import nn


def upstream(y):
    return np.sin(3 * np.arange(y.size) + 1).reshape(y.shape)


def numbers(*shape):
    return np.cos(1.3 * np.arange(np.prod(shape)) ** 1.1).reshape(shape)


def layer(kind=nn.TransformerEncoderLayer, dropout=0.0, **settings):
    made = kind(6, 2, 8, dropout, batch_first=True, **settings, rng=np.random.default_rng(1))
    for parameter in made.parameters():
        parameter.data = parameter.data + 0.1 * numbers(*parameter.shape)
    return made


@pytest.mark.parametrize("norm_first", [False, True])
def test_encoder_gradients(norm_first, numerical_gradient):
    one, x, mask = layer(norm_first=norm_first, activation="gelu"), numbers(2, 4, 6), nn.causal_mask(4)
    y, cache = one.forward(x, mask)
    dy = upstream(y)
    np.testing.assert_allclose(
        one.backward(dy, cache), numerical_gradient(lambda a: one(a, mask), x, dy), rtol=1e-5, atol=1e-7
    )


@pytest.mark.parametrize("norm_first", [False, True])
def test_decoder_gradients(norm_first, numerical_gradient):
    one = layer(nn.TransformerDecoderLayer, norm_first=norm_first, activation="gelu")
    x, memory, mask = numbers(2, 3, 6), numbers(2, 5, 6)[:, ::-1], nn.causal_mask(3)
    y, cache = one.forward(x, memory, mask)
    dy = upstream(y)
    dx, dmemory = one.backward(dy, cache)
    by_x = numerical_gradient(lambda a: one(a, memory, mask), x, dy)
    by_memory = numerical_gradient(lambda a: one(x, a, mask), memory, dy)
    np.testing.assert_allclose(dx, by_x, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(dmemory, by_memory, rtol=1e-5, atol=1e-7)


def test_dropout_in_training_only_and_its_gradient(numerical_gradient):
    q, k, v = numbers(1, 3, 4), numbers(1, 5, 4)[:, ::-1], numbers(1, 5, 2)
    keep = np.array([[True, True, False, True, False], [False] * 5, [True] * 5])[None]
    y, cache = nn.attention(q, k, v, None, keep, 0.4)
    weights = nn.softmax(q @ k.swapaxes(1, 2) / 2)[0]
    np.testing.assert_allclose(y, (weights * keep / 0.6) @ v)
    dy = upstream(y)
    for gradient, place in zip(nn.attention_backward(dy, cache), range(3), strict=True):

        def f(a, place=place):
            return nn.attention(*(a if i == place else b for i, b in enumerate((q, k, v))), None, keep, 0.4)[0]

        np.testing.assert_allclose(gradient, numerical_gradient(f, (q, k, v)[place], dy), rtol=1e-6, atol=1e-8)

    x = numbers(2, 4, 6)
    thinned = layer(dropout=0.5)
    assert np.abs(thinned(x) - thinned(x)).max() > 0.1
    np.testing.assert_array_equal(thinned.eval()(x), layer()(x))


@pytest.mark.parametrize("batch_first", [True, False])
def test_a_cache_gives_the_rows_of_the_whole(batch_first):
    attention = nn.MultiheadAttention(6, 3, batch_first=batch_first, rng=np.random.default_rng(0))
    x = numbers(2, 140, 6)  # more than the cache's first room
    x = x if batch_first else x.swapaxes(0, 1)
    whole = attention(x, mask=nn.causal_mask(140))
    kv, axis = nn.KVCache(), 1 if batch_first else 0
    borders = [0, 5, 6, 7, 90, 91, 140]
    parts = [np.take(x, range(a, b), axis) for a, b in itertools.pairwise(borders)]
    rows = np.concatenate([attention.extend(part, kv) for part in parts], axis)
    np.testing.assert_allclose(rows, whole, rtol=1e-12, atol=1e-13)
    assert kv.length == 140
    assert kv.keys.shape == kv.values.shape == (2, 3, 140, 2)


@pytest.mark.parametrize("norm_first", [False, True])
def test_decoder_with_caches_gives_the_rows_of_the_whole(norm_first):
    one, x, memory = layer(nn.TransformerDecoderLayer, norm_first=norm_first), numbers(2, 5, 6), numbers(2, 7, 6)
    mask = nn.padding_mask([7, 3], 7)
    whole = one(x, memory, nn.causal_mask(5), mask)
    kv, memory_kv = nn.KVCache(), nn.KVCache()
    one.multihead_attn.remember(memory, memory_kv)
    rows = [one.extend(x[:, a:b], kv, memory_kv, mask) for a, b in ((0, 2), (2, 3), (3, 5))]
    np.testing.assert_allclose(np.concatenate(rows, 1), whole, rtol=1e-12, atol=1e-13)


def test_a_cache_of_chosen_sequences_goes_on_by_itself():
    one, x = layer(norm_first=True), numbers(3, 4, 6)
    kv = nn.KVCache()
    one.extend(x, kv)
    chosen = kv.select([2, 0, 2])
    new = numbers(3, 1, 6)[::-1]
    rows = one.extend(new, chosen)
    whole = one(np.concatenate([x[[2, 0, 2]], new], 1), nn.causal_mask(5))
    np.testing.assert_allclose(rows[:, 0], whole[:, 4], rtol=1e-12, atol=1e-13)
    assert (kv.length, chosen.length) == (4, 5)


def test_weights_are_those_that_are_read_with():
    attention = nn.MultiheadAttention(6, 2, batch_first=True, rng=np.random.default_rng(0))
    x, memory, mask = numbers(2, 3, 6), numbers(2, 5, 6), nn.padding_mask([5, 2], 5)
    weights = attention.weights(x, memory, mask)
    assert weights.shape == (2, 2, 3, 5)
    np.testing.assert_allclose(weights.sum(-1), 1)
    assert not weights[1, :, :, 2:].any()
    W, b = attention.in_proj_weight.data[12:], attention.in_proj_bias.data[12:]
    values = (memory @ W.T + b).reshape(2, 5, 2, 3)
    read = np.einsum("nhts,nshd->nthd", weights, values).reshape(2, 3, 6)
    out = attention.out_proj
    np.testing.assert_allclose(attention(x, memory, mask=mask), read @ out.weight.data.T + out.bias.data)


def test_masks_by_hand():
    np.testing.assert_array_equal(nn.banded_mask(4, 2), [[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]])
    np.testing.assert_array_equal(nn.banded_mask(1, 2, 4), [[0, 0, 1, 1]])
    np.testing.assert_array_equal(nn.banded_mask(5, 5), nn.causal_mask(5))
    np.testing.assert_array_equal(nn.padding_mask([3, 0, 1], 3)[:, 0, 0], [[1, 1, 1], [0, 0, 0], [1, 0, 0]])


def test_precision_stays():
    one = nn.TransformerDecoderLayer(6, 2, 8, 0.3, batch_first=True, rng=np.random.default_rng(0), dtype=np.float32)
    x, memory = numbers(2, 3, 6).astype(np.float32), numbers(2, 5, 6).astype(np.float32)
    y, cache = one.forward(x, memory, nn.causal_mask(3))
    dx, dmemory = one.backward(upstream(y).astype(np.float32), cache)
    kinds = {y.dtype, dx.dtype, dmemory.dtype, *(parameter.grad.dtype for parameter in one.parameters())}
    assert kinds == {np.dtype(np.float32)}


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: nn.FeedForward(4, 8, "tanh", rng=RNG),
            "activation: expected one of relu, gelu, gelu_tanh, got 'tanh'",
        ),
        (lambda: nn.TransformerEncoderLayer(6, 4, rng=RNG), "num_heads: expected a divisor of embed_dim 6, got 4"),
        (lambda: nn.MultiheadAttention(6, 2, 1.5, rng=RNG), "dropout: expected a probability from 0 to 1, got 1.5"),
        (lambda: nn.banded_mask(3, 0), "band: expected at least 1, got 0"),
        (lambda: nn.padding_mask([2, 4], 3), r"lengths: expected shape \(N,\), integers from 0 to 3, got \[2, 4\]"),
        (
            lambda: nn.cross_entropy(np.zeros((2, 3)), np.array([-100, -100])),
            "prediction: expected at least one example, got none",
        ),
        (
            lambda: nn.cross_entropy(np.zeros((2, 3)), np.array([0, 1]), label_smoothing=1.1),
            "label_smoothing: expected a share from 0 to 1, got 1.1",
        ),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
