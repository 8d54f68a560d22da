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
#     title: Convolution
#     minutes: 140
#     needs: [07-network, 09-cross-entropy]
#     book: [40, 41, 42, 43]
# ---

# %% [markdown] id="title"
# # Convolution: one small window, everywhere
#
# **After this page you can** follow the shape of an image through a convolutional network and count its parameters, write convolution and max-pooling as NumPy functions,
# derive and write their backward passes, and say which networks are indifferent to a shift and which are not.
#
# **Time** 50 minutes to read, 90 for the seven exercises. **You need** backpropagation (chapter 07) and cross-entropy (chapter 09).

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, nn, optim, plots, train

# %% [markdown] id="picture"
# ## A picture is not a list
#
# So far a 28×28 digit was a list of 784 numbers. A dense layer multiplies each of them by a weight of its own, and nothing tells it which pixels are neighbours. Whatever it knows about space it has to learn from examples.
#
# How little it cares can be shown exactly. Shuffle the pixels of every image in one and the same way, and shuffle the columns of the weights likewise: every sum is the same as before. So training on shuffled images is the same problem as training on the
# originals, with the columns of $W$ in another order.

# %% id="absorb"
rng = np.random.default_rng(0)
order = rng.permutation(64)
images, W = rng.uniform(size=(5, 64)), rng.normal(size=(30, 64))
print("largest difference of the sums:", f"{np.abs(images[:, order] @ W[:, order].T - images @ W.T).max():.0e}")

# %% [markdown] id="shuffle-question" question="predict"
# Two networks learn 300 of the 8×8 digits: a dense one, and a small convolutional one, which looks at neighbouring pixels. Then both learn them again with the pixels shuffled, all images in the same way. Who loses accuracy?
#
# - [ ] both: the digits can no longer be recognised; but only for us, a dense layer never knew that they were pictures.
# - [x] only the convolutional one: it was built on the guess that neighbours belong together, and the guess is now wrong.
# - [ ] neither: no pixel was lost, and that is enough for the dense network; the other one counts on their neighbourhood.


# %% id="shuffle-run"
def learn(make, x, y, *, lr, epochs, batch_size=20, seed=0):
    """The network that make(rng) builds, trained by Adam on cross-entropy."""
    rng = np.random.default_rng(seed)
    model = make(rng)
    config = train.Config(epochs=epochs, batch_size=batch_size)
    optimizer = optim.Adam(model.parameters(), lr)
    train.fit(model, nn.CrossEntropyLoss(), optimizer, (x, y), config, rng=rng, progress=False)
    return model


def score(model, x, y):
    """Share of right answers."""
    return (train.predict(model, x).argmax(axis=1) == y).mean()


def shuffled(images, share):
    """A share of the pixels moved to each other's places, the same ones in every image: (N, 1, 8, 8)."""
    rng = np.random.default_rng(1)
    chosen = rng.permutation(64)[: round(64 * share)]
    order = np.arange(64)
    order[chosen] = rng.permutation(chosen)
    return images.reshape(len(images), 64)[:, order].reshape(images.shape)


def small_dense(rng):
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 30, rng=rng, dtype=single), nn.ReLU(), nn.Linear(30, 10, rng=rng, dtype=single)
    )


def small_convolutional(rng):
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, rng=rng, dtype=single),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(72, 10, rng=rng, dtype=single),
    )


single = np.float32
digits = data.digits(flat=False, dtype=single)
shares = (0.0, 0.5, 1.0)
by_share = {"dense": [], "convolutional": []}
for name, make in (("dense", small_dense), ("convolutional", small_convolutional)):
    print(f"{name}, {sum(p.data.size for p in make(np.random.default_rng(0)).parameters())} parameters")
    for share in shares:
        x, x_test = shuffled(digits.x_train[:300], share), shuffled(digits.x_test, share)
        models = [
            learn(make, x, digits.y_train[:300], lr=0.015, epochs=20, batch_size=30, seed=seed) for seed in range(3)
        ]
        scores = [score(model, x_test, digits.y_test) for model in models]
        by_share[name].append(np.mean(scores))
        print(f"   {share:>4.0%} shuffled: {np.mean(scores):.3f}, from {min(scores):.3f} to {max(scores):.3f}")

# %% [markdown] id="shuffle-widget-text"
# Move the share of shuffled pixels. Where does the digit disappear for you, and where for the networks?


# %% id="shuffle-widget" folded=true
from dlbook import widgets


def shuffle_figure(percent, digit):
    """One digit with a share of its pixels shuffled (left), the test accuracies of both networks (right)."""
    figure = plots.figure(8, 3)
    left, right = figure.subplots(1, 2, width_ratios=(1, 2))
    left.imshow(shuffled(digits.x_test[digit : digit + 1], percent / 100)[0, 0], cmap=plots.INK, vmin=0, vmax=1)
    left.set_axis_off()
    for name, values in by_share.items():
        right.plot(np.multiply(shares, 100), values, marker="o", label=network_names[name])
    right.axvline(percent, color=plots.GREY, linestyle=":")
    right.set(xlabel="shuffled pixels, %", ylabel="test accuracy", ylim=(0.88, 0.98))
    right.legend()
    return figure


def accuracy_at(percent, name):
    """Between the shares that were measured: on the straight line."""
    return np.interp(percent / 100, shares, by_share[name])


network_names = {"dense": "dense", "convolutional": "convolutional"}
widgets.explore(
    shuffle_figure,
    dict(
        percent=widgets.Slider(0, 100, 0, step=5, label="shuffled pixels, %"),
        digit=widgets.Slider(0, 359, 7, label="test digit"),
    ),
    alt=lambda percent, digit: (
        f"A {digits.y_test[digit]} with {percent} % of its pixels shuffled; test accuracy about {accuracy_at(percent, 'dense'):.3f} dense, "
        f"{accuracy_at(percent, 'convolutional'):.3f} convolutional."
    ),
    table=lambda percent, digit: {
        "shuffled": [f"{share:.0%}" for share in shares],
        "dense": np.round(by_share["dense"], 3).tolist(),
        "convolutional": np.round(by_share["convolutional"], 3).tolist(),
    },
    title="For whom is it still a picture?",
)

# %% [markdown] id="shuffle-meaning"
# The dense network stays where it was, as the algebra says. The convolutional one reads as well with a third of the parameters, 0.946 against 0.940, and falls to 0.909 when neighbours are no longer neighbours; its best start on shuffled pixels is below its worst on real pictures.
#
# The book says that a dense network has "little or no precision" on complex pictures, two paragraphs after it recalls that dense networks pass 98 % on MNIST. What is true: without knowledge of space a network needs more examples and more weights for the same
# result. The book also promises "spatial *and temporal*" structure; a still picture has no time, a film or a sound has.

# %% [markdown] id="planes-text"
# ## Three planes
#
# A colour photograph is a stack of three images, one each for red, green and blue. In this course a batch of images has the shape $(N, C, H, W)$: example, channel, row, column. Grey is one channel, a weighted mean of the three. Other colour spaces, HSV or CMYK, are other
# triples or quadruples of planes; a network does not care what they mean.


# %% id="planes"
def photograph(name, block=4):
    """One of scikit-learn's two photographs in [0, 1], as (3, H, W), each pixel the mean of block × block."""
    try:
        from sklearn.datasets import load_sample_image
    except ImportError:
        print('scikit-learn is not installed, a pattern replaces the photograph: pip install "dlbook[course]"')
        rows, columns = np.mgrid[0:106, 0:160]
        return np.stack([(np.sin(rows / 5) > 0) * 1.0, (columns // 20) % 2, np.hypot(rows - 53, columns - 80) < 40])
    pixels = load_sample_image(name) / 255
    height, width = pixels.shape[0] // block, pixels.shape[1] // block
    return (
        pixels[: height * block, : width * block]
        .reshape(height, block, width, block, 3)
        .mean((1, 3))
        .transpose(2, 0, 1)
    )


flower, china = photograph("flower.jpg"), photograph("china.jpg")
grey_of = np.array([0.299, 0.587, 0.114])
grey = np.tensordot(grey_of, china, 1)
figure = plots.figure(9, 1.6)
axes = figure.subplots(1, 5)
planes = {"colour": flower.transpose(1, 2, 0), "red": flower[0], "green": flower[1], "blue": flower[2]}
planes["grey"] = np.tensordot(grey_of, flower, 1)
for ax, (name, plane) in zip(axes, planes.items(), strict=True):
    ax.imshow(plane, cmap="gray", vmin=0, vmax=1)
    ax.set_title(name)
    ax.set_axis_off()
plots.show(
    figure,
    alt="A photograph of an orange flower before dark leaves: in colour, its red, green and blue plane, and grey. The petals are bright in the red plane and dark in the blue one.",
)

# %% [markdown] id="cost-text"
# What does a picture cost? An 8K photograph has $7680\cdot4320\cdot3$ numbers. One single dense unit that looks at it has one weight for each, and a bias. A layer of twenty little windows that slide over the picture, the subject of this page, costs the same for every size:

# %% id="cost"
print("image                 30 dense units   20 windows of 5×5")
for name, (height, width, channels) in {
    "8×8, grey": (8, 8, 1),
    "28×28, grey": (28, 28, 1),
    "224×224, colour": (224, 224, 3),
    "7680×4320, colour": (4320, 7680, 3),
}.items():
    print(f"{name:<18} {(height * width * channels + 1) * 30:>17,} {(5 * 5 * channels + 1) * 20:>19,}")
print(f"one dense unit for the last: {7680 * 4320 * 3 + 1:,}")

# %% [markdown] id="history"
# The idea has many parents. Hubel and Wiesel found in the cat's visual cortex, from 1959 on, cells that react to an edge in a small region of the retina, and others that do so a little to the side as well. Fukushima built this into the *Neocognitron* (1980; you met it in chapter 01), but without
# backpropagation. Weights that are shared *and* learnt by backpropagation: LeCun and others, 1989. The book gives the 1970s and then 1998 as the beginning; the paper of 1998, LeNet-5, gathers ten years of work. LeCun himself prefers *convolutional nets* of *units* to neural nets of neurons,
# since so little biology is left.
#
# The book also says that nearly all image recognition uses these networks. That was so when it was written. Since 2020 vision transformers (chapter 35 has the transformer) share the field.

# %% [markdown] id="receptive"
# ## A window on the picture: the local receptive field
#
# A unit of the hidden layer is joined to a small window only, 5×5 pixels say: 25 weights and a bias. This is its *local receptive field*. Slide the window by one pixel, and you have the field of the next hidden unit; from left to right, from top to bottom.
#
# How many hidden units are there? On 28 pixels a window of 5 has its first place and 23 shifts: $28 - 5 + 1 = 24$ in each direction.
#
# In code there are two ways. A loop visits each window. `sliding_window_view` makes an array of all windows at once; it copies nothing, every window is a view into the image.


# %% id="window-run"
import time

from numpy.lib.stride_tricks import sliding_window_view


def map_by_loop(image, w, b=0.0):
    """One unit for each place of the window: image (H, W), w (f, g) -> (H - f + 1, W - g + 1)."""
    f, g = w.shape
    out = np.empty((image.shape[0] - f + 1, image.shape[1] - g + 1))
    for j in range(out.shape[0]):
        for k in range(out.shape[1]):
            out[j, k] = b + np.sum(w * image[j : j + f, k : k + g])
    return out


def map_by_windows(image, w, b=0.0):
    """The same from an array of all windows, (H', W', f, g)."""
    return b + np.tensordot(sliding_window_view(image, w.shape), w, 2)


def fastest(f, times=5):
    """Seconds of the fastest of several calls."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        f()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


mnist = data.mnist(flat=False, dtype=single)
digit = mnist.x_test[0, 0].astype(float)
w = np.random.default_rng(2).normal(size=(5, 5))
print("windows:", sliding_window_view(digit, (5, 5)).shape, " hidden units:", map_by_windows(digit, w).shape)
print("equal:", np.allclose(map_by_loop(digit, w), map_by_windows(digit, w)))
slow, fast = fastest(lambda: map_by_loop(digit, w)), fastest(lambda: map_by_windows(digit, w))
print(f"loop {1000 * slow:.2f} ms, windows {1000 * fast:.2f} ms")

# %% [markdown] id="stride-text"
# ## Stride and padding
#
# The window may move by more than one pixel: its step is the *stride* $s$. And the image may get a border of zeros first, $p$ pixels wide on every side: the *padding*. Unit $(j, k)$ then sees the rows $sj \dots sj+f-1$ and the columns $sk\dots sk+f-1$ of the padded image.

# %% [markdown] id="stride-question" question="predict"
# A 28×28 image, a 5×5 window, stride 2, no padding. How many places has the window along a row?
#
# - [ ] 11: from the first place there are 11 more steps of two pixels; the first place counts too.
# - [x] 12: ⌊23 / 2⌋ + 1. The 23rd shift is never made, so the last column is seen by nobody.
# - [ ] 12.5: that is 23 / 2 + 1, and there is no half a place.

# %% id="stride-run"
seen = np.zeros(28, bool)
for k in range(12):
    seen[2 * k : 2 * k + 5] = True
print("places: 12, columns that no window sees:", np.flatnonzero(~seen))
print("units along 28 pixels")
print("window    stride 1, 2, 3      stride 1, 2, 3      stride 1, 2, 3")
print("          no padding          padding 1           padding 2")
for f in (3, 5, 7):
    row = f"{f}×{f}      "
    for p in (0, 1, 2):
        row += f" {[len(range(0, 28 + 2 * p - f + 1, s)) for s in (1, 2, 3)]!s:<19}"
    print(row)

# %% [markdown] id="size-text"
# The book gives no formula for this, and does not say that a stride of 2 drops the last row and column. Five chapters later it has one without stride, claims that the map must not be smaller than the image, so that padding would be obligatory (its own network goes from 28 to 24), and calls
# the side of the map "the size of the dense layer". The formula that covers all cases is
#
# $$n_{\text{out}} = \Big\lfloor \frac{n + 2p - f}{s} \Big\rfloor + 1$$
#
# For stride 1 and an odd window, $p = (f-1)/2$ keeps the size. Window, stride and padding are hyperparameters: choose them by the validation set. Larger pictures usually call for larger fields, though not for larger windows, as you will see.

# %% [markdown] id="size-statement" statement="size"
# ### Exercise 1: the size of a map
#
# Write `conv_output_size(n, f, stride, padding)`. All are integers: pixels along one side, side of the window, stride, and padding on *each* side. Return the number of places as an `int`. A window that is larger than the padded image raises `ValueError`.
#
# Check by hand: `(28, 5, 1, 0)` gives 24, `(28, 5, 2, 0)` gives 12, and `(50, 3, 1, 1)` gives 50.


# %% id="size" exercise=true difficulty=1 by_hand="nn data optim train"
def conv_output_size(n, f, stride, padding):
    """Number of places of a window of f pixels along n pixels: an int."""
    ### BEGIN SOLUTION
    if f > n + 2 * padding:
        raise ValueError(f"f: expected at most {n + 2 * padding}, the padded image, got {f}")
    return (n + 2 * padding - f) // stride + 1
    ### END SOLUTION


# %% [markdown] id="size-hints" hints="size"
# - off-by-one: The first place counts too: shifts plus one.
# - rounded-up: A step that does not fit is not made: round down.
# - fraction: There is no half a place: divide with //, which rounds down to an integer.
# - one-side: The padding stands on both sides.


# %% id="size-plain" test="size" points=1
@check.exercise("18-convolution/size")
def without_padding():
    """Stride 1 and 2, no padding"""
    got = [check.call(conv_output_size, n, f, s, 0) for n, f, s in [(28, 5, 1), (28, 5, 2), (9, 3, 2)]]
    check.equal(
        got,
        [24, 12, 4],
        name="sizes for (28, 5, 1, 0), (28, 5, 2, 0) and (9, 3, 2, 0)",
        hints={
            "off-by-one": lambda right: [value - 1 for value in right],
            "rounded-up": lambda right: [24, 13, 4],
            "fraction": lambda right: [24.0, 12.5, 4.0],
        },
    )


# %% id="size-padded" test="size" points=1
@check.exercise("18-convolution/size")
def with_padding():
    """With padding, and a window that does not fit"""
    got = [check.call(conv_output_size, n, f, s, p) for n, f, s, p in [(50, 3, 1, 1), (12, 5, 3, 2)]]
    check.equal(
        got,
        [50, 4],
        name="sizes for (50, 3, 1, 1) and (12, 5, 3, 2)",
        hints={"one-side": lambda right: [49, 4]},
    )
    check.raises(ValueError, conv_output_size, 4, 7, 1, 1, what="a window of 7 on 4 pixels with padding 1")


# %% id="size-hidden" test="size" points=1 hidden=true
@check.exercise("18-convolution/size", hidden=True)
def many_sizes():
    """AlexNet's first layer, a window as large as the image, many others"""
    for n, f, s, p in [(224, 11, 4, 2), (227, 11, 4, 0), (7, 7, 3, 0), (1, 1, 1, 0), (3, 5, 2, 1)]:
        check.equal(check.call(conv_output_size, n, f, s, p), nn.conv_output_size(n, f, s, p), name=f"{(n, f, s, p)}")
    rng = check.rng(1)
    for n, f, s, p in rng.integers((5, 1, 1, 0), (60, 6, 6, 4), (20, 4)).tolist():
        check.equal(
            check.call(conv_output_size, n, f, s, p), len(range(0, n + 2 * p - f + 1, s)), name=f"{(n, f, s, p)}"
        )
    check.raises(ValueError, conv_output_size, 5, 6, 2, 0, what="a window of 6 on 5 pixels")


# %% [markdown] id="window-widget-text"
# ## Try it
#
# Move the window. On the right its unit lights up in the hidden layer. The hatched pixels are seen by no unit. With which settings are there any, and with which is the map as large as the image?


# %% id="window-widget" folded=true
def window_state(row, column, f, stride, padding):
    padded = np.pad(digit, padding)
    windows = sliding_window_view(padded, (f, f))[::stride, ::stride]
    hidden = windows.mean((2, 3))
    size = len(hidden)
    covered = np.zeros(len(padded), bool)
    for j in range(size):
        covered[stride * j : stride * j + f] = True
    unseen = ~np.outer(covered, covered)[padding : padding + 28, padding : padding + 28]
    return padded, hidden, min(row, size - 1), min(column, size - 1), f, stride, padding, unseen


def window_figure(state):
    """The padded image with the window (left), the hidden layer with the window's unit (right)."""
    padded, hidden, j, k, f, stride, padding, unseen = state
    figure = plots.figure(8, 4)
    left, right = figure.subplots(1, 2)
    left.imshow(padded, cmap=plots.INK, vmin=0, vmax=1)
    y, x = stride * j - 0.5, stride * k - 0.5
    left.plot([x, x + f, x + f, x, x], [y, y, y + f, y + f, y], color=plots.VERMILION, linestyle="-")
    a, b = padding - 0.5, padding + 27.5
    left.plot([a, b, b, a, a], [a, a, b, b, a], color=plots.GREY, linestyle=":", linewidth=1)
    if unseen.any():
        cells = np.pad(unseen, padding).astype(float)
        left.contourf(cells, levels=[0.5, 1.5], colors="none", hatches=["////"])
    left.set_title(f"{28}×{28}, padding {padding}")
    right.imshow(hidden, cmap=plots.INK, vmin=0, vmax=1)
    right.plot([k], [j], "s", color=plots.VERMILION, markersize=7, markerfacecolor="none", markeredgewidth=2)
    right.set_title(f"{len(hidden)}×{len(hidden)} units, pixels never seen: {unseen.sum()}")
    for ax in (left, right):
        ax.grid(False)
    return figure


widgets.explore(
    window_figure,
    dict(
        row=widgets.Slider(0, 31, 3, label="row of the unit"),
        column=widgets.Slider(0, 31, 6, label="column of the unit"),
        f=widgets.Slider(1, 11, 5, label="window"),
        stride=widgets.Slider(1, 4, 2, label="stride"),
        padding=widgets.Slider(0, 3, 0, label="padding"),
    ),
    compute=window_state,
    alt=lambda state: (
        f"The digit with a window of {state[4]}×{state[4]} at row {state[5] * state[2]}, column {state[5] * state[3]} of the padded image; "
        f"hidden layer of {len(state[1])}×{len(state[1])} units, unit ({state[2]}, {state[3]}) is lit; {state[7].sum()} pixels are never seen."
    ),
    table=lambda state: {
        "units along a side": len(state[1]),
        "pixels never seen": int(state[7].sum()),
        "rows of the window": f"{state[5] * state[2]} … {state[5] * state[2] + state[4] - 1}",
        "columns of the window": f"{state[5] * state[3]} … {state[5] * state[3] + state[4] - 1}",
    },
    title="A window and its unit",
)

# %% [markdown] id="stack-text"
# ## Windows on windows
#
# A second layer looks through windows at the first one, so its units see more of the image. With window $f_\ell$ and stride $s_\ell$ in layer $\ell$, the receptive field grows to
#
# $$r_\ell = r_{\ell-1} + (f_\ell - 1)\,J_{\ell-1}, \qquad J_\ell = J_{\ell-1}\, s_\ell, \qquad r_0 = J_0 = 1$$
#
# $J$ is the distance in the image between two neighbouring units. Is it true? Send a gradient into one unit of the last layer and count how many rows of the image receive some.


# %% id="stack"
def receptive_field(layers):
    """(side, jump) of the receptive field after layers [(window, stride), …]."""
    side, jump = 1, 1
    for f, stride in layers:
        side, jump = side + (f - 1) * jump, jump * stride
    return side, jump


def rows_reached(layers, side=64):
    """The same side, measured: rows of the image that receive a gradient from one unit in the middle."""
    model = nn.Sequential(*(nn.Conv2d(1, 1, f, stride=s, rng=np.random.default_rng(0)) for f, s in layers))
    y, cache = model.forward(np.ones((1, 1, side, side)))
    dy = np.zeros(y.shape)
    dy[0, 0, y.shape[2] // 2, y.shape[3] // 2] = 1
    return int((model.backward(dy, cache) != 0).any(axis=(0, 1, 3)).sum())


for name, layers in {
    "5×5": [(5, 1)],
    "5×5, pool 2": [(5, 1), (2, 2)],
    "5×5, pool 2, 5×5": [(5, 1), (2, 2), (5, 1)],
    "3×3, 3×3": [(3, 1)] * 2,
    "3×3, 3×3, 3×3": [(3, 1)] * 3,
    "the same, stride 2": [(3, 2)] * 3,
}.items():
    side, jump = receptive_field(layers)
    print(f"{name:<20} field {side:>2}, jump {jump}, measured {rows_reached(layers):>2}")

# %% [markdown] id="stack-meaning"
# Two layers of 3×3 see as much as one of 5×5, with 18 weights in place of 25 and a non-linearity between them. That is why deep networks are built of small windows.
#
# On the way to this the book tells of vision at large. Three of its sentences need mending. It says that two thirds of the human brain serve vision: usual estimates for the human cortex lie between 20 and 30 per cent. It says that the machine must "interrupt" the scene: it is to
# *interpret* it. And the summer project of 1966, a camera that describes what it sees, was Seymour Papert's memo, given to undergraduates, not Minsky's task for a doctoral student. Reading opinions from text, which it lists under image recognition, is none; reading the letters in a photograph is.

# %% [markdown] id="sharing"
# ## The same weights everywhere
#
# Now the second idea. All 24×24 hidden units use *the same* 25 weights and the same bias. So all of them look for the same thing, each in its own place: a vertical edge, a corner. The weights are the *filter* or *kernel*, and the layer of units is a *feature map*. (The book has "20 maps, or filters, or
# kernels"; the maps are what comes out, the filters are what is learnt.)
#
# $$a^1_{j,k} = \sigma\Big(b + \sum_{l=0}^{f-1}\sum_{m=0}^{f-1} w_{l,m}\, a^0_{j+l,\,k+m}\Big)$$
#
# A layer has several filters, and each gives a map. If the layer before has several channels, a filter has a slice for each, and their sums are added up:
#
# $$z_{o,j,k} = b_o + \sum_{c}\sum_{l,m} W_{o,c,l,m}\; a_{c,\,j+l,\,k+m}$$
#
# The book's chapter has no such sum, but its second layer needs it.

# %% [markdown] id="name-text"
# **About the name.** Mathematics calls $\sum w_{l,m}\,a_{j-l,k-m}$, with minus signs, a *convolution*. With plus signs it is a *cross-correlation*: the same with the kernel turned by 180°. Every framework computes the second and says the first, and so do we. A learnt kernel does not mind; a hand-made one does:

# %% id="name-run"
w = np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 3.0]])
try:
    from scipy.signal import convolve2d, correlate2d
except ImportError:
    print('SciPy is not installed: pip install "dlbook[course]"')
else:
    ours = nn.conv2d(digit[None, None], w[None, None])[0][0, 0]
    print("conv2d is scipy's correlate2d:            ", np.allclose(ours, correlate2d(digit, w, "valid")))
    print("conv2d is scipy's convolve2d:             ", np.allclose(ours, convolve2d(digit, w, "valid")))
    print("after turning the kernel by 180 degrees:  ", np.allclose(ours, convolve2d(digit, w[::-1, ::-1], "valid")))

# %% [markdown] id="hand-text"
# ## Filters made by hand
#
# Before anybody learnt filters, people designed them. The sum of the weights says what happens to an even grey area: 1 keeps it (blur, sharpen), 0 makes it vanish (edges).


# %% id="hand-run"
filters = {
    "blur": np.full((3, 3), 1 / 9),
    "Sobel x": np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "Sobel y": np.array([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]]),
    "sharpen": np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "Laplace": np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
}
figure = plots.figure(9, 4.2)
axes = figure.subplots(2, 3).ravel()
axes[0].imshow(grey, cmap="gray", vmin=0, vmax=1)
axes[0].set_title("the photograph")
for ax, (name, w) in zip(axes[1:], filters.items(), strict=True):
    out = map_by_windows(grey, w)
    if abs(w.sum()) < 1e-9:
        ax.imshow(out, cmap=plots.DIVERGING, vmin=-1, vmax=1)
    else:
        ax.imshow(out, cmap="gray", vmin=0, vmax=1)
    ax.set_title(name)
for ax in axes:
    ax.set_axis_off()
plots.show(
    figure,
    alt="A Chinese temple in grey and five filtered versions: blurred; upright edges by Sobel x; level edges, the roofs, by Sobel y; sharpened; thin outlines by Laplace.",
)

# %% [markdown] id="equivariance-text"
# ## Shift, then filter; filter, then shift
#
# If a cat moves by three pixels, its feature map moves by three pixels: $\mathrm{conv}(T_\delta\, a) = T_\delta\,\mathrm{conv}(a)$. A map with this property is called *equivariant*. It is not *invariant*: the output does change, it moves along. Let us see how exact that is.


# %% id="equivariance"
def moved(images, down, right):
    """The last two axes moved by whole pixels; zeros come in."""
    return np.pad(images, [(0, 0)] * (images.ndim - 2) + [(9, 9), (9, 9)])[
        ..., 9 - down : 9 - down + images.shape[-2], 9 - right : 9 - right + images.shape[-1]
    ]


w = filters["Sobel x"][None, None]
for name, stride, step in [("stride 1", 1, 3), ("stride 2, an even shift", 2, 4), ("stride 2, an odd shift", 2, 3)]:
    one = nn.conv2d(moved(grey, step, 0)[None, None], w, stride=stride, padding=1)[0]
    other = moved(nn.conv2d(grey[None, None], w, stride=stride, padding=1)[0], step // stride, 0)
    difference = np.abs(one - other)[0, 0]
    print(f"{name:<28} difference inside {difference[4:-4, 4:-4].max():.1e}, with the border {difference.max():.1e}")

# %% [markdown] id="equivariance-meaning"
# With stride 1 the two orders agree exactly, except at the border, where pixels leave and zeros come in. With stride 2 they agree for even shifts; after an odd one the windows stand on other pixels, and the map is another one.
#
# The book illustrates this with a cat that is *turned* by 90 degrees. But a turned cat is not a shifted cat: sharing weights does nothing for rotations. Further down we measure it.

# %% [markdown] id="kernel-widget-text"
# Here is a filter to play with. Choose one, change its nine numbers (the sliders add to it), turn it round, and shift the picture. The last picture is the difference between both orders. When is it not blank?


# %% id="kernel-widget" folded=true
def kernel_state(preset, turned, down, right, **change):
    w = np.array(preset) + np.array([change[f"w{i}"] for i in range(9)]).reshape(3, 3)
    w = w[::-1, ::-1] if turned else w
    picture = grey[20:84, 40:120]
    first = map_by_windows(moved(picture, down, right), w)
    second = moved(map_by_windows(picture, w), down, right)
    return w, moved(picture, down, right), first, second


def kernel_figure(state):
    """Kernel, shifted picture, shift-then-filter, filter-then-shift, and their difference."""
    w, picture, first, second = state
    figure = plots.figure(9, 4.4)
    axes = figure.subplots(2, 3).ravel()
    reach = max(np.abs(w).max(), 1e-9)
    axes[0].imshow(w, cmap=plots.DIVERGING, vmin=-reach, vmax=reach)
    for (row, column), value in np.ndenumerate(w):
        colour = "white" if abs(value) > 0.7 * reach else plots.BLACK
        axes[0].text(column, row, f"{value:.2g}", ha="center", va="center", color=colour)
    axes[0].set_title("kernel")
    axes[1].imshow(picture, cmap="gray", vmin=0, vmax=1)
    axes[1].set_title("the picture, shifted")
    signed = abs(w.sum()) < 0.5
    scale = dict(cmap=plots.DIVERGING, vmin=-1, vmax=1) if signed else dict(cmap="gray", vmin=0, vmax=max(w.sum(), 0.5))
    axes[2].imshow(first, **scale)
    axes[2].set_title("shift, then filter")
    axes[3].imshow(second, **scale)
    axes[3].set_title("filter, then shift")
    axes[4].imshow(first - second, cmap=plots.DIVERGING, vmin=-1, vmax=1)
    axes[4].set_title("difference")
    for ax in axes:
        ax.set_axis_off()
    return figure


def inside(state):
    """Largest difference between the two orders away from the border."""
    return np.abs(state[2] - state[3])[10:-10, 10:-10].max()


kinds = {name: tuple(map(tuple, w.round(4).tolist())) for name, w in filters.items()}
kinds["zero"] = ((0.0,) * 3,) * 3
widgets.explore(
    kernel_figure,
    dict(
        preset=widgets.Options(kinds, value=kinds["Sobel x"], label="filter"),
        turned=widgets.Checkbox(label="turn by 180°"),
        down=widgets.Slider(-8, 8, 4, label="shift down"),
        right=widgets.Slider(-8, 8, 0, label="shift right"),
        **{f"w{i}": widgets.Slider(-4.0, 4.0, 0.0, step=0.25, label=f"add at ({i // 3}, {i % 3})") for i in range(9)},
    ),
    compute=kernel_state,
    alt=lambda state: (
        f"A 3×3 kernel with sum {state[0].sum():.2f}, the shifted picture and both feature maps; inside, shift-then-filter and "
        f"filter-then-shift differ by at most {inside(state):.1e}, at the border by {np.abs(state[2] - state[3]).max():.2f}."
    ),
    table=lambda state: {
        "sum of the weights": state[0].sum(),
        "largest difference inside": inside(state),
        "largest difference at the border": np.abs(state[2] - state[3]).max(),
    },
    title="Two orders",
)

# %% [markdown] id="count-text"
# ## How many parameters?
#
# A 5×5 filter on a grey image has $5\cdot5+1 = 26$ parameters, and twenty of them have 520. The dense layer from 784 pixels to 30 units has 23,550: 45 times as many. (The comparison is not fair, as the book says itself, but the direction is right.) In general, with $C$ channels before and $O$ filters of
# $f\times g$ after:
#
# $$(f\,g\,C + 1)\,O \quad\text{for a convolution}, \qquad (n + 1)\,m \quad\text{for a dense layer from } n \text{ to } m, \qquad 0 \quad\text{for pooling}$$
#
# From 32 to 64 channels with 3×3 that is $(3\cdot3\cdot32+1)\cdot64 = 18{,}496$. The book writes the formula twice with other letters each time, and calls these 64 filters the *first* layer; a first layer has one or three channels before it, not 32.
#
# A dense layer after a convolution takes all numbers of all maps: $n = C\cdot H\cdot W$, not the side of a map. To know $n$ one must follow the shapes through the network.

# %% [markdown] id="summary-statement" statement="summary"
# ### Exercise 2: shapes and parameters of a network
#
# Write `layer_summary(shape, layers)`. `shape` is that of one image, `(C, H, W)`. `layers` is a list of tuples:
#
# - `("conv", maps, f, stride, padding)`, a convolution with `maps` filters of $f\times f$,
# - `("pool", f, stride)`, pooling without padding,
# - `("dense", units)`, joined to everything before it.
#
# Return a list with one pair `(shape, parameters)` for each layer: the shape after it, `(C, H, W)` or `(units,)`, and how many weights and biases it has, an `int`. Use your `conv_output_size`.
#
# Check by hand: `(1, 28, 28)` and `[("conv", 20, 5, 1, 0)]` give `[((20, 24, 24), 520)]`.


# %% id="summary" exercise=true difficulty=2 by_hand="nn data optim train"
def layer_summary(shape, layers):
    """[(shape after the layer, its parameters), …] for an image (C, H, W) and a list of layers."""
    ### BEGIN SOLUTION
    rows = []
    for kind, *settings in layers:
        if kind == "conv":
            maps, f, stride, padding = settings
            count = (f * f * shape[0] + 1) * maps
            shape = (maps, *(conv_output_size(n, f, stride, padding) for n in shape[1:]))
        elif kind == "pool":
            f, stride = settings
            count = 0
            shape = (shape[0], *(conv_output_size(n, f, stride, 0) for n in shape[1:]))
        else:
            inputs = 1
            for n in shape:
                inputs *= n
            count = (inputs + 1) * settings[0]
            shape = (settings[0],)
        rows.append((shape, count))
    return rows
    ### END SOLUTION


# %% [markdown] id="summary-hints" hints="summary"
# - no-bias: Every filter and every unit has a bias.
# - one-bias: Not one bias for the layer: one for each filter.
# - channels: A filter has a slice for every channel before it.
# - pool-weights: Pooling learns nothing: 0 parameters.
# - side: A dense layer sees every number of every map, C · H · W of them, not one side.
# - maps: Pooling works on each map by itself: it changes H and W, not C.


# %% id="summary-conv" test="summary" points=2
@check.exercise("18-convolution/summary")
def a_convolution():
    """One convolution on a colour image that is not square"""
    got = check.call(layer_summary, (3, 20, 31), [("conv", 7, 5, 2, 1)])
    check.equal(
        got,
        [((7, 9, 15), 532)],
        name="layer_summary((3, 20, 31), [('conv', 7, 5, 2, 1)])",
        hints={
            "no-bias": lambda right: [((7, 9, 15), 525)],
            "one-bias": lambda right: [((7, 9, 15), 526)],
            "channels": lambda right: [((7, 9, 15), 182)],
        },
    )


# %% id="summary-book" test="summary" points=2
@check.exercise("18-convolution/summary")
def the_network_of_the_book():
    """Convolution, pooling, ten outputs"""
    layers = [("conv", 3, 5, 1, 0), ("pool", 2, 2), ("dense", 10)]
    conv, pool, dense = ((3, 24, 24), 78), ((3, 12, 12), 0), ((10,), 4330)
    check.equal(
        check.call(layer_summary, (1, 28, 28), layers),
        [conv, pool, dense],
        name="layer_summary((1, 28, 28), ...)",
        hints={
            "pool-weights": lambda right: [conv, ((3, 12, 12), 15), dense],
            "side": lambda right: [conv, pool, ((10,), 130)],
            "maps": lambda right: [conv, ((1, 12, 12), 0), ((10,), 1450)],
        },
    )


# %% id="summary-hidden" test="summary" points=2 hidden=true
@check.exercise("18-convolution/summary", hidden=True)
def five_networks():
    """Five networks, against the layers of dlbook.nn"""
    rng = check.rng(2)
    for _ in range(5):
        C, H, W, first, second, units = rng.integers((1, 12, 16, 2, 5, 3), (4, 16, 24, 5, 9, 8)).tolist()
        layers = [("conv", first, 3, 1, 1), ("pool", 3, 2), ("conv", second, 4, 2, 1), ("dense", units), ("dense", 2)]
        modules = [
            nn.Conv2d(C, first, 3, padding=1, rng=rng),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(first, second, 4, stride=2, padding=1, rng=rng),
        ]
        x = np.zeros((1, C, H, W))
        right = []
        for module in modules:
            x = module(x)
            right.append((x.shape[1:], sum(p.data.size for p in module.parameters())))
        right += [((units,), (x.size + 1) * units), ((2,), 2 * units + 2)]
        check.equal(check.call(layer_summary, (C, H, W), layers), right, name=f"layer_summary({(C, H, W)}, ...)")


# %% [markdown] id="famous-text"
# Three networks, counted by building them: an image of zeros goes through, and each layer says what it holds. LeNet-5 (1998) is the one that the book says works on 28×28; it takes 32×32, MNIST with a border, so that its first maps are 28×28. In the original the second convolution is not joined to all maps
# (1,516 parameters in place of 2,416), the pooling layers have a weight and a bias for each map (12 and 32), and the output layer is fixed; in all that makes 60,000 to be learnt. AlexNet's paper (2012) says 224 pixels, and $(224-11)/4+1 = 54.25$; with 227, or with padding 2 and rounding down, it is the 55 of the paper.


# %% id="famous"
def lenet(rng):
    return [
        nn.Conv2d(1, 6, 5, rng=rng),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5, rng=rng),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120, rng=rng),
        nn.Linear(120, 84, rng=rng),
        nn.Linear(84, 10, rng=rng),
    ]


def pets(rng):
    return [
        nn.Conv2d(3, 32, 3, rng=rng),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, rng=rng),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * 11 * 11, 128, rng=rng),
        nn.Linear(128, 1, rng=rng),
    ]


def alexnet_start(rng):
    return [
        nn.Conv2d(3, 96, 11, stride=4, padding=2, rng=rng, dtype=single),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2, rng=rng, dtype=single),
        nn.MaxPool2d(3, 2),
    ]


def measured_summary(layers, shape):
    """[(name, shape, parameters), …] by sending an image of zeros through the layers."""
    x, rows = np.zeros((1, *shape), single), []
    for layer in layers:
        x = layer(x)
        rows.append((type(layer).__name__, x.shape[1:], sum(p.data.size for p in layer.parameters())))
    return rows


for name, make, shape in [
    ("LeNet-5", lenet, (1, 32, 32)),
    ("50×50 cats and dogs", pets, (3, 50, 50)),
    ("AlexNet, the start", alexnet_start, (3, 224, 224)),
]:
    rows = measured_summary(make(np.random.default_rng(0)), shape)
    print(f"{name}, {shape}: {sum(row[2] for row in rows):,} parameters")
    for kind, after, count in rows:
        print(f"   {kind:<10} {after!s:<15} {count:>9,}")

# %% [markdown] id="builder-text"
# ## Build one
#
# Where are the parameters? Change the layers of a network for 28×28 images and look. How can the dense layer be made smaller without touching its units?


# %% id="builder" folded=true
def built(maps, f, stride, pool, second, units):
    rng = np.random.default_rng(0)
    x, layers = np.zeros((1, 1, 28, 28), single), []

    def add(layer):
        nonlocal x
        layers.append(layer)
        x = layer(x)

    add(nn.Conv2d(1, maps, f, stride=stride, rng=rng, dtype=single))
    if 1 < pool <= x.shape[2]:
        add(nn.MaxPool2d(pool))
    if second:
        add(nn.Conv2d(maps, second, 3, padding=1, rng=rng, dtype=single))
        if 1 < pool <= x.shape[2]:
            add(nn.MaxPool2d(pool))
    add(nn.Flatten())
    add(nn.Linear(x.size, units, rng=rng, dtype=single))
    add(nn.Linear(units, 10, rng=rng, dtype=single))
    return measured_summary(layers, (1, 28, 28))


def built_figure(rows):
    """Parameters by layer, as bars."""
    figure = plots.figure(8, 3)
    ax = figure.subplots()
    names = [f"{kind} {'×'.join(map(str, shape))}" for kind, shape, _ in rows]
    bars = ax.barh(range(len(rows)), [count for *_, count in rows], color=plots.BLUE)
    ax.bar_label(bars, [f"{count:,}" for *_, count in rows], padding=4)
    ax.set(yticks=range(len(rows)), xlabel="parameters")
    ax.set_yticklabels(names)
    ax.invert_yaxis()
    ax.margins(x=0.15)
    return figure


widgets.explore(
    built_figure,
    dict(
        maps=widgets.Options([3, 6, 20, 40], value=20, label="filters"),
        f=widgets.Options([3, 5, 7], value=5, label="window"),
        stride=widgets.Options([1, 2, 3], label="stride"),
        pool=widgets.Options({"none": 1, "2×2": 2, "3×3": 3}, value=2, label="pooling"),
        second=widgets.Options({"none": 0, "16": 16, "40": 40}, value=0, label="filters of a second layer"),
        units=widgets.Options([10, 30, 100], value=30, label="dense units"),
    ),
    compute=built,
    alt=lambda rows: (
        f"{sum(row[2] for row in rows):,} parameters; the first dense layer has {rows[-2][2]:,} of them, the convolutions "
        f"{sum(row[2] for row in rows if row[0] == 'Conv2d'):,}."
    ),
    table=lambda rows: [{"layer": kind, "shape": str(shape), "parameters": count} for kind, shape, count in rows],
    title="Where the parameters are",
)

# %% [markdown] id="columns"
# ## Loops, windows, one product
#
# A convolution over a batch has loops over examples, filters, channels, rows, columns and the window. Seven loops in Python are hopeless. But each output is a scalar product of a filter with a window, and a table of scalar products is a *matrix product*. So write every window into a column:

# %% id="columns-figure"
image = np.arange(1, 10).reshape(3, 3)
columns = sliding_window_view(image, (2, 2)).reshape(4, 4).T
figure = plots.figure(9, 2.6)
axes = figure.subplots(1, 4, width_ratios=(3, 4, 4, 4))
w = np.array([[1, 0], [0, -1]])
for ax, (name, values) in zip(
    axes,
    {
        "image": image,
        "its 2×2 windows, as columns": columns,
        "filter, as a row": w.reshape(1, 4),
        "row times columns": w.reshape(1, 4) @ columns,
    }.items(),
    strict=True,
):
    ax.imshow(np.zeros(values.shape), cmap=plots.INK, vmin=0, vmax=1)
    for (row, column), value in np.ndenumerate(values):
        ax.text(column, row, value, ha="center", va="center", color=plots.BLACK)
    ax.set_xticks(np.arange(-0.5, values.shape[1]), [])
    ax.set_yticks(np.arange(-0.5, values.shape[0]), [])
    ax.tick_params(length=0)
    ax.grid(color="#8A8A8A")
    ax.set_title(name, fontsize=11)
plots.show(
    figure,
    alt="A 3×3 image of the numbers 1 to 9; its four 2×2 windows as the columns 1 2 4 5, 2 3 5 6, 4 5 7 8, 5 6 8 9; the filter 1 0 0 -1 as a row; their product, four times -4.",
)

# %% [markdown] id="columns-meaning"
# The table of columns is larger than the image: with stride 1 a pixel stands in it up to $f^2$ times. That is the price, in memory. What it buys you will measure in a moment. The operation is called *im2col* (`torch.nn.Unfold`).


# %% id="conv-case" given=true
def conv_case(N, C, H, W, O, kh, kw):
    """Images (N, C, H, W), filters (O, C, kh, kw) and biases (O,), the same on every machine."""
    x = np.sin(0.7 * np.arange(N * C * H * W) + 0.2).reshape(N, C, H, W)
    weight = np.cos(1.3 * np.arange(O * C * kh * kw) + 0.5).reshape(O, C, kh, kw)
    return x, weight, np.linspace(-0.6, 0.8, O)


def window_columns(x, kh, kw, stride, padding):
    """What im2col should give, from dlbook.nn: one filter for each place in the window, 1 there and 0 elsewhere."""
    size = x.shape[1] * kh * kw
    return nn.conv2d(x, np.eye(size).reshape(size, -1, kh, kw), None, stride, padding)[0].reshape(len(x), size, -1)


# %% [markdown] id="im2col-statement" statement="im2col"
# ### Exercise 3: windows into columns
#
# Write `im2col(x, kh, kw, stride, padding)`. `x (N, C, H, W)` is a batch of images; the window has `kh` rows and `kw` columns. The result has the shape $(N,\ C\,kh\,kw,\ H'W')$.
#
# - Its row $c\cdot kh\cdot kw + l\cdot kw + m$ holds channel $c$, row $l$, column $m$ of the window.
# - Its column $j\,W' + k$ belongs to the window at place $(j, k)$.
# - Padding adds zeros to the rows and columns of the image, not to its channels.
#
# A loop over the places of the window ($l$, $m$) is fine, and so is `sliding_window_view`. A loop over pixels or examples is slow.
#
# Check by hand: the figure above, with `x` of shape `(1, 1, 3, 3)`.


# %% id="im2col" exercise=true difficulty=2 by_hand="nn data optim train window_columns"
def im2col(x, kh, kw, stride, padding):
    """Windows as columns: x (N, C, H, W) -> (N, C * kh * kw, H' * W')."""
    ### BEGIN SOLUTION
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]
    N, C, rows, columns = windows.shape[:4]
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(N, C * kh * kw, rows * columns)
    ### END SOLUTION


# %% [markdown] id="im2col-hints" hints="im2col"
# - rows: The windows stand in rows: each belongs into a column.
# - channels-last: The channel counts slowest: first all places of channel 0, then those of channel 1.
# - swapped: Row and column of the window are swapped: l counts slower than m.
# - stride: The windows move by the stride, not by one pixel.
# - no-border: The padding is missing, or stands on one side only.
# - last: The last place is missing: there are H' times W' windows.


# %% id="im2col-one" test="im2col" points=1
@check.exercise("18-convolution/im2col")
def one_channel():
    """One image, one channel, stride 1"""
    x, _, _ = conv_case(1, 1, 4, 5, 1, 2, 3)
    check.close(
        check.call(im2col, x, 2, 3, 1, 0, returns=("columns",)),
        window_columns(x, 2, 3, 1, 0),
        name="columns",
        hints={
            "rows": lambda right: right.swapaxes(1, 2),
            "swapped": lambda right: right.reshape(2, 3, 9).swapaxes(0, 1).reshape(1, 6, 9),
            "last": lambda right: right.reshape(1, 6, 3, 3)[..., :2, :2].reshape(1, 6, 4),
        },
    )


# %% id="im2col-channels" test="im2col" points=2
@check.exercise("18-convolution/im2col")
def two_images_three_channels():
    """Two images, three channels, stride 2, padding 1"""
    x, _, _ = conv_case(2, 3, 6, 7, 1, 3, 2)
    check.close(
        check.call(im2col, x, 3, 2, 1, 0, returns=("columns",)),
        window_columns(x, 3, 2, 1, 0),
        name="columns",
        hints={"channels-last": lambda right: right.reshape(2, 3, 6, -1).swapaxes(1, 2).reshape(right.shape)},
    )
    right = window_columns(x, 3, 2, 2, 1)
    check.close(
        check.call(im2col, x, 3, 2, 2, 1, returns=("columns",)),
        right,
        name="columns for stride 2, padding 1",
        hints={
            "stride": lambda right: window_columns(x, 3, 2, 1, 1),
            "no-border": lambda right: window_columns(x, 3, 2, 2, 0),
        },
    )


# %% id="im2col-hidden" test="im2col" points=2 hidden=true
@check.exercise("18-convolution/im2col", hidden=True)
def other_windows():
    """Windows of one pixel, as large as the image, with places left over"""
    rng = check.rng(3)
    for shape, kh, kw, stride, padding in [
        ((1, 2, 5, 4), 1, 1, 1, 0),
        ((3, 1, 4, 6), 4, 6, 1, 0),
        ((2, 4, 9, 6), 3, 2, 3, 0),
        ((1, 3, 5, 8), 2, 5, 2, 2),
    ]:
        x = rng.normal(size=shape)
        columns = check.call(im2col, x, kh, kw, stride, padding, returns=("columns",))
        check.close(columns, window_columns(x, kh, kw, stride, padding), name=f"columns for {shape}, {kh}×{kw}")


# %% [markdown] id="conv-statement" statement="conv"
# ### Exercise 4: the convolution
#
# Write `conv2d(x, weight, bias, stride, padding)` with `x (N, C, H, W)`, `weight (O, C, kh, kw)` and `bias (O,)`. The result is $z$ of the equation above, for every example: `(N, O, H', W')`. Use your `im2col` and one matrix product, `@`. It multiplies the last two axes and repeats over the others.
#
# Check by hand: `x = [[[[1, 2], [3, 4]]]]`, `weight = [[[[1, 0], [0, −1]]]]` and `bias = [10]` give `[[[[7]]]]`.


# %% id="conv" exercise=true difficulty=2 by_hand="nn data optim train window_columns"
def conv2d(x, weight, bias, stride, padding):
    """Convolution: x (N, C, H, W), weight (O, C, kh, kw), bias (O,) -> (N, O, H', W')."""
    ### BEGIN SOLUTION
    O, _, kh, kw = weight.shape
    rows, columns = ((x.shape[2 + i] + 2 * padding - weight.shape[2 + i]) // stride + 1 for i in range(2))
    y = weight.reshape(O, -1) @ im2col(x, kh, kw, stride, padding) + bias[:, None]
    return y.reshape(len(x), O, rows, columns)
    ### END SOLUTION


# %% [markdown] id="conv-hints" hints="conv"
# - bias: The bias is missing: each filter adds its own to its whole map.
# - flipped: The kernel is turned by 180°: here the indices add up, j + l and k + m.
# - transposed: Rows and columns of the kernel are swapped.
# - one-channel: Only the first channel was looked at: sum over all of them.
# - bias-channels: The bias was added once for each channel.


# %% id="conv-one" test="conv" points=1
@check.exercise("18-convolution/conv")
def one_channel_two_filters():
    """One channel, two filters"""
    x, weight, bias = conv_case(1, 1, 6, 5, 2, 3, 3)
    check.close(
        check.call(conv2d, x, weight, bias, 1, 0, returns=("y",)),
        nn.conv2d(x, weight, bias)[0],
        name="y",
        hints={
            "bias": lambda right: right - bias[:, None, None],
            "flipped": lambda right: nn.conv2d(x, weight[..., ::-1, ::-1], bias)[0],
            "transposed": lambda right: nn.conv2d(x, weight.swapaxes(2, 3), bias)[0],
        },
    )


# %% id="conv-batch" test="conv" points=2
@check.exercise("18-convolution/conv")
def a_batch_with_channels():
    """Two images, three channels, stride 2, padding 1"""
    x, weight, bias = conv_case(2, 3, 7, 6, 4, 3, 2)
    check.close(
        check.call(conv2d, x, weight, bias, 2, 1, returns=("y",)),
        nn.conv2d(x, weight, bias, 2, 1)[0],
        name="y",
        hints={
            "one-channel": lambda right: nn.conv2d(x[:, :1], weight[:, :1], bias, 2, 1)[0],
            "bias-channels": lambda right: right + 2 * bias[:, None, None],
        },
    )


# %% id="conv-hidden" test="conv" points=2 hidden=true
@check.exercise("18-convolution/conv", hidden=True)
def other_strides_and_paddings():
    """Other strides and paddings, one example, one filter"""
    rng = check.rng(4)
    for shape, O, kh, kw, stride, padding in [
        ((1, 2, 8, 5), 3, 1, 1, 1, 0),
        ((3, 4, 5, 7), 1, 2, 4, 3, 2),
        ((2, 1, 6, 9), 5, 5, 3, 2, 1),
        ((4, 3, 3, 4), 2, 3, 4, 1, 0),
    ]:
        x, weight, bias = rng.normal(size=shape), rng.normal(size=(O, shape[1], kh, kw)), rng.normal(size=O)
        y = check.call(conv2d, x, weight, bias, stride, padding, returns=("y",))
        check.close(
            y,
            nn.conv2d(x, weight, bias, stride, padding)[0],
            name=f"y for {shape}, stride {stride}, padding {padding}",
            rtol=1e-9,
        )


# %% [markdown] id="time-text"
# ## What each way costs
#
# One layer, three ways: loops over examples, filters and places; all windows at once, without a copy; and columns with a matrix product. The cell is folded, since it holds two ways to an answer; open it when yours works.


# %% id="time-run" folded=true
def conv2d_by_loops(x, weight, bias):
    """Loops over examples, filters, rows and columns; stride 1, no padding."""
    N, _, H, W = x.shape
    O, _, kh, kw = weight.shape
    y = np.empty((N, O, H - kh + 1, W - kw + 1), x.dtype)
    for n in range(N):
        for o in range(O):
            for j in range(y.shape[2]):
                for k in range(y.shape[3]):
                    y[n, o, j, k] = bias[o] + np.sum(weight[o] * x[n, :, j : j + kh, k : k + kw])
    return y


def conv2d_by_windows(x, weight, bias):
    """All windows at once, as a view; stride 1, no padding."""
    windows = sliding_window_view(x, weight.shape[2:], axis=(2, 3))
    return np.einsum("ncjklm,oclm->nojk", windows, weight) + bias[:, None, None]


def your_conv2d(x, weight, bias):
    return conv2d(x, weight, bias, 1, 0)


x, weight, bias = conv_case(4, 3, 28, 28, 16, 5, 5)
right, ways = nn.conv2d(x, weight, bias)[0], {}
for name, way, times in [
    ("loops", conv2d_by_loops, 1),
    ("windows", conv2d_by_windows, 3),
    ("your matrix product", your_conv2d, 5),
    ("dlbook.nn", lambda *layer: nn.conv2d(*layer)[0], 5),
]:
    try:
        agree = np.allclose(way(x, weight, bias), right)
    except NotImplementedError:
        print("Your matrix product joins in as soon as exercises 3 and 4 are solved.")
        continue
    ways[name] = fastest(lambda way=way: way(x, weight, bias), times)
    print(f"{name:<24} {1000 * ways[name]:8.2f} ms   {ways['loops'] / ways[name]:6.0f} ×   equal: {agree}")

figure = plots.figure(7, 2.2)
ax = figure.subplots()
ax.barh(range(len(ways)), [1000 * seconds for seconds in ways.values()], color=plots.BLUE)
ax.set(yticks=range(len(ways)), xlabel="milliseconds for four images, logarithmic", xscale="log")
ax.set_yticklabels(ways)
ax.invert_yaxis()
plots.show(
    figure,
    alt="Time of one convolution layer: loops take by far the longest, the windows a small part of it, the matrix product several hundred times less than the loops.",
)

# %% [markdown] id="time-meaning"
# All give the same numbers. The windows cost no memory, but walking through them in this order suits no fast routine. The matrix product pays for a copy and then runs on the best-tuned program of the machine. That is why nearly every library, on CPU and GPU, turns a convolution into products, though the clever ones never write the
# columns out.

# %% [markdown] id="pooling"
# ## Pooling: was it there?
#
# After a convolution comes, in the book's networks, a *pooling* layer. It condenses each map by itself: 2×2 units become one, 24×24 becomes 12×12. *Max-pooling* takes the largest: was the feature found anywhere in this region? Where exactly is forgotten, roughly where is kept. *Average pooling* takes the mean,
# and *L2 pooling* the root of the sum of squares:
#
# $$p_{j,k} = \max_{l,m} a_{sj+l,\,sk+m}, \qquad p_{j,k} = \frac1{f^2}\sum_{l,m} a_{sj+l,\,sk+m}, \qquad p_{j,k} = \sqrt{\textstyle\sum_{l,m} a_{sj+l,\,sk+m}^2}$$

# %% id="pooling-run"
values = np.array([[1.0, 3.0, 0.0, 0.0], [2.0, 4.0, 0.0, -1.0], [5.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 2.0]])
x = values[None, None]
print(values)
pools = {
    "max": lambda x: nn.max_pool2d(x, 2)[0],
    "mean": lambda x: nn.avg_pool2d(x, 2)[0],
    "L2": lambda x: nn.lp_pool2d(x, 2, 2)[0],
}
for name, pool in pools.items():
    print(f"{name:<5}", pool(x)[0, 0].round(2).tolist())

edges = np.abs(map_by_windows(digit, filters["Sobel x"]))[None, None]
figure = plots.figure(9, 2.5)
axes = figure.subplots(1, 4)
axes[0].imshow(edges[0, 0], cmap=plots.INK, vmin=0, vmax=edges.max())
axes[0].set_title("feature map, 26×26")
for ax, (name, pool) in zip(axes[1:], pools.items(), strict=True):
    ax.imshow(pool(edges)[0, 0], cmap=plots.INK, vmin=0, vmax=edges.max())
    ax.set_title(f"{name}, 13×13")
for ax in axes:
    ax.set_axis_off()
plots.show(
    figure,
    alt="The upright edges of a two, 26×26, and the same pooled to 13×13 by maximum, mean and L2: max and L2 keep the edges strong, the mean makes them paler.",
)

# %% [markdown] id="pooling-meaning"
# Note the upper right corner: it holds 0, 0, 0 and −1, and its maximum is 0. Had all been negative, the maximum would be negative too: a maximum does not start at zero.
#
# Pooling has no weights. Its gain is smaller maps, and so fewer weights in the layers behind. The book puts it "immediately after" each convolution; that is a habit, not a law. Many later networks, ResNet among them, shrink by convolutions of stride 2 instead and pool once, over the whole map, at the end.

# %% [markdown] id="max-pool-statement" statement="max-pool"
# ### Exercise 5: max-pooling
#
# Write `max_pool2d(x, kernel_size, stride)` for `x (N, C, H, W)` and a square window. It returns `(N, C, H', W')`. There is no padding; what no window covers is left out. Windows overlap when the stride is smaller than the window.
#
# Check by hand: the array above, with `kernel_size` 2 and `stride` 2, gives `[[4, 0], [5, 2]]`.


# %% id="max-pool" exercise=true difficulty=1 by_hand="nn data optim train window_columns"
def max_pool2d(x, kernel_size, stride):
    """Largest value of each window: x (N, C, H, W) -> (N, C, H', W')."""
    ### BEGIN SOLUTION
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel_size, kernel_size), axis=(2, 3))
    return windows[:, :, ::stride, ::stride].max(axis=(4, 5))
    ### END SOLUTION


# %% [markdown] id="max-pool-hints" hints="max-pool"
# - mean: That is the mean of each window: take the largest.
# - zero: The maximum starts at 0 here, and so no negative number is ever the largest.
# - all-channels: Each channel is pooled by itself.
# - stride: The windows move by the stride, not by their own size.


# %% id="max-pool-signs" test="max-pool" points=1
@check.exercise("18-convolution/max-pool")
def two_by_two():
    """2×2, stride 2, some maps all negative"""
    x, _, _ = conv_case(2, 3, 4, 6, 1, 1, 1)
    x = x - np.array([0.0, 0.4, 1.1])[:, None, None]
    check.close(
        check.call(max_pool2d, x, 2, 2, returns=("y",)),
        nn.max_pool2d(x, 2)[0],
        name="y",
        hints={
            "mean": lambda right: nn.avg_pool2d(x, 2)[0],
            "zero": lambda right: np.maximum(right, 0),
            "all-channels": lambda right: np.broadcast_to(right.max(axis=1, keepdims=True), right.shape),
        },
    )


# %% id="max-pool-overlap" test="max-pool" points=1
@check.exercise("18-convolution/max-pool")
def overlapping_windows():
    """Overlapping windows, 3×3 with stride 2"""
    x, _, _ = conv_case(1, 2, 7, 9, 1, 1, 1)
    check.close(
        check.call(max_pool2d, x, 3, 2, returns=("y",)),
        nn.max_pool2d(x, 3, 2)[0],
        name="y",
        hints={"stride": lambda right: nn.max_pool2d(x, 3)[0]},
    )


# %% id="max-pool-hidden" test="max-pool" points=1 hidden=true
@check.exercise("18-convolution/max-pool", hidden=True)
def pixels_left_over():
    """Pixels left over, gaps between windows, one image"""
    rng = check.rng(5)
    for shape, f, stride in [((1, 3, 5, 8), 2, 2), ((4, 2, 9, 7), 2, 3), ((2, 1, 6, 4), 4, 1)]:
        x = rng.normal(size=shape) - 1
        y = check.call(max_pool2d, x, f, stride, returns=("y",))
        check.close(y, nn.max_pool2d(x, f, stride)[0], name=f"y for {shape}, window {f}, stride {stride}")


# %% [markdown] id="invariance"
# ## Equivariance is not invariance
#
# "Convolutional networks are indifferent to where the object stands": one reads it often, and so it stands in the book. Let us measure. All three networks below learn 8×8 digits in the *middle* of a 16×16 field, and never see a shifted one:
#
# - dense: 30 hidden units;
# - convolution and pooling, twice, then a dense layer over all that is left, as in the book;
# - two convolutions of stride 1, then the maximum over the *whole* map, one number for each filter, then a dense layer.

# %% [markdown] id="invariance-question" question="predict"
# Then the test digits are shifted by two pixels. Which networks still read them?
#
# - [ ] the two convolutional ones: pooling by 2×2 forgives about one pixel, and the dense layer behind it knows only the places that it has seen.
# - [x] only the one with the maximum over the whole map: its filters move along with the digit, and the maximum does not ask where.
# - [ ] none: no shifted digit was learnt; but where no weight knows a place, none has to learn it.


# %% id="invariance-run"
class GlobalMaxPool2d(nn.Module):
    """The largest value of each map: (N, C, H, W) -> (N, C)."""

    def forward(self, x):
        flat = x.reshape(*x.shape[:2], -1)
        return flat.max(axis=2), (flat.argmax(axis=2), x.shape)

    def backward(self, dy, cache):
        at, shape = cache
        dx = np.zeros((*shape[:2], shape[2] * shape[3]), dy.dtype)
        np.put_along_axis(dx, at[..., None], dy[..., None], axis=2)
        return dx.reshape(shape)


def dense_reader(rng):
    return nn.Sequential(
        nn.Flatten(), nn.Linear(256, 30, rng=rng, dtype=single), nn.ReLU(), nn.Linear(30, 10, rng=rng, dtype=single)
    )


def pooling_reader(rng):
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1, rng=rng, dtype=single),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1, rng=rng, dtype=single),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 10, rng=rng, dtype=single),
    )


def global_reader(rng):
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1, rng=rng, dtype=single),
        nn.ReLU(),
        nn.Conv2d(8, 32, 3, padding=1, rng=rng, dtype=single),
        nn.ReLU(),
        GlobalMaxPool2d(),
        nn.Linear(32, 10, rng=rng, dtype=single),
    )


def in_field(images, down=0, right=0):
    """8×8 images in the middle of a 16×16 field, moved by whole pixels."""
    return moved(np.pad(images, ((0, 0), (0, 0), (4, 4), (4, 4))), down, right)


x, x_test = in_field(digits.x_train), digits.x_test
readers = {
    "dense": learn(dense_reader, x, digits.y_train, lr=0.01, epochs=8, batch_size=32),
    "two poolings, dense": learn(pooling_reader, x, digits.y_train, lr=0.007, epochs=4, batch_size=32),
    "maximum over the map": learn(global_reader, x, digits.y_train, lr=0.015, epochs=5, batch_size=48),
}
by_shift = {name: [] for name in readers}
for name, model in readers.items():
    for step in range(5):
        ways = [(step, 0), (-step, 0), (0, step), (0, -step)][: 4 if step else 1]
        by_shift[name].append(np.mean([score(model, in_field(x_test, *way), digits.y_test) for way in ways]))
    turned = score(model, np.rot90(in_field(x_test), axes=(2, 3)), digits.y_test)
    count = sum(p.data.size for p in model.parameters())
    print(
        f"{name:<21} {count:>5} parameters, shifted by 0 to 4: {np.round(by_shift[name], 3)}, turned by 90°: {turned:.3f}"
    )

figure = plots.figure(6.5, 3)
ax = figure.subplots()
plots.learning_curves(ax, by_shift, x=range(5), xlabel="shift, pixels", ylabel="test accuracy")
ax.set(xticks=range(5), ylim=(0, 1.03))
plots.show(
    figure,
    alt="Test accuracy by shift: the dense network and the one with two poolings fall from 0.95 to below 0.3 at two pixels, the one with the maximum over the map stays near 0.98.",
)

# %% [markdown] id="invariance-meaning"
# At a shift of one pixel the dense network reads less than half, the network of the book's kind 0.581; at two pixels it is 0.113 and 0.255, hardly more than chance. Its convolutions are equivariant: the maps move along. But then comes a dense layer with a weight for every place, and it has learnt other places. Only the maximum over the whole map forgets the place altogether. The little that it loses at three and four
# pixels it loses at the border of the field, where the maps are cut off.
#
# So: convolution gives equivariance; invariance comes from pooling over *all* places, or from shifted examples (chapter 11). And turned by 90 degrees, the book's own picture, none of the three is better than chance, which is one in ten.
#
# Small pooling windows do not even forgive one pixel fully. A stride of 2 keeps every other place, and which ones depends on where the object stands:

# %% id="aliasing"
signal = np.array([0.0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0])
for step in range(3):
    pooled = nn.max_pool2d(np.roll(signal, step)[None, None, None, :].repeat(2, axis=2), 2)[0][0, 0, 0]
    print(f"shifted by {step}: {np.roll(signal, step).astype(int)} -> {pooled.astype(int)}")

# %% [markdown] id="back"
# ## The way back
#
# The book ends with: backpropagation has to be modified for convolution and pooling, and that is simple. It does not do it. Here it is.
#
# Let $\delta_{o,j,k} = \partial L/\partial z_{o,j,k}$ arrive from above. Take one image, stride 1 and no padding; then $z_{o,j,k} = b_o + \sum W_{o,c,l,m}\,a_{c,j+l,k+m}$, and everything follows by asking *where does this number occur?*
#
# - The bias $b_o$ occurs in every unit of map $o$, with the factor 1.
# - The weight $W_{o,c,l,m}$ occurs in every unit of map $o$, each time with another pixel.
# - The pixel $a_{c,p,q}$ occurs in every window that covers it: in unit $(j, k)$ if $j + l = p$ and $k + m = q$ for some $l, m$.
#
# $$\frac{\partial L}{\partial b_o} = \sum_{j,k}\delta_{o,j,k}, \qquad \frac{\partial L}{\partial W_{o,c,l,m}} = \sum_{j,k}\delta_{o,j,k}\;a_{c,\,j+l,\,k+m}, \qquad
# \frac{\partial L}{\partial a_{c,p,q}} = \sum_{o}\sum_{l,m} W_{o,c,l,m}\;\delta_{o,\,p-l,\,q-m}$$
#
# In the last sum $\delta$ counts as 0 where its index lies outside. The second is again a correlation, of the image with $\delta$. The third has minus signs: it is the true convolution, with the kernel turned round.

# %% [markdown] id="cover-text"
# A pixel receives from as many windows as cover it. If all weights are 1 and every unit sends a 1, what arrives is simply the number of windows:

# %% id="cover"
figure = plots.figure(9, 2.7)
for ax, (stride, padding) in zip(figure.subplots(1, 4), [(1, 0), (1, 1), (2, 0), (3, 0)], strict=True):
    y, cache = nn.conv2d(np.zeros((1, 1, 8, 8)), np.ones((1, 1, 3, 3)), None, stride, padding)
    counts = nn.conv2d_backward(np.ones(y.shape), cache)[0][0, 0]
    ax.imshow(counts, cmap="Blues", vmin=0, vmax=12)
    for (row, column), value in np.ndenumerate(counts):
        ax.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=8)
    ax.set_title(f"stride {stride}, padding {padding}")
    ax.set_axis_off()
plots.show(
    figure,
    alt="How many 3×3 windows cover each pixel of an 8×8 image. Stride 1: 9 inside, 1 in the corners. Padding 1: 9 inside, 4 in the corners. Stride 2: a chequered pattern of 1, 2 and 4, the last row and column 0. Stride 3: 1, the last two rows and columns 0.",
)

# %% [markdown] id="conv-back-statement" statement="conv-back"
# ### Exercise 6: convolution, backwards
#
# Write `conv2d_backward(dy, x, weight, stride, padding)`. `dy (N, O, H', W')` is the gradient of the loss with respect to the output of `conv2d`. Return `dx` with the shape of `x`, `dweight` with the shape of `weight`, and `dbias (O,)`. Find out first what changes in the three sums above with a batch, a stride and a padding. All sums run over
# the batch, there is no mean. Nothing is changed in place.
#
# One way: loop over the places $(l, m)$ of the window, not over pixels or examples. For each place, cut out of the padded images the pixels that it meets. Another way: what does the matrix product with `im2col` say? Your forward pass `conv2d` may help you to *check*, but not to answer.
#
# Check by hand: `x = [[[[1, 2, 3]]]]`, `weight = [[[[4, 5]]]]`, stride 1, no padding, `dy = [[[[10, 1]]]]` give `dx = [[[[40, 54, 5]]]]`, `dweight = [[[[12, 23]]]]` and `dbias = [11]`.


# %% id="conv-back" exercise=true difficulty=3 by_hand="nn data optim train window_columns conv2d conv2d_by_loops conv2d_by_windows your_conv2d"
def conv2d_backward(dy, x, weight, stride, padding):
    """Gradients of conv2d: dy (N, O, H', W') -> dx like x, dweight like weight, dbias (O,)."""
    ### BEGIN SOLUTION
    H, W = x.shape[2:]
    rows, columns = dy.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dpadded, dweight = np.zeros(padded.shape), np.empty(weight.shape)
    for l, m in np.ndindex(weight.shape[2:]):
        met = (..., slice(l, l + stride * (rows - 1) + 1, stride), slice(m, m + stride * (columns - 1) + 1, stride))
        dweight[:, :, l, m] = np.tensordot(dy, padded[met], ((0, 2, 3), (0, 2, 3)))
        dpadded[met] += np.tensordot(weight[:, :, l, m], dy, ((0,), (1,))).swapaxes(0, 1)
    return dpadded[:, :, padding : padding + H, padding : padding + W], dweight, dy.sum(axis=(0, 2, 3))
    ### END SOLUTION


# %% [markdown] id="conv-back-hints" hints="conv-back"
# - positions: A bias occurs in every unit of its map: sum over rows and columns too, not over the batch alone.
# - mean: Sums over the batch and the places, no mean: the division belongs to the loss.
# - turned: The gradient of the weights is turned by 180°: it meets pixel j + l, not j − l.
# - flip: In the gradient of the image the kernel must be turned round: pixel p comes from unit p − l.
# - overwritten: Where windows overlap, the gradients add up: here a later window overwrites an earlier one.
# - overwritten-place: Where windows overlap, the gradients add up: here each place of the window overwrites the one before it.
# - stride: With a stride, unit j meets pixel s · j + l, not j + l.
# - border: The border of the padding was not cut off: dx has the shape of x.
# - no-padding: The padding is missing: unit (0, 0) begins p pixels outside the image.


# %% id="conv-back-case" given=true
def conv_back_case(N, C, H, W, O, kh, kw, stride, padding):
    """An upstream gradient, images and filters, the same on every machine."""
    x, weight, _ = conv_case(N, C, H, W, O, kh, kw)
    rows, columns = (H + 2 * padding - kh) // stride + 1, (W + 2 * padding - kw) // stride + 1
    return np.cos(1.9 * np.arange(N * O * rows * columns) + 0.7).reshape(N, O, rows, columns), x, weight


def conv_loss(dy, x, weight, bias, stride, padding):
    """A loss that sends dy to the output of the convolution."""
    return np.sum(dy * nn.conv2d(x, weight, bias, stride, padding)[0])


# %% id="conv-back-bias" test="conv-back" points=1
@check.exercise("18-convolution/conv-back")
def gradient_of_the_biases():
    """The gradient of the biases"""
    dy, x, weight = conv_back_case(2, 3, 5, 6, 4, 2, 3, 1, 0)
    _, _, dbias = check.call(conv2d_backward, dy, x, weight, 1, 0, returns=("dx", "dweight", "dbias"))
    check.close(
        dbias,
        dy.sum(axis=(0, 2, 3)),
        name="dbias",
        hints={
            "positions": lambda right: dy.sum(axis=0),
            "mean": lambda right: right / 2,
        },
    )


# %% id="conv-back-weight" test="conv-back" points=3
@check.exercise("18-convolution/conv-back")
def gradient_of_the_weights():
    """The gradient of the weights, stride 1"""
    dy, x, weight = conv_back_case(2, 3, 5, 6, 4, 2, 3, 1, 0)
    _, dweight, _ = check.call(conv2d_backward, dy, x, weight, 1, 0, returns=("dx", "dweight", "dbias"))
    check.gradient(
        lambda weight: conv_loss(dy, x, weight, None, 1, 0),
        dweight,
        weight,
        name="dweight",
        hints={
            "turned": lambda right: right[..., ::-1, ::-1],
            "mean": lambda right: right / 2,
        },
    )


# %% id="conv-back-image" test="conv-back" points=4
@check.exercise("18-convolution/conv-back")
def gradient_of_the_images():
    """The gradient of the images, stride 1"""
    dy, x, weight = conv_back_case(2, 3, 5, 6, 4, 2, 3, 1, 0)
    dx, _, _ = check.call(conv2d_backward, dy, x, weight, 1, 0, returns=("dx", "dweight", "dbias"))

    def overwritten(order):
        out = np.zeros(x.shape)
        for l, m, j, k in order:
            out[:, :, j + l, k + m] = dy[:, :, j, k] @ weight[:, :, l, m]
        return out

    check.gradient(
        lambda x: conv_loss(dy, x, weight, None, 1, 0),
        dx,
        x,
        name="dx",
        hints={
            "flip": lambda right: nn.conv2d_backward(dy, nn.conv2d(x, weight[..., ::-1, ::-1])[1])[0],
            "mean": lambda right: right / 2,
            "overwritten": lambda right: overwritten((l, m, j, k) for j, k, l, m in np.ndindex(4, 4, 2, 3)),
            "overwritten-place": lambda right: overwritten(np.ndindex(2, 3, 4, 4)),
        },
    )


# %% id="conv-back-stride" test="conv-back" points=4
@check.exercise("18-convolution/conv-back")
def stride_and_padding():
    """Stride 2, padding 1"""
    dy, x, weight = conv_back_case(3, 2, 7, 6, 5, 3, 2, 2, 1)
    dx, dweight, _ = check.call(conv2d_backward, dy, x, weight, 2, 1, returns=("dx", "dweight", "dbias"))
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    dense = np.pad(x, ((0, 0), (0, 0), (0, 9), (0, 9)))

    def met(images, step):
        out = np.empty(weight.shape)
        for l, m in np.ndindex(3, 2):
            pixels = images[:, :, l : l + step * 3 + 1 : step, m : m + step * 3 + 1 : step]
            out[:, :, l, m] = np.tensordot(dy, pixels, ((0, 2, 3), (0, 2, 3)))
        return out

    check.gradient(
        lambda weight: conv_loss(dy, x, weight, None, 2, 1),
        dweight,
        weight,
        name="dweight",
        hints={"stride": lambda right: met(padded, 1), "no-padding": lambda right: met(dense, 2)},
    )
    check.gradient(
        lambda x: conv_loss(dy, x, weight, None, 2, 1),
        dx,
        x,
        name="dx",
        hints={"border": lambda right: nn.conv2d_backward(dy, nn.conv2d(padded, weight, None, 2, 0)[1])[0]},
    )


# %% id="conv-back-hidden" test="conv-back" points=4 hidden=true
@check.exercise("18-convolution/conv-back", hidden=True)
def other_sizes():
    """One image, one filter, pixels that no window covers, other strides and paddings"""
    rng = check.rng(6)
    for shape, O, kh, kw, stride, padding in [
        ((1, 2, 6, 5), 3, 2, 2, 1, 0),
        ((2, 3, 9, 8), 1, 3, 2, 3, 0),
        ((4, 1, 5, 7), 2, 4, 3, 2, 2),
        ((3, 2, 4, 4), 5, 1, 1, 1, 1),
    ]:
        x, weight = rng.normal(size=shape), rng.normal(size=(O, shape[1], kh, kw))
        y, cache = nn.conv2d(x, weight, np.zeros(O), stride, padding)
        dy = rng.normal(size=y.shape)
        got = check.call(conv2d_backward, dy, x, weight, stride, padding, returns=("dx", "dweight", "dbias"))
        for name, mine, right in zip(("dx", "dweight", "dbias"), got, nn.conv2d_backward(dy, cache), strict=True):
            check.close(mine, right, name=f"{name} for {shape}, stride {stride}", rtol=1e-9, atol=1e-12)


# %% [markdown] id="pool-back-text"
# ## Back through a maximum
#
# Where the maximum stands, the slope is 1; everywhere else in the window it is 0. So the gradient goes to one cell and leaves the others alone. A mean sends $1/f^2$ to each cell. For L2 pooling,
#
# $$\frac{\partial p}{\partial a} = \frac{a}{p}, \qquad\text{and } 0 \text{ where } p = 0$$
#
# (there the slope does not exist, and $0/0$ would make a NaN of everything before it). Two questions are left for the maximum. If windows overlap, a cell can win in several of them. And if two cells of a window are *equal*, as is common after a ReLU, where many are 0, which one gets the gradient? Both halves would be a choice too; but PyTorch and this course
# give everything to the first in row order.

# %% id="l2-back"
x = np.zeros((1, 1, 2, 4))
x[0, 0, 0, :2] = 3, 4
y, cache = nn.lp_pool2d(x, 2, 2)
print("two windows:            ", x[0, 0, :, :2].tolist(), x[0, 0, :, 2:].tolist())
print("L2 pooling:             ", y.ravel())
print("gradient:               ", nn.lp_pool2d_backward(np.ones(y.shape), cache)[0, 0].tolist())
with np.errstate(invalid="ignore"):
    print("a / p without the case 0:", (x[0, 0, 0] / y[0, 0, 0].repeat(2)).tolist())

# %% [markdown] id="max-pool-back-statement" statement="max-pool-back"
# ### Exercise 7: max-pooling, backwards
#
# Write `max_pool2d_backward(dy, x, kernel_size, stride)`. `dy (N, C, H', W')` is the gradient of the loss with respect to the output of `max_pool2d`. Return `dx`, of the shape of `x`. Of equal values in a window, the first in row order gets the gradient. Nothing is changed in place. `max_pool2d` may help you to check, not to answer.
#
# Check by hand: `x = [[[[1, 3, 3], [0, 2, 3]]]]`, `kernel_size` 2, `stride` 1, `dy = [[[[10, 1]]]]` give `dx = [[[[0, 11, 0], [0, 0, 0]]]]`: the 3 in the middle wins both windows, the second by being first.


# %% id="max-pool-back" exercise=true difficulty=3 by_hand="nn data optim train window_columns max_pool2d"
def max_pool2d_backward(dy, x, kernel_size, stride):
    """Gradient of max_pool2d: dy (N, C, H', W') -> dx (N, C, H, W)."""
    ### BEGIN SOLUTION
    rows, columns = dy.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel_size, kernel_size), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride].reshape(*dy.shape, kernel_size**2)
    winner = windows.argmax(axis=4)
    dx = np.zeros(x.shape)
    for place in range(kernel_size**2):
        l, m = divmod(place, kernel_size)
        met = (..., slice(l, l + stride * (rows - 1) + 1, stride), slice(m, m + stride * (columns - 1) + 1, stride))
        dx[met] += dy * (winner == place)
    return dx
    ### END SOLUTION


# %% [markdown] id="max-pool-back-hints" hints="max-pool-back"
# - everywhere: Only the largest value of a window gets the gradient: its neighbours had no part in the output.
# - value: The slope of a maximum is 1, not the value of the maximum.
# - ties: Of equal values only the first gets the gradient: here all of them got it in full.
# - split: Of equal values only the first gets the gradient: here they share it.
# - latest: Of equal values the first in row order counts, not the last.
# - overlap: A cell that wins in several windows gets the sum: here the last window overwrites the others.


# %% id="pool-back-case" given=true
def pool_back_case(N, C, H, W, f, stride):
    """An upstream gradient and maps without ties, the same on every machine."""
    x = np.sin(2.3 * np.arange(N * C * H * W) + 0.4).reshape(N, C, H, W)
    shape = (N, C, (H - f) // stride + 1, (W - f) // stride + 1)
    return np.cos(1.1 * np.arange(np.prod(shape)) + 0.3).reshape(shape), x


def max_pool_gradient(dy, x, f, stride):
    """dx by dlbook.nn."""
    return nn.max_pool2d_backward(dy, nn.max_pool2d(x, f, stride)[1])


def window_ways(dy, x, f, stride, way, overwrite=False):
    """dx if each window got dy times way(window): for the hints."""
    dx = np.zeros(x.shape)
    for n, c, j, k in np.ndindex(dy.shape):
        met = (n, c, slice(stride * j, stride * j + f), slice(stride * k, stride * k + f))
        part = dy[n, c, j, k] * way(x[met])
        dx[met] = np.where(part != 0, part, dx[met]) if overwrite else dx[met] + part
    return dx


def is_max(window):
    """1 where the largest value of a window stands."""
    return window == window.max()


# %% id="max-pool-back-plain" test="max-pool-back" points=2
@check.exercise("18-convolution/max-pool-back")
def windows_side_by_side():
    """Windows side by side, no ties"""
    dy, x = pool_back_case(2, 3, 6, 4, 2, 2)
    check.close(
        check.call(max_pool2d_backward, dy, x, 2, 2, returns=("dx",)),
        max_pool_gradient(dy, x, 2, 2),
        name="dx",
        hints={
            "everywhere": lambda right: window_ways(dy, x, 2, 2, np.ones_like),
            "value": lambda right: right * x,
        },
    )


# %% id="max-pool-back-ties" test="max-pool-back" points=2
@check.exercise("18-convolution/max-pool-back")
def equal_values():
    """Equal values in a window"""
    dy, x = pool_back_case(1, 2, 6, 8, 2, 2)
    x = np.maximum(np.round(2 * x - 0.6), 0)
    check.close(
        check.call(max_pool2d_backward, dy, x, 2, 2, returns=("dx",)),
        max_pool_gradient(dy, x, 2, 2),
        name="dx",
        hints={
            "ties": lambda right: window_ways(dy, x, 2, 2, is_max),
            "split": lambda right: window_ways(dy, x, 2, 2, lambda window: is_max(window) / is_max(window).sum()),
            "latest": lambda right: max_pool_gradient(dy[..., ::-1, ::-1], x[..., ::-1, ::-1], 2, 2)[..., ::-1, ::-1],
        },
    )


# %% id="max-pool-back-overlap" test="max-pool-back" points=2
@check.exercise("18-convolution/max-pool-back")
def windows_that_overlap():
    """Overlapping windows"""
    dy, x = pool_back_case(2, 1, 7, 9, 3, 2)
    check.close(
        check.call(max_pool2d_backward, dy, x, 3, 2, returns=("dx",)),
        max_pool_gradient(dy, x, 3, 2),
        name="dx",
        hints={"overlap": lambda right: window_ways(dy, x, 3, 2, is_max, overwrite=True)},
    )


# %% id="max-pool-back-hidden" test="max-pool-back" points=2 hidden=true
@check.exercise("18-convolution/max-pool-back", hidden=True)
def silent_maps():
    """A map that is all zeros, negative maps, pixels left over, one image"""
    rng = check.rng(7)
    for shape, f, stride in [((1, 2, 5, 6), 2, 2), ((3, 1, 8, 7), 3, 1), ((2, 4, 6, 9), 2, 3)]:
        for x in (rng.normal(size=shape) - 2, np.zeros(shape), rng.integers(-1, 2, shape) * 1.0):
            y, cache = nn.max_pool2d(x, f, stride)
            dy = rng.normal(size=y.shape)
            dx = check.call(max_pool2d_backward, dy, x, f, stride, returns=("dx",))
            check.close(dx, nn.max_pool2d_backward(dy, cache), name=f"dx for {shape}, window {f}, stride {stride}")


# %% [markdown] id="pool-widget-text"
# ## Try it
#
# Choose a pooling, a window and a stride. The numbers on the left are the map, with frames on the window of the chosen output; the middle shows what comes out; on the right stands the gradient that this one output sends back. Change a cell, make two cells equal, and let windows overlap. (The cell to change starts at 9.)


# %% id="pool-widget" folded=true
def pool_state(kind, f, stride, row, column, change_row, change_column, value):
    x = np.round(4 + 4 * np.sin(1.7 * np.arange(36) + 1)).reshape(1, 1, 6, 6)
    x[0, 0, change_row, change_column] = value
    forward, backward = {
        "max": (nn.max_pool2d, nn.max_pool2d_backward),
        "mean": (nn.avg_pool2d, nn.avg_pool2d_backward),
        "L2": (lambda x, f, s: nn.lp_pool2d(x, 2, f, s), nn.lp_pool2d_backward),
    }[kind]
    y, cache = forward(x, f, stride)
    j, k = min(row, y.shape[2] - 1), min(column, y.shape[3] - 1)
    dy = np.zeros(y.shape)
    dy[0, 0, j, k] = 1
    return x[0, 0], y[0, 0], backward(dy, cache)[0, 0], j, k, f, stride, kind


def pool_figure(state):
    """The map with a window (left), the pooled map (middle), the gradient of one output (right)."""
    x, y, dx, j, k, f, stride, _ = state
    figure = plots.figure(9, 3.2)
    titles = ("map", "pooled", "gradient of the chosen output")
    for ax, values, title in zip(figure.subplots(1, 3), (x, y, dx), titles, strict=True):
        scale = dict(vmin=-1, vmax=1, cmap=plots.DIVERGING) if values is dx else dict(vmin=0, vmax=25, cmap=plots.INK)
        ax.imshow(values, **scale)
        for (row, column), value in np.ndenumerate(values):
            bright = abs(value) > (0.7 if values is dx else 15)
            ax.text(
                column,
                row,
                f"{value:.3g}",
                ha="center",
                va="center",
                fontsize=9,
                color="white" if bright else plots.BLACK,
            )
        top, left, side = (j, k, 1) if values is y else (stride * j, stride * k, f)
        a, b = left - 0.5, top - 0.5
        ax.plot([a, a + side, a + side, a, a], [b, b, b + side, b + side, b], "-", color=plots.VERMILION)
        ax.set_title(title)
        ax.set_axis_off()
    return figure


widgets.explore(
    pool_figure,
    dict(
        kind=widgets.Options({"maximum": "max", "mean": "mean", "L2": "L2"}, style="buttons", label="pooling"),
        f=widgets.Slider(1, 4, 2, label="window"),
        stride=widgets.Slider(1, 3, 2, label="stride"),
        row=widgets.Slider(0, 5, 0, label="output, row"),
        column=widgets.Slider(0, 5, 1, label="output, column"),
        change_row=widgets.Slider(0, 5, 1, label="cell to change, row"),
        change_column=widgets.Slider(0, 5, 2, label="cell to change, column"),
        value=widgets.Slider(0, 12, 9, label="its value"),
    ),
    compute=pool_state,
    alt=lambda state: (
        f"A 6×6 map pooled to {state[1].shape[0]}×{state[1].shape[1]}; output ({state[3]}, {state[4]}) is {state[1][state[3], state[4]]:.3g}; "
        f"number of cells that its gradient reaches: {np.count_nonzero(state[2])}, largest value {state[2].max():.3g}."
    ),
    table=lambda state: [
        {"row": int(row), "column": int(column), "value": state[0][row, column], "gradient": state[2][row, column]}
        for row, column in np.argwhere(state[2] != 0)
    ],
    title="Where the gradient goes",
)

# %% [markdown] id="promised"
# ## The network that the book promised
#
# The book's chapter on pooling ends with a whole network for MNIST, announces it in Python for the next chapter, and never writes it: 28×28 pixels, three filters of 5×5, 2×2 pooling, ten outputs that look at all $3\cdot12\cdot12$ pooled numbers. That is $78 + 4330 = 4408$ parameters. Here it is, made of *your* functions; first with its
# gradient checked, then trained.


# %% id="promised-run"
def loss_and_gradients(parameters, x, labels):
    """Cross-entropy of 28×28 -> convolution -> ReLU -> max-pooling -> dense, and its gradient for each parameter."""
    weight, bias, W, b = parameters
    z = conv2d(x, weight, bias, 1, 0)
    a = np.maximum(z, 0)
    p = max_pool2d(a, 2, 2)
    flat = p.reshape(len(x), -1)
    loss, cache = nn.cross_entropy(flat @ W.T + b, labels)
    dlogits = nn.cross_entropy_backward(1.0, cache)
    da = max_pool2d_backward((dlogits @ W).reshape(p.shape), a, 2, 2)
    _, dweight, dbias = conv2d_backward(da * (z > 0), x, weight, 1, 0)
    return loss, [dweight, dbias, dlogits.T @ flat, dlogits.sum(axis=0)]


rng = np.random.default_rng(0)
parameters = [
    rng.normal(size=(3, 1, 5, 5)) / 5,
    rng.normal(size=3) / 10,
    rng.normal(size=(10, 432)) / np.sqrt(432),
    np.zeros(10),
]
print("parameters:", sum(p.size for p in parameters))
x, y = mnist.x_train[:1000].astype(float), mnist.y_train[:1000]
try:
    gradients = loss_and_gradients(parameters, x[:5], y[:5])[1]
    worst = 0.0
    for which, place in [(0, (1, 0, 2, 3)), (0, (2, 0, 4, 0)), (1, (0,)), (2, (3, 200)), (3, (7,))]:
        ends = []
        for step in (1e-5, -1e-5):
            changed = [p.copy() for p in parameters]
            changed[which][place] += step
            ends.append(loss_and_gradients(changed, x[:5], y[:5])[0])
        worst = max(worst, abs((ends[0] - ends[1]) / 2e-5 - gradients[which][place]))
    print(f"your gradients against differences: {worst:.0e}")
    start = time.perf_counter()
    for _ in range(2):
        for rows in np.split(rng.permutation(1000), 50):
            _, gradients = loss_and_gradients(parameters, x[rows], y[rows])
            parameters = [p - 0.1 * g for p, g in zip(parameters, gradients, strict=True)]
    weight, bias, W, b = parameters
    pooled = max_pool2d(np.maximum(conv2d(mnist.x_test, weight, bias, 1, 0), 0), 2, 2)
    right = (pooled.reshape(len(pooled), -1) @ W.T + b).argmax(axis=1) == mnist.y_test
    print(f"1,000 digits, two epochs: {time.perf_counter() - start:.1f} s, test accuracy {right.mean():.3f}")
except NotImplementedError:
    print("Your network trains here as soon as exercises 3 to 7 are solved.")

# %% [markdown] id="pools-text"
# And with the layers of `dlbook.nn`, which compute the same: which pooling is best? The book says, choose by validation. Three starts each, so that we see how much the start alone changes:


# %% id="pools-run"
def book_network(pool):
    return lambda rng: nn.Sequential(
        nn.Conv2d(1, 3, 5, rng=rng, dtype=single),
        nn.ReLU(),
        pool(),
        nn.Flatten(),
        nn.Linear(432, 10, rng=rng, dtype=single),
    )


kinds_of_pooling = {
    "maximum": lambda: nn.MaxPool2d(2),
    "mean": lambda: nn.AvgPool2d(2),
    "L2": lambda: nn.LPPool2d(2, 2),
}
for name, pool in kinds_of_pooling.items():
    scores = [
        score(
            learn(
                book_network(pool),
                mnist.x_train[:2000],
                mnist.y_train[:2000],
                lr=0.02,
                epochs=2,
                batch_size=40,
                seed=seed,
            ),
            mnist.x_test,
            mnist.y_test,
        )
        for seed in range(3)
    ]
    print(f"{name:<8} {np.mean(scores):.3f} on average, from {min(scores):.3f} to {max(scores):.3f}")

# %% [markdown] id="pools-meaning"
# The three ranges overlap: from three starts nobody can name a winner here. Nor could one from a single start, which is what such comparisons often rest on.
#
# Three filters are few. What this little network lacks most is more of them, and a second layer. That is the next one.

# %% [markdown] id="seeing"
# ## What a filter sees
#
# A network with two convolutional layers, 8 and 16 filters of 5×5, on 5,000 digits. Its first-layer filters can be looked at directly. As in the book's figure, light is small or negative and dark is large, except that here the sign has a colour.


# %% id="seeing-run"
def two_layers(rng):
    return nn.Sequential(
        nn.Conv2d(1, 8, 5, rng=rng, dtype=single),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 5, rng=rng, dtype=single),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 10, rng=rng, dtype=single),
    )


seer = learn(two_layers, mnist.x_train, mnist.y_train, lr=0.008, epochs=2, batch_size=50)
print(
    f"{sum(p.data.size for p in seer.parameters())} parameters, test accuracy {score(seer, mnist.x_test, mnist.y_test):.3f}"
)
plots.show(
    plots.image_grid(seer[0].weight.data[:, 0], columns=8, signed=True),
    alt="Eight 5×5 filters, positive and negative weights in two colours: several have a positive and a negative side, as an edge has, others are hard to name.",
)

# %% [markdown] id="zeiler-text"
# Some are edges at an angle; of others it is hard to say. For the second layer the weights themselves say nothing, since they look at maps. Zeiler and Fergus (2013) asked the network instead. Find the pictures for which a unit answers most strongly. Then send *its answer alone* backwards, through the transposed filters, through the maxima (each to the
# cell where it was), and through a ReLU that lets only positive signals pass; and see which pixels arrive. You have written all of these steps.


# %% id="zeiler"
def strongest(model, images, count=6):
    """For each filter of the second layer: the images with the highest answer, and where it was."""
    answers = model[:5](images)
    flat = answers.reshape(*answers.shape[:2], -1)
    best = np.argsort(-flat.max(axis=2), axis=0, kind="stable")[:count]
    return [[(int(n), *divmod(int(flat[n, o].argmax()), answers.shape[3])) for n in best[:, o]] for o in range(16)]


def projection(model, image, o, j, k):
    """The pixels behind unit (o, j, k) of the second layer: its answer sent back, as Zeiler and Fergus do."""
    a1, first = model[0].forward(image[None])
    a1 = np.maximum(a1, 0)
    p1, switches = nn.max_pool2d(a1, 2)
    a2, second = model[3].forward(p1)
    signal = np.zeros_like(a2)
    signal[0, o, j, k] = a2[0, o, j, k]
    signal = np.maximum(nn.conv2d_backward(signal, second)[0], 0)
    signal = np.maximum(nn.max_pool2d_backward(signal, switches), 0)
    return nn.conv2d_backward(signal, first)[0][0, 0]


def mosaic(tiles, gap=2):
    """Tiles (rows, columns, h, w) in one picture, with NaN between them."""
    rows, columns, h, w = tiles.shape
    picture = np.full((rows * (h + gap) - gap, columns * (w + gap) - gap), np.nan)
    for row, column in np.ndindex(rows, columns):
        picture[row * (h + gap) :, column * (w + gap) :][:h, :w] = tiles[row, column]
    return picture


side, jump = receptive_field([(5, 1), (2, 2), (5, 1)])
places = strongest(seer, mnist.x_test)
shown = [o for o in range(16) if seer[:5](mnist.x_test[:200])[:, o].max() > 0][:8]
patches, sent = np.zeros((8, 6, side, side)), np.zeros((8, 6, side, side))
for row, o in enumerate(shown):
    for column, (n, j, k) in enumerate(places[o]):
        window = (slice(jump * j, jump * j + side), slice(jump * k, jump * k + side))
        patches[row, column] = mnist.x_test[n, 0][window]
        back = projection(seer, mnist.x_test[n], o, j, k)[window]
        sent[row, column] = back / np.abs(back).max()
figure = plots.figure(9, 6.2)
left, right = figure.subplots(1, 2)
left.imshow(mosaic(patches), cmap=plots.INK, vmin=0, vmax=1)
left.set_title("strongest answers: what stood there")
right.imshow(mosaic(sent), cmap=plots.DIVERGING, vmin=-1, vmax=1)
right.set_title("the same, as the unit sees it")
for ax in (left, right):
    ax.set(xticks=[], yticks=[np.round(16 * r + 6.5) for r in range(8)])
    ax.set_yticklabels([f"{o}" for o in shown])
    ax.set_ylabel("filter of the second layer")
    ax.grid(False)
plots.show(
    figure,
    alt="Eight rows, one for each filter of the second layer. Left: six 14×14 cut-outs of test digits to which it answers most strongly, alike in each row, such as the same bend or stroke. Right: the pixels that its answer leads back to, strokes and bends in strong colour with the opposite sign beside them.",
)

# %% [markdown] id="zeiler-meaning"
# Each row has a theme, wherever it stood in the picture: a slanted stroke, a bar, a corner, the beginning of a stroke below empty paper. On the right one sees what of it the unit took as evidence, and what, in the other colour, it wanted to be empty. The cut-outs are 14×14, the receptive field that the formula gave for this stack.
#
# The same authors had a second test, which asks the whole network. Cover a part of the picture, and see how sure the network still is of the right answer.


# %% id="occlusion"
def covered(model, image, label, side=7):
    """Probability of `label` while a blank square hides part of the image, by the square's place: (11, 11)."""
    images = np.repeat(image[None], 11 * 11, axis=0)
    for at, (row, column) in enumerate(np.ndindex(11, 11)):
        images[at, 0, 2 * row : 2 * row + side, 2 * column : 2 * column + side] = 0
    return nn.softmax(train.predict(model, images))[0][:, label].reshape(11, 11)


sure = nn.softmax(train.predict(seer, mnist.x_test))[0]
chosen = [int(np.flatnonzero((mnist.y_test == label) & (sure[:, label] > 0.99))[0]) for label in (4, 5, 8, 9)]
figure = plots.figure(9, 4.4)
for column, n in enumerate(chosen):
    top, bottom = figure.add_subplot(2, 4, column + 1), figure.add_subplot(2, 4, column + 5)
    top.imshow(mnist.x_test[n, 0], cmap=plots.INK)
    chance = covered(seer, mnist.x_test[n], mnist.y_test[n])
    shown_chance = bottom.imshow(chance, cmap=plots.SEQUENTIAL, vmin=0, vmax=1, extent=(2.5, 24.5, 24.5, 2.5))
    bottom.set(xlim=(0, 28), ylim=(28, 0))
    top.set_title(f"a {mnist.y_test[n]}")
    bottom.set_title(f"least {chance.min():.2f}")
    for ax in (top, bottom):
        ax.set_axis_off()
figure.colorbar(shown_chance, ax=figure.axes, shrink=0.6, label="probability of the right digit")
plots.show(
    figure,
    alt="Four digits, 4, 5, 8 and 9, and below each a map of the probability of the right answer by the place of a blank 7×7 square: high almost everywhere, low at a few decisive places.",
)

# %% [markdown] id="occlusion-meaning"
# Most of a digit may be covered without harm: the 5 stays above three quarters wherever the square stands. The 4 falls to 0.22 where the square hides an end of its crossbar, the 8 to 0.04 where it breaks the left side of a loop, and the 9 to 0.00 where it hides the loop: what is left looks like another digit. This says what the answer
# depends on, not what the network "thinks"; a digit with a hole is also a picture such as it has never seen.

# %% [markdown] id="mistakes"
# ## Common mistakes
#
# - **`dx` computed with the kernel as it is.** The way back needs it turned by 180°. With a symmetric kernel the mistake does not show: test with one that is not.
# - **Gradients that overwrite.** Windows overlap; `+=`, not `=`.
# - **A border left on `dx`.** Padding adds pixels that nobody asked for: cut them off again.
# - **Pooling that pads with 0.** Among negative numbers the zero wins. Pad with $-\infty$.
# - **Taking the side for the size.** After the last map a dense layer has $C\cdot H\cdot W$ inputs.
# - **Channels last.** Photographs come as $(H, W, C)$, and `reshape` to $(C, H, W)$ makes noise of them. Use `transpose`:

# %% id="channels-last"
pixels = flower.transpose(1, 2, 0)
wrong, right = pixels.reshape(flower.shape), pixels.transpose(2, 0, 1)
print("mean difference of neighbouring pixels:", end=" ")
print(f"transpose {np.abs(np.diff(right, axis=2)).mean():.3f}, reshape {np.abs(np.diff(wrong, axis=2)).mean():.3f}")

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# `torch.nn.functional.conv2d` is your `conv2d`, `unfold` your `im2col`, and autograd your backward passes. Its layers count the parameters of LeNet-5 as we did.

# %% id="torch-check"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    torch.set_num_threads(1)
    dy, x, weight = conv_back_case(3, 2, 7, 6, 5, 3, 2, 2, 1)
    tx, tweight = (torch.tensor(array, requires_grad=True) for array in (x, weight))
    pooled = torch.nn.functional.max_pool2d(torch.relu(torch.nn.functional.conv2d(tx, tweight, None, 2, 1)), 2, 1)
    upstream = np.cos(np.arange(pooled.numel())).reshape(pooled.shape)
    pooled.backward(torch.tensor(upstream))
    y, conv_cache = nn.conv2d(x, weight, None, 2, 1)
    a, relu_cache = nn.relu(y)
    p, pool_cache = nn.max_pool2d(a, 2, 1)
    da = nn.relu_backward(nn.max_pool2d_backward(upstream, pool_cache), relu_cache)
    dx, dweight, _ = nn.conv2d_backward(da, conv_cache)
    print("output:   largest difference", f"{np.abs(p - pooled.detach().numpy()).max():.0e}")
    print("dx:       largest difference", f"{np.abs(dx - tx.grad.numpy()).max():.0e}")
    print("dweight:  largest difference", f"{np.abs(dweight - tweight.grad.numpy()).max():.0e}")
    unfolded = torch.nn.functional.unfold(tx.detach(), (3, 2), padding=1, stride=2).numpy()
    print("columns:  largest difference", f"{np.abs(unfolded - window_columns(x, 3, 2, 2, 1)).max():.0e}")
    layers = [torch.nn.Conv2d(1, 6, 5), torch.nn.Conv2d(6, 16, 5), torch.nn.Linear(400, 120)]
    layers += [torch.nn.Linear(120, 84), torch.nn.Linear(84, 10)]
    print("LeNet-5:  parameters", sum(p.numel() for layer in layers for p in layer.parameters()))
    x, weight, bias = (torch.tensor(array) for array in conv_case(4, 3, 28, 28, 16, 5, 5))
    torch_time = fastest(lambda: torch.nn.functional.conv2d(x, weight, bias))
    ours = fastest(lambda: nn.conv2d(x.numpy(), weight.numpy(), bias.numpy()))
    print(f"forward:  PyTorch {1000 * torch_time:.1f} ms, dlbook.nn {1000 * ours:.1f} ms")

# %% [markdown] id="gpu"
# Convolutions are what GPUs are best at: the same few weights, multiplied with a great many numbers. There a layer runs tens to hundreds of times faster than on one core, and half precision and the channels-last layout (`memory_format=torch.channels_last`) add to it. `torch.backends.cudnn.benchmark = True` lets the library try its algorithms for your sizes and keep the
# fastest.
#
# ### How far such a network can get
#
# `dlbook train mnist-cnn`, in a terminal, trains three convolutional layers on all 60,000 images of MNIST, each changed at random every time it comes: turned, moved, enlarged, slanted (chapter 11). They read **99.56 %** of the 10,000 test images after six epochs, five minutes on one core. All settings stand in `dlbook/torch/recipes/mnist_cnn.toml`.

# %% [markdown] id="rotate-quiz" question="quiz"
# A convolutional network with a maximum over whole maps reads digits at 98 %. You turn the test digits by 90°. What do you expect?
#
# - [ ] about 98 %: the filters are the same everywhere, but not at every angle.
# - [x] about 10 %: sharing weights helps against shifts only; a turned stroke is another stroke.
# - [ ] about 50 %: some digits, such as 0, look alike when turned; but that is a small share.

# %% [markdown] id="padding-quiz" question="quiz"
# A 7×7 window with stride 1. Which padding keeps the size of the image?
#
# - [ ] 7: that adds 14 pixels and takes 6.
# - [x] 3: the window takes f − 1 = 6 pixels, and padding gives 2 · 3 back.
# - [ ] 6: the padding stands on both sides, so half of it is enough.

# %% [markdown] id="questions"
# ## To think about
#
# 1. Which (stride, padding) with stride at most 4 bring AlexNet's 224 pixels to 55 with a window of 11?
# 2. Two filters of a layer start with equal weights and equal biases. Do they become different?
# 3. A 1×1 convolution looks at single pixels. What is it good for?
# 4. Write the convolution as a matrix product $y = Kx$ with $x$ the whole image as a vector. What is special about $K$, and what is $K^\top$?
# 5. The gradient of the L2 pooling at a window of zeros: why is 0 a good choice?
#
# <details><summary>Answers</summary>
#
# 1. $(224 + 2p - 11)/4$ must lie in $[54, 55)$: $2p$ from 3 to 6, so $p = 2$ or $p = 3$, with stride 4. A stride of 3 gives 72 places without any padding: too many, and so does a smaller one.
# 2. Not if the weights that lead out of their maps are equal too: then they receive equal gradients. That is why filters start at random, as units do.
# 3. It mixes channels: a dense layer, the same at every pixel. It can make 64 channels of 256, cheaply.
# 4. Most entries are 0, and the others are the few weights of the kernel, repeated in every row one step further. $K^\top$ is the way back; as a layer of its own it is called a transposed convolution, and it makes maps larger.
# 5. Every direction leads upwards from there, so 0 lies between all one-sided slopes, and nothing is lost: a unit with silent inputs has nothing to correct.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# Hubel and Wiesel, *Receptive fields of single neurones in the cat's striate cortex* (1959). Fukushima, *Neocognitron* (1980). LeCun et al., *Backpropagation applied to handwritten zip code recognition* (1989), and LeCun, Bottou, Bengio and Haffner, *Gradient-based learning applied to document recognition* (1998). Krizhevsky, Sutskever and
# Hinton, *ImageNet classification with deep convolutional neural networks* (2012). Zeiler and Fergus, *Visualizing and understanding convolutional networks*, arXiv 1311.2901 (2013). Nielsen, *Neural Networks and Deep Learning* (2015), chapter 6, which the book follows. Zhang, *Making convolutional networks shift-invariant again* (2019), on strides and
# shifts.
#
# Next: cats and dogs.
