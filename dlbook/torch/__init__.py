"""The same models in PyTorch: twins of NumPy modules, and the training loop on a GPU."""

try:
    import torch as _torch
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise ModuleNotFoundError('dlbook.torch needs PyTorch: pip install "dlbook[torch]"', name="torch") from None

from dlbook.torch import distributed
from dlbook.torch.checkpoint import Checkpoint
from dlbook.torch.layers import QuadraticLoss, Residual
from dlbook.torch.loop import fit, fit_steps, load_checkpoint, save_checkpoint
from dlbook.torch.step import device
from dlbook.torch.twins import from_torch, twin

_torch.set_num_threads(1)  # small networks on a CPU: a second thread costs more than it brings

__all__ = [
    "Checkpoint",
    "QuadraticLoss",
    "Residual",
    "device",
    "distributed",
    "fit",
    "fit_steps",
    "from_torch",
    "load_checkpoint",
    "save_checkpoint",
    "twin",
]
