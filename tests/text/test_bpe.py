import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbook import data
from dlbook.text import BPETokenizer


def slow_training(text, size):
    """The definition: count all pairs anew for each merge."""
    from dlbook.text import bpe

    words = [list(piece.encode()) for piece in bpe._PIECES.findall(text)]
    merges = []
    while len(merges) < size - 256:
        counts = {}
        for word in words:
            for pair in set(itertools.pairwise(word)):
                replaced = len(word) - len(bpe.merged(word, pair, -1))
                counts[pair] = counts.get(pair, 0) + replaced
        best = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
        if best is None or counts[best] < 2:
            break
        words = [bpe.merged(word, best, 256 + len(merges)) for word in words]
        merges.append(best)
    return merges


def test_by_hand():
    tokenizer = BPETokenizer.train("low low lower lowest", 260)
    a = [tokenizer.token(i) for i in range(256, len(tokenizer))]
    assert a[:2] == [b"lo", b"low"]
    assert tokenizer.decode(tokenizer.encode("lowest low")) == "lowest low"
    assert len(tokenizer.encode("low")) == 1


def test_the_definition_gives_the_same_merges():
    text = data.dom_casmurro()[:6000]
    assert BPETokenizer.train(text, 330).merges == slow_training(text, 330)


def test_a_pair_in_a_run_counts_as_often_as_it_can_be_replaced():
    assert BPETokenizer.train("aaa\naaa\nbc\nbc\nbc", 257).merges == [(ord("b"), ord("c"))]
    assert BPETokenizer.train("aaaa\naaaa\nbc\nbc\nbc", 257).merges == [(ord("a"), ord("a"))]


def test_ties_go_to_the_smaller_numbers():
    assert BPETokenizer.train("ba ba xy xy", 258).merges[0] == (ord(" "), ord("x"))
    assert BPETokenizer.train("xy\nxy\nba\nba", 258).merges[0] == (ord("b"), ord("a"))


def test_overlapping_pairs_are_merged_from_left_to_right():
    assert BPETokenizer([(ord("a"), ord("a"))]).encode("aaaaa").tolist() == [256, 256, ord("a")]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_there_and_back(text):
    assert TRAINED.decode(TRAINED.encode(text)) == text


TRAINED = BPETokenizer.train(data.dom_casmurro()[:20_000], 400)


def test_symbols_do_not_reach_over_words():
    for i in range(256, len(TRAINED)):
        symbol = TRAINED.token(i)
        assert b" " not in symbol[1:] or not symbol.strip()


def test_a_novel_is_shorter_in_symbols_than_in_letters():
    text = data.dom_casmurro()[50_000:60_000]
    assert len(TRAINED.encode(text)) < 0.65 * len(text)


def test_training_stops_where_no_pair_occurs_twice():
    assert len(BPETokenizer.train("abc", 1000)) == 256
    assert BPETokenizer.train("", 300).merges == []


def test_half_a_letter_is_shown_as_such():
    tokenizer = BPETokenizer([])
    assert tokenizer.encode("é").tolist() == [0xC3, 0xA9]
    assert tokenizer.decode([0xC3]) == "�"
    assert tokenizer.encode("").dtype == np.int64


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match="vocabulary_size: expected at least 256, one for each byte, got 100"):
        BPETokenizer.train("a", 100)
    with pytest.raises(ValueError, match=r"merges: expected a new pair of numbers below 257 at 1, got \(257, 1\)"):
        BPETokenizer([(1, 2), (257, 1)])
    with pytest.raises(ValueError, match="expected a new pair"):
        BPETokenizer([(1, 2), (1, 2)])
    with pytest.raises(ValueError, match="ids: expected 0 to 256, got 3 to 257"):
        BPETokenizer([(1, 2)]).decode([3, 257])
