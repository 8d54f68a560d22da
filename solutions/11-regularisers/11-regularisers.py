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
#     title: L1, dropout and more data
#     minutes: 110
#     needs: [07-network, 10-overfitting]
#     book: [22, 23, 24]
# ---

# %% [markdown] id="title"
# # L1, dropout and more data: three more cures for overfitting
#
# **After this page you can** take a step with an L1 penalty that really reaches zero, write dropout forwards and backwards and say what its
# average is, bend an image by a field of displacements, and tell when each of them helps.
#
# **Time** 40 minutes to read, 70 for the five exercises. **You need** backpropagation (chapter 07), and overfitting and L2 (chapter 10).

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, nn, optim, plots, train

# %% [markdown] id="patient"
# ## The patient
#
# Three hundred digits, one label in five drawn at random; a hundred hidden units. That is more than enough to learn the noise by heart. The 360 test
# digits have clean labels. Every cure of this page is tried on this patient, and the first line is the patient without one.


# %% id="learner"
class PenalisedSGD(optim.SGD):
    """SGD with an L1 penalty on the weights, by sub-gradient or by soft threshold, and a limit on each unit's length."""

    def __init__(self, model, lr, l1=0.0, l2=0.0, proximal=False, longest=None):
        super().__init__(model.parameters(), lr)
        self.weights = nn.weights(model)
        self.l1, self.l2, self.proximal, self.longest = l1, l2, proximal, longest

    def step(self):
        for w in self.weights:
            if self.l2:
                w.accumulate(nn.l2_penalty_backward(1.0, nn.l2_penalty(w.data, self.l2)[1]))
            if self.l1 and not self.proximal:
                w.accumulate(nn.l1_penalty_backward(1.0, nn.l1_penalty(w.data, self.l1)[1]))
        super().step()
        for w in self.weights:
            if self.l1 and self.proximal:
                w.data = nn.soft_threshold(w.data, self.lr * self.l1)
            if self.longest:
                w.data = nn.max_norm(w.data, self.longest)


def learn(x, y, *, hidden=100, epochs=60, seed=0, p=0.0, p_input=0.0, l1=0.0, l2=0.0, lr=0.5, **options):
    """A trained network [64, hidden, 10]; l1 and l2 are the book's λ, divided by n here."""
    rng = np.random.default_rng(seed)
    layers = [nn.Linear(64, hidden, rng=rng), nn.Sigmoid(), nn.Dropout(p, rng=rng), nn.Linear(hidden, 10, rng=rng)]
    if p_input:
        layers.insert(0, nn.Dropout(p_input, rng=rng))
    model = nn.Sequential(*layers)
    optimizer = PenalisedSGD(model, lr, l1=l1 / len(x), l2=l2 / len(x), **options)
    config = train.Config(epochs=epochs, batch_size=10)
    train.fit(model, nn.CrossEntropyLoss(), optimizer, (x, y), config, rng=rng, progress=False)
    model.eval()
    return model


def score(model, x, y):
    """Share of right answers."""
    return (train.predict(model, x).argmax(axis=1) == y).mean()


def all_weights(model):
    """Every weight, no bias, as one vector."""
    return np.concatenate([w.data.ravel() for w in nn.weights(model)])


noisy = data.noisy_digits(300, np.random.default_rng(5))
plain = learn(noisy.x_train, noisy.y_train)
print(
    f"no cure: training {score(plain, noisy.x_train, noisy.y_train):.3f}, test {score(plain, noisy.x_test, noisy.y_test):.3f}"
)

# %% [markdown] id="l1"
# ## L1: a constant pull
#
# L2 adds $\frac{\lambda}{2n}\sum w^2$ to the cost, L1 adds $\frac{\lambda}{n}\sum|w|$. Biases are left out of both. The gradients tell the difference:
#
# $$\frac{\partial C}{\partial w} = \frac{\partial C_0}{\partial w} + \frac{\lambda}{n}w \quad\text{(L2)}, \qquad
# \frac{\partial C}{\partial w} = \frac{\partial C_0}{\partial w} + \frac{\lambda}{n}\,\mathrm{sgn}(w) \quad\text{(L1)}$$
#
# L2 pulls in proportion to the weight. L1 pulls every weight equally hard. Where is one stronger than the other?

# %% [markdown] id="pull-question" question="predict"
# With the same $\eta$, $\lambda$ and $n$, which weights does L1 shrink *more* than L2 in one step?
#
# - [ ] all of them: a weight of 10 loses ten times as much under L2.
# - [x] those with |w| < 1: the amounts are ηλ/n and ηλ|w|/n, equal at exactly |w| = 1.
# - [ ] those with |w| > 1: there L2 removes more, because its pull grows with the weight.

# %% id="pull"
eta, lmbda, n = 0.5, 3.0, 300
for w in (2.0, 1.0, 0.5, 0.01):
    print(f"w = {w:<4}  L1 removes {eta * lmbda / n:.5f}   L2 removes {eta * lmbda / n * w:.5f}")

# %% [markdown] id="l1-step-statement" statement="l1-step"
# ### Exercise 1: a step with L1
#
# Write `l1_sgd_step(w, g, eta, lmbda, n)`. `w` are weights of any shape, `g` has the same shape and is the gradient of the cost without the penalty. Return the new weights:
#
# $$w - \eta\, g - \frac{\eta\lambda}{n}\,\mathrm{sgn}(w), \qquad \mathrm{sgn}(0) = 0$$
#
# At $w = 0$ the corner of $|w|$ has no derivative. A weight that is zero cannot shrink any further, so it obeys the plain rule.
#
# Check by hand: `w = [2, −1]`, `g = [0, 0]`, `eta = 0.5`, `lmbda = 3`, `n = 15` give `[1.9, −0.9]`.


# %% id="l1-step" exercise=true difficulty=1 by_hand="nn optim data train"
def l1_sgd_step(w, g, eta, lmbda, n):
    """One step of gradient descent with an L1 penalty: w, g of one shape -> new w."""
    ### BEGIN SOLUTION
    return w - eta * g - eta * lmbda / n * np.sign(w)
    ### END SOLUTION


# %% [markdown] id="l1-step-hints" hints="l1-step"
# - l2: That is the pull of L2, proportional to w. L1 pulls every weight by the same amount.
# - half: No ½ here: the derivative of λ/n · |w| is λ/n · sgn(w).
# - corner: A weight that is exactly zero gets no pull: sgn(0) = 0.


# %% id="l1-step-pull" test="l1-step" points=2
@check.exercise("11-regularisers/l1-step")
def the_pull_alone():
    """The pull alone, with no gradient"""
    w = np.array([[2.0, -0.4, 0.3], [-1.5, 0.7, -3.0]])
    new = check.call(l1_sgd_step, w, np.zeros((2, 3)), 0.5, 3.0, 25, returns=("w",))
    right = w - 0.06 * np.sign(w)
    check.close(
        new, right, name="w", hints={"l2": lambda right: w - 0.06 * w, "half": lambda right: w - 0.03 * np.sign(w)}
    )


# %% id="l1-step-zero" test="l1-step" points=1
@check.exercise("11-regularisers/l1-step")
def weights_that_are_zero():
    """Weights that are zero"""
    w, g = np.array([0.0, 1.2, 0.0, -0.8]), np.array([0.3, -0.5, 0.0, 0.9])
    new = check.call(l1_sgd_step, w, g, 0.2, 4.0, 10, returns=("w",))
    right = w - 0.2 * g - 0.08 * np.sign(w)
    check.close(new, right, name="w", hints={"corner": lambda right: right - 0.08 * (w == 0)})


# %% id="l1-step-hidden" test="l1-step" points=1 hidden=true
@check.exercise("11-regularisers/l1-step", hidden=True)
def any_shape_and_no_penalty():
    """Any shape, and λ = 0"""
    rng = check.rng(1)
    for shape, lmbda in [((1,), 0.7), ((4, 3, 2), 2.5), ((5, 6), 0.0)]:
        w, g = rng.normal(size=shape), rng.normal(size=shape)
        new = check.call(l1_sgd_step, w, g, 0.3, lmbda, 17, returns=("w",))
        right = w - 0.3 * (g + nn.l1_penalty_backward(1.0, nn.l1_penalty(w, lmbda / 17)[1]))
        check.close(new, right, name=f"w of shape {shape}, λ = {lmbda}")


# %% [markdown] id="corner-text"
# ## Does it reach zero?
#
# The book says that L1 drives the unimportant weights to zero. But a step of constant length cannot stop at zero: it jumps over, and at the next step back again. Here is one weight with no gradient of its own, beside a rule that can stop.

# %% id="chatter"
rule, threshold = [0.033], [0.033]
for _ in range(12):
    rule.append(rule[-1] - 0.01 * np.sign(rule[-1]))
    threshold.append(float(nn.soft_threshold(threshold[-1], 0.01)))
print("sub-gradient:  ", np.round(rule[2:10], 3))
print("soft threshold:", np.round(threshold[2:10], 3))

figure = plots.figure(6, 2.8)
plots.learning_curves(
    figure.subplots(), {"sub-gradient": rule, "soft threshold": threshold}, xlabel="step", ylabel="weight"
)
plots.show(
    figure,
    alt="The weight falls in equal steps; by the sub-gradient it then jumps between 0.003 and -0.007 for ever, by the soft threshold it stays at 0.",
)

# %% [markdown] id="proximal"
# The second rule first takes the step of the cost alone, $u = w - \eta\,\partial C_0/\partial w$, and then asks which $w$ is best between staying near $u$ and a small penalty:
#
# $$S_\tau(u) = \arg\min_w\ \tfrac12(w-u)^2 + \tau|w| = \mathrm{sgn}(u)\,\max(|u|-\tau,\,0), \qquad \tau = \frac{\eta\lambda}{n}$$
#
# This is called the *proximal* step, and $S_\tau$ the *soft threshold*.

# %% [markdown] id="soft-statement" statement="soft"
# ### Exercise 2: the soft threshold
#
# Write `soft_threshold(u, tau)` for an array `u` of any shape and a number `tau` ≥ 0. The result has the shape of `u`.
#
# Check by hand: `tau = 1` makes `[−2, 0, 0, 0, 2]` from `[−3, −0.5, 0, 0.5, 3]`.


# %% id="soft" exercise=true difficulty=1 by_hand="nn optim data train"
def soft_threshold(u, tau):
    """Every number moved towards zero by tau, and not beyond: shape as u."""
    ### BEGIN SOLUTION
    return np.sign(u) * np.maximum(np.abs(u) - tau, 0)
    ### END SOLUTION


# %% [markdown] id="soft-hints" hints="soft"
# - hard: What survives must be moved by τ too: this is the hard threshold.
# - beyond: Numbers nearer to zero than τ went over to the other side: they must stop at zero.
# - negative: The negative numbers got lost: they move towards zero from below.


# %% id="soft-five" test="soft" points=2
@check.exercise("11-regularisers/soft")
def five_numbers():
    """Five numbers, large and small"""
    u = np.array([-3.0, -0.5, 0.0, 0.5, 3.0])
    check.close(
        check.call(soft_threshold, u, 1.0, returns=("w",)),
        np.array([-2.0, 0.0, 0.0, 0.0, 2.0]),
        name="w",
        hints={
            "hard": lambda right: np.where(np.abs(u) > 1, u, 0),
            "beyond": lambda right: np.sign(u) * (np.abs(u) - 1),
            "negative": lambda right: np.maximum(u - 1, 0),
        },
    )


# %% id="soft-hidden" test="soft" points=2 hidden=true
@check.exercise("11-regularisers/soft", hidden=True)
def the_smallest_of_all():
    """The minimum of the penalised square, exact zeros, any shape"""
    rng = check.rng(2)
    grid = np.linspace(-4, 4, 8001)
    u = rng.uniform(-3, 3, (3, 5))
    w = check.call(soft_threshold, u, 0.8, returns=("w",))
    costs = 0.5 * (grid - u[..., None]) ** 2 + 0.8 * np.abs(grid)
    check.close(w, grid[costs.argmin(axis=-1)], name="w", atol=1e-3)
    check.equal(int((w == 0).sum()), int((np.abs(u) <= 0.8).sum()), name="how many are exactly zero")
    check.close(check.call(soft_threshold, u, 0.0, returns=("w",)), u, name="w for τ = 0")
    check.close(
        check.call(soft_threshold, u[:1, 0], 0.1, returns=("w",)),
        nn.soft_threshold(u[:1, 0], 0.1),
        name="w of one number",
    )


# %% [markdown] id="l1-run-text"
# Now the patient. The same λ by both rules, and L2 beside them:

# %% id="l1-run"
trained = {"none": plain}
for name, options in {
    "L2, λ = 1": dict(l2=1.0),
    "L1 sub-gradient, λ = 0.1": dict(l1=0.1),
    "L1 sub-gradient, λ = 0.3": dict(l1=0.3),
    "L1 proximal, λ = 0.1": dict(l1=0.1, proximal=True),
    "L1 proximal, λ = 0.3": dict(l1=0.3, proximal=True),
    "L1 proximal, λ = 1": dict(l1=1.0, proximal=True),
}.items():
    trained[name] = learn(noisy.x_train, noisy.y_train, **options)
for name, model in trained.items():
    w = all_weights(model)
    print(
        f"{name:<26} test {score(model, noisy.x_test, noisy.y_test):.3f}   "
        f"|w| < 0.01: {(np.abs(w) < 0.01).mean():4.0%}   exactly 0: {(w == 0).mean():4.0%}"
    )

# %% [markdown] id="l1-run-meaning"
# Both rules give the same accuracy and the same share of tiny weights. But the sub-gradient leaves not one weight at exactly zero, in spite of what the book says; the soft threshold leaves 27 % and 62 % there. With λ = 1 the penalty wins: 86 % are zero, and
# the network, with 0.250, can hardly read any more. The gains here, from 0.831 to 0.867 with L2 and to 0.858 with L1, come from one start each; further down you will see how much the start alone changes.
#
# Which weights are left? Ten units each of the network without a cure, of L2, and of L1 with λ = 0.3:

# %% id="l1-images"
chosen = [plain, trained["L2, λ = 1"], trained["L1 proximal, λ = 0.3"]]
rows = []
for model in chosen:
    w = model[0].weight.data
    longest = np.argsort(-np.abs(w).sum(axis=1))[:10]
    rows.append(w[longest] / np.abs(w).max())
plots.show(
    plots.image_grid(np.concatenate(rows).reshape(-1, 8, 8), columns=10, signed=True),
    alt="Weights of ten hidden units as 8 by 8 images. Top, no cure, and middle, L2: values everywhere. Bottom, L1: a few strong pixels, all else blank, that is exactly zero.",
)

# %% [markdown] id="geometry"
# ## Why corners make zeros
#
# Minimising $C_0 + \lambda\sum|w|$ is the same as minimising $C_0$ inside a diamond $\sum|w|\le r$; for L2 it is a circle. A contour line that grows until it meets the diamond likes to meet it at a corner, where one weight is zero.
# The *elastic net* uses half of each. In the language of probabilities, L2 is a Gaussian prior on the weights and L1 a Laplace prior with its peak at zero.
#
# Move λ and watch the first weight. With which penalty does it become zero, and at which λ? The histogram shows the first-layer weights of the patient after fifteen epochs with the same kind of penalty, λ/10.


# %% id="geometry-widget" folded=true
A, centre = np.array([[1.0, 0.6], [0.6, 1.5]]), np.array([0.6, 1.6])


def penalised_minimum(lmbda, share):
    """Minimum of ½ (w − c)ᵀ A (w − c) + λ (share Σ|w| + (1 − share)/2 Σ w²), by proximal steps."""
    w = centre.copy()
    for _ in range(300):
        w = w - 0.4 * (A @ (w - centre) + lmbda * (1 - share) * w)
        w = np.sign(w) * np.maximum(np.abs(w) - 0.4 * lmbda * share, 0)
    return w


def penalty_run(lmbda, share):
    path = np.array([penalised_minimum(value, share) for value in np.linspace(0, lmbda, 20)])
    strength = lmbda / 10
    model = learn(
        noisy.x_train, noisy.y_train, epochs=15, l1=strength * share, l2=strength * (1 - share), proximal=True
    )
    return lmbda, share, path, model[0].weight.data.ravel()


def penalty_figure(result):
    """Contours, ball and path (left), histogram of weights (right)."""
    lmbda, share, path, w = result
    figure = plots.figure(8.5, 3.6)
    left, right = figure.subplots(1, 2)
    limits = ((-1.0, 2.0), (-1.0, 2.5))

    def cost(a, b):
        d, e = a - centre[0], b - centre[1]
        return 0.5 * (A[0, 0] * d * d + 2 * A[0, 1] * d * e + A[1, 1] * e * e)

    def penalty(a, b):
        return share * (np.abs(a) + np.abs(b)) + (1 - share) / 2 * (a * a + b * b)

    plots.contour_path(left, cost, limits, path, levels=12)
    a, b = np.meshgrid(np.linspace(*limits[0], 200), np.linspace(*limits[1], 200))
    reach = max(float(penalty(*path[-1])), 1e-6)
    left.contour(a, b, penalty(a, b), [reach], colors=plots.VERMILION, linewidths=2)
    left.set(xlabel="w₁", ylabel="w₂", aspect="equal")
    right.hist(w, bins=np.linspace(-1, 1, 41), color=plots.BLUE)
    right.set(xlabel="first-layer weight", ylabel="how many")
    return figure


from dlbook import widgets

widgets.explore(
    penalty_figure,
    dict(
        lmbda=widgets.Slider(0.0, 3.0, 1.0, step=0.1, label="λ"),
        share=widgets.Options({"L1": 1.0, "elastic net": 0.5, "L2": 0.0}, label="penalty"),
    ),
    compute=penalty_run,
    alt=lambda result: (
        f"The penalised minimum is at ({result[2][-1][0]:.2f}, {result[2][-1][1]:.2f}), on the edge of the ball; "
        f"{(result[3] == 0).mean():.0%} of the network's first-layer weights are exactly zero."
    ),
    table=lambda result: {
        "w₁": result[2][-1][0],
        "w₂": result[2][-1][1],
        "weights exactly zero": f"{(result[3] == 0).mean():.0%}",
    },
    title="Diamond and circle",
)

# %% [markdown] id="lasso-text"
# Does the proximal step really solve the L1 problem? In linear regression the problem is called the *lasso*, and scikit-learn solves it by another method. On its diabetes data, ten measurements of 442 patients:

# %% id="lasso"
try:
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import Lasso, Ridge
except ImportError:
    print('scikit-learn is not installed: pip install "dlbook[course]"')
else:
    measured, target = load_diabetes(return_X_y=True)
    measured, target = measured / measured.std(axis=0), target - target.mean()
    w, step = np.zeros(10), 1 / np.linalg.eigvalsh(measured.T @ measured / len(target)).max()
    for _ in range(2000):
        gradient = measured.T @ (measured @ w - target) / len(target)
        w = nn.soft_threshold(w - step * gradient, step * 5.0)
    lasso = Lasso(alpha=5.0, tol=1e-10, max_iter=100_000).fit(measured, target).coef_
    ridge = Ridge(alpha=5.0 * len(target)).fit(measured, target).coef_
    print("proximal steps:", w.round(2))
    print("Lasso:         ", lasso.round(2), " zeros:", (lasso == 0).sum())
    print("Ridge (L2):    ", ridge.round(2), " zeros:", (ridge == 0).sum())
    print(f"largest difference between the first two: {np.abs(w - lasso).max():.1e}")

# %% [markdown] id="dropout"
# ## Dropout: change the network, not the cost
#
# For each step of training, half of the hidden units are struck out at random. What is left learns from the mini-batch; then all come back, and others are struck out. In use all are present.
#
# There are twice as many units then as in training, so their outputs must count for half. The book says: halve the weights that leave the hidden units. But this is right only if the probability $p$ of dropping a unit is ½, which it does not say. The factor is
# $1 - p$. Today the correction is made in training instead, and nothing is left to do afterwards. This is *inverted dropout*:
#
# $$\tilde a_j = \frac{r_j}{1-p}\,a_j, \qquad r_j = \begin{cases}0 & \text{with probability } p\\ 1 & \text{with probability } 1-p\end{cases}
# \qquad\Rightarrow\qquad E[\tilde a_j] = a_j, \quad \mathrm{Var}[\tilde a_j] = \frac{p}{1-p}\,a_j^2$$

# %% id="halving"
rng = np.random.default_rng(0)
a, w = rng.uniform(0, 1, 50), rng.normal(size=50)
for p in (0.5, 0.2):
    masks = nn.dropout_mask((20_000, 50), p, rng)
    sums = (masks * a) @ w
    print(
        f"p = {p}: mean over masks {sums.mean():.3f}, weights halved {a @ w / 2:.3f}, weights × (1 − p) {(1 - p) * a @ w:.3f}"
    )
inverted = nn.dropout(np.broadcast_to(a, masks.shape), masks, 0.2)[0]
print(f"inverted, p = 0.2: mean {(inverted @ w).mean():.3f}, without dropout {a @ w:.3f}")
print(f"variance of the first unit {inverted[:, 0].var():.4f}, p/(1 − p) a² = {0.25 * a[0] ** 2:.4f}")

# %% [markdown] id="one-mask-text"
# The book draws one mask for a whole mini-batch; in practice every example gets its own. Both are right on average. But with one mask the ten outputs of a mini-batch go astray together:

# %% id="one-mask"
one, own = nn.dropout_mask((2000, 1, 50), 0.5, rng), nn.dropout_mask((2000, 10, 50), 0.5, rng)
for name, masks in {"one mask for the batch": one, "one for each example": own}.items():
    means = (2 * masks * a @ w).mean(axis=1)
    print(f"{name:<23} mean {means.mean():.2f}, spread of the mean over a mini-batch of ten {means.std():.2f}")

# %% [markdown] id="dropout-statement" statement="dropout-forward"
# ### Exercise 3: dropout, forwards
#
# Write `dropout_forward(a, p, u, training)`. `a (N, H)` are the outputs of the hidden units, `p` the probability of *dropping* one, and `u (N, H)` numbers that were drawn uniformly from 0 to 1: a unit stays where `u >= p`. Return `out` and
# `mask`, both `(N, H)`. The mask holds 0 where a unit is dropped and $1/(1-p)$ where it stays, and `out` is `a * mask`.
#
# With `training=False` nothing is dropped: `out` equals `a` and the mask is all ones. A `p` below 0, or 1 and above, raises `ValueError`.
#
# Every example has a mask of its own.
#
# Check by hand: `a = [[4, 6]]`, `p = 0.25`, `u = [[0.1, 0.9]]` give `out = [[0, 8]]`.


# %% id="dropout-forward" exercise=true difficulty=2 by_hand="nn optim data train"
def dropout_forward(a, p, u, training):
    """Inverted dropout: a, u (N, H), p = probability of dropping -> out (N, H), mask (N, H)."""
    ### BEGIN SOLUTION
    if not 0 <= p < 1:
        raise ValueError(f"p: expected 0 <= p < 1, got {p}")
    mask = (u >= p) / (1 - p) if training else np.ones(a.shape)
    return a * mask, mask
    ### END SOLUTION


# %% [markdown] id="dropout-hints" hints="dropout-forward"
# - scale: The units that stay must be divided by 1 − p: otherwise the sums shrink.
# - keep: p is the probability of dropping, not of staying.
# - row: Every example has a mask of its own, and here all have the first one's.
# - test: Outside training nothing changes: the factor was there in training already.


# %% id="dropout-train" test="dropout-forward" points=3
@check.exercise("11-regularisers/dropout-forward")
def in_training():
    """In training: out and mask"""
    a = np.cos(0.8 * np.arange(12)).reshape(3, 4)
    u = (0.37 * np.arange(1, 13) % 1).reshape(3, 4)
    out, mask = check.call(dropout_forward, a, 0.25, u, True, returns=("out", "mask"))
    hints = {
        "scale": lambda right: a * (u >= 0.25),
        "keep": lambda right: a * (u < 0.25) / 0.25,
        "row": lambda right: a * (u[0] >= 0.25) / 0.75,
    }
    check.close(out, a * (u >= 0.25) / 0.75, name="out", hints=hints)
    check.close(mask, (u >= 0.25) / 0.75, name="mask")


# %% id="dropout-use" test="dropout-forward" points=1
@check.exercise("11-regularisers/dropout-forward")
def in_use():
    """In use: nothing is dropped"""
    a, u = np.linspace(-1, 2, 10).reshape(2, 5), np.linspace(0, 0.9, 10).reshape(2, 5)
    out, mask = check.call(dropout_forward, a, 0.4, u, False, returns=("out", "mask"))
    check.close(out, a, name="out", hints={"test": lambda right: 0.6 * right})
    check.close(mask, np.ones((2, 5)), name="mask")


# %% id="dropout-errors" test="dropout-forward" points=1
@check.exercise("11-regularisers/dropout-forward")
def probabilities_out_of_range():
    """A probability of 1 is refused"""
    a, u = np.ones((2, 3)), np.full((2, 3), 0.5)
    check.raises(ValueError, dropout_forward, a, 1.0, u, True, what="p = 1")
    check.raises(ValueError, dropout_forward, a, -0.1, u, True, what="p = -0.1")


# %% id="dropout-hidden" test="dropout-forward" points=1 hidden=true
@check.exercise("11-regularisers/dropout-forward", hidden=True)
def the_mean_over_many_draws():
    """The mean over many draws, one example, p = 0"""
    rng = check.rng(3)
    a = np.tile(rng.normal(size=4), (20_000, 1))
    out, mask = check.call(dropout_forward, a, 0.3, rng.uniform(size=a.shape), True, returns=("out", "mask"))
    check.close(out.mean(axis=0), a[0], name="mean of out", rtol=0.04)
    check.close((mask == 0).mean(), 0.3, name="share dropped", atol=0.02)
    for N, p in [(1, 0.6), (3, 0.0)]:
        a, u = rng.normal(size=(N, 5)), rng.uniform(size=(N, 5))
        out, _ = check.call(dropout_forward, a, p, u, True, returns=("out", "mask"))
        check.close(out, nn.dropout(a, u >= p, p)[0], name=f"out for N = {N}, p = {p}")


# %% [markdown] id="backward-text"
# ## Backwards through the mask
#
# The mask is a constant of the step. A unit that was silent gets no gradient, and one that stayed gets the factor $1/(1-p)$ a second time. Here is a whole hidden layer with its dropout: $h = \tanh(xW^\top + b)\odot m$.


# %% id="hidden-layer" given=true
def hidden_layer(x, W, b, mask):
    """h = tanh(x Wᵀ + b) · mask: x (N, D), W (H, D), b (H,), mask (N, H) with 0 or 1/(1 − p) -> h (N, H)."""
    return np.tanh(x @ W.T + b) * mask


def hidden_case(N, D, H, p):
    """An upstream gradient, inputs, weights, bias and mask, the same on every machine."""
    dh = np.sin(1.7 * np.arange(N * H) + 0.4).reshape(N, H)
    x = np.cos(0.9 * np.arange(N * D)).reshape(N, D)
    W = np.sin(0.6 * np.arange(H * D) + 1).reshape(H, D)
    mask = ((0.37 * np.arange(1, N * H + 1) % 1) >= p).reshape(N, H) / (1 - p)
    return dh, x, W, np.linspace(-0.5, 0.4, H), mask


# %% [markdown] id="hidden-backward-statement" statement="hidden-backward"
# ### Exercise 4: dropout, backwards
#
# Write `hidden_backward(dh, x, W, b, mask)`. `dh (N, H)` is the gradient of the loss with respect to $h$. Return `dx (N, D)`, `dW (H, D)` and `db (H,)`. The mask is given, with its factor: draw no new one. Sums over the batch, no mean. `hidden_layer` is the
# forward pass, to compare with; the answer may not call it.
#
# Check by hand: `x = [[1]]`, `W = [[0]]`, `b = [0]`, `mask = [[2]]` and `dh = [[3]]` give `dx = [[0]]`, `dW = [[6]]`, `db = [6]`.


# %% id="hidden-backward" exercise=true difficulty=2 by_hand="hidden_layer nn optim data train"
def hidden_backward(dh, x, W, b, mask):
    """Gradients of a hidden layer with dropout: dx (N, D), dW (H, D), db (H,)."""
    ### BEGIN SOLUTION
    a = np.tanh(x @ W.T + b)
    dz = dh * mask * (1 - a * a)
    return dz @ W, dz.T @ x, dz.sum(axis=0)
    ### END SOLUTION


# %% [markdown] id="hidden-backward-hints" hints="hidden-backward"
# - unmasked: The gradient went through units that were dropped: multiply by the mask.
# - factor: The mask's factor 1/(1 − p) is part of the forward pass, and so of the gradient.
# - slope: The slope of tanh is missing.
# - output: 1 − a² needs the output of tanh, before the mask; h is after it.
# - mean: A sum over the batch, not a mean: the division by N belongs to the loss.
# - twice: The mask belongs into the gradient once; here it is there twice.


# %% id="hidden-backward-bias" test="hidden-backward" points=3
@check.exercise("11-regularisers/hidden-backward")
def gradient_of_the_bias():
    """The gradient of the bias"""
    dh, x, W, b, mask = hidden_case(4, 3, 5, 0.4)
    a = np.tanh(x @ W.T + b)
    slope = 1 - a * a
    _, _, db = check.call(hidden_backward, dh, x, W, b, mask, returns=("dx", "dW", "db"))
    check.close(
        db,
        (dh * mask * slope).sum(axis=0),
        name="db",
        hints={
            "unmasked": lambda right: (dh * slope).sum(axis=0),
            "factor": lambda right: right * 0.6,
            "slope": lambda right: (dh * mask).sum(axis=0),
            "output": lambda right: (dh * mask * (1 - (a * mask) ** 2)).sum(axis=0),
            "mean": lambda right: right / 4,
            "twice": lambda right: (dh * mask**2 * slope).sum(axis=0),
        },
    )


# %% id="hidden-backward-weights" test="hidden-backward" points=2
@check.exercise("11-regularisers/hidden-backward")
def gradients_of_weights_and_inputs():
    """The gradients of the weights and the inputs"""
    dh, x, W, b, mask = hidden_case(3, 4, 2, 0.5)
    dx, dW, _ = check.call(hidden_backward, dh, x, W, b, mask, returns=("dx", "dW", "db"))
    check.gradient(lambda W: np.sum(dh * hidden_layer(x, W, b, mask)), dW, W, name="dW")
    check.gradient(lambda x: np.sum(dh * hidden_layer(x, W, b, mask)), dx, x, name="dx")


# %% id="hidden-backward-hidden" test="hidden-backward" points=3 hidden=true
@check.exercise("11-regularisers/hidden-backward", hidden=True)
def one_example_and_silent_layers():
    """One example, and a layer that is silent altogether"""
    rng = check.rng(4)
    for N, D, H, p in [(1, 3, 4, 0.5), (6, 2, 3, 0.2), (2, 5, 4, 1.0)]:
        dh, x, W, b = rng.normal(size=(N, H)), rng.normal(size=(N, D)), rng.normal(size=(H, D)), rng.normal(size=H)
        z, linear_cache = nn.linear(x, W, b)
        a, tanh_cache = nn.tanh(z)
        _, mask = nn.dropout(a, rng.uniform(size=(N, H)) >= p, p)
        right = nn.linear_backward(nn.tanh_backward(nn.dropout_backward(dh, mask), tanh_cache), linear_cache)
        got = check.call(hidden_backward, dh, x, W, b, mask, returns=("dx", "dW", "db"))
        for name, mine, theirs in zip(("dx", "dW", "db"), got, right, strict=True):
            check.close(mine, theirs, name=f"{name} for N = {N}, p = {p}")


# %% [markdown] id="dropout-run-text"
# Now the patient again. The paper that the book cites also drops a fifth of the *inputs* (the book says that the inputs stay untouched), and what the book calls a modified L2 is a limit on the length of the weight vector that enters each unit, the *max-norm* constraint.

# %% id="dropout-run"
for name, options in {
    "none": dict(),
    "p = 0.2": dict(p=0.2),
    "p = 0.5": dict(p=0.5),
    "p = 0.5 and L2, λ = 0.3": dict(p=0.5, l2=0.3),
    "p = 0.5, inputs 0.2, max-norm 3": dict(p=0.5, p_input=0.2, longest=3.0),
}.items():
    trained[name] = learn(noisy.x_train, noisy.y_train, **options)
    print(
        f"{name:<32} training {score(trained[name], noisy.x_train, noisy.y_train):.3f}   "
        f"test {score(trained[name], noisy.x_test, noisy.y_test):.3f}"
    )

# %% [markdown] id="dropout-run-meaning"
# Without a cure the network reads 0.831 of the clean test digits; with $p = 0.2$ 0.878, with $p = 0.5$ 0.908. Training accuracy *falls*, from 0.860 to 0.817, and that is as it should be: a part of the training labels is wrong, and they are no longer learnt by heart. More cures at once
# did not help further here.

# %% [markdown] id="ensemble"
# ## An ensemble of a thousand networks
#
# Train several networks on the same data and let them vote: each overfits in its own way, and a part of the errors cancels. Here five networks, none with a cure, that differ in their start only.

# %% id="vote"
votes = np.array(
    [train.predict(learn(noisy.x_train, noisy.y_train, seed=seed), noisy.x_test).argmax(axis=1) for seed in range(1, 6)]
)
counts = np.array([(votes == label).sum(axis=0) for label in range(10)])
print("each alone:", (votes == noisy.y_test).mean(axis=1).round(3))
print(f"the vote:   {(counts.argmax(axis=0) == noisy.y_test).mean():.3f}")

# %% [markdown] id="vote-meaning"
# The vote, 0.897, is better than each of the five, at five times the price. And look at the spread: from 0.797 to 0.886 by the start alone. The gains of L1 and L2 above lie within it, and even that of dropout is no proof from one start. A serious comparison needs several.

# %% [markdown] id="ensemble-text"
# Dropout is like that with very many networks: $H$ hidden units have $2^H$ thinned networks, which share their weights. Ten hidden units make 1,024, few enough to ask every one. Is the whole network, with the weights as inverted dropout leaves them, their average?

# %% [markdown] id="ensemble-question" question="predict"
# One softmax layer follows the dropout, $p = ½$. Which average of the 1,024 answers is *exactly* the answer of the whole network?
#
# - [ ] the mean of the probabilities: softmax bends, so the mean of the softmaxes is not the softmax of the mean.
# - [x] the geometric mean, scaled to sum 1: it averages the logarithms, which are linear in the units here.
# - [ ] none: for one softmax layer there is one that is exact; with more layers there is none.

# %% id="enumerate"
small = learn(noisy.x_train, noisy.y_train, hidden=10, p=0.5)
a = train.predict(nn.Sequential(small[0], small[1]), noisy.x_test)
W, b = small[3].weight.data, small[3].bias.data
masks = (np.arange(1024)[:, None] >> np.arange(10)) & 1
logits = np.einsum("mh,nh,kh->mnk", 2.0 * masks, a, W, optimize=True) + b
logs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
arithmetic, geometric = np.exp(logs).mean(axis=0), np.exp(logs.mean(axis=0))
geometric /= geometric.sum(axis=-1, keepdims=True)
whole = nn.softmax(a @ W.T + b)[0]
print(f"logits: whole network against the mean of all: {np.abs(a @ W.T + b - logits.mean(axis=0)).max():.1e}")
print(
    f"probabilities: against the geometric mean {np.abs(whole - geometric).max():.1e}, the arithmetic {np.abs(whole - arithmetic).max():.2f}"
)
alone = (logs.argmax(axis=-1) == noisy.y_test).mean()
print(
    f"accuracy: one thinned network {alone:.3f} on average, whole {(whole.argmax(1) == noisy.y_test).mean():.3f}, ",
    end="",
)
print(f"arithmetic mean {(arithmetic.argmax(1) == noisy.y_test).mean():.3f}")

# %% [markdown] id="ensemble-meaning"
# The logits of the whole network are the mean of all thinned ones, to the last digits, and its probabilities the geometric mean. The ordinary mean of the probabilities differs by up to 0.33, but reads almost equally well: 0.867 against 0.869. One thinned network alone reads 0.568. With
# a second hidden layer behind the dropout none of this is exact; the whole network is then an approximation, and in practice a good one.

# %% [markdown] id="dropout-widget-text"
# ## Try it
#
# Change $p$, and draw new masks. On the right is the first output over 1,000 masks: the solid line is the mean over these masks, the dotted line the whole network. How wide is the histogram at $p = 0.1$, and at $0.8$?


# %% id="dropout-widget" folded=true
def mask_run(p, number):
    rng = np.random.default_rng(7)
    a, w = rng.uniform(0.2, 1, 8), rng.normal(size=8)
    masks = nn.dropout_mask((1000, 8), p, np.random.default_rng(number))
    outputs = nn.dropout(np.broadcast_to(a, (1000, 8)), masks, p)[0] @ w
    return masks[0], outputs, a @ w


def mask_figure(result):
    """A thinned network (left), one output over 1,000 masks (right)."""
    stays, outputs, whole = result
    figure = plots.figure(8.5, 3.6)
    left, right = figure.subplots(1, 2)
    plots.network(left, [4, 8, 3])
    for j in np.flatnonzero(~stays):
        left.text(2.4, 3.5 - j, "✕", color=plots.VERMILION, fontsize=20, ha="center", va="center", zorder=6)
    right.hist(outputs, bins=30, color=plots.SKY)
    right.axvline(outputs.mean(), color=plots.BLUE, label="mean over the masks")
    right.axvline(whole, color=plots.BLACK, linestyle=":", linewidth=3, label="whole network")
    right.set(xlabel="output", ylabel="how many masks")
    right.legend()
    return figure


widgets.explore(
    mask_figure,
    dict(
        p=widgets.Slider(0.0, 0.9, 0.5, step=0.05, label="p, probability of dropping"),
        number=widgets.Slider(1, 50, 1, label="new mask"),
    ),
    compute=mask_run,
    alt=lambda result: (
        f"{(~result[0]).sum()} of eight hidden units are struck out. Over 1,000 masks the output has mean "
        f"{result[1].mean():.2f} and spread {result[1].std():.2f}; the whole network says {result[2]:.2f}."
    ),
    table=lambda result: {
        "dropped": int((~result[0]).sum()),
        "mean over the masks": result[1].mean(),
        "standard deviation": result[1].std(),
        "whole network": result[2],
    },
    title="A thinned network",
)

# %% [markdown] id="uncertain-text"
# One more use: keep dropout on, ask a hundred times, and look how far the answers agree. Where they do not, the network should not be trusted. This is called *Monte Carlo dropout*.

# %% id="uncertain"
model = trained["p = 0.5"]
model.train()
answers = np.array([nn.softmax(model(noisy.x_test))[0] for _ in range(100)])
model.eval()
mean = answers.mean(axis=0)
right, sure = mean.argmax(axis=1) == noisy.y_test, mean.max(axis=1)
order = np.argsort(-sure)
print(f"the surer half: {right[order[:180]].mean():.3f} right, the less sure half: {right[order[180:]].mean():.3f}")

# %% [markdown] id="more-data"
# ## More data, and what an algorithm is worth
#
# The best cure is more data. How much does it bring? Clean digits now, from 50 to 1,000 of them. To compare fairly, the book keeps $\lambda/n$ and the number of updates: λ grows with $n$, and the number of epochs falls. Beside the network stands a
# support vector machine as scikit-learn gives it, and here the book's comparison needs redoing.

# %% id="learning-curve"
whole_set = data.digits()
sizes, curves = [50, 100, 200, 500, 1000], {"network": []}
for n in sizes:
    x, y = whole_set.x_train[:n], whole_set.y_train[:n]
    curves["network"].append(
        score(learn(x, y, hidden=30, epochs=20_000 // n, l2=0.1 * n / 1000, lr=0.3), whole_set.x_test, whole_set.y_test)
    )
try:
    from sklearn.svm import SVC
except ImportError:
    print('scikit-learn is not installed: pip install "dlbook[course]"')
else:
    for gamma in ("auto", "scale"):
        curves[f"SVM, gamma = {gamma}"] = [
            SVC(gamma=gamma).fit(whole_set.x_train[:n], whole_set.y_train[:n]).score(whole_set.x_test, whole_set.y_test)
            for n in sizes
        ]
for name, values in curves.items():
    print(f"{name:<20}", "  ".join(f"n = {n}: {value:.3f}" for n, value in zip(sizes, values, strict=True)))

slope, start = np.polyfit(np.log10(sizes[-3:]), np.log10(1 - np.array(curves["network"][-3:])), 1)
print(
    f"the network's errors fall like n^{slope:.2f}; at n = 10,000 that line promises {1 - 10 ** (start + 4 * slope):.3f}"
)
figure = plots.figure(6.5, 3.2)
ax = figure.subplots()
plots.learning_curves(ax, curves, x=sizes, xlabel="training digits", ylabel="test accuracy")
ax.set_xscale("log")
plots.show(
    figure,
    alt="Test accuracy against the number of training digits on a logarithmic axis; all three curves rise, the SVM with gamma auto far below the other two at the start.",
)

# %% [markdown] id="learning-curve-meaning"
# The book's network is above the SVM at every size. That rests on `gamma="auto"`, the default of scikit-learn before version 0.22: with it the SVM reads 0.322 at $n = 100$. Today's default is `gamma="scale"`, and from $n = 100$ on the SVM is *ahead* of the network: 0.886 against 0.869, and
# 0.989 against 0.956 with 1,000 digits. With 50 digits the network leads. So the order depends on the size, and on a setting that nobody mentioned. Read claims about benchmarks with that in mind.
#
# The curves still rise on the logarithmic axis. But the straight line through three points promises more than anybody should believe.

# %% [markdown] id="augment"
# ## Data for nothing
#
# A 5 that is turned by 15° is still a 5, but its pixels are new numbers. So each image can be used again, shifted, turned, slanted or bent. (The Portuguese edition of the book speaks of *translating* as if the digits were a language; it means shifting.)
#
# One rule serves for all: for every pixel of the result, ask from where in the image it comes. That place lies between pixels, and the value is read by *bilinear interpolation*: a mean of the four neighbours, each weighted by its nearness. Pushing the pixels
# forwards instead would leave holes.

# %% id="gallery"
mnist = data.mnist()
original = mnist.x_train[mnist.y_train == 5][:1].reshape(1, 28, 28)
dy, dx = data.displacement((1, 28, 28), 40.0, 4.0, np.random.default_rng(0))
variants = {
    "as it is": original,
    "shift": data.shift(original, 2, 3),
    "rotate": data.rotate(original, 15),
    "shear": data.shear(original, 0.3),
    "elastic": data.elastic(original, dy, dx),
    "rough": data.elastic(original, *data.displacement((1, 28, 28), 4.0, 0.5, np.random.default_rng(0))),
}
plots.show(
    plots.image_grid(np.concatenate(list(variants.values())), list(variants), columns=6),
    alt="A 5 six times: as it is, shifted, rotated by 15 degrees, slanted, elastically bent so that it looks like another hand's, and torn into noise by a rough field.",
)

# %% [markdown] id="elastic-text"
# The elastic one imitates the tremor of a hand. Simard, Steinkraus and Platt drew a random displacement for each pixel and smoothed them, $u = \alpha\,G_\sigma * U(-1, 1)$, once for rows and once for columns. Without the smoothing the digit is torn, as the last picture shows.

# %% [markdown] id="elastic-statement" statement="elastic"
# ### Exercise 5: elastic deformation
#
# Write `elastic_deformation(img, dy, dx)`. All three are `(H, W)`. The result at `[i, j]` is the image at row `i + dy[i, j]` and column `j + dx[i, j]`. For a place $(r, c)$ between pixels, with $r_0 = \lfloor r\rfloor$, $c_0 = \lfloor c\rfloor$, $s = r - r_0$ and $t = c - c_0$:
#
# $$(1-s)(1-t)\,I[r_0, c_0] + (1-s)\,t\,I[r_0, c_0+1] + s\,(1-t)\,I[r_0+1, c_0] + s\,t\,I[r_0+1, c_0+1]$$
#
# Pixels outside the image count as 0, and displacements may be large. A loop over the pixels is allowed.
#
# Check by hand: in `[[0, 4], [8, 0]]` with `dy` = 0.5 and `dx` = 0 everywhere, the upper row becomes `[4, 2]` and the lower `[4, 0]`.


# %% id="elastic" exercise=true difficulty=3 by_hand="nn optim data train"
def elastic_deformation(img, dy, dx):
    """The image (H, W) read at (i + dy, j + dx), bilinearly, 0 outside -> (H, W)."""
    ### BEGIN SOLUTION
    H, W = img.shape
    i, j = np.indices((H, W))
    r, c = i + dy, j + dx
    r0, c0 = np.floor(r).astype(int), np.floor(c).astype(int)
    s, t = r - r0, c - c0

    def pixel(row, column):
        inside = (row >= 0) & (row < H) & (column >= 0) & (column < W)
        return np.where(inside, img[np.clip(row, 0, H - 1), np.clip(column, 0, W - 1)], 0.0)

    upper = (1 - t) * pixel(r0, c0) + t * pixel(r0, c0 + 1)
    lower = (1 - t) * pixel(r0 + 1, c0) + t * pixel(r0 + 1, c0 + 1)
    return (1 - s) * upper + s * lower
    ### END SOLUTION


# %% [markdown] id="elastic-hints" hints="elastic"
# - sign: The displacement points to where the value comes from: i + dy, not i − dy.
# - swapped: dy moves along rows, the first axis; dx along columns, the second.
# - nearest: That is the nearest pixel: between pixels the four neighbours are mixed.
# - edge: Outside the image there is 0, not the pixel at the edge.
# - wrap: What leaves on one side must not come in on the other: a negative index counts from the end.


# %% id="elastic-whole" test="elastic" points=2
@check.exercise("11-regularisers/elastic")
def whole_pixels():
    """Displacements of whole pixels"""
    img = np.cos(0.9 * np.arange(30)).reshape(5, 6)
    dy, dx = np.zeros((5, 6)), np.zeros((5, 6))
    dy[1, 2], dx[2, 3], dy[3, 4], dx[3, 4] = 1, -1, -1, 1
    out = check.call(elastic_deformation, img, dy, dx, returns=("image",))
    check.close(
        out,
        data.elastic(img[None], dy, dx)[0],
        name="image",
        hints={
            "sign": lambda right: data.elastic(img[None], -dy, -dx)[0],
            "swapped": lambda right: data.elastic(img[None], dx, dy)[0],
        },
    )


# %% id="elastic-between" test="elastic" points=2
@check.exercise("11-regularisers/elastic")
def between_pixels():
    """Places between pixels"""
    img = np.sin(0.7 * np.arange(20) + 0.2).reshape(4, 5)
    dy, dx = np.zeros((4, 5)), np.zeros((4, 5))
    dy[1:3, 1:4], dx[1:3, 1:4] = 0.3, -0.6
    check.close(
        check.call(elastic_deformation, img, dy, dx, returns=("image",)),
        data.elastic(img[None], dy, dx)[0],
        name="image",
        hints={"nearest": lambda right: data.elastic(img[None], np.rint(dy), np.rint(dx))[0]},
    )


# %% id="elastic-outside" test="elastic" points=2
@check.exercise("11-regularisers/elastic")
def places_outside():
    """Places outside the image"""
    img = 1 + np.cos(0.8 * np.arange(12)).reshape(4, 3)
    dy, dx = np.full((4, 3), 1.5), np.full((4, 3), -0.75)

    def continued(mode):
        wide = np.pad(img, 3, mode=mode)
        return data.elastic(wide[None], np.pad(dy, 3, mode="edge"), np.pad(dx, 3, mode="edge"))[0, 3:-3, 3:-3]

    check.close(
        check.call(elastic_deformation, img, dy, dx, returns=("image",)),
        data.elastic(img[None], dy, dx)[0],
        name="image",
        hints={"edge": lambda right: continued("edge"), "wrap": lambda right: continued("wrap")},
    )


# %% id="elastic-hidden" test="elastic" points=2 hidden=true
@check.exercise("11-regularisers/elastic", hidden=True)
def random_fields():
    """Random fields, a single row, large displacements"""
    rng = check.rng(5)
    for shape, reach in [((7, 5), 1.5), ((1, 6), 0.8), ((3, 4), 30.0)]:
        img, dy, dx = rng.uniform(size=shape), rng.uniform(-reach, reach, shape), rng.uniform(-reach, reach, shape)
        out = check.call(elastic_deformation, img, dy, dx, returns=("image",))
        check.close(out, data.elastic(img[None], dy, dx)[0], name=f"image of shape {shape}")


# %% [markdown] id="table-text"
# ## Does it help?
#
# The book says that expanding the data works almost as well as more data. But the digits are centred and upright in training and in the test. Will shifted copies help to read them?

# %% [markdown] id="augment-question" question="predict"
# A network learns from 1,000 centred digits, another from these and a copy of each, shifted by one pixel. What happens on the *centred* test digits?
#
# - [ ] The second is clearly better: it has seen twice as many images; but the new ones answer a question that this test does not ask.
# - [x] It reads about as well as the first: shifts are not a variation that this test has.
# - [ ] The second fails: the centred digits are still half of what it learns from.

# %% id="table"
rng = np.random.default_rng(0)
x, y = whole_set.x_train[:1000], whole_set.y_train[:1000]
images, tests = x.reshape(-1, 8, 8), whole_set.x_test.reshape(-1, 8, 8)


def shifted(images, rng):
    """Every image moved by one pixel, up, down, left or right."""
    ways = rng.integers(0, 4, len(images))
    moved = np.empty_like(images)
    for way, (dy, dx) in enumerate([(1, 0), (-1, 0), (0, 1), (0, -1)]):
        moved[ways == way] = data.shift(images[ways == way], dy, dx)
    return moved


def turned(images, rng):
    """Every image rotated, by up to 20 degrees either way."""
    return data.rotate(images, rng.uniform(-20, 20, len(images)))


def bent(images, rng):
    """Every image deformed elastically."""
    return data.elastic(images, *data.displacement(images.shape, 4.0, 1.5, rng))


test_sets = {
    "as they are": tests,
    "shifted": shifted(tests, rng),
    "turned": data.rotate(tests, rng.choice([-15.0, 15.0], len(tests))),
}
recipes = {
    "nothing": [],
    "shifts": [shifted],
    "rotations": [turned],
    "elastic": [bent],
    "all three": [shifted, turned, bent],
}
networks = {}
for name, recipe in recipes.items():
    more = np.concatenate([images, *(change(images, rng) for change in recipe)]).reshape(-1, 64)
    labels = np.tile(y, len(recipe) + 1)
    networks[name] = learn(more, labels, hidden=50, epochs=36 // (len(recipe) + 1))
    results = [
        f"{test} {score(networks[name], z.reshape(-1, 64), whole_set.y_test):.3f}" for test, z in test_sets.items()
    ]
    print(f"{name:<10}", "   ".join(results))

# %% [markdown] id="table-meaning"
# All five networks make about the same number of steps. On the digits as they are, shifts change next to nothing: 0.967 and 0.972. On shifted digits they change everything: 0.403 and 0.850. Rotations lift the turned test from 0.811 to 0.900, and do nothing for the shifted one. All three together
# are best on the plain test too, with 0.983; that is six digits of 360 more than with nothing, from one start.
#
# Each augmentation teaches what it contains. Had we looked at the first column only, as the book does, we should have missed what was learnt.

# %% [markdown] id="augment-widget-text"
# ## Try it
#
# Move, turn and bend one test digit. Two networks read it: one that saw the 1,000 digits as they are, one that saw "all three". Where does each lose it? And at which angle does a 6 become something else?


# %% id="augment-widget" folded=true
def reading(digit, angle, down, right, alpha, sigma):
    image = tests[digit : digit + 1]
    image = data.elastic(image, *data.displacement(image.shape, alpha, sigma, np.random.default_rng(1)))
    image = data.shift(data.rotate(image, angle), down, right)
    said = [nn.softmax(networks[name](image.reshape(1, 64)))[0][0] for name in ("nothing", "all three")]
    return image, said, int(whole_set.y_test[digit])


def reading_figure(result):
    """The digit (left), the probabilities of both networks (right)."""
    image, said, label = result
    figure = plots.figure(8, 3)
    left, right = figure.subplots(1, 2, width_ratios=(1, 2))
    left.imshow(image[0], cmap="gray_r", vmin=0, vmax=1)
    left.set_title(f"label {label}")
    left.set_axis_off()
    right.bar(np.arange(10) - 0.2, said[0], 0.4, color=plots.BLUE, label="without augmentation")
    right.bar(np.arange(10) + 0.2, said[1], 0.4, color=plots.ORANGE, hatch="//", label="with augmentation")
    right.set(xlabel="digit", ylabel="probability", xticks=range(10), ylim=(0, 1))
    right.legend()
    return figure


widgets.explore(
    reading_figure,
    dict(
        digit=widgets.Slider(0, 359, 6, label="test digit"),
        angle=widgets.Slider(-180, 180, 15, step=5, label="angle"),
        down=widgets.Slider(-3.0, 3.0, 1.0, step=0.5, label="down"),
        right=widgets.Slider(-3.0, 3.0, 0.0, step=0.5, label="right"),
        alpha=widgets.Slider(0.0, 12.0, 0.0, step=0.5, label="α"),
        sigma=widgets.Slider(0.5, 3.0, 1.5, step=0.1, label="σ"),
    ),
    compute=reading,
    alt=lambda result: (
        f"A digit with label {result[2]}; the network without augmentation says {result[1][0].argmax()} "
        f"({result[1][0].max():.0%}), the one with it {result[1][1].argmax()} ({result[1][1].max():.0%})."
    ),
    table=lambda result: {
        "digit": list(range(10)),
        "without augmentation": result[1][0].round(3).tolist(),
        "with augmentation": result[1][1].round(3).tolist(),
    },
    title="Two readers",
)

# %% [markdown] id="mistakes"
# ## Common mistakes
#
# - **Augmenting before the split.** Copies of one image land on both sides, and the test set is no longer new. Split first, and augment only the training part.
# - **A change that breaks the label.** The book does not warn of it. Half a turn makes a 9 of a 6, and a mirror spoils most digits:

# %% id="six"
six, nine = tests[whole_set.y_test == 6], tests[whole_set.y_test == 9]
for name, images_of in {"6": six, "9": nine}.items():
    said = networks["nothing"](data.rotate(images_of, 180).reshape(-1, 64)).argmax(axis=1)
    print(f"{name} turned by 180°: read as 6 {(said == 6).mean():.0%}, as 9 {(said == 9).mean():.0%}")

# %% [markdown] id="mistakes-more"
# - **Dropout left on in use.** Every answer is then drawn by lot. Here `model.eval()` turns it off, as in PyTorch.
# - **`p` read as the probability of staying.** In the papers it often is; in PyTorch and here it is the probability of dropping.
# - **Dividing by $1-p$ in training *and* scaling in use.** One of the two, never both.
# - **Regularising the biases.** They make no unit sensitive to its inputs.
# - **Counting zeros after sub-gradient steps.** There are none; use the soft threshold.
#
# Dropout is rarer in convolutional networks since batch normalisation came, and still common in transformers.

# %% [markdown] id="torch"
# ## The same in PyTorch

# %% id="torch-check"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    torch.manual_seed(0)
    layer = torch.nn.Dropout(0.25)
    a = torch.ones(2, 4, dtype=torch.float64, requires_grad=True)
    out = layer(a)
    (3 * out).sum().backward()
    mask = out.detach().numpy() > 0
    mine, cache = nn.dropout(np.ones((2, 4)), mask, 0.25)
    backward = nn.dropout_backward(np.full((2, 4), 3.0), cache)
    print("in training:", out.detach().numpy()[0].round(3))
    print("forward and backward equal:", np.allclose(mine, out.detach()), np.allclose(backward, a.grad))
    print("after eval():", layer.eval()(a).detach().numpy()[0])
    u = torch.tensor([-3.0, -0.5, 0.0, 0.5, 3.0])
    print("softshrink: ", torch.nn.functional.softshrink(u, 1.0).numpy())

# %% [markdown] id="gpu"
# The optimisers of PyTorch know L2 (`weight_decay`) but not L1: add `strength * w.abs().sum()` to the loss, or apply `softshrink` after the step. On a GPU dropout costs next to nothing. Augmentation is usually done while the batches are loaded, a new
# change at each epoch (`torchvision.transforms.v2` has `RandomAffine` and `ElasticTransform`).

# %% [markdown] id="schedule-quiz" question="quiz"
# With 50,000 examples you used $\lambda = 5$ and 30 epochs. Now there are 1,000. Which values keep $\lambda/n$ and the number of updates?
#
# - [ ] λ = 5, 30 epochs: λ/n is then fifty times as large, and there are fifty times fewer updates.
# - [x] λ = 0.1, 1,500 epochs: both λ and the length of an epoch are fifty times smaller.
# - [ ] λ = 250, 1,500 epochs: the epochs are right, but λ must shrink with n.

# %% [markdown] id="vote-quiz" question="quiz"
# Five networks read a digit as 3, 3, 3, 8, 9. How should they be combined?
#
# - [ ] by the mean, 5: labels are names, and a mean of names says nothing.
# - [x] by the vote, 3: the most frequent label wins; or add up the probabilities, and take the largest.
# - [ ] by the last, 9: the order of the networks means nothing.

# %% [markdown] id="questions"
# ## To think about
#
# 1. "Which algorithm is better?" Why is the question incomplete?
# 2. A unit is dropped with $p = 0.9$. How large is the spread of its output, compared with the output itself?
# 3. Why may one not tune the elastic α on the test set?
# 4. Which augmentations suit recorded speech?
#
# <details><summary>Answers</summary>
#
# 1. It depends on the amount of data: curves can cross. And more data can be worth more than a better algorithm: the book's own figures have the weaker one with 50,000 images (94.48 %) ahead of the better one with 5,000 (93.24 %).
# 2. The standard deviation is $\sqrt{p/(1-p)}\,|a| = 3|a|$.
# 3. It is a hyperparameter like any other: choose it by the validation set.
# 4. Noise from the background, slower and faster speech, a little higher or lower. Or clean the input first, by a filter.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# Nielsen, *Neural Networks and Deep Learning* (2015), chapter 3, which the book follows. Tibshirani, *Regression shrinkage and selection via the lasso* (1996). Daubechies, Defrise and De Mol (2004), for the soft threshold. Hinton et al., *Improving neural networks by preventing
# co-adaptation of feature detectors*, arXiv 1207.0580 (2012): on MNIST, dropout and max-norm took a plain network from 98.4 to 98.7 %. Srivastava et al., *Dropout*, JMLR 15 (2014). Gal and Ghahramani (2016), for Monte Carlo dropout. Simard, Steinkraus and Platt, *Best practices for convolutional neural networks* (2003): 800
# hidden units, 98.4 % plain, 98.9 % with shifts, rotations and skews, 99.3 % with elastic distortions. Banko and Brill (2001), on data against algorithms.
#
# Next: how the weights should start.
