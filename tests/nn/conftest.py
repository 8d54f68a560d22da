import numpy as np
import pytest


@pytest.fixture
def numerical_gradient():
    """Gradient of Σ dy · f(x) with respect to x, by centred differences."""

    def of(f, x, dy, step=1e-6):
        gradient = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            above, below = x.copy(), x.copy()
            above[index] += step
            below[index] -= step
            gradient[index] = np.sum(dy * (f(above) - f(below))) / (2 * step)
        return gradient

    return of
