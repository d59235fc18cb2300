"""Nodes of the describe pipeline."""

from __future__ import annotations

import pyarrow as pa

from scogen_pipeline.collection.label_files import LabelFile
from scogen_pipeline.collection.label_table import DescribeSettings, label_table
from scogen_pipeline.collection.piece_facts import facts_of_pieces
from scogen_pipeline.collection.table_folder import TableFolder


def label_pieces(
    midi_tables: TableFolder, label_files: tuple[LabelFile, ...], settings: DescribeSettings
) -> pa.RecordBatchReader:
    """Gather the labels of the pieces: from the file that was named, from files among the MIDI files, from names of folders."""
    return label_table(midi_tables, label_files, settings)


def describe_pieces(
    midi_tables: TableFolder, piece_labels: pa.RecordBatchReader, settings: DescribeSettings
) -> pa.RecordBatchReader:
    """Gather genre, title, key, meter, tempo and size of each piece."""
    return facts_of_pieces(midi_tables, piece_labels, settings)
