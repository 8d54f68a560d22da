"""Capsules: units whose output is a vector.  Its length says whether the thing is there, its direction how it looks.

Capsules send predictions to those above, and routing lets each follow the ones that agree.

Sabour, Frosst and Hinton, *Dynamic routing between capsules*, NeurIPS (2017).  Book: chapter 10.

Everywhere: N examples, I lower capsules of length P, J upper capsules of length D.
"""

import numpy as np

from dlbook import nn


def squash(s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """‖s‖² / (1 + ‖s‖²) · s / ‖s‖ along the last axis: the direction stays, the length comes below 1; 0 stays 0."""
    return s * _factor(s), s


def squash_backward(dv: np.ndarray, cache: np.ndarray) -> np.ndarray:
    """Gradient with respect to s.  With v = f(r) s, r = ‖s‖ and f = r / (1 + r²): ds = f dv + (f′ / r) (dv·s) s."""
    s = cache
    r = np.linalg.norm(s, axis=-1, keepdims=True)
    slope = (1 - r**2) / (1 + r**2) ** 2 / np.where(r > 0, r, 1)
    return _factor(s) * dv + slope * np.sum(dv * s, axis=-1, keepdims=True) * s


def predictions(u: np.ndarray, W: np.ndarray) -> tuple[np.ndarray, tuple]:
    """û_j|i = W_ij u_i: u (N, I, P), W (I, J, D, P) -> (N, I, J, D)."""
    I, J, D, P = W.shape
    if u.shape[1:] != (I, P):
        raise ValueError(f"u: expected (N, {I}, {P}) for W {W.shape}, got {u.shape}")
    y = np.matmul(u.swapaxes(0, 1), W.reshape(I, J * D, P).swapaxes(1, 2))
    return y.swapaxes(0, 1).reshape(len(u), I, J, D), (u, W)


def predictions_backward(dy: np.ndarray, cache: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Gradients with respect to u and W."""
    u, W = cache
    I, J, D, P = W.shape
    dy = dy.reshape(len(u), I, J * D).swapaxes(0, 1)
    du = np.matmul(dy, W.reshape(I, J * D, P)).swapaxes(0, 1)
    return du, np.matmul(dy.swapaxes(1, 2), u.swapaxes(0, 1)).reshape(W.shape)


def route(u_hat: np.ndarray, iterations: int = 3) -> tuple[np.ndarray, tuple]:
    """Routing by agreement: u_hat (N, I, J, D) -> v (N, J, D).

    b = 0, then `iterations` times: c = softmax of b over the *upper* capsules j, s_j = Σ_i c_ij û_j|i, v = squash(s),
    and, except the last time, b_ij += û_j|i · v_j.
    """
    if u_hat.ndim != 4:
        raise ValueError(f"u_hat: expected shape (N, I, J, D), got {u_hat.shape}")
    if iterations < 1:
        raise ValueError(f"iterations: expected at least 1, got {iterations}")
    b, steps = np.zeros(u_hat.shape[:3]), []
    by_capsule = u_hat.transpose(0, 2, 1, 3)  # (N, J, I, D)
    for step in range(iterations):
        c, softmax_cache = nn.softmax(b)
        s = _weighted_sum(c, by_capsule)
        v, _ = squash(s)
        steps.append((c, softmax_cache, s, v))
        if step < iterations - 1:
            b = b + _agreement(by_capsule, v)
    return v, (u_hat, steps)


def route_backward(dv: np.ndarray, cache: tuple) -> np.ndarray:
    """Gradient with respect to u_hat, through every iteration."""
    u_hat, steps = cache
    by_capsule = u_hat.transpose(0, 2, 1, 3)
    du, db = np.zeros_like(by_capsule), np.zeros(u_hat.shape[:3])
    for step, (c, softmax_cache, s, v) in reversed(list(enumerate(steps))):
        if step < len(steps) - 1:
            dv = _weighted_sum(db, by_capsule)
            du += _by_capsule(db)[..., None] * v[:, :, None]
        ds = squash_backward(dv, s)
        du += _by_capsule(c)[..., None] * ds[:, :, None]
        db = db + nn.softmax_backward(_agreement(by_capsule, ds), softmax_cache)
    return du.transpose(0, 2, 1, 3)


def margin_loss(v: np.ndarray, labels: np.ndarray) -> tuple[float, tuple]:
    """Mean over the examples of Σ_k T_k max(0, 0.9 − ‖v_k‖)² + ½ (1 − T_k) max(0, ‖v_k‖ − 0.1)².

    v : (N, J, D), labels : (N,) integers; T_k is 1 for the right class.
    """
    labels = np.asarray(labels)
    if labels.shape != v.shape[:1] or labels.min() < 0 or labels.max() >= v.shape[1]:
        raise ValueError(f"labels: expected ({len(v)},) with values 0 to {v.shape[1] - 1}, got shape {labels.shape}")
    target = np.eye(v.shape[1])[labels]
    length = np.linalg.norm(v, axis=-1)
    low, high = np.maximum(0, 0.9 - length), np.maximum(0, length - 0.1)
    loss = np.sum(target * low**2 + 0.5 * (1 - target) * high**2) / len(v)
    return float(loss), (v, target, length, low, high)


def margin_loss_backward(dloss: float, cache: tuple) -> np.ndarray:
    """Gradient with respect to v."""
    v, target, length, low, high = cache
    dlength = dloss * (-2 * target * low + (1 - target) * high) / len(v)
    return (dlength / np.maximum(length, 1e-12))[..., None] * v


class MarginLoss(nn.Module):
    """`margin_loss` of capsules v (N, J, D) and labels (N,)."""

    def forward(self, v, labels):
        return margin_loss(v, labels)

    def backward(self, dloss, cache):
        return margin_loss_backward(dloss, cache)


class CapsuleLayer(nn.Module):
    """I capsules of length P to J capsules of length D by routing.  weight (I, J, D, P) starts from N(0, scale²)."""

    def __init__(
        self,
        capsules_in: int,
        length_in: int,
        capsules_out: int,
        length_out: int,
        *,
        rng: np.random.Generator,
        iterations: int = 3,
        scale: float = 0.1,
    ):
        self.iterations = iterations
        self.weight = nn.Parameter(rng.normal(0, scale, (capsules_in, capsules_out, length_out, length_in)))

    def forward(self, u):
        """u (N, I, P) -> v (N, J, D)."""
        u_hat, prediction_cache = predictions(u, self.weight.data)
        v, route_cache = route(u_hat, self.iterations)
        return v, (prediction_cache, route_cache)

    def backward(self, dv, cache):
        du, dW = predictions_backward(route_backward(dv, cache[1]), cache[0])
        self.weight.accumulate(dW)
        return du


class PrimaryCapsules(nn.Module):
    """Square patches of an image, each described by `types` capsules of `length` numbers; patches share the weights.

    x (N, side²) -> (N, positions · types, length), through one hidden layer of `hidden` ReLUs, squashed.
    """

    def __init__(
        self,
        side: int,
        patch: int,
        stride: int,
        types: int,
        length: int,
        *,
        rng: np.random.Generator,
        hidden: int = 32,
    ):
        if not 0 < patch <= side:
            raise ValueError(f"patch: expected 1 to {side}, the side of the image, got {patch}")
        corners = range(0, side - patch + 1, stride)
        within = (np.arange(patch)[:, None] * side + np.arange(patch)).ravel()
        self.pixels = np.array([r * side + c + within for r in corners for c in corners])
        self.side, self.length, self.capsules = side, length, len(self.pixels) * types
        self.layers = nn.Sequential(
            nn.Linear(patch * patch, hidden, rng=rng), nn.ReLU(), nn.Linear(hidden, types * length, rng=rng)
        )

    def forward(self, x):
        patches = x[:, self.pixels]
        y, cache = self.layers.forward(patches.reshape(-1, patches.shape[2]))
        v, squash_cache = squash(y.reshape(len(x), self.capsules, self.length))
        return v, (cache, squash_cache, y.shape)

    def backward(self, dv, cache):
        dpatches = self.layers.backward(*self._below(dv, cache))
        dx = np.zeros((len(dv), self.side**2))
        np.add.at(dx, (slice(None), self.pixels), dpatches.reshape(len(dv), *self.pixels.shape))
        return dx

    def backward_parameters(self, dv, cache):
        self.layers.backward_parameters(*self._below(dv, cache))

    def _below(self, dv, cache):
        layer_cache, squash_cache, shape = cache
        return squash_backward(dv, squash_cache).reshape(shape), layer_cache


def class_lengths(v: np.ndarray) -> np.ndarray:
    """Length of each capsule: v (N, J, D) -> (N, J); the longest is the answer."""
    return np.linalg.norm(v, axis=-1)


def _factor(s):
    r = np.linalg.norm(s, axis=-1, keepdims=True)
    return r / (1 + r**2)


def _by_capsule(c):
    return c.transpose(0, 2, 1)  # (N, I, J) -> (N, J, I)


def _weighted_sum(c, by_capsule):
    return np.matmul(_by_capsule(c)[:, :, None], by_capsule)[:, :, 0]


def _agreement(by_capsule, v):
    return np.matmul(by_capsule, v[..., None])[..., 0].transpose(0, 2, 1)
