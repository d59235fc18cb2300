"""The intervals that a pitch can be thought of in: what `relation` scores.

A melody goes on by step from its last note, a measure that returns has the pitch of the one that it is like, a motif goes where
it went before, a chord is spelled from its root, and parts are heard against their neighbours and the outermost ones, with which
they should not move in parallel fifths and octaves.

**Conventions.** Intervals are in semitones, signed, exact to two octaves, what is wider only up or down. Pitches above a root
count within the octave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from scogen_pipeline.model.relation import Relation, Source
from scogen_pipeline.tokens.alphabet import CHORDS, HIGH_PITCH, LOW_PITCH
from scogen_pipeline.tokens.view import FEATURES

if TYPE_CHECKING:
    from scogen_pipeline.tokens.vocabulary import Vocabulary

_WIDEST: Final = 24
_PITCHES: Final = range(LOW_PITCH, HIGH_PITCH + 1)
#: Features from which intervals are measured, and features that matter if a pitch is the same.
_MEASURED_FROM: Final = ("last_pitch", "model_pitch", "above_pitch", "below_pitch", "bass_pitch")
_THE_SAME: Final = ("parallel", "parallel_too", "echo_pitch")


def interval_relations(vocabulary: Vocabulary) -> tuple[Relation, ...]:
    """Return how the pitches stand to what the view tells; nothing if there are none.

    Args:
        vocabulary: Whose ids the pitches have.
    """
    known = set(vocabulary.tokens)
    pitches = np.array([pitch for pitch in _PITCHES if f"pitch={pitch}" in known])
    if not len(pitches):
        return ()
    ids = vocabulary.ids_of([f"pitch={pitch}" for pitch in pitches])

    def relation(source: Source, related: npt.NDArray[np.int64]) -> Relation:
        """Relate each pitch to each value of the source but 0, which is none; `related` has shape (values - 1, pitches)."""
        numbers = np.zeros((len(related) + 1, vocabulary.size), np.int32)
        numbers[1:, ids] = related
        return Relation(source, numbers)

    intervals = 1 + _WIDEST + 1 + np.clip(pitches[None, :] - np.array(_PITCHES)[:, None], -_WIDEST - 1, _WIDEST + 1)
    roots = np.array([chord.root for chord in CHORDS if chord])
    above_root = 1 + (pitches[None, :] - roots[:, None]) % 12
    # The first chord is none and has a number too.
    above_root = np.concatenate([np.zeros((1, len(pitches)), np.int64), above_root])
    same = (pitches[None, :] == np.array(_PITCHES)[:, None]).astype(np.int64)
    names = list(FEATURES)
    return (
        *(relation(names.index(name), intervals) for name in _MEASURED_FROM),
        relation(names.index("chord"), above_root),
        relation("lowest", intervals),
        relation("highest", intervals),
        *(relation(names.index(name), same) for name in _THE_SAME),
    )
