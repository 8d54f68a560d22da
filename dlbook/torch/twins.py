"""From a module of dlbook.nn to its equivalent in torch.nn."""

import torch

from dlbook import nn


class QuadraticLoss(torch.nn.Module):
    """C = 1/(2N) Σ ‖target - prediction‖², the book's cost, which torch lacks.  Shapes are equal."""

    def __init__(self, reduction: str = "mean"):
        super().__init__()
        if reduction not in ("mean", "sum"):
            raise ValueError(f"reduction: expected 'mean' or 'sum', got {reduction!r}")
        self.reduction = reduction

    def forward(self, prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if prediction.shape != target.shape:
            raise ValueError(f"target: expected shape {tuple(prediction.shape)}, got {tuple(target.shape)}")
        total = 0.5 * torch.nn.functional.mse_loss(prediction, target, reduction="sum")
        return total / len(prediction) if self.reduction == "mean" else total


class Residual(torch.nn.Module):
    """y = x + module(x), which torch has inside other modules only."""

    def __init__(self, module: torch.nn.Module):
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.module(x)


def _linear(module: nn.Linear) -> torch.nn.Module:
    return torch.nn.Linear(module.in_features, module.out_features, bias=module.bias is not None)


def _identity(module: nn.Identity) -> torch.nn.Module:
    if module.a != 1:
        raise ValueError(f"Identity: torch has none with a factor; expected a = 1, got {module.a}")
    return torch.nn.Identity()


def _layer_norm(module: nn.LayerNorm) -> torch.nn.Module:
    affine, bias = module.weight is not None, module.bias is not None
    return torch.nn.LayerNorm(module.normalized_shape, module.eps, affine, bias)


def _batch_norm(kind: type[torch.nn.Module]):
    fields = ("num_features", "eps", "momentum", "affine", "track_running_stats")
    return lambda module: kind(*(getattr(module, field) for field in fields))


def _conv(kind: type[torch.nn.Module], *more: str):
    fields = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", *more)
    return lambda module: kind(**{field: getattr(module, field) for field in fields}, bias=module.bias is not None)


def _recurrent(kind: type[torch.nn.Module]):
    fields = ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional")

    def build(module):
        nonlinearity = {"nonlinearity": module.nonlinearity} if isinstance(module, nn.RNN) else {}
        return kind(**{field: getattr(module, field) for field in fields}, **nonlinearity)

    return build


def _rnn_cell(module: nn.RNNCell) -> torch.nn.Module:
    return torch.nn.RNNCell(module.input_size, module.hidden_size, module.bias, module.nonlinearity)


# How to build each equivalent, weights aside.  A new layer of dlbook.nn adds its line here.
EQUIVALENTS = {
    nn.Sequential: lambda module: torch.nn.Sequential(*(_build(child) for child in module)),
    nn.Residual: lambda module: Residual(_build(module.module)),
    nn.Linear: _linear,
    nn.Identity: _identity,
    nn.Sigmoid: lambda module: torch.nn.Sigmoid(),
    nn.Tanh: lambda module: torch.nn.Tanh(),
    nn.ReLU: lambda module: torch.nn.ReLU(),
    nn.LeakyReLU: lambda module: torch.nn.LeakyReLU(module.negative_slope),
    nn.PReLU: lambda module: torch.nn.PReLU(module.weight.shape[0]),
    nn.ELU: lambda module: torch.nn.ELU(module.alpha),
    nn.SELU: lambda module: torch.nn.SELU(),
    nn.Softplus: lambda module: torch.nn.Softplus(module.beta, module.threshold),
    nn.GELU: lambda module: torch.nn.GELU(module.approximate),
    nn.SiLU: lambda module: torch.nn.SiLU(),
    nn.Softmax: lambda module: torch.nn.Softmax(module.axis),
    nn.LogSoftmax: lambda module: torch.nn.LogSoftmax(module.axis),
    nn.BatchNorm1d: _batch_norm(torch.nn.BatchNorm1d),
    nn.BatchNorm2d: _batch_norm(torch.nn.BatchNorm2d),
    nn.LayerNorm: _layer_norm,
    nn.Dropout: lambda module: torch.nn.Dropout(module.p),
    nn.Conv1d: _conv(torch.nn.Conv1d),
    nn.Conv2d: _conv(torch.nn.Conv2d),
    nn.ConvTranspose2d: _conv(torch.nn.ConvTranspose2d, "output_padding"),
    nn.MaxPool2d: lambda module: torch.nn.MaxPool2d(module.kernel_size, module.stride, module.padding),
    nn.AvgPool2d: lambda module: torch.nn.AvgPool2d(module.kernel_size, module.stride, module.padding),
    nn.LPPool2d: lambda module: torch.nn.LPPool2d(module.norm_type, module.kernel_size, module.stride),
    nn.AdaptiveAvgPool2d: lambda module: torch.nn.AdaptiveAvgPool2d(module.output_size),
    nn.Flatten: lambda module: torch.nn.Flatten(module.start_dim, module.end_dim),
    nn.Embedding: lambda module: torch.nn.Embedding(module.num_embeddings, module.embedding_dim, module.padding_idx),
    nn.RNN: _recurrent(torch.nn.RNN),
    nn.LSTM: _recurrent(torch.nn.LSTM),
    nn.GRU: _recurrent(torch.nn.GRU),
    nn.RNNCell: _rnn_cell,
    nn.LSTMCell: lambda module: torch.nn.LSTMCell(module.input_size, module.hidden_size, module.bias),
    nn.GRUCell: lambda module: torch.nn.GRUCell(module.input_size, module.hidden_size, module.bias),
    nn.QuadraticLoss: lambda module: QuadraticLoss(module.reduction),
    nn.MSELoss: lambda module: torch.nn.MSELoss(reduction=module.reduction),
    nn.NLLLoss: lambda module: torch.nn.NLLLoss(reduction=module.reduction),
    nn.CrossEntropyLoss: lambda module: torch.nn.CrossEntropyLoss(reduction=module.reduction),
    nn.BCELoss: lambda module: torch.nn.BCELoss(reduction=module.reduction),
    nn.BCEWithLogitsLoss: lambda module: torch.nn.BCEWithLogitsLoss(reduction=module.reduction),
}


def twin(module: nn.Module) -> torch.nn.Module:
    """The torch.nn equivalent of `module` with a copy of its weights, in their precision and in its mode, on the CPU.

    Raises ValueError for a module that torch does not have, `Step` for instance.
    """
    built = _build(module)
    state = {name: torch.as_tensor(array) for name, array in module.state_dict().items()}
    floats = [tensor.dtype for tensor in state.values() if tensor.is_floating_point()]
    if floats:
        built = built.to(floats[0])
    built.load_state_dict(state)
    return built


def _build(module: nn.Module) -> torch.nn.Module:
    build = EQUIVALENTS.get(type(module))
    if build is None:
        known = ", ".join(sorted(kind.__name__ for kind in EQUIVALENTS))
        raise ValueError(f"{type(module).__name__}: torch has no equivalent; expected one of {known}")
    built = build(module)
    built.training = module.training
    return built
