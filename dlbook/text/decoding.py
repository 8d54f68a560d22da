"""From scores of the next token to a text: the likeliest token, a drawn one, or several texts side by side.

    tokens = sample(step, start, end, 100, rng=rng, temperature=0.8, top_p=0.9)

`step(tokens)` gives the scores (K,) of what follows the list `tokens`.  Book: chapters 81, 90.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Step = Callable[[list[int]], np.ndarray]


def next_probabilities(
    logits, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> np.ndarray:
    """softmax(logits / temperature), of the `top_k` likeliest alone, and of those the fewest with a share of `top_p`.

    logits : (…, K).  Returns probabilities (…, K), rows of sum 1.  temperature : 0 gives all to the likeliest.
    top_k : of equals the first are kept.  top_p : 0 < p ≤ 1; the token with which the sum reaches p stays.
    Raises ValueError for settings out of range, or a row without any finite logit.
    Fan et al. 2018 (top-k); Holtzman et al. 2020 (top-p, "nucleus").  Book: chapter 81.
    """
    logits = np.asarray(logits, dtype=float)
    if not temperature >= 0:
        raise ValueError(f"temperature: expected 0 or more, got {temperature}")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k: expected at least 1, got {top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p: expected 0 < p ≤ 1, got {top_p}")
    if np.isnan(logits).any() or not np.isfinite(logits.max(axis=-1)).all():
        raise ValueError("logits: expected at least one finite number in each row, and no NaN")
    order = np.argsort(-logits, axis=-1, kind="stable")
    falling = np.take_along_axis(logits, order, -1)
    count = 1 if temperature == 0 else top_k or logits.shape[-1]
    scores = np.where(np.arange(logits.shape[-1]) < count, (falling - falling[..., :1]) / (temperature or 1), -np.inf)
    shares = np.exp(scores)
    shares /= shares.sum(axis=-1, keepdims=True)
    if top_p is not None:
        before = np.cumsum(shares, axis=-1) - shares
        shares = np.where(before < top_p, shares, 0)
        shares /= shares.sum(axis=-1, keepdims=True)
    probabilities = np.empty_like(shares)
    np.put_along_axis(probabilities, order, shares, -1)
    return probabilities


def draw(probabilities, rng: np.random.Generator) -> np.ndarray:
    """One number from each row of probabilities (…, K): shape (…)."""
    heights = np.cumsum(np.asarray(probabilities), axis=-1)
    u = rng.random(heights.shape[:-1])[..., None] * heights[..., -1:]
    return np.minimum((heights <= u).sum(axis=-1), heights.shape[-1] - 1)


def sample(
    step: Step,
    start: Sequence[int],
    end: int | None,
    length: int,
    *,
    rng: np.random.Generator,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> list[int]:
    """The tokens after `start`, each drawn from `next_probabilities`: at most `length`, or up to and with `end`."""
    tokens = list(start)
    for _ in range(length):
        probabilities = next_probabilities(step(tokens), temperature, top_k, top_p)
        tokens.append(int(draw(probabilities, rng)))
        if tokens[-1] == end:
            break
    return tokens[len(start) :]


def greedy(step: Step, start: Sequence[int], end: int | None, length: int) -> list[int]:
    """The tokens after `start`, always the likeliest (of equals the first): at most `length`, or up to `end`."""
    tokens = list(start)
    for _ in range(length):
        tokens.append(int(np.argmax(step(tokens))))
        if tokens[-1] == end:
            break
    return tokens[len(start) :]


def beam_search(
    step: Step, start: Sequence[int], end: int, width: int, length: int, alpha: float = 0.6
) -> list[tuple[list[int], float]]:
    """The best texts that a search with `width` of them side by side finds: pairs (tokens, score), best first.

    tokens : those after `start`, at most `length`, with `end` where it came.  score : log P / ((5 + n) / 6)^alpha for n
    tokens; without alpha > 0 short texts win, since every further token costs.
    At every step all continuations of all unfinished texts compete for the places that are left; one that takes `end`
    is finished, keeps its place, and is not continued.  width 1 is `greedy`.
    Raises ValueError for a width or length below 1, or a negative alpha.  Wu et al. 2016, section 7.  Book: chapter 90.
    """
    if width < 1 or length < 1 or not alpha >= 0:
        raise ValueError(
            f"expected width and length of at least 1 and alpha of at least 0, got {width}, {length}, {alpha}"
        )
    running: list[tuple[list[int], float]] = [([], 0.0)]
    finished: list[tuple[list[int], float]] = []
    for _ in range(length):
        logits = np.array([step([*start, *tokens]) for tokens, _ in running], dtype=float)
        falls = logits - logits.max(axis=1, keepdims=True)
        log_shares = falls - np.log(np.exp(falls).sum(axis=1, keepdims=True))
        totals = log_shares + np.array([total for _, total in running])[:, None]
        best = np.argsort(-totals, axis=None, kind="stable")[: width - len(finished)]
        continued = []
        for place in best:
            row, token = np.unravel_index(place, totals.shape)
            text = [*running[row][0], int(token)], float(totals[row, token])
            (finished if token == end else continued).append(text)
        running = continued
        if not running:
            break
    scored = [(tokens, total / ((5 + len(tokens)) / 6) ** alpha) for tokens, total in finished + running]
    return sorted(scored, key=lambda text: -text[1])
