"""The judges find what is there and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scogen_pipeline.metrics.boosting import area_under_curve, fit_judge, grouped_resamples, usable
from scogen_pipeline.metrics.features import features_of
from scogen_pipeline.metrics.two_sample import FEWEST_GROUPS, two_sample_test
from scogen_pipeline.music.instruments import find_instrument
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for

N = 120


def tune(seed: int, *, is_shuffled: bool = False) -> Piece:
    """A random walk along the scale in phrases that come back, or the same notes in any order."""
    random = np.random.default_rng(seed)
    scale = [55, 57, 59, 60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77, 79]
    places = np.clip(7 + np.cumsum(random.choice([-1, 0, 1, 1, -1, 2, -2], 16)), 0, len(scale) - 1)
    pitches = [scale[place] for place in places] * 2
    if is_shuffled:
        random.shuffle(pitches)
    notes = tuple(Note(beat * 24, 0, int(pitch), 24) for beat, pitch in enumerate(pitches))
    return Piece(parts_for((find_instrument("fiddle"),)), notes, (Meter(4, 4),) * 8, Key.parse("C"), genre="reel")


@pytest.fixture(scope="module")
def tunes() -> pd.DataFrame:
    return pd.DataFrame([features_of(tune(seed)) for seed in range(N)])


def test_two_halves_of_the_same_music_cannot_be_told_apart(tunes: pd.DataFrame) -> None:
    is_second = np.random.default_rng(3).permutation(N) % 2 == 0

    found = two_sample_test(tunes, is_second, np.arange(N))

    assert found.low < 0.5 < found.high
    assert 0.35 < found.auc < 0.65
    assert (found.n_real, found.n_generated) == (60, 60)


def test_shuffled_music_is_told_by_what_shuffling_destroys(tunes: pd.DataFrame) -> None:
    shuffled = pd.DataFrame([features_of(tune(seed, is_shuffled=True)) for seed in range(N)])
    both = pd.concat([tunes, shuffled], ignore_index=True)

    found = two_sample_test(both, np.repeat([False, True], N), np.tile(np.arange(N), 2))

    assert found.auc > 0.97
    assert abs(found.tells["alone"].iloc[0] - 0.5) > 0.4
    tells = found.tells.set_index("feature")
    assert tells.loc["distinct_measure_share", "generated"] > tells.loc["distinct_measure_share", "real"]
    assert tells.loc["step_share", "generated"] < tells.loc["step_share", "real"]


def test_copies_of_one_piece_are_never_on_both_sides_of_a_fold() -> None:
    # Noise that is the same in each group tells nothing about other groups, but all about its own.
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 6)
    noise = pd.DataFrame(random.normal(size=(40, 5))[groups], columns=list("abcde"))
    is_generated = groups % 2 == 0

    assert two_sample_test(noise, is_generated, groups).auc < 0.75
    assert two_sample_test(noise, is_generated, np.arange(len(groups))).auc > 0.95


def test_too_few_groups_are_no_test() -> None:
    n = 2 * FEWEST_GROUPS - 2
    found = two_sample_test(pd.DataFrame({"a": np.arange(float(n))}), np.arange(n) % 2 == 0, np.arange(n))

    assert np.isnan([found.auc, found.low, found.high]).all()
    assert found.tells["importance"].isna().all()
    assert found.tells["real"].notna().all()


def test_a_feature_that_is_the_same_in_every_piece_of_a_fold_does_no_harm() -> None:
    features = np.zeros((60, 2))
    features[:, 0] = np.arange(60)
    judge = fit_judge(features, np.arange(60) >= 30, seed=1)

    assert area_under_curve(judge.scores(features), np.arange(60) >= 30) == 1


def test_usable_features_are_mostly_defined_and_differ() -> None:
    nan = float("nan")
    features = pd.DataFrame({"good": [1.0, 2.0, nan], "rare": [1.0, nan, nan], "constant": [1.0, 1.0, nan]})

    assert usable(features) == ["good"]


def test_resamples_hold_whole_groups() -> None:
    groups = np.array(["a", "b", "a", "c", "a"])
    for rows in grouped_resamples(groups, 20, seed=0):
        assert (rows == 0).sum() == (rows == 2).sum() == (rows == 4).sum()


def test_an_area_without_one_side_is_undefined() -> None:
    assert np.isnan(area_under_curve(np.arange(3.0), np.ones(3, dtype=np.bool_)))
