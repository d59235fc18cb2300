"""Folders of MIDI files, cut into batches that can be read, kept and found again one by one.

An interrupted run takes up its finished batches. So a batch must be named by what it holds, and adding a file to a folder must
change one batch and not shift all that follow.

**Conventions**

- Files are sorted by path. A batch ends after a path whose checksum is divisible by the mean size (so the cuts move with the
  paths, not with their numbers), or at four times the mean size.
- A batch's name is a digest of its paths, of each file's stamp (it changes when the file does) and of the reading code.
- What a batch is read to does not depend on the number of workers.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from scogen_pipeline.errors import MidiError, RequestError
from scogen_pipeline.midi.notes import SCHEMA_BY_TABLE, MidiTables
from scogen_pipeline.midi.reading import read_midi, reader_version
from scogen_pipeline.midi.rejects import Reason, rejects_table

_MAX_WORKERS: Final = 64
_MAX_BATCH_FILES: Final = 4_096


@dataclass(frozen=True)
class IngestSettings:
    """How a folder is read.

    Args:
        workers: Threads that read at once, 1 to 64. They help where the disk or the network is slow; from a fast disk the parser,
            which alone runs in parallel, is a third of the work, and 2 threads were 0.9 times as fast as 1.
        batch_files: Mean number of files in a batch, 1 to 4,096: what a killed run loses at most is about one batch.

    Raises:
        RequestError: If a value is out of range.
    """

    workers: int = 1
    batch_files: int = 64

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, top in (("workers", _MAX_WORKERS), ("batch_files", _MAX_BATCH_FILES)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= top:
                raise RequestError(f"`{name}` must be a whole number from 1 to {top}, received {value}.")


@dataclass(frozen=True)
class MidiFile:
    """A file that has not been opened yet; calling it returns its bytes or raises `OSError`.

    Args:
        stamp: Changes when the file changes.
        load: Reads the bytes.
    """

    stamp: str
    load: Callable[[], bytes]

    def __call__(self) -> bytes:
        """Read the bytes."""
        return self.load()


@dataclass(frozen=True)
class Batch:
    """Some files in the order of their paths, and the name of what they are read to."""

    name: str
    files: tuple[tuple[str, MidiFile], ...]


def cut_batches(files: Mapping[str, MidiFile], mean_size: int) -> tuple[Batch, ...]:
    """Cut files into batches of about `mean_size`, in the order of their paths."""
    version = reader_version()
    return tuple(Batch(_name_of(group, version), tuple(group)) for group in _groups(sorted(files.items()), mean_size))


def _groups(files: Iterable[tuple[str, MidiFile]], mean_size: int) -> Iterator[list[tuple[str, MidiFile]]]:
    group: list[tuple[str, MidiFile]] = []
    for path, file in files:
        group.append((path, file))
        if zlib.crc32(path.encode()) % mean_size == 0 or len(group) == 4 * mean_size:
            yield group
            group = []
    if group:
        yield group


def _name_of(group: Sequence[tuple[str, MidiFile]], version: str) -> str:
    lines = [version, *(f"{path}\0{file.stamp}" for path, file in group)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:24]


def read_batch(batch: Batch, executor: Executor, workers: int) -> dict[str, pa.Table]:
    """Read the files of a batch into one table of each kind.

    Files of the same bytes have a row of `pieces` each (`collecting` sorts them out) and their notes once.

    Args:
        batch: What to read.
        executor: Runs the workers.
        workers: Number of runs of neighbouring files to read at the same time; a task for each file costs a quarter of the speed.
    """
    size = -(-len(batch.files) // workers)
    runs = [batch.files[start : start + size] for start in range(0, len(batch.files), size)]
    results = [result for run in executor.map(_read_all, runs) for result in run]
    errors = {path: result for (path, _), result in zip(batch.files, results, strict=True) if isinstance(result, MidiError)}
    pieces = [result for result in results if isinstance(result, MidiTables)]
    return _concatenated(pieces) | {"rejects": rejects_table(errors)}


def _read_all(items: Sequence[tuple[str, MidiFile]]) -> list[MidiTables | MidiError]:
    return [_read_or_error(item) for item in items]


def _read_or_error(item: tuple[str, MidiFile]) -> MidiTables | MidiError:
    path, file = item
    try:
        return read_midi(file(), path)
    except MidiError as error:
        return error
    except OSError as error:
        return MidiError(Reason.UNOPENABLE, error.strerror or str(error))


def _concatenated(pieces: Sequence[MidiTables]) -> dict[str, pa.Table]:
    by_id = {piece.pieces["piece_id"][0].as_py(): piece.by_name() for piece in reversed(pieces)}
    unique = list(reversed(by_id.values()))
    tables = {
        name: pa.concat_tables([SCHEMA_BY_TABLE[name].empty_table(), *(piece[name] for piece in unique)])
        for name in SCHEMA_BY_TABLE
        if name not in {"pieces", "rejects"}
    }
    rows = [SCHEMA_BY_TABLE["pieces"].empty_table(), *(piece.pieces for piece in pieces)]
    return {"pieces": pa.concat_tables(rows)} | tables
