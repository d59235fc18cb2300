"""Distances from real pieces, in the spread that real pieces have."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from scogen_pipeline.choosing.custom import Custom, custom_table
from scogen_pipeline.choosing.figures import ORIGINALITY

RANDOM = np.random.default_rng(1)


def custom(*values: float, figure: str = "rest_share", genre: str = "reel") -> Custom:
    return Custom(custom_table((genre, {figure: value}) for value in values).to_pandas())


def test_a_distance_is_in_standard_deviations_whatever_the_unit() -> None:
    values = RANDOM.normal(0, 1, 2000)
    for unit in (1, 100):
        usual = custom(*(values * unit))
        found = usual.distances({"rest_share": 2.0 * unit}, {"rest_share": 1.0 * unit}, "reel")
        assert found == {"texture": pytest.approx(1, abs=0.05)}


def test_a_distance_is_the_same_to_both_sides_and_at_most_four() -> None:
    usual = custom(*range(101))
    above, below, far = (usual.distances({"rest_share": value}, {"rest_share": 50.0}, "reel") for value in (70, 30, 1e9))
    assert above == below
    assert far == {"texture": 4}


def test_what_all_real_pieces_have_alike_tells_others_apart() -> None:
    usual = custom(*[0.5] * 30)
    assert usual.distances({"rest_share": 0.5}, {"rest_share": 0.5}, "reel") == {"texture": 0}
    assert usual.distances({"rest_share": 0.6}, {"rest_share": 0.5}, "reel") == {"texture": 4}


def test_the_distance_of_a_group_is_the_mean_of_its_figures() -> None:
    rows = [("reel", {"rest_share": float(n), "notes_per_bar": float(n)}) for n in range(101)]
    usual = Custom(custom_table(rows).to_pandas())
    pattern = {"rest_share": 50.0, "notes_per_bar": 50.0}
    assert usual.distances({"rest_share": 50.0, "notes_per_bar": 1e9}, pattern, "reel") == {"texture": 2}


def test_sharing_little_is_no_distance_and_sharing_more_than_the_band_is() -> None:
    usual = custom(*range(101), figure=ORIGINALITY)
    assert usual.usual_run("reel") == pytest.approx(95)
    assert usual.distances({ORIGINALITY: 0}, {}, "reel") == usual.distances({ORIGINALITY: 95}, {}, "reel") == {"originality": 0}
    assert usual.distances({ORIGINALITY: 200}, {}, "reel")["originality"] > 2


def test_a_pattern_is_a_real_piece_of_the_genre_and_follows_from_the_seed() -> None:
    measured = [("reel", {"rest_share": float(n)}) for n in range(30)] + [("jig", {"rest_share": 100.0})] * 30
    usual = Custom(custom_table(measured).to_pandas())
    drawn = [usual.pattern("reel", np.random.default_rng(seed))["rest_share"] for seed in range(200)]
    assert set(drawn) == set(range(30))
    assert drawn == [usual.pattern("reel", np.random.default_rng(seed))["rest_share"] for seed in range(200)]


def test_a_genre_of_few_pieces_is_judged_by_all_genres() -> None:
    measured = [("reel", {"rest_share": 0.5})] * 30 + [("jig", {"rest_share": 100.0})] * 3
    assert len(Custom(custom_table(measured).to_pandas()).of_genre("jig")) == 33


def test_what_is_not_known_makes_no_distance() -> None:
    nothing = Custom(pd.DataFrame({"genre": []}))
    assert nothing.pattern("reel", RANDOM) == {}
    assert nothing.usual_run("reel") is None
    assert nothing.distances({"rest_share": 1.0}, {}, "reel") == {}
    usual = custom(*range(101))
    assert usual.distances({"rest_share": math.nan}, {"rest_share": 1.0}, "reel") == {}
    assert usual.distances({"rest_share": 1.0}, {}, "reel") == {}
