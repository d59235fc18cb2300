"""What is known before each target, in the bytes that lie in a table.

**Conventions.** Of a piece with n targets: `features` is uint8, (n x k) row by row; `dense` is 0 or 1, the values of a target in
whole bytes, the first value in the highest bit, as `numpy.packbits` has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from scogen_pipeline.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

ByteArray = npt.NDArray[np.uint8]


def packed_features(features: ByteArray) -> ByteArray:
    """Return features, (targets, features), as they lie in a table."""
    return np.ascontiguousarray(features, dtype=np.uint8).ravel()


def packed_dense(dense: ByteArray) -> ByteArray:
    """Return values of 0 and 1, (targets, values), as they lie in a table."""
    return np.packbits(dense, axis=1).ravel()


def unpacked_features(flat: Sequence[int] | ByteArray, n_targets: int) -> ByteArray:
    """Return the features of a piece, (targets, features)."""
    return _rows(flat, n_targets, "features")


def unpacked_dense(flat: Sequence[int] | ByteArray, n_targets: int, dense_size: int) -> ByteArray:
    """Return the dense values of a piece, (targets, values), each 0 or 1.

    Raises:
        DataError: If the bytes are those of another number of values.
    """
    rows = _rows(flat, n_targets, "dense")
    if rows.shape[1] != -(-dense_size // 8):
        raise DataError(f"`dense` must have {dense_size} values a target, received {rows.shape[1]} bytes. Encode the data again.")
    return np.unpackbits(rows, axis=1, count=dense_size)


def _rows(flat: Sequence[int] | ByteArray, n_targets: int, name: str) -> ByteArray:
    values = np.asarray(flat, dtype=np.uint8)
    if len(values) % n_targets:
        raise DataError(f"`{name}` must have as much for each of {n_targets} targets, received {len(values)} bytes.")
    return values.reshape(n_targets, -1)
