"""The tables that ingestion makes, as two catalog entries over one folder: for those who write parts, and for those who read."""

from __future__ import annotations

from typing import Any, NoReturn

from kedro.io import AbstractDataset

from scogen_pipeline.collection.table_folder import Manifest, TableFolder


class MidiTablesDataset(AbstractDataset[Manifest, TableFolder]):
    """A committed `TableFolder`. Saving a manifest commits the parts it names and removes all others; loading needs a manifest.

    Only one run at a time may write to the folder (`locked_folder`).

    YAML:
        midi_tables:
          type: scogen_pipeline.datasets.midi_tables.MidiTablesDataset
          path: data/02_intermediate/midi

    Python:
        >>> import tempfile
        >>> dataset = MidiTablesDataset(path=tempfile.mkdtemp())
        >>> dataset.save(Manifest())
        >>> dataset.load().parts
        ()
    """

    def __init__(self, path: str, credentials: dict[str, Any] | None = None, metadata: dict[str, Any] | None = None) -> None:
        self._folder = TableFolder(path, credentials)
        self.locked_folder = self._folder.address
        self.storage_options = credentials
        self.metadata = metadata

    def load(self) -> TableFolder:
        """Return the folder as it is now.

        Raises:
            DataError: If nothing has been committed.
        """
        folder = TableFolder(self._folder.address, self.storage_options)
        folder.manifest  # noqa: B018 - raises where there is none
        return folder

    def save(self, data: Manifest) -> None:
        """Commit the parts of a manifest."""
        self._folder.commit(data)

    def _exists(self) -> bool:
        return self._folder.is_committed

    def _describe(self) -> dict[str, Any]:
        return {"path": self._folder.address}


class MidiPartsDataset(AbstractDataset[NoReturn, TableFolder]):
    """The same folder for the workers that write parts: what is in it may be unfinished.

    Kedro lets no node read what it writes; a second entry over the same folder tells a node what is already done. A node writes
    through this input, so the folder is locked for it as for an output.

    YAML:
        midi_parts:
          type: scogen_pipeline.datasets.midi_tables.MidiPartsDataset
          path: data/02_intermediate/midi

    Python:
        >>> import tempfile
        >>> MidiPartsDataset(path=tempfile.mkdtemp()).load().finished()
        frozenset()
    """

    def __init__(self, path: str, credentials: dict[str, Any] | None = None, metadata: dict[str, Any] | None = None) -> None:
        self._folder = TableFolder(path, credentials)
        self.locked_folder = self._folder.address
        self.is_locked_as_input = True
        self.storage_options = credentials
        self.metadata = metadata

    def load(self) -> TableFolder:
        """Return the folder."""
        return self._folder

    def save(self, data: NoReturn) -> None:
        """Refuse: parts are written by workers."""
        raise NotImplementedError(f"{type(self).__name__} is read only.")

    def _exists(self) -> bool:
        return True  # no folder means no parts yet, which is an answer

    def _describe(self) -> dict[str, Any]:
        return {"path": self._folder.address}
