"""Where the phrases of a piece end, in whole measures.

Dynamic programming: of all ways to cut the measures into phrases of 1 to 16, the one whose boundaries are strongest and whose
lengths are likeliest. A boundary is strong after a rest or a note longer than its neighbours, where the top part goes on from the
place in the measure at which it began, after a leap, after a tone of the tonic triad, and before measures that come back.

**Conventions.** A phrase that begins with an upbeat belongs to the bar line nearest to its first note; an upbeat from the very
middle of a measure belongs to the bar line after it.

**References.** D. Temperley, *The Cognition of Basic Musical Structures* (2001), ch. 3 (Grouper: gap score, length, parallelism).
E. Cambouropoulos, *The local boundary detection model (LBDM)*, ICMC 2001 (change against the neighbours). The weights are a
logistic regression on the lines of Essen folk songs: see docs/analysis.md.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from scogen_pipeline.analysis.note_columns import FloatArray, NoteColumns, measure_bounds, note_columns, top_line
from scogen_pipeline.analysis.returns import returns_of
from scogen_pipeline.music.piece import Piece

#: Longest phrase in measures.
MAX_PHRASE: Final = 16
#: Log weight of a phrase of 1, 2, ... 16 measures.
_LENGTHS: Final = (-1.75, 0.0, -1.1, 0.0, -1.5, -1.4, -2.2, -0.9, -2.4, -2.2, -2.8, -2.2, -3.1, -3.2, -3.4, -2.6)
#: Log odds of a boundary without any of the following, and before a bar line that no note is near.
_PLAIN: Final = 0.2
_NO_ONSET: Final = -2.0
#: Weight of a distance of onsets, as log2 of how many times the mean of its neighbours it is.
_LOCAL: Final = 0.6
#: The same against the longest distances in the piece.
_STANDING_OUT: Final = 1.05
#: What stands out lasts at least twice the median (as a logarithm) and one and a half beats: else nearly all phrases of dances in
#: even eighths are two measures long.
_TWICE: Final = 1.0
_LONG_BEATS: Final = 1.5
_REST: Final = 1.55
#: What a boundary gains at the place in the measure where the piece began.
_IN_PHASE: Final = 0.85
#: An octave's leap to the new phrase.
_LEAP: Final = 0.75
_TONIC_TRIAD: Final = 0.3
_RUN_BEGINS: Final = 0.35
#: One note in so many ends a phrase, at most; the longest of them are what a boundary is measured against.
_NOTES_PER_BOUNDARY: Final = 12
_TRIAD_STEPS: Final = {"major": (0, 4, 7), "minor": (0, 3, 7)}


def phrases_of(piece: Piece) -> tuple[int, ...]:
    """Return for each measure how many measures its phrase still has, this one included: 1 to 16."""
    if not piece.n_bars:
        return ()
    starts = _best_cuts(_boundary_strengths(piece), has_pickup=_has_pickup(piece))
    ends = [*starts[1:], piece.n_bars]
    return tuple(end - bar for start, end in zip(starts, ends, strict=True) for bar in range(start, end))


def _has_pickup(piece: Piece) -> bool:
    """Tell whether the first measure is at most half full."""
    return bool(piece.notes) and 2 * piece.notes[0].onset >= piece.meter.bar_ticks


def _best_cuts(strengths: FloatArray, *, has_pickup: bool) -> list[int]:
    """Return the first measure of each phrase. A pickup measure does not count towards the length of the first."""
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
    """Return the log odds of a phrase beginning with each measure, `(n_bars,)`."""
    strengths = _line_strengths(piece)
    returns = np.array(returns_of(piece))
    strengths[1:] += _RUN_BEGINS * ((returns[1:] != returns[:-1]) & (returns[1:] > 0))
    return strengths


def _line_strengths(piece: Piece) -> FloatArray:
    """Return for each bar line the log odds of the likeliest boundary of the top line near it."""
    line, bounds, key = top_line(note_columns(piece)), measure_bounds(piece), piece.key
    strengths = np.full(len(bounds) - 1, _NO_ONSET)
    if len(line.onsets) < 3:
        return strengths
    bar = line.measures[1:]
    offsets, lengths = line.onsets[1:] - bounds[bar], bounds[bar + 1] - bounds[bar]
    nearest = bar + (2 * offsets >= lengths)
    is_in_phase = offsets == (line.onsets[0] - bounds[line.measures[0]]) % lengths
    degrees = (line.pitches[:-1] - key.tonic_pitch_class) % 12
    odds = _PLAIN + _gap_strengths(line, piece.meter.beat_ticks) + _IN_PHASE * is_in_phase
    odds += _LEAP * np.minimum(np.abs(np.diff(line.pitches)), 12) / 12 + _TONIC_TRIAD * np.isin(degrees, _TRIAD_STEPS[key.mode])
    is_inside = nearest < len(strengths)
    np.maximum.at(strengths, nearest[is_inside], odds[is_inside])
    return strengths


def _gap_strengths(line: NoteColumns, beat_ticks: int) -> FloatArray:
    """Return what the distance of onsets before each note of a line but the first says of a boundary there."""
    distances = np.diff(line.onsets)
    rests = np.maximum(line.onsets[1:] - line.ends[:-1], 0)
    gaps = distances + rests  # a rest counts twice, as in Grouper
    before, after = np.append(distances[0], distances[:-1]), np.append(distances[1:], distances[-1])
    local = np.log2(gaps / np.sqrt(before * after))
    lengths = np.log2(np.append(gaps, line.durations[-1]))  # the end of the piece is a boundary too
    longest = np.sort(lengths)[-max(1, len(lengths) // _NOTES_PER_BOUNDARY) :].mean()
    longest = max(longest, np.median(lengths) + _TWICE, np.log2(_LONG_BEATS * beat_ticks))
    strengths: FloatArray = _LOCAL * local + _STANDING_OUT * (lengths[:-1] - longest) + _REST * (rests > 0)
    return strengths
