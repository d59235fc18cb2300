"""The published data sets with their published splits.

Five sets. Four are *piano rolls*: what sounds in each frame, not how often it is struck. One is a *grid* of four voices at every
16th. JSB is in both, cut by different people into different splits: never mix them.

**Conventions.** A roll is (frames, 88), 0 or 1, uint8; column 0 is MIDI pitch 21. A grid is (frames, 4), int16: MIDI pitch or -1
for a rest, soprano first. A frame of a roll lasts as long as its publishers chose; all of a roll's frames count, silent ones too.

**References.** Boulanger-Lewandowski, Bengio and Vincent, 2012 (splits and rolls); Bai, Kolter and Koltun, 2018 (the same as
`.mat`); Huang et al., 2017 (the 16th grid).
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from scogen_pipeline.errors import DataError

PieceArray = npt.NDArray[np.uint8] | npt.NDArray[np.int16]

LOWEST_PITCH: Final = 21
N_PITCHES: Final = 88
REST: Final = -1
SPLITS: Final = ("train", "valid", "test")
GRID: Final = "jsb_16th"
#: Where the file of each set lies below the folder of benchmarks.
FILE_BY_SET: Final = {
    "jsb_quarter": "pianorolls/JSB_Chorales.mat",
    "nottingham": "pianorolls/Nottingham.mat",
    "musedata": "pianorolls/MuseData.mat",
    "piano_midi": "pianorolls/Piano_midi.mat",
    GRID: "jsb/Jsb16thSeparated.json",
}


@dataclass(frozen=True)
class BenchmarkSet:
    """A data set.

    Args:
        name: A key of `FILE_BY_SET`.
        pieces: The pieces of each split, in the published order; rolls, or grids.

    Raises:
        DataError: If a split is absent or empty, or a piece has another shape.
    """

    name: str
    pieces: Mapping[str, tuple[PieceArray, ...]]

    def __post_init__(self) -> None:
        """Check splits and shapes."""
        width = 4 if self.is_grid else N_PITCHES
        for split in SPLITS:
            if not self.pieces.get(split):
                raise DataError(f"`{self.name}` must have pieces in the split `{split}`, received none. Get the file again.")
            for index, piece in enumerate(self.pieces[split]):
                if piece.ndim != 2 or piece.shape[1] != width or not len(piece):
                    raise DataError(
                        f"{self.name}, {split}, piece {index}: must have shape (frames, {width}), received {piece.shape}."
                    )

    @property
    def is_grid(self) -> bool:
        """Whether pieces are grids of four voices, not rolls."""
        return self.name == GRID

    def n_notes(self, piece: PieceArray) -> int:
        """Count notes as the literature does: sounding pitches of a roll; all four voices of a grid, rests too."""
        return int(piece.size if self.is_grid else piece.sum())


def read_sets(contents: Mapping[str, bytes]) -> dict[str, BenchmarkSet]:
    """Read every set from the content of its file.

    Args:
        contents: By name of set.

    Raises:
        DataError: If a file is not what it should be.
    """
    return {name: BenchmarkSet(name, (_grids if name == GRID else _rolls)(name, data)) for name, data in contents.items()}


def _rolls(name: str, data: bytes) -> dict[str, tuple[PieceArray, ...]]:
    import scipy.io  # noqa: PLC0415 - a page is written without it
    from scipy.io.matlab import MatReadError  # noqa: PLC0415

    try:
        found = scipy.io.loadmat(io.BytesIO(data), variable_names=[f"{split}data" for split in SPLITS])
        return {split: tuple(np.ascontiguousarray(roll, np.uint8) for roll in found[f"{split}data"][0]) for split in SPLITS}
    except (MatReadError, ValueError, TypeError, KeyError, IndexError) as error:
        raise DataError(f"`{FILE_BY_SET[name]}` must be a MATLAB file of piano rolls: {error}. Get the file again.") from error


def _grids(name: str, data: bytes) -> dict[str, tuple[PieceArray, ...]]:
    try:
        found: dict[str, Any] = json.loads(data)
        return {split: tuple(np.array(piece, np.int16) for piece in found[split]) for split in SPLITS}
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(f"`{FILE_BY_SET[name]}` must be JSON with four voices a frame: {error!r}. Get the file again.") from error
