"""Copies are found, to the note; what is new is not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.metrics.originality.test_index_table import known, tune
from tests.metrics.test_musical import piece_of

from scogen_pipeline.metrics.originality.comparing import OriginalityIndex
from scogen_pipeline.metrics.originality.index_table import index_of
from scogen_pipeline.music.key import Key

SEEDS = range(1, 30)


def index(every: int = 1) -> OriginalityIndex:
    return OriginalityIndex(index_of([known(seed) for seed in SEEDS], every).read_pandas())


def test_a_copied_run_is_found_with_its_length_and_its_places() -> None:
    mixed = tune(100, 9) + [pitch + 3 for pitch in tune(7)[6:23]] + tune(101, 10)
    run = index().compare(piece_of(mixed)).longest
    assert run is not None
    assert (run.n_notes, run.n_measures, run.bar) == (17, 17 / 4, 3)
    assert (run.title, run.collection, run.source_bar) == ("Tune 7", "tests", 2)


def test_the_shares_are_those_of_the_ngrams_within_runs() -> None:
    comparison = index().compare(piece_of(tune(100, 9) + tune(7)[6:23] + tune(101, 10)))
    assert comparison.shares == {8: 10 / 29, 12: 6 / 25, 16: 2 / 21}


def test_a_whole_copy_in_another_key_shares_everything() -> None:
    comparison = index().compare(known(4).piece.transposed(-2, Key.parse("Bb")))
    assert comparison.n_notes == 40
    assert set(comparison.shares.values()) == {1.0}
    assert "40 notes, 10.0 measures from bar 1, with Tune 4 of tests, bar 1" in comparison.receipt


def test_the_longest_run_of_all_parts_is_told() -> None:
    run = index().compare(piece_of(tune(7)[:10] + tune(101, 30), tune(102, 20) + tune(8)[:12] + tune(105, 8))).longest
    assert run is not None
    assert (run.part, run.n_notes, run.title) == (1, 12, "Tune 8")


def test_runs_of_two_pieces_are_not_joined() -> None:
    found = index().compare(piece_of(tune(7)[20:] + tune(8)[:20]))
    assert found.n_notes == 20


def test_a_new_piece_shares_nothing() -> None:
    comparison = index().compare(piece_of(tune(200)))
    assert comparison.longest is None
    assert (comparison.n_notes, comparison.n_measures) == (0, 0.0)
    assert set(comparison.shares.values()) == {0.0}
    assert comparison.receipt == "shares no 8 notes in a row with the training set"


def test_a_piece_without_notes_has_no_shares() -> None:
    assert all(math.isnan(share) for share in index().compare(piece_of([None] * 4)).shares.values())


@pytest.mark.parametrize("every", [2, 4])
def test_a_sparse_index_finds_long_runs_and_never_makes_them_longer(every: int) -> None:
    sparse, full = index(every), index()
    lengths = []
    for seed in SEEDS:
        copied = piece_of(tune(300 + seed, 5) + tune(seed)[3:38] + tune(400 + seed, 5))
        lengths.append(sparse.compare(copied).n_notes)
        assert lengths[-1] <= full.compare(copied).n_notes
    assert np.mean(lengths) > 35 - 2 * every - 1
    assert "at least" in sparse.compare(known(3).piece).receipt


def test_without_training_data_nothing_is_known() -> None:
    empty = OriginalityIndex(index_of([]).read_pandas())
    assert len(empty) == 0
    assert empty.compare(known(1).piece).longest is None


def test_repeated_notes_are_no_trap() -> None:
    table = index_of([known(1)._replace(piece=piece_of([60] * 300))]).read_pandas()
    assert OriginalityIndex(table).compare(piece_of([67] * 200)).n_notes == 200
