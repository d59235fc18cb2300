"""Where trials are followed while they run; the dataset `trial_log` records them in MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from scogen_pipeline.model.snapshot import EpochResult


class Record(Protocol):
    """The record of one trial."""

    def epoch(self, result: EpochResult, memory: Mapping[str, float]) -> None:
        """Add an epoch; one that is there already is left as it is."""

    def end(self, state: str, reason: str) -> None:
        """Close the record.

        Args:
            state: "complete", "pruned" or "failed".
            reason: Of a trial that was pruned or failed.
        """


class Recorder(Protocol):
    """Opens records."""

    def begin(self, study: str, number: int, title: str, settings: Mapping[str, Any]) -> Record:
        """Open the record of a trial, or take it up.

        Args:
            study: Name of the study.
            number: Of the trial in the study, from 1.
            title: What to call it.
            settings: All settings by name.
        """


class NoRecord:
    """Forgets everything."""

    def epoch(self, result: EpochResult, memory: Mapping[str, float]) -> None:
        """Do nothing."""

    def end(self, state: str, reason: str) -> None:
        """Do nothing."""


class NoRecorder:
    """Opens records that forget."""

    def begin(self, study: str, number: int, title: str, settings: Mapping[str, Any]) -> NoRecord:  # noqa: ARG002
        """Return a record."""
        return NoRecord()
