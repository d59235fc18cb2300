"""Tar archives, plain or packed, read in one pass.

A packed tar is a stream: what has passed is gone. Python's `tarfile` reads 14,000 members a second from one, where zlib alone
unpacks 17,000, and keeps a record of each in memory. The headers are simple, so they are read here, on top of ISA-L: 24,000 to
31,000 a second (`benchmarks/archive_reading.py`).

**Conventions**

- How an archive is packed is seen from its first bytes, not from its name: gzip, bzip2, xz or not at all.
- Members of a plain tar on this machine are found by jumping from header to header, and can be loaded at any time. All others
  are passing.
- After the end mark comes nothing but zeros, or another archive appended to the first. Anything else, and the lack of the mark,
  is damage: the members before it are files as ever.
- Data that ends or cannot be unpacked is damage; a file that cannot be read further is not, see `stored_files`.

**References**: POSIX.1-2017, pax; GNU tar manual, *Basic Tar Format*.
"""

from __future__ import annotations

import bz2
import io
import lzma
import os
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO, Final, NamedTuple, NoReturn

from isal import igzip, isal_zlib

from scogen_pipeline.errors import DataError, MidiError
from scogen_pipeline.midi.files import MidiFile, Sidecar, is_midi, is_sidecar, refused
from scogen_pipeline.midi.rejects import Reason
from scogen_pipeline.sources.archives import (
    BOMB_RATIO,
    BOMB_SLACK,
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
from scogen_pipeline.sources.stored_files import LocalFile, LostConnectionError, RemoteFile, lost, opened

_BLOCK: Final = 512
_BUFFER_BYTES: Final = 2**18
_SKIP_BYTES: Final = 2**20
#: `xz -9` needs 65 MiB to unpack.
_XZ_MEMORY_BYTES: Final = 256 * 2**20
#: What a server sends in less time than it takes to ask.
_FEWEST_TO_JUMP: Final = 4 * 2**20
_ZEROS: Final = bytes(_BLOCK)
#: The end mark and what fills the last record are 10 KiB as a rule; a file with holes could go on with zeros for ever.
_MAX_ZERO_BLOCKS: Final = 2**15
#: A long name, or the attributes of a member.
_MAX_EXTENSION_BYTES: Final = 2**20
_JUMP_BUFFER_BYTES: Final = 2 * _BLOCK
#: No file system counts further.
_MAX_POSITION: Final = 2**63 - 1
_WITHOUT_DATA: Final = frozenset("123456")
_ODD_KINDS: Final = {
    "1": (Reason.LINK, "a hard link"),
    "2": (Reason.LINK, "a symbolic link"),
    "3": (Reason.UNOPENABLE, "a device"),
    "4": (Reason.UNOPENABLE, "a device"),
    "5": (Reason.UNOPENABLE, "a folder"),
    "6": (Reason.UNOPENABLE, "a named pipe"),
    "S": (Reason.BAD_ARCHIVE, "a file with holes"),
    "M": (Reason.BAD_ARCHIVE, "the rest of a file that begins in another volume"),
}
# Annotated as a value in the package's stubs.
_IsalError: Final[type[Exception]] = isal_zlib.IsalError  # type: ignore[assignment]
_DAMAGE: Final = (EOFError, zlib.error, _IsalError, lzma.LZMAError)


class _Header(NamedTuple):
    """What precedes a member: `kind` is a character of the tar format, `0` for any regular file."""

    name: str
    n_bytes: int
    kind: str


def walk_tar(file: LocalFile | RemoteFile, path: str, prefix: str) -> Members:
    """Yield the members of a tar archive.

    Args:
        file: The archive.
        path: What it is called if it is broken.
        prefix: What stands before the paths of its members.

    Raises:
        OSError: If it can be read no further, and perhaps can the next time.
    """
    try:
        raw = _Counted(file.open())
    except LostConnectionError:
        raise
    except OSError as error:
        yield refused(path, file.stamp, error)
        return
    with raw:
        try:
            stream = _Stream(raw, is_local=isinstance(file, LocalFile))
            for header in _headers(stream):
                start = stream.position
                yield from _member(header, start, stream, file, prefix)
                stream.skip_to(start + (0 if header.kind in _WITHOUT_DATA else header.n_bytes + -header.n_bytes % _BLOCK))
        except MidiError as error:
            yield refused(path, file.stamp, error)


# The bytes.


class _Counted(io.RawIOBase):
    """A raw file that counts what was read of it, and remembers its own errors: the unpackers raise `OSError` too."""

    def __init__(self, file: io.RawIOBase) -> None:
        self._file = file
        self.n_read = 0
        self.error: OSError | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            n_read = self._file.readinto(buffer) or 0
        except OSError as error:
            self.error = error
            raise
        self.n_read += n_read
        return n_read

    def seekable(self) -> bool:
        return self._file.seekable()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
        super().close()


class _Stream:
    """The unpacked bytes of an archive, up to its end or its first damage.

    Args:
        raw: The archive as it is stored.
        is_local: Whether jumping costs nothing.
    """

    def __init__(self, raw: _Counted, *, is_local: bool) -> None:
        self._raw = raw
        self._damage: MidiError | None = None
        self._allowed = BOMB_SLACK
        self.position = 0
        buffered = io.BufferedReader(raw, _BUFFER_BYTES)
        start = self._guarded(lambda: buffered.peek(6)[:6])
        self.is_packed = True
        self._jump_bytes = 0 if is_local else _FEWEST_TO_JUMP
        self._file: BinaryIO | io.BufferedIOBase
        if start.startswith(b"\x1f\x8b"):
            self._file = igzip.IGzipFile(fileobj=buffered, mode="rb")  # type: ignore[no-untyped-call]
        elif start.startswith(b"BZh"):
            self._file = bz2.BZ2File(buffered)
        elif start == b"\xfd7zXZ\0":
            self._file = io.BufferedReader(Reading(_Unxz(buffered.read1)), _BUFFER_BYTES)
        else:
            self.is_packed = False
            self._file = buffered
            if is_local:
                raw.seek(0)
                self._file = io.BufferedReader(buffered.detach(), _JUMP_BUFFER_BYTES)
        self.is_passing = self.is_packed or not is_local

    def read(self, size: int) -> bytes:
        """Read, less only at the end."""
        data: bytes = self._guarded(self._file.read, size)
        self.position += len(data)
        if self.position > self._allowed and self.is_packed:
            if error := bomb(self._raw.n_read, self.position):
                self._fail(error)
            self._allowed = BOMB_RATIO * self._raw.n_read + BOMB_SLACK
        return data

    def read_all(self, size: int) -> bytes:
        """Read exactly so much."""
        data = self.read(size)
        if len(data) < size:
            self._fail(MidiError(Reason.BAD_ARCHIVE, f"it ends in the middle of a member, after {self.position} bytes"))
        return data

    def skip_to(self, position: int) -> None:
        """Pass over what nobody wants; what is not packed is jumped over where that pays."""
        if position > _MAX_POSITION:
            self.fail(f"a member that would end at byte {position}")
        if not self.is_packed and position - self.position > self._jump_bytes and self._raw.seekable():
            self._guarded(self._file.seek, position)
            self.position = position
        while self.position < position:
            self.read_all(min(position - self.position, _SKIP_BYTES))

    def fail(self, detail: str) -> NoReturn:
        """Give up on the archive."""
        self._fail(MidiError(Reason.BAD_ARCHIVE, detail))

    def _guarded(self, read: Callable[..., Any], *arguments: int) -> Any:
        if self._damage:
            raise self._damage
        try:
            return read(*arguments)
        except DataError:
            raise
        except (*_DAMAGE, OSError) as error:
            if self._raw.error:
                raise
            self._fail(MidiError(Reason.BAD_ARCHIVE, f"{error}, after {self.position} bytes"), error)

    def _fail(self, damage: MidiError, cause: Exception | None = None) -> NoReturn:
        self._damage = damage
        raise damage from cause


class _Unxz:
    """Pulls the unpacked bytes of xz. Python's `LZMAFile` would take all the memory that a file asks for."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._xz = lzma.LZMADecompressor(memlimit=_XZ_MEMORY_BYTES)

    def __call__(self, size: int) -> bytes:
        """Return the next bytes, of all streams that follow one another."""
        while True:
            if self._xz.eof:
                rest = self._xz.unused_data.lstrip(b"\0") or self._next().lstrip(b"\0")
                if not rest:
                    return b""
                self._xz = lzma.LZMADecompressor(memlimit=_XZ_MEMORY_BYTES)
            elif self._xz.needs_input:
                rest = self._next()
                if not rest:
                    raise EOFError("it ends before its end-of-stream marker")
            else:
                rest = b""
            if data := self._xz.decompress(rest, size):
                return data

    def _next(self) -> bytes:
        return self._read(_BUFFER_BYTES)


# The headers.


def _headers(stream: _Stream) -> Iterator[_Header]:
    """Yield the headers of the members; the stream stands at the data of each, and must stand behind it for the next."""
    extension: dict[str, bytes] = {}
    while block := _header_block(stream, is_begun=bool(extension)):
        position, kind = stream.position - _BLOCK, chr(block[156])
        try:
            if kind in "xLKgX":
                extension |= _extension(kind, stream.read_all(_extension_size(block)))
                stream.skip_to(stream.position + -stream.position % _BLOCK)
                continue
            header = _header(block, kind, extension)
        except ValueError as error:
            if isinstance(error, MidiError | DataError):
                raise
            stream.fail(f"a damaged header at byte {position}: {error}")
        extension = {}
        is_extended = kind == "S" and block[482]
        while is_extended:
            is_extended = stream.read_all(_BLOCK)[504]
        yield header


def _header_block(stream: _Stream, *, is_begun: bool) -> bytes:
    """Return the next block that is not zero, or nothing at a proper end."""
    n_zero_blocks = 0
    while (block := stream.read(_BLOCK)) == _ZEROS:
        n_zero_blocks += 1
        if n_zero_blocks > _MAX_ZERO_BLOCKS:
            return b""
    if len(block) == _BLOCK and _is_header(block):
        return block
    if len(block) == _BLOCK:
        stream.fail(f"no tar {'behind its end' if n_zero_blocks else 'header'}, at byte {stream.position - _BLOCK}")
    if block.strip(b"\0") or is_begun or not n_zero_blocks:
        stream.fail(f"it ends without its end mark, after {stream.position} bytes")
    return b""


def _is_header(block: bytes) -> bool:
    """Compare the checksum, whose own bytes count as blanks; Adler-32 holds the sum of all bytes modulo 65,521."""
    try:
        stored = _number(block[148:156])
    except ValueError:
        return False
    own = block[148:156]
    if (stored + sum(own) - 256 + 1) % 65_521 == zlib.adler32(block) & 0xFFFF:
        return True
    # Some old writers summed signed bytes.
    return stored == 256 + sum(byte - 256 * (byte > 127) for byte in block[:148] + block[156:])


def _number(field: bytes) -> int:
    """Read a number: octal digits, or with the first bit set, binary."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    number = int(field.partition(b"\0")[0].strip() or b"0", 8)
    if number < 0:
        raise ValueError("a number below zero")
    return number


def _extension_size(block: bytes) -> int:
    size = _number(block[124:136])
    if size > _MAX_EXTENSION_BYTES:
        raise ValueError(f"a name of {size} bytes")
    return size


def _extension(kind: str, data: bytes) -> dict[str, bytes]:
    """Return what GNU (`L`) or pax (`x`) headers say about the member after them; of links and defaults nothing is needed."""
    if kind == "L":
        return {"path": data.partition(b"\0")[0]}
    return _pax_records(data) if kind in "xX" else {}


def _pax_records(data: bytes) -> dict[str, bytes]:
    records, start = {}, 0
    while start < len(data) and data[start]:
        blank = data.find(b" ", start, start + 20)
        end = start + int(data[start:blank])
        key, equals, value = data[blank + 1 : end - 1].partition(b"=")
        if not equals or not blank < end <= len(data):
            raise ValueError("attributes that end in the middle")
        records[key.decode("utf-8", "backslashreplace")] = value
        start = end
    return records


def _header(block: bytes, kind: str, extension: dict[str, bytes]) -> _Header:
    raw_name = block[:100].partition(b"\0")[0]
    if block[257:263] == b"ustar\0" and block[345]:
        raw_name = block[345:500].partition(b"\0")[0] + b"/" + raw_name
    size = _number(block[124:136])
    if extension:
        raw_name = extension.get("GNU.sparse.name", extension.get("path", raw_name))
        size = int(extension.get("size", size))
        kind = "S" if any(key.startswith("GNU.sparse.") for key in extension) else kind
    if size < 0:
        raise ValueError("a size below zero")
    name = decoded(raw_name)
    if kind in "\0007":
        kind = "5" if kind == "\0" and name.endswith("/") else "0"
    return _Header(name, size, kind)


# The members.


def _member(header: _Header, start: int, stream: _Stream, archive: LocalFile | RemoteFile, prefix: str) -> Members:
    """Yield the member if it is wanted."""
    name = tidied(header.name)
    if not is_wanted_member(name) or (header.kind == "5" and not is_midi(name)):
        return
    path, stamp, size = prefix + name, f"{archive.stamp} {start} {header.n_bytes}", header.n_bytes
    is_label = is_sidecar(name)
    if error := refusal_by_name(name) or _refusal_by_kind(header.kind) or refusal_by_size(size, is_label=is_label):
        yield refused(path, stamp, error)
    elif stream.is_passing:
        member = _PassingMember(stream, size, archive.address)
        yield Sidecar(path, stamp, member.open) if is_label else MidiFile(path, stamp, size, member.load, is_passing=True)
    elif is_label:
        yield Sidecar(path, stamp, partial(_open_slice, archive, start, size))
    else:
        yield MidiFile(path, stamp, size, partial(_load_slice, archive, start, size))


def _refusal_by_kind(kind: str) -> MidiError | None:
    return MidiError(*_ODD_KINDS[kind]) if kind in _ODD_KINDS else None


class _PassingMember:
    """The member at which a stream stands."""

    def __init__(self, stream: _Stream, size: int, address: str) -> None:
        self._stream, self._size, self._address = stream, size, address
        self._next, self._end = stream.position, stream.position + size
        self._data: bytes | None = None

    def load(self) -> bytes:
        """Return the bytes.

        Raises:
            MidiError: If the archive is damaged here.
            DataError: If it can be read no further, and perhaps can the next time.
        """
        if self._data is None:
            try:
                self._data = self._pulled(self._size)
            except OSError as error:
                raise lost(self._address, error) from error
        return self._data

    def open(self) -> BinaryIO:
        """Read it as a file."""
        return io.BufferedReader(Reading(self._pulled), _BUFFER_BYTES)

    def _pulled(self, size: int) -> bytes:
        if self._stream.position != self._next:
            raise RuntimeError("A member of a stream must be read before the next one is asked for.")
        data = self._stream.read_all(min(size, self._end - self._next))
        self._next += len(data)
        return data


def _load_slice(archive: LocalFile | RemoteFile, start: int, size: int) -> bytes:
    try:
        data = opened(archive).read_at(start, size)
    except OSError as error:
        raise lost(archive.address, error) from error
    if len(data) < size:
        raise MidiError(Reason.BAD_ARCHIVE, "the archive ends in the middle of it")
    return data


def _open_slice(archive: LocalFile | RemoteFile, start: int, size: int) -> BinaryIO:
    return io.BufferedReader(Reading(Slice(opened(archive), start, size)), _BUFFER_BYTES)
