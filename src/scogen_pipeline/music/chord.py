"""Triads and seventh chords as sets of pitch classes.

**Conventions.** A set of pitch classes is a mask: bit 0 is C, bit 11 is B.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final


def mask_of(pitches: Iterable[int]) -> int:
    """Return the mask of the pitch classes of some pitches.

    >>> bin(mask_of([60, 64, 67, 72]))
    '0b10010001'
    """
    mask = 0
    for pitch in pitches:
        mask |= 1 << pitch % 12
    return mask


def _on_every_root(shapes: Sequence[Sequence[int]]) -> tuple[int, ...]:
    return tuple(mask_of(root + step for step in shape) for shape in shapes for root in range(12))


#: Major, minor and diminished.
TRIADS: Final = _on_every_root(((0, 4, 7), (0, 3, 7), (0, 3, 6)))
#: Dominant, minor, major, half-diminished and diminished.
SEVENTH_CHORDS: Final = _on_every_root(((0, 4, 7, 10), (0, 3, 7, 10), (0, 4, 7, 11), (0, 3, 6, 10), (0, 3, 6, 9)))


def fits(mask: int, chords: Iterable[int]) -> bool:
    """Tell whether all pitch classes of the mask belong to one of the chords.

    >>> fits(mask_of([60, 67]), TRIADS), fits(mask_of([60, 61]), TRIADS)
    (True, False)
    """
    return any(mask & ~chord == 0 for chord in chords)
