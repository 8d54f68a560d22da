"""The transformer of 2017: an encoder reads a sentence, a decoder writes another one and looks at it, in NumPy.

    model = Transformer(34, 51, width=64, heads=4, hidden=128, rng=rng)
    losses = fit_steps(model.learn_from, batches, optimizer)     # (source, target from <start> to <end>, source_mask)
    written = model.translate(source, source_mask, start=1, end=2, length=20)

In the shapes below N pairs have a source of S tokens and a target of T, D = width, K = target_size.  source_mask :
(N, S) booleans, True at the real tokens of the source; None where all are.
Vaswani et al. 2017.  Book: chapters 85 to 90.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dlbook import nn
from dlbook.nn import init
from dlbook.text import beam_search
from dlbook.train import in_mode


class Maps(NamedTuple):
    """Attention weights, one array for each layer: encoder (N, H, S, S), decoder (N, H, T, T), cross (N, H, T, S)."""

    encoder: list[np.ndarray]
    decoder: list[np.ndarray]
    cross: list[np.ndarray]


class Transformer(nn.Module):
    """An encoder–decoder.  Embeddings are scaled by √D, and sinusoidal positions added to them.

    source_size, target_size : tokens of the two languages.  width : D.  heads : H.  hidden : units of each feed-forward
    network.  encoder_layers, decoder_layers : how many.  dropout : share of values dropped in training.
    positions : False leaves them out, and with them the order of the words.
    norm_first : norms inside the branches and one at the end of each stack, instead of after the sums.
    Parameters: source.weight, target.weight, encoder.layers.0.…, decoder.layers.0.…, head.weight, head.bias.
    """

    def __init__(
        self,
        source_size: int,
        target_size: int,
        width: int,
        heads: int,
        hidden: int,
        encoder_layers: int = 2,
        decoder_layers: int = 2,
        dropout: float = 0.0,
        positions: bool = True,
        norm_first: bool = False,
        *,
        rng: np.random.Generator,
        dtype=np.float64,
    ):
        self.width, self.heads, self.positions = width, heads, positions
        small = {"rng": rng, "dtype": dtype, "weight_init": lambda shape, rng: init.normal(shape, rng, std=width**-0.5)}
        self.source = nn.Embedding(source_size, width, **small)
        self.target = nn.Embedding(target_size, width, **small)
        self.dropout = nn.Dropout(dropout, rng=rng)

        def stack(count, layer, whole):
            settings = {"batch_first": True, "norm_first": norm_first, "rng": rng, "dtype": dtype}
            layers = [layer(width, heads, hidden, dropout, **settings) for _ in range(count)]
            return whole(layers, nn.LayerNorm(width, dtype=dtype) if norm_first else None)

        self.encoder = stack(encoder_layers, nn.TransformerEncoderLayer, nn.TransformerEncoder)
        self.decoder = stack(decoder_layers, nn.TransformerDecoderLayer, nn.TransformerDecoder)
        self.head = nn.Linear(width, target_size, rng=rng, dtype=dtype)

    def forward(self, source, target, source_mask=None, causal: bool = True):
        """Scores (N, T, K) of the token after each target token, and the cache.

        source : (N, S), target : (N, T) integers; target begins with <start>.
        causal : False lets the decoder look at what it has to write: an error, for an experiment.
        Raises ValueError for other shapes.
        """
        looks = self._for_keys(source_mask, source)
        x, first = self._embed(self.source, source)
        memory, encoded = self.encoder.forward(x, looks)
        z, second = self._embed(self.target, target)
        if len(z) != len(memory):
            raise ValueError(f"target: expected {len(memory)} rows, as many as source has, got {len(z)}")
        mask = nn.causal_mask(z.shape[1]) if causal else None
        y, decoded = self.decoder.forward(z, memory, mask, looks)
        logits, last = self.head.forward(y)
        return logits, (first, encoded, second, decoded, last)

    def backward(self, dlogits, cache) -> None:
        """Adds the gradients of the parameters; tokens have none."""
        first, encoded, second, decoded, last = cache
        dz, dmemory = self.decoder.backward(self.head.backward(dlogits, last), decoded)
        self._embed_backward(self.target, dz, second)
        self._embed_backward(self.source, self.encoder.backward(dmemory, encoded), first)

    def learn_from(
        self, source, target, source_mask=None, *, padding: int = 0, causal: bool = True, label_smoothing: float = 0.0
    ) -> float:
        """Mean of -log P(target[t + 1] | target[: t + 1], source) over the real tokens; adds its gradients.

        target : (N, T + 1) from <start> to <end>, then `padding`: the decoder reads all but its last column, and has to
        write all but its first.
        """
        target = np.asarray(target)
        logits, cache = self.forward(source, target[:, :-1], source_mask, causal)
        wanted = target[:, 1:].reshape(-1)
        value, own = nn.cross_entropy(
            logits.reshape(len(wanted), -1), wanted, ignore_index=padding, label_smoothing=label_smoothing
        )
        self.backward(nn.cross_entropy_backward(1.0, own).reshape(logits.shape), cache)
        return float(value)

    def encode(self, source, source_mask=None) -> np.ndarray:
        """The memory (N, S, D) that the decoder looks at, in evaluation mode."""
        with in_mode(self, training=False):
            return self.encoder(self._embed(self.source, source)[0], self._for_keys(source_mask, source))

    def begin(self, source, source_mask=None) -> Writing:
        """The encoded source and empty caches: what `extend` goes on from."""
        memory = self.encode(source, source_mask)
        kept = []
        for layer in self.decoder.layers:
            own, cross = nn.KVCache(), nn.KVCache()
            layer.multihead_attn.remember(memory, cross)
            kept.append((own, cross))
        return Writing(kept, self._for_keys(source_mask, source))

    def extend(self, tokens, writing: Writing) -> np.ndarray:
        """Scores (N, T, K) after each of the T target tokens (N, T) that follow those already written."""
        with in_mode(self, training=False):
            return self._extend(tokens, writing)

    def _extend(self, tokens, writing: Writing) -> np.ndarray:
        x, _ = self._embed(self.target, tokens, writing.length)
        for layer, (own, cross) in zip(self.decoder.layers, writing.caches, strict=True):
            x = layer.extend(x, own, cross, writing.memory_mask)
        x = x if self.decoder.norm is None else self.decoder.norm(x)
        return self.head(x)

    def translate(
        self, source, source_mask=None, *, start: int, end: int, length: int, cached: bool = True
    ) -> np.ndarray:
        """(N, length) tokens after <start>, each the likeliest, to <end>; what follows it is <end> too.

        cached : False computes the whole target anew for each token: the same, later.
        """
        tokens = np.full((len(source), 1), start)
        writing = self.begin(source, source_mask)
        with in_mode(self, training=False):
            for _ in range(length):
                new = tokens[:, writing.length :] if cached else tokens
                logits = self._extend(new, writing if cached else writing.restarted())
                likeliest = np.where((tokens == end).any(axis=1), end, logits[:, -1].argmax(axis=-1))
                tokens = np.concatenate([tokens, likeliest[:, None]], axis=1)
        return tokens[:, 1:]

    def beam(
        self, source, *, start: int, end: int, width: int, length: int, alpha: float = 0.6
    ) -> list[tuple[list[int], float]]:
        """`dlbook.text.beam_search` for one source (S,): pairs (tokens, score), best first."""
        writing = self.begin(np.asarray(source)[None])

        def step(tokens):
            return self._extend(np.array([tokens]), writing.restarted())[0, -1]

        with in_mode(self, training=False):
            return beam_search(step, [start], end, width, length, alpha)

    def maps(self, source, target, source_mask=None) -> Maps:
        """Who looks where in a pair (source (N, S), target (N, T)), in evaluation mode."""
        looks, causal = self._for_keys(source_mask, source), nn.causal_mask(np.shape(target)[1])
        found = Maps([], [], [])
        with in_mode(self, training=False):
            x = self._embed(self.source, source)[0]
            for layer in self.encoder.layers:
                found.encoder.append(layer.attention_weights(x, looks))
                x = layer(x, looks)
            memory = x if self.encoder.norm is None else self.encoder.norm(x)
            z = self._embed(self.target, target)[0]
            for layer in self.decoder.layers:
                own, cross = layer.attention_weights(z, memory, causal, looks)
                found.decoder.append(own)
                found.cross.append(cross)
                z = layer(z, memory, causal, looks)
        return found

    def _embed(self, embedding: nn.Embedding, ids, start: int = 0):
        x, cache = embedding.forward(ids)
        if x.ndim != 3:
            raise ValueError(f"tokens: expected integers of shape (N, T), got {x.shape[:-1]}")
        x = x * x.dtype.type(math.sqrt(self.width))
        if self.positions:
            x = x + nn.sinusoidal_positions(x.shape[1], self.width, dtype=x.dtype, start=start)
        x, dropped = self.dropout.forward(x)
        return x, (cache, dropped)

    def _embed_backward(self, embedding: nn.Embedding, dx, cache) -> None:
        own, dropped = cache
        embedding.backward(self.dropout.backward(dx, dropped) * dx.dtype.type(math.sqrt(self.width)), own)

    @staticmethod
    def _for_keys(source_mask, source) -> np.ndarray | None:
        """(N, S) as (N, 1, 1, S): for all heads and queries."""
        if source_mask is None:
            return None
        source_mask = np.asarray(source_mask)
        if source_mask.shape != np.shape(source) or source_mask.dtype != bool:
            got = f"{source_mask.dtype} {source_mask.shape}"
            raise ValueError(f"source_mask: expected booleans of shape {np.shape(source)}, as source, got {got}")
        return source_mask[:, None, None]


class Writing:
    """What a decoder keeps while it writes: for each layer the keys and values of the target and of the source.

    caches : pairs of KVCache.  memory_mask : (N, 1, 1, S), which source tokens are real.
    """

    def __init__(self, caches: list[tuple[nn.KVCache, nn.KVCache]], memory_mask: np.ndarray | None):
        self.caches, self.memory_mask = caches, memory_mask

    @property
    def length(self) -> int:
        """Target tokens seen so far."""
        return self.caches[0][0].length

    def restarted(self) -> Writing:
        """The same source, and no target yet."""
        return Writing([(nn.KVCache(), cross) for _, cross in self.caches], self.memory_mask)
