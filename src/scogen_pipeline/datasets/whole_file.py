"""A small file that is there in full or not at all, on this machine or anywhere that fsspec reaches."""

from __future__ import annotations

from typing import Any

import fsspec

from scogen_pipeline.collection.whole_file import write_whole


class WholeFile:
    """A file that is read and replaced as a whole.

    Args:
        address: A local file or any fsspec address.
        storage_options: What fsspec needs to reach it.

    >>> file = WholeFile("memory://notes.txt")
    >>> file.exists()
    False
    >>> file.write(b"C D E")
    >>> file.read()
    b'C D E'
    """

    def __init__(self, address: str, storage_options: dict[str, Any] | None = None) -> None:
        self._fs, self._path = fsspec.core.url_to_fs(address, **(storage_options or {}))
        self.address = address

    def exists(self) -> bool:
        """Whether it is there."""
        self._fs.invalidate_cache()
        return bool(self._fs.isfile(self._path))

    def read(self) -> bytes:
        """Return its bytes."""
        data: bytes = self._fs.cat_file(self._path)
        return data

    def write(self, data: bytes) -> None:
        """Replace it in one step."""
        write_whole(self._fs, self._path, data)
