"""One row a piece, the same as `tokens.tables` makes of a few in memory."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from scogen_pipeline.collection import piece_facts
from scogen_pipeline.collection.label_table import LABEL_SCHEMA, DescribeSettings, label_table
from scogen_pipeline.collection.piece_facts import FACT_SCHEMA, facts_of_pieces
from scogen_pipeline.collection.table_folder import Manifest, TableFolder
from scogen_pipeline.midi.batch_tables import read_batch
from scogen_pipeline.midi.files import MidiFile
from scogen_pipeline.midi.writing import MidiTrack, midi_bytes
from scogen_pipeline.tokens import tables as token_tables

SETTINGS = DescribeSettings(workers=2, memory_mb=256)


def collection(address: str, files: Mapping[str, bytes], n_parts: int = 2) -> TableFolder:
    tables, names, items = TableFolder(address), [], list(files.items())
    for index in range(n_parts):
        batch = [MidiFile(path, "", len(data), lambda data=data: data) for path, data in items[index::n_parts]]  # type: ignore[misc]
        names.append(f"part{index}")
        tables.write(names[-1], read_batch(batch), {})
    tables.commit(Manifest(tuple(names), {}, "made"))
    return tables


def labels(*rows: Mapping[str, Any]) -> pa.RecordBatchReader:
    filled = [{field.name: None if field.name == "audio_score" else "" for field in LABEL_SCHEMA} | dict(row) for row in rows]
    return pa.Table.from_pylist(filled, schema=LABEL_SCHEMA).to_reader()


def facts(tables: TableFolder, *rows: Mapping[str, Any], settings: DescribeSettings = SETTINGS) -> list[dict[str, Any]]:
    reader = facts_of_pieces(tables, labels(*rows), settings)
    assert reader.schema == FACT_SCHEMA
    found: list[dict[str, Any]] = reader.read_all().to_pylist()
    return found


def random_file(chance: random.Random) -> bytes:
    def some(make: Callable[[], Any]) -> list[tuple[Any, ...]]:
        ticks = sorted(chance.choice((0, 24, 48, 96)) for _ in range(chance.randrange(4)))
        return [(tick, *make()) for tick in ticks]

    notes = [(24 * step, 24, chance.randrange(40, 90), 80) for step in range(8)]
    return midi_bytes(
        [MidiTrack("Melody", 0, notes)],
        tpq=24,
        tempos=some(lambda: (chance.choice((60.0, 90.0, 120.0, 200.0)),)),
        meters=some(lambda: (chance.randrange(2, 7), 4)),
        keys=some(lambda: (chance.randrange(-7, 8), "major")),
        title=chance.choice(("", "Own title")),
        composer=chance.choice(("", "Own composer")),
    )


@pytest.fixture
def files() -> dict[str, bytes]:
    chance = random.Random(5)  # noqa: S311 - no secret
    return {f"{n % 3}/{n:02}.mid": random_file(chance) for n in range(40)}


@pytest.mark.parametrize("place", ["local", "elsewhere"])
def test_they_are_those_of_a_few_pieces_in_memory(files, tmp_path, place, monkeypatch):
    tables = collection(str(tmp_path) if place == "local" else f"memory://{tmp_path.name}", files, n_parts=5)
    monkeypatch.setattr(piece_facts, "_PARTS_AT_ONCE", 2)
    known = [
        {"path": path, "genre": "reel", "key": "G minor", "title": "" if n % 2 else "Label", "composer": "" if n % 3 else "Label"}
        for n, path in enumerate(files)
        if n % 5
    ]
    # Categories have an order of their own.
    frames = {name: tables.frame(name).astype({"piece_id": str}) for name in ("pieces", "tempos", "key_signatures")}
    expected = token_tables.piece_facts(
        frames["pieces"], labels(*known).read_pandas(), frames["tempos"], frames["key_signatures"]
    )
    found = facts_of_pieces(tables, labels(*known), SETTINGS).read_pandas()
    assert len(found) == len(files)
    for column in expected.columns:
        ours, theirs = (frame[column].astype(object).where(frame[column].notna(), None).tolist() for frame in (found, expected))
        assert ours == theirs, column


def test_of_several_tempos_the_median_counts_and_of_several_meters_the_first(tmp_path):
    track = MidiTrack("Melody", 0, [(0, 24, 60, 80)])
    several = midi_bytes([track], tpq=24, tempos=[(0, 60.0), (24, 100.0), (48, 240.0)], meters=[(0, 3, 4), (72, 4, 4)])
    none = midi_bytes([MidiTrack("Melody", 0, [(0, 24, 62, 80)])], tpq=24, tempos=[], meters=[])
    found = {row["path"]: row for row in facts(collection(str(tmp_path), {"a.mid": several, "b.mid": none}))}
    assert (found["a.mid"]["tempo_qpm"], found["a.mid"]["meter"]) == (pytest.approx(100), "3/4")
    assert (found["b.mid"]["tempo_qpm"], found["b.mid"]["meter"], found["b.mid"]["fifths"]) == (120, "", None)


def test_each_piece_says_its_part_and_its_time_base(files, tmp_path):
    tables = collection(str(tmp_path), files)
    part_by_id = {piece: part for part in tables.parts for piece in tables.read("pieces", part)["piece_id"].to_pylist()}
    found = facts(tables)
    assert {row["piece_id"]: row["part"] for row in found} == part_by_id
    assert {row["time_base"] for row in found} <= {"score", "performance"}
    assert np.all([row["seconds"] > 0 and row["n_notes"] == 8 for row in found])


def test_threads_and_parts_change_nothing(files, tmp_path):
    one = facts(collection(str(tmp_path / "one"), files, n_parts=1), settings=DescribeSettings(workers=1))
    many = facts(collection(str(tmp_path / "many"), files, n_parts=40), settings=DescribeSettings(workers=4))
    assert [{**row, "part": ""} for row in one] == [{**row, "part": ""} for row in many]
    assert [row["piece_id"] for row in one] == sorted(row["piece_id"] for row in one)


def test_labels_of_pieces_that_are_not_there_are_passed_over(files, tmp_path):
    found = facts(collection(str(tmp_path), files), {"path": "else.mid", "genre": "reel"})
    assert len(found) == len(files)
    assert {row["genre"] for row in found} == {""}


def test_the_temporary_files_are_gone_when_the_rows_are_read(files, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    tables = collection(str(tmp_path / "tables"), files)
    reader = label_table(tables, (), DescribeSettings(label_pattern="*/{title}"))
    assert len(list(scratch.iterdir())) == 1
    assert reader.read_all().num_rows == len(files)
    assert list(scratch.iterdir()) == []
    assert list(Path(tables.address).glob("*.duckdb")) == []
