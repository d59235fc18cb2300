from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

import pyarrow as pa
import pytest

from scogen_pipeline.midi.batch_tables import read_batch
from scogen_pipeline.midi.files import MidiFile
from scogen_pipeline.midi.notes import SCHEMA_BY_TABLE
from scogen_pipeline.midi.reading import piece_id_of, read_midi
from scogen_pipeline.midi.writing import MidiTrack, midi_bytes


def files_of(data_by_path: dict[str, bytes]) -> list[MidiFile]:
    return [MidiFile(path, "stamp", 0, lambda data=data: data) for path, data in data_by_path.items()]


def refusing(path: str, message: str = "Permission denied") -> MidiFile:
    def refuse() -> NoReturn:
        raise PermissionError(13, message)

    return MidiFile(path, "stamp", 12, refuse)


def plain(table: pa.Table) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = table.to_pylist()
    return rows


@pytest.fixture
def folder(small_midi: Callable[..., bytes]) -> dict[str, bytes]:
    rich = midi_bytes(
        [MidiTrack("Flöte", 73, [(0, 24, 72, 80)]), MidiTrack("", 0, [(0, 48, 40, 70), (24, 24, 43, 60)])],
        tpq=24,
        tempos=((0, 90.0), (24, 60.0)),
        keys=((0, -3, "minor"),),
        title="Lied",
    )
    bare = small_midi(50, 3, tempos=(), meters=())
    return {"z.mid": rich, "b.mid": small_midi(60), "a.mid": b"no music", "c.mid": bare}


def test_a_batch_holds_what_each_file_holds_by_itself(folder: dict[str, bytes]) -> None:
    tables = read_batch(files_of(folder))
    each = [read_midi(data, path).by_name() for path, data in folder.items() if path != "a.mid"]
    for name, table in each[0].items():
        assert plain(tables[name]) == [row for piece in each for row in plain(piece[name])], name
        assert table.num_rows or name == "pedals"


def test_every_table_has_its_schema_with_coded_ids(folder: dict[str, bytes]) -> None:
    for files in (files_of(folder), files_of({"a.mid": b""}), []):
        tables = read_batch(files)
        assert list(tables) == list(SCHEMA_BY_TABLE)
        for name, table in tables.items():
            assert table.cast(SCHEMA_BY_TABLE[name]).schema == SCHEMA_BY_TABLE[name]
            assert all(column.num_chunks <= 1 for column in table.columns)


def test_every_file_is_a_piece_or_a_reject(folder: dict[str, bytes]) -> None:
    tables = read_batch([*files_of(folder), refusing("d.mid")])
    assert tables["pieces"]["path"].to_pylist() == ["z.mid", "b.mid", "c.mid"]
    assert [(row["path"], row["reason"]) for row in plain(tables["rejects"])] == [("a.mid", "not_midi"), ("d.mid", "unopenable")]


def test_files_are_accounted_for_in_their_order(folder: dict[str, bytes]) -> None:
    tables = read_batch([*files_of(folder), refusing("d.mid")])
    assert plain(tables["files"]) == [
        *(
            {"path": path, "n_bytes": len(data), "piece_id": None if path == "a.mid" else piece_id_of(data)}
            for path, data in folder.items()
        ),
        {"path": "d.mid", "n_bytes": 12, "piece_id": None},  # as stated
    ]


def test_files_of_the_same_bytes_have_their_notes_once(small_midi: Callable[..., bytes]) -> None:
    tables = read_batch(files_of({"b.mid": small_midi(60), "a.mid": small_midi(61), "c.mid": small_midi(60)}))
    assert tables["pieces"]["path"].to_pylist() == ["b.mid", "a.mid", "c.mid"]
    assert tables["files"]["piece_id"].to_pylist() == tables["pieces"]["piece_id"].to_pylist()
    assert tables["notes"]["pitch"].to_pylist() == [*range(60, 68), *range(61, 69)]
    assert len(tables["tracks"]) == 2


def test_files_are_loaded_one_after_the_other(small_midi: Callable[..., bytes]) -> None:
    loaded: list[str] = []

    def files() -> Sequence[MidiFile]:
        for path in ("a.mid", "b.mid"):
            yield MidiFile(path, "", 0, lambda path=path: (loaded.append(path), small_midi(len(loaded)))[1], is_passing=True)
            assert loaded[-1] == path

    assert read_batch(files())["pieces"].num_rows == 2


def test_names_that_are_no_utf8_can_be_stored(small_midi: Callable[..., bytes]) -> None:
    tables = read_batch([*files_of({"Kr\udcfcger.mid": small_midi()}), refusing("\udcff.mid", "no \udcff")])
    assert tables["pieces"]["path"].to_pylist() == ["Kr\\udcfcger.mid"]
    assert tables["rejects"].to_pylist() == [{"path": "\\udcff.mid", "reason": "unopenable", "detail": "no \\udcff"}]
    assert tables["files"]["path"].to_pylist() == ["Kr\\udcfcger.mid", "\\udcff.mid"]
