"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="index-as-listed" wrong="index" hint="as-listed"
def index_files(names):
    files, labels = [], []
    folders = sorted({name.split("/")[0] for name in names if "/" in name})
    for name in names:
        if name.split("/")[-1].startswith("."):
            continue
        if name.count("/") != 1:
            raise ValueError(name)
        files.append(name)
        labels.append(folders.index(name.split("/")[0]))
    return files, np.array(labels), folders


# %% id="index-as-met" wrong="index" hint="as-met"
def index_files(names):
    folders, pairs = [], []
    for name in names:
        if name.split("/")[-1].startswith("."):
            continue
        if name.count("/") != 1:
            raise ValueError(name)
        folder = name.split("/")[0]
        if folder not in folders:
            folders.append(folder)
        pairs.append((folders.index(folder), name))
    pairs.sort()
    return [name for _, name in pairs], np.array([label for label, _ in pairs]), folders


# %% id="index-file-name" wrong="index" hint="file-name"
def index_files(names):
    files = sorted(name for name in names if not name.split("/")[-1].startswith("."))
    if any(name.count("/") != 1 for name in files):
        raise ValueError("a file outside a class")
    return files, np.array([int("dog" in name) for name in files]), sorted({name.split("/")[0] for name in files})


# %% id="index-dotted" wrong="index" hint="dotted"
def index_files(names):
    files = sorted(names)
    if any(name.count("/") != 1 for name in files):
        raise ValueError("a file outside a class")
    folders = sorted({name.split("/")[0] for name in files})
    return files, np.array([folders.index(name.split("/")[0]) for name in files]), folders


# %% id="index-stray" wrong="index" hint="raises"
def index_files(names):
    files = sorted(name for name in names if "/" in name and not name.split("/")[-1].startswith("."))
    folders = sorted({name.split("/")[0] for name in files})
    return files, np.array([folders.index(name.split("/")[0]) for name in files]), folders


# %% id="split-whole" wrong="split-exercise" hint="whole"
def stratified_split(y, fractions, order):
    first = round(fractions[0] * len(y))
    second = first + round(fractions[1] * len(y))
    return tuple(np.sort(part) for part in np.split(order, [first, second]))


# %% id="split-unshuffled" wrong="split-exercise" hint="unshuffled"
def stratified_split(y, fractions, order):
    parts = [], [], []
    for label in np.unique(y):
        members = np.flatnonzero(y == label)
        first = round(fractions[0] * len(members))
        second = first + round(fractions[1] * len(members))
        for part, indices in zip(parts, np.split(members, [first, second])):
            part.extend(indices.tolist())
    return tuple(np.array(sorted(part), dtype=int) for part in parts)


# %% id="split-overlap" wrong="split-exercise" hint="overlap"
def stratified_split(y, fractions, order):
    parts = [], [], []
    for label in np.unique(y):
        members = order[y[order] == label]
        first, second = (round(fraction * len(members)) for fraction in fractions[:2])
        parts[0].extend(members[:first])
        parts[1].extend(members[:second])
        parts[2].extend(members[first + second :])
    return tuple(np.array(sorted(part), dtype=int) for part in parts)


# %% id="split-floor" wrong="split-exercise" hint="floor"
def stratified_split(y, fractions, order):
    parts = [], [], []
    for label in np.unique(y):
        members = order[y[order] == label]
        first = int(fractions[0] * len(members))
        second = first + int(fractions[1] * len(members))
        for part, indices in zip(parts, np.split(members, [first, second])):
            part.extend(indices)
    return tuple(np.array(sorted(part), dtype=int) for part in parts)


# %% id="leaked-position" wrong="leaked" hint="position"
def leaked(train_images, test_images):
    return int(sum(np.array_equal(a, b) for a, b in zip(train_images, test_images)))


# %% id="leaked-pairs" wrong="leaked" hint="pairs"
def leaked(train_images, test_images):
    return int(sum(np.array_equal(a, b) for a in train_images for b in test_images))


# %% id="leaked-distinct" wrong="leaked" hint="distinct"
def leaked(train_images, test_images):
    known = {image.astype(float).tobytes() for image in train_images}
    return len(known & {image.astype(float).tobytes() for image in test_images})


# %% id="leaked-sums" wrong="leaked" hint="sums"
def leaked(train_images, test_images):
    return int(np.isin(test_images.sum(axis=(1, 2)), train_images.sum(axis=(1, 2))).sum())


# %% id="leaked-bytes" wrong="leaked" hint="bytes"
def leaked(train_images, test_images):
    known = {image.tobytes() for image in train_images}
    return sum(image.tobytes() in known for image in test_images)


# %% id="interval-normal" wrong="interval" hint="normal"
def accuracy_interval(correct, n, z):
    a = correct / n
    reach = z * np.sqrt(a * (1 - a) / n)
    return a - reach, a + reach


# %% id="interval-centre" wrong="interval" hint="centre"
def accuracy_interval(correct, n, z):
    a = correct / n
    reach = z * np.sqrt(a * (1 - a) / n + z**2 / (4 * n**2))
    return (a - reach) / (1 + z**2 / n), (a + reach) / (1 + z**2 / n)


# %% id="interval-divided" wrong="interval" hint="divided"
def accuracy_interval(correct, n, z):
    a = correct / n
    middle = a + z**2 / (2 * n)
    reach = z * np.sqrt(a * (1 - a) / n + z**2 / (4 * n**2))
    return middle - reach, middle + reach


# %% id="interval-square" wrong="interval" hint="square"
def accuracy_interval(correct, n, z):
    a = correct / n
    middle = a + z**2 / (2 * n)
    reach = z * np.sqrt(a * (1 - a) / n + z**2 / (4 * n))
    return (middle - reach) / (1 + z**2 / n), (middle + reach) / (1 + z**2 / n)


# %% id="bce-other-class" wrong="bce" hint="other-class"
def bce_with_logits(z, y, w):
    small = np.log1p(np.exp(-np.abs(z)))
    losses = y * (np.maximum(-z, 0) + small) + w * (1 - y) * (np.maximum(z, 0) + small)
    return losses.mean(), (w * (1 - y) * sigmoid(z) - y * sigmoid(-z)) / len(z)


# %% id="bce-weights-mean" wrong="bce" hint="weights-mean"
def bce_with_logits(z, y, w):
    weights = np.where(y == 1, w, 1.0)
    losses = weights * (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))
    return losses.sum() / weights.sum(), weights * (sigmoid(z) - y) / weights.sum()


# %% id="bce-loss-sum" wrong="bce" hint="loss-sum"
def bce_with_logits(z, y, w):
    weights = np.where(y == 1, w, 1.0)
    losses = weights * (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))
    return losses.sum(), weights * (sigmoid(z) - y)


# %% id="bce-gradient-sum" wrong="bce" hint="gradient-sum"
def bce_with_logits(z, y, w):
    weights = np.where(y == 1, w, 1.0)
    losses = weights * (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))
    return losses.mean(), weights * (sigmoid(z) - y)


# %% id="bce-unweighted" wrong="bce" hint="unweighted"
def bce_with_logits(z, y, w):
    weights = np.where(y == 1, w, 1.0)
    losses = weights * (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))
    return losses.mean(), (sigmoid(z) - y) / len(z)


# %% id="bce-outside" wrong="bce" hint="outside"
def bce_with_logits(z, y, w):
    weights = np.where(y == 1, w, 1.0)
    losses = weights * (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))
    return losses.mean(), w * (sigmoid(z) - y) / len(z)


# %% id="bce-slope" wrong="bce" hint="slope"
def bce_with_logits(z, y, w):
    weights, a = np.where(y == 1, w, 1.0), sigmoid(z)
    losses = weights * (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))
    return losses.mean(), weights * (a - y) * a * (1 - a) / len(z)


# %% id="bce-sign" wrong="bce" hint="sign"
def bce_with_logits(z, y, w):
    weights = np.where(y == 1, w, 1.0)
    losses = weights * (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))
    return losses.mean(), weights * (y - sigmoid(z)) / len(z)


# %% id="bce-literal" wrong="bce" hint="overflow"
def bce_with_logits(z, y, w):
    a = sigmoid(z)
    with np.errstate(divide="ignore"):
        losses = -np.where(y == 1, w * np.log(a), np.log(1 - a))
    return losses.mean(), np.where(y == 1, w, 1.0) * (a - y) / len(z)


# %% id="bce-clipped" wrong="bce" hint="clipped"
def bce_with_logits(z, y, w):
    a = np.clip(sigmoid(z), 1e-12, 1 - 1e-12)
    losses = -w * y * np.log(a) - (1 - y) * np.log(1 - a)
    return losses.mean(), np.where(y == 1, w, 1.0) * (a - y) / len(z)


# %% id="bce-differences" wrong="bce" hint="by hand"
def bce_with_logits(z, y, w):
    dz = np.empty(len(z))
    for i in range(len(z)):
        step = np.zeros(len(z))
        step[i] = 1e-5
        dz[i] = (weighted_cost(z + step, y, w) - weighted_cost(z - step, y, w)) / 2e-5
    return weighted_cost(z, y, w), dz


# %% id="bce-own-differences" wrong="bce" hint="value"
def bce_with_logits(z, y, w):
    def loss(z):
        weights = np.where(y == 1, w, 1.0)
        return np.mean(weights * (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))))

    dz = np.empty(len(z))
    for i in range(len(z)):
        step = np.zeros(len(z))
        step[i] = 1e-5
        dz[i] = (loss(z + step) - loss(z - step)) / 2e-5
    return loss(z), dz


# %% id="flip-height" wrong="flip" hint="height"
def flip(x, u, p):
    return np.where((u < p)[:, None, None, None], x[:, :, ::-1], x)


# %% id="flip-half-turn" wrong="flip" hint="half-turn"
def flip(x, u, p):
    return np.where((u < p)[:, None, None, None], x[:, :, ::-1, ::-1], x)


# %% id="flip-one-coin" wrong="flip" hint="one-coin"
def flip(x, u, p):
    return x[..., ::-1] if u[0] < p else x.copy()


# %% id="flip-other-side" wrong="flip" hint="other-side"
def flip(x, u, p):
    return np.where((u > p)[:, None, None, None], x[..., ::-1], x)


# %% id="flip-channels" wrong="flip" hint="channels"
def flip(x, u, p):
    return np.where((u < p)[:, None, None, None], x[:, ::-1], x)


# %% id="flip-in-place" wrong="flip" hint="pure"
def flip(x, u, p):
    for i in range(len(x)):
        if u[i] < p:
            x[i] = x[i, :, :, ::-1].copy()
    return x
