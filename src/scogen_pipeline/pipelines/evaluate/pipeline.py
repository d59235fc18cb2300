"""The evaluate pipeline: a trained model -> tables, a figure and MLflow metrics."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node, pipeline

from .nodes import (
    compare_music,
    draw_evaluation_figure,
    draw_held_out_pieces,
    generate_evaluation_pieces,
    measure_language,
    measure_music,
    summarise_evaluation,
)


def create_pipeline() -> Pipeline:
    """Return the pipeline; its results are `language_metrics`, `musical_metrics` and `evaluation_figure`."""
    return pipeline(
        [
            node(draw_held_out_pieces, ["encoded_pieces", "params:evaluation"], "held_out_pieces", name="draw_held_out_pieces"),
            node(
                measure_language,
                ["encoded_pieces", "held_out_pieces", "vocabulary", "trained_model"],
                ["language_metrics", "language_report"],
                name="measure_language",
            ),
            node(
                generate_evaluation_pieces,
                ["trained_model", "held_out_pieces", "params:evaluation"],
                "evaluation_pieces",
                name="generate_evaluation_pieces",
            ),
            node(measure_music, ["evaluation_pieces", "held_out_pieces", "vocabulary"], "musical_measures", name="measure_music"),
            node(compare_music, "musical_measures", ["musical_metrics", "musical_report"], name="compare_music"),
            node(
                draw_evaluation_figure,
                ["musical_measures", "language_metrics"],
                "evaluation_figure",
                name="draw_evaluation_figure",
            ),
            node(
                summarise_evaluation, ["language_metrics", "musical_metrics"], "evaluation_numbers", name="summarise_evaluation"
            ),
        ]
    )
