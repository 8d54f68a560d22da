"""Features that people made before networks learnt their own: histograms, moments, gradients of ink.

Grey images are (N, H, W) in [0, 1], colour images (N, H, W, 3).  Book: chapter 3.
"""

import numpy as np


def histogram(images: np.ndarray, bins: int = 8) -> np.ndarray:
    """Share of the pixels in each of `bins` equal parts of [0, 1], the last with its end: (N, H, W) -> (N, bins)."""
    images = _grey(images)
    if bins < 1:
        raise ValueError(f"bins: expected at least 1, got {bins}")
    if images.size and (images.min() < 0 or images.max() > 1):
        raise ValueError(f"images: expected values in [0, 1], got {images.min():.4g} to {images.max():.4g}")
    parts = np.minimum((images.reshape(len(images), -1) * bins).astype(int), bins - 1)
    return (parts[:, :, None] == np.arange(bins)).mean(axis=1)


def colour_histogram(images: np.ndarray, bins: int = 8) -> np.ndarray:
    """The histograms of red, green and blue, side by side: (N, H, W, 3) -> (N, 3 · bins)."""
    images = np.asarray(images, float)
    if images.ndim != 4 or images.shape[3] != 3:
        raise ValueError(f"images: expected (N, H, W, 3), got {images.shape}")
    return np.concatenate([histogram(images[..., c], bins) for c in range(3)], axis=1)


def normalized_moments(images: np.ndarray) -> np.ndarray:
    """η[p, q] = μ[p, q] / m00^(1 + (p + q)/2) for p, q in 0 … 3: (N, H, W) -> (N, 4, 4).

    μ[p, q] = Σ (x - x̄)^p (y - ȳ)^q I(y, x), with columns x, rows y and the centre of mass (x̄, ȳ); m00 = Σ I.
    The values do not change when the pattern is moved, and hardly when it is enlarged.
    Raises ValueError for an image without ink.
    """
    images = _grey(images)
    m00 = images.sum(axis=(1, 2))
    if (m00 <= 0).any():
        raise ValueError("images: expected some ink in each, got an empty one")
    y, x = np.indices(images.shape[1:]).astype(float)
    centre_x = (images * x).sum(axis=(1, 2)) / m00
    centre_y = (images * y).sum(axis=(1, 2)) / m00
    powers = np.arange(4)
    across = (x[0] - centre_x[:, None])[:, None, :] ** powers[None, :, None]
    down = (y[:, 0] - centre_y[:, None])[:, None, :] ** powers[None, :, None]
    mu = np.einsum("npx,nqy,nyx->npq", across, down, images)
    return mu / m00[:, None, None] ** (1 + (powers[:, None] + powers[None, :]) / 2)


def hu_moments(images: np.ndarray) -> np.ndarray:
    """Hu's seven numbers, the same for a pattern moved, enlarged or turned: (N, H, W) -> (N, 7).

    The seventh changes its sign in a mirror.  Source: Hu, *Visual pattern recognition by moment invariants*, 1962.
    """
    return hu_invariants(normalized_moments(images))


def hu_invariants(eta: np.ndarray) -> np.ndarray:
    """Hu's seven combinations of the normalised moments: eta (..., 4, 4), indexed [p, q] -> (..., 7)."""
    eta = np.asarray(eta, float)
    if eta.ndim < 2 or eta.shape[-2:] != (4, 4):
        raise ValueError(f"eta: expected (..., 4, 4), got {eta.shape}")
    e20, e02, e11 = eta[..., 2, 0], eta[..., 0, 2], eta[..., 1, 1]
    a, b = eta[..., 3, 0] - 3 * eta[..., 1, 2], 3 * eta[..., 2, 1] - eta[..., 0, 3]
    c, d = eta[..., 3, 0] + eta[..., 1, 2], eta[..., 2, 1] + eta[..., 0, 3]
    return np.stack(
        [
            e20 + e02,
            (e20 - e02) ** 2 + 4 * e11**2,
            a**2 + b**2,
            c**2 + d**2,
            a * c * (c**2 - 3 * d**2) + b * d * (3 * c**2 - d**2),
            (e20 - e02) * (c**2 - d**2) + 4 * e11 * c * d,
            b * c * (c**2 - 3 * d**2) - a * d * (3 * c**2 - d**2),
        ],
        axis=-1,
    )


def hog(images: np.ndarray, cell: int = 4, bins: int = 4) -> np.ndarray:
    """Histograms of oriented gradients: for each cell, how much ink changes in each direction; (N, H, W) -> (N, D).

    Directions are taken in [0, π), so dark on light equals light on dark, and bin k is centred at kπ / bins.  One
    histogram for each of the (H // cell)(W // cell) cells, all of them together divided by their length.
    Source: Dalal and Triggs, *Histograms of oriented gradients for human detection*, 2005; their overlapping blocks
    are left out.
    """
    images = _grey(images)
    rows, columns = images.shape[1] // cell, images.shape[2] // cell
    if cell < 1 or bins < 1 or not rows or not columns:
        raise ValueError(f"expected cell and bins of at least 1 and a cell inside {images.shape}, got {cell}, {bins}")
    down, across = np.gradient(images, axis=(1, 2))
    part = np.round(np.arctan2(down, across) / np.pi * bins).astype(int) % bins
    votes = np.hypot(down, across)[..., None] * (part[..., None] == np.arange(bins))
    votes = votes[:, : rows * cell, : columns * cell].reshape(len(images), rows, cell, columns, cell, bins)
    found = votes.sum(axis=(2, 4)).reshape(len(images), -1)
    return found / (np.linalg.norm(found, axis=1, keepdims=True) + 1e-12)


def _grey(images: np.ndarray) -> np.ndarray:
    images = np.asarray(images, float)
    if images.ndim != 3:
        raise ValueError(f"images: expected grey images (N, H, W), got {images.shape}")
    return images
