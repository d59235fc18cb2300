"""Pieces as examples to learn from, in memory.

All that is random in an epoch is a function of (seed, epoch): a training run that was killed sees the same batches when it
resumes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from scogen_pipeline.errors import DataError
from scogen_pipeline.tokens.batches import Batch, ordered_batches, shuffled_batches
from scogen_pipeline.tokens.cutting import Cutting, IntArray
from scogen_pipeline.tokens.lanes import carried_batches
from scogen_pipeline.tokens.packing import ByteArray

if TYPE_CHECKING:
    from collections.abc import Iterable


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
        packed_values: Number of dense values if `dense` holds them packed, a piece `(n - 1, bytes)`; 0 if it does not.

    Raises:
        DataError: If these disagree, or a piece has no target.
    """

    ids: tuple[IntArray, ...]
    conditions: IntArray
    features: tuple[npt.NDArray[Any], ...] = ()
    dense: tuple[ByteArray, ...] = ()
    packed_values: int = 0

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

    def shortened(self, n_targets: int) -> Examples:
        """Leave out what comes after the first targets of each piece."""
        features, dense = (tuple(rows[:n_targets] for rows in known) for known in (self.features, self.dense))
        return replace(self, ids=tuple(ids[: n_targets + 1] for ids in self.ids), features=features, dense=dense)

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
        """Yield the batches of an epoch, all pieces together."""
        return training_batches([self], cutting, seed, epoch)

    def ordered_batches(self, cutting: Cutting) -> Iterator[Batch]:
        """Yield every target once, nothing withheld."""
        return validation_batches([self], cutting)


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
        return self.tell(np.random.default_rng((seed, epoch, 1))).training_batches(cutting, seed, epoch)

    def ordered_batches(self, cutting: Cutting) -> Iterator[Batch]:
        """Yield the batches of the pieces as they are."""
        return self._plain.ordered_batches(cutting)


def training_batches(chunks: Iterable[Examples], cutting: Cutting, seed: int, epoch: int) -> Iterator[Batch]:
    """Yield the batches of a training epoch, see `tokens.batches` and `tokens.lanes`."""
    random = np.random.default_rng((seed, epoch))
    return (carried_batches if cutting.carries_state else shuffled_batches)(chunks, cutting, random)


def validation_batches(chunks: Iterable[Examples], cutting: Cutting) -> Iterator[Batch]:
    """Yield every target once, nothing withheld."""
    return (carried_batches if cutting.carries_state else ordered_batches)(chunks, cutting)
