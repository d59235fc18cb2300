"""A file of made-up encoded pieces, in small row groups, and what should be read from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.implementations.local import LocalFileSystem

from scogen_pipeline.tokens.encoded_pieces import SCHEMA, EncodedPieces
from scogen_pipeline.tokens.packing import feature_rows, packed_dense, packed_features, packed_rows, unpacked
from scogen_pipeline.tokens.streaming import genre_repeats_of
from scogen_pipeline.tokens.windows import Examples

#: Values a target in the file.
N_FEATURES, DENSE_SIZE = 2, 11


def encoded_frame(n_pieces: int = 40, n_ids: int = 50, seed: int = 0) -> pd.DataFrame:
    """Pieces whose features and dense values follow from their ids; three splits, two genres."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(n_pieces):
        ids = random.integers(3, n_ids, random.integers(2, 90)).astype(np.int32)
        features = np.stack([ids[1:] % 7, ids[1:] % 5], axis=1)
        dense = ids[1:, None] % np.arange(2, 2 + DENSE_SIZE) == 0
        rows.append(
            {
                "piece_id": f"{number:04}",
                "path": f"{number}.mid",
                "split": ("train", "train", "train", "valid", "test")[number % 5],
                "genre": "reel" if number % 7 else "air",
                "title": "",
                "n_bars": 1,
                "n_notes": 1,
                "conditions": random.integers(3, n_ids, 2).astype(np.int32),
                "ids": ids,
                "features": packed_features(features.astype(np.uint8)),
                "dense": packed_dense(dense.astype(np.uint8)),
            }
        )
    return pd.DataFrame(rows)


def written(frame: pd.DataFrame, path: Path, rows_a_group: int) -> EncodedPieces:
    """Write a frame split by split."""
    with pq.ParquetWriter(path, SCHEMA) as writer:
        for _, own in frame.sort_values(["split", "piece_id"]).groupby("split"):
            writer.write_table(pa.Table.from_pandas(own, SCHEMA, preserve_index=False), row_group_size=rows_a_group)
    return EncodedPieces(LocalFileSystem(), str(path))


def in_memory(frame: pd.DataFrame, split: str, genre_repeats: int = 1) -> Examples:
    """The pieces of a split in the order of their id, unpacked."""
    rows = frame[frame["split"] == split].sort_values("piece_id")
    rows = rows.iloc[np.repeat(np.arange(len(rows)), genre_repeats_of(rows["genre"], rows["ids"].map(len), genre_repeats))]
    n_targets = [len(ids) - 1 for ids in rows["ids"]]
    dense = [unpacked(packed_rows(flat, n, DENSE_SIZE), DENSE_SIZE) for flat, n in zip(rows["dense"], n_targets, strict=True)]
    return Examples(
        tuple(rows["ids"]), np.stack(rows["conditions"]), tuple(map(feature_rows, rows["features"], n_targets)), tuple(dense)
    )
