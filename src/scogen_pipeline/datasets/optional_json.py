"""A few numbers that may not have been worked out yet."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset


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

    def __init__(self, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> dict[str, Any]:
        """Read the file, if there is one."""
        if not self._filepath.is_file():
            return {}
        entry: dict[str, Any] = json.loads(self._filepath.read_text("utf-8"))
        return entry

    def save(self, data: dict[str, Any]) -> None:
        """Write the file in one step."""
        self._filepath.parent.mkdir(parents=True, exist_ok=True)
        partial = self._filepath.with_name(f".{self._filepath.name}.partial")
        partial.write_text(json.dumps(data, indent=2, sort_keys=True) + "\n", "utf-8")
        os.replace(partial, self._filepath)

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
