"""Array autograd against the scalar engine: loss and gradients of a 2-16-16-1 tanh network over 100 points."""

import itertools
from collections.abc import Iterator

import numpy as np

from benchmarks.measure import Row, Size, alternately, times_faster
from dlbook.autograd import Tensor, Value

SIZES = (2, 16, 16, 1)


class Neuron:
    """tanh(w x + b), number by number."""

    def __init__(self, weights, bias):
        self.weights, self.bias = [Value(weight) for weight in weights], Value(bias)

    def __call__(self, x):
        return sum((weight * number for weight, number in zip(self.weights, x, strict=True)), self.bias).tanh()


class ScalarNetwork:
    """Layers of neurons."""

    def __init__(self, weights, biases):
        self.layers = [[Neuron(*both) for both in zip(w, b, strict=True)] for w, b in zip(weights, biases, strict=True)]

    def __call__(self, x):
        for layer in self.layers:
            x = [neuron(x) for neuron in layer]
        return x[0]


def rows(size: Size) -> Iterator[Row]:
    scalars, arrays = engines(size.points)
    seconds = alternately(arrays, scalars, size.rounds, (size.repeats, 1))
    yield times_faster("autograd.Tensor / autograd.Value, 2-16-16-1", seconds, "≥ 1,000 ×", "float64")


def engines(points: int):
    """Two functions of the same network and data: the loss, after its gradients were computed; scalars, arrays."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(points, SIZES[0]))
    y = np.sin(x[:, :1])
    start = [rng.normal(size=(outputs, inputs)) / np.sqrt(inputs) for inputs, outputs in itertools.pairwise(SIZES)]
    network = ScalarNetwork(start, [np.zeros(len(weight)) for weight in start])
    points_and_targets = list(zip(x.tolist(), y[:, 0].tolist(), strict=True))

    def scalars() -> float:
        loss = sum((network(point) - target) ** 2 for point, target in points_and_targets) / len(points_and_targets)
        loss.zero_grad()
        loss.backward()
        return loss.data

    layers = [(Tensor(weight), Tensor(np.zeros(len(weight)))) for weight in start]

    def arrays() -> float:
        activation = x
        for weight, bias in layers:
            activation = (activation @ weight.T + bias).tanh()
        loss = ((activation - y) ** 2).mean()
        loss.zero_grad()
        loss.backward()
        return loss.item()

    return scalars, arrays
