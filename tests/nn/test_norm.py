import numpy as np
import pytest

from dlbook import nn

N, C = 5, 3
X = np.cos(np.arange(15.0)).reshape(N, C) * [1, 10, 0.1] + [0, 5, -2]
LONG = np.sin(np.arange(24.0) ** 1.1).reshape(2, C, 4) + np.arange(C)[:, None]
WEIGHT, BIAS = np.array([0.5, 2.0, -1.0]), np.array([1.0, 0.0, 3.0])
MEAN, VAR = np.array([0.2, -1.0, 0.0]), np.array([1.5, 0.3, 4.0])


def upstream(x):
    return np.sin(3 * np.arange(x.size) + 1).reshape(x.shape)


def test_a_batch_gets_mean_zero_and_variance_one():
    for x, axes in ((X, 0), (LONG, (0, 2))):
        y, _ = nn.batch_norm(x, eps=0)
        np.testing.assert_allclose(y.mean(axis=axes), 0, atol=1e-13)
        np.testing.assert_allclose(y.var(axis=axes), 1, rtol=1e-12)
    y, _ = nn.layer_norm(X, eps=0)
    np.testing.assert_allclose(y.mean(axis=1), 0, atol=1e-13)
    np.testing.assert_allclose(y.var(axis=1), 1, rtol=1e-12)


def test_batch_norm_by_hand():
    x = np.array([[1.0, 0.0], [3.0, 8.0]])
    y, cache = nn.batch_norm(x, np.zeros(2), np.ones(2), [2.0, 1.0], [0.0, 5.0], training=True, momentum=0.25, eps=0)
    np.testing.assert_allclose(y, [[-2, 4], [2, 6]])
    np.testing.assert_allclose(cache.running_mean, [0.25 * 2, 0.25 * 4])
    np.testing.assert_allclose(cache.running_var, [0.75 + 0.25 * 2, 0.75 + 0.25 * 32])  # unbiased: 2 and 32
    y, cache = nn.batch_norm(x, [1.0, 0.0], [4.0, 16.0], [2.0, 1.0], [0.0, 5.0], eps=0)
    np.testing.assert_allclose(y, [[0, 5], [2, 7]])
    np.testing.assert_array_equal(cache.running_mean, [1, 0])


@pytest.mark.parametrize("x", [X, LONG], ids=["rows", "sequences"])
@pytest.mark.parametrize(
    ("statistics", "training"),
    [((MEAN, VAR), True), ((MEAN, VAR), False), ((None, None), False)],
    ids=["training", "evaluation", "untracked"],
)
@pytest.mark.parametrize(
    "affine",
    [(WEIGHT, BIAS), (WEIGHT, None), (None, BIAS), (None, None)],
    ids=["affine", "weight", "bias", "plain"],
)
def test_batch_norm_gradients(numerical_gradient, x, statistics, training, affine):
    dy = upstream(x)

    def y_of(x, weight, bias):
        return nn.batch_norm(x, *statistics, weight, bias, training)[0]

    _, cache = nn.batch_norm(x, *statistics, *affine, training)
    arguments = [x, *affine]
    for i, gradient in enumerate(nn.batch_norm_backward(dy, cache)):
        if arguments[i] is None:
            assert gradient is None
            continue
        changed = lambda value, i=i: y_of(*arguments[:i], value, *arguments[i + 1 :])  # noqa: E731
        np.testing.assert_allclose(gradient, numerical_gradient(changed, arguments[i], dy), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("affine", [(True, True), (True, False), (False, True), (False, False)], ids=str)
def test_layer_norm_gradients(numerical_gradient, axes, affine):
    shape = LONG.shape[-axes:]
    weight, bias = (np.cos(np.arange(np.prod(shape)) + k).reshape(shape) if affine[k] else None for k in (0, 1))
    dy = upstream(LONG)

    def y_of(x, weight, bias):
        return nn.layer_norm(x, weight, bias, normalized_shape=shape)[0]

    _, cache = nn.layer_norm(LONG, weight, bias, normalized_shape=shape)
    arguments = [LONG, weight, bias]
    for i, gradient in enumerate(nn.layer_norm_backward(dy, cache)):
        if arguments[i] is None:
            assert gradient is None
            continue
        changed = lambda value, i=i: y_of(*arguments[:i], value, *arguments[i + 1 :])  # noqa: E731
        np.testing.assert_allclose(gradient, numerical_gradient(changed, arguments[i], dy), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("axes", [1, 2])
@pytest.mark.parametrize("affine", [True, False])
def test_rms_norm_gradients(numerical_gradient, axes, affine):
    shape = LONG.shape[-axes:]
    weight = 1 + np.sin(np.arange(np.prod(shape))).reshape(shape) if affine else None
    y, cache = nn.rms_norm(LONG, weight, 1e-3, normalized_shape=shape)
    dy = upstream(y)
    dx, dweight = nn.rms_norm_backward(dy, cache)

    def of_x(x):
        return nn.rms_norm(x, weight, 1e-3, normalized_shape=shape)[0]

    np.testing.assert_allclose(dx, numerical_gradient(of_x, LONG, dy), rtol=1e-6, atol=1e-8)
    if affine:
        expected = numerical_gradient(lambda w: nn.rms_norm(LONG, w, 1e-3)[0], weight, dy)
        np.testing.assert_allclose(dweight, expected, rtol=1e-6, atol=1e-8)
    else:
        assert dweight is None


def test_rms_norm_by_hand():
    y, _ = nn.rms_norm([[3.0, 4.0], [0.0, 0.0]], [2.0, 1.0], 0.0 + 1e-300)
    np.testing.assert_allclose(y[0], np.array([6, 4]) / np.sqrt(12.5))
    np.testing.assert_array_equal(y[1], 0)
    with pytest.raises(ValueError, match=r"x: expected shape \(…, 2\), got \(1, 3\)"):
        nn.rms_norm([[1.0, 2.0, 3.0]], [1.0, 1.0])
    with pytest.raises(ValueError, match="normalized_shape: expected axes of at least 1, got 0"):
        nn.RMSNorm(0)


def test_a_single_feature_is_normalised_to_nothing():
    y, cache = nn.layer_norm(300 * X[:, :1], [2.0], [0.5])
    np.testing.assert_array_equal(y, np.full((N, 1), 0.5))
    dx, dweight, dbias = nn.layer_norm_backward(upstream(y), cache)
    np.testing.assert_array_equal(dweight, [0])
    np.testing.assert_allclose(dx, 0, atol=1e-12)
    np.testing.assert_allclose(dbias, [upstream(y).sum()])


def test_what_all_examples_share_gets_no_gradient_through_a_batch():
    _, cache = nn.batch_norm(X, weight=WEIGHT)
    np.testing.assert_allclose(nn.batch_norm_backward(np.ones_like(X), cache)[0], 0, atol=1e-12)
    _, cache = nn.batch_norm(X, MEAN, VAR, WEIGHT)
    assert np.all(nn.batch_norm_backward(np.ones_like(X), cache)[0] != 0)


def test_evaluation_looks_at_each_example_alone():
    layer = nn.BatchNorm1d(C)
    for k in range(3):
        layer(X + k)
    layer.eval()
    one_by_one = np.concatenate([layer(X[i : i + 1]) for i in range(N)])
    np.testing.assert_allclose(layer(X), one_by_one, rtol=1e-14)
    assert layer.num_batches_tracked.data == 3


def test_plain_average_of_all_batches():
    layer = nn.BatchNorm1d(C, momentum=None)
    batches = [X, 2 * X + 1, X**2]
    for x in batches:
        layer(x)
    np.testing.assert_allclose(layer.running_mean.data, np.mean([x.mean(axis=0) for x in batches], axis=0))
    np.testing.assert_allclose(layer.running_var.data, np.mean([x.var(axis=0, ddof=1) for x in batches], axis=0))


def test_nothing_is_changed_in_place():
    layer = nn.BatchNorm1d(C)
    x, mean, state = X.copy(), layer.running_mean.data, layer.state_dict()
    _, cache = layer.forward(x)
    dy = upstream(X)
    layer.backward(dy, cache)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(dy, upstream(X))
    np.testing.assert_array_equal(mean, np.zeros(C))
    np.testing.assert_array_equal(state["running_mean"], np.zeros(C))
    assert np.all(layer.running_mean.data != 0)


def test_two_calls_before_the_backward_passes():
    layer = nn.BatchNorm1d(C)
    _, first = layer.forward(X)
    _, second = layer.forward(X[::-1] * 3)
    layer.backward(upstream(X), first)
    alone = layer.weight.grad
    layer.backward(upstream(X), second)
    expected = (upstream(X) * nn.batch_norm(X[::-1] * 3)[0]).sum(axis=0)
    np.testing.assert_allclose(layer.weight.grad - alone, expected, rtol=1e-12)


def test_names_are_those_of_torch():
    layer = nn.BatchNorm1d(C)
    assert [name for name, _ in layer.named_parameters()] == ["weight", "bias"]
    assert [name for name, _ in layer.named_buffers()] == ["running_mean", "running_var", "num_batches_tracked"]
    assert list(layer.state_dict()) == ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    assert layer.state_dict()["num_batches_tracked"].shape == ()
    assert list(nn.BatchNorm1d(C, affine=False, track_running_stats=False).state_dict()) == []
    assert (
        repr(nn.Sequential(layer, nn.LayerNorm(4))) == "Sequential(\n  (0): BatchNorm1d(3)\n  (1): LayerNorm((4,))\n)"
    )


@pytest.mark.parametrize("momentum", [0.1, None])
def test_single_precision_stays(momentum):
    x = X.astype(np.float32)
    for layer in (nn.BatchNorm1d(C, momentum=momentum, dtype=np.float32), nn.LayerNorm(C, dtype=np.float32)):
        for _ in range(2):
            y, cache = layer.forward(x)
        dx = layer.backward(upstream(X).astype(np.float32), cache)
        kinds = {array.dtype for name, array in layer.state_dict().items() if name != "num_batches_tracked"}
        assert kinds == {y.dtype, dx.dtype, layer.weight.grad.dtype} == {np.dtype(np.float32)}


def test_one_example_cannot_be_normalised_in_training():
    for layer, x in (
        (nn.BatchNorm1d(C), np.ones((1, C))),
        (nn.BatchNorm1d(C), np.ones((1, C, 1))),
        (nn.BatchNorm2d(C), np.ones((1, C, 1, 1))),
        (nn.BatchNorm1d(C, track_running_stats=False).eval(), np.ones((1, C))),
    ):
        before = layer.state_dict()
        with pytest.raises(ValueError, match=r"x: expected at least 2 values a channel .*got shape \(1, 3.*eval\(\)"):
            layer(x)
        for name, array in layer.state_dict().items():
            np.testing.assert_array_equal(array, before[name])
    assert nn.BatchNorm1d(C)(np.ones((1, C, 2))).shape == (1, C, 2)
    assert nn.BatchNorm1d(C).eval()(np.ones((1, C))).shape == (1, C)
    assert nn.LayerNorm(C)(np.ones((1, C))).shape == (1, C)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.batch_norm(np.ones(3)), r"x: expected shape \(N, C\) or \(N, C, …\), got \(3,\)"),
        (lambda: nn.batch_norm(X, MEAN), "running_mean, running_var: expected both or neither"),
        (lambda: nn.batch_norm(X, weight=np.ones(5)), r"weight: expected shape \(3,\), got \(5,\)"),
        (lambda: nn.batch_norm(X, np.ones((1, 3)), VAR), r"running_mean: expected shape \(3,\), got \(1, 3\)"),
        (lambda: nn.BatchNorm1d(4)(X), r"x: expected shape \(N, 4\) or \(N, 4, L\), got \(5, 3\)"),
        (lambda: nn.BatchNorm1d(3)(X[None, None]), r"x: expected shape \(N, 3\) or \(N, 3, L\), got \(1, 1, 5, 3\)"),
        (lambda: nn.BatchNorm2d(3)(X), r"x: expected shape \(N, 3, H, W\), got \(5, 3\)"),
        (lambda: nn.BatchNorm1d(0), "num_features: expected at least 1, got 0"),
        (lambda: nn.BatchNorm1d(3, momentum=1.5), "momentum: expected None or a number from 0 to 1, got 1.5"),
        (lambda: nn.layer_norm(X, np.ones(4)), r"x: expected shape \(…, 4\), got \(5, 3\)"),
        (lambda: nn.layer_norm(X, np.ones((5, 3)), np.ones(3)), r"bias: expected shape \(5, 3\), got \(3,\)"),
        (lambda: nn.layer_norm(1.0), r"x: expected shape \(…, D\), got \(\)"),
        (lambda: nn.LayerNorm((3, 0)), r"normalized_shape: expected axes of at least 1, got \(3, 0\)"),
        (lambda: nn.batch_norm_backward(X[:2], nn.batch_norm(X)[1]), r"dy: expected shape \(5, 3\).*got \(2, 3\)"),
        (lambda: nn.layer_norm_backward(X[:2], nn.layer_norm(X)[1]), r"dy: expected shape \(5, 3\).*got \(2, 3\)"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(("N", "d"), [(1, 3), (4, 2), (5, 7)])
def test_length_one(N, d, numerical_gradient):
    rng = np.random.default_rng(10 * N + d)
    x, dy = rng.normal(size=(2, N, d)) * rng.uniform(0.5, 4, (2, N, 1))
    y, cache = nn.l2_normalize(x)
    np.testing.assert_allclose(np.linalg.norm(y, axis=1), 1)
    expected = numerical_gradient(lambda v: nn.l2_normalize(v)[0], x, dy)
    np.testing.assert_allclose(nn.l2_normalize_backward(dy, cache), expected, rtol=1e-6, atol=1e-9)


def test_a_row_of_zeros_stays():
    y, cache = nn.l2_normalize(np.zeros((2, 3)))
    np.testing.assert_array_equal(y, 0)
    assert np.isfinite(nn.l2_normalize_backward(np.ones((2, 3)), cache)).all()
