"""The lines of a piece as numbers that stay the same in another key and at another speed.

A line is the highest note of each onset of one part. Between two notes there is a step: the interval and the ratio of the
durations. A gram is eight notes, seven steps, as one number; equal music has equal numbers, and nobody can read the music off
them.

**Conventions.** Positions count the notes of a line from 0, measures the measures of the piece from 0. A note is counted, not a
step: a run of eight notes is one gram.

**References.** S. Schleimer, D. Wilkerson and A. Aiken, *Winnowing: Local Algorithms for Document Fingerprinting*, SIGMOD 2003,
for comparing texts by the hashes of their grams.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from scogen_pipeline.analysis.note_columns import IntArray, NoteColumns, note_columns
from scogen_pipeline.music.piece import Piece

HashArray = npt.NDArray[np.uint64]

#: Notes in a gram: fewer are everybody's.
GRAM: Final = 8
_MULTIPLIER: Final = 0x9E3779B97F4A7C15


class Line(NamedTuple):
    """One line of a piece.

    Args:
        part: The part that it is taken from.
        notes: Its notes, `(n,)` each.
        hashes: Of the grams that begin with each note but the last seven, `(n - 7,)`.
    """

    part: int
    notes: NoteColumns
    hashes: HashArray


def lines_of(piece: Piece) -> list[Line]:
    """Return the lines of a piece that have at least eight notes, top part first."""
    notes = note_columns(piece)
    lines = []
    for part in range(len(piece.parts)):
        of_part = notes.where(notes.parts == part)
        if len(of_part.onsets) >= GRAM:
            # Of one onset the last note is the highest.
            line = of_part.where(np.append(of_part.onsets[1:] != of_part.onsets[:-1], True))
            if len(line.onsets) >= GRAM:
                lines.append(Line(part, line, gram_hashes(line.pitches, line.durations)))
    return lines


def gram_hashes(pitches: IntArray, durations: IntArray) -> HashArray:
    """Return the hash of each gram of a line of at least eight notes, shape `(n - 7,)`."""
    shared = np.gcd(durations[1:], durations[:-1])
    # A duration is at most 16 bits long: 128 measures of 4/2 are 24,576 ticks.
    steps = (np.diff(pitches) + 128) | (durations[1:] // shared) << 8 | (durations[:-1] // shared) << 24
    mixed = _mixed(steps.astype(np.uint64))
    n_steps = GRAM - 1
    total = np.zeros(len(mixed) - n_steps + 1, np.uint64)
    for offset in range(n_steps):
        total = total * np.uint64(_MULTIPLIER) + mixed[offset : offset + len(total)]
    return _mixed(total)


def _mixed(values: HashArray) -> HashArray:
    """Spread the bits of each value over all 64 (the finaliser of SplitMix64)."""
    values = (values + np.uint64(_MULTIPLIER)) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
