import numpy as np
import pytest

from dlbook import nn

T, N, D, H = 5, 3, 2, 4
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
X = np.cos(np.arange(T * N * D) ** 1.3).reshape(T, N, D)
H0 = np.sin(np.arange(N * H) ** 1.2).reshape(N, H)
C0 = np.cos(np.arange(N * H) * 0.7).reshape(N, H)
LENGTHS = np.array([5, 1, 3])


def weights(kind):
    rows = GATES[kind] * H
    rng = np.random.default_rng(rows)
    return [rng.standard_normal(shape) for shape in ((rows, D), (rows, H), (rows,), (rows,))]


def start(kind):
    return (H0, C0) if kind == "lstm" else H0


def upstream(array, phase=0.0):
    return np.sin(3 * np.arange(array.size) + 1 + phase).reshape(array.shape)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("kind", GATES)
def test_gradients(kind, lengths, reverse, numerical_gradient):
    function, backward = getattr(nn, kind), getattr(nn, f"{kind}_backward")
    arrays = [X, H0, C0, *weights(kind)] if kind == "lstm" else [X, H0, *weights(kind)]

    def all_outputs(*given):
        state = tuple(given[1:3]) if kind == "lstm" else given[1]
        rest = given[3:] if kind == "lstm" else given[2:]
        (y, last), cache = function(given[0], state, *rest, lengths=lengths, reverse=reverse)
        lasts = last if kind == "lstm" else (last,)
        return np.concatenate([y.ravel(), *[one.ravel() for one in lasts]]), (y, cache)

    flat, (y, cache) = all_outputs(*arrays)
    dflat = upstream(flat)
    parts = np.split(dflat[y.size :].reshape(-1, N, H), 1 + (kind == "lstm"))
    dlast = tuple(part[0] for part in parts) if kind == "lstm" else parts[0][0]
    dx, dstate, *dweights = backward((dflat[: y.size].reshape(y.shape), dlast), cache)
    gradients = [dx, *(dstate if kind == "lstm" else [dstate]), *dweights]
    for i, gradient in enumerate(gradients):
        expected = numerical_gradient(lambda a: all_outputs(*arrays[:i], a, *arrays[i + 1 :])[0], arrays[i], dflat)
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-7)


def test_steps_by_hand():
    h, _ = nn.rnn_cell([[1.0]], [[0.5]], [[2.0]], [[-1.0]], [0.25], [0.25])
    np.testing.assert_allclose(h, [[np.tanh(2 - 0.5 + 0.5)]])
    h, _ = nn.rnn_cell([[-1.0]], [[0.5]], [[2.0]], [[-1.0]], nonlinearity="relu")
    np.testing.assert_array_equal(h, [[0]])
    # LSTM: everything shut but the forget gate keeps the cell; i, f, g, o in this order
    bias = np.array([-100.0, 100.0, 0.0, -100.0])
    (h, c), _ = nn.lstm_cell([[3.0]], ([[0.2]], [[0.7]]), np.zeros((4, 1)), np.zeros((4, 1)), bias)
    np.testing.assert_allclose(c, [[0.7]], rtol=1e-12)
    np.testing.assert_allclose(h, [[0]], atol=1e-12)
    # GRU: z = 1 keeps the state, z = 0 takes the proposal; r, z, n in this order
    for z, expected in ((100.0, 0.2), (-100.0, np.tanh(0.5))):
        h, _ = nn.gru_cell([[3.0]], [[0.2]], np.zeros((3, 1)), np.zeros((3, 1)), np.array([0, z, 0.5]))
        np.testing.assert_allclose(h, [[expected]], rtol=1e-12)


def test_the_reset_gate_comes_after_the_product():
    W, U, b, d = weights("gru")
    h, _ = nn.gru_cell(X[0], H0, W, U, b, d)
    before = X[0] @ W.T + b
    r, z = (1 / (1 + np.exp(-(before + H0 @ U.T + d)[:, k * H : (k + 1) * H])) for k in range(2))
    n = np.tanh(before[:, 2 * H :] + r * (H0 @ U[2 * H :].T + d[2 * H :]))
    np.testing.assert_allclose(h, (1 - z) * n + z * H0, rtol=1e-12)


@pytest.mark.parametrize("kind", GATES)
def test_a_sequence_is_its_steps(kind):
    (y, last), _ = getattr(nn, kind)(X, start(kind), *weights(kind))
    state = start(kind)
    for t in range(T):
        state, _ = getattr(nn, f"{kind}_cell")(X[t], state, *weights(kind))
        np.testing.assert_allclose(y[t], state[0] if kind == "lstm" else state, rtol=1e-12)
    np.testing.assert_allclose(np.array(last), np.array(state), rtol=1e-12)


@pytest.mark.parametrize("kind", GATES)
def test_pieces_with_a_carried_state_give_the_same_outputs_and_shorter_gradients(kind):
    function, backward = getattr(nn, kind), getattr(nn, f"{kind}_backward")
    (whole, _), cache = function(X, start(kind), *weights(kind))
    dy = upstream(whole)
    _, _, full, *_ = backward((dy, None), cache)
    state, y, truncated = start(kind), [], 0
    for piece in (slice(0, 2), slice(2, 5)):
        (part, state), cache = function(X[piece], state, *weights(kind))
        y.append(part)
        truncated = truncated + backward((dy[piece], None), cache)[2]
    np.testing.assert_allclose(np.concatenate(y), whole, rtol=1e-12)
    assert np.abs(truncated - full).max() > 1e-3

    # handing the gradient of the state on makes the pieces whole again
    (_, middle), first = function(X[:2], start(kind), *weights(kind))
    _, second = function(X[2:], middle, *weights(kind))
    _, dmiddle, one, *_ = backward((dy[2:], None), second)
    _, _, two, *_ = backward((dy[:2], dmiddle), first)
    np.testing.assert_allclose(one + two, full, rtol=1e-10)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("kind", GATES)
def test_padding_is_never_seen(kind, reverse):
    function, backward = getattr(nn, kind), getattr(nn, f"{kind}_backward")
    (y, last), cache = function(X, start(kind), *weights(kind), lengths=LENGTHS, reverse=reverse)
    other = X.copy()
    for n, length in enumerate(LENGTHS):
        other[length:, n] = 99
        np.testing.assert_array_equal(y[length:, n], 0)
        alone_state = (H0[n : n + 1], C0[n : n + 1]) if kind == "lstm" else H0[n : n + 1]
        (alone, end), _ = function(X[:length, n : n + 1], alone_state, *weights(kind), reverse=reverse)
        np.testing.assert_allclose(y[:length, n : n + 1], alone, rtol=1e-12)
        np.testing.assert_allclose(np.array(last)[..., n : n + 1, :], np.array(end), rtol=1e-12)
    (same, _), _ = function(other, start(kind), *weights(kind), lengths=LENGTHS, reverse=reverse)
    np.testing.assert_array_equal(same, y)
    dx = backward((upstream(y), None), cache)[0]
    for n, length in enumerate(LENGTHS):
        np.testing.assert_array_equal(dx[length:, n], 0)


@pytest.mark.parametrize("kind", GATES)
def test_no_steps_leave_the_state(kind):
    (y, last), cache = getattr(nn, kind)(X[:0], start(kind), *weights(kind))
    assert y.shape == (0, N, H)
    np.testing.assert_array_equal(np.array(last), np.array(start(kind)))
    dx, _, dweight, *_ = getattr(nn, f"{kind}_backward")((y, None), cache)
    assert dx.shape == (0, N, D)
    np.testing.assert_array_equal(dweight, 0)


@pytest.mark.parametrize("kind", GATES)
def test_nothing_is_changed_and_precision_stays(kind):
    function, backward = getattr(nn, kind), getattr(nn, f"{kind}_backward")
    given = [array.astype(np.float32) for array in (X, H0, C0, *weights(kind))]
    copies = [array.copy() for array in given]
    state = tuple(given[1:3]) if kind == "lstm" else given[1]
    (y, last), cache = function(given[0], state, *given[3:])
    dy = upstream(y).astype(np.float32)
    before = dy.copy()
    for gradient in (y, *last, *backward((dy, None), cache)[2:]):
        assert gradient.dtype == np.float32
    first, second = (backward((dy, None), cache) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(dy, before)
    for array, copy in zip(given, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_dropout_between_layers_only():
    layers = nn.GRU(D, H, num_layers=2, dropout=0.5, rng=np.random.default_rng(0))
    (y, _), cache = layers.forward(X)
    (again, _), _ = layers.forward(X)
    assert np.abs(y - again).max() > 1e-3
    layers.eval()
    np.testing.assert_array_equal(layers(X)[0], layers(X)[0])

    layers.train()
    dy = upstream(y)
    dx, _ = layers.backward(dy, cache)
    below, scale = layers.weight_ih_l0, cache[1][0]
    assert set(np.unique(scale)) == {0.0, 2.0}
    zeros = np.zeros((N, H))

    def run(x):
        arrays = [[getattr(layers, f"{name}_l{k}").data for name in NAMES] for k in range(2)]
        (middle, _), first = nn.gru(x, zeros, *arrays[0])
        (top, _), second = nn.gru(middle * scale, zeros, *arrays[1])
        return top, first, second

    top, first, second = run(X)
    np.testing.assert_allclose(top, y, rtol=1e-12)
    expected, _, dweight, *_ = nn.gru_backward((nn.gru_backward((dy, None), second)[0] * scale, None), first)
    np.testing.assert_allclose(dx, expected, rtol=1e-10)
    np.testing.assert_allclose(below.grad, dweight, rtol=1e-10)


NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.rnn(X[0], H0, *weights("rnn")), r"x: expected shape \(T, N, D\), got \(3, 2\)"),
        (lambda: nn.rnn(X, H0[:2], *weights("rnn")), r"h0: expected shape \(3, H\), got \(2, 4\)"),
        (lambda: nn.rnn(X, H0, *weights("gru")), r"weight_ih: expected shape \(4, 2\) for these x and states"),
        (lambda: nn.lstm(X, H0, *weights("lstm")), r"state: expected a pair \(h, c\), got ndarray"),
        (lambda: nn.lstm(X, (H0, C0[:2]), *weights("lstm")), "state: expected h and c of one shape"),
        (lambda: nn.gru(X, H0, *weights("gru")[:2], np.zeros(4)), r"bias_ih: expected shape \(12,\)"),
        (lambda: nn.rnn(X, H0, *weights("rnn"), "sigmoid"), "nonlinearity: expected 'tanh' or 'relu', got 'sigmoid'"),
        (lambda: nn.rnn(X, H0, *weights("rnn"), lengths=[5, 0, 3]), "lengths: expected 1 to 5, got 0 to 5"),
        (lambda: nn.rnn(X, H0, *weights("rnn"), lengths=[5.0, 1, 3]), "lengths: expected 3 integers, got float64"),
        (lambda: nn.gru_cell(X, H0, *weights("gru")), r"x: expected shape \(N, D\)"),
        (lambda: nn.LSTM(D, H, rng=RNG)(X[:, :, :1]), r"x: expected shape \(T, N, 2\), got \(5, 3, 1\)"),
        (lambda: nn.LSTM(D, H, rng=RNG)(X, (H0, C0)), r"state: expected shape \(1, 3, 4\), got \(3, 4\)"),
        (lambda: nn.GRU(0, H, rng=RNG), "GRU: expected sizes and layers of at least 1"),
        (lambda: nn.GRU(D, H, dropout=2, rng=RNG), "dropout: expected a probability, got 2"),
        (lambda: nn.RNN(D, H, nonlinearity="gelu", rng=RNG), "nonlinearity: expected"),
        (lambda: nn.GRUCell(D, 0, rng=RNG), "GRUCell: expected sizes of at least 1"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_upstream_gradients_have_the_shapes_of_the_outputs():
    (y, _), cache = nn.rnn(X, H0, *weights("rnn"))
    with pytest.raises(ValueError, match=r"dy: expected shape \(5, 3, 4\)"):
        nn.rnn_backward((y[:2], None), cache)
    with pytest.raises(ValueError, match=r"dy: expected shape \(3, 4\)"):
        nn.rnn_backward((None, H0[:2]), cache)
