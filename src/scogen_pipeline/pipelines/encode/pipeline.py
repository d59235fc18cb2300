"""The encode pipeline: note tables -> token ids."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node, pipeline

from .nodes import build_vocabulary, encode_pieces


def create_pipeline() -> Pipeline:
    """Return the pipeline; its result is `encoded_pieces` and `vocabulary`."""
    return pipeline(
        [
            node(build_vocabulary, None, "vocabulary", name="build_vocabulary"),
            node(
                encode_pieces,
                ["midi_tables", "piece_facts", "splits", "vocabulary"],
                ["encoded_pieces", "unencoded_pieces"],
                name="encode_pieces",
            ),
        ]
    )
