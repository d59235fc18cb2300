"""Pieces cut into windows and batches: what the network sees in one epoch.

Window boundaries move from epoch to epoch, so that no place of a piece is always seen without what precedes it. All of it is a
function of (seed, epoch): a training run that was killed sees the same batches when it resumes.

**Conventions**

- A piece of n ids has n - 1 *targets*, the ids after the first. Each target stands in exactly one window of an epoch.
- A window never crosses a piece. A piece that fits into one window is never cut.
- Batches are padded with `pad_id` to a multiple of `_BUCKET` and to `batch_size` rows; padding has weight 0, all else weight 1.
- Windows of like length share a batch, since folk tunes have 150 ids and piano pieces thousands.
- If state is carried, each row of the batches of an epoch is a *lane*: one piece after another, window by window, the lanes of
  like length. Only the last window of a piece is padded, and the rows of a batch are at different places of their pieces.
- What is known before a target beside the id before it (features, dense) has a row a target: row i stands with target i.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat, zip_longest
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from scogen_pipeline.errors import DataError
from scogen_pipeline.tokens.packing import ByteArray, unpacked_dense, unpacked_features

if TYPE_CHECKING:
    import pandas as pd

IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float32]

#: Batches are padded to a multiple of this, so that compilers see few shapes.
_BUCKET: Final = 32


@dataclass(frozen=True)
class Cutting:
    """How pieces become batches.

    Args:
        window_length: Most ids in a window.
        batch_size: Windows in a batch; a batch with fewer is padded with empty rows.
        pad_id: Id of `<pad>`, which also stands for a condition that is withheld.
        condition_dropout: In training, the probability, for each window and slot, that a condition is withheld.
        carries_state: Whether windows of a piece follow each other in the same row, so that state can be carried.
    """

    window_length: int
    batch_size: int
    pad_id: int
    condition_dropout: float = 0.0
    carries_state: bool = False


class Batch(NamedTuple):
    """What one step of training sees."""

    tokens: IntArray  # (batch, time)
    conditions: IntArray  # (batch, slots)
    targets: IntArray  # (batch, time)
    weights: FloatArray  # (batch, time): 0 on padding
    features: IntArray | None = None  # (batch, time, features)
    dense: FloatArray | None = None  # (batch, time, values)
    continues: npt.NDArray[np.bool_] | None = None  # (batch,): whether a row goes on where it ended in the batch before


class ExampleSource(Protocol):
    """What a network can be trained on and measured by; `Examples` and `RetoldExamples` are two."""

    @property
    def n_targets(self) -> int:
        """Number of ids that an epoch predicts, the same in every epoch."""

    @property
    def n_conditions(self) -> int:
        """Number of condition slots."""

    @property
    def hash(self) -> str:
        """Of all that the examples follow from, in hex."""

    def training_batches(self, cutting: Cutting, seed: int, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch; all that is random follows from (seed, epoch)."""

    def ordered_batches(self, cutting: Cutting) -> Iterator[Batch]:
        """Yield every target once, nothing withheld: the batches to validate on."""


@dataclass(frozen=True)
class Examples:
    """Pieces as ids.

    Args:
        ids: One array a piece, shape `(n,)`, n at least 2.
        conditions: Ids of the conditions, shape `(pieces, slots)`.
        features: What else is known before each target as small integers, a piece `(n - 1, features)`; may be none.
        dense: The same as values from 0 to 1, a piece `(n - 1, values)`; may be none.

    Raises:
        DataError: If these disagree, or a piece has no target.
    """

    ids: tuple[IntArray, ...]
    conditions: IntArray
    features: tuple[npt.NDArray[Any], ...] = ()
    dense: tuple[ByteArray, ...] = ()

    def __post_init__(self) -> None:
        """Check the shapes."""
        if self.conditions.ndim != 2 or len(self.ids) != len(self.conditions):
            raise DataError(
                f"`conditions` must have one row of ids a piece ({len(self.ids)}), received shape {self.conditions.shape}."
            )
        short = [index for index, ids in enumerate(self.ids) if len(ids) < 2]
        if short:
            raise DataError(f"`ids` must hold at least <start> and <end>, received a shorter piece at row {short[0]}.")
        for name, known in (("features", self.features), ("dense", self.dense)):
            if known and [len(rows) for rows in known] != [len(ids) - 1 for ids in self.ids]:
                raise DataError(f"`{name}` must have a row for each id after the first, received another number of rows.")

    @classmethod
    def of_split(cls, encoded_pieces: pd.DataFrame, split: str, genre_repeats: int = 1, dense_size: int = 0) -> Examples:
        """Take the pieces of one split ("train", "valid" or "test") in the order of their piece_id.

        Args:
            encoded_pieces: One row a piece; without the columns `features` and `dense`, the examples have none.
            split: Which rows.
            genre_repeats: Most times that the pieces of a small genre are taken, so that it comes nearer to the largest one.
            dense_size: Number of dense values, which the table does not tell; 0 leaves them out.
        """
        rows = encoded_pieces[encoded_pieces["split"] == split].sort_values("piece_id")
        if genre_repeats > 1:
            rows = rows.iloc[np.repeat(np.arange(len(rows)), _repeats(rows, genre_repeats))]
        slots = len(encoded_pieces["conditions"].iloc[0]) if len(encoded_pieces) else 0
        return cls.of_rows(rows, dense_size, slots)

    @classmethod
    def of_rows(cls, rows: pd.DataFrame, dense_size: int = 0, n_conditions: int = 0) -> Examples:
        """Take all rows of a table as they come.

        Args:
            rows: One row a piece; without the columns `features` and `dense`, the examples have none.
            dense_size: Number of dense values, which the table does not tell; 0 leaves them out.
            n_conditions: Number of condition slots if there is no row.
        """
        ids = tuple(np.asarray(each, dtype=np.int32) for each in rows["ids"])
        n_targets = [len(each) - 1 for each in ids]
        conditions = np.array(rows["conditions"].tolist(), dtype=np.int32) if ids else np.zeros((0, n_conditions), np.int32)
        features = map(unpacked_features, rows["features"], n_targets) if "features" in rows else ()
        dense = map(unpacked_dense, rows["dense"], n_targets, repeat(dense_size)) if dense_size and "dense" in rows else ()
        return cls(ids, conditions, tuple(features), tuple(dense))

    def shortened(self, n_targets: int) -> Examples:
        """Leave out what comes after the first targets of each piece."""
        features, dense = (tuple(rows[:n_targets] for rows in known) for known in (self.features, self.dense))
        return Examples(tuple(ids[: n_targets + 1] for ids in self.ids), self.conditions, features, dense)

    @property
    def n_targets(self) -> int:
        """Number of ids that an epoch predicts."""
        return sum(len(ids) - 1 for ids in self.ids)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of all ids and of what else is known, in hex."""
        digest = hashlib.sha256(np.ascontiguousarray(self.conditions, dtype="<i4").tobytes())
        for arrays in (self.ids, self.features, self.dense):
            for array in arrays:
                digest.update(len(array).to_bytes(4, "little") + np.ascontiguousarray(array, dtype="<i4").tobytes())
        return digest.hexdigest()

    @property
    def n_conditions(self) -> int:
        """Number of condition slots."""
        return int(self.conditions.shape[1])

    def training_batches(self, cutting: Cutting, seed: int, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, see `shuffled_batches`."""
        return shuffled_batches(self, cutting, seed, epoch)

    def ordered_batches(self, cutting: Cutting) -> Iterator[Batch]:
        """Yield every window once, see `ordered_batches`."""
        return ordered_batches(self, cutting)


@dataclass(frozen=True)
class RetoldExamples:
    """Pieces that are told anew in each epoch, transposed for instance; only one epoch is held in memory.

    Args:
        tell: Makes the examples of an epoch, as long as always, from a random state; without one, as they are.
    """

    tell: Callable[[np.random.Generator | None], Examples]

    @cached_property
    def _plain(self) -> Examples:
        return self.tell(None)

    @property
    def n_targets(self) -> int:
        """Number of ids that an epoch predicts."""
        return self._plain.n_targets

    @property
    def n_conditions(self) -> int:
        """Number of condition slots."""
        return int(self._plain.conditions.shape[1])

    @cached_property
    def hash(self) -> str:
        """Of the examples as they are and of those of one epoch: what tells them anew is part of the data."""
        return hashlib.sha256((self._plain.hash + self.tell(np.random.default_rng(0)).hash).encode()).hexdigest()

    def training_batches(self, cutting: Cutting, seed: int, epoch: int) -> Iterator[Batch]:
        """Tell the pieces anew and yield their batches."""
        return shuffled_batches(self.tell(np.random.default_rng((seed, epoch, 1))), cutting, seed, epoch)

    def ordered_batches(self, cutting: Cutting) -> Iterator[Batch]:
        """Yield the batches of the pieces as they are."""
        return ordered_batches(self._plain, cutting)


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

    def chosen(self, indices: npt.NDArray[np.intp]) -> Windows:
        """Return some of the windows."""
        return Windows(self.piece[indices], self.start[indices], self.length[indices])


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


def shuffled_batches(examples: Examples, cutting: Cutting, seed: int, epoch: int) -> Iterator[Batch]:
    """Yield the batches of one training epoch: moved windows, in a new order, some conditions withheld.

    Args:
        examples: The pieces.
        cutting: How they become batches.
        seed: With `epoch`, decides everything random.
        epoch: Number of the epoch.
    """
    random = np.random.default_rng((seed, epoch))
    if cutting.carries_state:
        yield from _carried_batches(examples, cutting, random)
        return
    windows = cut([len(ids) - 1 for ids in examples.ids], cutting.window_length, random)
    conditions = _withheld(examples.conditions[windows.piece], cutting, random)
    order = np.lexsort((random.random(len(windows.piece)), -(-windows.length // _BUCKET)))
    groups = _groups(order, cutting.batch_size)
    for group in random.permutation(len(groups)):
        yield _batch(examples, windows.chosen(groups[group]), conditions[groups[group]], cutting)


def ordered_batches(examples: Examples, cutting: Cutting) -> Iterator[Batch]:
    """Yield every window once, unmoved, by length, with all conditions: the batches to validate on."""
    if cutting.carries_state:
        yield from _carried_batches(examples, cutting)
        return
    windows = cut([len(ids) - 1 for ids in examples.ids], cutting.window_length)
    for group in _groups(np.argsort(windows.length, kind="stable"), cutting.batch_size):
        yield _batch(examples, windows.chosen(group), examples.conditions[windows.piece[group]], cutting)


def _groups(order: npt.NDArray[np.intp], size: int) -> list[npt.NDArray[np.intp]]:
    return [order[first : first + size] for first in range(0, len(order), size)]


def _withheld(conditions: IntArray, cutting: Cutting, random: np.random.Generator) -> IntArray:
    is_withheld = random.random(conditions.shape) < cutting.condition_dropout
    return np.where(is_withheld, cutting.pad_id, conditions).astype(np.int32)


def _carried_batches(examples: Examples, cutting: Cutting, random: np.random.Generator | None = None) -> Iterator[Batch]:
    conditions = examples.conditions if random is None else _withheld(examples.conditions, cutting, random)
    lanes = _lanes(np.array([-(-(len(ids) - 1) // cutting.window_length) for ids in examples.ids]), cutting.batch_size, random)
    windows = [_windows_of_lane(examples, lane, cutting) for lane in lanes]
    for rows in zip_longest(*windows, fillvalue=(0, 0, 0)):
        chosen = Windows(*(np.array(values, np.int32) for values in zip(*rows, strict=True)))
        yield _batch(examples, chosen, conditions[chosen.piece], cutting)._replace(continues=chosen.start > 0)


def _windows_of_lane(examples: Examples, lane: Sequence[int], cutting: Cutting) -> list[tuple[int, int, int]]:
    """Return (piece, start, length) of the windows of pieces one after another."""
    windows = cut([len(examples.ids[piece]) - 1 for piece in lane], cutting.window_length)
    return [(lane[index], start, length) for index, start, length in zip(*windows, strict=True)]


def _lanes(n_windows: npt.NDArray[np.int_], n_lanes: int, random: np.random.Generator | None) -> list[list[int]]:
    """Deal pieces out, the longest first, each to the lane that has least so far; with `random`, in any order within a lane."""
    lanes: list[list[int]] = [[] for _ in range(n_lanes)]
    loads = np.zeros(n_lanes, np.int64)
    ties = np.arange(len(n_windows)) if random is None else random.permutation(len(n_windows))
    for piece in np.lexsort((ties, -n_windows)):
        lane = int(loads.argmin())
        lanes[lane].append(int(piece))
        loads[lane] += n_windows[piece]
    return lanes if random is None else [random.permutation(lane).tolist() for lane in lanes]


def _batch(examples: Examples, windows: Windows, conditions: IntArray, cutting: Cutting) -> Batch:
    width = -(-int(windows.length.max()) // _BUCKET) * _BUCKET
    if cutting.carries_state:
        # A row that is continued must have no padding, which would change its state; such a row has the full length.
        width = min(width, cutting.window_length)
    shape, pad_id = (cutting.batch_size, width), cutting.pad_id  # (batch, time)
    tokens, targets = np.full(shape, pad_id, np.int32), np.full(shape, pad_id, np.int32)
    weights = np.zeros(shape, np.float32)
    features = np.zeros((*shape, examples.features[0].shape[1]), np.int32) if examples.features else None
    dense = np.zeros((*shape, examples.dense[0].shape[1]), np.float32) if examples.dense else None
    for row, (piece, start, length) in enumerate(zip(*windows, strict=True)):
        ids, end = examples.ids[piece], start + length
        tokens[row, :length] = ids[start:end]
        targets[row, :length] = ids[start + 1 : end + 1]
        weights[row, :length] = 1.0
        if features is not None:
            features[row, :length] = examples.features[piece][start:end]
        if dense is not None:
            dense[row, :length] = examples.dense[piece][start:end]
    told = np.full((cutting.batch_size, conditions.shape[1]), pad_id, np.int32)
    told[: len(conditions)] = conditions
    return Batch(tokens, told, targets, weights, features, dense)
