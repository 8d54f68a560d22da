"""Schedules: how the learning rate changes with the epochs, or with the batches.

    scheduler = lr_scheduler.StepLR(optimizer, step_size=30)
    for epoch in range(100):
        ...                                  # train: optimizer.step() many times
        scheduler.step()

Names, arguments and rates are those of torch.optim.lr_scheduler.  `last_epoch` counts the calls of `step`, written t
below: 0 from the start, 1 after the first call.  base_lr is the rate that a group had when its first schedule was made.
Each rate is computed from base_lr and t alone, so a schedule overwrites a rate that was set by hand meanwhile; several
in a row are a SequentialLR.  `dlbook.train.fit` takes a schedule as `scheduler`.  Book: chapter 30.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from dlbook.optim.optimizer import Optimizer


class LRScheduler:
    """Write `factor`, or `get_lr` where the rate is not base_lr times something; making a schedule sets the first rate.

    last_epoch : the t of the rate before the first; more than -1 to go on with groups that know their "initial_lr".
    base_lrs : base_lr of every group.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1):
        _expect_optimizer(optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ValueError(f"last_epoch: expected -1, since group {i} has no 'initial_lr' yet, got {last_epoch}")
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self.step()

    def step(self) -> None:
        """Set the next learning rates.  Call it after the optimiser's steps of an epoch, or of a batch."""
        self.last_epoch += 1
        self.set_lr()

    def set_lr(self) -> None:
        """Give every group its learning rate at `last_epoch`."""
        self._last_lr = self.get_lr()
        for group, lr in zip(self.optimizer.param_groups, self._last_lr, strict=True):
            group["lr"] = lr

    def get_lr(self) -> list[float]:
        """The learning rate of every group at `last_epoch`."""
        return [base_lr * self.factor(self.last_epoch) for base_lr in self.base_lrs]

    def factor(self, t: int) -> float:
        """lr / base_lr at step t."""
        raise NotImplementedError(f"{type(self).__name__} has no factor(t)")

    def get_last_lr(self) -> list[float]:
        """The learning rates that were set last, one a group."""
        return list(self._last_lr)

    def state_dict(self) -> dict:
        """Everything but the optimiser: numbers, text, lists of them.  The rates themselves are in the optimiser's."""
        state = {name: value for name, value in vars(self).items() if name != "optimizer"}
        return {name: list(value) if isinstance(value, list) else value for name, value in state.items()}

    def load_state_dict(self, state_dict: dict) -> None:
        """Go on from `state_dict`, that of the same kind of schedule; ValueError when it is another's."""
        own = self.state_dict()
        if set(own) != set(state_dict):
            raise ValueError(
                f"state dict: expected {', '.join(own)}, those of {type(self).__name__}, got {', '.join(state_dict)}"
            )
        values = {name: list(value) if isinstance(value, list) else value for name, value in state_dict.items()}
        vars(self).update(values)


class LambdaLR(LRScheduler):
    """lr = base_lr · lr_lambda(t).  lr_lambda : a function of t, or a list of functions, one a group.

    The functions are not in the state dict: give them again.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ):
        self.lr_lambdas = _one_a_group(optimizer, "lr_lambda", lr_lambda)
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        return [
            base_lr * function(self.last_epoch)
            for base_lr, function in zip(self.base_lrs, self.lr_lambdas, strict=True)
        ]

    def state_dict(self):
        return {name: value for name, value in super().state_dict().items() if name != "lr_lambdas"}


class StepLR(LRScheduler):
    """lr = base_lr · gamma^⌊t / step_size⌋: times gamma every step_size epochs."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1):
        _expect("step_size", step_size, 1)
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, t):
        return self.gamma ** (t // self.step_size)


class MultiStepLR(LRScheduler):
    """lr = base_lr · gamma^(number of milestones up to t): times gamma at each milestone."""

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1):
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, t):
        return self.gamma ** bisect_right(self.milestones, t)


class ConstantLR(LRScheduler):
    """lr = base_lr · factor for the first total_iters epochs, then base_lr.  factor : from 0 to 1."""

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5, last_epoch: int = -1):
        _expect("factor", factor, 0, 1)
        _expect("total_iters", total_iters, 0)
        self.start_factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, t):
        return self.start_factor if t < self.total_iters else 1.0


class LinearLR(LRScheduler):
    """lr = base_lr times a factor that goes in a straight line from start_factor to end_factor in total_iters epochs.

    Warm-up, by default from a third.  start_factor : above 0, up to 1.  end_factor : from 0 to 1.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ):
        if not 0 < start_factor <= 1:
            raise ValueError(f"start_factor: expected a number above 0, up to 1, got {start_factor}")
        _expect("end_factor", end_factor, 0, 1)
        _expect("total_iters", total_iters, 1)
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, t):
        return self.start_factor + (self.end_factor - self.start_factor) * min(t, self.total_iters) / self.total_iters


class ExponentialLR(LRScheduler):
    """lr = base_lr · gamma^t."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1):
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, t):
        return self.gamma**t


class PolynomialLR(LRScheduler):
    """lr = base_lr · (1 - t / total_iters)^power, and 0 from total_iters on."""

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1):
        _expect("total_iters", total_iters, 1)
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def factor(self, t):
        return (1 - min(t, self.total_iters) / self.total_iters) ** self.power


class CosineAnnealingLR(LRScheduler):
    """lr = eta_min + (base_lr - eta_min) · (1 + cos(π t / T_max)) / 2: down in T_max epochs, then up again.

    Loshchilov and Hutter 2017, there with restarts: CosineAnnealingWarmRestarts.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1):
        _expect("T_max", T_max, 1)
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        return [_cosine(base_lr, self.eta_min, self.last_epoch / self.T_max) for base_lr in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """From base_lr down to eta_min along half a cosine in T_0 epochs, again from the top in T_0 · T_mult, and so on.

    Loshchilov and Hutter 2017 (SGDR).
    """

    def __init__(self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1):
        for name, value in (("T_0", T_0), ("T_mult", T_mult)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name}: expected an integer of at least 1, got {value}")
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        t, length = self.last_epoch, self.T_0
        if self.T_mult == 1:
            t %= length
        while t >= length:
            t -= length
            length *= self.T_mult
        return [_cosine(base_lr, self.eta_min, t / length) for base_lr in self.base_lrs]


class OneCycleLR(LRScheduler):
    """Up from max_lr / div_factor to max_lr, then down to max_lr / div_factor / final_div_factor: once, batch by batch.

    total_steps : steps of the whole cycle; or epochs and steps_per_epoch, whose product it is.
    pct_start : share of the steps on the way up.  anneal_strategy : "cos", along half a cosine, or "linear".
    cycle_momentum : the momentum (β₁ in Adam's family) goes the opposite way, from max_momentum down to base_momentum
        and back.
    three_phase : down to where it started in as many steps as it took up, then on to the end.
    max_lr, base_momentum, max_momentum : a number, or a list with one a group.
    Smith and Topin 2018.  Raises ValueError for a `step` beyond total_steps.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ):
        _expect_optimizer(optimizer)
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("total_steps: expected it, or both epochs and steps_per_epoch, got neither")
            total_steps = epochs * steps_per_epoch
        if not isinstance(total_steps, int) or total_steps < 1:
            raise ValueError(f"total_steps: expected an integer of at least 1, got {total_steps}")
        _expect("pct_start", pct_start, 0, 1)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy: expected 'cos' or 'linear', got {anneal_strategy!r}")
        self.momentum_setting = next((name for name in ("betas", "momentum") if name in optimizer.defaults), None)
        if cycle_momentum and self.momentum_setting is None:
            raise ValueError(
                f"cycle_momentum: expected an optimiser with momentum or betas, got {type(optimizer).__name__}; "
                "cycle_momentum=False goes without"
            )
        self.total_steps, self.anneal_strategy, self.cycle_momentum = total_steps, anneal_strategy, cycle_momentum
        ups_and_downs = 2 if three_phase else 1
        self.ends = [n * (pct_start * total_steps - 1) for n in range(1, ups_and_downs + 1)] + [total_steps - 1]

        max_lrs = _one_a_group(optimizer, "max_lr", max_lr)
        low, high = (
            _one_a_group(optimizer, name, value)
            for name, value in (("base_momentum", base_momentum), ("max_momentum", max_momentum))
        )
        starts = [lr / div_factor for lr in max_lrs]
        corners = [starts, max_lrs, starts] if three_phase else [starts, max_lrs]
        self.lr_corners = [
            list(group) for group in zip(*corners, [lr / final_div_factor for lr in starts], strict=True)
        ]
        corners = [high, low, high, high] if three_phase else [high, low, high]
        self.momentum_corners = [list(group) for group in zip(*corners, strict=True)]
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, starts, strict=True):
                group["initial_lr"] = lr
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        return [self._between(corners) for corners in self.lr_corners]

    def set_lr(self):
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"OneCycleLR: expected at most {self.total_steps} steps, total_steps, got step {self.last_epoch}"
            )
        super().set_lr()
        if not self.cycle_momentum:
            return
        for group, corners in zip(self.optimizer.param_groups, self.momentum_corners, strict=True):
            momentum = self._between(corners)
            if self.momentum_setting == "betas":
                group["betas"] = (momentum, *group["betas"][1:])
            else:
                group["momentum"] = momentum

    def _between(self, corners: Sequence[float]) -> float:
        """The value at `last_epoch` of a line that meets the corners at step 0 and at the ends of the phases."""
        t = self.last_epoch
        phase = next((i for i, end in enumerate(self.ends) if t <= end), len(self.ends) - 1)
        begin = self.ends[phase - 1] if phase else 0.0
        length = self.ends[phase] - begin
        share = (t - begin) / length if length > 0 else 1.0
        start, end = corners[phase : phase + 2]
        return _cosine(start, end, share) if self.anneal_strategy == "cos" else start + (end - start) * share


class ReduceLROnPlateau:
    """lr ← max(factor · lr, min_lr) when a measured value has not become better for more than `patience` epochs.

        scheduler.step(validation_loss)

    mode : "min" where less is better, "max" where more is.  factor : from 0 to below 1.
    threshold : better means by more than this share of the best value (threshold_mode "rel") or by more than this
        ("abs").
    cooldown : epochs to wait after a reduction before counting again.  min_lr : a number, or a list with one a group.
    eps : a reduction by no more than this is left out.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
    ):
        _expect_optimizer(optimizer)
        if not 0 <= factor < 1:
            raise ValueError(f"factor: expected a number from 0 to below 1, got {factor}")
        for name, value, known in (("mode", mode, ("min", "max")), ("threshold_mode", threshold_mode, ("rel", "abs"))):
            if value not in known:
                raise ValueError(f"{name}: expected {known[0]!r} or {known[1]!r}, got {value!r}")
        self.optimizer = optimizer
        self.mode, self.factor, self.patience = mode, factor, patience
        self.threshold, self.threshold_mode, self.cooldown, self.eps = threshold, threshold_mode, cooldown, eps
        self.min_lrs = _one_a_group(optimizer, "min_lr", min_lr)
        self.best = math.inf if mode == "min" else -math.inf
        self.last_epoch = self.num_bad_epochs = self.cooldown_counter = 0
        self._last_lr = [group["lr"] for group in optimizer.param_groups]

    def step(self, metrics: float) -> None:
        """Look at the value of this epoch, and reduce the learning rates if it is time."""
        value = float(metrics)
        self.last_epoch += 1
        if self._is_better(value):
            self.best, self.num_bad_epochs = value, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            for group, least in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
                reduced = max(group["lr"] * self.factor, least)
                if group["lr"] - reduced > self.eps:
                    group["lr"] = reduced
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def _is_better(self, value: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "rel":
            return sign * value < sign * self.best * (1 - sign * self.threshold)
        return sign * value < sign * self.best - self.threshold

    get_last_lr = LRScheduler.get_last_lr
    state_dict = LRScheduler.state_dict
    load_state_dict = LRScheduler.load_state_dict


class SequentialLR(LRScheduler):
    """One schedule after another: the next takes over, from its own beginning, when t reaches the next milestone.

    schedulers : schedules of the same optimiser.  milestones : one fewer, in rising order.
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int], last_epoch: int = -1
    ):
        if not schedulers:
            raise ValueError("schedulers: expected at least one, got none")
        for scheduler in schedulers:
            if not isinstance(scheduler, LRScheduler):
                raise ValueError(
                    f"schedulers: expected schedules whose step() needs nothing, got {type(scheduler).__name__}"
                )
            if scheduler.optimizer is not optimizer:
                raise ValueError(f"schedulers: expected all for the same optimiser, {type(scheduler).__name__} is not")
        if len(milestones) != len(schedulers) - 1 or list(milestones) != sorted(milestones):
            raise ValueError(f"milestones: expected {len(schedulers) - 1} in rising order, got {list(milestones)}")
        self.schedulers, self.milestones = list(schedulers), list(milestones)
        super().__init__(optimizer, last_epoch)

    def set_lr(self):
        i = bisect_right(self.milestones, self.last_epoch)
        scheduler = self.schedulers[i]
        scheduler.last_epoch = self.last_epoch - (self.milestones[i - 1] if i else 0)
        scheduler.set_lr()
        self._last_lr = scheduler.get_last_lr()

    def state_dict(self):
        return super().state_dict() | {"schedulers": [scheduler.state_dict() for scheduler in self.schedulers]}

    def load_state_dict(self, state_dict):
        schedulers = self.schedulers
        super().load_state_dict(state_dict)
        self.schedulers = schedulers
        for scheduler, state in zip(schedulers, state_dict["schedulers"], strict=True):
            scheduler.load_state_dict(state)


def _cosine(start: float, end: float, share: float) -> float:
    """From start to end along half a cosine, as share goes from 0 to 1."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def _expect(name: str, value, least, most=None) -> None:
    if not (value >= least and (most is None or value <= most)):
        what = f"at least {least}" if most is None else f"a number from {least} to {most}"
        raise ValueError(f"{name}: expected {what}, got {value}")


def _expect_optimizer(optimizer) -> None:
    if not isinstance(optimizer, Optimizer):
        raise ValueError(f"optimizer: expected an optimiser of dlbook.optim, got {type(optimizer).__name__}")


def _one_a_group(optimizer: Optimizer, name: str, value) -> list:
    """`value` for every group, or its items if it is a list or tuple."""
    count = len(optimizer.param_groups)
    values = list(value) if isinstance(value, list | tuple) else [value] * count
    if len(values) != count:
        raise ValueError(f"{name}: expected {count} values, one a parameter group, got {len(values)}")
    return values
