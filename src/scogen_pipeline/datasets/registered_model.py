"""A trained model that becomes a version in MLflow's model registry when it is saved."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING, Any, Final

from kedro.io import AbstractDataset

from scogen_pipeline.datasets.trained_model import TrainedModelDataset
from scogen_pipeline.model.bundle import TrainedModel

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

#: Where the folder lies among the artifacts of its run.
ARTIFACT_PATH: Final = "model"
_NETWORK_TAG: Final = "network_hash"


class RegisteredModelDataset(AbstractDataset[TrainedModel, TrainedModel]):
    """Loads and saves the folder of `TrainedModelDataset`; with an active MLflow run, saving also registers it.

    The folder is an artifact of the run, and a version of the registered model points to it: files as they are, nothing pickled.
    A network that is the newest version already is not registered again.

    Example in a catalog:

    .. code-block:: yaml

        trained_model:
          type: scogen_pipeline.datasets.registered_model.RegisteredModelDataset
          filepath: data/06_models/local
          name: scogen

    Args:
        filepath: The folder.
        name: Of the registered model.
        overwrite_pretrained: Whether the model named `pretrained` may be replaced.
        metadata: Anything; Kedro ignores it.
    """

    def __init__(
        self, *, filepath: str, name: str, overwrite_pretrained: bool = False, metadata: dict[str, Any] | None = None
    ) -> None:
        self._filepath, self._name = filepath, name
        self._folder = TrainedModelDataset(filepath=filepath, overwrite_pretrained=overwrite_pretrained)
        self.metadata = metadata

    def load(self) -> TrainedModel:
        """Read the folder."""
        return self._folder.load()

    def save(self, data: TrainedModel) -> None:
        """Write the folder, then register it."""
        self._folder.save(data)
        import mlflow  # noqa: PLC0415  (3 s that only training should pay)

        run = mlflow.active_run()
        if run is None:
            return
        mlflow.log_artifacts(self._filepath, ARTIFACT_PATH)
        try:
            self._register(mlflow.MlflowClient(), run.info.run_id, data)
        except mlflow.MlflowException as error:  # a store without a registry must not end hours of training
            logger.warning("The model is saved, but is not registered: %s", error)

    def _register(self, client: MlflowClient, run_id: str, data: TrainedModel) -> None:
        network_hash = hashlib.sha256(data.network).hexdigest()
        newest = newest_version(client, self._name)
        if newest and client.get_model_version(self._name, str(newest)).tags.get(_NETWORK_TAG) == network_hash:
            logger.info("The model is version %d of `%s` already.", newest, self._name)
            return
        if not newest and not client.search_registered_models(f"name = '{self._name}'"):
            client.create_registered_model(self._name)
        source = f"{client.get_run(run_id).info.artifact_uri}/{ARTIFACT_PATH}"
        tags = {_NETWORK_TAG: network_hash, "data_hash": data.data_hash, "vocabulary_hash": data.vocabulary.hash}
        tags |= {name: f"{value:.4f}" for name, value in data.metrics.items() if name == "valid_nll"}
        version = client.create_model_version(self._name, source, run_id, tags=tags).version
        logger.info(
            "Registered as version %s of `%s`. If it is better than what `generate` uses, this lets it: "
            "kedro run --pipeline promote",
            version,
            self._name,
        )

    def _exists(self) -> bool:
        return self._folder.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "name": self._name}


def newest_version(client: MlflowClient, name: str) -> int:
    """Return the number of the newest version, 0 if there is none."""
    found = client.search_model_versions(f"name = '{name}'", max_results=1, order_by=["version_number DESC"])
    return int(found[0].version) if found else 0
