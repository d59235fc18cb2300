"""Files that are there in full or not at all, on this machine or anywhere that fsspec reaches."""

from __future__ import annotations

import os
import uuid
from typing import Any

from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem


def unfinished(filesystem: AbstractFileSystem, path: str) -> str:
    """Return a name beside a file, for what is not finished yet, and make its folder. No two writers get the same."""
    folder, _, name = path.rpartition("/")
    filesystem.makedirs(folder, exist_ok=True)
    return f"{folder}/.{name}.{uuid.uuid4().hex[:8]}.partial"


def finish(filesystem: AbstractFileSystem, partial: str, path: str) -> None:
    """Give a finished file its name, in place of what had it."""
    if isinstance(filesystem, LocalFileSystem):
        os.replace(partial, path)
    else:
        filesystem.mv(partial, path)


def write_whole(filesystem: AbstractFileSystem, path: str, data: Any) -> None:
    """Write bytes in one step: by renaming where there are renames, by one request where an upload is one."""
    if not isinstance(filesystem, LocalFileSystem):
        filesystem.pipe_file(path, bytes(data))
        return
    partial = unfinished(filesystem, path)
    with open(partial, "wb") as file:
        file.write(data)
    finish(filesystem, partial, path)
