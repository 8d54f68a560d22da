"""gpt-2-small: how fast a GPU trains the shape of GPT-2.  Book: chapters 79 to 82, 100."""

import dataclasses
import pathlib
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from dlbook import data
from dlbook import torch as dltorch
from dlbook.language import say
from dlbook.text import CharTokenizer
from dlbook.torch.gpt import GPT
from dlbook.torch.recipes import language_model
from dlbook.torch.recipes.settings import RecipeError
from dlbook.torch.step import chosen
from dlbook.torch.tokens import Tokens

MOST_ON_A_CPU = 1e12
"""Operations of a step that a CPU is asked to do: about half a minute on one core."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings(language_model.Settings):
    """tokens : the path of a file by `dlbook.torch.tokens.write_tokens`, ids below vocabulary_size; "" takes the
        characters of tiny_shakespeare, which are enough to measure speed.
    vocabulary_size : of the model.
    peak_tflops : of the GPU in bf16, in units of 10¹² operations a second: what the printed share is of.
    """

    tokens: str
    vocabulary_size: int
    peak_tflops: float

    def __post_init__(self):
        super().__post_init__()
        self.at_least(1, "vocabulary_size")
        if not self.peak_tflops > 0:
            raise ValueError(f"peak_tflops: expected more than 0, got {self.peak_tflops}")


def run(settings: Settings, out: pathlib.Path | None, tell: Callable[[str], None]) -> dict[str, float]:
    """Train it, tell its speed at each step, and return the median of the later half of the steps."""
    small = (
        "--set device=cpu --set vocabulary_size=65 --set layers=2 --set heads=2 --set width=64 --set block=64 "
        "--set batch_size=8 --set accumulate=1 --set compile=false"
    )
    try:
        device = chosen(settings.device)
    except ValueError:
        raise RecipeError(
            say("gpt-2-small needs a GPU with CUDA, and PyTorch sees none here. Small, on a CPU: {small}", small=small)
        ) from None
    try:
        tokens = Tokens(settings.tokens) if settings.tokens else _characters()
    except FileNotFoundError:
        raise RecipeError(say("There is no file {path}.", path=settings.tokens)) from None
    per_step = settings.accumulate * settings.batch_size * settings.block
    shape = settings.shape(settings.vocabulary_size)
    with torch.device("meta"):
        operations = GPT(shape).flops_per_token()
    if device.type == "cpu" and operations * per_step > MOST_ON_A_CPU:
        raise RecipeError(
            say(
                "A step of this size takes {operations} operations, at most {most} are for a CPU: {small}",
                operations=f"{operations * per_step:.1e}",
                most=f"{MOST_ON_A_CPU:.0e}",
                small=small,
            )
        )
    model = GPT(shape).to(device)
    speeds: list[float] = []

    def on_step(step: int, loss: float, seconds: float) -> None:
        speeds.append(per_step / seconds)
        tell(
            say(
                "step {step} of {steps}: loss {loss}, {speed} tokens/s, {share} % of {peak} TFLOP/s",
                step=step,
                steps=settings.steps,
                loss=f"{loss:.3f}",
                speed=f"{speeds[-1]:,.0f}",
                share=f"{share(speeds[-1]):.2f}",
                peak=f"{settings.peak_tflops:g}",
            )
        )

    def share(speed: float) -> float:
        return 100 * speed * operations / (settings.peak_tflops * 1e12)

    start = time.perf_counter()
    history = settings.fit(model, tokens, device, out, on_step=on_step)
    if not speeds:
        raise RecipeError(
            say("All {steps} steps are done in {out}: name another folder.", steps=settings.steps, out=out)
        )
    speed = statistics.median(speeds[len(speeds) // 2 :])
    result = {
        "tokens_per_second": speed,
        "percent_of_peak": share(speed),
        "flops_per_token": operations,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "loss": history.train["loss"][-1],
        "seconds": time.perf_counter() - start,
    }
    if out is not None:
        dltorch.save_checkpoint(out / "model.safetensors", model, history)
    tell(
        say(
            "{parameters} parameters, {operations} operations a token. Median of the later half of the steps: "
            "{speed} tokens/s, {share} % of {peak} TFLOP/s.",
            parameters=f"{result['parameters']:,}",
            operations=f"{operations:,}",
            speed=f"{speed:,.0f}",
            share=f"{result['percent_of_peak']:.2f}",
            peak=f"{settings.peak_tflops:g}",
        )
    )
    return result


def _characters() -> np.ndarray:
    text = data.tiny_shakespeare()
    return CharTokenizer(text).encode(text).astype(np.uint16)
