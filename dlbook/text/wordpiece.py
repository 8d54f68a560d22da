"""WordPiece: BERT's tokeniser.  Frequent words are symbols, other words fall into pieces, the longest first.

    tokenizer = WordPieceTokenizer.train(text, 1000)
    tokenizer.tokens("unbelievable")                # ['un', '##believ', '##able']
    ids, segments, mask = tokenizer.batch(["one text", "a longer text"])

"##" marks a piece that continues a word.  Schuster and Nakajima 2012; Wu et al. 2016; Devlin et al. 2019.
Book: chapters 77, 78.
"""

import collections
import heapq
import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np

from dlbook.text.bpe import merged

PAD, UNKNOWN, CLS, SEP, MASK = SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""Padding, a word that cannot be made, the beginning, the end of each text, and a word to be guessed."""

CONTINUED = "##"

_SPECIAL = re.compile("(" + "|".join(re.escape(token) for token in SPECIAL) + ")")


class WordPieceTokenizer:
    """Text to numbers and back: token i of the vocabulary is the number i.

    vocabulary : tokens in their order, without repeats, [UNK] among them.
    lowercase : small letters only.  strip_accents : remove them; as lowercase says, where None.
    longest : words of more characters become [UNK].
    Raises ValueError for a vocabulary without [UNK] or with a token twice.
    """

    def __init__(
        self, vocabulary: Iterable[str], lowercase: bool = True, strip_accents: bool | None = None, longest: int = 100
    ):
        self.vocabulary: list[str] = list(vocabulary)
        self.lowercase, self.longest = lowercase, longest
        self.strip_accents = lowercase if strip_accents is None else strip_accents
        self._numbers = {token: i for i, token in enumerate(self.vocabulary)}
        if len(self._numbers) < len(self.vocabulary):
            twice = next(token for i, token in enumerate(self.vocabulary) if self._numbers[token] != i)
            raise ValueError(f"vocabulary: expected every token once, got {twice!r} twice")
        if UNKNOWN not in self._numbers:
            raise ValueError(f"vocabulary: expected {UNKNOWN} among its {len(self.vocabulary)} tokens")
        self._known: dict[str, list[str]] = {}

    @classmethod
    def train(
        cls, text: str, vocabulary_size: int, lowercase: bool = True, strip_accents: bool | None = None
    ) -> "WordPieceTokenizer":
        """Start from the characters; again and again join the neighbours with the largest

            score = count(pair) / (count(left) · count(right))

        until there are vocabulary_size tokens, or no pair occurs twice.  Byte-pair encoding joins what is frequent;
        this joins what is more frequent than its parts let one expect.
        Of equal scores the more frequent pair comes first, then the one that is first in the alphabet: every machine
        learns the same.  Raises ValueError when the size does not leave room for the characters of the text.
        """
        plain = cls(SPECIAL, lowercase, strip_accents)
        times = collections.Counter(plain.words(_SPECIAL.sub(" ", text)))
        words = [[word[0], *(CONTINUED + letter for letter in word[1:])] for word in times]
        joints = _Joints(words, list(times.values()))
        vocabulary = [*SPECIAL, *sorted(joints.counts, key=lambda token: (token.startswith(CONTINUED), token))]
        if len(vocabulary) > vocabulary_size:
            raise ValueError(
                f"vocabulary_size: expected at least {len(vocabulary)}, one for each character, got {vocabulary_size}"
            )
        known = set(vocabulary)
        while len(vocabulary) < vocabulary_size and (pair := joints.best()) is not None:
            new = pair[0] + pair[1].removeprefix(CONTINUED)
            joints.join(pair, new)
            if new not in known:
                known.add(new)
                vocabulary.append(new)
        return cls(vocabulary, lowercase, strip_accents)

    def words(self, text: str) -> list[str]:
        """The words and signs of a text: cleaned, in small letters without accents (where so set), cut at spaces;
        every punctuation mark and every Chinese character is a word of its own.
        """
        text = "".join(" " if _is_space(c) else f" {c} " if _is_chinese(c) else c for c in text if not _is_control(c))
        if self.lowercase:
            text = "".join(c.lower() for c in text)  # a Σ that ends a word becomes σ, as within it
        if self.strip_accents:
            text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
        return "".join(f" {c} " if _is_punctuation(c) else c for c in text).split()

    def pieces(self, word: str) -> list[str]:
        """The longest token that begins the word, then the longest that goes on, to the end; else [UNK] alone."""
        if word not in self._known:
            self._known[word] = self._pieces(word)
        return self._known[word]

    def _pieces(self, word: str) -> list[str]:
        if len(word) > self.longest:
            return [UNKNOWN]
        pieces, start = [], 0
        while start < len(word):
            prefix = CONTINUED if start else ""
            for end in range(len(word), start, -1):
                if (piece := prefix + word[start:end]) in self._numbers:
                    pieces.append(piece)
                    start = end
                    break
            else:
                return [UNKNOWN]
        return pieces

    def tokens(self, text: str) -> list[str]:
        """The tokens of a text.  [MASK] and the other special tokens, written so, stand for themselves."""
        found: list[str] = []
        for part in _SPECIAL.split(text):
            if part in SPECIAL and part in self._numbers:
                found.append(part)
            else:
                for word in self.words(part):
                    found += self.pieces(word)
        return found

    def encode(self, text: str) -> np.ndarray:
        """The numbers (T,) of a text, int64, without [CLS] and [SEP]."""
        return np.array([self._numbers[token] for token in self.tokens(text)], dtype=np.int64)

    def decode(self, ids) -> str:
        """The text of the numbers (T,), words with one space between them: capitals, accents and spacing are lost.

        Raises ValueError for unknown numbers.
        """
        ids = np.asarray(ids, dtype=np.int64).reshape(-1)
        if ids.size and not (ids.min() >= 0 and ids.max() < len(self)):
            raise ValueError(f"ids: expected 0 to {len(self) - 1}, got {ids.min()} to {ids.max()}")
        return " ".join(self.vocabulary[i] for i in ids.tolist()).replace(" " + CONTINUED, "")

    def token(self, number: int) -> str:
        """The token that a number stands for."""
        return self.vocabulary[number]

    def number(self, token: str) -> int:
        """The number of a token.  Raises ValueError, naming it, for one that is not in the vocabulary."""
        if token not in self._numbers:
            raise ValueError(f"token: expected one of the vocabulary, got {token!r}")
        return self._numbers[token]

    @property
    def special(self) -> np.ndarray:
        """The numbers of the special tokens, in ascending order."""
        return np.sort([self._numbers[token] for token in SPECIAL if token in self._numbers])

    def pack(self, text: str, second: str | None = None, length: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """[CLS] text [SEP], or [CLS] text [SEP] second [SEP]: the numbers (T,), and the segments (T,).

        segments : 0 up to the first [SEP] and with it, then 1.
        length : the most that T may be; tokens are dropped from the end of the text that is the longer one, of the
        second where both are as long.  Raises ValueError when not even the special tokens fit.
        """
        texts = [self.encode(text)] if second is None else [self.encode(text), self.encode(second)]
        cut = _shortened([len(ids) for ids in texts], length)
        cls, sep = [self.number(CLS)], [self.number(SEP)]
        parts = [np.concatenate([ids[:n], sep]) for ids, n in zip(texts, cut, strict=True)]
        parts[0] = np.concatenate([cls, parts[0]])
        segments = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        return np.concatenate(parts), segments

    def batch(
        self, texts: Sequence[str], seconds: Sequence[str] | None = None, length: int | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """N texts, or N pairs of them, packed and filled up with [PAD] to the longest.

        Returns ids (N, T), segments (N, T) and mask (N, T), True at real tokens.  length : see `pack`.
        Raises ValueError for one text in place of a list, and for lists of different lengths.
        """
        if isinstance(texts, str) or isinstance(seconds, str):
            raise ValueError("texts: expected a list of texts, got one text; write [text]")
        seconds = [None] * len(texts) if seconds is None else seconds
        if len(seconds) != len(texts):
            raise ValueError(f"seconds: expected one for each of the {len(texts)} texts, got {len(seconds)}")
        return self.pad([self.pack(text, second, length) for text, second in zip(texts, seconds, strict=True)])

    def pad(self, packed: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Results of `pack`, filled up with [PAD] to the longest: ids, segments and mask, as `batch` gives them."""
        lengths = np.array([len(ids) for ids, _ in packed], dtype=np.int64)
        mask = np.arange(max(lengths, default=0)) < lengths[:, None]
        ids, segments = np.full(mask.shape, self.number(PAD)), np.zeros(mask.shape, np.int64)
        for row, (own, segment) in enumerate(packed):
            ids[row, : len(own)], segments[row, : len(own)] = own, segment
        return ids, segments, mask

    def __len__(self) -> int:
        return len(self.vocabulary)

    def __repr__(self) -> str:
        return f"WordPieceTokenizer({len(self)} tokens)"


class _Joints:
    """Words as lists of pieces, with the counts of pieces and of neighbours kept up to date while pieces are joined."""

    def __init__(self, words: list[list[str]], times: list[int]):
        self.words, self.times = words, times
        self.counts: collections.Counter = collections.Counter()
        self.pairs: collections.Counter = collections.Counter()
        self._places = collections.defaultdict(set)  # in which words a pair may stand
        self._with = collections.defaultdict(set)  # which pairs a piece stands in
        for w, word in enumerate(words):
            self._add(w, word, +1)
        self._waiting = [self._entry(pair) for pair in self.pairs]
        heapq.heapify(self._waiting)

    def best(self) -> tuple[str, str] | None:
        """The pair with the largest score, of those that occur twice; None where there is none."""
        while self._waiting:
            entry = heapq.heappop(self._waiting)
            pair = entry[2]
            if self.pairs[pair] >= 2 and entry == self._entry(pair):  # else the score is an old one
                return pair
        return None

    def join(self, pair: tuple[str, str], new: str) -> None:
        """Replace the pair by `new` in every word, from left to right."""
        touched = {*pair, new}
        for w in sorted(self._places.pop(pair)):
            word = self.words[w]
            joined = merged(word, pair, new)
            self._add(w, word, -1)
            self._add(w, joined, +1)
            self.words[w] = joined
        for piece in touched:
            for one in self._with[piece]:
                if self.pairs[one] >= 2:
                    heapq.heappush(self._waiting, self._entry(one))

    def _add(self, w: int, word: list[str], sign: int) -> None:
        change = sign * self.times[w]
        for piece in word:
            self.counts[piece] += change
        for pair in itertools.pairwise(word):
            self.pairs[pair] += change
            if sign > 0:
                self._places[pair].add(w)
                self._with[pair[0]].add(pair)
                self._with[pair[1]].add(pair)

    def _entry(self, pair: tuple[str, str]) -> tuple[float, int, tuple[str, str]]:
        count = self.pairs[pair]
        return -count / max(self.counts[pair[0]] * self.counts[pair[1]], 1), -count, pair


def _shortened(lengths: list[int], length: int | None) -> list[int]:
    """How many tokens each text may keep beside [CLS] and its [SEP]."""
    if length is None:
        return lengths
    room = length - 1 - len(lengths)
    if room < 0:
        raise ValueError(f"length: expected at least {1 + len(lengths)}, room for the special tokens, got {length}")
    if len(lengths) == 1:
        return [min(lengths[0], room)]
    first, second = lengths
    if first + second > room:  # the longer one is cut down to the other, then both in turn
        second = min(second, max(room // 2, room - first))
        first = room - second
    return [first, second]


def _is_control(c: str) -> bool:
    """What is dropped: control characters, the replacement character, NUL; not the line breaks."""
    return c == "\ufffd" or (c not in "\t\n\r" and unicodedata.category(c) in ("Cc", "Cf"))


def _is_space(c: str) -> bool:
    return c in " \t\n\r" or unicodedata.category(c) == "Zs"


def _is_punctuation(c: str) -> bool:
    """All signs of ASCII, such as $ and ^, count; elsewhere the categories of Unicode."""
    return (
        33 <= ord(c) <= 47
        or 58 <= ord(c) <= 64
        or 91 <= ord(c) <= 96
        or 123 <= ord(c) <= 126
        or (unicodedata.category(c).startswith("P"))
    )


_CHINESE = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)
"""The blocks of CJK ideographs.  Korean and the Japanese syllabaries are written with spaces or go with words."""


def _is_chinese(c: str) -> bool:
    return c >= "\u3400" and any(low <= ord(c) <= high for low, high in _CHINESE)
