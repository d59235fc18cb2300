"""A fake alphabet whose tunes are known: conditions choose the tune."""

from __future__ import annotations

import os

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.model.fitting import TrainingData
from scogen_pipeline.model.network import build_network
from scogen_pipeline.model.settings import NetworkSettings
from scogen_pipeline.tokens.vocabulary import Vocabulary
from scogen_pipeline.tokens.windows import Examples

TINY = NetworkSettings(embedding_size=8, condition_size=4, lstm_units=12, n_layers=2, dropout=0.1)
TUNES = {"genre=up": "cdefg", "genre=down": "gfedc"}


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return Vocabulary(("<end>", "<pad>", "<start>", *"cdefg", *TUNES, "mode=x"))


def tunes(vocabulary: Vocabulary, n_pieces: int) -> Examples:
    names = [list(TUNES)[index % 2] for index in range(n_pieces)]
    ids = tuple(
        vocabulary.ids_of(["<start>", *(TUNES[name] * (2 + index // 2 % 4)), "<end>"]) for index, name in enumerate(names)
    )
    return Examples(ids, np.array([vocabulary.ids_of([name, "mode=x"]) for name in names], np.int32))


@pytest.fixture(scope="session")
def data(vocabulary: Vocabulary) -> TrainingData:
    return TrainingData(tunes(vocabulary, 24), tunes(vocabulary, 6), vocabulary)


@pytest.fixture(scope="session")
def model(vocabulary: Vocabulary) -> TrainedModel:
    """An untrained model with weights large enough for every gate to matter."""
    network = build_network(TINY, vocabulary, 2, seed=5)
    random = np.random.default_rng(0)
    network.set_weights([random.normal(0, 0.7, weight.shape).astype(np.float32) for weight in network.get_weights()])
    return TrainedModel.of_network(
        network, vocabulary, settings={"network": {}, "fit": {}}, data_hash="d", metrics={"valid_nll": 1.0}
    )
