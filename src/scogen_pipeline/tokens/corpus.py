"""A whole collection of tables to a table of ids.

Only scores are encoded. The ticks of a performance are no beats; on a grid they would be notes in measures that nobody played.

**Conventions.** One row a piece: piece_id, path, split, genre, title, n_bars, n_notes, `conditions` (ids, one a slot), `ids`
(from `<start>` to `<end>`), `features` and `dense` (what is known before each target, see `tokens.packing`). What is not encoded
is a row of another table: piece_id, path, reason.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from scogen_pipeline.errors import DataError, VocabularyError
from scogen_pipeline.tokens.encoding import encode
from scogen_pipeline.tokens.packing import ByteArray, packed_dense, packed_features
from scogen_pipeline.tokens.quantise import RawPiece, quantise
from scogen_pipeline.tokens.tables import raw_pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from scogen_pipeline.tokens.vocabulary import Vocabulary

    #: Conditions and tokens -> features and dense values, each with a row a target.
    View = Callable[[Sequence[str], Sequence[str]], tuple[ByteArray, ByteArray]]

logger = logging.getLogger(__name__)

_PERFORMANCE: Final = "a performance: its ticks are no beats. Align it to its beats first."
_COLUMNS: Final = ("piece_id", "path", "split", "genre", "title", "n_bars", "n_notes", "conditions", "ids", "features", "dense")


def encode_tables(
    parts: Iterable[Mapping[str, pd.DataFrame]],
    facts: pd.DataFrame,
    splits: pd.DataFrame,
    vocabulary: Vocabulary,
    view: View | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Encode every score of the tables.

    Args:
        parts: Tables `tracks`, `notes` and `time_signatures` of some pieces at a time.
        facts: One row a piece, with its part.
        splits: Side of each piece.
        vocabulary: Gives the ids.
        view: Tells what is known before each target; without one, nothing.

    Returns:
        The encoded pieces and the pieces that were not encoded, with the reason; each sorted by piece_id.

    Raises:
        DataError: If no piece could be encoded.
    """
    scores = facts[facts["time_base"] == "score"]
    performances = facts.loc[facts["time_base"] != "score", ["piece_id", "path"]].assign(reason=_PERFORMANCE)
    split_by_id = dict(zip(splits["piece_id"], splits["split"], strict=True))
    rows, faults = [], performances.to_dict("records")
    for piece_id, raw in (piece for tables in parts for piece in _pieces_of(tables, scores)):
        try:
            rows.append({"piece_id": piece_id, "split": split_by_id[piece_id], **_encoded_row(raw, vocabulary, view)})
        except (DataError, VocabularyError) as error:
            faults.append({"piece_id": piece_id, "path": raw.source, "reason": str(error)})
    _log(len(facts), len(rows), len(performances))
    if not rows:
        reasons = pd.Series([fault["reason"] for fault in faults]).value_counts().head(3).to_dict()
        raise DataError(f"`pieces` must hold at least one that can be notated, received {len(facts)}: {reasons}.")
    encoded, others = pd.DataFrame(rows, columns=list(_COLUMNS)), pd.DataFrame(faults, columns=["piece_id", "path", "reason"])
    return encoded.sort_values("piece_id", ignore_index=True), others.sort_values("piece_id", ignore_index=True)


def _pieces_of(tables: Mapping[str, pd.DataFrame], scores: pd.DataFrame) -> Iterable[tuple[str, RawPiece]]:
    own = scores[scores["piece_id"].isin(tables["tracks"]["piece_id"].unique())]
    return raw_pieces(own, tables["tracks"], tables["notes"], tables["time_signatures"])


def _encoded_row(raw: RawPiece, vocabulary: Vocabulary, view: View | None) -> dict[str, object]:
    piece = quantise(raw)
    encoded = encode(piece)
    nothing = np.zeros((len(encoded.tokens) - 1, 0), np.uint8)
    features, dense = view(encoded.conditions, encoded.tokens) if view else (nothing, nothing)
    return {
        "path": raw.source,
        "genre": piece.genre,
        "title": piece.title,
        "n_bars": piece.n_bars,
        "n_notes": len(piece.notes),
        "conditions": vocabulary.ids_of(encoded.conditions),
        "ids": vocabulary.ids_of(encoded.tokens),
        "features": packed_features(features),
        "dense": packed_dense(dense),
    }


def _log(n_pieces: int, n_encoded: int, n_performances: int) -> None:
    logger.info("Encoded %d of %d pieces; %d could not be spelled.", n_encoded, n_pieces, n_pieces - n_encoded - n_performances)
    if n_performances:
        logger.info("Left out %d performances: their ticks are no beats, so they cannot be notated.", n_performances)
