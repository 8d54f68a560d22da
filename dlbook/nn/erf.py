"""The error function, which GELU needs and NumPy lacks."""

import math

import numpy as np

from dlbook.nn.arrays import as_float

# Cody's coefficients: of the numerator and of the denominator, highest power first.
_NEAR = (
    (1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)
_MIDDLE = (
    (
        2.15311535474403846e-8,
        5.64188496988670089e-1,
        8.88314979438837594,
        6.61191906371416295e1,
        2.98635138197400131e2,
        8.81952221241769090e2,
        1.71204761263407058e3,
        2.05107837782607147e3,
        1.23033935479799725e3,
    ),
    (
        1.0,
        1.57449261107098347e1,
        1.17693950891312499e2,
        5.37181101862009858e2,
        1.62138957456669019e3,
        3.29079923573345963e3,
        4.36261909014324716e3,
        3.43936767414372164e3,
        1.23033935480374942e3,
    ),
)
_FAR = (
    (
        1.63153871373020978e-2,
        3.05326634961232344e-1,
        3.60344899949804439e-1,
        1.25781726111229246e-1,
        1.60837851487422766e-2,
        6.58749161529837803e-4,
    ),
    (
        1.0,
        2.56852019228982242,
        1.87295284992346047,
        5.27905102951428412e-1,
        6.05183413124413191e-2,
        2.33520497626869185e-3,
    ),
)


def erf(x):
    """Error function 2/√π ∫₀ˣ exp(-t²) dt, to the last digits of float64.

    Rational approximations on |x| ≤ 0.46875, up to 4, and beyond.
    W. J. Cody, Rational Chebyshev approximations for the error function, Math. Comp. 23 (1969) 631–637.
    """
    x = as_float(x)
    size = np.minimum(np.abs(x), 6.0)  # erf(6) is 1 in float64
    y = np.ones_like(size)
    near, far = size <= 0.46875, size > 4
    middle = ~(near | far)

    a = size[near]
    y[near] = a * _ratio(a * a, _NEAR)
    a = size[middle]
    y[middle] -= np.exp(-a * a) * _ratio(a, _MIDDLE)
    a = size[far]
    inverse_square = 1 / (a * a)
    tail = (1 / math.sqrt(math.pi) - inverse_square * _ratio(inverse_square, _FAR)) / a
    y[far] -= np.exp(-a * a) * tail
    return np.copysign(y, x)


def _ratio(x, coefficients):
    top, bottom = coefficients
    return _polynomial(x, top) / _polynomial(x, bottom)


def _polynomial(x, coefficients):
    y = coefficients[0]
    for c in coefficients[1:]:
        y = y * x + c
    return y
