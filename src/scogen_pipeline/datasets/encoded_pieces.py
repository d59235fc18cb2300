"""Encoded pieces as one Parquet file that is read row group by row group."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scogen_pipeline.datasets.parquet_file import ParquetFileDataset
from scogen_pipeline.tokens.encoded_pieces import EncodedPieces


class EncodedPiecesDataset(ParquetFileDataset[pa.RecordBatchReader, EncodedPieces | pd.DataFrame]):
    """Saves a stream of batches, each as a row group; loads `EncodedPieces`, which read what they are asked for, or a data frame.

    A killed run leaves the former file or the new one, never half of one.

    YAML:
        encoded_pieces:
          type: scogen_pipeline.datasets.encoded_pieces.EncodedPiecesDataset
          filepath: data/05_model_input/encoded_pieces.parquet
          load_as: frame

    Python:
        >>> import tempfile
        >>> dataset = EncodedPiecesDataset(filepath=tempfile.mkdtemp() + "/pieces.parquet")
        >>> dataset.save(pa.table({"piece_id": ["a", "b"]}).to_reader())
        >>> dataset.load().n_groups
        1

    Args:
        filepath: A local file or any fsspec address.
        load_as: "pieces", or "frame" for a `pandas.DataFrame` of all rows and columns, sorted by piece_id.
        storage_options: What fsspec needs to reach the address.
        metadata: Anything; ignored.
    """

    KINDS = ("pieces", "frame")

    def _read(self) -> EncodedPieces | pd.DataFrame:
        pieces = EncodedPieces(self._fs, self._path)
        return pieces.frame(pieces.columns) if self._load_as == "frame" else pieces

    def _write(self, data: pa.RecordBatchReader, opened: Any) -> None:
        with pq.ParquetWriter(opened, data.schema, compression="zstd", compression_level=1) as writer:
            for batch in data:
                writer.write_batch(batch, row_group_size=max(1, batch.num_rows))
