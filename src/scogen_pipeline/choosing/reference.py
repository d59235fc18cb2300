"""What is usual among real pieces, read off the encoded ones.

What the model thinks of a piece, and what a piece shares with the training set, can only be told of pieces that the model was not
trained on; all other figures can be read off any.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from scogen_pipeline.choosing.custom import custom_table
from scogen_pipeline.choosing.figures import LIKELIHOOD, ORIGINALITY, figures_of
from scogen_pipeline.choosing.likelihood import Judge, mean_log_probabilities
from scogen_pipeline.metrics.comparison import opening
from scogen_pipeline.metrics.excerpt import is_comparable
from scogen_pipeline.metrics.pairing import decoded_piece
from scogen_pipeline.music.genres import GENRES
from scogen_pipeline.tokens.encoding import EncodedPiece

if TYPE_CHECKING:
    from scogen_pipeline.metrics.originality.comparing import OriginalityIndex

#: The test split is left for judging what was chosen.
_HELD_OUT: Final = "valid"
_TRAINED: Final = "train"
_BATCH: Final = 64
Row = Mapping[str, Any]


def measure_custom(rows: Iterable[Row], judge: Judge, index: OriginalityIndex, pieces_per_genre: int) -> pa.Table:
    """Measure real pieces, cut to the customary length of their genre.

    Args:
        rows: Encoded pieces (split, genre, conditions, ids) in any order; read one by one.
        judge: The model.
        index: Its training set.
        pieces_per_genre: Most pieces of a genre that are measured: held-out ones, filled up with others.

    Returns:
        The table of `custom.custom_table`.
    """
    held_out, trained = _drawn(rows, pieces_per_genre)
    return custom_table([*_held_out_figures(held_out, judge, index), *_figures(trained, judge)])


def _drawn(rows: Iterable[Row], most: int) -> tuple[list[Row], list[Row]]:
    """Return the first held-out rows of each genre, and as many others as are wanting."""
    drawn: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        kept = drawn[row["split"], row["genre"]]
        if row["genre"] in GENRES and row["split"] in (_HELD_OUT, _TRAINED) and len(kept) < most:
            kept.append(row)
    held_out = [row for (split, _), kept in drawn.items() if split == _HELD_OUT for row in kept]
    wanting = {genre: most - len(drawn.get((_HELD_OUT, genre), ())) for genre in GENRES}
    trained = [row for genre, n in wanting.items() for row in drawn.get((_TRAINED, genre), [])[:n]]
    return held_out, trained


def _figures(rows: Iterable[Row], judge: Judge) -> Iterator[tuple[str, dict[str, float]]]:
    for row in rows:
        piece = decoded_piece(row["ids"], row["conditions"], judge.vocabulary)
        n_bars = GENRES[piece.genre].bars
        if is_comparable(piece, n_bars):
            yield piece.genre, figures_of(piece, n_bars)


def _held_out_figures(rows: Iterable[Row], judge: Judge, index: OriginalityIndex) -> Iterator[tuple[str, dict[str, float]]]:
    tokens_of = judge.vocabulary.tokens_of
    left = iter(rows)
    while batch := list(islice(left, _BATCH)):
        opinions = mean_log_probabilities(
            [EncodedPiece(tokens_of(row["conditions"]), tokens_of(row["ids"])) for row in batch], judge
        )
        for row, opinion in zip(batch, opinions, strict=True):
            piece = decoded_piece(row["ids"], row["conditions"], judge.vocabulary)
            n_bars = GENRES[piece.genre].bars
            if is_comparable(piece, n_bars):
                shared = float(index.compare(opening(piece, n_bars)).n_notes)
                yield piece.genre, figures_of(piece, n_bars) | {LIKELIHOOD: opinion, ORIGINALITY: shared}
