"""The reference pipeline: encoded pieces and their model -> an index of the training set, what is usual, and an ear."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node, pipeline

from .nodes import index_training_set, measure_usual_figures, train_ear


def create_pipeline() -> Pipeline:
    """Return the pipeline; its results are `originality_index`, `usual_figures` and `ear`."""
    return pipeline(
        [
            node(
                index_training_set,
                ["encoded_pieces", "trained_model", "params:custom"],
                "originality_index",
                name="index_training_set",
            ),
            node(
                measure_usual_figures,
                ["encoded_pieces", "trained_model", "originality_index", "params:custom"],
                "usual_figures",
                name="measure_usual_figures",
            ),
            node(train_ear, ["encoded_pieces", "trained_model", "params:custom"], "ear", name="train_ear"),
        ]
    )
