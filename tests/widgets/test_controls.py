"""Controls as data: first values, types, refusals."""

import numpy as np
import pytest

from dlbook.widgets import Checkbox, LogSlider, Options, Slider, Steps


@pytest.mark.parametrize(
    ("control", "default", "given", "accepted"),
    [
        (Slider(1, 9, 3, label="n"), 3, 4.0, 4),
        (Slider(0.0, 1.0, label="β"), 0.0, 1, 1.0),
        (Slider(0, 1, 0.5, label="β"), 0.5, 0.25, 0.25),
        (LogSlider(0.01, 10, 1, label="η"), 1, 0.12589254, 0.1259),
        (LogSlider(1e-3, 10, 1, label="η"), 1, 10**-2.9999999, 1e-3),
        (Steps(["start", "forward"], label="step"), 0, 1, 1),
        (Steps(4, value=2, label="step"), 2, 3, 3),
        (Options({"AND": (0, 0, 0, 1), "OR": (0, 1, 1, 1)}, label="gate"), (0, 0, 0, 1), (0, 1, 1, 1), (0, 1, 1, 1)),
        (Options(["sgd", "adam"], "adam", label="optimiser"), "adam", "sgd", "sgd"),
        (Checkbox(True, label="grid"), True, False, False),
    ],
)
def test_first_value_and_accepted_value(control, default, given, accepted):
    assert control.default == default
    value = control.accept(given)
    assert value == accepted
    assert type(value) is type(accepted)


@pytest.mark.parametrize(
    ("control", "value"),
    [
        (Slider(1, 9, label="units"), 10),
        (Slider(1, 9, label="units"), 2.5),
        (Slider(0.0, 1.0, label="units"), float("nan")),
        (Slider(0.0, 1.0, label="units"), "many"),
        (LogSlider(0.01, 10, label="units"), 0),
        (Steps(3, label="units"), 3),
        (Options(["a", "b"], label="units"), "c"),
        (Options([1, 2], label="units"), True),
        (Checkbox(label="units"), 2),
    ],
)
def test_a_bad_value_is_refused_by_label(control, value):
    with pytest.raises(ValueError, match="units: expected"):
        control.accept(value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Slider(3, 1, label="x"),
        lambda: Slider(0, 5, 9, label="x"),
        lambda: Slider(0, 5, step=0, label="x"),
        lambda: LogSlider(0, 1, label="x"),
        lambda: LogSlider(1, 2, per_decade=0, label="x"),
        lambda: Steps(1, label="x"),
        lambda: Options([], label="x"),
        lambda: Options([1], style="list", label="x"),
    ],
)
def test_impossible_controls_are_refused(make):
    with pytest.raises(ValueError, match="expected"):
        make()


def test_options_may_hold_arrays_and_functions():
    xor, square = np.array([0, 1, 1, 0]), lambda x: x * x
    control = Options({"XOR": xor, "square": square}, label="what")
    assert control.accept(xor) is xor
    assert control.accept(square) is square
