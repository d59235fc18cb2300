"""The evaluate pipeline: a trained model -> tables, a figure and MLflow metrics."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node, pipeline

from .nodes import (
    compare_music,
    draw_evaluation_figure,
    draw_held_out_pieces,
    generate_twins,
    measure_language,
    measure_music,
    pair_real_pieces,
    recognise_genre_of_pieces,
    summarise_evaluation,
    tell_real_from_generated,
)

_SETTINGS = "params:evaluation"


def create_pipeline() -> Pipeline:
    """Return the pipeline: likelihood, then real beside generated in measures, to a judge of origin and to a judge of genre."""
    return pipeline(
        [
            node(draw_held_out_pieces, ["encoded_pieces", _SETTINGS], "held_out_pieces", name="draw_held_out_pieces"),
            node(
                measure_language,
                ["encoded_pieces", "held_out_pieces", "vocabulary", "trained_model"],
                ["language_metrics", "language_report"],
                name="measure_language",
            ),
            node(pair_real_pieces, ["encoded_pieces", "splits", "vocabulary", _SETTINGS], "real_pairs", name="pair_real_pieces"),
            node(generate_twins, ["trained_model", "real_pairs", "vocabulary", _SETTINGS], "twins", name="generate_twins"),
            node(
                measure_music,
                ["twins", "real_pairs", "vocabulary", _SETTINGS],
                ["musical_measures", "piece_features"],
                name="measure_music",
            ),
            node(compare_music, ["musical_measures", _SETTINGS], ["musical_metrics", "musical_report"], name="compare_music"),
            node(
                tell_real_from_generated,
                ["piece_features", _SETTINGS],
                ["two_sample_tests", "two_sample_tells", "two_sample_report", "tells_report"],
                name="tell_real_from_generated",
            ),
            node(
                recognise_genre_of_pieces,
                ["piece_features", _SETTINGS],
                ["genre_confusion", "genre_recalls", "genre_report"],
                name="recognise_genre_of_pieces",
            ),
            node(
                draw_evaluation_figure,
                ["musical_measures", "language_metrics"],
                "evaluation_figure",
                name="draw_evaluation_figure",
            ),
            node(
                summarise_evaluation,
                ["language_metrics", "musical_metrics", "two_sample_tests", "genre_recalls"],
                "evaluation_numbers",
                name="summarise_evaluation",
            ),
        ]
    )
