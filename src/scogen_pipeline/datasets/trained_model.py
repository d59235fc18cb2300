"""A trained model as a folder."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, Final

from kedro.io import AbstractDataset, DatasetError

from scogen_pipeline.errors import did_you_mean
from scogen_pipeline.model.bundle import TrainedModel
from scogen_pipeline.tokens.vocabulary import Vocabulary

#: The model that comes with scogen.
PRETRAINED: Final = "pretrained"


class TrainedModelDataset(AbstractDataset[TrainedModel, TrainedModel]):
    """Loads and saves a `TrainedModel` as a folder, without Keras or a backend.

    The folder holds `network.keras` (no optimizer), `vocabulary.json` and `model.json` (settings, hashes, metrics). It is written
    beside its place and then moved there, so it is never half of one model; other files of an old folder, such as a model card,
    are kept.

    Example in a catalog:

    .. code-block:: yaml

        trained_model:
          type: scogen_pipeline.datasets.trained_model.TrainedModelDataset
          filepath: data/06_models/local

    Args:
        filepath: The folder; its name is the name of the model.
        overwrite_pretrained: Whether the model named `pretrained` may be replaced.
        metadata: Anything; Kedro ignores it.
    """

    def __init__(self, *, filepath: str, overwrite_pretrained: bool = False, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self._overwrite_pretrained = overwrite_pretrained
        self.metadata = metadata

    @property
    def _former(self) -> Path:
        """Where the old folder is while the new one takes its place."""
        return self._filepath.with_name(f".{self._filepath.name}.former")

    def load(self) -> TrainedModel:
        """Read the model; a vocabulary that is not its own is refused."""
        self._finish_interrupted_move()
        if not self._exists():
            raise DatasetError(_missing_message(self._filepath))
        vocabulary = Vocabulary.from_json((self._filepath / "vocabulary.json").read_text(encoding="utf-8"))
        facts = json.loads((self._filepath / "model.json").read_text(encoding="utf-8"))
        return TrainedModel(
            network=(self._filepath / "network.keras").read_bytes(),
            vocabulary=vocabulary,
            settings=facts["settings"],
            data_hash=facts["data_hash"],
            metrics=facts["metrics"],
        )

    def save(self, data: TrainedModel) -> None:
        """Write the model and move it into place."""
        refuse_pretrained(self._filepath.name, self._overwrite_pretrained)
        self._finish_interrupted_move()
        unfinished = self._filepath.with_name(f".{self._filepath.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        if self._filepath.is_dir():
            shutil.copytree(self._filepath, unfinished)
        unfinished.mkdir(parents=True, exist_ok=True)
        (unfinished / "network.keras").write_bytes(data.network)
        (unfinished / "vocabulary.json").write_text(data.vocabulary.to_json(), encoding="utf-8")
        (unfinished / "model.json").write_text(data.facts_json(), encoding="utf-8")
        if self._filepath.is_dir():
            os.replace(self._filepath, self._former)
        os.replace(unfinished, self._filepath)
        shutil.rmtree(self._former, ignore_errors=True)

    def _finish_interrupted_move(self) -> None:
        """Put the old folder back if a run was killed between the two moves of `save`, else drop it."""
        if self._former.is_dir() and not self._filepath.is_dir():
            os.replace(self._former, self._filepath)
        shutil.rmtree(self._former, ignore_errors=True)

    def _exists(self) -> bool:
        return (self._filepath / "model.json").is_file() or (self._former / "model.json").is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


def refuse_pretrained(name: str, is_allowed: bool) -> None:
    """Protect the model that comes with scogen.

    Raises:
        DatasetError: If `name` is `pretrained` and this is not allowed.
    """
    if name == PRETRAINED and not is_allowed:
        raise DatasetError(
            f"`model` must not be `{PRETRAINED}` in training: that model comes with scogen. "
            "Choose another name with `--params model=NAME`, or add `overwrite_pretrained=true` to replace it."
        )


def _missing_message(folder: Path) -> str:
    names = sorted(file.parent.name for file in folder.parent.glob("[!.]*/model.json"))
    known = f"one of {', '.join(names)}" if names else f"a folder in {folder.parent}, where there is none yet"
    return (
        f"`model` must be {known}, received `{folder.name}`.{did_you_mean(folder.name, names)} "
        f"Train it with `kedro run --pipeline train --params model={folder.name}`."
    )
