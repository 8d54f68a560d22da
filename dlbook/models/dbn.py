"""Deep belief networks: restricted Boltzmann machines trained one on top of the other, then unfolded into a network.

As a model it is a hybrid: the two top layers are an undirected RBM, the layers below are directed downwards.  "A stack
of RBMs" describes how it is trained.

Hinton, Osindero and Teh, *A fast learning algorithm for deep belief nets*, Neural Computation 18 (2006); Hinton and
Salakhutdinov, *Reducing the dimensionality of data with neural networks*, Science 313 (2006).  Book: chapter 10.
"""

from collections.abc import Sequence

import numpy as np

from dlbook import nn
from dlbook.models import rbm
from dlbook.models.rbm import RBM


def pretrain(x: np.ndarray, sizes: Sequence[int], rng: np.random.Generator, **settings) -> list[RBM]:
    """Greedy, layer by layer: each RBM learns what the one below says of the data, and then stays as it is.

    x (N, V) in [0, 1]; sizes of the hidden layers; settings go to `RBM.fit`.
    """
    if not sizes:
        raise ValueError("sizes: expected at least one hidden layer, got none")
    stack = []
    for size in sizes:
        layer = RBM(x.shape[1], size, rng)
        layer.fit(x, rng, **settings)
        stack.append(layer)
        x = layer.transform(x)
    return stack


def transform(stack: Sequence[RBM], x: np.ndarray) -> np.ndarray:
    """What the top layer says of x (N, V): (N, last size)."""
    for layer in stack:
        x = layer.transform(x)
    return x


def generate(stack: Sequence[RBM], n: int, steps: int, rng: np.random.Generator) -> np.ndarray:
    """n dreams, (n, V): Gibbs in the top RBM, then down through the directed layers once."""
    x = stack[-1].sample(n, steps, rng)
    for layer in reversed(stack[:-1]):
        drawn = (rng.random(x.shape) < x).astype(float)
        x = rbm.visible_probability(drawn, layer.W, layer.a)
    return x


def network(stack: Sequence[RBM], classes: int, rng: np.random.Generator) -> nn.Sequential:
    """An MLP that starts where the RBMs ended: Linear and Sigmoid for each, and a fresh Linear to `classes` scores.

    Train it with `nn.CrossEntropyLoss`: that is the fine-tuning.
    """
    modules = []
    for layer in stack:
        linear = nn.Linear(layer.W.shape[1], layer.W.shape[0], rng=rng)
        linear.load_state_dict({"weight": layer.W, "bias": layer.b})
        modules += [linear, nn.Sigmoid()]
    return nn.Sequential(*modules, nn.Linear(len(stack[-1].b), classes, rng=rng))


class DBN:
    """A classifier in two steps: `pretrain(x)` without labels, then `network(classes)` to be trained with them."""

    def __init__(self, sizes: Sequence[int], rng: np.random.Generator):
        self.sizes, self.rng = list(sizes), rng
        self.stack: list[RBM] = []

    def pretrain(self, x: np.ndarray, **settings) -> "DBN":
        """Train the RBMs on x (N, V) in [0, 1]; settings go to `RBM.fit`."""
        self.stack = pretrain(x, self.sizes, self.rng, **settings)
        return self

    def transform(self, x: np.ndarray) -> np.ndarray:
        """Features (N, last size) of x."""
        return transform(self._trained(), x)

    def network(self, classes: int) -> nn.Sequential:
        """The MLP to be fine-tuned."""
        return network(self._trained(), classes, self.rng)

    def generate(self, n: int, steps: int) -> np.ndarray:
        """n dreams, (n, V)."""
        return generate(self._trained(), n, steps, self.rng)

    def _trained(self):
        if not self.stack:
            raise ValueError("expected a trained stack; call pretrain first")
        return self.stack
