"""The network: what it computes and whom it answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scogen_pipeline.errors import VocabularyError
from scogen_pipeline.model.network import build_network, check_vocabulary, network_name
from scogen_pipeline.model.settings import NetworkSettings
from scogen_pipeline.tokens.vocabulary import Vocabulary

SMALL = NetworkSettings(embedding_size=8, condition_size=4, lstm_units=12, n_layers=2, dropout=0.1)


def logits(network, tokens: list[list[int]], conditions: list[list[int]]) -> np.ndarray:
    return np.asarray(network({"tokens": np.array(tokens, np.int32), "conditions": np.array(conditions, np.int32)}))


def test_logits_depend_on_the_past_and_the_conditions_but_not_on_the_future(vocabulary: Vocabulary):
    network = build_network(SMALL, vocabulary, 2, seed=1)
    base = logits(network, [[2, 3, 4, 5]], [[8, 10]])
    assert base.shape == (1, 4, vocabulary.size)
    assert np.array_equal(logits(network, [[2, 3, 4, 7]], [[8, 10]])[:, :3], base[:, :3])
    assert not np.allclose(logits(network, [[2, 6, 4, 5]], [[8, 10]])[:, 2:], base[:, 2:], atol=1e-7)
    assert not np.allclose(logits(network, [[2, 3, 4, 5]], [[9, 10]])[:, 0], base[:, 0], atol=1e-7)


def test_a_network_follows_from_its_seed_and_from_no_global_state(vocabulary: Vocabulary):
    first, again, other = (build_network(SMALL, vocabulary, 2, seed=seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_the_name_of_a_network_refuses_another_vocabulary(vocabulary: Vocabulary):
    shuffled = Vocabulary(vocabulary.tokens[::-1])
    check_vocabulary(network_name(vocabulary), vocabulary)
    with pytest.raises(VocabularyError, match=f"received {shuffled.hash[:12]}.*kedro run --pipeline train"):
        check_vocabulary(network_name(vocabulary), shuffled)


def test_tied_weights_are_one_table_and_softmaxes_are_mixed_with_shares_of_one(vocabulary: Vocabulary):
    tied = build_network(replace(SMALL, tie_weights=True), vocabulary, 2, seed=1)
    shapes = [tuple(variable.shape) for variable in tied.trainable_variables]
    assert shapes.count((vocabulary.size, SMALL.embedding_size)) == 1
    assert not [shape for shape in shapes if shape[-1] == vocabulary.size]
    mixed = build_network(replace(SMALL, n_softmaxes=3), vocabulary, 2, seed=1)
    probabilities = np.exp(logits(mixed, [[2, 3, 4, 5]], [[8, 10]]))
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, atol=1e-5)
