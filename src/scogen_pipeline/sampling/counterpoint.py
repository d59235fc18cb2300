"""The customs of part-writing, as a leaning and not as a law.

The model writes one note after another; what sounds together it knows less well than what follows. So where several parts sound,
each pitch that makes no chord with the rest, moves in parallel fifths or octaves, or crosses a neighbour loses some of its
probability. Real music does all of these, some of the time: the weights are chosen to come near its rates, not to forbid.

**Conventions.** Weights are natural logarithms, 0 or below. Pitches are MIDI numbers, all moved alike.

**References.** J. J. Fux, *Gradus ad Parnassum* (1725), for the customs; benchmarks/part_writing.py for the rates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from scogen_pipeline.music.chord import SEVENTH_CHORDS, TRIADS, fits, mask_of
from scogen_pipeline.music.interval import LARGEST_STEP, PERFECT

if TYPE_CHECKING:
    from collections.abc import Sequence

_SEVENTH_WEIGHT: Final = -0.1
_DISSONANCE_WEIGHT: Final = -0.5
#: A dissonance that is reached by step off the beat is a passing note.
_PASSING_WEIGHT: Final = -0.1
_PARALLEL_WEIGHT: Final = -8.0
_CROSSING_WEIGHT: Final = -1.0


class Voice(NamedTuple):
    """What one part does at an onset.

    Args:
        sounding: Its pitches that sound, those that begin included.
        previous: The pitch before; 0 at the start.
        begins: Whether it begins a note at this onset.
        is_hand: Whether it is a hand at a keyboard, which doubles a line in octaves for its colour.
    """

    sounding: tuple[int, ...]
    previous: int
    begins: bool
    is_hand: bool = False


def leanings(pitches: Sequence[int], voices: Sequence[Voice], part: int, *, is_on_beat: bool) -> list[float]:
    """Return the log weight of each pitch that a part may begin, given what the others do.

    Args:
        pitches: The pitches that may begin.
        voices: Every part, top first; that of `part` as it is without the pitch.
        part: Index of the part.
        is_on_beat: Whether the onset is on a beat.
    """
    own = voices[part]
    is_free = own.begins or own.is_hand
    moving = [] if is_free else [voice for index, voice in enumerate(voices) if index != part and _may_be_parallel(voice)]
    chord = mask_of(pitch for voice in voices for pitch in voice.sounding)
    ceiling = min((min(voice.sounding) for voice in voices[:part] if voice.sounding), default=127)
    floor = max((max(voice.sounding) for voice in voices[part + 1 :] if voice.sounding), default=0)
    weights = []
    for pitch in pitches:
        weight = _WEIGHT_BY_MASK[chord | 1 << pitch % 12]
        if not is_on_beat and 0 < abs(pitch - own.previous) <= LARGEST_STEP:
            weight = max(weight, _PASSING_WEIGHT)
        weight += _PARALLEL_WEIGHT * sum(_is_parallel(own.previous, pitch, other) for other in moving) if moving else 0.0
        if not floor <= pitch <= ceiling:
            weight += _CROSSING_WEIGHT
        weights.append(weight)
    return weights


def _may_be_parallel(voice: Voice) -> bool:
    return voice.begins and voice.previous > 0 and len(voice.sounding) == 1 and not voice.is_hand


def _is_parallel(previous: int, pitch: int, other: Voice) -> bool:
    """Tell whether two voices move alike from one fifth or octave to the next."""
    if not previous or pitch == previous:
        return False
    before, now = abs(previous - other.previous) % 12, abs(pitch - other.sounding[0]) % 12
    is_similar = (pitch - previous) * (other.sounding[0] - other.previous) > 0
    return before == now and now in PERFECT and is_similar


def _weight_of(mask: int) -> float:
    if fits(mask, TRIADS):
        return 0.0
    return _SEVENTH_WEIGHT if fits(mask, SEVENTH_CHORDS) else _DISSONANCE_WEIGHT


_WEIGHT_BY_MASK: Final = tuple(_weight_of(mask) for mask in range(1 << 12))
