"""What a network sees before each prediction, beside the token before it.

The tokens say all, but not at a glance: which voice is next, how long each has held its note, what sounds in the other voices.
A network that is told need not count. One and the same network reads the product's tokens, without any of this, and the
literature's.

**Conventions.** *Features* are small integers, each with an embedding of its own. *Dense* values are 0 or 1 (what sounds, say),
and pass through one matrix. A table of *allowed* tokens has a row for each value of one feature; what is not allowed gets no
probability. The saved network holds all of this itself, in the names and shapes of its layers.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from scogen_pipeline.errors import DataError
from scogen_pipeline.model.relation import Relation

#: The logit of a token that is not allowed, added to what the network says; far from overflow in float32.
FORBIDDEN_LOGIT: Final = -1e9
_MOST_FEATURE_SIZE: Final = 32


@dataclass(frozen=True, eq=False)
class Sight:
    """Which inputs a network has beside tokens and conditions; by default none.

    Args:
        feature_sizes: Number of values of each feature.
        dense_size: Number of dense values.
        allowed: Which tokens may follow, (rows, vocabulary); everything may if it is absent.
        allowed_by: Index of the feature that says which row holds.
        relations: How tokens stand to what is seen, a source each.

    Raises:
        DataError: If a size is not positive, or a table does not fit its feature.
    """

    feature_sizes: tuple[int, ...] = ()
    dense_size: int = 0
    allowed: npt.NDArray[np.bool_] | None = None
    allowed_by: int = 0
    relations: tuple[Relation, ...] = ()

    def __post_init__(self) -> None:
        """Check the sizes."""
        if min(self.feature_sizes, default=1) < 1 or self.dense_size < 0:
            raise DataError(f"`feature_sizes` must be positive, received {self.feature_sizes}; dense {self.dense_size}.")
        for relation in self.relations:
            self._check_relation(relation)
        if self.allowed is None:
            return
        rows = self.feature_sizes[self.allowed_by] if 0 <= self.allowed_by < len(self.feature_sizes) else 0
        if self.allowed.ndim != 2 or len(self.allowed) != rows or not self.allowed.any(axis=1).all():
            raise DataError(
                f"`allowed` must have a row with something allowed for each of the {rows} values of feature {self.allowed_by}, "
                f"received shape {self.allowed.shape}."
            )

    def _check_relation(self, relation: Relation) -> None:
        source = relation.source
        if isinstance(source, str):
            n_values = self.dense_size + 1
        else:
            n_values = self.feature_sizes[source] if 0 <= source < len(self.feature_sizes) else 0
        if relation.n_values != n_values:
            raise DataError(
                f"`relations` must have a row for each of the {n_values} values of {source}, received {relation.n_values}."
            )

    @cached_property
    def hash(self) -> str:
        """SHA-256 of all of it, in hex."""
        digest = hashlib.sha256(json.dumps([self.feature_sizes, self.dense_size, self.allowed_by]).encode())
        digest.update(b"" if self.allowed is None else np.packbits(self.allowed, axis=1).tobytes())
        digest.update("".join(relation.hash for relation in self.relations).encode())
        return digest.hexdigest()

    def penalties(self) -> npt.NDArray[np.float32]:
        """Return what is added to the logits, (rows, vocabulary)."""
        allowed = np.zeros((0, 0), bool) if self.allowed is None else self.allowed
        return np.where(allowed, 0, FORBIDDEN_LOGIT).astype(np.float32)


def feature_embedding_size(n_values: int) -> int:
    """Return how many numbers stand for a feature of so many values.

    >>> [feature_embedding_size(n) for n in (1, 4, 16, 90, 1000)]
    [2, 4, 8, 20, 32]
    """
    return min(_MOST_FEATURE_SIZE, math.ceil(1.6 * math.pow(n_values, 0.56)))
