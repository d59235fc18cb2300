"""The network as something that takes steps, and whose whole state can be read and put back.

**Conventions.** The *state* is every variable that the next step depends on, in Keras' order: weights, seeds of dropout, the
optimizer's moments, iteration count and learning rate. NLL is in nats per token. With mixed precision the weights and the loss
are float32 all the same; what is between them is not.

**References.** Kingma and Ba, 2015 (Adam); Pascanu, Mikolov and Bengio, 2013 (clipping the norm of the gradient); Loshchilov and
Hutter, 2019 (decoupled weight decay); Polyak and Juditsky, 1992 (averaging weights); Micikevicius et al., 2018 (mixed precision).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from scogen_pipeline.errors import DataError, RequestError
from scogen_pipeline.model.inheritance import inherit
from scogen_pipeline.model.network import BLIND, build_network
from scogen_pipeline.model.runtime import fed_arrays, runtime_of_backend

if TYPE_CHECKING:
    import keras

    from scogen_pipeline.model.settings import FitSettings, NetworkSettings
    from scogen_pipeline.model.sight import Sight
    from scogen_pipeline.model.snapshot import Arrays
    from scogen_pipeline.tokens.vocabulary import Vocabulary
    from scogen_pipeline.tokens.windows import Batch

#: Largest norm of the whole gradient.
_CLIP_NORM: Final = 1.0
#: Keras' name of what a network computes in.
_POLICIES: Final = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}


class TrainableNetwork:
    """A network in training, on the devices that were chosen and with the fastest LSTM that they have.

    Args:
        settings: Size of the network.
        vocabulary: The vocabulary that it speaks.
        n_conditions: Number of condition slots.
        fit: How it is trained; the seed decides the initial weights and what dropout drops.
        sight: What else it sees.

    Raises:
        RequestError: If the backend has no such devices, or a batch cannot be dealt out to them.
    """

    def __init__(
        self, settings: NetworkSettings, vocabulary: Vocabulary, n_conditions: int, fit: FitSettings, sight: Sight = BLIND
    ) -> None:
        self._runtime = runtime_of_backend(fit.devices)
        _require_equal_shares(fit.batch_size, self._runtime.n_devices)
        with self._runtime.scope(), _computing_in(fit.precision):
            self._network = build_network(
                settings, vocabulary, n_conditions, fit.seed, self._runtime.lstm_layer, sight=sight, carries_state=fit.carry_state
            )
            self._optimizer = _optimizer(self._runtime.optimizer, fit)
            self._optimizer.build(self._network.trainable_variables)
        self._runtime.begin(self._network, self._optimizer)
        self._averages, self._stands_with_others = bool(fit.weight_averaging), False

    def begin_from(self, trained: keras.Model) -> None:
        """Take the weights of a trained network instead of random ones; see `inheritance`.

        Raises:
            DataError: If it is of another shape.
        """
        inherit(self._network, trained)

    def train(self, batch: Batch, learning_rate: float) -> float:
        """Take one step; return the NLL of the batch before it, with dropout."""
        if not self._stands_with_others:
            self._require_same_start()
        self._optimizer.learning_rate.assign(learning_rate)
        return self._runtime.train(fed_arrays(batch, self._network))

    def validate(self, batch: Batch) -> float:
        """Change nothing but the carried state; return the NLL of the batch."""
        return self._runtime.validate(fed_arrays(batch, self._network))

    @property
    def is_chief(self) -> bool:
        """Whether this process writes what comes of the training; true unless several hosts train together."""
        return self._runtime.is_chief

    def of_chief(self, value: float) -> float:
        """Return the number that the chief gave, the same on every host: a time, say. All hosts must call."""
        return self._runtime.of_chief(value)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Use the average of the weights over the steps, if there is one; afterwards the weights are as they were."""
        if not self._averages:
            yield
            return
        own = self.state
        self._optimizer.finalize_variable_values(self._network.trainable_variables)
        try:
            yield
        finally:
            self.restore(own)

    @property
    def weights(self) -> Arrays:
        """The weights, in the order of `build_network`."""
        return tuple(weight.copy() for weight in self._network.get_weights())

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
        return (*self._network.variables, *self._optimizer.variables)

    def _require_same_start(self) -> None:
        """Refuse to train with hosts that stand elsewhere: one that found no checkpoint, for instance."""
        import keras  # noqa: PLC0415

        mine = int(keras.ops.convert_to_numpy(self._optimizer.iterations))
        chiefs = int(self.of_chief(mine))
        if mine != chiefs:
            raise DataError(
                f"`training_checkpoint` must be the same on every host, received one of step {mine}; the first host has step "
                f"{chiefs}. Let all hosts read the same folder `data`."
            )
        self._stands_with_others = True


def _require_equal_shares(batch_size: int, n_devices: int) -> None:
    if batch_size % n_devices:
        raise RequestError(
            f"`batch_size` must be a multiple of the number of devices, {n_devices}, received {batch_size}. "
            f"Try {-(-batch_size // n_devices) * n_devices}."
        )


@contextmanager
def _computing_in(precision: str) -> Iterator[None]:
    """Let layers that are made now compute in that precision."""
    import keras  # noqa: PLC0415

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(_POLICIES[precision])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _optimizer(adam: type[keras.optimizers.Adam], fit: FitSettings) -> keras.optimizers.Optimizer:
    import keras  # noqa: PLC0415

    average = {"use_ema": True, "ema_momentum": fit.weight_averaging} if fit.weight_averaging else {}
    optimizer = adam(global_clipnorm=_CLIP_NORM, weight_decay=fit.weight_decay or None, **average)
    if fit.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=["bias"])
    # Small gradients vanish in float16, whose exponent is short.
    return keras.optimizers.LossScaleOptimizer(optimizer) if fit.precision == "float16" else optimizer
