"""The model that `generate` uses: the one that is named, else the champion, else the one that comes with scogen."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Final, NoReturn

from kedro.io import AbstractDataset, DatasetError

from scogen_pipeline.datasets.aliased_model import version_of
from scogen_pipeline.datasets.trained_model import PRETRAINED, TrainedModelDataset
from scogen_pipeline.errors import RequestError
from scogen_pipeline.model.bundle import TrainedModel

logger = logging.getLogger(__name__)

#: The alias that need not point to a model.
CHAMPION: Final = "champion"


class GenerationModelDataset(AbstractDataset[NoReturn, TrainedModel]):
    """Loads the model to generate with, without MLflow or a backend. Read only.

    Example in a catalog:

    .. code-block:: yaml

        generation_model:
          type: scogen_pipeline.datasets.generation_model.GenerationModelDataset
          folder: data/06_models
          model: ${runtime_params:model, ""}
          alias: ${runtime_params:alias, champion}

    Args:
        folder: Where models lie, and `aliases/` with what aliases point to.
        model: Name of a model; "" for what the alias points to.
        alias: Name of an alias; if `champion` points to nothing, it is the model `pretrained`.
        metadata: Anything; Kedro ignores it.
    """

    def __init__(self, *, folder: str, model: str = "", alias: str = CHAMPION, metadata: dict[str, Any] | None = None) -> None:
        self._folder, self._model, self._alias = Path(folder), model, alias
        self.metadata = metadata

    def load(self) -> TrainedModel:
        """Read the model.

        Raises:
            RequestError: If the alias points to no model, and is not `champion`.
        """
        folder = model_folder(self._folder, self._model, self._alias)
        aliases = self._folder / "aliases"
        if folder.parent == aliases:
            logger.info(
                "The model is `%s`, version %d; another: `--params model=%s`.", self._alias, version_of(folder), PRETRAINED
            )
        elif not self._model and self._alias != CHAMPION:
            known = sorted(path.parent.name for path in aliases.glob("[!.]*/model.json"))
            raise RequestError(
                f"`alias` must point to a model{', as ' + ', '.join(known) if known else ''}, received `{self._alias}`. "
                f"Let it: kedro run --pipeline promote --params alias={self._alias}"
            )
        return TrainedModelDataset(filepath=str(folder)).load()

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: training and promotion write models."""
        raise DatasetError("`generation_model` must be an input of a node, received an output.")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"folder": str(self._folder), "model": self._model, "alias": self._alias}


def model_folder(folder: Path, model: str, alias: str) -> Path:
    """Return the folder of the model that is named, else of the one that the alias points to, else of the pretrained one.

    Args:
        folder: Where models lie, and `aliases/` with what aliases point to.
        model: Name of a model, or "".
        alias: Name of an alias.
    """
    aliased = folder / "aliases" / alias
    is_aliased = not model and TrainedModelDataset(filepath=str(aliased)).exists()
    return aliased if is_aliased else folder / (model or PRETRAINED)
