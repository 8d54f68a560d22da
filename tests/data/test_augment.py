import numpy as np
import pytest

from dlbook.data import augment


def images(N=3, H=5, W=7):
    return np.cos(0.7 * np.arange(N * H * W)).reshape(N, H, W)


def test_shift_moves_down_and_right_and_lets_nothing_wrap():
    x = np.zeros((1, 4, 6))
    x[0, 1, 2] = 1
    y = augment.shift(x, 2, 1)
    assert y[0, 3, 3] == 1
    assert y.sum() == 1
    assert augment.shift(x, -1, -2)[0, 0, 0] == 1
    assert not augment.shift(x, 4, 0).any()
    assert not augment.shift(x, 0, -9).any()
    np.testing.assert_array_equal(augment.shift(x, 0, 6, fill=0.5), np.full((1, 4, 6), 0.5))


def test_half_a_pixel_is_the_mean_of_two_neighbours():
    x = images()
    y = augment.shift(x, 0, -0.5)
    np.testing.assert_allclose(y[:, :, :-1], (x[:, :, :-1] + x[:, :, 1:]) / 2, atol=1e-12)
    np.testing.assert_allclose(y[:, :, -1], x[:, :, -1] / 2, atol=1e-12)


def test_quarter_turns_are_rot90():
    x = images(2, 6, 6)
    np.testing.assert_allclose(augment.rotate(x, 90), np.rot90(x, axes=(1, 2)), atol=1e-9)
    np.testing.assert_allclose(augment.rotate(x, 360), x, atol=1e-9)
    each = augment.rotate(x, np.array([0.0, 90.0]))
    np.testing.assert_allclose(each, [x[0], np.rot90(x[1])], atol=1e-9)


def test_a_linear_image_turns_exactly():
    i, j = np.indices((9, 11)) - np.array([4.0, 5.0])[:, None, None]
    turned = augment.rotate((2 * i - j)[None], 20)[0]
    cos, sin = np.cos(np.deg2rad(20)), np.sin(np.deg2rad(20))
    right = 2 * (cos * i + sin * j) - (cos * j - sin * i)
    np.testing.assert_allclose(turned[3:6, 3:8], right[3:6, 3:8], atol=1e-12)


def test_shear_moves_rows_by_their_height():
    x = images(2, 5, 7)
    y = augment.shear(x, 1.0)
    np.testing.assert_allclose(y[:, 2], x[:, 2], atol=1e-12)
    np.testing.assert_allclose(y[:, 1, 1:], x[:, 1, :-1], atol=1e-12)
    np.testing.assert_allclose(y[:, 4, :-2], x[:, 4, 2:], atol=1e-12)
    np.testing.assert_allclose(augment.shear(x, np.array([0.0, 1.0])), [x[0], y[1]], atol=1e-12)


def test_elastic_reads_where_the_field_points():
    x = images(2, 4, 5)
    dy, dx = np.zeros((4, 5)), np.zeros((4, 5))
    dy[1, 2], dx[1, 2] = 1.25, -0.5
    y = augment.elastic(x, dy, dx)
    right = 0.75 * (x[:, 2, 1] + x[:, 2, 2]) / 2 + 0.25 * (x[:, 3, 1] + x[:, 3, 2]) / 2
    np.testing.assert_allclose(y[:, 1, 2], right, atol=1e-12)
    y[:, 1, 2] = x[:, 1, 2]
    np.testing.assert_array_equal(y, x)


def test_displacement_is_smooth_and_repeatable():
    one = augment.displacement((3, 20, 20), 4.0, 3.0, np.random.default_rng(0))
    again = augment.displacement((3, 20, 20), 4.0, 3.0, np.random.default_rng(0))
    rough = augment.displacement((3, 20, 20), 4.0, 0.0, np.random.default_rng(0))
    np.testing.assert_array_equal(one, again)
    assert one[0].shape == (3, 20, 20)
    assert not np.array_equal(one[0], one[1])
    assert np.abs(np.diff(one[0])).mean() < 0.1 * np.abs(np.diff(rough[0])).mean()
    np.testing.assert_array_equal(augment.displacement((4, 5), 0.0, 2.0, np.random.default_rng(0)), np.zeros((2, 4, 5)))


def test_blur_of_a_point_is_a_gaussian():
    point = np.zeros((13, 13))
    point[6, 6] = 1
    blurred = augment.blur(point, 1.0)
    np.testing.assert_allclose(blurred.sum(), 1)
    np.testing.assert_allclose(blurred[6, 8] / blurred[6, 6], np.exp(-2), rtol=1e-12)
    np.testing.assert_allclose(blurred, blurred.T, atol=1e-15)


def test_single_precision_stays_and_nothing_is_changed():
    x = images().astype(np.float32)
    before = x.copy()
    for y in (augment.shift(x, 0.3, 1), augment.rotate(x, 10), augment.shear(x, 0.2)):
        assert y.dtype == np.float32
        assert y.shape == x.shape
    np.testing.assert_array_equal(x, before)
    assert augment.shift(np.ones((1, 2, 3), int), 0, 0).dtype == np.float64


@pytest.mark.parametrize(
    "call",
    [
        lambda: augment.shift(np.ones((4, 5)), 0, 0),
        lambda: augment.sample(np.ones((2, 4, 5)), np.ones((4, 5)), np.ones((5, 4))),
        lambda: augment.sample(np.ones((2, 4, 5)), np.full((4, 5), np.nan), np.ones((4, 5))),
        lambda: augment.affine(np.ones((2, 4, 5)), np.eye(3)),
        lambda: augment.blur(np.ones((4, 5)), -1.0),
    ],
)
def test_errors_say_what_was_expected(call):
    with pytest.raises(ValueError, match="expected"):
        call()
