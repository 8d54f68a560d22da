"""Byte-pair encoding: frequent pieces of words become symbols of their own, and no text is unknown.

    tokenizer = BPETokenizer.train(text, 1000)
    ids = tokenizer.encode("Capitu")

Gage 1994; Sennrich, Haddow and Birch 2016; on bytes: Radford et al. 2019.  Book: chapters 79, 86.
"""

import collections
import heapq
import itertools
import re
from collections.abc import Iterable, Iterator

import numpy as np

BYTES = 256

_PIECES = re.compile(r" ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")
"""Words with the space before them, numbers, signs, and what else is space: no symbol reaches over their borders."""


class BPETokenizer:
    """Text to numbers and back: 0 … 255 are bytes of UTF-8, each further number is a pair of smaller ones.

    merges : the pairs, in the order in which they were learnt; number 256 + i stands for merges[i].
    Raises ValueError for a pair of numbers that do not come before it, or that comes twice.
    """

    def __init__(self, merges: Iterable[tuple[int, int]]):
        self.merges = [(int(left), int(right)) for left, right in merges]
        self._bytes = [bytes([i]) for i in range(BYTES)]
        self._ranks: dict[tuple[int, int], int] = {}
        for i, (left, right) in enumerate(self.merges):
            new = BYTES + i
            if not (0 <= left < new and 0 <= right < new) or (left, right) in self._ranks:
                raise ValueError(f"merges: expected a new pair of numbers below {new} at {i}, got {(left, right)}")
            self._ranks[left, right] = new
            self._bytes.append(self._bytes[left] + self._bytes[right])
        self._known: dict[str, list[int]] = {}

    @classmethod
    def train(cls, text: str, vocabulary_size: int) -> "BPETokenizer":
        """Learn vocabulary_size - 256 merges: again and again the pair that stands side by side most often.

        A pair in a run counts as often as it can be replaced: (a, a) once in aaa.
        Of pairs that are equally frequent the smaller numbers come first, so every machine learns the same.
        Stops early where no pair occurs twice.  Raises ValueError for a size below 256.
        """
        if vocabulary_size < BYTES:
            raise ValueError(f"vocabulary_size: expected at least {BYTES}, one for each byte, got {vocabulary_size}")
        counts = collections.Counter(_PIECES.findall(text))
        words = [list(piece.encode("utf8")) for piece in counts]
        times = list(counts.values())
        pairs: collections.Counter = collections.Counter()
        places = collections.defaultdict(set)  # in which words a pair may stand
        for w, word in enumerate(words):
            for pair in _countable(word):
                pairs[pair] += times[w]
                places[pair].add(w)
        waiting = [(-count, pair) for pair, count in pairs.items()]
        heapq.heapify(waiting)
        merges: list[tuple[int, int]] = []
        while waiting and len(merges) < vocabulary_size - BYTES:
            count, pair = heapq.heappop(waiting)
            if pairs[pair] != -count:
                continue  # an old count: the right one waits further on
            if -count < 2:
                break
            new = BYTES + len(merges)
            merges.append(pair)
            changed = collections.Counter()
            for w in places.pop(pair):
                before, words[w] = words[w], merged(words[w], pair, new)
                for one in _countable(before):
                    changed[one] -= times[w]
                for one in _countable(words[w]):
                    changed[one] += times[w]
                    places[one].add(w)
            for one, difference in changed.items():
                if difference:
                    pairs[one] += difference
                    if pairs[one] > 0:
                        heapq.heappush(waiting, (-pairs[one], one))
        return cls(merges)

    def encode(self, text: str) -> np.ndarray:
        """The numbers (T,) of a text, int64."""
        known, ids = self._known, []
        for piece in _PIECES.findall(text):
            if piece not in known:
                known[piece] = self._encoded(piece)
            ids += known[piece]
        return np.array(ids, dtype=np.int64)

    def decode(self, ids) -> str:
        """The text of the numbers (T,); bytes that are no UTF-8 become U+FFFD.  ValueError for unknown numbers."""
        ids = np.asarray(ids, dtype=np.int64).reshape(-1)
        if ids.size and not (ids.min() >= 0 and ids.max() < len(self)):
            raise ValueError(f"ids: expected 0 to {len(self) - 1}, got {ids.min()} to {ids.max()}")
        return b"".join(self._bytes[i] for i in ids.tolist()).decode("utf8", errors="replace")

    def token(self, number: int) -> bytes:
        """The bytes that a number stands for."""
        return self._bytes[number]

    def _encoded(self, piece: str) -> list[int]:
        """The merge that was learnt first, wherever it stands, then the next, until none is left."""
        word = list(piece.encode("utf8"))
        while len(word) > 1:
            new, pair = min((self._ranks.get(pair, len(self)), pair) for pair in itertools.pairwise(word))
            if new == len(self):
                break
            word = merged(word, pair, new)
        return word

    def __len__(self) -> int:
        return len(self._bytes)

    def __repr__(self) -> str:
        return f"BPETokenizer({len(self)} symbols)"


def _countable(word: list[int]) -> Iterator[tuple[int, int]]:
    """The pairs that stand side by side, in a run such as aaa only those that could be replaced together."""
    used = None
    for pair in itertools.pairwise(word):
        if pair == used:
            used = None
        else:
            used = pair
            yield pair


def merged(word: list, pair: tuple, new) -> list:
    """The word with `new` in place of the pair, from left to right."""
    merged, i = [], 0
    while i < len(word):
        if i + 1 < len(word) and (word[i], word[i + 1]) == pair:
            merged.append(new)
            i += 2
        else:
            merged.append(word[i])
            i += 1
    return merged
