"""The training loop of `dlbook.train`, for PyTorch models."""

from collections.abc import Callable

import numpy as np
import torch
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from dlbook import train
from dlbook.train import Config, History, Metrics


def device() -> torch.device:
    """The fastest device at hand: cuda, mps or cpu."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def fit(
    model: torch.nn.Module,
    loss: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    data,
    config: Config | None = None,
    *,
    rng: np.random.Generator,
    validation=None,
    metrics: Metrics | None = None,
    scheduler: LRScheduler | None = None,
    device: torch.device | str = "cpu",
    progress: bool | None = None,
    after_epoch: Callable[[History], None] | None = None,
) -> History:
    """`dlbook.train.fit` for a PyTorch model: same settings, same order of the examples, same history.

    The model and all data move to `device`.  On CUDA the forward passes run in bfloat16 (autocast), while weights,
    their gradients and losses keep their precision.  Metrics get NumPy arrays.  scheduler : one of
    torch.optim.lr_scheduler.
    """
    config = config or Config()
    if scheduler is not None and scheduler.optimizer is not optimizer:
        raise ValueError("scheduler: expected one that was made for this optimizer, got another's")
    metrics = dict(metrics or {})
    device = torch.device(device)
    model.to(device)
    dtype = next(model.parameters()).dtype
    x, y = _tensors(data, "data", dtype, device)
    if validation is not None:
        validation = _tensors(validation, "validation", dtype, device)
    is_mean = getattr(loss, "reduction", "mean") == "mean"

    def forward(batch):
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            prediction = model(batch)
        return prediction.to(dtype)

    def one_epoch(tick) -> float:
        model.train()
        order = torch.from_numpy(rng.permutation(len(x)) if config.shuffle else np.arange(len(x))).to(device)
        total = torch.zeros((), dtype=dtype, device=device)  # reading it each step would wait for the GPU
        for start in range(0, len(x), config.batch_size):
            rows = order[start : start + config.batch_size]
            optimizer.zero_grad()
            for part in rows.tensor_split(min(config.accumulate, len(rows))):
                value = loss(forward(x[part]), y[part])
                share = len(part) / len(rows) if is_mean else 1.0
                (share * value).backward()
                total += value.detach() * (len(part) if is_mean else 1)
            optimizer.step()
            if scheduler is not None and config.schedule == "batch":
                scheduler.step()
            tick(start)
        return total.item() / len(x)

    @torch.no_grad()
    def measure(on_training: bool) -> dict[str, float]:
        inputs, targets = (x, y) if on_training else validation
        with train.in_mode(model, training=False):
            prediction = torch.cat([forward(batch) for batch in inputs.split(1000)])
        values = {} if on_training else {"loss": loss(prediction, targets).item()}
        arrays = prediction.cpu().numpy(), targets.cpu().numpy()
        return values | {name: float(metric(*arrays)) for name, metric in metrics.items()}

    with train.in_mode(model, training=True):
        return train.run_epochs(
            config,
            one_epoch,
            measure,
            size=len(x),
            metrics=metrics,
            validates=validation is not None,
            snapshot=lambda: {name: tensor.clone() for name, tensor in model.state_dict().items()},
            restore=model.load_state_dict,
            scheduler=scheduler,
            watches=isinstance(scheduler, ReduceLROnPlateau),
            progress=progress,
            after_epoch=after_epoch,
        )


def save_checkpoint(path, model: torch.nn.Module, history: History | None = None) -> None:
    """Same file as `dlbook.train.save_checkpoint` writes: a model in NumPy can load it, and the other way round."""
    train.write_state(path, {name: tensor.cpu().numpy() for name, tensor in model.state_dict().items()}, history)


def load_checkpoint(path, model: torch.nn.Module) -> History | None:
    """Load the weights of a checkpoint into `model`; returns the history that was saved with them."""
    state, history = train.read_state(path)
    model.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
    return history


def _tensors(data, name: str, dtype: torch.dtype, device: torch.device):
    parts = (torch.from_numpy(part) for part in train.examples(data, name))
    return tuple(part.to(device, dtype if part.is_floating_point() else None) for part in parts)
