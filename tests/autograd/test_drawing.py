import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from dlbook.autograd import Tensor, Value, draw, forward_sweep

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setenv("DLBOOK_LANG", "en")


@pytest.fixture
def graph():
    a, b = Value(2, "a"), Value(1, "b")
    c, d = a + b, b + 1
    e = c * d
    e.backward()
    return {"a": a, "b": b, "c": c, "d": d, "e": e}


def texts(drawing):
    return [element.text for element in ElementTree.fromstring(drawing.svg).iter(f"{SVG}text")]


def boxes(drawing):
    frames = [r for r in ElementTree.fromstring(drawing.svg).iter(f"{SVG}rect") if r.get("x")]
    return [[float(r.get(k)) for k in ("x", "y", "width", "height")] for r in frames]


def test_every_node_with_value_and_gradient(graph):
    drawing = draw(graph["e"], names={graph[n]: n for n in "cde"})
    shown = texts(drawing)
    for line in ("a", "b", "c = +", "d = +", "e = ×", "constant", "grad 5", "grad 2", "6"):
        assert line in shown
    assert len(boxes(drawing)) == 6
    assert drawing.svg.count("marker-end") == 6
    assert drawing._repr_svg_() == drawing.svg


def test_told_in_words(graph):
    drawing = draw(graph["e"], names={graph[n]: n for n in "cde"})
    root = ElementTree.fromstring(drawing.svg)
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "Computational graph of e"
    assert "c = + of a, b = 3; gradient 2" in root.find(f"{SVG}desc").text
    assert "b = 1; gradient 5" in drawing.text


def test_in_portuguese(graph, monkeypatch):
    monkeypatch.setenv("DLBOOK_LANG", "pt-BR")
    drawing = draw(graph["e"])
    assert "Grafo computacional" in drawing.svg
    assert "constante" in texts(drawing)
    assert "gradiente 5" in drawing.text


def test_partials_notes_and_lit_nodes(graph):
    tangents = {node: f"∂/∂b {value:g}" for node, value in forward_sweep(graph["e"], graph["b"]).items()}
    drawing = draw(graph["e"], partials=True, notes=tangents, lit=[graph["c"], graph["e"]])
    assert "∂/∂b 5" in texts(drawing)
    assert texts(drawing).count("1") == 6  # the values of b and of the constant, and four edges
    assert drawing.svg.count('marker-end="url(#hot)"') == 1
    assert "grad" not in "".join(texts(drawing))
    assert "grad" not in "".join(texts(draw(graph["e"], gradients=False)))


def test_boxes_do_not_overlap_and_stay_inside():
    rng = np.random.default_rng(0)
    leaves = [Value(x) for x in rng.normal(size=5)]
    nodes = list(leaves)
    for _ in range(30):
        i, j = rng.integers(0, len(nodes), 2)
        nodes.append(nodes[i].tanh() * nodes[j])
    root = sum(nodes[-10:])
    drawing = draw(root)
    width, height = (float(x) for x in re.search(r'viewBox="0 0 (\d+) (\d+)"', drawing.svg).groups())
    placed = boxes(drawing)
    for i, (x, y, w, h) in enumerate(placed):
        assert x >= 0
        assert y >= 0
        assert x + w <= width
        assert y + h <= height
        for u, v, *_ in placed[:i]:
            assert abs(x - u) >= w or abs(y - v) >= h


def test_the_same_each_time(graph):
    assert draw(graph["e"]).svg == draw(graph["e"]).svg


def test_tensors_show_shapes_and_norms(tmp_path):
    x, w = Tensor(np.ones((5, 4)), "<x>"), Tensor(np.ones(4), "w")
    y = (x @ w).sum()
    y.backward()
    drawing = draw(y)
    assert {"<x>", "(5, 4)", "@", "Σ", "20", "grad ‖·‖ = 4.47", "grad 1"} <= set(texts(drawing))
    drawing.save(tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text(encoding="utf8") == drawing.svg
    assert "grad –" in texts(draw(x * 2))


def test_a_single_node():
    assert len(boxes(draw(Value(3, "x")))) == 1


def test_too_large_a_graph():
    y = Value(1)
    for _ in range(300):
        y = -y
    with pytest.raises(ValueError, match=r"301 nodes.*300"):
        draw(y)
