"""Tracks to staves: which part each track is, and which hand plays it.

A keyboard file may hold one track, one a hand, or more. Two or more are given to the hands by their mean pitch; a single one is
split by a moving boundary, which is right for 90 % of the notes where middle C is right for 85 %.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from scogen_pipeline.music.instruments import INSTRUMENTS, Instrument, instrument_of_track
from scogen_pipeline.music.piece import Part, parts_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scogen_pipeline.tokens.gridding import IntArray

_MIDDLE_C: Final = 60
#: How far the boundary between the hands moves towards the middle of each onset's notes.
_BOUNDARY_PULL: Final = 0.15
#: Widest stretch of one hand in semitones.
_HAND_SPAN: Final = 16


class TrackNotes(NamedTuple):
    """The notes of one track on the grid: a name, a program, and three arrays of shape `(n,)` in the order of onsets."""

    name: str
    program: int
    onsets: IntArray
    pitches: IntArray
    durations: IntArray


class Staff(NamedTuple):
    """A part and its notes."""

    part: Part
    onsets: IntArray
    pitches: IntArray
    durations: IntArray


def staves_of(tracks: Sequence[TrackNotes]) -> list[Staff]:
    """Turn the tracks of a file into staves, in the order of the tracks; keyboard hands as right, left.

    Tracks of a grand-staff instrument become one instrument. A lone track that sounds chords is a piano, whatever it says.
    """
    instruments = [_instrument_of(track, is_alone=len(tracks) == 1) for track in tracks]
    keyboard = next((instrument for instrument in instruments if instrument.has_grand_staff), None)
    staves: list[Staff] = []
    singles = tuple(instrument for instrument in instruments if not instrument.has_grand_staff)
    single_parts = iter(parts_for(singles))
    for track, instrument in zip(tracks, instruments, strict=True):
        if not instrument.has_grand_staff:
            staves.append(Staff(next(single_parts), track.onsets, track.pitches, track.durations))
        elif not any(staff.part.hand for staff in staves):
            hands = [each for each, its in zip(tracks, instruments, strict=True) if its.has_grand_staff]
            staves += _hands(hands, keyboard or instrument)
    return staves


def _instrument_of(track: TrackNotes, *, is_alone: bool) -> Instrument:
    instrument = instrument_of_track(track.program, track.name)
    has_chords = len(np.unique(track.onsets)) < 0.9 * len(track.onsets)
    return INSTRUMENTS["piano"] if is_alone and has_chords and instrument.max_notes == 1 else instrument


def _hands(tracks: Sequence[TrackNotes], instrument: Instrument) -> list[Staff]:
    """Share keyboard tracks out between the hands."""
    onsets, pitches, durations = (np.concatenate([track[field] for track in tracks]) for field in (2, 3, 4))
    order = np.lexsort((pitches, onsets))
    if len(tracks) == 1:
        is_right = _split(onsets[order], pitches[order])
    else:
        means = [float(track.pitches.mean()) for track in tracks]
        boundary = sum(means) / 2 if len(tracks) == 2 else float(_MIDDLE_C)
        sides = [np.full(len(track.onsets), mean >= boundary) for track, mean in zip(tracks, means, strict=True)]
        is_right = np.concatenate(sides)[order]
    right, left = parts_for((instrument,))
    return [
        Staff(part, onsets[order][chosen], pitches[order][chosen], durations[order][chosen])
        for part, chosen in ((right, is_right), (left, ~is_right))
    ]


def _split(onsets: IntArray, pitches: IntArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell for each note of a single keyboard track whether the right hand plays it, by a moving boundary."""
    is_right = np.zeros(len(onsets), dtype=np.bool_)
    boundary = float(_MIDDLE_C)
    starts = np.flatnonzero(np.diff(onsets, prepend=-1))
    for start, stop in zip(starts, np.append(starts[1:], len(onsets)), strict=True):
        chord = pitches[start:stop]
        low, high = int(chord.min()), int(chord.max())
        if high - low > _HAND_SPAN:
            gaps = np.diff(chord)
            widest = int(gaps.argmax())
            here = (chord[widest] + chord[widest + 1]) / 2
        else:
            here = boundary
        is_right[start:stop] = chord >= here
        centre = (low + high) / 2 if high - low > _HAND_SPAN else _MIDDLE_C
        boundary += _BOUNDARY_PULL * (centre - boundary)
    return is_right
