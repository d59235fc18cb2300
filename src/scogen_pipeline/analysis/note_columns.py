"""The notes of a piece as columns of numbers.

**Conventions.** Times are grid ticks from the start of the piece; rows keep the order of `Piece.notes`.
"""

from __future__ import annotations

from itertools import accumulate, chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scogen_pipeline.music.piece import Piece

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


class NoteColumns(NamedTuple):
    """One array of shape `(n_notes,)` a field of `Note`, and the measure that each note begins in."""

    onsets: IntArray
    parts: IntArray
    pitches: IntArray
    durations: IntArray
    measures: IntArray

    @property
    def ends(self) -> IntArray:
        """First tick after each note."""
        return self.onsets + self.durations

    def where(self, chosen: BoolArray) -> NoteColumns:
        """Return the chosen rows."""
        return NoteColumns(*(column[chosen] for column in self))


def note_columns(piece: Piece) -> NoteColumns:
    """Return the notes of a piece as columns."""
    table = np.fromiter(chain.from_iterable(piece.notes), dtype=np.int64, count=4 * len(piece.notes)).reshape(-1, 4)
    measures = np.searchsorted(measure_bounds(piece), table[:, 0], side="right") - 1
    return NoteColumns(table[:, 0], table[:, 1], table[:, 2], table[:, 3], measures)


def measure_bounds(piece: Piece) -> IntArray:
    """Return the first tick of each measure and the end of the piece, shape `(n_bars + 1,)`."""
    return np.array([0, *accumulate(meter.bar_ticks for meter in piece.meters)], dtype=np.int64)


def top_line(notes: NoteColumns) -> NoteColumns:
    """Return the highest note of each onset of the first part that has notes."""
    if not len(notes.onsets):
        return notes
    first = notes.where(notes.parts == notes.parts.min())
    is_highest = np.append(first.onsets[1:] != first.onsets[:-1], True)  # of one onset the last row is the highest
    return first.where(is_highest)
