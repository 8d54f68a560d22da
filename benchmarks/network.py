"""One epoch of [784, 30, 10] in mini-batches of 10: vectorised, as modules, the book's loop, and eager PyTorch.

All train on the same synthetic rows in a new order each epoch.  A step costs about the same whether an epoch has
these rows or 50,000.
"""

import functools
from collections.abc import Iterator

import numpy as np

from benchmarks.measure import ROOT, Row, Size, alternately, times_faster
from dlbook import nn, optim, train

SIZES = (784, 30, 10)
BATCH = 10
RATE = 3.0
CHAPTER = ROOT / "solutions/07-network"
CLASSES = ("network", "book-network")
NOT_THERE = "chapter 07 is not there"


def rows(size: Size) -> Iterator[Row]:
    pairs = (
        ("chapter 07's Network / the book's loop", chapter, book, "≥ 10 ×"),
        ("chapter 07's Network / eager torch", chapter, eager, "≥ 6 ×"),
        ("dlbook.nn with fit / the book's loop", modules, book, "≥ 8 ×"),
        ("dlbook.nn with fit / eager torch", modules, eager, "≥ 4.5 ×"),
    )
    for dtype in (np.float32, np.float64):
        x, y = data(size.examples, dtype)
        for name, ours, other, target in pairs:
            precision = np.dtype(dtype).name
            both = ours(x, y), other(x, y)
            if all(both):
                yield times_faster(name, alternately(*both, size.rounds), target, precision)
            else:
                missing = NOT_THERE if not CHAPTER.exists() else "PyTorch is not installed"
                yield Row(name, other=missing, target=target, precision=precision)


def data(examples: int, dtype) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 784) of random grey values and one-hot rows (N, 10)."""
    rng = np.random.default_rng(0)
    x = rng.random((examples, SIZES[0])).astype(dtype)
    return x, np.eye(SIZES[-1], dtype=dtype)[rng.integers(0, SIZES[-1], examples)]


def chapter(x, y):
    """One epoch of the network that chapter 07 builds; None without the chapter."""
    if not CHAPTER.exists():
        return None
    rng = np.random.default_rng(0)
    network = page()["Network"](SIZES, rng, dtype=x.dtype)
    return lambda: network.train_epoch(x, y, RATE, BATCH, rng)


def book(x, y):
    """One epoch of the book's network, an example at a time; None without the chapter."""
    if not CHAPTER.exists():
        return None
    rng = np.random.default_rng(0)
    network = page()["BookNetwork"](SIZES, rng, x.dtype)
    pairs = [(image[:, None], target[:, None]) for image, target in zip(x, y, strict=True)]
    return lambda: network.train_epoch(pairs, RATE, BATCH, rng)


def modules(x, y):
    """One epoch of the layers of dlbook.nn with dlbook.train.fit."""
    rng = np.random.default_rng(0)
    start = {"weight_init": nn.init.normal, "bias_init": nn.init.normal, "rng": rng, "dtype": x.dtype}
    inputs, hidden, outputs = SIZES
    model = nn.Sequential(
        nn.Linear(inputs, hidden, **start), nn.Sigmoid(), nn.Linear(hidden, outputs, **start), nn.Sigmoid()
    )
    optimizer = optim.SGD(model.parameters(), RATE)
    config = train.Config(epochs=1, batch_size=BATCH)
    return lambda: train.fit(model, nn.QuadraticLoss(), optimizer, (x, y), config, rng=rng, progress=False)


def eager(x, y):
    """One epoch of the same layers in eager PyTorch on one thread; None without PyTorch."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    torch.manual_seed(0)
    inputs, hidden, outputs = SIZES
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    layers = (torch.nn.Linear(inputs, hidden), torch.nn.Sigmoid(), torch.nn.Linear(hidden, outputs), torch.nn.Sigmoid())
    model = torch.nn.Sequential(*layers).to(x.dtype)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)

    def epoch():
        for rows in torch.randperm(len(x)).split(BATCH):
            loss = ((model(x[rows]) - y[rows]) ** 2).sum() / (2 * len(rows))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return epoch


@functools.cache
def page() -> dict[str, object]:
    """What the page of chapter 07 defines, up to its two networks."""
    from dlbook.course import source

    defined: dict[str, object] = {"__name__": "chapter"}
    for cell in source.read(CHAPTER).cells:
        if cell.kind in ("given", "exercise") or cell.id in CLASSES:
            exec(compile(cell.source, cell.id, "exec"), defined)
    return defined
