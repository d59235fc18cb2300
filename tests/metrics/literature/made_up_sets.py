"""Small sets made in code, and the published ones where they are at hand."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from scogen_pipeline.metrics.literature.sets import FILE_BY_SET, GRID, SPLITS, BenchmarkSet, read_sets


def rolls(n_pieces: int = 3, n_pitches: int = 88, name: str = "jsb_quarter") -> BenchmarkSet:
    """Rolls whose notes are held for some frames, with silences."""
    random = np.random.default_rng(1)

    def roll() -> np.ndarray:
        sparse = (random.random((9, n_pitches)) < 4 / n_pitches).astype(np.uint8)
        sparse[4] = 0
        return np.repeat(sparse, random.integers(1, 4, 9), axis=0)

    return BenchmarkSet(name, {split: tuple(roll() for _ in range(n_pieces)) for split in SPLITS})


def grid(n_pieces: int = 3) -> BenchmarkSet:
    """Chorales of random chords with a rest here and there."""
    random = np.random.default_rng(2)

    def piece() -> np.ndarray:
        chords = np.array([72, 65, 58, 48]) + random.integers(-4, 5) + random.integers(-4, 5, (14, 4))
        chords[random.random(chords.shape) < 0.1] = -1
        return np.repeat(chords, random.integers(1, 5, 14), axis=0).astype(np.int16)

    return BenchmarkSet(GRID, {split: tuple(piece() for _ in range(n_pieces)) for split in SPLITS})


def made_up_sets() -> dict[str, BenchmarkSet]:
    return {name: grid() if name == GRID else rolls(name=name) for name in FILE_BY_SET}


@cache
def published_sets(folder: Path) -> dict[str, BenchmarkSet]:
    return read_sets({name: (folder / file).read_bytes() for name, file in FILE_BY_SET.items()})
