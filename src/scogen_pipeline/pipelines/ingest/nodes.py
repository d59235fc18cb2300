"""Nodes of the ingest pipeline."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
from tqdm import tqdm

from scogen_pipeline.errors import DataError
from scogen_pipeline.midi.batches import Batch, IngestSettings, MidiFile, cut_batches, read_batch
from scogen_pipeline.midi.collecting import collect_tables
from scogen_pipeline.midi.notes import SCHEMA_BY_TABLE
from scogen_pipeline.midi.rejects import counts_sentence

logger = logging.getLogger(__name__)


def cut_midi_batches(midi_files: Mapping[str, MidiFile], labels: Any, settings: IngestSettings) -> tuple[Batch, ...]:  # noqa: ARG001
    """Cut the folder into batches that are named by what they hold.

    Args:
        midi_files: Relative path -> file.
        labels: Not looked at. The corpus writes it after its last MIDI file, so asking for it makes this node wait.
        settings: Size of the batches.
    """
    return cut_batches(midi_files, settings.batch_files)


def read_midi_batches(
    midi_batches: tuple[Batch, ...], finished_midi_parts: frozenset[str], settings: IngestSettings
) -> Iterator[dict[str, dict[str, pa.Table]]]:
    """Read the batches that no earlier run has finished, yielding each as soon as it is read."""
    missing = [batch for batch in midi_batches if batch.name not in finished_midi_parts]
    n_files = sum(len(batch.files) for batch in missing)
    with (
        ThreadPoolExecutor(settings.workers) as executor,
        tqdm(total=n_files, desc="Reading MIDI", unit="file", disable=None) as progress,
    ):
        for batch in missing:
            yield {batch.name: read_batch(batch, executor, settings.workers)}
            progress.update(len(batch.files))


def collect_midi_tables(
    midi_batches: tuple[Batch, ...], midi_parts: Mapping[str, Callable[[], Mapping[str, pa.Table]]]
) -> dict[str, pa.Table]:
    """Put the batches of this folder together, and log one line on what was refused and why.

    Raises:
        DataError: If no file is usable.
    """
    tables = collect_tables(midi_parts[batch.name]() for batch in midi_batches)
    summary = counts_sentence(sum(len(batch.files) for batch in midi_batches), tables["rejects"]["reason"].to_pylist())
    if not tables["pieces"].num_rows:
        raise DataError(
            f"`midi_dir` must hold at least one usable MIDI file: {summary}. Check the files, or name another folder."
        )
    logger.info("%s", summary)
    return {name: tables[name] for name in SCHEMA_BY_TABLE}
