"""Batches to the final tables: in the order of the paths, every piece once, every other file with its reason.

**Conventions.** The first path (in sorted order) of several files with the same bytes is the piece, the others are rejects that
name it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from scogen_pipeline.errors import MidiError
from scogen_pipeline.midi.notes import SCHEMA_BY_TABLE
from scogen_pipeline.midi.rejects import Reason, rejects_table


def collect_tables(parts: Iterable[Mapping[str, pa.Table]]) -> dict[str, pa.Table]:
    """Put the tables of batches together.

    Args:
        parts: The tables of each batch, batches in the order of their paths.

    Returns:
        One table for each name of `SCHEMA_BY_TABLE`. Each is one chunk, so that the bytes of a saved table do not depend on how
        the files were cut into batches.
    """
    first_path_by_id: dict[str, str] = {}
    collected: dict[str, list[pa.Table]] = {name: [schema.empty_table()] for name, schema in SCHEMA_BY_TABLE.items()}
    for part in parts:
        kept, duplicates = _split_duplicates(part["pieces"], first_path_by_id)
        for name, rows in _restricted(part, kept).items():
            collected[name].append(rows)
        collected["rejects"] += [part["rejects"], rejects_table(duplicates)]
    tables = {name: pa.concat_tables(rows).combine_chunks() for name, rows in collected.items()}
    return tables | {"rejects": tables["rejects"].sort_by("path")}


def _split_duplicates(pieces: pa.Table, first_path_by_id: dict[str, str]) -> tuple[list[bool], dict[str, MidiError]]:
    """Say which rows are the first of their bytes, enter those into `first_path_by_id`, and refuse the others."""
    kept: list[bool] = []
    duplicates: dict[str, MidiError] = {}
    for piece_id, path in zip(pieces["piece_id"].to_pylist(), pieces["path"].to_pylist(), strict=True):
        kept.append(piece_id not in first_path_by_id)
        if not kept[-1]:
            duplicates[path] = MidiError(Reason.DUPLICATE, f"the same bytes as {first_path_by_id[piece_id]}")
        first_path_by_id.setdefault(piece_id, path)
    return kept, duplicates


def _restricted(part: Mapping[str, pa.Table], kept: list[bool]) -> dict[str, pa.Table]:
    tables = {name: table for name, table in part.items() if name != "rejects"}
    if all(kept):
        return tables
    import pyarrow.compute as pc  # noqa: PLC0415 - 0.1 s that runs without duplicates do not pay

    pieces = tables["pieces"].filter(pa.array(kept, pa.bool_()))
    others = {
        name: table.filter(pc.is_in(table["piece_id"], pieces["piece_id"].combine_chunks())) for name, table in tables.items()
    }
    return others | {"pieces": pieces}
