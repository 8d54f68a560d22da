"""The palette's promises, computed: contrast with white and black, distance under colour blindness."""

import itertools

import numpy as np
import pytest

from dlbook import plots

# Viénot, Brettel, Mollon 1999 (protanopia, deuteranopia) and Brettel 1997 simplified (tritanopia), on linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
    "deuteranopia": np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]),
    "tritanopia": np.array([[1, 0.1446, -0.1446], [0, 0.8592, 0.1408], [0, 0.8592, 0.1408]]),
}


def linear(colour):
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """WCAG contrast ratio."""
    light = sorted(linear(colour) @ [0.2126, 0.7152, 0.0722] for colour in (one, other))
    return (light[1] + 0.05) / (light[0] + 0.05)


def lab(rgb):
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ rgb
    f = np.cbrt(np.clip(xyz / [0.9505, 1, 1.089], 1e-4, None))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_every_two_colours_can_be_told_apart(blindness):
    seen = {name: lab(np.clip(BLINDNESS[blindness] @ linear(c), 0, 1)) for name, c in plots.PALETTE.items()}
    distances = {pair: np.linalg.norm(seen[pair[0]] - seen[pair[1]]) for pair in itertools.combinations(seen, 2)}
    assert min(distances.values()) > 10, min(distances, key=distances.get)


def test_no_two_lines_share_colour_or_style_and_no_two_classes_a_marker():
    assert len(set(plots.COLOURS)) == len(set(plots.LINE_STYLES)) == len(plots.COLOURS) == len(plots.LINE_STYLES)
    assert len(set(plots.MARKERS)) == len(plots.MARKERS) >= len(plots.COLOURS)


@pytest.mark.parametrize("key", ["text.color", "axes.labelcolor", "axes.titlecolor", "xtick.labelcolor"])
def test_text_on_white_is_readable(key):
    assert contrast(plots.STYLE[key], "#FFFFFF") >= 7


def test_grey_and_the_first_colours_of_lines_stand_out_from_white():
    assert contrast(plots.GREY, "#FFFFFF") >= 4.5
    for colour in plots.COLOURS[:3]:
        assert contrast(colour, "#FFFFFF") >= 3


def test_black_text_is_readable_on_every_tint():
    for tint in plots.TINTS:
        assert contrast(tint, plots.BLACK) >= 7
