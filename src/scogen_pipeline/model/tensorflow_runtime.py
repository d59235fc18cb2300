"""Training on TensorFlow: one device, all of this host, or those of several hosts, bit by bit repeatable.

Every device has the weights and a share of the rows. Each sums the gradients of its rows; their sum over all devices is the
gradient of the whole batch, whose norm is then limited: one device with all the rows would do the same.

**References.** https://www.tensorflow.org/guide/distributed_training
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from scogen_pipeline.model.cluster import Place, place_in_cluster
from scogen_pipeline.model.runtime import Fed, States, loss_and_states, starting_states
from scogen_pipeline.model.tensorflow_lstm import CpuLSTM

logger = logging.getLogger(__name__)


class AdamOfSums(keras.optimizers.Adam):  # type: ignore[misc]  # Keras has no types
    """Adam for gradients that are summed over all devices already.

    Keras' own limits the norm on each device and then sums, which depends on how the rows are spread.
    """

    def _all_reduce_sum_gradients(self, grads_and_vars: Any) -> Any:
        return grads_and_vars


class TensorFlowRuntime:
    """See `Runtime`."""

    optimizer = AdamOfSums

    def __init__(self, devices: str) -> None:
        _prepare()
        self._place = place_in_cluster(os.environ) if devices == "cluster" else Place()
        self._strategy = _strategy(devices)
        self._states: Any = None

    @property
    def lstm_layer(self) -> type[keras.layers.LSTM]:
        """Return the fastest LSTM layer: cuDNN's on a GPU."""
        return keras.layers.LSTM if tf.config.list_physical_devices("GPU") else CpuLSTM

    @property
    def n_devices(self) -> int:
        """Return the number of devices on all hosts."""
        return int(self._strategy.num_replicas_in_sync)

    @property
    def is_chief(self) -> bool:
        """Return whether this process writes the results."""
        return self._place.is_chief

    def scope(self) -> AbstractContextManager[Any]:
        """Return the context in which variables are copied to every device."""
        return self._strategy.scope()  # type: ignore[no-any-return]

    def begin(self, network: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
        """Take a network to train."""
        self._network, self._optimizer = network, optimizer
        self._train_step, self._validation_step = self._compiled(self._trained), self._compiled(self._validated)

    def train(self, fed: Fed) -> float:
        """Take one step; return the loss before it."""
        return self._loss(self._train_step, fed)

    def validate(self, fed: Fed) -> float:
        """Return the loss; change nothing but the carried state."""
        return self._loss(self._validation_step, fed)

    def of_chief(self, value: float) -> float:
        """Return the chief's number."""
        if self._place.n_hosts == 1:
            return value
        mine = tf.constant(value if self.is_chief else 0.0, tf.float64)
        share = mine / self._n_local
        total = tf.function(lambda: self._strategy.run(lambda: _summed([share])[0]), autograph=False)()
        return float(self._strategy.experimental_local_results(total)[0])

    def _loss(self, step: Callable[..., Any], fed: Fed) -> float:
        if self._states is None:
            self._states = self._dealt(starting_states(self._network, len(fed.targets)))
        loss, self._states = step(self._dealt(fed), self._states)
        return float(self._strategy.experimental_local_results(loss)[0])

    def _compiled(self, step: Callable[[Fed, States], tuple[Any, States]]) -> Callable[..., Any]:
        # Without XLA, which made the LSTM three times slower on a CPU and knows no cuDNN. The shapes are given, lest the program
        # depends on the order of the batches' lengths; shares of rows have no signature.
        signature = self._signature() if self._n_local == 1 else None
        return tf.function(  # type: ignore[no-any-return]
            lambda fed, states: self._strategy.run(step, args=(fed, states)),
            input_signature=signature,
            reduce_retracing=True,
            autograph=False,
        )

    def _signature(self) -> tuple[Fed, dict[str, Any]]:
        states = starting_states(self._network, 0)
        specs = {name: tf.TensorSpec(tensor.shape, tensor.dtype) for name, tensor in self._network.input.items()}
        ids, weights = tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None, None], tf.float32)
        fed = {name: spec for name, spec in specs.items() if name not in states}
        carried = {name: tf.TensorSpec([None, state.shape[1]], tf.float32) for name, state in states.items()}
        return Fed(fed, ids, weights, tf.TensorSpec([None, 1], tf.bool)), carried

    def _trained(self, fed: Fed, states: States) -> tuple[Any, States]:
        variables = self._network.trainable_variables
        with tf.GradientTape() as tape:
            loss, states = loss_and_states(lambda inputs: self._network(inputs, training=True), fed, states)
            scaled = self._optimizer.scale_loss(loss)
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(scaled, variables)]
        loss, *gradients = _summed([loss, *gradients])
        self._optimizer.apply(gradients, variables)
        return loss, states

    def _validated(self, fed: Fed, states: States) -> tuple[Any, States]:
        loss, states = loss_and_states(lambda inputs: self._network(inputs, training=False), fed, states)
        return _summed([loss])[0], states

    @property
    def _n_local(self) -> int:
        return self.n_devices // self._place.n_hosts

    def _dealt(self, arrays: Any) -> Any:
        """Deal the rows of this host out to its devices."""
        return tf.nest.map_structure(self._dealt_rows, arrays)

    def _dealt_rows(self, rows: np.ndarray[Any, Any]) -> Any:
        first = self._place.index * self._n_local
        shares = np.split(rows, self.n_devices)[first : first + self._n_local]
        if self._n_local == 1:
            return tf.constant(shares[0])
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(shares[context.replica_id_in_sync_group - first])
        )


def _summed(tensors: list[Any]) -> list[Any]:
    """Return the sums over all devices."""
    context = tf.distribute.get_replica_context()
    return list(context.all_reduce(tf.distribute.ReduceOp.SUM, tensors)) if context.num_replicas_in_sync > 1 else tensors


def _prepare() -> None:
    """Let GPUs take memory as needed and make every operation repeatable, bit by bit."""
    for gpu in tf.config.list_physical_devices("GPU"):
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError as error:  # another model has used the GPU in this process already
            logger.debug("Memory growth stays as it is: %s", error)
    tf.config.experimental.enable_op_determinism()


def _strategy(devices: str) -> Any:
    if devices == "cluster":
        return tf.distribute.MultiWorkerMirroredStrategy()
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if devices == "all" and len(found) > 1:
        return tf.distribute.MirroredStrategy([device.name for device in found])
    return tf.distribute.get_strategy()
