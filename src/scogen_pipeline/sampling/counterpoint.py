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

if TYPE_CHECKING:
    from collections.abc import Sequence

_PERFECT: Final = (0, 7)

_SEVENTH_WEIGHT: Final = -0.4
_DISSONANCE_WEIGHT: Final = -1.8
#: A dissonance that is reached by step off the beat is a passing note.
_PASSING_WEIGHT: Final = -0.5
_PARALLEL_WEIGHT: Final = -4.0
_CROSSING_WEIGHT: Final = -1.0


class Voice(NamedTuple):
    """What one part does at an onset.

    Args:
        sounding: Its pitches that sound, those that begin included.
        previous: The pitch before; 0 at the start.
        begins: Whether it begins a note at this onset.
    """

    sounding: tuple[int, ...]
    previous: int
    begins: bool


def leaning(pitch: int, voices: Sequence[Voice], part: int, *, is_on_beat: bool) -> float:
    """Return the log weight of a pitch of a part, given what the others do.

    Args:
        pitch: The pitch that may begin.
        voices: Every part, top first; that of `part` as it is without the pitch.
        part: Index of the part.
        is_on_beat: Whether the onset is on a beat.
    """
    own = voices[part]
    others = [voice for index, voice in enumerate(voices) if index != part and voice.sounding]
    chord = [each for voice in voices for each in voice.sounding]
    is_step = 0 < abs(pitch - own.previous) <= 2
    weight = _chord_weight([*chord, pitch], is_passing=is_step and not is_on_beat)
    if not own.begins:
        weight += sum(_PARALLEL_WEIGHT for other in others if _is_parallel(own.previous, pitch, other))
    above = [min(voice.sounding) for voice in voices[:part] if voice.sounding]
    below = [max(voice.sounding) for voice in voices[part + 1 :] if voice.sounding]
    crosses = pitch > min(above, default=127) or pitch < max(below, default=0)
    return weight + (_CROSSING_WEIGHT if crosses else 0.0)


def _chord_weight(pitches: Sequence[int], *, is_passing: bool) -> float:
    weight = _WEIGHT_BY_MASK[mask_of(pitches)]
    return max(weight, _PASSING_WEIGHT) if is_passing else weight


def _is_parallel(previous: int, pitch: int, other: Voice) -> bool:
    """Tell whether two voices move alike from one fifth or octave to the next."""
    if not other.begins or not previous or not other.previous or len(other.sounding) != 1 or pitch == previous:
        return False
    before, now = abs(previous - other.previous) % 12, abs(pitch - other.sounding[0]) % 12
    is_similar = (pitch - previous) * (other.sounding[0] - other.previous) > 0
    return before == now and now in _PERFECT and is_similar


def _weight_of(mask: int) -> float:
    if fits(mask, TRIADS):
        return 0.0
    return _SEVENTH_WEIGHT if fits(mask, SEVENTH_CHORDS) else _DISSONANCE_WEIGHT


_WEIGHT_BY_MASK: Final = tuple(_weight_of(mask) for mask in range(1 << 12))
