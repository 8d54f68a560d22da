"""The models of `dlbook.models` that torch can build, with the same parameters under the same names."""

import math

import torch

from dlbook.nn import sinusoidal_positions


class CharRNN(torch.nn.Module):
    """`dlbook.models.char_rnn.CharRNN`: ids (T, N) and a state to (logits (T, N, K), state)."""

    def __init__(self, embedding: torch.nn.Module, recurrent: torch.nn.Module, head: torch.nn.Module):
        super().__init__()
        self.embedding, self.recurrent, self.head = embedding, recurrent, head

    def forward(self, ids: torch.Tensor, state=None):
        h, state = self.recurrent(self.embedding(ids), state)
        return self.head(h), state


class DeepAutoencoder(torch.nn.Module):
    """`dlbook.models.deep_autoencoder.DeepAutoencoder`: x (N, D) to its reconstruction."""

    def __init__(self, encoder: torch.nn.Module, decoder: torch.nn.Module):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.encoder(x))


def squash(s: torch.Tensor) -> torch.Tensor:
    """‖s‖² / (1 + ‖s‖²) · s / ‖s‖ along the last axis; 0 stays 0."""
    r = torch.linalg.vector_norm(s, dim=-1, keepdim=True)
    return s * r / (1 + r**2)


class CapsuleLayer(torch.nn.Module):
    """`dlbook.models.capsules.CapsuleLayer`: u (N, I, P) to v (N, J, D) by routing."""

    def __init__(self, shape: tuple[int, ...], iterations: int):
        super().__init__()
        self.iterations = iterations
        self.weight = torch.nn.Parameter(torch.empty(shape))

    def forward(self, u: torch.Tensor) -> torch.Tensor:
        u_hat = torch.einsum("nip,ijdp->nijd", u, self.weight)
        b = u_hat.new_zeros(u_hat.shape[:3])
        for step in range(self.iterations):
            v = squash(torch.einsum("nij,nijd->njd", b.softmax(dim=2), u_hat))
            if step < self.iterations - 1:
                b = b + torch.einsum("nijd,njd->nij", u_hat, v)
        return v


class PrimaryCapsules(torch.nn.Module):
    """`dlbook.models.capsules.PrimaryCapsules`: x (N, side²) to capsules (N, I, length)."""

    def __init__(self, layers: torch.nn.Module, pixels: torch.Tensor, side: int, capsules: int, length: int):
        super().__init__()
        self.layers, self.side, self.capsules, self.length = layers, side, capsules, length
        self.register_buffer("pixels", pixels, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return squash(self.layers(x[:, self.pixels]).reshape(len(x), self.capsules, self.length))


class MarginLoss(torch.nn.Module):
    """`dlbook.models.capsules.MarginLoss` of capsules v (N, J, D) and labels (N,)."""

    def forward(self, v: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        target = torch.nn.functional.one_hot(labels, v.shape[1]).to(v.dtype)
        length = torch.linalg.vector_norm(v, dim=-1)
        low, high = (0.9 - length).clamp(min=0), (length - 0.1).clamp(min=0)
        return (target * low**2 + 0.5 * (1 - target) * high**2).sum() / len(v)


class Transformer(torch.nn.Module):
    """`dlbook.models.transformer.Transformer`: (source, target, source_mask) to scores (N, T, K)."""

    def __init__(self, parts: dict[str, torch.nn.Module], width: int, positions: bool):
        super().__init__()
        self.width, self.positions = width, positions
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, source: torch.Tensor, target: torch.Tensor, source_mask=None, causal: bool = True):
        looks = None if source_mask is None else source_mask[:, None, None]
        memory = self.encoder(self._embed(self.source, source), looks)
        steps = target.shape[1]
        mask = torch.ones(steps, steps, dtype=torch.bool, device=target.device).tril() if causal else None
        return self.head(self.decoder(self._embed(self.target, target), memory, mask, looks))

    def _embed(self, embedding: torch.nn.Embedding, ids: torch.Tensor) -> torch.Tensor:
        x = embedding(ids) * math.sqrt(self.width)
        if self.positions:
            x = x + torch.from_numpy(sinusoidal_positions(ids.shape[1], self.width)).to(x)
        return self.dropout(x)
