"""Data sets of the course: real ones inside the package, each with its data sheet, and generated ones.

No function reaches the network, except `download`.
"""

from dlbook.data.animals import animal_parts, animal_shapes
from dlbook.data.augment import affine, displacement, elastic, rotate, shear, shift
from dlbook.data.files import DamagedFile, Sheet, checksum, names, read_idx, read_npz, sheet
from dlbook.data.folder import ImageFolder, image_folder, index_images, read_image
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
from dlbook.data.texts import dom_casmurro, tiny_shakespeare
from dlbook.data.translation import ENGLISH_WORDS, FRENCH_WORDS, translation_pairs

__all__ = [
    "ENGLISH_WORDS",
    "FRENCH_WORDS",
    "GATES",
    "DamagedFile",
    "ImageFolder",
    "Iris",
    "Sheet",
    "Split",
    "ThreeWaySplit",
    "affine",
    "animal_parts",
    "animal_shapes",
    "blobs",
    "boolean_functions",
    "boolean_inputs",
    "checksum",
    "circles",
    "data_folder",
    "digit_strips",
    "digits",
    "displacement",
    "dom_casmurro",
    "download",
    "elastic",
    "friedman1",
    "gate",
    "image_folder",
    "index_images",
    "iris",
    "mnist",
    "moons",
    "names",
    "noisy_digits",
    "read_idx",
    "read_image",
    "read_npz",
    "rotate",
    "separable",
    "shear",
    "sheet",
    "shift",
    "sine",
    "spirals",
    "stratified",
    "tiny_shakespeare",
    "translation_pairs",
    "xor_clouds",
]
