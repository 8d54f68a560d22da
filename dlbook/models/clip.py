"""CLIP: an encoder of pictures and an encoder of sentences, learnt together from pairs of a picture and its caption.

    words = Words(captions)
    model = CLIP(picture_encoder, TextTransformer(len(words), length, 32, heads=2, layers=1, rng=rng),
                 picture_width, 32, 24, rng=rng)
    losses = learn(model, batches, optim.Adam(model.parameters(), 1e-3))     # batches of (pictures, ids)
    classes = class_vectors(model.encode_texts(words.encode(prompts, length))[:, None])
    labels = zero_shot(model.encode_pictures(pictures), classes)

Everywhere: N pairs, d numbers a vector, K symbols, T places of a sentence, C classes, P prompts a class.

Radford et al., *Learning transferable visual models from natural language supervision*, ICML (2021).  Book: chapter 84.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from dlbook import nn
from dlbook.optim import Optimizer
from dlbook.train import fit_steps

START_LOG_SCALE = math.log(1 / 0.07)
MAX_LOG_SCALE = math.log(100)


def info_nce(images, texts, log_scale, targets=None):
    """The contrastive loss of a batch of pairs, in both directions.

    images, texts : (N, d), of any length; row i of one belongs to row i of the other.  log_scale : a number s.
    targets : (N, N), above 0 where caption j suits picture i, shared out within each row for one direction and within
    each column for the other (`multi_positive_targets`); None: the diagonal.
    With unit rows I, T and S = exp(s) I Tᵀ the loss is ½ [CE(S, rows) + CE(Sᵀ, columns)]: among N captions find that
    of the picture, among N pictures that of the caption.  Indifferent vectors cost log N.
    Returns the loss and the cache.  Raises ValueError when shapes differ, or when a row or column of targets is empty.
    van den Oord et al. 2018; Zhang et al. (ConVIRT) 2020; Radford et al. 2021.  Book: chapter 84.
    """
    if np.ndim(images) != 2 or np.shape(images) != np.shape(texts):
        raise ValueError(f"texts: expected shape (N, d), that of images {np.shape(images)}, got {np.shape(texts)}")
    if targets is None:
        by_row = by_column = np.arange(len(images))
    else:
        by_row, by_column = _shared_out(targets, len(images)), _shared_out(np.transpose(targets), len(images))
    unit_images, image_cache = nn.l2_normalize(images)
    unit_texts, text_cache = nn.l2_normalize(texts)
    similarity = unit_images @ unit_texts.T
    scale = np.exp(np.asarray(log_scale, similarity.dtype))
    by_image, row_cache = nn.cross_entropy(scale * similarity, by_row)
    by_text, column_cache = nn.cross_entropy(scale * similarity.T, by_column)
    return 0.5 * (by_image + by_text), (similarity, scale, row_cache, column_cache, image_cache, text_cache)


def info_nce_backward(dloss, cache):
    """dimages, dtexts : (N, d), dlog_scale : a number.

    dS = 1/(2N) [softmax over rows + softmax over columns - 2 targets]; dlog_scale = Σ dS S, for ∂S/∂s = S.
    """
    similarity, scale, row_cache, column_cache, image_cache, text_cache = cache
    dscores = nn.cross_entropy_backward(0.5 * dloss, row_cache) + nn.cross_entropy_backward(0.5 * dloss, column_cache).T
    dsimilarity = scale * dscores
    dimages = nn.l2_normalize_backward(dsimilarity @ text_cache[0], image_cache)
    dtexts = nn.l2_normalize_backward(dsimilarity.T @ image_cache[0], text_cache)
    return dimages, dtexts, np.sum(dsimilarity * similarity)


def _shared_out(targets, N: int) -> np.ndarray:
    if np.shape(targets) != (N, N):
        raise ValueError(f"targets: expected shape ({N}, {N}), got {np.shape(targets)}")
    total = np.sum(targets, axis=1, keepdims=True)
    if not total.min() > 0:
        raise ValueError("targets: expected a right answer in every row and column")
    return targets / total


def multi_positive_targets(captions) -> np.ndarray:
    """(N, N): the share of caption j among those equal to caption i, so that a repeated caption is never wrong.

    captions : (N,) numbers of sentences, equal for equal sentences.
    """
    captions = np.asarray(captions)
    same = (captions[:, None] == captions).astype(float)
    return same / same.sum(axis=1, keepdims=True)


def class_vectors(prompts: np.ndarray) -> np.ndarray:
    """One unit vector a class out of several prompts: normalised, averaged, normalised again.  (C, P, d) -> (C, d)."""
    return nn.l2_normalize(nn.l2_normalize(prompts)[0].mean(axis=1))[0]


def zero_shot(images: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """(N,) numbers of the nearest class: images (N, d) of any length, classes (C, d) of unit length."""
    return (images @ classes.T).argmax(axis=1)


def recall_at_k(similarity: np.ndarray, k: int) -> tuple[float, float]:
    """Shares of pictures whose caption is among their k nearest, and of captions whose picture is among theirs.

    similarity : (N, N), row i and column i belong together.  A wrong one that is equally near counts as nearer.
    """
    right = np.diag(similarity)
    ahead_of_caption = (similarity >= right[:, None]).sum(axis=1) - 1
    ahead_of_picture = (similarity >= right).sum(axis=0) - 1
    return float(np.mean(ahead_of_caption < k)), float(np.mean(ahead_of_picture < k))


class Words:
    """A vocabulary of whole words: 0 is padding, 1 the end of a sentence, then the words in alphabetical order."""

    def __init__(self, sentences: Iterable[str]):
        self.vocabulary = ["", "<end>", *sorted({word for sentence in sentences for word in sentence.split()})]
        self._ids = {word: i for i, word in enumerate(self.vocabulary)}

    def __len__(self) -> int:
        return len(self.vocabulary)

    def encode(self, sentences: Sequence[str], length: int) -> np.ndarray:
        """(N, length) int64: words, the end, padding.  Raises ValueError for an unknown word or a longer sentence."""
        ids = np.zeros((len(sentences), length), np.int64)
        for row, sentence in zip(ids, sentences, strict=True):
            words = sentence.split()
            if unknown := [word for word in words if word not in self._ids]:
                raise ValueError(f"sentences: expected words of the vocabulary, got {unknown[0]!r} in {sentence!r}")
            if len(words) >= length:
                raise ValueError(f"sentences: expected at most {length - 1} words, got {len(words)} in {sentence!r}")
            row[: len(words)] = [self._ids[word] for word in words]
            row[len(words)] = 1
        return ids


class BagOfWords(nn.Module):
    """The mean of the vectors of a sentence's words, in whatever order.  ids (N, T), 0 is padding -> (N, width)."""

    def __init__(self, vocabulary_size: int, width: int, *, rng: np.random.Generator, dtype=np.float64):
        self.vocabulary_size, self.width = vocabulary_size, width
        self.embedding = nn.Embedding(vocabulary_size, width, rng=rng, dtype=dtype)

    def forward(self, ids):
        vectors, first = self.embedding.forward(ids)
        y, last = nn.masked_mean(vectors, np.asarray(ids) != 0)
        return y, (first, last)

    def backward(self, dy, cache):
        first, last = cache
        self.embedding.backward(nn.masked_mean_backward(dy, last), first)


class TextTransformer(nn.Module):
    """A pre-norm transformer encoder, read as the mean of its states at the words.

    ids (N, T), 0 is padding -> (N, width).  length : the largest T.
    CLIP's own looks only backwards and is read at the end of the sentence; with one layer and a thousand small batches
    that learnt far less.
    """

    def __init__(
        self,
        vocabulary_size: int,
        length: int,
        width: int,
        heads: int,
        layers: int,
        hidden: int | None = None,
        *,
        rng: np.random.Generator,
        dtype=np.float64,
    ):
        self.vocabulary_size, self.length, self.width, self.heads = vocabulary_size, length, width, heads
        self.hidden = 4 * width if hidden is None else hidden
        self.embedding = nn.Embedding(vocabulary_size, width, rng=rng, dtype=dtype)
        self.positions = nn.Parameter(rng.normal(0, 0.1, (length, width)), dtype)
        settings = {"dropout": 0.0, "batch_first": True, "norm_first": True}
        layers = [
            nn.TransformerEncoderLayer(width, heads, self.hidden, **settings, rng=rng, dtype=dtype)
            for _ in range(layers)
        ]
        self.encoder = nn.TransformerEncoder(layers, nn.LayerNorm(width, dtype=dtype))

    def forward(self, ids):
        ids = np.asarray(ids)
        if ids.ndim != 2 or ids.shape[1] > self.length:
            raise ValueError(f"ids: expected shape (N, T) with T at most {self.length}, got {ids.shape}")
        x, first = self.embedding.forward(ids)
        x = x + self.positions.data[: ids.shape[1]]
        real = ids != 0
        x, second = self.encoder.forward(x, real[:, None, None])
        y, last = nn.masked_mean(x, real)
        return y, (first, second, last)

    def backward(self, dy, cache):
        first, second, last = cache
        dx = self.encoder.backward(nn.masked_mean_backward(dy, last), second)
        dpositions = np.zeros(self.positions.shape, dx.dtype)
        dpositions[: dx.shape[1]] = dx.sum(axis=0)
        self.positions.accumulate(dpositions)
        self.embedding.backward(dx, first)


class CLIP(nn.Module):
    """Two encoders, a projection of each to `width` numbers, and the logarithm of the scale of the similarities.

    picture_encoder : pictures -> (N, picture_width).  text_encoder : ids (N, T) -> (N, text_width).
    `model.forward(pictures, ids)` is the loss of a batch of pairs, `encode_pictures` and `encode_texts` are for use.
    Parameter `log_scale`, a single number, starts at log(1 / 0.07).
    """

    def __init__(
        self,
        picture_encoder: nn.Module,
        text_encoder: nn.Module,
        picture_width: int,
        text_width: int,
        width: int,
        *,
        rng: np.random.Generator,
        dtype=np.float64,
    ):
        self.log_scale = nn.Parameter(START_LOG_SCALE, dtype)
        self.picture_encoder, self.text_encoder = picture_encoder, text_encoder
        self.picture_projection = nn.Linear(picture_width, width, bias=False, rng=rng, dtype=dtype)
        self.text_projection = nn.Linear(text_width, width, bias=False, rng=rng, dtype=dtype)

    def forward(self, pictures, ids, targets=None):
        """The loss of N pairs, and the cache.  targets : see `info_nce`."""
        seen, picture_cache = self.picture_encoder.forward(pictures)
        read, text_cache = self.text_encoder.forward(ids)
        images, image_projection_cache = self.picture_projection.forward(seen)
        texts, text_projection_cache = self.text_projection.forward(read)
        loss, loss_cache = info_nce(images, texts, self.log_scale.data, targets)
        return loss, (picture_cache, text_cache, image_projection_cache, text_projection_cache, loss_cache)

    def backward(self, dloss, cache) -> None:
        """Adds the gradients of all parameters; pictures get none."""
        picture_cache, text_cache, image_projection_cache, text_projection_cache, loss_cache = cache
        dimages, dtexts, dlog_scale = info_nce_backward(dloss, loss_cache)
        self.log_scale.accumulate(np.asarray(dlog_scale))
        dseen = self.picture_projection.backward(dimages, image_projection_cache)
        self.picture_encoder.backward_parameters(dseen, picture_cache)
        self.text_encoder.backward(self.text_projection.backward(dtexts, text_projection_cache), text_cache)

    def encode_pictures(self, pictures) -> np.ndarray:
        """Unit vectors (N, width)."""
        return nn.l2_normalize(self.picture_projection(self.picture_encoder(pictures)))[0]

    def encode_texts(self, ids) -> np.ndarray:
        """Unit vectors (N, width)."""
        return nn.l2_normalize(self.text_projection(self.text_encoder(ids)))[0]

    def learn_from(self, pictures, ids, targets=None) -> float:
        """The loss of N pairs; adds its gradients.  Before, `limit_scale`, for the last step may have gone too far."""
        self.limit_scale()
        loss, cache = self.forward(pictures, ids, targets)
        self.backward(1.0, cache)
        return float(loss)

    def limit_scale(self) -> None:
        """Bring the scale back to at most 100, as CLIP does after every step: beyond, training became unstable."""
        if self.log_scale.data > MAX_LOG_SCALE:
            self.log_scale.data = np.full((), MAX_LOG_SCALE, self.log_scale.data.dtype)


def learn(model: CLIP, batches: Iterable[tuple], optimizer: Optimizer, schedule=None) -> list[float]:
    """One step for each batch (pictures, ids) or (pictures, ids, targets); the loss of every step.

    schedule : of `optim.lr_scheduler`, moved on after every step.  Raises ValueError when a loss is not finite.
    """
    losses = fit_steps(model.learn_from, batches, optimizer, scheduler=schedule)
    model.limit_scale()
    return losses
