"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="ngram-corpus" wrong="ngram" hint="corpus"
def ngram_logprob(words, counts, n, V, k):
    words = ["<s>"] * (n - 1) + list(words)
    whole = sum(c for gram, c in counts.items() if len(gram) == n)
    total = 0.0
    for i in range(n - 1, len(words)):
        total += np.log((counts.get(tuple(words[i - n + 1 : i + 1]), 0) + k) / (whole + k * V))
    return float(total)


# %% id="ngram-unsmoothed" wrong="ngram" hint="unsmoothed"
def ngram_logprob(words, counts, n, V, k):
    words = ["<s>"] * (n - 1) + list(words)
    total = 0.0
    for i in range(n - 1, len(words)):
        before = tuple(words[i - n + 1 : i])
        total += np.log((counts.get((*before, words[i]), 0) + k) / counts.get(before, 1))
    return float(total)


# %% id="ngram-no-start" wrong="ngram" hint="start"
def ngram_logprob(words, counts, n, V, k):
    total = 0.0
    for i in range(n - 1, len(words)):
        before = tuple(words[i - n + 1 : i])
        total += np.log((counts.get((*before, words[i]), 0) + k) / (counts.get(before, 0) + k * V))
    return float(total)


# %% id="ngram-product" wrong="ngram" hint="underflow"
def ngram_logprob(words, counts, n, V, k):
    words = ["<s>"] * (n - 1) + list(words)
    p = 1.0
    for i in range(n - 1, len(words)):
        before = tuple(words[i - n + 1 : i])
        p *= (counts.get((*before, words[i]), 0) + k) / (counts.get(before, 0) + k * V)
    with np.errstate(divide="ignore"):
        return float(np.log(p))


# %% id="ngram-bits" wrong="ngram" hint="base"
def ngram_logprob(words, counts, n, V, k):
    words = ["<s>"] * (n - 1) + list(words)
    total = 0.0
    for i in range(n - 1, len(words)):
        before = tuple(words[i - n + 1 : i])
        total += np.log2((counts.get((*before, words[i]), 0) + k) / (counts.get(before, 0) + k * V))
    return float(total)


# %% id="ngram-missing" wrong="ngram" hint="error"
def ngram_logprob(words, counts, n, V, k):
    words = ["<s>"] * (n - 1) + list(words)
    total = 0.0
    for i in range(n - 1, len(words)):
        before = tuple(words[i - n + 1 : i])
        total += np.log((counts[(*before, words[i])] + k) / (counts[before] + k * V))
    return float(total)


# %% id="block-post" wrong="block" hint="post"
def gpt_block(x, p, heads):
    N, T, D = x.shape
    a = x @ p["W_qkv"].T + p["b_qkv"]
    q, k, v = (part.reshape(N, T, heads, D // heads).swapaxes(1, 2) for part in np.split(a, 3, axis=2))
    scores = q @ k.swapaxes(2, 3) / np.sqrt(D // heads)
    y = softmax(np.where(np.tri(T, dtype=bool), scores, -np.inf)) @ v
    x = layer_norm(x + y.swapaxes(1, 2).reshape(N, T, D) @ p["W_o"].T + p["b_o"], p["gain_1"], p["shift_1"])
    return layer_norm(x + gelu(x @ p["W_1"].T + p["b_1"]) @ p["W_2"].T + p["b_2"], p["gain_2"], p["shift_2"])


# %% id="block-no-residual" wrong="block" hint="residual"
def gpt_block(x, p, heads):
    N, T, D = x.shape
    a = layer_norm(x, p["gain_1"], p["shift_1"]) @ p["W_qkv"].T + p["b_qkv"]
    q, k, v = (part.reshape(N, T, heads, D // heads).swapaxes(1, 2) for part in np.split(a, 3, axis=2))
    scores = q @ k.swapaxes(2, 3) / np.sqrt(D // heads)
    y = softmax(np.where(np.tri(T, dtype=bool), scores, -np.inf)) @ v
    x = y.swapaxes(1, 2).reshape(N, T, D) @ p["W_o"].T + p["b_o"]
    a = layer_norm(x, p["gain_2"], p["shift_2"])
    return gelu(a @ p["W_1"].T + p["b_1"]) @ p["W_2"].T + p["b_2"]


# %% id="block-unmasked" wrong="block" hint="unmasked"
def gpt_block(x, p, heads):
    N, T, D = x.shape
    a = layer_norm(x, p["gain_1"], p["shift_1"]) @ p["W_qkv"].T + p["b_qkv"]
    q, k, v = (part.reshape(N, T, heads, D // heads).swapaxes(1, 2) for part in np.split(a, 3, axis=2))
    y = softmax(q @ k.swapaxes(2, 3) / np.sqrt(D // heads)) @ v
    x = x + y.swapaxes(1, 2).reshape(N, T, D) @ p["W_o"].T + p["b_o"]
    a = layer_norm(x, p["gain_2"], p["shift_2"])
    return x + gelu(a @ p["W_1"].T + p["b_1"]) @ p["W_2"].T + p["b_2"]


# %% id="block-future" wrong="block" hint="future"
def gpt_block(x, p, heads):
    N, T, D = x.shape
    a = layer_norm(x, p["gain_1"], p["shift_1"]) @ p["W_qkv"].T + p["b_qkv"]
    q, k, v = (part.reshape(N, T, heads, D // heads).swapaxes(1, 2) for part in np.split(a, 3, axis=2))
    scores = q @ k.swapaxes(2, 3) / np.sqrt(D // heads)
    y = softmax(np.where(np.tri(T, dtype=bool).T, scores, -np.inf)) @ v
    x = x + y.swapaxes(1, 2).reshape(N, T, D) @ p["W_o"].T + p["b_o"]
    a = layer_norm(x, p["gain_2"], p["shift_2"])
    return x + gelu(a @ p["W_1"].T + p["b_1"]) @ p["W_2"].T + p["b_2"]


# %% id="block-mask-after" wrong="block" hint="after"
def gpt_block(x, p, heads):
    N, T, D = x.shape
    a = layer_norm(x, p["gain_1"], p["shift_1"]) @ p["W_qkv"].T + p["b_qkv"]
    q, k, v = (part.reshape(N, T, heads, D // heads).swapaxes(1, 2) for part in np.split(a, 3, axis=2))
    y = (softmax(q @ k.swapaxes(2, 3) / np.sqrt(D // heads)) * np.tri(T)) @ v
    x = x + y.swapaxes(1, 2).reshape(N, T, D) @ p["W_o"].T + p["b_o"]
    a = layer_norm(x, p["gain_2"], p["shift_2"])
    return x + gelu(a @ p["W_1"].T + p["b_1"]) @ p["W_2"].T + p["b_2"]


# %% id="block-scale" wrong="block" hint="scale"
def gpt_block(x, p, heads):
    N, T, D = x.shape
    a = layer_norm(x, p["gain_1"], p["shift_1"]) @ p["W_qkv"].T + p["b_qkv"]
    q, k, v = (part.reshape(N, T, heads, D // heads).swapaxes(1, 2) for part in np.split(a, 3, axis=2))
    scores = q @ k.swapaxes(2, 3) / np.sqrt(D)
    y = softmax(np.where(np.tri(T, dtype=bool), scores, -np.inf)) @ v
    x = x + y.swapaxes(1, 2).reshape(N, T, D) @ p["W_o"].T + p["b_o"]
    a = layer_norm(x, p["gain_2"], p["shift_2"])
    return x + gelu(a @ p["W_1"].T + p["b_1"]) @ p["W_2"].T + p["b_2"]


# %% id="block-heads-mixed" wrong="block" hint="heads"
def gpt_block(x, p, heads):
    N, T, D = x.shape
    a = layer_norm(x, p["gain_1"], p["shift_1"]) @ p["W_qkv"].T + p["b_qkv"]
    q, k, v = (part.reshape(N, heads, T, D // heads) for part in np.split(a, 3, axis=2))
    scores = q @ k.swapaxes(2, 3) / np.sqrt(D // heads)
    y = softmax(np.where(np.tri(T, dtype=bool), scores, -np.inf)) @ v
    x = x + y.reshape(N, T, D) @ p["W_o"].T + p["b_o"]
    a = layer_norm(x, p["gain_2"], p["shift_2"])
    return x + gelu(a @ p["W_1"].T + p["b_1"]) @ p["W_2"].T + p["b_2"]


# %% id="block-in-place" wrong="block" hint="pure"
def gpt_block(x, p, heads):
    N, T, D = x.shape
    a = layer_norm(x, p["gain_1"], p["shift_1"]) @ p["W_qkv"].T + p["b_qkv"]
    q, k, v = (part.reshape(N, T, heads, D // heads).swapaxes(1, 2) for part in np.split(a, 3, axis=2))
    scores = q @ k.swapaxes(2, 3) / np.sqrt(D // heads)
    y = softmax(np.where(np.tri(T, dtype=bool), scores, -np.inf)) @ v
    x += y.swapaxes(1, 2).reshape(N, T, D) @ p["W_o"].T + p["b_o"]
    a = layer_norm(x, p["gain_2"], p["shift_2"])
    return x + gelu(a @ p["W_1"].T + p["b_1"]) @ p["W_2"].T + p["b_2"]


# %% id="next-unshifted" wrong="next-loss" hint="unshifted"
def next_token_loss(logits, ids, real):
    log_p = np.log(softmax(logits))
    answers = np.take_along_axis(log_p, ids[:, :, None], axis=2)[:, :, 0]
    return float(-(answers * real).sum() / real.sum())


# %% id="next-backwards" wrong="next-loss" hint="backwards"
def next_token_loss(logits, ids, real):
    log_p = np.log(softmax(logits[:, 1:]))
    answers = np.take_along_axis(log_p, ids[:, :-1, None], axis=2)[:, :, 0]
    return float(-(answers * real[:, :-1]).sum() / real[:, :-1].sum())


# %% id="next-sum" wrong="next-loss" hint="sum"
def next_token_loss(logits, ids, real):
    log_p = np.log(softmax(logits[:, :-1]))
    answers = np.take_along_axis(log_p, ids[:, 1:, None], axis=2)[:, :, 0]
    return float(-(answers * real[:, 1:]).sum())


# %% id="next-sign" wrong="next-loss" hint="sign"
def next_token_loss(logits, ids, real):
    log_p = np.log(softmax(logits[:, :-1]))
    answers = np.take_along_axis(log_p, ids[:, 1:, None], axis=2)[:, :, 0]
    return float((answers * real[:, 1:]).sum() / real[:, 1:].sum())


# %% id="next-padding-counted" wrong="next-loss" hint="padding"
def next_token_loss(logits, ids, real):
    log_p = np.log(softmax(logits[:, :-1]))
    return float(-np.take_along_axis(log_p, ids[:, 1:, None], axis=2).mean())


# %% id="next-mean-of-all" wrong="next-loss" hint="mean"
def next_token_loss(logits, ids, real):
    log_p = np.log(softmax(logits[:, :-1]))
    answers = np.take_along_axis(log_p, ids[:, 1:, None], axis=2)[:, :, 0]
    return float(-(answers * real[:, 1:]).mean())


# %% id="back-unshifted" wrong="next-back" hint="unshifted"
def next_token_loss_backward(logits, ids, real):
    N, T, K = logits.shape
    return (softmax(logits) - np.eye(K)[ids]) * real[:, :, None] / real[:, 1:].sum()


# %% id="back-last-rolled" wrong="next-back" hint="last"
def next_token_loss_backward(logits, ids, real):
    N, T, K = logits.shape
    kept = np.roll(real, -1, axis=1)
    return (softmax(logits) - np.eye(K)[np.roll(ids, -1, axis=1)]) * kept[:, :, None] / real[:, 1:].sum()


# %% id="back-sign" wrong="next-back" hint="sign"
def next_token_loss_backward(logits, ids, real):
    N, T, K = logits.shape
    dlogits = np.zeros(logits.shape)
    dlogits[:, :-1] = (np.eye(K)[ids[:, 1:]] - softmax(logits[:, :-1])) * real[:, 1:, None] / real[:, 1:].sum()
    return dlogits


# %% id="back-no-answer" wrong="next-back" hint="target"
def next_token_loss_backward(logits, ids, real):
    dlogits = np.zeros(logits.shape)
    dlogits[:, :-1] = softmax(logits[:, :-1]) * real[:, 1:, None] / real[:, 1:].sum()
    return dlogits


# %% id="back-sum" wrong="next-back" hint="mean"
def next_token_loss_backward(logits, ids, real):
    N, T, K = logits.shape
    dlogits = np.zeros(logits.shape)
    dlogits[:, :-1] = (softmax(logits[:, :-1]) - np.eye(K)[ids[:, 1:]]) * real[:, 1:, None]
    return dlogits


# %% id="back-padding" wrong="next-back" hint="padding"
def next_token_loss_backward(logits, ids, real):
    N, T, K = logits.shape
    dlogits = np.zeros(logits.shape)
    dlogits[:, :-1] = (softmax(logits[:, :-1]) - np.eye(K)[ids[:, 1:]]) / (N * (T - 1))
    return dlogits


# %% id="back-positions" wrong="next-back" hint="positions"
def next_token_loss_backward(logits, ids, real):
    N, T, K = logits.shape
    dlogits = np.zeros(logits.shape)
    dlogits[:, :-1] = (softmax(logits[:, :-1]) - np.eye(K)[ids[:, 1:]]) * real[:, 1:, None] / (N * (T - 1))
    return dlogits


# %% id="back-cut" wrong="next-back" hint="shape"
def next_token_loss_backward(logits, ids, real):
    N, T, K = logits.shape
    return (softmax(logits[:, :-1]) - np.eye(K)[ids[:, 1:]]) * real[:, 1:, None] / real[:, 1:].sum()


# %% id="back-differences" wrong="next-back" hint="by hand"
def next_token_loss_backward(logits, ids, real):
    dlogits = np.zeros(logits.shape)
    for i in np.ndindex(logits.shape):
        up, down = logits.copy(), logits.copy()
        up[i] += 1e-5
        down[i] -= 1e-5
        dlogits[i] = (next_token_loss(up, ids, real) - next_token_loss(down, ids, real)) / 2e-5
    return dlogits


# %% id="choice-crossing" wrong="choice" hint="crossing"
def next_probabilities(logits, temperature, top_k, top_p):
    order = np.argsort(-logits, kind="stable")
    p = np.zeros(logits.shape)
    if temperature == 0:
        p[order[0]] = 1.0
        return p
    kept = np.exp((logits[order] - logits.max()) / temperature)
    kept = kept[:top_k] / kept[:top_k].sum()
    if top_p is not None:
        kept = kept[: max(1, int(np.sum(np.cumsum(kept) <= top_p)))]
    p[order[: len(kept)]] = kept / kept.sum()
    return p


# %% id="choice-total" wrong="choice" hint="total"
def next_probabilities(logits, temperature, top_k, top_p):
    order = np.argsort(-logits, kind="stable")
    p = np.zeros(logits.shape)
    if temperature == 0:
        p[order[0]] = 1.0
        return p
    kept = np.exp((logits[order] - logits.max()) / temperature)
    kept = (kept / kept.sum())[:top_k]
    if top_p is not None:
        kept = kept[np.cumsum(kept) - kept < top_p]
    p[order[: len(kept)]] = kept
    return p


# %% id="choice-temperature-times" wrong="choice" hint="temperature"
def next_probabilities(logits, temperature, top_k, top_p):
    order = np.argsort(-logits, kind="stable")
    p = np.zeros(logits.shape)
    kept = np.exp((logits[order] - logits.max()) * temperature)
    kept = kept[:top_k] / kept[:top_k].sum()
    if top_p is not None:
        kept = kept[np.cumsum(kept) - kept < top_p]
    p[order[: len(kept)]] = kept / kept.sum()
    return p


# %% id="choice-temperature-outside" wrong="choice" hint="outside"
def next_probabilities(logits, temperature, top_k, top_p):
    order = np.argsort(-logits, kind="stable")
    p = np.zeros(logits.shape)
    kept = np.exp(logits[order] - logits.max()) / temperature
    kept = kept[:top_k] / kept[:top_k].sum()
    if top_p is not None:
        kept = kept[np.cumsum(kept) - kept < top_p]
    p[order[: len(kept)]] = kept / kept.sum()
    return p


# %% id="choice-order" wrong="choice" hint="order"
def next_probabilities(logits, temperature, top_k, top_p):
    order = np.argsort(-logits, kind="stable")
    p = np.zeros(logits.shape)
    if temperature == 0:
        p[order[0]] = 1.0
        return p
    plain = np.exp(logits[order] - logits.max())
    plain = plain[:top_k] / plain[:top_k].sum()
    count = len(plain) if top_p is None else int(np.sum(np.cumsum(plain) - plain < top_p))
    kept = np.exp((logits[order] - logits.max()) / temperature)[:count]
    p[order[:count]] = kept / kept.sum()
    return p


# %% id="choice-rescale" wrong="choice" hint="rescale"
def next_probabilities(logits, temperature, top_k, top_p):
    order = np.argsort(-logits, kind="stable")
    p = np.zeros(logits.shape)
    if temperature == 0:
        p[order[0]] = 1.0
        return p
    kept = np.exp((logits[order] - logits.max()) / temperature)
    kept = (kept / kept.sum())[:top_k]
    if top_p is not None:
        kept = kept[np.cumsum(kept) - kept < top_p]
    p[order[: len(kept)]] = kept / kept.sum()
    return p


# %% id="choice-ties" wrong="choice" hint="ties"
def next_probabilities(logits, temperature, top_k, top_p):
    if temperature == 0:
        return np.eye(len(logits))[logits.argmax()]
    z = logits / temperature
    if top_k is not None and top_k < len(z):
        z = np.where(z < np.sort(z)[-top_k], -np.inf, z)
    p = softmax(z)
    if top_p is not None:
        order = np.argsort(-p, kind="stable")
        sums = np.cumsum(p[order])
        p[order[sums - p[order] >= top_p]] = 0
    return p / p.sum()


# %% id="choice-zero" wrong="choice" hint="nan"
def next_probabilities(logits, temperature, top_k, top_p):
    order = np.argsort(-logits, kind="stable")
    p = np.zeros(logits.shape)
    with np.errstate(all="ignore"):
        kept = np.exp((logits[order] - logits.max()) / temperature)
        kept = kept[:top_k] / kept[:top_k].sum()
        if top_p is not None:
            kept = kept[~(np.cumsum(kept) - kept >= top_p)]
        p[order[: len(kept)]] = kept / kept.sum()
    return p


# %% id="size-no-biases" wrong="size" hint="biases"
def gpt_size(vocabulary, block, layers, heads, width, final_norm):
    if width % heads:
        raise ValueError("heads")
    parameters = width * (vocabulary + block) + layers * 12 * width**2 + 2 * width * final_norm
    return parameters, 6 * (parameters - block * width) + 12 * layers * width * block


# %% id="size-always-final" wrong="size" hint="final"
def gpt_size(vocabulary, block, layers, heads, width, final_norm):
    if width % heads:
        raise ValueError("heads")
    parameters = width * (vocabulary + block) + layers * (12 * width**2 + 13 * width) + 2 * width
    return parameters, 6 * (parameters - block * width) + 12 * layers * width * block


# %% id="size-untied" wrong="size" hint="tied"
def gpt_size(vocabulary, block, layers, heads, width, final_norm):
    if width % heads:
        raise ValueError("heads")
    parameters = width * (2 * vocabulary + block) + layers * (12 * width**2 + 13 * width) + 2 * width * final_norm
    return parameters, 6 * (parameters - block * width) + 12 * layers * width * block


# %% id="size-no-positions" wrong="size" hint="positions"
def gpt_size(vocabulary, block, layers, heads, width, final_norm):
    if width % heads:
        raise ValueError("heads")
    parameters = width * vocabulary + layers * (12 * width**2 + 13 * width) + 2 * width * final_norm
    return parameters, 6 * parameters + 12 * layers * width * block


# %% id="size-positions-multiply" wrong="size" hint="added"
def gpt_size(vocabulary, block, layers, heads, width, final_norm):
    if width % heads:
        raise ValueError("heads")
    parameters = width * (vocabulary + block) + layers * (12 * width**2 + 13 * width) + 2 * width * final_norm
    return parameters, 6 * parameters + 12 * layers * width * block


# %% id="size-no-scores" wrong="size" hint="scores"
def gpt_size(vocabulary, block, layers, heads, width, final_norm):
    if width % heads:
        raise ValueError("heads")
    parameters = width * (vocabulary + block) + layers * (12 * width**2 + 13 * width) + 2 * width * final_norm
    return parameters, 6 * (parameters - block * width)


# %% id="size-forward-alone" wrong="size" hint="forward"
def gpt_size(vocabulary, block, layers, heads, width, final_norm):
    if width % heads:
        raise ValueError("heads")
    parameters = width * (vocabulary + block) + layers * (12 * width**2 + 13 * width) + 2 * width * final_norm
    return parameters, 2 * (parameters - block * width) + 12 * layers * width * block


# %% id="size-any-heads" wrong="size" hint="raises"
def gpt_size(vocabulary, block, layers, heads, width, final_norm):
    parameters = width * (vocabulary + block) + layers * (12 * width**2 + 13 * width) + 2 * width * bool(final_norm)
    return parameters, 6 * (parameters - block * width) + 12 * layers * width * block


# %% id="size-float" wrong="size" hint="type"
def gpt_size(vocabulary, block, layers, heads, width, final_norm):
    if width % heads:
        raise ValueError("heads")
    parameters = width * (vocabulary + block) + layers * (12.0 * width**2 + 13 * width) + 2 * width * final_norm
    return parameters, 6 * (parameters - block * width) + 12 * layers * width * block
