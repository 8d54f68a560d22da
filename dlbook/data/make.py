"""Make the bundled files and the checksums in their sheets again:  python -m dlbook.data.make FOLDER

The folder holds the sources: mnist.npz, animal-shapes.npz, dom-casmurro.txt, tiny-shakespeare.txt.  `digits` and `iris`
come from scikit-learn.  The result is the same to the byte from the same sources with the same zlib.
"""

import pathlib
import re
import sys
import zipfile

import numpy as np

from dlbook.data.animals import animal_parts
from dlbook.data.files import FOLDER, checksum, read_npz
from dlbook.data.sets import stratified


def digits() -> dict[str, np.ndarray]:
    """Scikit-learn's digits as 4-bit-deep bytes, 0 to 16."""
    from sklearn.datasets import load_digits

    source = load_digits()
    return {"images": source.images.astype(np.uint8), "labels": source.target.astype(np.uint8)}


def iris() -> dict[str, np.ndarray]:
    """Scikit-learn's irises in whole millimetres, as they were measured."""
    from sklearn.datasets import load_iris

    source = load_iris()
    return {"millimetres": np.rint(source.data * 10).astype(np.uint8), "labels": source.target.astype(np.uint8)}


def mnist(whole: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """5,000 training and 1,000 test images that keep the share of each digit, each drawn from its own part."""
    arrays = {}
    for part, size in (("train", 5_000), ("test", 1_000)):
        chosen, _ = stratified(whole[f"y_{part}"], size, np.random.default_rng(0))
        arrays |= {f"{axis}_{part}": whole[f"{axis}_{part}"][chosen] for axis in "xy"}
    return arrays


def animal_shapes(whole: dict[str, np.ndarray], kinds: tuple[str, ...] = ("cat", "dog")) -> dict[str, np.ndarray]:
    """All pictures of these kinds, in the order of the whole set, and the part to which each belongs."""
    names = whole["class_names"].tolist()
    images = [whole["images"][whole["labels"] == names.index(name)] for name in kinds]
    return {
        "class_names": np.array(kinds),
        "images": np.concatenate(images),
        "labels": np.repeat(np.arange(len(kinds), dtype=np.uint8), [len(part) for part in images]),
        "part": np.concatenate([animal_parts(part) for part in images]),
    }


def text(path: pathlib.Path) -> dict[str, np.ndarray]:
    """The bytes of a text."""
    return {"utf8": np.frombuffer(path.read_bytes(), np.uint8)}


def write(name: str, arrays: dict[str, np.ndarray], folder: pathlib.Path = FOLDER) -> None:
    """Write `name.npz` with fixed dates and full compression, and its sums into `name.toml`."""
    with zipfile.ZipFile(folder / f"{name}.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for key in sorted(arrays):
            entry = zipfile.ZipInfo(f"{key}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as file:
                np.lib.format.write_array(file, arrays[key], allow_pickle=False)
    _set(folder / f"{name}.toml", "sha256", checksum(arrays))


def _set(path: pathlib.Path, key: str, value: str) -> None:
    text = path.read_text(encoding="utf8")
    path.write_text(re.sub(rf'(?m)^{key} = ".*"$', f'{key} = "{value}"', text), encoding="utf8")


def main(arguments: list[str]) -> None:
    """Write all bundled files; the argument is the folder with their sources."""
    if len(arguments) != 1:
        sys.exit("usage: python -m dlbook.data.make FOLDER")
    folder = pathlib.Path(arguments[0])
    digits_and_irises = {"digits": digits(), "iris": iris()}
    whole_mnist, animals = read_npz(folder / "mnist.npz"), read_npz(folder / "animal-shapes.npz")
    _set(FOLDER / "mnist.toml", "whole_sha256", checksum(whole_mnist))
    _set(FOLDER / "animal_shapes.toml", "whole_sha256", checksum(animals))
    texts = {name: text(folder / f"{name.replace('_', '-')}.txt") for name in ("dom_casmurro", "tiny_shakespeare")}
    for name, arrays in (
        digits_and_irises | {"mnist": mnist(whole_mnist), "animal_shapes": animal_shapes(animals)} | texts
    ).items():
        write(name, arrays)


if __name__ == "__main__":
    main(sys.argv[1:])
