import numpy as np
import pytest

from dlbook import nn

W = np.array([[3.0, -0.5, 0.0], [0.25, -4.0, 1.0]])


def test_by_hand():
    assert nn.l2_penalty(W, 0.1)[0] == pytest.approx(0.05 * (9 + 0.25 + 0.0625 + 16 + 1))
    assert nn.l1_penalty(W, 0.1)[0] == pytest.approx(0.1 * 8.75)
    np.testing.assert_allclose(nn.l2_penalty_backward(2.0, nn.l2_penalty(W, 0.1)[1]), 0.2 * W)
    np.testing.assert_allclose(
        nn.l1_penalty_backward(2.0, nn.l1_penalty(W, 0.1)[1]), [[0.2, -0.2, 0.0], [0.2, -0.2, 0.2]]
    )


@pytest.mark.parametrize(
    ("penalty", "backward"), [(nn.l1_penalty, nn.l1_penalty_backward), (nn.l2_penalty, nn.l2_penalty_backward)]
)
def test_gradients(numerical_gradient, penalty, backward):
    w = np.where(W == 0, 0.1, W)  # away from the corner of |w|
    expected = numerical_gradient(lambda w: penalty(w, 0.3)[0], w, 1.7)
    np.testing.assert_allclose(backward(1.7, penalty(w, 0.3)[1]), expected, atol=1e-8)
    assert backward(1.0, penalty(w.astype(np.float32), 0.3)[1]).dtype == np.float32


def test_weight_decay_of_plain_gradient_descent_is_the_l2_penalty():
    from dlbook import optim

    gradient = np.cos(np.arange(6.0)).reshape(2, 3)
    by_decay, by_penalty = nn.Parameter(W), nn.Parameter(W)
    by_decay.accumulate(gradient)
    by_penalty.accumulate(gradient)
    by_penalty.accumulate(nn.l2_penalty_backward(1.0, nn.l2_penalty(W, 0.3)[1]))
    optim.SGD([by_decay], lr=0.1, weight_decay=0.3).step()
    optim.SGD([by_penalty], lr=0.1).step()
    np.testing.assert_allclose(by_decay.data, by_penalty.data, rtol=1e-14)


def test_soft_threshold():
    np.testing.assert_array_equal(nn.soft_threshold([-3, -0.5, 0, 0.5, 3], 1), [-2, 0, 0, 0, 2])
    np.testing.assert_array_equal(nn.soft_threshold(W, 0), W)
    assert nn.soft_threshold(W.astype(np.float32), 0.5).dtype == np.float32


def test_soft_threshold_minimises():
    candidates = np.linspace(-5, 5, 100_001)
    for w in (-2.3, -0.4, 0.0, 0.7, 3.1):
        best = candidates[np.argmin((candidates - w) ** 2 / 2 + 0.6 * np.abs(candidates))]
        assert nn.soft_threshold(w, 0.6) == pytest.approx(best, abs=1e-4)


def test_soft_threshold_equals_torch():
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).standard_normal((40, 7))
    expected = torch.nn.functional.softshrink(torch.tensor(x), 0.8).numpy()
    np.testing.assert_allclose(nn.soft_threshold(x, 0.8), expected, rtol=1e-14)


def test_max_norm():
    np.testing.assert_allclose(nn.max_norm([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]], 2), [[1.2, 1.6], [0.3, 0.4], [0, 0]])
    kernels = np.random.default_rng(0).standard_normal((5, 3, 2, 2))
    bound = nn.max_norm(kernels, 3.0)
    before, after = (np.sqrt((k**2).sum(axis=(1, 2, 3))) for k in (kernels, bound))
    assert before.min() < 3 < before.max()
    np.testing.assert_allclose(after, np.minimum(before, 3))
    np.testing.assert_array_equal(bound[before <= 3], kernels[before <= 3])
    np.testing.assert_allclose(nn.max_norm(bound, 3.0), bound, rtol=1e-15)


def test_only_weights_are_regularised():
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(3, 4, rng=rng), nn.BatchNorm1d(4), nn.PReLU(), nn.Linear(4, 2, rng=rng))
    assert nn.weights(model) == [model[0].weight, model[3].weight]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.l2_penalty(W, -1), "strength: expected at least 0, got -1"),
        (lambda: nn.l1_penalty(W, np.nan), "strength: expected at least 0, got nan"),
        (lambda: nn.l1_penalty("w", 1), "weight: expected real numbers"),
        (lambda: nn.soft_threshold(W, -0.1), "threshold: expected at least 0, got -0.1"),
        (lambda: nn.max_norm(W, 0), "limit: expected a length above 0, got 0"),
        (lambda: nn.max_norm(W[0], 1), r"weight: expected shape \(out, in, …\), got \(3,\)"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
