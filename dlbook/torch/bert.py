"""BERT in PyTorch: the classes of `dlbook.models.bert`, with the same parameters under the same names.

    model = BERT(BERT_BASE)
    hidden = model(ids, segments, mask)          # (N, T, D); mask : True at real tokens

`dlbook.torch.twin` builds one from its NumPy counterpart.  Shapes, masks and sources stand there.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dlbook.models import bert
from dlbook.models.bert import BERTConfig
from dlbook.torch.layers import TransformerEncoder, TransformerEncoderLayer


class Pooler(nn.Module):
    """tanh(W h₀ + b) of the first token: (N, T, D) to (N, D)."""

    def __init__(self, width: int):
        super().__init__()
        self.dense = nn.Linear(width, width)

    def forward(self, hidden: Tensor) -> Tensor:
        return torch.tanh(self.dense(hidden[:, 0]))


class BERT(nn.Module):
    """ids (N, T), segments (N, T) and a mask to hidden (N, T, D)."""

    def __init__(self, config: BERTConfig):
        super().__init__()
        c = self.config = config
        self.token = nn.Embedding(c.vocabulary_size, c.width)
        self.position = nn.Embedding(c.positions, c.width)
        self.segment = nn.Embedding(c.types, c.width)
        self.norm = nn.LayerNorm(c.width, c.eps)
        self.dropout = nn.Dropout(c.dropout)
        layers = [
            TransformerEncoderLayer(c.width, c.heads, c.hidden, c.dropout, "gelu", c.eps, batch_first=True)
            for _ in range(c.layers)
        ]
        self.encoder = TransformerEncoder(layers, None)
        self.pooler = Pooler(c.width)
        _start(self)

    def forward(self, ids: Tensor, segments: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        kinds = self.segment.weight[0] if segments is None else self.segment(segments)
        x = self.dropout(self.norm(self.token(ids) + self.position.weight[: ids.shape[1]] + kinds))
        looks = None if mask is None else mask[:, None, None] if mask.ndim == 2 else mask[:, None]
        return self.encoder(x, looks)


class MaskedLMHead(nn.Module):
    """Scores of the vocabulary: of all states (N, T, K), or of those at `places` (M, K)."""

    def __init__(self, bert: BERT):
        super().__init__()
        c = bert.config
        self.dense = nn.Linear(c.width, c.width)
        self.norm = nn.LayerNorm(c.width, c.eps)
        self.token = bert.token
        self.bias = nn.Parameter(torch.zeros(c.vocabulary_size))
        _start(self.dense)

    def forward(self, hidden: Tensor, places: Tensor | None = None) -> Tensor:
        chosen = hidden if places is None else hidden[places]
        return F.linear(self.norm(F.gelu(self.dense(chosen))), self.token.weight, self.bias)


class ClassificationHead(nn.Module):
    """Scores (N, C) of a whole text."""

    def __init__(self, bert: BERT, classes: int):
        super().__init__()
        self.pooler, self.output = bert.pooler, nn.Linear(bert.config.width, classes)
        _start(self.output)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.output(self.pooler(hidden))


class NextSentenceHead(ClassificationHead):
    """Scores (N, 2): follows, does not follow."""

    def __init__(self, bert: BERT):
        super().__init__(bert, 2)


class PretrainingHead(nn.Module):
    """The scores of the masked words, and those of "follows"."""

    def __init__(self, bert: BERT):
        super().__init__()
        self.words, self.follows = MaskedLMHead(bert), NextSentenceHead(bert)

    def forward(self, hidden: Tensor, places: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return self.words(hidden, places), self.follows(hidden)


class TaggingHead(nn.Module):
    """Scores (N, T, C) of a tag for every token."""

    def __init__(self, bert: BERT, tags: int):
        super().__init__()
        self.output = nn.Linear(bert.config.width, tags)
        _start(self.output)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.output(hidden)


class SpanHead(nn.Module):
    """Scores (N, 2, T) of the start and the end of an answer, -∞ where none is `allowed`."""

    def __init__(self, bert: BERT):
        super().__init__()
        self.output = nn.Linear(bert.config.width, 2)
        _start(self.output)

    def forward(self, hidden: Tensor, allowed: Tensor | None = None) -> Tensor:
        scores = self.output(hidden).transpose(1, 2)
        return scores if allowed is None else scores.masked_fill(~allowed[:, None], -torch.inf)


class WithHead(nn.Module):
    """BERT and a head on it; further arguments go to the head."""

    def __init__(self, bert: BERT, head: nn.Module):
        super().__init__()
        self.bert, self.head = bert, head

    def forward(self, ids: Tensor, segments: Tensor | None = None, mask: Tensor | None = None, *more: Tensor):
        return self.head(self.bert(ids, segments, mask), *more)


# How to build each head, weights aside.
HEADS = {
    bert.MaskedLMHead: lambda own, head: MaskedLMHead(own),
    bert.ClassificationHead: lambda own, head: ClassificationHead(own, head.output.out_features),
    bert.NextSentenceHead: lambda own, head: NextSentenceHead(own),
    bert.PretrainingHead: lambda own, head: PretrainingHead(own),
    bert.TaggingHead: lambda own, head: TaggingHead(own, head.output.out_features),
    bert.SpanHead: lambda own, head: SpanHead(own),
}


def build(module: bert.BERT | bert.WithHead) -> BERT | WithHead:
    """The equivalent of a BERT of NumPy, alone or with a head, in its mode; weights aside.  For `twin`.

    Raises ValueError for a head that is not one of this file.
    """
    if isinstance(module, bert.BERT):
        return BERT(module.config).train(module.training)
    head = HEADS.get(type(module.head))
    if head is None:
        known = ", ".join(sorted(kind.__name__ for kind in HEADS))
        raise ValueError(f"{type(module.head).__name__}: torch has no equivalent; expected one of {known}")
    own = BERT(module.bert.config)
    return WithHead(own, head(own, module.head)).train(module.training)


def _start(module: nn.Module) -> None:
    """BERT's start: every matrix from N(0, 0.02²), every bias 0, every gain of a norm 1."""
    for name, parameter in module.named_parameters():
        if parameter.ndim == 2:
            nn.init.normal_(parameter, std=0.02)
        elif name.endswith("bias"):
            nn.init.zeros_(parameter)
        else:
            nn.init.ones_(parameter)
