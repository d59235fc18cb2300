"""Where the phrases of a piece end, in whole measures.

Dynamic programming: of all ways to cut the measures into phrases of 1 to 16, the one whose boundaries are strongest and whose
lengths are likeliest. A boundary is strong after a long note or a rest of the top part, after a cadence, and before a measure
that brings back an earlier beginning.

**Conventions.** A phrase that begins with an upbeat belongs to the bar line nearest to its first note; an upbeat from the very
middle of a measure belongs to the bar line after it.

**References.** D. Temperley, *The Cognition of Basic Musical Structures* (2001), ch. 3 (Grouper: gap score, length, parallelism).
E. Cambouropoulos, *The local boundary detection model (LBDM)*, ICMC 2001.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from scogen_pipeline.analysis.chords import Chord, chords_of
from scogen_pipeline.analysis.note_columns import FloatArray, IntArray, NoteColumns, measure_bounds, note_columns, top_line
from scogen_pipeline.analysis.returns import returns_of
from scogen_pipeline.music.piece import Piece

#: Longest phrase in measures.
MAX_PHRASE: Final = 16
#: Log weight of a phrase of 1, 2, ... 16 measures.
_LENGTHS: Final = (-3.5, -0.9, -1.5, 0.0, -1.4, -1.5, -2.6, -1.0, -3.0, -3.2, -3.8, -3.2, -4.2, -4.4, -4.6, -3.6)
_GAP: Final = 1.6
_PARALLEL: Final = 1.0
_CADENCE: Final = 0.6
#: Level that a boundary must pass to be worth more than none.
_BIAS: Final = 1.6
#: How much less a boundary counts that is not where the piece began in its measure.
_OUT_OF_PHASE: Final = 0.5


def phrases_of(piece: Piece) -> tuple[int, ...]:
    """Return for each measure how many measures its phrase still has, this one included: 1 to 16."""
    if not piece.n_bars:
        return ()
    strengths = _boundary_strengths(piece)
    starts = _best_cuts(strengths, has_pickup=_has_pickup(piece))
    ends = [*starts[1:], piece.n_bars]
    return tuple(end - bar for start, end in zip(starts, ends, strict=True) for bar in range(start, end))


def _has_pickup(piece: Piece) -> bool:
    """Tell whether the first measure is at most half full."""
    return bool(piece.notes) and 2 * piece.notes[0].onset >= piece.meter.bar_ticks


def _best_cuts(strengths: FloatArray, *, has_pickup: bool) -> list[int]:
    """Return the first measure of each phrase."""
    n_bars = len(strengths)
    best, back = np.full(n_bars + 1, -np.inf), np.zeros(n_bars + 1, dtype=np.int64)
    best[0] = 0.0
    lengths = np.array(_LENGTHS)
    for end in range(1, n_bars + 1):
        first = max(0, end - MAX_PHRASE)
        span = np.arange(end - first, 0, -1)
        if has_pickup and first == 0 and end > 1:
            span[0] -= 1
        reached = best[first:end] + lengths[span - 1]
        choice = int(reached.argmax())
        back[end] = first + choice
        best[end] = reached[choice] + (strengths[end] if end < n_bars else 0.0)
    cuts = [int(back[n_bars])]
    while cuts[-1] > 0:
        cuts.append(int(back[cuts[-1]]))
    return cuts[::-1]


def _boundary_strengths(piece: Piece) -> FloatArray:
    """Return the log weight of a phrase beginning with each measure, `(n_bars,)`."""
    bounds = measure_bounds(piece)
    line = top_line(note_columns(piece))
    gaps = _gap_strengths(line, bounds)
    chords = chords_of(piece)
    cadences = np.array([0.0, *(_is_cadence(*pair) for pair in zip(((), *chords[:-1]), chords[:-1], strict=False))])[
        : piece.n_bars
    ]
    returns = np.array(returns_of(piece))
    begins_run = np.append(False, (returns[1:] != returns[:-1]) & (returns[1:] > 0))
    return _GAP * gaps + _CADENCE * cadences + _PARALLEL * begins_run - _BIAS


def _gap_strengths(line: NoteColumns, bounds: IntArray) -> FloatArray:
    """Return the greatest gap before an onset near each bar line, in mean distances of onsets, as a logarithm."""
    strengths = np.zeros(len(bounds) - 1)
    if len(line.onsets) < 3:
        return strengths
    intervals = np.diff(line.onsets)
    rests = np.maximum(line.onsets[1:] - line.ends[:-1], 0)
    gaps = np.log2((intervals + rests) / np.median(intervals))
    measures = line.measures[1:]
    offsets = line.onsets[1:] - bounds[measures]
    lengths = bounds[measures + 1] - bounds[measures]
    nearest = measures + (2 * offsets >= lengths)
    phase = (line.onsets[0] - bounds[line.measures[0]]) % lengths
    strength = np.maximum(gaps, 0.0) - _OUT_OF_PHASE * (offsets != phase)
    inside = nearest < len(strengths)
    np.maximum.at(strengths, nearest[inside], strength[inside])
    return strengths


def _is_cadence(before: tuple[Chord | None, ...], chords: tuple[Chord | None, ...]) -> bool:
    """Tell whether a measure ends with a chord reached from the dominant a fifth above."""
    heard = [chord for chord in (*before[-1:], *chords) if chord is not None]
    distinct = [chord for index, chord in enumerate(heard) if index == 0 or chord != heard[index - 1]]
    if len(distinct) < 2:
        return False
    dominant, tonic = distinct[-2:]
    return (
        (dominant.root - tonic.root) % 12 == 7
        and dominant.quality in ("major", "dominant")
        and tonic.quality in ("major", "minor")
    )
