"""The describe pipeline: note tables and labels -> one row a piece."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node

from scogen_pipeline.pipelines.describe.nodes import describe_pieces, label_pieces


def create_pipeline(**_: object) -> Pipeline:
    """Return the pipeline; its results are `piece_labels` and `piece_facts`."""
    return Pipeline(
        [
            node(label_pieces, ["midi_tables", "label_files", "params:describe"], "piece_labels", name="label_pieces"),
            node(describe_pieces, ["midi_tables", "piece_labels", "params:describe"], "piece_facts", name="describe_pieces"),
        ],
        tags="describe",
    )
