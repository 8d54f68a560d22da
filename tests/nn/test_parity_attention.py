"""Attention against torch: outputs, every gradient, masks, state dicts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from dlbook import nn  # noqa: E402
from dlbook.torch import from_torch, twin  # noqa: E402

EXACT = {"rtol": 1e-10, "atol": 1e-10}
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 5)


def tensors(*arrays):
    return [torch.tensor(array, requires_grad=True) for array in arrays]


@settings(max_examples=80)
@given(
    seed=seeds,
    shape=st.tuples(sizes, sizes, sizes, sizes, sizes, sizes),
    masked=st.sampled_from(["no", "random", "causal"]),
    scale=st.sampled_from([0.0, 1.0, 30.0]),
)
def test_attention_equals_torch(seed, shape, masked, scale):
    rng = np.random.default_rng(seed)
    n, heads, queries, keys, d, e = shape
    q, k = scale * rng.standard_normal((n, heads, queries, d)), rng.standard_normal((n, heads, keys, d))
    v = rng.standard_normal((n, heads, keys, e))
    mask = None
    if masked == "random":
        mask = rng.random((n, 1, queries, keys)) < 0.6
        mask[..., 0] |= ~mask.any(axis=-1)  # torch has no row without a True
    elif masked == "causal" and keys >= queries:
        mask = nn.causal_mask(queries, keys)
    y, cache = nn.attention(q, k, v, mask)
    tq, tk, tv = tensors(q, k, v)
    allowed = None if mask is None else torch.from_numpy(mask)
    ty = torch.nn.functional.scaled_dot_product_attention(tq, tk, tv, attn_mask=allowed)
    np.testing.assert_allclose(y, ty.detach().numpy(), **EXACT)
    dy = rng.standard_normal(y.shape)
    ty.backward(torch.from_numpy(dy))
    for mine, other in zip(nn.attention_backward(dy, cache), (tq, tk, tv), strict=True):
        np.testing.assert_allclose(mine, other.grad.numpy(), **EXACT)


@settings(max_examples=60)
@given(
    seed=seeds,
    shape=st.tuples(sizes, sizes, sizes),
    heads=st.integers(1, 3),
    each=st.integers(1, 3),
    bias=st.booleans(),
    batch_first=st.booleans(),
    given_inputs=st.integers(1, 3),
    masked=st.booleans(),
)
def test_multihead_attention_equals_torch(seed, shape, heads, each, bias, batch_first, given_inputs, masked):
    rng = np.random.default_rng(seed)
    n, queries, keys = shape
    keys = queries if given_inputs == 1 else keys
    ours = nn.MultiheadAttention(heads * each, heads, 0.0, bias, batch_first, rng=rng)
    ours.load_state_dict({name: rng.standard_normal(array.shape) for name, array in ours.state_dict().items()})
    lengths = [queries, keys, keys][:given_inputs]
    inputs = [rng.standard_normal((n, t, heads * each) if batch_first else (t, n, heads * each)) for t in lengths]
    mask = None
    if masked:
        mask = rng.random((n, heads, queries, keys)) < 0.6
        mask[..., 0] |= ~mask.any(axis=-1)
    y, cache = ours.forward(*inputs, mask=mask)

    plain = torch.nn.MultiheadAttention(heads * each, heads, bias=bias, batch_first=batch_first, dtype=torch.float64)
    plain.load_state_dict({name: torch.from_numpy(array) for name, array in ours.state_dict().items()})
    for theirs in (plain, twin(ours)):
        leaves = tensors(*inputs)
        q, k, v = [*leaves, *[leaves[-1]] * (3 - len(leaves))]
        if theirs is plain:
            forbidden = None if mask is None else torch.from_numpy(~mask.reshape(n * heads, queries, keys))
            ty, _ = theirs(q, k, v, attn_mask=forbidden, need_weights=False)
        else:
            ty = theirs(*leaves, mask=None if mask is None else torch.from_numpy(mask))
        np.testing.assert_allclose(y, ty.detach().numpy(), **EXACT)
        dy = rng.standard_normal(y.shape)
        ours.zero_grad()
        back = ours.backward(dy, cache)
        ty.backward(torch.from_numpy(dy))
        for mine, leaf in zip(back if given_inputs > 1 else [back], leaves, strict=True):
            np.testing.assert_allclose(mine, leaf.grad.numpy(), **EXACT)
        gradients = dict(theirs.named_parameters())
        assert [name for name, _ in ours.named_parameters()] == list(gradients)
        for name, parameter in ours.named_parameters():
            np.testing.assert_allclose(parameter.grad, gradients[name].grad.numpy(), **EXACT, err_msg=name)
    again = from_torch(plain)
    np.testing.assert_allclose(again(*inputs, mask=mask), y, rtol=1e-13, atol=1e-13)
