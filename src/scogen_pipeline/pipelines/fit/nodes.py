"""Nodes of the fit pipeline."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd

from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.model.fitting import Listener, TrainingData, fit_model
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.model.snapshot import Checkpoint
from scogen_pipeline.tokens.vocabulary import Vocabulary
from scogen_pipeline.tokens.windows import Examples


def gather_training_data(encoded_pieces: pd.DataFrame, vocabulary: Vocabulary, fit: FitSettings) -> TrainingData:
    """Take the pieces to learn from and the pieces to stop by; the test split stays unseen."""
    train = Examples.of_split(encoded_pieces, "train", fit.genre_repeats)
    return TrainingData(train, Examples.of_split(encoded_pieces, "valid"), vocabulary)


def train_model(
    training_data: TrainingData,
    network: NetworkSettings,
    fit: FitSettings,
    checkpoint: Checkpoint,
    epoch_log: Listener,
) -> tuple[TrainedModel, pd.DataFrame]:
    """Train a network, or finish a training that was cut short; also return one row an epoch."""
    model, history = fit_model(training_data, network, fit, checkpoint=checkpoint, listeners=[epoch_log])
    return model, pd.DataFrame([asdict(result) for result in history])


def describe_training(trained_model: TrainedModel) -> dict[str, str]:
    """Say what the model was made from, to find and compare runs by."""
    return {
        "data_hash": trained_model.data_hash,
        "vocabulary_hash": trained_model.vocabulary.hash,
        "label": str(trained_model.settings["fit"].get("label", "")),
    }
