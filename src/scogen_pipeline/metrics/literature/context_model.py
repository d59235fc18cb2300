"""A count model over token strings: the first model through the whole table, and a floor.

It reads the same sequences as a network does, features and masks included, and shows what the features are worth by themselves.

**Conventions.** A *chain* of contexts, each a superset of the one before; Witten-Bell smoothing from one to the next, down to
a uniform guess over the tokens that the mask allows. How many contexts of a chain are used is decided on validation. Nats.

**References.** Witten and Bell, 1991.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from scogen_pipeline.errors import DataError
from scogen_pipeline.metrics.literature.frames import MASK_ROW, FrameAdapter, FrameSequence, IntArray, column

FloatArray = npt.NDArray[np.float64]
LongArray = npt.NDArray[np.int64]

#: What each context adds to the one before. `mask_row` comes first, so that nothing is counted that a mask forbids.
ROLL_CHAIN: Final = (
    (MASK_ROW,),
    ("candidate",),
    ("last_was_kept",),
    ("n_chosen",),
    ("candidate_age",),
    ("same_rank",),
)
CHORALE_CHAIN: Final = (
    (MASK_ROW, "voice"),
    ("last_note",),
    ("position_in_beat",),
    ("moved",),
    ("last_age",),
    ("previous_token",),
)


@dataclass(frozen=True)
class _Level:
    """Counts after contexts. `pairs` are sorted keys of (context, token), `contexts` sorted keys of contexts."""

    contexts: LongArray
    totals: LongArray
    kinds: LongArray
    pairs: LongArray
    counts: LongArray

    def smoothed(self, contexts: LongArray, pairs: LongArray, lower: FloatArray) -> FloatArray:
        place, is_known = _find(self.contexts, contexts)
        total, kinds = np.where(is_known, self.totals[place], 0), np.where(is_known, self.kinds[place], 1)
        pair_place, is_counted = _find(self.pairs, pairs)
        count = np.where(is_counted, self.counts[pair_place], 0)
        return np.asarray((count + kinds * lower) / (total + kinds))


class ContextModel:
    """Counts of tokens after contexts of features.

    Args:
        adapter: What the sequences come from.
        chain: Names of features that each level adds.
        training: What to count.
        validation: What decides how many levels are used.

    Raises:
        DataError: If a feature is unknown, or the contexts are too many to be numbered.
    """

    def __init__(
        self,
        adapter: FrameAdapter,
        chain: Sequence[Sequence[str]],
        training: Iterable[FrameSequence],
        validation: Iterable[FrameSequence],
    ) -> None:
        self._n_tokens, self._masks = adapter.n_tokens, adapter.masks
        added = [[column(adapter, name) for name in names] for names in chain]
        self._columns = [list(itertools.chain.from_iterable(added[: level + 1])) for level in range(len(added))]
        self._sizes = [feature.size for feature in adapter.features]
        room = self._n_tokens * float(np.prod([float(self._sizes[index]) for index in self._columns[-1]]))
        if room > 2.0**62:
            raise DataError(f"`chain` must have fewer than 2^62 contexts, received {room:.0e}. Name fewer features.")
        read = list(training)
        features = np.concatenate([sequence.features for sequence in read])
        tokens = np.concatenate([sequence.tokens for sequence in read])
        self._levels = [self._count(features, tokens, columns) for columns in self._columns]
        nats = -np.sum([self._by_level(sequence).sum(axis=1) for sequence in validation], axis=0)
        self.n_levels = int(np.argmin(nats)) + 1

    def log_likelihoods(self, sequence: FrameSequence) -> FloatArray:
        """Return the natural log of the probability of each token, (n,)."""
        return np.asarray(self._by_level(sequence)[self.n_levels - 1])

    def _by_level(self, sequence: FrameSequence) -> FloatArray:
        """Return the log-likelihoods if the chain ended at each level, (levels, n)."""
        likelihood = 1 / self._masks.sum(axis=1)[sequence.features[:, 0]]
        likelihoods = []
        for level, columns in zip(self._levels, self._columns, strict=True):
            contexts = self._keys(sequence.features, columns)
            likelihood = level.smoothed(contexts, contexts * self._n_tokens + sequence.tokens, likelihood)
            likelihoods.append(likelihood)
        return np.asarray(np.log(np.stack(likelihoods)))

    def nats(self, sequence: FrameSequence) -> float:
        """Return what the whole sequence costs."""
        return -float(self.log_likelihoods(sequence).sum())

    def _count(self, features: IntArray, tokens: IntArray, columns: Sequence[int]) -> _Level:
        keys = self._keys(features, columns)
        pairs, counts = np.unique(keys * self._n_tokens + tokens, return_counts=True)
        contexts, totals = np.unique(keys, return_counts=True)
        kinds = np.unique(pairs // self._n_tokens, return_counts=True)[1]
        return _Level(contexts, totals, kinds, pairs, counts)

    def _keys(self, features: IntArray, columns: Sequence[int]) -> LongArray:
        """Number each context."""
        keys = np.zeros(len(features), np.int64)
        for index in columns:
            keys = keys * self._sizes[index] + features[:, index]
        return keys


def _find(sorted_keys: LongArray, keys: LongArray) -> tuple[LongArray, npt.NDArray[np.bool_]]:
    """Return where each key stands, and whether it does."""
    place = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1).astype(np.int64)
    return place, sorted_keys[place] == keys
