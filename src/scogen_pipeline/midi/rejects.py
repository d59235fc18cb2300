"""Why a file is not a piece.

**Conventions.** The value of a `Reason` is what stands in the `reason` column of the `rejects` table; the detail beside it says
what was found in this very file.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import pyarrow as pa

from scogen_pipeline.errors import MidiError
from scogen_pipeline.midi.notes import SCHEMA_BY_TABLE


class Reason(StrEnum):
    """The reasons, in the order in which a file is examined."""

    UNOPENABLE = "unopenable"  # the operating system refuses to read it
    BAD_ARCHIVE = "bad_archive"  # an archive that cannot be read, or not to its end
    ARCHIVE_BOMB = "archive_bomb"  # an archive that unpacks to far more than music does
    NESTED_ARCHIVE = "nested_archive"  # an archive inside an archive
    ENCRYPTED = "encrypted"  # a member of an archive that asks for a password
    UNSAFE_NAME = "unsafe_name"  # a member of an archive that would lie outside it
    LINK = "link"  # a member of an archive that only points at another
    EMPTY = "empty"  # no bytes
    TOO_LARGE = "too_large"  # more bytes or tracks than any music has
    NOT_MIDI = "not_midi"  # no MThd header to be found
    BAD_FORMAT = "bad_format"  # independent songs (type 2) or an unknown type
    BAD_TPQ = "bad_tpq"  # ticks per quarter out of range, or SMPTE frames
    TRUNCATED = "truncated"  # the file ends before its tracks do
    TRACK_LENGTH = "track_length"  # a track's length is a lie: the track does not end where it says
    UNREADABLE = "unreadable"  # the parser gives up
    NO_NOTES = "no_notes"
    BAD_NOTE = "bad_note"  # pitch or velocity above 127, negative duration
    BAD_TICK = "bad_tick"  # a time at or beyond 2**30 ticks: the sum of deltas overflows
    BAD_TEMPO = "bad_tempo"
    BAD_METER = "bad_meter"
    BAD_KEY = "bad_key"
    TOO_LONG = "too_long"  # more than 6 hours
    DUPLICATE = "duplicate"  # the same bytes as a file before it


def rejects_table(errors: Mapping[str, MidiError]) -> pa.Table:
    """Lay out refused files as the `rejects` table, sorted by path.

    Args:
        errors: Relative path -> why it was refused.
    """
    rows = [{"path": path, "reason": str(error.reason), "detail": error.detail} for path, error in sorted(errors.items())]
    return pa.Table.from_pylist(rows, schema=SCHEMA_BY_TABLE["rejects"])


def counts_sentence(n_files: int, number_by_reason: Mapping[str, int]) -> str:
    """Summarise a run in one line.

    >>> counts_sentence(4, {"truncated": 1, "no_notes": 2})
    '4 files = 1 pieces + 3 rejects: no_notes 2, truncated 1'
    """
    n_rejects = sum(number_by_reason.values())
    ordered = sorted(number_by_reason.items(), key=lambda item: (-item[1], item[0]))
    counts = ", ".join(f"{reason} {number}" for reason, number in ordered)
    return f"{n_files} files = {n_files - n_rejects} pieces + {n_rejects} rejects" + (f": {counts}" if counts else "")
