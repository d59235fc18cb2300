"""The upper end of a step in NumPy: from the LSTM to logits.

**Conventions.** Those of `stepping`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from scogen_pipeline.model.network import CONTEXTS, SHARES, TIED_CONTEXT
from scogen_pipeline.model.relation import SCORES_PREFIX, TABLE_PREFIX, source_and_first
from scogen_pipeline.model.stored_network import FloatArray, Weights, named

if TYPE_CHECKING:
    from scogen_pipeline.model.relation import Source

IntArray = npt.NDArray[np.int32]


def log_softmax(logits: FloatArray) -> FloatArray:
    """Return the log of the softmax over the last axis."""
    shifted: FloatArray = logits - logits.max(axis=-1, keepdims=True)
    normalised: FloatArray = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return normalised


class Output:
    """From the top of the LSTM to logits: one product, or a mixture of softmaxes; see `network`."""

    def __init__(self, weights: Weights) -> None:
        tied = (weights["token_embedding"][0].T, np.zeros(1, np.float32))
        self._kernel, self._bias = (np.ascontiguousarray(weight) for weight in weights.get("logits", tied))
        self._tied_context, self._shares, self._contexts = (weights.get(name) for name in (TIED_CONTEXT, SHARES, CONTEXTS))
        first = self._shares or self._tied_context or (self._kernel,)
        self.n_inputs = len(first[0])

    def logits(self, top: FloatArray) -> FloatArray:
        """Return them, (batch, vocabulary)."""
        if self._shares is None or self._contexts is None:
            context = top if self._tied_context is None else _dense(top, self._tied_context)
            logits: FloatArray = context @ self._kernel + self._bias
            return logits
        shares = log_softmax(_dense(top, self._shares))
        contexts = np.tanh(_dense(top, self._contexts)).reshape(*shares.shape, -1)
        each = log_softmax(contexts @ self._kernel + self._bias)  # (batch, softmaxes, vocabulary)
        mixed: FloatArray = np.logaddexp.reduce(each + shares[:, :, None], axis=1)
        return mixed


class RelatedOutput:
    """Adds to the logits how tokens stand to what is seen; see `relation`.

    Args:
        tables: Source, and the number of the relation by value and token of the block, of each relation.
        scores: Kernel and bias of each, in the same order.
        first: First token of the block.
    """

    def __init__(self, tables: Sequence[tuple[Source, FloatArray]], scores: Sequence[tuple[FloatArray, ...]], first: int) -> None:
        self._sources = [source for source, _ in tables]
        # Side by side, each behind a column for "none" that is 0.
        kernels, biases = zip(*scores, strict=True)
        self._kernel = np.concatenate([np.pad(kernel, [(0, 0), (1, 0)]) for kernel in kernels], axis=1)
        self._bias = np.concatenate([np.pad(bias, (1, 0)) for bias in biases])
        starts = np.cumsum([0, *(len(bias) + 1 for bias in biases[:-1])])
        # Which score each token of the block gets, by the value of a source: the values of all sources below each other, so that
        # one gather serves them all. Each costs more to call than to do.
        columns = [start + numbers.astype(np.intp) for start, (_, numbers) in zip(starts, tables, strict=True)]
        self._columns, self._first_values = np.concatenate(columns), np.cumsum([0, *map(len, columns[:-1])])
        self._block = slice(first, first + columns[0].shape[1])

    def add_to(self, logits: FloatArray, top: FloatArray, features: IntArray | None, dense: npt.NDArray[Any] | None) -> None:
        """Add it, (batch, vocabulary); features and dense values are there if a source needs them."""
        scores = top @ self._kernel
        scores += self._bias
        columns = self._columns[self._values(features, dense) + self._first_values]  # (batch, sources, block)
        rows = np.arange(len(top))[:, None, None]
        logits[:, self._block] += scores[rows, columns].sum(axis=1)

    def _values(self, features: IntArray | None, dense: npt.NDArray[Any] | None) -> npt.NDArray[Any]:
        """Return the values that relations are measured from, (batch, sources)."""
        # `SeenGates` has checked that features and dense values are there.
        outermost = {} if dense is None else _outermost(dense)
        return np.array(
            [features[:, source] if isinstance(source, int) else outermost[source] for source in self._sources],  # type: ignore[index]
            np.intp,
        ).T


def related_output(weights: Weights) -> RelatedOutput | None:
    """Return what scores relations in a network; None if nothing does."""
    found = [(*source_and_first(name), table) for name, (table,) in named(weights, TABLE_PREFIX)]
    if not found:
        return None
    scores = [weights[f"{SCORES_PREFIX}{source}"] for source, _, _ in found]
    return RelatedOutput([(source, table) for source, _, table in found], scores, found[0][1])


def _outermost(values: npt.NDArray[Any]) -> dict[Source, npt.NDArray[Any]]:
    """Return the index + 1 of the lowest and highest value that is on in each row, 0 if none is; (batch,) each."""
    is_on = values != 0
    some = is_on.any(axis=1)
    return {
        "lowest": some * (is_on.argmax(axis=1) + 1),
        "highest": some * (values.shape[1] - is_on[:, ::-1].argmax(axis=1)),
    }


def _dense(x: FloatArray, weights: tuple[FloatArray, ...]) -> FloatArray:
    kernel, bias = weights
    return x @ kernel + bias
