"""Intervals by what musicians hear in them.

**Conventions.** Semitones.
"""

from __future__ import annotations

from typing import Final

#: A major second; what is wider is a leap.
LARGEST_STEP: Final = 2
#: Within the octave.
OCTAVE: Final = 0
FIFTH: Final = 7
#: Two voices should not move alike from one of them to the next.
PERFECT: Final = (OCTAVE, FIFTH)
