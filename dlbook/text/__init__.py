"""Text as numbers: tokenisers, and from scores back to text.  Book: chapters 49, 50, 77, 78, 81, 86, 90."""

from dlbook.text.bpe import BPETokenizer
from dlbook.text.characters import CharTokenizer
from dlbook.text.decoding import beam_search, draw, greedy, next_probabilities, sample
from dlbook.text.masking import mask_tokens
from dlbook.text.wordpiece import WordPieceTokenizer

__all__ = [
    "BPETokenizer",
    "CharTokenizer",
    "WordPieceTokenizer",
    "beam_search",
    "draw",
    "greedy",
    "mask_tokens",
    "next_probabilities",
    "sample",
]
