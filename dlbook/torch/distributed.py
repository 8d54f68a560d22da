"""Several processes that train one model, started by torchrun; and one process, where all of this does nothing.

    torchrun --nproc-per-node 2 script.py

    with distributed.joined():            # in script.py; a script run without torchrun is a group of one
        fit(model, ...)

Every process holds the model and takes its share of each batch, so the batches, and with them the loss curve, are
those of a single process.  `shard` splits the model too, for one that does not fit on a device.
"""

import contextlib
import os
from collections.abc import Iterator

import torch
from torch import distributed as dist
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel


@contextlib.contextmanager
def joined(backend: str | None = None) -> Iterator[torch.device]:
    """Join the processes that torchrun started, and leave them at the end; the value is this process's device.

    backend : "nccl" where there are CUDA devices, else "gloo".
    """
    cuda = torch.cuda.is_available()
    local = int(os.environ.get("LOCAL_RANK", 0))
    device = torch.device("cuda", local) if cuda else torch.device("cpu")
    if "WORLD_SIZE" not in os.environ:
        yield device
        return
    if cuda:
        torch.cuda.set_device(device)
    store, place, count = next(dist.rendezvous("env://"))
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    store = dist.PrefixStore(f"attempt {attempt}", store)  # torchrun's store still holds addresses of the dead
    dist.init_process_group(backend or ("nccl" if cuda else "gloo"), store=store, rank=place, world_size=count)
    try:
        yield device
        dist.barrier()  # who leaves first would break the connection of one that still reads
    finally:
        dist.destroy_process_group()


def size() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Which of them this is, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def is_first() -> bool:
    """Whether this process writes files and shows progress."""
    return rank() == 0


def wait() -> None:
    """Until all processes are here."""
    if size() > 1:
        dist.barrier()


def gathered(value) -> list:
    """The `value` of every process, by rank."""
    if size() == 1:
        return [value]
    values = [None] * size()
    dist.all_gather_object(values, value)
    return values


def total(value: torch.Tensor) -> torch.Tensor:
    """The sum of `value` over all processes."""
    if size() > 1:
        value = value.clone()
        dist.all_reduce(value)
    return value


def shard(model: torch.nn.Module) -> torch.nn.Module:
    """Split the parameters among the processes (FSDP2): each keeps its part, and fetches the others when needed.

    A module that has blocks, a ModuleList, is split block by block, so only one block is whole at a time.
    Call it before the optimiser is made.  Returns the model.  Zhao et al. 2023.
    """
    if size() == 1:
        return model
    for module in model.modules():
        if isinstance(module, torch.nn.ModuleList):
            for block in module:
                fully_shard(block)
    return fully_shard(model)


def is_sharded(model: torch.nn.Module) -> bool:
    from torch.distributed.fsdp import FSDPModule

    return isinstance(model, FSDPModule)


def parallel(model: torch.nn.Module) -> torch.nn.Module:
    """The model to call in training: its gradients become the mean over all processes.  Li et al. 2020."""
    if size() == 1 or is_sharded(model):
        return model
    ids = [next(model.parameters()).device] if next(model.parameters()).is_cuda else None
    return DistributedDataParallel(model, device_ids=ids)
