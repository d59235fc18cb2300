"""Encoded parts to the rows of one file, in an order in which neighbours have nothing to do with each other.

A part holds neighbours of the source, such as the songs of one book. Whoever trains on a file reads some row groups at a time,
and each should be a sample of all. So the rows are sorted by the id of the piece, which is a hash: dealt out to buckets on the
disk, then sorted bucket by bucket.

**Conventions.** In memory are a part or a row group, and of each piece its id, its split and its number of ids; buckets are
mapped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from scogen_pipeline.errors import DataError
from scogen_pipeline.tokens.corpus import FAULT_SCHEMA, PART_SCHEMA
from scogen_pipeline.tokens.encoded_pieces import GROUP_IDS, SCHEMA

if TYPE_CHECKING:
    from scogen_pipeline.collection.table_folder import TableFolder

#: Row groups that are sorted together: some four million ids. Fewer would mean more files that are open at once.
_GROUPS_A_BUCKET: Final = 16
_ORDER: Final = ["split", "piece_id"]
_KEYS: Final = ("piece_id", "n_ids")
_KEY_SCHEMA: Final[Any] = pa.schema([PART_SCHEMA.field(name) for name in _KEYS])


def sorted_pieces(parts: TableFolder, splits: pd.DataFrame) -> pa.RecordBatchReader:
    """Return the encoded pieces of a collection as a stream, by split and piece_id; each batch is to be a row group.

    Args:
        parts: A committed folder of encoded parts.
        splits: Columns piece_id and split.

    Raises:
        DataError: If a piece has no split.
    """
    keys = _keys(parts, splits)
    return pa.RecordBatchReader.from_batches(SCHEMA, _row_groups(parts, keys))


def unencoded_pieces(parts: TableFolder) -> pa.RecordBatchReader:
    """Return the pieces that were not encoded as a stream, with the reasons, in the order of the source."""
    tables = (parts.read("faults", part).cast(FAULT_SCHEMA) for part in parts.parts)
    return pa.RecordBatchReader.from_batches(FAULT_SCHEMA, (batch for table in tables for batch in table.to_batches()))


def _keys(parts: TableFolder, splits: pd.DataFrame) -> pd.DataFrame:
    """One row a piece in the order of the parts; also part (its number), split, group (the number of its row group)."""
    tables = (parts.read("pieces", part, list(_KEYS)).cast(_KEY_SCHEMA) for part in parts.parts)
    keys: pd.DataFrame = pd.concat(
        [table.to_pandas().assign(part=number) for number, table in enumerate(tables)], ignore_index=True
    )
    keys["split"] = keys["piece_id"].map(splits.drop_duplicates("piece_id").set_index("piece_id")["split"])
    if keys["split"].isna().any():
        missing = keys.loc[keys["split"].isna(), "piece_id"].iloc[0]
        raise DataError(f"`splits` must have all pieces, received none for {missing}. Run the pipeline `split`.")
    ordered = keys.sort_values(_ORDER)
    # A row group ends where the split changes.
    within = ordered.groupby("split")["n_ids"].cumsum() // GROUP_IDS
    starts = (within != within.shift()) | (ordered["split"] != ordered["split"].shift())
    keys["group"] = starts.cumsum() - 1
    return keys


def _row_groups(parts: TableFolder, keys: pd.DataFrame) -> Iterator[pa.RecordBatch]:
    with TemporaryDirectory(prefix="scogen-") as folder:
        n_buckets = int(keys["group"].max()) // _GROUPS_A_BUCKET + 1 if len(keys) else 0
        buckets = [Path(folder) / f"{number}.arrow" for number in range(n_buckets)]
        _deal(parts, keys, buckets)
        for bucket in buckets:
            with pa.memory_map(str(bucket)) as mapped:
                yield from _sorted_groups(pa.ipc.open_stream(mapped).read_all())
            bucket.unlink()


def _sorted_groups(rows: pa.Table) -> Iterator[pa.RecordBatch]:
    """Yield the row groups of a bucket; only one of them is copied at a time."""
    order = pc.sort_indices(rows.select(_ORDER), [(name, "ascending") for name in _ORDER]).to_numpy()
    groups = rows["group"].to_numpy()[order]
    for own in np.split(order, np.flatnonzero(np.diff(groups)) + 1):
        group = rows.take(own).select(SCHEMA.names).cast(SCHEMA).combine_chunks()
        yield from group.to_batches()


def _deal(parts: TableFolder, keys: pd.DataFrame, buckets: Sequence[Path]) -> None:
    """Write each row to its bucket, with its split and the number of its row group."""
    schema = PART_SCHEMA.append(pa.field("split", pa.string())).append(pa.field("group", pa.int32()))
    with ExitStack() as stack:
        writers: list[Any] = [stack.enter_context(pa.ipc.new_stream(bucket, schema)) for bucket in buckets]
        for number, part in enumerate(parts.parts):
            own = keys[keys["part"] == number]
            table = parts.read("pieces", part).cast(PART_SCHEMA)
            table = table.append_column("split", pa.array(own["split"], pa.string()))
            table = table.append_column("group", pa.array(own["group"].to_numpy(), pa.int32()))
            of_row = own["group"].to_numpy() // _GROUPS_A_BUCKET
            for bucket in np.unique(of_row).tolist():
                writers[bucket].write_table(table.filter(of_row == bucket))
