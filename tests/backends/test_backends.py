"""The same model file predicts, generates and trains alike under TensorFlow, JAX and PyTorch: `make test-backends`.

One file, with features, dense values, relations to both, a table of forbidden tokens, skip connections; real token strings.
Tolerances: logits 1e-4; losses 1e-5 of themselves; weights after steps of Adam at 0.001 5e-6, a two hundredth of a step.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.model.network import build_network
from scogen_pipeline.model.relation import Relation
from scogen_pipeline.model.settings import NetworkSettings
from scogen_pipeline.model.sight import Sight
from scogen_pipeline.music.instruments import INSTRUMENTS
from scogen_pipeline.music.key import Key
from scogen_pipeline.music.meter import Meter
from scogen_pipeline.music.piece import Note, Piece, parts_for
from scogen_pipeline.tokens.encoding import encode
from scogen_pipeline.tokens.vocabulary import Vocabulary, fit_vocabulary

TASK = Path(__file__).with_name("backend_task.py")
BACKENDS = ("tensorflow", "jax", "torch")
NETWORK = {
    "embedding_size": 12,
    "condition_size": 6,
    "lstm_units": 16,
    "n_layers": 2,
    "dropout": 0.0,
    "skip_connections": True,
    "relations": True,
}
TRAININGS = {
    "one_step": {"network": NETWORK, "fit": {}, "steps": 1},
    "carried": {"network": NETWORK, "fit": {"carry_state": True}, "steps": 2},
    "averaged": {"network": NETWORK, "fit": {"weight_averaging": 0.9, "weight_decay": 0.01}, "steps": 2},
}
SIGHT_SIZES, DENSE_SIZE = (3, 5), 4


def encoded_tunes(vocabulary: Vocabulary) -> tuple[list[np.ndarray], np.ndarray]:
    """Return ids and conditions of two tunes for violin, of unequal length."""
    parts = parts_for((INSTRUMENTS["violin"],))
    ids, conditions = [], []
    for pitches in ([67, 69, 71, 72, 74, 72, 71, 69], [72, 71, 69, 67] * 4):
        notes = tuple(Note(24 * index, 0, pitch, 24) for index, pitch in enumerate(pitches))
        piece = Piece(parts, notes, (Meter(4, 4),) * (len(pitches) // 4), Key.parse("G"))
        encoded = encode(piece)
        ids.append(vocabulary.ids_of(encoded.tokens))
        conditions.append(vocabulary.ids_of(encoded.conditions))
    return ids, np.array(conditions, np.int32)


@pytest.fixture(scope="session")
def case() -> dict[str, np.ndarray]:
    vocabulary, random = fit_vocabulary(), np.random.default_rng(0)
    strings, conditions = encoded_tunes(vocabulary)
    width = -(-(max(map(len, strings)) - 1) // 2) * 2
    ids = np.full((len(strings), width + 1), vocabulary.pad_id, np.int32)
    for row, string in enumerate(strings):
        ids[row, : len(string)] = string
    allowed = random.random((SIGHT_SIZES[0], vocabulary.size)) < 0.9
    allowed[:, np.unique(ids)] = True
    features = np.stack([random.integers(0, n, (len(ids), width)) for n in SIGHT_SIZES], -1).astype(np.int32)
    return {
        "ids": ids,
        "conditions": conditions,
        "features": features,
        "dense": (random.random((len(ids), width, DENSE_SIZE)) < 0.3).astype(np.float32),
        "allowed": allowed,
        "to_feature": random.integers(0, 7, (SIGHT_SIZES[1], vocabulary.size)).astype(np.int32),
        "to_dense": random.integers(0, 7, (DENSE_SIZE + 1, vocabulary.size)).astype(np.int32),
        "feature_sizes": np.array(SIGHT_SIZES),
        "tokens": np.array(vocabulary.tokens),
        "pad_id": np.array(vocabulary.pad_id),
    }


@pytest.fixture(scope="session")
def model(case: dict[str, np.ndarray]) -> TrainedModel:
    """A model with weights large enough for every gate to matter."""
    relations = (Relation(1, case["to_feature"]), Relation("lowest", case["to_dense"]), Relation("highest", case["to_dense"]))
    sight, vocabulary = Sight(SIGHT_SIZES, DENSE_SIZE, case["allowed"], 0, relations), fit_vocabulary()
    network = build_network(NetworkSettings(**NETWORK), vocabulary, case["conditions"].shape[1], seed=5, sight=sight)
    random = np.random.default_rng(1)
    for variable in network.trainable_variables:
        variable.assign(random.normal(0, 0.5, variable.shape).astype(np.float32))
    return TrainedModel.of_network(network, vocabulary, settings={}, data_hash="d", metrics={})


@pytest.fixture(scope="session")
def results(tmp_path_factory, case: dict[str, np.ndarray], model: TrainedModel) -> dict[str, dict[str, np.ndarray]]:
    folder = tmp_path_factory.mktemp("backends")
    (folder / "network.keras").write_bytes(model.network)
    (folder / "trainings.json").write_text(json.dumps(TRAININGS))
    np.savez(folder / "case.npz", **case)
    for backend in BACKENDS:
        subprocess.run([sys.executable, str(TASK), str(folder)], env={**os.environ, "KERAS_BACKEND": backend}, check=True)
    return {backend: dict(np.load(folder / f"{backend}.npz")) for backend in BACKENDS}


def test_this_process_made_the_file_on_one_of_them():
    assert keras.backend.backend() in BACKENDS


@pytest.mark.parametrize("backend", BACKENDS[1:])
def test_logits_are_the_same(results, backend: str):
    np.testing.assert_allclose(results[backend]["logits"], results["tensorflow"]["logits"], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_stepper_without_any_backend_says_the_same(results, case, model: TrainedModel, backend: str):
    stepper, logits = model.stepper(), []
    state = stepper.start(case["conditions"])
    for step in range(case["features"].shape[1]):
        found, state = stepper.step(case["ids"][:, step], state, case["features"][:, step], case["dense"][:, step])
        logits.append(found)
    np.testing.assert_allclose(np.stack(logits, 1), results[backend]["logits"], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("backend", BACKENDS[1:])
def test_the_same_tokens_are_generated(results, backend: str):
    assert np.array_equal(results[backend]["generated"], results["tensorflow"]["generated"])
    assert len(set(results[backend]["generated"][0].tolist())) > 3


@pytest.mark.parametrize("training", TRAININGS)
@pytest.mark.parametrize("backend", BACKENDS[1:])
def test_steps_of_training_are_the_same(results, backend: str, training: str):
    expected = {name: value for name, value in results["tensorflow"].items() if name.startswith(f"{training}/")}
    assert len(expected) > 10
    for name, value in expected.items():
        tolerance = {"rtol": 1e-5} if name.endswith("losses") else {"rtol": 0, "atol": 5e-6}
        np.testing.assert_allclose(results[backend][name], value, **tolerance, err_msg=name)


@pytest.mark.parametrize("backend", BACKENDS)
def test_carried_state_makes_a_difference_and_training_moves_every_weight(results, model: TrainedModel, backend: str):
    found = results[backend]
    assert abs(found["carried/losses"][1] - found["averaged/losses"][1]) > 1e-3
    before = model.keras_model().get_weights()
    moved = [not np.array_equal(weight, found[f"one_step/weight_{index:02}"]) for index, weight in enumerate(before)]
    # The tables of forbidden tokens and of relations stay.
    assert moved.count(False) == 1 + 3


@pytest.mark.parametrize(("backend", "devices"), [("torch", "all"), ("torch", "cluster"), ("jax", "cluster")])
def test_devices_that_a_backend_does_not_have_are_refused(backend: str, devices: str):
    script = f"from scogen_pipeline.model.runtime import runtime_of_backend; runtime_of_backend({devices!r})"
    environment = {**os.environ, "KERAS_BACKEND": backend}
    failed = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert f"received {devices}. Train with KERAS_BACKEND=tensorflow." in failed.stderr


def test_all_devices_of_jax_train_as_one_does(tmp_path: Path, results, case, model: TrainedModel):
    (tmp_path / "network.keras").write_bytes(model.network)
    trainings = {"carried": {**TRAININGS["carried"], "fit": {"carry_state": True, "devices": "all"}}}
    (tmp_path / "trainings.json").write_text(json.dumps(trainings))
    np.savez(tmp_path / "case.npz", **case)
    environment = {**os.environ, "KERAS_BACKEND": "jax", "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    subprocess.run([sys.executable, str(TASK), str(tmp_path)], env=environment, check=True)
    found = np.load(tmp_path / "jax.npz")
    for name in (name for name in results["jax"] if name.startswith("carried/")):
        np.testing.assert_allclose(found[name], results["jax"][name], rtol=1e-5, atol=5e-6, err_msg=name)
