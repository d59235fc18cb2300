"""The ear tells real pieces from generated ones, and candidates are drawn by what it says."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.choosing.fake_judge import FakeJudge
from tests.choosing.test_choice import NO_INDEX, custom, reel
from tests.choosing.test_reference import VOCABULARY, row
from tests.metrics.originality.test_index_table import known

from scogen_pipeline.choosing.candidates import Candidate
from scogen_pipeline.choosing.choice import choose, drawn_by_odds
from scogen_pipeline.choosing.ear import Ear, ear_table, fit_ear, heard_features
from scogen_pipeline.choosing.figures import ORIGINALITY
from scogen_pipeline.choosing.settings import ChoosingSettings
from scogen_pipeline.choosing.training_ear import learn_genres
from scogen_pipeline.choosing.twins import choose_twins
from scogen_pipeline.metrics.originality.comparing import OriginalityIndex
from scogen_pipeline.metrics.originality.index_table import index_of
from scogen_pipeline.music.piece import Piece
from scogen_pipeline.sampling.request import Request

SETTINGS = ChoosingSettings(candidates=4)


def walk(seed: int, share_of_steps: float) -> Piece:
    """A line of sixteen measures that goes by step so often, and else leaps."""
    random = np.random.default_rng(seed)
    sizes = np.where(random.random(64) < share_of_steps, random.choice([-2, -1, 1, 2], 64), random.choice([-7, -5, 5, 7], 64))
    line = [60]
    for size in sizes:
        line.append(line[-1] + int(size if 50 <= line[-1] + size <= 80 else -size))
    return reel(*line)


@pytest.fixture(scope="module")
def ear() -> Ear:
    """Real reels step, generated ones leap."""
    real, generated = ([heard_features(walk(seed, share)) for seed in range(at, at + 60)] for share, at in ((0.8, 0), (0.4, 500)))
    return Ear(ear_table([fit_ear("reel", real, generated)]).to_pandas())


def test_what_steps_like_real_pieces_has_the_higher_odds(ear: Ear) -> None:
    pairs = [(ear.odds(walk(seed, 0.8)), ear.odds(walk(seed, 0.4))) for seed in range(1000, 1030)]
    assert np.mean([real > generated for real, generated in pairs]) > 0.9
    assert np.mean([real for real, _ in pairs]) > 0 > np.mean([generated for _, generated in pairs])


def test_a_feature_that_is_not_defined_or_far_away_does_not_decide_all(ear: Ear) -> None:
    features = heard_features(walk(1, 0.8))
    assert math.isfinite(ear.odds_of(dict.fromkeys(features, math.nan), "reel"))
    assert ear.odds_of(features | {"leap_share": 1e9}, "reel") == ear.odds_of(features | {"leap_share": 1e6}, "reel")


def test_only_genres_that_were_learned_are_known(ear: Ear) -> None:
    assert ear.knows("reel")
    assert not ear.knows("jig")
    assert not Ear(ear_table([]).to_pandas()).knows("reel")


def test_candidates_are_drawn_by_their_odds_and_not_always_the_best(ear: Ear) -> None:
    pieces = [walk(seed, share) for seed, share in enumerate((0.4, 0.5, 0.8, 0.8))]
    gentle = replace(SETTINGS, ear=0.3)
    random = np.random.default_rng(1)
    drawn = Counter(drawn_by_odds(pieces, [0.0] * 4, ear, gentle, random)[0] for _ in range(100))
    odds = [ear.odds(piece) for piece in pieces]
    assert len(drawn) > 1
    assert drawn.most_common(1)[0][0] == int(np.argmax(odds))
    # What lies far beyond the band is not taken, however real it sounds.
    assert drawn_by_odds([pieces[2]] * 2, [4.0, 0.0], ear, replace(gentle, originality=100), random)[0] == 1


def test_the_choice_says_the_odds_and_depends_on_the_seed_alone(ear: Ear) -> None:
    candidates = [Candidate(walk(seed, 0.6)) for seed in range(4)]
    index = OriginalityIndex(index_of([]).read_pandas())
    first, again = (choose(candidates, index, custom(rest_share=[0.0, 0.1]), ear, SETTINGS, (1, 0)) for _ in range(2))
    assert first == again
    assert first.odds == pytest.approx(ear.odds(first.piece))
    assert first.distances == {}
    by_figures = choose(candidates, index, custom(rest_share=[0.0, 0.1]), ear, replace(SETTINGS, ear=0), (1, 0))
    assert by_figures.odds is None
    assert by_figures.distances


def test_a_copy_is_not_drawn(ear: Ear) -> None:
    index = OriginalityIndex(index_of([known(1), known(2)]).read_pandas())
    copy, own = (replace(known(seed).piece, genre="reel") for seed in (2, 9))
    usual = custom(**{ORIGINALITY: [float(run) for run in range(40)]})
    chosen = choose([Candidate(copy), Candidate(own)], index, usual, ear, replace(SETTINGS, originality=100), (1, 0))
    assert chosen.number == 2
    assert choose([Candidate(own)] * 2, NO_INDEX, usual, ear, SETTINGS, (1, 0)).comparison is None


def test_genres_with_pieces_enough_are_learned_from_training_pieces_and_their_twins() -> None:
    rows = [row(seed, "train") for seed in range(45)] + [row(seed, "test") for seed in range(45, 50)]
    rows += [row(seed, "train", "jig") for seed in range(50, 60)]
    encoded = pd.DataFrame(rows).assign(path=[f"{number}.mid" for number in range(60)])
    learned = list(learn_genres(encoded, FakeJudge(VOCABULARY), 40))
    assert [rows["genre"].unique().tolist() for rows in learned] == [["folk song"]]
    # A model that writes at random is told from music at once.
    ear = Ear(ear_table(learned).to_pandas())
    real = [ear.odds(replace(known(seed).piece, genre="folk song")) for seed in range(60, 70)]
    assert np.mean(real) > 0


def test_twins_are_chosen_where_the_ear_knows_the_genre(ear: Ear) -> None:
    requests = {"a": Request(genre="reel", bars=4, pickup="no"), "b": Request(genre="jig", bars=4, pickup="no")}
    chosen = choose_twins(requests, FakeJudge(VOCABULARY), ear, SETTINGS, 1, {"a": 2, "b": 1})
    assert list(chosen) == ["a/0", "a/1", "b/0"]
    assert [piece.genre for piece in chosen.values()] == ["reel", "reel", "jig"]
