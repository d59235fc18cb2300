"""Sampling keeps to what is allowed and to what is likely."""

from __future__ import annotations

import numpy as np
import pytest

from scogen_pipeline.sampling.samplers import Choice, Sampler

LOGITS = np.array([3.0, 2.0, 1.0, 0.0, -1.0])
ALL = range(5)


def probabilities(sampler: Sampler, choice: Choice) -> np.ndarray:
    """Return the distribution of one row."""
    (row,) = sampler.probabilities(LOGITS[None], [choice])
    return row


def draws(sampler: Sampler, choices: list[Choice], seeds: list[int]) -> list[int]:
    """Draw once a row, every row from the same logits."""
    randoms = [np.random.default_rng(seed) for seed in seeds]
    return sampler.draw(np.tile(LOGITS, (len(choices), 1)), choices, randoms)


def test_without_truncation_it_is_the_softmax() -> None:
    expected = np.exp(LOGITS) / np.exp(LOGITS).sum()
    assert np.allclose(probabilities(Sampler(), Choice(ALL)), expected)


def test_temperature_sharpens_and_flattens() -> None:
    cold, plain, warm = (probabilities(Sampler(), Choice(ALL, temperature))[0] for temperature in (0.5, 1.0, 2.0))
    assert cold > plain > warm


def test_a_leaning_is_added_to_the_logit_of_its_id() -> None:
    leaning = probabilities(Sampler(), Choice([3, 1, 0], leanings=[2.0]))
    even = probabilities(Sampler(), Choice([3, 1, 0]))
    assert leaning[3] / leaning[1] == pytest.approx(np.exp(2) * even[3] / even[1])
    assert leaning[1] / leaning[0] == pytest.approx(even[1] / even[0])


def test_top_k_keeps_k() -> None:
    assert np.flatnonzero(probabilities(Sampler(top_k=2), Choice(ALL))).tolist() == [0, 1]


def test_top_p_keeps_the_smallest_sufficient_set() -> None:
    all_of_them = probabilities(Sampler(), Choice(ALL))
    kept = np.flatnonzero(probabilities(Sampler(top_p=float(all_of_them[:2].sum())), Choice(ALL)))
    assert kept.tolist() == [0, 1]
    assert np.flatnonzero(probabilities(Sampler(top_p=0.05), Choice(ALL))).tolist() == [0]


def test_what_is_forbidden_takes_no_place_among_the_likeliest() -> None:
    assert np.flatnonzero(probabilities(Sampler(top_k=2), Choice([4, 3, 2, 1]))).tolist() == [1, 2]


def test_nothing_allowed_is_an_error() -> None:
    for call in (lambda: Sampler().probabilities(LOGITS[None], [Choice([])]), lambda: draws(Sampler(), [Choice([])], [1])):
        with pytest.raises(ValueError, match="at least one"):
            call()


def test_draws_follow_the_distribution_and_repeat_with_the_seed() -> None:
    first, again = (draws(Sampler(), [Choice(ALL)] * 4000, list(range(4000))) for _ in range(2))
    assert first == again
    shares = np.bincount(first, minlength=5) / 4000
    assert np.allclose(shares, probabilities(Sampler(), Choice(ALL)), atol=0.03)


@pytest.mark.parametrize("sampler", [Sampler(), Sampler(top_k=3), Sampler(top_p=0.9)])
def test_a_row_does_not_depend_on_the_others(sampler: Sampler) -> None:
    choices = [Choice([4, 0, 2], 0.7, [1.0]), Choice([3]), Choice(ALL, 1.3), Choice([1, 4])]
    for seed in range(50):
        alone = [draws(sampler, [choice], [seed + row])[0] for row, choice in enumerate(choices)]
        assert draws(sampler, choices, [seed + row for row in range(4)]) == alone


def test_a_row_without_a_choice_draws_no_number() -> None:
    random = np.random.default_rng(1)
    assert Sampler().draw(LOGITS[None], [Choice([3])], [random]) == [3]
    assert random.random() == np.random.default_rng(1).random()
