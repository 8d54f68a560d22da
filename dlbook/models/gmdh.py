"""The Group Method of Data Handling: layers of small polynomials, chosen on data that did not fit them.

Ivakhnenko and Lapa, *Cybernetic Predicting Devices* (1965); Ivakhnenko, *Polynomial theory of complex systems*, IEEE
Transactions on Systems, Man, and Cybernetics (1971).  Book: chapter 3.
"""

import itertools
from typing import NamedTuple

import numpy as np


class Unit(NamedTuple):
    """One polynomial unit: columns i < j of its layer's input, coefficients c (6,), mean squared validation error."""

    i: int
    j: int
    c: np.ndarray
    error: float


def polynomial_terms(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The six terms 1, u, v, uv, u², v² of Ivakhnenko's polynomial: u, v (N,) -> (N, 6)."""
    u, v = np.asarray(u, float), np.asarray(v, float)
    if u.ndim != 1 or u.shape != v.shape:
        raise ValueError(f"u, v: expected two arrays of one shape (N,), got {u.shape} and {v.shape}")
    return np.stack([np.ones_like(u), u, v, u * v, u**2, v**2], axis=1)


def fit_unit(u: np.ndarray, v: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Least squares of y (N,) on the six terms of u and v (N,).  Returns c (6,), of least norm where several fit."""
    return np.linalg.lstsq(polynomial_terms(u, v), np.asarray(y, float), rcond=None)[0]


def fit_layer(x_train: np.ndarray, y_train: np.ndarray, x_val: np.ndarray, y_val: np.ndarray, keep: int) -> list[Unit]:
    """The `keep` best of all pairs of columns, fitted on the training data and ranked on the validation data.

    x (N, D) with D >= 2, y (N,).  Ties keep the order of the pairs; all D(D - 1)/2 units where `keep` is larger.
    """
    x_train, x_val = _table(x_train, y_train, "x_train"), _table(x_val, y_val, "x_val")
    if x_train.shape[1] != x_val.shape[1] or x_train.shape[1] < 2:
        raise ValueError(f"x: expected the same two or more columns, got {x_train.shape} and {x_val.shape}")
    if keep < 1:
        raise ValueError(f"keep: expected at least 1, got {keep}")
    units = []
    for i, j in itertools.combinations(range(x_train.shape[1]), 2):
        c = fit_unit(x_train[:, i], x_train[:, j], y_train)
        error = np.mean((polynomial_terms(x_val[:, i], x_val[:, j]) @ c - y_val) ** 2)
        units.append(Unit(i, j, c, float(error)))
    return sorted(units, key=lambda unit: unit.error)[:keep]


def layer_outputs(units: list[Unit], x: np.ndarray) -> np.ndarray:
    """What the units of one layer say of x (N, D): (N, len(units))."""
    return np.stack([polynomial_terms(x[:, i], x[:, j]) @ c for i, j, c, _ in units], axis=1)


class GMDH:
    """Polynomial units, layer upon layer, until the validation error rises.  No gradient anywhere.

    keep : units passed on by a layer.  max_layers : a limit on the depth.
    After `fit`: layers (lists of Unit, the rising one left out) and errors, the best validation error of each layer.
    """

    def __init__(self, keep: int = 10, max_layers: int = 20):
        if keep < 2 or max_layers < 1:
            raise ValueError(f"expected keep >= 2 and max_layers >= 1, got keep={keep}, max_layers={max_layers}")
        self.keep, self.max_layers = keep, max_layers
        self.layers: list[list[Unit]] = []
        self.errors: list[float] = []

    def fit(self, x_train: np.ndarray, y_train: np.ndarray, x_val: np.ndarray, y_val: np.ndarray) -> "GMDH":
        """Grow the network: x (N, D), y (N,)."""
        self.layers, self.errors = [], []
        for _ in range(self.max_layers):
            units = fit_layer(x_train, y_train, x_val, y_val, self.keep)
            if self.errors and units[0].error >= self.errors[-1]:
                break
            self.layers.append(units)
            self.errors.append(units[0].error)
            if len(units) < 2:
                break
            x_train, x_val = layer_outputs(units, x_train), layer_outputs(units, x_val)
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The best unit of the last layer: x (N, D) -> (N,)."""
        if not self.layers:
            raise ValueError("predict: expected a fitted network; call fit first")
        for units in self.layers:
            x = layer_outputs(units, x)
        return x[:, 0]


def _table(x: np.ndarray, y: np.ndarray, name: str) -> np.ndarray:
    x = np.asarray(x, float)
    if x.ndim != 2 or np.shape(y) != x.shape[:1]:
        raise ValueError(f"{name}: expected (N, D) and y (N,), got {x.shape} and {np.shape(y)}")
    return x
