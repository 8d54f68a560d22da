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
#     title: Liquid networks
#     minutes: 120
#     needs: [20-rnn, 21-lstm-gru]
#     book: [83]
# ---

# %% [markdown] id="title"
# # Liquid networks: neurons that are differential equations
#
# **After this page you can** read the equation of a liquid neuron and say how fast it reacts, solve it by steps that never explode, derive the gradient through the solver, and judge by an experiment of your own what such a network is good for.
#
# **Time** 35 minutes to read, 85 for the five exercises. **You need** backpropagation through time (chapter 20) and the GRU (chapter 21). What a derivative with respect to time is will do; no course on differential equations is needed.

# %% id="setup" given=true
import numpy as np

from dlbook import check, nn, plots
from dlbook.models import liquid

# %% [markdown] id="claim"
# ## What was announced
#
# In January 2021 the news went round that a group at MIT and in Vienna had built a network that learns on the job, not only during its training. Its authors are Ramin Hasani, Mathias Lechner, Alexander Amini, Daniela Rus and Radu Grosu, and they called it *liquid*. The book tells the story of the press release: networks that adapt while they drive a car, robust against heavy rain, cheap because they consist of a few rich neurons, a few per cent better than others on time series.
#
# The book also says that the equations are the point, and then shows not a single one. So this page begins with the equation, and afterwards puts the claims to the test.
#
# Two slips of the book first, since they hide what the idea is:
#
# - It says that an artificial network "may have only 302 neurons in its nervous system". The subject of the sentence got lost. The 302 neurons belong to a worm, ***C. elegans***, one millimetre long and the first animal whose wiring was known completely. It inspired the equation. The artificial networks are smaller still: one with 19 neurons steered a car, behind a convolutional network that read the camera's pictures (Lechner and others, 2020).
# - It says that the behaviour of most networks is *corrected* after training. What was meant is *fixed*: it no longer changes.

# %% [markdown] id="leak"
# ## A neuron that leaks
#
# A neuron of the networks so far computes one number when it is asked. A neuron of a worm has a voltage, and the voltage has a history. It rises when something flows in and leaks away when nothing does. The simplest law of that kind is
#
# $$\frac{dh}{dt} = -\frac{h}{\tau} + f A, \qquad f = \sigma(W_{ih}\,x + W_{hh}\,h + b)$$
#
# The left side is the speed at which the state $h$ changes. The first term pulls it back to zero, the more gently, the larger the **time constant** $\tau$. The second one pushes it with the strength $f$, between 0 and 1, in the direction of $A$. Inputs $x$ and other states $h$ decide how strong the push is. This is a *continuous-time recurrent network* (CT-RNN), known since the 1980s. (Leave out the leak, $dh/dt = f(x, h)$ with any network $f$, and you have a *neural differential equation* of 2018.)
#
# A liquid neuron changes one thing. The push $f$ also opens the leak:
#
# $$\frac{dh}{dt} = -\Big(\frac1\tau + f\Big)\,h + f A$$
#
# This is how a synapse works: it does not add a current, it opens a channel, and through an open channel the voltage moves *towards* the value $A$ instead of being pushed for ever. That is all. The name is **liquid time-constant network**, LTC.

# %% [markdown] id="speed-question" question="predict"
# One liquid neuron with $\tau = 1$, $A = 1$ and $f = \sigma(2x - 2)$ is at rest at 0. At time 0 the input jumps to $x$ and stays there. How does the time that the neuron needs for 63 % of its way depend on $x$?
#
# - [x] A stronger input makes it faster: f stands in the leak too, and an open leak means a quick neuron.
# - [ ] It does not: that is so for the CT-RNN, where the time constant is τ whatever comes in.
# - [ ] A stronger input makes it slower: it has a longer way to go, but it goes the more quickly.


# %% id="speed-run"
def respond(x, tau, A, gain, span=15.0, steps=500):
    """Path of one neuron from rest under a constant input, f = σ(gain · (x − 1)): times and states."""
    weights = np.array([[gain]]), np.zeros((1, 1)), np.array([-gain]), np.array([tau]), np.array([A])
    path = liquid.ltc_solve(np.array([[x]]), np.zeros((1, 1)), *weights, span, steps)
    return np.linspace(0, span, steps + 1), path[:, 0, 0]


for x in (0.0, 1.0, 3.0):
    f = nn.sigmoid(2 * x - 2)[0]
    t, h = respond(x, tau=1.0, A=1.0, gain=2.0)
    reached = np.interp((1 - np.exp(-1)) * h[-1], h, t)
    print(f"x = {x:.0f}: f = {f:.3f}, comes to rest at {h[-1]:.3f}, 63 % of the way after {reached:.3f}")

# %% [markdown] id="speed-meaning"
# With no input the neuron needs 0.894 units of time, with a strong one 0.505. The input decides where the neuron goes *and* how fast. Both can be read off the equation once it is sorted by $h$:
#
# $$\frac{dh}{dt} = \frac{h^* - h}{\tau_{sys}}, \qquad \tau_{sys} = \frac{1}{1/\tau + f} = \frac{\tau}{1 + \tau f}, \qquad h^* = f A\,\tau_{sys}$$
#
# The neuron runs towards $h^*$ with the time constant $\tau_{sys}$: after one $\tau_{sys}$ it has come $1 - 1/e$, which is 63 %, of the way.

# %% [markdown] id="widget-text"
# ## Try it
#
# Move the input and watch both pictures. How far can you push $\tau_{sys}$ down when $\tau = 1$? And when $\tau = 5$? Then tick the box: what does the right picture look like for the CT-RNN, and where does its neuron come to rest when $\tau$ is large, compared with $A$?

# %% id="widget" folded=true
from dlbook import widgets


def response(x, tau, A, gain, constant):
    """What the widget shows: path, time constants over the inputs, and the numbers of this input."""
    inputs = np.linspace(-1, 4, 200)
    f_all, f = nn.sigmoid(gain * (inputs - 1))[0], float(nn.sigmoid(gain * (x - 1))[0])
    curve = np.full(200, tau) if constant else liquid.time_constant(tau, f_all)
    own = tau if constant else float(liquid.time_constant(tau, f))
    t = np.linspace(0, 8, 400)
    rest = f * A * own
    result = dict(t=t, h=rest * (1 - np.exp(-t / own)), rest=rest, own=own, f=f)
    return result | dict(x=x, tau=tau, A=A, inputs=inputs, curve=curve)


def response_figure(result):
    """State after the jump (left), time constant against the input (right)."""
    figure = plots.figure(9, 3.4)
    left, right = figure.subplots(1, 2)
    left.plot(result["t"], result["h"], color=plots.BLUE, label="state")
    left.axhline(result["rest"], color=plots.GREY, linestyle=":", label="where it rests")
    left.axhline(result["A"], color=plots.GREEN, linestyle="--", label="A")
    left.plot(result["own"], result["rest"] * (1 - np.exp(-1)), "o", color=plots.VERMILION, label="63 % of the way")
    ends = 0, result["A"], result["rest"]
    left.set(xlabel="time since the jump", ylabel="state h", ylim=(1.15 * min(ends) - 0.05, 1.15 * max(ends) + 0.05))
    left.legend()
    right.plot(result["inputs"], result["curve"], color=plots.BLUE, label="time constant")
    right.axhline(result["tau"], color=plots.GREY, linestyle="--", label="τ")
    right.axhline(result["tau"] / (1 + result["tau"]), color=plots.GREY, linestyle=":", label="τ / (1 + τ)")
    right.plot(result["x"], result["own"], "o", color=plots.VERMILION)
    right.set(xlabel="input x", ylabel="time constant", ylim=(0, 1.15 * result["tau"]))
    right.legend()
    return figure


widgets.explore(
    response_figure,
    dict(
        x=widgets.Slider(-1.0, 4.0, 1.0, step=0.1, label="input x"),
        tau=widgets.Slider(0.2, 5.0, 1.0, step=0.1, label="time constant τ"),
        A=widgets.Slider(-2.0, 2.0, 1.0, step=0.1, label="value A"),
        gain=widgets.Slider(0.0, 6.0, 2.0, step=0.5, label="gain"),
        constant=widgets.Checkbox(False, label="CT-RNN: leak without f"),
    ),
    compute=response,
    alt=lambda result: (
        f"Left: the state runs to {result['rest']:.2f} and has come 63 % of the way after {result['own']:.2f}. Right: the time constant falls from {result['curve'][0]:.2f} to {result['curve'][-1]:.2f} as the input grows."
    ),
    table=lambda result: {
        "f": round(result["f"], 3),
        "time constant": round(result["own"], 3),
        "comes to rest at": round(result["rest"], 3),
    },
    title="One neuron after a jump of its input",
)

# %% [markdown] id="bounds"
# ## Bounds
#
# Since $f$ lies between 0 and 1, the time constant cannot go where it likes: $\tau/(1+\tau) \le \tau_{sys} \le \tau$. And since $h^* = A\cdot\frac{f}{1/\tau + f}$ lies between 0 and $A$, and the state always runs towards it, a state that starts between 0 and $A$ stays there for ever. If $A$ is negative, "between" means from $A$ to 0. The CT-RNN has no such bound in itself: its resting place is $fA\tau$, which grows with $\tau$.
#
# Hasani and his colleagues prove both bounds. They are what makes the neuron well-behaved.

# %% [markdown] id="constants-statement" statement="constants"
# ### Exercise 1: speed and bounds (4 points)
#
# Write two functions.
#
# `time_constant(tau, f)` returns $\tau_{sys}$ for `tau (H,)` and `f (N, H)`, as `(N, H)`.
#
# `state_bounds(A)` for `A (H,)` of any signs returns two arrays `(H,)`: the lowest and the highest value that each state can take if it starts between 0 and $A$.
#
# Check by hand: `tau = [2]`, `f = [[0.5]]` give `[[1]]`. `A = [3, −1]` gives `[0, −1]` and `[3, 0]`.


# %% id="constants" exercise=true difficulty=1 by_hand="liquid nn"
def time_constant(tau, f):
    """Time constants (N, H) of liquid neurons with tau (H,) whose synapses are open by f (N, H)."""
    ### BEGIN SOLUTION
    return tau / (1 + tau * f)
    ### END SOLUTION


def state_bounds(A):
    """Lowest and highest states (H,), (H,) of liquid neurons with the values A (H,)."""
    ### BEGIN SOLUTION
    return np.minimum(0, A), np.maximum(0, A)
    ### END SOLUTION


# %% [markdown] id="constants-hints" hints="constants"
# - rate: This is the rate 1/τ + f: the time constant is one divided by it.
# - sum: It is the rates 1/τ and f that are added, not τ and f.
# - fixed: f opens the leak, so the time constant depends on it.
# - symmetric: The other end is 0, not the mirror image of A.
# - positive: Where A is negative, the state moves between A and 0.


# %% id="constants-speed" test="constants" points=1
@check.exercise("39-liquid/constants")
def time_constants():
    """Time constants of three neurons, two examples"""
    tau, f = np.array([0.5, 2.0, 7.0]), np.linspace(0.1, 0.9, 6).reshape(2, 3)
    found = check.call(time_constant, tau, f, returns=("tau_sys",))
    check.close(found, 1 / (1 / tau + f), name="tau_sys", hints={
        "rate": lambda right: 1 / right,
        "sum": lambda right: tau + f,
        "fixed": lambda right: np.tile(tau, (2, 1)),
    })  # fmt: skip


# %% id="constants-bounds" test="constants" points=1
@check.exercise("39-liquid/constants")
def bounds_of_the_states():
    """Bounds of the states, for both signs of A"""
    A = np.array([1.5, -0.7, 0.0, -2.0])
    low, high = check.call(state_bounds, A, returns=("low", "high"))
    check.close(low, np.array([0, -0.7, 0, -2.0]), name="low", hints={
        "symmetric": lambda right: -np.abs(A),
        "positive": lambda right: np.zeros(4),
    })  # fmt: skip
    check.close(high, np.array([1.5, 0, 0, 0]), name="high", hints={"positive": lambda right: A})


# %% id="constants-hidden" test="constants" points=2 hidden=true
@check.exercise("39-liquid/constants", hidden=True)
def extreme_inputs():
    """Closed and open synapses, long time constants, one neuron"""
    rng = check.rng(1)
    for N, H in [(1, 1), (3, 4)]:
        tau, f = rng.uniform(0.01, 1e6, H), rng.uniform(size=(N, H))
        found = check.call(time_constant, tau, f, returns=("tau_sys",))
        check.close(found, liquid.time_constant(tau, f), name=f"tau_sys for N = {N}, H = {H}")
        found = check.call(time_constant, tau, np.zeros((N, H)), returns=("tau_sys",))
        check.close(found, np.tile(tau, (N, 1)), name="tau_sys for f = 0")
        A = rng.normal(size=H)
        low, high = check.call(state_bounds, A, returns=("low", "high"))
        check.close(high - low, np.abs(A), name="high - low")
        check.close(high + low, A, name="high + low")


# %% [markdown] id="euler"
# ## A computer takes steps
#
# To follow the equation, a computer goes in steps of length $\Delta$. The obvious step is Euler's: look at the speed where you are, and go on with it for the time $\Delta$,
#
# $$h' = h + \Delta\,\frac{dh}{dt} = h + \Delta\,\frac{h^* - h}{\tau_{sys}}$$
#
# It is called *explicit*, because the new state stands alone on the left. Let one neuron with $\tau = 1$, $A = 1$ and $f = \frac12$ start from 1. Its time constant is $\frac23$, and it should glide down to $h^* = \frac13$. Here it goes with three different steps:

# %% id="euler-run"
start, none = np.ones((1, 1)), np.zeros((1, 1))
neuron = none, none, np.zeros(1), np.ones(1), np.ones(1)  # f = σ(0) = 1/2
figure = plots.figure(9, 3.4)
axes = figure.subplots(1, 2, sharey=True)
t = np.linspace(0, 12, 300)
for ax, solver, title in zip(axes, ("euler", "fused"), ("explicit Euler", "the fused step"), strict=True):
    ax.plot(t, (1 + 2 * np.exp(-1.5 * t)) / 3, color=plots.GREY, linestyle="-", label="exact")
    for step, marker, colour in ((0.4, "o", plots.BLUE), (1.0, "s", plots.GREEN), (1.5, "^", plots.VERMILION)):
        steps = round(12 / step)
        path = liquid.ltc_solve(none, start, *neuron, 12.0, steps, solver)[:, 0, 0]
        print(f"{title}, Δ = {step}: the last three states are {path[-3:].round(3)}")
        ax.plot(np.linspace(0, 12, steps + 1), path, marker=marker, color=colour, lw=1, ls="-", label=f"Δ = {step}")
    ax.set(xlabel="time", title=title, ylim=(-2, 3))
axes[0].set_ylabel("state h")
axes[0].legend(loc="upper left", ncols=2)
plots.show(
    figure,
    alt="Left: with steps of 0.4 explicit Euler follows the exact curve, with 1.0 it swings around the resting place, with 1.5 the swings grow and leave the picture. Right: the fused step glides down to one third with every step.",
)

# %% [markdown] id="euler-meaning"
# With $\Delta = 0.4$ all is well. With $\Delta = 1$ the state jumps from one side of its resting place to the other, and the jumps die away. With $\Delta = 1.5$ they grow: the solver has invented an explosion that the equation does not know.
#
# The reason is one factor. Write the step for the distance to the resting place, with $f$ held fixed:
#
# $$h' - h^* = \Big(1 - \frac{\Delta}{\tau_{sys}}\Big)\,(h - h^*)$$
#
# The distance does not grow as long as the factor lies between $-1$ and $1$. In a layer the steps are common, so the most demanding neuron of the most demanding example sets the limit. And in a liquid network the demand depends on the input: the stronger the input, the shorter the steps that it needs.

# %% [markdown] id="limit-statement" statement="limit"
# ### Exercise 2: how long may Euler's step be? (4 points)
#
# Write `euler_limit(tau, f)` for `tau (H,)` and `f (N, H)`. It returns one float: the longest $\Delta$ for which the distance to the resting place grows for no neuron and no example, with $f$ held fixed.
#
# Check by hand: $\tau = 1$ and $f = \frac12$, the neuron above, give $\frac43$.


# %% id="limit" exercise=true difficulty=1 by_hand="liquid nn"
def euler_limit(tau, f):
    """The longest stable step of explicit Euler, a float, for tau (H,) and f (N, H)."""
    ### BEGIN SOLUTION
    return float(2 / np.max(1 / tau + f))
    ### END SOLUTION


# %% [markdown] id="limit-hints" hints="limit"
# - one: With this step the factor is 0 for the quickest neuron. It may go down to −1.
# - slowest: This step suits the slowest neuron; for the quickest one it is too long.
# - average: Every neuron has to be stable by itself: an average hides the quickest.
# - leak: The synapses f open the leak: the time constant is τ / (1 + τ f).


# %% id="limit-one" test="limit" points=1
@check.exercise("39-liquid/limit")
def one_neuron():
    """One neuron"""
    limit = check.call(euler_limit, np.array([1.0]), np.array([[0.5]]), returns=("limit",))
    check.close(limit, 4 / 3, name="limit", hints={"one": lambda right: right / 2, "leak": lambda right: 2.0})


# %% id="limit-layer" test="limit" points=1
@check.exercise("39-liquid/limit")
def a_layer():
    """Three neurons, two examples"""
    tau, f = np.array([0.8, 3.0, 0.5]), np.array([[0.9, 0.1, 0.3], [0.2, 0.7, 0.6]])
    limits = 2 / (1 / tau + f)
    limit = check.call(euler_limit, tau, f, returns=("limit",))
    check.close(limit, 2 / 2.6, name="limit", hints={
        "slowest": lambda right: limits.max(),
        "average": lambda right: limits.mean(),
    })  # fmt: skip


# %% id="limit-hidden" test="limit" points=2 hidden=true
@check.exercise("39-liquid/limit", hidden=True)
def on_both_sides_of_the_limit():
    """Steps a little shorter and a little longer than the limit"""
    rng = check.rng(2)
    for N, H in [(1, 1), (4, 3), (2, 5)]:
        tau, f = rng.uniform(0.2, 5, H), rng.uniform(0.05, 0.95, (N, H))
        limit = check.call(euler_limit, tau, f, returns=("limit",))
        check.shape(limit, (), name="limit")
        for share, stable in [(0.99, True), (1.01, False)]:
            factor = np.abs(1 - share * limit * (1 / tau + f)).max()
            check.equal(bool(factor <= 1), stable, name=f"whether {share} times the limit is stable")


# %% [markdown] id="fused"
# ## The fused step
#
# The right half of the figure above shows another solver, which the paper calls *fused*. It asks for the state at the *end* of the step: let $h'$ stand in the leak, and only $f$ be taken from the beginning,
#
# $$h' = h + \Delta\Big[-\Big(\frac1\tau + f\Big)\,h' + f A\Big]
# \qquad\Longrightarrow\qquad h' = \frac{h + \Delta\,f A}{1 + \Delta\,(1/\tau + f)}$$
#
# A step that asks for its own end is called *implicit*. Here the question can be answered with pencil and paper, since $h'$ enters linearly: explicit in $f$, implicit in the rest.
#
# Look at the fraction once more. It is a weighted mean of three values, $h$ with the weight 1, $A$ with the weight $\Delta f$, and 0 with the weight $\Delta/\tau$. A mean never leaves the range of its values. So the bounds of exercise 1 hold for *every* $\Delta > 0$, and nothing can explode.

# %% [markdown] id="step-statement" statement="ltc-step"
# ### Exercise 3: the fused step (6 points)
#
# Write `ltc_step(x, h, W_ih, W_hh, b, tau, A, dt)` for inputs `x (N, D)`, states `h (N, H)`, weights `W_ih (H, D)`, `W_hh (H, H)` and `b`, `tau`, `A`, each `(H,)`. Every example has its own step: `dt (N,)`. First $f = \sigma(xW_{ih}^\top + hW_{hh}^\top + b)$, then the fused step; the result is `(N, H)`. `sigmoid(z)` is given below.
#
# Check by hand: with all weights and `b` zero, `h = [[1]]`, `tau = [4]`, `A = [3]`, `dt = [2]` give $f = \frac12$ and $(1 + 2\cdot\frac12\cdot 3)/(1 + 2\cdot\frac34) = 4/2.5 = 1.6$.


# %% id="sigmoid" given=true
def sigmoid(z):
    """1 / (1 + exp(-z)), written so that no z overflows."""
    return 0.5 * np.tanh(0.5 * z) + 0.5


# %% id="ltc-step" exercise=true difficulty=2 by_hand="liquid nn"
def ltc_step(x, h, W_ih, W_hh, b, tau, A, dt):
    """New states (N, H) by one fused step of length dt (N,), from x (N, D) and h (N, H)."""
    ### BEGIN SOLUTION
    f = sigmoid(x @ W_ih.T + h @ W_hh.T + b)
    dt = dt[:, None]
    return (h + dt * f * A) / (1 + dt * (1 / tau + f))
    ### END SOLUTION


# %% [markdown] id="step-hints" hints="ltc-step"
# - euler: This is the explicit step: it explodes for long steps. Let the new state stand in the leak.
# - sign: The leak has the wrong sign: it takes away, so it stands with a plus in the denominator.
# - tau: τ stands upside down: the rate of the leak is 1/τ.
# - constant: f is missing in the leak: this is the CT-RNN, whose time constant does not change.
# - transposed: W_hh stands the wrong way round: with examples in rows it is h @ W_hh.T.
# - bias: The bias is missing.
# - value: A is missing: the open channel pulls towards A.


# %% id="liquid-case" given=true
def liquid_case(N, D, H):
    """Inputs, states, steps and weights that are the same on every machine: x, h, dt, (W_ih, W_hh, b, tau, A)."""
    x = np.cos(1.3 * np.arange(N * D) + 0.4).reshape(N, D)
    h = 0.8 * np.sin(0.9 * np.arange(N * H) + 0.2).reshape(N, H)
    W_ih = 0.9 * np.sin(1.9 * np.arange(H * D) + 1).reshape(H, D)
    W_hh = 1.2 * np.cos(0.7 * np.arange(H * H) ** 1.5).reshape(H, H)
    A = 1.5 * np.cos(2.1 * np.arange(H) + 0.3)
    return x, h, np.linspace(0.4, 1.3, N), (W_ih, W_hh, np.linspace(-0.3, 0.5, H), np.linspace(0.6, 2.2, H), A)


# %% id="step-visible" test="ltc-step" points=3
@check.exercise("39-liquid/ltc-step")
def one_step_of_three_examples():
    """One step of three examples"""
    x, h, dt, (W_ih, W_hh, b, tau, A) = liquid_case(3, 2, 4)
    new = check.call(ltc_step, x, h, W_ih, W_hh, b, tau, A, dt, returns=("h",))
    right = liquid.ltc_step(x, h, W_ih, W_hh, b, tau, A, dt)[0]
    rate, f = liquid.ltc_rate(x, h, W_ih, W_hh, b, tau, A)
    d = dt[:, None]
    check.close(new, right, name="h", hints={
        "euler": lambda right: h + d * rate,
        "sign": lambda right: (h + d * f * A) / (1 + d * (1 / tau - f)),
        "tau": lambda right: liquid.ltc_step(x, h, W_ih, W_hh, b, 1 / tau, A, dt)[0],
        "constant": lambda right: (h + d * f * A) / (1 + d / tau),
        "transposed": lambda right: liquid.ltc_step(x, h, W_ih, W_hh.T, b, tau, A, dt)[0],
        "bias": lambda right: liquid.ltc_step(x, h, W_ih, W_hh, 0 * b, tau, A, dt)[0],
        "value": lambda right: liquid.ltc_step(x, h, W_ih, W_hh, b, tau, np.ones(4), dt)[0],
    })  # fmt: skip


# %% id="step-long" test="ltc-step" points=1
@check.exercise("39-liquid/ltc-step")
def no_time_and_very_much_time():
    """A step of no length changes nothing, a very long one leads to rest"""
    x, h, _, weights = liquid_case(2, 3, 5)
    f, (_, _, _, tau, A) = liquid.ltc_rate(x, h, *weights)[1], weights
    new = check.call(ltc_step, x, h, *weights, np.zeros(2), returns=("h",))
    check.close(new, h, name="h for dt = 0")
    new = check.call(ltc_step, x, h, *weights, np.full(2, 1e12), returns=("h",))
    check.close(new, liquid.steady_state(tau, A, f), name="h for dt = 10¹²")


# %% id="step-hidden" test="ltc-step" points=2 hidden=true
@check.exercise("39-liquid/ltc-step", hidden=True)
def bounds_and_a_fine_solution():
    """A thousand random neurons stay in their bounds; many short steps meet the reference; one example, one neuron"""
    rng = check.rng(3)
    for N, D, H in [(1, 2, 3), (4, 3, 1), (10, 1, 100)]:
        x, tau, A = 5 * rng.normal(size=(N, D)), rng.uniform(0.05, 20, H), rng.normal(size=H)
        weights = (3 * rng.normal(size=(H, D)), rng.normal(size=(H, H)), rng.normal(size=H), tau, A)
        h, dt = A * rng.uniform(size=(N, H)), np.exp(rng.uniform(-8, 8, N))
        new = check.call(ltc_step, x, h, *weights, dt, returns=("h",))
        check.close(new, liquid.ltc_step(x, h, *weights, dt)[0], name=f"h for N = {N}, D = {D}, H = {H}")
        inside = (new >= np.minimum(0, A) - 1e-12) & (new <= np.maximum(0, A) + 1e-12)
        check.equal(bool(inside.all()), True, name="whether all states are between 0 and A")
    x, h, dt, weights = liquid_case(2, 1, 3)
    fine = liquid.ltc_solve(x, h, *weights, dt, 60)[-1]
    for _ in range(60):
        h = check.call(ltc_step, x, h, *weights, dt / 60, returns=("h",))
    check.close(h, fine, name="h after 60 short steps", atol=1e-2)


# %% [markdown] id="accuracy"
# ## Stable is not exact
#
# A solver that cannot explode may still be wrong. The fused step holds $f$ fixed although the states inside it move. How wrong? Here five neurons that feed each other, over two units of time, against a reference that takes two thousand steps of the method of Runge and Kutta, of fourth order.

# %% [markdown] id="accuracy-question" question="predict"
# You halve the length of the steps. How do the errors of explicit Euler, of the fused step and of Runge–Kutta change?
#
# - [ ] They all halve: that holds for a method of first order; Runge–Kutta is of fourth.
# - [ ] Euler halves, the two others fall to a sixteenth: the fused step is more stable than Euler's, but of the same order.
# - [x] Euler and fused halve, Runge–Kutta falls to a sixteenth: an error of order p falls with the p-th power of the step.

# %% id="accuracy-run"
rng = np.random.default_rng(4)
five = rng.normal(size=(5, 1)), 2 * rng.normal(size=(5, 5)), rng.normal(size=5), np.full(5, 0.4), rng.normal(size=5)
x, h = np.ones((1, 1)), rng.normal(size=(1, 5))
reference = liquid.ltc_solve(x, h, *five, 2.0, 2000)[-1]
counts = 2 ** np.arange(8)
names = {"euler": "explicit Euler", "fused": "fused", "rk4": "Runge–Kutta"}
errors = {
    name: [np.abs(liquid.ltc_solve(x, h, *five, 2.0, n, solver)[-1] - reference).max() for n in counts]
    for solver, name in names.items()
}
print("steps         ", *(f"{n:8}" for n in counts))
for name, found in errors.items():
    print(f"{name:14}", *(f"{error:8.1e}" for error in found))

figure = plots.figure(6.5, 3.4)
ax = figure.subplots()
plots.learning_curves(ax, errors, x=counts, xlabel="steps for two units of time", ylabel="largest error", log=True)
ax.set_xscale("log", base=2)
plots.show(
    figure,
    alt="With one or two steps explicit Euler and Runge–Kutta are far off, the fused step is not. Then all errors fall: Euler's and the fused one in parallel, by a half for each doubling, that of Runge–Kutta much more steeply.",
)

# %% [markdown] id="accuracy-meaning"
# With one or two steps the explicit solvers are lost. Runge–Kutta, in the end the most exact of the three, is off by 21 with a single step; the fused step by 0.15. From about sixteen steps on the order rules: each doubling halves the errors of Euler and of the fused step, and divides that of Runge–Kutta by about sixteen. Note also that explicit Euler, once it is stable, is a little *more* exact than the fused step. What this one gives is not exactness but safety.
#
# A network does not need the true solution of its equation. It is trained *with* its solver, and learns weights that work with the steps that it takes. What it cannot bear is an explosion. That is why the paper takes six fused steps for each input and no more.

# %% [markdown] id="irregular"
# ## Time that passes unevenly
#
# Here is the real attraction of such networks. A nurse takes the temperature now after one hour and now after five; a sensor drops out; a customer comes when he likes. A network with a clock of its own has an answer ready: hold the last input, live through the gap $\Delta$, and read off the state. Sequences are `x (T, N, D)` as in chapter 20, and beside them stand the durations `dt (T, N)`: `x[t]` is held for `dt[t]`, and `h[t]` is the state at the *end* of it.
#
# `ltc_states` below does that, with one fused step for each duration.


# %% id="ltc-states" given=true
def ltc_states(x, dt, h0, W_ih, W_hh, b, tau, A):
    """The states (T, N, H) after each duration, one fused step each: x (T, N, D), dt (T, N), h0 (N, H)."""
    return liquid.ltc(x, dt, h0, W_ih, W_hh, b, tau, A)[0][0]


def sequence_case(T, N, D, H):
    """Sequences, durations, start and upstream gradients, the same on every machine: x, dt, h0, dy, weights."""
    _, h0, _, weights = liquid_case(N, D, H)
    x = np.cos(1.7 * np.arange(T * N * D) + 0.1).reshape(T, N, D)
    dt = 0.9 + 0.6 * np.sin(2.9 * np.arange(T * N)).reshape(T, N)
    return x, dt, h0, np.sin(2.3 * np.arange(T * N * H) + 0.5).reshape(T, N, H), weights


# %% [markdown] id="gradient"
# ## The gradient of one step
#
# Training needs the gradient through the solver. Take one step apart into named pieces, for every neuron:
#
# $$z = W_{ih}\,x + W_{hh}\,h + b,\quad f = \sigma(z),\quad n = h + \Delta f A,\quad q = 1 + \Delta\Big(\frac1\tau + f\Big),\quad h' = \frac nq$$
#
# Let $\mathrm{d}h'$ arrive. A fraction passes $u = \mathrm{d}h'/q$ to its numerator, and $-h'u$ to its denominator. From there the chain rule leads on, and two things are easy to forget: $f$ stands in the numerator *and* in the denominator, and $h$ stands in the numerator *and* inside $f$.

# %% [markdown] id="step-backward-statement" statement="step-backward"
# ### Exercise 4: one step, backwards (9 points)
#
# Write `ltc_step_backward(dnew, x, h, W_ih, W_hh, b, tau, A, dt)`. `dnew (N, H)` is the gradient of the loss with respect to the new states; the other arguments are those of `ltc_step`. Compute $f$, $q$ and the new states anew: the answer may not call `ltc_step`. Return `dx (N, D)`, `dh (N, H)`, `dW_ih (H, D)`, `dW_hh (H, H)`, `db (H,)`, `dtau (H,)` and `dA (H,)`, in this order. Weights, `b`, `tau` and `A` serve all examples: sum over the batch.
#
# Check by hand: with all weights and `b` zero, `x = [[0]]`, `h = [[1]]`, `tau = [4]`, `A = [3]`, `dt = [2]` and `dnew = [[5]]`: $q = 2.5$, $h' = 1.6$, so $u = 2$; `dA = [2]`, and `db` is $u\,\Delta\,(A - h')\,f(1-f) = 2\cdot 2\cdot 1.4\cdot\frac14 = 1.4$.


# %% id="step-backward" exercise=true difficulty=3 by_hand="ltc_step ltc_states liquid nn"
def ltc_step_backward(dnew, x, h, W_ih, W_hh, b, tau, A, dt):
    """Gradients of a fused step: dx (N, D), dh (N, H), dW_ih (H, D), dW_hh (H, H), db, dtau, dA (H,)."""
    ### BEGIN SOLUTION
    dt = dt[:, None]
    f = sigmoid(x @ W_ih.T + h @ W_hh.T + b)
    q = 1 + dt * (1 / tau + f)
    new = (h + dt * f * A) / q
    u = dnew / q
    dz = u * dt * (A - new) * f * (1 - f)
    dtau = np.sum(u * new * dt, axis=0) / tau**2
    dA = np.sum(u * dt * f, axis=0)
    return dz @ W_ih, u + dz @ W_hh, dz.T @ x, dz.T @ h, dz.sum(axis=0), dtau, dA
    ### END SOLUTION


# %% [markdown] id="step-backward-hints" hints="step-backward"
# - divide: The numerator receives dnew divided by the denominator q.
# - mean: A sum over the batch, not a mean.
# - denominator: f stands in the denominator too: its gradient is u Δ (A − h'), not u Δ A.
# - before: It is the new state that goes into the denominator's gradient, not the old one.
# - slope: The slope of the sigmoid, f (1 − f), is missing.
# - inside: h stands inside f too: a second part of dh comes back through W_hh.
# - transposed: With examples in rows the way back through W_hh is dz @ W_hh, without a transposition.
# - sign: dtau has the wrong sign: a larger τ leaks less, and 1/τ has the derivative −1/τ².
# - reciprocal: This is the gradient with respect to 1/τ, with the sign turned: the factor 1/τ² is missing.


# %% id="step-backward-value" test="step-backward" points=1
@check.exercise("39-liquid/step-backward")
def gradient_of_the_value():
    """The gradient of A, three examples"""
    x, h, dt, weights = liquid_case(3, 2, 4)
    dnew = np.cos(1.1 * np.arange(12) - 0.3).reshape(3, 4)
    W_ih, W_hh, b, tau, A = weights
    names = ("dx", "dh", "dW_ih", "dW_hh", "db", "dtau", "dA")
    *_, dA = check.call(ltc_step_backward, dnew, x, h, *weights, dt, returns=names)
    f, d = liquid.ltc_rate(x, h, *weights)[1], dt[:, None]

    def loss(A):
        return np.sum(dnew * liquid.ltc_step(x, h, W_ih, W_hh, b, tau, A, dt)[0])

    check.gradient(loss, dA, A, name="dA", hints={
        "divide": lambda right: np.sum(dnew * d * f, axis=0),
        "mean": lambda right: right / 3,
    })  # fmt: skip


# %% id="step-backward-bias" test="step-backward" points=2
@check.exercise("39-liquid/step-backward")
def gradient_of_the_bias():
    """The gradient of b, which shows that of f"""
    x, h, dt, weights = liquid_case(3, 2, 4)
    dnew = np.cos(1.1 * np.arange(12) - 0.3).reshape(3, 4)
    W_ih, W_hh, b, tau, A = weights
    names = ("dx", "dh", "dW_ih", "dW_hh", "db", "dtau", "dA")
    *_, db, _, _ = check.call(ltc_step_backward, dnew, x, h, *weights, dt, returns=names)
    f, d = liquid.ltc_rate(x, h, *weights)[1], dt[:, None]
    new = liquid.ltc_step(x, h, *weights, dt)[0]
    u = dnew / (1 + d * (1 / tau + f))

    def loss(b):
        return np.sum(dnew * liquid.ltc_step(x, h, W_ih, W_hh, b, tau, A, dt)[0])

    check.gradient(loss, db, b, name="db", hints={
        "denominator": lambda right: np.sum(u * d * A * f * (1 - f), axis=0),
        "before": lambda right: np.sum(u * d * (A - h) * f * (1 - f), axis=0),
        "slope": lambda right: np.sum(u * d * (A - new), axis=0),
    })  # fmt: skip


# %% id="step-backward-state" test="step-backward" points=2
@check.exercise("39-liquid/step-backward")
def gradient_of_the_old_state():
    """The gradient of the old state"""
    x, h, dt, weights = liquid_case(3, 2, 4)
    dnew = np.sin(0.8 * np.arange(12) + 0.9).reshape(3, 4)
    names = ("dx", "dh", "dW_ih", "dW_hh", "db", "dtau", "dA")
    _, dh, *_ = check.call(ltc_step_backward, dnew, x, h, *weights, dt, returns=names)
    f, d = liquid.ltc_rate(x, h, *weights)[1], dt[:, None]
    u = dnew / (1 + d * (1 / weights[3] + f))
    through_f = liquid.ltc_step_backward(dnew, liquid.ltc_step(x, h, *weights, dt)[1])[1] - u

    def loss(h):
        return np.sum(dnew * liquid.ltc_step(x, h, *weights, dt)[0])

    check.gradient(loss, dh, h, name="dh", hints={
        "inside": lambda right: u,
        "transposed": lambda right: u + through_f @ np.linalg.inv(weights[1]) @ weights[1].T,
    })  # fmt: skip


# %% id="step-backward-tau" test="step-backward" points=1
@check.exercise("39-liquid/step-backward")
def gradient_of_the_time_constant():
    """The gradient of τ"""
    x, h, dt, weights = liquid_case(4, 2, 3)
    dnew = np.cos(0.8 * np.arange(12) + 0.9).reshape(4, 3)
    W_ih, W_hh, b, tau, A = weights
    names = ("dx", "dh", "dW_ih", "dW_hh", "db", "dtau", "dA")
    *_, dtau, _ = check.call(ltc_step_backward, dnew, x, h, *weights, dt, returns=names)

    def loss(tau):
        return np.sum(dnew * liquid.ltc_step(x, h, W_ih, W_hh, b, tau, A, dt)[0])

    check.gradient(loss, dtau, tau, name="dtau", hints={
        "sign": lambda right: -right,
        "reciprocal": lambda right: right * tau**2,
    })  # fmt: skip


# %% id="step-backward-weights" test="step-backward" points=1
@check.exercise("39-liquid/step-backward")
def gradients_of_inputs_and_weights():
    """The gradients of the inputs and of both matrices"""
    x, h, dt, weights = liquid_case(2, 3, 4)
    dnew = np.sin(1.9 * np.arange(8)).reshape(2, 4)
    names = ("dx", "dh", "dW_ih", "dW_hh", "db", "dtau", "dA")
    dx, _, dW_ih, dW_hh, *_ = check.call(ltc_step_backward, dnew, x, h, *weights, dt, returns=names)

    def loss(x, W_ih, W_hh):
        return np.sum(dnew * liquid.ltc_step(x, h, W_ih, W_hh, *weights[2:], dt)[0])

    check.gradient(lambda v: loss(v, weights[0], weights[1]), dx, x, name="dx")
    check.gradient(lambda v: loss(x, v, weights[1]), dW_ih, weights[0], name="dW_ih")
    check.gradient(lambda v: loss(x, weights[0], v), dW_hh, weights[1], name="dW_hh")


# %% id="step-backward-hidden" test="step-backward" points=2 hidden=true
@check.exercise("39-liquid/step-backward", hidden=True)
def other_sizes_of_a_step():
    """One example, one neuron, very long and very short steps"""
    rng = check.rng(4)
    names = ("dx", "dh", "dW_ih", "dW_hh", "db", "dtau", "dA")
    for N, D, H, length in [(1, 2, 3, 1.0), (4, 3, 1, 1e-3), (3, 1, 5, 1e3)]:
        x, h, dnew = rng.normal(size=(N, D)), rng.normal(size=(N, H)), rng.normal(size=(N, H))
        weights = (rng.normal(size=(H, D)), rng.normal(size=(H, H)), rng.normal(size=H))
        weights = (*weights, rng.uniform(0.3, 3, H), rng.normal(size=H))
        dt = length * rng.uniform(0.5, 2, N)
        found = check.call(ltc_step_backward, dnew, x, h, *weights, dt, returns=names)
        right = liquid.ltc_step_backward(dnew, liquid.ltc_step(x, h, *weights, dt)[1])[:-1]
        for name, mine, theirs in zip(names, found, right, strict=True):
            check.close(mine, theirs, name=f"{name} for N = {N}, D = {D}, H = {H}")


# %% [markdown] id="bptt"
# ## Back through all steps
#
# The rest is chapter 20. A state $h_t$ has two uses: the loss looks at it, and the next step starts from it. So what reaches it is $g_t = \mathrm{d}y_t + (\text{what comes back through step } t+1)$, and the weights collect their gradients from all steps.
#
# This is backpropagation through time, through every step of the solver. It is the exact gradient of what the computer computed. There is another way, which made *neural differential equations* famous (Chen and others, 2018): keep no states, and instead solve the equation backwards in time, from the last state to the first. This *adjoint* method needs little memory. For a neuron that leaks it has a snag, and the authors of the LTC chose backpropagation through time for that reason. Forwards, a leak makes all starts end in the same place. Backwards, it drives them apart:

# %% id="adjoint-run"
rest, tau_sys, start = 1 / 3, 2 / 3, 0.9
for span in (5, 10, 15, 20, 25, 30):
    last = rest + (start - rest) * np.exp(-span / tau_sys)
    recovered = rest + (last - rest) * np.exp(span / tau_sys)
    print(f"after {span:2} units of time and back again: {recovered:.6f} instead of {start}")

# %% [markdown] id="adjoint-meaning"
# Up to 15 units of time all seems well. At 20 some digits are lost. At 25 the recovered start is 1.41, outside the bounds, and at 30 it has vanished: the last state *is* the resting place, to the last digit, and nothing in it tells any more where it came from. The time constant is $\frac23$, and 25 units are 37 time constants: $e^{37}\approx 10^{16}$, as many digits as double precision has. In single precision half of that is enough.

# %% [markdown] id="backward-statement" statement="ltc-backward"
# ### Exercise 5: backpropagation through the solver (9 points)
#
# Write `ltc_backward(dy, x, dt, h0, h, W_ih, W_hh, b, tau, A)`, the backward pass of `ltc_states`. `dy (T, N, H)` is the gradient of the loss with respect to every state, `h (T, N, H)` are the states from the forward pass, and `x (T, N, D)`, `dt (T, N)`, `h0 (N, H)` as above. Return `dx (T, N, D)`, `dh0 (N, H)`, `dW_ih`, `dW_hh`, `db`, `dtau` and `dA`. You may call your `ltc_step_backward`. Nothing is changed in place.
#
# Equations count from 1, arrays from 0: before step 0 comes `h0`, not row −1.
#
# Check by hand: for `T = 1` the answer is that of exercise 4, with `dnew = dy[0]`.


# %% id="ltc-backward" exercise=true difficulty=3 by_hand="ltc_states liquid nn"
def ltc_backward(dy, x, dt, h0, h, W_ih, W_hh, b, tau, A):
    """Gradients through time: dx (T, N, D), dh0 (N, H), dW_ih (H, D), dW_hh (H, H), db, dtau, dA (H,)."""
    ### BEGIN SOLUTION
    dx, g = np.empty(x.shape), np.zeros(h0.shape)
    totals = [np.zeros(np.shape(weight)) for weight in (W_ih, W_hh, b, tau, A)]
    for t in reversed(range(len(x))):
        before = h[t - 1] if t > 0 else h0
        dx[t], g, *parts = ltc_step_backward(dy[t] + g, x[t], before, W_ih, W_hh, b, tau, A, dt[t])
        totals = [total + part for total, part in zip(totals, parts, strict=True)]
    return dx, g, *totals
    ### END SOLUTION


# %% [markdown] id="backward-hints" hints="ltc-backward"
# - time: The gradient does not flow back through time: a state receives its own dy and what the next step sends back.
# - last: Every state has a dy of its own, not only the last one: add it at each step.
# - inside: h stands inside f too: what a step sends back to the state before it has a second part, through W_hh.
# - wrap: Before step 0 comes h0; h[t − 1] at t = 0 is the last state.
# - start: This is the gradient of the first state; h0 lies one step before it.
# - mean: The loss is not averaged over time: the sums have no factor 1/T.
# - final: Only the gradients of step 0 came back: the weights collect from all steps.


# %% id="one-step-gradients" given=true
def each_step_alone(dy, x, dt, h0, h, weights):
    """Gradients as if every step were a sequence of its own that starts from the true state before it."""
    before = np.concatenate([h0[None], h[:-1]])
    steps = [liquid.ltc(x[t : t + 1], dt[t : t + 1], before[t], *weights)[1] for t in range(len(x))]
    return [liquid.ltc_backward(dy[t : t + 1], cache) for t, cache in enumerate(steps)]


# %% id="backward-state" test="ltc-backward" points=2
@check.exercise("39-liquid/ltc-backward")
def gradient_of_the_start():
    """The gradient of h0: four steps, two examples"""
    x, dt, h0, dy, weights = sequence_case(4, 2, 3, 5)
    h = ltc_states(x, dt, h0, *weights)
    names = ("dx", "dh0", "dW_ih", "dW_hh", "db", "dtau", "dA")
    _, dh0, *_ = check.call(ltc_backward, dy, x, dt, h0, h, *weights, returns=names)
    late = np.where(np.arange(4)[:, None, None] == 3, dy, 0)
    back = liquid.ltc_backward(dy[1:], liquid.ltc(x[1:], dt[1:], h[0], *weights)[1])[2]
    before = np.concatenate([h0[None], h[:-1]])
    shares = 1 / (1 + dt[:, :, None] * (1 / weights[3] + liquid.ltc_rate(x, before, *weights)[1]))

    def loss(h0):
        return np.sum(dy * ltc_states(x, dt, h0, *weights))

    check.gradient(loss, dh0, h0, name="dh0", hints={
        "time": lambda right: each_step_alone(dy, x, dt, h0, h, weights)[0][2],
        "last": lambda right: liquid.ltc_backward(late, liquid.ltc(x, dt, h0, *weights)[1])[2],
        "inside": lambda right: np.sum(dy * np.cumprod(shares, axis=0), axis=0),
        "start": lambda right: dy[0] + back,
        "wrap": lambda right: liquid.ltc_backward(dy[:1] + back, liquid.ltc(x[:1], dt[:1], h[-1], *weights)[1])[2],
    })  # fmt: skip


# %% id="backward-weights" test="ltc-backward" points=2
@check.exercise("39-liquid/ltc-backward")
def gradients_of_the_weights():
    """The gradients of the weights: three steps, two examples"""
    x, dt, h0, dy, weights = sequence_case(3, 2, 4, 5)
    h = ltc_states(x, dt, h0, *weights)
    names = ("dx", "dh0", "dW_ih", "dW_hh", "db", "dtau", "dA")
    _, _, dW_ih, dW_hh, *_ = check.call(ltc_backward, dy, x, dt, h0, h, *weights, returns=names)
    W_ih, W_hh = weights[:2]
    back = liquid.ltc_backward(dy[1:], liquid.ltc(x[1:], dt[1:], h[0], *weights)[1])[2]
    first = liquid.ltc_backward(dy[:1] + back, liquid.ltc(x[:1], dt[:1], h0, *weights)[1])

    def loss(W_ih, W_hh):
        return np.sum(dy * ltc_states(x, dt, h0, W_ih, W_hh, *weights[2:]))

    check.gradient(lambda v: loss(W_ih, v), dW_hh, W_hh, name="dW_hh", hints={
        "mean": lambda right: right / 3,
        "final": lambda right: first[4],
    })  # fmt: skip
    check.gradient(lambda v: loss(v, W_hh), dW_ih, W_ih, name="dW_ih")


# %% id="backward-rest" test="ltc-backward" points=2
@check.exercise("39-liquid/ltc-backward")
def gradients_of_inputs_and_constants():
    """The gradients of the inputs, of τ, A and b"""
    x, dt, h0, dy, weights = sequence_case(5, 3, 2, 4)
    h = ltc_states(x, dt, h0, *weights)
    names = ("dx", "dh0", "dW_ih", "dW_hh", "db", "dtau", "dA")
    dx, _, _, _, db, dtau, dA = check.call(ltc_backward, dy, x, dt, h0, h, *weights, returns=names)
    W_ih, W_hh, b, tau, A = weights

    def loss(x, b, tau, A):
        return np.sum(dy * ltc_states(x, dt, h0, W_ih, W_hh, b, tau, A))

    check.gradient(lambda v: loss(v, b, tau, A), dx, x, name="dx")
    check.gradient(lambda v: loss(x, v, tau, A), db, b, name="db")
    check.gradient(lambda v: loss(x, b, v, A), dtau, tau, name="dtau")
    check.gradient(lambda v: loss(x, b, tau, v), dA, A, name="dA")


# %% id="backward-hidden" test="ltc-backward" points=3 hidden=true
@check.exercise("39-liquid/ltc-backward", hidden=True)
def other_sequences():
    """One step, one example, one neuron, long durations"""
    rng = check.rng(5)
    names = ("dx", "dh0", "dW_ih", "dW_hh", "db", "dtau", "dA")
    for T, N, D, H in [(1, 3, 2, 4), (6, 1, 2, 3), (5, 2, 3, 1), (7, 4, 1, 2)]:
        x, h0, dy = rng.normal(size=(T, N, D)), rng.normal(size=(N, H)), rng.normal(size=(T, N, H))
        weights = (rng.normal(size=(H, D)), rng.normal(size=(H, H)), rng.normal(size=H))
        weights = (*weights, rng.uniform(0.3, 3, H), rng.normal(size=H))
        dt = np.exp(rng.uniform(-2, 3, (T, N)))
        (h, _), cache = liquid.ltc(x, dt, h0, *weights)
        found = check.call(ltc_backward, dy, x, dt, h0, h, *weights, returns=names)
        dx, _, *others = liquid.ltc_backward(dy, cache)
        for name, mine, theirs in zip(names, found, (dx, *others), strict=True):
            check.close(mine, theirs, name=f"{name} for T = {T}, N = {N}, D = {D}, H = {H}")


# %% [markdown] id="experiment"
# ## The experiment
#
# Now the claims. A sine of unknown frequency and phase is measured at uneven times, with gaps between 0.1 and 0.9. After each measurement the network is asked for the next one, and is told how long it is until then. This is a task for which liquid networks were made: a smooth signal, uneven gaps, a small network.
#
# The rivals have 16 units each and a linear read-out. The RNN and the GRU have no clock, so they get the gap as a second input: nobody is left in the dark. The CT-RNN is the LTC without $f$ in the leak; so the difference between these two is what the *liquid* time constant brings. CfC is what the authors proposed a year later, in 2022. It has no solver at all. Three networks $f$, $g$ and $k$, each a layer, are blended according to the gap,
#
# $$h' = \sigma(-f\Delta)\odot g + \big(1 - \sigma(-f\Delta)\big)\odot k$$
#
# which imitates the solution of the equation: fast where $f$ is large.
#
# Everyone trains on 250 batches of 32 fresh sines, with Adam. The learning rate is the better one of 0.03 and 0.1, chosen beforehand on other series: 0.1 for the three with a clock, 0.03 for RNN and GRU.

# %% [markdown] id="experiment-question" question="predict"
# Who predicts the next measurement best? Answer before you run.
#
# - [ ] the LTC: it was built for uneven times, but here it is not even close.
# - [ ] the CT-RNN: it has a clock too, but it does not beat the GRU either.
# - [x] the GRU: told how long the gap is, it learns to use the number.

# %% id="experiment-run"
import time

from dlbook import optim

FULL = False
SEEDS, STEPS = (5, 1500) if FULL else (3, 250)
MODELS = {
    "RNN": dict(kind="rnn", lr=0.03),
    "GRU": dict(kind="gru", lr=0.03),
    "CT-RNN": dict(kind="ltc", lr=0.1, unfolds=3, liquid=False),
    "LTC": dict(kind="ltc", lr=0.1, unfolds=3),
    "CfC": dict(kind="cfc", lr=0.1),
}
if FULL:
    MODELS |= {"LSTM": dict(kind="lstm", lr=0.03), "LTC, 28 units": dict(kind="ltc", lr=0.1, unfolds=3, units=28)}


def sines(N, T, rng, kept=1.0):
    """N sines measured at T uneven times, or at the share `kept` of them: values seen, gaps, next values."""
    times = np.cumsum(rng.uniform(0.1, 0.9, (T, N)), axis=0)
    values = np.sin(rng.uniform(0.5, 2, N) * times + rng.uniform(0, 2 * np.pi, N))
    chosen = np.sort(rng.random((T, N)).argsort(axis=0)[: int(kept * T)], axis=0)
    times, values = (np.take_along_axis(a, chosen, axis=0).astype(np.float32) for a in (times, values))
    return values[:-1, :, None], np.diff(times, axis=0), values[1:, :, None]


def train_forecaster(kind, lr, seed, steps=STEPS, units=16, dropping=False, told=True, **settings):
    """A trained forecaster and its seconds; `dropping`: every other batch has lost half of its measurements."""
    rng, start = np.random.default_rng(seed), time.process_time()
    model = liquid.Forecaster(1, units, 1, kind, rng=rng, dtype=np.float32, **settings)
    optimizer = optim.Adam(model.parameters(), lr)
    for step in range(steps):
        x, dt, y = sines(32, 52, rng, 0.5) if dropping and step % 2 else sines(32, 26, rng)
        dt = dt if told else np.full_like(dt, 0.5)
        found, cache = model.forward(x, dt)
        optimizer.zero_grad()
        model.backward(2 * (found - y) / y.size, cache)
        nn.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model, time.process_time() - start


rng = np.random.default_rng(100)
full, halved = sines(300, 61, rng), sines(300, 121, rng, 0.5)
noise = 0.3 * rng.normal(size=full[0].shape).astype(np.float32)
TESTS = {"as trained": full, "half dropped": halved, "noisy": (full[0] + noise, *full[1:])}


def score(model):
    """Mean squared error in the three tests."""
    return [float(np.mean((model(x, dt) - y) ** 2)) for x, dt, y in TESTS.values()]


trained = {name: [train_forecaster(seed=seed, **how) for seed in range(SEEDS)] for name, how in MODELS.items()}
scores = {name: np.array([score(model) for model, _ in runs]) for name, runs in trained.items()}
print(f"{'':14}weights  {'as trained':>16}  {'half dropped':>16}  {'noisy':>16}  seconds")
print(f"{'last value':14}{0:7}  " + "  ".join(f"{np.mean((x - y) ** 2):16.4f}" for x, _, y in TESTS.values()))
for name, runs in trained.items():
    weights = sum(p.data.size for p in runs[0][0].parameters())
    cells = "  ".join(f"{m:7.4f} ± {s:.4f}" for m, s in zip(scores[name].mean(0), scores[name].std(0), strict=True))
    print(f"{name:14}{weights:7}  {cells}  {np.median([seconds for _, seconds in runs]):5.1f}")

# %% id="experiment-figure"
figure = plots.figure(9.5, 3.4)
axes = figure.subplots(1, 3, sharey=True)
for ax, (column, title) in zip(axes, enumerate(TESTS), strict=True):
    x, _, y = TESTS[title]
    ax.axvline(np.mean((x - y) ** 2), color=plots.GREY, linestyle=":", label="the last value, repeated")
    for row, (name, found) in enumerate(scores.items()):
        colour = plots.VERMILION if name.startswith("LTC") else plots.BLUE
        ax.plot(found[:, column], np.full(len(found), row), "o", color=colour)
    ax.set(title=title, xlabel="mean squared error", xscale="log", xlim=(0.004, 1))
    ax.set_yticks(range(len(scores)), list(scores))
axes[0].set_ylim(len(scores) + 0.3, -0.6)
axes[1].legend(loc="lower left")
plots.show(
    figure,
    alt="Errors of each network, one dot a start. As trained: GRU and CfC near 0.01, RNN near 0.02, CT-RNN and LTC near 0.04. With half of the measurements dropped all lie between 0.3 and 0.4. With noise LTC and CT-RNN are lowest, near 0.16.",
)

# %% [markdown] id="experiment-meaning"
# **As trained.** The GRU's error is a fifth of the LTC's, 0.009 against 0.049, and even the plain RNN of chapter 20 is more than twice as good. CfC, without any solver, comes close to the GRU. The three starts of a network differ much less than the networks do. And the LTC is not better than the CT-RNN, 0.049 against 0.038: the liquid time constant, which gave the network its name, brought nothing here.
#
# **Half dropped.** All fail alike, at 0.33 to 0.37. The next section says why.
#
# **Noisy.** Now the picture turns. LTC and CT-RNN stand at 0.16, the others between 0.24 and 0.29; repeating the last value costs 0.33. A press release could show this column alone. A leaky neuron averages over time, whatever comes in, while the GRU was trained on exact values and trusts them. But this is the merit of the leak, not of the *liquid* leak: the CT-RNN has it just as well.
#
# **Was the training too short?** With `FULL = True` everyone gets 1,500 batches and five starts, and two more join in: an LSTM, and an LTC with 28 units, which has almost as many weights as the GRU (925 and 977). Measured once, in four minutes: LSTM 0.0052, GRU 0.0059, CfC 0.0076, LTC with 28 units 0.0089, RNN 0.0094, CT-RNN 0.0118, LTC 0.0151. The distance shrinks, the order stays. With noise, LTC 0.18 and CT-RNN 0.16; GRU, RNN, CfC and LSTM between 0.33 and 0.41, no better than repeating the last value.
#
# **And the seconds?** The LTC has a third of the GRU's weights at equal width, and takes longer: three small steps for every measurement, with six as in the paper twice that.

# %% [markdown] id="cure"
# ## Measurements that get lost
#
# Why did all fail when half of the measurements were dropped? In training no gap was longer than 0.9. Without every other measurement they are often longer than 1. The GRU meets numbers that it has never seen, and the LTC lives through spans that it was never trained for. Continuous time does not help here, because nothing in the loss ever said what should happen after a long gap.
#
# The cure is old: train for what will come. Every other batch now loses half of its measurements.

# %% id="cure-run"
cured = {}
for name in ("GRU", "LTC"):
    runs = [train_forecaster(seed=seed, dropping=True, **MODELS[name])[0] for seed in range(SEEDS)]
    cured[name] = runs[0]
    found = np.array([score(model) for model in runs])
    cells = ", ".join(
        f"{test} {m:.3f} ± {s:.3f}" for test, m, s in zip(TESTS, found.mean(0), found.std(0), strict=True)
    )
    print(f"{name}, trained with dropped measurements: {cells}")

x, dt, y = halved
figure = plots.figure(8, 3.8)
axes = figure.subplots(1, 2, sharey=True)
for ax, (name, model) in zip(axes, cured.items(), strict=True):
    ax.plot(y[10:, :20].ravel(), model(x, dt)[10:, :20].ravel(), ".", markersize=3, color=plots.BLUE)
    ax.plot([-1, 1], [-1, 1], color=plots.VERMILION, linestyle="--", lw=1.5)
    ax.set(title=name, xlabel="measured", ylim=(-1.5, 1.5))
axes[0].set_ylabel("predicted")
plots.show(
    figure,
    alt="Predicted against measured values with every other measurement dropped. The points of the GRU gather along the diagonal; those of the LTC form a wide cloud around it, flatter than the diagonal.",
)

# %% [markdown] id="cure-meaning"
# Trained for it, the GRU's error with lost measurements falls from 0.33 to 0.08, and the LTC's from 0.37 to 0.27. Where nothing is lost, both pay a little: 0.012 instead of 0.009, 0.064 instead of 0.049.

# %% [markdown] id="job"
# ## Does it learn on the job?
#
# The book says that the network learns while it works, after training. Look at what changes and what does not when a trained LTC meets a calm signal and a wild one. Beside it stands the GRU. Its gate $z$ says how much of the old state stays; a share $z$ for each step means the time constant $-1/\ln z$, counted in steps.

# %% id="job-run"
ltc_model, gru_model = trained["LTC"][0][0], trained["GRU"][0][0]
before = {name: model.state_dict() for name, model in (("LTC", ltc_model), ("GRU", gru_model))}
t = np.arange(200) * 0.5
signals = {"calm": 0.1 * np.sin(0.5 * t), "wild": 2.0 * np.sin(2.0 * t)}
for name, values in signals.items():
    x, dt = values[:, None, None].astype(np.float32), np.full((200, 1), 0.5, np.float32)
    layer = ltc_model.recurrent
    (h, _), _ = layer.forward(x, dt)
    own = [layer.weight_ih, layer.weight_hh, layer.bias, layer.log_tau, layer.A]
    weights = [p.data for p in own[:3]] + [np.exp(layer.log_tau.data), layer.A.data]
    _, f = liquid.ltc_rate(x[1:], h[:-1], *weights)
    tau_sys = liquid.time_constant(weights[3], f)
    swing = tau_sys.max(axis=(0, 1)) / tau_sys.min(axis=(0, 1))
    (_, _), (caches, _) = gru_model.recurrent.forward(np.concatenate([x, dt[:, :, None]], axis=2))
    z = caches[0][2][:, 0, 16:32]
    steps = -1 / np.log(np.clip(z, 1e-6, 1 - 1e-6))
    gru_swing = steps.max(axis=0) / steps.min(axis=0)
    print(f"{name}: each neuron's time constant varies by a factor of {np.median(swing):.2f} in the LTC", end="")
    print(f" (median), of {np.median(gru_swing):.2f} in the GRU")
changed = {
    name: max(np.abs(now[key] - before[name][key]).max() for key in now)
    for name, now in (("LTC", ltc_model.state_dict()), ("GRU", gru_model.state_dict()))
}
print("largest change of a weight after all of this:", *(f"{name} {change:.1f}" for name, change in changed.items()))

# %% [markdown] id="job-meaning"
# Not one weight has changed, in either of them. Nothing is learnt on the job. What follows the input is the time constant: it moves by 1 % with the calm signal and by a third with the wild one. It is what gates do. In the GRU they move by far more: by a factor of 4 and of over 30.
#
# So a liquid network is a recurrent network with gates, in continuous time. "Its equations change" is true in the sense in which it is true of any gate.

# %% [markdown] id="verdict"
# ## What remains of the claims
#
# | the book, after the press release | here |
# |---|---|
# | "learns on the job" | No weight changes after training. The time constant follows the input, as a gate does in an LSTM or GRU. |
# | robust against noise | Yes in this test: noise at the input harms it least. But the CT-RNN, with a constant time constant, does as well. |
# | a few per cent better than others | Not here. The GRU's error is a fifth of the LTC's, after longer training two fifths to two thirds. |
# | small and cheap | A third of the GRU's weights, but more seconds. With as many weights it is still behind. |
# | more interpretable | Each neuron has a time constant that can be read. What it stands for is another question; we have not tested it. |
# | useful for language | Nobody had shown it. |
#
# One small experiment proves little. It is on one kind of series, with small networks and short training. In its own comparison, on other data, the paper finds the LTC ahead on several sets. But the experiment shows how to read such news: ask for the equation, give the rivals the same information, count the seconds, use several starts, and change one thing at a time.
#
# The book announces a second part about this architecture. It never came: the next chapter is about CLIP. The group did go on: with CfC (2022), and then with a company that takes its name from these networks and by now builds language models of other kinds.

# %% [markdown] id="mistakes"
# ## Common mistakes
#
# - **A long explicit step.** It works in training as long as the inputs are tame, and explodes with the first strong one: the limit $2\,\tau_{sys}$ shrinks when $f$ grows.
# - **τ that may become negative.** Gradient descent knows no signs. Learn $\ln\tau$, as `LTC` does; then $\tau = e^{\ln\tau}$ stays positive.
# - **The gap before instead of the gap ahead.** `dt[t]` is the time from measurement $t$ to measurement $t+1$. Shifted by one, the network still trains, only worse.
# - **Rivals without the gap.** A GRU that is not told the gaps is a weak opponent. This is how to make it look bad:

# %% id="mistakes-run"
blind, _ = train_forecaster(seed=0, told=False, **MODELS["GRU"])
x, dt, y = full
error = np.mean((blind(x, np.full_like(dt, 0.5)) - y) ** 2)
print(f"GRU, told the gaps: {scores['GRU'][0, 0]:.4f}, not told: {error:.4f}")

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# `dlbook.torch.liquid` holds the same layer as a `torch.nn.Module`, in ten lines: a loop over time, a loop over the solver's steps, and autograd does the rest.

# %% id="torch-check"
try:
    import torch

    from dlbook.torch.liquid import LTC
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    ours = liquid.LTC(2, 5, 3, rng=np.random.default_rng(0))
    theirs = LTC(2, 5, 3).double()
    theirs.load_state_dict({name: torch.from_numpy(value) for name, value in ours.state_dict().items()})
    rng = np.random.default_rng(1)
    x, dt, dy = rng.normal(size=(6, 4, 2)), rng.uniform(0.1, 2, (6, 4)), rng.normal(size=(6, 4, 5))
    (h, _), cache = ours.forward(x, dt)
    ours.backward(dy, cache)
    output, _ = theirs(torch.from_numpy(x), torch.from_numpy(dt))
    output.backward(torch.from_numpy(dy))
    print(f"states: largest difference {np.abs(output.detach().numpy() - h).max():.0e}")
    gaps = [np.abs(p.grad.numpy() - dict(ours.named_parameters())[n].grad).max() for n, p in theirs.named_parameters()]
    print(f"gradients of all {len(gaps)} parameters: largest difference {max(gaps):.0e}")

# %% [markdown] id="gpu"
# On a GPU such a network gains little. A sequence of 100 measurements with six steps each is 600 small steps, one after the other, and none can start before the last has ended. Large batches help; `torch.compile` can join the small operations. CfC needs one step for each measurement, and a transformer none at all.

# %% [markdown] id="step-quiz" question="quiz"
# A liquid layer has $\tau = 2$ for every neuron, and $f$ may be anything between 0 and 1. Which explicit Euler step is safe for every input?
#
# - [ ] 4: that is 2τ, the limit for closed synapses, f = 0.
# - [x] 4/3: with open synapses the time constant is 2/(1 + 2) = 2/3, and the limit is twice that.
# - [ ] any: that holds for the fused step.

# %% [markdown] id="memory-quiz" question="quiz"
# You train an LTC with 6 solver steps on sequences of 100 measurements, by backpropagation through time. How many states of each example must be kept for the backward pass?
#
# - [x] 600, one for each step of the solver: that is the price of the exact gradient.
# - [ ] 100, one for each measurement: the steps in between were computed too, and their gradients need them.
# - [ ] one, the last: the adjoint method gets along with it, if the way back is stable.

# %% [markdown] id="questions"
# ## To think about
#
# 1. Why does the bound $\min(0, A)\le h\le\max(0, A)$ hold for the fused step with any $\Delta$, but for the explicit one only up to $\Delta = \tau_{sys}$, and not up to $2\,\tau_{sys}$?
# 2. With $f$ fixed the equation has an exact solution, $h(t) = h^* + (h - h^*)\,e^{-t/\tau_{sys}}$. Why not use it as a step? What would be gained, and what not?
# 3. A GRU updates $h' = (1-z)\,n + z\,h$. Bring the fused step into this form. What are $z$ and $n$?
# 4. In which task would you expect a network with a clock to beat a GRU that is told the gaps?
#
# <details><summary>Answers</summary>
#
# 1. The fused step is a weighted mean of $h$, 0 and $A$ for every $\Delta$. The explicit one is $h^* + (1 - \Delta/\tau_{sys})(h - h^*)$: with a negative factor it jumps over $h^*$, and if that lies near a bound, over the bound.
# 2. It is as stable as the fused step and exact for one neuron with a constant input. But in a network $f$ moves during the step, so it too is of first order. It costs an exponential. CfC was born of this thought.
# 3. $z = 1/q$ and $n = \Delta f A/(q - 1)$ with $q = 1 + \Delta(1/\tau + f)$. The fused step is a gated update whose gate and target hang together through $f$.
# 4. Where the truth itself is a leaky equation with inputs, such as the level of a drug in the blood; where there are very few examples, so that the built-in clock saves learning it; and where gaps at test time are of many kinds.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# K. Funahashi and Y. Nakamura, *Approximation of dynamical systems by continuous time recurrent neural networks* (1993). R. Chen, Y. Rubanova, J. Bettencourt and D. Duvenaud, *Neural ordinary differential equations* (2018). Y. Rubanova, R. Chen and D. Duvenaud, *Latent ODEs for irregularly-sampled time series* (2019), with the ODE-RNN, which lets a GRU's state run between the measurements. M. Lechner and others, *Neural circuit policies enabling auditable autonomy* (2020). R. Hasani, M. Lechner, A. Amini, D. Rus and R. Grosu, *Liquid time-constant networks* (AAAI 2021). R. Hasani and others, *Closed-form continuous-time neural networks* (2022). J. White and others, *The structure of the nervous system of the nematode C. elegans* (1986). The book, chapter 83.
#
# **Next**, Part VIII: machine learning in practice, beginning with chapter 40.
