"""Texture: how the parts go together. Undefined (NaN) for a single line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from scogen_pipeline.metrics.features.reading import Reading, Sonority, mean, share
from scogen_pipeline.metrics.voice_leading import crossing_share, parallels

#: Semitones between pitch classes that clash: seconds, sevenths and tritones.
_DISSONANT: Final = frozenset({1, 2, 6, 10, 11})


def notes_at_once(reading: Reading) -> float:
    """Return how many notes sound on a beat, mean over the beats on which any does."""
    return mean([float(len(sonority)) for sonority in reading.sonorities if sonority])


def doubled_share(reading: Reading) -> float:
    """Return the share of the sounding notes whose pitch class another one has too."""
    sonorities = [sonority for sonority in reading.sonorities if sonority]
    return mean([1 - len({note.pitch % 12 for note in sonority}) / len(sonority) for sonority in sonorities])


def _is_dissonant(sonority: Sonority) -> bool:
    classes = sorted({note.pitch % 12 for note in sonority})
    return any(b - a in _DISSONANT for index, a in enumerate(classes) for b in classes[index + 1 :])


def dissonance_share(reading: Reading) -> float:
    """Return the share of the beats with two notes or more on which a second, a seventh or a tritone sounds."""
    chords = [sonority for sonority in reading.sonorities if len(sonority) > 1]
    return share(sum(_is_dissonant(sonority) for sonority in chords), len(chords))


def together_share(reading: Reading) -> float:
    """Return the share of the onsets at which all parts begin a note that have one to begin in that beat or sound then.

    Simply: parts that begin at an onset over parts of the piece, mean over the onsets.
    """
    starting = Counter(onset for onset, _ in {(note.onset, note.part) for note in reading.piece.notes})
    return mean([n / len(reading.piece.parts) for n in starting.values()])


def contrary_share(reading: Reading) -> float:
    """Return the share of the moves of both outer voices, from beat to beat, that are in contrary motion."""
    outer = [(sonority[0].pitch, sonority[-1].pitch) for sonority in reading.sonorities if len(sonority) > 1]
    moves = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(outer) if a[0] != b[0] and a[1] != b[1]]
    return share(sum(low * high < 0 for low, high in moves), len(moves))


def spacing(reading: Reading) -> float:
    """Return the semitones between the outer voices, mean over the beats."""
    return mean([float(sonority[-1].pitch - sonority[0].pitch) for sonority in reading.sonorities if len(sonority) > 1])


TEXTURE: Final[dict[str, Callable[[Reading], float]]] = {
    "notes_at_once": notes_at_once,
    "doubled_share": doubled_share,
    "dissonance_share": dissonance_share,
    "together_share": together_share,
    "contrary_share": contrary_share,
    "spacing_semitones": spacing,
    "voice_crossing_share": lambda reading: crossing_share(reading.piece),
    "parallel_fifths_per_100": lambda reading: parallels(reading.piece, 7),
    "parallel_octaves_per_100": lambda reading: parallels(reading.piece, 0),
}
