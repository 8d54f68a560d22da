"""Stochastic gradient descent."""

import numpy as np

from dlbook.optim.optimizer import Optimizer, at_least_zero, decayed


class SGD(Optimizer):
    """w ← w - lr v,  v ← momentum · v + (1 - dampening) · g,  g = ∂C/∂w + weight_decay · w.

    Without momentum v = g; with it v is g at the first step.
    nesterov : step along g + momentum · v instead, the gradient seen from a little ahead.
    As torch.optim.SGD.  Book: chapters 12, 30.  Momentum: Polyak 1964; Nesterov 1983; Sutskever et al. 2013.
    Raises ValueError for negative settings, and for nesterov without momentum or with dampening.
    """

    def __init__(
        self,
        params,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ):
        settings = {"lr": lr, "momentum": momentum, "dampening": dampening}
        super().__init__(params, settings | {"weight_decay": weight_decay, "nesterov": nesterov})

    def check(self, settings):
        at_least_zero(settings, "lr", "momentum", "weight_decay")
        if settings["nesterov"] and settings["momentum"] == 0:
            raise ValueError("nesterov: expected a momentum above 0 with it, got 0")
        if settings["nesterov"] and settings["dampening"] != 0:
            raise ValueError(f"nesterov: expected no dampening with it, got {settings['dampening']}")

    def update(self, data, grad, group, state):
        grad = decayed(grad, data, group["weight_decay"])
        if momentum := group["momentum"]:
            velocity = state.get("momentum_buffer")
            if velocity is None:
                velocity = state["momentum_buffer"] = grad.copy()
            else:
                velocity *= momentum
                velocity += (1 - group["dampening"]) * grad if group["dampening"] else grad
            grad = grad + momentum * velocity if group["nesterov"] else velocity
        change = np.asarray(float(group["lr"]) * grad, data.dtype)
        return np.subtract(data, change, out=change)  # one new array, not two: the weights of a step fit the cache
