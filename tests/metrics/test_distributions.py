"""Overlap and distance of samples whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from scogen_pipeline.metrics.distributions import compare, ratio_of_means

REAL = np.random.default_rng(0).normal(size=400)


def test_a_sample_overlaps_fully_with_itself() -> None:
    found = compare(REAL, REAL)

    assert found.overlap == pytest.approx(1)
    assert found.distance == pytest.approx(0)
    assert found.overlap_low > 0.85
    assert found.distance_high < 0.3


def test_a_shift_by_one_deviation_is_a_distance_of_one() -> None:
    found = compare(REAL + REAL.std(), REAL)

    assert found.distance == pytest.approx(1, abs=0.01)
    # Two normal densities one deviation apart share 62 %; the kernel widens both a little.
    assert found.overlap == pytest.approx(0.62, abs=0.06)
    assert found.distance_low < 1 < found.distance_high
    assert found.overlap_low < found.overlap < found.overlap_high


def test_samples_without_anything_in_common_do_not_overlap() -> None:
    assert compare(REAL + 50, REAL).overlap < 0.01


def test_neither_unit_nor_offset_matters() -> None:
    sample = np.random.default_rng(1).normal(0.5, 1, 100)
    assert compare(sample * 100 - 7, REAL * 100 - 7) == pytest.approx(compare(sample, REAL))


def test_constants_are_compared_too() -> None:
    assert compare(np.zeros(9), np.zeros(9))[:4:3] == (1, 0)
    assert compare(np.ones(9), np.zeros(9)).overlap < 0.5


def test_a_handful_is_not_compared() -> None:
    assert np.isnan(compare(REAL[:4], REAL)).all()


def test_the_interval_of_a_ratio_holds_the_true_one() -> None:
    random = np.random.default_rng(2)
    found = ratio_of_means(random.normal(3, 1, 200), random.normal(2, 1, 200))

    assert found.ratio_low < 1.5 < found.ratio_high
    assert found.ratio_low < found.ratio < found.ratio_high
    assert found.ratio_high - found.ratio_low == pytest.approx(4 * 0.065, rel=0.25)  # by the delta method


def test_there_is_no_ratio_to_nothing() -> None:
    assert np.isnan(ratio_of_means(np.ones(9), np.zeros(9))).all()
    assert np.isnan(ratio_of_means(np.ones(9), np.array([]))).all()
    assert np.isnan(ratio_of_means(np.array([]), np.ones(9))).all()
