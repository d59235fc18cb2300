"""Where in a measure the chord may change.

**Conventions.** Grid ticks from the start of the measure, 24 to the quarter.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Final

from scogen_pipeline.music.duration import TICKS_PER_QUARTER
from scogen_pipeline.music.meter import Meter

#: From this many parts on, the parts together sound the chord, so it is heard on every beat.
FULL_TEXTURE: Final = 3


@cache
def harmonic_slots(meter: Meter, n_parts: int) -> tuple[int, ...]:
    """Return the ticks within a measure at which the chord may change, 0 first; at most 8 in measures of up to 4/2.

    Three or more parts change on every beat, or, where a beat is shorter than a quarter, on as many as make a quarter; of a
    measure that this does not divide (5/8) the last slot takes what is left. A melody, or a piano whose two staves share the
    chord, changes in the middle of measures that have one and are longer than 2/4.

    >>> harmonic_slots(Meter(4, 4), 4), harmonic_slots(Meter(4, 4), 1), harmonic_slots(Meter(3, 4), 1)
    ((0, 24, 48, 72), (0, 48), (0,))
    """
    if n_parts >= FULL_TEXTURE:
        step = meter.beat_ticks * math.ceil(TICKS_PER_QUARTER / meter.beat_ticks)
        return tuple(index * step for index in range(max(1, meter.bar_ticks // step)))
    n_beats = meter.bar_ticks // meter.beat_ticks
    has_halves = n_beats % 2 == 0 and meter.bar_ticks > 2 * TICKS_PER_QUARTER
    return (0, meter.bar_ticks // 2) if has_halves else (0,)
