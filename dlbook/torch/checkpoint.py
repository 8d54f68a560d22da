"""Training that survives: everything that a run needs to go on, in one safetensors file, never pickle.

    fit(..., checkpoint=Checkpoint("run.safetensors", every=100))     # call it again after a crash: it goes on

A resumed run ends with the same bits as one that was never interrupted, because the file holds the model, the
optimiser, the schedule, the order of the examples and the position in it, the history, and every random generator.
"""

import dataclasses
import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_state_dict, set_state_dict

from dlbook.torch import distributed

FORMAT = "dlbook training 1"
WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """Where a run is kept, and how often it is written.

    path : the file.  The one before it stays as `path.previous`.  every : optimiser steps between two savings.
    resume : go on from the file if it is there; False starts anew and overwrites it.
    """

    path: str | os.PathLike
    every: int = 100
    resume: bool = True

    def __post_init__(self):
        if self.every < 1:
            raise ValueError(f"every: expected at least 1 step between two savings, got {self.every}")

    @property
    def file(self) -> pathlib.Path:
        return pathlib.Path(self.path)

    @property
    def previous(self) -> pathlib.Path:
        return self.file.with_name(self.file.name + ".previous")


def save(checkpoint: Checkpoint, model, optimizer, scheduler, rng: np.random.Generator, position: Mapping) -> None:
    """Write everything.  `position` : tensors, and what JSON can hold, by name: where in the data the run stands.

    With several processes all take part, and the first one writes.  The file appears whole or not at all.
    """
    of_model, of_optimizer = get_state_dict(model, optimizer, options=WHOLE)
    tensors = {f"model/{name}": tensor for name, tensor in of_model.items()}
    facts: dict[str, Any] = {"format": FORMAT, "groups": of_optimizer.get("param_groups", [])}
    memories = {f"{name}/{key}": v for name, keys in of_optimizer.get("state", {}).items() for key, v in keys.items()}
    for kind, values in (("optimizer", memories), ("position", position)):
        facts[kind] = {name: value for name, value in values.items() if not isinstance(value, torch.Tensor)}
        tensors |= {f"{kind}/{name}": value for name, value in values.items() if isinstance(value, torch.Tensor)}
    for rank, state in enumerate(distributed.gathered(_generators())):
        tensors |= {f"generators/{rank}/{name}": value for name, value in state.items()}
    facts["scheduler"] = None if scheduler is None else scheduler.state_dict()
    facts["rng"] = rng.bit_generator.state
    if distributed.is_first():
        _write(checkpoint, tensors, facts)
    distributed.wait()


def restore(checkpoint: Checkpoint, model, optimizer, scheduler, rng: np.random.Generator) -> dict | None:
    """Bring everything to what the file holds; returns the position, or None where there is no file.

    Raises ValueError, and changes nothing, for a file that is damaged, no checkpoint of training, or one of another
    model, optimiser or schedule.
    """
    if not (checkpoint.resume and checkpoint.file.exists()):
        return None
    tensors, facts = _read(checkpoint)
    parts: dict[str, dict] = {"model": {}, "optimizer": dict(facts["optimizer"]), "position": dict(facts["position"])}
    generators = {}
    for name, tensor in tensors.items():
        kind, _, rest = name.partition("/")
        (generators if kind == "generators" else parts[kind])[rest] = tensor
    _compare(checkpoint.file, parts["model"], facts, model, optimizer, scheduler)
    state: dict[str, dict] = {}
    for name, value in parts["optimizer"].items():
        parameter, _, key = name.rpartition("/")
        state.setdefault(parameter, {})[key] = value
    groups = [{key: tuple(v) if key == "betas" else v for key, v in group.items()} for group in facts["groups"]]
    optimizer.zero_grad()
    of_optimizer = {"state": state, "param_groups": groups}
    set_state_dict(model, optimizer, model_state_dict=parts["model"], optim_state_dict=of_optimizer, options=WHOLE)
    for parameter, memory in optimizer.state.items():
        for key, value in memory.items():  # a fused optimiser pairs the elements as they lie in memory
            if value.shape == parameter.shape and value.stride() != parameter.stride():
                memory[key] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)
    if scheduler is not None:
        scheduler.load_state_dict(facts["scheduler"])
    rng.bit_generator.state = facts["rng"]
    _set_generators({name[2:]: v for name, v in generators.items() if name.startswith(f"{distributed.rank()}/")})
    return parts["position"]


def _generators() -> dict[str, torch.Tensor]:
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states |= {f"cuda{i}": state for i, state in enumerate(torch.cuda.get_rng_state_all())}
    return states


def _set_generators(states: Mapping[str, torch.Tensor]) -> None:
    for name, state in states.items():
        if name == "cpu":
            torch.set_rng_state(state)
        elif torch.cuda.is_available() and int(name[4:]) < torch.cuda.device_count():
            torch.cuda.set_rng_state(state, int(name[4:]))


def _write(checkpoint: Checkpoint, tensors, facts) -> None:
    """To a file beside it, to the disk, and only then to its name; the old file keeps another name."""
    from safetensors.torch import save_file

    file, unfinished = checkpoint.file, checkpoint.file.with_name(checkpoint.file.name + ".part")
    file.parent.mkdir(parents=True, exist_ok=True)
    whole = {name: tensor.detach().contiguous().cpu().clone() for name, tensor in tensors.items()}
    save_file(whole, unfinished, {"format": FORMAT, "facts": json.dumps(facts)})
    with open(unfinished, "rb") as written:
        os.fsync(written.fileno())
    if file.exists():
        checkpoint.previous.unlink(missing_ok=True)
        os.link(file, checkpoint.previous)
    os.replace(unfinished, file)
    if os.name == "posix":
        folder = os.open(file.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def _read(checkpoint: Checkpoint):
    from safetensors import SafetensorError, safe_open

    file = checkpoint.file
    try:
        with safe_open(file, framework="pt") as opened:
            facts = json.loads((opened.metadata() or {}).get("facts", "{}"))
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError) as error:
        advice = f"; the one before it is {checkpoint.previous}" if checkpoint.previous.exists() else ""
        raise ValueError(
            f"{file}: expected a whole checkpoint, got one that cannot be read ({error}){advice}"
        ) from None
    if facts.get("format") != FORMAT:
        raise ValueError(
            f"{file}: expected a checkpoint of training, got another safetensors file; choose another path"
        )
    return tensors, facts


def _compare(file, saved, facts, model, optimizer, scheduler) -> None:
    """ValueError at the first difference between what the file holds and what it is to be loaded into."""
    own = model.state_dict()
    for name in [*own, *saved]:
        ours, theirs = own.get(name), saved.get(name)
        if ours is None or theirs is None or ours.shape != theirs.shape:
            shapes = ["nothing" if tensor is None else tuple(tensor.shape) for tensor in (ours, theirs)]
            raise ValueError(
                f"{file} is the checkpoint of another model: at {name} expected {shapes[0]}, got {shapes[1]}"
            )
    for ours, theirs in zip(optimizer.param_groups, facts["groups"], strict=False):
        if different := sorted(set(ours) ^ set(theirs)):
            raise ValueError(f"{file} is the checkpoint of another optimizer: only one of both has {different[0]}")
    if len(optimizer.param_groups) != len(facts["groups"]):
        counts = f"{len(optimizer.param_groups)} groups of parameters, got {len(facts['groups'])}"
        raise ValueError(f"{file} is the checkpoint of another optimizer: expected {counts}")
    if (scheduler is None) != (facts["scheduler"] is None):
        had = "none" if facts["scheduler"] is None else "one"
        raise ValueError(f"scheduler: expected what {file} was saved with, {had}, got {scheduler}")
