"""A network in training: in other precisions, and on devices that are not there."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from scogen_pipeline.errors import DataError, RequestError
from scogen_pipeline.model import trainable
from scogen_pipeline.model.fitting import TrainingData, fit_model
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.model.stored_network import stored_weights
from scogen_pipeline.model.trainable import TrainableNetwork

SMALL = NetworkSettings(embedding_size=8, condition_size=4, lstm_units=12, n_layers=2, dropout=0.0)
FIT = FitSettings(epochs=2, batch_size=4, window_length=16, learning_rate=0.01, condition_dropout=0.0)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("carry_state", [False, True])
def test_mixed_precision_learns_as_float32_does_and_leaves_a_float32_model(data: TrainingData, precision: str, carry_state: bool):
    full, mixed = (
        fit_model(data, SMALL, replace(FIT, precision=name, carry_state=carry_state))[0] for name in ("float32", precision)
    )
    # Three to four digits of a product.
    assert mixed.metrics["valid_nll"] == pytest.approx(full.metrics["valid_nll"], rel=0.01)
    assert mixed.metrics["valid_nll"] != full.metrics["valid_nll"]
    assert all(weight.dtype == np.float32 for weights in stored_weights(mixed.network).values() for weight in weights)
    assert {layer.compute_dtype for layer in mixed.keras_model().layers} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"


def test_rows_that_cannot_be_dealt_out_evenly_are_refused():
    with pytest.raises(RequestError, match=r"`batch_size` must be a multiple of .* 3, received 32\. Try 33\."):
        trainable._require_equal_shares(32, 3)


def test_hosts_that_stand_at_different_steps_do_not_train(data: TrainingData, monkeypatch):
    network = TrainableNetwork(SMALL, data.vocabulary, data.n_conditions, FIT)
    monkeypatch.setattr(network._runtime, "of_chief", lambda value: 5.0)
    with pytest.raises(DataError, match=r"`training_checkpoint` must be the same on every host, received one of step 0.* step 5"):
        network.train(None, 0.01)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "value"), [("precision", "float64"), ("devices", "two"), ("devices", 2)])
def test_devices_and_precision_are_chosen_from_a_list(name: str, value: object):
    with pytest.raises(RequestError, match=f"`{name}` must be one of .*, received {value!r}"):
        FitSettings(**{name: value})
