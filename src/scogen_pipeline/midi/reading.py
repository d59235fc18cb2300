"""MIDI bytes to the note tables, or a reason why not.

symusic parses (250 times faster than mido, and it lets other threads run), but it accepts wrong data silently: a tempo of zero,
a meter over 2**34, onsets that overflow, tracks cut short. Everything that it returns is checked here.

**Conventions.** As in `midi.notes`. Notes of zero duration are kept. A file without tempo, meter or key events has no rows in
those tables; the standard's defaults (120 quarters a minute, 4/4) are for the reader of the table to apply.

**References**: symusic, https://github.com/Yikai-Liao/symusic.
"""

from __future__ import annotations

import hashlib
import re
from importlib import metadata, resources
from typing import Any, Final

import numpy as np
import pyarrow as pa

from scogen_pipeline.errors import MidiError
from scogen_pipeline.midi.containers import Chunks, open_container
from scogen_pipeline.midi.notes import SCHEMA_BY_TABLE, MidiTables
from scogen_pipeline.midi.rejects import Reason
from scogen_pipeline.midi.text_events import Words, read_words

#: Beyond it int32 sums of onset and duration may overflow.
MAX_TICK: Final = 2**30
MIN_QPM: Final = 5.0
MAX_QPM: Final = 1_000.0
MAX_NUMERATOR: Final = 32
MAX_DENOMINATOR_POWER: Final = 6
MAX_SECONDS: Final = 6 * 3_600.0
_DEFAULT_MICROSECONDS: Final = 500_000

_METER_EVENT: Final = re.compile(rb"\xff\x58\x04.(.)", re.DOTALL)

_Columns = dict[str, Any]  # column name -> NumPy array


def piece_id_of(data: bytes) -> str:
    """Return the id of a file's bytes."""
    return hashlib.sha256(data).hexdigest()[:16]


def reader_version() -> str:
    """Return a digest of the reading code and its parser.

    Tables of an interrupted run are only taken up by the code that made them; a number to raise by hand would be forgotten.
    """
    modules = ("reading", "containers", "text_events", "notes", "rejects", "batches")
    sources = [resources.files(__package__ or "").joinpath(f"{name}.py").read_bytes() for name in modules]
    return hashlib.sha256(b"\0".join([metadata.version("symusic").encode(), *sources])).hexdigest()[:16]


def read_midi(data: bytes, path: str) -> MidiTables:
    """Read one MIDI file.

    Args:
        data: The bytes of the file, perhaps gzipped or in a RIFF wrapper.
        path: What the `path` column will say; nothing is opened.

    Raises:
        MidiError: If the file is broken or out of range; `reason` is a `Reason`.
    """
    chunks = open_container(data)
    score = _parsed(chunks)
    words = read_words(chunks.tracks)
    tracks = [track for track in score.tracks if len(track.notes)]
    notes = _checked_notes(_note_columns(tracks))
    tempos = _checked_tempos(score.tempos.numpy())
    meters = _checked_meters(score.time_signatures.numpy(), chunks)
    keys = _checked_keys(score.key_signatures.numpy())
    end = int((notes["onset_ticks"] + notes["duration_ticks"]).max())
    _check_length(end, chunks.tpq, tempos)
    piece_id = piece_id_of(data)
    piece = {"path": path, "tpq": chunks.tpq, "n_notes": len(notes["pitch"]), "n_tracks": len(tracks), "end_ticks": end}
    return MidiTables(
        pieces=_table("pieces", piece_id, {name: [value] for name, value in (piece | _piece_words(words)).items()}),
        tracks=_table("tracks", piece_id, _track_columns(tracks, words)),
        notes=_table("notes", piece_id, notes),
        tempos=_table("tempos", piece_id, {"tick": tempos["time"], "qpm": 60e6 / tempos["mspq"]}),
        time_signatures=_table("time_signatures", piece_id, meters),
        key_signatures=_table("key_signatures", piece_id, keys),
    )


def _parsed(chunks: Chunks) -> Any:
    import symusic  # noqa: PLC0415 - the table schemas are needed where nothing is parsed

    data = chunks.to_bytes()
    try:
        return symusic.Score.from_midi(data)
    except RuntimeError as error:
        # A velocity above 127 is loud, so clamping it is right; any other byte above 127 (a pitch) would be invented.
        if not str(error).startswith("Get velocity"):
            raise MidiError(Reason.UNREADABLE, _first_line(error)) from error
    try:
        return symusic.Score.from_midi(data, sanitize_data=True)
    except RuntimeError as error:
        raise MidiError(Reason.UNREADABLE, _first_line(error)) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["no message"])[0].removesuffix(": iostream error")


def _note_columns(tracks: list[Any]) -> _Columns:
    if not tracks:
        raise MidiError(Reason.NO_NOTES, "all tracks are silent")
    columns = [track.notes.numpy() for track in tracks]
    onsets, durations, pitches, velocities = (
        np.concatenate([column[name] for column in columns]) for name in ("time", "duration", "pitch", "velocity")
    )
    numbers = np.repeat(np.arange(len(tracks), dtype=np.int16), [len(column["time"]) for column in columns])
    order = np.lexsort((pitches, numbers, onsets))
    return {
        "track": numbers[order],
        "onset_ticks": onsets[order],
        "duration_ticks": durations[order],
        "pitch": pitches[order],
        "velocity": velocities[order],
    }


def _checked_notes(notes: _Columns) -> _Columns:
    _check_ticks(notes["onset_ticks"], "a note begins")
    for name, top in (("duration_ticks", MAX_TICK - 1), ("pitch", 127), ("velocity", 127)):
        values = notes[name]
        if values.min() < 0 or values.max() > top:
            raise MidiError(Reason.BAD_NOTE, f"{name} from {values.min()} to {values.max()}, must be 0 to {top}")
    return notes | {name: notes[name].astype(np.uint8) for name in ("pitch", "velocity")}


def _check_ticks(ticks: Any, what: str) -> None:
    outside = ticks[(ticks < 0) | (ticks >= MAX_TICK)]
    if len(outside):
        raise MidiError(Reason.BAD_TICK, f"{what} at tick {outside[0]}, must be 0 to below 2**30 (a delta time overflows)")


def _checked_tempos(tempos: _Columns) -> _Columns:
    _check_ticks(tempos["time"], "a tempo stands")
    microseconds = tempos["mspq"]
    slowest, fastest = 60e6 / MIN_QPM, 60e6 / MAX_QPM
    outside = microseconds[(microseconds < fastest) | (microseconds > slowest)]
    if len(outside):
        allowed = f"must be {MIN_QPM:g} to {MAX_QPM:g} quarters a minute"
        raise MidiError(Reason.BAD_TEMPO, f"{outside[0]} microseconds a quarter note, {allowed}")
    return {name: values[np.argsort(tempos["time"], kind="stable")] for name, values in tempos.items()}


def _checked_meters(meters: _Columns, chunks: Chunks) -> _Columns:
    _check_ticks(meters["time"], "a time signature stands")
    for numerator in meters["numerator"]:
        if not 1 <= numerator <= MAX_NUMERATOR:
            raise MidiError(Reason.BAD_METER, f"{numerator} beats a measure, must be 1 to {MAX_NUMERATOR}")
    # The parser shifts 1 by the power and keeps the low bits, so that 2**34 arrives as a harmless 4: look at the bytes.
    powers = [match[1][0] for body in chunks.tracks for match in _METER_EVENT.finditer(body)] if len(meters["time"]) else []
    if powers and max(powers) > MAX_DENOMINATOR_POWER:
        raise MidiError(Reason.BAD_METER, f"denominator 2**{max(powers)}, must be 1 to {2**MAX_DENOMINATOR_POWER}")
    return {"tick": meters["time"], "numerator": meters["numerator"], "denominator": meters["denominator"]}


def _checked_keys(keys: _Columns) -> _Columns:
    _check_ticks(keys["time"], "a key signature stands")
    for fifths, tonality in zip(keys["key"], keys["tonality"], strict=True):
        if not -7 <= fifths <= 7 or tonality not in {0, 1}:
            raise MidiError(Reason.BAD_KEY, f"{fifths} sharps, mode {tonality}; must be -7 to 7 and 0 (major) or 1 (minor)")
    return {"tick": keys["time"], "fifths": keys["key"], "mode": [("major", "minor")[tonality] for tonality in keys["tonality"]]}


def _check_length(end_ticks: int, tpq: int, tempos: _Columns) -> None:
    # Before the first tempo event the standard's default holds; a later event at the same tick replaces an earlier one.
    starts = np.append(np.insert(np.minimum(tempos["time"], end_ticks), 0, 0), end_ticks).astype(np.float64)
    microseconds = np.insert(tempos["mspq"].astype(np.float64), 0, _DEFAULT_MICROSECONDS)
    seconds = float(np.diff(starts) @ microseconds) / tpq / 1e6
    if seconds > MAX_SECONDS:
        raise MidiError(Reason.TOO_LONG, f"{seconds / 3600:.1f} hours, must be at most {MAX_SECONDS / 3600:g}")


def _piece_words(words: Words) -> dict[str, str]:
    return {"title": words.title, "composer": words.composer, "copyright": words.copyright}


def _track_columns(tracks: list[Any], words: Words) -> _Columns:
    return {
        "track": list(range(len(tracks))),
        "name": [words.name_by_garbled.get(track.name, track.name) for track in tracks],
        "program": [track.program for track in tracks],
        "is_drum": [track.is_drum for track in tracks],
        "n_notes": [len(track.notes) for track in tracks],
    }


def _table(name: str, piece_id: str, columns: _Columns) -> pa.Table:
    schema = SCHEMA_BY_TABLE[name]
    n_rows = len(next(iter(columns.values())))
    arrays = [
        pa.repeat(piece_id, n_rows) if field.name == "piece_id" else pa.array(columns[field.name], type=field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
