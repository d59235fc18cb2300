"""Features and dense values come out of a table as they went in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scogen_pipeline.errors import DataError
from scogen_pipeline.tokens.packing import feature_rows, packed_dense, packed_features, packed_rows, unpacked


@given(st.integers(1, 9), st.integers(0, 4), st.integers(1, 30), st.integers(0, 99))
def test_unpacking_what_was_packed_gives_it_back(n_targets: int, n_features: int, dense_size: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    features = random.integers(0, 256, (n_targets, n_features)).astype(np.uint8)
    dense = random.integers(0, 2, (n_targets, dense_size)).astype(np.uint8)
    assert np.array_equal(feature_rows(packed_features(features), n_targets), features)
    assert np.array_equal(unpacked(packed_rows(packed_dense(dense), n_targets, dense_size), dense_size), dense)
    assert packed_dense(dense).size == n_targets * -(-dense_size // 8)


def test_bytes_of_another_number_of_targets_or_values_are_refused() -> None:
    with pytest.raises(DataError, match="`features` must have as much for each of 3 targets, received 7 bytes"):
        feature_rows(np.zeros(7, np.uint8), 3)
    with pytest.raises(DataError, match="`dense` must have 20 values a target, received 2 bytes"):
        packed_rows(np.zeros(6, np.uint8), 3, 20)
