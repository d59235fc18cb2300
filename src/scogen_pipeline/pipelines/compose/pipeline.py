"""The compose pipeline: request -> pieces."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node, pipeline

from .nodes import compose_scores


def create_pipeline() -> Pipeline:
    """Return the pipeline; its result is `composed_pieces`."""
    return pipeline(
        [node(compose_scores, ["generation_model", "primer", "params:request"], "composed_pieces", name="compose_scores")]
    )
