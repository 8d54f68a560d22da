"""Squash, routing and their gradients against differences; the small capsule network learns."""

import numpy as np
import pytest

from dlbook import nn, optim, train
from dlbook.models import capsules


def slopes(f, x, eps=1e-6):
    gradient = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        kept, ends = x[i], []
        for e in (eps, -eps):
            x[i] = kept + e
            ends.append(f())
        x[i] = kept
        gradient[i] = (ends[0] - ends[1]) / (2 * eps)
    return gradient


def test_squash_by_hand():
    v, _ = capsules.squash(np.array([[3.0, 4.0], [0.0, 0.0], [0.0, 1e-3]]))
    np.testing.assert_allclose(v, [[15 / 26, 20 / 26], [0, 0], [0, 1e-6 / (1 + 1e-6)]], rtol=1e-12)


def test_squash_gradient_also_at_zero():
    rng = np.random.default_rng(0)
    s, dv = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    ds = capsules.squash_backward(dv, capsules.squash(s)[1])
    np.testing.assert_allclose(ds, slopes(lambda: np.sum(dv * capsules.squash(s)[0]), s), atol=1e-8)
    assert not capsules.squash_backward(np.ones((1, 3)), np.zeros((1, 3))).any()


def test_predictions_are_matrix_products_and_their_gradients():
    rng = np.random.default_rng(1)
    u, W = rng.normal(size=(2, 3, 4)), rng.normal(size=(3, 5, 6, 4))
    y, cache = capsules.predictions(u, W)
    np.testing.assert_allclose(y, np.einsum("ijdp,nip->nijd", W, u))
    dy = rng.normal(size=y.shape)
    du, dW = capsules.predictions_backward(dy, cache)
    np.testing.assert_allclose(du, np.einsum("ijdp,nijd->nip", W, dy))
    np.testing.assert_allclose(dW, np.einsum("nijd,nip->ijdp", dy, u))


def reference_route(u_hat, iterations):
    N, I, J, D = u_hat.shape
    out = np.empty((N, J, D))
    for n in range(N):
        b = np.zeros((I, J))
        for _ in range(iterations):
            c = np.exp(b) / np.exp(b).sum(axis=1, keepdims=True)
            for j in range(J):
                s = sum(c[i, j] * u_hat[n, i, j] for i in range(I))
                out[n, j] = s * np.linalg.norm(s) / (1 + s @ s)
            b = b + np.array([[u_hat[n, i, j] @ out[n, j] for j in range(J)] for i in range(I)])
    return out


@pytest.mark.parametrize("iterations", [1, 2, 3, 5])
def test_routing_and_its_gradient(iterations):
    rng = np.random.default_rng(2)
    u_hat, dv = rng.normal(size=(2, 4, 3, 5)), rng.normal(size=(2, 3, 5))
    v, cache = capsules.route(u_hat, iterations)
    np.testing.assert_allclose(v, reference_route(u_hat, iterations))
    right = slopes(lambda: np.sum(dv * capsules.route(u_hat, iterations)[0]), u_hat)
    np.testing.assert_allclose(capsules.route_backward(dv, cache), right, atol=1e-8)


def test_margin_loss_by_hand_and_its_gradient():
    v = np.array([[[0.6, 0.0], [0.0, 0.3], [0.05, 0.0]]])
    loss, cache = capsules.margin_loss(v, np.array([0]))
    assert loss == pytest.approx(0.3**2 + 0.5 * 0.2**2)
    right = slopes(lambda: capsules.margin_loss(v, np.array([0]))[0], v)
    np.testing.assert_allclose(capsules.margin_loss_backward(1.0, cache), right, atol=1e-8)
    with pytest.raises(ValueError, match="0 to 2"):
        capsules.margin_loss(v, np.array([3]))


def small_network(rng):
    primary = capsules.PrimaryCapsules(4, 2, 2, 2, 3, rng=rng, hidden=5)
    return nn.Sequential(primary, capsules.CapsuleLayer(primary.capsules, 3, 2, 4, rng=rng, scale=0.5))


def test_gradients_of_the_whole_network():
    rng = np.random.default_rng(3)
    model = small_network(rng)
    x, labels = rng.random((3, 16)), np.array([0, 1, 1])
    v, cache = model.forward(x)
    assert v.shape == (3, 2, 4)
    loss_cache = capsules.margin_loss(v, labels)[1]
    dx = model.backward(capsules.margin_loss_backward(1.0, loss_cache), cache)

    def loss():
        return capsules.margin_loss(model(x), labels)[0]

    np.testing.assert_allclose(dx, slopes(loss, x), atol=1e-7)
    for parameter in model.parameters():
        np.testing.assert_allclose(parameter.grad, slopes(loss, parameter.data), atol=1e-7)


def test_it_learns_two_shapes():
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 2, 80)
    x = rng.random((80, 4, 4)) * 0.2
    x[labels == 0, 1, :] += 0.8
    x[labels == 1, :, 2] += 0.8
    model = small_network(rng)
    train.fit(
        model,
        capsules.MarginLoss(),
        optim.Adam(model.parameters(), 0.02),
        (x.reshape(80, 16), labels),
        train.Config(epochs=30, batch_size=20),
        rng=rng,
        progress=False,
    )
    assert (capsules.class_lengths(model(x.reshape(80, 16))).argmax(axis=1) == labels).mean() > 0.95


def test_errors_say_what_came():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"\(N, I, J, D\)"):
        capsules.route(np.ones((2, 3, 4)))
    with pytest.raises(ValueError, match="at least 1"):
        capsules.route(np.ones((1, 1, 1, 1)), 0)
    with pytest.raises(ValueError, match="1 to 4"):
        capsules.PrimaryCapsules(4, 5, 1, 1, 1, rng=rng)
    with pytest.raises(ValueError, match=r"\(N, 3, 4\)"):
        capsules.predictions(np.ones((2, 3, 5)), np.ones((3, 5, 6, 4)))
