"""The slice from token ids to the model folder, on a hand-made catalog."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.tokens.encoded_file import written

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from scogen_pipeline.datasets.optional_model import OptionalModelDataset
from scogen_pipeline.datasets.trained_model import TrainedModelDataset
from scogen_pipeline.datasets.training_checkpoint import TrainingCheckpointDataset
from scogen_pipeline.model.fitting import fit_model
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.model.snapshot import EpochResult
from scogen_pipeline.model.stored_network import stored_weights
from scogen_pipeline.pipelines.fit import create_pipeline
from scogen_pipeline.tokens.encoded_pieces import SCHEMA, EncodedPieces
from scogen_pipeline.tokens.packing import packed_dense, packed_features
from scogen_pipeline.tokens.view import DENSE_SIZE, FEATURE_SIZES
from scogen_pipeline.tokens.vocabulary import Vocabulary
from scogen_pipeline.tokens.windows import Batch, Cutting, ExampleSource

VOCABULARY = Vocabulary(("<end>", "<pad>", "<start>", *"cdefg"))


def viewed_pieces(path: Path) -> EncodedPieces:
    """Short tunes in three splits, in small row groups."""
    splits = ["train"] * 6 + ["valid"] * 2 + ["test"]
    rows = []
    for number, split in enumerate(splits):
        tokens = ["<start>", *"cdefg" * (1 + number % 3), "<end>"]
        n_targets = len(tokens) - 1
        features = np.arange(n_targets)[:, None] % np.array(FEATURE_SIZES)
        dense = np.arange(n_targets)[:, None] % np.arange(2, 2 + DENSE_SIZE) == 0
        rows.append(
            {
                "piece_id": f"{number:02}",
                "split": split,
                "genre": "",
                "conditions": [3, 4],
                "ids": VOCABULARY.ids_of(tokens),
                "features": packed_features(features.astype(np.uint8)),
                "dense": packed_dense(dense.astype(np.uint8)),
            }
        )
    return written(pd.DataFrame(rows).reindex(columns=SCHEMA.names), path, rows_a_group=2)


def test_token_ids_become_a_model_folder_and_a_history(tmp_path: Path):
    heard: list[EpochResult] = []
    catalog = DataCatalog(
        {
            "viewed_pieces": MemoryDataset(viewed_pieces(tmp_path / "pieces.parquet"), copy_mode="assign"),
            "vocabulary": MemoryDataset(VOCABULARY),
            "starting_model": OptionalModelDataset(folder=str(tmp_path)),
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
    data = gather.func(viewed_pieces(tmp_path / "pieces.parquet"), VOCABULARY, FitSettings())
    assert (data.train.n_targets, data.valid.n_targets) == (2 * (6 + 11 + 16), 6 + 11)


class Recorded:
    """The same batches, from memory."""

    def __init__(self, source: ExampleSource, cutting: Cutting, seed: int, epochs: int) -> None:
        self.n_targets, self.n_conditions, self.hash = source.n_targets, source.n_conditions, source.hash
        self._epochs = [list(source.training_batches(cutting, seed, epoch)) for epoch in range(epochs)]
        self._ordered = list(source.ordered_batches(cutting))

    def training_batches(self, cutting: Cutting, seed: int, epoch: int) -> Iterator[Batch]:
        return iter(self._epochs[epoch])

    def ordered_batches(self, cutting: Cutting) -> Iterator[Batch]:
        return iter(self._ordered)


def test_a_model_trained_from_a_file_is_the_model_trained_on_the_same_batches_from_memory(tmp_path: Path):
    fit, network = FitSettings(epochs=2, batch_size=2, window_length=8, seed=3), NetworkSettings(4, 2, 8, 1, dense_size=4)
    gather = next(node for node in create_pipeline().nodes if node.name == "gather_training_data")
    streamed = gather.func(viewed_pieces(tmp_path / "pieces.parquet"), VOCABULARY, fit)
    cutting = Cutting(8, 2, VOCABULARY.pad_id, fit.condition_dropout)
    train, valid = (Recorded(source, cutting, fit.seed, fit.epochs) for source in (streamed.train, streamed.valid))
    from_file, _ = fit_model(streamed, network, fit)
    from_memory, _ = fit_model(replace(streamed, train=train, valid=valid), network, fit)
    first, second = stored_weights(from_file.network), stored_weights(from_memory.network)
    assert first.keys() == second.keys()
    assert all(np.array_equal(a, b) for name in first for a, b in zip(first[name], second[name], strict=True))
