"""Silhouettes of animals: cats and dogs inside the package, eight more kinds from the whole file.  Book: chapter 44."""

import os
import pathlib

import numpy as np
import numpy.typing as npt

from dlbook.data.files import DamagedFile, bundled, read_npz, sheet, verify
from dlbook.data.sets import ThreeWaySplit, data_folder
from dlbook.language import say

_ALIKE = 2.0


def animal_shapes(
    classes: tuple[str, ...] = ("cat", "dog"),
    path: str | os.PathLike | None = None,
    *,
    flat: bool = False,
    dtype: npt.DTypeLike = np.float64,
    check: bool = True,
) -> ThreeWaySplit:
    """28×28 silhouettes of animals: of each kind 700 for training, 100 for validation and 200 for testing.

    x : (N, 1, 28, 28) in [0, 1], 1 is the animal, or (N, 784) with `flat=True`.  y : (N,) int64, the position in
    `classes`.  The split is always the same (see `animal_parts`), and no picture has a copy in another part.
    classes : cat and dog are inside the package; bear, bird, cow, elephant, giraffe, horse, sheep and zebra need the
        whole file, with the arrays images (N, 28, 28) uint8, labels (N,) and class_names.
    path : the whole file or its folder, else the folder that `data_folder()` names.
    check : compare the whole file with the checksum of its sheet.
    Raises ValueError for an unknown class or one named twice, FileNotFoundError, DamagedFile.
    Source: Mohammadi, see `sheet("animal_shapes")`.  Book: chapters 44 to 47.
    """
    classes = tuple(classes)
    arrays = bundled("animal_shapes")
    if path is not None or not set(classes) <= set(arrays["class_names"].tolist()):
        arrays = _whole(pathlib.Path(path or data_folder()), check)
    kinds = arrays["class_names"].tolist()
    if not classes or len(set(classes)) != len(classes) or not set(classes) <= set(kinds):
        raise ValueError(f"expected different classes out of {tuple(kinds)}, got {classes}")
    images, labels = arrays["images"], arrays["labels"]
    rows = [np.flatnonzero(labels == kinds.index(name)) for name in classes]
    part = [arrays["part"][r] if "part" in arrays else animal_parts(images[r]) for r in rows]
    x = images[np.concatenate(rows)].astype(dtype) / np.asarray(255, dtype)
    x = x.reshape(len(x), -1) if flat else x[:, None]
    y = np.repeat(np.arange(len(classes)), [len(r) for r in rows])
    order = np.random.default_rng(0).permutation(len(y))
    part = np.concatenate(part)[order]
    chosen = [order[part == k] for k in range(3)]
    return ThreeWaySplit(*(array[picked] for picked in chosen for array in (x, y)))


def animal_parts(images: np.ndarray) -> np.ndarray:
    """To which part each picture of one kind belongs: 0 training (7 of 10), 1 validation (1), 2 test (2).

    images : (N, 28, 28) uint8.  Returns (N,) uint8.
    A picture that has a copy, or almost one (Euclidean distance below 2 in [0, 1]^784, as it is or mirrored, where
    different pictures are usually 5 apart), goes to the training part together with it: a copy in two parts would be
    a test with known answers.
    """
    if images.ndim != 3 or images.dtype != np.uint8:
        raise ValueError(f"images: expected shape (N, H, W), uint8, got {images.shape}, {images.dtype}")
    n = len(images)
    rows = images.reshape(n, -1).astype(float)  # whole numbers below 2^53: the distances are exact on every machine
    mirrored = images[:, :, ::-1].reshape(n, -1).astype(float)
    square = (rows**2).sum(axis=1)
    nearest = np.full(n, np.inf)
    for others in (rows, mirrored):
        distance = square[:, None] + square - 2 * rows @ others.T
        np.fill_diagonal(distance, np.inf)
        nearest = np.minimum(nearest, distance.min(axis=1))
    copied = nearest < (255 * _ALIKE) ** 2
    order = np.random.default_rng(0).permutation(n)
    order = order[~copied[order]]
    test, validation = n // 5, n // 10
    part = np.zeros(n, np.uint8)
    part[order[:test]] = 2
    part[order[test : test + validation]] = 1
    return part


def _whole(path: pathlib.Path, check: bool) -> dict[str, np.ndarray]:
    names = ("animal_shapes.npz", "animal-shapes.npz")
    archive = next((path / name for name in names if (path / name).is_file()), path)
    if not archive.is_file():
        raise FileNotFoundError(
            say(
                "The ten kinds of animals aren't at {path}: name the path of animal_shapes.npz, "
                "with the arrays images, labels and class_names. "
                "Cats and dogs are in the package: data.animal_shapes().",
                path=path,
            )
        )
    arrays = read_npz(archive)
    if check:
        advice = say("Get it again; cats and dogs stay usable: data.animal_shapes().")
        verify(arrays, sheet("animal_shapes").whole_sha256, archive, advice)
    shapes = {name: array.shape for name, array in arrays.items()}
    images, labels = shapes.get("images", ()), shapes.get("labels", ())
    if len(images) != 3 or len(labels) != 1 or images[0] != labels[0] or len(shapes.get("class_names", ())) != 1:
        raise DamagedFile(f"{archive}: expected images (N, H, W), labels (N,) and class_names (K,), got {shapes}")
    return arrays
