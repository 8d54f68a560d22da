import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlbook.autograd import (
    Dual,
    Tensor,
    Value,
    cos,
    exp,
    grad,
    hvp,
    jacobian,
    jvp,
    log,
    relu,
    sigmoid,
    sin,
    sqrt,
    tanh,
    value_and_grad,
    vjp,
)

torch.set_num_threads(1)

A = np.cos(np.arange(12.0)).reshape(3, 4)
FUNCTIONS = {
    "elementwise": lambda x: exp(x * 0.3) * sin(x) - cos(x) / (x * x + 1) + tanh(x) ** 3,
    "roots": lambda x: sqrt(x * x + 0.5) + log(x * x + 0.5) + (x * x + 1) ** 0.5,
    "squash": lambda x: sigmoid(x) * relu(x) + 2 ** tanh(x),
    "left": lambda x: 2 / (x * x + 1) + (1 - x) + 3 * x - (-x),
    "array left": lambda x: A * x + (A @ x).reshape(3, 1) - A / (x * x + 1),
    "matmul": lambda x: A @ x,
    "matmul right": lambda x: x @ A.T,
    "quadratic": lambda x: (x * (A.T @ (A @ x))).sum(),
    "reduce": lambda x: x.sum() * x.mean() + x.max(),
    "outer": lambda x: x.reshape(4, 1) * x.reshape(1, 4),
    "softmax": lambda x: (x.reshape(2, 2)).softmax(),
    "log_softmax": lambda x: x.reshape(2, 2).log_softmax(0),
    "index": lambda x: x[1:3] * x[0],
    "T": lambda x: (x.reshape(2, 2).T @ x.reshape(2, 2)).max(axis=1),
    "power": lambda x: (x * x + 0.5) ** x,
    "constant": lambda x: x.sum() * 0 + 1,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_both_modes_agree_and_count_their_sweeps(name):
    f, x = FUNCTIONS[name], np.array([0.3, -1.2, 0.8, 2.0])
    reverse, forward = jacobian(f, x), jacobian(f, x, mode="forward")
    np.testing.assert_allclose(reverse.matrix, forward.matrix, rtol=1e-10, atol=1e-10)
    outputs = reverse.matrix.size // 4
    assert reverse.matrix.shape[-1] == 4
    assert (reverse.sweeps, forward.sweeps) == (outputs, 4)


@pytest.mark.parametrize("name", ["elementwise", "roots", "left"])
def test_jacobian_agrees_with_torch(name):
    x = np.array([0.3, -1.2, 0.8, 2.0])
    functional = {
        "elementwise": lambda x: torch.exp(x * 0.3) * torch.sin(x) - torch.cos(x) / (x * x + 1) + torch.tanh(x) ** 3,
        "roots": lambda x: torch.sqrt(x * x + 0.5) + torch.log(x * x + 0.5) + (x * x + 1) ** 0.5,
        "left": FUNCTIONS["left"],
    }[name]
    expected = torch.autograd.functional.jacobian(functional, torch.tensor(x))
    np.testing.assert_allclose(jacobian(FUNCTIONS[name], x).matrix, expected.numpy(), rtol=1e-10, atol=1e-10)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(sorted(FUNCTIONS)), st.integers(0, 1000))
def test_jvp_and_vjp_meet(name, seed):
    rng = np.random.default_rng(seed)
    x, v = rng.normal(size=(2, 4))
    y, tangent = jvp(FUNCTIONS[name], x, v)
    z, pullback = vjp(FUNCTIONS[name], x)
    u = rng.normal(size=z.shape)
    np.testing.assert_allclose(y, z, rtol=1e-12)
    assert np.sum(u * tangent) == pytest.approx(np.sum(pullback(u) * v), rel=1e-9, abs=1e-9)
    np.testing.assert_allclose(pullback(2 * u), 2 * pullback(u))


@pytest.mark.parametrize("f", [exp, log, sqrt, sin, cos, tanh, sigmoid, relu])
def test_functions_take_everything(f):
    x = 0.7
    expected = float(f(x))
    v, t, d = Value(x), Tensor(x), Dual(x, 1.0)
    f(v).backward()
    f(t).backward()
    assert f(np.array([x]))[0] == expected
    assert f(v).data == pytest.approx(expected, rel=1e-14)
    assert f(t).item() == pytest.approx(expected, rel=1e-14)
    assert f(d).value == pytest.approx(expected, rel=1e-14)
    assert v.grad == pytest.approx(t.grad.item(), rel=1e-14)
    assert v.grad == pytest.approx(float(f(d).tangent), rel=1e-14)


def test_dual_numbers_of_the_book():
    def e(a, b):
        return (a + b) * (b + 1)

    assert e(Dual(2, 1), Dual(1, 0)).tangent == 2
    assert e(Dual(2, 0), Dual(1, 1)).tangent == 5


def test_duals_nest():
    x = Dual(Dual(2.0, 1.0), Dual(1.0, 0.0))
    y = x**3 + exp(x) * sin(x)
    assert y.value.value == pytest.approx(8 + np.exp(2) * np.sin(2))
    assert y.value.tangent == pytest.approx(12 + np.exp(2) * (np.sin(2) + np.cos(2)))
    assert y.tangent.tangent == pytest.approx(12 + 2 * np.exp(2) * np.cos(2))


def test_hessian_times_vector_agrees_with_torch():
    x, v = np.array([0.3, -1.2, 0.8, 2.0]), np.array([1.0, -2.0, 0.5, 0.1])
    ours = hvp(lambda x: (tanh(A @ x) ** 2).sum() + (x**3).sum(), x, v)
    m = torch.tensor(A)
    _, right = torch.autograd.functional.hvp(
        lambda x: (torch.tanh(m @ x) ** 2).sum() + (x**3).sum(), torch.tensor(x), torch.tensor(v)
    )
    np.testing.assert_allclose(ours, right.numpy(), rtol=1e-10)


def test_tangents_of_constants_broadcast():
    y = (Dual(3.0, 1.0) + np.zeros(4)).sum()
    assert (y.value, y.tangent) == (12, 4)


def test_grad():
    def loss(w, x, b):
        return ((x @ w + b) ** 2).sum()

    w, x = np.array([1.0, -2.0]), np.arange(6.0).reshape(3, 2)
    np.testing.assert_allclose(grad(loss)(w, x, 0.5), 2 * x.T @ (x @ w + 0.5))
    np.testing.assert_allclose(grad(loss, argnum=2)(w, x, 0.5), 2 * (x @ w + 0.5).sum())
    value, gradient = value_and_grad(sin)(0.0)
    assert (value, gradient) == (0, 1)
    assert grad(lambda x: 3.0)(1.0) == 0
    with pytest.raises(ValueError, match=r"one number, got shape \(2,\)"):
        grad(lambda w: w * 2)(w)


def test_functions_that_return_several():
    f = lambda x: [x[0] * x[1], x.sum()]  # noqa: E731
    y, pullback = vjp(f, [2.0, 3.0])
    assert y.tolist() == [6, 5]
    assert pullback([1.0, 0.0]).tolist() == [3, 2]


def test_jacobian_in_and_out_of_matrices():
    x = np.arange(6.0).reshape(2, 3)
    for mode in ("reverse", "forward"):
        matrix, _ = jacobian(lambda x: x.T * 2, x, mode)
        assert matrix.shape == (3, 2, 2, 3)
        assert matrix[2, 1, 1, 2] == 2
        assert matrix.sum() == 12


def test_errors_name_what_came():
    with pytest.raises(ValueError, match=r"x's shape \(2,\), got \(3,\)"):
        jvp(sin, np.zeros(2), np.zeros(3))
    with pytest.raises(ValueError, match="'sideways'"):
        jacobian(sin, np.zeros(2), "sideways")
    with pytest.raises(ValueError, match=r"shape \(2,\), got \(3,\)"):
        Dual(np.zeros(2), np.zeros(3))
    with pytest.raises(ValueError, match=r"got shape \(3,\)"):
        Dual(1.0, np.zeros(3))
