"""Collections: nothing lost, nothing counted twice, whatever the workers, the order and the history."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from scogen_pipeline.collection import strands
from scogen_pipeline.collection.collecting import account_of, read_collection
from scogen_pipeline.collection.table_folder import TableFolder
from scogen_pipeline.errors import DataError
from scogen_pipeline.midi.files import MidiFile, Sidecar
from scogen_pipeline.midi.notes import SCHEMA_BY_TABLE
from scogen_pipeline.midi.rejects import counts_sentence


@dataclass
class Shelf:
    """Files in memory, in the order of their paths."""

    data_by_path: Mapping[str, bytes]
    sidecars: Mapping[str, bytes] = field(default_factory=dict)
    address: str = "shelf"

    def files(self) -> Iterator[MidiFile | Sidecar]:
        for path, data in sorted(self.sidecars.items()):
            yield Sidecar(path, str(hash(data)), lambda data=data: io.BytesIO(data))
        for path, data in sorted(self.data_by_path.items()):
            yield MidiFile(path, str(hash(data)), len(data), lambda data=data: data)


class Shuffled:
    """Workers that finish in any order, one after the other."""

    def __init__(self, n: int = 1, seed: int = 0) -> None:
        self.n, self._seed = n, seed

    def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
        yield from map(function, random.Random(self._seed).sample(list(items), len(items)))  # noqa: S311


@pytest.fixture(autouse=True)
def shared_from_the_first_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strands, "_FEWEST_TO_SHARE", 1)


@pytest.fixture
def shelf(small_midi: Callable[..., bytes]) -> Shelf:
    return Shelf({f"{index:02}.mid": small_midi(index, 4 + index) for index in range(30)} | {"07b.mid": b"no music"})


def read(shelf: Shelf, folder: Path, batch_files: int = 4, n: int = 1, seed: int = 0) -> dict[str, list[dict[str, Any]]]:
    tables = TableFolder(str(folder))
    tables.commit(read_collection(shelf, tables, Shuffled(n, seed), batch_files))
    return {name: pa.concat_tables(tables.read(name, part) for part in tables.parts).to_pylist() for name in SCHEMA_BY_TABLE}


def test_every_file_is_a_piece_or_a_reject(shelf: Shelf, tmp_path: Path) -> None:
    tables = read(shelf, tmp_path)
    assert sorted(row["path"] for name in ("pieces", "rejects") for row in tables[name]) == sorted(shelf.data_by_path)
    assert [row["path"] for row in tables["files"]] == sorted(shelf.data_by_path)


@pytest.mark.parametrize(("batch_files", "n", "seed"), [(1, 2, 1), (3, 5, 2), (64, 3, 3)])
def test_the_rows_do_not_depend_on_batches_and_workers(shelf: Shelf, tmp_path: Path, batch_files: int, n: int, seed: int) -> None:
    assert read(shelf, tmp_path / "a", batch_files, n, seed) == read(shelf, tmp_path / "b")


@pytest.mark.parametrize("batch_files", [1, 64])
def test_later_files_of_the_same_bytes_are_rejects_that_name_the_first(
    small_midi: Callable[..., bytes], tmp_path: Path, batch_files: int
) -> None:
    same = small_midi()
    tables = read(Shelf({"d.mid": same, "b.mid": same, "a.mid": small_midi(61), "c.mid": same}), tmp_path, batch_files, n=2)
    assert [row["path"] for row in tables["pieces"]] == ["a.mid", "b.mid"]
    assert len(tables["notes"]) == 16
    assert tables["rejects"] == [
        {"path": path, "reason": "duplicate", "detail": "the same bytes as b.mid"} for path in ("c.mid", "d.mid")
    ]


@pytest.mark.parametrize("batch_files", [1, 3, 64])
@pytest.mark.parametrize("change", ["the first goes", "an earlier one comes", "both change"])
def test_copies_are_sorted_out_anew_when_files_come_and_go(
    small_midi: Callable[..., bytes], tmp_path: Path, change: str, batch_files: int
) -> None:
    same = small_midi()
    others = {f"{n}.mid": small_midi(40 + n, 5) for n in range(9)}
    before = {**others, "b.mid": same, "c.mid": same, "d.mid": same}
    after = dict(before)
    if change != "an earlier one comes":
        del after["b.mid"]
    if change != "the first goes":
        after["a.mid"] = same
    read(Shelf(before), tmp_path / "kept", batch_files)
    assert read(Shelf(after), tmp_path / "kept", batch_files) == read(Shelf(after), tmp_path / "fresh", batch_files)


def test_a_second_run_reads_nothing(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read(shelf, tmp_path)
    monkeypatch.setattr(strands, "read_batch", lambda _: pytest.fail("a finished batch was read again"))
    assert read(shelf, tmp_path) == first


def test_parts_of_another_collection_do_not_leak(shelf: Shelf, tmp_path: Path, small_midi: Callable[..., bytes]) -> None:
    read(shelf, tmp_path)
    assert len(read(Shelf({"a.mid": small_midi(100)}), tmp_path)["pieces"]) == 1


def test_a_collection_that_changes_while_it_is_read_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    class Changing(Shelf):
        walks = 0

        def files(self) -> Iterator[MidiFile | Sidecar]:
            self.walks += 1
            yield from list(super().files())[: 30 - self.walks]

    with pytest.raises(DataError, match=r"`shelf` must not change while it is read.*Run again"):
        read(Changing(shelf.data_by_path), tmp_path, n=2)


def test_a_source_that_breaks_off_is_an_error_and_not_a_short_collection(shelf: Shelf, tmp_path: Path) -> None:
    class Breaking(Shelf):
        def files(self) -> Iterator[MidiFile | Sidecar]:
            for index, file in enumerate(super().files()):
                if index == 20:
                    raise ConnectionResetError("connection reset")
                yield file

    with pytest.raises(DataError, match=r"to its end.*connection reset.*Run again"):
        read(Breaking(shelf.data_by_path), tmp_path)
    assert TableFolder(str(tmp_path)).finished()
    assert read(shelf, tmp_path) == read(shelf, tmp_path / "fresh")


def test_files_of_labels_are_kept(shelf: Shelf, tmp_path: Path) -> None:
    shelf.sidecars = {"x/metadata.json": b'{"a": 1}', "labels.csv": b"path\n"}
    read(shelf, tmp_path, n=3)
    tables = TableFolder(str(tmp_path))
    assert sorted(tables.sidecars()) == ["labels.csv", "x/metadata.json"]
    with tables.open_sidecar("x/metadata.json") as file:
        assert file.read() == b'{"a": 1}'


def test_the_account_says_what_became_of_the_files(shelf: Shelf, tmp_path: Path) -> None:
    tables = TableFolder(str(tmp_path))
    account = account_of(tables, read_collection(shelf, tables, Shuffled(), 4))
    assert str(account) == "31 files = 30 pieces + 1 rejects: not_midi 1"
    assert account.is_complete


def test_a_part_that_was_tampered_with_is_noticed(shelf: Shelf, tmp_path: Path) -> None:
    tables = TableFolder(str(tmp_path))
    manifest = read_collection(shelf, tables, Shuffled(), 4)
    part, receipt = next(iter(tables.receipts_of(manifest.parts)))
    tables.write(part, {}, receipt | {"n_pieces": receipt["n_pieces"] - 1})
    with pytest.raises(DataError, match="must account for 31 files, received 29 pieces and 1 rejects"):
        account_of(tables, manifest)


def test_a_run_without_rejects_says_so() -> None:
    assert counts_sentence(3, {}) == "3 files = 3 pieces + 0 rejects"
