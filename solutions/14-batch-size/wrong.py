"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""

# %% id="updates-floor" wrong="updates" hint="floor"
def n_updates(n, B, epochs, drop_last):
    return epochs * (n // B)


# %% id="updates-one-epoch" wrong="updates" hint="once"
def n_updates(n, B, epochs, drop_last):
    return n // B if drop_last else -(-n // B)


# %% id="updates-across-epochs" wrong="updates" hint="across"
def n_updates(n, B, epochs, drop_last):
    return n * epochs // B if drop_last else -(-n * epochs // B)


# %% id="updates-never-dropped" wrong="updates" hint="keep"
def n_updates(n, B, epochs, drop_last):
    return epochs * -(-n // B)


# %% id="updates-float" wrong="updates" hint="type"
def n_updates(n, B, epochs, drop_last):
    return epochs * (np.floor(n / B) if drop_last else np.ceil(n / B))


# %% id="updates-through-float" wrong="updates" hint="value"
def n_updates(n, B, epochs, drop_last):
    return int(epochs * (np.floor(n / B) if drop_last else np.ceil(n / B)))


# %% id="noise-sample-variance" wrong="noise-answer" hint="ddof"
def gradient_noise(G, B, replace):
    N = len(G)
    noise = G.var(axis=0, ddof=1).sum() / B
    return float(noise if replace else noise * (N - B) / (N - 1))


# %% id="noise-root" wrong="noise-answer" hint="root"
def gradient_noise(G, B, replace):
    N = len(G)
    noise = G.var(axis=0).sum() / np.sqrt(B)
    return float(noise if replace else noise * (N - B) / max(N - 1, 1))


# %% id="noise-square" wrong="noise-answer" hint="square"
def gradient_noise(G, B, replace):
    N = len(G)
    noise = G.var(axis=0).sum() / B**2
    return float(noise if replace else noise * (N - B) / max(N - 1, 1))


# %% id="noise-no-factor" wrong="noise-answer" hint="factor"
def gradient_noise(G, B, replace):
    return float(G.var(axis=0).sum() / B)


# %% id="noise-plain-share" wrong="noise-answer" hint="share"
def gradient_noise(G, B, replace):
    noise = G.var(axis=0).sum() / B
    return float(noise if replace else noise * (len(G) - B) / len(G))


# %% id="scale-biased" wrong="scale" hint="biased"
def signal_and_noise(g_small, g_large, B_small, B_large):
    small, large = np.sum(g_small**2), np.sum(g_large**2)
    return float(large), float((small - large) / (1 / B_small - 1 / B_large))


# %% id="scale-norms" wrong="scale" hint="norm"
def signal_and_noise(g_small, g_large, B_small, B_large):
    small, large = np.linalg.norm(g_small), np.linalg.norm(g_large)
    signal = (B_large * large - B_small * small) / (B_large - B_small)
    return float(signal), float((small - large) / (1 / B_small - 1 / B_large))


# %% id="scale-difference" wrong="scale" hint="plain"
def signal_and_noise(g_small, g_large, B_small, B_large):
    small, large = np.sum(g_small**2), np.sum(g_large**2)
    return float((B_large * large - B_small * small) / (B_large - B_small)), float(small - large)


# %% id="scale-sign" wrong="scale" hint="sign"
def signal_and_noise(g_small, g_large, B_small, B_large):
    small, large = np.sum(g_small**2), np.sum(g_large**2)
    signal = (B_large * large - B_small * small) / (B_large - B_small)
    return float(signal), float((large - small) / (1 / B_small - 1 / B_large))


# %% id="accumulate-plain-sum" wrong="accumulate" hint="added"
def accumulated_gradient(x, y, W, b, portion):
    dW, db = np.zeros(W.shape), np.zeros(b.shape)
    for at in range(0, len(x), portion):
        more = portion_gradient(x[at : at + portion], y[at : at + portion], W, b)
        dW, db = dW + more[0], db + more[1]
    return dW, db


# %% id="accumulate-summed-loss" wrong="accumulate" hint="summed"
def accumulated_gradient(x, y, W, b, portion):
    dW, db = np.zeros(W.shape), np.zeros(b.shape)
    for at in range(0, len(x), portion):
        part = y[at : at + portion]
        more = portion_gradient(x[at : at + portion], part, W, b)
        dW, db = dW + len(part) * more[0], db + len(part) * more[1]
    return dW, db


# %% id="accumulate-lost" wrong="accumulate" hint="lost"
def accumulated_gradient(x, y, W, b, portion):
    dW, db = np.zeros(W.shape), np.zeros(b.shape)
    for k in range(len(x) // portion):
        rows = slice(k * portion, (k + 1) * portion)
        more = portion_gradient(x[rows], y[rows], W, b)
        dW, db = dW + more[0] * portion / len(x), db + more[1] * portion / len(x)
    return dW, db


# %% id="accumulate-mean-of-means" wrong="accumulate" hint="equal"
def accumulated_gradient(x, y, W, b, portion):
    parts = [
        portion_gradient(x[at : at + portion], y[at : at + portion], W, b) for at in range(0, len(x), portion)
    ]
    return np.mean([p[0] for p in parts], axis=0), np.mean([p[1] for p in parts], axis=0)


# %% id="accumulate-overwritten" wrong="accumulate" hint="last"
def accumulated_gradient(x, y, W, b, portion):
    for at in range(0, len(x), portion):
        dW, db = portion_gradient(x[at : at + portion], y[at : at + portion], W, b)
    return dW, db


# %% id="accumulate-all-at-once" wrong="accumulate" hint="error"
def accumulated_gradient(x, y, W, b, portion):
    return portion_gradient(x, y, W, b)


# %% id="rate-inverse" wrong="rate" hint="inverse"
def learning_rate(eta, B, B_new, rule, warm, step):
    if rule not in ("linear", "sqrt"):
        raise ValueError(rule)
    factor = B / B_new
    return eta * (factor if rule == "linear" else factor**0.5) * min(1, (step + 1) / warm)


# %% id="rate-the-books-ten" wrong="rate" hint="ten"
def learning_rate(eta, B, B_new, rule, warm, step):
    if rule not in ("linear", "sqrt"):
        raise ValueError(rule)
    return eta * 10 * min(1, (step + 1) / warm)


# %% id="rate-no-root" wrong="rate" hint="root"
def learning_rate(eta, B, B_new, rule, warm, step):
    return eta * B_new / B * min(1, (step + 1) / warm)


# %% id="rate-any-rule" wrong="rate" hint="raises"
def learning_rate(eta, B, B_new, rule, warm, step):
    factor = B_new / B
    return eta * (factor if rule == "linear" else factor**0.5) * min(1, (step + 1) / warm)


# %% id="rate-zero" wrong="rate" hint="zero"
def learning_rate(eta, B, B_new, rule, warm, step):
    if rule not in ("linear", "sqrt"):
        raise ValueError(rule)
    factor = B_new / B
    return eta * (factor if rule == "linear" else factor**0.5) * (min(1, step / warm) if warm > 1 else 1)


# %% id="rate-grows" wrong="rate" hint="grows"
def learning_rate(eta, B, B_new, rule, warm, step):
    if rule not in ("linear", "sqrt"):
        raise ValueError(rule)
    factor = B_new / B
    return eta * (factor if rule == "linear" else factor**0.5) * (step + 1) / warm


# %% id="walk-mean" wrong="walk" hint="mean"
def walk(x, y, w, B, eta, frozen):
    slopes = []
    for at in range(0, len(x), B):
        slopes.append(mean_slope(x[at : at + B], y[at : at + B], w))
        if not frozen:
            w = w - eta * slopes[-1]
    return np.mean(slopes, axis=0), np.mean(slopes, axis=0), w.copy()


# %% id="walk-summed-loss" wrong="walk" hint="summed"
def walk(x, y, w, B, eta, frozen):
    slopes = []
    for at in range(0, len(x), B):
        part = x[at : at + B]
        slopes.append(len(part) * mean_slope(part, y[at : at + B], w))
        if not frozen:
            w = w - eta * slopes[-1]
    return np.sum(slopes, axis=0), np.mean(slopes, axis=0), w.copy()


# %% id="walk-weights-still" wrong="walk" hint="still"
def walk(x, y, w, B, eta, frozen):
    slopes = [mean_slope(x[at : at + B], y[at : at + B], w) for at in range(0, len(x), B)]
    total = np.sum(slopes, axis=0)
    return total, total / len(slopes), w.copy() if frozen else w - eta * total


# %% id="walk-always-moving" wrong="walk" hint="moved"
def walk(x, y, w, B, eta, frozen):
    slopes = []
    for at in range(0, len(x), B):
        slopes.append(mean_slope(x[at : at + B], y[at : at + B], w))
        w = w - eta * slopes[-1]
    return np.sum(slopes, axis=0), np.mean(slopes, axis=0), w


# %% id="walk-mean-over-rows" wrong="walk" hint="rows"
def walk(x, y, w, B, eta, frozen):
    slopes = []
    for at in range(0, len(x), B):
        slopes.append(mean_slope(x[at : at + B], y[at : at + B], w))
        if not frozen:
            w = w - eta * slopes[-1]
    total = np.sum(slopes, axis=0)
    return total, total / len(x), w.copy()


# %% id="walk-last-batch-lost" wrong="walk" hint="lost"
def walk(x, y, w, B, eta, frozen):
    slopes = []
    for k in range(len(x) // B):
        rows = slice(k * B, (k + 1) * B)
        slopes.append(mean_slope(x[rows], y[rows], w))
        if not frozen:
            w = w - eta * slopes[-1]
    total = np.sum(slopes, axis=0)
    return total, total / len(slopes), w.copy()


# %% id="walk-in-place" wrong="walk" hint="pure"
def walk(x, y, w, B, eta, frozen):
    slopes = []
    for at in range(0, len(x), B):
        slopes.append(mean_slope(x[at : at + B], y[at : at + B], w))
        w -= eta * slopes[-1]
    return np.sum(slopes, axis=0), np.mean(slopes, axis=0), w
