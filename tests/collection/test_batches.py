"""Batches: the same cuts for everybody, and names that change with what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from scogen_pipeline.collection.batches import Batch, IngestSettings, cut_batches
from scogen_pipeline.errors import RequestError
from scogen_pipeline.midi.files import MidiFile

PATHS = [f"{index:03}.mid" for index in range(200)]


def files_of(paths: Iterable[str], stamp: str = "1", n_bytes: int = 1) -> list[MidiFile]:
    return [MidiFile(path, stamp, n_bytes, bytes) for path in paths]


def names(batches: Iterable[Batch]) -> set[str]:
    return {batch.name for batch in batches}


def test_batches_hold_every_file_once_in_order() -> None:
    batches = list(cut_batches(files_of(PATHS), 8))
    assert [file.path for batch in batches for file in batch.files] == PATHS
    assert [batch.index for batch in batches] == list(range(len(batches)))
    assert max(len(batch.files) for batch in batches) <= 32


def test_workers_find_the_same_batches() -> None:
    everything = list(cut_batches(files_of(PATHS), 8))
    shares = [list(cut_batches(files_of(PATHS), 8, lambda index, k=k: index % 3 == k)) for k in range(3)]
    assert sorted((batch.index, batch.name) for share in shares for batch in share) == [(b.index, b.name) for b in everything]


def test_the_files_of_others_are_not_read() -> None:
    def refuse() -> bytes:
        pytest.fail("read")

    files = [MidiFile(path, "1", 1, refuse, is_passing=True) for path in PATHS]
    assert not list(cut_batches(files, 8, lambda _: False))


def test_passing_files_are_taken_along() -> None:
    passed: list[str] = []

    def load() -> bytes:
        return passed[-1].encode()

    def stream() -> Iterator[MidiFile]:
        for path in PATHS:
            passed.append(path)
            yield MidiFile(path, "1", 1, load, is_passing=True)

    assert all(file.load() == file.path.encode() for batch in cut_batches(stream(), 8) for file in batch.files)


def test_an_error_of_a_passing_file_is_taken_along() -> None:
    def fail() -> bytes:
        raise OSError("gone")

    (batch,) = cut_batches([MidiFile("a.mid", "1", 1, fail, is_passing=True)], 8)
    with pytest.raises(OSError, match="gone"):
        batch.files[0].load()


def test_an_added_file_changes_one_batch() -> None:
    before = names(cut_batches(files_of(PATHS), 8))
    after = names(cut_batches(files_of(sorted([*PATHS, "000a.mid"])), 8))
    assert len(before - after) == 1


def test_a_changed_stamp_changes_the_name_of_the_batch() -> None:
    assert names(cut_batches(files_of(["a.mid"], "1"), 8)) != names(cut_batches(files_of(["a.mid"], "2"), 8))


def test_large_files_make_small_batches() -> None:
    batches = list(cut_batches(files_of(PATHS, n_bytes=2**25), 100))
    assert {len(batch.files) for batch in batches[:-1]} <= {1, 2}


def test_members_of_one_name_are_told_apart() -> None:
    (batch,) = cut_batches(files_of(["a.mid", "a.mid", "b.mid"]), 1_000)
    assert [file.path for file in batch.files] == ["a.mid", "a.mid#2", "b.mid"]


@pytest.mark.parametrize("bad", [0, 1.5, True, 5_000])
def test_settings_out_of_range_are_refused(bad: object) -> None:
    with pytest.raises(RequestError, match="batch_files"):
        IngestSettings(batch_files=bad)  # type: ignore[arg-type]
