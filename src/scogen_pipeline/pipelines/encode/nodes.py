"""Nodes of the encode pipeline."""

from __future__ import annotations

import pandas as pd

from scogen_pipeline.collection.table_folder import TableFolder
from scogen_pipeline.tokens.corpus import encode_tables
from scogen_pipeline.tokens.tables import note_parts
from scogen_pipeline.tokens.vocabulary import Vocabulary, fit_vocabulary


def build_vocabulary() -> Vocabulary:
    """Fit the label encoder on the alphabet."""
    return fit_vocabulary()


def encode_pieces(
    midi_tables: TableFolder, piece_facts: pd.DataFrame, splits: pd.DataFrame, vocabulary: Vocabulary
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Spell each score as ids; what is not spelled goes to a table with the reason."""
    return encode_tables(note_parts(midi_tables), piece_facts, splits, vocabulary)
