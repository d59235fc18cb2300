"""What training asks of a backend: to take a step, on one device or on several.

The network is a function of the batch *and of the state before it*; the state after it is a result. No layer remembers anything,
so carried state works wherever Keras does, and each device keeps the state of its own rows.

**Conventions.** The *loss* of a batch is its NLL in nats per token: the mean over the tokens of the whole batch, however its rows
are spread. That is why the weights of the tokens that are fed sum to 1 over the whole batch, and each device only sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from scogen_pipeline.errors import RequestError

if TYPE_CHECKING:
    import keras

    from scogen_pipeline.tokens.windows import Batch

States = dict[str, Any]


class Fed(NamedTuple):
    """A batch as a step takes it; arrays, then tensors of the backend."""

    inputs: Mapping[str, Any]  # by the name of the network's input
    targets: Any  # (batch, time)
    weights: Any  # (batch, time), sum to 1
    continues: Any  # (batch, 1): whether the state of a row goes on


class Runtime(Protocol):
    """A backend with its devices, and one network in training on them."""

    @property
    def lstm_layer(self) -> type[keras.layers.LSTM] | None:
        """The fastest LSTM layer, None for the plain one."""

    @property
    def optimizer(self) -> type[keras.optimizers.Adam]:
        """Adam for these devices."""

    @property
    def n_devices(self) -> int:
        """Into how many parts the rows of a batch are dealt."""

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the results."""

    def scope(self) -> AbstractContextManager[Any]:
        """Return the context in which variables are made."""

    def begin(self, network: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        """Take a network to train; its optimizer has its variables."""

    def train(self, fed: Fed) -> float:
        """Take one step; return the loss before it."""

    def validate(self, fed: Fed) -> float:
        """Return the loss; change nothing but the carried state."""

    def of_chief(self, value: float) -> float:
        """Return the number that the chief gave, the same on every host; all hosts must call."""


class SingleProcess:
    """A process that trains on its own."""

    is_chief = True

    def of_chief(self, value: float) -> float:
        """Return the value."""
        return value


def runtime_of_backend(devices: str) -> Runtime:
    """Return the runtime of Keras' backend.

    Args:
        devices: `one`, `all` of this host, or `cluster` for those of several hosts.

    Raises:
        RequestError: If the backend has no such thing.
    """
    import keras  # noqa: PLC0415

    # No backend needs the others.
    match keras.backend.backend():
        case "tensorflow":
            from scogen_pipeline.model.tensorflow_runtime import TensorFlowRuntime  # noqa: PLC0415

            return TensorFlowRuntime(devices)
        case "jax":
            from scogen_pipeline.model.jax_runtime import JaxRuntime  # noqa: PLC0415

            return JaxRuntime(devices)
        case "torch":
            from scogen_pipeline.model.torch_runtime import TorchRuntime  # noqa: PLC0415

            return TorchRuntime(devices)
        case other:
            raise RequestError(f"`KERAS_BACKEND` must be tensorflow, jax or torch to train, received {other}.")


def state_names(network: keras.Model) -> list[str]:
    """Return the inputs that carry state, in the order of the outputs that give it back."""
    return _in_order_of_outputs(name for name in network.input if name.startswith(("hidden_", "cell_")))


def _in_order_of_outputs(names: Iterable[str]) -> list[str]:
    """Sort hidden_1, cell_1, hidden_2, ...: the order of a dictionary does not survive a compiled step, JAX sorts it by name."""
    return sorted(names, key=lambda name: (int(name.rpartition("_")[2]), name.startswith("cell")))


def fed_arrays(batch: Batch, network: keras.Model) -> Fed:
    """Take from a batch what the network sees."""
    carried = state_names(network)
    inputs = {
        name: np.asarray(getattr(batch, name), tensor.dtype) for name, tensor in network.input.items() if name not in carried
    }
    continues = np.zeros(len(batch.tokens), np.bool_) if batch.continues is None else batch.continues
    weights = batch.weights / max(float(batch.weights.sum()), 1.0)
    return Fed(inputs, batch.targets, weights.astype(np.float32), continues[:, None])


def starting_states(network: keras.Model, n_rows: int) -> dict[str, npt.NDArray[np.float32]]:
    """Return the state of rows that begin."""
    return {name: np.zeros((n_rows, network.input[name].shape[-1]), np.float32) for name in state_names(network)}


def loss_and_states(call: Callable[[Mapping[str, Any]], Any], fed: Fed, states: States) -> tuple[Any, States]:
    """Return the share of the loss that these rows have, and the state after them.

    Args:
        call: The network.
        fed: The rows.
        states: The state where the rows before ended, by name.
    """
    from keras import ops  # noqa: PLC0415

    before = {name: ops.where(fed.continues, state, ops.zeros_like(state)) for name, state in states.items()}
    outputs = call({**fed.inputs, **before})
    logits, *after = outputs if states else [outputs]
    nll = ops.sparse_categorical_crossentropy(fed.targets, logits, from_logits=True)
    kept = {name: ops.cast(state, "float32") for name, state in zip(_in_order_of_outputs(states), after, strict=True)}
    return ops.sum(nll * fed.weights), kept
