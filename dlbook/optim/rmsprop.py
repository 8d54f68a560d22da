"""RMSprop."""

import numpy as np

from dlbook.optim.optimizer import Optimizer, at_least_zero, decayed, moving_average


class RMSprop(Optimizer):
    """w ← w - lr · d,  d = g / (√s + eps),  s ← alpha · s + (1 - alpha) · g²,  all element by element.

    Adagrad that forgets: s is an average over about 1 / (1 - alpha) steps, so the steps do not die out.
    centered : divide by √(s - m²) instead, with m the same average of g: the gradient's variance.
    momentum : step along b ← momentum · b + d instead.  eps : keeps the division finite.
    weight_decay : g = ∂C/∂w + weight_decay · w.
    As torch.optim.RMSprop.  Hinton, Srivastava and Swersky 2012 (lecture 6e); centered: Graves 2013.  Book: chapter 30.
    Raises ValueError for negative settings.
    """

    def __init__(
        self,
        params,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ):
        settings = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, settings | {"momentum": momentum, "centered": centered})

    def check(self, settings):
        at_least_zero(settings, "lr", "alpha", "eps", "weight_decay", "momentum")

    def update(self, data, grad, group, state):
        used = {"square_avg": True, "grad_avg": group["centered"], "momentum_buffer": group["momentum"]}
        state |= {name: np.zeros_like(data) for name, needed in used.items() if needed and name not in state}
        alpha, square_avg = group["alpha"], state["square_avg"]
        grad = decayed(grad, data, group["weight_decay"])
        scratch = np.empty_like(data)
        moving_average(square_avg, np.square(grad, out=scratch), alpha, scratch)
        if group["centered"]:
            mean = state["grad_avg"]
            moving_average(mean, grad, alpha, scratch)
            np.square(mean, out=scratch)
            change = np.subtract(square_avg, scratch, out=scratch)
            np.sqrt(change, out=change)
        else:
            change = np.sqrt(square_avg, out=scratch)
        change += group["eps"]
        np.divide(grad, change, out=change)
        if group["momentum"]:
            buffer = state["momentum_buffer"]
            buffer *= group["momentum"]
            buffer += change
            np.multiply(buffer, float(group["lr"]), out=change)
        else:
            change *= float(group["lr"])
        return np.subtract(data, change, out=change)
