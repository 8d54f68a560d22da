"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""

# %% id="merge-only-first" wrong="merge" hint="first"
def merge(ids, pair, new):
    for i in range(len(ids) - 1):
        if (ids[i], ids[i + 1]) == pair:
            return ids[:i] + [new] + ids[i + 2 :]
    return list(ids)


# %% id="merge-overlap" wrong="merge" hint="overlap"
def merge(ids, pair, new):
    merged = []
    for i in range(len(ids)):
        if i + 1 < len(ids) and (ids[i], ids[i + 1]) == pair:
            merged.append(new)
        elif i and (ids[i - 1], ids[i]) == pair:
            continue
        else:
            merged.append(ids[i])
    return merged


# %% id="merge-from-the-right" wrong="merge" hint="right"
def merge(ids, pair, new):
    merged, i = [], len(ids) - 1
    while i >= 0:
        if i > 0 and (ids[i - 1], ids[i]) == pair:
            merged.insert(0, new)
            i -= 2
        else:
            merged.insert(0, ids[i])
            i -= 1
    return merged


# %% id="merge-last-entry" wrong="merge" hint="last-entry"
def merge(ids, pair, new):
    merged, i = [], 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) == pair:
            merged.append(new)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged


# %% id="merge-in-place" wrong="merge" hint="pure"
def merge(ids, pair, new):
    i = 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) == pair:
            ids[i : i + 2] = [new]
        i += 1
    return ids


# %% id="train-overlap" wrong="bpe-train" hint="overlap"
def bpe_train(words, n_merges):
    split = {word: list(word.encode()) for word in words}
    merges = []
    while len(merges) < n_merges:
        counts = {}
        for word, ids in split.items():
            for pair in zip(ids, ids[1:]):
                counts[pair] = counts.get(pair, 0) + words[word]
        best = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
        if best is None or counts[best] < 2:
            break
        split = {word: merge(ids, best, 256 + len(merges)) for word, ids in split.items()}
        merges.append(best)
    return merges


# %% id="train-no-frequency" wrong="bpe-train" hint="frequency"
def bpe_train(words, n_merges):
    split = {word: list(word.encode()) for word in words}
    merges = []
    while len(merges) < n_merges:
        counts = {}
        for ids in split.values():
            used = None
            for pair in zip(ids, ids[1:]):
                if pair == used:
                    used = None
                else:
                    counts[pair] = counts.get(pair, 0) + 1
                    used = pair
        best = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
        if best is None or counts[best] < 2:
            break
        split = {word: merge(ids, best, 256 + len(merges)) for word, ids in split.items()}
        merges.append(best)
    return merges


# %% id="train-one-long-text" wrong="bpe-train" hint="borders"
def bpe_train(words, n_merges):
    ids = list("".join(word * times for word, times in words.items()).encode())
    merges = []
    while len(merges) < n_merges:
        counts, used = {}, None
        for pair in zip(ids, ids[1:]):
            if pair == used:
                used = None
            else:
                counts[pair] = counts.get(pair, 0) + 1
                used = pair
        best = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
        if best is None or counts[best] < 2:
            break
        ids = merge(ids, best, 256 + len(merges))
        merges.append(best)
    return merges


# %% id="train-first-seen" wrong="bpe-train" hint="first-seen"
def bpe_train(words, n_merges):
    split = {word: list(word.encode()) for word in words}
    merges = []
    while len(merges) < n_merges:
        counts = {}
        for word, ids in split.items():
            used = None
            for pair in zip(ids, ids[1:]):
                if pair == used:
                    used = None
                else:
                    counts[pair] = counts.get(pair, 0) + words[word]
                    used = pair
        best = max(counts, key=counts.get, default=None)
        if best is None or counts[best] < 2:
            break
        split = {word: merge(ids, best, 256 + len(merges)) for word, ids in split.items()}
        merges.append(best)
    return merges


# %% id="train-largest" wrong="bpe-train" hint="largest"
def bpe_train(words, n_merges):
    split = {word: list(word.encode()) for word in words}
    merges = []
    while len(merges) < n_merges:
        counts = {}
        for word, ids in split.items():
            used = None
            for pair in zip(ids, ids[1:]):
                if pair == used:
                    used = None
                else:
                    counts[pair] = counts.get(pair, 0) + words[word]
                    used = pair
        if not counts:
            break
        times, best = max((n, pair) for pair, n in counts.items())
        if times < 2:
            break
        split = {word: merge(ids, best, 256 + len(merges)) for word, ids in split.items()}
        merges.append(best)
    return merges


# %% id="train-stale-counts" wrong="bpe-train" hint="stale"
def bpe_train(words, n_merges):
    counts = {}
    for word, times in words.items():
        ids, used = list(word.encode()), None
        for pair in zip(ids, ids[1:]):
            if pair == used:
                used = None
            else:
                counts[pair] = counts.get(pair, 0) + times
                used = pair
    frequent = [pair for pair in counts if counts[pair] >= 2]
    return sorted(frequent, key=lambda pair: (-counts[pair], pair))[:n_merges]


# %% id="train-characters" wrong="bpe-train" hint="characters"
def bpe_train(words, n_merges):
    split = {word: [ord(character) for character in word] for word in words}
    merges = []
    while len(merges) < n_merges:
        counts = {}
        for word, ids in split.items():
            used = None
            for pair in zip(ids, ids[1:]):
                if pair == used:
                    used = None
                else:
                    counts[pair] = counts.get(pair, 0) + words[word]
                    used = pair
        best = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
        if best is None or counts[best] < 2:
            break
        split = {word: merge(ids, best, 256 + len(merges)) for word, ids in split.items()}
        merges.append(best)
    return merges


# %% id="train-no-stop" wrong="bpe-train" hint="stop"
def bpe_train(words, n_merges):
    split = {word: list(word.encode()) for word in words}
    merges = []
    while len(merges) < n_merges:
        counts = {}
        for word, ids in split.items():
            used = None
            for pair in zip(ids, ids[1:]):
                if pair == used:
                    used = None
                else:
                    counts[pair] = counts.get(pair, 0) + words[word]
                    used = pair
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        split = {word: merge(ids, best, 256 + len(merges)) for word, ids in split.items()}
        merges.append(best)
    return merges


# %% id="train-by-the-package" wrong="bpe-train" hint="by hand"
def bpe_train(words, n_merges):
    text = "\n".join(word for word, times in words.items() for _ in range(times))
    return BPETokenizer.train(text, 256 + n_merges).merges


# %% id="encode-most-frequent" wrong="bpe-encode" hint="most"
def bpe_encode(word, merges):
    ids = list(word.encode())
    ranks = {pair: i for i, pair in enumerate(merges)}
    while True:
        pairs = list(zip(ids, ids[1:]))
        known = [pair for pair in pairs if pair in ranks]
        if not known:
            return ids
        best = min(known, key=lambda pair: (-pairs.count(pair), ranks[pair]))
        ids = merge(ids, best, 256 + ranks[best])


# %% id="encode-longest-piece" wrong="bpe-encode" hint="longest"
def bpe_encode(word, merges):
    pieces = [bytes([i]) for i in range(256)]
    for left, right in merges:
        pieces.append(pieces[left] + pieces[right])
    numbers = {piece: i for i, piece in enumerate(pieces)}
    rest, ids = word.encode(), []
    while rest:
        size = max(n for n in range(1, len(rest) + 1) if rest[:n] in numbers)
        ids.append(numbers[rest[:size]])
        rest = rest[size:]
    return ids


# %% id="encode-last-first" wrong="bpe-encode" hint="last"
def bpe_encode(word, merges):
    ids = list(word.encode())
    ranks = {pair: i for i, pair in enumerate(merges)}
    while True:
        ranked = [ranks[pair] for pair in zip(ids, ids[1:]) if pair in ranks]
        if not ranked:
            return ids
        ids = merge(ids, merges[max(ranked)], 256 + max(ranked))


# %% id="encode-from-the-left" wrong="bpe-encode" hint="left"
def bpe_encode(word, merges):
    ids = list(word.encode())
    ranks = {pair: i for i, pair in enumerate(merges)}
    while True:
        for pair in zip(ids, ids[1:]):
            if pair in ranks:
                ids = merge(ids, pair, 256 + ranks[pair])
                break
        else:
            return ids


# %% id="encode-one-place" wrong="bpe-encode" hint="all"
def bpe_encode(word, merges):
    ids = list(word.encode())
    for rank, pair in enumerate(merges):
        for i in range(len(ids) - 1):
            if (ids[i], ids[i + 1]) == pair:
                ids = ids[:i] + [256 + rank] + ids[i + 2 :]
                break
    return ids


# %% id="encode-one-round" wrong="bpe-encode" hint="once"
def bpe_encode(word, merges):
    ids = list(word.encode())
    ranks = {pair: i for i, pair in enumerate(merges)}
    for rank in sorted({ranks[pair] for pair in zip(ids, ids[1:]) if pair in ranks}):
        ids = merge(ids, merges[rank], 256 + rank)
    return ids


# %% id="encode-characters" wrong="bpe-encode" hint="characters"
def bpe_encode(word, merges):
    ids = [ord(character) for character in word]
    for rank, pair in enumerate(merges):
        ids = merge(ids, pair, 256 + rank)
    return ids


# %% id="embed-fancy-index" wrong="embed-backward" hint="repeats"
def embed_backward(dy, ids, V):
    d = dy.shape[-1]
    dE = np.zeros((V, d))
    dE[ids] += np.sqrt(d) * dy
    return dE


# %% id="embed-no-scale" wrong="embed-backward" hint="scale"
def embed_backward(dy, ids, V):
    dE = np.zeros((V, dy.shape[-1]))
    np.add.at(dE, ids, dy)
    return dE


# %% id="embed-divided" wrong="embed-backward" hint="inverse"
def embed_backward(dy, ids, V):
    d = dy.shape[-1]
    dE = np.zeros((V, d))
    np.add.at(dE, ids, dy / np.sqrt(d))
    return dE


# %% id="embed-mean-of-occurrences" wrong="embed-backward" hint="occurrences"
def embed_backward(dy, ids, V):
    d = dy.shape[-1]
    dE = np.zeros((V, d))
    for i in np.unique(ids):
        dE[i] = np.sqrt(d) * dy[ids == i].mean(axis=0)
    return dE


# %% id="embed-mean-of-tokens" wrong="embed-backward" hint="tokens"
def embed_backward(dy, ids, V):
    d = dy.shape[-1]
    one_hot = np.eye(V)[ids.ravel()]
    return np.sqrt(d) * one_hot.T @ dy.reshape(-1, d) / ids.size


# %% id="embed-too-few-rows" wrong="embed-backward" hint="rows"
def embed_backward(dy, ids, V):
    d = dy.shape[-1]
    one_hot = np.eye(ids.max() + 1)[ids.ravel()]
    return np.sqrt(d) * one_hot.T @ dy.reshape(-1, d)


# %% id="embed-row-for-each-token" wrong="embed-backward" hint="shape"
def embed_backward(dy, ids, V):
    return np.sqrt(dy.shape[-1]) * dy.reshape(-1, dy.shape[-1])


# %% id="embed-in-place" wrong="embed-backward" hint="pure"
def embed_backward(dy, ids, V):
    d = dy.shape[-1]
    dy *= np.sqrt(d)
    dE = np.zeros((V, d))
    np.add.at(dE, ids, dy)
    return dE


# %% id="embed-differences" wrong="embed-backward" hint="by hand"
def embed_backward(dy, ids, V):
    dE = np.zeros((V, dy.shape[-1]))
    for i in np.ndindex(dE.shape):
        e = np.zeros(dE.shape)
        e[i] = 1e-5
        dE[i] = np.sum(dy * (embed(ids, e) - embed(ids, -e))) / 2e-5
    return dE


# %% id="equivariance-invariant" wrong="equivariance" hint="invariant"
def is_permutation_equivariant(f, X, rng):
    Y = f(X)
    return all(np.allclose(f(X[rng.permutation(len(X))]), Y) for _ in range(5))


# %% id="equivariance-exact" wrong="equivariance" hint="exact"
def is_permutation_equivariant(f, X, rng):
    Y = f(X)
    if len(Y) != len(X):
        return False
    for _ in range(5):
        p = rng.permutation(len(X))
        if not np.array_equal(f(X[p]), Y[p]):
            return False
    return True


# %% id="equivariance-inverse" wrong="equivariance" hint="inverse"
def is_permutation_equivariant(f, X, rng):
    Y = f(X)
    if len(Y) != len(X):
        return False
    for _ in range(5):
        p = rng.permutation(len(X))
        if not np.allclose(f(X[p])[p], Y):
            return False
    return True


# %% id="equivariance-mirror" wrong="equivariance" hint="mirror"
def is_permutation_equivariant(f, X, rng):
    Y = f(X)
    return len(Y) == len(X) and np.allclose(f(X[::-1]), Y[::-1])


# %% id="equivariance-sums" wrong="equivariance" hint="sums"
def is_permutation_equivariant(f, X, rng):
    Y = f(X)
    return all(np.allclose(f(X[rng.permutation(len(X))]).sum(axis=0), Y.sum(axis=0)) for _ in range(5))


# %% id="equivariance-no-shape" wrong="equivariance" hint="error"
def is_permutation_equivariant(f, X, rng):
    for _ in range(5):
        p = rng.permutation(len(X))
        if not np.allclose(f(X[p]), f(X)[p]):
            return False
    return True


# %% id="positions-exponent" wrong="positional-encoding" hint="exponent"
def positional_encoding(T, d, base):
    if d % 2:
        raise ValueError("d must be even")
    angles = np.arange(T)[:, None] / base ** (np.arange(d // 2) / d)
    P = np.empty((T, d))
    P[:, 0::2], P[:, 1::2] = np.sin(angles), np.cos(angles)
    return P


# %% id="positions-halves" wrong="positional-encoding" hint="halves"
def positional_encoding(T, d, base):
    if d % 2:
        raise ValueError("d must be even")
    angles = np.arange(T)[:, None] / base ** (np.arange(0, d, 2) / d)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


# %% id="positions-from-one" wrong="positional-encoding" hint="one"
def positional_encoding(T, d, base):
    if d % 2:
        raise ValueError("d must be even")
    angles = np.arange(1, T + 1)[:, None] / base ** (np.arange(0, d, 2) / d)
    P = np.empty((T, d))
    P[:, 0::2], P[:, 1::2] = np.sin(angles), np.cos(angles)
    return P


# %% id="positions-integer-division" wrong="positional-encoding" hint="integer"
def positional_encoding(T, d, base):
    if d % 2:
        raise ValueError("d must be even")
    angles = np.arange(T)[:, None] / base ** (np.arange(0, d, 2) // d)
    P = np.empty((T, d))
    P[:, 0::2], P[:, 1::2] = np.sin(angles), np.cos(angles)
    return P


# %% id="positions-double" wrong="positional-encoding" hint="double"
def positional_encoding(T, d, base):
    if d % 2:
        raise ValueError("d must be even")
    P = np.empty((T, d))
    for t in range(T):
        for i in range(0, d, 2):
            P[t, i] = np.sin(t / base ** (2 * i / d))
            P[t, i + 1] = np.cos(t / base ** (2 * i / d))
    return P


# %% id="positions-own-frequency" wrong="positional-encoding" hint="own"
def positional_encoding(T, d, base):
    if d % 2:
        raise ValueError("d must be even")
    angles = np.arange(T)[:, None] / base ** (np.arange(d) / d)
    return np.where(np.arange(d) % 2 == 0, np.sin(angles), np.cos(angles))


# %% id="positions-swapped" wrong="positional-encoding" hint="swapped"
def positional_encoding(T, d, base):
    if d % 2:
        raise ValueError("d must be even")
    angles = np.arange(T)[:, None] / base ** (np.arange(0, d, 2) / d)
    P = np.empty((T, d))
    P[:, 0::2], P[:, 1::2] = np.cos(angles), np.sin(angles)
    return P


# %% id="positions-odd" wrong="positional-encoding" hint="raises"
def positional_encoding(T, d, base):
    angles = np.arange(T)[:, None] / base ** (np.arange(d) // 2 * 2 / d)
    return np.where(np.arange(d) % 2 == 0, np.sin(angles), np.cos(angles))
