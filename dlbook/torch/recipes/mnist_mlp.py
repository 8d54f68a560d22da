"""mnist-mlp: fully connected layers on MNIST.  Book: chapters 5, 11 to 13, 22 to 24."""

import dataclasses
import pathlib
from collections.abc import Callable

from torch import nn

from dlbook.torch.recipes import mnist


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings(mnist.Settings):
    """hidden : units in each of the `layers` hidden layers.  dropout : share of them dropped in training."""

    hidden: int
    layers: int
    dropout: float

    def __post_init__(self):
        super().__post_init__()
        self.at_least(1, "hidden", "layers")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout: expected 0 ≤ dropout < 1, got {self.dropout}")


def network(settings: Settings) -> nn.Sequential:
    """(N, 784) -> scores (N, 10): [linear, ReLU, dropout] × layers, linear."""
    layers, width = [], 784
    for _ in range(settings.layers):
        layers += [nn.Linear(width, settings.hidden), nn.ReLU(), nn.Dropout(settings.dropout)]
        width = settings.hidden
    return nn.Sequential(*layers, nn.Linear(width, 10))


def run(settings: Settings, out: pathlib.Path | None, tell: Callable[[str], None]) -> dict[str, float]:
    """Train it, and return the test accuracy and the time."""
    return mnist.train(network(settings), settings, out, tell, flat=True)
