"""Run the ingest pipeline with the project's own catalog entries, and perhaps die on the way.

    python ingest_run.py MIDI_DIR DATA_DIR [read|rename COUNT]

With a third argument the process kills itself (SIGKILL) at the given read of a file, or at the given renaming of what it wrote.
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

from scogen_pipeline.datasets import midi_folder
from scogen_pipeline.midi.batches import IngestSettings
from scogen_pipeline.pipelines.ingest import create_pipeline

CONF = Path(__file__).parents[2] / "conf"


def run_ingest(midi_dir: Path, data_dir: Path, **settings: int) -> None:
    """Run all nodes; tables go to DATA_DIR/02_intermediate."""
    loader = OmegaConfigLoader(str(CONF), base_env="base", default_run_env="base", runtime_params={"midi_dir": str(midi_dir)})
    loader["globals"] = {"data_dir": str(data_dir)}
    loader.config_patterns["catalog"] = ["catalog_ingest.yml"]
    catalog = DataCatalog.from_config(loader["catalog"])
    catalog["labels"] = MemoryDataset(pd.DataFrame())
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
            midi_folder._read = dying(midi_folder._read, count)
        else:
            os.rename = os.replace = dying(os.replace, count)
    run_ingest(Path(sys.argv[1]), Path(sys.argv[2]))
