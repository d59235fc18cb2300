"""The model that an alias of MLflow's registry points to, at hand without MLflow."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, Final

from kedro.io import AbstractDataset

from scogen_pipeline.datasets.trained_model import PRETRAINED, TrainedModelDataset
from scogen_pipeline.datasets.whole_file import WholeFile
from scogen_pipeline.model.contender import Contender

logger = logging.getLogger(__name__)

#: Beside the model: which version it is.
VERSION_FILE: Final = "version.json"


class AliasedModelDataset(AbstractDataset[Contender, Contender]):
    """Loads what an alias points to, or the model that comes with scogen; saving moves the alias.

    What an alias points to is kept as a folder of its own, so that `generate` needs neither MLflow nor its server, and so that
    training another model of the same name changes nothing. Saving writes the folder first and then moves the registry's alias; a
    model that is in no registry, and a version that the alias points to already, are left as they are.

    Example in a catalog:

    .. code-block:: yaml

        champion:
          type: scogen_pipeline.datasets.aliased_model.AliasedModelDataset
          folder: data/06_models/aliases
          alias: champion
          name: scogen
          fallback: data/06_models/pretrained

    Args:
        folder: Where the folders of aliases lie.
        alias: Of the registered model.
        name: Of the registered model.
        fallback: The folder of the model that is used where the alias points to none.
        metadata: Anything; Kedro ignores it.
    """

    def __init__(self, *, folder: str, alias: str, name: str, fallback: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder, self._alias, self._name, self._fallback = Path(folder) / alias, alias, name, fallback
        self.locked_folder = str(self._folder)
        self.metadata = metadata

    def load(self) -> Contender:
        """Read the folder of the alias, or the fallback."""
        held = TrainedModelDataset(filepath=str(self._folder))
        if not held.exists():
            return Contender(TrainedModelDataset(filepath=self._fallback).load(), f"The model `{PRETRAINED}`")
        version = version_of(self._folder)
        return Contender(held.load(), f"`{self._alias}`, version {version}", version)

    def save(self, data: Contender) -> None:
        """Move the alias."""
        if not data.version:
            logger.info("`%s` stays without a model: `generate` uses `%s`.", self._alias, PRETRAINED)
            return
        import mlflow  # noqa: PLC0415  (3 s that only training should pay)

        if version_of(self._folder) != data.version:
            TrainedModelDataset(filepath=str(self._folder)).save(data.model)
            WholeFile(str(self._folder / VERSION_FILE)).write(
                f"{json.dumps({'name': self._name, 'version': data.version})}\n".encode()
            )
        mlflow.MlflowClient().set_registered_model_alias(self._name, self._alias, str(data.version))
        logger.info("`%s` is version %d of `%s`: `generate` uses it.", self._alias, data.version, self._name)

    def _exists(self) -> bool:
        return bool(TrainedModelDataset(filepath=str(self._folder)).exists())

    def _describe(self) -> dict[str, Any]:
        return {"folder": str(self._folder), "name": self._name}


def version_of(folder: Path) -> int:
    """Return the version that a folder holds, 0 if it is not known."""
    file = WholeFile(str(folder / VERSION_FILE))
    return int(json.loads(file.read())["version"]) if file.exists() else 0
