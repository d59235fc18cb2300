"""Nodes of the promote pipeline."""

from __future__ import annotations

from scogen_pipeline.model.contender import Contender, better_of
from scogen_pipeline.model.fitting import TrainingData


def choose_champion(
    candidate_model: Contender, current_champion: Contender, training_data: TrainingData
) -> tuple[Contender, dict[str, dict[str, float]]]:
    """Take the better of two models on the same validation pieces, and say how good both are in the form of MLflow metrics."""
    champion, nlls = better_of(candidate_model, current_champion, training_data)
    return champion, {name: {"value": value, "step": 0} for name, value in nlls.items()}
