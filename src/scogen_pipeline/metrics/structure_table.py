"""The structure of generated pieces beside that of real ones: one row a piece, and one a genre and figure.

**Conventions.** Real pieces have to be cut to the length of the generated ones: in a longer piece more comes back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

from scogen_pipeline.metrics.distributions import ratio_of_means
from scogen_pipeline.metrics.phrasing import cadence_share, regular_phrase_share
from scogen_pipeline.metrics.self_similarity import DISTANCES, return_shares, similarity
from scogen_pipeline.metrics.structure import compression_ratio, repeated_share
from scogen_pipeline.music.piece import Piece

#: How near the mean of generated pieces has to come to that of real ones.
GOAL: Final = 0.1


def structure_figures(piece: Piece) -> dict[str, float]:
    """Return every figure of structure by name; NaN where a piece is too short to have it."""
    return {
        **{f"similarity_{distance}": similarity(piece, distance) for distance in DISTANCES},
        **return_shares(piece),
        "compression_ratio": compression_ratio(piece),
        "repeated_motif_share": repeated_share(piece),
        "regular_phrase_share": regular_phrase_share(piece),
        "cadence_share": cadence_share(piece),
    }


def structure_table(origin: str, pieces: Iterable[Piece]) -> pd.DataFrame:
    """Return one row a piece: origin, genre, title, n_bars, and a column for each figure."""
    rows = [
        {"origin": origin, "genre": piece.genre, "title": piece.title, "n_bars": piece.n_bars, **structure_figures(piece)}
        for piece in pieces
    ]
    return pd.DataFrame(rows)


def structure_ratios(pieces: pd.DataFrame) -> pd.DataFrame:
    """Put the means of generated pieces beside those of real ones.

    Args:
        pieces: Rows of `structure_table`, with the origins "real" and "generated".

    Returns:
        One row a genre and figure: genre, figure, real, generated, ratio, ratio_low, ratio_high (95 %, see `distributions`),
        is_within_goal.
    """
    figures = [name for name in pieces.columns if name not in ("origin", "genre", "title", "n_bars")]
    rows = [_ratio_row(str(genre), figure, of_genre) for genre, of_genre in pieces.groupby("genre") for figure in figures]
    table = pd.DataFrame(rows)
    return table.assign(is_within_goal=(table["ratio"] - 1).abs() <= GOAL)


def _ratio_row(genre: str, figure: str, pieces: pd.DataFrame) -> dict[str, Any]:
    real, generated = (pieces.loc[pieces["origin"] == origin, figure].dropna() for origin in ("real", "generated"))
    ratio = ratio_of_means(generated, real)._asdict()
    return {"genre": genre, "figure": figure, "real": real.mean(), "generated": generated.mean(), **ratio}
