"""mnist-cnn: convolutions on MNIST, the images turned, enlarged and moved at random.  Book: chapters 24, 40 to 43."""

import dataclasses
import pathlib
from collections.abc import Callable

import torch
from torch import nn

from dlbook.torch.images import random_affine
from dlbook.torch.recipes import mnist


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings(mnist.Settings):
    """channels : of the first convolution; the others have twice as many.

    degrees, shift, scale, shear : how far the training images are changed, see `dlbook.torch.images.random_affine`.
    """

    channels: int
    degrees: float
    shift: float
    scale: float
    shear: float

    def __post_init__(self):
        super().__post_init__()
        self.at_least(1, "channels")
        self.at_least(0, "degrees", "shift", "scale", "shear")


def network(settings: Settings) -> nn.Sequential:
    """(N, 1, 28, 28) -> scores (N, 10).  Each convolution has batch normalisation and ReLU; sizes: 28, 12, 10, 8, 4."""
    C = settings.channels

    def convolution(before: int, after: int, size: int) -> list[nn.Module]:
        return [nn.Conv2d(before, after, size, bias=False), nn.BatchNorm2d(after), nn.ReLU()]

    return nn.Sequential(
        *convolution(1, C, 5),
        nn.MaxPool2d(2),
        *convolution(C, 2 * C, 3),
        *convolution(2 * C, 2 * C, 3),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(2 * C * 16, 128, bias=False),
        nn.BatchNorm1d(128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )


def run(settings: Settings, out: pathlib.Path | None, tell: Callable[[str], None]) -> dict[str, float]:
    """Train it, and return the test accuracy and the time."""

    def augment(images: torch.Tensor) -> torch.Tensor:
        how = {name: getattr(settings, name) for name in ("degrees", "shift", "scale", "shear")}
        return random_affine(images, None, **how)

    model = network(settings).to(memory_format=torch.channels_last)  # on a CPU a quarter faster
    return mnist.train(model, settings, out, tell, flat=False, augment=augment)
