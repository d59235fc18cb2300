"""Files where they lie: on this machine, or anywhere that fsspec reaches.

What is broken stays broken, and is recorded; a connection that breaks is whole the next time, and nothing may be recorded because
of it. So the two never look alike here:

**Conventions**

- `load` of what the system refuses, or what a server has not got (no such file, a folder), raises `OSError` as it comes.
- Anything else that a server or its driver does, refused permission too (credentials run out), is tried again where that may
  help, and then raised as `LostConnectionError`. That is an `OSError`: whoever walks a source sees it. Whoever loads a file
  gets a `DataError` instead, which nobody takes for the file's fault.
- An end of a remote file before its stated size is a broken connection, not a file that is cut.
- A file that changes between being found and being read is neither: `DataError`.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from fsspec import AbstractFileSystem

from scogen_pipeline.errors import DataError
from scogen_pipeline.midi.containers import MAX_BYTES

_T = TypeVar("_T")

#: Seconds before each further attempt.
_WAITS: Final = [0.5, 2.0, 8.0]
#: One request to a server; the members of an archive that a batch needs lie together.
_BLOCK_BYTES: Final = 4 * 2**20
_MOST_OPEN: Final = 8
#: What servers call a version of a file, without case and punctuation; none of them tells them all.
_VERSION_KEYS: Final = frozenset(
    {"etag", "contentmd5", "digest", "md5", "md5hash", "checksum", "crc32c", "generation", "versionid", "blobid", "oid"}
    | {"mtime", "lastmodified", "modified", "updated", "created", "creationtime"}
)


class LostConnectionError(OSError):
    """A server did not answer as it should, and may the next time."""


class _BrokenStreamError(LostConnectionError):
    """What cannot be taken up where it broke off."""


class StoredFile(Protocol):
    """A file that can be opened, by any process."""

    @property
    def address(self) -> str:
        """Where it is, for messages."""

    @property
    def stamp(self) -> str:
        """Changes when the file does."""

    @property
    def n_bytes(self) -> int:
        """Its size as stated, 0 if that is unknown."""

    def load(self) -> bytes:
        """Read it, `MAX_BYTES + 1` bytes at most."""

    def open(self) -> io.RawIOBase:
        """Open it without a buffer."""


@dataclass(frozen=True)
class LocalFile:
    """A file on this machine.

    Args:
        address: Its path.
        stamp: Of its size and times, so that no byte is read to know an unchanged file. The change time too: a copy that keeps
            the modification time is still another file.
        n_bytes: Its size.
    """

    address: str
    stamp: str
    n_bytes: int

    @classmethod
    def at(cls, path: str) -> LocalFile:
        """Describe what is there, readable or not."""
        try:
            info = os.stat(path)
        except OSError as error:
            return cls(path, f"error {error.errno}", 0)
        return cls(path, _stamp_of(info), info.st_size if stat.S_ISREG(info.st_mode) else 0)

    def load(self) -> bytes:
        """Read it, `MAX_BYTES + 1` bytes at most."""
        with self.open() as file:
            return _read_up_to(file, MAX_BYTES + 1)

    def open(self) -> io.RawIOBase:
        """Open it without a buffer, if it is a regular file: opening a named pipe would wait for ever."""
        mode = os.stat(self.address).st_mode
        if stat.S_ISDIR(mode):
            raise OSError(errno.EISDIR, "a folder that cannot be read as a file")
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "no file")
        return open(self.address, "rb", buffering=0)

    def check_unchanged(self, file: io.RawIOBase) -> None:
        """Refuse another file that has come to lie here.

        Raises:
            DataError: If it is not the file that was found.
        """
        if _stamp_of(os.fstat(file.fileno())) != self.stamp:
            raise _changed(self.address)


@dataclass(frozen=True)
class RemoteFile:
    """A file that fsspec reaches.

    Args:
        filesystem: How to get there.
        address: Its path there.
        stamp: Of whatever the server says of its version, and of its size.
        n_bytes: Its size, 0 if that is unknown.
    """

    filesystem: AbstractFileSystem = field(repr=False)  # may hold credentials
    address: str
    stamp: str
    n_bytes: int

    @classmethod
    def of(cls, filesystem: AbstractFileSystem, info: Mapping[str, Any]) -> RemoteFile:
        """Describe a file as it is listed; a server that lists nothing but names is asked once more.

        Raises:
            LostConnectionError: If it does not answer.
        """
        version = _version(info)
        if not version:
            info = {**info, **patiently(lambda: filesystem.info(info["name"]))}
            version = _version(info)
        size = info.get("size") or 0
        return cls(filesystem, str(info["name"]), " ".join([str(size), *version]), int(size))

    def load(self) -> bytes:
        """Read it, `MAX_BYTES + 1` bytes at most: in one request if it is known to be small.

        Raises:
            DataError: If the server cannot be reached.
        """
        with connection_is_no_fault_of(self.address):
            if 0 < self.n_bytes <= MAX_BYTES:
                data: bytes = patiently(self._fetched)
                return data[: MAX_BYTES + 1]
            with self.open() as file:
                return _read_up_to(file, MAX_BYTES + 1)

    def open(self) -> io.RawIOBase:
        """Open it such that reading goes on where a connection broke off."""
        return _PatientFile(self.filesystem, self.address)

    def check_unchanged(self, file: io.RawIOBase) -> None:
        """Trust the server: asking again would cost a request."""

    def _fetched(self) -> bytes:
        data: bytes = self.filesystem.cat_file(self.address)
        if len(data) < self.n_bytes:
            raise LostConnectionError(f"{len(data)} of {self.n_bytes} bytes came")
        return data


def patiently(request: Callable[[], _T]) -> _T:
    """Ask a server, again if need be.

    Raises:
        OSError: What will not change: no such file, no permission, a folder.
        LostConnectionError: Anything else that happens on the way.
    """
    waits = iter(_WAITS)
    while True:
        try:
            return request()
        except Exception as error:  # drivers raise whatever their libraries do; all of it is raised again or tried again
            if _is_final(error):
                raise
            wait = next(waits, None)
            if wait is None or _is_refusal(error):
                raise LostConnectionError(f"{type(error).__name__}: {error}") from error
        time.sleep(wait)


@contextmanager
def connection_is_no_fault_of(address: str) -> Iterator[None]:
    """Make a broken connection an error that nobody takes for a broken file.

    Raises:
        DataError: Instead of `LostConnectionError`.
    """
    try:
        yield
    except LostConnectionError as error:
        raise lost(address, error) from error


def lost(address: str, error: OSError) -> DataError:
    """Say that a source broke off."""
    return DataError(f"`{address}` must be readable to its end, received an error: {error}. Run again: what is finished is kept.")


class OpenArchive:
    """A file that is open for reading at any place, by any thread.

    Args:
        file: What to open.

    Raises:
        OSError: If it cannot be opened.
    """

    def __init__(self, file: StoredFile) -> None:
        self._file = file.open()
        self._lock = threading.Lock()
        self.n_bytes = self._file.seek(0, os.SEEK_END)

    def read_at(self, position: int, size: int) -> bytes:
        """Read bytes, fewer at the end of the file."""
        with self._lock:
            self._file.seek(position)
            return _read_up_to(self._file, size)

    def __del__(self) -> None:
        """Close the file; another thread may be reading when the archive leaves the cache."""
        if hasattr(self, "_file"):
            self._file.close()


_open_archives: OrderedDict[tuple[int, StoredFile], OpenArchive] = OrderedDict()
_open_archives_lock: Final = threading.Lock()


def opened(file: LocalFile | RemoteFile) -> OpenArchive:
    """Return a file that this process has open, or open it: neighbouring members are read one after the other.

    Raises:
        OSError: If it cannot be opened.
        DataError: If it is no more what it was.
    """
    key = (os.getpid(), file)  # a process that was forked shares the place in the file, and must have its own
    with _open_archives_lock:
        archive = _open_archives.pop(key, None) or _newly_opened(file)
        _open_archives[key] = archive
        while len(_open_archives) > _MOST_OPEN:
            _open_archives.popitem(last=False)
    return archive


def _newly_opened(file: LocalFile | RemoteFile) -> OpenArchive:
    archive = OpenArchive(file)
    file.check_unchanged(archive._file)
    return archive


class _PatientFile(io.RawIOBase):
    """A remote file whose reads are tried again, from where they broke off."""

    def __init__(self, filesystem: AbstractFileSystem, address: str) -> None:
        self._filesystem, self._address = filesystem, address
        self._position = 0
        self._is_random = self._is_broken = False
        self._file = patiently(lambda: filesystem.open(address, "rb", block_size=_BLOCK_BYTES))
        self._size: int | None = getattr(self._file, "size", None)
        self._is_stream = self._size is None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return not self._is_stream

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._is_random = self._is_random or whence == os.SEEK_END
        if self._is_stream:
            raise self._unseekable()
        self._position = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size or 0}[whence]
        return self._position

    def readinto(self, buffer: Any) -> int:
        data = patiently(lambda: self._read_stream(len(buffer)) if self._is_stream else self._read_range(len(buffer)))
        if not data and len(buffer) and self._position < (self._size or 0):
            raise LostConnectionError(f"{self._position} of {self._size} bytes came")
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed and hasattr(self, "_file"):
            self._file.close()
        super().close()

    def _read_range(self, size: int) -> bytes:
        try:
            self._file.seek(self._position)
            data: bytes = self._file.read(size)
        except ValueError as error:
            # A web server that sends whole files only: fsspec finds out at the second block.
            if "range" not in str(error):
                raise
            if self._is_random:
                raise self._unseekable() from error
            self._become_stream()
            return self._read_stream(size)
        return data

    def _become_stream(self) -> None:
        self._file = self._filesystem.open(self._address, "rb", block_size=0)
        self._is_stream = True
        passed = 0
        while passed < self._position:
            passed += len(self._read_stream(min(self._position - passed, _BLOCK_BYTES))) or self._position

    def _read_stream(self, size: int) -> bytes:
        if self._is_broken:
            raise _BrokenStreamError(f"it broke off after {self._position} bytes")
        self._is_broken = True  # until the read has succeeded: what comes after a failure looks like the end
        data: bytes = self._file.read(size)
        self._is_broken = False
        return data

    def _unseekable(self) -> DataError:
        return DataError(
            f"`{self._address}` must be on a server that sends parts of files (range requests), received whole files only. "
            "Download it and name the local file; .tar.gz is read from any server."
        )


def _read_up_to(file: io.RawIOBase, size: int) -> bytes:
    """Read until there is enough or the file ends: a raw file may return less than it is asked for."""
    data = file.read(size) or b""
    if not data or len(data) == size:
        return data
    pieces, missing = [data], size - len(data)
    while missing and (data := file.read(missing)):
        pieces.append(data)
        missing -= len(data)
    return b"".join(pieces)


def _is_final(error: Exception) -> bool:
    """Whether a server will say the same for ever."""
    if isinstance(error, DataError):
        return True
    if not isinstance(error, FileNotFoundError | IsADirectoryError | NotADirectoryError):
        return False
    # Over HTTP, fsspec calls every failure `not found`; the true one stands behind it.
    cause = error.__cause__
    is_masked = isinstance(cause, OSError) or type(cause).__module__.startswith("aiohttp")
    return not is_masked or isinstance(cause, FileNotFoundError) or getattr(cause, "status", None) in {404, 410}


def _is_refusal(error: BaseException | None) -> bool:
    """Whether it is for nothing to ask the same again at once."""
    if error is None:
        return False
    status = getattr(error, "status", None)
    is_refused = isinstance(status, int) and 400 <= status < 500 and status not in {408, 425, 429}
    return is_refused or isinstance(error, PermissionError | _BrokenStreamError) or _is_refusal(error.__cause__)


def _stamp_of(info: os.stat_result) -> str:
    return f"{info.st_size} {info.st_mtime_ns} {info.st_ctime_ns}"


def _version(info: Mapping[str, Any]) -> list[str]:
    named = {"".join(filter(str.isalnum, key.lower())): value for key, value in info.items()}
    return [str(named[key]) for key in sorted(_VERSION_KEYS & named.keys()) if named[key] is not None]


def _changed(address: str) -> DataError:
    return DataError(f"`{address}` must not change while it is read, received another file of that name. Run again.")
