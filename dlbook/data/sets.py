"""The real data sets: `digits`, `iris` and `mnist`."""

import os
import pathlib
import tempfile
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dlbook.data.files import DamagedFile, bundled, read_idx, read_npz, sheet, verify
from dlbook.language import say

_IDX_FILES = {
    "x_train": "train-images{}idx3-ubyte",
    "y_train": "train-labels{}idx1-ubyte",
    "x_test": "t10k-images{}idx3-ubyte",
    "y_test": "t10k-labels{}idx1-ubyte",
}


class ThreeWaySplit(NamedTuple):
    """Training, validation and test set.  Images x are (N, D) or (N, 1, H, W) in [0, 1], labels y are (N,) int64."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


class Split(NamedTuple):
    """Training and test set.  Images x are (N, D) or (N, 1, H, W) in [0, 1], labels y are (N,) int64."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray

    def hold_out(self, validation: int) -> ThreeWaySplit:
        """Keep the last `validation` training examples for validation; the book takes 10,000 of MNIST."""
        if not 0 < validation < len(self.y_train):
            raise ValueError(f"expected 0 < validation < {len(self.y_train)} training examples, got {validation}")
        x, y = self.x_train, self.y_train
        return ThreeWaySplit(
            x[:-validation], y[:-validation], x[-validation:], y[-validation:], self.x_test, self.y_test
        )


class Iris(NamedTuple):
    """Measurements x (N, 4) in cm, labels y (N,) int64, and the names of the columns and of the labels."""

    x: np.ndarray
    y: np.ndarray
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]


def digits(
    rng: np.random.Generator | None = None,
    *,
    flat: bool = True,
    dtype: npt.DTypeLike = np.float64,
) -> Split:
    """The 1,797 handwritten 8×8 digits of scikit-learn, in 1,437 for training and 360 for testing.

    x : (N, 64) in [0, 1], or (N, 1, 8, 8) with `flat=False`.  y : (N,) int64, 0 to 9.
    The split keeps the share of each class.  Without `rng` it is the same each time, that of
    `np.random.default_rng(0)`.
    Source: Alpaydin and Kaynak 1998, see `sheet("digits")`.  Book: chapters 5 and 11.
    """
    arrays = bundled("digits")
    test, train = stratified(arrays["labels"], 360, np.random.default_rng(0) if rng is None else rng)
    x, y = _scaled(arrays["images"], 16, flat, dtype), arrays["labels"].astype(np.int64)
    return Split(x[train], y[train], x[test], y[test])


def iris(classes: tuple[int, ...] = (0, 1, 2)) -> Iris:
    """Fisher's 150 irises: sepal length and width, petal length and width, of setosa, versicolor and virginica.

    x : (50 K, 4) in cm.  y : (50 K,) int64, the position in `classes`: (0, 1) gives two that a plane separates.
    Raises ValueError for classes other than 0, 1, 2 or named twice.
    Source: Fisher 1936, see `sheet("iris")`.  Book: chapter 6.
    """
    names = ("setosa", "versicolor", "virginica")
    columns = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")
    if not classes or len(set(classes)) != len(classes) or not set(classes) <= {0, 1, 2}:
        raise ValueError(f"expected different classes out of (0, 1, 2), got {classes}")
    arrays = bundled("iris")
    rows = [np.flatnonzero(arrays["labels"] == label) for label in classes]
    x = arrays["millimetres"][np.concatenate(rows)] / 10
    y = np.repeat(np.arange(len(classes)), [len(r) for r in rows])
    return Iris(x, y, columns, tuple(names[label] for label in classes))


def mnist(
    path: str | os.PathLike | None = None,
    *,
    full: bool = False,
    flat: bool = True,
    dtype: npt.DTypeLike = np.float64,
    check: bool = True,
) -> Split:
    """MNIST, 28×28 handwritten digits: 5,000 + 1,000 from inside the package, or all 60,000 + 10,000.

    x : (N, 784) in [0, 1], 1 is ink, or (N, 1, 28, 28) with `flat=False`.  y : (N,) int64, 0 to 9.
    path : the whole set, as an npz file (arrays x_train, y_train, x_test, y_test), or a folder that holds `mnist.npz`
        or the four IDX files, compressed or not.
    full : read the whole set from `path`, else from the folder that the environment variable DLBOOK_DATA names, else
        from where `download("mnist")` puts it.  A `path` implies it.
    check : compare the whole set with the checksum of its sheet; False reads others of the same layout (Fashion-MNIST).
    `mnist(full=True).hold_out(10_000)` is the book's split of 50,000, 10,000 and 10,000.
    Raises FileNotFoundError, or DamagedFile, which is a ValueError.  Source: LeCun et al. 1998, see `sheet("mnist")`.
    Book: chapters 12 and 13.
    """
    arrays = _whole_mnist(pathlib.Path(path or data_folder()), check) if full or path is not None else bundled("mnist")
    x_train, x_test = (_scaled(arrays[name], 255, flat, dtype) for name in ("x_train", "x_test"))
    return Split(x_train, arrays["y_train"].astype(np.int64), x_test, arrays["y_test"].astype(np.int64))


def data_folder() -> pathlib.Path:
    """Where whole data sets are kept: the folder in DLBOOK_DATA, else `.cache/dlbook` in the home folder."""
    named = os.environ.get("DLBOOK_DATA")
    return pathlib.Path(named).expanduser() if named else pathlib.Path.home() / ".cache" / "dlbook"


def download(name: str, folder: str | os.PathLike | None = None) -> pathlib.Path:
    """Fetch a whole data set from the address in its sheet into `folder` (default `data_folder()`), check it, and
    return its path.

    The file takes its place only after its arrays have met the checksum; a file already there and right isn't fetched
    again.
    Raises ValueError for a set that comes whole in the package, DamagedFile for a wrong sum, OSError without network.
    """
    import urllib.request  # here, because it takes longer to load than all the rest of this package

    about = sheet(name)
    if not about.whole_sha256:
        raise ValueError(say("{name} is whole inside the package: nothing to download.", name=name))
    if not about.whole_address:
        raise ValueError(
            say("{name} can't be downloaded as one file. It comes from: {source}.", name=name, source=about.source)
        )
    folder = pathlib.Path(folder) if folder is not None else data_folder()
    target = folder / f"{name}.npz"
    advice = say("Nothing was kept; try again later, or take the file from elsewhere and name its path.")
    if target.exists():
        try:
            verify(read_npz(target), about.whole_sha256, target, advice)
            return target
        except DamagedFile:
            pass  # the new file replaces it
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        part = pathlib.Path(temporary) / target.name
        with urllib.request.urlopen(about.whole_address, timeout=60) as answer, part.open("wb") as file:
            while block := answer.read(1 << 20):
                file.write(block)
        verify(read_npz(part), about.whole_sha256, about.whole_address, advice)
        part.replace(target)
    return target


def stratified(labels: np.ndarray, size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw `size` examples that keep the share of each class: indices of the chosen and of the rest, both shuffled.

    labels : (N,).  A class gets the whole part of its share; the largest remainders get the examples left over.
    Raises ValueError unless 0 < size < N.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or not 0 < size < len(labels):
        raise ValueError(f"expected labels (N,) and 0 < size < N, got shape {labels.shape} and size {size}")
    _, group, counts = np.unique(labels, return_inverse=True, return_counts=True)
    share = counts * size / len(labels)
    quota = np.floor(share).astype(int)
    quota[np.argsort(quota - share, kind="stable")[: size - quota.sum()]] += 1
    order = rng.permutation(len(labels))
    members = [order[group[order] == k] for k in range(len(counts))]
    chosen = np.concatenate([rows[:n] for rows, n in zip(members, quota, strict=True)])
    taken = np.isin(order, chosen)
    return order[taken], order[~taken]


def _scaled(images: np.ndarray, white: int, flat: bool, dtype: npt.DTypeLike) -> np.ndarray:
    x = images.astype(dtype) / np.asarray(white, dtype)
    return x.reshape(len(x), -1) if flat else x[:, None]


def _whole_mnist(path: pathlib.Path, check: bool) -> dict[str, np.ndarray]:
    archive = path / "mnist.npz" if path.is_dir() or not path.suffix else path
    if archive.is_file():
        arrays = read_npz(archive)
    elif path.is_dir() and (found := _idx_files(path)):
        archive, arrays = path, {name: read_idx(file) for name, file in found.items()}
    else:
        raise FileNotFoundError(
            say(
                "The whole MNIST isn't at {path}: neither mnist.npz nor its four IDX files. "
                'Run data.download("mnist"), or name its path; '
                "without full=True you get the 6,000 images in the package.",
                path=path,
            )
        )
    if check:
        advice = say(
            'Delete it and run data.download("mnist"); the 6,000 images in the package stay usable: data.mnist().'
        )
        verify(arrays, sheet("mnist").whole_sha256, archive, advice)
    shapes = {name: arrays[name].shape for name in _IDX_FILES if name in arrays}
    for part in ("train", "test"):
        x, y = shapes.get(f"x_{part}", ()), shapes.get(f"y_{part}", ())
        if len(x) != 3 or len(y) != 1 or x[0] != y[0]:
            raise DamagedFile(f"{archive}: expected x_{part} (N, H, W) and y_{part} (N,), got {x} and {y}")
    return arrays


def _idx_files(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """The four IDX files in either of the spellings that mirrors use, or nothing unless all are there."""
    found = {}
    for name, pattern in _IDX_FILES.items():
        for spelling in (pattern.format(separator) + end for separator in "-." for end in ("", ".gz")):
            if (folder / spelling).is_file():
                found[name] = folder / spelling
                break
    return found if len(found) == len(_IDX_FILES) else {}
