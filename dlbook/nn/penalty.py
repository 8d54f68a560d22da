"""Regularisers that act on the weights: penalties to add to a cost, and steps that pull weights back.

    value, cache = l2_penalty(weight, strength)
    dweight = l2_penalty_backward(1.0, cache)        # to be added to the gradient of the cost

The book's λ/n is `strength`.  Only weights are regularised, not biases: `weights(model)` finds them.
Book: chapters 20 to 23.
"""

import numpy as np

from dlbook.nn.arrays import as_float
from dlbook.nn.module import Module, Parameter


def weights(model: Module) -> list[Parameter]:
    """The parameters of `model` that are regularised: matrices and kernels.

    Biases, and the weights of normalisation, have one axis and are left out: they make no unit sensitive to its inputs.
    """
    return [parameter for parameter in model.parameters() if parameter.data.ndim > 1]


def l2_penalty(weight, strength: float):
    """strength/2 · Σ w²: with strength = λ/n the book's λ/(2n) Σ w².  Book: chapter 20.

    In plain gradient descent the same as `weight_decay=strength` of an optimiser; with momentum or Adam it is not.
    """
    weight = as_float(weight, "weight")
    return 0.5 * _strength(strength) * np.vdot(weight, weight), (weight, strength)


def l2_penalty_backward(dvalue, cache):
    """dweight = dvalue · strength · w: a pull that is proportional to the weight, and never lands on zero."""
    weight, strength = cache
    return (dvalue * strength) * weight


def l1_penalty(weight, strength: float):
    """strength · Σ |w|: with strength = λ/n the book's λ/n Σ |w|.  Book: chapter 22."""
    weight = as_float(weight, "weight")
    return _strength(strength) * np.abs(weight).sum(), (weight, strength)


def l1_penalty_backward(dvalue, cache):
    """dweight = dvalue · strength · sgn(w), with sgn(0) = 0 at the corner: the same pull on every weight.

    Steps along it jump to and fro over zero; `soft_threshold` stops there.
    """
    weight, strength = cache
    return (dvalue * strength) * np.sign(weight)


def soft_threshold(weight, threshold: float):
    """sgn(w) max(|w| - threshold, 0): every weight moves towards zero by `threshold`, and stays there.

    The minimum of (v - w)²/2 + threshold |v| over v.  With threshold = lr · λ/n, after a step along the gradient of
    the cost alone, it is the proximal step for `l1_penalty`: weights become exactly zero.  Shape as given.
    Daubechies et al. 2004.  Book: chapter 22.
    """
    weight = as_float(weight, "weight")
    if not threshold >= 0:
        raise ValueError(f"threshold: expected at least 0, got {threshold}")
    return np.sign(weight) * np.maximum(np.abs(weight) - threshold, 0)


def max_norm(weight, limit: float):
    """Every unit whose incoming weights are longer than `limit` scaled back to that length; the others as they are.

    weight : (out, in, …); the length is Euclidean, over all axes but the first.
    Raises ValueError below two axes, and for a limit that is not positive.
    The constraint that goes with dropout: Hinton et al. 2012; Srivastava et al. 2014.  Book: chapter 23.
    """
    weight = as_float(weight, "weight")
    if weight.ndim < 2:
        raise ValueError(f"weight: expected shape (out, in, …), got {weight.shape}")
    if not limit > 0:
        raise ValueError(f"limit: expected a length above 0, got {limit}")
    length = np.sqrt((weight * weight).sum(axis=tuple(range(1, weight.ndim)), keepdims=True))
    return np.where(length > limit, weight * (limit / np.maximum(length, limit)), weight)


def _strength(strength: float) -> float:
    if not strength >= 0:
        raise ValueError(f"strength: expected at least 0, got {strength}")
    return strength
