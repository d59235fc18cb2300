"""The words that music is spelled with: every token there is.

The alphabet is closed: it follows from the grid, the pitches and the lists of `music`, not from the data. So every model shares
one vocabulary whatever it was trained on, and a file that cannot be spelled is found when it is encoded, not later.

**Conventions**

- A token is `name=value`; the three marks `<pad>`, `<start>`, `<end>` have no value.
- `bar=` counts the measures left including this one, exactly up to 8, then the lower bound of a bucket.
- `like=` says how many measures back the one lies that this measure resembles, 0 if none; `phrase=` how many measures the phrase
  has that begins here; `chord=` a root in C major or A minor with a quality, or `none`, for each harmonic slot of the measure.
- `pos=` is the grid tick within the measure, `dur=` a note value in grid ticks (several in a row are tied), `pitch=` a MIDI pitch
  in C major or A minor.
"""

from __future__ import annotations

from typing import Final

from scogen_pipeline.analysis.chords import QUALITIES, Chord
from scogen_pipeline.analysis.phrases import MAX_PHRASE
from scogen_pipeline.analysis.returns import MAX_DISTANCE
from scogen_pipeline.music.duration import NOTE_VALUES
from scogen_pipeline.music.genres import GENRES
from scogen_pipeline.music.instruments import ROLES
from scogen_pipeline.music.key import MODES
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.tempo import TEMPO_CLASSES

PAD: Final = "<pad>"
START: Final = "<start>"
END: Final = "<end>"

#: Longest measure that can be spelled, in grid ticks: 4/2.
MAX_BAR_TICKS: Final = 192
#: Most parts (staves) that can be spelled.
MAX_PARTS: Final = 8
#: Lowest and highest pitch in C major or A minor: the piano, moved by up to a tritone.
LOW_PITCH: Final = 15
HIGH_PITCH: Final = 114

#: Buckets of measures left: exact to 8, then the lower bound.
BAR_BUCKETS: Final = (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 17, 25, 33, 49, 65)
#: Upper bounds of the length classes in measures.
_LENGTH_CLASSES: Final = (4, 8, 12, 16, 24, 32, 48, 64, 128)

METERS: Final = tuple(
    meter
    for denominator in (2, 4, 8, 16)
    for meter in (Meter(numerator, denominator) for numerator in range(1, 17))
    if meter.bar_ticks <= MAX_BAR_TICKS
)
#: Chords that can be spelled, none first.
CHORDS: Final = (None, *(Chord(root, quality) for root in range(12) for quality in QUALITIES))
#: Onsets in a measure that can be spelled: thirty-second notes and triplet sixteenths.
POSITIONS: Final = tuple(tick for tick in range(MAX_BAR_TICKS) if tick % 3 == 0 or tick % 4 == 0)


def bar_token(bars_left: int) -> str:
    """Spell the start of a measure, `bars_left` of them to come including this one.

    >>> bar_token(3), bar_token(11)
    ('bar=3', 'bar=9')
    """
    return f"bar={max(bucket for bucket in BAR_BUCKETS if bucket <= bars_left)}"


def length_token(n_bars: int) -> str:
    """Spell the length class of a piece: the smallest bound that holds it, else `long`.

    >>> length_token(16), length_token(300)
    ('length=16', 'length=long')
    """
    return f"length={next((bound for bound in _LENGTH_CLASSES if n_bars <= bound), 'long')}"


def chord_token(chord: Chord | None, shift: int = 0) -> str:
    """Spell a chord, moved down by `shift` semitones.

    >>> chord_token(Chord(2, "dominant"), shift=2), chord_token(None)
    ('chord=0-dominant', 'chord=none')
    """
    return f"chord={(chord.root - shift) % 12}-{chord.quality}" if chord else "chord=none"


def alphabet() -> tuple[str, ...]:
    """Return every token once, in no meaningful order."""
    conditions = [
        *(f"genre={genre}" for genre in (*GENRES, "other")),
        *(f"mode={mode}" for mode in MODES),
        *(f"tempo={name}" for name in TEMPO_CLASSES),
        *(f"length={bound}" for bound in (*_LENGTH_CLASSES, "long")),
        *(f"start={start}" for start in ("downbeat", "pickup")),
        *(f"role={role}" for role in ROLES),
    ]
    events = [
        *(f"bar={bucket}" for bucket in BAR_BUCKETS),
        *(f"meter={meter}" for meter in METERS),
        *(f"like={distance}" for distance in range(MAX_DISTANCE + 1)),
        *(f"phrase={length}" for length in range(1, MAX_PHRASE + 1)),
        *(chord_token(chord) for chord in CHORDS),
        *(f"pos={tick}" for tick in POSITIONS),
        *(f"part={part}" for part in range(MAX_PARTS)),
        *(f"dur={value}" for value in NOTE_VALUES),
        *(f"pitch={pitch}" for pitch in range(LOW_PITCH, HIGH_PITCH + 1)),
    ]
    return (PAD, START, END, *conditions, *events)


def kind_of(token: str) -> str:
    """Return what stands before the `=`, or the mark itself."""
    return token.partition("=")[0]


def value_of(token: str) -> str:
    """Return what stands after the `=`."""
    return token.partition("=")[2]
