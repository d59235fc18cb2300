"""Real beside generated structure."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest
from tests.metrics.test_phrasing import phrases

from scogen_pipeline.metrics.structure_table import structure_ratios, structure_table


def test_one_row_a_piece_with_a_column_a_figure() -> None:
    table = structure_table("real", [dataclasses.replace(phrases(60), genre="reel", title="A")] * 2)
    assert len(table) == 2
    assert table["n_bars"].tolist() == [16, 16]
    assert table["exact_return_share"].tolist() == [0.75, 0.75]
    assert {f"similarity_{distance}" for distance in range(1, 17)} <= set(table.columns)


def test_the_ratio_says_how_near_generated_comes_to_real() -> None:
    real = structure_table("real", [dataclasses.replace(phrases(60), genre="reel")])
    generated = structure_table("generated", [dataclasses.replace(phrases(62, 2), genre="reel")])
    table = structure_ratios(pd.concat([real, generated], ignore_index=True)).set_index("figure")
    assert table.loc["exact_return_share", "ratio"] == pytest.approx(0.5 / 0.75)
    assert not table.loc["exact_return_share", "is_within_goal"]
    assert table.loc["regular_phrase_share", "is_within_goal"]
    assert table.loc["cadence_share", "generated"] == 0
