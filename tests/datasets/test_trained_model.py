"""A model's folder is whole or absent, and the model that comes with scogen is safe."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from kedro.io import DatasetError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from scogen_pipeline.datasets.trained_model import TrainedModelDataset
from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.model.network import build_network
from scogen_pipeline.model.settings import NetworkSettings
from scogen_pipeline.tokens.vocabulary import Vocabulary

VOCABULARY = Vocabulary(("<end>", "<pad>", "<start>", "c", "d"))


@pytest.fixture(scope="module")
def model() -> TrainedModel:
    network = build_network(NetworkSettings(4, 2, 4, 1), VOCABULARY, 1)
    return TrainedModel.of_network(
        network, VOCABULARY, settings={"fit": {"epochs": 2}}, data_hash="abc", metrics={"valid_nll": 1.5}
    )


def test_what_was_saved_is_loaded(model: TrainedModel, tmp_path: Path):
    dataset = TrainedModelDataset(filepath=str(tmp_path / "models" / "mine"))
    assert not dataset.exists()
    dataset.save(model)
    assert dataset.exists()
    assert dataset.load() == model
    assert sorted(file.name for file in (tmp_path / "models" / "mine").iterdir()) == [
        "model.json",
        "network.keras",
        "vocabulary.json",
    ]
    assert [folder.name for folder in (tmp_path / "models").iterdir()] == ["mine"]


def test_saving_again_replaces_the_model_and_keeps_its_card(model: TrainedModel, tmp_path: Path):
    dataset = TrainedModelDataset(filepath=str(tmp_path / "mine"))
    dataset.save(model)
    (tmp_path / "mine" / "README.md").write_text("card")
    dataset.save(replace(model, data_hash="new"))
    assert dataset.load().data_hash == "new"
    assert (tmp_path / "mine" / "README.md").read_text() == "card"


def test_a_save_killed_between_its_two_moves_loses_nothing(model: TrainedModel, tmp_path: Path):
    dataset = TrainedModelDataset(filepath=str(tmp_path / "mine"))
    dataset.save(model)
    (tmp_path / "mine").rename(tmp_path / ".mine.former")
    (tmp_path / ".mine.unfinished").mkdir()
    assert dataset.exists()
    assert dataset.load() == model
    dataset.save(replace(model, data_hash="new"))
    assert dataset.load().data_hash == "new"


def test_the_pretrained_model_is_replaced_only_on_demand(model: TrainedModel, tmp_path: Path):
    with pytest.raises(DatasetError, match="Choose another name with `--params model=NAME`"):
        TrainedModelDataset(filepath=str(tmp_path / "pretrained")).save(model)
    allowed = TrainedModelDataset(filepath=str(tmp_path / "pretrained"), overwrite_pretrained=True)
    allowed.save(model)
    assert allowed.load() == model


def test_a_swapped_vocabulary_is_refused_with_advice(model: TrainedModel, tmp_path: Path):
    dataset = TrainedModelDataset(filepath=str(tmp_path / "mine"))
    dataset.save(model)
    (tmp_path / "mine" / "vocabulary.json").write_text(Vocabulary(VOCABULARY.tokens[::-1]).to_json())
    with pytest.raises(DatasetError, match="must be the one that the model was trained on"):
        dataset.load()


def test_a_missing_model_is_an_error_that_names_those_there_are(model: TrainedModel, tmp_path: Path):
    with pytest.raises(DatasetError, match="where there is none yet"):
        TrainedModelDataset(filepath=str(tmp_path / "mine")).load()
    TrainedModelDataset(filepath=str(tmp_path / "mine")).save(model)
    (tmp_path / ".other.unfinished").mkdir()
    (tmp_path / ".other.unfinished" / "model.json").write_text(json.dumps({}))
    with pytest.raises(DatasetError, match=r"`model` must be one of mine, received `mime`\. Did you mean `mine`\?"):
        TrainedModelDataset(filepath=str(tmp_path / "mime")).load()
