"""Optimisers, how parameters follow their gradients, and schedules of the learning rate (`optim.lr_scheduler`).

Names, arguments and steps are those of torch.optim.  Reading order: optimizer, sgd, adagrad, rmsprop, adam,
second_order, lr_scheduler.
"""

from dlbook.optim import lr_scheduler
from dlbook.optim.adagrad import Adadelta, Adagrad
from dlbook.optim.adam import Adam, Adamax, AdamW, NAdam, RAdam
from dlbook.optim.optimizer import Optimizer
from dlbook.optim.rmsprop import RMSprop
from dlbook.optim.second_order import (
    HessianFree,
    conjugate_gradient,
    hessian_vector_product,
    loss_gradient,
    newton_step,
)
from dlbook.optim.sgd import SGD

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "HessianFree",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "conjugate_gradient",
    "hessian_vector_product",
    "loss_gradient",
    "lr_scheduler",
    "newton_step",
]
