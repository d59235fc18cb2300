"""Meters: how long a measure is, where its beats fall, how notes group in it.

**Conventions.** Durations and offsets in grid ticks (24 to the quarter). The *beat* is what a metronome counts: the dotted value
in compound meters (6/8: a dotted quarter), else the note of the denominator.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from scogen_pipeline.errors import RequestError
from scogen_pipeline.music.duration import TICKS_PER_QUARTER

_WHOLE: Final = 4 * TICKS_PER_QUARTER
_DENOMINATORS: Final = (1, 2, 4, 8, 16)
_NAMED: Final = {"C": "4/4", "c": "4/4", "C|": "2/2", "common": "4/4", "cut": "2/2", "alla breve": "2/2"}


@dataclass(frozen=True, order=True)
class Meter:
    """A time signature.

    Args:
        numerator: 1 to 32.
        denominator: 1, 2, 4, 8 or 16.

    Raises:
        RequestError: If either is out of range.
    """

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 1 <= self.numerator <= 32 or self.denominator not in _DENOMINATORS:
            raise RequestError(
                "`time_signature` must be 1 to 32 over 1, 2, 4, 8 or 16, such as 3/4 or 6/8, "
                f"received {self.numerator}/{self.denominator}."
            )

    def __str__(self) -> str:
        """Write it as "3/4"."""
        return f"{self.numerator}/{self.denominator}"

    @classmethod
    def parse(cls, text: str) -> Meter:
        """Read "3/4", "C" (common time) or "C|" (cut time).

        >>> str(Meter.parse("C"))
        '4/4'

        Raises:
            RequestError: If the text is no time signature.
        """
        match = re.fullmatch(r"\s*(\d{1,3})\s*/\s*(\d{1,3})\s*", _NAMED.get(str(text).strip(), str(text)))
        if match is None:
            raise RequestError(f"`time_signature` must be written like 3/4 or 6/8, received `{text}`.")
        return cls(int(match[1]), int(match[2]))

    @property
    def bar_ticks(self) -> int:
        """Length of a measure in grid ticks."""
        return self.numerator * _WHOLE // self.denominator

    @property
    def is_compound(self) -> bool:
        """Whether the beat divides into three: 6/8, 9/8, 12/8, 6/4, but not 3/8 or 3/4."""
        return self.numerator > 3 and self.numerator % 3 == 0 and self.denominator >= 4

    @property
    def beat_ticks(self) -> int:
        """Length of a beat in grid ticks: 24 in 3/4, 36 in 6/8, 48 in 3/2."""
        unit = _WHOLE // self.denominator
        return 3 * unit if self.is_compound else unit

    @property
    def beat_quarters(self) -> float:
        """Length of a beat in quarter notes: 1.5 in 6/8."""
        return self.beat_ticks / TICKS_PER_QUARTER
