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
#     title: What is deep learning?
#     minutes: 125
#     needs: [01-history]
#     book: [3]
# ---

# %% [markdown] id="title"
# # What is deep learning?
#
# **After this page you can** say what the layers of a deep network do that one layer cannot, turn scores into probabilities without overflow, compute how much memory a model needs,
# write two features that people made by hand before networks learnt their own, and run the first deep learner, which is from 1965.
#
# **Time** 50 minutes to read, 75 for the six exercises. **You need** NumPy arrays, the derivative of a function, and the history of chapter 01.

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, nn, plots

# %% [markdown] id="idea"
# ## Layers
#
# In a deep network the data pass through layers. Each layer does the same simple thing: weighted sums, then one function applied to each sum. The output of one layer is the input of the next. What lies between input and output is called hidden.
#
# $$f(x) = f^L(\cdots f^2(f^1(x))), \qquad f^l(a) = g(W^l a + b^l)$$
#
# A network with one hidden layer is called shallow, one with several is deep. How many make it deep is a matter of taste.

# %% id="shallow-deep"
figure = plots.figure(8, 2.8)
left, right = figure.subplots(1, 2, width_ratios=(2, 4))
plots.network(left, [3, 4, 2])
plots.network(right, [3, 4, 4, 4, 2])
left.set_title("shallow")
right.set_title("deep")
plots.show(
    figure,
    alt="Left: a network with one hidden layer of four units. Right: one with three hidden layers of four units.",
)

# %% [markdown] id="no-linear"
# The function $g$ must not be a straight line. Two layers without it are one layer: $W^2(W^1 a) = (W^2W^1)\,a$. Here are twenty layers without $g$, and the one matrix that replaces them.

# %% id="linear-run"
rng = np.random.default_rng(0)
stack = [rng.normal(size=(5, 5)) / 5**0.5 for _ in range(20)]
x = rng.normal(size=(3, 5))
deep = x
for W in stack:
    deep = deep @ W.T
single = x @ np.linalg.multi_dot(stack[::-1]).T
print("largest difference between twenty linear layers and one:", f"{np.abs(deep - single).max():.0e}")

# %% [markdown] id="claims"
# The book introduces deep learning with three sentences that need mending.
#
# - It calls them systems that *imitate how the brain works*. The brain inspired the first units. What follows is calculus: nobody has found backpropagation in a brain.
# - It says that deep learning *uses supervised learning*. It uses that too. Later in this page a network learns from digits without a single label, and the language models of Part VII learn from plain text.
# - The freeCodeCamp guide on the same subject speaks of many *networks* stacked on each other. What is stacked are the **layers** of one network.

# %% [markdown] id="line"
# ## One loop, from a line to a network
#
# All learning on this page but two museum pieces is one loop. There is a function with parameters, and a number, the loss, that says how far its answers are from the right ones. Move every parameter a little in the direction that lowers the loss. Repeat.
#
# The smallest case is a line, $y = mx + c$, with two parameters. The loss is the mean of the squared errors, and its derivatives say where down is:
#
# $$L = \frac1n \sum_i (mx_i + c - y_i)^2, \qquad \frac{\partial L}{\partial m} = \frac2n \sum_i (mx_i + c - y_i)\,x_i, \qquad \frac{\partial L}{\partial c} = \frac2n \sum_i (mx_i + c - y_i)$$


# %% id="line-functions"
def line_loss(m, c, x, y):
    """The mean squared error of the line m x + c, and its derivatives with respect to m and c."""
    error = m * x + c - y
    return np.mean(error**2), np.mean(2 * error * x), np.mean(2 * error)


def line_path(m, c, x, y, lr, steps, batch=12):
    """Gradient descent from (m, c), on `batch` points drawn anew for each step: the places it visits, (steps + 1, 2)."""
    path, rng = [(m, c)], np.random.default_rng(0)
    for _ in range(steps):
        chosen = rng.permutation(len(x))[:batch]
        _, dm, dc = line_loss(m, c, x[chosen], y[chosen])
        m, c = m - lr * dm, c - lr * dc
        path.append((m, c))
    return np.array(path)


line_x = np.linspace(-1, 1.6, 12)
line_y = 1.4 * line_x - 0.5 + 0.25 * np.cos(7 * np.arange(12))
path = line_path(-1.0, 1.0, line_x, line_y, 0.2, 30)
for k in (0, 1, 5, 30):
    print(
        f"step {k:2d}: m = {path[k, 0]:6.3f}, c = {path[k, 1]:6.3f}, loss {line_loss(*path[k], line_x, line_y)[0]:.4f}"
    )
best = np.polyfit(line_x, line_y, 1)
print(f"least squares: m = {best[0]:.3f}, c = {best[1]:.3f}")

# %% [markdown] id="line-widget-text"
# Choose a start by hand, then walk down the bowl. With a learning rate near 1 the walk jumps from wall to wall; a little more and it leaves the bowl. Then let each step see only four of the twelve points, or one: the walk staggers, and gets there all the same.

# %% id="line-widget" folded=true
from dlbook import widgets


def line_bowl(m, c):
    """The loss of many lines at once: m and c of one shape."""
    return np.mean((m[..., None] * line_x + c[..., None] - line_y) ** 2, axis=-1)


def line_figure(m, c, lr, batch, step):
    """The points and the line (left), the loss as contours with the walk so far (right)."""
    walk = line_path(m, c, line_x, line_y, lr, step, batch)
    now = np.clip(walk[-1], -50, 50)
    figure = plots.figure(9, 3.4)
    left, right = figure.subplots(1, 2)
    left.plot(line_x, line_y, "o", color=plots.BLUE)
    left.plot(line_x, now[0] * line_x + now[1], "-", color=plots.VERMILION)
    left.set(xlabel="x", ylabel="y", ylim=(-4, 4))
    plots.contour_path(right, line_bowl, ((-3, 4), (-3, 3)), walk)
    right.set(xlabel="m", ylabel="c")
    figure.numbers = {"m": walk[-1, 0], "c": walk[-1, 1], "loss": line_loss(*walk[-1], line_x, line_y)[0]}
    return figure


widgets.explore(
    line_figure,
    dict(
        m=widgets.Slider(-3.0, 4.0, -1.0, step=0.1, label="start: m"),
        c=widgets.Slider(-3.0, 3.0, 1.0, step=0.1, label="start: c"),
        lr=widgets.LogSlider(0.01, 1.5, 0.2, label="learning rate"),
        batch=widgets.Options([12, 4, 1], 12, style="buttons", label="points for each step"),
        step=widgets.Steps(31, value=5, play=True, label="step"),
    ),
    alt=lambda m, c, lr, batch, step: (
        f"After {step} steps from m = {m:g}, c = {c:g} with learning rate {lr:g} on {batch} points each: the line among the points, and its path over the contours of the loss."
    ),
    table=lambda m, c, lr, batch, step: line_figure(m, c, lr, batch, step).numbers,
    title="A line finds its place",
)

# %% [markdown] id="hidden"
# Now the points follow a wave. No line fits, and no learning rate helps. Put one layer of eight hidden units between $x$ and $y$ and leave the loop as it is:

# %% id="hidden-run"
from dlbook import optim, train


def learn(model, loss, x, y, lr, epochs, batch_size, rng):
    """Gradient descent on mini-batches; returns the trained model."""
    optimizer = optim.SGD(model.parameters(), lr)
    train.fit(
        model, loss, optimizer, (x, y), train.Config(epochs=epochs, batch_size=batch_size), rng=rng, progress=False
    )
    return model


wave_x = np.linspace(-1, 1, 40)[:, None]
wave_y = np.sin(4 * wave_x)
rng = np.random.default_rng(1)
straight = learn(nn.Sequential(nn.Linear(1, 1, rng=rng)), nn.MSELoss(), wave_x, wave_y, 0.1, 500, 40, rng)
hidden = nn.Sequential(nn.Linear(1, 8, rng=rng), nn.Tanh(), nn.Linear(8, 1, rng=rng))
hidden = learn(hidden, nn.MSELoss(), wave_x, wave_y, 0.1, 3000, 40, rng)
for name, model in (("a line", straight), ("eight hidden units", hidden)):
    print(
        f"{name}: {sum(p.data.size for p in model.parameters())} parameters, loss {np.mean((model(wave_x) - wave_y) ** 2):.4f}"
    )

# %% [markdown] id="rules"
# ## Why not write the rules?
#
# The guide's argument for learning: nobody can write down the rules that tell a cat from a dog by its pixels. Try something easier, a 3 from an 8. The digits of the course have 8×8 pixels. An 8 is closed on its left, a 3 is open there. So: *count the ink on the left, and above a limit it is an 8.*
#
# Against this rule we set one layer, two sums of 64 weighted pixels, trained by the loop above.

# %% [markdown] id="rules-question" question="predict"
# The rule is right for 256 of the 285 training images of a 3 or an 8. How will the trained layer do on the 72 test images?
#
# - [ ] Like the rule, about nine in ten: both look only at ink; but the layer weighs each pixel by itself.
# - [x] All of them right: 64 weights found from examples see more than one idea of a person.
# - [ ] Worse: it has only seen 285 images; for two classes that is plenty.

# %% id="rules-run"
digits = data.digits(flat=False)


def threes_and_eights(images, labels):
    """Only the 3s and 8s: images (N, 8, 8), and whether each is an 8."""
    chosen = (labels == 3) | (labels == 8)
    return images[chosen, 0], labels[chosen] == 8


def left_ink(images):
    """The ink in rows 3 to 6 and columns 2 and 3, counted from 1."""
    return images[:, 2:6, 1:3].sum(axis=(1, 2))


train_38, is_8 = threes_and_eights(digits.x_train, digits.y_train)
test_38, test_is_8 = threes_and_eights(digits.x_test, digits.y_test)
limits = np.linspace(0, 8, 81)
limit = max(limits, key=lambda t: np.mean((left_ink(train_38) > t) == is_8))
rule = (left_ink(train_38) > limit) == is_8
print(f"the rule with the best limit, {limit:.1f}: right for {rule.sum()} of {len(rule)} training images")
rule = (left_ink(test_38) > limit) == test_is_8
print(f"the rule on the test images: {rule.sum()} of {len(rule)}")

rng = np.random.default_rng(0)
layer = nn.Sequential(nn.Linear(64, 2, rng=rng))
layer = learn(layer, nn.CrossEntropyLoss(), train_38.reshape(-1, 64), is_8.astype(int), 0.5, 30, 20, rng)
right = (layer(test_38.reshape(-1, 64)).argmax(axis=1) == 1) == test_is_8
print(f"the trained layer: {right.sum()} of {len(right)}")
difference = (layer[0].weight.data[1] - layer[0].weight.data[0]).reshape(1, 8, 8)
plots.show(
    plots.image_grid(
        np.concatenate([difference / np.abs(difference).max(), test_38[~rule][:4]]),
        ["weights", *["?"] * 4],
        signed=True,
    ),
    alt="First image: the weights for 8 against 3, positive at the left of both loops. Then four digits that the rule gets wrong.",
)

# %% [markdown] id="rules-meaning"
# The first image shows what the layer found. Ink on a violet pixel speaks for an 8, ink on an orange one for a 3. Our idea is among them, violet on the left of both loops, but weighed pixel by pixel, and with others that nobody would have thought of. The rule needs a person for each pair of digits. The loop needs examples.

# %% [markdown] id="scores"
# ## Labels and scores
#
# A network that classifies gives one number for each class, a **score**. The Data Science Academy slides show the two conversions around it: labels become one-hot rows, and scores become probabilities.
#
# One-hot: a column for each class, a 1 in the column of the label, 0 elsewhere. The slide has the columns Red, Yellow, Green, and five labels: Red, Red, Yellow, Green, Yellow. In the copy of the slides that circulates as text, the table of numbers has slipped by one row against its labels. You will make the right one.

# %% [markdown] id="one-hot-statement" statement="one-hot"
# ### Exercise 1: one-hot rows (4 points)
#
# Write `one_hot(labels, classes)`. `labels` is a list of N labels, `classes` a list of the C names in the order of the columns. The result is a float array `(N, C)`. A label that is not among the classes raises a `ValueError`. A class that no label mentions keeps its column.
#
# Check by hand: `one_hot(["b", "a"], ["a", "b", "c"])` gives `[[0, 1, 0], [1, 0, 0]]`.


# %% id="one-hot" exercise=true difficulty=1 by_hand="nn data plots"
def one_hot(labels, classes):
    """A row for each of N labels, a column for each of C classes in their order: (N, C), float."""
    ### BEGIN SOLUTION
    classes = list(classes)
    rows = np.zeros((len(labels), len(classes)))
    for n, label in enumerate(labels):
        if label not in classes:
            raise ValueError(f"expected one of {classes}, got {label!r}")
        rows[n, classes.index(label)] = 1.0
    return rows
    ### END SOLUTION


# %% [markdown] id="one-hot-hints" hints="one-hot"
# - sorted: The columns have the order of `classes`, not the alphabet's.
# - shifted: The rows have slipped: row n belongs to label n.
# - transposed: Rows are labels, columns are classes; yours are the other way round.
# - seen: A class that no label mentions keeps its column all the same.


# %% id="one-hot-slide" test="one-hot" points=2
@check.exercise("02-what-is-deep/one-hot")
def the_table_of_the_slide():
    """The table of the slide"""
    classes = ["Red", "Yellow", "Green"]
    labels = ["Red", "Red", "Yellow", "Green", "Yellow"]
    expected = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]], float)
    check.close(
        check.call(one_hot, labels, classes),
        expected,
        name="the table",
        hints={
            "sorted": lambda right: right[:, [classes.index(c) for c in sorted(classes)]],
            "shifted": lambda right: np.roll(right, 1, axis=0),
            "transposed": np.transpose,
        },
    )


# %% id="one-hot-classes" test="one-hot" points=1
@check.exercise("02-what-is-deep/one-hot")
def classes_without_a_label_and_labels_without_a_class():
    """Classes without a label, and a label without a class"""
    expected = np.array([[0, 0, 1, 0], [0, 1, 0, 0]], float)
    check.close(
        check.call(one_hot, [7, 5], [3, 5, 7, 9]), expected, name="the table", hints={"seen": lambda right: np.eye(2)}
    )
    check.raises(ValueError, one_hot, ["a", "d"], ["a", "b", "c"], what="a label that is not among the classes")


# %% id="one-hot-hidden" test="one-hot" points=1 hidden=true
@check.exercise("02-what-is-deep/one-hot", hidden=True)
def one_label_and_many():
    """One label, and many"""
    check.close(check.call(one_hot, ["x"], ["y", "x"]), np.array([[0.0, 1.0]]), name="one row")
    rng = check.rng(1)
    classes = [int(c) for c in rng.permutation(9)]
    labels = [int(c) for c in rng.integers(9, size=40)]
    right = (np.array(labels)[:, None] == np.array(classes)[None, :]).astype(float)
    check.close(check.call(one_hot, labels, classes), right, name="forty rows")


# %% [markdown] id="softmax-text"
# Softmax turns scores into positive numbers that sum to 1. A score that is larger by 1 gets $e$ times the probability.
#
# $$S(y)_i = \frac{e^{y_i}}{\sum_j e^{y_j}}$$
#
# The slide writes it in one line of NumPy. Here is its line, with its own example, and then with two others.


# %% id="slide-softmax"
def slide(x):
    """Softmax as the slide has it."""
    return np.exp(x) / np.sum(np.exp(x), axis=0)


print("the slide's example:  ", slide(np.array([3.0, 1.0, 0.2])))
with np.errstate(over="ignore", invalid="ignore"):
    print("scores 1000, 1, 2:    ", slide(np.array([1000.0, 1.0, 2.0])))
batch = np.array([[3.0, 1.0, 0.2], [1.0, 1.0, 1.0]])
print("two examples, row sums:", slide(batch).sum(axis=1).round(3))

# %% [markdown] id="softmax-trouble"
# Two faults. $e^{1000}$ is too large for a floating-point number: it becomes infinity, and infinity divided by infinity is not a number. And `axis=0` adds up over the *examples* when they lie in rows, so no row sums to 1.
#
# The first has an old cure. Softmax does not change when all scores move by the same amount, because $e^{y_i - k} = e^{y_i}e^{-k}$, and the factor cancels. Take off the largest score first: then every exponent is at most 0.

# %% [markdown] id="softmax-statement" statement="softmax"
# ### Exercise 2: a softmax that never overflows (5 points)
#
# Write `softmax(x, axis=-1)`. `x` is an array of any shape, `axis` the axis along which the results sum to 1. The result has the shape of `x`, is right for scores of any size, and `x` stays as it is.
#
# Check by hand: `softmax(np.array([[0.0, 0.0], [1000.0, 1000.0]]))` is `[[0.5, 0.5], [0.5, 0.5]]`.


# %% id="softmax" exercise=true difficulty=1 by_hand="nn data plots"
def softmax(x, axis=-1):
    """exp(x) / Σ exp(x) along one axis, for scores of any size; the shape of x."""
    ### BEGIN SOLUTION
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)
    ### END SOLUTION


# %% [markdown] id="softmax-hints" hints="softmax"
# - axis: It sums over the examples: by default each row sums to 1.
# - whole: It sums over the whole array: each row sums to 1.
# - fixed: The argument `axis` says along which axis the results sum to 1.
# - unnormalised: The exponentials are not divided by their sum.


# %% id="softmax-rows" test="softmax" points=2
@check.exercise("02-what-is-deep/softmax")
def a_batch_in_rows():
    """A batch, one example a row"""
    x = np.linspace(-2, 3, 12).reshape(3, 4) ** 2
    powers = np.exp(x)
    check.close(
        check.call(softmax, x),
        powers / powers.sum(axis=1, keepdims=True),
        name="softmax",
        hints={
            "axis": lambda right: powers / powers.sum(axis=0),
            "whole": lambda right: powers / powers.sum(),
            "unnormalised": lambda right: np.exp(x - x.max(axis=1, keepdims=True)),
        },
    )


# %% id="softmax-large" test="softmax" points=1
@check.exercise("02-what-is-deep/softmax")
def scores_of_a_thousand():
    """Scores of a thousand, up and down"""
    x = np.array([[1000.0, 1.0, 2.0], [-1000.0, -1001.0, -999.0]])
    small = np.exp([-1.0, -2.0, 0.0])
    check.close(check.call(softmax, x), np.array([[1.0, 0.0, 0.0], small / small.sum()]), name="softmax")


# %% id="softmax-axis" test="softmax" points=1
@check.exercise("02-what-is-deep/softmax")
def along_another_axis():
    """Along another axis"""
    x = np.cos(np.arange(10.0)).reshape(5, 2)
    rows = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    right = np.exp(x) / np.exp(x).sum(axis=0)
    check.close(check.call(softmax, x, 0), right, name="softmax along axis 0", hints={"fixed": lambda right: rows})


# %% id="softmax-hidden" test="softmax" points=1 hidden=true
@check.exercise("02-what-is-deep/softmax", hidden=True)
def three_axes_and_one_example():
    """Three axes, one example, shifted scores"""
    rng = check.rng(2)
    for shape, axis in [((1, 6), -1), ((4, 3, 5), 1), ((7,), 0), ((3, 1), -1)]:
        x = 5 * rng.normal(size=shape)
        right = nn.softmax(x, axis)[0]
        check.close(check.call(softmax, x, axis), right, name=f"softmax of {shape}")
        check.close(check.call(softmax, x + 3000, axis), right, name=f"softmax of {shape}, shifted", rtol=1e-5)


# %% [markdown] id="temperature-text"
# Divide the scores by a number before the softmax, the temperature $T$. A low one makes the winner take all, a high one makes all classes alike. Language models have this control.


# %% id="temperature-widget" folded=true
def temperature_figure(a, b, c, temperature):
    """Bars of the three probabilities, with the scores under them."""
    p = nn.softmax(np.array([a, b, c]) / temperature)[0]
    figure = plots.figure(5.5, 2.8)
    ax = figure.subplots()
    ax.bar([0, 1, 2], p, color=plots.BLUE)
    for k in range(3):
        ax.text(k, p[k] + 0.02, f"{p[k]:.3f}", ha="center")
    ax.set(ylim=(0, 1.12), ylabel="probability", xticks=[0, 1, 2])
    ax.set_xticklabels([f"score {s:g}" for s in (a, b, c)])
    figure.numbers = {"p₁": p[0], "p₂": p[1], "p₃": p[2]}
    return figure


widgets.explore(
    temperature_figure,
    dict(
        a=widgets.Slider(-5.0, 5.0, 3.0, step=0.1, label="score 1"),
        b=widgets.Slider(-5.0, 5.0, 1.0, step=0.1, label="score 2"),
        c=widgets.Slider(-5.0, 5.0, 0.2, step=0.1, label="score 3"),
        temperature=widgets.LogSlider(0.1, 10, 1, label="temperature"),
    ),
    alt=lambda a, b, c, temperature: f"Three bars for scores {a:g}, {b:g} and {c:g} at temperature {temperature:g}.",
    table=lambda a, b, c, temperature: temperature_figure(a, b, c, temperature).numbers,
    title="Scores, temperature, probabilities",
)

# %% [markdown] id="together"
# Labels and probabilities meet in the loss. The cross-entropy of one example is $-\log$ of the probability given to its class. Its gradient with respect to the scores is the simplest there could be: probabilities minus one-hot row. Chapter 09 derives it. Here it is for one digit.

# %% id="together-run"
rng = np.random.default_rng(0)
reader = nn.Sequential(nn.Linear(64, 10, rng=rng))
flat = digits.x_train.reshape(-1, 64)
scores = reader(flat[:1])
p = nn.softmax(scores)[0]
row = np.eye(10)[digits.y_train[:1]]
loss, cache = nn.cross_entropy(scores, digits.y_train[:1])
print(
    "label:",
    digits.y_train[0],
    " loss of an untrained layer:",
    round(float(loss), 3),
    " log 10 =",
    round(float(np.log(10)), 3),
)
print("probabilities minus one-hot row:", (p - row)[0].round(2))
print("largest difference from the gradient:", f"{np.abs(nn.cross_entropy_backward(1.0, cache) - (p - row)).max():.0e}")

# %% [markdown] id="noise"
# **How many examples before a step?** The slides say that gradient descent must visit every example before one step, and that it *computes the gradient of each element*: it is the gradient of the **mean** loss. Then, that *the more batches are processed, the better the approximation*. Two things are mixed there. A larger **batch** gives a better estimate of the gradient. **More batches** give more steps. Here is the first: the error of the estimated gradient against the batch size.

# %% id="noise-run"
targets = np.eye(10)[digits.y_train]
errors = nn.softmax(reader(flat))[0] - targets
whole = errors.T @ flat / len(flat)
rng = np.random.default_rng(0)
for size in (1, 4, 16, 64, 256):
    distances = []
    for _ in range(300):
        chosen = rng.integers(len(flat), size=size)
        distances.append(np.linalg.norm(errors[chosen].T @ flat[chosen] / size - whole))
    print(f"batch of {size:3d}: error {np.mean(distances):.3f}, times √{size}: {np.mean(distances) * size**0.5:.2f}")

# %% [markdown] id="noise-meaning"
# The last column hardly moves: the error falls with $1/\sqrt{B}$. Four times the work halves it. So it should pay to take many rough steps instead of a few exact ones. Five passes over the 1,437 images, 7,185 gradients of one example each, spent in four ways:

# %% id="batches-run"
for size, lr in ((1437, 0.5), (100, 0.5), (10, 0.5), (1, 0.05)):
    rng = np.random.default_rng(0)
    layer = learn(
        nn.Sequential(nn.Linear(64, 10, rng=rng)), nn.CrossEntropyLoss(), flat, digits.y_train, lr, 5, size, rng
    )
    loss = nn.cross_entropy(layer(flat), digits.y_train)[0]
    print(f"batch of {size:4d}, learning rate {lr:4}: {5 * -(-len(flat) // size):5d} steps, loss {loss:.3f}")

# %% [markdown] id="batches-meaning"
# The small batches are far ahead for the same work. That is the real meaning of the slides' sentence that stochastic gradient descent is the core of deep learning. An *epoch*, one pass over the examples, is a way to count; it is not what convergence means. Chapters 05 and 14 continue here.

# %% [markdown] id="size"
# ## How large is deep?
#
# A network is its parameters. A layer from $i$ to $o$ units has $o \cdot i$ weights and $o$ biases. A convolution slides a small window over an image; from $i$ to $o$ channels with windows of $k \times k$ it has $o \cdot i \cdot k^2$ weights and $o$ biases, however large the image is. Each number takes 32 bits unless one asks for less, and eight bits are a byte.
#
# Memory is counted in two ways. A GB is $10^9$ bytes. A GiB is $2^{30}$, about 7 % more. Graphics cards and operating systems mostly count in GiB and often write GB.

# %% [markdown] id="memory-statement" statement="memory"
# ### Exercise 3: parameters and memory (5 points)
#
# Write `model_memory(layers, bits)`. `layers` is a list of tuples: `("linear", inputs, outputs)` or `("conv", channels in, channels out, k)`. All have biases. Return the number of parameters, an int, and the memory for them in GiB, a float, when each takes `bits` bits. Any other kind of layer raises a `ValueError`.
#
# Check by hand: `[("linear", 3, 2), ("conv", 1, 4, 3)]` has 6 + 2 + 36 + 4 = 48 parameters.


# %% id="memory" exercise=true difficulty=1 by_hand="nn data plots"
def model_memory(layers, bits):
    """The number of parameters (int), and the memory for them in GiB (float)."""
    ### BEGIN SOLUTION
    parameters = 0
    for kind, *sizes in layers:
        if kind == "linear":
            before, after = sizes
            parameters += after * before + after
        elif kind == "conv":
            before, after, k = sizes
            parameters += after * before * k * k + after
        else:
            raise ValueError(f"expected linear or conv, got {kind!r}")
    return parameters, parameters * bits / 8 / 2**30
    ### END SOLUTION


# %% [markdown] id="memory-hints" hints="memory"
# - bias: The biases are missing: one for each output.
# - input-bias: A layer has one bias for each of its outputs, not of its inputs.
# - window: A window of the convolution has k × k places, not k.
# - decimal: That is in GB of 10⁹ bytes; a GiB is 2³⁰ bytes.
# - bits: A byte is eight bits.


# %% id="memory-linear" test="memory" points=2
@check.exercise("02-what-is-deep/memory")
def parameters_of_linear_layers():
    """Parameters of linear layers"""
    sizes = [784, 30, 20, 10]
    layers = [("linear", i, o) for i, o in zip(sizes, sizes[1:], strict=False)]
    parameters, _ = check.call(model_memory, layers, 32, returns=("parameters", "gib"))
    hints = {"bias": lambda right: right - 60, "input-bias": lambda right: right - 60 + 834}
    check.equal(parameters, 24380, name="parameters", hints=hints)


# %% id="memory-conv" test="memory" points=1
@check.exercise("02-what-is-deep/memory")
def parameters_of_convolutions():
    """Parameters of convolutions"""
    layers = [("conv", 3, 16, 5), ("conv", 16, 32, 3)]
    parameters, _ = check.call(model_memory, layers, 32, returns=("parameters", "gib"))
    check.equal(parameters, 5856, name="parameters", hints={"window": lambda right: 3 * 16 * 5 + 16 + 16 * 32 * 3 + 32})


# %% id="memory-gib" test="memory" points=1
@check.exercise("02-what-is-deep/memory")
def memory_in_gib():
    """Memory in GiB, at 32 and at 16 bits"""
    layers = [("linear", 40960, 16384)]
    for bits, right in ((32, 2.50006103515625), (16, 1.250030517578125)):
        _, gib = check.call(model_memory, layers, bits, returns=("parameters", "gib"))
        hints = {"decimal": lambda right: right * 2**30 / 1e9, "bits": lambda right: right * 8}
        check.close(gib, right, name=f"GiB at {bits} bits", hints=hints)


# %% id="memory-hidden" test="memory" points=1 hidden=true
@check.exercise("02-what-is-deep/memory", hidden=True)
def a_mixed_network_and_an_unknown_layer():
    """A mixed network, one unit, and an unknown layer"""
    layers = [("conv", 1, 6, 5), ("conv", 6, 16, 5), ("linear", 400, 120), ("linear", 120, 84), ("linear", 84, 10)]
    for case, count, bits in ((layers, 61706, 8), ([("linear", 1, 1)], 2, 4)):
        parameters, gib = check.call(model_memory, case, bits, returns=("parameters", "gib"))
        check.equal(parameters, count, name="parameters")
        check.close(gib, count * bits / 2**33, name="GiB", atol=1e-15)
    check.raises(ValueError, model_memory, [("pool", 2, 2)], 32, what="an unknown kind of layer")


# %% [markdown] id="models"
# The slides of P. R. L. de Almeida have a table of model sizes at 32 bits. We can check it, because the plans of the models are public. The next cell counts five of the six layer by layer, from nothing but the numbers in their papers.


# %% id="models-run"
def resnet152():
    """Bottleneck blocks of 1×1, 3×3 and 1×1 convolutions, 3 + 8 + 36 + 3 of them, batch norm after each convolution."""
    count, before = 3 * 64 * 7 * 7 + 2 * 64, 64
    for width, blocks in ((64, 3), (128, 8), (256, 36), (512, 3)):
        for block in range(blocks):
            count += before * width + width * width * 9 + width * 4 * width + 2 * (width + width + 4 * width)
            count += (before * 4 * width + 2 * 4 * width) if block == 0 else 0
            before = 4 * width
    return count + 2048 * 1000 + 1000


def vit_l_32(d=1024, depth=24, patches=49):
    """A vision transformer: 32×32 patches, 24 blocks of attention (4 matrices) and a hidden layer of 4d."""
    block = 4 * (d * d + d) + (4 * d * d + 4 * d) + (4 * d * d + d) + 4 * d
    return 3 * 32 * 32 * d + d + d + (patches + 1) * d + depth * block + 2 * d + d * 1000 + 1000


def llama3(d, depth, hidden, key_value, vocabulary=128256):
    """Llama 3: no biases, keys and values in `key_value` columns, three matrices for the hidden layer."""
    block = 2 * d * d + 2 * d * key_value + 3 * d * hidden + 2 * d
    return 2 * vocabulary * d + depth * block + d


def gpt3(d=12288, depth=96, vocabulary=50257, positions=2048):
    """GPT-3: 12 d² weights a block, and two tables of embeddings."""
    return depth * (12 * d * d + 13 * d) + (vocabulary + positions) * d + 2 * d


# name: (parameters, parameters on the slide, memory on the slide)
models = {
    "MobileNetV3": (5_483_032, "5 M", 0.02),
    "ResNet-152": (resnet152(), "6 M", 0.22),
    "ViT-L/32": (vit_l_32(), "306 M", 1.14),
    "Llama 3 8B": (llama3(4096, 32, 14336, 1024), "8 B", 27),
    "Llama 3 70B": (llama3(8192, 80, 28672, 1024), "70 B", 261),
    "GPT-3": (gpt3(), "175 B", 651),
}
for name, (count, slide_count, slide_memory) in models.items():
    print(
        f"{name:12} {count:15,d} parameters (slide {slide_count:>5}), {count * 4 / 2**30:7.2f} GiB (slide {slide_memory:g} GB)"
    )

# %% [markdown] id="models-meaning"
# Two entries are wrong. ResNet-152 has **60 million** parameters, not 6: a zero got lost, for the 0.22 belongs to 60. And Llama 3 8B needs **29.9 GiB**, not 27. Everything that the slide calls GB is in GiB.
#
# And nobody runs these models at 32 bits. At 16 bits all figures halve, at 4 bits they are an eighth. Training goes the other way: for each parameter there is also its gradient, and the optimiser Adam keeps two numbers more. At 32 bits these four make **16 bytes a parameter**, and the outputs of all layers are kept for the backward pass, for each example of the batch.

# %% id="memory-widget" folded=true
# Numbers that the layers put out for one example: images of 224 × 224 (about, from published counts of convolution
# outputs), and for language models 2,048 tokens × depth × width × 17 (Korthikanti et al. 2022, without attention maps).
OUTPUTS = {
    "MobileNetV3": 4.4e6,
    "ResNet-152": 22.6e6,
    "ViT-L/32": 50 * 24 * 1024 * 17,
    "Llama 3 8B": 2048 * 32 * 4096 * 17,
    "Llama 3 70B": 2048 * 80 * 8192 * 17,
    "GPT-3": 2048 * 96 * 12288 * 17,
}


def memory_parts(name, bits, use, batch):
    """Memory in GiB by what it holds; `use` is how many numbers a parameter needs, 1 to 4."""
    count, byte = models[name][0], bits / 8
    parts = {"parameters": count * byte}
    if use > 1:
        parts["gradients"] = count * byte
        parts["optimiser"] = count * (use - 2) * 4
        parts["outputs of the layers"] = OUTPUTS[name] * batch * byte
    return {part: size / 2**30 for part, size in parts.items()}


def memory_figure(name, bits, use, batch):
    """One bar for each part of the memory, in GiB, and the memory of one H200 card."""
    parts = memory_parts(name, bits, use, batch)
    figure = plots.figure(8, 2.8)
    ax = figure.subplots()
    ax.barh(list(parts), list(parts.values()), color=plots.COLOURS[0])
    total = sum(parts.values())
    for k, size in enumerate(parts.values()):
        ax.text(size, k, f" {size:.3g}", va="center")
    ax.set(
        xlabel="GiB", xlim=(0, 1.15 * max(parts.values())), title=f"{total:.4g} GiB, {total / 139:.3g} cards of 139 GiB"
    )
    ax.invert_yaxis()
    return figure


widgets.explore(
    memory_figure,
    dict(
        name=widgets.Options(list(models), "Llama 3 8B", label="model"),
        bits=widgets.Options([32, 16, 8, 4], 32, style="buttons", label="bits"),
        use=widgets.Options(
            {"use": 1, "train, plain steps": 2, "train, momentum": 3, "train, Adam": 4}, 4, label="what for"
        ),
        batch=widgets.LogSlider(1, 1000, 1, label="examples in a batch"),
    ),
    alt=lambda name, bits, use, batch: (
        f"{name} at {bits} bits, batch of {batch:g}: {sum(memory_parts(name, bits, use, batch).values()):.4g} GiB in all."
    ),
    table=lambda name, bits, use, batch: memory_parts(name, bits, use, batch),
    title="Memory calculator",
)

# %% [markdown] id="features-text"
# ## Features: made by hand, or learnt
#
# Before networks, a person looked at the images and invented numbers that describe them, **features**. The slides name several. A *histogram* counts how many pixels are how bright; for a colour image there is one for red, one for green, one for blue. *Hu's moments* describe the shape of the ink. *HOG* counts directions of edges. A simple classifier then works on these numbers.
#
# The slides call this trade-off *no free lunch*. The theorem of that name says something else: averaged over all conceivable problems no learner is better than another. The trade-off is real. Features made by hand are cheap and can be explained; they must be invented anew for each problem, and what they leave out is lost. You write two of them.

# %% [markdown] id="histogram-statement" statement="histogram"
# ### Exercise 4: a histogram of greys (4 points)
#
# Write `grey_histogram(image, bins)` for an image `(H, W)` with values from 0 to 1. Cut the range from 0 to 1 into `bins` equal parts. The result, `(bins,)`, is the **share** of the pixels in each part. A pixel on a border belongs to the upper part, but 1 belongs to the last.
#
# Check by hand: `[[0, 0.5], [0.6, 1]]` with two bins gives `[0.25, 0.75]`.


# %% id="histogram" exercise=true difficulty=1 by_hand="nn data plots"
def grey_histogram(image, bins):
    """Share of the pixels of image (H, W) in each of `bins` equal parts of [0, 1]: (bins,)."""
    ### BEGIN SOLUTION
    parts = np.minimum((image.ravel() * bins).astype(int), bins - 1)
    return np.bincount(parts, minlength=bins) / image.size
    ### END SOLUTION


# %% [markdown] id="histogram-hints" hints="histogram"
# - counts: Those are counts: divide by the number of pixels.
# - range: The parts cut the range from 0 to 1, not from the image's darkest to its brightest pixel.
# - density: That is a density, whose area is 1; here the shares sum to 1.
# - edge: A pixel of exactly 1 belongs to the last part; yours got lost.


# %% id="histogram-shares" test="histogram" points=2
@check.exercise("02-what-is-deep/histogram")
def shares_of_a_small_image():
    """Shares of a small image"""
    image = np.array([[0.1, 0.3, 0.35, 0.8, 0.12], [0.62, 0.33, 0.7, 0.45, 0.9], [0.15, 0.38, 0.31, 0.61, 0.2]])
    check.close(
        check.call(grey_histogram, image, 4),
        np.array([4, 6, 3, 2]) / 15,
        name="histogram",
        hints={
            "counts": lambda right: right * 15,
            "range": lambda right: np.histogram(image, 4)[0] / 15,
            "density": lambda right: right * 4,
        },
    )


# %% id="histogram-white" test="histogram" points=1
@check.exercise("02-what-is-deep/histogram")
def black_and_white_pixels():
    """Black and white pixels"""
    image = np.array([[0.0, 1.0, 1.0], [0.5, 1.0, 0.0]])
    hints = {"edge": lambda right: np.array([2, 0, 1, 0]) / 6}
    check.close(check.call(grey_histogram, image, 4), np.array([2, 0, 1, 3]) / 6, name="histogram", hints=hints)


# %% id="histogram-hidden" test="histogram" points=1 hidden=true
@check.exercise("02-what-is-deep/histogram", hidden=True)
def other_sizes_and_one_pixel():
    """Other sizes, and one pixel"""
    rng = check.rng(3)
    for shape, bins in [((1, 1), 3), ((7, 6), 5), ((9, 4), 1)]:
        image = rng.random(shape)
        parts = [(image >= k / bins) & (image < (k + 1) / bins) for k in range(bins)]
        right = np.array([part.mean() for part in parts])
        check.close(check.call(grey_histogram, image, bins), right, name=f"histogram of {shape}")


# %% [markdown] id="moments-text"
# **Moments.** Think of the ink as mass. With $x$ counting columns and $y$ counting rows from 0, the ink in all is $m_{00} = \sum I(y, x)$. Its centre of mass is $\bar x = \sum x\,I / m_{00}$, $\bar y = \sum y\,I / m_{00}$. Measured from there, the moments do not change when the pattern is moved:
#
# $$\mu_{pq} = \sum_{y, x} (x - \bar x)^p\,(y - \bar y)^q\,I(y, x), \qquad \eta_{pq} = \frac{\mu_{pq}}{m_{00}^{\,1 + (p + q)/2}}$$
#
# The division makes $\eta$ nearly independent of size. Hu (1962) combined the $\eta$ into seven numbers that do not change when the pattern is turned either. The first is $\eta_{20} + \eta_{02}$, the spread of the ink in all directions together.

# %% [markdown] id="moments-statement" statement="moments"
# ### Exercise 5: moments of the ink (6 points)
#
# Write `normalized_moments(image)` for an image `(H, W)`. The result is `eta (4, 4)` with `eta[p, q]` for `p, q` from 0 to 3; `p` belongs to the columns.
#
# Check by hand: `[[1, 1]]` has $m_{00} = 2$ and $\bar x = 0.5$, so `eta[2, 0]` is $0.5 / 2^2 = 0.125$.


# %% id="moments" exercise=true difficulty=2 by_hand="nn data plots moments_about full_power"
def normalized_moments(image):
    """eta (4, 4): central moments of the ink of image (H, W), divided by its power of m00; eta[p, q], p for columns."""
    ### BEGIN SOLUTION
    y, x = np.indices(image.shape)
    m00 = image.sum()
    dx, dy = x - (x * image).sum() / m00, y - (y * image).sum() / m00
    eta = np.empty((4, 4))
    for p, q in np.ndindex(4, 4):
        eta[p, q] = np.sum(dx**p * dy**q * image) / m00 ** (1 + (p + q) / 2)
    return eta
    ### END SOLUTION


# %% [markdown] id="moments-hints" hints="moments"
# - raw: Those are moments about the corner of the image: measure from the centre of mass.
# - middle: Measure from the centre of mass of the ink, not from the middle of the image.
# - swapped: `p` belongs to the columns (x), `q` to the rows (y); yours are the other way round.
# - unscaled: The division by a power of m00 is missing.
# - power: The power of m00 is 1 + (p + q)/2; yours lacks the 1.


# %% id="moments-case" given=true
def full_power(order):
    """1 + (p + q)/2, from the order p + q."""
    return 1 + order / 2


def moments_about(image, centre_x, centre_y, power=None):
    """Sums of (x - centre_x)^p (y - centre_y)^q over the ink, divided by m00^power(p + q): (4, 4)."""
    across, down = np.arange(image.shape[1]) - centre_x, np.arange(image.shape[0]) - centre_y
    sums = np.vander(across, 4, increasing=True).T @ image.T @ np.vander(down, 4, increasing=True)
    order = np.add.outer(np.arange(4), np.arange(4))
    return sums if power is None else sums / image.sum() ** power(order)


# %% id="moments-small" test="moments" points=3
@check.exercise("02-what-is-deep/moments")
def moments_of_a_small_pattern():
    """Moments of a small pattern"""
    image = np.zeros((6, 5))
    image[1:4, 0:3] = np.array([[1.0, 0.5, 0.0], [0.25, 1.0, 0.5], [0.0, 1.0, 0.75]])
    x, y = image.sum(axis=0) @ np.arange(5) / 5, image.sum(axis=1) @ np.arange(6) / 5
    check.close(
        check.call(normalized_moments, image),
        moments_about(image, x, y, full_power),
        name="eta",
        hints={
            "raw": lambda right: moments_about(image, 0.0, 0.0, full_power),
            "middle": lambda right: moments_about(image, 2.0, 2.5, full_power),
            "swapped": np.transpose,
            "unscaled": lambda right: moments_about(image, x, y),
            "power": lambda right: moments_about(image, x, y, lambda order: order / 2),
        },
    )


# %% id="moments-moved" test="moments" points=1
@check.exercise("02-what-is-deep/moments")
def the_same_pattern_elsewhere():
    """The same pattern elsewhere has the same moments"""
    pattern = 1 + np.cos(np.arange(12.0)).reshape(3, 4)
    first, second = np.zeros((8, 9)), np.zeros((8, 9))
    first[0:3, 1:5], second[4:7, 5:9] = pattern, pattern
    here, there = check.call(normalized_moments, first), check.call(normalized_moments, second)
    check.close(there, here, name="eta of the moved pattern")


# %% id="moments-hidden" test="moments" points=2 hidden=true
@check.exercise("02-what-is-deep/moments", hidden=True)
def other_images_and_one_pixel():
    """Other images, and one pixel"""
    rng = check.rng(4)
    for shape in [(1, 1), (7, 4), (5, 9)]:
        image = rng.random(shape) + 0.1
        x = image.sum(axis=0) @ np.arange(shape[1]) / image.sum()
        y = image.sum(axis=1) @ np.arange(shape[0]) / image.sum()
        right = moments_about(image, x, y, full_power)
        check.close(check.call(normalized_moments, image), right, name=f"eta of {shape}")


# %% [markdown] id="hu"
# Here are the first four of Hu's seven numbers for a digit, moved, turned by 90° and mirrored, and for another digit. `dlbook.models.features` has all three kinds of features.

# %% id="hu-run"
from dlbook.models import features

one = np.pad(digits.x_test[:1, 0], ((0, 0), (2, 2), (2, 2)))
second = int(np.argmax(digits.y_test != digits.y_test[0]))
other = np.pad(digits.x_test[second : second + 1, 0], ((0, 0), (2, 2), (2, 2)))
views = {
    f"a {digits.y_test[0]}": one,
    "moved": np.roll(one, (1, -2), axis=(1, 2)),
    "turned": np.rot90(one, axes=(1, 2)),
    "mirrored": one[:, :, ::-1],
    f"a {digits.y_test[second]}": other,
}
for name, image in views.items():
    print(f"{name:10}", np.array2string(features.hu_moments(image)[0][:4], precision=5, suppress_small=True))

# %% [markdown] id="features-question" question="predict"
# Classifiers are trained on upright digits, one for each kind of feature. Then all test digits are turned by 90°. Which one does not notice?
#
# - [ ] The one on raw pixels: nearly every pixel has another value after the turn.
# - [ ] The one on HOG: it counts directions, and a quarter turn changes every one of them.
# - [x] The one on Hu's moments: they do not change at all. It is no worse than before, but for its price look at the column before the turn.

# %% [markdown] id="pipelines"
# Now the contest. A softmax layer on histograms, on Hu's moments, on HOG and on raw pixels, against a network with a hidden layer that makes its own features out of the pixels. Each is trained on 50, 150, 500 and all 1,437 images, the small sets drawn three times.


# %% id="pipelines-run"
def described(images):
    """The four descriptions of images (N, 8, 8), each (N, D)."""
    hu = features.hu_moments(images)
    return {
        "histogram": features.histogram(images, 8),
        "Hu": np.sign(hu) * np.log10(np.abs(hu) + 1e-12),
        "HOG": features.hog(images, 2, 8),
        "raw pixels": images.reshape(len(images), -1),
    }


def contest(sizes, draws=3):
    """Mean test accuracy by kind of feature and number of training images, upright and turned by 90°."""
    upright, turned = digits.x_test[:, 0], np.rot90(digits.x_test[:, 0], axes=(1, 2))
    train_sets, test_sets, turned_sets = described(digits.x_train[:, 0]), described(upright), described(turned)
    found, after = {name: [] for name in [*train_sets, "learnt"]}, {}
    for name in found:
        kind = "raw pixels" if name == "learnt" else name
        for size in sizes:
            hits = []
            for seed in range(draws if size < len(digits.y_train) else 1):
                rng = np.random.default_rng(seed)
                chosen = rng.permutation(len(digits.y_train))[:size]
                x, mean, spread = train_sets[kind][chosen], 0.0, 1.0
                if kind != "raw pixels":
                    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
                model = nn.Sequential(nn.Linear(x.shape[1], 10, rng=rng))
                if name == "learnt":
                    model = nn.Sequential(nn.Linear(64, 64, rng=rng), nn.ReLU(), nn.Linear(64, 10, rng=rng))
                lr = 0.3 if kind == "raw pixels" else 0.1
                x = (x - mean) / spread
                learn(model, nn.CrossEntropyLoss(), x, digits.y_train[chosen], lr, max(20, 8000 // size), 20, rng)
                hits.append(train.accuracy(model((test_sets[kind] - mean) / spread), digits.y_test))
            found[name].append(float(np.mean(hits)))
        after[name] = train.accuracy(model((turned_sets[kind] - mean) / spread), digits.y_test)
    return found, after


sizes = [50, 150, 500, 1437]
accuracies, turned = contest(sizes)
print("images     ", *(f"{size:>6}" for size in sizes), "  turned by 90°")
for name, values in accuracies.items():
    print(f"{name:11}", *(f"{value:6.3f}" for value in values), f"  {turned[name]:6.3f}")

# %% [markdown] id="pipelines-meaning"
# The histogram knows only how much ink there is: it reads fewer than one digit in four. Hu's seven numbers read six in ten, and keep every one of them when the digits are turned. (So does the histogram, which had little to lose.) All others fall to chance. Whether blindness to turns is a virtue depends on the problem. For 6 and 9 it is not.
#
# HOG with all the images beats the learnt features by a hair, 0.972 against 0.967. With 50 it is well behind the plain pixels: it has 128 numbers to weigh, and 50 examples. One often reads that hand-made features win when examples are few. Here they do not, because 8×8 pixels say little that one would want to leave out. On photographs with a hundred thousand pixels it is another matter. The slides' *deep learning needs more data* is a rule of thumb; run the contest on your own problem.
#
# Move the slider, or choose one kind, to see what each looks like for one digit.


# %% id="features-widget" folded=true
def features_figure(size, kind, index):
    """A digit, its description (middle), and the accuracies with so many training images (right)."""
    figure = plots.figure(10, 3)
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1.4, 1.6))
    left.imshow(digits.x_test[index, 0], cmap=plots.INK)
    left.grid(False)
    left.set(xticks=[], yticks=[])
    values = described(digits.x_test[index : index + 1, 0])[kind][0]
    middle.bar(range(len(values)), values, color=plots.BLUE)
    middle.set(title=kind, xlabel="number of the feature")
    position = sizes.index(size)
    heights = [values[position] for values in accuracies.values()]
    colours = [plots.VERMILION if name == kind else plots.GREY for name in accuracies]
    right.barh(list(accuracies), heights, color=colours)
    for k, height in enumerate(heights):
        right.text(0.02, k, f"{height:.3f}", va="center", color="white", weight="bold")
    right.set(xlim=(0, 1), xlabel="test accuracy")
    return figure


widgets.explore(
    features_figure,
    dict(
        size=widgets.Options(sizes, 150, style="buttons", label="training images"),
        kind=widgets.Options(
            {"histogram": "histogram", "Hu": "Hu", "HOG": "HOG", "raw pixels": "raw pixels"}, label="features"
        ),
        index=widgets.Slider(0, 359, 0, label="digit"),
    ),
    alt=lambda size, kind, index: (
        f"Test digit {index}, a {digits.y_test[index]}, its description by {kind}, and bars of accuracy after {size} training images, the network's learnt features at {accuracies['learnt'][sizes.index(size)]:.3f}."
    ),
    table=lambda size, kind, index: {name: values[sizes.index(size)] for name, values in accuracies.items()},
    title="Features and accuracy",
)

# %% [markdown] id="gmdh-text"
# ## 1965: the first deep learner
#
# Ivakhnenko and Lapa, in Kyiv, trained networks of many layers before the word existed. Their **Group Method of Data Handling** (GMDH) needs no gradient. A unit takes two inputs and is a polynomial with six coefficients:
#
# $$\hat y = c_0 + c_1 u + c_2 v + c_3 uv + c_4 u^2 + c_5 v^2$$
#
# 1. For every pair of inputs, fit the six coefficients to the training examples by least squares.
# 2. Measure the error of each unit on *other* examples, the validation set. Keep the best ten, say.
# 3. Their outputs are the inputs of the next layer. Go on until the validation error rises.
#
# Step 2 is the invention. A unit is judged by examples that did not shape it. Ivakhnenko called this the external criterion; we call it a validation set, and use it on every page.

# %% [markdown] id="gmdh-statement" statement="gmdh"
# ### Exercise 6: one layer of GMDH (7 points)
#
# Write two functions in one cell. `gmdh_unit(u, v, y)` takes three arrays `(N,)` and returns the six coefficients `c (6,)`, in the order of the equation, by least squares (`np.linalg.lstsq`).
#
# `gmdh_layer(x_train, y_train, x_val, y_val, keep)` takes inputs `(N, D)` and targets `(N,)`. It fits a unit on the training examples for each pair of columns `i < j`, and returns `pairs` and `errors` of the `keep` units with the smallest mean squared error on the validation examples, smallest first: a list of tuples `(i, j)`, and an array. Where `keep` is larger than the number of pairs, it returns them all.
#
# Check by hand: if $y = 2 + uv$ exactly, the coefficients are `[2, 0, 0, 1, 0, 0]`.


# %% id="gmdh" exercise=true difficulty=3 by_hand="nn data plots gmdh best_pairs gmdh_data"
def gmdh_unit(u, v, y):
    """Least-squares coefficients (6,) of y (N,) on 1, u, v, uv, u², v²."""
    ### BEGIN SOLUTION
    terms = np.stack([np.ones_like(u), u, v, u * v, u**2, v**2], axis=1)
    return np.linalg.lstsq(terms, y, rcond=None)[0]
    ### END SOLUTION


def gmdh_layer(x_train, y_train, x_val, y_val, keep):
    """The best `keep` pairs of columns [(i, j), …] and their validation errors (K,), smallest first."""
    ### BEGIN SOLUTION
    found = []
    for i in range(x_train.shape[1]):
        for j in range(i + 1, x_train.shape[1]):
            c = gmdh_unit(x_train[:, i], x_train[:, j], y_train)
            u, v = x_val[:, i], x_val[:, j]
            said = c[0] + c[1] * u + c[2] * v + c[3] * u * v + c[4] * u**2 + c[5] * v**2
            found.append((float(np.mean((said - y_val) ** 2)), (i, j)))
    found = sorted(found)[:keep]
    return [pair for _, pair in found], np.array([error for error, _ in found])
    ### END SOLUTION


# %% [markdown] id="gmdh-hints" hints="gmdh"
# - cross: The product uv is missing: without it the unit adds up two curves and sees no interplay.
# - training: The units are ranked by their training error: a unit must be judged by examples that did not shape it.
# - largest: The smallest error comes first.
# - refit: The coefficients come from the training examples; the validation examples only judge.
# - summed: The error is the mean of the squares, not their sum.


# %% id="gmdh-case" given=true
from dlbook.models import gmdh


def best_pairs(*data, keep=99):
    """The pairs of columns that the package's layer keeps: data are x_train, y_train, x_val, y_val."""
    return [(unit.i, unit.j) for unit in gmdh.fit_layer(*data, keep)]


def gmdh_data():
    """Eight training and nine validation examples with four columns, the same on every machine."""
    n = np.arange(8.0)
    x = np.stack([np.cos(2.3 * n), np.cos(3.1 * n + 1), np.sin(1.7 * n), np.cos(0.9 * n**2)], axis=1)
    m = np.arange(20.0, 29.0)
    x_val = np.stack([np.cos(2.3 * m), np.cos(3.1 * m + 1), np.sin(1.7 * m), np.cos(0.9 * m**2)], axis=1)
    noise = 0.8 * np.cos(5.3 * n + 0.4)
    return x, x[:, 0] * x[:, 2] + noise, x_val, x_val[:, 0] * x_val[:, 2]


# %% id="gmdh-unit" test="gmdh" points=2
@check.exercise("02-what-is-deep/gmdh")
def coefficients_without_noise():
    """Coefficients without noise are found exactly"""
    u, v = np.cos(1.3 * np.arange(11.0)), np.linspace(-1, 2, 11) ** 3
    c = np.array([0.5, -1.0, 2.0, 0.25, -0.75, 1.5])
    terms = gmdh.polynomial_terms(u, v)
    y = terms @ c
    hints = {"cross": lambda right: np.linalg.lstsq(terms * (np.arange(6) != 3), y, rcond=None)[0]}
    check.close(check.call(gmdh_unit, u, v, y), c, name="c", atol=1e-7, hints=hints)


# %% id="gmdh-ranking" test="gmdh" points=2
@check.exercise("02-what-is-deep/gmdh")
def ranked_by_the_validation_error():
    """Ranked by the validation error"""
    x, y, x_val, y_val = gmdh_data()
    pairs, _ = check.call(gmdh_layer, x, y, x_val, y_val, 3, returns=("pairs", "errors"))
    check.equal(
        pairs,
        best_pairs(x, y, x_val, y_val, keep=3),
        name="pairs",
        hints={
            "training": lambda right: best_pairs(x, y, x, y, keep=3),
            "largest": lambda right: best_pairs(x, y, x_val, y_val)[::-1][:3],
            "refit": lambda right: best_pairs(x_val, y_val, x_val, y_val, keep=3),
        },
    )


# %% id="gmdh-errors" test="gmdh" points=1
@check.exercise("02-what-is-deep/gmdh")
def the_errors_themselves():
    """The errors themselves"""
    x, y, x_val, y_val = gmdh_data()
    _, errors = check.call(gmdh_layer, x, y, x_val, y_val, 4, returns=("pairs", "errors"))
    right = np.array([unit.error for unit in gmdh.fit_layer(x, y, x_val, y_val, 4)])
    check.close(errors, right, name="errors", hints={"summed": lambda right: right * 9})


# %% id="gmdh-hidden" test="gmdh" points=2 hidden=true
@check.exercise("02-what-is-deep/gmdh", hidden=True)
def more_columns_and_more_to_keep():
    """More columns, and more to keep than there are pairs"""
    rng = check.rng(5)
    for N, M, D, keep in [(20, 13, 5, 4), (15, 11, 3, 50), (9, 1, 2, 1)]:
        x, x_val = rng.normal(size=(N, D)), rng.normal(size=(M, D))
        y, y_val = rng.normal(size=N), rng.normal(size=M)
        pairs, errors = check.call(gmdh_layer, x, y, x_val, y_val, keep, returns=("pairs", "errors"))
        units = gmdh.fit_layer(x, y, x_val, y_val, keep)
        check.equal(pairs, [(unit.i, unit.j) for unit in units], name=f"pairs for D = {D}, keep = {keep}")
        check.close(errors, np.array([unit.error for unit in units]), name=f"errors for D = {D}, keep = {keep}")


# %% [markdown] id="gmdh-grow"
# `dlbook.models.gmdh` is the whole machine, a hundred lines that you can read. We give it a function by Friedman, $y = 10\sin(\pi x_1x_2) + 20(x_3 - \tfrac12)^2 + 10x_4 + 5x_5$ plus noise of variance 1. There are ten inputs, and five of them mean nothing. 200 examples train, 200 validate, 200 test.

# %% id="gmdh-run"
x, y = data.friedman1(600, np.random.default_rng(0))
fit, judge, test = slice(0, 200), slice(200, 400), slice(400, 600)
affine = np.column_stack([np.ones(len(x)), x])
weights = np.linalg.lstsq(affine[fit], y[fit], rcond=None)[0]
linear = np.mean((affine[test] @ weights - y[test]) ** 2)
print(f"on the test examples: variance of y {y[test].var():.1f}, error of linear regression {linear:.2f}")
for keep in (4, 8, 15):
    net = gmdh.GMDH(keep=keep).fit(x[fit], y[fit], x[judge], y[judge])
    print(f"keep {keep:2d}: validation {np.round(net.errors, 2).tolist()}")
    squares = (net.predict(x[test]) - y[test]) ** 2
    print(
        f"         {len(net.layers)} layers, test error: mean {squares.mean():.3g}, median {np.median(squares):.3g}, {np.sum(squares > 100)} above 100"
    )
net = gmdh.GMDH(keep=8).fit(x[fit], y[fit], x[judge], y[judge])
print("inputs of the first layer, best unit first:", [(u.i + 1, u.j + 1) for u in net.layers[0]])

# %% [markdown] id="gmdh-meaning"
# The first layer sees two inputs at a time, and its best unit has the error 12.9. The second sees four and nears linear regression; the sixth, with eight units kept, has 3.0 on the test examples. That is little more than half the error of linear regression, with no gradient and no matrix larger than 200 × 6. The first layer already prefers the five inputs that mean something: only two of its eight units look at another.
#
# With 15 units kept the validation error falls on and on, for sixteen layers, to 2.09. And on the test examples the mean error is a number of well over a hundred digits. Each layer doubles the degree of the polynomial. After sixteen layers it is $2^{16}$, and on nine of the 200 test examples, which lie a little outside, it explodes. The median, 1.75, shows that most answers are fine. Two lessons. A number that was used for so many choices is no longer an honest judge: that is why there is a third set, the test set. And a mean hides nothing only if one also looks at the examples.

# %% [markdown] id="neocognitron-text"
# ## 1979: an eye that forgives
#
# Fukushima's **Neocognitron** is the ancestor of the convolutional network. It took two kinds of cells from what Hubel and Wiesel had found in the visual cortex of cats.
#
# - An **S-cell** looks at a small window and answers by how much the pattern in it is like its template. The same template is tried at every place.
# - A **C-cell** looks at a small neighbourhood of S-cells that share a template and answers if *any* of them does. Where exactly does not matter. (Fukushima blurred; taking the largest, $C(p) = \max_{q \in N(p)} S(q)$, is what people do now.)
#
# S, C, S, C: the first stage finds lines, the second finds patterns of lines. Fukushima trained it without labels and without gradients: the cell that answers most strongly moves its template towards what it saw. Where no cell answers, a new one is set up. Important templates could also be set by hand.

# %% id="neocognitron-run"
from dlbook.models.neocognitron import Neocognitron, nearest_neighbours


def padded(images, down=0, right=0):
    """Digits (N, 1, 8, 8) on a 12×12 field, moved down and to the right by up to 2 pixels."""
    return np.pad(images, ((0, 0), (0, 0), (2 + down, 2 - down), (2 + right, 2 - right)))


eye = Neocognitron(planes=80).fit(padded(digits.x_train), np.random.default_rng(0))
stages = eye.stages(padded(digits.x_test[:1]))
print(
    "volumes: input",
    (1, 12, 12),
    *(f"-> {name} {stage.shape[1:]}" for name, stage in zip(["S1", "C1", "S2", "C2"], stages, strict=True)),
)

figure = plots.figure(9, 3.2)
axes = figure.subplots(2, 9)
for ax in axes.flat:
    ax.set_axis_off()
for row in (0, 1):
    axes[row, 0].imshow(
        padded(digits.x_test[:1])[0, 0] if row == 0 else np.zeros((12, 12)), cmap=plots.INK, vmin=0, vmax=1
    )
    for k in range(8):
        axes[row, k + 1].imshow(stages[row][0, k], cmap=plots.INK, vmin=0, vmax=stages[0].max())
axes[0, 0].set_title("digit")
axes[0, 1].set_title("S1")
axes[1, 1].set_title("C1")
plots.show(
    figure,
    alt="A handwritten digit, and below each other the answers of the eight S-planes and of the eight C-planes: each S-plane marks the strokes or edges of its own direction, the C-planes show the same a little thicker.",
)

# %% [markdown] id="shift-text"
# The 80 planes of the second stage were learnt without labels. A label is used only at the end: a test digit gets the label that most of its three nearest training digits have, measured on the C-cells, or, for comparison, on the raw pixels. All training digits stand in the middle. The test digits are moved.

# %% [markdown] id="shift-question" question="predict"
# The test digits are moved by one pixel to the right and one down. Raw pixels had 99 % right before. What is left of it?
#
# - [ ] About 90 %: the digit looks the same to us; but nearly every pixel has another value.
# - [ ] About 60 %: that is what one pixel to the right alone leaves.
# - [x] About 26 %: a stroke is two pixels wide, so a diagonal step moves most of it off its place.

# %% id="shift-run"
raw_train, eye_train = padded(digits.x_train).reshape(len(digits.x_train), -1), eye.features(padded(digits.x_train))
for down, right in ((0, 0), (0, 1), (1, 1), (2, 0)):
    moved = padded(digits.x_test, down, right)
    raw = nearest_neighbours(raw_train, digits.y_train, moved.reshape(len(moved), -1))
    seen = nearest_neighbours(eye_train, digits.y_train, eye.features(moved))
    print(
        f"down {down}, right {right}: raw pixels {np.mean(raw == digits.y_test):.2f}, S-C-S-C {np.mean(seen == digits.y_test):.2f}"
    )

# %% [markdown] id="shift-meaning"
# In the middle both are good. After one pixel to the right the Neocognitron is right for three digits in four, the pixels for three in five. After a diagonal step, or two pixels down, it is more than twice as good as the pixels, and far from good. It forgives small shifts, and nothing else. Fukushima's had more stages, each forgiving a little, and so may forgive much.


# %% id="shift-widget" folded=true
def shift_run(index, down, right):
    """The moved digit, and its three neighbours on pixels and on C-cells."""
    moved = padded(digits.x_test[index : index + 1], down, right)
    found = {}
    for name, known, query in (
        ("pixels", raw_train, moved.reshape(1, -1)),
        ("S-C-S-C", eye_train, eye.features(moved)),
    ):
        nearest = np.argsort(((known - query) ** 2).sum(axis=1), kind="stable")[:3]
        found[name] = (int(nearest_neighbours(known, digits.y_train, query)[0]), nearest)
    return index, moved, found


def shift_figure(result):
    """The moved digit and, for both readers, the three nearest training digits."""
    index, moved, found = result
    figure = plots.figure(9, 2.4)
    axes = figure.subplots(1, 7)
    shown = [moved[0, 0]]
    titles = [f"a {digits.y_test[index]}"]
    for name, (label, nearest) in found.items():
        shown += [padded(digits.x_train[k : k + 1])[0, 0] for k in nearest]
        titles += ["", f"{name}: {label}", ""]
    for ax, image, title in zip(axes, shown, titles, strict=True):
        ax.imshow(image, cmap=plots.INK, vmin=0, vmax=1)
        ax.grid(False)
        ax.set(xticks=[], yticks=[], title=title)
    return figure


widgets.explore(
    shift_figure,
    dict(
        index=widgets.Slider(0, 359, 3, label="test digit"),
        down=widgets.Slider(-2, 2, 1, label="pixels down"),
        right=widgets.Slider(-2, 2, 1, label="pixels to the right"),
    ),
    compute=shift_run,
    alt=lambda result: (
        f"A moved {digits.y_test[result[0]]}; by raw pixels its neighbours say {result[2]['pixels'][0]}, by S-C-S-C {result[2]['S-C-S-C'][0]}."
    ),
    table=lambda result: {name: label for name, (label, _) in result[2].items()},
    title="Move the digit",
)

# %% [markdown] id="volumes"
# One slide set says that pooling makes a network *tolerant of position*. You have just seen how far: the window of a C-cell, and not beyond. The sizes in the print-out follow one formula, for S-cells and C-cells alike. With input width $W$, window $K$, stride $S$ and padding $P$ the output has the width $\lfloor (W + 2P - K)/S \rfloor + 1$. The slides' own example takes volumes from 224×224×3 to 1×1000. Chapter 18 walks all the way.
#
# In the calculator, a stack of equal layers. Padding of $(K-1)/2$ keeps the width, a stride of 2 halves it.


# %% id="volume-widget" folded=true
def volumes(width, channels, kernel, stride, padding, layers):
    """Sizes (width, channels) of the input and of each layer's output, until a window no longer fits."""
    sizes = [(width, 3)]
    for _ in range(layers):
        if sizes[-1][0] + 2 * padding < kernel:
            break
        sizes.append(((sizes[-1][0] + 2 * padding - kernel) // stride + 1, channels * 2 ** (len(sizes) - 1)))
    return sizes


def volume_figure(width, channels, kernel, stride, padding, layers):
    """Each volume as a square of its width, under its size."""
    stack = volumes(width, channels, kernel, stride, padding, layers)
    figure = plots.figure(9, 2.8)
    ax = figure.subplots()
    place = 0.0
    for size, depth in stack:
        side = size / stack[0][0]
        ax.fill([place, place + side, place + side, place], [0, 0, side, side], color=plots.SKY)
        ax.text(place + side / 2, -0.1, f"{size}×{size}\n×{depth}", ha="center", va="top")
        place += side + 0.45
    ax.set(xlim=(-0.3, place), ylim=(-0.5, max(1.05, *(size / stack[0][0] for size, _ in stack))))
    ax.set_aspect("equal")
    ax.set_axis_off()
    return figure


widgets.explore(
    volume_figure,
    dict(
        width=widgets.Options([8, 28, 32, 64, 224], 224, style="buttons", label="width of the image"),
        channels=widgets.Options([8, 16, 32, 64], 16, style="buttons", label="channels of the first layer"),
        kernel=widgets.Slider(1, 11, 3, label="window K"),
        stride=widgets.Slider(1, 4, 2, label="stride S"),
        padding=widgets.Slider(0, 5, 1, label="padding P"),
        layers=widgets.Slider(1, 6, 5, label="layers"),
    ),
    alt=lambda width, channels, kernel, stride, padding, layers: (
        "Volumes: "
        + ", ".join(f"{w}×{w}×{c}" for w, c in volumes(width, channels, kernel, stride, padding, layers))
        + "."
    ),
    table=lambda width, channels, kernel, stride, padding, layers: [
        {"layer": k, "width": w, "channels": c, "numbers": w * w * c}
        for k, (w, c) in enumerate(volumes(width, channels, kernel, stride, padding, layers))
    ],
    title="Volumes of a convolutional network",
)

# %% [markdown] id="later-eyes"
# Later Neocognitrons had connections from the top down. In the *Selective Attention Model* they picked one of two superposed patterns and filled in what was missing.

# %% [markdown] id="vanishing-text"
# ## The signal that fades
#
# Backpropagation sends an error signal from the output back through all layers. Chapter 06 derives how. Here only what becomes of it: on its way through layer $m$ the signal $\delta$ is multiplied by the weights, transposed, and by the slope of the activation.
#
# $$\delta^{m} = g'(z^{m}) \odot \bigl(W^{m+1}\bigr)^{\top} \delta^{m+1}$$
#
# The sigmoid's slope is at most ¼. Twenty layers may multiply by ¼ twenty times, and that is $10^{-12}$.

# %% [markdown] id="vanishing-question" question="predict"
# In which layers is the signal lost?
#
# - [x] In the first ones, next to the input: the signal starts at the output and passes through all the others before it gets there.
# - [ ] In the last ones, next to the output: that is what the book says; but the signal starts there.
# - [ ] In all equally: each layer multiplies once more.


# %% id="vanishing-run"
ACTIVATIONS = {
    "sigmoid": (nn.sigmoid, nn.sigmoid_backward),
    "tanh": (nn.tanh, nn.tanh_backward),
    "ReLU": (nn.relu, nn.relu_backward),
}


def signal_norms(activation, depth=20, scale=1.0, residual=False, width=30):
    """‖δ‖ in every layer, the first layer first: weights N(0, scale² / width), a random signal at the output."""
    rng = np.random.default_rng(0)
    forward, backward = ACTIVATIONS[activation]
    a, caches = rng.normal(size=(1, width)), []
    for _ in range(depth):
        W = scale * rng.normal(size=(width, width)) / width**0.5
        h, cache = forward(a @ W.T)
        a = a + h if residual else h
        caches.append((W, cache))
    delta, norms = rng.normal(size=(1, width)), []
    for W, cache in reversed(caches):
        inner = backward(delta, cache)
        norms.append(float(np.linalg.norm(inner)))
        delta = inner @ W + (delta if residual else 0.0)
    return norms[::-1]


for name, scale in (("sigmoid", 1.0), ("tanh", 1.0), ("ReLU", 2**0.5)):
    plain, residual = signal_norms(name, scale=scale), signal_norms(name, scale=scale, residual=True)
    print(
        f"{name:8} first layer / last layer: plain {plain[0] / plain[-1]:.1e}, with residual connections {residual[0] / residual[-1]:.1e}"
    )

# %% [markdown] id="vanishing-meaning"
# Through twenty sigmoid layers $10^{-12}$ of the signal arrives at the first layer: it does not learn. So the book has it the wrong way round: not the *upper* layers, which are next to the output, but the early ones are left without a signal. And the trouble was not found around 2000: Hochreiter described it in his thesis of 1991, and Bengio and others in 1994.
#
# With tanh a third is left, with ReLU and weights of the right size nearly everything.
#
# A residual connection adds a layer's input to its output, $a + g(Wa)$. It is what ResNet-152 is made of. The signal then has a way back on which nothing is multiplied, and it cannot vanish. It can grow: 55 times with tanh, 3,700 times with ReLU at this scale. That is why residual networks also normalise, or start with small weights. The slides' *more layers give better features* needs both.


# %% id="residual-run"
for depth in (2, 30):
    for wrap in (lambda block: block, nn.Residual):
        rng = np.random.default_rng(0)
        blocks = [wrap(nn.Sequential(nn.Linear(32, 32, rng=rng), nn.Tanh())) for _ in range(depth)]
        net = nn.Sequential(nn.Linear(64, 32, rng=rng), *blocks, nn.Linear(32, 10, rng=rng))
        learn(net, nn.CrossEntropyLoss(), flat, digits.y_train, 0.1, 10, 40, rng)
        accuracy = train.accuracy(net(digits.x_test.reshape(-1, 64)), digits.y_test)
        print(
            f"{depth:2d} layers {'with residual connections' if wrap is nn.Residual else 'plain':25}: test accuracy {accuracy:.3f}"
        )

# %% [markdown] id="residual-meaning"
# Thirty plain tanh layers, from the weights with which PyTorch starts too, learn nothing: one digit in ten, which is chance. With residual connections the same thirty layers read 94 in 100. They are not better than two layers. These digits need no depth; but one can have it now.


# %% id="depth-widget" folded=true
def depth_figure(activation, depth, scale, residual):
    """The size of the signal in each layer, on a logarithmic axis."""
    norms = signal_norms(activation, depth, scale, residual)
    figure = plots.figure(7, 3.2)
    ax = figure.subplots()
    ax.semilogy(range(1, depth + 1), np.maximum(norms, 1e-30), "o-", color=plots.BLUE)
    ax.axhline(1, color=plots.GREY, linestyle=":")
    ax.set(xlabel="layer (1 is next to the input)", ylabel="size of the signal", xlim=(0.5, 30.5))
    return figure


widgets.explore(
    depth_figure,
    dict(
        activation=widgets.Options(list(ACTIVATIONS), style="buttons", label="activation"),
        depth=widgets.Slider(1, 30, 20, label="layers"),
        scale=widgets.Slider(0.1, 8.0, 1.0, step=0.1, label="scale of the weights"),
        residual=widgets.Checkbox(False, label="residual connections"),
    ),
    alt=lambda activation, depth, scale, residual: (
        f"Size of the signal by layer for {activation}, {depth} layers, scale {scale:g}: from {signal_norms(activation, depth, scale, residual)[0]:.1e} in the first layer to {signal_norms(activation, depth, scale, residual)[-1]:.1e} in the last."
    ),
    table=lambda activation, depth, scale, residual: [
        {"layer": k, "size of the signal": size}
        for k, size in enumerate(signal_norms(activation, depth, scale, residual), start=1)
    ],
    title="How deep does the signal reach?",
)

# %% [markdown] id="pretraining"
# Look for the border: for tanh and ReLU there is a scale at which the signal neither fades nor explodes. Chapter 12 computes it, chapter 17 measures the cures.
#
# The first cure was another. In 2006 Hinton, Osindero and Teh trained a deep network **layer by layer, without labels**. The first layer learns to describe its input. Then it is kept fixed and the second learns to describe the outputs of the first, and so on. Only at the end the whole network is trained with labels, from a start where every layer already says something. GMDH had done the same with labels in 1965. Chapter 08 builds it, with restricted Boltzmann machines. Another cure, for networks that run through time, was the LSTM (chapter 21). When large labelled sets, GPUs and the ReLU arrived, pre-training of this kind was no longer needed.

# %% [markdown] id="svm-text"
# ## The rival: the support vector machine
#
# From 1995 to about 2010 the machine to beat was the **SVM** of Corinna Cortes (the book has *Dana*) and Vladimir Vapnik. For labels $y_i = \pm1$ it looks for the flattest function that keeps every example at a distance from the border:
#
# $$\min_{w, b}\ \tfrac12\lVert w\rVert^2 + C\sum_i \max\bigl(0,\ 1 - y_i(w^\top x_i + b)\bigr)$$
#
# The sum counts only examples that are wrong or too near. There is one valley and no hidden layer. Here it is in NumPy, one against the rest for each digit, by steps along the negative slope. Then the one with a curved border from scikit-learn, and a network.


# %% id="svm-run"
def linear_svm(x, labels, classes, C, epochs, rng, batch_size=20):
    """One linear SVM for each class against the rest: W (classes, D), b (classes,).  Steps shrink as 1/t."""
    N, D = x.shape
    signs = 2.0 * np.eye(classes)[labels] - 1
    W, b, t = np.zeros((classes, D)), np.zeros(classes), 0
    for _ in range(epochs):
        order = rng.permutation(N)
        for start in range(0, N, batch_size):
            rows = order[start : start + batch_size]
            near = (signs[rows] * (x[rows] @ W.T + b) < 1) * signs[rows]
            t += 1
            step = 1 / (1 + 0.01 * t)
            W = W - step * (W / (C * N) - near.T @ x[rows] / len(rows))
            b = b + step * near.mean(axis=0)
    return W, b


flat_test = digits.x_test.reshape(-1, 64)
W, b = linear_svm(flat, digits.y_train, 10, 1.0, 60, np.random.default_rng(0))
print(f"linear SVM in NumPy: {np.mean((flat_test @ W.T + b).argmax(axis=1) == digits.y_test):.3f}")
try:
    from sklearn.svm import SVC
except ImportError:
    print('The curved SVM needs scikit-learn: pip install "dlbook[course]"')
else:
    svm = SVC(C=10, gamma="scale").fit(flat, digits.y_train)
    print(
        f"SVM with an RBF kernel: {svm.score(flat_test, digits.y_test):.3f}, {len(svm.support_)} of the examples kept"
    )
found = []
for seed in range(3):
    rng = np.random.default_rng(seed)
    mlp = nn.Sequential(nn.Linear(64, 30, rng=rng), nn.ReLU(), nn.Linear(30, 10, rng=rng))
    learn(mlp, nn.CrossEntropyLoss(), flat, digits.y_train, 0.3, 40, 20, rng)
    found.append(np.mean(mlp(flat_test).argmax(axis=1) == digits.y_test))
print(f"network 64-30-10, three starts: {min(found):.3f} to {max(found):.3f}")

# %% [markdown] id="svm-meaning"
# The SVM with a curved border wins, 0.997. It looks at 596 of the 1,437 examples only, those near a border, and forgets the others. A network of one hidden layer gets about 0.97. The book says that around 2000 networks gave better results than SVMs *with the same data*. In general they did not; on these 1,437 digits they still do not. What the book says next is right, and decided the matter: networks go on improving with more data, and the SVM must compare each new example with those it has kept.

# %% [markdown] id="cat-text"
# ## 2012: the neuron that knew cats
#
# Google Brain showed ten million frames of YouTube videos to a network on a thousand machines, without labels. Afterwards one unit at the top answered to cats, another to faces. The book tells this among the convolutional networks. It was none: nine layers, each unit with its own local window and its own weights, not shared, trained as a sparse **autoencoder**, with pooling and contrast normalisation between. It had about a billion connections and ran on 16,000 cores.
#
# What does a selective unit prove? Here is the experiment in miniature. An autoencoder, 64 → 32 → 64, learns to reproduce digits without ever seeing a label. Afterwards we look for its best "3-unit". For each unit we take all pairs of one 3 and one other digit. The share of pairs in which the unit tells them apart is called AUC: 0.5 is chance, 1 is perfect.


# %% id="cat-run"
def auc(values, positive):
    """Share of pairs (positive, negative) that each column orders rightly, in the better direction: (N, D) -> (D,)."""
    ranks = values.argsort(axis=0).argsort(axis=0) + 1
    P, Q = positive.sum(), (~positive).sum()
    share = (ranks[positive].sum(axis=0) - P * (P + 1) / 2) / (P * Q)
    return np.maximum(share, 1 - share)


rng = np.random.default_rng(0)
encoder = nn.Sequential(nn.Linear(64, 32, rng=rng), nn.Sigmoid(), nn.Linear(32, 64, rng=rng))
learn(encoder, nn.MSELoss(), flat, flat, 5.0, 60, 20, rng)
print(
    "error of the copies:",
    f"{np.mean((encoder(flat_test) - flat_test) ** 2):.4f}",
    " of the mean image:",
    f"{np.mean((flat.mean(axis=0) - flat_test) ** 2):.4f}",
)

centred = flat_test - flat.mean(axis=0)
units = {
    "learnt": nn.sigmoid(encoder[0](flat_test))[0],
    "random": nn.sigmoid(centred @ rng.normal(size=(64, 32)))[0],
    "pixels": flat_test,
}
best = {name: np.array([auc(values, digits.y_test == k).max() for k in range(10)]) for name, values in units.items()}
print("best unit for the digit ", *(f"{k:5d}" for k in range(10)))
for name, values in best.items():
    print(f"{name:24}", *(f"{value:5.2f}" for value in values))

# %% [markdown] id="cat-meaning"
# The learnt units are selective, up to 0.94. So are units with random weights, up to 0.97, and single pixels, up to 0.98. For six of the ten digits one of the latter is better. The autoencoder did learn, as its copies show, but a unit that answers to one class proves little by itself. The cat neuron was compared with such baselines in the paper, and it passed; in the retelling the baselines got lost. Ask for them.

# %% [markdown] id="dates"
# ## The book's calendar, put right
#
# Chapter 01 has the whole timeline. These are the entries that the book's third chapter gets wrong or leaves half told.
#
# | the book says | in fact |
# |---|---|
# | SVM: *Dana* Cortes and Vapnik, 1995 | **Corinna** Cortes |
# | backpropagation was not applied to networks until 1985 | Linnainmaa's thesis is from 1970; Werbos proposed it for networks in 1974 and published it in 1982; Rumelhart, Hinton and Williams, 1986, made it known |
# | the second AI winter: 1985 to 1990 | about 1987 to 1993; 1986 was a boom, as the book's own second chapter says |
# | the vanishing gradient came up around 2000 | Hochreiter's thesis of 1991; Bengio, Simard and Frasconi 1994 |
# | the *upper* layers get no signal | the *early* ones, as you have seen |
# | AlexNet won in 2011 and 2012 | AlexNet won ILSVRC in 2012; the wins of 2011 were DanNet's (Cireșan and others) |
# | META Group was renamed Gartner | it was bought by Gartner in 2005; the report with the three V's, of 2001, is Laney's |
# | around 2000 networks beat SVMs on the same data | not in general, as the run with the SVM shows |
# | ResNet-152 won ImageNet in 2015 (the guide) | an *ensemble* of residual networks, 3.57 % top-5 error; ResNet-152 was its deepest member |

# %% [markdown] id="dated"
# ## What else the documents say
#
# **Hyper-parameters are calculated by hand** (the guide). They are searched for, and the search is judged by a validation set, a word that the guide never uses. It trains *until the loss is within margins*: that is the training loss, and GMDH has just shown where following one number too far leads.
#
# **Frameworks** (the guide). Theano ended in 2017 and lives on as PyTensor. Caffe2 was merged into PyTorch in 2018. MXNet, and Gluon with it, retired in 2023. Keras 3 runs on several of the others, and JAX is missing from the list.
#
# **Deep autoencoders are two symmetric deep-belief nets** (the overview slides). They were in 2006. Today they are trained end to end, as ours was.
#
# **Recurrent networks are the state of the art in speech, images and translation.** Transformers took that place, and convolutional networks before them for images. **More layers, better features**: only with residual connections or normalisation; you saw why. **Embeddings**: vectors of *few* dimensions compared with the one-hot rows that they replace. **No creativity yet**: written before generative models. Whatever one calls what they do, the sentence is dated.
#
# The systems that these slides only name have chapters of their own: the deep autoencoder that sorts texts by topic 08, convolution 18, recurrent networks and the LSTM 20 and 21, embeddings 33, images and sentences together 38.
#
# **Quantum computing.** The slides say that a qubit holds *any value between 0 and 1*. It holds two complex numbers $\alpha$ and $\beta$ with $|\alpha|^2 + |\beta|^2 = 1$, and a measurement gives 0 or 1, never a value between. The minus sign below changes no measurement of the first two states. Yet after a Hadamard gate, which mixes $\alpha$ and $\beta$, the two differ completely. A number between 0 and 1 cannot do this. D-Wave's machines are annealers for one kind of optimisation, not general computers, and no advantage for deep learning has been shown.

# %% id="qubit"
gate = np.array([[1, 1], [1, -1]]) / 2**0.5
for name, state in (("plus", np.array([1, 1]) / 2**0.5), ("minus", np.array([1, -1]) / 2**0.5)):
    zero_before, zero_after = np.abs(state[0]) ** 2, np.abs((gate @ state)[0]) ** 2
    print(f"{name:6} probability of measuring 0: {zero_before:.2f}, after the gate {zero_after:.2f}")


# %% id="qubit-widget" folded=true
def qubit_counts(theta, phi, shots):
    """Times that 0 is measured in `shots` copies of the state: directly, and after the Hadamard gate."""
    angle = np.deg2rad([theta, phi])
    state = np.array([np.cos(angle[0] / 2), np.exp(1j * angle[1]) * np.sin(angle[0] / 2)])
    rng = np.random.default_rng(0)
    chances = [min(1.0, float(np.abs(s[0]) ** 2)) for s in (state, gate @ state)]
    return chances, [int(rng.binomial(shots, chance)) for chance in chances]


def qubit_figure(theta, phi, shots):
    """The state on Bloch's sphere, seen from above and from the side; shares of measured zeros."""
    chances, counts = qubit_counts(theta, phi, shots)
    a, b = np.deg2rad([theta, phi])
    x, y, z = np.sin(a) * np.cos(b), np.sin(a) * np.sin(b), np.cos(a)
    figure = plots.figure(9, 3)
    side, above, bars = figure.subplots(1, 3)
    turn = np.linspace(0, 2 * np.pi, 100)
    for ax, tip, names in ((side, (x, z), ("x", "z")), (above, (x, y), ("x", "y"))):
        ax.plot(np.cos(turn), np.sin(turn), "-", color=plots.GREY, linewidth=1)
        ax.plot([0, tip[0]], [0, tip[1]], "-o", color=plots.VERMILION)
        ax.set(xlabel=names[0], ylabel=names[1], xlim=(-1.1, 1.1), ylim=(-1.1, 1.1))
        ax.set_aspect("equal")
    bars.bar([0, 1], [count / shots for count in counts], color=plots.BLUE)
    bars.plot([0, 1], chances, "s", color=plots.BLACK)
    bars.set(ylim=(0, 1.05), xticks=[0, 1], ylabel="share of zeros")
    bars.set_xticklabels(["measured at once", "after the gate"])
    return figure


widgets.explore(
    qubit_figure,
    dict(
        theta=widgets.Slider(0, 180, 90, label="θ in degrees"),
        phi=widgets.Slider(0, 360, 0, label="φ in degrees"),
        shots=widgets.Options([10, 100, 1000, 10000], 100, style="buttons", label="measurements"),
    ),
    alt=lambda theta, phi, shots: (
        f"Bloch's sphere at θ = {theta}°, φ = {phi}°; of {shots} measurements {qubit_counts(theta, phi, shots)[1][0]} give 0, and {qubit_counts(theta, phi, shots)[1][1]} after the gate."
    ),
    table=lambda theta, phi, shots: dict(
        zip(["zeros, measured at once", "zeros, after the gate"], qubit_counts(theta, phi, shots)[1], strict=True)
    ),
    title="One qubit",
)

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# PyTorch has the softmax, the layers and the convolution. Here a small convolutional network joins the contest with the SVM: two convolutions are the S-cells with learnt templates, max pooling is the C-cell. Nothing but the loop teaches it.

# %% id="torch-run"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    scores = np.array([[1000.0, 1.0, 2.0]])
    print("softmax of 1000, 1, 2:", torch.softmax(torch.from_numpy(scores), dim=-1).numpy())
    pooled = torch.nn.functional.max_pool2d(torch.from_numpy(stages[0]), 2, stride=1).numpy()
    print("largest difference between C-cells and max pooling:", np.abs(pooled - stages[1]).max())
    torch.set_num_threads(1)
    torch.manual_seed(0)
    cnn = torch.nn.Sequential(
        torch.nn.Conv2d(1, 16, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(16, 32, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(512, 10),
    )
    images, labels = torch.from_numpy(digits.x_train).float(), torch.from_numpy(digits.y_train)
    steps = torch.optim.SGD(cnn.parameters(), lr=0.1, momentum=0.9)
    for _ in range(15):
        for rows in torch.randperm(len(images)).split(32):
            steps.zero_grad()
            torch.nn.functional.cross_entropy(cnn(images[rows]), labels[rows]).backward()
            steps.step()
    said = cnn(torch.from_numpy(digits.x_test).float()).argmax(dim=1).numpy()
    count = sum(p.numel() for p in cnn.parameters())
    print(f"convolutional network, {count:,} parameters: {np.mean(said == digits.y_test):.3f}")

# %% [markdown] id="gpu"
# The convolutional network has 9,930 parameters, half of them in its convolutions, and is right for 98.6 % of the test digits: better than the dense network, and still behind the SVM. A GPU changes nothing here; the images are too small and too few. It changes everything where the layers are large: each is one matrix product, and thousands of small sums run at once. This is what made pre-training unnecessary around 2011.

# %% [markdown] id="common-mistakes"
# ## Common mistakes
#
# - **A softmax without taking off the largest score.** It works until one score passes 709, and then everything is NaN.
# - **A sum along the wrong axis.** Check once that every row sums to 1.
# - **One-hot columns in alphabetical order** where the class list has another one. Nothing fails, and every label is wrong.
# - **GB and GiB, bits and bytes.** Write the unit.
# - **Choosing by the error that was minimised.** Ivakhnenko knew better in 1965.
# - **A selective unit taken as proof of learning**, without a baseline of random units.

# %% [markdown] id="memory-quiz" question="quiz"
# A model has seven billion parameters. How much memory does training with Adam take at 32 bits, before any outputs are kept?
#
# - [ ] About 26 GiB: that is for using it: four bytes a parameter.
# - [ ] About 52 GiB: parameters and gradients; Adam keeps two numbers more for each.
# - [x] About 104 GiB: parameters, gradients and two numbers of the optimiser are 16 bytes a parameter.

# %% [markdown] id="pool-quiz" question="quiz"
# Why does a C-cell take the largest value and not the value in the middle of its window?
#
# - [x] So that a pattern may be anywhere in the window: moving it a little changes nothing in the answer.
# - [ ] So that fewer numbers are left: taking the middle one would leave as few.
# - [ ] So that the answer is larger: its size could be changed by a factor.

# %% [markdown] id="questions"
# ## To think about
#
# 1. Softmax gives the same result for the scores $(1, 2)$ and $(101, 102)$. What does this say about the number of scores that two classes really need?
# 2. A GMDH unit of the third layer is a polynomial of which degree in the inputs? What does that do to an example outside the range of the training data?
# 3. The Neocognitron forgives small shifts. Which templates or cells would it need to forgive small rotations?
# 4. Hu's moments cannot tell a 6 from a perfect 9, which is the 6 turned. Name a problem in which you would want just this, and one feature that would repair the case of the digits.
#
# <details><summary>Answers</summary>
#
# 1. One: only the difference matters. With two classes softmax is the sigmoid of the difference.
# 2. Eight: each layer doubles it. Far outside, the eighth powers take over and the output is useless.
# 3. The same templates turned by several angles, and a C-cell that takes the largest answer over the angles.
# 4. Counting bacteria under a microscope, which lie in any direction. For digits: the height of the centre of mass; a 6 has it low, a 9 has it high.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# Ivakhnenko and Lapa, *Cybernetic Predicting Devices* (1965). Fukushima, *Neocognitron*, *Biological Cybernetics* 36 (1980). Weng, Ahuja and Huang, *Cresceptron* (1992), for planes that are added as needed. Hu, *Visual pattern recognition by moment invariants* (1962). Dalal and Triggs, *Histograms of oriented gradients* (2005).
# Hochreiter, *Untersuchungen zu dynamischen neuronalen Netzen* (1991). Cortes and Vapnik, *Support-vector networks*, *Machine Learning* 20 (1995). Hinton, Osindero and Teh, *A fast learning algorithm for deep belief nets*, *Neural Computation* 18 (2006). Le and others, *Building high-level features using large scale unsupervised learning* (2012). Slides: P. R. L. de Almeida, *Deep Learning*, CC BY 4.0.
#
# Next: one neuron, alone, and what it can decide.
