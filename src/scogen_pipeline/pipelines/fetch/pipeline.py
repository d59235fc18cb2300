"""The fetch pipeline: one collection to the folder of raw data."""

from kedro.pipeline import Pipeline, node

from scogen_pipeline.pipelines.fetch.nodes import fetch_source


def create_pipeline(**_: object) -> Pipeline:
    """Fetch one collection."""
    return Pipeline(
        [node(fetch_source, ["public_sources", "raw_sources", "params:fetch"], None, name="fetch_source")],
        tags="fetch",
    )
