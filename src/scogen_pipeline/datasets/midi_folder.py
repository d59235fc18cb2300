"""A folder of MIDI files as a Kedro dataset."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final, NoReturn

from kedro.io import AbstractDataset

from scogen_pipeline.errors import DataError
from scogen_pipeline.midi.batches import MidiFile
from scogen_pipeline.midi.containers import MAX_BYTES

_SUFFIXES: Final = frozenset({".mid", ".midi", ".kar", ".rmi"})


class MidiFolderDataset(AbstractDataset[NoReturn, dict[str, MidiFile]]):
    """All MIDI files below a folder, read only when they are called.

    Found are `.mid`, `.midi`, `.kar` and `.rmi` in any case, through folders and links to folders; a link that leads back to a
    folder above it is not followed. Whatever has such a name is listed, readable or not (a folder, a broken link, a pipe), and
    so is a folder that cannot be listed: calling it raises `OSError`, which ingestion turns into a row of rejects.

    YAML:
        midi_files:
          type: scogen_pipeline.datasets.midi_folder.MidiFolderDataset
          path: data/01_raw

    Python:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "a.MID").write_bytes(b"MThd")
        >>> files = MidiFolderDataset(path=str(folder)).load()
        >>> {path: file() for path, file in files.items()}
        {'a.MID': b'MThd'}
    """

    def __init__(self, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> dict[str, MidiFile]:
        """Return relative posix path -> file, sorted by path.

        Raises:
            DataError: If the folder is absent, or holds no MIDI file.
        """
        if not self._path.is_dir():
            raise DataError(
                f"`midi_dir` must be a folder that exists, received `{self._path}`. Create it and put MIDI files into it, "
                "or name another: kedro run --params midi_dir=FOLDER."
            )
        files = {_printable(path, self._path): _file(path) for path in _found(str(self._path), ())}
        if not files:
            raise DataError(
                f"`midi_dir` must hold MIDI files ({', '.join(sorted(_SUFFIXES))}), received `{self._path}` without any. Put "
                "some there, fill data/01_raw with the corpus pipeline, or name another: kedro run --params midi_dir=FOLDER."
            )
        return dict(sorted(files.items()))

    def save(self, data: NoReturn) -> None:
        """Refuse: the folder belongs to the user."""
        raise NotImplementedError(f"{type(self).__name__} is read only.")

    def _exists(self) -> bool:
        return self._path.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


def _found(folder: str, above: tuple[tuple[int, int], ...]) -> Iterator[str]:
    """Yield the paths below a folder; `above` are the devices and inodes of the folders that lead to it."""
    try:
        info = os.stat(folder)
        entries = list(os.scandir(folder))
    except OSError:
        yield folder  # its own entry, so that what lies in it is not lost silently
        return
    here = (info.st_dev, info.st_ino)
    if here in above:
        return
    for entry in entries:
        if Path(entry.name).suffix.lower() in _SUFFIXES:
            yield entry.path
        if _is_folder(entry):
            yield from _found(entry.path, (*above, here))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False


def _file(path: str) -> MidiFile:
    """Describe a file; its stamp is made of size and times, so that no byte is read to know an unchanged file."""
    try:
        info = os.stat(path)
    except OSError as error:
        return MidiFile(f"error {error.errno}", partial(_read, path))
    # The change time too: a copy that keeps the modification time is still another file.
    return MidiFile(f"{info.st_size} {info.st_mtime_ns} {info.st_ctime_ns}", partial(_read, path))


def _read(path: str) -> bytes:
    """Read a regular file (opening a named pipe would wait for ever), one byte more than is allowed at most."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        is_folder = os.path.isdir(path)
        raise OSError(
            errno.EISDIR if is_folder else errno.EINVAL, "a folder that cannot be read as a file" if is_folder else "no file"
        )
    with open(path, "rb") as file:
        return file.read(MAX_BYTES + 1)


def _printable(path: str, root: Path) -> str:
    """Return the relative posix path; bytes that are no UTF-8 are escaped, since Arrow could not store them."""
    relative = PurePosixPath(Path(path).relative_to(root).as_posix())
    return os.fsencode(str(relative)).decode("utf-8", "backslashreplace")
