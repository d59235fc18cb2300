"""Voice leading: how the parts of a polyphonic piece move against each other.

The targets are the rates of real music, not zero: Bach's chorales have 0.23 parallel fifths and 0.08 parallel octaves per 100
chord changes and cross voices in 2.0 % of the time (the tests reproduce this on the JSB test set).

**Conventions.** The piece is read at every onset and every end of a note. A part that sounds several notes at once, or none, has
no voice there and is left out of the pairs of that moment. Parts are top first.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise

from scogen_pipeline.music.chord import SEVENTH_CHORDS, TRIADS, fits, mask_of
from scogen_pipeline.music.piece import Piece

#: The pitch of each part, `None` where it rests or plays a chord.
Chord = tuple[int | None, ...]


def chords(piece: Piece) -> Iterator[tuple[Chord, int]]:
    """Yield the chord at each moment where something starts or stops, with how long it lasts in grid ticks."""
    changes = sorted({0, piece.end, *(note.onset for note in piece.notes), *(note.end for note in piece.notes)})
    starting: dict[int, list[tuple[int, int]]] = {at: [] for at in changes}
    ending: dict[int, list[tuple[int, int]]] = {at: [] for at in changes}
    for note in piece.notes:
        starting[note.onset].append((note.part, note.pitch))
        ending[note.end].append((note.part, note.pitch))
    sounding: list[list[int]] = [[] for _ in piece.parts]
    for at, until in pairwise(changes):
        for part, pitch in ending[at]:
            sounding[part].remove(pitch)
        for part, pitch in starting[at]:
            sounding[part].append(pitch)
        yield tuple(pitches[0] if len(pitches) == 1 else None for pitches in sounding), until - at


def chord_share(piece: Piece) -> float:
    """Return the share, 0 to 1, of the beats on which what sounds belongs to one triad or seventh chord.

    Beats with fewer than two pitch classes are not counted. The seventh chords are the dominant, minor, major, half-diminished
    and diminished one. Bach's chorales have 0.91.
    """
    masks = []
    for measure in piece.measures():
        for tick in range(measure.onset, measure.end, measure.meter.beat_ticks):
            mask = mask_of(note.pitch for note in piece.notes if note.onset <= tick < note.end)
            masks += [mask] if mask.bit_count() > 1 else []
    return sum(fits(mask, (*TRIADS, *SEVENTH_CHORDS)) for mask in masks) / len(masks) if masks else 0.0


def crossing_share(piece: Piece) -> float:
    """Return the share of the time, 0 to 1, in which a part sounds below the next lower one (both sounding)."""
    total = crossed = 0
    for chord, ticks in chords(piece):
        total += ticks
        is_crossed = any(a is not None and b is not None and a < b for a, b in pairwise(chord))
        crossed += ticks if is_crossed else 0
    return crossed / total if total else 0.0


def parallels(piece: Piece, interval: int) -> float:
    """Return the parallels of a perfect interval (7 = fifths, 0 = octaves and unisons) per 100 chord changes.

    A parallel is a pair of parts that moves by the same interval in the same direction while it is `interval` apart (modulo the
    octave). Fifths by contrary motion are not counted: with them Bach would be at 0.59 and not at the published 0.23.
    """
    n_changes = n_parallels = 0
    for before, after in pairwise(chord for chord, _ in chords(piece)):
        if before == after:
            continue
        n_changes += 1
        n_parallels += sum(_is_parallel(before, after, pair, interval) for pair in combinations(range(len(before)), 2))
    return 100 * n_parallels / n_changes if n_changes else 0.0


def _is_parallel(before: Chord, after: Chord, pair: tuple[int, int], interval: int) -> bool:
    above, below = (before[pair[0]], after[pair[0]]), (before[pair[1]], after[pair[1]])
    if above[0] is None or above[1] is None or below[0] is None or below[1] is None:
        return False
    motion = above[1] - above[0]
    return motion != 0 and motion == below[1] - below[0] and (above[0] - below[0]) % 12 == interval
