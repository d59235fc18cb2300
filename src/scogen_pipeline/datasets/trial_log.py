"""Trials as runs of one MLflow experiment, written while they go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from kedro.io import AbstractDataset, DatasetError

from scogen_pipeline.trials.recorder import NoRecorder, Record

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from scogen_pipeline.model.snapshot import EpochResult

#: Tags that a trial's run is found by when it is taken up.
STUDY_TAG: Final = "study"
TRIAL_TAG: Final = "trial"
STATE_TAG: Final = "state"
_STATUS_BY_STATE: Final = {"complete": "FINISHED", "pruned": "FINISHED", "failed": "FAILED"}


class TrialRun:
    """A `scogen_pipeline.trials.recorder.Record` in MLflow.

    Args:
        client: Of the tracking store.
        run_id: Of the trial.
    """

    def __init__(self, client: MlflowClient, run_id: str) -> None:
        self._client, self._run_id = client, run_id
        # A run that was taken up hears of its former epochs again.
        self._last = max((point.step for point in client.get_metric_history(run_id, "valid_nll")), default=0)

    def epoch(self, result: EpochResult, memory: Mapping[str, float]) -> None:
        """Log the curves at one step."""
        if result.epoch <= self._last:
            return
        self._last = result.epoch
        for name, value in (asdict(result) | dict(memory)).items():
            if name != "epoch":
                self._client.log_metric(self._run_id, name, float(value), step=result.epoch)

    def end(self, state: str, reason: str) -> None:
        """Close the run."""
        self._client.set_tag(self._run_id, STATE_TAG, f"{state}: {reason}" if reason else state)
        self._client.set_terminated(self._run_id, _STATUS_BY_STATE.get(state, "FAILED"))


class TrialLog:
    """A `scogen_pipeline.trials.recorder.Recorder` in MLflow.

    Args:
        experiment: Its name; it is made when needed.
    """

    def __init__(self, experiment: str) -> None:
        self._experiment = experiment

    def begin(self, study: str, number: int, title: str, settings: Mapping[str, Any]) -> Record:
        """Open the run of a trial, or the one that it left open; nothing is logged without an active run around it."""
        import mlflow  # noqa: PLC0415  (3 s that only training should pay)

        around = mlflow.active_run()
        if around is None:
            return NoRecorder().begin(study, number, title, settings)
        client = mlflow.MlflowClient()
        found = client.get_experiment_by_name(self._experiment)
        experiment_id = found.experiment_id if found else client.create_experiment(self._experiment)
        tags = {STUDY_TAG: study, TRIAL_TAG: str(number)}
        former = client.search_runs([experiment_id], " and ".join(f"tags.{name} = '{value}'" for name, value in tags.items()))
        if former:
            return TrialRun(client, former[0].info.run_id)
        run = client.create_run(experiment_id, tags=tags | {"started_by": around.info.run_id}, run_name=title)
        for name, value in settings.items():
            client.log_param(run.info.run_id, name, value)
        return TrialRun(client, run.info.run_id)


class TrialLogDataset(AbstractDataset[None, TrialLog]):
    """Hands a node a recorder that writes each trial as a run of one MLflow experiment; only an input.

    Example in a catalog:

    .. code-block:: yaml

        search_log:
          type: scogen_pipeline.datasets.trial_log.TrialLogDataset
          experiment: scogen search

    Args:
        experiment: Name of the experiment.
        metadata: Anything; Kedro ignores it.
    """

    def __init__(self, *, experiment: str, metadata: dict[str, Any] | None = None) -> None:
        self._experiment = experiment
        self.metadata = metadata

    def load(self) -> TrialLog:
        """Return the recorder."""
        return TrialLog(self._experiment)

    def save(self, data: None) -> None:  # noqa: ARG002
        """Refuse: trials are logged through what `load` returns."""
        raise DatasetError("A log of trials must be an input of a node, received an output.")

    def _describe(self) -> dict[str, Any]:
        return {"experiment": self._experiment}
