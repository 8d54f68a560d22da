"""Answers that students really give, each with the hint that it must meet.  They never reach a notebook."""

# %% id="decay-half" wrong="decay" hint="half"
def decay(eta, lmbda, n):
    factor = 1 - eta * lmbda / (2 * n)
    if factor == 1:
        return factor, "none"
    if abs(factor) > 1:
        return factor, "explode"
    return factor, "shrink" if factor >= 0 else "flip"


# %% id="decay-size" wrong="decay" hint="size"
def decay(eta, lmbda, n):
    factor = 1 - eta * lmbda / n
    if factor == 1:
        return factor, "none"
    return factor, "shrink" if abs(factor) <= 1 else "explode"


# %% id="random-linear" wrong="random" hint="linear"
def random_search(objective, space, n_trials, rng):
    best_params, best_value, history = None, -np.inf, []
    for _ in range(n_trials):
        params = {}
        for name, (kind, *limits) in space.items():
            params[name] = limits[0][int(rng.integers(len(limits[0])))] if kind == "choice" else rng.uniform(*limits)
        value = objective(params)
        history.append((params, value))
        if value > best_value:
            best_params, best_value = params, value
    return best_params, best_value, history


# %% id="random-least" wrong="random" hint="least"
def random_search(objective, space, n_trials, rng):
    best_params, best_value, history = None, np.inf, []
    for _ in range(n_trials):
        params = {}
        for name, (kind, *limits) in space.items():
            if kind == "choice":
                params[name] = limits[0][int(rng.integers(len(limits[0])))]
            elif kind == "log":
                params[name] = 10 ** rng.uniform(*np.log10(limits))
            else:
                params[name] = rng.uniform(*limits)
        value = objective(params)
        history.append((params, value))
        if value < best_value:
            best_params, best_value = params, value
    return best_params, best_value, history


# %% id="random-last" wrong="random" hint="last"
def random_search(objective, space, n_trials, rng):
    history = []
    for _ in range(n_trials):
        params = {}
        for name, (kind, *limits) in space.items():
            if kind == "choice":
                params[name] = limits[0][int(rng.integers(len(limits[0])))]
            elif kind == "log":
                params[name] = 10 ** rng.uniform(*np.log10(limits))
            else:
                params[name] = rng.uniform(*limits)
        history.append((params, objective(params)))
    return *history[-1], history


# %% id="random-twice" wrong="random" hint="twice"
def random_search(objective, space, n_trials, rng):
    best_params, best_value, history = None, -np.inf, []
    for _ in range(n_trials):
        params = {}
        for name, (kind, *limits) in space.items():
            if kind == "choice":
                params[name] = limits[0][int(rng.integers(len(limits[0])))]
            elif kind == "log":
                params[name] = 10 ** rng.uniform(*np.log10(limits))
            else:
                params[name] = rng.uniform(*limits)
        history.append((params, objective(params)))
        value = objective(params)
        if value > best_value:
            best_params, best_value = params, value
    return best_params, best_value, history


# %% id="threshold-bad" wrong="threshold" hint="bad"
def threshold(cost_curve, eta0, factor, max_tries):
    eta = eta0
    for _ in range(max_tries):
        costs = np.array(cost_curve(eta))
        if not np.all(np.diff(costs) < 0):
            return eta
        eta *= factor
    return eta


# %% id="threshold-up-only" wrong="threshold" hint="up"
def threshold(cost_curve, eta0, factor, max_tries):
    eta, best = eta0, 0.0
    for _ in range(max_tries):
        costs = np.array(cost_curve(eta))
        if not np.all(np.diff(costs) < 0):
            break
        best = eta
        eta *= factor
    return best


# %% id="threshold-ends" wrong="threshold" hint="ends"
def threshold(cost_curve, eta0, factor, max_tries):
    eta, best, upwards = eta0, 0.0, None
    for _ in range(max_tries):
        costs = cost_curve(eta)
        falls = costs[-1] < costs[0]
        if falls:
            best = eta
        upwards = falls if upwards is None else upwards
        if falls != upwards:
            break
        eta = eta * factor if upwards else eta / factor
    return best


# %% id="schedule-late" wrong="schedule" hint="late"
def schedule(eta0, drops, epoch):
    for start, factor in drops.items():
        if epoch > start:
            eta0 = eta0 * factor
    return eta0


# %% id="schedule-only" wrong="schedule" hint="only"
def schedule(eta0, drops, epoch):
    rate = eta0
    for start in sorted(drops):
        if epoch >= start:
            rate = eta0 * drops[start]
    return rate


# %% id="early-previous" wrong="early" hint="previous"
class EarlyStopping:
    def __init__(self, patience, mode, min_delta):
        self.patience, self.sign, self.min_delta = patience, 1 if mode == "max" else -1, min_delta
        self.best = self.best_epoch = self.best_params = self.last = None

    def update(self, epoch, metric, params):
        if self.last is None or self.sign * (metric - self.last) > self.min_delta:
            self.best, self.best_epoch = metric, epoch
            self.best_params = {name: value.copy() for name, value in params.items()}
        self.last = metric
        return epoch - self.best_epoch >= self.patience


# %% id="early-late" wrong="early" hint="late"
class EarlyStopping:
    def __init__(self, patience, mode, min_delta):
        self.patience, self.sign, self.min_delta = patience, 1 if mode == "max" else -1, min_delta
        self.best = self.best_epoch = self.best_params = None

    def update(self, epoch, metric, params):
        if self.best is None or self.sign * (metric - self.best) > self.min_delta:
            self.best, self.best_epoch = metric, epoch
            self.best_params = {name: value.copy() for name, value in params.items()}
        return epoch - self.best_epoch > self.patience


# %% id="early-reference" wrong="early" hint="reference"
class EarlyStopping:
    def __init__(self, patience, mode, min_delta):
        self.patience, self.sign, self.min_delta = patience, 1 if mode == "max" else -1, min_delta
        self.best = self.best_epoch = self.best_params = None

    def update(self, epoch, metric, params):
        if self.best is None or self.sign * (metric - self.best) > self.min_delta:
            self.best, self.best_epoch, self.best_params = metric, epoch, dict(params)
        return epoch - self.best_epoch >= self.patience


# %% id="early-mode" wrong="early" hint="mode"
class EarlyStopping:
    def __init__(self, patience, mode, min_delta):
        self.patience, self.min_delta = patience, min_delta
        self.best = self.best_epoch = self.best_params = None

    def update(self, epoch, metric, params):
        if self.best is None or metric - self.best > self.min_delta:
            self.best, self.best_epoch = metric, epoch
            self.best_params = {name: value.copy() for name, value in params.items()}
        return epoch - self.best_epoch >= self.patience


# %% id="early-tie" wrong="early" hint="tie"
class EarlyStopping:
    def __init__(self, patience, mode, min_delta):
        self.patience, self.sign, self.min_delta = patience, 1 if mode == "max" else -1, min_delta
        self.best = self.best_epoch = self.best_params = None

    def update(self, epoch, metric, params):
        if self.best is None or self.sign * (metric - self.best) >= self.min_delta:
            self.best, self.best_epoch = metric, epoch
            self.best_params = {name: value.copy() for name, value in params.items()}
        return epoch - self.best_epoch >= self.patience
