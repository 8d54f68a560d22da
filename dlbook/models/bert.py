"""BERT: a transformer encoder that sees both sides of every word, and the heads that make use of it.

    bert = BERT(BERTConfig(vocabulary_size=1000, width=64, layers=2, heads=4, hidden=256), rng=rng)
    model = WithHead(bert, MaskedLMHead(bert, rng=rng))
    logits, cache = model.forward(ids, segments, mask)              # (N, T, K)
    model.backward(dlogits, cache)

In the shapes below N texts of T tokens have D = width features, and K = vocabulary_size.  mask : True at real tokens.
Devlin, Chang, Lee and Toutanova 2019.  Book: chapters 76–78.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from dlbook import nn
from dlbook.models.shape import check_shape
from dlbook.nn import init
from dlbook.train import in_mode

IGNORED = -np.inf
"""The score of an answer that starts or ends at padding."""


@dataclasses.dataclass(frozen=True)
class BERTConfig:
    """The shape of a BERT.

    vocabulary_size : K, different tokens.  width, layers, heads : D features in each of L layers, shared by the heads.
    hidden : units inside each layer's feed-forward network.  positions : the most tokens of a text.
    types : different segments.  dropout : share of values dropped in training.  eps : of the layer norms.
    """

    vocabulary_size: int
    width: int
    layers: int
    heads: int
    hidden: int
    positions: int = 512
    types: int = 2
    dropout: float = 0.0
    eps: float = 1e-12

    def __post_init__(self):
        check_shape(self, "vocabulary_size", "width", "layers", "heads", "hidden", "positions", "types")


BERT_BASE = BERTConfig(30_522, 768, 12, 12, 3072, dropout=0.1)
BERT_LARGE = BERTConfig(30_522, 1024, 24, 16, 4096, dropout=0.1)
"""The two sizes of the paper, with the English vocabulary in small letters."""


def parameter_count(config: BERTConfig, pooler: bool = True) -> int:
    """All numbers that such a BERT learns, without heads; the pooler is the layer that reads [CLS].

    (K + positions + types) D + 2D + L (4D² + 4D + 2DF + F + D + 4D) + D² + D, with F = hidden.
    BERT base: 109,482,240; large: 335,141,888.  Book: chapter 77.
    """
    D, F = config.width, config.hidden
    embeddings = (config.vocabulary_size + config.positions + config.types) * D + 2 * D
    attention, feed_forward, norms = 4 * D * D + 4 * D, 2 * D * F + F + D, 4 * D
    return embeddings + config.layers * (attention + feed_forward + norms) + (D * D + D if pooler else 0)


def sentence_embedding(hidden, mask, eps: float = 1e-12):
    """y = m / max(‖m‖, eps) with m the mean of the states of the real tokens: one vector of length 1 for a text.

    hidden : (N, T, D), mask : (N, T) booleans, True at real tokens.  Returns y : (N, D) and the cache.
    A text without any token gives zeros.  Raises ValueError for a mask of another shape or type.
    Reimers and Gurevych 2019 (Sentence-BERT).  Book: chapter 78.
    """
    mean, first = nn.masked_mean(hidden, mask, "hidden")
    y, second = nn.l2_normalize(mean, eps)
    return y, (first, second)


def sentence_embedding_backward(dy, cache):
    """dhidden (N, T, D) = share · dm, with dm = (dy - y (y · dy)) / ‖m‖: what points along y changes nothing."""
    first, second = cache
    return nn.masked_mean_backward(nn.l2_normalize_backward(dy, second), first)


def best_span(start, end, longest: int | None = None) -> tuple[int, int]:
    """The places (i, j) with the largest start[i] + end[j], i ≤ j < i + longest; of equals the smallest i, then j.

    start, end : (T,) scores; -∞ forbids a place.  Raises ValueError for other shapes, or when nothing is allowed.
    Devlin et al. 2019, section 4.2.  Book: chapter 78.
    """
    start, end = np.asarray(start), np.asarray(end)
    if start.ndim != 1 or end.shape != start.shape:
        raise ValueError(f"start, end: expected two arrays (T,), got {start.shape} and {end.shape}")
    length = len(start)
    apart = np.arange(length) - np.arange(length)[:, None]
    allowed = (apart >= 0) & (apart < (length if longest is None else longest))
    scores = np.where(allowed, start[:, None] + end, -np.inf)
    if not np.isfinite(scores).any():
        raise ValueError(f"start, end: expected at least one place that is allowed, got none of {length}")
    i, j = np.unravel_index(scores.argmax(), scores.shape)
    return int(i), int(j)


class Pooler(nn.Module):
    """tanh(W h₀ + b): the state of the first token, [CLS], made ready to speak for the whole text."""

    def __init__(self, width: int, *, rng: np.random.Generator, dtype=np.float64):
        self.dense = nn.Linear(width, width, rng=rng, dtype=dtype)

    def forward(self, hidden):
        """(N, T, D) to (N, D)."""
        x, linear = self.dense.forward(hidden[:, 0])
        y, curve = nn.tanh(x)
        return y, (linear, curve, hidden.shape)

    def backward(self, dy, cache):
        linear, curve, shape = cache
        dhidden = np.zeros(shape, dy.dtype)
        dhidden[:, 0] = self.dense.backward(nn.tanh_backward(dy, curve), linear)
        return dhidden


class BERT(nn.Module):
    """Embeddings of token, position and segment, added and normalised, then L layers that look in both directions.

    forward(ids (N, T), segments (N, T), mask) -> hidden (N, T, D): one vector for each token.
    All matrices start from N(0, 0.02²), biases at 0.
    Parameters: token, position, segment, norm, encoder.layers.0 …, pooler.
    """

    def __init__(self, config: BERTConfig, *, rng: np.random.Generator, dtype=np.float64):
        c = self.config = config
        self.token, self.position, self.segment = (
            nn.Embedding(rows, c.width, rng=rng, dtype=dtype) for rows in (c.vocabulary_size, c.positions, c.types)
        )
        self.norm = nn.LayerNorm(c.width, c.eps, dtype=dtype)
        self.dropout = nn.Dropout(c.dropout, rng=rng)
        layers = [
            nn.TransformerEncoderLayer(
                c.width, c.heads, c.hidden, c.dropout, "gelu", c.eps, batch_first=True, rng=rng, dtype=dtype
            )
            for _ in range(c.layers)
        ]
        self.encoder = nn.TransformerEncoder(layers)
        self.pooler = Pooler(c.width, rng=rng, dtype=dtype)
        _start(self, rng)

    def forward(self, ids, segments=None, mask=None):
        """hidden (N, T, D) and the cache.

        ids : (N, T) integers, T ≤ positions.  segments : (N, T) integers below types, all 0 without them.
        mask : (N, T) booleans, True at real tokens; or (N, T, T), or (1, T, T), True where the token of the row may
        look at that of the column.  Raises ValueError for other shapes.
        """
        ids = np.asarray(ids)
        if ids.ndim != 2 or ids.shape[1] > self.config.positions:
            raise ValueError(f"ids: expected shape (N, T) with T up to {self.config.positions}, got {ids.shape}")
        segments = np.zeros(ids.shape, np.int64) if segments is None else np.asarray(segments)
        if segments.shape != ids.shape:
            raise ValueError(f"segments: expected the shape of ids, {ids.shape}, got {segments.shape}")
        tokens, token = self.token.forward(ids)
        places, position = self.position.forward(np.arange(ids.shape[1]))
        kinds, segment = self.segment.forward(segments)
        x, norm = self.norm.forward(tokens + places + kinds)
        x, dropped = self.dropout.forward(x)
        hidden, encoded = self.encoder.forward(x, _attention_mask(mask, ids.shape))
        return hidden, (token, position, segment, norm, dropped, encoded)

    def backward(self, dhidden, cache) -> None:
        """Adds the gradients of the parameters.  Tokens have none, so nothing is returned."""
        token, position, segment, norm, dropped, encoded = cache
        dhidden = self.encoder.backward(dhidden, encoded)
        dx = self.norm.backward(self.dropout.backward(dhidden, dropped), norm)
        self.token.backward(dx, token)
        self.position.backward(dx.sum(axis=0), position)
        self.segment.backward(dx, segment)

    def states(self, ids, segments=None, mask=None) -> list[np.ndarray]:
        """The states (N, T, D) below the first layer and after each: L + 1 arrays, in evaluation."""
        tokens = self.token(ids) + self.position(np.arange(np.shape(ids)[1]))
        kinds = self.segment(np.zeros(np.shape(ids), np.int64) if segments is None else segments)
        found, looks = [self.norm(tokens + kinds)], _attention_mask(mask, np.shape(ids))
        with in_mode(self, training=False):
            for layer in self.encoder.layers:
                found.append(layer(found[-1], looks))
        return found


class MaskedLMHead(nn.Module):
    """Scores of every token of the vocabulary: LayerNorm(GELU(W h + b)) Eᵀ + c, with E the token embedding itself.

    The embedding is used twice, so it receives two gradients.  forward(hidden, places) : places (N, T) booleans; then
    only those M states are scored, (M, K), which saves most of the work; without them all, (N, T, K).
    """

    def __init__(self, bert: BERT, *, rng: np.random.Generator):
        width, dtype = bert.config.width, bert.token.weight.data.dtype
        self.dense = nn.Linear(width, width, rng=rng, dtype=dtype)
        self.norm = nn.LayerNorm(width, bert.config.eps, dtype=dtype)
        self.token = bert.token
        self.bias = nn.Parameter(np.zeros(bert.config.vocabulary_size), dtype)
        _start(self.dense, rng)

    def forward(self, hidden, places=None):
        chosen = hidden if places is None else hidden[places]
        x, dense = self.dense.forward(chosen)
        x, curve = nn.gelu(x)
        x, norm = self.norm.forward(x)
        logits, output = nn.linear(x, self.token.weight.data, self.bias.data)
        return logits, (hidden.shape, places, dense, curve, norm, output)

    def backward(self, dlogits, cache):
        shape, places, dense, curve, norm, output = cache
        dx, dtoken, dbias = nn.linear_backward(dlogits, output)
        self.token.weight.accumulate(dtoken)
        self.bias.accumulate(dbias)
        dx = self.dense.backward(nn.gelu_backward(self.norm.backward(dx, norm), curve), dense)
        if places is None:
            return dx
        dhidden = np.zeros(shape, dx.dtype)
        dhidden[places] = dx
        return dhidden


class ClassificationHead(nn.Module):
    """Scores (N, C) of a whole text, read off [CLS] by the pooler of `bert` and one linear layer."""

    def __init__(self, bert: BERT, classes: int, *, rng: np.random.Generator):
        self.pooler = bert.pooler
        self.output = nn.Linear(bert.config.width, classes, rng=rng, dtype=bert.token.weight.data.dtype)
        _start(self.output, rng)

    def forward(self, hidden):
        pooled, first = self.pooler.forward(hidden)
        logits, second = self.output.forward(pooled)
        return logits, (first, second)

    def backward(self, dlogits, cache):
        first, second = cache
        return self.pooler.backward(self.output.backward(dlogits, second), first)


class NextSentenceHead(ClassificationHead):
    """Does the second text follow the first?  Scores (N, 2): label 0 says that it does, 1 that it does not."""

    def __init__(self, bert: BERT, *, rng: np.random.Generator):
        super().__init__(bert, 2, rng=rng)


class PretrainingHead(nn.Module):
    """Both tasks of BERT's training at once: (scores of the masked words, scores of "follows")."""

    def __init__(self, bert: BERT, *, rng: np.random.Generator):
        self.words = MaskedLMHead(bert, rng=rng)
        self.follows = NextSentenceHead(bert, rng=rng)

    def forward(self, hidden, places=None):
        words, first = self.words.forward(hidden, places)
        follows, second = self.follows.forward(hidden)
        return (words, follows), (first, second)

    def backward(self, dlogits, cache):
        first, second = cache
        return self.words.backward(dlogits[0], first) + self.follows.backward(dlogits[1], second)


class TaggingHead(nn.Module):
    """Scores (N, T, C) of a tag for every token: one linear layer."""

    def __init__(self, bert: BERT, tags: int, *, rng: np.random.Generator):
        self.output = nn.Linear(bert.config.width, tags, rng=rng, dtype=bert.token.weight.data.dtype)
        _start(self.output, rng)

    def forward(self, hidden):
        return self.output.forward(hidden)

    def backward(self, dlogits, cache):
        return self.output.backward(dlogits, cache)


class SpanHead(nn.Module):
    """Where does the answer start, and where does it end?  Scores (N, 2, T): one vector of D numbers for each question.

    forward(hidden, allowed) : allowed (N, T) booleans, True where an answer may stand; elsewhere the score is -∞.
    """

    def __init__(self, bert: BERT, *, rng: np.random.Generator):
        self.output = nn.Linear(bert.config.width, 2, rng=rng, dtype=bert.token.weight.data.dtype)
        _start(self.output, rng)

    def forward(self, hidden, allowed=None):
        scores, cache = self.output.forward(hidden)
        scores = scores.swapaxes(1, 2)
        return scores if allowed is None else np.where(allowed[:, None], scores, IGNORED), (cache, allowed)

    def backward(self, dscores, cache):
        output, allowed = cache
        dscores = dscores if allowed is None else np.where(allowed[:, None], dscores, 0)
        return self.output.backward(dscores.swapaxes(1, 2), output)


class WithHead(nn.Module):
    """BERT and a head on it, trained together; what they share is one parameter.

    forward(ids, segments, mask, …) : further arguments go to the head.
    """

    def __init__(self, bert: BERT, head: nn.Module):
        self.bert, self.head = bert, head

    def forward(self, ids, segments=None, mask=None, *more):
        hidden, first = self.bert.forward(ids, segments, mask)
        y, second = self.head.forward(hidden, *more)
        return y, (first, second)

    def backward(self, dy, cache) -> None:
        first, second = cache
        self.bert.backward(self.head.backward(dy, second), first)


def _attention_mask(mask, shape):
    """The mask of the attention, (…, T, T), from one of tokens or of pairs of them."""
    if mask is None:
        return None
    mask, (count, length) = np.asarray(mask), shape
    if mask.dtype != bool or mask.shape not in (shape, (count, length, length), (1, length, length)):
        raise ValueError(f"mask: expected booleans {shape} or {(count, length, length)}, got {mask.dtype} {mask.shape}")
    return mask[:, None, None] if mask.ndim == 2 else mask[:, None]


def _start(module: nn.Module, rng: np.random.Generator) -> None:
    """BERT's start: every matrix from N(0, 0.02²), every bias 0, every gain of a norm 1."""
    for name, parameter in module.named_parameters():
        shape = parameter.shape
        if len(shape) == 2:
            values = init.normal(shape, rng, std=0.02)
        else:
            values = np.zeros(shape) if name.endswith("bias") else np.ones(shape)
        parameter.data = values.astype(parameter.data.dtype)
