"""Which noteheads carry an accidental.

**Conventions.** An accidental holds for its staff, step and octave to the end of the measure, for every layer. A tie carries
the alteration into the next measure for the tied note only. A *courtesy* accidental repeats what already holds: after the bar
line where the last measure had the step altered, and in the same measure where another octave has.

**References.** Gould, *Behind Bars*, pp. 77-86.
"""

from __future__ import annotations

from typing import Final

from scogen_pipeline.notation.spelling import Spelling

NAMES: Final = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_SHARP_ORDER: Final = "FCGDAEB"


def key_alterations(fifths: int) -> dict[str, int]:
    """Return step -> alteration of a key signature.

    >>> key_alterations(-2)
    {'B': -1, 'E': -1}
    """
    if fifths >= 0:
        return dict.fromkeys(_SHARP_ORDER[:fifths], 1)
    return dict.fromkeys(reversed(_SHARP_ORDER[7 + fifths :]), -1)


class AccidentalMemory:
    """What a reader of one staff remembers; fed note by note in the order of reading."""

    def __init__(self, fifths: int) -> None:
        self._signature = key_alterations(fifths)
        self._now: dict[tuple[str, int], int] = {}
        self._before: dict[tuple[str, int], int] = {}

    def new_measure(self) -> None:
        """Cross a bar line: accidentals end."""
        self._before = {place: alter for place, alter in self._now.items() if alter != self._signature.get(place[0], 0)}
        self._now = {}

    def read(self, spelling: Spelling, *, is_tied: bool) -> tuple[str, bool]:
        """Return the accidental to print ("" for none) and whether it is a courtesy.

        Args:
            spelling: The note.
            is_tied: Whether a tie leads to it; then nothing is printed, and nothing is remembered over a bar line.
        """
        place = (spelling.step, spelling.octave)
        if is_tied:
            if place not in self._now and spelling.alter != self._signature.get(spelling.step, 0):
                self._before[place] = spelling.alter
            return "", False
        holds = self._now.get(place, self._signature.get(spelling.step, 0))
        is_courtesy = holds == spelling.alter and self._is_doubtful(place, spelling.alter)
        is_needed = holds != spelling.alter
        self._now[place] = spelling.alter
        return (NAMES[spelling.alter], is_courtesy) if is_needed or is_courtesy else ("", False)

    def _is_doubtful(self, place: tuple[str, int], alter: int) -> bool:
        """Whether a reader might still have another alteration in mind, at the first such note of the measure."""
        if place in self._now:
            return False
        if self._before.get(place, alter) != alter:
            return True
        return any(step == place[0] and other != alter for (step, _), other in self._now.items())
