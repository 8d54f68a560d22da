"""The neuron of 1943: gates, the veto, errors."""

import numpy as np
import pytest

from dlbook import data
from dlbook.models.mcculloch_pitts import mcp_neuron

BITS = data.boolean_inputs(2)
BOTH, NONE, FIRST, SECOND = (np.array(mask, bool) for mask in ([1, 1], [0, 0], [1, 0], [0, 1]))


@pytest.mark.parametrize(
    ("excitatory", "inhibitory", "theta", "name"),
    [
        (BOTH, NONE, 1, "OR"),
        (BOTH, NONE, 2, "AND"),
        (FIRST, SECOND, 1, "A AND NOT B"),
        (NONE, SECOND, 0, "NOT B"),
        (NONE, BOTH, 0, "NOR"),
        (NONE, NONE, 0, "TRUE"),
        (NONE, NONE, 1, "FALSE"),
    ],
)
def test_gates(excitatory, inhibitory, theta, name):
    y = mcp_neuron(BITS, excitatory, inhibitory, theta)
    assert y.dtype == np.int64
    assert tuple(y) == data.GATES[name]


def test_one_inhibitory_input_vetoes_many_excitatory_ones():
    x = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 1, 0]])
    mask = np.array([True, True, True, True, False])
    np.testing.assert_array_equal(mcp_neuron(x, mask, ~mask, 1), [0, 1])


def test_no_input_without_inhibition_turns_the_neuron_off():
    rng = np.random.default_rng(0)
    x = data.boolean_inputs(5)
    excitatory = rng.random(5) < 0.6
    y = mcp_neuron(x, excitatory, np.zeros(5, bool), 2)
    for i in range(5):
        more = x.copy()
        more[:, i] = 1
        assert (mcp_neuron(more, excitatory, np.zeros(5, bool), 2) >= y).all()


def test_errors_name_the_inputs():
    with pytest.raises(ValueError, match="bits"):
        mcp_neuron(np.array([[0.5, 1]]), BOTH, NONE, 1)
    with pytest.raises(ValueError, match="excitatory and inhibitory"):
        mcp_neuron(BITS, BOTH, SECOND, 1)
    with pytest.raises(ValueError, match=r"x \(N, D\)"):
        mcp_neuron(BITS[0], BOTH, NONE, 1)
