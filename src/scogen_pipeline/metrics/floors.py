"""The trivial models that a trained one must beat: unigram, bigram and copying the last measure.

**Conventions.** A sequence is the ids of one piece, `<start>` first. The targets are all ids but the first; likelihoods are
natural logarithms, one per target. Each floor is a proper distribution over the vocabulary; counts come from training pieces,
mixture weights from validation pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from scogen_pipeline.errors import DataError
from scogen_pipeline.tokens.alphabet import kind_of
from scogen_pipeline.tokens.vocabulary import IntArray, Vocabulary

FloatArray = npt.NDArray[np.float64]
#: Jeffreys' prior, as in the published per-pitch floors.
_ADDED_COUNT: Final = 0.5
_STRENGTHS: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
_EM_STEPS: Final = 30
_NOTHING: Final = -1


class Floor(Protocol):
    """Anything that gives the target tokens of a piece a likelihood."""

    def log_likelihoods(self, ids: IntArray) -> FloatArray:
        """Return the log-likelihood of each id but the first, shape `(n - 1,)`, in nats."""


@dataclass(frozen=True)
class Unigram:
    """How frequent a token is. `probabilities`: shape `(vocabulary,)`."""

    probabilities: FloatArray

    def log_likelihoods(self, ids: IntArray) -> FloatArray:
        """Return the log-likelihood of each id but the first."""
        return np.log(self.probabilities[ids[1:]])


@dataclass(frozen=True)
class Bigram:
    """How frequent a token is after the one before, smoothed towards the unigram. `probabilities`: `(previous, next)`."""

    probabilities: FloatArray

    def log_likelihoods(self, ids: IntArray) -> FloatArray:
        """Return the log-likelihood of each id but the first."""
        return np.log(self.probabilities[ids[:-1], ids[1:]])


@dataclass(frozen=True)
class Copy:
    """The token at the same place of the previous measure, else the unigram.

    Args:
        unigram: What is left where the copy fails.
        kinds: Kind of each token of the vocabulary, see `token_kinds`.
        names: Names of the kinds.
        weights: How far the copy is trusted after each kind of token, shape `(kinds,)`, 0 to below 1.
    """

    unigram: Unigram
    kinds: IntArray
    names: tuple[str, ...]
    weights: FloatArray

    def log_likelihoods(self, ids: IntArray) -> FloatArray:
        """Return the log-likelihood of each id but the first."""
        copied = copied_ids(ids, self.kinds, self.names)
        weights = np.where(copied == _NOTHING, 0.0, self.weights[self.kinds[ids[:-1]]])
        probabilities: FloatArray = weights * (copied == ids[1:]) + (1 - weights) * self.unigram.probabilities[ids[1:]]
        return np.log(probabilities)


def fit_unigram(sequences: Iterable[IntArray], size: int) -> Unigram:
    """Count tokens, adding 0.5 to each.

    Raises:
        DataError: If there is no sequence.
    """
    counts = np.zeros(size)
    for ids in sequences:
        counts += np.bincount(ids[1:], minlength=size)
    if not counts.any():
        raise DataError("`sequences` must hold at least one training piece, received none.")
    counts += _ADDED_COUNT
    return Unigram(counts / counts.sum())


def fit_bigram(training: Iterable[IntArray], validation: Sequence[IntArray], unigram: Unigram) -> Bigram:
    """Count pairs of tokens; the weight of the unigram among them is the one that suits the validation pieces."""
    size = len(unigram.probabilities)
    pairs = np.zeros((size, size))
    for ids in training:
        np.add.at(pairs, (ids[:-1], ids[1:]), 1)
    candidates = [_smoothed(pairs, unigram, strength) for strength in _STRENGTHS]
    return max(candidates, key=lambda floor: sum(floor.log_likelihoods(ids).sum() for ids in validation))


def _smoothed(pairs: FloatArray, unigram: Unigram, strength: float) -> Bigram:
    return Bigram((pairs + strength * unigram.probabilities) / (pairs.sum(axis=1, keepdims=True) + strength))


def fit_copy(validation: Iterable[IntArray], unigram: Unigram, vocabulary: Vocabulary) -> Copy:
    """Fit how far to trust the copy after each kind of token, by expectation maximisation on the validation pieces."""
    kinds, names = token_kinds(vocabulary)
    contexts, hits, others = [], [], []
    for ids in validation:
        copied = copied_ids(ids, kinds, names)
        has_copy = copied != _NOTHING
        contexts.append(kinds[ids[:-1]][has_copy])
        hits.append((copied == ids[1:])[has_copy])
        others.append(unigram.probabilities[ids[1:]][has_copy])
    if not contexts:
        return Copy(unigram, kinds, names, np.full(len(names), 0.5))
    context, hit, other = np.concatenate(contexts), np.concatenate(hits), np.concatenate(others)
    weights = np.full(len(names), 0.5)
    n_seen = np.bincount(context, minlength=len(names))
    for _ in range(_EM_STEPS):
        trust = weights[context]
        responsibility = trust * hit / (trust * hit + (1 - trust) * other)
        # One imagined failure and success each keep a weight inside (0, 1).
        weights = (np.bincount(context, responsibility, minlength=len(names)) + _ADDED_COUNT) / (n_seen + 2 * _ADDED_COUNT)
    return Copy(unigram, kinds, names, weights)


def token_kinds(vocabulary: Vocabulary) -> tuple[IntArray, tuple[str, ...]]:
    """Return the kind of each token as an index into the names of the kinds: bar, pos, dur, ..."""
    names = tuple(sorted({kind_of(token) for token in vocabulary.tokens}))
    return np.array([names.index(kind_of(token)) for token in vocabulary.tokens], dtype=np.int32), names


def copied_ids(ids: IntArray, kinds: IntArray, names: tuple[str, ...]) -> IntArray:
    """Return the id at the same place of the previous measure for each id but the first, -1 where there is none.

    A place is the position in the measure, the part named since, and how many tokens follow these.
    """
    bar, position, part = (names.index(name) if name in names else _NOTHING for name in ("bar", "pos", "part"))
    previous: dict[tuple[int, int, int], int] = {}
    current: dict[tuple[int, int, int], int] = {}
    place = (_NOTHING, _NOTHING, 0)
    copied = np.full(len(ids) - 1, _NOTHING, dtype=np.int32)
    for index, token in enumerate(ids[:-1].tolist()):
        kind = kinds[token]
        if kind == bar:
            previous, current, place = current, {}, (_NOTHING, _NOTHING, 0)
        elif kind == position:
            place = (token, _NOTHING, 0)
        elif kind == part:
            place = (place[0], token, 0)
        else:
            place = (*place[:2], place[2] + 1)
        copied[index] = previous.get(place, _NOTHING)
        current[place] = int(ids[index + 1])
    return copied
