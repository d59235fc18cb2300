"""Tags of the active MLflow run: what a run was made from, to search runs by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kedro.io import AbstractDataset, DatasetError


class RunTagsDataset(AbstractDataset[Mapping[str, str], None]):
    """Saves a mapping as tags of the active MLflow run, if there is one; only an output.

    Example in a catalog:

    .. code-block:: yaml

        training_tags:
          type: scogen_pipeline.datasets.run_tags.RunTagsDataset

    Args:
        metadata: Anything; Kedro ignores it.
    """

    def __init__(self, *, metadata: dict[str, Any] | None = None) -> None:
        self.metadata = metadata

    def load(self) -> None:
        """Refuse: tags are for people who search runs."""
        raise DatasetError("Tags of a run must be an output of a node, received an input.")

    def save(self, data: Mapping[str, str]) -> None:
        """Set the tags."""
        import mlflow  # noqa: PLC0415  (3 s that only training should pay)

        if mlflow.active_run() is not None:
            mlflow.set_tags(dict(data))

    def _describe(self) -> dict[str, Any]:
        return {}
