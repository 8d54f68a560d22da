"""Greedy pre-training, what it hands to the network, and the dreams."""

import numpy as np
import pytest

from dlbook import nn, optim, train
from dlbook.models import dbn


def bars(N, rng):
    """Images of 9 pixels with one row or one column lit, and which of the two."""
    labels, which = rng.integers(0, 2, N), rng.integers(0, 3, N)
    x = np.zeros((N, 3, 3))
    for image, label, i in zip(x, labels, which, strict=True):
        image[(i, slice(None)) if label else (slice(None), i)] = 1
    return x.reshape(N, 9), labels


def test_each_layer_learns_from_the_one_below_and_the_network_starts_there():
    rng = np.random.default_rng(0)
    x, _ = bars(80, rng)
    model = dbn.DBN([7, 5], rng).pretrain(x, epochs=5)
    assert [layer.W.shape for layer in model.stack] == [(7, 9), (5, 7)]
    np.testing.assert_allclose(model.transform(x), model.stack[1].transform(model.stack[0].transform(x)))
    network = model.network(2)
    state = network.state_dict()
    np.testing.assert_array_equal(state["0.weight"], model.stack[0].W)
    np.testing.assert_array_equal(state["2.bias"], model.stack[1].b)
    scores = model.transform(x) @ state["4.weight"].T + state["4.bias"]
    np.testing.assert_allclose(network(x), scores)


def test_fine_tuning_learns_rows_from_columns():
    rng = np.random.default_rng(1)
    x, y = bars(120, rng)
    network = dbn.DBN([16, 12], rng).pretrain(x, epochs=40, eta=0.2).network(2)
    optimizer = optim.Adam(network.parameters(), 0.02)
    train.fit(
        network,
        nn.CrossEntropyLoss(),
        optimizer,
        (x, y),
        train.Config(epochs=40, batch_size=20),
        rng=rng,
        progress=False,
    )
    assert train.accuracy(network(x), y) > 0.97


def test_dreams_resemble_the_data():
    rng = np.random.default_rng(2)
    x, _ = bars(200, rng)
    model = dbn.DBN([20, 10], rng).pretrain(x, epochs=60, eta=0.1)
    dreams = model.generate(100, 30)
    assert dreams.shape == (100, 9)
    assert dreams.min() >= 0
    assert dreams.max() <= 1
    assert abs(dreams.sum(axis=1).mean() - 3) < 0.7


def test_errors_say_what_came():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="at least one hidden layer"):
        dbn.pretrain(np.ones((3, 2)), [], rng)
    with pytest.raises(ValueError, match="pretrain first"):
        dbn.DBN([3], rng).transform(np.ones((1, 2)))
