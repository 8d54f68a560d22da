"""Hand-made features: what changes them and what does not."""

import numpy as np
import pytest

from dlbook.models import features


def blob(size=24, at=(5, 6), scale=1):
    """An asymmetric pattern, enlarged by a whole number, on a blank image."""
    pattern = np.kron(np.array([[1.0, 1.0, 0.0], [0.5, 1.0, 1.0], [0.0, 0.25, 1.0]]), np.ones((scale, scale)))
    image = np.zeros((size, size))
    image[at[0] : at[0] + len(pattern), at[1] : at[1] + len(pattern)] = pattern
    return image[None]


def test_histogram_shares_sum_to_one_and_the_white_pixel_counts():
    image = np.array([[[0.0, 0.24], [0.25, 1.0]]])
    np.testing.assert_allclose(features.histogram(image, 4), [[0.5, 0.25, 0, 0.25]])
    images = np.random.default_rng(0).random((5, 7, 6))
    for found, image in zip(features.histogram(images, 6), images, strict=True):
        np.testing.assert_allclose(found, np.histogram(image, bins=6, range=(0, 1))[0] / image.size)


def test_a_colour_histogram_is_three():
    image = np.zeros((1, 2, 3, 3))
    image[..., 0] = 1.0
    np.testing.assert_allclose(features.colour_histogram(image, 2), [[0, 1, 1, 0, 1, 0]])


def test_moments_of_a_small_image():
    eta = features.normalized_moments(np.array([[[1.0, 1.0]]]))[0]
    np.testing.assert_allclose(eta[0, 0], 1)
    np.testing.assert_allclose(eta[2, 0], 0.5 / 2**2)
    np.testing.assert_allclose([eta[1, 0], eta[0, 1], eta[0, 2], eta[1, 1], eta[3, 0]], 0, atol=1e-15)


def test_hu_moments_do_not_change_with_place_and_quarter_turns():
    hu = features.hu_moments(blob())
    np.testing.assert_allclose(features.hu_moments(blob(at=(11, 2))), hu, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(features.hu_moments(np.rot90(blob(), axes=(1, 2))), hu, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(features.hu_moments(blob(40, scale=8)), features.hu_moments(blob(40, scale=4)), rtol=0.1)


def test_a_mirror_turns_the_seventh_round():
    hu, mirrored = features.hu_moments(blob())[0], features.hu_moments(blob()[:, :, ::-1])[0]
    np.testing.assert_allclose(mirrored[:6], hu[:6], rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(mirrored[6], -hu[6], rtol=1e-9)
    assert hu[6] != 0


def test_hog_of_a_constant_image_is_zero_and_a_quarter_turn_moves_the_bins():
    np.testing.assert_array_equal(features.hog(np.full((1, 8, 8), 0.7)), 0)
    ramp = np.tile(np.linspace(0, 1, 8), (8, 1))[None]
    across = features.hog(ramp).reshape(4, 4).sum(axis=0)
    down = features.hog(np.rot90(ramp, axes=(1, 2))).reshape(4, 4).sum(axis=0)
    np.testing.assert_allclose(np.roll(across, 2), down)
    assert across[0] > 0
    np.testing.assert_allclose(across[1:], 0, atol=1e-12)


def test_errors_say_what_came():
    with pytest.raises(ValueError, match="empty"):
        features.hu_moments(np.zeros((1, 4, 4)))
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        features.histogram(np.full((1, 2, 2), 255.0))
    with pytest.raises(ValueError, match=r"\(N, H, W\)"):
        features.hog(np.zeros((8, 8)))
    with pytest.raises(ValueError, match="3"):
        features.colour_histogram(np.zeros((1, 4, 4)))
