"""S-cells, C-cells and competitive learning."""

import numpy as np
import pytest

from dlbook.models import neocognitron as neo


def test_an_s_cell_is_the_rectified_similarity_of_each_window():
    rng = np.random.default_rng(0)
    x, templates = rng.normal(size=(2, 3, 6, 5)), rng.normal(size=(4, 3, 2, 2))
    s = neo.s_cells(x, templates, threshold=0.1, faint=0.3)
    assert s.shape == (2, 4, 5, 4)
    for n, k, i, j in np.ndindex(s.shape):
        p, w = x[n, :, i : i + 2, j : j + 2], templates[k]
        alike = np.sum(w * p) / (np.linalg.norm(w) * (np.linalg.norm(p) + 0.3))
        assert s[n, k, i, j] == pytest.approx(max(0.0, alike - 0.1), abs=1e-12)


def test_s_cells_are_a_correlation_and_not_a_flipped_one():
    x = np.zeros((1, 1, 3, 3))
    x[0, 0, 0, 0] = 1.0
    template = np.array([[[[2.0, 0.0], [0.0, 0.0]]]])
    s = neo.s_cells(x, template, faint=0.0)
    np.testing.assert_allclose(s[0, 0], [[1.0, 0.0], [0.0, 0.0]])


def test_c_cells_take_the_largest_value():
    s = np.arange(25.0).reshape(1, 1, 5, 5)
    np.testing.assert_allclose(neo.c_cells(s, 2)[0, 0], [[6, 8], [16, 18]])
    np.testing.assert_allclose(neo.c_cells(s, 3, 2)[0, 0], [[12, 14], [22, 24]])


def test_an_isolated_feature_may_move_inside_its_window():
    def at(row, column):
        s = np.zeros((1, 1, 6, 6))
        s[0, 0, row, column] = 1.0
        return neo.c_cells(s, 3)

    np.testing.assert_array_equal(at(0, 0), at(2, 1))
    assert not np.array_equal(at(0, 0), at(3, 0))


def test_competitive_learning_finds_the_groups():
    rng = np.random.default_rng(1)
    centres = np.eye(6)[[0, 2, 5]]
    patches = centres[rng.integers(3, size=300)] + 0.02 * rng.normal(size=(300, 6))
    learnt = neo.learn_templates(np.vstack([patches, np.zeros((4, 6))]), 5, rng)
    assert learnt.shape == (3, 6)
    np.testing.assert_allclose(np.sort((learnt @ centres.T).max(axis=0)), 1, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(learnt, axis=1), 1)


def test_planes_are_a_limit():
    patches = np.abs(np.random.default_rng(2).normal(size=(50, 8)))
    assert neo.learn_templates(patches, 4, np.random.default_rng(3), familiar=0.999).shape == (4, 8)


def test_the_network_is_the_same_for_the_same_generator():
    images = np.random.default_rng(4).random((12, 1, 12, 12))
    first, second = (neo.Neocognitron(planes=5).fit(images, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first.features(images), second.features(images))
    assert [s.shape[1] for s in first.stages(images)] == [8, 8, len(first.second), len(first.second)]


def test_nearest_neighbours_vote():
    x, labels = np.array([[0.0], [1.0], [1.2], [5.0]]), np.array([0, 1, 1, 2])
    np.testing.assert_array_equal(neo.nearest_neighbours(x, labels, np.array([[0.2], [4.9]]), k=1), [0, 2])
    np.testing.assert_array_equal(neo.nearest_neighbours(x, labels, np.array([[0.2]]), k=3), [1])


def test_errors_name_the_shapes():
    with pytest.raises(ValueError, match=r"\(N, C, H, W\)"):
        neo.c_cells(np.zeros((5, 5)), 2)
    with pytest.raises(ValueError, match=r"templates: expected \(K, 2, k, k\)"):
        neo.s_cells(np.zeros((1, 2, 5, 5)), np.zeros((3, 1, 3, 3)))
    with pytest.raises(ValueError, match="fit first"):
        neo.Neocognitron().features(np.zeros((1, 1, 12, 12)))
