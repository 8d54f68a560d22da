"""One step of training: precision, compiling, portions of a batch, clipping, several processes, too little memory."""

import contextlib
import sys
from collections.abc import Iterator, Sequence

import torch

from dlbook.language import say
from dlbook.torch import distributed

PRECISIONS = ("auto", "full", "bf16")


def device() -> torch.device:
    """The fastest device at hand: cuda, mps or cpu."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def chosen(name: torch.device | str) -> torch.device:
    """The device of that name, "auto" for the fastest.  Raises ValueError for CUDA where there is none."""
    found = device() if name == "auto" else torch.device(name)
    if found.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(
            f"device: expected cpu or auto, got {name}: this PyTorch ({torch.__version__}) sees no CUDA device; "
            "check nvidia-smi, and that PyTorch was installed with CUDA"
        )
    return found


@contextlib.contextmanager
def deterministic(wanted: bool = True) -> Iterator[None]:
    """Inside this context PyTorch uses algorithms that give the same bits each time, or raises where it has none."""
    if not wanted:
        yield
        return
    before, warned = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warned)


class Step:
    """What both loops of `dlbook.torch` do with a batch.

    model, loss, optimizer : of torch.  device : where the model is moved.  max_norm : of all gradients, None never.
    precision : "bf16" runs the forward passes in bfloat16 by autocast, while weights, gradients and losses keep their
        precision; "full" runs all in that of the weights; "auto" takes bf16 on CUDA devices that have it.
    compile : through torch.compile, or, where that fails, as it is, after a line that says why.
    """

    def __init__(self, model, loss, optimizer, device, *, precision="auto", compile=False, max_norm=None):
        if precision not in PRECISIONS:
            raise ValueError(f"precision: expected one of {', '.join(PRECISIONS)}, got {precision!r}")
        self.model, self.loss, self.optimizer, self.max_norm = model, loss, optimizer, max_norm
        self.device = chosen(device)
        model.to(self.device)
        self.dtype = next(model.parameters()).dtype
        has_bf16 = self.device.type == "cuda" and torch.cuda.is_bf16_supported()
        self.half = precision == "bf16" or (precision == "auto" and has_bf16)
        self.wrapped = distributed.parallel(model)
        self._compiled = torch.compile(self.wrapped) if compile else None
        self.is_mean = getattr(loss, "reduction", "mean") == "mean"

    def forward(self, x: torch.Tensor, training: bool = False) -> torch.Tensor:
        """The model's output for x, in the precision of the weights."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            return self._call(x, training).to(self.dtype)

    def _call(self, x, training):
        plain = self.wrapped if training else self.model
        if self._compiled is None or not training:
            return plain(x)
        try:
            return self._compiled(x)
        except torch._dynamo.exc.TorchDynamoException as error:
            reason = str(error).strip().splitlines()[0]
            print(
                say("torch.compile does not work here, training goes on without it: {reason}", reason=reason),
                file=sys.stderr,
            )
            self._compiled = None
            return plain(x)

    def portion(self, x: torch.Tensor, y: torch.Tensor, share: float) -> torch.Tensor:
        """Add share times the gradient of the loss on (x, y), and return that loss."""
        value = self.loss(self.forward(x, training=True), y)
        (value * (share * distributed.size())).backward()
        return value.detach()

    def __call__(self, portions: Sequence[tuple[torch.Tensor, torch.Tensor, float]]) -> torch.Tensor:
        """One optimiser step on portions (x, y, share) of a batch; returns Σ share · loss over all processes.

        Raises torch.OutOfMemoryError, with a number of examples that fits.
        """
        self.optimizer.zero_grad()
        sum_ = torch.zeros((), dtype=self.dtype, device=self.device)
        for k, (x, y, share) in enumerate(portions):
            try:
                with self._alone(k < len(portions) - 1):
                    sum_ += share * self.portion(x, y, share)
            except torch.OutOfMemoryError:
                raise torch.OutOfMemoryError(self._advice(x, y, len(portions))) from None
        if self.max_norm is not None:
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.max_norm)
        self.optimizer.step()
        return distributed.total(sum_)

    def _advice(self, x, y, count: int) -> str:
        """What to do when a step of `count` portions like (x, y) needs more memory than there is."""
        fits, tried = self._largest_that_fits(x, y), f"out of memory on {self.device} with {len(x)} examples at a time"
        if not fits:
            other = "" if self.half else ", or try precision='bf16'"
            return f"{tried}; not even one fits. Make the model or its inputs smaller{other}"
        return f"{tried}; {fits} fit. The same steps with less memory: accumulate={-(-len(x) * count // fits)}"

    def _alone(self, more_to_come: bool):
        """Portions before the last need not tell the other processes their gradients."""
        if more_to_come and isinstance(self.wrapped, torch.nn.parallel.DistributedDataParallel):
            return self.wrapped.no_sync()
        return contextlib.nullcontext()

    def _largest_that_fits(self, x, y) -> int:
        """Halve until a forward and a backward pass go through."""
        count = len(x)
        while count > 1:
            self.optimizer.zero_grad()
            if self.device.type == "cuda":
                torch.cuda.empty_cache()
            count //= 2
            try:
                self.loss(self.forward(x[:count]), y[:count]).backward()
            except torch.OutOfMemoryError:
                continue
            self.optimizer.zero_grad()
            return count
        return 0
