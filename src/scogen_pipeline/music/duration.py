"""Note values on the grid.

Why 24 ticks: it is the smallest grid that holds thirty-second notes and triplets of eighths and sixteenths exactly, and
97.6 % of the onsets of engraved classical piano MIDI lie on it.

**Conventions.** A *note value* is a duration that one notehead can show (perhaps dotted, perhaps inside a triplet); any other
duration is several of them tied.
"""

from __future__ import annotations

from typing import Final

TICKS_PER_QUARTER: Final = 24

#: Durations in grid ticks that one notehead shows: straight, dotted, double-dotted quarter and up, and triplet values.
STRAIGHT_VALUES: Final = (3, 6, 9, 12, 18, 24, 36, 48, 72, 96, 144, 192)
TRIPLET_VALUES: Final = (2, 4, 8, 16, 32)
#: 1 makes every duration expressible; it is only ever needed for uncleaned input.
NOTE_VALUES: Final = tuple(sorted({1, *STRAIGHT_VALUES, *TRIPLET_VALUES}))


def tied_values(duration: int) -> tuple[int, ...]:
    """Return the note values, longest first, that add up to `duration` grid ticks.

    >>> tied_values(30)
    (24, 6)

    Raises:
        ValueError: If `duration` is below 1.
    """
    if duration < 1:
        raise ValueError(f"`duration` must be at least 1 grid tick, received {duration}.")
    values = []
    for value in reversed(NOTE_VALUES):
        while value <= duration:
            values.append(value)
            duration -= value
    return tuple(values)


def is_triplet_position(offset: int) -> bool:
    """Tell whether an offset lies on the triplet grid and not on the straight one.

    >>> [is_triplet_position(t) for t in (0, 8, 12, 16)]
    [False, True, False, True]
    """
    return offset % 3 != 0
