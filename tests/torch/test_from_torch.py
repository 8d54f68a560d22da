"""Modules there and back: the same numbers, the same settings."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlbook import nn  # noqa: E402
from dlbook.torch import from_torch  # noqa: E402

IMAGE, ROWS, SIGNAL, SEQUENCE = (2, 4, 7, 6), (5, 4), (2, 4, 9), (5, 2, 4)
# name -> (module of torch, shape of its input)
MODULES = {
    "Linear": (lambda: torch.nn.Linear(4, 3), ROWS),
    "Linear without bias": (lambda: torch.nn.Linear(4, 3, bias=False), ROWS),
    "Identity": (torch.nn.Identity, ROWS),
    "Sigmoid": (torch.nn.Sigmoid, ROWS),
    "Tanh": (torch.nn.Tanh, ROWS),
    "ReLU": (torch.nn.ReLU, ROWS),
    "LeakyReLU": (lambda: torch.nn.LeakyReLU(0.3), ROWS),
    "PReLU": (lambda: torch.nn.PReLU(4, 0.4), ROWS),
    "ELU": (lambda: torch.nn.ELU(1.7), ROWS),
    "SELU": (torch.nn.SELU, ROWS),
    "Softplus": (lambda: torch.nn.Softplus(2.5), ROWS),
    "GELU": (lambda: torch.nn.GELU("tanh"), ROWS),
    "SiLU": (torch.nn.SiLU, ROWS),
    "Softmax": (lambda: torch.nn.Softmax(1), ROWS),
    "LogSoftmax": (lambda: torch.nn.LogSoftmax(0), ROWS),
    "BatchNorm1d": (lambda: torch.nn.BatchNorm1d(4, eps=1e-3, momentum=None), ROWS),
    "BatchNorm2d": (lambda: torch.nn.BatchNorm2d(4, affine=False), IMAGE),
    "LayerNorm": (lambda: torch.nn.LayerNorm((7, 6), bias=False), IMAGE),
    "RMSNorm": (lambda: torch.nn.RMSNorm(4, eps=1e-3), ROWS),
    "Conv1d": (lambda: torch.nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2), SIGNAL),
    "Conv2d": (lambda: torch.nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=1, bias=False), IMAGE),
    "ConvTranspose2d": (lambda: torch.nn.ConvTranspose2d(4, 3, 3, stride=2, output_padding=1), IMAGE),
    "MaxPool2d": (lambda: torch.nn.MaxPool2d(3, 2, 1), IMAGE),
    "AvgPool2d": (lambda: torch.nn.AvgPool2d((2, 3)), IMAGE),
    "LPPool2d": (lambda: torch.nn.LPPool2d(2, 2), IMAGE),
    "AdaptiveAvgPool2d": (lambda: torch.nn.AdaptiveAvgPool2d((3, 2)), IMAGE),
    "Flatten": (lambda: torch.nn.Flatten(1, 2), IMAGE),
    "RNN": (lambda: torch.nn.RNN(4, 3, 2, nonlinearity="relu", bidirectional=True), SEQUENCE),
    "LSTM": (lambda: torch.nn.LSTM(4, 3, batch_first=True, bias=False), SEQUENCE),
    "GRU": (lambda: torch.nn.GRU(4, 3, 2), SEQUENCE),
    "RNNCell": (lambda: torch.nn.RNNCell(4, 3, nonlinearity="relu"), ROWS),
    "LSTMCell": (lambda: torch.nn.LSTMCell(4, 3, bias=False), ROWS),
    "GRUCell": (lambda: torch.nn.GRUCell(4, 3), ROWS),
}


def flat(outputs) -> list:
    if isinstance(outputs, tuple):
        return [one for part in outputs for one in flat(part)]
    return [outputs]


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_there_and_back(name, dtype):
    build, shape = MODULES[name]
    torch.manual_seed(0)
    theirs = build().to(dtype)
    ours = from_torch(theirs)
    x = torch.randn(shape, dtype=dtype)
    outputs, expected = flat(ours(x.numpy())), flat(theirs(x))
    for mine, other in zip(outputs, expected, strict=True):
        assert mine.dtype == other.detach().numpy().dtype
        tolerance = {"rtol": 1e-10, "atol": 1e-12} if dtype == torch.float64 else {"rtol": 2e-5, "atol": 1e-6}
        np.testing.assert_allclose(mine, other.detach().numpy(), **tolerance)
    for name, parameter in theirs.named_parameters():
        np.testing.assert_array_equal(dict(ours.named_parameters())[name].data, parameter.detach().numpy())


def test_embeddings_and_losses():
    theirs = torch.nn.Embedding(5, 3, padding_idx=2)
    ids = torch.tensor([[0, 2], [4, 1]])
    np.testing.assert_array_equal(from_torch(theirs)(ids.numpy()), theirs(ids).detach().numpy())
    for loss in (torch.nn.MSELoss(reduction="sum"), torch.nn.BCEWithLogitsLoss(), torch.nn.CrossEntropyLoss()):
        ours = from_torch(loss)
        assert (type(ours).__name__, ours.reduction) == (type(loss).__name__, loss.reduction)
    ours = from_torch(torch.nn.CrossEntropyLoss(label_smoothing=0.1, ignore_index=0))
    assert (ours.label_smoothing, ours.ignore_index) == (0.1, 0)


def test_nested_modules_their_mode_and_dropout():
    theirs = torch.nn.Sequential(
        torch.nn.Linear(4, 6), torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Dropout(0.3)), torch.nn.Linear(6, 2)
    ).eval()
    ours = from_torch(theirs, rng=np.random.default_rng(0))
    assert not any(module.training for module in ours.modules())
    x = torch.randn(3, 4)
    np.testing.assert_allclose(ours(x.numpy()), theirs(x).detach().numpy(), rtol=1e-5)
    with pytest.raises(ValueError, match=r"rng: expected a np.random.Generator for the masks of dropout, got None"):
        from_torch(theirs)


def test_every_equivalent_has_a_way_back():
    from dlbook.torch.twins import _BACK, EQUIVALENTS

    names = {kind.__name__ for kind in _BACK} | {"Sequential", "Residual", "Dropout"}
    assert {kind.__name__ for kind in EQUIVALENTS} == names


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (lambda: torch.nn.Bilinear(2, 2, 2), "Bilinear: dlbook.nn has no equivalent; expected one of"),
        (lambda: torch.nn.MaxPool2d(2, ceil_mode=True), "ceil_mode: dlbook.nn.MaxPool2d has only False, got True"),
        (lambda: torch.nn.Conv2d(1, 1, 3, padding="same"), "padding: dlbook.nn.Conv2d has zeros"),
        (lambda: torch.nn.LSTM(3, 4, proj_size=2), "proj_size: dlbook.nn.LSTM has only 0, got 2"),
        (
            lambda: torch.nn.CrossEntropyLoss(weight=torch.ones(3)),
            "weight: dlbook.nn.CrossEntropyLoss has only None",
        ),
    ],
)
def test_what_has_no_equivalent_is_named(module, message):
    with pytest.raises(ValueError, match=message):
        from_torch(module())


def test_gradients_stay_equal_after_the_way_back():
    torch.manual_seed(1)
    theirs = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3), torch.nn.Tanh(), torch.nn.Flatten(), torch.nn.Linear(48, 2))
    theirs = theirs.double()
    ours = from_torch(theirs)
    assert isinstance(ours, nn.Sequential)
    x = torch.randn(5, 1, 6, 6, dtype=torch.float64, requires_grad=True)
    y, cache = ours.forward(x.detach().numpy())
    dy = np.cos(np.arange(10.0)).reshape(5, 2)
    theirs(x).backward(torch.from_numpy(dy))
    np.testing.assert_allclose(ours.backward(dy, cache), x.grad.numpy(), rtol=1e-10, atol=1e-14)
    assert y.shape == (5, 2)
