"""Reading and checking data files: npz with a data sheet each, and IDX, the format in which MNIST was published."""

import functools
import gzip
import hashlib
import math
import os
import pathlib
import tomllib
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dlbook.language import say

FOLDER = pathlib.Path(__file__).parent / "files"
_IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


class DamagedFile(ValueError):
    """A data file that can't be read or whose arrays differ from its data sheet."""


@dataclass(frozen=True)
class Sheet:
    """The data sheet of a data set.  `print(sheet)` shows it; in a notebook it shows itself."""

    name: str
    title: str
    what: str
    arrays: tuple[str, ...]
    authors: str
    licence: str
    source: str
    made: str
    sha256: str
    whole_sha256: str = ""
    whole_address: str = ""

    def __str__(self) -> str:
        rows = [
            (say("What"), say(self.what)),
            (say("Arrays"), ", ".join(self.arrays)),
            (say("Authors"), self.authors),
            (say("Licence"), self.licence),
            (say("Source"), self.source),
            (say("How it was made"), say(self.made)),
            (say("SHA-256 over the arrays"), self.sha256),
        ]
        if self.whole_address:
            rows.append((say("Whole set"), self.whole_address))
        if self.whole_sha256:
            rows.append((say("SHA-256 of the whole set"), self.whole_sha256))
        width = max(len(label) for label, _ in rows)
        return "\n".join([say(self.title), *(f"  {label:<{width}}  {text}" for label, text in rows)])

    __repr__ = __str__


def sheet(name: str) -> Sheet:
    """The data sheet of a bundled data set: what, how many, licence, source, how made, checksum."""
    path = FOLDER / f"{name}.toml"
    if name not in names():
        raise ValueError(
            say("No data set is called {name!r}; there are: {names}.", name=name, names=", ".join(names()))
        )
    fields = tomllib.loads(path.read_text(encoding="utf8"))
    return Sheet(**{**fields, "arrays": tuple(fields["arrays"])})


def names() -> list[str]:
    """The data sets that come inside the package."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def checksum(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over arrays: for each, in the order of the names, a line `name dtype shape` and its bytes in C order.

    It doesn't depend on the file's compression, so a repacked file of the same arrays has the same sum.
    """
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        total.update(array.data)
    return total.hexdigest()


@functools.cache
def bundled(name: str) -> dict[str, np.ndarray]:
    """The arrays of a bundled data set, read once, checked against its sheet, read-only."""
    arrays = read_npz(FOLDER / f"{name}.npz")
    expected = sheet(name).sha256
    verify(arrays, expected, FOLDER / f"{name}.npz", say("Install dlbook again: its copy of this file is damaged."))
    for array in arrays.values():
        array.flags.writeable = False
    return arrays


def verify(arrays: Mapping[str, np.ndarray], expected: str, path: str | os.PathLike, advice: str) -> None:
    """Raise DamagedFile, with both sums and `advice`, unless the arrays have the checksum `expected`."""
    got = checksum(arrays)
    if got != expected:
        found = ", ".join(f"{name} {array.dtype} {array.shape}" for name, array in sorted(arrays.items()))
        raise DamagedFile(
            say(
                "{path}: wrong checksum. Expected SHA-256 {expected}, got {got} over {found}. {advice}",
                path=path,
                expected=expected,
                got=got,
                found=found,
                advice=advice,
            )
        )


def read_npz(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """All arrays of an npz file, never unpickled.  Raises DamagedFile for a truncated or foreign file."""
    path = pathlib.Path(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise FileNotFoundError(say("{path}: there is no such file.", path=path)) from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        ValueError,
        OSError,
        AttributeError,
        NotImplementedError,
    ) as error:
        raise DamagedFile(_cannot_read(path, say("an npz file"), error)) from None


def read_idx(path: str | os.PathLike) -> np.ndarray:
    """The array of an IDX file, compressed with gzip or not.

    IDX: two zero bytes, a byte for the type, a byte for the number of axes, each axis as a big-endian 32-bit integer,
    the values. Returns the array in the machine's byte order.  Raises DamagedFile for a file that is truncated, too
    long or not IDX.
    """
    path = pathlib.Path(path)
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except FileNotFoundError:
        raise FileNotFoundError(say("{path}: there is no such file.", path=path)) from None
    except (EOFError, OSError, zlib.error) as error:
        raise DamagedFile(_cannot_read(path, say("an IDX file"), error)) from None
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _IDX_TYPES:
        raise DamagedFile(
            _cannot_read(path, say("an IDX file"), say("its first bytes are {b}", b=content[:4].hex(" ")))
        )
    start = 4 + 4 * content[3]
    shape = tuple(
        int(n) for n in np.frombuffer(content[4:start], ">u4", count=min(content[3], (len(content) - 4) // 4))
    )
    dtype = np.dtype(_IDX_TYPES[content[2]])
    expected = start + dtype.itemsize * math.prod(shape)
    if len(shape) != content[3] or len(content) != expected:
        raise DamagedFile(
            _cannot_read(
                path,
                say("an IDX file"),
                say("expected {n} bytes for shape {shape}, got {got}", n=expected, shape=shape, got=len(content)),
            )
        )
    return np.frombuffer(content, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))


def _cannot_read(path: pathlib.Path, kind: str, reason: object) -> str:
    return say(
        "{path}: can't be read as {kind} ({reason}). It is truncated or something else: get it again. "
        "The data inside the package stay usable.",
        path=path,
        kind=kind,
        reason=reason,
    )
