"""What is known before each target, in the bytes that lie in a table.

**Conventions.** Of a piece with n targets: `features` is uint8, (n x k) row by row; `dense` is 0 or 1, the values of a target in
whole bytes, the first value in the highest bit, as `numpy.packbits` has it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from scogen_pipeline.errors import DataError

ByteArray = npt.NDArray[np.uint8]


def packed_features(features: ByteArray) -> ByteArray:
    """Return features, (targets, features), as they lie in a table."""
    return np.ascontiguousarray(features, dtype=np.uint8).ravel()


def packed_dense(dense: ByteArray) -> ByteArray:
    """Return values of 0 and 1, (targets, values), as they lie in a table."""
    return np.packbits(dense, axis=1).ravel()


def feature_rows(flat: ByteArray, n_targets: int) -> ByteArray:
    """Return the features of a piece, (targets, features), without copying them.

    Raises:
        DataError: If the targets have not equally many.
    """
    return _rows(flat, n_targets, "features")


def packed_rows(flat: ByteArray, n_targets: int, dense_size: int) -> ByteArray:
    """Return the dense values of a piece, still packed, (targets, bytes), without copying them.

    Raises:
        DataError: If the bytes are those of another number of values.
    """
    rows = _rows(flat, n_targets, "dense")
    if rows.shape[1] != -(-dense_size // 8):
        raise DataError(f"`dense` must have {dense_size} values a target, received {rows.shape[1]} bytes. Encode the data again.")
    return rows


def unpacked(rows: ByteArray, dense_size: int) -> ByteArray:
    """Return packed rows, (..., bytes), as values of 0 and 1, (..., values)."""
    return np.unpackbits(rows, axis=-1, count=dense_size)


def _rows(flat: ByteArray, n_targets: int, name: str) -> ByteArray:
    if len(flat) % n_targets:
        raise DataError(f"`{name}` must have as much for each of {n_targets} targets, received {len(flat)} bytes.")
    return flat.reshape(n_targets, -1)
