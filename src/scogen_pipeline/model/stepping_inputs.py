"""The lower end of a step in NumPy: from what is seen to the gates.

All of it is linear, so what does not depend on the state is done ahead: a token, and each value of a feature, has its gates in a
table. For a few rows looking them up is fastest. For many rows it moves more memory than one product of their embeddings does.

**Conventions.** Those of `stepping`. *Gates* here are those of all layers that see the inputs, side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from scogen_pipeline.errors import DataError
from scogen_pipeline.model.network import DENSE_PROJECTION, FEATURE_PREFIX
from scogen_pipeline.model.stored_network import FloatArray, Weights, count

IntArray = npt.NDArray[np.int32]

#: From so many rows on a product is faster than the tables.
_FEWEST_ROWS: Final = 6


class SeenGates:
    """Adds up what the inputs of a step give to the gates.

    Args:
        weights: Of the network.
        kernels: Rows of the LSTMs' kernels for what is seen, in the order in which `build_network` joins it, (seen, gates) each.
        biases: Of the same LSTMs, (gates,) each.

    Raises:
        DataError: If the kernels are for something else.
    """

    def __init__(self, weights: Weights, kernels: Sequence[FloatArray], biases: Sequence[FloatArray]) -> None:
        (token_embedding,) = weights["token_embedding"]
        tables = [weights[f"{FEATURE_PREFIX}{index}"][0] for index in range(count(weights, FEATURE_PREFIX))]
        dense = weights.get(DENSE_PROJECTION, (np.zeros((0, 0), np.float32),))[0]
        request_size = weights["request"][0].shape[1] if "request" in weights else 0
        widths = [table.shape[1] for table in tables]
        sizes = [token_embedding.shape[1], request_size, *widths, dense.shape[1]]
        if sum(sizes) != len(kernels[0]):
            raise DataError(f"`network` must be made by `build_network`, received {len(kernels[0])} inputs for {sum(sizes)}.")
        of_token, self.of_request, *of_features, of_dense = np.split(np.concatenate(kernels, axis=1), np.cumsum(sizes)[:-1])
        self._of_token = np.ascontiguousarray(token_embedding @ of_token + np.concatenate(biases))  # (vocabulary, gates)
        self._n_features, self._n_dense = len(tables), len(dense)
        self._of_dense = np.ascontiguousarray(dense @ of_dense)  # (dense, gates)
        if not tables:
            return
        # (values of all features, gates), and where each feature begins
        self._of_value = np.concatenate([table @ part for table, part in zip(tables, of_features, strict=True)])
        self._first_values = np.cumsum([0, *(len(table) for table in tables[:-1])])
        # All embeddings in a row, and for each number of a joined embedding: its feature, and where that feature's table is.
        self._embeddings = np.concatenate([table.ravel() for table in tables])
        self._feature_of = np.repeat(np.arange(len(tables)), widths)
        starts = np.cumsum([0, *(table.size for table in tables[:-1])])
        self._places = np.concatenate([start + np.arange(width) for start, width in zip(starts, widths, strict=True)])
        self._widths = np.array(widths)
        self._of_embeddings = np.ascontiguousarray(np.concatenate([*of_features, self._of_dense]))  # (embedded and dense, gates)

    def __call__(
        self, ids: IntArray, request: FloatArray, features: IntArray | None, dense: npt.NDArray[Any] | None
    ) -> FloatArray:
        """Return the sum, (batch, gates).

        Args:
            ids: Shape (batch,).
            request: What the conditions give, (batch, gates).
            features: Shape (batch, features), if there are any.
            dense: Shape (batch, values), if there are any.

        Raises:
            DataError: If features or dense values are not what the network was trained with.
        """
        n_features, n_dense = (0 if known is None else known.shape[1] for known in (features, dense))
        if (n_features, n_dense) != (self._n_features, self._n_dense):
            raise DataError(
                f"`features` and `dense` must have {self._n_features} and {self._n_dense} columns, received {n_features} and "
                f"{n_dense}. A model that was trained by another version of scogen has to be trained again."
            )
        gates: FloatArray = self._of_token[ids] + request
        if features is not None and len(ids) >= _FEWEST_ROWS:
            embedded = self._embeddings[(features * self._widths)[:, self._feature_of] + self._places]
            seen = embedded if dense is None else np.concatenate([embedded, dense], axis=1, dtype=np.float32)
            gates += seen @ self._of_embeddings
            return gates
        if features is not None:
            gates += self._of_value[features + self._first_values].sum(axis=1)
        if dense is not None:
            # Few values are on: a row of the table each is less to move than the table.
            rows, values = dense.nonzero()
            np.add.at(gates, rows, self._of_dense[values] * dense[rows, values, None].astype(np.float32))
        return gates
