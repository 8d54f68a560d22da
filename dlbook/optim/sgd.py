"""Stochastic gradient descent."""

import numpy as np

from dlbook.optim.optimizer import Optimizer


class SGD(Optimizer):
    """w ← w - lr v,  v ← momentum · v + g,  g = ∂C/∂w + weight_decay · w; without momentum, v = g.

    nesterov : step along g + momentum · v instead, the gradient seen from a little ahead.
    As torch.optim.SGD without dampening.  Book: chapters 12, 30.  Momentum: Polyak 1964; Sutskever et al. 2013.
    Raises ValueError for negative settings, and for nesterov without momentum.
    """

    def __init__(
        self, parameters, lr: float, momentum: float = 0.0, weight_decay: float = 0.0, *, nesterov: bool = False
    ):
        super().__init__(parameters, lr)
        for name, value in (("momentum", momentum), ("weight_decay", weight_decay)):
            if not value >= 0:
                raise ValueError(f"{name}: expected at least 0, got {value}")
        if nesterov and momentum == 0:
            raise ValueError("nesterov: expected a momentum above 0 with it, got 0")
        self.momentum, self.weight_decay, self.nesterov = float(momentum), float(weight_decay), nesterov
        self._velocity = [None] * len(self.parameters)

    def update(self, i: int, data, grad):
        if self.weight_decay:
            grad = grad + self.weight_decay * data
        if self.momentum:
            velocity = self._velocity[i]
            velocity = grad if velocity is None else self.momentum * velocity + grad
            self._velocity[i] = velocity
            grad = grad + self.momentum * velocity if self.nesterov else velocity
        change = np.asarray(float(self.lr) * grad)
        return np.subtract(data, change, out=change)  # one new array, not two: the weights of a step fit the cache
