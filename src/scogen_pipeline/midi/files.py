"""Files that have been found and not been read: of music, and of labels that lie beside it.

**Conventions**

- A path is posix and relative to the source. Members of archives are below their archive: `a/b.zip/inner/x.mid`.
- A stamp changes when the content does, and is known without reading it: size and times, an etag, an archive's checksum.
- A *passing* file is a member of a stream: its bytes are there until the next file is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import BinaryIO, Final, NoReturn

from scogen_pipeline.errors import MidiError

_SIDECAR_NAMES: Final = frozenset({"metadata.json", "metadata.csv", "labels.json", "labels.csv", "labels.parquet"})


@dataclass(frozen=True)
class MidiFile:
    """A MIDI file that has not been opened yet.

    Args:
        path: Where it lies in its source.
        stamp: Changes when the file does.
        n_bytes: Its size as stated, 0 if that is unknown.
        load: Reads the bytes, `MAX_BYTES + 1` at most; raises `MidiError` or `OSError`.
        is_passing: Whether it must be read before the next file is asked for.
    """

    path: str
    stamp: str
    n_bytes: int
    load: Callable[[], bytes]
    is_passing: bool = False

    def held(self) -> MidiFile:
        """Return the file such that it can be read at any time: a passing one takes its bytes, or its error, along."""
        if not self.is_passing:
            return self
        try:
            data = self.load()
        except (MidiError, OSError) as error:
            return replace(self, load=_Raise(error), is_passing=False)
        return replace(self, load=_Return(data), is_passing=False)


@dataclass(frozen=True)
class Sidecar:
    """A file of labels among the MIDI files.

    Args:
        path: Where it lies in its source.
        stamp: Changes when the file does.
        open: Opens it for reading; in a stream, before the next file is asked for.
    """

    path: str
    stamp: str
    open: Callable[[], BinaryIO]


def is_sidecar(path: str) -> bool:
    """Whether a file holds labels, by its name.

    >>> is_sidecar("aria/Metadata.json"), is_sidecar("aria/song.json")
    (True, False)
    """
    return PurePosixPath(path).name.lower() in _SIDECAR_NAMES


@dataclass(frozen=True)
class _Return:
    data: bytes

    def __call__(self) -> bytes:
        return self.data


@dataclass(frozen=True)
class _Raise:
    error: MidiError | OSError

    def __call__(self) -> NoReturn:
        raise self.error
