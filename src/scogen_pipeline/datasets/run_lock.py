"""One run at a time writes to an output; the second is told who does.

On a disk the system keeps the lock, and frees it when the process ends in whatever way. Where the system keeps none (object
storage, some network disks) the lock is a *lease*: an object that names its owner, who refreshes it each minute. A lease that was
not refreshed for five minutes is taken over, for its owner is dead.

**Conventions.** The lock of `data/midi` is `data/.midi.lock`, beside it, since a folder may be replaced while it is locked. It
holds the owner as JSON, and is removed with the lock.

What is left to chance with leases: clocks that differ by minutes; a store without exclusive creation, where two runs that begin
within the same two seconds are told apart only by reading again who came last; a run that was suspended for over five minutes,
which finds out at its next step that it lost the lease. Parts are named by what they hold and are written whole, so even two
writers do not make a wrong table; they do the work twice.

**References**: filelock, https://py-filelock.readthedocs.io.
"""

from __future__ import annotations

import dataclasses
import errno
import json
import logging
import os
import shlex
import socket
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

import fsspec
from fsspec.implementations.local import LocalFileSystem

from scogen_pipeline.errors import DataError, RequestError

_REFRESH_S: Final = 60.0
_STALE_S: Final = 300.0
_SETTLE_S: Final = 2.0

logger = logging.getLogger(__name__)


class RunLock(Protocol):
    """A lock on an output, not held yet."""

    def acquire(self) -> None:
        """Take it.

        Raises:
            RequestError: If another run holds it.
            DataError: If nothing can be written there.
        """

    def check(self) -> None:
        """Make sure that it is still held.

        Raises:
            DataError: If it was taken over.
        """

    def release(self) -> None:
        """Give it back; nothing happens if it is not held."""


def run_lock(folder: str, storage_options: Mapping[str, Any] | None = None) -> RunLock:
    """Return the lock of a folder.

    Args:
        folder: What is written: a local folder or any fsspec address; it need not exist.
        storage_options: What fsspec needs to reach it.
    """
    filesystem, path = fsspec.core.url_to_fs(folder, **(storage_options or {}))
    above, _, name = path.rstrip("/").rpartition("/")
    beside = f"{above}/.{name}.lock" if above else f"{path}/.lock"  # nothing is beside a bucket
    return KernelLock(folder, Path(beside)) if isinstance(filesystem, LocalFileSystem) else Lease(folder, filesystem, beside)


@dataclass(frozen=True)
class Owner:
    """Who holds a lock."""

    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    since: str = field(default_factory=lambda: datetime.now(UTC).isoformat(" ", "seconds"))
    command: str = field(default_factory=lambda: shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]))
    refreshed: float = field(default_factory=time.time)

    def to_json(self) -> bytes:
        """Return it for a file."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False).encode("utf-8", "backslashreplace")

    @classmethod
    def from_json(cls, data: bytes) -> Owner | None:
        """Return the owner that a file names; None if it is not written yet."""
        try:
            return cls(**json.loads(data))
        except (ValueError, TypeError):
            return None


class KernelLock:
    """A lock that the system keeps for as long as this process lives.

    Args:
        folder: What is locked, for messages.
        path: The file.
    """

    def __init__(self, folder: str, path: Path) -> None:
        self._folder = folder
        self._path = path
        self._lock: Any = None
        self._lease: Lease | None = None

    def acquire(self) -> None:
        """Take it."""
        import filelock  # noqa: PLC0415 - runs that lock nothing do not pay

        lock = filelock.FileLock(self._path, on_acquired=_sign, thread_local=False)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise _held(self._folder, Owner.from_json(_content(self._path))) from None
        except OSError as error:
            if error.errno not in {errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK}:
                raise _unwritable(self._folder, error) from None
            self._lease = Lease(self._folder, LocalFileSystem(), str(self._path))
            self._lease.acquire()
        else:
            self._lock = lock

    def check(self) -> None:
        """Make sure that it is still held."""
        if self._lease:
            self._lease.check()

    def release(self) -> None:
        """Remove the file and give the lock back, in this order: afterwards the file is another's."""
        if self._lease:
            self._lease.release()
            self._lease = None
        elif self._lock:
            with suppress(OSError):  # a system that removes no open files; or the user did
                self._path.unlink()
            self._lock.release()
            self._lock = None


class Lease:
    """A lock for file systems that keep none: an object that its owner refreshes.

    Args:
        folder: What is locked, for messages.
        filesystem: Where.
        path: The object.
        refresh_s: How often it is refreshed.
        stale_s: After which time without refreshing it is anybody's.
        settle_s: How long to wait before reading who came last.
    """

    def __init__(
        self,
        folder: str,
        filesystem: fsspec.AbstractFileSystem,
        path: str,
        refresh_s: float = _REFRESH_S,
        stale_s: float = _STALE_S,
        settle_s: float = _SETTLE_S,
    ) -> None:
        self._folder, self._fs, self._path = folder, filesystem, path
        self._refresh_s, self._stale_s, self._settle_s = refresh_s, stale_s, settle_s
        self._owner: Owner | None = None
        self._refreshed = 0.0
        self._is_over = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(self) -> None:
        """Take it, or take it over from an owner that is dead."""
        owner = Owner()
        try:
            self._fs.makedirs(self._fs._parent(self._path), exist_ok=True)
            if not self._create(owner):
                self._remove_stale()
                if not self._create(owner):
                    raise _held(self._folder, self._current())
            time.sleep(self._settle_s)
            current = self._current()
        except OSError as error:
            raise _unwritable(self._folder, error) from None
        if current is None or current.key != owner.key:
            raise _held(self._folder, current)
        self._owner, self._refreshed = owner, time.monotonic()
        self._is_over.clear()
        self._thread = threading.Thread(target=self._keep, args=(owner,), daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Make sure that it is still held."""
        if self._owner and time.monotonic() - self._refreshed > self._stale_s:
            raise DataError(
                f"`{self._folder}` must stay locked while it is written, but the lock was lost: this run was suspended, or did "
                f"not reach the storage, for {self._stale_s:g} s. What is finished is kept; run again when no other run is there."
            )

    def release(self) -> None:
        """Remove the object, if it is still this run's."""
        if not self._owner or not self._thread:
            return
        self._is_over.set()
        self._thread.join()
        current = self._current()
        if current and current.key == self._owner.key:
            self._fs.rm_file(self._path)
        self._owner = None

    def _create(self, owner: Owner) -> bool:
        """Write the object if there is none; in one step where the store can do that."""
        try:
            self._fs.pipe_file(self._path, owner.to_json(), mode="create")
        except FileExistsError:
            return False
        return True

    def _remove_stale(self) -> None:
        current = self._current()
        if current and time.time() - current.refreshed <= self._stale_s:
            raise _held(self._folder, current)
        if current:
            logger.warning("Taking over the lock of %s from %s, silent since then.", self._folder, _name(current))
        with suppress(FileNotFoundError):
            self._fs.rm_file(self._path)

    def _current(self) -> Owner | None:
        self._fs.invalidate_cache(self._fs._parent(self._path))
        try:
            return Owner.from_json(self._fs.cat_file(self._path))
        except FileNotFoundError:
            return None

    def _keep(self, owner: Owner) -> None:
        """Refresh the object until the end."""
        while not self._is_over.wait(self._refresh_s):
            try:
                current = self._current()
                if current and current.key != owner.key:
                    self._refreshed = -self._stale_s  # another's: the next check fails
                    logger.error("The lock of %s was taken over by %s.", self._folder, _name(current))
                    return
                self._fs.pipe_file(self._path, dataclasses.replace(owner, refreshed=time.time()).to_json())
                self._refreshed = time.monotonic()
            except OSError as error:
                logger.warning("The lock of %s could not be refreshed: %s", self._folder, error)


def _sign(descriptor: int) -> None:
    """Write the owner into the lock file."""
    os.ftruncate(descriptor, 0)
    os.write(descriptor, Owner().to_json())


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _name(owner: Owner | None) -> str:
    if owner is None:
        return "another run"
    return f"`{owner.command}` (process {owner.pid} on {owner.host}, since {owner.since})"


def _held(folder: str, owner: Owner | None) -> RequestError:
    return RequestError(
        f"`{folder}` must be written by one run at a time, received a second: {_name(owner)} is writing there. "
        "Wait until it has ended, end it, or write elsewhere: set another `data_dir` in conf/local/globals.yml."
    )


def _unwritable(folder: str, error: OSError) -> DataError:
    return DataError(
        f"`{folder}` must lie where this run may write, received {error.strerror or error}: {error.filename or folder}. "
        "Change its permissions, or write elsewhere: set another `data_dir` in conf/local/globals.yml."
    )
