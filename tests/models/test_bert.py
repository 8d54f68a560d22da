import numpy as np
import pytest

from dlbook import nn, optim
from dlbook.models.bert import (
    BERT,
    BERT_BASE,
    BERT_LARGE,
    BERTConfig,
    ClassificationHead,
    MaskedLMHead,
    NextSentenceHead,
    PretrainingHead,
    SpanHead,
    TaggingHead,
    WithHead,
    best_span,
    parameter_count,
    sentence_embedding,
    sentence_embedding_backward,
)

K, D, N, T = 11, 8, 3, 5
CONFIG = BERTConfig(K, D, 2, 2, 12, positions=7)
IDS = np.array([[2, 5, 7, 3, 0], [2, 9, 4, 10, 3], [2, 3, 0, 0, 0]])
SEGMENTS = np.array([[0, 0, 0, 0, 0], [0, 0, 1, 1, 1], [0, 1, 0, 0, 0]])
MASK = np.array([[1, 1, 1, 1, 0], [1, 1, 1, 1, 1], [1, 1, 0, 0, 0]], dtype=bool)
PLACES = np.array([[0, 1, 0, 1, 0], [0, 0, 0, 1, 0], [1, 0, 0, 0, 0]], dtype=bool)


def build(seed=0, config=CONFIG, **settings):
    """A small BERT whose weights are large enough that nothing is near zero, norms and biases included."""
    bert, rng = BERT(config, rng=np.random.default_rng(seed), **settings), np.random.default_rng(seed + 1)
    for parameter in bert.parameters():
        parameter.data = (parameter.data + 0.4 * rng.standard_normal(parameter.shape)).astype(parameter.data.dtype)
    return bert


HEADS = {
    "masked words": (MaskedLMHead, {}, (), (N, T, K)),
    "masked words at places": (MaskedLMHead, {}, (PLACES,), (4, K)),
    "classes": (ClassificationHead, {"classes": 4}, (), (N, 4)),
    "next sentence": (NextSentenceHead, {}, (), (N, 2)),
    "tags": (TaggingHead, {"tags": 3}, (), (N, T, 3)),
    "span": (SpanHead, {}, (), (N, 2, T)),
}


@pytest.mark.parametrize("name", HEADS)
def test_gradients(name, numerical_gradient):
    kind, settings, more, shape = HEADS[name]
    bert = build()
    model = WithHead(bert, kind(bert, rng=np.random.default_rng(5), **settings))
    y, cache = model.forward(IDS, SEGMENTS, MASK, *more)
    assert y.shape == shape
    dy = np.random.default_rng(3).standard_normal(shape)
    model.backward(dy, cache)
    rng = np.random.default_rng(4)
    for label, parameter in model.named_parameters():
        if parameter.grad is None:
            assert label.startswith("bert.pooler"), label
            continue
        flat, before = rng.permutation(parameter.data.size)[:6], parameter.data
        for index in flat:

            def at(value, index=index, parameter=parameter, before=before):
                parameter.data = before.copy()
                parameter.data.flat[index] = value[0]
                return model(IDS, SEGMENTS, MASK, *more)

            expected = numerical_gradient(at, before.flat[index : index + 1], dy)
            parameter.data = before
            np.testing.assert_allclose(parameter.grad.flat[index], expected[0], rtol=1e-5, atol=1e-7, err_msg=label)


def test_both_tasks_at_once_add_their_gradients():
    bert = build()
    model = WithHead(bert, PretrainingHead(bert, rng=np.random.default_rng(5)))
    rng, gradients = np.random.default_rng(6), []
    dwords, dfollows = rng.standard_normal((4, K)), rng.standard_normal((N, 2))
    for share in ((1, 0), (0, 1), (1, 1)):
        (words, follows), cache = model.forward(IDS, SEGMENTS, MASK, PLACES)
        assert words.shape == (4, K)
        assert follows.shape == (N, 2)
        model.zero_grad()
        model.backward((share[0] * dwords, share[1] * dfollows), cache)
        gradients.append([parameter.grad for parameter in model.parameters()])
    for first, second, both in zip(*gradients, strict=True):
        np.testing.assert_allclose(both, first + second, rtol=1e-10, atol=1e-12)


def test_the_output_is_the_embedding():
    bert = build()
    model = WithHead(bert, MaskedLMHead(bert, rng=np.random.default_rng(0)))
    assert model.head.token.weight is bert.token.weight
    names = [name for name, _ in model.named_parameters()]
    assert "bert.token.weight" in names
    assert "head.token.weight" not in names
    np.testing.assert_array_equal(model(IDS, SEGMENTS, MASK, PLACES), model(IDS, SEGMENTS, MASK)[PLACES])


def test_padding_does_not_matter():
    bert = build()
    whole = bert(IDS, SEGMENTS, MASK)
    other = np.where(MASK, IDS, 8)
    np.testing.assert_allclose(bert(other, SEGMENTS, MASK)[MASK], whole[MASK], rtol=1e-12)
    alone = bert(IDS[:1, :4], SEGMENTS[:1, :4])
    np.testing.assert_allclose(alone, whole[:1, :4], rtol=1e-10)


def test_every_token_sees_both_sides_and_a_mask_of_pairs_can_forbid_it():
    bert = build()
    changed = IDS.copy()
    changed[1, 3] = 6
    moved = np.abs(bert(changed) - bert(IDS)).max(axis=2) > 1e-9
    assert moved[1].all()
    assert not moved[[0, 2]].any()
    causal = np.tri(T, dtype=bool)[None]
    moved = np.abs(bert(changed, mask=causal) - bert(IDS, mask=causal)).max(axis=2) > 1e-9
    assert moved[1].tolist() == [False, False, False, True, True]


def test_without_positions_the_output_moves_with_the_input():
    bert = build()
    bert.position.weight.data = np.zeros((7, D))
    order = np.array([3, 0, 4, 1, 2])
    np.testing.assert_allclose(bert(IDS[:, order]), bert(IDS)[:, order], rtol=1e-10)


def test_states_of_all_layers():
    bert = build()
    states = bert.states(IDS, SEGMENTS, MASK)
    assert len(states) == 3
    np.testing.assert_array_equal(states[-1], bert(IDS, SEGMENTS, MASK))
    np.testing.assert_allclose(
        states[0],
        nn.layer_norm(
            bert.token.weight.data[IDS] + bert.position.weight.data[:T] + bert.segment.weight.data[SEGMENTS],
            bert.norm.weight.data,
            bert.norm.bias.data,
            1e-12,
        )[0],
        rtol=1e-12,
    )


def test_parameter_counts():
    assert parameter_count(BERT_BASE) == 109_482_240
    assert parameter_count(BERT_BASE, pooler=False) == 108_891_648
    assert parameter_count(BERT_LARGE) == 335_141_888
    assert sum(parameter.data.size for parameter in build().parameters()) == parameter_count(CONFIG)


def test_the_start():
    config = BERTConfig(40, 32, 1, 4, 64, positions=30)
    bert = BERT(config, rng=np.random.default_rng(0), dtype=np.float32)
    for name, parameter in bert.named_parameters():
        assert parameter.data.dtype == np.float32
        if parameter.data.ndim == 2 and parameter.data.size > 500:
            assert abs(parameter.data.std() - 0.02) < 0.002, name
        elif parameter.data.ndim == 1:
            assert (parameter.data == (0 if name.endswith("bias") else 1)).all(), name
    assert bert(IDS).dtype == np.float32


def test_a_small_one_learns_what_only_the_right_side_tells():
    rng = np.random.default_rng(0)
    bert = BERT(BERTConfig(8, 16, 1, 2, 32, positions=4), rng=rng)
    model = WithHead(bert, MaskedLMHead(bert, rng=rng))
    optimizer = optim.Adam(model.parameters(), 0.01)
    for _ in range(150):
        last = rng.integers(0, 2, 32)
        ids = np.stack([np.full(32, 2), np.full(32, 3), rng.integers(6, 8, 32), 4 + last], axis=1)
        places = np.zeros(ids.shape, bool)
        places[:, 1] = True
        logits, cache = model.forward(ids, None, None, places)
        _, own = nn.cross_entropy(logits, last)
        optimizer.zero_grad()
        model.backward(nn.cross_entropy_backward(1.0, own), cache)
        optimizer.step()
    assert (logits.argmax(axis=1) == last).all()


def test_dropout_is_silent_in_evaluation():
    config = BERTConfig(K, D, 1, 2, 12, positions=7, dropout=0.5)
    bert = build(config=config)
    assert np.abs(bert(IDS) - bert(IDS)).max() > 0.01
    bert.eval()
    np.testing.assert_array_equal(bert(IDS), bert(IDS))


@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_sentence_embedding(scale, numerical_gradient):
    hidden = scale * np.random.default_rng(0).standard_normal((N, T, D))
    y, cache = sentence_embedding(hidden, MASK)
    for n in range(N):
        mean = hidden[n][MASK[n]].mean(axis=0)
        np.testing.assert_allclose(y[n], mean / np.linalg.norm(mean), rtol=1e-12)
    dy = np.random.default_rng(1).standard_normal((N, D))
    dhidden = sentence_embedding_backward(dy, cache)
    expected = numerical_gradient(lambda h: sentence_embedding(h, MASK)[0], hidden, dy, step=1e-5 * scale)
    np.testing.assert_allclose(dhidden, expected, rtol=1e-6, atol=1e-6 / scale * 1e-3)
    assert (dhidden[~MASK] == 0).all()


def test_a_text_without_tokens_is_zero():
    hidden = np.ones((2, 3, 4), np.float32)
    y, cache = sentence_embedding(hidden, np.array([[True] * 3, [False] * 3]))
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, [[0.5] * 4, [0] * 4])
    assert np.isfinite(sentence_embedding_backward(np.ones((2, 4), np.float32), cache)).all()


def test_best_span():
    assert best_span([0.0, 3.0, 1.0], [5.0, 0.0, 4.0]) == (1, 2)
    assert best_span([1.0, 9.0, 0.0], [9.0, 0.0, 1.0]) == (0, 0)  # 10 and 10: the first
    assert best_span([9.0, 0.0, 0.0, 0.0], [0.0, 1.0, 2.0, 9.0], longest=3) == (0, 2)
    assert best_span([-np.inf, -2.0], [7.0, -3.0]) == (1, 1)
    rng = np.random.default_rng(0)
    for _ in range(50):
        start, end, longest = rng.normal(size=6), rng.normal(size=6), int(rng.integers(1, 7))
        right = max(
            ((i, j) for i in range(6) for j in range(i, min(6, i + longest))), key=lambda s: start[s[0]] + end[s[1]]
        )
        assert best_span(start, end, longest) == right


def test_spans_are_found_where_allowed():
    bert = build()
    head = SpanHead(bert, rng=np.random.default_rng(0))
    hidden = bert(IDS)
    scores, cache = head.forward(hidden, MASK)
    assert np.isneginf(scores[0, :, 4]).all()
    np.testing.assert_array_equal(scores[1], head(hidden)[1])
    for example in range(N):
        assert best_span(*scores[example])[1] < MASK[example].sum()
    probabilities, own = nn.softmax(scores)
    assert (probabilities[~np.broadcast_to(MASK[:, None], scores.shape)] == 0).all()
    assert np.isfinite(head.backward(nn.softmax_backward(np.ones(scores.shape), own), cache)).all()


def test_wrong_input_is_named():
    bert = build()
    with pytest.raises(ValueError, match="width: expected a multiple of heads = 3, got 8"):
        BERTConfig(K, 8, 2, 3, 12)
    with pytest.raises(ValueError, match="layers: expected at least 1, got 0"):
        BERTConfig(K, 8, 0, 2, 12)
    with pytest.raises(ValueError, match="dropout: expected 0 ≤ dropout < 1, got 1"):
        BERTConfig(K, 8, 1, 2, 12, dropout=1.0)
    with pytest.raises(ValueError, match=r"ids: expected shape \(N, T\) with T up to 7, got \(1, 8\)"):
        bert(np.zeros((1, 8), int))
    with pytest.raises(ValueError, match="segments: expected the shape of ids"):
        bert(IDS, SEGMENTS[:, :3])
    with pytest.raises(ValueError, match=r"mask: expected booleans \(3, 5\) or \(3, 5, 5\), got int64 \(3, 5\)"):
        bert(IDS, mask=MASK.astype(int))
    with pytest.raises(ValueError, match=r"mask: expected booleans \(3, 5\), for hidden"):
        sentence_embedding(np.ones((3, 5, 2)), MASK[:, :4])
    with pytest.raises(ValueError, match="expected at least one place that is allowed, got none of 2"):
        best_span([-np.inf, 0], [0, -np.inf])
    with pytest.raises(ValueError, match="expected two arrays"):
        best_span([1.0, 2.0], [1.0])


torch = pytest.importorskip("torch", reason="the same network in torch")


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_the_layers_equal_those_of_torch(one_thread):
    bert = build()
    layer = torch.nn.TransformerEncoderLayer(D, 2, 12, 0.0, "gelu", 1e-12, batch_first=True, dtype=torch.float64)
    theirs = torch.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    theirs.load_state_dict({name: torch.from_numpy(value) for name, value in bert.encoder.state_dict().items()})
    x = torch.from_numpy(bert.states(IDS, SEGMENTS, MASK)[0])
    expected = theirs(x, src_key_padding_mask=torch.from_numpy(~MASK)).detach().numpy()
    np.testing.assert_allclose(bert(IDS, SEGMENTS, MASK)[MASK], expected[MASK], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", HEADS)
def test_the_twin_has_the_same_outputs_and_gradients(name, one_thread):
    from dlbook.torch import from_torch, twin

    kind, settings, more, shape = HEADS[name]
    own = build()
    model = WithHead(own, kind(own, rng=np.random.default_rng(5), **settings))
    theirs = twin(model)
    y, cache = model.forward(IDS, SEGMENTS, MASK, *more)
    ty = theirs(*(torch.from_numpy(array) for array in (IDS, SEGMENTS, MASK, *more)))
    np.testing.assert_allclose(y, ty.detach().numpy(), rtol=1e-10, atol=1e-12)
    dy = np.random.default_rng(3).standard_normal(shape)
    model.backward(dy, cache)
    ty.backward(torch.from_numpy(dy))
    gradients = dict(theirs.named_parameters())
    assert [label for label, _ in model.named_parameters()] == list(gradients)
    for label, parameter in model.named_parameters():
        found = gradients[label].grad
        if parameter.grad is None:
            assert found is None
        else:
            np.testing.assert_allclose(parameter.grad, found.numpy(), rtol=1e-9, atol=1e-11, err_msg=label)
    again = from_torch(theirs, rng=np.random.default_rng(0))
    assert type(again.head) is kind
    np.testing.assert_array_equal(again(IDS, SEGMENTS, MASK, *more), y)


def test_the_twin_without_a_head_and_with_a_mask_of_pairs(one_thread):
    from dlbook.torch import from_torch, twin

    own = build().eval()
    theirs = twin(own)
    assert not theirs.training
    np.testing.assert_array_equal(from_torch(theirs)(IDS), own(IDS))
    causal = np.tri(T, dtype=bool)[None]
    expected = theirs(torch.from_numpy(IDS), mask=torch.from_numpy(causal)).detach().numpy()
    np.testing.assert_allclose(own(IDS, mask=causal), expected, rtol=1e-10, atol=1e-12)
    with pytest.raises(ValueError, match="Linear: torch has no equivalent; expected one of ClassificationHead"):
        twin(WithHead(own, nn.Linear(2, 2, rng=np.random.default_rng(0))))
