# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   course:
#     title: Tokens and positions
#     minutes: 120
#     needs: [09-cross-entropy, 20-rnn, 32-attention]
#     book: [86]
# ---

# %% [markdown] id="title"
# # Tokens and positions: what a transformer reads
#
# **After this page you can** train a byte-pair encoding and cut any text with it, send a gradient back into an embedding, prove that attention does not see the order of its inputs, and write the positions that tell it.
#
# **Time** 40 minutes to read, 80 for the six exercises. **You need** cross-entropy (chapter 09), and the embedding of letters from recurrent networks (chapter 20). Attention itself is chapter 32; one paragraph here says what you need of it.

# %% id="setup" given=true
import re

import numpy as np

from dlbook import check, data, nn, plots
from dlbook.text import BPETokenizer, CharTokenizer

# %% [markdown] id="plan"
# ## The whole sentence at once
#
# A recurrent network reads word after word. Each step needs the state that the step before has made, so a sentence of $n$ words takes $n$ steps one behind the other, in every layer of a stack of LSTMs. No second processor can help.
#
# The transformer drops the state. It takes in the whole sentence at once, as a matrix with one row for each token, and no row has to wait for another. Nothing in it is difficult taken alone; the book says, rightly, that the difficulty lies in the combination of simple things. This page builds the matrix, in three steps:
#
# 1. **tokens**: the text is cut into pieces, and each piece gets a number;
# 2. **embedding**: each number becomes a row of learnt numbers;
# 3. **positions**: each row is told where it stands.
#
# $$X = \sqrt d\,E[\text{ids}] + P \qquad (n, d)$$
#
# The text is again *Dom Casmurro*. The last 20,000 characters are kept aside.

# %% id="novel"
text = data.dom_casmurro()
known, unseen = text[:-20_000], text[-20_000:]
print(f"{len(text):,} characters, {len(text.encode()):,} bytes in UTF-8")

# %% [markdown] id="cutting"
# ## Where to cut
#
# The book's sentence is "Hello, I love you". There are three obvious ways to cut it: into words and signs, into characters, or into bytes, the numbers from 0 to 255 that a computer stores.

# %% id="three-ways"


def words_of(text):
    """Words and signs; the space between them is lost."""
    return re.findall(r"\w+|[^\w\s]", text)


for sentence in ("Hello, I love you", "Não, você não 😀"):
    print("words:     ", words_of(sentence))
    print("characters:", list(sentence))
    print("bytes:     ", list(sentence.encode()), "\n")

# %% [markdown] id="set-text"
# The book says that tokenisation turns the sentence into a *set* of distinct elements, in which the order does not matter. It does not. A set would forget two things, and the tokeniser keeps both:

# %% id="set-run"
sentence = "o que ela disse e o que ela calou"
tokens = words_of(sentence)
vocabulary = sorted(set(tokens))
ids = [vocabulary.index(token) for token in tokens]
print("as a set:     ", vocabulary)
print("as a sequence:", ids)
print("from the ids: ", " ".join(vocabulary[i] for i in ids))

# %% [markdown] id="set-meaning"
# Tokens repeat, and each stands at its place: the tokens are a *sequence*. What ignores the order is a later operation, attention, and that has a reason which we shall meet. First the question of where to cut. Words look natural. But what about a word that was never seen before?

# %% [markdown] id="unknown-question" question="predict"
# The vocabulary holds every word of the first 351,549 characters of the novel. How many of the words and signs in the last 20,000 are missing from it?
#
# - [ ] none, or nearly: 78,000 words from the same pen are a lot; but half of the different ones occur only once, and there are always new ones.
# - [x] about 7 in 100: one in fourteen, and almost always a word that carries meaning.
# - [ ] about 40 in 100: the small words, the commas and the full stops are all known, and they make up most of a text.

# %% id="unknown-run"
from collections import Counter

read, new = words_of(known), words_of(unseen)
frequency = Counter(read)
once = sum(count == 1 for count in frequency.values())
print(f"{len(read):,} words and signs, {len(frequency):,} different ones, {once:,} of them occur once")
missing = [word for word in new if word not in frequency]
print(f"of {len(new):,} new ones {len(missing)} are unknown: {len(missing) / len(new):.1%}")
place = unseen.index(missing[20]) - 60
print(" ".join(word if word in frequency else "[?]" for word in words_of(unseen[place : place + 240])))

figure = plots.figure(6, 3)
ax = figure.subplots()
for label, units in {"words and signs": read, "characters": list(known)}.items():
    seen, growth = set(), []
    for unit in units:
        seen.add(unit)
        growth.append(len(seen))
    at = np.unique(np.geomspace(1, len(units), 100).astype(int))
    ax.plot(at, np.array(growth)[at - 1], label=label)
ax.set(xscale="log", yscale="log", xlabel="how many were read", ylabel="how many different ones")
ax.legend()
plots.show(
    figure,
    alt="Two curves on logarithmic axes. The number of different words rises without end, to 9,373; the number of characters flattens out at 100.",
)

# %% [markdown] id="unknown-meaning"
# The number of words never stops growing. Portuguese makes dozens of forms of every verb, and a network with a fixed vocabulary must replace each new form by a sign for "unknown". What stood there cannot be recovered. And of the 9,373 rows of the embedding 5,314 would have a single example to learn from.
#
# Characters know no unknown words. But the sequence becomes four and a half times as long. For attention, where each token compares itself with all others, that is twenty times the work, and a single letter means next to nothing.
#
# The way out lies in between, and it is not new: let *frequent* pieces of words become tokens. A frequent word is one token, a rare one several. This is how almost every language model reads today, and how the transformer of 2017 already did. Word tokens, which the book's chapter shows, belong to the time before.

# %% [markdown] id="bpe"
# ## Byte-pair encoding
#
# BPE was a method for compressing files (Gage, 1994), and came to translation in 2016. Begin with the bytes, numbers 0 to 255. Find the pair of neighbours that occurs most often in the text, and give it the next free number: 256. Replace it everywhere. Repeat: 257, 258 … Each new number stands for a longer piece, and the list of the pairs, in the order in which they were found, *is* the tokeniser.
#
# Pieces do not reach over the borders of words. So it suffices to know each word once, and how often it occurs. Here is a small text of ours, a Portuguese tongue twister, and what the first merges make of it:

# %% id="small-run"
small = "o rato roeu a roupa do rei de roma, a rainha raivosa rasgou o resto e o rei de raiva roeu a rede da rainha "
learnt = BPETokenizer.train(small, 400)
total = len(learnt.merges)
print(total, "merges, then no pair occurs twice")
for first in range(0, total, 7):
    print(
        f"from {256 + first}:",
        [learnt.token(i).decode() for i in range(256 + first, min(256 + first + 7, 256 + total))],
    )
for merges in (0, 3, 9, total):
    tokenizer = BPETokenizer(learnt.merges[:merges])
    ids = tokenizer.encode(small)
    start = "|".join(tokenizer.token(i).decode() for i in ids)[:64]
    print(f"{merges:2} merges: {len(ids):3} tokens  {start}")

# %% [markdown] id="small-meaning"
# The space belongs to the word that follows it: `" r"` is the beginning of a word with r. So nothing is lost, and a text comes back from its tokens exactly as it was. You are now going to write the three parts of it: the replacement, the training, the encoding.

# %% [markdown] id="merge-statement" statement="merge"
# ### Exercise 1: replace a pair (3 points)
#
# Write `merge(ids, pair, new)`. `ids` is a list of integers and `pair` a tuple of two. It returns a new list, in which each occurrence of the pair is replaced by the number `new`. Go from left to right; an entry that has been used is used up.
#
# Check by hand: `merge([1, 2, 3, 1, 2], (1, 2), 9)` gives `[9, 3, 9]`, and `merge([5, 5, 5], (5, 5), 9)` gives `[9, 5]`.


# %% id="merge" exercise=true difficulty=1 by_hand="nn data BPETokenizer CharTokenizer"
def merge(ids, pair, new):
    """A new list: ids with `new` in place of each occurrence of the pair, from left to right."""
    ### BEGIN SOLUTION
    merged, i = [], 0
    while i < len(ids):
        if i + 1 < len(ids) and (ids[i], ids[i + 1]) == pair:
            merged.append(new)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged
    ### END SOLUTION


# %% [markdown] id="merge-hints" hints="merge"
# - first: Only the first occurrence was replaced.
# - overlap: An entry was used twice: after a replacement go on behind the pair.
# - right: This goes from right to left: in a run of equal numbers the left ones pair up first.
# - last-entry: The last entry got lost: it has no right neighbour, but it belongs to the result.


# %% id="merge-visible" test="merge" points=1
@check.exercise("33-tokens-and-positions/merge")
def every_occurrence():
    """Every occurrence, and nothing else"""
    merged = check.call(merge, [3, 1, 2, 2, 1, 2, 1], (1, 2), 256, returns=("merged",))
    check.equal(merged, [3, 256, 2, 256, 1], name="merged", hints={
        "first": lambda right: [3, 256, 2, 1, 2, 1],
        "last-entry": lambda right: right[:-1],
    })  # fmt: skip


# %% id="merge-runs" test="merge" points=1
@check.exercise("33-tokens-and-positions/merge")
def runs_of_equal_numbers():
    """Runs of equal numbers"""
    merged = check.call(merge, [7, 5, 5, 5, 5, 5, 4], (5, 5), 300, returns=("merged",))
    check.equal(merged, [7, 300, 300, 5, 4], name="merged", hints={
        "overlap": lambda right: [7, 300, 300, 300, 300, 4],
        "right": lambda right: [7, 5, 300, 300, 4],
    })  # fmt: skip


# %% id="merge-hidden" test="merge" points=1 hidden=true
@check.exercise("33-tokens-and-positions/merge", hidden=True)
def short_lists_and_many():
    """Empty lists, short ones, and random ones"""
    for ids, right in [([], []), ([1], [1]), ([1, 2], [9]), ([2, 1], [2, 1])]:
        check.equal(check.call(merge, ids, (1, 2), 9, returns=("merged",)), right, name=f"merged for {ids}")
    rng = check.rng(1)
    for _ in range(20):
        ids = [int(i) for i in rng.integers(1, 4, 30)]
        first, second = (int(i) for i in rng.integers(1, 4, 2))
        written = "".join(map(str, ids)).replace(f"{first}{second}", "9")
        merged = check.call(merge, ids, (first, second), 9, returns=("merged",))
        check.equal(merged, [int(digit) for digit in written], name="merged")


# %% [markdown] id="train-text"
# Now the training. Two details decide whether two programs learn the same from the same text.
#
# *Ties.* Several pairs are often equally frequent. Whoever takes "the first in the dictionary" learns something else when the text is shuffled. We take the pair with the smaller numbers.
#
# *Runs.* In `aaa` the pair (a, a) stands at two places, but only one of them can be replaced. Here a pair counts as often as `merge` would replace it. Some programs count neighbouring places, so two. Outside of `....` and `XXX` it makes no difference.

# %% [markdown] id="train-statement" statement="bpe-train"
# ### Exercise 2: train a BPE (6 points)
#
# Write `bpe_train(words, n_merges)`. `words` is a dictionary from each word, a `str`, to how often it occurs. It returns the list of the pairs in the order in which they are learnt, each a tuple of two integers. `merges[i]` gets the number `256 + i`.
#
# - Every word begins as the list of its bytes in UTF-8, `list(word.encode())`.
# - In each round, count the pairs of neighbours in all words, each times the frequency of its word, as they stand after the merges so far. A pair in a run counts as often as it can be replaced.
# - The most frequent pair is learnt; of equally frequent ones the smaller tuple (`(97, 99) < (98, 97)`).
# - After `n_merges` rounds it ends, or earlier, when no pair occurs at least twice.
#
# You may call your `merge`. Check by hand: `{"ab": 2, "abc": 1}` with two merges gives `[(97, 98)]`: a and b stand together three times, and after that `(256, 99)` only once.


# %% id="bpe-train" exercise=true difficulty=3 by_hand="nn data BPETokenizer CharTokenizer"
def bpe_train(words, n_merges):
    """The pairs (int, int), in the order in which they are learnt, from words {str: how often}."""
    ### BEGIN SOLUTION
    split = {word: list(word.encode()) for word in words}
    merges = []
    while len(merges) < n_merges:
        counts = {}
        for word, ids in split.items():
            used = None  # a pair that shares an entry with an equal pair before it does not count
            for i in range(len(ids) - 1):
                pair = (ids[i], ids[i + 1])
                if pair == used:
                    used = None
                else:
                    counts[pair] = counts.get(pair, 0) + words[word]
                    used = pair
        best = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
        if best is None or counts[best] < 2:
            break
        split = {word: merge(ids, best, 256 + len(merges)) for word, ids in split.items()}
        merges.append(best)
    return merges
    ### END SOLUTION


# %% [markdown] id="train-hints" hints="bpe-train"
# - frequency: Each word counts as often as it occurs: add words[word], not 1.
# - borders: A pair reaches over the border of two words: look at each word for itself.
# - first-seen: Of equally frequent pairs this takes the first that it met: take the smaller tuple.
# - largest: Of equally frequent pairs this takes the larger tuple: take the smaller.
# - stale: The pairs were counted only once: count anew after each merge, in the words as they are then.
# - overlap: In a run such as aaa the pair (a, a) can be replaced only once, and counts once.
# - characters: Begin with bytes: ã is one character, but two bytes.
# - stop: A pair that occurs once is no gain: end when no pair occurs at least twice.


# %% id="train-counts" test="bpe-train" points=1
@check.exercise("33-tokens-and-positions/bpe-train")
def frequencies_and_borders():
    """Words count as often as they occur, each for itself"""
    merges = check.call(bpe_train, {"ab": 2, "cd": 5, "abe": 2, "x": 20}, 1, returns=("merges",))
    check.equal(merges, [(99, 100)], name="merges", hints={
        "frequency": lambda right: [(97, 98)],
        "borders": lambda right: [(120, 120)],
    })  # fmt: skip


# %% id="train-ties" test="bpe-train" points=1
@check.exercise("33-tokens-and-positions/bpe-train")
def equally_frequent_pairs():
    """Equally frequent pairs"""
    merges = check.call(bpe_train, {"ca": 3, "zy": 3, "ba": 3}, 2, returns=("merges",))
    check.equal(merges, [(98, 97), (99, 97)], name="merges", hints={
        "first-seen": lambda right: [(99, 97), (122, 121)],
        "largest": lambda right: [(122, 121), (99, 97)],
    })  # fmt: skip


# %% id="train-rounds" test="bpe-train" points=1
@check.exercise("33-tokens-and-positions/bpe-train")
def several_rounds():
    """Several rounds"""
    merges = check.call(bpe_train, {"abc": 4, "abd": 3, "bc": 2}, 3, returns=("merges",))
    check.equal(merges, [(97, 98), (256, 99), (256, 100)], name="merges", hints={
        "stale": lambda right: [(97, 98), (98, 99), (98, 100)],
    })  # fmt: skip


# %% id="train-runs" test="bpe-train" points=1
@check.exercise("33-tokens-and-positions/bpe-train")
def runs_bytes_and_the_end():
    """Runs, bytes, and when to end"""
    merges = check.call(bpe_train, {"aaa": 2, "bc": 3}, 1, returns=("merges",))
    check.equal(merges, [(98, 99)], name="merges for aaa and bc", hints={"overlap": lambda right: [(97, 97)]})
    merges = check.call(bpe_train, {"ã": 5, "b": 9}, 3, returns=("merges",))
    check.equal(merges, [(195, 163)], name="merges for ã", hints={"characters": lambda right: []})
    merges = check.call(bpe_train, {"ab": 2, "acd": 1}, 6, returns=("merges",))
    check.equal(merges, [(97, 98)], name="merges for ab and acd", hints={
        "stop": lambda right: [(97, 98), (97, 99), (257, 100)],
    })  # fmt: skip


# %% id="train-hidden" test="bpe-train" points=2 hidden=true
@check.exercise("33-tokens-and-positions/bpe-train", hidden=True)
def a_page_of_the_novel():
    """A page of the novel, in any order; no words, no merges"""
    counts = {}
    for word in re.findall(r"[^\W\d_]+", data.dom_casmurro()[1000:5000]):
        counts[word] = counts.get(word, 0) + 1
    right = BPETokenizer.train("\n".join(word for word, n in counts.items() for _ in range(n)), 256 + 60).merges
    merges = check.call(bpe_train, counts, 60, returns=("merges",))
    check.equal(merges, right, name="merges")
    turned = dict(reversed(counts.items()))
    check.equal(check.call(bpe_train, turned, 60, returns=("merges",)), merges, name="merges of the words in reverse")
    for words, n in [({}, 3), ({"a": 4}, 2), ({"abab": 1}, 0)]:
        check.equal(check.call(bpe_train, words, n, returns=("merges",)), [], name=f"merges for {words}")
    merges = check.call(bpe_train, {"aaaa": 1, "bc": 1}, 5, returns=("merges",))
    check.equal(merges, [(97, 97)], name="merges for aaaa")


# %% [markdown] id="encode-text"
# Training happens once, encoding millions of times. A word never seen before starts as bytes again, and the merges are repeated *in the order in which they were learnt*. Neither the longest piece wins nor the most frequent one. Any other order would cut words in ways that did not occur in the training, and the network would meet pieces that it has no experience of.

# %% [markdown] id="encode-statement" statement="bpe-encode"
# ### Exercise 3: encode a word (5 points)
#
# Write `bpe_encode(word, merges)`. `merges` is a list as your `bpe_train` returns it: `merges[i]` is replaced by `256 + i`. It returns the list of the word's numbers: begin with its bytes; as long as a pair of neighbours stands in `merges`, replace the one that was learnt first, wherever it stands.
#
# `bpe_decode(ids, merges)` in the next cell is the way back. Check by hand: with `merges = [(98, 99), (97, 98)]` the word `"abc"` becomes `[97, 256]`: b and c were joined first, so a has no b left.


# %% id="bpe-decode" given=true
def bpe_decode(ids, merges):
    """The text of a list of numbers; bytes that are no UTF-8 become U+FFFD."""
    pieces = [bytes([i]) for i in range(256)]
    for left, right in merges:
        pieces.append(pieces[left] + pieces[right])
    return b"".join(pieces[i] for i in ids).decode(errors="replace")


# %% id="bpe-encode" exercise=true difficulty=2 by_hand="nn data BPETokenizer CharTokenizer"
def bpe_encode(word, merges):
    """The numbers of a word (list of int): its bytes, with the merges applied in the order in which they were learnt."""
    ### BEGIN SOLUTION
    ids = list(word.encode())
    ranks = {tuple(pair): i for i, pair in enumerate(merges)}
    while True:
        ranked = [ranks[pair] for pair in zip(ids, ids[1:], strict=False) if pair in ranks]
        if not ranked:
            return ids
        ids = merge(ids, merges[min(ranked)], 256 + min(ranked))
    ### END SOLUTION


# %% [markdown] id="encode-hints" hints="bpe-encode"
# - longest: This looks for the longest known piece. BPE repeats the merges in their order, whatever the length.
# - last: The pair that was learnt first goes first, not the one learnt last.
# - left: This takes the first pair from the left that it knows. The order of learning decides, not the place.
# - most: This takes the pair that occurs most often in the word. The order of learning decides.
# - all: A pair must be replaced wherever it stands in the word.
# - once: After a merge new pairs arise: go on until no pair is known.
# - characters: Begin with the bytes of the word, not with its characters.


# %% id="encode-longest" test="bpe-encode" points=1
@check.exercise("33-tokens-and-positions/bpe-encode")
def not_the_longest_piece():
    """The order of learning, not the longest piece"""
    merges = [(99, 100), (97, 98), (98, 256), (97, 258)]
    ids = check.call(bpe_encode, "abcd", merges, returns=("ids",))
    check.equal(ids, [257, 256], name="ids", hints={"longest": lambda right: [259]})


# %% id="encode-order" test="bpe-encode" points=2
@check.exercise("33-tokens-and-positions/bpe-encode")
def the_pair_that_was_learnt_first():
    """The pair that was learnt first"""
    merges = [(98, 99), (97, 98), (99, 100)]
    ids = check.call(bpe_encode, "bcd", merges, returns=("ids",))
    check.equal(ids, [256, 100], name="ids of bcd", hints={"last": lambda right: [98, 258]})
    ids = check.call(bpe_encode, "abcd", merges, returns=("ids",))
    check.equal(ids, [97, 256, 100], name="ids of abcd", hints={"left": lambda right: [257, 258]})
    ids = check.call(bpe_encode, "ababc", merges, returns=("ids",))
    check.equal(ids, [257, 97, 256], name="ids of ababc", hints={"most": lambda right: [257, 257, 99]})


# %% id="encode-everywhere" test="bpe-encode" points=1
@check.exercise("33-tokens-and-positions/bpe-encode")
def everywhere_and_to_the_end():
    """Everywhere, to the end, and in bytes"""
    ids = check.call(bpe_encode, "xabab", [(97, 98)], returns=("ids",))
    check.equal(ids, [120, 256, 256], name="ids of xabab", hints={"all": lambda right: [120, 256, 97, 98]})
    ids = check.call(bpe_encode, "abab", [(97, 98), (256, 256)], returns=("ids",))
    check.equal(ids, [257], name="ids of abab", hints={"once": lambda right: [256, 256]})
    ids = check.call(bpe_encode, "pã", [(195, 163)], returns=("ids",))
    check.equal(ids, [112, 256], name="ids of pã", hints={"characters": lambda right: [112, 227]})


# %% id="encode-hidden" test="bpe-encode" points=1 hidden=true
@check.exercise("33-tokens-and-positions/bpe-encode", hidden=True)
def there_and_back():
    """There and back: unknown characters, empty words, words of the novel"""
    learnt = BPETokenizer.train(data.dom_casmurro()[:20_000], 256 + 300)
    for word in ["Capitu", "", "é", "😀", "ŷ", "anticonstitucionalissimamente", " olhos", "ressaca", "...", "1899"]:
        ids = check.call(bpe_encode, word, learnt.merges, returns=("ids",))
        check.equal(ids, learnt.encode(word).tolist(), name=f"ids of {word!r}")
        check.equal(bpe_decode(ids, learnt.merges), word, name=f"the way there and back of {word!r}")
    check.equal(check.call(bpe_encode, "ab", [], returns=("ids",)), [97, 98], name="ids without merges")


# %% [markdown] id="novel-bpe-text"
# ### The novel
#
# `dlbook.text.BPETokenizer` does the same, faster: it does not count everything anew in every round. It cuts words much as GPT-2 does: letters with the space before them, digits, signs, and what else is space. A vocabulary of 8,000 takes a second, and because the merges have an order, every smaller vocabulary is a prefix of it.

# %% id="novel-bpe"
big = BPETokenizer.train(known, 8000)
sizes = (256, 300, 500, 1000, 2000, 4000, 8000)
smaller = {size: BPETokenizer(big.merges[: size - 256]) for size in sizes}
print("the first pieces:", [big.token(256 + i).decode(errors="replace") for i in range(16)])
longest = sorted(range(256, 8000), key=lambda i: -len(big.token(i).decode(errors="replace")))[:4]
print("the longest ones:", [big.token(i).decode() for i in longest])
for size in (256, 1000, 8000):
    pieces = [smaller[size].token(i).decode(errors="replace") for i in smaller[size].encode("olhos de ressaca")]
    print(f"{size:5}:", "|".join(pieces))
print("never seen:", ["|".join(big.token(i).decode() for i in big.encode(" " + word)) for word in missing[10:16]])
print("there and back:", big.decode(big.encode(text)) == text)

try:
    words = Counter(re.findall(r" ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+", known))
    print("the first 20 merges are those of your BPE:", bpe_train(dict(words), 20) == big.merges[:20])
except NotImplementedError:
    print("Your BPE joins in as soon as exercises 1 and 2 are solved.")

# %% id="three-compared"
rows = [("characters", len(CharTokenizer(text)), len(unseen), 0)]
rows += [("words and signs", len(frequency) + 1, len(new), len(missing))]
rows += [(f"BPE {size:,}", size, len(tokenizer.encode(unseen)), 0) for size, tokenizer in smaller.items()]
print(f"{'':18}{'vocabulary':>12}{'tokens':>8}{'unknown':>9}{'embedding, d = 512':>20}{'attention':>11}")
for name, size, tokens, unknown in rows:
    print(f"{name:18}{size:12,}{tokens:8,}{unknown:9}{size * 512:20,}{(tokens / len(unseen)) ** 2:11.3f}")

figure = plots.figure(6, 3)
ax = figure.subplots()
ax.plot(sizes, [len(unseen) / row[2] for row in rows[2:]], marker="o", label="BPE")
ax.axhline(1, color=plots.GREY, linestyle=":", label="characters")
ax.set(xscale="log", xlabel="vocabulary", ylabel="characters in a token")
ax.set_xticks(sizes[0:1] + sizes[2:], [f"{size:,}" for size in sizes[0:1] + sizes[2:]])
ax.minorticks_off()
ax.legend()
plots.show(
    figure,
    alt="A token of the unseen text holds 0.97 characters with 256 bytes, 2.6 with a vocabulary of 1,000 and 3.8 with 8,000: the curve rises ever more slowly.",
)

# %% [markdown] id="three-meaning"
# The column *attention* says how many pairs of tokens are compared for the same text, with characters as 1. Two and a half characters in a token, and five sixths of that work are gone; with 8,000 symbols it is a fourteenth. The price is the embedding: 512 numbers for every symbol. Bytes alone need *more* tokens than there are characters, because é takes two.
#
# Words need the fewest. But they lost 318 of 4,471, and all the spaces. BPE lost nothing: *any* text can be written in bytes.
#
# WordPiece, which BERT uses, is a close relative: it chooses the pair that raises the probability of the text most, and encodes by the longest piece, the rule that exercise 3 refused. Chapter 36 builds it. SentencePiece treats the space as a character like any other and needs no words at all.
#
# Move the merges, and watch how the pieces grow. Which words hold together last? What happens to English?

# %% id="cut-widget" folded=true

from dlbook import widgets

SENTENCES = [
    "Hello, I love you",
    "Capitu, apesar daqueles olhos que o diabo lhe deu",
    "Não consultes dicionários.",
    "José Dias amava os superlativos 😀",
]


def cut(sentence, merges):
    """The pieces of a sentence after so many merges of the novel's tokeniser."""
    tokenizer = BPETokenizer(big.merges[:merges])
    return [tokenizer.token(int(i)) for i in tokenizer.encode(sentence)]


def readable(piece):
    """A piece as text, a space as ␣; half a character as its bytes."""
    try:
        return piece.decode().replace(" ", "␣").replace("😀", ":-)")
    except UnicodeDecodeError:
        return "".join(f"‹{byte:02X}›" for byte in piece)


def cut_figure(pieces):
    """Pieces as boxes in rows."""
    figure = plots.figure(8.5, 1.2)
    ax = figure.subplots()
    x, y = 0.0, 0
    for i, piece in enumerate(pieces):
        width = len(readable(piece)) + 1.2
        if x + width > 84:
            x, y = 0.0, y + 1
        ax.fill([x, x + width, x + width, x], [y + 0.1, y + 0.1, y + 0.85, y + 0.85], color=plots.TINTS[i % 4])
        ax.text(x + width / 2, y + 0.48, readable(piece), ha="center", va="center", family="DejaVu Sans Mono", size=9)
        x += width + 0.35
    ax.set(xlim=(0, 84), ylim=(2.1, 0))
    ax.set_axis_off()
    return figure


widgets.explore(
    cut_figure,
    dict(
        sentence=widgets.Options(SENTENCES, label="sentence"),
        merges=widgets.Options([0, 10, 50, 100, 250, 500, 1000, 2000, 4000, 7744], value=100, label="merges"),
    ),
    compute=cut,
    alt=lambda pieces: f"{len(pieces)} tokens: " + " | ".join(readable(piece) for piece in pieces),
    table=lambda pieces: {
        "tokens": len(pieces),
        "longest piece": max((readable(piece) for piece in pieces), key=len),
    },
    title="Where the tokeniser cuts",
)

# %% [markdown] id="language-text"
# A tokeniser is trained before the network, on a text of its own, and it stays with the network for ever. Whoever writes otherwise than that text pays: more tokens for the same sentence. Two tokenisers of the same size, one trained on the novel and one on as much of Shakespeare:

# %% id="language-run"
shakespeare = data.tiny_shakespeare()[: len(text)]
english = BPETokenizer.train(shakespeare[:-20_000], 2000)
for name, tokenizer in {"trained on Machado": smaller[2000], "trained on Shakespeare": english}.items():
    here, there = (1000 * len(tokenizer.encode(t)) / len(t) for t in (unseen, shakespeare[-20_000:]))
    print(f"{name:24} tokens for 1,000 characters: Portuguese {here:.0f}, English {there:.0f}")
for word in ("Capitu", " Capitu", " CAPITU", " capitu"):
    print(f"{word!r:10}", [smaller[2000].token(int(i)).decode() for i in smaller[2000].encode(word)])
half = smaller[256].encode("ã")[:1]
print("half of ã:", half, repr(smaller[256].decode(half)))

# %% [markdown] id="embedding"
# ## From numbers to rows
#
# Token 300 is not "more" than token 299: the numbers are names. So each symbol gets a row of $d$ learnt numbers, the **embedding** $E\ (V, d)$, and reading a text means picking rows. In the language of matrices that is a product with one-hot rows:
#
# $$E[\text{ids}] = \mathrm{onehot}(\text{ids})\,E$$

# %% id="one-hot-run"
rng = np.random.default_rng(0)
ids = big.encode("olhos de ressaca")
E = rng.normal(size=(len(big), 64))
one_hot = np.zeros((len(ids), len(big)))
one_hot[np.arange(len(ids)), ids] = 1
print("ids:", ids, " one-hot rows:", one_hot.shape, " E:", E.shape)
print("same rows:", np.array_equal(one_hot @ E, E[ids]))
print(f"multiplications: {one_hot.size * 64:,} by the product, 0 by picking")

# %% [markdown] id="scatter-text"
# The product is never computed, but it tells the gradient: $\mathrm{onehot}^\top \mathrm dX$. The transposed one-hot matrix sends each row of $\mathrm dX$ to the row of its symbol, and where a symbol occurs three times, three rows arrive and are **added**. Picking forwards means adding backwards; the operation is called *scatter-add*.
#
# Here NumPy has a trap, and many have fallen into it:

# %% id="scatter-trap"
dE, ids = np.zeros(5), np.array([3, 1, 3, 3])
dE[ids] += 1.0
print("dE[ids] += 1:   ", dE)

# %% [markdown] id="scatter-meaning"
# Symbol 3 occurs three times and got 1. The line reads all rows, adds, and writes all rows back; of three writings to one place the last one stays. No error, and a gradient that is wrong for frequent symbols, and only for these. `np.add.at` adds one after the other, and there are other ways.
#
# One factor is missing from the book's chapter. The transformer multiplies the embedding by $\sqrt d$ before the positions are added; further down you will see why. It is part of the forward pass here:


# %% id="embed" given=true
def embed(ids, E):
    """Rows of the embedding times √d: ids of any shape, E (V, d) -> (…, d)."""
    return np.sqrt(E.shape[1]) * E[ids]


def embed_case(ids, d):
    """An upstream gradient (…, d) for the ids, the same on every machine."""
    return np.cos(1.3 * np.arange(np.size(ids) * d) + 0.4).reshape(*np.shape(ids), d)


# %% [markdown] id="embed-statement" statement="embed-backward"
# ### Exercise 4: the gradient of an embedding (6 points)
#
# Write `embed_backward(dy, ids, V)`. `ids` are integers of any shape, say `(N, T)`, and `dy` has that shape with a last axis of $d$ more: the gradient of the loss with respect to `embed(ids, E)`. It returns `dE (V, d)`. `V` is the number of symbols; those that do not occur get zeros. The answer may not call `embed`.
#
# Check by hand: `dy = [[1, 0, 0, 0], [2, 0, 0, 0]]`, `ids = [1, 1]`, `V = 3`: row 1 of `dE` is `[6, 0, 0, 0]`, the rest is zero ($\sqrt 4 = 2$, times 1 + 2).


# %% id="embed-backward" exercise=true difficulty=2 by_hand="nn data embed"
def embed_backward(dy, ids, V):
    """dE (V, d) from dy (…, d) and the symbols ids (…)."""
    ### BEGIN SOLUTION
    d = dy.shape[-1]
    dE = np.zeros((V, d))
    np.add.at(dE, ids.reshape(-1), np.sqrt(d) * dy.reshape(-1, d))
    return dE
    ### END SOLUTION


# %% [markdown] id="embed-hints" hints="embed-backward"
# - repeats: A symbol that occurs several times collects all its gradients. dE[ids] += … keeps only the last: use np.add.at.
# - scale: The factor √d of the forward pass is missing: it multiplies the gradient too.
# - inverse: The factor √d multiplies the gradient as it multiplied the row: do not divide.
# - occurrences: The gradients of a symbol are added, not averaged over its occurrences.
# - tokens: Do not divide by the number of tokens: the mean, if there is one, is already in dy.
# - rows: Every symbol has a row in dE, also those beyond the largest one that occurs: V rows.


# %% id="embed-distinct" test="embed-backward" points=2
@check.exercise("33-tokens-and-positions/embed-backward")
def symbols_that_occur_once():
    """Symbols that occur once"""
    ids = np.array([4, 0, 2])
    dy = embed_case(ids, 5)
    expected = np.zeros((7, 5))
    expected[ids] = np.sqrt(5) * dy
    check.close(check.call(embed_backward, dy, ids, 7, returns=("dE",)), expected, name="dE", hints={
        "scale": lambda right: right / np.sqrt(5),
        "inverse": lambda right: right / 5,
        "tokens": lambda right: right / 3,
        "rows": lambda right: right[:5],
    })  # fmt: skip


# %% id="embed-repeated" test="embed-backward" points=2
@check.exercise("33-tokens-and-positions/embed-backward")
def symbols_that_occur_again():
    """Symbols that occur again, in two sentences"""
    ids = np.array([[1, 3, 1, 1], [3, 0, 1, 5]])
    dy, E = embed_case(ids, 3), np.linspace(-1, 1, 18).reshape(6, 3)
    last = np.zeros((6, 3))
    last[ids.ravel()] = np.sqrt(3) * dy.reshape(-1, 3)
    counts = np.maximum(np.bincount(ids.ravel(), minlength=6), 1)[:, None]
    dE = check.call(embed_backward, dy, ids, 6, returns=("dE",))
    check.gradient(lambda E: np.sum(dy * embed(ids, E)), dE, E, name="dE", hints={
        "repeats": lambda right: last,
        "occurrences": lambda right: right / counts,
    })  # fmt: skip


# %% id="embed-hidden" test="embed-backward" points=2 hidden=true
@check.exercise("33-tokens-and-positions/embed-backward", hidden=True)
def other_shapes_of_ids():
    """One token, many tokens, other shapes"""
    rng = check.rng(4)
    for shape, V, d in [((1,), 4, 6), ((50,), 3, 2), ((2, 3, 4), 11, 1), ((1, 7), 9, 16)]:
        ids, dy = rng.integers(0, V, shape), rng.normal(size=(*shape, d))
        _, cache = nn.embedding(ids, np.zeros((V, d)))
        right = np.sqrt(d) * nn.embedding_backward(dy, cache)
        check.close(check.call(embed_backward, dy, ids, V, returns=("dE",)), right, name=f"dE for ids of shape {shape}")


# %% [markdown] id="learn-text"
# ### What the rows learn
#
# At first the rows are noise. What they become is up to the task. Here is one: guess a word of the novel from the two words before it and the two after it. The four rows are averaged, a linear layer gives a logit for each of the 800 most frequent words, and cross-entropy does the rest. (The task is known as *continuous bag of words*, Mikolov and others, 2013.) Nobody says what a word means.

# %% id="learn-run"
from dlbook import optim

lower = [word.lower() for word in words_of(text)]
frequent = [word for word, _ in Counter(lower).most_common(800)]
number = {word: i for i, word in enumerate(frequent)}
ids = np.array([number.get(word, 800) for word in lower])  # 800: any other word
rng = np.random.default_rng(0)
rows = nn.Embedding(801, 32, rng=rng, dtype=np.float32)
rows.weight.data *= 0.3
output = nn.Linear(32, 801, rng=rng, dtype=np.float32)
optimizer = optim.Adam([*rows.parameters(), *output.parameters()], 0.01)
before_training = rows.weight.data.copy()
around = np.array([-2, -1, 1, 2])
places = np.arange(2, len(ids) - 2)
places = places[ids[places] < 800]
for epoch in range(4):
    losses = []
    for chosen in np.array_split(rng.permutation(places), len(places) // 512):
        x, picked = rows.forward(ids[chosen[:, None] + around])
        logits, read_out = output.forward(x.mean(axis=1))
        loss, compared = nn.cross_entropy(logits, ids[chosen])
        dmean = output.backward(nn.cross_entropy_backward(1.0, compared), read_out)
        rows.backward(np.repeat(dmean[:, None] / 4, 4, axis=1), picked)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss)
    print(f"epoch {epoch + 1}: loss {np.mean(losses):.2f}")


def neighbours(E, word, count=5):
    """The words whose rows point in the most similar direction, the mean row taken away."""
    centred = E[:800] - E[:800].mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    return [frequent[i] for i in np.argsort(-centred @ centred[number[word]])[1 : count + 1]]


print("before, minha:", *neighbours(before_training, "minha"))
for word in ("minha", "três", "era", "olhos", "se", "disse"):
    print(f"{word}:", *neighbours(rows.weight.data, word))

# %% id="learn-figure"
GROUPS = {
    "possessives": ["minha", "sua", "meu", "seu", "meus", "seus"],
    "numbers": ["dois", "três", "quatro", "quinze", "seis"],
    "pronouns": ["me", "lhe", "te", "se"],
    "said and did": ["confessou", "disse", "fez"],
    "was and is": ["é", "era", "seria", "foi", "tem"],
}
shown = [word for group in GROUPS.values() for word in group]
figure = plots.figure(9, 4.4)
for ax, E, title in zip(
    figure.subplots(1, 2), (before_training, rows.weight.data), ("before", "after four epochs"), strict=True
):
    chosen = E[[number[word] for word in shown]].astype(float)
    chosen = chosen - chosen.mean(axis=0)
    flat = chosen @ np.linalg.svd(chosen, full_matrices=False)[2][:2].T
    for k, (label, group) in enumerate(GROUPS.items()):
        at = flat[[shown.index(word) for word in group]]
        ax.plot(at[:, 0], at[:, 1], plots.MARKERS[k], color=plots.COLOURS[k], label=label, markersize=5)
        for above, (place, word) in enumerate(zip(at, group, strict=True)):
            ax.annotate(word, place, xytext=(4, 3 - 10 * (above % 2)), textcoords="offset points", fontsize=8)
    ax.set(title=title, xticks=[], yticks=[])
figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=5)
plots.show(
    figure,
    alt="The rows of twenty-three words, projected onto a plane. Before the training they are mixed at random. After it numbers, pronouns and verbs form groups of their own; of the possessives, minha lies beside sua, meu beside seu, and meus beside seus.",
)

# %% [markdown] id="learn-meaning"
# *Minha* has found *sua* and *própria*; *três* has found *dois* and *seis*; *se* lies beside *lho*, *la* and *te*; *disse* beside *dizia* and *dizendo*. Words that can stand in each other's place have similar rows, because they receive similar gradients. In the plane of the figure the possessives fall into three pairs: the novel has taught the rows gender and number, too.
#
# The book says: similar in meaning or in grammar, near in space. This shows how much depends on the task. *Minha* and *sua* are near because the same nouns follow them, and for this task it is all the same whose eyes they are. A task that asks "whose?" would push the two apart.

# %% [markdown] id="order"
# ## Does the order arrive?
#
# Now the rows go into self-attention. Chapter 32 explains it; here it is enough to know the formula. Three matrices make a query, a key and a value of each row, and each row of the result is a mean of all values, weighted by how well its query fits the keys:
#
# $$\mathrm{SA}(X) = \mathrm{softmax}\Big(\frac{(XW_q)(XW_k)^\top}{\sqrt d}\Big)\,XW_v$$
#
# A *causal* head may look only at the rows up to its own: row 3 sees rows 0 to 3.


# %% id="self-attention" given=true
def self_attention(X, causal=False):
    """One head with fixed weights: X (n, d) -> (n, d)."""
    n, d = X.shape
    q, k, v = (X @ np.cos((1.3 + s) * np.arange(1, d * d + 1) ** 1.2).reshape(d, d) * 2 / np.sqrt(d) for s in (0, 1, 2))
    return nn.attention(q, k, v, nn.causal_mask(n) if causal else None)[0]


# %% [markdown] id="order-question" question="predict"
# You exchange the first and the last row of $X$: "you, I love Hello". What happens to the output of self-attention, without any positions?
#
# - [ ] It stays as it is: this would be *invariance*, which the book claims; but each row asks with its own query, and takes its answer along.
# - [x] Its first and last rows change places too, and all rows keep their values: that is *equivariance*.
# - [ ] All rows change: every row is a mean over the same values as before, and a mean does not care in which order they come.

# %% id="order-run"
rng = np.random.default_rng(0)
X = rng.normal(size=(5, 8))
order = np.array([4, 1, 2, 3, 0])
Y = self_attention(X)
print(f"SA(PX) against P SA(X):   {np.abs(self_attention(X[order]) - Y[order]).max():.0e}")
print(f"SA(PX) against SA(X):     {np.abs(self_attention(X[order]) - Y).max():.2f}")
causal = self_attention(X, causal=True)
print(f"causal, against P SA(X):  {np.abs(self_attention(X[order], causal=True) - causal[order]).max():.2f}")
pooled = self_attention(X[order]).mean(axis=0) - Y.mean(axis=0)
print(f"mean over rows, against the mean before: {np.abs(pooled).max():.0e}")

# %% [markdown] id="order-meaning"
# The rows of the output move exactly as the rows of the input did; what is left is rounding. As a formula, with a permutation matrix $P$:
#
# $$\mathrm{SA}(PX) = P\,\mathrm{SA}(X)$$
#
# This is **equivariance**. The book says that transformers are permutation *invariant*; that would be $\mathrm{SA}(PX) = \mathrm{SA}(X)$, and it is wrong by 0.55 here. Only the mean over the rows is invariant. With a causal mask not even equivariance is left: the last row sees everything, the first only itself.
#
# For the reader it comes to the same, and that is the point: without positions each word gets the same vector in "I love you" and "you love I". Nothing in the network can know which of the two was said. (A recurrent network has the order for free, since it reads in order. It pays elsewhere: what is far back, it hardly sees.)

# %% [markdown] id="equivariance-statement" statement="equivariance"
# ### Exercise 5: a test for equivariance (4 points)
#
# Write `is_permutation_equivariant(f, X, rng)`. `f` is a function of a matrix, `X (n, d)` an input for it, and `rng` a generator. Return `True` if $f(PX) = P f(X)$ for five random permutations of the rows, drawn by `rng.permutation(len(X))`, and else `False`. Rounding is no difference: compare with `np.allclose`. If the result of `f` has not one row for each row of `X`, the answer is `False`, not an error.
#
# For a permutation `p`, the matrix $PX$ is `X[p]`.


# %% id="equivariance" exercise=true difficulty=2 by_hand="nn data self_attention"
def is_permutation_equivariant(f, X, rng):
    """Whether f(X[p]) is f(X)[p] for five random permutations p of the rows of X (n, d)."""
    ### BEGIN SOLUTION
    Y = f(X)
    if Y.ndim < 1 or len(Y) != len(X):
        return False
    for _ in range(5):
        p = rng.permutation(len(X))
        if not np.allclose(f(X[p]), Y[p]):
            return False
    return True
    ### END SOLUTION


# %% id="equivariance-driver" driver="equivariance"
def judged(is_permutation_equivariant, names, X, rng):
    """What the answer says of several functions, by their names: a list."""
    functions = {
        "attention": self_attention,
        "causal attention": lambda X: self_attention(X, causal=True),
        "mean of attention": lambda X: self_attention(X).mean(axis=0),
        "attention with positions": lambda X: self_attention(X + nn.sinusoidal_positions(*X.shape)),
        "tanh": np.tanh,
        "sorted columns": lambda X: np.sort(X, axis=0),
        "sum with the mirror image": lambda X: X + X[::-1],
        "running sum": lambda X: np.cumsum(X, axis=0),
        "products of rows": lambda X: X @ X.T,
        "mean row for each": lambda X: X - X.mean(axis=0),
        "a small slope": lambda X: X + 0.001 * np.arange(len(X))[:, None],
        "large attention": lambda X: 1e6 * self_attention(X),
    }
    return [is_permutation_equivariant(functions[name], X, rng) for name in names]


# %% [markdown] id="equivariance-hints" hints="equivariance"
# - invariant: This asks whether the output stays the same: that is invariance. The rows of the output must move with those of the input.
# - exact: This takes rounding for a difference: sums in another order differ in the last digit. Use np.allclose.
# - inverse: The rows of the output go back by the inverse permutation: f(X[p]) is compared with f(X)[p].
# - mirror: One special permutation proves nothing: draw five at random.
# - sums: A sum or a mean over the rows hides which row is which: compare row by row.


# %% id="equivariance-rows" test="equivariance" points=2
@check.exercise("33-tokens-and-positions/equivariance")
def functions_with_a_row_for_each_row():
    """A row for each row: attention, tanh, sorting and others"""
    names = ["attention", "tanh", "sorted columns", "causal attention", "sum with the mirror image"]
    X = np.cos(1.7 * np.arange(42) + 0.3).reshape(7, 6)
    said = check.call(judged, is_permutation_equivariant, names, X, check.rng(0), returns=("said",))
    check.equal(said, [True, True, False, False, False], name=f"what it says of {', '.join(names)}", hints={
        "invariant": lambda right: [False, False, True, False, False],
        "exact": lambda right: [False, True, False, False, False],
        "inverse": lambda right: [False] * 5,
        "mirror": lambda right: [True, True, False, False, True],
        "sums": lambda right: [True, True, True, False, True],
    })  # fmt: skip


# %% id="equivariance-pooled" test="equivariance" points=1
@check.exercise("33-tokens-and-positions/equivariance")
def pooling_and_positions():
    """The mean of attention, and attention with positions"""
    names = ["mean of attention", "attention with positions"]
    X = np.sin(2.1 * np.arange(24) + 0.5).reshape(4, 6)
    said = check.call(judged, is_permutation_equivariant, names, X, check.rng(1), returns=("said",))
    check.equal(said, [False, False], name=f"what it says of {', '.join(names)}")


# %% id="equivariance-hidden" test="equivariance" points=1 hidden=true
@check.exercise("33-tokens-and-positions/equivariance", hidden=True)
def small_and_large():
    """One row, small slopes, large numbers, other functions"""
    rng = check.rng(5)
    names = ["running sum", "products of rows", "mean row for each", "a small slope", "large attention", "attention"]
    right = [False, False, True, False, True, True]
    said = check.call(judged, is_permutation_equivariant, names, rng.normal(size=(9, 4)), rng, returns=("said",))
    check.equal(said, right, name=f"what it says of {', '.join(names)}")
    names = ["causal attention", "running sum", "tanh", "mean of attention"]
    said = check.call(judged, is_permutation_equivariant, names, rng.normal(size=(1, 4)), rng, returns=("said",))
    check.equal(said, [True, True, True, False], name=f"what it says of {', '.join(names)} for one row")


# %% [markdown] id="positions"
# ## Where each one stands
#
# So the positions must come in with the rows. The transformer adds to row $t$ a fixed vector $P_t$:
#
# $$P_{t,\,2i} = \sin\!\big(t\,\omega_i\big), \qquad P_{t,\,2i+1} = \cos\!\big(t\,\omega_i\big), \qquad \omega_i = 10000^{-2i/d}, \qquad i = 0, \dots, d/2-1$$
#
# Think of a clock with $d/2$ hands. The first one moves on by one radian a token, the next a little less, the last hardly at all. Each hand gives two numbers, its sine and its cosine, and all hands together tell the time: no two positions have the same vector.
#
# Three remarks on the book's words:
#
# - It says that $i$ distinguishes odd from even *positions*, and that the wavelength depends on the position in the sentence. $i$ numbers the **pairs of features**. Even and odd are the columns: sine and cosine. The wavelength $\lambda_i = 2\pi/\omega_i$ belongs to the hand, and every position uses all of them.
# - It calls them small constants. Small compared with what? We shall measure.
# - It says that a network surely cannot understand an order in a set. That sounds like a matter of size or of skill. It is neither: it follows from equivariance, for every network made of such layers, however large.

# %% [markdown] id="positions-statement" statement="positional-encoding"
# ### Exercise 6: sinusoidal positions (6 points)
#
# Write `positional_encoding(T, d, base)`. It returns `(T, d)` for the positions 0, 1, …, T − 1: sines in the even columns, cosines in the odd ones, with `base` in place of 10000. An odd `d` raises `ValueError`.
#
# Check by hand: row 0 is `[0, 1, 0, 1, …]`. For `d = 4` and `base = 10000` the second pair moves a hundred times more slowly than the first: row 2 is `[sin 2, cos 2, sin 0.02, cos 0.02]`.


# %% id="positional-encoding" exercise=true difficulty=2 by_hand="nn data"
def positional_encoding(T, d, base):
    """(T, d): column 2i is sin(t / base^(2i/d)), column 2i + 1 the cosine of the same."""
    ### BEGIN SOLUTION
    if d % 2:
        raise ValueError(f"d: expected an even number, got {d}")
    angles = np.arange(T)[:, None] / base ** (np.arange(0, d, 2) / d)
    P = np.empty((T, d))
    P[:, 0::2], P[:, 1::2] = np.sin(angles), np.cos(angles)
    return P
    ### END SOLUTION


# %% [markdown] id="positions-hints" hints="positional-encoding"
# - exponent: The exponent is 2i/d, where i numbers the pairs: the last hand is nearly 10000 times slower than the first, not 100 times.
# - double: The exponent of columns 2i and 2i + 1 is 2i/d: the number of the even column, not twice that number.
# - own: Sine and cosine of a pair share one frequency: column 2i + 1 has the exponent 2i/d as well.
# - halves: The sines stand in one half and the cosines in the other: they must alternate, column by column.
# - one: Positions count from 0: row 0 is 0, 1, 0, 1, …
# - swapped: The sines belong into the even columns, the cosines into the odd ones.
# - integer: The exponent was rounded to an integer: all hands run equally fast.


# %% id="positions-values" test="positional-encoding" points=2
@check.exercise("33-tokens-and-positions/positional-encoding")
def three_positions_of_four_numbers():
    """Three positions of four numbers"""
    t = np.arange(3.0)[:, None]
    pair, right = np.array([0.0, 1.0]), np.empty((3, 4))
    right[:, 0::2], right[:, 1::2] = np.sin(t / 100.0**pair), np.cos(t / 100.0**pair)

    def waves(t, slowness):
        """Sine and cosine in turn, column by column, with these slownesses (4,)."""
        return np.where(np.arange(4) % 2 == 0, np.sin(t / slowness), np.cos(t / slowness))

    slowness = np.repeat(100.0**pair, 2)
    P = check.call(positional_encoding, 3, 4, 10000.0, returns=("P",))
    check.close(P, right, name="P", hints={
        "exponent": lambda right: waves(t, np.repeat(10.0**pair, 2)),
        "double": lambda right: waves(t, np.repeat(10000.0**pair, 2)),
        "own": lambda right: waves(t, 10000.0 ** (np.arange(4) / 4)),
        "halves": lambda right: np.hstack([right[:, 0::2], right[:, 1::2]]),
        "one": lambda right: waves(t + 1, slowness),
        "swapped": lambda right: right[:, [1, 0, 3, 2]],
        "integer": lambda right: waves(t, 1.0),
    })  # fmt: skip


# %% id="positions-widths" test="positional-encoding" points=1
@check.exercise("33-tokens-and-positions/positional-encoding")
def other_widths_and_an_odd_one():
    """Six columns, another base; an odd width is refused"""
    P = check.call(positional_encoding, 5, 6, 50.0, returns=("P",))
    right = np.array([f(t / 50 ** (i / 3)) for t in range(5) for i in range(3) for f in (np.sin, np.cos)])
    check.close(P, right.reshape(5, 6), name="P")
    check.raises(ValueError, positional_encoding, 4, 5, 10000.0, what="d = 5")


# %% id="positions-hidden" test="positional-encoding" points=3 hidden=true
@check.exercise("33-tokens-and-positions/positional-encoding", hidden=True)
def length_distance_and_rotation():
    """Length, distances, rotation; one position, two columns"""
    P = check.call(positional_encoding, 40, 16, 10000.0, returns=("P",))
    check.close(np.linalg.norm(P, axis=1), np.full(40, np.sqrt(8)), name="the length of each row")
    products = P @ P.T
    for k in (1, 5, 12):
        check.close(np.diagonal(products, k), np.full(40 - k, products[0, k]), name=f"products at distance {k}")
    turns = P[7, 0::2] * 1j + P[7, 1::2]
    check.close((P[:-7, 0::2] * 1j + P[:-7, 1::2]) * turns, P[7:, 0::2] * 1j + P[7:, 1::2], name="the turn by 7")
    for T, d, base in [(1, 8, 10000.0), (9, 2, 10000.0), (20, 10, 100.0)]:
        P = check.call(positional_encoding, T, d, base, returns=("P",))
        check.close(P, nn.sinusoidal_positions(T, d, base), name=f"P for T = {T}, d = {d}, base = {base:g}")


# %% [markdown] id="properties"
# ## What the positions can do
#
# From $\sin^2 + \cos^2 = 1$ for each hand follows the length of every vector, $\lVert P_t\rVert = \sqrt{d/2}$. From $\cos a\cos b + \sin a\sin b = \cos(a-b)$ follows the product of two:
#
# $$P_t\cdot P_{t+k} = \sum_{i} \cos(k\,\omega_i)$$
#
# It depends on the distance $k$ alone. And $k$ tokens further each hand has turned by $k\,\omega_i$, wherever it stood before. So there is a matrix $R_k$, made of $2\times2$ rotations, that leads from any position to the one $k$ further: $P_{t+k} = R_k P_t$. "Three places before me" is a linear map, and linear maps are what attention can learn.

# %% id="properties-run"
d = 512
P = nn.sinusoidal_positions(200, d)
omega = 10_000.0 ** (-np.arange(0, d, 2) / d)
wavelength = 2 * np.pi / omega
print(f"lengths: {np.linalg.norm(P, axis=1).min():.4f} to {np.linalg.norm(P, axis=1).max():.4f}")
products = P @ P.T
spread = max(np.ptp(np.diagonal(products, k)) for k in range(200))
print(f"products at one distance differ by {spread:.0e} at most")
print(f"wavelengths: {wavelength[0]:.2f}, {wavelength[1]:.2f}, {wavelength[2]:.2f} … {wavelength[-1]:,.0f} tokens")
print(
    f"ratio of neighbours: {(wavelength[1:] / wavelength[:-1]).min():.6f} to {(wavelength[1:] / wavelength[:-1]).max():.6f}"
)

k = 7
R = np.zeros((d, d))
for i, angle in enumerate(k * omega):
    R[2 * i : 2 * i + 2, 2 * i : 2 * i + 2] = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
print(f"P moved by 7 against P @ R.T: {np.abs(P[k:] - P[:-k] @ R.T).max():.0e}")

figure = plots.figure(8.5, 3.3)
left, right = figure.subplots(1, 2)
shown = left.imshow(nn.sinusoidal_positions(64, 128), cmap=plots.DIVERGING, vmin=-1, vmax=1, aspect="auto")
left.set(title="P", xlabel="column", ylabel="position")
figure.colorbar(shown, ax=left)
shown = right.imshow(P[:64] @ P[:64].T, cmap=plots.SEQUENTIAL)
right.set(title="products", xlabel="position", ylabel="position")
figure.colorbar(shown, ax=right)
for ax in (left, right):
    ax.grid(False)
plots.show(
    figure,
    alt="Left: the positions as an image, fast stripes in the first columns, slower and slower ones to the right, nothing but constant stripes at the end. Right: the products of all pairs, bright on the diagonal, and the same along every parallel to it.",
)

# %% [markdown] id="clock"
# Move the hands. Which base makes the products fall off fastest with the distance? At which width do far positions look like near ones? And when two words change places, whose output rows change?

# %% id="positions-widget" folded=true
WORDS = ["Hello", ",", "I", "love", "you"]


def word_changes(P):
    """How far the output row of each word moves when I and you are exchanged, each word followed to its new place."""
    rows = np.sin(2.3 * np.arange(1, len(WORDS) * P.shape[1] + 1) ** 1.1).reshape(len(WORDS), -1)
    order = np.array([0, 1, 4, 3, 2])
    return np.linalg.norm(self_attention(rows[order] + P) - self_attention(rows + P)[order], axis=1)[order]


def positions_seen(d, base, k, swap):
    """What the widget shows: positions, products, hands, changes without and with positions."""
    P = nn.sinusoidal_positions(64, d, base)
    changes = [word_changes(0 * P[:5]), word_changes(P[:5])] if swap else [np.zeros(5), np.zeros(5)]
    return {"P": P, "k": k, "base": base, "swap": swap, "products": P @ P[0], "changes": changes}


def positions_figure(seen):
    """Heat map, products by distance, hands of the clock, changes of the output."""
    P, k, d = seen["P"], seen["k"], seen["P"].shape[1]
    figure = plots.figure(9, 5.6)
    (image, curve), (clock, bars) = figure.subplots(2, 2)
    image.imshow(P, cmap=plots.DIVERGING, vmin=-1, vmax=1, aspect="auto")
    image.axhline(k, color=plots.BLACK, linewidth=1.5)
    image.grid(False)
    image.set(title="P", xlabel="column", ylabel="position")
    curve.plot(seen["products"], color=plots.BLUE)
    curve.plot(k, seen["products"][k], "o", color=plots.VERMILION)
    curve.axhline(0, color=plots.GREY, linewidth=0.8)
    curve.set(title="product of two positions", xlabel="distance", ylim=(-d / 2 * 1.05, d / 2 * 1.1))
    hands = np.unique(np.linspace(0, d // 2 - 1, 8).round().astype(int))
    turn = np.linspace(0, 2 * np.pi, 60)
    for place, i in enumerate(hands):
        x, y = 2.4 * (place % 4), -2.9 * (place // 4)
        clock.plot(x + np.sin(turn), y + np.cos(turn), "-", color="0.7", linewidth=1)
        clock.plot([x, x + P[k, 2 * i]], [y, y + P[k, 2 * i + 1]], "-", color=plots.VERMILION, linewidth=2.5)
        clock.text(x, y - 1.4, f"i = {i}", ha="center", va="center", size=9)
    clock.set(title=f"hands at position {k}", aspect="equal", xlim=(-1.3, 8.6), ylim=(-4.7, 1.3))
    clock.set_axis_off()
    at = np.arange(5)
    bars.bar(at - 0.2, seen["changes"][0], 0.4, color=plots.SKY, label="without positions")
    bars.bar(at + 0.2, seen["changes"][1], 0.4, color=plots.VERMILION, label="with positions", hatch="//")
    bars.set(title="change of each word's output row", ylim=(0, 3), xlim=(-0.6, 4.6))
    bars.set_xticks(at, WORDS)
    bars.legend(loc="upper left")
    return figure


widgets.explore(
    positions_figure,
    dict(
        d=widgets.Slider(4, 64, 32, step=4, label="width d"),
        base=widgets.LogSlider(10, 10_000, 10_000, label="base"),
        k=widgets.Slider(0, 63, 5, label="position, distance k"),
        swap=widgets.Checkbox(True, label="exchange I and you"),
    ),
    compute=positions_seen,
    alt=lambda seen: (
        f"Positions of width {seen['P'].shape[1]}, base {seen['base']:g}: at distance {seen['k']} the product is "
        f"{seen['products'][seen['k']]:.1f} of {seen['products'][0]:.1f}. "
        + (
            f"I and you have changed places: the output rows move by {seen['changes'][0].max():.2f} at most without "
            f"positions, and by {seen['changes'][1].max():.2f} with them."
            if seen["swap"]
            else "No words are exchanged."
        )
    ),
    table=lambda seen: [
        {"word": word, "without positions": f"{a:.2f}", "with positions": f"{b:.2f}"}
        for word, a, b in zip(WORDS, *seen["changes"], strict=True)
    ],
    title="Clocks for positions",
)

# %% [markdown] id="clock-meaning"
# Without positions no word notices the exchange: the blue bars are zero. With them all five rows change, also those of the words that stayed where they were, for they read from the two that did move.
#
# A small base makes fast hands and products that fall off quickly; a large one makes slow hands, which tell *about here* from *far away*. With few hands distant positions can look alike: at $d = 8$ and base 10000 the product at distance 57 is back at nine tenths. And here are two sentences of which only the positions know that they are two, read by attention and averaged into one vector:

# %% id="sentences-run"
rng = np.random.default_rng(1)
E = rng.normal(size=(len(big), 32)) / np.sqrt(32)
here, there = (embed(big.encode(sentence), E) for sentence in (" Capitu ama Bento", " Bento ama Capitu"))
for label, base in (("without positions", 0.0), ("with positions", 1.0)):
    meaning = [self_attention(X + base * nn.sinusoidal_positions(*X.shape)).mean(axis=0) for X in (here, there)]
    print(f"{label:18} the two sentences differ by {np.abs(meaning[0] - meaning[1]).max():.2g}")

# %% [markdown] id="small-constants"
# ### Small constants?
#
# With $d = 512$ a position has the length $\sqrt{256} = 16$. How long is the row of a token? In the transformer the embedding shares its numbers with the output layer, and starts from a normal distribution with variance $1/d$. Then a row has a length of about 1:

# %% id="scale-run"
rng = np.random.default_rng(0)
E = rng.normal(size=(1000, 512)) / np.sqrt(512)
length = np.linalg.norm(nn.sinusoidal_positions(100, 512), axis=1).mean()
for label, rows_of_tokens in (("as drawn", E), ("times √d", np.sqrt(512) * E)):
    token = np.linalg.norm(rows_of_tokens, axis=1).mean()
    print(f"embedding {label}: token {token:5.2f}, position {length:.2f}, position / token {length / token:.2f}")
token = np.linalg.norm(nn.Embedding(1000, 512, rng=rng).weight.data, axis=1).mean()
print(f"embedding from N(0, 1): token {token:.2f}")

# %% [markdown] id="scale-meaning"
# Without the factor the position is sixteen times as long as the token, and what a word is would drown in where it stands. The factor $\sqrt d$, which the book leaves out, brings the two together: 22.6 and 16. So the constants are not small, and should not be. (The embeddings of PyTorch and of this package start from $N(0, 1)$, at a length of 22.6: they have the factor already, and do not need it a second time.)
#
# ## Other ways to say where
#
# The sinusoids were the choice of 2017. The models of today mostly use others. All of them answer the same question.
#
# | | where it enters | beyond the trained length |
# |---|---|---|
# | **sinusoidal** | added once to the rows | defined, but rarely of use |
# | **learnt** (BERT, GPT-1 to 3) | added: an `Embedding` of positions | there is no row |
# | **rotary**, RoPE (Llama and most others) | each pair of a query or key is *turned* by $t\,\omega_i$, in every layer | needs a change of the base |
# | **ALiBi** (BLOOM, MPT) | the score is lowered in proportion to the distance | works as it is |
#
# RoPE takes up the clock and uses it better. The sinusoids turn a vector that is *added* to the token, and the product of two such sums has cross terms that depend on the absolute places. If query and key themselves are turned, then only the difference of the angles is left:

# %% id="rotary-run"
rng = np.random.default_rng(2)
q, k = rng.normal(size=(2, 16))
P = nn.sinusoidal_positions(200, 16)
print(f"{'places':>13}{'added':>9}{'rotary':>9}")
for s, t in ((3, 1), (13, 11), (103, 101)):
    turned = nn.rotary(np.stack([q, k]), np.array([s, t]))[0]
    print(f"{s:5} and {t:3}{(q + P[s]) @ (k + P[t]):9.3f}{turned[0] @ turned[1]:9.3f}")

distance = np.arange(5)[:, None] - np.arange(5)
scores = np.where(distance >= 0, -0.5 * distance, -np.inf)
print("ALiBi, equal queries and keys, slope ½:", nn.softmax(scores)[0][4].round(3))

learnt = nn.Embedding(64, 16, rng=rng)
try:
    learnt(np.array([64]))
except ValueError as error:
    print("learnt positions:", error)

# %% [markdown] id="ablation"
# How much do the positions matter in the end? Chapter 35 trains a small translator with and without them. A decoder with a causal mask is an exception: each row sees a different number of rows, so a mask alone betrays something about the order, as you saw above.
#
# Everything together, for the book's sentence: from text to the matrix that the first layer reads.

# %% id="together-run"
rng = np.random.default_rng(0)
E = rng.normal(size=(len(big), 512)) / np.sqrt(512)
ids = big.encode("Hello, I love you")
X = np.sqrt(512) * E[ids] + nn.sinusoidal_positions(len(ids), 512)
print("pieces:", [big.token(int(i)).decode() for i in ids])
print("ids:   ", ids)
print("X:     ", X.shape)

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# `torch.nn.Embedding` does the scatter-add by itself. Positions are a constant that is not trained. Only the tokeniser stays outside: it works on text, on the CPU, before everything else. In practice one takes a finished one, from `tiktoken` or `tokenizers`, which are written in Rust.

# %% id="torch-check"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    ids, dy = np.array([[1, 3, 1, 1], [3, 0, 1, 5]]), embed_case(np.zeros((2, 4)), 3)
    layer = torch.nn.Embedding(6, 3).double()
    (3**0.5 * layer(torch.from_numpy(ids))).backward(torch.from_numpy(dy))
    ours = np.sqrt(3) * nn.embedding_backward(dy, nn.embedding(ids, np.zeros((6, 3)))[1])
    print(f"gradient of the embedding: largest difference {np.abs(layer.weight.grad.numpy() - ours).max():.0e}")

    torch.manual_seed(0)
    head = torch.nn.MultiheadAttention(8, 2, batch_first=True).double().eval()
    X, order = torch.randn(1, 5, 8, dtype=torch.float64), torch.tensor([4, 1, 2, 3, 0])
    with torch.no_grad():
        Y, moved = head(X, X, X)[0], head(X[:, order], X[:, order], X[:, order])[0]
    print(f"its attention is equivariant: {(moved - Y[:, order]).abs().max():.0e}")

# %% [markdown] id="gpu"
# On a GPU picking rows costs nothing but memory traffic. The scatter-add is harder: thousands of threads want to add to the same row, that of the comma for instance. They do it one after the other, in an order that changes from run to run. So the last digits of the gradient can differ between two runs with the same seed. (`torch.use_deterministic_algorithms(True)` forbids it, and costs time.)
#
# The book links a page about word embeddings in TensorFlow. It needs nothing that this page does not have.
#
# ## Common mistakes
#
# - **`dE[ids] += dX`.** Repeated tokens lose gradients, without any error. `np.add.at`, or a sum by one-hot product.
# - **Merges by frequency or by length.** Encoding repeats the order of learning.
# - **A tokeniser trained on the test text**, or changed after the training: the numbers are names, and the network knows the old ones.
# - **Spaces forgotten.** `"love"` and `" love"` are different tokens. A prompt that ends with a space can confuse a model: the space belongs to the word that comes next.
# - **Losses compared across tokenisers.** A loss per token is lower when tokens are shorter. Compare per character or per byte.
# - **Exponent $i/d$ in place of $2i/d$**, or sines and cosines in two halves where weights of another program expect them in turn. (Halves are a fair convention, and many programs of RoPE use it. But weights trained with one do not fit the other.)
# - **√d twice**, or not at all.
# - **"Attention is permutation invariant."** It is equivariant; with pooling it becomes invariant, with a causal mask neither.

# %% [markdown] id="emoji-quiz" question="quiz"
# A byte-level BPE was trained on *Dom Casmurro*, where no emoji occurs. How does it encode 😀?
#
# - [ ] as one token for "unknown": a byte-level tokeniser has none, and needs none.
# - [x] as four tokens, the bytes of its UTF-8: each byte has a number, so any text can be written.
# - [ ] not at all, it raises an error: a character tokeniser would; bytes are all known.

# %% [markdown] id="rows-quiz" question="quiz"
# A batch has 1,000 tokens of a vocabulary of 50,000. How many rows of the gradient $\mathrm dE$ are not zero?
#
# - [ ] 50,000: the gradient has so many rows, but a symbol that does not occur gets nothing.
# - [ ] 1,000: that would be so if no token occurred twice.
# - [x] as many as there are different tokens in the batch, a few hundred: several occurrences share a row.

# %% [markdown] id="hands-quiz" question="quiz"
# Someone takes $d = 2$, a clock with a single hand. For which sentences is that a trouble?
#
# - [ ] for none: the hand has another angle at each position.
# - [x] for those of more than six tokens: after 2π ≈ 6.28 tokens the hand has come round, and position 6 looks almost like position 0.
# - [ ] for those of more than 10,000 tokens: that is the slowest hand of a wide vector.

# %% [markdown] id="questions"
# ## To think about
#
# 1. A tokeniser with 50,000 symbols is trained on text that is nine tenths English. Who pays more for the same message, and in what?
# 2. Why can a model with word-piece tokens have trouble counting the letters of a word?
# 3. A model with learnt positions was trained on sentences of up to 64 tokens, but most had fewer than 20. What do the rows beyond 20 look like?
# 4. Could one concatenate the positions to the rows instead of adding them? What would it cost?
# 5. A function $f$ is equivariant, and so is $g$. What about $g(f(X))$? What follows for a stack of layers?
#
# <details><summary>Answers</summary>
#
# 1. Those who write in other languages: more tokens for the same message, so more money, more time, and less room in the model's window.
# 2. It never sees letters, only numbers of pieces. How *olhos* is spelt it must have learnt by heart.
# 3. Nearly as they were drawn at first: a row learns only when a token stands at its place.
# 4. Yes. The rows become longer, and with them all matrices. Addition saves this; in a space of 512 dimensions the two find room side by side.
# 5. $g(f(PX)) = g(Pf(X)) = P g(f(X))$: equivariant. So a whole stack of layers is equivariant, and needs positions only once, at the bottom.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# P. Gage, *A new algorithm for data compression* (1994). Y. Bengio and others, *A neural probabilistic language model* (2003). T. Mikolov and others, *Efficient estimation of word representations in vector space* (2013). R. Sennrich, B. Haddow and A. Birch, *Neural machine translation of rare words with subword units* (2016). A. Vaswani and others, *Attention is all you need* (2017). A. Radford and others, *Language models are unsupervised multitask learners* (2019), for BPE on bytes. J. Su and others, *RoFormer* (2021). O. Press, N. Smith and M. Lewis, *Train short, test long* (2022), for ALiBi. Machado de Assis, *Dom Casmurro* (1899), in the public domain. The book, chapter 86.
#
# **Next**, chapter 34: the layer that reads this matrix.
