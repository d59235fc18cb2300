"""Files of the same bytes: the first is the piece, the others are rejects that name it.

Parts are read without knowing of each other, so a file may be a piece in two of them. Once all are there, the ids are compared
and the parts with later copies are written again without them.

**Conventions.** The first is the one that comes first in the stream. `files` (path, piece_id) of each part is never changed, so
that what must be dropped can be worked out anew when files have come or gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scogen_pipeline.collection.strands import receipt_of
from scogen_pipeline.collection.table_folder import TableFolder
from scogen_pipeline.errors import MidiError
from scogen_pipeline.midi.notes import SCHEMA_BY_TABLE
from scogen_pipeline.midi.rejects import Reason, rejects_table

_HAVE_THEIR_OWN_RULE: Final = frozenset({"files", "pieces", "rejects"})


@dataclass(frozen=True)
class Copies:
    """The files of one part that are pieces elsewhere, or earlier in the part.

    Args:
        part: Name of the part.
        first_by_row: Row in its `files` -> path of the first file of the same bytes.
    """

    part: str
    first_by_row: Mapping[int, str]


def find_copies(tables: TableFolder, parts: Sequence[str]) -> list[Copies]:
    """Find the copies among the files of some parts, which are in the order of the stream.

    Memory is 28 bytes a file.
    """
    ids, owners, rows = _ids_of(tables, parts)
    order = np.argsort(ids, kind="stable")
    is_copy = np.zeros(len(ids), dtype=bool)
    is_copy[1:] = ids[order][1:] == ids[order][:-1]
    firsts = order[np.maximum.accumulate(np.where(is_copy, 0, np.arange(len(ids))))]
    copies, originals = order[is_copy], firsts[is_copy]
    paths = _paths_at(tables, parts, owners[originals], rows[originals])
    found: dict[int, dict[int, str]] = {}
    for owner, row, path in zip(owners[copies].tolist(), rows[copies].tolist(), paths, strict=True):
        found.setdefault(owner, {})[row] = path
    return [Copies(parts[owner], dict(sorted(found[owner].items()))) for owner in sorted(found)]


def _ids_of(tables: TableFolder, parts: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return id, index of the part and row in `files` of each file that is a piece."""
    ids, owners, rows = [np.zeros(0, np.uint64)], [np.zeros(0, np.int32)], [np.zeros(0, np.int32)]
    for index, part in enumerate(parts):
        column = tables.read("files", part, ["piece_id"])["piece_id"]
        row = np.flatnonzero(column.is_valid().to_numpy()).astype(np.int32)
        digits = "".join(column.drop_null().cast(pa.string()).to_pylist())
        ids.append(np.frombuffer(bytes.fromhex(digits), dtype=">u8").astype(np.uint64))
        owners.append(np.full(len(row), index, np.int32))
        rows.append(row)
    return np.concatenate(ids), np.concatenate(owners), np.concatenate(rows)


def _paths_at(tables: TableFolder, parts: Sequence[str], owners: np.ndarray, rows: np.ndarray) -> list[str]:
    paths = [""] * len(rows)
    for owner in np.unique(owners).tolist():
        column = tables.read("files", parts[owner], ["path"])["path"]
        for place in np.flatnonzero(owners == owner).tolist():
            paths[place] = column[int(rows[place])].as_py()
    return paths


def outdated(tables: TableFolder, parts: Sequence[str], copies: Sequence[Copies]) -> list[str]:
    """Return the parts that lack a piece which is no copy any more, since the file that came before it has gone."""
    wanted = {each.part: set(each.first_by_row) for each in copies}
    return [part for part, receipt in tables.receipts_of(parts) if not _dropped(receipt).keys() <= wanted.get(part, set())]


def undropped(tables: TableFolder, copies: Sequence[Copies]) -> list[Copies]:
    """Return the copies of parts in which some are still pieces, or rejects that name another file."""
    receipts = tables.receipts_of([each.part for each in copies])
    return [each for each, (_, receipt) in zip(copies, receipts, strict=True) if _dropped(receipt) != each.first_by_row]


def _dropped(receipt: Mapping[str, Any]) -> dict[int, str]:
    return {int(row): path for row, path in receipt["dropped"].items()}


def drop_copies(tables: TableFolder, copies: Copies) -> None:
    """Write a part again: its copies become rejects, and their notes go unless the first is in the same part."""
    part = {name: tables.read(name, copies.part) for name in SCHEMA_BY_TABLE}
    paths = part["files"]["path"].take(list(copies.first_by_row)).to_pylist()
    kept = part["pieces"].filter(pc.invert(pc.is_in(part["pieces"]["path"], pa.array(paths, pa.string()))))
    ids = pa.array(kept["piece_id"].to_pylist(), pa.string())
    others = [name for name in part if name not in _HAVE_THEIR_OWN_RULE]
    rows = {name: part[name].filter(pc.is_in(part[name]["piece_id"], ids)) for name in others}
    broken = part["rejects"].filter(pc.not_equal(part["rejects"]["reason"], str(Reason.DUPLICATE)))
    rows |= {"pieces": kept, "rejects": pa.concat_tables([broken, _rejects(paths, copies)]).sort_by("path")}
    tables.write(copies.part, rows, receipt_of(rows | {"files": part["files"]}, copies.first_by_row))


def _rejects(paths: Sequence[str], copies: Copies) -> pa.Table:
    firsts = copies.first_by_row.values()
    return rejects_table(
        {path: MidiError(Reason.DUPLICATE, f"the same bytes as {first}") for path, first in zip(paths, firsts, strict=True)}
    )
