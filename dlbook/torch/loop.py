"""The training loop of `dlbook.train` for PyTorch models, by epochs; and one by steps, for data without an end."""

import dataclasses
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from dlbook import train
from dlbook.torch import checkpoint as files
from dlbook.torch import distributed
from dlbook.torch.checkpoint import Checkpoint
from dlbook.torch.step import Step, deterministic
from dlbook.train import Config, History, Metrics, Run


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
    precision: str = "auto",
    compile: bool = False,
    reproducible: bool = False,
    augment: Callable[[torch.Tensor], torch.Tensor] | None = None,
    checkpoint: Checkpoint | None = None,
    tensorboard: str | os.PathLike | None = None,
    progress: bool | None = None,
    after_epoch: Callable[[History], None] | None = None,
) -> History:
    """`dlbook.train.fit` for a PyTorch model: same settings, same order of the examples, same history.

    The model and all data move to `device` ("auto" takes the fastest) and stay there, so no step waits for a copy.
    data, validation : pairs (x, y) of arrays or tensors.  Metrics get NumPy arrays.
    scheduler : one of torch.optim.lr_scheduler.
    precision, compile : see `dlbook.torch.step.Step`.  reproducible : only algorithms that repeat to the last bit.
    augment : changes the images of each training batch, on the device; it draws from PyTorch's global generator.
    checkpoint : write the run as it goes, and go on from the file if it is there: with the same bits as one run.
    tensorboard : a folder for TensorBoard's curves.
    Started by torchrun, inside `distributed.joined()`, each process takes its share of every batch: same loss curve.
    Raises ValueError for wrong settings, a damaged or foreign checkpoint, and when the loss is not a number, after
    which the last good checkpoint is still there; torch.OutOfMemoryError, which names what fits.
    """
    config = config or Config()
    train.check_scheduler(scheduler, optimizer)
    if config.patience is not None and distributed.is_sharded(model):
        raise ValueError("patience: expected None for a sharded model, whose best weights no process holds")
    metrics = dict(metrics or {})
    step = Step(model, loss, optimizer, device, precision=precision, compile=compile, max_norm=config.max_norm)
    x, y = _tensors(data, "data", step)
    if validation is not None:
        validation = _tensors(validation, "validation", step)
    run, now = Run(History(config)), _Epoch()

    def position() -> dict[str, Any]:
        best = {f"best/{name}": tensor for name, tensor in (run.best_weights or {}).items()}
        facts = {"history": dataclasses.asdict(run.history), "epochs": run.epochs, "best": float(run.best)}
        return best | facts | {"order": now.order, "start": now.start, "losses": now.losses()}

    def resume(found: dict[str, Any]) -> None:
        fields = found["history"] | {"config": config}
        run.history, run.epochs, run.best = History(**fields), found["epochs"], found["best"]
        run.best_weights = {name[5:]: value for name, value in found.items() if name.startswith("best/")} or None
        now.begin(found["order"], found["start"], list(found["losses"]))

    def one_epoch(tick) -> float:
        model.train()
        if now.order is None:
            now.begin(torch.from_numpy(rng.permutation(len(x)) if config.shuffle else np.arange(len(x))))
        order = now.order.to(step.device)
        while now.start < len(x):
            rows = order[now.start : now.start + config.batch_size]
            parts = [
                (x[part] if augment is None else augment(x[part]), y[part], share)
                for part, share in _portions(rows, config.accumulate, step.is_mean)
            ]
            now.recorded.append(step(parts) * (len(rows) if step.is_mean else 1))
            now.start += config.batch_size
            _stop_if_not_finite(now.recorded, step, checkpoint, run.epochs)
            if scheduler is not None and config.schedule == "batch":
                scheduler.step()
            done = run.epochs * -(-len(x) // config.batch_size) + len(now.recorded)
            if checkpoint is not None and done % checkpoint.every == 0:
                _stop_if_not_finite(now.recorded, step, checkpoint, run.epochs, now=True)
                files.save(checkpoint, model, optimizer, scheduler, rng, position())
            tick(now.start)
        _stop_if_not_finite(now.recorded, step, checkpoint, run.epochs, now=True)
        value = now.losses().sum().item() / len(x)
        now.end()
        return value

    @torch.no_grad()
    def measure(on_training: bool) -> dict[str, float]:
        inputs, targets = (x, y) if on_training else validation
        with train.in_mode(model, training=False):
            prediction = torch.cat([step.forward(batch) for batch in inputs.split(1000)])
        values = {} if on_training else {"loss": loss(prediction, targets).item()}
        arrays = prediction.cpu().numpy(), targets.cpu().numpy()
        return values | {name: float(metric(*arrays)) for name, metric in metrics.items()}

    with train.in_mode(model, training=True), deterministic(reproducible), _curves(tensorboard) as curves:
        if checkpoint is not None:
            found = files.restore(checkpoint, model, optimizer, scheduler, rng)
            if found is not None:
                resume(found)

        def after(history: History) -> None:
            curves(history)
            if after_epoch is not None:
                after_epoch(history)

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
            progress=progress if distributed.is_first() else False,
            after_epoch=after,
            run=run,
        )


def fit_steps(
    model: torch.nn.Module,
    draw: Callable[[np.random.Generator], tuple[torch.Tensor, torch.Tensor]],
    optimizer: torch.optim.Optimizer,
    *,
    steps: int,
    rng: np.random.Generator,
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    accumulate: int = 1,
    max_norm: float | None = None,
    scheduler: LRScheduler | None = None,
    device: torch.device | str = "cpu",
    precision: str = "auto",
    compile: bool = False,
    reproducible: bool = False,
    checkpoint: Checkpoint | None = None,
    validate: Callable[[], float] | None = None,
    validate_every: int | None = None,
    on_step: Callable[[int, float, float], None] | None = None,
) -> History:
    """Train by `steps` steps on batches that `draw(rng)` gives, for data that has no epochs, such as text.

    draw : a batch (x, y) of tensors; a step draws `accumulate` of them, its gradient is their mean.  With several
        processes each takes every size-th, so the loss curve is that of one process; accumulate is a multiple of size.
    loss : of (prediction, y), a mean.  scheduler : steps after each step.
    validate : called every `validate_every` steps and at the end; its value is history.validation["loss"].
    on_step : called with (step from 1, loss, seconds of the step).
    Other settings, and what is raised: as in `fit`.  history.train["loss"] and seconds have a number for each step.
    """
    if accumulate < 1 or accumulate % distributed.size():
        raise ValueError(
            f"accumulate: expected a multiple of the {distributed.size()} processes, at least 1, got {accumulate}"
        )
    train.check_scheduler(scheduler, optimizer)
    step = Step(model, loss, optimizer, device, precision=precision, compile=compile, max_norm=max_norm)
    history = History(Config(epochs=1, accumulate=accumulate, max_norm=max_norm, schedule="batch"))
    recorded: list[torch.Tensor] = []

    with train.in_mode(model, training=True), deterministic(reproducible):
        if checkpoint is not None:
            found = files.restore(checkpoint, model, optimizer, scheduler, rng)
            if found is not None:
                recorded = list(found["losses"])
                history.seconds, history.validation = found["seconds"], found["validation"]
        while len(recorded) < steps:
            start = time.perf_counter()
            batches = [draw(rng) for _ in range(accumulate)][distributed.rank() :: distributed.size()]
            batches = [tuple(part.to(step.device, non_blocking=True) for part in batch) for batch in batches]
            recorded.append(step([(x, y, 1 / accumulate) for x, y in batches]))
            if scheduler is not None:
                scheduler.step()
            _stop_if_not_finite(recorded, step, checkpoint)
            if on_step is not None:
                value = recorded[-1].item()  # waits for the device, so the seconds are those of the whole step
                on_step(len(recorded), value, time.perf_counter() - start)
            history.seconds.append(time.perf_counter() - start)
            done = len(recorded)
            if validate is not None and (done == steps or (validate_every and done % validate_every == 0)):
                with torch.no_grad(), train.in_mode(model, training=False):
                    history.validation.setdefault("loss", []).append(float(validate()))
            if checkpoint is not None and (done == steps or done % checkpoint.every == 0):
                _stop_if_not_finite(recorded, step, checkpoint, now=True)
                so_far = {"losses": torch.stack(recorded), "seconds": history.seconds}
                files.save(checkpoint, model, optimizer, scheduler, rng, so_far | {"validation": history.validation})
        _stop_if_not_finite(recorded, step, checkpoint, now=True)
    history.train["loss"] = torch.stack(recorded).tolist()
    return history


def save_checkpoint(path, model: torch.nn.Module, history: History | None = None) -> None:
    """Same file as `dlbook.train.save_checkpoint` writes: a model in NumPy can load it, and the other way round.

    Of several processes the first one writes.
    """
    if distributed.is_first():
        train.write_state(path, {name: tensor.cpu().numpy() for name, tensor in model.state_dict().items()}, history)


def load_checkpoint(path, model: torch.nn.Module) -> History | None:
    """Load the weights of a checkpoint into `model`; returns the history that was saved with them."""
    state, history = train.read_state(path)
    model.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
    return history


@dataclasses.dataclass
class _Epoch:
    """Where in an epoch training stands: the order of the examples, how many are done, the losses of the steps."""

    order: torch.Tensor | None = None
    start: int = 0
    recorded: list[torch.Tensor] = dataclasses.field(default_factory=list)

    def begin(self, order: torch.Tensor, start: int = 0, recorded: list[torch.Tensor] | None = None) -> None:
        self.order, self.start, self.recorded = order, start, recorded or []

    def losses(self) -> torch.Tensor:
        return torch.stack([value.cpu() for value in self.recorded])

    def end(self) -> None:
        self.order, self.start, self.recorded = None, 0, []


def _portions(rows: torch.Tensor, count: int, is_mean: bool) -> list[tuple[torch.Tensor, float]]:
    """This process's part of a batch in at most `count` pieces, each with its share in the loss of the whole batch.

    All processes get as many pieces: one without rows of its own takes the first with the share 0.
    """
    size, total = distributed.size(), len(rows)
    mine = rows[distributed.rank() :: size]
    pieces = min(count, -(-total // size))
    parts = [part for part in mine.tensor_split(pieces) if len(part)] if len(mine) else []
    shares = [(part, len(part) / total if is_mean else 1.0) for part in parts]
    return shares + [(rows[:1], 0.0)] * (pieces - len(shares))


def _stop_if_not_finite(recorded, step: Step, checkpoint, epoch: int | None = None, now: bool = False) -> None:
    """ValueError at the first loss that is not a number; on a GPU only when `now`, since a look makes it wait."""
    if step.device.type != "cpu" and not now:
        return
    finite = torch.isfinite(torch.stack(recorded) if now else recorded[-1])
    if finite.all():
        return
    which = int((~finite).nonzero()[0]) + 1 if now else len(recorded)
    where = f"step {which}" if epoch is None else f"step {which} of epoch {epoch + 1}"
    kept = (
        "" if checkpoint is None or not checkpoint.file.exists() else f"; the last good checkpoint is {checkpoint.file}"
    )
    raise ValueError(
        f"loss: expected a number, got {recorded[which - 1].item()} at {where}{kept}; "
        "lower the learning rate, or clip the gradients (max_norm)"
    )


class _curves:
    """TensorBoard's curves in a folder, or nothing for None."""

    def __init__(self, folder):
        self.writer = None
        if folder is not None and distributed.is_first():
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError:
                raise ImportError("tensorboard: the curves need it: pip install tensorboard") from None
            self.writer = SummaryWriter(os.fspath(folder))

    def __enter__(self):
        return self

    def __call__(self, history: History) -> None:
        if self.writer is None:
            return
        for kind, values in (("training", history.train), ("validation", history.validation)):
            for name, curve in values.items():
                self.writer.add_scalar(f"{kind}/{name}", curve[-1], len(curve))

    def __exit__(self, *_):
        if self.writer is not None:
            self.writer.close()


def _tensors(data, name: str, step: Step):
    """(x, y) on the device, floats in the precision of the model."""
    if isinstance(data, tuple | list) and all(isinstance(part, torch.Tensor) for part in data):
        parts = tuple(data)
        if len(parts) != 2 or len(parts[0]) != len(parts[1]) or not len(parts[0]):
            raise ValueError(f"{name}: expected a pair (x, y) of equal, positive length")
    else:
        parts = tuple(torch.from_numpy(part) for part in train.examples(data, name))
    return tuple(part.to(step.device, step.dtype if part.is_floating_point() else None) for part in parts)
