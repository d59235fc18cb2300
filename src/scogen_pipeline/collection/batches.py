"""A stream of MIDI files, cut into batches that can be read, kept and found again one by one.

An interrupted run takes up its finished batches. So a batch must be named by what it holds, and adding a file must change one
batch and not shift all that follow.

**Conventions**

- A batch ends after a path whose checksum is divisible by the mean size (so the cuts move with the paths, not with their
  numbers), at four times the mean size, or when its files reach 64 MiB as stated.
- A batch's name is a digest of its paths, of each file's stamp (it changes when the file does) and of the reading code.
- Where the cuts lie depends on nothing but the stream and the mean size: every worker finds the same.
"""

from __future__ import annotations

import functools
import hashlib
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Final

from scogen_pipeline.errors import RequestError
from scogen_pipeline.midi.containers import MAX_BYTES
from scogen_pipeline.midi.files import MidiFile
from scogen_pipeline.midi.reading import reader_version

_MAX_BATCH_FILES: Final = 4_096
_MAX_BATCH_BYTES: Final = MAX_BYTES


@functools.cache
def part_version() -> str:
    """Return a digest of the code that makes a part.

    Parts of an interrupted run are only taken up by the code that made them; a number to raise by hand would be forgotten.
    """
    modules = ("duplicates", "parquet", "strands")
    sources = [resources.files(__package__ or "").joinpath(f"{name}.py").read_bytes() for name in modules]
    return hashlib.sha256(b"\0".join([reader_version().encode(), *sources])).hexdigest()[:16]


@dataclass(frozen=True)
class IngestSettings:
    """How a collection is read.

    Args:
        batch_files: Mean number of files in a batch, 1 to 4,096: what a killed worker loses at most is about one batch.

    Raises:
        RequestError: If a value is out of range.
    """

    batch_files: int = 512

    def __post_init__(self) -> None:
        """Check the range."""
        value = self.batch_files
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MAX_BATCH_FILES:
            raise RequestError(f"`batch_files` must be a whole number from 1 to {_MAX_BATCH_FILES}, received {value}.")


@dataclass(frozen=True)
class Batch:
    """Some files in the order of the stream.

    Args:
        index: Its place among the batches of the stream, from 0.
        files: The files; passing ones have been taken along.
    """

    index: int
    files: tuple[MidiFile, ...]

    @property
    def name(self) -> str:
        """What the batch holds and what reads it, as 24 hex digits."""
        lines = [part_version(), *(f"{file.path}\0{file.stamp}" for file in self.files)]
        return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:24]


def cut_batches(files: Iterable[MidiFile], mean_size: int, is_own: Callable[[int], bool] = lambda _: True) -> Iterator[Batch]:
    """Cut a stream into batches and yield those that are one's own; the files of others are passed over unread.

    Args:
        files: The stream.
        mean_size: Mean number of files in a batch.
        is_own: Whether a batch is wanted, by its index.
    """
    index = n_files = n_bytes = 0
    group: list[MidiFile] = []
    for file in files:
        if is_own(index):
            group.append(file.held())
        n_files, n_bytes = n_files + 1, n_bytes + file.n_bytes
        is_cut = zlib.crc32(file.path.encode("utf-8", "surrogateescape")) % mean_size == 0
        if is_cut or n_files == 4 * mean_size or n_bytes >= _MAX_BATCH_BYTES:
            if group:
                yield Batch(index, _with_unique_paths(group))
            index, n_files, n_bytes, group = index + 1, 0, 0, []
    if group:
        yield Batch(index, _with_unique_paths(group))


def _with_unique_paths(group: Sequence[MidiFile]) -> tuple[MidiFile, ...]:
    """Tell apart the members of an archive that have one name, as an appended tar may have."""
    seen: Counter[str] = Counter()
    files = []
    for file in group:
        seen[file.path] += 1
        files.append(replace(file, path=f"{file.path}#{seen[file.path]}") if seen[file.path] > 1 else file)
    return tuple(files)
