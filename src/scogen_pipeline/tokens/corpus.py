"""A whole corpus of tables to a table of ids.

**Conventions.** One row a piece: piece_id, path, split, genre, title, n_bars, n_notes, `conditions` (ids, one a slot), `ids`
(from `<start>` to `<end>`). What cannot be spelled is a row of another table: piece_id, path, reason.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from scogen_pipeline.errors import DataError, VocabularyError
from scogen_pipeline.tokens.encoding import encode
from scogen_pipeline.tokens.gridding import metrical_share
from scogen_pipeline.tokens.quantise import RawPiece, quantise
from scogen_pipeline.tokens.splits import SplitShares, split_of
from scogen_pipeline.tokens.tables import raw_pieces

if TYPE_CHECKING:
    from scogen_pipeline.tokens.vocabulary import Vocabulary

logger = logging.getLogger(__name__)

#: Below this share of onsets on the grid a file is a performance: its ticks are no beats.
_LEAST_METRICAL_SHARE: Final = 0.6
_COLUMNS: Final = ("piece_id", "path", "split", "genre", "title", "n_bars", "n_notes", "conditions", "ids")


def encode_tables(
    facts: pd.DataFrame,
    tracks: pd.DataFrame,
    notes: pd.DataFrame,
    time_signatures: pd.DataFrame,
    vocabulary: Vocabulary,
    shares: SplitShares,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Encode every piece of the tables.

    Returns:
        The encoded pieces and the pieces that could not be encoded, with the reason.

    Raises:
        DataError: If no piece could be encoded.
    """
    rows, faults = [], []
    for piece_id, raw in raw_pieces(facts, tracks, notes, time_signatures):
        try:
            rows.append({"piece_id": piece_id, **_encoded_row(raw, vocabulary, shares)})
        except (DataError, VocabularyError) as error:
            faults.append({"piece_id": piece_id, "path": raw.source, "reason": str(error)})
    logger.info("Encoded %d of %d pieces; %d could not be spelled.", len(rows), len(facts), len(faults))
    if not rows:
        reasons = pd.Series([fault["reason"] for fault in faults]).value_counts().head(3).to_dict()
        raise DataError(f"`pieces` must hold at least one that can be notated, received {len(facts)}: {reasons}.")
    return pd.DataFrame(rows, columns=list(_COLUMNS)), pd.DataFrame(faults, columns=["piece_id", "path", "reason"])


def _encoded_row(raw: RawPiece, vocabulary: Vocabulary, shares: SplitShares) -> dict[str, object]:
    if (
        raw.tracks
        and metrical_share(np.concatenate([track.onset_ticks for track in raw.tracks]), raw.tpq) < _LEAST_METRICAL_SHARE
    ):
        raise DataError("`onsets` must lie on a metrical grid, received a performance. Align it to its beats first.")
    piece = quantise(raw)
    encoded = encode(piece)
    return {
        "path": raw.source,
        "split": split_of(encoded.tokens, shares),
        "genre": piece.genre,
        "title": piece.title,
        "n_bars": piece.n_bars,
        "n_notes": len(piece.notes),
        "conditions": vocabulary.ids_of(encoded.conditions),
        "ids": vocabulary.ids_of(encoded.tokens),
    }
