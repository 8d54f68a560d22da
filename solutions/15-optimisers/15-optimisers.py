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
#     title: Optimisers
#     minutes: 110
#     needs: [14-batch-size]
#     book: [30]
# ---

# %% [markdown] id="title"
# # Optimisers: how to walk down when you only feel the slope
#
# **After this page you can** write momentum and Adam by hand, say what bias correction corrects, use curvature without ever writing down a Hessian, and choose an optimiser for a reason.
#
# The book gives chapter 30 to two ideas, the Hessian and momentum. It never teaches Nesterov, Adagrad, RMSprop or Adam, with which nearly every network since 2015 has been trained. They are here.
#
# **Time** 40 minutes to read, 70 for the five exercises. **You need** gradient descent (chapter 05), mini-batches and their noise (14), matrices and eigenvalues.

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, nn, optim, plots

# %% [markdown] id="surfaces"
# ## Four landscapes
#
# A network's loss has thousands of dimensions and no picture. Four surfaces over the plane show its troubles one at a time.
#
# - The *bowl* is equally steep on all sides. Everything works here.
# - The *ravine* is 100 times as curved across as along. The ratio $\kappa = 100$ of the curvatures is its *condition number*. The *turned ravine* is the same, rotated by 45°.
# - The *saddle* falls to both sides of a ridge and rises along the other axis. Its level point is no minimum.
# - *Rosenbrock's valley* is curved: its floor is easy to find and hard to follow. The lowest point is $(1, 1)$.


# %% id="surface-functions" given=true
def quadratic(H):
    """C(w) = ½ wᵀH w as (value at arrays x and y, gradient at w, Hessian at w)."""
    H = np.asarray(H, dtype=float)

    def value(x, y):
        return 0.5 * (H[0, 0] * x * x + 2 * H[0, 1] * x * y + H[1, 1] * y * y)

    return value, lambda w: H @ w, lambda w: H


def rosenbrock():
    """C(x, y) = (1 - x)² + 100 (y - x²)², its gradient and its Hessian."""

    def value(x, y):
        return (1 - x) ** 2 + 100 * (y - x * x) ** 2

    def gradient(w):
        x, y = w
        return np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])

    def hessian(w):
        x, y = w
        return np.array([[2 - 400 * y + 1200 * x * x, -400 * x], [-400 * x, 200.0]])

    return value, gradient, hessian


SURFACES = {
    "bowl": quadratic([[1, 0], [0, 1]]),
    "ravine": quadratic([[1, 0], [0, 100]]),
    "turned": quadratic([[50.5, -49.5], [-49.5, 50.5]]),
    "saddle": quadratic([[2, 0], [0, -2]]),
    "rosenbrock": rosenbrock(),
}
STARTS = {"bowl": (1, 1), "ravine": (1, 1), "turned": (0, 2**0.5), "saddle": (1, 0.01), "rosenbrock": (-1.2, 1)}

# %% id="walk-functions" folded=true
OPTIMISERS = {
    "SGD": lambda w, lr, mu: optim.SGD(w, lr),
    "momentum": lambda w, lr, mu: optim.SGD(w, lr, momentum=mu),
    "Nesterov": lambda w, lr, mu: optim.SGD(w, lr, momentum=mu, nesterov=mu > 0),
    "Adagrad": lambda w, lr, mu: optim.Adagrad(w, lr),
    "RMSprop": lambda w, lr, mu: optim.RMSprop(w, lr, alpha=0.9),
    "Adam": lambda w, lr, mu: optim.Adam(w, lr, betas=(min(mu, 0.999), 0.999)),
    "AdamW": lambda w, lr, mu: optim.AdamW(w, lr, betas=(min(mu, 0.999), 0.999)),
}


def walk(surface, optimiser, lr, mu=0.9, steps=100, goal=None, tol=0.0):
    """The places an optimiser passes, (steps + 1, 2); it ends within `tol` of `goal`, or where it leaves for infinity."""
    _, gradient, hessian = SURFACES[surface]
    w = nn.Parameter(np.array(STARTS[surface], dtype=float))
    rule = None if optimiser == "Newton" else OPTIMISERS[optimiser]([w], lr, mu)
    path = [w.data]
    for _ in range(steps):
        w.grad = gradient(w.data)
        if rule is None:
            w.data = optim.newton_step(w.data, w.grad, hessian(w.data), lr=lr)
        else:
            rule.step()
        path.append(w.data)
        if np.abs(w.data).max() > 1e6 or (goal is not None and np.linalg.norm(w.data - goal) <= tol):
            break
    return np.array(path)


# %% [markdown] id="ravine-question" question="predict"
# The ravine, from $(1, 1)$ to within $10^{-6}$ of the lowest point. Plain gradient descent at its best learning rate needs 709 steps. How many does the best momentum need?
#
# - [ ] About 350: friction lowers the number by more than a factor of two.
# - [x] 95: with momentum the steps grow with $\sqrt\kappa$ and no longer with $\kappa$.
# - [ ] 1: that takes the curvature itself; Newton's method does it.

# %% id="ravine-run"
kappa = 100
best_mu = ((np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1)) ** 2
best_lr = (2 / (np.sqrt(kappa) + 1)) ** 2
for name, lr, mu in [
    ("SGD", 2 / 101, 0),
    ("momentum", 0.02, 0.9),
    ("momentum", best_lr, best_mu),
    ("momentum", 0.02, 1.0),
    ("Newton", 1.0, 0),
]:
    path = walk("ravine", name, lr, mu, steps=2000, goal=np.zeros(2), tol=1e-6)
    distance = np.linalg.norm(path[-1])
    print(
        f"{name:9} η = {lr:.4f}, μ = {mu:.3f}: {len(path) - 1:4} steps, ",
        "arrived" if distance <= 1e-6 else f"still {distance:.2f} away",
    )

# %% [markdown] id="ravine-meaning"
# The best $\eta$ of plain descent is $2/(\lambda_{\min} + \lambda_{\max}) = 2/101$. Across the ravine it swings, along it it creeps, and each step keeps 99/101 of the distance.
# The best *heavy ball* has $\mu = \big(\frac{\sqrt\kappa-1}{\sqrt\kappa+1}\big)^2 = 0.669$ and keeps about $\sqrt\mu = 0.82$ of it (Polyak 1964). With $\mu = 1$ there is no friction, and the ball never comes to rest.

# %% [markdown] id="widget-text"
# ## Turn it, and let something roll
#
# Choose a surface, an optimiser, $\eta$ and $\mu$, and turn the view until you see why the path goes where it goes. Try three things. On the turned ravine, which optimisers are slower than on the straight one? (They treat each axis by itself.) On the
# saddle, where does Newton go with $\eta = 1$? On Rosenbrock's valley, what does $\mu = 0.99$ do?

# %% id="widget" folded=true
from dlbook import widgets

TITLES = {
    "bowl": "bowl",
    "ravine": "ravine",
    "turned": "turned ravine",
    "saddle": "saddle",
    "rosenbrock": "Rosenbrock's valley",
}


def rolled(surface, optimiser, lr, mu, steps, azimuth, elevation):
    """The path, its costs, and from where to look."""
    path = walk(surface, optimiser, lr, mu, steps)
    return surface, optimiser, path, SURFACES[surface][0](*path.T), azimuth, elevation


def rolled_figure(result):
    """The path on the surface (left, from where one looks), on the contour lines (middle), the cost by step (right)."""
    surface, optimiser, path, cost, azimuth, elevation = result
    value = SURFACES[surface][0]
    limits = ((-2, 2), (-1, 3)) if surface == "rosenbrock" else ((-1.6, 1.6), (-1.6, 1.6))
    figure = plots.figure(11, 3.6)
    left = figure.add_subplot(1, 3, 1, projection="3d")
    x, y = np.meshgrid(np.linspace(*limits[0], 41), np.linspace(*limits[1], 41))
    height = np.sqrt(value(x, y)) if surface == "rosenbrock" else value(x, y)
    left.plot_surface(x, y, height, cmap="Greys", alpha=0.55, linewidth=0)
    inside = path[(np.abs(path - np.mean(limits, axis=1)) <= np.ptp(limits, axis=1) / 2).all(axis=1)]
    lifted = value(*inside.T)
    lifted = np.sqrt(lifted) if surface == "rosenbrock" else lifted
    left.plot(*inside.T, lifted, ".-", color=plots.VERMILION, zorder=5)
    left.view_init(elev=elevation, azim=azimuth)
    left.set(xlabel="w₁", ylabel="w₂", zlabel="√C" if surface == "rosenbrock" else "C", title=TITLES[surface])
    middle, right = figure.add_subplot(1, 3, 2), figure.add_subplot(1, 3, 3)
    plots.contour_path(middle, value, limits, {optimiser: path}, log=surface != "saddle", resolution=80)
    middle.set(xlabel="w₁", ylabel="w₂")
    right.plot(cost)
    right.set(xlabel="step", ylabel="C", yscale="linear" if surface == "saddle" else "log")
    return figure


widgets.explore(
    rolled_figure,
    dict(
        surface=widgets.Options({name: key for key, name in TITLES.items()}, label="surface", value="ravine"),
        optimiser=widgets.Options([*OPTIMISERS, "Newton"], label="optimiser", value="momentum"),
        lr=widgets.LogSlider(0.0001, 1, 0.01, label="learning rate η"),
        mu=widgets.Slider(0.0, 1.0, 0.9, step=0.01, label="momentum μ (β₁ in Adam)"),
        steps=widgets.Slider(1, 200, 60, label="steps"),
        azimuth=widgets.Slider(-180, 180, -60, step=10, label="turn"),
        elevation=widgets.Slider(0, 90, 35, step=5, label="tilt"),
    ),
    compute=rolled,
    alt=lambda result: (
        f"{TITLES[result[0]]}, {result[1]}: from C = {result[3][0]:.3g} to C = {result[3][-1]:.3g} in {len(result[2]) - 1} steps, "
        f"ending at ({result[2][-1][0]:.3f}, {result[2][-1][1]:.3f}); seen from {result[4]}°, {result[5]}° above."
    ),
    table=lambda result: [
        {"step": int(t), "w₁": float(result[2][t][0]), "w₂": float(result[2][t][1]), "C": float(result[3][t])}
        for t in np.unique(np.linspace(0, len(result[2]) - 1, 6).astype(int))
    ],
    title="Down a surface that turns",
)

# %% [markdown] id="momentum"
# ## Momentum: a ball with friction
#
# Give every parameter a *velocity*. The gradient changes the velocity as a force would, and the velocity changes the position:
#
# $$v \to v' = \mu v - \eta\,\nabla C, \qquad w \to w' = w + v'$$
#
# $1-\mu$ is the friction. With $\mu = 0$ this is gradient descent. On a steady slope $g$ the velocity grows until friction and force balance, $v = -\eta g/(1-\mu)$: with $\mu = 0.9$ the ball runs ten times as fast. Across a ravine the gradient changes
# its sign at each step, and what it adds to the velocity cancels.
#
# The name *momentum coefficient* is standard and misleading: $\mu$ is no mass times velocity, it is what friction leaves.

# %% id="terminal-speed"
v = 0.0
for step in range(1, 61):
    v = 0.9 * v - 0.01 * 1.0
    if step in (1, 10, 20, 60):
        print(f"step {step:2}: velocity {v:.4f}")
print(f"-ηg/(1 - μ) = {-0.01 / (1 - 0.9):.4f}")

# %% [markdown] id="momentum-statement" statement="momentum-step"
# ### Exercise 1: a step of momentum (4 points)
#
# Write `momentum_step(w, v, g, eta, mu)`. `w`, `v`, `g` are arrays of one shape, any shape; it returns the new `w` and the new `v`, by the two equations above. It changes none of its arguments.
#
# Check by hand: `w = [1]`, `v = [0.5]`, `g = [2]`, `eta = 0.1`, `mu = 0.8` give `v' = [0.2]` and `w' = [1.2]`. The ball is still rolling uphill.


# %% id="momentum-step" exercise=true difficulty=1 by_hand="nn data optim walk"
def momentum_step(w, v, g, eta, mu):
    """New position and new velocity, (w', v'), each of the shape of w."""
    ### BEGIN SOLUTION
    v = mu * v - eta * g
    return w + v, v
    ### END SOLUTION


# %% [markdown] id="momentum-hints" hints="momentum-step"
# - uphill: The force has the wrong sign: the gradient is subtracted from the velocity.
# - averaged: The gradient is not multiplied by (1 − μ) here: friction acts on the velocity alone.
# - position: η belongs into the velocity, not into the step of the position: the two differ as soon as η changes.
# - minus: The velocity already points downhill: add it to w.
# - old: w moves by the new velocity, not by the old one.


# %% id="momentum-velocity" test="momentum-step" points=1
@check.exercise("15-optimisers/momentum-step")
def the_velocity():
    """The gradient and the friction change the velocity"""
    w, v, g = (
        np.linspace(-1, 2, 6).reshape(3, 2),
        np.cos(np.arange(6.0)).reshape(3, 2),
        np.linspace(3, -2, 6).reshape(3, 2),
    )
    _, new = check.call(momentum_step, w, v, g, 0.3, 0.7, returns=("w", "v"))
    check.close(
        new,
        0.7 * v - 0.3 * g,
        name="v",
        hints={
            "uphill": lambda right: 0.7 * v + 0.3 * g,
            "averaged": lambda right: 0.7 * v - 0.3 * 0.3 * g,
            "position": lambda right: 0.7 * v + g,
        },
    )


# %% id="momentum-position" test="momentum-step" points=1
@check.exercise("15-optimisers/momentum-step")
def the_position():
    """The new velocity changes the position"""
    w, v, g = (
        np.linspace(-1, 2, 6).reshape(3, 2),
        np.cos(np.arange(6.0)).reshape(3, 2),
        np.linspace(3, -2, 6).reshape(3, 2),
    )
    new, _ = check.call(momentum_step, w, v, g, 0.3, 0.7, returns=("w", "v"))
    check.close(
        new,
        w + 0.7 * v - 0.3 * g,
        name="w",
        hints={"minus": lambda right: w - (0.7 * v - 0.3 * g), "old": lambda right: w + v},
    )


# %% id="momentum-many" test="momentum-step" points=2 hidden=true
@check.exercise("15-optimisers/momentum-step", hidden=True)
def many_steps():
    """Twenty steps, any shape, no momentum"""
    rng = check.rng(30)
    for shape, mu in [((4,), 0.9), ((1,), 0.5), ((2, 3, 5), 0.0)]:
        w = rng.normal(size=shape)
        reference = nn.Parameter(w)
        sgd = optim.SGD([reference], 0.05, momentum=mu)
        v = np.zeros(shape)
        for _ in range(20):
            g = reference.grad = rng.normal(size=shape)
            sgd.step()
            w, v = check.call(momentum_step, w, v, g, 0.05, mu, returns=("w", "v"))
        check.close(w, reference.data, name=f"w for μ = {mu}")


# %% [markdown] id="torch-momentum"
# ### The other momentum
#
# PyTorch, and `dlbook.optim`, keep a velocity without $\eta$: $v \to \mu v + g$, $w \to w - \eta v$. With a constant $\eta$ both walk the same path, $v$ scaled by $-\eta$. They part when $\eta$ changes: the book's ball keeps the speed it has, PyTorch's changes it at once.

# %% id="two-momenta"
for name, rates in {"constant": [0.01] * 40, "a tenth after 20 steps": [0.01] * 20 + [0.001] * 20}.items():
    book_w, book_v, torch_w, torch_v = 1.0, 0.0, 1.0, 0.0
    for eta in rates:
        book_v = 0.9 * book_v - eta * book_w
        book_w = book_w + book_v
        torch_v = 0.9 * torch_v + torch_w
        torch_w = torch_w - eta * torch_v
    print(f"η {name}: the book's w = {book_w:.6f}, PyTorch's w = {torch_w:.6f}")

# %% [markdown] id="nesterov"
# ## Nesterov: brake before the bend
#
# Nesterov (1983) measures the gradient not here but where the velocity will carry the ball: $v' = \mu v - \eta\nabla C(w + \mu v)$. A ball that is about to overshoot feels the other wall a step earlier. PyTorch and `optim.SGD(nesterov=True)` write it so
# that only the gradient at the present point is needed: the step is along $g + \mu v$.

# %% id="nesterov-run"
for mu in (0.9, 0.95, 0.99):
    left = {}
    for name in ("momentum", "Nesterov"):
        path = walk("ravine", name, 0.005, mu, steps=60)
        left[name] = np.abs(path[-10:, 1]).max()
    print(
        f"μ = {mu}: swing across the ravine after 60 steps {left['momentum']:.1e}, with Nesterov {left['Nesterov']:.1e}"
    )

# %% [markdown] id="adaptive"
# ## A learning rate for each parameter
#
# A ravine is a disagreement among parameters: one wants a small $\eta$, another a large one. The adaptive methods divide each component by how large its gradients have been.
#
# $$\text{Adagrad:}\quad s \to s + g^2, \quad w \to w - \eta\,\frac{g}{\sqrt{s} + \epsilon} \qquad\qquad \text{RMSprop:}\quad s \to \alpha s + (1-\alpha)\,g^2, \ \text{the same step}$$
#
# Adagrad never forgets: its steps shrink like $1/\sqrt t$. That suits rare features and convex costs; a long training starves. RMSprop forgets, and the steps stay of size $\eta$ for ever. It does not settle unless $\eta$ is lowered.

# %% id="adaptive-run"
for steps in (1, 10, 100, 1000):
    sizes = {}
    for name in ("Adagrad", "RMSprop", "Adam"):
        w = nn.Parameter(np.zeros(1))
        rule = OPTIMISERS[name]([w], 0.1, 0.9)
        for _ in range(steps):
            before = w.data
            w.grad = np.array([5.0])
            rule.step()
        sizes[name] = abs((w.data - before).item())
    print(f"gradient always 5, η = 0.1, step {steps:4}:", {name: round(size, 4) for name, size in sizes.items()})

# %% [markdown] id="adam"
# ## Adam: both at once, and a correction
#
# Adam (Kingma and Ba 2015) averages the gradient, as momentum does, and its square, as RMSprop does:
#
# $$m \to \beta_1 m + (1-\beta_1)\,g, \qquad s \to \beta_2 s + (1-\beta_2)\,g^2$$
#
# Both begin at zero, and so are too small at first. After $t$ steps of the same $g$ the average is $(1-\beta_1^t)\,g$. Dividing by that factor puts it right, from the first step on:
#
# $$\hat m = \frac{m}{1-\beta_1^t}, \qquad \hat s = \frac{s}{1-\beta_2^t}, \qquad w \to w - \eta\,\frac{\hat m}{\sqrt{\hat s} + \epsilon}$$

# %% [markdown] id="bias-question" question="predict"
# Take the correction out, with the usual $\beta_1 = 0.9$, $\beta_2 = 0.999$. How large is the first step, compared with $\eta$?
#
# - [ ] A tenth: $m$ alone is a tenth of $g$, but $\sqrt s$ is too small as well.
# - [ ] Exactly $\eta$: that is what the correction achieves.
# - [x] About three times $\eta$: $0.1 / \sqrt{0.001} = 3.16$. The square is corrected by more than the mean.

# %% id="bias-run"
g, m, s = 5.0, 0.0, 0.0
for t in range(1, 1001):
    m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g * g
    if t in (1, 10, 100, 1000):
        corrected = (m / (1 - 0.9**t)) / np.sqrt(s / (1 - 0.999**t))
        print(f"step {t:4}: m/√s = {m / np.sqrt(s):.3f}, corrected {corrected:.3f}")

# %% [markdown] id="adam-statement" statement="adam-step"
# ### Exercise 2: a step of Adam (6 points)
#
# Write `adam_step(w, g, m, s, t, eta, beta1, beta2, eps)`. `w`, `g`, `m`, `s` are arrays of one shape, `t` counts this step from 1. It returns the new `w`, `m` and `s`. The averages are returned *uncorrected*; `eps` stands outside the root.
#
# Check by hand: `w = [1]`, `g = [4]`, `m = s = [0]`, `t = 1`, `eta = 0.1`, `beta1 = 0.9`, `beta2 = 0.999`, `eps = 0` give `m = [0.4]`, `s = [0.016]`, `w = [0.9]`.


# %% id="adam-step" exercise=true difficulty=2 by_hand="nn data optim walk"
def adam_step(w, g, m, s, t, eta, beta1, beta2, eps):
    """New w, m and s, each of the shape of w; t = 1 at the first step."""
    ### BEGIN SOLUTION
    m = beta1 * m + (1 - beta1) * g
    s = beta2 * s + (1 - beta2) * g**2
    m_hat, s_hat = m / (1 - beta1**t), s / (1 - beta2**t)
    return w - eta * m_hat / (np.sqrt(s_hat) + eps), m, s
    ### END SOLUTION


# %% [markdown] id="adam-hints" hints="adam-step"
# - exchanged: The two betas are exchanged: β₁ belongs to m, β₂ to s.
# - weight: The new gradient enters the average with the weight (1 − β₁).
# - square: s averages the squares of the gradient.
# - stored: Return the averages uncorrected: corrected ones would be corrected again at the next step.
# - uncorrected: The bias correction is missing: divide by 1 − βᵗ.
# - late: t is 1 at the first step already: the exponent is t.
# - inside: eps stands outside the root.
# - root: The root of the mean square is missing.


# %% id="adam-case" given=true
def adam_case():
    """Inputs of one step in the middle of a training: w, g, m, s, t, eta, beta1, beta2, eps."""
    k = np.arange(6.0).reshape(2, 3)
    return np.linspace(-1, 1, 6).reshape(2, 3), 2 * np.cos(k), np.sin(k + 1), 0.5 + k / 4, 3, 0.2, 0.8, 0.95, 0.1


# %% id="adam-averages" test="adam-step" points=2
@check.exercise("15-optimisers/adam-step")
def the_averages():
    """The averages of the gradient and of its square"""
    w, g, m, s, t, eta, beta1, beta2, eps = adam_case()
    _, new_m, new_s = check.call(adam_step, *adam_case(), returns=("w", "m", "s"))
    check.close(
        new_m,
        0.8 * m + 0.2 * g,
        name="m",
        hints={
            "exchanged": lambda right: 0.95 * m + 0.05 * g,
            "weight": lambda right: 0.8 * m + g,
            "stored": lambda right: right / (1 - 0.8**3),
        },
    )
    check.close(new_s, 0.95 * s + 0.05 * g**2, name="s", hints={"square": lambda right: 0.95 * s + 0.05 * g})


# %% id="adam-position" test="adam-step" points=2
@check.exercise("15-optimisers/adam-step")
def the_step():
    """The corrected step"""
    w, g, m, s, t, eta, beta1, beta2, eps = adam_case()
    new, _, _ = check.call(adam_step, *adam_case(), returns=("w", "m", "s"))
    m, s = 0.8 * m + 0.2 * g, 0.95 * s + 0.05 * g**2

    def step(m, s):
        return w - 0.2 * m / (np.sqrt(s) + 0.1)

    m3, s3 = m / (1 - 0.8**3), s / (1 - 0.95**3)
    check.close(
        new,
        step(m3, s3),
        name="w",
        hints={
            "uncorrected": lambda right: step(m, s),
            "late": lambda right: step(m / (1 - 0.8**4), s / (1 - 0.95**4)),
            "inside": lambda right: w - 0.2 * m3 / np.sqrt(s3 + 0.1),
            "root": lambda right: w - 0.2 * m3 / (s3 + 0.1),
        },
    )


# %% id="adam-many" test="adam-step" points=2 hidden=true
@check.exercise("15-optimisers/adam-step", hidden=True)
def a_whole_training():
    """Twelve steps from the start, other shapes"""
    rng = check.rng(31)
    for shape in [(1,), (7,), (3, 2)]:
        w = rng.normal(size=shape)
        reference = nn.Parameter(w)
        adam = optim.Adam([reference], 0.03, betas=(0.85, 0.98), eps=1e-6)
        m = s = np.zeros(shape)
        for t in range(1, 13):
            g = reference.grad = rng.normal(size=shape)
            adam.step()
            w, m, s = check.call(adam_step, w, g, m, s, t, 0.03, 0.85, 0.98, 1e-6, returns=("w", "m", "s"))
        check.close(w, reference.data, name=f"w of shape {shape}")


# %% [markdown] id="turned-text"
# Adam scales each axis by itself. Turn the ravine by 45°, and both parameters have the same mixture of steep and flat: the scaling cannot tell them apart. Momentum does not notice that anything was turned.

# %% id="turned-run"
for name, lr in [("momentum", 0.02), ("RMSprop", 0.003), ("Adam", 0.03)]:
    steps = {
        surface: len(walk(surface, name, lr, 0.9, 3000, np.zeros(2), 0.01)) - 1 for surface in ("ravine", "turned")
    }
    print(f"{name:9} η = {lr}: to within 0.01 in {steps['ravine']} steps, on the turned ravine {steps['turned']}")

# %% [markdown] id="adamw"
# ## AdamW: decay that is not divided away
#
# Weight decay is the gradient of $\frac\lambda2\|w\|^2$, for plain descent. Put $\lambda w$ into Adam's gradient, and it is divided by $\sqrt{\hat s}$ like all the rest: parameters with large gradients are hardly decayed. AdamW (Loshchilov and Hutter 2019) shrinks the
# weights directly, by the factor $1 - \eta\lambda$.

# %% id="adamw-run"
for name, kind in {"Adam, λw in the gradient": optim.Adam, "AdamW": optim.AdamW}.items():
    w = nn.Parameter(np.ones(2))
    rule = kind([w], lr=0.001, weight_decay=0.1)
    noise = np.random.default_rng(0).normal(size=(2000, 2)) * [0.1, 10.0]
    for g in noise - noise.mean(axis=0):
        w.grad = g
        rule.step()
    print(f"{name}: two weights whose gradients average 0, of size 0.1 and of size 10: {w.data.round(3)}")
print(f"the decay alone: {0.9999**2000:.3f}")

# %% [markdown] id="all-text"
# ## All of them in the curved valley
#
# Rosenbrock's valley, from $(-1.2, 1)$, at most 2,000 steps, until within 0.01 of $(1,1)$. Each has the best learning rate of 0.0003, 0.001, 0.003, …, 1.

# %% id="all-run"
CHOSEN = {
    "SGD": 0.003,
    "momentum": 0.003,
    "Nesterov": 0.001,
    "Adagrad": 1.0,
    "RMSprop": 0.01,
    "Adam": 1.0,
    "AdamW": 0.1,
    "Newton": 1.0,
}
goal = np.ones(2)
paths = {name: walk("rosenbrock", name, lr, 0.9, 2000, goal, 0.01) for name, lr in CHOSEN.items()}
for name, path in paths.items():
    distance = np.linalg.norm(path[-1] - goal)
    print(f"{name:9} η = {CHOSEN[name]}: {len(path) - 1:4} steps, {distance:.3f} from the lowest point")

# %% id="all-figure" folded=true
figure = plots.figure(8, 3.6)
left, right = figure.subplots(1, 2)
shown = ("SGD", "momentum", "Adam", "Newton")
plots.contour_path(
    left, SURFACES["rosenbrock"][0], ((-2, 2), (-1, 3)), {name: paths[name][:400] for name in shown}, log=True
)
left.set(xlabel="w₁", ylabel="w₂")
for i, name in enumerate(paths):
    cost = SURFACES["rosenbrock"][0](*paths[name].T)
    right.loglog(
        np.arange(1, len(cost) + 1), cost, label=name, color=plots.COLOURS[i % 7], linestyle=plots.LINE_STYLES[i % 4]
    )
right.set(xlabel="step + 1", ylabel="C")
right.legend(fontsize=7)
plots.show(
    figure,
    alt="Left: SGD jumps into the curved valley and stops half-way, momentum follows it to the end, Adam swings across it, Newton jumps out of the picture and back. "
    "Right: Newton's cost rises once and then falls straight down; momentum and Adam arrive after hundreds of steps; the others level off.",
)

# %% [markdown] id="all-meaning"
# Newton needs five steps, and its second one goes uphill, far out of the valley. Momentum needs 342, Adam 451. AdamW does not arrive: its decay pulls towards zero, and $(1,1)$ is not zero. RMSprop circles around the point; Adagrad has become slow. None of this is a ranking for networks. It shows what each rule does.

# %% [markdown] id="newton"
# ## Newton: ask the curvature
#
# Taylor's theorem to second order, with the Hessian $H_{jk} = \partial^2 C/\partial w_j\partial w_k$:
#
# $$C(w + \Delta w) \approx C(w) + \nabla C\cdot\Delta w + \tfrac12\,\Delta w^\top H\,\Delta w$$
#
# Set the derivative to zero, and the step is $\Delta w = -H^{-1}\nabla C$. As the model is only approximate, one goes a part of the way, $-\eta H^{-1}\nabla C$.
#
# The book says that this step *minimises* the model. It does so only if $H$ is positive definite. Otherwise the level point is a saddle or a maximum, and Newton goes there gladly. *Damping* cures it: $-\eta\,(H + \gamma I)^{-1}\nabla C$ with $\gamma$
# larger than the most negative curvature turns every direction downhill. Large $\gamma$ is gradient descent with the rate $\eta/\gamma$, small $\gamma$ is Newton.

# %% id="saddle-run"
value, gradient, hessian = SURFACES["saddle"]
start = np.array([1.0, 0.5])
for damping in (0.0, 4.0):
    w = start
    for _ in range(5):
        w = optim.newton_step(w, gradient(w), hessian(w), damping=damping)
    print(f"x² - y² from {start}, damping {damping}: C from {value(*start):.2f} to {value(*w):.2f}, at {w.round(3)}")

# %% [markdown] id="newton-statement" statement="newton-exercise"
# ### Exercise 3: Newton's step (4 points)
#
# Write `newton(w, g, H, eta, damping)`: `w`, `g` are `(d,)`, `H` is `(d, d)` and symmetric. It returns $w - \eta\,(H + \gamma I)^{-1} g$, `(d,)`. Solve the equations; you need no inverse.
#
# Check by hand: `w = [1, 1]`, `H = [[2, 0], [0, 4]]`, `g = [2, 4]`, `eta = 1`, `damping = 0` give `[0, 0]`; with `damping = 2` they give `[0.5, 0.3333]`.


# %% id="newton-exercise" exercise=true difficulty=1 by_hand="nn data optim walk"
def newton(w, g, H, eta, damping):
    """w - eta (H + damping I)⁻¹ g, (d,)."""
    ### BEGIN SOLUTION
    return w - eta * np.linalg.solve(H + damping * np.eye(len(w)), g)
    ### END SOLUTION


# %% [markdown] id="newton-hints" hints="newton-exercise"
# - plus: This goes uphill: subtract the step.
# - diagonal: The whole matrix is needed, not only its diagonal.
# - product: H has to be inverted: solve (H + γI) p = g.
# - eta: The step is to be multiplied by η.
# - damping: The damping is missing: γ is added to the diagonal.
# - everywhere: γ is added to the diagonal only: γ times the identity matrix.


# %% id="newton-plain" test="newton-exercise" points=1
@check.exercise("15-optimisers/newton-exercise")
def one_step_to_the_bottom():
    """One step to the lowest point of a quadratic"""
    H, lowest, w = np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([0.5, -0.25]), np.array([2.0, 1.0])
    g = H @ (w - lowest)
    new = check.call(newton, w, g, H, 1.0, 0.0)
    check.close(
        new,
        lowest,
        name="w",
        hints={
            "plus": lambda right: 2 * w - right,
            "diagonal": lambda right: w - g / np.diag(H),
            "product": lambda right: w - H @ g,
        },
    )


# %% id="newton-damped" test="newton-exercise" points=1
@check.exercise("15-optimisers/newton-exercise")
def damped_and_shortened():
    """Damping and a shorter step"""
    H, w, g = np.array([[2.0, 0.5], [0.5, -2.0]]), np.array([1.0, 0.5]), np.array([2.25, -0.5])
    new = check.call(newton, w, g, H, 0.4, 3.0)
    check.close(
        new,
        w - 0.4 * np.linalg.solve(H + 3 * np.eye(2), g),
        name="w",
        hints={
            "eta": lambda right: w + (right - w) / 0.4,
            "damping": lambda right: w - 0.4 * np.linalg.solve(H, g),
            "everywhere": lambda right: w - 0.4 * np.linalg.solve(H + 3, g),
        },
    )


# %% id="newton-more" test="newton-exercise" points=2 hidden=true
@check.exercise("15-optimisers/newton-exercise", hidden=True)
def larger_singular_and_small():
    """Thirty dimensions, a singular Hessian, one dimension"""
    rng = check.rng(32)
    root = rng.normal(size=(30, 30))
    H, lowest, w = root @ root.T + np.eye(30), rng.normal(size=30), rng.normal(size=30)
    check.close(check.call(newton, w, H @ (w - lowest), H, 0.5, 0.0), (w + lowest) / 2, name="w for η = 0.5")
    flat, g = np.zeros((3, 3)), rng.normal(size=3)
    check.close(check.call(newton, w[:3], g, flat, 1.0, 0.5), w[:3] - g / 0.5, name="w for H = 0")
    one = np.array([4.0])
    check.close(check.call(newton, one, one, np.array([[2.0]]), 1.0, 0.0), np.array([2.0]), name="w for d = 1")


# %% [markdown] id="hessian-statement" statement="hessian-exercise"
# ### Exercise 4: the Hessian by differences (4 points)
#
# Write `numerical_hessian(f, w, eps)`: `f` takes a vector `(d,)` and returns a number. Step $\epsilon$ forwards and backwards along axis $j$ and along axis $k$:
#
# $$H_{jk} \approx \frac{f(w + \epsilon_j + \epsilon_k) - f(w + \epsilon_j - \epsilon_k) - f(w - \epsilon_j + \epsilon_k) + f(w - \epsilon_j - \epsilon_k)}{4\epsilon^2}$$
#
# It returns `(d, d)`. Check by hand: $f = x^2y$ at $(1, 2)$ has the Hessian `[[4, 2], [2, 0]]`.


# %% id="hessian-exercise" exercise=true difficulty=2 by_hand="nn data optim walk"
def numerical_hessian(f, w, eps):
    """Hessian of f at w (d,) by centred differences, (d, d)."""
    ### BEGIN SOLUTION
    steps = eps * np.eye(len(w))
    return np.array(
        [[(f(w + a + b) - f(w + a - b) - f(w - a + b) + f(w - a - b)) / (4 * eps**2) for b in steps] for a in steps]
    )
    ### END SOLUTION


# %% id="hessian-driver" driver="hessian-exercise"
def hessian_at(numerical_hessian, kind, w, eps):
    """Apply the answer to a function of known Hessian: "mixed" x²y, "rosenbrock", or "chain" Σ (j + 1) w_j² + Σ w_j w_{j+1}."""
    functions = {
        "mixed": lambda w: w[0] ** 2 * w[1],
        "rosenbrock": lambda w: (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2,
        "chain": lambda w: np.sum(np.arange(1, len(w) + 1) * w**2) + np.sum(w[1:] * w[:-1]),
    }
    return numerical_hessian(functions[kind], w, eps)


# %% [markdown] id="hessian-hints" hints="hessian-exercise"
# - four: The mixed differences are to be divided by 4ε².
# - diagonal: The mixed derivatives are missing: the whole matrix is asked for.
# - one-sided: These are forward differences: their error is of the order ε, not ε². Step to both sides.


# %% id="hessian-mixed" test="hessian-exercise" points=2
@check.exercise("15-optimisers/hessian-exercise")
def x_squared_times_y():
    """The Hessian of x²y"""
    H = check.call(hessian_at, numerical_hessian, "mixed", np.array([1.0, 2.0]), 1e-3)
    check.close(
        H,
        np.array([[4.0, 2.0], [2.0, 0.0]]),
        name="H",
        atol=1e-7,
        hints={
            "four": lambda right: np.array([[4.0, 8.0], [8.0, 0.0]]),
            "diagonal": lambda right: np.diag(np.diag(right)),
            "one-sided": lambda right: np.array([[4.0, 2.001], [2.001, 0.0]]),
        },
    )


# %% id="hessian-more" test="hessian-exercise" points=2 hidden=true
@check.exercise("15-optimisers/hessian-exercise", hidden=True)
def other_functions():
    """Rosenbrock's valley, six dimensions, one dimension"""
    rng = check.rng(33)
    w = rng.normal(size=2)
    H = check.call(hessian_at, numerical_hessian, "rosenbrock", w, 1e-3)
    check.close(H, rosenbrock()[2](w), name="H of Rosenbrock's valley", rtol=1e-4, atol=2e-3)
    for d in (6, 1):
        H = check.call(hessian_at, numerical_hessian, "chain", rng.normal(size=d), 1e-3)
        right = np.diag(2.0 * np.arange(1, d + 1)) + np.eye(d, k=1) + np.eye(d, k=-1)
        check.close(H, right, name=f"H for d = {d}", atol=1e-6)


# %% [markdown] id="size"
# ## Ten million squared
#
# For a network of $10^7$ parameters the Hessian has $10^{14}$ entries (the book prints "107" and "1014"; the exponents were lost). In single precision they fill 400 terabytes, and there would still be equations to solve. That was the end of the story for a long time.
#
# But look at what is needed. Not $H$, only what $H$ does to a vector, and that is how the gradient changes along the vector:
#
# $$Hv \approx \frac{\nabla C(w + \epsilon v) - \nabla C(w - \epsilon v)}{2\epsilon}$$
#
# Two backward passes, whatever the number of parameters. (Pearlmutter 1994 gives an exact form; in PyTorch it is a gradient of a gradient.) What the difference costs in digits depends on $\epsilon$:

# %% id="size-run"
print(f"{(10**7) ** 2:.0e} entries, {4 * 10**14 / 1e12:.0f} TB in float32, {8 * 10**14 / 1e12:.0f} TB in float64")
w, v = np.array([-1.2, 1.0]), np.array([0.6, 0.8])
value, gradient, hessian = SURFACES["rosenbrock"]
exact = hessian(w) @ v
for eps in (1e-1, 1e-3, 1e-5, 1e-7, 1e-9, 1e-11):
    centred = (gradient(w + eps * v) - gradient(w - eps * v)) / (2 * eps)
    forward = (gradient(w + eps * v) - gradient(w)) / eps
    errors = [np.abs(product - exact).max() / np.abs(exact).max() for product in (centred, forward)]
    print(f"ε = {eps:.0e}: relative error {errors[0]:.0e}, one-sided {errors[1]:.0e}")

# %% [markdown] id="hvp-statement" statement="hvp-exercise"
# ### Exercise 5: a Hessian times a vector (5 points)
#
# Write `hessian_vector(gradient, w, v, eps)`: `gradient` takes `(d,)` and returns `(d,)`; `w`, `v` are `(d,)`. It returns $Hv$, `(d,)`, by the centred difference above, and calls `gradient` exactly twice.
#
# Check by hand: $C = x^2 y$ has the gradient $(2xy, x^2)$. At $(1, 2)$ along $(1, 0)$ you get `[4, 2]`.


# %% id="hvp-exercise" exercise=true difficulty=2 by_hand="nn data optim walk"
def hessian_vector(gradient, w, v, eps):
    """H v at w, (d,), from two gradients."""
    ### BEGIN SOLUTION
    return (gradient(w + eps * v) - gradient(w - eps * v)) / (2 * eps)
    ### END SOLUTION


# %% id="hvp-driver" driver="hvp-exercise"
def product_and_calls(hessian_vector, A, cubic, w, v, eps):
    """Apply the answer to C = ½ wᵀA w + cubic Σ w³/3.  Returns the product, and how many gradients it took."""
    calls = []

    def gradient(w):
        calls.append(1)
        return A @ w + cubic * w**2

    return hessian_vector(gradient, w, v, eps), len(calls)


# %% [markdown] id="hvp-hints" hints="hvp-exercise"
# - half: The two points are 2ε apart: divide by 2ε.
# - undivided: The difference of the gradients has to be divided by the distance, 2ε.
# - one-sided: A one-sided difference has an error of the order ε: step forwards and backwards.
# - sign: The two gradients are exchanged: the one ahead minus the one behind.
# - all: This builds the whole Hessian: two gradients suffice, both along v.


# %% id="hvp-case" given=true
def hvp_case():
    """A symmetric matrix, the factor of the cubic term, a point, a direction and ε."""
    k = np.arange(5.0)
    return np.cos(k[:, None] * k[None, :]) + 5 * np.eye(5), 0.7, np.linspace(-1, 1, 5), np.cos(1 + k), 1e-4


# %% id="hvp-value" test="hvp-exercise" points=2
@check.exercise("15-optimisers/hvp-exercise")
def the_product():
    """The product of the Hessian and the vector"""
    A, cubic, w, v, eps = hvp_case()
    product, _ = check.call(product_and_calls, hessian_vector, A, cubic, w, v, eps, returns=("Hv", "calls"))
    check.close(
        product,
        A @ v + 2 * cubic * w * v,
        name="Hv",
        hints={
            "half": lambda right: 2 * right,
            "undivided": lambda right: 2 * eps * right,
            "one-sided": lambda right: right + eps * cubic * v**2,
            "sign": lambda right: -right,
        },
    )


# %% id="hvp-calls" test="hvp-exercise" points=1
@check.exercise("15-optimisers/hvp-exercise")
def two_gradients():
    """Two gradients, no more"""
    A, cubic, w, v, eps = hvp_case()
    _, calls = check.call(product_and_calls, hessian_vector, A, cubic, w, v, eps, returns=("Hv", "calls"))
    check.equal(calls, 2, name="calls", hints={"all": lambda right: 10})


# %% id="hvp-large" test="hvp-exercise" points=2 hidden=true
@check.exercise("15-optimisers/hvp-exercise", hidden=True)
def large_zero_and_one():
    """Two hundred dimensions, the vector 0, one dimension"""
    rng = check.rng(34)
    for d in (200, 1):
        root = rng.normal(size=(d, d))
        A, w, v = root + root.T, rng.normal(size=d), rng.normal(size=d)
        product, calls = check.call(product_and_calls, hessian_vector, A, 0.3, w, v, 1e-4, returns=("Hv", "calls"))
        check.close(product, A @ v + 0.6 * w * v, name=f"Hv for d = {d}", atol=1e-7)
        check.equal(calls, 2, name="calls")
    product, _ = check.call(product_and_calls, hessian_vector, A, 0.3, w, 0 * v, 1e-4, returns=("Hv", "calls"))
    check.close(product, np.zeros(1), name="Hv for v = 0")


# %% [markdown] id="hessian-free"
# ## Hessian-free: Newton without the matrix
#
# *Conjugate gradients* solve $Hp = -\nabla C$ with products $Hv$ alone. In $d$ dimensions they need at most $d$ of them, and far fewer where the curvatures come in clusters: as many as there are different ones. Stop early, and you have a good part of Newton's step.

# %% id="cg-run"
for name, curvatures in {
    "100 different curvatures, 1 to 100": np.linspace(1, 100, 100),
    "three clusters: 1, 10, 100": np.repeat([1.0, 10.0, 100.0], [50, 30, 20]),
}.items():
    solution = optim.conjugate_gradient(lambda v, c=curvatures: c * v, np.cos(np.arange(100.0)), tol=1e-8)
    print(f"{name}: {solution.steps} products, residual {solution.residual:.0e}")

# %% [markdown] id="net-hessian"
# ### The exact Hessian of a small network
#
# A network of 27 parameters, 60 points of two moons. This small, the Hessian can be built, a column for each axis, and its eigenvalues looked at. Then `optim.HessianFree`, a small form of Martens' (2010) method, trains it: damped, by conjugate gradients, with a step that is halved until the loss falls.

# %% id="net-run"
x_moons, y_moons = data.moons(60, np.random.default_rng(1))


def moons_net():
    """A 2-5-2 network, always with the same weights."""
    rng = np.random.default_rng(3)
    return nn.Sequential(nn.Linear(2, 5, rng=rng), nn.Tanh(), nn.Linear(5, 2, rng=rng))


def spectrum(model):
    """Eigenvalues of the Hessian of the model's loss, in ascending order: (27,)."""
    w = np.concatenate([parameter.data.ravel() for parameter in model.parameters()])
    gradient = optim.loss_gradient(model, nn.cross_entropy, nn.cross_entropy_backward, x_moons, y_moons)
    H = np.array([optim.hessian_vector_product(gradient, w, axis) for axis in np.eye(len(w))])
    return np.linalg.eigvalsh((H + H.T) / 2)


def train_moons(make, gradients):
    """Train until so many gradients of the whole batch are used up; the model, and the loss after each step by gradients used."""
    model = moons_net()
    rule = make(model.parameters())
    used = 0

    def closure():
        nonlocal used
        used += 1
        rule.zero_grad()
        z, cache = model.forward(x_moons)
        loss, loss_cache = nn.cross_entropy(z, y_moons)
        model.backward_parameters(nn.cross_entropy_backward(1.0, loss_cache), cache)
        return loss

    curve = [(0, nn.cross_entropy(model(x_moons), y_moons)[0])]
    while used < gradients:
        if isinstance(rule, optim.HessianFree):
            rule.step(closure)
        else:
            closure()
            rule.step()
        curve.append((used, nn.cross_entropy(model(x_moons), y_moons)[0]))
    return model, np.array(curve)


RULES = {
    "SGD": lambda p: optim.SGD(p, 1.0),
    "momentum": lambda p: optim.SGD(p, 0.3, momentum=0.9),
    "Adam": lambda p: optim.Adam(p, 0.03),
    "Hessian-free": lambda p: optim.HessianFree(p, damping=0.1, cg_steps=20),
}
trained = {name: train_moons(make, 2000) for name, make in RULES.items()}
for name, (_, curve) in trained.items():
    print(
        f"{name:12} {len(curve) - 1:4} steps, {int(curve[-1, 0])} gradients: loss {curve[0, 1]:.3f} to {curve[-1, 1]:.1e}"
    )
for name, model in {"at the start": moons_net(), "after Adam": trained["Adam"][0]}.items():
    eigenvalues = spectrum(model)
    print(
        f"Hessian {name}: smallest {eigenvalues[0]:.4f}, largest {eigenvalues[-1]:.4f},"
        f" negative {(eigenvalues < -1e-6).sum()}, below 1e-6 in size {(np.abs(eigenvalues) < 1e-6).sum()} of {len(eigenvalues)}"
    )

# %% id="net-figure" folded=true
figure = plots.figure(9, 3.2)
left, right = figure.subplots(1, 2)
for i, (name, (_, curve)) in enumerate(trained.items()):
    left.semilogy(*curve.T, label=name, color=plots.COLOURS[i], linestyle=plots.LINE_STYLES[i])
left.set(xlabel="gradients used", ylabel="loss")
left.legend()
for marker, name, model in [("o", "start", moons_net()), ("s", "after Adam", trained["Adam"][0])]:
    right.plot(np.arange(1, 28), spectrum(model), marker, label=name, markersize=4)
right.set(xlabel="number", ylabel="eigenvalue", yscale="symlog")
right.set_yscale("symlog", linthresh=1e-4)
right.legend()
plots.show(
    figure,
    alt="Left: loss against gradients used for SGD, momentum, Adam and Hessian-free. Right: the 27 eigenvalues of the Hessian, at the start some negative, after training nearly all close to zero and a few positive.",
)

# %% [markdown] id="net-meaning"
# At the start seven curvatures are negative: an undamped Newton would walk to a saddle. Six are zero: the softmax does not notice when the same is added to both of its inputs, and there are six ways to do that, five weights and a bias. After training nearly everything is flat.
#
# For the same 2,000 gradients the Hessian-free loss ends eleven orders of magnitude below the others. This is 60 points, no noise, and one whole batch. With mini-batches the gradient is not exact, and neither is $Hv$; that, and the cost of a step, is why large networks are still trained with Adam's family. A loss of $10^{-15}$ is
# of no use anyway: it says nothing about new points.

# %% [markdown] id="digits-text"
# ## Does it matter for a network? Digits
#
# A [64, 30, 10] network on the small digits, mini-batches of 32, ten epochs, three learning rates each, two seeds; the rate is chosen on the validation set.

# %% id="digits-run"
from dlbook import train

digits = data.digits().hold_out(300)
GRID = {
    "SGD": (lambda p, lr: optim.SGD(p, lr), (0.3, 1.0, 3.0)),
    "momentum": (lambda p, lr: optim.SGD(p, lr, momentum=0.9), (0.1, 0.3, 1.0)),
    "Adam": (lambda p, lr: optim.Adam(p, lr), (0.01, 0.03, 0.1)),
}


def digits_run(make, lr, seed):
    """Validation accuracy after each of ten epochs."""
    rng = np.random.default_rng(seed)
    model = nn.Sequential(nn.Linear(64, 30, rng=rng), nn.Sigmoid(), nn.Linear(30, 10, rng=rng))
    history = train.fit(
        model,
        nn.CrossEntropyLoss(),
        make(model.parameters(), lr),
        (digits.x_train, digits.y_train),
        train.Config(epochs=10, batch_size=32),
        rng=rng,
        validation=(digits.x_val, digits.y_val),
        metrics={"accuracy": train.accuracy},
        progress=False,
    )
    return history.validation["accuracy"]


for name, (make, rates) in GRID.items():
    curves = {lr: np.mean([digits_run(make, lr, seed) for seed in range(2)], axis=0) for lr in rates}
    best = max(rates, key=lambda lr: curves[lr][-1])
    print(f"{name:9} best η = {best}: {curves[best][0]:.3f} after one epoch, {curves[best][-1]:.3f} after ten")

# %% [markdown] id="digits-meaning"
# After one epoch Adam reads 0.868 of the validation images, momentum 0.737, plain descent 0.373; after ten 0.983, 0.973 and 0.952. Adam is quick, and that is what it is loved for. Given more epochs the three come closer: with 300 images a hundredth is three of them, and two seeds are few. Note the best rates: 1, 0.3 and 0.03.

# %% [markdown] id="mistakes"
# ## Common mistakes
#
# - **Newton at a saddle.** Without damping it is drawn to it: above, $C$ stayed at 0 while there was a way down.
# - **Comparing optimisers at one learning rate.** 0.1 is small for plain descent and large for Adam. Each needs its own search.
# - **`weight_decay` in Adam for L2.** Use AdamW, or the decay is divided away.
# - **A new optimiser object in every epoch.** Its velocities and averages start from zero again.
# - **Comparing by steps.** A Hessian-free step takes dozens of gradients. Count gradients, or seconds.
# - **The whole Hessian.** Today's descendants use products $Hv$ (Hessian-free), a few last steps (L-BFGS), blocks (K-FAC), or a matrix for each side of a weight matrix (Shampoo, Muon).

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# The optimisers have the same names and arguments there, and take the same steps. The product $Hv$ is a gradient of a gradient, exact to rounding. On a GPU `fused=True` makes the whole update one kernel; the arithmetic stays. Adam keeps two more numbers for each parameter: on large models this memory is what one pays.

# %% id="torch-check"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    w = nn.Parameter(np.array([-1.2, 1.0]))
    theirs = torch.nn.Parameter(torch.tensor([-1.2, 1.0], dtype=torch.float64))
    ours, torch_adam = optim.Adam([w], 0.1), torch.optim.Adam([theirs], 0.1)
    for _ in range(50):
        w.grad = SURFACES["rosenbrock"][1](w.data)
        ours.step()
        torch_adam.zero_grad()
        SURFACES["rosenbrock"][0](*theirs).backward()
        torch_adam.step()
    print("Adam, 50 steps, largest difference:", f"{np.abs(w.data - theirs.detach().numpy()).max():.0e}")
    point = torch.tensor([-1.2, 1.0], dtype=torch.float64, requires_grad=True)
    direction = torch.tensor([0.6, 0.8], dtype=torch.float64)
    (slope,) = torch.autograd.grad(SURFACES["rosenbrock"][0](*point), point, create_graph=True)
    (product,) = torch.autograd.grad(slope @ direction, point)
    ours = optim.hessian_vector_product(SURFACES["rosenbrock"][1], point.detach().numpy(), direction.numpy())
    print("Hv by PyTorch:", product.numpy().round(6), "by differences:", ours.round(6))

# %% [markdown] id="speed-quiz" question="quiz"
# You raise $\mu$ from 0.9 to 0.99 and leave $\eta$ as it is. On a long even slope the ball ends up
#
# - [ ] 1.1 times as fast: that is the ratio of the coefficients, not of the friction.
# - [x] ten times as fast: the speed is $\eta g/(1-\mu)$, and the friction is a tenth. Lower $\eta$ along with it.
# - [ ] as fast as before: friction decides the final speed.

# %% [markdown] id="scale-quiz" question="quiz"
# You multiply the loss by 1000. What changes for Adam (with $\epsilon$ negligible)?
#
# - [ ] Its steps are 1000 times as long: so it is with plain descent.
# - [x] Nothing: $\hat m$ and $\sqrt{\hat s}$ both grow by 1000.
# - [ ] Its steps are a thousandth: the gradient is divided by its size, not by its square.

# %% [markdown] id="questions"
# ## To think about
#
# 1. The ravine has $\kappa = 10{,}000$. About how many steps do plain descent and the best heavy ball need for the same $10^{-6}$?
# 2. Why is Adam slower on the turned ravine, and Newton not?
# 3. Why does Hessian-free training add $\gamma v$ to each product?
#
# <details><summary>Answers</summary>
#
# 1. About 70,000, and about 1,000: the one grows with $\kappa$, the other with $\sqrt\kappa$.
# 2. Adam scales each axis by itself; a slanted ravine has the same slope along both. Newton's step does not depend on the axes.
# 3. That is damping, $(H + \gamma I)v$: without it, directions that curve down would end the search.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# Polyak, *Some methods of speeding up the convergence of iteration methods* (1964). Nesterov (1983). Hestenes and Stiefel (1952), conjugate gradients. Pearlmutter, *Fast exact multiplication by the Hessian* (1994). Martens, *Deep learning via Hessian-free optimization* (2010).
# Duchi, Hazan and Singer (2011), Adagrad. Tieleman and Hinton (2012), RMSprop. Sutskever and others (2013), momentum in deep learning. Kingma and Ba, *Adam* (2015). Loshchilov and Hutter, *Decoupled weight decay regularization* (2019). Nielsen, *Neural Networks and Deep Learning* (2015), chapter 3, which the book follows.
#
# Next: chapter 16. We have ways to find weights. Are there weights for every function?
