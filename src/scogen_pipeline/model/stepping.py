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
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from scogen_pipeline.errors import DataError
from scogen_pipeline.model.network import check_vocabulary

if TYPE_CHECKING:
    from scogen_pipeline.tokens.vocabulary import Vocabulary

IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class State:
    """What the network remembers, one row a sequence of the batch.

    Args:
        request: What the conditions add to the gates of the first layer, (batch, 4 * units).
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
        (self._condition_embedding,), (self._token_embedding,) = weights["condition_embedding"], weights["token_embedding"]
        self._request_kernel, self._request_bias = weights["request"]
        self._logits_kernel, self._logits_bias = (np.ascontiguousarray(weight) for weight in weights["logits"])
        layers = [weights[f"lstm_{level}"] for level in range(1, 1 + sum(name.startswith("lstm_") for name in weights))]
        self._units = [recurrent.shape[0] for _, recurrent, _ in layers]
        self._prepare(layers)

    def _prepare(self, layers: Sequence[Sequence[FloatArray]]) -> None:
        """Do ahead what does not depend on the state: the token's and the request's part of the first layer."""
        kernel, recurrent, bias = (weight * _gate_scale(len(layers[0][1])) for weight in layers[0])
        embedding_size = self._token_embedding.shape[1]
        self._gates_of_token = np.ascontiguousarray(self._token_embedding @ kernel[:embedding_size] + bias)  # (vocab, 4 * units)
        self._gates_of_request = kernel[embedding_size:]
        self._kernels = [np.ascontiguousarray(recurrent)]
        self._biases = []
        for layer in layers[1:]:
            kernel, recurrent, bias = (weight * _gate_scale(len(layer[1])) for weight in layer)
            self._kernels.append(np.ascontiguousarray(np.concatenate([kernel, recurrent])))
            self._biases.append(bias)

    @property
    def n_conditions(self) -> int:
        """Number of condition slots."""
        return int(self._request_kernel.shape[0] // self._condition_embedding.shape[1])

    def start(self, conditions: IntArray) -> State:
        """Return the state before the first token.

        Args:
            conditions: Ids, shape (batch, slots).

        Raises:
            DataError: If the number of slots is another.
        """
        if conditions.ndim != 2 or conditions.shape[1] != self.n_conditions:
            raise DataError(f"`conditions` must have shape (batch, {self.n_conditions}), received {conditions.shape}.")
        flat = self._condition_embedding[conditions].reshape(len(conditions), -1)
        request = np.tanh(flat @ self._request_kernel + self._request_bias)
        zeros = tuple(np.zeros((len(conditions), units), np.float32) for units in self._units)
        return State(request @ self._gates_of_request, zeros, zeros)

    def step(self, ids: IntArray, state: State) -> tuple[FloatArray, State]:
        """Read one token a row.

        Args:
            ids: Shape (batch,).
            state: What `start` or the last `step` returned.

        Returns:
            Logits of the next token, (batch, vocabulary), and the new state.
        """
        gates = self._gates_of_token[ids] + state.request + state.hidden[0] @ self._kernels[0]
        output, new_cell = _gated(gates, state.cell[0])
        hidden, cell = [output], [new_cell]
        for kernel, bias, old_hidden, old_cell in zip(
            self._kernels[1:], self._biases, state.hidden[1:], state.cell[1:], strict=True
        ):
            output, new_cell = _gated(np.concatenate([output, old_hidden], axis=1) @ kernel + bias, old_cell)
            hidden.append(output)
            cell.append(new_cell)
        return output @ self._logits_kernel + self._logits_bias, State(state.request, tuple(hidden), tuple(cell))

    def log_probabilities(self, ids: Sequence[IntArray], conditions: IntArray) -> list[FloatArray]:
        """Return the natural log of the probability of each id after the first, for sequences of any lengths side by side.

        Args:
            ids: One array a sequence, (n,); at least one sequence.
            conditions: Shape (sequences, slots).
        """
        longest = max(len(sequence) for sequence in ids)
        table = np.full((len(ids), longest), self.vocabulary.pad_id, np.int32)
        for row, sequence in enumerate(ids):
            table[row, : len(sequence)] = sequence
        state, rows, result = self.start(conditions), np.arange(len(ids)), np.zeros((len(ids), longest - 1), np.float32)
        for position in range(longest - 1):
            logits, state = self.step(table[:, position], state)
            result[:, position] = log_softmax(logits)[rows, table[:, position + 1]]
        return [result[row, : len(sequence) - 1] for row, sequence in enumerate(ids)]


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
