"""char-gpt: a small GPT that reads and writes characters.  Book: chapters 48 to 50, 79 to 82."""

import dataclasses
import pathlib
import time
from collections.abc import Callable

import numpy as np
import torch

from dlbook import data
from dlbook import torch as dltorch
from dlbook.language import say
from dlbook.text import CharTokenizer
from dlbook.torch.gpt import GPT, next_token_loss
from dlbook.torch.recipes import language_model
from dlbook.torch.recipes.settings import RecipeError
from dlbook.torch.step import chosen


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings(language_model.Settings):
    """text : the path of a UTF-8 text, or "tiny_shakespeare" or "dom_casmurro", which the package holds.

    held_out : share of the text, its end, that is not trained on.
    tell_every, validate_every : steps between two lines with the training loss, and between two validations.
    sample : characters to write at the end, with `temperature`.
    """

    text: str
    held_out: float
    tell_every: int
    validate_every: int
    sample: int
    temperature: float

    def __post_init__(self):
        super().__post_init__()
        self.at_least(1, "tell_every", "validate_every")
        self.at_least(0, "sample", "temperature")
        if not 0 < self.held_out < 1:
            raise ValueError(f"held_out: expected 0 < held_out < 1, got {self.held_out}")


def run(settings: Settings, out: pathlib.Path | None, tell: Callable[[str], None]) -> dict[str, float]:
    """Train it, let it write, and return the validation loss in nats a character, and the time."""
    text = _text(settings.text)
    tokenizer = CharTokenizer(text)
    ids = tokenizer.encode(text)
    end = round((1 - settings.held_out) * len(ids))
    training, validation = ids[:end], ids[end:]
    if min(len(training), len(validation)) <= settings.block:
        raise ValueError(
            f"text: expected more than block = {settings.block} characters in each part, "
            f"got {len(training)} to train on and {len(validation)} held out"
        )
    device = chosen(settings.device)
    model = GPT(settings.shape(len(tokenizer))).to(device)

    def on_step(step: int, loss: float, seconds: float) -> None:
        if step % settings.tell_every == 0 or step == 1:
            tell(
                say("step {step} of {steps}: training loss {loss}", step=step, steps=settings.steps, loss=f"{loss:.4f}")
            )

    def validate() -> float:
        value = loss_on(model, validation, settings.batch_size, device)
        tell(say("validation loss {loss}", loss=f"{value:.4f}"))
        return value

    start, cpu = time.perf_counter(), time.process_time()
    history = settings.fit(
        model, training, device, out, on_step=on_step, validate=validate, validate_every=settings.validate_every
    )
    result = {
        "validation_loss": history.validation["loss"][-1],
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }
    if out is not None:
        dltorch.save_checkpoint(out / "model.safetensors", model, history)
        (out / "vocabulary.txt").write_text("".join(tokenizer.vocabulary), encoding="utf8", newline="")
    if settings.sample:
        first = torch.tensor(validation[None, : settings.block], device=device)
        generator = torch.Generator(device).manual_seed(settings.seed)
        written = model.generate(first, settings.sample, generator, settings.temperature)[0, settings.block :]
        tell(f"\n{tokenizer.decode(written.cpu().numpy())}\n")
    tell(
        say(
            "Validation loss {loss} nats a character after {steps} steps, in {seconds} s ({cpu} s of CPU).",
            loss=f"{result['validation_loss']:.4f}",
            steps=settings.steps,
            seconds=f"{result['seconds']:.0f}",
            cpu=f"{result['cpu_seconds']:.0f}",
        )
    )
    return result


@torch.no_grad()
def loss_on(model: GPT, ids: np.ndarray, batch_size: int, device: torch.device | str = "cpu") -> float:
    """Mean loss of the model over the whole text `ids` (L,), L > block, cut into pieces of `block` tokens.

    A shorter rest at the end is left out.
    """
    T = model.config.block
    count = (len(ids) - 1) // T
    x, y = (torch.as_tensor(ids[start : start + count * T]).view(count, T) for start in (0, 1))
    total = 0.0
    for rows in torch.arange(count).split(batch_size):
        total += len(rows) * next_token_loss(model(x[rows].to(device)), y[rows].to(device)).item()
    return total / count


def _text(name: str) -> str:
    if name in ("tiny_shakespeare", "dom_casmurro"):
        return getattr(data, name)()
    try:
        return pathlib.Path(name).read_text(encoding="utf8")
    except FileNotFoundError:
        raise RecipeError(say("There is no file {path}.", path=name)) from None
    except UnicodeDecodeError as error:
        raise RecipeError(say("{path} is not UTF-8 text: {reason}.", path=name, reason=error)) from None
