"""What a piece is like, in numbers that can be put beside those of real music.

Not scores to be maximised: the aim is the real rate (models overshoot scale consistency and undershoot repetition).

**Conventions.** Notes are counted once each, not weighted by duration: with that the JSB test set gives the published 3.03 bits
of pitch-class entropy and 93 % of scale consistency (2.93 bits and 94 % when weighted). Shares are 0 to 1, entropies in bits.

**References.** H.-W. Dong et al., *MusPy: A Toolkit for Symbolic Music Generation*, ISMIR 2020 (entropy, scale consistency);
`metrics.voice_leading` and `metrics.structure` for theirs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from itertools import pairwise
from typing import Final

from scogen_pipeline.metrics.structure import compression_ratio, repeated_share, top_line
from scogen_pipeline.metrics.voice_leading import chord_share, crossing_share, parallels
from scogen_pipeline.music.interval import LARGEST_STEP
from scogen_pipeline.music.piece import Piece

_MAJOR_SCALE: Final = (0, 2, 4, 5, 7, 9, 11)


def entropy(values: Iterable[Hashable]) -> float:
    """Return the entropy of the empirical distribution of `values`, in bits; 0 without values.

    >>> entropy("aabb")
    1.0
    """
    counts = Counter(values)
    total = counts.total()
    return sum(count / total * math.log2(total / count) for count in counts.values())


def pitch_class_entropy(piece: Piece) -> float:
    """Return the entropy of the pitch classes: 0 to 3.58 bits; 2.81 for an even diatonic scale."""
    return entropy(note.pitch % 12 for note in piece.notes)


def scale_consistency(piece: Piece) -> float:
    """Return the share of notes in the best-fitting of the twelve diatonic scales (natural minor is among them)."""
    counts = Counter(note.pitch % 12 for note in piece.notes)
    return max(sum(counts[(tonic + step) % 12] for step in _MAJOR_SCALE) for tonic in range(12)) / max(1, len(piece.notes))


def key_consistency(piece: Piece) -> float:
    """Return the share of notes in the scale of the piece's own key signature."""
    scale = {(piece.key.fifths * 7 + step) % 12 for step in _MAJOR_SCALE}
    return sum(note.pitch % 12 in scale for note in piece.notes) / max(1, len(piece.notes))


def pitch_range(piece: Piece) -> float:
    """Return the semitones between the lowest and the highest note."""
    pitches = [note.pitch for note in piece.notes]
    return float(max(pitches) - min(pitches)) if pitches else 0.0


def notes_per_bar(piece: Piece) -> float:
    """Return the mean number of notes in a measure of one part."""
    return len(piece.notes) / (piece.n_bars * len(piece.parts))


def rest_share(piece: Piece) -> float:
    """Return the share of the time in which a part is silent, mean over the parts."""
    sounding = sum(_covered_ticks([(n.onset, n.end) for n in piece.notes_of(part)]) for part in range(len(piece.parts)))
    return 1 - sounding / (piece.end * len(piece.parts))


def _covered_ticks(spans: list[tuple[int, int]]) -> int:
    """Return how many ticks the spans, sorted by start, cover together."""
    covered = reached = 0
    for start, end in spans:
        covered += max(0, end - max(start, reached))
        reached = max(reached, end)
    return covered


def note_value_entropy(piece: Piece) -> float:
    """Return the entropy of the durations in bits: 0 when all notes are equally long."""
    return entropy(note.duration for note in piece.notes)


def stepwise_share(piece: Piece) -> float:
    """Return the share of the moves of the top line that are a semitone or a whole tone; repeated notes are no moves."""
    moves = [abs(b.pitch - a.pitch) for a, b in pairwise(top_line(piece)) if a.pitch != b.pitch]
    return sum(move <= LARGEST_STEP for move in moves) / max(1, len(moves))


def out_of_range_share(piece: Piece) -> float:
    """Return the share of notes that their instrument cannot play."""
    instruments = [part.instrument for part in piece.parts]
    outside = sum(not instruments[n.part].low <= n.pitch <= instruments[n.part].high for n in piece.notes)
    return outside / max(1, len(piece.notes))


#: Name with unit, and how to measure it. Those of polyphony need at least two parts.
MEASURES: Final[dict[str, Callable[[Piece], float]]] = {
    "pitch_class_entropy_bits": pitch_class_entropy,
    "scale_consistency": scale_consistency,
    "key_consistency": key_consistency,
    "pitch_range_semitones": pitch_range,
    "notes_per_bar": notes_per_bar,
    "rest_share": rest_share,
    "note_value_entropy_bits": note_value_entropy,
    "stepwise_share": stepwise_share,
    "out_of_range_share": out_of_range_share,
    "repeated_motif_share": repeated_share,
    "compression_ratio": compression_ratio,
}
POLYPHONIC_MEASURES: Final[dict[str, Callable[[Piece], float]]] = {
    "chord_share": chord_share,
    "voice_crossing_share": crossing_share,
    "parallel_fifths_per_100": lambda piece: parallels(piece, 7),
    "parallel_octaves_per_100": lambda piece: parallels(piece, 0),
}


def describe(piece: Piece) -> dict[str, float]:
    """Return every measure of a piece by name; those of polyphony are NaN where fewer than two parts have notes."""
    is_polyphonic = len({note.part for note in piece.notes}) > 1
    values = {name: measure(piece) for name, measure in MEASURES.items()}
    return values | {name: measure(piece) if is_polyphonic else math.nan for name, measure in POLYPHONIC_MEASURES.items()}
