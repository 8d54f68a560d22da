"""Sentences of a small English grammar with their French translation, generated.  Licence: that of the code.

    sentence  [hello] pronoun verb object [and object]
    object    article [adjective] noun

6 pronouns, 5 verbs, 2 articles, 5 adjectives, 6 nouns, "hello" and "and": 31 English words, 48 French ones, and
311,040 different sentences of 4 to 10 words.  What makes it more than a dictionary: the verb follows the person, the
article and the adjective follow the gender of the noun, and the adjective goes behind the noun:

    hello she sees the white car and a black cat
    bonjour elle voit la voiture blanche et un chat noir

"You" is always "tu", "they" always "ils".  Every French verb, noun and adjective starts with a consonant, so that no
vowel is dropped (as in "j'aime", "l'arbre"), and no English adjective or noun needs "an".  A translation has as many
words as its sentence.  Book: chapter 90.
"""

import numpy as np

_PRONOUNS = {"i": "je", "you": "tu", "he": "il", "she": "elle", "we": "nous", "they": "ils"}
_VERBS = {  # with the third person singular; in French the forms of je, tu, il, nous and ils
    ("see", "sees"): ("vois", "vois", "voit", "voyons", "voient"),
    ("want", "wants"): ("veux", "veux", "veut", "voulons", "veulent"),
    ("take", "takes"): ("prends", "prends", "prend", "prenons", "prennent"),
    ("find", "finds"): ("trouve", "trouves", "trouve", "trouvons", "trouvent"),
    ("paint", "paints"): ("peins", "peins", "peint", "peignons", "peignent"),
}
_PERSON = {"i": 0, "you": 1, "he": 2, "she": 2, "we": 3, "they": 4}
_ARTICLES = {"the": ("le", "la"), "a": ("un", "une")}  # masculine, feminine
_ADJECTIVES = {
    "black": ("noir", "noire"),
    "white": ("blanc", "blanche"),
    "green": ("vert", "verte"),
    "blue": ("bleu", "bleue"),
    "round": ("rond", "ronde"),
}
_NOUNS = {  # with the gender: 0 masculine, 1 feminine
    "cat": ("chat", 0),
    "dog": ("chien", 0),
    "book": ("livre", 0),
    "house": ("maison", 1),
    "car": ("voiture", 1),
    "flower": ("fleur", 1),
}


def _object(article: str, adjective: str | None, noun: str) -> tuple[str, str]:
    french, gender = _NOUNS[noun]
    if adjective is None:
        return f"{article} {noun}", f"{_ARTICLES[article][gender]} {french}"
    return (
        f"{article} {adjective} {noun}",
        f"{_ARTICLES[article][gender]} {french} {_ADJECTIVES[adjective][gender]}",
    )


_OBJECTS = [_object(a, b, c) for a in _ARTICLES for b in (None, *_ADJECTIVES) for c in _NOUNS]
_SIZES = (2, len(_PRONOUNS), len(_VERBS), len(_OBJECTS), len(_OBJECTS))


def _words(*groups) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for group in groups for word in group))


ENGLISH_WORDS: tuple[str, ...] = _words(("hello",), _PRONOUNS, *_VERBS, _ARTICLES, _ADJECTIVES, _NOUNS, ("and",))
"""The 31 English words, without signs for padding, start and end."""

FRENCH_WORDS: tuple[str, ...] = _words(
    ("bonjour",),
    _PRONOUNS.values(),
    *_VERBS.values(),
    *_ARTICLES.values(),
    *_ADJECTIVES.values(),
    (noun for noun, _ in _NOUNS.values()),
    ("et",),
)
"""The 48 French words, without signs for padding, start and end."""


def translation_pairs(n: int, rng: np.random.Generator, unique: bool = True) -> tuple[list[str], list[str]]:
    """n English sentences and their French translations: words in lower case, separated by single blanks.

    "Hello" stands before every second sentence and a second object after every second one, on average; everything else
    is drawn evenly, the second object among those that differ from the first.
    unique : no sentence twice; the short ones are then rarer in a large draw, there being only 4,320 of them.
    The grammar is told at the top of `dlbook.data.translation`.
    Raises ValueError for n below 1, or above the 311,040 different sentences that there are.
    """
    total = int(np.prod(_SIZES))
    if n < 1 or (unique and n > total):
        raise ValueError(f"expected 1 to {total} sentences, got {n}; with unique=False there may be more")
    drawn = np.empty(0, int)
    while len(drawn) < n:
        hello, pronoun, verb, first = (rng.integers(0, size, n) for size in _SIZES[:4])
        step = rng.integers(0, 2, n) * rng.integers(1, _SIZES[4], n)  # to the second object; 0: there is none
        drawn = np.append(drawn, np.ravel_multi_index((hello, pronoun, verb, first, step), _SIZES))
        drawn = drawn[np.sort(np.unique(drawn, return_index=True)[1])] if unique else drawn
    pairs = [_pair(*place) for place in zip(*np.unravel_index(drawn[:n], _SIZES), strict=True)]
    english, french = zip(*pairs, strict=True)
    return list(english), list(french)


def _pair(hello: int, pronoun: int, verb: int, first: int, step: int) -> tuple[str, str]:
    who = list(_PRONOUNS)[pronoun]
    person = _PERSON[who]
    forms = list(_VERBS)[verb]
    english, french = [who, forms[int(person == 2)]], [_PRONOUNS[who], _VERBS[forms][person]]
    objects = [_OBJECTS[first]] + ([_OBJECTS[(first + step) % len(_OBJECTS)]] if step else [])
    english.append(" and ".join(e for e, _ in objects))
    french.append(" et ".join(f for _, f in objects))
    return " ".join(["hello"] * hello + english), " ".join(["bonjour"] * hello + french)
