"""The network as something that takes steps, and whose whole state can be read and put back.

**Conventions.** The *state* is every variable that the next step depends on, in Keras' order: weights, seeds of dropout, the
optimizer's moments, iteration count and learning rate. NLL is in nats per token.

**References.** Kingma and Ba, 2015 (Adam); Pascanu, Mikolov and Bengio, 2013 (clipping the norm of the gradient); Loshchilov and
Hutter, 2019 (decoupled weight decay); Polyak and Juditsky, 1992 (averaging weights).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from scogen_pipeline.errors import RequestError
from scogen_pipeline.model.network import BLIND, build_network

if TYPE_CHECKING:
    import keras

    from scogen_pipeline.model.settings import FitSettings, NetworkSettings
    from scogen_pipeline.model.sight import Sight
    from scogen_pipeline.model.snapshot import Arrays
    from scogen_pipeline.tokens.vocabulary import Vocabulary
    from scogen_pipeline.tokens.windows import Batch

#: Largest norm of the whole gradient.
_CLIP_NORM: Final = 1.0


class TrainableNetwork:
    """A compiled network on the fastest LSTM that the backend has.

    Args:
        settings: Size of the network.
        vocabulary: The vocabulary that it speaks.
        n_conditions: Number of condition slots.
        fit: How it is trained; the seed decides the initial weights and what dropout drops.
        sight: What else it sees.

    Raises:
        RequestError: If state is to be carried and the backend cannot.
    """

    def __init__(
        self, settings: NetworkSettings, vocabulary: Vocabulary, n_conditions: int, fit: FitSettings, sight: Sight = BLIND
    ) -> None:
        _require_carrying(fit)
        carried_batch = fit.batch_size if fit.carry_state else None
        network = build_network(
            settings, vocabulary, n_conditions, fit.seed, _fastest_lstm_layer(), sight=sight, carried_batch=carried_batch
        )
        self._model = _compiled(network, fit)
        self._carriers = [layer for layer in network.layers if getattr(layer, "stateful", False)]

    def train(self, batch: Batch, learning_rate: float) -> float:
        """Take one step; return the NLL of the batch before it, with dropout."""
        self._model.optimizer.learning_rate.assign(learning_rate)
        return self._loss_of(self._model.train_on_batch, batch)

    def validate(self, batch: Batch) -> float:
        """Change nothing but the carried state; return the NLL of the batch."""
        return self._loss_of(self._model.test_on_batch, batch)

    def _loss_of(self, step: Callable[..., dict[str, Any]], batch: Batch) -> float:
        # Some versions of Keras average the loss over batches, which have unequal numbers of tokens; some do not.
        self._model.reset_metrics()
        self._forget(batch)
        inputs = {name: getattr(batch, name) for name in self._model.input}
        return float(step(inputs, batch.targets, sample_weight=batch.weights, return_dict=True)["loss"])

    def _forget(self, batch: Batch) -> None:
        """Reset the carried state of the rows in which another piece begins."""
        for layer in self._carriers:
            for variable in layer.states:
                variable.assign(variable * batch.continues[:, None].astype(np.float32))  # type: ignore[index]

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Use the average of the weights over the steps, if there is one; afterwards the weights are as they were."""
        if not self._model.optimizer.use_ema:
            yield
            return
        own = self.state
        self._model.optimizer.finalize_variable_values(self._model.trainable_variables)
        try:
            yield
        finally:
            self.restore(own)

    @property
    def weights(self) -> Arrays:
        """The weights, in the order of `build_network`; Keras counts carried state as none."""
        return tuple(weight.copy() for weight in self._model.get_weights())

    @property
    def state(self) -> Arrays:
        """A copy of every variable."""
        import keras  # noqa: PLC0415

        return tuple(keras.ops.convert_to_numpy(variable).copy() for variable in self._variables)

    def restore(self, state: Arrays) -> None:
        """Put a state back."""
        for variable, value in zip(self._variables, state, strict=True):
            variable.assign(value)

    @property
    def _variables(self) -> tuple[Any, ...]:
        return (*self._model.variables, *self._model.optimizer.variables)


def _require_carrying(fit: FitSettings) -> None:
    import keras  # noqa: PLC0415

    # Keras 3.15 on JAX leaves the state of a stateful layer as it was before the batch.
    if fit.carry_state and keras.backend.backend() == "jax":
        raise RequestError("`carry_state` must be false on JAX, received true. Train with KERAS_BACKEND=tensorflow or torch.")


def _fastest_lstm_layer() -> type[keras.layers.LSTM] | None:
    import keras  # noqa: PLC0415

    if keras.backend.backend() != "tensorflow":
        return None
    from scogen_pipeline.model import tensorflow_runtime  # noqa: PLC0415  (no other backend needs TensorFlow)

    tensorflow_runtime.prepare()
    return tensorflow_runtime.lstm_layer()


def _compiled(network: keras.Model, fit: FitSettings) -> keras.Model:
    import keras  # noqa: PLC0415

    average = {"use_ema": True, "ema_momentum": fit.weight_averaging} if fit.weight_averaging else {}
    optimizer = keras.optimizers.Adam(global_clipnorm=_CLIP_NORM, weight_decay=fit.weight_decay or None, **average)
    if fit.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=["bias"])
    network.compile(
        optimizer=optimizer,
        # The mean over tokens: padding must not water the gradient down.
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight"),
        # On a CPU, XLA made TensorFlow's LSTM three times slower.
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )
    network.optimizer.build(network.trainable_variables)
    return network
