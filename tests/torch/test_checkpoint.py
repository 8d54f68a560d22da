"""Runs that are killed and go on, and files that are not what they should be."""

import pathlib
import random
import signal
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlbook import torch as dltorch  # noqa: E402
from dlbook.train import Config  # noqa: E402

SCRIPT = pathlib.Path(__file__).with_name("run_to_kill.py")


def run(path, every, *kill_at):
    return subprocess.run(
        [sys.executable, SCRIPT, path, str(every), *map(str, kill_at)], capture_output=True, text=True, timeout=120
    )


def test_a_killed_run_ends_with_the_same_bits(tmp_path):
    whole = run(tmp_path / "whole.safetensors", 7)
    assert whole.returncode == 0, whole.stderr
    draw = random.Random(0)
    for case in range(3):
        path, kills = tmp_path / f"{case}.safetensors", 0
        for _ in range(3):
            result = run(path, draw.choice([1, 4, 7]), draw.randint(2, 24))
            if result.returncode == 0:
                break
            assert result.returncode == -signal.SIGKILL, result.stderr
            kills += 1
        else:
            result = run(path, 5)
        assert kills
        assert result.stdout == whole.stdout


def tiny(width=4):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, width), torch.nn.Tanh(), torch.nn.Linear(width, 2))
    return model, torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)


X = np.random.default_rng(0).standard_normal((12, 3)).astype(np.float32)
Y = np.arange(12) % 2


def train(model, optimizer, path, epochs=2, every=1, **settings):
    return dltorch.fit(
        model,
        torch.nn.CrossEntropyLoss(),
        optimizer,
        (X, Y),
        Config(epochs=epochs, batch_size=4),
        rng=np.random.default_rng(1),
        checkpoint=dltorch.Checkpoint(path, every, **settings),
        progress=False,
    )


def test_a_finished_run_is_not_repeated_and_a_longer_one_goes_on(tmp_path):
    path = tmp_path / "run.safetensors"
    model, optimizer = tiny()
    first = train(model, optimizer, path, epochs=2)
    again = train(*tiny(), path, epochs=2)
    assert again.train == first.train
    longer = train(*tiny(), path, epochs=4)
    assert longer.train["loss"][:2] == first.train["loss"]
    whole = train(*tiny(), tmp_path / "other.safetensors", epochs=4)
    assert longer.train == whole.train


def test_steps_between_two_savings_count_over_epochs(tmp_path):
    path = tmp_path / "run.safetensors"
    train(*tiny(), path, epochs=2, every=4)  # an epoch has three steps
    assert path.exists()
    assert train(*tiny(), path, epochs=3, every=4).train == train(*tiny(), tmp_path / "other", epochs=3).train


def test_resume_can_be_declined(tmp_path):
    path = tmp_path / "run.safetensors"
    model, optimizer = tiny()
    train(model, optimizer, path)
    fresh, optimizer = tiny()
    with torch.no_grad():
        fresh[0].weight += 1
    before = fresh[0].weight.clone()
    train(fresh, optimizer, path, epochs=0, resume=False)
    assert torch.equal(fresh[0].weight, before)


def test_the_one_before_is_kept_and_named(tmp_path):
    path = tmp_path / "run.safetensors"
    train(*tiny(), path)
    previous = tmp_path / "run.safetensors.previous"
    assert previous.exists()
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"expected a whole checkpoint.*the one before it is .*previous"):
        train(*tiny(), path)
    previous.rename(path)
    assert train(*tiny(), path).train == train(*tiny(), tmp_path / "other.safetensors").train


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\xff" * 64])
def test_what_is_no_checkpoint_is_refused(tmp_path, content):
    path = tmp_path / "run.safetensors"
    path.write_bytes(content)
    model, optimizer = tiny()
    before = [parameter.clone() for parameter in model.parameters()]
    with pytest.raises(ValueError, match="expected a whole checkpoint"):
        train(model, optimizer, path)
    assert all(map(torch.equal, before, model.parameters()))
    assert path.read_bytes() == content


def test_weights_alone_are_no_run(tmp_path):
    path = tmp_path / "weights.safetensors"
    dltorch.save_checkpoint(path, tiny()[0])
    with pytest.raises(ValueError, match="expected a checkpoint of training, got another safetensors file"):
        train(*tiny(), path)


def test_another_model_is_named_by_its_first_difference(tmp_path):
    path = tmp_path / "run.safetensors"
    train(*tiny(), path)
    with pytest.raises(ValueError, match=r"another model: at 0.weight expected \(5, 3\), got \(4, 3\)"):
        train(*tiny(width=5), path)
    model = torch.nn.Sequential(*tiny()[0], torch.nn.Linear(2, 2))
    with pytest.raises(ValueError, match=r"another model: at 3.weight expected \(2, 2\), got nothing"):
        train(model, torch.optim.SGD(model.parameters(), 0.1, momentum=0.9), path)
    model = tiny()[0]
    with pytest.raises(ValueError, match="another optimizer: only one of both has amsgrad"):
        train(model, torch.optim.Adam(model.parameters()), path)


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_file(tmp_path):
    path = tmp_path / "run.safetensors"
    train(*tiny(), path, epochs=1)
    good = path.read_bytes()
    model, optimizer = tiny()

    class Loss(torch.nn.CrossEntropyLoss):
        def forward(self, prediction, target):
            return super().forward(prediction, target) * float("nan")

    with pytest.raises(ValueError, match=r"got nan at step 1 of epoch 2; the last good checkpoint is .*run"):
        dltorch.fit(
            model,
            Loss(),
            optimizer,
            (X, Y),
            Config(epochs=3, batch_size=4),
            rng=np.random.default_rng(1),
            checkpoint=dltorch.Checkpoint(path, 1),
            progress=False,
        )
    assert path.read_bytes() == good


def test_steps_without_epochs_go_on_too(tmp_path):
    def go(path, steps, every=3):
        model, optimizer = tiny()
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        x, y = torch.from_numpy(X), torch.from_numpy(Y)

        def draw(rng):
            rows = torch.from_numpy(rng.integers(0, 12, 5))
            return x[rows], y[rows]

        history = dltorch.fit_steps(
            model,
            draw,
            optimizer,
            steps=steps,
            rng=np.random.default_rng(3),
            loss=torch.nn.functional.cross_entropy,
            accumulate=2,
            scheduler=scheduler,
            checkpoint=dltorch.Checkpoint(path, every),
            validate=lambda: torch.nn.functional.cross_entropy(model(x), y).item(),
            validate_every=4,
        )
        return history, [parameter.detach().clone() for parameter in model.parameters()]

    whole, expected = go(tmp_path / "whole.safetensors", 11)
    go(tmp_path / "parts.safetensors", 7)
    history, weights = go(tmp_path / "parts.safetensors", 11)
    assert history.train == whole.train
    assert all(map(torch.equal, weights, expected))
    assert history.validation["loss"][-1] == whole.validation["loss"][-1]
    assert len(history.train["loss"]) == 11


def test_settings_are_checked(tmp_path):
    with pytest.raises(ValueError, match="every: expected at least 1 step"):
        dltorch.Checkpoint(tmp_path / "x", 0)
