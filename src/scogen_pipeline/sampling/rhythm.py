"""Which onsets and durations a player would read: the rhythmic half of the grammar.

The rules, in words: sixteenths are the smallest straight value; a quarter is straight or in triplets, never both at once; a note
that leaves its beat ends on an eighth or a beat; nothing is held over the last bar line; the last note is long; triplets only
divide simple meters of quarter or longer beats.

**Conventions.** Grid ticks from the start of the piece.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from scogen_pipeline.music.duration import NOTE_VALUES, TICKS_PER_QUARTER, tied_values

if TYPE_CHECKING:
    from scogen_pipeline.sampling.plan import Plan

_SIXTEENTH: Final = 6
_EIGHTH: Final = 12
_TRIPLET_EIGHTH: Final = 8
_Division = Literal["straight", "triplet"]
_Clashes = tuple[tuple[int, _Division], ...]  # quarters, and what they must not be divided into


@dataclass(frozen=True)
class _Limits:
    """What a plan allows whatever has been written.

    Args:
        beat: Length of a beat.
        final_onset: First tick of the last measure.
        last_onset: Last tick at which a note may begin.
        end: First tick after the piece.
        has_triplets: Whether quarters may be divided into three.
    """

    beat: int
    final_onset: int
    last_onset: int
    end: int
    has_triplets: bool
    _values_by_onset: dict[int, tuple[tuple[int, _Clashes], ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def values_from(self, onset: int) -> tuple[tuple[int, _Clashes], ...]:
        """Return the note values that may ever fit from `onset`, shortest first, each with what it clashes with."""
        known = self._values_by_onset.get(onset)
        if known is None:
            found = ((value, self.clashes(onset, value)) for value in NOTE_VALUES)
            known = tuple((value, clashes) for value, clashes in found if clashes is not None)
            self._values_by_onset[onset] = known
        return known

    def clashes(self, onset: int, duration: int) -> _Clashes | None:
        """Return the divisions of quarters that a note from `onset` for `duration` would clash with; `None` if it never fits."""
        end = onset + duration
        limit = self.final_onset if onset < self.final_onset else self.end
        cuts_last_note = self.last_onset < end < self.end
        division = self.division_needed(end)
        if end > limit or cuts_last_note or division is None:
            return None
        first, last = onset // TICKS_PER_QUARTER, end // TICKS_PER_QUARTER
        clashes: _Clashes = () if division == "any" else ((last, "triplet" if division == "straight" else "straight"),)
        if onset % _SIXTEENTH or duration % _SIXTEENTH:  # a triplet: within its quarter, which it makes one
            is_inside = first == (end - 1) // TICKS_PER_QUARTER and duration % _TRIPLET_EIGHTH == 0
            return (*clashes, (first, "straight")) if is_inside else None
        in_one_beat = onset // self.beat == (end - 1) // self.beat
        if not in_one_beat and end % _EIGHTH and end % self.beat:
            return None
        # A note that begins inside a quarter does not cut into triplets there.
        cuts = onset % TICKS_PER_QUARTER and end % TICKS_PER_QUARTER
        return (*clashes, (first, "triplet")) if cuts else clashes

    def division_needed(self, tick: int) -> _Division | Literal["any"] | None:
        """Return how a quarter must be divided to hold the tick; `None` if no division does."""
        offset = tick % TICKS_PER_QUARTER
        if offset == 0:
            return "any"
        if offset % _SIXTEENTH == 0:
            return "straight"
        return "triplet" if self.has_triplets and offset % _TRIPLET_EIGHTH == 0 else None


@lru_cache(maxsize=64)
def _limits_of(plan: Plan) -> _Limits:
    """Return what the plan allows; all writers of a batch share it, and what it has worked out."""
    has_triplets = not plan.meter.is_compound and plan.meter.beat_ticks % TICKS_PER_QUARTER == 0
    return _Limits(plan.meter.beat_ticks, plan.final_onset, plan.last_onset, plan.end, has_triplets)


class Rhythm:
    """Remembers how each quarter of the piece is divided, and answers what fits.

    Args:
        plan: The meter and the ends that have to be kept.
    """

    def __init__(self, plan: Plan) -> None:
        self._limits = _limits_of(plan)
        self._divisions: dict[int, _Division] = {}
        # Asked for many times between two notes; forgotten when a quarter is divided.
        self._durations_by_onset: dict[int, tuple[int, ...]] = {}

    def follow(self, plan: Plan) -> None:
        """Keep another plan from here on."""
        self._limits = _limits_of(plan)
        self._durations_by_onset.clear()

    def is_onset(self, tick: int) -> bool:
        """Tell whether a note may begin at a tick, or end there."""
        division = self._limits.division_needed(tick)
        return division == "any" or (division is not None and self._division_at(tick) in (None, division))

    def durations(self, onset: int) -> tuple[int, ...]:
        """Return the note values that a note from `onset` may have, shortest first."""
        known = self._durations_by_onset.get(onset)
        if known is None:
            known = tuple(value for value, clashes in self._limits.values_from(onset) if self._is_clear(clashes))
            self._durations_by_onset[onset] = known
        return known

    def is_duration(self, onset: int, duration: int) -> bool:
        """Tell whether a note may last from `onset` for `duration`."""
        clashes = self._limits.clashes(onset, duration)
        return clashes is not None and self._is_clear(clashes)

    def _is_clear(self, clashes: _Clashes) -> bool:
        divisions = self._divisions
        for quarter, division in clashes:  # noqa: SIM110  (`all` takes twice as long here)
            if divisions.get(quarter) == division:
                return False
        return True

    def may_extend(self, onset: int, duration: int) -> tuple[int, ...]:
        """Return the note values that may be tied to a note of `duration` so far, as `tied_values` would write them."""
        values = tied_values(duration)
        return tuple(
            value
            for value in NOTE_VALUES
            if value < values[-1]
            and tied_values(duration + value) == (*values, value)
            and self.is_duration(onset, duration + value)
        )

    def note(self, onset: int, duration: int) -> None:
        """Remember a note: it settles the division of the quarters where it begins and ends."""
        for tick in (onset, onset + duration):
            division, quarter = self._limits.division_needed(tick), tick // TICKS_PER_QUARTER
            if division in ("straight", "triplet") and quarter not in self._divisions:
                self._divisions[quarter] = division
                self._durations_by_onset.clear()

    def _division_at(self, tick: int) -> _Division | None:
        return self._divisions.get(tick // TICKS_PER_QUARTER)
