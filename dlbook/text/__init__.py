"""Text as numbers: tokenisers.  Book: chapters 49, 50, 86."""

from dlbook.text.bpe import BPETokenizer
from dlbook.text.characters import CharTokenizer

__all__ = ["BPETokenizer", "CharTokenizer"]
