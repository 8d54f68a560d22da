"""Deep autoencoders: a network that must say its input again through a narrow middle, and bags of words for it to read.

The recipe of 2006 starts from a stack of RBMs, unfolded; today one starts from scaled random weights and Adam.

Hinton and Salakhutdinov, *Reducing the dimensionality of data with neural networks*, Science 313 (2006).  Book:
chapter 10.
"""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from dlbook import nn
from dlbook.models.rbm import RBM


def topic_documents(
    topics: Mapping[str, Sequence[str]],
    common: Sequence[str],
    each: int,
    length: int,
    rng: np.random.Generator,
    share: float = 0.7,
) -> tuple[list[list[str]], np.ndarray]:
    """`each` documents of `length` words for every topic, topic after topic.

    A word comes from the topic with probability `share`, else from the common ones; words repeat.
    Returns the documents and their topics (N,), int64.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share: expected a number from 0 to 1, got {share}")
    documents, labels = [], []
    for label, words in enumerate(topics.values()):
        for _ in range(each):
            own = rng.random(length) < share
            documents.append([str(rng.choice(words if mine else common)) for mine in own])
            labels.append(label)
    return documents, np.array(labels, dtype=np.int64)


def bag_of_words(documents: Sequence[Sequence[str]], vocabulary: Sequence[str]) -> np.ndarray:
    """How often each word of the vocabulary stands in each document, divided by its largest count: (N, V) in [0, 1].

    Words outside the vocabulary are left out; a document without any known word is a row of zeros.
    """
    place = {word: i for i, word in enumerate(vocabulary)}
    if len(place) != len(vocabulary):
        raise ValueError("vocabulary: expected every word once, got one twice")
    counts = np.zeros((len(documents), len(vocabulary)))
    for row, document in zip(counts, documents, strict=True):
        np.add.at(row, [place[word] for word in document if word in place], 1)
    return counts / np.maximum(counts.max(axis=1, keepdims=True), 1)


def nearest(codes: np.ndarray, query: np.ndarray, k: int) -> np.ndarray:
    """Indices of the k rows of codes (N, D) nearest to query (D,), the nearest first, of equal ones the earlier."""
    return np.argsort(np.sum((codes - query) ** 2, axis=1), kind="stable")[:k]


class DeepAutoencoder(nn.Module):
    """Encoder and decoder, mirrored: sizes [64, 32, 2] means 64-32-2-32-64.

    `activation` follows every layer but two: the code, which `code` follows, and the output, which is linear.  Train
    with `nn.MSELoss`, or with `nn.BCEWithLogitsLoss` where the output is to be read as logits.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        rng: np.random.Generator,
        activation: type[nn.Module] = nn.Tanh,
        code: type[nn.Module] = nn.Identity,
    ):
        if len(sizes) < 2:
            raise ValueError(f"sizes: expected an input and a code at least, got {list(sizes)}")
        self.encoder = nn.Sequential(*_layers(sizes, rng, activation), code())
        self.decoder = nn.Sequential(*_layers(sizes[::-1], rng, activation))

    def forward(self, x):
        """x (N, sizes[0]) -> its reconstruction, the same shape."""
        code, encoder_cache = self.encoder.forward(x)
        y, decoder_cache = self.decoder.forward(code)
        return y, (encoder_cache, decoder_cache)

    def backward(self, dy, cache):
        """Gradient with respect to x."""
        return self.encoder.backward(self.decoder.backward(dy, cache[1]), cache[0])


def unroll(stack: Sequence[RBM], rng: np.random.Generator) -> DeepAutoencoder:
    """The recipe of 2006: RBMs as encoder, the same weights, transposed, as decoder, and sigmoids between the layers.

    Its output is logits: sigmoid(model(x)) reconstructs x.
    """
    sizes = [len(stack[0].a), *(len(layer.b) for layer in stack)]
    model = DeepAutoencoder(sizes, rng, nn.Sigmoid, code=nn.Sigmoid)
    state = {}
    for i, layer in enumerate(stack):
        up, down = 2 * i, 2 * (len(stack) - 1 - i)
        state |= {f"encoder.{up}.weight": layer.W, f"encoder.{up}.bias": layer.b}
        state |= {f"decoder.{down}.weight": layer.W.T, f"decoder.{down}.bias": layer.a}
    model.load_state_dict(state)
    return model


def _layers(sizes, rng, activation):
    modules = []
    for before, after in itertools.pairwise(sizes):
        modules += [nn.Linear(before, after, rng=rng), activation()]
    return modules[:-1]
