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
#     title: Exponential moving average
#     minutes: 35
#     needs: []
#     book: []
# ---

# %% [markdown] id="title"
# # Exponential moving average: memory in one number
#
# **After this page you can** compute an exponential moving average, say how much weight its last readings carry, and derive its gradients by hand.
#
# **Time** 10 minutes to read, 25 for the exercise. **You need** loops, NumPy indexing, partial derivatives and the chain rule.

# %% id="setup" given=true
import numpy as np

from dlbook import check, plots

# %% [markdown] id="idea"
# ## A thermometer on a windy roof
#
# It records $x_1, x_2, \dots$ and the readings swing. You want the temperature, not the wind, and you may keep only one number between
# readings. Keep a mixture of what you believed and what you just saw:
#
# $$m_t = \beta\, m_{t-1} + (1-\beta)\, x_t$$
#
# With $\beta = 0$ you trust only the last reading. With $\beta$ near 1 you almost ignore the new ones.


# %% id="forward" given=true
def moving_average(x, beta, m0):
    """Exponential moving average along the first axis.

    x : (T, D), beta : float in [0, 1), m0 : (D,).
    Returns m : (T, D), and the cache that the backward pass needs.
    """
    m = np.empty(x.shape)
    previous = m0
    for t in range(len(x)):
        previous = m[t] = beta * previous + (1 - beta) * x[t]
    return m, (x, beta, m0, m)


# %% [markdown] id="cold-question" question="predict"
# The temperature is exactly 20 °C, without wind, and the average starts at $m_0 = 0$. With $\beta = 0.9$, after how many readings is it above 19 °C?
#
# - [ ] 10: that is $1/(1-\beta)$, the usual rule of thumb; after 10 readings it has come 65 % of the way.
# - [x] 29: the cold start fades as $20 \cdot 0.9^n$, and 29 is the first $n$ for which that is below 1.
# - [ ] 200: $0.9^n$ shrinks faster than one expects; after 200 readings the difference is a billionth.

# %% id="cold-start"
m, _ = moving_average(np.full((60, 1), 20.0), beta=0.9, m0=np.zeros(1))
print("readings until it is above 19:", 1 + np.argmax(m[:, 0] > 19))

# %% [markdown] id="memory"
# ## How far back it remembers
#
# A reading that is $k$ steps old has the weight $(1-\beta)\,\beta^k$. The last $n$ readings together carry $1-\beta^n$ of the weight: for
# $\beta = 0.9$ the last ten carry 65 %. More memory means less noise, and more delay.


# %% id="memory-figure" folded=true
def memory_figure(beta=0.9, noise=0.5, T=200):
    """Readings, temperature and average (left), weight by age (right); a pure function of its arguments."""
    temperature = 20 + np.sin(np.linspace(0, 6, T))
    readings = temperature + np.random.default_rng(7).normal(0, noise, T)
    m, _ = moving_average(readings[:, None], beta, readings[:1])
    figure = plots.figure(width=9, height=3)
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    left.plot(readings, ".", color="0.7", label="reading")
    left.plot(temperature, "--", color="#0072B2", label="temperature")
    left.plot(m[:, 0], color="#D55E00", label="average")
    left.set(xlabel="time", ylabel="°C")
    left.legend()
    age = np.arange(40)
    right.bar(age, (1 - beta) * beta**age, color="#D55E00")
    right.set(xlabel="age of a reading", ylabel="weight")
    return figure


print(f"weight of the last ten readings: {1 - 0.9**10:.0%}")
plots.show(
    memory_figure(),
    alt="Noisy readings around a slow wave and their average, which follows late; the weights fall with age.",
)

# %% [markdown] id="back"
# ## Backpropagation through time, without a network around it
#
# A loss $L$ looks at every $m_t$ and sends it a gradient, $\mathrm{dm}_t = \partial L/\partial m_t$ with the other averages held fixed. But $m_t$
# also enters $m_{t+1}$, so what reaches it in all is its own part and what comes back from the future:
#
# $$g_t = \mathrm{dm}_t + \beta\, g_{t+1}, \qquad g_{T+1} = 0$$
#
# Two things enter each step beside $m_{t-1}$: the reading $x_t$ and the number $\beta$. What they receive follows from the equation of the average,
# and is yours to derive.

# %% [markdown] id="ema-statement" statement="ema"
# ### Exercise: the gradients of a moving average
#
# Write `moving_average_backward(dm, cache)`. It returns `dx (T, D)`, `dbeta` (a float) and `dm0 (D,)`, the gradients of the loss with respect to the readings, to
# $\beta$ (summed over everything that it multiplies) and to the start. It changes none of its arguments.
#
# Equations count from 1, arrays from 0: row `t` of an array is time $t+1$, and before row 0 comes `m0`, not row −1.
#
# Check by hand: `T = 1`, `D = 1`, `dm = [[1]]`, `x = [[3]]`, `m0 = [5]`, `beta = 0.8` give `dx = [[0.2]]`, `dbeta = 2`, `dm0 = [0.8]`.


# %% id="ema" exercise=true difficulty=2 by_hand="moving_average"
def moving_average_backward(dm, cache):
    """Gradients of a loss that sends dm (T, D) to the averages.  Returns dx (T, D), dbeta (float), dm0 (D,)."""
    ### BEGIN SOLUTION
    x, beta, m0, m = cache
    dx, dbeta, g = np.empty(x.shape), 0.0, np.zeros(m0.shape)
    for t in reversed(range(len(x))):
        before = m[t - 1] if t > 0 else m0
        g = dm[t] + beta * g
        dx[t] = (1 - beta) * g
        dbeta += np.sum(g * (before - x[t]))
    return dx, dbeta, beta * g
    ### END SOLUTION


# %% [markdown] id="ema-hints" hints="ema"
# - time: The gradient does not flow back through time: what reaches one average is its own part plus β times what reaches the next.
# - weight: Each reading enters with the weight (1 − β).
# - order: The recursion runs in the wrong direction: start from the last step.
# - start: m0 enters the first average through β · m0.
# - after: β multiplies the average before the reading, not the one after it.
# - first: The first step is missing: before row 0 comes m0.
# - mean: The loss is not averaged over time: do not divide by T.
# - sign: The sign is turned round.


# %% id="ema-case" given=true
def ema_case(T, D, beta):
    """Inputs that are the same on every machine, all different from each other."""
    x = np.linspace(-1, 2, T * D).reshape(T, D)
    m0 = np.linspace(0.5, -0.3, D)
    dm = np.cos(1.7 * np.arange(T * D)).reshape(T, D)
    return dm, x, beta, m0


# %% id="ema-dx" test="ema" points=2
@check.exercise("00-moving-average/ema")
def gradients_of_the_readings_and_of_the_start():
    """gradients of the readings and of the start"""
    dm, x, beta, m0 = ema_case(5, 3, 0.8)
    _, cache = moving_average(x, beta, m0)
    dx, dbeta, dm0 = check.call(moving_average_backward, dm, cache, returns=("dx", "dbeta", "dm0"))

    def loss(x, m0):
        return np.sum(dm * moving_average(x, beta, m0)[0])

    check.gradient(
        lambda v: loss(v, m0),
        dx,
        x,
        name="dx",
        hints={
            "time": lambda right: (1 - beta) * dm,
            "weight": lambda right: right / (1 - beta),
            "mean": lambda right: right / len(x),
            "sign": lambda right: -right,
            "order": lambda right: (1 - beta) * moving_average(dm / (1 - beta), beta, np.zeros(3))[0],
        },
    )
    check.gradient(lambda v: loss(x, v), dm0, m0, name="dm0", hints={"start": lambda right: right / beta})


# %% id="ema-dbeta" test="ema" points=1
@check.exercise("00-moving-average/ema")
def gradient_of_beta():
    """gradient of β"""
    dm, x, beta, m0 = ema_case(5, 3, 0.8)
    m, cache = moving_average(x, beta, m0)
    dx, dbeta, dm0 = check.call(moving_average_backward, dm, cache, returns=("dx", "dbeta", "dm0"))
    g = moving_average(dm[::-1], beta, np.zeros(3))[0][::-1] / (1 - beta)
    before = np.vstack([m0, m[:-1]])
    check.gradient(
        lambda v: np.sum(dm * moving_average(x, float(v), m0)[0]),
        dbeta,
        beta,
        name="dbeta",
        hints={
            "after": lambda right: np.sum(g * (m - x)),
            "first": lambda right: np.sum((g * (before - x))[1:]),
            "time": lambda right: np.sum(dm * (before - x)),
            "sign": lambda right: -right,
        },
    )


# %% id="ema-other-sizes" test="ema" points=2 hidden=true
@check.exercise("00-moving-average/ema", hidden=True)
def one_step_one_column_no_memory_and_long_memory():
    """one step, one column, no memory and long memory"""
    rng = np.random.default_rng(11)
    for T, D, beta in [(1, 2, 0.5), (7, 1, 0.0), (11, 4, 0.97)]:
        x, m0, dm = rng.normal(size=(T, D)), rng.normal(size=D), rng.normal(size=(T, D))
        m, cache = moving_average(x, beta, m0)
        dx, dbeta, dm0 = check.call(moving_average_backward, dm, cache, returns=("dx", "dbeta", "dm0"))
        g = np.array([[np.sum(dm[t:, d] * beta ** np.arange(T - t)) for d in range(D)] for t in range(T)])
        check.close(dx, (1 - beta) * g, name=f"dx for T = {T}, D = {D}")
        check.close(dm0, beta * g[0], name=f"dm0 for T = {T}, D = {D}")
        check.close(dbeta, np.sum(g * (np.vstack([m0, m[:-1]]) - x)), name=f"dbeta for T = {T}, D = {D}")


# %% [markdown] id="torch"
# ## The same in PyTorch
#
# Autograd writes the backward pass for you. It finds the same numbers.

# %% id="torch-check"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    x = torch.linspace(0, 1, 6, dtype=torch.float64, requires_grad=True)
    state = torch.zeros((), dtype=torch.float64)
    for reading in x:
        state = 0.9 * state + 0.1 * reading
    state.backward()
    print("weight of each reading in the last average:", x.grad.numpy().round(4))

# %% [markdown] id="questions"
# ## To think about
#
# 1. With $\beta = 0.9$, how large is the share of $\mathrm{dm}_{t+50}$ that reaches $x_t$? What does that say about learning from the distant past?
# 2. Adam divides its average by $1-\beta^t$. Which trouble of the cold start does this cure?
# 3. In which recurrent cell is $\beta$ replaced by a number that the network computes anew at each step, while the weights of old and new still add up to one?
