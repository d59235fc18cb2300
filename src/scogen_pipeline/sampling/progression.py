"""A chord progression as people write it: "C | Am F | G7 | C".

**Conventions.** Measures are parted by `|`, the chords of a measure by spaces; they share its harmonic slots evenly. A
progression that is shorter than the piece is played again from its start. Chords are named in the key that sounds; a measure
without a chord leaves it to the model.
"""

from __future__ import annotations

import re
from typing import Final

from scogen_pipeline.analysis.chords import Chord
from scogen_pipeline.errors import RequestError

_STEPS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS: Final = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_QUALITIES: Final = {
    "": "major",
    "m": "minor",
    "min": "minor",
    "dim": "diminished",
    "°": "diminished",
    "o": "diminished",
    "7": "dominant",
}
_PATTERN: Final = re.compile(r"([A-G])([#b♯♭]?)(|m|min|dim|°|o|7)")

Progression = tuple[tuple[Chord, ...], ...]


def parse_progression(text: str) -> Progression:
    """Read a progression: the chords of each measure, sounding.

    >>> parse_progression("C | Dm G7")
    ((Chord(root=0, quality='major'),), (Chord(root=2, quality='minor'), Chord(root=7, quality='dominant')))

    Raises:
        RequestError: If a name is no chord.
    """
    measures = str(text).strip().strip("|").split("|")
    return tuple(tuple(_parse_chord(name) for name in measure.split()) for measure in measures)


def chords_in_slots(progression: Progression, n_bars: int, n_slots: int) -> tuple[tuple[Chord | None, ...], ...]:
    """Return the chord of each slot of each measure, `None` where the model may choose.

    Raises:
        RequestError: If a measure has more chords than slots.
    """
    most = max(len(measure) for measure in progression)
    if most > n_slots:
        raise RequestError(f"`chords` must be at most {n_slots} a measure here, received {most}. Put a `|` between measures.")
    return tuple(_spread(progression[bar % len(progression)], n_slots) for bar in range(n_bars))


def _spread(measure: tuple[Chord, ...], n_slots: int) -> tuple[Chord | None, ...]:
    return tuple(measure[slot * len(measure) // n_slots] for slot in range(n_slots)) if measure else (None,) * n_slots


def _parse_chord(name: str) -> Chord:
    match = _PATTERN.fullmatch(name)
    if match is None:
        raise RequestError(
            f"`chords` must be names such as C, Am, F#dim or G7, with a | between measures, received `{name}`. "
            "Other qualities are not known: write the triad."
        )
    step, accidental, quality = match.groups()
    return Chord((_STEPS[step] + _ACCIDENTALS[accidental]) % 12, _QUALITIES[quality])
