"""Training: from examples to a trained model, resumable after each epoch.

A run that was killed and started again ends with the same weights, bit by bit, as one left alone (same machine, same backend): all
that is random follows from (seed, epoch), and a snapshot after each epoch holds the rest.

**Conventions.** NLL is in nats per token, averaged over tokens, not over batches. Epochs count from 1. The learning rate warms up
over the first tenth of the first epochs and then follows a cosine over all `epochs`.

**References.** Loshchilov and Hutter, SGDR, 2017 (cosine); Pascanu, Mikolov and Bengio, 2013 (clipping the norm of the gradient).
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from tqdm.auto import tqdm

from scogen_pipeline.errors import DataError
from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.model.network import build_network
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.model.snapshot import Arrays, Checkpoint, EpochResult, NoCheckpoint, Snapshot, best_epoch
from scogen_pipeline.tokens.windows import Batch, Examples, ordered_batches, shuffled_batches

if TYPE_CHECKING:
    import keras

    from scogen_pipeline.tokens.vocabulary import Vocabulary

logger = logging.getLogger(__name__)

Listener = Callable[[EpochResult], None]

#: Largest norm of the whole gradient.
_CLIP_NORM: Final = 1.0


def fit(
    train: Examples,
    valid: Examples,
    vocabulary: Vocabulary,
    network: NetworkSettings,
    settings: FitSettings,
    *,
    checkpoint: Checkpoint | None = None,
    listeners: Sequence[Listener] = (),
) -> tuple[TrainedModel, tuple[EpochResult, ...]]:
    """Train a network, or finish training it.

    Args:
        train: Pieces to learn from.
        valid: Pieces to stop by; without any, the training NLL decides.
        vocabulary: What the ids mean.
        network: Size of the network.
        settings: How to train.
        checkpoint: Where to leave off and take up. A snapshot of other settings, data or vocabulary is not taken up.
        listeners: Called after each epoch; after a resumption first with the epochs done before.

    Returns:
        The model with the weights of its best epoch, and the result of every epoch.

    Raises:
        DataError: If there is nothing to learn from.
    """
    if not train.ids:
        raise DataError("`encoded_pieces` must hold pieces of the split `train`, received none. Ingest more files.")
    if not valid.ids:
        logger.warning("No piece is held out for validation: training stops by the training NLL.")
    run = _Run(train, valid, vocabulary, network, settings)
    snapshot = run.resume(checkpoint or NoCheckpoint(), listeners)
    model = run.finished_model(snapshot)
    logger.info(
        "Best of %d epochs: %d, %.4f nats per token.", len(snapshot.history), snapshot.best_epoch, model.metrics["valid_nll"]
    )
    return model, snapshot.history


class _Run:
    """A network in training, with its data."""

    def __init__(
        self, train: Examples, valid: Examples, vocabulary: Vocabulary, network: NetworkSettings, settings: FitSettings
    ) -> None:
        self.train, self.valid, self.vocabulary = train, valid, vocabulary
        self.network_settings, self.settings = network, settings
        self.model = _compiled(
            build_network(network, vocabulary, train.conditions.shape[1], settings.seed, _prepared_lstm_layer()), settings
        )

    @property
    def fingerprint(self) -> str:
        """Hash of all that the weights depend on; limits of time and names are no part of it."""
        import keras  # noqa: PLC0415

        fit_settings = {name: value for name, value in asdict(self.settings).items() if name not in {"max_minutes", "label"}}
        facts = [asdict(self.network_settings), fit_settings, self.vocabulary.hash, self.train.hash, self.valid.hash]
        return hashlib.sha256(json.dumps([*facts, keras.backend.backend()], sort_keys=True).encode()).hexdigest()

    def resume(self, checkpoint: Checkpoint, listeners: Sequence[Listener]) -> Snapshot:
        """Train from where the checkpoint stands until an epoch is the last one."""
        snapshot = self._taken_up(checkpoint)
        for result in snapshot.history:
            _tell(listeners, result)
        with tqdm(
            total=self.settings.epochs * self.train.n_targets,
            initial=len(snapshot.history) * self.train.n_targets,
            unit=" tokens",
            unit_scale=True,
            desc="Training",
        ) as bar:
            while not self._is_over(snapshot.history):
                snapshot = self._after_epoch(snapshot, bar)
                checkpoint.write(snapshot)
                _tell(listeners, snapshot.history[-1])
        return snapshot

    def _taken_up(self, checkpoint: Checkpoint) -> Snapshot:
        found = checkpoint.read()
        if found is not None and found.fingerprint == self.fingerprint:
            _restore(self.model, found.state)
            logger.info("Resuming after epoch %d of %d.", len(found.history), self.settings.epochs)
            return found
        if found is not None:
            logger.info("The checkpoint is of other settings, data or vocabulary: training starts anew.")
        return Snapshot(self.fingerprint, (), _state(self.model), tuple(self.model.get_weights()))

    def _is_over(self, history: Sequence[EpochResult]) -> bool:
        if not history:
            return False
        is_late = 0 < self.settings.max_minutes * 60 < history[-1].elapsed_seconds
        return len(history) >= self.settings.epochs or len(history) - best_epoch(history) >= self.settings.patience or is_late

    def _after_epoch(self, snapshot: Snapshot, bar: tqdm[Any]) -> Snapshot:
        began = time.perf_counter()
        train_nll = self._train_epoch(len(snapshot.history), bar)
        trained = time.perf_counter()
        valid_nll = self._validation_nll() if self.valid.ids else train_nll
        before = snapshot.history[-1].elapsed_seconds if snapshot.history else 0.0
        result = EpochResult(
            epoch=len(snapshot.history) + 1,
            train_nll=train_nll,
            valid_nll=valid_nll,
            learning_rate=self.settings.learning_rate_at((len(snapshot.history) + 1) / self.settings.epochs),
            tokens_per_second=self.train.n_targets / (trained - began),
            elapsed_seconds=before + time.perf_counter() - began,
        )
        history = (*snapshot.history, result)
        is_best = best_epoch(history) == result.epoch
        return Snapshot(
            snapshot.fingerprint, history, _state(self.model), tuple(self.model.get_weights()) if is_best else snapshot.best
        )

    def _train_epoch(self, epochs_done: int, bar: tqdm[Any]) -> float:
        settings = self.settings
        batches = shuffled_batches(
            self.train,
            window_length=settings.window_length,
            batch_size=settings.batch_size,
            pad_id=self.vocabulary.pad_id,
            condition_dropout=settings.condition_dropout,
            seed=settings.seed,
            epoch=epochs_done,
        )
        model, n_done, nll = self.model, 0.0, 0.0
        model.reset_metrics()
        for batch in batches:
            n_done += float(batch.weights.sum())
            progress = (epochs_done + n_done / self.train.n_targets) / settings.epochs
            model.optimizer.learning_rate.assign(settings.learning_rate_at(progress))
            nll = _nll_after(model.train_on_batch, batch)
            bar.update(int(batch.weights.sum()))
            bar.set_postfix(epoch=epochs_done + 1, nll=f"{nll:.3f}", refresh=False)
        return nll

    def _validation_nll(self) -> float:
        self.model.reset_metrics()
        settings, nll = self.settings, math.nan
        for batch in ordered_batches(
            self.valid, window_length=settings.window_length, batch_size=settings.batch_size, pad_id=self.vocabulary.pad_id
        ):
            nll = _nll_after(self.model.test_on_batch, batch)
        return nll

    def finished_model(self, snapshot: Snapshot) -> TrainedModel:
        """Return the best weights in a network of plain Keras layers."""
        network = build_network(self.network_settings, self.vocabulary, self.train.conditions.shape[1], self.settings.seed)
        network.set_weights(list(snapshot.best))
        best = snapshot.history[snapshot.best_epoch - 1]
        return TrainedModel.of_network(
            network,
            self.vocabulary,
            settings={"network": asdict(self.network_settings), "fit": asdict(self.settings)},
            data_hash=hashlib.sha256((self.train.hash + self.valid.hash).encode()).hexdigest(),
            metrics={
                "train_nll": best.train_nll,
                "valid_nll": best.valid_nll,
                "best_epoch": float(best.epoch),
                "epochs": float(len(snapshot.history)),
                "tokens_per_second": sum(result.tokens_per_second for result in snapshot.history) / len(snapshot.history),
                "train_minutes": snapshot.history[-1].elapsed_seconds / 60,
            },
        )


def _prepared_lstm_layer() -> type[keras.layers.LSTM] | None:
    import keras  # noqa: PLC0415

    if keras.backend.backend() != "tensorflow":
        return None
    from scogen_pipeline.model import tensorflow_runtime  # noqa: PLC0415  (no other backend needs TensorFlow)

    tensorflow_runtime.prepare()
    return tensorflow_runtime.lstm_layer()


def _compiled(network: keras.Model, settings: FitSettings) -> keras.Model:
    import keras  # noqa: PLC0415

    network.compile(
        optimizer=keras.optimizers.Adam(settings.learning_rate, global_clipnorm=_CLIP_NORM),
        # The mean over tokens: padding must not water the gradient down.
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight"),
        weighted_metrics=[keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name="nll")],
        # On a CPU, XLA made TensorFlow's LSTM three times slower.
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )
    network.optimizer.build(network.trainable_variables)
    return network


def _nll_after(step: Callable[..., dict[str, Any]], batch: Batch) -> float:
    """Take a step and return the NLL per token over all steps since the metrics were reset."""
    inputs = {"tokens": batch.tokens, "conditions": batch.conditions}
    return float(step(inputs, batch.targets, sample_weight=batch.weights, return_dict=True)["nll"])


def _state(model: keras.Model) -> Arrays:
    import keras  # noqa: PLC0415

    return tuple(keras.ops.convert_to_numpy(variable) for variable in (*model.variables, *model.optimizer.variables))


def _restore(model: keras.Model, state: Arrays) -> None:
    for variable, value in zip((*model.variables, *model.optimizer.variables), state, strict=True):
        variable.assign(value)


def _tell(listeners: Iterable[Listener], result: EpochResult) -> None:
    for listener in listeners:
        listener(result)
