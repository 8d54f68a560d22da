"""`dlbook.models.clip` in torch, with the same parameters under the same names."""

import torch
from torch.nn import functional


def info_nce(images: torch.Tensor, texts: torch.Tensor, log_scale: torch.Tensor, targets=None) -> torch.Tensor:
    """The symmetric contrastive loss of N pairs: images, texts (N, d) of any length, targets (N, N) or None."""
    scores = log_scale.exp() * functional.normalize(images) @ functional.normalize(texts).T
    if targets is None:
        by_row = by_column = torch.arange(len(images), device=scores.device)
    else:
        targets = targets.to(scores.dtype)
        by_row = targets / targets.sum(dim=1, keepdim=True)
        by_column = targets.T / targets.T.sum(dim=1, keepdim=True)
    return (functional.cross_entropy(scores, by_row) + functional.cross_entropy(scores.T, by_column)) / 2


def _mean_of_words(x: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    real = (ids != 0).to(x.dtype)
    return torch.einsum("nt,ntd->nd", real / real.sum(dim=1, keepdim=True).clamp(min=1), x)


class BagOfWords(torch.nn.Module):
    """The mean of the vectors of a sentence's words: ids (N, T), 0 is padding, to (N, width)."""

    def __init__(self, embedding: torch.nn.Module):
        super().__init__()
        self.embedding = embedding

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return _mean_of_words(self.embedding(ids), ids)


class TextTransformer(torch.nn.Module):
    """A pre-norm transformer encoder, read as the mean of its states at the words: ids (N, T) to (N, width)."""

    def __init__(self, embedding: torch.nn.Module, length: int, encoder: torch.nn.Module):
        super().__init__()
        self.positions = torch.nn.Parameter(torch.zeros(length, embedding.embedding_dim))
        self.embedding, self.encoder = embedding, encoder

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.embedding(ids) + self.positions[: ids.shape[1]]
        return _mean_of_words(self.encoder(x, (ids != 0)[:, None, None]), ids)


class CLIP(torch.nn.Module):
    """Two encoders, their projections, and the loss of a batch of pairs: (pictures, ids) to a number."""

    def __init__(
        self,
        picture_encoder: torch.nn.Module,
        text_encoder: torch.nn.Module,
        picture_projection: torch.nn.Module,
        text_projection: torch.nn.Module,
    ):
        super().__init__()
        self.log_scale = torch.nn.Parameter(torch.zeros(()))
        self.picture_encoder, self.text_encoder = picture_encoder, text_encoder
        self.picture_projection, self.text_projection = picture_projection, text_projection

    def forward(self, pictures: torch.Tensor, ids: torch.Tensor, targets=None) -> torch.Tensor:
        images = self.picture_projection(self.picture_encoder(pictures))
        texts = self.text_projection(self.text_encoder(ids))
        return info_nce(images, texts, self.log_scale, targets)

    def encode_pictures(self, pictures: torch.Tensor) -> torch.Tensor:
        """Unit vectors (N, width)."""
        return functional.normalize(self.picture_projection(self.picture_encoder(pictures)))

    def encode_texts(self, ids: torch.Tensor) -> torch.Tensor:
        """Unit vectors (N, width)."""
        return functional.normalize(self.text_projection(self.text_encoder(ids)))
