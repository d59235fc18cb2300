"""Does this evaluator count as others do? Known figures, computed again.

If a figure is not reproduced, no other number of this evaluator means anything: `require_calibration` then refuses.

**Conventions.** Nats. Rolls per frame, the 16th grid per note, the soprano per quarter. Frames are pooled over pieces: a mean of
means of pieces gives other numbers (11.003 for 11.060).

**What the figures leave unsaid**, found by trying which reading reproduces them:

- per-pitch unigram: p = (frames with the pitch + 0.5) / (frames + 1), all frames pooled.
- per-pitch Markov: relative frequencies *without* added counts, within pieces, kept inside [5e-6, 1 - 5e-6]. With 0.5 added, as
  in the unigram, it is 10.491 / 5.153 / 8.559 / 8.265: up to 0.006 lower.
- see `grid_floors` and `leaks` for the chorales.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from scogen_pipeline.errors import DataError
from scogen_pipeline.metrics.literature import grid_floors, leaks
from scogen_pipeline.metrics.literature.sets import BenchmarkSet, PieceArray

FloatArray = npt.NDArray[np.float64]
TOLERANCE: Final = 0.001
#: (set, figure) -> the known value.
KNOWN: Final = {
    ("jsb_quarter", "unigram"): 11.060,
    ("nottingham", "unigram"): 10.252,
    ("musedata", "unigram"): 11.510,
    ("piano_midi", "unigram"): 11.046,
    ("jsb_quarter", "markov"): 10.490,
    ("nottingham", "markov"): 5.155,
    ("musedata", "markov"): 8.561,
    ("piano_midi", "markov"): 8.271,
    ("jsb_16th", "voice unigram"): 2.639,
    ("jsb_16th", "copy"): 1.156,
    ("jsb_16th", "copy by beat"): 0.916,
    ("jsb_16th", "soprano 8-gram, leaked"): 0.481,
    ("jsb_16th", "soprano 8-gram, clean"): 2.614,
    ("jsb_16th", "leaked chorales"): 31.0,
    ("jsb_16th", "clean chorales"): 31.0,
}
_ADDED_COUNT: Final = 0.5
_LEAST: Final = 5e-6


def unigram_nlls(rolls: BenchmarkSet) -> list[float]:
    """Return the nats of each test piece by how often each pitch sounds in training."""
    frames = np.concatenate(rolls.pieces["train"])
    frequency = (frames.sum(axis=0, dtype=np.float64) + _ADDED_COUNT) / (len(frames) + 2 * _ADDED_COUNT)
    return [_bernoulli_nats(roll, frequency) for roll in rolls.pieces["test"]]


def markov_nlls(rolls: BenchmarkSet) -> list[float]:
    """Return the nats of each test piece *without its first frame*, each pitch following from itself a frame before."""
    pairs = [_transitions(roll) for roll in rolls.pieces["train"]]
    counts: FloatArray = np.stack(pairs).sum(axis=0, dtype=np.float64)  # (was, is, pitch)
    frequency = counts[:, 1] / np.maximum(counts.sum(axis=1), 1)  # (was, pitch)
    frequency = frequency.clip(_LEAST, 1 - _LEAST)
    return [_bernoulli_nats(roll[1:], np.where(roll[:-1] > 0, frequency[1], frequency[0])) for roll in rolls.pieces["test"]]


def _transitions(roll: PieceArray) -> npt.NDArray[np.int64]:
    was, now = roll[:-1] > 0, roll[1:] > 0
    return np.array([[(~was & ~now).sum(0), (~was & now).sum(0)], [(was & ~now).sum(0), (was & now).sum(0)]])


def _bernoulli_nats(roll: PieceArray, frequency: FloatArray) -> float:
    return -float(np.log(np.where(roll > 0, frequency, 1 - frequency)).sum())


def calibrate(sets: Mapping[str, BenchmarkSet]) -> pd.DataFrame:
    """Compute every known figure of the sets given.

    Returns:
        One row a figure: set, figure, known, measured, difference.
    """
    measured: dict[tuple[str, str], float] = {}
    for name, benchmark in sets.items():
        figures = _grid_figures(benchmark) if benchmark.is_grid else _roll_figures(benchmark)
        measured |= {(name, figure): value for figure, value in figures.items()}
    table = pd.DataFrame(
        [(*key, known, measured[key]) for key, known in KNOWN.items() if key in measured],
        columns=["set", "figure", "known", "measured"],
    )
    return table.assign(difference=table["measured"] - table["known"])


def require_calibration(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table if every figure is within 0.001 of its known value.

    Raises:
        DataError: If one is not.
    """
    wrong = table[table["difference"].abs() > TOLERANCE]
    if len(wrong):
        figures = "; ".join(f"{row.set} {row.figure} {row.measured:.4f} not {row.known}" for row in wrong.itertuples())
        raise DataError(
            f"`benchmark_dir` must hold the published sets, whose known figures are reproduced, received others: {figures}. "
            "Get the files again (docs/benchmarks.md says where)."
        )
    return table


def _roll_figures(rolls: BenchmarkSet) -> dict[str, float]:
    lengths = np.array([len(roll) for roll in rolls.pieces["test"]])
    return {
        "unigram": sum(unigram_nlls(rolls)) / int(lengths.sum()),
        "markov": sum(markov_nlls(rolls)) / int((lengths - 1).sum()),
    }


def _grid_figures(grid: BenchmarkSet) -> dict[str, float]:
    n_notes = sum(piece.size for piece in grid.pieces["test"])
    figures = {name: sum(nlls) / n_notes for name, nlls in grid_floors.published_nlls(grid).items()}
    classes = leaks.leak_classes(grid)
    nats, lengths = leaks.soprano_nlls(grid)
    for kind in ("leaked", "clean"):
        chosen = [index for index, found in enumerate(classes) if found == kind]
        figures[f"soprano 8-gram, {kind}"] = _pooled(nats, lengths, chosen)
        figures[f"{kind} chorales"] = float(len(chosen))
    return figures


def _pooled(nats: Sequence[float], lengths: Sequence[int], chosen: Sequence[int]) -> float:
    return sum(nats[index] for index in chosen) / max(1, sum(lengths[index] for index in chosen))
