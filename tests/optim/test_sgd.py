import numpy as np
import pytest

from dlbook import nn, optim

GRADIENTS = [np.cos(np.arange(6.0) + k).reshape(2, 3) for k in range(5)]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"momentum": 0.9},
        {"weight_decay": 0.1},
        {"momentum": 0.7, "weight_decay": 0.03},
        {"momentum": 0.9, "weight_decay": 0.01, "nesterov": True},
    ],
)
def test_steps_equal_those_of_torch(settings):
    torch = pytest.importorskip("torch")
    start = np.sin(np.arange(6.0)).reshape(2, 3)
    ours, theirs = nn.Parameter(start), torch.nn.Parameter(torch.tensor(start))
    never_used = nn.Parameter(np.ones(2))
    sgd = optim.SGD([ours, never_used], lr=0.3, **settings)
    torch_sgd = torch.optim.SGD([theirs], lr=0.3, **settings)
    for k, gradient in enumerate(GRADIENTS):
        sgd.lr = torch_sgd.param_groups[0]["lr"] = 0.3 / (k + 1)
        ours.grad, theirs.grad = gradient.copy(), torch.tensor(gradient)
        sgd.step()
        torch_sgd.step()
        np.testing.assert_allclose(ours.data, theirs.detach().numpy(), rtol=1e-13)
        np.testing.assert_array_equal(ours.grad, gradient)
    np.testing.assert_array_equal(never_used.data, np.ones(2))


def test_a_step_leaves_earlier_arrays_alone():
    parameter = nn.Parameter(np.ones(3))
    before = parameter.data
    sgd = optim.SGD([parameter], lr=1.0)
    parameter.grad = np.arange(3.0)
    sgd.step()
    np.testing.assert_array_equal(before, np.ones(3))
    np.testing.assert_array_equal(parameter.data, [1, 0, -1])
    sgd.zero_grad()
    assert parameter.grad is None


@pytest.mark.parametrize("shape", [(), (2,)])
def test_single_precision_stays_whatever_the_learning_rate_is(shape):
    parameter = nn.Parameter(np.ones(shape, np.float32))
    parameter.grad = np.ones(shape, np.float32)
    optim.SGD([parameter], lr=np.float64(0.1), momentum=0.5, weight_decay=0.1).step()
    assert parameter.data.dtype == np.float32
    assert parameter.data.shape == shape


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], 0.1), "at least one Parameter"),
        (([np.ones(2)], 0.1), "expected Parameters, got ndarray"),
        (([nn.Parameter(1.0)], -0.1), "lr: expected a learning rate of at least 0, got -0.1"),
        (([nn.Parameter(1.0)], 0.1, -1), "momentum: expected at least 0, got -1"),
        (([nn.Parameter(1.0)], 0.1, 0, 0, float("nan")), "weight_decay: expected at least 0, got nan"),
    ],
)
def test_wrong_settings_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        optim.SGD(*arguments)
    with pytest.raises(ValueError, match="nesterov: expected a momentum above 0"):
        optim.SGD([nn.Parameter(1.0)], 0.1, nesterov=True)
