"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="z-std-all" wrong="z-std" hint="all"
def z_std(x, w_std, b_std):
    return np.full(len(x), np.sqrt(x.shape[1] * w_std**2 + b_std**2))


# %% id="z-std-squares" wrong="z-std" hint="squares"
def z_std(x, w_std, b_std):
    return np.sqrt(np.abs(x).sum(axis=1) * w_std**2 + b_std**2)


# %% id="z-std-root" wrong="z-std" hint="root"
def z_std(x, w_std, b_std):
    return (x**2).sum(axis=1) * w_std**2 + b_std**2


# %% id="z-std-no-bias" wrong="z-std" hint="bias"
def z_std(x, w_std, b_std):
    return w_std * np.sqrt((x**2).sum(axis=1))


# %% id="z-std-added" wrong="z-std" hint="added"
def z_std(x, w_std, b_std):
    return w_std * np.sqrt((x**2).sum(axis=1)) + b_std


# %% id="saturation-output" wrong="saturation" hint="activation"
def saturation_fraction(z, eps):
    return float(np.mean(sigmoid(z) < eps))


# %% id="saturation-right" wrong="saturation" hint="one-sided"
def saturation_fraction(z, eps):
    return float(np.mean(sigmoid(z) > 1 - eps))


# %% id="saturation-number" wrong="saturation" hint="count"
def saturation_fraction(z, eps):
    a = sigmoid(z)
    return float(np.sum(a * (1 - a) < eps))


# %% id="saturation-turned" wrong="saturation" hint="turned"
def saturation_fraction(z, eps):
    a = sigmoid(z)
    return float(np.mean(a * (1 - a) >= eps))


# %% id="saturation-fixed-edge" wrong="saturation" hint="value"
def saturation_fraction(z, eps):
    return float(np.mean(np.abs(z) > 4.585))


# %% id="init-swapped" wrong="init-params" hint="swapped"
def init_params(sizes, scheme, rng):
    weights, biases = [], []
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        variance = {"large": 1.0, "lecun": 1 / n_in, "glorot": 2 / (n_in + n_out), "he": 2 / n_in}[scheme]
        weights.append(rng.normal(0, np.sqrt(variance), (n_in, n_out)))
        biases.append(rng.normal(size=n_out) if scheme in ("large", "lecun") else np.zeros(n_out))
    return weights, biases


# %% id="init-biases" wrong="init-params" hint="biases"
def init_params(sizes, scheme, rng):
    weights, biases = [], []
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        variance = {"large": 1.0, "lecun": 1 / n_in, "glorot": 2 / (n_in + n_out), "he": 2 / n_in}[scheme]
        weights.append(rng.normal(0, np.sqrt(variance), (n_out, n_in)))
        biases.append(np.zeros(n_out))
    return weights, biases


# %% id="init-variance" wrong="init-params" hint="root"
def init_params(sizes, scheme, rng):
    weights, biases = [], []
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        variance = {"large": 1.0, "lecun": 1 / n_in, "glorot": 2 / (n_in + n_out), "he": 2 / n_in}[scheme]
        weights.append(rng.normal(0, variance, (n_out, n_in)))
        biases.append(rng.normal(size=n_out) if scheme in ("large", "lecun") else np.zeros(n_out))
    return weights, biases


# %% id="init-fan-out" wrong="init-params" hint="fan-out"
def init_params(sizes, scheme, rng):
    weights, biases = [], []
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        variance = {"large": 1.0, "lecun": 1 / n_out, "glorot": 2 / (n_in + n_out), "he": 2 / n_out}[scheme]
        weights.append(rng.normal(0, np.sqrt(variance), (n_out, n_in)))
        biases.append(rng.normal(size=n_out) if scheme in ("large", "lecun") else np.zeros(n_out))
    return weights, biases


# %% id="init-no-two" wrong="init-params" hint="half"
def init_params(sizes, scheme, rng):
    weights, biases = [], []
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        variance = {"large": 1.0, "lecun": 1 / n_in, "glorot": 1 / (n_in + n_out), "he": 2 / n_in}[scheme]
        weights.append(rng.normal(0, np.sqrt(variance), (n_out, n_in)))
        biases.append(rng.normal(size=n_out) if scheme in ("large", "lecun") else np.zeros(n_out))
    return weights, biases


# %% id="init-uniform" wrong="init-params" hint="uniform"
def init_params(sizes, scheme, rng):
    weights, biases = [], []
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        variance = {"large": 1.0, "lecun": 1 / n_in, "glorot": 2 / (n_in + n_out), "he": 2 / n_in}[scheme]
        a = np.sqrt(3 * variance)
        weights.append(rng.uniform(-a, a, (n_out, n_in)))
        biases.append(rng.normal(size=n_out) if scheme in ("large", "lecun") else np.zeros(n_out))
    return weights, biases


# %% id="init-same-seed" wrong="init-params" hint="twice"
def init_params(sizes, scheme, rng):
    weights, biases = [], []
    seed = int(rng.integers(1000))
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        layer = np.random.default_rng(seed)
        variance = {"large": 1.0, "lecun": 1 / n_in, "glorot": 2 / (n_in + n_out), "he": 2 / n_in}[scheme]
        weights.append(layer.normal(0, np.sqrt(variance), (n_out, n_in)))
        biases.append(layer.normal(size=n_out) if scheme in ("large", "lecun") else np.zeros(n_out))
    return weights, biases


# %% id="init-ignores-rng" wrong="init-params" hint="value"
def init_params(sizes, scheme, rng):
    own = np.random.default_rng(0)
    weights, biases = [], []
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        variance = {"large": 1.0, "lecun": 1 / n_in, "glorot": 2 / (n_in + n_out), "he": 2 / n_in}[scheme]
        weights.append(own.normal(0, np.sqrt(variance), (n_out, n_in)))
        biases.append(own.normal(size=n_out) if scheme in ("large", "lecun") else np.zeros(n_out))
    return weights, biases


# %% id="uniform-std" wrong="uniform" hint="three"
def uniform_weight(u, scheme):
    window = int(np.prod(u.shape[2:]))
    n_in, n_out = u.shape[1] * window, u.shape[0] * window
    variance = {"lecun": 1 / n_in, "glorot": 2 / (n_in + n_out), "he": 2 / n_in}[scheme]
    return np.sqrt(variance) * (2 * u - 1)


# %% id="uniform-positive" wrong="uniform" hint="positive"
def uniform_weight(u, scheme):
    window = int(np.prod(u.shape[2:]))
    n_in, n_out = u.shape[1] * window, u.shape[0] * window
    variance = {"lecun": 1 / n_in, "glorot": 2 / (n_in + n_out), "he": 2 / n_in}[scheme]
    return np.sqrt(3 * variance) * u


# %% id="uniform-narrow" wrong="uniform" hint="narrow"
def uniform_weight(u, scheme):
    window = int(np.prod(u.shape[2:]))
    n_in, n_out = u.shape[1] * window, u.shape[0] * window
    variance = {"lecun": 1 / n_in, "glorot": 2 / (n_in + n_out), "he": 2 / n_in}[scheme]
    return np.sqrt(3 * variance) * (u - 0.5)


# %% id="uniform-fan-out" wrong="uniform" hint="fan-out"
def uniform_weight(u, scheme):
    window = int(np.prod(u.shape[2:]))
    n_in, n_out = u.shape[0] * window, u.shape[1] * window
    variance = {"lecun": 1 / n_in, "glorot": 2 / (n_in + n_out), "he": 2 / n_in}[scheme]
    return np.sqrt(3 * variance) * (2 * u - 1)


# %% id="uniform-no-window" wrong="uniform" hint="window"
def uniform_weight(u, scheme):
    n_out, n_in = u.shape[:2]
    variance = {"lecun": 1 / n_in, "glorot": 2 / (n_in + n_out), "he": 2 / n_in}[scheme]
    return np.sqrt(3 * variance) * (2 * u - 1)


# %% id="moments-fan-out" wrong="moments" hint="fan-out"
def moments(sizes, w_std, b_std, activation, q, g):
    f, v, back = 0.5 if activation == "relu" else 1.0, [], [g]
    for layer, std in enumerate(w_std):
        v.append(sizes[layer + 1] * std**2 * q + b_std**2)
        q = f * v[-1]
    for layer in range(len(w_std) - 1, 0, -1):
        back.append(f * sizes[layer + 1] * w_std[layer] ** 2 * back[-1])
    return np.array(v), np.array(back[::-1])


# %% id="moments-square" wrong="moments" hint="square"
def moments(sizes, w_std, b_std, activation, q, g):
    f, v, back = 0.5 if activation == "relu" else 1.0, [], [g]
    for layer, std in enumerate(w_std):
        v.append(sizes[layer] * std * q + b_std**2)
        q = f * v[-1]
    for layer in range(len(w_std) - 1, 0, -1):
        back.append(f * sizes[layer + 1] * w_std[layer] * back[-1])
    return np.array(v), np.array(back[::-1])


# %% id="moments-no-bias" wrong="moments" hint="bias"
def moments(sizes, w_std, b_std, activation, q, g):
    f, v, back = 0.5 if activation == "relu" else 1.0, [], [g]
    for layer, std in enumerate(w_std):
        v.append(sizes[layer] * std**2 * q)
        q = f * v[-1]
    for layer in range(len(w_std) - 1, 0, -1):
        back.append(f * sizes[layer + 1] * w_std[layer] ** 2 * back[-1])
    return np.array(v), np.array(back[::-1])


# %% id="moments-no-half" wrong="moments" hint="half"
def moments(sizes, w_std, b_std, activation, q, g):
    v, back = [], [g]
    for layer, std in enumerate(w_std):
        q = sizes[layer] * std**2 * q + b_std**2
        v.append(q)
    for layer in range(len(w_std) - 1, 0, -1):
        back.append(sizes[layer + 1] * w_std[layer] ** 2 * back[-1])
    return np.array(v), np.array(back[::-1])


# %% id="moments-input-half" wrong="moments" hint="input-half"
def moments(sizes, w_std, b_std, activation, q, g):
    f, v, back = 0.5 if activation == "relu" else 1.0, [], [g]
    for layer, std in enumerate(w_std):
        q = sizes[layer] * std**2 * f * q + b_std**2
        v.append(q)
    for layer in range(len(w_std) - 1, 0, -1):
        back.append(f * sizes[layer + 1] * w_std[layer] ** 2 * back[-1])
    return np.array(v), np.array(back[::-1])


# %% id="moments-fan-in" wrong="moments" hint="fan-in"
def moments(sizes, w_std, b_std, activation, q, g):
    f, v, back = 0.5 if activation == "relu" else 1.0, [], [g]
    for layer, std in enumerate(w_std):
        v.append(sizes[layer] * std**2 * q + b_std**2)
        q = f * v[-1]
    for layer in range(len(w_std) - 1, 0, -1):
        back.append(f * sizes[layer] * w_std[layer] ** 2 * back[-1])
    return np.array(v), np.array(back[::-1])


# %% id="moments-no-slope" wrong="moments" hint="slope"
def moments(sizes, w_std, b_std, activation, q, g):
    f, v, back = 0.5 if activation == "relu" else 1.0, [], [g]
    for layer, std in enumerate(w_std):
        v.append(sizes[layer] * std**2 * q + b_std**2)
        q = f * v[-1]
    for layer in range(len(w_std) - 1, 0, -1):
        back.append(sizes[layer + 1] * w_std[layer] ** 2 * back[-1])
    return np.array(v), np.array(back[::-1])


# %% id="moments-order" wrong="moments" hint="order"
def moments(sizes, w_std, b_std, activation, q, g):
    f, v, back = 0.5 if activation == "relu" else 1.0, [], [g]
    for layer, std in enumerate(w_std):
        v.append(sizes[layer] * std**2 * q + b_std**2)
        q = f * v[-1]
    for layer in range(len(w_std) - 1, 0, -1):
        back.append(f * sizes[layer + 1] * w_std[layer] ** 2 * back[-1])
    return np.array(v), np.array(back)


# %% id="orthogonal-normalised" wrong="orthogonal-weight" hint="normalised"
def orthogonal_weight(draws):
    return draws / np.linalg.norm(draws, axis=0)


# %% id="orthogonal-not-transposed" wrong="orthogonal-weight" hint="wide"
def orthogonal_weight(draws):
    q, r = np.linalg.qr(draws)
    return q * np.sign(np.diag(r))


# %% id="orthogonal-no-signs" wrong="orthogonal-weight" hint="signs"
def orthogonal_weight(draws):
    wide = draws.shape[0] < draws.shape[1]
    q, _ = np.linalg.qr(draws.T if wide else draws)
    return q.T if wide else q


# %% id="orthogonal-signs-of-rows" wrong="orthogonal-weight" hint="error"
def orthogonal_weight(draws):
    wide = draws.shape[0] < draws.shape[1]
    q, r = np.linalg.qr(draws.T if wide else draws)
    q = np.sign(np.diag(r))[:, None] * q
    return q.T if wide else q


# %% id="orthogonal-library" wrong="orthogonal-weight" hint="by hand"
def orthogonal_weight(draws):
    return nn.init.orthogonal(draws.shape, np.random.default_rng(0))
