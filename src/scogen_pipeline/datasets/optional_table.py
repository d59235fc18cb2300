"""A table that may not exist yet."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset

from scogen_pipeline.datasets.whole_file import WholeFile


class OptionalTableDataset(AbstractDataset[pd.DataFrame, pd.DataFrame]):
    """A pandas table in one Parquet file, written whole or not at all; without the file it loads a table of no rows.

    The labels of the embedded corpus are such a table: a folder of the user's own MIDI files comes without any.

    YAML:
        labels:
          type: scogen_pipeline.datasets.optional_table.OptionalTableDataset
          filepath: data/01_raw/labels.parquet
          columns: [path, genre]

    Python:
        >>> import tempfile
        >>> dataset = OptionalTableDataset(filepath=tempfile.mkdtemp() + "/labels.parquet", columns=["path", "genre"])
        >>> dataset.load().shape
        (0, 2)
    """

    def __init__(
        self,
        filepath: str,
        columns: list[str],
        storage_options: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._file = WholeFile(filepath, storage_options)
        self._columns = list(columns)
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """Read the table, or return one of text columns without rows."""
        if self._file.exists():
            return pd.read_parquet(io.BytesIO(self._file.read()))
        return pd.DataFrame({name: pd.Series(dtype="str") for name in self._columns})

    def save(self, data: pd.DataFrame) -> None:
        """Write the table, replacing the file in one step."""
        self._file.write(data.to_parquet(index=False))

    def _exists(self) -> bool:
        return self._file.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._file.address}
