"""Embeddings, recurrent layers and cells against torch: all outputs, all gradients, state dicts, padded sequences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from dlbook import nn  # noqa: E402
from dlbook.torch import twin  # noqa: E402

EXACT = {"rtol": 1e-10, "atol": 1e-10}
SEQUENCES = {
    "RNN": lambda **settings: nn.RNN(**settings),
    "RNN with ReLU": lambda **settings: nn.RNN(nonlinearity="relu", **settings),
    "LSTM": lambda **settings: nn.LSTM(**settings),
    "GRU": lambda **settings: nn.GRU(**settings),
}
CELLS = {
    "RNNCell": lambda *sizes, **settings: nn.RNNCell(*sizes, **settings),
    "RNNCell with ReLU": lambda *sizes, **settings: nn.RNNCell(*sizes, nonlinearity="relu", **settings),
    "LSTMCell": lambda *sizes, **settings: nn.LSTMCell(*sizes, **settings),
    "GRUCell": lambda *sizes, **settings: nn.GRUCell(*sizes, **settings),
}
seeds = st.integers(0, 2**32 - 1)


def tensors(state):
    """The same numbers as leaves of torch's graph."""
    if isinstance(state, tuple):
        return tuple(map(tensors, state))
    return torch.tensor(state, requires_grad=True)


def flat(state) -> list:
    return list(state) if isinstance(state, tuple) else [state]


def compare_parameters(ours, theirs):
    gradients = dict(theirs.named_parameters())
    assert [name for name, _ in ours.named_parameters()] == list(gradients)
    for name, parameter in ours.named_parameters():
        np.testing.assert_allclose(parameter.grad, gradients[name].grad.numpy(), **EXACT, err_msg=name)


def draw_state(rng, module, shape):
    states = tuple(rng.standard_normal(shape) for _ in range(1 + isinstance(module, nn.LSTM | nn.LSTMCell)))
    return states if len(states) == 2 else states[0]


@pytest.mark.parametrize("name", SEQUENCES)
@settings(max_examples=60, deadline=None)
@given(
    seed=seeds,
    sizes=st.tuples(*[st.integers(1, 5)] * 4),
    num_layers=st.integers(1, 3),
    bidirectional=st.booleans(),
    batch_first=st.booleans(),
    bias=st.booleans(),
    with_lengths=st.booleans(),
)
def test_sequences_equal_torch(name, seed, sizes, num_layers, bidirectional, batch_first, bias, with_lengths):
    rng = np.random.default_rng(seed)
    steps, n, features, hidden = sizes
    ours = SEQUENCES[name](
        input_size=features,
        hidden_size=hidden,
        num_layers=num_layers,
        bidirectional=bidirectional,
        batch_first=batch_first,
        bias=bias,
        rng=rng,
    )
    theirs = twin(ours)
    x = rng.standard_normal((n, steps, features) if batch_first else (steps, n, features))
    state = draw_state(rng, ours, (num_layers * (1 + bidirectional), n, hidden))
    lengths = rng.integers(1, steps + 1, n) if with_lengths else None

    (y, last), cache = ours.forward(x, state, lengths)
    tx, tstate = tensors(x), tensors(state)
    if with_lengths:
        packed = torch.nn.utils.rnn.pack_padded_sequence(tx, torch.tensor(lengths), batch_first, enforce_sorted=False)
        packed, tlast = theirs(packed, tstate)
        ty, _ = torch.nn.utils.rnn.pad_packed_sequence(packed, batch_first, total_length=steps)
    else:
        ty, tlast = theirs(tx, tstate)
    np.testing.assert_allclose(y, ty.detach().numpy(), **EXACT)
    for mine, other in zip(flat(last), flat(tlast), strict=True):
        np.testing.assert_allclose(mine, other.detach().numpy(), **EXACT)

    dy, dlast = rng.standard_normal(y.shape), tuple(rng.standard_normal(one.shape) for one in flat(last))
    dx, dstate = ours.backward((dy, dlast if isinstance(last, tuple) else dlast[0]), cache)
    torch.autograd.backward([ty, *flat(tlast)], [torch.tensor(one) for one in (dy, *dlast)])
    np.testing.assert_allclose(dx, tx.grad.numpy(), **EXACT)
    for mine, other in zip(flat(dstate), flat(tstate), strict=True):
        np.testing.assert_allclose(mine, other.grad.numpy(), **EXACT)
    compare_parameters(ours, theirs)


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize("which", ["outputs", "last state"])
def test_either_gradient_alone_is_enough(name, which):
    rng = np.random.default_rng(3)
    ours = SEQUENCES[name](input_size=3, hidden_size=4, num_layers=2, rng=rng)
    theirs = twin(ours)
    x = rng.standard_normal((6, 2, 3))
    (y, last), cache = ours.forward(x)
    tx = tensors(x)
    ty, tlast = theirs(tx)
    if which == "outputs":
        dy = rng.standard_normal(y.shape)
        dx, _ = ours.backward(dy, cache)
        ty.backward(torch.tensor(dy))
    else:
        dlast = tuple(rng.standard_normal(one.shape) for one in flat(last))
        dx, _ = ours.backward((None, dlast if isinstance(last, tuple) else dlast[0]), cache)
        torch.autograd.backward(flat(tlast), [torch.tensor(one) for one in dlast])
    np.testing.assert_allclose(dx, tx.grad.numpy(), **EXACT)
    compare_parameters(ours, theirs)


@pytest.mark.parametrize("name", CELLS)
@settings(max_examples=40, deadline=None)
@given(seed=seeds, sizes=st.tuples(*[st.integers(1, 5)] * 3), bias=st.booleans(), with_state=st.booleans())
def test_cells_equal_torch(name, seed, sizes, bias, with_state):
    rng = np.random.default_rng(seed)
    n, features, hidden = sizes
    ours = CELLS[name](features, hidden, bias=bias, rng=rng)
    theirs = twin(ours)
    x, state = rng.standard_normal((n, features)), draw_state(rng, ours, (n, hidden))
    tx, tstate = tensors(x), tensors(state)
    after, cache = ours.forward(x, *([state] if with_state else []))
    tafter = theirs(tx, *([tstate] if with_state else []))
    dafter = tuple(rng.standard_normal((n, hidden)) for _ in flat(after))
    dx, dstate = ours.backward(dafter if isinstance(after, tuple) else dafter[0], cache)
    torch.autograd.backward(flat(tafter), [torch.tensor(one) for one in dafter])
    for mine, other in zip(flat(after), flat(tafter), strict=True):
        np.testing.assert_allclose(mine, other.detach().numpy(), **EXACT)
    np.testing.assert_allclose(dx, tx.grad.numpy(), **EXACT)
    if with_state:
        for mine, other in zip(flat(dstate), flat(tstate), strict=True):
            np.testing.assert_allclose(mine, other.grad.numpy(), **EXACT)
    compare_parameters(ours, theirs)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, shape=st.lists(st.integers(1, 6), min_size=0, max_size=3), padding=st.booleans())
def test_embedding_equals_torch(seed, shape, padding):
    rng = np.random.default_rng(seed)
    ours = nn.Embedding(4, 3, padding_idx=2 if padding else None, rng=rng)
    theirs = twin(ours)
    ids = rng.integers(0, 4, shape)
    y, cache = ours.forward(ids)
    ty = theirs(torch.tensor(ids))
    np.testing.assert_array_equal(y, ty.detach().numpy())
    dy = rng.standard_normal(y.shape)
    assert ours.backward(dy, cache) is None
    ty.backward(torch.tensor(dy))
    compare_parameters(ours, theirs)


@pytest.mark.parametrize("name", SEQUENCES | CELLS)
def test_state_dict_moves_both_ways(name):
    def build(seed):
        rng = np.random.default_rng(seed)
        if name in CELLS:
            return CELLS[name](3, 4, rng=rng)
        return SEQUENCES[name](input_size=3, hidden_size=4, num_layers=2, bidirectional=True, rng=rng)

    ours, other = build(0), build(1)
    theirs = twin(ours)
    assert list(theirs.state_dict()) == list(ours.state_dict())
    other.load_state_dict(theirs.state_dict())
    for key, array in ours.state_dict().items():
        np.testing.assert_array_equal(other.state_dict()[key], array)


@pytest.mark.parametrize("norm_type", [2, 3, 2.5])
def test_lp_pooling_equals_torch_where_values_are_positive(norm_type):
    rng = np.random.default_rng(0)
    ours = nn.LPPool2d(norm_type, 2, (1, 2))
    x = rng.uniform(0.1, 3, (2, 3, 5, 6))
    tx = torch.tensor(x, requires_grad=True)
    y, cache = ours.forward(x)
    ty = twin(ours)(tx)
    np.testing.assert_allclose(y, ty.detach().numpy(), **EXACT)
    dy = rng.standard_normal(y.shape)
    ty.backward(torch.tensor(dy))
    np.testing.assert_allclose(ours.backward(dy, cache), tx.grad.numpy(), **EXACT)
