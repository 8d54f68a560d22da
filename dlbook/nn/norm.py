"""Normalisation: every feature over the batch (batch norm), or every example over its features (layer norm).

    y, cache = layer_norm(x, weight, bias)
    dx, dweight, dbias = layer_norm_backward(dy, cache)

Both bring their numbers to mean 0 and variance 1, and let a learnt weight and bias undo it.  Book: chapters 36, 89.
"""

import math
from typing import NamedTuple

import numpy as np

from dlbook.nn.arrays import as_float, upstream
from dlbook.nn.module import Buffer, Module, Parameter


class BatchNormCache(NamedTuple):
    """What `batch_norm` remembers, and the statistics for the next call: `running_mean` and `running_var`, each (C,)
    or None.
    """

    normalized: np.ndarray
    scale: np.ndarray
    weight: np.ndarray | None
    bias: np.ndarray | None
    from_batch: bool
    running_mean: np.ndarray | None
    running_var: np.ndarray | None


def batch_norm(
    x, running_mean=None, running_var=None, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
) -> tuple[np.ndarray, BatchNormCache]:
    """y = weight · x̂ + bias with x̂ = (x - μ) / √(σ² + eps), for each channel.

    x : (N, C) or (N, C, …).  running_mean, running_var, weight, bias : (C,) or None.  y : shape of x.
    training, or no running statistics: μ and σ² are mean and variance of the channel over this batch, σ² divided by
    the number m of its values.  Else they are the running statistics, and every example is on its own.
    In training `cache.running_mean` is (1 - momentum) running_mean + momentum μ, and running_var likewise with the
    unbiased m/(m - 1) σ²; otherwise what was given.  Nothing is changed in place.
    Raises ValueError for wrong shapes, and when a batch has one value a channel: its variance would be 0.
    Ioffe and Szegedy 2015.  Book: chapters 36, 93.
    """
    x = as_float(x)
    if x.ndim < 2:
        raise ValueError(f"x: expected shape (N, C) or (N, C, …), got {x.shape}")
    if (running_mean is None) != (running_var is None):
        raise ValueError("running_mean, running_var: expected both or neither")
    given = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    running_mean, running_var, weight, bias = (_of_shape(a, name, x.shape[1:2]) for name, a in given.items())

    from_batch = training or running_mean is None
    count = x.size // max(x.shape[1], 1)
    if from_batch and count < 2:
        raise ValueError(
            f"x: expected at least 2 values a channel to normalise a batch by itself, got shape {x.shape}; "
            "train on larger batches, or call eval() first"
        )
    axes = (0, *range(2, x.ndim))
    mean = x.sum(axis=axes) / count if from_batch else running_mean
    centred = x - _along(mean, x)
    var = (centred * centred).sum(axis=axes) / count if from_batch else running_var
    scale = 1 / np.sqrt(var + eps)
    normalized = centred * _along(scale, x)

    y = normalized if weight is None else normalized * _along(weight, x)
    y = y if bias is None else y + _along(bias, x)
    if training and running_mean is not None:
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * (count / (count - 1)) * var
    return y, BatchNormCache(normalized, scale, weight, bias, from_batch, running_mean, running_var)


def batch_norm_backward(dy, cache: BatchNormCache):
    """(dx, dweight, dbias); None for a weight or bias that was None.

    dweight = Σ dy · x̂ and dbias = Σ dy, over everything but the channel.  With g = weight · dy,
    dx = (g - mean(g) - x̂ mean(g · x̂)) / √(σ² + eps): mean and variance depend on x, and take their share away.
    Where they were running statistics they do not, and dx = g / √(σ² + eps).
    """
    normalized, scale, weight, bias, from_batch, *_ = cache
    dy = upstream(dy, normalized.shape)
    axes = (0, *range(2, dy.ndim))
    dbias, dweight = dy.sum(axis=axes), (dy * normalized).sum(axis=axes)
    dx = dy
    if from_batch:
        count = dy.size // dy.shape[1]
        dx = dy - _along(dbias / count, dy) - normalized * _along(dweight / count, dy)
    dx = dx * _along(scale if weight is None else weight * scale, dy)
    return dx, None if weight is None else dweight, None if bias is None else dbias


def layer_norm(x, weight=None, bias=None, eps=1e-5, *, normalized_shape=None):
    """y = weight · x̂ + bias with x̂ = (x - μ) / √(σ² + eps), for each example over its features.

    x : (…, D).  weight, bias : (D,) or None.  y : shape of x.  A weight of several axes, or `normalized_shape`, takes
    as many of the last axes of x together.  The same in training and evaluation, and for a single example.
    Raises ValueError for wrong shapes.  Ba, Kiros and Hinton 2016.  Book: chapters 36, 89.
    """
    x = as_float(x)
    normalized_shape, axes = _last_axes(x, weight, normalized_shape)
    weight, bias = (_of_shape(a, name, normalized_shape) for a, name in ((weight, "weight"), (bias, "bias")))

    centred = x - x.mean(axis=axes, keepdims=True)
    scale = 1 / np.sqrt((centred * centred).mean(axis=axes, keepdims=True) + eps)
    normalized = centred * scale
    y = normalized if weight is None else normalized * weight
    y = y if bias is None else y + bias
    return y, (normalized, scale, weight, bias, axes)


def layer_norm_backward(dy, cache):
    """(dx, dweight, dbias); None for a weight or bias that was None.

    With g = weight · dy, dx = (g - mean(g) - x̂ mean(g · x̂)) / √(σ² + eps), means over the features of the example;
    dweight = Σ dy · x̂ and dbias = Σ dy over the examples.
    """
    normalized, scale, weight, bias, axes = cache
    dy = upstream(dy, normalized.shape)
    g = dy if weight is None else dy * weight
    mean, product = (a.mean(axis=axes, keepdims=True) for a in (g, g * normalized))
    dx = (g - mean - normalized * product) * scale
    examples = tuple(range(dy.ndim - len(axes)))
    dweight = None if weight is None else (dy * normalized).sum(axis=examples)
    return dx, dweight, None if bias is None else dy.sum(axis=examples)


def rms_norm(x, weight=None, eps: float | None = None, *, normalized_shape=None):
    """y = weight · x / √(mean(x²) + eps), for each example over its features: layer norm without its mean and bias.

    x : (…, D), weight : (D,) or None, y : shape of x; several last axes as in `layer_norm`.
    eps : the smallest step of the precision without one, as in torch.
    Raises ValueError for wrong shapes.  Zhang and Sennrich 2019.
    """
    x = as_float(x)
    normalized_shape, axes = _last_axes(x, weight, normalized_shape)
    weight = _of_shape(weight, "weight", normalized_shape)
    eps = float(np.finfo(x.dtype).eps) if eps is None else eps
    scale = 1 / np.sqrt((x * x).mean(axis=axes, keepdims=True) + x.dtype.type(eps))
    normalized = x * scale
    return normalized if weight is None else normalized * weight, (normalized, scale, weight, axes)


def rms_norm_backward(dy, cache):
    """(dx, dweight); None for a weight that was None.

    With x̂ = x / √(mean(x²) + eps) and g = weight · dy: dx = (g - x̂ mean(g · x̂)) / √(mean(x²) + eps),
    dweight = Σ dy · x̂ over the examples.
    """
    normalized, scale, weight, axes = cache
    dy = upstream(dy, normalized.shape)
    g = dy if weight is None else dy * weight
    dx = (g - normalized * (g * normalized).mean(axis=axes, keepdims=True)) * scale
    examples = tuple(range(dy.ndim - len(axes)))
    return dx, None if weight is None else (dy * normalized).sum(axis=examples)


def l2_normalize(x, eps: float = 1e-12):
    """y = x / max(‖x‖, eps) along the last axis: length 1; a row of zeros stays.  As torch.nn.functional.normalize.

    x, y : (…, D).  Returns y and the cache.  Book: chapters 78, 84.
    """
    x = as_float(x)
    length = np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), x.dtype.type(eps))
    y = x / length
    return y, (y, length)


def l2_normalize_backward(dy, cache):
    """dx = (dy - y (y·dy)) / ‖x‖: what points along x is taken out, for a longer x has the same y."""
    y, length = cache
    return (dy - y * np.sum(y * dy, axis=-1, keepdims=True)) / length


def _last_axes(x, weight, normalized_shape):
    """The shape that is normalised, that of the weight without one, and its axes of x: (-2, -1) for two.

    Raises ValueError when x does not end in it.
    """
    if normalized_shape is None:
        normalized_shape = x.shape[-1:] if weight is None else np.shape(weight)
    normalized_shape = tuple(normalized_shape)
    count = len(normalized_shape)
    if count == 0 or x.shape[-count:] != normalized_shape:
        inner = ", ".join(map(str, normalized_shape)) or "D"
        raise ValueError(f"x: expected shape (…, {inner}), got {x.shape}")
    return normalized_shape, tuple(range(-count, 0))


def _of_shape(array, name: str, shape: tuple[int, ...]):
    if array is None:
        return None
    array = as_float(array, name)
    if array.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")
    return array


def _along(per_channel, x):
    """(C,) as (C, 1, …), so that it meets the channels of x (N, C, …)."""
    return per_channel.reshape(-1, *(1,) * (x.ndim - 2))


class _BatchNorm(Module):
    dimensions: tuple[int, ...]
    shapes: str

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        dtype=np.float64,
    ):
        if num_features < 1:
            raise ValueError(f"num_features: expected at least 1, got {num_features}")
        if momentum is not None and not 0 <= momentum <= 1:
            raise ValueError(f"momentum: expected None or a number from 0 to 1, got {momentum}")
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight = Parameter(np.ones(num_features), dtype) if affine else None
        self.bias = Parameter(np.zeros(num_features), dtype) if affine else None
        self.running_mean = Buffer(np.zeros(num_features), dtype) if track_running_stats else None
        self.running_var = Buffer(np.ones(num_features), dtype) if track_running_stats else None
        self.num_batches_tracked = Buffer(0, np.int64) if track_running_stats else None

    def forward(self, x):
        x = as_float(x)
        if x.ndim not in self.dimensions or x.shape[1] != self.num_features:
            raise ValueError(f"x: expected shape {self.shapes.replace('C', str(self.num_features))}, got {x.shape}")
        statistics = (self.running_mean.data, self.running_var.data) if self.track_running_stats else (None, None)
        affine = (self.weight.data, self.bias.data) if self.affine else (None, None)
        if not (self.training and self.track_running_stats):
            return batch_norm(x, *statistics, *affine, self.training, eps=self.eps)

        seen = np.asarray(self.num_batches_tracked.data + 1)  # the sum of a 0-d array and a number is no array
        momentum = 1 / seen if self.momentum is None else self.momentum
        y, cache = batch_norm(x, *statistics, *affine, True, momentum, self.eps)
        kind = self.running_mean.data.dtype
        self.running_mean.data, self.running_var.data = cache.running_mean.astype(kind), cache.running_var.astype(kind)
        self.num_batches_tracked.data = seen
        return y, cache

    def backward(self, dy, cache):
        dx, dweight, dbias = batch_norm_backward(dy, cache)
        if self.affine:
            self.weight.accumulate(dweight)
            self.bias.accumulate(dbias)
        return dx

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.num_features})"


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of x (N, C) or (N, C, L), as torch.nn.BatchNorm1d.

    Parameters `weight`, `bias` (C,); buffers `running_mean`, `running_var` (C,), `num_batches_tracked`.
    In training each call normalises by its batch and moves the running statistics by `momentum`, or with momentum=None
    to the plain average over all batches; in evaluation these are used.  track_running_stats=False: always the batch.
    Raises ValueError for other shapes, and in training for a batch with a single value a channel.
    """

    dimensions = (2, 3)
    shapes = "(N, C) or (N, C, L)"


class BatchNorm2d(_BatchNorm):
    """`BatchNorm1d` for images, x (N, C, H, W): one mean and variance for each channel, as torch.nn.BatchNorm2d."""

    dimensions = (4,)
    shapes = "(N, C, H, W)"


def _shape_of_layer(normalized_shape) -> tuple[int, ...]:
    """A number as a tuple of one; ValueError for axes below 1, or none."""
    shape = (normalized_shape,) if isinstance(normalized_shape, int | np.integer) else tuple(normalized_shape)
    if not shape or math.prod(shape) < 1:
        raise ValueError(f"normalized_shape: expected axes of at least 1, got {normalized_shape}")
    return shape


class LayerNorm(Module):
    """Layer normalisation over the last axes of x, which have `normalized_shape`, as torch.nn.LayerNorm.

    normalized_shape : a number for the last axis, or a tuple.  Parameters `weight`, `bias` of that shape.
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype=np.float64,
    ):
        shape = _shape_of_layer(normalized_shape)
        self.normalized_shape, self.eps = shape, eps
        self.weight = Parameter(np.ones(shape), dtype) if elementwise_affine else None
        self.bias = Parameter(np.zeros(shape), dtype) if elementwise_affine and bias else None

    def forward(self, x):
        weight, bias = (None if array is None else array.data for array in (self.weight, self.bias))
        return layer_norm(x, weight, bias, self.eps, normalized_shape=self.normalized_shape)

    def backward(self, dy, cache):
        dx, *gradients = layer_norm_backward(dy, cache)
        for parameter, gradient in zip((self.weight, self.bias), gradients, strict=True):
            if parameter is not None:
                parameter.accumulate(gradient)
        return dx

    def __repr__(self) -> str:
        return f"LayerNorm({self.normalized_shape})"


class RMSNorm(Module):
    """`rms_norm` over the last axes of x, which have `normalized_shape`, as torch.nn.RMSNorm.

    normalized_shape : a number for the last axis, or a tuple.  Parameter `weight` of that shape.
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float | None = None,
        elementwise_affine: bool = True,
        *,
        dtype=np.float64,
    ):
        shape = _shape_of_layer(normalized_shape)
        self.normalized_shape, self.eps = shape, eps
        self.weight = Parameter(np.ones(shape), dtype) if elementwise_affine else None

    def forward(self, x):
        weight = None if self.weight is None else self.weight.data
        return rms_norm(x, weight, self.eps, normalized_shape=self.normalized_shape)

    def backward(self, dy, cache):
        dx, dweight = rms_norm_backward(dy, cache)
        if self.weight is not None:
            self.weight.accumulate(dweight)
        return dx

    def __repr__(self) -> str:
        return f"RMSNorm({self.normalized_shape})"
