"""A table that may not exist yet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset


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

    def __init__(self, filepath: str, columns: list[str], metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self._columns = list(columns)
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """Read the table, or return one of text columns without rows."""
        if self._filepath.is_file():
            return pd.read_parquet(self._filepath)
        return pd.DataFrame({name: pd.Series(dtype="str") for name in self._columns})

    def save(self, data: pd.DataFrame) -> None:
        """Write the table, replacing the file in one step."""
        self._filepath.parent.mkdir(parents=True, exist_ok=True)
        partial = self._filepath.with_name(f".{self._filepath.name}.partial")
        data.to_parquet(partial, index=False)
        os.replace(partial, self._filepath)

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
