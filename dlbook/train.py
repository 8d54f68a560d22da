"""The training loop, its history, and checkpoints.  `dlbook.torch.fit` drives PyTorch models by the same settings."""

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from dlbook.language import say
from dlbook.nn import Module, clip_grad_norm_
from dlbook.optim import Optimizer
from dlbook.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

Metrics = Mapping[str, Callable]


@dataclasses.dataclass(frozen=True)
class Config:
    """How long and in what portions to train.

    epochs, batch_size : passes over the data; examples a step, the last step of an epoch taking what is left.
    shuffle : draw a new order of the examples each epoch.
    patience : stop after so many epochs without a better validation value, and restore the best weights; None never.
    min_delta : a value is better when it is so by more than this.
    monitor : which validation value: "loss", or the name of a metric.
    mode : "min" or "max", whether less or more of it is better; None: less for the loss, more for a metric.
    train_metrics : also measure the metrics on the training data after each epoch.
    accumulate : in how many portions, one after the other, a step goes through its batch.  The gradients add up to
        that of the whole batch and need less memory at a time; batch normalisation sees each portion alone.
    schedule : whether a scheduler steps after each "epoch" or after each "batch".
    max_norm : before each step the common norm of all gradients is clipped to it; None never.
    """

    epochs: int = 10
    batch_size: int = 32
    shuffle: bool = True
    patience: int | None = None
    min_delta: float = 0.0
    monitor: str = "loss"
    mode: str | None = None
    train_metrics: bool = False
    accumulate: int = 1
    schedule: str = "epoch"
    max_norm: float | None = None

    def __post_init__(self):
        for name, value, least in (
            ("epochs", self.epochs, 0),
            ("batch_size", self.batch_size, 1),
            ("patience", self.patience, 1),
            ("min_delta", self.min_delta, 0),
            ("accumulate", self.accumulate, 1),
            ("max_norm", self.max_norm, 0),
        ):
            if value is not None and not value >= least:
                raise ValueError(f"{name}: expected at least {least}, got {value}")
        if self.mode not in (None, "min", "max"):
            raise ValueError(f"mode: expected 'min', 'max' or None, got {self.mode!r}")
        if self.schedule not in ("epoch", "batch"):
            raise ValueError(f"schedule: expected 'epoch' or 'batch', got {self.schedule!r}")


@dataclasses.dataclass
class History:
    """What happened: plain lists, one number an epoch.

    train["loss"] : mean over the epoch, while the weights were changing.
    validation["loss"], validation["accuracy"] … : after each epoch.  seconds : how long each took.
    best_epoch : where the monitored value was best, from 0; None without validation.
    stopped_early : whether patience ran out.
    """

    config: Config
    train: dict[str, list[float]] = dataclasses.field(default_factory=lambda: {"loss": []})
    validation: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    seconds: list[float] = dataclasses.field(default_factory=list)
    best_epoch: int | None = None
    stopped_early: bool = False

    def plot(self):
        """Figure of the loss and of each metric by epoch; the best epoch is marked where training stopped early."""
        from dlbook import plots

        names = list(dict.fromkeys([*self.train, *self.validation]))
        figure = plots.figure(width=4 * len(names), height=3)
        for axes, name in zip(np.ravel(figure.subplots(1, len(names))), names, strict=True):
            sources = ((say("training"), self.train), (say("validation"), self.validation))
            curves = {label: values[name] for label, values in sources if name in values}
            plots.learning_curves(axes, curves, xlabel=say("epoch"), ylabel=say(name))
            if self.stopped_early:
                axes.axvline(self.best_epoch + 1, color=plots.GREY, linestyle=":", label=say("best epoch"))
            axes.legend()
        return figure


@dataclasses.dataclass
class Run:
    """Where training stands between two epochs: all that `run_epochs` needs to go on.

    epochs : how many are done.  best, best_weights : the best monitored value, its sign turned where less is better,
    and the weights of that epoch, if patience needs them.
    """

    history: History
    epochs: int = 0
    best: float = -np.inf
    best_weights: Mapping | None = None


def accuracy(prediction, target) -> float:
    """Share of rows whose largest output is at the right class.

    prediction : (N, C), C > 1.  target : (N,) labels, or (N, C) one-hot rows.
    """
    prediction, target = np.asarray(prediction), np.asarray(target)
    if prediction.ndim != 2 or prediction.shape[1] < 2:
        raise ValueError(
            f"prediction: expected shape (N, C) with at least two classes, got {prediction.shape}; "
            "binary_accuracy is for a single output"
        )
    labels = target.argmax(axis=1) if target.shape == prediction.shape else target
    if labels.shape != prediction.shape[:1]:
        raise ValueError(f"target: expected shape {prediction.shape[:1]} or {prediction.shape}, got {target.shape}")
    return float(np.mean(prediction.argmax(axis=1) == labels))


def binary_accuracy(prediction, target, threshold: float = 0.5) -> float:
    """Share of outputs on the right side of `threshold`: 0.5 for probabilities, 0 for logits.  Equal shapes."""
    prediction, target = np.asarray(prediction), np.asarray(target)
    if prediction.shape != target.shape:
        raise ValueError(f"target: expected shape {prediction.shape}, that of the prediction, got {target.shape}")
    return float(np.mean((prediction > threshold) == (target > 0.5)))


def fit(
    model: Module,
    loss: Module,
    optimizer: Optimizer,
    data,
    config: Config | None = None,
    *,
    rng: np.random.Generator,
    validation=None,
    metrics: Metrics | None = None,
    scheduler: LRScheduler | ReduceLROnPlateau | None = None,
    progress: bool | None = None,
    after_epoch: Callable[[History], None] | None = None,
) -> History:
    """Train `model` in place by mini-batches, and return what happened.

    data, validation : (x, y), arrays with one row for each example; floats are brought to the precision of the model.
    metrics : name -> function (prediction, y) -> number, {"accuracy": accuracy} say, measured on the validation data.
    rng : draws the order of the examples; the same generator state gives the same weights to the last bit.
    scheduler : changes the learning rate of `optimizer` after each epoch or batch, as config.schedule says;
        ReduceLROnPlateau looks at the validation value that config.monitor names.
    progress : False shows nothing, True a line; None decides by whether somebody watches (terminal or notebook).
    after_epoch : called with the history so far.
    Raises ValueError for data of different lengths, no data, patience or ReduceLROnPlateau without validation, and for
    the scheduler of another optimiser.  Book: chapters 12, 13.
    """
    config = config or Config()
    check_scheduler(scheduler, optimizer)
    metrics = dict(metrics or {})
    dtype = optimizer.parameters[0].data.dtype
    x, y = examples(data, "data", dtype)
    if validation is not None:
        validation = examples(validation, "validation", dtype)
    is_mean = getattr(loss, "reduction", "mean") == "mean"

    def one_epoch(tick) -> float:
        model.train()
        order = rng.permutation(len(x)) if config.shuffle else np.arange(len(x))
        total = 0.0
        for start in range(0, len(x), config.batch_size):
            rows = order[start : start + config.batch_size]
            optimizer.zero_grad()
            for part in portions(rows, config.accumulate):
                prediction, memory = model.forward(x.take(part, 0))
                value, loss_memory = loss.forward(prediction, y.take(part, 0))
                share = len(part) / len(rows) if is_mean else 1.0
                model.backward_parameters(loss.backward(share, loss_memory), memory)
                total += value * len(part) if is_mean else value
            if config.max_norm is not None:
                clip_grad_norm_(optimizer.parameters, config.max_norm)
            optimizer.step()
            if scheduler is not None and config.schedule == "batch":
                scheduler.step()
            tick(start)
        return float(total / len(x))

    def measure(on_training: bool) -> dict[str, float]:
        if on_training:
            return evaluate(model, None, (x, y), metrics)
        return evaluate(model, loss, validation, metrics)

    with in_mode(model, training=True):
        return run_epochs(
            config,
            one_epoch,
            measure,
            size=len(x),
            metrics=metrics,
            validates=validation is not None,
            snapshot=model.state_dict,
            restore=model.load_state_dict,
            scheduler=scheduler,
            watches=isinstance(scheduler, ReduceLROnPlateau),
            progress=progress,
            after_epoch=after_epoch,
        )


def fit_steps(
    learn_from: Callable[..., float],
    batches: Iterable[tuple],
    optimizer: Optimizer,
    *,
    max_norm: float | None = None,
    scheduler: LRScheduler | None = None,
) -> list[float]:
    """Train by one step for each batch, for data that has no epochs, such as text.  Returns the losses.

    learn_from : called with the parts of a batch; computes the loss, adds its gradients, and returns it.
    max_norm : the gradients' common norm is clipped to it.  scheduler : steps after each step.
    Raises ValueError for the scheduler of another optimiser, and when a loss is not finite.
    """
    check_scheduler(scheduler, optimizer)
    losses = []
    for batch in batches:
        optimizer.zero_grad()
        value = learn_from(*batch)
        if not np.isfinite(value):
            raise ValueError(f"loss: expected a number, got {value} at step {len(losses)}; lower the learning rate")
        if max_norm is not None:
            clip_grad_norm_(optimizer.parameters, max_norm)
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        losses.append(value)
    return losses


def check_scheduler(scheduler, optimizer) -> None:
    """ValueError for a scheduler that changes the learning rate of another optimiser; of dlbook.optim or torch."""
    if scheduler is not None and scheduler.optimizer is not optimizer:
        raise ValueError("scheduler: expected one that was made for this optimizer, got another's")


def portions(rows: np.ndarray, count: int) -> list[np.ndarray]:
    """`rows` in `count` pieces whose lengths differ by one at most, none of them empty."""
    return [rows] if count == 1 else np.array_split(rows, min(count, len(rows)))


@contextlib.contextmanager
def in_mode(model, training: bool):
    """Inside this context `model`, of dlbook.nn or torch, is in training or evaluation mode; then every module of it
    is in the mode that it had before.
    """
    before = [(module, module.training) for module in model.modules()]
    model.train(training)
    try:
        yield
    finally:
        for module, was in before:
            module.training = was


def examples(data, name: str = "data", dtype=None) -> tuple[np.ndarray, np.ndarray]:
    """`data` as arrays x and y with one row for each example; floats become `dtype`, if given.

    Raises ValueError unless it is a pair of equal, positive length.
    """
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise ValueError(f"{name}: expected a pair (x, y), got {type(data).__name__}")
    x, y = (np.asarray(part) for part in data)
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
        raise ValueError(f"{name}: expected as many rows in y as in x, got x {x.shape} and y {y.shape}")
    if len(x) == 0:
        raise ValueError(f"{name}: expected at least one example, got none")
    x, y = (part.astype(dtype or part.dtype, copy=False) if part.dtype.kind == "f" else part for part in (x, y))
    return x, y


def run_epochs(
    config: Config,
    one_epoch: Callable,
    measure: Callable[[bool], dict[str, float]],
    *,
    size: int,
    metrics: Metrics,
    validates: bool,
    snapshot: Callable,
    restore: Callable,
    scheduler=None,
    watches: bool = False,
    progress: bool | None = None,
    after_epoch: Callable[[History], None] | None = None,
    run: Run | None = None,
) -> History:
    """What `fit` does around an epoch, for NumPy and PyTorch alike: history, early stopping, progress.

    one_epoch(tick) -> training loss; it calls tick(examples seen).  measure(on_training) -> values by name.
    snapshot() -> weights, restore(weights).  watches : whether the scheduler's step needs the monitored value.
    run : where an earlier call stood, to go on from there.
    """
    if watches and config.schedule == "batch":
        raise ValueError("schedule: expected 'epoch' for a scheduler that watches validation values, got 'batch'")
    if watches and not validates:
        raise ValueError("scheduler: expected validation data to watch, got none; give validation=(x, y)")
    if config.patience is not None and not validates:
        raise ValueError("patience: expected validation data to watch, got none; give validation=(x, y)")
    if (watches or config.patience is not None) and config.monitor not in ("loss", *metrics):
        raise ValueError(f"monitor: expected {' or '.join(['loss', *metrics])}, got {config.monitor!r}")
    run = Run(History(config)) if run is None else run
    history = run.history
    line = _ProgressLine(config.epochs, size, progress)
    less_is_better = config.mode == "min" or (config.mode is None and config.monitor == "loss")
    sign = -1.0 if less_is_better else 1.0

    for epoch in range(run.epochs, 0 if history.stopped_early else config.epochs):
        start = time.perf_counter()
        history.train["loss"].append(one_epoch(line.begin(epoch)))
        if config.train_metrics:
            _record(history.train, measure(True))
        if validates:
            _record(history.validation, measure(False))
        history.seconds.append(time.perf_counter() - start)
        line.end(epoch, history)

        if validates and config.monitor in history.validation:
            value = sign * history.validation[config.monitor][-1]
            if history.best_epoch is None or value > run.best + config.min_delta:
                run.best, history.best_epoch = -np.inf if np.isnan(value) else value, epoch
                if config.patience is not None:
                    run.best_weights = snapshot()
        if scheduler is not None and config.schedule == "epoch":
            scheduler.step(*([history.validation[config.monitor][-1]] if watches else []))
        run.epochs = epoch + 1
        if after_epoch is not None:
            after_epoch(history)
        if config.patience is not None and epoch - history.best_epoch >= config.patience:
            history.stopped_early = True
            break

    line.close()
    if run.best_weights is not None:
        restore(run.best_weights)
    return history


def predict(model: Module, x, batch_size: int = 1000) -> np.ndarray:
    """Outputs of the model for all rows of `x`, in evaluation mode, in portions that fit the memory."""
    with in_mode(model, training=False):
        return np.concatenate([model(x[i : i + batch_size]) for i in range(0, len(x), batch_size)])


def evaluate(model: Module, loss: Module | None, data, metrics: Metrics | None = None) -> dict[str, float]:
    """Loss (unless None) and metrics of the model on `data`, (x, y), by name; in evaluation mode, as `predict`."""
    x, y = data
    prediction = predict(model, x)
    values = {} if loss is None else {"loss": float(loss(prediction, y))}
    return values | {name: float(metric(prediction, y)) for name, metric in (metrics or {}).items()}


def save_checkpoint(path, model, history: History | None = None) -> None:
    """Write the model's state dict, and history and config as JSON metadata, to one safetensors file.

    The file appears whole or not at all.
    """
    write_state(path, model.state_dict(), history)


def load_checkpoint(path, model) -> History | None:
    """Load the weights of a file by `save_checkpoint` into `model`; returns the history that was saved with them.

    Raises ValueError when the file is no whole checkpoint, or does not fit the model.
    """
    state, history = read_state(path)
    model.load_state_dict(state)
    return history


def write_state(path, state: Mapping[str, np.ndarray], history: History | None = None) -> None:
    """The file of `save_checkpoint`, from arrays by name."""
    from safetensors.numpy import save_file

    metadata = {"format": "dlbook"}
    if history is not None:
        metadata["history"] = json.dumps(dataclasses.asdict(history))
    path = pathlib.Path(path)
    unfinished = path.with_name(path.name + ".part")
    save_file({name: np.asarray(array, order="C") for name, array in state.items()}, unfinished, metadata)
    os.replace(unfinished, path)


def read_state(path) -> tuple[dict[str, np.ndarray], History | None]:
    """(arrays by name, history) of a checkpoint file."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path}: expected a whole safetensors file, got one that cannot be read: {error}") from None
    if "history" not in metadata:
        return state, None
    fields = json.loads(metadata["history"])
    return state, History(**fields | {"config": Config(**fields["config"])})


def _record(lists: dict[str, list[float]], values: dict[str, float]) -> None:
    for name, value in values.items():
        lists.setdefault(name, []).append(value)


class _ProgressLine:
    """One line that is rewritten: on a terminal by a carriage return, in a notebook by updating its display."""

    def __init__(self, epochs: int, size: int, wanted: bool | None):
        self.epochs, self.size = epochs, size
        self.in_notebook = _in_notebook()
        self.shown = (self.in_notebook or sys.stderr.isatty()) if wanted is None else wanted
        self.display = None
        self.numbers = ""
        self.width = 0

    def begin(self, epoch: int) -> Callable[[int], None]:
        """The function to call with the number of examples seen in this epoch."""
        if not self.shown:
            return lambda seen: None
        last = time.monotonic()

        def tick(seen: int) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last > 0.1:
                last = now
                self._write((epoch + seen / self.size) / self.epochs, epoch)

        return tick

    def end(self, epoch: int, history: History) -> None:
        if not self.shown:
            return
        parts = [say("training loss {value}", value=f"{history.train['loss'][-1]:.4f}")]
        for name, values in history.validation.items():
            parts.append(say("validation {name} {value}", name=say(name), value=f"{values[-1]:.4f}"))
        self.numbers = " · ".join(parts)
        self._write((epoch + 1) / self.epochs, epoch)

    def close(self) -> None:
        if self.shown and not self.in_notebook:
            print(file=sys.stderr)

    def _write(self, share: float, epoch: int) -> None:
        filled = int(20 * share)
        where = say("epoch {epoch} of {epochs}", epoch=epoch + 1, epochs=self.epochs)
        text = f"{'█' * filled}{'░' * (20 - filled)} {where} {self.numbers}"
        if not self.in_notebook:
            if sys.stderr.isatty():
                text = text[: shutil.get_terminal_size().columns - 1]  # a line that wraps could not be rewritten
            self.width = max(self.width, len(text))
            print("\r" + text.ljust(self.width), end="", file=sys.stderr, flush=True)
            return
        from IPython.display import Pretty, display

        class Line(Pretty):
            def _repr_pretty_(self, printer, cycle):
                printer.text(self.data)

        if self.display is None:
            self.display = display(Line(text), display_id=True)
        else:
            self.display.update(Line(text))


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return hasattr(shell, "kernel")
