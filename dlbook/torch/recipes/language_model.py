"""What both GPT recipes share: settings, optimiser, schedule, and the training."""

import dataclasses
import math
import pathlib

import numpy as np
import torch

from dlbook import torch as dltorch
from dlbook.models.gpt import GPTConfig
from dlbook.torch.checkpoint import Checkpoint
from dlbook.torch.gpt import GPT, next_token_loss
from dlbook.torch.recipes.settings import Common
from dlbook.torch.tokens import Tokens, batch
from dlbook.train import History


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings(Common):
    """What both GPT recipes ask for.

    layers, heads, width, block, dropout, bias, gelu : as in `dlbook.models.gpt.GPTConfig`.
    batch_size, accumulate : sequences at a time, and how often before a step.
    learning_rate : the highest.  It rises to it in `warm_up` steps, and falls along a cosine to the share
        `final_rate` of it.
    beta_1, beta_2, weight_decay : of AdamW.  max_norm : of all gradients.  save_every : steps between two checkpoints
        in --out.
    """

    layers: int
    heads: int
    width: int
    block: int
    dropout: float
    bias: bool
    gelu: str
    steps: int
    batch_size: int
    accumulate: int
    learning_rate: float
    warm_up: int
    final_rate: float
    beta_1: float
    beta_2: float
    weight_decay: float
    max_norm: float
    save_every: int

    def __post_init__(self):
        super().__post_init__()
        self.at_least(0, "learning_rate", "warm_up", "final_rate", "weight_decay", "max_norm")
        self.at_least(1, "steps", "batch_size", "accumulate", "save_every")
        self.shape(vocabulary_size=1)

    def shape(self, vocabulary_size: int) -> GPTConfig:
        """The shape of the model.  Raises ValueError for one that cannot be."""
        names = (field.name for field in dataclasses.fields(GPTConfig) if hasattr(self, field.name))
        return GPTConfig(**({name: getattr(self, name) for name in names} | {"vocabulary_size": vocabulary_size}))

    def optimizer(self, model: GPT, device: torch.device) -> torch.optim.AdamW:
        """AdamW, with weight decay for matrices alone, all parameters in one operation where torch can."""
        return torch.optim.AdamW(
            model.parameter_groups(self.weight_decay),
            self.learning_rate,
            betas=(self.beta_1, self.beta_2),
            fused=device.type != "mps",
        )

    def scheduler(self, optimizer: torch.optim.Optimizer) -> torch.optim.lr_scheduler.LambdaLR:
        """lr(t) / learning_rate = (t + 1) / warm_up at first, then f + (1 − f) (1 + cos π s) / 2, s from 0 to 1."""

        def factor(t: int) -> float:
            if t < self.warm_up:
                return (t + 1) / self.warm_up
            done = min(1.0, (t - self.warm_up) / max(1, self.steps - self.warm_up))
            return self.final_rate + (1 - self.final_rate) * (1 + math.cos(math.pi * done)) / 2

        return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)

    def fit(
        self, model: GPT, tokens: Tokens | np.ndarray, device: torch.device, out: pathlib.Path | None, **callbacks
    ) -> History:
        """Train `model` on random pieces of `tokens`; with `out`, from and to the checkpoint there.

        callbacks : on_step, validate and validate_every of `dlbook.torch.fit_steps`.
        """
        optimizer = self.optimizer(model, device)
        return dltorch.fit_steps(
            model,
            lambda rng: batch(tokens, self.batch_size, self.block, rng, device),
            optimizer,
            steps=self.steps,
            rng=np.random.default_rng(self.seed),
            loss=next_token_loss,
            accumulate=self.accumulate,
            max_norm=self.max_norm,
            scheduler=self.scheduler(optimizer),
            device=device,
            precision=self.precision,
            compile=self.compile,
            checkpoint=None if out is None else Checkpoint(out / "run.safetensors", every=self.save_every),
            **callbacks,
        )
