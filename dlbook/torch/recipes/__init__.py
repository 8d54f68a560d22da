"""Trainings with a stated result: `dlbook train NAME`.

    result = train("char-gpt", changes=["steps=500"])

A recipe is a module here with a dataclass `Settings` and a function `run(settings, out, tell)`.  The values of its
settings, and the result that they gave, stand in the TOML file beside it.
"""

import importlib
import json
import os
import pathlib
from collections.abc import Callable, Sequence

import torch

from dlbook.language import say
from dlbook.torch import distributed
from dlbook.torch.recipes import settings as reading
from dlbook.torch.recipes.settings import RecipeError

NAMES = ("mnist-mlp", "mnist-cnn", "char-gpt", "gpt-2-small")

__all__ = ["NAMES", "RecipeError", "settings", "title", "train"]


def title(name: str) -> str:
    """What the recipe does, in a sentence."""
    return {
        "mnist-mlp": say("A network of fully connected layers reads handwritten digits."),
        "mnist-cnn": say("A convolutional network reads handwritten digits, with images changed at random."),
        "char-gpt": say("A small GPT learns to write Shakespeare, character by character, on a CPU in minutes."),
        "gpt-2-small": say("The shape of GPT-2, 124 million parameters: how fast a GPU trains it."),
    }[name]


def settings(name: str, config: str | os.PathLike | None = None, changes: Sequence[str] = ()):
    """The settings of a recipe: those of its own file, then those of the file `config`, then `changes`, "key=value".

    Raises RecipeError for an unknown recipe, key, or value.
    """
    return reading.load(_module(name).Settings, _path(name), config, changes)


def train(
    name: str,
    config: str | os.PathLike | None = None,
    changes: Sequence[str] = (),
    out: str | os.PathLike | None = None,
    tell: Callable[[str], None] = print,
) -> dict[str, float]:
    """Run a recipe, and return its measured result by name, accuracy say.

    out : a folder for the settings, the result, the weights, and a checkpoint from which the same command goes on.
    tell : gets each line that a person should read.
    Started by torchrun, all processes train one model: torchrun --nproc-per-node 2 -m dlbook train mnist-cnn.
    Raises RecipeError for settings, data, files or a training that cannot be.
    """
    chosen = settings(name, config, changes)
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(chosen.seed)
    out = pathlib.Path(out) if out is not None else None
    with distributed.joined():
        first = distributed.is_first()
        if out is not None and first:
            reading.keep(chosen, out)
        distributed.wait()
        try:
            result = _module(name).run(chosen, out, tell if first else lambda line: None)
        except (ValueError, torch.OutOfMemoryError) as error:
            raise RecipeError(str(error)) from error
    if out is not None and first:
        record = {"recipe": name, "torch": torch.__version__, **result}
        (out / "result.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf8")
    return result


def _module(name: str):
    if name not in NAMES:
        raise RecipeError(say("There is no recipe {name}; there are: {names}.", name=name, names=", ".join(NAMES)))
    return importlib.import_module(f"{__name__}.{name.replace('-', '_')}")


def _path(name: str) -> pathlib.Path:
    return pathlib.Path(__file__).parent / f"{name.replace('-', '_')}.toml"
