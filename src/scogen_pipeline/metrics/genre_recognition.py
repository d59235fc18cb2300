"""Does one model for all genres mix them up? A judge of genres recognises generated pieces as often as real ones, or not.

**Conventions.** The judge learns from real training pieces and is asked about held-out real pieces and about generated ones,
told by the same features of equally long excerpts. *Recall* is the share of the pieces of a genre that it recognises.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from scogen_pipeline.metrics.boosting import fit_judge, usable

#: Of fewer pieces a genre cannot be learned.
FEWEST_PIECES: Final = 20
#: So much may the recall of generated pieces fall short of that of real ones.
TOLERANCE: Final = 0.10

Array = Any


def recognise_genres(features: pd.DataFrame, names: list[str], seed: int = 1) -> pd.DataFrame:
    """Learn genres from the training pieces and name the genre of all others.

    Args:
        features: One row a piece: origin ("train", "real" or "generated"), genre, and the features.
        names: Columns that are features.
        seed: Of the trees.

    Returns:
        The confusion matrix as a long table: origin, genre, recognised_as, n. Empty if fewer than two genres can be learned.
    """
    is_train = (features["origin"] == "train").to_numpy()
    counts = features.loc[is_train, "genre"].value_counts()
    genres = sorted(counts[counts >= FEWEST_PIECES].index)
    columns = ["origin", "genre", "recognised_as", "n"]
    others = features[~is_train & features["genre"].isin(genres)]
    if len(genres) < 2 or others.empty:
        return pd.DataFrame(columns=columns)
    learned = features[is_train & features["genre"].isin(genres)]
    chosen = usable_of_any(learned, names)
    judge = fit_judge(learned[chosen].to_numpy(np.float64), learned["genre"].to_numpy(), seed)
    named = others[["origin", "genre"]].assign(recognised_as=judge.classes_of(others[chosen].to_numpy(np.float64)))
    return named.groupby(columns[:3], as_index=False).size().rename(columns={"size": "n"})[columns]


def usable_of_any(features: pd.DataFrame, names: list[str]) -> list[str]:
    """Return the features that are usable in at least one genre: harmony tells a chorale, though a reel has none."""
    found = {name for _, group in features.groupby("genre") for name in usable(group[names])}
    return [name for name in names if name in found]


def recall_table(confusion: pd.DataFrame) -> pd.DataFrame:
    """Put the recall of real and generated pieces side by side.

    Returns:
        One row a genre: genre, real, generated, difference (generated less real), n_real, n_generated, is_kept_apart (whether
        the difference is within the tolerance, or generated pieces are recognised more often).
    """
    rows = []
    for genre, group in confusion.groupby("genre"):
        row: dict[str, Any] = {"genre": genre}
        for origin in ("real", "generated"):
            own = group[group["origin"] == origin]
            n, right = int(own["n"].sum()), int(own.loc[own["recognised_as"] == genre, "n"].sum())
            row |= {origin: right / n if n else float("nan"), f"n_{origin}": n}
        row["difference"] = row["generated"] - row["real"]
        row["is_kept_apart"] = bool(row["difference"] >= -TOLERANCE)
        rows.append(row)
    columns = ["genre", "real", "generated", "difference", "n_real", "n_generated", "is_kept_apart"]
    return pd.DataFrame(rows, columns=columns)
