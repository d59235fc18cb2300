"""The adopt pipeline: a version of the registry -> the model that `generate` uses."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node, pipeline

from .nodes import adopt_version


def create_pipeline() -> Pipeline:
    """Return the pipeline; its result is `champion`."""
    return pipeline([node(adopt_version, "candidate_model", "champion", name="adopt_version")])
