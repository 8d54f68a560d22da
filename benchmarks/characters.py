"""A character model on *Dom Casmurro*: sequences side by side against one sequence at a time.

Both are Elman networks with 100 units that learn from pieces of 25 characters, and both carry the state over.  The
loop is what one finds in tutorials: column vectors, one text position after the other, Adagrad.  Since batches make
fewer steps of the same text, the row of losses shows what each has learnt from the same characters.
"""

from collections.abc import Iterator

import numpy as np

from benchmarks.measure import Row, Size, alternately, times_faster
from dlbook import data, optim
from dlbook.models.char_rnn import CharRNN, learn
from dlbook.text import CharTokenizer

HIDDEN, STEPS, BATCH = 100, 25, 16


def rows(size: Size) -> Iterator[Row]:
    ids, vocabulary = text(max(20 * size.examples, 5 * BATCH * STEPS + 1))
    losses = {}

    def batched():
        losses["batched"] = ours(ids, vocabulary)

    def one_at_a_time():
        losses["loop"] = loop(ids, vocabulary)

    seconds = alternately(batched, one_at_a_time, max(1, size.rounds // 4))
    name = f"character RNN, {BATCH} sequences side by side / one at a time"
    yield times_faster(name, seconds, "≥ 5 ×", "float64")
    means = [f"{np.mean(losses[one][-(len(losses[one]) // 5) :]):.3f} nats" for one in ("batched", "loop")]
    yield Row(f"loss a character, last fifth of {len(ids):,}", *means, target="no more", precision="float64")


def text(length: int) -> tuple[np.ndarray, int]:
    """The first characters of the novel as numbers, and how many different ones there are."""
    novel = data.dom_casmurro()
    tokenizer = CharTokenizer(novel)
    return tokenizer.encode(novel[:length]), len(tokenizer)


def ours(ids: np.ndarray, vocabulary: int) -> list[float]:
    """The losses of `dlbook.models.char_rnn`, a piece of all sequences at a time."""
    model = CharRNN(vocabulary, HIDDEN, "rnn", rng=np.random.default_rng(0))
    return learn(model, ids, optim.Adam(model.parameters(), 0.01), batch_size=BATCH, steps=STEPS)


def loop(ids: np.ndarray, vocabulary: int) -> list[float]:
    """The losses of the tutorials' loop, one character after the other."""
    rng = np.random.default_rng(0)
    shapes = {
        "U": (HIDDEN, vocabulary), "W": (HIDDEN, HIDDEN), "V": (vocabulary, HIDDEN), "b": (HIDDEN, 1),
        "c": (vocabulary, 1),
    }  # fmt: skip
    weights = {name: 0.01 * rng.standard_normal(s) if name in "UVW" else np.zeros(s) for name, s in shapes.items()}
    squares = {name: np.zeros(shape) for name, shape in shapes.items()}
    state, losses = np.zeros((HIDDEN, 1)), []
    for start in range(0, len(ids) - STEPS, STEPS):
        x, y = ids[start : start + STEPS], ids[start + 1 : start + STEPS + 1]
        loss, gradients, state = piece(x, y, state, weights)
        losses.append(loss)
        for name, gradient in gradients.items():
            clipped = np.clip(gradient, -5, 5)
            squares[name] += clipped * clipped
            weights[name] -= 0.1 * clipped / np.sqrt(squares[name] + 1e-8)
    return losses


def piece(x, y, state, weights):
    """Mean loss, gradients of the sum over the steps, and last state, of one sequence of column vectors."""
    U, W, V, b, c = weights.values()
    inputs, states, outputs, loss = [], [state], [], 0.0
    for now, target in zip(x, y, strict=True):
        one_hot = np.zeros((len(V), 1))
        one_hot[now] = 1
        inputs.append(one_hot)
        states.append(np.tanh(U @ one_hot + W @ states[-1] + b))
        scores = V @ states[-1] + c
        shares = np.exp(scores - scores.max())
        outputs.append(shares / shares.sum())
        loss -= np.log(outputs[-1][target, 0])
    gradients = {name: np.zeros_like(array) for name, array in weights.items()}
    following = np.zeros_like(state)
    for t in reversed(range(len(x))):
        dy = outputs[t].copy()
        dy[y[t]] -= 1
        gradients["V"] += dy @ states[t + 1].T
        gradients["c"] += dy
        da = (1 - states[t + 1] ** 2) * (V.T @ dy + following)
        gradients["U"] += da @ inputs[t].T
        gradients["W"] += da @ states[t].T
        gradients["b"] += da
        following = W.T @ da
    return loss / len(x), gradients, states[-1]
