"""An Arrow table as one Parquet file, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from kedro.io import AbstractDataset

from scogen_pipeline.errors import DataError


class ArrowTableDataset(AbstractDataset[pa.Table, pd.DataFrame]):
    """Saves a `pyarrow.Table` (its schema is kept), loads a `pandas.DataFrame`.

    A killed run leaves the former file or the new one, never half of one; the same table gives the same bytes. Whole numbers of
    32 bits are delta coded (4 bytes a note instead of 7.6), all else is dictionary coded; zstd.

    YAML:
        notes:
          type: scogen_pipeline.datasets.arrow_table.ArrowTableDataset
          filepath: data/02_intermediate/notes.parquet

    Python:
        >>> import tempfile
        >>> dataset = ArrowTableDataset(filepath=tempfile.mkdtemp() + "/table.parquet")
        >>> dataset.save(pa.table({"tick": [0, 24]}))
        >>> list(dataset.load()["tick"])
        [0, 24]
    """

    def __init__(self, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """Read the table.

        Raises:
            DataError: If there is no file.
        """
        if not self._filepath.is_file():
            raise DataError(f"`{self._filepath}` must be a file that exists. Run the pipeline that writes it: kedro run.")
        frame: pd.DataFrame = pq.read_table(self._filepath).to_pandas()
        return frame

    def save(self, data: pa.Table) -> None:
        """Write the table, replacing the file in one step."""
        self._filepath.parent.mkdir(parents=True, exist_ok=True)
        partial = self._filepath.with_name(f".{self._filepath.name}.partial")
        write_parquet(data, partial)
        os.replace(partial, self._filepath)

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table compactly."""
    deltas = [field.name for field in table.schema if pa.types.is_int32(field.type)]
    pq.write_table(
        table,
        path,
        compression="zstd",
        use_dictionary=[name for name in table.schema.names if name not in deltas],
        column_encoding=dict.fromkeys(deltas, "DELTA_BINARY_PACKED") or None,
    )
