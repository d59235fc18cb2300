"""What is usual, read off encoded pieces."""

from __future__ import annotations

import dataclasses

import pytest
from tests.choosing.fake_judge import FakeJudge
from tests.metrics.originality.test_index_table import known

from scogen_pipeline.choosing.figures import LIKELIHOOD, ORIGINALITY
from scogen_pipeline.choosing.reference import measure_custom
from scogen_pipeline.metrics.originality.comparing import OriginalityIndex
from scogen_pipeline.metrics.originality.index_table import index_of
from scogen_pipeline.tokens.encoding import encode
from scogen_pipeline.tokens.vocabulary import fit_vocabulary

VOCABULARY = fit_vocabulary()


def row(seed: int, split: str, genre: str = "folk song") -> dict:
    encoded = encode(dataclasses.replace(known(seed).piece, genre=genre))
    ids, conditions = VOCABULARY.ids_of(encoded.tokens), VOCABULARY.ids_of(encoded.conditions)
    return {"split": split, "genre": genre, "ids": ids, "conditions": conditions}


def measured(rows: list[dict], most: int = 10) -> dict[str, int]:
    """Number of pieces of each figure."""
    index = OriginalityIndex(index_of([known(1)]).read_pandas())
    table = measure_custom(rows, FakeJudge(VOCABULARY), index, most).to_pandas()
    return {name: int(table[name].notna().sum()) for name in table.columns if name != "genre"}


def test_likelihood_and_originality_are_told_of_held_out_pieces_only() -> None:
    counts = measured([row(seed, "train") for seed in range(3)] + [row(seed, "valid") for seed in range(4, 6)])
    assert counts[LIKELIHOOD] == counts[ORIGINALITY] == 2
    assert counts["notes_per_bar"] == 5


@pytest.mark.parametrize(("most", "n"), [(1, 1), (3, 3)])
def test_held_out_pieces_come_before_others(most: int, n: int) -> None:
    counts = measured([row(seed, "train") for seed in range(3)] + [row(seed, "valid") for seed in range(4, 6)], most)
    assert counts["notes_per_bar"] == n
    assert counts[LIKELIHOOD] == min(2, most)


def test_the_test_split_and_unknown_genres_are_left_alone() -> None:
    counts = measured([row(1, "test"), row(2, "valid", ""), row(3, "valid")])
    assert counts["notes_per_bar"] == 1
