"""The encode pipeline: note tables -> token ids."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node, pipeline

from .nodes import build_vocabulary, describe_pieces, encode_pieces


def create_pipeline() -> Pipeline:
    """Return the pipeline; its result is `encoded_pieces` and `vocabulary`."""
    return pipeline(
        [
            node(describe_pieces, ["pieces", "labels", "tempos", "key_signatures"], "piece_facts", name="describe_pieces"),
            node(build_vocabulary, None, "vocabulary", name="build_vocabulary"),
            node(
                encode_pieces,
                ["piece_facts", "tracks", "notes", "time_signatures", "vocabulary", "params:encode"],
                ["encoded_pieces", "unencoded_pieces"],
                name="encode_pieces",
            ),
        ]
    )
