"""Where MIDI files come from: a folder, a file or an archive, here or on a server, as one stream of files.

**Conventions**

- Two walks over an unchanged source yield the same files in the same order, in any process.
- Paths are relative to the source: below the folder; below the archive if that is the source; the name of a single file.
- Whatever cannot be listed or opened is a file that raises when it is loaded. What a server fails to do is no such thing: the
  walk ends in an `OSError`, and can be begun again (`stored_files`).
- Memory holds the names of one folder at a time, and of an archive one member.

**References**: fsspec, https://filesystem-spec.readthedocs.io.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO, Final
from urllib.parse import unquote, urlsplit

import fsspec
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem
from fsspec.registry import known_implementations

from scogen_pipeline.errors import DataError, did_you_mean
from scogen_pipeline.midi.files import MidiFile, Sidecar, is_archive, is_sidecar, refused
from scogen_pipeline.sources.folders import Found, is_wanted, walk_local, walk_remote
from scogen_pipeline.sources.stored_files import LocalFile, RemoteFile, patiently
from scogen_pipeline.sources.tar_archives import walk_tar
from scogen_pipeline.sources.zip_archives import walk_zip

_BUFFER_BYTES: Final = 2**18


@dataclass(frozen=True)
class MidiSource:
    """A collection of MIDI files; it can be sent to another process.

    Args:
        address: A folder, a file or an archive (.zip, .tar, .tar.gz, .tar.bz2, .tar.xz): a local path or any fsspec address.
        storage_options: What fsspec needs to reach it.

    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.MID").write_bytes(b"MThd")
    >>> [(file.path, file.load()) for file in MidiSource(str(folder)).files()]
    [('a.MID', b'MThd')]
    """

    address: str
    storage_options: Mapping[str, Any] = field(default_factory=dict, repr=False)  # may hold credentials

    def files(self) -> Iterator[MidiFile | Sidecar]:
        """Walk the source.

        Raises:
            DataError: If it does not exist, or its kind of address cannot be reached.
            OSError: If it can be read no further, and perhaps can the next time.
        """
        path = _local_path(self.address)
        if path is None:
            yield from _remote_files(self.address, self.storage_options)
        elif os.path.isdir(path):
            yield from _files_of(walk_local(path))
        elif os.path.isfile(path):
            yield from _lone_file(os.path.basename(path), LocalFile.at(path))
        else:
            raise _absent(self.address)


def _remote_files(address: str, storage_options: Mapping[str, Any]) -> Iterator[MidiFile | Sidecar]:
    filesystem, root = _reached(address, storage_options)
    name = unquote(urlsplit(root).path if _is_web(root) else root).rstrip("/").rpartition("/")[2]
    try:
        info = patiently(lambda: filesystem.info(root))
    except FileNotFoundError as error:
        raise _absent(address) from error
    # The web has no folders: a page of links is one.
    is_page = info.get("mimetype") == "text/html" or address.endswith("/")
    if info.get("type") == "directory" or (_is_web(root) and is_page and not is_wanted(name)):
        yield from _files_of(walk_remote(filesystem, root))
    else:
        yield from _lone_file(name, RemoteFile.of(filesystem, {**info, "name": root}))


def _reached(address: str, storage_options: Mapping[str, Any]) -> tuple[AbstractFileSystem, str]:
    try:
        filesystem, root = fsspec.core.url_to_fs(address, **storage_options)
    except ImportError as error:
        raise DataError(
            f"`{address}` must be an address whose driver is installed, received: {error}. {_remedy(address, error)}"
        ) from error
    except ValueError as error:
        protocol = _protocol(address)
        hint = did_you_mean(protocol, fsspec.available_protocols())
        raise DataError(
            f"`{address}` must be a path, or an address that fsspec knows, received `{protocol}`: {error}.{hint}"
        ) from error
    return filesystem, str(root)


def _lone_file(name: str, file: LocalFile | RemoteFile) -> Iterator[MidiFile | Sidecar]:
    """Yield a source that is a file: what the user names is taken for MIDI, whatever its name."""
    if is_archive(name):
        yield from _members(file, name, "")
    else:
        yield MidiFile(name, file.stamp, file.n_bytes, file.load)


def _files_of(folder: Iterator[Found]) -> Iterator[MidiFile | Sidecar]:
    for path, file, error, is_folder in folder:
        if error:
            yield refused(path, file.stamp, error)
        elif is_archive(path) and not is_folder:
            yield from _members(file, path, path + "/")
        elif is_sidecar(path) and not is_folder:
            yield _sidecar(path, file)
        else:
            yield MidiFile(path, file.stamp, file.n_bytes, file.load)


def _members(archive: LocalFile | RemoteFile, path: str, prefix: str) -> Iterator[MidiFile | Sidecar]:
    walk = walk_zip if path.lower().endswith(".zip") else walk_tar
    return walk(archive, path, prefix)


def _sidecar(path: str, file: LocalFile | RemoteFile) -> MidiFile | Sidecar:
    """Describe labels; those that this machine cannot read are a file that is refused."""
    if isinstance(file, LocalFile):
        try:
            file.open().close()
        except OSError as error:
            return refused(path, file.stamp, error)
    return Sidecar(path, file.stamp, partial(_open, file))


def _open(file: LocalFile | RemoteFile) -> BinaryIO:
    return io.BufferedReader(file.open(), _BUFFER_BYTES)


def _local_path(address: str) -> str | None:
    """Return the path of what lies on this machine."""
    if os.path.lexists(address) or not ("://" in address or "::" in address):
        return address.rstrip("/") or "/"
    if _protocol(address) in {"file", "local"}:
        return str(LocalFileSystem._strip_protocol(address))
    return None


def _protocol(address: str) -> str:
    return re.split("::|://", address, maxsplit=1)[0]


def _is_web(root: str) -> bool:
    return root.startswith(("http://", "https://"))


def _remedy(address: str, error: ImportError) -> str:
    """Say what to install: the package of the driver, or the one that the driver misses."""
    entry = known_implementations.get(_protocol(address), {"class": "fsspec"})
    package = str(entry["class"]).partition(".")[0]
    if package != "fsspec":
        return f"Install it: pip install {package}."
    missing = error.__cause__.name if isinstance(error.__cause__, ImportError) else ""
    return f"Install it: pip install {missing}." if missing else "Install what it names with pip."


def _absent(address: str) -> DataError:
    return DataError(
        f"`{address}` must be a folder, a file or an archive that exists, received none. Create it, or name another."
    )
