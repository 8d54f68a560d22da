"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="truth-all-rows" wrong="truth-table" hint="all"
def truth_table_net(table):
    k = len(table).bit_length() - 1
    bits = (np.arange(2**k)[:, None] >> np.arange(k)[::-1]) & 1
    return 2.0 * bits - 1, 0.5 - bits.sum(axis=1), table[None, :].astype(float), np.array([-0.5])


# %% id="truth-reversed" wrong="truth-table" hint="reversed"
def truth_table_net(table):
    k = len(table).bit_length() - 1
    rows = np.flatnonzero(table)
    bits = (rows[:, None] >> np.arange(k)) & 1
    return 2.0 * bits - 1, 0.5 - bits.sum(axis=1), np.ones((1, len(rows))), np.array([-0.5])


# %% id="truth-on-the-threshold" wrong="truth-table" hint="margin"
def truth_table_net(table):
    k = len(table).bit_length() - 1
    rows = np.flatnonzero(table)
    bits = (rows[:, None] >> np.arange(k)[::-1]) & 1
    return 2.0 * bits - 1, 1.0 - bits.sum(axis=1), np.ones((1, len(rows))), np.array([0.0])


# %% id="truth-opposite" wrong="truth-table" hint="opposite"
def truth_table_net(table):
    k = len(table).bit_length() - 1
    rows = np.flatnonzero(table)
    bits = (rows[:, None] >> np.arange(k)[::-1]) & 1
    return 2.0 * bits - 1, 0.5 - bits.sum(axis=1), -np.ones((1, len(rows))), np.array([0.5])


# %% id="truth-needs-all" wrong="truth-table" hint="together"
def truth_table_net(table):
    k = len(table).bit_length() - 1
    rows = np.flatnonzero(table)
    bits = (rows[:, None] >> np.arange(k)[::-1]) & 1
    return 2.0 * bits - 1, 0.5 - bits.sum(axis=1), np.ones((1, len(rows))), np.array([0.5 - len(rows)])


# %% id="step-wrong-sign" wrong="step-neuron" hint="sign"
def step_neuron(s, w):
    return w, w * s


# %% id="step-divided" wrong="step-neuron" hint="divided"
def step_neuron(s, w):
    return w, -s / w


# %% id="bump-wrong-sign" wrong="bump" hint="sign"
def bump(x, s1, s2, h, w):
    return h * (sigmoid(w * (x + s1)) - sigmoid(w * (x + s2)))


# %% id="bump-added" wrong="bump" hint="sum"
def bump(x, s1, s2, h, w):
    return h * (sigmoid(w * (x - s1)) + sigmoid(w * (x - s2)))


# %% id="bump-product" wrong="bump" hint="product"
def bump(x, s1, s2, h, w):
    return h * sigmoid(w * (x - s1)) * (1 - sigmoid(w * (x - s2)))


# %% id="bump-where" wrong="bump" hint="where"
def bump(x, s1, s2, h, w):
    return np.where((x > s1) & (x < s2), h, 0.0)


# %% id="build-pairs-of-the-book" wrong="build-net" hint="ends"
def build_net(values, w):
    N = len(values)
    s = np.concatenate([np.arange(N) / N, np.arange(1, N + 1) / N])
    return np.full((2 * N, 1), float(w)), -w * s, np.concatenate([values, -values])[None, :], np.array([0.0])


# %% id="build-shifted" wrong="build-net" hint="shifted"
def build_net(values, w):
    N = len(values)
    s = np.arange(2, N + 1) / N
    return np.full((N - 1, 1), float(w)), -w * s, np.diff(values)[None, :], np.array([float(values[0])])


# %% id="build-wrong-sign" wrong="build-net" hint="opposite"
def build_net(values, w):
    N = len(values)
    s = np.arange(1, N) / N
    return np.full((N - 1, 1), float(w)), -w * s, -np.diff(values)[None, :], np.array([float(values[0])])


# %% id="build-without-first-level" wrong="build-net" hint="bias"
def build_net(values, w):
    N = len(values)
    s = np.arange(1, N) / N
    return np.full((N - 1, 1), float(w)), -w * s, np.diff(values)[None, :], np.array([0.0])


# %% id="build-levels" wrong="build-net" hint="levels"
def build_net(values, w):
    N = len(values)
    s = np.arange(1, N) / N
    return np.full((N - 1, 1), float(w)), -w * s, values[None, 1:], np.array([float(values[0])])


# %% id="build-own-steepness" wrong="build-net" hint="steepness"
def build_net(values, w):
    N = len(values)
    s = np.arange(1, N) / N
    return np.full((N - 1, 1), 1000.0), -1000.0 * s, np.diff(values)[None, :], np.array([float(values[0])])


# %% id="within-always-many" wrong="within" hint="many"
def build_within(f, lipschitz, eps):
    N = 5000
    return build_net(f((np.arange(N) + 0.5) / N), 4.0 * N)


# %% id="within-too-few" wrong="within" hint="few"
def build_within(f, lipschitz, eps):
    N = int(np.ceil(lipschitz / (4 * eps)))
    return build_net(f((np.arange(N) + 0.5) / N), 1000.0 * N)


# %% id="within-fixed-steepness" wrong="within" hint="blurred"
def build_within(f, lipschitz, eps):
    N = max(1, int(np.ceil(lipschitz / eps)))
    return build_net(f((np.arange(N) + 0.5) / N), 20.0)


# %% id="within-left-ends" wrong="within" hint="left"
def build_within(f, lipschitz, eps):
    N = max(1, int(np.ceil(lipschitz / eps)))
    return build_net(f(np.arange(N) / N), 4.0 * N)


# %% id="within-no-constant" wrong="within" hint="error"
def build_within(f, lipschitz, eps):
    N = int(np.ceil(lipschitz / eps))
    return build_net(f((np.arange(N) + 0.5) / N), 4.0 * N)


# %% id="tower-union" wrong="tower" hint="union"
def tower(x, y, box, h, w):
    x1, x2, y1, y2 = box
    across = sigmoid(w * (x - x1)) - sigmoid(w * (x - x2))
    along = sigmoid(w * (y - y1)) - sigmoid(w * (y - y2))
    return sigmoid(h * (across + along) - 0.5 * h)


# %% id="tower-on-the-edge" wrong="tower" hint="edge"
def tower(x, y, box, h, w):
    x1, x2, y1, y2 = box
    across = sigmoid(w * (x - x1)) - sigmoid(w * (x - x2))
    along = sigmoid(w * (y - y1)) - sigmoid(w * (y - y2))
    return sigmoid(h * (across + along) - h)


# %% id="tower-product" wrong="tower" hint="product"
def tower(x, y, box, h, w):
    x1, x2, y1, y2 = box
    across = sigmoid(w * (x - x1)) - sigmoid(w * (x - x2))
    along = sigmoid(w * (y - y1)) - sigmoid(w * (y - y2))
    return across * along


# %% id="tower-without-sigmoid" wrong="tower" hint="linear"
def tower(x, y, box, h, w):
    x1, x2, y1, y2 = box
    across = sigmoid(w * (x - x1)) - sigmoid(w * (x - x2))
    along = sigmoid(w * (y - y1)) - sigmoid(w * (y - y2))
    return h * (across + along) - 1.5 * h


# %% id="tower-exchanged" wrong="tower" hint="exchanged"
def tower(x, y, box, h, w):
    x1, x2, y1, y2 = box
    across = sigmoid(w * (y - x1)) - sigmoid(w * (y - x2))
    along = sigmoid(w * (x - y1)) - sigmoid(w * (x - y2))
    return sigmoid(h * (across + along) - 1.5 * h)


# %% id="tower-threshold-without-h" wrong="tower" hint="firmness"
def tower(x, y, box, h, w):
    x1, x2, y1, y2 = box
    across = sigmoid(w * (x - x1)) - sigmoid(w * (x - x2))
    along = sigmoid(w * (y - y1)) - sigmoid(w * (y - y2))
    return sigmoid(h * (across + along) - 1.5)
