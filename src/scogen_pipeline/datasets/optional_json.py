"""A few numbers that may not have been worked out yet."""

from __future__ import annotations

import json
from typing import Any

from kedro.io import AbstractDataset

from scogen_pipeline.datasets.whole_file import WholeFile


class OptionalJsonDataset(AbstractDataset[dict[str, Any], dict[str, Any]]):
    """Names and values in one JSON file, written whole or not at all; without the file it loads an empty dictionary.

    YAML:
        split_report:
          type: scogen_pipeline.datasets.optional_json.OptionalJsonDataset
          filepath: data/08_reporting/split_report.json

    Python:
        >>> import tempfile
        >>> dataset = OptionalJsonDataset(filepath=tempfile.mkdtemp() + "/numbers.json")
        >>> dataset.load()
        {}
        >>> dataset.save({"pieces": 3})
        >>> dataset.load()
        {'pieces': 3}
    """

    def __init__(
        self, filepath: str, storage_options: dict[str, Any] | None = None, metadata: dict[str, Any] | None = None
    ) -> None:
        self._file = WholeFile(filepath, storage_options)
        self.metadata = metadata

    def load(self) -> dict[str, Any]:
        """Read the file, if there is one."""
        entry: dict[str, Any] = json.loads(self._file.read()) if self._file.exists() else {}
        return entry

    def save(self, data: dict[str, Any]) -> None:
        """Write the file in one step."""
        self._file.write(f"{json.dumps(data, indent=2, sort_keys=True)}\n".encode())

    def _exists(self) -> bool:
        return self._file.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._file.address}
