"""The network as a NumPy program: one token after another, without TensorFlow.

TensorFlow takes 8 s to import, a generated page 3 s. So generation reads the weights out of the `.keras` file and computes the
LSTM itself; the test suite holds it to Keras' own numbers.

**Conventions.** float32. Arrays are (batch, features). Gates in Keras' order: input, forget, candidate, output. A `State` is
never changed: stepping returns a new one, so a sampler may keep the old one and try again.

**References.** Keras' file format (`config.json` and `model.weights.h5` in a zip); Gers, Schmidhuber and Cummins, 2000.
"""

from __future__ import annotations

import functools
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from scogen_pipeline.errors import DataError
from scogen_pipeline.model.network import (
    CONTEXTS,
    DENSE_PROJECTION,
    FEATURE_PREFIX,
    PENALTY_PREFIX,
    SHARES,
    TIED_CONTEXT,
    check_vocabulary,
)
from scogen_pipeline.model.relation import SCORES_PREFIX, TABLE_PREFIX, source_and_first

if TYPE_CHECKING:
    from scogen_pipeline.model.relation import Source
    from scogen_pipeline.tokens.vocabulary import Vocabulary

IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class State:
    """What the network remembers, one row a sequence of the batch.

    Args:
        request: What the conditions add to the gates of the layers that see them, (batch, 4 * units, or that times layers).
        hidden: Output of each layer, (batch, units).
        cell: Cell state of each layer, (batch, units).
    """

    request: FloatArray
    hidden: tuple[FloatArray, ...]
    cell: tuple[FloatArray, ...]

    def rows(self, chosen: npt.NDArray[Any] | Sequence[int]) -> State:
        """Return the state of some rows, which may repeat."""
        picked = np.asarray(chosen)
        return State(self.request[picked], tuple(h[picked] for h in self.hidden), tuple(c[picked] for c in self.cell))


class NumpyStepper:
    """Computes the next logits from the last token.

    Args:
        network: The bytes of a `.keras` file made by `build_network`.
        vocabulary: The vocabulary of that network.

    Raises:
        DataError: If the bytes are no such file.
        VocabularyError: If the network speaks another vocabulary.
    """

    def __init__(self, network: bytes, vocabulary: Vocabulary) -> None:
        check_vocabulary(stored_name(network), vocabulary)
        _use_one_blas_thread()
        self.vocabulary = vocabulary
        weights = stored_weights(network)
        (self._token_embedding,) = weights["token_embedding"]
        self._conditions = (*weights["condition_embedding"], *weights["request"]) if "request" in weights else None
        self._output, self._related = _Output(weights), _related_output(weights)
        self._units = [weights[f"lstm_{level}"][1].shape[0] for level in range(1, 1 + _count(weights, "lstm_"))]
        # Skip connections show the output all layers.
        self._output_sees_all = len(self._units) > 1 and self._output.n_inputs == sum(self._units)
        self._penalties = {int(name.removeprefix(PENALTY_PREFIX)): table for name, (table,) in _named(weights, PENALTY_PREFIX)}
        self._prepare(weights)

    def _prepare(self, weights: Mapping[str, tuple[FloatArray, ...]]) -> None:
        """Do ahead what does not depend on the state: each input's part of the gates of all layers that see the inputs."""
        n_seen = len(weights["lstm_1"][0])
        seen_kernels, seen_biases = [], []  # of one layer each, (seen, 4 * units) and (4 * units,)
        self._kernels, self._biases = [], []
        for level, units in enumerate(self._units, 1):
            kernel, recurrent, bias = (weight * _gate_scale(units) for weight in weights[f"lstm_{level}"])
            n_from_below = self._units[level - 2] if level > 1 else 0
            self._kernels.append(np.ascontiguousarray(np.concatenate([kernel[:n_from_below], recurrent])))
            if len(kernel) > n_from_below:
                seen_kernels.append(kernel[n_from_below:])
                seen_biases.append(bias)
            else:
                self._biases.append(bias)
        self._n_seeing = len(seen_kernels)
        features = [weights[f"{FEATURE_PREFIX}{index}"][0] for index in range(_count(weights, FEATURE_PREFIX))]
        dense = weights.get(DENSE_PROJECTION, (np.zeros((0, 0), np.float32),))[0]
        request_size = self._conditions[1].shape[1] if self._conditions else 0
        sizes = [self._token_embedding.shape[1], request_size, *(table.shape[1] for table in features), dense.shape[1]]
        # Rows of the kernels, in the order in which `build_network` joins the inputs.
        parts = np.split(np.concatenate(seen_kernels, axis=1), np.cumsum(sizes)[:-1])
        if sum(sizes) != n_seen:
            raise DataError(f"`network` must be made by `build_network`, received {n_seen} inputs for {sum(sizes)}.")
        # (vocab, 4 * units * seeing layers)
        self._gates_of_token = np.ascontiguousarray(self._token_embedding @ parts[0] + np.concatenate(seen_biases))
        self._gates_of_request = parts[1]
        self._gates_of_feature = [np.ascontiguousarray(table @ part) for table, part in zip(features, parts[2:-1], strict=True)]
        self._gates_of_dense = np.ascontiguousarray(dense @ parts[-1])

    @property
    def n_conditions(self) -> int:
        """Number of condition slots."""
        if self._conditions is None:
            return 0
        embedding, kernel, _ = self._conditions
        return int(kernel.shape[0] // embedding.shape[1])

    def start(self, conditions: IntArray) -> State:
        """Return the state before the first token.

        Args:
            conditions: Ids, shape (batch, slots).

        Raises:
            DataError: If the number of slots is another.
        """
        if conditions.ndim != 2 or conditions.shape[1] != self.n_conditions:
            raise DataError(f"`conditions` must have shape (batch, {self.n_conditions}), received {conditions.shape}.")
        request = np.zeros((len(conditions), len(self._gates_of_request)), np.float32)
        if self._conditions is not None:
            embedding, kernel, bias = self._conditions
            request = np.tanh(embedding[conditions].reshape(len(conditions), -1) @ kernel + bias)
        zeros = tuple(np.zeros((len(conditions), units), np.float32) for units in self._units)
        return State(request @ self._gates_of_request, zeros, zeros)

    def step(
        self, ids: IntArray, state: State, features: IntArray | None = None, dense: npt.NDArray[Any] | None = None
    ) -> tuple[FloatArray, State]:
        """Read one token a row.

        Args:
            ids: Shape (batch,).
            state: What `start` or the last `step` returned.
            features: What is known of the token to come, (batch, features), if the network sees features.
            dense: The same as values, (batch, values), if the network sees any.

        Returns:
            Logits of the next token, (batch, vocabulary), and the new state.

        Raises:
            DataError: If features or dense values are not what the network was trained with.
        """
        hidden: list[FloatArray] = []
        cell: list[FloatArray] = []
        seen = np.split(self._seen(ids, state, features, dense), self._n_seeing, axis=1)
        # A layer above the first sees the inputs too, or none does.
        for level, (kernel, above) in enumerate(zip(self._kernels, [*seen, *self._biases], strict=True)):
            below = state.hidden[level] if not hidden else np.concatenate([hidden[-1], state.hidden[level]], axis=1)
            gates = below @ kernel
            gates += above
            output, new_cell = _gated(gates, state.cell[level])
            hidden.append(output)
            cell.append(new_cell)
        top = np.concatenate(hidden, axis=1) if self._output_sees_all else hidden[-1]
        logits = self._output.logits(top)
        if self._related:
            self._related.add_to(logits, top, features, dense)
        # `_seen` has checked that there are features.
        for index, table in self._penalties.items():
            logits += table[features[:, index]]  # type: ignore[index]
        return logits, State(state.request, tuple(hidden), tuple(cell))

    def _seen(self, ids: IntArray, state: State, features: IntArray | None, dense: npt.NDArray[Any] | None) -> FloatArray:
        """Return what the inputs add to the gates."""
        n_features, n_dense = (0 if known is None else known.shape[1] for known in (features, dense))
        if n_features != len(self._gates_of_feature) or n_dense != len(self._gates_of_dense):
            raise DataError(
                f"`features` and `dense` must have {len(self._gates_of_feature)} and {len(self._gates_of_dense)} columns, "
                f"received {n_features} and {n_dense}."
            )
        gates: FloatArray = self._gates_of_token[ids] + state.request
        for index, table in enumerate(self._gates_of_feature):
            gates += table[features[:, index]]  # type: ignore[index]
        if dense is not None:
            gates += dense.astype(np.float32) @ self._gates_of_dense
        return gates

    def log_probabilities(
        self,
        ids: Sequence[IntArray],
        conditions: IntArray,
        features: Sequence[IntArray] = (),
        dense: Sequence[npt.NDArray[Any]] = (),
    ) -> list[FloatArray]:
        """Return the natural log of the probability of each id after the first, for sequences of any lengths side by side.

        Args:
            ids: One array a sequence, (n,); at least one sequence.
            conditions: Shape (sequences, slots).
            features: One array a sequence, (n - 1, features), if the network sees features.
            dense: One array a sequence, (n - 1, values), if the network sees any.
        """
        table, known, values = (_side_by_side(rows, self.vocabulary.pad_id * (rows is ids)) for rows in (ids, features, dense))
        n_steps = table.shape[1] - 1  # type: ignore[union-attr]
        state, rows, result = self.start(conditions), np.arange(len(ids)), np.zeros((len(ids), n_steps), np.float32)
        for step in range(n_steps):
            now = (None if of_all is None else of_all[:, step] for of_all in (known, values))
            logits, state = self.step(table[:, step], state, *now)  # type: ignore[index]
            result[:, step] = log_softmax(logits)[rows, table[:, step + 1]]  # type: ignore[index]
        return [result[row, : len(sequence) - 1] for row, sequence in enumerate(ids)]


class _Output:
    """From the top of the LSTM to logits: one product, or a mixture of softmaxes; see `network`."""

    def __init__(self, weights: Mapping[str, tuple[FloatArray, ...]]) -> None:
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


class _RelatedOutput:
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


def _related_output(weights: Mapping[str, tuple[FloatArray, ...]]) -> _RelatedOutput | None:
    named = [(*source_and_first(name), table) for name, (table,) in _named(weights, TABLE_PREFIX)]
    if not named:
        return None
    scores = [weights[f"{SCORES_PREFIX}{source}"] for source, _, _ in named]
    return _RelatedOutput([(source, table) for source, _, table in named], scores, named[0][1])


def _values_of(source: Source, features: IntArray | None, dense: npt.NDArray[Any] | None) -> npt.NDArray[Any]:
    """Return the value that relations are measured from, (batch,); the index of an outermost dense value + 1, 0 if none is on."""
    if isinstance(source, int):
        return features[:, source]  # type: ignore[index]  # `_seen` has checked that they are there
    values: npt.NDArray[Any] = dense  # type: ignore[assignment]
    index = values.argmax(axis=1) if source == "lowest" else values.shape[1] - 1 - values[:, ::-1].argmax(axis=1)
    return np.where(values.any(axis=1), index + 1, 0)


def _dense(x: FloatArray, weights: tuple[FloatArray, ...]) -> FloatArray:
    kernel, bias = weights
    return x @ kernel + bias


def _side_by_side(sequences: Sequence[npt.NDArray[Any]], padding: int) -> npt.NDArray[Any] | None:
    """Return sequences of unequal length as one array, (sequences, longest, ...); None if there are none."""
    if not len(sequences):
        return None
    longest = max(len(sequence) for sequence in sequences)
    table = np.full((len(sequences), longest, *sequences[0].shape[1:]), padding, sequences[0].dtype)
    for row, sequence in enumerate(sequences):
        table[row, : len(sequence)] = sequence
    return table


def _named(weights: Mapping[str, tuple[FloatArray, ...]], prefix: str) -> list[tuple[str, tuple[FloatArray, ...]]]:
    return [(name, arrays) for name, arrays in weights.items() if name.startswith(prefix)]


def _count(weights: Mapping[str, tuple[FloatArray, ...]], prefix: str) -> int:
    return len(_named(weights, prefix))


def log_softmax(logits: FloatArray) -> FloatArray:
    """Return the log of the softmax over the last axis."""
    shifted: FloatArray = logits - logits.max(axis=-1, keepdims=True)
    normalised: FloatArray = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return normalised


def stored_name(network: bytes) -> str:
    """Return the name of the network in a `.keras` file.

    Raises:
        DataError: If the bytes are no `.keras` file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(network)) as archive:
            return str(json.loads(archive.read("config.json"))["config"]["name"])
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise DataError(f"`network` must be a `.keras` file: {error}. Train the model again.") from error


def stored_weights(network: bytes) -> dict[str, tuple[FloatArray, ...]]:
    """Return the weights in a `.keras` file by the name of their layer."""
    with zipfile.ZipFile(io.BytesIO(network)) as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    weights = {}
    with h5py.File(content, "r") as file:
        for group in file["layers"].values():
            # An LSTM keeps its weights in its cell.
            holder = group["cell/vars"] if "cell" in group else group["vars"]
            if len(holder):
                arrays = tuple(np.asarray(holder[str(index)], dtype=np.float32) for index in range(len(holder)))
                weights[str(group["vars"].attrs["name"])] = arrays
    return weights


@functools.cache
def _use_one_blas_thread() -> None:
    """Keep NumPy's matrix products of this process on one thread.

    The products of a step are too small to share: two threads gain nothing on an idle machine (11,000 tokens/s at batch 1 either
    way) and spin for each other on a busy one (700 tokens/s against 10,000).
    """
    threadpool_limits(limits=1, user_api="blas")


def _gate_scale(units: int) -> FloatArray:
    """Halve the arguments of the logistic gates: sigmoid(z) = tanh(z / 2) / 2 + 1 / 2, so one tanh serves all four."""
    return np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), units)


def _gated(scaled: FloatArray, cell: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return output and cell state from the scaled gates, (batch, 4 * units)."""
    units = cell.shape[1]
    squashed = np.tanh(scaled)
    logistic = squashed * np.float32(0.5) + np.float32(0.5)
    new_cell = logistic[:, units : 2 * units] * cell + logistic[:, :units] * squashed[:, 2 * units : 3 * units]
    return logistic[:, 3 * units :] * np.tanh(new_cell), new_cell
