"""Two catalog entries over one folder: one for those who write parts, one for those who read a collection."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from kedro.io import DatasetError

from scogen_pipeline.collection.table_folder import Manifest
from scogen_pipeline.datasets.midi_tables import MidiPartsDataset, MidiTablesDataset
from scogen_pipeline.errors import DataError


def test_a_collection_is_what_was_committed_last(tmp_path: Path) -> None:
    parts, tables = MidiPartsDataset(path=str(tmp_path)), MidiTablesDataset(path=str(tmp_path))
    for name in ("p1", "p2"):
        parts.load().write(name, {"notes": pa.table({"tick": [0]})}, {})
    tables.save(Manifest(("p1",)))
    assert tables.load().parts == ("p1",)
    assert parts.load().finished() == {"p1"}
    MidiTablesDataset(path=str(tmp_path)).save(Manifest())
    assert tables.load().parts == ()


def test_unfinished_tables_are_not_read(tmp_path: Path) -> None:
    tables = MidiTablesDataset(path=str(tmp_path))
    assert not tables.exists()
    with pytest.raises((DataError, DatasetError), match=r"must hold finished tables.*--pipeline ingest"):
        tables.load()


def test_parts_are_not_saved_through_the_catalog(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="read only"):
        MidiPartsDataset(path=str(tmp_path)).save({})  # type: ignore[arg-type]


def test_only_one_run_may_write() -> None:
    assert MidiTablesDataset(path="memory://x").locked_folder == "memory:///x"
