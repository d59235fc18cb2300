"""Nodes of the benchmark pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from scogen_pipeline.metrics.literature.calibration import calibrate, require_calibration
from scogen_pipeline.metrics.literature.evaluation import SpellingSettings, context_model_rows, floor_rows, network_rows
from scogen_pipeline.metrics.literature.recipes import NetworkChoice, NetworkRecipe, train_network
from scogen_pipeline.metrics.literature.results import results_table, summarise_results, write_report
from scogen_pipeline.metrics.literature.sets import BenchmarkSet, read_sets
from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.model.snapshot import Checkpoint


def read_benchmark_sets(benchmark_files: dict[str, bytes]) -> dict[str, BenchmarkSet]:
    """Read the published data sets."""
    return read_sets(benchmark_files)


def calibrate_evaluator(benchmark_sets: dict[str, BenchmarkSet]) -> tuple[pd.DataFrame, dict[str, BenchmarkSet]]:
    """Reproduce the known figures, or refuse: what is measured later takes only calibrated sets."""
    return require_calibration(calibrate(benchmark_sets)), benchmark_sets


def measure_floors(calibrated_sets: dict[str, BenchmarkSet]) -> pd.DataFrame:
    """Measure the trivial floors."""
    return floor_rows(calibrated_sets)


def measure_context_model(calibrated_sets: dict[str, BenchmarkSet], spelling: SpellingSettings) -> pd.DataFrame:
    """Measure the count model."""
    return context_model_rows(calibrated_sets, spelling)


def train_benchmark_networks(
    calibrated_sets: dict[str, BenchmarkSet],
    choice: NetworkChoice,
    network_recipes: Mapping[str, Mapping[str, Mapping[str, Any]]],
    known_benchmark_networks: dict[str, TrainedModel],
    checkpoint_of: Callable[[str], Checkpoint],
) -> dict[str, TrainedModel]:
    """Train the networks that are asked for, each from where it stopped; the others stay as they are."""
    recipes = {name: NetworkRecipe.of_settings(name, groups) for name, groups in network_recipes.items()}
    trained = {
        name: train_network(calibrated_sets[name], recipes[name], choice.benchmark_minutes, checkpoint_of(name))
        for name in choice.sets
    }
    return known_benchmark_networks | trained


def measure_networks(
    calibrated_sets: dict[str, BenchmarkSet], benchmark_networks: dict[str, TrainedModel], choice: NetworkChoice
) -> pd.DataFrame:
    """Score the networks on the test pieces."""
    return network_rows(calibrated_sets, benchmark_networks, choice)


def collect_results(floor_results: pd.DataFrame, context_model_results: pd.DataFrame, network_results: pd.DataFrame) -> pa.Table:
    """Join the rows of all models."""
    return results_table([floor_results, context_model_results, network_results])


def summarise_benchmark(benchmark_results: pd.DataFrame, benchmark_calibration: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Compute every figure from the rows; once as data, once as a page with the published ones beside."""
    summary = summarise_results(benchmark_results)
    return summary, write_report(summary, benchmark_calibration)
