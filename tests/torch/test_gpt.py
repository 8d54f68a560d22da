"""The GPT: what it may see, its size, its start, that it learns and writes."""

import pytest

torch = pytest.importorskip("torch")

from dlbook.models.gpt import GPT_2, GPTConfig  # noqa: E402
from dlbook.torch.gpt import GPT, next_token_loss  # noqa: E402

TINY = GPTConfig(vocabulary_size=11, block=8, layers=2, heads=2, width=12)


def tiny(config=TINY, seed=0):
    torch.manual_seed(seed)
    return GPT(config)


def ids(N=3, T=8, seed=1):
    return torch.randint(11, (N, T), generator=torch.Generator().manual_seed(seed))


def test_what_comes_later_changes_nothing_before():
    model, x = tiny(), ids()
    changed = x.clone()
    changed[:, 5:] = (changed[:, 5:] + 1) % 11
    before, after = model(x), model(changed)
    torch.testing.assert_close(before[:, :5], after[:, :5], rtol=0, atol=1e-6)
    assert (before[:, 5:] - after[:, 5:]).abs().amax(dim=-1).min() > 1e-4


def test_a_shorter_text_gives_the_same_logits():
    model, x = tiny(), ids()
    torch.testing.assert_close(model(x[:, :3]), model(x)[:, :3])


def test_the_size_of_gpt_2_small():
    with torch.device("meta"):
        model = GPT(GPT_2["small"])
    assert sum(parameter.numel() for parameter in model.parameters()) == 124_439_808
    assert model.flops_per_token() == 6 * (124_439_808 - 1024 * 768) + 12 * 12 * 768 * 1024


def test_the_first_loss_is_that_of_guessing():
    loss = next_token_loss(tiny()(ids(N=40)), ids(N=40, seed=2))
    assert loss.item() == pytest.approx(2.398, abs=0.02)  # log 11


def test_residual_projections_start_smaller():
    model = tiny(GPTConfig(vocabulary_size=50, block=8, layers=8, heads=2, width=64))
    spread = {name: p.std().item() for name, p in model.named_parameters() if p.ndim == 2}
    assert spread["blocks.3.linear1.weight"] == pytest.approx(0.02, rel=0.05)
    assert spread["blocks.3.linear2.weight"] == pytest.approx(0.02 / 4, rel=0.05)
    assert spread["blocks.3.self_attn.out_proj.weight"] == pytest.approx(0.02 / 4, rel=0.05)


def test_gradients_reach_every_parameter():
    model = tiny()
    next_token_loss(model(ids()), ids(seed=2)).backward()
    for name, parameter in model.named_parameters():
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, name


def test_the_attention_is_the_textbook_s():
    attention = tiny().blocks[0].self_attn
    x = torch.randn(2, 5, 12, generator=torch.Generator().manual_seed(0))
    qkv = torch.nn.functional.linear(x, attention.in_proj_weight, attention.in_proj_bias)
    q, k, v = qkv.split(12, dim=-1)
    heads = []
    for part in (slice(0, 6), slice(6, 12)):
        scores = q[..., part] @ k[..., part].transpose(1, 2) / 6**0.5
        scores = scores.masked_fill(~torch.ones(5, 5, dtype=torch.bool).tril(), -torch.inf)
        heads.append(scores.softmax(-1) @ v[..., part])
    torch.testing.assert_close(attention(x), attention.out_proj(torch.cat(heads, dim=-1)))


def test_it_learns_a_short_text_by_heart():
    model, x = tiny(), torch.tensor([[1, 2, 3, 4, 5, 4, 3, 2]])
    y = torch.tensor([[2, 3, 4, 5, 4, 3, 2, 1]])
    optimizer = torch.optim.AdamW(model.parameter_groups(0.1), lr=1e-2)
    for _ in range(80):
        optimizer.zero_grad()
        loss = next_token_loss(model(x), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.02
    written = model.generate(x[:, :4], 5, torch.Generator(), temperature=0)
    assert written.tolist() == [[1, 2, 3, 4, 5, 4, 3, 2, 1]]


def test_matrices_decay_and_the_others_do_not():
    model = tiny()
    matrices, others = model.parameter_groups(0.3)
    assert (matrices["weight_decay"], others["weight_decay"]) == (0.3, 0.0)
    assert {p.ndim for p in matrices["params"]} == {2}
    assert {p.ndim for p in others["params"]} == {1}
    assert len(matrices["params"]) + len(others["params"]) == len(list(model.parameters()))


def test_a_generator_decides_what_is_written():
    model, start = tiny(), ids(N=2, T=3)

    def written(seed, **how):
        return model.generate(start, 20, torch.Generator().manual_seed(seed), **how)

    assert written(0).shape == (2, 23)
    assert torch.equal(written(0)[:, :3], start)
    assert torch.equal(written(0), written(0))
    assert not torch.equal(written(0), written(1))
    assert torch.equal(written(0, top_k=1), written(1, temperature=0))
    assert model.training


def test_the_colder_the_nearer_to_the_likeliest():
    model, start = tiny(), ids(N=20, T=3)
    likeliest = model.generate(start, 5, torch.Generator(), temperature=0)
    assert torch.equal(model.generate(start, 5, torch.Generator(), temperature=1e-6), likeliest)
    assert not torch.equal(model.generate(start, 5, torch.Generator(), temperature=1), likeliest)


def test_it_writes_on_from_the_last_block():
    model, start = tiny(), ids(N=20, T=12)
    with torch.no_grad():
        expected = model(start[:, -8:])[:, -1].argmax(-1)
    assert torch.equal(model.generate(start, 1, torch.Generator(), temperature=0)[:, -1], expected)


def test_top_k_leaves_out_the_others():
    model = tiny()
    start = ids(N=1, T=2).repeat(200, 1)
    with torch.no_grad():
        likeliest = model(start[:1])[0, -1].topk(3).indices.tolist()
    drawn = model.generate(start, 1, torch.Generator().manual_seed(0), top_k=3)[:, -1]
    assert sorted(set(drawn.tolist())) == sorted(likeliest)


def test_dropout_acts_in_training_alone():
    model = tiny(GPTConfig(11, 8, 2, 2, 12, dropout=0.5))
    x = ids()
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))


def test_no_bias_anywhere():
    model = tiny(GPTConfig(11, 8, 2, 2, 12, bias=False))
    assert [name for name, _ in model.named_parameters() if name.endswith("bias")] == []
    assert model(ids()).shape == (3, 8, 11)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (torch.zeros(8, dtype=torch.int64), r"ids: expected int64 of shape \(N, T\), 1 ≤ T ≤ block = 8, got .* \(8,\)"),
        (torch.zeros(2, 9, dtype=torch.int64), r"got torch.int64 \(2, 9\)"),
        (torch.zeros(2, 0, dtype=torch.int64), r"got torch.int64 \(2, 0\)"),
        (torch.zeros(2, 3), r"got torch.float32 \(2, 3\)"),
        (torch.tensor([[0, 11]]), "expected 0 ≤ id < 11, got 0 to 11"),
        (torch.tensor([[-1, 3]]), "expected 0 ≤ id < 11, got -1 to 3"),
    ],
)
def test_wrong_ids_are_named(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        tiny()(wrong)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"heads": 5}, "width: expected a multiple of heads = 5, got 12"),
        ({"layers": 0}, "layers: expected at least 1, got 0"),
        ({"dropout": 1.0}, "dropout: expected 0 ≤ dropout < 1, got 1.0"),
        ({"gelu": "erf"}, "gelu: expected 'tanh' or 'none', got 'erf'"),
    ],
)
def test_wrong_shapes_are_named(change, sentence):
    fields = {"vocabulary_size": 11, "block": 8, "layers": 2, "heads": 2, "width": 12} | change
    with pytest.raises(ValueError, match=sentence):
        GPTConfig(**fields)


def test_wrong_ways_to_write_are_named():
    with pytest.raises(ValueError, match="got temperature -1, length 2, top_k None"):
        tiny().generate(ids(), 2, torch.Generator(), temperature=-1)
    with pytest.raises(ValueError, match="top_k 0"):
        tiny().generate(ids(), 2, torch.Generator(), top_k=0)
