"""Sampling keeps to what is allowed and to what is likely."""

from __future__ import annotations

import numpy as np
import pytest

from scogen_pipeline.sampling.samplers import Sampler

LOGITS = np.array([3.0, 2.0, 1.0, 0.0, -1.0])
ALL = np.ones(5, dtype=np.bool_)


def test_without_truncation_it_is_the_softmax() -> None:
    expected = np.exp(LOGITS) / np.exp(LOGITS).sum()
    assert np.allclose(Sampler().probabilities(LOGITS, ALL), expected)


def test_temperature_sharpens_and_flattens() -> None:
    cold, warm = (Sampler(temperature).probabilities(LOGITS, ALL)[0] for temperature in (0.5, 2.0))
    assert cold > Sampler().probabilities(LOGITS, ALL)[0] > warm


def test_top_k_keeps_k() -> None:
    assert np.flatnonzero(Sampler(top_k=2).probabilities(LOGITS, ALL)).tolist() == [0, 1]


def test_top_p_keeps_the_smallest_sufficient_set() -> None:
    probabilities = Sampler().probabilities(LOGITS, ALL)
    kept = np.flatnonzero(Sampler(top_p=float(probabilities[:2].sum())).probabilities(LOGITS, ALL))
    assert kept.tolist() == [0, 1]
    assert np.flatnonzero(Sampler(top_p=0.05).probabilities(LOGITS, ALL)).tolist() == [0]


def test_what_is_forbidden_takes_no_place_among_the_likeliest() -> None:
    allowed = np.array([False, True, True, True, True])
    assert np.flatnonzero(Sampler(top_k=2).probabilities(LOGITS, allowed)).tolist() == [1, 2]


def test_nothing_allowed_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Sampler().probabilities(LOGITS, ~ALL)


def test_draws_follow_the_distribution_and_repeat_with_the_seed() -> None:
    draws = [
        [Sampler().draw(LOGITS, range(5), random) for _ in range(4000)]
        for random in (np.random.default_rng(1), np.random.default_rng(1))
    ]
    assert draws[0] == draws[1]
    shares = np.bincount(draws[0], minlength=5) / 4000
    assert np.allclose(shares, Sampler().probabilities(LOGITS, ALL), atol=0.03)
