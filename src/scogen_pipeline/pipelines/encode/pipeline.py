"""The encode pipeline: note tables -> token ids."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node, pipeline

from .nodes import build_vocabulary, encode_parts, gather_pieces, select_columns


def create_pipeline() -> Pipeline:
    """Return the pipeline; its results are `viewed_pieces`, `encoded_pieces` and `vocabulary`."""
    return pipeline(
        [
            node(build_vocabulary, None, "vocabulary", name="build_vocabulary"),
            node(
                encode_parts,
                ["midi_tables", "piece_facts", "vocabulary", "encoded_parts", "workers"],
                "encoded_tables",
                name="encode_parts",
            ),
            node(gather_pieces, ["encoded_tables", "splits"], ["viewed_pieces", "unencoded_pieces"], name="gather_pieces"),
            node(select_columns, "viewed_pieces", "encoded_pieces", name="select_columns"),
        ]
    )
