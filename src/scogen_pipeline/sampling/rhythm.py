"""Which onsets and durations a player would read: the rhythmic half of the grammar.

The rules, in words: sixteenths are the smallest straight value; a quarter is straight or in triplets, never both at once; a note
that leaves its beat ends on an eighth; nothing is held over the last bar line; the last note is long; triplets only divide simple
meters.

**Conventions.** Grid ticks from the start of the piece.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from scogen_pipeline.music.duration import NOTE_VALUES, TICKS_PER_QUARTER, tied_values

if TYPE_CHECKING:
    from scogen_pipeline.sampling.plan import Plan

_SIXTEENTH: Final = 6
_EIGHTH: Final = 12
_TRIPLET_EIGHTH: Final = 8
_Division = Literal["straight", "triplet"]


class Rhythm:
    """Remembers how each quarter of the piece is divided, and answers what fits.

    Args:
        plan: The meter and the ends that have to be kept.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._beat = plan.meter.beat_ticks
        self._has_triplets = not plan.meter.is_compound and plan.meter.bar_ticks % TICKS_PER_QUARTER == 0
        self._divisions: dict[int, _Division] = {}

    def is_onset(self, tick: int) -> bool:
        """Tell whether a note may begin at a tick, or end there."""
        division = self._division_needed(tick)
        return division == "any" or (division is not None and self._division_at(tick) in (None, division))

    def durations(self, onset: int) -> tuple[int, ...]:
        """Return the note values that a note from `onset` may have, shortest first."""
        return tuple(value for value in NOTE_VALUES if self.is_duration(onset, value))

    def is_duration(self, onset: int, duration: int) -> bool:
        """Tell whether a note may last from `onset` for `duration`."""
        end = onset + duration
        limit = self._plan.final_onset if onset < self._plan.final_onset else self._plan.end
        cuts_last_note = self._plan.last_onset < end < self._plan.end
        if end > limit or cuts_last_note or not self.is_onset(end):
            return False
        in_one_quarter = onset // TICKS_PER_QUARTER == (end - 1) // TICKS_PER_QUARTER
        if onset % _SIXTEENTH or duration % _SIXTEENTH:  # a triplet: within its quarter, which it makes one
            starts_free = self._division_at(onset) in (None, "triplet")
            return in_one_quarter and starts_free and duration % _TRIPLET_EIGHTH == 0
        in_one_beat = onset // self._beat == (end - 1) // self._beat
        return (in_one_beat or end % _EIGHTH == 0) and self._is_straight_inside(onset, end)

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
            division = self._division_needed(tick)
            if division in ("straight", "triplet"):
                self._divisions.setdefault(tick // TICKS_PER_QUARTER, division)

    def _division_at(self, tick: int) -> _Division | None:
        return self._divisions.get(tick // TICKS_PER_QUARTER)

    def _division_needed(self, tick: int) -> _Division | Literal["any"] | None:
        """Return how a quarter must be divided to hold the tick; `None` if no division does."""
        offset = tick % TICKS_PER_QUARTER
        if offset == 0:
            return "any"
        if offset % _SIXTEENTH == 0:
            return "straight"
        return "triplet" if self._has_triplets and offset % _TRIPLET_EIGHTH == 0 else None

    def _is_straight_inside(self, onset: int, end: int) -> bool:
        """Tell whether a note that begins inside a quarter does not cut into triplets there."""
        return onset % TICKS_PER_QUARTER == 0 or self._division_at(onset) != "triplet" or end % TICKS_PER_QUARTER == 0
