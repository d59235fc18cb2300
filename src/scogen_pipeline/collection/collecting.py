"""A collection, from its source to parts in which every file is accounted for once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from scogen_pipeline.collection.duplicates import Copies, drop_copies, find_copies, outdated, undropped
from scogen_pipeline.collection.strands import Source, StrandResult, read_strand, strands_of
from scogen_pipeline.collection.table_folder import Manifest, TableFolder
from scogen_pipeline.errors import DataError
from scogen_pipeline.midi.rejects import counts_sentence


class Workers(Protocol):
    """Whatever runs tasks: this process, several, or a cluster."""

    @property
    def n(self) -> int:
        """How many tasks run at once."""

    def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
        """Yield the results as they come."""


@dataclass(frozen=True)
class Account:
    """What became of the files of a collection.

    Args:
        n_files: Files that were found.
        n_pieces: Files that are pieces.
        n_performances: How many of those are performances.
        reasons: Reason -> number of rejects.
    """

    n_files: int
    n_pieces: int
    n_performances: int
    reasons: Counter[str]

    @property
    def is_complete(self) -> bool:
        """Whether every file is a piece or a reject."""
        return self.n_files == self.n_pieces + self.reasons.total()

    def __str__(self) -> str:
        """Summarise in a line."""
        return counts_sentence(self.n_files, self.reasons)


def read_collection(source: Source, tables: TableFolder, workers: Workers, batch_files: int) -> Manifest:
    """Read what no earlier run has finished, and sort out the copies.

    Raises:
        DataError: If the source cannot be read to its end, or changes while it is read.
    """
    manifest = _read_missing(source, tables, workers, batch_files)
    copies = find_copies(tables, manifest.parts)
    stale = outdated(tables, manifest.parts, copies)
    if stale:
        for part in stale:
            tables.forget(part)
        manifest = _read_missing(source, tables, workers, batch_files)
    _drop(tables, undropped(tables, copies), workers)
    return manifest


def _read_missing(source: Source, tables: TableFolder, workers: Workers, batch_files: int) -> Manifest:
    strands = strands_of(source, tables, batch_files, workers.n)
    try:
        return joined(source, list(workers.map(read_strand, strands)))
    except OSError as error:
        raise DataError(
            f"`{source.address}` must be readable to its end, received an error: {error}. Run again: what is finished is kept."
        ) from error


def joined(source: Source, results: Sequence[StrandResult]) -> Manifest:
    """Put the strands of a collection together.

    Raises:
        DataError: If they did not see the same files.
    """
    if len({(result.n_files, result.checksum) for result in results}) > 1:
        raise DataError(
            f"`{source.address}` must not change while it is read, received other files at the end than at the beginning. "
            "Run again: what is finished is kept."
        )
    parts = sorted(part for result in results for part in result.parts)
    sidecars = {path: name for result in results for path, name in result.sidecars.items()}
    return Manifest(tuple(name for _, name in parts), sidecars, source.address, results[0].n_files)


def _drop(tables: TableFolder, copies: Sequence[Copies], workers: Workers) -> None:
    if copies:
        list(workers.map(partial(drop_copies, tables), copies))


def account_of(tables: TableFolder, manifest: Manifest) -> Account:
    """Count what became of the files.

    Raises:
        DataError: If files were lost: never, unless parts were removed by hand.
    """
    receipts = [receipt for _, receipt in tables.receipts_of(manifest.parts)]
    account = Account(
        manifest.n_files,
        sum(receipt["n_pieces"] for receipt in receipts),
        sum(receipt["n_performances"] for receipt in receipts),
        sum((Counter(receipt["reasons"]) for receipt in receipts), Counter()),
    )
    if not account.is_complete:
        raise DataError(
            f"`{tables.address}` must account for {account.n_files} files, received {account.n_pieces} pieces and "
            f"{account.reasons.total()} rejects. Remove the folder and run again."
        )
    return account
