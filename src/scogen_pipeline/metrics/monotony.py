"""Monotony: a figure that never leaves its notes, a hand that never plays.

Self-similarity compares whole measures; what goes to and fro within one it does not see.

**Conventions.** Shares are 0 to 1. The top line is the highest note of each onset of the top part.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from statistics import fmean
from typing import Final

from scogen_pipeline.metrics.structure import top_line
from scogen_pipeline.music.piece import Piece

#: What `monotony` tells.
MONOTONY: Final = ("oscillation_share", "fresh_pitch_share", "silent_measure_share")


def monotony(piece: Piece) -> dict[str, float]:
    """Return the three figures by name; NaN where one is not defined."""
    figures = (oscillation_share(piece), fresh_pitch_share(piece), silent_measure_share(piece))
    return dict(zip(MONOTONY, figures, strict=True))


def oscillation_share(piece: Piece) -> float:
    """Return the share of notes of the top line that go back to the pitch before the last one; NaN of fewer than three notes."""
    pitches = [note.pitch for note in top_line(piece)]
    steps = list(zip(pitches, pitches[1:], pitches[2:], strict=False))
    return fmean(first == third != second for first, second, third in steps) if steps else math.nan


def fresh_pitch_share(piece: Piece) -> float:
    """Return how many different pitches there are among the notes that the top line begins in a measure, as a share of them.

    The mean of the measures that have any; NaN if none has.
    """
    bars, line = _bar_onsets(piece), top_line(piece)
    pitches: list[list[int]] = [[] for _ in bars]
    for note in line:
        pitches[bisect_right(bars, note.onset) - 1].append(note.pitch)
    shares = [len(set(each)) / len(each) for each in pitches if each]
    return fmean(shares) if shares else math.nan


def silent_measure_share(piece: Piece) -> float:
    """Return the share of measures in which a part is silent, the mean of the parts; NaN without measures."""
    bars = _bar_onsets(piece)
    if not bars or not piece.parts:
        return math.nan
    sounding = {
        (note.part, bar)
        for note in piece.notes
        for bar in range(bisect_right(bars, note.onset) - 1, bisect_right(bars, note.end - 1))
    }
    return 1 - len(sounding) / (len(bars) * len(piece.parts))


def _bar_onsets(piece: Piece) -> list[int]:
    return [measure.onset for measure in piece.measures()]
