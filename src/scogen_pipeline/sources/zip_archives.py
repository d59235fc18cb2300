"""Zip archives, whose table of contents stands at their end.

Python's `zipfile` keeps all of it in memory: 584 MB for a million members, in each worker. It is read here as a stream, entry by
entry; a member can be loaded at any time, by any process.

**Conventions**

- The table counts; what stands before each member is only passed over.
- A member has as many bytes as the table states, and their checksum: else it is damaged.
- Members may not share bytes of the archive: bombs do. More packed bytes than the archive has are the sign.
- Names are UTF-8 if they can be, else code page 437; a backslash is a slash, as some writers have it.

**References**: PKWARE, *APPNOTE.TXT*, 6.3.10; D. Fifield, *A better zip bomb*, WOOT 2019.
"""

from __future__ import annotations

import io
import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Final, NamedTuple

from isal import isal_zlib

from scogen_pipeline.errors import MidiError
from scogen_pipeline.midi.files import MidiFile, Sidecar, is_midi, is_sidecar, refused
from scogen_pipeline.midi.rejects import Reason
from scogen_pipeline.sources.archives import (
    Members,
    Reading,
    Slice,
    bomb,
    decoded,
    is_wanted_member,
    refusal_by_name,
    refusal_by_size,
    tidied,
)
from scogen_pipeline.sources.stored_files import LocalFile, LostConnectionError, OpenArchive, RemoteFile, lost, opened

_BUFFER_BYTES: Final = 2**18
_END: Final = struct.Struct("<4s4H2LH")
_END64_LOCATOR: Final = struct.Struct("<4sLQL")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_ENTRY: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_STORED: Final = 0
_DEFLATED: Final = 8
_IS_ENCRYPTED: Final = 0x2041  # the member, strongly, or the table
# Annotated as a value in the package's stubs.
_IsalError: Final[type[Exception]] = isal_zlib.IsalError  # type: ignore[assignment]
#: What may follow a local header beside the name: time stamps and owners, as a rule below 40 bytes.
_LIKELY_EXTRA_BYTES: Final = 64


class _Entry(NamedTuple):
    """A row of the table of contents."""

    name: str
    flags: int
    method: int
    checksum: int
    n_packed: int
    n_bytes: int
    start: int
    mode: int


@dataclass(frozen=True)
class _Place:
    """Where a member lies, and what it must unpack to."""

    archive: LocalFile | RemoteFile
    start: int
    n_packed: int
    n_bytes: int
    checksum: int
    method: int


def walk_zip(file: LocalFile | RemoteFile, path: str, prefix: str) -> Members:
    """Yield the members of a zip archive.

    Args:
        file: The archive.
        path: What it is called if it is broken.
        prefix: What stands before the paths of its members.

    Raises:
        OSError: If it can be read no further, and perhaps can the next time.
        DataError: If it lies on a server that cannot send parts of it.
    """
    try:
        archive = opened(file)
    except LostConnectionError:
        raise
    except OSError as error:
        yield refused(path, file.stamp, error)
        return
    try:
        n_packed = n_unpacked = 0
        for entry in _entries(archive):
            name, is_folder = tidied(entry.name), entry.name.endswith("/")
            if not (is_midi(name) if is_folder else is_wanted_member(name)):
                continue
            refusal = _refusal(entry, name, archive.n_bytes)
            if not refusal:
                n_packed, n_unpacked = n_packed + entry.n_packed, n_unpacked + entry.n_bytes
                refusal = _bomb(archive.n_bytes, n_packed, n_unpacked)
            yield _member(entry, prefix + name, file, refusal)
    except MidiError as error:
        yield refused(path, file.stamp, error)


# The table of contents.


def _entries(archive: OpenArchive) -> Iterator[_Entry]:
    start, size, shift, n_stated = _table(archive)
    n_found = 0
    table = io.BufferedReader(Reading(Slice(archive, start, size)), _BUFFER_BYTES)
    while row := table.read(_ENTRY.size):
        if len(row) < _ENTRY.size or not row.startswith(b"PK\1\2"):
            raise MidiError(Reason.BAD_ARCHIVE, "its table of contents is damaged")
        fields = _ENTRY.unpack(row)
        n_name, n_extra, n_comment = fields[10:13]
        rest = table.read(n_name + n_extra + n_comment)
        if len(rest) < n_name + n_extra + n_comment:
            raise MidiError(Reason.BAD_ARCHIVE, "its table of contents is cut")
        n_found += 1
        yield _entry(fields, rest[:n_name], rest[n_name : n_name + n_extra], shift)
    # Old writers of many members count in 16 bits.
    if n_found & 0xFFFF != n_stated & 0xFFFF:
        raise MidiError(Reason.BAD_ARCHIVE, f"its table of contents has {n_found} members and states {n_stated}")


def _table(archive: OpenArchive) -> tuple[int, int, int, int]:
    """Return where the table of contents begins, its size, how far what precedes the archive shifts it all, and its rows."""
    tail_start = max(0, archive.n_bytes - _END.size - 2**16)
    tail = archive.read_at(tail_start, archive.n_bytes - tail_start)
    found = tail.rfind(b"PK\5\6")
    if found < 0 or len(tail) < found + _END.size:
        raise MidiError(Reason.BAD_ARCHIVE, f"not a zip archive, or cut: {archive.n_bytes} bytes without a table of contents")
    _, disk, table_disk, _, n_rows, size, start, _ = _END.unpack_from(tail, found)
    end = tail_start + found
    locator = archive.read_at(max(0, end - _END64_LOCATOR.size), _END64_LOCATOR.size)
    if locator.startswith(b"PK\6\7") and len(locator) == _END64_LOCATOR.size:
        end -= _END64_LOCATOR.size + _END64.size
        record = archive.read_at(max(0, end), _END64.size)
        if len(record) < _END64.size or not record.startswith(b"PK\6\6"):
            raise MidiError(Reason.BAD_ARCHIVE, "its table of contents cannot be found")
        *_, disk, table_disk, _, n_rows, size, start = _END64.unpack(record)
    if disk not in {0, 0xFFFF} or table_disk not in {0, 0xFFFF}:
        raise MidiError(Reason.BAD_ARCHIVE, "one of several volumes")
    shift = end - size - start
    if shift < 0:
        raise MidiError(Reason.BAD_ARCHIVE, "its table of contents lies outside it")
    return start + shift, size, shift, n_rows


def _entry(fields: tuple[int, ...], raw_name: bytes, extra: bytes, shift: int) -> _Entry:
    _, made_by, _, flags, method, _, _, checksum, n_packed, n_bytes, *_, attributes, start = fields
    if 0xFFFFFFFF in {n_packed, n_bytes, start}:
        n_bytes, n_packed, start = _large_numbers(extra, (n_bytes, n_packed, start))
    mode = attributes >> 16 if made_by >> 8 == 3 else 0  # written under Unix
    name = decoded(raw_name, "cp437").replace("\\", "/")
    return _Entry(name, flags, method, checksum, n_packed, n_bytes, start + shift, mode)


def _large_numbers(extra: bytes, numbers: tuple[int, ...]) -> list[int]:
    """Fill in numbers beyond 32 bits, which stand in the Zip64 field in their order."""
    field = _zip64_field(extra)
    large = iter(struct.unpack_from(f"<{len(field) // 8}Q", field))
    return [next(large, number) if number == 0xFFFFFFFF else number for number in numbers]


def _zip64_field(extra: bytes) -> bytes:
    start = 0
    while start + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, start)
        if kind == 1:
            return extra[start + 4 : start + 4 + size]
        start += 4 + size
    return b""


# The members.


def _refusal(entry: _Entry, name: str, n_archive: int) -> MidiError | None:
    if error := refusal_by_name(name) or _refusal_by_kind(entry):
        return error
    if entry.flags & _IS_ENCRYPTED:
        return MidiError(Reason.ENCRYPTED, "unpack the archive with its password")
    if entry.method not in {_STORED, _DEFLATED}:
        return MidiError(Reason.BAD_ARCHIVE, f"packed by method {entry.method}, only 0 (stored) and 8 (deflated) are read")
    return refusal_by_size(entry.n_bytes, is_label=is_sidecar(name)) or _lie(entry, n_archive)


def _refusal_by_kind(entry: _Entry) -> MidiError | None:
    if entry.name.endswith("/") or stat.S_ISDIR(entry.mode):
        return MidiError(Reason.UNOPENABLE, "a folder")
    if stat.S_ISLNK(entry.mode):
        return MidiError(Reason.LINK, "a symbolic link")
    if stat.S_IFMT(entry.mode) not in {0, stat.S_IFREG}:
        return MidiError(Reason.UNOPENABLE, "a device")
    return None


def _lie(entry: _Entry, n_archive: int) -> MidiError | None:
    """Refuse to read what no packer writes: deflate adds 5 bytes to a block that it cannot pack."""
    if entry.start + entry.n_packed > n_archive:
        return MidiError(Reason.BAD_ARCHIVE, "it would end behind the end of the archive")
    if entry.n_packed > entry.n_bytes + entry.n_bytes // 100 + 1_024:
        return MidiError(Reason.BAD_ARCHIVE, f"{entry.n_packed} bytes would unpack to {entry.n_bytes}")
    return None


def _bomb(n_archive: int, n_packed: int, n_unpacked: int) -> MidiError | None:
    if n_packed > n_archive:
        return MidiError(Reason.ARCHIVE_BOMB, f"members of {n_packed} bytes share an archive of {n_archive}")
    return bomb(n_archive, n_unpacked)


def _member(entry: _Entry, path: str, archive: LocalFile | RemoteFile, error: MidiError | None) -> MidiFile | Sidecar:
    stamp = f"{archive.stamp} {entry.start} {entry.n_bytes} {entry.checksum:08x}"
    if error:
        return refused(path, stamp, error)
    place = _Place(archive, entry.start, entry.n_packed, entry.n_bytes, entry.checksum, entry.method)
    if is_sidecar(path):
        return Sidecar(path, stamp, partial(_open_member, place))
    return MidiFile(path, stamp, entry.n_bytes, partial(_load_member, place))


def _load_member(place: _Place) -> bytes:
    """Read and check a member.

    Raises:
        MidiError: If it is not what the table of contents says.
        DataError: If the archive could be read before and cannot now.
    """
    try:
        packed = _packed(place)
    except OSError as error:
        raise lost(place.archive.address, error) from error
    return _checked(_unpacked(packed, place), place)


def _packed(place: _Place) -> bytes:
    archive = opened(place.archive)
    likely = archive.read_at(place.start, _LOCAL.size + 256 + _LIKELY_EXTRA_BYTES + place.n_packed)
    offset = _data_offset(likely)
    packed = likely[offset : offset + place.n_packed]
    if len(packed) < place.n_packed:
        packed = archive.read_at(place.start + offset, place.n_packed)
    if len(packed) < place.n_packed:
        raise MidiError(Reason.BAD_ARCHIVE, "the archive ends in the middle of it")
    return packed


def _data_offset(header: bytes) -> int:
    if len(header) < _LOCAL.size or not header.startswith(b"PK\3\4"):
        raise MidiError(Reason.BAD_ARCHIVE, "the table of contents leads to something else")
    n_name, n_extra = struct.unpack_from("<2H", header, _LOCAL.size - 4)
    return _LOCAL.size + int(n_name) + int(n_extra)


def _unpacked(packed: bytes, place: _Place) -> bytes:
    if place.method == _STORED:
        return packed
    inflate = isal_zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data: bytes = inflate.decompress(packed, place.n_bytes + 1)
    except _IsalError as error:
        raise MidiError(Reason.BAD_ARCHIVE, f"deflate: {error}") from error
    return data


def _checked(data: bytes, place: _Place) -> bytes:
    if len(data) != place.n_bytes:
        found = f"{len(data)}" if len(data) < place.n_bytes else "more"
        raise MidiError(Reason.BAD_ARCHIVE, f"it states {place.n_bytes} bytes and has {found}")
    if zlib.crc32(data) != place.checksum:
        raise MidiError(Reason.BAD_ARCHIVE, "its checksum is another one")
    return data


def _open_member(place: _Place) -> BinaryIO:
    """Open a member for reading piece by piece; the last piece checks the whole."""
    archive = opened(place.archive)
    start = place.start + _data_offset(archive.read_at(place.start, _LOCAL.size))
    return io.BufferedReader(Reading(_Inflation(Slice(archive, start, place.n_packed), place)), _BUFFER_BYTES)


class _Inflation:
    """Pulls the unpacked bytes of a member."""

    def __init__(self, packed: Slice, place: _Place) -> None:
        self._packed, self._place = packed, place
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS) if place.method == _DEFLATED else None
        self._n_bytes = self._checksum = 0

    def __call__(self, size: int) -> bytes:
        """Return the next bytes.

        Raises:
            MidiError: If they are not what the table of contents says.
        """
        try:
            data = self._next(size)
        except zlib.error as error:
            raise MidiError(Reason.BAD_ARCHIVE, f"deflate: {error}") from error
        self._n_bytes, self._checksum = self._n_bytes + len(data), zlib.crc32(data, self._checksum)
        if self._n_bytes > self._place.n_bytes or (not data and self._n_bytes < self._place.n_bytes):
            raise MidiError(Reason.BAD_ARCHIVE, f"it does not have the {self._place.n_bytes} bytes that it states")
        if not data and self._checksum != self._place.checksum:
            raise MidiError(Reason.BAD_ARCHIVE, "its checksum is another one")
        return data

    def _next(self, size: int) -> bytes:
        if self._inflate is None:
            return self._packed(size)
        while not self._inflate.eof:
            packed = self._inflate.unconsumed_tail or self._packed(_BUFFER_BYTES)
            data = self._inflate.decompress(packed, size)
            if data or not packed:
                return data
        return b""
