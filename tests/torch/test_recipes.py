"""Recipes: their settings, what a slip says, and that each runs, in tiny sizes."""

import dataclasses
import json
import subprocess
import sys
import tomllib

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlbook import cli  # noqa: E402
from dlbook import torch as dltorch  # noqa: E402
from dlbook.language import speaking  # noqa: E402
from dlbook.models.gpt import GPTConfig  # noqa: E402
from dlbook.torch import recipes, tokens  # noqa: E402
from dlbook.torch.gpt import GPT, next_token_loss  # noqa: E402
from dlbook.torch.recipes import RecipeError, char_gpt, language_model  # noqa: E402

TINY = {
    "mnist-mlp": "data=bundled epochs=2 hidden=16 batch_size=50 device=cpu",
    "mnist-cnn": "data=bundled epochs=1 channels=2 batch_size=200 device=cpu",
    "char-gpt": "layers=1 heads=2 width=8 block=8 steps=6 warm_up=2 tell_every=3 validate_every=4 sample=5 "
    "save_every=2 device=cpu",
    "gpt-2-small": "layers=1 heads=2 width=8 block=8 steps=3 warm_up=1 vocabulary_size=65 batch_size=2 compile=false "
    "device=cpu",
}


@pytest.fixture
def text(tmp_path):
    """A small text in a file, as a setting."""
    path = tmp_path / "text.txt"
    path.write_text("to be or not to be, that is the question. " * 40, encoding="utf8")
    return f'text="{path.as_posix()}"'


def run(name, *changes, out=None):
    """A tiny run: its result, and the lines that it told."""
    lines = []
    return recipes.train(name, None, [*TINY[name].split(), *changes], out, lines.append), lines


@pytest.mark.parametrize("name", recipes.NAMES)
def test_every_recipe_has_a_file_with_all_its_settings_and_a_title(name):
    values = tomllib.loads(recipes._path(name).read_text(encoding="utf8"))
    chosen = recipes.settings(name)
    assert dataclasses.asdict(chosen) == values
    assert chosen.threads == 1
    with speaking("pt-BR"):
        assert recipes.title(name) != ""
    assert recipes.title(name).endswith(".")


def test_a_file_overrides_the_recipe_and_the_command_line_both(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("epochs = 3\nlearning_rate = 1\ncompile = true\n")
    chosen = recipes.settings("mnist-mlp", file, ["epochs = 4", "data=some where", 'device="cpu"'])
    assert (chosen.epochs, chosen.learning_rate, chosen.compile) == (4, 1.0, True)
    assert type(chosen.learning_rate) is float
    assert (chosen.data, chosen.device) == ("some where", "cpu")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("lr=1", r"--set lr=1: there is no setting lr; there are: seed, threads, "),
        ("epochs=2.5", r"--set epochs=2\.5: epochs is a whole number, got 2\.5\."),
        ("epochs=true", r"epochs is a whole number, got True\."),
        ("dropout=much", r"dropout is a number, got 'much'\."),
        ("compile=1", r"compile is true or false, got 1\."),
        ("data=3", r"data is text, got 3\."),
        ("epochs", r"--set epochs: expected key=value, as in --set seed=1\."),
        ("epochs=0", r"epochs: expected at least 1, got 0"),
        ("threads=0", r"threads: expected at least 1, got 0"),
        ("dropout=1.0", r"dropout: expected 0 ≤ dropout < 1, got 1\.0"),
        ("warm_up=1.0", r"warm_up: expected 0 < warm_up < 1, got 1\.0"),
        ("device=gpu", r"device: expected auto, cpu, cuda, cuda:1 … or mps, got 'gpu'"),
    ],
)
def test_wrong_settings_are_one_line(change, sentence):
    with pytest.raises(RecipeError, match=sentence) as caught:
        recipes.settings("mnist-mlp", None, [change])
    assert "\n" not in str(caught.value)


def test_a_shape_that_cannot_be():
    with pytest.raises(RecipeError, match="width: expected a multiple of heads = 5, got 128"):
        recipes.settings("char-gpt", None, ["heads=5"])


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(RecipeError, match=r"There is no file .*absent\.toml\."):
        recipes.settings("mnist-mlp", tmp_path / "absent.toml")
    file = tmp_path / "mine.toml"
    file.write_text("epochs: 3")
    with pytest.raises(RecipeError, match=r"mine\.toml is not a TOML file: "):
        recipes.settings("mnist-mlp", file)
    file.write_text("epoch = 3")
    with pytest.raises(RecipeError, match=r"mine\.toml: there is no setting epoch; "):
        recipes.settings("mnist-mlp", file)
    with pytest.raises(RecipeError, match=r"There is no recipe mnist; there are: mnist-mlp, mnist-cnn, "):
        recipes.settings("mnist")


@pytest.mark.parametrize("name", ["mnist-mlp", "mnist-cnn"])
def test_digits_are_learned(name, tmp_path):
    result, lines = run(name, out=tmp_path / "run")
    assert result["accuracy"] > 0.5
    assert lines[0].startswith("epoch 1 of ")
    assert lines[-1].startswith(f"Accuracy on 1000 test images: {100 * result['accuracy']:.2f} %, in ")
    written = json.loads((tmp_path / "run/result.json").read_text())
    assert (written["recipe"], written["accuracy"]) == (name, result["accuracy"])
    assert run(name)[0]["accuracy"] == result["accuracy"]


def test_images_held_out_of_the_training_set():
    result, lines = run("mnist-mlp", "hold_out=700")
    assert lines[-1].startswith("Accuracy on 700 held-out training images: ")
    assert 0 < result["accuracy"] < 1


def test_data_that_are_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("DLBOOK_DATA", str(tmp_path))
    with pytest.raises(RecipeError, match=r"The whole MNIST isn't at .* --set data=PATH, .* --set data=bundled\."):
        run("mnist-mlp", "data=whole")
    with pytest.raises(RecipeError, match=r"There is no file .*absent\.txt\."):
        run("char-gpt", f"text={tmp_path / 'absent.txt'}")
    with pytest.raises(RecipeError, match=r"There is no file .*absent\.npy\."):
        run("gpt-2-small", f"tokens={tmp_path / 'absent.npy'}")


def test_a_small_gpt_is_trained_measured_and_kept(text, tmp_path):
    result, lines = run("char-gpt", text, out=tmp_path / "run")
    assert [line.split(":")[0] for line in lines if line.startswith("step")] == [f"step {n} of 6" for n in (1, 3, 6)]
    assert sum(line.startswith("validation loss ") for line in lines) == 2
    assert len(lines[-2].strip("\n")) == 5
    assert f"Validation loss {result['validation_loss']:.4f} nats a character after 6 steps" in lines[-1]
    vocabulary = (tmp_path / "run/vocabulary.txt").read_text(encoding="utf8")
    model = GPT(recipes.settings("char-gpt", tmp_path / "run/settings.toml").shape(len(vocabulary)))
    history = dltorch.load_checkpoint(tmp_path / "run/model.safetensors", model)
    assert len(history.train["loss"]) == 6
    assert history.validation["loss"][-1] == result["validation_loss"]
    assert run("char-gpt", text)[0]["validation_loss"] == result["validation_loss"]


def test_a_run_goes_on_where_it_stopped(text, tmp_path, monkeypatch):
    whole, _ = run("char-gpt", text, out=tmp_path / "whole")
    drawn = []

    def stops(*arguments):
        drawn.append(0)
        if len(drawn) == 4:
            raise KeyboardInterrupt
        return batch(*arguments)

    batch = language_model.batch
    monkeypatch.setattr(language_model, "batch", stops)
    with pytest.raises(KeyboardInterrupt):
        run("char-gpt", text, out=tmp_path / "broken")
    result, _ = run("char-gpt", text, out=tmp_path / "broken")
    assert len(drawn) == 4 + 4  # steps 3 to 6, the checkpoint being that of step 2
    assert result["validation_loss"] == whole["validation_loss"]


@pytest.mark.parametrize("name", ["mnist-mlp", "mnist-cnn"])
def test_digits_go_on_where_they_stopped(name, tmp_path):
    changes = [*TINY[name].split(), "epochs=2", "save_every=7"]
    whole = recipes.train(name, None, changes, tell=lambda line: None)

    def stop(line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recipes.train(name, None, changes, tmp_path, stop)
    lines = []
    assert recipes.train(name, None, changes, tmp_path, lines.append)["accuracy"] == whole["accuracy"]
    assert lines[-2].startswith("epoch 2 of 2: ")


def test_a_folder_keeps_its_settings(text, tmp_path):
    run("char-gpt", text, out=tmp_path / "run")
    kept = recipes.settings("char-gpt", tmp_path / "run/settings.toml")
    assert (kept.steps, kept.width) == (6, 8)
    with pytest.raises(RecipeError, match="holds a run with steps = 6, not 9: name another folder"):
        run("char-gpt", text, "steps=9", out=tmp_path / "run")
    with pytest.raises(RecipeError, match="There is no file absent"):
        run("char-gpt", "text=absent", out=tmp_path / "other")
    run("char-gpt", text, out=tmp_path / "other")  # nothing was trained there
    run("char-gpt", text, "threads=2", out=tmp_path / "run")
    assert torch.get_num_threads() == 2
    run("char-gpt", text, "threads=1", out=tmp_path / "run")
    assert torch.get_num_threads() == 1


def test_a_text_that_is_too_short(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("to be or not to be")
    with pytest.raises(
        RecipeError, match=r"text: expected more than block = 8 characters in each part, got 16 .* and 2"
    ):
        run("char-gpt", f"text={path}")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match=r"text\.txt is not UTF-8 text: "):
        run("char-gpt", f"text={path}")


def test_a_loss_that_is_not_a_number_is_one_line(text):
    with pytest.raises(RecipeError, match="loss: expected a number, got "):
        run("char-gpt", text, "learning_rate=1e30", "max_norm=1e30")


def test_the_loss_on_a_text_counts_each_piece_once():
    torch.manual_seed(0)
    model = GPT(GPTConfig(vocabulary_size=5, block=4, layers=1, heads=1, width=4))
    ids = np.random.default_rng(0).integers(5, size=15)
    pieces = [
        next_token_loss(model(torch.tensor(ids[None, k : k + 4])), torch.tensor(ids[None, k + 1 : k + 5])).item()
        for k in (0, 4, 8)
    ]
    assert char_gpt.loss_on(model, ids, batch_size=2) == pytest.approx(np.mean(pieces))


def test_the_learning_rate_rises_and_falls():
    chosen = recipes.settings("char-gpt", None, ["steps=10", "warm_up=4", "learning_rate=1", "final_rate=0.1"])
    model = GPT(GPTConfig(5, 4, 1, 1, 4))
    optimizer = chosen.optimizer(model, torch.device("cpu"))
    scheduler = chosen.scheduler(optimizer)
    rates = []
    for _ in range(11):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    np.testing.assert_allclose(rates[:5], [0.25, 0.5, 0.75, 1, 1])
    assert rates[7] == pytest.approx(0.55)
    assert rates[10] == pytest.approx(0.1)


def test_the_speed_of_gpt_2_small_is_told_at_each_step(tmp_path):
    ids = np.random.default_rng(0).integers(65, size=400)
    tokens.write_tokens(tmp_path / "tokens.npy", ids)
    result, lines = run("gpt-2-small", f"tokens={tmp_path / 'tokens.npy'}", "peak_tflops=1e-6")
    assert [line.split(":")[0] for line in lines[:-1]] == ["step 1 of 3", "step 2 of 3", "step 3 of 3"]
    assert all(line.endswith(" % of 1e-06 TFLOP/s") for line in lines[:-1])
    share = 100 * result["tokens_per_second"] * result["flops_per_token"] / 1e6
    assert result["percent_of_peak"] == pytest.approx(share)


def test_gpt_2_small_asks_for_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RecipeError, match=r"gpt-2-small needs a GPU with CUDA, .* --set device=cpu ") as caught:
        recipes.train("gpt-2-small", tell=lambda line: None)
    small = [part for part in str(caught.value).split() if "=" in part]
    recipes.train("gpt-2-small", changes=[*small, "steps=1"], tell=lambda line: None)
    with pytest.raises(RecipeError, match=r"A step of this size takes 2\.8e\+13 operations, at most 1e\+12 "):
        recipes.train("gpt-2-small", changes=["device=cpu"], tell=lambda line: None)


def command(monkeypatch, capsys, *arguments):
    """Exit status, output and errors of `dlbook train ...`."""
    monkeypatch.setenv("DLBOOK_LANG", "en")
    monkeypatch.setattr(sys, "argv", ["dlbook", "train", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code, *capsys.readouterr()


def test_the_command_lists_the_recipes(monkeypatch, capsys):
    status, out, _ = command(monkeypatch, capsys)
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == list(recipes.NAMES)


def test_the_command_trains(monkeypatch, capsys, text):
    changes = [part for change in [*TINY["char-gpt"].split(), text] for part in ("--set", change)]
    status, out, _ = command(monkeypatch, capsys, "char-gpt", *changes, "--device", "cpu")
    assert status == 0
    assert "Validation loss " in out


def test_a_slip_on_the_command_line_is_one_line(monkeypatch, capsys):
    status, out, err = command(monkeypatch, capsys, "char-gpt", "--set", "steps=many")
    assert (status, out) == (2, "")
    assert err == "--set steps=many: steps is a whole number, got 'many'.\n"
    assert command(monkeypatch, capsys, "char-gpt", "--device", "gpu")[2].count("\n") == 1


def test_the_command_without_torch_says_what_to_install():
    code = "import sys; sys.modules['torch'] = None; sys.argv = ['dlbook', 'train']\nfrom dlbook import cli; cli.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == 'torch is not installed: pip install "dlbook[torch]"\n'
