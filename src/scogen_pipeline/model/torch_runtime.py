"""Training on PyTorch: one device, the first GPU if there is one, with cuDNN's LSTM."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import keras
import torch

from scogen_pipeline.errors import RequestError
from scogen_pipeline.model.runtime import Fed, SingleProcess, States, loss_and_states, starting_states
from scogen_pipeline.model.torch_lstm import WholeSequenceLSTM

if TYPE_CHECKING:
    from collections.abc import Mapping


class TorchRuntime(SingleProcess):
    """See `Runtime`."""

    lstm_layer = WholeSequenceLSTM
    optimizer = keras.optimizers.Adam
    n_devices = 1

    def __init__(self, devices: str) -> None:
        if devices != "one":
            raise RequestError(f"`devices` must be one on PyTorch, received {devices}. Train with KERAS_BACKEND=tensorflow.")
        self._states: States | None = None

    def scope(self) -> AbstractContextManager[Any]:
        """Return nothing special."""
        return nullcontext()

    def begin(self, network: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        """Take a network to train."""
        self._network, self._optimizer = network, optimizer

    def train(self, fed: Fed) -> float:
        """Take one step; return the loss before it."""
        self._network.zero_grad()
        loss = self._loss(fed, is_training=True)
        self._optimizer.scale_loss(loss).backward()
        variables = self._network.trainable_variables
        with torch.no_grad():
            self._optimizer.apply([variable.value.grad for variable in variables], variables)
        return float(loss.detach())

    def validate(self, fed: Fed) -> float:
        """Return the loss; change nothing but the carried state."""
        with torch.no_grad():
            return float(self._loss(fed, is_training=False))

    def _loss(self, fed: Fed, *, is_training: bool) -> Any:
        fed = keras.tree.map_structure(keras.ops.convert_to_tensor, fed)
        if self._states is None:
            zeros = starting_states(self._network, len(fed.targets))
            self._states = {name: keras.ops.convert_to_tensor(state) for name, state in zeros.items()}

        def call(inputs: Mapping[str, Any]) -> Any:
            return self._network(inputs, training=is_training)

        loss, states = loss_and_states(call, fed, self._states)
        self._states = {name: state.detach() for name, state in states.items()}
        return loss
