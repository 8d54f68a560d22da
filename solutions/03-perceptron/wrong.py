"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="perceptron-not-strict" wrong="perceptron" hint="strict"
def perceptron(x, w, b):
    return (x @ w + b >= 0).astype(int)


# %% id="perceptron-bias-as-threshold" wrong="perceptron" hint="minus"
def perceptron(x, w, b):
    return (x @ w > b).astype(int)


# %% id="perceptron-counts-inputs" wrong="perceptron" hint="unweighted"
def perceptron(x, w, b):
    return (np.sum(x, axis=-1) + b > 0).astype(int)


# %% id="perceptron-sums-the-batch" wrong="perceptron" hint="rows"
def perceptron(x, w, b):
    return int(np.sum(x * w + b) > 0)


# %% id="perceptron-bool" wrong="perceptron" hint="type"
def perceptron(x, w, b):
    return x @ w + b > 0


# %% id="perceptron-one-example-only" wrong="perceptron" hint="error"
def perceptron(x, w, b):
    return 1 if x @ w + b > 0 else 0


# %% id="threshold-outer" wrong="threshold" hint="outer"
def threshold_range(w, fire, rest):
    lo, hi = min(rest @ w), max(fire @ w)
    return (lo, hi) if lo < hi else None


# %% id="threshold-turned" wrong="threshold" hint="order"
def threshold_range(w, fire, rest):
    lo, hi = max(rest @ w), min(fire @ w)
    return (hi, lo) if lo < hi else None


# %% id="threshold-bias" wrong="threshold" hint="bias"
def threshold_range(w, fire, rest):
    lo, hi = -min(fire @ w), -max(rest @ w)
    return (lo, hi) if lo < hi else None


# %% id="threshold-never-none" wrong="threshold" hint="impossible"
def threshold_range(w, fire, rest):
    return max(rest @ w), min(fire @ w)


# %% id="threshold-closed" wrong="threshold" hint="equal"
def threshold_range(w, fire, rest):
    lo, hi = max(rest @ w), min(fire @ w)
    return (lo, hi) if lo <= hi else None


# %% id="threshold-no-return" wrong="threshold" hint="returns"
def threshold_range(w, fire, rest):
    lo, hi = max(rest @ w), min(fire @ w)


# %% id="layer-reshaped" wrong="layer" hint="reshape"
def layer(x, W, b):
    return (x @ W.reshape(W.shape[1], W.shape[0]) + b > 0).astype(int)


# %% id="layer-columns" wrong="layer" hint="transposed"
def layer(x, W, b):
    return (W @ x.T + b[:, None] > 0).astype(int)


# %% id="layer-without-bias" wrong="layer" hint="bias"
def layer(x, W, b):
    return (x @ W.T > 0).astype(int)


# %% id="layer-first-neuron" wrong="layer" hint="first"
def layer(x, W, b):
    return (x @ W[0] + b[0] > 0).astype(int)


# %% id="layer-sums" wrong="layer" hint="step"
def layer(x, W, b):
    return x @ W.T + b


# %% id="layer-bias-by-example" wrong="layer" hint="axis"
def layer(x, W, b):
    z = x @ W.T
    return (z + (b[:, None] if len(b) == len(x) else b) > 0).astype(int)


# %% id="layer-not-transposed" wrong="layer" hint="error"
def layer(x, W, b):
    return (x @ W + b > 0).astype(int)


# %% id="gate-on-the-corner" wrong="gate" hint="boundary"
def gate(name):
    gates = {"AND": ([1, 1], -2), "OR": ([1, 1], -1), "NAND": ([-1, -1], 1), "NOR": ([-1, -1], 0), "NOT": ([-1], 0)}
    if name not in gates:
        raise ValueError(name)
    w, b = gates[name]
    return np.array(w), b


# %% id="gate-threshold" wrong="gate" hint="threshold"
def gate(name):
    gates = {
        "AND": ([1.0, 1.0], 1.5),
        "OR": ([1.0, 1.0], 0.5),
        "NAND": ([-1.0, -1.0], -1.5),
        "NOR": ([-1.0, -1.0], -0.5),
        "NOT": ([-1.0], -0.5),
    }
    if name not in gates:
        raise ValueError(name)
    w, b = gates[name]
    return np.array(w), b


# %% id="gate-nand-is-and" wrong="gate" hint="negated"
def gate(name):
    gates = {
        "AND": ([1.0, 1.0], -1.5),
        "OR": ([1.0, 1.0], -0.5),
        "NAND": ([1.0, 1.0], -1.5),
        "NOR": ([1.0, 1.0], -0.5),
        "NOT": ([-1.0], 0.5),
    }
    if name not in gates:
        raise ValueError(name)
    w, b = gates[name]
    return np.array(w), b


# %% id="gate-narrow" wrong="gate" hint="margin"
def gate(name):
    gates = {
        "AND": ([1.0, 1.0], -1.9),
        "OR": ([1.0, 1.0], -0.1),
        "NAND": ([-1.0, -1.0], 1.9),
        "NOR": ([-1.0, -1.0], 0.1),
        "NOT": ([-1.0], 0.1),
    }
    if name not in gates:
        raise ValueError(name)
    w, b = gates[name]
    return np.array(w), b


# %% id="gate-lists" wrong="gate" hint="type"
def gate(name):
    gates = {
        "AND": ([1.0, 1.0], -1.5),
        "OR": ([1.0, 1.0], -0.5),
        "NAND": ([-1.0, -1.0], 1.5),
        "NOR": ([-1.0, -1.0], 0.5),
        "NOT": ([-1.0], 0.5),
    }
    if name not in gates:
        raise ValueError(name)
    return gates[name]


# %% id="gate-key-error" wrong="gate" hint="raises"
def gate(name):
    return {
        "AND": (np.array([1.0, 1.0]), -1.5),
        "OR": (np.array([1.0, 1.0]), -0.5),
        "NAND": (np.array([-1.0, -1.0]), 1.5),
        "NOR": (np.array([-1.0, -1.0]), 0.5),
        "NOT": (np.array([-1.0]), 0.5),
    }[name]


# %% id="xor-one-layer" wrong="xor" hint="depth"
def xor_net(negate=False):
    return [(np.array([[1.0, 1.0]]), np.array([-0.5]))]


# %% id="xor-or-at-the-end" wrong="xor" hint="or"
def xor_net(negate=False):
    hidden = (np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array([-0.5, 1.5]))
    return [hidden, (np.array([[-1.0, -1.0]]), np.array([0.5]))] if negate else [
        hidden,
        (np.array([[1.0, 1.0]]), np.array([-0.5])),
    ]


# %% id="xor-is-or" wrong="xor" hint="or-table"
def xor_net(negate=False):
    hidden = (np.array([[1.0, 1.0], [1.0, 1.0]]), np.array([-0.5, -1.5]))
    return [hidden, (np.array([[1.0, 1.0]]), np.array([-0.5]))]


# %% id="xor-on-the-corner" wrong="xor" hint="boundary"
def xor_net(negate=False):
    hidden = (np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array([-1.0, 1.0]))
    return [hidden, (np.array([[-1.0, -1.0]]), np.array([1.0])) if negate else (np.array([[1.0, 1.0]]), np.array([-2.0]))]


# %% id="xor-flag-ignored" wrong="xor" hint="ignored"
def xor_net(negate=False):
    return [
        (np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array([-0.5, 1.5])),
        (np.array([[1.0, 1.0]]), np.array([-1.5])),
    ]


# %% id="xor-narrow" wrong="xor" hint="margin"
def xor_net(negate=False):
    hidden = (np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array([-0.1, 1.1]))
    return [hidden, (np.array([[-1.0, -1.0]]), np.array([1.9])) if negate else (np.array([[1.0, 1.0]]), np.array([-1.9]))]


# %% id="xor-flat-weights" wrong="xor" hint="shape"
def xor_net(negate=False):
    hidden = (np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array([-0.5, 1.5]))
    return [hidden, (np.array([-1.0, -1.0]), np.array([1.5])) if negate else (np.array([1.0, 1.0]), np.array([-1.5]))]


# %% id="fit-batch" wrong="fit" hint="batch"
def perceptron_fit(x, t, eta, max_epochs):
    w, b, mistakes = np.zeros(x.shape[1]), 0.0, []
    for _ in range(max_epochs):
        error = t - (x @ w + b > 0)
        w, b = w + eta * error @ x, b + eta * error.sum()
        mistakes.append(int(np.sum(error != 0)))
        if mistakes[-1] == 0:
            break
    return w, b, mistakes


# %% id="fit-bias-forgotten" wrong="fit" hint="bias"
def perceptron_fit(x, t, eta, max_epochs):
    w, b, mistakes = np.zeros(x.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes.append(0)
        for row, target in zip(x, t, strict=True):
            error = target - int(row @ w + b > 0)
            w = w + eta * error * row
            mistakes[-1] += int(error != 0)
        if mistakes[-1] == 0:
            break
    return w, b, mistakes


# %% id="fit-wrong-sign" wrong="fit" hint="sign"
def perceptron_fit(x, t, eta, max_epochs):
    w, b, mistakes = np.zeros(x.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes.append(0)
        for row, target in zip(x, t, strict=True):
            error = int(row @ w + b > 0) - target
            w, b = w + eta * error * row, b + eta * error
            mistakes[-1] += int(error != 0)
        if mistakes[-1] == 0:
            break
    return w, b, mistakes


# %% id="fit-corrects-always" wrong="fit" hint="always"
def perceptron_fit(x, t, eta, max_epochs):
    w, b, mistakes = np.zeros(x.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes.append(0)
        for row, target in zip(x, t, strict=True):
            mistakes[-1] += int(target != int(row @ w + b > 0))
            sign = 2 * target - 1
            w, b = w + eta * sign * row, b + eta * sign
        if mistakes[-1] == 0:
            break
    return w, b, mistakes


# %% id="fit-labels-plus-minus" wrong="fit" hint="labels"
def perceptron_fit(x, t, eta, max_epochs):
    w, b, mistakes = np.zeros(x.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes.append(0)
        for row, target in zip(x, 2 * t - 1, strict=True):
            error = target - int(row @ w + b > 0)
            w, b = w + eta * error * row, b + eta * error
            mistakes[-1] += int(error != 0)
        if mistakes[-1] == 0:
            break
    return w, b, mistakes


# %% id="fit-not-strict" wrong="fit" hint="boundary"
def perceptron_fit(x, t, eta, max_epochs):
    w, b, mistakes = np.zeros(x.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes.append(0)
        for row, target in zip(x, t, strict=True):
            error = target - int(row @ w + b >= 0)
            w, b = w + eta * error * row, b + eta * error
            mistakes[-1] += int(error != 0)
        if mistakes[-1] == 0:
            break
    return w, b, mistakes


# %% id="fit-never-stops" wrong="fit" hint="stop"
def perceptron_fit(x, t, eta, max_epochs):
    w, b, mistakes = np.zeros(x.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes.append(0)
        for row, target in zip(x, t, strict=True):
            error = target - int(row @ w + b > 0)
            w, b = w + eta * error * row, b + eta * error
            mistakes[-1] += int(error != 0)
    return w, b, mistakes


# %% id="fit-clean-epoch-left-out" wrong="fit" hint="clean"
def perceptron_fit(x, t, eta, max_epochs):
    w, b, mistakes = np.zeros(x.shape[1]), 0.0, []
    for _ in range(max_epochs):
        wrong = 0
        for row, target in zip(x, t, strict=True):
            error = target - int(row @ w + b > 0)
            w, b = w + eta * error * row, b + eta * error
            wrong += int(error != 0)
        if wrong == 0:
            break
        mistakes.append(wrong)
    return w, b, mistakes


# %% id="fit-no-eta" wrong="fit" hint="eta"
def perceptron_fit(x, t, eta, max_epochs):
    w, b, mistakes = np.zeros(x.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes.append(0)
        for row, target in zip(x, t, strict=True):
            error = target - int(row @ w + b > 0)
            w, b = w + error * row, b + error
            mistakes[-1] += int(error != 0)
        if mistakes[-1] == 0:
            break
    return w, b, mistakes


# %% id="fit-total" wrong="fit" hint="type"
def perceptron_fit(x, t, eta, max_epochs):
    w, b, total = np.zeros(x.shape[1]), 0.0, 0
    for _ in range(max_epochs):
        before = total
        for row, target in zip(x, t, strict=True):
            error = target - int(row @ w + b > 0)
            w, b = w + eta * error * row, b + eta * error
            total += int(error != 0)
        if total == before:
            break
    return w, b, total


# %% id="fit-weights-only" wrong="fit" hint="returns"
def perceptron_fit(x, t, eta, max_epochs):
    w, b = np.zeros(x.shape[1]), 0.0
    for _ in range(max_epochs):
        for row, target in zip(x, t, strict=True):
            error = target - int(row @ w + b > 0)
            w, b = w + eta * error * row, b + eta * error
    return w, b
