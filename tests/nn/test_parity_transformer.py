"""Transformer layers against torch: outputs, every gradient, masks, dropout, state dicts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from dlbook import nn  # noqa: E402
from dlbook.torch import from_torch, twin  # noqa: E402

EXACT = {"rtol": 1e-10, "atol": 1e-10}
sizes = st.integers(1, 5)
LAYERS = [nn.TransformerEncoderLayer, nn.TransformerDecoderLayer]
STACKS = {nn.TransformerEncoderLayer: nn.TransformerEncoder, nn.TransformerDecoderLayer: nn.TransformerDecoder}


def scrambled(module, rng):
    """Weights that hide nothing: norms start at ones and zeros."""
    module.load_state_dict({name: rng.uniform(-1, 1, a.shape) for name, a in module.state_dict().items()})
    return module


def forbidding(mask, n, heads, queries, keys):
    """The mask as torch's own layers want it: (N · heads, T, S), True = may not look."""
    return None if mask is None else torch.from_numpy(~np.broadcast_to(mask, (n, heads, queries, keys))).flatten(0, 1)


def masks(rng, masked, n, heads, queries, keys):
    """One for self-attention, one for cross-attention; torch's own layers have no row without a True."""
    if not masked:
        return None, None
    own = rng.random((n, heads, queries, queries)) < 0.6
    own |= np.eye(queries, dtype=bool)
    return own, nn.padding_mask(rng.integers(1, keys + 1, n), keys)


def leaves(*arrays):
    return [torch.tensor(array, requires_grad=True) for array in arrays]


def same_gradients(ours, theirs, back, xs):
    """Those of the inputs, from `backward` and on the leaves, and those of every parameter."""
    for mine, leaf in zip(back if isinstance(back, tuple) else [back], xs, strict=True):
        np.testing.assert_allclose(mine, leaf.grad.numpy(), **EXACT)
    gradients = dict(theirs.named_parameters())
    assert [name for name, _ in ours.named_parameters()] == list(gradients)
    for name, parameter in ours.named_parameters():
        np.testing.assert_allclose(parameter.grad, gradients[name].grad.numpy(), **EXACT, err_msg=name)


@pytest.mark.parametrize("kind", LAYERS)
@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(sizes, sizes, sizes),
    heads=st.integers(1, 3),
    each=st.integers(1, 3),
    hidden=st.integers(1, 6),
    activation=st.sampled_from(["relu", "gelu", "gelu_tanh"]),
    norm_first=st.booleans(),
    bias=st.booleans(),
    batch_first=st.booleans(),
    masked=st.booleans(),
)
def test_layer_equals_torch(kind, seed, shape, heads, each, hidden, activation, norm_first, bias, batch_first, masked):
    rng = np.random.default_rng(seed)
    n, queries, keys = shape
    width = max(2, heads * each)  # layer norm of one feature leaves 0 here, and a rounding error in torch
    ours = kind(width, heads, hidden, 0.0, activation, 1e-3, batch_first, norm_first, bias, rng=rng)
    scrambled(ours, rng)
    lengths = [queries, keys][: 1 + (kind is nn.TransformerDecoderLayer)]
    inputs = [rng.standard_normal((n, t, width) if batch_first else (t, n, width)) for t in lengths]
    both = masks(rng, masked, n, heads, queries, keys)[: len(inputs)]
    y, cache = ours.forward(*inputs, *both)

    plain_kind = getattr(torch.nn, kind.__name__)
    function = torch.nn.GELU("tanh") if activation == "gelu_tanh" else activation
    plain = plain_kind(width, heads, hidden, 0.0, function, 1e-3, batch_first, norm_first, bias, dtype=torch.float64)
    plain.load_state_dict({name: torch.from_numpy(array) for name, array in ours.state_dict().items()})
    dy = rng.standard_normal(y.shape)
    for theirs in (plain, twin(ours)):
        xs = leaves(*inputs)
        if theirs is plain:
            forbidden = [forbidding(m, n, heads, queries, t) for m, t in zip(both, lengths, strict=True)]
            ty = theirs(*xs, *forbidden)
        else:
            ty = theirs(*xs, *(None if m is None else torch.from_numpy(m) for m in both))
        np.testing.assert_allclose(y, ty.detach().numpy(), **EXACT)
        ours.zero_grad()
        back = ours.backward(dy, cache)
        ty.backward(torch.from_numpy(dy))
        same_gradients(ours, theirs, back, xs)
    again = from_torch(plain, rng=rng)
    np.testing.assert_allclose(again(*inputs, *both), y, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("kind", LAYERS)
def test_stack_equals_torch(kind, norm_first):
    rng = np.random.default_rng(3)
    layers = [kind(6, 2, 8, 0.0, batch_first=True, norm_first=norm_first, rng=rng) for _ in range(3)]
    ours = scrambled(STACKS[kind](layers, nn.LayerNorm(6) if norm_first else None), rng)
    inputs = [rng.standard_normal((4, t, 6)) for t in (5, 7)][: 1 + (kind is nn.TransformerDecoderLayer)]
    y, cache = ours.forward(*inputs, nn.causal_mask(5))
    theirs = twin(ours)
    assert list(theirs.state_dict()) == list(ours.state_dict())
    xs = leaves(*inputs)
    ty = theirs(*xs, torch.from_numpy(nn.causal_mask(5)))
    np.testing.assert_allclose(y, ty.detach().numpy(), **EXACT)
    dy = rng.standard_normal(y.shape)
    back = ours.backward(dy, cache)
    ty.backward(torch.from_numpy(dy))
    same_gradients(ours, theirs, back, xs)
    np.testing.assert_allclose(from_torch(theirs)(*inputs, nn.causal_mask(5)), y, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("activation", ["relu", "gelu", "gelu_tanh"])
def test_feed_forward_equals_torch(activation):
    rng = np.random.default_rng(4)
    ours = nn.FeedForward(3, 5, activation, rng=rng)
    theirs = twin(ours)
    x = rng.standard_normal((2, 4, 3))
    y, cache = ours.forward(x)
    (tx,) = leaves(x)
    ty = theirs(tx)
    np.testing.assert_allclose(y, ty.detach().numpy(), **EXACT)
    dy = rng.standard_normal(y.shape)
    ty.backward(torch.from_numpy(dy))
    np.testing.assert_allclose(ours.backward(dy, cache), tx.grad.numpy(), **EXACT)
    np.testing.assert_allclose(from_torch(theirs, rng=rng)(x), y, rtol=1e-12)


class Draws:
    """Masks drawn once: as a generator for NumPy's layers, and as torch's dropout."""

    def __init__(self):
        self.rng, self.masks, self.place = np.random.default_rng(8), [], 0

    def random(self, shape):
        self.masks.append(self.rng.random(shape))
        return self.masks[-1]

    def dropout(self, x, p=0.5, training=True, inplace=False):
        drawn = self.masks[self.place]
        self.place += 1
        return x * torch.from_numpy(drawn >= p) / (1 - p)

    def attention(self, q, k, v, attn_mask=None, dropout_p=0.0, is_causal=False):
        weights = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)
        return self.dropout(weights, dropout_p) @ v


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("kind", LAYERS)
def test_dropout_with_the_same_masks_equals_torch(kind, norm_first, monkeypatch):
    """The attention's weights, the hidden units and every branch are dropped, in this order."""
    rng = np.random.default_rng(6)
    ours = scrambled(kind(6, 2, 8, 0.4, batch_first=True, norm_first=norm_first, rng=rng), rng)
    draws = Draws()
    for module in ours.modules():
        if hasattr(module, "rng"):
            module.rng = draws
    inputs = [rng.standard_normal((4, t, 6)) for t in (5, 7)][: 1 + (kind is nn.TransformerDecoderLayer)]
    theirs = twin(ours)
    y, cache = ours.forward(*inputs)
    monkeypatch.setattr(torch.nn.functional, "dropout", draws.dropout)
    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", draws.attention)
    xs = leaves(*inputs)
    ty = theirs(*xs)
    assert draws.place == len(draws.masks) == {1: 4, 2: 6}[len(inputs)]
    np.testing.assert_allclose(y, ty.detach().numpy(), **EXACT)
    dy = rng.standard_normal(y.shape)
    back = ours.backward(dy, cache)
    ty.backward(torch.from_numpy(dy))
    same_gradients(ours, theirs, back, xs)
