"""Which pitches close a piece: the dominant that leads, the tonic that ends.

**Conventions.** Pitch classes and pitches are normal: in C major or A minor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from scogen_pipeline.music.key import Mode
    from scogen_pipeline.sampling.plan import Plan

_TONIC: Final[dict[Mode, int]] = {"major": 0, "minor": 9}
_TRIAD: Final[dict[Mode, frozenset[int]]] = {"major": frozenset({0, 4, 7}), "minor": frozenset({9, 0, 4})}
#: Semitones above the tonic of the dominant seventh: fifth, leading note, second, fourth.
_DOMINANT_SEVENTH: Final = (7, 11, 2, 5)
_ALL: Final = frozenset(range(12))

#: Log weight of a pitch that opens a piece outside the tonic triad.
_OPENING_WEIGHT: Final = -1.5


def opening_leaning(pitch: int, mode: Mode) -> float:
    """Return the log weight of a pitch that begins with the piece: most pieces open on their tonic triad, not all."""
    return 0.0 if pitch % 12 in _TRIAD[mode] else _OPENING_WEIGHT


def closing_pitch_classes(plan: Plan, part: int, onset: int, end: int, *, is_lowest: bool) -> frozenset[int]:
    """Return the pitch classes that a note may have, so that the piece closes on a cadence to the tonic.

    Everything before the last beat of the last measure but one is free. From there the dominant sounds, in the bass by its
    root; the last measure holds the tonic triad, the tonic itself below it and, in a single line, at the end.

    Args:
        plan: Where the dominant and the tonic begin.
        part: Index of the part.
        onset: First tick of the note.
        end: First tick after the note.
        is_lowest: Whether it is the lowest of the equally long notes of its part at this onset.
    """
    tonic = _TONIC[plan.key.mode]
    is_bass = part == plan.bass and len(plan.parts) > 1 and is_lowest
    if onset >= plan.final_onset:
        is_last_of_line = len(plan.parts) == 1 and end == plan.end
        return frozenset({tonic}) if is_bass or is_last_of_line else _TRIAD[plan.key.mode]
    if end > plan.dominant_onset:
        degrees = _DOMINANT_SEVENTH[:1] if is_bass else _DOMINANT_SEVENTH
        return frozenset((tonic + degree) % 12 for degree in degrees)
    return _ALL
