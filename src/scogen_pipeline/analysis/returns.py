"""Which earlier measure a measure resembles.

Each measure is compared with the 32 before it; the best sequence of distances is found by Viterbi, so that a phrase that comes
back is one run of equal distances.

**Conventions.** A distance is in measures; 0 means that the measure is new.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from scogen_pipeline.analysis.note_columns import BoolArray, FloatArray, IntArray, NoteColumns, measure_bounds, note_columns
from scogen_pipeline.music.piece import Piece

#: Most measures back.
MAX_DISTANCE: Final = 32
#: Share of notes in common above which a measure counts as coming back. Measured: of measures put together from other pieces of
#: the genre 0 to 3 % count, at 0.6 up to 5 %.
_THRESHOLD: Final = 2 / 3 + 1e-6
#: Weight of the top part; the other parts have the rest.
_TOP_WEIGHT: Final = 0.75
#: What an exact repetition has before a near one of the same notes.
_EXACT: Final = 0.1
#: Cost of a new distance, and gain of a further measure of few notes in a run: less, so that it never begins one.
_NEW_RUN: Final = 0.04
_BARE: Final = 0.01
#: What keeps the smaller of two distances otherwise alike.
_PER_MEASURE: Final = 1e-5


def returns_of(piece: Piece) -> tuple[int, ...]:
    """Return for each measure how many measures back lies the one that it resembles most, 1 to 32, or 0 for none."""
    if not piece.n_bars:
        return ()
    gains = _gains(piece)
    n_bars, n_states = gains.shape
    total, back = gains[0].copy(), np.zeros((n_bars, n_states), dtype=np.int64)
    states = np.arange(n_states)
    for bar in range(1, n_bars):
        best = int(total.argmax())
        change = total[best] - np.where(states == 0, 0.0, _NEW_RUN)
        back[bar] = np.where(total >= change, states, best)
        total = np.maximum(total, change) + gains[bar]
    path = [int(total.argmax())]
    for bar in range(n_bars - 1, 0, -1):
        path.append(int(back[bar, path[-1]]))
    return tuple(path[::-1])


def _gains(piece: Piece) -> FloatArray:
    """Return what each distance is worth at each measure, `(n_bars, 33)`; 0 for none, minus infinity where it is no return."""
    likeness, is_bare = resemblance(piece)
    gains = np.where(likeness > _THRESHOLD, likeness - _THRESHOLD - _PER_MEASURE * np.arange(MAX_DISTANCE + 1), -np.inf)
    gains[is_bare] = np.where(likeness[is_bare] > _THRESHOLD, _BARE, -np.inf)
    gains[:, 0] = 0.0
    return gains


def resemblance(piece: Piece) -> tuple[FloatArray, BoolArray]:
    """Compare each measure with those before it.

    Returns:
        The likeness of measure i to measure i - d at `[i, d]`, 0 to 1.1 (above 1: exactly the same), and which measures have at
        most one onset.
    """
    n_bars = piece.n_bars
    notes = note_columns(piece)
    offsets = notes.onsets - measure_bounds(piece)[notes.measures]
    items = (notes.parts * 256 + offsets) * 128 + notes.pitches
    first = notes.parts.min() if len(notes.parts) else 0
    is_top = notes.parts == first
    top, others = (_shared(items[chosen], notes.measures[chosen], n_bars) for chosen in (is_top, ~is_top))
    both = _TOP_WEIGHT * top + (1 - _TOP_WEIGHT) * others
    likeness = np.nan_to_num(np.where(np.isnan(top), others, np.where(np.isnan(others), top, both)))
    is_same = _shared(items * 256 + np.minimum(notes.durations, 255), notes.measures, n_bars) == 1.0
    likeness = np.where(is_same, 1.0 + _EXACT, likeness)
    lengths = np.array([meter.bar_ticks for meter in piece.meters])
    likeness[lengths[:, None] != lengths[_earlier(n_bars)]] = 0.0
    likeness[_is_before_start(n_bars)] = 0.0
    return likeness, _bare(notes, n_bars)


def _bare(notes: NoteColumns, n_bars: int) -> BoolArray:
    """Return which measures have at most one onset."""
    _, first_rows = np.unique(notes.onsets, return_index=True)
    onsets = np.bincount(notes.measures[first_rows], minlength=n_bars)
    return np.asarray(onsets <= 1)


def _earlier(n_bars: int) -> IntArray:
    """Return the index of the measure `d` before measure `i` at `[i, d]`, at least 0."""
    earlier: IntArray = np.maximum(np.arange(n_bars)[:, None] - np.arange(MAX_DISTANCE + 1)[None, :], 0)
    return earlier


def _is_before_start(n_bars: int) -> BoolArray:
    return np.arange(n_bars)[:, None] < np.arange(MAX_DISTANCE + 1)[None, :]


def _shared(items: IntArray, measures: IntArray, n_bars: int) -> FloatArray:
    """Return the share of items in common (Dice) of measure i and measure i - d at `[i, d]`; NaN where both are empty."""
    kinds, columns = np.unique(items, return_inverse=True)
    holds = np.zeros((n_bars, len(kinds)), dtype=np.float32)
    holds[measures, columns] = 1.0
    sizes = holds.sum(axis=1)
    common = holds @ holds.T
    rows, earlier = np.arange(n_bars)[:, None], _earlier(n_bars)
    both = sizes[:, None] + sizes[earlier]
    with np.errstate(invalid="ignore"):
        shares: FloatArray = (2.0 * common[rows, earlier] / both).astype(np.float64)
    return shares
