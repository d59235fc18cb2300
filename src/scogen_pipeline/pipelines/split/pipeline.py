"""The split pipeline: note tables -> the side of each piece."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node

from scogen_pipeline.pipelines.split.nodes import fingerprint_pieces, split_pieces


def create_pipeline(**_: object) -> Pipeline:
    """Return the pipeline; its results are `splits` and `split_report`."""
    return Pipeline(
        [
            node(
                fingerprint_pieces,
                ["midi_tables", "fingerprint_parts", "workers"],
                "fingerprints",
                name="fingerprint_pieces",
            ),
            node(
                split_pieces,
                ["fingerprints", "former_splits", "params:split"],
                ["splits", "split_report"],
                name="split_pieces",
            ),
        ],
        tags="split",
    )
