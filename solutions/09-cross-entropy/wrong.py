"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""

# %% id="neuron-short" wrong="neuron" hint="short"
def train_neuron(w, b, eta, epochs, cost, x, y):
    outputs = []
    for _ in range(epochs):
        a = sigmoid(w * x + b)
        outputs.append(a)
        delta = (a - y) * a * (1 - a) if cost == "quadratic" else a - y
        w, b = w - eta * delta * x, b - eta * delta
    return np.array(outputs)


# %% id="neuron-double" wrong="neuron" hint="double"
def train_neuron(w, b, eta, epochs, cost, x, y):
    outputs = []
    for _ in range(epochs + 1):
        a = sigmoid(w * x + b)
        outputs.append(a)
        delta = 2 * (a - y) * a * (1 - a) if cost == "quadratic" else a - y
        w, b = w - eta * delta * x, b - eta * delta
    return np.array(outputs)


# %% id="neuron-no-slope" wrong="neuron" hint="slope"
def train_neuron(w, b, eta, epochs, cost, x, y):
    outputs = []
    for _ in range(epochs + 1):
        a = sigmoid(w * x + b)
        outputs.append(a)
        w, b = w - eta * (a - y) * x, b - eta * (a - y)
    return np.array(outputs)


# %% id="neuron-order" wrong="neuron" hint="order"
def train_neuron(w, b, eta, epochs, cost, x, y):
    def delta():
        a = sigmoid(w * x + b)
        return (a - y) * a * (1 - a) if cost == "quadratic" else a - y

    outputs = []
    for _ in range(epochs + 1):
        outputs.append(sigmoid(w * x + b))
        w = w - eta * delta() * x
        b = b - eta * delta()
    return np.array(outputs)


# %% id="neuron-slope-left" wrong="neuron" hint="slope-left"
def train_neuron(w, b, eta, epochs, cost, x, y):
    outputs = []
    for _ in range(epochs + 1):
        a = sigmoid(w * x + b)
        outputs.append(a)
        delta = (a - y) * a * (1 - a)
        w, b = w - eta * delta * x, b - eta * delta
    return np.array(outputs)


# %% id="neuron-no-input" wrong="neuron" hint="input"
def train_neuron(w, b, eta, epochs, cost, x, y):
    outputs = []
    for _ in range(epochs + 1):
        a = sigmoid(w * x + b)
        outputs.append(a)
        delta = (a - y) * a * (1 - a) if cost == "quadratic" else a - y
        w, b = w - eta * delta, b - eta * delta
    return np.array(outputs)


# %% id="neuron-uphill" wrong="neuron" hint="uphill"
def train_neuron(w, b, eta, epochs, cost, x, y):
    outputs = []
    for _ in range(epochs + 1):
        a = sigmoid(w * x + b)
        outputs.append(a)
        delta = (a - y) * a * (1 - a) if cost == "quadratic" else a - y
        w, b = w + eta * delta * x, b + eta * delta
    return np.array(outputs)


# %% id="neuron-given" wrong="neuron" hint="by hand"
def train_neuron(w, b, eta, epochs, cost, x, y):
    outputs = []
    for _ in range(epochs + 1):
        outputs.append(sigmoid(w * x + b))
        dw, db = neuron_gradient(w, b, cost, x, y)
        w, b = w - eta * dw, b - eta * db
    return np.array(outputs)


# %% id="delta-slope-left" wrong="delta" hint="slope-left"
def output_delta(z, y, cost):
    a = sigmoid(z)
    return (a - y) * a * (1 - a)


# %% id="delta-sign" wrong="delta" hint="sign"
def output_delta(z, y, cost):
    a = sigmoid(z)
    return (y - a) * a * (1 - a) if cost == "quadratic" else y - a


# %% id="delta-mean" wrong="delta" hint="mean"
def output_delta(z, y, cost):
    a = sigmoid(z)
    delta = (a - y) * a * (1 - a) if cost == "quadratic" else a - y
    return delta / len(z)


# %% id="delta-no-slope" wrong="delta" hint="no-slope"
def output_delta(z, y, cost):
    return sigmoid(z) - y


# %% id="delta-double" wrong="delta" hint="double"
def output_delta(z, y, cost):
    a = sigmoid(z)
    return 2 * (a - y) * a * (1 - a) if cost == "quadratic" else a - y


# %% id="delta-not-cancelled" wrong="delta" hint="nan"
def output_delta(z, y, cost):
    a = sigmoid(z)
    slope = a * (1 - a)
    dC_da = a - y if cost == "quadratic" else (a - y) / (a * (1 - a))
    return dC_da * slope


# %% id="delta-differences" wrong="delta" hint="by hand"
def output_delta(z, y, cost):
    delta = np.empty(z.shape)
    for i in np.ndindex(z.shape):
        step = np.zeros(z.shape)
        step[i] = 1e-5
        delta[i] = (output_cost(z + step, y, cost) - output_cost(z - step, y, cost)) / 2e-5
    return delta


# %% id="bce-all" wrong="bce" hint="all"
def bce_with_logits(z, y):
    losses = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    return losses.mean(), (sigmoid(z) - y) / z.size


# %% id="bce-sum" wrong="bce" hint="sum"
def bce_with_logits(z, y):
    losses = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    return losses.sum(), sigmoid(z) - y


# %% id="bce-gradient-sum" wrong="bce" hint="gradient-sum"
def bce_with_logits(z, y):
    losses = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    return losses.sum() / len(z), sigmoid(z) - y


# %% id="bce-gradient-all" wrong="bce" hint="gradient-all"
def bce_with_logits(z, y):
    losses = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    return losses.sum() / len(z), (sigmoid(z) - y) / z.size


# %% id="bce-slope" wrong="bce" hint="slope"
def bce_with_logits(z, y):
    a = sigmoid(z)
    losses = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    return losses.sum() / len(z), (a - y) * a * (1 - a) / len(z)


# %% id="bce-sign" wrong="bce" hint="sign"
def bce_with_logits(z, y):
    losses = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    return losses.sum() / len(z), (y - sigmoid(z)) / len(z)


# %% id="bce-clipped" wrong="bce" hint="clipped"
def bce_with_logits(z, y):
    a = np.clip(sigmoid(z), 1e-12, 1 - 1e-12)
    loss = -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a)) / len(z)
    return loss, (a - y) / len(z)


# %% id="bce-nan-to-num" wrong="bce" hint="huge"
def bce_with_logits(z, y):
    a = sigmoid(z)
    losses = np.nan_to_num(-y * np.log(a) - (1 - y) * np.log(1 - a))
    return losses.sum() / len(z), (a - y) / len(z)


# %% id="bce-literal" wrong="bce" hint="nan"
def bce_with_logits(z, y):
    a = sigmoid(z)
    loss = -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a)) / len(z)
    return loss, (a - y) / len(z)


# %% id="bce-differences" wrong="bce" hint="by hand"
def bce_with_logits(z, y):
    dz = np.empty(z.shape)
    for i in np.ndindex(z.shape):
        step = np.zeros(z.shape)
        step[i] = 1e-5
        up, down = output_cost(z + step, y, "cross_entropy"), output_cost(z - step, y, "cross_entropy")
        dz[i] = (up - down) / 2e-5 / len(z)
    return output_cost(z, y, "cross_entropy") / len(z), dz


# %% id="bce-own-differences" wrong="bce" hint="value"
def bce_with_logits(z, y):
    def loss(z):
        return np.sum(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))) / len(z)

    dz = np.empty(z.shape)
    for i in np.ndindex(z.shape):
        step = np.zeros(z.shape)
        step[i] = 1e-5
        dz[i] = (loss(z + step) - loss(z - step)) / 2e-5
    return loss(z), dz


# %% id="kl-minus" wrong="kl" hint="minus"
def entropy(p):
    return np.sum(p * np.log(p), axis=-1)


def cross_entropy(p, q):
    return np.sum(p * np.log(q), axis=-1)


def kl(p, q):
    return cross_entropy(p, q) - entropy(p)


# %% id="kl-bits" wrong="kl" hint="bits"
def entropy(p):
    return -np.sum(p * np.log2(p), axis=-1)


def cross_entropy(p, q):
    return -np.sum(p * np.log2(q), axis=-1)


def kl(p, q):
    return cross_entropy(p, q) - entropy(p)


# %% id="kl-rows" wrong="kl" hint="rows"
def entropy(p):
    return -np.sum(p * np.log(p))


def cross_entropy(p, q):
    return -np.sum(p * np.log(q))


def kl(p, q):
    return cross_entropy(p, q) - entropy(p)


# %% id="kl-swapped-cross" wrong="kl" hint="swapped"
def entropy(p):
    return -np.sum(p * np.log(p), axis=-1)


def cross_entropy(p, q):
    return -np.sum(q * np.log(p), axis=-1)


def kl(p, q):
    return -np.sum(p * np.log(q), axis=-1) - entropy(p)


# %% id="kl-swapped-divergence" wrong="kl" hint="kl-swapped"
def entropy(p):
    return -np.sum(p * np.log(p), axis=-1)


def cross_entropy(p, q):
    return -np.sum(p * np.log(q), axis=-1)


def kl(p, q):
    return np.sum(q * np.log(q / p), axis=-1)


# %% id="kl-no-entropy" wrong="kl" hint="no-entropy"
def entropy(p):
    return -np.sum(p * np.log(p), axis=-1)


def cross_entropy(p, q):
    return -np.sum(p * np.log(q), axis=-1)


def kl(p, q):
    return cross_entropy(p, q)


# %% id="kl-floor" wrong="kl" hint="floor"
def entropy(p):
    return -np.sum(p * np.log(p + 1e-8), axis=-1)


def cross_entropy(p, q):
    return -np.sum(p * np.log(q + 1e-8), axis=-1)


def kl(p, q):
    return cross_entropy(p, q) - entropy(p)


# %% id="kl-naive" wrong="kl" hint="nan"
def entropy(p):
    return -np.sum(p * np.log(p), axis=-1)


def cross_entropy(p, q):
    return -np.sum(p * np.log(q), axis=-1)


def kl(p, q):
    return np.sum(p * np.log(p / q), axis=-1)


# %% id="log-softmax-probabilities" wrong="log-softmax" hint="probabilities"
def log_softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# %% id="log-softmax-columns" wrong="log-softmax" hint="columns"
def log_softmax(z):
    shifted = z - z.max(axis=0)
    return shifted - np.log(np.exp(shifted).sum(axis=0))


# %% id="log-softmax-everything" wrong="log-softmax" hint="everything"
def log_softmax(z):
    shifted = z - z.max()
    return shifted - np.log(np.exp(shifted).sum())


# %% id="log-softmax-rounded" wrong="log-softmax" hint="rounded"
def log_softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.log(e / e.sum(axis=1, keepdims=True))


# %% id="log-softmax-one-maximum" wrong="log-softmax" hint="one-maximum"
def log_softmax(z):
    shifted = z - z.max()
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


# %% id="log-softmax-no-shift" wrong="log-softmax" hint="overflow"
def log_softmax(z):
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


# %% id="log-softmax-in-place" wrong="log-softmax" hint="pure"
def log_softmax(z):
    z -= z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


# %% id="softmax-ce-sum" wrong="softmax-ce" hint="sum"
def softmax_cross_entropy(z, labels):
    shifted = z - z.max(axis=1, keepdims=True)
    log_q = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    p = np.eye(z.shape[1])[labels]
    return -np.sum(p * log_q), np.exp(log_q) - p


# %% id="softmax-ce-probability" wrong="softmax-ce" hint="probability"
def softmax_cross_entropy(z, labels):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    q = e / e.sum(axis=1, keepdims=True)
    p = np.eye(z.shape[1])[labels]
    return -np.mean(np.sum(p * q, axis=1)), (q - p) / len(z)


# %% id="softmax-ce-gradient-sum" wrong="softmax-ce" hint="gradient-sum"
def softmax_cross_entropy(z, labels):
    shifted = z - z.max(axis=1, keepdims=True)
    log_q = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    p = np.eye(z.shape[1])[labels]
    return -np.sum(p * log_q) / len(z), np.exp(log_q) - p


# %% id="softmax-ce-no-target" wrong="softmax-ce" hint="no-target"
def softmax_cross_entropy(z, labels):
    shifted = z - z.max(axis=1, keepdims=True)
    log_q = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_q[np.arange(len(z)), labels].mean(), np.exp(log_q) / len(z)


# %% id="softmax-ce-sign" wrong="softmax-ce" hint="sign"
def softmax_cross_entropy(z, labels):
    shifted = z - z.max(axis=1, keepdims=True)
    log_q = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    p = np.eye(z.shape[1])[labels]
    return -np.sum(p * log_q) / len(z), (p - np.exp(log_q)) / len(z)


# %% id="softmax-ce-slope" wrong="softmax-ce" hint="slope"
def softmax_cross_entropy(z, labels):
    shifted = z - z.max(axis=1, keepdims=True)
    log_q = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    p, q = np.eye(z.shape[1])[labels], np.exp(log_q)
    return -np.sum(p * log_q) / len(z), (q - p) * q * (1 - q) / len(z)


# %% id="softmax-ce-one-maximum" wrong="softmax-ce" hint="one-maximum"
def softmax_cross_entropy(z, labels):
    shifted = z - z.max()
    log_q = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dz = np.exp(log_q)
    rows = np.arange(len(z))
    dz[rows, labels] -= 1
    return -log_q[rows, labels].mean(), dz / len(z)


# %% id="softmax-ce-no-shift" wrong="softmax-ce" hint="nan"
def softmax_cross_entropy(z, labels):
    q = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    p = np.eye(z.shape[1])[labels]
    return -np.mean(np.log(np.sum(p * q, axis=1))), (q - p) / len(z)


# %% id="softmax-ce-narrow" wrong="softmax-ce" hint="error"
def softmax_cross_entropy(z, labels):
    shifted = z - z.max(axis=1, keepdims=True)
    log_q = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    p = np.eye(labels.max() + 1)[labels]
    return -np.sum(p * log_q) / len(z), (np.exp(log_q) - p) / len(z)


# %% id="softmax-ce-differences" wrong="softmax-ce" hint="by hand"
def softmax_cross_entropy(z, labels):
    dz = np.empty(z.shape)
    for i in np.ndindex(z.shape):
        step = np.zeros(z.shape)
        step[i] = 1e-5
        dz[i] = (nn.cross_entropy(z + step, labels)[0] - nn.cross_entropy(z - step, labels)[0]) / 2e-5
    return nn.cross_entropy(z, labels)[0], dz


# %% id="softmax-ce-own-differences" wrong="softmax-ce" hint="value"
def softmax_cross_entropy(z, labels):
    def loss(z):
        return -log_softmax(z)[np.arange(len(z)), labels].mean()

    dz = np.empty(z.shape)
    for i in np.ndindex(z.shape):
        step = np.zeros(z.shape)
        step[i] = 1e-5
        dz[i] = (loss(z + step) - loss(z - step)) / 2e-5
    return loss(z), dz
