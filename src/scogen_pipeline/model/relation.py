"""How tokens stand to what is seen: the interval to the note before, the place in the chord.

A step down is a step down wherever it begins. A network with one logit a pitch learns that once for every pitch; one that scores
*relations* learns it once. From the state of the LSTM it gives each relation a score, and every token gets, on top of its own
logit, the scores of the relations in which it stands.

**Conventions.** A relation is measured from a *source*: a feature of `sight`, or the lowest or highest dense value that is on;
the value of the latter is its index + 1, 0 if none is on. Relations have numbers from 1; 0 is no relation and always scores 0.
The saved network holds sources and tables in the names and weights of its layers.

**References.** Johnson, Keller and Weintraut, 2017 (an expert for intervals and one for chords, whose product is the melody);
Lattner, Grachten and Widmer, 2018 (features of intervals, which transposition leaves alone).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, cast

import numpy as np
import numpy.typing as npt

from scogen_pipeline.errors import DataError

Source = int | Literal["lowest", "highest"]

#: Names of the layers; the source follows, and behind the table's the first token of its block.
SCORES_PREFIX: Final = "relation_scores_"
TABLE_PREFIX: Final = "relation_table_"


@dataclass(frozen=True, eq=False)
class Relation:
    """In which relation each token stands to each value of a source.

    Args:
        source: Index of a feature, or `lowest` or `highest` dense value.
        numbers: Number of the relation, (values of the source, vocabulary); 0: none.

    Raises:
        DataError: If no token stands in any relation.
    """

    source: Source
    numbers: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        """Check that there is something to score."""
        if self.numbers.ndim != 2 or self.numbers.min() < 0 or not self.numbers.any():
            raise DataError(f"`numbers` must relate some of (values, tokens), 0 for none, received shape {self.numbers.shape}.")

    @property
    def n_relations(self) -> int:
        """Number of relations."""
        return int(self.numbers.max())

    @property
    def n_values(self) -> int:
        """Number of values of the source."""
        return len(self.numbers)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of source and numbers, in hex."""
        return hashlib.sha256(f"{self.source} {self.numbers.shape}".encode() + self.numbers.tobytes()).hexdigest()


def related_tokens(relations: Sequence[Relation]) -> slice:
    """Return the block of tokens, from the first to the last, that stand in any of some relations."""
    related = np.any([relation.numbers.any(axis=0) for relation in relations], axis=0).nonzero()[0]
    return slice(int(related[0]), int(related[-1]) + 1)


def is_of_relation(layer: str) -> bool:
    """Tell whether a layer of that name scores relations: without it the network would be the same, but for the scores."""
    return layer.startswith((SCORES_PREFIX, TABLE_PREFIX))


def source_and_first(table_name: str) -> tuple[Source, int]:
    """Read the name of a table.

    >>> source_and_first("relation_table_2_410"), source_and_first("relation_table_lowest_410")
    ((2, 410), ('lowest', 410))
    """
    source, _, first = table_name.removeprefix(TABLE_PREFIX).rpartition("_")
    return int(source) if source.isdecimal() else cast("Source", source), int(first)
