"""Two processes that train one model: the curve of one, also when the model is split, or a worker is killed."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlbook.torch import distributed  # noqa: E402

SCRIPT = pathlib.Path(__file__).with_name("run_together.py")


def run(folder, name, *arguments, processes=2, restarts=0):
    command = [sys.executable]
    if processes > 1:
        command += ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
        command += [f"--max-restarts={restarts}"]
    result = folder / f"{name}.json"
    done = subprocess.run([*command, SCRIPT, result, *arguments], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(result.read_text(encoding="utf8"))


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return run(tmp_path_factory.mktemp("alone"), "alone", "plain", processes=1)


@pytest.mark.parametrize("kind", ["plain", "sharded"])
def test_two_processes_have_the_curve_of_one(tmp_path, alone, kind):
    both = run(tmp_path, kind, kind)
    assert (alone["size"], both["size"]) == (1, 2)
    for part in ("train", "validation"):
        for name, curve in alone[part].items():
            np.testing.assert_allclose(both[part][name], curve, rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("kind", ["plain", "sharded"])
def test_a_killed_worker_starts_again_from_the_last_checkpoint(tmp_path, alone, kind):
    both = run(tmp_path, kind, kind, tmp_path / "run.safetensors", "11", restarts=1)
    assert (tmp_path / "run.safetensors.previous").exists()
    for part in ("train", "validation"):
        for name, curve in alone[part].items():
            np.testing.assert_allclose(both[part][name], curve, rtol=1e-9, err_msg=name)


def test_a_process_alone_is_a_group_of_one():
    with distributed.joined() as device:
        assert (distributed.size(), distributed.rank(), distributed.is_first()) == (1, 0, True)
        assert device.type in ("cpu", "cuda")
    model = torch.nn.Linear(2, 2)
    assert distributed.shard(model) is model
    assert distributed.parallel(model) is model
    assert distributed.gathered("x") == ["x"]
    assert torch.equal(distributed.total(torch.ones(2)), torch.ones(2))


def test_a_recipe_by_two_processes_gives_the_result_of_one(tmp_path):
    changes = ["data=bundled", "epochs=1", "hidden=16", "dropout=0.0", "batch_size=100"]
    settings = [part for change in changes for part in ("--set", change)]
    command = ["-m", "dlbook", "train", "mnist-mlp", *settings, "--out"]
    environment = os.environ | {"DLBOOK_LANG": "en"}
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    for name, start in (("one", [sys.executable]), ("two", launch)):
        done = subprocess.run(
            [*start, *command, tmp_path / name], capture_output=True, text=True, timeout=240, env=environment
        )
        assert done.returncode == 0, done.stderr[-3000:]
        assert done.stdout.count("epoch 1 of 1") == 1
    one, two = (json.loads((tmp_path / name / "result.json").read_text(encoding="utf8")) for name in ("one", "two"))
    assert two["accuracy"] == pytest.approx(one["accuracy"], abs=0.01)
    assert (tmp_path / "two" / "model.safetensors").exists()
