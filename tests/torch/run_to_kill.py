"""A run for the tests of checkpoints: trains, optionally kills itself, and prints a digest of what came out.

python run_to_kill.py CHECKPOINT EVERY [KILL_AT_STEP]
"""

import hashlib
import os
import signal
import sys

import numpy as np
import torch

from dlbook import torch as dltorch
from dlbook.train import Config

path, every, *kill_at = sys.argv[1:]
torch.manual_seed(0)
model = torch.nn.Sequential(
    torch.nn.Linear(6, 16), torch.nn.BatchNorm1d(16), torch.nn.ReLU(), torch.nn.Dropout(0.3), torch.nn.Linear(16, 3)
)
data = np.random.default_rng(1)
x, y = data.standard_normal((70, 6)).astype(np.float32), data.integers(0, 3, 70)
optimizer = torch.optim.AdamW(model.parameters(), 0.01)
steps = 0


class Loss(torch.nn.CrossEntropyLoss):
    """Counts the calls in training, and ends the process as a power cut would."""

    def forward(self, prediction, target):
        global steps
        if model.training:
            steps += 1
            if kill_at and steps == int(kill_at[0]):
                os.kill(os.getpid(), signal.SIGKILL)
        return super().forward(prediction, target)


history = dltorch.fit(
    model,
    Loss(),
    optimizer,
    (x, y),
    Config(epochs=6, batch_size=8, patience=4, schedule="batch", max_norm=1.0),
    rng=np.random.default_rng(2),
    validation=(x[:20], y[:20]),
    scheduler=torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 60),
    augment=lambda batch: batch + 0.1 * torch.randn_like(batch),
    checkpoint=dltorch.Checkpoint(path, every=int(every)),
    progress=False,
)
digest = hashlib.sha256()
for name, tensor in model.state_dict().items():
    digest.update(name.encode() + tensor.numpy().tobytes())
for state in optimizer.state_dict()["state"].values():
    digest.update(b"".join(tensor.numpy().tobytes() for tensor in state.values()))
print(digest.hexdigest(), history.train, history.validation, history.best_epoch, optimizer.param_groups[0]["lr"])
