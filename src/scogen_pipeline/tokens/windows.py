"""Pieces cut into windows and batches: what the network sees in one epoch.

Window boundaries move from epoch to epoch, so that no place of a piece is always seen without what precedes it. All of it is a
function of (seed, epoch): a training run that was killed sees the same batches when it resumes.

**Conventions**

- A piece of n ids has n - 1 *targets*, the ids after the first. Each target stands in exactly one window of an epoch.
- A window never crosses a piece. A piece that fits into one window is never cut.
- Batches are padded with `pad_id` to a multiple of `_BUCKET` and to `batch_size` rows; padding has weight 0, all else weight 1.
- Windows of like length share a batch, since folk tunes have 150 ids and piano pieces thousands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from scogen_pipeline.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float32]

#: Batches are padded to a multiple of this, so that compilers see few shapes.
_BUCKET: Final = 32


@dataclass(frozen=True)
class Examples:
    """Pieces as ids.

    Args:
        ids: One array a piece, shape `(n,)`, n at least 2.
        conditions: Ids of the conditions, shape `(pieces, slots)`.

    Raises:
        DataError: If the two disagree, or a piece has no target.
    """

    ids: tuple[IntArray, ...]
    conditions: IntArray

    def __post_init__(self) -> None:
        """Check the shapes."""
        if self.conditions.ndim != 2 or len(self.ids) != len(self.conditions):
            raise DataError(
                f"`conditions` must have one row of ids a piece ({len(self.ids)}), received shape {self.conditions.shape}."
            )
        short = [index for index, ids in enumerate(self.ids) if len(ids) < 2]
        if short:
            raise DataError(f"`ids` must hold at least <start> and <end>, received a shorter piece at row {short[0]}.")

    @classmethod
    def of_split(cls, encoded_pieces: pd.DataFrame, split: str, genre_repeats: int = 1) -> Examples:
        """Take the pieces of one split ("train", "valid" or "test") in the order of their piece_id.

        Args:
            encoded_pieces: One row a piece.
            split: Which rows.
            genre_repeats: Most times that the pieces of a small genre are taken, so that it comes nearer to the largest one.
        """
        rows = encoded_pieces[encoded_pieces["split"] == split].sort_values("piece_id")
        if genre_repeats > 1:
            rows = rows.iloc[np.repeat(np.arange(len(rows)), _repeats(rows, genre_repeats))]
        slots = len(encoded_pieces["conditions"].iloc[0]) if len(encoded_pieces) else 0
        conditions = np.array(rows["conditions"].tolist(), dtype=np.int32).reshape(len(rows), slots)
        return cls(tuple(np.asarray(ids, dtype=np.int32) for ids in rows["ids"]), conditions)

    @property
    def n_targets(self) -> int:
        """Number of ids that an epoch predicts."""
        return sum(len(ids) - 1 for ids in self.ids)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of all ids, in hex."""
        digest = hashlib.sha256(np.ascontiguousarray(self.conditions, dtype="<i4").tobytes())
        for ids in self.ids:
            digest.update(len(ids).to_bytes(4, "little") + np.ascontiguousarray(ids, dtype="<i4").tobytes())
        return digest.hexdigest()


def _repeats(rows: pd.DataFrame, most: int) -> npt.NDArray[np.int64]:
    """Return how often each piece is taken: as often as its genre fits into the largest, counted in ids, at most `most` times.

    Pieces without a genre are taken once.
    """
    tokens_by_genre = rows["ids"].map(len).groupby(rows["genre"]).sum()
    repeats_by_genre = (tokens_by_genre.max() // tokens_by_genre).clip(1, most)
    repeats_by_genre.loc[repeats_by_genre.index == ""] = 1
    return np.asarray(repeats_by_genre.reindex(rows["genre"]), dtype=np.int64)


class Windows(NamedTuple):
    """Where the windows of an epoch lie; arrays of shape `(windows,)`."""

    piece: IntArray
    start: IntArray  # index of the first input id
    length: IntArray  # number of inputs, and of targets


class Batch(NamedTuple):
    """What one step of training sees."""

    tokens: IntArray  # (batch, time)
    conditions: IntArray  # (batch, slots)
    targets: IntArray  # (batch, time)
    weights: FloatArray  # (batch, time): 0 on padding


def cut(n_targets: Sequence[int], window_length: int, random: np.random.Generator | None = None) -> Windows:
    """Cut pieces into windows.

    Args:
        n_targets: Number of targets of each piece.
        window_length: Most inputs of a window, at least 1.
        random: Moves the first boundary of each piece; without it, the boundaries are multiples of `window_length`.

    >>> cut([5, 2], 4)
    Windows(piece=array([0, 0, 1], dtype=int32), start=array([0, 4, 0], dtype=int32), length=array([4, 1, 2], dtype=int32))
    """
    piece, start, length = [], [], []
    for index, total in enumerate(n_targets):
        first = window_length
        if random is not None and total > window_length:
            first = int(random.integers((window_length + 1) // 2, window_length + 1))
        bounds = [0, *range(first, total, window_length), total]
        piece += [index] * (len(bounds) - 1)
        start += bounds[:-1]
        length += np.diff(bounds).tolist()
    return Windows(*(np.array(values, dtype=np.int32) for values in (piece, start, length)))


def shuffled_batches(
    examples: Examples, *, window_length: int, batch_size: int, pad_id: int, condition_dropout: float, seed: int, epoch: int
) -> Iterator[Batch]:
    """Yield the batches of one training epoch: moved windows, in a new order, some conditions withheld.

    Args:
        examples: The pieces.
        window_length: Most ids in a window.
        batch_size: Windows in a batch; one batch of the epoch may have fewer and is padded with empty rows.
        pad_id: Id of `<pad>`, which also stands for a condition that is withheld.
        condition_dropout: Probability, for each window and slot, that a condition is withheld.
        seed: With `epoch`, decides everything random.
        epoch: Number of the epoch.
    """
    random = np.random.default_rng((seed, epoch))
    windows = cut([len(ids) - 1 for ids in examples.ids], window_length, random)
    withheld = random.random((len(windows.piece), examples.conditions.shape[1])) < condition_dropout
    conditions = np.where(withheld, pad_id, examples.conditions[windows.piece]).astype(np.int32)
    order = np.lexsort((random.random(len(windows.piece)), -(-windows.length // _BUCKET)))
    groups = [order[first : first + batch_size] for first in range(0, len(order), batch_size)]
    for group in random.permutation(len(groups)):
        yield _batch(examples, windows, conditions, groups[group], batch_size, pad_id)


def ordered_batches(examples: Examples, *, window_length: int, batch_size: int, pad_id: int) -> Iterator[Batch]:
    """Yield every window once, unmoved, by length, with all conditions: the batches to validate on."""
    windows = cut([len(ids) - 1 for ids in examples.ids], window_length)
    conditions = examples.conditions[windows.piece]
    order = np.argsort(windows.length, kind="stable")
    for first in range(0, len(order), batch_size):
        yield _batch(examples, windows, conditions, order[first : first + batch_size], batch_size, pad_id)


def _batch(
    examples: Examples, windows: Windows, conditions: IntArray, chosen: npt.NDArray[np.intp], n_rows: int, pad_id: int
) -> Batch:
    width = -(-int(windows.length[chosen].max()) // _BUCKET) * _BUCKET
    shape = (n_rows, width)  # (batch, time)
    tokens, targets = np.full(shape, pad_id, np.int32), np.full(shape, pad_id, np.int32)
    weights = np.zeros(shape, np.float32)
    for row, window in enumerate(chosen):
        ids, start, length = examples.ids[windows.piece[window]], windows.start[window], windows.length[window]
        tokens[row, :length] = ids[start : start + length]
        targets[row, :length] = ids[start + 1 : start + length + 1]
        weights[row, :length] = 1.0
    told = np.full((n_rows, conditions.shape[1]), pad_id, np.int32)
    told[: len(chosen)] = conditions[chosen]
    return Batch(tokens, told, targets, weights)
