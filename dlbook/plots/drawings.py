"""What several chapters draw: regions, points, images, curves, paths.  Each draws on axes that it is given."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from dlbook.plots import style
from dlbook.plots.figures import Axes, Figure, figure

Limits = tuple[tuple[float, float], tuple[float, float]]


def _plane(limits: Limits, resolution: int) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of a resolution × resolution grid over ((x from, x to), (y from, y to))."""
    edges = np.asarray(limits, dtype=float)
    if edges.shape != (2, 2) or not np.isfinite(edges).all() or (edges[:, 0] >= edges[:, 1]).any():
        raise ValueError(f"limits: expected ((x from, x to), (y from, y to)) with from < to, got {limits!r}")
    return np.meshgrid(np.linspace(*edges[0], resolution), np.linspace(*edges[1], resolution))


def decision_region(
    ax: Axes, predict: Callable[[np.ndarray], np.ndarray], limits: Limits, *, resolution: int = 150
) -> None:
    """Colours the plane by what `predict` says of each point.

    predict : (N, 2) -> (N,).  Integers or booleans are classes 0, 1, 2, …: a tint and a hatching each, and a line
    between them.  Floats are probabilities of class 1, in [0, 1]: shades in steps of 0.1, and a line at 0.5.
    limits : ((x from, x to), (y from, y to)).
    """
    x, y = _plane(limits, resolution)
    said = np.asarray(predict(np.column_stack([x.ravel(), y.ravel()])))
    if said.shape != (x.size,):
        raise ValueError(f"predict: expected one value for each of {x.size} points, got shape {said.shape}")
    z = said.reshape(x.shape)
    ax.grid(False)
    if np.issubdtype(z.dtype, np.floating):
        if not np.isfinite(z).all() or z.min() < 0 or z.max() > 1:
            raise ValueError(f"predict: expected probabilities in [0, 1], got {z.min():.4g} to {z.max():.4g}")
        ax.contourf(x, y, z, levels=np.linspace(0, 1, 11), cmap=_tint_map(), zorder=0)
        boundaries = [0.5]
    else:
        z = z.astype(int)
        if z.min() < 0:
            raise ValueError(f"predict: expected classes 0, 1, 2, …, got {z.min()}")
        levels = np.arange(z.max() + 2) - 0.5
        hatches = [(None, "///", "...", "\\\\\\", "+++")[k % 5] for k in range(len(levels) - 1)]
        tints = [style.TINTS[k % len(style.TINTS)] for k in range(len(levels) - 1)]
        regions = ax.contourf(x, y, z, levels=levels, colors=tints, hatches=hatches, zorder=0)
        regions.set_edgecolor("white")
        boundaries = levels[1:-1]
    if len(boundaries) and z.min() < max(boundaries) and z.max() > min(boundaries):
        ax.contour(x, y, z, levels=boundaries, colors=style.BLACK, linewidths=1.4, zorder=1)
    ax.set(xlim=limits[0], ylim=limits[1])


def _tint_map():
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("tints", [style.SKY, "#FFFFFF", style.ORANGE])


def points(
    ax: Axes, x: np.ndarray, labels: np.ndarray, *, names: Sequence[str] | None = None, size: float = 36
) -> None:
    """Points of the plane, a colour and a marker for each class, white-edged so that they show on a decision region.

    x : (N, 2), labels : (N,) of classes 0, 1, ….  With `names`, one for each class, a legend is drawn.
    """
    x, labels = np.asarray(x), np.asarray(labels)
    if x.ndim != 2 or x.shape[1] != 2 or labels.shape != x.shape[:1]:
        raise ValueError(f"expected x (N, 2) and labels (N,), got {x.shape} and {labels.shape}")
    for k in np.unique(labels.astype(int)):
        ax.scatter(
            *x[labels == k].T,
            s=size,
            color=style.COLOURS[k % len(style.COLOURS)],
            marker=style.MARKERS[k % len(style.MARKERS)],
            edgecolors="white",
            linewidths=0.8,
            label=None if names is None else names[k],
            zorder=3,
        )
    if names is not None:
        ax.legend()


def image_grid(
    images: np.ndarray,
    captions: Sequence[str] | None = None,
    *,
    columns: int = 10,
    signed: bool = False,
    marked: Sequence[int] = (),
    title: str = "",
    width: float = 7,
) -> Figure:
    """A figure of small images in rows, each with its caption.

    images : (N, H, W).  All share one scale: ink on paper from 0 to the largest value, or with `signed` (weights)
    a diverging scale around 0.  The images whose indices are in `marked` get a thick frame (misclassified ones, say).
    """
    images = np.asarray(images)
    if images.ndim != 3 or len(images) == 0:
        raise ValueError(f"images: expected (N, H, W) with N at least 1, got {images.shape}")
    if captions is not None and len(captions) != len(images):
        raise ValueError(f"captions: expected {len(images)}, one for each image, got {len(captions)}")
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    side = width / columns
    heading = 0.35 if title else 0
    fig = figure(
        width, rows * (side * images.shape[1] / images.shape[2] + (0.3 if captions is not None else 0)) + heading
    )
    largest = float(np.abs(images).max()) or 1.0
    scale = (
        {"cmap": style.DIVERGING, "vmin": -largest, "vmax": largest}
        if signed
        else {"cmap": style.INK, "vmin": 0, "vmax": largest}
    )
    for i, ax in enumerate(fig.subplots(rows, columns, squeeze=False).flat):
        if i >= len(images):
            ax.set_axis_off()
            continue
        ax.imshow(images[i], **scale)
        ax.grid(False)
        ax.set(xticks=[], yticks=[])
        for spine in ax.spines.values():
            spine.set(
                visible=True, linewidth=3 if i in marked else 0.6, color=style.VERMILION if i in marked else "0.7"
            )
        if captions is not None:
            ax.set_title(str(captions[i]), fontsize=10, pad=3)
    if title:
        fig.suptitle(title)
    return fig


def confusion_matrix(
    ax: Axes,
    counts: np.ndarray,
    labels: Sequence[str] | None = None,
    *,
    xlabel: str = "",
    ylabel: str = "",
) -> None:
    """Counts as a shaded square with its numbers: row = true class, column = predicted class.

    counts : (K, K).  The shade shows the share within the row, so that a rare class is as visible as a common one.
    """
    counts = np.asarray(counts)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"counts: expected (K, K), got {counts.shape}")
    names = [str(k) for k in range(len(counts))] if labels is None else list(labels)
    if len(names) != len(counts):
        raise ValueError(f"labels: expected {len(counts)}, one for each class, got {len(names)}")
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
    ax.grid(False)
    ax.set(xticks=range(len(names)), yticks=range(len(names)), xlabel=xlabel, ylabel=ylabel)
    ax.set_xticklabels(names)
    ax.set_yticklabels(names)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            ax.text(
                column, row, f"{count:,}".replace(",", " ") if count > 9999 else f"{count}",
                ha="center", va="center", fontsize=9, color="white" if share[row, column] > 0.55 else style.BLACK,
            )  # fmt: skip


def learning_curves(
    ax: Axes,
    curves: Mapping[str, Sequence[float]],
    *,
    x: Sequence[float] | None = None,
    xlabel: str = "",
    ylabel: str = "",
    log: bool = False,
) -> None:
    """One line for each name in `curves`, with a legend; colour, line style and a few markers tell them apart.

    The horizontal axis counts from 1 (epochs) unless `x` is given.  NaN and infinity leave gaps.
    `log` : logarithmic vertical axis.
    """
    for i, (name, values) in enumerate(curves.items()):
        values = np.asarray(values, dtype=float)
        if values.ndim != 1:
            raise ValueError(f"curves[{name!r}]: expected a sequence of numbers, got shape {values.shape}")
        at = np.arange(1, len(values) + 1) if x is None else np.asarray(x)
        ax.plot(
            at,
            np.where(np.isfinite(values), values, np.nan),
            label=name,
            marker=style.MARKERS[i % len(style.MARKERS)],
            markevery=max(1, len(values) // 8),
        )
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if log:
        ax.set_yscale("log")
    if x is None:
        ax.xaxis.get_major_locator().set_params(integer=True)
    if len(curves) > 1:
        ax.legend()


def contour_path(
    ax: Axes,
    f: Callable[[np.ndarray, np.ndarray], np.ndarray],
    limits: Limits,
    paths: np.ndarray | Mapping[str, np.ndarray] = (),
    *,
    levels: int | Sequence[float] = 18,
    log: bool = False,
    resolution: int = 120,
) -> None:
    """Contour lines of f(x, y) and the way that a descent took over them.

    f takes two arrays of one shape and returns an array of that shape.  paths : (T, 2), or a name for each of several.
    A path starts at a ring and ends at a filled square; what leaves `limits` is cut off.  `log` spaces the contour
    lines by powers, for narrow valleys.
    """
    x, y = _plane(limits, resolution)
    z = np.asarray(f(x, y), dtype=float)
    if z.shape != x.shape:
        raise ValueError(f"f: expected an array of shape {x.shape}, got {z.shape}")
    ax.grid(False)
    if log and isinstance(levels, int):
        above = z - z.min()
        levels = z.min() + np.geomspace(max(above.max() * 1e-4, 1e-12), max(above.max(), 1e-9), levels)
    ax.contourf(x, y, z, levels=levels, cmap="Greys", alpha=0.35, zorder=0)
    ax.contour(x, y, z, levels=levels, colors="#8A8A8A", linewidths=0.7, linestyles="-", zorder=1)
    named = paths if isinstance(paths, Mapping) else {"": paths} if len(paths) else {}
    for i, (name, path) in enumerate(named.items()):
        path = np.asarray(path, dtype=float)
        if path.ndim != 2 or path.shape[1] != 2:
            raise ValueError(f"path {name!r}: expected (T, 2), got {path.shape}".replace(" ''", ""))
        path = path[np.isfinite(path).all(axis=1) & (np.abs(path) < 1e12).all(axis=1)]
        colour = style.COLOURS[i % len(style.COLOURS)]
        ax.plot(*path.T, color=colour, marker=".", markersize=5, linewidth=1.4, label=name or None, zorder=3)
        ax.plot(*path[:1].T, "o", color=colour, markerfacecolor="white", markersize=9, zorder=4)
        ax.plot(*path[-1:].T, "s", color=colour, markersize=8, zorder=4)
    ax.set(xlim=limits[0], ylim=limits[1])
    if any(named):
        ax.legend()
