"""GPT: a transformer decoder that predicts the next token, of the shape of GPT-2.

    model = GPT(GPTConfig(vocabulary_size=65, block=64, layers=4, heads=4, width=128))
    loss = next_token_loss(model(x), y)                   # x, y (N, T): y is x moved on by one token
    text = model.generate(x[:1], 100, torch.Generator().manual_seed(0))

Sources: Radford et al. 2018 (GPT) and 2019 (GPT-2); Vaswani et al. 2017.  Book: chapters 79 to 82, 85 to 90.
In the shapes below N sequences of T tokens have D = width features in H heads, and K = vocabulary_size.
"""

import dataclasses
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dlbook.train import in_mode


@dataclasses.dataclass(frozen=True)
class GPTConfig:
    """The shape of a GPT.

    vocabulary_size : K, different tokens.  block : the most tokens that it sees at once.
    layers, heads, width : L blocks, each with H heads that share D features; H divides D.
    dropout : share of values dropped in training, of the embeddings, the attention and each branch.
    bias : whether linear layers and norms have biases, as GPT-2's do.
    gelu : "tanh", the formula of GPT-2, or "none", the exact one, which takes a CPU less than half the time.
    """

    vocabulary_size: int
    block: int
    layers: int
    heads: int
    width: int
    dropout: float = 0.0
    bias: bool = True
    gelu: str = "tanh"

    def __post_init__(self):
        for name in ("vocabulary_size", "block", "layers", "heads", "width"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: expected at least 1, got {getattr(self, name)}")
        if self.width % self.heads:
            raise ValueError(f"width: expected a multiple of heads = {self.heads}, got {self.width}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout: expected 0 ≤ dropout < 1, got {self.dropout}")
        if self.gelu not in ("tanh", "none"):
            raise ValueError(f"gelu: expected 'tanh' or 'none', got {self.gelu!r}")


class CausalSelfAttention(nn.Module):
    """softmax(Q Kᵀ / √(D/H) + M) V in each head, M = −∞ where a key comes after its query.  (N, T, D) -> same."""

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.heads, self.dropout = config.heads, config.dropout
        self.qkv = nn.Linear(config.width, 3 * config.width, bias=config.bias)
        self.project = nn.Linear(config.width, config.width, bias=config.bias)

    def forward(self, x: Tensor) -> Tensor:
        N, T, D = x.shape
        q, k, v = self.qkv(x).view(N, T, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)  # (N, H, T, D/H) each
        dropout = self.dropout if self.training else 0.0
        y = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=True)
        return self.project(y.transpose(1, 2).reshape(N, T, D))


class MLP(nn.Module):
    """W₂ gelu(W₁ x + b₁) + b₂ with 4 D hidden units.  (N, T, D) -> same."""

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.expand = nn.Linear(config.width, 4 * config.width, bias=config.bias)
        self.project = nn.Linear(4 * config.width, config.width, bias=config.bias)
        self.gelu = nn.GELU(config.gelu)

    def forward(self, x: Tensor) -> Tensor:
        return self.project(self.gelu(self.expand(x)))


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)): norms inside the branches ("pre-norm").  (N, T, D) -> same."""

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.norm_1 = nn.LayerNorm(config.width, bias=config.bias)
        self.attention = CausalSelfAttention(config)
        self.norm_2 = nn.LayerNorm(config.width, bias=config.bias)
        self.mlp = MLP(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.dropout(self.attention(self.norm_1(x)))
        return x + self.dropout(self.mlp(self.norm_2(x)))


class GPT(nn.Module):
    """logits = norm(blocks(token[ids] + position[0 … T−1])) · tokenᵀ: the output layer is the token embedding.

    Weights start from N(0, 0.02²), biases at 0; layers that end in the residual stream from N(0, 0.02² / (2 L)): its
    variance does not grow with the depth (Radford et al. 2019, section 2.3).  Tied weights: Press and Wolf 2017.
    """

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.config = config
        self.token = nn.Embedding(config.vocabulary_size, config.width)
        self.position = nn.Embedding(config.block, config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width, bias=config.bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew, from torch's default generator."""
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                residual = name.endswith("project.weight")
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
        return F.linear(self.norm(x), self.token.weight)

    def parameter_groups(self, weight_decay: float) -> list[dict]:
        """For an optimiser: matrices, embeddings too, with `weight_decay`; biases and norms' gains without."""
        matrices = {"params": [p for p in self.parameters() if p.ndim >= 2], "weight_decay": weight_decay}
        return [matrices, {"params": [p for p in self.parameters() if p.ndim < 2], "weight_decay": 0.0}]

    def flops_per_token(self) -> int:
        """Operations of one training step (forward and backward) per token: 6 N + 12 L D T, with T = block.

        N : all parameters but the positions, which multiply nothing; the token embedding counts as the output layer.
        The second term is the attention's, counted whole though half of it is masked.  Source: Chowdhery et al. 2022
        (PaLM), appendix B.
        """
        c = self.config
        multiplied = sum(parameter.numel() for parameter in self.parameters()) - self.position.weight.numel()
        return 6 * multiplied + 12 * c.layers * c.width * c.block

    @torch.no_grad()
    def generate(
        self,
        ids: Tensor,
        length: int,
        generator: torch.Generator,
        temperature: float = 1.0,
        top_k: int | None = None,
    ) -> Tensor:
        """`ids` (N, T), T ≥ 1, followed by `length` more tokens, each drawn from softmax(logits / temperature).

        The model sees the last `block` tokens, in evaluation mode.  temperature : 0 takes the likeliest token.
        top_k : draw from the k likeliest alone.  generator : on the device of ids.  Returns (N, T + length).
        """
        if not temperature >= 0 or length < 0 or (top_k is not None and top_k < 1):
            got = f"got temperature {temperature}, length {length}, top_k {top_k}"
            raise ValueError(f"expected temperature and length of at least 0 and top_k of at least 1, {got}")
        with in_mode(self, training=False):
            for _ in range(length):
                logits = self(ids[:, -self.config.block :])[:, -1].float()  # (N, K)
                if temperature == 0:
                    drawn = logits.argmax(-1, keepdim=True)
                else:
                    if top_k is not None:
                        least = logits.topk(min(top_k, logits.shape[-1])).values[:, -1:]
                        logits = logits.masked_fill(logits < least, -torch.inf)
                    drawn = torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)
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
