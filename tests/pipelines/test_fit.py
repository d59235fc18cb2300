"""The slice from token ids to the model folder, on a hand-made catalog."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from scogen_pipeline.datasets.trained_model import TrainedModelDataset
from scogen_pipeline.datasets.training_checkpoint import TrainingCheckpointDataset
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.model.snapshot import EpochResult
from scogen_pipeline.pipelines.fit import create_pipeline
from scogen_pipeline.tokens.vocabulary import Vocabulary

VOCABULARY = Vocabulary(("<end>", "<pad>", "<start>", *"cdefg"))


def encoded_pieces() -> pd.DataFrame:
    splits = ["train"] * 6 + ["valid"] * 2 + ["test"]
    ids = [VOCABULARY.ids_of(["<start>", *"cdefg" * (1 + index % 3), "<end>"]) for index in range(len(splits))]
    conditions = [np.array([3, 4], np.int32)] * len(splits)
    return pd.DataFrame(
        {"piece_id": [f"{i:02}" for i in range(len(splits))], "split": splits, "conditions": conditions, "ids": ids}
    )


def test_token_ids_become_a_model_folder_and_a_history(tmp_path: Path):
    heard: list[EpochResult] = []
    catalog = DataCatalog(
        {
            "encoded_pieces": MemoryDataset(encoded_pieces()),
            "vocabulary": MemoryDataset(VOCABULARY),
            "params:network": MemoryDataset(NetworkSettings(4, 2, 8, 1)),
            "params:fit": MemoryDataset(FitSettings(epochs=2, batch_size=2, window_length=8, label="trial")),
            "training_checkpoint": TrainingCheckpointDataset(filepath=str(tmp_path / "mine.checkpoint.npz")),
            "epoch_log": MemoryDataset(heard.append, copy_mode="assign"),
            "trained_model": TrainedModelDataset(filepath=str(tmp_path / "mine")),
            "training_data": MemoryDataset(copy_mode="assign"),
            "training_history": MemoryDataset(),
            "training_tags": MemoryDataset(),
        }
    )
    SequentialRunner().run(create_pipeline(), catalog)
    history, tags = catalog["training_history"].load(), catalog["training_tags"].load()
    model = catalog["trained_model"].load()
    assert history["epoch"].tolist() == [1, 2] == [result.epoch for result in heard]
    assert model.metrics["valid_nll"] == history["valid_nll"].min()
    assert tags == {"data_hash": model.data_hash, "vocabulary_hash": VOCABULARY.hash, "label": "trial"}
    assert (tmp_path / "mine.checkpoint.npz").is_file()


def test_the_test_split_is_never_seen(tmp_path: Path):
    gather = next(node for node in create_pipeline().nodes if node.name == "gather_training_data")
    data = gather.func(encoded_pieces(), VOCABULARY, FitSettings())
    assert (len(data.train.ids), len(data.valid.ids)) == (6, 2)
