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
        self._columns = [start + numbers.astype(np.intp) for start, (_, numbers) in zip(starts, tables, strict=True)]
        self._block = slice(first, first + tables[0][1].shape[1])

    def add_to(self, logits: FloatArray, top: FloatArray, features: IntArray | None, dense: npt.NDArray[Any] | None) -> None:
        """Add it, (batch, vocabulary); features and dense values are there if a source needs them."""
        scores = top @ self._kernel + self._bias
        # One gather for all sources: each costs more to call than to do.
        columns = np.concatenate(
            [table[_values_of(source, features, dense)] for source, table in zip(self._sources, self._columns, strict=True)],
            axis=1,
        )
        found = scores[np.arange(len(top))[:, None], columns]
        logits[:, self._block] += found.reshape(len(top), len(self._sources), -1).sum(axis=1)


def related_output(weights: Weights) -> RelatedOutput | None:
    """Return what scores relations in a network; None if nothing does."""
    found = [(*source_and_first(name), table) for name, (table,) in named(weights, TABLE_PREFIX)]
    if not found:
        return None
    scores = [weights[f"{SCORES_PREFIX}{source}"] for source, _, _ in found]
    return RelatedOutput([(source, table) for source, _, table in found], scores, found[0][1])


def _values_of(source: Source, features: IntArray | None, dense: npt.NDArray[Any] | None) -> npt.NDArray[Any]:
    """Return the value that relations are measured from, (batch,); the index of an outermost dense value + 1, 0 if none is on."""
    if isinstance(source, int):
        return features[:, source]  # type: ignore[index]  # `SeenGates` has checked that they are there
    values: npt.NDArray[Any] = dense  # type: ignore[assignment]
    index = values.argmax(axis=1) if source == "lowest" else values.shape[1] - 1 - values[:, ::-1].argmax(axis=1)
    return np.where(values.any(axis=1), index + 1, 0)


def _dense(x: FloatArray, weights: tuple[FloatArray, ...]) -> FloatArray:
    kernel, bias = weights
    return x @ kernel + bias
