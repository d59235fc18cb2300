"""A model and its vocabulary stay together."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from scogen_pipeline.errors import VocabularyError
from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.tokens.vocabulary import Vocabulary


def test_a_model_refuses_another_vocabulary_even_if_files_are_swapped(model: TrainedModel):
    with pytest.raises(VocabularyError, match="must be the one that the model was trained on"):
        replace(model, vocabulary=Vocabulary(model.vocabulary.tokens[::-1]))


def test_a_model_refuses_data_of_another_vocabulary(model: TrainedModel):
    model.require_vocabulary(Vocabulary(model.vocabulary.tokens))
    with pytest.raises(VocabularyError):
        model.require_vocabulary(Vocabulary((*model.vocabulary.tokens, "pitch=60")))


def test_the_network_loads_in_safe_mode_without_custom_objects(model: TrainedModel):
    network = model.keras_model()
    assert {type(layer).__module__.partition(".")[0] for layer in network.layers} == {"keras"}
    assert not network.compiled


def test_facts_name_hashes_and_metrics(model: TrainedModel):
    facts = json.loads(model.facts_json())
    assert facts["vocabulary_hash"] == model.vocabulary.hash
    assert facts["metrics"] == {"valid_nll": 1.0}
