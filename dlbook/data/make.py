"""Make the bundled files and the checksums in their sheets again:  python -m dlbook.data.make mnist.npz

The result is the same to the byte from the same sources with the same zlib.  `digits` and `iris` come from
scikit-learn, `mnist` from the whole set.
"""

import pathlib
import re
import sys
import zipfile

import numpy as np

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
    """Write all bundled files; the argument is the path of the whole MNIST as npz."""
    if len(arguments) != 1:
        sys.exit("usage: python -m dlbook.data.make PATH_OF_WHOLE_MNIST.npz")
    whole = read_npz(arguments[0])
    _set(FOLDER / "mnist.toml", "whole_sha256", checksum(whole))
    for name, arrays in (("digits", digits()), ("iris", iris()), ("mnist", mnist(whole))):
        write(name, arrays)


if __name__ == "__main__":
    main(sys.argv[1:])
