"""The ids of the tokens that sampling chooses among."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from scogen_pipeline.music.duration import NOTE_VALUES
from scogen_pipeline.tokens.alphabet import HIGH_PITCH, LOW_PITCH, MAX_PARTS, POSITIONS, bar_token

if TYPE_CHECKING:
    from scogen_pipeline.tokens.vocabulary import Vocabulary


class TokenIds:
    """Ids by what they stand for, so that no step of sampling spells a token."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._pos = {tick: vocabulary.id_of(f"pos={tick}") for tick in POSITIONS}
        self._dur = {value: vocabulary.id_of(f"dur={value}") for value in NOTE_VALUES}
        self._pitch = {pitch: vocabulary.id_of(f"pitch={pitch}") for pitch in range(LOW_PITCH, HIGH_PITCH + 1)}
        self._part = [vocabulary.id_of(f"part={part}") for part in range(MAX_PARTS)]
        self._vocabulary = vocabulary

    def bar(self, bars_left: int) -> int:
        """Return the id of the measure that begins with so many left."""
        return self._vocabulary.id_of(bar_token(bars_left))

    def pos(self, tick: int) -> int:
        """Return the id of an onset in the measure."""
        return self._pos[tick]

    def dur(self, value: int) -> int:
        """Return the id of a note value."""
        return self._dur[value]

    def pitch(self, pitch: int) -> int:
        """Return the id of a normal pitch."""
        return self._pitch[pitch]

    def part(self, part: int) -> int:
        """Return the id of a part."""
        return self._part[part]

    def ticks(self, bar_onset: int, first: int, last: int) -> list[int]:
        """Return the ticks from `first` to `last` that have a token, in a measure that begins at `bar_onset`."""
        low, high = bisect_left(POSITIONS, first - bar_onset), bisect_right(POSITIONS, last - bar_onset)
        return [bar_onset + tick for tick in POSITIONS[low:high]]
