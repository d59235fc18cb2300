"""Instruments: what they are called, what they can play, on which clef they are written.

**Conventions.** Ranges are sounding MIDI pitches that an able amateur commands, inclusive. `program` is the General MIDI program,
counted from 0. Parts are written at sounding pitch, except that octave clefs (a small 8) are used where custom wants them.

**References.** S. Adler, *The Study of Orchestration* (4th ed.), ranges; the four voices are those of an amateur choir.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from scogen_pipeline.errors import RequestError, did_you_mean

Clef = Literal["treble", "alto", "bass", "treble8vb", "bass8vb", "treble8va"]
Role = Literal["melody", "soprano", "alto", "tenor", "bass", "violin", "viola", "cello", "piano_right", "piano_left"]
ROLES: Final[tuple[Role, ...]] = (
    "melody", "soprano", "alto", "tenor", "bass", "violin", "viola", "cello", "piano_right", "piano_left",
)  # fmt: skip


@dataclass(frozen=True)
class Instrument:
    """An instrument or a voice.

    Args:
        name: Lower-case name that a request uses: "violin".
        program: General MIDI program, 0 to 127.
        low: Lowest sounding MIDI pitch.
        high: Highest sounding MIDI pitch.
        clef: Clef of its only staff, or of the upper one.
        role: What the model takes it for.
        n_staves: 1, or 2 for a grand staff (two parts, right hand and left hand).
        max_notes: Most notes that one staff of it sounds at once.
    """

    name: str
    program: int
    low: int
    high: int
    clef: Clef
    role: Role
    n_staves: int = 1
    max_notes: int = 1

    @property
    def title(self) -> str:
        """Name as printed: "Violin"."""
        return self.name[0].upper() + self.name[1:]

    @property
    def has_grand_staff(self) -> bool:
        """Whether it is written on two braced staves."""
        return self.n_staves == 2


_ALL: Final = (
    Instrument("soprano", 52, 60, 79, "treble", "soprano"),
    Instrument("alto", 52, 55, 72, "treble", "alto"),
    Instrument("tenor", 52, 48, 67, "treble8vb", "tenor"),
    Instrument("bass", 52, 40, 62, "bass", "bass"),
    Instrument("voice", 53, 57, 77, "treble", "melody"),
    Instrument("piano", 0, 21, 108, "treble", "piano_right", n_staves=2, max_notes=5),
    Instrument("harpsichord", 6, 29, 89, "treble", "piano_right", n_staves=2, max_notes=5),
    Instrument("organ", 19, 36, 96, "treble", "piano_right", n_staves=2, max_notes=5),
    Instrument("harp", 46, 24, 103, "treble", "piano_right", n_staves=2, max_notes=4),
    Instrument("violin", 40, 55, 91, "treble", "violin"),
    Instrument("fiddle", 40, 55, 83, "treble", "melody"),
    Instrument("viola", 41, 48, 81, "alto", "viola"),
    Instrument("cello", 42, 36, 72, "bass", "cello"),
    Instrument("double bass", 43, 28, 60, "bass8vb", "bass"),
    Instrument("piccolo", 72, 74, 102, "treble8va", "melody"),
    Instrument("flute", 73, 60, 93, "treble", "melody"),
    Instrument("recorder", 74, 72, 98, "treble8va", "melody"),
    Instrument("tin whistle", 78, 74, 95, "treble8va", "melody"),
    Instrument("oboe", 68, 58, 87, "treble", "melody"),
    Instrument("english horn", 69, 52, 79, "treble", "alto"),
    Instrument("clarinet", 71, 50, 86, "treble", "melody"),
    Instrument("bassoon", 70, 34, 67, "bass", "bass"),
    Instrument("soprano saxophone", 64, 56, 87, "treble", "melody"),
    Instrument("alto saxophone", 65, 49, 80, "treble", "melody"),
    Instrument("tenor saxophone", 66, 44, 75, "treble", "tenor"),
    Instrument("trumpet", 56, 54, 82, "treble", "melody"),
    Instrument("horn", 60, 41, 74, "treble", "alto"),
    Instrument("trombone", 57, 40, 70, "bass", "tenor"),
    Instrument("tuba", 58, 29, 58, "bass", "bass"),
    Instrument("accordion", 21, 53, 89, "treble", "melody"),
    Instrument("guitar", 24, 40, 79, "treble8vb", "melody"),
    Instrument("mandolin", 25, 55, 88, "treble", "melody"),
    Instrument("banjo", 105, 50, 81, "treble", "melody"),
)
INSTRUMENTS: Final = {instrument.name: instrument for instrument in _ALL}

#: Other names that people use, mapped to ours.
_ALIASES: Final = {
    "violoncello": "cello",
    "contrabass": "double bass",
    "cor anglais": "english horn",
    "french horn": "horn",
    "melody": "fiddle",
    "whistle": "tin whistle",
    "pianoforte": "piano",
    "keyboard": "piano",
    "cembalo": "harpsichord",
    "saxophone": "alto saxophone",
    "sax": "alto saxophone",
    "acoustic guitar": "guitar",
    "vocals": "voice",
    "singer": "voice",
    "baritone": "bass",
    "cantus": "soprano",
    "superius": "soprano",
    "altus": "alto",
    "bassus": "bass",
}


def find_instrument(name: str) -> Instrument:
    """Look an instrument up by name or alias, ignoring case.

    Raises:
        RequestError: If there is none; the message suggests the nearest.
    """
    folded = " ".join(name.casefold().replace("_", " ").split())
    folded = _ALIASES.get(folded, folded)
    if folded not in INSTRUMENTS:
        raise RequestError(
            f"`instruments` must be among {', '.join(sorted(INSTRUMENTS))}, received `{name}`."
            f"{did_you_mean(name, [*INSTRUMENTS, *_ALIASES])}"
        )
    return INSTRUMENTS[folded]


def instrument_of_track(program: int, track_name: str) -> Instrument:
    """Recognise the instrument of a MIDI track by its name, else by its General MIDI program.

    An unknown program falls back on the nearest known program number.
    """
    words = track_name.casefold()
    for name in sorted([*INSTRUMENTS, *_ALIASES], key=len, reverse=True):
        if name in words:
            return find_instrument(name)
    return min(INSTRUMENTS.values(), key=lambda instrument: abs(instrument.program - program))
