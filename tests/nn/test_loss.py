import warnings

import numpy as np
import pytest

from dlbook import nn

LOGITS = np.array([[2.0, -1.0, 0.5], [0.0, 3.0, -2.0]])
LABELS = np.array([2, 1])
ONE_HOT = np.eye(3)[LABELS]
P = np.array([[0.2, 0.9, 0.5], [0.7, 0.1, 0.4]])

# (loss, prediction, target)
CASES = [
    (nn.QuadraticLoss, LOGITS, ONE_HOT),
    (nn.MSELoss, LOGITS, ONE_HOT),
    (nn.NLLLoss, LOGITS, LABELS),
    (nn.CrossEntropyLoss, LOGITS, LABELS),
    (nn.CrossEntropyLoss, LOGITS, ONE_HOT),
    (nn.BCELoss, P, ONE_HOT),
    (nn.BCEWithLogitsLoss, LOGITS, ONE_HOT),
]


@pytest.mark.parametrize(("kind", "prediction", "target"), CASES)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_gradient_is_the_numerical_one(kind, prediction, target, reduction, numerical_gradient):
    loss = kind(reduction)
    _, cache = loss.forward(prediction, target)
    expected = numerical_gradient(lambda p: loss(p, target), prediction, 0.7)
    np.testing.assert_allclose(loss.backward(0.7, cache), expected, atol=1e-8)


@pytest.mark.parametrize(("kind", "prediction", "target"), CASES)
def test_precision_is_kept_and_arguments_too(kind, prediction, target):
    single = prediction.astype(np.float32)
    kept, goal = single.copy(), target.copy()
    value, cache = kind().forward(single, goal)
    assert value.dtype == np.float32
    assert kind().backward(1.0, cache).dtype == np.float32
    np.testing.assert_array_equal(single, kept)
    np.testing.assert_array_equal(goal, target)


def test_quadratic_loss_by_hand():
    a, y = np.array([[1.0, 2.0], [0.0, 4.0]]), np.array([[0.0, 0.0], [0.0, 1.0]])
    value, cache = nn.quadratic_loss(a, y)
    assert value == (1 + 4 + 0 + 9) / (2 * 2)
    np.testing.assert_array_equal(nn.quadratic_loss_backward(1.0, cache), (a - y) / 2)
    assert nn.quadratic_loss(a, y, "sum")[0] == 7
    np.testing.assert_allclose(value, 2 / 2 * nn.mse_loss(a, y)[0])
    assert nn.quadratic_loss(a, a)[0] == 0


def test_labels_and_one_hot_rows_give_the_same_cross_entropy():
    by_label, cache = nn.cross_entropy(LOGITS, LABELS)
    by_row, row_cache = nn.cross_entropy(LOGITS, ONE_HOT)
    np.testing.assert_allclose(by_label, by_row)
    gradient = nn.cross_entropy_backward(1.0, cache)
    np.testing.assert_allclose(gradient, nn.cross_entropy_backward(1.0, row_cache))
    np.testing.assert_allclose(gradient, (nn.softmax(LOGITS)[0] - ONE_HOT) / 2)
    np.testing.assert_allclose(by_label, nn.nll_loss(nn.log_softmax(LOGITS)[0], LABELS)[0])


def test_extreme_predictions_are_finite_and_silent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for loss, prediction, target in (
            (nn.CrossEntropyLoss(), 1000 * LOGITS, LABELS),
            (nn.CrossEntropyLoss(), 1000 * LOGITS, ONE_HOT),
            (nn.BCEWithLogitsLoss(), 1000 * LOGITS, ONE_HOT),
            (nn.BCELoss(), 1 - ONE_HOT, ONE_HOT),
            (nn.BCELoss(), (1 - ONE_HOT).astype(np.float32), ONE_HOT),
        ):
            value, cache = loss.forward(prediction, target)
            assert np.isfinite(value)
            assert np.isfinite(loss.backward(1.0, cache)).all()


@pytest.mark.parametrize(
    ("f", "arguments", "message"),
    [
        (nn.quadratic_loss, (LOGITS, LABELS), r"target: expected shape \(2, 3\), that of prediction, got \(2,\)"),
        (nn.mse_loss, (np.ones((4, 1)), np.ones(4)), r"target: expected shape \(4, 1\).*got \(4,\)"),
        (nn.mse_loss, (1.0, 2.0), "one row for each example"),
        (nn.quadratic_loss, (np.ones((0, 2)), np.ones((0, 2))), "at least one example"),
        (nn.cross_entropy, (LOGITS, [0, 3]), "labels: expected 0 to 2, got 0 to 3"),
        (nn.cross_entropy, (LOGITS, [-1, 0]), "labels: expected 0 to 2, got -1 to 0"),
        (nn.cross_entropy, (LOGITS, [0, 1, 2]), r"labels: expected shape \(2,\), got \(3,\)"),
        (nn.cross_entropy, (LOGITS, [0.0, 1.0]), "labels: expected integers from 0 to 2, got dtype float64"),
        (nn.cross_entropy, (LOGITS[0], LABELS), r"logits: expected shape \(N, C\), got \(3,\)"),
        (nn.nll_loss, (LOGITS, ONE_HOT), r"labels: expected shape \(2,\), got \(2, 3\)"),
        (nn.binary_cross_entropy, (LOGITS, ONE_HOT), "values from 0 to 1, got -2 to 3; for logits use"),
        (nn.binary_cross_entropy, (P * np.nan, ONE_HOT), "values from 0 to 1, got nan to nan"),
        (nn.binary_cross_entropy_with_logits, (LOGITS, LABELS), "target: expected shape"),
    ],
)
def test_wrong_input_is_named(f, arguments, message):
    with pytest.raises(ValueError, match=message):
        f(*arguments)


def test_reduction_is_mean_or_sum():
    for f, prediction, target in (
        (nn.mse_loss, LOGITS, ONE_HOT),
        (nn.quadratic_loss, LOGITS, ONE_HOT),
        (nn.cross_entropy, LOGITS, LABELS),
        (nn.binary_cross_entropy, P, ONE_HOT),
    ):
        with pytest.raises(ValueError, match="reduction: expected 'mean' or 'sum', got 'none'"):
            f(prediction, target, "none")
    with pytest.raises(ValueError, match="reduction"):
        nn.MSELoss("average")
