"""Unpacking the scores of an archive from the internet: nothing outside the folder, no links, no bombs, nothing half there."""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from stat import S_IFMT, S_IFREG
from typing import IO, Final

from tqdm import tqdm

from scogen_pipeline.errors import DataError

#: Scores pack to a tenth at best (plain MusicXML); what unpacks to 50 times its archive was made to fill disks.
_MAX_RATIO: Final = 50
#: A small archive may exceed the ratio up to this.
_MAX_SMALL_BYTES: Final = 64 << 20
_CHUNK_BYTES: Final = 1 << 20
#: What damaged archives raise; RuntimeError is zipfile's for an encrypted member.
_DAMAGES: Final = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
)

#: Names in the archive -> names below the folder, of those members that are wanted.
Choice = Callable[[Iterable[str]], Mapping[str, str]]
#: A member that is a regular file: its name, and how to open it.
_Member = tuple[str, Callable[[], IO[bytes]]]


def is_archive(path: Path) -> bool:
    """Whether a file is what its name says; an error page under the name of an archive is not."""
    if _is_zip(path):
        return zipfile.is_zipfile(path)
    try:
        return tarfile.is_tarfile(path)
    except (OSError, EOFError, zlib.error):
        return False


def unpack(archive: Path, folder: Path, staging: Path, choose: Choice) -> int:
    """Unpack the chosen members of an archive.

    They are written to `staging` first, and moved into the folder when all of them are there; other files of the folder stay.

    Args:
        archive: A ZIP or TAR file.
        folder: Where the files go; on the same disk as `staging`.
        staging: A folder to work in; what is in it is removed.
        choose: Which members, under which names; it refuses names that lead out of the folder.

    Returns:
        The number of files.

    Raises:
        DataError: If a chosen member is a link, the archive is damaged or unpacks to too much, or the disk is full. The folder is
            then as it was.
    """
    shutil.rmtree(staging, ignore_errors=True)
    try:
        targets = _write(archive, staging, choose)
        for target in targets:
            (folder / target).parent.mkdir(parents=True, exist_ok=True)
            os.replace(staging / target, folder / target)
    except _DAMAGES as error:
        raise DataError(f"`{archive}` must be a sound archive, received: {error}. Remove it and fetch again.") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return len(targets)


def _write(archive: Path, staging: Path, choose: Choice) -> list[str]:
    with _members(archive) as members:
        targets = choose([name for name, _ in members])
    if not targets:
        raise DataError(f"`{archive}` must hold scores where the table of sources expects them, received none there.")
    room = max(_MAX_RATIO * archive.stat().st_size, _MAX_SMALL_BYTES)
    with _members(archive) as members, tqdm(total=len(targets), unit="file", desc="unpacking", disable=None) as progress:
        for name, open_member in members:
            if name in targets:
                room -= _copy(open_member, staging / targets[name], room, archive)
                progress.update()
    return list(targets.values())


def _copy(open_member: Callable[[], IO[bytes]], target: Path, room: int, archive: Path) -> int:
    """Write a member, counting the bytes that really come; what an archive says of itself is no protection."""
    target.parent.mkdir(parents=True, exist_ok=True)
    n_bytes = 0
    with open_member() as source, target.open("wb") as file:
        while chunk := source.read(_CHUNK_BYTES):
            n_bytes += len(chunk)
            if n_bytes > room:
                raise DataError(f"`{archive}` must not unpack to more than {_MAX_RATIO} times its size. Nothing was unpacked.")
            if shutil.disk_usage(target.parent).free < 2 * _CHUNK_BYTES:
                raise DataError(
                    f"`{target.parent}` must have room for the scores of `{archive}`. Make room and run the command again."
                )
            file.write(chunk)
    return n_bytes


def _members(archive: Path) -> AbstractContextManager[Iterable[_Member]]:
    return _zip_members(archive) if _is_zip(archive) else _tar_members(archive)


def _is_zip(path: Path) -> bool:
    """By the name, before `.partial` and the like: a TAR file full of ZIP files can look like one from within."""
    return ".zip" in path.suffixes


@contextmanager
def _zip_members(archive: Path) -> Iterator[Iterable[_Member]]:
    with zipfile.ZipFile(archive) as opened:

        def each() -> Iterator[_Member]:
            for info in opened.infolist():
                if not info.is_dir():
                    # Archives from systems without such modes say 0.
                    is_file = S_IFMT(info.external_attr >> 16) in {0, S_IFREG}
                    yield info.filename, partial(opened.open, info) if is_file else _no_file

        yield each()


@contextmanager
def _tar_members(archive: Path) -> Iterator[Iterable[_Member]]:
    with tarfile.open(archive) as opened:

        def each() -> Iterator[_Member]:
            for info in opened:
                opened.members = []  # type: ignore[attr-defined]  # it would keep them all
                if not info.isdir():
                    yield info.name, partial(_open_tar_member, opened, info) if info.isfile() else _no_file
            # At a damaged place tarfile believes to be at the end. Only the checksum behind the last byte tells.
            while opened.fileobj and opened.fileobj.read(_CHUNK_BYTES):
                pass

        yield each()


def _open_tar_member(opened: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    return opened.extractfile(info) or _no_file()


def _no_file() -> IO[bytes]:
    raise DataError("an archive must hold plain files, received a link or a device. Nothing was unpacked.")
