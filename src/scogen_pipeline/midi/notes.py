"""The tables that a folder of MIDI becomes: their columns, types and units.

**Conventions**

- `piece_id` is the first 16 hex digits of the SHA-256 of the file's bytes, so that a renamed file keeps its id.
- Times are ticks of the file, `tpq` of them to the quarter note; seconds follow from `tempos` and are not stored.
- `track` counts from 0 within the piece, tracks without notes left out.
- Rows are sorted by piece (in the order of the paths), then by time; notes by onset, track, pitch.
- A *reject* is a file that is no piece, with the reason: files in = pieces + rejects.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import pyarrow as pa

_PIECE_ID: Final = ("piece_id", pa.string())

SCHEMA_BY_TABLE: Final[dict[str, Any]] = {
    "pieces": pa.schema(
        [
            _PIECE_ID,
            ("path", pa.string()),  # posix, relative to the folder that was read
            ("tpq", pa.int32()),
            ("n_notes", pa.int32()),
            ("n_tracks", pa.int16()),
            ("end_ticks", pa.int32()),  # end of the last note
            ("title", pa.string()),
            ("composer", pa.string()),
            ("copyright", pa.string()),
        ]
    ),
    "tracks": pa.schema(
        [
            _PIECE_ID,
            ("track", pa.int16()),
            ("name", pa.string()),
            ("program", pa.uint8()),
            ("is_drum", pa.bool_()),
            ("n_notes", pa.int32()),
        ]
    ),
    "notes": pa.schema(
        [
            _PIECE_ID,
            ("track", pa.int16()),
            ("onset_ticks", pa.int32()),
            ("duration_ticks", pa.int32()),
            ("pitch", pa.uint8()),
            ("velocity", pa.uint8()),
        ]
    ),
    "tempos": pa.schema([_PIECE_ID, ("tick", pa.int32()), ("qpm", pa.float64())]),
    "time_signatures": pa.schema([_PIECE_ID, ("tick", pa.int32()), ("numerator", pa.uint8()), ("denominator", pa.uint8())]),
    "key_signatures": pa.schema([_PIECE_ID, ("tick", pa.int32()), ("fifths", pa.int8()), ("mode", pa.string())]),
    "rejects": pa.schema([("path", pa.string()), ("reason", pa.string()), ("detail", pa.string())]),
}


@dataclass(frozen=True)
class MidiTables:
    """One piece as Arrow tables, one field a table of `SCHEMA_BY_TABLE` (all but `rejects`)."""

    pieces: pa.Table
    tracks: pa.Table
    notes: pa.Table
    tempos: pa.Table
    time_signatures: pa.Table
    key_signatures: pa.Table

    def by_name(self) -> dict[str, pa.Table]:
        """Return the tables by their names."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
