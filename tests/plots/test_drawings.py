"""What the drawing functions put on their axes."""

import numpy as np
import pytest

from dlbook import plots

LIMITS = ((-1, 2), (-2, 1))


def axes():
    return plots.figure(4, 3).subplots()


def test_decision_region_asks_for_points_in_the_plane_and_draws_the_boundary():
    asked = []

    def predict(x):
        asked.append(x)
        return x[:, 0] > 0.5

    ax = axes()
    plots.decision_region(ax, predict, LIMITS, resolution=31)
    (x,) = asked
    assert x.shape == (31 * 31, 2)
    assert x.min(axis=0).tolist() == [-1, -2]
    assert x.max(axis=0).tolist() == [2, 1]
    regions, boundary = ax.collections
    assert len({hatch for hatch in regions.hatches}) == 2
    (line,) = boundary.get_paths()
    np.testing.assert_allclose(line.vertices[:, 0], 0.5, atol=0.1)


def test_decision_region_of_one_class_has_no_boundary():
    ax = axes()
    plots.decision_region(ax, lambda x: np.zeros(len(x), dtype=int), LIMITS, resolution=5)
    assert len(ax.collections) == 1


def test_decision_region_of_probabilities_draws_the_line_of_one_half():
    ax = axes()
    plots.decision_region(ax, lambda x: 1 / (1 + np.exp(-x[:, 0])), LIMITS, resolution=61)
    np.testing.assert_allclose(ax.collections[-1].get_paths()[0].vertices[:, 0], 0, atol=1e-3)


@pytest.mark.parametrize(
    ("predict", "what"),
    [
        (lambda x: x, "one value for each"),
        (lambda x: x[:, 0] * 10, "probabilities"),
        (lambda x: -np.ones(len(x), dtype=int), "classes"),
    ],
)
def test_decision_region_names_what_is_wrong(predict, what):
    with pytest.raises(ValueError, match=what):
        plots.decision_region(axes(), predict, LIMITS)


def test_limits_must_grow():
    with pytest.raises(ValueError, match="limits"):
        plots.decision_region(axes(), lambda x: x[:, 0] > 0, ((1, 0), (0, 1)))


def test_points_have_a_marker_for_each_class():
    ax = axes()
    plots.points(ax, np.array([[0, 0], [0, 1], [1, 0]]), [0, 1, 1], names=["no", "yes"])
    assert [len(c.get_offsets()) for c in ax.collections] == [1, 2]
    assert len({c.get_paths()[0].vertices.shape for c in ax.collections}) == 2
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["no", "yes"]
    with pytest.raises(ValueError, match=r"\(N, 2\)"):
        plots.points(ax, np.zeros((3, 3)), [0, 0, 0])


def test_image_grid_gives_each_image_its_caption_and_marks_some():
    figure = plots.image_grid(np.arange(7 * 4).reshape(7, 2, 2), [f"{k}" for k in range(7)], columns=3, marked=[5])
    assert len(figure.axes) == 9
    used = [ax for ax in figure.axes if ax.images]
    assert [ax.get_title() for ax in used] == [str(k) for k in range(7)]
    assert {ax.images[0].get_clim() for ax in used} == {(0, 27)}
    frames = [ax.spines["left"].get_linewidth() for ax in used]
    assert frames.index(max(frames)) == 5
    with pytest.raises(ValueError, match="captions"):
        plots.image_grid(np.zeros((2, 3, 3)), ["one"])
    with pytest.raises(ValueError, match=r"\(N, H, W\)"):
        plots.image_grid(np.zeros((3, 3)))


def test_signed_images_have_zero_in_the_middle():
    figure = plots.image_grid(np.array([[[-3.0, 1.0]]]), signed=True)
    assert figure.axes[0].images[0].get_clim() == (-3, 3)


def test_confusion_matrix_writes_its_counts():
    ax = axes()
    plots.confusion_matrix(ax, np.array([[5, 1], [0, 7]]), ["cat", "dog"])
    assert [(t.get_text(), t.get_position()) for t in ax.texts] == [("5", (0, 0)), ("1", (1, 0)), ("7", (1, 1))]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["cat", "dog"]
    with pytest.raises(ValueError, match=r"\(K, K\)"):
        plots.confusion_matrix(ax, np.zeros((2, 3)))


def test_learning_curves_count_from_one_and_leave_gaps():
    ax = axes()
    plots.learning_curves(ax, {"a": [3, np.inf, 1], "b": [2, 2, 2]}, ylabel="loss")
    line = ax.lines[0]
    assert line.get_xdata().tolist() == [1, 2, 3]
    assert np.isnan(line.get_ydata()[1])
    assert ax.lines[0].get_marker() != ax.lines[1].get_marker()
    assert ax.get_legend() is not None
    with pytest.raises(ValueError, match="curves"):
        plots.learning_curves(ax, {"a": [[1, 2]]})


def test_contour_path_marks_start_and_end_and_survives_divergence():
    ax = axes()
    path = np.array([[1.0, 0.5], [0.5, 0.2], [0.1, 0.0], [np.inf, 1e300]])
    plots.contour_path(ax, lambda x, y: x**2 + 10 * y**2, LIMITS, {"plain": path, "momentum": path[:2]}, log=True)
    track, start, end = ax.lines[:3]
    assert len(track.get_xdata()) == 3
    assert (start.get_xdata()[0], end.get_xdata()[0]) == (1.0, 0.1)
    assert ax.get_xlim() == LIMITS[0]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["plain", "momentum"]
    with pytest.raises(ValueError, match=r"\(T, 2\)"):
        plots.contour_path(ax, lambda x, y: x + y, LIMITS, np.zeros(3))


def test_graph_writes_nodes_and_edges_and_lights_some():
    ax = axes()
    plots.graph(ax, {"a": (0, 0), "c": (1, 1)}, {("a", "c"): "2"}, texts={"c": "c\n3"}, lit=["c"])
    assert {t.get_text() for t in ax.texts if t.get_text()} == {"a", "c\n3", "2"}
    plain, lit = ax.patches[:2] if len(ax.patches) == 2 else [p for p in ax.patches if hasattr(p, "radius")]
    assert lit.get_linewidth() > plain.get_linewidth()
    with pytest.raises(ValueError, match="edges"):
        plots.graph(ax, {"a": (0, 0)}, [("a", "z")])


def test_network_shows_values_and_weights_where_they_belong():
    ax = axes()
    weights = [np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]), np.array([[7.0, 8.0, 9.0]])]
    plots.network(ax, [2, 3, 1], values=[np.array([1.0, 2]), np.array([3.0, 4, 5]), np.array([6.0])], weights=weights)
    written = {t.get_text(): t.get_position() for t in ax.texts if t.get_text()}
    assert set(written) == {"0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "7", "8", "9", "1", "2", "3", "4", "5", "6"}
    assert written["1"][0] < written["3"][0] < written["6"][0]
    assert written["0.1"][1] > written["0.6"][1]
    with pytest.raises(ValueError, match="weights"):
        plots.network(ax, [2, 3], weights=[np.zeros((2, 3))])
