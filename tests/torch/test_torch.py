import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlbook import nn, optim, train  # noqa: E402
from dlbook import torch as dltorch  # noqa: E402
from dlbook.train import Config  # noqa: E402


def model(seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return nn.Sequential(nn.Linear(4, 6, rng=rng, dtype=dtype), nn.Tanh(), nn.Linear(6, 3, rng=rng, dtype=dtype))


def examples():
    rng = np.random.default_rng(3)
    x = rng.standard_normal((23, 4))
    return x, (x[:, :3] + 0.1 * rng.standard_normal((23, 3))).argmax(axis=1)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_both_loops_give_the_same_history_and_weights(reduction):
    ours = model()
    theirs = dltorch.twin(ours)
    x, y = examples()
    options = {"validation": (x[:5], y[:5]), "metrics": {"accuracy": train.accuracy}}
    config = Config(epochs=4, batch_size=5, patience=1, train_metrics=True, max_norm=0.3)
    loss = nn.CrossEntropyLoss(reduction)
    history = train.fit(
        ours, loss, optim.SGD(ours.parameters(), 0.2), (x, y), config, rng=np.random.default_rng(1), **options
    )
    sgd = torch.optim.SGD(theirs.parameters(), 0.2)
    same = dltorch.fit(theirs, dltorch.twin(loss), sgd, (x, y), config, rng=np.random.default_rng(1), **options)
    np.testing.assert_allclose(same.train["loss"], history.train["loss"], rtol=1e-10)
    np.testing.assert_allclose(same.validation["loss"], history.validation["loss"], rtol=1e-10)
    assert same.train["accuracy"] == history.train["accuracy"]
    assert same.validation["accuracy"] == history.validation["accuracy"]
    assert (same.best_epoch, same.stopped_early) == (history.best_epoch, history.stopped_early)
    for name, tensor in theirs.state_dict().items():
        np.testing.assert_allclose(tensor.numpy(), ours.state_dict()[name], rtol=1e-10)


def normalised(seed=0):
    rng = np.random.default_rng(seed)
    return nn.Sequential(
        nn.Linear(4, 6, rng=rng),
        nn.BatchNorm1d(6),
        nn.Residual(nn.Sequential(nn.Linear(6, 6, rng=rng), nn.Tanh())),
        nn.Linear(6, 3, rng=rng),
    )


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_both_loops_agree_with_every_setting(reduction):
    ours = normalised()
    theirs = dltorch.twin(ours)
    x, y = examples()
    options = {"validation": (x[:5], y[:5]), "metrics": {"error": lambda p, y: np.mean(p.argmax(1) != y)}}
    config = Config(epochs=30, batch_size=8, patience=2, min_delta=0.01, monitor="error", mode="min", accumulate=2)
    loss = nn.CrossEntropyLoss(reduction)
    lr = 0.2 if reduction == "mean" else 0.02
    history = train.fit(
        ours, loss, optim.SGD(ours.parameters(), lr), (x, y), config, rng=np.random.default_rng(1), **options
    )
    theirs.eval()
    sgd = torch.optim.SGD(theirs.parameters(), lr)
    same = dltorch.fit(theirs, dltorch.twin(loss), sgd, (x, y), config, rng=np.random.default_rng(1), **options)
    assert not theirs.training
    assert same.stopped_early
    assert (same.best_epoch, same.validation["error"]) == (history.best_epoch, history.validation["error"])
    np.testing.assert_allclose(same.train["loss"], history.train["loss"], rtol=1e-10)
    for name, tensor in theirs.state_dict().items():
        np.testing.assert_allclose(tensor.numpy(), ours.state_dict()[name], rtol=1e-10, atol=1e-14)
    assert theirs[1].num_batches_tracked == 6 * (history.best_epoch + 1)  # three batches in two portions each


SCHEDULES = {
    "epoch": lambda module, optimizer: module.StepLR(optimizer, step_size=2, gamma=0.5),
    "batch": lambda module, optimizer: module.OneCycleLR(optimizer, 0.5, epochs=5, steps_per_epoch=5),
    "plateau": lambda module, optimizer: module.ReduceLROnPlateau(optimizer, factor=0.5, patience=0, threshold=0.3),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_both_loops_follow_a_schedule(name):
    ours = model()
    theirs = dltorch.twin(ours)
    x, y = examples()
    config = Config(epochs=5, batch_size=5, schedule="batch" if name == "batch" else "epoch")
    rates = []
    for loop, module, trained in ((train.fit, optim, ours), (dltorch.fit, torch.optim, theirs)):
        loss = nn.CrossEntropyLoss() if module is optim else torch.nn.CrossEntropyLoss()
        adam = module.Adam(trained.parameters(), lr=0.05)
        scheduler = SCHEDULES[name](module.lr_scheduler, adam)
        seen = []
        options = {"validation": (x[:5], y[:5]), "after_epoch": lambda _, adam=adam, seen=seen: seen.append(lr(adam))}
        loop(trained, loss, adam, (x, y), config, rng=np.random.default_rng(1), scheduler=scheduler, **options)
        rates.append(seen)
    np.testing.assert_allclose(rates[0], rates[1], rtol=1e-10)
    assert len(set(rates[0])) > 1
    for key, tensor in theirs.state_dict().items():
        np.testing.assert_allclose(tensor.numpy(), ours.state_dict()[key], rtol=1e-8)


def lr(optimizer):
    return optimizer.param_groups[0]["lr"]


def test_accumulating_changes_nothing_but_the_memory():
    x, y = examples()
    states = []
    for accumulate in (1, 4):
        theirs = dltorch.twin(model())
        sgd = torch.optim.SGD(theirs.parameters(), 0.2)
        config = Config(epochs=2, batch_size=9, accumulate=accumulate)
        dltorch.fit(theirs, torch.nn.CrossEntropyLoss(), sgd, (x, y), config, rng=np.random.default_rng(1))
        states.append(theirs.state_dict())
    for name, tensor in states[0].items():
        np.testing.assert_allclose(tensor.numpy(), states[1][name].numpy(), rtol=1e-12)


def test_checkpoints_carry_running_statistics_both_ways(tmp_path):
    path = tmp_path / "model.safetensors"
    ours = normalised()
    ours(examples()[0])
    train.save_checkpoint(path, ours)
    theirs = dltorch.twin(normalised(seed=5))
    dltorch.load_checkpoint(path, theirs)
    dltorch.save_checkpoint(path, theirs)
    other = normalised(seed=7)
    train.load_checkpoint(path, other)
    for name, array in ours.state_dict().items():
        np.testing.assert_array_equal(theirs.state_dict()[name].numpy(), array)
        np.testing.assert_array_equal(other.state_dict()[name], array)


def test_twin_takes_over_the_mode_of_each_module():
    ours = normalised()
    ours[1].eval()
    theirs = dltorch.twin(ours)
    assert [module.training for module in theirs] == [True, False, True, True]
    assert theirs.training


def test_checkpoints_are_shared(tmp_path):
    ours = model()
    path = tmp_path / "model.safetensors"
    train.save_checkpoint(path, ours)
    theirs = dltorch.twin(model(seed=5))
    assert dltorch.load_checkpoint(path, theirs) is None
    x, _ = examples()
    np.testing.assert_allclose(theirs(torch.tensor(x)).detach().numpy(), ours(x), rtol=1e-12)

    history = train.History(Config(epochs=2), train={"loss": [2.0, 1.0]})
    dltorch.save_checkpoint(path, dltorch.twin(model(seed=7)), history)
    assert train.load_checkpoint(path, ours) == history
    np.testing.assert_array_equal(ours(x), model(seed=7)(x))


def test_twin_keeps_precision_and_mode_and_owns_its_weights():
    ours = model(dtype=np.float32).eval()
    theirs = dltorch.twin(ours)
    assert {parameter.dtype for parameter in theirs.parameters()} == {torch.float32}
    assert not theirs.training
    with torch.no_grad():
        theirs[0].weight.zero_()
    assert np.all(ours[0].weight.data != 0)


def test_modules_without_a_twin():
    for module in (nn.Step(), nn.Sequential(nn.Step())):
        with pytest.raises(ValueError, match="Step: torch has no equivalent; expected one of AdaptiveAvgPool2d, "):
            dltorch.twin(module)
    with pytest.raises(ValueError, match=r"expected a = 1, got 2\.0"):
        dltorch.twin(nn.Identity(2.0))


def test_quadratic_loss_names_wrong_shapes():
    with pytest.raises(ValueError, match=r"target: expected shape \(2, 3\), got \(2,\)"):
        dltorch.QuadraticLoss()(torch.ones(2, 3), torch.ones(2))
    with pytest.raises(ValueError, match="reduction"):
        dltorch.QuadraticLoss("none")


def test_small_networks_run_on_one_thread():
    assert torch.get_num_threads() == 1
    assert dltorch.device().type in ("cuda", "mps", "cpu")


def test_a_missing_torch_is_one_line():
    code = "import sys; sys.modules['torch'] = None\nimport dlbook.torch"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == (
        'ModuleNotFoundError: dlbook.torch needs PyTorch: pip install "dlbook[torch]"'
    )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_training_on_a_gpu():
    x, y = examples()
    ours = dltorch.twin(model(dtype=np.float32))
    history = dltorch.fit(
        ours,
        torch.nn.CrossEntropyLoss(),
        torch.optim.SGD(ours.parameters(), 0.5, fused=True),
        (x, y),
        Config(epochs=30, batch_size=8),
        rng=np.random.default_rng(0),
        validation=(x, y),
        metrics={"accuracy": train.accuracy},
        device=dltorch.device(),
    )
    assert history.validation["accuracy"][-1] > 0.8
    assert {parameter.device.type for parameter in ours.parameters()} == {"cuda"}
    assert {parameter.dtype for parameter in ours.parameters()} == {torch.float32}
