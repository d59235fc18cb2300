"""A study of many trainings as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset, DatasetError

from scogen_pipeline.datasets.training_checkpoint import CheckpointFile

if TYPE_CHECKING:
    from optuna.storages import BaseStorage


class StudyFile:
    """A `scogen_pipeline.trials.study.StudyPlace`: an SQLite file, and a checkpoint beside it.

    Args:
        path: The file; its folder is made when needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.checkpoint = CheckpointFile(path.with_suffix(".checkpoint.npz"))

    def storage(self) -> BaseStorage:
        """Open the file."""
        from optuna.storages import RDBStorage  # noqa: PLC0415  (a second that only studies pay)

        self._path.parent.mkdir(parents=True, exist_ok=True)
        return RDBStorage(f"sqlite:///{self._path}")


class StudyDataset(AbstractDataset[None, StudyFile]):
    """Hands a node the place of a study; only an input. Optuna writes numbers, words and JSON there, nothing pickled.

    Only one run at a time may go on with the studies of a file (`locked_folder`): a trial that is marked as running is one that
    a killed run left.

    Example in a catalog:

    .. code-block:: yaml

        search_study:
          type: scogen_pipeline.datasets.study.StudyDataset
          filepath: data/08_reporting/search/study.db

    Args:
        filepath: The SQLite file; `optuna-dashboard sqlite:///FILE` shows it.
        metadata: Anything; Kedro ignores it.
    """

    is_locked_as_input = True

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.locked_folder = str(self._filepath)
        self.metadata = metadata

    def load(self) -> StudyFile:
        """Return the place; there may be no study yet."""
        return StudyFile(self._filepath)

    def save(self, data: None) -> None:  # noqa: ARG002
        """Refuse: a study is written through what `load` returns."""
        raise DatasetError("A study must be an input of a node, received an output.")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
