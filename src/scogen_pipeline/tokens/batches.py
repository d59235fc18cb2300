"""Windows of like length gathered into batches: what the network sees at each step.

**Conventions**

- Pieces come in *chunks*, each small enough for memory and large enough to find windows of like length in; all that is in memory
  anyway is one chunk. What does not fill a batch waits for the next chunk.
- Batches are padded with `pad_id` to a multiple of `Cutting.width_step` and to `batch_size` rows; padding has weight 0, all else
  weight 1. Folk tunes have 150 ids and piano pieces thousands, so windows of like length share a batch.
- What is known before a target beside the id before it (features, dense) has a row a target: row i stands with target i.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from scogen_pipeline.tokens.cutting import Cutting, IntArray, cut
from scogen_pipeline.tokens.packing import unpacked

if TYPE_CHECKING:
    from scogen_pipeline.tokens.examples import Examples

FloatArray = npt.NDArray[np.float32]


class Batch(NamedTuple):
    """What one step of training sees."""

    tokens: IntArray  # (batch, time)
    conditions: IntArray  # (batch, slots)
    targets: IntArray  # (batch, time)
    weights: FloatArray  # (batch, time): 0 on padding
    features: IntArray | None = None  # (batch, time, features)
    dense: FloatArray | None = None  # (batch, time, values)
    continues: npt.NDArray[np.bool_] | None = None  # (batch,): whether a row goes on where it ended in the batch before


class Window(NamedTuple):
    """Some targets of a piece in a row."""

    ids: IntArray  # (length + 1,)
    conditions: IntArray  # (slots,)
    features: npt.NDArray[Any] | None  # (length, features)
    dense: npt.NDArray[Any] | None  # (length, values), or (length, bytes) if packed
    continues: bool = False  # whether the window before was of the same piece

    @property
    def length(self) -> int:
        """Number of targets."""
        return len(self.ids) - 1

    def alone(self) -> Window:
        """Return a copy, which does not keep the piece in memory."""
        features, dense = (None if known is None else known.copy() for known in (self.features, self.dense))
        return Window(self.ids.copy(), self.conditions.copy(), features, dense, self.continues)


def shuffled_batches(chunks: Iterable[Examples], cutting: Cutting, random: np.random.Generator) -> Iterator[Batch]:
    """Yield the batches of one training epoch: moved windows, some conditions withheld, each chunk in an order of its own.

    Args:
        chunks: The pieces.
        cutting: How they become batches.
        random: Decides all of it.
    """
    held: list[Window] = []
    for chunk in chunks:
        held += windows_of(chunk, cutting, random)
        steps = np.array([-(-window.length // cutting.width_step) for window in held])
        full, rest = _groups(np.lexsort((random.random(len(held)), steps)), cutting.batch_size)
        for group in random.permutation(len(full)):
            yield batch_of([held[index] for index in full[group]], cutting, chunk.packed_values)
        held = [held[index].alone() for index in rest]
    if held:
        yield batch_of(held, cutting, chunk.packed_values)


def ordered_batches(chunks: Iterable[Examples], cutting: Cutting) -> Iterator[Batch]:
    """Yield every window once, unmoved, by length, with all conditions: the batches to validate on."""
    held: list[Window] = []
    for chunk in chunks:
        held += windows_of(chunk, cutting)
        full, rest = _groups(np.argsort([window.length for window in held], kind="stable"), cutting.batch_size)
        for group in full:
            yield batch_of([held[index] for index in group], cutting, chunk.packed_values)
        held = [held[index].alone() for index in rest]
    if held:
        yield batch_of(held, cutting, chunk.packed_values)


def windows_of(examples: Examples, cutting: Cutting, random: np.random.Generator | None = None) -> list[Window]:
    """Cut pieces; with `random`, move the boundaries and withhold some conditions of each window."""
    windows = cut([len(ids) - 1 for ids in examples.ids], cutting.window_length, random)
    conditions = examples.conditions[windows.piece]
    if random is not None:
        conditions = withheld(conditions, cutting, random)
    return [
        window_of(examples, piece, start, start + length, told)
        for piece, start, length, told in zip(*(values.tolist() for values in windows), conditions, strict=True)
    ]


def withheld(conditions: IntArray, cutting: Cutting, random: np.random.Generator) -> IntArray:
    """Put `<pad>` in the place of some conditions."""
    is_withheld = random.random(conditions.shape) < cutting.condition_dropout
    return np.where(is_withheld, cutting.pad_id, conditions).astype(np.int32)


def window_of(examples: Examples, piece: int, start: int, end: int, conditions: IntArray) -> Window:
    """Return the targets of a piece from `start` on and before `end`."""
    features, dense = (known[piece][start:end] if known else None for known in (examples.features, examples.dense))
    return Window(examples.ids[piece][start : end + 1], conditions, features, dense, start > 0)


def batch_of(rows: Sequence[Window | None], cutting: Cutting, packed_values: int = 0) -> Batch:
    """Put windows under each other.

    Args:
        rows: One window a row, at least one of them there.
        cutting: Says how many rows the batch has.
        packed_values: Number of dense values if they are packed.
    """
    windows = [(row, window, window.length) for row, window in enumerate(rows) if window is not None]
    # Never wider than a window: a row that is continued has the full length, and padding would change its state.
    width = -(-max(length for _, _, length in windows) // cutting.width_step) * cutting.width_step
    shape, pad_id, first = (cutting.batch_size, min(width, cutting.window_length)), cutting.pad_id, windows[0][1]
    tokens, targets = np.full(shape, pad_id, np.int32), np.full(shape, pad_id, np.int32)  # (batch, time)
    weights, continues = np.zeros(shape, np.float32), np.zeros(cutting.batch_size, np.bool_)
    conditions = np.full((cutting.batch_size, len(first.conditions)), pad_id, np.int32)
    features = None if first.features is None else np.zeros((*shape, first.features.shape[1]), np.int32)
    dense = None if first.dense is None else np.zeros((*shape, first.dense.shape[1]), first.dense.dtype)
    for row, window, length in windows:
        tokens[row, :length], targets[row, :length] = window.ids[:-1], window.ids[1:]
        weights[row, :length], conditions[row], continues[row] = 1.0, window.conditions, window.continues
        if features is not None and window.features is not None:
            features[row, :length] = window.features
        if dense is not None and window.dense is not None:
            dense[row, :length] = window.dense
    if dense is not None and packed_values:
        dense = unpacked(dense, packed_values)
    values = None if dense is None else dense.astype(np.float32)
    return Batch(tokens, conditions, targets, weights, features, values, continues if cutting.carries_state else None)


def _groups(order: npt.NDArray[np.intp], size: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return full groups, (groups, size), and the rest."""
    n_full = len(order) // size * size
    return order[:n_full].reshape(-1, size), order[n_full:]
