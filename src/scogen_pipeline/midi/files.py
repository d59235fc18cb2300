"""Files that have been found and not been read: of music, and of labels that lie beside it.

**Conventions**

- A path is posix and relative to the source. Members of archives are below their archive: `a/b.zip/inner/x.mid`.
- A stamp changes when the content does, and is known without reading it: size and times, an etag, an archive's checksum.
- A *passing* file is a member of a stream: its bytes are there until the next file is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import BinaryIO, Final, NoReturn

from scogen_pipeline.errors import MidiError

_SIDECAR_NAMES: Final = frozenset({"metadata.json", "metadata.csv", "labels.json", "labels.csv", "labels.parquet"})
_MIDI_NAME: Final = re.compile(r"\.(?:mid|midi|kar|rmi)(?:\.gz)?\Z", re.IGNORECASE)
_ARCHIVE_NAME: Final = re.compile(r"\.(?:zip|tar(?:\.(?:gz|bz2|xz))?|tgz|tbz2?|txz)\Z", re.IGNORECASE)


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
    return path.rpartition("/")[2].lower() in _SIDECAR_NAMES


def is_midi(path: str) -> bool:
    """Whether a file claims to be MIDI, by its name; gzip around it is allowed.

    >>> is_midi("a/b.MID"), is_midi("b.kar.gz"), is_midi("b.midi.txt")
    (True, True, False)
    """
    return _MIDI_NAME.search(path) is not None


def is_archive(path: str) -> bool:
    """Whether a file claims to be an archive that can be walked like a folder, by its name.

    >>> is_archive("aria.TAR.gz"), is_archive("aria.7z")
    (True, False)
    """
    return _ARCHIVE_NAME.search(path) is not None


def refused(path: str, stamp: str, error: MidiError | OSError) -> MidiFile:
    """Describe what was found and cannot be read, so that it is accounted for as any file is."""
    return MidiFile(path, stamp, 0, _Raise(error))


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
