import numpy as np
import pytest

from dlbook import nn, optim
from dlbook.models.char_rnn import CharRNN, evaluate, generate, learn, streams

K, H = 5, 4


def build(kind, seed=0, **settings):
    return CharRNN(K, H, kind, rng=np.random.default_rng(seed), **settings)


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_gradients(kind, numerical_gradient):
    model = build(kind, num_layers=2, embedding_dim=3)
    ids, targets = np.array([[0, 4], [2, 2], [1, 0]]), np.array([[2, 2], [1, 0], [3, 4]])
    loss = nn.CrossEntropyLoss()

    def cost():
        logits, _ = model(ids)
        return loss(logits.reshape(-1, K), targets.reshape(-1))

    (logits, _), cache = model.forward(ids)
    _, own = loss.forward(logits.reshape(-1, K), targets.reshape(-1))
    model.backward(loss.backward(1.0, own).reshape(logits.shape), cache)
    for name, parameter in model.named_parameters():

        def at(values):
            parameter.data = values
            return cost()

        before = parameter.data
        expected = numerical_gradient(at, before, 1.0)
        parameter.data = before
        np.testing.assert_allclose(parameter.grad, expected, rtol=1e-6, atol=1e-9, err_msg=name)


def test_pieces_follow_each_other():
    ids = np.arange(20)
    pieces = list(streams(ids, 2, 3))
    assert len(pieces) == 3
    np.testing.assert_array_equal(pieces[0][0], [[0, 9], [1, 10], [2, 11]])
    np.testing.assert_array_equal(pieces[1][0], [[3, 12], [4, 13], [5, 14]])
    for x, y in pieces:
        np.testing.assert_array_equal(y, x + 1)
    with pytest.raises(ValueError, match="ids: expected at least 7 for 2 parts of 3 steps, got 6"):
        list(streams(ids[:6], 2, 3))


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_what_repeats_is_learnt_and_written(kind):
    ids = np.tile([0, 1, 2, 0, 1, 3, 4], 60)
    model = CharRNN(K, 12, kind, rng=np.random.default_rng(1))
    losses = learn(model, ids, optim.Adam(model.parameters(), 0.02), passes=12, batch_size=4, steps=7)
    assert losses[0] > 1.3
    assert losses[-1] < 0.05
    assert evaluate(model, ids, batch_size=2, steps=10) < 0.1
    written = generate(model, ids[:7], 14, rng=np.random.default_rng(0), temperature=0)
    np.testing.assert_array_equal(written, ids[7:21])


def test_writing_follows_the_probabilities():
    model = build("gru")
    start = np.array([1, 3])
    logits, _ = model(start[:, None])
    rng = np.random.default_rng(0)
    for temperature in (0.5, 1.0, 3.0):
        shares = nn.softmax(logits[-1, 0] / temperature)[0]
        drawn = [int(generate(model, start, 1, rng=rng, temperature=temperature)[0]) for _ in range(4000)]
        counts = np.bincount(drawn, minlength=K)
        chi_square = np.sum((counts - 4000 * shares) ** 2 / (4000 * shares))
        assert chi_square < 18.5  # 4 degrees of freedom: one in a thousand, with a fixed generator


def test_the_state_makes_pieces_whole():
    model, ids = build("lstm"), np.array([[0], [3], [1], [2]])
    whole, _ = model(ids)
    first, state = model(ids[:2])
    second, _ = model(ids[2:], state)
    np.testing.assert_allclose(np.concatenate([first, second]), whole, rtol=1e-12)


def test_single_precision_stays():
    model = build("rnn", dtype=np.float32)
    ids = np.arange(40) % K
    learn(model, ids, optim.SGD(model.parameters(), 0.1), batch_size=2, steps=5)
    assert all(parameter.data.dtype == np.float32 for parameter in model.parameters())
    assert model(ids[:3, None])[0].dtype == np.float32


def test_wrong_input_is_named():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="kind: expected one of rnn, lstm, gru, got 'elman'"):
        CharRNN(K, H, "elman", rng=rng)
    with pytest.raises(ValueError, match="temperature: expected at least 0, got -1"):
        generate(build("rnn"), [1], 3, rng=rng, temperature=-1)
    with pytest.raises(ValueError, match=r"start: expected shape \(T,\) with T of at least 1, got \(0,\)"):
        generate(build("rnn"), [], 3, rng=rng)
    model = build("rnn")
    model.head.bias.data = np.full(K, np.nan)
    with pytest.raises(ValueError, match="loss: expected a number, got nan at step 0; lower the learning rate"):
        learn(model, np.arange(40) % K, optim.SGD(model.parameters(), 0.1), batch_size=2, steps=5)
