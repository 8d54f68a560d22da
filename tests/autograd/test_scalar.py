import gc
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlbook.autograd import Value, forward_sweep, topological_order

torch.set_num_threads(1)

UNARY = {
    "exp": lambda x: (x * 0.1).exp(),
    "log": lambda x: (x * x + 0.5).log(),
    "sqrt": lambda x: (x * x + 0.5).sqrt(),
    "sin": lambda x: x.sin(),
    "cos": lambda x: x.cos(),
    "tanh": lambda x: x.tanh(),
    "sigmoid": lambda x: x.sigmoid(),
    "relu": lambda x: x.relu(),
    "neg": lambda x: -x,
    "square": lambda x: x.tanh() ** 2,
    "cube": lambda x: x.tanh() ** 3,
    "inverse": lambda x: (x * x + 1) ** -1,
    "root": lambda x: (x * x + 1) ** 0.5,
    "left minus": lambda x: 1 - x,
    "left times": lambda x: 2 * x,
    "left over": lambda x: 2 / (x * x + 1),
    "left power": lambda x: 2 ** x.tanh(),
}
BINARY = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x.tanh() * y,
    "/": lambda x, y: x / (y * y + 1),
    "**": lambda x, y: (x * x + 0.5) ** y.tanh(),
}
number = st.floats(-2, 2, allow_subnormal=False)
step = st.one_of(
    st.tuples(st.sampled_from(sorted(UNARY)), st.integers(0, 20)),
    st.tuples(st.sampled_from(sorted(BINARY)), st.integers(0, 20), st.integers(0, 20)),
)


def program(leaves, steps):
    """Run steps that each take earlier results, so that most are used several times."""
    results = list(leaves)
    for name, *sources in steps:
        f = UNARY.get(name) or BINARY[name]
        results.append(f(*(results[source % len(results)] for source in sources)))
    return results


@settings(max_examples=150, deadline=None)
@given(st.lists(number, min_size=1, max_size=3), st.lists(step, min_size=1, max_size=10))
def test_random_expressions_agree_with_torch(numbers, steps):
    ours = [Value(x) for x in numbers]
    theirs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in numbers]
    mine, right = program(ours, steps)[-1], program(theirs, steps)[-1]
    right.backward()
    mine.backward()
    assert mine.data == pytest.approx(right.item(), rel=1e-10, abs=1e-10)
    for leaf, twin in zip(ours, theirs, strict=True):
        expected = 0.0 if twin.grad is None else twin.grad.item()
        assert leaf.grad == pytest.approx(expected, rel=1e-10, abs=1e-10)


@settings(max_examples=60, deadline=None)
@given(st.lists(number, min_size=1, max_size=3), st.lists(step, min_size=1, max_size=10))
def test_forward_sweep_agrees_with_reverse(numbers, steps):
    leaves = [Value(x) for x in numbers]
    result = program(leaves, steps)[-1]
    result.backward()
    for leaf in leaves:
        below = forward_sweep(result, leaf)
        if leaf in below:
            assert below[result] == pytest.approx(leaf.grad, rel=1e-10, abs=1e-10)


def test_the_books_graph():
    a, b = Value(2, "a"), Value(1, "b")
    c, d = a + b, b + 1
    e = c * d
    e.backward()
    assert (c.data, d.data, e.data) == (3, 2, 6)
    assert (a.grad, b.grad, c.grad, d.grad, e.grad) == (2, 5, 2, 3, 1)
    assert e.partials == (2, 3)


def test_a_node_used_twice():
    b = Value(3)
    (b * b + b).backward()
    assert b.grad == 7
    x = Value(2)
    left, right = x * 3, x * 5
    ((left + right) * left).backward()
    assert x.grad == 96  # d 24x² / dx


def test_second_backward_adds_one_copy_to_leaves_and_renews_inner_nodes():
    x = Value(3)
    inner = x * x
    y = inner * inner
    for times in (1, 2, 3):
        y.backward()
        assert x.grad == times * 108
        assert inner.grad == 18
        assert y.grad == 1
    y.zero_grad()
    assert (x.grad, inner.grad, y.grad) == (0, 0, 0)
    y.backward()
    assert x.grad == 108


def test_two_results_share_a_leaf():
    x = Value(2)
    shared = x * x
    (shared + 1).backward()
    (shared * 10).backward()
    assert x.grad == 44


def test_backward_with_a_factor():
    x = Value(2)
    (x * x).backward(0.5)
    assert x.grad == 2


def test_a_deep_chain():
    x = Value(1)
    y = x
    for _ in range(10_000):
        y = y + x * 0.5
    y.backward()
    assert x.grad == 5001
    assert len(topological_order(y)) == 30_001


def test_a_very_deep_chain_can_be_let_go():
    y = Value(1.0)
    for _ in range(200_000):
        y = -y
    y.backward()
    del y
    gc.collect()


def test_topological_order_puts_parents_first():
    x = Value(1)
    a = x.exp()
    b = a * x
    order = topological_order(b + a)
    assert [order.index(n) for n in (x, a, b)] == sorted(order.index(n) for n in (x, a, b))
    assert len(order) == 4


def test_numpy_scalar_on_the_left():
    x = Value(3)
    y = np.float64(2) * x + np.float64(1)
    assert isinstance(y, Value)
    assert y.data == 7


@pytest.mark.parametrize("x", [-1000.0, 1000.0])
def test_sigmoid_does_not_overflow(x):
    v = Value(x)
    v.sigmoid().backward()
    assert v.grad == 0


def test_relu_at_zero():
    x = Value(0)
    x.relu().backward()
    assert x.grad == 0


@pytest.mark.parametrize(("base", "exponent", "slope"), [(0.0, 0, 0.0), (0.0, 1, 1.0), (0.0, 2, 0.0), (-2.0, 3, 12.0)])
def test_whole_powers(base, exponent, slope):
    x = Value(base)
    (x**exponent).backward()
    assert x.grad == slope


def test_errors_name_what_came():
    with pytest.raises(ValueError, match="ndarray: use Tensor"):
        Value(np.zeros(3))
    with pytest.raises(ValueError, match=r"log expects a positive number, got -1\.0"):
        Value(-1).log()
    with pytest.raises(ValueError, match="whole exponent"):
        Value(-1) ** 0.5
    with pytest.raises(ValueError, match="use Tensor"):
        np.zeros(3) * Value(1)


def test_repr():
    x = Value(2, "x")
    assert repr(x) == "Value(2, grad=0, label='x')"
    assert math.isclose((x * 0.5).data, 1)
