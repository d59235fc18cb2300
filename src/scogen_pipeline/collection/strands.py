"""A collection read by many workers at once, none of which needs another.

A worker's share is a *strand*: it walks the whole stream by itself and reads each n-th batch. Walking is cheap beside reading
(an archive is unpacked, but not parsed), and so nothing but addresses and counts passes between processes, a strand that dies
is simply walked again, and what is finished is not read twice.

**Conventions.** Strand k of n reads the batches with index k, k + n, k + 2n ... Strand 0 also keeps the sidecars.
"""

from __future__ import annotations

import hashlib
import logging
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, Protocol

from scogen_pipeline.collection.batches import Batch, cut_batches
from scogen_pipeline.collection.table_folder import TableFolder
from scogen_pipeline.errors import MidiError
from scogen_pipeline.midi.batch_tables import read_batch
from scogen_pipeline.midi.files import MidiFile, Sidecar

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger(__name__)

#: A collection of fewer files is read before a second process has started.
_FEWEST_TO_SHARE: Final = 1_000


class Source(Protocol):
    """A stream that can be walked again and again, by any process."""

    @property
    def address(self) -> str:
        """Where it is, for messages."""

    def files(self) -> Iterator[MidiFile | Sidecar]:
        """Walk it."""


@dataclass(frozen=True)
class Strand:
    """One worker's share of the reading.

    Args:
        source: What is read.
        tables: Where the parts go.
        batch_files: Mean number of files in a batch.
        index: Which strand this is.
        n_strands: Of how many.
    """

    source: Source
    tables: TableFolder
    batch_files: int
    index: int
    n_strands: int


@dataclass
class StrandResult:
    """What a strand saw and did; small, for it is all that travels back.

    Args:
        parts: (index of the batch, name of its part), of its own batches.
        sidecars: Path in the source -> name in the folder.
        n_files: Files of the whole stream.
        checksum: Of all paths and stamps of the stream.
    """

    parts: list[tuple[int, str]] = field(default_factory=list)
    sidecars: dict[str, str] = field(default_factory=dict)
    n_files: int = 0
    checksum: int = 0


def strands_of(source: Source, tables: TableFolder, batch_files: int, n_workers: int) -> list[Strand]:
    """Share the reading among workers; a small collection is one strand."""
    is_small = sum(1 for _ in islice(source.files(), _FEWEST_TO_SHARE)) < _FEWEST_TO_SHARE
    n_strands = 1 if is_small else n_workers
    return [Strand(source, tables, batch_files, index, n_strands) for index in range(n_strands)]


def read_strand(strand: Strand) -> StrandResult:
    """Read the batches of a strand that no earlier run has finished, and write each as a part.

    Raises:
        OSError: If the source fails in a way that may pass; what is finished is kept.
    """
    result, finished = StrandResult(), strand.tables.finished()
    files = _noted(strand, result)
    for batch in cut_batches(files, strand.batch_files, lambda index: index % strand.n_strands == strand.index):
        name = batch.name
        if name not in finished:
            write_part(strand.tables, name, batch)
        result.parts.append((batch.index, name))
    return result


def _noted(strand: Strand, result: StrandResult) -> Iterator[MidiFile]:
    """Walk the source, keeping account of what passes."""
    for file in strand.source.files():
        line = f"{file.path}\0{file.stamp}".encode("utf-8", "surrogateescape")
        result.checksum = zlib.crc32(line, result.checksum)
        if isinstance(file, MidiFile):
            result.n_files += 1
            yield file
        elif strand.index == 0:
            _keep_sidecar(strand.tables, file, line, result)


def _keep_sidecar(tables: TableFolder, file: Sidecar, line: bytes, result: StrandResult) -> None:
    name = hashlib.sha256(line).hexdigest()[:24] + PurePosixPath(file.path).suffix.lower()
    try:
        tables.keep_sidecar(name, file.open)
    except MidiError as error:
        logger.warning("The labels in %s are left out: %s.", file.path, error)
    else:
        result.sidecars[file.path] = name


def write_part(tables: TableFolder, name: str, batch: Batch) -> None:
    """Read a batch and write its tables and its receipt."""
    rows = read_batch(batch.files)
    tables.write(name, rows, receipt_of(rows))


def receipt_of(rows: dict[str, pa.Table], first_by_row: Mapping[int, str] | None = None) -> dict[str, Any]:
    """Say what a part holds.

    Args:
        rows: The tables of the part.
        first_by_row: Rows of `files` that are copies -> path of the first.
    """
    return {
        "n_files": rows["files"].num_rows,
        "n_pieces": rows["pieces"].num_rows,
        "n_notes": rows["notes"].num_rows,
        "n_performances": rows["pieces"]["time_base"].to_pylist().count("performance"),
        "reasons": dict(sorted(Counter(rows["rejects"]["reason"].to_pylist()).items())),
        "dropped": {str(row): path for row, path in (first_by_row or {}).items()},
    }
