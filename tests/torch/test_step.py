"""One step: precision, compiling, too little memory, devices that are not there, algorithms that repeat."""

import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlbook import torch as dltorch  # noqa: E402
from dlbook.torch.step import Step, chosen, deterministic  # noqa: E402
from dlbook.train import Config  # noqa: E402

X = np.random.default_rng(0).standard_normal((32, 6)).astype(np.float32)
Y = np.arange(32) % 3


def tiny():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
    return model, torch.optim.SGD(model.parameters(), 0.2)


def train(model, optimizer, loss=None, batch_size=16, accumulate=1, **settings):
    return dltorch.fit(
        model,
        loss or torch.nn.CrossEntropyLoss(),
        optimizer,
        (X, Y),
        Config(epochs=3, batch_size=batch_size, accumulate=accumulate),
        rng=np.random.default_rng(1),
        progress=False,
        **settings,
    )


def test_half_precision_in_the_forward_pass_only():
    seen = []

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(6, 3)

        def forward(self, x):
            y = self.layer(x)
            seen.append(y.dtype)
            return y

    torch.manual_seed(0)
    model = Model()
    half = train(model, torch.optim.SGD(model.parameters(), 0.2), precision="bf16")
    assert set(seen) == {torch.bfloat16}
    assert model.layer.weight.dtype == model.layer.weight.grad.dtype == torch.float32
    seen.clear()
    torch.manual_seed(0)
    model = Model()
    full = train(model, torch.optim.SGD(model.parameters(), 0.2), precision="full")
    assert set(seen) == {torch.float32}
    np.testing.assert_allclose(half.train["loss"], full.train["loss"], rtol=0.02)
    assert half.train["loss"] != full.train["loss"]


def test_auto_is_full_precision_on_a_cpu():
    assert train(*tiny(), precision="auto").train == train(*tiny(), precision="full").train


def test_compiling_that_fails_says_why_and_goes_on(monkeypatch, capsys):
    def compile(model):
        def fails(x):
            raise torch._dynamo.exc.TorchDynamoException("no C++ compiler here\nand more")

        return fails

    monkeypatch.setattr(torch, "compile", compile)
    assert train(*tiny(), compile=True).train == train(*tiny()).train
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "no C++ compiler here" in message


def test_compiling_changes_nothing_else(monkeypatch):
    calls = []

    def compile(model):
        calls.append(model)
        return model

    monkeypatch.setattr(torch, "compile", compile)
    model, optimizer = tiny()
    assert train(model, optimizer, compile=True).train == train(*tiny()).train
    assert calls == [model]


def test_too_little_memory_names_a_batch_that_fits():
    class Loss(torch.nn.CrossEntropyLoss):
        def forward(self, prediction, target):
            if len(prediction) > 5:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return super().forward(prediction, target)

    with pytest.raises(RuntimeError, match=r"out of memory on cpu with 16 examples at a time; 4 fit.*accumulate=4"):
        train(*tiny(), loss=Loss())
    assert train(*tiny(), loss=Loss(), accumulate=4).train["loss"][0] > 0


def test_where_not_even_one_example_fits_accumulating_is_no_advice():
    class Loss(torch.nn.CrossEntropyLoss):
        def forward(self, prediction, target):
            raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(RuntimeError, match=r"16 examples at a time; not even one fits. Make the model .*, or try prec"):
        train(*tiny(), loss=Loss())
    with pytest.raises(RuntimeError, match=r"not even one fits. Make the model or its inputs smaller$"):
        train(*tiny(), loss=Loss(), precision="bf16")


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a CUDA device")
def test_no_cuda_is_one_clear_line():
    with pytest.raises(ValueError, match=r"device: expected cpu or auto, got cuda: this PyTorch .* sees no CUDA"):
        train(*tiny(), device="cuda")
    assert chosen("auto").type in ("cpu", "mps")


def test_algorithms_that_repeat_only_inside_the_context():
    before = torch.are_deterministic_algorithms_enabled()
    with deterministic():
        assert torch.are_deterministic_algorithms_enabled()
    assert torch.are_deterministic_algorithms_enabled() == before
    with deterministic(False):
        assert torch.are_deterministic_algorithms_enabled() == before
    assert train(*tiny(), reproducible=True).train == train(*tiny()).train


def test_augmentation_sees_training_batches_only():
    seen = []

    def augment(batch):
        seen.append(len(batch))
        return batch

    plain = train(*tiny())
    augmented = train(*tiny(), augment=augment, validation=(X[:5], Y[:5]), batch_size=16)
    assert seen == [16, 16] * 3
    assert augmented.train == plain.train


def test_data_may_be_tensors():
    tensors = torch.from_numpy(X), torch.from_numpy(Y)
    model, optimizer = tiny()
    config, rng = Config(epochs=3, batch_size=16), np.random.default_rng(1)
    history = dltorch.fit(model, torch.nn.CrossEntropyLoss(), optimizer, tensors, config, rng=rng, progress=False)
    assert history.train == train(*tiny()).train
    with pytest.raises(ValueError, match=r"data: expected a pair \(x, y\) of equal, positive length"):
        dltorch.fit(model, torch.nn.CrossEntropyLoss(), optimizer, (tensors[0], tensors[1][:3]), config, rng=rng)


def test_curves_for_tensorboard_or_one_line(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ImportError, match="tensorboard: the curves need it: pip install tensorboard"):
        train(*tiny(), tensorboard=tmp_path)

    written = []

    class Writer:
        def __init__(self, folder):
            assert folder == str(tmp_path)

        def add_scalar(self, *point):
            written.append(point)

        def close(self):
            written.append("closed")

    module = type(sys)("torch.utils.tensorboard")
    module.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    history = train(*tiny(), tensorboard=tmp_path, validation=(X[:5], Y[:5]))
    losses = history.train["loss"]
    assert written[:2] == [
        ("training/loss", losses[0], 1),
        ("validation/loss", history.validation["loss"][0], 1),
    ]
    assert written[-1] == "closed"
    assert len(written) == 7


def test_settings_are_checked():
    model, optimizer = tiny()
    with pytest.raises(ValueError, match="precision: expected one of auto, full, bf16, got 'fp8'"):
        Step(model, torch.nn.CrossEntropyLoss(), optimizer, "cpu", precision="fp8")
    with pytest.raises(ValueError, match="accumulate: expected a multiple of the 1 processes, at least 1, got 0"):
        dltorch.fit_steps(
            model,
            None,
            optimizer,
            steps=1,
            rng=np.random.default_rng(0),
            loss=torch.nn.CrossEntropyLoss(),
            accumulate=0,
        )
