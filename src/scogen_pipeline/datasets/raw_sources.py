"""The folder into which public collections are downloaded."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final, NoReturn

import filelock
from kedro.io import AbstractDataset

from scogen_pipeline.datasets.downloads import Downloader, checksums, remove_partial
from scogen_pipeline.datasets.hub_files import find_hub_file
from scogen_pipeline.datasets.unpacking import is_archive, unpack
from scogen_pipeline.errors import DataError
from scogen_pipeline.sources.public_sources import FetchSettings, PublicSource, RemoteFile, licence_text, target_names

_RECEIPT: Final = "fetched.json"
_LICENCE: Final = "LICENCE.txt"


@dataclass(frozen=True)
class Fetched:
    """What a fetch has come to.

    Args:
        folder: Where the collection lies.
        is_new: Whether anything was downloaded or unpacked.
        unpublished: Names of the files whose checksum no publisher states; those of the receipt hold from now on.
    """

    folder: Path
    is_new: bool
    unpublished: tuple[str, ...] = ()


class RawSources:
    """Downloads collections, each into a folder of its name.

    In the folder lie the archives (or, of a collection of scores, the scores), `LICENCE.txt`, and last of all `fetched.json`, the
    receipt: addresses, sizes, checksums. What is not finished lies in `.fetch/<name>` beside the folders and is never taken for
    data; another run goes on with it.

    Args:
        path: The folder of the folders.
        hub_endpoint: Address of the Hugging Face Hub, "" for the usual one.
        first_pause_s: Pause before the first retry.
    """

    def __init__(self, path: Path, hub_endpoint: str = "", first_pause_s: float = 1.0) -> None:
        self._path = path
        self._hub_endpoint = hub_endpoint
        self._first_pause_s = first_pause_s

    def folder(self, source: PublicSource) -> Path:
        """Where a collection lies, or will lie."""
        return self._path / source.name

    def is_complete(self, source: PublicSource) -> bool:
        """Whether all of a collection, at the addresses of today's table, is there."""
        receipt = _read_receipt(self.folder(source))
        files = receipt.get("files", [])
        if [file["url"] for file in files] != [file.url for file in source.files]:
            return False
        if source.take:
            suffixes = {PurePosixPath(pattern).suffix for pattern in source.take}
            n_found = sum(path.suffix in suffixes for path in self.folder(source).rglob("*"))
            return bool(n_found >= receipt.get("n_unpacked", 0) > 0)
        return all(_size(self.folder(source) / file["name"]) == file["n_bytes"] for file in files)

    def fetch(self, source: PublicSource, settings: FetchSettings) -> Fetched:
        """Download what is missing of a collection, check it, unpack it if it is one of scores, and write the receipt.

        Raises:
            DataError: If it cannot be had whole; the message says what to do. What has been received stays for the next run.
        """
        folder, staging = self.folder(source), self._path / ".fetch" / source.name
        if self.is_complete(source):
            return Fetched(folder, is_new=False)
        staging.mkdir(parents=True, exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with filelock.FileLock(staging / "lock", blocking=False):
                return self._fetch(source, settings, staging)
        except filelock.Timeout:
            raise DataError(
                f"`{source.name}` must be fetched by one run at a time; another one is at it. Wait for its end."
            ) from None

    def _fetch(self, source: PublicSource, settings: FetchSettings, staging: Path) -> Fetched:
        folder = self.folder(source)
        downloader = Downloader(settings.retries, settings.read_timeout_s, self._first_pause_s)
        before = _read_receipt(folder)
        recorded = {file["url"]: file["sha256"] for file in before.get("files", [])}
        _write_whole(folder / _LICENCE, licence_text(source) + "\n")
        # Ingest walks all folders of the raw data, so an archive of scores that waits to be unpacked must not be named like one.
        places = [staging / f"{file.name}.packed" if source.take else folder / file.name for file in source.files]
        entries = [
            self._fetch_file(file, source, place, staging, downloader, recorded.get(file.url, ""))
            for file, place in zip(source.files, places, strict=True)
        ]
        packed = places if source.take else []
        n_unpacked = sum(
            unpack(place, folder, staging / "unpacked", lambda members: target_names(source, members)) for place in packed
        )
        receipt = {"source": source.name, "licence": source.licence, "files": entries, "n_unpacked": n_unpacked}
        _write_whole(folder / _RECEIPT, json.dumps(receipt, indent=2) + "\n")
        for place in packed:
            place.unlink()
        return Fetched(folder, is_new=True, unpublished=tuple(entry["name"] for entry in entries if not entry["published"]))

    def _fetch_file(
        self, file: RemoteFile, source: PublicSource, target: Path, staging: Path, downloader: Downloader, recorded: str
    ) -> dict[str, Any]:
        """Make sure that a file is in its place, and return its entry of the receipt."""
        url, expected, commit = file.url, file.checksum, ""
        address = file.hub_address
        if address:
            found = find_hub_file(address, downloader, self._hub_endpoint)
            url, expected, commit = found.url, expected or found.checksum, found.commit
        published, expected = expected, expected or (f"sha256:{recorded}" if recorded else "")
        if not target.is_file():
            partial = staging / f"{file.name}.partial"
            try:
                downloader.fetch(url, partial)
            except DataError as error:
                raise DataError(f"{error} ({_by_hand(source, target)})") from None
            _check(partial, file.name, expected, is_recorded=not published)
            os.replace(partial, target)
            remove_partial(partial)
        digests = checksums(target)
        algorithm, _, digest = expected.partition(":")
        if digest and digests[algorithm] != digest:
            raise DataError(
                f"`{target}` must have the checksum {expected}, received {algorithm}:{digests[algorithm]}. Remove it and fetch "
                "again."
            )
        return {
            "name": file.name,
            "url": file.url,
            "commit": commit,
            "n_bytes": _size(target),
            "sha256": digests["sha256"],
            "published": published,
            "fetched": datetime.now(UTC).isoformat(timespec="seconds"),
        }


class RawSourcesDataset(AbstractDataset[NoReturn, RawSources]):
    """Downloads public collections into a folder. Loading it touches neither the network nor the disk.

    YAML:
        raw_sources:
          type: scogen_pipeline.datasets.raw_sources.RawSourcesDataset
          path: data/01_raw

    Args:
        path: The folder of the folders.
        hub_endpoint: Address of the Hugging Face Hub or of a mirror of it; by default that of the variable HF_ENDPOINT.
        first_pause_s: Pause before the first retry, in seconds.
        metadata: Anything; ignored.
    """

    def __init__(
        self, path: str, hub_endpoint: str = "", first_pause_s: float = 1.0, metadata: dict[str, Any] | None = None
    ) -> None:
        self._path = Path(path)
        self._hub_endpoint = hub_endpoint
        self._first_pause_s = first_pause_s
        self.metadata = metadata

    def load(self) -> RawSources:
        """Return what downloads into the folder."""
        return RawSources(self._path, self._hub_endpoint, self._first_pause_s)

    def save(self, data: NoReturn) -> None:
        """Refuse: a collection is fetched, not saved."""
        raise NotImplementedError(f"{type(self).__name__} is read only.")

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


def _check(partial: Path, name: str, expected: str, *, is_recorded: bool) -> None:
    """Check a finished download; a wrong one is removed.

    Raises:
        DataError: If it is not an archive, or another one than expected.
    """
    algorithm, _, digest = expected.partition(":")
    received = checksums(partial)[algorithm] if digest else ""
    if received != digest:
        remove_partial(partial)
        whose = "of the first download (fetched.json)" if is_recorded else "that the publisher states"
        advice = (
            "The publisher has changed the file: to accept the new one, remove fetched.json and fetch again."
            if is_recorded
            else "It was damaged on the way, or is not the file of the table (conf/base/sources.yml). Fetch again."
        )
        raise DataError(
            f"`{name}` must have the checksum {expected} {whose}, received {algorithm}:{received}. The download was removed. "
            f"{advice}"
        )
    if not is_archive(partial):
        remove_partial(partial)
        raise DataError(
            f"`{name}` must be an archive, received something else (a page that asks to log in?). The download was removed. Open "
            "the address in a browser to see what is there."
        )


def _by_hand(source: PublicSource, target: Path) -> str:
    return f"Or get it by hand from {source.home}, put it at {target}, and run the same command."


def _read_receipt(folder: Path) -> dict[str, Any]:
    try:
        receipt = json.loads((folder / _RECEIPT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    files = receipt.get("files") if isinstance(receipt, dict) else None
    is_sound = isinstance(files, list) and all(
        isinstance(file, dict) and {"name", "url", "n_bytes", "sha256"} <= set(file) for file in files
    )
    return receipt if is_sound else {}


def _write_whole(path: Path, text: str) -> None:
    """Write a file such that it is never half there."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1
