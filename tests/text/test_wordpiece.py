import collections
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbook import data
from dlbook.text import WordPieceTokenizer
from dlbook.text.wordpiece import SPECIAL

SMALL = WordPieceTokenizer(
    [*SPECIAL, "un", "##aff", "##able", "##a", "a", "affable", "café", "cafe", "!", "-", ".", "o", "##o", "la", "王"]
)


def test_the_longest_piece_first():
    assert SMALL.tokens("unaffable") == ["un", "##aff", "##able"]
    assert SMALL.tokens("affable a") == ["affable", "a"]
    assert SMALL.tokens("unaa") == ["un", "##a", "##a"]


def test_a_word_that_cannot_be_made_is_unknown_as_a_whole():
    assert SMALL.tokens("unaffableness") == ["[UNK]"]  # greedy: no other cut is tried
    assert SMALL.tokens("a unx a") == ["a", "[UNK]", "a"]
    assert SMALL.tokens("o" * 100) == ["o", *["##o"] * 99]
    assert SMALL.tokens("o" * 101) == ["[UNK]"]


def test_greedy_may_fail_where_another_cut_would_do():
    assert WordPieceTokenizer([*SPECIAL, "ab", "a", "##bc"]).tokens("abc") == ["[UNK]"]


def test_cleaning():
    assert SMALL.words("Olá,\tMUNDO!\x00\r\n— “sim”") == ["ola", ",", "mundo", "!", "—", "“", "sim", "”"]
    assert SMALL.words("Ação: $5^2_x") == ["acao", ":", "$", "5", "^", "2", "_", "x"]
    assert SMALL.words("zero\u200bwidth soft\u00adhyphen \ufffd no\u00a0break") == [
        "zerowidth",
        "softhyphen",
        "no",
        "break",
    ]
    assert SMALL.words("我爱 deep学习 かな") == ["我", "爱", "deep", "学", "习", "かな"]
    assert SMALL.words("") == []


def test_case_and_accents():
    assert SMALL.tokens("CAFÉ") == ["cafe"]
    vocabulary = SMALL.vocabulary
    assert WordPieceTokenizer(vocabulary, strip_accents=False).tokens("Café") == ["café"]
    assert WordPieceTokenizer(vocabulary, lowercase=False).tokens("café Café") == ["café", "[UNK]"]
    assert WordPieceTokenizer(vocabulary, lowercase=False, strip_accents=True).tokens("café") == ["cafe"]


def test_special_tokens_stand_for_themselves():
    assert SMALL.tokens("a [MASK]!") == ["a", "[MASK]", "!"]
    assert SMALL.tokens("[mask]") == ["[UNK]", "[UNK]", "[UNK]"]
    assert SMALL.special.tolist() == [0, 1, 2, 3, 4]


def test_there_and_back():
    ids = SMALL.encode("Unaffable  CAFÉ!")
    assert ids.dtype == np.int64
    assert SMALL.decode(ids) == "unaffable cafe !"
    assert SMALL.encode("").shape == (0,)
    assert [SMALL.token(i) for i in ids] == SMALL.tokens("unaffable café!")
    assert SMALL.number("##aff") == 6


@given(st.text())
def test_any_text_gives_tokens_of_the_vocabulary(text):
    assert all(token in SMALL.vocabulary for token in SMALL.tokens(text))


def test_packing():
    ids, segments = SMALL.pack("un a", "cafe")
    assert [SMALL.token(i) for i in ids] == ["[CLS]", "un", "a", "[SEP]", "cafe", "[SEP]"]
    assert segments.tolist() == [0, 0, 0, 0, 1, 1]
    ids, segments = SMALL.pack("un a")
    assert [SMALL.token(i) for i in ids] == ["[CLS]", "un", "a", "[SEP]"]
    assert not segments.any()


@pytest.mark.parametrize(
    ("first", "second", "length", "expected"),
    [(5, 2, 8, (3, 2)), (2, 5, 8, (2, 3)), (4, 4, 8, (3, 2)), (4, 4, 7, (2, 2)), (1, 9, 8, (1, 4)), (4, 4, 3, (0, 0))],
)
def test_the_longer_text_is_cut(first, second, length, expected):
    ids, segments = SMALL.pack("a " * first, "o " * second, length)
    assert len(ids) == length
    assert ((ids == SMALL.number("a")).sum(), (ids == SMALL.number("o")).sum()) == expected
    assert (ids == SMALL.number("[SEP]")).sum() == 2
    assert segments.sum() == expected[1] + 1


def test_cutting_takes_one_token_at_a_time_from_the_longer_text():
    for a, b, length in itertools.product(range(6), range(6), range(3, 12)):
        left, right = a, b
        while left + right > length - 3:
            left, right = (left - 1, right) if left > right else (left, right - 1)
        ids, _ = SMALL.pack("a " * a, "o " * b, length)
        assert ((ids == SMALL.number("a")).sum(), (ids == SMALL.number("o")).sum()) == (left, right)


def test_batches():
    ids, segments, mask = SMALL.batch(["a", "un a un", ""], length=4)
    assert ids.shape == (3, 4)
    assert mask.tolist() == [[True, True, True, False], [True] * 4, [True, True, False, False]]
    assert (ids[~mask] == SMALL.number("[PAD]")).all()
    assert SMALL.decode(ids[1]) == "[CLS] un a [SEP]"
    ids, segments, mask = SMALL.batch(["a", "a a"], ["o o", "o"])
    np.testing.assert_array_equal(segments, [[0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 1, 1]])
    assert [array.dtype for array in SMALL.batch([])] == [np.int64, np.int64, bool]


def slow_training(text, size):
    """The definition: count everything anew for each pair, and compare fractions exactly."""
    words = [[word[0], *("##" + letter for letter in word[1:])] for word in WordPieceTokenizer(SPECIAL).words(text)]
    vocabulary = [*SPECIAL, *sorted({p for word in words for p in word}, key=lambda p: (p.startswith("##"), p))]
    while len(vocabulary) < size:
        counts = collections.Counter(piece for word in words for piece in word)
        pairs = collections.Counter(pair for word in words for pair in itertools.pairwise(word))
        best = None
        for pair, n in pairs.items():
            if n >= 2:
                parts = counts[pair[0]] * counts[pair[1]]
                if best is None or n * best[1] > best[0] * parts:
                    best = n, parts, pair
                elif n * best[1] == best[0] * parts:
                    best = min(best, (n, parts, pair), key=lambda found: (-found[0], found[2]))
        if best is None:
            break
        left, right = best[2]
        new = left + right.removeprefix("##")
        for word in words:
            i = 0
            while i + 1 < len(word):
                if (word[i], word[i + 1]) == (left, right):
                    word[i : i + 2] = [new]
                i += 1
        if new not in vocabulary:
            vocabulary.append(new)
    return vocabulary


def test_the_definition_learns_the_same_vocabulary():
    text = data.dom_casmurro()[:3000]
    assert WordPieceTokenizer.train(text, 260).vocabulary == slow_training(text, 260)


def test_training_by_hand():
    # ab stands twice, a and ##b three times: 2/9.  c and ##d stand together alone: 2/4, the larger score.
    tokenizer = WordPieceTokenizer.train("ab ab ax zb cd cd", 13)
    assert tokenizer.vocabulary[:5] == list(SPECIAL)
    assert tokenizer.vocabulary[5:] == ["a", "c", "z", "##b", "##d", "##x", "cd", "ab"]


def test_what_was_learnt_makes_every_word_of_the_text():
    text = data.dom_casmurro()[:30_000]
    tokenizer = WordPieceTokenizer.train(text, 600, strip_accents=False)
    assert len(tokenizer) == 600
    assert "[UNK]" not in tokenizer.tokens(text)
    assert tokenizer.decode(tokenizer.encode("dom casmurro é um título")) == "dom casmurro é um título"


def test_training_stops_where_no_pair_occurs_twice():
    assert len(WordPieceTokenizer.train("ab cd", 100)) == 9
    assert WordPieceTokenizer.train("", 10).vocabulary == list(SPECIAL)


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match=r"vocabulary: expected \[UNK\] among its 1 tokens"):
        WordPieceTokenizer(["a"])
    with pytest.raises(ValueError, match="expected every token once, got 'a' twice"):
        WordPieceTokenizer(["[UNK]", "a", "a"])
    with pytest.raises(ValueError, match="vocabulary_size: expected at least 7, one for each character, got 6"):
        WordPieceTokenizer.train("ab", 6)
    with pytest.raises(ValueError, match="length: expected at least 3, room for the special tokens, got 2"):
        SMALL.pack("a", "a", 2)
    with pytest.raises(ValueError, match="expected a list of texts, got one text"):
        SMALL.batch("a text")
    with pytest.raises(ValueError, match="seconds: expected one for each of the 2 texts, got 1"):
        SMALL.batch(["a", "a"], ["a"])
    with pytest.raises(ValueError, match=r"expected one of the vocabulary, got '\[CLS\]'"):
        WordPieceTokenizer(["[UNK]"]).batch(["a"])
    with pytest.raises(ValueError, match="ids: expected 0 to 19, got 0 to 20"):
        SMALL.decode([0, 20])
