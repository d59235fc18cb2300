"""Rhythm: how long notes are, where in the measure they begin, where the music rests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from scogen_pipeline.metrics.features.reading import Reading, share
from scogen_pipeline.metrics.musical import entropy, note_value_entropy, notes_per_bar, rest_share
from scogen_pipeline.music.duration import TICKS_PER_QUARTER, is_triplet_position

#: Dotted sixteenth to dotted whole, in grid ticks. A dotted quarter in 6/8 is a beat, not a dotted figure.
_DOTTED: Final = (9, 18, 36, 72, 144)


def _duration_share(low: float, high: float) -> Callable[[Reading], float]:
    """Count notes that last from `low` to less than `high` quarters."""

    def of(reading: Reading) -> float:
        notes = reading.piece.notes
        return share(sum(low <= note.duration / TICKS_PER_QUARTER < high for note in notes), len(notes))

    return of


def dotted_share(reading: Reading) -> float:
    """Return the share of notes of a dotted value that is no beat of the meter."""
    beat = reading.piece.meter.beat_ticks
    dotted = [value for value in _DOTTED if value % beat]
    return share(sum(note.duration in dotted for note in reading.piece.notes), len(reading.piece.notes))


def triplet_share(reading: Reading) -> float:
    """Return the share of notes that begin or end between the straight positions."""
    notes = reading.piece.notes
    return share(sum(is_triplet_position(note.onset) or is_triplet_position(note.end) for note in notes), len(notes))


def on_beat_share(reading: Reading) -> float:
    """Return the share of the onsets of the line that are on a beat."""
    beats = set(reading.beats)
    return share(sum(note.onset in beats for note in reading.line), len(reading.line))


def downbeat_share(reading: Reading) -> float:
    """Return the share of measures in which a note of any part begins on the first beat."""
    onsets = {note.onset for note in reading.piece.notes}
    return share(sum(measure.onset in onsets for measure in reading.measures), len(reading.measures))


def syncopation_share(reading: Reading) -> float:
    """Return the share of notes that begin off the beat and sound on through the next one."""
    beat = reading.piece.meter.beat_ticks
    starts = [(note.onset - reading.beats[0]) % beat for note in reading.piece.notes] if reading.beats else []
    held = sum(start and note.duration > beat - start for start, note in zip(starts, reading.piece.notes, strict=True))
    return share(held, len(starts))


def repeated_rhythm_share(reading: Reading) -> float:
    """Return the share of measures whose rhythm in the line has been heard before."""
    return 1 - share(len(set(reading.rhythms)), len(reading.rhythms)) if reading.rhythms else 0.0


def onsets_per_beat(reading: Reading) -> float:
    """Return how many moments of a beat have an onset in any part, on average."""
    return share(len({note.onset for note in reading.piece.notes}), len(reading.beats))


RHYTHM: Final[dict[str, Callable[[Reading], float]]] = {
    "notes_per_bar": lambda reading: notes_per_bar(reading.piece),
    "onsets_per_beat": onsets_per_beat,
    "sixteenth_share": _duration_share(0, 0.5),
    "eighth_share": _duration_share(0.5, 1),
    "quarter_share": _duration_share(1, 2),
    "half_or_longer_share": _duration_share(2, 1000),
    "dotted_share": dotted_share,
    "triplet_share": triplet_share,
    "note_value_entropy_bits": lambda reading: note_value_entropy(reading.piece),
    "on_beat_share": on_beat_share,
    "downbeat_share": downbeat_share,
    "syncopation_share": syncopation_share,
    "rest_share": lambda reading: rest_share(reading.piece),
    "measure_rhythm_entropy_bits": lambda reading: entropy(reading.rhythms),
    "repeated_rhythm_share": repeated_rhythm_share,
}
