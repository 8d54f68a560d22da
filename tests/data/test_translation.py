import numpy as np
import pytest

from dlbook import data

PAIRS = dict(zip(*data.translation_pairs(6000, np.random.default_rng(0)), strict=True))


@pytest.fixture(scope="module")
def every_sentence():
    return data.translation_pairs(311_040, np.random.default_rng(0))


def test_vocabularies():
    assert len(data.ENGLISH_WORDS) == len(set(data.ENGLISH_WORDS)) == 31
    assert len(data.FRENCH_WORDS) == len(set(data.FRENCH_WORDS)) == 48
    assert {w for sentence in PAIRS for w in sentence.split()} == set(data.ENGLISH_WORDS)
    assert {w for sentence in PAIRS.values() for w in sentence.split()} == set(data.FRENCH_WORDS)


def test_there_are_311040_different_sentences(every_sentence):
    english, french = every_sentence
    assert len(set(english)) == len(set(french)) == len(english) == 311_040
    assert sum("and" not in sentence.split() for sentence in english) == 4320


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("i see the cat", "je vois le chat"),
        ("you find a house", "tu trouves une maison"),
        ("he finds a green house", "il trouve une maison verte"),
        ("hello we paint the white car", "bonjour nous peignons la voiture blanche"),
        ("they want a black dog and the book", "ils veulent un chien noir et le livre"),
        (
            "hello she takes the round flower and a blue cat",
            "bonjour elle prend la fleur ronde et un chat bleu",
        ),
    ],
)
def test_translations(every_sentence, english, french):
    assert dict(zip(*every_sentence, strict=True))[english] == french


def test_order_agreement_and_length():
    feminine = {"maison", "voiture", "fleur"}
    for english, french in PAIRS.items():
        source, target = english.split(), french.split()
        assert len(source) == len(target)
        assert 4 <= len(source) <= 10
        for place, word in enumerate(target):
            if word in feminine | {"chat", "chien", "livre"}:
                assert target[place - 1] in ({"la", "une"} if word in feminine else {"le", "un"})
                behind = target[place + 1] if place + 1 < len(target) else "et"
                if behind != "et":
                    assert behind.endswith("e") == (word in feminine)


def test_no_vowel_needs_dropping():
    verbs = [word for french in PAIRS.values() for word in french.replace("bonjour ", "").split()[1:2]]
    assert all(word[0] not in "aeiouh" for word in verbs)
    assert all(word[0] not in "aeiou" for word in data.ENGLISH_WORDS[-12:-1])  # adjectives and nouns: never "an"


def test_drawn_from_rng_alone():
    first, second, third = (data.translation_pairs(50, np.random.default_rng(seed)) for seed in (4, 4, 5))
    assert first == second
    assert first != third


def test_unique_or_not():
    english, _ = data.translation_pairs(26_396, np.random.default_rng(1))
    assert len(set(english)) == len(english) == 26_396
    english, _ = data.translation_pairs(26_396, np.random.default_rng(1), unique=False)
    assert len(english) == 26_396 > len(set(english))
    short = np.mean(["and" not in sentence.split() for sentence in english])
    hello = np.mean([sentence.startswith("hello") for sentence in english])
    assert abs(short - 0.5) < 0.02
    assert abs(hello - 0.5) < 0.02


@pytest.mark.parametrize("n", [0, -1, 311_041])
def test_refuses(n):
    with pytest.raises(ValueError, match="expected 1 to 311040 sentences"):
        data.translation_pairs(n, np.random.default_rng(0))
