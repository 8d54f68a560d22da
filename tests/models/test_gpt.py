import numpy as np
import pytest

from dlbook import nn, optim
from dlbook.models.gpt import GPT, GPT_1, GPT_2, GPT_3, GPTConfig, flops_per_token, parameter_count, windows
from dlbook.train import fit_steps

TINY = GPTConfig(vocabulary_size=11, block=8, layers=3, heads=2, width=6)
SHAPES = {
    "GPT-2": TINY,
    "GPT-1": GPTConfig(11, 8, 3, 2, 6, norm="post", gelu="none"),
    "GPT-3": GPTConfig(11, 8, 3, 2, 6, band=3),
    "without biases": GPTConfig(11, 8, 3, 2, 6, bias=False),
}


def rng(seed=0):
    return np.random.default_rng(seed)


def tiny(config=TINY, seed=0, **more):
    """A GPT with weights that are far from the start's: its gradients are not all small."""
    model = GPT(config, rng=rng(seed), **more)
    for parameter in model.parameters():
        parameter.data = parameter.data + rng(1).normal(0, 0.3, parameter.shape).astype(parameter.data.dtype)
    return model


def ids(N=3, T=8, seed=1):
    return rng(seed).integers(0, 11, (N, T))


@pytest.mark.parametrize("name", SHAPES)
def test_gradients_of_every_parameter(name):
    model, x, y = tiny(SHAPES[name]), ids(2, 5), ids(2, 5, 2)
    y[0, :2] = -100
    model.learn_from(x, y)
    step = 1e-5
    for key, parameter in model.named_parameters():
        place = np.unravel_index(np.abs(parameter.grad).argmax(), parameter.shape)
        values = []
        for sign in (1, -1):
            moved = parameter.data.copy()
            moved[place] += sign * step
            before, parameter.data = parameter.data, moved
            values.append(model.loss(x, y))
            parameter.data = before
        numerical = (values[0] - values[1]) / (2 * step)
        assert parameter.grad[place] == pytest.approx(numerical, rel=1e-5, abs=1e-9), key
        assert parameter.grad[place] != 0, key


@pytest.mark.parametrize("name", SHAPES)
def test_what_comes_later_changes_nothing_before(name):
    model, x = tiny(SHAPES[name]), ids()
    changed = x.copy()
    changed[:, 5:] = (changed[:, 5:] + 1) % 11
    before, after = model(x), model(changed)
    np.testing.assert_array_equal(before[:, :5], after[:, :5])
    assert np.abs(before[:, 5:] - after[:, 5:]).max(axis=-1).min() > 1e-4


def test_a_band_forgets_in_every_second_block():
    config = GPTConfig(11, 8, 2, 2, 6, band=1)
    masks = tiny(config)._masks(8, 8)
    np.testing.assert_array_equal(masks[0], nn.causal_mask(8))
    np.testing.assert_array_equal(masks[1], np.eye(8, dtype=bool))


@pytest.mark.parametrize("name", SHAPES)
def test_caches_give_the_scores_of_the_whole(name):
    model, x = tiny(SHAPES[name]), ids()
    whole, caches = model(x), model.caches()
    parts = [model.extend(x[:, a:b], caches) for a, b in ((0, 3), (3, 4), (4, 8))]
    np.testing.assert_allclose(np.concatenate(parts, 1), whole, rtol=1e-10, atol=1e-12)
    with pytest.raises(ValueError, match=r"1 ≤ T ≤ 0 \(block 8 less 8 seen\)"):
        model.extend(x[:, :1], caches)


def test_what_is_written_is_the_same_without_caches():
    model = tiny()
    settings = {"temperature": 0.9, "top_k": 5, "top_p": 0.95}
    fast = model.generate([3, 1], 20, rng=rng(), **settings)
    np.testing.assert_array_equal(fast, model.generate([3, 1], 20, rng=rng(), cached=False, **settings))
    assert len(fast) == 20
    assert len(model.generate([3], 0, rng=rng())) == 0
    likeliest = model.generate([3, 1], 3, rng=rng(), temperature=0)
    assert likeliest[0] == model(np.array([[3, 1]]))[0, -1].argmax()


def test_writing_leaves_the_mode_and_uses_no_dropout():
    model = tiny(GPTConfig(11, 8, 2, 2, 6, dropout=0.5))
    first = model.generate([3], 6, rng=rng(), temperature=0)
    np.testing.assert_array_equal(first, model.generate([3], 6, rng=rng(), temperature=0))
    assert all(module.training for module in model.modules())
    assert model.loss(ids(), ids()) == model.loss(ids(), ids())
    assert np.abs(model(ids()) - model(ids())).max() > 0.01
    assert all(block.dropout.p == 0 and block.dropout1.p == 0.5 for block in model.blocks)


def test_sizes_as_published():
    assert parameter_count(GPT_1) == 116_534_784
    assert [parameter_count(GPT_2[name]) for name in ("small", "medium", "large", "xl")] == [
        124_439_808,
        354_823_168,
        774_030_080,
        1_557_611_200,
    ]
    assert abs(parameter_count(GPT_3["175B"]) / 175e9 - 1) < 0.01
    assert flops_per_token(GPT_2["small"]) == 6 * (124_439_808 - 1024 * 768) + 12 * 12 * 768 * 1024


@pytest.mark.parametrize("name", SHAPES)
def test_the_count_is_that_of_the_model(name):
    model = tiny(SHAPES[name])
    assert parameter_count(model.config) == sum(parameter.data.size for parameter in model.parameters())


def test_start():
    model = GPT(GPTConfig(50, 8, 8, 2, 64), rng=rng())
    spread = {name: p.data.std() for name, p in model.named_parameters() if p.data.ndim == 2}
    assert spread["token.weight"] == pytest.approx(0.02, rel=0.1)
    assert spread["blocks.3.linear1.weight"] == pytest.approx(0.02, rel=0.05)
    assert spread["blocks.3.linear2.weight"] == pytest.approx(0.02 / 4, rel=0.05)
    assert spread["blocks.3.self_attn.out_proj.weight"] == pytest.approx(0.02 / 4, rel=0.05)
    assert model.loss(ids(40), ids(40, seed=2)) == pytest.approx(np.log(50), abs=0.03)
    post = GPT(GPTConfig(50, 8, 8, 2, 64, norm="post"), rng=rng())
    assert post.blocks[3].linear2.weight.data.std() == pytest.approx(0.02, rel=0.05)
    assert post.norm is None


def test_it_learns_a_rule_and_precision_stays():
    text = np.arange(400) * 3 % 11
    model = GPT(GPTConfig(11, 8, 2, 2, 16), rng=rng(), dtype=np.float32)
    optimizer = optim.AdamW(model.parameters(), 1e-2)
    losses = fit_steps(model.learn_from, windows(text, 8, 16, 80, rng(2)), optimizer, max_norm=1.0)
    assert losses[0] == pytest.approx(np.log(11), abs=0.1)
    assert losses[-1] < 0.05
    assert {parameter.data.dtype for parameter in model.parameters()} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(model.generate([0], 6, rng=rng(), temperature=0), [3, 6, 9, 1, 4, 7])


def test_windows_are_pieces_of_the_text():
    text = np.arange(30) ** 2
    batches = list(windows(text, 7, 4, 50, rng()))
    assert len(batches) == 50
    starts = set()
    for x, y in batches:
        assert x.shape == y.shape == (4, 7)
        np.testing.assert_array_equal(x[:, 1:], y[:, :-1])
        starts |= set(x[:, 0].tolist())
    assert starts == set((np.arange(23) ** 2).tolist())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: GPTConfig(11, 8, 3, 4, 6), "width: expected a multiple of heads = 4, got 6"),
        (lambda: GPTConfig(11, 8, 3, 2, 6, norm="both"), "norm: expected 'pre' or 'post', got 'both'"),
        (lambda: GPTConfig(11, 8, 3, 2, 6, band=0), "band: expected at least 1 or None, got 0"),
        (lambda: tiny()(ids(2, 9)), r"ids: expected integers of shape \(N, T\), 1 ≤ T ≤ 8 = block, got int64 \(2, 9\)"),
        (lambda: tiny()([[11]]), "ids: expected 0 to 10, got 11 to 11"),
        (lambda: tiny().generate([], 3, rng=rng()), "expected at least one token and 0, got 0 and 3"),
        (lambda: next(windows(np.arange(8), 8, 2, 1, rng())), "ids: expected more than block = 8 tokens, got 8"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
