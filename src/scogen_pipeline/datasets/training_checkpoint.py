"""The place where a training run leaves off, as a catalog dataset."""

from __future__ import annotations

import logging
import os
import zipfile
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from scogen_pipeline.datasets.trained_model import refuse_pretrained
from scogen_pipeline.model.snapshot import Snapshot

logger = logging.getLogger(__name__)


class CheckpointFile:
    """A `scogen_pipeline.model.snapshot.Checkpoint` in one file.

    Args:
        path: The file; the folder is made when needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Snapshot | None:
        """Return the snapshot, None if there is no file or it is not a snapshot."""
        if not self._path.is_file():
            return None
        try:
            return Snapshot.from_bytes(self._path.read_bytes())
        except (zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError) as error:
            logger.warning("%s is no checkpoint (%s): training starts anew.", self._path, error)
            return None

    def write(self, snapshot: Snapshot) -> None:
        """Replace the file at once, after the new one is on the disk."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(".unfinished")
        with unfinished.open("wb") as file:
            file.write(snapshot.to_bytes())
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, self._path)


class TrainingCheckpointDataset(AbstractDataset[None, CheckpointFile]):
    """Hands the training node a place that outlives the process; only an input.

    Only one run at a time may train a model of this name (`locked_folder`), since both would write here.

    Example in a catalog:

    .. code-block:: yaml

        training_checkpoint:
          type: scogen_pipeline.datasets.training_checkpoint.TrainingCheckpointDataset
          filepath: data/06_models/local.checkpoint.npz

    Args:
        filepath: The file; its name before the first dot is the name of the model.
        overwrite_pretrained: Whether a model named `pretrained` may be trained. Refused here too, since here is before the work.
        metadata: Anything; Kedro ignores it.
    """

    is_locked_as_input = True

    def __init__(self, *, filepath: str, overwrite_pretrained: bool = False, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.locked_folder = str(self._filepath.with_name(self._filepath.name.partition(".")[0]))
        self._overwrite_pretrained = overwrite_pretrained
        self.metadata = metadata

    def load(self) -> CheckpointFile:
        """Return the place; it may be empty."""
        refuse_pretrained(self._filepath.name.partition(".")[0], self._overwrite_pretrained)
        return CheckpointFile(self._filepath)

    def save(self, data: None) -> None:  # noqa: ARG002
        """Refuse: training writes through what `load` returns."""
        raise DatasetError("`training_checkpoint` must be an input of a node, received an output.")

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
