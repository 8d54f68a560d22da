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
#     title: Overfitting and L2
#     minutes: 110
#     needs: [09-cross-entropy]
#     book: [19, 20, 21]
# ---

# %% [markdown] id="title"
# # Overfitting and L2: learning, or learning by heart?
#
# **After this page you can** see from curves when a network has begun to memorise, hold data out so that your numbers are honest, take a step with
# weight decay, and say what smaller weights do to the function that a network computes.
#
# **Time** 45 minutes to read, 65 for the five exercises. **You need** backpropagation (chapter 07) and the cross-entropy (chapter 09).

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, nn, optim, plots, train


def sigmoid(z):
    """σ(z) = ½ tanh(z / 2) + ½, which no z overflows."""
    return 0.5 * np.tanh(0.5 * z) + 0.5


# %% [markdown] id="elephant"
# ## Enough parameters fit anything
#
# "With four parameters I can fit an elephant, and with five I can make him wiggle his trunk." Fermi quoted it from von Neumann, and Dyson told the story in
# *Nature* in 2004. The book's footnote links it to a page about another elephant: the one that Mayer, Khairy and Howard drew in 2010, with four
# *complex* parameters. The point is the same. A good fit is not yet understanding. The test is prediction of cases not seen.
#
# A network has many more than four. Each layer has a weight for every pair of an input and a unit, and a bias for every unit: $\sum_l (n_l\,n_{l-1} + n_l)$.

# %% id="count"
for sizes in ([784, 30, 10], [784, 100, 10], [64, 30, 10]):
    print(sizes, sum(m * n + m for n, m in zip(sizes, sizes[1:], strict=False)), "parameters")

# %% [markdown] id="count-meaning"
# The book says about 24,000 and almost 80,000 for its two networks. Why should we trust such a machine?

# %% [markdown] id="patient"
# ## A network that learns by heart
#
# The book trains [784, 30, 10] on 1,000 MNIST images for 400 epochs. Clean small digits hardly show the trouble, as you will see. So we take 300 of the 8×8 digits and give 20 % of them a label drawn at random. Nothing general can be learnt
# about those labels; they can only be memorised. Of the 360 clean digits that are left aside, half are for *validation*, that is for every decision
# we make, and half are for the *test*, which stays closed until the last decision has been made. The book draws many of these curves with its test data, and admits it. We never do.
#
# `learn` is the training of the last chapters: a sigmoid network, mini-batches of 10, the cross-entropy summed over the ten outputs. Its `lmbda` will wait until the second part of the page.


# %% id="learner"
class DigitCost(nn.Module):
    """The book's cross-entropy: summed over the ten outputs, averaged over the examples; it takes the logits."""

    def forward(self, z, y):
        value, memory = nn.binary_cross_entropy_with_logits(z, y)
        return 10 * value, memory

    def backward(self, dvalue, memory):
        return nn.binary_cross_entropy_with_logits_backward(10 * dvalue, memory)


def learn(x, y, lmbda=0.0, *, epochs=200, hidden=30, eta=0.5, seed=5, validation=None, train_metrics=True):
    """A network [64, hidden, 10] with L2 on its weights, and its curves: one number for each epoch."""
    rng = np.random.default_rng(seed)
    model = nn.Sequential(
        nn.Linear(64, hidden, rng=rng, weight_init=nn.init.lecun_normal, bias_init=nn.init.constant),
        nn.Sigmoid(),
        nn.Linear(hidden, 10, rng=rng, weight_init=nn.init.lecun_normal, bias_init=nn.init.constant),
    )
    weights = nn.weights(model)
    biases = [p for p in model.parameters() if p not in weights]
    optimizer = optim.SGD([{"params": weights, "weight_decay": lmbda / len(x)}, {"params": biases}], lr=eta)
    path = [np.concatenate([w.data.ravel() for w in weights])]
    x_val, y_val = held_out if validation is None else validation
    history = train.fit(
        model,
        DigitCost(),
        optimizer,
        (x, np.eye(10)[y]),
        train.Config(epochs=epochs, batch_size=10, train_metrics=train_metrics),
        rng=rng,
        validation=(x_val, np.eye(10)[y_val]),
        metrics={"accuracy": train.accuracy},
        progress=False,
        after_epoch=lambda _: path.append(np.concatenate([w.data.ravel() for w in weights])),
    )
    lengths = np.array([np.linalg.norm(w) for w in path])
    cosines = np.array([a @ b for a, b in zip(path, path[1:], strict=False)]) / (lengths[1:] * lengths[:-1])
    curves = {
        "train cost": np.array(history.train["loss"]),
        "val cost": np.array(history.validation["loss"]),
        "val acc": np.array(history.validation["accuracy"]),
        "norm": lengths[1:],
        "turn": np.degrees(np.arccos(np.minimum(cosines, 1))),
    }
    if train_metrics:
        curves["train acc"] = np.array(history.train["accuracy"])
    return model, curves


noisy = data.noisy_digits(300, np.random.default_rng(5))
held_out = noisy.x_test[::2], noisy.y_test[::2]
closed = noisy.x_test[1::2], noisy.y_test[1::2]

# %% [markdown] id="patient-question" question="predict"
# The network trains for 200 epochs. What does the accuracy on the clean validation digits do?
#
# - [ ] it rises and stays: that happens with clean labels; here the network goes on to fit the wrong ones.
# - [x] it rises, then falls: what all digits have in common is learnt first, the wrong labels later, and they spoil what was learnt.
# - [ ] it stays low: four labels in five are right, and that is enough to learn from.

# %% id="patient-run"
nets, runs = {}, {}
nets[0.0], runs[0.0] = learn(noisy.x_train, noisy.y_train)


def report(c):
    """What the curves say, in three lines."""
    print(f"training accuracy at the end {c['train acc'][-1]:.3f}, gap {c['train acc'][-1] - c['val acc'][-1]:.3f}")
    print(
        f"validation accuracy: best {c['val acc'].max():.3f} in epoch {c['val acc'].argmax() + 1}, at the end {c['val acc'][-1]:.3f}"
    )
    print(
        f"validation cost: lowest {c['val cost'].min():.3f} in epoch {c['val cost'].argmin() + 1}, at the end {c['val cost'][-1]:.3f}"
    )


report(runs[0.0])


# %% id="curves-figure" folded=true
def curves_figure(curves, cursor=None):
    """Cost (left) and accuracy (right) by epoch, for training and validation; the best epochs are marked."""
    figure = plots.figure(8, 3)
    left, right = figure.subplots(1, 2)
    plots.learning_curves(
        left, {"training": curves["train cost"], "validation": curves["val cost"]}, xlabel="epoch", ylabel="cost"
    )
    plots.learning_curves(
        right, {"training": curves["train acc"], "validation": curves["val acc"]}, xlabel="epoch", ylabel="accuracy"
    )
    left.axvline(curves["val cost"].argmin() + 1, color=plots.GREY, linestyle=":")
    right.axvline(curves["val acc"].argmax() + 1, color=plots.GREY, linestyle=":")
    if cursor is not None:
        for axes in (left, right):
            axes.axvline(cursor, color=plots.BLACK)
    return figure


plots.show(
    curves_figure(runs[0.0]),
    alt="The training cost keeps falling and the training accuracy rises to 1. The validation cost is lowest near epoch 50 and rises again; the validation accuracy is best near epoch 30 and falls.",
)

# %% [markdown] id="patient-meaning"
# The training cost promises progress to the end. The training accuracy reaches 1.000: the network now knows the sixty random labels too. On digits that it has not seen it is worse than it was in epoch 30. This is *overfitting*. The distance between training and validation accuracy is the *gap*.
#
# When did it begin? The two validation curves disagree. Accuracy is best in epoch 30, cost in epoch 53. In the book's run it is the other way round: the test cost turns near epoch 15, the accuracy stalls near 280, and the book chooses 280, since accuracy is what we care about and the cost only stands in for it. That is a sound choice. But the book treats both as one phenomenon, and they are two.
#
# - **Wrong answers.** The accuracy falls when the largest output is the wrong one.
# - **Over-confidence.** The cost can rise without a single new mistake, when the mistakes that are there are made with more conviction. $-\ln a$ has no upper limit.
#
# You see the second in the outputs themselves:

# %% id="confidence"
for epochs in (30, 100, 200):
    model = nets[0.0] if epochs == 200 else learn(noisy.x_train, noisy.y_train, epochs=epochs, train_metrics=False)[0]
    output = sigmoid(train.predict(model, held_out[0]))
    wrong = output.argmax(axis=1) != held_out[1]
    print(
        f"epoch {epochs:3}: {wrong.sum():2} of 180 wrong, largest output when right {output.max(axis=1)[~wrong].mean():.3f}, when wrong {output.max(axis=1)[wrong].mean():.3f}"
    )

# %% [markdown] id="clean"
# From epoch 100 to 200 two more digits go wrong, hardly worth a word. But the outputs for the wrong ones grow from 0.445 to 0.555, and that is what the cost punishes.
#
# ### And with clean labels?
#
# The same network on 1,000 digits with their own labels:

# %% id="clean-run"
digits = data.digits()
_, clean = learn(digits.x_train[:1000], digits.y_train[:1000], epochs=100)
report(clean)

# %% [markdown] id="clean-meaning"
# It too knows its training set by heart. But the validation accuracy does not fall, and the cost has hardly turned. A gap alone is no illness: the network answers what it has learnt better than what it has not, as everybody does. Nor is a stalled accuracy a proof of overfitting. What counts is a curve of held-out data that gets *worse*, and that one could have stopped earlier. Stopping there is a cure of its own, *early stopping*, in chapter 13.
#
# More data is among the best remedies. The book trains with all 50,000 images, and the gap shrinks from 17.73 points to 2.53 (97.86 % and 95.33 %).

# %% [markdown] id="read-curves-statement" statement="read-curves"
# ### Exercise 1: read the curves (3 points)
#
# Write `read_curves(train_acc, val_acc, val_cost)`. Each argument is an array with one number for each epoch. Return three values:
#
# - the epoch with the lowest validation cost, an integer,
# - the epoch with the highest validation accuracy, an integer,
# - the gap after the last epoch, training accuracy minus validation accuracy.
#
# Epochs are counted from 1. If several epochs are equally good, the first of them counts: whoever stops there has saved time.
#
# Check by hand: `train_acc = [0.5, 1.0]`, `val_acc = [0.5, 0.75]`, `val_cost = [0.6, 0.8]` give 1, 2 and 0.25.


# %% id="read-curves" exercise=true difficulty=1 by_hand="nn data optim train"
def read_curves(train_acc, val_acc, val_cost):
    """Epoch of the lowest validation cost, epoch of the best validation accuracy, final gap; epochs from 1."""
    ### BEGIN SOLUTION
    return int(np.argmin(val_cost)) + 1, int(np.argmax(val_acc)) + 1, train_acc[-1] - val_acc[-1]
    ### END SOLUTION


# %% [markdown] id="read-curves-hints" hints="read-curves"
# - zero: Epochs are counted from 1, the positions of an array from 0.
# - highest: For the cost, the lowest is the best.
# - last: Of several equally good epochs the first counts.
# - sign: Training minus validation: a network that knows its training data better has a positive gap.
# - best: The gap is asked for after the last epoch, not between the best values.


# %% id="read-curves-epochs" test="read-curves" points=1
@check.exercise("10-overfitting/read-curves")
def the_two_epochs():
    """The two best epochs"""
    train_acc = np.array([0.4, 0.6, 0.8, 0.9, 0.95, 1.0])
    val_acc = np.array([0.3, 0.5, 0.6, 0.8, 0.8, 0.7])
    val_cost = np.array([2.0, 1.1, 0.9, 1.0, 1.3, 1.6])
    cost_epoch, accuracy_epoch, _ = check.call(
        read_curves, train_acc, val_acc, val_cost, returns=("cost epoch", "accuracy epoch", "gap")
    )
    check.equal(
        (cost_epoch, accuracy_epoch),
        (3, 4),
        name="the two epochs",
        hints={"zero": lambda right: (2, 3), "highest": lambda right: (1, 4), "last": lambda right: (3, 5)},
    )


# %% id="read-curves-gap" test="read-curves" points=1
@check.exercise("10-overfitting/read-curves")
def the_gap():
    """The gap after the last epoch"""
    train_acc, val_acc = np.array([0.5, 0.8, 0.97]), np.array([0.55, 0.81, 0.72])
    _, _, gap = check.call(
        read_curves, train_acc, val_acc, np.array([1.0, 0.6, 0.9]), returns=("cost epoch", "accuracy epoch", "gap")
    )
    check.close(
        gap, 0.25, name="gap", hints={"sign": lambda right: -right, "best": lambda right: train_acc.max() - 0.81}
    )


# %% id="read-curves-hidden" test="read-curves" points=1 hidden=true
@check.exercise("10-overfitting/read-curves", hidden=True)
def other_curves():
    """One epoch, and long curves"""
    got = check.call(
        read_curves, np.array([0.5]), np.array([0.75]), np.array([1.5]), returns=("cost epoch", "accuracy epoch", "gap")
    )
    check.equal((got[0], got[1]), (1, 1), name="the two epochs of one")
    check.close(got[2], -0.25, name="gap after one epoch")
    rng = check.rng(21)
    for T in (7, 60):
        train_acc, val_acc, val_cost = rng.random(T), rng.integers(0, 6, T) / 6, rng.integers(1, 5, T) / 2
        got = check.call(read_curves, train_acc, val_acc, val_cost, returns=("cost epoch", "accuracy epoch", "gap"))
        cost_epoch = 1 + min(range(T), key=lambda t: (val_cost[t], t))
        accuracy_epoch = 1 + min(range(T), key=lambda t: (-val_acc[t], t))
        check.equal((got[0], got[1]), (cost_epoch, accuracy_epoch), name=f"the two epochs of {T}")
        check.close(got[2], train_acc[T - 1] - val_acc[T - 1], name=f"gap after {T} epochs")


# %% [markdown] id="holdout"
# ## Held-out data, and what it is for
#
# Divide the data in three. On the *training* data the weights are learnt. The *validation* data decide everything else: when to stop, how many units, which $\eta$, which $\lambda$. These are the *hyper-parameters*. (The book says that validation data help to learn good parameters, and means these.) With the *test* data you measure once, at the end. The book's split of MNIST is 50,000, 10,000 and 10,000. The method is called *hold-out*.
#
# Why a third part? Because choosing is learning too. Here is the purest case: $K$ classifiers that are all equally good, right with probability 0.9. You measure each on the same number of examples and keep the best. How good does it look?

# %% [markdown] id="best-question" question="predict"
# The best of 20 classifiers with a true accuracy of 0.90, each measured on 100 examples of its own. By how much does its measured accuracy exceed the truth, on average?
#
# - [ ] 0: each single measurement is right on average, but you keep the luckiest.
# - [x] about 0.05: the spread of one measurement is √(0.9 · 0.1 / 100) = 0.03, and the luckiest of 20 lies almost two of these above the mean.
# - [ ] about 0.10: then it would always be perfect.

# %% id="best-of-k"
rng = np.random.default_rng(0)
print("examples   K = 1   K = 5   K = 20   K = 100")
for n_test in (100, 400, 1600):
    excess = [np.mean(np.max(rng.binomial(n_test, 0.9, (2000, K)) / n_test, axis=1)) - 0.9 for K in (1, 5, 20, 100)]
    print(f"{n_test:8}  " + "  ".join(f"{e:+.4f}" for e in excess))

# %% [markdown] id="best-meaning"
# Nothing was better than anything else, and still the winner looks better by five points. Four times as many examples halve the illusion: it shrinks like $1/\sqrt{n}$. It grows with the number of candidates, slowly, and never stops growing.
#
# The number that a choice was made with is therefore always too friendly, and it takes data that had no part in the choice to say how good the winner is. The same worry touches the test sets of whole research fields, used by thousands of papers. It is still discussed; Recht et al. (2019) built new test sets for well-known tasks, and all models scored lower on them, though in nearly the same order.

# %% [markdown] id="split-statement" statement="three-way-split"
# ### Exercise 2: three parts (4 points)
#
# Write `three_way_split(order, n_val, n_test)`. `order (n,)` is a permutation of 0 to n − 1, drawn by the caller. The function cuts it and returns three arrays of indices: training, validation, test. The *last* `n_test` entries of `order` are the test, the `n_val` before them the validation, all others the training, each in the order given.
#
# Either number may be 0. If nothing were left for the training, raise a `ValueError`.
#
# Check by hand: `order = [3, 0, 4, 1, 2]`, `n_val = 1`, `n_test = 2` give `[3, 0]`, `[4]` and `[1, 2]`.


# %% id="three-way-split" exercise=true difficulty=1 by_hand="nn data optim train"
def three_way_split(order, n_val, n_test):
    """A permutation (n,) to the indices of training (n − n_val − n_test,), validation (n_val,) and test (n_test,)."""
    ### BEGIN SOLUTION
    n_train = len(order) - n_val - n_test
    if n_train < 1:
        raise ValueError(f"{n_val} + {n_test} of {len(order)} examples leave none for the training")
    return order[:n_train], order[n_train : n_train + n_val], order[n_train + n_val :]
    ### END SOLUTION


# %% [markdown] id="split-hints" hints="three-way-split"
# - sorted: These are blocks of 0, 1, 2, …: data often lie sorted by class, so use the entries of order.
# - swapped: Validation comes before the test.
# - overlap: The training data must not contain what is held out.
# - zero: A slice that ends at −0 is empty, and one that starts at −0 is everything: count from the front.


# %% id="split-parts" test="three-way-split" points=1
@check.exercise("10-overfitting/three-way-split")
def the_three_parts():
    """Which index goes where"""
    order = np.array([4, 9, 0, 7, 2, 8, 5, 1, 6, 3])
    parts = check.call(three_way_split, order, 2, 3, returns=("training", "validation", "test"))
    check.equal(
        [np.asarray(part).tolist() for part in parts],
        [[4, 9, 0, 7, 2], [8, 5], [1, 6, 3]],
        name="the three parts",
        hints={
            "sorted": lambda right: [[0, 1, 2, 3, 4], [5, 6], [7, 8, 9]],
            "swapped": lambda right: [right[0], [1, 6, 3], [8, 5]],
            "overlap": lambda right: [order.tolist(), right[1], right[2]],
        },
    )


# %% id="split-empty" test="three-way-split" points=1
@check.exercise("10-overfitting/three-way-split")
def an_empty_test_set():
    """No test data"""
    parts = check.call(three_way_split, np.arange(11)[::-1].copy(), 3, 0, returns=("training", "validation", "test"))
    check.equal(
        [len(part) for part in parts],
        [8, 3, 0],
        name="the lengths of the parts",
        hints={"zero": lambda right: [8, 0, 11]},
    )


# %% id="split-error" test="three-way-split" points=1
@check.exercise("10-overfitting/three-way-split")
def nothing_left():
    """Nothing left for the training"""
    check.raises(ValueError, three_way_split, np.array([2, 0, 3, 1]), 3, 2, what="5 held out of 4")
    check.raises(ValueError, three_way_split, np.array([2, 0, 3, 1]), 1, 3, what="4 held out of 4")


# %% id="split-hidden" test="three-way-split" points=1 hidden=true
@check.exercise("10-overfitting/three-way-split", hidden=True)
def other_splits():
    """Other sizes, nothing lost, nothing twice"""
    rng = check.rng(22)
    for n, n_val, n_test in [(50, 7, 13), (9, 0, 4), (6, 0, 0), (4, 2, 1), (1, 0, 0)]:
        order = rng.permutation(n)
        parts = check.call(three_way_split, order, n_val, n_test, returns=("training", "validation", "test"))
        right = np.split(order, [n - n_val - n_test, n - n_test])
        check.equal(
            [np.asarray(part).tolist() for part in parts],
            [part.tolist() for part in right],
            name=f"the parts of {n}, {n_val} and {n_test} held out",
        )


# %% [markdown] id="larger"
# ## Is a smaller network the cure?
#
# The book calls it a reluctant last resort, since large networks can do more. Behind that stands the picture of its time: more parameters overfit more, and only very many data tame a huge network. Since 2018 we know that the picture is only half of it.
#
# Below, forty noisy examples are fitted by $k$ random ReLU features, by least squares, and among all perfect fits the one with the smallest weights. Up to $k = 20$ the error on new data falls, then it rises, and explodes at $k = 40$, where the features just suffice for a perfect fit. And beyond, with many more parameters than examples, it falls again, below its first minimum. This is *double descent* (Belkin et al. 2019).

# %% id="double-descent"
rng = np.random.default_rng(2)
inputs, new_inputs, direction = (
    rng.normal(size=(40, 10)),
    rng.normal(size=(2000, 10)),
    rng.normal(size=10) / np.sqrt(10),
)
measured, truth = inputs @ direction + 0.3 * rng.normal(size=40), new_inputs @ direction
counts = (5, 10, 20, 30, 36, 40, 44, 60, 100, 200, 1000)
training_error, new_error = np.empty(len(counts)), np.empty(len(counts))
for i, k in enumerate(counts):
    errors = []
    for draw in range(9):
        features = np.random.default_rng(draw).normal(size=(10, k)) / np.sqrt(k)
        smallest = np.linalg.pinv(np.maximum(inputs @ features, 0)) @ measured
        errors.append(
            (
                np.mean((np.maximum(inputs @ features, 0) @ smallest - measured) ** 2),
                np.mean((np.maximum(new_inputs @ features, 0) @ smallest - truth) ** 2),
            )
        )
    training_error[i], new_error[i] = np.median(errors, axis=0)
for k, error in zip(counts, new_error, strict=True):
    print(f"{k:4} features: error on new data {error:7.3f}")

figure = plots.figure(6, 3)
axes = figure.subplots()
plots.learning_curves(
    axes,
    {"training": np.maximum(training_error, 1e-3), "new data": new_error},
    x=counts,
    xlabel="features k",
    ylabel="mean squared error",
    log=True,
)
axes.set(xscale="log", ylim=(5e-4, 500))
plots.show(
    figure,
    alt="The training error falls to zero at 40 features. The error on new data falls, rises to a high peak at 40 features, and falls again to its lowest value at 1,000.",
)

# %% [markdown] id="widget-text"
# ## Try it
#
# Choose the number of examples, the share of random labels and the number of hidden units, and press the button. The cursor reads one epoch from the curves. Which of the three makes the turn of the accuracy disappear? Can a network be too small to learn the noise, and still large enough for the digits?

# %% id="overfit-widget" folded=true
import functools

from dlbook import widgets


@functools.lru_cache(maxsize=20)
def overfit_curves(n, share, hidden):
    """The curves of 100 epochs on n digits of which `share` have a random label."""
    split = data.noisy_digits(n, np.random.default_rng(5), share)
    return learn(split.x_train, split.y_train, epochs=100, hidden=hidden)[1]


def overfit_figure(result):
    """Cost and accuracy by epoch, with the cursor."""
    curves, cursor = result
    return curves_figure(curves, cursor)


def overfit_numbers(result):
    """The best epochs, and what the cursor reads."""
    curves, cursor = result
    return {
        "epoch of the lowest validation cost": int(curves["val cost"].argmin()) + 1,
        "epoch of the best validation accuracy": int(curves["val acc"].argmax()) + 1,
        "training cost at the cursor": round(float(curves["train cost"][cursor - 1]), 3),
        "validation cost at the cursor": round(float(curves["val cost"][cursor - 1]), 3),
        "training accuracy at the cursor": round(float(curves["train acc"][cursor - 1]), 3),
        "validation accuracy at the cursor": round(float(curves["val acc"][cursor - 1]), 3),
    }


widgets.explore(
    overfit_figure,
    dict(
        n=widgets.Slider(50, 1000, 300, step=50, label="training digits n"),
        share=widgets.Slider(0.0, 0.4, 0.2, step=0.05, label="share of random labels"),
        hidden=widgets.Slider(5, 100, 30, step=5, label="hidden units"),
        cursor=widgets.Slider(1, 100, 100, label="epoch of the cursor"),
    ),
    compute=lambda n, share, hidden, cursor: (overfit_curves(n, share, hidden), cursor),
    run_button=True,
    alt=lambda result: (
        f"Cost and accuracy over 100 epochs. The validation cost is lowest in epoch {result[0]['val cost'].argmin() + 1}, the validation accuracy is best in epoch {result[0]['val acc'].argmax() + 1} and {result[0]['val acc'][-1]:.2f} at the end."
    ),
    table=overfit_numbers,
    title="When does it turn?",
)

# %% [markdown] id="l2"
# ## L2: pay for large weights
#
# Here is a cure that needs neither more data nor a smaller network. Add to the cost, whichever it is, the squares of all the weights:
#
# $$C = C_0 + \frac{\lambda}{2n}\sum_w w^2$$
#
# $C_0$ may be the cross-entropy, $-\frac1n\sum_x\sum_j [y_j\ln a_j + (1-y_j)\ln(1-a_j)]$, or the quadratic cost, $\frac{1}{2n}\sum_x\lVert y - a\rVert^2$. $n$ is the number of training examples, not the size of the mini-batch. $\lambda > 0$ sets how much a small weight is worth against a small $C_0$. Biases are not in the sum. In code it is `lmbda`, since `lambda` is a word of Python.
#
# The derivatives are simple:
#
# $$\frac{\partial C}{\partial w} = \frac{\partial C_0}{\partial w} + \frac{\lambda}{n}w, \qquad \frac{\partial C}{\partial b} = \frac{\partial C_0}{\partial b}$$
#
# and so is a step of gradient descent:
#
# $$w \to \Big(1 - \frac{\eta\lambda}{n}\Big)w - \eta\frac{\partial C_0}{\partial w}, \qquad b \to b - \eta\frac{\partial C_0}{\partial b}$$
#
# Each weight is first multiplied by a number just under 1, hence *weight decay*, and then takes its usual step. With mini-batches, only $\partial C_0$ is estimated from the batch. The factor stays.

# %% id="decay-factor"
eta, n = 0.5, 300
for lmbda in (0.1, 1.0, 3.0):
    factor = 1 - eta * lmbda / n
    steps = np.log(0.5) / np.log(factor)
    print(
        f"λ = {lmbda:<4} factor {factor:.6f}; alone, it halves a weight in {steps:.0f} steps, {steps / 30:.1f} epochs"
    )

# %% [markdown] id="decay-question" question="predict"
# Training goes on for thousands of steps, and each multiplies all weights by a number under 1. Where do the weights end?
#
# - [ ] at zero: they would, if the data did not pull.
# - [x] where both pulls are equal, $\partial C_0/\partial w = -\frac{\lambda}{n}w$: a weight that the data need stays, one that they hardly need becomes small.
# - [ ] at 1: the factor is applied to the weight; it does not draw it towards the factor.

# %% [markdown] id="l2-step-statement" statement="l2-step"
# ### Exercise 3: a step with weight decay (6 points)
#
# Write `l2_step(weights, biases, weight_grads, bias_grads, eta, lmbda, n)`. The first four are lists with one array for each layer: `weights[l] (out, in)`, `biases[l] (out,)`, and the gradients of $C_0$, the mean over a mini-batch, in the same shapes. Return two lists, the new weights and the new biases, by the rules above. Leave the given arrays as they are.
#
# Check by hand: a weight of 2 with gradient 1, `eta = 0.5`, `lmbda = 2`, `n = 10` becomes $(1 - 0.1)\cdot 2 - 0.5 = 1.3$. A bias with the same numbers becomes 1.5.


# %% id="l2-step" exercise=true difficulty=2 by_hand="nn data optim train"
def l2_step(weights, biases, weight_grads, bias_grads, eta, lmbda, n):
    """One step of SGD with L2: lists of (out, in) and (out,) and their gradients -> new weights, new biases."""
    ### BEGIN SOLUTION
    shrink = 1 - eta * lmbda / n
    new_weights = [shrink * W - eta * dW for W, dW in zip(weights, weight_grads, strict=True)]
    new_biases = [b - eta * db for b, db in zip(biases, bias_grads, strict=True)]
    return new_weights, new_biases
    ### END SOLUTION


# %% [markdown] id="l2-step-hints" hints="l2-step"
# - n: The factor is 1 − ηλ/n: the number of training examples is missing.
# - half: The ½ of λ/2n is gone after the derivative, as in d/dw ½w² = w.
# - grow: The penalty makes weights smaller: 1 − ηλ/n, not 1 + ηλ/n.
# - biases: Biases do not decay.
# - layers: The weights of every layer decay, not only those of the first.
# - after: The old weight is multiplied by the factor, not the weight after the step: the gradient step is not shortened.


# %% id="l2-step-decay" test="l2-step" points=1
@check.exercise("10-overfitting/l2-step")
def decay_alone():
    """Decay alone: all gradients are zero"""
    W = np.cos(0.9 * np.arange(6)).reshape(2, 3)
    new_weights, _ = check.call(
        l2_step, [W], [np.zeros(2)], [np.zeros((2, 3))], [np.zeros(2)], 0.5, 0.6, 20, returns=("weights", "biases")
    )
    check.close(
        np.asarray(new_weights[0]),
        (1 - 0.015) * W,
        name="W",
        hints={
            "n": lambda right: (1 - 0.3) * W,
            "half": lambda right: (1 - 0.0075) * W,
            "grow": lambda right: (1 + 0.015) * W,
        },
    )


# %% id="l2-step-biases" test="l2-step" points=1
@check.exercise("10-overfitting/l2-step")
def biases_do_not_decay():
    """Biases take the plain step"""
    b, db = np.array([1.5, -0.8, 2.0, 0.4]), np.array([0.3, 0.1, -0.7, 0.2])
    W = np.linspace(-1, 1, 12).reshape(4, 3)
    _, new_biases = check.call(l2_step, [W], [b], [0.1 * W], [db], 0.4, 1.5, 12, returns=("weights", "biases"))
    check.close(np.asarray(new_biases[0]), b - 0.4 * db, name="b", hints={"biases": lambda right: 0.95 * b - 0.4 * db})


# %% id="l2-step-layers" test="l2-step" points=2
@check.exercise("10-overfitting/l2-step")
def three_layers_with_gradients():
    """Three layers, with gradients"""
    shapes = [(4, 5), (3, 4), (2, 3)]
    weights = [np.cos(np.arange(m * n) + n).reshape(m, n) for m, n in shapes]
    grads = [np.sin(1.7 * np.arange(m * n) + m).reshape(m, n) for m, n in shapes]
    biases = [np.linspace(-1, 1, m) for m, _ in shapes]
    bias_grads = [np.cos(2.1 * np.arange(m)) for m, _ in shapes]
    eta, shrink = 0.8, 1 - 0.8 * 2.5 / 40
    new_weights, new_biases = check.call(
        l2_step, weights, biases, grads, bias_grads, eta, 2.5, 40, returns=("weights", "biases")
    )
    check.equal((len(new_weights), len(new_biases)), (3, 3), name="the numbers of arrays")
    for layer, (W, dW) in enumerate(zip(weights, grads, strict=True)):
        check.close(
            np.asarray(new_weights[layer]),
            shrink * W - eta * dW,
            name=f"W of layer {layer}",
            hints={
                "layers": lambda right, W=W, dW=dW: W - eta * dW,
                "after": lambda right, W=W, dW=dW: shrink * (W - eta * dW),
            },
        )
    for layer, (b, db) in enumerate(zip(biases, bias_grads, strict=True)):
        check.close(np.asarray(new_biases[layer]), b - eta * db, name=f"b of layer {layer}")


# %% id="l2-step-hidden" test="l2-step" points=2 hidden=true
@check.exercise("10-overfitting/l2-step", hidden=True)
def other_steps():
    """Other networks, no decay, one example"""
    rng = check.rng(23)
    for sizes, eta, lmbda, n in [([6, 4], 0.3, 5.0, 50), ([3, 7, 2, 5], 1.2, 0.0, 9), ([2, 3, 1], 0.1, 0.7, 1)]:
        pairs = list(zip(sizes, sizes[1:], strict=False))
        arrays = [[rng.normal(size=(m, n_in)) for n_in, m in pairs] for _ in range(2)]
        vectors = [[rng.normal(size=m) for _, m in pairs] for _ in range(2)]
        parameters = [[nn.Parameter(W) for W in arrays[0]], [nn.Parameter(b) for b in vectors[0]]]
        for group, grads in zip(parameters, (arrays[1], vectors[1]), strict=True):
            for parameter, grad in zip(group, grads, strict=True):
                parameter.accumulate(grad)
        optim.SGD([{"params": parameters[0], "weight_decay": lmbda / n}, {"params": parameters[1]}], lr=eta).step()
        got = check.call(
            l2_step, arrays[0], vectors[0], arrays[1], vectors[1], eta, lmbda, n, returns=("weights", "biases")
        )
        for layer in range(len(pairs)):
            check.close(np.asarray(got[0][layer]), parameters[0][layer].data, name=f"W of layer {layer} for n = {n}")
            check.close(np.asarray(got[1][layer]), parameters[1][layer].data, name=f"b of layer {layer} for n = {n}")


# %% [markdown] id="cure"
# ## The patient, treated
#
# The same 300 digits, the same seed, four values of $\lambda$:

# %% id="cure-run"
for lmbda in (0.1, 0.3, 1.0, 3.0):
    nets[lmbda], runs[lmbda] = learn(noisy.x_train, noisy.y_train, lmbda)
print("   λ   training  validation: best, end   ‖w‖")
for lmbda, c in runs.items():
    print(
        f"{lmbda:4g}    {c['train acc'][-1]:.3f}          {c['val acc'].max():.3f}  {c['val acc'][-1]:.3f}   {c['norm'][-1]:5.1f}"
    )

figure = plots.figure(8, 3)
left, right = figure.subplots(1, 2)
shown = {f"λ = {lmbda:g}": runs[lmbda] for lmbda in (0.0, 0.3, 1.0, 3.0)}
plots.learning_curves(
    left, {name: c["val acc"] for name, c in shown.items()}, xlabel="epoch", ylabel="validation accuracy"
)
plots.learning_curves(right, {name: c["norm"] for name, c in shown.items()}, xlabel="epoch", ylabel="length of w")
left.set(ylim=(0.6, 1))
plots.show(
    figure,
    alt="Left: without L2 the validation accuracy falls from 0.95 to 0.82; with λ = 0.3 and 1 it stays near 0.9; with λ = 3 it stays below. Right: without L2 the length of the weights grows without end; with L2 it levels off, the lower the larger λ.",
)

# %% [markdown] id="cure-meaning"
# With $\lambda = 0.3$ or 1 the accuracy hardly falls from its peak. The training accuracy says why: with $\lambda = 1$ the network gives the right answer to 79 % of its training labels. About 82 % of these are honest (a random label is right by chance one time in ten). It no longer bothers with the others. With $\lambda = 3$ it is too poor even for the digits: *underfitting*.
#
# The validation data choose $\lambda = 0.3$. Now, and only now, we open the test data, for the chosen network:

# %% id="test-run"
chosen = max((0.0, 0.1, 0.3, 1.0, 3.0), key=lambda lmbda: runs[lmbda]["val acc"][-1])
accuracy = train.evaluate(nets[chosen], None, closed, {"accuracy": train.accuracy})["accuracy"]
print(f"λ = {chosen:g} was chosen: validation {runs[chosen]['val acc'][-1]:.3f}, test {accuracy:.3f}")

# %% [markdown] id="cure-precision"
# One hundred and eighty digits give an accuracy with a standard deviation of about 0.02. So 0.911 and 0.900 are no different, while 0.822 and 0.911 are. Here the test value happens to lie above the validation value; the flattery of a choice among five is smaller than that noise.
#
# **The book's numbers.** With 1,000 images and $\lambda = 0.1$ the book reports 87.1 % instead of 82.27 %, with 50,000 and $\lambda = 5$ 96.49 % instead of 95.49 %, and up to 98.04 % with 100 hidden units. Three remarks. It says that the gap is a percentage below zero and means less than one per cent. The network without L2 has 95.49 % here and 95.33 % one chapter before, with the same settings: two runs, and no word about seeds or spread. And some of the numbers are of test data, some of validation data, in one comparison.

# %% [markdown] id="scaling"
# ## λ and the number of examples
#
# Why did the book go from 0.1 to 5? Because the factor is $1 - \eta\lambda/n$. With 50 times as many examples it takes 50 times the $\lambda$ for the same decay in each step: $0.1/1000 = 5/50000$. We do the same, with 100, 300 and 900 noisy digits. All train for as many steps.

# %% id="scaling-run"
for rule, choose in (("λ = 1", lambda n: 1.0), ("λ/n = 1/300", lambda n: n / 300)):
    for n in (100, 300, 900):
        split = data.noisy_digits(n, np.random.default_rng(5))
        _, c = learn(split.x_train, split.y_train, choose(n), epochs=20000 // n)
        print(
            f"{rule:12} n = {n}: λ = {choose(n):.2f}, ‖w‖ {c['norm'][-1]:4.1f}, training {c['train acc'][-1]:.3f}, validation {c['val acc'][-1]:.3f}"
        )

# %% [markdown] id="scaling-meaning"
# With one $\lambda$ for all, the weights are nearly twice as long for 900 digits as for 100: the same number means a strong decay for few examples and a weak one for many. With one $\lambda/n$ the lengths are much closer. So when $n$ changes, scale $\lambda$ along: it is a good place to start. It is not a law. More examples need less help against noise, and for 900 digits the stronger decay, λ = 3, does no better than λ = 1: both have 0.939.

# %% [markdown] id="repeatable"
# ## Is a regularised run more repeatable?
#
# The book says so, and gives a reason. Without L2 the weights grow long. A step of given length then hardly changes the *direction* of a long vector, and the search is stuck where it began. Both can be measured: the spread of the result over ten seeds, and the angle by which $w$ turns in an epoch.

# %% id="seeds"
for lmbda in (0.0, 1.0):
    ends = [
        learn(noisy.x_train, noisy.y_train, lmbda, epochs=40, seed=seed, train_metrics=False)[1]["val acc"][-1]
        for seed in range(10)
    ]
    turn = runs[lmbda]["turn"]
    print(
        f"λ = {lmbda:g}: ten seeds {np.mean(ends):.3f} ± {np.std(ends, ddof=1):.3f}, from {min(ends):.3f} to {max(ends):.3f}; w turns by {turn[20:40].mean():.2f}° an epoch in epochs 21 to 40, {turn[-20:].mean():.2f}° in the last twenty"
    )

# %% [markdown] id="seeds-meaning"
# The reason is true. Towards the end $w$ turns by a third of a degree in an epoch without L2, and by almost two degrees with it. The conclusion is not, here: the ten results spread no less with L2 than without. The book had noticed it on MNIST, where some runs without L2 got stuck, and gives no numbers. Note too that after 40 epochs the network without L2 is no worse, 0.911 against 0.899: they differ by little more than half a standard deviation. L2 earns its keep later, when the network without it falls.

# %% [markdown] id="lambda-widget-text"
# ## Try it
#
# Choose $\lambda$ and the number of digits. With the box ticked, $\lambda$ counts for 300 digits and is scaled with $n$. Watch the histogram of the weights. Where does the length stop growing, and from which $\lambda$ on does the training suffer?


# %% id="lambda-widget" folded=true
@functools.lru_cache(maxsize=20)
def decayed(n, lmbda):
    """The weights and the curves of 60 epochs on n noisy digits."""
    split = data.noisy_digits(n, np.random.default_rng(5))
    model, curves = learn(split.x_train, split.y_train, lmbda, epochs=60)
    return np.concatenate([w.data.ravel() for w in nn.weights(model)]), curves, lmbda


def decayed_figure(result):
    """Accuracy and length of w by epoch, and a histogram of the weights."""
    weights, curves, _ = result
    figure = plots.figure(9, 3)
    left, middle, right = figure.subplots(1, 3)
    plots.learning_curves(
        left, {"training": curves["train acc"], "validation": curves["val acc"]}, xlabel="epoch", ylabel="accuracy"
    )
    plots.learning_curves(middle, {"w": curves["norm"]}, xlabel="epoch", ylabel="length of w")
    right.hist(np.clip(weights, -4, 4), np.linspace(-4, 4, 41), color=plots.BLUE)
    right.set(xlabel="weight", ylabel="count")
    return figure


def decayed_numbers(result):
    """The final values."""
    weights, curves, lmbda = result
    return {
        "λ used": round(lmbda, 3),
        "length of w": round(float(curves["norm"][-1]), 2),
        "largest |w|": round(float(np.abs(weights).max()), 2),
        "training accuracy": round(float(curves["train acc"][-1]), 3),
        "validation accuracy": round(float(curves["val acc"][-1]), 3),
    }


widgets.explore(
    decayed_figure,
    dict(
        n=widgets.Slider(100, 900, 300, step=100, label="training digits n"),
        lmbda=widgets.LogSlider(0.01, 10, 1, label="λ"),
        keep=widgets.Checkbox(True, label="keep λ/n (λ counts for 300 digits)"),
    ),
    compute=lambda n, lmbda, keep: decayed(n, lmbda * n / 300 if keep else lmbda),
    run_button=True,
    alt=lambda result: (
        f"Accuracy, length of w and a histogram of the weights after 60 epochs with λ = {result[2]:.2f}: length {result[1]['norm'][-1]:.1f}, validation accuracy {result[1]['val acc'][-1]:.2f}."
    ),
    table=decayed_numbers,
    title="What does λ do to the weights?",
)

# %% [markdown] id="adam"
# ## L2 and weight decay are not always the same
#
# The book uses both names for one thing. In plain SGD they are. Adam (chapter 15) divides each gradient by its own usual size. If the pull $\frac{\lambda}{n}w$ is part of the gradient, it is divided too, and a weight with large gradients hardly decays. AdamW (Loshchilov and Hutter 2019) shrinks the weight itself, as in the exercise. Two weights of 1, whose gradients are noise of size 10 and 0.01, over 500 steps, each tried 200 times:

# %% id="adam-run"
noise = np.random.default_rng(0).normal(size=(500, 2, 200)) * np.array([[10.0], [0.01]])
for name, make in {"SGD": optim.SGD, "Adam with L2": optim.Adam, "AdamW": optim.AdamW}.items():
    w = nn.Parameter(np.ones((2, 200)))
    optimizer = make([w], lr=0.001, weight_decay=1.0)
    for grad in noise:
        w.grad = grad
        optimizer.step()
    large, small = w.data.mean(axis=1)
    print(f"{name:13} mean weight left, with large gradients {large:.3f}, with small ones {small:.3f}")

# %% [markdown] id="why"
# ## Why should small weights help?
#
# The usual story: small weights mean a simpler function, and a simple explanation is more often the right one. Let us look at it critically, as the book does, with ten points near the line $y = 2x$. A polynomial of degree 9, $y = a_0x^9 + a_1x^8 + \dots + a_9$ (the book's print has lost the exponents), has ten coefficients and can pass through all ten.

# %% [markdown] id="extrapolate-question" question="predict"
# The points lie on [−1, 1] and scatter by 0.2 around $y = 2x$. What does the exact polynomial of degree 9 say at $x = 1.5$?
#
# - [ ] about 3: the line says so.
# - [ ] about 10: outside of the points a polynomial goes astray faster than that.
# - [x] about 1000: its coefficients are as large as 98, and $1.5^9$ is 38.


# %% id="ten-points"
def powers(x, degree):
    """1, x, x², … as columns: (N,) to (N, degree + 1)."""
    return np.vander(np.atleast_1d(x), degree + 1, increasing=True)


def penalised_fit(x, y, degree, lam):
    """Coefficients of the polynomial that minimises Σ (y − p(x))² + λ Σ c², by stacking √λ below the powers."""
    rows = np.vstack([powers(x, degree), np.sqrt(lam) * np.eye(degree + 1)[1:]])
    return np.linalg.lstsq(rows, np.concatenate([y, np.zeros((degree, *y.shape[1:]))]), rcond=None)[0]


rng = np.random.default_rng(3)
x10 = np.linspace(-1, 1, 10)
y10 = 2 * x10 + rng.normal(0, 0.2, 10)
grid = np.linspace(-1, 1, 201)


def rmse(c, x, y):
    """Root of the mean squared error of the polynomial c."""
    return np.sqrt(np.mean((powers(x, len(c) - 1) @ c - y) ** 2))


for degree, lam in ((9, 0), (9, 0.001), (9, 0.01), (9, 0.1), (9, 1), (9, 10), (1, 0)):
    c = penalised_fit(x10, y10, degree, lam)
    print(
        f"degree {degree}, λ = {lam:<5} error at the points {rmse(c, x10, y10):.3f}, against 2x {rmse(c, grid, 2 * grid):.3f}, at 1.5: {(powers(1.5, degree) @ c)[0]:7.2f}, largest coefficient {np.abs(c).max():5.2f}"
    )

figure = plots.figure(7, 3)
axes = figure.subplots()
axes.plot(x10, y10, "o", color=plots.BLACK)
wide = np.linspace(-1.05, 1.05, 211)
for (degree, lam), style in zip(((9, 0), (9, 0.1), (1, 0)), ("-", "--", ":"), strict=True):
    axes.plot(
        wide,
        powers(wide, degree) @ penalised_fit(x10, y10, degree, lam),
        style,
        label=f"degree {degree}, λ = {lam}",
    )
axes.set(xlabel="x", ylabel="y", ylim=(-4, 4))
axes.legend()
plots.show(
    figure,
    alt="Ten points near a straight line. The polynomial of degree 9 without λ goes through all of them and swings between the outer ones; with λ = 0.1 it stays near the line.",
)

# %% [markdown] id="ten-meaning"
# Two hypotheses fit: a law of degree 9, or a line with noise. The ten points cannot decide. They agree where the data are and differ enormously where they are not. We prefer the line because a simple law that explains so much would hardly do so by accident. With $\lambda = 0.1$ the polynomial of degree 9 halves its distance to the truth, and the line, which *knows* the form of the law, beats it by far. Outside of the points nothing is cured: at 1.5 the penalised polynomial says 11.82, and the truth is 3.
#
# In a network small weights have a similar effect. The output then changes little when the input changes a little. A single odd example cannot bend it; only what many examples say in common moves it.
#
# But simplicity is no law of nature. The source of the book gives counter-examples that the book leaves out. Mercury's orbit did not quite follow Newton's laws, and it was Einstein's theory, not a small repair of the simpler one, that proved right. Nor is a network of 80,000 parameters "like a polynomial of degree 80,000": the number of parameters is not a degree, and you have seen double descent.

# %% [markdown] id="ridge-statement" statement="ridge-polyfit"
# ### Exercise 4: a polynomial that pays for its coefficients (4 points)
#
# Write `ridge_polyfit(x, y, degree, lam)`. `x (N,)` and `y (N,)` are points. It returns the coefficients `c (degree + 1,)`, beginning with that of $x^0$, of the polynomial that minimises
#
# $$\sum_i \big(y_i - p(x_i)\big)^2 + \lambda\,(c_1^2 + \dots + c_d^2)$$
#
# $c_0$ is free, like a bias. Set the gradient to zero: with $V$, whose columns are $1, x, x^2, \dots$, it follows that $(V^\top V + \lambda R)\,c = V^\top y$. $R$ is the identity, with a zero in its first entry. `np.vander(x, degree + 1, increasing=True)` gives $V$, `np.linalg.solve(A, b)` solves $Ac = b$.
#
# Check by hand: `x = [−1, 1]`, `y = [0, 4]`, degree 1. With λ = 0 it is `[2, 2]`, with λ = 2 it is `[2, 1]`.


# %% id="powers-of" given=true
def powers_of(x, degree):
    """1, x, x², … as columns: (N,) to (N, degree + 1)."""
    return np.vander(x, degree + 1, increasing=True)


# %% id="ridge-polyfit" exercise=true difficulty=2 by_hand="nn data optim train penalised_fit .polyfit"
def ridge_polyfit(x, y, degree, lam):
    """Points (N,), (N,) to coefficients (degree + 1,), increasing powers; all but the first are penalised by lam."""
    ### BEGIN SOLUTION
    V = np.vander(x, degree + 1, increasing=True)
    R = np.eye(degree + 1)
    R[0, 0] = 0
    return np.linalg.solve(V.T @ V + lam * R, V.T @ y)
    ### END SOLUTION


# %% [markdown] id="ridge-hints" hints="ridge-polyfit"
# - reversed: The coefficient of the highest power comes last.
# - intercept: The first coefficient is free: R has a zero in its first entry.
# - mean: The penalty is λ, not λ times the number of points: the errors are summed, not averaged.
# - ignored: lam changes nothing here.
# - root: The penalty is λ, not λ²: in (VᵀV + λR) it stands as it is.


# %% id="ridge-line" test="ridge-polyfit" points=1
@check.exercise("10-overfitting/ridge-polyfit")
def points_on_a_line():
    """Points on a line, no penalty"""
    x = np.linspace(-1, 2, 6)
    check.close(
        check.call(ridge_polyfit, x, 3 - 2 * x, 1, 0.0, returns=("c",)),
        np.array([3.0, -2.0]),
        name="c",
        hints={"reversed": lambda right: right[::-1]},
    )


# %% id="ridge-penalty" test="ridge-polyfit" points=2
@check.exercise("10-overfitting/ridge-polyfit")
def with_a_penalty():
    """A penalty on all but the first"""
    x = np.linspace(-0.8, 1.2, 7)
    y = 1.5 + np.cos(3 * x)
    V, R = powers_of(x, 3), np.diag([0.0, 1.0, 1.0, 1.0])
    check.close(
        check.call(ridge_polyfit, x, y, 3, 0.7, returns=("c",)),
        np.linalg.solve(V.T @ V + 0.7 * R, V.T @ y),
        name="c",
        hints={
            "intercept": lambda right: np.linalg.solve(V.T @ V + 0.7 * np.eye(4), V.T @ y),
            "mean": lambda right: np.linalg.solve(V.T @ V + 4.9 * R, V.T @ y),
            "root": lambda right: np.linalg.solve(V.T @ V + 0.49 * R, V.T @ y),
            "ignored": lambda right: np.linalg.solve(V.T @ V, V.T @ y),
        },
    )


# %% id="ridge-hidden" test="ridge-polyfit" points=1 hidden=true
@check.exercise("10-overfitting/ridge-polyfit", hidden=True)
def other_points():
    """Ten points met exactly, a huge penalty, degree zero"""
    rng = check.rng(24)
    x, y = np.linspace(-1, 1, 10), 2 * np.linspace(-1, 1, 10) + rng.normal(0, 0.2, 10)
    c = check.call(ridge_polyfit, x, y, 9, 0.0, returns=("c",))
    check.shape(c, (10,), name="c of degree 9")
    check.close(powers_of(x, 9) @ c, y, name="the polynomial of degree 9 at its points", atol=1e-6)
    c = check.call(ridge_polyfit, x, y, 4, 1e12, returns=("c",))
    check.close(c, np.array([y.mean(), 0, 0, 0, 0]), name="c for a huge penalty", atol=1e-6)
    c = check.call(ridge_polyfit, np.array([0.5]), np.array([3.0]), 0, 2.0, returns=("c",))
    check.close(c, np.array([3.0]), name="c for one point and degree 0")
    for N, degree, lam in [(12, 5, 0.03), (4, 6, 2.0), (30, 2, 10.0)]:
        x, y = rng.uniform(-1.5, 1.5, N), rng.normal(size=N)
        rows = np.vstack([powers_of(x, degree), np.sqrt(lam) * np.eye(degree + 1)[1:]])
        right = np.linalg.lstsq(rows, np.concatenate([y, np.zeros(degree)]), rcond=None)[0]
        c = check.call(ridge_polyfit, x, y, degree, lam, returns=("c",))
        check.close(c, right, name=f"c for N = {N}, degree {degree}", rtol=1e-5, atol=1e-7)


# %% [markdown] id="bias-variance"
# ## Bias and variance
#
# One can say more exactly what $\lambda$ trades. Draw the noise again, 200 times, and fit each time: a polynomial of degree 9 to 20 points of $\sin \pi x$ with noise of 0.4. Average the 200 curves. The squared distance of this average from the truth is the *bias*² (nothing to do with the biases of a network), that of the single curves from their average the *variance*. Both add up to the mean squared error against the truth, exactly.

# %% id="bias-variance-run"
rng = np.random.default_rng(4)
x20 = np.linspace(-1, 1, 20)
samples = np.sin(np.pi * x20) + rng.normal(0, 0.4, (200, 20))
lambdas = np.array([1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0])
fits = np.array([(powers(grid, 9) @ penalised_fit(x20, samples.T, 9, lam)).T for lam in lambdas])
bias = np.mean((fits.mean(axis=1) - np.sin(np.pi * grid)) ** 2, axis=1)
variance = np.mean(fits.var(axis=1), axis=1)
error = np.mean((fits - np.sin(np.pi * grid)) ** 2, axis=(1, 2))
for row in zip(lambdas, bias, variance, error, strict=True):
    print("λ = {:<7g} bias² {:.4f} + variance {:.4f} = error {:.4f}".format(*row))

figure = plots.figure(9, 3)
panels = figure.subplots(1, 3)
for axes, i in zip(panels, (0, 4), strict=False):
    axes.plot(grid, fits[i, :25].T, color=plots.SKY, linewidth=0.7)
    axes.plot(grid, np.sin(np.pi * grid), "--", color=plots.BLACK, label="truth")
    axes.plot(grid, fits[i].mean(axis=0), color=plots.VERMILION, label="average")
    axes.set(title=f"λ = {lambdas[i]:g}", xlabel="x", ylim=(-2, 2))
    axes.legend()
plots.learning_curves(panels[2], {"bias²": bias, "variance": variance, "error": error}, x=lambdas, xlabel="λ", log=True)
panels[2].set(xscale="log")
plots.show(
    figure,
    alt="Left: with a small λ the single curves scatter widely, their average lies on the truth. Middle: with λ = 1 they lie close together, and their average is too flat. Right: bias² rises with λ, variance falls, and their sum is lowest near λ = 0.01.",
)

# %% [markdown] id="bias-variance-meaning"
# A small $\lambda$ lets every curve follow its own noise: no bias, large variance. A large one makes them all alike, and all too flat. In between, near 0.01, the sum is smallest. L2 helps because a little bias buys a large reduction of the variance. Nothing here says that the truth is simple.
#
# A second reading gives the same formula. Suppose that before seeing any data you hold small weights for likelier than large ones, by a normal distribution with mean 0. The most likely weights *given the data* then minimise $C_0$ plus a multiple of $\sum w^2$. L2 is a Gaussian prior, and $\lambda$ says how firmly you believe in it.

# %% [markdown] id="sensitivity"
# ## How sensitive is the network?
#
# "The output changes little when the input changes a little": for a network this is a statement about its *Jacobian*, the matrix of all $\partial a_k/\partial x_i$. By the chain rule, with one hidden layer,
#
# $$J = \mathrm{diag}\big(\sigma'(z^2)\big)\,W^2\,\mathrm{diag}\big(\sigma'(z^1)\big)\,W^1$$
#
# A matrix stretches some vectors more than others; $\lVert J\rVert$ is the most that it stretches any. $\sigma'$ is at most ¼, so $\lVert J\rVert$ is at most $\lVert W^2\rVert\,\lVert W^1\rVert/16$. Small weights make a small Jacobian. We measure it at every validation digit, and then the hard way: by adding noise to the images.

# %% id="sensitivity-run"
noise = np.random.default_rng(1).normal(size=held_out[0].shape)
for lmbda in (0.0, 1.0):
    model = nets[lmbda]
    z, memory = model.forward(held_out[0])
    slope = sigmoid(z) * (1 - sigmoid(z))
    J = np.stack([model.backward(slope * np.eye(10)[k], memory) for k in range(10)], axis=1)
    model.zero_grad()
    stretch = np.linalg.norm(J, 2, axis=(1, 2))
    bound = np.prod([np.linalg.norm(w.data, 2) for w in nn.weights(model)]) / 16
    print(
        f"λ = {lmbda:g}: ‖J‖ {stretch.mean():.2f} on average, {stretch.max():.2f} at most; bound for any input {bound:.1f}"
    )
    shares = [np.mean(model(held_out[0] + s * noise).argmax(axis=1) == held_out[1]) for s in (0, 0.1, 0.2, 0.3)]
    print("   accuracy with noise of 0, 0.1, 0.2, 0.3: " + "  ".join(f"{share:.3f}" for share in shares))

# %% [markdown] id="sensitivity-meaning"
# A disturbance of the same size moves the outputs of the network with $\lambda = 1$ about a third as far, and noise costs it fewer digits.

# %% [markdown] id="jacobian-statement" statement="input-jacobian"
# ### Exercise 5: the Jacobian (5 points)
#
# Write `input_jacobian(W1, b1, W2, b2, x)` for the network `network_output` below: sigmoids in the hidden layer and at the output. `W1 (hidden, n_in)`, `b1 (hidden,)`, `W2 (n_out, hidden)`, `b2 (n_out,)`, `x (n_in,)`. It returns the matrix $\partial a_k/\partial x_i$, of shape `(n_out, n_in)`, by the formula above. Use `sigmoid`.
#
# Check by hand: all sizes 1, `W1 = W2 = 4`, biases and `x` such that $z^1 = z^2 = 0$: both slopes are ¼, so the Jacobian is `[[1]]`.


# %% id="network-output" given=true
def network_output(W1, b1, W2, b2, x):
    """A sigmoid network with one hidden layer: x (n_in,) -> (n_out,)."""
    return sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)


# %% id="input-jacobian" exercise=true difficulty=2 by_hand="nn data optim train network_output"
def input_jacobian(W1, b1, W2, b2, x):
    """∂ output / ∂ input of network_output at x (n_in,): (n_out, n_in)."""
    ### BEGIN SOLUTION
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    return (a2 * (1 - a2))[:, None] * W2 @ ((a1 * (1 - a1))[:, None] * W1)
    ### END SOLUTION


# %% [markdown] id="jacobian-hints" hints="input-jacobian"
# - output: The output is a sigmoid too: its slope σ′(z²) is missing.
# - hidden: The slope σ′(z¹) of the hidden layer is missing.
# - twice: The slope is taken at a instead of at z: σ′(z) is a(1 − a), not σ(a)(1 − σ(a)).
# - bias: The slopes depend on z, and the biases belong to z.
# - transposed: One row for each output, one column for each input.


# %% id="jacobian-one" test="input-jacobian" points=2
@check.exercise("10-overfitting/input-jacobian")
def one_of_each():
    """One input, one hidden unit, one output"""
    W1, b1, W2, b2, x = np.array([[1.5]]), np.array([0.4]), np.array([[-2.0]]), np.array([0.7]), np.array([0.6])
    a1 = sigmoid(1.3)
    a2 = sigmoid(0.7 - 2 * a1)
    s1, s2 = a1 * (1 - a1), a2 * (1 - a2)
    at_a1, at_a2 = sigmoid(a1) * (1 - sigmoid(a1)), sigmoid(a2) * (1 - sigmoid(a2))
    bare1 = sigmoid(0.9)
    bare2 = sigmoid(-2 * bare1)
    check.close(
        check.call(input_jacobian, W1, b1, W2, b2, x, returns=("J",)),
        np.array([[-3.0 * s1 * s2]]),
        name="J",
        hints={
            "output": lambda right: np.array([[-3.0 * s1]]),
            "hidden": lambda right: np.array([[-3.0 * s2]]),
            "twice": lambda right: np.array([[-3.0 * at_a1 * at_a2]]),
            "bias": lambda right: np.array([[-3.0 * bare1 * (1 - bare1) * bare2 * (1 - bare2)]]),
        },
    )


# %% id="jacobian-shape" test="input-jacobian" points=2
@check.exercise("10-overfitting/input-jacobian")
def three_sizes():
    """Three inputs, four hidden units, two outputs"""
    W1, b1 = np.cos(1.3 * np.arange(12)).reshape(4, 3), np.linspace(-0.5, 0.7, 4)
    W2, b2 = np.sin(0.8 * np.arange(8) + 0.3).reshape(2, 4), np.array([0.2, -0.6])
    x = np.array([0.9, -0.4, 0.3])
    steps = 1e-5 * np.eye(3)
    right = np.stack(
        [(network_output(W1, b1, W2, b2, x + s) - network_output(W1, b1, W2, b2, x - s)) / 2e-5 for s in steps], axis=1
    )
    check.close(
        check.call(input_jacobian, W1, b1, W2, b2, x, returns=("J",)),
        right,
        name="J",
        rtol=1e-5,
        atol=1e-8,
        hints={"transposed": lambda right: right.T},
    )


# %% id="jacobian-hidden" test="input-jacobian" points=1 hidden=true
@check.exercise("10-overfitting/input-jacobian", hidden=True)
def other_networks():
    """Other sizes, against backpropagation"""
    rng = check.rng(25)
    for n_in, hidden, n_out in [(5, 3, 4), (2, 8, 1), (1, 2, 6), (10, 1, 3)]:
        model = nn.Sequential(
            nn.Linear(n_in, hidden, rng=rng), nn.Sigmoid(), nn.Linear(hidden, n_out, rng=rng), nn.Sigmoid()
        )
        x = rng.normal(size=n_in)
        _, memory = model.forward(np.tile(x, (n_out, 1)))
        right = model.backward(np.eye(n_out), memory)
        W1, b1, W2, b2 = (p.data.copy() for p in model.parameters())
        J = check.call(input_jacobian, W1, b1, W2, b2, x, returns=("J",))
        check.close(J, right, name=f"J for {n_in}, {hidden} and {n_out} units")


# %% [markdown] id="biases"
# ## Why are the biases left out?
#
# The Jacobian answers that too. The biases are not among its factors: a large bias makes no unit more sensitive to its inputs. It moves the place where the unit switches, and a strongly negative one lets a unit be silent when it should be. There are also few of them. So it makes little difference, and the tradition is to leave them out.
#
# ## What is known, and what is not
#
# The book says that nobody has a satisfying explanation of why networks generalise, and calls them black boxes for that. It recalls that a child knows elephants after a few pictures, with a brain of a huge number of parameters, and that networks generalise better than a count of their 80,000 parameters for 50,000 images suggests. It quotes the conjecture that gradient descent itself regularises.
#
# "Nobody" is too strong now. There are the decomposition into bias and variance, the prior, bounds for the generalisation error that count the size of the weights and not their number (Bartlett 1998), double descent, and proofs for simple models that gradient descent, of all perfect fits, heads for the one with the widest margin (Soudry et al. 2018): there the conjecture was right. What is missing is a theory that foretells the error of a given deep network before it is trained. Zhang et al. (2017) put the question sharply: the same networks that generalise well also learn purely random labels by heart.

# %% [markdown] id="ridge-widget-text"
# ## Try it
#
# Ten points of $y = 2x$ with noise. Choose degree, $\lambda$ and noise, and draw the noise anew. The bars are the coefficients; on the right stand the errors over all $\lambda$. For which $\lambda$ is the error against the truth smallest, and does it stay there in the next draw?

# %% id="ridge-widget" folded=true
CHOICES = np.geomspace(1e-6, 100, 33)


def ridge_state(degree, lam, noise, draw):
    """The points, the fit, and both errors for all λ."""
    y = 2 * x10 + noise * np.random.default_rng(draw).normal(size=10)
    c = penalised_fit(x10, y, degree, lam)
    all_fits = [penalised_fit(x10, y, degree, other) for other in CHOICES]
    return {
        "y": y,
        "c": c,
        "lam": lam,
        "training": np.array([rmse(other, x10, y) for other in all_fits]),
        "truth": np.array([rmse(other, grid, 2 * grid) for other in all_fits]),
        "now": (rmse(c, x10, y), rmse(c, grid, 2 * grid)),
    }


def ridge_figure(state):
    """The curve, its coefficients, and the errors over λ."""
    figure = plots.figure(9, 3)
    left, middle, right = figure.subplots(1, 3)
    left.plot(x10, state["y"], "o", color=plots.BLACK)
    left.plot(grid, 2 * grid, "--", color=plots.GREEN, label="y = 2x")
    left.plot(grid, powers(grid, len(state["c"]) - 1) @ state["c"], color=plots.BLUE, label="fit")
    left.set(xlabel="x", ylim=(-4, 4))
    left.legend()
    middle.bar(range(len(state["c"])), state["c"], color=plots.BLUE)
    middle.set(xlabel="power", ylabel="coefficient")
    plots.learning_curves(
        right,
        {"at the points": state["training"], "against 2x": state["truth"]},
        x=CHOICES,
        xlabel="λ",
        ylabel="error",
    )
    right.axvline(state["lam"], color=plots.BLACK)
    right.set(xscale="log", ylim=(0, 1))
    return figure


widgets.explore(
    ridge_figure,
    dict(
        degree=widgets.Slider(1, 15, 9, label="degree"),
        lam=widgets.LogSlider(1e-6, 100, 0.1, label="λ"),
        noise=widgets.Slider(0.0, 1.0, 0.2, step=0.05, label="noise"),
        draw=widgets.Slider(0, 50, 3, label="draw of the noise"),
    ),
    compute=ridge_state,
    alt=lambda state: (
        f"Ten points and a fitted polynomial, its coefficients as bars, and the errors over λ. Error at the points {state['now'][0]:.2f}, against the line {state['now'][1]:.2f}; the largest coefficient is {np.abs(state['c']).max():.1f}."
    ),
    table=lambda state: {
        "error at the points": round(float(state["now"][0]), 4),
        "error against 2x": round(float(state["now"][1]), 4),
        "largest coefficient": round(float(np.abs(state["c"]).max()), 3),
        "best λ in this draw": float(f"{CHOICES[state['truth'].argmin()]:.2g}"),
    },
    title="How much should a coefficient cost?",
)

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# `torch.optim.SGD` has `weight_decay`, and it is $\lambda/n$, not $\lambda$. Given all parameters at once, it decays the biases as well. For the book's rule, make two groups, as `learn` does. Twenty steps from the same start:

# %% id="torch-check"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    rng = np.random.default_rng(0)
    ours = nn.Sequential(nn.Linear(64, 30, rng=rng), nn.Sigmoid(), nn.Linear(30, 10, rng=rng))
    weights = nn.weights(ours)
    biases = [p for p in ours.parameters() if p not in weights]
    x, y = noisy.x_train[:200], np.eye(10)[noisy.y_train[:200]]
    twins = []
    for grouped in (True, False):
        twin = torch.nn.Sequential(torch.nn.Linear(64, 30), torch.nn.Sigmoid(), torch.nn.Linear(30, 10)).double()
        twin.load_state_dict({name: torch.tensor(value) for name, value in ours.state_dict().items()})
        matrices, vectors = [twin[0].weight, twin[2].weight], [twin[0].bias, twin[2].bias]
        groups = [
            {"params": matrices, "weight_decay": 0.1},
            {"params": vectors, "weight_decay": 0.0 if grouped else 0.1},
        ]
        optimizer = torch.optim.SGD(groups, lr=0.5)
        for step in range(20):
            rows = slice(10 * step, 10 * step + 10)
            optimizer.zero_grad()
            target = torch.tensor(y[rows])
            loss = torch.nn.functional.binary_cross_entropy_with_logits(twin(torch.tensor(x[rows])), target)
            (10 * loss).backward()
            optimizer.step()
        twins.append([p.detach().numpy() for p in twin.parameters()])
    optimizer = optim.SGD([{"params": weights, "weight_decay": 0.1}, {"params": biases}], lr=0.5)
    config = train.Config(epochs=1, batch_size=10, shuffle=False)
    train.fit(ours, DigitCost(), optimizer, (x, y), config, rng=rng, progress=False)
    for name, twin in zip(("two groups", "one group"), twins, strict=True):
        pairs = zip(ours.parameters(), twin, strict=True)
        print(f"{name:10}: largest difference after 20 steps {max(np.abs(p.data - q).max() for p, q in pairs):.1e}")

# %% [markdown] id="common-mistakes"
# ## Common mistakes
#
# - **The batch size for $n$.** $\lambda/n$ with $n = 10$ instead of 300 decays thirty times too fast.
# - **Decay of everything**: biases, and later the parameters of normalisation.
# - **λ carried over to another number of examples**, or to a framework whose `weight_decay` is $\lambda/n$.
# - **The penalty in the reported cost.** Compare training and validation by $C_0$; the penalty is the same for both, and hides the gap.
# - **Scaling by the whole data**: means and deviations for standardising come from the training part alone.
# - **Copies on both sides of the split**: the same picture twice, or ten pictures by one writer. Split by writer then.
# - **One run.** Two settings that differ by less than their spread over seeds do not differ.
#
# The first of them, with the patient:

# %% id="mistake-run"
_, c = learn(noisy.x_train, noisy.y_train, 1.0 * len(noisy.x_train) / 10, epochs=60)
print(
    f"λ/10 for λ/n: training {c['train acc'][-1]:.3f}, validation {c['val acc'][-1]:.3f}, length of w {c['norm'][-1]:.2f}"
)

# %% [markdown] id="cost-quiz" question="quiz"
# From epoch 30 to epoch 60 the validation cost rises, the validation accuracy stays the same. What has happened?
#
# - [ ] an error in the program: accuracy and cost need not move together.
# - [x] the network has become more sure of itself, also where it is wrong: the same mistakes, made with more conviction, cost more.
# - [ ] the network has learnt nothing since epoch 30: then its cost would have stayed too.

# %% [markdown] id="lambda-quiz" question="quiz"
# You found $\lambda = 0.6$ for 2,000 examples. Now you have 10,000. Where do you start to look?
#
# - [ ] at 0.12: that would make the decay 25 times weaker per step.
# - [ ] at 0.6: the decay per step, $\eta\lambda/n$, would then be five times weaker.
# - [x] at 3: then $\lambda/n$, and with it the decay of every step, is as before.

# %% [markdown] id="questions"
# ## To think about
#
# 1. You try 50 values of $\lambda$ on 180 validation digits, and the best has 0.93. What do you expect on the test digits?
# 2. A network ends with the training accuracy 0.80 and the validation accuracy 0.79. Would L2 help?
# 3. In a ReLU network with one hidden layer, multiply all weights and the hidden biases by 2, the output biases by 4. What happens to the classes, to the penalty, and to the cross-entropy?
# 4. With $\eta\lambda/n = 2.5$, what becomes of a weight whose gradient is 0?
#
# <details><summary>Answers</summary>
#
# 1. Somewhat less. If all were equally good, with a spread of 0.02 each, the best of 50 would lie about two spreads too high. They share their digits, so it is less than that.
# 2. Hardly: there is no gap. A larger network, a longer training or a smaller $\lambda$ could help.
# 3. All logits are multiplied by 4, so the classes stay. The penalty is multiplied by 4. The cross-entropy falls where all is right, and rises where there are confident mistakes.
# 4. The factor is −1.5: it changes sign in each step and grows. The decay too has a largest learning rate, $\eta\lambda/n < 2$.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# Dyson, *A meeting with Enrico Fermi*, Nature 427 (2004). Mayer, Khairy and Howard, *Drawing an elephant with four complex parameters* (2010). Krogh and Hertz, *A simple weight decay can improve generalization* (1992).
# Bartlett, *The sample complexity of pattern classification with neural networks* (1998). Zhang et al., *Understanding deep learning requires rethinking generalization* (2017). Soudry et al., *The implicit bias of gradient descent on separable data* (2018).
# Belkin et al., *Reconciling modern machine-learning practice and the classical bias–variance trade-off* (2019). Recht et al., *Do ImageNet classifiers generalize to ImageNet?* (2019). Loshchilov and Hutter, *Decoupled weight decay regularization* (2019).
# Nielsen, *Neural Networks and Deep Learning* (2015), chapter 3, which the book follows.
#
# Next, chapter 11: three more cures, L1, dropout and more data made from the data you have.
