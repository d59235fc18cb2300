"""A table that may lie in the folder of the model that `generate` uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
from kedro.io import AbstractDataset, DatasetError

from scogen_pipeline.datasets.generation_model import model_folder
from scogen_pipeline.datasets.optional_table import OptionalTableDataset


class ModelTableDataset(AbstractDataset[NoReturn, pd.DataFrame]):
    """Loads a Parquet file beside the model that is named, else beside that of the alias, else beside the pretrained one.

    The folder is the one that `generation_model` is loaded from, so that no model is judged by the music of another. A model
    without the file has a table without rows. Read only.

    Example in a catalog:

    .. code-block:: yaml

        known_music:
          type: scogen_pipeline.datasets.model_table.ModelTableDataset
          folder: data/06_models
          model: ${runtime_params:model, ""}
          alias: ${runtime_params:alias, champion}
          file: originality.parquet
          columns: [title, hashes]

    Args:
        folder: Where models lie, and `aliases/` with what aliases point to.
        model: Name of a model; "" for what the alias points to.
        alias: Name of an alias; if it points to nothing, the model is `pretrained`.
        file: Name of the file.
        columns: What a table without rows has.
        metadata: Anything; Kedro ignores it.
    """

    def __init__(
        self,
        *,
        folder: str,
        file: str,
        columns: list[str],
        model: str = "",
        alias: str = "champion",
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._folder, self._model, self._alias = Path(folder), model, alias
        self._file, self._columns = file, list(columns)
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """Read the table, or return one without rows."""
        model = model_folder(self._folder, self._model, self._alias)
        return OptionalTableDataset(filepath=str(model / self._file), columns=self._columns).load()

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: the pipeline `reference` writes it."""
        raise DatasetError("A table beside the model of `generate` must be an input of a node, received an output.")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"folder": str(self._folder), "model": self._model, "alias": self._alias, "file": self._file}
