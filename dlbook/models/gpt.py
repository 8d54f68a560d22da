"""GPT: a transformer that predicts the next token from those before it, in NumPy.

    model = GPT(GPTConfig(vocabulary_size=65, block=64, layers=4, heads=4, width=128), rng=rng)
    losses = fit_steps(model.learn_from, windows(ids, 64, 12, 300, rng), optimizer)
    ids = model.generate(start, 200, rng=rng, temperature=0.8, top_p=0.9)

In the shapes below N sequences of T tokens have D = width features in H heads, and K = vocabulary_size.
Radford et al. 2018 (GPT-1), 2019 (GPT-2); Brown et al. 2020 (GPT-3).  Book: chapters 79 to 82.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from dlbook import nn
from dlbook.models.shape import check_shape
from dlbook.nn import init
from dlbook.text import draw, next_probabilities
from dlbook.train import in_mode

GELUS = {"tanh": "gelu_tanh", "none": "gelu"}
NORMS = ("pre", "post")


@dataclasses.dataclass(frozen=True)
class GPTConfig:
    """The shape of a GPT.

    vocabulary_size : K, different tokens.  block : the most tokens that it sees at once.
    layers, heads, width : L blocks, each with H heads that share D features; H divides D.
    dropout : share of values dropped in training, of the embeddings, the attention and each branch.
    bias : whether linear layers and norms have biases, as GPT-2's do.
    gelu : "tanh", the formula of GPT-2, or "none", the exact one, which takes a CPU less than half the time in torch.
    norm : "pre", inside the branches and once more at the end, as in GPT-2; "post", after each sum, as in GPT-1.
    band : in every second block a token looks back at most this far, its own place counted, as in GPT-3; None never.
    """

    vocabulary_size: int
    block: int
    layers: int
    heads: int
    width: int
    dropout: float = 0.0
    bias: bool = True
    gelu: str = "tanh"
    norm: str = "pre"
    band: int | None = None

    def __post_init__(self):
        check_shape(self, "vocabulary_size", "block", "layers", "heads", "width")
        if self.gelu not in GELUS:
            raise ValueError(f"gelu: expected 'tanh' or 'none', got {self.gelu!r}")
        if self.norm not in NORMS:
            raise ValueError(f"norm: expected 'pre' or 'post', got {self.norm!r}")
        if self.band is not None and self.band < 1:
            raise ValueError(f"band: expected at least 1 or None, got {self.band}")


def _family(vocabulary_size: int, block: int, sizes: dict[str, tuple[int, int, int]], **more) -> dict[str, GPTConfig]:
    return {name: GPTConfig(vocabulary_size, block, *size, dropout=0.1, **more) for name, size in sizes.items()}


GPT_1 = GPTConfig(40_478, 512, layers=12, heads=12, width=768, dropout=0.1, norm="post")

GPT_2 = _family(
    50_257,
    1024,
    {"small": (12, 12, 768), "medium": (24, 16, 1024), "large": (36, 20, 1280), "xl": (48, 25, 1600)},
)
"""Layers, heads, width."""

GPT_3 = _family(
    50_257,
    2048,
    {
        "small": (12, 12, 768),
        "medium": (24, 16, 1024),
        "large": (24, 16, 1536),
        "xl": (24, 16, 2048),
        "2.7B": (32, 32, 2560),
        "6.7B": (32, 32, 4096),
        "13B": (40, 40, 5120),
        "175B": (96, 96, 12_288),
    },
    band=256,
)
"""Table 2.1 of Brown et al. 2020.  There xl has 24 heads of 128, which is not its width of 2048, and 13B a width of
5140, which 40 heads of 128 do not make; the width of the band is not told.  Here 16 heads, 5120, and 256."""


def parameter_count(config: GPTConfig) -> int:
    """All numbers that such a GPT learns; the output layer is the token embedding, and counts once.

    (K + block) D + L (12 D² + 13 D) + 2 D: in each block 4 D² + 4 D of attention, 8 D² + 5 D of the feed-forward
    network and 4 D of the norms; the last 2 D of the norm at the end, which post-norm lacks.
    GPT-1: 116,534,784; GPT-2 small: 124,439,808.  Book: chapters 80, 81.
    """
    D, once = config.width, 2 if config.bias else 1
    block = 12 * D * D + 2 * once * D + (9 * D if config.bias else 0)
    last = once * D if config.norm == "pre" else 0
    return (config.vocabulary_size + config.block) * D + config.layers * block + last


def flops_per_token(config: GPTConfig) -> int:
    """Operations of one training step (forward and backward) per token: 6 N + 12 L D T, with T = block.

    N : all parameters but the positions, which multiply nothing; the token embedding counts as the output layer.
    The second term is the attention's, counted whole though more than half of it is masked.
    Chowdhery et al. 2022 (PaLM), appendix B.
    """
    multiplied = parameter_count(config) - config.block * config.width
    return 6 * multiplied + 12 * config.layers * config.width * config.block


class GPT(nn.Module):
    """logits = norm(blocks(token[ids] + position[0 … T-1])) · tokenᵀ: the output layer is the token embedding.

    Weights start from N(0, 0.02²), biases at 0; with pre-norm, layers that end in the residual stream start from
    N(0, 0.02² / (2 L)): its variance does not grow with the depth (Radford et al. 2019, section 2.3).
    Parameters `token.weight`, `position.weight`, `blocks.0.…` as of nn.TransformerEncoderLayer, `norm.…`.
    """

    def __init__(self, config: GPTConfig, *, rng: np.random.Generator, dtype=np.float64):
        self.config = config
        self.token = nn.Embedding(config.vocabulary_size, config.width, rng=rng, dtype=dtype)
        self.position = nn.Embedding(config.block, config.width, rng=rng, dtype=dtype)
        self.dropout = nn.Dropout(config.dropout, rng=rng)
        self.blocks = [self._block(rng, dtype) for _ in range(config.layers)]
        self.norm = nn.LayerNorm(config.width, bias=config.bias, dtype=dtype) if config.norm == "pre" else None
        for name, parameter in self.named_parameters():
            if parameter.data.ndim == 2:
                scaled = config.norm == "pre" and name.endswith(("out_proj.weight", "linear2.weight"))
                std = 0.02 / math.sqrt(2 * config.layers) if scaled else 0.02
                parameter.data = init.normal(parameter.shape, rng, std=std).astype(dtype)
            elif name.endswith("bias"):
                parameter.data = np.zeros(parameter.shape, dtype)

    def _block(self, rng, dtype) -> nn.TransformerEncoderLayer:
        c = self.config
        block = nn.TransformerEncoderLayer(
            c.width,
            c.heads,
            4 * c.width,
            c.dropout,
            GELUS[c.gelu],
            batch_first=True,
            norm_first=c.norm == "pre",
            bias=c.bias,
            rng=rng,
            dtype=dtype,
        )
        block.dropout.p = 0.0  # of the hidden units, which no GPT drops
        return block

    def forward(self, ids):
        """Scores (N, T, K) of each next token, and the cache.  ids : (N, T) integers below K, 1 ≤ T ≤ block.

        Row t sees ids[:, : t + 1] alone.  Raises ValueError for other shapes and ids out of range.
        """
        states, cache = self.hidden(ids)
        logits, last = nn.linear(states, self.token.weight.data)
        return logits, (cache, last)

    def backward(self, dlogits, cache) -> None:
        """Adds the gradients of the parameters; tokens have none."""
        cache, last = cache
        dstates, dtoken, _ = nn.linear_backward(dlogits, last)
        self.token.weight.accumulate(dtoken)
        self.hidden_backward(dstates, cache)

    def hidden(self, ids):
        """States (N, T, D) below the output layer, and the cache: what a head for another task reads."""
        x, embedded = self._embed(self._checked(ids), 0)
        caches = []
        for block, mask in zip(self.blocks, self._masks(x.shape[1], x.shape[1]), strict=True):
            x, cache = block.forward(x, mask)
            caches.append(cache)
        x, last = (x, None) if self.norm is None else self.norm.forward(x)
        return x, (embedded, caches, last)

    def hidden_backward(self, dstates, cache) -> None:
        """Adds the gradients of all parameters below the output layer."""
        (first, second, third), caches, last = cache
        dx = dstates if self.norm is None else self.norm.backward(dstates, last)
        for block, own in zip(reversed(self.blocks), reversed(caches), strict=True):
            dx = block.backward(dx, own)
        dx = self.dropout.backward(dx, third)
        self.token.backward(dx, first)
        self.position.backward(dx.sum(axis=0), second)

    def learn_from(self, x, y) -> float:
        """Mean of -log softmax(logits)[y] over the tokens, in nats; adds its gradients.

        x : (N, T); y : (N, T), the tokens that follow, or -100 where none is asked for.
        """
        logits, cache = self.forward(x)
        value, own = nn.cross_entropy(logits.reshape(-1, logits.shape[2]), np.reshape(y, -1))
        self.backward(nn.cross_entropy_backward(1.0, own).reshape(logits.shape), cache)
        return float(value)

    def loss(self, x, y) -> float:
        """The value of `learn_from` in evaluation mode, without gradients; its exponential is the perplexity."""
        with in_mode(self, training=False):
            logits = self(x)
        return float(nn.cross_entropy(logits.reshape(-1, logits.shape[2]), np.reshape(y, -1))[0])

    def caches(self) -> list[nn.KVCache]:
        """An empty cache of keys and values for each block."""
        return [nn.KVCache() for _ in self.blocks]

    def extend(self, ids, caches: list[nn.KVCache]) -> np.ndarray:
        """Scores (N, T, K) after each of the T tokens that follow those in the caches, which then hold them too.

        In evaluation mode, without a memory.  Raises ValueError when more than `block` tokens would be seen.
        """
        with in_mode(self, training=False):
            return self._extend(ids, caches)

    def _extend(self, ids, caches: list[nn.KVCache]) -> np.ndarray:
        seen = caches[0].length
        ids = self._checked(ids, seen)
        x, _ = self._embed(ids, seen)
        masks = self._masks(ids.shape[1], seen + ids.shape[1])
        for block, kv, mask in zip(self.blocks, caches, masks, strict=True):
            x = block.extend(x, kv, mask)
        x = x if self.norm is None else self.norm(x)
        return nn.linear(x, self.token.weight.data)[0]

    def generate(
        self,
        ids,
        length: int,
        *,
        rng: np.random.Generator,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        cached: bool = True,
    ) -> np.ndarray:
        """The `length` tokens after `ids` (T,), T ≥ 1, each drawn as `dlbook.text.next_probabilities` says.

        The model sees the last `block` tokens, in evaluation mode.  cached : whether keys and values are kept; the
        tokens are the same without, later.  Beyond `block` tokens every position moves, so nothing can be kept.
        """
        tokens, block = list(np.asarray(ids).tolist()), self.config.block
        if not tokens or length < 0:
            raise ValueError(f"ids, length: expected at least one token and 0, got {len(tokens)} and {length}")
        caches = self.caches()
        with in_mode(self, training=False):
            for _ in range(length):
                seen = caches[0].length
                if not cached or len(tokens) > block:
                    caches, seen = self.caches(), max(0, len(tokens) - block)
                logits = self._extend([tokens[seen:]], caches)[0, -1]
                tokens.append(int(draw(next_probabilities(logits, temperature, top_k, top_p), rng)))
        return np.array(tokens[len(tokens) - length :], dtype=np.int64)

    def _embed(self, ids, start: int):
        tokens, first = self.token.forward(ids)
        positions, second = self.position.forward(np.arange(start, start + ids.shape[1]))
        x, third = self.dropout.forward(tokens + positions)
        return x, (first, second, third)

    def _masks(self, queries: int, keys: int) -> list[np.ndarray]:
        """One for each block: all that came before, or in every second one a band of it."""
        causal, band = nn.causal_mask(queries, keys), self.config.band
        banded = causal if band is None else nn.banded_mask(queries, band, keys)
        return [banded if i % 2 else causal for i in range(len(self.blocks))]

    def _checked(self, ids, seen: int = 0) -> np.ndarray:
        ids, most = np.asarray(ids), self.config.block - seen
        if ids.ndim != 2 or not 1 <= ids.shape[1] <= most or ids.dtype.kind not in "iu":
            raise ValueError(
                f"ids: expected integers of shape (N, T), 1 ≤ T ≤ {most}"
                + (f" (block {self.config.block} less {seen} seen)" if seen else " = block")
                + f", got {ids.dtype} {ids.shape}"
            )
        return ids


def windows(
    ids, block: int, batch_size: int, steps: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """`steps` batches (x, y) of pieces of a text, each (batch_size, block), y moved on by one token.

    ids : (L,).  Pieces begin anywhere, drawn anew for each batch.
    Raises ValueError for a text of `block` tokens or less.
    """
    ids = np.asarray(ids)
    if len(ids) <= block:
        raise ValueError(f"ids: expected more than block = {block} tokens, got {len(ids)}")
    for _ in range(steps):
        places = rng.integers(0, len(ids) - block, batch_size)[:, None] + np.arange(block)
        yield ids[places], ids[places + 1]
