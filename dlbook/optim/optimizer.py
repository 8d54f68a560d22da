"""What every optimiser is: groups of parameters with their settings, what it remembers, and a rule for one step."""

from collections.abc import Mapping

import numpy as np

from dlbook.nn import Parameter


class Optimizer:
    """Write `update` and `check`; `step` calls `update` for each parameter that has a gradient.

    params : the parameters to be learnt, `model.parameters()`; or a list of groups, dicts with "params" and those
        settings in which the group differs: [{"params": weights, "weight_decay": 0.1}, {"params": biases}].
    defaults : the settings of a group that says nothing else; "lr" is one of them.

    param_groups : a list of dicts, each with "params" and every setting.  They may be changed between steps.
    state : parameter -> what the optimiser remembers of it, by torch's names; empty before its first gradient.
    As torch.optim.Optimizer.  Raises ValueError for settings that `check` refuses or that the optimiser does not
    know, for what is no Parameter, and for a parameter that appears twice.
    """

    def __init__(self, params, defaults: Mapping):
        self.defaults = dict(defaults)
        self.check(self.defaults)
        self.param_groups: list[dict] = []
        self.state: dict[Parameter, dict] = {}
        params = [params] if isinstance(params, Mapping) else list(params)
        if not params:
            raise ValueError("params: expected at least one Parameter, got none")
        if not isinstance(params[0], Mapping):
            params = [{"params": params}]
        for group in params:
            self.add_param_group(group)

    def add_param_group(self, group: Mapping) -> None:
        """Learn the parameters in group["params"] too; settings that `group` lacks are the defaults."""
        if not isinstance(group, Mapping) or "params" not in group:
            raise ValueError(f"params: expected a group, a dict with the key 'params', got {group!r}")
        if unknown := [key for key in group if key not in ("params", "name", *self.defaults)]:
            raise ValueError(
                f"params: {type(self).__name__} has no setting {', '.join(map(str, unknown))}; "
                f"expected some of {', '.join(self.defaults)}"
            )
        params = group["params"]
        params = [params] if isinstance(params, Parameter) else list(params)
        if not params:
            raise ValueError("params: expected at least one Parameter in each group, got none")
        seen = {id(parameter) for parameter in self.parameters}
        for parameter in params:
            if not isinstance(parameter, Parameter):
                raise ValueError(f"params: expected Parameters, got {type(parameter).__name__}")
            if id(parameter) in seen:
                raise ValueError(f"params: expected each Parameter once, got {parameter} twice")
            seen.add(id(parameter))
        group = self.defaults | dict(group) | {"params": params}
        self.check(group)
        self.param_groups.append(group)

    def check(self, settings: Mapping) -> None:
        """Raise ValueError for settings that make no sense."""
        at_least_zero(settings, "lr")

    @property
    def parameters(self) -> list[Parameter]:
        """All parameters, group by group."""
        return [parameter for group in self.param_groups for parameter in group["params"]]

    @property
    def lr(self) -> float:
        """The learning rate that all groups share; setting it sets that of every group."""
        rates = [group["lr"] for group in self.param_groups]
        if any(rate != rates[0] for rate in rates):
            raise ValueError(f"lr: the groups have different learning rates, {rates}; read param_groups[i]['lr']")
        return rates[0]

    @lr.setter
    def lr(self, value: float) -> None:
        for group in self.param_groups:
            group["lr"] = value

    def step(self) -> None:
        """Change every parameter by its gradient.  A new array each: one that was kept from before stays as it was."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                data, grad = parameter.data, parameter.grad
                if type(grad) is not np.ndarray or grad.dtype != data.dtype:
                    grad = np.asarray(grad, data.dtype)
                if grad.shape != data.shape:
                    raise ValueError(f"grad: expected shape {data.shape}, that of the parameter, got {grad.shape}")
                if parameter not in self.state:
                    self.state[parameter] = {}
                parameter.data = self.update(data, grad, group, self.state[parameter])

    def update(self, data: np.ndarray, grad: np.ndarray, group: dict, state: dict) -> np.ndarray:
        """New values of a parameter from its values, its gradient, the settings and what is remembered of it.

        Arrays in `state` belong to the optimiser and change in place; `data` and `grad` never do.
        """
        raise NotImplementedError(f"{type(self).__name__} has no update(data, grad, group, state)")

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad = None

    def state_dict(self) -> dict:
        """Copies of all that a stopped training needs to go on: {"state": …, "param_groups": …}, as in torch.

        Parameters are numbered in the order of the groups: state[3]["exp_avg"] belongs to parameters[3].
        """
        number = {id(parameter): i for i, parameter in enumerate(self.parameters)}
        state = {number[id(parameter)]: _copied(memory) for parameter, memory in self.state.items()}
        groups = [group | {"params": [number[id(p)] for p in group["params"]]} for group in self.param_groups]
        return {"state": {i: state[i] for i in sorted(state)}, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping) -> None:
        """Go on from `state_dict`, that of this kind of optimiser over parameters of the same shapes, or torch's twin.

        Raises ValueError, and changes nothing, when groups, numbers of parameters or shapes differ.
        """
        groups, parameters = state_dict["param_groups"], self.parameters
        expected, got = ([len(group["params"]) for group in where] for where in (self.param_groups, groups))
        if expected != got:
            raise ValueError(f"state dict: expected groups of {expected} parameters, got {got}")
        loaded = {}
        for i, memory in state_dict["state"].items():
            data = parameters[int(i)].data
            values = {name: _loaded(name, value, data.dtype) for name, value in memory.items()}
            for name, value in values.items():
                if isinstance(value, np.ndarray) and value.shape != data.shape:
                    raise ValueError(f"state dict, {name} of {i}: expected shape {data.shape}, got {value.shape}")
            loaded[parameters[int(i)]] = values
        settings = [
            {key: value for key, value in group.items() if key in self.defaults or key not in NOT_HERE}
            for group in groups
        ]
        if missing := [key for group in settings for key in self.defaults if key not in group]:
            raise ValueError(
                f"state dict: expected the settings of {type(self).__name__}, missing {', '.join(missing)}"
            )
        for group in settings:
            self.check(group)
        self.state = loaded
        for own, group in zip(self.param_groups, settings, strict=True):
            own.update(group | {"params": own["params"]})

    def __repr__(self) -> str:
        groups = (
            ", ".join(f"{key}={value!r}" for key, value in group.items() if key != "params")
            for group in self.param_groups
        )
        return f"{type(self).__name__}({'; '.join(groups)})"


# Settings of torch's optimisers that dlbook has not, or not for all: nearly all say how to run, not what to compute.
NOT_HERE = ("foreach", "fused", "capturable", "differentiable", "maximize", "decoupled_weight_decay")


def at_least_zero(settings: Mapping, *names: str) -> None:
    """Raise ValueError unless these settings are numbers of at least 0."""
    for name in names:
        if not settings[name] >= 0:
            what = "a learning rate of at least 0" if name == "lr" else "at least 0"
            raise ValueError(f"{name}: expected {what}, got {settings[name]}")


def two_averages(settings: Mapping) -> None:
    """Raise ValueError unless settings["betas"] are two numbers from 0 to below 1."""
    betas = settings["betas"]
    if not isinstance(betas, tuple | list) or len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
        raise ValueError(f"betas: expected two numbers from 0 to below 1, got {betas}")


def decayed(grad: np.ndarray, data: np.ndarray, weight_decay: float) -> np.ndarray:
    """grad + weight_decay · data: the gradient of the loss with weight_decay/2 · ‖data‖² added."""
    if not weight_decay:
        return grad
    total = np.multiply(data, weight_decay, out=np.empty_like(data))
    total += grad
    return total


def moving_average(average: np.ndarray, values: np.ndarray, beta: float, scratch: np.ndarray) -> None:
    """average ← beta · average + (1 - beta) · values, in place; `scratch` may be `values`."""
    average *= beta
    average += np.multiply(values, 1 - beta, out=scratch)


def _copied(memory: Mapping) -> dict:
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in memory.items()}


def _loaded(name: str, value, dtype):
    """A copy, in the precision of the parameter; torch holds its numbers in tensors."""
    if name in ("step", "mu_product"):
        return np.asarray(value).item()
    return None if value is None else np.asarray(value).astype(dtype)
