"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="constants-rate" wrong="constants" hint="rate"
def time_constant(tau, f):
    return 1 / tau + f


def state_bounds(A):
    return np.minimum(0, A), np.maximum(0, A)


# %% id="constants-sum" wrong="constants" hint="sum"
def time_constant(tau, f):
    return tau + f


def state_bounds(A):
    return np.minimum(0, A), np.maximum(0, A)


# %% id="constants-fixed" wrong="constants" hint="fixed"
def time_constant(tau, f):
    return np.tile(tau, (len(f), 1))


def state_bounds(A):
    return np.minimum(0, A), np.maximum(0, A)


# %% id="constants-symmetric" wrong="constants" hint="symmetric"
def time_constant(tau, f):
    return tau / (1 + tau * f)


def state_bounds(A):
    return -np.abs(A), np.abs(A)


# %% id="constants-positive" wrong="constants" hint="positive"
def time_constant(tau, f):
    return tau / (1 + tau * f)


def state_bounds(A):
    return np.zeros(len(A)), A


# %% id="constants-library" wrong="constants" hint="by hand"
def time_constant(tau, f):
    return liquid.time_constant(tau, f)


def state_bounds(A):
    return np.minimum(0, A), np.maximum(0, A)


# %% id="limit-one-step" wrong="limit" hint="one"
def euler_limit(tau, f):
    return float(np.min(tau / (1 + tau * f)))


# %% id="limit-slowest" wrong="limit" hint="slowest"
def euler_limit(tau, f):
    return float(2 * np.max(tau / (1 + tau * f)))


# %% id="limit-average" wrong="limit" hint="average"
def euler_limit(tau, f):
    return float(np.mean(2 * tau / (1 + tau * f)))


# %% id="limit-leak" wrong="limit" hint="leak"
def euler_limit(tau, f):
    return float(2 * np.min(tau))


# %% id="limit-each" wrong="limit" hint="shape"
def euler_limit(tau, f):
    return 2 * tau / (1 + tau * f)


# %% id="step-euler" wrong="ltc-step" hint="euler"
def ltc_step(x, h, W_ih, W_hh, b, tau, A, dt):
    f = sigmoid(x @ W_ih.T + h @ W_hh.T + b)
    return h + dt[:, None] * (-(1 / tau + f) * h + f * A)


# %% id="step-sign" wrong="ltc-step" hint="sign"
def ltc_step(x, h, W_ih, W_hh, b, tau, A, dt):
    f, dt = sigmoid(x @ W_ih.T + h @ W_hh.T + b), dt[:, None]
    return (h + dt * f * A) / (1 + dt * (1 / tau - f))


# %% id="step-tau" wrong="ltc-step" hint="tau"
def ltc_step(x, h, W_ih, W_hh, b, tau, A, dt):
    f, dt = sigmoid(x @ W_ih.T + h @ W_hh.T + b), dt[:, None]
    return (h + dt * f * A) / (1 + dt * (tau + f))


# %% id="step-constant" wrong="ltc-step" hint="constant"
def ltc_step(x, h, W_ih, W_hh, b, tau, A, dt):
    f, dt = sigmoid(x @ W_ih.T + h @ W_hh.T + b), dt[:, None]
    return (h + dt * f * A) / (1 + dt / tau)


# %% id="step-transposed" wrong="ltc-step" hint="transposed"
def ltc_step(x, h, W_ih, W_hh, b, tau, A, dt):
    f, dt = sigmoid(x @ W_ih.T + h @ W_hh + b), dt[:, None]
    return (h + dt * f * A) / (1 + dt * (1 / tau + f))


# %% id="step-no-bias" wrong="ltc-step" hint="bias"
def ltc_step(x, h, W_ih, W_hh, b, tau, A, dt):
    f, dt = sigmoid(x @ W_ih.T + h @ W_hh.T), dt[:, None]
    return (h + dt * f * A) / (1 + dt * (1 / tau + f))


# %% id="step-no-value" wrong="ltc-step" hint="value"
def ltc_step(x, h, W_ih, W_hh, b, tau, A, dt):
    f, dt = sigmoid(x @ W_ih.T + h @ W_hh.T + b), dt[:, None]
    return (h + dt * f) / (1 + dt * (1 / tau + f))


# %% id="step-durations-across" wrong="ltc-step" hint="error"
def ltc_step(x, h, W_ih, W_hh, b, tau, A, dt):
    f = sigmoid(x @ W_ih.T + h @ W_hh.T + b)
    return (h + dt * f * A) / (1 + dt * (1 / tau + f))


# %% id="step-in-place" wrong="ltc-step" hint="pure"
def ltc_step(x, h, W_ih, W_hh, b, tau, A, dt):
    f, dt = sigmoid(x @ W_ih.T + h @ W_hh.T + b), dt[:, None]
    h += dt * f * A
    h /= 1 + dt * (1 / tau + f)
    return h


# %% id="step-library" wrong="ltc-step" hint="by hand"
def ltc_step(x, h, W_ih, W_hh, b, tau, A, dt):
    return liquid.ltc_step(x, h, W_ih, W_hh, b, tau, A, dt)[0]


# %% id="step-backward-divide" wrong="step-backward" hint="divide"
def ltc_step_backward(dnew, x, h, W_ih, W_hh, b, tau, A, dt):
    dt = dt[:, None]
    f = sigmoid(x @ W_ih.T + h @ W_hh.T + b)
    new = (h + dt * f * A) / (1 + dt * (1 / tau + f))
    u = dnew
    dz = u * dt * (A - new) * f * (1 - f)
    dtau = np.sum(u * new * dt, axis=0) / tau**2
    return dz @ W_ih, u + dz @ W_hh, dz.T @ x, dz.T @ h, dz.sum(axis=0), dtau, np.sum(u * dt * f, axis=0)


# %% id="step-backward-mean" wrong="step-backward" hint="mean"
def ltc_step_backward(dnew, x, h, W_ih, W_hh, b, tau, A, dt):
    dt, N = dt[:, None], len(x)
    f = sigmoid(x @ W_ih.T + h @ W_hh.T + b)
    q = 1 + dt * (1 / tau + f)
    new = (h + dt * f * A) / q
    u = dnew / q
    dz = u * dt * (A - new) * f * (1 - f)
    dtau = np.mean(u * new * dt, axis=0) / tau**2
    return dz @ W_ih, u + dz @ W_hh, dz.T @ x / N, dz.T @ h / N, dz.mean(axis=0), dtau, np.mean(u * dt * f, axis=0)


# %% id="step-backward-no-denominator" wrong="step-backward" hint="denominator"
def ltc_step_backward(dnew, x, h, W_ih, W_hh, b, tau, A, dt):
    dt = dt[:, None]
    f = sigmoid(x @ W_ih.T + h @ W_hh.T + b)
    q = 1 + dt * (1 / tau + f)
    new = (h + dt * f * A) / q
    u = dnew / q
    dz = u * dt * A * f * (1 - f)
    dtau = np.sum(u * new * dt, axis=0) / tau**2
    return dz @ W_ih, u + dz @ W_hh, dz.T @ x, dz.T @ h, dz.sum(axis=0), dtau, np.sum(u * dt * f, axis=0)


# %% id="step-backward-before" wrong="step-backward" hint="before"
def ltc_step_backward(dnew, x, h, W_ih, W_hh, b, tau, A, dt):
    dt = dt[:, None]
    f = sigmoid(x @ W_ih.T + h @ W_hh.T + b)
    u = dnew / (1 + dt * (1 / tau + f))
    dz = u * dt * (A - h) * f * (1 - f)
    dtau = np.sum(u * h * dt, axis=0) / tau**2
    return dz @ W_ih, u + dz @ W_hh, dz.T @ x, dz.T @ h, dz.sum(axis=0), dtau, np.sum(u * dt * f, axis=0)


# %% id="step-backward-no-slope" wrong="step-backward" hint="slope"
def ltc_step_backward(dnew, x, h, W_ih, W_hh, b, tau, A, dt):
    dt = dt[:, None]
    f = sigmoid(x @ W_ih.T + h @ W_hh.T + b)
    q = 1 + dt * (1 / tau + f)
    new = (h + dt * f * A) / q
    u = dnew / q
    dz = u * dt * (A - new)
    dtau = np.sum(u * new * dt, axis=0) / tau**2
    return dz @ W_ih, u + dz @ W_hh, dz.T @ x, dz.T @ h, dz.sum(axis=0), dtau, np.sum(u * dt * f, axis=0)


# %% id="step-backward-not-inside" wrong="step-backward" hint="inside"
def ltc_step_backward(dnew, x, h, W_ih, W_hh, b, tau, A, dt):
    dt = dt[:, None]
    f = sigmoid(x @ W_ih.T + h @ W_hh.T + b)
    q = 1 + dt * (1 / tau + f)
    new = (h + dt * f * A) / q
    u = dnew / q
    dz = u * dt * (A - new) * f * (1 - f)
    dtau = np.sum(u * new * dt, axis=0) / tau**2
    return dz @ W_ih, u, dz.T @ x, dz.T @ h, dz.sum(axis=0), dtau, np.sum(u * dt * f, axis=0)


# %% id="step-backward-transposed" wrong="step-backward" hint="transposed"
def ltc_step_backward(dnew, x, h, W_ih, W_hh, b, tau, A, dt):
    dt = dt[:, None]
    f = sigmoid(x @ W_ih.T + h @ W_hh.T + b)
    q = 1 + dt * (1 / tau + f)
    new = (h + dt * f * A) / q
    u = dnew / q
    dz = u * dt * (A - new) * f * (1 - f)
    dtau = np.sum(u * new * dt, axis=0) / tau**2
    return dz @ W_ih, u + dz @ W_hh.T, dz.T @ x, dz.T @ h, dz.sum(axis=0), dtau, np.sum(u * dt * f, axis=0)


# %% id="step-backward-sign" wrong="step-backward" hint="sign"
def ltc_step_backward(dnew, x, h, W_ih, W_hh, b, tau, A, dt):
    dt = dt[:, None]
    f = sigmoid(x @ W_ih.T + h @ W_hh.T + b)
    q = 1 + dt * (1 / tau + f)
    new = (h + dt * f * A) / q
    u = dnew / q
    dz = u * dt * (A - new) * f * (1 - f)
    dtau = -np.sum(u * new * dt, axis=0) / tau**2
    return dz @ W_ih, u + dz @ W_hh, dz.T @ x, dz.T @ h, dz.sum(axis=0), dtau, np.sum(u * dt * f, axis=0)


# %% id="step-backward-reciprocal" wrong="step-backward" hint="reciprocal"
def ltc_step_backward(dnew, x, h, W_ih, W_hh, b, tau, A, dt):
    dt = dt[:, None]
    f = sigmoid(x @ W_ih.T + h @ W_hh.T + b)
    q = 1 + dt * (1 / tau + f)
    new = (h + dt * f * A) / q
    u = dnew / q
    dz = u * dt * (A - new) * f * (1 - f)
    dtau = np.sum(u * new * dt, axis=0)
    return dz @ W_ih, u + dz @ W_hh, dz.T @ x, dz.T @ h, dz.sum(axis=0), dtau, np.sum(u * dt * f, axis=0)


# %% id="step-backward-differences" wrong="step-backward" hint="by hand"
def ltc_step_backward(dnew, x, h, W_ih, W_hh, b, tau, A, dt):
    given = [x, h, W_ih, W_hh, b, tau, A]
    gradients = []
    for k in range(7):
        slope = np.empty(given[k].shape)
        for i in np.ndindex(slope.shape):
            costs = []
            for e in (1e-6, -1e-6):
                moved = [v.copy() for v in given]
                moved[k][i] += e
                costs.append(np.sum(dnew * ltc_step(*moved, dt)))
            slope[i] = (costs[0] - costs[1]) / 2e-6
        gradients.append(slope)
    return tuple(gradients)


# %% id="backward-no-time" wrong="ltc-backward" hint="time"
def ltc_backward(dy, x, dt, h0, h, W_ih, W_hh, b, tau, A):
    before = np.concatenate([h0[None], h[:-1]])
    steps = [ltc_step_backward(dy[t], x[t], before[t], W_ih, W_hh, b, tau, A, dt[t]) for t in range(len(x))]
    return np.stack([s[0] for s in steps]), steps[0][1], *(sum(s[k] for s in steps) for k in range(2, 7))


# %% id="backward-last-only" wrong="ltc-backward" hint="last"
def ltc_backward(dy, x, dt, h0, h, W_ih, W_hh, b, tau, A):
    dx, g, totals = np.empty(x.shape), dy[-1], [0, 0, 0, 0, 0]
    for t in reversed(range(len(x))):
        before = h[t - 1] if t > 0 else h0
        dx[t], g, *parts = ltc_step_backward(g, x[t], before, W_ih, W_hh, b, tau, A, dt[t])
        totals = [total + part for total, part in zip(totals, parts)]
    return dx, g, *totals


# %% id="backward-not-inside" wrong="ltc-backward" hint="inside"
def ltc_backward(dy, x, dt, h0, h, W_ih, W_hh, b, tau, A):
    dx, g, totals = np.empty(x.shape), np.zeros(h0.shape), [0, 0, 0, 0, 0]
    for t in reversed(range(len(x))):
        before = h[t - 1] if t > 0 else h0
        g = g + dy[t]
        dx[t], _, *parts = ltc_step_backward(g, x[t], before, W_ih, W_hh, b, tau, A, dt[t])
        totals = [total + part for total, part in zip(totals, parts)]
        f = sigmoid(x[t] @ W_ih.T + before @ W_hh.T + b)
        g = g / (1 + dt[t][:, None] * (1 / tau + f))
    return dx, g, *totals


# %% id="backward-wrap" wrong="ltc-backward" hint="wrap"
def ltc_backward(dy, x, dt, h0, h, W_ih, W_hh, b, tau, A):
    dx, g, totals = np.empty(x.shape), np.zeros(h0.shape), [0, 0, 0, 0, 0]
    for t in reversed(range(len(x))):
        dx[t], g, *parts = ltc_step_backward(dy[t] + g, x[t], h[t - 1], W_ih, W_hh, b, tau, A, dt[t])
        totals = [total + part for total, part in zip(totals, parts)]
    return dx, g, *totals


# %% id="backward-start" wrong="ltc-backward" hint="start"
def ltc_backward(dy, x, dt, h0, h, W_ih, W_hh, b, tau, A):
    dx, g, totals = np.empty(x.shape), np.zeros(h0.shape), [0, 0, 0, 0, 0]
    for t in reversed(range(len(x))):
        before = h[t - 1] if t > 0 else h0
        dh = dy[t] + g
        dx[t], g, *parts = ltc_step_backward(dh, x[t], before, W_ih, W_hh, b, tau, A, dt[t])
        totals = [total + part for total, part in zip(totals, parts)]
    return dx, dh, *totals


# %% id="backward-mean" wrong="ltc-backward" hint="mean"
def ltc_backward(dy, x, dt, h0, h, W_ih, W_hh, b, tau, A):
    dx, g, totals = np.empty(x.shape), np.zeros(h0.shape), [0, 0, 0, 0, 0]
    for t in reversed(range(len(x))):
        before = h[t - 1] if t > 0 else h0
        dx[t], g, *parts = ltc_step_backward(dy[t] + g, x[t], before, W_ih, W_hh, b, tau, A, dt[t])
        totals = [total + part / len(x) for total, part in zip(totals, parts)]
    return dx, g, *totals


# %% id="backward-final" wrong="ltc-backward" hint="final"
def ltc_backward(dy, x, dt, h0, h, W_ih, W_hh, b, tau, A):
    dx, g = np.empty(x.shape), np.zeros(h0.shape)
    for t in reversed(range(len(x))):
        before = h[t - 1] if t > 0 else h0
        dx[t], g, *parts = ltc_step_backward(dy[t] + g, x[t], before, W_ih, W_hh, b, tau, A, dt[t])
    return dx, g, *parts


# %% id="backward-in-place" wrong="ltc-backward" hint="pure"
def ltc_backward(dy, x, dt, h0, h, W_ih, W_hh, b, tau, A):
    dx, totals = np.empty(x.shape), [0, 0, 0, 0, 0]
    for t in reversed(range(len(x))):
        before = h[t - 1] if t > 0 else h0
        dx[t], g, *parts = ltc_step_backward(dy[t], x[t], before, W_ih, W_hh, b, tau, A, dt[t])
        totals = [total + part for total, part in zip(totals, parts)]
        if t > 0:
            dy[t - 1] += g
    return dx, g, *totals


# %% id="backward-differences" wrong="ltc-backward" hint="by hand"
def ltc_backward(dy, x, dt, h0, h, W_ih, W_hh, b, tau, A):
    given = [x, h0, W_ih, W_hh, b, tau, A]
    gradients = []
    for k in range(7):
        slope = np.empty(given[k].shape)
        for i in np.ndindex(slope.shape):
            costs = []
            for e in (1e-6, -1e-6):
                moved = [v.copy() for v in given]
                moved[k][i] += e
                costs.append(np.sum(dy * ltc_states(moved[0], dt, *moved[1:])))
            slope[i] = (costs[0] - costs[1]) / 2e-6
        gradients.append(slope)
    return tuple(gradients)
