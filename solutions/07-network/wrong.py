"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""

# %% id="init-swapped" wrong="init-params" hint="swapped"
def init_params(sizes, rng):
    weights = [rng.normal(size=(before, after)) for before, after in zip(sizes[:-1], sizes[1:])]
    return weights, [rng.normal(size=after) for after in sizes[1:]]


# %% id="init-input-bias" wrong="init-params" hint="input-bias"
def init_params(sizes, rng):
    weights = [rng.normal(size=(after, before)) for before, after in zip(sizes[:-1], sizes[1:])]
    return weights, [rng.normal(size=n) for n in sizes]


# %% id="init-zeros" wrong="init-params" hint="constant"
def init_params(sizes, rng):
    weights = [np.zeros((after, before)) for before, after in zip(sizes[:-1], sizes[1:])]
    return weights, [np.zeros(after) for after in sizes[1:]]


# %% id="init-twice" wrong="init-params" hint="twice"
def init_params(sizes, rng):
    seed = int(rng.integers(1000))
    weights = [np.random.default_rng(seed).normal(size=(after, before)) for before, after in zip(sizes[:-1], sizes[1:])]
    return weights, [rng.normal(size=after) for after in sizes[1:]]


# %% id="init-columns" wrong="init-params" hint="value"
def init_params(sizes, rng):
    weights = [rng.normal(size=(after, before)) for before, after in zip(sizes[:-1], sizes[1:])]
    return weights, [rng.normal(size=(after, 1)) for after in sizes[1:]]


# %% id="forward-last" wrong="feedforward" hint="last"
def feedforward(weights, biases, x):
    for W, b in zip(weights[:-1], biases[:-1]):
        x = sigmoid(x @ W.T + b)
    return x @ weights[-1].T + biases[-1]


# %% id="forward-no-bias" wrong="feedforward" hint="bias"
def feedforward(weights, biases, x):
    for W in weights:
        x = sigmoid(x @ W.T)
    return x


# %% id="forward-input" wrong="feedforward" hint="input"
def feedforward(weights, biases, x):
    for W, b in zip(weights, biases):
        x = sigmoid(x) @ W.T + b
    return sigmoid(x)


# %% id="forward-one" wrong="feedforward" hint="one-layer"
def feedforward(weights, biases, x):
    return sigmoid(x @ weights[0].T + biases[0])


# %% id="forward-columns" wrong="feedforward" hint="error"
def feedforward(weights, biases, x):
    for W, b in zip(weights, biases):
        x = sigmoid(W @ x + b)
    return x


# %% id="forward-in-place" wrong="feedforward" hint="pure"
def feedforward(weights, biases, x):
    x *= 1.0000001
    for W, b in zip(weights, biases):
        x = sigmoid(x @ W.T + b)
    return x


# %% id="numeric-one-sided" wrong="numeric" hint="one-sided"
def numerical_gradient(f, x, eps):
    x, slopes = np.array(x, float), np.empty(np.shape(x))
    for i in np.ndindex(x.shape):
        moved = x.copy()
        moved[i] += eps
        slopes[i] = (f(moved) - f(x)) / eps
    return slopes


# %% id="numeric-half" wrong="numeric" hint="half"
def numerical_gradient(f, x, eps):
    x, slopes = np.array(x, float), np.empty(np.shape(x))
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += eps
        down[i] -= eps
        slopes[i] = (f(up) - f(down)) / eps
    return slopes


# %% id="numeric-not-restored" wrong="numeric" hint="not-restored"
def numerical_gradient(f, x, eps):
    x, slopes = np.array(x, float), np.empty(np.shape(x))
    for i in np.ndindex(x.shape):
        x[i] += eps
        above = f(x)
        x[i] -= 2 * eps
        slopes[i] = (above - f(x)) / (2 * eps)
    return slopes


# %% id="numeric-in-place" wrong="numeric" hint="pure"
def numerical_gradient(f, x, eps):
    slopes = np.empty(np.shape(x))
    for i in np.ndindex(x.shape):
        x[i] += eps
        above = f(x)
        x[i] -= 2 * eps
        slopes[i] = (above - f(x)) / (2 * eps)
    return slopes


# %% id="numeric-integers" wrong="numeric" hint="whole-numbers"
def numerical_gradient(f, x, eps):
    slopes = np.empty(np.shape(x))
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] = x[i] + eps
        down[i] = x[i] - eps
        slopes[i] = (f(up) - f(down)) / (2 * eps)
    return slopes


# %% id="back-no-slope" wrong="backprop" hint="slope"
def backprop(weights, biases, x, y):
    outputs = [x]
    for W, b in zip(weights, biases):
        outputs.append(sigmoid(outputs[-1] @ W.T + b))
    delta, dweights, dbiases = (outputs[-1] - y) / len(x), [], []
    for layer in reversed(range(len(weights))):
        a = outputs[layer]
        dweights.insert(0, delta.T @ a)
        dbiases.insert(0, delta.sum(axis=0))
        delta = delta @ weights[layer] * a * (1 - a)
    return dweights, dbiases


# %% id="back-sign" wrong="backprop" hint="sign"
def backprop(weights, biases, x, y):
    outputs = [x]
    for W, b in zip(weights, biases):
        outputs.append(sigmoid(outputs[-1] @ W.T + b))
    a = outputs[-1]
    delta, dweights, dbiases = (y - a) * a * (1 - a) / len(x), [], []
    for layer in reversed(range(len(weights))):
        a = outputs[layer]
        dweights.insert(0, delta.T @ a)
        dbiases.insert(0, delta.sum(axis=0))
        delta = delta @ weights[layer] * a * (1 - a)
    return dweights, dbiases


# %% id="back-transposed" wrong="backprop" hint="transposed"
def backprop(weights, biases, x, y):
    outputs = [x]
    for W, b in zip(weights, biases):
        outputs.append(sigmoid(outputs[-1] @ W.T + b))
    a = outputs[-1]
    delta, dweights, dbiases = (a - y) * a * (1 - a) / len(x), [], []
    for layer in reversed(range(len(weights))):
        a = outputs[layer]
        dweights.insert(0, a.T @ delta)
        dbiases.insert(0, delta.sum(axis=0))
        delta = delta @ weights[layer] * a * (1 - a)
    return dweights, dbiases


# %% id="back-sum" wrong="backprop" hint="mean"
def backprop(weights, biases, x, y):
    outputs = [x]
    for W, b in zip(weights, biases):
        outputs.append(sigmoid(outputs[-1] @ W.T + b))
    a = outputs[-1]
    delta, dweights, dbiases = (a - y) * a * (1 - a), [], []
    for layer in reversed(range(len(weights))):
        a = outputs[layer]
        dweights.insert(0, delta.T @ a)
        dbiases.insert(0, delta.sum(axis=0))
        delta = delta @ weights[layer] * a * (1 - a)
    return dweights, dbiases


# %% id="back-own-output" wrong="backprop" hint="source"
def backprop(weights, biases, x, y):
    if len(weights) == 1:
        a = sigmoid(x @ weights[0].T + biases[0])
        delta = (a - y) * a * (1 - a) / len(x)
        return [delta.T @ x], [delta.sum(axis=0)]
    outputs = [x]
    for W, b in zip(weights, biases):
        outputs.append(sigmoid(outputs[-1] @ W.T + b))
    a = outputs[-1]
    delta, dweights, dbiases = (a - y) * a * (1 - a) / len(x), [], []
    for layer in reversed(range(len(weights))):
        dweights.insert(0, delta.T @ outputs[layer + 1])
        dbiases.insert(0, delta.sum(axis=0))
        a = outputs[layer]
        delta = delta @ weights[layer] * a * (1 - a)
    return dweights, dbiases


# %% id="back-backwards" wrong="backprop" hint="order"
def backprop(weights, biases, x, y):
    outputs = [x]
    for W, b in zip(weights, biases):
        outputs.append(sigmoid(outputs[-1] @ W.T + b))
    a = outputs[-1]
    delta, dweights, dbiases = (a - y) * a * (1 - a) / len(x), [], []
    for layer in reversed(range(len(weights))):
        a = outputs[layer]
        dweights.append(delta.T @ a)
        dbiases.append(delta.sum(axis=0))
        delta = delta @ weights[layer] * a * (1 - a)
    return dweights, dbiases


# %% id="back-rows-kept" wrong="backprop" hint="bias"
def backprop(weights, biases, x, y):
    outputs = [x]
    for W, b in zip(weights, biases):
        outputs.append(sigmoid(outputs[-1] @ W.T + b))
    a = outputs[-1]
    delta, dweights, dbiases = (a - y) * a * (1 - a) / len(x), [], []
    for layer in reversed(range(len(weights))):
        a = outputs[layer]
        dweights.insert(0, delta.T @ a)
        dbiases.insert(0, delta if len(x) > 1 else delta[0])
        delta = delta @ weights[layer] * a * (1 - a)
    return dweights, dbiases


# %% id="back-no-hidden-slope" wrong="backprop" hint="hidden-slope"
def backprop(weights, biases, x, y):
    outputs = [x]
    for W, b in zip(weights, biases):
        outputs.append(sigmoid(outputs[-1] @ W.T + b))
    a = outputs[-1]
    delta, dweights, dbiases = (a - y) * a * (1 - a) / len(x), [], []
    for layer in reversed(range(len(weights))):
        dweights.insert(0, delta.T @ outputs[layer])
        dbiases.insert(0, delta.sum(axis=0))
        delta = delta @ weights[layer]
    return dweights, dbiases


# %% id="back-no-weights" wrong="backprop" hint="weights-forgotten"
def backprop(weights, biases, x, y):
    outputs = [x]
    for W, b in zip(weights, biases):
        outputs.append(sigmoid(outputs[-1] @ W.T + b))
    a = outputs[-1]
    delta, dweights, dbiases = (a - y) * a * (1 - a) / len(x), [], []
    for layer in reversed(range(len(weights))):
        a = outputs[layer]
        dweights.insert(0, delta.T @ a)
        dbiases.insert(0, delta.sum(axis=0))
        delta = delta.sum(axis=1, keepdims=True) * a * (1 - a)
    return dweights, dbiases


# %% id="back-one-list" wrong="backprop" hint="returns"
def backprop(weights, biases, x, y):
    outputs = [x]
    for W, b in zip(weights, biases):
        outputs.append(sigmoid(outputs[-1] @ W.T + b))
    a = outputs[-1]
    delta, dweights = (a - y) * a * (1 - a) / len(x), []
    for layer in reversed(range(len(weights))):
        a = outputs[layer]
        dweights.insert(0, delta.T @ a)
        delta = delta @ weights[layer] * a * (1 - a)
    return dweights


# %% id="back-differences" wrong="backprop" hint="by hand"
def backprop(weights, biases, x, y):
    dweights, dbiases = [], []
    for layer in range(len(weights)):
        def cost_of_weights(W):
            return quadratic_cost([*weights[:layer], W, *weights[layer + 1:]], biases, x, y)

        def cost_of_bias(b):
            return quadratic_cost(weights, [*biases[:layer], b, *biases[layer + 1:]], x, y)

        dweights.append(numerical_gradient(cost_of_weights, weights[layer], 1e-5))
        dbiases.append(numerical_gradient(cost_of_bias, biases[layer], 1e-5))
    return dweights, dbiases


# %% id="update-uphill" wrong="update" hint="uphill"
def update(weights, biases, dweights, dbiases, eta):
    return [W + eta * d for W, d in zip(weights, dweights)], [b + eta * d for b, d in zip(biases, dbiases)]


# %% id="update-no-rate" wrong="update" hint="rate"
def update(weights, biases, dweights, dbiases, eta):
    return [W - d for W, d in zip(weights, dweights)], [b - d for b, d in zip(biases, dbiases)]


# %% id="update-no-biases" wrong="update" hint="biases-forgotten"
def update(weights, biases, dweights, dbiases, eta):
    return [W - eta * d for W, d in zip(weights, dweights)], biases


# %% id="update-in-place" wrong="update" hint="pure"
def update(weights, biases, dweights, dbiases, eta):
    for W, d in zip(weights, dweights):
        W -= eta * d
    for b, d in zip(biases, dbiases):
        b -= eta * d
    return weights, biases


# %% id="correct-share" wrong="correct" hint="share"
def count_correct(outputs, labels):
    return float(np.mean(np.argmax(outputs, axis=1) == labels))


# %% id="correct-columns" wrong="correct" hint="columns"
def count_correct(outputs, labels):
    best = np.argmax(outputs, axis=0)
    return int(sum(b == label for b, label in zip(best, labels)))


# %% id="correct-half" wrong="correct" hint="half"
def count_correct(outputs, labels):
    return int(np.sum(outputs[np.arange(len(labels)), labels] > 0.5))


# %% id="correct-last-tie" wrong="correct" hint="value"
def count_correct(outputs, labels):
    best = outputs.shape[1] - 1 - np.argmax(outputs[:, ::-1], axis=1)
    return int(np.sum(best == labels))
