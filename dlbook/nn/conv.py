"""Convolution: one small set of weights, used at every place of a signal or an image.

    y, cache = conv2d(x, weight, bias, stride=2, padding=1)
    dx, dweight, dbias = conv2d_backward(dy, cache)

Every layer here is a matrix product.  `columns` writes the windows of the input side by side as columns, the kernels
times the columns is the output, and `overlap_add` brings the gradient of the columns back to the pixels.
As everywhere in deep learning, "convolution" is cross-correlation: the kernel is not turned round.
Book: chapters 40–43, 46.
"""

from __future__ import annotations  # np.random.Generator, evaluated, would load numpy.random

import math

import numpy as np

from dlbook.nn import init
from dlbook.nn.arrays import as_float, upstream
from dlbook.nn.module import Module, Parameter

Pair = int | tuple[int, int]

BLOCK = 2**20
"""Bytes of columns at a time.  The backward pass makes them anew: to keep them would take kh·kw times the image."""


def conv_output_size(size: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """How many places a kernel has along one axis: ⌊(size + 2·padding - dilation·(kernel_size - 1) - 1) / stride⌋ + 1.

    Raises ValueError when the kernel reaches over the padded input.  Book: chapters 41, 46.
    """
    reach = dilation * (kernel_size - 1) + 1
    if size + 2 * padding < reach:
        raise ValueError(
            f"expected at least {reach} positions for a kernel of {kernel_size} with dilation {dilation}, "
            f"got {size} and padding {padding} on both sides"
        )
    return (size + 2 * padding - reach) // stride + 1


def pair(value: Pair, name: str, least: int) -> tuple[int, int]:
    """`value` for both axes: a number stands for two equal ones.  ValueError below `least`."""
    both = (value, value) if isinstance(value, int | np.integer) else tuple(value)
    if len(both) != 2 or not all(isinstance(one, int | np.integer) and one >= least for one in both):
        raise ValueError(f"{name}: expected a whole number of at least {least}, or two of them, got {value!r}")
    return both


def pad(x, padding: tuple[int, int], value: float = 0.0) -> np.ndarray:
    """x (N, C, H, W) with `value` around: `padding` rows above and below, columns left and right."""
    if padding == (0, 0):
        return x
    rows, cols = padding
    n, c, height, width = x.shape
    padded = np.full((n, c, height + 2 * rows, width + 2 * cols), value, x.dtype)
    padded[:, :, rows : rows + height, cols : cols + width] = x
    return padded


def columns(x, kernel_size, stride, dilation, out_size) -> np.ndarray:
    """All windows of x (N, C, H, W), (N, C, kh, kw, H', W'): [..., i, j, :, :] is what weight (i, j) of a kernel meets.

    Known as im2col.  Chellapilla, Puri and Simard 2006.
    """
    cols = np.empty((*x.shape[:2], *kernel_size, *out_size), x.dtype)
    for i, j, met in places(kernel_size, stride, dilation, out_size):
        cols[:, :, i, j] = x[met]
    return cols


def overlap_add(cols, x, stride, dilation) -> None:
    """The transpose of `columns`: adds each entry of (N, C, kh, kw, H', W') to the pixel of x that it was."""
    for i, j, met in places(cols.shape[2:4], stride, dilation, cols.shape[4:]):
        x[met] += cols[:, :, i, j]


def places(kernel_size, stride, dilation, out_size):
    """For each weight (i, j) of a kernel, the pixels that it meets on its way over the image."""
    for i in range(kernel_size[0]):
        for j in range(kernel_size[1]):
            top, left = i * dilation[0], j * dilation[1]
            rows = slice(top, top + stride[0] * (out_size[0] - 1) + 1, stride[0])
            cols = slice(left, left + stride[1] * (out_size[1] - 1) + 1, stride[1])
            yield i, j, (slice(None), slice(None), rows, cols)


def conv2d(x, weight, bias=None, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1, groups: int = 1):
    """y[n, o, j, k] = bias[o] + Σ weight[o, c, l, m] · x[n, c, s·j + d·l - p, s·k + d·m - p], summed over c, l, m.

    x : (N, C, H, W), weight : (O, C / groups, kh, kw), bias : (O,) or None.  Returns y : (N, O, H', W') and the cache,
    with H' and W' from `conv_output_size`.  Outside the image x is 0.
    stride, padding, dilation : numbers, or pairs for rows and columns.  groups : the channels are cut into so many
    parts, and each part of the kernels sees its own; groups = C is a depthwise convolution.
    Raises ValueError when shapes do not fit.  LeCun et al. 1989.  Book: chapters 41–43.
    """
    x, weight, bias = _checked(x, weight, bias, 0, groups)
    stride, padding, dilation = pair(stride, "stride", 1), pair(padding, "padding", 0), pair(dilation, "dilation", 1)
    n, channels = x.shape[:2]
    out, per_group, *kernel_size = weight.shape
    if channels != per_group * groups:
        raise ValueError(f"x: expected shape (N, {per_group * groups}, H, W) for this weight, got {x.shape}")
    settings = zip(x.shape[2:], kernel_size, stride, padding, dilation, strict=True)
    out_size = tuple(conv_output_size(*axis) for axis in settings)

    padded = pad(x, padding)
    kernels = weight.reshape(groups, out // groups, -1)
    y = np.empty((n, groups, out // groups, math.prod(out_size)), np.result_type(x, weight))
    for part in _parts(padded, kernel_size, out_size):
        cols = columns(padded[part], kernel_size, stride, dilation, out_size)
        np.matmul(kernels, cols.reshape(len(cols), groups, -1, y.shape[3]), out=y[part])
    y = y.reshape(n, out, *out_size)
    if bias is not None:
        y = np.add(y, bias[:, None, None], out=y if y.dtype == bias.dtype else None)
    return y, (padded, x.shape, weight, bias, stride, padding, dilation, groups, out_size)


def conv2d_backward(dy, cache):
    """dx, dweight, dbias: shapes of x, weight and bias; dbias is None without a bias.

    dbias sums dy over examples and places, dweight is dy times the columns, dx the kernels times dy, added up where
    windows overlap.
    """
    _, shape, weight, _, stride, padding, dilation, groups, out_size = cache
    dweight, dbias = conv2d_backward_parameters(dy, cache)
    n, channels, height, width = shape
    out, _, *kernel_size = weight.shape
    kernels = weight.reshape(groups, out // groups, -1).transpose(0, 2, 1)
    rows = np.reshape(dy, (n, groups, out // groups, -1))
    top, left = padding
    dx = np.zeros((n, channels, height + 2 * top, width + 2 * left), np.result_type(rows, weight))
    for part in _parts(dx, kernel_size, out_size):
        dcols = np.matmul(kernels, rows[part])
        overlap_add(dcols.reshape(-1, channels, *kernel_size, *out_size), dx[part], stride, dilation)
    return dx[:, :, top : top + height, left : left + width], dweight, dbias


def conv2d_backward_parameters(dy, cache):
    """The last two of `conv2d_backward`, dweight and dbias, where dx is of no use."""
    padded, shape, weight, bias, stride, _, dilation, groups, out_size = cache
    n, (out, _, *kernel_size) = shape[0], weight.shape
    rows = upstream(dy, (n, out, *out_size)).reshape(n, groups, out // groups, -1)
    products = np.empty((n, *rows.shape[1:3], weight[0].size), np.result_type(padded, rows))
    for part in _parts(padded, kernel_size, out_size):
        cols = columns(padded[part], kernel_size, stride, dilation, out_size)
        cols = cols.reshape(len(cols), groups, -1, rows.shape[3])
        np.matmul(rows[part], cols.transpose(0, 1, 3, 2), out=products[part])
    dweight = products.sum(axis=0).reshape(weight.shape)
    return dweight, None if bias is None else rows.sum(axis=(0, 3)).reshape(out)


def _parts(images, kernel_size, out_size):
    """Slices of as many examples as have columns of `BLOCK` bytes: they stay in the processor's cache."""
    columns_of_one = images.shape[1] * math.prod(kernel_size) * math.prod(out_size) * images.itemsize
    count = max(1, BLOCK // max(1, columns_of_one))
    for start in range(0, len(images), count):
        yield slice(start, start + count)


def conv1d(x, weight, bias=None, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1):
    """`conv2d` along one axis.

    x : (N, C, L), weight : (O, C / groups, k), bias : (O,) or None.  Returns y : (N, O, L') and the cache.
    Raises ValueError when shapes do not fit.  Waibel et al. 1989 (time-delay networks).
    """
    x, weight = as_float(x), as_float(weight, "weight")
    if x.ndim != 3:
        raise ValueError(f"x: expected shape (N, C, L), got {x.shape}")
    if weight.ndim != 3:
        raise ValueError(f"weight: expected shape (O, C / groups, k), got {weight.shape}")
    stride, padding, dilation = _one(stride, "stride"), _one(padding, "padding"), _one(dilation, "dilation")
    y, cache = conv2d(
        x[:, :, None], weight[:, :, None], bias, (1, stride), (0, padding), (1, dilation), groups
    )  # one row
    return y[:, :, 0], cache


def conv1d_backward(dy, cache):
    """dx, dweight, dbias: shapes of x, weight and bias; dbias is None without a bias."""
    dx, dweight, dbias = conv2d_backward(np.asarray(dy)[:, :, None], cache)
    return dx[:, :, 0], dweight[:, :, 0], dbias


def conv_transpose2d(
    x,
    weight,
    bias=None,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    groups: int = 1,
    dilation: Pair = 1,
):
    """The way back of a convolution: every pixel of x writes its copy of the kernels into y, copies that overlap add.

    x : (N, C, H, W), weight : (C, O / groups, kh, kw), bias : (O,) or None.  Returns y : (N, O, H', W') and the cache,
    with H' = (H - 1)·stride - 2·padding + dilation·(kh - 1) + output_padding + 1, and W' likewise.
    Its forward is the dx of `conv2d` with the same weight, and its backward the forward of that convolution.
    output_padding : rows and columns added below and right, because several sizes shrink to the same H.
    Raises ValueError when shapes do not fit.  Zeiler et al. 2010; Dumoulin and Visin 2016.  Book: chapters 54–57.
    """
    x, weight, bias = _checked(x, weight, bias, 1, groups)
    stride, padding, dilation = pair(stride, "stride", 1), pair(padding, "padding", 0), pair(dilation, "dilation", 1)
    output_padding = pair(output_padding, "output_padding", 0)
    if any(more >= max(s, d) for more, s, d in zip(output_padding, stride, dilation, strict=True)):
        raise ValueError(f"output_padding: expected less than stride or dilation, got {output_padding}")
    n, channels, *size = x.shape
    inputs, per_group, *kernel_size = weight.shape
    if channels != inputs:
        raise ValueError(f"x: expected shape (N, {inputs}, H, W) for this weight, got {x.shape}")
    settings = zip(size, kernel_size, stride, padding, output_padding, dilation, strict=True)
    out_size = tuple((h - 1) * s - 2 * p + d * (k - 1) + more + 1 for h, k, s, p, more, d in settings)
    if min(out_size) < 1:
        raise ValueError(f"padding: expected less, an output of {out_size} is empty")

    kernels = weight.reshape(groups, inputs // groups, -1)
    cols = np.matmul(kernels.transpose(0, 2, 1), x.reshape(n, groups, inputs // groups, -1))
    out, (rows, columns_around) = per_group * groups, padding
    padded = (n, out, out_size[0] + 2 * rows, out_size[1] + 2 * columns_around)
    y = np.zeros(padded, cols.dtype)
    overlap_add(cols.reshape(n, out, *kernel_size, *size), y, stride, dilation)
    y = y[:, :, rows : rows + out_size[0], columns_around : columns_around + out_size[1]]
    if bias is not None:
        y = y + bias[:, None, None]
    return y, (x, weight, bias, stride, padding, dilation, groups, out_size)


def conv_transpose2d_backward(dy, cache):
    """dx, dweight, dbias: shapes of x, weight and bias; dbias is None without a bias."""
    x, weight, bias, stride, padding, dilation, groups, out_size = cache
    n, channels = x.shape[:2]
    _, per_group, *kernel_size = weight.shape
    dy = upstream(dy, (n, per_group * groups, *out_size))
    cols = columns(pad(dy, padding), kernel_size, stride, dilation, x.shape[2:])
    cols = cols.reshape(n, groups, -1, math.prod(x.shape[2:]))
    kernels = weight.reshape(groups, channels // groups, -1)
    dx = np.matmul(kernels, cols).reshape(x.shape)
    rows = x.reshape(n, groups, channels // groups, -1)
    dweight = np.matmul(rows, cols.transpose(0, 1, 3, 2)).sum(axis=0).reshape(weight.shape)
    return dx, dweight, None if bias is None else dy.sum(axis=(0, 2, 3))


def _one(value, name: str) -> int:
    if not isinstance(value, int | np.integer):
        raise ValueError(f"{name}: expected a whole number, got {value!r}")
    return value


def _checked(x, weight, bias, out_axis: int, groups: int):
    """The arrays, if their numbers of axes fit.  out_axis : where the weight counts its output channels."""
    x, weight = as_float(x), as_float(weight, "weight")
    shape = ("(O, C / groups, kh, kw)", "(C, O / groups, kh, kw)")[out_axis]
    if x.ndim != 4:
        raise ValueError(f"x: expected shape (N, C, H, W), got {x.shape}")
    if weight.ndim != 4:
        raise ValueError(f"weight: expected shape {shape}, got {weight.shape}")
    if groups < 1 or weight.shape[0] % groups:
        raise ValueError(f"groups: expected a divisor of {weight.shape[0]}, the weight's first axis, got {groups}")
    if bias is not None:
        bias = as_float(bias, "bias")
        out = weight.shape[0] if out_axis == 0 else weight.shape[1] * groups
        if bias.shape != (out,):
            raise ValueError(f"bias: expected shape {(out,)}, got {bias.shape}")
    return x, weight, bias


class _Conv(Module):
    """Parameters and settings that all three layers share."""

    def _start(self, shape, out_channels, bias, rng, weight_init, dtype):
        """Weights, and biases if any, in U(-1/√fan_in, 1/√fan_in), torch's choice; or the weights by `weight_init`."""
        bound = 1 / math.sqrt(math.prod(shape[1:]))
        weight = init.uniform(shape, rng, -bound, bound) if weight_init is None else weight_init(shape, rng)
        self.weight = Parameter(weight, dtype)
        self.bias = Parameter(init.uniform((out_channels,), rng, -bound, bound), dtype) if bias else None

    def _pairs(self, kernel_size, stride, padding, dilation):
        """The settings of a layer over images, each for rows and columns."""
        self.kernel_size, self.stride = pair(kernel_size, "kernel_size", 1), pair(stride, "stride", 1)
        self.padding, self.dilation = pair(padding, "padding", 0), pair(dilation, "dilation", 1)

    def _channels(self, in_channels, out_channels, groups):
        if in_channels < 1 or out_channels < 1 or groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{type(self).__name__}: expected channels that {groups} groups divide, "
                f"got {in_channels} and {out_channels}"
            )
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups

    def _accumulate(self, dweight, dbias) -> None:
        self.weight.accumulate(dweight)
        if dbias is not None:
            self.bias.accumulate(dbias)

    def _bias(self):
        return self.bias.data if self.bias else None

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}, padding={self.padding})"
        )


class Conv2d(_Conv):
    """`conv2d` with parameters `weight` (out, in / groups, kh, kw) and `bias` (out,), as torch.nn.Conv2d.

    weight_init : a function (shape, rng) -> array, see `dlbook.nn.init`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        rng: np.random.Generator,
        weight_init=None,
        dtype=np.float64,
    ):
        self._channels(in_channels, out_channels, groups)
        self._pairs(kernel_size, stride, padding, dilation)
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self._start(shape, out_channels, bias, rng, weight_init, dtype)

    def forward(self, x):
        return conv2d(x, self.weight.data, self._bias(), self.stride, self.padding, self.dilation, self.groups)

    def backward(self, dy, cache):
        dx, *gradients = conv2d_backward(dy, cache)
        self._accumulate(*gradients)
        return dx

    def backward_parameters(self, dy, cache) -> None:
        self._accumulate(*conv2d_backward_parameters(dy, cache))


class Conv1d(_Conv):
    """`conv1d` with parameters `weight` (out, in / groups, k) and `bias` (out,), as torch.nn.Conv1d."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        rng: np.random.Generator,
        weight_init=None,
        dtype=np.float64,
    ):
        self._channels(in_channels, out_channels, groups)
        self.kernel_size, self.stride = _one(kernel_size, "kernel_size"), _one(stride, "stride")
        self.padding, self.dilation = _one(padding, "padding"), _one(dilation, "dilation")
        self._start((out_channels, in_channels // groups, kernel_size), out_channels, bias, rng, weight_init, dtype)

    def forward(self, x):
        return conv1d(x, self.weight.data, self._bias(), self.stride, self.padding, self.dilation, self.groups)

    def backward(self, dy, cache):
        dx, *gradients = conv1d_backward(dy, cache)
        self._accumulate(*gradients)
        return dx


class ConvTranspose2d(_Conv):
    """`conv_transpose2d` with parameters `weight` (in, out / groups, kh, kw) and `bias` (out,).

    As torch.nn.ConvTranspose2d.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair = 0,
        output_padding: Pair = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Pair = 1,
        *,
        rng: np.random.Generator,
        weight_init=None,
        dtype=np.float64,
    ):
        self._channels(in_channels, out_channels, groups)
        self._pairs(kernel_size, stride, padding, dilation)
        self.output_padding = pair(output_padding, "output_padding", 0)
        shape = (in_channels, out_channels // groups, *self.kernel_size)
        self._start(shape, out_channels, bias, rng, weight_init, dtype)

    def forward(self, x):
        settings = (self.stride, self.padding, self.output_padding, self.groups, self.dilation)
        return conv_transpose2d(x, self.weight.data, self._bias(), *settings)

    def backward(self, dy, cache):
        dx, *gradients = conv_transpose2d_backward(dy, cache)
        self._accumulate(*gradients)
        return dx
