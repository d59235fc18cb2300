"""The chords of a piece: one a harmonic slot, or none where nothing sounds.

A hidden Markov model whose states are 48 chords. What sounds in a slot is judged by the share of chord tones, tones of the scale
and other tones; a chord is likelier where it belongs to the key; a change costs more where the measure is weak.

**Conventions.** Pitch classes are sounding, 0 = C. A chord of four tones that is no dominant seventh is named by its triad; an
augmented triad counts as major.

**References.** D. Temperley, *A unified probabilistic model for polyphonic music analysis*, JNMR 38 (2009). C. Raphael and
J. Stoddard, *Functional harmonic analysis using probabilistic models*, Computer Music Journal 28 (2004).
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

import numpy as np

from scogen_pipeline.analysis.note_columns import BoolArray, FloatArray, IntArray, NoteColumns, measure_bounds, note_columns
from scogen_pipeline.analysis.slots import harmonic_slots
from scogen_pipeline.music.interval import FIFTH
from scogen_pipeline.music.key import Key, Mode
from scogen_pipeline.music.piece import Piece

QUALITIES: Final = ("major", "minor", "diminished", "dominant")

_N_CHORDS: Final = 12 * len(QUALITIES)
#: Semitones above the root, with their share of the sounding time.
_TONES: Final[dict[str, dict[int, float]]] = {
    "major": {0: 0.36, 4: 0.28, 7: 0.24},
    "minor": {0: 0.36, 3: 0.28, 7: 0.24},
    "diminished": {0: 0.30, 3: 0.27, 6: 0.25, 9: 0.04},
    "dominant": {0: 0.30, 4: 0.24, 7: 0.17, 10: 0.18},
}
_SCALE_TONE: Final = 0.022
_OTHER_TONE: Final = 0.006
_SCALES: Final[dict[Mode, frozenset[int]]] = {
    "major": frozenset((0, 2, 4, 5, 7, 9, 11)),
    "minor": frozenset((0, 2, 3, 5, 7, 8, 10, 11)),
}
#: Log weight of the chords that belong to a key: semitones of the root above the tonic, by quality.
_IN_KEY: Final[dict[Mode, dict[str, dict[int, float]]]] = {
    "major": {
        "major": {0: 0.0, 5: -0.7, 7: -0.3, 2: -2.2, 4: -2.6, 9: -2.8, 10: -2.8},
        "minor": {2: -1.2, 9: -1.0, 4: -1.8, 7: -3.0},
        "diminished": {11: -1.6, 6: -2.6},
        "dominant": {7: -0.8, 2: -2.2, 0: -2.6, 9: -2.8, 4: -2.8},
    },
    "minor": {
        "major": {7: -0.5, 3: -1.0, 8: -1.3, 10: -1.1, 0: -2.2, 5: -2.0},
        "minor": {0: 0.0, 5: -0.9, 7: -1.5, 2: -2.6},
        "diminished": {11: -1.6, 2: -1.6},
        "dominant": {7: -0.9, 10: -2.0, 0: -2.4, 3: -2.6},
    },
}
_OUT_OF_KEY: Final = -4.5
#: How much more a tone counts that sounds when its slot begins.
_BEGINNING: Final = 0.6
#: Log weight of the bass being the root, the third, the fifth or the seventh; else nothing.
_BASS: Final = (1.6, 0.9, 0.3, 0.4)
#: Weight of the notes and of the key, for a melody alone and for several parts (from the second part on there is a bass). A few
#: notes say less each than they seem to, yet more than the key: both are measured, and flat around these values.
_NOTES_AND_KEY: Final = ((2.0, 1.0), (1.0, 0.5))
#: Cost of a change of chord at a bar line, in the middle of a measure, and elsewhere.
_CHANGE: Final = (0.5, 0.8, 1.1)
#: Gain of a root that falls by a fifth.
_FALLING_FIFTH: Final = 0.5


class Chord(NamedTuple):
    """A chord: sounding pitch class of its root, and one of `QUALITIES`."""

    root: int
    quality: str

    @property
    def pitch_classes(self) -> frozenset[int]:
        """The pitch classes of its tones; the seventh of a diminished chord is one."""
        return frozenset((self.root + tone) % 12 for tone in _TONES[self.quality])


def chords_of(piece: Piece) -> tuple[tuple[Chord | None, ...], ...]:
    """Return the chords of each measure, one a slot of `harmonic_slots(meter, n_parts)`; `None` where nothing sounds."""
    slots = [harmonic_slots(meter, len(piece.parts)) for meter in piece.meters]
    starts = measure_bounds(piece)[:-1]
    bounds = np.array([*(start + slot for start, own in zip(starts, slots, strict=True) for slot in own), piece.end])
    costs = np.array([_change_cost(index, len(own)) for own in slots for index in range(len(own))])
    notes = note_columns(piece)
    profile, bass = _sounding(notes, bounds)
    is_heard: BoolArray = np.any(profile > 0, axis=1)
    scores = _scores(profile[is_heard], bass[is_heard], piece.key, has_bass=len(piece.parts) > 1)
    path = iter(_best_path(scores, costs[is_heard]))
    chords = iter([_CHORDS[next(path)] if heard else None for heard in is_heard.tolist()])
    return tuple(tuple(next(chords) for _ in own) for own in slots)


_CHORDS: Final = tuple(Chord(root, quality) for quality in QUALITIES for root in range(12))


def _change_cost(index: int, n_slots: int) -> float:
    if index == 0:
        return _CHANGE[0]
    return _CHANGE[1] if 2 * index == n_slots else _CHANGE[2]


def _sounding(notes: NoteColumns, bounds: IntArray) -> tuple[FloatArray, IntArray]:
    """Return the weight of each pitch class in each slot, `(slots, 12)`, and the pitch class of the bass, -1 for none."""
    first = np.searchsorted(bounds, notes.onsets, side="right") - 1
    counts = np.searchsorted(bounds, notes.ends, side="left") - first
    note = np.repeat(np.arange(len(first)), counts)
    slot = first[note] + np.arange(len(note)) - np.repeat(np.cumsum(counts) - counts, counts)
    lengths = bounds[slot + 1] - bounds[slot]
    shares = (np.minimum(notes.ends[note], bounds[slot + 1]) - np.maximum(notes.onsets[note], bounds[slot])) / lengths
    sounds_first = notes.onsets[note] <= bounds[slot]
    n_slots = len(bounds) - 1
    weights = shares * (1 + _BEGINNING * sounds_first)
    profile = np.bincount(slot * 12 + notes.pitches[note] % 12, weights, minlength=12 * n_slots).reshape(n_slots, 12)
    order = np.lexsort((notes.pitches[note] + 128 * ~sounds_first, slot))
    lowest = np.full(n_slots, -1, dtype=np.int64)
    lowest[slot[order][::-1]] = notes.pitches[note][order][::-1] % 12  # the first of each slot is written last
    return profile.astype(np.float64), lowest


def _scores(profile: FloatArray, bass: IntArray, key: Key, *, has_bass: bool) -> FloatArray:
    """Return the log weight of each chord in each slot, `(slots, 48)`."""
    of_notes, of_key = _NOTES_AND_KEY[has_bass]
    scores: FloatArray = of_notes * (profile @ _tone_scores(key).T) + of_key * _key_scores(key)
    return scores + _bass_scores()[:, bass].T if has_bass else scores


@cache
def _tone_scores(key: Key) -> FloatArray:
    """Return the log probability of each pitch class in each chord, `(48, 12)`."""
    scale = {(key.tonic_pitch_class + step) % 12 for step in _SCALES[key.mode]}
    table = np.array(
        [
            [_TONES[quality].get((tone - root) % 12, _SCALE_TONE if tone in scale else _OTHER_TONE) for tone in range(12)]
            for root, quality in _CHORDS
        ]
    )
    logs: FloatArray = np.log(table / table.sum(axis=1, keepdims=True))
    return logs


@cache
def _key_scores(key: Key) -> FloatArray:
    """Return the log weight of each chord in the key, `(48,)`."""
    weights = _IN_KEY[key.mode]
    return np.array([weights[quality].get((root - key.tonic_pitch_class) % 12, _OUT_OF_KEY) for root, quality in _CHORDS])


@cache
def _bass_scores() -> FloatArray:
    """Return the log weight of each pitch class as the bass of each chord, `(48, 12)`."""
    table = np.zeros((_N_CHORDS, 12))
    for row, (root, quality) in enumerate(_CHORDS):
        for weight, step in zip(_BASS, _TONES[quality], strict=False):
            table[row, (root + step) % 12] = weight
    return table


@cache
def _moves() -> FloatArray:
    """Return the gain of each move from a chord (row) to another (column), `(48, 48)`; 0 for staying."""
    roots = np.array([chord.root for chord in _CHORDS])
    return np.where((roots[:, None] - roots[None, :]) % 12 == FIFTH, _FALLING_FIFTH, 0.0)


def _best_path(scores: FloatArray, costs: FloatArray) -> list[int]:
    """Return the most likely chord of each slot: Viterbi."""
    if not len(scores):
        return []
    changes, moves = 1.0 - np.eye(_N_CHORDS), _moves()
    total, back = scores[0], np.zeros(scores.shape, dtype=np.int64)
    columns = np.arange(_N_CHORDS)
    for row in range(1, len(scores)):
        reached = total[:, None] + (moves - costs[row] * changes)
        back[row] = reached.argmax(axis=0)
        total = reached[back[row], columns] + scores[row]
    path = [int(total.argmax())]
    for row in range(len(scores) - 1, 0, -1):
        path.append(int(back[row, path[-1]]))
    return path[::-1]
