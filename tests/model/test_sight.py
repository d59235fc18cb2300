"""Sight: a network that is told more sees it, and one that is told nothing stays what it was."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from scogen_pipeline.errors import DataError, RequestError
from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.model.fitting import TrainingData, fit_model
from scogen_pipeline.model.network import build_network
from scogen_pipeline.model.scoring import log_probabilities, mean_log_probabilities
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.model.sight import Sight, feature_embedding_size
from scogen_pipeline.model.stepping_outputs import log_softmax
from scogen_pipeline.model.trainable import TrainableNetwork
from scogen_pipeline.tokens.vocabulary import Vocabulary
from scogen_pipeline.tokens.windows import Cutting, Examples, RetoldExamples

PRETRAINED = Path(__file__).parents[2] / "data" / "06_models" / "pretrained"
TINY = NetworkSettings(embedding_size=8, condition_size=4, lstm_units=12, n_layers=2, dropout=0.1, dense_size=3)
SETTINGS = FitSettings(epochs=4, batch_size=4, window_length=8, learning_rate=0.01, seed=3, patience=4)
FORBIDDEN = 5


def sight_of(vocabulary: Vocabulary) -> Sight:
    """Three features, of which the second forbids a token when it is 1; two dense values."""
    allowed = np.ones((2, vocabulary.size), bool)
    allowed[1, FORBIDDEN] = False
    return Sight((7, 2, 30), dense_size=2, allowed=allowed, allowed_by=1)


def told(vocabulary: Vocabulary, random: np.random.Generator | None, lengths: tuple[int, ...] = (17, 30, 9, 21, 40)) -> Examples:
    """Pieces whose next token is the first feature; told anew, they are others of the same lengths."""
    random = random or np.random.default_rng(7)
    ids, features, dense = [], [], []
    for length in lengths:
        tune = random.integers(3, 8, length).astype(np.int32)
        ids.append(np.concatenate([[vocabulary.start_id], tune]).astype(np.int32))
        is_forbidden = (tune != FORBIDDEN) & (random.random(length) < 0.5)
        features.append(np.stack([tune - 3, is_forbidden, random.integers(0, 30, length)], axis=1).astype(np.int32))
        dense.append(random.integers(0, 2, (length, 2)).astype(np.uint8))
    return Examples(tuple(ids), np.zeros((len(lengths), 0), np.int32), tuple(features), tuple(dense))


def data_of(vocabulary: Vocabulary) -> TrainingData:
    train = RetoldExamples(lambda random: told(vocabulary, random))
    return TrainingData(train, told(vocabulary, np.random.default_rng(99)), vocabulary, sight_of(vocabulary))


def model_of(vocabulary: Vocabulary, settings: NetworkSettings, n_conditions: int = 0) -> TrainedModel:
    """A network with weights large enough for every gate to matter; its penalties stay."""
    network = build_network(settings, vocabulary, n_conditions, seed=5, sight=sight_of(vocabulary))
    random = np.random.default_rng(0)
    for variable in network.trainable_variables:
        variable.assign(random.normal(0, 0.7, variable.shape).astype(np.float32))
    return TrainedModel.of_network(network, vocabulary, settings={}, data_hash="", metrics={})


def keras_log_probabilities(model: TrainedModel, examples: Examples, piece: int) -> np.ndarray:
    inputs = {"tokens": examples.ids[piece][None, :-1], "conditions": examples.conditions[piece][None]}
    inputs |= {"features": examples.features[piece][None], "dense": examples.dense[piece][None].astype(np.float32)}
    network = model.keras_model()
    return log_softmax(np.asarray(network({name: inputs[name] for name in network.input}))[0])


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="backends draw other numbers from one seed")
def test_a_network_without_sight_is_bit_by_bit_what_it_was_before_there_was_any(vocabulary: Vocabulary):
    weights = build_network(replace(TINY, dense_size=96), vocabulary, 2, seed=1).get_weights()
    # Of the commit before sight.
    digest = hashlib.sha256(b"".join(weight.astype("<f4").tobytes() for weight in weights)).hexdigest()
    assert digest.startswith("e652665394b2e398")


def test_the_pretrained_network_still_gives_the_logits_it_gave():
    vocabulary = Vocabulary.from_json((PRETRAINED / "vocabulary.json").read_text(encoding="utf-8"))
    if vocabulary.hash[:12] != "24c45d8f2925":
        pytest.skip("the numbers below are of an earlier pretrained model")
    model = TrainedModel((PRETRAINED / "network.keras").read_bytes(), vocabulary, {}, "", {})
    ids, withheld = [vocabulary.start_id, 5, 50, 100], np.full((1, 14), vocabulary.pad_id, np.int32)
    stepper = model.stepper()
    state = stepper.start(withheld)
    for token in ids:
        logits, state = stepper.step(np.array([token]), state)
    expected = [0.62777, -7.48178, -6.30069, 0.25030, 1.59106, 1.99840]
    np.testing.assert_allclose(logits[0, :6], expected, atol=1e-4)
    same = model.keras_model()({"tokens": np.array([ids], np.int32), "conditions": withheld})
    np.testing.assert_allclose(np.asarray(same)[0, -1, :6], expected, atol=1e-3)


@pytest.mark.parametrize(
    "changes",
    [{}, {"skip_connections": True}, *({"tie_weights": tie, "n_softmaxes": n} for tie, n in [(True, 1), (True, 3), (False, 3)])],
)
@pytest.mark.parametrize(("n_conditions", "n_layers"), [(0, 2), (2, 3), (0, 1)])
def test_scores_of_whole_pieces_are_those_of_keras_whatever_the_network_sees(
    vocabulary: Vocabulary, changes: dict, n_conditions: int, n_layers: int
):
    model = model_of(vocabulary, replace(TINY, n_layers=n_layers, **changes), n_conditions)
    examples = told(vocabulary, None)
    examples = replace(examples, conditions=np.full((len(examples.ids), n_conditions), 8, np.int32))
    found = log_probabilities(model.stepper(), examples)
    assert [len(scores) for scores in found] == [len(ids) - 1 for ids in examples.ids]
    for piece, ids in enumerate(examples.ids):
        expected = keras_log_probabilities(model, examples, piece)[np.arange(len(ids) - 1), ids[1:]]
        np.testing.assert_allclose(found[piece], expected, atol=1e-4)


@pytest.mark.parametrize("changes", [{}, {"n_softmaxes": 2}])
def test_what_is_forbidden_gets_no_probability_and_the_rest_gets_all(vocabulary: Vocabulary, changes: dict):
    model, examples = model_of(vocabulary, replace(TINY, **changes)), told(vocabulary, None)
    probabilities = np.exp(keras_log_probabilities(model, examples, 1))
    is_forbidden = examples.features[1][:, 1] == 1
    assert np.all(probabilities[is_forbidden, FORBIDDEN] == 0)
    assert np.all(probabilities[~is_forbidden, FORBIDDEN] > 0)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_the_mean_of_networks_is_a_mean_of_probabilities(vocabulary: Vocabulary):
    steppers = [model_of(vocabulary, replace(TINY, skip_connections=skip)).stepper() for skip in (False, True)]
    examples = told(vocabulary, None)
    one, other = (log_probabilities(stepper, examples) for stepper in steppers)
    for piece, scores in enumerate(mean_log_probabilities(steppers, [examples])):
        np.testing.assert_allclose(np.exp(scores), (np.exp(one[piece]) + np.exp(other[piece])) / 2, atol=1e-6)


def test_training_learns_from_features(vocabulary: Vocabulary):
    settings = replace(SETTINGS, epochs=30, learning_rate=0.03, patience=30)
    model, _ = fit_model(data_of(vocabulary), replace(TINY, dropout=0.0), settings)
    assert model.metrics["valid_nll"] < 1.0 < np.log(5)  # five notes of equal probability, but for the feature


@pytest.mark.parametrize(
    "changes",
    [{"carry_state": True}, {"weight_averaging": 0.9}, {"carry_state": True, "weight_averaging": 0.9, "weight_decay": 0.1}],
)
def test_the_reported_nll_is_that_of_the_saved_model_on_whole_pieces(vocabulary: Vocabulary, changes: dict):
    if changes.get("carry_state") and keras.backend.backend() == "jax":
        pytest.skip("JAX carries no state")
    data = data_of(vocabulary)
    settings = replace(SETTINGS, **({"window_length": 64} | changes))
    settings = replace(settings, window_length=8) if settings.carry_state else settings
    model, history = fit_model(data, replace(TINY, variational_dropout=True, skip_connections=True), settings)
    scores = np.concatenate(log_probabilities(model.stepper(), told(vocabulary, np.random.default_rng(99))))
    assert -scores.mean() == pytest.approx(model.metrics["valid_nll"], abs=1e-4)
    assert {type(layer).__module__.partition(".")[0] for layer in model.keras_model().layers} == {"keras"}
    assert len(history) == settings.epochs


def test_a_run_with_all_options_that_was_cut_ends_like_an_undisturbed_one(vocabulary: Vocabulary):
    settings = replace(SETTINGS, carry_state=keras.backend.backend() != "jax", weight_averaging=0.9, weight_decay=0.1)
    network = replace(TINY, variational_dropout=True, skip_connections=True)
    kept = []

    class Memory:
        def read(self):
            return kept[-1] if kept else None

        def write(self, snapshot):
            kept.append(snapshot)

    _, whole = fit_model(data_of(vocabulary), network, settings, checkpoint=Memory())
    best = kept[-1].best
    del kept[2:]  # killed after two epochs
    _, resumed = fit_model(data_of(vocabulary), network, settings, checkpoint=Memory())
    assert [result.valid_nll for result in whole] == [result.valid_nll for result in resumed]
    assert all(np.array_equal(a, b) for a, b in zip(best, kept[-1].best, strict=True))


def test_averaged_weights_are_not_those_of_the_last_step(vocabulary: Vocabulary):
    plain, averaged = (
        fit_model(data_of(vocabulary), TINY, replace(SETTINGS, epochs=1, weight_averaging=share))[0] for share in (0.0, 0.9)
    )
    assert plain.metrics["train_nll"] == averaged.metrics["train_nll"]
    assert plain.metrics["valid_nll"] != averaged.metrics["valid_nll"]


def test_a_sight_that_does_not_fit_is_refused(vocabulary: Vocabulary):
    with pytest.raises(DataError, match="must be positive"):
        Sight((3, 0))
    with pytest.raises(DataError, match="each of the 3 values of feature 0"):
        Sight((3,), allowed=np.ones((2, 5), bool))
    with pytest.raises(DataError, match="each of the 0 values of feature 1"):
        Sight((3,), allowed=np.ones((3, 5), bool), allowed_by=1)
    narrow = Sight((1,), allowed=np.ones((1, 5), bool))
    with pytest.raises(DataError, match=f"each of {vocabulary.size} tokens, received 5"):
        build_network(TINY, vocabulary, 0, sight=narrow)
    stepper = model_of(vocabulary, TINY).stepper()
    with pytest.raises(DataError, match="must have 3 and 2 columns, received 0 and 0"):
        stepper.step(np.array([2]), stepper.start(np.zeros((1, 0), np.int32)))


def test_two_sights_are_the_same_if_their_hashes_are(vocabulary: Vocabulary):
    assert sight_of(vocabulary).hash == sight_of(vocabulary).hash
    assert len({sight.hash for sight in (Sight(), Sight((3,)), Sight((3,), 2), sight_of(vocabulary))}) == 4


def test_an_embedding_grows_with_its_feature_and_not_for_ever():
    assert [feature_embedding_size(n) for n in (2, 16, 90, 10_000)] == [3, 8, 20, 32]


def test_state_is_carried_through_a_piece_and_no_further(vocabulary: Vocabulary):
    examples, fit = told(vocabulary, None), replace(SETTINGS, batch_size=2, carry_state=True)
    if keras.backend.backend() == "jax":
        with pytest.raises(RequestError, match="`carry_state` must be false on JAX"):
            TrainableNetwork(TINY, vocabulary, 0, fit, sight_of(vocabulary))
        return
    network = TrainableNetwork(TINY, vocabulary, 0, fit, sight_of(vocabulary))

    def nll(window_length: int) -> float:
        batches = examples.ordered_batches(Cutting(window_length, 2, vocabulary.pad_id, carries_state=True))
        return sum(float(batch.weights.sum()) * network.validate(batch) for batch in batches)

    assert nll(8) == pytest.approx(nll(64), rel=1e-5)
