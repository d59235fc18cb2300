"""Music spelled frame by frame: one string of tokens for one frame, with what is known before each token.

Exactly one string spells a frame, and tokens that cannot continue a string are masked, so the probabilities of all frames sum to
one: a *proper joint*, to be compared with the RNN-NADE row of the literature and not with independent pitches.

**Conventions.** Every id is int32 and counts from 0. Column 0 of the features is always `mask_row`: which row of the adapter's
`masks` holds for that token. All features and the dense vector of a token depend on *earlier* tokens only, never on the token
itself or on how long the piece is. No token ends a piece: its length is given, as everywhere in the literature.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from scogen_pipeline.errors import DataError
from scogen_pipeline.metrics.literature.sets import PieceArray

IntArray = npt.NDArray[np.int32]
ByteArray = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
MASK_ROW: Final = "mask_row"


@dataclass(frozen=True)
class Feature:
    """A column of small integers.

    Args:
        name: What it tells.
        size: One more than its largest value: the rows of an embedding.
    """

    name: str
    size: int


@dataclass(frozen=True)
class FrameSequence:
    """A piece as a network reads it; row i is what is known when token i is predicted.

    Args:
        tokens: What is to be predicted, (n,).
        features: Small integers, (n, columns), as `FrameAdapter.features` names them.
        dense: What sounds, (n, `FrameAdapter.dense_size`), 0 or 1; none if the adapter was made without.
        frame_of_token: Frame that each token belongs to, (n,).
        n_notes: Notes of the piece as the literature counts them.

    Raises:
        DataError: If the lengths differ.
    """

    tokens: IntArray
    features: IntArray
    dense: ByteArray | None
    frame_of_token: IntArray
    n_notes: int

    def __post_init__(self) -> None:
        """Check the lengths."""
        lengths = {len(self.tokens), len(self.features), len(self.frame_of_token)}
        lengths |= set() if self.dense is None else {len(self.dense)}
        if len(lengths) != 1 or not len(self.tokens):
            raise DataError(f"`tokens` and what is known before each must be equally long, received {sorted(lengths)}.")

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return int(self.frame_of_token[-1]) + 1


class FrameAdapter(Protocol):
    """A data set as sequences: `rolls.RollAdapter`, `chorales.ChoraleAdapter`."""

    name: str
    n_tokens: int
    features: tuple[Feature, ...]
    dense_size: int
    masks: Mask  # (rows, n_tokens): whether a token may follow
    keeps_order: bool  # whether each token of a shifted piece stands for what it stood for

    def sequences(self, split: str, random: np.random.Generator | None = None) -> Iterator[FrameSequence]:
        """Yield the pieces of a split in the published order, each transposed at random if `random` is given."""

    def shifted(self, piece: PieceArray, semitones: int) -> PieceArray:
        """Transpose a piece by a rule that never makes two pieces one, so that the shifted probabilities sum to one too."""

    def sequence(self, piece: PieceArray) -> FrameSequence:
        """Spell a piece."""

    def frames(self, tokens: IntArray) -> PieceArray:
        """Read a piece back."""


def allowed(adapter: FrameAdapter, sequence: FrameSequence) -> Mask:
    """Return which tokens may stand at each place, shape (n, n_tokens)."""
    return adapter.masks[sequence.features[:, 0]]


def column(adapter: FrameAdapter, name: str) -> int:
    """Return the index of a feature.

    Raises:
        DataError: If there is none of this name.
    """
    names = [feature.name for feature in adapter.features]
    if name not in names:
        raise DataError(f"`feature` must be among {', '.join(names)}, received `{name}`.")
    return names.index(name)


def ages(states: npt.NDArray[np.integer] | Mask, most: int) -> IntArray:
    """Count for how many frames each column has been what it is, at most `most`, shape as `states`.

    >>> ages(np.array([[5], [5], [6], [6]]), 9).ravel()
    array([1, 2, 1, 2], dtype=int32)
    """
    index = np.arange(len(states)).reshape(-1, *[1] * (states.ndim - 1))
    is_new = np.concatenate([np.ones_like(states[:1], bool), states[1:] != states[:-1]])
    begun = np.maximum.accumulate(np.where(is_new, index, 0), axis=0)
    return np.asarray(np.minimum(index - begun + 1, most), np.int32)


def shifted_down(rows: npt.NDArray[np.generic], first: int) -> npt.NDArray[np.int32]:
    """Return each row's predecessor, a row of `first` before all: what was there a frame (or a token) before."""
    return np.concatenate([np.full_like(rows[:1], first), rows[:-1]]).astype(np.int32)
