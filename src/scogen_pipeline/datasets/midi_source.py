"""A collection of MIDI files as a Kedro dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from kedro.io import AbstractDataset

from scogen_pipeline.errors import DataError
from scogen_pipeline.midi.files import MidiFile
from scogen_pipeline.sources.midi_source import MidiSource

_REMEDY = "name another: kedro run --params midi_dir=ADDRESS."


class MidiSourceDataset(AbstractDataset[NoReturn, MidiSource]):
    """All MIDI files of a folder, an archive or a server, found and read only when they are walked over.

    Found are `.mid`, `.midi`, `.kar` and `.rmi` in any case, with `.gz` behind it or not, through folders, links to folders and
    archives (`.zip`, `.tar`, `.tar.gz`, `.tar.bz2`, `.tar.xz`). Nothing is unpacked to a disk. Whatever has such a name is
    found, readable or not.

    YAML:
        midi_source:
          type: scogen_pipeline.datasets.midi_source.MidiSourceDataset
          path: s3://bucket/aria-midi.tar.gz
          credentials: s3

    Python:
        >>> import pathlib, tempfile
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> _ = (folder / "a.MID").write_bytes(b"MThd")
        >>> [file.path for file in MidiSourceDataset(path=str(folder)).load().files()]
        ['a.MID']

    Args:
        path: A folder, a file or an archive, on this machine or at any address that fsspec knows.
        storage_options: What fsspec needs to reach it.
        credentials: The same, from Kedro's credentials.
        metadata: Anything; Kedro ignores it.
    """

    def __init__(
        self,
        *,
        path: str,
        storage_options: Mapping[str, Any] | None = None,
        credentials: Mapping[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._source = MidiSource(path, {**(storage_options or {}), **(credentials or {})})
        self.metadata = metadata

    def load(self) -> MidiSource:
        """Return the source.

        Raises:
            DataError: If it does not exist, or holds no MIDI file.
        """
        address = self._source.address
        try:
            has_midi = any(isinstance(file, MidiFile) for file in self._source.files())
        except OSError as error:
            raise DataError(
                f"`midi_dir` must be an address that answers, received `{address}`: {error}. Try again, or {_REMEDY}"
            ) from error
        except DataError as error:
            raise DataError(f"`midi_dir`: {error} To {_REMEDY}") from error
        if not has_midi:
            raise DataError(
                f"`midi_dir` must hold MIDI files (.kar, .mid, .midi, .rmi), received `{address}` without any. Put some there, "
                f"fill data/01_raw with the corpus pipeline, or {_REMEDY}"
            )
        return self._source

    def save(self, data: NoReturn) -> None:
        """Refuse: the files belong to the user."""
        raise NotImplementedError(f"{type(self).__name__} is read only.")

    def _exists(self) -> bool:
        try:
            return next(self._source.files(), None) is not None
        except (DataError, OSError):
            return False

    def _describe(self) -> dict[str, Any]:
        return {"path": self._source.address}
