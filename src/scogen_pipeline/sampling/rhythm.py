"""Which onsets and durations a player would read: the rhythmic half of the grammar.

The rules, in words: sixteenths are the smallest straight value; a quarter is straight or in triplets, never both at once; a note
that leaves its beat ends on an eighth or a beat; nothing is held over the last bar line; the last note is long; triplets only
divide simple meters of quarter or longer beats.

**Conventions.** Grid ticks from the start of the piece.
"""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from scogen_pipeline.music.duration import NOTE_VALUES, TICKS_PER_QUARTER, tied_values
from scogen_pipeline.tokens.alphabet import POSITIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scogen_pipeline.sampling.plan import Plan

_SIXTEENTH: Final = 6
_EIGHTH: Final = 12
_TRIPLET_EIGHTH: Final = 8

# How quarters are divided is kept as a mask of two bits each, and what a note would clash with as another: one `&` compares them.
_ANY: Final = 0
_STRAIGHT: Final = 1
_TRIPLET: Final = 2
_OTHER: Final = {_ANY: 0, _STRAIGHT: _TRIPLET, _TRIPLET: _STRAIGHT}


@dataclass(frozen=True)
class _Limits:
    """What a plan allows whatever has been written.

    Args:
        beat: Length of a beat.
        bar: Length of a measure.
        final_onset: First tick of the last measure.
        last_onset: Last tick at which a note may begin.
        end: First tick after the piece.
        has_triplets: Whether quarters may be divided into three.
    """

    beat: int
    bar: int
    final_onset: int
    last_onset: int
    end: int
    has_triplets: bool
    # What has been worked out. All writers of a batch share it: between them the same questions come up again and again.
    _values_by_onset: dict[int, tuple[tuple[tuple[int, int], ...], int]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    _durations: dict[tuple[int, int], tuple[int, ...]] = field(init=False, repr=False, compare=False, default_factory=dict)
    _reach_by_bar: dict[int, int] = field(init=False, repr=False, compare=False, default_factory=dict)
    _onsets: dict[tuple[int, int], tuple[int, ...]] = field(init=False, repr=False, compare=False, default_factory=dict)
    _extensions: dict[tuple[int, int], tuple[tuple[int, int], ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def values_from(self, onset: int) -> tuple[tuple[tuple[int, int], ...], int]:
        """Return the note values that may ever fit from `onset`, shortest first, each with its clashes, and all these in one."""
        known = self._values_by_onset.get(onset)
        if known is None:
            found = ((value, self.clashes(onset, value)) for value in NOTE_VALUES)
            values = tuple((value, clashes) for value, clashes in found if clashes is not None)
            known = self._values_by_onset[onset] = values, _union(clashes for _, clashes in values)
        return known

    def durations(self, onset: int, divided: int) -> tuple[int, ...]:
        """Return the note values that fit from `onset`, shortest first, where quarters are divided."""
        values, reach = self.values_from(onset)
        key = onset, divided & reach
        known = self._durations.get(key)
        if known is None:
            known = self._durations[key] = tuple(value for value, clashes in values if not divided & clashes)
        return known

    def onsets(self, bar_onset: int, divided: int) -> tuple[int, ...]:
        """Return the ticks of a measure at which a note may begin, where quarters are divided."""
        reach = self._reach_by_bar.get(bar_onset)
        if reach is None:
            reach = _union(self.values_from(tick)[1] | (self.clash_of_tick(tick) or 0) for tick in self._ticks(bar_onset))
            self._reach_by_bar[bar_onset] = reach
        key = bar_onset, divided & reach
        known = self._onsets.get(key)
        if known is None:
            ticks = (tick for tick in self._ticks(bar_onset) if self.is_onset(tick, divided))
            known = self._onsets[key] = tuple(tick for tick in ticks if self.durations(tick, divided))
        return known

    def extensions(self, onset: int, duration: int) -> tuple[tuple[int, int], ...]:
        """Return the note values that may ever be tied to a note of `duration` so far, each with what the whole clashes with."""
        key = onset, duration
        known = self._extensions.get(key)
        if known is None:
            found = ((value, self.clashes(onset, duration + value)) for value in _tied_to(duration))
            known = self._extensions[key] = tuple((value, clashes) for value, clashes in found if clashes is not None)
        return known

    def clashes(self, onset: int, duration: int) -> int | None:
        """Return the divisions of quarters that a note from `onset` for `duration` would clash with; `None` if it never fits."""
        end = onset + duration
        limit = self.final_onset if onset < self.final_onset else self.end
        cuts_last_note = self.last_onset < end < self.end
        clashes = self.clash_of_tick(end)
        if end > limit or cuts_last_note or clashes is None:
            return None
        first = onset // TICKS_PER_QUARTER
        if onset % _SIXTEENTH or duration % _SIXTEENTH:  # a triplet: within its quarter, which it makes one
            is_inside = first == (end - 1) // TICKS_PER_QUARTER and duration % _TRIPLET_EIGHTH == 0
            return clashes | _mask(first, _STRAIGHT) if is_inside else None
        in_one_beat = onset // self.beat == (end - 1) // self.beat
        if not in_one_beat and end % _EIGHTH and end % self.beat:
            return None
        # A note that begins inside a quarter does not cut into triplets there.
        cuts = onset % TICKS_PER_QUARTER and end % TICKS_PER_QUARTER
        return clashes | _mask(first, _TRIPLET) if cuts else clashes

    def is_onset(self, tick: int, divided: int) -> bool:
        """Tell whether a note may begin at a tick, or end there, where quarters are divided."""
        clash = self.clash_of_tick(tick)
        return clash is not None and not divided & clash

    def clash_of_tick(self, tick: int) -> int | None:
        """Return the division of its quarter that a tick clashes with; `None` if no division holds it."""
        division = self.division_needed(tick)
        return None if division is None else _mask(tick // TICKS_PER_QUARTER, _OTHER[division])

    def division_needed(self, tick: int) -> int | None:
        """Return how a quarter must be divided to hold the tick; `None` if no division does."""
        offset = tick % TICKS_PER_QUARTER
        if offset == 0:
            return _ANY
        if offset % _SIXTEENTH == 0:
            return _STRAIGHT
        return _TRIPLET if self.has_triplets and offset % _TRIPLET_EIGHTH == 0 else None

    def _ticks(self, bar_onset: int) -> list[int]:
        return [bar_onset + tick for tick in POSITIONS if tick < self.bar]


def _mask(quarter: int, division: int) -> int:
    return division << 2 * quarter


def _union(masks: Iterable[int]) -> int:
    return functools.reduce(operator.or_, masks, 0)


@functools.cache
def _tied_to(duration: int) -> tuple[int, ...]:
    """Return the note values that `tied_values` would write after those of `duration`."""
    values = tied_values(duration)
    return tuple(value for value in NOTE_VALUES if value < values[-1] and tied_values(duration + value) == (*values, value))


@functools.lru_cache(maxsize=16)
def _limits_of(plan: Plan) -> _Limits:
    """Return what the plan allows; all writers of a batch share it, and what it has worked out."""
    has_triplets = not plan.meter.is_compound and plan.meter.beat_ticks % TICKS_PER_QUARTER == 0
    return _Limits(plan.meter.beat_ticks, plan.meter.bar_ticks, plan.final_onset, plan.last_onset, plan.end, has_triplets)


class Rhythm:
    """Remembers how each quarter of the piece is divided, and answers what fits.

    Args:
        plan: The meter and the ends that have to be kept.
    """

    def __init__(self, plan: Plan) -> None:
        self._limits = _limits_of(plan)
        self._divided = 0

    def follow(self, plan: Plan) -> None:
        """Keep another plan from here on."""
        self._limits = _limits_of(plan)

    def onsets(self, bar_onset: int) -> tuple[int, ...]:
        """Return the ticks at which a note may begin in the measure that begins at `bar_onset`."""
        return self._limits.onsets(bar_onset, self._divided)

    def durations(self, onset: int) -> tuple[int, ...]:
        """Return the note values that a note from `onset` may have, shortest first."""
        return self._limits.durations(onset, self._divided)

    def may_extend(self, onset: int, duration: int) -> tuple[int, ...]:
        """Return the note values that may be tied to a note of `duration` so far, as `tied_values` would write them."""
        divided = self._divided
        return tuple(value for value, clashes in self._limits.extensions(onset, duration) if not divided & clashes)

    def note(self, onset: int, duration: int) -> None:
        """Remember a note: it settles the division of the quarters where it begins and ends."""
        for tick in (onset, onset + duration):
            division, quarter = self._limits.division_needed(tick), tick // TICKS_PER_QUARTER
            if division and not self._divided & _mask(quarter, _STRAIGHT | _TRIPLET):
                self._divided |= _mask(quarter, division)
