"""The excerpt that is compared: equally much of real and of generated pieces, from the same place in the music.

**Conventions**

- It begins with the first full measure. A pickup (a first measure that begins with rests, or a shorter one) is left out, so that
  the first measure of a phrase is the first of the excerpt on both sides.
- It ends after a fixed number of measures, and before the last measure of the piece: how a request ends is a promise of the
  grammar and no choice of the model, and in real pieces that measure is cut short by the pickup.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from scogen_pipeline.music.piece import Piece

#: Fewer measures hold no phrase.
SHORTEST: Final = 4


def excerpt(piece: Piece, n_bars: int) -> Piece:
    """Return at most `n_bars` measures; notes that sound on are cut off."""
    first = int(piece.begins_with_pickup)
    last = max(first + 1, min(first + n_bars, piece.n_bars - 1))
    return measures_between(piece, first, last)


def measures_between(piece: Piece, first: int, last: int) -> Piece:
    """Return the measures from `first` (0 is the first of the piece) up to and without `last`, as a piece of their own."""
    start, end = (sum(meter.bar_ticks for meter in piece.meters[:at]) for at in (first, last))
    inside = [note for note in piece.notes if start <= note.onset < end]
    notes = (note._replace(onset=note.onset - start, duration=min(note.end, end) - note.onset) for note in inside)
    return replace(piece, notes=tuple(sorted(notes)), meters=piece.meters[first:last])


def is_comparable(piece: Piece, n_bars: int) -> bool:
    """Tell whether the excerpt is long enough, in one meter, and has something in it."""
    part = excerpt(piece, n_bars)
    return part.n_bars >= SHORTEST and len(set(part.meters)) == 1 and len(part.notes) >= part.n_bars
