"""Echoes: what followed when the last notes of a part were last heard.

A motif comes back on other degrees, and after any number of notes; a network would have to compare what it has just written with
all that it wrote before. Told what came next the last time, it need only decide whether to go the same way again.

**Conventions.** A *step* is the interval to a note with that note's duration, so an echo does not depend on where a motif begins
nor on the key. Of several notes at one onset the last one counts. The longest run that was heard before decides, of equals the
latest.

**References.** Begleiter, El-Yaniv and Yona, *On Prediction Using Variable Order Markov Models* (2004), for the longest context;
`metrics.literature.echoes` does the same for the frames of a piano roll.
"""

from __future__ import annotations

from typing import Final, NamedTuple

#: Lengths of the runs of steps that are compared.
LENGTHS: Final = (1, 2, 3, 4, 6, 8)


class Heard(NamedTuple):
    """What followed the last time.

    Args:
        pitch: Pitch that the same step would lead to.
        duration: Duration of that note in ticks.
        length: How long a run of steps was heard before: a place in `LENGTHS`, from 1; 0 if none was, and then all is 0.
    """

    pitch: int
    duration: int
    length: int


NOTHING: Final = Heard(0, 0, 0)


class Echo:
    """Remembers the notes of one part.

    >>> echo = Echo()
    >>> for onset, pitch in enumerate((60, 62, 64, 65, 67, 69)):
    ...     echo.note(onset, pitch, 1)
    >>> echo.heard
    Heard(pitch=70, duration=1, length=2)
    """

    def __init__(self) -> None:
        self.heard = NOTHING
        self._onset = -1
        self._pitches: list[int] = []
        self._steps: list[tuple[int, int]] = []
        self._places: dict[tuple[tuple[int, int], ...], int] = {}

    def note(self, onset: int, pitch: int, duration: int) -> None:
        """Take a note in; it replaces the one before if it begins with it."""
        if onset == self._onset:
            self._pitches.pop()
            if self._steps:
                self._steps.pop()
        else:
            self._remember()
        if self._pitches:
            self._steps.append((pitch - self._pitches[-1], duration))
        self._pitches.append(pitch)
        self._onset = onset
        self.heard = self._find()

    def _remember(self) -> None:
        steps, place = self._steps, len(self._steps)
        for length in LENGTHS:
            if length > place:
                break
            self._places[tuple(steps[-length:])] = place

    def _find(self) -> Heard:
        steps = self._steps
        for number in range(len(LENGTHS), 0, -1):
            length = LENGTHS[number - 1]
            place = self._places.get(tuple(steps[-length:])) if length <= len(steps) else None
            if place is not None:
                interval, duration = steps[place]
                return Heard(self._pitches[-1] + interval, duration, number)
        return NOTHING
