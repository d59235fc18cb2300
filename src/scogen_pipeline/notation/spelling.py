"""Pitch numbers to note names, spelled as the key and the context ask.

The name of a note follows from the tonics that its neighbourhood suggests (ps13), the whole is moved by twelve fifths towards the
key signature where it drifted an enharmonic away, and a note far outside the key takes the name nearest to the key.

**Conventions.** A place on the *line of fifths* stands for a name: C = 0, G = 1, F = -1. Names have at most two sharps or flats.

**References.** D. Meredith, "The ps13 pitch spelling algorithm", *Journal of New Music Research* 35 (2006);
D. Temperley, *The Cognition of Basic Musical Structures* (2001), ch. 5 (line of fifths).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from scogen_pipeline.music.key import Key
from scogen_pipeline.music.piece import Note

_STEPS_BY_FIFTHS: Final = "FCGDAEB"


class Spelling(NamedTuple):
    """A written pitch: step "C" to "B", alter in semitones, octave of the written step (middle C = 4)."""

    step: str
    alter: int
    octave: int

    @property
    def diatonic(self) -> int:
        """Steps above C0, the height on a staff."""
        return "CDEFGAB".index(self.step) + 7 * self.octave

    @property
    def midi(self) -> int:
        """The pitch that sounds."""
        return 12 * (self.octave + 1) + (0, 2, 4, 5, 7, 9, 11)["CDEFGAB".index(self.step)] + self.alter


def name_pitch(pitch: int, fifths: int) -> Spelling:
    """Write a pitch with the name at a place on the line of fifths.

    >>> name_pitch(61, -5)
    Spelling(step='D', alter=-1, octave=4)
    """
    alter, index = divmod(fifths + 1, 7)
    step = _STEPS_BY_FIFTHS[index]
    natural = (0, 2, 4, 5, 7, 9, 11)["CDEFGAB".index(step)]
    return Spelling(step, alter, (pitch - alter - natural) // 12 - 1)


def spell(notes: Sequence[Note], key: Key) -> tuple[Spelling, ...]:
    """Spell the notes of a piece, in their order.

    Args:
        notes: All notes of the piece, sorted.
        key: The key of the piece.
    """
    return tuple(name_pitch(note.pitch, nearest_fifths(note.pitch, key)) for note in notes)


def nearest_fifths(pitch: int, key: Key) -> int:
    """Place of a pitch on the line of fifths within the window of twelve around the key: five below the tonic, six above."""
    lowest = key.tonic_fifths - 5 if key.mode == "major" else key.tonic_fifths - 6
    return lowest + (7 * pitch - lowest) % 12
