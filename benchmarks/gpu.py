"""On a CUDA device: parity of the twins, the recipes, and what compiling, bf16 and data on the device bring.

    python -m benchmarks gpu

Times are by the clock, after the device has finished, a step at a time, in turn.  Without a device there is a row that
says so.  The recipes take the whole MNIST from the folder in DLBOOK_DATA, else the images of the package.
"""

import time
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.measure import Row, Size, times_faster
from dlbook import data, nn

NO_DEVICE = "not measured: no CUDA device here"


def rows(size: Size) -> Iterator[Row]:
    try:
        import torch
    except ImportError:
        yield Row("GPU", other="PyTorch is not installed, so not measured", target="-")
        return
    if not torch.cuda.is_available():
        yield Row("GPU", other=NO_DEVICE, target="-")
        return
    name = f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}"
    yield Row("device", name, target="-")
    yield from parity("cuda")
    yield from comparisons("cuda", size.rounds, large=True)
    yield from recipes()


def parity(device: str) -> Iterator[Row]:
    """The largest difference from NumPy in float64, of outputs and of gradients: ‖ours - theirs‖ / ‖ours‖."""
    import torch

    for precision, target in (("float64", "≤ 1e-10"), ("float32", "≤ 1e-4"), ("bf16", "≤ 1e-1")):
        names = [name for name in MODULES if precision != "bf16" or device == "cuda" or "network" in name]
        worst = max(difference(name, device, precision) for name in names)  # torch has no bf16 LSTM on a CPU
        tf32 = torch.backends.cuda.matmul.allow_tf32
        note = f"TF32 {'on' if tf32 else 'off'}" if precision == "float32" else ""
        yield Row(f"{len(names)} twins on {device} / NumPy in float64", f"{worst:.1e}", note, "", target, precision)


# name -> (module, shape of its input)
MODULES = {
    "dense network": (
        lambda rng: nn.Sequential(nn.Linear(64, 96, rng=rng), nn.GELU(), nn.LayerNorm(96), nn.Linear(96, 10, rng=rng)),
        (32, 64),
    ),
    "convolutional network": (
        lambda rng: nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1, bias=False, rng=rng), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 6, 3, stride=2, rng=rng), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4, rng=rng),
        ),
        (16, 3, 20, 20),
    ),
    "LSTM": (lambda rng: nn.LSTM(12, 24, 2, rng=rng), (15, 8, 12)),
    "GRU": (lambda rng: nn.GRU(12, 24, bidirectional=True, rng=rng), (15, 8, 12)),
}  # fmt: skip


def difference(name: str, device: str, precision: str) -> float:
    """Of one module: outputs, the gradient of the input, and those of all parameters."""
    import torch

    from dlbook.torch import twin

    rng = np.random.default_rng(0)
    build, shape = MODULES[name]
    ours, x = build(rng), rng.standard_normal(shape)
    dtype = torch.float64 if precision == "float64" else torch.float32
    theirs = twin(ours).to(device, dtype)
    tx = torch.tensor(x, dtype=dtype, device=device, requires_grad=True)
    with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
        ty = theirs(tx)
    output, cache = ours.forward(x)
    y, ty = (output[0], ty[0]) if isinstance(output, tuple) else (output, ty)
    dy = rng.standard_normal(y.shape)
    dx = ours.backward(dy, cache)
    dx = dx[0] if isinstance(dx, tuple) else dx
    ty.backward(torch.tensor(dy, dtype=ty.dtype, device=device))
    pairs = [(y, ty.detach()), (dx, tx.grad)]
    gradients = dict(theirs.named_parameters())
    pairs += [(parameter.grad, gradients[key].grad) for key, parameter in ours.named_parameters()]
    numbers = [(mine, other.double().cpu().numpy()) for mine, other in pairs]
    return max(float(np.linalg.norm(mine - other) / np.linalg.norm(mine)) for mine, other in numbers)


def comparisons(device: str, rounds: int, large: bool) -> Iterator[Row]:
    """A training step of a GPT and of a small CNN, each pair in turn."""
    pairs = [
        ("GPT step, compiled / eager, bf16", (gpt_step(device, large, compiled=True), gpt_step(device, large))),
        ("GPT step, bf16 / float32, eager", (gpt_step(device, large), gpt_step(device, large, half=False))),
        ("attention, fused / written out, bf16", attention(device, large)),
        ("MNIST CNN steps, data on the device / on the host", loaders(device, 2000 if large else 40)),
    ]
    for name, (one, other) in pairs:
        yield times_faster(name, by_the_clock(one, other, rounds, device), "-", "")


def by_the_clock(one: Callable, other: Callable, rounds: int, device: str) -> np.ndarray:
    """Seconds (rounds, 2) of one call of each, in turn, until the device is idle; the first two calls do not count."""
    import torch

    def seconds(function):
        start = time.perf_counter()
        function()
        if device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start

    for _ in range(2):
        seconds(one), seconds(other)
    return np.array([[seconds(one), seconds(other)] for _ in range(rounds)])


def gpt_step(device: str, large: bool, *, compiled: bool = False, half: bool = True) -> Callable:
    """A step of AdamW on random tokens."""
    import torch

    from dlbook.models.gpt import GPTConfig
    from dlbook.torch.gpt import GPT, next_token_loss

    torch.manual_seed(0)
    shape = (50304, 1024, 12, 12, 768) if large else (11, 8, 1, 2, 16)
    model = GPT(GPTConfig(*shape)).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-4, fused=True)
    tokens = torch.randint(0, shape[0], (8 if large else 2, shape[1] + 1), device=device)
    forward = torch.compile(model) if compiled else model

    def step():
        with torch.autocast(device, torch.bfloat16, enabled=half):
            logits = forward(tokens[:, :-1])
        loss = next_token_loss(logits.float(), tokens[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def attention(device: str, large: bool) -> tuple[Callable, Callable]:
    """Causal attention forward and backward: torch's fused function, and its formula."""
    import torch

    shape = (8, 12, 1024, 64) if large else (2, 2, 8, 4)
    generator = torch.Generator(device).manual_seed(0)
    q, k, v, dy = (torch.randn(shape, device=device, dtype=torch.bfloat16, generator=generator) for _ in range(4))
    for tensor in (q, k, v):
        tensor.requires_grad_()
    hidden = torch.ones(shape[2], shape[2], dtype=torch.bool, device=device).triu(1)

    def fused():
        y = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return y.detach(), *torch.autograd.grad(y, (q, k, v), dy)

    def written_out():
        scores = (q @ k.transpose(-2, -1)) / shape[3] ** 0.5
        y = scores.masked_fill(hidden, -torch.inf).softmax(dim=-1) @ v
        return y.detach(), *torch.autograd.grad(y, (q, k, v), dy)

    return fused, written_out


def loaders(device: str, examples: int) -> tuple[Callable, Callable]:
    """An epoch of a small CNN over images that are on the device, and over images copied batch by batch."""
    import torch

    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(examples, 1, 28, 28, generator=generator), torch.randint(0, 10, (examples,), generator=generator)
    layers = (torch.nn.Conv2d(1, 32, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Flatten())
    model = torch.nn.Sequential(*layers, torch.nn.Linear(32 * 13 * 13, 10)).to(device)
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    there = x.to(device), y.to(device)

    def epoch(x, y):
        for start in range(0, examples, 20):
            part = x[start : start + 20].to(device), y[start : start + 20].to(device)
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(part[0]), part[1]).backward()
            optimizer.step()

    return lambda: epoch(*there), lambda: epoch(x, y)


def recipes() -> Iterator[Row]:
    """The recipes as `dlbook train` runs them, on the device."""
    from dlbook.torch.recipes import train

    source = "whole" if (data.data_folder() / "mnist.npz").exists() else "bundled"
    for name, target in (("mnist-mlp", "≥ 98.3 %"), ("mnist-cnn", "≥ 99.4 % in < 10 s")):
        result = train(name, changes=["device=cuda", f"data={source}"], tell=lambda line: None)
        yield Row(f"{name}, {source} MNIST", f"{result['accuracy']:.2%}", f"{result['seconds']:.1f} s", "", target)
    result = train("gpt-2-small", changes=["device=cuda"], tell=lambda line: None)
    speed, share = f"{result['tokens_per_second']:,.0f} tokens/s", f"{result['percent_of_peak']:.1f} % of the peak"
    yield Row("gpt-2-small", speed, share, "", "≥ 45 %")
