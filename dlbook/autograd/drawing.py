"""Computational graphs as SVG text, laid out in layers from the leaves on the left to the result on the right."""

import html
import itertools
import pathlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from dlbook.autograd.graph import topological_order
from dlbook.autograd.scalar import Value
from dlbook.autograd.tensor import Tensor
from dlbook.language import say

Node = Value | Tensor

WIDTH, LINE, GAP_X, GAP_Y, MARGIN = 128, 19, 72, 26, 16
LARGEST = 300
LEAF, INNER, LIT = ("#e8f1fa", "#0072b2"), ("#ffffff", "#55606a"), ("#fdf0d5", "#b35c00")
CONSTANT = "constant"
INK, SOFT, GRADIENT, EDGE = "#1c2126", "#55606a", "#a33c00", "#7b8794"


@dataclass(frozen=True)
class Graph:
    """A drawn graph: shows itself in a notebook.  svg : the drawing.  text : the same in words, a line a node."""

    svg: str
    text: str

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | pathlib.Path) -> None:
        """Write the drawing as an SVG file."""
        pathlib.Path(path).write_text(self.svg, encoding="utf8")


def draw(
    root: Node,
    *,
    names: Mapping[Node, str] | None = None,
    gradients: bool = True,
    partials: bool = False,
    notes: Mapping[Node, str] | None = None,
    lit: Collection[Node] = (),
) -> Graph:
    """The graph below `root`: one box for each node with its operation, value and gradient.

    names : what to call nodes, besides their own `label`.
    gradients : show `grad`.  notes : a line to show instead, for each node that has one (a forward sweep's tangents).
    partials : write each edge's derivative on it; a `Value` has them, a `Tensor` doesn't.
    lit : nodes to pick out, with the edges between them (the steps of a sweep).
    Raises ValueError for more than 300 nodes.  Book: chapter 14.
    """
    order = topological_order(root)
    if len(order) > LARGEST:
        raise ValueError(
            say("The graph has {n} nodes; a drawing holds {most}. Draw a part of it.", n=len(order), most=LARGEST)
        )
    called = {node: (names or {}).get(node) or node.label or f"#{i + 1}" for i, node in enumerate(order)}
    boxes = {node: _box(node, called[node], gradients, notes) for node in order}
    height = LINE * max(len(lines) for lines in boxes.values()) + 12
    position, (width, tall) = _layout(order, height)
    chosen = set(lit)
    title = say("Computational graph of {name}", name=called[root])
    text = "\n".join(_sentence(node, called, gradients, notes) for node in order)
    arrows, labels = [], []
    for node in order:
        seen: dict[Node, int] = {}
        for slot, parent in enumerate(node.parents):
            twice = seen.setdefault(parent, 0)
            seen[parent] += 1
            path, middle = _arrow(_way(parent, node, position), height, twice, node.parents.count(parent))
            hot = parent in chosen and node in chosen
            stroke, tip = (f'stroke="{LIT[1]}" stroke-width="2.5"', "hot") if hot else (f'stroke="{EDGE}"', "tip")
            arrows.append(f'<path d="{path}" fill="none" {stroke} marker-end="url(#{tip})"/>')
            if partials and isinstance(node, Value):
                labels.append(_halo(*middle, _number(node.partials[slot]), LIT[1] if hot else INK))
    body = [_drawn_box(boxes[node], *position[node], height, _colours(node, chosen)) for node in order]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {tall}" width="{width}" height="{tall}" '
        'role="img" style="max-width:100%;height:auto" stroke-width="1.5" '
        'font-family="DejaVu Sans, Segoe UI, Arial, sans-serif" font-size="13">'
        f"<title>{html.escape(title)}</title><desc>{html.escape(text)}</desc>"
        f"<defs>{_tip('tip', EDGE)}{_tip('hot', LIT[1])}</defs>"
        f'<rect width="100%" height="100%" rx="8" fill="#ffffff"/>{"".join(arrows + body + labels)}</svg>'
    )
    return Graph(svg, f"{title}\n{text}")


# What stands in a box.


def _box(node: Node, name: str, gradients: bool, notes: Mapping[Node, str] | None) -> list[tuple[str, str, str]]:
    """Lines of a box: text, colour, weight."""
    if node.op == CONSTANT:
        return [(say("constant"), SOFT, "normal"), (_amount(node.data), INK, "normal")]
    head = name if not node.parents else node.op if name.startswith("#") else f"{name} = {node.op}"
    lines = [(head, INK, "bold"), (_amount(node.data), INK, "normal")]
    if notes is not None:
        lines.append((notes.get(node, ""), GRADIENT, "normal"))
    elif gradients:
        lines.append((say("grad {g}", g=_slope(node.grad)), GRADIENT, "normal"))
    return lines


def _amount(x: float | np.ndarray) -> str:
    """A number, a short vector, or the shape of a larger array."""
    if np.size(x) == 1:
        return _number(np.asarray(x).item())
    if np.ndim(x) == 1 and len(x) <= 3:
        return "[" + " ".join(f"{v:.3g}" for v in x) + "]"
    return str(np.shape(x))


def _slope(x: float | np.ndarray | None) -> str:
    """A gradient: its numbers, or the norm of a larger array."""
    if x is None:
        return "–"
    return _amount(x) if np.size(x) == 1 or (np.ndim(x) == 1 and len(x) <= 3) else f"‖·‖ = {np.linalg.norm(x):.3g}"


def _number(x: float) -> str:
    return f"{x:.4g}".replace("-", "−")


def _sentence(node: Node, called: Mapping[Node, str], gradients: bool, notes: Mapping[Node, str] | None) -> str:
    if node.parents:
        sources = ", ".join(called[parent] for parent in node.parents)
        text = say(
            "{name} = {op} of {sources} = {x}", name=called[node], op=node.op, sources=sources, x=_amount(node.data)
        )
    else:
        text = say("{name} = {x}", name=called[node], x=_amount(node.data))
    if notes is not None:
        return f"{text}; {notes[node]}" if node in notes else text
    if gradients and node.grad is not None and node.op != CONSTANT:
        return text + "; " + say("gradient {g}", g=_slope(node.grad))
    return text


# Where a box stands.


def _layout(order: list[Node], height: int) -> tuple[dict[object, tuple[float, float]], tuple[int, int]]:
    """Top left corner of every node's box, and the size of the drawing.

    Layers by the longest way from a leaf, leaves next to their first user; long edges get a place (parent, node, layer)
    in every layer that they cross; the order within a layer by the mean place of the neighbours, forth and back
    (Sugiyama's method).
    """
    layer: dict[object, int] = {}
    for node in order:
        layer[node] = 1 + max((layer[parent] for parent in node.parents), default=-1)
    users: dict[Node, list[Node]] = {node: [] for node in order}
    for node in order:
        for parent in node.parents:
            users[parent].append(node)
    for node in order:
        if not node.parents and users[node]:
            layer[node] = min(layer[user] for user in users[node]) - 1

    links: list[tuple[object, object]] = []
    for node in order:
        for parent in dict.fromkeys(node.parents):
            before: object = parent
            for step in range(layer[parent] + 1, layer[node]):
                place = (parent, node, step)
                layer[place] = step
                links.append((before, place))
                before = place
            links.append((before, node))
    below: dict[object, list[object]] = {place: [] for place in layer}
    above: dict[object, list[object]] = {place: [] for place in layer}
    for start, end in links:
        below[end].append(start)
        above[start].append(end)

    rows: list[list[object]] = [[] for _ in range(max(layer.values()) + 1)]
    for place, number in layer.items():
        rows[number].append(place)
    y = {place: float(i) for row in rows for i, place in enumerate(row)}
    for sweep in range(12):
        forth = sweep % 2 == 0
        for row in rows if forth else rows[::-1]:
            near = below if forth else above
            wish = {p: np.mean([y[q] for q in near[p]]) if near[p] else y[p] for p in row}
            row.sort(key=lambda p: wish[p])
            _spread(row, wish, y)

    lowest = min(y.values())
    step_x, step_y = WIDTH + GAP_X, height + GAP_Y
    corner = {place: (MARGIN + layer[place] * step_x, MARGIN + (y[place] - lowest) * step_y) for place in layer}
    right = max(left for left, _ in corner.values()) + WIDTH + MARGIN
    bottom = max(top for _, top in corner.values()) + height + MARGIN
    return corner, (round(right), round(bottom))


def _spread(row: list[object], wish: Mapping[object, float], y: dict[object, float]) -> None:
    """Give the places of a layer, in their order, heights one apart that are near to what they wish for."""
    blocks: list[list[float]] = []  # sum of (wish - rank in block), number of places
    for place in row:
        blocks.append([wish[place], 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] + blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, count = blocks.pop()
            blocks[-1][0] += total - count * blocks[-1][1]
            blocks[-1][1] += count
    heights = [total / count + rank for total, count in blocks for rank in range(int(count))]
    y.update(zip(row, heights, strict=True))


def _way(parent: Node, node: Node, position: Mapping[object, tuple[float, float]]) -> list[tuple[float, float]]:
    """The corners of the places that an edge passes, both ends included."""
    layers = round((position[node][0] - position[parent][0]) / (WIDTH + GAP_X))
    first = round((position[parent][0] - MARGIN) / (WIDTH + GAP_X))
    between = [position[parent, node, first + step] for step in range(1, layers)]
    return [position[parent], *between, position[node]]


# How it is drawn.


def _arrow(way: list[tuple[float, float]], height: int, nth: int, count: int) -> tuple[str, tuple[float, float]]:
    """A curve along `way` from a box's right side to another's left, and the middle of its first stretch.

    Several between the same two boxes fan out.
    """
    bow = 14 * (nth - (count - 1) / 2)
    path, middle = "", (0.0, 0.0)
    for i, (start, end) in enumerate(itertools.pairwise(way)):
        x0, y0 = start[0] + WIDTH, start[1] + height / 2 + bow / 2
        x1, y1 = end[0] - (3 if i == len(way) - 2 else 0), end[1] + height / 2 + bow / 2
        reach = (x1 - x0) / 2
        path += f"{'L' if path else 'M'}{x0:.1f} {y0:.1f}"
        path += f"C{x0 + reach:.1f} {y0 + bow:.1f} {x1 - reach:.1f} {y1 + bow:.1f} {x1:.1f} {y1:.1f}"
        if i == 0:
            middle = ((x0 + x1) / 2, (y0 + y1) / 2 + 0.75 * bow)
    return path, middle


def _colours(node: Node, lit: Collection[Node]) -> tuple[str, str]:
    return LIT if node in lit else INNER if node.parents else LEAF


def _drawn_box(lines: list[tuple[str, str, str]], x: float, y: float, height: int, colours: tuple[str, str]) -> str:
    fill, stroke = colours
    rows = "".join(
        f'<text x="{x + WIDTH / 2:.1f}" y="{y + 20 + LINE * i:.1f}" text-anchor="middle" fill="{colour}" '
        f'font-weight="{weight}"{_squeeze(text)}>{html.escape(text)}</text>'
        for i, (text, colour, weight) in enumerate(lines)
    )
    place = f'x="{x:.1f}" y="{y:.1f}" width="{WIDTH}" height="{height}" rx="7"'
    return f'<rect {place} fill="{fill}" stroke="{stroke}"/>{rows}'


def _squeeze(text: str) -> str:
    """Long lines are narrowed to the box."""
    return f' textLength="{WIDTH - 10}" lengthAdjust="spacingAndGlyphs"' if len(text) > 15 else ""


def _halo(x: float, y: float, text: str, colour: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" font-size="12" fill="{colour}" stroke="#ffffff" '
        f'stroke-width="5" stroke-linejoin="round" paint-order="stroke">{html.escape(text)}</text>'
    )


def _tip(name: str, colour: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto" '
        f'markerUnits="userSpaceOnUse"><path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
    )
