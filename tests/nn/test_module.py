import numpy as np
import pytest

from dlbook import nn


def network(seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return nn.Sequential(nn.Linear(5, 4, rng=rng, dtype=dtype), nn.Tanh(), nn.Linear(4, 3, rng=rng, dtype=dtype))


X = np.cos(np.arange(10.0)).reshape(2, 5)
DY = np.sin(np.arange(6.0) + 1).reshape(2, 3)


def gradients(module):
    return {name: parameter.grad for name, parameter in module.named_parameters()}


class TwoHeads(nn.Module):
    """A module by hand: attributes, a list, and a layer that is used under two names."""

    def __init__(self, rng):
        self.trunk = nn.Linear(5, 4, rng=rng)
        self.heads = [nn.Linear(4, 1, rng=rng), nn.Linear(4, 2, rng=rng)]
        self.again = self.trunk
        self.scale = nn.Parameter(2.0)


def test_names_follow_torch():
    assert [name for name, _ in network().named_parameters()] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    module = TwoHeads(np.random.default_rng(0))
    unique = ["scale", "trunk.weight", "trunk.bias"] + [
        f"heads.{i}.{part}" for i in (0, 1) for part in ("weight", "bias")
    ]
    assert [name for name, _ in module.named_parameters()] == unique
    assert set(module.state_dict()) == {*unique, "again.weight", "again.bias"}
    assert len(module.parameters()) == 7


def test_parameter_copies_and_keeps_its_precision():
    array = np.arange(3)
    parameter = nn.Parameter(array)
    assert parameter.data.dtype == np.float64
    assert nn.Parameter(np.ones(2, np.float32)).data.dtype == np.float32
    assert nn.Parameter(np.ones(2), np.float32).data.dtype == np.float32
    parameter.data += 1
    np.testing.assert_array_equal(array, [0, 1, 2])
    with pytest.raises(ValueError, match=r"gradient: expected shape \(3,\).*got \(2,\)"):
        parameter.accumulate(np.ones(2))


def test_calling_twice_before_going_back_adds_the_gradients():
    model = network()
    other = X[::-1] * 2
    _, first = model.forward(X)
    _, second = model.forward(other)
    dx_first = model.backward(DY, first)
    dx_second = model.backward(-3 * DY, second)
    both = gradients(model)

    separate = []
    for x, dy, dx in ((X, DY, dx_first), (other, -3 * DY, dx_second)):
        alone = network()
        np.testing.assert_array_equal(alone.backward(dy, alone.forward(x)[1]), dx)
        separate.append(gradients(alone))
    for name, gradient in both.items():
        np.testing.assert_allclose(gradient, separate[0][name] + separate[1][name], rtol=1e-14)


def test_one_layer_in_two_places():
    layer = nn.Linear(4, 4, rng=np.random.default_rng(0))
    model = nn.Sequential(layer, nn.Tanh(), layer)
    assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias"]
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    x = X[:, :4]
    dy = DY[:, [0, 1, 2, 0]]
    model.backward(dy, model.forward(x)[1])
    step = 1e-6
    gradient = layer.weight.grad
    for index in ((0, 0), (2, 3)):
        change = np.zeros((4, 4))
        change[index] = step
        start = layer.weight.data
        layer.weight.data = start + change
        above = np.sum(dy * model(x))
        layer.weight.data = start - change
        below = np.sum(dy * model(x))
        layer.weight.data = start
        np.testing.assert_allclose(gradient[index], (above - below) / (2 * step), atol=1e-8)


def test_backward_parameters_gives_the_same_gradients_without_that_of_the_input():
    rng = np.random.default_rng(0)
    with_activation_first = nn.Sequential(nn.Tanh(), nn.Linear(5, 3, rng=rng), nn.Sigmoid())
    for model in (network(), with_activation_first):
        model.backward(DY, model.forward(X)[1])
        whole = gradients(model)
        model.zero_grad()
        assert set(gradients(model).values()) == {None}
        assert model.backward_parameters(DY, model.forward(X)[1]) is None
        for name, gradient in gradients(model).items():
            np.testing.assert_array_equal(gradient, whole[name])
    without = nn.Sequential(nn.Tanh(), nn.ReLU())
    without.backward_parameters(X, without.forward(X)[1])


def test_going_back_twice_by_one_cache_doubles_the_gradients():
    model = network()
    _, cache = model.forward(X)
    model.backward(DY, cache)
    once = gradients(model)
    model.backward(DY, cache)
    for name, gradient in gradients(model).items():
        np.testing.assert_allclose(gradient, 2 * once[name], rtol=1e-15)


def test_single_precision_stays():
    model = network(dtype=np.float32)
    y, cache = model.forward(X.astype(np.float32))
    assert y.dtype == np.float32
    assert model.backward(DY.astype(np.float32), cache).dtype == np.float32
    assert {gradient.dtype for gradient in gradients(model).values()} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(model[0].weight.data, network()[0].weight.data.astype(np.float32))


def test_state_dict_is_a_copy():
    model = network()
    state = model.state_dict()
    state["0.weight"][:] = 0
    assert np.all(model[0].weight.data != 0)
    model.load_state_dict(state)
    state["0.weight"][:] = 7
    assert np.all(model[0].weight.data == 0)


def test_state_dict_that_does_not_fit_changes_nothing():
    model, other = network(), network(seed=1)
    before = model.state_dict()
    wrong = other.state_dict()
    del wrong["2.bias"]
    wrong["3.weight"] = np.ones(2)
    wrong["0.weight"] = wrong["0.weight"].T
    with pytest.raises(ValueError, match=r"missing 2\.bias; unexpected 3\.weight; ") as raised:
        model.load_state_dict(wrong)
    assert "0.weight: expected shape (4, 5), got (5, 4)" in str(raised.value)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_training_and_evaluation_mode_reach_every_module():
    model = nn.Sequential(network(), nn.ReLU())
    assert model.training
    assert model.eval() is model
    assert not any(module.training for module in (model, model[0], model[0][2], model[1]))
    model.train()
    assert model[0][2].training


class Counting(nn.Module):
    """A module with a buffer between its parameters and its child."""

    def __init__(self, rng):
        self.calls = nn.Buffer(0)
        self.scale = nn.Parameter(2.0)
        self.inner = nn.Linear(5, 5, rng=rng)
        self.spread = nn.Buffer([1, 2], np.float32)


def test_buffers_stand_in_the_state_dict_and_are_not_learnt():
    module = Counting(np.random.default_rng(0))
    assert [name for name, _ in nn.Sequential(module).named_buffers()] == ["0.calls", "0.spread"]
    assert [name for name, _ in module.named_parameters()] == ["scale", "inner.weight", "inner.bias"]
    state = module.state_dict()
    assert list(state) == ["scale", "calls", "spread", "inner.weight", "inner.bias"]
    assert [(state[name].dtype, state[name].shape) for name in ("calls", "spread")] == [
        (np.dtype(int), ()),
        (np.dtype(np.float32), (2,)),
    ]
    state["calls"] += 3
    assert module.calls.data == 0
    module.load_state_dict(state | {"spread": np.array([0.5, 0.25])})
    assert (int(module.calls.data), module.calls.data.dtype) == (3, np.dtype(int))
    np.testing.assert_array_equal(module.spread.data, np.array([0.5, 0.25], np.float32))
    with pytest.raises(ValueError, match=r"missing calls; spread: expected shape \(2,\), got \(1,\)"):
        module.load_state_dict({k: v for k, v in state.items() if k != "calls"} | {"spread": np.ones(1)})
    assert repr(module.spread) == "Buffer(shape=(2,), dtype=float32)"


def test_modules_from_outside_in():
    layer = nn.Tanh()
    model = nn.Sequential(nn.Sequential(layer), nn.Residual(layer))
    assert [type(module).__name__ for module in model.modules()] == ["Sequential", "Sequential", "Tanh", "Residual"]


def test_residual(numerical_gradient):
    rng = np.random.default_rng(0)
    block = nn.Residual(nn.Sequential(nn.Linear(5, 5, rng=rng), nn.Tanh()))
    y, cache = block.forward(X)
    np.testing.assert_array_equal(y, X + block.module(X))
    np.testing.assert_array_equal(block(X), y)
    dy = np.sin(np.arange(10.0)).reshape(2, 5)
    np.testing.assert_allclose(block.backward(dy, cache), numerical_gradient(block, X, dy), atol=1e-8)
    whole = gradients(block)
    assert list(whole) == ["module.0.weight", "module.0.bias"]
    block.zero_grad()
    assert block.backward_parameters(dy, cache) is None
    for name, gradient in gradients(block).items():
        np.testing.assert_array_equal(gradient, whole[name])


def test_gradient_gets_round_a_dead_module():
    block = nn.Residual(nn.Sequential(nn.Linear(5, 5, rng=np.random.default_rng(0)), nn.Step()))
    _, cache = block.forward(X)
    np.testing.assert_array_equal(block.backward(X + 1, cache), X + 1)


def test_residual_needs_equal_shapes():
    rng = np.random.default_rng(0)
    for changed in (nn.Linear(5, 4, rng=rng), nn.Linear(5, 1, rng=rng)):
        with pytest.raises(ValueError, match=r"keeps the shape \(2, 5\) of its input, got \(2, [14]\)"):
            nn.Residual(changed)(X)
        with pytest.raises(ValueError, match="Residual: expected a module that keeps the shape"):
            nn.Residual(changed).forward(X)
    with pytest.raises(ValueError, match="Residual: expected a module, got function"):
        nn.Residual(nn.tanh)


def test_sequential_as_a_sequence():
    model = network()
    assert len(model) == 3
    assert [type(module) for module in model] == [nn.Linear, nn.Tanh, nn.Linear]
    np.testing.assert_array_equal(model[1:](model[0](X)), model(X))
    np.testing.assert_array_equal(nn.Sequential()(X), X)
    assert repr(model) == "Sequential(\n  (0): Linear(5, 4)\n  (1): Tanh()\n  (2): Linear(4, 3)\n)"
    with pytest.raises(ValueError, match="expected modules, got function at position 1"):
        nn.Sequential(nn.Tanh(), nn.tanh)


def test_a_module_without_passes_says_so():
    with pytest.raises(NotImplementedError, match=r"TwoHeads has no forward\(x\)"):
        TwoHeads(np.random.default_rng(0))(X)
