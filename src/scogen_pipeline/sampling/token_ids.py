"""The ids of the tokens that sampling chooses among, and what each of them says."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from scogen_pipeline.analysis.returns import MAX_DISTANCE
from scogen_pipeline.music.duration import NOTE_VALUES
from scogen_pipeline.tokens.alphabet import HIGH_PITCH, LOW_PITCH, MAX_PARTS, POSITIONS, bar_token, kind_of, value_of

if TYPE_CHECKING:
    from scogen_pipeline.tokens.vocabulary import Vocabulary


class TokenIds:
    """Ids by what they stand for and back, so that no step of sampling spells a token.

    Args:
        vocabulary: The tokens.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        #: Id of an onset in the measure, of a note value, of a normal pitch, of a distance back, of a part.
        self.pos = {tick: vocabulary.id_of(f"pos={tick}") for tick in POSITIONS}
        self.dur = {value: vocabulary.id_of(f"dur={value}") for value in NOTE_VALUES}
        self.pitch = {pitch: vocabulary.id_of(f"pitch={pitch}") for pitch in range(LOW_PITCH, HIGH_PITCH + 1)}
        self.returns = [vocabulary.id_of(f"like={distance}") for distance in range(1, MAX_DISTANCE + 1)]
        self.part = [vocabulary.id_of(f"part={part}") for part in range(MAX_PARTS)]
        self.end = vocabulary.end_id
        #: Kind and number of the token of each id; 0 where it says no number.
        self.meanings = [(kind_of(token).strip("<>"), _number(value_of(token))) for token in vocabulary.tokens]
        self._vocabulary = vocabulary
        self._by_classes: dict[frozenset[int], list[int]] = {}

    def pitches_of(self, classes: frozenset[int]) -> list[int]:
        """Return the ids of the pitches of some pitch classes, lowest first."""
        known = self._by_classes.get(classes)
        if known is None:
            known = self._by_classes[classes] = [token_id for pitch, token_id in self.pitch.items() if pitch % 12 in classes]
        return known

    def bar(self, bars_left: int) -> int:
        """Return the id of the measure that begins with so many left."""
        return self._vocabulary.id_of(bar_token(bars_left))


@lru_cache(maxsize=4)
def token_ids_of(vocabulary: Vocabulary) -> TokenIds:
    """Return the ids of a vocabulary; all writers of a batch share them."""
    return TokenIds(vocabulary)


def _number(value: str) -> int:
    return int(value) if value.isdecimal() else 0
