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
    init.trunc_normal: 0.8796256610342398,  # √(1 - 4 φ(2) / (2 Φ(2) - 1))
    init.orthogonal: 1 / math.sqrt(300),
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


def test_truncated():
    values = init.trunc_normal(SHAPE, np.random.default_rng(0), mean=0.5, std=2.0, low=-1.0, high=1.0)
    assert -1 <= values.min() < -0.99
    assert 0.99 < values.max() <= 1
    torch = pytest.importorskip("torch")
    generator = torch.Generator().manual_seed(0)
    theirs = torch.nn.init.trunc_normal_(torch.empty(*SHAPE).double(), 0.5, 2.0, -1.0, 1.0, generator=generator)
    for quantile in (0.1, 0.5, 0.9):
        assert np.quantile(values, quantile) == pytest.approx(np.quantile(theirs.numpy(), quantile), abs=0.015)
    uncut = init.trunc_normal(SHAPE, np.random.default_rng(0), std=0.02)
    np.testing.assert_array_equal(uncut, init.normal(SHAPE, np.random.default_rng(0), std=0.02))
    for low, high in ((5.0, 6.0), (1.0, -1.0), (0.0, 0.0)):
        with pytest.raises(ValueError, match=r"low, high: expected at least 1 % of N\(0.0, 1.0²\) between them"):
            init.trunc_normal(SHAPE, np.random.default_rng(0), low=low, high=high)


@pytest.mark.parametrize("shape", [(6, 6), (4, 7), (7, 4), (5, 3, 2, 2), (20, 3, 2, 2), (1, 3), (3, 1)])
def test_orthogonal(shape):
    values = init.orthogonal(shape, np.random.default_rng(0), gain=1.5)
    assert values.shape == shape
    matrix = values.reshape(shape[0], -1) / 1.5
    smaller = min(matrix.shape)
    product = matrix @ matrix.T if smaller == shape[0] else matrix.T @ matrix
    np.testing.assert_allclose(product, np.eye(smaller), atol=1e-14)


@pytest.mark.parametrize("shape", [(6, 6), (4, 7), (7, 4), (5, 3, 2, 2)])
def test_orthogonal_equals_torch_on_the_same_draws(shape, monkeypatch):
    torch = pytest.importorskip("torch")
    draws = np.random.default_rng(0).standard_normal((shape[0], math.prod(shape[1:])))
    monkeypatch.setattr(torch.Tensor, "normal_", lambda tensor, *_, **__: tensor.copy_(torch.from_numpy(draws)))
    theirs = torch.nn.init.orthogonal_(torch.empty(*shape, dtype=torch.float64), gain=1.5)
    ours = init.orthogonal(shape, np.random.default_rng(0), gain=1.5)
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=0, atol=1e-14)


def test_orthogonal_layers_keep_lengths_through_depth():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, 20))
    y = x
    for _ in range(100):
        y = y @ init.orthogonal((20, 20), rng).T
    np.testing.assert_allclose(np.linalg.norm(y, axis=1), np.linalg.norm(x, axis=1), rtol=1e-12)


def test_orthogonal_is_uniform():
    """Without the signs Q would lean to one side: the diagonal of R, and with it the trace, is biased."""
    rng = np.random.default_rng(0)
    corners = [init.orthogonal((2, 2), rng)[0, 0] for _ in range(4000)]
    assert abs(np.mean(corners)) < 5 * np.sqrt(0.5 / 4000)


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
