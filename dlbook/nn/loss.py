"""Losses: how far a prediction is from its target, as one number.

    value, cache = loss(prediction, target)
    dprediction = loss_backward(dvalue, cache)     # dvalue is 1.0 at the end of a network

A target is data: it gets no gradient.  reduction="mean" averages, over the examples (quadratic_loss, nll_loss,
cross_entropy) or over all elements (the others) as torch does; "sum" adds up.
Raises ValueError when shapes differ, or when a label is not one of the classes.
"""

import math

import numpy as np

from dlbook.nn.activations import log_softmax, sigmoid
from dlbook.nn.arrays import as_float
from dlbook.nn.module import Module

REDUCTIONS = ("mean", "sum")
SMALLEST_PROBABILITY = math.exp(-100)  # log-probabilities are cut off at -100, as in torch
SMALLEST_VARIANCE = float(np.float32(1e-12))  # of p (1 - p), in single precision, as in torch


def quadratic_loss(prediction, target, reduction: str = "mean"):
    """C = 1/(2N) Σ ‖target - prediction‖², the book's quadratic cost.

    prediction, target : (N, …).  The factor ½ and the average over examples alone make it D/2 times `mse_loss` for
    vectors of D elements.  Book: chapters 12, 13.
    """
    prediction, target = _pair(prediction, target)
    return _squared(prediction - target, 0.5 / _count(len(prediction), reduction))


def quadratic_loss_backward(dvalue, cache):
    """dprediction = dvalue (prediction - target) / N."""
    return _squared_backward(dvalue, cache)


def mse_loss(prediction, target, reduction: str = "mean"):
    """Mean of (prediction - target)² over all elements: torch's mean squared error.  Shapes are equal."""
    prediction, target = _pair(prediction, target)
    return _squared(prediction - target, 1 / _count(prediction.size, reduction))


def mse_loss_backward(dvalue, cache):
    """dprediction = 2 dvalue (prediction - target) / size."""
    return _squared_backward(dvalue, cache)


def nll_loss(log_probabilities, labels, reduction: str = "mean"):
    """Minus the log-probability of the right class.

    log_probabilities : (N, C).  labels : (N,) integers from 0 to C - 1.  Book: chapter 17.
    """
    log_probabilities = _rows(log_probabilities, "log_probabilities")
    labels = _labels(labels, log_probabilities.shape)
    picked = (np.arange(len(labels)), labels)
    factor = 1 / _count(len(labels), reduction)
    return -factor * log_probabilities[picked].sum(), (log_probabilities, picked, factor)


def nll_loss_backward(dvalue, cache):
    """-dvalue / N at the right class, 0 elsewhere."""
    log_probabilities, picked, factor = cache
    gradient = np.zeros_like(log_probabilities)
    gradient[picked] = -factor * dvalue
    return gradient


def cross_entropy(logits, target, reduction: str = "mean", ignore_index: int = -100, label_smoothing: float = 0.0):
    """-Σ_c target_c log softmax(logits)_c, averaged over the examples.

    logits : (N, C).  target : (N,) integer labels from 0 to C - 1, or (N, C) probabilities, one-hot rows for instance.
    ignore_index : a label that says that the example does not count, in the average neither: padding, or a word that
    was not masked.  label_smoothing : ε mixes the target with equal shares, (1 - ε) target + ε / C.
    Raises ValueError when no example counts.  Book: chapters 17, 78, 90.
    """
    logits = _rows(logits, "logits")
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"label_smoothing: expected a share from 0 to 1, got {label_smoothing}")
    log_probabilities, _ = log_softmax(logits)
    if np.ndim(target) == 1:
        labels = np.asarray(target)
        counted = np.flatnonzero(labels != ignore_index)
        rows = log_probabilities if len(counted) == len(labels) else log_probabilities[counted]
        picked = np.arange(len(counted)), _labels(labels[counted], rows.shape)
        total = (1 - label_smoothing) * rows[picked].sum()
    else:
        _, target = _pair(logits, target)
        counted, rows, picked = np.arange(len(logits)), log_probabilities, None
        total = (1 - label_smoothing) * np.vdot(target, rows)
    if label_smoothing:
        total += label_smoothing * rows.mean(axis=1).sum()
    factor = 1 / _count(len(counted), reduction)
    return -factor * total, (rows, picked, target, counted, logits.shape, label_smoothing, factor)


def cross_entropy_backward(dvalue, cache):
    """dlogits = dvalue (softmax(logits) - target) / N, the target smoothed; zeros where an example does not count."""
    rows, picked, target, counted, shape, label_smoothing, factor = cache
    gradient = np.exp(rows)
    if picked is None:
        mass = target.sum(axis=1, keepdims=True)
        gradient = gradient * ((1 - label_smoothing) * mass + label_smoothing) - (1 - label_smoothing) * target
    else:
        gradient[picked] -= 1 - label_smoothing
    if label_smoothing:
        gradient -= label_smoothing / shape[1]
    gradient *= factor * dvalue
    if len(counted) == shape[0]:
        return gradient
    whole = np.zeros(shape, gradient.dtype)
    whole[counted] = gradient
    return whole


def binary_cross_entropy(probabilities, target, reduction: str = "mean"):
    """-(t log p + (1 - t) log(1 - p)), elementwise.  probabilities, target : equal shapes, between 0 and 1.

    Logarithms are cut off at -100, as in torch, so that p = 0 and p = 1 stay finite.  Book: chapter 17.
    """
    p, target = _pair(probabilities, target, "probabilities")
    if p.size and not (p.min() >= 0 and p.max() <= 1):
        raise ValueError(
            f"probabilities: expected values from 0 to 1, got {p.min():.4g} to {p.max():.4g}; "
            "for logits use binary_cross_entropy_with_logits"
        )
    factor = 1 / _count(p.size, reduction)
    log_p, log_rest = (np.log(np.maximum(q, SMALLEST_PROBABILITY)) for q in (p, 1 - p))
    return -factor * (np.vdot(target, log_p) + np.vdot(1 - target, log_rest)), (p, target, factor)


def binary_cross_entropy_backward(dvalue, cache):
    """dvalue (p - t) / (p (1 - p)) / size, with the denominator at least 1e-12, as in torch."""
    p, target, factor = cache
    return (factor * dvalue) * ((p - target) / np.maximum(p * (1 - p), SMALLEST_VARIANCE))


def binary_cross_entropy_with_logits(logits, target, reduction: str = "mean"):
    """Binary cross-entropy of σ(logits): max(z, 0) - z t + log(1 + exp(-|z|)), finite for every logit.

    logits, target : equal shapes, target between 0 and 1.
    """
    z, target = _pair(logits, target, "logits")
    factor = 1 / _count(z.size, reduction)
    return factor * (np.maximum(z, 0) - z * target + np.log1p(np.exp(-np.abs(z)))).sum(), (z, target, factor)


def binary_cross_entropy_with_logits_backward(dvalue, cache):
    """dvalue (σ(z) - t) / size."""
    z, target, factor = cache
    return (factor * dvalue) * (sigmoid(z)[0] - target)


def _pair(prediction, target, name: str = "prediction"):
    prediction = as_float(prediction, name)
    target = as_float(target, "target")
    if prediction.shape != target.shape:
        raise ValueError(f"target: expected shape {prediction.shape}, that of {name}, got {target.shape}")
    if prediction.ndim == 0:
        raise ValueError(f"{name}: expected an array with one row for each example, got a single number")
    if target.dtype != prediction.dtype:
        target = target.astype(prediction.dtype)
    return prediction, target


def _squared(error, factor: float):
    return factor * np.vdot(error, error), (error, factor)


def _squared_backward(dvalue, cache):
    error, factor = cache
    return (2 * factor * dvalue) * error


def _rows(x, name: str):
    x = as_float(x, name)
    if x.ndim != 2:
        raise ValueError(f"{name}: expected shape (N, C), got {x.shape}")
    return x


def _labels(labels, shape: tuple[int, int]):
    labels = np.asarray(labels)
    if labels.shape != shape[:1]:
        raise ValueError(f"labels: expected shape {shape[:1]}, got {labels.shape}")
    if labels.dtype.kind not in "iu":
        raise ValueError(f"labels: expected integers from 0 to {shape[1] - 1}, got dtype {labels.dtype}")
    if labels.size and not (labels.min() >= 0 and labels.max() < shape[1]):
        raise ValueError(f"labels: expected 0 to {shape[1] - 1}, got {labels.min()} to {labels.max()}")
    return labels


def _count(size: int, reduction: str) -> int:
    if reduction == "mean":
        if size == 0:
            raise ValueError("prediction: expected at least one example, got none")
        return size
    if reduction == "sum":
        return 1
    raise ValueError(f"reduction: expected 'mean' or 'sum', got {reduction!r}")


class Loss(Module):
    """A loss as a module.

    value, cache = loss.forward(prediction, target)
    dprediction = loss.backward(dvalue, cache)
    """

    def __init__(self, reduction: str = "mean"):
        if reduction not in REDUCTIONS:
            raise ValueError(f"reduction: expected 'mean' or 'sum', got {reduction!r}")
        self.reduction = reduction


class QuadraticLoss(Loss):
    def forward(self, prediction, target):
        return quadratic_loss(prediction, target, self.reduction)

    def backward(self, dy, cache):
        return quadratic_loss_backward(dy, cache)


class MSELoss(Loss):
    def forward(self, prediction, target):
        return mse_loss(prediction, target, self.reduction)

    def backward(self, dy, cache):
        return mse_loss_backward(dy, cache)


class NLLLoss(Loss):
    def forward(self, log_probabilities, labels):
        return nll_loss(log_probabilities, labels, self.reduction)

    def backward(self, dy, cache):
        return nll_loss_backward(dy, cache)


class CrossEntropyLoss(Loss):
    """`cross_entropy` with its settings, as torch.nn.CrossEntropyLoss."""

    def __init__(self, reduction: str = "mean", ignore_index: int = -100, label_smoothing: float = 0.0):
        super().__init__(reduction)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, logits, target):
        return cross_entropy(logits, target, self.reduction, self.ignore_index, self.label_smoothing)

    def backward(self, dy, cache):
        return cross_entropy_backward(dy, cache)


class BCELoss(Loss):
    def forward(self, probabilities, target):
        return binary_cross_entropy(probabilities, target, self.reduction)

    def backward(self, dy, cache):
        return binary_cross_entropy_backward(dy, cache)


class BCEWithLogitsLoss(Loss):
    def forward(self, logits, target):
        return binary_cross_entropy_with_logits(logits, target, self.reduction)

    def backward(self, dy, cache):
        return binary_cross_entropy_with_logits_backward(dy, cache)
