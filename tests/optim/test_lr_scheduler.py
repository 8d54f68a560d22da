"""State and errors of the schedules; test_parity.py holds their rates."""

import json

import numpy as np
import pytest

from dlbook import nn, optim
from dlbook.optim import lr_scheduler


def sgd(**settings):
    groups = [{"params": nn.Parameter(np.ones(2))}, {"params": nn.Parameter(np.ones(3)), "lr": 0.2}]
    return optim.SGD(groups, lr=0.1, **settings)


def warm_up_then_cosine(optimizer):
    parts = [lr_scheduler.LinearLR(optimizer), lr_scheduler.CosineAnnealingLR(optimizer, 9)]
    return lr_scheduler.SequentialLR(optimizer, parts, [5])


BUILDS = {
    "LambdaLR": lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda t: 1 / (1 + t)),
    "MultiStepLR": lambda optimizer: lr_scheduler.MultiStepLR(optimizer, [3, 12]),
    "CosineAnnealingWarmRestarts": lambda optimizer: lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 3, 2),
    "OneCycleLR": lambda optimizer: lr_scheduler.OneCycleLR(optimizer, 1.0, 30),
    "ReduceLROnPlateau": lambda optimizer: lr_scheduler.ReduceLROnPlateau(optimizer, patience=2),
    "SequentialLR": warm_up_then_cosine,
}


@pytest.mark.parametrize("name", BUILDS)
def test_a_schedule_goes_on_from_its_state_dict(name):
    def step(scheduler, t):
        scheduler.step(*([abs(t - 4.0)] if name == "ReduceLROnPlateau" else []))

    optimizer, other = sgd(momentum=0.5), sgd(momentum=0.5)
    scheduler, resumed = BUILDS[name](optimizer), BUILDS[name](other)
    for t in range(10):
        step(scheduler, t)
    state = json.loads(json.dumps(scheduler.state_dict()))
    other.load_state_dict(optimizer.state_dict())
    resumed.load_state_dict(state)
    assert resumed.get_last_lr() == scheduler.get_last_lr()
    for t in range(10, 25):
        step(scheduler, t)
        step(resumed, t)
        assert resumed.get_last_lr() == scheduler.get_last_lr()
        assert other.state_dict() == optimizer.state_dict()


def test_the_state_of_another_schedule_is_refused():
    with pytest.raises(ValueError, match="those of StepLR"):
        lr_scheduler.StepLR(sgd(), 3).load_state_dict(lr_scheduler.ExponentialLR(sgd(), 0.9).state_dict())


def test_going_on_by_last_epoch():
    optimizer = sgd()
    with pytest.raises(ValueError, match="last_epoch: expected -1, since group 0 has no 'initial_lr'"):
        lr_scheduler.ExponentialLR(optimizer, 0.5, last_epoch=3)
    first = lr_scheduler.ExponentialLR(optimizer, 0.5)
    for _ in range(4):
        first.step()
    assert lr_scheduler.ExponentialLR(optimizer, 0.5, last_epoch=3).get_last_lr() == first.get_last_lr()


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("LambdaLR", {"lr_lambda": [abs]}, "lr_lambda: expected 2 values, one a parameter group, got 1"),
        ("StepLR", {"step_size": 0}, "step_size: expected at least 1, got 0"),
        ("ConstantLR", {"factor": 1.5}, "factor: expected a number from 0 to 1, got 1.5"),
        ("LinearLR", {"start_factor": 0}, "start_factor: expected a number above 0, up to 1, got 0"),
        ("LinearLR", {"end_factor": 2}, "end_factor: expected a number from 0 to 1, got 2"),
        ("PolynomialLR", {"total_iters": 0}, "total_iters: expected at least 1, got 0"),
        ("CosineAnnealingLR", {"T_max": 0}, "T_max: expected at least 1, got 0"),
        ("CosineAnnealingWarmRestarts", {"T_0": 1.5}, "T_0: expected an integer of at least 1, got 1.5"),
        ("CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": 0}, "T_mult: expected an integer of at least 1, got 0"),
        ("OneCycleLR", {"max_lr": 1, "epochs": 3}, "total_steps: expected it, or both epochs and steps_per_epoch"),
        ("OneCycleLR", {"max_lr": 1, "total_steps": 0}, "total_steps: expected an integer of at least 1, got 0"),
        ("OneCycleLR", {"max_lr": 1, "total_steps": 9, "pct_start": 2}, "pct_start: expected a number from 0 to 1"),
        (
            "OneCycleLR",
            {"max_lr": 1, "total_steps": 9, "anneal_strategy": "log"},
            "expected 'cos' or 'linear', got 'log'",
        ),
        ("ReduceLROnPlateau", {"factor": 1.0}, "factor: expected a number from 0 to below 1, got 1.0"),
        ("ReduceLROnPlateau", {"mode": "least"}, "mode: expected 'min' or 'max', got 'least'"),
        ("ReduceLROnPlateau", {"min_lr": [0.0]}, "min_lr: expected 2 values"),
        ("SequentialLR", {"schedulers": [], "milestones": []}, "schedulers: expected at least one, got none"),
    ],
)
def test_wrong_settings_are_named(name, settings, message):
    with pytest.raises(ValueError, match=message):
        getattr(lr_scheduler, name)(sgd(), **settings)


def test_schedules_are_for_optimisers_that_can_follow_them():
    with pytest.raises(ValueError, match=r"expected an optimiser of dlbook\.optim, got list"):
        lr_scheduler.StepLR([nn.Parameter(1.0)], 3)
    adagrad = optim.Adagrad([nn.Parameter(1.0)])
    with pytest.raises(ValueError, match="optimiser with momentum or betas, got Adagrad"):
        lr_scheduler.OneCycleLR(adagrad, 1.0, 10)
    lr_scheduler.OneCycleLR(adagrad, 1.0, 10, cycle_momentum=False)


def test_sequences_are_checked():
    optimizer = sgd()
    step = lr_scheduler.StepLR(optimizer, 3)
    for schedulers, milestones, message in (
        (
            [step, lr_scheduler.ReduceLROnPlateau(optimizer)],
            [3],
            "whose step\\(\\) needs nothing, got ReduceLROnPlateau",
        ),
        ([step, lr_scheduler.StepLR(sgd(), 3)], [3], "expected all for the same optimiser"),
        ([step, step], [3, 4], "milestones: expected 1 in rising order"),
        ([step, step, step], [4, 3], "milestones: expected 2 in rising order"),
    ):
        with pytest.raises(ValueError, match=message):
            lr_scheduler.SequentialLR(optimizer, schedulers, milestones)


def test_one_cycle_ends():
    one_cycle = lr_scheduler.OneCycleLR(sgd(), 1.0, 3)
    for _ in range(3):
        one_cycle.step()
    with pytest.raises(ValueError, match="expected at most 3 steps, total_steps, got step 4"):
        one_cycle.step()


def test_a_way_up_of_no_steps_begins_at_the_top():
    assert lr_scheduler.OneCycleLR(sgd(), 1.0, 10, pct_start=0.1).get_last_lr() == [1.0, 1.0]
