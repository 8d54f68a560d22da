import numpy as np
import pytest

from dlbook import data, nn, optim
from dlbook.models.transformer import Transformer
from dlbook.train import fit_steps

START, END = 1, 2


def rng(seed=0):
    return np.random.default_rng(seed)


def small(**settings):
    model = Transformer(7, 9, 6, 2, 8, rng=rng(), **settings)
    for parameter in model.parameters():
        parameter.data = parameter.data + rng(1).normal(0, 0.3, parameter.shape)
    return model


SOURCE, TARGET = rng(2).integers(3, 7, (3, 5)), np.c_[[START] * 3, rng(3).integers(3, 9, (3, 5))]
MASK = np.arange(5) < np.array([[5], [2], [4]])


@pytest.mark.parametrize("norm_first", [False, True])
def test_gradients_of_every_parameter(norm_first):
    model, step = small(norm_first=norm_first), 1e-5
    target = TARGET.copy()
    target[1, 4:] = 0
    model.learn_from(SOURCE, target, MASK, label_smoothing=0.2)
    gradients = {key: parameter.grad for key, parameter in model.named_parameters()}
    for key, parameter in model.named_parameters():
        place = np.unravel_index(np.abs(gradients[key]).argmax(), parameter.shape)
        values, before = [], parameter.data
        for sign in (1, -1):
            moved = before.copy()
            moved[place] += sign * step
            parameter.data = moved
            values.append(model.learn_from(SOURCE, target, MASK, label_smoothing=0.2))
        parameter.data = before
        numerical = (values[0] - values[1]) / (2 * step)
        assert gradients[key][place] == pytest.approx(numerical, rel=1e-5, abs=1e-9), key
        assert gradients[key][place] != 0, key


def test_the_decoder_sees_no_future_unless_asked_to():
    model, changed = small(), TARGET.copy()
    changed[:, 4:] = 8 - changed[:, 4:] + 3
    before, after = model(SOURCE, TARGET, MASK), model(SOURCE, changed, MASK)
    np.testing.assert_array_equal(before[:, :4], after[:, :4])
    leaking = model(SOURCE, TARGET, MASK, causal=False) - model(SOURCE, changed, MASK, causal=False)
    assert np.abs(leaking[:, :4]).max() > 1e-3


def test_padding_changes_nothing():
    model, longer = small(), np.c_[SOURCE, [[3, 4]] * 3]
    mask = np.c_[MASK, np.zeros((3, 2), bool)]
    np.testing.assert_allclose(model(longer, TARGET, mask), model(SOURCE, TARGET, MASK), rtol=1e-12, atol=1e-13)
    other = SOURCE.copy()
    other[~MASK] = 3
    np.testing.assert_array_equal(model(other, TARGET, MASK), model(SOURCE, TARGET, MASK))


def test_without_positions_the_order_of_the_source_is_lost():
    turned = SOURCE[:, ::-1]
    without, with_them = small(positions=False), small()
    np.testing.assert_allclose(without(turned, TARGET), without(SOURCE, TARGET), rtol=1e-10)
    assert np.abs(with_them(turned, TARGET) - with_them(SOURCE, TARGET)).max() > 1e-2


@pytest.mark.parametrize("norm_first", [False, True])
def test_written_with_caches_as_without(norm_first):
    model = small(norm_first=norm_first)
    fast = model.translate(SOURCE, MASK, start=START, end=END, length=9)
    slow = model.translate(SOURCE, MASK, start=START, end=END, length=9, cached=False)
    np.testing.assert_array_equal(fast, slow)
    tokens = np.full((3, 1), START)
    for _ in range(9):
        tokens = np.c_[tokens, model(SOURCE, tokens, MASK)[:, -1].argmax(-1)]
    for mine, expected in zip(fast, tokens[:, 1:], strict=True):
        stop = 1 + (expected.tolist().index(END) if END in expected else 8)
        np.testing.assert_array_equal(mine[:stop], expected[:stop])
        assert (mine[stop:] == END).all()


def test_a_beam_of_one_is_the_greedy_translation():
    model = small()
    written = model.translate(SOURCE[:1], start=START, end=END, length=6)[0].tolist()
    ((tokens, _),) = model.beam(SOURCE[0], start=START, end=END, width=1, length=6)
    assert tokens == written[: len(tokens)]
    three = model.beam(SOURCE[0], start=START, end=END, width=3, length=6, alpha=0.0)
    assert len(three) == 3
    for tokens, score in three:
        logits = model(SOURCE[:1], np.array([[START, *tokens[:-1]]]))[0]
        shares = nn.log_softmax(logits)[0]
        assert score == pytest.approx(shares[np.arange(len(tokens)), tokens].sum())


def test_maps_are_the_weights_of_every_layer():
    maps = small().maps(SOURCE, TARGET, MASK)
    assert [array.shape for array in maps.encoder] == [(3, 2, 5, 5)] * 2
    assert [array.shape for array in maps.decoder] == [(3, 2, 6, 6)] * 2
    assert [array.shape for array in maps.cross] == [(3, 2, 6, 5)] * 2
    for array in (*maps.encoder, *maps.decoder, *maps.cross):
        np.testing.assert_allclose(array.sum(-1), 1)
    assert not maps.cross[1][1, :, :, 2:].any()
    assert not np.triu(maps.decoder[0][0, 0], 1).any()


def test_it_learns_to_translate():
    english, french = data.translation_pairs(1500, rng())
    words = [
        {w: i for i, w in enumerate(["<pad>", "<start>", "<end>", *known])}
        for known in (data.ENGLISH_WORDS, data.FRENCH_WORDS)
    ]
    source = np.zeros((1500, 10), int)
    target = np.zeros((1500, 12), int)
    for row, (one, other) in enumerate(zip(english, french, strict=True)):
        ids = [words[0][w] for w in one.split()], [START, *(words[1][w] for w in other.split()), END]
        source[row, : len(ids[0])], target[row, : len(ids[1])] = ids
    model = Transformer(len(words[0]), len(words[1]), 32, 4, 64, 1, 1, rng=rng(), dtype=np.float32)
    optimizer = optim.Adam(model.parameters(), 5e-3)
    order = rng(4)
    batches = (
        (source[rows], target[rows], source[rows] > 0) for rows in (order.integers(0, 1400, 48) for _ in range(250))
    )
    losses = fit_steps(model.learn_from, batches, optimizer, max_norm=1.0)
    assert losses[0] > 3.5
    assert np.mean(losses[-10:]) < 0.1
    held_out = slice(1400, None)
    written = model.translate(source[held_out], source[held_out] > 0, start=START, end=END, length=11)
    wanted = np.where(target[held_out, 1:] == 0, END, target[held_out, 1:])
    assert (written == wanted).all(axis=1).mean() > 0.8


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: small()(SOURCE, TARGET[:2]), "target: expected 3 rows, as many as source has, got 2"),
        (lambda: small()(SOURCE, TARGET, MASK[:, 1:]), r"source_mask: expected booleans of shape \(3, 5\), as source"),
        (lambda: small()(SOURCE[0], TARGET), r"tokens: expected integers of shape \(N, T\), got \(5,\)"),
        (lambda: small()(SOURCE + 4, TARGET), "ids: expected 0 to 6, got 7 to 10"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
