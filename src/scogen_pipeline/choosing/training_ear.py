"""Twins of training pieces, for the ear to learn from.

What the ear is later judged by, held-out pieces, it never hears.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from scogen_pipeline.choosing.ear import EXCERPT_BARS, LENGTHS, fit_ear, heard_features
from scogen_pipeline.errors import RequestError
from scogen_pipeline.metrics.excerpt import excerpt, is_comparable
from scogen_pipeline.metrics.pairing import decoded_piece
from scogen_pipeline.music.genres import GENRES
from scogen_pipeline.sampling.stages import STAGE_BARS
from scogen_pipeline.sampling.twins import compose_twins, twin_requests

if TYPE_CHECKING:
    from scogen_pipeline.music.piece import Piece
    from scogen_pipeline.sampling.particles import Stepper
    from scogen_pipeline.sampling.request import Request

#: With fewer training pieces of some length it is not learned.
_FEWEST: Final = 40
_SEED: Final = 1
#: A twin may be half as long again as what is heard of it.
_MOST_BARS: Final = EXCERPT_BARS * 3 // 2


def learn_genres(encoded: pd.DataFrame, stepper: Stepper, most: int) -> Iterator[pd.DataFrame]:
    """Yield what is learned of each genre and length that has pieces enough.

    Args:
        encoded: Encoded pieces: split, genre, ids, conditions.
        stepper: The model.
        most: Most pieces of a genre that are heard, and as many twins.
    """
    for genre in GENRES:
        trained = encoded[(encoded["genre"] == genre) & (encoded["split"] == "train")]
        real, requests = _some_pieces(trained, stepper, most)
        if len(real) >= _FEWEST:
            twins = compose_twins(requests, stepper, _SEED, dict.fromkeys(requests, 1))
            for n_bars in LENGTHS:
                heard, heard_of_twins = _heard(real.values(), n_bars), _heard(twins.values(), n_bars)
                if min(len(heard), len(heard_of_twins)) >= _FEWEST:
                    yield fit_ear(genre, n_bars, heard, heard_of_twins)


def _heard(pieces: Iterable[Piece], n_bars: int) -> list[dict[str, float]]:
    """Return the features of the beginnings that belong to a length."""
    beginnings = (excerpt(piece, n_bars) for piece in pieces)
    return [heard_features(beginning) for beginning in beginnings if beginning.n_bars > n_bars - STAGE_BARS]


def _some_pieces(trained: pd.DataFrame, stepper: Stepper, most: int) -> tuple[dict[str, Piece], dict[str, Request]]:
    """Return pieces that can be compared and asked for, and what twins of them are asked for; always the same ones."""
    pieces: dict[str, Piece] = {}
    requests: dict[str, Request] = {}
    rows = trained.sort_values("path")[["path", "ids", "conditions"]]
    for place in np.random.default_rng(_SEED).permutation(len(rows)):
        if len(pieces) == most:
            break
        path, ids, conditions = rows.iloc[place]
        piece = decoded_piece(ids, conditions, stepper.vocabulary)
        if is_comparable(piece, EXCERPT_BARS):
            # A measure of an eighth note cannot be asked for, and there is one in the Essen collection.
            with suppress(RequestError):
                requests |= twin_requests([(str(path), piece)], _MOST_BARS)
                pieces[str(path)] = piece
    return pieces, requests
