"""The NumPy program computes what Keras computes, and needs neither Keras nor a backend."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scogen_pipeline.errors import DataError, VocabularyError
from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.model.stepping import NumpyStepper
from scogen_pipeline.model.stepping_outputs import log_softmax
from scogen_pipeline.tokens.vocabulary import Vocabulary


@pytest.fixture
def batch(vocabulary: Vocabulary) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    return random.integers(0, vocabulary.size, (3, 51)).astype(np.int32), np.array([[8, 10], [9, 10], [1, 1]], np.int32)


def keras_logits(model: TrainedModel, tokens: np.ndarray, conditions: np.ndarray) -> np.ndarray:
    return np.asarray(model.keras_model()({"tokens": tokens, "conditions": conditions}))


def test_fifty_steps_of_a_batch_give_the_logits_of_keras(model: TrainedModel, batch: tuple[np.ndarray, np.ndarray]):
    tokens, conditions = batch
    expected, stepper = keras_logits(model, tokens[:, :50], conditions), model.stepper()
    state = stepper.start(conditions)
    for position in range(50):
        logits, state = stepper.step(tokens[:, position], state)
        assert logits.dtype == np.float32
        np.testing.assert_allclose(logits, expected[:, position], atol=1e-4)


def test_log_probabilities_of_unequal_sequences_are_those_of_keras(model: TrainedModel, batch: tuple[np.ndarray, np.ndarray]):
    tokens, conditions = batch
    sequences = [tokens[0], tokens[1, :7], tokens[2, :20]]
    expected = log_softmax(keras_logits(model, tokens[:, :50], conditions))
    found = model.stepper().log_probabilities(sequences, conditions)
    for row, sequence in enumerate(sequences):
        positions = np.arange(len(sequence) - 1)
        np.testing.assert_allclose(found[row], expected[row, positions, sequence[1:]], atol=1e-4)


def test_stepping_leaves_the_old_state_alone_so_a_sampler_may_go_back(model: TrainedModel):
    stepper = model.stepper()
    start = stepper.start(np.array([[8, 10], [9, 10]], np.int32))
    first, _ = stepper.step(np.array([2, 2]), start)
    stepper.step(np.array([3, 3]), start)
    again, after = stepper.step(np.array([2, 2]), start)
    assert np.array_equal(first, again)
    swapped, _ = stepper.step(np.array([4, 4]), after.rows([1, 0]))
    straight, _ = stepper.step(np.array([4, 4]), after)
    np.testing.assert_allclose(swapped, straight[::-1], atol=1e-6)
    assert all(len(rows) == 0 for rows in (after.rows([]).request, *after.rows([]).hidden))
    parted, _ = stepper.step(np.array([4, 4]), after.rows([1]).with_rows([after.rows([0])]))
    np.testing.assert_array_equal(parted, swapped)


def test_what_is_no_network_of_this_vocabulary_is_refused(model: TrainedModel, vocabulary: Vocabulary):
    with pytest.raises(VocabularyError):
        NumpyStepper(model.network, Vocabulary(vocabulary.tokens[::-1]))
    with pytest.raises(DataError, match=r"must be a `\.keras` file"):
        NumpyStepper(b"no zip", vocabulary)
    with pytest.raises(DataError, match=r"shape \(batch, 2\)"):
        model.stepper().start(np.zeros((1, 3), np.int32))


def test_stepping_imports_no_keras_and_no_backend(model: TrainedModel, tmp_path: Path):
    (tmp_path / "network.keras").write_bytes(model.network)
    (tmp_path / "vocabulary.json").write_text(model.vocabulary.to_json())
    program = f"""
import sys, numpy as np
from pathlib import Path
from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.tokens.vocabulary import Vocabulary
folder = Path({str(tmp_path)!r})
vocabulary = Vocabulary.from_json((folder / "vocabulary.json").read_text())
stepper = TrainedModel((folder / "network.keras").read_bytes(), vocabulary, {{}}, "", {{}}).stepper()
stepper.step(np.array([2]), stepper.start(np.array([[8, 10]])))
print(sorted({{"keras", "tensorflow", "torch", "jax", "sklearn", "mlflow", "kedro"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
