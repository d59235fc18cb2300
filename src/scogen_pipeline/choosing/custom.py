"""What is usual: the figures of real pieces of each genre, to be stored beside the model.

Whoever keeps the most usual of many candidates gets pieces that are all alike, more so than real ones are. So each piece that is
asked for is given a *pattern*, a real piece of the genre that is drawn by the seed, and the candidate whose figures come nearest
to those of the pattern is kept. Chosen so from many candidates, figures are spread as those of real pieces are.

**Conventions.** A table has one row a real piece: genre, and a column for each figure, empty where it is not known. *Distances*
are in units of the spread of a figure among the real pieces of the genre, as of a normal distribution; 4 is the most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from scogen_pipeline.choosing.figures import GROUPS, ORIGINALITY

FIGURES: Final = tuple(name for names in GROUPS.values() for name in names)
CUSTOM_SCHEMA: Final = pa.schema([("genre", pa.string()), *((name, pa.float32()) for name in FIGURES)])
#: With fewer pieces than this a genre is judged by all genres together.
_FEWEST: Final = 20
_FARTHEST: Final = 4.0
#: So many of the real pieces share no longer run with the others: the band of originality.
BAND: Final = 0.95
#: Standard deviations between the quartiles of a normal distribution, and between its 5 % and 95 % quantiles.
_QUARTILES: Final = 1.349
_OUTER: Final = 3.290


def custom_table(measured: Iterable[tuple[str, Mapping[str, float]]]) -> pa.Table:
    """Gather genre and figures of each real piece."""
    rows = [{"genre": genre, **figures} for genre, figures in measured]
    return pa.Table.from_pandas(pd.DataFrame(rows, columns=CUSTOM_SCHEMA.names), CUSTOM_SCHEMA, preserve_index=False)


class Custom:
    """Tells how far a piece is from a real one.

    Args:
        table: What `custom_table` wrote; without rows, nothing is far from anything.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self._table = table

    def of_genre(self, genre: str) -> pd.DataFrame:
        """Return the real pieces that a genre is judged by: its own, or all if these are few."""
        own = self._table[self._table["genre"] == genre]
        return own if len(own) >= _FEWEST else self._table

    def pattern(self, genre: str, random: np.random.Generator) -> dict[str, float]:
        """Draw a real piece; its figures without those that are not known."""
        pieces = self.of_genre(genre)
        if not len(pieces):
            return {}
        drawn = pieces.iloc[int(random.integers(len(pieces)))]
        return {name: float(drawn[name]) for name in FIGURES if name in drawn and pd.notna(drawn[name])}

    def distances(self, figures: Mapping[str, float], pattern: Mapping[str, float], genre: str) -> dict[str, float]:
        """Return the mean distance from a pattern in each group of figures; groups of which nothing is known are left out.

        Of originality the pattern does not matter: only what lies beyond the band counts.
        """
        each: dict[str, float] = {}
        for name in FIGURES:
            value = figures.get(name, np.nan)
            target = self.usual_run(genre) if name == ORIGINALITY else pattern.get(name, np.nan)
            if not np.isnan(value) and target is not None and not np.isnan(target):
                away = max(0.0, value - target) if name == ORIGINALITY else abs(value - target)
                each[name] = min(away / self._spread(genre, name), _FARTHEST)
        groups = {group: [each[name] for name in names if name in each] for group, names in GROUPS.items()}
        return {group: float(np.mean(values)) for group, values in groups.items() if values}

    def usual_run(self, genre: str) -> float | None:
        """Return the longest run, in notes, that 95 % of real pieces share with the others; None if it is not known."""
        values = self._values(genre, ORIGINALITY)
        return float(np.quantile(values, BAND)) if len(values) else None

    def _values(self, genre: str, figure: str) -> npt.NDArray[np.float64]:
        known: npt.NDArray[Any] = self.of_genre(genre).get(figure, pd.Series(dtype=float)).dropna().to_numpy(dtype=float)
        return known

    def _spread(self, genre: str, figure: str) -> float:
        """Return a standard deviation that a few strange pieces do not change, above 0."""
        values = self._values(genre, figure)
        least, low, middle, high, most = np.quantile(values, (0.05, 0.25, 0.5, 0.75, 0.95))
        spread = max((high - low) / _QUARTILES, (most - least) / _OUTER) or float(values.std())
        return float(max(spread, 1e-3 * (1 + abs(middle))))
