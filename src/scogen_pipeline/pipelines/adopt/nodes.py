"""Nodes of the adopt pipeline."""

from __future__ import annotations

from scogen_pipeline.model.contender import Contender


def adopt_version(candidate_model: Contender) -> Contender:
    """Take the version as it is: the way back from a promotion, which needs no data."""
    return candidate_model
