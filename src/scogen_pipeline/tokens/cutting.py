"""Pieces cut into windows.

**Conventions**

- A piece of n ids has n - 1 *targets*, the ids after the first. Each target stands in exactly one window.
- A window never crosses a piece. A piece that fits into one window is never cut.
- Where the windows are moved, no place of a piece is always seen without what precedes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int32]

#: Most widths that batches have: the fewer, the less compilers have to do; the more, the less is padding.
_MOST_WIDTHS: Final = 64


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

    @property
    def width_step(self) -> int:
        """What the widths of batches are multiples of.

        >>> [Cutting(length, 1, 0).width_step for length in (8, 64, 256, 1000)]
        [1, 1, 4, 16]
        """
        return -(-self.window_length // _MOST_WIDTHS)


class Windows(NamedTuple):
    """Where the windows of some pieces lie; arrays of shape `(windows,)`."""

    piece: IntArray
    start: IntArray  # index of the first input id
    length: IntArray  # number of inputs, and of targets


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
