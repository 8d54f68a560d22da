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
#     title: GPT
#     minutes: 140
#     needs: [09-cross-entropy, 33-tokens-and-positions, 34-encoder, 35-transformer]
#     book: [79, 80, 81, 82]
# ---

# %% [markdown] id="title"
# # GPT: one question, asked again and again
#
# **After this page you can** write the block of which every GPT is made, derive the gradient of its loss, choose the next word as these models do, count the parameters and operations of GPT-1, GPT-2 and GPT-3, pre-train a small one on a novel, fine-tune another, and watch a third learn from examples in its own input, with its weights frozen.
#
# **Time** 55 minutes to read, 85 for the six exercises. **You need** cross-entropy (chapter 09), tokens (chapter 33), attention (chapter 34) and causal masks (chapter 35).

# %% id="setup" given=true
import numpy as np

from dlbook import check, data, nn, plots

# %% [markdown] id="language-model"
# ## A model of language
#
# A **language model** gives a text a probability. It does so one word after the other:
#
# $$P(w_1,\dots,w_n) = \prod_{i=1}^{n} P(w_i \mid w_1,\dots,w_{i-1})$$
#
# That is no assumption; any probability of a text can be taken apart like this. What a model adds is the way in which it computes the factors. GPT is one way. The oldest counts.
#
# The book's example: *I take my dog for a walk* should be more probable than *I take my banana for a walk*. Here is a little world in Portuguese, 62 sentences about a house with a dog, and not one of them is either of the two. An **n-gram** model looks at the last $n-1$ words only, and counts how often each word followed them. So that what never occurred is not impossible, it adds $k$ to every count:
#
# $$P(w \mid c) = \frac{\text{count}(c, w) + k}{\text{count}(c) + kV}$$
#
# with the context $c$, the last $n-1$ words, and a vocabulary of $V$ words. Before a sentence stands a sign for its beginning, `<s>`, as often as needed.

# %% id="small-world" given=true
SMALL_WORLD = """
eu levo meu cachorro ao parque . eu levo minha filha ao parque . eu levo minha filha para passear .
ela leva o cachorro para passear . ela leva meu filho para passear . nós levamos meu cachorro para passear . nós levamos o cachorro ao parque .
meu cachorro gosta de passear . meu cachorro gosta de correr . minha filha gosta de correr no parque .
meu filho gosta de banana . minha filha gosta de pão . eu gosto de banana . eu gosto de passear .
eu compro pão para minha filha . eu compro banana para meu filho . ela compra pão e banana .
ela come uma banana . eu como uma banana . meu filho come pão . minha filha come minha banana .
o cachorro come o pão . o cachorro corre no parque . o cachorro dorme na sala . o cachorro late .
de manhã eu levo meu cachorro ao parque . de manhã ela leva minha filha à escola .
de manhã nós comemos pão e banana . de noite o cachorro dorme na sala . de noite eu como pão .
eu levo meu filho à escola . ela leva meu filho à escola . nós levamos minha filha à escola .
meu filho corre no parque . minha filha corre para a escola . o cachorro corre para a sala .
eu chamo meu cachorro . eu chamo minha filha . ela chama o cachorro . o cachorro late na sala .
eu compro uma banana . ela compra uma banana para o cachorro . o cachorro não gosta de banana .
meu filho não gosta de pão . minha filha não gosta de dormir . eu não gosto de correr .
eu lavo meu cachorro . eu lavo minha banana . ela lava o cachorro . ela lava uma banana .
à tarde eu levo minha filha ao parque . à tarde ela leva o cachorro para passear .
à tarde meu filho dorme . à noite nós dormimos . a banana está na sala . o pão está na sala .
meu cachorro está no parque . minha filha está na escola . meu filho está na escola .
eu como minha banana no parque . ela come pão na escola . o cachorro come banana na sala .
"""


def sentences_of(text):
    """The sentences of a text in which each ends with " .", as lists of words."""
    return [[*sentence.split(), "."] for sentence in text.split(" .") if sentence.strip()]


def count_ngrams(sentences, n):
    """How often each n words stand side by side, and each n - 1 before another word: {(w, …): times}.

    Every sentence begins with n - 1 signs "<s>".  With n = 1 the only context is the empty one, ().
    """
    counts = {}
    for sentence in sentences:
        words = ["<s>"] * (n - 1) + list(sentence)
        for i in range(n - 1, len(words)):
            before = tuple(words[i - n + 1 : i])
            for gram in (before, (*before, words[i])):
                counts[gram] = counts.get(gram, 0) + 1
    return counts


# %% [markdown] id="ngram-statement" statement="ngram"
# ### Exercise 1: the log-probability of a sentence (4 points)
#
# Write `ngram_logprob(words, counts, n, V, k)`. `words` is a list of words, `counts` a dictionary from `count_ngrams` for the same `n`: `counts[("meu", "cachorro")]` says how often *cachorro* came after *meu*, `counts[("meu",)]` how often anything did. What it does not contain was seen 0 times. It returns $\ln P(w_1,\dots,w_n)$, a float, with $n-1$ signs `"<s>"` before the first word. A long text must not become 0: add logarithms, do not multiply probabilities. An empty list gives 0.
#
# Check by hand: `counts = {(): 3, ("a",): 2, ("b",): 1}`, `n = 1`, `V = 4`, `k = 1` and `["a", "c"]` give $\ln\frac37 + \ln\frac17 = -2.793$.


# %% id="ngram" exercise=true difficulty=1 by_hand="nn data"
def ngram_logprob(words, counts, n, V, k):
    """ln P(words) by an n-gram model with k added to every count; V words in the vocabulary: a float."""
    ### BEGIN SOLUTION
    words = ["<s>"] * (n - 1) + list(words)
    total = 0.0
    for i in range(n - 1, len(words)):
        before = tuple(words[i - n + 1 : i])
        total += np.log((counts.get((*before, words[i]), 0) + k) / (counts.get(before, 0) + k * V))
    return float(total)
    ### END SOLUTION


# %% [markdown] id="ngram-hints" hints="ngram"
# - corpus: Divide by the count of the context, not by the number of all words: the probabilities of all words after a context add up to 1.
# - unsmoothed: k is added above and kV below: otherwise the probabilities after a context do not add up to 1.
# - start: The first words count too: before them stand n - 1 signs "<s>".
# - underflow: The product of a thousand probabilities is too small for a float, and its logarithm −∞: add the logarithms.
# - base: The logarithms are natural ones.


# %% id="ngram-one" test="ngram" points=1
@check.exercise("37-gpt/ngram")
def words_alone():
    """Words alone, n = 1"""
    counts = {(): 3, ("a",): 2, ("b",): 1}
    found = check.call(ngram_logprob, ["a", "c"], counts, 1, 4, 1, returns=("logprob",))
    check.close(found, np.log(3 / 7) + np.log(1 / 7), name="logprob", hints={
        "unsmoothed": lambda right: np.log(3 / 3) + np.log(1 / 3),
        "base": lambda right: right / np.log(2),
    })  # fmt: skip


# %% id="ngram-two" test="ngram" points=1
@check.exercise("37-gpt/ngram")
def pairs_of_words():
    """Pairs of words, n = 2"""
    counts = count_ngrams([["a", "b", "a"], ["b", "b"], ["a"]], 2)
    found = check.call(ngram_logprob, ["a", "b"], counts, 2, 3, 0.5, returns=("logprob",))
    first, second = (2 + 0.5) / (3 + 1.5), (1 + 0.5) / (1 + 1.5)
    check.close(found, np.log(first) + np.log(second), name="logprob", hints={
        "corpus": lambda right: np.log((2 + 0.5) / (6 + 1.5)) + np.log((1 + 0.5) / (6 + 1.5)),
        "start": lambda right: np.log(second),
    })  # fmt: skip


# %% id="ngram-long" test="ngram" points=1
@check.exercise("37-gpt/ngram")
def a_thousand_words():
    """A thousand words"""
    counts = count_ngrams([["a", "b"]], 2)
    found = check.call(ngram_logprob, ["b", "a"] * 500, counts, 2, 4, 0.5, returns=("logprob",))
    right = np.log(0.5 / 3) + 500 * np.log(0.5 / 2) + 499 * np.log(1.5 / 3)
    check.close(found, right, name="logprob", hints={"underflow": lambda right: -np.inf})


# %% id="ngram-hidden" test="ngram" points=1 hidden=true
@check.exercise("37-gpt/ngram", hidden=True)
def probabilities_add_up():
    """After every context the probabilities add up to 1, n = 1, 2, 3"""
    counts_of = sentences_of(SMALL_WORLD)[:20]
    vocabulary = sorted({word for sentence in counts_of for word in sentence})
    for n in (1, 2, 3):
        counts = count_ngrams(counts_of, n)
        for before in (["eu"], ["o", "cachorro"], ["pão", "pão", "leva"]):
            start = check.call(ngram_logprob, before, counts, n, len(vocabulary), 0.3, returns=("logprob",))
            ends = [
                check.call(ngram_logprob, [*before, word], counts, n, len(vocabulary), 0.3, returns=("logprob",))
                for word in vocabulary
            ]
            total = float(np.sum(np.exp(np.array(ends) - start)))
            check.close(total, 1.0, name=f"the sum of the probabilities after {before}, n = {n}")
        empty = check.call(ngram_logprob, [], counts, n, len(vocabulary), 0.3, returns=("logprob",))
        check.close(float(empty), 0.0, name="logprob of no words")


# %% [markdown] id="banana-question" question="predict"
# Neither sentence occurs in the small world: *eu levo meu cachorro para passear* (I take my dog for a walk), *eu levo minha banana para passear* (I take my banana for a walk). Which model will prefer the dog most clearly?
#
# - [ ] single words, n = 1: they know that *banana* is a common word, and no more.
# - [ ] pairs of words, n = 2: *minha banana* is a pair that it has met, and it cannot see that somebody is to be taken somewhere.
# - [x] three words, n = 3: *levo meu cachorro* and *meu cachorro para* it has met, *levo minha banana* and *minha banana para* never.
# - [ ] five words, n = 5: hardly any five words of these sentences ever stood side by side, so it knows little of either.

# %% id="banana-run"
world = sentences_of(SMALL_WORLD)
words = ["<s>", *sorted({word for sentence in world for word in sentence})]
dog = ["eu", "levo", "meu", "cachorro", "para", "passear", "."]
banana = ["eu", "levo", "minha", "banana", "para", "passear", "."]
print(f"{len(world)} sentences, {sum(map(len, world))} words, {len(words) - 1} different ones")


def word_logprobs(sentence, n, k):
    """ln P of each word of a sentence by an n-gram model of the small world."""
    counts, padded = count_ngrams(world, n), ["<s>"] * (n - 1) + sentence
    found = []
    for i in range(n - 1, len(padded)):
        before = tuple(padded[i - n + 1 : i])
        found.append((counts.get((*before, padded[i]), 0) + k) / (counts.get(before, 0) + k * (len(words) - 1)))
    return np.log(found)


for n in (1, 2, 3, 5):
    of_dog, of_banana = (word_logprobs(sentence, n, 0.1) for sentence in (dog, banana))
    print(
        f"n = {n}: ln P(dog) {of_dog.sum():6.1f}, ln P(banana) {of_banana.sum():6.1f}: "
        f"the dog is {np.exp(of_dog.sum() - of_banana.sum()):6.1f} times as probable; "
        f"perplexity {np.exp(-of_dog.mean()):5.1f} and {np.exp(-of_banana.mean()):5.1f}"
    )

# %% [markdown] id="perplexity-text"
# The **perplexity** is $\exp(-\frac1n \ln P)$: among how many words the model seems to choose at each step. Uniform guessing has perplexity $V$, whatever the length. (The book speaks of the probability that a sentence exists in the world. It is a probability under the *model*, which comes from what it has read.)
#
# And a model of the small world can talk. Draw a word, append it, draw the next:


# %% id="ngram-sample"
def ngram_sample(n, rng):
    """A sentence drawn word by word from an n-gram model of the small world, without smoothing."""
    counts, said = count_ngrams(world, n), ["<s>"] * (n - 1)
    while "." not in said:
        before = tuple(said[len(said) - n + 1 :])
        follow = {gram[-1]: c for gram, c in counts.items() if len(gram) == n and gram[:-1] == before}
        said.append(str(rng.choice(list(follow), p=np.array(list(follow.values())) / sum(follow.values()))))
    return " ".join(said[n - 1 :])


for n in (1, 2, 3):
    rng = np.random.default_rng(3)
    print(f"n = {n}:", " / ".join(ngram_sample(n, rng) for _ in range(3)))

# %% [markdown] id="ngram-widget-text"
# ## Try it
#
# Choose a sentence, how far the model looks, and how much it leaves to what it never saw. Which word gives a strange sentence away? What happens to the difference between dog and banana when $k$ grows?

# %% id="ngram-widget" folded=true
from dlbook import widgets

SENTENCES = [
    "eu levo meu cachorro para passear .",
    "eu levo minha banana para passear .",
    "a banana late na sala .",
    "o cachorro late no parque .",
    "parque o no corre cachorro .",
]


def scored(sentence, n, k):
    """Words of a sentence and their log-probabilities."""
    found = word_logprobs(sentence.split(), n, k)
    return {"words": sentence.split(), "logprobs": found, "perplexity": float(np.exp(-found.mean()))}


def scored_figure(result):
    """A bar of ln P for each word, the total above."""
    figure = plots.figure(8, 3)
    ax = figure.subplots()
    ax.bar(range(len(result["words"])), result["logprobs"], color=plots.BLUE)
    ax.set_xticks(range(len(result["words"])), result["words"])
    ax.set(ylabel="ln P(word | words before)", ylim=(-10, 0))
    ax.set_title(f"ln P = {result['logprobs'].sum():.1f}, perplexity {result['perplexity']:.1f}")
    return figure


widgets.explore(
    scored_figure,
    dict(
        sentence=widgets.Options(SENTENCES, label="sentence"),
        n=widgets.Slider(1, 3, 2, label="words looked at, n"),
        k=widgets.LogSlider(0.001, 10.0, 0.1, label="added to each count, k"),
    ),
    compute=scored,
    alt=lambda result: (
        f"Bars of ln P for the words {' '.join(result['words'])}; the lowest at "
        f"{result['words'][int(np.argmin(result['logprobs']))]}, {result['logprobs'].min():.1f}; perplexity {result['perplexity']:.1f}."
    ),
    table=lambda result: [
        {"word": word, "ln P": f"{p:.2f}"} for word, p in zip(result["words"], result["logprobs"], strict=True)
    ],
    title="How probable is a sentence?",
)

# %% [markdown] id="objective"
# ## What is asked of GPT, and what of BERT
#
# An n-gram model forgets what stands more than $n-1$ words back. A **GPT** computes the same factors $P(w_i\mid w_1,\dots,w_{i-1})$ with a transformer, from all words before. At each position it answers one question: which token comes next? It may look at what stands before it, and never at what comes after.
#
# The book's chapter on GPT-3 says that it was trained by taking random words out of a text and filling the gaps from what stands around them. That is **BERT**'s training, chapter 36. No word is taken out of a text for GPT, and it sees nothing to the right. (Two chapters on, the book itself has it right.)

# %% id="objective-figure" folded=true
SHOWN = ["eu", "levo", "meu", "cachorro", "para", "passear"]


def objective_figure():
    """Who may look at whom, and what is asked: BERT with one word hidden (left), GPT (right)."""
    figure = plots.figure(9, 4)
    T = len(SHOWN)
    names = ("BERT: one word hidden, all others seen", "GPT: each word from those before it")
    for ax, bert, name in zip(figure.subplots(1, 2), (True, False), names, strict=True):
        asked = [3] if bert else range(T)
        read = [word if not (bert and t == 3) else "[MASK]" for t, word in enumerate(SHOWN)]
        read = read if bert else ["<s>", *SHOWN[:-1]]
        look = np.ones((T, T)) if bert else np.tri(T)
        ax.imshow(look, cmap="Blues", vmin=0, vmax=1.8)
        for row in range(T):
            for column in range(T):
                ax.text(column, row, "•" if look[row, column] else "", ha="center", va="center", color=plots.BLACK)
        ax.set_xticks(range(T), read, rotation=45, ha="right")
        ax.set_yticks(range(T), [f"{SHOWN[t]}?" if t in asked else "–" for t in range(T)])
        ax.set(xlabel="what it reads", ylabel="what is asked")
        ax.set_title(name)
        ax.grid(False)
    return figure


plots.show(
    objective_figure(),
    alt="Two squares of who may look at whom. BERT: every position looks at all, and only the hidden word, cachorro, is asked for. GPT: each position looks at itself and those before, and every word is asked for.",
)

# %% [markdown] id="objective-meaning"
# The right picture has another advantage: *every* position is a question. A text of $T$ tokens gives GPT $T$ answers to learn from at each pass, and BERT, which hides 15 %, about $0.15\,T$.
#
# The same small world, read by a GPT of two blocks. `dlbook.models.gpt` holds the model in NumPy, forward and backward; the rest of this page takes it apart. Its weights start near zero, with standard deviation 0.02, which suits a width of 768 and more. Ours is 32 wide, so `small_gpt` makes them larger.


# %% id="small-gpt"
import time

from dlbook import optim
from dlbook.models.gpt import GPT, GPTConfig, windows
from dlbook.train import fit_steps


def small_gpt(config, seed, std=0.15, embedding_std=None):
    """A GPT in single precision, its matrices spread by `std`, its embeddings by `embedding_std`, instead of 0.02."""
    model = GPT(config, rng=np.random.default_rng(seed), dtype=np.float32)
    for name, parameter in model.named_parameters():
        if parameter.data.ndim == 2:
            wanted = embedding_std if embedding_std and name.split(".")[0] in ("token", "position") else std
            parameter.data = np.float32(wanted / 0.02) * parameter.data
    return model


def train(model, batches, steps, lr):
    """Adam, its learning rate falling along a cosine; the loss of each step."""
    optimizer = optim.Adam(model.parameters(), lr, betas=(0.9, 0.99))
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    return fit_steps(model.learn_from, batches, optimizer, max_norm=1.0, scheduler=scheduler)


def size_of(model):
    """The number of parameters of a model."""
    return sum(parameter.data.size for parameter in model.parameters())


number = {word: i for i, word in enumerate(words)}
longest = max(map(len, world))
padded = np.array([[0, *(number[w] for w in s)] + [-100] * (longest - len(s)) for s in world])


def world_batches(steps, rng):
    """Batches of 32 sentences: what is read (N, T), and the word after each; −100 where there is none."""
    for _ in range(steps):
        batch = padded[rng.integers(0, len(padded), 32)]
        yield np.maximum(batch[:, :-1], 0), batch[:, 1:]


start = time.perf_counter()
teller = small_gpt(GPTConfig(len(words), longest, layers=2, heads=2, width=32), seed=0)
losses = train(teller, world_batches(120, np.random.default_rng(0)), 120, lr=5e-3)
print(f"{size_of(teller):,} parameters, {time.perf_counter() - start:.1f} s, loss {losses[0]:.2f} → {losses[-1]:.2f}")


def gpt_logprobs(sentence):
    """ln P of each word of a sentence by the GPT."""
    ids = np.array([[0, *(number[word] for word in sentence)]])
    logits = teller(ids[:, :-1])[0].astype(float)
    return np.log(nn.softmax(logits)[0])[np.arange(len(sentence)), ids[0, 1:]]


for sentence in (dog, banana):
    p = gpt_logprobs(sentence)
    print(f"{' '.join(sentence):40} ln P {p.sum():6.1f}   the animal or fruit alone: {p[3]:5.1f}")
other = [*banana[:-2], "late", "."]
same = np.abs(gpt_logprobs(banana)[:-2] - gpt_logprobs(other)[:-2]).max()
print(f"another word near the end changes the probabilities before it by {same:.0e}")

# %% [markdown] id="small-gpt-meaning"
# The dog is now $e^{4.8} \approx 120$ times as probable as the banana. In what comes before the animal or the fruit the two sentences hardly differ; that word alone has −0.3 against −4.8. With 395 words to learn from, a network has no great advantage over counting; it gets one when there are more than a table can hold.
#
# The last line is the causal mask at work: what comes later changes nothing before it. So one pass over a text answers the question at all its positions at once, and none of the answers can cheat.

# %% [markdown] id="gpt1"
# ## GPT-1: read first, then learn the task
#
# In 2018 a model for a task was trained on labelled examples of that task, and labels are dear. Radford, Narasimhan, Salimans and Sutskever proposed two stages. First **pre-training**: a language model reads a corpus $\mathcal U$ without any labels and maximises
#
# $$L_1(\mathcal U) = \sum_i \ln P(u_i \mid u_{i-k},\dots,u_{i-1};\theta)$$
#
# Then **fine-tuning**: the same weights go on learning from a small labelled set $\mathcal C$ of texts $x$ and answers $y$, with one new matrix $W_y$ that reads the state of the last block at the last token, $P(y\mid x) = \mathrm{softmax}(h^m_n W_y)$. Both goals may be kept:
#
# $$L_2(\mathcal C) = \sum_{(x,y)} \ln P(y\mid x), \qquad L_3(\mathcal C) = L_2(\mathcal C) + \lambda L_1(\mathcal C), \quad \lambda = 0.5$$
#
# All three are *maximised*. What a program minimises is their negative. (The book calls the corpus $T$, a letter that elsewhere is a length.)
#
# The model is the decoder of chapter 35 without the encoder, and so without cross-attention:
#
# $$h_0 = U W_e + W_p,\qquad h_l = \mathrm{block}(h_{l-1}),\qquad P(u) = \mathrm{softmax}(h_n W_e^\top)$$
#
# The matrix $W_e$ that turns tokens into vectors also turns the last vectors into scores. It is used twice, and so collects two gradients.
#
# Twelve blocks, twelve heads, 768 numbers for each token, a hidden layer of 3,072, contexts of 512 tokens, learnt positions, GELU, dropout of 0.1, and 40,000 merges of byte-pair encoding. It read BooksCorpus, some 7,000 unpublished books, a hundred times, 64 sequences a step.
#
# Four remarks on the book's account. Adam's learning rate of $2.5\cdot10^{-4}$ was not constant: it was the peak of a warm-up over 2,000 steps and a cosine; for fine-tuning it was $6.25\cdot10^{-5}$. The "weights without polarisation" that weight decay touches are those that are not biases or gains. "Schema resolution" is the Winograd schema: to whom does a pronoun refer? And the auxiliary goal $L_1$ in fine-tuning helped on the larger sets only, as the paper's own ablation shows. (The paper reports better results than models made for the task on 9 of 12 tasks. The *apex* of its techniques, says the book; within a year there was BERT.)
#
# ### The block
#
# From GPT-2 on, the block has its norms *inside* the branches:
#
# $$x \leftarrow x + \mathrm{attention}(\mathrm{LN}(x)),\qquad x \leftarrow x + W_2\,\mathrm{gelu}(W_1\,\mathrm{LN}(x) + b_1) + b_2$$
#
# with causal attention in $H$ heads, chapters 34 and 35: for each head $\mathrm{softmax}\big(QK^\top/\sqrt{D/H}\big)V$ over the positions that a token may see.


# %% id="block-tools" given=true
def softmax(z):
    """exp(z) divided by its sum along the last axis; −∞ becomes 0."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def layer_norm(x, gain, shift):
    """x (…, D) with mean 0 and variance 1 over its D features, times `gain` plus `shift`."""
    centred = x - x.mean(axis=-1, keepdims=True)
    return gain * centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5) + shift


def gelu(x):
    """x Φ(x) in the approximation of GPT-2."""
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def library_block(x, p, heads, attend=None, post=False, residual=True, direct=False):
    """A block by dlbook.nn, and with other settings what mistakes would give; the tests compare with it."""
    N, T, D = x.shape
    attend = attend or (lambda q, k, v: nn.attention(q, k, v, nn.causal_mask(T))[0])

    def attention(a):
        qkv = np.split(nn.linear(a, p["W_qkv"], p["b_qkv"])[0], 3, axis=2)
        if direct:
            y = attend(*(part.reshape(N, heads, T, -1) for part in qkv)).reshape(N, T, D)
        else:
            y = attend(*(part.reshape(N, T, heads, -1).swapaxes(1, 2) for part in qkv))
            y = y.swapaxes(1, 2).reshape(N, T, D)
        return nn.linear(y, p["W_o"], p["b_o"])[0]

    def mlp(a):
        return nn.linear(nn.gelu(nn.linear(a, p["W_1"], p["b_1"])[0], "tanh")[0], p["W_2"], p["b_2"])[0]

    for branch, gain, shift in ((attention, "gain_1", "shift_1"), (mlp, "gain_2", "shift_2")):
        if post:
            x = nn.layer_norm(x + branch(x), p[gain], p[shift])[0]
        else:
            x = residual * x + branch(nn.layer_norm(x, p[gain], p[shift])[0])
    return x


def block_case(N, T, D):
    """Inputs (N, T, D) and the parameters of a block, the same on every machine."""
    shapes = {
        "gain_1": (D,), "shift_1": (D,), "W_qkv": (3 * D, D), "b_qkv": (3 * D,), "W_o": (D, D), "b_o": (D,),
        "gain_2": (D,), "shift_2": (D,), "W_1": (4 * D, D), "b_1": (4 * D,), "W_2": (D, 4 * D), "b_2": (D,),
    }  # fmt: skip
    p = {}
    for i, (name, shape) in enumerate(shapes.items()):
        p[name] = 0.7 * np.cos((1.1 + 0.17 * i) * np.arange(np.prod(shape)) + i).reshape(shape)
    return np.sin(1.3 * np.arange(N * T * D) + 0.4).reshape(N, T, D), p


# %% [markdown] id="block-statement" statement="block"
# ### Exercise 2: the block (6 points)
#
# Write `gpt_block(x, p, heads)` for `x (N, T, D)`: the two lines above. `p` is a dictionary of arrays:
#
# | | |
# |---|---|
# | `gain_1`, `shift_1`, `gain_2`, `shift_2` | `(D,)`, of the two layer norms |
# | `W_qkv (3D, D)`, `b_qkv (3D,)` | queries, keys and values, in this order, one below the other |
# | `W_o (D, D)`, `b_o (D,)` | after the heads are joined |
# | `W_1 (4D, D)`, `b_1 (4D,)`, `W_2 (D, 4D)`, `b_2 (D,)` | the two layers of the hidden branch |
#
# Every matrix is `(out, in)`: `a @ W.T + b`. Head $h$ has the features $hD/H$ to $(h+1)D/H-1$ of queries, keys and values. Token $t$ may look at $0\dots t$. Given: `layer_norm`, `softmax`, `gelu`. It returns an array `(N, T, D)`, and changes nothing.
#
# Check by hand: if `W_o`, `b_o`, `W_2` and `b_2` are zero, both branches give zero and the block returns `x`.


# %% id="block" exercise=true difficulty=3 by_hand="nn data library_block"
def gpt_block(x, p, heads):
    """A causal transformer block with its norms inside the branches: x (N, T, D) -> (N, T, D)."""
    ### BEGIN SOLUTION
    N, T, D = x.shape
    a = layer_norm(x, p["gain_1"], p["shift_1"]) @ p["W_qkv"].T + p["b_qkv"]
    q, k, v = (part.reshape(N, T, heads, D // heads).swapaxes(1, 2) for part in np.split(a, 3, axis=2))
    scores = q @ k.swapaxes(2, 3) / np.sqrt(D // heads)
    y = softmax(np.where(np.tri(T, dtype=bool), scores, -np.inf)) @ v
    x = x + y.swapaxes(1, 2).reshape(N, T, D) @ p["W_o"].T + p["b_o"]
    a = layer_norm(x, p["gain_2"], p["shift_2"])
    return x + gelu(a @ p["W_1"].T + p["b_1"]) @ p["W_2"].T + p["b_2"]
    ### END SOLUTION


# %% [markdown] id="block-hints" hints="block"
# - post: The norms stand after the sums, as in GPT-1; here each is the first thing inside its branch.
# - residual: The way round is missing: each branch is added to x.
# - unmasked: Every token sees the whole text: it may look at itself and those before it only.
# - future: The mask is turned round: tokens look at what comes after them.
# - after: The mask came after the softmax: the weights that are left no longer add up to 1. Put −∞ into the scores.
# - scale: The scores are divided by the square root of the size of a head, D / H.
# - heads: The heads are mixed up: split the last axis into (heads, D / heads) first, then move the heads before the tokens.


# %% id="block-one-token" test="block" points=1
@check.exercise("37-gpt/block")
def one_token():
    """One token: the order of norm, branch and sum"""
    x, p = block_case(2, 1, 4)
    y = check.call(gpt_block, x, p, 1, returns=("y",))
    check.close(y, library_block(x, p, 1), name="y", hints={
        "post": lambda right: library_block(x, p, 1, post=True),
        "residual": lambda right: library_block(x, p, 1, residual=False),
    })  # fmt: skip


# %% id="block-causal" test="block" points=2
@check.exercise("37-gpt/block")
def four_tokens_one_head():
    """Four tokens, one head: who looks at whom"""
    x, p = block_case(1, 4, 3)
    y = check.call(gpt_block, x, p, 1, returns=("y",))
    root = np.sqrt(3)
    check.close(y, library_block(x, p, 1), name="y", hints={
        "unmasked": lambda right: library_block(x, p, 1, lambda q, k, v: nn.attention(q, k, v)[0]),
        "future": lambda right: library_block(x, p, 1, lambda q, k, v: nn.attention(q, k, v, np.tri(4, dtype=bool).T)[0]),
        "after": lambda right: library_block(x, p, 1, lambda q, k, v: np.tril(softmax(q @ k.swapaxes(2, 3) / root)) @ v),
    })  # fmt: skip


# %% id="block-heads" test="block" points=2
@check.exercise("37-gpt/block")
def two_examples_two_heads():
    """Two examples, three tokens, two heads"""
    x, p = block_case(2, 3, 4)
    y = check.call(gpt_block, x, p, 2, returns=("y",))
    root = np.sqrt(1 / 2)
    check.close(y, library_block(x, p, 2), name="y", hints={
        "scale": lambda right: library_block(x, p, 2, lambda q, k, v: nn.attention(root * q, k, v, nn.causal_mask(3))[0]),
        "heads": lambda right: library_block(x, p, 2, direct=True),
    })  # fmt: skip


# %% id="block-hidden" test="block" points=1 hidden=true
@check.exercise("37-gpt/block", hidden=True)
def other_sizes_of_a_block():
    """One example, as many heads as features, as many tokens as heads"""
    rng = check.rng(1)
    for N, T, D, heads in [(1, 5, 6, 3), (3, 2, 2, 2), (2, 4, 8, 4), (1, 1, 3, 1)]:
        x, p = block_case(N, T, D)
        x, p = rng.normal(size=x.shape), {name: rng.normal(size=array.shape) for name, array in p.items()}
        y = check.call(gpt_block, x, p, heads, returns=("y",))
        check.close(y, library_block(x, p, heads), name=f"y for N = {N}, T = {T}, D = {D}, {heads} heads")


# %% [markdown] id="loss"
# ### The loss: every position predicts its neighbour
#
# The model reads a text `ids (N, T)` and gives `logits (N, T, K)`, a score for each of $K$ tokens at each position. The answer to position $t$ is the token at $t+1$. So a text is its own teacher, moved by one:
#
# | position | 0 | 1 | 2 | 3 |
# |---|---|---|---|---|
# | reads | `<s>` | eu | levo | meu |
# | should say | eu | levo | meu | *nothing: the text ends here* |
#
# The scores of position $t$ are compared with token $t+1$; the last position has no answer. A model that is compared with token $t$ learns in no time to copy what it reads, reaches a loss of zero, and can write nothing.
#
# Texts of a batch have different lengths and are filled up. `real (N, T)` says which tokens belong to the text. Only real answers count, and the loss is the mean over them:
#
# $$L = -\frac{1}{M}\sum_{n}\sum_{t=0}^{T-2} r_{n,t+1}\,\ln \mathrm{softmax}(z_{n,t})_{u_{n,t+1}},\qquad M = \sum_n\sum_{t=0}^{T-2} r_{n,t+1}$$


# %% [markdown] id="next-statement" statement="next-loss"
# ### Exercise 3: the loss over shifted targets (4 points)
#
# Write `next_token_loss(logits, ids, real)` for `logits (N, T, K)`, integers `ids (N, T)` and booleans `real (N, T)`. It returns the loss above, a float, in nats. Logits may be as large as a thousand. There is always at least one real answer.
#
# Check by hand: `logits = [[[0, ln 3], [5, 5]]]`, `ids = [[1, 0]]`, all real: the one answer is token 0, with probability ¼, and the loss is $\ln 4 = 1.386$.


# %% id="next-loss" exercise=true difficulty=2 by_hand="nn data library_next_loss"
def next_token_loss(logits, ids, real):
    """Mean −ln P(ids[:, t + 1]) under logits[:, t] over the real answers: logits (N, T, K), ids, real (N, T) -> float."""
    ### BEGIN SOLUTION
    z = logits[:, :-1] - logits[:, :-1].max(axis=2, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=2, keepdims=True))
    answers = np.take_along_axis(log_p, ids[:, 1:, None], axis=2)[:, :, 0]
    return float(-(answers * real[:, 1:]).sum() / real[:, 1:].sum())
    ### END SOLUTION


# %% [markdown] id="next-hints" hints="next-loss"
# - unshifted: Position t is compared with the token that it reads: its answer is the token at t + 1.
# - backwards: The shift runs the wrong way: position t was compared with the token before it.
# - sum: The loss is the mean over the answers, not their sum.
# - sign: The sign is turned round: what is minimised is minus the log-likelihood.
# - padding: Tokens that are not real count as answers: leave them out.
# - mean: Divide by the number of real answers, not by that of all positions.


# %% id="next-case" given=true
def next_case(N, T, K):
    """Logits, tokens and which of them are real, the same on every machine."""
    logits = 2 * np.cos(1.7 * np.arange(N * T * K) ** 1.1 + 0.3).reshape(N, T, K)
    ids = (np.arange(N * T) ** 2 % 7 % K).reshape(N, T)
    real = np.arange(T) < T - (np.arange(N) % 3)[:, None]
    return logits, ids, real


def library_next_loss(logits, ids, real):
    """The loss by dlbook.nn."""
    kept = real[:, 1:]
    return nn.cross_entropy(logits[:, :-1][kept], ids[:, 1:][kept])[0]


# %% id="next-shift" test="next-loss" points=1
@check.exercise("37-gpt/next-loss")
def one_text():
    """One text of five tokens"""
    logits, ids, real = next_case(1, 5, 4)
    log_p = nn.log_softmax(logits)[0][0]
    unshifted = [-log_p[np.arange(T), ids[0, :T]].mean() for T in (5, 4)]
    found = check.call(next_token_loss, logits, ids, real, returns=("loss",))
    check.close(found, library_next_loss(logits, ids, real), name="loss", hints={
        "unshifted": lambda right: min(unshifted, key=lambda one: abs(one - found)),
        "backwards": lambda right: -log_p[np.arange(1, 5), ids[0, :-1]].mean(),
        "sum": lambda right: 4 * right,
        "sign": lambda right: -right,
    })  # fmt: skip


# %% id="next-padding" test="next-loss" points=1
@check.exercise("37-gpt/next-loss")
def texts_of_different_lengths():
    """Three texts of different lengths"""
    logits, ids, real = next_case(3, 5, 4)
    found = check.call(next_token_loss, logits, ids, real, returns=("loss",))
    check.close(found, library_next_loss(logits, ids, real), name="loss", hints={
        "padding": lambda right: library_next_loss(logits, ids, np.ones((3, 5), bool)),
        "mean": lambda right: right * real[:, 1:].sum() / 12,
    })  # fmt: skip


# %% id="next-hidden" test="next-loss" points=2 hidden=true
@check.exercise("37-gpt/next-loss", hidden=True)
def large_scores_and_other_sizes():
    """Large scores, two tokens, one text"""
    rng = check.rng(2)
    for N, T, K, size in [(1, 2, 3, 1.0), (4, 6, 5, 400.0), (2, 3, 7, 1.0), (5, 4, 2, 3.0)]:
        logits, ids = size * rng.normal(size=(N, T, K)), rng.integers(0, K, (N, T))
        real = np.arange(T) < 2 + rng.integers(0, T - 1, N)[:, None]
        found = check.call(next_token_loss, logits, ids, real, returns=("loss",))
        check.close(found, library_next_loss(logits, ids, real), name=f"loss for N = {N}, T = {T}, K = {K}")


# %% [markdown] id="next-back-statement" statement="next-back"
# ### Exercise 4: its gradient (6 points)
#
# Write `next_token_loss_backward(logits, ids, real)`. It returns `dlogits (N, T, K)`, the gradient of `next_token_loss` with respect to the logits. Chapter 09 has the gradient of one softmax; what is new is which positions get one, and how much.
#
# Check by hand: for `logits = [[[0, ln 3], [5, 5]]]`, `ids = [[1, 0]]`, all real, it is `[[[−0.75, 0.75], [0, 0]]]`.


# %% id="next-back" exercise=true difficulty=2 by_hand="nn data library_next_loss next_token_loss"
def next_token_loss_backward(logits, ids, real):
    """Gradient (N, T, K) of the mean loss over the real answers with respect to the logits."""
    ### BEGIN SOLUTION
    dlogits = np.zeros(logits.shape)
    p = softmax(logits[:, :-1])
    p[np.arange(len(ids))[:, None], np.arange(ids.shape[1] - 1), ids[:, 1:]] -= 1
    dlogits[:, :-1] = p * real[:, 1:, None] / real[:, 1:].sum()
    return dlogits
    ### END SOLUTION


# %% [markdown] id="next-back-hints" hints="next-back"
# - unshifted: Position t is compared with the token that it reads: its answer is the token at t + 1.
# - last: The last position has no answer, so its scores have no gradient.
# - sign: The sign is turned round: probabilities minus the answer.
# - target: The answer is missing: one is taken from the probability of the right token.
# - mean: The loss is a mean over the real answers: divide by their number.
# - padding: Positions whose answer is not real have no gradient.
# - positions: Divide by the number of real answers, not by that of all positions.


# %% id="next-back-one" test="next-back" points=2
@check.exercise("37-gpt/next-back")
def gradient_of_one_text():
    """One text of five tokens"""
    logits, ids, real = next_case(1, 5, 4)
    p = nn.softmax(logits)[0]

    def with_answers(answers):
        return (p - np.eye(4)[answers]) / 4

    found = check.call(next_token_loss_backward, logits, ids, real, returns=("dlogits",))
    rolled = with_answers(np.roll(ids, -1, axis=1))
    no_answer = rolled * [[[1]] * 4 + [[0]]] + p / 4 * [[[0]] * 4 + [[1]]]
    unshifted = [with_answers(ids), with_answers(ids) * [[[1]] * 4 + [[0]]], with_answers(ids) * 0.8]
    last = [rolled, no_answer, 0.8 * rolled]
    check.gradient(lambda v: library_next_loss(v, ids, real), found, logits, name="dlogits", hints={
        "unshifted": lambda right: min(unshifted, key=lambda one: np.abs(one - found).max()),
        "last": lambda right: min(last, key=lambda one: np.abs(one - found).max()),
        "sign": lambda right: -right,
        "target": lambda right: p / 4 * [[[1]] * 4 + [[0]]],
        "mean": lambda right: 4 * right,
    })  # fmt: skip


# %% id="next-back-padding" test="next-back" points=2
@check.exercise("37-gpt/next-back")
def gradient_of_texts_of_different_lengths():
    """Three texts of different lengths"""
    logits, ids, real = next_case(3, 5, 4)
    found = check.call(next_token_loss_backward, logits, ids, real, returns=("dlogits",))
    M = real[:, 1:].sum()
    whole = nn.softmax(logits)[0] - np.eye(4)[np.roll(ids, -1, axis=1)]
    whole[:, -1] = 0
    padding = [whole / 12, whole / M]
    check.gradient(lambda v: library_next_loss(v, ids, real), found, logits, name="dlogits", hints={
        "padding": lambda right: min(padding, key=lambda one: np.abs(one - found).max()),
        "positions": lambda right: right * M / 12,
    })  # fmt: skip


# %% id="next-back-hidden" test="next-back" points=2 hidden=true
@check.exercise("37-gpt/next-back", hidden=True)
def gradients_of_large_scores_and_other_sizes():
    """Large scores, two tokens, one text"""
    rng = check.rng(3)
    for N, T, K, size in [(1, 2, 3, 1.0), (4, 6, 5, 400.0), (2, 3, 7, 1.0), (5, 4, 2, 3.0)]:
        logits, ids = size * rng.normal(size=(N, T, K)), rng.integers(0, K, (N, T))
        real = np.arange(T) < 2 + rng.integers(0, T - 1, N)[:, None]
        right, kept = np.zeros(logits.shape), real[:, 1:]
        _, cache = nn.cross_entropy(logits[:, :-1][kept], ids[:, 1:][kept])
        right[:, :-1][kept] = nn.cross_entropy_backward(1.0, cache)
        found = check.call(next_token_loss_backward, logits, ids, real, returns=("dlogits",))
        check.close(found, right, name=f"dlogits for N = {N}, T = {T}, K = {K}")


# %% [markdown] id="shift-question" question="predict"
# Two models of the small world are trained alike, but one is compared with the token that it reads, instead of the next. What are their losses after 60 steps?
#
# - [ ] about equal: both see the same text, but one of the questions is much easier.
# - [ ] the unshifted one is higher: it would be, if the answer were not there to be copied.
# - [x] the unshifted one is near zero: the answer stands in front of it, through the way round every block, and it learns to copy.


# %% id="shift-run"
def unshifted_batches(steps, rng):
    for x, y in world_batches(steps, rng):
        yield x, np.where(y == -100, -100, x)


shape = GPTConfig(len(words), longest, layers=2, heads=2, width=32)
for name, batches in (("next token", world_batches), ("own token", unshifted_batches)):
    model = small_gpt(shape, seed=0)
    losses = train(model, batches(60, np.random.default_rng(0)), 60, lr=5e-3)
    likeliest = model(np.array([[0, number["o"], number["cachorro"]]]))[0, -1].argmax()
    print(f"{name:10}: loss {losses[0]:.2f} → {losses[-1]:.2f}; after “o cachorro” it says “{words[likeliest]}”")

# %% [markdown] id="pretrain"
# ### Pre-training on a novel
#
# Now a whole novel: *Dom Casmurro*, as in chapter 20, with the last 20,000 letters kept aside. Its tokens are 1,024 symbols of byte-pair encoding (chapter 33), learnt from the known part. A letter weighs less than a symbol, so to compare with other models the loss is counted per *letter*.
#
# Each step reads windows of 64 tokens from random places. `FULL = True` trains a larger one for minutes; `CORPUS = "shakespeare"` reads the collected Shakespeare instead.

# %% id="pretrain-run"
from dlbook.text import BPETokenizer

FULL = False  # True: 3 layers, 96 wide, 1,500 steps; takes minutes
CORPUS = "dom casmurro"  # or "shakespeare"

corpus = data.dom_casmurro() if CORPUS == "dom casmurro" else data.tiny_shakespeare()
known, unseen = corpus[:-20_000], corpus[-20_000:]
start = time.perf_counter()
tokenizer = BPETokenizer.train(known, 1024)
known_ids, unseen_ids = tokenizer.encode(known), tokenizer.encode(unseen)
print(f"{len(known):,} letters are {len(known_ids):,} tokens, for instance", end=" ")
print([tokenizer.decode([i]) for i in tokenizer.encode("Capitu tinha olhos de ressaca.")])


def loss_per_letter(model, ids):
    """Mean −ln P of the tokens of a text, read in windows, divided by its letters: nats a letter."""
    T = model.config.block
    n = (len(ids) - 1) // T * T
    logits = model(ids[:n].reshape(-1, T)).reshape(n, -1)
    return nn.cross_entropy(logits, ids[1 : n + 1], "sum")[0] / len(tokenizer.decode(ids[1 : n + 1]))


steps, layers, width, batch = (1500, 3, 96, 24) if FULL else (300, 2, 64, 8)
novelist = small_gpt(GPTConfig(1024, 64, layers, 4, width), seed=0, std=0.08)
losses = train(novelist, windows(known_ids, 64, batch, steps, np.random.default_rng(0)), steps, lr=5e-3)
after = loss_per_letter(novelist, unseen_ids)
print(f"{size_of(novelist):,} parameters, {steps} steps, {time.perf_counter() - start:.0f} s")
print(f"unseen text: {after:.2f} nats a letter, perplexity a letter {np.exp(after):.2f}")
print(f"first loss a token {losses[0]:.2f}; ln 1024 = {np.log(1024):.2f}")

figure = plots.figure(7, 3)
ax = figure.subplots()
ax.plot(losses, color=plots.SKY, label="each step")
ax.plot(
    np.arange(10, len(losses)),
    np.convolve(losses, np.ones(11) / 11, "valid"),
    color=plots.BLUE,
    label="mean of 11 steps",
)
ax.axhline(np.log(1024), color=plots.BLACK, linestyle=":", label="ln 1024: guessing")
ax.set(xlabel="step", ylabel="loss, nats a token")
ax.legend()
plots.show(figure, alt="The loss falls steeply from about ln 1024 in the first fifty steps, then more and more slowly.")


# %% id="pretrain-sample"
def write(beginning, length, seed=0, **settings):
    """What the novelist writes after a beginning."""
    ids = tokenizer.encode(beginning)
    found = novelist.generate(ids, length, rng=np.random.default_rng(seed), **settings)
    return beginning + tokenizer.decode(found)


BEGINNING = "Capitu" if CORPUS == "dom casmurro" else "KING"
print(write(BEGINNING, 120, temperature=0.8, top_p=0.9))

# %% [markdown] id="pretrain-meaning"
# The novel has been read once and a bit, and the unseen part has 1.88 nats a letter: a perplexity of 6.53. The recurrent network of chapter 20 came to 5.04 after three readings, its table of four letters to 4.64. A transformer has more to learn at the start, even that the letter before is worth looking at. Given time it gets better: with `FULL = True`, 440,160 parameters and 1,500 steps, it came to 1.46 nats, a perplexity of 4.29, better than both, in 261 seconds on one core.
#
# The text has Portuguese words, a name, dashes where somebody speaks, and no sense. A GPT that writes sense has read a million times as much.

# %% [markdown] id="transformations"
# ### Fine-tuning: four tasks, one model
#
# GPT-1 changes its *input*, and never its blocks, to fit a task. Three tokens are new: a start `<s>`, a delimiter `$`, and an end `<e>`. The state at `<e>`, which has seen everything, goes into $W_y$.
#
# | task | what the model reads | what is done with the states at `<e>` |
# |---|---|---|
# | classification | `<s> text <e>` | $W_y$, softmax over the classes |
# | entailment | `<s> premise $ hypothesis <e>` | the same |
# | similarity | `<s> A $ B <e>` and `<s> B $ A <e>` | added up, then $W_y$: neither text comes first |
# | multiple choice | `<s> context $ answer <e>` for every answer | one number each, softmax over the answers |
#
# To see what pre-training is worth we need a language in which everything is known. A grammar writes reviews: *a novela é triste e banal . detestei* (the soap opera is sad and trite. I hated it). Two adjectives of the same sign, out of eight good and eight bad ones, then a verdict that agrees with them. 3,000 of them, without any label, are for pre-training: 200 steps.
#
# The labelled task is smaller: *a novela é triste*, good or bad? One adjective, no verdict.

# %% id="reviews"
THINGS = ["o filme", "o livro", "o jogo", "a peça", "a novela", "a música"]
ADJECTIVES = {
    1: ["ótimo", "lindo", "alegre", "leve", "vivo", "brilhante", "original", "perfeito"],
    0: ["péssimo", "feio", "triste", "pesado", "morto", "confuso", "banal", "fraco"],
}
VERDICTS = {1: ["adorei", "recomendo", "voltarei"], 0: ["detestei", "fujam", "dormi"]}
LEXICON = ["<s>", "<e>", "$", ".", "é", "e", "o", "a", *(thing.split()[1] for thing in THINGS)]
LEXICON += [word for sign in (1, 0) for word in ADJECTIVES[sign] + VERDICTS[sign]]


def encoded(texts):
    """Texts of equally many words as an array of their numbers."""
    return np.array([[LEXICON.index(word) for word in text.split()] for text in texts])


def whole_review(rng):
    """A review with two adjectives and a verdict."""
    sign = int(rng.integers(2))
    first, second = rng.choice(ADJECTIVES[sign], 2)
    return f"<s> {rng.choice(THINGS)} é {first} e {second} . {rng.choice(VERDICTS[sign])} <e>"


def short_reviews(n, rng):
    """n labelled reviews with one adjective, as many good as bad: texts without <s> and <e>, labels (n,)."""
    signs = np.arange(n) % 2
    return [f"{rng.choice(THINGS)} é {rng.choice(ADJECTIVES[int(sign)])}" for sign in signs], signs


def review_batches(texts, steps, rng):
    """Batches of 32 whole reviews: what is read, and the word after each."""
    for _ in range(steps):
        batch = texts[rng.integers(0, len(texts), 32)]
        yield batch[:, :-1], batch[:, 1:]


def reader(width, seed, heads=2):
    """A GPT of two blocks for reviews, untrained."""
    return small_gpt(GPTConfig(len(LEXICON), 14, 2, heads, width), seed, std=0.14 if width > 16 else 0.25)


rng = np.random.default_rng(0)
reviews = encoded([whole_review(rng) for _ in range(3000)])
fresh = encoded([whole_review(rng) for _ in range(1000)])
start = time.perf_counter()
pretrained = reader(32, seed=0)
losses = train(pretrained, review_batches(reviews, 200, np.random.default_rng(0)), 200, lr=1e-2)
print(" / ".join(whole_review(rng) for _ in range(2)))
print(
    f"{size_of(pretrained):,} parameters, loss {losses[0]:.2f} → {losses[-1]:.2f}, {time.perf_counter() - start:.1f} s"
)


# %% id="fine-tune"
def copy_of(model):
    """A second model with the same weights."""
    other = GPT(model.config, rng=np.random.default_rng(0), dtype=np.float32)
    other.load_state_dict(model.state_dict())
    return other


def with_next_words(model, h, ids, strength):
    """Gradient (N, T, D) of `strength` times the next-token loss of the states h; adds that of the embedding."""
    logits = h[:, :-1] @ model.token.weight.data.T
    _, cache = nn.cross_entropy(logits.reshape(-1, logits.shape[2]), ids[:, 1:].ravel())
    dlogits = (strength * nn.cross_entropy_backward(1.0, cache)).astype(h.dtype)
    model.token.weight.accumulate(dlogits.T @ h[:, :-1].reshape(-1, h.shape[2]))
    dh = np.zeros_like(h)
    dh[:, :-1] = (dlogits @ model.token.weight.data).reshape(logits.shape[0], -1, h.shape[2])
    return dh


def fine_tune(model, ids, labels, steps=25, lam=0.0, classes=2, join=None, seed=0):
    """Train a copy of `model` and a new head on labelled texts: minimise −L₂ − λ L₁.

    ids : (N, A, T), A inputs for each example, joined at their last tokens: "sum" of their states, or "choice" of one.
    """
    rng = np.random.default_rng(seed)
    model, head = (
        copy_of(model),
        nn.Linear(model.config.width, 1 if join == "choice" else classes, rng=rng, dtype=np.float32),
    )
    optimizer = optim.Adam([*model.parameters(), *head.parameters()], 5e-3)
    for _ in range(steps):
        chosen = rng.permutation(len(ids))[:16]
        N, A, T = ids[chosen].shape
        flat = ids[chosen].reshape(N * A, T)
        h, memory = model.hidden(flat)
        last = h[:, -1].reshape(N, A, -1)
        z, head_memory = head.forward(last if join == "choice" else last.sum(axis=1))
        _, loss_memory = nn.cross_entropy(z[:, :, 0] if join == "choice" else z, labels[chosen])
        dz = nn.cross_entropy_backward(1.0, loss_memory)
        dlast = head.backward(dz[:, :, None] if join == "choice" else dz, head_memory)
        dh = with_next_words(model, h, flat, lam) if lam else np.zeros_like(h)
        dh[:, -1] += (dlast if join == "choice" else np.repeat(dlast[:, None], A, axis=1)).reshape(N * A, -1)
        model.hidden_backward(dh, memory)
        optimizer.step()
        optimizer.zero_grad()
    return model, head


def answers(model, head, ids, join=None):
    """The answer of a fine-tuned model to each example of ids (N, A, T)."""
    N, A, T = ids.shape
    h, _ = model.hidden(ids.reshape(N * A, T))
    last = h[:, -1].reshape(N, A, -1)
    return (head(last)[:, :, 0] if join == "choice" else head(last.sum(axis=1))).argmax(axis=1)


test_texts, test_labels = short_reviews(600, np.random.default_rng(9))
test_ids = encoded([f"<s> {text} <e>" for text in test_texts])[:, None]
STARTS = {"from scratch": (None, 0.0), "pre-trained": (pretrained, 0.0), "pre-trained, λ = 0.5": (pretrained, 0.5)}
COUNTS = (4, 8, 16, 64)
results = {}
start = time.perf_counter()
for count in COUNTS:
    for name, (begin, lam) in STARTS.items():
        for seed in range(3):
            texts, labels = short_reviews(count, np.random.default_rng(100 + seed))
            ids = encoded([f"<s> {text} <e>" for text in texts])[:, None]
            tuned = fine_tune(begin or reader(32, seed), ids, labels, lam=lam, seed=seed)
            results[count, name, seed] = answers(*tuned, test_ids)
    right = {name: [np.mean(results[count, name, seed] == test_labels) for seed in range(3)] for name in STARTS}
    print(f"{count:2} labels:", "   ".join(f"{name} {np.mean(r):.2f} ± {np.std(r):.2f}" for name, r in right.items()))
print(f"{time.perf_counter() - start:.1f} s")

# %% [markdown] id="fine-tune-meaning"
# With 8 labels the pre-trained model is right in every case; the one from scratch reaches 0.68, and 0.97 with 64. Eight labels cannot contain all sixteen adjectives. But the 3,000 unlabelled reviews did: adjectives of one sign stand side by side, and before the same verdicts, so their vectors lie together. One label for *triste* is a label for *banal* too.
#
# The auxiliary goal, λ = 0.5, makes hardly any difference: 0.98 instead of 0.90 with four labels, a little less with 8 and 16. There is no room above 1.00, and three runs are few.
#
# ## Try it
#
# How many labels is pre-training worth? And where does a model from scratch go wrong: in one class, or in both?


# %% id="labels-widget" folded=true
def labels_result(count, name):
    """Accuracies of all starts by the number of labels, and the confusion matrix of one, over three runs."""
    said = np.concatenate([results[count, name, seed] for seed in range(3)])
    truth = np.tile(test_labels, 3)
    matrix = np.array([[np.sum((truth == i) & (said == j)) for j in (0, 1)] for i in (0, 1)])
    accuracy = {
        one: [np.mean([np.mean(results[c, one, seed] == test_labels) for seed in range(3)]) for c in COUNTS]
        for one in STARTS
    }
    return {"matrix": matrix, "accuracy": accuracy, "count": count, "name": name}


def labels_figure(result):
    """Accuracy by labels (left), the confusion matrix (right)."""
    figure = plots.figure(9, 3.4)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    for (name, values), style, marker in zip(result["accuracy"].items(), ("--", "-", ":"), "os^", strict=True):
        left.plot(COUNTS, values, style, marker=marker, label=name)
    left.axvline(result["count"], color=plots.GREY, linewidth=1)
    left.set_xscale("log", base=2)
    left.set_xticks(COUNTS, COUNTS)
    left.set(xlabel="labelled examples", ylabel="right on 600 others", ylim=(0.4, 1.03))
    left.legend()
    plots.confusion_matrix(right, result["matrix"], ["bad", "good"])
    right.set_title(result["name"])
    return figure


widgets.explore(
    labels_figure,
    dict(
        count=widgets.Options(list(COUNTS), value=4, style="buttons", label="labelled examples"),
        name=widgets.Options(list(STARTS), value="pre-trained", label="start"),
    ),
    compute=labels_result,
    alt=lambda result: (
        f"{result['name']}, {result['count']} labels: {np.trace(result['matrix'])} of {result['matrix'].sum()} right. "
        "Pre-trained models are right nearly always from eight labels on; the one from scratch needs 64."
    ),
    table=lambda result: {name: [f"{v:.2f}" for v in values] for name, values in result["accuracy"].items()},
    title="What is a label worth?",
)

# %% [markdown] id="tasks-text"
# Now the other three rows of the table, with the same pre-trained model. *Entailment*: does a verdict follow from a review? *Similarity*: are two reviews of one mind? *Multiple choice*: which of three endings fits?
#
# The last can also be had without any fine-tuning: take the ending that the language model finds most probable. Such *zero-shot* probes of GPT-1 are in the paper, as a sign of what pre-training had taught, not as results that could compete.


# %% id="tasks-run"
def pairs_of(n, rng, task):
    """Inputs (N, A, T) and answers of a task with two texts."""
    inputs, labels = [], []
    for _ in range(n):
        sign, other = int(rng.integers(2)), int(rng.integers(2))
        text = f"{rng.choice(THINGS)} é {rng.choice(ADJECTIVES[sign])}"
        if task == "entailment":
            inputs.append([f"<s> {text} $ {rng.choice(VERDICTS[other])} <e>"])
            labels.append(int(sign == other))
        elif task == "similarity":
            second = f"{rng.choice(THINGS)} é {rng.choice(ADJECTIVES[other])}"
            inputs.append([f"<s> {text} $ {second} <e>", f"<s> {second} $ {text} <e>"])
            labels.append(int(sign == other))
        else:
            place = int(rng.integers(3))
            ends = [rng.choice(VERDICTS[sign if j == place else 1 - sign]) for j in range(3)]
            inputs.append([f"<s> {text} $ {end} <e>" for end in ends])
            labels.append(place)
    A = len(inputs[0])
    ids = encoded([text for example in inputs for text in example])
    return ids.reshape(n, A, -1), np.array(labels), inputs[0]


PLANS = {"entailment": (None, 96, 80), "multiple choice": ("choice", 24, 40), "similarity": ("sum", 256, 200)}
for task, (join, count, steps) in PLANS.items():
    ids, labels, shown = pairs_of(count, np.random.default_rng(5), task)
    others, truth, _ = pairs_of(400, np.random.default_rng(6), task)
    print(f"{task}, {count} labels: {'   '.join(shown)}")
    for name, begin in (("from scratch", reader(32, 0)), ("pre-trained", pretrained)):
        tuned = fine_tune(begin, ids, labels, steps=steps, join=join)
        print(f"    {name:13} {np.mean(answers(*tuned, others, join) == truth):.2f} right")

others, truth, _ = pairs_of(400, np.random.default_rng(6), "multiple choice")
x = others.copy()
x[x == LEXICON.index("$")] = LEXICON.index(".")
log_p = np.log(nn.softmax(pretrained(x.reshape(-1, x.shape[2])))[0]).reshape(*x.shape[:2], x.shape[2], -1)
at = x.shape[2] - 3  # the place before the ending
ending = np.take_along_axis(log_p[:, :, at], x[:, :, at + 1, None], axis=2)[:, :, 0]
print(f"zero-shot, the most probable ending: {np.mean(ending.argmax(axis=1) == truth):.2f} right")

# %% [markdown] id="tasks-meaning"
# With 96 labels entailment is learnt after pre-training, and not without it. For multiple choice 24 labels do, 0.96 against 0.92: the three endings give the task away. For similarity pre-training brought nothing: with 256 labels both are right. (With fewer, neither was.) And the zero-shot probe is right each time, without a single label, because the task happens to be what pre-training was about. Whether a task is that, one has to measure.

# %% [markdown] id="gpt2"
# ## GPT-2: the task is part of the text
#
# A model for one task computes $P(\text{output}\mid\text{input})$. A general one must know what is wanted: $P(\text{output}\mid\text{input},\text{task})$. In GPT-2 (2019) input, output and task are all *text*. Whoever predicts text well enough has to learn tasks on the way, for the web is full of them: questions with their answers, articles with their summaries, sentences with their translations.
#
# The idea in small: one model, three tasks, and a first letter that says which. C copies, R reverses, U makes capital letters.

# %% id="task-run"
SYMBOLS = "CRU=abcdefABCDEF"


def task_texts(n, rng, length=4):
    """n lines such as R a b c d = d c b a, as numbers (n, 2 · length + 2), and which task each is."""
    task, given = rng.integers(0, 3, n), 4 + rng.integers(0, 6, (n, length))
    output = np.where((task == 1)[:, None], given[:, ::-1], given)
    output = np.where((task == 2)[:, None], given + 6, output)
    return np.concatenate([task[:, None], given, np.full((n, 1), 3), output], axis=1), task


def task_batches(steps, rng):
    for _ in range(steps):
        lines, _ = task_texts(32, rng)
        y = lines[:, 1:].copy()
        y[:, :5] = -100  # the given letters are drawn by lot: nothing to predict
        yield lines[:, :-1], y


start = time.perf_counter()
worker = small_gpt(GPTConfig(len(SYMBOLS), 10, 2, 4, 32), seed=0, embedding_std=0.5)
losses = train(worker, task_batches(300, np.random.default_rng(0)), 300, lr=5e-3)
lines, task = task_texts(1000, np.random.default_rng(1))
written = lines[:, :6]
for _ in range(4):
    written = np.concatenate([written, worker(written)[:, -1].argmax(axis=1)[:, None]], axis=1)
right = (written == lines).all(axis=1)
for t, name in enumerate(("copy", "reverse", "capitals")):
    print(
        f"{name:9}: {right[task == t].mean():.3f} of the lines right,",
        "".join(SYMBOLS[i] for i in written[task == t][0]),
    )
same = written[0, 1:6]
for t in range(3):
    line = np.array([[t, *same]])
    for _ in range(4):
        line = np.append(line, worker(line)[:, -1].argmax(axis=1)[:, None], axis=1)
    print("the same letters:", "".join(SYMBOLS[i] for i in line[0]))
print(f"{time.perf_counter() - start:.1f} s")

# %% [markdown] id="task-meaning"
# One network does all three, and the task is an input like any other. Had the labels been in English instead of in single letters, it would have made no difference.
#
# **Zero-shot** means that the model gets no example of the task, only words that show which is meant. It was never trained for it. (The book calls this a special case of zero-shot transfer "where no example is given", which is what both words mean, and prints *zero short*.) For a summary the paper appended `TL;DR:` to an article. For translation it did *not* write the word *French* and a colon, as the book says: it gave example pairs, `english sentence = french sentence`, and ended with `english sentence =`.
#
# ### What GPT-2 read
#
# *WebText*: 8 million pages, 40 GB, to which Reddit posts with at least three votes had linked; without Wikipedia, because many test sets come from there. Its tokens: 256 bytes, 50,000 merges and one sign for the end of a text make the 50,257 that the book gives without a reason. As every text consists of bytes, no text is unknown.
#
# The book's account of the results needs four repairs.
#
# - It says that GPT-2 *subdued* WebText. The paper says that it still **underfits** it: the largest model had not learnt all that was there.
# - The perplexity that fell from 99.8 to 8.6 has lost its name. It is **LAMBADA**, where the last word of a passage can be guessed from the whole passage only; as printed, the sentence seems to speak of children's books.
# - "Recognition of named entities" in the children's books is no such thing: a name has been left out of a sentence, and the right one of ten is wanted.
# - "Ten times" larger than GPT-1, says the book, is GPT-2. It is thirteen times, as we shall count.
#
# ### The norm moves
#
# GPT-1 normalises after each sum, $\mathrm{LN}(x + \mathrm{branch}(x))$ (*post-norm*). GPT-2 normalises inside the branch (*pre-norm*), and once more after the last *block* (the book says: after the last self-attention). In a stack of twelve blocks, nothing else changed:


# %% id="norm-run"
def deep(norm, steps=30):
    """Length of the first gradient of each of twelve blocks, and the losses of the first steps."""
    model = small_gpt(GPTConfig(len(words), longest, 12, 2, 32, norm=norm), seed=0)
    model.learn_from(*next(world_batches(1, np.random.default_rng(0))))
    lengths = np.sqrt([sum(float((p.grad**2).sum()) for p in block.parameters()) for block in model.blocks])
    optimizer = optim.Adam(model.parameters(), 5e-3)
    return lengths, fit_steps(model.learn_from, world_batches(steps, np.random.default_rng(0)), optimizer, max_norm=1.0)


def residual_variance(N, scale, rng, width=200):
    """Variance of a sum of N independent branches of variance 1, each multiplied by `scale`."""
    return float(np.sum(scale * rng.normal(size=(N, 50, width)), axis=0).var())


stacks = {"post-norm, GPT-1": deep("post"), "pre-norm, GPT-2": deep("pre")}
for name, (lengths, losses) in stacks.items():
    print(
        f"{name}: gradient of blocks 1, 6, 12: {lengths[0]:.2f}, {lengths[5]:.2f}, {lengths[-1]:.2f}; loss {losses[0]:.2f} → {losses[-1]:.2f}"
    )
rng = np.random.default_rng(0)
for N in (24, 96):
    plain, scaled = residual_variance(N, 1.0, rng), residual_variance(N, 1 / np.sqrt(N), rng)
    print(f"N = {N} branches: variance {plain:5.1f} as they are, {scaled:.2f} with 1/√N")

figure = plots.figure(10, 3)
left, middle, right = figure.subplots(1, 3)
for (name, (lengths, losses)), style in zip(stacks.items(), ("--", "-"), strict=True):
    left.plot(range(1, 13), lengths, style, marker="o", markersize=3, label=name)
    middle.plot(losses, style, label=name)
left.set(xlabel="block", ylabel="first gradient", ylim=(0, None))
middle.set(xlabel="step", ylabel="loss")
middle.legend(fontsize=8)
Ns = np.arange(4, 100, 8)
right.plot(Ns, [residual_variance(N, 1.0, rng) for N in Ns], "--o", markersize=3, label="as they are")
right.plot(Ns, [residual_variance(N, 1 / np.sqrt(N), rng) for N in Ns], "-s", markersize=3, label="times 1/√N")
right.set(xlabel="branches added, N", ylabel="variance of the sum")
right.legend(fontsize=8)
plots.show(
    figure,
    alt="Left: length of the first gradient by block for both norms. Middle: with pre-norm the loss falls in thirty steps, with post-norm it stays almost level. Right: the variance of a sum of N branches grows as N; with the factor 1/√N it stays at 1.",
)

# %% [markdown] id="norm-meaning"
# After thirty steps the loss of the pre-norm network has fallen from 4.22 to 1.39, that of the post-norm network from 4.12 to 3.49. It has learnt little more than which words are frequent. Every norm in the way rescales what passes, twenty-four times on the way back from the last block to the first; with pre-norm there is a way from the top to the bottom on which nothing stands. Post-norm networks can be trained, but they need the warm-up that GPT-1 had. (At the start the lengths of the gradients tell little of this: they are of the same order in all blocks, a little larger in front with pre-norm.)
#
# The price of the free way is that the branches add up. With $N$ of them, of variance 1 each, the sum has variance $N$. GPT-2 starts the last matrix of each branch smaller by $1/\sqrt N$, with $N$ the number of branches, two a block.

# %% [markdown] id="scaling"
# ### Larger is better, but how?
#
# The paper trained four sizes, and perplexity fell with each. The book concludes that there is no end to it. A language has an end: if the next word is drawn by lot among eight, no model can do better than 1 in 8. In our reviews this floor is known exactly. The thing is one of 6, the first adjective one of 16, the second of 8, the verdict of 3; all other words follow. Over the 9 words that is a perplexity of $(6\cdot16\cdot8\cdot3)^{1/9}$.

# %% id="scaling-run"
floor = np.log(6 * 16 * 8 * 3) / 9
sizes, scaled_losses = [], []
start = time.perf_counter()
for width, heads, lr in ((4, 1, 0.02), (8, 1, 0.01), (16, 2, 0.01), (32, 2, 0.01)):
    model = reader(width, seed=0, heads=heads)
    train(model, review_batches(reviews, 200, np.random.default_rng(0)), 200, lr=lr)
    logits = model(fresh[:, :-1]).reshape(-1, len(LEXICON))
    sizes.append(size_of(model))
    scaled_losses.append(nn.cross_entropy(logits, fresh[:, 1:].ravel())[0])
    print(f"width {width:2}: {sizes[-1]:6,} parameters, perplexity on new reviews {np.exp(scaled_losses[-1]):.3f}")
print(f"floor: {np.exp(floor):.3f}; {time.perf_counter() - start:.1f} s")
slope, start_value = np.polyfit(np.log(sizes), np.log(np.array(scaled_losses) - floor), 1)
print(f"L = floor + {np.exp(start_value):.3g} · N^{slope:.2f}")
naive = np.polyfit(np.log(sizes), np.log(scaled_losses), 1)
print(
    f"a power law without a floor would promise perplexity {np.exp(np.exp(np.polyval(naive, np.log(1e9)))):.2f} at 10⁹ parameters"
)

figure = plots.figure(7, 3.2)
ax = figure.subplots()
ax.loglog(sizes, np.array(scaled_losses) - floor, "o", label="loss − floor")
N = np.geomspace(500, 40_000, 50)
ax.loglog(N, np.exp(start_value) * N**slope, "--", label=f"{np.exp(start_value):.2g} · N^{slope:.2f}")
ax.set(xlabel="parameters N", ylabel="nats a word above the floor")
ax.legend()
plots.show(
    figure,
    alt="Loss above the floor against the number of parameters, both on logarithmic axes: four points near a falling straight line.",
)

# %% [markdown] id="scaling-meaning"
# The perplexity falls from 2.87 to 2.38, and it cannot go below 2.364. Take the floor off, and what is left follows a power law over the four sizes, $L - L_\infty \approx 70\,N^{-0.90}$. Forget the floor, and the same four points promise a perplexity of 1.63 for a model of a thousand million parameters: less than the language has. The capability does not grow without end; the *excess* shrinks by a constant factor with each doubling.
#
# For real language the floor is not known, and the law has a theory of its own. Kaplan and others (2020) found power laws in parameters, data and computation. Hoffmann and others (2022, *Chinchilla*) corrected the balance: for a given amount of computation, parameters and tokens should grow together, about twenty tokens for each parameter.

# %% [markdown] id="choosing"
# ### Choosing the next token
#
# The model ends in 50,257 scores. What is said next depends on how one chooses. Always the likeliest: safe, and soon it repeats itself. By lot from the whole distribution: sooner or later a token from the far tail, of which each is improbable but there are fifty thousand, and the text goes astray. In between, three screws, turned in this order:
#
# 1. **Temperature** $\tau$: probabilities $\mathrm{softmax}(z/\tau)$. Below 1 the likely become likelier.
# 2. **Top-k**: only the $k$ likeliest stay.
# 3. **Top-p** (*nucleus sampling*, Holtzman and others, 2019): only the smallest set of likeliest tokens stays whose probabilities reach $p$ together. The token with which the sum reaches $p$ belongs to it.
#
# What stays is made to add up to 1 again, after each.


# %% [markdown] id="choice-statement" statement="choice"
# ### Exercise 5: temperature, top-k, top-p (6 points)
#
# Write `next_probabilities(logits, temperature, top_k, top_p)` for `logits (K,)`. It returns the probabilities `(K,)` from which the next token is drawn: first the temperature, then top-k, then top-p on what top-k has left, scaled to add up to 1. `top_k` or `top_p` is `None` where it is not wanted. `temperature = 0` puts everything on the likeliest token. Of equally likely tokens the one with the smaller number goes first. Large logits must not overflow.
#
# Check by hand: `logits = ln [0.5, 0.3, 0.15, 0.05]`, `temperature = 1`, `top_k = None`, `top_p = 0.7` give `[0.625, 0.375, 0, 0]`: 0.5 alone does not reach 0.7, 0.5 + 0.3 does.


# %% id="choice" exercise=true difficulty=2 by_hand="nn data text"
def next_probabilities(logits, temperature, top_k, top_p):
    """Probabilities (K,) of the next token: temperature, then top-k, then top-p; None leaves one out."""
    ### BEGIN SOLUTION
    order = np.argsort(-logits, kind="stable")
    p = np.zeros(logits.shape)
    if temperature == 0:
        p[order[0]] = 1.0
        return p
    z = logits[order] / temperature
    kept = np.exp(z - z[0])
    if top_k is not None:
        kept = kept[:top_k]
    kept = kept / kept.sum()
    if top_p is not None:
        before = np.cumsum(kept) - kept
        kept = kept[before < top_p]
    p[order[: len(kept)]] = kept / kept.sum()
    return p
    ### END SOLUTION


# %% [markdown] id="choice-hints" hints="choice"
# - crossing: The token with which the sum reaches p stays: 0.5 + 0.3 reaches 0.7, so the second belongs to the set.
# - total: What stays has to add up to 1 again.
# - temperature: The scores are divided by the temperature, not multiplied.
# - outside: The temperature divides the scores, before the exponential; dividing probabilities changes nothing.
# - ties: Of equally likely tokens only k stay, those with the smaller numbers first.
# - order: First temperature, then top-k, then top-p: the set of top-p was chosen from other probabilities.
# - rescale: Top-p works on what top-k has left, scaled to add up to 1.


# %% id="choice-temperature" test="choice" points=1
@check.exercise("37-gpt/choice")
def temperature_alone():
    """The temperature alone"""
    logits = np.log([0.1, 0.4, 0.3, 0.2])
    p = check.call(next_probabilities, logits, 0.5, None, None, returns=("p",))
    squares = np.array([0.01, 0.16, 0.09, 0.04])
    roots = np.sqrt([0.1, 0.4, 0.3, 0.2])
    check.close(p, squares / squares.sum(), name="p", hints={
        "temperature": lambda right: roots / roots.sum(),
        "outside": lambda right: np.exp(logits),
    })  # fmt: skip


# %% id="choice-nucleus" test="choice" points=1
@check.exercise("37-gpt/choice")
def top_p_alone():
    """Top-p alone"""
    p = check.call(next_probabilities, np.log([0.15, 0.5, 0.05, 0.3]), 1.0, None, 0.7, returns=("p",))
    check.close(p, np.array([0, 0.625, 0, 0.375]), name="p", hints={
        "crossing": lambda right: np.array([0, 1.0, 0, 0]),
        "total": lambda right: np.array([0, 0.5, 0, 0.3]),
    })  # fmt: skip


# %% id="choice-three" test="choice" points=2
@check.exercise("37-gpt/choice")
def all_three():
    """All three, and in their order"""
    logits = np.log([0.4, 0.3, 0.15, 0.1, 0.05])
    p = check.call(next_probabilities, logits, 0.5, None, 0.8, returns=("p",))
    heat = np.array([0.16, 0.09, 0, 0, 0])
    check.close(p, heat / heat.sum(), name="p for temperature 0.5, top_p = 0.8", hints={
        "order": lambda right: np.array([0.16, 0.09, 0.0225, 0, 0]) / 0.2725,
    })  # fmt: skip
    p = check.call(next_probabilities, logits, 1.0, 3, 0.8, returns=("p",))
    check.close(p, np.array([4, 3, 0, 0, 0]) / 7, name="p for top_k = 3, top_p = 0.8", hints={
        "rescale": lambda right: np.array([40, 30, 15, 0, 0]) / 85,
    })  # fmt: skip
    p = check.call(next_probabilities, np.array([1.0, 2.0, 1.0, 1.0]), 1.0, 2, None, returns=("p",))
    expected = np.exp([1.0, 2.0]) / np.exp([1.0, 2.0]).sum()
    check.close(p, np.array([*expected, 0, 0]), name="p for three equal scores, top_k = 2", hints={
        "ties": lambda right: np.exp([1.0, 2.0, 1.0, 1.0]) / np.exp([1.0, 2.0, 1.0, 1.0]).sum(),
    })  # fmt: skip


# %% id="choice-hidden" test="choice" points=2 hidden=true
@check.exercise("37-gpt/choice", hidden=True)
def the_ends_of_each_screw():
    """Temperature 0 and near 0, k = 1 and k > K, p = 1, large scores, one token"""
    rng = check.rng(4)
    for K in (1, 2, 9):
        z = 3 * rng.normal(size=K)
        likeliest = np.eye(K)[z.argmax()]
        p = nn.softmax(z)[0]
        for settings in ((0, None, None), (0, 3, 0.5), (1e-3, None, None), (1.0, 1, None), (1.0, None, 1e-6)):
            found = check.call(next_probabilities, z, *settings, returns=("p",))
            check.close(found, likeliest, name=f"p for K = {K}, settings {settings}", atol=1e-6)
        for settings in ((1.0, None, None), (1.0, K + 3, None), (1.0, None, 1.0)):
            found = check.call(next_probabilities, z, *settings, returns=("p",))
            check.close(found, p, name=f"p for K = {K}, settings {settings}")
        found = check.call(next_probabilities, 500 * z, 250.0, None, None, returns=("p",))
        check.close(found, nn.softmax(2 * z)[0], name=f"p for K = {K}, large scores")
    found = check.call(next_probabilities, np.zeros(5), 0, None, None, returns=("p",))
    check.close(found, np.eye(5)[0], name="p for equal scores, temperature 0")


# %% [markdown] id="choice-widget-text"
# ## Try it
#
# Twenty words that may follow *De manhã ela abre a…* (In the morning she opens the…), with made-up scores. Which setting of each screw leaves exactly five words? Turn the temperature to 2: how does top-p answer, and how does top-k?

# %% id="choice-widget" folded=true
from dlbook import text

NEXT = dict(
    janela=4.0, porta=3.7, gaveta=2.6, loja=2.4, carta=2.1, boca=1.6, caixa=1.5, mala=1.2, torneira=1.0, geladeira=0.9,
    bolsa=0.8, cortina=0.6, padaria=0.3, conversa=0.0, escola=-0.2, banana=-0.8, sessão=-1.0, noite=-1.6, lua=-2.0, pedra=-2.5,
)  # fmt: skip


def chosen_words(temperature, top_k, top_p, seed):
    """Probabilities before and after, entropies in bits, and three draws."""
    logits = np.array(list(NEXT.values()))
    settings = dict(top_k=top_k if top_k < 20 else None, top_p=top_p if top_p < 1 else None)
    before, after = nn.softmax(logits)[0], text.next_probabilities(logits, temperature, **settings)
    entropies = [float(-(p[p > 0] * np.log2(p[p > 0])).sum()) for p in (before, after)]
    drawn = np.random.default_rng(seed).choice(list(NEXT), 3, p=after)
    return {"before": before, "after": after, "entropies": entropies, "drawn": [str(word) for word in drawn]}


def chosen_figure(result):
    """Bars before and after."""
    figure = plots.figure(9, 3.4)
    ax = figure.subplots()
    at = np.arange(20)
    ax.bar(at - 0.2, result["before"], 0.4, color=plots.SKY, label=f"before: {result['entropies'][0]:.2f} bits")
    ax.bar(
        at + 0.2,
        result["after"],
        0.4,
        color=plots.VERMILION,
        hatch="//",
        label=f"after: {result['entropies'][1]:.2f} bits",
    )
    ax.set_xticks(at, list(NEXT), rotation=60, ha="right")
    ax.set(ylabel="probability")
    ax.set_title("drawn: " + ", ".join(result["drawn"]))
    ax.legend()
    return figure


widgets.explore(
    chosen_figure,
    dict(
        temperature=widgets.Slider(0.0, 2.0, 1.0, step=0.1, label="temperature"),
        top_k=widgets.Slider(1, 20, 20, label="top-k (20: all)"),
        top_p=widgets.Slider(0.05, 1.0, 0.9, step=0.05, label="top-p (1: all)"),
        seed=widgets.Slider(0, 20, 0, label="draw number"),
    ),
    compute=chosen_words,
    alt=lambda result: (
        f"Bars of 20 words before and after: {int((result['after'] > 0).sum())} words are left, entropy "
        f"{result['entropies'][0]:.2f} → {result['entropies'][1]:.2f} bits; drawn: {', '.join(result['drawn'])}."
    ),
    table=lambda result: [
        {"word": word, "before": f"{b:.3f}", "after": f"{a:.3f}"}
        for word, b, a in zip(NEXT, result["before"], result["after"], strict=True)
    ],
    title="Temperature, top-k, top-p",
)

# %% id="choice-novel"
for name, settings in {
    "the likeliest": dict(temperature=0),
    "everything, τ = 1": dict(temperature=1.0),
    "τ = 0.8, top-p 0.9": dict(temperature=0.8, top_p=0.9),
}.items():
    print(f"{name:20}", write(BEGINNING, 45, seed=1, **settings).replace("\n", " / "))

# %% [markdown] id="choice-meaning"
# The likeliest token each time: after a few words the text turns in a circle. Everything, at τ = 1: now and then a token from the far tail, even half a letter (`�`: a byte that is no letter by itself). In between it reads best, if *best* is the word for a network that has read for ten seconds.

# %% [markdown] id="gpt3"
# ## GPT-3: the same, a hundred times larger
#
# The architecture of GPT-3 (2020) is GPT-2's. What is new is its size, and what comes with it. So let us count.
#
# A block of width $D$ has four matrices of attention, together $4D^2$, and two of the hidden branch, $8D^2$: $12 D^2$. Their biases and the two norms add $13D$. Beside the blocks there are the embeddings, $KD$ for $K$ tokens and $TD$ for $T$ positions, and, with pre-norm, a last norm, $2D$. The output layer is the token embedding once more, and costs nothing.
#
# How many operations does training take? A multiplication and an addition for each parameter that multiplies something and for each token make two; the backward pass costs twice as much as the forward pass: $6N$ a token, where $N$ leaves out the positions, for they are only added. The scores of attention have no parameters, and cost $12\,L\,D\,T$ a token.


# %% [markdown] id="size-statement" statement="size"
# ### Exercise 6: parameters and operations (5 points)
#
# Write `gpt_size(vocabulary, block, layers, heads, width, final_norm)`. It returns two integers: the number of parameters, and the operations of training for one token, $6\,(P - TD) + 12\,L\,D\,T$, with all parameters $P$ and $T$ = `block`. `final_norm` says whether there is a norm after the last block. It raises `ValueError` when the heads do not divide the width.
#
# Check by hand: `vocabulary = 10`, `block = 4`, one layer, one head, width 2, with a final norm: 20 + 8 + 48 + 26 + 4 = 106 parameters, and 6 · 98 + 96 = 684 operations.


# %% id="size" exercise=true difficulty=1 by_hand="nn data GPTConfig parameter_count"
def gpt_size(vocabulary, block, layers, heads, width, final_norm):
    """(parameters, operations of training a token) of a GPT with tied embeddings: two ints."""
    ### BEGIN SOLUTION
    if width % heads:
        raise ValueError(f"width {width} is no multiple of {heads} heads")
    blocks = layers * (12 * width**2 + 13 * width)
    positions = block * width
    parameters = vocabulary * width + positions + blocks + (2 * width if final_norm else 0)
    return parameters, 6 * (parameters - positions) + 12 * layers * width * block
    ### END SOLUTION


# %% [markdown] id="size-hints" hints="size"
# - biases: The biases and the norms are missing: 13 numbers for each feature in a block.
# - final: The norm after the last block has 2 · width parameters, where there is one.
# - tied: The output layer is the token embedding: it counts once.
# - positions: The positions are missing.
# - added: Positions multiply nothing: they take no part in the 6 operations.
# - scores: The scores of attention are missing: 12 · layers · width · block for each token.
# - forward: Forward and backward together are 6 operations for each parameter; 2 are the forward pass alone.


# %% id="size-parameters" test="size" points=2
@check.exercise("37-gpt/size")
def parameters_of_gpt_1_and_gpt_2():
    """Parameters of GPT-1 and of the small GPT-2"""
    parameters, _ = check.call(gpt_size, 40_478, 512, 12, 12, 768, False, returns=("parameters", "operations"))
    check.equal(parameters, 116_534_784, name="parameters of GPT-1", hints={
        "biases": lambda right: right - 12 * 13 * 768,
        "final": lambda right: right + 2 * 768,
        "tied": lambda right: right + 40_478 * 768,
        "positions": lambda right: right - 512 * 768,
    })  # fmt: skip
    parameters, _ = check.call(gpt_size, 50_257, 1024, 12, 12, 768, True, returns=("parameters", "operations"))
    check.equal(
        parameters, 124_439_808, name="parameters of GPT-2, small", hints={"final": lambda right: right - 2 * 768}
    )


# %% id="size-operations" test="size" points=1
@check.exercise("37-gpt/size")
def operations_for_a_token():
    """Operations for a token"""
    _, operations = check.call(gpt_size, 10, 4, 1, 1, 2, True, returns=("parameters", "operations"))
    check.equal(operations, 684, name="operations", hints={
        "added": lambda right: 6 * 106 + 96,
        "scores": lambda right: 6 * 98,
        "forward": lambda right: 2 * 98 + 96,
    })  # fmt: skip


# %% id="size-hidden" test="size" points=2 hidden=true
@check.exercise("37-gpt/size", hidden=True)
def other_shapes_and_heads_that_do_not_divide():
    """Other shapes, and heads that do not divide the width"""
    for K, T, L, H, D, final in [(50_257, 2048, 96, 96, 12_288, True), (7, 5, 3, 2, 4, False), (11, 1, 1, 3, 3, True)]:
        found = check.call(gpt_size, K, T, L, H, D, final, returns=("parameters", "operations"))
        parameters = D * (K + T) + L * D * (12 * D + 13) + 2 * D * final
        expected = (parameters, 6 * (parameters - T * D) + 12 * L * D * T)
        check.equal(tuple(found), expected, name=f"parameters and operations for {L} layers of width {D}")
    check.raises(ValueError, gpt_size, 50_257, 2048, 96, 96, 12_888, True, what="96 heads and width 12,888")


# %% [markdown] id="width-question" question="predict"
# The book says that GPT-3 has 96 heads and an embedding of width 12,888. What is wrong with it?
#
# - [ ] nothing: then each head would have 134.25 features, and the model 192 billion parameters.
# - [x] it should be 12,288: 128 features for each of 96 heads, and 175 billion parameters.
# - [ ] it should be 1,600: that is the width of the largest GPT-2.

# %% id="sizes-run"
from dlbook.models.gpt import GPT_1, GPT_2, GPT_3, flops_per_token, parameter_count

FAMILY = {"GPT-1": GPT_1} | {f"GPT-2 {n}": c for n, c in GPT_2.items()} | {f"GPT-3 {n}": c for n, c in GPT_3.items()}
print(f"{'':14} layers heads  width context {'parameters':>15}  operations a token")
for name, c in FAMILY.items():
    print(
        f"{name:14} {c.layers:6} {c.heads:5} {c.width:6} {c.block:7} {parameter_count(c):15,}  {flops_per_token(c):.2e}"
    )
largest = list(GPT_3.values())[-1]
largest_2 = list(GPT_2.values())[-1]
print(f"12,888 / 96 = {12_888 / 96}; 12,288 / 96 = {12_288 / 96:.0f}")
wrong = 12_888 * (50_257 + 2048) + 96 * (12 * 12_888**2 + 13 * 12_888) + 2 * 12_888
print(f"with 12,888 there would be {wrong / 1e9:.1f} billion parameters")
print(f"GPT-2 against GPT-1: {parameter_count(largest_2) / parameter_count(GPT_1):.1f} times as many", end="; ")
print(f"GPT-3 against GPT-2: {parameter_count(largest) / parameter_count(largest_2):.0f} times")

# %% id="sizes-figure" folded=true
OTHERS = {"BERT large, 2018": 0.34e9, "Turing-NLG, 2020": 17e9, "PaLM, 2022": 540e9, "Llama 3.1, 2024": 405e9}
ours = {
    "this page's novelist": size_of(novelist), "GPT-1, 2018": parameter_count(GPT_1),
    "GPT-2, 2019": parameter_count(largest_2), "GPT-3, 2020": parameter_count(largest),
}  # fmt: skip


def sizes_figure():
    """Bars of parameter counts on a logarithmic axis."""
    figure = plots.figure(8, 3.4)
    ax = figure.subplots()
    bars = sorted([(n, name, True) for name, n in ours.items()] + [(n, name, False) for name, n in OTHERS.items()])
    for at, (n, _, own) in enumerate(bars):
        ax.barh(at, n, color=plots.BLUE if own else plots.SKY, hatch="" if own else "//")
        shown = f"{n / 1e9:.3g} billion" if n > 1e9 else f"{n / 1e6:.3g} million"
        ax.text(1.2 * n, at, shown, va="center", fontsize=9)
    ax.set_xscale("log")
    ax.set_yticks(range(len(bars)), [name for _, name, _ in bars])
    ax.set(xlabel="parameters", xlim=(5e4, 2e13))
    return figure


plots.show(
    sizes_figure(),
    alt="Bars on a logarithmic axis, from this page's novelist with 0.17 million parameters over GPT-1 with 117 million, BERT large, GPT-2 with 1.56 billion, Turing-NLG with 17 and GPT-3 with 175 to Llama 3.1 with 405 and PaLM with 540 billion. Hatched: not GPTs.",
)

# %% [markdown] id="sizes-meaning"
# The paper on GPT-2 printed 117, 345 and 762 million for the smaller sizes, and the book repeats it. They were counted wrongly: the weights that were published have 124, 355 and 774 million. So the small GPT-2 is not GPT-1. It has another vocabulary, twice the context, and its norms stand elsewhere.
#
# "The largest ever", says the book of GPT-3, reached by an interface with a waiting list. It was, in 2020; the models of that time were switched off in January 2024. (The four others in the figure are as their papers give them.) *GPT* stands for generative *pre-trained* transformer, not *pre-training*, and that it is the nearest thing to a general intelligence is an opinion, not a finding.
#
# ### What it costs, and what it read
#
# GPT-3 read 300 billion tokens, a mixture of five sources with given weights. Better sources were read more often than their size would suggest. The book gives 570 GB as the size of the data; that is the filtered Common Crawl alone, out of 45 TB.

# %% id="cost-run"
tokens_read = 300e9
operations = flops_per_token(largest) * tokens_read
simple = 6 * parameter_count(largest) * tokens_read
print(f"training: 6 · parameters · tokens = {simple:.2e} operations; with the scores of attention {operations:.2e}")
device = 312e12  # what one A100 does in bfloat16, a second, at best
days = operations / (1000 * 0.4 * device) / 86_400
print(
    f"1,000 such devices at 40 % of their best: {days:.0f} days; this page's kind of processor at 5·10¹⁰: {operations / 5e10 / 3.15e7:,.0f} years"
)
memory = 2 * parameter_count(largest)
cache = 2 * 2 * largest.layers * largest.width * largest.block
print(
    f"in use: {memory / 1e9:.0f} GB of weights in 16 bits; keys and values of one text of {largest.block} tokens: {cache / 1e9:.1f} GB"
)
print(
    f"tokens for each parameter: {tokens_read / parameter_count(largest):.1f}; Chinchilla's rule of 20 asks for {20 * parameter_count(largest):.1e}"
)

SOURCES = {
    "Common Crawl": (410, 0.60),
    "WebText2": (19, 0.22),
    "Books1": (12, 0.08),
    "Books2": (55, 0.08),
    "Wikipedia": (3, 0.03),
}
billions, weights = (np.array(column) for column in zip(*SOURCES.values(), strict=True))
print(f"\nthe weights add up to {weights.sum():.2f}: they were rounded")
drawn = np.random.default_rng(0).choice(len(SOURCES), 10_000, p=weights / weights.sum())
for i, name in enumerate(SOURCES):
    epochs = 300 * weights[i] / billions[i]
    print(
        f"{name:13} {billions[i]:4.0f} billion tokens, {np.mean(drawn == i):.3f} of 10,000 draws, read {epochs:.2f} times"
    )

# %% [markdown] id="cost-meaning"
# Wikipedia was read three times, Common Crawl less than half. (The paper prints 0.44, 2.9, 1.9, 0.43 and 3.4 times, by weights that were not rounded.) And by Chinchilla's rule GPT-3 is far too large for what it read: with the same computation a smaller model that reads more does better.
#
# ### Looking back, but not all the way
#
# Every second block of GPT-3 is *locally banded*: a token sees only the last $w$ tokens, itself among them. The number of scores falls from $T^2/2$ to about $Tw$, and what lies further back comes through the blocks between. The band is causal: it has one side.


# %% id="band-run"
def banded_mask(T, band):
    """(T, T) booleans: token t may look at tokens t - band + 1 … t."""
    return np.tri(T, dtype=bool) & ~np.tri(T, k=-band, dtype=bool)


def band_figure(T=24, band=6):
    """Causal mask, banded mask, and what two blocks reach: one of each."""
    figure = plots.figure(9, 3.2)
    full, narrow = np.tri(T, dtype=bool), banded_mask(T, band)
    twice = (narrow.astype(int) @ narrow) > 0
    names = (
        f"causal: {full.sum()} scores",
        f"band of {band}: {narrow.sum()} scores",
        f"reach of two bands: {2 * band - 1} tokens",
    )
    for ax, mask, name in zip(figure.subplots(1, 3), (full, narrow, twice), names, strict=True):
        ax.imshow(mask, cmap="Blues", vmin=0, vmax=1.3)
        ax.grid(False)
        ax.set(xlabel="looked at", ylabel="looks")
        ax.set_title(name)
    return figure


for T in (24, 2048):
    counted = banded_mask(T, 6).sum()
    print(
        f"T = {T}: {counted:,} scores instead of {T * (T + 1) // 2:,}; by the formula {sum(min(t + 1, 6) for t in range(T)):,}"
    )
plots.show(
    band_figure(),
    alt="Three squares: a full lower triangle, a band of six along its diagonal, and the band of eleven that two such blocks reach.",
)

# %% [markdown] id="in-context"
# ## Learning without learning
#
# The paper's title is *Language models are few-shot learners*. Its prompts are of this kind, and the model goes on:
#
# | | prompt |
# |---|---|
# | **zero-shot** | Translate English to French: `cheese =>` |
# | **one-shot** | Translate English to French: `sea otter => loutre de mer`, `cheese =>` |
# | **few-shot** | the same, with as many examples as fit, ten to a hundred |
#
# *Shots* are examples. (The book's heading makes *attempts* of them, and it also cuts the description of few-shot short.) More important: the book speaks of *training examples* in the prompt. Nothing is trained. No gradient is computed, and no weight moves. The examples are *input*, and the answer is
#
# $$p(y \mid x_1, y_1, \dots, x_k, y_k, x;\ \theta)\qquad\text{with } \theta \text{ fixed.}$$
#
# How can a network with fixed weights learn something new? Let us grow one that does. Three keys, a b c, and three values, 1 2 3. In every sequence a *new* secret assigns the values to the keys, each to one:
#
# `b 3 c 1 b 3 a 2 c …`
#
# No assignment holds for longer than its sequence. There are six, and which of them holds the weights cannot know. To answer, one has to look.

# %% id="icl-run"
KEYS = 3


def secrets(n, pairs, rng):
    """n sequences of key, value, key, value … (n, 2 · pairs), each with an assignment of its own; keys 0 … 2, values 3 … 5."""
    assignment = np.argsort(rng.random((n, KEYS)), axis=1)
    keys = rng.integers(0, KEYS, (n, pairs))
    values = np.take_along_axis(assignment, keys, axis=1) + KEYS
    return np.stack([keys, values], axis=2).reshape(n, 2 * pairs)


def secret_batches(steps, rng, pairs=8):
    """Batches of 24 sequences; only values are asked for, the keys are drawn by lot."""
    for _ in range(steps):
        lines = secrets(24, pairs, rng)
        y = lines[:, 1:].copy()
        y[:, 1::2] = -100
        yield lines[:, :-1], y


def with_shots(shots, n, rng):
    """n prompts of `shots` pairs with different keys, then one key drawn from all of them: (n, 2 · shots + 1), and its value."""
    assignment = np.argsort(rng.random((n, KEYS)), axis=1)
    keys = np.concatenate([np.argsort(rng.random((n, KEYS)), axis=1)[:, :shots], rng.integers(0, KEYS, (n, 1))], axis=1)
    values = np.take_along_axis(assignment, keys, axis=1) + KEYS
    return np.stack([keys, values], axis=2).reshape(n, -1)[:, :-1], values[:, -1]


start = time.perf_counter()
looker = small_gpt(GPTConfig(2 * KEYS, 16, 2, 8, 32), seed=0, std=0.12, embedding_std=0.8)
losses = train(looker, secret_batches(600, np.random.default_rng(0)), 600, lr=6e-3)
print(f"{size_of(looker):,} parameters, {time.perf_counter() - start:.0f} s")
accuracy = []
for shots in range(KEYS + 1):
    prompts, values = with_shots(shots, 2000, np.random.default_rng(1))
    right = looker(prompts)[:, -1].argmax(axis=1) == values
    shown = (prompts[:, :-1:2] == prompts[:, -1:]).any(axis=1)
    accuracy.append(right.mean())
    seen = f", {right[shown].mean():.2f} where the key was shown" if shots else ""
    print(f"{shots} shots: {right.mean():.2f} right{seen}; the best possible: {min(1, (shots + 1) / KEYS):.2f}")

figure = plots.figure(9, 3)
left, right = figure.subplots(1, 2)
left.plot(np.convolve(losses, np.ones(15) / 15, "valid"), color=plots.BLUE)
left.axhline(np.log(KEYS), color=plots.BLACK, linestyle=":", label="ln 3: guessing")
left.set(xlabel="training step", ylabel="loss, nats a value", ylim=(0, 1.6))
left.legend()
right.plot(range(KEYS + 1), accuracy, "-o", label="this model, weights frozen")
right.plot(range(KEYS + 1), [min(1, (s + 1) / KEYS) for s in range(KEYS + 1)], ":", label="best possible")
right.set(xlabel="examples in the input", ylabel="right", ylim=(0, 1.05), xticks=range(KEYS + 1))
right.legend()
plots.show(
    figure,
    alt="Left: the loss stays at ln 3 for a while, then falls. Right: the share of right answers rises with the number of examples in the input, close to the best possible.",
)

# %% [markdown] id="icl-meaning"
# The model is right as often as is possible at all: without an example by chance, with one in 0.66 of the cases, with two in 0.99 (the third value is the one that is left), with three always. If the key was shown, it was right in every case. While this was measured no weight changed, and every prompt had an assignment of its own.
#
# The curve on the left has a step. For a hundred steps the model can only guess, then it finds out what to look for, and the loss falls. With four keys the same network needs longer, and not every start gets there in 1,500 steps: we tried.
#
# ## Try it
#
# Take one assignment and let the number of examples grow. Which inputs does the last token look at, in the first block and in the second? What does the model do when the key was not shown?

# %% id="icl-widget" folded=true
NAMES = "abc123"


def attention_of(model, ids):
    """Attention maps of each block for a text ids (T,): a list of (heads, T, T)."""
    x = model.token(ids[None]) + model.position(np.arange(len(ids)))
    maps, mask = [], nn.causal_mask(len(ids))
    for block in model.blocks:
        maps.append(block.self_attn.weights(block.norm1(x), mask=mask)[0])
        x = block(x, mask=mask)
    return maps


def prompt_result(shots, mapping, block, head):
    """A prompt with a secret of its own, the probabilities of the values, and what the last token looks at."""
    prompts, values = with_shots(shots, 1, np.random.default_rng(mapping))
    p = nn.softmax(looker(prompts)[0, -1].astype(float))[0][KEYS:]
    maps = attention_of(looker, prompts[0])[block]
    row = maps[:, -1].mean(axis=0) if head < 0 else maps[head, -1]
    return {"prompt": [NAMES[i] for i in prompts[0]], "p": p, "row": row, "answer": NAMES[values[0]]}


def prompt_figure(result):
    """The attention of the last token (left), the probabilities of the values (right)."""
    figure = plots.figure(9, 3)
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    T = len(result["prompt"])
    left.bar(range(T), result["row"], color=[plots.BLUE if t % 2 else plots.SKY for t in range(T)])
    left.set_xticks(range(T), result["prompt"])
    left.set(xlabel="the input", ylabel="attention of the last token", ylim=(0, 1))
    colours = [plots.VERMILION if name == result["answer"] else plots.GREY for name in NAMES[KEYS:]]
    right.bar(range(KEYS), result["p"], color=colours)
    right.set_xticks(range(KEYS), list(NAMES[KEYS:]))
    right.set(xlabel=f"value of {result['prompt'][-1]} (right: {result['answer']})", ylabel="probability", ylim=(0, 1))
    return figure


widgets.explore(
    prompt_figure,
    dict(
        shots=widgets.Slider(0, 3, 2, label="examples"),
        mapping=widgets.Slider(0, 30, 0, label="new assignment, number"),
        block=widgets.Options({"first": 0, "second": 1}, value=1, style="buttons", label="block"),
        head=widgets.Slider(-1, 7, -1, label="head (−1: mean of all)"),
    ),
    compute=prompt_result,
    alt=lambda result: (
        f"Input {' '.join(result['prompt'])}: the right value is {result['answer']}, to which the model gives "
        f"{result['p'][NAMES.index(result['answer']) - KEYS]:.2f}; the last token looks most at input {int(np.argmax(result['row'])) + 1}."
    ),
    table=lambda result: [{"value": NAMES[KEYS + i], "probability": f"{p:.3f}"} for i, p in enumerate(result["p"])],
    title="An assignment learnt while reading",
)

# %% [markdown] id="icl-mechanism"
# How does it look anything up? The clean way takes two blocks. In the first, a value looks at the token *before* it, and so gets to know its key. In the second, the last token asks for a value whose key is its own, and copies it. Two such heads in a row are called an **induction head** (Olsson and others, 2022). They have been found in large models too, and appear there at the moment when the models begin to use their context. Does ours have one?

# %% id="icl-heads"
prompts, values = with_shots(3, 300, np.random.default_rng(3))
to_right, to_wrong, to_key = [], [], []
for prompt in prompts:
    first, second = attention_of(looker, prompt)
    place = 1 + 2 * int(np.flatnonzero(prompt[:-1:2] == prompt[-1])[0])
    to_key.append([first[:, t, t - 1].max() for t in (1, 3, 5)])
    to_right.append(second[:, -1, place])
    to_wrong.append(np.mean([second[:, -1, t] for t in (1, 3, 5) if t != place], axis=0))
right, wrong = np.mean(to_right, axis=0), np.mean(to_wrong, axis=0)
print("first block: a value looks at the key before it, best head:", np.mean(to_key, axis=0).round(2))
print("second block, from the last token to the right value, head by head:", right.round(2), f"mean {right.mean():.2f}")
print("                                to each of the wrong values:       ", wrong.round(2), f"mean {wrong.mean():.2f}")

# %% [markdown] id="icl-lesson"
# In part. In the first block the first value looks at its key, 1.00, the second mostly, 0.74; the third hardly does, 0.16. It need not: whoever knows two pairs knows the third. In the second block the last token looks more at the right value than at each wrong one, 0.19 against 0.12, and no head does it alone: they share the work. The clean picture comes from large models, and small ones find ways of their own.
#
# So the training did teach something: not an assignment, but *how to look one up*. For GPT-3 the book says it well: predicting the next word teaches to recognise patterns, and the prompt is matched with them. What is and what is not learnt in the prompt of a large model is still debated. Adding numbers and unscrambling words, which the paper tests, get better with size and with examples.
#
# ## Limits
#
# The book lists what GPT-3 does badly. Much of it our novelist shows on a small scale. It loses the thread (in long passages; the book writes *sentences*), it repeats itself, it makes up words, and it knows no truth, only what usually follows.

# %% id="limits-run"
import re

novel_words = set(re.findall(r"\w+", corpus.lower()))
for name, settings in {
    "likeliest": dict(temperature=0),
    "τ = 1": dict(temperature=1.0),
    "τ = 0.8, top-p 0.9": dict(temperature=0.8, top_p=0.9),
}.items():
    written = write(BEGINNING, 400, seed=2, **settings)
    found = re.findall(r"\w+", written.lower())
    made_up = np.mean([word not in novel_words for word in found])
    triples = list(zip(found, found[1:], found[2:], strict=False))
    repeated = 1 - len(set(triples)) / len(triples)
    print(
        f"{name:20} words that the novel does not have: {made_up:.0%}; three words in a row that were already said: {repeated:.0%}"
    )

long = tokenizer.encode(unseen[:3000])[:400]
block = novelist.config.block


def surprise_at_end(tokens):
    """−ln P of the last token, given those before it that fit into the context."""
    tokens = tokens[-block - 1 :]
    return nn.cross_entropy(novelist(tokens[None, :-1])[0, -1:], tokens[-1:])[0]


changed = long.copy()
changed[: -block - 1] = changed[: -block - 1][::-1]
print(
    f"the {len(long) - block - 1} tokens before the last {block} turned round: −ln P changes by {abs(surprise_at_end(long) - surprise_at_end(changed)):.1f}"
)
for claim in ("dois e dois são quatro", "dois e dois são cinco", "dois e dois são dois"):
    ids = tokenizer.encode("— " + claim)
    logits = novelist(ids[None, :-1])[0]
    print(f"{claim}: {nn.cross_entropy(logits, ids[1:], 'sum')[0] / np.log(2):.1f} bits")

# %% [markdown] id="limits-meaning"
# Each kind of writing fails in its own way. The likeliest tokens make only words that exist, and say nearly everything again and again (97 %). Drawn by lot, nothing is repeated, and a third of the words are made up. What stands more than 64 tokens back has no influence at all: turn it round, and nothing changes. And truth does not enter. *Two and two are two* surprises the model less (51 bits) than *four* (60) or *five* (61), for *dois* has just been said and is a word of the novel.
#
# Two more of the book's points, with what came after. That GPT-3 *improved the state of the art though it could not beat it* is a slip: without examples it beat what had been reached without examples. And it is weak where two texts are compared, as in entailment. The book blames this on the one direction of looking and hopes for a bidirectional model of that size. That was not the cure that came. It suggests better goals than the next token, **reinforcement learning** among them. That one did come: InstructGPT and ChatGPT (2022) were fine-tuned by rewards from human judgement (chapters 25 to 30 have the means).
#
# ## Bias
#
# A language model says what its corpus says. *Dom Casmurro* is from 1899, and its narrator is a man. Who has a profession in it? We ask how much *the doctor*, *the priest*, *the poet*, *the lawyer*, *the teacher* surprise the novelist after *Disse que* (said that), in their masculine and their feminine form.

# %% id="bias-run"
PAIRS = [
    ("o doutor", "a doutora"),
    ("o padre", "a freira"),
    ("o poeta", "a poetisa"),
    ("o advogado", "a advogada"),
    ("o professor", "a professora"),
    ("o homem", "a mulher"),
]


def surprise(text, before="Disse que"):
    """Tokens of a text, and its surprise after another one, in bits."""
    ids, given = tokenizer.encode(f"{before} {text}"), len(tokenizer.encode(before))
    logits = novelist(ids[None, :-1])[0, given - 1 :]
    return len(ids) - given, nn.cross_entropy(logits, ids[given:], "sum")[0] / np.log(2)


differences = []
print(f"{'':12} times tokens  bits   {'':12} times tokens  bits")
for pair in PAIRS:
    times = [len(re.findall(rf"\b{words_of}\b", corpus.lower())) for words_of in pair]
    found = [surprise(words_of) for words_of in pair]
    differences.append(found[1][1] - found[0][1])
    cells = [
        f"{name:12} {n:5} {tokens:6} {bits:5.1f}" for name, n, (tokens, bits) in zip(pair, times, found, strict=True)
    ]
    print("   ".join(cells), f"  difference {differences[-1]:+.1f}")

figure = plots.figure(7, 3)
ax = figure.subplots()
ax.barh(range(len(PAIRS)), differences, color=[plots.VERMILION if d > 0 else plots.BLUE for d in differences])
ax.set_yticks(range(len(PAIRS)), [f"{she} − {he}" for he, she in PAIRS])
ax.axvline(0, color=plots.BLACK, linewidth=1)
ax.set(xlabel="bits by which the woman surprises more")
plots.show(
    figure,
    alt="Bars of the difference in bits for six pairs of words: "
    + "; ".join(f"{she} {d:+.1f}" for (_, she), d in zip(PAIRS, differences, strict=True)),
)

# %% [markdown] id="bias-meaning"
# Every feminine form surprises more, by 7 to 16 bits: it is taken to be 150 to 65,000 times less probable. *A doutora*, *a freira*, *a poetisa* never occur in the novel, so there the corpus speaks. But *advogado* and *professor* do not occur either, and *o homem* and *a mulher* occur equally often. One place where the bias comes in lies before the network: the **tokens** were made for the text. *homem* and *padre* are single symbols; *mulher* takes three, *freira* three, *poetisa* five, and each is one more place to go astray.
#
# What is to be done? One can weigh or mend the corpus, fine-tune, or filter what is written; above all one can *measure*, before and after, as here. The authors of GPT-3 did so for gender, race and religion, and found what one would expect of the web. Misuse is the other risk that the book names, spam and forged news: a model that writes like a person writes that too.

# %% [markdown] id="mistakes"
# ## Common mistakes
#
# - **Targets that are not shifted.** The loss falls to zero, and that is the sign: no text is that easy.
# - **A mask after the softmax.** The weights that are left no longer add up to 1. The mask belongs before it, as −∞.
# - **The mask turned round**, so that the future is seen. The training loss is wonderful; what is written, nonsense.
# - **Maximising the negative.** $L_1$ to $L_3$ are log-likelihoods; a program minimises $-L$.
# - **Forgetting that the embedding is used twice.** Its gradient has two parts: one from below, one from the output layer. Without one of them:

# %% id="mistakes-run"
model = GPT(GPTConfig(7, 5, 1, 1, 4), rng=np.random.default_rng(0))
x, y = np.array([[0, 3, 5, 1]]), np.array([[3, 5, 1, 6]])
logits, cache = model.forward(x)
_, loss_cache = nn.cross_entropy(logits[0], y[0])
model.backward(nn.cross_entropy_backward(1.0, loss_cache)[None], cache)
whole = model.token.weight.grad.copy()
model.zero_grad()
_, memory = model.hidden(x)
model.hidden_backward((nn.cross_entropy_backward(1.0, loss_cache) @ model.token.weight.data)[None], memory)
below = model.token.weight.grad
weight = model.token.weight.data
ends = []
for step in (1e-5, -1e-5):
    model.token.weight.data = weight.copy()
    model.token.weight.data[3, 2] += step
    ends.append(model.loss(x, y))
model.token.weight.data = weight
print(
    f"centred difference {(ends[0] - ends[1]) / 2e-5:+.6f}, both parts {whole[3, 2]:+.6f}, from below alone {below[3, 2]:+.6f}"
)

# %% [markdown] id="mistakes-more"
# - **Comparing perplexities of different tokens.** A perplexity of 100 a token and one of 5 a letter may be the same model. Count per letter or per byte.
# - **Shots taken for training.** The weights do not move, and with the next prompt all is forgotten.
# - **Tuning the prompt on the test set.** Ten prompts tried, the best one reported: that is training, by hand.
# - **Test texts in the corpus.** GPT-2 left Wikipedia out for this reason; GPT-3's authors found overlaps after the training.

# %% [markdown] id="torch"
# ## The same in PyTorch
#
# `dlbook.torch.twin` builds the same network of `torch.nn` layers and copies the weights.

# %% id="torch-check"
try:
    import torch

    from dlbook.torch import twin
except ImportError:
    print("PyTorch is not installed; the rest of the course works without it.")
else:
    ids = np.array([known_ids[:32]])
    theirs = twin(novelist)(torch.from_numpy(ids)).detach().numpy()
    ours = novelist(ids)
    print(f"largest difference of the scores: {np.abs(theirs - ours).max():.0e}, scores up to {np.abs(ours).max():.1f}")

# %% [markdown] id="gpu"
# For longer training there are two recipes, in a terminal:
#
# | command | what it trains | measured |
# |---|---|---|
# | `dlbook train char-gpt` | a small GPT on letters of Shakespeare | validation loss 1.753 nats a letter in 186 s on one core |
# | `dlbook train char-gpt --set steps=1400` | the same, shorter | 1.828 in 127 s |
# | `dlbook train gpt-2-small` | the 124 million parameters of GPT-2 small | needs a GPU; prints tokens a second; not measured on one yet |
#
# `--set text=dom_casmurro` reads our novel instead. On a GPU the whole text is computed at once at each step, in 16 bits, with one fused routine for attention. That all positions learn at the same time, with nothing to wait for, is why transformers have grown so large.

# %% [markdown] id="objective-quiz" question="quiz"
# A text has 1,000 tokens. From how many positions does GPT learn at one pass, and how many tokens have to be hidden for it?
#
# - [x] 999, and none: each token but the first is an answer, and the mask of attention hides what comes later.
# - [ ] 150, and 150: that is BERT, which hides 15 % and learns from these.
# - [ ] 1, and the last: this is how it is *used*; in training all positions answer at once.

# %% [markdown] id="shots-quiz" question="quiz"
# A prompt holds five solved sums and a sixth without its answer. What changes in the model while it reads them?
#
# - [ ] the weights of the last block: no weight moves without a gradient step, and there is none.
# - [ ] the learning rate: nothing is being trained.
# - [x] nothing but the states inside it: the examples are input; with the next prompt they are gone.

# %% [markdown] id="nucleus-quiz" question="quiz"
# The probabilities are 0.6, 0.25, 0.1 and 0.05. Which tokens stay with top-p = 0.6, and which with 0.61?
#
# - [x] the first alone; the first two: 0.6 reaches 0.6 by itself, and not 0.61.
# - [ ] none; the first alone: the token with which the sum reaches p belongs to the set.
# - [ ] the first two; the first two: 0.6 is reached already by the first.

# %% [markdown] id="questions"
# ## To think about
#
# 1. Why does a language model learn the rule of multiplication less easily than the capital of a country?
# 2. The 1/√N of GPT-2 touches only the matrices that end in the way round. Why not all?
# 3. With a cache of keys and values each new token costs one row of attention. What limits the length of a text then?
# 4. A bank has a language model judge letters of application. Which of this page's experiments should it repeat first?
#
# <details><summary>Answers</summary>
#
# 1. A capital is one association, met thousands of times. Of products there are endlessly many, most never met, and the rule has to be carried out over several steps, for which one pass has only as many as there are blocks.
# 2. Inside a branch a norm sets the scale anew; only what is added up grows with the depth.
# 3. Memory: two vectors a block and token, 4.7 MB a token for GPT-3. And the context for which positions were learnt.
# 4. The one on bias: the same letter with the name or the gender changed, and the difference measured.
#
# </details>

# %% [markdown] id="sources"
# ## Sources, and what comes next
#
# A. Radford, K. Narasimhan, T. Salimans and I. Sutskever, *Improving language understanding by generative pre-training* (2018). A. Radford and others, *Language models are unsupervised multitask learners* (2019). T. Brown and others, *Language models are few-shot learners*, arXiv 2005.14165 (2020). A. Holtzman and others, *The curious case of neural text degeneration* (2019). J. Kaplan and others, *Scaling laws for neural language models* (2020). J. Hoffmann and others, *Training compute-optimal large language models* (2022). C. Olsson and others, *In-context learning and induction heads* (2022). A. Chowdhery and others, *PaLM* (2022), appendix B, for the operations. L. Ouyang and others, on InstructGPT (2022). Machado de Assis, *Dom Casmurro* (1899). The book, chapters 79 to 82.
#
# **Next**, chapter 38: a model that reads texts and looks at pictures.
