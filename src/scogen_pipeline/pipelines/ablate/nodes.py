"""Nodes of the ablate pipeline."""

from __future__ import annotations

from typing import Any

import pandas as pd

from scogen_pipeline.model.fitting import TrainingData
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.trials.plan import AblationPlan, AblationSettings
from scogen_pipeline.trials.recipe import Recipe
from scogen_pipeline.trials.recorder import Recorder
from scogen_pipeline.trials.results import Results, with_differences
from scogen_pipeline.trials.study import StudyPlace, run_trials


def plan_ablation(
    network: NetworkSettings, fit: FitSettings, ablations: dict[str, Any], ablation: AblationSettings
) -> AblationPlan:
    """Check the variants, before anything is trained."""
    return AblationPlan(Recipe(network, fit), ablations, ablation)


def train_variants(
    training_data: TrainingData, ablation_plan: AblationPlan, ablation_study: StudyPlace, ablation_log: Recorder
) -> Results:
    """Train the variants that are not done yet."""
    return run_trials(ablation_plan, training_data, ablation_study, ablation_log)


def report_ablation(ablation_results: Results) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put each variant beside the first one; once as data, once as a table to read."""
    table = with_differences(ablation_results.table())
    return table, table.round(4)
