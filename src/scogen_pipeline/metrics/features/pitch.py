"""Pitch: which notes of the scale a piece uses, and how its top line moves."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby, pairwise
from typing import Final

from scogen_pipeline.metrics.features.reading import Reading, share
from scogen_pipeline.metrics.musical import entropy, key_consistency, pitch_class_entropy, scale_consistency
from scogen_pipeline.music.interval import LARGEST_STEP

_SMALLEST_LEAP: Final = 5
_SMALLEST_WIDE_LEAP: Final = 8


def _degree_share(degree: int) -> Callable[[Reading], float]:
    def of(reading: Reading) -> float:
        return share(sum(reading.degree(note.pitch) == degree for note in reading.piece.notes), len(reading.piece.notes))

    return of


def _interval_share(low: int, high: int) -> Callable[[Reading], float]:
    def of(reading: Reading) -> float:
        return share(sum(low <= abs(interval) <= high for interval in reading.intervals), len(reading.intervals))

    return of


def line_range(reading: Reading) -> float:
    """Return the semitones between the lowest and the highest note of the line."""
    pitches = [note.pitch for note in reading.line]
    return float(max(pitches) - min(pitches)) if pitches else 0.0


def turn_share(reading: Reading) -> float:
    """Return the share of the moves of the line that change the direction of the move before."""
    return share(sum(a * b < 0 for a, b in pairwise(reading.moves)), max(0, len(reading.moves) - 1))


def recovered_leap_share(reading: Reading) -> float:
    """Return the share of the leaps of a fourth or more that a step back follows."""
    after = [b for a, b in pairwise(reading.intervals) if abs(a) >= _SMALLEST_LEAP]
    leaps = [a for a, _ in pairwise(reading.intervals) if abs(a) >= _SMALLEST_LEAP]
    return share(sum(a * b < 0 and abs(b) <= LARGEST_STEP for a, b in zip(leaps, after, strict=True)), len(leaps))


def scale_run_length(reading: Reading) -> float:
    """Return the mean number of steps in a row in one direction."""
    kinds = [move > 0 if abs(move) <= LARGEST_STEP else None for move in reading.moves]
    runs = [len(list(group)) for kind, group in groupby(kinds) if kind is not None]
    return share(sum(runs), len(runs))


#: Of all notes, and of the top line.
PITCH: Final[dict[str, Callable[[Reading], float]]] = {
    "pitch_class_entropy_bits": lambda reading: pitch_class_entropy(reading.piece),
    "scale_consistency": lambda reading: scale_consistency(reading.piece),
    "chromatic_share": lambda reading: 1 - key_consistency(reading.piece),
    "tonic_share": _degree_share(0),
    "fifth_share": _degree_share(7),
    "line_range_semitones": line_range,
    "line_pitch_entropy_bits": lambda reading: entropy(note.pitch for note in reading.line),
    "repeated_note_share": _interval_share(0, 0),
    "step_share": _interval_share(1, LARGEST_STEP),
    "third_share": _interval_share(3, 4),
    "leap_share": _interval_share(_SMALLEST_LEAP, 127),
    "wide_leap_share": _interval_share(_SMALLEST_WIDE_LEAP, 127),
    "interval_entropy_bits": lambda reading: entropy(reading.intervals),
    "turn_share": turn_share,
    "recovered_leap_share": recovered_leap_share,
    "scale_run_length": scale_run_length,
}
