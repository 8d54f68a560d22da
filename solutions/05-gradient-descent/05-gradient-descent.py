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
#     title: Gradient descent, on digits
#     minutes: 130
#     needs: ["03-perceptron"]
#     book: [5, 11, 12]
# ---

# %% [markdown] id="title"
# # Gradient descent, on digits
#
# **After this page you can** say what a classifier must beat before it deserves praise, choose a cost and derive its
# gradient, walk downhill with a learning rate that works, and train a network on mini-batches of handwritten digits.
#
# **Time** 50 minutes to read, 80 for the six exercises. **You need** the layer of chapter 03, partial derivatives, and
# NumPy indexing.

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, plots

# %% [markdown] id="digits"
# ## Read this number
#
# The book shows a strip with six handwritten digits, 504192, and you read it without noticing that you do anything.
# The first visual area of each half of your brain has about 140 million neurons for such things, and several other
# areas follow it. Try to write down rules instead ("a 9 has a loop at the top and a stroke at the lower right") and
# you soon have more exceptions than rules.
#
# The other way is to collect examples and let a program find its own rules. Our examples are 1,797 handwritten digits
# of 8×8 pixels. An image is a matrix of numbers from 0 (paper) to 1 (ink); row after row it becomes a vector
# $x \in \mathbb{R}^{64}$.

# %% id="digits-look" folded=true
digits = data.digits()
means = np.array([digits.x_train[digits.y_train == digit].mean(axis=0) for digit in range(10)])
variance = digits.x_train.var(axis=0)
rows = [np.flatnonzero(digits.y_train == digit)[turn] for turn in range(2) for digit in range(10)]
images = np.vstack([digits.x_train[rows], means]).reshape(-1, 8, 8)
figure = plots.image_grid(images, [*map(str, digits.y_train[rows])] + [f"mean {digit}" for digit in range(10)])
plots.show(
    figure,
    alt="Two rows of handwritten digits from 0 to 9, coarse but readable, and a third row with the mean image of each "
    "class: blurred digits, all ten still readable.",
)
print("training images:", digits.x_train.shape, " test images:", digits.x_test.shape)
print("variance of each pixel (× 100):")
print((100 * variance).round().astype(int).reshape(8, 8))

# %% [markdown] id="digits-meaning"
# The first and the last column of pixels hardly vary: they are paper in nearly every image and tell nothing. What
# varies is the middle.
#
# The book uses MNIST: 60,000 training and 10,000 test images of 28×28 pixels, from 250 + 250 writers, half of them
# employees of the Census Bureau and half high-school pupils; no writer is in both sets. Four remarks on what it says.
# The address of the data that it prints no longer serves them; `data.mnist()` has a part of MNIST inside this package.
# MNIST's files store ink as large numbers on a background of 0, and only the display inverts them. You do not need
# Anaconda; Python and NumPy are enough. And the promised program "in pure Python" uses NumPy too.

# %% id="mnist-look"
mnist = data.mnist()
print("MNIST, the part in the package:", mnist.x_train.shape, mnist.x_test.shape)
print(f"share of pixels that are exactly 0: {np.mean(mnist.x_train == 0):.0%}; largest value: {mnist.x_train.max():g}")

# %% [markdown] id="baselines"
# ## What must a network beat?
#
# A figure such as "96 % right" means nothing alone. Before the network come four cheap classifiers.
#
# 1. **Darkness**: the mean of all pixels. Which class has on average the darkness closest to this image's?
# 2. **Nearest mean**: which of the ten mean images is closest?
# 3. **Holes**: count the regions of paper that are enclosed by ink. An 8 has two; 0, 6 and 9 have one; the others
#    none. A rule made by hand, as in "a 9 has a loop at the top".
# 4. A **support vector machine** from scikit-learn, with its default settings.

# %% [markdown] id="baselines-question" question="predict"
# Always answering the same digit is right one time in ten. How well do you think darkness alone does?
#
# - [x] Between 10 and 15 %: the classes differ a little in ink, but they overlap almost completely.
# - [ ] About 30 %: for that, each amount of ink would have to fit only three or four of the digits; it fits nearly all.
# - [ ] About 50 %: the differences between the classes are much smaller than those between writers.


# %% id="baselines-run"
def count_holes(image, threshold):
    """Regions of paper (4-connected, pixels below threshold) that do not touch the border of the image."""
    paper = np.pad(image < threshold, 1, constant_values=True)
    regions, seen = 0, np.zeros_like(paper)
    for start in zip(*np.nonzero(paper), strict=True):
        if seen[start]:
            continue
        regions += 1
        stack = [start]
        while stack:
            i, j = stack.pop()
            if 0 <= i < paper.shape[0] and 0 <= j < paper.shape[1] and paper[i, j] and not seen[i, j]:
                seen[i, j] = True
                stack += [(i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)]
    return regions - 1


def nearest(x, centres):
    """The index of the closest centre for each row of x (N, d)."""
    return np.argmin(((x[:, None, :] - centres) ** 2).sum(axis=2), axis=1)


from sklearn.svm import SVC


def darkness_score(split):
    """Accuracy of the class whose mean darkness is closest."""
    averages = np.array([split.x_train[split.y_train == digit].mean() for digit in range(10)])
    found = nearest(split.x_test.mean(axis=1, keepdims=True), averages[:, None])
    return np.mean(found == split.y_test)


y_test = digits.y_test
others = [darkness_score(data.digits(np.random.default_rng(seed))) for seed in range(20)]
holes = np.array([count_holes(image.reshape(8, 8), 0.4) for image in digits.x_test])
expected_holes = np.array([1, 0, 0, 0, 0, 0, 1, 0, 2, 1])
holes_train = np.array([count_holes(image.reshape(8, 8), 0.4) for image in digits.x_train])
commonest = np.array([np.bincount(digits.y_train[holes_train == count]).argmax() for count in range(3)])
print(f"darkness:                         {darkness_score(digits):.3f}", end="; ")
print(f"in 20 other splits {min(others):.3f} to {max(others):.3f}, mean {np.mean(others):.3f}")
print(f"holes, most common digit of each: {np.mean(commonest[np.minimum(holes, 2)] == y_test):.3f}")
print(f"nearest mean:                     {np.mean(nearest(digits.x_test, means) == y_test):.3f}")
print(f"support vector machine:           {SVC().fit(digits.x_train, digits.y_train).score(digits.x_test, y_test):.3f}")
print(f"images with the right number of holes: {np.mean(holes == expected_holes[y_test]):.3f}")
for digit in (0, 4, 6, 8, 9):
    print(f"  digit {digit}: holes found 0, 1, 2:", np.bincount(holes[y_test == digit], minlength=3)[:3])

# %% [markdown] id="baselines-meaning"
# Darkness is hardly better than chance: 10 % here, 12 % on average over other divisions into training and test images.
# The hole rule sounds clever and counts rightly in 79 % of the images. But 14 of the 36 fours come out with a
# hole, half of the eights lose one of theirs, and six digits share the count 0: it names the digit in 22.5 % of
# the cases. Ten mean images reach 90 %, the support vector machine 99 %.
#
# From here on a network that is right on 90 % of the test images has learnt what ten averages know. The mark to reach
# is that of the support vector machine.
#
# How much do examples help? Take the same classifiers with fewer of them, three draws each.

# %% id="examples-run" folded=true
rng = np.random.default_rng(0)
sizes = [20, 50, 100, 200, 400, 800, 1437]
curves = {"nearest mean": [], "nearest example": [], "support vector machine": []}
for size in sizes:
    scores = []
    for _ in range(3):
        order = rng.permutation(1437)
        chosen = np.concatenate([np.flatnonzero(digits.y_train[order] == digit)[: size // 10] for digit in range(10)])
        kept = order[chosen] if size < 1437 else order
        x, y = digits.x_train[kept], digits.y_train[kept]
        centres = np.array([x[y == digit].mean(axis=0) for digit in range(10)])
        distances = (x**2).sum(axis=1) - 2 * digits.x_test @ x.T
        scores.append(
            (
                np.mean(nearest(digits.x_test, centres) == y_test),
                np.mean(y[distances.argmin(axis=1)] == y_test),
                SVC().fit(x, y).score(digits.x_test, y_test),
            )
        )
    for name, score in zip(curves, np.mean(scores, axis=0), strict=True):
        curves[name].append(score)
figure = plots.figure(6.5, 3.4)
ax = figure.subplots()
plots.learning_curves(ax, curves, x=sizes, xlabel="training examples", ylabel="accuracy on the test set")
ax.set_xscale("log")
plots.show(
    figure,
    alt="Accuracy against the number of training examples. All three rise; the nearest mean is level at 0.9 from 200 "
    "examples on, the other two go on to 0.98.",
)
for name, scores in curves.items():
    print(f"{name:23}", "  ".join(f"{size}: {score:.3f}" for size, score in zip(sizes, scores, strict=True)))

# %% [markdown] id="examples-meaning"
# More examples help whoever can still make use of them. Ten mean images cannot: from 200 examples on they are as good
# as they will be.
#
# All these numbers are accuracies, so let us define accuracy with care. The reason for the care is a silent accident:
# compare a column `(N, 1)` with a vector `(N,)`, and NumPy makes a table of all pairs.

# %% id="accuracy-trap"
labels = digits.y_test
column = labels[:, None]
print("the shape of (column == labels):", (column == labels).shape)
print(f"'accuracy' of the right answers, as a column: {np.mean(column == labels):.3f}")

# %% [markdown] id="accuracy-statement" statement="accuracy"
# ### Exercise: accuracy
#
# Write `accuracy(y, predicted)`: the share of the positions at which the labels `y (N,)` and the predictions
# `predicted (N,)` are equal, a number from 0 to 1. If one of the two does not have exactly one axis, or if their
# lengths differ, it raises `ValueError` with a message that names both shapes.
#
# Check by hand: `y = [3, 1, 4, 1]` and `predicted = [3, 1, 4, 5]` give 0.75.


# %% id="accuracy" exercise=true difficulty=1 by_hand="data"
def accuracy(y, predicted):
    """Share of equal labels: y (N,), predicted (N,) -> number in [0, 1].  ValueError for other or different shapes."""
    ### BEGIN SOLUTION
    if y.ndim != 1 or y.shape != predicted.shape:
        raise ValueError(f"expected two arrays (N,), got {y.shape} and {predicted.shape}")
    return np.mean(y == predicted)
    ### END SOLUTION


# %% [markdown] id="accuracy-hints" hints="accuracy"
# - count: Divide by the number of examples: a share is asked for, not a count.
# - errors: This is the share of the wrong ones; count where the two are equal.
# - percent: The share is a number from 0 to 1, without the factor 100.


# %% id="accuracy-share" test="accuracy" points=2
@check.exercise("05-gradient-descent/accuracy")
def eight_labels_five_right():
    """Eight labels, five right"""
    y, predicted = np.array([3, 1, 4, 1, 5, 9, 2, 6]), np.array([3, 1, 4, 7, 5, 9, 8, 0])
    check.close(
        check.call(accuracy, y, predicted, returns=("accuracy",)),
        0.625,
        name="accuracy",
        hints={
            "count": lambda right: 8 * right,
            "errors": lambda right: 1 - right,
            "percent": lambda right: 100 * right,
        },
    )


# %% id="accuracy-shapes" test="accuracy" points=2
@check.exercise("05-gradient-descent/accuracy")
def shapes_that_do_not_fit():
    """Shapes that do not fit raise ValueError"""
    y = np.array([2, 0, 1, 1, 0])
    check.raises(ValueError, accuracy, y, y[:, None], what="predictions of shape (5, 1)")
    check.raises(ValueError, accuracy, y[:, None], y[:, None], what="two columns of shape (5, 1)")
    check.raises(ValueError, accuracy, y, y[:4], what="five labels and four predictions")


# %% id="accuracy-hidden" test="accuracy" points=2 hidden=true
@check.exercise("05-gradient-descent/accuracy", hidden=True)
def other_labels_and_a_single_one():
    """Other labels, and a single one"""
    rng = np.random.default_rng(1)
    for N in (1, 7, 40):
        y, predicted = rng.integers(-2, 3, N), rng.integers(-2, 3, N)
        expected = sum(int(a == b) for a, b in zip(y, predicted, strict=True)) / N
        check.close(check.call(accuracy, y, predicted, returns=("accuracy",)), expected, name=f"accuracy for N = {N}")
    check.raises(ValueError, accuracy, np.array([4]), np.array([[4]]), what="one label and a table of one")
    check.raises(ValueError, accuracy, np.arange(3), np.eye(3), what="one-hot predictions")


# %% [markdown] id="network"
# ## A network for digits
#
# The book's network has three layers: 784 inputs (ours 64), a hidden layer, say of 15 neurons, and 10 outputs. Each
# neuron is the one of chapter 03 with the sigmoid in place of the step. The answer is the output that is most active:
#
# $$a^1 = \sigma(W^1 x + b^1), \qquad a^2 = \sigma(W^2 a^1 + b^2), \qquad \hat d = \arg\max_j a^2_j$$
#
# To train it we need for each image the outputs that we wish for. The digit 3 becomes
# $(0, 0, 0, 1, 0, 0, 0, 0, 0, 0)$. This coding is called *one-hot*.

# %% [markdown] id="one-hot-statement" statement="one-hot"
# ### Exercise: one-hot
#
# Write `one_hot(y, k)`. The labels `y (N,)` are integers from 0 to k − 1. It returns an array of floats `(N, k)`: row
# i is 1 in column `y[i]` and 0 elsewhere. A label outside the range raises `ValueError`. Mind the negative ones, which
# NumPy accepts as an index.
#
# Check by hand: `one_hot(np.array([2, 0]), 3)` is `[[0, 0, 1], [1, 0, 0]]`.


# %% id="one-hot" exercise=true difficulty=1 by_hand="data"
def one_hot(y, k):
    """Labels y (N,) from 0 to k - 1 -> floats (N, k), 1 in column y[i] of row i.  ValueError for other labels."""
    ### BEGIN SOLUTION
    if np.any((y < 0) | (y >= k)):
        raise ValueError(f"expected labels from 0 to {k - 1}, got {y.min()} to {y.max()}")
    coded = np.zeros((len(y), k))
    coded[np.arange(len(y)), y] = 1.0
    return coded
    ### END SOLUTION


# %% [markdown] id="one-hot-hints" hints="one-hot"
# - transposed: Each example is a row, each class a column: (N, k).
# - width: The number of columns is k, also when the largest label is smaller.
# - block: Set one element in each row: index with a pair of arrays, the row numbers and the labels.


# %% id="one-hot-rows" test="one-hot" points=2
@check.exercise("05-gradient-descent/one-hot")
def each_row_has_its_one():
    """Each row has its 1 in the right place"""
    y = np.array([3, 0, 4, 3, 1, 0, 4])
    expected = (y[:, None] == np.arange(6)).astype(float)
    check.close(
        check.call(one_hot, y, 6, returns=("Y",)),
        expected,
        name="Y",
        hints={
            "transposed": lambda right: right.T,
            "width": lambda right: right[:, :5],
            "block": lambda right: np.tile(right.max(axis=0), (7, 1)),
        },
    )


# %% id="one-hot-floats" test="one-hot" points=1
@check.exercise("05-gradient-descent/one-hot")
def the_values_are_floats():
    """The values are floats"""
    check.equal(check.call(one_hot, np.array([1, 0]), 3, returns=("Y",)), np.array([[0.0, 1, 0], [1, 0, 0]]), name="Y")


# %% id="one-hot-range" test="one-hot" points=1
@check.exercise("05-gradient-descent/one-hot")
def labels_out_of_range():
    """Labels out of range raise ValueError"""
    check.raises(ValueError, one_hot, np.array([0, 3, 1]), 3, what="the label 3 with k = 3")
    check.raises(ValueError, one_hot, np.array([0, -1, 1]), 3, what="the label −1")


# %% id="one-hot-hidden" test="one-hot" points=2 hidden=true
@check.exercise("05-gradient-descent/one-hot", hidden=True)
def random_labels_and_a_single_one():
    """Random labels, and a single one"""
    rng = np.random.default_rng(2)
    for N, k in [(1, 4), (30, 7), (5, 1)]:
        y = rng.integers(0, k, N)
        Y = check.call(one_hot, y, k, returns=("Y",))
        expected = np.array([[1.0 if j == label else 0.0 for j in range(k)] for label in y])
        check.close(Y, expected, name=f"Y for N = {N}, k = {k}")
    check.raises(ValueError, one_hot, np.array([7]), 7, what="the label 7 with k = 7")


# %% [markdown] id="cost-idea"
# ## How wrong is it?
#
# Accuracy cannot guide the search for weights, and the staircase further down shows why. So we measure the squared
# distance between the outputs and what we wish for:
#
# $$C(w, b) = \frac{1}{2n} \sum_{x} \lVert y(x) - a \rVert^2$$
#
# The sum runs over the $n$ examples; inside, the norm adds up the squares over the outputs. $C$ is never negative, and
# near 0 only if all outputs are near what we wish for. The ½ is there because a derivative is coming.
#
# **Its gradient.** Let $A$ and $Y$ be tables $(n, k)$. One entry $A_{ij}$ occurs in exactly one square, so
#
# $$\frac{\partial C}{\partial A_{ij}} = \frac{1}{2n}\,\frac{\partial}{\partial A_{ij}} (A_{ij} - Y_{ij})^2 .$$
#
# The last step is yours.

# %% [markdown] id="cost-statement" statement="cost"
# ### Exercise: the quadratic cost and its gradient
#
# Write `quadratic_cost(A, Y)`, a number, and `quadratic_cost_backward(A, Y)`, the derivatives of the cost with respect
# to the outputs, in the shape of `A`. Both `A` and `Y` are `(n, k)`: one example a row. Divide by the number of
# examples, not by the number of outputs. Derive the second by hand; it does not call the first.
#
# Check by hand: for `A = [[1, 0], [0, 3]]` and `Y = [[0, 0], [0, 1]]` the cost is (1 + 4) / 4 = 1.25.


# %% id="cost" exercise=true difficulty=2 by_hand="quadratic_cost data"
def quadratic_cost(A, Y):
    """Quadratic cost of outputs A (n, k) with targets Y (n, k): a number."""
    ### BEGIN SOLUTION
    return np.sum((A - Y) ** 2) / (2 * len(A))
    ### END SOLUTION


def quadratic_cost_backward(A, Y):
    """Derivatives of the quadratic cost with respect to A: A (n, k), Y (n, k) -> dA (n, k)."""
    ### BEGIN SOLUTION
    return (A - Y) / len(A)
    ### END SOLUTION


# %% [markdown] id="cost-hints" hints="cost"
# - half: The ½ of the cost is missing.
# - outputs: Divide by the number of examples n only; over the k outputs the squares are added.
# - total: Divide the cost by the number of examples.
# - root: The cost is the sum of the squares; no square root is taken.
# - d-sign: The derivative has the wrong sign: where A is above Y, more A means more cost.
# - d-half: The 2 of the power cancels the ½: neither stays in dA.
# - d-two: The ½ of the cost is missing in dA: it cancels the 2 of the power.
# - d-total: The 1/n of the cost stays in dA.
# - d-outputs: dA is divided by n only, not by n times k.
# - d-square: The derivative of a square is linear: the 2 comes down and the power becomes 1.


# %% id="cost-value" test="cost" points=2
@check.exercise("05-gradient-descent/cost")
def the_cost_of_four_examples():
    """The cost of four examples with three outputs"""
    A, Y = np.cos(np.arange(12.0)).reshape(4, 3), np.linspace(-1, 0.7, 12).reshape(4, 3)
    right = sum(float((a - y) ** 2) for a, y in zip(A.ravel(), Y.ravel(), strict=True)) / 8
    check.close(
        check.call(quadratic_cost, A, Y, returns=("C",)),
        right,
        name="C",
        hints={
            "half": lambda right: 2 * right,
            "outputs": lambda right: right / 3,
            "total": lambda right: 4 * right,
            "root": lambda right: np.sum(np.sqrt(np.sum((A - Y) ** 2, axis=1))) / 8,
        },
    )


# %% id="cost-perfect" test="cost" points=1
@check.exercise("05-gradient-descent/cost")
def perfect_outputs_cost_nothing():
    """Perfect outputs cost nothing"""
    Y = np.linspace(-1, 2, 10).reshape(5, 2)
    check.close(check.call(quadratic_cost, Y, Y.copy(), returns=("C",)), 0.0, name="C for A = Y")
    dA = check.call(quadratic_cost_backward, Y, Y.copy(), returns=("dA",))
    check.close(dA, np.zeros((5, 2)), name="dA for A = Y")


# %% id="cost-gradient" test="cost" points=3
@check.exercise("05-gradient-descent/cost")
def the_gradient_against_differences():
    """The gradient against central differences"""
    A, Y = np.cos(1.7 * np.arange(15)).reshape(5, 3), np.linspace(-1, 0.6, 15).reshape(5, 3)
    check.gradient(
        lambda a: np.sum((a - Y) ** 2) / 10,
        check.call(quadratic_cost_backward, A, Y, returns=("dA",)),
        A,
        name="dA",
        hints={
            "d-sign": lambda right: -right,
            "d-half": lambda right: right / 2,
            "d-two": lambda right: 2 * right,
            "d-total": lambda right: 5 * right,
            "d-outputs": lambda right: right / 3,
            "d-square": lambda right: (A - Y) ** 2 / 5,
        },
    )


# %% id="cost-hidden" test="cost" points=4 hidden=true
@check.exercise("05-gradient-descent/cost", hidden=True)
def other_shapes_cost_and_gradient():
    """Other shapes, one example, one output"""
    rng = np.random.default_rng(3)
    for n, k in [(1, 4), (6, 1), (3, 7)]:
        A, Y = rng.normal(size=(n, k)), rng.normal(size=(n, k))
        mean_square = float(np.mean((A - Y) ** 2))
        check.close(
            check.call(quadratic_cost, A, Y, returns=("C",)), mean_square * k / 2, name=f"C for n = {n}, k = {k}"
        )
        dA = check.call(quadratic_cost_backward, A, Y, returns=("dA",))
        step = rng.normal(size=(n, k))
        check.close(dA, A / n - Y / n, name=f"dA for n = {n}, k = {k}")
        check.close(
            np.sum(dA * step), float(np.einsum("ij,ij->", A - Y, step)) / n, name=f"dA · step for n = {n}, k = {k}"
        )


# %% [markdown] id="mse"
# ### The same cost has several sizes
#
# The book calls $C$ "the mean squared error". Libraries mean something else by that: they average over the outputs
# too, and have no ½. So torch's `mse_loss` divides by $n\,k$, and $C = \frac{k}{2}\,\text{mse}$; with ten outputs,
# five times as much. The minimum is at the same place, but a learning rate carried from one to the other is wrong by
# that factor.

# %% id="mse-run"
A, Y = np.cos(np.arange(40.0)).reshape(4, 10), np.eye(4, 10)
C, mse = np.sum((A - Y) ** 2) / (2 * len(A)), np.mean((A - Y) ** 2)
print(f"C = {C:.6f}, mean over everything = {mse:.6f}, C / mean = {C / mse:g}")
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    a = torch.tensor(A, requires_grad=True)
    theirs = torch.nn.functional.mse_loss(a, torch.tensor(Y))
    (5 * theirs).backward()
    print(f"torch's mse_loss = {theirs.item():.6f}; gradient of 5 · mse_loss is (A − Y) / n:", end=" ")
    print(np.allclose(a.grad.numpy(), (A - Y) / 4))

# %% [markdown] id="descent-idea"
# ## Downhill
#
# We look for the weights where $C$ is smallest. Calculus says to set all derivatives to 0 and solve. With two unknowns
# that works; with the 1,135 of our small network it does not, and others have billions. (The book adds
# "specifically linear algebra". It is calculus that is meant; linear algebra comes in when there are many variables.)
#
# Imagine that we can see only the slope where we stand. Call all parameters together $v$. For a small step
#
# $$\Delta C \approx \nabla C \cdot \Delta v .$$
#
# Choose $\Delta v = -\eta\,\nabla C$ with a small $\eta > 0$, and
#
# $$\Delta C \approx -\eta\,\lVert \nabla C \rVert^2 \le 0 :$$
#
# the cost falls. By the Cauchy–Schwarz inequality no other step of the same length lowers the linear approximation
# more. Repeat:
#
# $$v \leftarrow v - \eta\,\nabla C(v)$$
#
# The number $\eta$ is the *learning rate*. The book writes this rule with one number, `delta`; with many parameters
# the derivative is a vector, the gradient, and every parameter moves at the same time. The book's picture is a ball
# that rolls into a valley. It is a picture for the direction only: a ball has inertia and rolls past the bottom, while
# plain gradient descent forgets each step. (Inertia has its own name, momentum, and you can switch it on in the
# panel below.)

# %% [markdown] id="descent-statement" statement="descent"
# ### Exercise: gradient descent
#
# Write `gradient_descent(grad, v0, eta, steps, tol)`. `grad(v)` returns the gradient `(d,)` at the point `v (d,)`.
# Start at `v0 (d,)` and take at most `steps` steps. Before each step, stop if the norm of the gradient is at most
# `tol`. Return the path: an array `(T + 1, d)` with `v0` as its first row and one row for each of the T steps taken.
# `v0` itself stays as it was.
#
# Check by hand: for `grad = lambda v: 2 * v`, `v0 = [1]` and `eta = 0.25` the path is 1, 0.5, 0.25, …


# %% id="descent" exercise=true difficulty=2 by_hand="data"
def gradient_descent(grad, v0, eta, steps, tol=0.0):
    """Path of gradient descent from v0 (d,): (T + 1, d), T at most steps; stops where the gradient's norm <= tol."""
    ### BEGIN SOLUTION
    path = [np.array(v0, float)]
    for _ in range(steps):
        g = grad(path[-1])
        if np.linalg.norm(g) <= tol:
            break
        path.append(path[-1] - eta * g)
    return np.array(path)
    ### END SOLUTION


# %% id="descent-driver" driver="descent"
def run_gradient_descent(gradient_descent, curvature, v0, eta, steps, tol):
    """Apply the answer to the bowl C(v) = Σ λ v² / 2; its gradient is λ v, with the curvatures λ (d,)."""
    return gradient_descent(lambda v: curvature * v, v0, eta, steps, tol)


# %% [markdown] id="descent-hints" hints="descent"
# - ascent: This walks uphill: subtract the gradient.
# - start: The first row of the path is the starting point v0.
# - last: The whole path is asked for, not only its last point.
# - stale: Compute the gradient anew at each point, not only at the start.
# - same: All rows are the last point: the list holds one array many times. Append a copy or make a new array.
# - tolerance: Stop where the norm of the gradient is at most tol.
# - late: Look at the gradient before the step, and stop without taking it.


# %% id="descent-bowl" test="descent" points=3
@check.exercise("05-gradient-descent/descent")
def five_steps_in_a_bowl():
    """Five steps in a bowl"""
    curvature, v0, eta = np.array([1.0, 4.0, 0.5]), np.array([2.0, -1.0, 3.0]), 0.3
    expected = np.array([(1 - eta * curvature) ** t * v0 for t in range(6)])
    path = check.call(run_gradient_descent, gradient_descent, curvature, v0, eta, 5, 0.0, returns=("path",))
    check.close(
        path,
        expected,
        name="path",
        hints={
            "ascent": lambda right: np.array([(1 + eta * curvature) ** t * v0 for t in range(6)]),
            "start": lambda right: right[1:],
            "last": lambda right: right[-1],
            "stale": lambda right: np.array([v0 - t * eta * curvature * v0 for t in range(6)]),
            "same": lambda right: np.tile(right[-1], (6, 1)),
        },
    )


# %% id="descent-stops" test="descent" points=2
@check.exercise("05-gradient-descent/descent")
def it_stops_at_the_tolerance():
    """It stops where the gradient is small"""
    two, one = np.array([2.0]), np.array([1.0])
    path = check.call(run_gradient_descent, gradient_descent, two, one, 0.25, 12, 0.3, returns=("path",))
    check.close(
        path,
        np.array([[1.0], [0.5], [0.25], [0.125]]),
        name="path for tol = 0.3",
        hints={
            "tolerance": lambda right: 0.5 ** np.arange(13.0)[:, None],
            "late": lambda right: 0.5 ** np.arange(5.0)[:, None],
        },
    )


# %% id="descent-hidden" test="descent" points=3 hidden=true
@check.exercise("05-gradient-descent/descent", hidden=True)
def divergence_no_steps_and_the_norm():
    """Divergence, no steps at all, and the norm of several components"""
    v0, one = np.array([0.5, -0.2]), np.ones(2)
    path = check.call(run_gradient_descent, gradient_descent, 4 * one, v0, 0.7, 6, 0.0, returns=("path",))
    check.close(path, np.array([(-1.8) ** t * v0 for t in range(7)]), name="path for eta above 2 / λ")
    path = check.call(run_gradient_descent, gradient_descent, one, v0, 0.1, 0, 0.0, returns=("path",))
    check.close(path, v0[None, :], name="path for steps = 0")
    v0 = np.array([0.3, 0.4])
    path = check.call(run_gradient_descent, gradient_descent, one, v0, 0.5, 9, 0.45, returns=("path",))
    check.close(path, np.array([[0.3, 0.4], [0.15, 0.2]]), name="path for tol = 0.45")


# %% [markdown] id="rates"
# ## How long a step?
#
# In one dimension, on $C(v) = \frac{\lambda}{2} v^2$, one step multiplies $v$ by $1 - \eta\lambda$. So everything is
# known: the distance to the minimum shrinks if $|1 - \eta\lambda| < 1$, that is for $0 < \eta < 2/\lambda$. In a bowl
# with several curvatures the largest sets the limit, $\eta < 2/\lambda_{\max}$, and the smallest decides how long it
# takes.

# %% [markdown] id="rates-question" question="predict"
# On $C(v) = 2v^2$, so $\lambda = 4$, you start at $v = 1$ with $\eta = 0.5$. What happens?
#
# - [ ] It reaches 0 in one step: that is $\eta = 1/\lambda = 0.25$.
# - [x] It jumps between 1 and −1 for ever: the factor is 1 − 0.5 · 4 = −1.
# - [ ] It grows without bound: that takes $\eta > 0.5$.

# %% id="rates-run" folded=true
figure = plots.figure(10, 3.1)
axes = figure.subplots(1, 4, sharey=True)
grid = np.linspace(-1.7, 1.7, 200)
for ax, eta in zip(axes, (0.03, 0.22, 0.45, 0.54), strict=True):
    path = (1 - 4 * eta) ** np.arange(9.0)
    ax.plot(grid, 2 * grid**2, "-", color=plots.GREY)
    ax.plot(path, 2 * path**2, "-o", color=plots.VERMILION, markersize=5)
    ax.set(xlabel="v", xlim=(-1.9, 1.9), ylim=(-0.3, 6))
    ax.set_title(f"η = {eta}, factor {1 - 4 * eta:.2f}")
axes[0].set_ylabel("C(v) = 2 v²")
plots.show(
    figure,
    alt="Eight steps on a parabola for four learning rates: 0.03 creeps down one side, 0.22 arrives at once,"
    " 0.45 jumps from side to side and comes down, 0.54 jumps from side to side and climbs.",
)
for eta in (0.03, 0.22, 0.45, 0.5, 0.54):
    print(f"η = {eta:.2f}: v after 8 steps {(1 - 4 * eta) ** 8:.5f}")

# %% [markdown] id="valley"
# In two dimensions there is more to meet. In a *narrow valley* the path swings across while it creeps along. In
# Himmelblau's function, which has four equal minima, the start decides where you end. At a *saddle* the gradient is 0
# though it goes down to both sides.
#
# The book says to make sure that the optimiser finds the best minimum. Nobody can make sure of that. In high dimension
# most points with zero gradient are saddles anyway, and in practice any low point that does well on new data will do.

# %% id="valley-figure" folded=true
FUNCTIONS = {
    "bowl": (lambda x, y: (x**2 + 2 * y**2) / 2, lambda v: np.array([v[0], 2 * v[1]])),
    "narrow valley": (lambda x, y: (x**2 + 25 * y**2) / 2, lambda v: np.array([v[0], 25 * v[1]])),
    "Himmelblau": (
        lambda x, y: ((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2) / 10,
        lambda v: np.array(
            [
                (4 * v[0] * (v[0] ** 2 + v[1] - 11) + 2 * (v[0] + v[1] ** 2 - 7)) / 10,
                (2 * (v[0] ** 2 + v[1] - 11) + 4 * v[1] * (v[0] + v[1] ** 2 - 7)) / 10,
            ]
        ),
    ),
    "saddle": (
        lambda x, y: x**2 / 2 - y**2 / 2 + y**4 / 16,
        lambda v: np.array([v[0], -v[1] + v[1] ** 3 / 4]),
    ),
}
PLANE = ((-5.0, 5.0), (-5.0, 5.0))


def walk(name, start, eta, steps=40, noise=0.0, momentum=0.0):
    """Path (steps + 1, 2) over a function of the table, cut off where it leaves |v| < 1,000."""
    grad, rng = FUNCTIONS[name][1], np.random.default_rng(0)
    path, speed = [np.array(start, float)], np.zeros(2)
    for _ in range(steps):
        speed = momentum * speed - eta * (grad(path[-1]) + noise * rng.normal(size=2))
        path.append(path[-1] + speed)
        if np.abs(path[-1]).max() > 1000:
            break
    return np.array(path)


figure = plots.figure(10.5, 3)
axes = figure.subplots(1, 4)
examples = [("bowl", 0.3, [(-4, 3)]), ("narrow valley", 0.075, [(-4, 1.5)])]
examples += [("Himmelblau", 0.05, [(-1, -1), (-1, 1), (1, -1), (1, 1)]), ("saddle", 0.2, [(-4, 0), (-4, 0.01)])]
for ax, (name, eta, starts) in zip(axes, examples, strict=True):
    paths = {f"{start[0]:g}, {start[1]:g}": walk(name, start, eta) for start in starts}
    plots.contour_path(ax, FUNCTIONS[name][0], PLANE, next(iter(paths.values())) if len(paths) == 1 else paths)
    ax.set_title(f"{name}, η = {eta}")
    if ax.get_legend():
        ax.get_legend().remove()
    for start, path in paths.items():
        gradient = np.linalg.norm(FUNCTIONS[name][1](path[-1]))
        print(
            f"{name:14} from ({start}) to ({path[-1][0]:.2f}, {path[-1][1]:.2f}), norm of the gradient {gradient:.1e}"
        )
plots.show(
    figure,
    alt="Paths of gradient descent over contour lines. In the bowl a short curve to the middle; in the narrow valley "
    "a zigzag; on Himmelblau's function four starts end in four different minima; on the saddle one path stops in the "
    "middle and its neighbour leaves to the top.",
)

# %% [markdown] id="valley-meaning"
# The two paths on the saddle start 0.01 apart. One stays on the saddle for good, the other slides off. A little noise
# would have pushed both.
#
# Now drive it yourself.

# %% id="valley-widget" folded=true
from dlbook import widgets


def descend(function, x, y, eta, noise, momentum):
    path = walk(function, (x, y), eta, 60, noise, 0.9 if momentum else 0.0)
    cost = FUNCTIONS[function][0](path[:, 0], path[:, 1])
    diverged = np.abs(path[-1]).max() > 100
    return function, eta, path, cost, diverged


def valley_figure(result):
    """The path over the contour lines (left) and the cost against the steps (right)."""
    function, _, path, cost, diverged = result
    figure = plots.figure(9, 3.8)
    left, right = figure.subplots(1, 2)
    plots.contour_path(left, FUNCTIONS[function][0], PLANE, path)
    right.plot(cost - min(cost.min(), 0), "-o", markersize=3)
    right.set(xlabel="step", ylabel="cost", yscale="symlog")
    right.set_title("it diverges: η is too large" if diverged else f"cost at the end: {cost[-1]:.4g}")
    return figure


def valley_alt(result):
    function, eta, path, cost, diverged = result
    if diverged:
        return f"{function} with η = {eta:g}: the path leaves the picture, the cost grows; it diverges."
    end = f"({path[-1][0]:.2f}, {path[-1][1]:.2f})"
    return f"{function} with η = {eta:g}: after {len(path) - 1} steps at {end}, cost {cost[0]:.3g} to {cost[-1]:.3g}."


def valley_rows(result):
    _, _, path, cost, _ = result
    return [
        {"step": int(t), "x": float(path[t, 0]), "y": float(path[t, 1]), "cost": float(cost[t])}
        for t in range(0, len(path), 10)
    ]


widgets.explore(
    valley_figure,
    dict(
        function=widgets.Options(
            {"bowl": "bowl", "narrow valley": "narrow valley", "Himmelblau": "Himmelblau", "saddle": "saddle"},
            value="narrow valley",
            label="function",
        ),
        x=widgets.Slider(-4.5, 4.5, -4.0, step=0.25, label="start, x"),
        y=widgets.Slider(-4.5, 4.5, 1.5, step=0.25, label="start, y"),
        eta=widgets.LogSlider(0.001, 2.0, 0.05, label="learning rate η"),
        noise=widgets.Slider(0.0, 5.0, 0.0, step=0.25, label="noise of the gradient"),
        momentum=widgets.Checkbox(False, label="momentum 0.9"),
    ),
    compute=descend,
    alt=valley_alt,
    table=valley_rows,
    title="The valley",
)

# %% [markdown] id="valley-try"
# Three things to try. In the narrow valley the largest curvature is 25: find the $\eta$ at which it begins to diverge,
# and compare with 2/25. Start on the saddle at $y = 0$ and add noise. Switch on momentum in the narrow valley with
# $\eta = 0.01$.

# %% [markdown] id="closed"
# ### When there is a formula, and what "zero cost" means
#
# The book says that gradient descent is for parameters that cannot be found analytically. That is one reason; the other
# is size. A linear layer with quadratic cost has a formula, the normal equations, and gradient descent from a start at
# all zeros comes closer and closer to the same cost. (Of the book's two examples, linear regression, with its sum of
# squared residuals, has this formula, and logistic regression has none.) The book also calls a cost "bad" when it is
# above 0. On real data it almost always is: no linear layer can do better than this formula.

# %% id="closed-run"
x = np.column_stack([digits.x_train, np.ones(len(digits.x_train))])
targets = np.eye(10)[digits.y_train]
best, *_ = np.linalg.lstsq(x, targets, rcond=None)
curvatures = np.linalg.eigvalsh(x.T @ x / len(x))
print(f"curvatures from {max(curvatures[0], 0):.3f} to {curvatures[-1]:.2f}: η must be below {2 / curvatures[-1]:.3f}")
print(f"formula:             cost {np.sum((x @ best - targets) ** 2) / 2 / len(x):.4f}")
square, mixed, w = x.T @ x / len(x), x.T @ targets / len(x), np.zeros_like(best)
for step in range(1, 20001):
    w -= 0.14 * (square @ w - mixed)
    if step in (10, 100, 1000, 20000):
        cost = np.sum((x @ w - targets) ** 2) / 2 / len(x)
        print(f"after {step:6} steps: cost {cost:.4f}, norm of the gradient {np.linalg.norm(square @ w - mixed):.1e}")

# %% [markdown] id="closed-meaning"
# The best that can be had is 0.1538. A thousand steps are close to it; the rest takes long, since along some
# directions the curvature is as good as 0.
#
# So do not wait for cost 0. Stop when the gradient is nearly 0, or, better, when the accuracy on images kept apart for
# validation no longer rises.
#
# ## Steps from a few examples
#
# $C$ is a mean over the examples, and so is its gradient. With a million of them one exact step is expensive. A mean
# can be estimated from a few, drawn at random:
#
# $$\frac{1}{m} \sum_{j=1}^{m} \nabla C_{X_j} \approx \nabla C, \qquad
# w \leftarrow w - \frac{\eta}{m} \sum_{j=1}^{m} \frac{\partial C_{X_j}}{\partial w}$$
#
# The names, since the book mixes them up. An *iteration*, or step, uses one batch; an *epoch* is one pass over all
# examples. *Batch* gradient descent takes all of them for each step, *stochastic* gradient descent one, *mini-batch*
# gradient descent some, often 32 to 256. The book calls batch gradient descent the commonest form, and mini-batches a
# new idea. The commonest form, by far, is mini-batches, and they are decades old.

# %% [markdown] id="minibatches-statement" statement="minibatches"
# ### Exercise: mini-batches
#
# Write `minibatches(n, m, rng)`: the batches of one epoch, as a list of integer arrays. Shuffle the numbers 0 to n − 1
# with the generator `rng` (a `np.random.Generator`, for example by `rng.permutation(n)`), then cut them into batches
# of m. Each number occurs exactly once. If m does not divide n, the last batch is shorter, but it is there. A second
# call with the same `rng` gives another order.


# %% id="minibatches" exercise=true difficulty=2 by_hand="data"
def minibatches(n, m, rng):
    """Batches of one epoch: a shuffle of 0 … n - 1 as a list of integer arrays (m,), the last one perhaps shorter."""
    ### BEGIN SOLUTION
    order = rng.permutation(n)
    return [order[start : start + m] for start in range(0, n, m)]
    ### END SOLUTION


# %% [markdown] id="minibatches-hints" hints="minibatches"
# - tail: Where m does not divide n, a shorter last batch stays: do not drop it.
# - replacement: Some numbers occur twice and others never: shuffle once and cut, do not draw anew for each batch.
# - order: The numbers come in their order: shuffle them first.
# - again: Two epochs are the same: take the numbers from rng, not from a generator of your own.
# - within: Each batch holds neighbours: shuffle the examples, not only the order of the batches.


# %% id="minibatches-sizes" test="minibatches" points=1
@check.exercise("05-gradient-descent/minibatches")
def the_last_batch_is_kept():
    """The last batch is kept"""
    batches = check.call(minibatches, 37, 10, np.random.default_rng(0), returns=("batches",))
    check.equal(
        [len(batch) for batch in batches],
        [10, 10, 10, 7],
        name="the sizes of the batches",
        hints={"tail": lambda right: [10, 10, 10]},
    )


# %% id="minibatches-once" test="minibatches" points=2
@check.exercise("05-gradient-descent/minibatches")
def each_number_exactly_once():
    """Each number exactly once"""
    batches = check.call(minibatches, 30, 6, np.random.default_rng(1), returns=("batches",))
    together = np.sort(np.concatenate(batches))
    check.equal(
        together,
        np.arange(30),
        name="all numbers, sorted",
        hints={"replacement": lambda right: together if len(set(together)) < len(together) == 30 else None},
    )


# %% id="minibatches-shuffled" test="minibatches" points=2
@check.exercise("05-gradient-descent/minibatches")
def each_epoch_another_order():
    """Shuffled, and each epoch differently"""
    rng = np.random.default_rng(2)
    first, second = (np.concatenate(check.call(minibatches, 40, 8, rng, returns=("batches",))) for _ in range(2))
    in_order = bool(np.all(np.diff(first) == 1))
    check.equal(in_order, False, name="whether the numbers are in order", hints={"order": lambda right: True})
    neighbours = int(np.sum(np.diff(first) == 1))
    check.equal(
        neighbours > 30,
        False,
        name="whether most numbers stand by their neighbour",
        hints={"within": lambda right: True},
    )
    same = bool(np.all(first == second))
    check.equal(same, False, name="whether two epochs are the same", hints={"again": lambda right: True})


# %% id="minibatches-hidden" test="minibatches" points=3 hidden=true
@check.exercise("05-gradient-descent/minibatches", hidden=True)
def other_sizes_and_reproducible():
    """Other sizes, and the same again from the same seed"""
    for n, m in [(1, 5), (12, 4), (25, 1), (9, 20)]:
        batches = check.call(minibatches, n, m, np.random.default_rng(n), returns=("batches",))
        sizes = [m] * (n // m) + ([n % m] if n % m else [])
        check.equal([len(batch) for batch in batches], sizes, name=f"the sizes for n = {n}, m = {m}")
        check.equal(np.sort(np.concatenate(batches)), np.arange(n), name=f"the numbers for n = {n}, m = {m}")
    one, two = (
        np.concatenate(check.call(minibatches, 50, 7, np.random.default_rng(5), returns=("batches",))) for _ in range(2)
    )
    check.equal(one, two, name="the order from the same seed")


# %% [markdown] id="training"
# ## The network learns
#
# Here is all of it. `train` starts from normally distributed random weights, walks through the epochs and their
# mini-batches, and changes each weight by its share of the gradient. How the gradient of the hidden layer is found,
# `d1` below, is the subject of chapter 07; here take it as given.


# %% id="train"
def sigmoid(z):
    return (1 + np.tanh(z / 2)) / 2


def outputs(x, weights):
    """Hidden activations (N, hidden) and outputs (N, k) of a network with one hidden layer."""
    W1, b1, W2, b2 = weights
    hidden = sigmoid(x @ W1.T + b1)
    return hidden, sigmoid(hidden @ W2.T + b2)


def gradients(x, targets, weights):
    """Derivatives of the quadratic cost with respect to W1, b1, W2, b2."""
    hidden, a = outputs(x, weights)
    d2 = (a - targets) / len(x) * a * (1 - a)
    d1 = d2 @ weights[2] * hidden * (1 - hidden)
    return d1.T @ x, d1.sum(axis=0), d2.T @ hidden, d2.sum(axis=0)


def start(inputs, hidden, k, rng, scaled=False):
    """Weights from N(0, 1); with scaled, those of each layer are divided by the root of its number of inputs."""
    s1, s2 = (inputs**-0.5, hidden**-0.5) if scaled else (1.0, 1.0)
    W1, b1 = s1 * rng.normal(size=(hidden, inputs)), rng.normal(size=hidden)
    return W1, b1, s2 * rng.normal(size=(k, hidden)), rng.normal(size=k)


def train(x, targets, weights, rng, eta=3.0, m=10, epochs=30, after=None):
    """Mini-batch gradient descent; after(weights), if given, is called after each epoch."""
    weights = [w.copy() for w in weights]
    for _ in range(epochs):
        order = rng.permutation(len(x))
        x, targets = x[order], targets[order]
        for first in range(0, len(x), m):
            batch = slice(first, first + m)
            for w, dw in zip(weights, gradients(x[batch], targets[batch], weights), strict=True):
                w -= eta * dw
        if after is not None:
            after(weights)
    return weights


x_train, y_train, x_test, y_test = digits
targets = np.eye(10)[y_train]


def score(weights):
    """Accuracy on the test images: the most active output."""
    return np.mean(outputs(x_test, weights)[1].argmax(axis=1) == y_test)


rng = np.random.default_rng(0)
weights = train(x_train, targets, start(64, 15, 10, rng), rng)
print(f"64-15-10, 30 epochs, mini-batches of 10, η = 3: {score(weights):.3f} of the test images")

# %% [markdown] id="training-meaning"
# That is above the ten averages (0.903) and below the support vector machine (0.992), with a program of forty lines
# that was told nothing about digits.
#
# How large should a batch be, and how long a step? Each row below is one run of 30 epochs, so each looks at the same
# number of examples.

# %% [markdown] id="batch-question" question="predict"
# All runs have $\eta = 3$ and 30 epochs. Which batch size is right most often on the test images?
#
# - [ ] All 1,437 at once: its gradient is exact, but it takes only 30 steps in all.
# - [ ] 100: it takes 450 steps, and with this $\eta$ that is still too few.
# - [x] 1 or 10: it takes thousands of steps, and their noise does little harm.


# %% id="batch-run" folded=true
def curve_of(m, eta, seed=0, epochs=30):
    """Accuracy after each epoch of a 64-15-10 network."""
    rng, scores = np.random.default_rng(seed), []
    train(x_train, targets, start(64, 15, 10, rng), rng, eta, m, epochs, lambda w: scores.append(score(w)))
    return scores


by_batch = {m: curve_of(m, 3.0) for m in (1, 10, 100, 1437)}
by_eta = {eta: by_batch[10] if eta == 3 else curve_of(10, eta) for eta in (0.01, 0.1, 1.0, 3.0, 10.0, 30.0)}
figure = plots.figure(9.5, 3.4)
left, right = figure.subplots(1, 2)
plots.learning_curves(left, {f"m = {m}": c for m, c in by_batch.items()}, xlabel="epoch", ylabel="accuracy, test set")
left.set_title("η = 3")
right.plot(list(by_eta), [c[-1] for c in by_eta.values()], "-o")
right.set(xscale="log", xlabel="learning rate η", ylabel="accuracy after 30 epochs", ylim=(0, 1))
right.set_title("mini-batches of 10")
plots.show(
    figure,
    alt="Left: accuracy against epochs. Batches of 1 and 10 are near 0.9 within five epochs, batches of 100 climb "
    "slowly, all examples at once hardly. Right: accuracy against the learning rate is low at 0.01, above 0.9 from 1 "
    "to 10, and falls again at 30.",
)
for m, curve in by_batch.items():
    steps = 30 * -(-1437 // m)
    print(f"m = {m:4}, η = 3: {steps:6} steps, accuracy {curve[-1]:.3f}")
print("\n".join(f"m = 10, η = {eta:5g}: accuracy {curve[-1]:.3f}" for eta, curve in by_eta.items()))

# %% [markdown] id="batch-meaning"
# Batches of 1 and of 10 reach 96 and 97 %, batches of 100 87 %, and all examples at once 34 %: thirty steps, each
# exact, are only thirty steps. With $\eta = 0.01$ thirty epochs are too few (24 %). From 1 to 10 it matters little. At
# 30 the network is lost (20 %): the first steps throw the sigmoids to their flat ends, and there they stay.
#
# One run each decides nothing about the exact order; look at the large differences. With a larger batch a larger $\eta$
# is usual.
#
# ### Why not walk on accuracy itself?
#
# It is what we want, after all. Take a network after one epoch, turn a single weight, and watch both.

# %% id="staircase" folded=true
rng = np.random.default_rng(1)
early = train(x_train, targets, start(64, 15, 10, rng), rng, epochs=1)
few, wanted = x_train[:30], targets[:30]
turned = np.linspace(-8, 8, 401)
costs, accuracies = [], []
for value in turned:
    W2 = early[2].copy()
    W2[4, 7] = value
    a = outputs(few, (early[0], early[1], W2, early[3]))[1]
    costs.append(np.sum((a - wanted) ** 2) / 60)
    accuracies.append(np.mean(a.argmax(axis=1) == y_train[:30]))
figure = plots.figure(9, 3)
left, right = figure.subplots(1, 2)
left.plot(turned, accuracies, "-")
left.set(xlabel="one weight", ylabel="accuracy on 30 images")
right.plot(turned, costs, "-", color=plots.VERMILION)
right.set(xlabel="the same weight", ylabel="quadratic cost")
plots.show(
    figure,
    alt="Left: accuracy against one weight is a staircase, level over long stretches, with jumps of one thirtieth. "
    "Right: the cost against the same weight is a smooth curve without any step.",
)
flat = np.mean(np.diff(accuracies) == 0)
print(f"accuracy takes {len(set(accuracies))} values; it is unchanged in {flat:.1%} of the small steps")
print(f"the cost is unchanged in {np.mean(np.diff(costs) == 0):.1%} of them")

# %% [markdown] id="staircase-meaning"
# On a stair the derivative is 0: it says nothing about where to go. The cost says it everywhere.
#
# ### How noisy is the estimate?
#
# The mean of $m$ independent draws scatters with $1/\sqrt{m}$. Is that so for gradients? Take the same network, and
# compare the gradient of random batches with the exact one. For one weight, the histogram; for all of the output
# layer, the distance.

# %% id="noise" folded=true
rng = np.random.default_rng(2)
exact = gradients(x_train, targets, early)[2]
figure = plots.figure(9.5, 3.2)
left, right = figure.subplots(1, 2)
batch_sizes, distances = [1, 4, 16, 64, 256], []
for m in batch_sizes:
    found = np.array(
        [gradients(x_train[rows], targets[rows], early)[2] for rows in rng.integers(0, len(x_train), (200, m))]
    )
    distances.append(np.sqrt(np.mean(np.sum((found - exact) ** 2, axis=(1, 2)))))
    if m in (4, 16, 64):
        left.hist(found[:, 4, 7], bins=40, range=(-0.06, 0.06), histtype="step", linewidth=1.8, label=f"m = {m}")
left.axvline(exact[4, 7], color=plots.BLACK, linestyle="--", linewidth=1)
left.set(xlabel="derivative with respect to one weight", ylabel="batches out of 200")
left.legend()
right.plot(batch_sizes, distances, "o", label="measured")
right.plot(batch_sizes, distances[0] / np.sqrt(batch_sizes), "--", color=plots.GREY, label="1 / √m")
right.set(xscale="log", yscale="log", xlabel="batch size m", ylabel="distance from the exact gradient")
right.legend()
plots.show(
    figure,
    alt="Left: histograms of one derivative over 200 random batches; they narrow around the exact value as the batch "
    "grows from 4 to 64. Right: on logarithmic axes the distance from the exact gradient lies on the line 1/√m.",
)
for m, distance in zip(batch_sizes, distances, strict=True):
    print(f"m = {m:3}: distance {distance:.4f}, times √m {distance * np.sqrt(m):.4f}")

# %% [markdown] id="noise-meaning"
# Four times the work buys half the noise. That is why small batches pay: sixteen rough steps usually go further than
# one that is four times as exact. The noise has a use, too: it pushes the walk off saddles.
#
# ### All zeros
#
# For the linear layer above a start at all zeros was fine. The book allows it in general ("0 or small random"). In a
# network with a hidden layer it is fatal: hidden units that start alike get the same gradient and stay alike for ever.


# %% id="zeros-run"
def report(weights):
    apart.append(np.abs(weights[0] - weights[0][0]).max())
    scores.append(score(weights))


apart, scores = [], []
rng = np.random.default_rng(3)
zeros = train(x_train, targets, [np.zeros_like(w) for w in weights], rng, after=report)
for epoch in (1, 3, 10, 30):
    print(f"epoch {epoch:2}: largest difference between two hidden units {apart[epoch - 1]:.1e},", end=" ")
    print(f"accuracy {scores[epoch - 1]:.3f}")

# %% [markdown] id="zeros-meaning"
# On paper the difference is 0 for ever, and fifteen units are one. In the computer the rounding of the last binary
# digit differs a little from unit to unit, $10^{-17}$ at first. The descent leaves the saddle along that difference and
# magnifies it: here after ten epochs 21 % are right, after thirty 67 %. A random start had 97 % by then. Do not build
# on rounding.

# %% [markdown] id="coding"
# ## Why ten outputs, when four bits would do?
#
# Four outputs could write the digit in binary: $2^4 = 16 \ge 10$. The book's argument for ten is this. Suppose hidden
# units find parts of a digit, the four quarters of a 0, say. Output 0 can fire when all four are there. But the first
# bit of a number has to know whether the digit is 8 or 9. In the book's text the sentence has lost a "not": it says
# that shapes *are* closely related to the most significant bit. They are **not**, and that is the whole argument.
# It is only a heuristic; so measure.

# %% id="coding-run"
BITS = np.array([[digit >> place & 1 for place in (3, 2, 1, 0)] for digit in range(10)], float)


def bits_score(weights):
    """Accuracy of a network with four outputs: each above one half is a 1; 10 to 15 are never right."""
    bits = outputs(x_test, weights)[1] > 0.5
    return np.mean(bits @ np.array([8, 4, 2, 1]) == y_test)


for hidden in (5, 15):
    ten, four = [], []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        ten.append(score(train(x_train, targets, start(64, hidden, 10, rng), rng)))
        rng = np.random.default_rng(seed)
        four.append(bits_score(train(x_train, BITS[y_train], start(64, hidden, 4, rng), rng)))
    print(f"{hidden:2} hidden units: ten outputs", *(f"{s:.3f}" for s in ten), end=";   ")
    print("four outputs", *(f"{s:.3f}" for s in four))

# %% [markdown] id="coding-meaning"
# Ten outputs win with each of the three seeds: with five hidden units 0.88 to 0.91 against 0.83 to 0.89, with fifteen
# 0.97 against 0.91 to 0.94.
#
# Good four-output networks do exist. Put one more layer behind the ten outputs that turns them into bits; its weights
# can be written down. Bit $k$ is on for the digits whose binary writing has it: $z_k = s \sum_j B_{kj} a_j - \beta$.

# %% id="bits-layer"
W, b = 10 * BITS.T, np.full(4, -5.0)
ten = np.where(np.eye(10) == 1, 0.99, 0.01)
print("from outputs of 0.99 and 0.01, the weakest 1 and the strongest 0 among the bits:")
bits = sigmoid(ten @ W.T + b)
print(f"  {bits[BITS == 1].min():.4f} and {bits[BITS == 0].max():.4f}")
a = outputs(x_test, weights)[1]
bits = sigmoid(a @ W.T + b) > 0.5
print(f"the trained network, through the bits layer: {np.mean(bits @ np.array([8, 4, 2, 1]) == y_test):.3f}", end="; ")
print(f"by its largest output: {score(weights):.3f}")

# %% [markdown] id="bits-meaning"
# So weights for four outputs exist; the book's heuristic is about finding them. On real images some accuracy is lost,
# since the layer is promised outputs of 0.99 and 0.01. Where no output is clear, or two of them are, the bits belong to
# no digit or to a third one.

# %% [markdown] id="wide"
# ### A hundred hidden units
#
# More units, better results? The book announces "over 96 %" with a program of this kind; in the original that takes
# 100 hidden units and a lucky seed, while 30 units reach about 95 %. (Today MNIST is solved: convolutional networks
# are above 99.7 %. What reads real letters and cheques is larger and other than this network.) Try 100 units, five
# seeds each, 15 epochs.

# %% id="wide-run"
wide = {}
for scaled in (False, True):
    wide[scaled] = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        first = start(64, 100, 10, rng, scaled)
        wide[scaled].append(score(train(x_train, targets, first, rng, epochs=15)))
    a = outputs(x_train, first)[1]
    name = "N(0, 1) divided by √inputs" if scaled else "N(0, 1)"
    print(f"{name:26}:", *(f"{s:.3f}" for s in wide[scaled]), end="")
    print(f";  a (1 − a) of the outputs at the start: median {np.median(a * (1 - a)):.4f}")

# %% [markdown] id="wide-meaning"
# Started from N(0, 1) the wide network is worse than fifteen units, with each seed: 0.59 to 0.79. An output adds up a
# hundred terms, its sum is several times as large as a single weight, and the sigmoid of that is close to 0 or to 1.
# Every gradient contains the factor $a(1-a)$, and its median at the start is 0.004. Divide the starting weights by
# the root of the number of inputs, and the same five seeds give 0.95 to 0.97. Chapter 12, on starting values,
# explains this in full.

# %% [markdown] id="hidden"
# ## What do the hidden units look for?
#
# The story of the four quarter strokes is a nice one. The weights of a hidden unit have the shape of an image, so we
# can look.

# %% id="hidden-look" folded=true
captions = [f"unit {unit}" for unit in range(15)]
figure = plots.image_grid(weights[0].reshape(-1, 8, 8), captions, columns=8, signed=True)
plots.show(
    figure,
    alt="The weights of the fifteen hidden units as 8×8 images, orange for one sign and violet for the other."
    " They look like diffuse patches spread over the whole image; none is a clean stroke.",
)
share = np.abs(weights[0]).reshape(-1, 8, 8)[:, :, [0, 7]].mean() / np.abs(weights[0]).mean()
print(f"mean size of the weights in the two empty border columns, against the mean of all: {share:.2f}")
template = means[0] - means.mean(axis=0)
match = x_test @ template
print(f"a template by hand, mean 0 minus the mean of all: mean response to 0 {match[y_test == 0].mean():.2f},", end=" ")
print(f"to the others {match[y_test != 0].mean():.2f}")

# %% [markdown] id="hidden-meaning"
# No strokes: diffuse patterns of ink to be there and ink to be absent. The border columns still hold much of their
# random start, since hardly any image has ink there, and without ink there is no gradient. A template that we make
# ourselves works too, but no unit was told to be one. Each unit is one opinion among fifteen, and the output layer adds
# the opinions up.
#
# The browser shows one unit at a time: its weights, a test image, what the unit adds to each output, and the outputs of
# the whole network. Change the coding, and the same images go through the network with four outputs.

# %% id="hidden-widget" folded=true
rng = np.random.default_rng(0)
four_outputs = train(x_train, BITS[y_train], start(64, 15, 4, rng), rng)


def look(coding, unit, image):
    chosen = weights if coding == 10 else four_outputs
    x = x_test[image]
    hidden, a = (part[0] for part in outputs(x[None], chosen))
    return coding, unit, x, y_test[image], chosen, hidden, a


def unit_figure(result):
    """Weights of a unit, the image, the outputs, and what the unit adds to each of them."""
    coding, unit, x, label, chosen, hidden, a = result
    figure = plots.figure(10, 3)
    axes = figure.subplots(1, 4, width_ratios=(5, 5, 6, 6))
    size = np.abs(chosen[0]).max()
    axes[0].imshow(chosen[0][unit].reshape(8, 8), cmap=plots.DIVERGING, vmin=-size, vmax=size)
    axes[0].set_title(f"weights of unit {unit}")
    axes[1].imshow(x.reshape(8, 8), cmap=plots.INK, vmin=0, vmax=1)
    axes[1].set_title(f"a {label}: unit at {hidden[unit]:.2f}")
    for ax in axes[:2]:
        ax.grid(False)
        ax.set(xticks=[], yticks=[])
    names = [str(j) for j in range(10)] if coding == 10 else ["8", "4", "2", "1"]
    axes[2].bar(names, chosen[2][:, unit] * hidden[unit], color=plots.GREEN)
    axes[2].set_title("what it adds")
    axes[2].set(xlabel="output", ylim=(-10, 10))
    axes[3].bar(names, a, color=plots.BLUE)
    axes[3].set_title("outputs")
    axes[3].set(xlabel="output", ylim=(0, 1))
    return figure


def unit_alt(result):
    _, unit, _, label, chosen, hidden, a = result
    added = chosen[2][:, unit] * hidden[unit]
    return (
        f"Unit {unit} sees a {label} and is at {hidden[unit]:.2f}. It adds most to output number {added.argmax()} "
        f"({added.max():.2f}) and takes most from number {added.argmin()} ({added.min():.2f}). "
        f"Output number {a.argmax()} is the most active, with {a.max():.2f}."
    )


def unit_rows(result):
    _, unit, _, _, chosen, hidden, a = result
    return [
        {"output": j, "added": float(chosen[2][j, unit] * hidden[unit]), "activation": float(a[j])}
        for j in range(len(a))
    ]


widgets.explore(
    unit_figure,
    dict(
        coding=widgets.Options({"ten outputs": 10, "four bits": 4}, style="buttons", label="coding"),
        unit=widgets.Slider(0, 14, 3, label="hidden unit"),
        image=widgets.Slider(0, 59, 5, label="test image"),
    ),
    compute=look,
    alt=unit_alt,
    table=unit_rows,
    title="The hidden units",
)

# %% [markdown] id="segmentation"
# ## From one digit to a number
#
# The strip 504192 has two problems in it: to cut it into six pieces, and to read each piece. The book's remark is that
# the first becomes easier once the second is solved. Try many ways to cut, let the classifier say how sure it is of
# each piece, and take the cut with the best total.
#
# "Try many" sounds expensive: a strip of 45 columns has more than a million ways to be cut into six. But the best way
# to cut the first $j$ columns into $p$ pieces ends with some last piece from $i$ to $j$, and before it stands the best
# way to cut the first $i$ columns into $p - 1$:
#
# $$B_p(j) = \max_{i < j}\; B_{p-1}(i) + s_{ij}, \qquad B_0(0) = 0$$
#
# Fill the table for $p = 1, 2, \dots$, remember each best $i$, and walk back. This is *dynamic programming*.

# %% [markdown] id="cuts-statement" statement="cuts"
# ### Exercise: the best cuts
#
# Write `best_cuts(scores, n)`. `scores (L + 1, L + 1)` holds at `[i, j]`, for i < j, the score of the piece from
# column i up to, not including, column j; minus infinity says that this is no piece. What stands elsewhere is not
# used. Return the cuts of the best way to divide all L columns into exactly n pieces, n at least 1: a list of n + 1
# integers, from 0 to L. If there is no way with a finite total, return `None`.
#
# Check by hand: L = 3, n = 2, the pieces 0–1 and 1–3 have the scores 1 and 1, the pieces 0–2 and 2–3 the scores 5 and
# −4. The totals are 2 and 1, so the answer is `[0, 1, 3]`.


# %% id="cuts" exercise=true difficulty=3 by_hand="data"
def best_cuts(scores, n):
    """Cuts of the best division of L columns into n pieces: scores (L + 1, L + 1) -> list of n + 1 ints, or None."""
    ### BEGIN SOLUTION
    L = len(scores) - 1
    best = np.full((n + 1, L + 1), -np.inf)
    back = np.zeros((n + 1, L + 1), int)
    best[0, 0] = 0.0
    for p in range(1, n + 1):
        for j in range(1, L + 1):
            totals = best[p - 1, :j] + scores[:j, j]
            back[p, j] = np.argmax(totals)
            best[p, j] = totals[back[p, j]]
    if best[n, L] == -np.inf:
        return None
    cuts = [L]
    for p in range(n, 0, -1):
        cuts.append(int(back[p, cuts[-1]]))
    return cuts[::-1]
    ### END SOLUTION


# %% [markdown] id="cuts-hints" hints="cuts"
# - greedy: Taking the best next piece each time spoils the later ones: compare totals of whole divisions.
# - number: Exactly n pieces are asked for; the table needs a row for each number of pieces.
# - inner: The list begins with 0 and ends with L.
# - backwards: The walk back finds the cuts from the end: turn the list round.
# - impossible: No division has a finite total: return None.


# %% id="cuts-small" test="cuts" points=2
@check.exercise("05-gradient-descent/cuts")
def the_best_first_piece_is_a_trap():
    """The best first piece is a trap"""
    scores = np.full((6, 6), -np.inf)
    for (i, j), score in {
        (0, 1): 1.0, (0, 2): 4.0, (0, 3): 3.5, (1, 2): 1.0, (1, 3): 2.0, (2, 3): 0.5, (2, 4): -3.0,
        (3, 4): 3.0, (3, 5): 1.0, (4, 5): 4.0,
    }.items():  # fmt: skip
        scores[i, j] = score
    check.equal(
        check.call(best_cuts, scores, 3, returns=()),
        [0, 3, 4, 5],
        name="the cuts for n = 3",
        hints={
            "greedy": lambda right: [0, 2, 3, 5],
            "number": lambda right: [0, 2, 3, 4, 5],
            "inner": lambda right: right[1:-1],
            "backwards": lambda right: right[::-1],
        },
    )


# %% id="cuts-impossible" test="cuts" points=1
@check.exercise("05-gradient-descent/cuts")
def no_way_to_cut():
    """No way to cut"""
    scores = np.full((5, 5), -np.inf)
    scores[0, 2] = scores[2, 4] = 1.0
    cuts = check.call(best_cuts, scores, 3, returns=())
    check.equal(cuts, None, name="the answer for n = 3", hints={"impossible": lambda right: cuts})


# %% id="cuts-hidden" test="cuts" points=4 hidden=true
@check.exercise("05-gradient-descent/cuts", hidden=True)
def every_division_tried():
    """The same as by trying every division"""
    from itertools import combinations, pairwise

    rng = np.random.default_rng(6)
    for L, n in [(1, 1), (6, 2), (7, 4), (8, 8), (5, 1)]:
        scores = rng.normal(size=(L + 1, L + 1))
        ways = [[0, *middle, L] for middle in combinations(range(1, L), n - 1)]
        right = max(ways, key=lambda way, scores=scores: sum(scores[i, j] for i, j in pairwise(way)))
        check.equal(check.call(best_cuts, scores, n, returns=()), right, name=f"the cuts for L = {L}, n = {n}")
    check.equal(check.call(best_cuts, np.zeros((3, 3)), 3, returns=()), None, name="three pieces of two columns")


# %% [markdown] id="strips"
# Now the real thing. One detail decides whether it works: between two digits lie pieces that are no digit, the right
# half of a 4 with the left half of a 2. A classifier that has never seen such a thing calls it something, often with
# confidence. So it gets an eleventh output, *junk*, and is trained on wrong pieces as well.


# %% id="strips-train" folded=true
from itertools import pairwise


def window(strip, i, j):
    """The columns i to j of a strip, cut to their ink and centred in 8×8; None if empty or too wide."""
    ink = i + np.flatnonzero(strip[:, i:j].any(axis=0))
    if len(ink) == 0 or ink[-1] - ink[0] > 7:
        return None
    piece = strip[:, ink[0] : ink[-1] + 1]
    image = np.zeros((8, 8))
    left = (8 - piece.shape[1]) // 2
    image[:, left : left + piece.shape[1]] = piece
    return image.ravel()


def junk_from(strips, bounds, rng, per_strip):
    """Pieces of strips that are no digit: at least two columns off at one end or the other."""
    found = []
    for strip, ends in zip(strips, bounds, strict=True):
        for _ in range(per_strip):
            i = int(rng.integers(0, strip.shape[1] - 2))
            j = min(i + int(rng.integers(2, 10)), strip.shape[1])
            off = np.abs(ends - np.array([i, j])).max(axis=1).min()
            piece = window(strip, i, j)
            if off >= 2 and piece is not None:
                found.append(piece)
    return np.array(found)


rng = np.random.default_rng(7)
train_strips, _, train_bounds = data.digit_strips(x_train.reshape(-1, 8, 8), y_train, 300, rng)
junk = junk_from(train_strips, train_bounds, rng, 8)
centred = np.array([window(image.reshape(8, 8), 0, 8) for image in x_train])
x_eleven = np.vstack([centred, junk])
t_eleven = np.eye(11)[np.append(y_train, np.full(len(junk), 10))]
reader = train(x_eleven, t_eleven, start(64, 40, 11, rng, scaled=True), rng)


def score_table(strip, weights):
    """scores[i, j] and the digit of each piece; the score is the log of the largest digit output times not-junk."""
    L = strip.shape[1]
    scores, read = np.full((L + 1, L + 1), -np.inf), np.zeros((L + 1, L + 1), int)
    places, pieces = [], []
    for i in range(L):
        for j in range(i + 1, min(i + 12, L) + 1):
            piece = window(strip, i, j)
            if piece is not None:
                places.append((i, j))
                pieces.append(piece)
    a = outputs(np.array(pieces), weights)[1]
    confidence = a[:, :10].max(axis=1) * (1 - a[:, 10] if a.shape[1] == 11 else 1)
    at = tuple(np.array(places).T)
    scores[at], read[at] = np.log(confidence + 1e-9), a[:, :10].argmax(axis=1)
    return scores, read


strips, written, _ = data.digit_strips(x_test.reshape(-1, 8, 8), y_test, 60, rng)
plain = train(centred, targets, start(64, 40, 10, rng, scaled=True), rng)
print(f"digits: {len(centred):,}; pieces that are none: {len(junk):,}")

# %% [markdown] id="strips-cut"
# The score of a piece is the logarithm of the largest digit output, times one minus the junk output where there is one.
# So adding up scores multiplies confidences. Your `best_cuts` does the rest.


# %% id="strips-run"
def read_strip(strip, weights):
    """Cuts and digits of a strip divided into six pieces."""
    scores, read = score_table(strip, weights)
    cuts = best_cuts(scores, 6)
    return cuts, [int(read[i, j]) for i, j in pairwise(cuts)]


try:
    answers = {
        "without junk": [read_strip(strip, plain) for strip in strips],
        "with junk": [read_strip(strip, reader) for strip in strips],
    }
except NotImplementedError:
    print("Solve the last exercise, and your best_cuts reads sixty strips here.")
else:
    for name, answer in answers.items():
        said = np.array([found for _, found in answer])
        print(f"{name:13}: digits right {np.mean(said == written):.3f}, whole strips right", end=" ")
        print(f"{np.sum(np.all(said == written, axis=1))} of {len(strips)}")
    figure = plots.figure(8, 4)
    for ax, row in zip(figure.subplots(3, 1), range(3), strict=True):
        cuts, found = answers["with junk"][row]
        ax.imshow(strips[row], cmap=plots.INK, vmin=0, vmax=1)
        ax.grid(False)
        for cut in cuts:
            ax.axvline(cut - 0.5, color=plots.VERMILION, linewidth=2)
        ax.set(xticks=[], yticks=[])
        ax.set_title("written {}, read {}".format("".join(map(str, written[row])), "".join(map(str, found))))
    plots.show(
        figure,
        alt="Three strips of six handwritten digits with vertical lines where the program cuts, and above each the "
        "number written and the number read.",
    )

# %% [markdown] id="strips-meaning"
# With the junk output, 94.2 % of the digits and 44 of 60 whole strips are right; without it, 90.6 % and 38. Note that
# $0.942^6 \approx 0.70$: six good readings in a row are rarer than one, and 44 of 60 is about what one expects.

# %% [markdown] id="gpu"
# ## PyTorch, and what a GPU changes
#
# In PyTorch the loop is the same: `loss.backward()` computes the gradient and `torch.optim.SGD` makes the step
# $w \leftarrow w - \eta\,\nabla C$. Check it on one step of our network.
#
# A GPU computes a batch of 1,000 in hardly more time than a batch of 10, so on a GPU larger batches pay. What stays is
# that steps come one after the other. For a network of this size a GPU is
# usually slower than your processor.

# %% id="torch-check"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    W1, b1, W2, b2 = parameters = [torch.tensor(w, requires_grad=True) for w in early]
    x, y = torch.tensor(x_train[:10]), torch.tensor(targets[:10])
    a = torch.sigmoid(torch.sigmoid(x @ W1.T + b1) @ W2.T + b2)
    optimiser = torch.optim.SGD(parameters, lr=3.0)
    (((a - y) ** 2).sum() / 20).backward()
    optimiser.step()
    ours = [w - 3.0 * dw for w, dw in zip(early, gradients(x_train[:10], targets[:10], early), strict=True)]
    gap = max(np.abs(w - theirs.detach().numpy()).max() for w, theirs in zip(ours, parameters, strict=True))
    print(f"largest difference to torch after one step: {gap:.1e}")

# %% [markdown] id="mistakes"
# ## Common mistakes
#
# - **The sum for the mean.** Without the $1/m$ the step grows with the batch, and a good $\eta$ for 10 examples
#   diverges for 100.
# - **Dividing by $m$ in the last, shorter batch.** Divide by the number of examples that are really in it.
# - **One parameter after the other.** Compute the whole gradient first, then move all parameters.
# - **Tuning on the test set.** We chose $\eta$ here by looking at test images, to keep the page short. Honest work
#   keeps a third set, for validation.
# - **Waiting for cost 0.** Watch the accuracy on validation images instead.
# - **A column of labels.** `(N, 1) == (N,)` is a table. Check shapes first.

# %% [markdown] id="noise-quiz" question="quiz"
# You go from mini-batches of 16 to mini-batches of 64. What happens to the noise of the gradient and to the number of
# steps in an epoch?
#
# - [x] Half the noise, a quarter of the steps: the noise goes with one over the square root of the batch size.
# - [ ] A quarter of the noise, a quarter of the steps: the variance is a quarter; the noise is its root.
# - [ ] Half the noise, the same number of steps: an epoch is one pass, so fewer batches fit into it.

# %% [markdown] id="eta-quiz" question="quiz"
# A bowl has the curvatures 1 and 100. You take $\eta = 0.019$. How does the descent go?
#
# - [ ] It diverges: the limit is 2/100 = 0.02, and 0.019 is below it.
# - [x] Along the steep direction it swings (factor −0.9), along the flat one it creeps (factor 0.981): it arrives,
#   slowly.
# - [ ] It needs two learning rates: that would be quicker, but one suffices to arrive.

# %% [markdown] id="questions"
# ## To think about
#
# 1. Why is the cost of a network that answers 0.1 on all ten outputs smaller than 0.5, though it knows nothing?
# 2. In the bits layer, why does $b = 0$ fail, and for which digit first?
# 3. You double the training set by copying every image. What changes for batch gradient descent, and what for
#    mini-batches of 10?
# 4. The darkness classifier sees one number. How could two digits have the same mean darkness and yet be told apart by
#    it?
#
# <details><summary>Answers</summary>
#
# 1. Each example costs $(0.9^2 + 9 \cdot 0.1^2)/2 = 0.45$; all outputs at 0 would cost 0.5.
# 2. The digit 0 has no bit: all sums would be near 0 and the sigmoid near one half, so the bits of 0 are a matter of
#    chance.
# 3. Nothing for the batch: the mean is the same. An epoch of mini-batches has twice as many steps.
# 4. By a different spread: if one class always has that darkness and the other only sometimes, a rule with more than a
#    mean can use it.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# - A. Cauchy, *Méthode générale pour la résolution des systèmes d'équations simultanées*, 1847: gradient descent.
# - H. Robbins, S. Monro, *A stochastic approximation method*, 1951.
# - E. Alpaydin, C. Kaynak, *Optical recognition of handwritten digits*, 1998: the digits of this page.
# - Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-based learning applied to document recognition*, 1998: MNIST,
#   and segmentation by recognition.
# - M. Nielsen, *Neural Networks and Deep Learning*, 2015, chapter 1, which the book follows here.
# - The book, chapters 5, 11 and 12.
#
# **Next** chapter 06: computational graphs, the bookkeeping with which gradients of any function are found.
