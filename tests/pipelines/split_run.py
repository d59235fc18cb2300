"""Run the split pipeline with the project's own catalog entries, on tables that are made for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.collection.fingerprint_parts import tables_of

from scogen_pipeline.collection.splits import SplitShares
from scogen_pipeline.collection.strands import receipt_of
from scogen_pipeline.collection.table_folder import Manifest, TableFolder
from scogen_pipeline.datasets.local_workers import LocalWorkersDataset
from scogen_pipeline.datasets.midi_tables import MidiTablesDataset
from scogen_pipeline.pipelines.split import create_pipeline

CONF = Path(__file__).parents[2] / "conf"


def write_tables(data_dir: Path, parts: Sequence[Mapping[str, bytes]]) -> None:
    """Write the tables of some files (path -> bytes), a part for each mapping, as ingest does."""
    folder = TableFolder(str(data_dir / "02_intermediate" / "midi"))
    names = [hashlib.sha256(repr(sorted(part)).encode()).hexdigest()[:24] for part in parts]
    for name, part in zip(names, parts, strict=True):
        tables = tables_of(part)
        folder.write(name, tables, receipt_of(tables))
    folder.commit(Manifest(tuple(names)))


def run_split(data_dir: Path, *, n_workers: int = 1, shares: SplitShares | None = None) -> None:
    """Run all nodes."""
    loader = OmegaConfigLoader(str(CONF), base_env="base", default_run_env="base")
    loader["globals"] = {"data_dir": str(data_dir)}
    loader.config_patterns["catalog"] = ["catalog_split.yml"]
    catalog = DataCatalog.from_config(loader["catalog"])
    catalog["midi_tables"] = MidiTablesDataset(path=str(data_dir / "02_intermediate" / "midi"))
    catalog["workers"] = LocalWorkersDataset(n=n_workers)
    catalog["params:split"] = MemoryDataset(shares or SplitShares(0.25, 0.25))
    SequentialRunner().run(create_pipeline(), catalog)
