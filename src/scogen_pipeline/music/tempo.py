"""Tempo words, metronome numbers and the classes that the model is told.

**Conventions.** `tempo_bpm` counts the *beats* of the meter per minute (dotted quarters in 6/8), as a metronome mark does;
`tempo_qpm` counts quarter notes, as MIDI does.
"""

from __future__ import annotations

from typing import Final

from scogen_pipeline.errors import RequestError, did_you_mean
from scogen_pipeline.music.meter import Meter

MIN_BPM: Final = 20
MAX_BPM: Final = 320

#: Word, beats per minute that it stands for, and the first bpm above its range.
_TEMPO_WORDS: Final = (
    ("Grave", 36, 40),
    ("Largo", 48, 54),
    ("Adagio", 60, 66),
    ("Andante", 76, 84),
    ("Andantino", 88, 96),
    ("Moderato", 104, 112),
    ("Allegretto", 116, 120),
    ("Allegro", 132, 152),
    ("Vivace", 160, 172),
    ("Presto", 184, 200),
    ("Prestissimo", 208, MAX_BPM + 1),
)
BPM_BY_WORD: Final = {word: bpm for word, bpm, _ in _TEMPO_WORDS}

#: Upper bounds (exclusive) of the tempo classes that condition the model, in beats per minute.
_CLASS_BOUNDS: Final = (("slow", 72), ("walking", 100), ("brisk", 132), ("fast", MAX_BPM + 10_000))
TEMPO_CLASSES: Final = tuple(name for name, _ in _CLASS_BOUNDS)


def parse_tempo(value: str | float) -> float:
    """Read a tempo as beats per minute from a number or an Italian word.

    >>> parse_tempo("allegro"), parse_tempo(96)
    (132.0, 96.0)

    Raises:
        RequestError: If it is neither, or out of range.
    """
    words = {word.casefold(): bpm for word, bpm in BPM_BY_WORD.items()}
    text = str(value).strip()
    if text.casefold() in words:
        return float(words[text.casefold()])
    try:
        bpm = float(text)
    except ValueError:
        raise RequestError(
            f"`tempo` must be {MIN_BPM} to {MAX_BPM} beats per minute or one of {', '.join(BPM_BY_WORD)}, "
            f"received `{value}`.{did_you_mean(text, BPM_BY_WORD)}"
        ) from None
    if not MIN_BPM <= bpm <= MAX_BPM:
        raise RequestError(f"`tempo` must be {MIN_BPM} to {MAX_BPM} beats per minute, received {value}.")
    return bpm


def tempo_word(tempo_bpm: float) -> str:
    """Return the Italian word for a number of beats per minute.

    >>> tempo_word(96)
    'Moderato'
    """
    return next((word for word, _, bound in _TEMPO_WORDS if tempo_bpm < bound), _TEMPO_WORDS[-1][0])


def tempo_class(tempo_bpm: float) -> str:
    """Return the coarse class (one of `TEMPO_CLASSES`) that conditions the model."""
    return next(name for name, bound in _CLASS_BOUNDS if tempo_bpm < bound)


def qpm_from_bpm(tempo_bpm: float, meter: Meter) -> float:
    """Convert beats per minute into quarter notes per minute.

    >>> qpm_from_bpm(80, Meter(6, 8))
    120.0
    """
    return tempo_bpm * meter.beat_quarters


def bpm_from_qpm(tempo_qpm: float, meter: Meter) -> float:
    """Convert quarter notes per minute into beats per minute."""
    return tempo_qpm / meter.beat_quarters
