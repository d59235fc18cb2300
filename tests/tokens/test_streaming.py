"""Streaming: what is read from a file is what would be read from memory, in every epoch and after every interruption."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.tokens.encoded_file import DENSE_SIZE, encoded_frame, in_memory, written

from scogen_pipeline.errors import DataError
from scogen_pipeline.tokens import streaming
from scogen_pipeline.tokens.encoded_pieces import EncodedPieces
from scogen_pipeline.tokens.streaming import StreamedExamples, genre_repeats_of
from scogen_pipeline.tokens.windows import Batch, Cutting

CUTTING = Cutting(window_length=16, batch_size=4, pad_id=0, condition_dropout=0.3)


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> EncodedPieces:
    return written(encoded_frame(), tmp_path_factory.mktemp("encoded") / "pieces.parquet", rows_a_group=3)


@pytest.fixture(autouse=True)
def small_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """As small as they are asked for, so that a small file is read in several chunks."""
    monkeypatch.setattr(streaming, "_LEAST_BATCHES", 1)


def streamed(pieces: EncodedPieces, split: str = "train", **changes: int) -> StreamedExamples:
    """Some row groups a chunk."""
    return StreamedExamples(pieces, split, **{"dense_size": DENSE_SIZE, "buffer_targets": 300} | changes)


def assert_equal(first: Iterator[Batch], second: Iterator[Batch]) -> None:
    for one, two in zip(first, second, strict=True):
        for a, b in zip(one, two, strict=True):
            assert (a is None and b is None) or (a.dtype == b.dtype and np.array_equal(a, b))


def counted(batches: Iterator[Batch]) -> Counter[tuple[int, ...]]:
    """Each target with all that is known before it."""
    return Counter(
        (int(batch.tokens[at]), int(batch.targets[at]), *batch.features[at].tolist(), *batch.dense[at].tolist())
        for batch in batches
        for at in zip(*np.nonzero(batch.weights), strict=True)
    )


@pytest.mark.parametrize("carries_state", [False, True])
@pytest.mark.parametrize("split", ["train", "valid"])
def test_a_file_that_fits_into_the_buffer_gives_the_batches_of_memory(tmp_path: Path, split: str, carries_state: bool) -> None:
    frame, cutting = encoded_frame(), replace(CUTTING, carries_state=carries_state)
    from_file = StreamedExamples(written(frame, tmp_path / "pieces.parquet", rows_a_group=99), split, DENSE_SIZE)
    from_memory = in_memory(frame, split)
    for epoch in range(2):
        assert_equal(from_file.training_batches(cutting, 5, epoch), from_memory.training_batches(cutting, 5, epoch))
    assert_equal(from_file.ordered_batches(cutting), from_memory.ordered_batches(cutting))
    assert (from_file.n_targets, from_file.n_conditions) == (from_memory.n_targets, from_memory.n_conditions)


@pytest.mark.parametrize("carries_state", [False, True])
@pytest.mark.parametrize("genre_repeats", [1, 3])
def test_each_target_is_read_as_often_as_from_memory_however_small_the_buffer(
    pieces: EncodedPieces, genre_repeats: int, carries_state: bool
) -> None:
    cutting = replace(CUTTING, carries_state=carries_state)
    from_file = streamed(pieces, genre_repeats=genre_repeats)
    from_memory = in_memory(encoded_frame(), "train", genre_repeats)
    expected = counted(from_memory.training_batches(cutting, 0, 0))
    assert counted(from_file.training_batches(cutting, 1, 7)) == expected
    assert from_file.n_targets == expected.total()
    assert counted(from_file.ordered_batches(cutting)) == counted(in_memory(encoded_frame(), "train").ordered_batches(cutting))


def test_an_epoch_is_the_same_whenever_it_is_read_and_unlike_the_next(pieces: EncodedPieces) -> None:
    again = EncodedPieces(pieces._filesystem, pieces._path)
    assert_equal(streamed(pieces).training_batches(CUTTING, 3, 4), streamed(again).training_batches(CUTTING, 3, 4))
    first, other = (next(streamed(pieces).training_batches(CUTTING, 3, epoch)) for epoch in (4, 5))
    assert not np.array_equal(first.tokens, other.tokens)


def test_only_the_rest_of_the_last_chunk_makes_empty_rows(pieces: EncodedPieces) -> None:
    has_rows = [batch.weights.any(axis=1) for batch in streamed(pieces).training_batches(CUTTING, 0, 0)]
    assert len(has_rows) > 10
    assert all(rows.all() for rows in has_rows[:-1])


def test_row_groups_of_several_chunks_are_mixed(pieces: EncodedPieces) -> None:
    """The pieces of a chunk do not come in the order of the file."""
    wide = replace(CUTTING, window_length=90, condition_dropout=0.0)
    by_conditions = {tuple(row["conditions"]): number for number, row in encoded_frame().iterrows()}
    orders = [
        [
            by_conditions[tuple(told)]
            for batch in streamed(pieces).training_batches(wide, 0, epoch)
            for told in batch.conditions
            if told.any()
        ]
        for epoch in range(2)
    ]
    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0] != orders[1]
    assert max(orders[0][:8]) - min(orders[0][:8]) > 15


def test_the_hash_is_that_of_what_is_read(pieces: EncodedPieces, tmp_path: Path) -> None:
    other = written(encoded_frame(seed=1), tmp_path / "other.parquet", rows_a_group=3)
    hashes = {streamed(pieces).hash, streamed(pieces, "valid").hash, streamed(other).hash, streamed(pieces, genre_repeats=2).hash}
    assert len(hashes) == 4
    assert streamed(EncodedPieces(pieces._filesystem, pieces._path)).hash == streamed(pieces).hash


def test_a_split_without_pieces_has_no_batches(pieces: EncodedPieces) -> None:
    nothing = streamed(pieces, "quarantine")
    assert (nothing.n_targets, nothing.n_conditions) == (0, 2)
    assert list(nothing.training_batches(CUTTING, 0, 0)) == [] == list(nothing.ordered_batches(CUTTING))


def test_a_file_with_another_number_of_dense_values_is_refused(pieces: EncodedPieces) -> None:
    with pytest.raises(DataError, match="`dense` must have 17 values a target, received 2 bytes"):
        next(streamed(pieces, dense_size=DENSE_SIZE + 6).training_batches(CUTTING, 0, 0))


def test_a_small_genre_is_taken_more_often_but_not_too_often() -> None:
    genres, n_ids = pd.Series(["reel", "chorale", "air", ""]), pd.Series([100, 30, 2, 3])
    assert genre_repeats_of(genres, n_ids, most=4).tolist() == [1, 3, 4, 1]
    assert genre_repeats_of(genres, n_ids, most=1).tolist() == [1, 1, 1, 1]


def test_a_frame_has_the_pieces_in_order_without_what_is_known_before_each_target(pieces: EncodedPieces) -> None:
    frame = pieces.frame()
    assert "features" not in frame
    assert frame["piece_id"].tolist() == [f"{number:04}" for number in range(40)]
    assert all(np.array_equal(a, b) for a, b in zip(frame["ids"], encoded_frame()["ids"], strict=True))
