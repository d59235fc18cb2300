"""MIDI bytes to the columns of the note tables, or a reason why not.

symusic parses (250 times faster than mido, and it lets other threads run), but it accepts wrong data silently: a tempo of zero,
a meter over 2**34, onsets that overflow, tracks cut short. Everything that it returns is checked here.

**Conventions.** As in `midi.notes`. Notes of zero duration are kept. A file without tempo, meter or key events has no rows in
those tables; the standard's defaults (120 quarters a minute, 4/4) are for the reader of the table to apply. An event that no note
can feel never costs a piece: wrong tempos, meters and keys after the last note, and pedals beyond all time, are left out.

**References**: symusic, https://github.com/Yikai-Liao/symusic.
"""

from __future__ import annotations

import hashlib
import re
from functools import partial
from importlib import metadata, resources
from typing import Any, Final

import numpy as np

from scogen_pipeline.errors import MidiError
from scogen_pipeline.midi.columns import PIECE_TABLES, PieceColumns, table_of
from scogen_pipeline.midi.containers import Chunks, open_container
from scogen_pipeline.midi.notes import SCHEMA_BY_TABLE, MidiTables
from scogen_pipeline.midi.pedals import read_pedals
from scogen_pipeline.midi.rejects import Reason
from scogen_pipeline.midi.text_events import Words, read_heads, words_of
from scogen_pipeline.midi.time_base import find_time_base

#: Beyond it int32 sums of onset and duration may overflow.
MAX_TICK: Final = 2**30
MIN_QPM: Final = 5.0
MAX_QPM: Final = 1_000.0
#: All that a byte holds: a cadenza may be one bar of 175/4 (Chopin in ASAP).
MAX_NUMERATOR: Final = 255
MAX_SECONDS: Final = 6 * 3_600.0
_DEFAULT_MICROSECONDS: Final = 500_000
_DENOMINATORS: Final = frozenset(2**power for power in range(7))
_LEAST_DISGUISED_POWER: Final = 32
_MODES: Final = ("major", "minor")

_METER_EVENT: Final = re.compile(rb"\xff\x58\x04.(.)", re.DOTALL)

_Columns = dict[str, Any]  # column name -> NumPy array


def piece_id_of(data: bytes) -> str:
    """Return the id of a file's bytes."""
    return hashlib.sha256(data).hexdigest()[:16]


def reader_version() -> str:
    """Return a digest of the reading code and its parser."""
    modules = (
        "reading",
        "columns",
        "batch_tables",
        "containers",
        "text_events",
        "pedals",
        "time_base",
        "notes",
        "rejects",
    )
    sources = [resources.files(__package__ or "").joinpath(f"{name}.py").read_bytes() for name in modules]
    return hashlib.sha256(b"\0".join([metadata.version("symusic").encode(), *sources])).hexdigest()[:16]


def read_midi(data: bytes, path: str) -> MidiTables:
    """Read one MIDI file into tables; for many files, `batch_tables.read_batch` is several times as fast.

    Args:
        data: The bytes of the file, perhaps gzipped or in a RIFF wrapper.
        path: What the `path` column will say; nothing is opened.

    Raises:
        MidiError: If the file is broken or out of range; `reason` is a `Reason`.
    """
    columns = read_columns(data, path)
    return MidiTables(**{name: table_of(name, [columns]).cast(SCHEMA_BY_TABLE[name]) for name in PIECE_TABLES})


def read_columns(data: bytes, path: str) -> PieceColumns:
    """Read one MIDI file into columns; arguments and errors are those of `read_midi`."""
    chunks = open_container(data)
    score: Any = _parsed(chunks)
    heads = read_heads(chunks.data, chunks.spans)
    words = words_of(heads)
    tracks = score.tracks
    notes_by_track = [track.notes.numpy() for track in tracks]
    counts = [len(notes["time"]) for notes in notes_by_track]
    notes = _checked_notes(notes_by_track, counts)
    _, onsets, durations, _, _ = notes
    end = int((onsets + durations).max())
    tempos = _checked_tempos(score.tempos.numpy(), end)
    seconds = _checked_seconds(tempos, end, chunks.tpq)
    time_base = find_time_base(onsets, chunks.tpq).kind
    piece = (
        path,
        chunks.tpq,
        len(onsets),
        len(tracks),
        end,
        seconds,
        time_base,
        len(data),
        words.title,
        words.composer,
        words.copyright,
    )
    return PieceColumns(
        piece_id_of(data),
        {
            "pieces": tuple([value] for value in piece),
            "tracks": _track_columns(tracks, counts, words),
            "notes": notes,
            "tempos": (tempos["time"], 60e6 / tempos["mspq"]),
            "time_signatures": _checked_meters(score.time_signatures.numpy(), end, chunks.data),
            "key_signatures": _checked_keys(score.key_signatures.numpy(), end),
            "pedals": read_pedals(tracks, chunks.data, heads, MAX_TICK, partial(_parsed_chunk, chunks.tpq)),
        },
    )


def _parsed(chunks: Chunks) -> Any:
    data = chunks.to_bytes()
    try:
        return _parse(data)
    except RuntimeError as error:
        # A velocity above 127 is loud, so clamping it is right, and a controller or pitch bend is nobody's note; a pitch or a
        # program that is not there would be invented.
        if not str(error).startswith(("Get velocity", "Get control", "Get pitch_bend")):
            raise MidiError(Reason.UNREADABLE, _first_line(error)) from error
    try:
        score = _parse(data, is_lenient=True)
    except RuntimeError as error:
        raise MidiError(Reason.UNREADABLE, _first_line(error)) from error
    if any(track.program == 127 or track.notes.numpy()["pitch"].max(initial=0) == 127 for track in score.tracks):
        raise MidiError(Reason.UNREADABLE, "bytes above 127, of which some may be pitches or programs")
    return score


def _parsed_chunk(tpq: int, body: bytes) -> Any:
    try:
        return _parse(Chunks(0, tpq, body, ((0, len(body)),), is_plain=False).to_bytes(), is_lenient=True).tracks
    except RuntimeError as error:
        raise MidiError(Reason.UNREADABLE, _first_line(error)) from error


def _parse(data: bytes, *, is_lenient: bool = False) -> Any:
    import symusic  # noqa: PLC0415 - the table schemas are needed where nothing is parsed

    return symusic.Score.from_midi(data, sanitize_data=is_lenient)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["no message"])[0].removesuffix(": iostream error")


def _checked_notes(notes_by_track: list[_Columns], counts: list[int]) -> tuple[Any, ...]:
    """Return track, onset, duration, pitch and velocity of all notes, in the order of the table."""
    if not any(counts):
        raise MidiError(Reason.NO_NOTES, "all tracks are silent")
    tracks = np.repeat(np.arange(len(counts), dtype=np.int16), counts)
    onsets, durations, pitches, velocities = (
        notes_by_track[0][name] if len(counts) == 1 else np.concatenate([notes[name] for notes in notes_by_track])
        for name in ("time", "duration", "pitch", "velocity")
    )
    _check_range("duration_ticks", durations, MAX_TICK - 1)
    _check_range("pitch", pitches, 127)
    _check_range("velocity", velocities, 127)
    columns: tuple[Any, ...] = (tracks, onsets, durations, pitches.view(np.uint8), velocities.view(np.uint8))
    keys = onsets.astype(np.int64) << 22 | pitches  # at most 30 + 15 + 7 bits
    if len(counts) > 1:
        keys |= tracks.astype(np.int64) << 7
    if not (keys[1:] >= keys[:-1]).all():
        order = np.argsort(keys, kind="stable")
        columns = tuple(column.take(order) for column in columns)
    first, last = columns[1][0], columns[1][-1]
    if first < 0 or last >= MAX_TICK:
        raise MidiError(
            Reason.BAD_TICK, f"notes begin at ticks {first} to {last}, must be 0 to below 2**30 (a delta time overflows)"
        )
    return columns


def _check_range(name: str, values: Any, top: int) -> None:
    if values.view(f"u{values.itemsize}").max() > top:  # a negative number is a huge one
        raise MidiError(Reason.BAD_NOTE, f"{name} from {values.min()} to {values.max()}, must be 0 to {top}")


def _checked_tempos(tempos: _Columns, end: int) -> _Columns:
    ticks, microseconds = tempos["time"], tempos["mspq"]
    is_wrong = (microseconds < 60e6 / MAX_QPM) | (microseconds > 60e6 / MIN_QPM) | (ticks < 0) | (ticks >= MAX_TICK)
    if not is_wrong.any():
        return tempos
    for at in np.flatnonzero(is_wrong & _is_felt(ticks, end)):
        allowed = f"must be {MIN_QPM:g} to {MAX_QPM:g} quarters a minute"
        raise MidiError(Reason.BAD_TEMPO, f"{microseconds[at]} microseconds a quarter note, {allowed}")
    return {name: values[~is_wrong] for name, values in tempos.items()}


def _checked_meters(meters: _Columns, end: int, data: bytes) -> tuple[Any, ...]:
    rows = list(zip(*(meters[name].tolist() for name in ("time", "numerator", "denominator")), strict=True))
    wrong = {row for row in rows if not (1 <= row[1] <= MAX_NUMERATOR and row[2] in _DENOMINATORS and 0 <= row[0] < MAX_TICK)}
    for tick, numerator, denominator in sorted(wrong):
        if _is_felt(tick, end):
            raise MidiError(Reason.BAD_METER, f"{numerator}/{denominator}, must be 1 to {MAX_NUMERATOR} over 1, 2, 4 ... 64")
    # The parser shifts 1 by the power and keeps the low bits, so that 2**34 arrives as a harmless 4: look at the bytes. If there
    # are more such bytes than meters, some are part of a delta time or of a message, and the parser is believed.
    powers = [match[1][0] for match in _METER_EVENT.finditer(data)] if rows else []
    if not wrong and len(powers) == len(rows) and max(powers, default=0) >= _LEAST_DISGUISED_POWER:
        raise MidiError(Reason.BAD_METER, f"denominator 2**{max(powers)}, must be 1, 2, 4 ... 64")
    return _transposed([row for row in rows if row not in wrong])


def _checked_keys(keys: _Columns, end: int) -> tuple[Any, ...]:
    rows = list(zip(*(keys[name].tolist() for name in ("time", "key", "tonality")), strict=True))
    wrong = {row for row in rows if not (-7 <= row[1] <= 7 and row[2] in {0, 1} and 0 <= row[0] < MAX_TICK)}
    for tick, fifths, mode in sorted(wrong):
        if _is_felt(tick, end):
            raise MidiError(Reason.BAD_KEY, f"{fifths} sharps, mode {mode}; must be -7 to 7 and 0 (major) or 1 (minor)")
    return _transposed([(tick, fifths, _MODES[mode]) for tick, fifths, mode in rows if (tick, fifths, mode) not in wrong])


def _is_felt(ticks: Any, end: int) -> Any:
    """Say whether a note sounds after an event; a sum of deltas that overflows is negative, and long after the last note."""
    return (ticks >= 0) & (ticks < end)


def _transposed(rows: list[tuple[Any, Any, Any]]) -> tuple[Any, ...]:
    return tuple(zip(*rows, strict=True)) if rows else ((), (), ())


def _checked_seconds(tempos: _Columns, end: int, tpq: int) -> float:
    # Before the first tempo event the standard's default holds; a later event at the same tick replaces an earlier one.
    starts = np.concatenate(([0], np.minimum(tempos["time"], end), [end]))
    microseconds = np.concatenate(([_DEFAULT_MICROSECONDS], tempos["mspq"]))
    seconds = float(np.diff(starts) @ microseconds) / tpq / 1e6
    if seconds > MAX_SECONDS:
        raise MidiError(Reason.TOO_LONG, f"{seconds / 3600:.1f} hours, must be at most {MAX_SECONDS / 3600:g}")
    return seconds


def _track_columns(tracks: Any, counts: list[int], words: Words) -> tuple[Any, ...]:
    names = [track.name for track in tracks]
    return (
        list(range(len(tracks))),
        [words.name_by_garbled.get(name, name) for name in names],
        [track.program for track in tracks],
        [track.is_drum for track in tracks],
        counts,
    )
