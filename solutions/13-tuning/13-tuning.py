# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Tuning
#     minutes: 105
#     needs: [10-overfitting, 12-initialisation]
#     book: [26, 27, 28]
# ---

# %% [markdown] id="title"
# # Tuning: the numbers that nobody learns
#
# **After this page you can** get a network to learn anything at all on a new problem, find a learning rate in a minute, let it fall by a schedule, search over several settings at once, and
# let the validation data decide when to stop.
#
# **Time** 40 minutes to read, 65 for the five exercises. **You need** weight decay and the three-way split (chapter 10), and a sound start (chapter 12).

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, nn, optim, plots, train

# %% [markdown] id="strategy"
# ## When nothing works
#
# Until now somebody handed you good values. On a new problem nobody knows them: learning rate $\eta$, weight decay $\lambda$, hidden units, epochs, batch size. Here is the kind of start that one really makes: 30 hidden units,
# batches of 10, $\eta = 10$, $\lambda = 1000$. The result is chance, and everything is a suspect.
#
# The strategy of the book is to look for *any* learning first, and to make each attempt cheap, so that you fail fast:
#
# 1. **Shrink the problem.** Only the images of 0 and 1: four fifths of the data gone.
# 2. **Shrink the network.** No hidden layer before one hidden layer.
# 3. **Look more often.** After 1,000 images instead of 50,000, on 100 validation images instead of 10,000.
# 4. Then one step at a time back to the real problem, always judged on validation data.
#
# It feels like a delay. It is the opposite: an attempt that takes a tenth of a second can be made a hundred times.

# %% id="train-function"
digits = data.digits()
x_train, y_train = digits.x_train[:1000], digits.y_train[:1000]
x_validation, y_validation = digits.x_train[1000:], digits.y_train[1000:]


def network(hidden, seed=0):
    """A network 64 → hidden … → 10 with sigmoids between its layers; its outputs are logits."""
    rng, sizes, layers = np.random.default_rng(seed), [64, *hidden, 10], []
    for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=True):
        layers += [nn.Linear(fan_in, fan_out, rng=rng), nn.Sigmoid()]
    return nn.Sequential(*layers[:-1])


def sgd(model, eta, decay=0.0):
    """SGD whose weight decay λ/n leaves the biases alone."""
    named = dict(model.named_parameters())
    weights = [p for name, p in named.items() if name.endswith("weight")]
    biases = [p for name, p in named.items() if name.endswith("bias")]
    return optim.SGD([{"params": weights, "weight_decay": decay}, {"params": biases}], lr=eta)


def learn(hidden, eta, decay=0.0, epochs=10, few=1000, validation=None, seed=0, scheduler=None, **settings):
    """Train on the first `few` digits in batches of 10; returns the history."""
    model = network(hidden, seed)
    optimizer = sgd(model, eta, decay)
    with np.errstate(all="ignore"):
        return train.fit(
            model,
            nn.CrossEntropyLoss(),
            optimizer,
            (x_train[:few], y_train[:few]),
            train.Config(epochs=epochs, batch_size=10, **settings),
            rng=np.random.default_rng(seed),
            validation=validation or (x_validation, y_validation),
            metrics={"accuracy": train.accuracy},
            scheduler=scheduler(optimizer) if scheduler else None,
            progress=False,
        )


# %% [markdown] id="listings-question" question="predict"
# Second attempt: no hidden layer, 1,000 images, $\eta = 10$, $\lambda = 1000$. One step of SGD with weight decay multiplies every weight by $1 - \eta\lambda/n$, and then subtracts the gradient. What happens to the weights?
#
# - [ ] they shrink to zero: they would if the factor were between 0 and 1.
# - [ ] they wander around at random: that is what the book calls it, noise; look at the factor.
# - [x] they grow ninefold in every step: the factor is $1 - 10\cdot1000/1000 = -9$.

# %% id="listings-run"
LISTINGS = (([30], 10, 1000, 50000), ([], 10, 1000, 1000), ([], 10, 20, 1000), ([], 100, 20, 1000), ([], 1, 20, 1000))
for hidden, eta, lmbda, n in (*LISTINGS, ([], 0.5, 0.5, 1000)):
    history = learn(hidden, eta, lmbda / n, validation=(x_validation[:100], y_validation[:100]))
    curve = " ".join(f"{value:.2f}" for value in history.validation["accuracy"])
    print(f"{[64, *hidden, 10]!s:12} η = {eta:<4} λ = {lmbda:<5} n = {n:<6} factor {1 - eta * lmbda / n:<8.5g} {curve}")

# %% [markdown] id="listings-after"
# These are the five attempts of the book, on the small digits, and a sixth. The book blames "bad hyper-parameters" and takes the flat curves for noise. But one multiplication explains all of them.
#
# The factor 0.8 forgets everything within about twenty steps. The factor −9 is no noise: after about 320 steps, in the fourth epoch, the weights leave what a float can hold. The factor −1 flips the sign of every weight in every step. With 0.98 learning
# begins, and with 0.99975 the accuracy is 0.96.
#
# When the book goes from 50,000 images to 1,000 it keeps $\lambda/n$: $1000\cdot1000/50000 = 20$. Do the same whenever $n$ changes.

# %% id="two-classes"
keep = y_train <= 1
small = network([])
history = train.fit(
    small,
    nn.CrossEntropyLoss(),
    sgd(small, 0.5),
    (x_train[keep], y_train[keep]),
    train.Config(epochs=2, batch_size=10),
    rng=np.random.default_rng(0),
    validation=(x_validation[y_validation <= 1], y_validation[y_validation <= 1]),
    metrics={"accuracy": train.accuracy},
    progress=False,
)
print(f"only 0 and 1: {keep.sum()} images; accuracy after two epochs {history.validation['accuracy'][-1]:.3f}")

# %% [markdown] id="decay-widget-text"
# ### Try it
#
# Move $\eta$ and $\lambda$ and watch the factor. Find two quite different pairs with the same factor: are their curves alike?

# %% id="decay-widget" folded=true
from dlbook import widgets


def decay_curve(eta, lmbda, n):
    """The factor of the weights in a step, and ten epochs of validation accuracy."""
    return 1 - eta * lmbda / n, learn([], eta, lmbda / n, few=n).validation["accuracy"]


def decay_figure(result):
    """Left the factor on a line with its regimes, right the learning curve."""
    factor, curve = result
    figure = plots.figure(8, 2.8)
    left, right = figure.subplots(1, 2)
    for low, high, colour in ((-3, -1, plots.VERMILION), (-1, 0, plots.ORANGE), (0, 1, plots.GREEN)):
        left.axvspan(low, high, color=colour, alpha=0.35)
    left.axvline(max(factor, -2.95), color=plots.BLACK, linewidth=3)
    left.set(xlim=(-3, 1.1), yticks=[], xlabel=f"1 − ηλ/n = {factor:.4g}")
    plots.learning_curves(right, {"accuracy": curve}, xlabel="epoch", ylabel="validation accuracy")
    right.set(ylim=(0, 1))
    return figure


widgets.explore(
    decay_figure,
    dict(
        eta=widgets.LogSlider(0.01, 100, 0.5, label="learning rate η"),
        lmbda=widgets.LogSlider(0.01, 1000, 0.5, label="weight decay λ"),
        n=widgets.Options([100, 300, 1000], 1000, label="training images n"),
    ),
    compute=decay_curve,
    alt=lambda result: f"The factor is {result[0]:.4g}; the accuracy after ten epochs is {result[1][-1]:.2f}.",
    table=lambda result: {"factor": float(result[0]), "accuracy": float(result[1][-1])},
    title="What a step leaves of a weight",
)

# %% [markdown] id="decay-statement" statement="decay"
# ### Exercise 1: what a step leaves of a weight
#
# Write `decay(eta, lmbda, n)`. It returns two things: the factor $f = 1 - \eta\lambda/n$, and its regime, a text: `"none"` for $f = 1$, `"shrink"` for $0 \le f < 1$, `"flip"` for $-1 \le f < 0$, `"explode"` for $|f| > 1$. The
# $n$ is the size of the *training set*, whatever the batch.
#
# Check by hand: `decay(10, 1000, 50000)` is `(0.8, "shrink")`. 3 points.


# %% id="decay" exercise=true difficulty=1
def decay(eta, lmbda, n):
    """The factor 1 − ηλ/n of every weight in a step, and its regime."""
    ### BEGIN SOLUTION
    factor = 1 - eta * lmbda / n
    if factor == 1:
        return factor, "none"
    if abs(factor) > 1:
        return factor, "explode"
    return factor, "shrink" if factor >= 0 else "flip"
    ### END SOLUTION


# %% [markdown] id="decay-hints" hints="decay"
# - half: The λ/2 of the cost has lost its ½ in the derivative: the factor is 1 − ηλ/n.
# - size: The factor looks at the sign too: between −1 and 0 the weights flip.


# %% id="decay-factor" test="decay" points=1
@check.exercise("13-tuning/decay")
def factor_of_the_first_listing():
    """The factor of the first listing"""
    factor, _ = check.call(decay, 10.0, 1000.0, 50000, returns=("factor", "regime"))
    check.close(factor, 0.8, name="factor", hints={"half": lambda right: (1 + right) / 2})


# %% id="decay-regime" test="decay" points=1
@check.exercise("13-tuning/decay")
def regimes():
    """The regimes"""
    for eta, right in ((2.0, "shrink"), (6.0, "flip"), (20.0, "explode")):
        _, regime = check.call(decay, eta, 50.0, 200, returns=("factor", "regime"))
        check.equal(regime, right, name=f"regime for η = {eta}", hints={"size": lambda right: "shrink"})


# %% id="decay-hidden" test="decay" points=1 hidden=true
@check.exercise("13-tuning/decay", hidden=True)
def five_listings_and_the_edges():
    """The five listings and the edges"""
    cases = (
        (10, 1000, 1000, -9.0, "explode"),
        (10, 20, 1000, 0.8, "shrink"),
        (100, 20, 1000, -1.0, "flip"),
        (1, 20, 1000, 0.98, "shrink"),
        (1, 8, 8, 0.0, "shrink"),
        (3, 0, 10, 1.0, "none"),
    )
    for eta, lmbda, n, factor, regime in cases:
        got, name = check.call(decay, float(eta), float(lmbda), n, returns=("factor", "regime"))
        check.close(got, factor, name="factor")
        check.equal(name, regime, name="regime")


# %% [markdown] id="search"
# ## Grid or dice?
#
# The book tunes one number at a time: first $\eta$, then $\lambda$, then the hidden units, then back. That misses what belongs together, and $\eta$ and $\lambda$ belong together exactly, through $\eta\lambda/n$. So search over both at once.
#
# Two rules. First, sample such numbers on a *logarithmic* scale: from 0.001 to 10 each decade deserves the same attention. Uniformly, nine draws of ten would lie above 1. Second, do not use a grid. Bergstra and Bengio (2012) gave the reason: usually
# few of the settings matter, and nobody knows which. Of 25 grid points only 5 have different learning rates. Of 25 random points all have.

# %% id="search-run"
GRID = [(eta, lmbda) for eta in np.geomspace(1e-3, 10, 5) for lmbda in np.geomspace(1e-3, 100, 5)]
rng = np.random.default_rng(2)
RANDOM = list(zip(10 ** rng.uniform(-3, 1, 25), 10 ** rng.uniform(-3, 2, 25), strict=True))
found = {}
for name, places in (("grid", GRID), ("random", RANDOM)):
    found[name] = [learn([], eta, lmbda / 1000, epochs=5).validation["accuracy"][-1] for eta, lmbda in places]
    eta, lmbda = places[int(np.argmax(found[name]))]
    rates = len({eta for eta, _ in places})
    print(f"{name:7} {rates:2} learning rates, best accuracy {max(found[name]):.4f} at η = {eta:.3g}, λ = {lmbda:.3g}")

# %% id="search-figure" folded=true
figure = plots.figure(9, 3.2)
for ax, (name, places) in zip(figure.subplots(1, 2, sharey=True), (("grid", GRID), ("random", RANDOM)), strict=True):
    dots = ax.scatter(
        *zip(*places, strict=True), c=found[name], cmap=plots.SEQUENTIAL, s=120, vmin=0, vmax=1, edgecolor="black"
    )
    ax.set(
        xscale="log", yscale="log", xlabel="learning rate η", title={"grid": "grid", "random": "random search"}[name]
    )
figure.axes[0].set(ylabel="weight decay λ")
figure.colorbar(dots, ax=figure.axes, label="validation accuracy")
plots.show(
    figure,
    alt="Accuracy over η and λ, 25 points on a grid and 25 at random. It is about 0.9 from η = 0.01 on, low for η = 0.001, and low again in the upper right corner, where both are large.",
)

# %% [markdown] id="search-after"
# With the same 25 runs of five epochs the grid reaches 0.9474, at $\eta = 1$, and random search 0.9588, at $\eta = 0.251$: a rate that the grid never tries. One draw proves nothing, and five of 437 validation images are the whole difference; the
# count of learning rates is the argument, 5 against 25.
#
# The picture also shows what tuning one number at a time cannot see: the good region ends along a slanted line, where $\eta\lambda/n$ becomes too large.

# %% [markdown] id="random-statement" statement="random"
# ### Exercise 2: random search
#
# Write `random_search(objective, space, n_trials, rng)`. `space` is a dict: name → `("log", low, high)`, `("lin", low, high)` or `("choice", [values])`. For each trial draw a dict `params` with one value per name, and call `objective(params)` exactly
# once. Higher is better. A NaN never wins. Return
#
# - `best_params`, `best_value`: of the best trial, the first of equal ones; `None` and `-inf` if all were NaN;
# - `history`: a list with a pair `(params, value)` for each trial, in order.
#
# Use `rng.uniform` and `rng.integers`. For `("log", 0.01, 100)` as many draws should lie below 1 as above. 6 points.


# %% id="random" exercise=true difficulty=2 by_hand="nn optim train data"
def random_search(objective, space, n_trials, rng):
    """Best of n_trials random settings: best_params, best_value, history of (params, value)."""
    ### BEGIN SOLUTION
    best_params, best_value, history = None, -np.inf, []
    for _ in range(n_trials):
        params = {}
        for name, (kind, *limits) in space.items():
            if kind == "choice":
                params[name] = limits[0][int(rng.integers(len(limits[0])))]
            elif kind == "log":
                params[name] = float(np.exp(rng.uniform(np.log(limits[0]), np.log(limits[1]))))
            else:
                params[name] = float(rng.uniform(*limits))
        value = objective(params)
        history.append((params, value))
        if value > best_value:
            best_params, best_value = params, value
    return best_params, best_value, history
    ### END SOLUTION


# %% id="random-driver" driver="random"
def search_run(random_search, score, space, n_trials, rng):
    """Run the answer on a score by name, and count the calls: best_params, best_value, history, calls."""
    calls = []

    def objective(params):
        calls.append(dict(params))
        if score == "holes" and len(calls) % 2:
            return float("nan")
        if score == "nothing":
            return float("nan")
        return -abs(float(np.log10(params["eta"])) + 1)

    best_params, best_value, history = random_search(objective, space, n_trials, rng)
    return best_params, best_value, [(dict(params), value) for params, value in history], len(calls)


# %% [markdown] id="random-hints" hints="random"
# - linear: Most draws of "log" lie near the upper end: draw the logarithm uniformly, then take the exponential.
# - least: Higher is better: this is the lowest value.
# - last: This is the last trial, not the best.
# - twice: The objective must be called once a trial: keep its value.


# %% id="random-count" test="random" points=1
@check.exercise("13-tuning/random")
def one_call_a_trial():
    """One call a trial"""
    space = {"eta": ("log", 0.001, 10.0), "hidden": ("choice", [10, 20, 30])}
    result = check.call(
        search_run,
        random_search,
        "peak",
        space,
        9,
        check.rng(0),
        returns=("best_params", "best_value", "history", "calls"),
    )
    check.equal(len(result[2]), 9, name="trials in the history")
    check.equal(result[3], 9, name="calls of the objective", hints={"twice": lambda right: 2 * right})


# %% id="random-log" test="random" points=2
@check.exercise("13-tuning/random")
def draws_on_a_logarithmic_scale():
    """A draw on "log" gives each decade its share"""
    space = {"eta": ("log", 0.01, 100.0)}
    history = check.call(
        search_run,
        random_search,
        "peak",
        space,
        400,
        check.rng(1),
        returns=("best_params", "best_value", "history", "calls"),
    )[2]
    drawn = np.array([params["eta"] for params, _ in history])
    check.equal(bool(np.all((drawn >= 0.01) & (drawn <= 100))), True, name="all draws inside the bounds")
    below = "about half" if abs(np.mean(drawn < 1) - 0.5) < 0.12 else "few" if np.mean(drawn < 1) < 0.1 else "other"
    check.equal(below, "about half", name="share of draws below 1", hints={"linear": lambda right: "few"})


# %% id="random-best" test="random" points=1
@check.exercise("13-tuning/random")
def best_of_the_trials():
    """The best of the trials"""
    space = {"eta": ("log", 0.001, 10.0)}
    params, value, history, _ = check.call(
        search_run,
        random_search,
        "peak",
        space,
        12,
        check.rng(2),
        returns=("best_params", "best_value", "history", "calls"),
    )
    values = [value for _, value in history]
    check.close(
        value,
        max(values),
        name="best_value",
        hints={"least": lambda right: min(values), "last": lambda right: values[-1]},
    )
    check.close(params["eta"], history[int(np.argmax(values))][0]["eta"], name="best_params")


# %% id="random-hidden" test="random" points=2 hidden=true
@check.exercise("13-tuning/random", hidden=True)
def holes_choices_and_the_same_seed():
    """NaN never wins; choices; the same seed"""
    names = ("best_params", "best_value", "history", "calls")
    space = {"eta": ("log", 0.001, 10.0), "p": ("lin", 0.2, 0.7), "hidden": ("choice", [7, 11, 13])}
    params, value, history, _ = check.call(search_run, random_search, "holes", space, 30, check.rng(3), returns=names)
    good = [v for _, v in history if v == v]
    check.close(value, max(good), name="best_value with NaN among the values")
    check.equal(sorted({p["hidden"] for p, _ in history}), [7, 11, 13], name="choices drawn")
    check.equal(all(0.2 <= p["p"] <= 0.7 for p, _ in history), True, name="linear draws inside the bounds")
    again = check.call(search_run, random_search, "holes", space, 30, check.rng(3), returns=names)[2]
    check.equal([p for p, _ in again], [p for p, _ in history], name="settings for the same seed")
    params, value, history, _ = check.call(search_run, random_search, "nothing", space, 4, check.rng(4), returns=names)
    check.equal(params is None and value == -np.inf, True, name="None and -inf where all values are NaN")
    history = check.call(
        search_run, random_search, "peak", {"eta": ("log", 1e-4, 10.0)}, 500, check.rng(5), returns=names
    )[2]
    u = (np.sort(np.log10([p["eta"] for p, _ in history])) + 4) / 5
    check.equal(bool(np.max(np.abs(u - np.linspace(0, 1, 500))) < 0.1), True, name="logarithms evenly spread")


# %% [markdown] id="optuna"
# ### What people use today
#
# Random search forgets: trial 40 knows nothing of trials 1 to 39. *Optuna* (Akiba and others, 2019) does not. It models where good trials were (TPE), and stops hopeless ones early (pruning, after the idea of Hyperband). The course does not need it. With
# `pip install optuna` the next cell uses it. We measured 0.9680 for its 25 trials, at $\eta = 0.431$ and $\lambda = 0.005$; one run again.

# %% id="optuna-run"
try:
    import optuna
except ImportError:
    print("Optuna is not installed (pip install optuna); the rest of the page works without it.")
else:
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def objective(trial):
        eta, lmbda = trial.suggest_float("eta", 1e-3, 10, log=True), trial.suggest_float("lambda", 1e-3, 100, log=True)
        return learn([], eta, lmbda / 1000, epochs=5).validation["accuracy"][-1]

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(objective, n_trials=25)
    print(f"Optuna, 25 trials: {study.best_value:.4f} at", {k: round(v, 3) for k, v in study.best_params.items()})

# %% [markdown] id="rate"
# ## The learning rate
#
# If you have time for one number only, take $\eta$. The book shows three: 0.025, 0.25 and 2.5. We add a fourth.

# %% id="rate-run"
RATES = (0.025, 0.25, 2.5, 10)
costs = {eta: learn([30], eta, 1e-4, epochs=28).train["loss"] for eta in RATES}
for eta, curve in costs.items():
    print(
        f"η = {eta:<6} training cost after 1, 10, 20, 28 epochs:",
        " ".join(f"{curve[i - 1]:.4f}" for i in (1, 10, 20, 28)),
    )

# %% id="rate-figure" folded=true
figure = plots.figure(7, 3)
plots.learning_curves(
    figure.subplots(),
    {f"η = {eta}": curve for eta, curve in costs.items()},
    xlabel="epoch",
    ylabel="training cost",
    log=True,
)
plots.show(
    figure,
    alt="Training cost by epoch. The smallest rate falls slowly; 0.25 and 2.5 fall far; 10 stays high and jumps about.",
)

# %% [markdown] id="rate-after"
# At 0.025 the cost falls, but slowly: after 28 epochs it is still 0.8955. With 0.25 it comes to 0.0885. And 2.5, which oscillates from the start in the book, does *best* here: 0.0164. Only 10 fails: 2.9173 is worse than guessing, $\ln 10 = 2.303$.
# On these digits the threshold lies between 2.5 and 10; for the book's MNIST it is about 0.5.
#
# The numbers of a book are never yours. They depend on the data, on how the cost is averaged, on the start. What carries over is the way of finding them.
#
# ### Why there is a threshold
#
# Near a minimum, every smooth cost is a bowl. Take the simplest, $f(w) = \tfrac L2 w^2$. Its gradient is $Lw$, so gradient descent does
#
# $$w_{k+1} = w_k - \eta L w_k = (1-\eta L)\,w_k \qquad\Longrightarrow\qquad w_k = (1-\eta L)^k\,w_0$$
#
# The factor again. For $\eta \le 1/L$ it goes down on one side; between $1/L$ and $2/L$ it jumps across the minimum, but ever closer; above $2/L$ it goes away. In many dimensions $L$ is the *largest* curvature, the largest eigenvalue of the Hessian: one steep direction sets the speed for all.

# %% id="bowl-run"
for eta in (0.05, 0.25, 0.4, 0.5, 0.6):
    path = (1 - 4 * eta) ** np.arange(6) * 1.0
    print(f"L = 4, η = {eta:<5} ηL = {4 * eta:<4.2g}", " ".join(f"{w:7.3f}" for w in path))

# %% [markdown] id="bowl-widget-text"
# ### Try it
#
# A bowl with curvature 1 in one direction and $\kappa$ in the other. Find the largest $\eta$ that still converges; then make $\kappa$ ten times as large.

# %% id="bowl-widget" folded=true


def bowl_path(eta, kappa):
    """Twenty steps from (2, 1) on (w₁² + κ w₂²) / 2; the regime by the steepest direction."""
    path = np.array([2.0, 1.0]) * (1 - eta * np.array([1.0, kappa])) ** np.arange(21)[:, None]
    regime = "monotone" if eta * kappa <= 1 else "oscillates" if eta * kappa <= 2 else "diverges"
    return path, kappa, regime, 2 / kappa


def bowl_figure(result):
    """The path on the contours, and the cost by step."""
    path, kappa, regime, edge = result
    figure = plots.figure(9, 3)
    left, right = figure.subplots(1, 2)
    plots.contour_path(left, lambda a, b: (a**2 + kappa * b**2) / 2, ((-2.5, 2.5), (-2, 2)), path)
    left.set(xlabel="w₁", ylabel="w₂")
    cost = (path[:, 0] ** 2 + kappa * path[:, 1] ** 2) / 2
    plots.learning_curves(
        right, {"cost": np.maximum(cost, 1e-12)}, x=np.arange(21), xlabel="step", ylabel="cost", log=True
    )
    right.set(
        title={"monotone": "monotone", "oscillates": "oscillates", "diverges": "diverges"}[regime]
        + f", 2/L = {edge:.3g}"
    )
    return figure


widgets.explore(
    bowl_figure,
    dict(
        eta=widgets.LogSlider(0.01, 3, 0.15, label="learning rate η"),
        kappa=widgets.LogSlider(1, 100, 10, label="curvature κ"),
    ),
    compute=bowl_path,
    alt=lambda result: (
        f"The path {result[2]}; the edge 2/L is at η = {result[3]:.3g}; after 20 steps it is {np.linalg.norm(result[0][-1]):.3g} from the minimum."
    ),
    table=lambda result: {
        "regime": result[2],
        "2/L": float(result[3]),
        "distance after 20 steps": float(np.linalg.norm(result[0][-1])),
    },
    title="How long a step may be",
)

# %% [markdown] id="threshold-text"
# ### The threshold, by the book's recipe
#
# Start at 0.01. If the training cost falls from the beginning, try 0.1, 1, …; otherwise 0.001, 0.0001, …. The last rate at which it still falls is the order of magnitude of the threshold. Use at most that, and about half of the refined threshold for long runs. Keep a record.
#
# The book watches the *training* cost here, since the other settings are there for the final accuracy and $\eta$ mainly for the length of a step. In the Portuguese text this has become "only" for the final accuracy, the opposite. And it is dated either way:
# $\eta$ does change which minimum is found, so the last word belongs to the validation data.

# %% [markdown] id="threshold-statement" statement="threshold"
# ### Exercise 3: the order of magnitude
#
# Write `threshold(cost_curve, eta0, factor, max_tries)`. `cost_curve(eta)` returns a short list of costs. A curve *falls* if every cost is lower than the one before, and none is NaN or infinite. Call it at `eta0` first. If that falls, multiply by `factor`
# until one does not; if not, divide until one does. Return the largest rate tested whose curve falls, 0.0 if there is none. Call `cost_curve` at most `max_tries` times.
#
# Check by hand: on $\tfrac72w^2$ the curve falls for $\eta < 2/7 = 0.286$. From 0.01 with factor 10 the answer is 0.1. 5 points.


# %% id="threshold" exercise=true difficulty=2 by_hand="nn optim train data"
def threshold(cost_curve, eta0, factor, max_tries):
    """The largest tested learning rate whose cost falls in every step, 0.0 if none."""
    ### BEGIN SOLUTION
    eta, best, upwards = eta0, 0.0, None
    for _ in range(max_tries):
        costs = np.asarray(cost_curve(eta), float)
        falls = bool(np.all(np.isfinite(costs)) and np.all(costs[1:] < costs[:-1]))
        if falls:
            best = eta
        upwards = falls if upwards is None else upwards
        if falls != upwards:
            break
        eta = eta * factor if upwards else eta / factor
    return best
    ### END SOLUTION


# %% id="threshold-driver" driver="threshold"
def threshold_run(threshold, curve, L, eta0, factor, max_tries):
    """Apply the answer to the bowl L w² / 2, or to a curve by name; returns the rate and the number of calls."""
    calls = []

    def cost_curve(eta):
        calls.append(eta)
        if curve == "bump" and eta > 0.5:
            return [1.0, 1.3, 0.4]
        if curve == "nan" and eta > 5:
            return [1.0, 0.5, float("nan")]
        return [0.5 * L * ((1 - eta * L) ** k) ** 2 for k in range(4)]

    return threshold(cost_curve, eta0, factor, max_tries), len(calls)


# %% [markdown] id="threshold-hints" hints="threshold"
# - bad: This is the first rate that failed: return the one before it.
# - up: The first rate failed: then go downwards until one falls.
# - ends: Compare each cost with the one before it: a curve that jumps up first does not fall.


# %% id="threshold-up" test="threshold" points=1
@check.exercise("13-tuning/threshold")
def upwards_from_a_small_rate():
    """Upwards from a small rate"""
    eta, _ = check.call(threshold_run, threshold, "bowl", 7.0, 0.01, 10.0, 12, returns=("eta", "calls"))
    check.close(eta, 0.1, name="eta", hints={"bad": lambda right: 10 * right})


# %% id="threshold-down" test="threshold" points=1
@check.exercise("13-tuning/threshold")
def downwards_from_a_large_rate():
    """Downwards from a large rate"""
    eta, _ = check.call(threshold_run, threshold, "bowl", 7e4, 0.01, 10.0, 12, returns=("eta", "calls"))
    check.close(eta, 1e-5, name="eta", hints={"up": lambda right: 0.0, "bad": lambda right: 10 * right})


# %% id="threshold-bump" test="threshold" points=1
@check.exercise("13-tuning/threshold")
def a_curve_that_jumps_up_first():
    """A curve that jumps up first does not fall"""
    eta, _ = check.call(threshold_run, threshold, "bump", 0.1, 0.01, 10.0, 3, returns=("eta", "calls"))
    check.close(eta, 0.1, name="eta", hints={"ends": lambda right: 10 * right})


# %% id="threshold-hidden" test="threshold" points=2 hidden=true
@check.exercise("13-tuning/threshold", hidden=True)
def flat_bowls_nan_and_the_limit():
    """Flat bowls, NaN, the limit of tries"""
    for curve, L, eta0, factor, tries, right, count in (
        ("bowl", 0.0015, 0.01, 10.0, 12, 1000.0, 7),
        ("nan", 0.01, 0.01, 10.0, 12, 1.0, 4),
        ("bowl", 0.0015, 0.01, 10.0, 3, 1.0, 3),
        ("bowl", 1e9, 0.01, 10.0, 4, 0.0, 4),
        ("bowl", 3.0, 0.08, 2.0, 12, 0.64, 5),
        ("bowl", 3.0, 1.0, 2.0, 12, 0.5, 2),
    ):
        eta, calls = check.call(threshold_run, threshold, curve, L, eta0, factor, tries, returns=("eta", "calls"))
        check.close(eta, right, name="eta")
        check.equal(calls, count, name="calls of cost_curve")


# %% [markdown] id="finder"
# ### The learning-rate finder
#
# The modern form of the recipe is one run (Smith 2017): let $\eta$ grow a little after every batch, from far too small to far too large, and record the cost. Where it falls fastest you have a good rate; where it turns up, the threshold.


# %% id="finder-run"
def range_test(low, high, steps, seed=0):
    """Cost of each batch of 10 while η grows from low to high in equal ratios; the rates and the costs."""
    model, rng = network([30], seed), np.random.default_rng(seed)
    optimizer, loss = sgd(model, low), nn.CrossEntropyLoss()
    grow = optim.lr_scheduler.ExponentialLR(optimizer, (high / low) ** (1 / (steps - 1)))
    rates, costs = [], []
    for _ in range(steps):
        rows = rng.integers(0, len(x_train), 10)
        optimizer.zero_grad()
        prediction, memory = model.forward(x_train[rows])
        cost, loss_memory = loss.forward(prediction, y_train[rows])
        model.backward_parameters(loss.backward(1.0, loss_memory), memory)
        rates.append(grow.get_last_lr()[0])
        costs.append(float(cost))
        optimizer.step()
        grow.step()
    return np.array(rates), np.array(costs)


rates, noisy = range_test(1e-3, 100, 500)
smooth = np.convolve(noisy, np.ones(25) / 25, "same")
inner = slice(25, -25)
lowest = rates[inner][smooth[inner].argmin()]
print(f"the smoothed cost is lowest at η = {lowest:.2g}; a tenth of that, {lowest / 10:.2g}, is a usual first choice")

# %% id="finder-figure" folded=true
figure = plots.figure(7, 3)
ax = figure.subplots()
ax.plot(rates, noisy, color=plots.GREY, alpha=0.5)
ax.plot(rates[inner], smooth[inner], color=plots.BLUE)
ax.axvline(lowest, color=plots.VERMILION, linestyle="--")
ax.set(xscale="log", xlabel="learning rate η", ylabel="cost of the batch", ylim=(0, 6))
plots.show(
    figure,
    alt="Cost of each batch while the rate grows. Flat for small rates, a valley between 1 and 6, then a steep noisy rise.",
)

# %% [markdown] id="schedules"
# ## Schedules
#
# Far from the minimum long steps are good; near it they only jump across. So let $\eta$ fall: the book's 0.25 for twenty epochs and then 0.025 is a *step schedule*. Today a *cosine* that falls to zero is usual, after a few steps of *warm-up* for large rates.

# %% id="schedules-run"
from dlbook.optim import lr_scheduler

SCHEDULES = {
    "constant": None,
    "step": lambda optimizer: lr_scheduler.MultiStepLR(optimizer, [20], 0.1),
    "cosine": lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, 30),
}
for name, scheduler in SCHEDULES.items():
    history = learn([30], 1.0, 1e-4, epochs=30, scheduler=scheduler)
    last = history.validation["accuracy"][-8:]
    print(
        f"{name:9} training cost {history.train['loss'][-1]:.4f}, validation accuracy, last 8 epochs: {min(last):.3f} to {max(last):.3f}"
    )

# %% [markdown] id="schedules-after"
# All three end near 0.98. But in the last eight epochs the constant rate wanders between 0.973 and 0.984, so you get what the last epoch happens to hold; the cosine stays at 0.982. The *training* cost is a little higher with the schedules, 0.0260 and 0.0359 against 0.0236: they take
# shorter steps. On a problem as small as this one a schedule buys calm rather than accuracy.

# %% [markdown] id="schedule-statement" statement="schedule"
# ### Exercise 4: a rate for every epoch
#
# Write `schedule(eta0, drops, epoch)`. `drops` is a dict: epoch → factor, in any order. From that epoch on, the rate is multiplied by the factor; several drops multiply. Epochs count from 0. Return the rate in `epoch`.
#
# Check by hand: `schedule(0.25, {20: 0.1}, 19)` is 0.25, and for epoch 20 it is 0.025. 3 points.


# %% id="schedule" exercise=true difficulty=1 by_hand="nn optim train data lr_scheduler"
def schedule(eta0, drops, epoch):
    """The learning rate in an epoch: eta0 times the factors of all drops up to it."""
    ### BEGIN SOLUTION
    for start, factor in drops.items():
        if epoch >= start:
            eta0 = eta0 * factor
    return eta0
    ### END SOLUTION


# %% [markdown] id="schedule-hints" hints="schedule"
# - late: The drop holds from its own epoch on, not from the one after.
# - only: Several drops multiply: this is the last one alone.


# %% id="schedule-edge" test="schedule" points=1
@check.exercise("13-tuning/schedule")
def drop_at_its_epoch():
    """The drop at its epoch"""
    for epoch, right in ((19, 0.25), (20, 0.025)):
        got = check.call(schedule, 0.25, {20: 0.1}, epoch, returns=("eta",))
        check.close(got, right, name=f"eta in epoch {epoch}", hints={"late": lambda right: 0.25})


# %% id="schedule-several" test="schedule" points=1
@check.exercise("13-tuning/schedule")
def several_drops():
    """Several drops"""
    got = check.call(schedule, 2.0, {5: 0.5, 9: 0.2}, 12, returns=("eta",))
    check.close(got, 0.2, name="eta", hints={"only": lambda right: 0.4})


# %% id="schedule-hidden" test="schedule" points=1 hidden=true
@check.exercise("13-tuning/schedule", hidden=True)
def any_order_and_epoch_zero():
    """Any order, epoch 0, no drop"""
    for drops, epoch, right in (
        ({9: 0.2, 5: 0.5}, 7, 1.5),
        ({9: 0.2, 5: 0.5}, 9, 0.3),
        ({0: 0.1}, 0, 0.3),
        ({}, 4, 3.0),
        ({3: 2.0}, 3, 6.0),
    ):
        check.close(check.call(schedule, 3.0, drops, epoch, returns=("eta",)), right, name="eta")


# %% [markdown] id="stopping"
# ## When to stop
#
# The number of epochs is a setting too, and the only one that you get for nothing: one run tries all of them. After each epoch measure on the validation data, and stop when it does not get better. This is *early stopping*. It belongs to the regularisers: it limits how far the weights can go from
# their small start, as weight decay and dropout limit their effect. The other family against overfitting takes parameters away: pruning, sharing weights, growing a network greedily (the book's translation says "avaricious").
#
# What is "not better"? Accuracy jitters, so the first fall means nothing (the sentence of the book that says so is garbled). The rule: stop when the *best* value is `patience` epochs old,
#
# $$\text{stop at } t \text{ if } t - \arg\max_{s\le t} A(s) \ge k, \qquad \text{and return the weights of } \arg\max_{s \le t} A(s).$$
#
# The second half is missing in the book: it never says that the best weights are to be *restored*. Nor does it say which value to watch. And it says in one place that the number of epochs is set by hand, in another that it is set automatically. The second is meant.
#
# We run it on digits with wrong labels: 300 images, one in five labelled at random. One run is stored, and then the rule is replayed.

# %% id="stopping-data"
noisy_set = data.noisy_digits(300, np.random.default_rng(5))
held_out = (noisy_set.x_test[:180], noisy_set.y_test[:180])
unseen = (noisy_set.x_test[180:], noisy_set.y_test[180:])


def noisy_run(validation, epochs=150, eta=0.3, seed=0, patience=None):
    """Train 64 → 30 → 10 on the noisy digits; the history, and the accuracy on unseen digits after each epoch."""
    model, unseen_accuracy = network([30], seed), []
    history = train.fit(
        model,
        nn.CrossEntropyLoss(),
        sgd(model, eta),
        (noisy_set.x_train, noisy_set.y_train),
        train.Config(epochs=epochs, batch_size=10, patience=patience, monitor="accuracy"),
        rng=np.random.default_rng(seed),
        validation=validation,
        metrics={"accuracy": train.accuracy},
        progress=False,
        after_epoch=lambda _: unseen_accuracy.append(
            train.evaluate(model, None, unseen, {"accuracy": train.accuracy})["accuracy"]
        ),
    )
    return history, np.array(unseen_accuracy), model


STORED, UNSEEN, _ = noisy_run(held_out)
WATCHED = {"accuracy": np.array(STORED.validation["accuracy"]), "cost": -np.array(STORED.validation["loss"])}


def replay(values, patience, min_delta=0.0):
    """The epoch at which the rule stops, and the best epoch until then; larger is better."""
    best = 0
    for epoch, value in enumerate(values):
        if value > values[best] + min_delta:
            best = epoch
        if epoch - best >= patience:
            break
    return epoch, best


# %% [markdown] id="stopping-question" question="predict"
# The network trains 150 epochs on labels of which a fifth are wrong. On clean, unseen digits, which weights do best?
#
# - [ ] the last: they fit the training data best, wrong labels included.
# - [x] those of an early epoch: the network learns what digits have in common first, and the wrong labels one by one later.
# - [ ] it makes no difference: it would not if the labels were clean; small clean sets hardly overfit here.

# %% id="stopping-run"
for name, values in WATCHED.items():
    for patience in (1, 10, 20, 50):
        stop, best = replay(values, patience)
        print(
            f"{name:8} patience {patience:2}: stops at {stop:3}, best {best:3}; unseen {UNSEEN[best]:.3f} with restored weights, {UNSEEN[stop]:.3f} without"
        )
print(f"no stopping: {UNSEEN[-1]:.3f}")

# %% [markdown] id="stopping-after"
# Patience 1 stops at epoch 3, before anything is learnt: 0.428. Patience 10 on the accuracy gives 0.922. No stopping: 0.833. And look at the last column: with patience 50 it is 0.922 if the best weights are restored, and 0.867 if not. The more patience, the more depends on restoring.
#
# The book's rule of thumb: ten epochs while exploring, twenty or fifty when hunting for the last bit, since networks can sit on a plateau for long. Watching the cost instead gives 0.922 for patience 10, and 0.900 for 20 and 50.
#
# `dlbook.train.fit` does all this: `Config(patience=10, monitor="accuracy")`. And the smaller the validation set, the earlier and the more by chance the best epoch comes, because ties and luck decide:

# %% id="stopping-fit"
history, curve, model = noisy_run(held_out, patience=10)
restored = train.evaluate(model, None, unseen, {"accuracy": train.accuracy})["accuracy"]
print(f"dlbook.train.fit, patience 10: {len(curve)} epochs, best {history.best_epoch}, restored weights {restored:.3f}")
for size in (10, 30, 90, 180):
    bests = [
        replay(np.array(noisy_run((held_out[0][:size], held_out[1][:size]), 60, seed=s)[0].validation["accuracy"]), 10)[
            1
        ]
        for s in range(2)
    ]
    print(f"validation images {size:3}: best epochs {bests}")

# %% [markdown] id="stopping-widget-text"
# ### Try it
#
# The run is stored; you change the rule. Which patience stops before the plateau is over? What does smoothing do for a patience of 2?

# %% id="stopping-widget" folded=true


def stopped(watch, patience, min_delta, window):
    """The smoothed curve, and where the rule stops and has its best."""
    values = WATCHED[watch]
    values = np.array([values[max(0, t - window + 1) : t + 1].mean() for t in range(len(values))])
    return watch, values, *replay(values, patience, min_delta)


def stopped_figure(result):
    """The watched value and the unseen accuracy, with the stop and the best epoch."""
    watch, values, stop, best = result
    figure = plots.figure(9, 3)
    left, right = figure.subplots(1, 2)
    for ax, curve, label in (
        (left, values if watch == "accuracy" else -values, "validation"),
        (right, UNSEEN, "unseen accuracy"),
    ):
        ax.plot(curve, color=plots.BLUE)
        ax.axvline(best, color=plots.GREEN, linestyle=":", label="best")
        ax.axvline(stop, color=plots.VERMILION, linestyle="--", label="stop")
        ax.set(xlabel="epoch", ylabel=label)
    left.legend()
    return figure


widgets.explore(
    stopped_figure,
    dict(
        watch=widgets.Options({"accuracy": "accuracy", "cost": "cost"}, label="watched value"),
        patience=widgets.Slider(1, 60, 10, label="patience"),
        min_delta=widgets.Slider(0.0, 0.05, 0.0, step=0.005, label="min_delta"),
        window=widgets.Slider(1, 15, 1, label="smoothing, epochs"),
    ),
    compute=stopped,
    alt=lambda result: (
        f"The rule stops at epoch {result[2]}, best {result[3]}; unseen accuracy {UNSEEN[result[3]]:.3f} with restored weights, {UNSEEN[result[2]]:.3f} without."
    ),
    table=lambda result: {
        "stop": result[2],
        "best": result[3],
        "restored": float(UNSEEN[result[3]]),
        "last": float(UNSEEN[result[2]]),
    },
    title="Early stopping, replayed",
)

# %% [markdown] id="early-statement" statement="early"
# ### Exercise 5: early stopping that restores
#
# Write the class `EarlyStopping(patience, mode, min_delta)` with `mode` `"max"` or `"min"`. Its `update(epoch, metric, params)` is called after each epoch with a dict of arrays, and returns `True` if training should stop: `patience` epochs or more since the best. Its attributes:
#
# - `best`, `best_epoch`: the best value so far and its epoch. A value is better only by *more* than `min_delta`; a tie is not better, a NaN never.
# - `best_params`: a **copy** of the parameters then. Training goes on to change the arrays in place.
#
# Before the first number that is not NaN, `best`, `best_epoch` and `best_params` are `None`, and `update` returns `False`.
#
# Check by hand: 0.3, 0.6, 0.5, 0.55 with patience 2 stops at epoch 3, with best epoch 1. 8 points.


# %% id="early" exercise=true difficulty=3 by_hand="nn optim train data replay"
class EarlyStopping:
    """Stop when the best metric is `patience` epochs old; keep a copy of the best parameters."""

    def __init__(self, patience, mode, min_delta):
        self.patience, self.mode, self.min_delta = patience, mode, min_delta
        self.best = self.best_epoch = self.best_params = None

    def update(self, epoch, metric, params):
        """Take note of an epoch; True if training should stop.  params : dict of arrays."""
        ### BEGIN SOLUTION
        sign = 1 if self.mode == "max" else -1
        if metric == metric and (self.best is None or sign * (metric - self.best) > self.min_delta):
            self.best, self.best_epoch = metric, epoch
            self.best_params = {name: value.copy() for name, value in params.items()}
        return self.best_epoch is not None and epoch - self.best_epoch >= self.patience
        ### END SOLUTION


# %% id="early-driver" driver="early"
def early_run(EarlyStopping, metrics, patience, mode, min_delta):
    """Train a pretended network: params["w"] is [epoch, −epoch], changed in place.  Stop epoch (−1: never), best, best_epoch, the w kept."""
    stopper, params, stop = EarlyStopping(patience, mode, min_delta), {"w": np.zeros(2)}, -1
    for epoch, metric in enumerate(metrics):
        params["w"][:] = epoch, -epoch
        answer = stopper.update(epoch, metric, params)
        if answer is None:
            raise NotImplementedError("update returns nothing")
        if answer:
            stop = epoch
            break
    params["w"][:] = 99.0
    kept = None if stopper.best_params is None else np.array(stopper.best_params["w"])
    return stop, stopper.best, stopper.best_epoch, kept


# %% [markdown] id="early-hints" hints="early"
# - previous: The value was compared with that of the epoch before: compare with the best.
# - late: One epoch too late: stop when epoch − best_epoch reaches patience.
# - reference: The stored parameters changed later: keep a copy of each array, not the array.
# - mode: With mode "min" less is better.
# - tie: A tie is no improvement: it must be better by more than min_delta.


# %% id="early-stop" test="early" points=2
@check.exercise("13-tuning/early")
def rise_and_plateau():
    """A rise, then a plateau"""
    metrics = [0.3, 0.5, 0.7, 0.6, 0.62, 0.64, 0.66, 0.68, 0.69]
    stop, best, best_epoch, _ = check.call(
        early_run, EarlyStopping, metrics, 3, "max", 0.0, returns=("stop", "best", "best_epoch", "kept")
    )
    check.equal(stop, 5, name="stop", hints={"previous": lambda right: -1, "late": lambda right: 6})
    check.equal(best_epoch, 2, name="best_epoch")
    check.close(best, 0.7, name="best")


# %% id="early-copy" test="early" points=2
@check.exercise("13-tuning/early")
def parameters_of_the_best_epoch():
    """The parameters of the best epoch"""
    kept = check.call(
        early_run, EarlyStopping, [0.2, 0.8, 0.4, 0.1], 2, "max", 0.0, returns=("stop", "best", "best_epoch", "kept")
    )[3]
    check.close(kept, np.array([1.0, -1.0]), name="best_params", hints={"reference": lambda right: np.full(2, 99.0)})


# %% id="early-min" test="early" points=1
@check.exercise("13-tuning/early")
def smaller_is_better():
    """Smaller is better with mode "min", as for a cost"""
    best_epoch = check.call(
        early_run,
        EarlyStopping,
        [2.0, 1.5, 1.1, 1.2, 1.3],
        2,
        "min",
        0.0,
        returns=("stop", "best", "best_epoch", "kept"),
    )[2]
    check.equal(best_epoch, 2, name="best_epoch", hints={"mode": lambda right: 0})


# %% id="early-tie" test="early" points=1
@check.exercise("13-tuning/early")
def a_tie_is_no_improvement():
    """A tie is no improvement"""
    best_epoch = check.call(
        early_run, EarlyStopping, [0.5, 0.75, 0.75, 0.75], 3, "max", 0.0, returns=("stop", "best", "best_epoch", "kept")
    )[2]
    check.equal(best_epoch, 1, name="best_epoch", hints={"tie": lambda right: 3})


# %% id="early-hidden" test="early" points=2 hidden=true
@check.exercise("13-tuning/early", hidden=True)
def nan_recovery_and_random_histories():
    """NaN, recovery, min_delta, random histories"""
    names, nan = ("stop", "best", "best_epoch", "kept"), float("nan")
    stop, best, best_epoch, _ = check.call(
        early_run, EarlyStopping, [nan, 0.4, nan, 0.5, nan, nan], 2, "max", 0.0, returns=names
    )
    check.equal([stop, best_epoch], [5, 3], name="stop and best_epoch with NaN")
    stop, best, best_epoch, kept = check.call(early_run, EarlyStopping, [nan, nan], 1, "min", 0.0, returns=names)
    check.equal([stop, best_epoch, kept], [-1, None, None], name="what is kept if all are NaN")
    _, _, best_epoch, _ = check.call(
        early_run, EarlyStopping, [1.0, 0.95, 0.8, 0.75, 0.71], 9, "min", 0.125, returns=names
    )
    check.equal(best_epoch, 2, name="best_epoch with min_delta")
    for seed in range(20):
        values = check.rng(seed).integers(0, 12, 25) / 8.0
        patience = 1 + seed % 7
        best, stop = 0, -1
        for t in range(25):
            best = int(np.argmax(values[: t + 1]))
            if t - best >= patience:
                stop = t
                break
        got = check.call(early_run, EarlyStopping, values.tolist(), patience, "max", 0.0, returns=names)
        check.equal([got[0], got[2]], [stop, best], name="stop and best_epoch of a random history")
        check.close(got[3], np.array([best, -best], float), name="best_params of a random history")


# %% [markdown] id="mistakes"
# ## Common mistakes
#
# - **Blaming "bad hyper-parameters"** without computing $1-\eta\lambda/n$ (book chapter 26). A constant prediction may be an overflow.
# - **Choosing on the test data.** Every choice on this page was made on validation data; a test that has been looked at twenty times is training data.
# - **Drawing $\eta$ uniformly** between 0.001 and 10: nine draws of ten lie above 1.
# - **The maximum of the whole history.** Who stops at epoch $t$ does not know what comes later. See below.
# - **Keeping the last weights** after early stopping, or a reference to them (book chapter 28).
# - **Early stopping in the first experiments.** Switch it off there: you want to see the overfitting.

# %% id="mistakes-run"
values = WATCHED["accuracy"]
print(
    "looking into the future: best epoch", int(values.argmax()), "; by the rule with patience 5:", replay(values, 5)[1]
)
draws = np.random.default_rng(0).uniform(0.001, 10, 10000)
print(
    f"uniform draws above 1: {np.mean(draws > 1):.2f}; logarithmic: {np.mean(10 ** np.random.default_rng(0).uniform(-3, 1, 10000) > 1):.2f}"
)

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# The schedules have the same names in `torch.optim.lr_scheduler`. PyTorch has no early stopping; Lightning and Keras have it as a callback, and in Keras `restore_best_weights` is off unless you ask. On a GPU nothing of this changes, except that several trials can run side by side.

# %% id="torch-run"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    x, y = torch.tensor(noisy_set.x_train, dtype=torch.float32), torch.tensor(noisy_set.y_train)
    xv, yv = torch.tensor(held_out[0], dtype=torch.float32), torch.tensor(held_out[1])
    twin = torch.nn.Sequential(torch.nn.Linear(64, 30), torch.nn.Sigmoid(), torch.nn.Linear(30, 10))
    descent = torch.optim.SGD(twin.parameters(), lr=0.3)
    best, best_epoch, kept = -1.0, 0, None
    for epoch in range(60):
        for rows in torch.randperm(300).split(10):
            descent.zero_grad()
            torch.nn.functional.cross_entropy(twin(x[rows]), y[rows]).backward()
            descent.step()
        with torch.no_grad():
            accuracy = (twin(xv).argmax(1) == yv).double().mean().item()
        if accuracy > best:
            best, best_epoch, kept = accuracy, epoch, {name: value.clone() for name, value in twin.state_dict().items()}
        if epoch - best_epoch >= 10:
            break
    twin.load_state_dict(kept)
    print(f"PyTorch: stopped at epoch {epoch}, best {best_epoch}, validation accuracy {best:.3f}")

# %% [markdown] id="decay-quiz" question="quiz"
# You halve the training set. What keeps the effect of weight decay on a step the same?
#
# - [ ] the same λ: then the factor $1 - \eta\lambda/n$ moves away from 1, twice as far.
# - [x] half the λ: what counts is $\lambda/n$.
# - [ ] twice the λ: that makes the decay four times as strong.

# %% [markdown] id="metric-quiz" question="quiz"
# Why may early stopping on the cost stop at another epoch than on the accuracy?
#
# - [ ] one of them is wrong: both measure the same network on the same images, correctly.
# - [x] the cost punishes confident errors: it may rise while the number of right answers still grows.
# - [ ] accuracy has less noise: on 180 images it moves in steps of 1/180, and jitters more.

# %% [markdown] id="questions"
# ## To think about
#
# 1. Two of five settings matter. How many different values of each do 32 trials on a grid of two values per setting try, and how many at random?
# 2. Why does $\eta$ need a logarithmic scale, and the dropout probability none?
# 3. Prechelt (1998) stops when $GL(t) = 100\,(E(t)/E_{opt}(t) - 1)$ exceeds a bound, where $E_{opt}(t)$ is the lowest validation error so far. What does it do on a plateau?
#
# <details><summary>Answers</summary>
#
# 1. Two on the grid, 32 at random.
# 2. A factor of two in $\eta$ matters as much at 0.001 as at 1; it acts by multiplication. A probability acts by its difference.
# 3. It goes on: GL stays near 0. It stops on a rise only, so it needs a limit of epochs as well.
#
# </details>
#
# ### Sources
#
# M. Nielsen, *Neural Networks and Deep Learning*, 2015, chapter 3 (which the book follows). J. Bergstra and Y. Bengio, *Random search for hyper-parameter optimization*, JMLR 2012. L. Prechelt, *Early stopping – but when?*, 1998. L. Smith, *Cyclical learning rates*, 2017. L. Li and others, *Hyperband*, JMLR 2018.
# T. Akiba and others, *Optuna*, KDD 2019. J. Cohen and others, *Gradient descent on neural networks typically occurs at the edge of stability*, ICLR 2021.
#
# **Next:** the size of the batch, the one setting of which this page has not spoken (chapter 14).
