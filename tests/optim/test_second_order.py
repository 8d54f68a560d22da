import itertools

import numpy as np
import pytest

from dlbook import nn, optim
from dlbook.optim import second_order

X = np.cos(1.3 * np.arange(21.0)).reshape(7, 3)
LABELS = np.array([0, 1, 1, 0, 1, 0, 1])


def small_net(seed=0):
    rng = np.random.default_rng(seed)
    return nn.Sequential(nn.Linear(3, 4, rng=rng), nn.Tanh(), nn.Linear(4, 2, rng=rng))


def gradient_of(model):
    return optim.loss_gradient(model, nn.cross_entropy, nn.cross_entropy_backward, X, LABELS)


def loss_at(model, w):
    second_order.write(model.parameters(), w)
    return nn.cross_entropy(model(X), LABELS)[0]


def spd(d, seed=1):
    root = np.random.default_rng(seed).normal(size=(d, d))
    return root @ root.T + np.eye(d)


def test_product_with_every_axis_is_the_numerical_hessian_of_the_loss():
    model = small_net()
    w = second_order.read(model.parameters())
    gradient = gradient_of(model)
    ours = np.array([optim.hessian_vector_product(gradient, w, e) for e in np.eye(len(w))])
    np.testing.assert_allclose(ours, ours.T, atol=1e-9)
    eps = 1e-4
    for i, j in [(0, 0), (2, 5), (3, 17), (12, 20), (25, 25)]:
        e, f = eps * np.eye(len(w))[[i, j]]
        mixed = sum(s * t * loss_at(model, w + s * e + t * f) for s in (1, -1) for t in (1, -1)) / (4 * eps**2)
        assert ours[i, j] == pytest.approx(mixed, abs=1e-7)


def test_product_equals_that_of_torch():
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    model = small_net()
    w = second_order.read(model.parameters())
    v = np.sin(np.arange(len(w)) + 0.5)
    shapes = [(4, 3), (4,), (2, 4), (2,)]

    def loss(flat):
        parts, start = [], 0
        for shape in shapes:
            size = int(np.prod(shape))
            parts.append(flat[start : start + size].reshape(shape))
            start += size
        a, b, c, d = parts
        logits = torch.tanh(torch.tensor(X) @ a.T + b) @ c.T + d
        return torch.nn.functional.cross_entropy(logits, torch.tensor(LABELS))

    _, theirs = torch.autograd.functional.hvp(loss, torch.tensor(w), torch.tensor(v))
    ours = optim.hessian_vector_product(gradient_of(model), w, v)
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-8, atol=1e-10)


def test_product_equals_that_of_the_graph_engine():
    from dlbook import autograd

    def f(x):
        return (autograd.exp(x) * x * x).sum()

    w, v = np.linspace(-1, 1, 5), np.cos(np.arange(5.0))
    np.testing.assert_allclose(
        optim.hessian_vector_product(autograd.grad(f), w, v), autograd.hvp(f, w, v), rtol=1e-8, atol=1e-9
    )


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_length_of_the_vector_does_not_matter_and_two_gradients_are_taken(scale):
    calls = []
    a = spd(200)
    v = scale * np.cos(np.arange(200.0))
    product = optim.hessian_vector_product(lambda w: calls.append(0) or a @ w, np.sin(np.arange(200.0)), v)
    np.testing.assert_allclose(product, a @ v, rtol=1e-7, atol=1e-8 * np.abs(a @ v).max())
    assert len(calls) == 2
    np.testing.assert_array_equal(optim.hessian_vector_product(lambda w: a @ w, np.ones(200), np.zeros(200)), 0)


def test_the_model_is_left_as_it_was():
    model = small_net()
    before = [parameter.data for parameter in model.parameters()]
    model.parameters()[0].grad = kept = np.ones((4, 3))
    gradient_of(model)(np.ones(26))
    assert all(p.data is b for p, b in zip(model.parameters(), before, strict=True))
    assert model.parameters()[0].grad is kept


def test_conjugate_gradient_solves_in_as_many_steps_as_there_are_eigenvalues():
    a, b = spd(12), np.cos(np.arange(12.0))
    solution = optim.conjugate_gradient(lambda v: a @ v, b, max_steps=40)
    np.testing.assert_allclose(solution.x, np.linalg.solve(a, b), rtol=1e-8)
    assert not solution.curved_down
    two = optim.conjugate_gradient(lambda v: np.array([1.0, 1, 9, 9, 9]) * v, np.arange(1.0, 6))
    assert two.steps == 2
    np.testing.assert_allclose(two.x, np.arange(1.0, 6) / [1, 1, 9, 9, 9])
    assert optim.conjugate_gradient(lambda v: v, np.zeros(3)).steps == 0


def test_conjugate_gradient_stops_where_the_surface_curves_down():
    first = optim.conjugate_gradient(lambda v: -v, np.array([1.0, 2.0]))
    assert first.curved_down
    np.testing.assert_array_equal(first.x, [1, 2])
    assert first.residual == pytest.approx(np.linalg.norm([2.0, 4.0]))
    later = optim.conjugate_gradient(lambda v: np.array([2.0, -1.0]) * v, np.array([2.0, 1.0]))
    assert later.curved_down
    assert later.steps == 2


def test_newton_minimises_a_quadratic_in_one_step_and_is_damped():
    a, b, w = spd(6), np.arange(6.0), np.cos(np.arange(6.0))
    lowest = np.linalg.solve(a, b)
    np.testing.assert_allclose(optim.newton_step(w, a @ w - b, a), lowest, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(optim.newton_step(w, a @ w - b, a, lr=0.5), (w + lowest) / 2, rtol=1e-9, atol=1e-12)
    saddle, grad = np.diag([2.0, -2.0]), np.array([2.0, -1.0])
    np.testing.assert_allclose(optim.newton_step([1.0, 0.5], grad, saddle), [0, 0], atol=1e-15)
    np.testing.assert_allclose(optim.newton_step([1.0, 0.5], grad, saddle, damping=4.0), [1 - 2 / 6, 0.5 + 1 / 2])


def closure_of(model, optimizer):
    def closure():
        optimizer.zero_grad()
        prediction, cache = model.forward(X)
        value, loss_cache = nn.cross_entropy(prediction, LABELS)
        model.backward_parameters(nn.cross_entropy_backward(1.0, loss_cache), cache)
        return value

    return closure


def test_hessian_free_lowers_the_loss_at_every_step():
    model = small_net()
    optimizer = optim.HessianFree(model.parameters(), damping=0.1)
    values = [optimizer.step(closure_of(model, optimizer)) for _ in range(25)]
    assert all(after <= before for before, after in itertools.pairwise(values))
    assert values[-1] < 0.01 < 0.5 < values[0]


def test_hessian_free_refuses_a_step_to_nowhere_and_raises_the_damping():
    parameter = nn.Parameter(np.array([1.0]))
    optimizer = optim.HessianFree([parameter], damping=1.0)

    def closure():
        parameter.grad = np.array([1.0])
        return 0.0 if parameter.data[0] == 1 else np.nan

    assert optimizer.step(closure) == 0
    np.testing.assert_array_equal(parameter.data, [1])
    assert optimizer.damping == 1.5


def test_hessian_free_is_newton_on_a_quadratic():
    model = nn.Linear(3, 1, rng=np.random.default_rng(2))
    optimizer = optim.HessianFree(model.parameters(), damping=0.0, tol=1e-10)
    x = np.random.default_rng(4).normal(size=(9, 3))
    target = x @ [[1.0], [-2.0], [0.5]] + 3

    def closure():
        optimizer.zero_grad()
        y, cache = model.forward(x)
        value, loss_cache = nn.mse_loss(y, target)
        model.backward_parameters(nn.mse_loss_backward(1.0, loss_cache), cache)
        return value

    optimizer.step(closure)
    np.testing.assert_allclose(model.weight.data, [[1, -2, 0.5]], rtol=1e-6)
    np.testing.assert_allclose(model.bias.data, [3], rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: optim.hessian_vector_product(np.copy, np.ones(3), np.ones(2)), r"v: expected shape \(3,\)"),
        (lambda: optim.hessian_vector_product(np.copy, np.ones((3, 1)), np.ones(3)), r"w: expected one vector"),
        (lambda: optim.hessian_vector_product(np.copy, np.ones(3), np.ones(3), eps=0.0), "eps: expected"),
        (lambda: optim.conjugate_gradient(lambda v: v[:1], np.ones(3)), r"product: expected shape \(3,\)"),
        (lambda: optim.newton_step(np.ones(2), np.ones(3), np.eye(2)), r"grad: expected shape \(2,\)"),
        (lambda: optim.newton_step(np.ones(2), np.ones(2), np.eye(3)), r"hessian: expected shape \(2, 2\)"),
        (lambda: optim.newton_step(np.ones(2), np.ones(2), np.zeros((2, 2))), "add damping"),
        (lambda: second_order.write([nn.Parameter(np.ones(2))], np.ones(3)), r"w: expected shape \(2,\)"),
        (lambda: optim.HessianFree([nn.Parameter(np.ones(2))], damping=-1.0), "damping: expected at least 0"),
    ],
)
def test_errors_name_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()
