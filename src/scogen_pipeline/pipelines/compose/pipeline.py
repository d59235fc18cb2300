"""The compose pipeline: request -> pieces."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node, pipeline

from .nodes import choose_pieces, compose_candidates


def create_pipeline() -> Pipeline:
    """Return the pipeline; its results are `composed_pieces` and `originality_receipts`."""
    return pipeline(
        [
            node(
                compose_candidates,
                ["generation_model", "primer", "known_ear", "params:request", "params:choosing"],
                "candidates",
                name="compose_candidates",
            ),
            node(
                choose_pieces,
                ["candidates", "known_music", "known_figures", "known_ear", "params:request", "params:choosing"],
                ["composed_pieces", "originality_receipts"],
                name="choose_pieces",
            ),
        ]
    )
