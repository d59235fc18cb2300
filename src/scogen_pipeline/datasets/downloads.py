"""Downloading one large file over HTTP such that nothing is lost: resumed, retried, checked.

The bytes go to a file with the suffix `.partial`; beside it lies a small JSON file that says which version of which address they
are of. A later run asks the server for the rest, on condition that the version is still the same (`Range` with `If-Range`), and
begins anew where the server knows no ranges or the file has changed.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import requests
from tqdm import tqdm

from scogen_pipeline import __version__
from scogen_pipeline.errors import DataError
from scogen_pipeline.sources.public_sources import size_text

logger = logging.getLogger(__name__)

#: What comes of a chunk before a connection is lost is lost too, so they are small.
_CHUNK_BYTES: Final = 1 << 14
_HASHED_BYTES: Final = 1 << 20
_HEADERS: Final = {"User-Agent": f"scogen/{__version__}", "Accept-Encoding": "identity"}
#: Answers that another attempt may change: time-outs, too many requests, a busy server.
_PASSING_STATUS: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_PAUSE_S: Final = 60.0


class _LostConnectionError(Exception):
    """An attempt that ended before the file did; another one may go on."""

    def __init__(self, reason: str, pause_s: float = 0.0) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


@dataclass(frozen=True)
class Downloader:
    """Downloads files, patiently.

    Args:
        retries: Attempts in a row without a new byte after which it gives up.
        timeout_s: Seconds to wait for a connection or for the next byte.
        first_pause_s: Pause before the first retry; each further one is twice as long.
    """

    retries: int = 5
    timeout_s: float = 60.0
    first_pause_s: float = 1.0

    def fetch(self, url: str, partial: Path) -> None:
        """Download the file at `url` to `partial`, going on with what is there.

        Raises:
            DataError: If the server refuses, the network stays away, or the disk is full. What has been received stays.
        """
        partial.parent.mkdir(parents=True, exist_ok=True)
        failures = 0
        with requests.Session() as session, tqdm(unit="B", unit_scale=True, desc=_label(partial), disable=None) as progress:
            while True:
                before = _size(partial)
                try:
                    self._attempt(session, url, partial, progress)
                    return
                except (_LostConnectionError, requests.RequestException) as error:
                    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
                        raise DataError(f"`url` must be a web address, received `{url}`. {error}") from None
                    failures = 0 if _size(partial) > before else failures + 1
                    if failures > self.retries:
                        raise DataError(_gave_up(url, partial, error)) from None
                    self._pause(failures, error)

    def retry_pause_s(self, failures: int) -> float:
        """How long to wait after so many failures in a row."""
        return min(self.first_pause_s * 2.0 ** max(failures - 1, 0), _MAX_PAUSE_S)

    def _pause(self, failures: int, error: Exception) -> None:
        asked_s = error.pause_s if isinstance(error, _LostConnectionError) else 0.0
        pause_s = min(max(self.retry_pause_s(failures), asked_s), _MAX_PAUSE_S)
        logger.warning("The download was interrupted (%s); it goes on in %.0f s.", _reason(error), pause_s)
        time.sleep(pause_s)

    def _attempt(self, session: requests.Session, url: str, partial: Path, progress: tqdm) -> None:  # type: ignore[type-arg]
        state = _state_file(partial)
        n_present, version = _present(url, partial)
        headers = _HEADERS | ({"Range": f"bytes={n_present}-", "If-Range": version} if n_present else {})
        with session.get(url, headers=headers, stream=True, timeout=self.timeout_s) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable:
                if _total(answer, n_present) == n_present:
                    return
                partial.unlink(missing_ok=True)
                raise _LostConnectionError("the server's file is another one than before")
            _check_status(answer, url)
            if answer.status_code != requests.codes.partial_content or _range_start(answer) != n_present:
                n_present = 0
            total = _total(answer, n_present)
            _check_space(partial, total - n_present)
            # First the version, then the bytes: a partial file never counts as one of a version it is not.
            if not n_present:
                partial.unlink(missing_ok=True)
                state.write_text(json.dumps({"url": url, "version": _version(answer)}), encoding="utf-8")
            progress.reset(total or None)
            progress.update(n_present)
            with _full_disk_reported(partial), partial.open("ab") as file:
                for chunk in answer.iter_content(_CHUNK_BYTES):
                    file.write(chunk)
                    progress.update(len(chunk))
        if total and _size(partial) != total:
            raise _LostConnectionError(f"{_size(partial)} of {total} bytes came")


def remove_partial(partial: Path) -> None:
    """Remove a partial file and what is known of it."""
    partial.unlink(missing_ok=True)
    _state_file(partial).unlink(missing_ok=True)


def checksums(path: Path) -> dict[str, str]:
    """Return the SHA-256 and the MD5 of a file, by the names of the algorithms."""
    # MD5 guards against damage only; it is what Zenodo publishes.
    digests = {"sha256": hashlib.sha256(), "md5": hashlib.md5(usedforsecurity=False)}
    with path.open("rb") as file:
        while chunk := file.read(_HASHED_BYTES):
            for digest in digests.values():
                digest.update(chunk)
    return {name: digest.hexdigest() for name, digest in digests.items()}


def _present(url: str, partial: Path) -> tuple[int, str]:
    """How many bytes are there to go on with, and of which version; nothing if the version is not known."""
    try:
        state = json.loads(_state_file(partial).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0, ""
    version = state.get("version", "") if state.get("url") == url else ""
    return (_size(partial), version) if version else (0, "")


def _version(answer: requests.Response) -> str:
    """What `If-Range` may be asked with: a strong etag, else the date; empty if the server gives neither."""
    etag = answer.headers.get("ETag", "")
    return etag if etag.startswith('"') else answer.headers.get("Last-Modified", "")


def _total(answer: requests.Response, n_present: int) -> int:
    """Size of the whole file as the server states it; 0 if it does not."""
    stated = answer.headers.get("Content-Range", "").rpartition("/")[2]
    if stated.isdigit():
        return int(stated)
    length = answer.headers.get("Content-Length", "")
    return n_present + int(length) if length.isdigit() else 0


def _range_start(answer: requests.Response) -> int:
    start = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(start) if start.isdigit() else -1


def _check_status(answer: requests.Response, url: str) -> None:
    if answer.status_code in _PASSING_STATUS:
        asked = answer.headers.get("Retry-After", "")
        raise _LostConnectionError(f"{answer.status_code} {answer.reason}", float(asked) if asked.isdigit() else 0.0)
    if answer.status_code not in {requests.codes.ok, requests.codes.partial_content}:
        raise DataError(f"A download must be answered with 200, received {answer.status_code} {answer.reason} from {url}.")


def _check_space(partial: Path, n_bytes: int) -> None:
    free = shutil.disk_usage(partial.parent).free
    if n_bytes > free:
        raise DataError(
            f"`{partial.parent}` must have room for {size_text(n_bytes)}, received {size_text(free)} of free space. Make room, "
            "or put `data_dir` (conf/base/globals.yml) on another disk."
        )


@contextmanager
def _full_disk_reported(partial: Path) -> Iterator[None]:
    try:
        yield
    except requests.RequestException:  # these are OSErrors too, and the caller's
        raise
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DataError(
                f"The disk is full: {size_text(_size(partial))} of the download are in `{partial}`. Make room and run the same "
                "command; it goes on from there."
            ) from None
        raise


def _gave_up(url: str, partial: Path, error: Exception) -> str:
    kept = f"goes on from {size_text(_size(partial))}" if _size(partial) else "begins anew"
    return f"A download must be reachable, received: {_reason(error)} ({url}). Check the network and run it again; it {kept}."


def _reason(error: Exception) -> str:
    if isinstance(error, requests.exceptions.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was cut"
    return "no connection" if isinstance(error, requests.exceptions.ConnectionError) else str(error)


def _label(partial: Path) -> str:
    return partial.name.removesuffix(".partial")


def _state_file(partial: Path) -> Path:
    return partial.with_name(f"{partial.name}.json")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
