"""Text as tokens in a file that is mapped into memory: a corpus may be larger than the machine's memory.

    write_tokens("train.npy", ids)
    x, y = batch(Tokens("train.npy"), batch_size=12, block=64, rng=rng)

Only the pages that a batch touches are read from the disk, and the system keeps those that are used again.
"""

import os
import pathlib

import numpy as np
import torch


def write_tokens(path: str | os.PathLike, ids) -> None:
    """Write ids (L,), integers from 0, as a NumPy file of uint16, or of uint32 where one needs it.

    The file appears whole or not at all.  Raises ValueError for other shapes and types, negative or too large ids.
    """
    ids = np.asarray(ids)
    if ids.ndim != 1 or ids.dtype.kind not in "iu" or not ids.size:
        raise ValueError(f"ids: expected integers of shape (L,), L ≥ 1, got {ids.dtype} {ids.shape}")
    low, high = int(ids.min()), int(ids.max())
    if low < 0 or high >= 2**32:
        raise ValueError(f"ids: expected 0 ≤ id < 2³², got {low} to {high}")
    path = pathlib.Path(path)
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("wb") as file:
        np.save(file, ids.astype(np.uint16 if high < 2**16 else np.uint32, copy=False), allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)


class Tokens:
    """The ids (L,) in a file by `write_tokens`, read as they are needed: len(tokens), tokens.dtype, tokens[10:20].

    Raises ValueError for a file that is not whole or holds something else.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = pathlib.Path(path)
        try:
            self.ids = np.load(self.path, mmap_mode="r", allow_pickle=False)
        except (ValueError, EOFError) as error:
            raise ValueError(f"{path}: expected a whole file by write_tokens, got one that fails: {error}") from None
        if not isinstance(self.ids, np.memmap) or self.ids.ndim != 1 or self.ids.dtype not in (np.uint16, np.uint32):
            found = f"{self.ids.dtype} {self.ids.shape}" if isinstance(self.ids, np.ndarray) else "an archive"
            raise ValueError(f"{path}: expected uint16 or uint32 of shape (L,), as write_tokens writes, got {found}")
        self.dtype = self.ids.dtype

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index) -> np.ndarray:
        return np.asarray(self.ids[index])


def batch(
    tokens: Tokens | np.ndarray,
    batch_size: int,
    block: int,
    rng: np.random.Generator,
    device: torch.device | str = "cpu",
) -> tuple[torch.Tensor, torch.Tensor]:
    """`batch_size` pieces of the text, each from a place that `rng` draws, and the same moved on by one token.

    tokens : (L,), L > block.  Returns x and y, (batch_size, block) int64 on `device`: y[:, t] follows x[:, t].
    To a GPU they go from pinned memory while the GPU computes.
    """
    if len(tokens) <= block:
        raise ValueError(f"tokens: expected more than block = {block}, got {len(tokens)}")
    starts = rng.integers(len(tokens) - block, size=(batch_size, 1))
    pieces = torch.from_numpy(tokens[starts + np.arange(block + 1)].astype(np.int64))  # (N, T + 1)
    if torch.device(device).type == "cuda":
        pieces = pieces.pin_memory().to(device, non_blocking=True)
    else:
        pieces = pieces.to(device)
    return pieces[:, :-1], pieces[:, 1:]
