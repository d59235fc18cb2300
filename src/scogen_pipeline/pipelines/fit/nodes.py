"""Nodes of the fit pipeline."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd

from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.model.fitting import Listener, TrainingData, fit_model
from scogen_pipeline.model.intervals import interval_relations
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.model.sight import Sight
from scogen_pipeline.model.snapshot import Checkpoint
from scogen_pipeline.tokens.encoded_pieces import EncodedPieces
from scogen_pipeline.tokens.streaming import StreamedExamples
from scogen_pipeline.tokens.view import DENSE_SIZE, FEATURE_SIZES
from scogen_pipeline.tokens.vocabulary import Vocabulary


def gather_training_data(viewed_pieces: EncodedPieces, vocabulary: Vocabulary, fit: FitSettings) -> TrainingData:
    """Take the pieces to learn from and the pieces to stop by, as they are read; the test split stays unseen."""
    train = StreamedExamples(viewed_pieces, "train", DENSE_SIZE, fit.genre_repeats)
    valid = StreamedExamples(viewed_pieces, "valid", DENSE_SIZE)
    sight = Sight(FEATURE_SIZES, DENSE_SIZE, relations=interval_relations(vocabulary))
    return TrainingData(train, valid, vocabulary, sight)


def train_model(
    training_data: TrainingData,
    starting_model: TrainedModel | None,
    network: NetworkSettings,
    fit: FitSettings,
    checkpoint: Checkpoint,
    epoch_log: Listener,
) -> tuple[TrainedModel, pd.DataFrame]:
    """Train a network, or finish a training that was cut short; also return one row an epoch."""
    model, history = fit_model(training_data, network, fit, start=starting_model, checkpoint=checkpoint, listeners=[epoch_log])
    return model, pd.DataFrame([asdict(result) for result in history])


def describe_training(trained_model: TrainedModel) -> dict[str, str]:
    """Say what the model was made from, to find and compare runs by."""
    return {
        "data_hash": trained_model.data_hash,
        "vocabulary_hash": trained_model.vocabulary.hash,
        "label": str(trained_model.settings["fit"].get("label", "")),
    }
