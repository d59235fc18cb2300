"""The file of labels that the user names, if any."""

from __future__ import annotations

from functools import partial
from typing import Any, BinaryIO

import fsspec
from kedro.io import AbstractDataset

from scogen_pipeline.collection.label_files import LabelFile
from scogen_pipeline.errors import RequestError


class LabelFileDataset(AbstractDataset[None, tuple[LabelFile, ...]]):
    """A file of labels at any address, found but not read. Without an address it loads an empty tuple.

    CSV, TSV, JSON (also with an object a line, `.jsonl`) and Parquet; compressed (`.csv.gz`) or not.

    YAML:
        label_files:
          type: scogen_pipeline.datasets.label_file.LabelFileDataset
          address: labels.csv

    Python:
        >>> LabelFileDataset(address="").load()
        ()

    Args:
        address: A local file or any fsspec address, "" for none. (Kedro would make a folder of an empty `filepath`.)
        storage_options: What fsspec needs to reach the address.
        metadata: Anything; ignored.
    """

    def __init__(
        self,
        address: str = "",
        storage_options: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._address = str(address or "")
        self._options = storage_options or {}
        self.metadata = metadata

    def load(self) -> tuple[LabelFile, ...]:
        """Return the file.

        Raises:
            RequestError: If there is none at the address.
        """
        if not self._address:
            return ()
        fs, path = fsspec.core.url_to_fs(self._address, **self._options)
        if not fs.isfile(path):
            raise RequestError(
                f"`labels` must be a file that exists, received `{self._address}`. Name another: --params labels=FILE."
            )
        opened = partial(_open, self._address, self._options)
        return (LabelFile(self._address, opened, is_given=True),)

    def save(self, data: None) -> None:
        """Refuse: it is the user's."""
        raise NotImplementedError("Files of labels are read only.")

    def _exists(self) -> bool:
        return bool(self._address)

    def _describe(self) -> dict[str, Any]:
        return {"address": self._address}


def _open(address: str, options: dict[str, Any]) -> BinaryIO:
    opened: BinaryIO = fsspec.open(address, "rb", compression="infer", **options).open()
    return opened
