"""Note tables of one MIDI file to a `Piece`: measures, staves, key, grid.

Works on scores, whose ticks are metrical; a performance recorded without beats has none.

**Conventions.** Times in the tables are ticks of the file; those of the piece are grid ticks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scogen_pipeline.errors import DataError, RequestError
from scogen_pipeline.music.duration import TICKS_PER_QUARTER
from scogen_pipeline.music.key import Key, estimate_key, estimate_mode
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece
from scogen_pipeline.tokens.gridding import IntArray, to_grid
from scogen_pipeline.tokens.staves import Staff, TrackNotes, staves_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class RawTrack:
    """One track of a file: name, program, and arrays of shape `(n,)` sorted by onset, in ticks of the file."""

    name: str
    program: int
    onset_ticks: IntArray
    duration_ticks: IntArray
    pitches: IntArray


@dataclass(frozen=True)
class RawPiece:
    """What the tables say of one file.

    Args:
        tpq: Ticks per quarter.
        tracks: Pitched tracks with notes, in the order of the file.
        meters: `(tick, numerator, denominator)` in order; 4/4 where empty.
        key: The key as labelled, if it is.
        fifths: The signature of the file, if it has one.
        tempo_qpm: Quarter notes per minute.
        genre: One of `music.genres`, or "".
        title: Title, or "".
        composer: Composer, or "".
        source: The path of the file.
    """

    tpq: int
    tracks: Sequence[RawTrack]
    meters: Sequence[tuple[int, int, int]] = ()
    key: Key | None = None
    fifths: int | None = None
    tempo_qpm: float = 120.0
    genre: str = ""
    title: str = ""
    composer: str = ""
    source: str = ""


def quantise(raw: RawPiece) -> Piece:
    """Snap a file to the grid and lay it out in measures and staves.

    Raises:
        DataError: If it has no notes, or a meter change splits a measure into something that no meter names.
    """
    if not raw.tracks:
        raise DataError("`tracks` must hold notes, received none with pitch.")
    staves = staves_of([_on_grid(track, raw.tpq) for track in raw.tracks])
    notes = sorted({note for part, staff in enumerate(staves) for note in _notes(staff, part)})
    changes = [(round(tick * TICKS_PER_QUARTER / raw.tpq), _meter(n, d)) for tick, n, d in raw.meters]
    return Piece(
        parts=tuple(staff.part for staff in staves),
        notes=tuple(notes),
        meters=tuple(_meters(changes, end=max(note.end for note in notes))),
        key=raw.key or _estimate_key(notes, raw.fifths),
        tempo_qpm=raw.tempo_qpm,
        genre=raw.genre,
        title=raw.title,
        composer=raw.composer,
        source=raw.source,
    )


def _on_grid(track: RawTrack, tpq: int) -> TrackNotes:
    onsets, durations = to_grid(track.onset_ticks, track.duration_ticks, tpq)
    return TrackNotes(track.name, track.program, onsets, track.pitches, durations)


def _notes(staff: Staff, part: int) -> Iterable[Note]:
    """Yield the notes of a staff; of two on one pitch at one onset the longer."""
    longest: dict[tuple[int, int], int] = {}
    for onset, pitch, duration in zip(staff.onsets.tolist(), staff.pitches.tolist(), staff.durations.tolist(), strict=True):
        longest[onset, pitch] = max(duration, longest.get((onset, pitch), 0))
    return (Note(onset, part, pitch, duration) for (onset, pitch), duration in longest.items())


def _meters(changes: Sequence[tuple[int, Meter]], end: int) -> Iterable[Meter]:
    """Yield the meter of each measure up to `end`; a measure cut short by a change gets the meter that it has left."""
    starts = [(0, Meter(4, 4)), *changes] if not changes or changes[0][0] > 0 else list(changes)
    for index, (start, meter) in enumerate(starts):
        stop = min(starts[index + 1][0], end) if index + 1 < len(starts) else end
        full, left = divmod(max(stop - start, 0), meter.bar_ticks)
        yield from [meter] * full
        if left:
            yield meter if stop == end else _meter_of_length(left)


def _meter(numerator: int, denominator: int) -> Meter:
    try:
        return Meter(numerator, denominator)
    except RequestError as error:
        raise DataError(str(error)) from error


def _meter_of_length(ticks: int) -> Meter:
    for denominator in (4, 8, 16):
        unit = 4 * TICKS_PER_QUARTER // denominator
        if ticks % unit == 0:
            return _meter(ticks // unit, denominator)
    raise DataError(f"`time_signatures` must change at bar lines, received a measure of {ticks}/{TICKS_PER_QUARTER} quarters.")


def _estimate_key(notes: Sequence[Note], fifths: int | None) -> Key:
    weights = np.zeros(12)
    for note in notes:
        weights[note.pitch % 12] += min(note.duration, 2 * TICKS_PER_QUARTER)
    if fifths is None:
        return estimate_key(weights.tolist())
    return Key(fifths, estimate_mode(weights.tolist(), fifths))
