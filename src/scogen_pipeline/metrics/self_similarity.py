"""Measures that come back: how like each other the measures of a piece are, near and far.

**Conventions.** Shares are 0 to 1. Empty measures are not counted, neither as what comes back nor as what is returned to. Two
measures are compared over all parts: *exactly* alike are measures of the same notes, *nearly* alike those that have three
quarters of their (onset, part, pitch) in common (Jaccard), alike *in rhythm* those of the same (onset, part, duration), alike *in
pitch* those of the same pitches in order. A measure returns if it is like any measure before it.

**References.** J. Foote, *Visualizing Music and Audio Using Self-Similarity*, ACM Multimedia 1999.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from statistics import fmean
from typing import Final

from scogen_pipeline.music.piece import Piece

#: Distances in measures at which self-similarity is told.
DISTANCES: Final = tuple(range(1, 17))
#: What `return_shares` tells.
RETURN_SHARES: Final = ("exact_return_share", "near_return_share", "rhythm_return_share", "pitch_return_share")
_NEAR: Final = 0.75
#: Onset in the measure, part, pitch, duration.
_Sounding = tuple[int, int, int, int]
_Measure = tuple[_Sounding, ...]


def measures_of(piece: Piece) -> list[_Measure]:
    """Return the notes of each measure, their onsets counted from its bar line."""
    measures = list(piece.measures())
    notes: list[list[_Sounding]] = [[] for _ in measures]
    index = 0
    for note in piece.notes:
        while note.onset >= measures[index].end:
            index += 1
        notes[index].append((note.onset - measures[index].onset, note.part, note.pitch, note.duration))
    return [tuple(each) for each in notes]


def similarity(piece: Piece, distance: int) -> float:
    """Return how like measures are that lie `distance` apart, 0 to 1 on average; NaN if no two do."""
    measures = _attacks(measures_of(piece))
    pairs = [(a, b) for a, b in zip(measures, measures[distance:], strict=False) if a and b]
    return fmean(_jaccard(a, b) for a, b in pairs) if pairs else math.nan


def return_shares(piece: Piece) -> dict[str, float]:
    """Return the share of measures that come back exactly, nearly, in rhythm and in pitch."""
    measures = [measure for measure in measures_of(piece) if measure]
    attacks = _attacks(measures)
    is_near = [any(_jaccard(b, a) >= _NEAR for a in attacks[:index]) for index, b in enumerate(attacks)]
    shares = (
        _returning(measures, lambda measure: measure),
        fmean(is_near) if is_near else math.nan,
        _returning(measures, lambda measure: frozenset((onset, part, duration) for onset, part, _, duration in measure)),
        _returning(measures, lambda measure: tuple((part, pitch) for _, part, pitch, _ in measure)),
    )
    return dict(zip(RETURN_SHARES, shares, strict=True))


def _returning(measures: Sequence[_Measure], face: Callable[[_Measure], Hashable]) -> float:
    """Return the share of measures of which an earlier one has the same face."""
    return 1 - len({face(measure) for measure in measures}) / len(measures) if measures else math.nan


def _attacks(measures: Sequence[_Measure]) -> list[frozenset[tuple[int, int, int]]]:
    return [frozenset((onset, part, pitch) for onset, part, pitch, _ in measure) for measure in measures]


def _jaccard(a: frozenset[tuple[int, int, int]], b: frozenset[tuple[int, int, int]]) -> float:
    return len(a & b) / len(a | b)
