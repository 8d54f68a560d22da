"""Groups, state and errors of all optimisers."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dlbook import nn, optim

KINDS = ["SGD", "Adagrad", "Adadelta", "RMSprop", "Adam", "AdamW", "Adamax", "NAdam", "RAdam"]


def parameter(*shape):
    return nn.Parameter(np.ones(shape))


@pytest.mark.parametrize("kind", KINDS)
@given(gradient=hnp.arrays(float, 3, elements=st.floats(-1e3, 1e3)), start=hnp.arrays(float, 3, elements=st.just(1.0)))
def test_the_first_step_goes_downhill(kind, gradient, start):
    learnt = nn.Parameter(start)
    learnt.grad = gradient
    getattr(optim, kind)([learnt], weight_decay=0.0).step()
    moved = learnt.data - start
    assert (moved[gradient == 0] == 0).all()
    assert (moved * gradient <= 0).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["lr", "weight_decay"])
def test_negative_settings_are_refused_everywhere(kind, name):
    build = getattr(optim, kind)
    for value in (-0.1, float("nan")):
        with pytest.raises(ValueError, match=f"{name}: expected .*at least 0, got {value}"):
            build([parameter(2)], **{name: value})
        with pytest.raises(ValueError, match=f"{name}: expected"):
            build([{"params": [parameter(2)], name: value}])


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (
            "SGD",
            {"momentum": 0.9, "nesterov": True, "dampening": 0.1},
            "nesterov: expected no dampening with it, got 0.1",
        ),
        ("Adagrad", {"lr_decay": -1}, "lr_decay: expected at least 0"),
        ("Adagrad", {"initial_accumulator_value": -1}, "initial_accumulator_value: expected at least 0"),
        ("Adadelta", {"rho": 1.1}, "rho: expected a number from 0 to 1, got 1.1"),
        ("RMSprop", {"alpha": -1}, "alpha: expected at least 0"),
        ("RMSprop", {"momentum": -1}, "momentum: expected at least 0"),
        ("NAdam", {"momentum_decay": -1}, "momentum_decay: expected at least 0"),
        *[
            (kind, {"betas": betas}, "betas: expected two numbers from 0 to below 1")
            for kind in ("Adam", "AdamW", "Adamax", "NAdam", "RAdam")
            for betas in (0.9, (0.9,), (0.9, 1.0), (-0.1, 0.9))
        ],
        *[(kind, {"eps": -1.0}, "eps: expected at least 0") for kind in KINDS if kind != "SGD"],
    ],
)
def test_other_settings_are_named(kind, settings, message):
    with pytest.raises(ValueError, match=message):
        getattr(optim, kind)([parameter(2)], **settings)


def test_groups_are_checked():
    shared = parameter(2)
    for params, message in (
        ([{"params": []}], "at least one Parameter in each group"),
        ([{"params": [shared]}, {"params": [shared]}], "each Parameter once"),
        ([shared, shared], "each Parameter once"),
        ([{"params": [shared], "weigth_decay": 1}], "SGD has no setting weigth_decay; expected some of lr, momentum"),
        ([{"params": [shared]}, parameter(2)], "expected a group, a dict with the key 'params'"),
        ([{"params": [np.ones(2)]}], "expected Parameters, got ndarray"),
    ):
        with pytest.raises(ValueError, match=message):
            optim.SGD(params, lr=0.1)


def test_one_rate_or_several():
    sgd = optim.SGD([{"params": parameter(2), "name": "weights"}, {"params": [parameter(3)], "lr": 0.2}], lr=0.1)
    assert [p.shape for p in sgd.parameters] == [(2,), (3,)]
    with pytest.raises(ValueError, match=r"different learning rates, \[0.1, 0.2\]"):
        _ = sgd.lr
    sgd.lr = 0.3
    assert sgd.lr == 0.3
    assert [group["lr"] for group in sgd.param_groups] == [0.3, 0.3]
    assert "name='weights'" in repr(sgd)


def test_a_gradient_of_another_shape_is_refused():
    learnt = parameter(3)
    learnt.grad = np.ones((3, 1))
    with pytest.raises(ValueError, match=r"grad: expected shape \(3,\), that of the parameter, got \(3, 1\)"):
        optim.Adam([learnt]).step()


def test_a_state_dict_that_does_not_fit_changes_nothing():
    learnt = parameter(3)
    learnt.grad = np.arange(3.0)
    adam = optim.Adam([learnt])
    adam.step()
    before = copy.deepcopy(adam.state_dict())
    other = parameter(4)
    other.grad = np.arange(4.0)
    larger = optim.Adam([other])
    larger.step()
    for state, message in (
        (larger.state_dict(), r"exp_avg of 0: expected shape \(3,\), got \(4,\)"),
        (optim.Adam([parameter(3), parameter(3)]).state_dict(), r"groups of \[1\] parameters, got \[2\]"),
        (optim.SGD([parameter(3)], 0.1).state_dict(), "expected the settings of Adam, missing betas, eps"),
    ):
        with pytest.raises(ValueError, match=message):
            adam.load_state_dict(state)
        np.testing.assert_equal(adam.state_dict(), before)
