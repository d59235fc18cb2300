"""Training on JAX: the step is one compiled program, on one device or on all of this host."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import jax
import keras

from scogen_pipeline.errors import RequestError
from scogen_pipeline.model.runtime import Fed, SingleProcess, States, loss_and_states, starting_states

#: Values of variables, in their order.
Values = list[Any]


class JaxRuntime(SingleProcess):
    """See `Runtime`."""

    lstm_layer = None
    optimizer = keras.optimizers.Adam

    def __init__(self, devices: str) -> None:
        if devices == "cluster":
            raise RequestError("`devices` must be one or all on JAX, received cluster. Train with KERAS_BACKEND=tensorflow.")
        self.n_devices = len(jax.devices()) if devices == "all" else 1
        self._spread = keras.distribution.DataParallel() if self.n_devices > 1 else None
        self._states: States | None = None

    def scope(self) -> AbstractContextManager[Any]:
        """Return the context in which variables are copied to every device."""
        return self._spread.scope() if self._spread else nullcontext()

    def begin(self, network: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        """Take a network to train."""
        self._network, self._optimizer = network, optimizer
        self._train_step = jax.jit(self._trained)
        self._validation_step = jax.jit(self._validated)

    def train(self, fed: Fed) -> float:
        """Take one step; return the loss before it."""
        groups = (self._network.trainable_variables, self._network.non_trainable_variables, self._optimizer.variables)
        values = tuple([variable.value for variable in group] for group in groups)
        loss, self._states, *after = self._train_step(*values, self._on_devices(fed), self._before(fed))
        for group, new_values in zip(groups, after, strict=True):
            for variable, value in zip(group, new_values, strict=True):
                variable.assign(value)
        return float(loss)

    def validate(self, fed: Fed) -> float:
        """Return the loss; change nothing but the carried state."""
        groups = (self._network.trainable_variables, self._network.non_trainable_variables)
        values = tuple([variable.value for variable in group] for group in groups)
        loss, self._states = self._validation_step(*values, self._on_devices(fed), self._before(fed))
        return float(loss)

    def _trained(self, weights: Values, others: Values, moments: Values, fed: Fed, states: States) -> tuple[Any, ...]:
        gradient = jax.value_and_grad(partial(self._objective, is_training=True), has_aux=True)
        (_, (loss, states, others)), gradients = gradient(weights, others, moments, fed, states)
        weights, moments = self._optimizer.stateless_apply(moments, gradients, weights)
        return loss, states, weights, others, moments

    def _validated(self, weights: Values, others: Values, fed: Fed, states: States) -> tuple[Any, States]:
        _, (loss, states, _) = self._objective(weights, others, None, fed, states, is_training=False)
        return loss, states

    def _objective(
        self, weights: Values, others: Values, moments: Values | None, fed: Fed, states: States, *, is_training: bool
    ) -> tuple[Any, tuple[Any, States, Values]]:
        """Return what is made small; and the loss, the states and the variables that are not trained."""
        after: Values = []

        def call(inputs: Mapping[str, Any]) -> Any:
            nonlocal after
            outputs, after = self._network.stateless_call(weights, others, inputs, training=is_training)
            return outputs

        loss, states = loss_and_states(call, fed, states)
        if moments is None:
            return loss, (loss, states, after)
        # The scale of the loss is one of the optimizer's variables.
        with keras.StatelessScope(state_mapping=list(zip(self._optimizer.variables, moments, strict=True))):
            return self._optimizer.scale_loss(loss), (loss, states, after)

    def _before(self, fed: Fed) -> States:
        if self._states is None:
            self._states = self._on_devices(starting_states(self._network, len(fed.targets)))
        return self._states

    def _on_devices(self, arrays: Any) -> Any:
        """Deal rows out to the devices."""
        if not self._spread:
            return arrays
        spread = self._spread
        return jax.tree.map(lambda rows: keras.distribution.distribute_tensor(rows, spread.get_data_layout(rows.shape)), arrays)
