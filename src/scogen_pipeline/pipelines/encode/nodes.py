"""Nodes of the encode pipeline."""

from __future__ import annotations

import pandas as pd

from scogen_pipeline.tokens.corpus import encode_tables
from scogen_pipeline.tokens.splits import SplitShares
from scogen_pipeline.tokens.tables import piece_facts
from scogen_pipeline.tokens.vocabulary import Vocabulary, fit_vocabulary


def describe_pieces(
    pieces: pd.DataFrame, labels: pd.DataFrame, tempos: pd.DataFrame, key_signatures: pd.DataFrame
) -> pd.DataFrame:
    """Gather genre, title, tempo and key of each piece."""
    return piece_facts(pieces, labels, tempos, key_signatures)


def build_vocabulary() -> Vocabulary:
    """Fit the label encoder on the alphabet."""
    return fit_vocabulary()


def encode_pieces(
    piece_facts: pd.DataFrame,
    tracks: pd.DataFrame,
    notes: pd.DataFrame,
    time_signatures: pd.DataFrame,
    vocabulary: Vocabulary,
    encode: SplitShares,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Spell each piece as ids; what cannot be spelled goes to a table with the reason."""
    return encode_tables(piece_facts, tracks, notes, time_signatures, vocabulary, encode)
