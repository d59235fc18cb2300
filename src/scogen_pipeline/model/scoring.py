"""How likely a network finds whole pieces: token by token, with the state carried from the first to the last.

**Conventions.** Natural logarithms. The probability of several networks together is the mean of theirs, token by token, which is
a probability again: a mixture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scogen_pipeline.tokens.windows import Examples, IntArray

FloatArray = npt.NDArray[np.float32]

#: Pieces that are scored together: enough to fill the matrix products, few enough for the memory of two cores.
_BATCH: Final = 64
#: A longer piece in a batch makes the others wait: at most this many times as long as the shortest.
_MOST_STRETCH: Final = 1.5


class Scorer(Protocol):
    """What tells how likely it finds pieces side by side: `stepping.NumpyStepper`."""

    def log_probabilities(
        self,
        ids: Sequence[IntArray],
        conditions: IntArray,
        features: Sequence[IntArray] = (),
        dense: Sequence[npt.NDArray[Any]] = (),
    ) -> Sequence[FloatArray]:
        """Return the log of the probability of each id after the first."""


def log_probabilities(scorer: Scorer, examples: Examples) -> list[FloatArray]:
    """Return the log of the probability of each target of each piece, shapes `(n - 1,)`, in the order of the pieces.

    Args:
        scorer: The network.
        examples: The pieces, with the features and dense values that the network was trained with.
    """
    found: dict[int, FloatArray] = {}
    for batch in _batches([len(ids) for ids in examples.ids]):
        scores = scorer.log_probabilities(
            [examples.ids[index] for index in batch],
            examples.conditions[batch],
            [examples.features[index] for index in batch if examples.features],
            [examples.dense[index] for index in batch if examples.dense],
        )
        found |= dict(zip(batch, scores, strict=True))
    return [found[index] for index in range(len(examples.ids))]


def mean_log_probabilities(scorers: Sequence[Scorer], tellings: Sequence[Examples]) -> list[FloatArray]:
    """Return the log of the mean of the probabilities that several networks give to each target of each piece.

    Args:
        scorers: The networks.
        tellings: The same pieces told in several ways, each target standing for the same thing, such as transposed ones.
    """
    each = [log_probabilities(scorer, examples) for scorer in scorers for examples in tellings]
    return [np.logaddexp.reduce(np.stack(scores), axis=0) - np.float32(np.log(len(each))) for scores in zip(*each, strict=True)]


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield indices of pieces of like length."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda index: lengths[index]):
        if batch and (len(batch) == _BATCH or lengths[index] > _MOST_STRETCH * lengths[batch[0]]):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
