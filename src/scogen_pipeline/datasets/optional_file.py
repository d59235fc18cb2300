"""A file that a request may name."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError


class OptionalFileDataset(AbstractDataset[NoReturn, bytes]):
    """Loads the bytes of a file, or none where no file is named. Read only.

    Example in a catalog:

    .. code-block:: yaml

        primer:
          type: scogen_pipeline.datasets.optional_file.OptionalFileDataset
          file: ${runtime_params:primer, ""}

    Args:
        file: Its path; "" for none. (Kedro would make an empty `path` the project's folder.)
        metadata: Anything; Kedro ignores it.
    """

    def __init__(self, *, file: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(file) if file else None
        self.metadata = metadata

    def load(self) -> bytes:
        """Read the file."""
        if self._path is None:
            return b""
        if not self._path.is_file():
            raise DatasetError(f"`{self._path}` must be a file. Give its path from the project's folder, or an absolute one.")
        return self._path.read_bytes()

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: what the user brings is not ours to write."""
        raise DatasetError("A file that the user names is never written.")

    def _describe(self) -> dict[str, Any]:
        return {"file": str(self._path or "")}
