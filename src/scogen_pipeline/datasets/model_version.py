"""One version of a model in MLflow's registry."""

from __future__ import annotations

from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError

from scogen_pipeline.datasets.registered_model import newest_version
from scogen_pipeline.datasets.trained_model import TrainedModelDataset
from scogen_pipeline.errors import RequestError
from scogen_pipeline.model.contender import Contender


class ModelVersionDataset(AbstractDataset[NoReturn, Contender]):
    """Loads a version of a registered model; wherever its files lie, MLflow brings them. Read only.

    Example in a catalog:

    .. code-block:: yaml

        candidate_model:
          type: scogen_pipeline.datasets.model_version.ModelVersionDataset
          name: scogen
          number: ${runtime_params:version, 0}

    Args:
        name: Of the registered model.
        number: Of the version; 0 for the newest. (Kedro keeps the name `version` for itself.)
        metadata: Anything; Kedro ignores it.
    """

    def __init__(self, *, name: str, number: int = 0, metadata: dict[str, Any] | None = None) -> None:
        self._name, self._number = name, number
        self.metadata = metadata

    def load(self) -> Contender:
        """Read the version.

        Raises:
            RequestError: If there is no such version.
        """
        import mlflow  # noqa: PLC0415  (3 s that only training should pay)

        client = mlflow.MlflowClient()
        newest = newest_version(client, self._name)
        if not newest:
            raise RequestError(
                f"`version` must be one of `{self._name}` in the registry, where there is none yet. "
                "Train a model first: kedro run --pipeline train"
            )
        version = self._number or newest
        found = client.search_model_versions(f"name = '{self._name}' and version_number = {int(version)}")
        if not found:
            raise RequestError(f"`version` must be one of `{self._name}`, from 1 to {newest}, received {version}.")
        folder = mlflow.artifacts.download_artifacts(client.get_model_version_download_uri(self._name, str(version)))
        return Contender(TrainedModelDataset(filepath=folder).load(), f"Version {version}", int(version))

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: training registers versions."""
        raise DatasetError("A version of a registered model must be an input of a node, received an output.")

    def _describe(self) -> dict[str, Any]:
        return {"name": self._name, "number": self._number}
