"""Every optimiser and every schedule against torch's."""

import copy

import numpy as np
import pytest

from dlbook import nn, optim
from dlbook.optim import lr_scheduler

torch = pytest.importorskip("torch")
torch.set_num_threads(1)

STEPS = 50


@pytest.fixture(autouse=True)
def double_precision():
    """Without it torch's NAdam holds its product of momenta in single precision."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


SETTINGS = {
    "SGD": [
        {"lr": 0.1},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.4},
        {"lr": 0.03, "momentum": 0.7, "weight_decay": 0.05},
        {"lr": 0.03, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True},
    ],
    "Adagrad": [
        {},
        {"lr": 0.3, "lr_decay": 0.1, "weight_decay": 0.02},
        {"initial_accumulator_value": 0.5, "eps": 1e-3},
    ],
    "Adadelta": [{}, {"lr": 0.5, "rho": 0.7, "eps": 1e-3, "weight_decay": 0.1}],
    "RMSprop": [
        {},
        {"alpha": 0.8, "eps": 1e-4, "weight_decay": 0.1},
        {"momentum": 0.9, "lr": 1e-3},
        {"centered": True, "alpha": 0.9, "eps": 1e-2},
        {"centered": True, "momentum": 0.5, "weight_decay": 0.03, "eps": 1e-2},
    ],
    "Adam": [
        {},
        {"lr": 0.05, "betas": (0.7, 0.9), "eps": 1e-3, "weight_decay": 0.1},
        {"amsgrad": True, "betas": (0.5, 0.6), "lr": 0.1},
        {"decoupled_weight_decay": True, "weight_decay": 0.3},
    ],
    "AdamW": [{}, {"lr": 0.1, "weight_decay": 0.5}, {"amsgrad": True, "weight_decay": 0.0, "betas": (0.0, 0.5)}],
    "Adamax": [{}, {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-2, "weight_decay": 0.2}],
    "NAdam": [
        {},
        {"lr": 0.1, "betas": (0.6, 0.8), "momentum_decay": 0.1, "weight_decay": 0.2},
        {"weight_decay": 0.4, "decoupled_weight_decay": True},
    ],
    "RAdam": [
        {},
        {"lr": 0.1, "betas": (0.6, 0.95), "weight_decay": 0.2},
        {"weight_decay": 0.4, "decoupled_weight_decay": True},
        {"betas": (0.9, 0.5)},
    ],
}
CASES = [(name, settings) for name, several in SETTINGS.items() for settings in several]
SHAPES = [(3, 4), (4,), (), (2, 3, 2)]


def irregular_gradients(step):
    """Gradients of very different sizes; the second parameter gets none in every third step, nor in the first."""
    for i, shape in enumerate(SHAPES):
        k = np.arange(np.prod(shape, dtype=int)).reshape(shape) + 1.0
        gradient = np.sin(k * (step + 1.3) + i) * 10.0 ** ((k + step) % 5 - 2)
        yield None if i == 1 and step % 3 == 0 else gradient


def pair(dtype=np.float64):
    start = [np.cos(np.arange(np.prod(shape, dtype=int)).reshape(shape) + i) for i, shape in enumerate(SHAPES)]
    start = [array.astype(dtype) for array in start]
    return [nn.Parameter(array) for array in start], [torch.nn.Parameter(torch.tensor(array)) for array in start]


def give(parameters, twins, step):
    for parameter, twin, gradient in zip(parameters, twins, irregular_gradients(step), strict=True):
        parameter.grad = None if gradient is None else gradient.astype(parameter.data.dtype)
        twin.grad = None if gradient is None else torch.tensor(gradient).to(twin.dtype)


def assert_same(parameters, twins, **tolerance):
    for parameter, twin in zip(parameters, twins, strict=True):
        np.testing.assert_allclose(parameter.data, twin.detach().numpy(), **tolerance)


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_fifty_steps_equal_those_of_torch(name, settings):
    ours, theirs = pair()
    optimizer = getattr(optim, name)(ours, **settings)
    reference = getattr(torch.optim, name)(theirs, **settings)
    for step in range(STEPS):
        give(ours, theirs, step)
        gradients = [parameter.grad for parameter in ours]
        copies = copy.deepcopy(gradients)
        before = [parameter.data for parameter in ours]
        values = copy.deepcopy(before)
        optimizer.step()
        reference.step()
        assert_same(ours, theirs, rtol=1e-10, atol=1e-10)
        for kept, value in zip(gradients + before, copies + values, strict=True):
            np.testing.assert_array_equal(kept, value)  # neither gradients nor earlier values change


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_single_precision_stays(name, settings):
    ours, theirs = pair(np.float32)
    in_numpy = {key: np.float64(value) if isinstance(value, float) else value for key, value in settings.items()}
    optimizer = getattr(optim, name)(ours, **in_numpy)
    reference = getattr(torch.optim, name)(theirs, **settings)
    for step in range(5):
        give(ours, theirs, step)
        optimizer.step()
        reference.step()
    assert_same(ours, theirs, rtol=1e-4, atol=1e-5)
    for parameter in ours:
        assert type(parameter.data) is np.ndarray
        assert parameter.data.dtype == np.float32
        arrays = [value for value in optimizer.state[parameter].values() if isinstance(value, np.ndarray)]
        assert all(array.dtype == np.float32 and array.shape == parameter.shape for array in arrays)


@pytest.mark.parametrize("name", SETTINGS)
def test_groups_have_their_own_settings(name):
    ours, theirs = pair()
    optimizers = []
    for parameters, module in ((ours, optim), (theirs, torch.optim)):
        groups = [{"params": parameters[:2], "weight_decay": 0.2}, {"params": parameters[2], "lr": 0.5}]
        optimizer = getattr(module, name)(groups, lr=0.01)
        optimizer.add_param_group({"params": parameters[3:]})
        optimizers.append(optimizer)
    for step in range(STEPS):
        if step == 20:
            for optimizer in optimizers:
                optimizer.param_groups[1]["lr"] = 0.02
        give(ours, theirs, step)
        for optimizer in optimizers:
            optimizer.step()
        assert_same(ours, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("origin", ["dlbook", "torch"])
@pytest.mark.parametrize(("name", "settings"), CASES)
def test_training_goes_on_from_a_state_dict(name, settings, origin):
    ours, theirs = pair()
    optimizer = getattr(optim, name)(ours, **settings)
    reference = getattr(torch.optim, name)(theirs, **settings)
    for step in range(10):
        give(ours, theirs, step)
        optimizer.step()
        reference.step()
    saved = optimizer.state_dict() if origin == "dlbook" else reference.state_dict()
    copies = [nn.Parameter(parameter.data) for parameter in ours]
    resumed = getattr(optim, name)(copies, lr=123.0)
    resumed.load_state_dict(saved)
    kept = copy.deepcopy(optimizer.state_dict())
    for step in range(10, 20):
        give(ours, theirs, step)
        give(copies, theirs, step)
        optimizer.step()
        resumed.step()
    for parameter, other in zip(ours, copies, strict=True):
        if origin == "dlbook":
            np.testing.assert_array_equal(parameter.data, other.data)
        else:
            np.testing.assert_allclose(parameter.data, other.data, rtol=1e-10, atol=1e-10)
    if origin == "dlbook":  # what was saved is a copy, on which the steps left no trace
        np.testing.assert_equal(saved, kept)


def double(t):
    return 0.9**t


def sawtooth(t):
    return 1 / (1 + t % 7)


SCHEDULES = {
    "LambdaLR": [{"lr_lambda": double}, {"lr_lambda": [double, sawtooth]}],
    "StepLR": [{"step_size": 7}, {"step_size": 1, "gamma": 0.8}],
    "MultiStepLR": [{"milestones": [3, 20, 20, 41], "gamma": 0.3}],
    "ConstantLR": [{}, {"factor": 0.7, "total_iters": 11}],
    "LinearLR": [{}, {"start_factor": 0.9, "end_factor": 0.1, "total_iters": 33}],
    "ExponentialLR": [{"gamma": 0.93}],
    "PolynomialLR": [{}, {"total_iters": 40, "power": 2.5}],
    "CosineAnnealingLR": [{"T_max": 60}, {"T_max": 13, "eta_min": 1e-3}],
    "CosineAnnealingWarmRestarts": [{"T_0": 7}, {"T_0": 4, "T_mult": 2, "eta_min": 1e-3}, {"T_0": 1}],
    "OneCycleLR": [
        {"max_lr": 0.7, "total_steps": 60},
        {"max_lr": [0.7, 0.3], "epochs": 8, "steps_per_epoch": 9, "anneal_strategy": "linear", "pct_start": 0.41},
        {"max_lr": 1.0, "total_steps": 70, "three_phase": True, "base_momentum": [0.7, 0.8], "max_momentum": 0.9},
        {"max_lr": 1.0, "total_steps": 60, "cycle_momentum": False, "div_factor": 7.0, "final_div_factor": 3.0},
    ],
}


def two_schedules(build, kind="SGD"):
    """(optimiser, schedule) of dlbook and of torch: two groups with a rate each."""
    both = []
    for optimizers, schedules, parameters in zip(
        (optim, torch.optim), (lr_scheduler, torch.optim.lr_scheduler), pair(), strict=True
    ):
        settings = {"momentum": 0.5} if kind == "SGD" else {}
        groups = [{"params": parameters[:1]}, {"params": parameters[1:], "lr": 0.2}]
        optimizer = getattr(optimizers, kind)(groups, lr=0.05, **settings)
        both.append((optimizer, build(schedules, optimizer)))
    both[1][0].step()  # torch warns where a schedule moves before any step
    return both


def assert_same_rates(ours, theirs):
    (optimizer, scheduler), (reference, torch_scheduler) = ours, theirs
    np.testing.assert_allclose(scheduler.get_last_lr(), torch_scheduler.get_last_lr(), rtol=1e-12, atol=1e-12)
    for group, other in zip(optimizer.param_groups, reference.param_groups, strict=True):
        for name in {"lr", "momentum", "betas"} & set(group):
            np.testing.assert_allclose(group[name], other[name], rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize(("name", "settings"), [(name, one) for name, several in SCHEDULES.items() for one in several])
def test_sixty_rates_equal_those_of_torch(name, settings, kind):
    ours, theirs = two_schedules(lambda schedules, optimizer: getattr(schedules, name)(optimizer, **settings), kind)
    assert_same_rates(ours, theirs)
    for _ in range(60):
        ours[1].step()
        theirs[1].step()
        assert_same_rates(ours, theirs)


@pytest.mark.parametrize(
    "settings",
    [
        {"patience": 2},
        {"patience": 0, "factor": 0.5, "threshold": 0.01, "threshold_mode": "abs", "cooldown": 3},
        {"mode": "max", "patience": 1, "factor": 0.9, "min_lr": [0.01, 0.15]},
        {"mode": "max", "threshold_mode": "abs", "threshold": 0.1, "patience": 3, "eps": 1e-3},
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_plateaus_are_seen_where_torch_sees_them(settings, sign):
    ours, theirs = two_schedules(lambda schedules, optimizer: schedules.ReduceLROnPlateau(optimizer, **settings))
    values = sign * np.round(np.cos(np.arange(60.0)) + 3 / (1 + np.arange(60.0)), 1)
    values[13] = np.nan
    for value in values:
        ours[1].step(value)
        theirs[1].step(value)
        assert_same_rates(ours, theirs)


SEQUENCES = [
    ([("LinearLR", {}), ("ExponentialLR", {"gamma": 0.9})], [5]),
    (
        [("ConstantLR", {"total_iters": 30}), ("CosineAnnealingLR", {"T_max": 20}), ("StepLR", {"step_size": 3})],
        [9, 30],
    ),
    ([("LinearLR", {"total_iters": 8}), ("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 2})], [8]),
    ([("PolynomialLR", {"total_iters": 20}), ("MultiStepLR", {"milestones": [2, 4]}), ("LinearLR", {})], [6, 40]),
]


@pytest.mark.parametrize(("parts", "milestones"), SEQUENCES)
def test_schedules_in_a_row_equal_those_of_torch(parts, milestones):
    def build(schedules, optimizer):
        several = [getattr(schedules, name)(optimizer, **settings) for name, settings in parts]
        return schedules.SequentialLR(optimizer, several, milestones)

    ours, theirs = two_schedules(build)
    assert_same_rates(ours, theirs)
    for _ in range(60):
        ours[1].step()
        theirs[1].step()
        assert_same_rates(ours, theirs)
