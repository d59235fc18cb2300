"""The compose pipeline: request -> pieces."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node, pipeline

from .nodes import choose_pieces, compose_candidates, gather_critic


def create_pipeline() -> Pipeline:
    """Return the pipeline; its results are `composed_pieces` and `originality_receipts`."""
    return pipeline(
        [
            node(
                gather_critic,
                ["known_music", "known_figures", "known_ear", "params:choosing"],
                "critic",
                name="gather_critic",
            ),
            node(
                compose_candidates,
                ["generation_model", "primer", "critic", "params:request"],
                "candidates",
                name="compose_candidates",
            ),
            node(
                choose_pieces,
                ["candidates", "critic", "params:request"],
                ["composed_pieces", "originality_receipts"],
                name="choose_pieces",
            ),
        ]
    )
