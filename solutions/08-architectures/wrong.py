"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""

# %% id="kind-triangle" wrong="kind" hint="order"
def architecture_kind(W):
    if not np.triu(W).any() or not np.tril(W).any():
        return "feedforward"
    if np.allclose(W, W.T) and not np.diag(W).any():
        return "symmetric"
    return "recurrent"


# %% id="kind-symmetric-first" wrong="kind" hint="zero"
def architecture_kind(W):
    if np.abs(W - W.T).max() < 1e-9 and not np.diag(W).any():
        return "symmetric"
    paths = W != 0
    for _ in range(len(W)):
        paths = paths @ (W != 0)
    return "recurrent" if paths.any() else "feedforward"


# %% id="kind-no-self-loop" wrong="kind" hint="self-loop"
def architecture_kind(W):
    connected = (W != 0) & ~np.eye(len(W), dtype=bool)
    paths = connected
    for _ in range(len(W)):
        paths = paths @ connected
    if not paths.any():
        return "feedforward"
    return "symmetric" if np.abs(W - W.T).max() < 1e-9 else "recurrent"


# %% id="kind-with-diagonal" wrong="kind" hint="diagonal"
def architecture_kind(W):
    paths = W != 0
    for _ in range(len(W)):
        paths = paths @ (W != 0)
    if not paths.any():
        return "feedforward"
    return "symmetric" if np.abs(W - W.T).max() < 1e-9 else "recurrent"


# %% id="kind-exactly" wrong="kind" hint="noise"
def architecture_kind(W):
    paths = W != 0
    for _ in range(len(W)):
        paths = paths @ (W != 0)
    if not paths.any():
        return "feedforward"
    return "symmetric" if (W == W.T).all() and not np.diag(W).any() else "recurrent"


# %% id="hopfield-diagonal" wrong="hopfield" hint="diagonal"
def store(P):
    return P.T @ P / P.shape[1]


def energy(W, s):
    return -0.5 * s @ W @ s


# %% id="hopfield-by-patterns" wrong="hopfield" hint="patterns"
def store(P):
    W = P.T @ P / len(P)
    return W - np.diag(np.diag(W))


def energy(W, s):
    return -0.5 * s @ W @ s


# %% id="hopfield-zero-one" wrong="hopfield" hint="zero-one"
def store(P):
    on = (P > 0).astype(float)
    W = on.T @ on / P.shape[1]
    return W - np.diag(np.diag(W))


def energy(W, s):
    return -0.5 * s @ W @ s


# %% id="hopfield-no-half" wrong="hopfield" hint="half"
def store(P):
    W = P.T @ P / P.shape[1]
    return W - np.diag(np.diag(W))


def energy(W, s):
    return -s @ W @ s


# %% id="hopfield-uphill" wrong="hopfield" hint="sign"
def store(P):
    W = P.T @ P / P.shape[1]
    return W - np.diag(np.diag(W))


def energy(W, s):
    return 0.5 * s @ W @ s


# %% id="hopfield-library" wrong="hopfield" hint="by hand"
def store(P):
    return hopfield.hebb(P)


def energy(W, s):
    return hopfield.energy(W, s)


# %% id="recall-together" wrong="recall" hint="together"
def recall(W, s, order):
    heard = W @ s
    return np.where(heard == 0, s, np.sign(heard))


# %% id="recall-first-to-last" wrong="recall" hint="order"
def recall(W, s, order):
    s = s.copy()
    for i in range(len(s)):
        heard = W[i] @ s
        if heard != 0:
            s[i] = np.sign(heard)
    return s


# %% id="recall-only-once" wrong="recall" hint="once"
def recall(W, s, order):
    s = s.copy()
    for i in order:
        heard = W[i] @ s
        if heard * s[i] < 0:
            s[i] = np.sign(heard)
            return s
    return s


# %% id="recall-tie-up" wrong="recall" hint="tie"
def recall(W, s, order):
    s = s.copy()
    for i in order:
        s[i] = 1.0 if W[i] @ s >= 0 else -1.0
    return s


# %% id="recall-sign" wrong="recall" hint="zero"
def recall(W, s, order):
    s = s.copy()
    for i in order:
        s[i] = np.sign(W[i] @ s)
    return s


# %% id="recall-in-place" wrong="recall" hint="pure"
def recall(W, s, order):
    for i in order:
        heard = W[i] @ s
        if heard != 0:
            s[i] = np.sign(heard)
    return s


# %% id="exact-swapped" wrong="exact" hint="swapped"
def rbm_gradient(v, W, a, b):
    states = all_states(W.shape[1])
    F = free_energy(states, W, a, b)
    p = np.exp(F.min() - F)
    p /= p.sum()
    h, hm = sigmoid(v @ W.T + b), sigmoid(states @ W.T + b)
    return (p[:, None] * hm).T @ states - h.T @ v / len(v), p @ states - v.mean(axis=0), p @ hm - h.mean(axis=0)


# %% id="exact-positive" wrong="exact" hint="positive"
def rbm_gradient(v, W, a, b):
    h = sigmoid(v @ W.T + b)
    return h.T @ v / len(v), v.mean(axis=0), h.mean(axis=0)


# %% id="exact-sum" wrong="exact" hint="sum"
def rbm_gradient(v, W, a, b):
    states = all_states(W.shape[1])
    F = free_energy(states, W, a, b)
    p = np.exp(F.min() - F)
    p /= p.sum()
    h, hm = sigmoid(v @ W.T + b), sigmoid(states @ W.T + b)
    return h.T @ v - (p[:, None] * hm).T @ states, v.sum(axis=0) - p @ states, h.sum(axis=0) - p @ hm


# %% id="exact-uniform" wrong="exact" hint="uniform"
def rbm_gradient(v, W, a, b):
    states = all_states(W.shape[1])
    h, hm = sigmoid(v @ W.T + b), sigmoid(states @ W.T + b)
    dW = h.T @ v / len(v) - hm.T @ states / len(states)
    return dW, v.mean(axis=0) - states.mean(axis=0), h.mean(axis=0) - hm.mean(axis=0)


# %% id="exact-unnormalised" wrong="exact" hint="unnormalised"
def rbm_gradient(v, W, a, b):
    states = all_states(W.shape[1])
    p = np.exp(-free_energy(states, W, a, b))
    h, hm = sigmoid(v @ W.T + b), sigmoid(states @ W.T + b)
    return h.T @ v / len(v) - (p[:, None] * hm).T @ states, v.mean(axis=0) - p @ states, h.mean(axis=0) - p @ hm


# %% id="exact-transposed" wrong="exact" hint="transposed"
def rbm_gradient(v, W, a, b):
    states = all_states(W.shape[1])
    F = free_energy(states, W, a, b)
    p = np.exp(F.min() - F)
    p /= p.sum()
    h, hm = sigmoid(v @ W.T + b), sigmoid(states @ W.T + b)
    dW = v.T @ h / len(v) - (p[:, None] * states).T @ hm
    return dW, v.mean(axis=0) - p @ states, h.mean(axis=0) - p @ hm


# %% id="exact-means" wrong="exact" hint="means"
def rbm_gradient(v, W, a, b):
    states = all_states(W.shape[1])
    F = free_energy(states, W, a, b)
    p = np.exp(F.min() - F)
    p /= p.sum()
    h, hm = sigmoid(v @ W.T + b).mean(axis=0), p @ sigmoid(states @ W.T + b)
    return np.outer(h, v.mean(axis=0)) - np.outer(hm, p @ states), v.mean(axis=0) - p @ states, h - hm


# %% id="exact-overflow" wrong="exact" hint="nan"
def rbm_gradient(v, W, a, b):
    states = all_states(W.shape[1])
    p = np.exp(-free_energy(states, W, a, b))
    p = p / p.sum()
    h, hm = sigmoid(v @ W.T + b), sigmoid(states @ W.T + b)
    return h.T @ v / len(v) - (p[:, None] * hm).T @ states, v.mean(axis=0) - p @ states, h.mean(axis=0) - p @ hm


# %% id="exact-differences" wrong="exact" hint="by hand"
def rbm_gradient(v, W, a, b):
    def slopes(f, x):
        out = np.empty(x.shape)
        for i in np.ndindex(x.shape):
            e = np.zeros(x.shape)
            e[i] = 1e-5
            out[i] = (f(x + e) - f(x - e)) / 2e-5
        return out

    return (
        slopes(lambda x: mean_log_probability(v, x, a, b), W),
        slopes(lambda x: mean_log_probability(v, W, x, b), a),
        slopes(lambda x: mean_log_probability(v, W, a, x), b),
    )


# %% id="cd-swapped" wrong="cd" hint="swapped"
def cd1(v, W, a, b, u_h, u_v):
    p = sigmoid(v @ W.T + b)
    v1 = (u_v < sigmoid((u_h < p) @ W + a)).astype(float)
    p1 = sigmoid(v1 @ W.T + b)
    return (p1.T @ v1 - p.T @ v) / len(v), (v1 - v).mean(axis=0), (p1 - p).mean(axis=0)


# %% id="cd-probabilities-down" wrong="cd" hint="drawn"
def cd1(v, W, a, b, u_h, u_v):
    p = sigmoid(v @ W.T + b)
    v1 = (u_v < sigmoid(p @ W + a)).astype(float)
    p1 = sigmoid(v1 @ W.T + b)
    return (p.T @ v - p1.T @ v1) / len(v), (v - v1).mean(axis=0), (p - p1).mean(axis=0)


# %% id="cd-probabilities-visible" wrong="cd" hint="reconstruction"
def cd1(v, W, a, b, u_h, u_v):
    p = sigmoid(v @ W.T + b)
    v1 = sigmoid((u_h < p) @ W + a)
    p1 = sigmoid(v1 @ W.T + b)
    return (p.T @ v - p1.T @ v1) / len(v), (v - v1).mean(axis=0), (p - p1).mean(axis=0)


# %% id="cd-draws-in-statistics" wrong="cd" hint="statistics"
def cd1(v, W, a, b, u_h, u_v):
    h = (u_h < sigmoid(v @ W.T + b)).astype(float)
    v1 = (u_v < sigmoid(h @ W + a)).astype(float)
    p1 = sigmoid(v1 @ W.T + b)
    return (h.T @ v - p1.T @ v1) / len(v), (v - v1).mean(axis=0), (h - p1).mean(axis=0)


# %% id="cd-sum" wrong="cd" hint="mean"
def cd1(v, W, a, b, u_h, u_v):
    p = sigmoid(v @ W.T + b)
    v1 = (u_v < sigmoid((u_h < p) @ W + a)).astype(float)
    p1 = sigmoid(v1 @ W.T + b)
    return p.T @ v - p1.T @ v1, (v - v1).sum(axis=0), (p - p1).sum(axis=0)


# %% id="cd-larger" wrong="cd" hint="turned"
def cd1(v, W, a, b, u_h, u_v):
    p = sigmoid(v @ W.T + b)
    v1 = (u_v > sigmoid((u_h > p) @ W + a)).astype(float)
    p1 = sigmoid(v1 @ W.T + b)
    return (p.T @ v - p1.T @ v1) / len(v), (v - v1).mean(axis=0), (p - p1).mean(axis=0)


# %% id="cd-transposed" wrong="cd" hint="shape"
def cd1(v, W, a, b, u_h, u_v):
    p = sigmoid(v @ W.T + b)
    v1 = (u_v < sigmoid((u_h < p) @ W + a)).astype(float)
    p1 = sigmoid(v1 @ W.T + b)
    return (v.T @ p - v1.T @ p1) / len(v), (v - v1).mean(axis=0), (p - p1).mean(axis=0)


# %% id="routing-unit" wrong="routing" hint="unit"
def squash(s):
    return s / (1 + np.linalg.norm(s, axis=-1, keepdims=True))


def route(u_hat, iterations):
    b = np.zeros(u_hat.shape[:2])
    for _ in range(iterations):
        c = np.exp(b) / np.exp(b).sum(axis=1, keepdims=True)
        v = squash((c[:, :, None] * u_hat).sum(axis=0))
        b = b + (u_hat * v).sum(axis=-1)
    return v


# %% id="routing-whole" wrong="routing" hint="whole"
def squash(s):
    r = np.sqrt(np.sum(s**2))
    return s * r / (1 + r**2)


def route(u_hat, iterations):
    b = np.zeros(u_hat.shape[:2])
    for _ in range(iterations):
        c = np.exp(b) / np.exp(b).sum(axis=1, keepdims=True)
        v = squash((c[:, :, None] * u_hat).sum(axis=0))
        b = b + (u_hat * v).sum(axis=-1)
    return v


# %% id="routing-nan" wrong="routing" hint="nan"
def squash(s):
    r = np.linalg.norm(s, axis=-1, keepdims=True)
    return r**2 / (1 + r**2) * s / r


def route(u_hat, iterations):
    b = np.zeros(u_hat.shape[:2])
    for _ in range(iterations):
        c = np.exp(b) / np.exp(b).sum(axis=1, keepdims=True)
        v = squash((c[:, :, None] * u_hat).sum(axis=0))
        b = b + (u_hat * v).sum(axis=-1)
    return v


# %% id="routing-inputs" wrong="routing" hint="inputs"
def squash(s):
    r = np.linalg.norm(s, axis=-1, keepdims=True)
    return s * r / (1 + r**2)


def route(u_hat, iterations):
    b = np.zeros(u_hat.shape[:2])
    for _ in range(iterations):
        c = np.exp(b) / np.exp(b).sum(axis=0, keepdims=True)
        v = squash((c[:, :, None] * u_hat).sum(axis=0))
        b = b + (u_hat * v).sum(axis=-1)
    return v


# %% id="routing-extra" wrong="routing" hint="extra"
def squash(s):
    r = np.linalg.norm(s, axis=-1, keepdims=True)
    return s * r / (1 + r**2)


def route(u_hat, iterations):
    b = np.zeros(u_hat.shape[:2])
    for _ in range(iterations):
        c = np.exp(b) / np.exp(b).sum(axis=1, keepdims=True)
        v = squash((c[:, :, None] * u_hat).sum(axis=0))
        b = b + (u_hat * v).sum(axis=-1)
    c = np.exp(b) / np.exp(b).sum(axis=1, keepdims=True)
    return squash((c[:, :, None] * u_hat).sum(axis=0))


# %% id="routing-replaced" wrong="routing" hint="accumulate"
def squash(s):
    r = np.linalg.norm(s, axis=-1, keepdims=True)
    return s * r / (1 + r**2)


def route(u_hat, iterations):
    b = np.zeros(u_hat.shape[:2])
    for _ in range(iterations):
        c = np.exp(b) / np.exp(b).sum(axis=1, keepdims=True)
        v = squash((c[:, :, None] * u_hat).sum(axis=0))
        b = (u_hat * v).sum(axis=-1)
    return v


# %% id="routing-uniform" wrong="routing" hint="uniform"
def squash(s):
    r = np.linalg.norm(s, axis=-1, keepdims=True)
    return s * r / (1 + r**2)


def route(u_hat, iterations):
    return squash(u_hat.sum(axis=0) / u_hat.shape[1])
