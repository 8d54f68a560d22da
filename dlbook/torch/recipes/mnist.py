"""What both MNIST recipes share: the data, the training by epochs, and the report."""

import dataclasses
import os
import pathlib
import time
from collections.abc import Callable

import numpy as np
import torch

from dlbook import data
from dlbook import torch as dltorch
from dlbook.language import say
from dlbook.torch.checkpoint import Checkpoint
from dlbook.torch.recipes.settings import Common, RecipeError
from dlbook.torch.step import chosen
from dlbook.train import Config, History, accuracy


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings(Common):
    """What both MNIST recipes ask for.

    data : "whole" for the 60,000 + 10,000 images in the folder that DLBOOK_DATA names, the path of a file or folder
        with these, or "bundled" for the 5,000 + 1,000 in the package.
    hold_out : so many training images are kept aside and measured in place of the test set, to choose settings; 0 for
        a result.
    epochs, batch_size : as in dlbook.train.Config.
    learning_rate : the highest; it rises to it during the share `warm_up` of the steps, and falls to 0 along a cosine.
    weight_decay : of AdamW.  label_smoothing : share of the target that goes to all classes alike.
    save_every : steps between two checkpoints in --out, counted in each epoch.
    """

    data: str
    hold_out: int
    epochs: int
    batch_size: int
    learning_rate: float
    warm_up: float
    weight_decay: float
    label_smoothing: float
    save_every: int

    def __post_init__(self):
        super().__post_init__()
        self.at_least(0, "hold_out", "learning_rate", "weight_decay")
        self.at_least(1, "epochs", "batch_size", "save_every")
        if not 0 < self.warm_up < 1:
            raise ValueError(f"warm_up: expected 0 < warm_up < 1, got {self.warm_up}")
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(f"label_smoothing: expected 0 ≤ label_smoothing < 1, got {self.label_smoothing}")


def images(settings: Settings, flat: bool) -> tuple[tuple, tuple]:
    """(x, y) to train on and (x, y) to measure on, float32, as `data.mnist` gives them."""
    options = {"flat": flat, "dtype": np.float32}
    try:
        if settings.data == "bundled":
            split = data.mnist(**options)
        else:
            split = data.mnist(None if settings.data == "whole" else settings.data, full=True, **options)
    except (FileNotFoundError, data.DamagedFile) as error:
        advice = say("Name the file, --set data=PATH, or take the images of the package, --set data=bundled.")
        raise RecipeError(f"{error} {advice}") from None
    if settings.hold_out:
        kept = split.hold_out(settings.hold_out)
        return (kept.x_train, kept.y_train), (kept.x_val, kept.y_val)
    return (split.x_train, split.y_train), (split.x_test, split.y_test)


def train(
    model: torch.nn.Module,
    settings: Settings,
    out: pathlib.Path | None,
    tell: Callable[[str], None],
    *,
    flat: bool,
    augment: Callable[[torch.Tensor], torch.Tensor] | None = None,
) -> dict[str, float]:
    """Train with AdamW by one cycle of the learning rate (Smith and Topin 2017); tell the accuracy after each epoch."""
    training, measured = images(settings, flat)
    device = chosen(settings.device)
    model.to(device)
    steps = settings.epochs * -(-len(training[0]) // settings.batch_size)
    optimizer = torch.optim.AdamW(
        model.parameters(), settings.learning_rate, weight_decay=settings.weight_decay, fused=device.type != "mps"
    )
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=steps + 1, pct_start=settings.warm_up, cycle_momentum=False
    )

    def after_epoch(history: History) -> None:
        tell(
            say(
                "epoch {epoch} of {epochs}: training loss {loss}, accuracy {accuracy} %, {seconds} s",
                epoch=len(history.seconds),
                epochs=settings.epochs,
                loss=f"{history.train['loss'][-1]:.4f}",
                accuracy=f"{100 * history.validation['accuracy'][-1]:.2f}",
                seconds=f"{history.seconds[-1]:.1f}",
            )
        )

    start, cpu = time.perf_counter(), time.process_time()
    history = dltorch.fit(
        model,
        torch.nn.CrossEntropyLoss(label_smoothing=settings.label_smoothing),
        optimizer,
        training,
        Config(epochs=settings.epochs, batch_size=settings.batch_size, schedule="batch"),
        rng=np.random.default_rng(settings.seed),
        validation=measured,
        metrics={"accuracy": accuracy},
        scheduler=scheduler,
        device=device,
        precision=settings.precision,
        compile=settings.compile,
        augment=augment,
        checkpoint=None if out is None else Checkpoint(out / "run.safetensors", every=settings.save_every),
        after_epoch=after_epoch,
    )
    result = {
        "accuracy": history.validation["accuracy"][-1],
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }
    if out is not None:
        dltorch.save_checkpoint(os.fspath(out / "model.safetensors"), model, history)
    measures = {
        "count": len(measured[1]),
        "accuracy": f"{100 * result['accuracy']:.2f}",
        "seconds": f"{result['seconds']:.1f}",
    }
    if settings.hold_out:
        tell(say("Accuracy on {count} held-out training images: {accuracy} %, in {seconds} s.", **measures))
    else:
        tell(say("Accuracy on {count} test images: {accuracy} %, in {seconds} s.", **measures))
    return result
