"""Measures as a score has them, laid on a time line where every bar line agrees with the time signatures.

A score's measures are not always as long as its meter says: pickups, measures split at a repeat sign, endings, free meters of old
music. MIDI knows no measures, only meters counted from tick 0, so each deviation must be told or the bar lines drift.

**Conventions**

- Times are MIDI ticks, `TPQ` to the quarter note. Tick 0 is a bar line; a pickup follows leading rest.
- Two short measures in a row that make one full measure are one (a measure split at a repeat sign).
- A short measure that ends at a repeat or double bar line is filled up by rest: what fills it in performance is the pickup of the
  repetition, and repeats are not played out here.
- A measure of several full lengths is several measures.
- Any other measure of odd length gets a time signature of its own. A piece with too many of them is rejected, not bent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from scogen_pipeline.errors import MidiError
from scogen_pipeline.music.meter import Meter

TPQ: Final = 480
#: Largest share of measures with a time signature of their own before a piece counts as irregular.
MAX_IRREGULAR_SHARE: Final = 0.25
#: Share of the measures of a section that must have one length before it overrules the printed meter.
_MAJORITY: Final = 0.6
#: Meters of a measure of this many ticks where nothing is printed.
_CUSTOMARY: Final = {
    TPQ * 3 // 2: Meter(3, 8),
    TPQ * 2: Meter(2, 4),
    TPQ * 3: Meter(3, 4),
    TPQ * 4: Meter(4, 4),
    TPQ * 9 // 2: Meter(9, 8),
    TPQ * 6: Meter(3, 2),
    TPQ * 8: Meter(4, 2),
    TPQ * 12: Meter(3, 1),
}


@dataclass(frozen=True)
class WrittenMeasure:
    """One measure of a score, all parts together.

    Args:
        length: Ticks to the end of its last note or rest.
        notes_end: Ticks to the end of its last note.
        meter: The time signature printed at its start, if any.
        is_section_end: Whether it ends at a repeat sign or a double bar line.
    """

    length: int
    notes_end: int
    meter: Meter | None = None
    is_section_end: bool = False


@dataclass(frozen=True)
class Barring:
    """Where the measures of a score lie.

    Args:
        starts: Tick of each written measure.
        meters: `(tick, meter)` of each time signature.
        end: Tick of the last bar line.
        n_irregular: Measures with a time signature of their own.
    """

    starts: tuple[int, ...]
    meters: tuple[tuple[int, Meter], ...]
    end: int
    n_irregular: int


def bar_ticks(meter: Meter) -> int:
    """Length of a full measure in ticks."""
    return 4 * TPQ * meter.numerator // meter.denominator


def meter_of_length(length: int, hint: Meter | None = None) -> Meter | None:
    """Name the meter of a measure of `length` ticks, in the note value of `hint` where that is possible.

    >>> str(meter_of_length(1440)), str(meter_of_length(1440, Meter(6, 8))), str(meter_of_length(1920, Meter(4, 2)))
    ('3/4', '6/8', '2/2')
    """
    if length in _CUSTOMARY and (hint is None or length * hint.denominator > 7 * 4 * TPQ >= 7 * TPQ * hint.denominator):
        return _CUSTOMARY[length]
    for denominator in ((hint.denominator,) if hint else ()) + (4, 8, 2, 16):
        numerator, rest = divmod(length * denominator, 4 * TPQ)
        if not rest and 1 <= numerator <= 32:
            return Meter(numerator, denominator)
    return None


def lay_measures(measures: Sequence[WrittenMeasure]) -> Barring:
    """Lay measures one after another.

    Raises:
        MidiError: If there is no meter, or more than `MAX_IRREGULAR_SHARE` of the measures deviate from it, or one has a length
            that no time signature can name.
    """
    meters = _meters_in_force(measures)
    starts: list[int] = []
    events: list[tuple[int, Meter]] = []
    tick = n_irregular = 0
    while len(starts) < len(measures):
        index = len(starts)
        offsets, step = _place(measures, meters, index, is_first=tick == 0)
        starts += [tick + offset for offset in offsets]
        meter = meters[index]
        if step % bar_ticks(meter):
            meter = _own_meter(step, meter, index)
            n_irregular += 1
        if step and (not events or events[-1][1] != meter):
            events.append((tick, meter))
        tick += step
    if n_irregular > MAX_IRREGULAR_SHARE * len(measures):
        raise MidiError("irregular barring", f"{n_irregular} of {len(measures)} measures deviate from the meter")
    return Barring(tuple(starts), tuple(events), tick, n_irregular)


def _place(
    measures: Sequence[WrittenMeasure], meters: Sequence[Meter], index: int, *, is_first: bool
) -> tuple[tuple[int, ...], int]:
    """Return the offsets of the measures that the next step takes (one, or two halves of one), and the length of the step."""
    length, full = _clipped(measures[index], meters[index]), bar_ticks(meters[index])
    if length < full and is_first:
        return (full - length if length else 0,), full if length else 0
    if 0 < length < full and _completes(measures, meters, index, full - length):
        return (0, length), full
    is_filled_up = index == len(measures) - 1 or (length < full and measures[index].is_section_end)
    return (0,), -(-length // full) * full if is_filled_up else length


def _clipped(measure: WrittenMeasure, meter: Meter) -> int:
    """Length of a measure, without a rest that hangs over its end (a whole rest for any measure, as some programs write it)."""
    full = bar_ticks(meter)
    return full if measure.notes_end <= full < measure.length else measure.length


def _completes(measures: Sequence[WrittenMeasure], meters: Sequence[Meter], index: int, missing: int) -> bool:
    """Whether the next measure is just what this one lacks."""
    return index + 1 < len(measures) and measures[index + 1].length == missing and meters[index + 1] == meters[index]


def _own_meter(length: int, hint: Meter, index: int) -> Meter:
    meter = meter_of_length(length, hint)
    if meter is None:
        raise MidiError("odd measure", f"measure {index + 1} is {length / TPQ:.3f} quarters long")
    return meter


def _meters_in_force(measures: Sequence[WrittenMeasure]) -> list[Meter]:
    """Return the meter of each measure: the printed one, or what most measures under it add up to."""
    section, numbered = 0, []
    for measure in measures:
        section += measure.meter is not None
        numbered.append((section, measure))
    meters: list[Meter] = []
    for _, group in groupby(numbered, key=lambda pair: pair[0]):
        members = [measure for _, measure in group]
        meters += [_meter_of_section(members)] * len(members)
    return meters


def _meter_of_section(members: Sequence[WrittenMeasure]) -> Meter:
    printed = members[0].meter
    lengths = Counter(measure.length for measure in members if measure.length)
    if not lengths:
        return printed or Meter(4, 4)
    (commonest, count), total = lengths.most_common(1)[0], lengths.total()
    if printed is not None and (len(members) < 4 or commonest == bar_ticks(printed) or count < _MAJORITY * total):
        return printed
    found = meter_of_length(commonest, printed)
    if found is None or (printed is None and count < _MAJORITY * total):
        raise MidiError("no meter", f"{count} of {total} measures are {commonest / TPQ:g} quarters long")
    return found
