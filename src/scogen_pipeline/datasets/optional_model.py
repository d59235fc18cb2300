"""A trained model that may be named, or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError

from scogen_pipeline.datasets.trained_model import TrainedModelDataset
from scogen_pipeline.model.bundle import TrainedModel


class OptionalModelDataset(AbstractDataset[NoReturn, TrainedModel | None]):
    """Loads the model that is named, `None` if none is. Read only.

    Example in a catalog:

    .. code-block:: yaml

        starting_model:
          type: scogen_pipeline.datasets.optional_model.OptionalModelDataset
          folder: data/06_models
          model: ${runtime_params:start_from, ""}

    Args:
        folder: Where models lie.
        model: Name of a model, or "".
        metadata: Anything; Kedro ignores it.
    """

    def __init__(self, *, folder: str, model: str = "", metadata: dict[str, Any] | None = None) -> None:
        self._folder, self._model = Path(folder), model
        self.metadata = metadata

    def load(self) -> TrainedModel | None:
        """Read the model, if one is named."""
        return TrainedModelDataset(filepath=str(self._folder / self._model)).load() if self._model else None

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: this only reads."""
        raise DatasetError("`starting_model` must be an input of a node, received an output.")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"folder": str(self._folder), "model": self._model}
