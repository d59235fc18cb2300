"""Keys: their names, signatures and what they are told apart by.

**Conventions.** `fifths` counts along the line of fifths: 0 = C major or A minor, positive = sharps, negative = flats, -7 to 7.
A key is written with a capital for major and a small letter for minor ("F", "f"), or with the mode spelled out ("F minor").

**References.** D. Temperley, *Music and Probability* (2007), ch. 4: the key profiles, from the Essen folk song collection.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from scogen_pipeline.errors import RequestError, did_you_mean

Mode = Literal["major", "minor"]
MODES: Final[tuple[Mode, ...]] = ("major", "minor")

#: Steps in the order of the line of fifths, C = 0 at index 1.
_FIFTHS_ORDER: Final = "FCGDAEB"
_RELATIVE_MINOR_FIFTHS: Final = 3

#: Probability of each scale degree in semitones above the tonic (Temperley 2007).
_PROFILES: Final[dict[Mode, tuple[float, ...]]] = {
    "major": (0.184, 0.001, 0.155, 0.003, 0.191, 0.109, 0.005, 0.214, 0.001, 0.078, 0.004, 0.055),
    "minor": (0.192, 0.005, 0.149, 0.179, 0.002, 0.144, 0.002, 0.201, 0.038, 0.012, 0.053, 0.022),
}

_KEY_PATTERN: Final = re.compile(
    r"^\s*(?P<step>[A-Ga-g])\s*(?P<accidental>#{1,2}|b{1,2}|♯|♭|-?(?:sharp|flat)|-)?\s*(?P<mode>major|minor|maj|min|m|M|dur|moll)?\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, order=True)
class Key:
    """A major or minor key.

    Args:
        fifths: Sharps (positive) or flats (negative) of the key signature, -7 to 7.
        mode: "major" or "minor".

    Raises:
        RequestError: If `fifths` or `mode` is out of range.
    """

    fifths: int
    mode: Mode

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not -7 <= self.fifths <= 7:
            raise RequestError(
                f"`key` must have at most 7 sharps or flats, received {self.fifths} fifths. Use its enharmonic twin."
            )
        if self.mode not in MODES:
            raise RequestError(f"`mode` must be major or minor, received `{self.mode}`.")

    @property
    def tonic_fifths(self) -> int:
        """Place of the tonic on the line of fifths, C = 0."""
        return self.fifths + (_RELATIVE_MINOR_FIFTHS if self.mode == "minor" else 0)

    @property
    def tonic_pitch_class(self) -> int:
        """Pitch class of the tonic, 0 = C."""
        return self.tonic_fifths * 7 % 12

    @property
    def tonic_name(self) -> str:
        """Name of the tonic with `#` and `b`: "F#", "Bb"."""
        return fifths_name(self.tonic_fifths)

    @property
    def name(self) -> str:
        """Full name: "F# minor"."""
        return f"{self.tonic_name} {self.mode}"

    @property
    def printed_name(self) -> str:
        """Full name with musical signs, for a title: "E♭ major"."""
        return f"{self.tonic_name.replace('#', '♯').replace('b', '♭')} {self.mode}"

    @property
    def normal(self) -> Key:
        """The key without signature in the same mode: C major or A minor."""
        return Key(0, self.mode)

    @classmethod
    def parse(cls, text: str) -> Key:
        """Read a key as people write it.

        >>> [Key.parse(t).name for t in ("F", "f", "F minor", "Bb", "c#", "F#m", "e flat major")]
        ['F major', 'F minor', 'F minor', 'Bb major', 'C# minor', 'F# minor', 'Eb major']

        Raises:
            RequestError: If the text is no key, or the key needs more than seven accidentals.
        """
        match = _KEY_PATTERN.match(str(text))
        if match is None:
            names = [key.name for key in ALL_KEYS]
            raise RequestError(
                "`key` must be a tonic A to G with an optional # or b and an optional mode, such as F, f, Bb or "
                f"F# minor, received `{text}`.{did_you_mean(str(text), names)}"
            )
        mode = _parse_mode(match["step"], match["mode"])
        tonic_fifths = _FIFTHS_ORDER.index(match["step"].upper()) - 1 + 7 * _parse_accidental(match["accidental"])
        fifths = tonic_fifths - (_RELATIVE_MINOR_FIFTHS if mode == "minor" else 0)
        if not -7 <= fifths <= 7:
            twin = Key(fifths - 12 if fifths > 0 else fifths + 12, mode)
            raise RequestError(
                f"`key` must have at most 7 sharps or flats, received `{text}`, which needs {abs(fifths)}. Use {twin.name}."
            )
        return cls(fifths, mode)


ALL_KEYS: Final = tuple(Key(fifths, mode) for mode in MODES for fifths in range(-7, 8))


def _parse_mode(step: str, mode: str | None) -> Mode:
    if mode is None:
        return "minor" if step.islower() else "major"
    if mode == "M":
        return "major"
    return "major" if mode.lower() in ("major", "maj", "dur") else "minor"


def _parse_accidental(accidental: str | None) -> int:
    if not accidental:
        return 0
    folded = accidental.lower().lstrip("-") or "-"
    return {"#": 1, "##": 2, "♯": 1, "sharp": 1, "b": -1, "bb": -2, "♭": -1, "flat": -1, "-": -1}[folded]


def fifths_name(fifths: int) -> str:
    """Name the note at a place on the line of fifths, C = 0.

    >>> [fifths_name(n) for n in (-2, -1, 0, 6)]
    ['Bb', 'F', 'C', 'F#']
    """
    octave_of_fifths, index = divmod(fifths + 1, 7)
    accidental = "#" * octave_of_fifths if octave_of_fifths >= 0 else "b" * -octave_of_fifths
    return _FIFTHS_ORDER[index] + accidental


def estimate_mode(pitch_class_weights: Sequence[float], fifths: int) -> Mode:
    """Decide between the major and the minor key of one signature.

    Args:
        pitch_class_weights: Twelve weights (counts or total durations), C first.
        fifths: The signature, -7 to 7.
    """
    return max(MODES, key=lambda mode: _profile_score(pitch_class_weights, Key(fifths, mode)))


def estimate_key(pitch_class_weights: Sequence[float]) -> Key:
    """Return the most likely of the keys with at most six accidentals.

    Args:
        pitch_class_weights: Twelve weights (counts or total durations), C first.
    """
    candidates = [key for key in ALL_KEYS if abs(key.fifths) < 7 and key.fifths != -6]
    return max(candidates, key=lambda key: _profile_score(pitch_class_weights, key))


def _profile_score(weights: Sequence[float], key: Key) -> float:
    """Correlation of the weights with the profile of a key."""
    profile = _PROFILES[key.mode]
    expected = [profile[(pc - key.tonic_pitch_class) % 12] for pc in range(12)]
    mean_w, mean_e = sum(weights) / 12, sum(expected) / 12
    covariance = sum((w - mean_w) * (e - mean_e) for w, e in zip(weights, expected, strict=True))
    spread = sum((w - mean_w) ** 2 for w in weights) * sum((e - mean_e) ** 2 for e in expected)
    return covariance / spread**0.5 if spread else 0.0
