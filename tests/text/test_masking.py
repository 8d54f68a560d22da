import numpy as np
import pytest

from dlbook.text import mask_tokens

SPECIAL = [0, 1, 2]  # 2 is [MASK]


def test_one_of_seven_tokens_is_chosen_and_eight_of_ten_of_these_are_masked():
    ids = np.random.default_rng(0).integers(0, 50, (1000, 1000))
    inputs, labels = mask_tokens(ids, 2, 50, SPECIAL, rng=np.random.default_rng(1))
    ordinary, chosen = ids > 2, labels != -100
    assert not chosen[~ordinary].any()
    np.testing.assert_array_equal(labels[chosen], ids[chosen])
    np.testing.assert_array_equal(inputs[~chosen], ids[~chosen])
    count = ordinary.sum()
    masked, same = chosen & (inputs == 2), chosen & (inputs == ids)
    changed = chosen & ~masked & ~same
    for found, share in ((masked, 0.12), (same, 0.015 * (1 + 1 / 47)), (changed, 0.015 * 46 / 47)):
        assert abs(found.sum() - share * count) < 4 * np.sqrt(share * count)
    assert inputs[changed].min() == 3
    counts = np.bincount(inputs[changed], minlength=50)[3:]
    assert np.sum((counts - counts.mean()) ** 2) / counts.mean() < 80  # χ² of 46 degrees of freedom, one in a thousand


def test_the_shares_can_be_set():
    ids = np.arange(3, 43).reshape(4, 10)
    before = ids.copy()
    everything = mask_tokens(ids, 2, 50, SPECIAL, rng=np.random.default_rng(0), rate=1, split=(1, 0, 0))
    np.testing.assert_array_equal(everything[0], 2)
    np.testing.assert_array_equal(everything[1], ids)
    nothing = mask_tokens(ids, 2, 50, SPECIAL, rng=np.random.default_rng(0), rate=0)
    np.testing.assert_array_equal(nothing[0], ids)
    np.testing.assert_array_equal(nothing[1], -100)
    same, labels = mask_tokens(ids, 2, 50, SPECIAL, rng=np.random.default_rng(0), rate=0.5, split=(0, 0, 1))
    np.testing.assert_array_equal(same, ids)
    assert 0 < (labels == -100).sum() < ids.size
    np.testing.assert_array_equal(ids, before)


def test_wrong_input_is_named():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="ids: expected integers, got dtype float64"):
        mask_tokens(np.ones(3), 2, 50, rng=rng)
    with pytest.raises(ValueError, match="three that add up to 1"):
        mask_tokens(np.ones(3, int), 2, 50, rng=rng, split=(0.8, 0.1, 0.2))
    with pytest.raises(ValueError, match="special: expected to leave an ordinary token among the 3, got all of them"):
        mask_tokens(np.ones(3, int), 2, 3, SPECIAL, rng=rng)
