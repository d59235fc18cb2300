"""The tables of batches of MIDI files, kept so that an interrupted run goes on where it stopped."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq
from kedro.io import AbstractDataset

from scogen_pipeline.datasets.arrow_table import write_parquet

Tables = Mapping[str, pa.Table]


class MidiPartsDataset(AbstractDataset[Mapping[str, Tables], dict[str, Callable[[], Tables]]]):
    """A folder with one folder for each part, in it one Parquet file for each table.

    Saving adds parts and leaves the others alone. A part is written under another name and renamed when it is complete, so that
    a part that is there is whole. Loading returns part -> function that reads its tables. The folder may be deleted at any
    time: it saves work, nothing else.

    YAML:
        midi_parts:
          type: scogen_pipeline.datasets.midi_parts.MidiPartsDataset
          path: data/02_intermediate/midi_parts

    Python:
        >>> import tempfile
        >>> dataset = MidiPartsDataset(path=tempfile.mkdtemp())
        >>> dataset.save({"a1": {"pieces": pa.table({"tpq": [480]})}})
        >>> dataset.load()["a1"]()["pieces"].num_rows
        1
    """

    def __init__(self, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> dict[str, Callable[[], Tables]]:
        """Return part -> function that reads its tables."""
        return {name: partial(_read_part, self._path / name) for name in sorted(_part_names(self._path))}

    def save(self, data: Mapping[str, Tables]) -> None:
        """Add parts."""
        for name, tables in data.items():
            _write_part(self._path, name, tables)

    def _exists(self) -> bool:
        return self._path.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


class MidiPartNamesDataset(AbstractDataset[NoReturn, frozenset[str]]):
    """The names of the parts that are complete, of a `MidiPartsDataset` with the same path.

    Kedro lets no node read what it writes; a second entry over the same folder tells a node what is already done.

    YAML:
        finished_midi_parts:
          type: scogen_pipeline.datasets.midi_parts.MidiPartNamesDataset
          path: data/02_intermediate/midi_parts

    Python:
        >>> import tempfile
        >>> MidiPartNamesDataset(path=tempfile.mkdtemp()).load()
        frozenset()
    """

    def __init__(self, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> frozenset[str]:
        """Return the names; none where there is no folder yet."""
        return _part_names(self._path)

    def save(self, data: NoReturn) -> None:
        """Refuse: parts are written by `MidiPartsDataset`."""
        raise NotImplementedError(f"{type(self).__name__} is read only.")

    def _exists(self) -> bool:
        return True  # no folder means no parts yet, which is an answer

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


def _part_names(folder: Path) -> frozenset[str]:
    if not folder.is_dir():
        return frozenset()
    return frozenset(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _write_part(folder: Path, name: str, tables: Tables) -> None:
    unfinished = folder / f".{name}.partial"
    shutil.rmtree(unfinished, ignore_errors=True)  # of a run that was killed
    unfinished.mkdir(parents=True)
    for table_name, table in tables.items():
        write_parquet(table, unfinished / f"{table_name}.parquet")
    shutil.rmtree(folder / name, ignore_errors=True)
    os.rename(unfinished, folder / name)


def _read_part(folder: Path) -> dict[str, pa.Table]:
    return {file.stem: pq.read_table(file) for file in sorted(folder.glob("*.parquet"))}
