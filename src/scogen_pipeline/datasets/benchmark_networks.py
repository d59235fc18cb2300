"""The networks that are trained on published sets, and where their trainings leave off."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError

from scogen_pipeline.datasets.trained_model import TrainedModelDataset
from scogen_pipeline.datasets.training_checkpoint import CheckpointFile
from scogen_pipeline.model.bundle import TrainedModel


class BenchmarkNetworksDataset(AbstractDataset[dict[str, TrainedModel], dict[str, TrainedModel]]):
    """Loads and saves models by the name of their set, each a folder as of `TrainedModelDataset`.

    Where there are none, it loads none. Saving leaves the models of other names alone.

    Example in a catalog:

    .. code-block:: yaml

        benchmark_networks:
          type: scogen_pipeline.datasets.benchmark_networks.BenchmarkNetworksDataset
          filepath: data/06_models/benchmark

    Args:
        filepath: The folder of the folders.
        metadata: Anything; Kedro ignores it.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> dict[str, TrainedModel]:
        """Read all models."""
        names = sorted(file.parent.name for file in self._folder.glob("[!.]*/model.json"))
        return {name: self._one(name).load() for name in names}

    def save(self, data: dict[str, TrainedModel]) -> None:
        """Write these models."""
        for name, model in data.items():
            self._one(name).save(model)

    def _one(self, name: str) -> TrainedModelDataset:
        return TrainedModelDataset(filepath=str(self._folder / name))

    def _exists(self) -> bool:
        return self._folder.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}


class BenchmarkCheckpointsDataset(AbstractDataset[NoReturn, Callable[[str], CheckpointFile]]):
    """Hands a node the checkpoint of each set by its name; only an input.

    Only one run at a time may train there (`locked_folder`), since both would write.

    Example in a catalog:

    .. code-block:: yaml

        benchmark_checkpoints:
          type: scogen_pipeline.datasets.benchmark_networks.BenchmarkCheckpointsDataset
          filepath: data/06_models/benchmark

    Args:
        filepath: The folder of the checkpoints.
        metadata: Anything; Kedro ignores it.
    """

    is_locked_as_input = True

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.locked_folder = filepath
        self.metadata = metadata

    def load(self) -> Callable[[str], CheckpointFile]:
        """Return what makes the place of a name; it may be empty."""
        return lambda name: CheckpointFile(self._folder / f"{name}.checkpoint.npz")

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Refuse: training writes through what `load` returns."""
        raise DatasetError("`benchmark_checkpoints` must be an input of a node, received an output.")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
