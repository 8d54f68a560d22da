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
#     title: The transformer
#     minutes: 125
#     needs: [34-encoder]
#     book: [90]
# ---

# %% [markdown] id="title"
# # The transformer: from a sentence to its translation
#
# **After this page you can** build a whole transformer, with encoder and decoder: mask what a word may not see and prove that nothing leaks, let the decoder look at the source sentence, train the whole to translate in seconds, search for the best translation instead of the next best word, and say where each of its parameters is.
#
# **Time** 45 minutes to read, 80 for the six exercises. **You need** attention, heads and the encoder block (chapters 32 and 34), and positions (chapter 33).

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, nn, plots, text

# %% [markdown] id="task"
# ## Two sentences
#
# The encoder of chapter 34 reads a sentence and returns one vector for each word, made from all the others. Nobody has said yet what these vectors are for. The transformer of 2017 was built to translate: its encoder reads English, and a second stack of layers, the **decoder**, writes French, one word after another.
#
# To see every part of it at work we need a language small enough to be learnt in seconds. This grammar has 31 English and 48 French words, and 311,040 sentences. It is no mere dictionary: the verb follows the person, the article and the adjective follow the gender of the noun, and the adjective goes *behind* the noun.

# %% id="pairs"
english, french = data.translation_pairs(26_396, np.random.default_rng(0))
for e, f in list(zip(english, french, strict=True))[:7]:
    print(f"“{e}” → “{f}”")
print(f"{len(english):,} different pairs; {len(data.ENGLISH_WORDS)} and {len(data.FRENCH_WORDS)} words")

# %% [markdown] id="order-question" question="predict"
# To write the article in “la voiture blanche”, how far must the decoder look in “the white car”?
#
# - [ ] Only at “the”: “the” is “le” as well as “la”; the noun decides.
# - [x] Two words further than the article, at “car”: it is feminine, and without an adjective it would be one word.
# - [ ] At all earlier French words: none of them knows the noun, which is not written yet.

# %% [markdown] id="recap"
# ## What the decoder adds
#
# On the left of the original drawing stands what you know: embeddings of all words at once, positions added, and six encoder layers. On the right stands the decoder. It also begins with embeddings and positions, of the French words. Each of its six layers has *three* parts, each with a residual connection and a normalisation:
#
# 1. **masked self-attention**: French words look at the French words before them;
# 2. **cross-attention**: French words look at the encoder's output;
# 3. the feed-forward network.
#
# At the end one linear layer and a softmax give each French word a probability. (The book lists these parts too, but forgets the third normalisation, and puts each normalisation inside the residual connection, as chapter 34 discusses.)
#
# We take them in the order in which a sentence meets them.
#
# ## What goes in: the answer, one place late
#
# The model computes a product of probabilities, as the recurrent networks of chapter 20 did:
#
# $$P(y_1, \dots, y_T \mid x) = \prod_t P(y_t \mid y_1, \dots, y_{t-1}, x)$$
#
# In use it has only what it wrote itself. The book says that "the output sequence is fed in whole". That happens in *training* alone, where the right translation is known; it is called **teacher forcing**. And it is not fed in as it is: it is moved one place to the right, behind a start sign. At the place where the model must say $y_t$ it sees the words up to $y_{t-1}$:
#
# | place | 0 | 1 | 2 | 3 | 4 |
# |---|---|---|---|---|---|
# | decoder sees | ‹start› | je | vois | le | chat |
# | it must say | je | vois | le | chat | ‹end› |
#
# The book omits both signs. Without ‹start› there is nothing to write the first word from. Without ‹end› nobody knows when to stop.

# %% [markdown] id="batch-statement" statement="batch"
# ### Exercise 1: inputs and labels (4 points)
#
# Write `teacher_batch(sentences, start, end, pad)`. `sentences` is a list of lists of integers, of different lengths. Return two integer arrays `inputs` and `labels`, both `(N, T)`, where `T` is one more than the longest sentence. A row of `labels` holds the words, then `end`, then `pad` up to the end of the row. A row of `inputs` holds `start`, then the labels of that row without the last one: everything is one place further right.
#
# Check by hand: `[[7, 8], [9]]` with `start = 1`, `end = 2`, `pad = 0` gives labels `[[7, 8, 2], [9, 2, 0]]` and inputs `[[1, 7, 8], [1, 9, 2]]`. (The `2` in the last row does no harm: the label there is `pad`, and such places do not count in the loss.)


# %% id="batch" exercise=true difficulty=1 by_hand="nn data text"
def teacher_batch(sentences, start, end, pad):
    """Lists of integers -> inputs (N, T) and labels (N, T), T one more than the longest sentence."""
    ### BEGIN SOLUTION
    T = 1 + max(len(words) for words in sentences)
    labels = np.full((len(sentences), T), pad)
    for row, words in zip(labels, sentences, strict=True):
        row[: len(words) + 1] = [*words, end]
    inputs = np.full_like(labels, start)
    inputs[:, 1:] = labels[:, :-1]
    return inputs, labels
    ### END SOLUTION


# %% [markdown] id="batch-hints" hints="batch"
# - copy: The inputs are not moved: at each place the decoder would see the very word that it must say.
# - end: The end sign is missing: without it the model never learns to stop.
# - ahead: The labels are moved too: they begin with the first word of the sentence.
# - roll: What leaves on the right must not come in on the left: the first column of the inputs is start.
# - start-pad: The inputs begin with pad, expected start: padding is what attention may not look at.


# %% id="batch-visible" test="batch" points=2
@check.exercise("35-transformer/batch")
def three_sentences_of_different_lengths():
    """Three sentences of different lengths"""
    sentences = [[11, 12, 13, 14], [15], [16, 17]]
    inputs, labels = check.call(teacher_batch, sentences, 1, 2, 0, returns=("inputs", "labels"))
    right = np.array([[11, 12, 13, 14, 2], [15, 2, 0, 0, 0], [16, 17, 2, 0, 0]])
    moved = np.column_stack([[1, 1, 1], right[:, :-1]])
    check.close(labels, right, name="labels", hints={
        "end": lambda right: np.array([[11, 12, 13, 14], [15, 0, 0, 0], [16, 17, 0, 0]]),
        "ahead": lambda right: moved,
    })  # fmt: skip
    check.close(inputs, moved, name="inputs", hints={
        "copy": lambda right: labels,
        "roll": lambda right: np.roll(labels, 1, axis=1),
        "start-pad": lambda right: np.where(right == 1, 0, right),
    })  # fmt: skip


# %% id="batch-hidden" test="batch" points=2 hidden=true
@check.exercise("35-transformer/batch", hidden=True)
def one_sentence_empty_sentences_and_other_signs():
    """One sentence, empty sentences, other signs"""
    rng = check.rng(1)
    for lengths, start, end, pad in [((6,), 3, 4, 0), ((0, 2, 5, 2), 50, 51, 52), ((0,), 1, 2, -1)]:
        sentences = [rng.integers(10, 40, n).tolist() for n in lengths]
        inputs, labels = check.call(teacher_batch, sentences, start, end, pad, returns=("inputs", "labels"))
        T = max(lengths) + 1
        right = np.array([(words + [end] + T * [pad])[:T] for words in sentences])
        check.close(labels, right, name=f"labels for lengths {lengths}")
        moved = np.array([[start, *row[:-1]] for row in right.tolist()])
        check.close(inputs, moved, name=f"inputs for lengths {lengths}")
        for array, name in ((inputs, "inputs"), (labels, "labels")):
            check.equal(str(array.dtype.kind), "i", name=f"the kind of numbers in {name}")


# %% [markdown] id="masking"
# ## Who may look at whom
#
# All places of a training sentence go through the decoder at once. That is what makes training fast. But self-attention lets every place look at every other, and one place to the right of each stands the word that it must say. The model would learn to copy it, and nothing else.
#
# So a place may look only at itself and at what comes before it. Attention computes a matrix of scores, row = who looks, column = at whom. Add to it a matrix $M$ before the softmax:
#
# $$\mathrm{softmax}\!\Big(\frac{QK^\top}{\sqrt{d}} + M\Big)V, \qquad M_{ts} = \begin{cases}0 & s \le t\\ -\infty & s > t\end{cases}$$
#
# Since $e^{s+0} = e^s$ and $e^{-\infty} = 0$, the first stays and the second vanishes. In code we write the mask with booleans, **True = may look**, as everywhere in this course. (PyTorch's `attn_mask` means the opposite: True forbids.)
#
# The book's account of this goes astray in three places. The mask does not hide the *embeddings* of the next words: each row needs another view of the same words, so it must act on the scores. It does not turn "zeros into ones by the exponential": zero is *added*, and the factor is $e^0 = 1$. And it does not change with every new word: it is one triangular matrix, the same for all sentences.
#
# What happens to one row, the second of four, in six cases:

# %% id="mask-ways"
scores = np.array([1.2, -0.4, 2.0, 0.7])
allowed = np.array([True, True, False, False])


def softmax(z):
    return np.exp(z) / np.exp(z).sum()


with np.errstate(invalid="ignore"):
    rows = {
        "-∞ added to the scores": softmax(np.where(allowed, scores, -np.inf)),
        "no mask": softmax(scores),
        "scores times 0": softmax(scores * allowed),
        "weights times 0": softmax(scores) * allowed,
        "-∞ times (1 - mask)": softmax(scores + (1 - allowed) * -np.inf),
        "nothing allowed": softmax(np.full(4, -np.inf)),
    }
for name, row in rows.items():
    print(f"{name:<24} {row.round(3)}   sum {row.sum():.3f}")

# %% [markdown] id="mask-ways-meaning"
# Only the first is right. Scores times 0 leave the future a score of zero, and zero is no small score: the two hidden words still get 0.334 of the weight between them. Weights times 0 hide the future but no longer sum to one. And $0\cdot(-\infty)$ is not a number.
#
# The last line is a trap of its own. A row that may look nowhere is 0/0. It happens in practice, in a sentence that is all padding, and one NaN spoils every weight of the network at the next step. Here such a row reads zeros.
#
# Padding is the second thing that nobody should look at, and the book does not mention it. Sentences of a batch are filled up to the same length. The signs that fill them are no words, and no place may look at them. Both masks together:

# %% id="mask-figure"
figure = plots.figure(8, 2.9)
axes = figure.subplots(1, 3)
real = np.arange(6) < 4
for ax, (name, mask) in zip(
    axes,
    {
        "causal": nn.causal_mask(6),
        "padding, 4 of 6 words": np.tile(real, (6, 1)),
        "both": nn.causal_mask(6) & real,
    }.items(),
    strict=True,
):
    ax.imshow(mask, cmap=plots.INK, vmin=0, vmax=2.2)
    ax.set(title=name, xlabel="looked at", ylabel="who looks", xticks=range(6), yticks=range(6))
    ax.grid(visible=False)
plots.show(
    figure,
    alt="Three 6 by 6 masks. Causal: the lower triangle with the diagonal. Padding: the first four columns. Both: the lower triangle cut off after column four.",
)

# %% [markdown] id="mask-statement" statement="mask"
# ### Exercise 2: the decoder's mask (5 points)
#
# Write `decoder_mask(lengths, T)`. `lengths (N,)` are the numbers of real words of N sentences, each padded to `T`. Return booleans of the shape `(N, 1, T, T)`: entry `[n, 0, t, s]` is True where place $t$ of sentence $n$ may look at place $s$: $s$ is not after $t$, and it holds a real word. The axis of length 1 is for the heads: the mask is the same for all of them, and NumPy repeats it.
#
# The places of padding may look too. What they compute is never used.
#
# Check by hand: `lengths = [1]`, `T = 2` gives `[[[[True, False], [True, False]]]]`.


# %% id="mask" exercise=true difficulty=1 by_hand="nn data text"
def decoder_mask(lengths, T):
    """Booleans (N, 1, T, T), True where place t of sentence n may look at place s; lengths (N,) integers."""
    ### BEGIN SOLUTION
    place = np.arange(T)
    causal = place[:, None] >= place
    real = place < np.asarray(lengths)[:, None]
    return causal & real[:, None, None, :]
    ### END SOLUTION


# %% [markdown] id="mask-hints" hints="mask"
# - upper: This is the upper triangle: each place would see the future and not the past.
# - diagonal: A place may look at itself: the diagonal is True. Without it the first place sees nothing.
# - inclusive: One padding sign too many: with n real words the places 0 to n − 1 are real.
# - queries: The padding was hidden from the wrong axis: rows are who looks, columns whom they look at.
# - either: Both must hold, not one of the two: not in the future *and* a real word.


# %% id="mask-causal" test="mask" points=2
@check.exercise("35-transformer/mask")
def a_sentence_without_padding():
    """A sentence without padding"""
    mask = check.call(decoder_mask, np.array([4]), 4, returns=("mask",))
    below = np.arange(4)[:, None] >= np.arange(4)
    check.equal(mask, below[None, None], name="mask", hints={
        "upper": lambda right: below.T[None, None],
        "diagonal": lambda right: (below & ~np.eye(4, dtype=bool))[None, None],
        "either": lambda right: np.ones((1, 1, 4, 4), bool),
    })  # fmt: skip


# %% id="mask-padding" test="mask" points=2
@check.exercise("35-transformer/mask")
def sentences_of_different_lengths():
    """Three sentences of different lengths"""
    lengths = np.array([2, 5, 3])
    mask = check.call(decoder_mask, lengths, 5, returns=("mask",))
    below, place = np.arange(5)[:, None] >= np.arange(5), np.arange(5)
    real = place < lengths[:, None]
    check.equal(mask, below & real[:, None, None, :], name="mask", hints={
        "inclusive": lambda right: below & (place <= lengths[:, None])[:, None, None, :],
        "queries": lambda right: below & real[:, None, :, None],
    })  # fmt: skip


# %% id="mask-hidden" test="mask" points=1 hidden=true
@check.exercise("35-transformer/mask", hidden=True)
def one_word_nothing_at_all_and_heads():
    """One place, an empty sentence, and use with several heads"""
    rng = check.rng(2)
    for lengths, T in [([1], 1), ([0, 3], 3), (rng.integers(1, 8, 6).tolist(), 7)]:
        mask = check.call(decoder_mask, np.array(lengths), T, returns=("mask",))
        right = [[[[s <= t and s < n for s in range(T)] for t in range(T)]] for n in lengths]
        check.equal(mask, np.array(right), name=f"mask for lengths {lengths}")
        x = rng.normal(size=(len(lengths), 3, T, 4))
        check.close(
            nn.attention(x, x, x, mask)[0], nn.attention(x, x, x, np.array(right))[0], name="attention with the mask"
        )


# %% [markdown] id="leaks"
# ## Trust is good, a test is better
#
# A wrong mask does not crash. The loss falls, faster than ever, and only the translations are nonsense. There is a test that needs no look into the network: change the words from place $s$ on. Nothing that was computed for the places *before* $s$ may change. Not approximately: not at all.
#
# The test applies to any function that turns a sequence $(T, D)$ into a sequence. Below are some to try it on: a mean over all words so far, a function that reads the word before, one that peeks at the next word, and attention with three masks.


# %% id="leak-functions" given=true
def sequence_functions():
    """Functions from (T, D) to (T, D) by name: some look only back, some peek ahead."""

    def attend(mask):
        return lambda x: nn.attention(x, x, x, mask(len(x)))[0]

    def first_peeks(x):
        y = np.tanh(x)
        y[:1] += x[1:2].sum(axis=0)
        return y

    return {
        "each for itself": np.tanh,
        "the word before": lambda x: np.vstack([np.zeros_like(x[:1]), x[:-1]]),
        "mean so far": lambda x: np.cumsum(x, axis=0) / np.arange(1, len(x) + 1)[:, None],
        "the next word": lambda x: np.vstack([x[1:], np.zeros_like(x[:1])]),
        "mean of all": lambda x: x - x.mean(axis=0),
        "only the first peeks": first_peeks,
        "the next word, centred": lambda x: np.vstack([x[1:] - x[1:].mean(axis=1, keepdims=True), 0 * x[:1]]),
        "attention, causal": attend(nn.causal_mask),
        "attention, no mask": attend(lambda T: None),
        "attention, off by one": attend(lambda T: np.tri(T, T, 1, dtype=bool)),
    }


# %% id="leak-show"
x = np.cos(1.1 * np.arange(12)).reshape(6, 2)
changed = x.copy()
changed[3:] += np.sin(np.arange(6)).reshape(3, 2)
print("words 3, 4 and 5 were changed; what was computed for these places changed too:")
for name, f in sequence_functions().items():
    felt = np.flatnonzero(np.abs(f(changed) - f(x)).max(axis=1) > 1e-12)
    print(f"{name:<23} {felt}   {'leaks' if felt.min() < 3 else 'no leak seen'}")

# %% [markdown] id="leak-meaning"
# One function is guilty and was not caught. “Only the first peeks” lets place 0 look at place 1, and we did not change place 1. One change is not enough: every place must have its turn.

# %% [markdown] id="leak-statement" statement="leak"
# ### Exercise 3: a test that finds every leak (6 points)
#
# Write `no_future_leak(f, x)`. `f` is a function that takes an array `(T, D)` and returns one `(T, D)`; `x (T, D)` is an input for it. Return `True` (a Python `bool`) if no row of the result depends on a later row of the input, else `False`. Differences up to 1e-9 do not count. For `T = 1` there is no future, and the answer is True. Leave `x` as it is.
#
# Take care by how much you change a word. A layer that normalises each word first does not notice when all features of a word are moved by the same amount.
#
# Check by hand: `np.tanh` gives True; `lambda x: x[::-1]` gives False.


# %% id="leak" exercise=true difficulty=2 by_hand="nn data text sequence_functions"
def no_future_leak(f, x):
    """Whether no row of f(x) depends on a later row of x (T, D)."""
    ### BEGIN SOLUTION
    T, D = x.shape
    before = f(x)
    for s in range(1, T):
        changed = x.copy()
        changed[s] += np.arange(1, D + 1)
        if np.abs(f(changed)[:s] - before[:s]).max() > 1e-9:
            return False
    return True
    ### END SOLUTION


# %% id="leak-driver" driver="leak"
def leak_verdicts(no_future_leak, names, x):
    """What the answer says of some of the functions above, by name: a list of booleans."""
    functions = sequence_functions()
    return [no_future_leak(functions[name], x) for name in names]


# %% [markdown] id="leak-hints" hints="leak"
# - all-rows: Rows from the changed place on may change. Only the rows before it may not.
# - itself: Row t may depend on input t: change only later ones.
# - direction: The past was changed and the future watched: it is the other way round.
# - last-only: Only the last word was changed: a leak further in front is missed. Every place must have its turn.
# - off-by-one: Row t was not compared when word t + 1 was changed: that is where leaks are most likely.
# - same-amount: All features of a word were moved by the same amount: a function that normalises words first notices nothing.


# %% id="leak-visible" test="leak" points=3
@check.exercise("35-transformer/leak")
def six_functions():
    """Six functions, three of them guilty"""
    names = [
        "each for itself",
        "the word before",
        "mean so far",
        "the next word",
        "mean of all",
        "only the first peeks",
    ]
    x = np.cos(0.9 * np.arange(15) + 0.2).reshape(5, 3)
    said = check.call(leak_verdicts, no_future_leak, names, x, returns=("verdicts",))
    check.equal(said, [True, True, True, False, False, False], name="the list of verdicts", hints={
        "all-rows": lambda right: 6 * [False],
        "itself": lambda right: [False, True, False, False, False, False],
        "direction": lambda right: [True, False, False, True, False, True],
        "last-only": lambda right: [True, True, True, False, False, True],
        "off-by-one": lambda right: [True, True, True, True, False, True],
    })  # fmt: skip


# %% id="leak-centred" test="leak" points=1
@check.exercise("35-transformer/leak")
def a_function_that_normalises_words():
    """A function that takes the mean off each word and then peeks"""
    x = np.sin(1.3 * np.arange(12)).reshape(6, 2)
    said = check.call(leak_verdicts, no_future_leak, ["the next word, centred"], x, returns=("verdicts",))
    check.equal(said, [False], name="the verdict", hints={"same-amount": lambda right: [True]})


# %% id="leak-hidden" test="leak" points=2 hidden=true
@check.exercise("35-transformer/leak", hidden=True)
def attention_one_word_and_one_feature():
    """Attention, one word, one feature"""
    rng = check.rng(3)
    names = ["attention, causal", "attention, no mask", "attention, off by one", "mean so far", "only the first peeks"]
    right = [True, False, False, True, False]
    for T, D in [(7, 3), (9, 1), (3, 4)]:
        said = check.call(leak_verdicts, no_future_leak, names, rng.normal(size=(T, D)), returns=("verdicts",))
        check.equal(said, right, name=f"the verdicts for T = {T}, D = {D}")
    said = check.call(leak_verdicts, no_future_leak, names[:4], rng.normal(size=(1, 5)), returns=("verdicts",))
    check.equal(said, 4 * [True], name="the verdicts for T = 1")


# %% [markdown] id="crossing"
# ## A question to the other language
#
# Now the French words must learn what the English sentence says. They ask. In **cross-attention** the queries come from the decoder, and keys and values from the encoder:
#
# $$Q = Y W_q^\top, \qquad K = Z W_k^\top, \qquad V = Z W_v^\top$$
#
# $Y\,(T, D)$ are the states of the $T$ French words, $Z\,(S, D)$ the output of the *last* encoder layer for the $S$ English words. Every decoder layer gets the same $Z$. In the picture of chapter 32, $Z$ is the library and $Y$ brings the search terms. The weights form a matrix $(T, S)$: one row for each French word, spread over the English ones.
#
# There is no causal mask here. The English sentence is all there from the start, and every French word may look at all of it. Only its padding is hidden.
#
# The book says that "the attention matrix generated by the encoder is passed to the decoder". It is the encoder's *states* that are passed; weights are computed anew in every layer and for every French word. They could not even be passed: the encoder's matrix is $(S, S)$, and here we need $(T, S)$.

# %% [markdown] id="cross-statement" statement="cross"
# ### Exercise 4: cross-attention with heads (8 points)
#
# Write `cross_attention(y, z, W_q, W_k, W_v, W_o, heads, real)` for the decoder's states `y (N, T, D)`, the encoder's output `z (N, S, D)`, four matrices `(D, D)` (each applied as `x @ W.T`, no biases) and `real (N, S)`, booleans that are True for real English words. Return `out (N, T, D)` and `weights (N, heads, T, S)`.
#
# Head $h$ works with the features $h\,d \dots (h+1)\,d - 1$ of queries, keys and values, with $d = D/\text{heads}$, and divides its scores by $\sqrt d$. The heads' results, side by side again, go through `W_o`. A sentence without a single real word has all weights 0, and then `out` is 0.
#
# Check by hand: `N = T = D = heads = 1`, `S = 2`, all matrices `[[1]]`, `y = [[[0]]]`, `z = [[[2], [6]]]` and `real = [[True, True]]` give weights ½ and ½, and `out = [[[4]]]`.


# %% id="cross" exercise=true difficulty=3 by_hand="nn data text"
def cross_attention(y, z, W_q, W_k, W_v, W_o, heads, real):
    """French states y (N, T, D) look at English states z (N, S, D): out (N, T, D), weights (N, heads, T, S)."""
    ### BEGIN SOLUTION
    N, T, D = y.shape

    def split(x, W):
        return (x @ W.T).reshape(N, x.shape[1], heads, D // heads).swapaxes(1, 2)

    q, k, v = split(y, W_q), split(z, W_k), split(z, W_v)
    scores = q @ k.swapaxes(2, 3) / np.sqrt(D // heads)
    mask = real[:, None, None, :]
    largest = np.where(mask, scores, -np.inf).max(axis=3, keepdims=True)
    e = np.where(mask, np.exp(np.where(mask, scores - largest, 0)), 0)
    total = e.sum(axis=3, keepdims=True)
    weights = e / np.where(total > 0, total, 1)
    out = (weights @ v).swapaxes(1, 2).reshape(N, T, D)
    return out @ W_o.T, weights
    ### END SOLUTION


# %% [markdown] id="cross-hints" hints="cross"
# - roles: The roles are exchanged: the decoder asks (queries), the encoder answers (keys and values).
# - scale: Divide by the square root of a head's width, D / heads, not of D.
# - heads: The reshape mixed words and heads: reshape to (N, length, heads, d) first, then exchange the axes.
# - output: W_o is missing: it mixes what the heads found.
# - unmasked: Padding was looked at: real is not used.
# - times-zero: The score of padding was set to 0, and e⁰ = 1: it must be −∞.
# - after: The weights were cut after the softmax and no longer sum to one.
# - inverted: real is True where one may look.


# %% id="cross-case" given=true
def cross_case(N, T, S, D):
    """Decoder states, encoder states and four matrices, the same on every machine."""
    y = np.cos(1.7 * np.arange(N * T * D) + 0.3).reshape(N, T, D)
    z = np.sin(0.9 * np.arange(N * S * D) ** 1.2 + 0.1).reshape(N, S, D)
    matrices = [np.cos((0.6 + 0.3 * i) * np.arange(D * D) + i).reshape(D, D) for i in range(4)]
    return y, z, *matrices


# %% id="cross-visible" test="cross" points=3
@check.exercise("35-transformer/cross")
def two_heads_no_padding():
    """Two heads, no padding"""
    y, z, W_q, W_k, W_v, W_o = cross_case(2, 3, 5, 4)
    real = np.ones((2, 5), bool)

    def by_heads(a, b, d=2.0, broken=False):
        q, k, v = a @ W_q.T, b @ W_k.T, b @ W_v.T
        if broken:
            parts = [m.reshape(2, 2, -1, 2) for m in (q, k, v)]
        else:
            parts = [np.stack([m[:, :, :2], m[:, :, 2:]], axis=1) for m in (q, k, v)]
        found, cache = nn.attention(parts[0] * np.sqrt(2 / d), *parts[1:])
        joined = np.concatenate([found[:, 0], found[:, 1]], axis=2)
        return (found.reshape(2, -1, 4) if broken else joined), cache[3]

    out, weights = check.call(cross_attention, y, z, W_q, W_k, W_v, W_o, 2, real, returns=("out", "weights"))
    joined, right_weights = by_heads(y, z)
    check.close(out, joined @ W_o.T, name="out", hints={
        "roles": lambda right: by_heads(z, y)[0] @ W_o.T,
        "scale": lambda right: by_heads(y, z, d=4.0)[0] @ W_o.T,
        "heads": lambda right: by_heads(y, z, broken=True)[0] @ W_o.T,
        "output": lambda right: joined,
        "inverted": lambda right: 0 * right,
    })  # fmt: skip
    check.close(weights, right_weights, name="weights")


# %% id="cross-padding" test="cross" points=2
@check.exercise("35-transformer/cross")
def padding_gets_no_weight():
    """Padding gets no weight"""
    y, z, W_q, W_k, W_v, W_o = cross_case(3, 2, 4, 3)
    real = np.arange(4) < np.array([3, 1, 4])[:, None]
    _, weights = check.call(cross_attention, y, z, W_q, W_k, W_v, W_o, 1, real, returns=("out", "weights"))
    scores = ((y @ W_q.T) @ (z @ W_k.T).swapaxes(1, 2) / np.sqrt(3))[:, None]
    mask = real[:, None, None, :]

    def share(scores):
        e = np.exp(scores - scores.max(axis=3, keepdims=True))
        return e / e.sum(axis=3, keepdims=True)

    check.close(weights, share(np.where(mask, scores, -np.inf)), name="weights", hints={
        "unmasked": lambda right: share(scores),
        "times-zero": lambda right: share(scores * mask),
        "after": lambda right: share(scores) * mask,
    })  # fmt: skip


# %% id="cross-nothing" test="cross" points=1
@check.exercise("35-transformer/cross")
def a_sentence_of_padding():
    """A sentence that is all padding reads zeros"""
    y, z, W_q, W_k, W_v, W_o = cross_case(2, 3, 2, 4)
    real = np.array([[True, False], [False, False]])
    out, weights = check.call(cross_attention, y, z, W_q, W_k, W_v, W_o, 2, real, returns=("out", "weights"))
    check.close(weights[1], np.zeros((2, 3, 2)), name="weights of the empty sentence")
    check.close(out[1], np.zeros((3, 4)), name="out of the empty sentence")


# %% id="cross-hidden" test="cross" points=2 hidden=true
@check.exercise("35-transformer/cross", hidden=True)
def other_sizes_and_large_scores():
    """One French word, one English word, four heads, large scores"""
    rng = check.rng(4)
    for N, T, S, D, heads, size in [(1, 1, 6, 4, 4, 1.0), (2, 5, 1, 6, 3, 1.0), (3, 4, 7, 8, 2, 40.0)]:
        y, z = rng.normal(size=(N, T, D)), rng.normal(size=(N, S, D))
        matrices = [size * rng.normal(size=(D, D)) for _ in range(2)] + [rng.normal(size=(D, D)) for _ in range(2)]
        real = rng.random((N, S)) < 0.7
        real[:, 0] = True
        layer = nn.MultiheadAttention(D, heads, bias=False, batch_first=True, rng=np.random.default_rng(0))
        layer.in_proj_weight.data = np.concatenate(matrices[:3])
        layer.out_proj.weight.data = matrices[3]
        out, weights = check.call(cross_attention, y, z, *matrices, heads, real, returns=("out", "weights"))
        place = f"N = {N}, T = {T}, S = {S}, {heads} heads"
        check.close(out, layer(y, z, z, mask=real[:, None, None, :]), name=f"out for {place}")
        check.shape(weights, (N, heads, T, S), name="weights")
        check.close(weights.sum(axis=3), np.ones((N, heads, T)), name=f"sums of the weights for {place}")
        check.close(weights * ~real[:, None, None, :], np.zeros(weights.shape), name="weights of the padding")


# %% [markdown] id="whole"
# ## The whole, counted
#
# All parts are there. The base model of the 2017 paper has 6 encoder and 6 decoder layers, vectors of width $d = 512$, 8 heads, and 2,048 units in the feed-forward networks. Where are its parameters?
#
# - **Attention**: four matrices $d \times d$ ($W_q$, $W_k$, $W_v$, $W_o$), each with a bias. The heads share them out, so their number does not matter. A decoder layer has two attentions.
# - **Feed-forward network**: two matrices, $d \times f$ and $f \times d$, with their biases. (The book says "a linear layer": it is two with a ReLU between them. Two linear layers with nothing between would be one.)
# - **Layer normalisation**: a weight and a bias of $d$ numbers, after each part: two in an encoder layer, three in a decoder layer.
# - **Words**: a vector of $d$ numbers for each. In the paper one matrix $(V, d)$ serves three times: as embedding of the source, as embedding of the target, and as last linear layer. That needs a vocabulary common to both languages. Otherwise there are three such matrices.
# - **Positions**: sines and cosines, nothing to learn.

# %% [markdown] id="count-statement" statement="count"
# ### Exercise 5: how many parameters? (4 points)
#
# Write `transformer_parameters(d, hidden, heads, layers, vocabulary, tied)`: the number of parameters, an `int`, of a transformer with `layers` encoder and as many decoder layers, as listed above. `tied` says whether one word matrix serves three times; if not, there are three of the same size. The last linear layer has no bias.
#
# Check by hand: `d = 1`, `hidden = 1`, `heads = 1`, `layers = 1`, `vocabulary = 1`, `tied = True`. Attention has 8, the feed-forward network 4, a normalisation 2. So the encoder has 8 + 4 + 4 = 16, the decoder 16 + 4 + 6 = 26, with one word 43.


# %% id="count" exercise=true difficulty=1 by_hand="nn data text"
def transformer_parameters(d, hidden, heads, layers, vocabulary, tied):
    """Number of parameters of an encoder-decoder transformer, an int."""
    ### BEGIN SOLUTION
    attention = 4 * (d * d + d)
    feed_forward = d * hidden + hidden + hidden * d + d
    norm = 2 * d
    encoder = attention + feed_forward + 2 * norm
    decoder = 2 * attention + feed_forward + 3 * norm
    return layers * (encoder + decoder) + (1 if tied else 3) * vocabulary * d
    ### END SOLUTION


# %% [markdown] id="count-hints" hints="count"
# - cross: The decoder has two attentions: on itself and on the encoder.
# - heads: The heads share the matrices: each works with d / heads of the d features.
# - biases: The biases are missing.
# - norms: A decoder layer has three normalisations, one after each part.
# - one-linear: The feed-forward network has two matrices: up to the hidden units and down again.
# - tied: With tied=True one word matrix serves three times, and counts once.


# %% id="count-visible" test="count" points=2
@check.exercise("35-transformer/count")
def one_small_transformer():
    """A small transformer with one word matrix"""
    d, f, h, n, V = 6, 10, 2, 3, 17
    got = check.call(transformer_parameters, d, f, h, n, V, True, returns=("parameters",))
    # weights and biases of attention and feed-forward network, once in the encoder and 2 + 1 times in the decoder
    expected = n * (3 * (4 * d * d + 4 * d) + 2 * (2 * d * f + f + d) + 5 * 2 * d) + V * d
    check.equal(got, expected, name="parameters", hints={
        "cross": lambda right: right - n * (4 * d * d + 4 * d),
        "heads": lambda right: right + n * 3 * (h - 1) * (4 * d * d + 4 * d),
        "biases": lambda right: right - n * (3 * 4 * d + 2 * (f + d)),
        "norms": lambda right: right - n * 2 * d,
        "one-linear": lambda right: right - n * 2 * (d * f + d),
        "tied": lambda right: right + 2 * V * d,
    })  # fmt: skip


# %% id="count-hidden" test="count" points=2 hidden=true
@check.exercise("35-transformer/count", hidden=True)
def the_paper_s_model_and_any_number_of_heads():
    """The paper's base model, three word matrices, any number of heads"""
    for heads in (1, 8):
        for tied, right in ((True, 63_082_496), (False, 100_970_496)):
            got = check.call(transformer_parameters, 512, 2048, heads, 6, 37_000, tied, returns=("parameters",))
            check.equal(got, right, name=f"parameters of the base model, tied = {tied}, {heads} heads")
    for d, f, h, n, V in [(64, 128, 4, 2, 51), (4, 6, 1, 0, 9)]:
        embedding = nn.Embedding(V, d, rng=np.random.default_rng(0)).weight.data.size
        layer = nn.MultiheadAttention(d, h, rng=np.random.default_rng(0))
        attention = sum(p.data.size for p in layer.parameters())
        right = n * (3 * attention + 2 * (2 * d * f + f + d) + 10 * d) + 3 * embedding
        got = check.call(transformer_parameters, d, f, h, n, V, False, returns=("parameters",))
        check.equal(got, right, name=f"parameters for d = {d}, {n} layers")


# %% [markdown] id="model"
# The paper says 65 million for this model; counted this way it is 63.1 million (62.98 million in the matrices alone).
#
# Ours is `dlbook.models.transformer`: two layers on each side, 64 wide, 4 heads, 128 hidden units. It reads like the list above, forwards and backwards, and you can open it.

# %% id="model-run"
from dlbook.models.transformer import Transformer

PAD, START, END = 0, 1, 2
ENGLISH = ["‹pad›", "‹start›", "‹end›", *data.ENGLISH_WORDS]
FRENCH = ["‹pad›", "‹start›", "‹end›", *data.FRENCH_WORDS]


def numbers(sentences, words):
    """Lists of word numbers."""
    place = {word: i for i, word in enumerate(words)}
    return [[place[word] for word in sentence.split()] for sentence in sentences]


def padded(lists):
    """Lists of integers -> (N, T), filled with PAD."""
    rows = np.full((len(lists), max(map(len, lists))), PAD)
    for row, words in zip(rows, lists, strict=True):
        row[: len(words)] = words
    return rows


source = padded([[*words, END] for words in numbers(english, ENGLISH)])
labels = padded([[*words, END] for words in numbers(french, FRENCH)])
inputs = np.column_stack([np.full(len(labels), START), labels[:, :-1]])

model = Transformer(len(ENGLISH), len(FRENCH), 64, 4, 128, rng=np.random.default_rng(0), dtype=np.float32)
print(f"{sum(p.data.size for p in model.parameters()):,} parameters")
for name, parameter in list(model.named_parameters())[:4]:
    print(f"{name:<40} {parameter.data.shape}")

# %% [markdown] id="learning"
# ## Learning to translate
#
# The first 500 pairs are kept aside for the test; the others are for training. The loss is the cross-entropy of the right word at every place, $-\sum_t \ln P(y_t \mid y_{<t}, x)$, averaged over the places that hold a word. Padding does not count.
#
# The optimiser is the paper's: Adam with $\beta = (0.9,\ 0.98)$ and $\epsilon = 10^{-9}$, and a learning rate that rises from zero at first, the **warm-up**. Normalisation after the residual connection makes the first steps delicate (chapter 34). The paper's schedule, for the width $d$ and $w = 4{,}000$ steps of warm-up, is
#
# $$\mathrm{lr}(s) = d^{-1/2}\,\min\!\big(s^{-1/2},\; s\,w^{-3/2}\big)$$
#
# With $d = 512$ its peak is 7.0e-4. For our few steps a straight rise to 1e-3 over 100 steps is enough. The paper also uses dropout 0.1, and **label smoothing** 0.1: the right word gets the target 0.9, and the rest is spread evenly over all words. Our sentences are so regular that neither is needed.
#
# We train three models: the whole, one without the causal mask, and one without positions.

# %% [markdown] id="no-mask-question" question="predict"
# Without the causal mask each place sees the next French word, its own label. How will the training loss and the translations be?
#
# - [ ] The loss stays high, and the translations are bad: copying is the easiest thing for attention, so the loss falls all the same.
# - [x] The loss falls as low as with the mask, and the translations are bad: it learnt to copy the next word, and when translating there is none.
# - [ ] The loss falls lower, and the translations are better: what it sees in training is the solution; but nobody hands it the solution later.

# %% id="training"
from dlbook import optim


def schedule(step, width=512, warmup=4000):
    """The learning rate of the paper at a step, counted from 1."""
    return width**-0.5 * min(step**-0.5, step * warmup**-1.5)


print(f"the paper's peak: {schedule(4000):.1e}; at step 400 {schedule(400):.1e}, at step 40,000 {schedule(40_000):.1e}")


def translator(steps=250, causal=True, positions=True, seed=0):
    """A trained transformer and its loss at each step."""
    rng = np.random.default_rng(seed)
    model = Transformer(len(ENGLISH), len(FRENCH), 64, 4, 128, positions=positions, rng=rng, dtype=np.float32)
    optimizer = optim.Adam(model.parameters(), 1e-3, betas=(0.9, 0.98), eps=1e-9)
    warmup = optim.lr_scheduler.LambdaLR(optimizer, lambda t: min(1.0, (t + 1) / 100))
    losses = []
    for _ in range(steps):
        rows = rng.integers(500, len(source), 32)
        logits, cache = model.forward(source[rows], inputs[rows], source[rows] != PAD, causal=causal)
        loss, loss_cache = nn.cross_entropy(logits.reshape(-1, len(FRENCH)), labels[rows].ravel(), ignore_index=PAD)
        optimizer.zero_grad()
        model.backward(nn.cross_entropy_backward(1.0, loss_cache).reshape(logits.shape), cache)
        optimizer.step()
        warmup.step()
        losses.append(float(loss))
    return model, losses


MODELS = {
    "whole": dict(causal=True, positions=True),
    "no causal mask": dict(causal=False, positions=True),
    "no positions": dict(causal=True, positions=False),
}
trained = {name: translator(**options) for name, options in MODELS.items()}
figure = plots.figure(6.5, 3)
ax = figure.subplots()
plots.learning_curves(ax, {name: losses for name, (_, losses) in trained.items()}, xlabel="step", ylabel="loss")
plots.show(
    figure,
    alt="The losses of the three models over 250 steps. The whole model and the one without a mask end near zero, the one without positions stays higher.",
)

# %% [markdown] id="translate-text"
# The loss was measured with the right words before each place. To translate, the model has nothing but the start sign. It computes the probabilities of the first word, we take the likeliest, put it behind the start sign, and ask again, until it says ‹end›. The book says "keep the word with the highest score": that is **greedy** decoding.

# %% id="translating"


def translations(model, source, causal=True, length=11):
    """Greedy translations of source (N, S): (N, length) word numbers, by computing everything anew for every word."""
    written = np.full((len(source), 1), START)
    for _ in range(length):
        logits, _ = model.forward(source, written, source != PAD, causal=causal)
        written = np.column_stack([written, logits[:, -1].argmax(axis=1)])
    return written[:, 1:]


def sentence(row):
    """The French words up to the end sign."""
    row = [int(i) for i in row]
    row = row[: row.index(END)] if END in row else row
    return " ".join(FRENCH[i] for i in row)


def exact(model, rows, causal=True):
    """Share of sentences that are translated without any mistake."""
    found = translations(model, source[rows], causal)
    return np.mean([sentence(a) == sentence(b) for a, b in zip(found, labels[rows], strict=True)])


TEST = np.arange(300)
for name, (model, losses) in trained.items():
    causal = MODELS[name]["causal"]
    logits, _ = model.forward(source[TEST], inputs[TEST], source[TEST] != PAD, causal=causal)
    word = labels[TEST] != PAD
    share = (logits.argmax(axis=2) == labels[TEST])[word].mean()
    print(
        f"{name:<15} loss at the end {np.mean(losses[-20:]):.3f}   next word right {share:.3f}   "
        f"whole sentence right {exact(model, TEST, causal):.2f}"
    )

# %% id="translating-examples"
chosen = [i for i in range(500) if len(english[i].split()) > 8][:3]
for i in chosen:
    print(f"“{english[i]}”")
    for name, (model, _) in trained.items():
        found = translations(model, source[i : i + 1], MODELS[name]["causal"])[0]
        print(f"    {name:<15} “{sentence(found)}”")

# %% [markdown] id="translating-meaning"
# The whole model makes no mistake in 300 sentences that it has never seen, after 250 steps of 32 sentences: 8,000 of the 311,040.
#
# Without the mask the loss is as low and the next word is always right, as long as the right words stand to the right of each place. When it translates there are none, and three of four sentences are wrong: 0.26. What it writes is often good French, but does not say what the English sentence says. It learnt to copy the next word, and looked at the English one no more than it had to. This is why a loss alone proves nothing.
#
# Without positions 0.57 are right. The encoder then sees a bag of words. In “the white book and a car” it can read that something is white, but not what. Where only one order makes sense, it still translates well.


# %% [markdown] id="maps"
# ## What it looks at
#
# Chapter 34 promised attention maps of a network that has learnt something. Here are those of cross-attention in the last decoder layer: one row for each French word that is being written, one column for each English word.

# %% id="maps-figure"
model, _ = trained["whole"]
shown = next(i for i in range(500) if len(english[i].split()) == 10 and "white" in english[i] and "car" in english[i])


def words_of(row, words):
    """The words of a row of numbers, with the end sign and without padding."""
    return [words[i] for i in row if i != PAD]


def heat(ax, weights, rows, columns):
    """A map of attention with its words."""
    ax.imshow(weights, cmap=plots.SEQUENTIAL, vmin=0, vmax=1)
    ax.set(xticks=range(len(columns)), yticks=range(len(rows)))
    ax.set_xticklabels(columns, rotation=60, ha="right", fontsize=8)
    ax.set_yticklabels(rows, fontsize=8)
    ax.grid(visible=False)


one = slice(shown, shown + 1)
maps = model.maps(source[one], inputs[one], source[one] != PAD)
said, heard = words_of(labels[shown], FRENCH), words_of(source[shown], ENGLISH)
figure = plots.figure(9.5, 4)
axes = figure.subplots(1, 3, sharey=True)
last = maps.cross[-1][0][:, : len(said), : len(heard)]
share = last.max(axis=2).mean(axis=1)  # how sure a head is
for ax, (name, weights) in zip(
    axes,
    {"mean of the heads": last.mean(axis=0), **{f"head {h + 1}": last[h] for h in np.argsort(-share)[:2]}}.items(),
    strict=True,
):
    heat(ax, weights, said, heard)
    ax.set_title(name)
plots.show(
    figure,
    alt="Three maps of French words against English ones. Bright squares run down the diagonal; where adjective and noun change places they cross it.",
)

# %% [markdown] id="maps-meaning"
# The bright squares run down the diagonal, for both languages keep the same order. At the adjectives they cross it: the row of the noun looks one place further, to the English noun behind the adjective, and the next row looks back to the adjective. Nobody told the network which word belongs to which. It found the alignment because it helps to predict the next word.
#
# The heads share the work. In the row of “la” one head looks at the article, another at “car”: there it learns the gender. Measured over 300 sentences, for every head:

# %% id="alignment"
adjectives = set(data.ENGLISH_WORDS[19:24])


def source_place(sentence):
    """For each French word of the translation the place of its English word: adjective and noun change places."""
    order = list(range(len(sentence) + 1))
    for i, word in enumerate(sentence):
        if word in adjectives:
            order[i], order[i + 1] = i + 1, i
    return order


found = np.zeros((2, 4))
count = 0
maps = model.maps(source[TEST], inputs[TEST], source[TEST] != PAD).cross
for n in TEST:
    order = source_place(english[n].split())
    for layer in range(2):
        found[layer] += maps[layer][n][:, np.arange(len(order)), order].sum(axis=1)
    count += len(order)
for layer, row in enumerate(found / count, start=1):
    print(f"layer {layer}: weight on the word's own English word, by head: {row.round(2)}")
even = np.mean([1 / (len(english[n].split()) + 1) for n in TEST])
print(f"spread evenly it would be {even:.2f}")

# %% [markdown] id="alignment-meaning"
# All heads look at the word's own English word far more than by chance, and none does so always. A translation needs more than the word itself: the article needs the noun, the verb its pronoun.

# %% [markdown] id="search"
# ## The likeliest sentence is not the sentence of likeliest words
#
# Greedy decoding takes the best word and never looks back. But a good beginning can lead to a bad end. Here is a language model made by hand, a table: the probability of the next word depends on the last one only.

# %% id="toy" given=true
TOY = ["‹start›", "‹end›", "un", "le", "chat"]
TABLE = np.array([
    [0.001, 0.019, 0.530, 0.400, 0.050],  # after ‹start›
    [0.001, 0.099, 0.800, 0.050, 0.050],  # after ‹end›: nobody should ask
    [0.001, 0.199, 0.150, 0.250, 0.400],  # after un
    [0.001, 0.039, 0.030, 0.030, 0.900],  # after le
    [0.001, 0.899, 0.040, 0.030, 0.030],  # after chat
])  # fmt: skip


# %% [markdown] id="toy-question" question="predict"
# Greedy decoding begins with “un” (0.53). Which whole sentence is the likeliest?
#
# - [ ] “un chat”: it begins best, but 0.53 · 0.40 · 0.90 is only 0.19.
# - [x] “le chat”: 0.40 · 0.90 · 0.90 = 0.32; the weaker beginning has the better end.
# - [ ] “un” alone: 0.53 · 0.20 = 0.11, short but not likely.

# %% [markdown] id="beam-text"
# To compare all sentences is out of the question: with 51 words and 10 places there are more than $10^{17}$. **Beam search** follows the `width` best beginnings, called hypotheses, instead of only one. In each round every unfinished one is continued by every word, and of all that arises the best survive. The paper used a width of 4.
#
# Within a round all continuations have the same length, and the log probabilities can be compared as they are. In the end, hypotheses of different lengths compete. The sum of log probabilities falls with each word, so short sentences have an advantage. The paper divides it by a power of the length, a **length penalty**:
#
# $$\mathrm{score} = \frac{\ln P(y_1, \dots, y_n \mid x)}{\big((5 + n)/6\big)^{\alpha}}, \qquad \alpha = 0.6$$
#
# With $\alpha = 0$ it is the log probability itself. $n$ counts the words after the start sign, the end sign among them.

# %% [markdown] id="beam-statement" statement="beam"
# ### Exercise 6: beam search (9 points)
#
# Write `beam_search(step, start, end, width, length, alpha)`. `start` is a list of integers with which every sentence begins, here only the start sign. `step(tokens)` takes such a list, `start` and what was written after it, and returns the log probabilities `(K,)` of the next token.
#
# - Begin with one hypothesis: nothing written, log probability 0.
# - In each of at most `length` rounds continue every unfinished hypothesis by each of the K tokens. Of all these keep those with the largest log probabilities: as many as there are places left, that is `width` less the number of finished ones.
# - One that took `end` is finished. It keeps its place, and is *not* continued.
# - Stop when no unfinished one is left.
#
# Return the hypotheses, finished or not, as a list of pairs `(tokens, score)`, the best score first: `tokens` the list of integers after `start`, `score` a `float`.
#
# Check by hand: with the table above, width 1 and $\alpha = 0$, the result is the greedy sentence un chat ‹end›, `[2, 4, 1]`, with the score $\ln(0.53 \cdot 0.4 \cdot 0.899) = -1.658$. `sorted(..., key=..., reverse=True)` finds the best.


# %% id="beam" exercise=true difficulty=3 by_hand="nn data text"
def beam_search(step, start, end, width, length, alpha):
    """The token lists after start that a beam of `width` finds, with their scores: [(tokens, score), …], best first."""
    ### BEGIN SOLUTION
    unfinished, finished = [([], 0.0)], []
    for _ in range(length):
        candidates = []
        for tokens, total in unfinished:
            candidates += [([*tokens, k], total + float(p)) for k, p in enumerate(step([*start, *tokens]))]
        best = sorted(candidates, key=lambda candidate: candidate[1], reverse=True)[: width - len(finished)]
        finished += [(tokens, total) for tokens, total in best if tokens[-1] == end]
        unfinished = [(tokens, total) for tokens, total in best if tokens[-1] != end]
        if not unfinished:
            break
    scored = [(tokens, total / ((5 + len(tokens)) / 6) ** alpha) for tokens, total in finished + unfinished]
    return sorted(scored, key=lambda hypothesis: hypothesis[1], reverse=True)
    ### END SOLUTION


# %% id="beam-driver" driver="beam"
def beams_of(beam_search, table, end, width, length, alpha):
    """The answer with a table (P, K, K) as language model: after n tokens, the last one k, row [(n − 1) % P, k]."""

    def step(tokens):
        return np.log(table[(len(tokens) - 1) % len(table), tokens[-1]])

    found = beam_search(step, [0], end, width, length, alpha)
    if found is None:
        raise NotImplementedError("beam_search returns nothing")
    return [([int(token) for token in tokens], float(score)) for tokens, score in found]


# %% [markdown] id="beam-hints" hints="beam"
# - greedy: Only the best word was followed in each round: keep `width` hypotheses, and compare all their continuations together.
# - finished: A finished hypothesis was continued beyond the end sign.
# - early: The search stopped when the first hypothesis was finished: the others are not at their end yet.
# - order: The best hypothesis comes first.
# - start: The start signs belong to what step gets, not to the tokens that are returned.
# - logs: The score is a sum of logarithms, not a product of probabilities.
# - alpha: The length penalty is missing: divide by ((5 + n) / 6) ** alpha.
# - counted: n counts the tokens after start; start itself does not count.
# - prefix: step must get the whole list of tokens, not only the last one.


# %% id="beam-two" test="beam" points=3
@check.exercise("35-transformer/beam")
def two_hypotheses_find_it():
    """Two hypotheses find what greedy search misses"""
    found = check.call(beams_of, beam_search, TABLE[None], 1, 2, 4, 0.0, returns=("hypotheses",))
    check.equal([tokens for tokens, _ in found], [[3, 4, 1], [2, 4, 1]], name="the list of tokens", hints={
        "greedy": lambda right: [[2, 4, 1]],
        "finished": lambda right: [[3, 4, 1, 2], [2, 4, 1, 2]],
        "order": lambda right: right[::-1],
        "start": lambda right: [[0, *tokens] for tokens in right],
    })  # fmt: skip
    scores = np.array([score for _, score in found])
    right = np.log(np.array([0.4 * 0.9 * 0.899, 0.53 * 0.4 * 0.899]))
    check.close(scores, right, name="the scores", hints={"logs": np.exp})


# %% id="beam-penalty" test="beam" points=2
@check.exercise("35-transformer/beam")
def the_length_penalty():
    """The length penalty"""
    found = check.call(beams_of, beam_search, TABLE[None], 1, 3, 5, 0.6, returns=("hypotheses",))
    check.equal(len(found), 3, name="the number of hypotheses")
    check.equal(found[0][0], [3, 4, 1], name="the best list of tokens")
    right = np.log(0.4 * 0.9 * 0.899) / (8 / 6) ** 0.6
    check.close(found[0][1], right, name="the best score", hints={
        "alpha": lambda right: right * (8 / 6) ** 0.6,
        "counted": lambda right: right * (8 / 6) ** 0.6 / (9 / 6) ** 0.6,
    })  # fmt: skip


# %% id="beam-prefix" test="beam" points=1
@check.exercise("35-transformer/beam")
def a_model_that_reads_everything():
    """A language model that needs the whole list, and an early end"""
    first, second = TABLE.copy(), TABLE[:, [0, 1, 4, 3, 2]]
    first[0] = 0.001, 0.350, 0.100, 0.500, 0.049
    found = check.call(beams_of, beam_search, np.stack([first, second]), 1, 2, 6, 0.0, returns=("hypotheses",))
    check.equal([tokens for tokens, _ in found], [[1], [3, 2, 4, 1]], name="the list of tokens", hints={
        "early": lambda right: [[3], [1]],
        "prefix": lambda right: [[3, 4, 1], [1]],
    })  # fmt: skip


# %% id="beam-hidden" test="beam" points=3 hidden=true
@check.exercise("35-transformer/beam", hidden=True)
def against_all_sentences_and_greedy():
    """Against all sentences, greedy search, and other widths"""
    rng = check.rng(6)
    for P, K, length, alpha in [(1, 4, 3, 0.0), (2, 4, 4, 0.6), (3, 3, 5, 1.0)]:
        table = rng.dirichlet(np.full(K, 0.7), size=(P, K)) + 1e-3
        table /= table.sum(axis=2, keepdims=True)

        def step(tokens, table=table, P=P):
            return np.log(table[(len(tokens) - 1) % P, tokens[-1]])

        def score(tokens, step=step, alpha=alpha):
            total = sum(step([0, *tokens[:i]])[k] for i, k in enumerate(tokens))
            return total / ((5 + len(tokens)) / 6) ** alpha

        every, growing = [], [[]]
        for _ in range(length):
            growing = [[*tokens, k] for tokens in growing for k in range(K)]
            every += [tokens for tokens in growing if tokens[-1] == 1]
            growing = [tokens for tokens in growing if tokens[-1] != 1]
        every = sorted(every + growing, key=score, reverse=True)
        found = check.call(beams_of, beam_search, table, 1, 2000, length, alpha, returns=("hypotheses",))
        check.equal(found[0][0], every[0], name=f"the best of all sentences, alpha = {alpha}")
        scores = np.array([score(tokens) for tokens in every])
        check.close(np.array([s for _, s in found]), scores, name="the scores of all sentences")
        found = check.call(beams_of, beam_search, table, 1, 1, length, 0.0, returns=("hypotheses",))
        greedy = text.greedy(step, [0], 1, length)
        check.equal([tokens for tokens, _ in found], [greedy], name="width 1, the greedy search")
        for width in (2, 3):
            found = check.call(beams_of, beam_search, table, 1, width, length, alpha, returns=("hypotheses",))
            right = text.beam_search(step, [0], 1, width, length, alpha)
            check.equal([t for t, _ in found], [t for t, _ in right], name=f"the list of tokens for width {width}")


# %% [markdown] id="search-text"
# Now with a real model behind `step`. The whole model hardly ever doubts: greedy search and beam search write the same. So take a model after 120 steps, when it knows the words but not yet the sentences, and let both translate 20 sentences. `text.beam_search` does what exercise 6 does.

# %% id="search-run"


def next_word(model, row, causal=True):
    """step(tokens) -> logits of the next French word after these tokens, for one English sentence."""

    def step(tokens):
        logits, _ = model.forward(row[None], np.array([tokens]), row[None] != PAD, causal=causal)
        return logits[0, -1]

    return step


young, _ = translator(steps=120)
for name, model in {"120 steps": young, "250 steps": trained["whole"][0]}.items():
    right, log_probability = {1: 0, 4: 0}, {1: [], 4: []}
    for n in range(300, 320):
        for width in (1, 4):
            tokens, score = text.beam_search(next_word(model, source[n]), [START], END, width, 12, alpha=0.0)[0]
            right[width] += sentence(tokens) == french[n]
            log_probability[width].append(score)
    better = np.mean(np.array(log_probability[4]) > np.array(log_probability[1]) + 1e-6)
    print(
        f"{name}: right of 20, greedy {right[1]}, beam of 4 {right[4]}; the beam found a likelier sentence "
        f"in {better:.0%} of the cases"
    )

# %% [markdown] id="search-meaning"
# Here is a lesson that the toy did not teach. For the young model the beam often found a likelier sentence, in 25 % of the cases, and yet both get 9 of 20 right. A search can only find what the *model* thinks likely; it does not know what is right. For the trained model there is nothing left to find. Beam search pays where several continuations are really possible: with real languages the paper gained a little by it.

# %% [markdown] id="widget-text"
# ## Watch it write
#
# Choose a sentence and walk through the translation. Above, the self-attention of the words written so far (hatched: masked), and the row of cross-attention for the word that comes next. Below, the likeliest next words, and what beam search has kept after as many rounds.
#
# Try: Where does cross-attention look when the article is written, where for the noun, where for the adjective? Then take the model without a mask. Does it look anywhere useful? And at which step does the model without positions begin to guess?

# %% id="widget" folded=true
from dlbook import widgets

WIDGET_SENTENCES = [shown, *chosen]


def decoder_maps(model, row, prefix, causal):
    """Weights of self-attention and cross-attention while a prefix goes through the decoder, one pair a layer."""
    real = (row != PAD)[None]
    memory = model.encode(row[None], real)
    z = model.target(np.array([prefix])) * np.float32(model.width**0.5)
    if model.positions:
        z = z + nn.sinusoidal_positions(len(prefix), model.width, dtype=z.dtype)
    masks = nn.causal_mask(len(prefix)) if causal else None, real[:, None, None]
    pairs = []
    for layer in model.decoder.layers:
        pairs.append(layer.attention_weights(z, memory, *masks))
        z = layer(z, memory, *masks)
    return pairs


def decoding(sentence_number, name, place, layer, head, width):
    """What the widget shows: prefix, maps, probabilities of the next word, beams."""
    model, causal = trained[name][0], MODELS[name]["causal"]
    row = source[sentence_number]
    step = next_word(model, row, causal)
    best = text.beam_search(step, [START], END, width, 12)[0][0]
    place = min(place, len(best) - 1)
    prefix = [START, *best[:place]]
    own, cross = (
        weights[0].mean(axis=0) if head is None else weights[0, head]
        for weights in decoder_maps(model, row, prefix, causal)[layer]
    )
    logits = step(prefix).astype(float)
    probability = np.exp(logits - logits.max())
    beams = text.beam_search(step, [START], END, width, place + 1)
    return dict(
        prefix=[FRENCH[i] for i in prefix],
        heard=words_of(row, ENGLISH),
        own=own,
        cross=cross,
        p=probability / probability.sum(),
        beams=[(" ".join(FRENCH[i] for i in tokens), score) for tokens, score in beams],
        causal=causal,
    )


def decoding_figure(result):
    """Self-attention and cross-attention (above), next words and beams (below)."""
    figure = plots.figure(9.5, 5.6)
    (own_ax, cross_ax), (next_ax, beam_ax) = figure.subplots(2, 2, width_ratios=(1, 1.25))
    T = len(result["prefix"])
    masked = ~nn.causal_mask(T) if result["causal"] else np.zeros((T, T), bool)
    heat(own_ax, np.where(masked, np.nan, result["own"]), result["prefix"], result["prefix"])
    if result["causal"]:
        for t in range(T - 1):
            sides = [t + 0.5, T - 0.5, T - 0.5, t + 0.5], [t - 0.5, t - 0.5, t + 0.5, t + 0.5]
            own_ax.fill(*sides, fill=False, hatch="////", edgecolor=plots.GREY, linewidth=0)
    own_ax.set_title("self-attention")
    cross_ax.bar(range(len(result["heard"])), result["cross"][-1][: len(result["heard"])], color=plots.BLUE)
    cross_ax.set(ylim=(0, 1), title="cross-attention of the next word", xticks=range(len(result["heard"])))
    cross_ax.set_xticklabels(result["heard"], rotation=60, ha="right", fontsize=8)
    likeliest = np.argsort(-result["p"])[:6][::-1]
    next_ax.barh(range(6), result["p"][likeliest], color=plots.ORANGE)
    next_ax.set(xlim=(0, 1), xlabel="probability of the next word", yticks=range(6))
    next_ax.set_yticklabels([FRENCH[i] for i in likeliest], fontsize=8)
    beam_ax.set_axis_off()
    beam_ax.set_title("beams and their scores")
    for line, (words, score) in enumerate(result["beams"]):
        beam_ax.text(0, 0.9 - 0.2 * line, f"{score:6.2f}  {words}", fontsize=8, parse_math=False)
    return figure


widgets.explore(
    decoding_figure,
    dict(
        sentence_number=widgets.Options({f"“{english[i]}”": i for i in WIDGET_SENTENCES}, label="sentence"),
        name=widgets.Options({name: name for name in MODELS}, label="model"),
        place=widgets.Slider(0, 10, 5, label="step"),
        layer=widgets.Options({"1": 0, "2": 1}, 1, label="layer"),
        head=widgets.Options({"mean of all": None, "1": 0, "2": 1, "3": 2, "4": 3}, label="head"),
        width=widgets.Slider(1, 4, 2, label="beam width"),
    ),
    compute=decoding,
    alt=lambda result: (
        f"After “{' '.join(result['prefix'][1:])}” the likeliest next word is “{FRENCH[result['p'].argmax()]}” "
        f"({result['p'].max():.0%}); cross-attention looks most at “{result['heard'][result['cross'][-1].argmax()]}”."
    ),
    table=lambda result: [
        {"next word": FRENCH[i], "probability": f"{result['p'][i]:.3f}"} for i in np.argsort(-result["p"])[:6]
    ],
    title="The decoder at work",
)

# %% [markdown] id="cache"
# ## Nothing is computed twice
#
# `translations` above is wasteful: for every new word it computes all earlier ones again. The causal mask makes that needless. Row $t$ of causal attention needs the keys and values of the words up to $t$, and these depend on nothing that comes later. So keep them: a **KV cache**. A new word computes its own query, key and value, appends the last two to the cache, and looks at everything in it. For this newest row there is no future, so it needs no mask at all.

# %% id="cache-run"
import time

rng = np.random.default_rng(0)
layer = nn.MultiheadAttention(64, 4, batch_first=True, rng=rng)
x = rng.normal(size=(1, 256, 64))
whole_answer = layer(x, mask=nn.causal_mask(256))
kv = nn.KVCache()
one_by_one = np.concatenate([layer.extend(x[:, t : t + 1], kv) for t in range(256)], axis=1)
print(f"words in the cache: {kv.length}; largest difference {np.abs(one_by_one - whole_answer).max():.0e}")


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def anew():
    for t in range(1, 257):
        layer(x[:, :t], mask=nn.causal_mask(t))


def with_cache():
    kv = nn.KVCache()
    for t in range(256):
        layer.extend(x[:, t : t + 1], kv)


again, cached = seconds(anew), min(seconds(with_cache) for _ in range(3))
print(
    f"256 words, one layer: everything anew {again:.2f} s, with the cache {cached:.3f} s, {again / cached:.0f} times as fast"
)
model, _ = trained["whole"]
fast = model.translate(source[TEST], source[TEST] != PAD, start=START, end=END, length=11)
slow = translations(model, source[TEST])
print("model.translate, with caches, writes the same:", [sentence(a) for a in fast] == [sentence(b) for b in slow])

# %% [markdown] id="cache-meaning"
# The price is memory: two vectors of width $d$ for each word and each layer. For a long conversation with a large model this cache, and not the model, fills the memory. That is why today's models share keys and values among several heads (*grouped-query attention*).

# %% [markdown] id="fast-weights"
# ## Weights that are made on the spot
#
# Three layers can mix the words of a sentence. A **linear** layer over the places has a weight for each pair of places. A **convolution** has a few weights, the same everywhere. Both are learnt once, slowly, and are then the same for every sentence. **Attention** computes its weights from the sentence itself; only the matrices that compute them are learnt. That is why they are also called *fast weights*.
#
# What are weights made on the spot worth? Take the trained translator, and note what each head of cross-attention looks at in the mean over 300 sentences: from each French place to each English place. Then take the attention out and put this fixed table in its place: now it is a linear layer over the places. Or average further, over all places with the same distance, up to two to either side: now it is a convolution of width five. Values, output matrices and everything else stay as they were.

# %% id="fast-weights-run"
import copy


class FixedMixing(nn.Module):
    """The values and the output layer of an attention, mixed by a table (heads, T, S) instead of queries and keys."""

    def __init__(self, attention, table):
        self.attention, self.table = attention, table

    def forward(self, query, memory, mask=None):
        layer, E = self.attention, self.attention.embed_dim
        v, _ = nn.linear(memory, layer.in_proj_weight.data[2 * E :], layer.in_proj_bias.data[2 * E :])
        v = v.reshape(*v.shape[:2], layer.num_heads, -1).swapaxes(1, 2)
        shares = self.table[:, : query.shape[1], : memory.shape[1]] * mask
        shares = shares / np.maximum(shares.sum(axis=3, keepdims=True), 1e-9)
        return layer.out_proj.forward((shares @ v).swapaxes(1, 2).reshape(query.shape))


def by_distance(table, reach):
    """The table averaged over all pairs of places with the same distance, 0 beyond `reach`."""
    distance = np.arange(table.shape[2]) - np.arange(table.shape[1])[:, None]
    mean = {d: table[:, distance == d].mean(axis=1) for d in range(-reach, reach + 1)}
    shared = np.zeros_like(table)
    for d, value in mean.items():
        shared[:, distance == d] = value[:, None]
    return shared


def with_tables(model, tables):
    """A copy of the model whose cross-attention is replaced by one table a layer."""
    changed = copy.deepcopy(model)
    layers = [module for module in changed.modules() if isinstance(module, nn.TransformerDecoderLayer)]
    for layer, table in zip(layers, tables, strict=True):
        layer.multihead_attn = FixedMixing(layer.multihead_attn, table)
    return changed


known = np.arange(500, 800)
maps = model.maps(source[known], inputs[known], source[known] != PAD).cross
mean = [weights.mean(axis=0) for weights in maps]
variants = {
    "attention": model,
    "fixed table": with_tables(model, mean),
    "convolution, width 5": with_tables(model, [by_distance(table, 2) for table in mean]),
}
for name, changed in variants.items():
    logits, _ = changed.forward(source[TEST], inputs[TEST], source[TEST] != PAD)
    hits = (logits.argmax(axis=2) == labels[TEST])[labels[TEST] != PAD].mean()
    print(f"{name:<21} next word right {hits:.3f}   whole sentence right {exact(changed, TEST):.2f}")

figure = plots.figure(9.5, 3.8)
axes = figure.subplots(1, 3)
for ax, n in zip(axes, (shown, chosen[-1]), strict=False):
    one = slice(n, n + 1)
    weights = model.maps(source[one], inputs[one], source[one] != PAD).cross[-1][0].mean(axis=0)
    said, heard = words_of(labels[n], FRENCH), words_of(source[n], ENGLISH)
    heat(ax, weights[: len(said), : len(heard)], said, heard)
axes[0].set_title("attention, one sentence")
axes[1].set_title("attention, another one")
heat(axes[2], mean[-1].mean(axis=0), range(mean[-1].shape[1]), range(mean[-1].shape[2]))
axes[2].set_title("the fixed table")
plots.show(
    figure,
    alt="Two maps of cross-attention for two sentences, with bright squares at different places, and the fixed table, a blurred diagonal that is the same for all sentences.",
)

# %% [markdown] id="fast-weights-meaning"
# With attention every sentence is right, with the fixed table 0.40, with the convolution 0.41. Neither can know whether a sentence begins with “hello”, or whether an adjective comes: the table is a blur of all cases. (To be fair: the network was not trained with them. One that was would do better, for in this grammar no word depends on one more than a few places away. But the right place would still change from sentence to sentence.)

# %% [markdown] id="why"
# ## Why it works
#
# The book gives four reasons, and with a little care they hold.
#
# 1. **Several representations.** Each layer has 8 heads, each with projections of its own, as a convolution has many feature maps.
# 2. **Meaning from context, at any distance.** No word is nearer than another; what is near is learnt. The price is that nearness must be learnt: where there are few data, a convolution, which assumes it, wins.
# 3. **Stacking.** The book says that one layer makes pairs of words, the next pairs of pairs. Take it as a picture: each layer mixes *all* words at once, not two. The counterpart of the growing receptive field is that the same words are mixed again and again, each time in the light of the last mixture.
# 4. **Residual connections** carry each word past every layer, so that later layers see early features too.
#
# ## Common mistakes
#
# - **Inputs and labels not moved against each other.** The loss goes to zero at once. So it does without a causal mask. A loss that falls much faster than expected is a reason to run the test of exercise 3.
# - **A mask of the wrong sense.** Here True means "may look". In PyTorch's `attn_mask` and `key_padding_mask` True means "may not"; in its `scaled_dot_product_attention` it means "may".
# - **Padding that counts in the loss.** Then the model is praised for predicting padding. How much praise?

# %% id="padding-run"
model, _ = trained["no positions"]
logits, _ = model.forward(source[TEST], inputs[TEST], source[TEST] != PAD)
flat, right = logits.reshape(-1, len(FRENCH)), labels[TEST].ravel()
print(f"share of padding in the labels: {(right == PAD).mean():.0%}")
print(f"loss over the words:            {nn.cross_entropy(flat, right, ignore_index=PAD)[0]:.3f}")
always = flat.copy()
always[right == PAD, PAD] = 50.0  # a model that has learnt that padding follows padding
print(f"loss over words and padding:    {nn.cross_entropy(always, right)[0]:.3f}, once padding is learnt")

# %% [markdown] id="mistakes-more"
# - **Attention maps read as explanations.** They say where a head looks, not what the model concludes from it: the values, the other heads and the residual connections have their say.
# - **A beam that is too wide.** The likeliest sentence is not always the best translation. With very wide beams real systems get worse: very short sentences begin to win.
# - **The decoder's cache kept from one sentence to the next.** It belongs to one sentence, and so do the keys and values of cross-attention, which need to be computed once only.
#
# And of the book's figures: it speaks of training on "36 million sentences and 32,000 tokens". The 36 million are sentence pairs, English and French, of the WMT 2014 task. The 32,000 are not tokens of text but the size of the vocabulary of word pieces. The paper's other task, which the book does not mention, was English to German: 4.5 million pairs and about 37,000 byte pairs common to both languages. The results were 41.8 BLEU for French and 28.4 for German, with the big model.
#
# ## The same in PyTorch
#
# `dlbook.nn.TransformerDecoderLayer` has the names and shapes of `torch.nn.TransformerDecoderLayer`. Only the masks must be turned round.

# %% id="torch-check"
try:
    import torch
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    ours = nn.TransformerDecoderLayer(16, 4, 32, dropout=0.0, batch_first=True, rng=np.random.default_rng(1))
    theirs = torch.nn.TransformerDecoderLayer(16, 4, 32, dropout=0.0, batch_first=True).double()
    theirs.load_state_dict({name: torch.tensor(value) for name, value in ours.state_dict().items()})
    rng = np.random.default_rng(2)
    y, z = rng.normal(size=(2, 5, 16)), rng.normal(size=(2, 7, 16))
    real = np.arange(7) < np.array([[7], [4]])
    mine = ours(y, z, mask=nn.causal_mask(5), memory_mask=real[:, None, None, :])
    with torch.no_grad():
        answer = theirs(
            torch.tensor(y),
            torch.tensor(z),
            tgt_mask=torch.tensor(~nn.causal_mask(5)),
            memory_key_padding_mask=torch.tensor(~real),
        )
    print(f"decoder layer: largest difference {np.abs(mine - answer.numpy()).max():.0e}")
    print("row of a PyTorch attention that may look nowhere:", end=" ")
    nothing = torch.full((1, 1, 1, 3), float("-inf"))
    print(torch.softmax(nothing, dim=-1).numpy().ravel())

# %% [markdown] id="gpu"
# On a GPU all places of all sentences are computed at once in training, which no recurrent network can do. Attention is then computed in blocks that fit into the fast memory of the chip, and the matrix of weights is never stored (*FlashAttention*; `torch.nn.functional.scaled_dot_product_attention` chooses it by itself). Writing stays sequential: one word needs the last one.
#
# What is dated in the architecture of 2017: most large models today are decoders alone, without encoder and cross-attention (chapter 37). They normalise before each part, with RMSNorm, turn queries and keys by their position (rotary positions, chapter 33), and use a gated feed-forward network (SwiGLU). Masks, heads, residual connections and the rest are as on this page.

# %% [markdown] id="cache-quiz" question="quiz"
# A decoder writes with a KV cache, one word at a time. Which mask does the self-attention of the newest word need?
#
# - [ ] A triangular one, one place larger at each step: the triangle is needed where many rows are computed at once; here there is one.
# - [x] None: the cache holds only words that are already written, and it may look at all of them.
# - [ ] One that hides the word itself: a word may look at itself; its label is the word after it.

# %% [markdown] id="cross-quiz" question="quiz"
# The English sentence has 9 words, the French one 11. The decoder has 6 layers of 8 heads. Of which shape is one map of cross-attention, and how many are there for the whole translation?
#
# - [ ] 9 × 9, and the decoder takes them from the encoder: what the decoder takes are the 9 states; the weights are its own.
# - [x] 11 × 9, and there are 48: one row for each French word, one map for each head of each layer.
# - [ ] 11 × 11 with a triangle cut off, and there are 48: that is the decoder's self-attention.

# %% [markdown] id="questions"
# ## To think about
#
# 1. Why may dropout, layer normalisation and the feed-forward network not leak the future, while batch normalisation would?
# 2. The model without positions still translates many sentences. Where does it get any order from?
# 3. Beam search with width 4 costs four times as much as greedy search. With a KV cache, what must be done with the caches when the survivors are chosen?
# 4. You double the length of all sentences. How do the numbers of parameters, of attention weights, and of rounds of decoding change?
#
# <details><summary>Answers</summary>
#
# 1. They treat each place for itself. Batch normalisation in training takes its mean and variance over the places too, so every place feels the later ones. (Try it with your `no_future_leak`.)
# 2. From the causal mask: the first place sees one word, the second two, and so on. So the decoder can count. The encoder cannot: for it a sentence is a bag of words, and which of two adjectives belongs to which noun is lost.
# 3. Each survivor goes on from its parent's cache, so the rows of the caches are chosen and copied as the hypotheses are; two children of one parent need two copies.
# 4. Parameters: not at all. Attention weights: four times as many. Rounds: twice as many.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# A. Vaswani and others, *Attention is all you need* (2017). D. Bahdanau, K. Cho and Y. Bengio, *Neural machine translation by jointly learning to align and translate* (2015), for attention between two languages. I. Sutskever, O. Vinyals and Q. Le (2014), for encoder and decoder. R. Williams and D. Zipser (1989), for teacher forcing. Y. Wu and others, *Google's neural machine translation system* (2016), for the length penalty. C. Szegedy and others (2016), for label smoothing. P. Koehn and R. Knowles, *Six challenges for neural machine translation* (2017), on wide beams. S. Jain and B. Wallace, *Attention is not explanation* (2019). J. Schmidhuber (1992), on fast weights. T. Dao and others, *FlashAttention* (2022). The book, chapter 90.
#
# **Next**, chapter 36: the encoder alone, trained to fill in missing words: BERT. Chapter 37: the decoder alone.
