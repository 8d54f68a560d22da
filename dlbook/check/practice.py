"""A small page that a warm server goes through before its first fork.

What Python and NumPy make ready when they do a thing for the first time is then ready in each child, which need not
make it again: a fifth off a verdict (`python -m benchmarks grading`).
"""

import numpy as np

TIMES = 3
ANSWER = """
import numpy as np

def practice(W, b, x, rate=0.5):
    z = np.dot(W, x) + b
    a = np.maximum(1.0 / (1.0 + np.exp(-z)), 0.0)
    delta = (a - a.mean(axis=0, keepdims=True)) * a * (1.0 - a)
    return W - rate * (delta @ x.transpose()), b - rate * delta.sum(axis=1, keepdims=True)
"""
TEST = """
from dlbook import check

def a_step():
    rng = np.random.default_rng(1)
    W, b, x = rng.normal(size=(3, 2)), rng.normal(size=(3, 1)), rng.normal(size=(2, 5))
    new, other = check.call(practice, W, b, x, returns=("W", "b"))
    check.shape(new, (3, 2))
    check.close(other, other + 0.0, rtol=1e-9, atol=1e-12)
    check.gradient(lambda x: (x * x).sum(), 2.0 * x, x, name="dx")
    check.equal(int(np.argmax(new)), int(np.argmax(new.copy())))

a_step()
"""


def arguments() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Those with which the test calls the answer."""
    rng = np.random.default_rng(1)
    return rng.normal(size=(3, 2)), rng.normal(size=(3, 1)), rng.normal(size=(2, 5))
