"""Trivial models of the 16th grid: how often a voice has a note, and whether it keeps the one it has.

**Conventions.** Nats a piece. Voices are independent. The first frame of a piece has nothing to copy and is scored by the voice's
frequencies.

**What the published floors leave unsaid**, found by trying which reading gives 2.639 / 1.156 / 0.916 (here 2.6388 / 1.1560 /
0.9157). One is added to the count of each of the 47 symbols (46 pitches and the rest) that training has in any voice. *Copy* has
the voice's share of kept notes (a share for each 16th of the beat, in *by beat*) for "keep", else the frequency among the notes
*changed to* in that voice. That frequency is not told that the old note is out, so a little probability is lost. `proper_nlls`
gives it back and has 0.894: a floor to beat, but not the published one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from scogen_pipeline.metrics.literature.sets import REST, BenchmarkSet, PieceArray

FloatArray = npt.NDArray[np.float64]
FRAMES_A_BEAT: Final = 4
_N_CODES: Final = 129  # rest and 128 pitches
_ADDED_COUNT: Final = 1.0


def published_nlls(grid: BenchmarkSet) -> dict[str, list[float]]:
    """Return the nats of each test piece by the three published floors: "voice unigram", "copy", "copy by beat"."""
    return {
        "voice unigram": _unigram_nlls(grid),
        "copy": _copy_nlls(grid, 1, is_proper=False),
        "copy by beat": _copy_nlls(grid, FRAMES_A_BEAT, is_proper=False),
    }


def proper_nlls(grid: BenchmarkSet) -> list[float]:
    """Return the nats of each test piece by "copy by beat" whose change is never to the old note."""
    return _copy_nlls(grid, FRAMES_A_BEAT, is_proper=True)


def _unigram_nlls(grid: BenchmarkSet) -> list[float]:
    frequency = _voice_frequencies(grid)
    return [-float(np.log(frequency[np.arange(4), piece - REST]).sum()) for piece in grid.pieces["test"]]


def _copy_nlls(grid: BenchmarkSet, period: int, *, is_proper: bool) -> list[float]:
    first, changed = _voice_frequencies(grid), _frequencies(grid, map(_changes, grid.pieces["train"]))
    keeps = _keep_shares(grid, period)
    voices = np.arange(4)
    nlls = []
    for piece in grid.pieces["test"]:
        codes = piece.astype(np.int64) - REST
        old, new = codes[:-1], codes[1:]
        keep = keeps[np.arange(1, len(codes)) % period]  # (frames - 1, voices)
        lost = changed[voices, old] if is_proper else 0.0
        likelihood = np.where(old == new, keep, (1 - keep) * changed[voices, new] / (1 - lost))
        nlls.append(-float(np.log(likelihood).sum() + np.log(first[voices, codes[0]]).sum()))
    return nlls


def _keep_shares(grid: BenchmarkSet, period: int) -> FloatArray:
    """Return how often a voice keeps its note at each place of the period, shape (period, voices)."""
    kept, seen = np.zeros((period, 4)), np.zeros((period, 1))
    for piece in grid.pieces["train"]:
        place = np.arange(1, len(piece)) % period
        np.add.at(kept, place, piece[1:] == piece[:-1])
        np.add.at(seen, place, 1)
    return np.asarray((kept + 0.5) / (seen + 1))


def _voice_frequencies(grid: BenchmarkSet) -> FloatArray:
    return _frequencies(grid, (np.ones(piece.shape, bool) for piece in grid.pieces["train"]))


def _frequencies(grid: BenchmarkSet, chosen: Iterable[npt.NDArray[np.bool_]]) -> FloatArray:
    """Return the frequency of each code in each voice among the chosen notes of training, shape (voices, codes)."""
    counts, seen = np.zeros((4, _N_CODES)), np.zeros(_N_CODES)
    for piece, mask in zip(grid.pieces["train"], chosen, strict=True):
        codes = piece.astype(np.int64) - REST
        seen += np.bincount(codes.ravel(), minlength=_N_CODES)
        np.add.at(counts, (np.broadcast_to(np.arange(4), codes.shape)[mask], codes[mask]), 1)
    # What training never has is left with a hair of probability, so that a foreign piece is very unlikely but not impossible.
    counts += np.where(seen > 0, _ADDED_COUNT, 1e-6)
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def _changes(piece: PieceArray) -> npt.NDArray[np.bool_]:
    return np.concatenate([np.zeros((1, 4), bool), piece[1:] != piece[:-1]])
