"""Run the ingest pipeline once, without the project's folders: the other benchmarks start it as a process of its own.

python benchmarks/ingest_once.py SOURCE TABLES [--workers N] [--batch-files N]
"""

from __future__ import annotations

import argparse
import logging
import os

import pandas as pd
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from scogen_pipeline.collection.batches import IngestSettings
from scogen_pipeline.datasets.local_workers import LocalWorkersDataset
from scogen_pipeline.datasets.midi_source import MidiSourceDataset
from scogen_pipeline.datasets.midi_tables import MidiPartsDataset, MidiTablesDataset
from scogen_pipeline.pipelines.ingest import create_pipeline


def ingest(source: str | os.PathLike[str], tables: str | os.PathLike[str], workers: int = 1, batch_files: int = 512) -> None:
    """Read `source`, write `tables`."""
    catalog = DataCatalog(
        {
            "midi_source": MidiSourceDataset(path=os.fspath(source)),
            "labels": MemoryDataset(pd.DataFrame()),
            "params:ingest": MemoryDataset(IngestSettings(batch_files)),
            "workers": LocalWorkersDataset(n=workers),
            "midi_manifest": MemoryDataset(copy_mode="assign"),
            "midi_parts": MidiPartsDataset(path=os.fspath(tables)),
            "midi_tables": MidiTablesDataset(path=os.fspath(tables)),
        }
    )
    SequentialRunner().run(create_pipeline(), catalog)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source")
    parser.add_argument("tables")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--batch-files", type=int, default=512)
    arguments = parser.parse_args()
    logging.getLogger("kedro").setLevel(logging.WARNING)
    ingest(arguments.source, arguments.tables, arguments.workers, arguments.batch_files)


if __name__ == "__main__":
    main()
