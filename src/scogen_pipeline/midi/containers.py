"""What lies around the tracks of a MIDI file: wrappers to take off, chunks to check.

Parsers trust the lengths that a file states. A length that lies gives a file without notes, or with the notes of some tracks
only, and no error; so the chunks are checked here, before the parser sees them. What can be put right without guessing is put
right.

**Conventions**

- Put right: gzip, a RIFF (`.rmi`) wrapper, junk before `MThd`, a header longer than 6 bytes, alien chunks, a track count below
  the tracks that are there, junk after the last track.
- Refused: what would lose or invent notes.

**References**: *Standard MIDI Files 1.0*, RP-001; *RIFF MIDI (RMID)*, RP-029.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from scogen_pipeline.errors import MidiError
from scogen_pipeline.midi.rejects import Reason

#: The largest piece of the collections measured is below 2 MB; 64 MiB of events are no music, and a gzip bomb ends here.
MAX_BYTES: Final = 64 * 2**20
MIN_TPQ: Final = 24
MAX_TPQ: Final = 30_000
_GZIP_MAGIC: Final = b"\x1f\x8b"
_END_OF_TRACK: Final = b"\xff\x2f\x00"
_SWALLOWED: Final = re.compile(rb"\xff\x2f\x00MTrk")  # three times as fast as `bytes.find`


class Chunks(NamedTuple):
    """The checked parts of a MIDI file.

    Args:
        format: 0 or 1.
        tpq: Ticks per quarter note.
        data: The file without its wrappers.
        spans: Where in `data` the bodies of the track chunks begin and end, their headers left out.
        is_plain: Whether `data` is a header and these tracks, and nothing else.
    """

    format: int
    tpq: int
    data: bytes
    spans: tuple[tuple[int, int], ...]
    is_plain: bool

    def to_bytes(self) -> bytes:
        """Return a plain file: as it is, or put together from its tracks."""
        if self.is_plain:
            return self.data
        header = b"MThd" + struct.pack(">IHHH", 6, self.format, len(self.spans), self.tpq)
        return header + b"".join(b"MTrk" + struct.pack(">I", end - start) + self.data[start:end] for start, end in self.spans)


def open_container(data: bytes) -> Chunks:
    """Take off wrappers and check the chunks.

    Raises:
        MidiError: If the file is no MIDI file, or its chunks are not what they say.
    """
    plain = _unwrapped(data)
    header_length, kind, n_tracks, division = struct.unpack_from(">IHHH", plain, 4)
    if header_length < 6:
        raise MidiError(Reason.NOT_MIDI, f"a header of {header_length} bytes")
    if kind not in {0, 1}:
        raise MidiError(Reason.BAD_FORMAT, f"SMF type {kind}, only 0 and 1 are one piece of music")
    if not MIN_TPQ <= division <= MAX_TPQ:
        found = "SMPTE frames" if division >= 0x8000 else f"{division}"
        raise MidiError(Reason.BAD_TPQ, f"{found}, must be {MIN_TPQ} to {MAX_TPQ} ticks per quarter note")
    spans = tuple(_tracks(plain, 8 + header_length, n_tracks))
    if len(spans) < n_tracks:
        raise MidiError(Reason.TRUNCATED, f"the header promises {n_tracks} tracks, {len(spans)} are there")
    if len(spans) > 2**15 - 1:
        raise MidiError(Reason.TOO_LARGE, f"{len(spans)} tracks")
    n_bytes = 14 + sum(8 + end - start for start, end in spans)
    return Chunks(kind, division, plain, spans, is_plain=len(spans) == n_tracks and n_bytes == len(plain))


def _unwrapped(data: bytes) -> bytes:
    if not data:
        raise MidiError(Reason.EMPTY, "0 bytes")
    if data.startswith(_GZIP_MAGIC):
        data = _gunzipped(data)
    if len(data) > MAX_BYTES:
        raise MidiError(Reason.TOO_LARGE, f"more than {MAX_BYTES} bytes")
    start = data.find(b"MThd")  # also inside a RIFF wrapper, whose own lengths are not needed
    if start < 0:
        raise MidiError(Reason.NOT_MIDI, f"no MThd, begins with {data[:8]!r}")
    if len(data) < start + 14:
        raise MidiError(Reason.TRUNCATED, "the file ends in its header")
    return data[start:]


def _gunzipped(data: bytes) -> bytes:
    inflate = zlib.decompressobj(wbits=31)
    try:
        plain = inflate.decompress(data, MAX_BYTES + 1)
    except zlib.error as error:
        raise MidiError(Reason.UNREADABLE, f"gzip: {error}") from error
    if not inflate.eof and len(plain) <= MAX_BYTES:
        raise MidiError(Reason.TRUNCATED, "the gzip stream is cut")
    return plain


def _tracks(data: bytes, start: int, n_tracks: int) -> Iterator[tuple[int, int]]:
    """Yield where the bodies of the track chunks lie; what follows the promised ones may be anything."""
    found = 0
    while start + 8 <= len(data):
        kind, length = data[start : start + 4], int.from_bytes(data[start + 4 : start + 8], "big")
        is_promised = found < n_tracks
        if not kind.isalpha():
            if is_promised:
                raise MidiError(Reason.TRACK_LENGTH, f"track {found - 1} does not end where it says, {kind!r} follows")
            return
        body, start = start + 8, start + 8 + length
        if start > len(data) and is_promised:
            raise MidiError(Reason.TRUNCATED, f"track {found} should have {length} bytes, {len(data) - body} are left")
        if kind == b"MTrk" and start <= len(data):
            _check_track(data, body, start, found)
            yield body, start
            found += 1


def _check_track(data: bytes, start: int, end: int, index: int) -> None:
    if _SWALLOWED.search(data, start, end):
        raise MidiError(Reason.TRACK_LENGTH, f"track {index} swallows the track after it")
    if not data.endswith(_END_OF_TRACK, start, end) and data.find(_END_OF_TRACK, start, end) < 0:
        raise MidiError(Reason.TRACK_LENGTH, f"track {index} stops before its end-of-track event")
