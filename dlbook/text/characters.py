"""A number for each character."""

from collections.abc import Iterable

import numpy as np


class CharTokenizer:
    """Characters to 0 … K - 1 and back.

    characters : the text whose characters make the vocabulary, in the order of their code points.
    Raises ValueError without any character.
    """

    def __init__(self, characters: Iterable[str]):
        self.vocabulary: list[str] = sorted(set("".join(characters)))
        if not self.vocabulary:
            raise ValueError("characters: expected at least one, got none")
        self._codes = _code_points("".join(self.vocabulary))

    def encode(self, text: str) -> np.ndarray:
        """The numbers (T,) of the characters, int64.  Raises ValueError, naming it, for one that is unknown."""
        codes = _code_points(text)
        ids = np.minimum(np.searchsorted(self._codes, codes), len(self) - 1)
        if (unknown := self._codes[ids] != codes).any():
            raise ValueError(f"text: expected characters of the vocabulary, got {text[int(unknown.argmax())]!r}")
        return ids

    def decode(self, ids) -> str:
        """The text of the numbers (T,).  Raises ValueError for numbers outside 0 … K - 1."""
        ids = np.asarray(ids, dtype=np.int64).reshape(-1)
        if ids.size and not (ids.min() >= 0 and ids.max() < len(self)):
            raise ValueError(f"ids: expected 0 to {len(self) - 1}, got {ids.min()} to {ids.max()}")
        return "".join(self.vocabulary[i] for i in ids.tolist())

    def __len__(self) -> int:
        return len(self.vocabulary)

    def __repr__(self) -> str:
        return f"CharTokenizer({len(self)} characters)"


def _code_points(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
