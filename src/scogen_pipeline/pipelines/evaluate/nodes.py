"""Nodes of the evaluate pipeline."""

from __future__ import annotations

from typing import Any

import pandas as pd

from scogen_pipeline.metrics.comparison import EvaluationSettings, headline_numbers, measure_table, musical_table
from scogen_pipeline.metrics.figure import draw_evaluation
from scogen_pipeline.metrics.language import held_out, language_table
from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.music.piece import Piece
from scogen_pipeline.sampling.generate import compose_pieces
from scogen_pipeline.sampling.request import Request
from scogen_pipeline.tokens.vocabulary import Vocabulary


def draw_held_out_pieces(encoded_pieces: pd.DataFrame, evaluation: EvaluationSettings) -> pd.DataFrame:
    """Choose the held-out pieces that are read."""
    return held_out(encoded_pieces, evaluation.max_held_out, evaluation.evaluation_seed)


def measure_language(
    encoded_pieces: pd.DataFrame, held_out_pieces: pd.DataFrame, vocabulary: Vocabulary, trained_model: TrainedModel
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare the model's likelihood of held-out pieces with trivial floors; once as data, once as a table to read."""
    trained_model.require_vocabulary(vocabulary)
    table = language_table(encoded_pieces, held_out_pieces, trained_model.stepper(), vocabulary)
    return table, table.round(4)


def generate_evaluation_pieces(
    trained_model: TrainedModel, held_out_pieces: pd.DataFrame, evaluation: EvaluationSettings
) -> dict[str, Piece]:
    """Compose pieces of each genre, in major and minor, of the customary form."""
    stepper = trained_model.stepper()
    pieces: dict[str, Piece] = {}
    for genre in evaluation.genres_to_generate(held_out_pieces["genre"]):
        for key, n in evaluation.keys().items():
            pieces |= compose_pieces(Request(key=key, genre=genre, n=n, seed=evaluation.evaluation_seed), stepper)
    return pieces


def measure_music(evaluation_pieces: dict[str, Piece], held_out_pieces: pd.DataFrame, vocabulary: Vocabulary) -> pd.DataFrame:
    """Measure generated and held-out real pieces."""
    return measure_table(evaluation_pieces, held_out_pieces, vocabulary)


def compare_music(musical_measures: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put generated and real side by side; once as data, once as a table to read."""
    table = musical_table(musical_measures)
    return table, table.round(4)


def draw_evaluation_figure(musical_measures: pd.DataFrame, language_metrics: pd.DataFrame) -> Any:
    """Draw the distributions of both sides as a Matplotlib figure (Kedro resolves hints at every start: no heavy types here)."""
    return draw_evaluation(musical_measures, language_metrics)


def summarise_evaluation(language_metrics: pd.DataFrame, musical_metrics: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return the headline numbers in the form of MLflow metrics."""
    numbers = headline_numbers(language_metrics, musical_metrics)
    return {name: {"value": value, "step": 0} for name, value in numbers.items()}
