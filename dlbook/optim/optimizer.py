"""What every optimiser is: a list of parameters, a learning rate, and a rule for one step."""

from dlbook.nn import Parameter


class Optimizer:
    """Write `update`; `step` calls it for each parameter that has a gradient.

    parameters : those to be learnt, `model.parameters()`.  lr : the learning rate, which may be changed between steps.
    """

    def __init__(self, parameters, lr: float):
        self.parameters: list[Parameter] = list(parameters)
        if not self.parameters:
            raise ValueError("parameters: expected at least one Parameter, got none")
        for parameter in self.parameters:
            if not isinstance(parameter, Parameter):
                raise ValueError(f"parameters: expected Parameters, got {type(parameter).__name__}")
        if not lr >= 0:
            raise ValueError(f"lr: expected a learning rate of at least 0, got {lr}")
        self.lr = lr

    def step(self) -> None:
        """Change every parameter by its gradient.  A new array each: one that was kept from before stays as it was."""
        for i, parameter in enumerate(self.parameters):
            if parameter.grad is not None:
                parameter.data = self.update(i, parameter.data, parameter.grad)

    def update(self, i: int, data, grad):
        """New values of parameter number `i`, from its values and its gradient."""
        raise NotImplementedError(f"{type(self).__name__} has no update(i, data, grad)")

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters:
            parameter.grad = None
