"""Nodes of the report pipeline."""

from __future__ import annotations

from typing import Any

from scogen_pipeline.collection.table_folder import TableFolder
from scogen_pipeline.metrics.data_report.counting import count_collection
from scogen_pipeline.metrics.data_report.facts import Collection, ReportSettings, as_numbers
from scogen_pipeline.metrics.data_report.page import lay_out


def count_midi_collection(
    midi_tables: TableFolder, piece_facts: Any, splits: Any, split_report: dict[str, Any], settings: ReportSettings
) -> Collection:
    """Count pieces, notes, labels, rejects and duplicates.

    Args:
        midi_tables: What ingest has made.
        piece_facts: A row a piece with its labels; data frame, Arrow table, or address of a Parquet file.
        splits: A row a piece with its cluster and split, likewise; may be empty.
        split_report: What is known of leaks; may be empty.
        settings: How long the tables are, and how much memory counting may take.
    """
    return count_collection(midi_tables, piece_facts, splits, split_report, settings)


def write_data_report(collection_facts: Collection) -> str:
    """Judge and draw what was counted, as one page of HTML."""
    return lay_out(collection_facts)


def summarise_collection(collection_facts: Collection) -> dict[str, dict[str, float]]:
    """Return the numbers in the form of MLflow metrics."""
    return {name: {"value": value, "step": 0} for name, value in as_numbers(collection_facts).items()}
