"""Run the fetch pipeline with the project's own catalog entries, but another table.

python fetch_run.py TABLE DATA_DIR SOURCE HUB_ENDPOINT
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from scogen_pipeline.pipelines.fetch import create_pipeline
from scogen_pipeline.sources.public_sources import FetchSettings

CONF = Path(__file__).parents[2] / "conf"


def run_fetch(table: Path, data_dir: Path, source: str, hub_endpoint: str = "", **settings: Any) -> None:
    """Fetch one collection of the table to DATA_DIR/01_raw."""
    loader = OmegaConfigLoader(str(CONF), base_env="base", default_run_env="base")
    loader["globals"] = {"data_dir": str(data_dir)}
    loader.config_patterns["catalog"] = ["catalog_fetch.yml"]
    entries = loader["catalog"]
    entries["public_sources"]["filepath"] = str(table)
    entries["raw_sources"] |= {"hub_endpoint": hub_endpoint, "first_pause_s": 0.0}
    catalog = DataCatalog.from_config(entries)
    catalog["params:fetch"] = MemoryDataset(FetchSettings(source, **{"retries": 2, "read_timeout_s": 5} | settings))
    SequentialRunner().run(create_pipeline(), catalog)


if __name__ == "__main__":
    run_fetch(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4], read_timeout_s=60)
