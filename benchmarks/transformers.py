"""Transformers: a training step of a GPT against eager PyTorch, writing with kept keys and values against without, and
byte-pair encoding of a megabyte."""

from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.layers import NOT_THERE, one_thread
from benchmarks.measure import Row, Size, alone, alternately, times_faster
from dlbook import data, optim
from dlbook.models.gpt import GPT, GPTConfig
from dlbook.text import BPETokenizer

SHAPE = GPTConfig(vocabulary_size=65, block=64, layers=4, heads=4, width=128)
BATCH = 12
SYMBOLS = 1000


def rows(size: Size) -> Iterator[Row]:
    name = f"GPT step, 4 layers, width 128, block 64, batch {BATCH} / eager torch"
    target = "≥ 0.71 × (at most 1.4 times the time)"
    try:
        pair = training()
    except ImportError:
        yield Row(name, other=NOT_THERE, target=target, precision="float32")
    else:
        yield times_faster(name, alternately(*pair, size.rounds), target, "float32")
    length = min(256, size.examples)
    seconds = alternately(*writing(length), max(1, size.rounds // 4))
    yield times_faster(f"writing {length} tokens, keys and values kept / computed anew", seconds, "≥ 5 ×", "float32")
    corpus = data.tiny_shakespeare()[: max(1000, 400 * size.examples)]

    def encoding():
        return BPETokenizer.train(corpus, SYMBOLS).encode(corpus)

    seconds = alternately(encoding, lambda: None, max(1, size.rounds // 4))[:, 0]
    yield alone(f"byte-pair encoding, {SYMBOLS} symbols, {len(corpus) / 1e6:.2f} MB", seconds, "< 3 s")


def training() -> tuple[Callable, Callable]:
    """One step of AdamW on the same batch, in NumPy and in torch, from the same weights."""
    torch = one_thread()
    from dlbook.torch import twin
    from dlbook.torch.gpt import next_token_loss

    rng = np.random.default_rng(0)
    ours = GPT(SHAPE, rng=rng, dtype=np.float32)
    theirs = twin(ours)
    x, y = rng.integers(0, SHAPE.vocabulary_size, (2, BATCH, SHAPE.block))
    tx, ty = torch.from_numpy(x), torch.from_numpy(y)
    optimizer = optim.AdamW(ours.parameters(), 1e-3)
    other = torch.optim.AdamW(theirs.parameters(), 1e-3)

    def step():
        optimizer.zero_grad()
        value = ours.learn_from(x, y)
        optimizer.step()
        return value

    def torch_step():
        other.zero_grad()
        value = next_token_loss(theirs(tx), ty)
        value.backward()
        other.step()
        return value

    return step, torch_step


def writing(length: int) -> tuple[Callable, Callable]:
    """The same tokens from one GPT, with keys and values kept, and with all computed anew for every token."""
    config = GPTConfig(vocabulary_size=65, block=length + 1, layers=4, heads=4, width=128)
    model = GPT(config, rng=np.random.default_rng(0), dtype=np.float32)

    def written(cached: bool):
        return model.generate([0], length, rng=np.random.default_rng(1), cached=cached)

    return lambda: written(True), lambda: written(False)
