import numpy as np
import pytest

from dlbook import nn

X = np.cos(np.arange(2 * 3 * 5 * 6.0) ** 1.1).reshape(2, 3, 5, 6)


def test_sinusoids_by_hand():
    positions = nn.sinusoidal_positions(3, 4)
    np.testing.assert_array_equal(positions[0], [0, 1, 0, 1])
    np.testing.assert_allclose(positions[2], [np.sin(2), np.cos(2), np.sin(0.02), np.cos(0.02)])
    assert nn.sinusoidal_positions(2, 6, dtype=np.float32).dtype == np.float32


def test_rows_go_on_where_others_ended():
    whole = nn.sinusoidal_positions(9, 6)
    np.testing.assert_array_equal(nn.sinusoidal_positions(4, 6, start=5), whole[5:])


def test_a_shift_is_a_rotation_that_does_not_know_where():
    positions = nn.sinusoidal_positions(40, 8)
    near = positions[5:15] @ positions[8:18].T
    far = positions[25:35] @ positions[28:38].T
    np.testing.assert_allclose(near, far, atol=1e-12)


def test_turned_products_depend_on_the_distance_alone():
    q, k = np.sin(np.arange(8.0)), np.cos(np.arange(8.0) ** 1.3)
    products = []
    for start in (0, 7, 100):
        both = nn.rotary(np.stack([q, k]), positions=[start, start + 3])[0]
        products.append(both[0] @ both[1])
    np.testing.assert_allclose(products, products[0], rtol=1e-10)
    assert abs(products[0] - q @ k) > 0.1


def test_lengths_stay_and_position_zero_is_left_alone():
    y, _ = nn.rotary(X)
    np.testing.assert_allclose(np.linalg.norm(y, axis=-1), np.linalg.norm(X, axis=-1), rtol=1e-12)
    np.testing.assert_array_equal(y[..., 0, :], X[..., 0, :])


def test_as_a_product_of_complex_numbers():
    angles = np.arange(5)[:, None] / 10_000 ** (np.arange(0, 6, 2) / 6)
    pairs = (X[..., 0::2] + 1j * X[..., 1::2]) * np.exp(1j * angles)
    y, _ = nn.rotary(X)
    np.testing.assert_allclose(y[..., 0::2] + 1j * y[..., 1::2], pairs, rtol=1e-12)


def test_gradient(numerical_gradient):
    positions = np.array([3, 0, 10, 2, 2])
    y, cache = nn.rotary(X, positions)
    dy = np.sin(np.arange(y.size)).reshape(y.shape)
    expected = numerical_gradient(lambda x: nn.rotary(x, positions)[0], X, dy)
    np.testing.assert_allclose(nn.rotary_backward(dy, cache), expected, rtol=1e-7, atol=1e-7)


def test_precision_stays():
    y, cache = nn.rotary(X.astype(np.float32))
    assert y.dtype == nn.rotary_backward(y, cache).dtype == np.float32


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.sinusoidal_positions(3, 5), "width: expected an even number of at least 2, got 5"),
        (lambda: nn.rotary(X[..., :3]), "width: expected an even number of at least 2, got 3"),
        (lambda: nn.rotary(X, [1, 2]), r"positions: expected shape \(5,\), got \(2,\)"),
        (lambda: nn.rotary(X[0, 0, 0]), r"x: expected shape \(…, T, D\), got \(6,\)"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
