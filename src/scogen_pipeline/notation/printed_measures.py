"""The measures of the page: those of the piece, but a pickup is cut to its music, and the last measure may be cut to match.

Why the last one: a tune is played several times, and pickup and last measure together make one. Editors shorten it even where
nothing is repeated, but only if the music has ended: a last note held to the end of a full measure stays there.

**Conventions.** Times are grid ticks of the piece. A cut measure keeps its meter and its place: beats fall where they would in
the full one, so that beams and rests group as they do everywhere else.

**References.** E. Gould, *Behind Bars* (2011): upbeats, bar numbers.
"""

from __future__ import annotations

from typing import NamedTuple

from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Piece


class PrintedMeasure(NamedTuple):
    """A measure on the page.

    Args:
        place: Its index in the piece.
        number: As printed; a pickup is 0, the measure after it 1.
        origin: Where the full measure begins.
        start: First tick that is printed.
        end: First tick that is not.
        meter: Its meter, also where it is cut.
    """

    place: int
    number: int
    origin: int
    start: int
    end: int
    meter: Meter

    @property
    def ticks(self) -> int:
        """How much of it is printed."""
        return self.end - self.start

    @property
    def is_cut(self) -> bool:
        """Whether it is shorter than its meter says."""
        return self.ticks < self.meter.bar_ticks


def printed_measures(piece: Piece) -> tuple[PrintedMeasure, ...]:
    """Return the measures as they are printed, in order."""
    pickup = piece.pickup_ticks
    first = 0 if pickup else 1
    measures = [
        PrintedMeasure(index, first + index, measure.onset, measure.onset, measure.end, measure.meter)
        for index, measure in enumerate(piece.measures())
    ]
    if pickup:
        measures[0] = measures[0]._replace(start=measures[0].end - pickup)
        if _last_makes_way(piece, pickup):
            measures[-1] = measures[-1]._replace(end=piece.end - pickup)
    return tuple(measures)


def _last_makes_way(piece: Piece, pickup: int) -> bool:
    """Tell whether pickup and last measure can share one: all parts are silent for as long as the pickup lasts."""
    return piece.meters[-1] == piece.meter and max(note.end for note in piece.notes) <= piece.end - pickup
