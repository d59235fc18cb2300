"""The table of encoded pieces as one Parquet file, which need not fit into memory.

**Conventions.** One row a piece, sorted by split and piece_id: piece_id, path, split, genre, title, n_bars, n_notes, `conditions`
(ids, one a slot), `ids` (from `<start>` to `<end>`), `features` and `dense` (what is known before each target, see
`tokens.packing`). A row group is of one split and has at most about `GROUP_IDS` ids. The id of a piece is a hash, so a row group
is a sample of its split.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scogen_pipeline.tokens.examples import Examples
from scogen_pipeline.tokens.packing import feature_rows, packed_rows

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

SCHEMA: Final[Any] = pa.schema(
    [
        ("piece_id", pa.string()),
        ("path", pa.string()),
        ("split", pa.string()),
        ("genre", pa.string()),
        ("title", pa.string()),
        ("n_bars", pa.int32()),
        ("n_notes", pa.int32()),
        ("conditions", pa.list_(pa.int32())),
        ("ids", pa.list_(pa.int32())),
        ("features", pa.list_(pa.uint8())),
        ("dense", pa.list_(pa.uint8())),
    ]
)
#: What is known before each target is ten times as much as the ids, and follows from them.
BARE_COLUMNS: Final = tuple(name for name in SCHEMA.names if name not in {"features", "dense"})
#: Small enough for many row groups to lie in the buffer that training shuffles in.
GROUP_IDS: Final = 2**18
_BLOCK: Final = 2**20


class EncodedPieces:
    """A file of encoded pieces.

    Args:
        filesystem: Where it lies.
        path: Its path there.
    """

    def __init__(self, filesystem: AbstractFileSystem, path: str) -> None:
        self._filesystem, self._path = filesystem, path

    @cached_property
    def _metadata(self) -> Any:
        with self._filesystem.open(self._path, "rb") as file:
            return pq.read_metadata(file)

    @property
    def n_groups(self) -> int:
        """Number of row groups."""
        return int(self._metadata.num_row_groups)

    def tables(self, groups: Iterable[int], columns: Sequence[str] = SCHEMA.names) -> Iterator[pa.Table]:
        """Yield row groups, one at a time in memory."""
        with self._filesystem.open(self._path, "rb") as opened, pq.ParquetFile(opened, metadata=self._metadata) as file:
            for group in groups:
                yield file.read_row_group(group, list(columns))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self._metadata.schema.to_arrow_schema().names)

    def bare(self) -> pa.RecordBatchReader:
        """Return `BARE_COLUMNS` as a stream, a batch a row group."""
        schema = pa.schema([SCHEMA.field(name) for name in BARE_COLUMNS])
        tables = (table.cast(schema).combine_chunks() for table in self.tables(range(self.n_groups), BARE_COLUMNS))
        return pa.RecordBatchReader.from_batches(schema, (batch for table in tables for batch in table.to_batches()))

    def frame(self, columns: Sequence[str] = BARE_COLUMNS) -> pd.DataFrame:
        """Return some columns of all pieces as a data frame, sorted by piece_id."""
        frame: pd.DataFrame = pa.concat_tables(self.tables(range(self.n_groups), columns)).to_pandas()
        return frame.sort_values("piece_id", ignore_index=True) if "piece_id" in frame else frame

    @cached_property
    def index(self) -> pd.DataFrame:
        """One row a piece in the order of the file: group, split, genre, n_ids."""
        rows = [
            table.select(["split", "genre"]).to_pandas().assign(group=group, n_ids=pc.list_value_length(table["ids"]).to_numpy())
            for group, table in enumerate(self.tables(range(self.n_groups), ["split", "genre", "ids"]))
        ]
        empty = pd.DataFrame({"split": [], "genre": [], "group": [], "n_ids": []})
        return pd.concat(rows, ignore_index=True) if rows else empty

    @cached_property
    def n_conditions(self) -> int:
        """Number of condition slots; 0 if there is no piece."""
        first = next(self.tables(range(min(1, self.n_groups)), ["conditions"]), None)
        return 0 if first is None else len(first["conditions"][0])

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the file, in hex: the batches of an epoch also follow from where its row groups end."""
        digest = hashlib.sha256()
        with self._filesystem.open(self._path, "rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest()


def examples_of(table: pa.Table, dense_size: int) -> Examples:
    """Return the rows of a table as examples with packed dense values, without copying them.

    Args:
        table: Columns conditions, ids, features, dense.
        dense_size: Number of dense values; 0 leaves them out.

    Raises:
        DataError: If the table holds another number of dense values.
    """
    ids = _arrays(table["ids"])
    n_targets = [len(each) - 1 for each in ids]
    conditions = np.stack(_arrays(table["conditions"])) if ids else np.zeros((0, 0), np.int32)
    features = tuple(map(feature_rows, _arrays(table["features"]), n_targets))
    dense = tuple(map(packed_rows, _arrays(table["dense"]), n_targets, repeat(dense_size))) if dense_size else ()
    return Examples(tuple(ids), conditions, features, dense, dense_size)


def _arrays(column: pa.ChunkedArray) -> list[Any]:
    """Return the values of each row of a column of lists."""
    arrays = []
    for chunk in column.chunks:
        values, bounds = chunk.values.to_numpy(), chunk.offsets.to_numpy()  # noqa: PD011 - Arrow's, not those of pandas
        arrays += [values[start:end] for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)]
    return arrays
