"""A step of each optimiser against its update in plain NumPy arithmetic, on the same weights and gradients.

The weights are those of a 784-100-10 network, and one array of 1,000,000.
"""

from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.measure import Row, Size, alternately, times_the_time
from dlbook import nn, optim

NETWORK = ((100, 784), (100,), (10, 100), (10,))
LARGE = ((1000, 1000),)
RATE, EPS = 1e-3, 1e-8


def rows(size: Size) -> Iterator[Row]:
    calls = max(1, size.repeats // 20)
    for where, shapes in (("784-100-10", NETWORK), ("1,000,000", LARGE)):
        for name, (build, update) in OPTIMISERS.items():
            seconds = alternately(*both(build, update, shapes), size.rounds, (calls, calls))
            yield times_the_time(f"{name}, {where} / the same in plain NumPy", seconds, "≤ 1.5 ×")


def both(build: Callable, update: Callable, shapes) -> tuple[Callable, Callable]:
    """Two functions of one step over equal weights and gradients: the optimiser's, and `update` for each array."""
    rng = np.random.default_rng(0)
    values = [rng.standard_normal(shape) for shape in shapes]
    gradients = [rng.standard_normal(shape) for shape in shapes]
    parameters = [nn.Parameter(value) for value in values]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    optimizer = build(parameters)
    memories = [{"t": 0, "m": np.zeros(shape), "s": np.zeros(shape), "u": np.zeros(shape)} for shape in shapes]

    def plain() -> list[np.ndarray]:
        for i, gradient in enumerate(gradients):
            memories[i]["t"] += 1
            values[i] = values[i] - update(gradient, memories[i])
        return values

    def ours() -> list[np.ndarray]:
        optimizer.step()
        return [parameter.data for parameter in parameters]

    return ours, plain


def sgd(g, memory):
    return RATE * g


def momentum(g, memory):
    memory["m"] = 0.9 * memory["m"] + g if memory["t"] > 1 else g
    return RATE * memory["m"]


def adagrad(g, memory):
    memory["s"] = memory["s"] + g**2
    return RATE * g / (np.sqrt(memory["s"]) + EPS)


def adadelta(g, memory):
    memory["s"] = 0.9 * memory["s"] + 0.1 * g**2
    d = g * np.sqrt(memory["u"] + EPS) / np.sqrt(memory["s"] + EPS)
    memory["u"] = 0.9 * memory["u"] + 0.1 * d**2
    return RATE * d


def rmsprop(g, memory):
    memory["s"] = 0.99 * memory["s"] + 0.01 * g**2
    return RATE * g / (np.sqrt(memory["s"]) + EPS)


def averages(g, memory):
    """Both averages, corrected for their start."""
    memory["m"] = 0.9 * memory["m"] + 0.1 * g
    memory["s"] = 0.999 * memory["s"] + 0.001 * g**2
    return memory["m"] / (1 - 0.9 ** memory["t"]), memory["s"] / (1 - 0.999 ** memory["t"])


def adam(g, memory):
    m, s = averages(g, memory)
    return RATE * m / (np.sqrt(s) + EPS)


def adamax(g, memory):
    memory["m"] = 0.9 * memory["m"] + 0.1 * g
    memory["u"] = np.maximum(0.999 * memory["u"], np.abs(g) + EPS)
    return RATE * memory["m"] / (1 - 0.9 ** memory["t"]) / memory["u"]


def nadam(g, memory):
    _, s = averages(g, memory)
    mu, after = (0.9 * (1 - 0.5 * 0.96 ** (t * 0.004)) for t in (memory["t"], memory["t"] + 1))
    product = memory["product"] = memory.get("product", 1.0) * mu
    along = after * memory["m"] / (1 - product * after) + (1 - mu) * g / (1 - product)
    return RATE * along / (np.sqrt(s) + EPS)


def radam(g, memory):
    m, _ = averages(g, memory)
    left = 0.999 ** memory["t"]
    longest = 2 / 0.001 - 1
    length = longest - 2 * memory["t"] * left / (1 - left)
    if length <= 5:
        return RATE * m
    trust = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
    return RATE * m * np.sqrt(trust * (1 - left)) / (np.sqrt(memory["s"]) + EPS)


OPTIMISERS = {
    "SGD": (lambda parameters: optim.SGD(parameters, RATE), sgd),
    "SGD with momentum": (lambda parameters: optim.SGD(parameters, RATE, momentum=0.9), momentum),
    "Adagrad": (lambda parameters: optim.Adagrad(parameters, RATE, eps=EPS), adagrad),
    "Adadelta": (lambda parameters: optim.Adadelta(parameters, RATE, eps=EPS), adadelta),
    "RMSprop": (lambda parameters: optim.RMSprop(parameters, RATE), rmsprop),
    "Adam": (lambda parameters: optim.Adam(parameters, RATE), adam),
    "Adamax": (lambda parameters: optim.Adamax(parameters, RATE), adamax),
    "NAdam": (lambda parameters: optim.NAdam(parameters, RATE), nadam),
    "RAdam": (lambda parameters: optim.RAdam(parameters, RATE), radam),
}
