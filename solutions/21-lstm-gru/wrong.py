"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="step-order" wrong="step" hint="order"
def lstm_step(x, h, c, W_ih, W_hh, b):
    i, f, o, g = np.split(x @ W_ih.T + h @ W_hh.T + b, 4, axis=1)
    c2 = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c2), c2


# %% id="step-interleaved" wrong="step" hint="interleaved"
def lstm_step(x, h, c, W_ih, W_hh, b):
    z = (x @ W_ih.T + h @ W_hh.T + b).reshape(*h.shape, 4)
    i, f, g, o = z[..., 0], z[..., 1], z[..., 2], z[..., 3]
    c2 = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c2), c2


# %% id="step-forgets" wrong="step" hint="forget"
def lstm_step(x, h, c, W_ih, W_hh, b):
    i, f, g, o = np.split(x @ W_ih.T + h @ W_hh.T + b, 4, axis=1)
    c2 = sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c2), c2


# %% id="step-exposed" wrong="step" hint="exposed"
def lstm_step(x, h, c, W_ih, W_hh, b):
    i, f, g, o = np.split(x @ W_ih.T + h @ W_hh.T + b, 4, axis=1)
    c2 = sigmoid(o) * (sigmoid(f) * c + sigmoid(i) * np.tanh(g))
    return np.tanh(c2), c2


# %% id="step-no-tanh" wrong="step" hint="squash"
def lstm_step(x, h, c, W_ih, W_hh, b):
    i, f, g, o = np.split(x @ W_ih.T + h @ W_hh.T + b, 4, axis=1)
    c2 = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * c2, c2


# %% id="step-candidate" wrong="step" hint="candidate"
def lstm_step(x, h, c, W_ih, W_hh, b):
    i, f, g, o = np.split(x @ W_ih.T + h @ W_hh.T + b, 4, axis=1)
    c2 = sigmoid(f) * c + sigmoid(i) * sigmoid(g)
    return sigmoid(o) * np.tanh(c2), c2


# %% id="step-old-cell" wrong="step" hint="old"
def lstm_step(x, h, c, W_ih, W_hh, b):
    i, f, g, o = np.split(x @ W_ih.T + h @ W_hh.T + b, 4, axis=1)
    c2 = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c2


# %% id="step-no-state" wrong="step" hint="state"
def lstm_step(x, h, c, W_ih, W_hh, b):
    i, f, g, o = np.split(x @ W_ih.T + b, 4, axis=1)
    c2 = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c2), c2


# %% id="step-only-h" wrong="step" hint="returns"
def lstm_step(x, h, c, W_ih, W_hh, b):
    i, f, g, o = np.split(x @ W_ih.T + h @ W_hh.T + b, 4, axis=1)
    c2 = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c2)


# %% id="step-in-place" wrong="step" hint="pure"
def lstm_step(x, h, c, W_ih, W_hh, b):
    i, f, g, o = np.split(x @ W_ih.T + h @ W_hh.T + b, 4, axis=1)
    c *= sigmoid(f)
    c += sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


# %% id="lstm-order" wrong="lstm" hint="order"
def lstm_backward(dy, dh_n, dc_n, cache):
    x, h, c, W_ih, W_hh, b = cache
    i, f, g, o = np.split(x @ W_ih.T + h[:-1] @ W_hh.T + b, 4, axis=2)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b)
    dh, dc = dh_n, dc_n
    for t in reversed(range(len(x))):
        shown = np.tanh(c[t + 1])
        dh = dh + dy[t]
        dc = dc + dh * o[t] * (1 - shown**2)
        di, df = dc * g[t] * i[t] * (1 - i[t]), dc * c[t] * f[t] * (1 - f[t])
        dg, do = dc * i[t] * (1 - g[t] ** 2), dh * shown * o[t] * (1 - o[t])
        dz = np.hstack([di, df, do, dg])
        dx[t] = dz @ W_ih
        dW_ih, dW_hh, db = dW_ih + dz.T @ x[t], dW_hh + dz.T @ h[t], db + dz.sum(axis=0)
        dh, dc = dz @ W_hh, dc * f[t]
    return dx, dh, dc, dW_ih, dW_hh, db


# %% id="lstm-tanh" wrong="lstm" hint="tanh"
def lstm_backward(dy, dh_n, dc_n, cache):
    x, h, c, W_ih, W_hh, b = cache
    i, f, g, o = np.split(x @ W_ih.T + h[:-1] @ W_hh.T + b, 4, axis=2)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b)
    dh, dc = dh_n, dc_n
    for t in reversed(range(len(x))):
        shown = np.tanh(c[t + 1])
        dh = dh + dy[t]
        dc = dc + dh * o[t] * (1 - c[t + 1] ** 2)
        di, df = dc * g[t] * i[t] * (1 - i[t]), dc * c[t] * f[t] * (1 - f[t])
        dg, do = dc * i[t] * (1 - g[t] ** 2), dh * shown * o[t] * (1 - o[t])
        dz = np.hstack([di, df, dg, do])
        dx[t] = dz @ W_ih
        dW_ih, dW_hh, db = dW_ih + dz.T @ x[t], dW_hh + dz.T @ h[t], db + dz.sum(axis=0)
        dh, dc = dz @ W_hh, dc * f[t]
    return dx, dh, dc, dW_ih, dW_hh, db


# %% id="lstm-cell-after" wrong="lstm" hint="before"
def lstm_backward(dy, dh_n, dc_n, cache):
    x, h, c, W_ih, W_hh, b = cache
    i, f, g, o = np.split(x @ W_ih.T + h[:-1] @ W_hh.T + b, 4, axis=2)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b)
    dh, dc = dh_n, dc_n
    for t in reversed(range(len(x))):
        shown = np.tanh(c[t + 1])
        dh = dh + dy[t]
        dc = dc + dh * o[t] * (1 - shown**2)
        di, df = dc * g[t] * i[t] * (1 - i[t]), dc * c[t + 1] * f[t] * (1 - f[t])
        dg, do = dc * i[t] * (1 - g[t] ** 2), dh * shown * o[t] * (1 - o[t])
        dz = np.hstack([di, df, dg, do])
        dx[t] = dz @ W_ih
        dW_ih, dW_hh, db = dW_ih + dz.T @ x[t], dW_hh + dz.T @ h[t], db + dz.sum(axis=0)
        dh, dc = dz @ W_hh, dc * f[t]
    return dx, dh, dc, dW_ih, dW_hh, db


# %% id="lstm-last-left-out" wrong="lstm" hint="last"
def lstm_backward(dy, dh_n, dc_n, cache):
    x, h, c, W_ih, W_hh, b = cache
    i, f, g, o = np.split(x @ W_ih.T + h[:-1] @ W_hh.T + b, 4, axis=2)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b)
    dh, dc = np.zeros_like(dh_n), np.zeros_like(dc_n)
    for t in reversed(range(len(x))):
        shown = np.tanh(c[t + 1])
        dh = dh + dy[t]
        dc = dc + dh * o[t] * (1 - shown**2)
        di, df = dc * g[t] * i[t] * (1 - i[t]), dc * c[t] * f[t] * (1 - f[t])
        dg, do = dc * i[t] * (1 - g[t] ** 2), dh * shown * o[t] * (1 - o[t])
        dz = np.hstack([di, df, dg, do])
        dx[t] = dz @ W_ih
        dW_ih, dW_hh, db = dW_ih + dz.T @ x[t], dW_hh + dz.T @ h[t], db + dz.sum(axis=0)
        dh, dc = dz @ W_hh, dc * f[t]
    return dx, dh, dc, dW_ih, dW_hh, db


# %% id="lstm-transposed" wrong="lstm" hint="transposed"
def lstm_backward(dy, dh_n, dc_n, cache):
    x, h, c, W_ih, W_hh, b = cache
    i, f, g, o = np.split(x @ W_ih.T + h[:-1] @ W_hh.T + b, 4, axis=2)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b)
    dh, dc = dh_n, dc_n
    for t in reversed(range(len(x))):
        shown = np.tanh(c[t + 1])
        dh = dh + dy[t]
        dc = dc + dh * o[t] * (1 - shown**2)
        di, df = dc * g[t] * i[t] * (1 - i[t]), dc * c[t] * f[t] * (1 - f[t])
        dg, do = dc * i[t] * (1 - g[t] ** 2), dh * shown * o[t] * (1 - o[t])
        dz = np.hstack([di, df, dg, do])
        dx[t] = dz @ W_ih
        dW_ih, dW_hh, db = dW_ih + dz.T @ x[t], dW_hh + dz.T @ h[t], db + dz.sum(axis=0)
        U_i, U_f, U_g, U_o = np.split(W_hh, 4)
        dh, dc = di @ U_i.T + df @ U_f.T + dg @ U_g.T + do @ U_o.T, dc * f[t]
    return dx, dh, dc, dW_ih, dW_hh, db


# %% id="lstm-gate-left-out" wrong="lstm" hint="gate"
def lstm_backward(dy, dh_n, dc_n, cache):
    x, h, c, W_ih, W_hh, b = cache
    i, f, g, o = np.split(x @ W_ih.T + h[:-1] @ W_hh.T + b, 4, axis=2)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b)
    dh, dc = dh_n, dc_n
    for t in reversed(range(len(x))):
        shown = np.tanh(c[t + 1])
        dh = dh + dy[t]
        dc = dc + dh * o[t] * (1 - shown**2)
        di, df = dc * g[t] * i[t] * (1 - i[t]), dc * c[t] * f[t] * (1 - f[t])
        dg, do = dc * i[t] * (1 - g[t] ** 2), dh * shown * o[t] * (1 - o[t])
        dz = np.hstack([di, df, dg, do])
        dx[t] = dz @ W_ih
        dW_ih, dW_hh, db = dW_ih + dz.T @ x[t], dW_hh + dz.T @ h[t], db + dz.sum(axis=0)
        dh, dc = dz @ W_hh, dc
    return dx, dh, dc, dW_ih, dW_hh, db


# %% id="lstm-batch-first" wrong="lstm" hint="axes"
def lstm_backward(dy, dh_n, dc_n, cache):
    x, h, c, W_ih, W_hh, b = cache
    i, f, g, o = np.split(x @ W_ih.T + h[:-1] @ W_hh.T + b, 4, axis=2)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    dx = np.zeros((x.shape[1], x.shape[0], x.shape[2]))
    dW_ih, dW_hh, db = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b)
    dh, dc = dh_n, dc_n
    for t in reversed(range(len(x))):
        shown = np.tanh(c[t + 1])
        dh = dh + dy[t]
        dc = dc + dh * o[t] * (1 - shown**2)
        di, df = dc * g[t] * i[t] * (1 - i[t]), dc * c[t] * f[t] * (1 - f[t])
        dg, do = dc * i[t] * (1 - g[t] ** 2), dh * shown * o[t] * (1 - o[t])
        dz = np.hstack([di, df, dg, do])
        dx[:, t] = dz @ W_ih
        dW_ih, dW_hh, db = dW_ih + dz.T @ x[t], dW_hh + dz.T @ h[t], db + dz.sum(axis=0)
        dh, dc = dz @ W_hh, dc * f[t]
    return dx, dh, dc, dW_ih, dW_hh, db


# %% id="lstm-no-time" wrong="lstm" hint="time"
def lstm_backward(dy, dh_n, dc_n, cache):
    x, h, c, W_ih, W_hh, b = cache
    i, f, g, o = np.split(x @ W_ih.T + h[:-1] @ W_hh.T + b, 4, axis=2)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b)
    for t in reversed(range(len(x))):
        shown = np.tanh(c[t + 1])
        last = t == len(x) - 1
        dh = dy[t] + dh_n if last else dy[t]
        dc = (dc_n if last else 0) + dh * o[t] * (1 - shown**2)
        di, df = dc * g[t] * i[t] * (1 - i[t]), dc * c[t] * f[t] * (1 - f[t])
        dg, do = dc * i[t] * (1 - g[t] ** 2), dh * shown * o[t] * (1 - o[t])
        dz = np.hstack([di, df, dg, do])
        dx[t] = dz @ W_ih
        dW_ih, dW_hh, db = dW_ih + dz.T @ x[t], dW_hh + dz.T @ h[t], db + dz.sum(axis=0)
    return dx, dz @ W_hh, dc * f[0], dW_ih, dW_hh, db


# %% id="lstm-overwritten" wrong="lstm" hint="overwritten"
def lstm_backward(dy, dh_n, dc_n, cache):
    x, h, c, W_ih, W_hh, b = cache
    i, f, g, o = np.split(x @ W_ih.T + h[:-1] @ W_hh.T + b, 4, axis=2)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    dx, dhs = np.zeros_like(x), np.concatenate([np.zeros_like(dy[:1]), dy])
    dhs[-1] += dh_n
    dW_ih, dW_hh, db, dc = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b), dc_n
    for t in reversed(range(len(x))):
        shown, dh = np.tanh(c[t + 1]), dhs[t + 1]
        dc = dc + dh * o[t] * (1 - shown**2)
        di, df = dc * g[t] * i[t] * (1 - i[t]), dc * c[t] * f[t] * (1 - f[t])
        dg, do = dc * i[t] * (1 - g[t] ** 2), dh * shown * o[t] * (1 - o[t])
        dz = np.hstack([di, df, dg, do])
        dx[t] = dz @ W_ih
        dW_ih, dW_hh, db = dW_ih + dz.T @ x[t], dW_hh + dz.T @ h[t], db + dz.sum(axis=0)
        dhs[t], dc = dz @ W_hh, dc * f[t]
    return dx, dhs[0], dc, dW_ih, dW_hh, db


# %% id="lstm-no-carry" wrong="lstm" hint="carry"
def lstm_backward(dy, dh_n, dc_n, cache):
    x, h, c, W_ih, W_hh, b = cache
    i, f, g, o = np.split(x @ W_ih.T + h[:-1] @ W_hh.T + b, 4, axis=2)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b)
    dh, dc = dh_n, dc_n
    for t in reversed(range(len(x))):
        shown = np.tanh(c[t + 1])
        dh = dh + dy[t]
        dc = (dc_n if t == len(x) - 1 else 0) + dh * o[t] * (1 - shown**2)
        di, df = dc * g[t] * i[t] * (1 - i[t]), dc * c[t] * f[t] * (1 - f[t])
        dg, do = dc * i[t] * (1 - g[t] ** 2), dh * shown * o[t] * (1 - o[t])
        dz = np.hstack([di, df, dg, do])
        dx[t] = dz @ W_ih
        dW_ih, dW_hh, db = dW_ih + dz.T @ x[t], dW_hh + dz.T @ h[t], db + dz.sum(axis=0)
        dh, dc = dz @ W_hh, dc * f[t]
    return dx, dh, dc, dW_ih, dW_hh, db


# %% id="lstm-no-state" wrong="lstm" hint="h-carry"
def lstm_backward(dy, dh_n, dc_n, cache):
    x, h, c, W_ih, W_hh, b = cache
    i, f, g, o = np.split(x @ W_ih.T + h[:-1] @ W_hh.T + b, 4, axis=2)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b)
    dh, dc = dh_n, dc_n
    for t in reversed(range(len(x))):
        shown = np.tanh(c[t + 1])
        dh = dy[t] + dh_n if t == len(x) - 1 else dy[t]
        dc = dc + dh * o[t] * (1 - shown**2)
        di, df = dc * g[t] * i[t] * (1 - i[t]), dc * c[t] * f[t] * (1 - f[t])
        dg, do = dc * i[t] * (1 - g[t] ** 2), dh * shown * o[t] * (1 - o[t])
        dz = np.hstack([di, df, dg, do])
        dx[t] = dz @ W_ih
        dW_ih, dW_hh, db = dW_ih + dz.T @ x[t], dW_hh + dz.T @ h[t], db + dz.sum(axis=0)
        dh, dc = dz @ W_hh, dc * f[t]
    return dx, dh, dc, dW_ih, dW_hh, db


# %% id="lstm-one-step" wrong="lstm" hint="sum"
def lstm_backward(dy, dh_n, dc_n, cache):
    x, h, c, W_ih, W_hh, b = cache
    i, f, g, o = np.split(x @ W_ih.T + h[:-1] @ W_hh.T + b, 4, axis=2)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b)
    dh, dc = dh_n, dc_n
    for t in reversed(range(len(x))):
        shown = np.tanh(c[t + 1])
        dh = dh + dy[t]
        dc = dc + dh * o[t] * (1 - shown**2)
        di, df = dc * g[t] * i[t] * (1 - i[t]), dc * c[t] * f[t] * (1 - f[t])
        dg, do = dc * i[t] * (1 - g[t] ** 2), dh * shown * o[t] * (1 - o[t])
        dz = np.hstack([di, df, dg, do])
        dx[t] = dz @ W_ih
        dW_ih, dW_hh, db = dz.T @ x[t], dz.T @ h[t], dz.sum(axis=0)
        dh, dc = dz @ W_hh, dc * f[t]
    return dx, dh, dc, dW_ih, dW_hh, db


# %% id="lstm-backwards" wrong="lstm" hint="backwards"
def lstm_backward(dy, dh_n, dc_n, cache):
    x, h, c, W_ih, W_hh, b = cache
    i, f, g, o = np.split(x @ W_ih.T + h[:-1] @ W_hh.T + b, 4, axis=2)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    dx = []
    dW_ih, dW_hh, db = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b)
    dh, dc = dh_n, dc_n
    for t in reversed(range(len(x))):
        shown = np.tanh(c[t + 1])
        dh = dh + dy[t]
        dc = dc + dh * o[t] * (1 - shown**2)
        di, df = dc * g[t] * i[t] * (1 - i[t]), dc * c[t] * f[t] * (1 - f[t])
        dg, do = dc * i[t] * (1 - g[t] ** 2), dh * shown * o[t] * (1 - o[t])
        dz = np.hstack([di, df, dg, do])
        dx.append(dz @ W_ih)
        dW_ih, dW_hh, db = dW_ih + dz.T @ x[t], dW_hh + dz.T @ h[t], db + dz.sum(axis=0)
        dh, dc = dz @ W_hh, dc * f[t]
    return np.array(dx), dh, dc, dW_ih, dW_hh, db


# %% id="lstm-in-place" wrong="lstm" hint="pure"
def lstm_backward(dy, dh_n, dc_n, cache):
    x, h, c, W_ih, W_hh, b = cache
    i, f, g, o = np.split(x @ W_ih.T + h[:-1] @ W_hh.T + b, 4, axis=2)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b)
    dh, dc = dh_n, dc_n
    for t in reversed(range(len(x))):
        shown = np.tanh(c[t + 1])
        dy[t] += dh
        dh = dy[t]
        dc = dc + dh * o[t] * (1 - shown**2)
        di, df = dc * g[t] * i[t] * (1 - i[t]), dc * c[t] * f[t] * (1 - f[t])
        dg, do = dc * i[t] * (1 - g[t] ** 2), dh * shown * o[t] * (1 - o[t])
        dz = np.hstack([di, df, dg, do])
        dx[t] = dz @ W_ih
        dW_ih, dW_hh, db = dW_ih + dz.T @ x[t], dW_hh + dz.T @ h[t], db + dz.sum(axis=0)
        dh, dc = dz @ W_hh, dc * f[t]
    return dx, dh, dc, dW_ih, dW_hh, db


# %% id="lstm-no-start" wrong="lstm" hint="returns"
def lstm_backward(dy, dh_n, dc_n, cache):
    x, h, c, W_ih, W_hh, b = cache
    i, f, g, o = np.split(x @ W_ih.T + h[:-1] @ W_hh.T + b, 4, axis=2)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b)
    dh, dc = dh_n, dc_n
    for t in reversed(range(len(x))):
        shown = np.tanh(c[t + 1])
        dh = dh + dy[t]
        dc = dc + dh * o[t] * (1 - shown**2)
        di, df = dc * g[t] * i[t] * (1 - i[t]), dc * c[t] * f[t] * (1 - f[t])
        dg, do = dc * i[t] * (1 - g[t] ** 2), dh * shown * o[t] * (1 - o[t])
        dz = np.hstack([di, df, dg, do])
        dx[t] = dz @ W_ih
        dW_ih, dW_hh, db = dW_ih + dz.T @ x[t], dW_hh + dz.T @ h[t], db + dz.sum(axis=0)
        dh, dc = dz @ W_hh, dc * f[t]
    return dx, dW_ih, dW_hh, db


# %% id="lstm-differences" wrong="lstm" hint="by hand"
def lstm_backward(dy, dh_n, dc_n, cache):
    x, h, c, W_ih, W_hh, b = cache
    arguments = [x, h[0], c[0], W_ih, W_hh, b]

    def loss(*arguments):
        y, cache = lstm_forward(*arguments)
        return np.sum(dy * y) + np.sum(dh_n * y[-1]) + np.sum(dc_n * cache[2][-1])

    gradients = []
    for k in range(6):
        gradient = np.zeros(arguments[k].shape)
        for place in np.ndindex(gradient.shape):
            ends = []
            for step in (1e-5, -1e-5):
                moved = [a.copy() for a in arguments]
                moved[k][place] += step
                ends.append(loss(*moved))
            gradient[place] = (ends[0] - ends[1]) / 2e-5
        gradients.append(gradient)
    return tuple(gradients)


# %% id="lstm-own-differences" wrong="lstm" hint="value"
def lstm_backward(dy, dh_n, dc_n, cache):
    x, h, c, W_ih, W_hh, b = cache

    def loss(x, h0, c0, W_ih, W_hh, b):
        total, h, c = 0.0, h0, c0
        for t in range(len(x)):
            i, f, g, o = np.split(x[t] @ W_ih.T + h @ W_hh.T + b, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            total += np.sum(dy[t] * h)
        return total + np.sum(dh_n * h) + np.sum(dc_n * c)

    arguments, gradients = [x, h[0], c[0], W_ih, W_hh, b], []
    for k in range(6):
        gradient = np.zeros(arguments[k].shape)
        for place in np.ndindex(gradient.shape):
            ends = []
            for step in (1e-5, -1e-5):
                moved = [a.copy() for a in arguments]
                moved[k][place] += step
                ends.append(loss(*moved))
            gradient[place] = (ends[0] - ends[1]) / 2e-5
        gradients.append(gradient)
    return tuple(gradients)


# %% id="gru-update" wrong="gru-back" hint="update"
def gru_backward(dy, dh_n, cache):
    x, h, W_ih, W_hh, b, b_hn = cache
    H = len(b_hn)
    of_x, of_h = x @ W_ih.T + b, h[:-1] @ W_hh.T
    r, z = sigmoid(of_x + of_h)[..., :H], sigmoid(of_x + of_h)[..., H : 2 * H]
    inner = of_h[..., 2 * H :] + b_hn
    n = np.tanh(of_x[..., 2 * H :] + r * inner)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db, db_hn = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b), np.zeros_like(b_hn)
    dh = dh_n
    for t in reversed(range(len(x))):
        dh = dh + dy[t]
        dn = dh * z[t] * (1 - n[t] ** 2)
        dz = dh * (n[t] - h[t]) * z[t] * (1 - z[t])
        dr = dn * inner[t] * r[t] * (1 - r[t])
        through_x, through_h = np.hstack([dr, dz, dn]), np.hstack([dr, dz, dn * r[t]])
        dx[t] = through_x @ W_ih
        dW_ih, dW_hh = dW_ih + through_x.T @ x[t], dW_hh + through_h.T @ h[t]
        db, db_hn = db + through_x.sum(axis=0), db_hn + through_h[:, 2 * H :].sum(axis=0)
        dh = dh * (1 - z[t]) + through_h @ W_hh
    return dx, dh, dW_ih, dW_hh, db, db_hn


# %% id="gru-reset-before" wrong="gru-back" hint="reset"
def gru_backward(dy, dh_n, cache):
    x, h, W_ih, W_hh, b, b_hn = cache
    H = len(b_hn)
    of_x, of_h = x @ W_ih.T + b, h[:-1] @ W_hh.T
    r, z = sigmoid(of_x + of_h)[..., :H], sigmoid(of_x + of_h)[..., H : 2 * H]
    n = np.tanh(of_x[..., 2 * H :] + (r * h[:-1]) @ W_hh[2 * H :].T + b_hn)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db, db_hn = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b), np.zeros_like(b_hn)
    dh = dh_n
    for t in reversed(range(len(x))):
        dh = dh + dy[t]
        dn = dh * (1 - z[t]) * (1 - n[t] ** 2)
        dz = dh * (h[t] - n[t]) * z[t] * (1 - z[t])
        dreset = dn @ W_hh[2 * H :]
        dr = dreset * h[t] * r[t] * (1 - r[t])
        through_x = np.hstack([dr, dz, dn])
        dx[t] = through_x @ W_ih
        dW_ih = dW_ih + through_x.T @ x[t]
        dW_hh = dW_hh + np.vstack([dr.T @ h[t], dz.T @ h[t], dn.T @ (r[t] * h[t])])
        db, db_hn = db + through_x.sum(axis=0), db_hn + dn.sum(axis=0)
        dh = dh * z[t] + np.hstack([dr, dz]) @ W_hh[: 2 * H] + dreset * r[t]
    return dx, dh, dW_ih, dW_hh, db, db_hn


# %% id="gru-order" wrong="gru-back" hint="order"
def gru_backward(dy, dh_n, cache):
    x, h, W_ih, W_hh, b, b_hn = cache
    H = len(b_hn)
    of_x, of_h = x @ W_ih.T + b, h[:-1] @ W_hh.T
    r, z = sigmoid(of_x + of_h)[..., :H], sigmoid(of_x + of_h)[..., H : 2 * H]
    inner = of_h[..., 2 * H :] + b_hn
    n = np.tanh(of_x[..., 2 * H :] + r * inner)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db, db_hn = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b), np.zeros_like(b_hn)
    dh = dh_n
    for t in reversed(range(len(x))):
        dh = dh + dy[t]
        dn = dh * (1 - z[t]) * (1 - n[t] ** 2)
        dz = dh * (h[t] - n[t]) * z[t] * (1 - z[t])
        dr = dn * inner[t] * r[t] * (1 - r[t])
        through_x, through_h = np.hstack([dz, dr, dn]), np.hstack([dz, dr, dn * r[t]])
        dx[t] = through_x @ W_ih
        dW_ih, dW_hh = dW_ih + through_x.T @ x[t], dW_hh + through_h.T @ h[t]
        db, db_hn = db + through_x.sum(axis=0), db_hn + through_h[:, 2 * H :].sum(axis=0)
        dh = dh * z[t] + through_h @ W_hh
    return dx, dh, dW_ih, dW_hh, db, db_hn


# %% id="gru-tanh" wrong="gru-back" hint="tanh"
def gru_backward(dy, dh_n, cache):
    x, h, W_ih, W_hh, b, b_hn = cache
    H = len(b_hn)
    of_x, of_h = x @ W_ih.T + b, h[:-1] @ W_hh.T
    r, z = sigmoid(of_x + of_h)[..., :H], sigmoid(of_x + of_h)[..., H : 2 * H]
    inner = of_h[..., 2 * H :] + b_hn
    n = np.tanh(of_x[..., 2 * H :] + r * inner)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db, db_hn = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b), np.zeros_like(b_hn)
    dh = dh_n
    for t in reversed(range(len(x))):
        dh = dh + dy[t]
        dn = dh * (1 - z[t]) * (1 - np.tanh(n[t]) ** 2)
        dz = dh * (h[t] - n[t]) * z[t] * (1 - z[t])
        dr = dn * inner[t] * r[t] * (1 - r[t])
        through_x, through_h = np.hstack([dr, dz, dn]), np.hstack([dr, dz, dn * r[t]])
        dx[t] = through_x @ W_ih
        dW_ih, dW_hh = dW_ih + through_x.T @ x[t], dW_hh + through_h.T @ h[t]
        db, db_hn = db + through_x.sum(axis=0), db_hn + through_h[:, 2 * H :].sum(axis=0)
        dh = dh * z[t] + through_h @ W_hh
    return dx, dh, dW_ih, dW_hh, db, db_hn


# %% id="gru-inside" wrong="gru-back" hint="inside"
def gru_backward(dy, dh_n, cache):
    x, h, W_ih, W_hh, b, b_hn = cache
    H = len(b_hn)
    of_x, of_h = x @ W_ih.T + b, h[:-1] @ W_hh.T
    r, z = sigmoid(of_x + of_h)[..., :H], sigmoid(of_x + of_h)[..., H : 2 * H]
    inner = of_h[..., 2 * H :] + b_hn
    n = np.tanh(of_x[..., 2 * H :] + r * inner)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db, db_hn = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b), np.zeros_like(b_hn)
    dh = dh_n
    for t in reversed(range(len(x))):
        dh = dh + dy[t]
        dn = dh * (1 - z[t]) * (1 - n[t] ** 2)
        dz = dh * (h[t] - n[t]) * z[t] * (1 - z[t])
        dr = dn * inner[t] * r[t] * (1 - r[t])
        through_x, through_h = np.hstack([dr, dz, dn]), np.hstack([dr, dz, dn])
        dx[t] = through_x @ W_ih
        dW_ih, dW_hh = dW_ih + through_x.T @ x[t], dW_hh + through_h.T @ h[t]
        db, db_hn = db + through_x.sum(axis=0), db_hn + through_h[:, 2 * H :].sum(axis=0)
        dh = dh * z[t] + through_h @ W_hh
    return dx, dh, dW_ih, dW_hh, db, db_hn


# %% id="gru-direct" wrong="gru-back" hint="direct"
def gru_backward(dy, dh_n, cache):
    x, h, W_ih, W_hh, b, b_hn = cache
    H = len(b_hn)
    of_x, of_h = x @ W_ih.T + b, h[:-1] @ W_hh.T
    r, z = sigmoid(of_x + of_h)[..., :H], sigmoid(of_x + of_h)[..., H : 2 * H]
    inner = of_h[..., 2 * H :] + b_hn
    n = np.tanh(of_x[..., 2 * H :] + r * inner)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db, db_hn = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b), np.zeros_like(b_hn)
    dh = dh_n
    for t in reversed(range(len(x))):
        dh = dh + dy[t]
        dn = dh * (1 - z[t]) * (1 - n[t] ** 2)
        dz = dh * (h[t] - n[t]) * z[t] * (1 - z[t])
        dr = dn * inner[t] * r[t] * (1 - r[t])
        through_x, through_h = np.hstack([dr, dz, dn]), np.hstack([dr, dz, dn * r[t]])
        dx[t] = through_x @ W_ih
        dW_ih, dW_hh = dW_ih + through_x.T @ x[t], dW_hh + through_h.T @ h[t]
        db, db_hn = db + through_x.sum(axis=0), db_hn + through_h[:, 2 * H :].sum(axis=0)
        dh = through_h @ W_hh
    return dx, dh, dW_ih, dW_hh, db, db_hn


# %% id="gru-transposed" wrong="gru-back" hint="transposed"
def gru_backward(dy, dh_n, cache):
    x, h, W_ih, W_hh, b, b_hn = cache
    H = len(b_hn)
    of_x, of_h = x @ W_ih.T + b, h[:-1] @ W_hh.T
    r, z = sigmoid(of_x + of_h)[..., :H], sigmoid(of_x + of_h)[..., H : 2 * H]
    inner = of_h[..., 2 * H :] + b_hn
    n = np.tanh(of_x[..., 2 * H :] + r * inner)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db, db_hn = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b), np.zeros_like(b_hn)
    dh = dh_n
    for t in reversed(range(len(x))):
        dh = dh + dy[t]
        dn = dh * (1 - z[t]) * (1 - n[t] ** 2)
        dz = dh * (h[t] - n[t]) * z[t] * (1 - z[t])
        dr = dn * inner[t] * r[t] * (1 - r[t])
        through_x, through_h = np.hstack([dr, dz, dn]), np.hstack([dr, dz, dn * r[t]])
        dx[t] = through_x @ W_ih
        dW_ih, dW_hh = dW_ih + through_x.T @ x[t], dW_hh + through_h.T @ h[t]
        db, db_hn = db + through_x.sum(axis=0), db_hn + through_h[:, 2 * H :].sum(axis=0)
        U_r, U_z, U_n = np.split(W_hh, 3)
        dh = dh * z[t] + dr @ U_r.T + dz @ U_z.T + (dn * r[t]) @ U_n.T
    return dx, dh, dW_ih, dW_hh, db, db_hn


# %% id="gru-batch-first" wrong="gru-back" hint="axes"
def gru_backward(dy, dh_n, cache):
    x, h, W_ih, W_hh, b, b_hn = cache
    H = len(b_hn)
    of_x, of_h = x @ W_ih.T + b, h[:-1] @ W_hh.T
    r, z = sigmoid(of_x + of_h)[..., :H], sigmoid(of_x + of_h)[..., H : 2 * H]
    inner = of_h[..., 2 * H :] + b_hn
    n = np.tanh(of_x[..., 2 * H :] + r * inner)
    dx = np.zeros((x.shape[1], x.shape[0], x.shape[2]))
    dW_ih, dW_hh, db, db_hn = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b), np.zeros_like(b_hn)
    dh = dh_n
    for t in reversed(range(len(x))):
        dh = dh + dy[t]
        dn = dh * (1 - z[t]) * (1 - n[t] ** 2)
        dz = dh * (h[t] - n[t]) * z[t] * (1 - z[t])
        dr = dn * inner[t] * r[t] * (1 - r[t])
        through_x, through_h = np.hstack([dr, dz, dn]), np.hstack([dr, dz, dn * r[t]])
        dx[:, t] = through_x @ W_ih
        dW_ih, dW_hh = dW_ih + through_x.T @ x[t], dW_hh + through_h.T @ h[t]
        db, db_hn = db + through_x.sum(axis=0), db_hn + through_h[:, 2 * H :].sum(axis=0)
        dh = dh * z[t] + through_h @ W_hh
    return dx, dh, dW_ih, dW_hh, db, db_hn


# %% id="gru-no-time" wrong="gru-back" hint="time"
def gru_backward(dy, dh_n, cache):
    x, h, W_ih, W_hh, b, b_hn = cache
    H = len(b_hn)
    of_x, of_h = x @ W_ih.T + b, h[:-1] @ W_hh.T
    r, z = sigmoid(of_x + of_h)[..., :H], sigmoid(of_x + of_h)[..., H : 2 * H]
    inner = of_h[..., 2 * H :] + b_hn
    n = np.tanh(of_x[..., 2 * H :] + r * inner)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db, db_hn = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b), np.zeros_like(b_hn)
    dh = dh_n
    for t in reversed(range(len(x))):
        dh = dy[t] + dh_n if t == len(x) - 1 else dy[t]
        dn = dh * (1 - z[t]) * (1 - n[t] ** 2)
        dz = dh * (h[t] - n[t]) * z[t] * (1 - z[t])
        dr = dn * inner[t] * r[t] * (1 - r[t])
        through_x, through_h = np.hstack([dr, dz, dn]), np.hstack([dr, dz, dn * r[t]])
        dx[t] = through_x @ W_ih
        dW_ih, dW_hh = dW_ih + through_x.T @ x[t], dW_hh + through_h.T @ h[t]
        db, db_hn = db + through_x.sum(axis=0), db_hn + through_h[:, 2 * H :].sum(axis=0)
        dh = dh * z[t] + through_h @ W_hh
    return dx, dh, dW_ih, dW_hh, db, db_hn


# %% id="gru-overwritten" wrong="gru-back" hint="overwritten"
def gru_backward(dy, dh_n, cache):
    x, h, W_ih, W_hh, b, b_hn = cache
    H = len(b_hn)
    of_x, of_h = x @ W_ih.T + b, h[:-1] @ W_hh.T
    r, z = sigmoid(of_x + of_h)[..., :H], sigmoid(of_x + of_h)[..., H : 2 * H]
    inner = of_h[..., 2 * H :] + b_hn
    n = np.tanh(of_x[..., 2 * H :] + r * inner)
    dx, dhs = np.zeros_like(x), np.concatenate([np.zeros_like(dy[:1]), dy])
    dhs[-1] += dh_n
    dW_ih, dW_hh, db, db_hn = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b), np.zeros_like(b_hn)
    for t in reversed(range(len(x))):
        dh = dhs[t + 1]
        dn = dh * (1 - z[t]) * (1 - n[t] ** 2)
        dz = dh * (h[t] - n[t]) * z[t] * (1 - z[t])
        dr = dn * inner[t] * r[t] * (1 - r[t])
        through_x, through_h = np.hstack([dr, dz, dn]), np.hstack([dr, dz, dn * r[t]])
        dx[t] = through_x @ W_ih
        dW_ih, dW_hh = dW_ih + through_x.T @ x[t], dW_hh + through_h.T @ h[t]
        db, db_hn = db + through_x.sum(axis=0), db_hn + through_h[:, 2 * H :].sum(axis=0)
        dhs[t] = dh * z[t] + through_h @ W_hh
    return dx, dhs[0], dW_ih, dW_hh, db, db_hn


# %% id="gru-one-step" wrong="gru-back" hint="sum"
def gru_backward(dy, dh_n, cache):
    x, h, W_ih, W_hh, b, b_hn = cache
    H = len(b_hn)
    of_x, of_h = x @ W_ih.T + b, h[:-1] @ W_hh.T
    r, z = sigmoid(of_x + of_h)[..., :H], sigmoid(of_x + of_h)[..., H : 2 * H]
    inner = of_h[..., 2 * H :] + b_hn
    n = np.tanh(of_x[..., 2 * H :] + r * inner)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db, db_hn = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b), np.zeros_like(b_hn)
    dh = dh_n
    for t in reversed(range(len(x))):
        dh = dh + dy[t]
        dn = dh * (1 - z[t]) * (1 - n[t] ** 2)
        dz = dh * (h[t] - n[t]) * z[t] * (1 - z[t])
        dr = dn * inner[t] * r[t] * (1 - r[t])
        through_x, through_h = np.hstack([dr, dz, dn]), np.hstack([dr, dz, dn * r[t]])
        dx[t] = through_x @ W_ih
        dW_ih, dW_hh = through_x.T @ x[t], through_h.T @ h[t]
        db, db_hn = through_x.sum(axis=0), through_h[:, 2 * H :].sum(axis=0)
        dh = dh * z[t] + through_h @ W_hh
    return dx, dh, dW_ih, dW_hh, db, db_hn


# %% id="gru-in-place" wrong="gru-back" hint="pure"
def gru_backward(dy, dh_n, cache):
    x, h, W_ih, W_hh, b, b_hn = cache
    H = len(b_hn)
    of_x, of_h = x @ W_ih.T + b, h[:-1] @ W_hh.T
    r, z = sigmoid(of_x + of_h)[..., :H], sigmoid(of_x + of_h)[..., H : 2 * H]
    inner = of_h[..., 2 * H :] + b_hn
    n = np.tanh(of_x[..., 2 * H :] + r * inner)
    dx = np.zeros_like(x)
    dW_ih, dW_hh, db, db_hn = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros_like(b), np.zeros_like(b_hn)
    dh = dh_n
    for t in reversed(range(len(x))):
        dy[t] += dh
        dh = dy[t]
        dn = dh * (1 - z[t]) * (1 - n[t] ** 2)
        dz = dh * (h[t] - n[t]) * z[t] * (1 - z[t])
        dr = dn * inner[t] * r[t] * (1 - r[t])
        through_x, through_h = np.hstack([dr, dz, dn]), np.hstack([dr, dz, dn * r[t]])
        dx[t] = through_x @ W_ih
        dW_ih, dW_hh = dW_ih + through_x.T @ x[t], dW_hh + through_h.T @ h[t]
        db, db_hn = db + through_x.sum(axis=0), db_hn + through_h[:, 2 * H :].sum(axis=0)
        dh = dh * z[t] + through_h @ W_hh
    return dx, dh, dW_ih, dW_hh, db, db_hn


# %% id="gru-differences" wrong="gru-back" hint="by hand"
def gru_backward(dy, dh_n, cache):
    x, h, *weights = cache
    arguments = [x, h[0], *weights]

    def loss(*arguments):
        y, _ = gru_forward(*arguments)
        return np.sum(dy * y) + np.sum(dh_n * y[-1])

    gradients = []
    for k in range(6):
        gradient = np.zeros(arguments[k].shape)
        for place in np.ndindex(gradient.shape):
            ends = []
            for step in (1e-5, -1e-5):
                moved = [a.copy() for a in arguments]
                moved[k][place] += step
                ends.append(loss(*moved))
            gradient[place] = (ends[0] - ends[1]) / 2e-5
        gradients.append(gradient)
    return tuple(gradients)


# %% id="value-upper-only" wrong="value" hint="lower"
def clip_by_value(grads, tau):
    return [np.minimum(grad, tau) for grad in grads]


# %% id="value-sign" wrong="value" hint="sign"
def clip_by_value(grads, tau):
    return [tau * np.sign(grad) for grad in grads]


# %% id="value-scaled" wrong="value" hint="scaled"
def clip_by_value(grads, tau):
    return [grad * min(1, tau / np.abs(grad).max()) for grad in grads]


# %% id="value-in-place" wrong="value" hint="pure"
def clip_by_value(grads, tau):
    for grad in grads:
        np.clip(grad, -tau, tau, out=grad)
    return grads


# %% id="norm-each" wrong="norm" hint="each"
def clip_by_norm(grads, tau):
    norm = float(np.sqrt(sum(np.sum(grad**2) for grad in grads)))
    return [grad * min(1, tau / max(np.linalg.norm(grad), 1e-12)) for grad in grads], norm


# %% id="norm-up" wrong="norm" hint="up"
def clip_by_norm(grads, tau):
    norm = float(np.sqrt(sum(np.sum(grad**2) for grad in grads)))
    return [grad * (tau / norm) if norm else grad for grad in grads], norm


# %% id="norm-added" wrong="norm" hint="added"
def clip_by_norm(grads, tau):
    norm = float(sum(np.linalg.norm(grad) for grad in grads))
    return [grad * min(1, tau / norm) if norm else grad for grad in grads], norm


# %% id="norm-no-root" wrong="norm" hint="root"
def clip_by_norm(grads, tau):
    norm = float(sum(np.sum(grad**2) for grad in grads))
    return [grad * min(1, tau / norm) if norm else grad for grad in grads], norm


# %% id="norm-after" wrong="norm" hint="after"
def clip_by_norm(grads, tau):
    norm = float(np.sqrt(sum(np.sum(grad**2) for grad in grads)))
    return [grad * min(1, tau / norm) if norm else grad for grad in grads], min(norm, tau)


# %% id="norm-of-zero" wrong="norm" hint="nan"
def clip_by_norm(grads, tau):
    norm = np.sqrt(sum(np.sum(grad**2) for grad in grads))
    return [grad / norm * min(norm, tau) for grad in grads], float(norm)


# %% id="norm-in-place" wrong="norm" hint="pure"
def clip_by_norm(grads, tau):
    norm = float(np.sqrt(sum(np.sum(grad**2) for grad in grads)))
    for grad in grads:
        grad *= tau / norm if norm > tau else 1
    return grads, norm
