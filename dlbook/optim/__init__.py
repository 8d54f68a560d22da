"""Optimisers: how parameters follow their gradients."""

from dlbook.optim.optimizer import Optimizer
from dlbook.optim.sgd import SGD

__all__ = ["SGD", "Optimizer"]
