"""One layer of one measure as note values: what a reader needs to see of the beat, and nothing that hides it.

Why not the fewest notes: a player counts beats, so a note that crosses one is split and tied unless the pattern is one that
everybody reads at sight (a note from a stronger place, short-long-short syncopation).

**Conventions**

- Times are grid ticks from the start of the measure. A *span* is sound (or silence) without interruption, a *figure* is one
  written notehead or rest. Spans fill the measure without a gap, or what is printed of it (a pickup is its end); so do figures.
- Off-grid boundaries (no multiple of 3 ticks) are written as triplets in windows of an eighth to a whole note. Every tick of the
  grid can be written, so no note is ever lost.

**References.** Gould, *Behind Bars*, pp. 151-171 (notes and rests), 193-215 (tuplets).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from scogen_pipeline.music.meter import Meter
from scogen_pipeline.notation.grouping import Group, metrical_tree


class Value(NamedTuple):
    """How a notehead or rest looks: MusicXML type, dots, and whether it is in a triplet."""

    type: str
    dots: int = 0
    is_triplet: bool = False


class Span(NamedTuple):
    """A stretch of one layer; `chord` is an index given by the caller, `None` for silence."""

    start: int
    end: int
    chord: int | None


class Figure(NamedTuple):
    """One written notehead (chord) or rest.

    Args:
        start: Ticks from the start of the measure.
        ticks: Duration.
        value: How it looks.
        chord: Index of the chord, `None` for a rest.
        window: Start of its triplet window, `None` outside triplets.
    """

    start: int
    ticks: int
    value: Value
    chord: int | None
    window: int | None = None

    @property
    def end(self) -> int:
        """First tick after the figure."""
        return self.start + self.ticks


_TYPES: Final = ("breve", "whole", "half", "quarter", "eighth", "16th", "32nd", "64th")
#: ticks -> look, outside triplets. Double dots only down to the eighth; the grid has no shorter ones.
STRAIGHT: Final = {
    **{192 >> i: Value(_TYPES[i]) for i in range(7)},
    **{(192 >> i) * 3 // 2: Value(_TYPES[i], 1) for i in range(1, 6)},
    **{(192 >> i) * 7 // 4: Value(_TYPES[i], 2) for i in range(2, 5)},
}
#: ticks -> look, three in the time of two.
TRIPLET: Final = {
    **{128 >> i: Value(_TYPES[i], 0, True) for i in range(8)},
    **{(128 >> i) * 3 // 2: Value(_TYPES[i], 1, True) for i in range(7)},
}

#: Window length -> cost of a triplet there. A window of an eighth is dear unless all three sixteenths sound in it.
_WINDOW_COST: Final = {24: 0.5, 48: 0.6, 96: 0.7, 12: 0.8, 6: 1.2}
_FULL_EIGHTH_COST: Final = 0.2
#: Windows begin and end at multiples of a sixteenth note.
_STEP: Final = 6


class _Window(NamedTuple):
    start: int
    length: int


def write_figures(spans: Sequence[Span], meter: Meter) -> tuple[Figure, ...]:
    """Write the spans of one layer of one measure.

    Args:
        spans: In order, without gaps, filling what is printed of the measure.
        meter: Meter of the measure.
    """
    boundaries = sorted({span.start for span in spans} | {spans[-1].end})
    windows = triplet_windows(boundaries, meter)
    figures: list[Figure] = []
    for span in spans:
        for start, end, window in _cut(span.start, span.end, windows):
            figures += _in_window(span, start, end, window) if window else _straight(span, start, end, meter)
    return tuple(figures)


def _cut(start: int, end: int, windows: Iterable[_Window]) -> list[tuple[int, int, _Window | None]]:
    """Cut a stretch where triplet windows begin and end."""
    pieces: list[tuple[int, int, _Window | None]] = []
    for window in windows:
        window_end = window.start + window.length
        if window_end <= start or window.start >= end:
            continue
        if start < window.start:
            pieces.append((start, window.start, None))
        pieces.append((max(start, window.start), min(end, window_end), window))
        start = min(end, window_end)
    return [*pieces, (start, end, None)] if start < end else pieces


def _in_window(span: Span, start: int, end: int, window: _Window) -> list[Figure]:
    """Write a stretch inside a triplet window, longest values first; all of a window held through is plain."""
    figures = []
    while start < end:
        ticks = max(value for value in TRIPLET if value <= end - start)
        figures.append(Figure(start, ticks, TRIPLET[ticks], span.chord, window.start))
        start += ticks
    return figures


def _straight(span: Span, start: int, end: int, meter: Meter) -> list[Figure]:
    bounds = _split(start, end, metrical_tree(meter), is_rest=span.chord is None)
    return [Figure(a, b - a, STRAIGHT[b - a], span.chord) for a, b in bounds]


def _split(start: int, end: int, tree: Group, *, is_rest: bool) -> list[tuple[int, int]]:
    group = tree.holding(start, end)
    if (rest_fits if is_rest else note_fits)(group, start, end):
        return [(start, end)]
    inside = [boundary for boundary in group.boundaries if start < boundary < end]
    is_aligned = start == group.start or start in group.boundaries
    # From a strong place the long value comes first (dotted half tied to dotted quarter), from a weak one the beat is reached.
    at = inside[-1] if is_aligned and not is_rest else inside[0]
    return _split(start, at, tree, is_rest=is_rest) + _split(at, end, tree, is_rest=is_rest)


def note_fits(group: Group, start: int, end: int) -> bool:
    """Tell whether one notehead may show `start` to `end`, whose smallest containing group is `group`."""
    ticks, offset = end - start, start - group.start
    value = STRAIGHT.get(ticks)
    if value is None:
        return False
    if group.kind == "pair":
        return offset == 0 or _is_simple_syncopation(group, offset, ticks)
    if group.kind == "beats":
        edges = (group.start, *group.boundaries, group.end)
        return start in edges and end in edges
    if group.kind in ("triple", "compound"):
        third = group.length // 3
        is_duplet = group.kind == "compound" and end == group.end and 2 * ticks == group.length
        return (offset % third == 0 and value.dots < 2) or (ticks == third and 2 * offset % third == 0) or is_duplet
    return offset == 0


def _is_simple_syncopation(group: Group, offset: int, ticks: int) -> bool:
    """Short-long-short, and short-long within half a measure of 4/4 (the Scotch snap)."""
    unit = group.length // 4
    return offset == unit and (ticks == 2 * unit or (ticks == 3 * unit and group.length <= 48))


def rest_fits(group: Group, start: int, end: int) -> bool:
    """Tell whether one rest may show `start` to `end`: rests show every beat, and are dotted in compound beats only."""
    ticks, offset = end - start, start - group.start
    if ticks not in STRAIGHT or offset != 0:
        return False
    if ticks == group.length:
        return True
    if group.kind == "compound":
        return 3 * ticks == 2 * group.length
    return group.kind == "pair" and 4 * ticks == 3 * group.length and group.length <= 24


def triplet_windows(boundaries: Sequence[int], meter: Meter) -> tuple[_Window, ...]:
    """Choose the triplet windows of one layer of one measure: those that need the fewest ties and the plainest values.

    A shortest path over the measure in steps of a sixteenth; each step is straight or a triplet window.

    Args:
        boundaries: Where spans begin, and where the last one ends; ascending.
        meter: Meter of the measure.
    """
    if all(boundary % 3 == 0 for boundary in boundaries):
        return ()
    best: dict[int, tuple[float, tuple[_Window, ...]]] = {0: (0.0, ())}
    for start in range(0, meter.bar_ticks, _STEP):
        cost, windows = best[start]
        steps = [(_STEP, 0.0, windows)] if _is_straight(boundaries, start) else []
        for length in _WINDOW_COST:
            window_cost = _window_cost(boundaries, start, length, meter)
            if window_cost is not None:
                steps.append((length, window_cost, (*windows, _Window(start, length))))
        for length, step_cost, chosen in steps:
            if start + length not in best or best[start + length][0] > cost + step_cost + 1e-9:
                best[start + length] = (cost + step_cost, chosen)
    return best[meter.bar_ticks][1]


def _is_straight(boundaries: Sequence[int], start: int) -> bool:
    return all(boundary % 3 == 0 for boundary in boundaries if start < boundary < start + _STEP)


def _window_cost(boundaries: Sequence[int], start: int, length: int, meter: Meter) -> float | None:
    """Cost of a triplet in a window, or `None` where it cannot or need not stand, e.g. in what is cut off a measure."""
    end = start + length
    inside = [boundary - start for boundary in boundaries if start < boundary < end]
    first, last = boundaries[0] // _STEP * _STEP, -(-boundaries[-1] // _STEP) * _STEP
    if start < first or end > last or start % min(length, 12) or all((start + offset) % 3 == 0 for offset in inside):
        return None
    if any(offset % max(1, length // 12) for offset in inside) or (length > 24 and length // 2 in inside):
        return None
    cost = _WINDOW_COST[length]
    if length == 12 and {4, 8} <= set(inside):
        cost = _FULL_EIGHTH_COST
    beat = metrical_tree(meter).holding(start, end)
    is_aligned = start % length == 0 if beat.kind != "compound" else (start - beat.start) % 12 == 0
    crossings = sum(edge not in boundaries for edge in (start, end))
    edges = [0, *inside, length]
    odd_values = sum(b - a not in TRIPLET for a, b in pairwise(edges))
    off_thirds = sum(3 * offset % length != 0 for offset in inside)
    return cost + crossings + odd_values + 0.1 * off_thirds + (0.0 if is_aligned else 1.5)
