"""What is usual is not surprising, and nothing is better for being more."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from scogen_pipeline.choosing.custom import Custom, custom_table
from scogen_pipeline.choosing.figures import ORIGINALITY


def custom(*values: float, figure: str = "rest_share", genre: str = "reel") -> Custom:
    return Custom(custom_table((genre, {figure: value}) for value in values).to_pandas())


def test_between_the_quartiles_nothing_surprises() -> None:
    usual = custom(*range(101))
    assert [usual.surprise("reel", "rest_share", value) for value in (25, 40, 50, 60, 75)] == [0] * 5


def test_surprise_grows_to_both_sides_alike() -> None:
    usual = custom(*range(101))
    high = [usual.surprise("reel", "rest_share", value) for value in (80, 90, 95, 99, 200)]
    low = [usual.surprise("reel", "rest_share", value) for value in (20, 10, 5, 1, -100)]
    assert high == pytest.approx(low, abs=0.02)
    assert high == sorted(set(high))
    assert high[1] == pytest.approx(math.log(0.25 / 0.1), abs=0.01)


def test_what_most_pieces_have_does_not_surprise_though_it_is_the_least() -> None:
    usual = custom(*[0.0] * 60, *range(1, 41))
    assert usual.surprise("reel", "rest_share", 0.0) == 0
    assert usual.surprise("reel", "rest_share", 40.0) > 2


def test_where_all_pieces_are_alike_another_value_surprises() -> None:
    usual = custom(*[0.5] * 30)
    assert usual.surprise("reel", "rest_share", 0.5) == 0
    assert usual.surprise("reel", "rest_share", 0.6) > 4


def test_sharing_nothing_is_never_surprising_and_sharing_much_is() -> None:
    usual = custom(*range(101), figure=ORIGINALITY)
    assert usual.surprise("reel", ORIGINALITY, 0) == 0
    assert usual.surprise("reel", ORIGINALITY, 99) > 3


def test_a_genre_of_few_pieces_is_judged_by_all_genres() -> None:
    measured = [("reel", {"rest_share": float(value)}) for value in range(101)] + [("jig", {"rest_share": 1000.0})] * 3
    usual = Custom(custom_table(measured).to_pandas())
    assert usual.surprise("jig", "rest_share", 50.0) == 0
    assert usual.quantile("reel", "rest_share", 0.95) == pytest.approx(95)


def test_what_is_not_known_does_not_surprise() -> None:
    nothing = Custom(pd.DataFrame({name: [] for name in ("genre", "figure", "n_pieces", "quantiles")}))
    assert nothing.surprise("reel", "rest_share", 1.0) == 0
    assert math.isnan(nothing.quantile("reel", "rest_share", 0.5))
    assert custom(*range(101)).surprise("reel", "rest_share", math.nan) == 0


def test_undefined_figures_are_left_out_of_the_table() -> None:
    table = custom_table([("reel", {"rest_share": math.nan, "notes_per_bar": 4.0})]).to_pandas()
    assert set(table["figure"]) == {"notes_per_bar"}
    assert custom_table([]).num_rows == 0
