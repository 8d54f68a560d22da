import math

import numpy as np
import pytest

from dlbook.nn import init

SHAPE = (300, 200)

# function -> standard deviation that its paper asks for, at fan_in 200 and fan_out 300
DEVIATIONS = {
    init.normal: 1.0,
    init.uniform: 1 / math.sqrt(3),
    init.xavier_uniform: math.sqrt(2 / 500),
    init.xavier_normal: math.sqrt(2 / 500),
    init.kaiming_uniform: math.sqrt(2 / 200),
    init.kaiming_normal: math.sqrt(2 / 200),
    init.lecun_uniform: math.sqrt(1 / 200),
    init.lecun_normal: math.sqrt(1 / 200),
}


@pytest.mark.parametrize("start", DEVIATIONS)
def test_spread_is_that_of_the_paper(start):
    values = start(SHAPE, np.random.default_rng(0))
    assert values.shape == SHAPE
    assert values.dtype == np.float64
    np.testing.assert_allclose(values.std(), DEVIATIONS[start], rtol=0.01)
    assert abs(values.mean()) < 0.02 * DEVIATIONS[start]
    np.testing.assert_array_equal(values, start(SHAPE, np.random.default_rng(0)))


def test_kernels_count_into_the_fans():
    assert init.fans((8, 3, 5, 5)) == (75, 200)
    assert init.fans(SHAPE) == (200, 300)
    values = init.kaiming_normal((300, 20, 3, 3), np.random.default_rng(0), mode="fan_out")
    np.testing.assert_allclose(values.std(), math.sqrt(2 / 2700), rtol=0.01)


def test_constant():
    np.testing.assert_array_equal(init.constant((2, 3)), np.zeros((2, 3)))
    np.testing.assert_array_equal(init.constant((2,), value=1), [1.0, 1.0])


def test_gains():
    torch = pytest.importorskip("torch")
    for name in ("linear", "sigmoid", "tanh", "relu", "selu", "leaky_relu"):
        assert init.gain(name) == pytest.approx(torch.nn.init.calculate_gain(name), rel=1e-15)
    with pytest.raises(ValueError, match="nonlinearity: expected leaky_relu or one of linear"):
        init.gain("swish")


def test_a_bias_has_no_fans():
    with pytest.raises(ValueError, match=r"expected a weight \(out, in, …\), got \(4,\)"):
        init.xavier_normal((4,), np.random.default_rng(0))
    with pytest.raises(ValueError, match="mode: expected 'fan_in' or 'fan_out', got 'fan'"):
        init.kaiming_normal(SHAPE, np.random.default_rng(0), mode="fan")
