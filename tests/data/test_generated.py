import itertools

import numpy as np
import pytest

from dlbook import data

DRAWN = {
    "moons": lambda rng: data.moons(101, rng),
    "circles": lambda rng: data.circles(101, rng),
    "spirals": lambda rng: data.spirals(101, rng, classes=3),
    "blobs": lambda rng: data.blobs(101, rng),
    "xor_clouds": lambda rng: data.xor_clouds(101, rng),
    "separable": lambda rng: data.separable(101, rng)[:2],
    "sine": lambda rng: data.sine(101, rng),
    "friedman1": lambda rng: data.friedman1(101, rng),
    "noisy_digits": lambda rng: data.noisy_digits(101, rng)[:2],
}


@pytest.mark.parametrize("name", DRAWN)
def test_drawn_from_rng_alone(name):
    first, second, third = (DRAWN[name](np.random.default_rng(seed)) for seed in (4, 4, 5))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not np.array_equal(first[1], third[1]) or not np.array_equal(first[0], third[0])
    assert len(first[0]) == len(first[1]) == 101


@pytest.mark.parametrize("name", ["moons", "circles", "blobs", "xor_clouds", "spirals"])
def test_classes_are_balanced(name):
    _, y = DRAWN[name](np.random.default_rng(0))
    assert y.dtype == np.int64
    assert np.ptp(np.bincount(y)) <= 1 or name == "xor_clouds"
    assert np.any(np.diff(y[:40]) != 1)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("AND", lambda a, b: a and b),
        ("OR", lambda a, b: a or b),
        ("NAND", lambda a, b: not (a and b)),
        ("NOR", lambda a, b: not (a or b)),
        ("XOR", lambda a, b: a != b),
        ("XNOR", lambda a, b: a == b),
        ("A AND NOT B", lambda a, b: a and not b),
        ("NOT A AND B", lambda a, b: b and not a),
        ("A OR NOT B", lambda a, b: a or not b),
        ("NOT A OR B", lambda a, b: b or not a),
        ("A", lambda a, b: a),
        ("B", lambda a, b: b),
        ("NOT A", lambda a, b: not a),
        ("NOT B", lambda a, b: not b),
        ("TRUE", lambda a, b: True),
        ("FALSE", lambda a, b: False),
    ],
)
def test_gates(name, rule):
    x, y = data.gate(name)
    assert x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert y.tolist() == [int(rule(a, b)) for a, b in x.astype(int)]


def test_gate_of_an_unknown_name():
    with pytest.raises(ValueError, match="'MAYBE'"):
        data.gate("MAYBE")


@pytest.mark.parametrize("n", [1, 2, 3])
def test_all_boolean_functions(n):
    tables = data.boolean_functions(n)
    assert [tuple(row) for row in tables] == list(itertools.product((0, 1), repeat=2**n))
    assert data.boolean_inputs(n).shape == (2**n, n)


@pytest.mark.parametrize("n", [0, 5])
def test_too_many_boolean_functions(n):
    with pytest.raises(ValueError, match="1 to 4"):
        data.boolean_functions(n)


@pytest.mark.parametrize(("margin", "dim"), [(0.0, 2), (0.3, 2), (0.2, 5)])
def test_separable_keeps_the_margin(margin, dim):
    x, y, w, b = data.separable(200, np.random.default_rng(2), margin=margin, dim=dim)
    distance = (x @ w + b) * np.where(y == 1, 1, -1)
    assert x.shape == (200, dim)
    assert np.isclose(np.linalg.norm(w), 1)
    assert distance.min() >= margin
    assert 0 < y.mean() < 1


def test_moons_and_circles_without_noise():
    x, y = data.moons(50, np.random.default_rng(0), noise=0)
    centre = np.where(y[:, None] == 1, (1.0, 0.5), (0.0, 0.0))
    assert np.allclose(np.linalg.norm(x - centre, axis=1), 1)
    assert (x[y == 0, 1] >= 0).all()
    assert (x[y == 1, 1] <= 0.5).all()
    x, y = data.circles(50, np.random.default_rng(0), noise=0, factor=0.3)
    assert np.allclose(np.linalg.norm(x, axis=1), np.where(y == 1, 0.3, 1))


def test_friedman1_without_noise_is_scikit_learns_formula():
    x, y = data.friedman1(20, np.random.default_rng(0), noise=0)
    assert np.allclose(
        y, 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    )
    with pytest.raises(ValueError, match="dim=4"):
        data.friedman1(20, np.random.default_rng(0), dim=4)


def test_noisy_digits_spoils_training_labels_only():
    clean, noisy = (data.noisy_digits(300, np.random.default_rng(5), share) for share in (0.0, 0.2))
    assert np.array_equal(clean.x_train, noisy.x_train)
    assert 40 <= (clean.y_train != noisy.y_train).sum() <= 60
    assert np.array_equal(noisy.y_test, data.digits().y_test)


def test_digit_strips_hold_the_digits_where_they_say():
    images = data.digits(flat=False).x_train[:, 0]
    labels = data.digits().y_train
    strips, y, cuts = data.digit_strips(images, labels, 7, np.random.default_rng(1), length=4, gap=(1, 3))
    assert y.shape == (7, 4)
    for strip, named, bounds in zip(strips, y, cuts, strict=True):
        assert strip.shape == (8, bounds[-1, 1])
        assert set(bounds[1:, 0] - bounds[:-1, 1]) <= {1, 2, 3}
        for label, (start, stop) in zip(named, bounds, strict=True):
            piece = strip[:, start:stop]
            assert piece[:, 0].any()
            assert piece[:, -1].any()
            same = images[labels == label]
            assert any(
                np.array_equal(piece, image[:, np.flatnonzero(image.any(axis=0))[0] :][:, : stop - start])
                for image in same
            )


def test_digit_strips_want_images():
    with pytest.raises(ValueError, match=r"\(1437, 64\)"):
        data.digit_strips(data.digits().x_train, data.digits().y_train, 2, np.random.default_rng(0))


def test_a_point_for_each_class():
    with pytest.raises(ValueError, match="at least 2"):
        data.moons(1, np.random.default_rng(0))
