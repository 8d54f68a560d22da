"""The models of dlbook.models and their twins: outputs and every gradient."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlbook import nn  # noqa: E402
from dlbook.models.capsules import CapsuleLayer, MarginLoss, PrimaryCapsules  # noqa: E402
from dlbook.models.char_rnn import CharRNN  # noqa: E402
from dlbook.models.deep_autoencoder import DeepAutoencoder  # noqa: E402
from dlbook.models.gpt import GPT, GPTConfig  # noqa: E402
from dlbook.models.transformer import Transformer  # noqa: E402
from dlbook.torch import from_torch, twin  # noqa: E402
from dlbook.torch.gpt import next_token_loss  # noqa: E402

EXACT = {"rtol": 1e-10, "atol": 1e-12}
RNG = np.random.default_rng(0)
MODELS = {
    "DeepAutoencoder": (DeepAutoencoder([7, 5, 2], RNG), (4, 7)),
    "DeepAutoencoder with sigmoids": (DeepAutoencoder([6, 3], RNG, nn.Sigmoid, code=nn.Sigmoid), (1, 6)),
    "CapsuleLayer": (CapsuleLayer(6, 3, 4, 5, rng=RNG, scale=0.7), (3, 6, 3)),
    "CapsuleLayer of one iteration": (CapsuleLayer(2, 3, 3, 2, rng=RNG, iterations=1), (1, 2, 3)),
    "PrimaryCapsules": (PrimaryCapsules(6, 3, 2, 2, 4, rng=RNG, hidden=5), (3, 36)),
}


def compare(ours, theirs):
    gradients = dict(theirs.named_parameters())
    assert [name for name, _ in ours.named_parameters()] == list(gradients)
    for name, parameter in ours.named_parameters():
        np.testing.assert_allclose(parameter.grad, gradients[name].grad.numpy(), **EXACT, err_msg=name)


@pytest.mark.parametrize("name", MODELS)
def test_outputs_and_gradients(name):
    ours, shape = MODELS[name]
    theirs, x = twin(ours), RNG.standard_normal(shape)
    tx = torch.tensor(x, requires_grad=True)
    y, cache = ours.forward(x)
    ty = theirs(tx)
    np.testing.assert_allclose(y, ty.detach().numpy(), **EXACT)
    dy = RNG.standard_normal(y.shape)
    dx = ours.backward(dy, cache)
    ty.backward(torch.from_numpy(dy))
    np.testing.assert_allclose(dx, tx.grad.numpy(), **EXACT)
    compare(ours, theirs)
    np.testing.assert_array_equal(from_torch(theirs)(x), y)


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
def test_character_models(kind):
    ours = CharRNN(6, 5, kind, num_layers=2, embedding_dim=3, rng=RNG)
    theirs, ids = twin(ours), RNG.integers(0, 6, (4, 3))
    (logits, state), cache = ours.forward(ids)
    tlogits, tstate = theirs(torch.from_numpy(ids))
    np.testing.assert_allclose(logits, tlogits.detach().numpy(), **EXACT)
    pairs = zip(state, tstate, strict=True) if kind == "lstm" else [(state, tstate)]
    for mine, other in pairs:
        np.testing.assert_allclose(mine, other.detach().numpy(), **EXACT)
    (again, _), _ = ours.forward(ids, state)
    np.testing.assert_allclose(again, theirs(torch.from_numpy(ids), tstate)[0].detach().numpy(), **EXACT)
    dlogits = RNG.standard_normal(logits.shape)
    ours.backward(dlogits, cache)
    tlogits.backward(torch.from_numpy(dlogits))
    compare(ours, theirs)
    np.testing.assert_array_equal(from_torch(theirs)(ids)[0], logits)


def test_margin_loss():
    ours, v, labels = MarginLoss(), RNG.standard_normal((5, 3, 4)), np.array([0, 2, 1, 1, 0])
    tv = torch.tensor(v, requires_grad=True)
    value, cache = ours.forward(v, labels)
    tvalue = twin(ours)(tv, torch.from_numpy(labels))
    assert value == pytest.approx(tvalue.item(), rel=1e-12)
    tvalue.backward(torch.tensor(0.7, dtype=torch.float64))
    np.testing.assert_allclose(ours.backward(0.7, cache), tv.grad.numpy(), **EXACT)


@pytest.mark.parametrize("name", ["GPT-1", "GPT-2", "GPT-3", "without biases"])
def test_language_models(name):
    more = {
        "GPT-1": {"norm": "post", "gelu": "none"},
        "GPT-2": {},
        "GPT-3": {"band": 3},
        "without biases": {"bias": False},
    }[name]
    ours = GPT(GPTConfig(11, 8, 3, 2, 6, **more), rng=RNG)
    ours.load_state_dict({key: RNG.normal(0, 0.5, array.shape) for key, array in ours.state_dict().items()})
    theirs, (x, y) = twin(ours), RNG.integers(0, 11, (2, 3, 7))
    tlogits = theirs(torch.from_numpy(x))
    np.testing.assert_allclose(ours(x), tlogits.detach().numpy(), **EXACT)
    tloss = next_token_loss(tlogits, torch.from_numpy(y))
    np.testing.assert_allclose(ours.learn_from(x, y), tloss.item(), **EXACT)
    tloss.backward()
    compare(ours, theirs)
    np.testing.assert_array_equal(from_torch(theirs)(x), ours(x))


@pytest.mark.parametrize("settings", [{}, {"positions": False}, {"norm_first": True}, {"causal": False}])
def test_translators(settings):
    settings, causal = {k: v for k, v in settings.items() if k != "causal"}, settings.get("causal", True)
    ours = Transformer(7, 9, 6, 2, 8, 2, 3, **settings, rng=RNG)
    ours.load_state_dict({key: RNG.normal(0, 0.5, array.shape) for key, array in ours.state_dict().items()})
    theirs = twin(ours)
    source, target = RNG.integers(0, 7, (3, 5)), RNG.integers(1, 9, (3, 6))
    target[1, 4:], mask = 0, np.arange(5) < np.array([[5], [3], [1]])
    tlogits = theirs(*map(torch.from_numpy, (source, target[:, :-1], mask)), causal)
    np.testing.assert_allclose(ours(source, target[:, :-1], mask, causal), tlogits.detach().numpy(), **EXACT)
    wanted = torch.from_numpy(target[:, 1:]).flatten()
    tloss = torch.nn.functional.cross_entropy(tlogits.flatten(0, 1), wanted, ignore_index=0, label_smoothing=0.1)
    value = ours.learn_from(source, target, mask, causal=causal, label_smoothing=0.1)
    np.testing.assert_allclose(value, tloss.item(), **EXACT)
    tloss.backward()
    compare(ours, theirs)
    np.testing.assert_array_equal(from_torch(theirs)(source, target, mask), ours(source, target, mask))
