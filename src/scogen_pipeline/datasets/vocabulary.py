"""The vocabulary as JSON."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from scogen_pipeline.tokens.vocabulary import Vocabulary


class VocabularyDataset(AbstractDataset[Vocabulary, Vocabulary]):
    """Loads and saves a `Vocabulary` as JSON: the classes of the label encoder and their hash.

    Example in a catalog:

    .. code-block:: yaml

        vocabulary:
          type: scogen_pipeline.datasets.vocabulary.VocabularyDataset
          filepath: data/05_model_input/vocabulary.json

    Args:
        filepath: The JSON file.
        metadata: Anything; Kedro ignores it.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> Vocabulary:
        """Read the vocabulary and check its hash."""
        if not self._exists():
            raise DatasetError(f"`{self._filepath}` must exist. Make it with `kedro run --pipeline encode`.")
        return Vocabulary.from_json(self._filepath.read_text(encoding="utf-8"))

    def save(self, data: Vocabulary) -> None:
        """Write the vocabulary; the old file stays whole until the new one is."""
        self._filepath.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._filepath.with_suffix(".unfinished")
        unfinished.write_text(data.to_json(), encoding="utf-8")
        os.replace(unfinished, self._filepath)

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
