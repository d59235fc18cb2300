"""The search pipeline: training data and a space of settings -> the best settings."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node, pipeline

from .nodes import plan_search, report_search, search_settings


def create_pipeline() -> Pipeline:
    """Return the pipeline; its results are `search_trials` and `found_parameters`."""
    return pipeline(
        [
            node(
                plan_search,
                ["params:network", "params:fit", "search_space", "params:search"],
                "search_plan",
                name="plan_search",
            ),
            node(
                search_settings,
                ["training_data", "search_plan", "search_study", "search_log"],
                "search_results",
                name="search_settings",
            ),
            node(
                report_search,
                "search_results",
                ["search_trials", "search_report", "found_parameters"],
                name="report_search",
            ),
        ]
    )
