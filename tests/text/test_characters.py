import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlbook.text import CharTokenizer


def test_by_hand():
    tokenizer = CharTokenizer("abacaxi")
    assert tokenizer.vocabulary == ["a", "b", "c", "i", "x"]
    assert len(tokenizer) == 5
    np.testing.assert_array_equal(tokenizer.encode("xic"), [4, 3, 2])
    assert tokenizer.encode("").shape == (0,)
    assert tokenizer.encode("a").dtype == np.int64
    assert tokenizer.decode([1, 0]) == "ba"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_there_and_back(text):
    tokenizer = CharTokenizer(text)
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_texts_together_make_one_vocabulary():
    assert CharTokenizer(["ça", "água"]).vocabulary == ["a", "g", "u", "á", "ç"]


def test_unknown_characters_and_numbers_are_named():
    tokenizer = CharTokenizer("ação")
    with pytest.raises(ValueError, match="text: expected characters of the vocabulary, got 'x'"):
        tokenizer.encode("caixa".replace("i", "x").replace("c", "a"))
    with pytest.raises(ValueError, match="got '😀'"):
        tokenizer.encode("a😀")
    with pytest.raises(ValueError, match="ids: expected 0 to 3, got 0 to 4"):
        tokenizer.decode([0, 4])
    with pytest.raises(ValueError, match="characters: expected at least one"):
        CharTokenizer("")
