"""Images moved, turned, slanted and bent, to train on more than was collected.  Book: chapter 24.

    turned = rotate(images, 15)                                   # (N, H, W) -> (N, H, W)
    bent = elastic(images, *displacement(images.shape, alpha=8, sigma=2, rng=rng))

Each asks, for every pixel of the result, from where in the image it comes: no holes, as pushing pixels forwards leaves.
Between pixels the image is interpolated bilinearly; outside it there is `fill`.
Only training images are augmented, after the split, and only by what leaves the label true: a 6 turned by 180° is a 9.
"""

import numpy as np


def sample(images, rows, columns, fill: float = 0.0) -> np.ndarray:
    """The images read at the places (rows, columns), bilinearly.

    images : (N, H, W).  rows, columns : (H', W') for all images alike, or (N, H', W').  Returns (N, H', W').
    (0, 0) is the middle of the upper left pixel.  A neighbour outside the image counts as `fill`.
    Raises ValueError for other shapes and for places that are not finite.
    """
    images = _images(images)
    rows, columns = np.asarray(rows, float), np.asarray(columns, float)
    if rows.shape != columns.shape or rows.ndim not in (2, 3) or (rows.ndim == 3 and len(rows) != len(images)):
        raise ValueError(
            f"rows, columns: expected two arrays (H', W') or ({len(images)}, H', W'), "
            f"got {rows.shape} and {columns.shape}"
        )
    if not (np.isfinite(rows).all() and np.isfinite(columns).all()):
        raise ValueError("rows, columns: expected finite places, got NaN or infinity")
    N, H, W = images.shape
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1)), constant_values=fill)
    # One step outside everything is `fill`: places farther away may be brought there.
    rows, columns = np.clip(rows, -1, H) + 1, np.clip(columns, -1, W) + 1
    top, left = np.minimum(rows.astype(int), H), np.minimum(columns.astype(int), W)
    down, right = (rows - top).astype(images.dtype), (columns - left).astype(images.dtype)
    which = np.arange(N)[:, None, None]
    upper = (1 - right) * framed[which, top, left] + right * framed[which, top, left + 1]
    lower = (1 - right) * framed[which, top + 1, left] + right * framed[which, top + 1, left + 1]
    return (1 - down) * upper + down * lower


def elastic(images, dy, dx, fill: float = 0.0) -> np.ndarray:
    """y[i, j] = image at (i + dy[i, j], j + dx[i, j]): a deformation by a field of displacements.

    images : (N, H, W).  dy, dx : (H, W), or (N, H, W) for a field of its own for each image; in pixels.
    Simard, Steinkraus and Platt 2003.
    """
    images = _images(images)
    i, j = np.indices(images.shape[1:])
    return sample(images, i + np.asarray(dy, float), j + np.asarray(dx, float), fill)


def displacement(shape, alpha: float, sigma: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A smooth random field: alpha · G_sigma * U(-1, 1), along each axis.  Returns dy, dx of the given shape.

    shape : (H, W), or (N, H, W) for N fields.  alpha : strength in pixels.  sigma : how far neighbours move alike.
    """
    draws = rng.uniform(-1, 1, (2, *shape))
    return tuple(alpha * blur(field, sigma) for field in draws)


def blur(field, sigma: float) -> np.ndarray:
    """The last two axes of `field` convolved with a Gaussian of standard deviation sigma; zero outside."""
    field = np.asarray(field, float)
    if not sigma >= 0:
        raise ValueError(f"sigma: expected at least 0, got {sigma}")
    if field.ndim < 2:
        raise ValueError(f"field: expected at least two axes, got shape {field.shape}")
    if sigma == 0:
        return field.copy()
    radius = int(np.ceil(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    for axis in (-2, -1):
        size = field.shape[axis]
        padding = [(0, 0)] * field.ndim
        padding[axis] = (radius, radius)
        padded = np.pad(field, padding)
        field = sum(weight * np.take(padded, range(k, k + size), axis=axis) for k, weight in enumerate(kernel))
    return field


def shift(images, dy: float, dx: float, fill: float = 0.0) -> np.ndarray:
    """The images moved down by dy and right by dx pixels, fractions too; nothing comes in on the other side."""
    images = _images(images)
    i, j = np.indices(images.shape[1:])
    return sample(images, i - dy, j - dx, fill)


def affine(images, matrix, fill: float = 0.0) -> np.ndarray:
    """y(p) = image(A (p - c) + c) for every pixel p = (row, column), with c = ((H - 1)/2, (W - 1)/2), the middle.

    images : (N, H, W).  matrix A : (2, 2), or (N, 2, 2) for one of its own for each image.
    """
    images, matrix = _images(images), np.asarray(matrix, float)
    if matrix.shape not in ((2, 2), (len(images), 2, 2)):
        raise ValueError(f"matrix: expected shape (2, 2) or ({len(images)}, 2, 2), got {matrix.shape}")
    H, W = images.shape[1:]
    middle = np.array([(H - 1) / 2, (W - 1) / 2])
    places = np.moveaxis(np.indices((H, W)), 0, -1) - middle
    sources = np.einsum("...ab,hwb->...hwa", matrix, places) + middle
    return sample(images, sources[..., 0], sources[..., 1], fill)


def rotate(images, degrees, fill: float = 0.0) -> np.ndarray:
    """The images turned counter-clockwise about their middle.  degrees : one number, or (N,) for one each."""
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    return affine(images, np.moveaxis(np.array([[cos, sin], [-sin, cos]]), (0, 1), (-2, -1)), fill)


def shear(images, amount, fill: float = 0.0) -> np.ndarray:
    """The images slanted: rows above the middle move right by `amount` pixels a row, those below move left.

    amount : one number, or (N,) for one each.
    """
    amount = np.asarray(amount, float)
    one, zero = np.ones_like(amount), np.zeros_like(amount)
    return affine(images, np.moveaxis(np.array([[one, zero], [amount, one]]), (0, 1), (-2, -1)), fill)


def _images(images) -> np.ndarray:
    images = np.asarray(images)
    if images.ndim != 3 or 0 in images.shape[1:]:
        raise ValueError(f"images: expected shape (N, H, W), got {images.shape}")
    return images if images.dtype.kind == "f" else images.astype(float)
