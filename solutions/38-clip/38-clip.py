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
#     title: CLIP
#     minutes: 125
#     needs: [09-cross-entropy, 18-convolution, 34-encoder]
#     book: [84]
# ---

# %% [markdown] id="title"
# # CLIP: pictures and sentences in one space
#
# **After this page you can** train an encoder of pictures and an encoder of sentences together, derive the gradient of their loss through the normalisation and the temperature, build a classifier out of nothing but sentences, measure retrieval, and say where such a model fails.
#
# **Time** 40 minutes to read, 85 for the seven exercises. **You need** convolution (chapter 18), cross-entropy (chapter 09) and the transformer's encoder (chapter 34).

# %% id="setup" given=true
import textwrap

import numpy as np

from dlbook import check, data, nn, optim, plots
from dlbook.models import clip

# %% [markdown] id="idea"
# ## A classifier that can be told what to look for
#
# The classifiers of this course end in a list. One of them ends in ten outputs, for ten digits; another in two, for cats and dogs. If someone asks it for a horse, it has no output for that, and the only remedy is to collect labelled horses and train again. Labels are costly and narrow. And a network that does well on its own test set may do badly on a drawing of the same things, because nothing in its training asked for more.
#
# CLIP (OpenAI, January 2021, *contrastive language–image pre-training*) learns from something that exists in abundance: pictures on the internet with the text that stands beside them. One network turns the picture into a vector, another turns the text into a vector, and both are trained so that the two vectors of a pair point the same way. Afterwards a class is a sentence. To sort pictures into cats and dogs, encode "a photo of a cat" and "a photo of a dog", and take the one that is nearer. No labelled example of the new task is needed, as GPT needs none for a new task in text. That is called **zero-shot**.
#
# Each piece was known before. In 2013 Richard Socher (the book calls him Richer) and others mapped pictures into a space of word vectors and recognised two classes of CIFAR-10 that they had never trained on. DeViSE (2013) did it for ImageNet. Ang Li and others at Facebook (2016) predicted phrases from 30 million photos of Flickr, and reached 11.5 % on ImageNet, zero-shot. VirTex and ICMLM (2020) learnt pictures by writing or completing their captions, and ConVIRT (2020) had the loss of this page, for medical images. CLIP made it large: **400 million pairs**.
#
# The book tells this history under the heading *Understanding the architecture*, and the chapter ends there, without an architecture: no encoders, no common space, no loss. This page supplies them.

# %% [markdown] id="toy-world"
# ## A world of thirty captions
#
# We begin with a world so small that everything can be seen. A picture has 16 × 16 pixels and shows one blob, in one of six colours, at one of five places. Its caption is "a photo of a red blob at the left". Size, place and brightness vary a little. Of the thirty combinations six are never shown in training, one for each colour.


# %% id="toy-pictures"
COLOURS = {
    "red": (0.90, 0.15, 0.10),
    "green": (0.10, 0.70, 0.20),
    "blue": (0.15, 0.30, 0.95),
    "yellow": (0.95, 0.85, 0.10),
    "purple": (0.60, 0.20, 0.75),
    "white": (1.00, 1.00, 1.00),
}
PLACES = {"left": (8, 3), "right": (8, 12), "top": (3, 8), "bottom": (12, 8), "centre": (8, 8)}
colour_names, place_names = list(COLOURS), list(PLACES)
combinations = np.array([(colour, place) for colour in range(6) for place in range(5)])
is_new = combinations[:, 0] % 5 == combinations[:, 1]
known, new = combinations[~is_new], combinations[is_new]


def blobs(chosen, rng, square=False):
    """Pictures (N, 3, 16, 16), float32, of the combinations chosen (N, 2)."""
    y, x = np.mgrid[:16, :16]
    middle = np.array(list(PLACES.values()))[chosen[:, 1]] + rng.uniform(-1, 1, (len(chosen), 2))
    dy, dx = y - middle[:, :1, None], x - middle[:, 1:, None]
    radius = rng.uniform(2, 3, (len(chosen), 1, 1))
    inside = np.maximum(abs(dy), abs(dx)) <= 0.9 * radius if square else dy**2 + dx**2 <= radius**2
    colour = np.array(list(COLOURS.values()))[chosen[:, 0]] * rng.uniform(0.8, 1, (len(chosen), 1))
    pictures = inside[:, None] * colour[:, :, None, None] + rng.normal(0, 0.05, (len(chosen), 3, 16, 16))
    return pictures.astype(np.float32)


def blob_caption(colour=None, place=None):
    """A caption; what is None is left out."""
    words = "a photo of a " + ("" if colour is None else colour_names[colour] + " ") + "blob"
    return words if place is None else words + " at the " + place_names[place]


def picture_grid(pictures, captions, columns, width=8.0):
    """Coloured pictures (N, 3, H, W) in rows, each with a caption below it."""
    rows = -(-len(pictures) // columns)
    figure = plots.figure(width, rows * (width / columns + 0.4))
    for n, ax in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
        if n >= len(pictures):
            ax.set_axis_off()
            continue
        ax.imshow(np.clip(pictures[n].transpose(1, 2, 0), 0, 1))
        ax.grid(False)
        ax.set(xticks=[], yticks=[])
        ax.set_xlabel(textwrap.fill(captions[n], 20), fontsize=9)
    return figure


toy_words = clip.Words(blob_caption(*pair) for pair in combinations)
toy_ids = toy_words.encode([blob_caption(*pair) for pair in combinations], 10)
print(f"vocabulary: “{' '.join(toy_words.vocabulary[1:])}”")
print(f"“{blob_caption(*combinations[1])}” -> {toy_ids[1]}")
print("never shown:", ", ".join(f"{colour_names[c]} {place_names[p]}" for c, p in new))
examples = known[[0, 5, 9, 14, 23]]
plots.show(
    picture_grid(
        blobs(examples, np.random.default_rng(1)),
        [blob_caption(*pair) for pair in examples],
        5,
    ),
    alt="Five dark pictures of 16 by 16 pixels, each with one coloured blob and the caption that names its colour and place.",
)

# %% [markdown] id="two-encoders"
# ## Two encoders and a table of similarities
#
# The picture goes through a small convolutional network $f$, the caption through a text encoder $g$. For these captions the mean of one learnt vector a word is enough, a *bag of words*; further down a transformer reads. Two matrices $W_I$ and $W_T$ bring both outputs to the same number $d$ of components, and both are divided by their length:
#
# $$I_i = \frac{f(x_i)\,W_I^\top}{\lVert\cdot\rVert}, \qquad T_j = \frac{g(t_j)\,W_T^\top}{\lVert\cdot\rVert}, \qquad S_{ij} = e^{s}\; I_i\cdot T_j$$
#
# The product of two unit vectors is the cosine of the angle between them, a number from −1 to 1. The learnt number $s$ stretches it.
#
# A batch holds $N$ pairs, so $S$ has $N$ rows, one for each picture, and $N$ columns, one for each caption. The right answers stand on the diagonal. Now read each row as the scores of a classifier with $N$ classes: *which of these captions belongs to my picture?* And each column likewise: *which of these pictures belongs to my caption?* Both questions get the cross-entropy of chapter 09:
#
# $$\mathcal L = \tfrac12\Big[\mathrm{CE}\big(S,\ \text{diagonal}\big) + \mathrm{CE}\big(S^\top,\ \text{diagonal}\big)\Big]$$
#
# It is called *symmetric InfoNCE*. Nothing has to be labelled: the other pairs of the batch are the wrong answers.

# %% [markdown] id="start-question" question="predict"
# A batch has 24 pairs. What is the loss of a model for which all similarities are equal, which cannot tell anything apart?
#
# - [ ] 1/24: that is the probability of the right one; the loss is minus its logarithm.
# - [ ] ln 2: a guess between right and wrong would cost that; but each row is a choice among 24.
# - [x] ln 24, about 3.18: every row and every column gives the right one the probability 1/24.

# %% id="toy-train"
FLOAT = np.float32


def picture_encoder(rng):
    """Pictures (N, 3, 16, 16) -> (N, 32)."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2, padding=1, rng=rng, dtype=FLOAT),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3, stride=2, padding=1, rng=rng, dtype=FLOAT),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(256, 32, rng=rng, dtype=FLOAT),
        nn.ReLU(),
    )


def toy_model(seed):
    rng = np.random.default_rng(seed)
    texts = clip.BagOfWords(len(toy_words), 32, rng=rng, dtype=FLOAT)
    return clip.CLIP(picture_encoder(rng), texts, 32, 32, 16, rng=rng, dtype=FLOAT)


SNAPSHOTS = (0, 10, 30, 100, 300)
watched = blobs(known, np.random.default_rng(3))


def train_toy(seed, steps=300):
    """A model after `steps` batches of one picture of each known combination; its losses; its vectors on the way."""
    model, rng, vectors = toy_model(seed), np.random.default_rng(100 + seed), {}

    def batches():
        for step in range(steps + 1):
            if step in SNAPSHOTS:
                vectors[step] = model.encode_pictures(watched), model.encode_texts(toy_ids[~is_new])
            if step < steps:
                yield blobs(known, rng), toy_ids[~is_new]

    losses = clip.learn(model, batches(), optim.Adam(model.parameters(), 3e-3))
    return model, losses, vectors


models, losses, vectors = zip(*(train_toy(seed) for seed in range(3)), strict=True)
for step in (0, 10, 30, 100, 299):
    print(f"step {step:3}: loss {losses[0][step]:.4f}")
print(f"ln 24 = {np.log(24):.4f};  the scale exp(s) went from {1 / 0.07:.1f} to {np.exp(models[0].log_scale.data):.1f}")

# %% [markdown] id="toy-train-meaning"
# The first loss is above $\ln 24$, for the vectors of an untrained model are not indifferent: they have opinions, and wrong ones. After thirty steps most pairs are found, and after 300 almost nothing is left of the loss.

# %% [markdown] id="matrix-widget-text"
# ### Try it: the diagonal lights up
#
# The table holds the 24 pairs, sorted by colour and then by place. Walk through the snapshots of the training. Which is learnt first, the place or the colour? Then change the scale $e^s$. The cosines on the left do not change, and yet the probabilities on the right do. With which scale is the choice nearly even, however well the model knows the pairs?

# %% id="matrix-widget" folded=true
from dlbook import widgets


def batch_table(snapshot, scale):
    images, texts = vectors[0][SNAPSHOTS[snapshot]]
    cosines = images @ texts.T
    rows, columns = nn.softmax(scale * cosines)[0], nn.softmax(scale * cosines, axis=0)[0]
    loss = -0.5 * (np.log(np.diag(rows)).mean() + np.log(np.diag(columns)).mean())
    found = float((cosines.argmax(axis=1) == np.arange(len(cosines))).mean())
    return {"step": SNAPSHOTS[snapshot], "scale": scale, "cosines": cosines, "rows": rows, "loss": loss, "found": found}


def batch_figure(result):
    """Cosines of the 24 pictures and captions (left), the softmax of each row (right)."""
    figure = plots.figure(9, 4.2)
    left, right = figure.subplots(1, 2)
    for ax, values, limits, title in (
        (left, result["cosines"], (-1, 1), "cosines"),
        (right, result["rows"], (0, 1), "probability of each caption"),
    ):
        shown = ax.imshow(values, cmap=plots.DIVERGING if ax is left else "Blues", vmin=limits[0], vmax=limits[1])
        ax.grid(False)
        ax.set(xlabel="caption", ylabel="picture", xticks=[2, 6, 10, 14, 18, 22], yticks=[2, 6, 10, 14, 18, 22])
        ax.set_xticklabels(colour_names, rotation=30)
        ax.set_yticklabels(colour_names)
        ax.set_title(title)
        figure.colorbar(shown, ax=ax, shrink=0.8)
    return figure


widgets.explore(
    batch_figure,
    dict(
        snapshot=widgets.Steps([f"step {step}" for step in SNAPSHOTS], 4, play=True, label="training"),
        scale=widgets.LogSlider(0.5, 100.0, 14.3, label="scale exp(s)"),
    ),
    compute=batch_table,
    alt=lambda r: (
        f"After {r['step']} steps {r['found']:.0%} of the pictures have their own caption as the nearest; with the scale "
        f"{r['scale']:.1f} the right captions have the mean probability {np.diag(r['rows']).mean():.2f}."
    ),
    table=lambda r: {
        "step": r["step"],
        "scale": round(r["scale"], 2),
        "loss": round(float(r["loss"]), 4),
        "share found": round(r["found"], 3),
        "mean probability of the right caption": round(float(np.diag(r["rows"]).mean()), 3),
    },
    title="A batch of 24 pairs",
)

# %% [markdown] id="unit-text"
# ## The gradient, from the inside out
#
# Three things happen to a vector on its way into the loss. It is divided by its length, it is multiplied with all vectors of the other side, and the products are stretched and judged. We go back through them one at a time, and begin with the length. Let $u$ be a vector and $\hat u = u/\lVert u\rVert$. Moving $u$ along itself changes its length and not its direction, so that part of an incoming gradient must vanish. What remains is shortened by $\lVert u\rVert$: of a long vector the direction is hard to turn.
#
# $$\mathrm du = \frac{1}{\lVert u\rVert}\,\big(\mathbf I - \hat u\,\hat u^\top\big)\,\mathrm d\hat u$$


# %% id="unit-rows" given=true
def unit_rows(x):
    """Every row of x (N, d) divided by its length."""
    return x / np.linalg.norm(x, axis=1, keepdims=True)


# %% [markdown] id="unit-statement" statement="unit"
# ### Exercise 1: back through the length (5 points)
#
# Write `unit_rows_backward(dy, x)`. `x (N, d)` are the vectors before they are divided, `dy (N, d)` is the gradient of the loss with respect to `unit_rows(x)`. Return `dx (N, d)`. No row of `x` is zero.
#
# Check by hand: `x = [[3, 4]]` has the length 5 and the direction `[0.6, 0.8]`. With `dy = [[5, 0]]` the part along the direction is $5\cdot0.6 = 3$; what is left is `[5 − 1.8, −2.4]`, and `dx = [[0.64, −0.48]]`.


# %% id="unit" exercise=true difficulty=1 by_hand="unit_rows clip nn optim data"
def unit_rows_backward(dy, x):
    """Gradient (N, d) with respect to x (N, d) of a loss that sends dy (N, d) to the unit rows."""
    ### BEGIN SOLUTION
    length = np.linalg.norm(x, axis=1, keepdims=True)
    unit = x / length
    return (dy - unit * np.sum(unit * dy, axis=1, keepdims=True)) / length
    ### END SOLUTION


# %% [markdown] id="unit-hints" hints="unit"
# - projector: The length was treated as a constant: it depends on x too. The part of dy along x has to go.
# - length: What remains has still to be divided by the length of the row.
# - raw: The direction in the projector must have length 1: divide x by its length there too.
# - whole: This is one length for the whole array: every row has its own.
# - sign: The part along x is taken away, not added.


# %% id="unit-case" given=true
def clip_case(N, d):
    """Picture and text vectors, an upstream gradient and a log scale, the same on every machine."""
    images = 1.5 * np.cos(1.7 * np.arange(N * d) + 0.4).reshape(N, d) + np.linspace(0.2, 0.6, d)
    texts = np.sin(2.3 * np.arange(N * d) ** 1.1 + 1.0).reshape(N, d) - np.linspace(0.3, 0.1, N)[:, None]
    dy = np.sin(1.3 * np.arange(N * d) + 0.8).reshape(N, d)
    return images, texts, dy, 0.7


# %% id="unit-visible" test="unit" points=3
@check.exercise("38-clip/unit")
def three_vectors():
    """Three vectors of four numbers"""
    x, _, dy, _ = clip_case(3, 4)
    dx = check.call(unit_rows_backward, dy, x, returns=("dx",))
    length = np.linalg.norm(x, axis=1, keepdims=True)
    along = np.sum(x * dy, axis=1, keepdims=True)
    whole = np.linalg.norm(x)
    check.gradient(lambda v: np.sum(dy * unit_rows(v)), dx, x, name="dx", hints={
        "projector": lambda right: dy / length,
        "length": lambda right: right * length,
        "raw": lambda right: (dy - x * along) / length,
        "whole": lambda right: (dy - x * np.sum(x * dy) / whole**2) / whole,
        "sign": lambda right: (dy + x * along / length**2) / length,
    })  # fmt: skip


# %% id="unit-hidden" test="unit" points=2 hidden=true
@check.exercise("38-clip/unit", hidden=True)
def other_vectors():
    """One vector, one number, long and short vectors"""
    rng = check.rng(1)
    for N, d, size in [(1, 3, 1.0), (4, 1, 2.0), (5, 6, 1e3), (2, 7, 1e-3)]:
        x, dy = size * rng.normal(size=(N, d)), rng.normal(size=(N, d))
        dx = check.call(unit_rows_backward, dy, x, returns=("dx",))
        right = nn.l2_normalize_backward(dy, nn.l2_normalize(x)[1])
        check.close(dx * size, right * size, name=f"dx · {size:g} for N = {N}, d = {d}")


# %% [markdown] id="loss-statement" statement="loss"
# ### Exercise 2: the loss (5 points)
#
# Write `clip_loss(images, texts, log_scale)` for `images` and `texts (N, d)`, whose rows may have any length, and the number $s$ = `log_scale`. It returns the loss, a number: normalise (`unit_rows` is given), make the table $S$, and take the mean of the two cross-entropies, each averaged over the $N$ pairs. Scores may be in the thousands: subtract the largest of a row before `exp`, as in chapter 09.
#
# Check by hand: if all rows of `images` and `texts` are equal, the loss is $\ln N$, whatever the scale.


# %% id="loss" exercise=true difficulty=2 by_hand="clip nn optim data"
def clip_loss(images, texts, log_scale):
    """Symmetric InfoNCE of images (N, d) and texts (N, d): a number."""
    ### BEGIN SOLUTION
    scores = np.exp(log_scale) * unit_rows(images) @ unit_rows(texts).T

    def cross_entropy(scores):
        scores = scores - scores.max(axis=1, keepdims=True)
        return np.mean(np.log(np.exp(scores).sum(axis=1)) - np.diag(scores))

    return 0.5 * (cross_entropy(scores) + cross_entropy(scores.T))
    ### END SOLUTION


# %% [markdown] id="loss-hints" hints="loss"
# - rows: Only one direction: the softmax runs over the captions of each picture. The other half asks each caption for its picture.
# - columns: Only one direction: the softmax runs over the pictures of each caption. The other half asks each picture for its caption.
# - length: The rows were not normalised: a product of vectors of any length is no cosine.
# - sum: The two directions are averaged, not added.
# - batch: Each cross-entropy is a mean over the N pairs, not a sum.
# - scale: The scale is exp(log_scale), not log_scale.
# - divided: The cosines are multiplied by exp(log_scale). Its inverse is the temperature.


# %% id="loss-visible" test="loss" points=2
@check.exercise("38-clip/loss")
def loss_of_four_pairs():
    """The loss of four pairs"""
    images, texts, _, log_scale = clip_case(4, 3)
    loss = check.call(clip_loss, images, texts, log_scale, returns=("loss",))
    labels = np.arange(4)

    def both(images, texts, scale):
        scores = scale * images @ texts.T
        return nn.cross_entropy(scores, labels)[0], nn.cross_entropy(scores.T, labels)[0]

    unit, scale = (unit_rows(images), unit_rows(texts)), np.exp(log_scale)
    check.close(loss, clip.info_nce(images, texts, log_scale)[0], name="loss", hints={
        "rows": lambda right: both(*unit, scale)[0],
        "columns": lambda right: both(*unit, scale)[1],
        "length": lambda right: np.mean(both(images, texts, scale)),
        "sum": lambda right: 2 * right,
        "batch": lambda right: 4 * right,
        "scale": lambda right: np.mean(both(*unit, log_scale)),
        "divided": lambda right: np.mean(both(*unit, 1 / scale)),
    })  # fmt: skip


# %% id="loss-extremes" test="loss" points=1
@check.exercise("38-clip/loss")
def nothing_known_and_all_known():
    """Nothing known, and everything known with a large scale"""
    same = np.tile([0.3, -2.0, 0.5], (6, 1))
    check.close(
        check.call(clip_loss, same, 4 * same, 2.0, returns=("loss",)), np.log(6), name="the loss of equal vectors"
    )
    loss = check.call(clip_loss, 3 * np.eye(5), np.eye(5), 7.0, returns=("loss",))
    check.close(loss, 0.0, name="the loss of five pairs at right angles, log_scale = 7")


# %% id="loss-hidden" test="loss" points=2 hidden=true
@check.exercise("38-clip/loss", hidden=True)
def properties_of_the_loss():
    """One pair, both sides exchanged, other lengths, a large scale"""
    rng = check.rng(2)
    for N, d, log_scale in [(1, 3, 1.0), (7, 2, np.log(100)), (3, 5, -1.0), (6, 4, 8.0)]:
        images, texts = rng.normal(size=(N, d)), rng.normal(size=(N, d))
        right = clip.info_nce(images, texts, log_scale)[0]
        stretched = rng.uniform(0.1, 9, (N, 1)) * images
        for name, first, second in (
            ("the loss", images, texts),
            ("the loss of stretched vectors", stretched, texts),
            ("the loss with both sides exchanged", texts, images),
        ):
            loss = check.call(clip_loss, first, second, log_scale, returns=("loss",))
            check.close(loss, right, name=f"{name}, N = {N}, d = {d}")


# %% [markdown] id="back-text"
# The gradient with respect to the table is that of two classifiers, added: each row's softmax minus the diagonal, each column's softmax minus the diagonal.
#
# $$\frac{\partial\mathcal L}{\partial S} = \frac1{2N}\Big[\operatorname{softmax}_{\text{rows}}(S) + \operatorname{softmax}_{\text{columns}}(S) - 2\,\mathbf I\Big]$$
#
# From there two products lead to the unit vectors of both sides, with the scale $e^s$ as a factor, and exercise 1 leads on to the vectors before. And $s$ itself? It stretches every entry, $\partial S_{ij}/\partial s = S_{ij}$, so it collects from all of them.

# %% [markdown] id="back-statement" statement="back"
# ### Exercise 3: the gradients (8 points)
#
# Write `clip_loss_backward(images, texts, log_scale)`. It returns `dimages (N, d)`, `dtexts (N, d)` and `dlog_scale`, a number: the gradients of the loss of exercise 2 with respect to its three arguments. You may use `unit_rows` and your `unit_rows_backward`.
#
# Check by hand: with one pair there is nothing to confuse, the loss is 0, and so are all gradients.


# %% id="back" exercise=true difficulty=3 by_hand="clip_loss clip nn optim data"
def clip_loss_backward(images, texts, log_scale):
    """Gradients of the loss: dimages (N, d), dtexts (N, d), dlog_scale (a number)."""
    ### BEGIN SOLUTION
    I, T, scale = unit_rows(images), unit_rows(texts), np.exp(log_scale)
    scores = scale * I @ T.T

    def softmax(axis):
        powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
        return powers / powers.sum(axis=axis, keepdims=True)

    dscores = (softmax(1) + softmax(0) - 2 * np.eye(len(images))) / (2 * len(images))
    dimages = unit_rows_backward(scale * dscores @ T, images)
    dtexts = unit_rows_backward(scale * dscores.T @ I, texts)
    return dimages, dtexts, float(np.sum(dscores * scores))
    ### END SOLUTION


# %% [markdown] id="back-hints" hints="back"
# - one-way: Only one of the two softmaxes came back: the columns send a gradient too.
# - half: All is twice too large: the loss is the mean of two directions, and of N pairs.
# - batch: The mean over the N pairs is missing.
# - projector: The gradient stops at the unit vectors: it has to go back through the length, exercise 1.
# - scale: The factor exp(log_scale) is missing on the way from the table to the vectors.
# - transposed: The texts own the columns of the table: their gradient needs it transposed.
# - log-scale: This is the gradient with respect to exp(log_scale): by the chain rule, one factor is missing.
# - sign: The sign is turned round: softmax minus the right answer.


# %% id="back-visible" test="back" points=3
@check.exercise("38-clip/back")
def gradients_of_the_vectors():
    """The gradients of both sides, four pairs"""
    images, texts, _, log_scale = clip_case(4, 3)
    dimages, dtexts, _ = check.call(
        clip_loss_backward, images, texts, log_scale, returns=("dimages", "dtexts", "dlog_scale")
    )
    (I, first), (T, second), scale = nn.l2_normalize(images), nn.l2_normalize(texts), np.exp(log_scale)
    scores = scale * I @ T.T
    rows = (nn.softmax(scores)[0] - np.eye(4)) / 4
    both = (rows + (nn.softmax(scores, axis=0)[0] - np.eye(4)) / 4) / 2
    check.gradient(lambda v: clip.info_nce(v, texts, log_scale)[0], dimages, images, name="dimages", hints={
        "half": lambda right: 2 * right,
        "one-way": lambda right: nn.l2_normalize_backward(scale * rows @ T, first),
        "batch": lambda right: 4 * right,
        "projector": lambda right: scale * both @ T,
        "scale": lambda right: right / scale,
        "sign": lambda right: -right,
    })  # fmt: skip
    check.gradient(lambda v: clip.info_nce(images, v, log_scale)[0], dtexts, texts, name="dtexts", hints={
        "transposed": lambda right: nn.l2_normalize_backward(scale * both @ I, second),
    })  # fmt: skip


# %% id="back-scale" test="back" points=2
@check.exercise("38-clip/back")
def gradient_of_the_scale():
    """The gradient of the log scale"""
    images, texts, _, log_scale = clip_case(5, 4)
    _, _, dlog_scale = check.call(
        clip_loss_backward, images, texts, log_scale, returns=("dimages", "dtexts", "dlog_scale")
    )
    check.gradient(lambda s: clip.info_nce(images, texts, float(s))[0], dlog_scale, log_scale, name="dlog_scale", hints={
        "log-scale": lambda right: right / np.exp(log_scale),
    })  # fmt: skip


# %% id="back-hidden" test="back" points=3 hidden=true
@check.exercise("38-clip/back", hidden=True)
def gradients_of_other_sizes():
    """One pair, many pairs, the scale 100, vectors of any length"""
    rng = check.rng(3)
    for N, d, log_scale in [(1, 3, 1.0), (9, 2, np.log(100)), (3, 6, -0.5), (4, 4, 7.5)]:
        images, texts = rng.uniform(0.2, 5, (N, 1)) * rng.normal(size=(N, d)), rng.normal(size=(N, d))
        found = check.call(clip_loss_backward, images, texts, log_scale, returns=("dimages", "dtexts", "dlog_scale"))
        _, cache = clip.info_nce(images, texts, log_scale)
        for name, got, right in zip(
            ("dimages", "dtexts", "dlog_scale"), found, clip.info_nce_backward(1.0, cache), strict=True
        ):
            check.close(got, right, name=f"{name} for N = {N}, d = {d}")


# %% [markdown] id="temperature"
# ## What the temperature is for
#
# A cosine lies between −1 and 1. Without a scale even a perfect model could not be sure. At best the $N$ texts point away from each other as far as they can, with the cosine $-1/(N-1)$ between any two, and every picture lies on its text. Then the loss is
#
# $$\ln\Big(1 + (N-1)\,e^{-e^s N/(N-1)}\Big)$$
#
# The inverse $e^{-s}$ is called the temperature. CLIP starts at 0.07, a scale of 14.3, learns $s$ with everything else, and does not let the scale exceed 100.

# %% id="temperature-run"
for scale in (1, 5, 100, 1000):
    model, rng = toy_model(0), np.random.default_rng(100)
    model.log_scale.data = np.asarray(np.log(scale), FLOAT)
    others = [parameter for name, parameter in model.named_parameters() if name != "log_scale"]
    optimizer, run = optim.Adam(others, 3e-3), []
    for _ in range(200):
        loss, cache = model.forward(blobs(known, rng), toy_ids[~is_new])
        model.zero_grad()
        model.backward(1.0, cache)
        optimizer.step()
        run.append(loss)
    best = np.log1p(23 * np.exp(-scale * 24 / 23))
    nearest = clip.zero_shot(model.encode_pictures(watched), model.encode_texts(toy_ids[~is_new]))
    print(
        f"scale {scale:4}: first loss {run[0]:7.3f}, after 200 steps {np.mean(run[-20:]):.4f} (at best {best:.4f}), "
        f"pairs found {np.mean(nearest == np.arange(24)):.2f}"
    )

# %% [markdown] id="temperature-meaning"
# With the scale 1 the loss cannot fall below 2.208, however good the model is, and the pull towards the right answer is weak. A scale of 1000 begins with a loss of 169: one wrong similarity, magnified a thousand times, drowns all else, and after 200 steps an eighth of the pairs is still not found. That is the instability that the limit of 100 prevents. A scale that starts moderate and is learnt has neither trouble.

# %% [markdown] id="step-statement" statement="step"
# ### Exercise 4: a step of the scale (3 points)
#
# Write `scale_step(log_scale, dlog_scale, lr)`: one step of gradient descent on $s$, after which the scale $e^s$ is at most 100. Return the new `log_scale`.
#
# Check by hand: `scale_step(4.5, -2.0, 0.1)` would be 4.7; $e^{4.7}$ is 110, so the result is $\ln 100 = 4.605$.


# %% id="step" exercise=true difficulty=1 by_hand="clip nn optim data"
def scale_step(log_scale, dlog_scale, lr):
    """The log scale after one step of descent, its exponential at most 100."""
    ### BEGIN SOLUTION
    return min(log_scale - lr * dlog_scale, np.log(100))
    ### END SOLUTION


# %% [markdown] id="step-hints" hints="step"
# - unlimited: The limit is missing or too high: exp(log_scale) must not exceed 100, so log_scale not log(100).
# - exponential: Return log_scale, not its exponential.
# - sign: Gradient descent goes against the gradient.
# - before: The limit comes after the step, not before it.


# %% id="step-free" test="step" points=1
@check.exercise("38-clip/step")
def a_step_below_the_limit():
    """A step below the limit"""
    new = check.call(scale_step, 2.7, 0.4, 0.5, returns=("log_scale",))
    check.close(new, 2.5, name="log_scale", hints={"sign": lambda right: 2.9, "exponential": np.exp})


# %% id="step-limit" test="step" points=1
@check.exercise("38-clip/step")
def a_step_over_the_limit():
    """A step over the limit"""
    new = check.call(scale_step, 5.2, -6.0, 0.25, returns=("log_scale",))
    check.close(new, np.log(100), name="log_scale", hints={
        "unlimited": lambda right: 6.7,
        "before": lambda right: right + 1.5,
    })  # fmt: skip


# %% id="step-hidden" test="step" points=1 hidden=true
@check.exercise("38-clip/step", hidden=True)
def back_from_the_limit():
    """Back from the limit, and across it"""
    for log_scale, dlog_scale, lr in [(np.log(100), 0.8, 0.5), (4.6, -0.5, 0.1), (6.0, 2.0, 1.0), (-1.0, -3.0, 0.2)]:
        new = check.call(scale_step, log_scale, dlog_scale, lr, returns=("log_scale",))
        right = np.minimum(log_scale - lr * dlog_scale, clip.MAX_LOG_SCALE)
        check.close(new, right, name=f"log_scale after {log_scale:.3f}, gradient {dlog_scale}, lr {lr}")


# %% [markdown] id="zero-shot-text"
# ## Zero-shot: a class is a sentence
#
# Every caption in training named a colour and a place. Now we ask for the colour alone: six prompts, "a photo of a red blob", "a photo of a green blob" …, none of which was ever a caption. The vectors of these six sentences are the weights of a new classifier, and no picture was needed to make it:
#
# $$\hat y = \arg\max_c\ \big\langle I(x),\ T(\text{“a photo of a } c \text{ blob”})\big\rangle$$

# %% [markdown] id="zero-shot-question" question="predict"
# Will it work? And what about the six combinations of a colour and a place that were never shown, among all thirty full captions?
#
# - [ ] Both work: a model that knows red and knows left should know a red blob at the left; but nothing in the loss ever asked for that.
# - [ ] Neither works: a sentence that was never a caption has no vector; yet it has one, from the same words.
# - [x] The new prompts work, the new combinations mostly do not: a batch never rewards keeping colour and place apart.

# %% id="zero-shot-run"
colour_ids = toy_words.encode([blob_caption(colour=colour) for colour in range(6)], 10)
place_ids = toy_words.encode([blob_caption(place=place) for place in range(5)], 10)
for seed, model in enumerate(models):
    rng = np.random.default_rng(9)
    shown = np.repeat(known, 20, axis=0)
    images, texts = model.encode_pictures(blobs(shown, rng)), model.encode_texts(toy_ids)
    colour = np.mean(clip.zero_shot(images, model.encode_texts(colour_ids)) == shown[:, 0])
    place = np.mean(clip.zero_shot(images, model.encode_texts(place_ids)) == shown[:, 1])
    full = np.mean(combinations[clip.zero_shot(images, texts)] == shown, axis=0).min()
    unseen = np.repeat(new, 60, axis=0)
    answers = combinations[clip.zero_shot(model.encode_pictures(blobs(unseen, rng)), texts)] == unseen
    print(
        f"start {seed}: colour {colour:.2f}, place {place:.2f}, full captions {full:.2f}; "
        f"new combinations {answers.all(axis=1).mean():.2f} (colour {answers[:, 0].mean():.2f}, place {answers[:, 1].mean():.2f})"
    )

# %% [markdown] id="zero-shot-meaning"
# The new prompts work almost without fail, although no picture was ever paired with them. That is zero-shot classification: the sentences are made from known words, the classifier is new.
#
# The new combinations are another matter. The place is always right. The colour is right in 54, 36 or 17 % of the cases, depending on the start; chance among thirty captions would be 3 %. Nothing in a batch of 24 sentences asks the model to keep colour and place apart so cleanly that "red" and "left" can be put together for the first time. Contrastive learning does not give that for free.

# %% [markdown] id="ensemble-text"
# A class may have more than one sentence: "a photo of a dog", "a drawing of a dog", "a small dog". CLIP averages their vectors. But what is wanted of a vector here is its direction, and a mean of unit vectors is shorter than 1, the more so the less they agree. A short class vector has small products with every picture, and loses unfairly. So: normalise, average, normalise again. This is called **prompt ensembling**.

# %% [markdown] id="zs-statement" statement="zs"
# ### Exercise 5: a classifier out of sentences (5 points)
#
# Write `zero_shot(images, prompts)`. `images (B, d)` are picture vectors, `prompts (C, P, d)` the vectors of $P$ prompts for each of $C$ classes, all of any length. Return the class of every picture, `(B,)` integers: normalise each prompt, average the prompts of a class, normalise the mean, and take the class with the largest cosine.
#
# Check by hand: with one prompt a class, `prompts = [[[1, 0]], [[3, 4]]]` have the directions `[1, 0]` and `[0.6, 0.8]`. The picture `[2, 0.9]` has the products 2 and 1.92 with them and belongs to class 0; `[2, 1.1]` has 2 and 2.08, and belongs to class 1.


# %% id="zs" exercise=true difficulty=2 by_hand="clip nn optim data"
def zero_shot(images, prompts):
    """Classes (B,) of picture vectors (B, d), from prompts (C, P, d) of any length."""
    ### BEGIN SOLUTION
    prompts = prompts / np.linalg.norm(prompts, axis=2, keepdims=True)
    classes = unit_rows(prompts.mean(axis=1))
    return np.argmax(images @ classes.T, axis=1)
    ### END SOLUTION


# %% [markdown] id="zs-hints" hints="zs"
# - first: The prompts were averaged as they are: a long one then counts for more than the others. Normalise each before.
# - again: The mean was not normalised again: classes whose prompts disagree have a shorter mean, and lose.
# - probabilities: The probabilities of each prompt were averaged: it is the vectors that are averaged.
# - best: That is the class of the nearest single prompt; the mean of a class decides.


# %% id="zs-case" given=true
def prompt_case(B, C, P, d):
    """Picture vectors and prompts, the same on every machine; the prompts of the later classes disagree more."""
    images = np.cos(1.9 * np.arange(B * d) ** 1.2 + 0.3).reshape(B, d)
    middles = np.sin(2.7 * np.arange(C * d) + 0.5).reshape(C, 1, d)
    spread = np.linspace(0.1, 2.0, C)[:, None, None] * np.cos(3.1 * np.arange(C * P * d) ** 1.1).reshape(C, P, d)
    lengths = (0.3 + 3 * np.abs(np.sin(1.1 * np.arange(C * P)))).reshape(C, P, 1)
    return images, lengths * (middles + spread)


# %% id="zs-visible" test="zs" points=2
@check.exercise("38-clip/zs")
def four_prompts_a_class():
    """Forty pictures, five classes, four prompts each"""
    images, prompts = prompt_case(40, 5, 4, 3)
    labels = check.call(zero_shot, images, prompts, returns=("labels",))
    unit = nn.l2_normalize(prompts)[0]
    cosines = np.einsum("bd,cpd->bcp", nn.l2_normalize(images)[0], unit)
    check.equal(labels, clip.zero_shot(images, clip.class_vectors(prompts)), name="labels", hints={
        "again": lambda right: cosines.mean(axis=2).argmax(axis=1),
        "first": lambda right: (images @ nn.l2_normalize(prompts.mean(axis=1))[0].T).argmax(axis=1),
        "probabilities": lambda right: nn.softmax(cosines, axis=1)[0].mean(axis=2).argmax(axis=1),
        "best": lambda right: cosines.max(axis=2).argmax(axis=1),
    })  # fmt: skip


# %% id="zs-one" test="zs" points=1
@check.exercise("38-clip/zs")
def one_prompt_a_class():
    """One prompt a class, of different lengths"""
    images, prompts = prompt_case(30, 4, 1, 5)
    labels = check.call(zero_shot, images, prompts, returns=("labels",))
    check.equal(labels, clip.zero_shot(images, clip.class_vectors(prompts)), name="labels")


# %% id="zs-hidden" test="zs" points=2 hidden=true
@check.exercise("38-clip/zs", hidden=True)
def other_numbers_of_prompts():
    """One picture, many prompts, prompts of different spread"""
    rng = check.rng(4)
    for B, C, P, d in [(1, 3, 2, 4), (200, 6, 9, 5), (50, 2, 1, 3)]:
        images = rng.normal(size=(B, d))
        spread = np.linspace(0.1, 3, C)[:, None, None] * rng.normal(size=(C, P, d))
        prompts = rng.uniform(0.2, 4, (C, P, 1)) * (rng.normal(size=(C, 1, d)) + spread)
        labels = check.call(zero_shot, images, prompts, returns=("labels",))
        right = clip.zero_shot(images, clip.class_vectors(prompts))
        check.equal(labels, right, name=f"labels for {B} pictures, {C} classes, {P} prompts")


# %% [markdown] id="false-negatives"
# ## When the wrong answer is right
#
# Our batches were made by hand: each caption once. On the internet nobody does that, and a large batch contains the same caption twice. Then the loss demands of a picture that it prefer one of two equal sentences. Such a wrong answer that is right is called a *false negative*. Let us draw the batches at random, with repetitions.

# %% id="repeated-run"
model, rng = toy_model(0), np.random.default_rng(100)
drawn = [rng.integers(0, 24, 24) for _ in range(300)]
batches = ((blobs(known[rows], rng), toy_ids[~is_new][rows]) for rows in drawn)
losses_repeated = clip.learn(model, batches, optim.Adam(model.parameters(), 3e-3))
floor = np.mean([np.log((rows[:, None] == rows).sum(axis=1)).mean() for rows in drawn[-50:]])
images, texts = model.encode_pictures(watched), model.encode_texts(toy_ids[~is_new])
print(
    f"loss of the last 50 batches: {np.mean(losses_repeated[-50:]):.3f}; with every caption once: {np.mean(losses[0][-50:]):.3f}"
)
print(f"the least that repeated captions allow: {floor:.3f}")
print(f"pairs found: {np.mean(clip.zero_shot(images, texts) == np.arange(24)):.2f}")

# %% [markdown] id="repeated-meaning"
# The loss stays at 0.592, far above the other one, and yet the model finds every pair. A caption that occurs $k$ times cannot get more than the probability $1/k$, which costs $\ln k$; what is left of the loss is that cost and little else. A loss is comparable only between batches of the same kind.
#
# The natural remedy is to tell the loss that all equal captions are right: share the target out among them.

# %% [markdown] id="targets-statement" statement="targets"
# ### Exercise 6: several right answers (3 points)
#
# Write `multi_positive_targets(captions)`. `captions (N,)` holds a number for each pair, equal numbers for equal captions. Return `(N, N)`: in row $i$ every pair with the caption of pair $i$ gets the same share, the shares of a row add up to one, and all others get 0.
#
# Check by hand: `captions = [7, 2, 7]` gives `[[0.5, 0, 0.5], [0, 1, 0], [0.5, 0, 0.5]]`.


# %% id="targets" exercise=true difficulty=1 by_hand="clip nn optim data"
def multi_positive_targets(captions):
    """Targets (N, N) that share each row out among the pairs with the same caption (N,)."""
    ### BEGIN SOLUTION
    same = captions[:, None] == captions
    return same / same.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% [markdown] id="targets-hints" hints="targets"
# - shares: The rows do not add up to one: share the target out among the equal captions.
# - batch: Divide by the number of equal captions, not by N.
# - diagonal: Only the diagonal is right here: equal captions share the target.
# - others: The pair itself is right too, beside the others with its caption.


# %% id="targets-visible" test="targets" points=2
@check.exercise("38-clip/targets")
def six_pairs_three_captions():
    """Six pairs, three captions"""
    captions = np.array([4, 1, 4, 9, 1, 4])
    found = check.call(multi_positive_targets, captions, returns=("targets",))
    same = (captions[:, None] == captions).astype(float)
    check.close(found, clip.multi_positive_targets(captions), name="targets", hints={
        "shares": lambda right: same,
        "batch": lambda right: same / 6,
        "diagonal": lambda right: np.eye(6),
        "others": lambda right: (same - np.eye(6)) / np.maximum((same - np.eye(6)).sum(axis=1, keepdims=True), 1),
    })  # fmt: skip


# %% id="targets-hidden" test="targets" points=1 hidden=true
@check.exercise("38-clip/targets", hidden=True)
def all_different_and_all_equal():
    """All captions different, all equal, one pair"""
    rng = check.rng(5)
    for captions in (rng.permutation(8), np.full(5, 3), np.array([0]), rng.integers(0, 4, 15)):
        found = check.call(multi_positive_targets, captions, returns=("targets",))
        check.close(found, clip.multi_positive_targets(captions), name=f"targets of {len(captions)} pairs")


# %% [markdown] id="targets-text"
# Does it help? Compare loss and gradient, with and without these targets, for a batch in which captions repeat. Once as in our model, where equal captions have equal vectors; and once where pairs have the same number but different sentences, "a red blob at the left" and "at the left, something red and round".

# %% id="targets-run"
rng = np.random.default_rng(0)
rows = rng.integers(0, 8, 24)
images, sentences, by_number = rng.normal(size=(24, 16)), rng.normal(size=(24, 16)), rng.normal(size=(8, 16))
for name, texts in {"equal sentences": by_number[rows], "same meaning, other words": sentences}.items():
    plain, cache = clip.info_nce(images, texts, 2.0)
    gradient = clip.info_nce_backward(1.0, cache)[0]
    shared, cache = clip.info_nce(images, texts, 2.0, clip.multi_positive_targets(rows))
    difference = np.abs(clip.info_nce_backward(1.0, cache)[0] - gradient).max()
    print(f"{name}: loss {plain:.4f} and {shared:.4f}, largest difference of the gradients {difference:.1e}")

# %% [markdown] id="targets-meaning"
# For equal sentences nothing changes, neither the loss nor the gradient. Equal sentences have equal columns in $S$, so among them it does not matter which one is called right; and in the other direction the losses of the equal rows add up to the same sum. The remedy does something only where *different* sentences, or different pictures of one thing, are right for each other. On the internet that is the usual case, and CLIP simply lives with it.

# %% [markdown] id="animals"
# ## Cats, dogs and a grammar
#
# Now a larger world, and real shapes: the silhouettes of cats and dogs of chapter 19. They are in the package; the other eight kinds of that collection, from bear to zebra, are not. Each is drawn small (7 × 7) or large (14 × 14), in one of six colours, at one of five places of a canvas of 24 × 24, some turned to the other side. A grammar writes the caption:
#
# > `[a photo of | a drawing of | here is | –] a [small | large] [red | … | white] cat | dog [at the top left | … | centre]`
#
# Every part but the animal is left out four times in ten, as people do: whoever shows a cat does not always say how large it is. Two combinations never occur in training: **green cats and purple dogs**. Training uses the 1,400 silhouettes of the training part, all tests below the 400 of the test part.


# %% id="animal-pictures"
KINDS, SIZES = ["cat", "dog"], ["small", "large"]
CORNERS = {"top left": (0, 0), "top right": (0, 1), "bottom left": (1, 0), "bottom right": (1, 1), "centre": (0.5, 0.5)}
corner_names = list(CORNERS)
STARTS = ["a photo of ", "a drawing of ", "here is ", ""]
shapes = data.animal_shapes(dtype=FLOAT)


class Silhouettes:
    """One part of the silhouettes at both sizes; draws pictures of what is asked for."""

    def __init__(self, x, y):
        self.small = x.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4))
        self.large = x.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))
        self.rows = np.array([np.flatnonzero(y == kind) for kind in range(2)])

    def draw(self, chosen, rng):
        """Pictures (N, 3, 24, 24), float32; chosen (N, 4): kind, size, colour and place."""
        N, room = len(chosen), np.where(chosen[:, 1] == 0, 17, 10)[:, None]
        picked = self.rows[chosen[:, 0], rng.integers(0, self.rows.shape[1], N)]
        corner = np.array(list(CORNERS.values()))[chosen[:, 3]] * room + rng.uniform(-1.5, 1.5, (N, 2))
        corner, turned = np.rint(corner).clip(0, room).astype(int), rng.random(N) < 0.5
        canvas = np.zeros((N, 24, 24), FLOAT)
        for n in range(N):
            shape = (self.small, self.large)[chosen[n, 1]][picked[n]]
            i, j = corner[n]
            canvas[n, i : i + len(shape), j : j + len(shape)] = shape[:, ::-1] if turned[n] else shape
        colour = np.array(list(COLOURS.values()))[chosen[:, 2]] * rng.uniform(0.8, 1, (N, 1))
        noise = FLOAT(0.03) * rng.standard_normal((N, 3, 24, 24), FLOAT)
        return canvas[:, None] * colour.astype(FLOAT)[:, :, None, None] + noise


def animal_caption(kind, size=None, colour=None, place=None, start="a photo of "):
    """The grammar; what is None is left out."""
    words = [start + "a"]
    words += [SIZES[size]] if size is not None else []
    words += [colour_names[colour]] if colour is not None else []
    words += [KINDS[kind]]
    return " ".join(words + (["at the " + corner_names[place]] if place is not None else []))


everything = np.array([(k, s, c, p) for k in range(2) for s in range(2) for c in range(6) for p in range(5)])
strange = (everything[:, [0, 2]] == (0, 1)).all(axis=1) | (everything[:, [0, 2]] == (1, 4)).all(axis=1)
ordinary = everything[~strange]
learning, testing = Silhouettes(shapes.x_train, shapes.y_train), Silhouettes(shapes.x_test, shapes.y_test)
words = clip.Words(animal_caption(*chosen, start=start) for chosen in everything for start in STARTS)


def encoded(sentences):
    return words.encode(sentences, 12)


rng = np.random.default_rng(4)
examples = ordinary[rng.choice(len(ordinary), 10, replace=False)]
left_out = [[part if rng.random() < 0.6 else None for part in chosen[1:]] for chosen in examples]
captions = [
    animal_caption(chosen[0], *parts, start=STARTS[rng.integers(4)])
    for chosen, parts in zip(examples, left_out, strict=True)
]
plots.show(
    picture_grid(learning.draw(examples, rng), captions, 5, width=9),
    alt="Ten dark pictures with a coloured silhouette of a cat or a dog, small or large, in a corner or in the centre, each with a caption that names some of this.",
)

# %% [markdown] id="animals-model"
# The captions are read by a transformer: word vectors plus position vectors, one encoder layer with the norm before each part (chapter 34), and the mean of its states at the words. (CLIP's own transformer looks only backwards, and is read at the end of the sentence. In the short time we have, that learnt much less.) The picture encoder cuts the picture into 6 × 6 patches of 4 × 4 pixels by a convolution, as the *vision transformer* in CLIP does, and joins them by a dense layer.
#
# CLIP's text encoder has 12 layers of width 512; its picture encoders are ResNets and vision transformers; a batch holds 32,768 pairs. Here a batch has 60 pairs, a thousand times.


# %% id="animals-train"
def patch_encoder(rng):
    """Pictures (N, 3, 24, 24) -> (N, 64)."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 4, stride=4, rng=rng, dtype=FLOAT),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 36, 64, rng=rng, dtype=FLOAT),
        nn.ReLU(),
    )


def animal_batches(steps, rng):
    """Pictures of 60 different combinations, and their captions with parts left out."""
    for _ in range(steps):
        chosen = ordinary[rng.choice(len(ordinary), 60, replace=False)]
        kept, starts = rng.random((60, 3)) < 0.6, rng.integers(0, 4, 60)
        sentences = [
            animal_caption(
                row[0], *(part if keep else None for part, keep in zip(row[1:], keeps, strict=True)), start=STARTS[k]
            )
            for row, keeps, k in zip(chosen, kept, starts, strict=True)
        ]
        yield learning.draw(chosen, rng), encoded(sentences)


STEPS = 1000
rng = np.random.default_rng(0)
animal_model = clip.CLIP(
    patch_encoder(rng),
    clip.TextTransformer(len(words), 12, 32, heads=2, layers=1, hidden=64, rng=rng, dtype=FLOAT),
    64, 32, 24, rng=rng, dtype=FLOAT,
)  # fmt: skip
optimizer = optim.Adam(animal_model.parameters(), 3e-3)
animal_losses = clip.learn(
    animal_model,
    animal_batches(STEPS, np.random.default_rng(1)),
    optimizer,
    optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS),
)
parameters = sum(parameter.data.size for parameter in animal_model.parameters())
print(f"{parameters:,} parameters, {len(words)} words")
for step in (0, 100, 300, STEPS - 1):
    print(f"step {step:3}: loss {np.mean(animal_losses[max(step - 20, 0) : step + 1]):.3f}")
print(f"scale {np.exp(animal_model.log_scale.data):.1f}")

# %% [markdown] id="animals-zero-text"
# The loss cannot become small: a picture of a small red cat at the left fits "a cat", "a red cat" and many others in the batch. Four classifiers out of sentences, none of which was trained as such:

# %% id="animals-zero"
shown = np.repeat(ordinary, 6, axis=0)
test_pictures = testing.draw(shown, np.random.default_rng(5))
test_vectors = animal_model.encode_pictures(test_pictures)


def prompt_vectors(prompts):
    """Vectors (C, P, d) of C lists of P sentences."""
    return np.stack([animal_model.encode_texts(encoded(sentences)) for sentences in prompts])


tasks = {
    "animal": (0, [[animal_caption(kind)] for kind in range(2)]),
    "size": (1, [[animal_caption(kind, size=size) for kind in range(2)] for size in range(2)]),
    "colour": (2, [[animal_caption(kind, colour=colour) for kind in range(2)] for colour in range(6)]),
    "place": (3, [[animal_caption(kind, place=place) for kind in range(2)] for place in range(5)]),
}
for name, (column, prompts) in tasks.items():
    found = clip.zero_shot(test_vectors, clip.class_vectors(prompt_vectors(prompts)))
    print(f"{name:7}: {len(prompts)} classes, {np.mean(found == shown[:, column]):.3f} right")

print("\ncat or dog, one prompt each:")
for start in STARTS:
    found = clip.zero_shot(
        test_vectors, clip.class_vectors(prompt_vectors([[animal_caption(kind, start=start)] for kind in range(2)]))
    )
    print(f"  “{animal_caption(0, start=start)}”: {np.mean(found == shown[:, 0]):.3f}")
many = [
    [animal_caption(*row, start=start) for row in ordinary if row[0] == kind for start in STARTS] for kind in range(2)
]
found = clip.zero_shot(test_vectors, clip.class_vectors(prompt_vectors(many)))
print(f"  {len(many[0])} prompts a class {np.mean(found == shown[:, 0]):.3f}")

# %% [markdown] id="animals-zero-meaning"
# Size, colour and place are found in practically every picture, the animal in four of five: the small silhouettes have 7 × 7 pixels, and among 1,400 cats and dogs there are many that look alike.
#
# The ensemble of 200 prompts does not help here: 0.793, where single prompts have between 0.793 and 0.810. Our four ways to begin a sentence are drawn by lot and say nothing about the picture, and the model has learnt that. In the paper, 80 prompts of the kind "a bad photo of a …", "a … in a video game" gained 3.5 points on ImageNet.

# %% [markdown] id="retrieval-text"
# ## Retrieval
#
# The same vectors find pictures for a sentence, and sentences for a picture: sort by the cosine. **Recall at k** is the share of queries whose right answer is among the $k$ nearest. It has two values, for the two directions are different questions: picture to text goes along the rows of the table, text to picture along its columns.

# %% [markdown] id="recall-statement" statement="recall"
# ### Exercise 7: recall at k (4 points)
#
# Write `recall_at_k(similarity, k)` for a table `similarity (N, N)` with pictures in rows and captions in columns; picture $i$ belongs to caption $i$. Return two numbers, picture to text and text to picture. A wrong answer that is exactly as near as the right one stands before it: a model for which all is equally near shall not look good.
#
# Check by hand: `similarity = [[5, 9], [1, 2]]` and `k = 1` give `(0.5, 0.5)`: picture 1 finds its caption, picture 0 does not; caption 0 finds its picture, caption 1 does not.


# %% id="recall" exercise=true difficulty=2 by_hand="clip nn optim data"
def recall_at_k(similarity, k):
    """Share of right answers among the k nearest of the table (N, N): picture to text, text to picture."""
    ### BEGIN SOLUTION
    right = np.diag(similarity)
    before_caption = (similarity >= right[:, None]).sum(axis=1) - 1
    before_picture = (similarity >= right).sum(axis=0) - 1
    return float(np.mean(before_caption < k)), float(np.mean(before_picture < k))
    ### END SOLUTION


# %% [markdown] id="recall-hints" hints="recall"
# - same: Both directions got the value of picture to text: text to picture goes along the columns.
# - exchanged: The two directions are exchanged: pictures are rows, captions are columns.
# - ties: A wrong answer that is equally near counts as nearer.
# - more: One place too many: among the k nearest means at most k − 1 before it.
# - first: Only the nearest was looked at: count the k nearest.


# %% id="recall-case" given=true
def recall_case(N):
    """A table of similarities that is far from symmetric, the same on every machine."""
    table = np.cos(2.1 * np.arange(N * N) ** 1.3).reshape(N, N) + np.linspace(-0.6, 0.6, N)
    return table + 0.3 * np.eye(N)


# %% id="recall-visible" test="recall" points=2
@check.exercise("38-clip/recall")
def nine_pairs():
    """Nine pairs, k = 3"""
    table = recall_case(9)
    found = np.array(check.call(recall_at_k, table, 3, returns=("picture to text", "text to picture")))
    check.close(found, np.array(clip.recall_at_k(table, 3)), name="the two recalls", hints={
        "same": lambda right: right[[0, 0]],
        "exchanged": lambda right: right[::-1],
        "more": lambda right: np.array(clip.recall_at_k(table, 4)),
        "first": lambda right: np.array(clip.recall_at_k(table, 1)),
    })  # fmt: skip


# %% id="recall-ties" test="recall" points=1
@check.exercise("38-clip/recall")
def equally_near():
    """Four pairs, all equally near"""
    found = np.array(check.call(recall_at_k, np.full((4, 4), 0.3), 2, returns=("picture to text", "text to picture")))
    check.close(found, np.zeros(2), name="the two recalls", hints={"ties": lambda right: np.ones(2)})


# %% id="recall-hidden" test="recall" points=1 hidden=true
@check.exercise("38-clip/recall", hidden=True)
def all_k():
    """One pair, k = N, whole numbers with ties"""
    rng = check.rng(6)
    for N, k in [(1, 1), (12, 12), (12, 1), (30, 7)]:
        table = rng.integers(0, 9, (N, N)).astype(float) + np.arange(N) / 5
        found = np.array(check.call(recall_at_k, table, k, returns=("picture to text", "text to picture")))
        check.close(found, np.array(clip.recall_at_k(table, k)), name=f"the recalls for N = {N}, k = {k}")


# %% id="retrieval-run"
gallery = testing.draw(ordinary, np.random.default_rng(6))
gallery_vectors = animal_model.encode_pictures(gallery)
caption_vectors = animal_model.encode_texts(encoded([animal_caption(*row) for row in ordinary]))
for k in (1, 2, 5):
    to_text, to_picture = clip.recall_at_k(gallery_vectors @ caption_vectors.T, k)
    print(
        f"recall at {k}: picture to text {to_text:.2f}, text to picture {to_picture:.2f} (chance {k / len(ordinary):.2f})"
    )

# %% [markdown] id="retrieval-meaning"
# Nearly every right answer is among the first two, and most of the others are first. The two are then the same sentence with cat and with dog: what is hard about this world is the animal.

# %% [markdown] id="prompt-widget-text"
# ### Try it: ask for a picture
#
# Thirty new pictures, drawn from the test silhouettes. Build a sentence from the words of the grammar; leave out what you like. The ten nearest pictures come first, with their cosines. Ask for "a large cat", then for "a large green cat", which was never in the training and of which there is one here. Is it the first?

# %% id="prompt-widget" folded=true
shelf_rows = np.concatenate(
    [ordinary[np.random.default_rng(8).choice(len(ordinary), 28, replace=False)], [[0, 1, 1, 4], [1, 1, 4, 0]]]
)
shelf = testing.draw(shelf_rows, np.random.default_rng(9))
shelf_vectors = animal_model.encode_pictures(shelf)


def ranking(kind, size, colour, place):
    sentence = animal_caption(kind, size, colour, place)
    cosines = shelf_vectors @ animal_model.encode_texts(encoded([sentence]))[0]
    order = np.argsort(-cosines, kind="stable")[:10]
    asked = [(column, value) for column, value in enumerate((kind, size, colour, place)) if value is not None]
    fits = [all(shelf_rows[row][column] == value for column, value in asked) for row in order]
    return {"sentence": sentence, "order": order, "cosines": cosines[order], "fits": fits}


def described(row):
    kind, size, colour, place = row
    return f"{SIZES[size]} {colour_names[colour]} {KINDS[kind]}, {corner_names[place]}"


def ranking_figure(result):
    """The ten nearest pictures with their cosines; a cross where the sentence is not true."""
    captions = [
        f"{cosine:.2f}" + ("" if fit else "  ✗") for cosine, fit in zip(result["cosines"], result["fits"], strict=True)
    ]
    figure = picture_grid(shelf[result["order"]], captions, 5)
    figure.suptitle(f"“{result['sentence']}”")
    return figure


def slot(names):
    return {"–": None} | {name: number for number, name in enumerate(names)}


widgets.explore(
    ranking_figure,
    dict(
        kind=widgets.Options({"cat": 0, "dog": 1}, label="animal"),
        size=widgets.Options(slot(SIZES), 1, label="size"),
        colour=widgets.Options(slot(colour_names), label="colour"),
        place=widgets.Options(slot(corner_names), label="place"),
    ),
    compute=ranking,
    alt=lambda r: (
        f"“{r['sentence']}”: of the ten nearest pictures {sum(r['fits'])} fit; the nearest is a {described(shelf_rows[r['order'][0]])}."
    ),
    table=lambda r: [
        {"place": place + 1, "picture": described(shelf_rows[row]), "cosine": round(float(cosine), 3), "fits": fit}
        for place, (row, cosine, fit) in enumerate(zip(r["order"], r["cosines"], r["fits"], strict=True))
    ],
    title="Thirty pictures and a sentence",
)

# %% [markdown] id="fails"
# ## Where it fails
#
# ### A green cat
#
# In training every green animal was a dog, and every purple one a cat. That is all that was unusual.

# %% [markdown] id="green-question" question="predict"
# The animal is recognised in about four of five pictures. What will the model say to a picture of a green cat, when it may choose between "a photo of a cat" and "a photo of a dog"?
#
# - [ ] cat in four of five cases: the shape is the same as that of a red cat; but the shape is not all that the model goes by.
# - [ ] cat or dog, half and half: it has never seen one; but it has learnt something about green.
# - [x] almost always dog: green said "dog" without fail in training, and is far easier to see than a silhouette.

# %% id="green-run"
two_classes = clip.class_vectors(prompt_vectors([[animal_caption(kind)] for kind in range(2)]))
share = np.empty((2, 6))
for kind in range(2):
    for colour in range(6):
        rows = everything[(everything[:, 0] == kind) & (everything[:, 2] == colour)].repeat(15, axis=0)
        vectors_of = animal_model.encode_pictures(testing.draw(rows, np.random.default_rng(10)))
        share[kind, colour] = np.mean(clip.zero_shot(vectors_of, two_classes) == kind)
    print(
        ("cats recognised:", "dogs recognised:")[kind],
        ", ".join(f"{name} {value:.2f}" for name, value in zip(colour_names, share[kind], strict=True)),
    )

figure = plots.figure(7, 2.8)
ax = figure.subplots()
for kind, (shade, hatch, label) in enumerate([(plots.BLUE, "", "cats"), (plots.ORANGE, "//", "dogs")]):
    ax.bar(np.arange(6) + 0.4 * kind - 0.2, share[kind], 0.38, color=shade, hatch=hatch, label=label)
ax.axhline(0.5, color=plots.GREY, linestyle=":")
ax.set(xticks=range(6), xticklabels=colour_names, ylabel="recognised", ylim=(0, 1.05))
ax.legend(loc="upper center", ncols=2, bbox_to_anchor=(0.5, 1.25))
plots.show(
    figure,
    alt="Bars of the share of cats and dogs recognised, by colour. Most are near 0.8; green dogs and purple cats are always recognised, green cats and purple dogs never.",
)

# %% [markdown] id="green-meaning"
# Not one green cat was recognised, and not one purple dog, while all other animals do about equally well. Look at the other side too: *green* dogs are always right, for the wrong reason. On a test set with the same habits as the training set, this model looks better than it is.
#
# In a large collection such habits are everywhere: cows stand on grass, doctors are men. The model learns them along with the rest, and nobody has written them down.

# %% [markdown] id="binding-text"
# ### Who is red and who is blue
#
# Put two animals into one picture, a cat and a dog, in two colours and in opposite corners. Is the picture nearer to a true caption, "a red cat at the top left", or to the one with the other animal's colour, "a blue cat at the top left"?

# %% id="binding-run"
rng = np.random.default_rng(3)
first = np.stack([rng.integers(0, 2, 600), np.ones(600, int), rng.integers(0, 6, 600), rng.integers(0, 4, 600)], axis=1)
second = np.stack([1 - first[:, 0], first[:, 1], (first[:, 2] + rng.integers(1, 6, 600)) % 6, 3 - first[:, 3]], axis=1)
absent = np.array(
    [next(c for c in rng.permutation(6) if c not in (a, b)) for a, b in zip(first[:, 2], second[:, 2], strict=True)]
)
alone = testing.draw(first, rng)
both = np.maximum(alone, testing.draw(second, rng))


def nearness(vectors, kinds, colours):
    """Cosine of each picture with the caption of this animal in this colour at the first one's place."""
    rows = zip(kinds, colours, first[:, 3], strict=True)
    sentences = [animal_caption(kind, None, colour, place) for kind, colour, place in rows]
    return np.sum(vectors * animal_model.encode_texts(encoded(sentences)), axis=1)


for name, pictures in {"one animal ": alone, "two animals": both}.items():
    vectors_of = animal_model.encode_pictures(pictures)
    true = nearness(vectors_of, first[:, 0], first[:, 2])
    against = {
        "an absent colour": nearness(vectors_of, first[:, 0], absent),
        "the other's colour": nearness(vectors_of, first[:, 0], second[:, 2]),
        "the other kind": nearness(vectors_of, second[:, 0], first[:, 2]),
    }
    print(
        f"{name}: the true caption is nearer than one with",
        ", ".join(f"{wrong} {np.mean(true > value):.2f}" for wrong, value in against.items()),
    )

sample = slice(0, 4)
plots.show(
    picture_grid(
        both[sample],
        [animal_caption(*row[[0]], None, *row[2:], start="") for row in first[sample]],
        4,
    ),
    alt="Four dark pictures, each with a cat and a dog in opposite corners and different colours; the caption describes one of the two.",
)

# %% [markdown] id="binding-meaning"
# With one animal in the picture, the colour is never in doubt. With two, the true caption is no nearer than the one with the other's colour, 0.50, nor than the one with the other kind, 0.50. An absent colour is still noticed, 0.87. The vector of the picture says that there is red and blue, a cat and a dog, this corner and that one. It does not say which belongs to which.
#
# The text encoder is a transformer and could tell who is red from the order of the words. But no picture in training ever showed two animals, so it never had to. Large models, CLIP among them, were found to have the same weakness (Yuksekgonul et al. 2023), and cure it partly by putting exchanged captions into the batches, as wrong answers.

# %% [markdown] id="robust-text"
# ### Is it more robust?
#
# The book reports that CLIP closes up to 75 % of the *robustness gap*: two models with the same accuracy on ImageNet, one of them CLIP, differ widely on sketches and on pictures from odd angles. (Its figure compares CLIP with a ResNet-101, its text speaks of a ResNet-50; both have about 76 %.) Is the contrastive loss the reason, or the data? Here both learn from the same pictures, blobs that are squares: one by CLIP's loss and thirty captions, one with thirty outputs and softmax.

# %% id="robust-run"
square_model, rng = toy_model(1), np.random.default_rng(11)
batches = ((blobs(combinations, rng, square=True), toy_ids) for _ in range(300))
clip.learn(square_model, batches, optim.Adam(square_model.parameters(), 3e-3))

rng = np.random.default_rng(1)
classifier = nn.Sequential(picture_encoder(rng), nn.Linear(32, 30, rng=rng, dtype=FLOAT))
optimizer, rng = optim.Adam(classifier.parameters(), 3e-3), np.random.default_rng(11)
for _ in range(300):
    logits, cache = classifier.forward(blobs(combinations, rng, square=True))
    _, loss_cache = nn.cross_entropy(logits, np.arange(30))
    optimizer.zero_grad()
    classifier.backward_parameters(nn.cross_entropy_backward(1.0, loss_cache), cache)
    optimizer.step()

rng, labels = np.random.default_rng(7), np.repeat(np.arange(30), 30)
squares, circles = (blobs(combinations[labels], rng, square=square) for square in (True, False))
variants = {
    "squares, as in training": squares,
    "circles": circles,
    "half as bright": 0.5 * squares,
    "noisy": squares + rng.normal(0, 0.25, squares.shape).astype(FLOAT),
    "on grey ground": np.maximum(squares, FLOAT(0.4)),
}
for name, pictures in variants.items():
    by_clip = clip.zero_shot(square_model.encode_pictures(pictures), square_model.encode_texts(toy_ids))
    by_softmax = classifier(pictures).argmax(axis=1)
    print(f"{name:24} CLIP {np.mean(by_clip == labels):.2f}   softmax {np.mean(by_softmax == labels):.2f}")

# %% [markdown] id="robust-meaning"
# Nothing is gained. Circles trouble neither of them, for both look at colours and places. On grey ground both collapse, to 0.09 and 0.11. Noise harms CLIP more. With pictures of one kind, the contrastive loss is as brittle as a classifier. Fang et al. (2022) looked for the reason of CLIP's robustness, one ingredient after the other, and found it in the data: it had seen more kinds of pictures.

# %% [markdown] id="digits-text"
# ### Words that were never read
#
# The digits of chapter 05, with captions "a photo of the digit seven". Once with all ten digits, once without eights and nines. Beside it a plain softmax regression on the pixels.

# %% id="digits-run"
digits = data.digits()
NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
digit_captions = [STARTS[0] + "the digit " + number for number in NUMBERS]
digit_words = clip.Words(digit_captions)
digit_ids = digit_words.encode(digit_captions, 7)


def train_digits(kinds):
    """CLIP on 8×8 digits; a batch is one picture of each kind."""
    rng = np.random.default_rng(0)
    pixels = nn.Sequential(nn.Linear(64, 64, rng=rng), nn.ReLU())
    model = clip.CLIP(pixels, clip.BagOfWords(len(digit_words), 16, rng=rng), 64, 16, 16, rng=rng)
    rows = [np.flatnonzero(digits.y_train == kind) for kind in kinds]
    batches = ((digits.x_train[[rng.choice(own) for own in rows]], digit_ids[kinds]) for _ in range(400))
    clip.learn(model, batches, optim.Adam(model.parameters(), 3e-3))
    return clip.zero_shot(model.encode_pictures(digits.x_test), model.encode_texts(digit_ids))


regression = nn.Linear(64, 10, rng=np.random.default_rng(0))
optimizer = optim.Adam(regression.parameters(), 0.01)
for _ in range(400):
    logits, cache = regression.forward(digits.x_train)
    _, loss_cache = nn.cross_entropy(logits, digits.y_train)
    optimizer.zero_grad()
    regression.backward(nn.cross_entropy_backward(1.0, loss_cache), cache)
    optimizer.step()

found = train_digits(list(range(10)))
print(f"CLIP, ten digits: {np.mean(found == digits.y_test):.3f}")
print(f"softmax regression on pixels: {np.mean(regression(digits.x_test).argmax(axis=1) == digits.y_test):.3f}")
found = train_digits(list(range(8)))
for name, chosen in {"0 to 7": digits.y_test < 8, "8": digits.y_test == 8, "9": digits.y_test == 9}.items():
    print(f"CLIP that never met 8 and 9, on {name}: {np.mean(found[chosen] == digits.y_test[chosen]):.2f}")

# %% [markdown] id="digits-meaning"
# With every digit in the training the model reads nearly as well as a softmax regression, 0.942 against 0.964. It is the small copy of an awkward figure in the paper: on MNIST, CLIP had 88 %, less than logistic regression on the pixels.
#
# Without eights and nines it reads hardly one eight and no nine. "Eight" was never in a caption, its vector has never moved from where chance had put it. Zero-shot means that a *task* is new, not that the words and what they mean are. If CLIP recognises a thing, then because somewhere among 400 million pairs there was a picture of it, with its name.

# %% [markdown] id="mistakes"
# ## Common mistakes
#
# - **Forgetting the normalisation**, or normalising over the wrong axis. Long vectors then win, whatever they mean.
# - **One direction only.** The loss still falls, and retrieval in the other direction is worse.
# - **Learning the temperature itself.** It can become negative. Its logarithm cannot go wrong that way.
# - **Averaging prompts without normalising again**, exercise 5.
# - **Comparing losses of different batch sizes.** An indifferent model costs $\ln N$.
#
# And in the book's chapter:
#
# - *State of the art in image classification.* Zero-shot, CLIP has 76.2 % on ImageNet, as much as a ResNet-50 of 2015. The best supervised models of 2021 had about 90 %. On MNIST it has 88 %, less than logistic regression on the pixels. What is remarkable is that it saw none of the 1.28 million labelled pictures.
# - *Without the need to build huge data sets.* It was trained on 400 million pairs. What is saved is the labelling for each *new* task.
# - *A vital role in DALL-E.* In the first DALL-E, CLIP only sorted the finished pictures. In DALL-E 2 (2022) its vectors are what a picture is made from.
# - *One algorithm for many tasks.* It classifies, it reads some text and recognises actions in films. It is bad at counting, at fine distinctions as between types of cars, and at relations, as you saw. An apple with a note that says "iPod" is an iPod to it. And it has learnt the prejudices of the internet along with everything else.
# - The DALL-E chapter that it announces as the next one does not follow.
#
# Since then: ALIGN (2021) with 1.8 billion noisy pairs, OpenCLIP and the open LAION data, and SigLIP (2023), which asks of each cell of the table by itself whether it is a pair, with a sigmoid, and so needs no softmax over the whole batch.

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# The loss is three lines, and autograd writes exercise 3.

# %% id="torch-check"
try:
    import torch
    from torch.nn import functional
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    rng = np.random.default_rng(0)
    images, texts = (rng.normal(size=(24, 16)) for _ in range(2))
    tensors = [torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in (images, texts, 2.5)]
    scores = tensors[2].exp() * functional.normalize(tensors[0]) @ functional.normalize(tensors[1]).T
    labels = torch.arange(24)
    loss = (functional.cross_entropy(scores, labels) + functional.cross_entropy(scores.T, labels)) / 2
    loss.backward()
    mine, cache = clip.info_nce(images, texts, 2.5)
    gaps = [np.abs(a - t.grad.numpy()).max() for a, t in zip(clip.info_nce_backward(1.0, cache), tensors, strict=True)]
    print(f"loss {loss.item():.6f} and {mine:.6f}; largest difference of the gradients {max(gaps):.0e}")

# %% [markdown] id="gpu"
# On many GPUs each device encodes its own part of the batch, and then they exchange the *vectors*, not the pictures: the table of similarities needs all of them. That is how a batch of 32,768 fits. The largest vision transformer of the paper took 12 days on 256 GPUs.

# %% [markdown] id="batch-quiz" question="quiz"
# Why did CLIP use batches of 32,768 pairs, where a classifier is content with 256?
#
# - [ ] To make the gradient less noisy: that too, but for a classifier the same would hold.
# - [x] The other pairs of the batch are the wrong answers: the larger the batch, the harder and the more informative the choice.
# - [ ] Because of the normalisation: it treats every vector by itself, whatever the batch.

# %% [markdown] id="zero-quiz" question="quiz"
# What does "zero-shot" mean for CLIP on a set of pictures of flowers?
#
# - [ ] That it never saw a flower: among 400 million pairs there are many.
# - [x] That no labelled example of this set was used to build the classifier: the names of the flowers were enough.
# - [ ] That it needs no training at all: it was trained at great cost, on other data.

# %% [markdown] id="questions"
# ## To think about
#
# 1. The loss of a batch of one pair is 0, whatever the vectors. What does the model learn from it?
# 2. Which words of "a photo of a red blob at the left" do not matter for the loss, and what happens to their vectors in a bag of words?
# 3. How would you make a training set on which "green" can no longer stand for "dog"?
# 4. Could a model with a bag of words ever tell "a red cat and a blue dog" from "a blue cat and a red dog"?
#
# <details><summary>Answers</summary>
#
# 1. Nothing: there is no wrong answer to choose from, and all gradients are zero.
# 2. Those that all captions share. They add the same vector to every sentence; it takes part in the length and the direction, so its gradient is not zero, but it cannot tell captions apart.
# 3. Show green cats. Or, without them, show the same pictures with their colours changed at random, and captions that go along.
# 4. No: the two sentences have the same words and so the same vector. A transformer could; whether it learns to depends on whether the batch ever holds both.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# Radford et al., *Learning transferable visual models from natural language supervision*, ICML (2021). van den Oord, Li and Vinyals, *Representation learning with contrastive predictive coding* (2018), for InfoNCE. Zhang et al., *Contrastive learning of medical visual representations from paired images and text* (ConVIRT, 2020). Socher et al., *Zero-shot learning through cross-modal transfer* (2013). Frome et al., *DeViSE* (2013). Li et al., *Learning visual n-grams from web data* (2017). Desai and Johnson, *VirTex* (2021). Sariyildiz et al., *ICMLM* (2020). Fang et al., *Data determines distributional robustness in contrastive language–image pre-training* (2022). Yuksekgonul et al., *When and why vision-language models behave like bags-of-words* (2023). Zhai et al., *Sigmoid loss for language–image pre-training* (2023). The silhouettes: S. Mohammadi, MIT licence, see chapter 19.
#
# Next: networks whose time is not cut into steps.
