"""The ablate pipeline: training data and named variants -> a table."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node, pipeline

from .nodes import plan_ablation, report_ablation, train_variants


def create_pipeline() -> Pipeline:
    """Return the pipeline; its result is `ablation_table`."""
    return pipeline(
        [
            node(
                plan_ablation,
                ["params:network", "params:fit", "ablations", "params:ablation"],
                "ablation_plan",
                name="plan_ablation",
            ),
            node(
                train_variants,
                ["training_data", "ablation_plan", "ablation_study", "ablation_log"],
                "ablation_results",
                name="train_variants",
            ),
            node(report_ablation, "ablation_results", ["ablation_table", "ablation_report"], name="report_ablation"),
        ]
    )
