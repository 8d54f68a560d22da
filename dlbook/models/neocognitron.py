"""The Neocognitron: S-cells that look for a pattern everywhere, C-cells that forgive its exact place.

Fukushima, *Neocognitron: a self-organizing neural network model for a mechanism of pattern recognition unaffected by
shift in position*, Biological Cybernetics 36 (1980).  The C-cell here takes the largest value of its window;
Fukushima's took a weighted blur.  Planes are added for unfamiliar patterns as in the Cresceptron (Weng, Ahuja and
Huang 1992).
Book: chapter 3.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def windows(x: np.ndarray, size: int) -> np.ndarray:
    """All windows of size × size: x (N, C, H, W) -> (N, H', W', C · size²) with H' = H - size + 1."""
    x = _images(x)
    if not 1 <= size <= min(x.shape[2:]):
        raise ValueError(f"size: expected 1 to {min(x.shape[2:])} for images {x.shape}, got {size}")
    view = sliding_window_view(x, (size, size), axis=(2, 3))
    return view.transpose(0, 2, 3, 1, 4, 5).reshape(len(x), *view.shape[2:4], -1)


def s_cells(x: np.ndarray, templates: np.ndarray, threshold: float = 0.0, faint: float = 0.5) -> np.ndarray:
    """How much each window looks like each template, minus a threshold, nothing below zero.

    x (N, C, H, W), templates (K, C, k, k).  Returns (N, K, H', W') with H' = H - k + 1:

        s = max(0, w·p / (‖w‖ (‖p‖ + faint)) - threshold)        for each window p

    The division by ‖p‖ stands for Fukushima's inhibitory cells: a strong stroke of the wrong shape is not taken for a
    weak one of the right shape.  `faint` keeps windows with hardly any ink silent.
    """
    templates = np.asarray(templates, float)
    x = _images(x)
    if templates.ndim != 4 or templates.shape[1] != x.shape[1] or templates.shape[2] != templates.shape[3]:
        raise ValueError(f"templates: expected (K, {x.shape[1]}, k, k), got {templates.shape}")
    patches = windows(x, templates.shape[2])
    flat = templates.reshape(len(templates), -1)
    flat = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    strength = np.linalg.norm(patches, axis=-1, keepdims=True) + faint
    alike = patches @ flat.T / np.maximum(strength, 1e-12)
    return np.maximum(alike - threshold, 0.0).transpose(0, 3, 1, 2)


def c_cells(s: np.ndarray, size: int, stride: int | None = None) -> np.ndarray:
    """The largest response in each window of size × size: s (N, K, H, W) -> (N, K, H', W').

    H' = (H - size) // stride + 1; without `stride` the windows do not overlap.
    """
    s, stride = _images(s), size if stride is None else stride
    if not 1 <= size <= min(s.shape[2:]) or stride < 1:
        raise ValueError(f"expected 1 <= size <= {min(s.shape[2:])} and stride >= 1, got {size} and {stride}")
    return sliding_window_view(s, (size, size), axis=(2, 3))[:, :, ::stride, ::stride].max(axis=(-2, -1))


def line_templates() -> np.ndarray:
    """Eight 3×3 patterns of mean 0, (8, 1, 3, 3): four lines (—, |, /, \\) and four edges."""
    row, column = np.indices((3, 3)) - 1
    lines = [row == 0, column == 0, row + column == 0, row == column]
    edges = [row, column, row + column, row - column]
    patterns = np.array([*(np.asarray(line, float) for line in lines), *(np.sign(e).astype(float) for e in edges)])
    return (patterns - patterns.mean(axis=(1, 2), keepdims=True))[:, None]


def learn_templates(
    patches: np.ndarray, planes: int, rng: np.random.Generator, familiar: float = 0.8, rate: float = 0.05
) -> np.ndarray:
    """Competitive learning without labels: patches (M, D) -> templates (K, D) of length 1, K <= planes.

    The template most like a patch moves towards it.  Where none reaches the similarity `familiar` and there is room,
    the patch becomes a template of its own.  Empty patches teach nothing.
    """
    patches = np.asarray(patches, float)
    if patches.ndim != 2 or planes < 1:
        raise ValueError(f"expected patches (M, D) and planes >= 1, got {patches.shape} and {planes}")
    lengths = np.linalg.norm(patches, axis=1)
    patches = patches[lengths > 0] / lengths[lengths > 0, None]
    if not len(patches):
        raise ValueError("patches: expected at least one that is not empty")
    learnt = np.zeros((planes, patches.shape[1]))
    count = 0
    for p in patches[rng.permutation(len(patches))]:
        alike = learnt[:count] @ p
        winner = int(alike.argmax()) if count else 0
        if count < planes and (count == 0 or alike[winner] < familiar):
            learnt[count] = p
            count += 1
        else:
            moved = learnt[winner] + rate * p
            learnt[winner] = moved / np.linalg.norm(moved)
    return learnt[:count]


class Neocognitron:
    """S-C-S-C on grey images: fixed lines and edges first, then patterns of them, learnt without labels.

    planes : S-planes of the second stage.  pools : (size, stride) of both C-stages.  thresholds : of both S-stages.
    """

    def __init__(
        self,
        planes: int = 80,
        pools: tuple[tuple[int, int], tuple[int, int]] = ((2, 1), (5, 2)),
        thresholds: tuple[float, float] = (0.1, 0.3),
    ):
        self.planes, self.pools, self.thresholds = planes, pools, thresholds
        self.first = line_templates()
        self.second: np.ndarray | None = None

    def stages(self, images: np.ndarray) -> list[np.ndarray]:
        """Outputs of S1, C1, S2, C2 (the first two before `fit`): images (N, 1, H, W)."""
        s1 = s_cells(images, self.first, self.thresholds[0])
        c1 = c_cells(s1, *self.pools[0])
        if self.second is None:
            return [s1, c1]
        s2 = s_cells(c1, self.second, self.thresholds[1])
        return [s1, c1, s2, c_cells(s2, *self.pools[1])]

    def fit(self, images: np.ndarray, rng: np.random.Generator, patches: int = 8000) -> "Neocognitron":
        """Learn the second S-stage from at most `patches` 3×3 windows of the first C-stage, images (N, 1, H, W)."""
        self.second = None
        c1 = self.stages(images)[-1]
        all_windows = windows(c1, 3).reshape(-1, c1.shape[1] * 9)
        chosen = rng.permutation(len(all_windows))[:patches]
        self.second = learn_templates(all_windows[chosen], self.planes, rng).reshape(-1, c1.shape[1], 3, 3)
        return self

    def features(self, images: np.ndarray) -> np.ndarray:
        """The last C-stage, one row for each image: (N, D)."""
        if self.second is None:
            raise ValueError("features: expected a fitted Neocognitron; call fit first")
        return self.stages(images)[-1].reshape(len(images), -1)


def nearest_neighbours(x: np.ndarray, labels: np.ndarray, queries: np.ndarray, k: int = 3) -> np.ndarray:
    """The label that most of the k nearest rows of x (N, D) carry, for each of queries (M, D); ties: the smallest."""
    x, queries = np.asarray(x, float), np.asarray(queries, float)
    if not 1 <= k <= len(x):
        raise ValueError(f"k: expected 1 to {len(x)}, got {k}")
    squares = (x**2).sum(axis=1) - 2 * queries @ x.T
    near = np.asarray(labels)[np.argpartition(squares, k - 1, axis=1)[:, :k]]
    return np.array([np.bincount(row).argmax() for row in near])


def _images(x: np.ndarray) -> np.ndarray:
    x = np.asarray(x, float)
    if x.ndim != 4:
        raise ValueError(f"x: expected images (N, C, H, W), got {x.shape}")
    return x
