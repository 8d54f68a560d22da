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
#     title: Cats and dogs
#     minutes: 130
#     needs: [09-cross-entropy, 11-regularisers, 18-convolution]
#     book: [44, 45, 46, 47]
# ---

# %% [markdown] id="title"
# # Cats and dogs: a whole project, honestly
#
# **After this page you can** take a pile of pictures and make of it a classifier whose accuracy you may believe: index and check the files, split them without a leak, train a small convolutional network with augmentation, look at its mistakes, save it,
# and let it judge a drawing of your own.
#
# **Time** 50 minutes to read, 80 for the six exercises. **You need** cross-entropy (chapter 09), augmentation (chapter 11) and convolution (chapter 18).

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, nn, optim, plots, train

# %% [markdown] id="plan"
# ## The project, and what is left of it
#
# Given a picture: is it a cat or a dog? The book plans the project over four chapters: get the data, look at them, build the network, train, predict. The plan is sound, and this page follows it. What the book does with its data is not, and this page
# puts that right. Its network cannot be repeated at all: the last of the four chapters only points to a notebook for download, and neither layers nor settings nor a result stand in the text. We shall invent none for it, and build our own.
#
# The book uses about a gigabyte of photographs, which need an account at Kaggle or a download from a private folder. Here 2,000 silhouettes of 28×28 pixels come with the package, half cats, half dogs. They can be had offline, and a network learns them in ten
# seconds. If you have photographs, put the path of their folder into `PHOTOS`: the page then runs on them. Folders named `cats` and `dogs` inside it, as in the book, tell the classes.

# %% id="load"
PHOTOS = None  # or the path of a folder that holds cats/*.jpg and dogs/*.jpg
if PHOTOS is None:
    class_names, pictures = ("cat", "dog"), data.animal_shapes(dtype=np.float32)
else:
    found = data.image_folder(PHOTOS, (32, 32), dtype=np.float32)
    class_names, rng = found.class_names, np.random.default_rng(0)
    print("damaged files, left out:", [str(file) for file in found.damaged])
    x, y = found.images, found.labels
    test, rest = data.stratified(y, len(y) // 5, rng)
    chosen, others = data.stratified(y[rest], len(y) // 10, rng)
    parts = rest[others], rest[chosen], test
    pictures = data.ThreeWaySplit(*(array[part] for part in parts for array in (x, y)))

for name, x, y in zip(("training", "validation", "test"), pictures[::2], pictures[1::2], strict=True):
    counts = ", ".join(f"{n} × {kind}" for n, kind in zip(np.bincount(y), class_names, strict=True))
    print(f"{name:<11} {x.shape!s:<19} from {x.min():.0f} to {x.max():.0f}, {counts}")

# %% [markdown] id="look"
# ## Look first
#
# Before anything is trained: which pictures are there, how large, how bright, which classes, and how many of each? The answers decide what an accuracy means. Here the two classes are equally frequent, so somebody who always says "dog" is right half of the time. If nine
# pictures in ten were dogs, he would be right in 90 % of the cases, and a network with 0.90 would have learnt nothing.

# %% id="look-grid"
first = [np.flatnonzero(pictures.y_train == k)[:16] for k in (0, 1)]
plots.show(
    plots.image_grid(pictures.x_train[np.concatenate(first)].mean(axis=1), columns=16, width=9),
    alt="Upper row: sixteen silhouettes of cats, sitting, walking, lying. Lower row: sixteen of dogs, most of them standing.",
)

# %% [markdown] id="look-text"
# Most can be told at a glance, some not even by you. What do the classes look like on average, and how much of a picture is ink?


# %% id="look-mean" folded=true
def look_figure():
    """The mean picture of each class and their difference (left), the share of ink in each picture (right)."""
    means = [pictures.x_train[pictures.y_train == k].mean(axis=(0, 1)) for k in (0, 1)]
    figure = plots.figure(10, 2.8)
    one, two, three, four = figure.subplots(1, 4, width_ratios=(1, 1, 1, 1.6))
    for ax, mean, name in zip((one, two), means, class_names, strict=True):
        ax.imshow(mean, cmap=plots.SEQUENTIAL, vmin=0, vmax=1)
        ax.set_title(name)
    difference = means[1] - means[0]
    three.imshow(difference, cmap=plots.DIVERGING, vmin=-np.abs(difference).max(), vmax=np.abs(difference).max())
    three.set_title("difference")
    for ax in (one, two, three):
        ax.grid(False)
        ax.set(xticks=[], yticks=[])
    edges = np.linspace(0, 1, 26)
    for k, style in enumerate(("-", "--")):
        ink = pictures.x_train[pictures.y_train == k].mean(axis=(1, 2, 3))
        counts = np.histogram(ink, edges)[0]
        four.stairs(
            counts, edges, label=class_names[k], color=(plots.BLUE, plots.VERMILION)[k], linestyle=style, linewidth=2
        )
    four.set(xlabel="mean of all pixels", ylabel="pictures")
    four.legend()
    return figure


plots.show(
    look_figure(),
    alt="The mean cat is a blurred upright shape that is heavy below, the mean dog is heavy above, with legs below; their difference is strongest at the bottom. The shares of ink of both classes overlap almost entirely.",
)

# %% [markdown] id="look-meaning"
# The share of ink says nothing: the two histograms overlap almost everywhere. (With photographs you would look at each colour channel.) The mean pictures differ most at the bottom, where a sitting cat has its body and a standing dog its legs with gaps between them, and a classifier that adds up pixels, each with a weight of its own, can use that.
# Chapter 18 has said what it cannot do: find an ear wherever it is.

# %% [markdown] id="files"
# ## From a folder to arrays
#
# On a disk the data are files. The convention, in Keras and PyTorch as in the book: one folder for each class, and the folder's name is the label. A loader sorts the folders and gives them the numbers 0, 1, …; it sorts the files too, because the order in which a
# disk lists them differs from one computer to the next, and with it your split.
#
# Here is such a folder, made of forty silhouettes in various sizes. One file is cut off in the middle, as a broken download leaves it:

# %% id="folder-run"
import pathlib
import tempfile

try:
    from PIL import Image
except ImportError:
    Image = None
    print('Image files need Pillow: pip install "dlbook[course]"')

if Image is not None:
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder) / "training_set"
        rng = np.random.default_rng(0)
        shapes = data.animal_shapes()
        for k, name in enumerate(("cats", "dogs")):
            (root / name).mkdir(parents=True)
            for i, picture in enumerate(shapes.x_val[shapes.y_val == k][:20]):
                side = int(rng.integers(40, 120))
                ink = Image.fromarray(np.uint8(255 * picture[0])).resize((side, side))
                ink.save(root / name / f"{i:02}.png")
        whole = (root / "dogs" / "07.png").read_bytes()
        (root / "dogs" / "07.png").write_bytes(whole[: len(whole) // 2])
        found = data.image_folder(root, (28, 28), grey=True)
        print("classes:", found.class_names, " images:", found.images.shape, " labels:", np.bincount(found.labels))
        print("damaged:", [file.relative_to(root).as_posix() for file in found.damaged])

        validation = pathlib.Path(folder) / "validation_set"
        validation.mkdir()
        for i in range(3):
            (validation / f"{i}.png").write_bytes(whole)
        try:
            data.image_folder(validation, (28, 28))
        except ValueError as error:
            print("the book's validation folder:", str(error).replace(str(validation), "validation_set"))

# %% [markdown] id="folder-meaning"
# Two things that the book does not tell. **Files can be damaged.** The archive of Microsoft that it recommends is known for that: the version which others redistribute leaves out 1,738 of its pictures. A loader must say which files it could not read; if it stops at the first,
# you lose a night, and if it is silent you never know.
#
# **A validation folder needs class folders too.** The book says that it does not. But without them there are no labels, and without labels no accuracy and no loss; Keras finds "0 images" there.

# %% [markdown] id="index-statement" statement="index"
# ### Exercise 1: which file is what
#
# Write `index_files(names)`. `names` is a list of paths inside the data folder, as a disk lists them, in any order: `"dogs/12.jpg"`. It returns three things:
#
# - `files`, the names sorted by class, and in each class by name (as text, so `"10.jpg"` comes before `"9.jpg"`),
# - `labels`, an integer array `(N,)` with the class number of each file,
# - `class_names`, a sorted list of the folders' names.
#
# A file whose own name begins with a dot, such as `"cats/.DS_Store"`, is skipped. Any other file that is not directly inside one class folder (`"1.jpg"`, `"cats/old/1.jpg"`) raises `ValueError`.
#
# Check by hand: `["dogs/b.jpg", "cats/z.jpg", "dogs/a.jpg"]` gives `["cats/z.jpg", "dogs/a.jpg", "dogs/b.jpg"]`, `[0, 1, 1]` and `["cats", "dogs"]`.


# %% id="index" exercise=true difficulty=1 by_hand="nn data optim train"
def index_files(names):
    """Paths "class/file" in any order -> sorted files, labels (N,), sorted class names."""
    ### BEGIN SOLUTION
    pairs = []
    for name in names:
        parts = name.split("/")
        if parts[-1].startswith("."):
            continue
        if len(parts) != 2:
            raise ValueError(f"{name}: expected a file directly inside a class folder")
        pairs.append((parts[0], parts[1]))
    pairs.sort()
    class_names = sorted({folder for folder, _ in pairs})
    labels = np.array([class_names.index(folder) for folder, _ in pairs], dtype=int)
    return [f"{folder}/{file}" for folder, file in pairs], labels, class_names
    ### END SOLUTION


# %% [markdown] id="index-hints" hints="index"
# - as-listed: Sort the files: another disk lists them in another order.
# - as-met: Number the classes in the order of their names, not in the order in which they turn up.
# - file-name: The label comes from the folder. The file's own name may say anything.
# - dotted: Files whose name begins with a dot are the system's, not pictures: skip them.


# %% id="index-order" test="index" points=1
@check.exercise("19-cats-and-dogs/index")
def files_in_order():
    """Sorted files, and classes in the order of their names"""
    names = ["dogs/7.jpg", "cats/2.jpg", "dogs/10.jpg", "cats/11.jpg", "cats/1.jpg"]
    files, labels, class_names = check.call(index_files, names, returns=("files", "labels", "class_names"))
    check.equal(class_names, ["cats", "dogs"], name="class_names", hints={"as-met": lambda right: ["dogs", "cats"]})
    right = ["cats/1.jpg", "cats/11.jpg", "cats/2.jpg", "dogs/10.jpg", "dogs/7.jpg"]
    listed = sorted(names, key=lambda name: name.split("/")[0])
    check.equal(
        files,
        right,
        name="files",
        hints={"as-listed": lambda right: files if sorted(files) == sorted(right) else listed},
    )
    check.equal(labels, np.array([0, 0, 0, 1, 1]), name="labels")


# %% id="index-labels" test="index" points=1
@check.exercise("19-cats-and-dogs/index")
def labels_from_the_folders():
    """Labels from the folders, whatever the files are called"""
    names = ["cats/dog.1.jpg", "cats/cat.2.jpg", "dogs/cat.3.jpg", "dogs/.DS_Store", "dogs/dog.4.jpg"]
    files, labels, _ = check.call(index_files, names, returns=("files", "labels", "class_names"))
    check.equal(
        labels,
        np.array([0, 0, 1, 1]),
        name="labels",
        hints={
            "file-name": lambda right: labels if labels.tolist() in ([0, 1, 0, 1], [0, 1, 1, 1]) else -1 - right,
            "dotted": lambda right: np.array([0, 0, 1, 1, 1]),
        },
    )


# %% id="index-stray" test="index" points=1
@check.exercise("19-cats-and-dogs/index")
def files_in_the_wrong_place():
    """Files outside a class folder"""
    check.raises(ValueError, index_files, ["cats/1.jpg", "2.jpg"], what="a file outside the class folders")
    check.raises(ValueError, index_files, ["cats/old/1.jpg"], what="a folder inside a class")


# %% id="index-hidden" test="index" points=1 hidden=true
@check.exercise("19-cats-and-dogs/index", hidden=True)
def three_classes_and_none():
    """Three classes, a single file, system files"""
    rng = check.rng(3)
    right = [f"{folder}/{i}.png" for folder in ("ant", "bee", "wasp") for i in sorted(map(str, range(12)))]
    mixed = [right[i] for i in rng.permutation(len(right))] + [".DS_Store", "bee/.hidden"]
    files, labels, class_names = check.call(index_files, mixed, returns=("files", "labels", "class_names"))
    check.equal(files, right, name="files of three classes")
    check.equal(labels, np.repeat([0, 1, 2], 12), name="labels of three classes")
    check.equal(class_names, ["ant", "bee", "wasp"], name="class_names of three classes")
    files, labels, class_names = check.call(index_files, ["x/1"], returns=("files", "labels", "class_names"))
    check.equal((files, labels, class_names), (["x/1"], np.array([0]), ["x"]), name="the index of one file")


# %% [markdown] id="browser-text"
# Photographs come in all sizes, and the network wants one. What survives at which size? Choose a picture, shrink it, enlarge it. From which side length on could you still tell an ear? *Nearest* takes one old pixel for each new one; *bilinear* mixes the neighbours, and
# averages where pixels fall together.


# %% id="browser" folded=true
from dlbook import widgets

shapes = data.animal_shapes()


def resized(kind, index, side, method):
    picture = shapes.x_train[shapes.y_train == kind][index, 0]
    try:
        from PIL import Image
    except ImportError:
        return picture, picture, kind
    how = Image.Resampling.BILINEAR if method else Image.Resampling.NEAREST
    return picture, np.asarray(Image.fromarray(picture.astype(np.float32)).resize((side, side), how)), kind


def resized_figure(result):
    """The picture at 28×28 (left) and at the chosen size (right)."""
    figure = plots.figure(6.5, 3)
    for ax, picture in zip(figure.subplots(1, 2), result[:2], strict=True):
        ax.imshow(picture, cmap=plots.INK, vmin=0, vmax=1)
        ax.grid(False)
        ax.set(xticks=[], yticks=[])
        ax.set_title(f"{len(picture)}×{len(picture)}: mean {picture.mean():.3f}, spread {picture.std():.3f}")
    return figure


widgets.explore(
    resized_figure,
    dict(
        kind=widgets.Options({"cat": 0, "dog": 1}, label="class"),
        index=widgets.Slider(0, 699, 3, label="picture"),
        side=widgets.Slider(4, 64, 12, label="side"),
        method=widgets.Options({"nearest": 0, "bilinear": 1}, 1, label="method"),
    ),
    compute=resized,
    alt=lambda result: (
        f"A silhouette of class {result[2]} with 28 pixels a side, mean {result[0].mean():.3f}, "
        f"and resized to {len(result[1])}, mean {result[1].mean():.3f}."
    ),
    table=lambda result: {
        "side": [28, len(result[1])],
        "mean": [round(float(p.mean()), 4) for p in result[:2]],
        "spread": [round(float(p.std()), 4) for p in result[:2]],
        "smallest": [round(float(p.min()), 4) for p in result[:2]],
        "largest": [round(float(p.max()), 4) for p in result[:2]],
    },
    title="Resize a picture",
)

# %% [markdown] id="split"
# ## Three parts
#
# The network learns from the *training* set. While you try layers, learning rates and sizes, the *validation* set tells which of them is best; so it is used up slowly, because you choose what it likes. The *test* set is opened once, at the end.
#
# The book's numbers are 12,500 dogs and 12,500 cats for training, 12,500 pictures for validation and 1,000 for testing. They do not work out. Kaggle's set has 25,000 pictures with labels and 12,500 *without*, which were meant for the competition's judges. The book trains on all pictures
# that have labels, and calls the unlabelled ones "validation": nothing can be measured on them. And the 1,000 test pictures? All labelled ones are already in the training set. Either they have no labels, or they are copies of training pictures; the book does not say.
#
# What works: split the 25,000 that have labels, 20,000 for training, 2,500 and 2,500 for the other two. In each part the classes should have the same shares as in the whole. That is called *stratified*. And whatever is drawn at random should be drawn from a seed, so that the
# test pictures of today are those of tomorrow.

# %% [markdown] id="split-statement" statement="split-exercise"
# ### Exercise 2: a stratified split
#
# Write `stratified_split(y, fractions, order)`. `y (N,)` are labels, any integers. `fractions` are three numbers that add up to 1. `order (N,)` is a permutation of the indices 0 … N − 1: the random draw, made already.
#
# Go through the examples of each class in the order in which `order` names them. Of a class with $n$ examples, the first `round(fractions[0] * n)` go to training, the next `round(fractions[1] * n)` to validation, and the others to the test set. Return the three
# index arrays, integers, each sorted ascending.
#
# Check by hand: `y = [0, 0, 1, 1]`, `fractions = (0.5, 0.0, 0.5)`, `order = [3, 0, 2, 1]`. Class 0 is named in the order 0, 1, class 1 in the order 3, 2: training `[0, 3]`, validation `[]`, test `[1, 2]`.


# %% id="split-exercise" exercise=true difficulty=2 by_hand="nn data optim train"
def stratified_split(y, fractions, order):
    """Sorted indices of the training, validation and test part, class by class in the given order."""
    ### BEGIN SOLUTION
    parts = [], [], []
    for label in np.unique(y):
        members = order[y[order] == label]
        first = round(fractions[0] * len(members))
        second = first + round(fractions[1] * len(members))
        for part, indices in zip(parts, np.split(members, [first, second]), strict=True):
            part.append(indices)
    return tuple(np.sort(np.concatenate(part)) for part in parts)
    ### END SOLUTION


# %% [markdown] id="split-hints" hints="split-exercise"
# - whole: This cuts the whole order in three: each class must be cut by itself, so that its share is the same everywhere.
# - unshuffled: Go through each class in the order that `order` names it, not in the order of the file.
# - overlap: Some examples are in two parts: the validation set begins where the training set ends.
# - floor: Round to the nearest whole number: 0.29 · 100 is 28.999… in floating point.


# %% id="split-case" given=true
def split_in_words(y, fractions, order):
    """The split by its definition, one example at a time: three lists of indices."""
    parts, seen = ([], [], []), {}
    for i in order.tolist():
        n = int(np.sum(y == y[i]))
        rank = seen.get(int(y[i]), 0)
        seen[int(y[i])] = rank + 1
        train_end = round(fractions[0] * n)
        part = 0 if rank < train_end else 1 if rank < train_end + round(fractions[1] * n) else 2
        parts[part].append(i)
    return [np.array(sorted(part), dtype=int) for part in parts]


def sliced(order, sizes):
    """Three sorted pieces of `order` of these sizes."""
    return [np.sort(piece) for piece in np.split(order, np.cumsum(sizes)[:2])]


# %% id="split-disjoint" test="split-exercise" points=1
@check.exercise("19-cats-and-dogs/split-exercise")
def every_example_once():
    """Every example in one part, and in one only"""
    y = np.arange(40) % 3
    order = np.arange(40) * 11 % 40
    parts = check.call(stratified_split, y, (0.5, 0.25, 0.25), order, returns=("train", "validation", "test"))
    twice = int(sum(len(part) for part in parts) - len(np.unique(np.concatenate(parts))))
    check.equal(
        twice, 0, name="how many indices are in two parts", hints={"overlap": lambda right: twice if twice else -1}
    )
    check.equal(np.sort(np.concatenate(parts)), np.arange(40), name="all indices together")


# %% id="split-classes" test="split-exercise" points=2
@check.exercise("19-cats-and-dogs/split-exercise")
def each_class_by_itself():
    """Each class by itself, in the given order"""
    y = np.array([0] * 10 + [1] * 20)
    order = np.concatenate([np.arange(start, -1, -3) for start in (29, 28, 27)])
    parts = check.call(stratified_split, y, (0.7, 0.2, 0.1), order, returns=("train", "validation", "test"))
    right = split_in_words(y, (0.7, 0.2, 0.1), order)
    whole = sliced(order, (21, 6))
    filed = split_in_words(y, (0.7, 0.2, 0.1), np.arange(30))
    for k, name in enumerate(("train", "validation", "test")):
        check.equal(
            parts[k],
            right[k],
            name=name,
            hints={"whole": lambda right, k=k: whole[k], "unshuffled": lambda right, k=k: filed[k]},
        )


# %% id="split-round" test="split-exercise" points=1
@check.exercise("19-cats-and-dogs/split-exercise")
def rounded_shares():
    """Shares that are not whole numbers"""
    y, order = np.zeros(100, int), np.arange(100)
    parts = check.call(stratified_split, y, (0.29, 0.29, 0.42), order, returns=("train", "validation", "test"))
    check.equal([len(part) for part in parts], [29, 29, 42], name="sizes", hints={"floor": lambda right: [28, 28, 44]})


# %% id="split-hidden" test="split-exercise" points=1 hidden=true
@check.exercise("19-cats-and-dogs/split-exercise", hidden=True)
def unbalanced_classes_and_any_labels():
    """Unbalanced classes, any labels, a class with one example"""
    rng = check.rng(5)
    for labels, counts, fractions in [
        ([2, 5, 9], [70, 13, 1], (0.6, 0.2, 0.2)),
        ([0, 1], [9, 4], (0.8, 0.0, 0.2)),
        ([-3, 4], [1, 33], (0.34, 0.33, 0.33)),
    ]:
        y = rng.permutation(np.repeat(labels, counts))
        order = rng.permutation(len(y))
        parts = check.call(stratified_split, y, fractions, order, returns=("train", "validation", "test"))
        for part, right, name in zip(
            parts, split_in_words(y, fractions, order), ("train", "validation", "test"), strict=True
        ):
            check.equal(part, right, name=f"{name} for class sizes {counts}")


# %% [markdown] id="leaks"
# ## Leaks
#
# A test is only a test if the answers are not known. The commonest way for answers to leak is the plainest: the same picture twice in the collection, once on either side. Are there copies among our 2,000 silhouettes?

# %% id="copies"
# At most 4,000 pictures: the table of distances has a row and a column for each.
x, y = np.concatenate(pictures[::2])[:4000], np.concatenate(pictures[1::2])[:4000]
flat = x.reshape(len(x), -1)
square = (flat**2).sum(axis=1)
distance = np.sqrt(np.maximum(square[:, None] + square - 2 * flat @ flat.T, 0))
i, j = np.nonzero(np.triu(distance < 2, 1))
same = [bool(np.array_equal(x[a], x[b])) for a, b in zip(i, j, strict=True)]
print(
    f"{len(i)} pairs are closer than 2, {sum(same)} of them equal; half of all pairs are farther apart than {np.median(distance):.1f}"
)
part = np.repeat([0, 1, 2], [len(labels) for labels in pictures[1::2]])[:4000]
print("pairs with one picture in the training set and one elsewhere:", int((part[i] != part[j]).sum()))

worst = np.argsort(-distance[i, j])[:3]
shown = np.ravel(np.column_stack([i[worst], j[worst]]))
captions = [text for d in distance[i, j][worst] for text in ("", f"{d:.2f}")]
if len(shown):
    plots.show(
        plots.image_grid(x[shown].mean(axis=1), captions, columns=6, width=5),
        alt="Three pairs of silhouettes that are not equal but can hardly be told apart, with their distances.",
    )

# %% [markdown] id="copies-meaning"
# There are: eleven pairs equal to the last pixel, and three that are almost so. Whoever collected them met the same picture twice. `data.animal_shapes` has put both pictures of every such pair into the training set, where they do no harm. A split that is drawn blindly would have
# carried some of them across. Your function for finding them:

# %% [markdown] id="leaked-statement" statement="leaked"
# ### Exercise 3: count the leaks
#
# Write `leaked(train_images, test_images)`. Both are arrays of pictures, `(N, H, W)` and `(M, H, W)`. Return how many of the *test* pictures are equal, pixel for pixel, to some training picture: an `int` from 0 to M. The numbers count, not how they are stored: a picture in
# `uint8` and the same one in `float64` are equal.
#
# Check by hand: training pictures A, B, B and test pictures B, C, B give 2.


# %% id="leaked" exercise=true difficulty=1 by_hand="nn data optim train"
def leaked(train_images, test_images):
    """How many of the test images (M, H, W) are also among the training images (N, H, W)."""
    ### BEGIN SOLUTION
    known = {image.astype(float).tobytes() for image in train_images}
    return sum(image.astype(float).tobytes() in known for image in test_images)
    ### END SOLUTION


# %% [markdown] id="leaked-hints" hints="leaked"
# - position: The copies may stand anywhere: compare every test picture with all training pictures, not only with the one at the same place.
# - pairs: Count test pictures, not pairs: two copies in the training set spoil one test picture, not two.
# - distinct: Two equal test pictures are two: each of them counts.
# - sums: Different pictures can have the same sum: compare all pixels.
# - bytes: Compare numbers, not bytes: 1 in uint8 and 1.0 in float64 are the same pixel.


# %% id="leaked-case" given=true
def four_images():
    """Four different pictures (4, 3, 2); the last has the pixels of the first in another order."""
    images = np.round(8 + 8 * np.cos(1.7 * np.arange(24))).reshape(4, 3, 2)
    images[3] = images[0][::-1]
    return images


# %% id="leaked-places" test="leaked" points=1
@check.exercise("19-cats-and-dogs/leaked")
def copies_in_any_place():
    """Copies in any place, and more than one"""
    a, b, c, _ = four_images()
    got = check.call(leaked, np.stack([a, b, b]), np.stack([b, c, b, c, a]))
    check.equal(
        got,
        3,
        name="leaked(...)",
        hints={
            "position": lambda right: 1,
            "pairs": lambda right: 5,
            "distinct": lambda right: 2,
        },
    )


# %% id="leaked-sums" test="leaked" points=1
@check.exercise("19-cats-and-dogs/leaked")
def the_same_sum_is_not_the_same_picture():
    """Equal sums, other types of number"""
    a, b, c, d = four_images()
    check.equal(
        check.call(leaked, np.stack([a, b]), np.stack([d, c, d])),
        0,
        name="leaked(...)",
        hints={"sums": lambda right: 2},
    )
    same = check.call(leaked, np.stack([a, b, c]).astype(np.uint8), np.stack([c, d, b, a]))
    check.equal(same, 3, name="leaked(...) of uint8 and float64", hints={"bytes": lambda right: 0})


# %% id="leaked-hidden" test="leaked" points=1 hidden=true
@check.exercise("19-cats-and-dogs/leaked", hidden=True)
def many_pictures():
    """Many pictures, one picture, none in common"""
    rng = check.rng(7)
    for N, M, H, W in [(40, 25, 2, 3), (1, 6, 4, 1), (5, 1, 1, 2)]:
        first, second = rng.integers(0, 3, (N, H, W)), rng.integers(0, 3, (M, H, W))
        right = int((first[None] == second[:, None]).all(axis=(2, 3)).any(axis=1).sum())
        check.equal(check.call(leaked, first, second), right, name=f"leaked(...) for {N} and {M} pictures of {H}×{W}")
    check.equal(check.call(leaked, first, second + 5), 0, name="leaked(...) with nothing in common")


# %% id="leaked-use"
blind = np.random.default_rng(2).permutation(len(x))
try:
    print("our split:            ", leaked(pictures.x_train[:, 0], pictures.x_test[:, 0]))
    print("drawn without looking:", leaked(x[blind[len(x) // 5 :], 0], x[blind[: len(x) // 5], 0]))
except NotImplementedError:
    print("Your count joins in as soon as exercise 3 is solved.")

# %% [markdown] id="leak-question" question="predict"
# A worse leak: somebody first makes two pictures of each one, the second turned by 5°, and *then* splits the 4,000 at random. As a classifier take the simplest: the answer of the nearest training picture. On the honest test set it is right for 93 %. What does the
# leaking test say?
#
# - [ ] about 93 %: the classifier is the same; but its test is not, most test pictures now have their twin in the training set.
# - [x] about 98 %: for four test pictures in five the nearest training picture is their own twin, and it has the right label.
# - [ ] less than 93 %: turned pictures would be harder if they were new, but they are not.


# %% id="leak-run"
def nearest_label(train_x, train_y, x):
    """The label of the nearest training picture."""
    known, asked = train_x.reshape(len(train_x), -1), x.reshape(len(x), -1)
    return train_y[((known**2).sum(axis=1) - 2 * asked @ known.T).argmin(axis=1)]


nearest_score = (nearest_label(pictures.x_train, pictures.y_train, pictures.x_test) == pictures.y_test).mean()
turned = np.stack([data.rotate(channel, 5.0) for channel in np.moveaxis(x, 1, 0)], axis=1)
doubled, labels = np.concatenate([x, turned]), np.tile(y, 2)
order = np.random.default_rng(0).permutation(len(doubled))
known, asked = order[: len(order) * 4 // 5], order[len(order) * 4 // 5 :]
leaking_score = (nearest_label(doubled[known], labels[known], doubled[asked]) == labels[asked]).mean()
print(f"split, then train:          {nearest_score:.3f}")
print(f"copies first, then split:   {leaking_score:.3f}")

# %% [markdown] id="leak-meaning"
# Five points of accuracy, and not one of them real. **Split first, augment afterwards, and only the training set.** The same with photographs of one animal taken one second apart: all of them belong on one side.
#
# ## How sure is an accuracy?
#
# The test set is a sample. Had other 400 pictures been drawn, the accuracy would be another. If a classifier is right with probability $a$, the share $\hat a$ of right answers among $n$ has the standard deviation $\sqrt{a(1-a)/n}$: with $n = 1000$ and $a = 0.9$ that is 0.95 points. The
# usual interval, $\hat a \pm 1.96\sqrt{\hat a(1-\hat a)/n}$, fails where it matters: with 20 right of 20 it has the width zero, and with 19 of 20 it reaches beyond 1. Wilson's interval of 1927 asks instead which values of $a$ the result does not contradict:
#
# $$\frac{\hat a + \frac{z^2}{2n} \;\pm\; z\sqrt{\frac{\hat a(1-\hat a)}{n} + \frac{z^2}{4n^2}}}{1+\frac{z^2}{n}}, \qquad z = 1.96 \text{ for 95 %}$$

# %% [markdown] id="interval-statement" statement="interval"
# ### Exercise 4: Wilson's interval
#
# Write `accuracy_interval(correct, n, z)` with the formula above, $\hat a$ = `correct / n`. It returns two numbers, `low` and `high`.
#
# Check by hand: `correct = 1`, `n = 1`, `z = 1` give the middle (1 + ½)/2 = 0.75 and half the width √¼/2 = 0.25, so 0.5 and 1.


# %% id="interval" exercise=true difficulty=1 by_hand="nn data optim train"
def accuracy_interval(correct, n, z):
    """Wilson's interval for an accuracy of correct / n -> low, high."""
    ### BEGIN SOLUTION
    a = correct / n
    middle = a + z**2 / (2 * n)
    reach = z * np.sqrt(a * (1 - a) / n + z**2 / (4 * n**2))
    return (middle - reach) / (1 + z**2 / n), (middle + reach) / (1 + z**2 / n)
    ### END SOLUTION


# %% [markdown] id="interval-hints" hints="interval"
# - normal: That is the usual interval: Wilson's has z²/n in three places.
# - centre: The middle is shifted too, by z²/(2n): the interval leans towards one half.
# - divided: Both ends are divided by 1 + z²/n.
# - square: The last term under the root is z²/(4n²), with n squared.


# %% id="interval-middle" test="interval" points=2
@check.exercise("19-cats-and-dogs/interval")
def eighteen_of_twenty():
    """18 of 20"""
    low, high = check.call(accuracy_interval, 18, 20, 1.5, returns=("low", "high"))
    a, n, z = 0.9, 20, 1.5
    reach = z * np.sqrt(a * (1 - a) / n + z**2 / (4 * n**2))
    wide = z * np.sqrt(a * (1 - a) / n + z**2 / (4 * n))
    scale = 1 + z**2 / n
    usual = z * np.sqrt(a * (1 - a) / n)
    for value, sign, name in ((low, -1, "low"), (high, 1, "high")):
        check.close(
            value,
            (a + z**2 / (2 * n) + sign * reach) / scale,
            name=name,
            hints={
                "normal": lambda right, sign=sign: a + sign * usual,
                "centre": lambda right, sign=sign: (a + sign * reach) / scale,
                "divided": lambda right: right * scale,
                "square": lambda right, sign=sign: (a + z**2 / (2 * n) + sign * wide) / scale,
            },
        )


# %% id="interval-hidden" test="interval" points=2 hidden=true
@check.exercise("19-cats-and-dogs/interval", hidden=True)
def none_right_and_all_right():
    """None right, all right, one example, many"""
    for correct, n, z in [(0, 12, 1.96), (12, 12, 1.96), (1, 1, 2.5), (371, 400, 1.0)]:
        low, high = check.call(accuracy_interval, correct, n, z, returns=("low", "high"))
        # The ends are the a for which |â − a| = z √(a (1 − a) / n).
        ends = np.sort(np.roots([1 + z**2 / n, -(2 * correct / n + z**2 / n), (correct / n) ** 2]).real)
        check.close(low, ends[0], name=f"low for {correct} of {n}", rtol=1e-6, atol=1e-7)
        check.close(high, ends[1], name=f"high for {correct} of {n}", rtol=1e-6, atol=1e-7)


# %% [markdown] id="size-text"
# How many test pictures are enough? Move the sliders. With 1,000 pictures in all and a tenth for the test, can you tell an accuracy of 0.90 from one of 0.95? Then let a part of the test pictures leak: where does the dashed line, the truth, come to lie?


# %% id="size-widget" folded=true
def wilson(correct, n, z=1.96):
    """Wilson's interval, as the two solutions a of (â − a)² = z² a (1 − a) / n."""
    seen, shift = correct / n, z**2 / n
    return tuple(np.sort(np.roots([1 + shift, -(2 * seen + shift), seen**2]).real))


def measured(total, training, validation, truth, leak):
    test = max(1, round(total * (100 - training - validation) / 100))
    seen = leak / 100 + (1 - leak / 100) * truth
    low, high = wilson(seen * test, test)
    return test, truth, seen, low, high


def measured_figure(result):
    """The interval that the test set gives, and the truth."""
    test, truth, seen, low, high = result
    figure = plots.figure(7, 1.9)
    ax = figure.subplots()
    ax.plot([low, high], [0, 0], color=plots.BLUE, linewidth=6, label="95 % interval")
    ax.plot(seen, 0, "o", color=plots.BLUE, markersize=12, label="measured")
    ax.axvline(truth, color=plots.VERMILION, linestyle="--", label="truth")
    ax.set(xlim=(0.4, 1.01), ylim=(-1, 1), yticks=[], xlabel="accuracy")
    ax.set_title(f"{test:,} test pictures")
    ax.legend(loc="upper left", ncols=3)
    return figure


widgets.explore(
    measured_figure,
    dict(
        total=widgets.LogSlider(50, 50_000, 2000, label="pictures in all"),
        training=widgets.Slider(10, 80, 70, label="training, %"),
        validation=widgets.Slider(0, 19, 10, label="validation, %"),
        truth=widgets.Slider(0.5, 0.99, 0.9, step=0.01, label="true accuracy"),
        leak=widgets.Slider(0, 100, 0, step=5, label="leaked, %"),
    ),
    compute=measured,
    alt=lambda result: (
        f"With {result[0]:,} test pictures the measured accuracy is {result[2]:.3f}, its interval goes from "
        f"{result[3]:.3f} to {result[4]:.3f}; the true accuracy is {result[1]:.2f}."
    ),
    table=lambda result: {
        "test pictures": result[0],
        "measured": round(result[2], 4),
        "low": round(result[3], 4),
        "high": round(result[4], 4),
        "width": round(result[4] - result[3], 4),
    },
    title="How sure is an accuracy?",
)

# %% [markdown] id="baselines"
# ## What is to be beaten
#
# A number means something beside another number. Two classifiers without a network: logistic regression on the 784 pixels, and the nearest training picture. The strength of the first one's penalty is chosen on the validation set.


# %% id="baseline-run"
def report(name, right):
    """A line with accuracy and interval; `right` (N,) says which answers were."""
    low, high = wilson(right.sum(), len(right))
    print(f"{name:<26} {right.mean():.4f}   95 %: {low:.3f} to {high:.3f}")


rows = [part.reshape(len(part), -1) for part in pictures[::2]]
try:
    from sklearn.linear_model import LogisticRegression
except ImportError:
    print('Logistic regression needs scikit-learn: pip install "dlbook[course]"')
else:
    tried = [LogisticRegression(C=C, max_iter=2000).fit(rows[0], pictures.y_train) for C in (1.0, 0.1, 0.01)]
    chosen = max(tried, key=lambda model: model.score(rows[1], pictures.y_val))
    print("validation:", [f"C = {model.C}: {model.score(rows[1], pictures.y_val):.3f}" for model in tried])
    report("logistic regression", chosen.predict(rows[2]) == pictures.y_test)
report(
    "nearest training picture", nearest_label(pictures.x_train, pictures.y_train, pictures.x_test) == pictures.y_test
)

# %% [markdown] id="net"
# ## The network
#
# A convolution with 5×5 windows that moves in steps of two (stride 2), and so halves the sides itself; one with 3×3 windows, and max-pooling, which halves them again; then a dense layer with 32 units, and one output, the *logit* $z$: the network's answer is $\hat y = \sigma(z)$, the probability of "dog".
#
# How many parameters? A convolution from $l$ maps to $k$ maps with windows of $n\times m$ has $(nml+1)\,k$: one window for each input map, and a bias, for each output map. Pooling has none. A dense layer has $(\text{inputs}+1)\cdot\text{units}$. The hard part, the book says rightly, is the
# number of inputs of the *first* dense layer, and one finds it by following the sizes. A side of $n$ pixels becomes $\lfloor (n + 2p - f)/s\rfloor + 1$ with window $f$, padding $p$ and stride $s$.


# %% id="net-run"
def cat_dog_net(rng, shape=(1, 28, 28), units=32, dtype=np.float32):
    """conv 5×5 with stride 2 to 8 maps, conv 3×3 to 16 maps, pool, dense, one logit; for images (C, H, W)."""
    C, H, W = shape
    options = dict(rng=rng, dtype=dtype)
    return nn.Sequential(
        nn.Conv2d(C, 8, 5, stride=2, padding=2, **options),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, padding=1, **options),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * (H // 4) * (W // 4), units, **options),
        nn.ReLU(),
        nn.Dropout(0.3, rng=rng),
        nn.Linear(units, 1, **options),
    )


shape = pictures.x_train.shape[1:]
network = cat_dog_net(np.random.default_rng(0), shape).eval()
signal, total = pictures.x_train[:1], 0
for layer in network:
    signal = layer(signal)
    count = sum(parameter.data.size for parameter in layer.parameters())
    total += count
    print(f"{type(layer).__name__:<10} {signal.shape[1:]!s:<13} {count:>7,}")
first_loss = nn.BCEWithLogitsLoss()(network(pictures.x_val), pictures.y_val[:, None].astype(np.float32))
print(f"{total:,} parameters; loss before any training {first_loss:.3f}, and ln 2 = {np.log(2):.3f}")

# %% [markdown] id="net-meaning"
# Before training the network knows nothing, and says about ½ to everything: the loss must be near ln 2. If yours is not, look for the mistake before you train.
#
# 16 maps of 7×7 are 784 numbers, and the dense layer behind them holds nineteen parameters in twenty. The book's chapter on this arithmetic has four slips:
#
# - It calls $n-(f-1)$ the size of the *dense* layer. It is the side of one map behind a convolution; the dense layer sees every pixel of every map. For 50×50, a 3×3 window and 64 maps that is 147,456 inputs, not 48.
# - It says that a convolution must not shrink the image, so that padding is obligatory. It is a choice: LeNet-5 has no padding at all, and neither had the book's own network for digits, 28 → 24.
# - Its example, $(3\cdot 3\cdot 32+1)\cdot 64 = 18{,}496$, is called the first layer. A first layer has as many input maps as the picture has channels, 1 or 3; 32 are those of a second one. The letters change their meaning between its two formulas, too.
# - There is no stride in its formula, and no rounding down.

# %% id="net-sums"
for n, f, p, s in [(50, 3, 0, 1), (50, 3, 1, 1), (28, 5, 0, 1), (224, 11, 0, 4), (224, 11, 2, 4), (227, 11, 0, 4)]:
    exact = (n + 2 * p - f) / s + 1
    print(f"side {n}, window {f}, padding {p}, stride {s}: ({n} + {2 * p} − {f})/{s} + 1 = {exact:g}, so {int(exact)}")
print("first layer on a photograph, 64 maps:", (3 * 3 * 3 + 1) * 64, " second, 32 maps to 64:", (3 * 3 * 32 + 1) * 64)
print("inputs of a dense layer behind 64 maps of 48×48:", 64 * 48 * 48)

# %% [markdown] id="side-quiz" question="quiz"
# A picture of 3×100×100 goes through a convolution with 10 maps, window 5, padding 2, stride 1, and through 2×2 pooling. How many inputs does the dense layer behind them have?
#
# - [ ] 50: that is the side of one map.
# - [ ] 2,500: that is one map; there are ten of them.
# - [x] 25,000: ten maps of 50×50; the padding of 2 kept the side at 100, and pooling halved it.

# %% [markdown] id="loss"
# ## One output, and classes that are not equally frequent
#
# With one logit $z$ per picture and labels $y\in\{0,1\}$ the loss is the binary cross-entropy. In your own photographs there may be ten dogs for each cat. Then the network does well by saying "dog" most of the time. A weight $w$ on the rarer class, as `pos_weight` in PyTorch, evens that out:
#
# $$L = -\frac1N\sum_i \Big[\,w\,y_i\ln\sigma(z_i) + (1-y_i)\ln\big(1-\sigma(z_i)\big)\Big]$$
#
# The sum is divided by $N$, whatever $w$ is. Taken literally the formula breaks down: for $z = 1000$ it asks for $\ln 0$.


# %% id="loss-given" given=true
def sigmoid(z):
    """1 / (1 + exp(−z)), for every z."""
    return 0.5 * np.tanh(0.5 * z) + 0.5


def weighted_cost(z, y, w):
    """The loss as its formula says, for moderate z: z (N,), y (N,), w a number."""
    return -np.mean(w * y * np.log(sigmoid(z)) + (1 - y) * np.log(1 - sigmoid(z)))


# %% id="loss-overflow"
with np.errstate(divide="ignore", invalid="ignore"):
    for z in (2.0, 30.0, 1000.0):
        print(
            f"z = {z:6.0f}, y = 0: the formula gives {weighted_cost(np.array([z]), np.array([0.0]), 1.0):.4f}, right is {np.logaddexp(0, z):.4f}"
        )

# %% [markdown] id="bce-statement" statement="bce"
# ### Exercise 5: the loss and its gradient
#
# Write `bce_with_logits(z, y, w)`: `z (N,)` logits, `y (N,)` labels 0 or 1, `w` the weight of class 1. It returns `loss`, a number, and `dz (N,)`, the gradient of the loss with respect to `z`. Both are right for every finite `z`.
#
# A way: $-\ln\sigma(z) = \ln(1+e^{-z})$ and $-\ln(1-\sigma(z)) = \ln(1+e^{z})$, and $\ln(1+e^{t}) = \max(t,0) + \ln(1+e^{-|t|})$ never overflows. Derive the gradient by hand; for $w = 1$ it is $(\sigma(z)-y)/N$.
#
# Check by hand: `z = [0, 0]`, `y = [1, 0]`, `w = 3` give `loss` = (3 ln 2 + ln 2)/2 = 1.3863 and `dz = [−0.75, 0.25]`.


# %% id="bce" exercise=true difficulty=2 by_hand="weighted_cost nn data optim train"
def bce_with_logits(z, y, w):
    """Binary cross-entropy with weight w on class 1: z, y (N,) -> loss, dz (N,)."""
    ### BEGIN SOLUTION
    small = np.log1p(np.exp(-np.abs(z)))
    losses = w * y * (np.maximum(-z, 0) + small) + (1 - y) * (np.maximum(z, 0) + small)
    dz = (1 - y) * sigmoid(z) - w * y * sigmoid(-z)
    return losses.mean(), dz / len(z)
    ### END SOLUTION


# %% [markdown] id="bce-hints" hints="bce"
# - other-class: w belongs to class 1, where y = 1.
# - weights-mean: Divide by N, not by the sum of the weights.
# - loss-sum: The loss is a mean over the N pictures.
# - gradient-sum: The loss is a mean, so its gradient is divided by N too.
# - unweighted: The weight is missing in the gradient: it multiplies the term with y.
# - outside: w multiplies only the term of class 1: w (σ(z) − y) would weigh both classes.
# - slope: There is no σ′(z) left in this gradient: it has cancelled.
# - sign: The sign of the gradient is turned round.
# - overflow: ln 0 is minus infinity: write the loss with z, in the way that the statement shows.
# - clipped: Clipping the output bends the loss: write it with z, so that nothing needs to be clipped.


# %% id="bce-loss" test="bce" points=2
@check.exercise("19-cats-and-dogs/bce")
def the_weighted_loss():
    """The loss with a weight"""
    z, y, w = 2 * np.cos(1.3 * np.arange(7)), np.array([1.0, 0, 0, 1, 0, 1, 0]), 2.5
    loss, _ = check.call(bce_with_logits, z, y, w, returns=("loss", "dz"))
    weights = np.where(y == 1, w, 1.0)
    check.close(
        loss,
        weighted_cost(z, y, w),
        name="loss",
        hints={
            "other-class": lambda right: weighted_cost(-z, 1 - y, w),
            "weights-mean": lambda right: right * len(z) / weights.sum(),
            "loss-sum": lambda right: right * len(z),
        },
    )


# %% id="bce-gradient" test="bce" points=3
@check.exercise("19-cats-and-dogs/bce")
def the_gradient():
    """The gradient"""
    z, y, w = 2 * np.cos(1.3 * np.arange(7)), np.array([1.0, 0, 0, 1, 0, 1, 0]), 2.5
    _, dz = check.call(bce_with_logits, z, y, w, returns=("loss", "dz"))
    plain = (sigmoid(z) - y) / len(z)
    check.gradient(
        lambda v: weighted_cost(v, y, w),
        dz,
        z,
        name="dz",
        hints={
            "gradient-sum": lambda right: right * len(z),
            "unweighted": lambda right: plain,
            "outside": lambda right: w * plain,
            "slope": lambda right: right * sigmoid(z) * (1 - sigmoid(z)),
            "sign": lambda right: -right,
        },
    )


# %% id="bce-extreme" test="bce" points=2
@check.exercise("19-cats-and-dogs/bce")
def logits_of_a_thousand():
    """Logits of ±1000"""
    z, y = np.array([1000.0, -1000.0]), np.array([0.0, 1.0])
    loss, dz = check.call(bce_with_logits, z, y, 2.0, returns=("loss", "dz"))
    check.close(
        loss,
        1500.0,
        name="loss",
        hints={"clipped": lambda right: loss if 1 < loss < 200 else -1.0, "overflow": lambda right: np.inf},
    )
    check.close(dz, np.array([0.5, -1.0]), name="dz")


# %% id="bce-hidden" test="bce" points=2 hidden=true
@check.exercise("19-cats-and-dogs/bce", hidden=True)
def one_picture_and_many():
    """One picture, many, no weight, extreme logits"""
    rng = check.rng(11)
    for N, w in [(1, 4.0), (9, 1.0), (13, 0.3)]:
        z, y = 3 * rng.normal(size=N), rng.integers(0, 2, N).astype(float)
        loss, dz = check.call(bce_with_logits, z, y, w, returns=("loss", "dz"))
        weights = np.where(y == 1, w, 1.0)
        check.close(
            loss, np.mean(weights * np.logaddexp(0, np.where(y == 1, -z, z))), name=f"loss for N = {N}", rtol=1e-9
        )
        check.close(dz, weights * (nn.sigmoid(z)[0] - y) / N, name=f"dz for N = {N}", rtol=1e-9, atol=1e-12)
    z, y = np.array([800.0, -800.0, 1e4, -1e4]), np.array([1.0, 0.0, 1.0, 1.0])
    loss, dz = check.call(bce_with_logits, z, y, 0.5, returns=("loss", "dz"))
    check.close(loss, 1250.0, name="loss for extreme logits")
    check.close(dz, np.array([0.0, 0.0, 0.0, -0.125]), name="dz for extreme logits")


# %% [markdown] id="augmentation"
# ## More pictures than were collected
#
# A cat that looks to the left is as much a cat as one that looks to the right. So are one a little larger, one a little lower, one turned by a few degrees. Chapter 11 asked of each change whether it leaves the label true. For digits a mirror image does not; for animals it does. Not every change, though: a
# standing dog turned by 90° is no picture that will ever come.

# %% [markdown] id="flip-statement" statement="flip"
# ### Exercise 6: mirror some of them
#
# Write `flip(x, u, p)`. `x (N, C, H, W)` are images, `u (N,)` random numbers between 0 and 1, one for each image. The images with `u < p` are mirrored, left becoming right; the others stay as they are. Return a new array `(N, C, H, W)`.
#
# Check by hand: `x` with one row of pixels, `[[[[1, 2, 3]]], [[[4, 5, 6]]]]`, `u = [0.7, 0.2]` and `p = 0.5` give `[[[[1, 2, 3]]], [[[6, 5, 4]]]]`.


# %% id="flip" exercise=true difficulty=1 by_hand="nn data optim train"
def flip(x, u, p):
    """The images (N, C, H, W) with u < p mirrored left to right, the others as they are."""
    ### BEGIN SOLUTION
    return np.where((u < p)[:, None, None, None], x[..., ::-1], x)
    ### END SOLUTION


# %% [markdown] id="flip-hints" hints="flip"
# - height: This turns the images upside down: left and right are along the last axis.
# - half-turn: This mirrors both axes: only the last one, the width.
# - one-coin: One coin for the whole batch: each image has its own u.
# - other-side: Those with u < p are mirrored, not the others.
# - channels: This reverses the order of the channels, not of the columns.


# %% id="flip-axis" test="flip" points=2
@check.exercise("19-cats-and-dogs/flip")
def left_becomes_right():
    """Left becomes right, in some of the images"""
    x = np.cos(0.7 * np.arange(4 * 3 * 2 * 5)).reshape(4, 3, 2, 5)
    u = np.array([0.1, 0.9, 0.3, 0.6])
    chosen = (u < 0.5)[:, None, None, None]
    check.close(
        check.call(flip, x, u, 0.5),
        np.where(chosen, x[:, :, :, ::-1], x),
        name="x",
        hints={
            "height": lambda right: np.where(chosen, x[:, :, ::-1], x),
            "half-turn": lambda right: np.where(chosen, x[:, :, ::-1, ::-1], x),
            "one-coin": lambda right: x[:, :, :, ::-1],
            "other-side": lambda right: np.where(chosen, x, x[:, :, :, ::-1]),
            "channels": lambda right: np.where(chosen, x[:, ::-1], x),
        },
    )


# %% id="flip-hidden" test="flip" points=2 hidden=true
@check.exercise("19-cats-and-dogs/flip", hidden=True)
def none_all_and_one():
    """None, all, one image, square images"""
    rng = check.rng(13)
    for N, C, H, W, p in [(1, 2, 3, 4, 1.0), (5, 1, 4, 4, 0.0), (7, 4, 4, 4, 0.4), (2, 3, 1, 6, 0.5)]:
        x, u = rng.normal(size=(N, C, H, W)), rng.uniform(size=N)
        right = np.stack([np.flip(image, 2) if draw < p else image for image, draw in zip(x, u, strict=True)])
        check.close(check.call(flip, x, u, p), right, name=f"x for N = {N}, p = {p}")


# %% [markdown] id="augment-text"
# In training each image is changed a little every time it comes. The neatest place for that is a layer in front of the network that works in training mode only, like dropout. It has no parameters, and no gradient is ever asked of it.


# %% id="augment"
class Augment(nn.Module):
    """In training: images (N, C, H, W) mirrored, turned, scaled and moved at random, anew each time."""

    def __init__(self, rng, degrees=10.0, scale=0.1, shift=2.0, mirror=0.5):
        self.rng, self.degrees, self.scale, self.shift, self.mirror = rng, degrees, scale, shift, mirror

    def forward(self, x):
        if not self.training:
            return x, None
        N, C, H, W = x.shape
        mirrored = self.rng.uniform(size=N) < self.mirror
        angle = np.deg2rad(self.rng.uniform(-self.degrees, self.degrees, N))[:, None, None]
        zoom = self.rng.uniform(1 - self.scale, 1 + self.scale, N)[:, None, None]
        down, right = self.rng.uniform(-self.shift, self.shift, (2, N, 1, 1))
        i, j = np.indices((H, W))
        y, z = i - (H - 1) / 2, j - (W - 1) / 2
        dy = zoom * (np.cos(angle) * y - np.sin(angle) * z) - y + down
        dx = zoom * (np.sin(angle) * y + np.cos(angle) * z) - z + right
        x = np.where(mirrored[:, None, None, None], x[..., ::-1], x)
        return np.stack([data.elastic(x[:, c], dy, dx) for c in range(C)], axis=1), None


some = np.repeat(pictures.x_train[[np.flatnonzero(pictures.y_train == k)[2] for k in (0, 1)]], 9, axis=0)
varied = np.concatenate(
    [some[:1], Augment(np.random.default_rng(0))(some[:8]), some[9:10], Augment(np.random.default_rng(1))(some[9:17])]
)
plots.show(
    plots.image_grid(varied.mean(axis=1), ["as it is", *8 * [""]] * 2, columns=9, width=9),
    alt="A cat and a dog, each as it is and in eight variants: mirrored, a little turned, larger or smaller, moved.",
)

# %% [markdown] id="train-text"
# ## Train
#
# Adam, mini-batches of 32, and a learning rate that rises to 0.01 in the first third of the time and then falls to nothing (*one cycle*, chapter 15). Two networks start with the same weights. Over twenty epochs, one sees every picture as it is, the other a new variant each time.

# %% [markdown] id="overfit-question" question="predict"
# Which of the two has the lower *training* loss in the end, and which the lower *validation* loss?
#
# - [ ] the augmented one has both lower: its training pictures are new each time, so it cannot learn them by heart, and its training loss stays higher.
# - [x] the plain one has the lower training loss, the augmented one the lower validation loss: learning by heart helps only where the pictures are the same.
# - [ ] the plain one has both lower: it trains on the very pictures that the validation set resembles, but it also learns their accidents.


# %% id="train-run"
def learn(seed, augment=True, epochs=20):
    """A network trained on `pictures`, in evaluation mode, and its history."""
    rng = np.random.default_rng(seed)
    network = cat_dog_net(rng, pictures.x_train.shape[1:])
    model = nn.Sequential(Augment(np.random.default_rng([seed, 1])), network) if augment else network
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    steps = -(-len(pictures.x_train) // 32)
    history = train.fit(
        model,
        nn.BCEWithLogitsLoss(),
        optimizer,
        (pictures.x_train, pictures.y_train[:, None].astype(np.float32)),
        train.Config(epochs=epochs, batch_size=32, schedule="batch"),
        rng=rng,
        validation=(pictures.x_val, pictures.y_val[:, None].astype(np.float32)),
        metrics={"accuracy": lambda z, y: train.binary_accuracy(z, y, threshold=0.0)},
        scheduler=optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.01, total_steps=epochs * steps),
        progress=False,
    )
    return network.eval(), history


def right_answers(network, x, y):
    """Which answers are right: a logit above 0 says class 1."""
    return (train.predict(network, x)[:, 0] > 0) == y


plain, plain_history = learn(0, augment=False)
network, history = learn(0)
for name, told in (("as they are", plain_history), ("augmented", history)):
    print(
        f"{name:<12} training loss {told.train['loss'][-1]:.3f}, validation loss {told.validation['loss'][-1]:.3f} "
        f"(lowest {min(told.validation['loss']):.3f}), accuracy {told.validation['accuracy'][-1]:.3f}"
    )

# %% id="curves" folded=true
figure = plots.figure(9, 3.2)
left, right = figure.subplots(1, 2)
for ax, told, title in ((left, plain_history, "as they are"), (right, history, "augmented")):
    plots.learning_curves(
        ax, {"training": told.train["loss"], "validation": told.validation["loss"]}, xlabel="epoch", ylabel="loss"
    )
    ax.set(ylim=(0, 0.75))
    ax.set_title(title)
plots.show(
    figure,
    alt="Left, without augmentation: the training loss falls to almost zero, the validation loss turns at about 0.12 and rises to 0.22. Right, with augmentation: both fall together to about 0.1.",
)

# %% [markdown] id="train-meaning"
# The plain network goes down to 0.009 on the training set, but its validation loss ends at 0.221, far above its lowest, 0.115: it has learnt the training pictures by heart. The augmented one never sees a picture twice. Its training loss stays at 0.106, above its validation loss of 0.071, because its training pictures are
# harder than the real ones, and because dropout is at work in training only.
#
# ## The test, once
#
# The validation set has done its work. Now the test set:

# %% id="test-run"
report("network, as they are", right_answers(plain, pictures.x_test, pictures.y_test))
report("network, augmented", right_answers(network, pictures.x_test, pictures.y_test))

FULL = False
if FULL:
    for name, augment in (("as they are", False), ("augmented", True)):
        scores = [right_answers(learn(k, augment)[0], pictures.x_test, pictures.y_test).mean() for k in range(5)]
        print(f"{name:<12}", np.round(scores, 4), f"mean {np.mean(scores):.4f}, spread {np.std(scores, ddof=1):.4f}")

# %% [markdown] id="test-meaning"
# With `FULL = True` the page trains both from five seeds, which takes a good minute. Measured once, on the 400 test pictures:
#
# | | five test accuracies | mean | standard deviation |
# |---|---|---|---|
# | as they are | 0.9600, 0.9600, 0.9675, 0.9550, 0.9650 | 0.9615 | 0.0049 |
# | augmented | 0.9725, 0.9625, 0.9750, 0.9700, 0.9800 | 0.9720 | 0.0065 |
#
# Logistic regression had 0.8975, the nearest picture 0.9300. The convolutional network makes about a quarter of the mistakes of the first and fewer than half of those of the second; and augmentation takes away a quarter of what was left. The spread between seeds is about half a point, but the interval of *one* test set of 400 is three and a half points wide:
# the pictures that happen to be in it matter more than the start.
#
# One confession, because this page preaches it: before its settings were fixed, the test accuracies of half a dozen others had been seen. They differed by less than a point, and a few pictures in 400 are all that such a choice can gain. But once seen, a test set is never quite new again.

# %% [markdown] id="confusion-text"
# ## The mistakes
#
# An accuracy hides which mistakes are made. The *confusion matrix* counts them: a row for each true class, a column for each answer.

# %% id="confusion"
z = train.predict(network, pictures.x_test)[:, 0]
answer = (z > 0).astype(int)
counts = np.zeros((2, 2), int)
np.add.at(counts, (pictures.y_test, answer), 1)
print(counts)
figure = plots.figure(3.4, 3)
plots.confusion_matrix(figure.subplots(), counts, class_names, xlabel="answer", ylabel="truth")
plots.show(
    figure,
    alt=f"Of {counts[0].sum()} cats {counts[0, 0]} are called cats and {counts[0, 1]} dogs; of {counts[1].sum()} dogs {counts[1, 1]} are called dogs and {counts[1, 0]} cats.",
)

# %% id="mistakes-run"
wrong = np.flatnonzero(answer != pictures.y_test)
wrong = wrong[np.argsort(-np.abs(z[wrong]))][:14]
captions = [f"{class_names[pictures.y_test[i]]}, {nn.sigmoid(z[i])[0]:.2f}" for i in wrong]
plots.show(
    plots.image_grid(pictures.x_test[wrong].mean(axis=1), captions, columns=7, width=8),
    alt=f"The {len(wrong)} test pictures that the network gets most wrong, each with its true class and the probability of dog that the network gave.",
)

# %% [markdown] id="mistakes-meaning"
# The number beside the true class is the probability of "dog". The five most certain mistakes are all cats, and four of them stand or walk. Of the five dogs that were missed, four sit or lie. Most cats of the collection sit, and most dogs stand: the network has learnt to look at the legs. That is no rule about cats and dogs,
# it is a rule about this collection. Some of the others you would not get right either.

# %% [markdown] id="occlusion-text"
# ## Where does it look?
#
# Two ways to ask a network what it looks at. The *gradient* of the logit with respect to the pixels says how much the answer would move if a pixel became a little darker; one backward pass gives it. *Occlusion* covers a square and asks again, at every place: slower, but it shows what really happens
# when something is missing. Choose a picture and move the square. Which part of an animal makes it a dog?


# %% id="occlusion-widget" folded=true
def occluded(index, row, column, size):
    picture = pictures.x_test[index]
    H, W = picture.shape[1:]
    places = [(r, c) for r in range(0, H, 2) for c in range(0, W, 2)]
    copies = np.repeat(picture[None], len(places) + 2, axis=0)
    for copy, (r, c) in zip(copies, [*places, (row, column)], strict=False):
        copy[:, max(r - size // 2, 0) : r + (size + 1) // 2, max(c - size // 2, 0) : c + (size + 1) // 2] = 0
    probability = nn.sigmoid(train.predict(network, copies)[:, 0])[0]
    logit, cache = network.forward(picture[None])
    gradient = network.backward(np.ones_like(logit), cache)[0].mean(axis=0)
    network.zero_grad()
    heat = probability[:-2].reshape(len(range(0, H, 2)), -1) - probability[-1]
    return (
        copies[-2].mean(axis=0),
        heat,
        gradient,
        float(probability[-2]),
        float(probability[-1]),
        int(pictures.y_test[index]),
    )


def occluded_figure(result):
    """The picture with its square, what each place of the square changes, the gradient, and both answers."""
    picture, heat, gradient, covered, whole, label = result
    figure = plots.figure(10, 2.8)
    one, two, three, four = figure.subplots(1, 4, width_ratios=(1, 1, 1, 1.1))
    one.imshow(picture, cmap=plots.INK, vmin=0, vmax=1)
    one.set_title(f"truth: {class_names[label]}")
    for ax, values, title in ((two, heat, "covered here"), (three, gradient, "gradient")):
        reach = max(float(np.abs(values).max()), 1e-6)
        ax.imshow(values, cmap=plots.DIVERGING, vmin=-reach, vmax=reach)
        ax.set_title(title)
    for ax in (one, two, three):
        ax.grid(False)
        ax.set(xticks=[], yticks=[])
    four.barh([1.2, 0.2], [1 - whole, whole], 0.35, color=plots.GREY, label="whole")
    four.barh([0.8, -0.2], [1 - covered, covered], 0.35, color=plots.VERMILION, hatch="//", label="covered")
    four.set(yticks=[1, 0], xlim=(0, 1), xlabel="probability")
    four.set_yticklabels(class_names)
    four.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return figure


widgets.explore(
    occluded_figure,
    dict(
        index=widgets.Slider(0, len(pictures.y_test) - 1, 28, label="test picture"),
        row=widgets.Slider(0, shape[1] - 1, 6, label="row"),
        column=widgets.Slider(0, shape[2] - 1, 22, label="column"),
        size=widgets.Slider(1, 14, 7, label="side of the square"),
    ),
    compute=occluded,
    alt=lambda result: (
        f"A {class_names[result[5]]}. Probability of dog: {result[4]:.2f} for the whole picture, {result[3]:.2f} with the square; "
        f"the most that a square changes is {np.abs(result[1]).max():.2f}."
    ),
    table=lambda result: {
        "P(dog), whole": round(result[4], 4),
        "P(dog), covered": round(result[3], 4),
        "largest rise": round(float(result[1].max()), 4),
        "largest fall": round(float(result[1].min()), 4),
    },
    title="Cover a part",
)

# %% [markdown] id="occlusion-meaning"
# The dog of the first picture is a dog by its head: with the square over it the network is as sure of "cat" as it was of "dog" before. The gradient shows the same place, but with a great deal of noise: it tells what a *tiny* change would do, and many pixels together can do what none of them does alone.

# %% [markdown] id="save-text"
# ## Save it, load it
#
# A trained network is its arrays, under their names. What a file has to hold besides: how the picture must be prepared (size, scale, what is ink) and which number means which class. A network that is loaded into another preparation answers without an error, and wrongly.

# %% id="save-run"
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "cats-and-dogs.safetensors"
    train.save_checkpoint(path, network, history)
    size = path.stat().st_size
    loaded = cat_dog_net(np.random.default_rng(99), shape).eval()
    before = right_answers(loaded, pictures.x_test, pictures.y_test).mean()
    told = train.load_checkpoint(path, loaded)
print(f"{size / 1000:.0f} kB for {total:,} parameters and a history of {len(told.seconds)} epochs")
print(
    f"test accuracy before loading {before:.3f}, after {right_answers(loaded, pictures.x_test, pictures.y_test).mean():.4f}"
)
print(f"with ink and paper exchanged: {right_answers(loaded, 1 - pictures.x_test, pictures.y_test).mean():.3f}")

# %% [markdown] id="draw-text"
# ## Draw one yourself
#
# Draw the outline of an animal, press *Fill the inside*, and the network answers after every stroke. The arrow keys and the space bar draw too. What makes a cat: pointed ears? A tail that stands up? Start with the cat that is there, and change it until it is a dog.


# %% id="draw" folded=true
def judged(image):
    """The drawing and the network's answer."""
    if shape != (1, 28, 28):
        return image, 0.5
    return image, float(nn.sigmoid(loaded(image[None, None].astype(np.float32))[0, 0])[0])


def judged_figure(result):
    """The two probabilities."""
    figure = plots.figure(3.6, 2.6)
    ax = figure.subplots()
    ax.barh([1, 0], [1 - result[1], result[1]], color=[plots.BLUE, plots.VERMILION])
    ax.set(yticks=[1, 0], xlim=(0, 1), xlabel="probability")
    ax.set_yticklabels(class_names)
    return figure


widgets.draw_pad(
    judged_figure,
    compute=judged,
    alt=lambda result: (
        f"The network says {class_names[0]} with {1 - result[1]:.0%} and {class_names[1]} with {result[1]:.0%}."
        if result[0].any()
        else "The pad is empty."
    ),
    table=lambda result: {
        "P(cat)": round(1 - result[1], 4),
        "P(dog)": round(result[1], 4),
        "ink": round(float(result[0].mean()), 4),
    },
    title="Cat or dog?",
    start=shapes.x_test[shapes.y_test == 0][10, 0],
)

# %% id="house"
house = np.zeros((1, 1, 28, 28), np.float32)
house[..., 14:26, 6:22] = 1
for i in range(10):
    house[..., 4 + i, 14 - i : 14 + i] = 1
if shape == (1, 28, 28):
    probability = nn.sigmoid(loaded(house)[0, 0])[0]
    print(f"a house is a {class_names[0]} with {1 - probability:.5f}, a {class_names[1]} with {probability:.5f}")

# %% [markdown] id="draw-meaning"
# A house is a cat, and the network has no doubt. It was asked *which* of the two, never *whether*. And your cat may be no cat to it: a drawing by hand is not from the distribution that it was trained on.

# %% [markdown] id="common-mistakes"
# ## Common mistakes
#
# - **A validation set without labels**, and a test set of unknown origin, as in the book. Split what has labels.
# - **Preparing with statistics of everything.** Subtracting a mean that was computed over the test pictures too is a leak, a small one. Here is how it is done: the numbers of the *training* set, for each channel, go into all three.

# %% id="normalise"
mean = pictures.x_train.mean(axis=(0, 2, 3), keepdims=True)
spread = pictures.x_train.std(axis=(0, 2, 3), keepdims=True)
for name, part in (("training", pictures.x_train), ("test", pictures.x_test)):
    prepared = (part - mean) / spread
    print(f"{name:<9} mean {prepared.mean():+.4f}, standard deviation {prepared.std():.4f}")

# %% [markdown] id="more-mistakes"
# - **Augmenting before the split**, as above.
# - **Measuring in training mode.** Dropout and augmentation are then at work. `eval()` first.
# - **The best of twenty epochs by the test set.** That is tuning on the test set. Choose by the validation set, or, as here, fix the number of epochs beforehand.
# - **Accuracy alone.** With one cat in a hundred pictures, "always dog" has 0.99.
# - **Old code.** In 2019 such a project would use Keras's `ImageDataGenerator` and `fit_generator`. The first is deprecated, the second is gone in Keras 3: today `image_dataset_from_directory`, `fit`, and layers that augment, like the one above.
# - **Starting from nothing with photographs.** The book never mentions it, but in practice one takes a network that was trained on millions of other photographs, replaces its last layer and trains that: *transfer learning*. With 2,000 photographs it is far ahead of anything that learns from them alone.

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# `twin` builds the same network of `torch.nn` layers with the same weights. Then a new one learns by itself, with PyTorch's optimiser:

# %% id="torch-run"
try:
    import torch

    from dlbook.torch import fit as torch_fit
    from dlbook.torch import twin
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    torch.set_num_threads(1)
    same = twin(network).eval()
    with torch.no_grad():
        theirs = same(torch.from_numpy(pictures.x_test[:100])).numpy()
    print(f"largest difference of the logits: {np.abs(theirs - network(pictures.x_test[:100])).max():.1e}")
    torch.manual_seed(0)
    other = twin(cat_dog_net(np.random.default_rng(0), shape))
    told = torch_fit(
        other,
        torch.nn.BCEWithLogitsLoss(),
        torch.optim.Adam(other.parameters(), lr=2e-3),
        (pictures.x_train, pictures.y_train[:, None].astype(np.float32)),
        train.Config(epochs=3, batch_size=32),
        rng=np.random.default_rng(0),
        validation=(pictures.x_val, pictures.y_val[:, None].astype(np.float32)),
        metrics={"accuracy": lambda z, y: train.binary_accuracy(z, y, threshold=0.0)},
        progress=False,
    )
    print("validation accuracy by epoch:", np.round(told.validation["accuracy"], 3))

# %% [markdown] id="gpu"
# On a GPU: `torch_fit(..., device=device())` with `from dlbook.torch import device`. For 28×28 silhouettes there is nothing to gain. For 25,000 photographs of 224×224 there is everything: the arithmetic grows 64-fold with the size and 18-fold with their number, and the files are then read and augmented by other
# processes while the GPU computes (`DataLoader(num_workers=…)`).

# %% [markdown] id="unlabelled-quiz" question="quiz"
# A folder of 12,500 photographs without labels is at hand. What can it be used for?
#
# - [ ] to measure the accuracy: that needs the right answers.
# - [ ] to choose the learning rate: the validation loss needs labels too.
# - [x] to look at the network's answers, or to learn features from without labels: later chapters do that.

# %% [markdown] id="interval-quiz" question="quiz"
# Network A has 0.975 on 400 test pictures, network B 0.965 on the same ones. Is A better?
#
# - [ ] yes, by one point: four pictures in 400, well inside either interval.
# - [x] nobody knows: the difference is four pictures; count on how many they disagree, or collect a larger test set.
# - [ ] no, they are equal: not to see a difference is not to see that there is none.

# %% [markdown] id="questions"
# ## To think about
#
# 1. With which weight $w$ does a set with 900 dogs (class 1) and 100 cats (class 0) count both classes equally? Which output probability then means "undecided" about the animal?
# 2. You try a hundred settings and take the one with the best validation accuracy. Why is its validation accuracy too high, and its test accuracy not?
# 3. Your photographs of cats were all taken indoors, those of dogs outdoors. What will the network learn, and which of this page's tests would notice?
# 4. The network is 99 % sure of a house. How could it be taught to say "neither"?
#
# <details><summary>Answers</summary>
#
# 1. $w = 100/900$: each class then has the total weight 100. A half: with the weight the network behaves as if both classes were equally frequent; without it, a half would be tilted towards the dogs.
# 2. The best of a hundred is partly the luckiest. The test set was not asked, so luck on the validation set does not carry over.
# 3. Walls and grass. None of them: test pictures from the same source have the same fault. Occlusion would show that the answer comes from the background; a test set from another source would show it in the accuracy.
# 4. With a third class of other pictures, or by refusing where the pictures' features are far from all that it saw in training. A high threshold on the probability is not enough.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# S. Mohammadi, *animal-mnist* (2025), for the silhouettes; `print(data.sheet("animal_shapes"))` tells the rest. E. B. Wilson, *Probable inference, the law of succession, and statistical inference* (1927). LeCun, Bottou, Bengio and Haffner (1998), for the first networks of this kind; Krizhevsky, Sutskever and Hinton, *ImageNet
# classification with deep convolutional neural networks* (2012), for the one that made them famous. Simonyan, Vedaldi and Zisserman (2013), for the gradient as a picture; Zeiler and Fergus (2014), for occlusion. L. Smith and N. Topin (2018), for the one-cycle schedule.
#
# Next: networks with a memory.
