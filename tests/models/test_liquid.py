import numpy as np
import pytest

from dlbook import optim
from dlbook.models import liquid
from dlbook.models.liquid import LTC, Forecaster, ltc, ltc_backward, ltc_solve, ltc_step, ltc_step_backward

T, N, D, H = 4, 3, 2, 5
WEIGHTS = ("weight_ih", "weight_hh", "bias", "tau", "A")


def drawn(seed=0, gain=1.0):
    """x (T, N, D), dt (T, N), h (N, H) and the five weights."""
    rng = np.random.default_rng(seed)
    weights = (
        gain * rng.normal(size=(H, D)),
        gain * rng.normal(size=(H, H)),
        rng.normal(size=H),
        rng.uniform(0.3, 3, H),
        rng.normal(size=H),
    )
    return rng.normal(size=(T, N, D)), rng.uniform(0.1, 2, (T, N)), rng.normal(size=(N, H)), weights


def test_a_step_by_hand():
    zero = np.zeros((1, 1))
    # f = σ(0) = 1/2; (1 + 2 · 1/2 · 3) / (1 + 2 · (1/4 + 1/2)) = 4 / 2.5
    h, _ = ltc_step(zero, np.ones((1, 1)), zero, zero, np.zeros(1), np.array([4.0]), np.array([3.0]), 2.0)
    np.testing.assert_allclose(h, [[1.6]], rtol=1e-15)


def test_time_constant_and_steady_state():
    f, tau = np.linspace(0, 1, 11), np.array([[0.1], [1.0], [30.0]])
    found = liquid.time_constant(tau, f)
    np.testing.assert_allclose(1 / found, 1 / tau + f, rtol=1e-12)
    assert np.all(np.diff(found, axis=1) < 0)
    np.testing.assert_allclose(found[:, [0, -1]], np.hstack([tau, tau / (1 + tau)]), rtol=1e-15)
    x, _, _, (weight_ih, _, bias, tau, A) = drawn()
    alone = (weight_ih, np.zeros((H, H)), bias, tau, A)  # no recurrence: f stays as it is
    _, f = liquid.ltc_rate(x[0], np.zeros((N, H)), *alone)
    at_rest = liquid.steady_state(tau, A, f)
    np.testing.assert_allclose(liquid.ltc_rate(x[0], at_rest, *alone)[0], 0, atol=1e-15)
    np.testing.assert_allclose(ltc_step(x[0], np.ones((N, H)), *alone, 1e12)[0], at_rest, rtol=1e-9, atol=1e-11)


def test_states_stay_between_zero_and_a():
    for seed in range(20):
        x, dt, h, weights = drawn(seed, gain=5.0)
        A = weights[4]
        low, high = np.minimum(0, A), np.maximum(0, A)
        h0 = low + (high - low) * np.random.default_rng(seed).uniform(size=h.shape)
        for scale in (1e-3, 1.0, 1e4):
            (y, _), _ = ltc(10 * x, scale * dt, h0, *weights, unfolds=3)
            assert np.all(y >= low - 1e-12)
            assert np.all(y <= high + 1e-12)


def test_solvers_have_their_order():
    x, _, h, weights = drawn()
    exact = ltc_solve(x[0], h, *weights, 2.0, 4000)[-1]
    for solver, order, steps in (("euler", 1, 200), ("fused", 1, 200), ("rk4", 4, 40)):
        errors = [np.abs(ltc_solve(x[0], h, *weights, 2.0, n, solver)[-1] - exact).max() for n in (steps, 2 * steps)]
        assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.15)


def test_the_reference_against_scipy():
    integrate = pytest.importorskip("scipy.integrate")
    x, dt, h, weights = drawn()
    path = ltc_solve(x[0], h, *weights, dt[0], 500)
    for n in range(N):

        def rate(_, state, n=n):
            return liquid.ltc_rate(x[0, n : n + 1], state[None], *weights)[0][0]

        found = integrate.solve_ivp(rate, (0, dt[0, n]), h[n], rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(path[-1, n], found.y[:, -1], rtol=1e-7)


def test_explicit_euler_explodes_beyond_twice_the_time_constant():
    x, alone = np.zeros((1, 1)), (np.zeros((1, 1)), np.zeros((1, 1)), np.zeros(1), np.ones(1), np.ones(1))
    limit = 2 * liquid.time_constant(1.0, 0.5)
    start, rest = np.ones((1, 1)), liquid.steady_state(1.0, 1.0, 0.5)
    for factor, grows in ((0.95, False), (1.05, True)):
        path = ltc_solve(x, start, *alone, 100 * factor * limit, 100, "euler")
        assert (abs(path[-1, 0, 0] - rest) > abs(1 - rest)) == grows
    assert abs(ltc_solve(x, start, *alone, 1e4, 100, "fused")[-1, 0, 0] - rest) < 1e-9


def test_unfolded_is_step_after_step():
    x, dt, h, weights = drawn()
    (y, h_n), _ = ltc(x, dt, h, *weights, unfolds=3)
    for t in range(T):
        for _ in range(3):
            h, _ = ltc_step(x[t], h, *weights, dt[t] / 3)
        np.testing.assert_allclose(y[t], h, rtol=1e-12)
    np.testing.assert_array_equal(h_n, y[-1])
    solved = ltc_solve(x[0], drawn()[2], *weights, dt[0], 3, "fused")
    np.testing.assert_allclose(solved[-1], y[0], rtol=1e-12)


@pytest.mark.parametrize("liquid_leak", [True, False])
@pytest.mark.parametrize("unfolds", [1, 3])
def test_gradients_through_time(unfolds, liquid_leak, numerical_gradient):
    x, dt, h0, weights = drawn(1)
    rng = np.random.default_rng(2)
    dy, dh_n = rng.normal(size=(T, N, H)), rng.normal(size=(N, H))
    given = [x, dt, h0, *weights]
    _, cache = ltc(*given, unfolds, liquid_leak)
    found = ltc_backward((dy, dh_n), cache)
    for k, name in enumerate(("x", "dt", "h0", *WEIGHTS)):

        def both(values, k=k):
            (y, h_n), _ = ltc(*given[:k], values, *given[k + 1 :], unfolds, liquid_leak)
            return np.concatenate([y, h_n[None]])

        expected = numerical_gradient(both, given[k], np.concatenate([dy, dh_n[None]]))
        np.testing.assert_allclose(found[k], expected, rtol=1e-6, atol=1e-8, err_msg=name)


def test_the_closed_form_by_hand():
    zero, one = np.zeros((1, 1)), np.ones((1, 1))
    rows = np.array([[2.0], [0.5], [-1.0]])  # f, g, k for x = 1
    (y, _), _ = liquid.cfc(one[None], 3.0, zero, rows, np.zeros((3, 1)), np.zeros(3))
    blend = 1 / (1 + np.exp(6))
    np.testing.assert_allclose(y, [[[blend * np.tanh(0.5) + (1 - blend) * np.tanh(-1)]]], rtol=1e-12)


def test_gradients_of_the_closed_form(numerical_gradient):
    x, dt, h0, _ = drawn(11)
    rng = np.random.default_rng(12)
    given = [x, dt, h0, rng.normal(size=(3 * H, D)), rng.normal(size=(3 * H, H)), rng.normal(size=3 * H)]
    dy, dh_n = rng.normal(size=(T, N, H)), rng.normal(size=(N, H))
    found = liquid.cfc_backward((dy, dh_n), liquid.cfc(*given)[1])
    for k, name in enumerate(("x", "dt", "h0", "weight_ih", "weight_hh", "bias")):

        def both(values, k=k):
            (y, h_n), _ = liquid.cfc(*given[:k], values, *given[k + 1 :])
            return np.concatenate([y, h_n[None]])

        expected = numerical_gradient(both, given[k], np.concatenate([dy, dh_n[None]]))
        np.testing.assert_allclose(found[k], expected, rtol=1e-6, atol=1e-8, err_msg=name)
    common = liquid.cfc_backward((None, dh_n), liquid.cfc(x, np.asarray(0.4), *given[2:])[1])[1]
    assert common.shape == ()


@pytest.mark.parametrize("common", [True, False])
def test_gradients_of_a_step(common, numerical_gradient):
    x, dt, h, weights = drawn(3)
    dt = 0.7 if common else dt[0]
    dh = np.random.default_rng(4).normal(size=(N, H))
    given = [x[0], h, *weights, np.asarray(dt)]
    found = ltc_step_backward(dh, ltc_step(x[0], h, *weights, dt)[1])
    for k, name in enumerate(("x", "h", *WEIGHTS, "dt")):
        expected = numerical_gradient(lambda v, k=k: ltc_step(*given[:k], v, *given[k + 1 :])[0], given[k], dh)
        np.testing.assert_allclose(found[k], expected, rtol=1e-6, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("kind", ["ltc", "cfc", "rnn", "gru", "lstm"])
def test_gradients_of_the_model(kind, numerical_gradient):
    x, dt, _, _ = drawn(5)
    model = Forecaster(D, H, 2, kind, rng=np.random.default_rng(6))
    y, cache = model.forward(x, dt)
    assert y.shape == (T, N, 2)
    dy = np.random.default_rng(7).normal(size=y.shape)
    dx, ddt = model.backward(dy, cache)
    np.testing.assert_allclose(dx, numerical_gradient(lambda v: model(v, dt), x, dy), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(ddt, numerical_gradient(lambda v: model(x, v), dt, dy), rtol=1e-6, atol=1e-8)
    for name, parameter in model.named_parameters():

        def at(values):
            parameter.data = values
            return model(x, dt)

        before = parameter.data
        expected = numerical_gradient(at, before, dy)
        parameter.data = before
        np.testing.assert_allclose(parameter.grad, expected, rtol=1e-6, atol=1e-8, err_msg=name)


def test_it_learns_a_decay():
    """The answer is exp(-gap): the network has to live through the gaps."""
    rng = np.random.default_rng(0)
    model = Forecaster(1, 6, 1, unfolds=2, rng=rng)
    optimizer, losses = optim.Adam(model.parameters(), 0.05), []
    for _ in range(150):
        dt = rng.uniform(0, 2, (1, 64))
        y, cache = model.forward(np.ones((1, 64, 1)), dt)
        error = y - np.exp(-dt)[:, :, None]
        optimizer.zero_grad()
        model.backward(2 * error / error.size, cache)
        optimizer.step()
        losses.append(np.mean(error**2))
    assert losses[-1] < 1e-3 < 0.05 < losses[0]


def test_single_precision_stays_and_nothing_is_changed():
    x, dt, _, _ = (a.astype(np.float32) if isinstance(a, np.ndarray) else a for a in drawn())
    kept = x.copy(), dt.copy()
    model = LTC(D, H, rng=np.random.default_rng(0), dtype=np.float32)
    (y, h_n), cache = model.forward(x, dt)
    dx, ddt, dh0 = model.backward((y, h_n), cache)
    assert {a.dtype for a in (y, h_n, dx, ddt, dh0)} == {np.dtype(np.float32)}
    assert all(p.grad.dtype == np.float32 for p in model.parameters())
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(dt, kept[1])


def test_states_go_on_in_the_next_piece():
    x, dt, h, _ = drawn()
    model = LTC(D, H, rng=np.random.default_rng(0))
    (y, h_n), _ = model.forward(x, dt, h)
    (first, between), _ = model.forward(x[:1], dt[:1], h)
    (second, last), _ = model.forward(x[1:], dt[1:], between)
    np.testing.assert_allclose(np.concatenate([first, second]), y, rtol=1e-12)
    np.testing.assert_allclose(last, h_n, rtol=1e-12)


@pytest.mark.parametrize("kind", ["ltc", "cfc", "gru"])
def test_the_twin_in_torch(kind):
    torch = pytest.importorskip("torch")
    from dlbook.torch import from_torch, twin

    settings = {"unfolds": 3, "liquid": False} if kind == "ltc" else {}
    ours = Forecaster(D, H, 2, kind, rng=np.random.default_rng(8), **settings)
    theirs = twin(ours)
    x, dt, _, _ = drawn(9)
    y, cache = ours.forward(x, dt)
    dy = np.random.default_rng(10).normal(size=y.shape)
    ours.backward(dy, cache)
    other = theirs(torch.from_numpy(x), torch.from_numpy(dt))
    other.backward(torch.from_numpy(dy))
    np.testing.assert_allclose(other.detach().numpy(), y, rtol=1e-10, atol=1e-12)
    for name, parameter in theirs.named_parameters():
        grad = dict(ours.named_parameters())[name].grad
        np.testing.assert_allclose(parameter.grad.numpy(), grad, rtol=1e-9, atol=1e-11, err_msg=name)
    np.testing.assert_array_equal(from_torch(theirs)(x, dt), y)


def test_wrong_input_is_named():
    x, dt, h, weights = drawn()
    model = LTC(D, H, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"x: expected shape \(T, N, 2\), got \(4, 3\)"):
        model.forward(x[:, :, 0], dt)
    with pytest.raises(ValueError, match=r"dt: expected shape \(4, 3\) or a number, got \(3, 4\)"):
        model.forward(x, dt.T)
    with pytest.raises(ValueError, match="dt: expected durations of at least 0, got -1"):
        model.forward(x, -1.0)
    with pytest.raises(ValueError, match=r"h0: expected shape \(3, H\), got \(2, 5\)"):
        ltc(x, dt, h[:2], *weights)
    with pytest.raises(ValueError, match=r"A: expected shape \(5,\) for these x and states, got \(4,\)"):
        ltc(x, dt, h, *weights[:4], np.ones(4))
    with pytest.raises(ValueError, match="tau: expected positive numbers, got -1"):
        ltc(x, dt, h, *weights[:3], -np.ones(H), weights[4])
    with pytest.raises(ValueError, match="unfolds: expected at least 1, got 0"):
        ltc(x, dt, h, *weights, unfolds=0)
    with pytest.raises(ValueError, match="sizes and steps of at least 1"):
        LTC(D, 0, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="kind: expected one of ltc, cfc, rnn, gru, lstm, got 'elman'"):
        Forecaster(D, H, 1, "elman", rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"dt: expected shape \(4, 3\), that of x without its last axis, got \(4,\)"):
        Forecaster(D, H, 1, rng=np.random.default_rng(0)).forward(x, dt[:, 0])
    with pytest.raises(ValueError, match="solver: expected one of euler, fused, rk4, got 'midpoint'"):
        ltc_solve(x[0], h, *weights, 1.0, solver="midpoint")
    with pytest.raises(ValueError, match="steps: expected at least 1, got 0"):
        ltc_solve(x[0], h, *weights, 1.0, 0)
