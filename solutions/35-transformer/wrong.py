"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="batch-copy" wrong="batch" hint="copy"
def teacher_batch(sentences, start, end, pad):
    T = 1 + max(len(words) for words in sentences)
    labels = np.full((len(sentences), T), pad)
    for row, words in zip(labels, sentences, strict=True):
        row[: len(words) + 1] = [*words, end]
    return labels.copy(), labels


# %% id="batch-no-end" wrong="batch" hint="end"
def teacher_batch(sentences, start, end, pad):
    T = max(len(words) for words in sentences)
    labels = np.full((len(sentences), T), pad)
    for row, words in zip(labels, sentences, strict=True):
        row[: len(words)] = words
    return np.column_stack([np.full(len(labels), start), labels[:, :-1]]), labels


# %% id="batch-ahead" wrong="batch" hint="ahead"
def teacher_batch(sentences, start, end, pad):
    T = 1 + max(len(words) for words in sentences)
    labels = np.full((len(sentences), T), pad)
    for row, words in zip(labels, sentences, strict=True):
        row[: len(words) + 1] = [*words, end]
    inputs = np.column_stack([np.full(len(labels), start), labels[:, :-1]])
    return inputs, inputs.copy()


# %% id="batch-roll" wrong="batch" hint="roll"
def teacher_batch(sentences, start, end, pad):
    T = 1 + max(len(words) for words in sentences)
    labels = np.array([[*words, end] + (T - 1 - len(words)) * [pad] for words in sentences])
    return np.roll(labels, 1, axis=1), labels


# %% id="batch-start-pad" wrong="batch" hint="start-pad"
def teacher_batch(sentences, start, end, pad):
    T = 1 + max(len(words) for words in sentences)
    labels = np.array([[*words, end] + (T - 1 - len(words)) * [pad] for words in sentences])
    inputs = np.full_like(labels, pad)
    inputs[:, 1:] = labels[:, :-1]
    return inputs, labels


# %% id="batch-lists" wrong="batch" hint="type"
def teacher_batch(sentences, start, end, pad):
    T = 1 + max(len(words) for words in sentences)
    labels = [[*words, end] + (T - 1 - len(words)) * [pad] for words in sentences]
    return [[start, *row[:-1]] for row in labels], labels


# %% id="mask-upper" wrong="mask" hint="upper"
def decoder_mask(lengths, T):
    real = np.arange(T) < np.asarray(lengths)[:, None]
    return np.triu(np.ones((T, T), bool)) & real[:, None, None, :]


# %% id="mask-diagonal" wrong="mask" hint="diagonal"
def decoder_mask(lengths, T):
    real = np.arange(T) < np.asarray(lengths)[:, None]
    return np.tri(T, T, -1, dtype=bool) & real[:, None, None, :]


# %% id="mask-inclusive" wrong="mask" hint="inclusive"
def decoder_mask(lengths, T):
    real = np.arange(T) <= np.asarray(lengths)[:, None]
    return np.tri(T, dtype=bool) & real[:, None, None, :]


# %% id="mask-queries" wrong="mask" hint="queries"
def decoder_mask(lengths, T):
    real = np.arange(T) < np.asarray(lengths)[:, None]
    return np.tri(T, dtype=bool) & real[:, None, :, None]


# %% id="mask-either" wrong="mask" hint="either"
def decoder_mask(lengths, T):
    real = np.arange(T) < np.asarray(lengths)[:, None]
    return np.tri(T, dtype=bool) | real[:, None, None, :]


# %% id="mask-numbers" wrong="mask" hint="type"
def decoder_mask(lengths, T):
    real = np.arange(T) < np.asarray(lengths)[:, None]
    return np.where(np.tri(T, dtype=bool) & real[:, None, None, :], 0.0, -np.inf)


# %% id="leak-all-rows" wrong="leak" hint="all-rows"
def no_future_leak(f, x):
    before = f(x)
    for s in range(1, len(x)):
        changed = x.copy()
        changed[s] += np.arange(1, x.shape[1] + 1)
        if np.abs(f(changed) - before).max() > 1e-9:
            return False
    return True


# %% id="leak-itself" wrong="leak" hint="itself"
def no_future_leak(f, x):
    before = f(x)
    for s in range(1, len(x)):
        changed = x.copy()
        changed[s] += np.arange(1, x.shape[1] + 1)
        if np.abs(f(changed)[: s + 1] - before[: s + 1]).max() > 1e-9:
            return False
    return True


# %% id="leak-direction" wrong="leak" hint="direction"
def no_future_leak(f, x):
    before = f(x)
    for s in range(1, len(x)):
        changed = x.copy()
        changed[:s] += np.arange(1, x.shape[1] + 1)
        if np.abs(f(changed)[s:] - before[s:]).max() > 1e-9:
            return False
    return True


# %% id="leak-last-only" wrong="leak" hint="last-only"
def no_future_leak(f, x):
    changed = x.copy()
    changed[-1] += np.arange(1, x.shape[1] + 1)
    return bool(np.allclose(f(changed)[:-1], f(x)[:-1], rtol=0, atol=1e-9))


# %% id="leak-off-by-one" wrong="leak" hint="off-by-one"
def no_future_leak(f, x):
    before = f(x)
    for s in range(2, len(x)):
        changed = x.copy()
        changed[s] += np.arange(1, x.shape[1] + 1)
        if np.abs(f(changed)[: s - 1] - before[: s - 1]).max() > 1e-9:
            return False
    return True


# %% id="leak-same-amount" wrong="leak" hint="same-amount"
def no_future_leak(f, x):
    before = f(x)
    for s in range(1, len(x)):
        changed = x.copy()
        changed[s] += 1.0
        if np.abs(f(changed)[:s] - before[:s]).max() > 1e-9:
            return False
    return True


# %% id="leak-in-place" wrong="leak" hint="pure"
def no_future_leak(f, x):
    before = f(x).copy()
    for s in reversed(range(1, len(x))):
        x[s] += np.arange(1, x.shape[1] + 1)
        if np.abs(f(x)[:s] - before[:s]).max() > 1e-9:
            return False
    return True


# %% id="cross-roles" wrong="cross" hint="roles"
def cross_attention(y, z, W_q, W_k, W_v, W_o, heads, real):
    return attended(z, y, W_q, W_k, W_v, W_o, heads, np.ones(y.shape[:2], bool))


def attended(y, z, W_q, W_k, W_v, W_o, heads, real):
    N, T, D = y.shape
    q = (y @ W_q.T).reshape(N, T, heads, -1).swapaxes(1, 2)
    k = (z @ W_k.T).reshape(N, z.shape[1], heads, -1).swapaxes(1, 2)
    v = (z @ W_v.T).reshape(N, z.shape[1], heads, -1).swapaxes(1, 2)
    scores = np.where(real[:, None, None, :], q @ k.swapaxes(2, 3) / np.sqrt(D // heads), -np.inf)
    e = np.exp(scores - scores.max(axis=3, keepdims=True))
    weights = e / e.sum(axis=3, keepdims=True)
    return (weights @ v).swapaxes(1, 2).reshape(N, T, D) @ W_o.T, weights


# %% id="cross-scale" wrong="cross" hint="scale"
def cross_attention(y, z, W_q, W_k, W_v, W_o, heads, real):
    N, T, D = y.shape
    q = (y @ W_q.T).reshape(N, T, heads, -1).swapaxes(1, 2)
    k = (z @ W_k.T).reshape(N, z.shape[1], heads, -1).swapaxes(1, 2)
    v = (z @ W_v.T).reshape(N, z.shape[1], heads, -1).swapaxes(1, 2)
    e = np.exp(q @ k.swapaxes(2, 3) / np.sqrt(D)) * real[:, None, None, :]
    weights = e / np.maximum(e.sum(axis=3, keepdims=True), 1e-300)
    return (weights @ v).swapaxes(1, 2).reshape(N, T, D) @ W_o.T, weights


# %% id="cross-heads" wrong="cross" hint="heads"
def cross_attention(y, z, W_q, W_k, W_v, W_o, heads, real):
    N, T, D = y.shape
    q = (y @ W_q.T).reshape(N, heads, T, D // heads)
    k = (z @ W_k.T).reshape(N, heads, z.shape[1], D // heads)
    v = (z @ W_v.T).reshape(N, heads, z.shape[1], D // heads)
    e = np.exp(q @ k.swapaxes(2, 3) / np.sqrt(D // heads)) * real[:, None, None, :]
    weights = e / np.maximum(e.sum(axis=3, keepdims=True), 1e-300)
    return (weights @ v).reshape(N, T, D) @ W_o.T, weights


# %% id="cross-output" wrong="cross" hint="output"
def cross_attention(y, z, W_q, W_k, W_v, W_o, heads, real):
    N, T, D = y.shape
    q = (y @ W_q.T).reshape(N, T, heads, -1).swapaxes(1, 2)
    k = (z @ W_k.T).reshape(N, z.shape[1], heads, -1).swapaxes(1, 2)
    v = (z @ W_v.T).reshape(N, z.shape[1], heads, -1).swapaxes(1, 2)
    e = np.exp(q @ k.swapaxes(2, 3) / np.sqrt(D // heads)) * real[:, None, None, :]
    weights = e / np.maximum(e.sum(axis=3, keepdims=True), 1e-300)
    return (weights @ v).swapaxes(1, 2).reshape(N, T, D), weights


# %% id="cross-unmasked" wrong="cross" hint="unmasked"
def cross_attention(y, z, W_q, W_k, W_v, W_o, heads, real):
    N, T, D = y.shape
    q = (y @ W_q.T).reshape(N, T, heads, -1).swapaxes(1, 2)
    k = (z @ W_k.T).reshape(N, z.shape[1], heads, -1).swapaxes(1, 2)
    v = (z @ W_v.T).reshape(N, z.shape[1], heads, -1).swapaxes(1, 2)
    e = np.exp(q @ k.swapaxes(2, 3) / np.sqrt(D // heads))
    weights = e / e.sum(axis=3, keepdims=True)
    return (weights @ v).swapaxes(1, 2).reshape(N, T, D) @ W_o.T, weights


# %% id="cross-times-zero" wrong="cross" hint="times-zero"
def cross_attention(y, z, W_q, W_k, W_v, W_o, heads, real):
    N, T, D = y.shape
    q = (y @ W_q.T).reshape(N, T, heads, -1).swapaxes(1, 2)
    k = (z @ W_k.T).reshape(N, z.shape[1], heads, -1).swapaxes(1, 2)
    v = (z @ W_v.T).reshape(N, z.shape[1], heads, -1).swapaxes(1, 2)
    e = np.exp(q @ k.swapaxes(2, 3) / np.sqrt(D // heads) * real[:, None, None, :])
    weights = e / e.sum(axis=3, keepdims=True)
    return (weights @ v).swapaxes(1, 2).reshape(N, T, D) @ W_o.T, weights


# %% id="cross-after" wrong="cross" hint="after"
def cross_attention(y, z, W_q, W_k, W_v, W_o, heads, real):
    N, T, D = y.shape
    q = (y @ W_q.T).reshape(N, T, heads, -1).swapaxes(1, 2)
    k = (z @ W_k.T).reshape(N, z.shape[1], heads, -1).swapaxes(1, 2)
    v = (z @ W_v.T).reshape(N, z.shape[1], heads, -1).swapaxes(1, 2)
    e = np.exp(q @ k.swapaxes(2, 3) / np.sqrt(D // heads))
    weights = e / e.sum(axis=3, keepdims=True) * real[:, None, None, :]
    return (weights @ v).swapaxes(1, 2).reshape(N, T, D) @ W_o.T, weights


# %% id="cross-inverted" wrong="cross" hint="inverted"
def cross_attention(y, z, W_q, W_k, W_v, W_o, heads, real):
    N, T, D = y.shape
    q = (y @ W_q.T).reshape(N, T, heads, -1).swapaxes(1, 2)
    k = (z @ W_k.T).reshape(N, z.shape[1], heads, -1).swapaxes(1, 2)
    v = (z @ W_v.T).reshape(N, z.shape[1], heads, -1).swapaxes(1, 2)
    e = np.exp(q @ k.swapaxes(2, 3) / np.sqrt(D // heads)) * ~real[:, None, None, :]
    weights = e / np.maximum(e.sum(axis=3, keepdims=True), 1e-300)
    return (weights @ v).swapaxes(1, 2).reshape(N, T, D) @ W_o.T, weights


# %% id="cross-nan" wrong="cross" hint="nan"
def cross_attention(y, z, W_q, W_k, W_v, W_o, heads, real):
    N, T, D = y.shape
    q = (y @ W_q.T).reshape(N, T, heads, -1).swapaxes(1, 2)
    k = (z @ W_k.T).reshape(N, z.shape[1], heads, -1).swapaxes(1, 2)
    v = (z @ W_v.T).reshape(N, z.shape[1], heads, -1).swapaxes(1, 2)
    scores = np.where(real[:, None, None, :], q @ k.swapaxes(2, 3) / np.sqrt(D // heads), -np.inf)
    e = np.exp(scores - scores.max(axis=3, keepdims=True))
    weights = e / e.sum(axis=3, keepdims=True)
    return (weights @ v).swapaxes(1, 2).reshape(N, T, D) @ W_o.T, weights


# %% id="cross-library" wrong="cross" hint="by hand"
def cross_attention(y, z, W_q, W_k, W_v, W_o, heads, real):
    layer = nn.MultiheadAttention(y.shape[2], heads, bias=False, batch_first=True, rng=np.random.default_rng(0))
    layer.in_proj_weight.data = np.concatenate([W_q, W_k, W_v])
    layer.out_proj.weight.data = W_o
    mask = real[:, None, None, :]
    return layer(y, z, z, mask=mask), layer.weights(y, z, mask)


# %% id="count-cross" wrong="count" hint="cross"
def transformer_parameters(d, hidden, heads, layers, vocabulary, tied):
    attention, feed_forward = 4 * (d * d + d), 2 * d * hidden + hidden + d
    return layers * (2 * attention + 2 * feed_forward + 5 * 2 * d) + (1 if tied else 3) * vocabulary * d


# %% id="count-heads" wrong="count" hint="heads"
def transformer_parameters(d, hidden, heads, layers, vocabulary, tied):
    attention, feed_forward = heads * 4 * (d * d + d), 2 * d * hidden + hidden + d
    return layers * (3 * attention + 2 * feed_forward + 5 * 2 * d) + (1 if tied else 3) * vocabulary * d


# %% id="count-biases" wrong="count" hint="biases"
def transformer_parameters(d, hidden, heads, layers, vocabulary, tied):
    attention, feed_forward = 4 * d * d, 2 * d * hidden
    return layers * (3 * attention + 2 * feed_forward + 5 * 2 * d) + (1 if tied else 3) * vocabulary * d


# %% id="count-norms" wrong="count" hint="norms"
def transformer_parameters(d, hidden, heads, layers, vocabulary, tied):
    attention, feed_forward = 4 * (d * d + d), 2 * d * hidden + hidden + d
    return layers * (3 * attention + 2 * feed_forward + 4 * 2 * d) + (1 if tied else 3) * vocabulary * d


# %% id="count-one-linear" wrong="count" hint="one-linear"
def transformer_parameters(d, hidden, heads, layers, vocabulary, tied):
    attention, feed_forward = 4 * (d * d + d), d * hidden + hidden
    return layers * (3 * attention + 2 * feed_forward + 5 * 2 * d) + (1 if tied else 3) * vocabulary * d


# %% id="count-tied" wrong="count" hint="tied"
def transformer_parameters(d, hidden, heads, layers, vocabulary, tied):
    attention, feed_forward = 4 * (d * d + d), 2 * d * hidden + hidden + d
    return layers * (3 * attention + 2 * feed_forward + 5 * 2 * d) + 3 * vocabulary * d


# %% id="beam-greedy" wrong="beam" hint="greedy"
def beam_search(step, start, end, width, length, alpha):
    tokens, total = [], 0.0
    while len(tokens) < length and end not in tokens:
        following = step([*start, *tokens])
        best = int(np.argmax(following))
        tokens, total = [*tokens, best], total + following[best]
    return [(tokens, total / ((5 + len(tokens)) / 6) ** alpha)]


# %% id="beam-finished" wrong="beam" hint="finished"
def beam_search(step, start, end, width, length, alpha):
    kept = [([], 0.0)]
    for _ in range(length):
        candidates = [
            ([*tokens, k], total + p) for tokens, total in kept for k, p in enumerate(step([*start, *tokens]))
        ]
        kept = sorted(candidates, key=lambda h: h[1], reverse=True)[:width]
    return [(tokens, total / ((5 + len(tokens)) / 6) ** alpha) for tokens, total in kept]


# %% id="beam-early" wrong="beam" hint="early"
def beam_search(step, start, end, width, length, alpha):
    unfinished, finished = [([], 0.0)], []
    for _ in range(length):
        candidates = []
        for tokens, total in unfinished:
            candidates += [([*tokens, k], total + p) for k, p in enumerate(step([*start, *tokens]))]
        best = sorted(candidates, key=lambda h: h[1], reverse=True)[: width - len(finished)]
        finished += [h for h in best if h[0][-1] == end]
        unfinished = [h for h in best if h[0][-1] != end]
        if finished:
            break
    scored = [(tokens, total / ((5 + len(tokens)) / 6) ** alpha) for tokens, total in finished + unfinished]
    return sorted(scored, key=lambda h: h[1], reverse=True)


# %% id="beam-order" wrong="beam" hint="order"
def beam_search(step, start, end, width, length, alpha):
    unfinished, finished = [([], 0.0)], []
    for _ in range(length):
        candidates = []
        for tokens, total in unfinished:
            candidates += [([*tokens, k], total + p) for k, p in enumerate(step([*start, *tokens]))]
        best = sorted(candidates, key=lambda h: h[1], reverse=True)[: width - len(finished)]
        finished += [h for h in best if h[0][-1] == end]
        unfinished = [h for h in best if h[0][-1] != end]
        if not unfinished:
            break
    scored = [(tokens, total / ((5 + len(tokens)) / 6) ** alpha) for tokens, total in finished + unfinished]
    return sorted(scored, key=lambda h: h[1])


# %% id="beam-with-start" wrong="beam" hint="start"
def beam_search(step, start, end, width, length, alpha):
    unfinished, finished = [([], 0.0)], []
    for _ in range(length):
        candidates = []
        for tokens, total in unfinished:
            candidates += [([*tokens, k], total + p) for k, p in enumerate(step([*start, *tokens]))]
        best = sorted(candidates, key=lambda h: h[1], reverse=True)[: width - len(finished)]
        finished += [h for h in best if h[0][-1] == end]
        unfinished = [h for h in best if h[0][-1] != end]
        if not unfinished:
            break
    scored = [([*start, *tokens], total / ((5 + len(tokens)) / 6) ** alpha) for tokens, total in finished + unfinished]
    return sorted(scored, key=lambda h: h[1], reverse=True)


# %% id="beam-logs" wrong="beam" hint="logs"
def beam_search(step, start, end, width, length, alpha):
    unfinished, finished = [([], 1.0)], []
    for _ in range(length):
        candidates = []
        for tokens, total in unfinished:
            candidates += [([*tokens, k], total * np.exp(p)) for k, p in enumerate(step([*start, *tokens]))]
        best = sorted(candidates, key=lambda h: h[1], reverse=True)[: width - len(finished)]
        finished += [h for h in best if h[0][-1] == end]
        unfinished = [h for h in best if h[0][-1] != end]
        if not unfinished:
            break
    scored = [(tokens, total / ((5 + len(tokens)) / 6) ** alpha) for tokens, total in finished + unfinished]
    return sorted(scored, key=lambda h: h[1], reverse=True)


# %% id="beam-no-penalty" wrong="beam" hint="alpha"
def beam_search(step, start, end, width, length, alpha):
    unfinished, finished = [([], 0.0)], []
    for _ in range(length):
        candidates = []
        for tokens, total in unfinished:
            candidates += [([*tokens, k], total + p) for k, p in enumerate(step([*start, *tokens]))]
        best = sorted(candidates, key=lambda h: h[1], reverse=True)[: width - len(finished)]
        finished += [h for h in best if h[0][-1] == end]
        unfinished = [h for h in best if h[0][-1] != end]
        if not unfinished:
            break
    scored = [(tokens, total / 1.0) for tokens, total in finished + unfinished]
    return sorted(scored, key=lambda h: h[1], reverse=True)


# %% id="beam-counted" wrong="beam" hint="counted"
def beam_search(step, start, end, width, length, alpha):
    unfinished, finished = [([], 0.0)], []
    for _ in range(length):
        candidates = []
        for tokens, total in unfinished:
            candidates += [([*tokens, k], total + p) for k, p in enumerate(step([*start, *tokens]))]
        best = sorted(candidates, key=lambda h: h[1], reverse=True)[: width - len(finished)]
        finished += [h for h in best if h[0][-1] == end]
        unfinished = [h for h in best if h[0][-1] != end]
        if not unfinished:
            break
    scored = [(tokens, total / ((6 + len(tokens)) / 6) ** alpha) for tokens, total in finished + unfinished]
    return sorted(scored, key=lambda h: h[1], reverse=True)


# %% id="beam-last-only" wrong="beam" hint="prefix"
def beam_search(step, start, end, width, length, alpha):
    unfinished, finished = [([], 0.0)], []
    for _ in range(length):
        candidates = []
        for tokens, total in unfinished:
            candidates += [([*tokens, k], total + p) for k, p in enumerate(step([*start, *tokens][-1:]))]
        best = sorted(candidates, key=lambda h: h[1], reverse=True)[: width - len(finished)]
        finished += [h for h in best if h[0][-1] == end]
        unfinished = [h for h in best if h[0][-1] != end]
        if not unfinished:
            break
    scored = [(tokens, total / ((5 + len(tokens)) / 6) ** alpha) for tokens, total in finished + unfinished]
    return sorted(scored, key=lambda h: h[1], reverse=True)
