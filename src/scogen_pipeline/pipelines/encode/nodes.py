"""Nodes of the encode pipeline."""

from __future__ import annotations

from typing import Any

import pandas as pd

from scogen_pipeline.collection.collecting import Workers
from scogen_pipeline.collection.table_folder import Manifest, TableFolder
from scogen_pipeline.tokens.corpus import EncodePart
from scogen_pipeline.tokens.encoded_pieces import EncodedPieces
from scogen_pipeline.tokens.encoding_parts import encode_collection
from scogen_pipeline.tokens.sorting import sorted_pieces, unencoded_pieces
from scogen_pipeline.tokens.vocabulary import Vocabulary, fit_vocabulary


def build_vocabulary() -> Vocabulary:
    """Fit the label encoder on the alphabet."""
    return fit_vocabulary()


def encode_parts(
    midi_tables: TableFolder, piece_facts: Any, vocabulary: Vocabulary, encoded_parts: TableFolder, workers: Workers
) -> Manifest:
    """Spell each score as ids, on all workers; parts that an earlier run has encoded are taken up.

    Args:
        midi_tables: What is read.
        piece_facts: One row a piece, as a stream.
        vocabulary: Gives the ids.
        encoded_parts: Where the workers write.
        workers: Work at the same time.
    """
    return encode_collection(EncodePart(midi_tables, encoded_parts, vocabulary), piece_facts, workers)


def gather_pieces(encoded_tables: TableFolder, splits: pd.DataFrame) -> tuple[Any, Any]:
    """Return what was encoded, in the order in which training reads it, and what was not, as streams."""
    return sorted_pieces(encoded_tables, splits), unencoded_pieces(encoded_tables)


def select_columns(viewed_pieces: EncodedPieces) -> Any:
    """Leave out what is known before each target, which only training needs."""
    return viewed_pieces.bare()
