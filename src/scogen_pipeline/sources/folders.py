"""Folders, walked file by file: on this machine, or on a server.

**Conventions**

- Found are files by their names: MIDI, labels, archives. Whatever has such a name is found, readable or not (a folder named
  like MIDI, a broken link, a pipe), and so is a folder that cannot be listed: nothing is lost silently.
- Depth first, sorted as whole paths are: `a-b.mid`, `a/x.mid`, `a0.mid`.
- Links to folders are followed; one that leads back to a folder above it is not.
- The names of one folder are in memory at a time, and of those above it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from fsspec import AbstractFileSystem

from scogen_pipeline.errors import MidiError
from scogen_pipeline.midi.files import is_archive, is_midi, is_sidecar
from scogen_pipeline.midi.rejects import Reason
from scogen_pipeline.sources.stored_files import LocalFile, RemoteFile, patiently

#: Servers have links in circles too, and do not show them.
_MAX_DEPTH: Final = 64


class Found(NamedTuple):
    """A file in a folder.

    Args:
        path: Posix, relative to the folder; bytes that are no UTF-8 are escaped, since Arrow could not store them.
        file: What is there.
        error: Why it cannot be read, if that is known already.
        is_folder: Whether it is a folder: never an archive or labels, whatever its name is.
    """

    path: str
    file: LocalFile | RemoteFile
    error: MidiError | OSError | None = None
    is_folder: bool = False


def is_wanted(path: str) -> bool:
    """Whether a file is looked at, by its name."""
    return is_midi(path) or is_archive(path) or is_sidecar(path)


def walk_local(root: str) -> Iterator[Found]:
    """Find what lies below a folder of this machine."""
    # A stack, not a recursion: folders may be nested deeper than Python calls.
    stack: list[tuple[str, tuple[int, int], Iterator[str]]] = []
    pending: str | None = root
    while pending is not None or stack:
        if pending is not None:
            folder, pending = pending, None
            try:
                here = _identity(folder)
                if here not in {identity for _, identity, _ in stack}:
                    stack.append((folder, here, iter(_names(folder))))
            except OSError as error:
                yield Found(_printable(folder, root), LocalFile.at(folder), error, is_folder=True)
            continue
        folder, _, names = stack[-1]
        name = next(names, None)
        if name is None:
            stack.pop()
            continue
        path = os.path.join(folder, name.removesuffix("/"))
        if not name.endswith("/"):
            yield Found(_printable(path, root), LocalFile.at(path))
            continue
        if is_midi(path):
            yield Found(_printable(path, root), LocalFile.at(path), is_folder=True)
        pending = path


def _identity(folder: str) -> tuple[int, int]:
    info = os.stat(folder)
    return info.st_dev, info.st_ino


def _names(folder: str) -> list[str]:
    """Return what matters in a folder; folders end in a slash, which also sorts them as their paths do."""
    names = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if _is_folder(entry):
                names.append(entry.name + "/")
            elif is_wanted(entry.name):
                names.append(entry.name)
    return sorted(names, key=_sorted_as_path)


def _sorted_as_path(name: str) -> str:
    return name if name.endswith("/") or not is_archive(name) else name + "/"


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False


def _printable(path: str, root: str) -> str:
    relative = path[len(root) :].lstrip(os.sep).replace(os.sep, "/") or "."
    return os.fsencode(relative).decode("utf-8", "backslashreplace")


def walk_remote(filesystem: AbstractFileSystem, root: str) -> Iterator[Found]:
    """Find what lies below a folder of a server.

    Raises:
        OSError: If the connection breaks: a folder must not be taken for empty.
    """
    stack: list[Iterator[dict[str, Any]]] = [iter(_listing(filesystem, root))]
    while stack:
        info = next(stack[-1], None)
        if info is None:
            stack.pop()
            continue
        name = str(info["name"])
        path, is_folder = _relative(name, root), info.get("type") == "directory"
        error = _refusal(path, len(stack) if is_folder else 0)
        if error or not is_folder or is_midi(path):
            yield _found(filesystem, path, info, error, is_folder=is_folder)
        if not is_folder or error:
            continue
        try:
            stack.append(iter(_listing(filesystem, name)))
        except (FileNotFoundError, PermissionError, NotADirectoryError) as refusal:
            yield _found(filesystem, path, info, refusal, is_folder=True)


def _found(
    filesystem: AbstractFileSystem, path: str, info: dict[str, Any], error: MidiError | OSError | None, *, is_folder: bool
) -> Found:
    if error or is_folder:
        file = RemoteFile(filesystem, str(info["name"]), "", 0)
        return Found(path, file, error or IsADirectoryError("a folder that cannot be read as a file"), is_folder)
    try:
        return Found(path, RemoteFile.of(filesystem, info))
    except (FileNotFoundError, PermissionError) as refusal:
        return Found(path, RemoteFile(filesystem, str(info["name"]), "", 0), refusal)


def _listing(filesystem: AbstractFileSystem, folder: str) -> list[dict[str, Any]]:
    """Return what matters in a folder; object stores list the folder itself among its files."""
    listed = patiently(lambda: filesystem.ls(folder, detail=True))
    filesystem.invalidate_cache(folder)  # drivers keep what they list: in the end, all of it
    wanted = {}
    for info in listed:
        is_folder, name = info.get("type") == "directory", str(info["name"]).rstrip("/")
        if _relative(name, folder) and (is_folder or is_wanted(name)):
            wanted[_sorted_as_path(name + "/" * is_folder)] = info
    return [wanted[name] for name in sorted(wanted)]


def _relative(name: str, root: str) -> str:
    path = name.rstrip("/").removeprefix(root.rstrip("/")).strip("/")
    path = unquote(path) if name.startswith(("http://", "https://")) else path
    return path.encode("utf-8", "backslashreplace").decode()


def _refusal(path: str, depth: int) -> MidiError | None:
    if any(part in {"", ".", ".."} for part in path.split("/")):
        return MidiError(Reason.UNSAFE_NAME, "a path that leads outside its folder")
    if depth > _MAX_DEPTH:
        return MidiError(Reason.UNOPENABLE, f"more than {_MAX_DEPTH} folders deep: links in a circle?")
    return None
