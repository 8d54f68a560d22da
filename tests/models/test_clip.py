import math

import numpy as np
import pytest

from dlbook import nn, optim
from dlbook.models import clip

PAIRS = [(1, 3), (4, 2), (5, 7)]


def vectors(N, d, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.3, 4, (N, 1)) * rng.normal(size=(N, d)), rng.normal(size=(N, d))


def model(text="bag", seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    pictures = nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2, rng=rng, dtype=dtype),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(16, 6, rng=rng, dtype=dtype),
    )
    texts = (
        clip.BagOfWords(8, 4, rng=rng, dtype=dtype)
        if text == "bag"
        else clip.TextTransformer(8, 6, 4, heads=2, layers=2, hidden=5, rng=rng, dtype=dtype)
    )
    return clip.CLIP(pictures, texts, 6, 4, 3, rng=rng, dtype=dtype)


def batch(seed=1):
    rng = np.random.default_rng(seed)
    ids = np.array([[3, 4, 1, 0, 0], [5, 1, 0, 0, 0], [7, 2, 3, 3, 1], [6, 1, 0, 0, 0]])
    return rng.normal(size=(4, 3, 5, 5)), ids


@pytest.mark.parametrize(("N", "d"), PAIRS)
@pytest.mark.parametrize("shared", [False, True])
def test_gradients_of_the_loss(N, d, shared, numerical_gradient):
    images, texts = vectors(N, d)
    log_scale = np.array(0.7)
    targets = np.random.default_rng(3).uniform(size=(N, N)) if shared else None
    _, cache = clip.info_nce(images, texts, log_scale, targets)
    found = clip.info_nce_backward(1.5, cache)
    inputs = [images, texts, log_scale]
    for place in range(3):

        def loss(value, place=place):
            return clip.info_nce(*inputs[:place], value, *inputs[place + 1 :], targets)[0]

        expected = numerical_gradient(loss, inputs[place], 1.5)
        np.testing.assert_allclose(found[place], expected, rtol=1e-5, atol=1e-8)


def test_the_loss_by_its_definition():
    images, texts = vectors(5, 3)
    cosines = (images / np.linalg.norm(images, axis=1)[:, None]) @ (texts / np.linalg.norm(texts, axis=1)[:, None]).T
    powers = np.exp(math.exp(1.2) * cosines)
    rows, columns = powers / powers.sum(axis=1, keepdims=True), powers / powers.sum(axis=0)
    expected = -0.5 * (np.log(np.diag(rows)).mean() + np.log(np.diag(columns)).mean())
    loss, _ = clip.info_nce(images, texts, 1.2)
    np.testing.assert_allclose(loss, expected)
    np.testing.assert_allclose(clip.info_nce(texts, images, 1.2)[0], loss)
    np.testing.assert_allclose(clip.info_nce(7 * images, texts, 1.2)[0], loss)
    np.testing.assert_allclose(clip.info_nce(images, texts, 1.2, np.eye(5))[0], loss)


def test_exact_losses():
    same = np.ones((6, 4))
    assert clip.info_nce(same, 3 * same, 2.0)[0] == pytest.approx(math.log(6))
    assert clip.info_nce(np.eye(5), np.eye(5), 7.0)[0] == pytest.approx(0, abs=1e-12)
    assert clip.info_nce(np.ones((1, 2)), -np.ones((1, 2)), 4.6)[0] == 0
    assert np.isfinite(clip.info_nce(*vectors(5, 3), 12.0)[0])


def test_single_precision_stays():
    images, texts = (a.astype(np.float32) for a in vectors(4, 3))
    loss, cache = clip.info_nce(images, texts, np.float32(1.0), clip.multi_positive_targets([0, 1, 0, 2]))
    assert loss.dtype == np.float32
    assert {gradient.dtype for gradient in clip.info_nce_backward(1.0, cache)} == {np.dtype(np.float32)}


def test_equal_captions_make_no_difference_but_other_words_do():
    rows = np.array([0, 1, 0, 2, 1, 0])
    images, texts = vectors(6, 4)
    targets = clip.multi_positive_targets(rows)
    for equal, sentences in ((True, texts[rows]), (False, texts)):
        plain, plain_cache = clip.info_nce(images, sentences, 1.0)
        shared, shared_cache = clip.info_nce(images, sentences, 1.0, targets)
        gradients = [clip.info_nce_backward(1.0, cache)[0] for cache in (plain_cache, shared_cache)]
        assert np.isclose(plain, shared) == equal
        assert np.allclose(*gradients) == equal


def test_wrong_shapes():
    with pytest.raises(ValueError, match=r"texts: expected shape \(N, d\), that of images \(4, 3\), got \(4, 2\)"):
        clip.info_nce(np.ones((4, 3)), np.ones((4, 2)), 1.0)
    with pytest.raises(ValueError, match=r"targets: expected shape \(4, 4\), got \(4, 3\)"):
        clip.info_nce(np.ones((4, 3)), np.ones((4, 3)), 1.0, np.ones((4, 3)))
    with pytest.raises(ValueError, match="a right answer in every row and column"):
        clip.info_nce(np.ones((2, 3)), np.ones((2, 3)), 1.0, np.array([[1, 1], [0, 0]]))


def test_targets():
    np.testing.assert_allclose(clip.multi_positive_targets([7, 2, 7]), [[0.5, 0, 0.5], [0, 1, 0], [0.5, 0, 0.5]])
    np.testing.assert_array_equal(clip.multi_positive_targets([3, 1, 2]), np.eye(3))


def test_classes_out_of_prompts():
    prompts = np.array([[[2.0, 0.0], [0.0, 5.0]], [[0.0, -1.0], [0.0, -9.0]]])
    classes = clip.class_vectors(prompts)
    np.testing.assert_allclose(classes, [[math.sqrt(0.5), math.sqrt(0.5)], [0, -1]])
    np.testing.assert_array_equal(clip.zero_shot(np.array([[1.0, 0.2], [0.1, -3.0]]), classes), [0, 1])


def test_recall():
    table = np.array([[5.0, 9.0, 1.0], [1.0, 2.0, 2.0], [0.0, 0.0, 3.0]])
    assert clip.recall_at_k(table, 1) == pytest.approx((1 / 3, 2 / 3))
    assert clip.recall_at_k(table, 2) == pytest.approx((1, 1))
    assert clip.recall_at_k(np.zeros((4, 4)), 3) == (0, 0)
    assert clip.recall_at_k(np.zeros((4, 4)), 4) == (1, 1)


def test_words():
    words = clip.Words(["a red cat", "a blue dog"])
    assert words.vocabulary == ["", "<end>", "a", "blue", "cat", "dog", "red"]
    np.testing.assert_array_equal(words.encode(["a cat", "dog a blue"], 4), [[2, 4, 1, 0], [5, 2, 3, 1]])
    with pytest.raises(ValueError, match="got 'green' in 'a green cat'"):
        words.encode(["a green cat"], 5)
    with pytest.raises(ValueError, match="expected at most 2 words, got 3"):
        words.encode(["a red cat"], 3)


@pytest.mark.parametrize("text", ["bag", "transformer"])
def test_gradients_of_the_model(text, numerical_gradient):
    ours, (pictures, ids) = model(text), batch()
    ours.zero_grad()
    _, cache = ours.forward(pictures, ids)
    ours.backward(1.0, cache)
    for name, parameter in ours.named_parameters():
        before = parameter.data

        def at(values, parameter=parameter):
            parameter.data = values
            return ours(pictures, ids)

        expected = numerical_gradient(at, before, 1.0)
        parameter.data = before
        np.testing.assert_allclose(parameter.grad, expected, rtol=1e-4, atol=1e-7, err_msg=name)


@pytest.mark.parametrize("text", ["bag", "transformer"])
def test_padding_is_not_read(text):
    encoder = model(text).text_encoder
    ids = batch()[1]
    longer = np.concatenate([ids, np.zeros((4, 1), int)], axis=1)
    np.testing.assert_allclose(encoder(longer), encoder(ids))
    moved = model(text)
    moved.text_encoder.embedding.weight.data[0] += 5
    np.testing.assert_allclose(moved.text_encoder(ids), encoder(ids))


def test_the_order_of_words():
    there, back = np.array([[3, 4, 5]]), np.array([[5, 4, 3]])
    bag, transformer = model("bag").text_encoder, model("transformer").text_encoder
    np.testing.assert_allclose(bag(there), bag(back))
    assert not np.allclose(transformer(there), transformer(back))
    with pytest.raises(ValueError, match=r"T at most 6, got \(1, 7\)"):
        transformer(np.ones((1, 7), int))


@pytest.mark.parametrize("text", ["bag", "transformer"])
def test_pairs_are_learnt(text):
    ours, (pictures, ids) = model(text, dtype=np.float32), batch()
    optimizer = optim.Adam(ours.parameters(), 0.03)
    losses = clip.learn(ours, ((pictures.astype(np.float32), ids) for _ in range(200)), optimizer)
    assert losses[0] > 1
    assert losses[-1] < 0.05
    similarity = ours.encode_pictures(pictures) @ ours.encode_texts(ids).T
    assert clip.recall_at_k(similarity, 1) == (1, 1)
    assert ours.log_scale.data.dtype == np.float32


def test_the_scale_is_limited():
    ours, (pictures, ids) = model(), batch()
    ours.log_scale.data = np.array(4.5)
    clip.learn(ours, [(pictures, ids)], optim.SGD([ours.log_scale], 0.0))
    assert ours.log_scale.data == 4.5
    ours.log_scale.data = np.array(5.0)
    ours.limit_scale()
    assert np.exp(ours.log_scale.data) == pytest.approx(100)


def test_a_loss_that_is_no_number():
    ours, (pictures, ids) = model(), batch()
    with pytest.raises(ValueError, match="loss: expected a number, got nan at step 0"), np.errstate(invalid="ignore"):
        clip.learn(ours, [(pictures * np.nan, ids)], optim.SGD(ours.parameters(), 0.1))


@pytest.mark.parametrize("text", ["bag", "transformer"])
@pytest.mark.parametrize("shared", [False, True])
def test_torch(text, shared):
    torch = pytest.importorskip("torch")
    from dlbook.torch import from_torch, twin

    torch.set_num_threads(1)
    ours, (pictures, ids) = model(text), batch()
    theirs = twin(ours)
    targets = clip.multi_positive_targets([0, 1, 1, 2]) if shared else None
    loss, cache = ours.forward(pictures, ids, targets)
    ours.zero_grad()
    ours.backward(1.0, cache)
    tensors = torch.from_numpy(pictures), torch.from_numpy(ids)
    their_loss = theirs(*tensors, None if targets is None else torch.from_numpy(targets))
    their_loss.backward()
    np.testing.assert_allclose(loss, their_loss.item(), rtol=1e-12)
    gradients = dict(theirs.named_parameters())
    assert [name for name, _ in ours.named_parameters()] == list(gradients)
    for name, parameter in ours.named_parameters():
        gradient = gradients[name].grad.numpy()
        np.testing.assert_allclose(parameter.grad, gradient, rtol=1e-8, atol=1e-11, err_msg=name)
    np.testing.assert_allclose(ours.encode_pictures(pictures), theirs.encode_pictures(tensors[0]).detach().numpy())
    np.testing.assert_allclose(ours.encode_texts(ids), theirs.encode_texts(tensors[1]).detach().numpy())
    again = from_torch(theirs, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(again.forward(pictures, ids, targets)[0], loss)
