"""The benchmark pipeline: published data sets -> calibration, a row a test piece and model, and a page."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node, pipeline

from .nodes import (
    calibrate_evaluator,
    collect_results,
    measure_context_model,
    measure_floors,
    measure_networks,
    read_benchmark_sets,
    summarise_benchmark,
    train_benchmark_networks,
)


def create_pipeline() -> Pipeline:
    """Return the pipeline; its results are `benchmark_results`, `benchmark_summary` and `benchmark_report`."""
    return pipeline(
        [
            node(read_benchmark_sets, "benchmark_files", "benchmark_sets", name="read_benchmark_sets"),
            node(calibrate_evaluator, "benchmark_sets", ["benchmark_calibration", "calibrated_sets"], name="calibrate_evaluator"),
            node(measure_floors, "calibrated_sets", "floor_results", name="measure_floors"),
            node(
                measure_context_model,
                ["calibrated_sets", "params:spelling"],
                "context_model_results",
                name="measure_context_model",
            ),
            node(
                train_benchmark_networks,
                [
                    "calibrated_sets",
                    "params:network_choice",
                    "network_recipes",
                    "known_benchmark_networks",
                    "benchmark_checkpoints",
                ],
                "benchmark_networks",
                name="train_benchmark_networks",
            ),
            node(
                measure_networks,
                ["calibrated_sets", "benchmark_networks", "params:network_choice"],
                "network_results",
                name="measure_networks",
            ),
            node(
                collect_results,
                ["floor_results", "context_model_results", "network_results"],
                "benchmark_results",
                name="collect_results",
            ),
            node(
                summarise_benchmark,
                ["benchmark_results", "benchmark_calibration"],
                ["benchmark_summary", "benchmark_report"],
                name="summarise_benchmark",
            ),
        ]
    )
