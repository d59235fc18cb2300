"""Run the ingest pipeline with the project's own catalog entries, and perhaps die on the way.

    python ingest_run.py MIDI_DIR DATA_DIR [read|write COUNT]

With a third argument the process kills itself (SIGKILL) before the given part is read, or before the given file is written.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from scogen_pipeline.collection import strands
from scogen_pipeline.collection.batches import IngestSettings
from scogen_pipeline.collection.table_folder import TableFolder
from scogen_pipeline.datasets.local_workers import LocalWorkersDataset
from scogen_pipeline.pipelines.ingest import create_pipeline

CONF = Path(__file__).parents[2] / "conf"


def run_ingest(midi_dir: Path | str, data_dir: Path, *, n_workers: int = 1, **settings: int) -> None:
    """Run all nodes; tables go to DATA_DIR/02_intermediate/midi."""
    loader = OmegaConfigLoader(str(CONF), base_env="base", default_run_env="base", runtime_params={"midi_dir": str(midi_dir)})
    loader["globals"] = {"data_dir": str(data_dir)}
    loader.config_patterns["catalog"] = ["catalog_ingest.yml"]
    catalog = DataCatalog.from_config(loader["catalog"])
    catalog["labels"] = MemoryDataset(pd.DataFrame())
    catalog["workers"] = LocalWorkersDataset(n=n_workers)
    catalog["params:ingest"] = MemoryDataset(IngestSettings(**{"batch_files": 12} | settings))
    SequentialRunner().run(create_pipeline(), catalog)


def dying(function: Callable[..., Any], count: int) -> Callable[..., Any]:
    """Wrap a function so that its `count`-th call is the last thing the process does."""
    calls = 0

    def wrapped(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **options)

    return wrapped


if __name__ == "__main__":
    if len(sys.argv) > 3:
        moment, count = sys.argv[3], int(sys.argv[4])
        if moment == "read":
            strands.read_batch = dying(strands.read_batch, count)
        else:
            TableFolder._put = dying(TableFolder._put, count)  # type: ignore[method-assign]
    run_ingest(Path(sys.argv[1]), Path(sys.argv[2]))
