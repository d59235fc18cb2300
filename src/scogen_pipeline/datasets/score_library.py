"""The scores of the installed music21."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from scogen_pipeline.scores.score_files import ScoreLibrary


class ScoreLibraryDataset(AbstractDataset[None, ScoreLibrary]):
    """Finds the corpus that the pip package music21 brings along, without importing music21 (which takes seconds). Read only.

    Example:
        ::

            score_library:
              type: scogen_pipeline.datasets.score_library.ScoreLibraryDataset

    Args:
        filepath: Folder of the corpus; by default that of the installed music21.
        metadata: Anything; ignored.
    """

    def __init__(self, filepath: str = "", metadata: dict[str, Any] | None = None) -> None:
        self._filepath = filepath
        self.metadata = metadata

    def load(self) -> ScoreLibrary:
        """Return the library."""
        return ScoreLibrary(Path(self._filepath) if self._filepath else _installed_corpus())

    def save(self, data: None) -> None:  # noqa: ARG002
        """Refuse: the corpus belongs to music21."""
        raise DatasetError("The score library is read only.")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath or "music21/corpus"}


def _installed_corpus() -> Path:
    found = importlib.util.find_spec("music21")
    if found is None or found.origin is None:
        raise DatasetError("The score library needs the package music21. Install it: pip install music21.")
    return Path(found.origin).parent / "corpus"
