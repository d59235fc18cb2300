"""A piece as a MIDI file that sounds like a careful player: what is printed, with the weight of the meter.

**Conventions.** 480 ticks to the quarter note, 20 to the grid tick. One track a part, named as printed. Downbeats are a
little louder, beats somewhat, the upper part of several stands out. The file lasts to the final bar line, rests included.

A pickup stands at the end of a full first measure, and the last measure is full too. The other way, a first measure under a time
signature of its own, puts every bar line in the wrong place in a sequencer that imports notes and keeps its own meter, as most do
by default. So bar 2 of the sequencer is bar 1 of the page, and a reader of the file finds the measures of the piece again.
"""

from __future__ import annotations

import io
from itertools import groupby
from typing import Final

from scogen_pipeline.midi.writing import MidiTrack, midi_bytes
from scogen_pipeline.music.duration import TICKS_PER_QUARTER
from scogen_pipeline.music.piece import Measure, Note, Piece
from scogen_pipeline.notation.quantise import clean

TICKS_PER_BEAT: Final = 480
_SCALE: Final = TICKS_PER_BEAT // TICKS_PER_QUARTER

_VELOCITY: Final = 72
_DOWNBEAT_ACCENT: Final = 10
_BEAT_ACCENT: Final = 5
_MELODY_ACCENT: Final = 6


def to_midi(piece: Piece) -> bytes:
    """Write a piece as a Standard MIDI File; notes are cleaned first, see `notation.quantise`."""
    piece = clean(piece)
    velocities = _velocity_by_onset(piece)
    tracks = [_track(piece, index, velocities) for index in range(len(piece.parts))]
    data = midi_bytes(
        tracks,
        tpq=TICKS_PER_BEAT,
        tempos=[(0, piece.tempo_qpm)],
        meters=_meters(piece),
        keys=[(0, piece.key.fifths, piece.key.mode)],
        title=piece.title,
        composer=piece.composer,
    )
    return _lasting(data, piece.end * _SCALE)


def _track(piece: Piece, index: int, velocities: dict[int, int]) -> MidiTrack:
    part = piece.parts[index]
    accent = _MELODY_ACCENT if index == 0 and len(piece.parts) > 1 else 0
    hand = f" ({part.hand} hand)" if part.hand else ""
    notes = [_timed(note, velocities[note.onset] + accent) for note in piece.notes_of(index)]
    return MidiTrack(part.label + hand, part.instrument.program, notes)


def _timed(note: Note, velocity: int) -> tuple[int, int, int, int]:
    return note.onset * _SCALE, note.duration * _SCALE, note.pitch, velocity


def _velocity_by_onset(piece: Piece) -> dict[int, int]:
    velocities: dict[int, int] = {}
    measures = piece.measures()
    measure = next(measures, None)
    for onset in sorted({note.onset for note in piece.notes}):
        while measure is not None and measure.end <= onset:
            measure = next(measures, None)
        velocities[onset] = _VELOCITY + (_accent(onset, measure) if measure else 0)
    return velocities


def _accent(onset: int, measure: Measure) -> int:
    if onset == measure.onset:
        return _DOWNBEAT_ACCENT
    return _BEAT_ACCENT if (onset - measure.onset) % measure.meter.beat_ticks == 0 else 0


def _meters(piece: Piece) -> list[tuple[int, int, int]]:
    """Where each new meter begins."""
    changes = []
    for meter, group in groupby(piece.measures(), key=lambda measure: measure.meter):
        changes.append((next(group).onset * _SCALE, meter.numerator, meter.denominator))
    return changes


def _lasting(data: bytes, end: int) -> bytes:
    """Move the end of every track to the final bar line: a player must not cut the last rest."""
    import mido  # noqa: PLC0415 - heavy, and only needed where files are written

    file = mido.MidiFile(file=io.BytesIO(data), charset="utf-8")
    for track in file.tracks:
        now = sum(message.time for message in track)
        track[-1] = track[-1].copy(time=track[-1].time + max(0, end - now))
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()
