"""Encoded pieces as one Parquet file that is read row group by row group."""

from __future__ import annotations

from typing import Any, Literal

import fsspec
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from kedro.io import AbstractDataset

from scogen_pipeline.collection.whole_file import finish, unfinished
from scogen_pipeline.errors import DataError
from scogen_pipeline.tokens.encoded_pieces import EncodedPieces


class EncodedPiecesDataset(AbstractDataset[pa.RecordBatchReader, EncodedPieces | pd.DataFrame]):
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

    def __init__(
        self,
        filepath: str,
        load_as: Literal["pieces", "frame"] = "pieces",
        storage_options: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._filepath = filepath
        self._load_as = load_as
        self._fs, self._path = fsspec.core.url_to_fs(filepath, **(storage_options or {}))
        self.metadata = metadata

    def load(self) -> EncodedPieces | pd.DataFrame:
        """Return the pieces as the file now has them.

        Raises:
            DataError: If there is no file.
        """
        if not self._exists():
            raise DataError(f"`{self._filepath}` must be a file that exists. Run the pipeline that writes it: kedro run.")
        pieces = EncodedPieces(self._fs, self._path)
        return pieces.frame(pieces.columns) if self._load_as == "frame" else pieces

    def save(self, data: pa.RecordBatchReader) -> None:
        """Write the pieces as they come, replacing the file in one step."""
        partial = unfinished(self._fs, self._path)
        try:
            with (
                self._fs.open(partial, "wb") as opened,
                pq.ParquetWriter(opened, data.schema, compression="zstd", compression_level=1) as writer,
            ):
                for batch in data:
                    writer.write_batch(batch, row_group_size=max(1, batch.num_rows))
            finish(self._fs, partial, self._path)
        finally:
            if self._fs.exists(partial):
                self._fs.rm_file(partial)

    def _exists(self) -> bool:
        self._fs.invalidate_cache()
        return bool(self._fs.isfile(self._path))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "load_as": self._load_as}
