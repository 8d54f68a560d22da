"""GPT: a transformer decoder that predicts the next token, of the shape of GPT-2.

    model = GPT(GPTConfig(vocabulary_size=65, block=64, layers=4, heads=4, width=128))
    loss = next_token_loss(model(x), y)                   # x, y (N, T): y is x moved on by one token
    text = model.generate(x[:1], 100, torch.Generator().manual_seed(0))

Sources: Radford et al. 2018 (GPT) and 2019 (GPT-2); Vaswani et al. 2017.  Book: chapters 79 to 82.
In the shapes below N sequences of T tokens have D = width features in H heads, and K = vocabulary_size.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dlbook.models.gpt import GPTConfig, flops_per_token
from dlbook.train import in_mode


class CausalSelfAttention(nn.Module):
    """softmax(Q Kᵀ / √(D/H) + M) V in each head, M = −∞ where a key comes after its query.  (N, T, D) -> same.

    banded : M is −∞ too where a key stands config.band places before its query, or more.
    """

    def __init__(self, config: GPTConfig, banded: bool):
        super().__init__()
        self.heads, self.dropout, self.band = config.heads, config.dropout, config.band if banded else None
        self.in_proj_weight = nn.Parameter(torch.empty(3 * config.width, config.width))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * config.width)) if config.bias else None
        self.out_proj = nn.Linear(config.width, config.width, bias=config.bias)

    def forward(self, x: Tensor) -> Tensor:
        N, T, D = x.shape
        qkv = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        q, k, v = qkv.view(N, T, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)  # (N, H, T, D/H) each
        mask = None
        if self.band is not None and self.band < T:
            mask = torch.ones(T, T, dtype=torch.bool, device=x.device).tril().triu(1 - self.band)
        dropout = self.dropout if self.training else 0.0
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=dropout, is_causal=mask is None)
        return self.out_proj(y.transpose(1, 2).reshape(N, T, D))


class Block(nn.Module):
    """Attention, then W₂ gelu(W₁ x + b₁) + b₂ with 4 D hidden units, each added to x.  (N, T, D) -> same.

    Norms stand inside the branches, x + branch(norm(x)), or with norm="post" after the sums, norm(x + branch(x)).
    """

    def __init__(self, config: GPTConfig, banded: bool):
        super().__init__()
        self.norm_first = config.norm == "pre"
        self.self_attn = CausalSelfAttention(config, banded)
        self.linear1 = nn.Linear(config.width, 4 * config.width, bias=config.bias)
        self.gelu = nn.GELU(config.gelu)
        self.linear2 = nn.Linear(4 * config.width, config.width, bias=config.bias)
        self.norm1 = nn.LayerNorm(config.width, bias=config.bias)
        self.norm2 = nn.LayerNorm(config.width, bias=config.bias)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        if self.norm_first:
            x = x + self.dropout(self.self_attn(self.norm1(x)))
            return x + self.dropout(self._feed_forward(self.norm2(x)))
        x = self.norm1(x + self.dropout(self.self_attn(x)))
        return self.norm2(x + self.dropout(self._feed_forward(x)))

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.linear2(self.gelu(self.linear1(x)))


class GPT(nn.Module):
    """logits = norm(blocks(token[ids] + position[0 … T−1])) · tokenᵀ: the output layer is the token embedding.

    Names, shapes and start of the parameters are those of `dlbook.models.gpt.GPT`.  Tied weights: Press and Wolf 2017.
    """

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.config = config
        self.token = nn.Embedding(config.vocabulary_size, config.width)
        self.position = nn.Embedding(config.block, config.width)
        self.dropout = nn.Dropout(config.dropout)
        banded = (config.band is not None and i % 2 == 1 for i in range(config.layers))
        self.blocks = nn.ModuleList(Block(config, one) for one in banded)
        self.norm = nn.LayerNorm(config.width, bias=config.bias) if config.norm == "pre" else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew, from torch's default generator."""
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                residual = self.norm is not None and name.endswith(("out_proj.weight", "linear2.weight"))
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * self.config.layers) if residual else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)
            else:
                nn.init.ones_(parameter)  # the norms' gains

    def forward(self, ids: Tensor) -> Tensor:
        """Scores of each next token.  ids : (N, T) integers below K, T ≤ block.  Returns logits (N, T, K).

        Row t sees ids[:, : t + 1] alone.  Raises ValueError for other shapes and types, and on a CPU for ids out of
        range; a GPU stops at those with an error of its own, since looking first would wait for it.
        """
        self._check(ids)
        x = self.dropout(self.token(ids) + self.position.weight[: ids.shape[1]])
        for block in self.blocks:
            x = block(x)
        return F.linear(x if self.norm is None else self.norm(x), self.token.weight)

    def parameter_groups(self, weight_decay: float) -> list[dict]:
        """For an optimiser: matrices, embeddings too, with `weight_decay`; biases and norms' gains without."""
        matrices = {"params": [p for p in self.parameters() if p.ndim >= 2], "weight_decay": weight_decay}
        return [matrices, {"params": [p for p in self.parameters() if p.ndim < 2], "weight_decay": 0.0}]

    def flops_per_token(self) -> int:
        """Operations of one training step per token: `dlbook.models.gpt.flops_per_token`."""
        return flops_per_token(self.config)

    @torch.no_grad()
    def generate(
        self,
        ids: Tensor,
        length: int,
        generator: torch.Generator,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
    ) -> Tensor:
        """`ids` (N, T), T ≥ 1, followed by `length` more tokens, each drawn from softmax(logits / temperature).

        The model sees the last `block` tokens, in evaluation mode.  temperature : 0 takes the likeliest token.
        top_k : draw from the k likeliest alone.  top_p : of those, from the fewest with this share.
        generator : on the device of ids.  Returns (N, T + length).
        """
        if not temperature >= 0 or length < 0 or (top_k is not None and top_k < 1):
            got = f"got temperature {temperature}, length {length}, top_k {top_k}"
            raise ValueError(f"expected temperature and length of at least 0 and top_k of at least 1, {got}")
        if top_p is not None and not 0 < top_p <= 1:
            raise ValueError(f"top_p: expected 0 < p ≤ 1, got {top_p}")
        with in_mode(self, training=False):
            for _ in range(length):
                logits = self(ids[:, -self.config.block :])[:, -1].float()  # (N, K)
                if temperature == 0:
                    drawn = logits.argmax(-1, keepdim=True)
                else:
                    if top_k is not None:
                        least = logits.topk(min(top_k, logits.shape[-1])).values[:, -1:]
                        logits = logits.masked_fill(logits < least, -torch.inf)
                    shares = (logits / temperature).softmax(-1)
                    if top_p is not None:
                        falling, order = shares.sort(dim=-1, descending=True, stable=True)
                        before = falling.cumsum(-1) - falling
                        shares = shares.scatter(-1, order, falling.where(before < top_p, 0.0))
                    drawn = torch.multinomial(shares, 1, generator=generator)
                ids = torch.cat([ids, drawn], dim=1)
        return ids

    def _check(self, ids: Tensor) -> None:
        c = self.config
        if ids.ndim != 2 or not 1 <= ids.shape[1] <= c.block or ids.dtype not in (torch.int64, torch.int32):
            raise ValueError(
                f"ids: expected int64 of shape (N, T), 1 ≤ T ≤ block = {c.block}, got {ids.dtype} {tuple(ids.shape)}"
            )
        if ids.device.type == "cpu" and not torch.compiler.is_compiling() and ids.numel():
            low, high = ids.aminmax()
            if low < 0 or high >= c.vocabulary_size:
                raise ValueError(f"ids: expected 0 ≤ id < {c.vocabulary_size}, got {int(low)} to {int(high)}")


def next_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean of −log softmax(logits)[target] over all tokens, in nats.  logits (N, T, K), targets (N, T) -> ()."""
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())
