"""Recurrent networks: the same weights at every time step, and a state that is handed on.

    (y, h_n), cache = rnn(x, h0, weight_ih, weight_hh, bias_ih, bias_hh)
    dx, dh0, dweight_ih, dweight_hh, dbias_ih, dbias_hh = rnn_backward((dy, dh_n), cache)

x is (T, N, D), all states y are (T, N, H), h_n is the last.  The products with the inputs, and those for the gradients
of the weights, do not depend on the order of time: they are one product each, and only what depends on the state is
left to the loop.  A backward pass is given dy, the gradient with respect to every state, and that with respect to the
last one; None stands for zeros.

    truncated backpropagation through time: give h_n as the h0 of the next piece of text; its gradient ends there.
    lengths (N,) : sequences of different lengths, padded to T; after its end a sequence keeps its state, and y is 0.
    reverse : from the last step to the first; with `lengths`, from the last step of each sequence.

Rumelhart, Hinton and Williams 1986; Elman 1990; Werbos 1990.  Book: chapters 48–53.
"""

from __future__ import annotations  # np.random.Generator, evaluated, would load numpy.random

import math

import numpy as np

from dlbook.nn import init
from dlbook.nn.activations import sigmoid
from dlbook.nn.arrays import as_float, upstream
from dlbook.nn.dropout import dropout, dropout_backward, dropout_mask
from dlbook.nn.module import Module, Parameter

NONLINEARITIES = ("tanh", "relu")


def rnn(x, h0, weight_ih, weight_hh, bias_ih=None, bias_hh=None, nonlinearity="tanh", lengths=None, reverse=False):
    """h_t = φ(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), φ = tanh or ReLU: Elman's network.

    x : (T, N, D), h0 : (N, H), weight_ih : (H, D), weight_hh : (H, H), biases : (H,) or None.
    Returns ((y, h_n), cache), y : (T, N, H) all states, h_n : (N, H) the last.
    Raises ValueError when shapes do not fit.  Elman 1990.  Book: chapters 48, 49.
    """
    if nonlinearity not in NONLINEARITIES:
        raise ValueError(f"nonlinearity: expected 'tanh' or 'relu', got {nonlinearity!r}")
    x, keep = _in_order(x, lengths, reverse)
    weights = _weights(x, h0, weight_ih, weight_hh, bias_ih, bias_hh, 1)
    inputs = _of_inputs(x, weights[0], _sum(*weights[2:]))
    hs = _states(h0, inputs, "h0")
    back = weights[1].T
    for t in range(len(x)):
        a = inputs[t] + hs[t] @ back
        h = np.tanh(a) if nonlinearity == "tanh" else np.maximum(a, 0)
        hs[t + 1] = h if keep is None else np.where(keep[t], h, hs[t])
    return (_outputs(hs, keep, reverse), hs[-1].copy()), (x, hs, weights, nonlinearity, keep, reverse)


def rnn_backward(dy, cache):
    """dx, dh0, dweight_ih, dweight_hh, dbias_ih, dbias_hh; biases that were None get None.

    Backpropagation through time, from the last step to the first: a state has two uses, the output and the next step,
    so its gradient is the sum dh_t = dy_t + W_hhᵀ da_{t+1}; then da_t = φ'(a_t) · dh_t.
    The weights are used at every step: their gradient is the sum over the steps.  Werbos 1990.  Book: chapter 49.
    """
    x, hs, weights, nonlinearity, keep, reverse = cache
    dy, dh = _upstream(dy, hs, reverse)
    slope = 1 - hs[1:] ** 2 if nonlinearity == "tanh" else hs[1:] > 0
    da = np.empty((*x.shape[:2], hs.shape[2]), hs.dtype)
    for t in reversed(range(len(x))):
        dh, held = _split(dh, dy[t], keep, t)
        da[t] = slope[t] * dh
        dh = da[t] @ weights[1] + held
    return _gradients(x, hs, weights, da, da, reverse, dh)


def lstm(x, state, weight_ih, weight_hh, bias_ih=None, bias_hh=None, lengths=None, reverse=False):
    """Long short-term memory, gates in the order i, f, g, o:

        i, f, o = σ(W x_t + U h_{t-1} + b), g = tanh(…), each with its own rows of W, U and b
        c_t = f · c_{t-1} + i · g,  h_t = o · tanh(c_t)

    x : (T, N, D), state : (h0, c0), each (N, H), weight_ih : (4H, D), weight_hh : (4H, H), biases : (4H,) or None.
    Returns ((y, (h_n, c_n)), cache).  Raises ValueError when shapes do not fit.
    Hochreiter and Schmidhuber 1997; Gers, Schmidhuber and Cummins 2000.  Book: chapter 51.
    """
    h0, c0 = _pair(state)
    x, keep = _in_order(x, lengths, reverse)
    weights = _weights(x, h0, weight_ih, weight_hh, bias_ih, bias_hh, 4)
    gates = _of_inputs(x, weights[0], _sum(*weights[2:]))
    hs, cs = _states(h0, gates, "h0"), _states(c0, gates, "c0")
    size, back = hs.shape[2], weights[1].T
    tanh_cs = np.empty_like(hs[1:])
    for t in range(len(x)):
        gates[t] += hs[t] @ back
        i, f, g, o = _activate(gates[t], size)
        c = f * cs[t] + i * g
        tanh_cs[t] = np.tanh(c)
        h = o * tanh_cs[t]
        hs[t + 1] = h if keep is None else np.where(keep[t], h, hs[t])
        cs[t + 1] = c if keep is None else np.where(keep[t], c, cs[t])
    y, last = _outputs(hs, keep, reverse), (hs[-1].copy(), cs[-1].copy())
    return (y, last), (x, hs, cs, tanh_cs, gates, weights, keep, reverse)


def lstm_backward(dy, cache):
    """dx, (dh0, dc0), dweight_ih, dweight_hh, dbias_ih, dbias_hh; biases that were None get None.

    dy : (dy, (dh_n, dc_n)).  The cell has two uses too: dc_t = dc from step t + 1, times f there, plus what comes
    through h_t, dh_t · o · (1 - tanh² c_t).  Where f is near 1, dc passes almost unchanged: the carousel.
    """
    x, hs, cs, tanh_cs, gates, weights, keep, reverse = cache
    dy, (dh, dc) = _upstream(dy, hs, reverse, pairs=True)
    size = hs.shape[2]
    da = np.empty_like(gates)
    for t in reversed(range(len(x))):
        i, f, g, o = (gates[t, :, k * size : (k + 1) * size] for k in range(4))
        dh, held_h = _split(dh, dy[t], keep, t)
        dc, held_c = _split(dc, 0, keep, t)
        tanh_c = tanh_cs[t]
        dc = dc + dh * o * (1 - tanh_c * tanh_c)
        da[t, :, :size] = dc * g * (i * (1 - i))
        da[t, :, size : 2 * size] = dc * cs[t] * (f * (1 - f))
        da[t, :, 2 * size : 3 * size] = dc * i * (1 - g * g)
        da[t, :, 3 * size :] = dh * tanh_c * (o * (1 - o))
        dh = da[t] @ weights[1] + held_h
        dc = dc * f + held_c
    return _gradients(x, hs, weights, da, da, reverse, (dh, dc))


def gru(x, h0, weight_ih, weight_hh, bias_ih=None, bias_hh=None, lengths=None, reverse=False):
    """Gated recurrent unit, gates in the order r, z, n, the reset gate after the product, as in torch:

        r, z = σ(W x_t + b_ih + U h_{t-1} + b_hh), each with its own rows
        n = tanh(W_n x_t + b_in + r · (U_n h_{t-1} + b_hn)),  h_t = (1 - z) · n + z · h_{t-1}

    x : (T, N, D), h0 : (N, H), weight_ih : (3H, D), weight_hh : (3H, H), biases : (3H,) or None.
    Returns ((y, h_n), cache).  Raises ValueError when shapes do not fit.
    Cho et al. 2014 (who reset before the product).  Book: chapters 52, 53.
    """
    x, keep = _in_order(x, lengths, reverse)
    weights = _weights(x, h0, weight_ih, weight_hh, bias_ih, bias_hh, 3)
    gates = _of_inputs(x, weights[0], weights[2])
    hs = _states(h0, gates, "h0")
    size, back, bias = hs.shape[2], weights[1].T, 0 if weights[3] is None else weights[3]
    proposals = np.empty_like(hs[1:])  # U_n h + b_hn
    for t in range(len(x)):
        of_state = hs[t] @ back + bias
        both = gates[t, :, : 2 * size]
        both[...] = sigmoid(both + of_state[:, : 2 * size])[0]
        r, z = both[:, :size], both[:, size:]
        proposals[t] = of_state[:, 2 * size :]
        n = gates[t, :, 2 * size :]
        n[...] = np.tanh(n + r * proposals[t])
        h = n + z * (hs[t] - n)
        hs[t + 1] = h if keep is None else np.where(keep[t], h, hs[t])
    return (_outputs(hs, keep, reverse), hs[-1].copy()), (x, hs, gates, proposals, weights, keep, reverse)


def gru_backward(dy, cache):
    """dx, dh0, dweight_ih, dweight_hh, dbias_ih, dbias_hh; biases that were None get None.

    h_{t-1} has three uses: times z, in the gates, and, reset, in the proposal n.  The gradient of U_n h + b_hn is that
    of n's argument times r, so the gates' gradients differ for inputs and state, and so do the two biases.
    """
    x, hs, gates, proposals, weights, keep, reverse = cache
    dy, dh = _upstream(dy, hs, reverse)
    size = hs.shape[2]
    of_inputs, of_state = np.empty_like(gates), np.empty_like(gates)
    for t in reversed(range(len(x))):
        r, z, n = (gates[t, :, k * size : (k + 1) * size] for k in range(3))
        dh, held = _split(dh, dy[t], keep, t)
        da_n = dh * (1 - z) * (1 - n * n)
        of_inputs[t, :, :size] = da_n * proposals[t] * (r * (1 - r))
        of_inputs[t, :, size : 2 * size] = dh * (hs[t] - n) * (z * (1 - z))
        of_inputs[t, :, 2 * size :] = da_n
        of_state[t, :, : 2 * size] = of_inputs[t, :, : 2 * size]
        of_state[t, :, 2 * size :] = da_n * r
        dh = dh * z + of_state[t] @ weights[1] + held
    return _gradients(x, hs, weights, of_inputs, of_state, reverse, dh)


def rnn_cell(x, h, weight_ih, weight_hh, bias_ih=None, bias_hh=None, nonlinearity="tanh"):
    """One step of `rnn`: x (N, D), h (N, H).  Returns the new h and the cache."""
    (_, h), cache = rnn(_step(x), h, weight_ih, weight_hh, bias_ih, bias_hh, nonlinearity)
    return h, cache


def rnn_cell_backward(dh, cache):
    """dx, dh, dweight_ih, dweight_hh, dbias_ih, dbias_hh, from the gradient with respect to the new h."""
    dx, *others = rnn_backward((None, dh), cache)
    return dx[0], *others


def lstm_cell(x, state, weight_ih, weight_hh, bias_ih=None, bias_hh=None):
    """One step of `lstm`: x (N, D), state (h, c), each (N, H).  Returns the new (h, c) and the cache."""
    (_, state), cache = lstm(_step(x), state, weight_ih, weight_hh, bias_ih, bias_hh)
    return state, cache


def lstm_cell_backward(dstate, cache):
    """dx, (dh, dc), dweight_ih, dweight_hh, dbias_ih, dbias_hh, from the gradients with respect to the new (h, c)."""
    dx, *others = lstm_backward((None, dstate), cache)
    return dx[0], *others


def gru_cell(x, h, weight_ih, weight_hh, bias_ih=None, bias_hh=None):
    """One step of `gru`: x (N, D), h (N, H).  Returns the new h and the cache."""
    (_, h), cache = gru(_step(x), h, weight_ih, weight_hh, bias_ih, bias_hh)
    return h, cache


def gru_cell_backward(dh, cache):
    """dx, dh, dweight_ih, dweight_hh, dbias_ih, dbias_hh, from the gradient with respect to the new h."""
    dx, *others = gru_backward((None, dh), cache)
    return dx[0], *others


def _step(x) -> np.ndarray:
    x = as_float(x)
    if x.ndim != 2:
        raise ValueError(f"x: expected shape (N, D), got {x.shape}")
    return x[None]


def _activate(gates, size):
    """i, f, g, o of one step, written over their arguments (N, 4H); one call for all, by tanh(a) = 2 σ(2a) - 1."""
    g = gates[:, 2 * size : 3 * size]
    g *= 2
    gates[...] = sigmoid(gates)[0]
    g *= 2
    g -= 1
    return gates[:, :size], gates[:, size : 2 * size], g, gates[:, 3 * size :]


def _in_order(x, lengths, reverse):
    """x in the order in which it is read, and keep (T, N, 1): which sequences still run; None if all do."""
    x = as_float(x)
    if x.ndim != 3:
        raise ValueError(f"x: expected shape (T, N, D), got {x.shape}")
    keep = None
    if lengths is not None:
        lengths = np.asarray(lengths)
        if lengths.shape != x.shape[1:2] or lengths.dtype.kind not in "iu":
            raise ValueError(f"lengths: expected {x.shape[1]} integers, got {lengths.dtype} of shape {lengths.shape}")
        if lengths.size and not (lengths.min() >= 1 and lengths.max() <= len(x)):
            raise ValueError(f"lengths: expected 1 to {len(x)}, got {lengths.min()} to {lengths.max()}")
        keep = (np.arange(len(x))[:, None] < lengths)[:, :, None]
    if reverse:
        x, keep = x[::-1], None if keep is None else keep[::-1]
    return x, keep


def _weights(x, h0, weight_ih, weight_hh, bias_ih, bias_hh, gates):
    """The four arrays, if their shapes fit x (T, N, D) and h0 (N, H)."""
    size = np.shape(h0)[-1] if np.ndim(h0) else 0
    expected = {
        "weight_ih": (weight_ih, (gates * size, x.shape[2])),
        "weight_hh": (weight_hh, (gates * size, size)),
        "bias_ih": (bias_ih, (gates * size,)),
        "bias_hh": (bias_hh, (gates * size,)),
    }
    arrays = []
    for name, (array, shape) in expected.items():
        array = None if array is None and name.startswith("bias") else as_float(array, name)
        if array is not None and array.shape != shape:
            raise ValueError(f"{name}: expected shape {shape} for these x and states, got {array.shape}")
        arrays.append(array)
    return arrays


def _sum(bias_ih, bias_hh):
    """Both biases are added to the same numbers."""
    if bias_ih is None or bias_hh is None:
        return bias_hh if bias_ih is None else bias_ih
    return bias_ih + bias_hh


def _of_inputs(x, weight_ih, bias):
    """W_ih x_t + b for all steps at once, (T, N, gates·H)."""
    steps, n, features = x.shape
    products = x.reshape(steps * n, features) @ weight_ih.T
    if bias is not None:
        products = np.add(products, bias, out=products if products.dtype == bias.dtype else None)
    return products.reshape(steps, n, len(weight_ih))


def _states(start, inputs, name) -> np.ndarray:
    """Room for the states before and after each step, (T + 1, N, H), the first filled in."""
    start = as_float(start, name)
    if start.ndim != 2 or len(start) != inputs.shape[1]:
        raise ValueError(f"{name}: expected shape ({inputs.shape[1]}, H), got {start.shape}")
    states = np.empty((len(inputs) + 1, *start.shape), np.result_type(inputs, start))
    states[0] = start
    return states


def _pair(state):
    """(h, c) of the LSTM."""
    if not isinstance(state, list | tuple) or len(state) != 2:
        raise ValueError(f"state: expected a pair (h, c), got {type(state).__name__}")
    if np.shape(state[0]) != np.shape(state[1]):
        raise ValueError(f"state: expected h and c of one shape, got {np.shape(state[0])} and {np.shape(state[1])}")
    return state


def _outputs(hs, keep, reverse):
    """All states in the order of x, zeros after the end of a sequence."""
    y = hs[1:].copy() if keep is None else hs[1:] * keep
    return y[::-1] if reverse else y


def _upstream(dy, hs, reverse, pairs=False):
    """Gradients of all states, in the order of the loop, and of the last one; zeros for None."""
    outputs, last = dy if isinstance(dy, list | tuple) else (dy, None)
    shape = (len(hs) - 1, *hs.shape[1:])
    outputs = np.zeros(shape, hs.dtype) if outputs is None else upstream(outputs, shape)
    lasts = ((None, None) if last is None else last) if pairs else (last,)
    lasts = [np.zeros(shape[1:], hs.dtype) if one is None else upstream(one, shape[1:]) for one in lasts]
    return outputs[::-1] if reverse else outputs, tuple(lasts) if pairs else lasts[0]


def _split(dstate, dy, keep, t):
    """The gradient that goes into step t, dy included, and the part that passes by where the sequence has ended."""
    if keep is None:
        return dstate + dy, 0
    return (dstate + dy) * keep[t], dstate * ~keep[t]


def _gradients(x, hs, weights, of_inputs, of_state, reverse, dstate):
    """The sums over time, one product each, from the gradients of the gates (T, N, gates·H)."""
    weight_ih, _, bias_ih, bias_hh = weights
    inputs, state = (a.reshape(-1, a.shape[2]) for a in (of_inputs, of_state))
    dx = (inputs @ weight_ih).reshape(x.shape)
    dweight_ih = inputs.T @ x.reshape(-1, x.shape[2])
    dweight_hh = state.T @ hs[:-1].reshape(-1, hs.shape[2])
    dbias_ih = None if bias_ih is None else inputs.sum(axis=0)
    dbias_hh = None if bias_hh is None else state.sum(axis=0)
    return dx[::-1] if reverse else dx, dstate, dweight_ih, dweight_hh, dbias_ih, dbias_hh


class _Recurrent(Module):
    """Layers on top of each other, in one direction or in both, over whole sequences."""

    gates = 1
    pairs = False

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        rng: np.random.Generator,
        dtype=np.float64,
    ):
        if min(input_size, hidden_size, num_layers) < 1:
            raise ValueError(
                f"{type(self).__name__}: expected sizes and layers of at least 1, "
                f"got {input_size}, {hidden_size} and {num_layers}"
            )
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout: expected a probability, got {dropout}")
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout, self.bidirectional = bias, batch_first, dropout, bidirectional
        self._rng = rng
        self._suffixes = ("", "_reverse") if bidirectional else ("",)
        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size * len(self._suffixes)
            for suffix in self._suffixes:
                for name, array in _initial(width, hidden_size, self.gates, bias, rng).items():
                    setattr(self, f"{name}_l{layer}{suffix}", Parameter(array, dtype))

    def forward(self, x, state=None, lengths=None):
        """All states of the last layer, and the last states of all: ((y, state), cache).

        x : (T, N, D), or (N, T, D) with batch_first, as then y.  y : (T, N, H), both directions side by side.
        state : (layers·directions, N, H), for an LSTM a pair of these; zeros without one.  lengths : (N,) or None.
        """
        x = as_float(x)
        if x.ndim != 3 or x.shape[2] != self.input_size:
            first = "(N, T" if self.batch_first else "(T, N"
            raise ValueError(f"x: expected shape {first}, {self.input_size}), got {x.shape}")
        y = x.swapaxes(0, 1) if self.batch_first else x
        states = self._states(state, y)
        lasts, caches, masks = [], [], []
        for layer in range(self.num_layers):
            if layer and self.dropout and self.training:
                y, mask = dropout(y, dropout_mask(y.shape, self.dropout, self._rng), self.dropout)
                masks.append(mask)
            outputs = []
            for suffix in self._suffixes:
                given = (states[len(lasts)], *self._weights(layer, suffix))
                (output, last), cache = self._function(y, *given, lengths=lengths, reverse=bool(suffix))
                outputs.append(output)
                lasts.append(last)
                caches.append(cache)
            y = outputs[0] if len(outputs) == 1 else np.concatenate(outputs, axis=2)
        y = y.swapaxes(0, 1) if self.batch_first else y
        return (y, self._stacked(lasts)), (caches, masks)

    def backward(self, dy, cache):
        """(dx, dstate) from dy, or from (dy, dstate); adds the gradients of the parameters."""
        caches, masks = cache
        dy, dstate = dy if isinstance(dy, list | tuple) else (dy, None)
        if dy is not None:
            dy = np.asarray(dy).swapaxes(0, 1) if self.batch_first else np.asarray(dy)
        dlasts, directions = self._unstacked(dstate), len(self._suffixes)
        starts = [None] * len(caches)
        for layer in reversed(range(self.num_layers)):
            dx = None
            for k, suffix in enumerate(self._suffixes):
                place = layer * directions + k
                part = None if dy is None else dy[:, :, k * self.hidden_size : (k + 1) * self.hidden_size]
                one, starts[place], *gradients = self._function_backward((part, dlasts[place]), caches[place])
                dx = one if dx is None else dx + one
                self._accumulate(layer, suffix, gradients)
            dy = dropout_backward(dx, masks[layer - 1]) if layer and masks else dx
        return dy.swapaxes(0, 1) if self.batch_first else dy, self._stacked(starts)

    def _function(self, *given, **settings):
        raise NotImplementedError

    def _function_backward(self, dy, cache):
        raise NotImplementedError

    def _names(self, layer, suffix):
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh") if self.bias else ("weight_ih", "weight_hh")
        return [f"{name}_l{layer}{suffix}" for name in names]

    def _weights(self, layer, suffix):
        arrays = [getattr(self, name).data for name in self._names(layer, suffix)]
        return arrays if self.bias else [*arrays, None, None]

    def _accumulate(self, layer, suffix, gradients):
        for name, gradient in zip(self._names(layer, suffix), gradients, strict=False):  # no biases: two names
            getattr(self, name).accumulate(gradient)

    def _states(self, state, x):
        """One state a layer and direction, zeros where none is given."""
        count = self.num_layers * len(self._suffixes)
        shape = (count, x.shape[1], self.hidden_size)
        if state is None:
            zeros = np.zeros(shape, np.result_type(x.dtype, self.weight_ih_l0.data.dtype))
            state = (zeros, zeros) if self.pairs else zeros
        for array in _pair(state) if self.pairs else (state,):
            if np.shape(array) != shape:
                raise ValueError(f"state: expected shape {shape}, got {np.shape(array)}")
        return list(zip(*state, strict=True)) if self.pairs else state

    def _stacked(self, states):
        if not self.pairs:
            return np.stack(states)
        return tuple(np.stack(part) for part in zip(*states, strict=True))

    def _unstacked(self, dstate):
        count = self.num_layers * len(self._suffixes)
        if dstate is None:
            return [None] * count
        if not self.pairs:
            return dstate
        parts = [[None] * count if part is None else part for part in dstate]
        return list(zip(*parts, strict=True))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.input_size}, {self.hidden_size}, num_layers={self.num_layers})"


class RNN(_Recurrent):
    """`rnn` in layers and directions, as torch.nn.RNN.

    Parameters `weight_ih_l0` (H, D), `weight_hh_l0` (H, H), `bias_ih_l0`, `bias_hh_l0` (H,), then `…_l0_reverse` and
    `…_l1` …, from U(-1/√H, 1/√H).  dropout acts between layers, in training.
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh", *args, **kw):
        if nonlinearity not in NONLINEARITIES:
            raise ValueError(f"nonlinearity: expected 'tanh' or 'relu', got {nonlinearity!r}")
        self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, num_layers, *args, **kw)

    def _function(self, *given, **settings):
        return rnn(*given, self.nonlinearity, **settings)

    def _function_backward(self, dy, cache):
        return rnn_backward(dy, cache)


class LSTM(_Recurrent):
    """`lstm` in layers and directions, as torch.nn.LSTM; the state is a pair (h, c).

    Parameters as those of RNN with four rows for one, in the order i, f, g, o.
    """

    gates = 4
    pairs = True

    def _function(self, *given, **settings):
        return lstm(*given, **settings)

    def _function_backward(self, dy, cache):
        return lstm_backward(dy, cache)


class GRU(_Recurrent):
    """`gru` in layers and directions, as torch.nn.GRU.

    Parameters as those of RNN with three rows for one, in the order r, z, n.
    """

    gates = 3

    def _function(self, *given, **settings):
        return gru(*given, **settings)

    def _function_backward(self, dy, cache):
        return gru_backward(dy, cache)


class _Cell(Module):
    """One step; parameters `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`."""

    gates = 1

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, *, rng: np.random.Generator, dtype=np.float64
    ):
        if min(input_size, hidden_size) < 1:
            raise ValueError(f"{type(self).__name__}: expected sizes of at least 1, got {input_size} and {hidden_size}")
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        for name, array in _initial(input_size, hidden_size, self.gates, bias, rng).items():
            setattr(self, name, Parameter(array, dtype))

    def _weights(self):
        biases = (self.bias_ih.data, self.bias_hh.data) if self.bias else (None, None)
        return (self.weight_ih.data, self.weight_hh.data, *biases)

    def _zeros(self, x):
        x = as_float(x)
        return np.zeros((len(x), self.hidden_size), np.result_type(x.dtype, self.weight_ih.data.dtype))

    def _accumulated(self, dx, dstate, *gradients):
        for parameter, gradient in zip(self.parameters(), gradients, strict=False):  # no biases: two parameters
            parameter.accumulate(gradient)
        return dx, dstate

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.input_size}, {self.hidden_size})"


class RNNCell(_Cell):
    """`rnn_cell` with its parameters, as torch.nn.RNNCell: (x, h) to the new h, zeros where no h is given."""

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", **kw):
        if nonlinearity not in NONLINEARITIES:
            raise ValueError(f"nonlinearity: expected 'tanh' or 'relu', got {nonlinearity!r}")
        self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, bias, **kw)

    def forward(self, x, h=None):
        return rnn_cell(x, self._zeros(x) if h is None else h, *self._weights(), self.nonlinearity)

    def backward(self, dy, cache):
        return self._accumulated(*rnn_cell_backward(dy, cache))


class LSTMCell(_Cell):
    """`lstm_cell` with its parameters, as torch.nn.LSTMCell: (x, (h, c)) to the new (h, c)."""

    gates = 4

    def forward(self, x, state=None):
        return lstm_cell(x, (self._zeros(x), self._zeros(x)) if state is None else state, *self._weights())

    def backward(self, dy, cache):
        return self._accumulated(*lstm_cell_backward(dy, cache))


class GRUCell(_Cell):
    """`gru_cell` with its parameters, as torch.nn.GRUCell: (x, h) to the new h."""

    gates = 3

    def forward(self, x, h=None):
        return gru_cell(x, self._zeros(x) if h is None else h, *self._weights())

    def backward(self, dy, cache):
        return self._accumulated(*gru_cell_backward(dy, cache))


def _initial(input_size, hidden_size, gates, bias, rng) -> dict[str, np.ndarray]:
    """All from U(-1/√H, 1/√H), torch's choice, in torch's order."""
    shapes = {"weight_ih": (gates * hidden_size, input_size), "weight_hh": (gates * hidden_size, hidden_size)}
    if bias:
        shapes |= {"bias_ih": (gates * hidden_size,), "bias_hh": (gates * hidden_size,)}
    bound = 1 / math.sqrt(hidden_size)
    return {name: init.uniform(shape, rng, -bound, bound) for name, shape in shapes.items()}
