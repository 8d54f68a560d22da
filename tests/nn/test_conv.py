import numpy as np
import pytest

from dlbook import nn

X = np.cos(np.arange(2 * 3 * 6 * 5.0) ** 1.3).reshape(2, 3, 6, 5)
WEIGHT = np.sin(np.arange(4 * 3 * 3 * 2.0) ** 1.1).reshape(4, 3, 3, 2)
BIAS = np.array([0.5, -1.0, 2.0, 0.0])


def upstream(y):
    return np.sin(3 * np.arange(y.size) + 1).reshape(y.shape)


def by_loops(x, weight, bias, stride, padding, dilation):
    """The definition, pixel by pixel."""
    n, _, height, width = x.shape
    out, _, rows, cols = weight.shape
    sizes = [
        nn.conv_output_size(size, k, s, p, d)
        for size, k, s, p, d in zip((height, width), (rows, cols), stride, padding, dilation, strict=True)
    ]
    y = np.zeros((n, out, *sizes))
    for a, o, j, k in np.ndindex(y.shape):
        y[a, o, j, k] = bias[o]
        for c, l, m in np.ndindex(weight.shape[1:]):
            row = stride[0] * j + dilation[0] * l - padding[0]
            col = stride[1] * k + dilation[1] * m - padding[1]
            if 0 <= row < height and 0 <= col < width:
                y[a, o, j, k] += weight[o, c, l, m] * x[a, c, row, col]
    return y


@pytest.mark.parametrize(
    "settings",
    [((1, 1), (0, 0), (1, 1)), ((2, 1), (1, 0), (1, 1)), ((1, 3), (2, 1), (2, 1)), ((3, 2), (1, 2), (1, 3))],
)
def test_convolution_is_its_definition(settings):
    stride, padding, dilation = settings
    y, _ = nn.conv2d(X, WEIGHT, BIAS, stride, padding, dilation)
    np.testing.assert_allclose(y, by_loops(X, WEIGHT, BIAS, stride, padding, dilation), rtol=1e-12, atol=1e-12)


def test_output_sizes_of_the_book():
    assert nn.conv_output_size(28, 5) == 24
    assert nn.conv_output_size(28, 5, 2) == 12
    assert nn.conv_output_size(50, 3, padding=1) == 50
    assert nn.conv_output_size(224, 11, 4, 2) == nn.conv_output_size(227, 11, 4) == 55
    assert nn.conv_output_size(5, 5) == 1
    with pytest.raises(ValueError, match="at least 5 positions for a kernel of 3 with dilation 2, got 2 and padding 1"):
        nn.conv_output_size(2, 3, padding=1, dilation=2)


def test_gradients_of_convolution(numerical_gradient):
    y, cache = nn.conv2d(X, WEIGHT, BIAS, (2, 1), (1, 0), (1, 2))
    dy = upstream(y)
    functions = (
        lambda a: nn.conv2d(a, WEIGHT, BIAS, (2, 1), (1, 0), (1, 2))[0],
        lambda a: nn.conv2d(X, a, BIAS, (2, 1), (1, 0), (1, 2))[0],
        lambda a: nn.conv2d(X, WEIGHT, a, (2, 1), (1, 0), (1, 2))[0],
    )
    for gradient, f, at in zip(nn.conv2d_backward(dy, cache), functions, (X, WEIGHT, BIAS), strict=True):
        np.testing.assert_allclose(gradient, numerical_gradient(f, at, dy), rtol=1e-7, atol=1e-7)


def test_the_way_back_is_the_gradient_of_the_way_there():
    y, cache = nn.conv2d(X, WEIGHT, None, (2, 1), (1, 1))
    back, _ = nn.conv_transpose2d(y, WEIGHT, None, (2, 1), (1, 1), (1, 0))
    assert back.shape == X.shape
    np.testing.assert_allclose(back, nn.conv2d_backward(y, cache)[0], rtol=1e-12, atol=1e-12)


def test_a_channel_of_its_own_for_each_kernel():
    weight = WEIGHT[:3, :1]
    y, _ = nn.conv2d(X, weight, groups=3)
    for channel in range(3):
        alone, _ = nn.conv2d(X[:, channel : channel + 1], weight[channel : channel + 1])
        np.testing.assert_allclose(y[:, channel : channel + 1], alone, rtol=1e-12, atol=1e-12)


def test_shifted_images_give_shifted_maps():
    x = np.zeros((1, 1, 12, 12))
    x[0, 0, 3:6, 4:7] = np.arange(9.0).reshape(3, 3)
    weight = WEIGHT[:1, :1]
    there, _ = nn.conv2d(x, weight, padding=2)
    shifted, _ = nn.conv2d(np.roll(x, (2, 3), (2, 3)), weight, padding=2)
    np.testing.assert_allclose(shifted[:, :, 2:, 3:], there[:, :, :-2, :-3], rtol=1e-12, atol=1e-12)


def test_without_the_gradient_of_the_image():
    layer = nn.Conv2d(3, 4, 3, padding=1, rng=np.random.default_rng(0))
    y, cache = layer.forward(X)
    layer.backward(upstream(y), cache)
    both = [parameter.grad for parameter in layer.parameters()]
    layer.zero_grad()
    layer.backward_parameters(upstream(y), cache)
    for parameter, gradient in zip(layer.parameters(), both, strict=True):
        np.testing.assert_array_equal(parameter.grad, gradient)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_stays(dtype):
    x = X.astype(dtype)
    layer = nn.Conv2d(3, 4, 3, rng=np.random.default_rng(0), dtype=dtype)
    y, cache = layer.forward(x)
    assert y.dtype == layer.backward(y, cache).dtype == layer.weight.grad.dtype == layer.bias.grad.dtype == dtype
    back = nn.ConvTranspose2d(4, 3, 3, rng=np.random.default_rng(0), dtype=dtype)
    z, cache = back.forward(y)
    assert z.dtype == back.backward(z, cache).dtype == back.weight.grad.dtype == dtype
    mixed, _ = nn.conv2d(x, WEIGHT.astype(np.float32), BIAS)
    assert mixed.dtype == np.float64


def test_nothing_is_changed_in_place():
    x, weight, bias = X.copy(), WEIGHT.copy(), BIAS.copy()
    for f, back in ((nn.conv2d, nn.conv2d_backward), (nn.conv_transpose2d, nn.conv_transpose2d_backward)):
        w = weight if f is nn.conv2d else weight[:3]
        b = bias if f is nn.conv2d else bias[:3]
        y, cache = f(x, w, b, padding=1)
        dy = upstream(y)
        before = dy.copy()
        back(dy, cache)
        np.testing.assert_array_equal(dy, before)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(weight, WEIGHT)
    np.testing.assert_array_equal(bias, BIAS)


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.conv2d(X[0], WEIGHT), r"x: expected shape \(N, C, H, W\), got \(3, 6, 5\)"),
        (lambda: nn.conv2d(X, WEIGHT[0]), r"weight: expected shape \(O, C / groups, kh, kw\), got \(3, 3, 2\)"),
        (lambda: nn.conv2d(X[:, :2], WEIGHT), r"x: expected shape \(N, 3, H, W\) for this weight, got \(2, 2, 6, 5\)"),
        (lambda: nn.conv2d(X, WEIGHT, BIAS[:3]), r"bias: expected shape \(4,\), got \(3,\)"),
        (lambda: nn.conv2d(X, WEIGHT, groups=3), "groups: expected a divisor of 4, the weight's first axis, got 3"),
        (
            lambda: nn.conv2d(X, WEIGHT, stride=0),
            "stride: expected a whole number of at least 1, or two",
        ),
        (lambda: nn.conv2d(X, WEIGHT, padding=(1, 2, 3)), "padding: expected a whole number of at least 0"),
        (lambda: nn.conv2d(X[:, :, :2], WEIGHT), "expected at least 3 positions for a kernel of 3"),
        (lambda: nn.conv1d(X, WEIGHT), r"x: expected shape \(N, C, L\)"),
        (lambda: nn.conv1d(X[:, :, 0], WEIGHT), r"weight: expected shape \(O, C / groups, k\)"),
        (lambda: nn.conv1d(X[:, :, 0], WEIGHT[:, :, 0], stride=(1, 2)), "stride: expected a whole number, got"),
        (lambda: nn.conv_transpose2d(X, WEIGHT), r"x: expected shape \(N, 4, H, W\) for this weight"),
        (lambda: nn.conv_transpose2d(X, WEIGHT[:3], output_padding=1), "output_padding: expected less than stride"),
        (lambda: nn.conv_transpose2d(X, WEIGHT[:3], padding=5), r"padding: expected less, an output of \(-2, -4\)"),
        (lambda: nn.Conv2d(3, 4, 3, groups=2, rng=RNG), "Conv2d: expected channels that 2 groups divide, got 3 and 4"),
        (lambda: nn.Conv2d(0, 4, 3, rng=RNG), "Conv2d: expected channels"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_upstream_gradients_have_the_shape_of_the_output():
    y, cache = nn.conv2d(X, WEIGHT, BIAS)
    with pytest.raises(ValueError, match=r"dy: expected shape \(2, 4, 4, 4\)"):
        nn.conv2d_backward(y[:1], cache)
    y, cache = nn.conv_transpose2d(X, WEIGHT[:3])
    with pytest.raises(ValueError, match="dy: expected shape"):
        nn.conv_transpose2d_backward(y[:1], cache)
