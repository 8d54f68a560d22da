"""Convolutions and recurrent layers, forward and backward, and attention, against eager PyTorch on one thread."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from benchmarks.measure import Row, Size, alternately, times_faster
from dlbook import nn

IMAGES = {
    "x (100, 3, 31, 31), w (25, 3, 3, 3), stride 2": ((100, 3, 31, 31), 25, 2),
    "x (32, 32, 32, 32), w (64, 32, 3, 3)": ((32, 32, 32, 32), 64, 1),
}
STEPS, BATCH, INPUTS, HIDDEN = 32, 32, 64, 128
NOT_THERE = "PyTorch is not installed"


def rows(size: Size) -> Iterator[Row]:
    small, large = IMAGES
    double, single = np.float64, np.float32
    cases = [
        (f"conv2d forward, {small}", partial(convolution, small, double, "forward"), "≥ 1.2 ×", double),
        (f"conv2d backward, {small}", partial(convolution, small, double, "backward"), "≥ 1.4 ×", double),
        (f"conv2d both, {large}", partial(convolution, large, double, "both"), "≥ 1 ×", double),
        (f"conv2d both, {large}", partial(convolution, large, single, "both"), "≥ 0.5 ×", single),
    ]
    for kind, target in (("LSTM", "≥ 1.25 ×"), ("GRU", "≥ 1 ×"), ("RNN", "≥ 1 ×")):
        name = f"{kind} both, T {STEPS}, N {BATCH}, D {INPUTS}, H {HIDDEN}"
        cases += [(name, partial(recurrent, kind, double), target, double)]
        cases += [(name, partial(recurrent, kind, single), "", single)]
    cases += [("attention forward, q, k, v (8, 8, 256, 64)", reading, "≥ 0.5 ×", single)]
    for name, build, target, dtype in cases:
        name, precision = f"{name} / eager torch", np.dtype(dtype).name
        try:
            pair = build()
        except ImportError:
            yield Row(name, other=NOT_THERE, target=target, precision=precision)
        else:
            yield times_faster(name, alternately(*pair, size.rounds), target, precision)


def convolution(which: str, dtype, part: str) -> tuple[Callable, Callable]:
    """A convolution with padding 1 in NumPy and in torch, on the same numbers; each returns what it computed."""
    torch = one_thread()
    shape, out, stride = IMAGES[which]
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(s).astype(dtype) for s in (shape, (out, shape[1], 3, 3), (out,))]
    y, cache = nn.conv2d(*arrays, stride, 1)
    dy = rng.standard_normal(y.shape).astype(dtype)
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    there, tdy = torch.nn.functional.conv2d(*tensors, stride, 1), torch.tensor(dy)

    def forward():
        return nn.conv2d(*arrays, stride, 1)[0]

    def torch_forward():
        return torch.nn.functional.conv2d(*tensors, stride, 1)

    def both():
        y, cache = nn.conv2d(*arrays, stride, 1)
        return (y, *nn.conv2d_backward(dy, cache))

    def torch_both():
        y = torch_forward()
        return (y, *torch.autograd.grad(y, tensors, tdy))

    return {
        "forward": (forward, torch_forward),
        "backward": (
            lambda: nn.conv2d_backward(dy, cache),
            lambda: torch.autograd.grad(there, tensors, tdy, retain_graph=True),
        ),
        "both": (both, torch_both),
    }[part]


def recurrent(kind: str, dtype) -> tuple[Callable, Callable]:
    """A layer forward and backward, in NumPy and in torch, with the same weights; each returns dx."""
    torch = one_thread()
    from dlbook.torch import twin

    rng = np.random.default_rng(0)
    layer = getattr(nn, kind)(INPUTS, HIDDEN, rng=rng, dtype=dtype)
    other = twin(layer)
    x = rng.standard_normal((STEPS, BATCH, INPUTS)).astype(dtype)
    dy = rng.standard_normal((STEPS, BATCH, HIDDEN)).astype(dtype)
    tx, tdy = torch.tensor(x, requires_grad=True), torch.tensor(dy)

    def ours():
        layer.zero_grad()
        _, cache = layer.forward(x)
        return layer.backward(dy, cache)[0]

    def theirs():
        other.zero_grad()
        tx.grad = None
        other(tx)[0].backward(tdy)
        return tx.grad

    return ours, theirs


def reading() -> tuple[Callable, Callable]:
    """Attention without a mask, forward; each returns what was read."""
    torch = one_thread()
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal((8, 8, 256, 64)).astype(np.float32) for _ in range(3)]
    tensors = [torch.from_numpy(array) for array in arrays]
    return (
        lambda: nn.attention(*arrays)[0],
        lambda: torch.nn.functional.scaled_dot_product_attention(*tensors),
    )


def one_thread():
    import torch

    torch.set_num_threads(1)
    return torch
