"""Score or performance: whether the ticks of a file count quarter notes or only milliseconds.

A recording has a tempo too, but a fictitious one (120, whatever is played): its bars and note values mean nothing. What tells is
whether the onsets gather at equal steps of the quarter note.

**The rule.** Take the distinct onsets in runs of at least 64. In each run, wrap the time line around a circle so that one step of
1/24 quarter is one turn, and add up the onsets as unit vectors: the length of the mean vector is 1 if all onsets lie at the same
place between two steps, and about `1 / sqrt(64)` if they lie anywhere. The mean over the runs is the *agreement*; that of 1/12
quarter is taken where it is higher. A piece is a score if its agreement is at least 0.3, and a performance otherwise.

**What the numbers rest on**

- Agreement on 1/12 is 0.3 if the onsets stray by 1/48 quarter (10 ms at 120; normal distribution): then 19 of 20 notes are
  rounded to the right twelfth. Music played more loosely to a click cannot be notated by rounding, and is a performance.
- Of 295 + 191 scores of piano-midi.de and ASAP the lowest agreement is 0.41, of 463 performances of ASAP, GiantMIDI and Aria the
  highest 0.20 (`benchmarks/time_base.py`). Runs, and not the whole piece: in 12 scores of ASAP a grace note or a fermata moves
  everything after it off the grid.
- Fewer than 64 onsets agree by chance more often: chance alone reaches `sqrt(7 / n)` in 1 of 1,000 (Rayleigh's test). So much is
  asked of them, and 0.99 of 7 or fewer.
- Neither tempo changes nor time signatures are looked at: scores may have none, and transcriptions often claim 4/4.

**Conventions.** The grid of 1/24 says nothing if the file has fewer than 48 ticks to the quarter, and is left out.

**References**: K. V. Mardia, P. E. Jupp, *Directional Statistics*, 2000, 6.3.1 (Rayleigh's test).
"""

from __future__ import annotations

from functools import lru_cache
from math import sqrt
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

TimeBaseKind = Literal["score", "performance"]

#: Steps to the quarter note.
_COARSE_GRID: Final = 12
_FINE_GRID: Final = 24
_RUN: Final = 64
_MAX_RUNS: Final = 16
_ENOUGH: Final = 0.3
_CHANCE: Final = 7.0
_ALL: Final = 0.99


class Measured(NamedTuple):
    """How often `find_time_base` was wrong on collections of known kind.

    Args:
        n_sets: How many collections.
        n_pieces: Their pieces in all.
        n_wrong: How many of them were taken for what they are not.
        median_error: Median over the collections of the share that was wrong.
    """

    n_sets: int
    n_pieces: int
    n_wrong: int
    median_error: float


#: What `benchmarks/time_base.py --scores 60` found.
MEASURED: Final = Measured(n_sets=7, n_pieces=1_099, n_wrong=0, median_error=0.0)


class TimeBase(NamedTuple):
    """What the ticks of a piece count.

    Args:
        kind: "score" or "performance".
        agreement: How much the onsets gather at equal steps of the quarter note, 0 to 1.
        needed: The agreement from which on it is a score.
    """

    kind: TimeBaseKind
    agreement: float
    needed: float

    @property
    def reason(self) -> str:
        """The reason in a sentence.

        >>> find_time_base(np.arange(0, 9600, 480), 480).reason
        'score: agreement of the onsets with the beat 1.00, needed 0.59'
        """
        return f"{self.kind}: agreement of the onsets with the beat {self.agreement:.2f}, needed {self.needed:.2f}"


def find_time_base(onset_ticks: npt.NDArray[np.integer], tpq: int) -> TimeBase:
    """Say what the ticks of a piece count.

    Args:
        onset_ticks: Onsets of all notes, ascending, shape `(n,)` with n at least 1.
        tpq: Ticks per quarter note of the file.
    """
    onsets = onset_ticks[np.concatenate(([True], onset_ticks[1:] != onset_ticks[:-1]))]
    n_runs = max(1, len(onsets) // _RUN)
    length = len(onsets) // n_runs
    runs = onsets[: n_runs * length].reshape(n_runs, length)[:: -(-n_runs // _MAX_RUNS)]
    vectors = _unit_vectors(tpq).take(runs % tpq, axis=1)  # (grid, run, onset)
    agreement = float(np.abs(vectors.sum(axis=2)).sum(axis=1).max()) / runs.size
    needed = min(max(_ENOUGH, sqrt(_CHANCE / length)), _ALL)
    return TimeBase("score" if agreement >= needed else "performance", agreement, needed)


@lru_cache(maxsize=64)
def _unit_vectors(tpq: int) -> npt.NDArray[np.complex64]:
    """Return where each tick of a quarter lies between two steps, as a unit vector: shape `(grids, tpq)`."""
    grids = [_COARSE_GRID, _FINE_GRID] if tpq >= 2 * _FINE_GRID else [_COARSE_GRID]
    turns = np.outer(grids, np.arange(tpq)) / tpq
    vectors: npt.NDArray[np.complex64] = np.exp(2j * np.pi * turns).astype(np.complex64)
    return vectors
