"""Layers of dlbook.nn that torch lacks, or calls in another way: its masks say who may not look.

`dlbook.torch.twin` builds models from them.
"""

import torch


class QuadraticLoss(torch.nn.Module):
    """C = 1/(2N) Σ ‖target - prediction‖², the book's cost, which torch lacks.  Shapes are equal."""

    def __init__(self, reduction: str = "mean"):
        super().__init__()
        if reduction not in ("mean", "sum"):
            raise ValueError(f"reduction: expected 'mean' or 'sum', got {reduction!r}")
        self.reduction = reduction

    def forward(self, prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if prediction.shape != target.shape:
            raise ValueError(f"target: expected shape {tuple(prediction.shape)}, got {tuple(target.shape)}")
        total = 0.5 * torch.nn.functional.mse_loss(prediction, target, reduction="sum")
        return total / len(prediction) if self.reduction == "mean" else total


class Residual(torch.nn.Module):
    """y = x + module(x), which torch has inside other modules only."""

    def __init__(self, module: torch.nn.Module):
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.module(x)


class MultiheadAttention(torch.nn.MultiheadAttention):
    """torch's, called as that of dlbook.nn: the mask says who may look, and only the output is returned."""

    def forward(self, query, key=None, value=None, mask=None):
        key = query if key is None else key
        inputs = [x if self.batch_first else x.transpose(0, 1) for x in (query, key, key if value is None else value)]
        weights = self.in_proj_weight.chunk(3)
        biases = [None] * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        heads = [
            torch.nn.functional.linear(x, w, b).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
            for x, w, b in zip(inputs, weights, biases, strict=True)
        ]
        dropout = self.dropout if self.training else 0.0
        y = torch.nn.functional.scaled_dot_product_attention(*heads, attn_mask=mask, dropout_p=dropout)
        y = self.out_proj(y.transpose(1, 2).flatten(2))
        return y if self.batch_first else y.transpose(0, 1)


class FeedForward(torch.nn.Module):
    """Two linear layers and an activation between them, which torch has inside other modules only."""

    def __init__(self, linear1, activation, dropout, linear2):
        super().__init__()
        self.linear1, self.activation, self.dropout, self.linear2 = linear1, activation, dropout, linear2

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(torch.nn.TransformerEncoderLayer):
    """torch's, called as that of dlbook.nn: the mask says who may look."""

    def __init__(self, *settings, **more):
        super().__init__(*settings, **more)
        self.self_attn = _looking(self.self_attn)

    def forward(self, x, mask=None):
        if self.norm_first:
            x = x + self.dropout1(self.self_attn(self.norm1(x), mask=mask))
            return x + self._ff_block(self.norm2(x))
        x = self.norm1(x + self.dropout1(self.self_attn(x, mask=mask)))
        return self.norm2(x + self._ff_block(x))


class TransformerDecoderLayer(torch.nn.TransformerDecoderLayer):
    """torch's, called as that of dlbook.nn: the masks say who may look."""

    def __init__(self, *settings, **more):
        super().__init__(*settings, **more)
        self.self_attn, self.multihead_attn = _looking(self.self_attn), _looking(self.multihead_attn)

    def forward(self, x, memory, mask=None, memory_mask=None):
        if self.norm_first:
            x = x + self.dropout1(self.self_attn(self.norm1(x), mask=mask))
            x = x + self.dropout2(self.multihead_attn(self.norm2(x), memory, mask=memory_mask))
            return x + self._ff_block(self.norm3(x))
        x = self.norm1(x + self.dropout1(self.self_attn(x, mask=mask)))
        x = self.norm2(x + self.dropout2(self.multihead_attn(x, memory, mask=memory_mask)))
        return self.norm3(x + self._ff_block(x))


class TransformerEncoder(torch.nn.Module):
    """Encoder layers that need not be equal, and a last norm: torch's copies one layer."""

    def __init__(self, layers, norm: torch.nn.Module | None):
        super().__init__()
        self.layers, self.norm = torch.nn.ModuleList(layers), norm

    def forward(self, x, mask=None):
        for layer in self.layers:
            x = layer(x, mask)
        return x if self.norm is None else self.norm(x)


class TransformerDecoder(torch.nn.Module):
    """Decoder layers that need not be equal, and a last norm."""

    def __init__(self, layers, norm: torch.nn.Module | None):
        super().__init__()
        self.layers, self.norm = torch.nn.ModuleList(layers), norm

    def forward(self, x, memory, mask=None, memory_mask=None):
        for layer in self.layers:
            x = layer(x, memory, mask, memory_mask)
        return x if self.norm is None else self.norm(x)


def _looking(plain: torch.nn.MultiheadAttention) -> MultiheadAttention:
    bias = plain.in_proj_bias is not None
    settings = plain.embed_dim, plain.num_heads, plain.dropout, bias
    return MultiheadAttention(*settings, batch_first=plain.batch_first, dtype=plain.in_proj_weight.dtype)
