"""Form: what comes back, after how many measures, and how phrases of four measures end.

**Conventions.** Measures are compared by what the top line does in them. The first measure of the reading is taken for the first
of a phrase; a pickup must have been cut off.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from scogen_pipeline.metrics.features.reading import Reading, mean, share
from scogen_pipeline.metrics.structure import compression_ratio, repeated_share

_PHRASE_BARS: Final = 4


def _similarity(distance: int) -> Callable[[Reading], float]:
    """Compare each measure with the one `distance` before: shared notes over all notes of the two (Jaccard), mean."""

    def of(reading: Reading) -> float:
        pairs = zip(reading.contents, reading.contents[distance:], strict=False)
        return mean([share(len(a & b), len(a | b)) for a, b in pairs if a or b])

    return of


def _rhythm_similarity(distance: int) -> Callable[[Reading], float]:
    """Compare the onsets only."""

    def of(reading: Reading) -> float:
        pairs = zip(reading.rhythms, reading.rhythms[distance:], strict=False)
        return mean([share(len(a & b), len(a | b)) for a, b in pairs if a or b])

    return of


def line_compression_ratio(reading: Reading) -> float:
    """Return the compression ratio of the line alone: of all notes it takes a hundred times as long as all other features."""
    return compression_ratio(replace(reading.piece, notes=reading.line))


def distinct_measure_share(reading: Reading) -> float:
    """Return the share of measures that are unlike all others before."""
    return share(len(set(reading.contents)), len(reading.contents))


def phrase_end_length(reading: Reading) -> float:
    """Return how much longer the last note of every fourth measure is than that of the others (a ratio of means)."""
    lasts = [max(content) if content else None for content in reading.contents]
    ends = [float(last[2]) for number, last in enumerate(lasts, 1) if last and number % _PHRASE_BARS == 0]
    others = [float(last[2]) for number, last in enumerate(lasts, 1) if last and number % _PHRASE_BARS]
    return mean(ends) / mean(others) if ends and others else float("nan")


def phrase_end_tonic_share(reading: Reading) -> float:
    """Return the share of fourth measures in which the last note of the line that begins on a beat is of the tonic triad."""
    third = 3 if reading.piece.key.mode == "minor" else 4
    beat = reading.piece.meter.beat_ticks
    ends = [
        max(note for note in content if note[0] % beat == 0)
        for number, content in enumerate(reading.contents, 1)
        if number % _PHRASE_BARS == 0 and any(note[0] % beat == 0 for note in content)
    ]
    if not ends:
        return float("nan")
    return share(sum(reading.degree(pitch) in (0, third, 7) for _, pitch, _ in ends), len(ends))


FORM: Final[dict[str, Callable[[Reading], float]]] = {
    "repeated_motif_share": lambda reading: repeated_share(reading.piece, 4),
    "repeated_phrase_share": lambda reading: repeated_share(reading.piece, 8),
    "line_compression_ratio": line_compression_ratio,
    "similarity_1_bar": _similarity(1),
    "similarity_2_bars": _similarity(2),
    "similarity_4_bars": _similarity(4),
    "similarity_8_bars": _similarity(8),
    "rhythm_similarity_1_bar": _rhythm_similarity(1),
    "rhythm_similarity_4_bars": _rhythm_similarity(4),
    "distinct_measure_share": distinct_measure_share,
    "phrase_end_length_ratio": phrase_end_length,
    "phrase_end_tonic_share": phrase_end_tonic_share,
}
