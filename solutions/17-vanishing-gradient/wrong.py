"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="parity-chain" wrong="parity" hint="chain"
def parity_tree(bits):
    value = bits[0]
    for bit in bits[1:]:
        value ^= bit
    return value, len(bits) - 1, len(bits) - 1


# %% id="parity-padded" wrong="parity" hint="padding"
def parity_tree(bits):
    level, gates, depth = list(bits), 0, 0
    while len(level) & (len(level) - 1):
        level.append(0)
    while len(level) > 1:
        level = [a ^ b for a, b in zip(level[::2], level[1::2])]
        gates, depth = gates + len(level), depth + 1
    return level[0], gates, depth


# %% id="parity-lost" wrong="parity" hint="lost"
def parity_tree(bits):
    level, gates, depth = list(bits), 0, 0
    while len(level) > 1:
        level = [a ^ b for a, b in zip(level[::2], level[1::2])]
        gates, depth = gates + len(level), depth + 1
    return level[0], gates, depth


# %% id="speeds-norms" wrong="layer-speeds" hint="norms"
def layer_speeds(weights, biases, x, y):
    outputs = [x]
    for W, b in zip(weights[:-1], biases[:-1]):
        outputs.append(sigmoid(outputs[-1] @ W.T + b))
    p = np.exp(outputs[-1] @ weights[-1].T + biases[-1])
    delta = p / p.sum(axis=1, keepdims=True) - np.eye(p.shape[1])[y]
    found = []
    for W, a in zip(weights[:0:-1], outputs[:0:-1]):
        delta = delta @ W * a * (1 - a)
        found.append(np.linalg.norm(delta, axis=1).mean())
    return np.array(found[::-1])


# %% id="speeds-sum" wrong="layer-speeds" hint="sum"
def layer_speeds(weights, biases, x, y):
    outputs = [x]
    for W, b in zip(weights[:-1], biases[:-1]):
        outputs.append(sigmoid(outputs[-1] @ W.T + b))
    p = np.exp(outputs[-1] @ weights[-1].T + biases[-1])
    delta = p / p.sum(axis=1, keepdims=True) - np.eye(p.shape[1])[y]
    found = []
    for W, a in zip(weights[:0:-1], outputs[:0:-1]):
        delta = delta @ W * a * (1 - a)
        found.append(np.linalg.norm(delta.sum(axis=0)))
    return np.array(found[::-1])


# %% id="speeds-output" wrong="layer-speeds" hint="output"
def layer_speeds(weights, biases, x, y):
    outputs = [x]
    for W, b in zip(weights[:-1], biases[:-1]):
        outputs.append(sigmoid(outputs[-1] @ W.T + b))
    p = np.exp(outputs[-1] @ weights[-1].T + biases[-1])
    delta = (p / p.sum(axis=1, keepdims=True) - np.eye(p.shape[1])[y]) / len(x)
    found = [np.linalg.norm(delta.sum(axis=0))]
    for W, a in zip(weights[:0:-1], outputs[:0:-1]):
        delta = delta @ W * a * (1 - a)
        found.append(np.linalg.norm(delta.sum(axis=0)))
    return np.array(found[::-1])


# %% id="speeds-order" wrong="layer-speeds" hint="order"
def layer_speeds(weights, biases, x, y):
    outputs = [x]
    for W, b in zip(weights[:-1], biases[:-1]):
        outputs.append(sigmoid(outputs[-1] @ W.T + b))
    p = np.exp(outputs[-1] @ weights[-1].T + biases[-1])
    delta = (p / p.sum(axis=1, keepdims=True) - np.eye(p.shape[1])[y]) / len(x)
    found = []
    for W, a in zip(weights[:0:-1], outputs[:0:-1]):
        delta = delta @ W * a * (1 - a)
        found.append(np.linalg.norm(delta.sum(axis=0)))
    return np.array(found)


# %% id="speeds-slope" wrong="layer-speeds" hint="slope"
def layer_speeds(weights, biases, x, y):
    a = x
    for W, b in zip(weights[:-1], biases[:-1]):
        a = sigmoid(a @ W.T + b)
    p = np.exp(a @ weights[-1].T + biases[-1])
    delta = (p / p.sum(axis=1, keepdims=True) - np.eye(p.shape[1])[y]) / len(x)
    found = []
    for W in weights[:0:-1]:
        delta = delta @ W
        found.append(np.linalg.norm(delta.sum(axis=0)))
    return np.array(found[::-1])


# %% id="speeds-differences" wrong="layer-speeds" hint="by hand"
def layer_speeds(weights, biases, x, y):
    found = []
    for layer in range(len(weights) - 1):
        gradient = np.zeros(len(biases[layer]))
        for j in range(len(gradient)):
            costs = []
            for step in (1e-5, -1e-5):
                shifted = [b.copy() for b in biases]
                shifted[layer][j] += step
                costs.append(softmax_cost(weights, shifted, x, y))
            gradient[j] = (costs[0] - costs[1]) / 2e-5
        found.append(np.linalg.norm(gradient))
    return np.array(found)


# %% id="chain-own-weight" wrong="chain" hint="own-weight"
def chain_bias_grads(w, b, a0, dC_da):
    grads, slopes, a = np.empty(len(w)), [], a0
    for weight, bias in zip(w, b):
        a = sigmoid(weight * a + bias)
        slopes.append(a * (1 - a))
    for layer in reversed(range(len(w))):
        dC_da = dC_da * slopes[layer] * w[layer]
        grads[layer] = dC_da
    return grads


# %% id="chain-own-slope" wrong="chain" hint="own-slope"
def chain_bias_grads(w, b, a0, dC_da):
    grads, slopes, a = np.empty(len(w)), [], a0
    for weight, bias in zip(w, b):
        a = sigmoid(weight * a + bias)
        slopes.append(a * (1 - a))
    for layer in reversed(range(len(w))):
        grads[layer] = dC_da
        dC_da = dC_da * slopes[layer] * w[layer]
    return grads


# %% id="chain-shift" wrong="chain" hint="shift"
def chain_bias_grads(w, b, a0, dC_da):
    grads, slopes, a = np.empty(len(w)), [], a0
    for weight, bias in zip(w, b):
        a = sigmoid(weight * a + bias)
        slopes.append(a * (1 - a))
    grads[-1] = slopes[-1] * dC_da
    for layer in reversed(range(len(w) - 1)):
        grads[layer] = slopes[layer] * w[layer] * grads[layer + 1]
    return grads


# %% id="chain-twice" wrong="chain" hint="twice"
def chain_bias_grads(w, b, a0, dC_da):
    grads, slopes, a = np.empty(len(w)), [], a0
    for weight, bias in zip(w, b):
        a = sigmoid(weight * a + bias)
        slopes.append(sigmoid(a) * (1 - sigmoid(a)))
    for layer in reversed(range(len(w))):
        grads[layer] = slopes[layer] * dC_da
        dC_da = w[layer] * grads[layer]
    return grads


# %% id="chain-cost" wrong="chain" hint="cost"
def chain_bias_grads(w, b, a0, dC_da):
    grads, slopes, a = np.empty(len(w)), [], a0
    for weight, bias in zip(w, b):
        a = sigmoid(weight * a + bias)
        slopes.append(a * (1 - a))
    back = 1.0
    for layer in reversed(range(len(w))):
        grads[layer] = slopes[layer] * back
        back = w[layer] * grads[layer]
    return grads


# %% id="chain-differences" wrong="chain" hint="by hand"
def chain_bias_grads(w, b, a0, dC_da):
    grads = np.empty(len(w))
    for layer in range(len(w)):
        step = np.zeros(len(w))
        step[layer] = 1e-5
        grads[layer] = dC_da * (chain_output(w, b + step, a0) - chain_output(w, b - step, a0)) / 2e-5
    return grads


# %% id="exploding-input" wrong="exploding" hint="input"
def exploding_biases(w, a0):
    return -w * a0


# %% id="exploding-half" wrong="exploding" hint="half"
def exploding_biases(w, a0):
    return -w / 2


# %% id="exploding-sign" wrong="exploding" hint="sign"
def exploding_biases(w, a0):
    b = w / 2
    b[0] = w[0] * a0
    return b


# %% id="bound-frobenius" wrong="bound" hint="frobenius"
def speed_bounds(weights, last):
    bounds = []
    for W in weights[:0:-1]:
        last = last * np.linalg.norm(W) / 4
        bounds.append(last)
    return np.array(bounds[::-1])


# %% id="bound-quarter" wrong="bound" hint="quarter"
def speed_bounds(weights, last):
    bounds = []
    for W in weights[:0:-1]:
        last = last * np.linalg.norm(W, 2)
        bounds.append(last)
    return np.array(bounds[::-1])


# %% id="bound-own" wrong="bound" hint="own"
def speed_bounds(weights, last):
    bounds = []
    for W in weights[-2::-1]:
        last = last * np.linalg.norm(W, 2) / 4
        bounds.append(last)
    return np.array(bounds[::-1])


# %% id="bound-order" wrong="bound" hint="order"
def speed_bounds(weights, last):
    bounds = []
    for W in weights[:0:-1]:
        last = last * np.linalg.norm(W, 2) / 4
        bounds.append(last)
    return np.array(bounds)


# %% id="residual-skip" wrong="residual" hint="skip"
def residual_backward(dy, x, W, b, alpha):
    a = np.tanh(x @ W.T + b)
    dz = alpha * dy * (1 - a**2)
    return dz @ W, dz.T @ x, dz.sum(axis=0), float(np.sum(dy * a))


# %% id="residual-transposed" wrong="residual" hint="transposed"
def residual_backward(dy, x, W, b, alpha):
    a = np.tanh(x @ W.T + b)
    dz = alpha * dy * (1 - a**2)
    return dy + dz @ W.T, dz.T @ x, dz.sum(axis=0), float(np.sum(dy * a))


# %% id="residual-alpha" wrong="residual" hint="alpha"
def residual_backward(dy, x, W, b, alpha):
    a = np.tanh(x @ W.T + b)
    dz = dy * (1 - a**2)
    return dy + dz @ W, dz.T @ x, dz.sum(axis=0), float(np.sum(dy * a))


# %% id="residual-slope" wrong="residual" hint="slope"
def residual_backward(dy, x, W, b, alpha):
    a = np.tanh(x @ W.T + b)
    dz = alpha * dy
    return dy + dz @ W, dz.T @ x, dz.sum(axis=0), float(np.sum(dy * a))


# %% id="residual-mean" wrong="residual" hint="mean"
def residual_backward(dy, x, W, b, alpha):
    a = np.tanh(x @ W.T + b)
    dz = alpha * dy * (1 - a**2)
    return dy + dz @ W, dz.T @ x / len(x), dz.mean(axis=0), float(np.sum(dy * a))


# %% id="residual-differences" wrong="residual" hint="by hand"
def residual_backward(dy, x, W, b, alpha):
    def slopes(f, v):
        found = np.empty_like(v)
        for i in np.ndindex(v.shape):
            step = np.zeros_like(v)
            step[i] = 1e-5
            found[i] = np.sum(dy * (f(v + step) - f(v - step))) / 2e-5
        return found

    dx = slopes(lambda v: residual_block(v, W, b, alpha), x)
    dW = slopes(lambda v: residual_block(x, v, b, alpha), W)
    db = slopes(lambda v: residual_block(x, W, v, alpha), b)
    dalpha = slopes(lambda v: residual_block(x, W, b, v), np.array(alpha))
    return dx, dW, db, float(dalpha)
