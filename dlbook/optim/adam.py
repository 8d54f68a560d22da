"""Adam and its family: AdamW, Adamax, NAdam, RAdam.

All keep m ← β₁ m + (1 - β₁) g, the average gradient, and all but Adamax s ← β₂ s + (1 - β₂) g², the average square.
Both start at zero and are too small at first: m̂ = m / (1 - β₁ᵗ) and ŝ = s / (1 - β₂ᵗ) correct that at step t.
"""

import numpy as np

from dlbook.optim.optimizer import Optimizer, at_least_zero, decayed, moving_average, two_averages

Betas = tuple[float, float]


class _TwoAverages(Optimizer):
    """What the family shares: settings, weight decay, counting, and the two averages."""

    def __init__(self, params, lr: float, betas: Betas, eps: float, weight_decay: float, **settings):
        common = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, common | settings)

    def check(self, settings):
        at_least_zero(settings, "lr", "eps", "weight_decay")
        two_averages(settings)

    def update(self, data, grad, group, state):
        if not state:
            state |= {"step": 0, "exp_avg": np.zeros_like(data)} | self.memory(data, group)
        state["step"] += 1
        if group.get("decoupled_weight_decay"):
            data = np.multiply(data, 1 - float(group["lr"]) * group["weight_decay"], out=np.empty_like(data))
        else:
            grad = decayed(grad, data, group["weight_decay"])
        scratch = np.empty_like(data)
        moving_average(state["exp_avg"], grad, group["betas"][0], scratch)
        change = self.change(grad, group, state, scratch)
        return np.subtract(data, change, out=change)

    def memory(self, data: np.ndarray, group: dict) -> dict:
        """What is remembered of a parameter besides its steps and its average gradient, before the first step."""
        return {"exp_avg_sq": np.zeros_like(data)}

    def change(self, grad: np.ndarray, group: dict, state: dict, scratch: np.ndarray) -> np.ndarray:
        """What a step takes away from the parameter, an array that the caller may change."""
        raise NotImplementedError(f"{type(self).__name__} has no change(grad, group, state, scratch)")


class Adam(_TwoAverages):
    """w ← w - lr · m̂ / (√ŝ + eps),  m ← β₁ m + (1 - β₁) g,  s ← β₂ s + (1 - β₂) g²;  m̂, ŝ: corrected for their start.

    betas : (β₁, β₂), how long the averages of gradient and square remember.  eps : keeps the division finite.
    weight_decay : g = ∂C/∂w + weight_decay · w.  amsgrad : divide by the largest s so far (Reddi et al. 2018).
    decoupled_weight_decay : shrink the weights themselves instead; that is AdamW.
    As torch.optim.Adam.  Kingma and Ba 2015.  Book: chapter 30.
    Raises ValueError for negative settings, and for betas outside [0, 1).
    """

    def __init__(
        self,
        params,
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        decoupled_weight_decay: bool = False,
    ):
        kind = {"amsgrad": amsgrad, "decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, lr, betas, eps, weight_decay, **kind)

    def memory(self, data, group):
        largest = {"max_exp_avg_sq": np.zeros_like(data)} if group["amsgrad"] else {}
        return {"exp_avg_sq": np.zeros_like(data)} | largest

    def change(self, grad, group, state, scratch):
        (beta1, beta2), t = group["betas"], state["step"]
        square = state["exp_avg_sq"]
        moving_average(square, np.square(grad, out=scratch), beta2, scratch)
        if group["amsgrad"]:
            square = np.maximum(state["max_exp_avg_sq"], square, out=state["max_exp_avg_sq"])
        change = np.sqrt(square, out=scratch)
        change /= (1 - beta2**t) ** 0.5
        change += group["eps"]
        np.divide(state["exp_avg"], change, out=change)
        change *= float(group["lr"]) / (1 - beta1**t)
        return change


class AdamW(Adam):
    """Adam, w ← (1 - lr · weight_decay) · w before each step: the decay is not divided by √ŝ as a gradient would be.

    Settings as those of Adam; weight_decay is 0.01 unless said otherwise.
    As torch.optim.AdamW.  Loshchilov and Hutter 2019.
    Raises ValueError for negative settings, and for betas outside [0, 1).
    """

    def __init__(
        self,
        params,
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
    ):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, decoupled_weight_decay=True)


class Adamax(_TwoAverages):
    """w ← w - lr · m̂ / u,  m ← β₁ m + (1 - β₁) g,  u ← max(β₂ u, |g| + eps);  m̂: corrected for its start.

    Adam with the largest recent gradient in place of the root of the average square.
    betas : (β₁, β₂), how long m and u remember.  eps : keeps the division finite.
    weight_decay : g = ∂C/∂w + weight_decay · w.
    As torch.optim.Adamax.  Kingma and Ba 2015, section 7.  Book: chapter 30.
    Raises ValueError for negative settings, and for betas outside [0, 1).
    """

    def __init__(
        self,
        params,
        lr: float = 2e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ):
        super().__init__(params, lr, betas, eps, weight_decay)

    def memory(self, data, group):
        return {"exp_inf": np.zeros_like(data)}

    def change(self, grad, group, state, scratch):
        (beta1, beta2), largest = group["betas"], state["exp_inf"]
        np.abs(grad, out=scratch)
        scratch += group["eps"]
        largest *= beta2
        np.maximum(largest, scratch, out=largest)
        change = np.divide(state["exp_avg"], largest, out=scratch)
        change *= float(group["lr"]) / (1 - beta1 ** state["step"])
        return change


class NAdam(_TwoAverages):
    """Adam with Nesterov's momentum: w ← w - lr · (μ₊ m / (1 - Πμ₊) + (1 - μ) g / (1 - Πμ)) / (√ŝ + eps).

    μ = β₁ (1 - 0.96^(t · momentum_decay) / 2) grows towards β₁ with the steps t; μ₊ is that of the next step, and Πμ,
    Πμ₊ are the products of all up to this and the next.
    betas : (β₁, β₂), how long the averages remember.  eps : keeps the division finite.
    weight_decay : g = ∂C/∂w + weight_decay · w; decoupled_weight_decay : shrink the weights themselves, as AdamW does.
    As torch.optim.NAdam.  Dozat 2016.  Book: chapter 30.
    Raises ValueError for negative settings, and for betas outside [0, 1).
    """

    def __init__(
        self,
        params,
        lr: float = 2e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
    ):
        kind = {"momentum_decay": momentum_decay, "decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, lr, betas, eps, weight_decay, **kind)

    def check(self, settings):
        super().check(settings)
        at_least_zero(settings, "momentum_decay")

    def memory(self, data, group):
        return {"exp_avg_sq": np.zeros_like(data), "mu_product": 1.0}

    def change(self, grad, group, state, scratch):
        (beta1, beta2), lr, t = group["betas"], float(group["lr"]), state["step"]
        mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (step * group["momentum_decay"])) for step in (t, t + 1))
        state["mu_product"] *= mu
        square = state["exp_avg_sq"]
        moving_average(square, np.square(grad, out=scratch), beta2, scratch)
        change = np.multiply(grad, lr * (1 - mu) / (1 - state["mu_product"]), out=np.empty_like(grad))
        change += np.multiply(state["exp_avg"], lr * mu_next / (1 - state["mu_product"] * mu_next), out=scratch)
        root = np.sqrt(square, out=scratch)
        root /= (1 - beta2**t) ** 0.5
        root += group["eps"]
        change /= root
        return change


class RAdam(_TwoAverages):
    """Adam that trusts ŝ only once it rests on enough steps: w ← w - lr · m̂ · r · √(1 - β₂ᵗ) / (√s + eps) if ρ > 5,
    else w ← w - lr · m̂.

    ρ = ρ∞ - 2 t β₂ᵗ / (1 - β₂ᵗ) with ρ∞ = 2 / (1 - β₂) - 1 says how many squares s averages, and
    r = √((ρ - 4)(ρ - 2) ρ∞ / ((ρ∞ - 4)(ρ∞ - 2) ρ)) how far to trust it: a warm-up without settings.
    betas : (β₁, β₂), how long the averages remember.  eps : keeps the division finite.
    weight_decay : g = ∂C/∂w + weight_decay · w; decoupled_weight_decay : shrink the weights themselves, as AdamW does.
    As torch.optim.RAdam.  Liu et al. 2020.
    Raises ValueError for negative settings, and for betas outside [0, 1).
    """

    def __init__(
        self,
        params,
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
    ):
        super().__init__(params, lr, betas, eps, weight_decay, decoupled_weight_decay=decoupled_weight_decay)

    def change(self, grad, group, state, scratch):
        (beta1, beta2), t = group["betas"], state["step"]
        moving_average(state["exp_avg_sq"], np.square(grad, out=scratch), beta2, scratch)
        lr = float(group["lr"]) / (1 - beta1**t)
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * t * beta2**t / (1 - beta2**t)
        if length <= 5:
            return np.multiply(state["exp_avg"], lr, out=scratch)
        trust = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
        change = np.sqrt(state["exp_avg_sq"], out=scratch)
        change += group["eps"]
        np.divide(state["exp_avg"], change, out=change)
        change *= lr * (trust * (1 - beta2**t)) ** 0.5
        return change
