import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbook import nn


def parameters(seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    made = [nn.Parameter(np.ones(shape, dtype)) for shape in [(3, 4), (), (5,), (2,)]]
    for parameter in made[:3]:
        parameter.grad = np.asarray(rng.standard_normal(parameter.shape) * 3, dtype)
    return made


@given(st.integers(0, 1000), st.floats(0, 30))
def test_clipping_equals_that_of_torch(seed, limit):
    torch = pytest.importorskip("torch")
    for ours, theirs in (
        (nn.clip_grad_norm_, torch.nn.utils.clip_grad_norm_),
        (nn.clip_grad_value_, torch.nn.utils.clip_grad_value_),
    ):
        mine = parameters(seed)
        twins = [torch.nn.Parameter(torch.tensor(parameter.data)) for parameter in mine]
        before = [parameter.grad for parameter in mine]
        copies = [None if grad is None else grad.copy() for grad in before]
        for parameter, twin in zip(mine, twins, strict=True):
            twin.grad = None if parameter.grad is None else torch.tensor(parameter.grad)
        result, reference = ours(mine, limit), theirs(twins, limit)
        if reference is not None:
            assert result == pytest.approx(reference.item(), rel=1e-12)
        for parameter, twin in zip(mine[:3], twins, strict=False):
            np.testing.assert_allclose(parameter.grad, twin.grad.numpy(), rtol=1e-12, atol=1e-12)
        assert mine[3].grad is None
        np.testing.assert_equal(before, copies)


def test_precision_stays_and_small_gradients_keep_their_size():
    clipped, kept = parameters(0, np.float32), parameters(0)
    nn.clip_grad_norm_(clipped, np.float64(0.5))
    nn.clip_grad_value_(clipped, np.float64(0.1))
    assert all(type(p.grad) is np.ndarray and p.grad.dtype == np.float32 for p in clipped[:3])
    before = [parameter.grad for parameter in kept]
    assert nn.clip_grad_norm_(kept, 1e6) == pytest.approx(np.sqrt(sum((g**2).sum() for g in before[:3])))
    assert all(parameter.grad is grad for parameter, grad in zip(kept, before, strict=True))
    assert nn.clip_grad_norm_([], 1.0) == 0
    assert nn.clip_grad_norm_(kept[0], 1.0) == pytest.approx(np.linalg.norm(before[0]))


def test_a_norm_that_is_not_a_number_spoils_all_gradients():
    spoilt = parameters(0)
    spoilt[1].grad = np.array(np.nan)
    assert np.isnan(nn.clip_grad_norm_(spoilt, 1.0))
    assert all(np.isnan(parameter.grad).all() for parameter in spoilt[:3])


def test_negative_limits_are_refused():
    with pytest.raises(ValueError, match="max_norm: expected at least 0, got -1"):
        nn.clip_grad_norm_([], -1)
    with pytest.raises(ValueError, match="clip_value: expected at least 0, got nan"):
        nn.clip_grad_value_([], float("nan"))
