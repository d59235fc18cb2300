"""Where systems end: as few as fit, and each about as full as the others.

Verovio and MuseScore fill each system greedily, so that an eight-bar tune becomes five bars and a ragged three. An engraver
casts off first: the same number of systems, with the bars shared out evenly.

**Conventions.** Widths are page units at a staff size of one; only their ratios to the capacity matter.

**References**: D. Knuth and M. Plass, Breaking Paragraphs into Lines (1981), of which this is the case without hyphens.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

MAX_FULLNESS = 1.03
"""How much wider than the line the music of a system may be, to be squeezed into it."""


PHRASES = (8, 4)
"""Bars of a system, longest first."""

MIN_PHRASE_FULLNESS = 0.66
"""Below it, bars are stretched to more than one and a half of their width."""


class MeasureWidths(NamedTuple):
    """What the music wants, unstretched.

    Args:
        measures: Width of each measure, without clef, key and meter at the start of a system.
        first_head: Width of what precedes the music on the first system: part names, clef, key, meter.
        later_head: The same for the other systems.
        has_pickup: Whether the first measure is a pickup, which does not count among the bars of a system.
    """

    measures: tuple[float, ...]
    first_head: float
    later_head: float
    has_pickup: bool = False


def system_starts(widths: MeasureWidths, line_width: float) -> tuple[int, ...]:
    """Return the index of the first measure of each system, 0 first.

    Systems of eight or four bars are preferred where they are well filled, as tunes are printed; else the systems are as few as
    fit. A measure that is wider than the line has a system for itself.

    >>> system_starts(MeasureWidths((10.0,) * 8, 5.0, 5.0), 55.0)
    (0, 4)
    """
    return _phrases(widths, line_width) or _fewest(widths, line_width)


def _phrases(widths: MeasureWidths, line_width: float) -> tuple[int, ...]:
    """Return systems of equal length, the first with the pickup besides, or nothing if they do not fill the lines."""
    n_measures, first = len(widths.measures), int(widths.has_pickup)
    for length in PHRASES:
        starts = (0, *range(first + length, n_measures, length))
        is_regular = (n_measures - first) % length == 0 and n_measures >= 2 * length
        fills = fullness(widths, line_width, starts) if is_regular else ()
        if fills and min(fills) >= MIN_PHRASE_FULLNESS and max(fills) <= MAX_FULLNESS:
            return starts
    return ()


def _fewest(widths: MeasureWidths, line_width: float) -> tuple[int, ...]:
    """Return as few systems as fit, each about as full as the others."""
    n_measures = len(widths.measures)
    ends = list(itertools.accumulate(widths.measures, initial=0.0))
    # best[end]: (number of systems, unevenness, start of the last system) for the first `end` measures.
    best: list[tuple[int, float, int]] = [(0, 0.0, 0)]
    for end in range(1, n_measures + 1):
        options = []
        for start in range(end - 1, -1, -1):
            filled = (_head(widths, start) + ends[end] - ends[start]) / line_width
            if filled > MAX_FULLNESS and start < end - 1:
                break
            n_systems, unevenness, _ = best[start]
            options.append((n_systems + 1, unevenness + (1 - filled) ** 2, start))
        best.append(min(options))
    return _trace(best)


def _trace(best: Sequence[tuple[int, float, int]]) -> tuple[int, ...]:
    starts: list[int] = []
    end = len(best) - 1
    while end > 0:
        end = best[end][2]
        starts.append(end)
    return tuple(reversed(starts))


def fullness(widths: MeasureWidths, line_width: float, starts: Sequence[int]) -> tuple[float, ...]:
    """Return how much of each system the music fills before it is stretched, 1 for all of it."""
    spans = itertools.pairwise([*starts, len(widths.measures)])
    return tuple((_head(widths, start) + math.fsum(widths.measures[start:end])) / line_width for start, end in spans)


def _head(widths: MeasureWidths, start: int) -> float:
    return widths.later_head if start else widths.first_head
