"""The promote pipeline: a version of the registry, and validation pieces -> the model that `generate` uses."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node, pipeline

from .nodes import choose_champion


def create_pipeline() -> Pipeline:
    """Return the pipeline; its result is `champion`."""
    return pipeline(
        [
            node(
                choose_champion,
                ["candidate_model", "current_champion", "training_data"],
                ["champion", "promotion_numbers"],
                name="choose_champion",
            )
        ]
    )
