"""A liquid time-constant network: neurons that are differential equations, and whose speed depends on their input.

    dh/dt = -(1/τ + f) · h + f · A,    f = σ(W_ih x + W_hh h + b)

τ is a neuron's own time constant and A the value towards which f drives it.  Sorted by h the equation says: the neuron
moves with the time constant τ_sys = τ / (1 + τ f) towards h* = f A τ_sys.  Both change with the input; the weights do
not.  A computer takes steps.  The *fused* one solves h' = h + Δ (-(1/τ + f) h' + f A) for h', with f as it was before:

    h' = (h + Δ f A) / (1 + Δ (1/τ + f))

It is a weighted mean of h, 0 and A, so every h stays between min(0, A) and max(0, A), however long the step.

    y, cache = ltc_step(x, h, weight_ih, weight_hh, bias, tau, A, dt)
    (y, h_n), cache = ltc(x, dt, h0, weight_ih, weight_hh, bias, tau, A, unfolds=6)
    dx, ddt, dh0, dweight_ih, dweight_hh, dbias, dtau, dA = ltc_backward((dy, dh_n), cache)

Sequences are (T, N, D), the durations dt (T, N): x[t] is held for dt[t], in `unfolds` equal steps, and y[t] is the
state at the end of it.  So every example may be sampled at its own times.

Hasani, Lechner, Amini, Rus and Grosu 2021, "Liquid time-constant networks"; `cfc`: Hasani et al. 2022.
Book: chapter 83.
"""

from __future__ import annotations

import numpy as np

from dlbook import nn
from dlbook.nn.arrays import as_float, upstream

SOLVERS = ("euler", "fused", "rk4")


def time_constant(tau, f):
    """τ_sys = τ / (1 + τ f), between τ / (1 + τ) for f = 1 and τ for f = 0; any shapes that broadcast."""
    return tau / (1 + tau * f)


def steady_state(tau, A, f):
    """h* = f A / (1/τ + f), where the neuron comes to rest if f stays as it is; any shapes that broadcast."""
    return f * A * time_constant(tau, f)


def ltc_rate(x, h, weight_ih, weight_hh, bias, tau, A):
    """dh/dt = -(1/τ + f) h + f A.  x : (N, D), h : (N, H).  Returns the rate, (N, H), and f, (N, H)."""
    f = nn.sigmoid(x @ weight_ih.T + h @ weight_hh.T + bias)[0]
    return f * A - (1 / tau + f) * h, f


def ltc_solve(x, h, weight_ih, weight_hh, bias, tau, A, dt, steps=1, solver="rk4"):
    """The path of the states under a constant input, in equal steps: (steps + 1, N, H), the first of them h.

    x : (N, D), h : (N, H), dt : (N,) or a number, the whole duration.
    solver : "euler", explicit, h' = h + Δ dh/dt; "fused"; or "rk4", the classical method of Runge and Kutta, four rates
    a step and an error of Δ⁴: with many steps a reference for the other two, whose error is of order Δ.
    Raises ValueError for another solver or less than one step.
    """
    if solver not in SOLVERS:
        raise ValueError(f"solver: expected one of {', '.join(SOLVERS)}, got {solver!r}")
    if steps < 1:
        raise ValueError(f"steps: expected at least 1, got {steps}")
    x, h = as_float(x), as_float(h, "h")
    weights = (weight_ih, weight_hh, bias, tau, A)
    step = _durations(dt, (len(h),), h.dtype)[:, None] / steps
    path = np.empty((steps + 1, *h.shape), h.dtype)
    path[0] = h
    for k in range(steps):
        rate, f = ltc_rate(x, h, *weights)
        if solver == "fused":
            h = (h + step * f * A) / (1 + step * (1 / tau + f))
        elif solver == "euler":
            h = h + step * rate
        else:
            second = ltc_rate(x, h + step / 2 * rate, *weights)[0]
            third = ltc_rate(x, h + step / 2 * second, *weights)[0]
            fourth = ltc_rate(x, h + step * third, *weights)[0]
            h = h + step / 6 * (rate + 2 * second + 2 * third + fourth)
        path[k + 1] = h
    return path


def ltc_step(x, h, weight_ih, weight_hh, bias, tau, A, dt):
    """One fused step, h' = (h + Δ f A) / (1 + Δ (1/τ + f)), f = σ(W_ih x + W_hh h + b).

    x : (N, D), h : (N, H), weight_ih : (H, D), weight_hh : (H, H), bias, tau, A : (H,), dt : (N,) or a number.
    Returns the new h, (N, H), and the cache.  Raises ValueError when shapes do not fit, or for a τ that is not positive
    or a negative Δ.
    """
    x, dt = as_float(x), np.asarray(dt)
    if x.ndim != 2:
        raise ValueError(f"x: expected shape (N, D), got {x.shape}")
    (_, h), cache = ltc(x[None], dt[None] if dt.ndim else dt, h, weight_ih, weight_hh, bias, tau, A)
    return h, (cache, dt.shape)


def ltc_step_backward(dh, cache):
    """dx, dh, dweight_ih, dweight_hh, dbias, dtau, dA, ddt, from the gradient with respect to the new h, (N, H).

    With n / q for the fraction, u = dh' / q reaches n, and -u h' reaches q; f stands in both: df = Δ (A - h') u.
    h has two uses, in n and inside f: dh = u + W_hhᵀ dz, where dz = f (1 - f) df.
    """
    cache, shape = cache
    dx, ddt, dh, *others = ltc_backward((None, dh), cache)
    return dx[0], dh, *others, ddt[0] if shape else ddt.sum()


def ltc(x, dt, h0, weight_ih, weight_hh, bias, tau, A, unfolds=1, liquid=True):
    """Fused steps through time: x[t] is held for dt[t], in `unfolds` equal steps.

    liquid : False leaves f out of the leak, dh/dt = -h / τ + f A, whose time constant is always τ: the CT-RNN.

    x : (T, N, D), dt : (T, N) or a number, h0 : (N, H), weight_ih : (H, D), weight_hh : (H, H), bias, tau, A : (H,).
    Returns ((y, h_n), cache), y : (T, N, H) the states after each duration, h_n : (N, H) the last.
    Raises ValueError when shapes do not fit, for a τ that is not positive, a negative Δ or less than one step.
    """
    x, h = as_float(x), as_float(h0, "h0")
    if x.ndim != 3:
        raise ValueError(f"x: expected shape (T, N, D), got {x.shape}")
    if h.ndim != 2 or len(h) != x.shape[1]:
        raise ValueError(f"h0: expected shape ({x.shape[1]}, H), got {h.shape}")
    if unfolds < 1:
        raise ValueError(f"unfolds: expected at least 1, got {unfolds}")
    weights = _weights(weight_ih, weight_hh, bias, tau, A, x.shape[2], h.shape[1])
    weight_ih, weight_hh, bias, tau, A = weights
    inputs = x @ weight_ih.T + bias
    kind = np.result_type(inputs, h)
    step = _durations(dt, x.shape[:2], kind)[:, :, None] / kind.type(unfolds)
    hs = np.empty((len(x) * unfolds + 1, *h.shape), kind)
    fs, qs = np.empty_like(hs[1:]), np.empty_like(hs[1:])
    hs[0], back = h, weight_hh.T
    rest, pull = 1 + step / tau, step * A
    for k in range(len(fs)):
        t = k // unfolds
        f = fs[k] = nn.sigmoid(inputs[t] + hs[k] @ back)[0]
        qs[k] = rest[t] + step[t] * f if liquid else rest[t]
        hs[k + 1] = (hs[k] + pull[t] * f) / qs[k]
    y = hs[unfolds::unfolds].copy()
    return (y, hs[-1].copy()), (x, step, hs, fs, qs, weights, unfolds, liquid, np.shape(dt))


def ltc_backward(dy, cache):
    """dx, ddt, dh0, dweight_ih, dweight_hh, dbias, dtau, dA, from dy (T, N, H) or (dy, dh_n), None for zeros.

    Backpropagation through time, through every step of the solver: the gradient of what was computed, not of the
    differential equation behind it.  Only what depends on the order stays in the loop.
    """
    x, step, hs, fs, qs, weights, unfolds, liquid, shape = cache
    weight_ih, weight_hh, _, tau, A = weights
    outputs, dh = _upstream(dy, x, hs)
    steps, after = np.repeat(step, unfolds, axis=0), hs[1:]
    keep = 1 / qs
    inside = steps * (A - after if liquid else A) * fs * (1 - fs) * keep  # dz = inside · dh'
    us, dz = np.empty_like(fs), np.empty_like(fs)
    for k in reversed(range(len(fs))):
        if outputs is not None and (k + 1) % unfolds == 0:
            dh = dh + outputs[k // unfolds]
        us[k] = dh * keep[k]
        dz[k] = dh * inside[k]
        dh = us[k] + dz[k] @ weight_hh
    flat = dz.reshape(-1, dz.shape[2])
    by_input = dz.reshape(len(x), unfolds, *dz.shape[1:]).sum(axis=1)
    dx = by_input @ weight_ih
    dweight_ih = by_input.reshape(-1, by_input.shape[2]).T @ x.reshape(-1, x.shape[2])
    dweight_hh = flat.T @ hs[:-1].reshape(flat.shape)
    dtau = (us * after * steps).sum(axis=(0, 1)) / tau**2
    dA = (us * fs * steps).sum(axis=(0, 1))
    dstep = (us * (fs * A - after * (1 / tau + fs if liquid else 1 / tau))).sum(axis=2)
    ddt = dstep.reshape(len(x), unfolds, -1).mean(axis=1)
    return dx, ddt if shape else ddt.sum(), dh, dweight_ih, dweight_hh, flat.sum(axis=0), dtau, dA


def cfc(x, dt, h0, weight_ih, weight_hh, bias):
    """The closed-form network that followed: the equation's solution is replaced by a blend, without any solver.

        h' = σ(-f Δ) · g + (1 - σ(-f Δ)) · k,    f = W x + U h + b,  g, k = tanh(W x + U h + b), each with its own rows

    x : (T, N, D), dt : (T, N) or a number, h0 : (N, H), weight_ih : (3H, D), weight_hh : (3H, H), bias : (3H,), rows in
    the order f, g, k.  Returns ((y, h_n), cache), y : (T, N, H), h_n : (N, H).  Raises ValueError when shapes do not
    fit.  Hasani et al. 2022, "Closed-form continuous-time neural networks".
    """
    x, h = as_float(x), as_float(h0, "h0")
    if x.ndim != 3:
        raise ValueError(f"x: expected shape (T, N, D), got {x.shape}")
    if h.ndim != 2 or len(h) != x.shape[1]:
        raise ValueError(f"h0: expected shape ({x.shape[1]}, H), got {h.shape}")
    size = h.shape[1]
    shapes = {"weight_ih": (3 * size, x.shape[2]), "weight_hh": (3 * size, size), "bias": (3 * size,)}
    weight_ih, weight_hh, bias = _fitting((weight_ih, weight_hh, bias), shapes)
    gates = x @ weight_ih.T + bias
    step = _durations(dt, x.shape[:2], gates.dtype)[:, :, None]
    hs = np.empty((len(x) + 1, *h.shape), np.result_type(gates, h))
    blends = np.empty_like(hs[1:])
    hs[0], back = h, weight_hh.T
    for t in range(len(x)):
        gates[t] += hs[t] @ back
        s = blends[t] = nn.sigmoid(-gates[t, :, :size] * step[t])[0]
        both = gates[t, :, size:]
        both[...] = np.tanh(both)
        g, k = both[:, :size], both[:, size:]
        hs[t + 1] = k + s * (g - k)
    return (hs[1:].copy(), hs[-1].copy()), (x, step, hs, gates, blends, weight_ih, weight_hh, np.shape(dt))


def cfc_backward(dy, cache):
    """dx, ddt, dh0, dweight_ih, dweight_hh, dbias, from dy (T, N, H) or (dy, dh_n), None for zeros."""
    x, step, hs, gates, blends, weight_ih, weight_hh, shape = cache
    size = hs.shape[2]
    outputs, dh = _upstream(dy, x, hs)
    f, g, k = (gates[:, :, i * size : (i + 1) * size] for i in range(3))
    slope = blends * (1 - blends) * (g - k)
    inside = np.concatenate([-step * slope, blends * (1 - g * g), (1 - blends) * (1 - k * k)], axis=2)
    da = np.empty_like(gates)
    dhs = np.empty_like(blends)
    for t in reversed(range(len(x))):
        dhs[t] = dh if outputs is None else dh + outputs[t]
        da[t] = np.tile(dhs[t], 3) * inside[t]
        dh = da[t] @ weight_hh
    ddt = (-f * slope * dhs).sum(axis=2)
    flat = da.reshape(-1, 3 * size)
    dweight_ih = flat.T @ x.reshape(-1, x.shape[2])
    dweight_hh = flat.T @ hs[:-1].reshape(-1, size)
    return da @ weight_ih, ddt if shape else ddt.sum(), dh, dweight_ih, dweight_hh, flat.sum(axis=0)


class _Continuous(nn.Module):
    """What LTC and CfC share: sequences, durations and states go in, gradients come out."""

    def forward(self, x, dt, h0=None):
        """((y, h_n), cache): x (T, N, D), dt (T, N) or a number, h0 (N, H) or zeros; y (T, N, H), h_n (N, H)."""
        x = as_float(x)
        if x.ndim != 3 or x.shape[2] != self.input_size:
            raise ValueError(f"x: expected shape (T, N, {self.input_size}), got {x.shape}")
        if h0 is None:
            h0 = np.zeros((x.shape[1], self.hidden_size), np.result_type(x, self.bias.data))
        return self._function(x, dt, h0)

    def _function(self, x, dt, h0):
        raise NotImplementedError

    def _accumulate(self, *gradients):
        for parameter, gradient in zip(self.parameters(), gradients, strict=True):
            parameter.accumulate(gradient)


class LTC(_Continuous):
    """`ltc` with its parameters: weight_ih (H, D), weight_hh (H, H), bias, log_tau and A (H,).

    τ = exp(log_tau) cannot become negative; it starts between 0.1 and 10.  Weights and bias start from
    U(-1/√H, 1/√H), A from U(-1, 1).  unfolds : steps of the solver for each duration.  liquid : as in `ltc`.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        unfolds: int = 6,
        liquid: bool = True,
        *,
        rng: np.random.Generator,
        dtype=np.float64,
    ):
        if min(input_size, hidden_size, unfolds) < 1:
            raise ValueError(
                f"LTC: expected sizes and steps of at least 1, got {input_size}, {hidden_size} and {unfolds}"
            )
        self.input_size, self.hidden_size, self.unfolds, self.liquid = input_size, hidden_size, unfolds, liquid
        bound = 1 / np.sqrt(hidden_size)
        self.weight_ih = nn.Parameter(rng.uniform(-bound, bound, (hidden_size, input_size)), dtype)
        self.weight_hh = nn.Parameter(rng.uniform(-bound, bound, (hidden_size, hidden_size)), dtype)
        self.bias = nn.Parameter(rng.uniform(-bound, bound, hidden_size), dtype)
        self.log_tau = nn.Parameter(rng.uniform(np.log(0.1), np.log(10), hidden_size), dtype)
        self.A = nn.Parameter(rng.uniform(-1, 1, hidden_size), dtype)

    def _function(self, x, dt, h0):
        tau = np.exp(self.log_tau.data)
        weights = (self.weight_ih.data, self.weight_hh.data, self.bias.data, tau, self.A.data)
        result, cache = ltc(x, dt, h0, *weights, self.unfolds, self.liquid)
        return result, (cache, tau)

    def backward(self, dy, cache):
        """(dx, ddt, dh0) from dy, or from (dy, dh_n); adds the gradients of the parameters."""
        cache, tau = cache
        dx, ddt, dh0, dweight_ih, dweight_hh, dbias, dtau, dA = ltc_backward(dy, cache)
        self._accumulate(dweight_ih, dweight_hh, dbias, dtau * tau, dA)
        return dx, ddt, dh0

    def __repr__(self) -> str:
        return f"LTC({self.input_size}, {self.hidden_size}, unfolds={self.unfolds})"


class CfC(_Continuous):
    """`cfc` with its parameters: weight_ih (3H, D), weight_hh (3H, H) and bias (3H,), from U(-1/√H, 1/√H)."""

    def __init__(self, input_size: int, hidden_size: int, *, rng: np.random.Generator, dtype=np.float64):
        if min(input_size, hidden_size) < 1:
            raise ValueError(f"CfC: expected sizes of at least 1, got {input_size} and {hidden_size}")
        self.input_size, self.hidden_size = input_size, hidden_size
        bound = 1 / np.sqrt(hidden_size)
        self.weight_ih = nn.Parameter(rng.uniform(-bound, bound, (3 * hidden_size, input_size)), dtype)
        self.weight_hh = nn.Parameter(rng.uniform(-bound, bound, (3 * hidden_size, hidden_size)), dtype)
        self.bias = nn.Parameter(rng.uniform(-bound, bound, 3 * hidden_size), dtype)

    def _function(self, x, dt, h0):
        return cfc(x, dt, h0, self.weight_ih.data, self.weight_hh.data, self.bias.data)

    def backward(self, dy, cache):
        """(dx, ddt, dh0) from dy, or from (dy, dh_n); adds the gradients of the parameters."""
        dx, ddt, dh0, *gradients = cfc_backward(dy, cache)
        self._accumulate(*gradients)
        return dx, ddt, dh0

    def __repr__(self) -> str:
        return f"CfC({self.input_size}, {self.hidden_size})"


KINDS = {"ltc": LTC, "cfc": CfC, "rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Forecaster(nn.Module):
    """A recurrent layer and a linear read-out: what was seen, and how long it is until the answer, to an answer.

    kind : "ltc", "rnn", "gru" or "lstm".  LTC and CfC live through the duration; the others get it as one more input.
    settings : go to the recurrent layer, as unfolds and liquid of an LTC.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        kind: str = "ltc",
        *,
        rng: np.random.Generator,
        dtype=np.float64,
        **settings,
    ):
        if kind not in KINDS:
            raise ValueError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}")
        self.kind = kind
        self._lives = kind in ("ltc", "cfc")
        width = input_size if self._lives else input_size + 1
        self.recurrent = KINDS[kind](width, hidden_size, **settings, rng=rng, dtype=dtype)
        self.head = nn.Linear(hidden_size, output_size, rng=rng, dtype=dtype)

    def forward(self, x, dt):
        """(y, cache): x (T, N, D), dt (T, N), y (T, N, O), the answer at the end of each duration."""
        x, dt = as_float(x), as_float(dt, "dt")
        if dt.shape != x.shape[:2]:
            raise ValueError(f"dt: expected shape {x.shape[:2]}, that of x without its last axis, got {dt.shape}")
        given = (x, dt) if self._lives else (np.concatenate([x, dt[:, :, None]], axis=2),)
        (h, _), first = self.recurrent.forward(*given)
        y, second = self.head.forward(h)
        return y, (first, second)

    def backward(self, dy, cache):
        """(dx, ddt); adds the gradients of the parameters."""
        first, second = cache
        dx, *more = self.recurrent.backward(self.head.backward(dy, second), first)
        return (dx, more[0]) if self._lives else (dx[:, :, :-1], dx[:, :, -1])


def _weights(weight_ih, weight_hh, bias, tau, A, features, size):
    """The five arrays of an LTC, if their shapes fit and τ is positive."""
    shapes = {"weight_ih": (size, features), "weight_hh": (size, size), "bias": (size,), "tau": (size,), "A": (size,)}
    arrays = _fitting((weight_ih, weight_hh, bias, tau, A), shapes)
    if not np.all(arrays[3] > 0):
        raise ValueError(f"tau: expected positive numbers, got {arrays[3].min()}")
    return arrays


def _fitting(given, shapes):
    """The arrays, if they have these shapes."""
    arrays = [as_float(array, name) for name, array in zip(shapes, given, strict=True)]
    for (name, shape), array in zip(shapes.items(), arrays, strict=True):
        if array.shape != shape:
            raise ValueError(f"{name}: expected shape {shape} for these x and states, got {array.shape}")
    return arrays


def _upstream(dy, x, hs):
    """Gradients of all states, or None, and of the last one, zeros for None."""
    outputs, last = dy if isinstance(dy, list | tuple) else (dy, None)
    outputs = None if outputs is None else upstream(outputs, (len(x), *hs.shape[1:]))
    return outputs, np.zeros(hs.shape[1:], hs.dtype) if last is None else upstream(last, hs.shape[1:])


def _durations(dt, shape, dtype) -> np.ndarray:
    """dt of this shape; a number stands for all."""
    dt = as_float(dt, "dt").astype(dtype)
    if dt.ndim and dt.shape != shape:
        raise ValueError(f"dt: expected shape {shape} or a number, got {dt.shape}")
    if not np.all(dt >= 0):
        raise ValueError(f"dt: expected durations of at least 0, got {dt.min()}")
    return np.broadcast_to(dt, shape)
