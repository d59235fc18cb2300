"""The customs of part-writing, as a leaning and not as a law.

The model writes one note after another; what sounds together it knows less well than what follows. So where several parts sound,
each pitch that makes no chord with the rest, moves in parallel fifths or octaves, or crosses a neighbour loses some of its
probability. Real music does all of these, some of the time, and each genre in its own measure: a quartet doubles a line in
octaves, a chorale hardly ever. The weights are chosen to come near its rates, not to forbid.

**Conventions.** Weights are natural logarithms, 0 or below. Pitches are MIDI numbers, all moved alike.

**References.** J. J. Fux, *Gradus ad Parnassum* (1725), for the customs; benchmarks/part_writing.py for the rates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from scogen_pipeline.music.chord import SEVENTH_CHORDS, TRIADS, fits, mask_of
from scogen_pipeline.music.interval import FIFTH, LARGEST_STEP, OCTAVE

if TYPE_CHECKING:
    from collections.abc import Sequence

_SEVENTH_WEIGHT: Final = -0.1
_DISSONANCE_WEIGHT: Final = -0.5
#: A dissonance that is reached by step off the beat is a passing note.
_PASSING_WEIGHT: Final = -0.1


class Customs(NamedTuple):
    """What a genre makes of what parts do to each other.

    Args:
        fifths: Weight of moving in parallel fifths with another part.
        octaves: The same of octaves and unisons.
        crossing: Weight of crossing a neighbour.
    """

    fifths: float = -8.0
    octaves: float = -8.0
    crossing: float = -1.0


_STRICT: Final = Customs()
#: Other genres are strict. Found with one network: see benchmarks/part_writing.py, and find them again for another.
_CUSTOMS: Final[dict[str, Customs]] = {
    "renaissance": Customs(fifths=-4.0, octaves=-5.0, crossing=-0.4),
    "string quartet": Customs(fifths=-6.0, octaves=0.0, crossing=0.0),
}


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


def customs_of(genre: str) -> Customs:
    """Return the customs of a genre."""
    return _CUSTOMS.get(genre, _STRICT)


def leanings(
    pitches: Sequence[int], voices: Sequence[Voice], part: int, customs: Customs = _STRICT, *, is_on_beat: bool
) -> list[float]:
    """Return the log weight of each pitch that a part may begin, given what the others do.

    Args:
        pitches: The pitches that may begin.
        voices: Every part, top first; that of `part` as it is without the pitch.
        part: Index of the part.
        customs: Those of the genre.
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
        weight += sum(_parallel_weight(own.previous, pitch, other, customs) for other in moving)
        if not floor <= pitch <= ceiling:
            weight += customs.crossing
        weights.append(weight)
    return weights


def _may_be_parallel(voice: Voice) -> bool:
    return voice.begins and voice.previous > 0 and len(voice.sounding) == 1 and not voice.is_hand


def _parallel_weight(previous: int, pitch: int, other: Voice, customs: Customs) -> float:
    """Return the weight of a move if two voices move alike from one fifth or octave to the next, else 0."""
    if not previous or pitch == previous:
        return 0.0
    before, now = abs(previous - other.previous) % 12, abs(pitch - other.sounding[0]) % 12
    is_similar = (pitch - previous) * (other.sounding[0] - other.previous) > 0
    if before != now or not is_similar:
        return 0.0
    return {FIFTH: customs.fifths, OCTAVE: customs.octaves}.get(now, 0.0)


def _weight_of(mask: int) -> float:
    if fits(mask, TRIADS):
        return 0.0
    return _SEVENTH_WEIGHT if fits(mask, SEVENTH_CHORDS) else _DISSONANCE_WEIGHT


_WEIGHT_BY_MASK: Final = tuple(_weight_of(mask) for mask in range(1 << 12))
