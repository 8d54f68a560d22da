"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="l1-ratio" wrong="l1-step" hint="nan"
def l1_sgd_step(w, g, eta, lmbda, n):
    return w - eta * g - eta * lmbda / n * w / abs(w)


# %% id="l1-as-l2" wrong="l1-step" hint="l2"
def l1_sgd_step(w, g, eta, lmbda, n):
    return (1 - eta * lmbda / n) * w - eta * g


# %% id="l1-half" wrong="l1-step" hint="half"
def l1_sgd_step(w, g, eta, lmbda, n):
    return w - eta * g - eta * lmbda / (2 * n) * np.sign(w)


# %% id="l1-corner" wrong="l1-step" hint="corner"
def l1_sgd_step(w, g, eta, lmbda, n):
    return w - eta * g - eta * lmbda / n * np.where(w >= 0, 1.0, -1.0)


# %% id="soft-hard" wrong="soft" hint="hard"
def soft_threshold(u, tau):
    return np.where(np.abs(u) > tau, u, 0.0)


# %% id="soft-beyond" wrong="soft" hint="beyond"
def soft_threshold(u, tau):
    return np.sign(u) * (np.abs(u) - tau)


# %% id="soft-negative" wrong="soft" hint="negative"
def soft_threshold(u, tau):
    return np.maximum(u - tau, 0)


# %% id="dropout-no-scale" wrong="dropout-forward" hint="scale"
def dropout_forward(a, p, u, training):
    if not 0 <= p < 1:
        raise ValueError("p")
    mask = (u >= p) * 1.0 if training else np.ones(a.shape)
    return a * mask, mask


# %% id="dropout-keep" wrong="dropout-forward" hint="keep"
def dropout_forward(a, p, u, training):
    if not 0 <= p < 1:
        raise ValueError("p")
    mask = (u < p) / p if training else np.ones(a.shape)
    return a * mask, mask


# %% id="dropout-row" wrong="dropout-forward" hint="row"
def dropout_forward(a, p, u, training):
    if not 0 <= p < 1:
        raise ValueError("p")
    mask = np.tile((u[0] >= p) / (1 - p), (len(a), 1)) if training else np.ones(a.shape)
    return a * mask, mask


# %% id="dropout-test" wrong="dropout-forward" hint="test"
def dropout_forward(a, p, u, training):
    if not 0 <= p < 1:
        raise ValueError("p")
    if not training:
        return a * (1 - p), np.ones(a.shape)
    mask = (u >= p) / (1 - p)
    return a * mask, mask


# %% id="dropout-accepts" wrong="dropout-forward" hint="raises"
def dropout_forward(a, p, u, training):
    mask = (u >= p) / max(1 - p, 1e-9) if training else np.ones(a.shape)
    return a * mask, mask


# %% id="backward-unmasked" wrong="hidden-backward" hint="unmasked"
def hidden_backward(dh, x, W, b, mask):
    a = np.tanh(x @ W.T + b)
    dz = dh * (1 - a * a)
    return dz @ W, dz.T @ x, dz.sum(axis=0)


# %% id="backward-factor" wrong="hidden-backward" hint="factor"
def hidden_backward(dh, x, W, b, mask):
    a = np.tanh(x @ W.T + b)
    dz = dh * (mask > 0) * (1 - a * a)
    return dz @ W, dz.T @ x, dz.sum(axis=0)


# %% id="backward-slope" wrong="hidden-backward" hint="slope"
def hidden_backward(dh, x, W, b, mask):
    dz = dh * mask
    return dz @ W, dz.T @ x, dz.sum(axis=0)


# %% id="backward-output" wrong="hidden-backward" hint="output"
def hidden_backward(dh, x, W, b, mask):
    h = np.tanh(x @ W.T + b) * mask
    dz = dh * mask * (1 - h * h)
    return dz @ W, dz.T @ x, dz.sum(axis=0)


# %% id="backward-mean" wrong="hidden-backward" hint="mean"
def hidden_backward(dh, x, W, b, mask):
    a = np.tanh(x @ W.T + b)
    dz = dh * mask * (1 - a * a) / len(x)
    return dz @ W, dz.T @ x, dz.sum(axis=0)


# %% id="backward-twice" wrong="hidden-backward" hint="twice"
def hidden_backward(dh, x, W, b, mask):
    a = np.tanh(x @ W.T + b)
    dz = (dh * mask) * mask * (1 - a * a)
    return dz @ W, dz.T @ x, dz.sum(axis=0)


# %% id="backward-differences" wrong="hidden-backward" hint="by hand"
def hidden_backward(dh, x, W, b, mask):
    gradients = []
    arrays = [x, W, b]
    for k in range(3):
        gradient = np.zeros(arrays[k].shape)
        for i in np.ndindex(gradient.shape):
            ends = []
            for step in (1e-5, -1e-5):
                moved = [array.copy() for array in arrays]
                moved[k][i] += step
                ends.append(np.sum(dh * hidden_layer(*moved, mask)))
            gradient[i] = (ends[0] - ends[1]) / 2e-5
        gradients.append(gradient)
    return tuple(gradients)


# %% id="elastic-sign" wrong="elastic" hint="sign"
def elastic_deformation(img, dy, dx):
    return bilinear(img, -dy, -dx)


def bilinear(img, dy, dx):
    H, W = img.shape
    i, j = np.indices((H, W))
    wide = np.pad(img, 1)
    r, c = np.clip(i + dy, -1, H) + 1, np.clip(j + dx, -1, W) + 1
    r0, c0 = np.minimum(r.astype(int), H), np.minimum(c.astype(int), W)
    s, t = r - r0, c - c0
    upper = (1 - t) * wide[r0, c0] + t * wide[r0, c0 + 1]
    lower = (1 - t) * wide[r0 + 1, c0] + t * wide[r0 + 1, c0 + 1]
    return (1 - s) * upper + s * lower


# %% id="elastic-swapped" wrong="elastic" hint="swapped"
def elastic_deformation(img, dy, dx):
    H, W = img.shape
    i, j = np.indices((H, W))
    wide = np.pad(img, 1)
    r, c = np.clip(i + dx, -1, H) + 1, np.clip(j + dy, -1, W) + 1
    r0, c0 = np.minimum(r.astype(int), H), np.minimum(c.astype(int), W)
    s, t = r - r0, c - c0
    upper = (1 - t) * wide[r0, c0] + t * wide[r0, c0 + 1]
    lower = (1 - t) * wide[r0 + 1, c0] + t * wide[r0 + 1, c0 + 1]
    return (1 - s) * upper + s * lower


# %% id="elastic-nearest" wrong="elastic" hint="nearest"
def elastic_deformation(img, dy, dx):
    H, W = img.shape
    i, j = np.indices((H, W))
    r, c = np.rint(i + dy).astype(int), np.rint(j + dx).astype(int)
    inside = (r >= 0) & (r < H) & (c >= 0) & (c < W)
    return np.where(inside, img[np.clip(r, 0, H - 1), np.clip(c, 0, W - 1)], 0.0)


# %% id="elastic-edge" wrong="elastic" hint="edge"
def elastic_deformation(img, dy, dx):
    H, W = img.shape
    i, j = np.indices((H, W))
    r, c = np.clip(i + dy, 0, H - 1), np.clip(j + dx, 0, W - 1)
    r0, c0 = np.floor(r).astype(int), np.floor(c).astype(int)
    r1, c1 = np.minimum(r0 + 1, H - 1), np.minimum(c0 + 1, W - 1)
    s, t = r - r0, c - c0
    return (1 - s) * ((1 - t) * img[r0, c0] + t * img[r0, c1]) + s * ((1 - t) * img[r1, c0] + t * img[r1, c1])


# %% id="elastic-wrap" wrong="elastic" hint="wrap"
def elastic_deformation(img, dy, dx):
    H, W = img.shape
    i, j = np.indices((H, W))
    r, c = i + dy, j + dx
    r0, c0 = np.floor(r).astype(int), np.floor(c).astype(int)
    s, t = r - r0, c - c0
    upper = (1 - t) * img[r0 % H, c0 % W] + t * img[r0 % H, (c0 + 1) % W]
    lower = (1 - t) * img[(r0 + 1) % H, c0 % W] + t * img[(r0 + 1) % H, (c0 + 1) % W]
    return (1 - s) * upper + s * lower
