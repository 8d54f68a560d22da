"""A language model that reads and writes one character at a time.

    model = CharRNN(len(tokenizer), 128, "lstm", rng=rng)
    losses = learn(model, ids, optim.Adam(model.parameters(), 3e-3), passes=2)
    text = tokenizer.decode(generate(model, tokenizer.encode("Capitu"), 200, rng=rng, temperature=0.8))

Mikolov et al. 2010; Karpathy 2015.  Book: chapters 49, 50.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlbook import nn
from dlbook.optim import Optimizer
from dlbook.text import draw
from dlbook.train import fit_steps

KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class CharRNN(nn.Module):
    """Embedding, recurrent layers, and one score for each character that may come next.

    vocabulary_size : K.  hidden_size : H.  kind : "rnn", "lstm" or "gru".  embedding_dim : numbers a character, H
    without one.
    """

    def __init__(
        self,
        vocabulary_size: int,
        hidden_size: int,
        kind: str = "rnn",
        num_layers: int = 1,
        embedding_dim: int | None = None,
        *,
        rng: np.random.Generator,
        dtype=np.float64,
    ):
        if kind not in KINDS:
            raise ValueError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}")
        width = hidden_size if embedding_dim is None else embedding_dim
        self.kind, self.vocabulary_size, self.hidden_size = kind, vocabulary_size, hidden_size
        self.embedding = nn.Embedding(vocabulary_size, width, rng=rng, dtype=dtype)
        self.recurrent = KINDS[kind](width, hidden_size, num_layers, rng=rng, dtype=dtype)
        self.head = nn.Linear(hidden_size, vocabulary_size, rng=rng, dtype=dtype)

    def forward(self, ids, state=None):
        """((logits, state), cache): ids (T, N), logits (T, N, K), state that of the recurrent layers."""
        x, first = self.embedding.forward(ids)
        (h, state), second = self.recurrent.forward(x, state)
        logits, third = self.head.forward(h)
        return (logits, state), (first, second, third)

    def backward(self, dlogits, cache) -> None:
        """Backpropagation through the T steps; adds the gradients of the parameters.  Characters have no gradient."""
        first, second, third = cache
        dx, _ = self.recurrent.backward(self.head.backward(dlogits, third), second)
        self.embedding.backward(dx, first)


def streams(ids, batch_size: int, steps: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """A text cut into `batch_size` parts that are read side by side: pieces (x, y) of (steps, batch_size), y one ahead.

    ids : (L,).  Each piece goes on where the last one ended, in every part, so the state can be carried over.
    What does not fill a piece is left out.  Raises ValueError when the text is too short for one.
    """
    ids = np.asarray(ids)
    length = (len(ids) - 1) // batch_size // steps * steps
    if length < 1:
        needed = batch_size * steps + 1
        raise ValueError(f"ids: expected at least {needed} for {batch_size} parts of {steps} steps, got {len(ids)}")
    x = ids[: batch_size * length].reshape(batch_size, length).T
    y = ids[1 : batch_size * length + 1].reshape(batch_size, length).T
    for start in range(0, length, steps):
        yield x[start : start + steps], y[start : start + steps]


def learn(
    model: CharRNN,
    ids,
    optimizer: Optimizer,
    *,
    passes: int = 1,
    batch_size: int = 16,
    steps: int = 25,
    max_norm: float | None = 5.0,
) -> list[float]:
    """Train on a text by truncated backpropagation through time; the mean loss a character of every piece, in nats.

    The state is carried from piece to piece, its gradient is not: it ends after `steps`.  max_norm : the gradients'
    common norm is clipped to it, None never.  Raises ValueError when a loss is not finite.
    """
    loss, losses, state = nn.CrossEntropyLoss(), [], None

    def learn_from(x, y) -> float:
        nonlocal state
        (logits, state), cache = model.forward(x, state)
        value, own = loss.forward(logits.reshape(-1, logits.shape[2]), y.reshape(-1))
        model.backward(loss.backward(1.0, own).reshape(logits.shape), cache)
        return float(value)

    for _ in range(passes):
        state = None
        losses += fit_steps(learn_from, streams(ids, batch_size, steps), optimizer, max_norm=max_norm)
    return losses


def evaluate(model: CharRNN, ids, *, batch_size: int = 16, steps: int = 100) -> float:
    """Mean loss a character of a text that is only read, in nats; its exponential is the perplexity."""
    loss, state, losses = nn.CrossEntropyLoss(), None, []
    for x, y in streams(ids, batch_size, steps):
        logits, state = model(x, state)
        losses.append(float(loss(logits.reshape(-1, logits.shape[2]), y.reshape(-1))))
    return float(np.mean(losses))


def generate(model: CharRNN, start, length: int, *, rng: np.random.Generator, temperature: float = 1.0) -> np.ndarray:
    """`length` numbers that the model writes after `start` (T,): each drawn from softmax(logits / temperature).

    temperature : below 1 the likely becomes likelier, 0 always takes the likeliest, above 1 it grows adventurous.
    Raises ValueError for an empty start or a negative temperature.
    """
    start = np.asarray(start)
    if start.ndim != 1 or not len(start):
        raise ValueError(f"start: expected shape (T,) with T of at least 1, got {start.shape}")
    if not temperature >= 0:
        raise ValueError(f"temperature: expected at least 0, got {temperature}")
    logits, state = model(start[:, None])
    written = np.empty(length, np.int64)
    for t in range(length):
        scores = logits[-1, 0]
        if temperature == 0:
            written[t] = scores.argmax()
        else:
            written[t] = draw(nn.softmax(scores / temperature)[0], rng)
        logits, state = model(written[t : t + 1, None], state)
    return written
