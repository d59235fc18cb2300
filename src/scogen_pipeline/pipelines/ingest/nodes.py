"""Nodes of the ingest pipeline."""

from __future__ import annotations

import logging
from typing import Any

from scogen_pipeline.collection.batches import IngestSettings
from scogen_pipeline.collection.collecting import Workers, account_of, read_collection
from scogen_pipeline.collection.progress import reading_progress
from scogen_pipeline.collection.strands import Source
from scogen_pipeline.collection.table_folder import Manifest, TableFolder
from scogen_pipeline.errors import DataError

logger = logging.getLogger(__name__)


def read_midi_files(
    midi_source: Source,
    labels: Any,  # noqa: ARG001
    midi_parts: TableFolder,
    workers: Workers,
    settings: IngestSettings,
) -> Manifest:
    """Read the files that no earlier run has read, and make rejects of all but the first of those with the same bytes.

    Args:
        midi_source: What is read.
        labels: Not looked at. The corpus writes it after its last MIDI file, so asking for it makes this node wait.
        midi_parts: Where the workers write.
        workers: Read at the same time.
        settings: Size of the batches.
    """
    with reading_progress(midi_parts):
        return read_collection(midi_source, midi_parts, workers, settings.batch_files)


def account_for_files(midi_manifest: Manifest, midi_parts: TableFolder) -> Manifest:
    """Say what became of the files, and hand the collection on.

    Raises:
        DataError: If no file is usable.
    """
    account = account_of(midi_parts, midi_manifest)
    if not account.n_pieces:
        raise DataError(
            f"`midi_dir` must hold at least one usable MIDI file: {account}. Check the files, or name another folder."
        )
    logger.info("%s", account)
    if account.n_performances:
        logger.info(
            "%d of the pieces are performances: their ticks are no beats, so they are kept and not notated.",
            account.n_performances,
        )
    return midi_manifest
