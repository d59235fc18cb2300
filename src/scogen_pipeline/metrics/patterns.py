"""Patterns: the small turns of melody, rhythm and harmony that music is made of, counted one by one.

The features of `metrics.features` are summaries, and candidates are chosen by them. Whether chosen pieces are also more like
real ones in what nobody listened to, the shares of single patterns tell.

**Conventions.** A pattern is (kind, what): two moves of the top line in a row, in scale steps; two of its durations; the degree
of one of its notes and where in the beat it begins; two degrees of the bass, from beat to beat; a sonority above its bass, on a
beat. Degrees are semitones above the tonic. The bass and sonorities are told of at least two parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from itertools import pairwise

from scogen_pipeline.metrics.features.reading import Reading
from scogen_pipeline.metrics.structure import diatonic_step
from scogen_pipeline.music.piece import Piece

Pattern = tuple[str, Hashable]


def patterns_of(piece: Piece) -> Counter[Pattern]:
    """Count the patterns of a piece."""
    return Counter(_patterns(Reading(piece)))


def common_patterns(pieces: Iterable[Piece], n: int) -> list[Pattern]:
    """Return the `n` patterns that most of some pieces have; of equally common ones, the first in the order of their spelling."""
    found = Counter[Pattern]()
    for piece in pieces:
        found.update(set(patterns_of(piece)))
    return sorted(found, key=lambda pattern: (-found[pattern], repr(pattern)))[:n]


def pattern_shares(piece: Piece, patterns: Iterable[Pattern]) -> dict[str, float]:
    """Return how many of the patterns of its kind each makes up, 0 to 1, by its spelling."""
    counts = patterns_of(piece)
    n_of_kind = Counter[str]()
    for (kind, _), n in counts.items():
        n_of_kind[kind] += n
    return {repr(pattern): counts[pattern] / max(1, n_of_kind[pattern[0]]) for pattern in patterns}


def _patterns(reading: Reading) -> Iterator[Pattern]:
    line, key = reading.line, reading.piece.key
    steps = [diatonic_step(note.pitch, key) for note in line]
    moves = [after - before for before, after in pairwise(steps)]
    yield from (("moves", pair) for pair in pairwise(moves))
    yield from (("durations", pair) for pair in pairwise(note.duration for note in line))
    beat_ticks = reading.piece.meter.beat_ticks
    yield from (("place", (reading.degree(note.pitch), note.onset % beat_ticks)) for note in line)
    if reading.is_polyphonic:
        yield from (("bass", pair) for pair in pairwise(map(reading.degree, reading.bass)))
        for sonority in filter(None, reading.sonorities):
            bass = sonority[0].pitch
            yield "sonority", (reading.degree(bass), tuple(sorted({(note.pitch - bass) % 12 for note in sonority})))
