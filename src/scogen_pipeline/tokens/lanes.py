"""Batches whose rows go on where they ended in the batch before, so that state can be carried.

**Conventions.** Each row of the batches of an epoch is a *lane*: one piece after another, window by window, the lanes of like
length. Only the last window of a piece is padded, and the rows of a batch are at different places of their pieces.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from scogen_pipeline.tokens.batches import Batch, Window, batch_of, window_of, withheld
from scogen_pipeline.tokens.cutting import Cutting

if TYPE_CHECKING:
    from scogen_pipeline.tokens.examples import Examples

Piece = list[Window]


def carried_batches(chunks: Iterable[Examples], cutting: Cutting, random: np.random.Generator | None = None) -> Iterator[Batch]:
    """Yield the batches of an epoch.

    Args:
        chunks: The pieces.
        cutting: How they become batches.
        random: Decides the order and which conditions are withheld; without it, none are.
    """
    lanes: list[deque[Window]] = [deque() for _ in range(cutting.batch_size)]
    packed_values, coming = 0, iter(chunks)
    while True:
        while not all(lanes) and (chunk := next(coming, None)) is not None:
            packed_values = chunk.packed_values
            _deal(_pieces(chunk, cutting, random), lanes, random)
        if not any(lanes):
            return
        yield batch_of([lane.popleft() if lane else None for lane in lanes], cutting, packed_values)


def _pieces(examples: Examples, cutting: Cutting, random: np.random.Generator | None) -> list[Piece]:
    conditions = examples.conditions if random is None else withheld(examples.conditions, cutting, random)
    size, pieces = cutting.window_length, []
    for piece, ids in enumerate(examples.ids):
        n_targets = len(ids) - 1
        starts = range(0, n_targets, size)
        pieces.append([window_of(examples, piece, start, min(start + size, n_targets), conditions[piece]) for start in starts])
    return pieces


def _deal(pieces: Sequence[Piece], lanes: Sequence[deque[Window]], random: np.random.Generator | None) -> None:
    """Deal pieces out, the longest first, each to the lane that has least so far; with `random`, in any order within a lane."""
    dealt: list[list[Piece]] = [[] for _ in lanes]
    loads, n_windows = np.array([len(lane) for lane in lanes]), np.array([len(piece) for piece in pieces])
    ties = np.arange(len(pieces)) if random is None else random.permutation(len(pieces))
    for index in np.lexsort((ties, -n_windows)):
        shortest = int(loads.argmin())
        dealt[shortest].append(pieces[index])
        loads[shortest] += n_windows[index]
    for lane, own in zip(lanes, dealt, strict=True):
        for index in range(len(own)) if random is None else random.permutation(len(own)):
            lane.extend(own[index])
