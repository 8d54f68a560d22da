import itertools

import numpy as np
import pytest

from dlbook import text

LOGITS = np.log([0.5, 0.2, 0.15, 0.1, 0.05])

# After () comes 1 or 2; after 1 the mass is scattered, after 2 it is not: the likeliest first token is a trap.
TABLE = {
    (): [0.0, 0.55, 0.45, 0.0],
    (1,): [0.3, 0.3, 0.2, 0.2],
    (2,): [0.9, 0.04, 0.03, 0.03],
}
REST = [0.7, 0.1, 0.1, 0.1]
END = 0


def step(tokens):
    with np.errstate(divide="ignore"):
        return np.log(TABLE.get(tuple(tokens[1:]), REST))


def test_temperature_sharpens_and_flattens():
    np.testing.assert_allclose(text.next_probabilities(LOGITS), np.exp(LOGITS))
    cold = np.exp(LOGITS) ** 2
    np.testing.assert_allclose(text.next_probabilities(LOGITS, 0.5), cold / cold.sum())
    np.testing.assert_array_equal(text.next_probabilities([1.0, 3.0, 3.0], 0), [0, 1, 0])


def test_top_k_keeps_exactly_k():
    np.testing.assert_allclose(text.next_probabilities(LOGITS, top_k=2), [5 / 7, 2 / 7, 0, 0, 0])
    np.testing.assert_allclose(text.next_probabilities([2.0, 5.0, 2.0, 2.0], top_k=2)[[2, 3]], 0)
    np.testing.assert_allclose(text.next_probabilities(LOGITS, top_k=99), np.exp(LOGITS))


def test_top_p_keeps_the_token_that_crosses():
    np.testing.assert_allclose(text.next_probabilities(LOGITS, top_p=0.6), [5 / 7, 2 / 7, 0, 0, 0])
    np.testing.assert_allclose(text.next_probabilities(LOGITS, top_p=0.01), [1, 0, 0, 0, 0])
    np.testing.assert_allclose(text.next_probabilities(LOGITS, top_p=1.0), np.exp(LOGITS))


def test_the_order_is_temperature_k_p():
    # at temperature 2 the first two hold 0.61 of the first three: with k = 3, p = 0.6 two stay
    flat = np.exp(LOGITS / 2)[:3]
    shares = flat / flat.sum()
    assert shares[:1].sum() < 0.6 < shares[:2].sum()
    kept = np.r_[shares[:2] / shares[:2].sum(), 0, 0, 0]
    np.testing.assert_allclose(text.next_probabilities(LOGITS, 2.0, 3, 0.6), kept)


def test_rows_are_independent():
    rows = np.array([LOGITS, LOGITS[::-1]])
    together = text.next_probabilities(rows, 0.7, 4, 0.8)
    np.testing.assert_array_equal(together, [text.next_probabilities(row, 0.7, 4, 0.8) for row in rows])
    np.testing.assert_allclose(together[0], together[1][::-1])


def test_draws_follow_the_probabilities():
    p = np.array([0.0, 0.3, 0.0, 0.7])
    drawn = text.draw(np.tile(p, (20_000, 1)), np.random.default_rng(0))
    counts = np.bincount(drawn, minlength=4) / 20_000
    assert counts[0] == counts[2] == 0
    assert abs(counts[1] - 0.3) < 4 * np.sqrt(0.21 / 20_000)


def test_greedy_falls_into_the_trap_and_a_beam_does_not():
    assert text.greedy(step, [9], END, 5) == [1, END]
    (best, score), *_ = text.beam_search(step, [9], END, 2, 5, alpha=0.0)
    assert best == [2, END]
    np.testing.assert_allclose(score, np.log(0.45 * 0.9))


def test_a_wide_beam_finds_the_best_of_all():
    def probability(tokens):
        return np.prod([np.exp(step([9, *tokens[:i]]))[token] for i, token in enumerate(tokens)])

    def texts(length):
        for n in range(1, length + 1):
            for tokens in itertools.product(range(1, 4), repeat=n - 1):
                yield [*tokens, END]
        yield from (list(tokens) for tokens in itertools.product(range(1, 4), repeat=length))

    def score(tokens):
        with np.errstate(divide="ignore"):
            return np.log(probability(tokens)) / ((5 + len(tokens)) / 6) ** 0.9

    best = max(texts(4), key=score)
    found = text.beam_search(step, [9], END, 200, 4, alpha=0.9)
    assert found[0][0] == best
    np.testing.assert_allclose(found[0][1], score(best))
    assert [s for _, s in found] == sorted((s for _, s in found), reverse=True)


@pytest.mark.parametrize("seed", range(5))
def test_a_beam_of_one_is_greedy(seed):
    scores = np.random.default_rng(seed).standard_normal((40, 6))

    def any_step(tokens):
        return scores[(7 * len(tokens) + sum(tokens)) % 40]

    ((tokens, _),) = text.beam_search(any_step, [3], END, 1, 8)
    assert tokens == text.greedy(any_step, [3], END, 8)


def test_what_is_finished_is_not_continued():
    for tokens, _ in text.beam_search(step, [9], END, 6, 6):
        assert END not in tokens[:-1]
        assert len(tokens) <= 6


def test_samples_end_where_they_should():
    rng = np.random.default_rng(0)
    texts = [text.sample(step, [9], END, 3, rng=rng) for _ in range(50)]
    assert all(len(t) == 3 or t[-1] == END for t in texts)
    assert all(END not in t[:-1] for t in texts)
    assert len({tuple(t) for t in texts}) > 5
    assert text.sample(step, [9], END, 5, rng=rng, temperature=0) == [1, END]
    assert text.sample(step, [9], None, 4, rng=rng, temperature=0) == [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: text.next_probabilities(LOGITS, -1), "temperature: expected 0 or more, got -1"),
        (lambda: text.next_probabilities(LOGITS, top_k=0), "top_k: expected at least 1, got 0"),
        (lambda: text.next_probabilities(LOGITS, top_p=0), "top_p: expected 0 < p ≤ 1, got 0"),
        (lambda: text.next_probabilities([-np.inf, -np.inf]), "logits: expected at least one finite number"),
        (lambda: text.beam_search(step, [9], END, 0, 3), "expected width and length of at least 1"),
    ],
)
def test_wrong_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
