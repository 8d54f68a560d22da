"""Diagrams: a computational graph, a network of layers, with numbers on their nodes and edges."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from dlbook.plots import style
from dlbook.plots.figures import Axes

Node = tuple[float, float]
Edge = tuple[str, str]


def graph(
    ax: Axes,
    nodes: Mapping[str, Node],
    edges: Sequence[Edge] | Mapping[Edge, str],
    *,
    texts: Mapping[str, str] | None = None,
    lit: Collection[Edge | str] = (),
    size: float = 0.2,
    fontsize: float = 11,
) -> None:
    """Nodes as circles at the places given, edges as arrows, each with its text; the lit ones stand out.

    nodes : name -> (x, y).  edges : pairs (from, to), or pair -> text written beside the arrow.
    texts : what a node's circle says, its name by default.  lit : edges and nodes to draw thick and in colour (the step
    that a widget has reached).  size : radius of a circle, in the units of the coordinates.

        plots.graph(ax, {"a": (0, 0), "b": (0, 1), "c": (1, 0.5)}, {("a", "c"): "1", ("b", "c"): "1"},
                    texts={"c": "c = a + b\\n3"}, lit=[("a", "c"), "c"])
    """
    written = edges if isinstance(edges, Mapping) else dict.fromkeys(edges, "")
    strange = {name for edge in written for name in edge} - set(nodes)
    if strange:
        raise ValueError(f"edges: expected only names from nodes, got {sorted(strange)}")
    places = {name: np.asarray(place, dtype=float) for name, place in nodes.items()}
    leaving = dict.fromkeys(places, 0)
    for (tail, head), text in written.items():
        # Texts on the arrows that leave one node stand at different distances from it: arrows cross half-way.
        at = (0.36, 0.24, 0.48)[leaving[tail] % 3]
        leaving[tail] += 1
        _arrow(ax, places[tail], places[head], text, at, (tail, head) in lit, size, fontsize)
    for name, (x, y) in places.items():
        _circle(ax, x, y, (texts or {}).get(name, name), name in lit, size, fontsize)
    x, y = np.array(list(places.values())).T
    ax.set_axis_off()
    ax.set_aspect("equal")
    margin = 1.5 * size
    ax.set(xlim=(x.min() - margin, x.max() + margin), ylim=(y.min() - margin, y.max() + margin))


def network(
    ax: Axes,
    sizes: Sequence[int],
    *,
    values: Sequence[np.ndarray] | None = None,
    weights: Sequence[np.ndarray] | None = None,
    lit: Collection[Edge | str] = (),
    form: str = "{:.3g}",
) -> None:
    """Layers as columns of units, first layer on the left, with optional numbers on units and connections.

    sizes : units of each layer, at most 12 a layer.  values : one array (units,) for each layer.
    weights : one array (out, in) for each gap between layers.  lit : names as in `graph`; unit j of layer i is "i.j".
    """
    if len(sizes) < 2 or min(sizes) < 1 or max(sizes) > 12:
        raise ValueError(f"sizes: expected at least two layers of 1 to 12 units, got {list(sizes)}")
    if values is not None and [np.shape(v) for v in values] != [(n,) for n in sizes]:
        raise ValueError(f"values: expected shapes {[(n,) for n in sizes]}, got {[np.shape(v) for v in values]}")
    gaps = list(zip(sizes[1:], sizes[:-1], strict=True))
    if weights is not None and [np.shape(w) for w in weights] != gaps:
        raise ValueError(f"weights: expected shapes {gaps}, got {[np.shape(w) for w in weights]}")
    nodes = {f"{i}.{j}": (2.4 * i, (n - 1) / 2 - j) for i, n in enumerate(sizes) for j in range(n)}
    edges = {
        (f"{i}.{k}", f"{i + 1}.{j}"): "" if weights is None else form.format(weights[i][j, k])
        for i in range(len(gaps))
        for j in range(sizes[i + 1])
        for k in range(sizes[i])
    }
    texts = {
        f"{i}.{j}": "" if values is None else form.format(values[i][j]) for i, n in enumerate(sizes) for j in range(n)
    }
    graph(ax, nodes, edges, texts=texts, lit=lit, size=0.28, fontsize=10)


def _arrow(
    ax: Axes, tail: np.ndarray, head: np.ndarray, text: str, at: float, lit: bool, size: float, fontsize: float
) -> None:
    along = (head - tail) / np.linalg.norm(head - tail)
    ax.annotate(
        "",
        head - along * size,
        tail + along * size,
        arrowprops={
            "arrowstyle": "-|>",
            "color": style.VERMILION if lit else "#8A8A8A",
            "linewidth": 3 if lit else 1.1,
            "mutation_scale": 16 if lit else 11,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )
    if text:
        x, y = tail + at * (head - tail)
        ax.text(
            x,
            y,
            text,
            ha="center",
            va="center",
            fontsize=fontsize - 1,
            weight="bold" if lit else "normal",
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"},
        )


def _circle(ax: Axes, x: float, y: float, text: str, lit: bool, size: float, fontsize: float) -> None:
    from matplotlib.patches import Circle

    ax.add_patch(
        Circle(
            (x, y),
            size,
            facecolor=style.TINTS[1] if lit else style.TINTS[0],
            edgecolor=style.VERMILION if lit else style.BLUE,
            linewidth=3 if lit else 1.2,
            zorder=3,
        )
    )
    ax.text(x, y, text, ha="center", va="center", fontsize=fontsize, weight="bold" if lit else "normal", zorder=4)
