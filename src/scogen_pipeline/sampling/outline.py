"""The plan of each measure while a piece is written: what it is like, how long a phrase begins, which chords it has.

The model chooses within bounds: a measure can only be like one that is there, a phrase ends no later than the piece, and the last
chords are a dominant and the tonic. A form that was asked for decides what each measure is like, a progression its chords.

**Conventions.** Chords are normal: in C major or A minor. Measures count from 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scogen_pipeline.analysis.chords import Chord
from scogen_pipeline.analysis.phrases import MAX_PHRASE
from scogen_pipeline.analysis.returns import MAX_DISTANCE
from scogen_pipeline.analysis.slots import harmonic_slots
from scogen_pipeline.tokens.alphabet import CHORDS, chord_token

if TYPE_CHECKING:
    from scogen_pipeline.music.key import Mode
    from scogen_pipeline.sampling.plan import Plan
    from scogen_pipeline.tokens.vocabulary import Vocabulary

_TONIC_CHORD: Final[dict[Mode, Chord]] = {"major": Chord(0, "major"), "minor": Chord(9, "minor")}
_DOMINANT_ROOT: Final[dict[Mode, int]] = {"major": 7, "minor": 4}


class Outline:
    """Which plan tokens may come next.

    Args:
        plan: What the piece must be.
        vocabulary: The tokens and their ids.
    """

    def __init__(self, plan: Plan, vocabulary: Vocabulary) -> None:
        self._plan = plan
        self._like_ids = [vocabulary.id_of(f"like={distance}") for distance in range(MAX_DISTANCE + 1)]
        self._phrase_ids = [vocabulary.id_of(f"phrase={length}") for length in range(1, MAX_PHRASE + 1)]
        self._chord_ids = {chord: vocabulary.id_of(chord_token(chord)) for chord in CHORDS}
        self._slots = harmonic_slots(plan.meter, len(plan.parts))
        self._bar = -1
        self._distance = self._phrase_left = 0
        self._n_chords = len(self._slots)
        self._may_be_like = False

    @property
    def is_open(self) -> bool:
        """Whether the plan of the measure is not complete."""
        return self._n_chords < len(self._slots)

    @property
    def is_at_chord(self) -> bool:
        """Whether nothing but a chord can come next."""
        return self.is_open and not self._may_be_like and self._phrase_left > 0

    def begin_bar(self) -> None:
        """Open the plan of the next measure."""
        self._bar += 1
        self._n_chords = 0
        self._phrase_left = max(self._phrase_left - 1, 0)
        self._may_be_like = self._bar > 0

    def take(self, kind: str, number: int) -> None:
        """Take a plan token in, with the number that it says."""
        self._may_be_like = False
        if kind == "like":
            self._distance = number
        elif kind == "phrase":
            self._phrase_left = number
        else:
            self._n_chords += 1

    def allowed_ids(self) -> list[int]:
        """Return the ids that may come next while the plan is open."""
        wanted = self._plan.returns[self._bar] if self._plan.returns else None
        if self._may_be_like and wanted is not None and wanted != self._distance:
            return [self._like_ids[wanted]]
        ids = self._new_distance_ids() if self._may_be_like and wanted is None else []
        return ids + (self._chord_ids_here() if self._phrase_left else self._phrase_ids_here())

    def _new_distance_ids(self) -> list[int]:
        """Return the distances that lead to a measure and are not the one that holds."""
        return [self._like_ids[each] for each in range(min(self._bar, MAX_DISTANCE) + 1) if each != self._distance]

    def _phrase_ids_here(self) -> list[int]:
        return self._phrase_ids[: self._plan.n_bars - self._bar]

    def _chord_ids_here(self) -> list[int]:
        asked = self._plan.chords[self._bar][self._n_chords :] if self._plan.chords else ()
        if asked and asked[0]:
            return [self._chord_ids[asked[0]]]
        mode, bars_left = self._plan.key.mode, self._plan.n_bars - self._bar
        if bars_left == 1:
            return [self._chord_ids[_TONIC_CHORD[mode]]]
        is_last_slot = self._n_chords == len(self._slots) - 1
        if bars_left == 2 and is_last_slot and len(self._slots) > 1:
            return [self._chord_ids[Chord(_DOMINANT_ROOT[mode], quality)] for quality in ("major", "dominant")]
        return list(self._chord_ids.values())
