"""The MIDI files that the corpus step has written, and its journal of finished parts."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, Final

from kedro.io import AbstractDataset

from scogen_pipeline.scores.score_batches import CorpusPart, CorpusPlan, key_of
from scogen_pipeline.scores.score_files import PieceSource

_JOURNAL: Final = ".corpus"
_PLAN: Final = "plan.json"


class CorpusPartsDataset(AbstractDataset[CorpusPart, dict[str, CorpusPart]]):
    """A raw folder of MIDI files with a journal beside them, one JSON file for each finished part.

    A part is saved files first, each written whole or not at all, then its journal entry: what is in the journal is on the disk,
    whenever the process may be killed. Loading returns the finished parts by key, without the bytes; a part one of whose files
    has gone since is not finished.

    Example:
        ::

            corpus_parts:
              type: scogen_pipeline.datasets.corpus_parts.CorpusPartsDataset
              filepath: data/01_raw

    Args:
        filepath: The raw folder.
        metadata: Anything; ignored.
    """

    def __init__(self, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.locked_folder = str(filepath)
        self.metadata = metadata

    def load(self) -> dict[str, CorpusPart]:
        """Return the finished parts."""
        entries = sorted(path for path in (self._folder / _JOURNAL).glob("*.json") if path.name != _PLAN)
        parts = (_part_of(json.loads(path.read_text("utf-8"))) for path in entries)
        return {part.key: part for part in parts if all((self._folder / row["path"]).is_file() for row in part.labels)}

    def save(self, data: CorpusPart) -> None:
        """Write the files of one part, then its journal entry."""
        for path, content in data.files.items():
            _write_whole(self._folder / path, content)
        entry = {"key": data.key, "labels": data.labels, "rejects": data.rejects}
        _write_whole(self._folder / _JOURNAL / f"{data.key}.json", json.dumps(entry, ensure_ascii=False).encode())

    def _exists(self) -> bool:
        return (self._folder / _JOURNAL).is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}


class CorpusPlanDataset(AbstractDataset[CorpusPlan, CorpusPlan]):
    """The batches that the corpus step is to convert, kept in the journal of the raw folder.

    Saving a plan removes what the corpus step wrote for other plans: the files that its journal names and the new plan does not.
    Files that are not in the journal are never touched. An inactive plan is not saved.

    Example:
        ::

            corpus_plan:
              type: scogen_pipeline.datasets.corpus_parts.CorpusPlanDataset
              filepath: data/01_raw

    Args:
        filepath: The raw folder.
        metadata: Anything; ignored.
    """

    def __init__(self, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.locked_folder = str(filepath)
        self.metadata = metadata

    def load(self) -> CorpusPlan:
        """Return the plan; an empty one if none has been saved."""
        path = self._folder / _JOURNAL / _PLAN
        batches = json.loads(path.read_text("utf-8")) if path.is_file() else []
        return CorpusPlan(tuple(tuple(PieceSource(**source) for source in batch) for batch in batches))

    def save(self, data: CorpusPlan) -> None:
        """Write the plan and remove what other plans left."""
        if not data.is_active:
            return
        self._remove_others(data)
        batches = [[dataclasses.asdict(source) for source in batch] for batch in data.batches]
        _write_whole(self._folder / _JOURNAL / _PLAN, json.dumps(batches, ensure_ascii=False).encode("utf-8", "surrogateescape"))

    def _remove_others(self, plan: CorpusPlan) -> None:
        keys = {key_of(batch) for batch in plan.batches}
        targets = {source.target for batch in plan.batches for source in batch}
        for entry in sorted((self._folder / _JOURNAL).glob("*.json")):
            if entry.name == _PLAN or entry.stem in keys:
                continue
            for row in json.loads(entry.read_text("utf-8"))["labels"]:
                if row["path"] not in targets:
                    _remove(self._folder, self._folder / row["path"])
            # The entry goes last: a file is never left without the entry that owns it.
            entry.unlink()

    def _exists(self) -> bool:
        return (self._folder / _JOURNAL / _PLAN).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}


def _part_of(entry: dict[str, Any]) -> CorpusPart:
    return CorpusPart(entry["key"], tuple(entry["labels"]), tuple(entry["rejects"]))


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file such that at any moment it is there in full or not at all; what a killed run left half is written over."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    partial.write_bytes(content)
    partial.replace(path)


def _remove(root: Path, path: Path) -> None:
    """Remove a file, and the folders that it leaves empty below the root."""
    path.unlink(missing_ok=True)
    for folder in path.parents:
        if folder == root or not folder.is_dir() or any(folder.iterdir()):
            return
        folder.rmdir()
