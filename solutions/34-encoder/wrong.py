"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="attention-width" wrong="attention" hint="width"
def attention(q, k, v, mask=None):
    scores = q @ k.swapaxes(-1, -2) / q.shape[-1]
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return weights @ v, weights


# %% id="attention-words" wrong="attention" hint="words"
def attention(q, k, v, mask=None):
    n = k.shape[-2]
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(n)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return weights @ v, weights


# %% id="attention-count" wrong="attention" hint="count"
def attention(q, k, v, mask=None):
    n = k.shape[-2]
    scores = q @ k.swapaxes(-1, -2) / n
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return weights @ v, weights


# %% id="attention-axis" wrong="attention" hint="axis"
def attention(q, k, v, mask=None):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-2, keepdims=True))
    weights = weights / weights.sum(axis=-2, keepdims=True)
    return weights @ v, weights


# %% id="attention-after" wrong="attention" hint="after"
def attention(q, k, v, mask=None):
    scores = q @ k.swapaxes(-1, -2)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True) / np.sqrt(q.shape[-1])
    return weights @ v, weights


# %% id="attention-turned" wrong="attention" hint="error"
def attention(q, k, v, mask=None):
    scores = q @ k.T / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return weights @ v, weights


# %% id="attention-unscaled" wrong="attention" hint="unscaled"
def attention(q, k, v, mask=None):
    scores = q @ k.swapaxes(-1, -2)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return weights @ v, weights


# %% id="attention-overflow" wrong="attention" hint="nan"
def attention(q, k, v, mask=None):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = np.exp(scores)
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return weights @ v, weights


# %% id="attention-zero" wrong="attention" hint="zero"
def attention(q, k, v, mask=None):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores * mask
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return weights @ v, weights


# %% id="attention-late" wrong="attention" hint="late"
def attention(q, k, v, mask=None):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    if mask is not None:
        weights = weights * mask
    return weights @ v, weights


# %% id="attention-inverted" wrong="attention" hint="inverted"
def attention(q, k, v, mask=None):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, -np.inf, scores)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return weights @ v, weights


# %% id="backward-rowsum" wrong="attention-backward" hint="rowsum"
def attention_backward(dy, q, k, v, weights):
    dv = weights.swapaxes(-1, -2) @ dy
    dscores = weights * (dy @ v.swapaxes(-1, -2)) / np.sqrt(q.shape[-1])
    return dscores @ k, dscores.swapaxes(-1, -2) @ q, dv


# %% id="backward-scale-k" wrong="attention-backward" hint="scale-k"
def attention_backward(dy, q, k, v, weights):
    dv = weights.swapaxes(-1, -2) @ dy
    dweights = dy @ v.swapaxes(-1, -2)
    dscores = weights * (dweights - (weights * dweights).sum(axis=-1, keepdims=True))
    return dscores @ k / np.sqrt(q.shape[-1]), dscores.swapaxes(-1, -2) @ q, dv


# %% id="backward-scale" wrong="attention-backward" hint="scale"
def attention_backward(dy, q, k, v, weights):
    dv = weights.swapaxes(-1, -2) @ dy
    dweights = dy @ v.swapaxes(-1, -2)
    dscores = weights * (dweights - (weights * dweights).sum(axis=-1, keepdims=True))
    return dscores @ k, dscores.swapaxes(-1, -2) @ q, dv


# %% id="backward-diagonal" wrong="attention-backward" hint="diagonal"
def attention_backward(dy, q, k, v, weights):
    dv = weights.swapaxes(-1, -2) @ dy
    dscores = weights * (1 - weights) * (dy @ v.swapaxes(-1, -2)) / np.sqrt(q.shape[-1])
    return dscores @ k, dscores.swapaxes(-1, -2) @ q, dv


# %% id="backward-axis" wrong="attention-backward" hint="axis"
def attention_backward(dy, q, k, v, weights):
    dv = weights.swapaxes(-1, -2) @ dy
    dweights = dy @ v.swapaxes(-1, -2)
    dscores = weights * (dweights - (weights * dweights).sum(axis=-2, keepdims=True)) / np.sqrt(q.shape[-1])
    return dscores @ k, dscores.swapaxes(-1, -2) @ q, dv


# %% id="backward-unweighted" wrong="attention-backward" hint="unweighted"
def attention_backward(dy, q, k, v, weights):
    dv = weights.swapaxes(-1, -2) @ dy
    dweights = dy @ v.swapaxes(-1, -2)
    dscores = weights * (dweights - dweights.mean(axis=-1, keepdims=True)) / np.sqrt(q.shape[-1])
    return dscores @ k, dscores.swapaxes(-1, -2) @ q, dv


# %% id="backward-sign" wrong="attention-backward" hint="sign"
def attention_backward(dy, q, k, v, weights):
    dv = weights.swapaxes(-1, -2) @ dy
    dweights = dy @ v.swapaxes(-1, -2)
    dscores = weights * ((weights * dweights).sum(axis=-1, keepdims=True) - dweights) / np.sqrt(q.shape[-1])
    return dscores @ k, dscores.swapaxes(-1, -2) @ q, dv


# %% id="backward-turned" wrong="attention-backward" hint="error"
def attention_backward(dy, q, k, v, weights):
    dv = weights.swapaxes(-1, -2) @ dy
    dweights = dy @ v.swapaxes(-1, -2)
    dscores = weights * (dweights - (weights * dweights).sum(axis=-1, keepdims=True)) / np.sqrt(q.shape[-1])
    return dscores @ k, dscores @ q, dv


# %% id="backward-differences" wrong="attention-backward" hint="by hand"
def attention_backward(dy, q, k, v, weights):
    inputs, gradients = [q, k, v], []
    for which in range(3):
        gradient = np.zeros(inputs[which].shape)
        for i in np.ndindex(gradient.shape):
            ends = []
            for step in (1e-5, -1e-5):
                moved = [array.copy() for array in inputs]
                moved[which][i] += step
                ends.append(np.sum(dy * attention(*moved)[0]))
            gradient[i] = (ends[0] - ends[1]) / 2e-5
        gradients.append(gradient)
    return tuple(gradients)


# %% id="heads-reshape" wrong="multi-head" hint="reshape"
def split_heads(x, heads):
    N, T, D = x.shape
    if D % heads:
        raise ValueError("heads")
    return x.reshape(N, heads, T, D // heads)


def merge_heads(x):
    N, heads, T, d = x.shape
    return x.reshape(N, T, heads * d)


def multi_head_attention(x, Wq, Wk, Wv, Wo, heads, mask=None):
    q, k, v = (split_heads(x @ W.T, heads) for W in (Wq, Wk, Wv))
    return merge_heads(attention(q, k, v, mask)[0]) @ Wo.T


# %% id="heads-interleaved" wrong="multi-head" hint="interleaved"
def split_heads(x, heads):
    N, T, D = x.shape
    if D % heads:
        raise ValueError("heads")
    return x.reshape(N, T, D // heads, heads).transpose(0, 3, 1, 2)


def merge_heads(x):
    N, heads, T, d = x.shape
    return x.transpose(0, 2, 3, 1).reshape(N, T, heads * d)


def multi_head_attention(x, Wq, Wk, Wv, Wo, heads, mask=None):
    q, k, v = (split_heads(x @ W.T, heads) for W in (Wq, Wk, Wv))
    return merge_heads(attention(q, k, v, mask)[0]) @ Wo.T


# %% id="heads-merge" wrong="multi-head" hint="merge"
def split_heads(x, heads):
    N, T, D = x.shape
    if D % heads:
        raise ValueError("heads")
    return x.reshape(N, T, heads, D // heads).swapaxes(1, 2)


def merge_heads(x):
    N, heads, T, d = x.shape
    return x.reshape(N, T, heads * d)


def multi_head_attention(x, Wq, Wk, Wv, Wo, heads, mask=None):
    q, k, v = (split_heads(x @ W.T, heads) for W in (Wq, Wk, Wv))
    return merge_heads(attention(q, k, v, mask)[0]) @ Wo.T


# %% id="heads-rounded" wrong="multi-head" hint="raises"
def split_heads(x, heads):
    N, T, D = x.shape
    d = D // heads
    return x[:, :, : heads * d].reshape(N, T, heads, d).swapaxes(1, 2)


def merge_heads(x):
    N, heads, T, d = x.shape
    return x.swapaxes(1, 2).reshape(N, T, heads * d)


def multi_head_attention(x, Wq, Wk, Wv, Wo, heads, mask=None):
    q, k, v = (split_heads(x @ W.T, heads) for W in (Wq, Wk, Wv))
    return merge_heads(attention(q, k, v, mask)[0]) @ Wo.T


# %% id="heads-width" wrong="multi-head" hint="width"
def split_heads(x, heads):
    N, T, D = x.shape
    if D % heads:
        raise ValueError("heads")
    return x.reshape(N, T, heads, D // heads).swapaxes(1, 2)


def merge_heads(x):
    N, heads, T, d = x.shape
    return x.swapaxes(1, 2).reshape(N, T, heads * d)


def multi_head_attention(x, Wq, Wk, Wv, Wo, heads, mask=None):
    q, k, v = (split_heads(x @ W.T, heads) for W in (Wq, Wk, Wv))
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(x.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return merge_heads(weights @ v) @ Wo.T


# %% id="heads-output" wrong="multi-head" hint="output"
def split_heads(x, heads):
    N, T, D = x.shape
    if D % heads:
        raise ValueError("heads")
    return x.reshape(N, T, heads, D // heads).swapaxes(1, 2)


def merge_heads(x):
    N, heads, T, d = x.shape
    return x.swapaxes(1, 2).reshape(N, T, heads * d)


def multi_head_attention(x, Wq, Wk, Wv, Wo, heads, mask=None):
    q, k, v = (split_heads(x @ W.T, heads) for W in (Wq, Wk, Wv))
    return merge_heads(attention(q, k, v, mask)[0])


# %% id="heads-transposed" wrong="multi-head" hint="transposed"
def split_heads(x, heads):
    N, T, D = x.shape
    if D % heads:
        raise ValueError("heads")
    return x.reshape(N, T, heads, D // heads).swapaxes(1, 2)


def merge_heads(x):
    N, heads, T, d = x.shape
    return x.swapaxes(1, 2).reshape(N, T, heads * d)


def multi_head_attention(x, Wq, Wk, Wv, Wo, heads, mask=None):
    q, k, v = (split_heads(x @ W, heads) for W in (Wq, Wk, Wv))
    return merge_heads(attention(q, k, v, mask)[0]) @ Wo


# %% id="heads-alone" wrong="multi-head" hint="alone"
def split_heads(x, heads):
    N, T, D = x.shape
    if D % heads:
        raise ValueError("heads")
    return x.reshape(N, T, heads, D // heads).swapaxes(1, 2)


def merge_heads(x):
    N, heads, T, d = x.shape
    return x.swapaxes(1, 2).reshape(N, T, heads * d)


def multi_head_attention(x, Wq, Wk, Wv, Wo, heads, mask=None):
    return attention(x @ Wq.T, x @ Wk.T, x @ Wv.T)[0] @ Wo.T


# %% id="norm-batch" wrong="layer-norm" hint="batch"
def layer_norm(x, weight, bias, eps=1e-5):
    mean, var = x.mean(axis=0), x.var(axis=0)
    return weight * (x - mean) / np.sqrt(var + eps) + bias


# %% id="norm-ddof" wrong="layer-norm" hint="ddof"
def layer_norm(x, weight, bias, eps=1e-5):
    mean, var = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True, ddof=1)
    return weight * (x - mean) / np.sqrt(var + eps) + bias


# %% id="norm-outside" wrong="layer-norm" hint="outside"
def layer_norm(x, weight, bias, eps=1e-5):
    mean, std = x.mean(axis=-1, keepdims=True), x.std(axis=-1, keepdims=True)
    return weight * (x - mean) / (std + eps) + bias


# %% id="norm-tokens" wrong="layer-norm" hint="tokens"
def layer_norm(x, weight, bias, eps=1e-5):
    axes = (-2, -1)
    mean, var = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
    return weight * (x - mean) / np.sqrt(var + eps) + bias


# %% id="norm-no-eps" wrong="layer-norm" hint="eps"
def layer_norm(x, weight, bias, eps=1e-5):
    return weight * (x - x.mean(axis=-1, keepdims=True)) / x.std(axis=-1, keepdims=True) + bias


# %% id="norm-no-root" wrong="layer-norm" hint="root"
def layer_norm(x, weight, bias, eps=1e-5):
    mean, var = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return weight * (x - mean) / (var + eps) + bias


# %% id="norm-back-constants" wrong="layer-norm-backward" hint="constants"
def layer_norm_backward(dy, x, weight, eps=1e-5):
    root = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    normalized, tokens = (x - x.mean(axis=-1, keepdims=True)) / root, tuple(range(x.ndim - 1))
    return weight * dy / root, (dy * normalized).sum(axis=tokens), dy.sum(axis=tokens)


# %% id="norm-back-stretch" wrong="layer-norm-backward" hint="stretch"
def layer_norm_backward(dy, x, weight, eps=1e-5):
    root = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    normalized, tokens = (x - x.mean(axis=-1, keepdims=True)) / root, tuple(range(x.ndim - 1))
    g = weight * dy
    return (g - g.mean(axis=-1, keepdims=True)) / root, (dy * normalized).sum(axis=tokens), dy.sum(axis=tokens)


# %% id="norm-back-shift" wrong="layer-norm-backward" hint="shift"
def layer_norm_backward(dy, x, weight, eps=1e-5):
    root = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    normalized, tokens = (x - x.mean(axis=-1, keepdims=True)) / root, tuple(range(x.ndim - 1))
    g = weight * dy
    dx = (g - normalized * (g * normalized).mean(axis=-1, keepdims=True)) / root
    return dx, (dy * normalized).sum(axis=tokens), dy.sum(axis=tokens)


# %% id="norm-back-weight" wrong="layer-norm-backward" hint="weight"
def layer_norm_backward(dy, x, weight, eps=1e-5):
    root = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    normalized, tokens = (x - x.mean(axis=-1, keepdims=True)) / root, tuple(range(x.ndim - 1))
    g = dy
    dx = (g - g.mean(axis=-1, keepdims=True) - normalized * (g * normalized).mean(axis=-1, keepdims=True)) / root
    return dx, (dy * normalized).sum(axis=tokens), dy.sum(axis=tokens)


# %% id="norm-back-sigma" wrong="layer-norm-backward" hint="sigma"
def layer_norm_backward(dy, x, weight, eps=1e-5):
    root = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    normalized, tokens = (x - x.mean(axis=-1, keepdims=True)) / root, tuple(range(x.ndim - 1))
    g = weight * dy
    dx = g - g.mean(axis=-1, keepdims=True) - normalized * (g * normalized).mean(axis=-1, keepdims=True)
    return dx, (dy * normalized).sum(axis=tokens), dy.sum(axis=tokens)


# %% id="norm-back-axis" wrong="layer-norm-backward" hint="axis"
def layer_norm_backward(dy, x, weight, eps=1e-5):
    root = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    normalized, tokens = (x - x.mean(axis=-1, keepdims=True)) / root, tuple(range(x.ndim - 1))
    g = weight * dy
    dx = (g - g.mean(axis=0) - normalized * (g * normalized).mean(axis=0)) / root
    return dx, (dy * normalized).sum(axis=tokens), dy.sum(axis=tokens)


# %% id="norm-back-raw" wrong="layer-norm-backward" hint="raw"
def layer_norm_backward(dy, x, weight, eps=1e-5):
    root = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    normalized, tokens = (x - x.mean(axis=-1, keepdims=True)) / root, tuple(range(x.ndim - 1))
    g = weight * dy
    dx = (g - g.mean(axis=-1, keepdims=True) - normalized * (g * normalized).mean(axis=-1, keepdims=True)) / root
    return dx, (dy * x).sum(axis=tokens), dy.sum(axis=tokens)


# %% id="norm-back-mean" wrong="layer-norm-backward" hint="mean"
def layer_norm_backward(dy, x, weight, eps=1e-5):
    root = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    normalized, tokens = (x - x.mean(axis=-1, keepdims=True)) / root, tuple(range(x.ndim - 1))
    g = weight * dy
    dx = (g - g.mean(axis=-1, keepdims=True) - normalized * (g * normalized).mean(axis=-1, keepdims=True)) / root
    return dx, (dy * normalized).mean(axis=tokens), dy.mean(axis=tokens)


# %% id="norm-back-first-axis" wrong="layer-norm-backward" hint="shape"
def layer_norm_backward(dy, x, weight, eps=1e-5):
    root = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    normalized, g = (x - x.mean(axis=-1, keepdims=True)) / root, weight * dy
    dx = (g - g.mean(axis=-1, keepdims=True) - normalized * (g * normalized).mean(axis=-1, keepdims=True)) / root
    return dx, (dy * normalized).sum(axis=0), dy.sum(axis=0)


# %% id="norm-back-differences" wrong="layer-norm-backward" hint="by hand"
def layer_norm_backward(dy, x, weight, eps=1e-5):
    inputs, gradients = [x, weight, np.zeros(weight.shape)], []
    for which in range(3):
        gradient = np.zeros(inputs[which].shape)
        for i in np.ndindex(gradient.shape):
            ends = []
            for step in (1e-5, -1e-5):
                moved = [array.copy() for array in inputs]
                moved[which][i] += step
                ends.append(np.sum(dy * layer_norm(*moved, eps)))
            gradient[i] = (ends[0] - ends[1]) / 2e-5
        gradients.append(gradient)
    return tuple(gradients)


# %% id="block-book" wrong="encoder-block" hint="book"
def encoder_block(x, p, heads, order="post"):
    if order not in ("post", "pre"):
        raise ValueError(order)
    x = x + layer_norm(
        multi_head_attention(x, p["Wq"], p["Wk"], p["Wv"], p["Wo"], heads), p["gamma1"], p["beta1"]
    )
    return x + layer_norm(np.maximum(x @ p["W1"].T + p["b1"], 0) @ p["W2"].T + p["b2"], p["gamma2"], p["beta2"])


# %% id="block-linear" wrong="encoder-block" hint="linear"
def encoder_block(x, p, heads, order="post"):
    if order not in ("post", "pre"):
        raise ValueError(order)
    attend = lambda x: multi_head_attention(x, p["Wq"], p["Wk"], p["Wv"], p["Wo"], heads)
    feed = lambda x: (x @ p["W1"].T + p["b1"]) @ p["W2"].T + p["b2"]
    if order == "post":
        x = layer_norm(x + attend(x), p["gamma1"], p["beta1"])
        return layer_norm(x + feed(x), p["gamma2"], p["beta2"])
    x = x + attend(layer_norm(x, p["gamma1"], p["beta1"]))
    return x + feed(layer_norm(x, p["gamma2"], p["beta2"]))


# %% id="block-input" wrong="encoder-block" hint="input"
def encoder_block(x, p, heads, order="post"):
    if order not in ("post", "pre"):
        raise ValueError(order)
    attend = lambda x: multi_head_attention(x, p["Wq"], p["Wk"], p["Wv"], p["Wo"], heads)
    feed = lambda x: np.maximum(x @ p["W1"].T + p["b1"], 0) @ p["W2"].T + p["b2"]
    if order == "post":
        h = layer_norm(x + attend(x), p["gamma1"], p["beta1"])
        return layer_norm(x + feed(h), p["gamma2"], p["beta2"])
    h = x + attend(layer_norm(x, p["gamma1"], p["beta1"]))
    return x + feed(layer_norm(h, p["gamma2"], p["beta2"]))


# %% id="block-skip" wrong="encoder-block" hint="skip"
def encoder_block(x, p, heads, order="post"):
    if order not in ("post", "pre"):
        raise ValueError(order)
    attend = lambda x: multi_head_attention(x, p["Wq"], p["Wk"], p["Wv"], p["Wo"], heads)
    feed = lambda x: np.maximum(x @ p["W1"].T + p["b1"], 0) @ p["W2"].T + p["b2"]
    if order == "post":
        x = layer_norm(attend(x), p["gamma1"], p["beta1"])
        return layer_norm(feed(x), p["gamma2"], p["beta2"])
    x = attend(layer_norm(x, p["gamma1"], p["beta1"]))
    return feed(layer_norm(x, p["gamma2"], p["beta2"]))


# %% id="block-always-pre" wrong="encoder-block" hint="pre"
def encoder_block(x, p, heads, order="post"):
    if order not in ("post", "pre"):
        raise ValueError(order)
    x = x + multi_head_attention(
        layer_norm(x, p["gamma1"], p["beta1"]), p["Wq"], p["Wk"], p["Wv"], p["Wo"], heads
    )
    u = layer_norm(x, p["gamma2"], p["beta2"])
    return x + np.maximum(u @ p["W1"].T + p["b1"], 0) @ p["W2"].T + p["b2"]


# %% id="block-carried" wrong="encoder-block" hint="carried"
def encoder_block(x, p, heads, order="post"):
    if order not in ("post", "pre"):
        raise ValueError(order)
    attend = lambda x: multi_head_attention(x, p["Wq"], p["Wk"], p["Wv"], p["Wo"], heads)
    feed = lambda x: np.maximum(x @ p["W1"].T + p["b1"], 0) @ p["W2"].T + p["b2"]
    if order == "post":
        x = layer_norm(x + attend(x), p["gamma1"], p["beta1"])
        return layer_norm(x + feed(x), p["gamma2"], p["beta2"])
    x = layer_norm(x, p["gamma1"], p["beta1"])
    x = x + attend(x)
    x = layer_norm(x, p["gamma2"], p["beta2"])
    return x + feed(x)


# %% id="block-always-post" wrong="encoder-block" hint="post"
def encoder_block(x, p, heads, order="post"):
    if order not in ("post", "pre"):
        raise ValueError(order)
    x = layer_norm(
        x + multi_head_attention(x, p["Wq"], p["Wk"], p["Wv"], p["Wo"], heads), p["gamma1"], p["beta1"]
    )
    return layer_norm(x + np.maximum(x @ p["W1"].T + p["b1"], 0) @ p["W2"].T + p["b2"], p["gamma2"], p["beta2"])


# %% id="block-any-order" wrong="encoder-block" hint="raises"
def encoder_block(x, p, heads, order="post"):
    attend = lambda x: multi_head_attention(x, p["Wq"], p["Wk"], p["Wv"], p["Wo"], heads)
    feed = lambda x: np.maximum(x @ p["W1"].T + p["b1"], 0) @ p["W2"].T + p["b2"]
    if order == "post":
        x = layer_norm(x + attend(x), p["gamma1"], p["beta1"])
        return layer_norm(x + feed(x), p["gamma2"], p["beta2"])
    x = x + attend(layer_norm(x, p["gamma1"], p["beta1"]))
    return x + feed(layer_norm(x, p["gamma2"], p["beta2"]))
