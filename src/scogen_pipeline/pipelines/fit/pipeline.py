"""The fit pipeline: token ids -> trained model."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node, pipeline

from .nodes import describe_training, gather_training_data, train_model


def create_pipeline() -> Pipeline:
    """Return the pipeline; its result is `trained_model` and `training_history`."""
    return pipeline(
        [
            node(
                gather_training_data,
                ["viewed_pieces", "vocabulary", "params:fit"],
                "training_data",
                name="gather_training_data",
            ),
            node(
                train_model,
                ["training_data", "starting_model", "params:network", "params:fit", "training_checkpoint", "epoch_log"],
                ["trained_model", "training_history"],
                name="train_model",
            ),
            node(describe_training, "trained_model", "training_tags", name="describe_training"),
        ]
    )
