"""LMS against the gradient of e² and by hand, the delay line, the bounds of the step, the echo."""

import numpy as np
import pytest

from dlbook.models import adaline


def test_each_step_goes_down_the_gradient_of_the_squared_error():
    rng = np.random.default_rng(0)
    x, d, w, mu, eps = rng.normal(size=(1, 4)), rng.normal(size=1), rng.normal(size=4), 0.07, 1e-6
    new, e = adaline.lms(x, d, mu, w)
    slopes = [((d - x @ (w + s)) ** 2 - (d - x @ (w - s)) ** 2)[0] / (2 * eps) for s in eps * np.eye(4)]
    np.testing.assert_allclose(new, w - mu * np.array(slopes), atol=1e-8)
    np.testing.assert_allclose(e, d - x @ w)


def test_two_steps_by_hand():
    w, e = adaline.lms(np.array([[1.0], [2.0]]), np.array([3.0, 1.0]), 0.25)
    np.testing.assert_allclose(e, [3, -2])
    np.testing.assert_allclose(w, [-0.5])


def test_the_delay_line_shows_the_newest_first():
    np.testing.assert_array_equal(adaline.tapped_delay(np.array([1.0, 2, 3]), 2), [[1, 0], [2, 1], [3, 2]])
    np.testing.assert_array_equal(adaline.tapped_delay(np.array([5.0]), 3), [[5, 0, 0]])


def test_the_delay_line_convolves():
    rng = np.random.default_rng(1)
    x, room = rng.normal(size=40), rng.normal(size=6)
    np.testing.assert_allclose(adaline.tapped_delay(x, 6) @ room, np.convolve(x, room)[:40])


def test_bounds_of_the_step():
    x = np.array([[2.0, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(adaline.step_bounds(x), (0.5, 0.4))
    far = np.random.default_rng(2).normal(size=4000)
    room = np.random.default_rng(3).normal(size=32)
    microphone = np.convolve(far, room)[:4000]
    mean, spread = adaline.step_bounds(adaline.tapped_delay(far, 32))
    assert spread < 0.05 * mean
    assert np.abs(adaline.echo_canceller(far, microphone, 32, spread / 3)[0] - room).max() < 1e-6
    assert np.abs(adaline.echo_canceller(far, microphone, 32, 1.5 * spread)[1][-1]) > 1e6


def test_the_echo_goes_and_the_noise_stays():
    rng = np.random.default_rng(4)
    far, room = rng.normal(size=8000), 0.6 * np.exp(-np.arange(32) / 6) * rng.normal(size=32)
    noise = 0.01 * rng.normal(size=8000)
    response, left = adaline.echo_canceller(far, np.convolve(far, room)[:8000] + noise, 32, 0.002)
    assert np.abs(response - room).max() < 0.003
    assert np.mean(left[-1000:] ** 2) < 1.2 * np.mean(noise[-1000:] ** 2)


def test_adaline_reaches_least_squares():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(60, 3))
    d = np.where(x @ np.array([1.0, -2.0, 0.5]) + 0.3 * rng.normal(size=60) > 0.2, 1, -1)
    rows = np.column_stack([x, np.ones(60)])
    best = np.linalg.lstsq(rows, d, rcond=None)[0]
    unit = adaline.Adaline(0.0005).fit(x, d, epochs=400)
    np.testing.assert_allclose(np.append(unit.w, unit.b), best, atol=0.01)
    assert unit.errors[-1] < unit.errors[0]
    assert set(unit.predict(x)) == {-1, 1}


def test_errors_say_what_came():
    with pytest.raises(ValueError, match=r"d \(N,\)"):
        adaline.lms(np.zeros((3, 2)), np.zeros(4), 0.1)
    with pytest.raises(ValueError, match=r"w: expected shape \(2,\)"):
        adaline.lms(np.zeros((3, 2)), np.zeros(3), 0.1, np.zeros(3))
    with pytest.raises(ValueError, match="at least one tap"):
        adaline.tapped_delay(np.zeros(3), 0)
    with pytest.raises(ValueError, match="not all zero"):
        adaline.step_bounds(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="call fit first"):
        adaline.Adaline().predict(np.zeros((1, 2)))
    with pytest.raises(ValueError, match="mu"):
        adaline.Adaline(mu=-1)
