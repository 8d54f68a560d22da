"""Documents of topics, bags of words, and the autoencoder with its gradient."""

import numpy as np
import pytest

from dlbook import nn
from dlbook.models import dbn
from dlbook.models import deep_autoencoder as da

TOPICS = {"sea": ["wave", "salt", "ship"], "sky": ["cloud", "wind"]}


def test_documents_of_a_topic_use_its_words():
    documents, labels = da.topic_documents(TOPICS, ["and"], 3, 8, np.random.default_rng(0))
    assert [len(d) for d in documents] == [8] * 6
    np.testing.assert_array_equal(labels, [0, 0, 0, 1, 1, 1])
    for words, label in zip(documents, labels, strict=True):
        assert set(words) <= {*list(TOPICS.values())[label], "and"}
    assert da.topic_documents(TOPICS, ["and"], 1, 5, np.random.default_rng(0), share=0.0)[0][0] == ["and"] * 5


def test_bag_of_words_by_hand():
    bags = da.bag_of_words([["wave", "salt", "wave"], ["moon"], []], ["salt", "wave"])
    np.testing.assert_allclose(bags, [[0.5, 1], [0, 0], [0, 0]])
    with pytest.raises(ValueError, match="every word once"):
        da.bag_of_words([], ["salt", "salt"])


def test_nearest_first():
    codes = np.array([[0.0, 0], [3, 0], [1, 0], [1, 0]])
    np.testing.assert_array_equal(da.nearest(codes, np.array([1.1, 0]), 3), [2, 3, 0])


def test_gradients_against_differences():
    rng = np.random.default_rng(1)
    model = da.DeepAutoencoder([5, 4, 2], rng)
    x, dy = rng.normal(size=(3, 5)), rng.normal(size=(3, 5))
    y, cache = model.forward(x)
    assert y.shape == x.shape
    dx = model.backward(dy, cache)
    for array, gradient in [(x, dx), *((p.data, p.grad) for p in model.parameters())]:
        for i in list(np.ndindex(array.shape))[::3]:
            kept, ends = array[i], []
            for eps in (1e-6, -1e-6):
                array[i] = kept + eps
                ends.append(np.sum(dy * model(x)))
            array[i] = kept
            assert gradient[i] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-7)


def test_unrolled_rbms_reconstruct_as_they_do():
    rng = np.random.default_rng(2)
    x = (rng.random((30, 6)) < 0.5).astype(float)
    stack = dbn.pretrain(x, [5, 3], rng, epochs=3)
    model = da.unroll(stack, rng)
    np.testing.assert_allclose(model.encoder(x), dbn.transform(stack, x))
    down = stack[0].a + nn.sigmoid(dbn.transform(stack, x) @ stack[1].W + stack[1].a)[0] @ stack[0].W
    np.testing.assert_allclose(model(x), down)


def test_errors_say_what_came():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="from 0 to 1"):
        da.topic_documents(TOPICS, ["and"], 1, 1, rng, share=2)
    with pytest.raises(ValueError, match="input and a code"):
        da.DeepAutoencoder([4], rng)
