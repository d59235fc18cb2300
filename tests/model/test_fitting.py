"""Training: it learns, stops in time, and is the same whether it was interrupted or not."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest

from scogen_pipeline.errors import DataError
from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.model.fitting import TrainingData, fit_model
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.model.snapshot import EpochResult, Snapshot
from scogen_pipeline.model.stored_network import stored_weights
from scogen_pipeline.model.trainable import TrainableNetwork
from scogen_pipeline.tokens.vocabulary import Vocabulary
from scogen_pipeline.tokens.windows import Examples

TINY = NetworkSettings(embedding_size=8, condition_size=4, lstm_units=12, n_layers=1, dropout=0.1)
SETTINGS = FitSettings(epochs=5, batch_size=4, window_length=8, learning_rate=0.01, condition_dropout=0.2, seed=3)


class BytesCheckpoint:
    """Keeps bytes, as a file would."""

    content = b""

    def read(self) -> Snapshot | None:
        return Snapshot.from_bytes(self.content) if self.content else None

    def write(self, snapshot: Snapshot) -> None:
        self.content = snapshot.to_bytes()


class PowerCutError(Exception):
    """Raised in the middle of training."""


def assert_same_weights(one: TrainedModel, other: TrainedModel) -> None:
    first, second = stored_weights(one.network), stored_weights(other.network)
    assert first.keys() == second.keys()
    assert all(np.array_equal(a, b) for name in first for a, b in zip(first[name], second[name], strict=True))


@pytest.fixture(scope="module")
def finished() -> BytesCheckpoint:
    return BytesCheckpoint()


@pytest.fixture(scope="module")
def undisturbed(data: TrainingData, finished: BytesCheckpoint) -> tuple[TrainedModel, tuple[EpochResult, ...]]:
    return fit_model(data, TINY, SETTINGS, checkpoint=finished)


def test_a_run_cut_twice_ends_with_the_weights_of_an_undisturbed_one(data: TrainingData, undisturbed):
    checkpoint, heard = BytesCheckpoint(), []

    def cut_after(epoch: int):
        def listener(result: EpochResult) -> None:
            if result.epoch == epoch:
                raise PowerCutError

        return listener

    for epoch in (1, 3):
        with pytest.raises(PowerCutError):
            fit_model(data, TINY, SETTINGS, checkpoint=checkpoint, listeners=[cut_after(epoch)])
    model, history = fit_model(data, TINY, SETTINGS, checkpoint=checkpoint, listeners=[heard.append])
    assert_same_weights(model, undisturbed[0])
    assert [result.valid_nll for result in history] == [result.valid_nll for result in undisturbed[1]]
    assert heard == list(history)


def test_a_finished_run_is_not_run_again_whatever_it_is_called(data: TrainingData, finished: BytesCheckpoint, undisturbed):
    again, history = fit_model(data, TINY, replace(SETTINGS, label="again"), checkpoint=finished)
    assert history == undisturbed[1]
    assert_same_weights(again, undisturbed[0])


def test_a_checkpoint_of_other_settings_is_not_taken_up(data: TrainingData, finished: BytesCheckpoint, undisturbed, caplog):
    copy = BytesCheckpoint()
    copy.content = finished.content
    with caplog.at_level(logging.INFO):
        _, history = fit_model(data, TINY, replace(SETTINGS, epochs=1), checkpoint=copy)
    assert "training starts anew" in caplog.text
    assert len(history) == 1


def test_training_learns_which_tune_the_condition_asks_for(data: TrainingData, vocabulary: Vocabulary):
    network = NetworkSettings(embedding_size=16, condition_size=8, lstm_units=32, n_layers=1, dropout=0.0)
    settings = FitSettings(epochs=40, batch_size=8, window_length=32, learning_rate=0.02, patience=40, condition_dropout=0.0)
    model, history = fit_model(data, network, settings)
    assert model.metrics["valid_nll"] < 0.35 < history[0].valid_nll
    stepper = model.stepper()
    for genre, tune in {"genre=up": "cdefg", "genre=down": "gfedc"}.items():
        state, token, heard = stepper.start(vocabulary.ids_of([genre, "mode=x"])[None]), vocabulary.start_id, ""
        for _ in range(7):
            logits, state = stepper.step(np.array([token]), state)
            token = int(logits[0].argmax())
            heard += vocabulary.tokens[token]
        assert heard == (tune * 2)[:7]


def test_the_reported_nll_is_that_of_the_saved_model(data: TrainingData, undisturbed):
    model, history = undisturbed
    # Windows that hold a whole piece: only then does the network start where the stepper starts.
    whole = fit_model(data, TINY, replace(SETTINGS, window_length=64, epochs=1))[0]
    scores = whole.stepper().log_probabilities(data.valid.ids, data.valid.conditions)
    assert -np.concatenate(scores).mean() == pytest.approx(whole.metrics["valid_nll"], abs=1e-4)
    assert model.metrics["valid_nll"] == min(result.valid_nll for result in history)


def test_training_stops_when_validation_no_longer_improves_and_keeps_the_best(data: TrainingData, vocabulary: Vocabulary):
    backwards = Examples(tuple(ids[::-1].copy() for ids in data.valid.ids), data.valid.conditions)
    contrary = TrainingData(data.train, backwards, vocabulary)
    settings = replace(SETTINGS, epochs=60, learning_rate=0.02, patience=2)
    model, history = fit_model(contrary, TINY, settings)
    assert len(history) < 60
    assert model.metrics["best_epoch"] == len(history) - 2
    assert model.metrics["valid_nll"] == min(result.valid_nll for result in history)


def test_training_stops_after_the_epoch_that_exceeds_the_time(data: TrainingData):
    _, history = fit_model(data, TINY, replace(SETTINGS, max_minutes=1e-6))
    assert len(history) == 1


def test_without_validation_pieces_the_training_nll_decides(data: TrainingData, vocabulary: Vocabulary, caplog):
    nothing = Examples((), np.zeros((0, 2), np.int32))
    _, history = fit_model(TrainingData(data.train, nothing, vocabulary), TINY, replace(SETTINGS, epochs=1))
    assert history[0].valid_nll == history[0].train_nll
    assert "No piece is held out" in caplog.text


def test_nothing_to_learn_from_is_an_error(vocabulary: Vocabulary):
    nothing = Examples((), np.zeros((0, 2), np.int32))
    with pytest.raises(DataError, match="must hold pieces of the split `train`"):
        TrainingData(nothing, nothing, vocabulary)


def test_a_host_that_is_not_the_chief_trains_and_writes_nothing(data: TrainingData, undisturbed, monkeypatch):
    monkeypatch.setattr(TrainableNetwork, "is_chief", False)
    checkpoint, heard = BytesCheckpoint(), []
    model, _ = fit_model(data, TINY, SETTINGS, checkpoint=checkpoint, listeners=[heard.append])
    assert_same_weights(model, undisturbed[0])
    assert not checkpoint.content
    assert not heard


def test_training_can_go_on_from_a_model(data: TrainingData, undisturbed):
    start, history = undisturbed
    slow = replace(SETTINGS, epochs=1, learning_rate=1e-5, seed=8)
    _, anew = fit_model(data, TINY, slow)
    # The size is that of the model, whatever is asked for.
    model, further = fit_model(data, replace(TINY, lstm_units=20), slow, start=start)
    assert further[0].valid_nll < anew[0].valid_nll - 0.1
    assert further[0].valid_nll == pytest.approx(min(result.valid_nll for result in history), abs=0.02)
    assert model.settings["network"]["lstm_units"] == TINY.lstm_units


def test_a_checkpoint_of_another_start_is_not_taken_up(data: TrainingData, undisturbed, caplog):
    checkpoint, once = BytesCheckpoint(), replace(SETTINGS, epochs=1)
    fit_model(data, TINY, once, checkpoint=checkpoint)
    with caplog.at_level(logging.INFO):
        fit_model(data, TINY, once, checkpoint=checkpoint, start=undisturbed[0])
    assert "starts anew" in caplog.text


def test_a_model_that_sees_something_else_is_no_start(data: TrainingData, undisturbed):
    start, _ = undisturbed
    wider = replace(start, settings={**start.settings, "network": {**start.settings["network"], "lstm_units": 13}})
    with pytest.raises(DataError, match="start_from"):
        fit_model(data, TINY, SETTINGS, start=wider)
