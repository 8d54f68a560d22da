import gc

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dlbook.autograd import Tensor, concatenate, stack, topological_order

torch.set_num_threads(1)


def against_torch(ours, theirs, *arrays, seed=0):
    """Value and gradients, under a random upstream gradient, to 1e-10."""
    mine = [Tensor(a) for a in arrays]
    right = [torch.tensor(a, requires_grad=True) for a in arrays]
    y, z = ours(*mine), theirs(*right)
    upstream = np.random.default_rng(seed).normal(size=y.shape)
    y.backward(upstream)
    z.backward(torch.tensor(upstream))
    np.testing.assert_allclose(y.data, z.detach().numpy(), rtol=1e-10, atol=1e-10)
    for a, b in zip(mine, right, strict=True):
        assert a.grad.shape == a.shape
        np.testing.assert_allclose(a.grad, b.grad.numpy(), rtol=1e-10, atol=1e-10)


SAME = {  # one expression for both
    "exp": lambda x: x.exp(),
    "log": lambda x: (x * x + 0.5).log(),
    "sqrt": lambda x: (x * x + 0.5).sqrt(),
    "sin": lambda x: x.sin(),
    "cos": lambda x: x.cos(),
    "abs": lambda x: x.abs(),
    "tanh": lambda x: x.tanh(),
    "sigmoid": lambda x: x.sigmoid(),
    "relu": lambda x: x.relu(),
    "neg": lambda x: -x,
    "cube": lambda x: x**3,
    "power 0": lambda x: x**0,
    "inverse": lambda x: (x * x + 1) ** -1,
    "2 - x": lambda x: 2 - x,
    "2 * x": lambda x: 2 * x,
    "2 / x": lambda x: 2 / (x * x + 1),
    "2 ** x": lambda x: 2**x,
    "sum": lambda x: x.sum(),
    "mean": lambda x: x.mean(),
    "softmax": lambda x: x.softmax(-1),
    "softmax 0": lambda x: x.softmax(0),
    "log_softmax": lambda x: x.log_softmax(-1),
    "logsumexp": lambda x: x.logsumexp(0),
    "reshape": lambda x: x.reshape(-1),
    "reuse": lambda x: x * x + x.exp() * x,
    "first": lambda x: x[0],
    "reversed twice": lambda x: x[[0, 0, -1]],
    "new axis": lambda x: x[None, ..., None],
}
shapes = hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)
values = st.floats(-2, 2, allow_subnormal=False)


@pytest.mark.parametrize("name", SAME)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_functions_agree_with_torch(name, data):
    x = data.draw(hnp.arrays(np.float64, data.draw(shapes), elements=values))
    against_torch(SAME[name], SAME[name], x)


@pytest.mark.parametrize("op", ["+", "-", "*", "/", "**"])
@settings(max_examples=40, deadline=None)
@given(shapes=hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3), seed=st.integers(0, 99))
def test_broadcasting_agrees_with_torch(op, shapes, seed):
    rng = np.random.default_rng(seed)
    x, y = (rng.normal(size=shape) for shape in shapes.input_shapes)
    f = {
        "+": lambda x, y: x + y,
        "-": lambda x, y: x - y,
        "*": lambda x, y: x * y,
        "/": lambda x, y: x / (y * y + 1),
        "**": lambda x, y: (x * x + 0.5) ** y,
    }[op]
    against_torch(f, f, np.asarray(x), np.asarray(y))


@settings(max_examples=80, deadline=None)
@given(
    shapes=hnp.mutually_broadcastable_shapes(signature=np.matmul.signature, max_dims=4, max_side=3),
    seed=st.integers(0, 99),
)
def test_matmul_agrees_with_torch(shapes, seed):
    rng = np.random.default_rng(seed)
    x, y = (rng.normal(size=shape) for shape in shapes.input_shapes)
    against_torch(lambda x, y: x @ y, lambda x, y: x @ y, x, y)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), keepdims=st.booleans())
def test_reductions_agree_with_torch(data, keepdims):
    shape = data.draw(hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=4))
    x = np.random.default_rng(data.draw(st.integers(0, 99))).permutation(np.prod(shape)).reshape(shape) / 7.0
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    several = data.draw(hnp.valid_tuple_axes(len(shape), min_size=1))
    against_torch(lambda t: t.sum(axis, keepdims), lambda t: t.sum(axis, keepdims), x)
    against_torch(lambda t: t.mean(axis, keepdims), lambda t: t.mean(axis, keepdims), x)
    against_torch(lambda t: t.sum(several, keepdims), lambda t: t.sum(several, keepdims), x)
    against_torch(lambda t: t.max(axis, keepdims), lambda t: t.amax(axis, keepdims), x)
    against_torch(lambda t: t.max(), lambda t: t.max(), x)
    against_torch(lambda t: t.logsumexp(axis, keepdims), lambda t: t.logsumexp(axis, keepdims), x)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_shapes_agree_with_torch(data):
    shape = data.draw(hnp.array_shapes(min_dims=2, max_dims=4, max_side=3))
    order = data.draw(st.permutations(range(len(shape))))
    x = np.random.default_rng(0).normal(size=shape)
    against_torch(lambda t: t.transpose(*order), lambda t: t.permute(*order), x)
    against_torch(lambda t: t.T, lambda t: t.permute(*range(t.ndim)[::-1]), x)
    index = data.draw(hnp.basic_indices(shape, allow_newaxis=True))
    assume(
        all(not isinstance(i, slice) or (i.step or 1) > 0 for i in (index if isinstance(index, tuple) else (index,)))
    )
    against_torch(lambda t: t[index], lambda t: t[index], x)


def test_indices_that_repeat_and_masks():
    x = np.random.default_rng(1).normal(size=(4, 3))
    rows, columns = np.array([0, 0, 3]), np.array([1, 1, 2])
    against_torch(lambda t: t[rows, columns], lambda t: t[rows, columns], x)
    against_torch(lambda t: t[x > 0], lambda t: t[torch.tensor(x > 0)], x)


def test_joining():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4))
    against_torch(lambda a, b: concatenate([a, b, a], 1), lambda a, b: torch.cat([a, b, a], 1), x, y)
    against_torch(lambda a, b: concatenate([a, b], -2), lambda a, b: torch.cat([a, b], -2), x, y)
    against_torch(lambda a: stack([a, a * a], 1), lambda a: torch.stack([a, a * a], 1), x)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(["tanh", "mul", "matmul", "add", "softmax", "first", "T", "mean"]), min_size=3, max_size=12
    )
)
def test_random_networks_agree_with_torch(steps):
    def run(x, w):
        nodes = [x, w]
        for i, name in enumerate(steps):
            a, b = nodes[-1], nodes[i % len(nodes)]
            nodes.append(
                {
                    "tanh": lambda a, b: a.tanh(),
                    "mul": lambda a, b: a * b,
                    "matmul": lambda a, b: a @ b,
                    "add": lambda a, b: a + b,
                    "softmax": lambda a, b: a.softmax(1),
                    "first": lambda a, b: a[0] + b,
                    "T": lambda a, b: a.T - b,
                    "mean": lambda a, b: a - b.mean(0),
                }[name](a, b).tanh()
            )
        return nodes[-1]

    rng = np.random.default_rng(len(steps))
    x, w = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    against_torch(lambda x, w: run(x, w) + x + w, lambda x, w: run(x, w) + x + w, x, w)


def test_second_backward_adds_one_copy_to_leaves_and_renews_inner_nodes():
    x = Tensor([1.0, 2.0, 3.0])
    inner = x * x
    y = (inner * inner).sum()
    for times in (1, 2, 3):
        y.backward()
        np.testing.assert_allclose(x.grad, times * 4 * x.data**3)
        np.testing.assert_allclose(inner.grad, 2 * inner.data)
    y.zero_grad()
    assert x.grad is None
    y.backward()
    np.testing.assert_allclose(x.grad, 4 * x.data**3)


def test_gradients_share_no_memory():
    x, y = Tensor(np.ones(3)), Tensor(np.ones(3))
    upstream = np.arange(3.0)
    (x + y).backward(upstream)
    x.grad *= 100
    assert y.grad.tolist() == upstream.tolist() == [0, 1, 2]
    x.zero_grad()
    x.sum().backward()
    x.grad += 1
    assert x.grad.tolist() == [2, 2, 2]


def test_a_leaf_can_be_the_result():
    x = Tensor(3.0)
    x.backward()
    x.backward()
    assert x.grad == 2


def test_constants_have_no_gradient_and_keep_the_type():
    x = Tensor(np.ones((2, 3), np.float32))
    y = ((np.ones((4, 2), np.float32) @ x) * 2 + 1) / np.float32(3)
    assert (x ** np.float64(2)).dtype == (x * np.float64(2)).dtype == np.float32
    assert isinstance(y, Tensor)
    assert y.dtype == np.float32
    y.sum().backward()
    assert x.grad.dtype == np.float32
    assert {node.op for node in topological_order(y)} == {"", "@", "×", "+", "÷"}


def test_array_on_the_left():
    x = Tensor([1.0, 2.0])
    a = np.array([[3.0, 4.0], [5.0, 6.0]])
    for y, expected in ((a * x, a), (a + x, np.ones((2, 2))), (a - x, -np.ones((2, 2))), (a / x, -a / x.data**2)):
        assert isinstance(y, Tensor)
        assert y.shape == (2, 2)
        x.zero_grad()
        y.sum().backward()
        np.testing.assert_allclose(x.grad, expected.sum(0))
    assert isinstance([[1.0, 2.0]] @ x, Tensor)
    with pytest.raises(TypeError):
        np.exp(x)


def test_detach_stops_the_gradient():
    x = Tensor(2.0)
    (x * (x * x).detach()).backward()
    assert x.grad == 4


def test_ties_of_max_go_to_the_first():
    x = Tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 0.0]])
    x.max(axis=1).sum().backward()
    assert x.grad.tolist() == [[0, 1, 0], [1, 0, 0]]


def test_large_inputs_do_not_overflow():
    x = Tensor([-1000.0, 0.0, 1000.0])
    for y in (x.sigmoid(), x.softmax(), x.log_softmax(), x.logsumexp()):
        x.zero_grad()
        y.sum().backward()
        assert np.isfinite(y.data).all()
        assert np.isfinite(x.grad).all()


def test_a_deep_chain():
    x = Tensor(np.ones(2))
    y = x
    for _ in range(10_000):
        y = y + x
    y.sum().backward()
    assert x.grad.tolist() == [10_001, 10_001]


def test_a_very_deep_chain_can_be_let_go():
    y = Tensor(1.0)
    for _ in range(100_000):
        y = y * 1.0
    y.backward()
    del y
    gc.collect()


def test_backward_wants_a_gradient_for_several_numbers():
    y = Tensor(np.zeros((2, 3))) * 2
    with pytest.raises(ValueError, match=r"shape \(2, 3\) needs a gradient"):
        y.backward()
    with pytest.raises(ValueError, match=r"expects a gradient of shape \(2, 3\), got \(3,\)"):
        y.backward(np.zeros(3))
    (Tensor([[5.0]]) * 2).backward()


def test_errors_name_what_came():
    with pytest.raises(ValueError, match="real numbers, got list of dtype complex128"):
        Tensor([1j])
    with pytest.raises(ValueError, match="str"):
        Tensor("x")
    with pytest.raises(ValueError, match=r"\(2,\).*\(3,\)"):
        Tensor(np.zeros(2)) + Tensor(np.zeros(3))
    with pytest.raises(ValueError, match="matmul"):
        Tensor(np.zeros((2, 3))) @ Tensor(np.zeros((2, 3)))
    with pytest.raises(TypeError):
        list(Tensor(1.0))


def test_small_things():
    x = Tensor([1, 2, 3], label="x")
    assert x.dtype == np.float64
    assert repr(x) == "Tensor([1. 2. 3.], label='x')"
    assert [row.item() for row in x] == [1, 2, 3]
    assert x.sum().item() == 6
    assert (len(x), x.ndim, x.size) == (3, 1, 3)
