"""Answers that students give, each with the hint that it must meet.  They never reach a notebook."""

# %% id="unit-no-projector" wrong="unit" hint="projector"
def unit_rows_backward(dy, x):
    return dy / np.linalg.norm(x, axis=1, keepdims=True)


# %% id="unit-no-length" wrong="unit" hint="length"
def unit_rows_backward(dy, x):
    u = x / np.linalg.norm(x, axis=1, keepdims=True)
    return dy - u * (u * dy).sum(axis=1, keepdims=True)


# %% id="unit-raw" wrong="unit" hint="raw"
def unit_rows_backward(dy, x):
    return (dy - x * (x * dy).sum(axis=1, keepdims=True)) / np.linalg.norm(x, axis=1, keepdims=True)


# %% id="unit-whole" wrong="unit" hint="whole"
def unit_rows_backward(dy, x):
    length = np.linalg.norm(x)
    u = x / length
    return (dy - u * (u * dy).sum()) / length


# %% id="unit-sign" wrong="unit" hint="sign"
def unit_rows_backward(dy, x):
    length = np.linalg.norm(x, axis=1, keepdims=True)
    u = x / length
    return (dy + u * (u * dy).sum(axis=1, keepdims=True)) / length


# %% id="unit-differences" wrong="unit" hint="by hand"
def unit_rows_backward(dy, x):
    out = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[i] = 1e-6
        out[i] = np.sum(dy * (unit_rows(x + e) - unit_rows(x - e))) / 2e-6
    return out


# %% id="unit-in-place" wrong="unit" hint="pure"
def unit_rows_backward(dy, x):
    length = np.linalg.norm(x, axis=1, keepdims=True)
    x /= length
    return (dy - x * (x * dy).sum(axis=1, keepdims=True)) / length


# %% id="loss-rows" wrong="loss" hint="rows"
def clip_loss(images, texts, log_scale):
    s = np.exp(log_scale) * unit_rows(images) @ unit_rows(texts).T
    s = s - s.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(s).sum(axis=1)) - np.diag(s))


# %% id="loss-columns" wrong="loss" hint="columns"
def clip_loss(images, texts, log_scale):
    s = np.exp(log_scale) * unit_rows(images) @ unit_rows(texts).T
    s = s - s.max(axis=0)
    return np.mean(np.log(np.exp(s).sum(axis=0)) - np.diag(s))


# %% id="loss-length" wrong="loss" hint="length"
def clip_loss(images, texts, log_scale):
    def ce(s):
        s = s - s.max(axis=1, keepdims=True)
        return np.mean(np.log(np.exp(s).sum(axis=1)) - np.diag(s))
    s = np.exp(log_scale) * images @ texts.T
    return (ce(s) + ce(s.T)) / 2


# %% id="loss-sum" wrong="loss" hint="sum"
def clip_loss(images, texts, log_scale):
    def ce(s):
        s = s - s.max(axis=1, keepdims=True)
        return np.mean(np.log(np.exp(s).sum(axis=1)) - np.diag(s))
    s = np.exp(log_scale) * unit_rows(images) @ unit_rows(texts).T
    return ce(s) + ce(s.T)


# %% id="loss-batch" wrong="loss" hint="batch"
def clip_loss(images, texts, log_scale):
    def ce(s):
        s = s - s.max(axis=1, keepdims=True)
        return np.sum(np.log(np.exp(s).sum(axis=1)) - np.diag(s))
    s = np.exp(log_scale) * unit_rows(images) @ unit_rows(texts).T
    return (ce(s) + ce(s.T)) / 2


# %% id="loss-scale" wrong="loss" hint="scale"
def clip_loss(images, texts, log_scale):
    def ce(s):
        s = s - s.max(axis=1, keepdims=True)
        return np.mean(np.log(np.exp(s).sum(axis=1)) - np.diag(s))
    s = log_scale * unit_rows(images) @ unit_rows(texts).T
    return (ce(s) + ce(s.T)) / 2


# %% id="loss-divided" wrong="loss" hint="divided"
def clip_loss(images, texts, log_scale):
    def ce(s):
        s = s - s.max(axis=1, keepdims=True)
        return np.mean(np.log(np.exp(s).sum(axis=1)) - np.diag(s))
    s = unit_rows(images) @ unit_rows(texts).T / np.exp(log_scale)
    return (ce(s) + ce(s.T)) / 2


# %% id="loss-overflow" wrong="loss" hint="nan"
def clip_loss(images, texts, log_scale):
    s = np.exp(np.exp(log_scale) * unit_rows(images) @ unit_rows(texts).T)
    rows, columns = s / s.sum(axis=1, keepdims=True), s / s.sum(axis=0)
    return -(np.log(np.diag(rows)).mean() + np.log(np.diag(columns)).mean()) / 2


# %% id="back-one-way" wrong="back" hint="one-way"
def clip_loss_backward(images, texts, log_scale):
    I, T, scale = unit_rows(images), unit_rows(texts), np.exp(log_scale)
    s = scale * I @ T.T
    p = np.exp(s - s.max(axis=1, keepdims=True))
    ds = (p / p.sum(axis=1, keepdims=True) - np.eye(len(s))) / len(s)
    return unit_rows_backward(scale * ds @ T, images), unit_rows_backward(scale * ds.T @ I, texts), float((ds * s).sum())


# %% id="back-twice" wrong="back" hint="half"
def clip_loss_backward(images, texts, log_scale):
    I, T, scale = unit_rows(images), unit_rows(texts), np.exp(log_scale)
    s = scale * I @ T.T
    p, q = np.exp(s - s.max(axis=1, keepdims=True)), np.exp(s - s.max(axis=0))
    ds = (p / p.sum(axis=1, keepdims=True) + q / q.sum(axis=0) - 2 * np.eye(len(s))) / len(s)
    return unit_rows_backward(scale * ds @ T, images), unit_rows_backward(scale * ds.T @ I, texts), float((ds * s).sum())


# %% id="back-sum" wrong="back" hint="batch"
def clip_loss_backward(images, texts, log_scale):
    I, T, scale = unit_rows(images), unit_rows(texts), np.exp(log_scale)
    s = scale * I @ T.T
    p, q = np.exp(s - s.max(axis=1, keepdims=True)), np.exp(s - s.max(axis=0))
    ds = (p / p.sum(axis=1, keepdims=True) + q / q.sum(axis=0) - 2 * np.eye(len(s))) / 2
    return unit_rows_backward(scale * ds @ T, images), unit_rows_backward(scale * ds.T @ I, texts), float((ds * s).sum())


# %% id="back-no-projector" wrong="back" hint="projector"
def clip_loss_backward(images, texts, log_scale):
    I, T, scale = unit_rows(images), unit_rows(texts), np.exp(log_scale)
    s = scale * I @ T.T
    p, q = np.exp(s - s.max(axis=1, keepdims=True)), np.exp(s - s.max(axis=0))
    ds = (p / p.sum(axis=1, keepdims=True) + q / q.sum(axis=0) - 2 * np.eye(len(s))) / (2 * len(s))
    return scale * ds @ T, scale * ds.T @ I, float((ds * s).sum())


# %% id="back-no-scale" wrong="back" hint="scale"
def clip_loss_backward(images, texts, log_scale):
    I, T, scale = unit_rows(images), unit_rows(texts), np.exp(log_scale)
    s = scale * I @ T.T
    p, q = np.exp(s - s.max(axis=1, keepdims=True)), np.exp(s - s.max(axis=0))
    ds = (p / p.sum(axis=1, keepdims=True) + q / q.sum(axis=0) - 2 * np.eye(len(s))) / (2 * len(s))
    return unit_rows_backward(ds @ T, images), unit_rows_backward(ds.T @ I, texts), float((ds * s).sum())


# %% id="back-not-transposed" wrong="back" hint="transposed"
def clip_loss_backward(images, texts, log_scale):
    I, T, scale = unit_rows(images), unit_rows(texts), np.exp(log_scale)
    s = scale * I @ T.T
    p, q = np.exp(s - s.max(axis=1, keepdims=True)), np.exp(s - s.max(axis=0))
    ds = (p / p.sum(axis=1, keepdims=True) + q / q.sum(axis=0) - 2 * np.eye(len(s))) / (2 * len(s))
    return unit_rows_backward(scale * ds @ T, images), unit_rows_backward(scale * ds @ I, texts), float((ds * s).sum())


# %% id="back-of-the-scale" wrong="back" hint="log-scale"
def clip_loss_backward(images, texts, log_scale):
    I, T, scale = unit_rows(images), unit_rows(texts), np.exp(log_scale)
    s = scale * I @ T.T
    p, q = np.exp(s - s.max(axis=1, keepdims=True)), np.exp(s - s.max(axis=0))
    ds = (p / p.sum(axis=1, keepdims=True) + q / q.sum(axis=0) - 2 * np.eye(len(s))) / (2 * len(s))
    dscale = float((ds * (I @ T.T)).sum())
    return unit_rows_backward(scale * ds @ T, images), unit_rows_backward(scale * ds.T @ I, texts), dscale


# %% id="back-sign" wrong="back" hint="sign"
def clip_loss_backward(images, texts, log_scale):
    I, T, scale = unit_rows(images), unit_rows(texts), np.exp(log_scale)
    s = scale * I @ T.T
    p, q = np.exp(s - s.max(axis=1, keepdims=True)), np.exp(s - s.max(axis=0))
    ds = (2 * np.eye(len(s)) - p / p.sum(axis=1, keepdims=True) - q / q.sum(axis=0)) / (2 * len(s))
    return unit_rows_backward(scale * ds @ T, images), unit_rows_backward(scale * ds.T @ I, texts), float((ds * s).sum())


# %% id="back-differences" wrong="back" hint="by hand"
def clip_loss_backward(images, texts, log_scale):
    def slope(f, v):
        out = np.empty(v.shape)
        for i in np.ndindex(v.shape):
            e = np.zeros(v.shape)
            e[i] = 1e-6
            out[i] = (f(v + e) - f(v - e)) / 2e-6
        return out
    dscale = (clip_loss(images, texts, log_scale + 1e-6) - clip_loss(images, texts, log_scale - 1e-6)) / 2e-6
    dimages = slope(lambda v: clip_loss(v, texts, log_scale), images)
    return dimages, slope(lambda v: clip_loss(images, v, log_scale), texts), dscale


# %% id="back-two-values" wrong="back" hint="returns"
def clip_loss_backward(images, texts, log_scale):
    I, T, scale = unit_rows(images), unit_rows(texts), np.exp(log_scale)
    s = scale * I @ T.T
    p, q = np.exp(s - s.max(axis=1, keepdims=True)), np.exp(s - s.max(axis=0))
    ds = (p / p.sum(axis=1, keepdims=True) + q / q.sum(axis=0) - 2 * np.eye(len(s))) / (2 * len(s))
    return unit_rows_backward(scale * ds @ T, images), unit_rows_backward(scale * ds.T @ I, texts)


# %% id="step-unlimited" wrong="step" hint="unlimited"
def scale_step(log_scale, dlog_scale, lr):
    return min(log_scale - lr * dlog_scale, 100)


# %% id="step-exponential" wrong="step" hint="exponential"
def scale_step(log_scale, dlog_scale, lr):
    return min(np.exp(log_scale - lr * dlog_scale), 100.0)


# %% id="step-uphill" wrong="step" hint="sign"
def scale_step(log_scale, dlog_scale, lr):
    return min(log_scale + lr * dlog_scale, np.log(100))


# %% id="step-before" wrong="step" hint="before"
def scale_step(log_scale, dlog_scale, lr):
    return min(log_scale, np.log(100)) - lr * dlog_scale


# %% id="zs-not-again" wrong="zs" hint="again"
def zero_shot(images, prompts):
    prompts = prompts / np.linalg.norm(prompts, axis=2, keepdims=True)
    return np.argmax(images @ prompts.mean(axis=1).T, axis=1)


# %% id="zs-not-first" wrong="zs" hint="first"
def zero_shot(images, prompts):
    return np.argmax(unit_rows(images) @ unit_rows(prompts.mean(axis=1)).T, axis=1)


# %% id="zs-probabilities" wrong="zs" hint="probabilities"
def zero_shot(images, prompts):
    prompts = prompts / np.linalg.norm(prompts, axis=2, keepdims=True)
    p = np.exp(np.einsum("bd,cpd->bcp", unit_rows(images), prompts))
    return (p / p.sum(axis=1, keepdims=True)).mean(axis=2).argmax(axis=1)


# %% id="zs-best" wrong="zs" hint="best"
def zero_shot(images, prompts):
    prompts = prompts / np.linalg.norm(prompts, axis=2, keepdims=True)
    return np.einsum("bd,cpd->bcp", unit_rows(images), prompts).max(axis=2).argmax(axis=1)


# %% id="zs-cosines" wrong="zs" hint="type"
def zero_shot(images, prompts):
    prompts = prompts / np.linalg.norm(prompts, axis=2, keepdims=True)
    return unit_rows(images) @ unit_rows(prompts.mean(axis=1)).T


# %% id="targets-not-shared" wrong="targets" hint="shares"
def multi_positive_targets(captions):
    return (captions[:, None] == captions).astype(float)


# %% id="targets-by-batch" wrong="targets" hint="batch"
def multi_positive_targets(captions):
    return (captions[:, None] == captions) / len(captions)


# %% id="targets-diagonal" wrong="targets" hint="diagonal"
def multi_positive_targets(captions):
    return np.eye(len(captions))


# %% id="targets-others" wrong="targets" hint="others"
def multi_positive_targets(captions):
    same = (captions[:, None] == captions) - np.eye(len(captions))
    return same / np.maximum(same.sum(axis=1, keepdims=True), 1)


# %% id="recall-same" wrong="recall" hint="same"
def recall_at_k(similarity, k):
    ahead = (similarity >= np.diag(similarity)[:, None]).sum(axis=1) - 1
    return float(np.mean(ahead < k)), float(np.mean(ahead < k))


# %% id="recall-exchanged" wrong="recall" hint="exchanged"
def recall_at_k(similarity, k):
    right = np.diag(similarity)
    rows, columns = (similarity >= right[:, None]).sum(axis=1) - 1, (similarity >= right).sum(axis=0) - 1
    return float(np.mean(columns < k)), float(np.mean(rows < k))


# %% id="recall-ties" wrong="recall" hint="ties"
def recall_at_k(similarity, k):
    right = np.diag(similarity)
    rows, columns = (similarity > right[:, None]).sum(axis=1), (similarity > right).sum(axis=0)
    return float(np.mean(rows < k)), float(np.mean(columns < k))


# %% id="recall-one-more" wrong="recall" hint="more"
def recall_at_k(similarity, k):
    right = np.diag(similarity)
    rows, columns = (similarity >= right[:, None]).sum(axis=1) - 1, (similarity >= right).sum(axis=0) - 1
    return float(np.mean(rows <= k)), float(np.mean(columns <= k))


# %% id="recall-first" wrong="recall" hint="first"
def recall_at_k(similarity, k):
    right = np.diag(similarity)
    rows, columns = (similarity >= right[:, None]).sum(axis=1) - 1, (similarity >= right).sum(axis=0) - 1
    return float(np.mean(rows < 1)), float(np.mean(columns < 1))
