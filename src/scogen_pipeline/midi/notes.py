"""The tables that a collection of MIDI becomes: their columns, types and units.

**Conventions**

- `piece_id` is the first 16 hex digits of the SHA-256 of the file's bytes, so that a renamed file keeps its id.
- Times are ticks of the file, `tpq` of them to the quarter note; seconds follow from `tempos`, only those of the whole piece are
  stored.
- `time_base` says whether the ticks count quarters ("score") or only milliseconds ("performance"), see `midi.time_base`.
- `track` counts from 0 within the piece, tracks without notes left out.
- Rows are in the order of the files, then by time; notes by onset, track, pitch.
- A *reject* is a file that is no piece, with the reason: files in = pieces + rejects.
- No value is missing but the `piece_id` of a reject in `files`; what a file does not say is "".
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import pyarrow as pa


def _schema(*columns: tuple[str, Any]) -> Any:
    # To say that nothing is missing makes a table a third faster to write: no map of what is there.
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in columns])


_PIECE_ID: Final = ("piece_id", pa.string())

SCHEMA_BY_TABLE: Final[dict[str, Any]] = {
    "files": pa.schema([("path", pa.string()), ("n_bytes", pa.int64()), _PIECE_ID]),  # every file found; no id: a reject
    "pieces": _schema(
        _PIECE_ID,
        ("path", pa.string()),  # posix, relative to the source
        ("tpq", pa.int32()),
        ("n_notes", pa.int32()),
        ("n_tracks", pa.int16()),
        ("end_ticks", pa.int32()),  # end of the last note
        ("seconds", pa.float64()),  # the same by the tempo map
        ("time_base", pa.string()),  # "score" | "performance"
        ("n_bytes", pa.int32()),  # of the file as found, perhaps compressed
        ("title", pa.string()),
        ("composer", pa.string()),
        ("copyright", pa.string()),
    ),
    "tracks": _schema(
        _PIECE_ID,
        ("track", pa.int16()),
        ("name", pa.string()),
        ("program", pa.uint8()),
        ("is_drum", pa.bool_()),
        ("n_notes", pa.int32()),
    ),
    "notes": _schema(
        _PIECE_ID,
        ("track", pa.int16()),
        ("onset_ticks", pa.int32()),
        ("duration_ticks", pa.int32()),
        ("pitch", pa.uint8()),
        ("velocity", pa.uint8()),
    ),
    "tempos": _schema(_PIECE_ID, ("tick", pa.int32()), ("qpm", pa.float64())),
    "time_signatures": _schema(_PIECE_ID, ("tick", pa.int32()), ("numerator", pa.uint8()), ("denominator", pa.uint8())),
    "key_signatures": _schema(_PIECE_ID, ("tick", pa.int32()), ("fifths", pa.int8()), ("mode", pa.string())),
    "pedals": _schema(
        _PIECE_ID,
        ("track", pa.int16()),
        ("tick", pa.int32()),
        ("controller", pa.uint8()),  # 64 sustain, 66 sostenuto, 67 soft
        ("value", pa.uint8()),  # 0 to 127; from 64 on a switch is down
    ),
    "rejects": _schema(("path", pa.string()), ("reason", pa.string()), ("detail", pa.string())),
}


@dataclass(frozen=True)
class MidiTables:
    """One piece as Arrow tables, one field a table of `SCHEMA_BY_TABLE` (all but `files` and `rejects`)."""

    pieces: pa.Table
    tracks: pa.Table
    notes: pa.Table
    tempos: pa.Table
    time_signatures: pa.Table
    key_signatures: pa.Table
    pedals: pa.Table

    def by_name(self) -> dict[str, pa.Table]:
        """Return the tables by their names."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
