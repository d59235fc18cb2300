"""Nodes of the search pipeline."""

from __future__ import annotations

from typing import Any

import pandas as pd

from scogen_pipeline.model.fitting import TrainingData
from scogen_pipeline.model.settings import FitSettings, NetworkSettings
from scogen_pipeline.trials.plan import SearchPlan, SearchSettings
from scogen_pipeline.trials.recipe import Recipe
from scogen_pipeline.trials.recorder import Recorder
from scogen_pipeline.trials.results import Results
from scogen_pipeline.trials.space import Space
from scogen_pipeline.trials.study import StudyPlace, run_trials


def plan_search(network: NetworkSettings, fit: FitSettings, search_space: dict[str, Any], search: SearchSettings) -> SearchPlan:
    """Check the space, before anything is trained."""
    return SearchPlan(Recipe(network, fit), Space.of_table(search_space), search)


def search_settings(
    training_data: TrainingData, search_plan: SearchPlan, search_study: StudyPlace, search_log: Recorder
) -> Results:
    """Run the trials that are not done yet."""
    return run_trials(search_plan, training_data, search_study, search_log)


def report_search(search_results: Results) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Return all trials, once as data and once as a table to read, and the best settings as configuration."""
    table = search_results.table()
    return table, table.round(4), search_results.found_yaml()
