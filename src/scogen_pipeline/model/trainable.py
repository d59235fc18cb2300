"""The network as something that takes steps, and whose whole state can be read and put back.

**Conventions.** The *state* is every variable that the next step depends on, in Keras' order: weights, seeds of dropout, the
optimizer's moments, iteration count and learning rate. NLL is in nats per token.

**References.** Kingma and Ba, 2015 (Adam); Pascanu, Mikolov and Bengio, 2013 (clipping the norm of the gradient).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from scogen_pipeline.model.network import build_network

if TYPE_CHECKING:
    import keras

    from scogen_pipeline.model.settings import NetworkSettings
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
        seed: Decides the initial weights and what dropout drops.
    """

    def __init__(self, settings: NetworkSettings, vocabulary: Vocabulary, n_conditions: int, seed: int) -> None:
        self._model = _compiled(build_network(settings, vocabulary, n_conditions, seed, _fastest_lstm_layer()))

    def train(self, batch: Batch, learning_rate: float) -> float:
        """Take one step; return the NLL of the batch before it, with dropout."""
        self._model.optimizer.learning_rate.assign(learning_rate)
        return self._loss_of(self._model.train_on_batch, batch)

    def validate(self, batch: Batch) -> float:
        """Change nothing; return the NLL of the batch."""
        return self._loss_of(self._model.test_on_batch, batch)

    def _loss_of(self, step: Callable[..., dict[str, Any]], batch: Batch) -> float:
        # Some versions of Keras average the loss over batches, which have unequal numbers of tokens; some do not.
        self._model.reset_metrics()
        inputs = {"tokens": batch.tokens, "conditions": batch.conditions}
        return float(step(inputs, batch.targets, sample_weight=batch.weights, return_dict=True)["loss"])

    @property
    def weights(self) -> Arrays:
        """The weights, in the order of `build_network`."""
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


def _fastest_lstm_layer() -> type[keras.layers.LSTM] | None:
    import keras  # noqa: PLC0415

    if keras.backend.backend() != "tensorflow":
        return None
    from scogen_pipeline.model import tensorflow_runtime  # noqa: PLC0415  (no other backend needs TensorFlow)

    tensorflow_runtime.prepare()
    return tensorflow_runtime.lstm_layer()


def _compiled(network: keras.Model) -> keras.Model:
    import keras  # noqa: PLC0415

    network.compile(
        optimizer=keras.optimizers.Adam(global_clipnorm=_CLIP_NORM),
        # The mean over tokens: padding must not water the gradient down.
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight"),
        # On a CPU, XLA made TensorFlow's LSTM three times slower.
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )
    network.optimizer.build(network.trainable_variables)
    return network
