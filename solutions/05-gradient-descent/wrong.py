"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""


# %% id="accuracy-trap-of-shapes" wrong="accuracy" hint="raises"
def accuracy(y, predicted):
    return np.mean(y == predicted)


# %% id="accuracy-flattens" wrong="accuracy" hint="raises"
def accuracy(y, predicted):
    return np.mean(y.ravel() == predicted.ravel())


# %% id="accuracy-counts" wrong="accuracy" hint="count"
def accuracy(y, predicted):
    if y.ndim != 1 or y.shape != predicted.shape:
        raise ValueError("shapes")
    return np.sum(y == predicted)


# %% id="accuracy-of-errors" wrong="accuracy" hint="errors"
def accuracy(y, predicted):
    if y.ndim != 1 or y.shape != predicted.shape:
        raise ValueError("shapes")
    return np.mean(y != predicted)


# %% id="accuracy-in-percent" wrong="accuracy" hint="percent"
def accuracy(y, predicted):
    if y.ndim != 1 or y.shape != predicted.shape:
        raise ValueError("shapes")
    return 100 * np.mean(y == predicted)


# %% id="one-hot-transposed" wrong="one-hot" hint="transposed"
def one_hot(y, k):
    if np.any((y < 0) | (y >= k)):
        raise ValueError("label")
    return (np.arange(k)[:, None] == y).astype(float)


# %% id="one-hot-largest-label" wrong="one-hot" hint="width"
def one_hot(y, k):
    if np.any((y < 0) | (y >= k)):
        raise ValueError("label")
    return np.eye(y.max() + 1)[y]


# %% id="one-hot-slice" wrong="one-hot" hint="block"
def one_hot(y, k):
    if np.any((y < 0) | (y >= k)):
        raise ValueError("label")
    coded = np.zeros((len(y), k))
    coded[:, y] = 1.0
    return coded


# %% id="one-hot-integers" wrong="one-hot" hint="type"
def one_hot(y, k):
    if np.any((y < 0) | (y >= k)):
        raise ValueError("label")
    return (y[:, None] == np.arange(k)).astype(int)


# %% id="one-hot-negative-label" wrong="one-hot" hint="raises"
def one_hot(y, k):
    if np.any(y >= k):
        raise ValueError("label")
    return np.eye(k)[y]


# %% id="cost-without-half" wrong="cost" hint="half"
def quadratic_cost(A, Y):
    return np.sum((A - Y) ** 2) / len(A)


def quadratic_cost_backward(A, Y):
    return (A - Y) / len(A)


# %% id="cost-mean-of-all" wrong="cost" hint="outputs"
def quadratic_cost(A, Y):
    return np.mean((A - Y) ** 2) / 2


def quadratic_cost_backward(A, Y):
    return (A - Y) / len(A)


# %% id="cost-sum" wrong="cost" hint="total"
def quadratic_cost(A, Y):
    return np.sum((A - Y) ** 2) / 2


def quadratic_cost_backward(A, Y):
    return (A - Y) / len(A)


# %% id="cost-norm" wrong="cost" hint="root"
def quadratic_cost(A, Y):
    return np.mean(np.linalg.norm(A - Y, axis=1)) / 2


def quadratic_cost_backward(A, Y):
    return (A - Y) / len(A)


# %% id="cost-gradient-by-differences" wrong="cost" hint="by hand"
def quadratic_cost(A, Y):
    return np.sum((A - Y) ** 2) / (2 * len(A))


def quadratic_cost_backward(A, Y):
    dA = np.empty(A.shape)
    for i in np.ndindex(A.shape):
        step = np.zeros(A.shape)
        step[i] = 1e-5
        dA[i] = (quadratic_cost(A + step, Y) - quadratic_cost(A - step, Y)) / 2e-5
    return dA


# %% id="cost-gradient-uphill" wrong="cost" hint="d-sign"
def quadratic_cost(A, Y):
    return np.sum((A - Y) ** 2) / (2 * len(A))


def quadratic_cost_backward(A, Y):
    return (Y - A) / len(A)


# %% id="cost-gradient-keeps-half" wrong="cost" hint="d-half"
def quadratic_cost(A, Y):
    return np.sum((A - Y) ** 2) / (2 * len(A))


def quadratic_cost_backward(A, Y):
    return (A - Y) / (2 * len(A))


# %% id="cost-gradient-keeps-two" wrong="cost" hint="d-two"
def quadratic_cost(A, Y):
    return np.sum((A - Y) ** 2) / (2 * len(A))


def quadratic_cost_backward(A, Y):
    return 2 * (A - Y) / len(A)


# %% id="cost-gradient-sum" wrong="cost" hint="d-total"
def quadratic_cost(A, Y):
    return np.sum((A - Y) ** 2) / (2 * len(A))


def quadratic_cost_backward(A, Y):
    return A - Y


# %% id="cost-gradient-mean-of-all" wrong="cost" hint="d-outputs"
def quadratic_cost(A, Y):
    return np.sum((A - Y) ** 2) / (2 * len(A))


def quadratic_cost_backward(A, Y):
    return (A - Y) / A.size


# %% id="cost-gradient-still-squared" wrong="cost" hint="d-square"
def quadratic_cost(A, Y):
    return np.sum((A - Y) ** 2) / (2 * len(A))


def quadratic_cost_backward(A, Y):
    return (A - Y) ** 2 / len(A)


# %% id="descent-uphill" wrong="descent" hint="ascent"
def gradient_descent(grad, v0, eta, steps, tol=0.0):
    path = [v0]
    for _ in range(steps):
        g = grad(path[-1])
        if np.linalg.norm(g) <= tol:
            break
        path.append(path[-1] + eta * g)
    return np.array(path)


# %% id="descent-without-start" wrong="descent" hint="start"
def gradient_descent(grad, v0, eta, steps, tol=0.0):
    path, v = [], v0
    for _ in range(steps):
        g = grad(v)
        if np.linalg.norm(g) <= tol:
            break
        v = v - eta * g
        path.append(v)
    return np.array(path)


# %% id="descent-only-the-end" wrong="descent" hint="last"
def gradient_descent(grad, v0, eta, steps, tol=0.0):
    v = v0
    for _ in range(steps):
        g = grad(v)
        if np.linalg.norm(g) <= tol:
            break
        v = v - eta * g
    return v


# %% id="descent-one-gradient" wrong="descent" hint="stale"
def gradient_descent(grad, v0, eta, steps, tol=0.0):
    g, path = grad(v0), [v0]
    for _ in range(steps):
        if np.linalg.norm(g) <= tol:
            break
        path.append(path[-1] - eta * g)
    return np.array(path)


# %% id="descent-one-array" wrong="descent" hint="same"
def gradient_descent(grad, v0, eta, steps, tol=0.0):
    v = v0.copy()
    path = [v]
    for _ in range(steps):
        g = grad(v)
        if np.linalg.norm(g) <= tol:
            break
        v -= eta * g
        path.append(v)
    return np.array(path)


# %% id="descent-changes-the-start" wrong="descent" hint="pure"
def gradient_descent(grad, v0, eta, steps, tol=0.0):
    path = [v0.copy()]
    for _ in range(steps):
        g = grad(v0)
        if np.linalg.norm(g) <= tol:
            break
        v0 -= eta * g
        path.append(v0.copy())
    return np.array(path)


# %% id="descent-never-stops" wrong="descent" hint="tolerance"
def gradient_descent(grad, v0, eta, steps, tol=0.0):
    path = [v0]
    for _ in range(steps):
        path.append(path[-1] - eta * grad(path[-1]))
    return np.array(path)


# %% id="descent-stops-late" wrong="descent" hint="late"
def gradient_descent(grad, v0, eta, steps, tol=0.0):
    path = [v0]
    for _ in range(steps):
        g = grad(path[-1])
        path.append(path[-1] - eta * g)
        if np.linalg.norm(g) <= tol:
            break
    return np.array(path)


# %% id="minibatches-drop-the-tail" wrong="minibatches" hint="tail"
def minibatches(n, m, rng):
    order = rng.permutation(n)
    return [order[i * m : (i + 1) * m] for i in range(n // m)]


# %% id="minibatches-with-replacement" wrong="minibatches" hint="replacement"
def minibatches(n, m, rng):
    return [rng.integers(0, n, min(m, n - start)) for start in range(0, n, m)]


# %% id="minibatches-in-order" wrong="minibatches" hint="order"
def minibatches(n, m, rng):
    return [np.arange(start, min(start + m, n)) for start in range(0, n, m)]


# %% id="minibatches-shuffled-blocks" wrong="minibatches" hint="within"
def minibatches(n, m, rng):
    starts = np.arange(0, n, m)
    if n % m:
        return [np.arange(s, min(s + m, n)) for s in [*rng.permutation(starts[:-1]), starts[-1]]]
    return [np.arange(s, s + m) for s in rng.permutation(starts)]


# %% id="minibatches-own-generator" wrong="minibatches" hint="again"
def minibatches(n, m, rng):
    order = np.random.default_rng(0).permutation(n)
    return [order[start : start + m] for start in range(0, n, m)]


# %% id="cuts-greedy" wrong="cuts" hint="greedy"
def best_cuts(scores, n):
    L = len(scores) - 1
    cuts = [0]
    for _ in range(n - 1):
        i = cuts[-1]
        ends = range(i + 1, L + 1)
        cuts.append(max(ends, key=lambda j: scores[i, j]))
    cuts.append(L)
    total = sum(scores[i, j] for i, j in zip(cuts, cuts[1:]))
    return cuts if np.isfinite(total) else None


# %% id="cuts-any-number" wrong="cuts" hint="number"
def best_cuts(scores, n):
    L = len(scores) - 1
    best, back = np.full(L + 1, -np.inf), np.zeros(L + 1, int)
    best[0] = 0.0
    for j in range(1, L + 1):
        totals = best[:j] + scores[:j, j]
        back[j] = np.argmax(totals)
        best[j] = totals[back[j]]
    cuts = [L]
    while cuts[-1] > 0:
        cuts.append(int(back[cuts[-1]]))
    return cuts[::-1]


# %% id="cuts-without-ends" wrong="cuts" hint="inner"
def best_cuts(scores, n):
    from itertools import combinations

    L = len(scores) - 1
    best, found = -np.inf, None
    for middle in combinations(range(1, L), n - 1):
        way = [0, *middle, L]
        total = sum(scores[i, j] for i, j in zip(way, way[1:]))
        if total > best:
            best, found = total, list(middle)
    return found


# %% id="cuts-from-the-end" wrong="cuts" hint="backwards"
def best_cuts(scores, n):
    from itertools import combinations

    L = len(scores) - 1
    best, found = -np.inf, None
    for middle in combinations(range(1, L), n - 1):
        way = [0, *middle, L]
        total = sum(scores[i, j] for i, j in zip(way, way[1:]))
        if total > best:
            best, found = total, way[::-1]
    return found


# %% id="cuts-never-none" wrong="cuts" hint="impossible"
def best_cuts(scores, n):
    from itertools import combinations

    L = len(scores) - 1
    best, found = -np.inf, list(range(n)) + [L]
    for middle in combinations(range(1, L), n - 1):
        way = [0, *middle, L]
        total = sum(scores[i, j] for i, j in zip(way, way[1:]))
        if total > best:
            best, found = total, way
    return found
