"""Relations: what is learned of one interval holds for all pitches, in Keras and in the NumPy program alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scogen_pipeline.analysis.chords import Chord
from scogen_pipeline.errors import DataError
from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.model.fitting import TrainingData, fit_model
from scogen_pipeline.model.intervals import interval_relations
from scogen_pipeline.model.network import build_network
from scogen_pipeline.model.relation import Relation, source_and_first
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.model.sight import Sight
from scogen_pipeline.tokens.alphabet import CHORDS, LOW_PITCH
from scogen_pipeline.tokens.view import DENSE_SIZE, FEATURE_SIZES, FEATURES
from scogen_pipeline.tokens.vocabulary import Vocabulary, fit_vocabulary
from scogen_pipeline.tokens.windows import Examples

TINY = NetworkSettings(embedding_size=8, condition_size=4, lstm_units=12, dropout=0.0, dense_size=3, relations=True)
FIT = FitSettings(epochs=6, batch_size=8, window_length=16, learning_rate=0.01, patience=6)
#: Tokens that stand in relations: the pitches 0 to 11 of a small world.
FIRST, N = 20, 12


def ladder(vocabulary: Vocabulary, source: int | str = 0) -> Relation:
    """Relate N tokens to N values by their distance."""
    numbers = np.zeros((N + 1, vocabulary.size), np.int32)
    numbers[1:, FIRST : FIRST + N] = N + np.arange(N)[None, :] - np.arange(N)[:, None]
    return Relation(source, numbers)  # type: ignore[arg-type]


def same(vocabulary: Vocabulary) -> Relation:
    """Relate each of N tokens to the highest value that is the same."""
    numbers = np.zeros((N + 1, vocabulary.size), np.int32)
    numbers[1:, FIRST : FIRST + N] = np.eye(N, dtype=np.int32)
    return Relation("highest", numbers)


def sight_of(vocabulary: Vocabulary) -> Sight:
    return Sight((N + 1,), N, relations=(ladder(vocabulary), ladder(vocabulary, "lowest"), same(vocabulary)))


def steps_up(vocabulary: Vocabulary, starts: range) -> Examples:
    """Two tokens: a pitch that is seen as a feature, and the next one above."""
    ids, features, dense = [], [], []
    for start in starts:
        ids.append(np.array([vocabulary.start_id, FIRST + start + 1], np.int32))
        features.append(np.array([[start + 1]], np.int32))
        dense.append(np.zeros((1, N), np.uint8))
    return Examples(tuple(ids), np.zeros((len(ids), 0), np.int32), tuple(features), tuple(dense))


def shaken_model(vocabulary: Vocabulary, settings: NetworkSettings) -> TrainedModel:
    """A network whose every weight matters."""
    network = build_network(settings, vocabulary, 0, sight=sight_of(vocabulary))
    random = np.random.default_rng(0)
    for variable in network.trainable_variables:
        variable.assign(random.normal(0, 0.5, variable.shape).astype(np.float32))
    return TrainedModel.of_network(network, vocabulary, settings={"network": {}, "fit": {}}, data_hash="", metrics={})


@pytest.mark.parametrize("n_rows", [3, 8])  # few and many are added up in different ways
@pytest.mark.parametrize("changes", [{}, {"n_softmaxes": 2}, {"skip_connections": True, "tie_weights": True}])
def test_the_numpy_program_scores_relations_as_keras_does(changes: dict[str, object], n_rows: int):
    vocabulary = fit_vocabulary()
    model = shaken_model(vocabulary, replace(TINY, **changes))  # type: ignore[arg-type]
    random = np.random.default_rng(1)
    tokens = random.integers(0, vocabulary.size, (n_rows, 9)).astype(np.int32)
    features = random.integers(0, N + 1, (n_rows, 9, 1)).astype(np.int32)
    dense = (random.random((n_rows, 9, N)) < 0.1).astype(np.float32)  # sometimes nothing is on
    assert not dense.any(axis=-1).all()
    expected = np.asarray(model.keras_model()({"tokens": tokens, "features": features, "dense": dense}))
    stepper = model.stepper()
    state = stepper.start(np.zeros((n_rows, 0), np.int32))
    for step in range(9):
        logits, state = stepper.step(tokens[:, step], state, features[:, step], dense[:, step])
        np.testing.assert_allclose(logits, expected[:, step], atol=1e-3)


def test_a_step_learned_at_some_pitches_is_known_at_all():
    vocabulary = fit_vocabulary()
    data = TrainingData(
        steps_up(vocabulary, range(0, 11, 2)), steps_up(vocabulary, range(1, 11, 2)), vocabulary, sight_of(vocabulary)
    )
    fit = replace(FIT, epochs=60, patience=60)
    nlls = [fit_model(data, replace(TINY, relations=flag), fit)[1][-1].valid_nll for flag in (True, False)]
    assert nlls[0] < nlls[1] - 1


def test_relations_begin_with_no_say_and_can_be_given_to_a_trained_network():
    vocabulary = fit_vocabulary()
    examples = steps_up(vocabulary, range(10))
    data = TrainingData(examples, examples, vocabulary, sight_of(vocabulary))
    plain, _ = fit_model(data, replace(TINY, relations=False), FIT)
    still = replace(FIT, epochs=1, learning_rate=1e-7)
    related, _ = fit_model(data, TINY, still, start=plain)
    assert related.settings["network"]["relations"]
    fed = {"tokens": np.full((1, 1), 2), "features": np.full((1, 1, 1), 3), "dense": np.zeros((1, 1, N))}
    first, second = (np.asarray(model.keras_model()(fed)) for model in (plain, related))
    np.testing.assert_allclose(first, second, atol=1e-4)
    # One that has relations keeps them.
    again, _ = fit_model(data, replace(TINY, relations=False), still, start=related)
    assert again.settings["network"]["relations"]
    other = TrainingData(examples, examples, vocabulary, Sight((N + 1,), N))
    with pytest.raises(DataError, match="start_from"):
        fit_model(other, TINY, still, start=related)


def test_relations_that_fit_nothing_are_refused(vocabulary: Vocabulary):
    with pytest.raises(DataError, match="relate some"):
        Relation(0, np.zeros((2, 5), np.int32))
    relation = Relation(0, np.ones((3, 5), np.int32))
    for sizes in ((), (4,)):
        with pytest.raises(DataError, match="values of 0, received 3"):
            Sight(sizes, relations=(relation,))
    with pytest.raises(DataError, match="the 3 values of lowest, received 4"):
        Sight((), 2, relations=(Relation("lowest", np.ones((4, 5), np.int32)),))
    assert Sight((3,)).hash != Sight((3,), relations=(relation,)).hash


def test_a_pitch_stands_to_the_note_before_the_root_and_the_outer_parts_as_a_musician_would_say():
    vocabulary = fit_vocabulary()
    relations = {relation.source: relation.numbers for relation in interval_relations(vocabulary)}
    names = list(FEATURES)
    last, chord = (relations[names.index(name)] for name in ("last_pitch", "chord"))
    assert len(last) == FEATURE_SIZES[names.index("last_pitch")]
    assert len(relations["lowest"]) == DENSE_SIZE + 1

    def interval(table: np.ndarray, before: int, pitch: int) -> int:
        return int(table[before - LOW_PITCH + 1, vocabulary.id_of(f"pitch={pitch}")])

    assert interval(last, 60, 62) == interval(last, 71, 73) != interval(last, 62, 60)
    # Beyond two octaves only the direction counts.
    assert interval(last, 40, 65) == interval(last, 40, 80) != interval(last, 80, 40)
    assert not last[0].any()
    assert not last[:, vocabulary.id_of("part=0")].any()
    third_of_c, third_of_g = (
        chord[1 + CHORDS.index(Chord(root, "major")), vocabulary.id_of(f"pitch={pitch}")] for root, pitch in ((0, 64), (7, 59))
    )
    assert third_of_c == third_of_g
    assert not chord[0].any()
    assert not chord[1 + CHORDS.index(None)].any()


def test_the_name_of_a_table_tells_its_source():
    assert source_and_first("relation_table_12_400") == (12, 400)
    assert source_and_first("relation_table_highest_7") == ("highest", 7)


def test_a_vocabulary_without_pitches_has_no_intervals(vocabulary: Vocabulary):
    assert interval_relations(vocabulary) == ()
