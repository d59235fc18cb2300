"""Features: a piece in some sixty numbers that a musician has words for, by which real and generated music can be told apart.

Pitch, rhythm and form are read of every piece, form and the moves of pitch in its top line; texture and harmony need at least
two parts. Nothing depends on the key, and little on the length: pieces are cut to equally many measures before.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from scogen_pipeline.metrics.features.form import FORM
from scogen_pipeline.metrics.features.harmony import HARMONY
from scogen_pipeline.metrics.features.pitch import PITCH
from scogen_pipeline.metrics.features.reading import Reading
from scogen_pipeline.metrics.features.rhythm import RHYTHM
from scogen_pipeline.metrics.features.texture import TEXTURE
from scogen_pipeline.music.piece import Piece

#: Of any piece.
LINEAR: Final[dict[str, Callable[[Reading], float]]] = PITCH | RHYTHM | FORM
#: Of pieces of at least two parts.
POLYPHONIC: Final[dict[str, Callable[[Reading], float]]] = TEXTURE | HARMONY
FEATURES: Final = (*LINEAR, *POLYPHONIC)


def features_of(piece: Piece) -> dict[str, float]:
    """Return each feature by name; NaN where it is not defined."""
    reading = Reading(piece)
    values = {name: feature(reading) for name, feature in LINEAR.items()}
    polyphonic = {name: feature(reading) if reading.is_polyphonic else math.nan for name, feature in POLYPHONIC.items()}
    return values | polyphonic
