"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""

# %% id="collapse-order" wrong="collapse" hint="order"
def collapse_linear(weights, biases):
    W, b = weights[0], biases[0]
    for weight, bias in zip(weights[1:], biases[1:]):
        W, b = W @ weight, weight @ b + bias
    return W, b


# %% id="collapse-sum" wrong="collapse" hint="sum"
def collapse_linear(weights, biases):
    W, b = weights[0], biases[0]
    for weight, bias in zip(weights[1:], biases[1:]):
        W, b = weight @ W, b + bias
    return W, b


# %% id="collapse-last" wrong="collapse" hint="last"
def collapse_linear(weights, biases):
    W = weights[0]
    for weight in weights[1:]:
        W = weight @ W
    return W, biases[-1]


# %% id="collapse-two-only" wrong="collapse" hint="error"
def collapse_linear(weights, biases):
    return weights[1] @ weights[0], weights[1] @ biases[0] + biases[1]


# %% id="collapse-in-place" wrong="collapse" hint="pure"
def collapse_linear(weights, biases):
    W = weights.pop(0)
    b = biases.pop(0)
    for weight, bias in zip(weights, biases):
        W, b = weight @ W, weight @ b + bias
    return W, b


# %% id="values-mirrored" wrong="values" hint="mirrored"
def sigmoid(z):
    return 1 / (1 + np.exp(z))


def tanh(z):
    return np.tanh(z)


def relu(z):
    return np.maximum(z, 0.0)


def leaky_relu(z, slope):
    return np.where(z > 0, z, slope * z)


# %% id="values-narrow" wrong="values" hint="narrow"
def sigmoid(z):
    return 0.5 * np.tanh(z / 2) + 0.5


def tanh(z):
    return 2 * sigmoid(z) - 1


def relu(z):
    return np.maximum(z, 0.0)


def leaky_relu(z, slope):
    return np.where(z > 0, z, slope * z)


# %% id="values-absolute" wrong="values" hint="absolute"
def sigmoid(z):
    return 0.5 * np.tanh(z / 2) + 0.5


def tanh(z):
    return np.tanh(z)


def relu(z):
    return np.abs(1.0 * z)


def leaky_relu(z, slope):
    return np.where(z > 0, z, slope * z)


# %% id="values-maximum" wrong="values" hint="maximum"
def sigmoid(z):
    return 0.5 * np.tanh(z / 2) + 0.5


def tanh(z):
    return np.tanh(z)


def relu(z):
    return np.maximum(z, 0.0)


def leaky_relu(z, slope):
    return np.maximum(z, slope * z)


# %% id="values-formula" wrong="values" hint="overflow"
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def tanh(z):
    return np.tanh(z)


def relu(z):
    return np.maximum(z, 0.0)


def leaky_relu(z, slope):
    return np.where(z > 0, z, slope * z)


# %% id="values-quotient" wrong="values" hint="nan"
def sigmoid(z):
    return 0.5 * np.tanh(z / 2) + 0.5


def tanh(z):
    return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))


def relu(z):
    return np.maximum(z, 0.0)


def leaky_relu(z, slope):
    return np.where(z > 0, z, slope * z)


# %% id="values-integers" wrong="values" hint="integers"
def sigmoid(z):
    return 0.5 * np.tanh(z / 2) + 0.5


def tanh(z):
    return np.tanh(z)


def relu(z):
    return np.maximum(z, 0)


def leaky_relu(z, slope):
    return np.where(z > 0, z, slope * z)


# %% id="values-in-place" wrong="values" hint="pure"
def sigmoid(z):
    return 0.5 * np.tanh(z / 2) + 0.5


def tanh(z):
    return np.tanh(z)


def relu(z):
    z[z < 0] = 0
    return z


def leaky_relu(z, slope):
    return np.where(z > 0, z, slope * z)


# %% id="slopes-input" wrong="slopes" hint="input"
def d_sigmoid(y):
    s = 1 / (1 + np.exp(-y))
    return s * (1 - s)


def d_tanh(y):
    return 1 - y**2


def d_relu(y):
    return (y > 0) * 1.0


def d_leaky_relu(y, slope):
    return np.where(y > 0, 1.0, slope)


# %% id="slopes-input-tanh" wrong="slopes" hint="input-tanh"
def d_sigmoid(y):
    return y * (1 - y)


def d_tanh(y):
    return 1 - np.tanh(y) ** 2


def d_relu(y):
    return (y > 0) * 1.0


def d_leaky_relu(y, slope):
    return np.where(y > 0, 1.0, slope)


# %% id="slopes-swapped" wrong="slopes" hint="swapped"
def d_sigmoid(y):
    return y * (1 - y)


def d_tanh(y):
    return y * (1 - y)


def d_relu(y):
    return (y > 0) * 1.0


def d_leaky_relu(y, slope):
    return np.where(y > 0, 1.0, slope)


# %% id="slopes-kink" wrong="slopes" hint="kink"
def d_sigmoid(y):
    return y * (1 - y)


def d_tanh(y):
    return 1 - y**2


def d_relu(y):
    return (y >= 0) * 1.0


def d_leaky_relu(y, slope):
    return np.where(y > 0, 1.0, slope)


# %% id="slopes-leak" wrong="slopes" hint="leak"
def d_sigmoid(y):
    return y * (1 - y)


def d_tanh(y):
    return 1 - y**2


def d_relu(y):
    return (y > 0) * 1.0


def d_leaky_relu(y, slope):
    return (y > 0) * 1.0


# %% id="slopes-differences" wrong="slopes" hint="by hand"
def d_sigmoid(y):
    z = np.log(y / (1 - y))
    return (sigmoid(z + 1e-5) - sigmoid(z - 1e-5)) / 2e-5


def d_tanh(y):
    z = np.arctanh(y)
    return (tanh(z + 1e-5) - tanh(z - 1e-5)) / 2e-5


def d_relu(y):
    return (y > 0) * 1.0


def d_leaky_relu(y, slope):
    return np.where(y > 0, 1.0, slope)


# %% id="slopes-inverted" wrong="slopes" hint="nan"
def d_sigmoid(y):
    return y * (1 - y)


def d_tanh(y):
    return 1 - y**2


def d_relu(y):
    return y / y


def d_leaky_relu(y, slope):
    return np.where(y > 0, 1.0, slope)


# %% id="modern-alpha" wrong="modern" hint="alpha"
def d_elu(z, alpha):
    return np.where(z > 0, 1.0, np.exp(z))


def d_softplus(z):
    return logistic(z)


def d_silu(z):
    s = logistic(z)
    return s + z * s * (1 - s)


def d_gelu(z):
    return normal_cdf(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


# %% id="modern-value" wrong="modern" hint="not-slope"
def d_elu(z, alpha):
    return np.where(z > 0, 1.0, alpha * (np.exp(z) - 1))


def d_softplus(z):
    return logistic(z)


def d_silu(z):
    s = logistic(z)
    return s + z * s * (1 - s)


def d_gelu(z):
    return normal_cdf(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


# %% id="modern-mirrored" wrong="modern" hint="mirrored"
def d_elu(z, alpha):
    return np.where(z > 0, 1.0, alpha * np.exp(z))


def d_softplus(z):
    return 1 / (1 + np.exp(z))


def d_silu(z):
    s = logistic(z)
    return s + z * s * (1 - s)


def d_gelu(z):
    return normal_cdf(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


# %% id="modern-silu-first" wrong="modern" hint="silu-product"
def d_elu(z, alpha):
    return np.where(z > 0, 1.0, alpha * np.exp(z))


def d_softplus(z):
    return logistic(z)


def d_silu(z):
    return logistic(z)


def d_gelu(z):
    return normal_cdf(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


# %% id="modern-gelu-first" wrong="modern" hint="gelu-product"
def d_elu(z, alpha):
    return np.where(z > 0, 1.0, alpha * np.exp(z))


def d_softplus(z):
    return logistic(z)


def d_silu(z):
    s = logistic(z)
    return s + z * s * (1 - s)


def d_gelu(z):
    return normal_cdf(z)


# %% id="modern-density" wrong="modern" hint="density"
def d_elu(z, alpha):
    return np.where(z > 0, 1.0, alpha * np.exp(z))


def d_softplus(z):
    return logistic(z)


def d_silu(z):
    s = logistic(z)
    return s + z * s * (1 - s)


def d_gelu(z):
    return normal_cdf(z) + z * np.exp(-z * z / 2)


# %% id="modern-corner" wrong="modern" hint="value"
def d_elu(z, alpha):
    return np.where(z >= 0, 1.0, alpha * np.exp(z))


def d_softplus(z):
    return logistic(z)


def d_silu(z):
    s = logistic(z)
    return s + z * s * (1 - s)


def d_gelu(z):
    return normal_cdf(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


# %% id="modern-quotient" wrong="modern" hint="nan"
def d_elu(z, alpha):
    return np.where(z > 0, 1.0, alpha * np.exp(z))


def d_softplus(z):
    return np.exp(z) / (1 + np.exp(z))


def d_silu(z):
    s = logistic(z)
    return s + z * s * (1 - s)


def d_gelu(z):
    return normal_cdf(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


# %% id="modern-differences" wrong="modern" hint="by hand"
def d_elu(z, alpha):
    return np.where(z > 0, 1.0, alpha * np.exp(z))


def d_softplus(z):
    h = 1e-5
    return (nn.softplus(z + h)[0] - nn.softplus(z - h)[0]) / (2 * h)


def d_silu(z):
    h = 1e-5
    return (nn.silu(z + h)[0] - nn.silu(z - h)[0]) / (2 * h)


def d_gelu(z):
    h = 1e-5
    return (nn.gelu(z + h)[0] - nn.gelu(z - h)[0]) / (2 * h)


# %% id="softmax-plain" wrong="softmax" hint="plain"
def log_sum_exp(z, axis):
    m = z.max(axis=axis, keepdims=True)
    return np.log(np.exp(z - m).sum(axis=axis)) + m.squeeze(axis)


def softmax(z, axis):
    return z / z.sum(axis=axis, keepdims=True)


# %% id="softmax-squashed" wrong="softmax" hint="squashed"
def log_sum_exp(z, axis):
    m = z.max(axis=axis, keepdims=True)
    return np.log(np.exp(z - m).sum(axis=axis)) + m.squeeze(axis)


def softmax(z, axis):
    s = 1 / (1 + np.exp(-z))
    return s / s.sum(axis=axis, keepdims=True)


# %% id="softmax-total" wrong="softmax" hint="total"
def log_sum_exp(z, axis):
    m = z.max(axis=axis, keepdims=True)
    return np.log(np.exp(z - m).sum(axis=axis)) + m.squeeze(axis)


def softmax(z, axis):
    e = np.exp(z - z.max())
    return e / e.sum()


# %% id="softmax-axis" wrong="softmax" hint="axis"
def log_sum_exp(z, axis):
    m = z.max(axis=-1, keepdims=True)
    return np.log(np.exp(z - m).sum(axis=-1)) + m.squeeze(-1)


def softmax(z, axis):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


# %% id="softmax-no-shift" wrong="softmax" hint="nan"
def log_sum_exp(z, axis):
    return np.log(np.exp(z).sum(axis=axis))


def softmax(z, axis):
    return np.exp(z) / np.exp(z).sum(axis=axis, keepdims=True)


# %% id="softmax-global" wrong="softmax" hint="nan"
def log_sum_exp(z, axis):
    m = z.max(axis=axis, keepdims=True)
    return np.log(np.exp(z - m).sum(axis=axis)) + m.squeeze(axis)


def softmax(z, axis):
    e = np.exp(z - z.max())
    return e / e.sum(axis=axis, keepdims=True)


# %% id="softmax-log-overflow" wrong="softmax" hint="overflow"
def log_sum_exp(z, axis):
    return np.log(np.exp(z).sum(axis=axis))


def softmax(z, axis):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


# %% id="softmax-forgotten" wrong="softmax" hint="forgotten"
def log_sum_exp(z, axis):
    return np.log(np.exp(z - z.max(axis=axis, keepdims=True)).sum(axis=axis))


def softmax(z, axis):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


# %% id="softmax-no-keepdims" wrong="softmax" hint="error"
def log_sum_exp(z, axis):
    m = z.max(axis=axis)
    return np.log(np.exp(z - m).sum(axis=axis)) + m


def softmax(z, axis):
    e = np.exp(z - z.max(axis=axis))
    return e / e.sum(axis=axis)


# %% id="softmax-kept-axis" wrong="softmax" hint="shape"
def log_sum_exp(z, axis):
    m = z.max(axis=axis, keepdims=True)
    return np.log(np.exp(z - m).sum(axis=axis, keepdims=True)) + m


def softmax(z, axis):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


# %% id="vjp-diagonal" wrong="vjp" hint="diagonal"
def softmax_vjp(s, g):
    return g * s * (1 - s)


# %% id="vjp-outer" wrong="vjp" hint="outer"
def softmax_vjp(s, g):
    return g - (g * s).sum(axis=1, keepdims=True)


# %% id="vjp-unweighted" wrong="vjp" hint="unweighted"
def softmax_vjp(s, g):
    return s * (g - g.sum(axis=1, keepdims=True))


# %% id="vjp-sign" wrong="vjp" hint="sign"
def softmax_vjp(s, g):
    return s * ((g * s).sum(axis=1, keepdims=True) - g)


# %% id="vjp-upstream" wrong="vjp" hint="upstream"
def softmax_vjp(s, g):
    return s * (1 - (g * s).sum(axis=1, keepdims=True))


# %% id="vjp-whole" wrong="vjp" hint="whole"
def softmax_vjp(s, g):
    return s * (g - np.sum(g * s))


# %% id="vjp-no-keepdims" wrong="vjp" hint="error"
def softmax_vjp(s, g):
    return s * (g - (g * s).sum(axis=1)) if len(s) == 1 else s * (g - np.sum(g * s, axis=1))


# %% id="vjp-one-row" wrong="vjp" hint="shape"
def softmax_vjp(s, g):
    p, r = s[0], g[0]
    return (np.diag(p) - np.outer(p, p)) @ r


# %% id="vjp-differences" wrong="vjp" hint="by hand"
def softmax_vjp(s, g):
    z, dz, h = np.log(s), np.empty(s.shape), 1e-5
    for j in range(s.shape[1]):
        up, down = z.copy(), z.copy()
        up[:, j] += h
        down[:, j] -= h
        dz[:, j] = (g * (softmax(up, 1) - softmax(down, 1))).sum(axis=1) / (2 * h)
    return dz
