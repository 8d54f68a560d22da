"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="wordpiece-shortest" wrong="wordpiece" hint="shortest"
def wordpiece(word, vocabulary):
    pieces, start = [], 0
    while start < len(word):
        for end in range(start + 1, len(word) + 1):
            piece = ("##" if start else "") + word[start:end]
            if piece in vocabulary:
                pieces.append(piece)
                start = end
                break
        else:
            return ["[UNK]"]
    return pieces


# %% id="wordpiece-backwards" wrong="wordpiece" hint="backwards"
def wordpiece(word, vocabulary):
    pieces, end = [], len(word)
    while end > 0:
        for start in range(end):
            piece = ("##" if start else "") + word[start:end]
            if piece in vocabulary:
                pieces.insert(0, piece)
                end = start
                break
        else:
            return ["[UNK]"]
    return pieces


# %% id="wordpiece-prefix" wrong="wordpiece" hint="prefix"
def wordpiece(word, vocabulary):
    pieces, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            if word[start:end] in vocabulary:
                pieces.append(word[start:end])
                start = end
                break
        else:
            return ["[UNK]"]
    return pieces


# %% id="wordpiece-partial" wrong="wordpiece" hint="partial"
def wordpiece(word, vocabulary):
    pieces, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in vocabulary:
                pieces.append(piece)
                start = end
                break
        else:
            return pieces + ["[UNK]"]
    return pieces


# %% id="wordpiece-skipped" wrong="wordpiece" hint="skipped"
def wordpiece(word, vocabulary):
    pieces, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in vocabulary:
                pieces.append(piece)
                start = end
                break
        else:
            start += 1
    return pieces


# %% id="pack-end" wrong="pack" hint="end"
def pack_pair(a, b, length, cls, sep, pad):
    a, b = list(a), list(b)
    while len(a) + len(b) > length - 2:
        (a if len(a) > len(b) else b).pop()
    tokens = [cls, *a, *b, sep]
    empty = length - len(tokens)
    segments = [0] * (len(a) + 1) + [1] * (len(b) + 1) + [0] * empty
    return np.array(tokens + [pad] * empty), np.array(segments), np.arange(length) < len(tokens)


# %% id="pack-segment" wrong="pack" hint="segment"
def pack_pair(a, b, length, cls, sep, pad):
    a, b = list(a), list(b)
    while len(a) + len(b) > length - 3:
        (a if len(a) > len(b) else b).pop()
    tokens = [cls, *a, sep, *b, sep]
    empty = length - len(tokens)
    segments = [0] * (len(a) + 1) + [1] * (len(b) + 2) + [0] * empty
    return np.array(tokens + [pad] * empty), np.array(segments), np.arange(length) < len(tokens)


# %% id="pack-padding-segment" wrong="pack" hint="padding-segment"
def pack_pair(a, b, length, cls, sep, pad):
    a, b = list(a), list(b)
    while len(a) + len(b) > length - 3:
        (a if len(a) > len(b) else b).pop()
    tokens = [cls, *a, sep, *b, sep]
    segments = (np.arange(length) >= len(a) + 2).astype(int)
    return np.array(tokens + [pad] * (length - len(tokens))), segments, np.arange(length) < len(tokens)


# %% id="pack-mask" wrong="pack" hint="mask"
def pack_pair(a, b, length, cls, sep, pad):
    a, b = list(a), list(b)
    while len(a) + len(b) > length - 3:
        (a if len(a) > len(b) else b).pop()
    tokens = [cls, *a, sep, *b, sep]
    empty = length - len(tokens)
    segments = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * empty
    return np.array(tokens + [pad] * empty), np.array(segments), np.ones(length, bool)


# %% id="pack-second" wrong="pack" hint="second"
def pack_pair(a, b, length, cls, sep, pad):
    a, b = list(a), list(b)[: max(0, length - 3 - len(a))]
    tokens = [cls, *a[: length - 3], sep, *b, sep]
    empty = length - len(tokens)
    segments = [0] * (len(tokens) - len(b) - 1) + [1] * (len(b) + 1) + [0] * empty
    return np.array(tokens + [pad] * empty), np.array(segments), np.arange(length) < len(tokens)


# %% id="pack-turns" wrong="pack" hint="turns"
def pack_pair(a, b, length, cls, sep, pad):
    a, b = list(a), list(b)
    if len(a) + len(b) > length - 3:
        half = (length - 3) // 2
        a, b = (a[: length - 3 - half], b[:half]) if len(a) <= len(b) else (a[: length - 3 - len(b)], b)
    tokens = [cls, *a, sep, *b, sep]
    empty = length - len(tokens)
    segments = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * empty
    return np.array(tokens + [pad] * empty), np.array(segments), np.arange(length) < len(tokens)


# %% id="pack-pops" wrong="pack" hint="pure"
def pack_pair(a, b, length, cls, sep, pad):
    while len(a) + len(b) > length - 3:
        (a if len(a) > len(b) else b).pop()
    tokens = [cls, *a, sep, *b, sep]
    empty = length - len(tokens)
    segments = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * empty
    return np.array(tokens + [pad] * empty), np.array(segments), np.arange(length) < len(tokens)


# %% id="mask-all" wrong="mask" hint="all-masked"
def hide(ids, u, fate, words, special, mask_id):
    chosen = (u < 0.15) & ~np.isin(ids, special)
    return np.where(chosen, mask_id, ids), np.where(chosen, ids, -100)


# %% id="mask-only-masked" wrong="mask" hint="only-masked"
def hide(ids, u, fate, words, special, mask_id):
    chosen = (u < 0.15) & ~np.isin(ids, special)
    inputs = np.where(chosen, np.where(fate < 0.8, mask_id, np.where(fate < 0.9, words, ids)), ids)
    return inputs, np.where(inputs == mask_id, ids, -100)


# %% id="mask-new-label" wrong="mask" hint="new-label"
def hide(ids, u, fate, words, special, mask_id):
    chosen = (u < 0.15) & ~np.isin(ids, special)
    inputs = np.where(chosen, np.where(fate < 0.8, mask_id, np.where(fate < 0.9, words, ids)), ids)
    return inputs, np.where(chosen, inputs, -100)


# %% id="mask-special" wrong="mask" hint="special"
def hide(ids, u, fate, words, special, mask_id):
    chosen = u < 0.15
    changed = np.where(fate < 0.8, mask_id, np.where(fate < 0.9, words, ids))
    return np.where(chosen, changed, ids), np.where(chosen, ids, -100)


# %% id="mask-kept" wrong="mask" hint="kept"
def hide(ids, u, fate, words, special, mask_id):
    chosen = (u < 0.15) & ~np.isin(ids, special)
    return np.where(chosen, np.where(fate < 0.8, mask_id, words), ids), np.where(chosen, ids, -100)


# %% id="mask-in-place" wrong="mask" hint="pure"
def hide(ids, u, fate, words, special, mask_id):
    chosen = (u < 0.15) & ~np.isin(ids, special)
    labels = np.where(chosen, ids, -100)
    ids[chosen & (fate < 0.8)] = mask_id
    replaced = chosen & (fate >= 0.8) & (fate < 0.9)
    ids[replaced] = words[replaced]
    return ids, labels


# %% id="span-apart" wrong="span" hint="apart"
def best_span(start, end, longest):
    return int(np.argmax(start)), int(np.argmax(end))


# %% id="span-start-first" wrong="span" hint="start-first"
def best_span(start, end, longest):
    i = int(np.argmax(start))
    return i, i + int(np.argmax(end[i : i + longest]))


# %% id="span-no-limit" wrong="span" hint="longest"
def best_span(start, end, longest):
    scores = np.triu(np.ones((len(start), len(start))))
    scores = np.where(scores > 0, start[:, None] + end, -np.inf)
    i, j = np.unravel_index(scores.argmax(), scores.shape)
    return int(i), int(j)


# %% id="span-exclusive" wrong="span" hint="exclusive"
def best_span(start, end, longest):
    best = None
    for i in range(len(start)):
        for j in range(i, min(len(end), i + longest)):
            if best is None or start[i] + end[j] > best[0]:
                best = (start[i] + end[j], i, j)
    return best[1], best[2] + 1


# %% id="span-short" wrong="span" hint="short"
def best_span(start, end, longest):
    best = None
    for i in range(len(start)):
        for j in range(i, max(i + 1, min(len(end), i + longest - 1))):
            if best is None or start[i] + end[j] > best[0]:
                best = (start[i] + end[j], i, j)
    return best[1], best[2]


# %% id="pool-padding" wrong="pool" hint="padding"
def pooled(hidden, mask):
    mean = hidden.mean(axis=1)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


# %% id="pool-cls" wrong="pool" hint="cls"
def pooled(hidden, mask):
    first = hidden[:, 0]
    return first / np.linalg.norm(first, axis=1, keepdims=True)


# %% id="pool-length" wrong="pool" hint="length"
def pooled(hidden, mask):
    return (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)


# %% id="pool-early" wrong="pool" hint="early"
def pooled(hidden, mask):
    unit = hidden / np.linalg.norm(hidden, axis=2, keepdims=True)
    return (unit * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)


# %% id="pool-largest" wrong="pool" hint="largest"
def pooled(hidden, mask):
    mean = (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
    return mean / np.abs(mean).max(axis=1, keepdims=True)


# %% id="pool-back-along" wrong="pool-back" hint="along"
def pooled_backward(dy, hidden, mask):
    count = mask.sum(axis=1, keepdims=True)
    mean = (hidden * mask[:, :, None]).sum(axis=1) / count
    dmean = dy / np.linalg.norm(mean, axis=1, keepdims=True)
    return mask[:, :, None] * (dmean / count)[:, None]


# %% id="pool-back-norm" wrong="pool-back" hint="norm"
def pooled_backward(dy, hidden, mask):
    count = mask.sum(axis=1, keepdims=True)
    mean = (hidden * mask[:, :, None]).sum(axis=1) / count
    y = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    dmean = dy - y * (y * dy).sum(axis=1, keepdims=True)
    return mask[:, :, None] * (dmean / count)[:, None]


# %% id="pool-back-squared" wrong="pool-back" hint="squared"
def pooled_backward(dy, hidden, mask):
    count = mask.sum(axis=1, keepdims=True)
    mean = (hidden * mask[:, :, None]).sum(axis=1) / count
    length = np.linalg.norm(mean, axis=1, keepdims=True)
    y = mean / length
    dmean = (dy - y * (y * dy).sum(axis=1, keepdims=True)) / length**2
    return mask[:, :, None] * (dmean / count)[:, None]


# %% id="pool-back-padding" wrong="pool-back" hint="padding"
def pooled_backward(dy, hidden, mask):
    count = mask.sum(axis=1, keepdims=True)
    mean = (hidden * mask[:, :, None]).sum(axis=1) / count
    length = np.linalg.norm(mean, axis=1, keepdims=True)
    y = mean / length
    dmean = (dy - y * (y * dy).sum(axis=1, keepdims=True)) / length
    return np.repeat((dmean / count)[:, None], hidden.shape[1], axis=1)


# %% id="pool-back-count" wrong="pool-back" hint="count"
def pooled_backward(dy, hidden, mask):
    mean = (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
    length = np.linalg.norm(mean, axis=1, keepdims=True)
    y = mean / length
    dmean = (dy - y * (y * dy).sum(axis=1, keepdims=True)) / length
    return mask[:, :, None] * dmean[:, None]


# %% id="pool-back-all-tokens" wrong="pool-back" hint="all-tokens"
def pooled_backward(dy, hidden, mask):
    mean = (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
    length = np.linalg.norm(mean, axis=1, keepdims=True)
    y = mean / length
    dmean = (dy - y * (y * dy).sum(axis=1, keepdims=True)) / length
    return mask[:, :, None] * dmean[:, None] / hidden.shape[1]


# %% id="pool-back-differences" wrong="pool-back" hint="by hand"
def pooled_backward(dy, hidden, mask):
    dhidden = np.zeros(hidden.shape)
    for index in np.ndindex(hidden.shape):
        e = np.zeros(hidden.shape)
        e[index] = 1e-6
        dhidden[index] = np.sum(dy * (pooled(hidden + e, mask) - pooled(hidden - e, mask))) / 2e-6
    return dhidden
