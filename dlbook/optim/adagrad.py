"""Step sizes from sums and averages of squared gradients: Adagrad and Adadelta."""

import numpy as np

from dlbook.optim.optimizer import Optimizer, at_least_zero, decayed, moving_average


class Adagrad(Optimizer):
    """w ← w - lr_t · g / (√s + eps),  s ← s + g²,  lr_t = lr / (1 + (t - 1) · lr_decay),  all element by element.

    A weight that has seen large gradients takes smaller steps; since s only grows, all steps shrink with time.
    lr_decay : how fast the learning rate itself falls.  weight_decay : g = ∂C/∂w + weight_decay · w.
    initial_accumulator_value : s before the first step.  eps : keeps the division finite.
    As torch.optim.Adagrad.  Duchi, Hazan and Singer 2011.  Book: chapter 30.
    Raises ValueError for negative settings.
    """

    def __init__(
        self,
        params,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
    ):
        settings = {"lr": lr, "lr_decay": lr_decay, "weight_decay": weight_decay, "eps": eps}
        super().__init__(params, settings | {"initial_accumulator_value": initial_accumulator_value})

    def check(self, settings):
        at_least_zero(settings, "lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")

    def update(self, data, grad, group, state):
        if not state:
            state |= {"step": 0, "sum": np.full_like(data, group["initial_accumulator_value"])}
        state["step"] += 1
        grad = decayed(grad, data, group["weight_decay"])
        scratch = np.empty_like(data)
        state["sum"] += np.square(grad, out=scratch)
        change = np.sqrt(state["sum"], out=scratch)
        change += group["eps"]
        np.divide(grad, change, out=change)
        change *= float(group["lr"]) / (1 + (state["step"] - 1) * group["lr_decay"])
        return np.subtract(data, change, out=change)


class Adadelta(Optimizer):
    """w ← w - lr · d,  d = g · √(u + eps) / √(s + eps),  s ← rho · s + (1 - rho) · g²,  u ← rho · u + (1 - rho) · d².

    The step has the unit of the weight: its size comes from the sizes of earlier steps, u, so lr is usually 1.
    rho : how long the averages remember.  eps : sets the size of the first steps.
    weight_decay : g = ∂C/∂w + weight_decay · w.
    As torch.optim.Adadelta.  Zeiler 2012.  Book: chapter 30.
    Raises ValueError for negative settings, and for rho above 1.
    """

    def __init__(self, params, lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0.0):
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay})

    def check(self, settings):
        at_least_zero(settings, "lr", "eps", "weight_decay")
        if not 0 <= settings["rho"] <= 1:
            raise ValueError(f"rho: expected a number from 0 to 1, got {settings['rho']}")

    def update(self, data, grad, group, state):
        if not state:
            state |= {"square_avg": np.zeros_like(data), "acc_delta": np.zeros_like(data)}
        rho, eps = group["rho"], group["eps"]
        grad = decayed(grad, data, group["weight_decay"])
        scratch, change = np.empty_like(data), np.empty_like(data)
        moving_average(state["square_avg"], np.square(grad, out=scratch), rho, scratch)
        np.add(state["acc_delta"], eps, out=change)
        change /= np.add(state["square_avg"], eps, out=scratch)
        np.sqrt(change, out=change)
        change *= grad
        moving_average(state["acc_delta"], np.square(change, out=scratch), rho, scratch)
        change *= float(group["lr"])
        return np.subtract(data, change, out=change)
