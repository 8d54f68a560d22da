"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="one-hot-alphabet" wrong="one-hot" hint="sorted"
def one_hot(labels, classes):
    classes = sorted(classes)
    if set(labels) - set(classes):
        raise ValueError("unknown label")
    return np.array([[float(label == c) for c in classes] for label in labels])


# %% id="one-hot-slipped" wrong="one-hot" hint="shifted"
def one_hot(labels, classes):
    rows = np.zeros((len(labels), len(classes)))
    for n, label in enumerate(labels):
        rows[(n + 1) % len(labels), classes.index(label)] = 1.0
    return rows


# %% id="one-hot-columns" wrong="one-hot" hint="transposed"
def one_hot(labels, classes):
    return np.array([[float(label == c) for label in labels] for c in classes])


# %% id="one-hot-seen-only" wrong="one-hot" hint="seen"
def one_hot(labels, classes):
    seen = list(dict.fromkeys(labels))
    return np.eye(len(seen))[[seen.index(label) for label in labels]]


# %% id="one-hot-silent" wrong="one-hot" hint="raises"
def one_hot(labels, classes):
    return np.array([[float(label == c) for c in classes] for label in labels])


# %% id="softmax-of-the-slide" wrong="softmax" hint="axis"
def softmax(x, axis=-1):
    return np.exp(x) / np.sum(np.exp(x), axis=0)


# %% id="softmax-whole" wrong="softmax" hint="whole"
def softmax(x, axis=-1):
    powers = np.exp(x - x.max())
    return powers / powers.sum()


# %% id="softmax-not-divided" wrong="softmax" hint="unnormalised"
def softmax(x, axis=-1):
    return np.exp(x - x.max(axis=axis, keepdims=True))


# %% id="softmax-last-axis" wrong="softmax" hint="fixed"
def softmax(x, axis=-1):
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


# %% id="softmax-overflow" wrong="softmax" hint="nan"
def softmax(x, axis=-1):
    powers = np.exp(x)
    return powers / powers.sum(axis=axis, keepdims=True)


# %% id="softmax-one-maximum" wrong="softmax" hint="nan"
def softmax(x, axis=-1):
    powers = np.exp(x - x.max())
    return powers / powers.sum(axis=axis, keepdims=True)


# %% id="softmax-in-place" wrong="softmax" hint="pure"
def softmax(x, axis=-1):
    x -= x.max(axis=axis, keepdims=True)
    return np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)


# %% id="softmax-no-keepdims" wrong="softmax" hint="error"
def softmax(x, axis=-1):
    powers = np.exp(x - x.max(axis=axis))
    return powers / powers.sum(axis=axis)


# %% id="memory-no-bias" wrong="memory" hint="bias"
def model_memory(layers, bits):
    parameters = 0
    for kind, *sizes in layers:
        if kind not in ("linear", "conv"):
            raise ValueError(kind)
        parameters += sizes[0] * sizes[1] * (sizes[2] ** 2 if kind == "conv" else 1)
    return parameters, parameters * bits / 8 / 2**30


# %% id="memory-bias-of-inputs" wrong="memory" hint="input-bias"
def model_memory(layers, bits):
    parameters = 0
    for kind, *sizes in layers:
        if kind not in ("linear", "conv"):
            raise ValueError(kind)
        parameters += sizes[0] * sizes[1] * (sizes[2] ** 2 if kind == "conv" else 1) + sizes[0]
    return parameters, parameters * bits / 8 / 2**30


# %% id="memory-narrow-window" wrong="memory" hint="window"
def model_memory(layers, bits):
    parameters = 0
    for kind, *sizes in layers:
        if kind not in ("linear", "conv"):
            raise ValueError(kind)
        parameters += sizes[0] * sizes[1] * (sizes[2] if kind == "conv" else 1) + sizes[1]
    return parameters, parameters * bits / 8 / 2**30


# %% id="memory-decimal" wrong="memory" hint="decimal"
def model_memory(layers, bits):
    parameters = 0
    for kind, *sizes in layers:
        if kind not in ("linear", "conv"):
            raise ValueError(kind)
        parameters += sizes[0] * sizes[1] * (sizes[2] ** 2 if kind == "conv" else 1) + sizes[1]
    return parameters, parameters * bits / 8 / 1e9


# %% id="memory-bits-as-bytes" wrong="memory" hint="bits"
def model_memory(layers, bits):
    parameters = 0
    for kind, *sizes in layers:
        if kind not in ("linear", "conv"):
            raise ValueError(kind)
        parameters += sizes[0] * sizes[1] * (sizes[2] ** 2 if kind == "conv" else 1) + sizes[1]
    return parameters, parameters * bits / 2**30


# %% id="memory-accepts-all" wrong="memory" hint="raises"
def model_memory(layers, bits):
    parameters = 0
    for kind, *sizes in layers:
        parameters += sizes[0] * sizes[1] * (sizes[2] ** 2 if kind == "conv" else 1) + sizes[1]
    return parameters, parameters * bits / 8 / 2**30


# %% id="memory-number-only" wrong="memory" hint="returns"
def model_memory(layers, bits):
    return sum(i * o + o for _, i, o, *_ in layers)


# %% id="histogram-counts" wrong="histogram" hint="counts"
def grey_histogram(image, bins):
    return np.histogram(image, bins=bins, range=(0, 1))[0]


# %% id="histogram-own-range" wrong="histogram" hint="range"
def grey_histogram(image, bins):
    return np.histogram(image, bins=bins)[0] / image.size


# %% id="histogram-density" wrong="histogram" hint="density"
def grey_histogram(image, bins):
    return np.histogram(image, bins=bins, range=(0, 1), density=True)[0]


# %% id="histogram-loses-white" wrong="histogram" hint="edge"
def grey_histogram(image, bins):
    edges = np.linspace(0, 1, bins + 1)
    return np.array([np.mean((image >= a) & (image < b)) for a, b in zip(edges, edges[1:])])


# %% id="histogram-one-bin-more" wrong="histogram" hint="shape"
def grey_histogram(image, bins):
    return np.bincount((image.ravel() * bins).astype(int), minlength=bins) / image.size


# %% id="moments-raw" wrong="moments" hint="raw"
def normalized_moments(image):
    y, x = np.indices(image.shape)
    order = np.add.outer(np.arange(4), np.arange(4))
    sums = np.array([[(x**p * y**q * image).sum() for q in range(4)] for p in range(4)])
    return sums / image.sum() ** (1 + order / 2)


# %% id="moments-middle" wrong="moments" hint="middle"
def normalized_moments(image):
    y, x = np.indices(image.shape)
    y, x = y - (image.shape[0] - 1) / 2, x - (image.shape[1] - 1) / 2
    order = np.add.outer(np.arange(4), np.arange(4))
    sums = np.array([[(x**p * y**q * image).sum() for q in range(4)] for p in range(4)])
    return sums / image.sum() ** (1 + order / 2)


# %% id="moments-swapped" wrong="moments" hint="swapped"
def normalized_moments(image):
    x, y = np.indices(image.shape)
    m = image.sum()
    x, y = x - (x * image).sum() / m, y - (y * image).sum() / m
    order = np.add.outer(np.arange(4), np.arange(4))
    return np.array([[(x**p * y**q * image).sum() for q in range(4)] for p in range(4)]) / m ** (1 + order / 2)


# %% id="moments-unscaled" wrong="moments" hint="unscaled"
def normalized_moments(image):
    y, x = np.indices(image.shape)
    m = image.sum()
    x, y = x - (x * image).sum() / m, y - (y * image).sum() / m
    return np.array([[(x**p * y**q * image).sum() for q in range(4)] for p in range(4)])


# %% id="moments-power" wrong="moments" hint="power"
def normalized_moments(image):
    y, x = np.indices(image.shape)
    m = image.sum()
    x, y = x - (x * image).sum() / m, y - (y * image).sum() / m
    order = np.add.outer(np.arange(4), np.arange(4))
    return np.array([[(x**p * y**q * image).sum() for q in range(4)] for p in range(4)]) / m ** (order / 2)


# %% id="gmdh-no-product" wrong="gmdh" hint="cross"
def terms(u, v):
    return np.stack([np.ones_like(u), u, v, u * v, u**2, v**2], axis=1)


def gmdh_unit(u, v, y):
    five = np.stack([np.ones_like(u), u, v, 0 * u, u**2, v**2], axis=1)
    return np.linalg.lstsq(five, y, rcond=None)[0]


def gmdh_layer(x_train, y_train, x_val, y_val, keep):
    found = []
    for i in range(x_train.shape[1]):
        for j in range(i + 1, x_train.shape[1]):
            c = gmdh_unit(x_train[:, i], x_train[:, j], y_train)
            error = np.mean((terms(x_val[:, i], x_val[:, j]) @ c - y_val) ** 2)
            found.append((float(error), (i, j)))
    found = sorted(found)[:keep]
    return [pair for _, pair in found], np.array([error for error, _ in found])


# %% id="gmdh-training-error" wrong="gmdh" hint="training"
def terms(u, v):
    return np.stack([np.ones_like(u), u, v, u * v, u**2, v**2], axis=1)


def gmdh_unit(u, v, y):
    return np.linalg.lstsq(terms(u, v), y, rcond=None)[0]


def gmdh_layer(x_train, y_train, x_val, y_val, keep):
    found = []
    for i in range(x_train.shape[1]):
        for j in range(i + 1, x_train.shape[1]):
            c = gmdh_unit(x_train[:, i], x_train[:, j], y_train)
            error = np.mean((terms(x_train[:, i], x_train[:, j]) @ c - y_train) ** 2)
            found.append((float(error), (i, j)))
    found = sorted(found)[:keep]
    return [pair for _, pair in found], np.array([error for error, _ in found])


# %% id="gmdh-largest-first" wrong="gmdh" hint="largest"
def terms(u, v):
    return np.stack([np.ones_like(u), u, v, u * v, u**2, v**2], axis=1)


def gmdh_unit(u, v, y):
    return np.linalg.lstsq(terms(u, v), y, rcond=None)[0]


def gmdh_layer(x_train, y_train, x_val, y_val, keep):
    found = []
    for i in range(x_train.shape[1]):
        for j in range(i + 1, x_train.shape[1]):
            c = gmdh_unit(x_train[:, i], x_train[:, j], y_train)
            error = np.mean((terms(x_val[:, i], x_val[:, j]) @ c - y_val) ** 2)
            found.append((float(error), (i, j)))
    found = sorted(found, reverse=True)[:keep]
    return [pair for _, pair in found], np.array([error for error, _ in found])


# %% id="gmdh-fitted-on-validation" wrong="gmdh" hint="refit"
def terms(u, v):
    return np.stack([np.ones_like(u), u, v, u * v, u**2, v**2], axis=1)


def gmdh_unit(u, v, y):
    return np.linalg.lstsq(terms(u, v), y, rcond=None)[0]


def gmdh_layer(x_train, y_train, x_val, y_val, keep):
    found = []
    for i in range(x_train.shape[1]):
        for j in range(i + 1, x_train.shape[1]):
            c = gmdh_unit(x_val[:, i], x_val[:, j], y_val)
            error = np.mean((terms(x_val[:, i], x_val[:, j]) @ c - y_val) ** 2)
            found.append((float(error), (i, j)))
    found = sorted(found)[:keep]
    return [pair for _, pair in found], np.array([error for error, _ in found])


# %% id="gmdh-sum" wrong="gmdh" hint="summed"
def terms(u, v):
    return np.stack([np.ones_like(u), u, v, u * v, u**2, v**2], axis=1)


def gmdh_unit(u, v, y):
    return np.linalg.lstsq(terms(u, v), y, rcond=None)[0]


def gmdh_layer(x_train, y_train, x_val, y_val, keep):
    found = []
    for i in range(x_train.shape[1]):
        for j in range(i + 1, x_train.shape[1]):
            c = gmdh_unit(x_train[:, i], x_train[:, j], y_train)
            error = np.sum((terms(x_val[:, i], x_val[:, j]) @ c - y_val) ** 2)
            found.append((float(error), (i, j)))
    found = sorted(found)[:keep]
    return [pair for _, pair in found], np.array([error for error, _ in found])


# %% id="gmdh-fixed-count" wrong="gmdh" hint="error"
def terms(u, v):
    return np.stack([np.ones_like(u), u, v, u * v, u**2, v**2], axis=1)


def gmdh_unit(u, v, y):
    return np.linalg.lstsq(terms(u, v), y, rcond=None)[0]


def gmdh_layer(x_train, y_train, x_val, y_val, keep):
    found = []
    for i in range(x_train.shape[1]):
        for j in range(i + 1, x_train.shape[1]):
            c = gmdh_unit(x_train[:, i], x_train[:, j], y_train)
            error = np.mean((terms(x_val[:, i], x_val[:, j]) @ c - y_val) ** 2)
            found.append((float(error), (i, j)))
    found = sorted(found)
    return [found[k][1] for k in range(keep)], np.array([found[k][0] for k in range(keep)])
