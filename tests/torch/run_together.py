"""A run for the tests of several processes, started by torchrun or alone; the first one writes what came out.

python run_together.py RESULT.json plain|sharded [CHECKPOINT [KILL_AT_STEP]]
"""

import json
import os
import pathlib
import signal
import sys

import numpy as np
import torch

from dlbook import torch as dltorch
from dlbook.torch import distributed
from dlbook.train import Config, accuracy

result, kind, *rest = sys.argv[1:]
path, kill_at = (rest[0] if rest else None), int(rest[1]) if len(rest) > 1 else None
data = np.random.default_rng(1)
x, y = data.standard_normal((50, 6)), data.integers(0, 3, 50)  # 50: the last batch is smaller than the others
first_attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") == "0"
steps = 0


class Loss(torch.nn.CrossEntropyLoss):
    def forward(self, prediction, target):
        global steps
        steps += prediction.requires_grad
        if kill_at == steps and first_attempt and distributed.rank() == distributed.size() - 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().forward(prediction, target)


with distributed.joined() as device:
    torch.manual_seed(0)
    blocks = [torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Tanh()) for _ in range(2)]

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = torch.nn.Linear(6, 8), torch.nn.Linear(8, 3)
            self.blocks = torch.nn.ModuleList(blocks)

        def forward(self, batch):
            batch = self.first(batch)
            for block in self.blocks:
                batch = batch + block(batch)
            return self.last(batch)

    model = Model().double()
    if kind == "sharded":
        distributed.shard(model)
    optimizer = torch.optim.AdamW(model.parameters(), 0.02)
    history = dltorch.fit(
        model,
        Loss(),
        optimizer,
        (x, y),
        Config(epochs=3, batch_size=16, accumulate=2, max_norm=0.5, schedule="batch"),
        rng=np.random.default_rng(2),
        validation=(x[:10], y[:10]),
        metrics={"accuracy": accuracy},
        scheduler=torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.95),
        device=device,
        checkpoint=dltorch.Checkpoint(path, every=2) if path else None,
        progress=False,
    )
    if distributed.is_first():
        facts = {"size": distributed.size(), "train": history.train, "validation": history.validation}
        pathlib.Path(result).write_text(json.dumps(facts), encoding="utf8")
