"""What each part has sung, and how the parts move against each other: the voice-leading that a view tells.

**Conventions.** Pitches are coded from 1 for the lowest that can be spelled; 0 is none. A *move* is how a part came to its last
pitch: 0 repeated, 1 and 2 a step and a leap up, 3 and 4 down.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from scogen_pipeline.music.interval import LARGEST_STEP, PERFECT
from scogen_pipeline.tokens.alphabet import HIGH_PITCH, LOW_PITCH, MAX_PARTS

#: Number of codes of pitches.
N_PITCHES: Final = HIGH_PITCH - LOW_PITCH + 2
N_MOVES: Final = 5
#: A note so many times as long as the mean of its part is long.
_LONG: Final = 1.5
#: What a single part is told of others.
_ALONE: Final = (0,) * 7


class Lines:
    """Remembers the last two pitches of each part.

    Args:
        n_parts: Number of parts.
    """

    def __init__(self, n_parts: int) -> None:
        self._lowest = n_parts - 1
        #: Last pitch of each part, and the one before it, at an earlier onset.
        self.last, self.before = [0] * MAX_PARTS, [0] * MAX_PARTS
        #: Where the last long note of the top part ends, -1 before the first.
        self.long_end = -1
        self._onsets = [-1] * MAX_PARTS
        self._n_notes = self._ticks = 0  # of the top part

    def note(self, part: int, onset: int, code: int, duration: int) -> None:
        """Take a note in."""
        if self._onsets[part] < onset:
            self.before[part], self._onsets[part] = self.last[part], onset
        self.last[part] = code
        if not part:
            self._n_notes, self._ticks = self._n_notes + 1, self._ticks + duration
            if duration * self._n_notes >= _LONG * self._ticks:
                self.long_end = onset + duration

    def contour(self, part: int) -> int:
        """Return the code of the last pitch class of a part with the move to it, 0 before the second note."""
        return _contour(self.last[part], self.before[part])

    def others(self, part: int, onset: int) -> tuple[int, ...]:
        """Return what others do at an onset.

        Returns:
            Last pitch of the part above, of the one below, of the lowest; how the one above and the top one move here, from 1, 0
            if they do not; and two pitches by which `part` would move in parallel fifths or octaves with others.
        """
        if not self._lowest:
            return _ALONE
        return (
            self.last[part - 1] if part else 0,
            self.last[part + 1] if part < self._lowest else 0,
            self.last[self._lowest] if part < self._lowest else 0,
            self._move_now(part - 1, onset) if part else 0,
            self._move_now(0, onset) if part else 0,
            *self._parallels(part, onset),
        )

    def _move_now(self, part: int, onset: int) -> int:
        if self._onsets[part] != onset or not self.before[part]:
            return 0
        return 1 + _move(self.last[part], self.before[part])

    def _parallels(self, part: int, onset: int) -> tuple[int, int]:
        own = self.last[part]
        if not own or self._onsets[part] == onset:
            return 0, 0
        found: list[int] = []
        for other in range(self._lowest + 1):
            before, now = self.before[other], self.last[other]
            if self._onsets[other] == onset and before and now != before and abs(own - before) % 12 in PERFECT:
                pitch = own + now - before
                if 0 < pitch < N_PITCHES and pitch not in found:
                    found.append(pitch)
        return found[0] if found else 0, found[1] if len(found) > 1 else 0


@cache
def _contour(last: int, before: int) -> int:
    return 1 + last % 12 * N_MOVES + _move(last, before) if last and before else 0


def _move(last: int, before: int) -> int:
    size = abs(last - before)
    return 0 if not size else (1 if size <= LARGEST_STEP else 2) + (2 if last < before else 0)
