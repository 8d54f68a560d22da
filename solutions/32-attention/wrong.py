"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="readout-over-the-batch" wrong="readout" hint="batch"
def attention_readout(scores, h):
    weights = np.exp(scores - scores.max(axis=0))
    alpha = weights / weights.sum(axis=0)
    return (alpha[..., None] * h).sum(axis=1), alpha


# %% id="readout-no-maximum" wrong="readout" hint="nan"
def attention_readout(scores, h):
    alpha = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return (alpha[..., None] * h).sum(axis=1), alpha


# %% id="readout-no-sum" wrong="readout" hint="sum"
def attention_readout(scores, h):
    alpha = np.exp(scores)
    return (alpha[..., None] * h).sum(axis=1), alpha


# %% id="readout-best-only" wrong="readout" hint="hard"
def attention_readout(scores, h):
    alpha = np.eye(scores.shape[1])[scores.argmax(axis=1)]
    return (alpha[..., None] * h).sum(axis=1), alpha


# %% id="readout-mean" wrong="readout" hint="plain"
def attention_readout(scores, h):
    return h.mean(axis=1), np.full(scores.shape, 1 / scores.shape[1])


# %% id="readout-alpha-forgotten" wrong="readout" hint="returns"
def attention_readout(scores, h):
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    alpha = weights / weights.sum(axis=1, keepdims=True)
    return (alpha[..., None] * h).sum(axis=1)


# %% id="back-no-sum" wrong="readout-backward" hint="coupled"
def attention_readout_backward(dc, alpha, h):
    dalpha = (h * dc[:, None]).sum(axis=2)
    return alpha * dalpha, alpha[..., None] * dc[:, None]


# %% id="back-no-alpha" wrong="readout-backward" hint="weight"
def attention_readout_backward(dc, alpha, h):
    dalpha = (h * dc[:, None]).sum(axis=2)
    return dalpha - (alpha * dalpha).sum(axis=1, keepdims=True), alpha[..., None] * dc[:, None]


# %% id="back-like-a-sigmoid" wrong="readout-backward" hint="diagonal"
def attention_readout_backward(dc, alpha, h):
    dalpha = (h * dc[:, None]).sum(axis=2)
    return alpha * (1 - alpha) * dalpha, alpha[..., None] * dc[:, None]


# %% id="back-sum-over-examples" wrong="readout-backward" hint="batch"
def attention_readout_backward(dc, alpha, h):
    dalpha = (h * dc[:, None]).sum(axis=2)
    return alpha * (dalpha - (alpha * dalpha).sum(axis=0)), alpha[..., None] * dc[:, None]


# %% id="back-plain-mean" wrong="readout-backward" hint="mean"
def attention_readout_backward(dc, alpha, h):
    dalpha = (h * dc[:, None]).sum(axis=2)
    return alpha * (dalpha - dalpha.mean(axis=1, keepdims=True)), alpha[..., None] * dc[:, None]


# %% id="back-whole-dc" wrong="readout-backward" hint="shared"
def attention_readout_backward(dc, alpha, h):
    dalpha = (h * dc[:, None]).sum(axis=2)
    dscores = alpha * (dalpha - (alpha * dalpha).sum(axis=1, keepdims=True))
    return dscores, np.repeat(dc[:, None], h.shape[1], axis=1)


# %% id="back-through-the-scores" wrong="readout-backward" hint="slope"
def attention_readout_backward(dc, alpha, h):
    dalpha = (h * dc[:, None]).sum(axis=2)
    dscores = alpha * (dalpha - (alpha * dalpha).sum(axis=1, keepdims=True))
    return dscores, dscores[..., None] * dc[:, None]


# %% id="back-differences" wrong="readout-backward" hint="by hand"
def attention_readout_backward(dc, alpha, h):
    def slope(f, v):
        out = np.empty(v.shape)
        for i in np.ndindex(v.shape):
            e = np.zeros(v.shape)
            e[i] = 1e-6
            out[i] = (f(v + e) - f(v - e)) / 2e-6
        return out

    loss = lambda s, h: np.sum(dc * attention_readout(s, h)[0])
    scores = np.log(alpha)
    return slope(lambda s: loss(s, h), scores), slope(lambda v: loss(scores, v), h)


# %% id="back-in-place" wrong="readout-backward" hint="pure"
def attention_readout_backward(dc, alpha, h):
    dalpha = (h * dc[:, None]).sum(axis=2)
    dalpha -= (alpha * dalpha).sum(axis=1, keepdims=True)
    dh = alpha[..., None] * dc[:, None]
    alpha *= dalpha
    return alpha, dh


# %% id="similarity-dot" wrong="similarity-exercise" hint="dot"
def cosine_similarity(A, B, eps=1e-12):
    return A @ B.T


# %% id="similarity-projection" wrong="similarity-exercise" hint="projection"
def cosine_similarity(A, B, eps=1e-12):
    return A @ (B / np.maximum(np.linalg.norm(B, axis=1, keepdims=True), eps)).T


# %% id="similarity-columns" wrong="similarity-exercise" hint="columns"
def cosine_similarity(A, B, eps=1e-12):
    A = A / np.maximum(np.linalg.norm(A, axis=0), eps)
    B = B / np.maximum(np.linalg.norm(B, axis=0), eps)
    return A @ B.T


# %% id="similarity-whole" wrong="similarity-exercise" hint="whole"
def cosine_similarity(A, B, eps=1e-12):
    return A @ B.T / max(np.linalg.norm(A) * np.linalg.norm(B), eps)


# %% id="similarity-zero-over-zero" wrong="similarity-exercise" hint="nan"
def cosine_similarity(A, B, eps=1e-12):
    return A @ B.T / np.linalg.norm(A, axis=1)[:, None] / np.linalg.norm(B, axis=1)


# %% id="lookup-over-queries" wrong="lookup" hint="queries"
def soft_lookup(q, K, V, beta):
    scores = beta * q @ K.T
    weights = np.exp(scores - scores.max(axis=0))
    return weights / weights.sum(axis=0) @ V


# %% id="lookup-best-only" wrong="lookup" hint="hard"
def soft_lookup(q, K, V, beta):
    return V[(beta * q @ K.T).argmax(axis=1)]


# %% id="lookup-no-beta" wrong="lookup" hint="beta"
def soft_lookup(q, K, V, beta):
    scores = q @ K.T
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights @ V / weights.sum(axis=1, keepdims=True)


# %% id="lookup-root" wrong="lookup" hint="root"
def soft_lookup(q, K, V, beta):
    scores = beta * q @ K.T / np.sqrt(q.shape[1])
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights @ V / weights.sum(axis=1, keepdims=True)


# %% id="lookup-cosine" wrong="lookup" hint="length"
def soft_lookup(q, K, V, beta):
    q = q / np.linalg.norm(q, axis=1, keepdims=True)
    K = K / np.linalg.norm(K, axis=1, keepdims=True)
    scores = beta * q @ K.T
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights @ V / weights.sum(axis=1, keepdims=True)


# %% id="lookup-no-maximum" wrong="lookup" hint="nan"
def soft_lookup(q, K, V, beta):
    weights = np.exp(beta * q @ K.T)
    return weights @ V / weights.sum(axis=1, keepdims=True)


# %% id="cost-width" wrong="cost-exercise" hint="width"
def layer_cost(kind, n, d, k=3):
    if kind not in ("self_attention", "recurrent", "conv"):
        raise ValueError(kind)
    path = next(p for p in range(60) if k**p >= n)
    return {
        "self_attention": {"ops": n * d * d, "sequential": 1, "path": 1},
        "recurrent": {"ops": n * d * d, "sequential": n, "path": n},
        "conv": {"ops": k * n * d * d, "sequential": 1, "path": path},
    }[kind]


# %% id="cost-parallel" wrong="cost-exercise" hint="parallel"
def layer_cost(kind, n, d, k=3):
    if kind not in ("self_attention", "recurrent", "conv"):
        raise ValueError(kind)
    path = next(p for p in range(60) if k**p >= n)
    return {
        "self_attention": {"ops": n * n * d, "sequential": n, "path": 1},
        "recurrent": {"ops": n * d * d, "sequential": n, "path": n},
        "conv": {"ops": k * n * d * d, "sequential": 1, "path": path},
    }[kind]


# %% id="cost-chain" wrong="cost-exercise" hint="chain"
def layer_cost(kind, n, d, k=3):
    if kind not in ("self_attention", "recurrent", "conv"):
        raise ValueError(kind)
    return {
        "self_attention": {"ops": n * n * d, "sequential": 1, "path": 1},
        "recurrent": {"ops": n * d * d, "sequential": n, "path": n},
        "conv": {"ops": k * n * d * d, "sequential": 1, "path": n},
    }[kind]


# %% id="cost-contiguous" wrong="cost-exercise" hint="contiguous"
def layer_cost(kind, n, d, k=3):
    if kind not in ("self_attention", "recurrent", "conv"):
        raise ValueError(kind)
    return {
        "self_attention": {"ops": n * n * d, "sequential": 1, "path": 1},
        "recurrent": {"ops": n * d * d, "sequential": n, "path": n},
        "conv": {"ops": k * n * d * d, "sequential": 1, "path": -(-n // k)},
    }[kind]


# %% id="cost-kernel" wrong="cost-exercise" hint="kernel"
def layer_cost(kind, n, d, k=3):
    if kind not in ("self_attention", "recurrent", "conv"):
        raise ValueError(kind)
    path = next(p for p in range(60) if k**p >= n)
    return {
        "self_attention": {"ops": n * n * d, "sequential": 1, "path": 1},
        "recurrent": {"ops": n * d * d, "sequential": n, "path": n},
        "conv": {"ops": n * d * d, "sequential": 1, "path": path},
    }[kind]


# %% id="cost-rounding" wrong="cost-exercise" hint="rounding"
def layer_cost(kind, n, d, k=3):
    if kind not in ("self_attention", "recurrent", "conv"):
        raise ValueError(kind)
    return {
        "self_attention": {"ops": n * n * d, "sequential": 1, "path": 1},
        "recurrent": {"ops": n * d * d, "sequential": n, "path": n},
        "conv": {"ops": k * n * d * d, "sequential": 1, "path": int(np.ceil(np.log(n) / np.log(k)))},
    }[kind]


# %% id="cost-accepts" wrong="cost-exercise" hint="raises"
def layer_cost(kind, n, d, k=3):
    if kind == "self_attention":
        return {"ops": n * n * d, "sequential": 1, "path": 1}
    if kind == "recurrent":
        return {"ops": n * d * d, "sequential": n, "path": n}
    path = next(p for p in range(60) if k**p >= n)
    return {"ops": k * n * d * d, "sequential": 1, "path": path}
