"""What the tables in one Parquet file have in common: they are written whole or not at all."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, TypeVar

import fsspec
from kedro.io import AbstractDataset, DatasetError

from scogen_pipeline.collection.whole_file import finish, unfinished
from scogen_pipeline.errors import DataError

Saved = TypeVar("Saved")
Loaded = TypeVar("Loaded")


class ParquetFileDataset(AbstractDataset[Saved, Loaded]):
    """One Parquet file. A killed run leaves the former file or the new one, never half of one.

    Args:
        filepath: A local file or any fsspec address.
        load_as: One of `KINDS`; by default the first.
        storage_options: What fsspec needs to reach the address.
        metadata: Anything; ignored.
    """

    #: What the file can be loaded as.
    KINDS: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        filepath: str,
        load_as: str = "",
        storage_options: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._filepath = filepath
        self._load_as = load_as or self.KINDS[0]
        if self._load_as not in self.KINDS:
            raise DatasetError(f"`load_as` must be one of {', '.join(self.KINDS)}, received {load_as}.")
        self._fs, self._path = fsspec.core.url_to_fs(filepath, **(storage_options or {}))
        self.metadata = metadata

    def load(self) -> Loaded:
        """Read the file as it now is.

        Raises:
            DataError: If there is none.
        """
        if not self._exists():
            raise DataError(f"`{self._filepath}` must be a file that exists. Run the pipeline that writes it: kedro run.")
        return self._read()

    def save(self, data: Saved) -> None:
        """Write the rows as they come, replacing the file in one step."""
        partial = unfinished(self._fs, self._path)
        try:
            with self._fs.open(partial, "wb") as opened:
                self._write(data, opened)
            finish(self._fs, partial, self._path)
        finally:
            if self._fs.exists(partial):
                self._fs.rm_file(partial)

    @abstractmethod
    def _read(self) -> Loaded:
        """Read the file, which exists."""

    @abstractmethod
    def _write(self, data: Saved, opened: Any) -> None:
        """Write to a file that gets its name afterwards."""

    def _exists(self) -> bool:
        self._fs.invalidate_cache()
        return bool(self._fs.isfile(self._path))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "load_as": self._load_as}
