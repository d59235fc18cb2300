"""Phrases: how long they are, and whether they end like phrases.

**Conventions.** Phrases are those of `analysis.phrases`, in whole measures; what an upbeat leads to begins at the bar line after
it. So the last note of a phrase is not always the last one before the bar line: it is the note of the top line in its last
measure that goes on longest before the next one, of those that reach the second half, of equals the last. It makes a cadence if
it is *long*, half as long again as the notes of the phrase are on average, and *at rest*: the lowest note that sounds with it is
the first or fifth degree of the key.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from statistics import fmean
from typing import Final

from scogen_pipeline.analysis.phrases import phrases_of
from scogen_pipeline.metrics.structure import top_line
from scogen_pipeline.music.interval import FIFTH
from scogen_pipeline.music.piece import Measure, Note, Piece

_REGULAR: Final = (4, 8)
_LONG: Final = 1.5


def regular_phrase_share(piece: Piece) -> float:
    """Return the share of phrases that have 4 or 8 measures; NaN without measures."""
    lengths = [last - first for first, last in phrase_bounds(piece)]
    return fmean(length in _REGULAR for length in lengths) if lengths else math.nan


def cadence_share(piece: Piece) -> float:
    """Return the share of phrases that end with a cadence, of those in which the top line has two notes; NaN if none has."""
    endings = [_is_cadence(piece, notes, measure) for notes, measure in _top_notes(piece) if len(notes) > 1]
    return fmean(endings) if endings else math.nan


def phrase_bounds(piece: Piece) -> list[tuple[int, int]]:
    """Return the first measure of each phrase, from 0, and the first one after it."""
    left = phrases_of(piece)
    starts = [0, *(bar for bar in range(1, len(left)) if left[bar - 1] == 1)] if left else []
    return list(pairwise([*starts, len(left)])) if starts else []


def _top_notes(piece: Piece) -> Iterator[tuple[list[Note], Measure]]:
    """Yield the notes of the top line of each phrase, and its last measure."""
    measures = list(piece.measures())
    line = top_line(piece)
    for first, last in phrase_bounds(piece):
        final = measures[last - 1]
        yield [note for note in line if measures[first].onset <= note.onset < final.end], final


def _last_note(notes: list[Note], measure: Measure) -> Note:
    """Return the note that ends a phrase, before the upbeat to the next."""
    nexts = [*(note.onset for note in notes[1:]), measure.end]
    middle = (measure.onset + measure.end) / 2
    lengths = [(end - note.onset, note) for note, end in zip(notes, nexts, strict=True) if note.onset >= measure.onset]
    reaching = [(length, note) for length, note in lengths if note.onset + length >= middle]
    return max(reaching, default=(0, notes[-1]))[1]


def _is_cadence(piece: Piece, notes: list[Note], measure: Measure) -> bool:
    last = _last_note(notes, measure)
    if last.duration < _LONG * fmean(note.duration for note in notes):
        return False
    lowest = min(note.pitch for note in piece.notes if note.onset <= last.onset < note.end)
    return (lowest - piece.key.tonic_pitch_class) % 12 in (0, FIFTH)
