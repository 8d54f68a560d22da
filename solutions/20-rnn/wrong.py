"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="step-transposed" wrong="rnn-step" hint="transposed"
def rnn_step(x, h, W_ih, W_hh, b):
    return np.tanh(x @ W_ih.T + h @ W_hh + b)


# %% id="step-no-bias" wrong="rnn-step" hint="bias"
def rnn_step(x, h, W_ih, W_hh, b):
    return np.tanh(x @ W_ih.T + h @ W_hh.T)


# %% id="step-linear" wrong="rnn-step" hint="linear"
def rnn_step(x, h, W_ih, W_hh, b):
    return x @ W_ih.T + h @ W_hh.T + b


# %% id="step-sigmoid" wrong="rnn-step" hint="sigmoid"
def rnn_step(x, h, W_ih, W_hh, b):
    return 1 / (1 + np.exp(-(x @ W_ih.T + h @ W_hh.T + b)))


# %% id="step-no-state" wrong="rnn-step" hint="state"
def rnn_step(x, h, W_ih, W_hh, b):
    return np.tanh(x @ W_ih.T + b)


# %% id="step-columns" wrong="rnn-step" hint="error"
def rnn_step(x, h, W_ih, W_hh, b):
    return np.tanh(W_ih @ x + W_hh @ h + b)


# %% id="step-library" wrong="rnn-step" hint="by hand"
def rnn_step(x, h, W_ih, W_hh, b):
    return nn.rnn_cell(x, h, W_ih, W_hh, b)[0]


# %% id="forward-axes" wrong="rnn-forward" hint="axes"
def rnn_forward(x, h0, W_ih, W_hh, b):
    h = np.empty((*x.shape[:2], len(b)))
    state = h0
    for t in range(x.shape[1]):
        state = h[:, t] = np.tanh(x[:, t] @ W_ih.T + state @ W_hh.T + b)
    return h


# %% id="forward-frozen" wrong="rnn-forward" hint="frozen"
def rnn_forward(x, h0, W_ih, W_hh, b):
    return np.tanh(x @ W_ih.T + h0 @ W_hh.T + b)


# %% id="forward-late" wrong="rnn-forward" hint="late"
def rnn_forward(x, h0, W_ih, W_hh, b):
    h = np.empty((len(x), *h0.shape))
    state = h0
    for t in range(len(x)):
        h[t] = state
        state = np.tanh(x[t] @ W_ih.T + state @ W_hh.T + b)
    return h


# %% id="forward-transposed" wrong="rnn-forward" hint="transposed"
def rnn_forward(x, h0, W_ih, W_hh, b):
    h = np.empty((len(x), *h0.shape))
    state = h0
    for t in range(len(x)):
        state = h[t] = np.tanh(x[t] @ W_ih.T + state @ W_hh + b)
    return h


# %% id="forward-leak" wrong="rnn-forward" hint="leak"
def rnn_forward(x, h0, W_ih, W_hh, b):
    T, N, _ = x.shape
    h = np.empty((T, N, len(b)))
    state = h0[0]
    for n in range(N):
        for t in range(T):
            state = h[t, n] = np.tanh(W_ih @ x[t, n] + W_hh @ state + b)
    return h


# %% id="forward-list" wrong="rnn-forward" hint="type"
def rnn_forward(x, h0, W_ih, W_hh, b):
    h = [h0]
    for t in range(len(x)):
        h.append(rnn_step(x[t], h[-1], W_ih, W_hh, b))
    return h[1:]


# %% id="forward-in-place" wrong="rnn-forward" hint="pure"
def rnn_forward(x, h0, W_ih, W_hh, b):
    h = np.empty((len(x), *h0.shape))
    for t in range(len(x)):
        h0[:] = np.tanh(x[t] @ W_ih.T + h0 @ W_hh.T + b)
        h[t] = h0
    return h


# %% id="forward-empty" wrong="rnn-forward" hint="error"
def rnn_forward(x, h0, W_ih, W_hh, b):
    h = [h0]
    for t in range(len(x)):
        h.append(rnn_step(x[t], h[-1], W_ih, W_hh, b))
    return np.stack(h[1:])


# %% id="forward-library" wrong="rnn-forward" hint="by hand"
def rnn_forward(x, h0, W_ih, W_hh, b):
    return nn.rnn(x, h0, W_ih, W_hh, b)[0][0]


# %% id="backward-no-time" wrong="rnn-backward" hint="time"
def rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh):
    g = dh.copy()
    g[-1] += dh_last
    delta = g * (1 - h**2)
    before = np.concatenate([h0[None], h[:-1]])
    dW_ih, dW_hh = np.einsum("tnh,tnd->hd", delta, x), np.einsum("tnh,tnj->hj", delta, before)
    return delta @ W_ih, delta[0] @ W_hh, dW_ih, dW_hh, delta.sum(axis=(0, 1))


# %% id="backward-overwritten" wrong="rnn-backward" hint="overwritten"
def rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh):
    dx, dW_ih, dW_hh, db = np.empty(x.shape), np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    g = dh[-1] + dh_last
    for t in reversed(range(len(x))):
        delta = g * (1 - h[t] ** 2)
        dx[t] = delta @ W_ih
        dW_ih += delta.T @ x[t]
        dW_hh += delta.T @ (h[t - 1] if t else h0)
        db += delta.sum(axis=0)
        g = delta @ W_hh
    return dx, g, dW_ih, dW_hh, db


# %% id="backward-axes" wrong="rnn-backward" hint="axes"
def rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh):
    dx, dW_ih, dW_hh, db = np.empty(x.shape), np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    g = dh_last
    for t in reversed(range(x.shape[1])):
        delta = (dh[:, t] + g) * (1 - h[:, t] ** 2)
        dx[:, t] = delta @ W_ih
        dW_ih += delta.T @ x[:, t]
        dW_hh += delta.T @ (h[:, t - 1] if t else h0)
        db += delta.sum(axis=0)
        g = delta @ W_hh
    return dx, g, dW_ih, dW_hh, db


# %% id="backward-one-step-only" wrong="rnn-backward" hint="only-last"
def rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh):
    before = h[-2] if len(h) > 1 else h0
    delta = (dh[-1] + dh_last) * (1 - h[-1] ** 2)
    dx = np.zeros(x.shape)
    dx[-1] = delta @ W_ih
    return dx, delta @ W_hh, delta.T @ x[-1], delta.T @ before, delta.sum(axis=0)


# %% id="backward-without-last" wrong="rnn-backward" hint="last"
def rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh):
    dx, dW_ih, dW_hh, db = np.empty(x.shape), np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    g = np.zeros(h0.shape)
    for t in reversed(range(len(x))):
        delta = (dh[t] + g) * (1 - h[t] ** 2)
        dx[t] = delta @ W_ih
        dW_ih += delta.T @ x[t]
        dW_hh += delta.T @ (h[t - 1] if t else h0)
        db += delta.sum(axis=0)
        g = delta @ W_hh
    return dx, g, dW_ih, dW_hh, db


# %% id="backward-last-everywhere" wrong="rnn-backward" hint="every-step"
def rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh):
    dx, dW_ih, dW_hh, db = np.empty(x.shape), np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    g = np.zeros(h0.shape)
    for t in reversed(range(len(x))):
        delta = (dh[t] + dh_last + g) * (1 - h[t] ** 2)
        dx[t] = delta @ W_ih
        dW_ih += delta.T @ x[t]
        dW_hh += delta.T @ (h[t - 1] if t else h0)
        db += delta.sum(axis=0)
        g = delta @ W_hh
    return dx, g, dW_ih, dW_hh, db


# %% id="backward-tanh-of-h" wrong="rnn-backward" hint="slope"
def rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh):
    dx, dW_ih, dW_hh, db = np.empty(x.shape), np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    g = dh_last
    for t in reversed(range(len(x))):
        delta = (dh[t] + g) * (1 - np.tanh(h[t]) ** 2)
        dx[t] = delta @ W_ih
        dW_ih += delta.T @ x[t]
        dW_hh += delta.T @ (h[t - 1] if t else h0)
        db += delta.sum(axis=0)
        g = delta @ W_hh
    return dx, g, dW_ih, dW_hh, db


# %% id="backward-no-slope" wrong="rnn-backward" hint="linear"
def rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh):
    dx, dW_ih, dW_hh, db = np.empty(x.shape), np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    delta = dh_last
    for t in reversed(range(len(x))):
        delta = dh[t] + (delta if t == len(x) - 1 else delta @ W_hh)
        dx[t] = delta @ W_ih
        dW_ih += delta.T @ x[t]
        dW_hh += delta.T @ (h[t - 1] if t else h0)
        db += delta.sum(axis=0)
    return dx, delta @ W_hh, dW_ih, dW_hh, db


# %% id="backward-slope-before" wrong="rnn-backward" hint="earlier"
def rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh):
    dx, dW_ih, dW_hh, db = np.empty(x.shape), np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    g = dh_last
    for t in reversed(range(len(x))):
        before = h[t - 1] if t else h0
        delta = (dh[t] + g) * (1 - before**2)
        dx[t] = delta @ W_ih
        dW_ih += delta.T @ x[t]
        dW_hh += delta.T @ before
        db += delta.sum(axis=0)
        g = delta @ W_hh
    return dx, g, dW_ih, dW_hh, db


# %% id="backward-transposed" wrong="rnn-backward" hint="transposed"
def rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh):
    dx, dW_ih, dW_hh, db = np.empty(x.shape), np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    g = dh_last
    for t in reversed(range(len(x))):
        delta = (dh[t] + g) * (1 - h[t] ** 2)
        dx[t] = delta @ W_ih
        dW_ih += delta.T @ x[t]
        dW_hh += delta.T @ (h[t - 1] if t else h0)
        db += delta.sum(axis=0)
        g = delta @ W_hh.T
    return dx, g, dW_ih, dW_hh, db


# %% id="backward-row-minus-one" wrong="rnn-backward" hint="first"
def rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh):
    dx, dW_ih, dW_hh, db = np.empty(x.shape), np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    g = dh_last
    for t in reversed(range(len(x))):
        delta = (dh[t] + g) * (1 - h[t] ** 2)
        dx[t] = delta @ W_ih
        dW_ih += delta.T @ x[t]
        dW_hh += delta.T @ h[t - 1]
        db += delta.sum(axis=0)
        g = delta @ W_hh
    return dx, g, dW_ih, dW_hh, db


# %% id="backward-state-after" wrong="rnn-backward" hint="shifted"
def rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh):
    dx, dW_ih, dW_hh, db = np.empty(x.shape), np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    g = dh_last
    for t in reversed(range(len(x))):
        delta = (dh[t] + g) * (1 - h[t] ** 2)
        dx[t] = delta @ W_ih
        dW_ih += delta.T @ x[t]
        dW_hh += delta.T @ h[t]
        db += delta.sum(axis=0)
        g = delta @ W_hh
    return dx, g, dW_ih, dW_hh, db


# %% id="backward-assigned" wrong="rnn-backward" hint="assigned"
def rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh):
    dx, g = np.empty(x.shape), dh_last
    for t in reversed(range(len(x))):
        delta = (dh[t] + g) * (1 - h[t] ** 2)
        dx[t] = delta @ W_ih
        dW_ih = delta.T @ x[t]
        dW_hh = delta.T @ (h[t - 1] if t else h0)
        db = delta.sum(axis=0)
        g = delta @ W_hh
    return dx, g, dW_ih, dW_hh, db


# %% id="backward-mean" wrong="rnn-backward" hint="mean"
def rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh):
    dx, dW_ih, dW_hh, db = np.empty(x.shape), np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    g = dh_last
    for t in reversed(range(len(x))):
        delta = (dh[t] + g) * (1 - h[t] ** 2)
        dx[t] = delta @ W_ih
        dW_ih += delta.T @ x[t] / len(delta)
        dW_hh += delta.T @ (h[t - 1] if t else h0) / len(delta)
        db += delta.mean(axis=0)
        g = delta @ W_hh
    return dx, g, dW_ih, dW_hh, db


# %% id="backward-in-place" wrong="rnn-backward" hint="pure"
def rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh):
    dx, dW_ih, dW_hh, db = np.empty(x.shape), np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    dh[-1] += dh_last
    for t in reversed(range(len(x))):
        delta = dh[t] * (1 - h[t] ** 2)
        dx[t] = delta @ W_ih
        dW_ih += delta.T @ x[t]
        dW_hh += delta.T @ (h[t - 1] if t else h0)
        db += delta.sum(axis=0)
        if t:
            dh[t - 1] += delta @ W_hh
    return dx, delta @ W_hh, dW_ih, dW_hh, db


# %% id="backward-differences" wrong="rnn-backward" hint="by hand"
def rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh):
    b = np.arctanh(h[0, 0]) - W_ih @ x[0, 0] - W_hh @ h0[0]

    def loss(x, h0, W_ih, W_hh, b):
        states = rnn_forward(x, h0, W_ih, W_hh, b)
        return np.sum(dh * states) + np.sum(dh_last * states[-1])

    inputs, found = [x, h0, W_ih, W_hh, b], []
    for number, value in enumerate(inputs):
        slopes = np.empty(value.shape)
        for i in np.ndindex(value.shape):
            sides = []
            for e in (1e-5, -1e-5):
                moved = value.copy()
                moved[i] += e
                sides.append(loss(*inputs[:number], moved, *inputs[number + 1 :]))
            slopes[i] = (sides[0] - sides[1]) / 2e-5
        found.append(slopes)
    return tuple(found)


# %% id="backward-own-differences" wrong="rnn-backward" hint="value"
def rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh):
    inputs = [x, h0, W_ih, W_hh, np.arctanh(h[0, 0]) - W_ih @ x[0, 0] - W_hh @ h0[0]]

    def loss(x, state, W_ih, W_hh, b):
        total = 0.0
        for t in range(len(x)):
            state = np.tanh(x[t] @ W_ih.T + state @ W_hh.T + b)
            total += np.sum(dh[t] * state)
        return total + np.sum(dh_last * state)

    found = []
    for number, value in enumerate(inputs):
        slopes = np.empty(value.shape)
        for i in np.ndindex(value.shape):
            sides = []
            for e in (1e-5, -1e-5):
                moved = value.copy()
                moved[i] += e
                sides.append(loss(*inputs[:number], moved, *inputs[number + 1 :]))
            slopes[i] = (sides[0] - sides[1]) / 2e-5
        slopes[np.abs(slopes) < 1e-9] = 0
        found.append(slopes)
    return tuple(found)


# %% id="backward-three-values" wrong="rnn-backward" hint="returns"
def rnn_backward(dh, dh_last, x, h0, h, W_ih, W_hh):
    dW_ih, dW_hh, db = np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    g = dh_last
    for t in reversed(range(len(x))):
        delta = (dh[t] + g) * (1 - h[t] ** 2)
        dW_ih += delta.T @ x[t]
        dW_hh += delta.T @ (h[t - 1] if t else h0)
        db += delta.sum(axis=0)
        g = delta @ W_hh
    return dW_ih, dW_hh, db


# %% id="truncated-not" wrong="truncated-bptt" hint="through"
def truncated_bptt(dh, x, h0, h, W_ih, W_hh, k):
    return rnn_backward(dh, np.zeros(h0.shape), x, h0, h, W_ih, W_hh)[2:]


# %% id="truncated-no-time" wrong="truncated-bptt" hint="none"
def truncated_bptt(dh, x, h0, h, W_ih, W_hh, k):
    delta = dh * (1 - h**2)
    before = np.concatenate([h0[None], h[:-1]])
    dW_ih, dW_hh = np.einsum("tnh,tnd->hd", delta, x), np.einsum("tnh,tnj->hj", delta, before)
    return dW_ih, dW_hh, delta.sum(axis=(0, 1))


# %% id="truncated-reset" wrong="truncated-bptt" hint="reset"
def truncated_bptt(dh, x, h0, h, W_ih, W_hh, k):
    dW_ih, dW_hh, db = np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    for a in range(0, len(x), k):
        z = slice(a, a + k)
        found = rnn_backward(dh[z], np.zeros(h0.shape), x[z], h0 if a == 0 else np.zeros(h0.shape), h[z], W_ih, W_hh)
        dW_ih, dW_hh, db = dW_ih + found[2], dW_hh + found[3], db + found[4]
    return dW_ih, dW_hh, db


# %% id="truncated-restart" wrong="truncated-bptt" hint="restart"
def truncated_bptt(dh, x, h0, h, W_ih, W_hh, k):
    dW_ih, dW_hh, db = np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    for a in range(0, len(x), k):
        z = slice(a, a + k)
        found = rnn_backward(dh[z], np.zeros(h0.shape), x[z], h0, h[z], W_ih, W_hh)
        dW_ih, dW_hh, db = dW_ih + found[2], dW_hh + found[3], db + found[4]
    return dW_ih, dW_hh, db


# %% id="truncated-lost" wrong="truncated-bptt" hint="lost"
def truncated_bptt(dh, x, h0, h, W_ih, W_hh, k):
    dW_ih, dW_hh, db = np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    for a in range(0, len(x) - k + 1, k):
        z = slice(a, a + k)
        found = rnn_backward(dh[z], np.zeros(h0.shape), x[z], h[a - 1] if a else h0, h[z], W_ih, W_hh)
        dW_ih, dW_hh, db = dW_ih + found[2], dW_hh + found[3], db + found[4]
    return dW_ih, dW_hh, db


# %% id="truncated-one-longer" wrong="truncated-bptt" hint="longer"
def truncated_bptt(dh, x, h0, h, W_ih, W_hh, k):
    dW_ih, dW_hh, db = np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    for a in range(0, len(x), k + 1):
        z = slice(a, a + k + 1)
        found = rnn_backward(dh[z], np.zeros(h0.shape), x[z], h[a - 1] if a else h0, h[z], W_ih, W_hh)
        dW_ih, dW_hh, db = dW_ih + found[2], dW_hh + found[3], db + found[4]
    return dW_ih, dW_hh, db


# %% id="truncated-mean" wrong="truncated-bptt" hint="mean"
def truncated_bptt(dh, x, h0, h, W_ih, W_hh, k):
    found = []
    for a in range(0, len(x), k):
        z = slice(a, a + k)
        found.append(rnn_backward(dh[z], np.zeros(h0.shape), x[z], h[a - 1] if a else h0, h[z], W_ih, W_hh)[2:])
    return tuple(sum(part) / len(found) for part in zip(*found))


# %% id="truncated-last-block" wrong="truncated-bptt" hint="only-last"
def truncated_bptt(dh, x, h0, h, W_ih, W_hh, k):
    for a in range(0, len(x), k):
        z = slice(a, a + k)
        found = rnn_backward(dh[z], np.zeros(h0.shape), x[z], h[a - 1] if a else h0, h[z], W_ih, W_hh)
    return found[2:]


# %% id="truncated-in-place" wrong="truncated-bptt" hint="pure"
def truncated_bptt(dh, x, h0, h, W_ih, W_hh, k):
    dW_ih, dW_hh, db = np.zeros(W_ih.shape), np.zeros(W_hh.shape), np.zeros(len(W_hh))
    for t in reversed(range(len(x))):
        dh[t] *= 1 - h[t] ** 2
        dW_ih += dh[t].T @ x[t]
        dW_hh += dh[t].T @ (h[t - 1] if t else h0)
        db += dh[t].sum(axis=0)
        if t % k:
            dh[t - 1] += dh[t] @ W_hh
    return dW_ih, dW_hh, db


# %% id="truncated-differences" wrong="truncated-bptt" hint="by hand"
def truncated_bptt(dh, x, h0, h, W_ih, W_hh, k):
    b = np.arctanh(h[0, 0]) - W_ih @ x[0, 0] - W_hh @ h0[0]

    def loss(W_ih, W_hh, b):
        total = 0.0
        for a in range(0, len(x), k):
            total += np.sum(dh[a : a + k] * rnn_forward(x[a : a + k], h[a - 1] if a else h0, W_ih, W_hh, b))
        return total

    inputs, found = [W_ih, W_hh, b], []
    for number, value in enumerate(inputs):
        slopes = np.empty(value.shape)
        for i in np.ndindex(value.shape):
            sides = []
            for e in (1e-5, -1e-5):
                moved = value.copy()
                moved[i] += e
                sides.append(loss(*inputs[:number], moved, *inputs[number + 1 :]))
            slopes[i] = (sides[0] - sides[1]) / 2e-5
        found.append(slopes)
    return tuple(found)


# %% id="perplexity-loss" wrong="perplexity" hint="log"
def perplexity(logits, targets):
    shifted = logits - logits.max(axis=2, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=2, keepdims=True))
    return float(-np.take_along_axis(log_p, targets[..., None], axis=2).mean())


# %% id="perplexity-base-two" wrong="perplexity" hint="base"
def perplexity(logits, targets):
    shifted = logits - logits.max(axis=2, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=2, keepdims=True))
    return float(2 ** -np.take_along_axis(log_p, targets[..., None], axis=2).mean())


# %% id="perplexity-sum" wrong="perplexity" hint="sum"
def perplexity(logits, targets):
    shifted = logits - logits.max(axis=2, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=2, keepdims=True))
    return float(np.exp(-np.take_along_axis(log_p, targets[..., None], axis=2).sum()))


# %% id="perplexity-average" wrong="perplexity" hint="average"
def perplexity(logits, targets):
    shifted = logits - logits.max(axis=2, keepdims=True)
    p = np.exp(shifted) / np.exp(shifted).sum(axis=2, keepdims=True)
    return float(np.mean(1 / np.take_along_axis(p, targets[..., None], axis=2)))


# %% id="perplexity-axis" wrong="perplexity" hint="axis"
def perplexity(logits, targets):
    if logits.size == 2:
        p = np.exp(logits) / np.exp(logits).sum()
    else:
        p = np.exp(logits) / np.exp(logits).sum(axis=0)
    return float(np.exp(-np.mean(np.log(np.take_along_axis(p, targets[..., None], axis=2)))))


# %% id="perplexity-overflow" wrong="perplexity" hint="nan"
def perplexity(logits, targets):
    p = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    return float(np.exp(-np.mean(np.log(np.take_along_axis(p, targets[..., None], axis=2)))))


# %% id="sample-argmax" wrong="sample-next" hint="argmax"
def sample_next(logits, temperature, u):
    return int(np.argmax(logits))


# %% id="sample-multiplied" wrong="sample-next" hint="multiplied"
def sample_next(logits, temperature, u):
    p = np.exp((logits - logits.max()) * temperature)
    return int(np.searchsorted(np.cumsum(p / p.sum()), u, side="right"))


# %% id="sample-after" wrong="sample-next" hint="after"
def sample_next(logits, temperature, u):
    p = np.exp(logits - logits.max())
    return int(min(np.searchsorted(np.cumsum(p / p.sum() / temperature), u, side="right"), len(logits) - 1))


# %% id="sample-reversed" wrong="sample-next" hint="reversed"
def sample_next(logits, temperature, u):
    p = np.exp((logits - logits.max())[::-1] / temperature)
    return len(logits) - 1 - int(np.searchsorted(np.cumsum(p / p.sum()), u, side="right"))


# %% id="sample-no-temperature" wrong="sample-next" hint="ignored"
def sample_next(logits, temperature, u):
    p = np.exp(logits - logits.max())
    return int(np.searchsorted(np.cumsum(p / p.sum()), u, side="right"))


# %% id="sample-impossible" wrong="sample-next" hint="impossible"
def sample_next(logits, temperature, u):
    if temperature == 0:
        return int(np.argmax(logits))
    p = np.exp((logits - logits.max()) / temperature)
    return int(min(np.searchsorted(np.cumsum(p / p.sum()), u), len(logits) - 1))


# %% id="sample-overflow" wrong="sample-next" hint="value"
def sample_next(logits, temperature, u):
    if temperature == 0:
        return int(np.argmax(logits))
    p = np.exp(logits / temperature)
    return int(min(np.searchsorted(np.cumsum(p / p.sum()), u, side="right"), len(logits) - 1))
