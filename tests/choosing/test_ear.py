"""The ear tells real pieces from generated ones."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.choosing.fake_judge import FakeJudge
from tests.choosing.test_choice import reel
from tests.choosing.test_reference import VOCABULARY, row
from tests.metrics.originality.test_index_table import known

from scogen_pipeline.choosing.ear import LENGTHS, Ear, ear_table, fit_ear, heard_features
from scogen_pipeline.choosing.training_ear import learn_genres
from scogen_pipeline.errors import DataError
from scogen_pipeline.metrics.excerpt import excerpt
from scogen_pipeline.music.piece import Piece


def walk(seed: int, share_of_steps: float) -> Piece:
    """A line of sixteen measures that goes by step so often, and else leaps."""
    random = np.random.default_rng(seed)
    sizes = np.where(random.random(64) < share_of_steps, random.choice([-2, -1, 1, 2], 64), random.choice([-7, -5, 5, 7], 64))
    line = [60]
    for size in sizes:
        line.append(line[-1] + int(size if 50 <= line[-1] + size <= 80 else -size))
    return reel(*line)


def features_of_walks(share: float, first_seed: int, n_bars: int) -> list[dict[str, float]]:
    return [heard_features(excerpt(walk(seed, share), n_bars)) for seed in range(first_seed, first_seed + 60)]


@pytest.fixture(scope="module")
def ear() -> Ear:
    """Real reels step, generated ones leap."""
    learned = (
        fit_ear("reel", n_bars, features_of_walks(0.8, 0, n_bars), features_of_walks(0.4, 500, n_bars)) for n_bars in LENGTHS
    )
    return Ear(ear_table(learned).to_pandas())


@pytest.mark.parametrize("n_bars", LENGTHS)
def test_what_steps_like_real_pieces_has_the_higher_odds(n_bars: int, ear: Ear) -> None:
    heard = [(excerpt(walk(seed, 0.8), n_bars), excerpt(walk(seed, 0.4), n_bars)) for seed in range(1000, 1030)]
    pairs = [(ear.odds(real), ear.odds(generated)) for real, generated in heard]
    assert np.mean([real > generated for real, generated in pairs]) > 0.7 + n_bars / 100
    assert np.mean([real for real, _ in pairs]) > 0 > np.mean([generated for _, generated in pairs])


def test_what_belongs_to_no_length_that_was_learned_is_judged_by_the_nearest() -> None:
    features = features_of_walks(0.8, 0, 8)
    ear = Ear(ear_table([fit_ear("reel", n_bars, features, features_of_walks(0.4, 500, 8)) for n_bars in (8, 16)]).to_pandas())
    for n_bars, same in ((1, 8), (7, 8), (9, 16), (20, 16)):
        assert ear.odds_of(features[0], "reel", n_bars) == ear.odds_of(features[0], "reel", same)


def test_a_feature_that_is_not_defined_or_far_away_does_not_decide_all(ear: Ear) -> None:
    features = heard_features(walk(1, 0.8))
    assert math.isfinite(ear.odds_of(dict.fromkeys(features, math.nan), "reel", 16))
    far, farther = (ear.odds_of(features | {"leap_share": share}, "reel", 16) for share in (1e6, 1e9))
    assert far == farther


def test_only_genres_that_were_learned_are_known(ear: Ear) -> None:
    assert ear.knows("reel")
    assert not ear.knows("jig")
    assert not Ear(ear_table([]).to_pandas()).knows("reel")


def test_genres_with_pieces_enough_are_learned_from_training_pieces_and_their_twins() -> None:
    rows = [row(seed, "train") for seed in range(45)] + [row(seed, "test") for seed in range(45, 50)]
    rows += [row(seed, "train", "jig") for seed in range(50, 60)]
    encoded = pd.DataFrame(rows).assign(path=[f"{number}.mid" for number in range(60)])
    learned = list(learn_genres(encoded, FakeJudge(VOCABULARY), 40))
    assert [(rows["genre"].iloc[0], rows["bars"].iloc[0]) for rows in learned] == [("folk song", n_bars) for n_bars in (4, 8, 12)]
    # A model that writes at random is told from music at once.
    ear = Ear(ear_table(learned).to_pandas())
    real = [ear.odds(replace(known(seed).piece, genre="folk song")) for seed in range(60, 70)]
    assert np.mean(real) > 0


def test_an_ear_of_an_earlier_version_is_refused() -> None:
    with pytest.raises(DataError, match="received none called bars, ceiling"):
        Ear(ear_table([]).to_pandas().drop(columns=["bars", "ceiling"]))


def test_where_nothing_can_be_told_the_odds_are_even() -> None:
    same = features_of_walks(0.6, 0, 8) + features_of_walks(0.6, 100, 8)
    ear = Ear(ear_table([fit_ear("reel", 8, same[::2], same[1::2])]).to_pandas())
    fresh = [ear.odds_of(features, "reel", 8) for features in features_of_walks(0.6, 3000, 8)]
    assert np.abs(fresh).mean() < 0.5


def test_no_piece_sounds_more_real_than_nine_of_ten_real_ones(ear: Ear) -> None:
    odds = [ear.odds(walk(seed, 0.8)) for seed in range(2000, 2100)]
    assert 0.02 < np.mean(np.isclose(odds, max(odds))) < 0.4
    assert ear.odds(walk(1, 1.0)) <= max(odds)
