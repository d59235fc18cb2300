"""Nodes of the reference pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from scogen_pipeline.choosing.ear import ear_table
from scogen_pipeline.choosing.reference import measure_custom
from scogen_pipeline.choosing.settings import CustomSettings
from scogen_pipeline.choosing.training_ear import learn_genres
from scogen_pipeline.metrics.originality.comparing import OriginalityIndex
from scogen_pipeline.metrics.originality.index_table import index_of, known_pieces
from scogen_pipeline.model.bundle import TrainedModel


def index_training_set(encoded_pieces: pd.DataFrame, trained_model: TrainedModel, custom: CustomSettings) -> Any:
    """Hash the lines of the pieces that are trained on; a stream of Arrow batches."""
    trained = (row for row in _rows(encoded_pieces) if row["split"] == "train")
    return index_of(known_pieces(trained, trained_model.vocabulary), custom.index_every)


def measure_usual_figures(
    encoded_pieces: pd.DataFrame, trained_model: TrainedModel, originality_index: pd.DataFrame, custom: CustomSettings
) -> Any:
    """Measure how the figures of real pieces are distributed; an Arrow table."""
    index = OriginalityIndex(originality_index)
    return measure_custom(_rows(encoded_pieces), trained_model.stepper(), index, custom.pieces_per_genre)


def train_ear(encoded_pieces: pd.DataFrame, trained_model: TrainedModel, custom: CustomSettings) -> Any:
    """Learn by what the model's pieces can be told from those it was trained on; an Arrow table."""
    if not custom.ear_pieces:
        return ear_table([])
    return ear_table(learn_genres(encoded_pieces, trained_model.stepper(), custom.ear_pieces))


def _rows(encoded_pieces: pd.DataFrame) -> Iterator[Mapping[str, Any]]:
    """Yield pieces one by one."""
    columns = ["path", "split", "genre", "title", "conditions", "ids"]
    for values in encoded_pieces[columns].itertuples(index=False, name=None):
        yield dict(zip(columns, values, strict=True))
