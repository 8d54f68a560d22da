"""Pooling: each feature map made smaller by a summary of its windows.  Nothing is learnt.

    y, cache = max_pool2d(x, 2)
    dx = max_pool2d_backward(dy, cache)

Book: chapter 43.
"""

import math

import numpy as np

from dlbook.nn.arrays import as_float, upstream
from dlbook.nn.conv import Pair, columns, conv_output_size, overlap_add, pad, pair, places
from dlbook.nn.module import Module

ONCE = (1, 1)


def max_pool2d(x, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0):
    """The largest value of each window.

    x : (N, C, H, W).  stride : kernel_size without one.  padding : around the image, with -∞, so that it never wins.
    Returns y : (N, C, H', W') and the cache.  Raises ValueError when a window does not fit.  Ranzato et al. 2007.
    """
    x = _images(x)
    kernel_size, stride, padding, out_size = _settings(x.shape, kernel_size, stride, padding)
    padded = pad(x, padding, -np.inf)
    y = np.full((*x.shape[:2], *out_size), -np.inf, x.dtype)
    winner = np.zeros(y.shape, np.int16)  # the place in the window, row by row
    for place, (_, _, met) in enumerate(places(kernel_size, stride, ONCE, out_size)):
        candidate = padded[met]
        np.copyto(winner, place, where=candidate > y)
        np.maximum(y, candidate, out=y)
    return y, (winner, x.shape, kernel_size, stride, padding)


def max_pool2d_backward(dy, cache):
    """dx: each dy goes to the pixel that was the largest, the first in reading order where several were."""
    winner, shape, kernel_size, stride, padding = cache
    dy = upstream(dy, winner.shape)
    n, channels, height, width = shape
    rows, cols = padding
    dx = np.zeros((n, channels, height + 2 * rows, width + 2 * cols), dy.dtype)
    for place, (_, _, met) in enumerate(places(kernel_size, stride, ONCE, winner.shape[2:])):
        dx[met] += dy * (winner == place)
    return dx[:, :, rows : rows + height, cols : cols + width]


def avg_pool2d(x, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0):
    """The mean of each window; padding counts as zeros, as in torch.

    x : (N, C, H, W).  Returns y : (N, C, H', W') and the cache.  Raises ValueError when a window does not fit.
    LeCun et al. 1998.
    """
    windows, shape, around = _windows(x, kernel_size, stride, padding)
    return windows.mean(axis=2), (windows.shape, shape, *around)


def avg_pool2d_backward(dy, cache):
    """dx: each dy in equal parts to all pixels of its window."""
    windows, shape, kernel_size, stride, padding = cache
    dy = upstream(dy, windows[:2] + windows[3:])
    dcols = np.broadcast_to((dy / windows[2])[:, :, None], windows)
    return _back(dcols, shape, kernel_size, stride, padding)


def lp_pool2d(x, norm_type: float, kernel_size: Pair, stride: Pair | None = None):
    """(Σ x^p)^(1/p) over each window: p = 2 is the book's L2 pooling, p = 1 the sum, p → ∞ tends to the maximum.

    x : (N, C, H, W), p = norm_type.  Returns y : (N, C, H', W') and the cache.
    Raises ValueError when a window does not fit, for p below 1, and for negative x unless p is 1 or even: |x| is not
    taken, as in torch, and the root of a negative sum is no number.  Book: chapter 43.
    """
    if not 1 <= norm_type < math.inf:
        raise ValueError(f"norm_type: expected a number of at least 1, got {norm_type}")
    windows, shape, around = _windows(x, kernel_size, stride, 0)
    if norm_type != 1 and norm_type % 2 and (windows < 0).any():
        raise ValueError(f"x: expected no negative values for norm_type {norm_type}; give |x|, or an even norm_type")
    y = (windows**norm_type).sum(axis=2) ** (1 / norm_type)
    return y, (windows, y, norm_type, shape, *around)


def lp_pool2d_backward(dy, cache):
    """dx = dy · (x / y)^(p - 1), summed over the windows that a pixel is in; 0 where y is 0."""
    windows, y, p, shape, kernel_size, stride, padding = cache
    dy = upstream(dy, y.shape)
    scale = np.zeros_like(y)
    np.divide(dy, y ** (p - 1), out=scale, where=y != 0)
    return _back(scale[:, :, None] * windows ** (p - 1), shape, kernel_size, stride, padding)


def adaptive_avg_pool2d(x, output_size: Pair):
    """The mean over windows that cut the image into output_size parts: `1` is global average pooling.

    x : (N, C, H, W).  Window i of H' goes from ⌊i·H/H'⌋ to ⌈(i + 1)·H/H'⌉; they overlap where H' does not divide H.
    Returns y : (N, C, H', W') and the cache.  Raises ValueError for other shapes.  Lin, Chen and Yan 2014.
    """
    x = _images(x)
    size = pair(output_size, "output_size", 1)
    rows, cols = (_shares(*axis, x.dtype) for axis in zip(x.shape[2:], size, strict=True))
    return np.matmul(np.matmul(rows, x), cols.T), (x.shape, rows, cols)


def adaptive_avg_pool2d_backward(dy, cache):
    """dx: each dy in equal parts to all pixels of its window."""
    shape, rows, cols = cache
    dy = upstream(dy, (*shape[:2], len(rows), len(cols)))
    return np.matmul(np.matmul(rows.T, dy), cols)


def _shares(size: int, parts: int, dtype) -> np.ndarray:
    """(parts, size): what share each position has in the mean of each part."""
    shares = np.zeros((parts, size), dtype)
    for i in range(parts):
        start, stop = i * size // parts, -(-(i + 1) * size // parts)
        shares[i, start:stop] = 1 / (stop - start)
    return shares


def _images(x) -> np.ndarray:
    x = as_float(x)
    if x.ndim != 4 or 0 in x.shape[2:]:
        raise ValueError(f"x: expected shape (N, C, H, W), got {x.shape}")
    return x


def _windows(x, kernel_size, stride, padding):
    """Windows (N, C, kh·kw, H', W') of x, its shape, and the settings as pairs."""
    x = _images(x)
    kernel_size, stride, padding, out_size = _settings(x.shape, kernel_size, stride, padding)
    cols = columns(pad(x, padding), kernel_size, stride, ONCE, out_size)
    return cols.reshape(*x.shape[:2], -1, *out_size), x.shape, (kernel_size, stride, padding)


def _settings(shape, kernel_size, stride, padding):
    """Kernel, stride and padding as pairs, and H', W'."""
    kernel_size = pair(kernel_size, "kernel_size", 1)
    stride = kernel_size if stride is None else pair(stride, "stride", 1)
    padding = pair(padding, "padding", 0)
    if any(2 * p > k for p, k in zip(padding, kernel_size, strict=True)):
        raise ValueError(f"padding: expected at most half of kernel_size {kernel_size}, got {padding}")
    axes = zip(shape[2:], kernel_size, stride, padding, strict=True)
    return kernel_size, stride, padding, tuple(conv_output_size(*axis) for axis in axes)


def _back(dcols, shape, kernel_size, stride, padding):
    """Gradients of the windows added up at their pixels, without the padding."""
    n, channels, height, width = shape
    rows, cols = padding
    dcols = dcols.reshape(n, channels, *kernel_size, *dcols.shape[3:])
    dx = np.zeros((n, channels, height + 2 * rows, width + 2 * cols), dcols.dtype)
    overlap_add(dcols, dx, stride, ONCE)
    return dx[:, :, rows : rows + height, cols : cols + width]


def masked_mean(x, mask, name: str = "x"):
    """y = the mean of the vectors that the mask allows: one for each sequence, whatever its length.

    x : (N, T, D).  mask : (N, T) booleans, True where a vector counts.  Returns y : (N, D) and the cache.
    name : what the caller calls x, for errors.
    A sequence without any gives zeros.  Raises ValueError for a mask of another shape or type.  Book: chapters 78, 84.
    """
    x, mask = as_float(x, name), np.asarray(mask)
    if x.ndim != 3 or mask.shape != x.shape[:2] or mask.dtype != bool:
        raise ValueError(f"mask: expected booleans {x.shape[:2]}, for {name} {x.shape}, got {mask.dtype} {mask.shape}")
    real = mask.astype(x.dtype)
    shares = real / np.maximum(real.sum(axis=1, keepdims=True), 1)
    return np.einsum("nt,ntd->nd", shares, x), shares


def masked_mean_backward(dy, cache):
    """dx (N, T, D): each vector's share of dy."""
    return cache[:, :, None] * dy[:, None]


class _Pool(Module):
    def __init__(self, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0):
        self.kernel_size = pair(kernel_size, "kernel_size", 1)
        self.stride = self.kernel_size if stride is None else pair(stride, "stride", 1)
        self.padding = pair(padding, "padding", 0)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.kernel_size}, stride={self.stride})"


class MaxPool2d(_Pool):
    """`max_pool2d` as a layer, as torch.nn.MaxPool2d."""

    def forward(self, x):
        return max_pool2d(x, self.kernel_size, self.stride, self.padding)

    def backward(self, dy, cache):
        return max_pool2d_backward(dy, cache)


class AvgPool2d(_Pool):
    """`avg_pool2d` as a layer, as torch.nn.AvgPool2d."""

    def forward(self, x):
        return avg_pool2d(x, self.kernel_size, self.stride, self.padding)

    def backward(self, dy, cache):
        return avg_pool2d_backward(dy, cache)


class LPPool2d(_Pool):
    """`lp_pool2d` as a layer, as torch.nn.LPPool2d."""

    def __init__(self, norm_type: float, kernel_size: Pair, stride: Pair | None = None):
        super().__init__(kernel_size, stride)
        self.norm_type = norm_type

    def forward(self, x):
        return lp_pool2d(x, self.norm_type, self.kernel_size, self.stride)

    def backward(self, dy, cache):
        return lp_pool2d_backward(dy, cache)


class AdaptiveAvgPool2d(Module):
    """`adaptive_avg_pool2d` as a layer, as torch.nn.AdaptiveAvgPool2d."""

    def __init__(self, output_size: Pair):
        self.output_size = pair(output_size, "output_size", 1)

    def forward(self, x):
        return adaptive_avg_pool2d(x, self.output_size)

    def backward(self, dy, cache):
        return adaptive_avg_pool2d_backward(dy, cache)

    def __repr__(self) -> str:
        return f"AdaptiveAvgPool2d({self.output_size})"


class Flatten(Module):
    """Several axes made one, by default all but the first: (N, C, H, W) becomes (N, C·H·W), as torch.nn.Flatten.

    Raises ValueError when x lacks the axes.
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x):
        x = as_float(x)
        start, end = (axis + x.ndim if axis < 0 else axis for axis in (self.start_dim, self.end_dim))
        if not 0 <= start <= end < x.ndim:
            raise ValueError(f"x: expected axes {self.start_dim} to {self.end_dim}, got shape {x.shape}")
        return x.reshape(*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :]), x.shape

    def backward(self, dy, cache):
        return np.reshape(dy, cache)
