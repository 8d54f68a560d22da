"""Data sets of the course: real ones inside the package, each with its data sheet, and generated ones.

No function reaches the network, except `download`.
"""

from dlbook.data.augment import affine, displacement, elastic, rotate, shear, shift
from dlbook.data.files import DamagedFile, Sheet, checksum, names, read_idx, read_npz, sheet
from dlbook.data.generated import (
    GATES,
    blobs,
    boolean_functions,
    boolean_inputs,
    circles,
    digit_strips,
    friedman1,
    gate,
    moons,
    noisy_digits,
    separable,
    sine,
    spirals,
    xor_clouds,
)
from dlbook.data.sets import (
    Iris,
    Split,
    ThreeWaySplit,
    data_folder,
    digits,
    download,
    iris,
    mnist,
    stratified,
)

__all__ = [
    "GATES",
    "DamagedFile",
    "Iris",
    "Sheet",
    "Split",
    "ThreeWaySplit",
    "affine",
    "blobs",
    "boolean_functions",
    "boolean_inputs",
    "checksum",
    "circles",
    "data_folder",
    "digit_strips",
    "digits",
    "displacement",
    "download",
    "elastic",
    "friedman1",
    "gate",
    "iris",
    "mnist",
    "moons",
    "names",
    "noisy_digits",
    "read_idx",
    "read_npz",
    "rotate",
    "separable",
    "shear",
    "sheet",
    "shift",
    "sine",
    "spirals",
    "stratified",
    "xor_clouds",
]
