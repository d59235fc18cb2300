"""Choosing tokens from the model's logits, for all pieces of a batch at once.

**Conventions.** A row is a piece. What a row may choose among stands in rising order of the ids, so one uniform number names the
same token whatever the other rows choose among.

**References.** A. Fan et al., *Hierarchical Neural Story Generation* (2018), top-k; A. Holtzman et al., *The Curious Case of
Neural Text Degeneration* (2020), top-p.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.intp]


class Choice(NamedTuple):
    """What one row may choose among.

    Args:
        ids: Distinct ids, at least one.
        temperature: Divides the logits; above 0.
        leanings: Added to the logits of the first ids.
    """

    ids: Sequence[int]
    temperature: float = 1.0
    leanings: Sequence[float] = ()


@dataclass(frozen=True)
class Sampler:
    """Draws from a tempered, truncated softmax.

    Args:
        top_k: Keep the k likeliest; 0 keeps all.
        top_p: Keep the smallest set of likeliest tokens with at least this probability.
    """

    top_k: int = 0
    top_p: float = 1.0

    def probabilities(self, logits: FloatArray, choices: Sequence[Choice]) -> FloatArray:
        """Return the distribution that each row draws from, (rows, vocab), float64.

        Truncation sees only what is allowed, so a forbidden favourite takes no mass from the rest.

        Args:
            logits: Shape `(rows, vocab)`.
            choices: One a row.

        Raises:
            ValueError: If a row may choose nothing.
        """
        ids, weights = self._weights(logits, choices)
        spread = np.zeros((len(logits), logits.shape[1] + 1))  # what only fills a row up has an id of its own
        np.put_along_axis(spread, ids, weights, axis=1)
        return np.asarray(spread[:, :-1] / weights.sum(axis=1, keepdims=True))

    def draw(self, logits: FloatArray, choices: Sequence[Choice], randoms: Sequence[np.random.Generator]) -> list[int]:
        """Draw one id a row, each with its own generator; a row without a choice leaves its generator alone.

        Args:
            logits: Shape `(rows, vocab)`.
            choices: One a row.
            randoms: One a row.

        Raises:
            ValueError: If a row may choose nothing.
        """
        drawn = [choice.ids[0] if len(choice.ids) == 1 else -1 for choice in choices]
        rows = [row for row, known in enumerate(drawn) if known < 0]
        if rows:
            ids, weights = self._weights(logits[rows], [choices[row] for row in rows])
            cumulated = weights.cumsum(axis=1)
            levels = np.array([randoms[row].random() for row in rows]) * cumulated[:, -1]
            places = (cumulated <= levels[:, None]).sum(axis=1)
            for row, chosen in zip(rows, ids[np.arange(len(rows)), places].tolist(), strict=True):
                drawn[row] = chosen
        return drawn

    def _weights(self, logits: FloatArray, choices: Sequence[Choice]) -> tuple[IntArray, FloatArray]:
        """Return ids in rising order and what each is weighed by, 0 for what is cut off; (rows, most ids of a row).

        Shorter rows are filled up with an id beyond the vocabulary, of weight 0.
        """
        if not all(choice.ids for choice in choices):
            raise ValueError("`choices` must allow at least one token each, received one without.")
        beyond = logits.shape[1]
        ids = _filled([choice.ids for choice in choices], beyond).astype(np.intp)
        leanings = [choice.leanings for choice in choices]
        # Not `take_along_axis`, which takes five times as long for a row or two.
        rows, order = np.arange(len(ids))[:, None], ids.argsort(axis=1)
        ids = ids[rows, order]
        scaled = logits[rows, np.minimum(ids, beyond - 1)].astype(np.float64)
        if any(leanings):
            scaled += _filled(leanings, 0.0, ids.shape[1])[rows, order]
        scaled /= np.array([choice.temperature for choice in choices])[:, None]
        scaled[ids == beyond] = -np.inf
        weights: FloatArray = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        return ids, self._truncated(weights) if self.top_k or self.top_p < 1 else weights

    def _truncated(self, weights: FloatArray) -> FloatArray:
        """Return the weights with 0 for what is cut off."""
        rows, order = np.arange(len(weights))[:, None], np.argsort(-weights, axis=1, kind="stable")
        falling = weights[rows, order]
        cumulated = falling.cumsum(axis=1)
        n_kept = 1 + (cumulated < (self.top_p - 1e-12) * cumulated[:, -1:]).sum(axis=1, keepdims=True)
        if self.top_k:
            n_kept = np.minimum(n_kept, self.top_k)
        falling[np.arange(weights.shape[1]) >= n_kept] = 0.0
        kept = np.empty_like(weights)
        kept[rows, order] = falling
        return kept


def _filled(rows: Sequence[Sequence[float]], filler: float, width: int = 0) -> npt.NDArray[np.float64]:
    """Return rows of different lengths as one array, (rows, `width` or the longest row)."""
    lengths = np.array([len(row) for row in rows])
    width = width or int(lengths.max())
    table = np.full((len(rows), width), filler, np.float64)
    table[np.arange(width) < lengths[:, None]] = np.fromiter(itertools.chain.from_iterable(rows), np.float64)
    return table
