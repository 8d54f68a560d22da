"""Gradients that are too large, cut to size before a step."""

from collections.abc import Iterable

import numpy as np

from dlbook.nn.module import Parameter


def clip_grad_norm_(parameters: Parameter | Iterable[Parameter], max_norm: float) -> float:
    """Shrink all gradients by one factor so that their common norm √(Σ g²) is at most `max_norm`; returns the old norm.

        g ← g · min(1, max_norm / (norm + 1e-6))

    The direction stays.  Parameters without a gradient are skipped; new arrays take the gradients' place.
    As torch.nn.utils.clip_grad_norm_.  Pascanu, Mikolov and Bengio 2013.  Book: chapter 50.
    Raises ValueError for a negative max_norm.
    """
    if not max_norm >= 0:
        raise ValueError(f"max_norm: expected at least 0, got {max_norm}")
    with_gradient = _with_gradient(parameters)
    norm = float(np.linalg.norm([np.linalg.norm(parameter.grad) for parameter in with_gradient]))
    factor = float(max_norm) / (norm + 1e-6)
    if not factor >= 1:  # a norm that is not a number spoils all gradients, as in torch
        for parameter in with_gradient:
            parameter.grad = np.multiply(parameter.grad, factor, out=np.empty_like(parameter.grad))
    return norm


def clip_grad_value_(parameters: Parameter | Iterable[Parameter], clip_value: float) -> None:
    """Bring every entry of every gradient into [-clip_value, clip_value].  The direction may change.

    Parameters without a gradient are skipped; new arrays take the gradients' place.
    As torch.nn.utils.clip_grad_value_.  Raises ValueError for a negative clip_value.
    """
    if not clip_value >= 0:
        raise ValueError(f"clip_value: expected at least 0, got {clip_value}")
    for parameter in _with_gradient(parameters):
        limit = float(clip_value)
        parameter.grad = np.clip(parameter.grad, -limit, limit, out=np.empty_like(parameter.grad))


def _with_gradient(parameters) -> list[Parameter]:
    parameters = [parameters] if isinstance(parameters, Parameter) else parameters
    return [parameter for parameter in parameters if parameter.grad is not None]
