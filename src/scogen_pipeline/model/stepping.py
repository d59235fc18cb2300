"""The network as a NumPy program: one token after another, without TensorFlow.

TensorFlow takes 8 s to import, a generated page 3 s. So generation reads the weights out of the `.keras` file and computes the
LSTM itself; the test suite holds it to Keras' own numbers.

**Conventions.** float32. Arrays are (batch, features). Gates in Keras' order: input, forget, candidate, output. A `State` is
never changed: stepping returns a new one, so a sampler may keep the old one and try again.

**References.** Keras' file format (`config.json` and `model.weights.h5` in a zip); Gers, Schmidhuber and Cummins, 2000.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from scogen_pipeline.errors import DataError
from scogen_pipeline.model.network import PENALTY_PREFIX, check_vocabulary
from scogen_pipeline.model.stepping_inputs import SeenGates
from scogen_pipeline.model.stepping_outputs import Output, log_softmax, related_output
from scogen_pipeline.model.stored_network import FloatArray, Weights, count, named, stored_name, stored_weights

if TYPE_CHECKING:
    from scogen_pipeline.tokens.vocabulary import Vocabulary

IntArray = npt.NDArray[np.int32]

_HALF: Final = np.float32(0.5)


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
        picked = np.asarray(chosen, np.intp)
        return State(self.request[picked], tuple(h[picked] for h in self.hidden), tuple(c[picked] for c in self.cell))

    def with_rows(self, others: Sequence[State]) -> State:
        """Return the state with the rows of others after its own."""
        states = (self, *others)
        hidden, cell = (
            tuple(map(np.concatenate, zip(*layers, strict=True)))
            for layers in zip(*((each.hidden, each.cell) for each in states), strict=True)
        )
        return State(np.concatenate([each.request for each in states]), hidden, cell)


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
        self._conditions = (*weights["condition_embedding"], *weights["request"]) if "request" in weights else None
        self._output, self._related = Output(weights), related_output(weights)
        self._units = [weights[f"lstm_{level}"][1].shape[0] for level in range(1, 1 + count(weights, "lstm_"))]
        # Skip connections show the output all layers.
        self._output_sees_all = len(self._units) > 1 and self._output.n_inputs == sum(self._units)
        self._penalties = {int(name.removeprefix(PENALTY_PREFIX)): table for name, (table,) in named(weights, PENALTY_PREFIX)}
        self._prepare(weights)

    def _prepare(self, weights: Weights) -> None:
        """Put the weights of each layer together as a step needs them, apart from those for what is seen."""
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
        self._seen = SeenGates(weights, seen_kernels, seen_biases)
        ends = np.cumsum([0, *map(len, seen_biases)]).tolist()
        self._seen_parts = list(itertools.starmap(slice, itertools.pairwise(ends)))  # the gates of each of these layers

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
        request = np.zeros((len(conditions), len(self._seen.of_request)), np.float32)
        if self._conditions is not None:
            embedding, kernel, bias = self._conditions
            request = np.tanh(embedding[conditions].reshape(len(conditions), -1) @ kernel + bias)
        zeros = tuple(np.zeros((len(conditions), units), np.float32) for units in self._units)
        return State(request @ self._seen.of_request, zeros, zeros)

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
        seen = self._seen(ids, state.request, features, dense)
        # A layer above the first sees the inputs too, or none does.
        added = [*(seen[:, part] for part in self._seen_parts), *self._biases]
        for level, (kernel, above) in enumerate(zip(self._kernels, added, strict=True)):
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
        # `SeenGates` has checked that there are features.
        for index, table in self._penalties.items():
            logits += table[features[:, index]]  # type: ignore[index]
        return logits, State(state.request, tuple(hidden), tuple(cell))

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


def _side_by_side(sequences: Sequence[npt.NDArray[Any]], padding: int) -> npt.NDArray[Any] | None:
    """Return sequences of unequal length as one array, (sequences, longest, ...); None if there are none."""
    if not len(sequences):
        return None
    longest = max(len(sequence) for sequence in sequences)
    table = np.full((len(sequences), longest, *sequences[0].shape[1:]), padding, sequences[0].dtype)
    for row, sequence in enumerate(sequences):
        table[row, : len(sequence)] = sequence
    return table


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
    logistic = squashed * _HALF
    logistic += _HALF
    new_cell = logistic[:, units : 2 * units] * cell
    new_cell += logistic[:, :units] * squashed[:, 2 * units : 3 * units]
    return logistic[:, 3 * units :] * np.tanh(new_cell), new_cell
