"""The curves of a training run and its memory, logged to MLflow while it goes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from scogen_pipeline.model.memory import peak_memory
from scogen_pipeline.model.snapshot import EpochResult


class EpochLog:
    """Logs the result of each epoch, and the peak of memory so far, to the active MLflow run, if there is one.

    Args:
        prefix: Stands before the name of each metric.
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix

    def __call__(self, result: EpochResult) -> None:
        """Log one epoch as one step."""
        import mlflow  # noqa: PLC0415  (3 s that only training should pay)

        if mlflow.active_run() is None:
            return
        values = asdict(result) | peak_memory()
        del values["epoch"]
        mlflow.log_metrics({f"{self._prefix}{name}": float(value) for name, value in values.items()}, step=result.epoch)


class EpochLogDataset(AbstractDataset[None, EpochLog]):
    """Hands the training node a listener that logs to MLflow; only an input.

    Example in a catalog:

    .. code-block:: yaml

        epoch_log:
          type: scogen_pipeline.datasets.epoch_log.EpochLogDataset
          prefix: epoch.

    Args:
        prefix: Stands before the name of each metric.
        metadata: Anything; Kedro ignores it.
    """

    def __init__(self, *, prefix: str = "", metadata: dict[str, Any] | None = None) -> None:
        self._prefix = prefix
        self.metadata = metadata

    def load(self) -> EpochLog:
        """Return the listener."""
        return EpochLog(self._prefix)

    def save(self, data: None) -> None:  # noqa: ARG002
        """Refuse: training logs through what `load` returns."""
        raise DatasetError("`epoch_log` must be an input of a node, received an output.")

    def _describe(self) -> dict[str, Any]:
        return {"prefix": self._prefix}
