"""Training: from examples to a trained model, resumable after each epoch.

A run that was killed and started again ends with the same weights, bit by bit, as one left alone (same machine and backend): all
that is random follows from (seed, epoch), and a snapshot after each epoch holds the rest.

**Conventions.** NLL is in nats per token, averaged over tokens, not over batches. Epochs count from 1.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from scogen_pipeline.errors import DataError
from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.model.network import BLIND, build_network
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.model.sight import Sight
from scogen_pipeline.model.snapshot import Checkpoint, EpochResult, NoCheckpoint, Snapshot, best_epoch
from scogen_pipeline.model.trainable import TrainableNetwork
from scogen_pipeline.tokens.read_ahead import ahead
from scogen_pipeline.tokens.windows import Cutting, ExampleSource

if TYPE_CHECKING:
    from scogen_pipeline.tokens.vocabulary import Vocabulary

logger = logging.getLogger(__name__)

Listener = Callable[[EpochResult], None]


@dataclass(frozen=True)
class TrainingData:
    """What a model is made from.

    Args:
        train: Pieces to learn from.
        valid: Pieces to stop by; without any, the training NLL decides.
        vocabulary: What the ids mean.
        sight: What the pieces tell beside ids and conditions.

    Raises:
        DataError: If there is nothing to learn from.
    """

    train: ExampleSource
    valid: ExampleSource
    vocabulary: Vocabulary
    sight: Sight = BLIND

    def __post_init__(self) -> None:
        """Check that there is something to learn from."""
        if not self.train.n_targets:
            raise DataError("`encoded_pieces` must hold pieces of the split `train`, received none. Ingest more files.")

    @property
    def n_conditions(self) -> int:
        """Number of condition slots."""
        return self.train.n_conditions

    @property
    def hash(self) -> str:
        """SHA-256 of the pieces, in hex; vocabulary and sight have their own."""
        return hashlib.sha256((self.train.hash + self.valid.hash).encode()).hexdigest()


def fit_model(
    data: TrainingData,
    network: NetworkSettings,
    settings: FitSettings,
    *,
    start: TrainedModel | None = None,
    checkpoint: Checkpoint | None = None,
    listeners: Sequence[Listener] = (),
) -> tuple[TrainedModel, tuple[EpochResult, ...]]:
    """Train a network, or finish training it.

    Args:
        data: What to learn from.
        network: Size of the network; that of `start` if there is one, which may get relations that it did not have.
        settings: How to train.
        start: A model to go on from, instead of from random weights.
        checkpoint: Where to leave off and take up. A snapshot of other settings, data or vocabulary is not taken up.
        listeners: Called after each epoch; after a resumption first with the epochs done before.

    Returns:
        The model with the weights of its best epoch, and the result of every epoch.

    Raises:
        VocabularyError: If `start` speaks another vocabulary.
        DataError: If `start` sees something else than the data tell.
    """
    if not data.valid.n_targets:
        logger.warning("No piece is held out for validation: training stops by the training NLL.")
    if start is not None:
        own = NetworkSettings(**start.settings["network"])
        network = replace(own, relations=own.relations or network.relations)
    snapshot = _Run(data, network, settings, start).resume(checkpoint or NoCheckpoint(), listeners)
    model = _finished_model(snapshot, data, network, settings)
    logger.info(
        "Best of %d epochs: %d, %.4f nats per token.", len(snapshot.history), snapshot.best_epoch, model.metrics["valid_nll"]
    )
    return model, snapshot.history


class _Run:
    """A network in training, with its data."""

    def __init__(
        self, data: TrainingData, network: NetworkSettings, settings: FitSettings, start: TrainedModel | None = None
    ) -> None:
        self._data, self._network_settings, self._settings = data, network, settings
        self._network = TrainableNetwork(network, data.vocabulary, data.n_conditions, settings, data.sight)
        self._start_hash = ""
        if start is not None:
            start.require_vocabulary(data.vocabulary)
            self._network.begin_from(start.keras_model())
            self._start_hash = hashlib.sha256(start.network).hexdigest()
        self._cutting = Cutting(
            window_length=settings.window_length,
            batch_size=settings.batch_size,
            pad_id=data.vocabulary.pad_id,
            condition_dropout=settings.condition_dropout,
            carries_state=settings.carry_state,
        )

    @property
    def _fingerprint(self) -> str:
        """Hash of all that the weights depend on; limits of time and names are no part of it."""
        import keras  # noqa: PLC0415

        fit_settings = {name: value for name, value in asdict(self._settings).items() if name not in {"max_minutes", "label"}}
        facts = [
            asdict(self._network_settings),
            fit_settings,
            self._data.vocabulary.hash,
            self._data.hash,
            self._data.sight.hash,
            keras.backend.backend(),
            self._start_hash,
        ]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def resume(self, checkpoint: Checkpoint, listeners: Sequence[Listener]) -> Snapshot:
        """Train from where the checkpoint stands until an epoch is the last one."""
        snapshot = self._taken_up(checkpoint)
        # One host of several writes; the others would write the same.
        listeners = listeners if self._network.is_chief else ()
        for result in snapshot.history:
            _tell(listeners, result)
        n_targets = self._data.train.n_targets
        with tqdm(
            total=self._settings.epochs * n_targets,
            initial=len(snapshot.history) * n_targets,
            unit=" tokens",
            unit_scale=True,
            mininterval=1.0,
            desc="Training",
        ) as bar:
            while not _is_over(snapshot.history, self._settings):
                snapshot = self._after_epoch(snapshot, bar)
                if self._network.is_chief:
                    checkpoint.write(snapshot)
                _tell(listeners, snapshot.history[-1])
        return snapshot

    def _taken_up(self, checkpoint: Checkpoint) -> Snapshot:
        found = checkpoint.read()
        if found is not None and found.fingerprint == self._fingerprint:
            self._network.restore(found.state)
            logger.info("Resuming after epoch %d of at most %d.", len(found.history), self._settings.epochs)
            return found
        if found is not None:
            logger.info("The checkpoint is of other settings, data or vocabulary: training starts anew.")
        return Snapshot(self._fingerprint, (), self._network.state, self._network.weights)

    def _after_epoch(self, before: Snapshot, bar: tqdm[Any]) -> Snapshot:
        n_done, began = len(before.history), time.perf_counter()
        train_nll = self._train_epoch(n_done, bar)
        trained = time.perf_counter()
        with self._network.averaged():
            valid_nll = self._validation_nll() if self._data.valid.n_targets else train_nll
            weights = self._network.weights
        result = EpochResult(
            epoch=n_done + 1,
            train_nll=train_nll,
            valid_nll=valid_nll,
            learning_rate=self._settings.learning_rate_at((n_done + 1) / self._settings.epochs),
            tokens_per_second=self._data.train.n_targets / (trained - began),
            # Hosts whose clocks differ must stop after the same epoch.
            elapsed_seconds=self._network.of_chief(
                time.perf_counter() - began + (before.history[-1].elapsed_seconds if n_done else 0.0)
            ),
        )
        history = (*before.history, result)
        best = weights if best_epoch(history) == result.epoch else before.best
        return Snapshot(before.fingerprint, history, self._network.state, best)

    def _train_epoch(self, n_done: int, bar: tqdm[Any]) -> float:
        settings, n_seen, total_nll = self._settings, 0, 0.0
        for batch in ahead(self._data.train.training_batches(self._cutting, settings.seed, n_done)):
            n_tokens = int(batch.weights.sum())
            n_seen += n_tokens
            progress = (n_done + n_seen / self._data.train.n_targets) / settings.epochs
            total_nll += n_tokens * self._network.train(batch, settings.learning_rate_at(progress))
            bar.set_postfix(epoch=n_done + 1, nll=f"{total_nll / n_seen:.3f}", refresh=False)
            bar.update(n_tokens)
        return total_nll / n_seen

    def _validation_nll(self) -> float:
        total_nll = 0.0
        for batch in ahead(self._data.valid.ordered_batches(self._cutting)):
            total_nll += int(batch.weights.sum()) * self._network.validate(batch)
        return total_nll / self._data.valid.n_targets


def _is_over(history: Sequence[EpochResult], settings: FitSettings) -> bool:
    if not history:
        return False
    is_late = 0 < settings.max_minutes * 60 < history[-1].elapsed_seconds
    return len(history) >= settings.epochs or len(history) - best_epoch(history) >= settings.patience or is_late


def _finished_model(snapshot: Snapshot, data: TrainingData, network: NetworkSettings, settings: FitSettings) -> TrainedModel:
    """Put the best weights into a network of plain Keras layers."""
    plain = build_network(network, data.vocabulary, data.n_conditions, settings.seed, sight=data.sight)
    plain.set_weights(list(snapshot.best))
    best, history = snapshot.history[snapshot.best_epoch - 1], snapshot.history
    return TrainedModel.of_network(
        plain,
        data.vocabulary,
        settings={"network": asdict(network), "fit": asdict(settings)},
        data_hash=data.hash,
        metrics={
            "train_nll": best.train_nll,
            "valid_nll": best.valid_nll,
            "best_epoch": float(best.epoch),
            "epochs": float(len(history)),
            "tokens_per_second": sum(result.tokens_per_second for result in history) / len(history),
            "train_minutes": history[-1].elapsed_seconds / 60,
        },
    )


def _tell(listeners: Iterable[Listener], result: EpochResult) -> None:
    for listener in listeners:
        listener(result)
