"""Twins of training pieces, for the ear to learn from.

What the ear is later judged by, held-out pieces, it never hears.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from scogen_pipeline.choosing.ear import EXCERPT_BARS, fit_ear, heard_features
from scogen_pipeline.metrics.excerpt import is_comparable
from scogen_pipeline.metrics.pairing import decoded_piece
from scogen_pipeline.music.genres import GENRES
from scogen_pipeline.sampling.twins import compose_twins, twin_requests

if TYPE_CHECKING:
    from scogen_pipeline.music.piece import Piece
    from scogen_pipeline.sampling.generate import Stepper

#: With fewer training pieces a genre is not learned.
_FEWEST: Final = 40
_SEED: Final = 1
#: A twin may be half as long again as what is heard of it.
_MOST_BARS: Final = EXCERPT_BARS * 3 // 2


def learn_genres(encoded: pd.DataFrame, stepper: Stepper, most: int) -> Iterator[pd.DataFrame]:
    """Yield what is learned of each genre that has pieces enough.

    Args:
        encoded: Encoded pieces: split, genre, ids, conditions.
        stepper: The model.
        most: Most pieces of a genre that are heard, and as many twins.
    """
    for genre in GENRES:
        trained = encoded[(encoded["genre"] == genre) & (encoded["split"] == "train")]
        real = _some_pieces(trained, stepper, most)
        if len(real) >= _FEWEST:
            requests = twin_requests(real.items(), _MOST_BARS)
            twins = compose_twins(requests, stepper, _SEED, dict.fromkeys(requests, 1))
            heard = ([heard_features(piece) for piece in pieces.values()] for pieces in (real, twins))
            yield fit_ear(genre, *heard)


def _some_pieces(trained: pd.DataFrame, stepper: Stepper, most: int) -> dict[str, Piece]:
    """Return pieces that can be compared, in an order that is always the same."""
    found: dict[str, Piece] = {}
    rows = trained.sort_values("path")[["path", "ids", "conditions"]]
    for place in np.random.default_rng(_SEED).permutation(len(rows)):
        if len(found) == most:
            break
        path, ids, conditions = rows.iloc[place]
        piece = decoded_piece(ids, conditions, stepper.vocabulary)
        if is_comparable(piece, EXCERPT_BARS):
            found[str(path)] = piece
    return found
