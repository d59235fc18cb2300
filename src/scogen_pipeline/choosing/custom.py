"""What is usual: the distribution of each figure among real pieces of each genre, as quantiles to be stored beside the model.

**Conventions.** A table has one row a genre and figure: genre ("" for all together), figure, n_pieces and `quantiles`, 101 values
from the least to the greatest. *Surprise* is a natural logarithm: 0 for what lies between the quartiles, and for a value beyond
which (on its side) lies a share p of the real pieces, log(1/4) - log(p).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from scogen_pipeline.choosing.figures import ONE_SIDED

CUSTOM_SCHEMA: Final = pa.schema(
    [("genre", pa.string()), ("figure", pa.string()), ("n_pieces", pa.int32()), ("quantiles", pa.list_(pa.float32()))]
)
_LEVELS: Final = np.linspace(0, 1, 101)
#: With fewer pieces than this a genre is judged by all genres together.
_FEWEST: Final = 20
#: Share of real pieces on one side beyond which a value begins to surprise.
_USUAL_TAIL: Final = 0.25
_SMALLEST_TAIL: Final = 0.0025


def custom_table(measured: Iterable[tuple[str, Mapping[str, float]]]) -> pa.Table:
    """Work the quantiles out.

    Args:
        measured: Genre and figures of each real piece.
    """
    frame = pd.DataFrame([{"genre": genre, **figures} for genre, figures in measured])
    rows: list[dict[str, Any]] = []
    groups = [("", frame), *frame[frame["genre"] != ""].groupby("genre")] if len(frame) else []
    for genre, pieces in groups:
        for figure in pieces.columns.drop("genre"):
            values = pieces[figure].dropna().to_numpy(dtype=float)
            if len(values):
                quantiles = np.quantile(values, _LEVELS).astype(np.float32)
                rows.append({"genre": str(genre), "figure": figure, "n_pieces": len(values), "quantiles": quantiles.tolist()})
    return pa.Table.from_pylist(rows, schema=CUSTOM_SCHEMA)


class Custom:
    """Tells how surprising a figure is in a genre.

    Args:
        table: What `custom_table` wrote; without rows, nothing is surprising.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        known = zip(table["genre"], table["figure"], table["n_pieces"], table["quantiles"], strict=True)
        self._quantiles = {
            (genre, figure): np.asarray(quantiles, dtype=float)
            for genre, figure, n_pieces, quantiles in known
            if n_pieces >= _FEWEST or not genre
        }

    def surprise(self, genre: str, figure: str, value: float) -> float:
        """Return 0 for a usual value, more the farther out it lies; 0 for NaN and for what is not known.

        Of a one-sided figure low values are never surprising.
        """
        quantiles = self._quantiles.get((genre, figure), self._quantiles.get(("", figure)))
        if quantiles is None or np.isnan(value):
            return 0.0
        above = 1 - _share_below(quantiles, value, "left")
        below = 1.0 if figure in ONE_SIDED else _share_below(quantiles, value, "right")
        return float(max(0.0, np.log(_USUAL_TAIL) - np.log(max(min(above, below), _SMALLEST_TAIL))))

    def quantile(self, genre: str, figure: str, level: float) -> float:
        """Return a quantile of a figure in a genre; NaN if it is not known."""
        quantiles = self._quantiles.get((genre, figure), self._quantiles.get(("", figure)))
        return float("nan") if quantiles is None else float(np.interp(level, _LEVELS, quantiles))


def _share_below(quantiles: np.ndarray[Any, np.dtype[np.float64]], value: float, side: str) -> float:
    """Return the share of pieces below a value; with `side` "right", equal ones included."""
    tolerance = 1e-6 * (1 + abs(value))
    value = value + tolerance if side == "right" else value - tolerance
    if value < quantiles[0]:
        return 0.0
    if value >= quantiles[-1]:
        return 1.0
    place = int(np.searchsorted(quantiles, value, side="right")) - 1
    low, high = quantiles[place], quantiles[place + 1]
    return float((place + (value - low) / (high - low)) / (len(quantiles) - 1))
