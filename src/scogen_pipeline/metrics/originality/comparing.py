"""What a piece shares with the training set: the longest run, where it comes from, and how many of its n-grams are there.

Two lines share a run if eight or more notes in a row are the same up to transposition and speed. Which grams of the training set
equal those of a line is looked up by their hashes; grams that follow each other in both are joined to runs.

**Conventions.** Measures of a run are measures of the piece that is compared, as long as the meter says, not rounded. Bars are
numbered from 1. With an index of one gram in several, a run is at least as long as is said, and shares are lower bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from scogen_pipeline.analysis.note_columns import IntArray
from scogen_pipeline.metrics.originality.grams import GRAM, Line, lines_of
from scogen_pipeline.metrics.originality.index_table import kept, stored
from scogen_pipeline.music.piece import Piece

#: Lengths of the n-grams whose share is told, in notes.
LENGTHS: Final = (8, 12, 16)


@dataclass(frozen=True)
class SharedRun:
    """A run of notes that stands in the training set too.

    Args:
        n_notes: How long it is.
        n_measures: How long it lasts in the piece.
        part: Part of the piece.
        bar: Where it begins in the piece, from 1.
        title: Piece of the training set.
        collection: Where that is from.
        source_bar: Where it begins there, from 1.
    """

    n_notes: int
    n_measures: float
    part: int
    bar: int
    title: str
    collection: str
    source_bar: int


@dataclass(frozen=True)
class Comparison:
    """A piece beside the training set.

    Args:
        longest: The longest run that is shared; None if no eight notes are.
        shares: Share of the n-grams of all lines that stand in the training set, by their length in notes; NaN without any.
        is_exact: Whether the index holds every gram; else runs are at least as long as told.
    """

    longest: SharedRun | None
    shares: Mapping[int, float]
    is_exact: bool

    @property
    def n_notes(self) -> int:
        """Notes of the longest run, 0 without one."""
        return self.longest.n_notes if self.longest else 0

    @property
    def n_measures(self) -> float:
        """Measures of the longest run, 0 without one."""
        return self.longest.n_measures if self.longest else 0.0

    @property
    def receipt(self) -> str:
        """What was copied from whom, as a sentence."""
        if self.longest is None:
            return f"shares no {GRAM} notes in a row with the training set"
        run = self.longest
        about = "" if self.is_exact else "at least "
        return (
            f"longest run shared with the training set: {about}{run.n_notes} notes, {run.n_measures:.1f} measures "
            f"from bar {run.bar}, with {run.title} of {run.collection}, bar {run.source_bar}"
        )


class _Runs(NamedTuple):
    """Runs that a line shares: first note in the line, number of notes, ordinal of the first gram in the index."""

    starts: IntArray
    lengths: IntArray
    ordinals: IntArray


class OriginalityIndex:
    """The training set, ready to be asked.

    Args:
        table: What `index_table.index_of` wrote; without rows, nothing is known and nothing is shared.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self._titles, self._collections = (table[name].to_numpy(dtype=object) for name in ("title", "collection"))
        self.every = int(table["every"].iloc[0]) if len(table) else 1
        counts = np.array([len(hashes) for hashes in table["hashes"]], dtype=np.int64)
        self._lines = np.repeat(np.arange(len(counts)), counts)
        self._positions, self._measures = (_running(table[name], counts) for name in ("gaps", "measure_gaps"))
        self._hashes = _joined(table["hashes"], np.uint32)

    def __len__(self) -> int:
        """Return the number of grams."""
        return len(self._hashes)

    @cached_property
    def _order(self) -> IntArray:
        return np.argsort(self._hashes, kind="stable")

    @cached_property
    def _sorted(self) -> np.ndarray[Any, np.dtype[np.uint32]]:
        in_order: np.ndarray[Any, np.dtype[np.uint32]] = self._hashes[self._order]
        return in_order

    def compare(self, piece: Piece) -> Comparison:
        """Return what a piece shares with the training set."""
        lines = lines_of(piece)
        runs = [self._runs_of(line) for line in lines]
        shares = {n: _share(lines, runs, n) for n in LENGTHS}
        best = max(((int(found.lengths.max()), -index) for index, found in enumerate(runs) if len(found.lengths)), default=None)
        longest = None if best is None else self._told(piece, lines[-best[1]], runs[-best[1]])
        return Comparison(longest, shares, self.every == 1)

    def _runs_of(self, line: Line) -> _Runs:
        """Find all runs that a line shares, overlapping ones with several pieces among them."""
        positions = kept(line.hashes, self.every)
        hashes = stored(line.hashes[positions])
        first, last = (np.searchsorted(self._sorted, hashes, side=side) for side in ("left", "right"))
        counts = last - first
        rows = np.repeat(np.arange(len(hashes)), counts)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        ordinals = self._order[np.repeat(first, counts) + within]
        # Grams that follow each other in both lie side by side once sorted by the distance of the two places, then by the place.
        width = len(hashes) + 1
        keys = np.sort((ordinals - rows + width) * width + rows)
        rows = keys % width
        ordinals = keys // width - width + rows
        follows = np.diff(keys) == 1
        before, after = ordinals[:-1], ordinals[1:]
        follows &= self._lines[before] == self._lines[after]
        follows &= self._positions[after] - self._positions[before] == positions[rows[1:]] - positions[rows[:-1]]
        begins = np.flatnonzero(np.append(True, ~follows)[: len(rows)])
        ends = np.append(begins[1:] - 1, len(rows) - 1)[: len(begins)]
        starts = positions[rows[begins]]
        return _Runs(starts, positions[rows[ends]] - starts + GRAM, ordinals[begins])

    def _told(self, piece: Piece, line: Line, runs: _Runs) -> SharedRun:
        """Describe the longest run of a line; of equals, the one that stands first in the training set."""
        chosen = int(np.lexsort((runs.ordinals, -runs.lengths))[0])
        start, n_notes, ordinal = (int(column[chosen]) for column in runs)
        notes = line.notes
        ticks = int(notes.ends[start + n_notes - 1] - notes.onsets[start])
        bar = int(notes.measures[start])
        source = self._lines[ordinal]
        return SharedRun(
            n_notes,
            ticks / piece.meters[bar].bar_ticks,
            line.part,
            bar + 1,
            str(self._titles[source]),
            str(self._collections[source]),
            int(self._measures[ordinal]) + 1,
        )


def _share(lines: list[Line], runs: list[_Runs], n: int) -> float:
    """Return the share of the n-grams of all lines that lie within a run."""
    found = total = 0
    for line, of_line in zip(lines, runs, strict=True):
        n_grams = len(line.notes.onsets) - n + 1
        if n_grams < 1:
            continue
        is_long = of_line.lengths >= n
        changes = np.zeros(n_grams + 1, dtype=np.int64)
        np.add.at(changes, of_line.starts[is_long], 1)
        np.add.at(changes, (of_line.starts + of_line.lengths - n + 1)[is_long], -1)
        found += int((np.cumsum(changes[:-1]) > 0).sum())
        total += n_grams
    return found / total if total else float("nan")


def _joined(lists: pd.Series, dtype: Any) -> Any:
    return np.concatenate([np.zeros(0, dtype), *lists]).astype(dtype)


def _running(gaps: pd.Series, counts: IntArray) -> IntArray:
    """Add gaps up, beginning anew with each line."""
    total = np.cumsum(_joined(gaps, np.int64))
    ends = np.cumsum(counts)
    before_line = np.append(0, total)[ends - counts] if len(counts) else np.zeros(0, np.int64)
    return np.asarray(total - np.repeat(before_line, counts))
