"""Nodes of the evaluate pipeline."""

from __future__ import annotations

from typing import Any

import pandas as pd

from scogen_pipeline.metrics.comparison import (
    EvaluationSettings,
    compared_pieces,
    headline_numbers,
    measure_pieces,
    musical_table,
    tell_apart,
)
from scogen_pipeline.metrics.features import FEATURES
from scogen_pipeline.metrics.figure import draw_evaluation
from scogen_pipeline.metrics.genre_recognition import recall_table, recognise_genres
from scogen_pipeline.metrics.language import held_out, language_table
from scogen_pipeline.metrics.pairing import pair_pieces, pieces_of
from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.music.piece import Piece
from scogen_pipeline.sampling.twins import compose_twins, twin_requests
from scogen_pipeline.tokens.vocabulary import Vocabulary


def draw_held_out_pieces(encoded_pieces: pd.DataFrame, evaluation: EvaluationSettings) -> pd.DataFrame:
    """Choose the held-out pieces whose likelihood is measured."""
    return held_out(encoded_pieces, evaluation.max_held_out, evaluation.evaluation_seed)


def measure_language(
    encoded_pieces: pd.DataFrame, held_out_pieces: pd.DataFrame, vocabulary: Vocabulary, trained_model: TrainedModel
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare the model's likelihood of held-out pieces with trivial floors; once as data, once as a table to read."""
    trained_model.require_vocabulary(vocabulary)
    table = language_table(encoded_pieces, held_out_pieces, trained_model.stepper(), vocabulary)
    return table, table.round(4)


def pair_real_pieces(
    encoded_pieces: pd.DataFrame, splits: pd.DataFrame, vocabulary: Vocabulary, evaluation: EvaluationSettings
) -> pd.DataFrame:
    """Choose held-out pieces of each genre to compare with, and training pieces like them."""
    return pair_pieces(
        encoded_pieces,
        splits,
        vocabulary,
        genres=evaluation.genres_to_compare(encoded_pieces.loc[encoded_pieces["split"] != "train", "genre"]),
        n=evaluation.generated_per_genre,
        n_bars=evaluation.excerpt_bars,
        seed=evaluation.evaluation_seed,
    )


def generate_twins(
    trained_model: TrainedModel, real_pairs: pd.DataFrame, vocabulary: Vocabulary, evaluation: EvaluationSettings
) -> dict[str, Piece]:
    """Compose, for each held-out piece, pieces that are asked for in its terms."""
    most = evaluation.excerpt_bars + evaluation.excerpt_bars // 2
    requests = twin_requests(pieces_of(real_pairs, vocabulary, "real"), most)
    n_each = {str(name): int(n) for name, n in zip(real_pairs["piece"], real_pairs["n_each"], strict=True) if n}
    return compose_twins(requests, trained_model.stepper(), evaluation.evaluation_seed, n_each)


def measure_music(
    twins: dict[str, Piece], real_pairs: pd.DataFrame, vocabulary: Vocabulary, evaluation: EvaluationSettings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure generated and real pieces: the published measures, and the features for the judges."""
    return measure_pieces(compared_pieces(real_pairs, twins, vocabulary, evaluation.excerpt_bars))


def compare_music(musical_measures: pd.DataFrame, evaluation: EvaluationSettings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put generated and real side by side; once as data, once as a table to read."""
    table = musical_table(musical_measures, evaluation.evaluation_seed)
    return table, table.round(4)


def tell_real_from_generated(
    piece_features: pd.DataFrame, evaluation: EvaluationSettings
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Test whether the pieces can be told apart, and by what; both as data and as tables to read."""
    tests, tells = tell_apart(piece_features, evaluation.evaluation_seed)
    return tests, tells, tests.round(4), tells.round(4)


def recognise_genre_of_pieces(
    piece_features: pd.DataFrame, evaluation: EvaluationSettings
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Ask a judge of genres about real and generated pieces: the confusions, and the recalls as data and to read."""
    confusion = recognise_genres(piece_features, list(FEATURES), evaluation.evaluation_seed)
    recalls = recall_table(confusion)
    return confusion, recalls, recalls.round(4)


def draw_evaluation_figure(musical_measures: pd.DataFrame, language_metrics: pd.DataFrame) -> Any:
    """Draw the distributions of both sides as a Matplotlib figure (Kedro resolves hints at every start: no heavy types here)."""
    return draw_evaluation(musical_measures, language_metrics)


def summarise_evaluation(
    language_metrics: pd.DataFrame, musical_metrics: pd.DataFrame, two_sample_tests: pd.DataFrame, genre_recalls: pd.DataFrame
) -> dict[str, dict[str, float]]:
    """Return the headline numbers in the form of MLflow metrics."""
    numbers = headline_numbers(language_metrics, musical_metrics, two_sample_tests, genre_recalls)
    return {name: {"value": value, "step": 0} for name, value in numbers.items()}
