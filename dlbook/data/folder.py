"""One's own photographs, in a folder for each class: the layout of the book.  Book: chapter 45."""

import os
import pathlib
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dlbook.language import say


class ImageFolder(NamedTuple):
    """Images (N, C, H, W) in [0, 1], labels (N,) int64, the names of the classes, and the files.

    files : (N,) paths, one for each image.  damaged : paths of the files that could not be read, left out of the rest.
    """

    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    files: tuple[pathlib.Path, ...]
    damaged: tuple[pathlib.Path, ...]


def index_images(path: str | os.PathLike) -> tuple[list[pathlib.Path], np.ndarray, tuple[str, ...]]:
    """The files in `path/cats/*`, `path/dogs/*`, … without opening them: paths, labels (N,) int64, class names.

    The classes are the sub-folders in the order of their names, and so are the files in each; hidden files and empty
    folders are left out.
    Raises FileNotFoundError without the folder, ValueError for a file that is not directly in the folder of a class,
    or where there is no file.
    """
    root = pathlib.Path(path).expanduser()
    if not root.is_dir():
        raise FileNotFoundError(say("{path}: there is no such folder.", path=root))
    stray = [entry for entry in _visible(root) if not entry.is_dir()]
    classes = {folder.name: _visible(folder) for folder in _visible(root) if folder.is_dir()}
    stray += [entry for entries in classes.values() for entry in entries if entry.is_dir()]
    if stray:
        raise ValueError(
            say(
                "{path} is not directly in the folder of a class: expected {root}/CLASS/FILE, as cats/1.jpg.",
                path=stray[0],
                root=root,
            )
        )
    classes = {name: files for name, files in classes.items() if files}
    if not classes:
        raise ValueError(
            say("{path} holds no class: expected a folder for each, as cats/1.jpg and dogs/1.jpg.", path=root)
        )
    files = [file for entries in classes.values() for file in entries]
    labels = np.repeat(np.arange(len(classes)), [len(entries) for entries in classes.values()])
    return files, labels, tuple(classes)


def read_image(
    path: str | os.PathLike, size: tuple[int, int], *, grey: bool = False, dtype: npt.DTypeLike = np.float64
) -> np.ndarray:
    """One image file as (3, H, W), or (1, H, W) with `grey=True`, in [0, 1].

    size : (H, W), to which the image is stretched or shrunk; where it shrinks, the pixels that fall together are
    averaged.  A photograph that its camera marked as turned is set upright (EXIF).
    Raises ValueError for a file that is no image or a damaged one.
    """
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise ImportError('reading image files needs Pillow: pip install "dlbook[course]"') from None

    height, width = size
    if height < 1 or width < 1:
        raise ValueError(f"size: expected (height, width) of at least 1, got {size}")
    try:
        with Image.open(path) as image:
            image.load()
            upright = ImageOps.exif_transpose(image).convert("L" if grey else "RGB")
    except FileNotFoundError:
        raise FileNotFoundError(say("{path}: there is no such file.", path=path)) from None
    except Exception as error:  # Pillow's decoders meet damage with whatever they stumble over
        raise ValueError(say("{path}: can't be read as an image ({reason}).", path=path, reason=error)) from None
    pixels = np.asarray(upright.resize((width, height), Image.Resampling.BILINEAR))
    channels = pixels[None] if grey else pixels.transpose(2, 0, 1)
    return channels.astype(dtype) / np.asarray(255, dtype)


def image_folder(
    path: str | os.PathLike, size: tuple[int, int], *, grey: bool = False, dtype: npt.DTypeLike = np.float64
) -> ImageFolder:
    """The photographs in `path/cats/*.jpg`, `path/dogs/*.jpg`, …, the book's layout, all of one size.

    size : (H, W).  Returns images (N, 3, H, W), or (N, 1, H, W) with `grey=True`, in [0, 1]; labels; the class names,
    sorted; the files; and the damaged files, which are left out.  Memory: N · C · H · W numbers of `dtype`.
    Raises what `index_images` does, and ValueError where no file can be read.
    """
    files, labels, class_names = index_images(path)
    images, kept, damaged = [], [], []
    for i, file in enumerate(files):
        try:
            images.append(read_image(file, size, grey=grey, dtype=dtype))
            kept.append(i)
        except ValueError:
            damaged.append(file)
    if not images:
        raise ValueError(say("{path}: none of the {n} files can be read as an image.", path=path, n=len(files)))
    return ImageFolder(np.stack(images), labels[kept], class_names, tuple(files[i] for i in kept), tuple(damaged))


def _visible(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted((entry for entry in folder.iterdir() if not entry.name.startswith(".")), key=lambda entry: entry.name)
