"""An Arrow table as one Parquet file, written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scogen_pipeline.datasets.parquet_file import ParquetFileDataset

_ROW_GROUP: Final = 131_072
_BATCH: Final = 65_536


class ArrowTableDataset(ParquetFileDataset[pa.Table | pa.RecordBatchReader, pd.DataFrame | pa.RecordBatchReader]):
    """Saves a `pyarrow.Table` or a stream of batches, loads a `pandas.DataFrame` or a stream.

    A stream is written as it comes, so that a table of any length passes through a bounded memory. A killed run leaves the former
    file or the new one, never half of one; the same rows give the same bytes, however they were batched. Whole numbers of 32 bits
    are delta coded, all else is dictionary coded; zstd.

    YAML:
        piece_labels:
          type: scogen_pipeline.datasets.arrow_table.ArrowTableDataset
          filepath: data/02_intermediate/piece_labels.parquet
          load_as: stream

    Python:
        >>> import tempfile
        >>> dataset = ArrowTableDataset(filepath=tempfile.mkdtemp() + "/table.parquet")
        >>> dataset.save(pa.table({"tick": [0, 24]}))
        >>> list(dataset.load()["tick"])
        [0, 24]

    Args:
        filepath: A local file or any fsspec address.
        load_as: "frame", or "stream" for a `pyarrow.RecordBatchReader`.
        storage_options: What fsspec needs to reach the address.
        metadata: Anything; ignored.
    """

    KINDS = ("frame", "stream")

    def _read(self) -> pd.DataFrame | pa.RecordBatchReader:
        """Whole numbers with gaps come as pandas' nullable kind."""
        if self._load_as == "stream":
            file = pq.ParquetFile(self._fs.open(self._path, "rb"))
            return pa.RecordBatchReader.from_batches(file.schema_arrow, _batches(file))
        with self._fs.open(self._path, "rb") as opened:
            return _frame(pq.read_table(opened))

    def _write(self, data: pa.Table | pa.RecordBatchReader, opened: Any) -> None:
        """Write in row groups of one size."""
        reader = data if isinstance(data, pa.RecordBatchReader) else data.to_reader()
        deltas = [field.name for field in reader.schema if pa.types.is_int32(field.type)]
        with pq.ParquetWriter(
            opened,
            reader.schema,
            compression="zstd",
            use_dictionary=[name for name in reader.schema.names if name not in deltas],
            column_encoding=dict.fromkeys(deltas, "DELTA_BINARY_PACKED") or None,
        ) as writer:
            for rows in _even(reader):
                writer.write_table(rows, row_group_size=_ROW_GROUP)


def _batches(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    with file:
        yield from file.iter_batches(_BATCH)


def _frame(table: pa.Table) -> pd.DataFrame:
    kinds = {pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype()}
    frame: pd.DataFrame = table.to_pandas()
    for field in table.schema:
        column = table[field.name]
        if column.null_count and field.type in kinds:
            frame[field.name] = column.to_pandas(types_mapper=kinds.get)
    return frame


def _even(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Yield the rows in tables of the size of a row group; the last may be smaller."""
    held: list[pa.RecordBatch] = []
    n_held = 0
    for batch in reader:
        held.append(batch)
        n_held += batch.num_rows
        while n_held >= _ROW_GROUP:
            table = pa.Table.from_batches(held, reader.schema).combine_chunks()
            yield table.slice(0, _ROW_GROUP)
            held = table.slice(_ROW_GROUP).to_batches()
            n_held -= _ROW_GROUP
    if n_held:
        yield pa.Table.from_batches(held, reader.schema).combine_chunks()
